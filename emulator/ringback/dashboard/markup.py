"""Build HTML from text, escaped unless it is HTML already."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

VOID = frozenset(("input", "br"))
_CODE = re.compile(r"`([^`]+)`")


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Child = str | Iterable["Child"] | None


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """Return an element.

    `class_` is the attribute class, `data_x` is data-x; True is a bare attribute; None and False omit it.
    """
    named = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{named}>" if name in VOID else f"<{name}{named}>{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return the children one after another."""
    return Markup("".join(_shown(child) for child in children))


def _shown(child: Child) -> str:
    if child is None or isinstance(child, Markup):
        return child or ""
    return escape(child) if isinstance(child, str) else join(*child)


def prose(text: str) -> Markup:
    """Return text as paragraphs, which blank lines divide, with `code` in backquotes."""
    return join(tag("p", phrase(part)) for part in re.split(r"\n\s*\n", text.strip()) if part)


def phrase(text: str) -> Markup:
    """Return one line of text with `code` in backquotes."""
    return join(tag("code", part) if at % 2 else part for at, part in enumerate(_CODE.split(" ".join(text.split()))))

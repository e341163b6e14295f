"""A self-contained page: style and script inline, and a policy under which nothing else runs."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import msgspec

FOLDER = Path(__file__).resolve().parent
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none'"
    " stroke='%230f766e' stroke-width='2'%3E%3Ccircle cx='8' cy='8' r='1'/%3E"
    "%3Cpath d='M4 12a6 6 0 0 1 0-8m8 0a6 6 0 0 1 0 8'/%3E%3C/svg%3E"
)
POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
_BLANKS = re.compile(r"\s*([{};,])\s*|(?<=[a-z]:) ")
"""The spaces around the punctuation of a style sheet."""


@cache
def asset(name: str) -> str:
    """Return the text of a file in this folder, without indentation, blank lines and comment lines."""
    lines = (line.strip() for line in (FOLDER / name).read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith(("/*", "//")))


def document(title: str, body: str, *, styles: tuple[str, ...], scripts: tuple[str, ...], data: Any = None) -> bytes:
    """Return the page in UTF-8.

    `body` is markup; `styles` and `scripts` are files in this folder; the script reads `data` as JSON from the element
    `data`.
    """
    style = _BLANKS.sub(r"\1", "\n".join(map(asset, styles)))
    script = "\n".join(map(asset, scripts))
    policy = POLICY.format(script=_digest(script), style=_digest(style))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f'<title>{escape(title)}</title>\n<link rel="icon" href="{ICON}">\n'
        f"<style>{style}</style>\n</head>\n<body>\n{body}\n"
        f'<script type="application/json" id="data">{_embedded(data)}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    ).encode()


@cache
def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _embedded(data: Any) -> str:
    """Return JSON that cannot end the element that contains it."""
    return msgspec.json.encode(data).decode().replace("<", "\\u003c")

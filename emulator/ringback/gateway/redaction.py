"""Mask secrets: they never show whole in a journal, a log or a report. Each vendor names the beginnings of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HEADERS = frozenset(("authorization", "cookie", "x-service-token", "x-api-key", "proxy-authorization"))
_prefixes: set[str] = {"whsec_"}
_secrets = re.compile("(whsec_)([A-Za-z0-9_-]*)")


def add_secret_prefixes(prefixes: Iterable[str]) -> None:
    """Mask from now on what begins with one of these."""
    global _secrets
    if not _prefixes.issuperset(prefixes := set(prefixes)):
        _prefixes.update(prefixes)
        longest_first = sorted(_prefixes, key=lambda prefix: (-len(prefix), prefix))
        _secrets = re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})([A-Za-z0-9_-]*)")


def mask(text: str) -> str:
    """Return the text with every secret cut to its prefix and its last four characters."""
    return _secrets.sub(lambda found: f"{found[1]}…{found[2][-4:]}", text)


def mask_header(name: str, value: str) -> str:
    """Return a header's value with what is secret in it masked."""
    if name.lower() not in _HEADERS:
        return mask(value)
    masked = mask(value)
    if masked != value:
        return masked
    scheme, _, rest = value.partition(" ")
    return f"{scheme} …" if rest else "…"

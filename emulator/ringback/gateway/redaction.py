"""Secrets never show whole in a journal, a log or a report."""

from __future__ import annotations

import re

SECRETS = re.compile(
    r"\b(kp_live_|sk_live_|pk_live_|ps_(?:live|test)_|whsec_|ApiKey_|ringback-service-token)([A-Za-z0-9_-]*)"
)
_HEADERS = frozenset(("authorization", "cookie", "x-service-token", "x-api-key", "proxy-authorization"))


def mask(text: str) -> str:
    """The text with every secret cut to its prefix and its last four characters."""
    return SECRETS.sub(lambda found: found[1] + "…" + found[2][-4:], text)


def mask_header(name: str, value: str) -> str:
    """A header's value as it may be shown."""
    if name.lower() not in _HEADERS:
        return mask(value)
    masked = mask(value)
    if masked != value:
        return masked
    scheme, _, rest = value.partition(" ")
    return f"{scheme} …" if rest else "…"

"""The web page over the control API."""

from __future__ import annotations

from collections.abc import Mapping

from ringback.emulator import Emulator
from ringback.gateway.asgi import Response

HTML = b"text/html; charset=utf-8"
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
)
"""Rules that a `<meta>` cannot set: other sites may not embed the page in a frame and trick a user into clicking."""


def dashboard(emulator: Emulator, urls: Mapping[str, str]) -> Response:
    """Return the page at `/`; `urls` are the vendors' base URLs."""
    from ringback.dashboard.page import page

    return Response(page(emulator, urls), media_type=HTML, headers=HEADERS)

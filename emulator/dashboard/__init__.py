"""The web page over the control API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.gateway.gate import Answer

HTML = b"text/html; charset=utf-8"


def dashboard(world: Any, urls: Mapping[str, str]) -> Answer:
    """The page at `/`."""
    from emulator.dashboard.page import page

    return Answer(page(world, urls), media_type=HTML)

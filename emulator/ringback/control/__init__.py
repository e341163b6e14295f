"""The control API under `/_ringback`: time, money, calls, faults and sight, for tests and tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def control(emulator: Any, urls: Mapping[str, str]) -> Any:
    """The control API as an ASGI app, built at the first request."""
    from ringback.control.routes import application

    return application(emulator, urls)

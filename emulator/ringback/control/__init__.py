"""The control API under `/_ringback`: accounts, keys, time, calls, messages, scripts, faults, and what happened."""

from __future__ import annotations

from ringback.emulator import Emulator
from ringback.gateway.asgi import ASGIApp


def control(emulator: Emulator) -> ASGIApp:
    """Return the control API of an emulator as an ASGI app."""
    from ringback.control.control_app import application

    return application(emulator)

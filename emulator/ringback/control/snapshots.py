"""The whole state: read, saved, restored, and reset to the start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ringback.control.clock import clock_view
from ringback.control.common import PREFIX, ControlError, ControlOperations, invalid
from ringback.emulator import Emulator, SnapshotError

operation = OPERATIONS = ControlOperations()


@operation("GET", f"{PREFIX}/snapshot", "getSnapshot")
def get_snapshot(emulator: Emulator) -> dict[str, Any]:
    """Return the whole state as one document, and change nothing."""
    return emulator.snapshot()


@operation("POST", f"{PREFIX}/snapshot/save", "saveSnapshot")
def save_snapshot(emulator: Emulator) -> dict[str, Any]:
    """Write the state to the server's state file. 409 without one, or when it cannot be written."""
    if not emulator.settings.state:
        raise ControlError(409, "no_state_file", "the emulator has no state file: start it with --state FILE")
    from ringback.state import save

    try:
        save(Path(emulator.settings.state), emulator)
    except OSError as error:
        raise ControlError(409, "state_not_saved", f"the state file cannot be written: {error}") from None
    return {"saved": True, "file": emulator.settings.state}


@operation("PUT", f"{PREFIX}/snapshot", "restoreSnapshot")
def restore_snapshot(emulator: Emulator, body: dict[str, Any]) -> dict[str, Any]:
    """Continue from a snapshot."""
    try:
        emulator.restore(body)
    except SnapshotError as error:
        raise invalid(str(error)) from None
    return {"restored": True, "clock": clock_view(emulator)}


@operation("POST", f"{PREFIX}/reset", "reset")
def reset(emulator: Emulator) -> dict[str, Any]:
    """Go back to the state at start: the seed accounts, the settings' egress, and the clock."""
    emulator.reset()
    return {"reset": True, "clock": clock_view(emulator)}

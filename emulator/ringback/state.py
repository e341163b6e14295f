"""The state file of `--state`: a TinyDB document, written whole and atomically, rejected if it is not Ringback's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
from tinydb import TinyDB
from tinydb.storages import Storage

from ringback.emulator import Emulator, SnapshotError
from ringback.settings import Settings


class StateError(Exception):
    """An unusable state file; the message says why and what to do. The file is left as it is."""


class AtomicStorage(Storage):
    """A JSON file that is replaced as a whole: a reader sees the old content or the new, never part of either."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, dict[str, Any]] | None:
        """Return the whole document, None if there is no file."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        document: dict[str, dict[str, Any]] = msgspec.json.decode(raw, type=dict[str, dict[str, Any]])
        return document

    def write(self, data: dict[str, dict[str, Any]]) -> None:
        """Replace the document."""
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        try:
            with draft.open("wb") as file:
                file.write(msgspec.json.encode(data))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


def save(path: Path, emulator: Emulator) -> None:
    """Write the state. Raises OSError."""
    snapshot = emulator.snapshot()
    parts = snapshot.pop("parts")
    tables: dict[str, dict[str, Any]] = {"ringback": {"1": snapshot}}
    tables |= {name: {"1": {"state": part}} for name, part in parts.items()}
    AtomicStorage(path).write(tables)


def load(path: Path, emulator: Emulator, settings: Settings) -> None:
    """Continue from a state file. Raises StateError."""
    try:
        with TinyDB(path, storage=AtomicStorage) as database:
            heads = database.table("ringback").all()
            parts = {name: database.table(name).all()[0]["state"] for name in database.tables() if name != "ringback"}
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise StateError(f"{path} is damaged or is not a state file: move it away, or pass another --state") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise StateError(f"{path} cannot be read as a state file ({error}): pass another --state") from None
    if not heads:
        raise StateError(f"{path} is not a Ringback state file: pass another --state")
    given = settings.clock if settings.clock != "real" else None
    try:
        emulator.restore({**heads[0], "parts": parts}, clock=given)
    except SnapshotError as error:
        raise StateError(f"{path}: {error}") from None

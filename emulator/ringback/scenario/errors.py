"""What can keep a scenario from being played."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ScenarioError(ValueError):
    """A scenario file that cannot be used. `str()` is one line: `file:line: what is wrong and what to do`."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message


class ExecutionError(Exception):
    """The emulator or the machine could not play a step, so what the step checks remains unknown."""


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Return `; did you mean "x"?` for the nearest of the known words, or an empty string."""
    names = [str(name) for name in known]
    near = get_close_matches(str(word), names, n=1) or [name for name in names if name.startswith(f"{word}_")]
    return f'; did you mean "{near[0]}"?' if near else ""

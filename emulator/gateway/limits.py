"""Limits over a sliding window: at most so many in any span of that length."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping


class Windows:
    """Sliding windows by name. All times are microseconds of the account's clock."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[int]] = {}

    def wait(self, name: str, limit: int, span: int, now: int) -> int:
        """How long until one more fits; 0 when it does now."""
        taken = self._taken.get(name)
        if taken is None:
            return 0
        horizon = now - span
        while taken and taken[0] <= horizon:
            taken.popleft()
        return taken[-limit] + span - now if len(taken) >= limit else 0

    def add(self, name: str, now: int) -> None:
        """Count one."""
        taken = self._taken.get(name)
        if taken is None:
            taken = self._taken[name] = deque()
        taken.append(now)

    def forget(self, name: str) -> None:
        """Start a window afresh."""
        self._taken.pop(name, None)

    def clear(self) -> None:
        """Start all windows afresh."""
        self._taken.clear()

    def snapshot(self) -> dict[str, list[int]]:
        """All windows as plain data."""
        return {name: list(taken) for name, taken in self._taken.items() if taken}

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Continue from a snapshot."""
        self._taken = {name: deque(taken) for name, taken in state.items()}

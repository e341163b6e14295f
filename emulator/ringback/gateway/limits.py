"""Limits: sliding windows, with at most so many in any span of that length, and token buckets, which allow bursts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple


class RateLimitGroup(NamedTuple):
    """Requests that are counted separately from a key's other ones: the name of their window, and how many a minute
    each key has; None where the vendor counts them itself."""

    name: str
    limit: int | None


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


class BucketLevel(NamedTuple):
    """How full a bucket is: `wait` microseconds until one more fits (0: it did), how many are `left`, and the instant
    at which it is full again (`reset`)."""

    wait: int
    left: int
    reset: int


class Buckets:
    """Token buckets by name: each holds `capacity` tokens and gains `rate` tokens over every `span`.

    So in any stretch of t at most `capacity + rate * t / span` are taken, and never more than `rate` a span on average
    over long. Kept is what is owed, in tokens times `span`, which makes every sum exact. All times are microseconds.
    """

    def __init__(self) -> None:
        self._owed: dict[str, tuple[int, int]] = {}

    def look(self, name: str, rate: int, capacity: int, span: int, now: int) -> BucketLevel:
        """How full a bucket is."""
        return self._level(self._owing(name, rate, now), rate, capacity, span, now)

    def take(self, name: str, rate: int, capacity: int, span: int, now: int) -> BucketLevel:
        """Take one token if there is one, and tell how full the bucket is then."""
        owed = self._owing(name, rate, now)
        level = self._level(owed, rate, capacity, span, now)
        if level.wait:
            return level
        self._owed[name] = (owed + span, now)
        return self._level(owed + span, rate, capacity, span, now)._replace(wait=0)

    def _owing(self, name: str, rate: int, now: int) -> int:
        owed, at = self._owed.get(name, (0, now))
        return max(0, owed - max(0, now - at) * rate)

    def _level(self, owed: int, rate: int, capacity: int, span: int, now: int) -> BucketLevel:
        full = capacity * span
        lacking = owed + span - full
        return BucketLevel(
            -(-lacking // rate) if lacking > 0 else 0, max(0, full - owed) // span, now + -(-owed // rate)
        )

    def clear(self) -> None:
        """Fill all buckets."""
        self._owed.clear()

    def snapshot(self) -> dict[str, list[int]]:
        """All buckets as plain data."""
        return {name: list(state) for name, state in self._owed.items()}

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Continue from a snapshot."""
        self._owed = {name: (owed, at) for name, (owed, at) in state.items()}

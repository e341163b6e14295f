"""Rate limits: sliding windows, and token buckets, which allow bursts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple


class RateLimitGroup(NamedTuple):
    """Requests that are counted apart from a key's other ones.

    `name` is that of their window, `limit` the requests a minute of each key; None where the vendor counts them itself.
    """

    name: str
    limit: int | None


class Windows:
    """Sliding windows by name: at most so many requests in any span of time. All times are microseconds."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[int]] = {}

    def wait(self, name: str, limit: int, span: int, now: int) -> int:
        """Return the microseconds until one more request is alllacks, 0 if it is now."""
        taken = self._taken.get(name)
        if taken is None:
            return 0
        horizon = now - span
        while taken and taken[0] <= horizon:
            taken.popleft()
        return taken[-limit] + span - now if len(taken) >= limit else 0

    def add(self, name: str, now: int) -> None:
        """Count a request."""
        taken = self._taken.get(name)
        if taken is None:
            taken = self._taken[name] = deque()
        taken.append(now)

    def forget(self, name: str) -> None:
        """Empty a window."""
        self._taken.pop(name, None)

    def clear(self) -> None:
        """Empty all windows."""
        self._taken.clear()

    def snapshot(self) -> dict[str, list[int]]:
        """Return all windows as plain data."""
        return {name: list(taken) for name, taken in self._taken.items() if taken}

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Continue from a snapshot."""
        self._taken = {name: deque(taken) for name, taken in state.items()}


class BucketLevel(NamedTuple):
    """How full a token bucket is.

    `wait` is the microseconds until the next token (0 if there is one), `left` the whole tokens, and `reset` the
    instant at which the bucket is full again.
    """

    wait: int
    left: int
    reset: int


class Buckets:
    """Token buckets by name: each holds `capacity` tokens and gains `rate` tokens over every `span`.

    So in any time t at most `capacity + rate * t / span` tokens are taken. A bucket is stored as what it lacks, in
    tokens times `span`, so every sum is exact in integers. All times are microseconds.
    """

    def __init__(self) -> None:
        self._lacking: dict[str, tuple[int, int]] = {}

    def peek(self, name: str, rate: int, capacity: int, span: int, now: int) -> BucketLevel:
        """Return how full a bucket is."""
        return self._level(self._lack(name, rate, now), rate, capacity, span, now)

    def take(self, name: str, rate: int, capacity: int, span: int, now: int) -> BucketLevel:
        """Take a token if there is one. Return how full the bucket is then."""
        lacks = self._lack(name, rate, now)
        level = self._level(lacks, rate, capacity, span, now)
        if level.wait:
            return level
        self._lacking[name] = (lacks + span, now)
        return self._level(lacks + span, rate, capacity, span, now)._replace(wait=0)

    def _lack(self, name: str, rate: int, now: int) -> int:
        lacks, at = self._lacking.get(name, (0, now))
        return max(0, lacks - max(0, now - at) * rate)

    def _level(self, lacks: int, rate: int, capacity: int, span: int, now: int) -> BucketLevel:
        full = capacity * span
        lacking = lacks + span - full
        return BucketLevel(
            -(-lacking // rate) if lacking > 0 else 0, max(0, full - lacks) // span, now + -(-lacks // rate)
        )

    def clear(self) -> None:
        """Fill all buckets."""
        self._lacking.clear()

    def snapshot(self) -> dict[str, list[int]]:
        """Return all buckets as plain data."""
        return {name: list(state) for name, state in self._lacking.items()}

    def restore(self, state: Mapping[str, list[int]]) -> None:
        """Continue from a snapshot."""
        self._lacking = {name: (lacks, at) for name, (lacks, at) in state.items()}

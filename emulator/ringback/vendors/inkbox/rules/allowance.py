"""The day's outbound calls and minutes: 100 of each in any 24 hours."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ringback.carrier.call import Call
from ringback.carrier.clock import DAY, MINUTE, SECOND
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.rules.common import NAME
from ringback.vendors.inkbox.wire import RateLimit

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

UNLIMITED = 1_000_000
"""What is shown as a limit that was lifted."""


class Allowance:
    """What each account has used. It follows from the calls, and is counted up from them after a restore."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self._placed: dict[str, deque[Call]] = {}

    def _recent(self, account: str) -> deque[Call]:
        """The outbound calls of the last 24 hours, oldest first."""
        since = self.services.clock.now(account) - DAY
        calls = self._placed.get(account)
        if calls is None:
            calls = self._placed[account] = deque()
            for call in self.services.calls.records.newest("account", account):
                if call.started_at <= since:
                    break
                if call.vendor == NAME and call.direction == "outbound":
                    calls.appendleft(call)
        while calls and calls[0].started_at <= since:
            calls.popleft()
        return calls

    def add(self, call: Call) -> None:
        """A call was placed."""
        calls = self._recent(call.account)
        if not calls or calls[-1] is not call:
            calls.append(call)

    def _seconds(self, call: Call) -> float:
        if call.answered_at is None:
            return 0.0
        return ((call.ended_at or self.services.clock.now(call.account)) - call.answered_at) / SECOND

    def used(self, account: str) -> RateLimit:
        """What is used and left."""
        settings, calls = self.backend.settings(account), self._recent(account)
        call_limit = settings.calls_per_day if settings.calls_per_day is not None else UNLIMITED
        minute_limit = settings.call_minutes_per_day if settings.call_minutes_per_day is not None else UNLIMITED
        minutes = round(sum(map(self._seconds, calls)) / 60, 2)
        return RateLimit(
            calls_used=len(calls),
            calls_remaining=max(0, call_limit - len(calls)),
            calls_limit=call_limit,
            minutes_used=minutes,
            minutes_remaining=max(0.0, round(minute_limit - minutes, 2)),
            minutes_limit=minute_limit,
        )

    def check(self, account: str) -> None:
        """Whether one more call may be placed. Raises ApiError 429."""
        now = self.used(account)
        if now.calls_remaining and now.minutes_remaining:
            return
        what, limit = ("calls", now.calls_limit) if not now.calls_remaining else ("minutes", now.minutes_limit)
        wait = -(-self._until_room(account, limit, minutes=what == "minutes") // SECOND)
        reset = self.services.clock.now(account) // SECOND + wait
        raise errors.InkboxError(
            429,
            f"The organization has used its {limit} outbound {what} of 24 hours.",
            wait=wait,
            headers=(
                (b"x-ratelimit-limit", b"%d" % limit),
                (b"x-ratelimit-remaining", b"0"),
                (b"x-ratelimit-reset", b"%d" % reset),
            ),
        )

    def _until_room(self, account: str, limit: int, *, minutes: bool) -> int:
        """How long until enough has fallen out of the 24 hours."""
        now, calls = self.services.clock.now(account), self._recent(account)
        used = sum(map(self._seconds, calls)) * SECOND if minutes else float(len(calls))
        room = limit * MINUTE if minutes else limit
        for call in calls:
            used -= self._seconds(call) * SECOND if minutes else 1
            if used < room:
                return max(SECOND, call.started_at + DAY - now)
        return DAY

    def snapshot(self) -> dict[str, Any]:
        """Nothing: the calls are kept elsewhere."""
        return {}

    def restore(self, _: Mapping[str, Any]) -> None:
        """Count afresh."""
        self.clear()

    def clear(self) -> None:
        """Count afresh."""
        self._placed.clear()

"""The allowance of outbound calls and minutes: 100 of each in any 24 hours."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.clock import DAY, MINUTE, SECOND
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.rules.common import NAME, settings_of
from ringback.vendors.inkbox.wire.responses import RateLimit

UNLIMITED = 1_000_000
"""Shown as the limit of an account without one."""


class Allowance:
    """The calls and minutes that each account has used. It follows from the calls, so a snapshot omits it."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._placed: dict[str, deque[Call]] = {}

    def recent(self, account: str) -> deque[Call]:
        """Return the outbound calls of the last 24 hours, oldest first."""
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
        """Count a call that was placed."""
        calls = self.recent(call.account)
        if not calls or calls[-1] is not call:
            calls.append(call)

    def seconds(self, call: Call) -> float:
        """Return how long a call has lasted."""
        if call.answered_at is None:
            return 0.0
        return ((call.ended_at or self.services.clock.now(call.account)) - call.answered_at) / SECOND

    def used(self, account: str) -> RateLimit:
        """Return the calls and minutes that are used and left."""
        settings, calls = settings_of(self.services, account), self.recent(account)
        call_limit = settings.calls_per_day if settings.calls_per_day is not None else UNLIMITED
        minute_limit = settings.call_minutes_per_day if settings.call_minutes_per_day is not None else UNLIMITED
        minutes = round(sum(map(self.seconds, calls)) / 60, 2)
        return RateLimit(
            calls_used=len(calls),
            calls_remaining=max(0, call_limit - len(calls)),
            calls_limit=call_limit,
            minutes_used=minutes,
            minutes_remaining=max(0.0, round(minute_limit - minutes, 2)),
            minutes_limit=minute_limit,
        )

    def check(self, account: str) -> None:
        """Check whether one more call may be placed. Raises ApiError 429."""
        now = self.used(account)
        if now.calls_remaining and now.minutes_remaining:
            return
        what, limit = ("calls", now.calls_limit) if not now.calls_remaining else ("minutes", now.minutes_limit)
        wait = -(-self._wait(account, limit, minutes=what == "minutes") // SECOND)
        reset = self.services.clock.now(account) // SECOND + wait
        error = errors.error(
            "rate_limited", f"The organization has used its {limit} outbound {what} of 24 hours.", wait=wait
        )
        error.headers = (
            (b"x-ratelimit-limit", b"%d" % limit),
            (b"x-ratelimit-remaining", b"0"),
            (b"x-ratelimit-reset", b"%d" % reset),
        )
        raise error

    def _wait(self, account: str, limit: int, *, minutes: bool) -> int:
        """Return the microseconds until one more call is within the limit."""
        now, calls = self.services.clock.now(account), self.recent(account)
        used = sum(map(self.seconds, calls)) * SECOND if minutes else float(len(calls))
        allowed = limit * MINUTE if minutes else limit
        for call in calls:
            used -= self.seconds(call) * SECOND if minutes else 1
            if used < allowed:
                return max(SECOND, call.started_at + DAY - now)
        return DAY

    def snapshot(self) -> dict[str, Any]:
        """Return nothing: the calls are in other collections."""
        return {}

    def restore(self, _: Mapping[str, Any]) -> None:
        """Count the restored calls."""
        self.clear()

    def clear(self) -> None:
        """Forget all counts."""
        self._placed.clear()

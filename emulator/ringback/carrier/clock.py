"""Virtual time: the only place that reads the wall clock or sleeps.

An instant is an integer of microseconds since the Unix epoch. Every account has a clock of its own, an offset on
the server's; a timer belongs to one account's clock (or, with account "", to the server's) and is plain data, a
registered name and its arguments, so that pending timers survive in a snapshot.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from heapq import heappop, heappush
from typing import Any

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SERVER = ""
TIMER_BATCH = 2_048
"""Timers fired in one go before other work gets a turn."""

FROZEN_START = "2026-01-01T00:00:00Z"
"""Where a frozen or scaled clock starts when nobody says."""

_LATEST = 253_402_300_799 * SECOND


class TimeError(ValueError):
    """A time or duration that cannot be used; the message says why."""


def parse_instant(text: str) -> int:
    """Microseconds for an ISO-8601 instant; a time without an offset is taken as UTC. Raises TimeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TimeError(f"{text!r} is not an ISO-8601 time such as 2026-01-31T09:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return micros(moment)


def micros(moment: datetime) -> int:
    """The instant of an aware datetime."""
    return round(moment.timestamp() * SECOND)


def moment(instant: int) -> datetime:
    """The aware UTC datetime of an instant, to the second."""
    return datetime.fromtimestamp(instant // SECOND, UTC)


def iso_z(instant: int) -> str:
    """`2026-06-20T07:55:10Z`."""
    return datetime.fromtimestamp(instant // SECOND, UTC).isoformat()[:-6] + "Z"


def iso_offset(instant: int) -> str:
    """`2026-06-20T07:55:10+00:00`."""
    return datetime.fromtimestamp(instant // SECOND, UTC).isoformat()


def iso_exact(instant: int) -> str:
    """`2026-06-20T07:55:10.250000Z`, without the fraction where there is none."""
    fraction = instant % SECOND
    text = iso_z(instant)
    return f"{text[:-1]}.{fraction:06d}Z" if fraction else text


@lru_cache(maxsize=4_096)
def _months_later(second: int, months: int) -> int:
    from dateutil.relativedelta import relativedelta

    return round((datetime.fromtimestamp(second, UTC) + relativedelta(months=months)).timestamp())


def months_later(instant: int, months: int) -> int:
    """The same time of day on the same day of a later month, or on that month's last day where it is shorter."""
    second, fraction = divmod(instant, SECOND)
    return _months_later(second, months) * SECOND + fraction


def wall_seconds() -> float:
    """A monotonic reading of real time, for measuring latency."""
    return time.perf_counter()


async def wall_sleep(seconds: float) -> None:
    """Let real time pass, for what is real on any clock: a client's patience, a socket's slowness."""
    await asyncio.sleep(seconds)


class Timer:
    """Something that will happen: call the function registered as `name` with `args` at `due` on `account`'s clock."""

    __slots__ = ("account", "args", "background", "due", "name")

    def __init__(self, account: str, due: int, name: str, args: tuple[Any, ...], background: bool) -> None:
        self.account = account
        self.due = due
        self.name = name
        self.args = args
        self.background = background


class Timeline:
    """One account's clock: how far it is ahead of the server's, and what falls due on it."""

    __slots__ = ("foreground", "heap", "lock", "offset", "pinned", "published", "work")

    def __init__(self) -> None:
        self.offset = 0
        self.pinned: int | None = None
        self.published: tuple[int, int] | None = None
        self.heap: list[tuple[int, int]] = []
        self.foreground = 0
        self.work: set[asyncio.Future[Any]] = set()
        self.lock: asyncio.Lock | None = None


class Clock:
    """Virtual time for one emulator.

    `mode` is `real`, `frozen` or `scaled` (then `factor` virtual seconds pass in a real one). `start` is an instant;
    without it a real clock starts now and the others at FROZEN_START.
    """

    def __init__(self, mode: str = "real", factor: float = 1.0, start: int | None = None) -> None:
        self._handlers: dict[str, Callable[..., None]] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._armed_for: int | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.moved: list[Callable[[], None]] = []
        self.restart(mode, factor, start)

    def restart(self, mode: str, factor: float = 1.0, start: int | None = None) -> None:
        """Drop all timers and the accounts' clocks, and start as a new clock does."""
        self._clear()
        if start is None:
            start = time.time_ns() // 1_000 if mode == "real" else parse_instant(FROZEN_START)
        self.mode = mode
        self.factor = factor if mode == "scaled" else 1.0
        self._base = start
        self._wall = time.monotonic_ns()
        self._announce()

    def _clear(self) -> None:
        self._timers: dict[int, Timer] = {}
        self._timelines: dict[str, Timeline] = {SERVER: Timeline()}
        self._heads: list[tuple[int, int, str]] = []
        self._serial = 0

    # -- reading ------

    def now(self, account: str = SERVER) -> int:
        """The instant on an account's clock, or on the server's."""
        base = self._base if self.mode == "frozen" else self._flowing()
        line = self._timelines.get(account)
        if line is None:
            return base
        return line.pinned if line.pinned is not None else base + line.offset

    def _flowing(self) -> int:
        return self._base + int((time.monotonic_ns() - self._wall) * self.factor) // 1_000

    def pending(self, account: str | None = None) -> int:
        """How many timers wait (on one account's clock, or in all)."""
        if account is None:
            return len(self._timers)
        return sum(1 for timer in self._timers.values() if timer.account == account)

    def next_due(self, account: str) -> int | None:
        """When the next timer on this account's clock falls due."""
        line = self._timelines.get(account)
        return self._head(line) if line is not None else None

    # -- timers ------

    def on(self, name: str, handler: Callable[..., None]) -> None:
        """Register what a timer of this name does."""
        self._handlers[name] = handler

    def replace(self, handler: Callable[..., None], other: Callable[..., None]) -> None:
        """Run `other` wherever a timer would have run `handler`."""
        self._handlers = {name: other if known == handler else known for name, known in self._handlers.items()}

    def at(self, due: int, account: str, name: str, *args: Any, background: bool = False) -> int:
        """Set a timer for an instant on an account's clock; gives a number to cancel it by.

        `background` timers (recurring bills) do not keep `advance(idle=True)` going.
        """
        self._serial = serial = self._serial + 1
        self._timers[serial] = Timer(account, due, name, args, background)
        line = self._timelines.get(account) or self._timeline(account)
        heappush(line.heap, (due, serial))
        if not background:
            line.foreground += 1
        if line.heap[0][1] == serial:
            self._publish(account, line, due)
        return serial

    def after(self, delay: int, account: str, name: str, *args: Any, background: bool = False) -> int:
        """Set a timer `delay` microseconds from now on an account's clock."""
        return self.at(self.now(account) + delay, account, name, *args, background=background)

    def cancel(self, serial: int | None) -> None:
        """Forget a timer; one that has fired or is unknown is no error."""
        timer = self._timers.pop(serial, None) if serial is not None else None
        if timer is not None and not timer.background:
            self._timelines[timer.account].foreground -= 1

    def forget(self, account: str) -> None:
        """Drop an account's clock with all that waits on it."""
        line = self._timelines.pop(account, None)
        if line is not None:
            for _, serial in line.heap:
                self._timers.pop(serial, None)

    def track(self, account: str, work: asyncio.Future[Any]) -> None:
        """Work in flight on an account's behalf: time does not move past it while `advance` is moving it."""
        line = self._timeline(account)
        line.work.add(work)
        work.add_done_callback(line.work.discard)

    def start_account(self, account: str, now: int) -> None:
        """Give an account's clock its own reading."""
        line = self._timeline(account)
        line.offset += now - self.now(account)
        self._republish(account, line)

    def _timeline(self, account: str) -> Timeline:
        line = self._timelines.get(account)
        if line is None:
            line = self._timelines[account] = Timeline()
        return line

    def _head(self, line: Timeline) -> int | None:
        heap, timers = line.heap, self._timers
        while heap:
            if heap[0][1] in timers:
                return heap[0][0]
            heappop(heap)
        return None

    def _publish(self, account: str, line: Timeline, due: int) -> None:
        """Enter a timeline's earliest timer among the heads; on one instant, the timer set first comes first."""
        head = (due - line.offset, line.heap[0][1])
        if line.published != head:
            line.published = head
            heappush(self._heads, (*head, account))
            if self.mode != "frozen":
                self._arm()

    def _republish(self, account: str, line: Timeline) -> None:
        due = self._head(line)
        if due is None:
            line.published = None
        else:
            self._publish(account, line, due)

    def _next_head(self) -> tuple[int, str, Timeline] | None:
        """The account whose next timer is the earliest on the server's clock."""
        heads = self._heads
        while heads:
            server_due, serial, account = heads[0]
            line = self._timelines.get(account)
            if line is not None and line.published == (server_due, serial):
                due = self._head(line)
                if due is not None and (due - line.offset, line.heap[0][1]) == line.published:
                    return server_due, account, line
                heappop(heads)
                line.published = None
                if due is not None:
                    line.published = (due - line.offset, line.heap[0][1])
                    heappush(heads, (*line.published, account))
            else:
                heappop(heads)
        return None

    # -- moving ------

    async def advance(self, until: int, account: str = SERVER) -> int:
        """Move one account's clock (or, with account "", the server's and so all) to an instant.

        All that falls due is fired in order, each at its own instant; work in flight is waited for before time moves
        past it, and before this returns. Gives the number of timers fired. Raises TimeError for an instant that has
        passed.
        """
        if until < self.now(account):
            raise TimeError(f"time moves forward only: it is {iso_exact(self.now(account))} already")
        if until > _LATEST:
            raise TimeError("no clock here goes past the year 9999")
        return await self._move(account, until)

    async def advance_idle(self, account: str = SERVER) -> int:
        """Move on until nothing is pending but recurring background timers; gives the number of timers fired."""
        return await self._move(account, None)

    async def _move(self, account: str, until: int | None) -> int:
        scope = self._timeline(account)
        if scope.lock is None:
            scope.lock = asyncio.Lock()
        async with scope.lock:
            fired = breath = 0
            while True:
                busy = self._busy(account)
                head = self._next_head() if account == SERVER else self._own_head(account, scope)
                if head is not None and (head[0] > until if until is not None else not self._restless(account)):
                    head = None
                if busy and (head is None or head[0] > self.now(account)):
                    await self._settle(account)
                    continue
                if head is None:
                    break
                self._reach(account, head[0])
                fired += self._fire_due(head[1], head[2], self.now(head[1]))
                if fired > breath:
                    breath = fired + TIMER_BATCH
                    await asyncio.sleep(0)
            if until is not None:
                self._reach(account, until)
            self._republish(account, scope)
            self._announce()
        return fired

    def _own_head(self, account: str, line: Timeline) -> tuple[int, str, Timeline] | None:
        due = self._head(line)
        return None if due is None else (due, account, line)

    def _busy(self, account: str) -> bool:
        if account == SERVER:
            return any(line.work for line in self._timelines.values())
        return bool(self._timelines[account].work)

    def _restless(self, account: str) -> bool:
        if account == SERVER:
            return any(line.foreground for line in self._timelines.values())
        return self._timelines[account].foreground > 0

    def _fire_due(self, account: str, line: Timeline, now: int) -> int:
        """Fire all that is due on one timeline by `now`, then publish its next head; gives how many fired."""
        heap, timers = line.heap, self._timers
        fired = 0
        while heap and heap[0][0] <= now:
            timer = timers.pop(heappop(heap)[1], None)
            if timer is not None:
                if not timer.background:
                    line.foreground -= 1
                fired += 1
                self._handlers[timer.name](*timer.args)
        self._republish(account, line)
        return fired

    def _reach(self, account: str, instant: int) -> None:
        ahead = instant - self.now(account)
        if ahead > 0:
            if account == SERVER:
                self._base += ahead
            else:
                self._timelines[account].offset += ahead

    async def _settle(self, account: str) -> None:
        lines = self._timelines.values() if account == SERVER else (self._timelines[account],)
        work = [future for line in lines for future in line.work]
        if work:
            await asyncio.wait(work)
            await asyncio.sleep(0)

    def set(self, mode: str, factor: float = 1.0) -> None:
        """Switch between real, frozen and scaled; the reading stays. A real clock goes on from the reading."""
        now = self.now()
        self.mode, self.factor = mode, factor if mode == "scaled" else 1.0
        self._base, self._wall = now, time.monotonic_ns()
        self._announce()

    def _announce(self) -> None:
        if self.mode != "frozen":
            self._arm()
        elif self._handle is not None:
            self._handle.cancel()
            self._handle = self._armed_for = None
        for listener in self.moved:
            listener()

    # -- flowing time ------

    def run_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Fire real and scaled timers on this event loop."""
        self.loop = loop
        self._announce()

    def _arm(self) -> None:
        if self.loop is None or self.mode == "frozen":
            return
        head = self._next_head()
        due = head[0] if head is not None else None
        if due == self._armed_for and self._handle is not None:
            return
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._armed_for = due
        if due is not None:
            delay = max(0.0, (due - self.now()) / SECOND / self.factor)
            self._handle = self.loop.call_later(min(delay, 86_400.0), self._wake)

    def _wake(self) -> None:
        self._handle = self._armed_for = None
        for _ in range(TIMER_BATCH):
            head = self._next_head()
            if head is None or head[0] > self.now():
                break
            server_due, account, line = head
            line.pinned = server_due + line.offset
            try:
                self._fire_due(account, line, line.pinned)
            finally:
                line.pinned = None
        self._arm()

    # -- keeping ------

    def snapshot(self) -> dict[str, Any]:
        """Everything about time as plain data; `restore` continues from it."""
        return {
            "mode": self.mode,
            "factor": self.factor,
            "now": self.now(),
            "serial": self._serial,
            "offsets": {account: line.offset for account, line in self._timelines.items() if line.offset},
            "timers": [
                [serial, timer.account, timer.due, timer.name, list(timer.args), timer.background]
                for serial, timer in self._timers.items()
            ],
        }

    def restore(self, state: Mapping[str, Any], mode: str | None = None, factor: float = 1.0) -> None:
        """Continue from a snapshot; `mode` overrides the one it was taken in.

        A real clock does not lose the time it was switched off: what fell due meanwhile is late and fires at once.
        """
        self._clear()
        self._serial = state["serial"]
        self._base, self._wall = state["now"], time.monotonic_ns()
        self.mode = mode or state["mode"]
        self.factor = (factor if mode else state["factor"]) if self.mode == "scaled" else 1.0
        if self.mode == "real":
            self._base = max(self._base, time.time_ns() // 1_000)
        for account, offset in state["offsets"].items():
            self._timeline(account).offset = offset
        for serial, account, due, name, args, background in state["timers"]:
            self._timers[serial] = Timer(account, due, name, tuple(args), background)
            line = self._timeline(account)
            heappush(line.heap, (due, serial))
            line.foreground += 0 if background else 1
        for account, line in self._timelines.items():
            self._republish(account, line)
        self._announce()

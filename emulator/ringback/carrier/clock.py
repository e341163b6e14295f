"""Virtual time: the only module that reads the wall clock or sleeps.

An instant is an integer of microseconds since the Unix epoch. Every account has its own clock, an offset on the
server's. A timer belongs to one account's clock or, with account "", to the server's. It is plain data, a registered
name and its arguments, so pending timers survive in a snapshot.
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
"""Timers that are fired before other work on the event loop gets a turn."""

FROZEN_START = "2026-01-01T00:00:00Z"
"""Where a frozen or scaled clock starts unless set."""

MAX_INSTANT = 253_402_300_799 * SECOND


class TimeError(ValueError):
    """An unusable time or duration; the message says why."""


def parse_instant(text: str) -> int:
    """Return the instant of an ISO-8601 text; a time without an offset is UTC. Raises TimeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise TimeError(f"{text!r} is not an ISO-8601 time such as 2026-01-31T09:00:00Z") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return micros(moment)


def micros(moment: datetime) -> int:
    """Return the instant of an aware datetime."""
    return round(moment.timestamp() * SECOND)


def moment(instant: int) -> datetime:
    """Return the aware UTC datetime of an instant, to the second."""
    return datetime.fromtimestamp(instant // SECOND, UTC)


def iso_z(instant: int) -> str:
    """Return an instant as `2026-06-20T07:55:10Z`."""
    return datetime.fromtimestamp(instant // SECOND, UTC).isoformat()[:-6] + "Z"


def iso_offset(instant: int) -> str:
    """Return an instant as `2026-06-20T07:55:10+00:00`."""
    return datetime.fromtimestamp(instant // SECOND, UTC).isoformat()


def iso_exact(instant: int) -> str:
    """Return an instant as `2026-06-20T07:55:10.250000Z`, without the fraction of a whole second."""
    fraction = instant % SECOND
    text = iso_z(instant)
    return f"{text[:-1]}.{fraction:06d}Z" if fraction else text


@lru_cache(maxsize=4_096)
def _months_later(second: int, months: int) -> int:
    from dateutil.relativedelta import relativedelta

    return round((datetime.fromtimestamp(second, UTC) + relativedelta(months=months)).timestamp())


def months_later(instant: int, months: int) -> int:
    """Return the same time and day some months later, or that month's last day if it is shorter."""
    second, fraction = divmod(instant, SECOND)
    return _months_later(second, months) * SECOND + fraction


def wall_seconds() -> float:
    """Return a monotonic reading of real time in seconds, for measuring latency."""
    return time.perf_counter()


async def wall_sleep(seconds: float) -> None:
    """Sleep in real time, for what is real on any clock: a client's timeout, a slow socket."""
    await asyncio.sleep(seconds)


class Timer:
    """A call of the handler registered as `name`, with `args`, at the instant `due` on `account`'s clock."""

    __slots__ = ("account", "args", "background", "due", "name")

    def __init__(self, account: str, due: int, name: str, args: tuple[Any, ...], background: bool) -> None:
        self.account = account
        self.due = due
        self.name = name
        self.args = args
        self.background = background


class AccountClock:
    """One account's clock: its offset on the server's (microseconds), its timers and its work in flight.

    `heap` orders the timers by due instant and serial; `published` is the earliest of them as the clock's `_heads`
    have it. `pinned` is the reading while a timer fires that was due before now.
    """

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

    `mode` is `real`, `frozen` or `scaled`, with `factor` virtual seconds to a real one. `start` is an instant; without
    it a real clock starts now and any other at FROZEN_START. Functions in `moved` are called when a clock was moved.
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
        self._clocks: dict[str, AccountClock] = {SERVER: AccountClock()}
        self._heads: list[tuple[int, int, str]] = []
        self._serial = 0

    # -- reading ------

    def now(self, account: str = SERVER) -> int:
        """Return the instant on an account's clock, or on the server's."""
        base = self._base if self.mode == "frozen" else self._running()
        clock = self._clocks.get(account)
        if clock is None:
            return base
        return clock.pinned if clock.pinned is not None else base + clock.offset

    def _running(self) -> int:
        return self._base + int((time.monotonic_ns() - self._wall) * self.factor) // 1_000

    def pending(self, account: str | None = None) -> int:
        """Return how many timers are pending, on one account's clock or in all."""
        if account is None:
            return len(self._timers)
        return sum(1 for timer in self._timers.values() if timer.account == account)

    def next_due(self, account: str) -> int | None:
        """Return the instant at which the next timer on this account's clock is due."""
        clock = self._clocks.get(account)
        return self._head(clock) if clock is not None else None

    # -- timers ------

    def on(self, name: str, handler: Callable[..., None]) -> None:
        """Register the handler of timers of this name."""
        self._handlers[name] = handler

    def replace(self, handler: Callable[..., None], other: Callable[..., None]) -> None:
        """Run `other` wherever a timer would have run `handler`."""
        self._handlers = {name: other if known == handler else known for name, known in self._handlers.items()}

    def at(self, due: int, account: str, name: str, *args: Any, background: bool = False) -> int:
        """Set a timer for an instant on an account's clock. Return a serial number to cancel it by.

        `background` timers (recurring bills) do not keep `advance_idle` going.
        """
        self._serial = serial = self._serial + 1
        self._timers[serial] = Timer(account, due, name, args, background)
        clock = self._clocks.get(account) or self._account_clock(account)
        heappush(clock.heap, (due, serial))
        if not background:
            clock.foreground += 1
        if clock.heap[0][1] == serial:
            self._publish(account, clock, due)
        return serial

    def after(self, delay: int, account: str, name: str, *args: Any, background: bool = False) -> int:
        """Set a timer `delay` microseconds from now on an account's clock. Return its serial number."""
        return self.at(self.now(account) + delay, account, name, *args, background=background)

    def cancel(self, serial: int | None) -> None:
        """Cancel a timer. One that has fired or is unknown is no error."""
        timer = self._timers.pop(serial, None) if serial is not None else None
        if timer is not None and not timer.background:
            self._clocks[timer.account].foreground -= 1

    def forget(self, account: str) -> None:
        """Drop an account's clock and its timers."""
        clock = self._clocks.pop(account, None)
        if clock is not None:
            for _, serial in clock.heap:
                self._timers.pop(serial, None)

    def track(self, account: str, work: asyncio.Future[Any]) -> None:
        """Track work in flight for an account: `advance` waits for it before it moves the clock on."""
        clock = self._account_clock(account)
        clock.work.add(work)
        work.add_done_callback(clock.work.discard)

    def start_account(self, account: str, now: int) -> None:
        """Set an account's clock to an instant."""
        clock = self._account_clock(account)
        clock.offset += now - self.now(account)
        self._republish(account, clock)

    def _account_clock(self, account: str) -> AccountClock:
        clock = self._clocks.get(account)
        if clock is None:
            clock = self._clocks[account] = AccountClock()
        return clock

    def _head(self, clock: AccountClock) -> int | None:
        heap, timers = clock.heap, self._timers
        while heap:
            if heap[0][1] in timers:
                return heap[0][0]
            heappop(heap)
        return None

    def _publish(self, account: str, clock: AccountClock, due: int) -> None:
        """Add an account's earliest timer to the heads. Of timers due at one instant, the one set first fires first."""
        head = (due - clock.offset, clock.heap[0][1])
        if clock.published != head:
            clock.published = head
            heappush(self._heads, (*head, account))
            if self.mode != "frozen":
                self._arm()

    def _republish(self, account: str, clock: AccountClock) -> None:
        due = self._head(clock)
        if due is None:
            clock.published = None
        else:
            self._publish(account, clock, due)

    def _next_head(self) -> tuple[int, str, AccountClock] | None:
        """Return the account whose next timer is due first: server instant, account, its clock."""
        heads = self._heads
        while heads:
            server_due, serial, account = heads[0]
            clock = self._clocks.get(account)
            if clock is not None and clock.published == (server_due, serial):
                due = self._head(clock)
                if due is not None and (due - clock.offset, clock.heap[0][1]) == clock.published:
                    return server_due, account, clock
                heappop(heads)
                clock.published = None
                if due is not None:
                    clock.published = (due - clock.offset, clock.heap[0][1])
                    heappush(heads, (*clock.published, account))
            else:
                heappop(heads)
        return None

    # -- moving ------

    async def advance(self, until: int, account: str = SERVER) -> int:
        """Move one account's clock to an instant or, with account "", the server's and so every clock.

        Timers fire in order, each at its own instant. Work in flight is waited for before time moves past it, and
        before this returns. Return the number of timers fired. Raises TimeError for an instant that has passed.
        """
        if until < self.now(account):
            raise TimeError(f"time moves forward only: it is {iso_exact(self.now(account))} already")
        if until > MAX_INSTANT:
            raise TimeError("no clock here goes past the year 9999")
        return await self._move(account, until)

    async def advance_for(self, duration: int, account: str = SERVER) -> int:
        """Move a clock by so many microseconds from now, like `advance`: 0 only fires what is due."""
        until = self.now(account) + duration
        if until > MAX_INSTANT:
            raise TimeError("no clock here goes past the year 9999")
        return await self._move(account, until)

    async def advance_idle(self, account: str = SERVER) -> int:
        """Advance until only background timers are pending. Return the number of timers fired."""
        return await self._move(account, None)

    async def _move(self, account: str, until: int | None) -> int:
        scope = self._account_clock(account)
        if scope.lock is None:
            scope.lock = asyncio.Lock()
        async with scope.lock:
            fired = next_pause = 0
            while True:
                busy = self._busy(account)
                head = self._next_head() if account == SERVER else self._own_head(account, scope)
                if head is not None and (head[0] > until if until is not None else not self._has_foreground(account)):
                    head = None
                if busy and (head is None or head[0] > self.now(account)):
                    await self._wait_for_work(account)
                    continue
                if head is None:
                    break
                self._move_to(account, head[0])
                fired += self._fire_due(head[1], head[2], self.now(head[1]))
                if fired > next_pause:
                    next_pause = fired + TIMER_BATCH
                    await asyncio.sleep(0)
            if until is not None:
                self._move_to(account, until)
            self._republish(account, scope)
            self._announce()
        return fired

    def _own_head(self, account: str, clock: AccountClock) -> tuple[int, str, AccountClock] | None:
        due = self._head(clock)
        return None if due is None else (due, account, clock)

    def _busy(self, account: str) -> bool:
        if account == SERVER:
            return any(clock.work for clock in self._clocks.values())
        return bool(self._clocks[account].work)

    def _has_foreground(self, account: str) -> bool:
        if account == SERVER:
            return any(clock.foreground for clock in self._clocks.values())
        return self._clocks[account].foreground > 0

    def _fire_due(self, account: str, clock: AccountClock, now: int) -> int:
        """Fire an account's timers that are due by `now`, then publish its next one. Return how many fired."""
        heap, timers = clock.heap, self._timers
        fired = 0
        while heap and heap[0][0] <= now:
            timer = timers.pop(heappop(heap)[1], None)
            if timer is not None:
                if not timer.background:
                    clock.foreground -= 1
                fired += 1
                self._handlers[timer.name](*timer.args)
        self._republish(account, clock)
        return fired

    def _move_to(self, account: str, instant: int) -> None:
        ahead = instant - self.now(account)
        if ahead > 0:
            if account == SERVER:
                self._base += ahead
            else:
                self._clocks[account].offset += ahead

    async def _wait_for_work(self, account: str) -> None:
        clocks = self._clocks.values() if account == SERVER else (self._clocks[account],)
        work = [future for clock in clocks for future in clock.work]
        if work:
            await asyncio.wait(work)
            await asyncio.sleep(0)

    def set(self, mode: str, factor: float = 1.0) -> None:
        """Switch between real, frozen and scaled. The reading stays, and a real clock runs on from it."""
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

    # -- running time ------

    def run_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Fire the timers of a real or scaled clock on this event loop."""
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
            server_due, account, clock = head
            clock.pinned = server_due + clock.offset
            try:
                self._fire_due(account, clock, clock.pinned)
            finally:
                clock.pinned = None
        self._arm()

    # -- snapshot and restore ------

    def snapshot(self) -> dict[str, Any]:
        """Return the clocks and their timers as plain data; `restore` continues from it."""
        return {
            "mode": self.mode,
            "factor": self.factor,
            "now": self.now(),
            "serial": self._serial,
            "offsets": {account: clock.offset for account, clock in self._clocks.items() if clock.offset},
            "timers": [
                [serial, timer.account, timer.due, timer.name, list(timer.args), timer.background]
                for serial, timer in self._timers.items()
            ],
        }

    def restore(self, state: Mapping[str, Any], mode: str | None = None, factor: float = 1.0) -> None:
        """Continue from a snapshot; `mode` overrides the one it was taken in.

        A real clock counts the time since the snapshot: timers that came due meanwhile fire at once.
        """
        self._clear()
        self._serial = state["serial"]
        self._base, self._wall = state["now"], time.monotonic_ns()
        self.mode = mode or state["mode"]
        self.factor = (factor if mode else state["factor"]) if self.mode == "scaled" else 1.0
        if self.mode == "real":
            self._base = max(self._base, time.time_ns() // 1_000)
        for account, offset in state["offsets"].items():
            self._account_clock(account).offset = offset
        for serial, account, due, name, args, background in state["timers"]:
            self._timers[serial] = Timer(account, due, name, tuple(args), background)
            clock = self._account_clock(account)
            heappush(clock.heap, (due, serial))
            clock.foreground += 0 if background else 1
        for account, clock in self._clocks.items():
            self._republish(account, clock)
        self._announce()

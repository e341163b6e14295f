"""Virtual time: order, offsets, idleness, snapshots, real and scaled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from ringback.carrier.clock import (
    DAY,
    SECOND,
    SERVER,
    Clock,
    TimeError,
    iso_exact,
    iso_offset,
    iso_z,
    micros,
    moment,
    months_later,
    parse_instant,
)

START = parse_instant("2026-01-01T00:00:00Z")
ACCOUNTS = ("", "a", "b")


def recording_clock() -> tuple[Clock, list[tuple[str, int, int]]]:
    clock = Clock("frozen", start=START)
    fired: list[tuple[str, int, int]] = []

    def fire(account: str, serial: int) -> None:
        fired.append((account, serial, clock.now(account)))

    clock.on("fire", fire)
    return clock, fired


@given(st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 1000)), max_size=40))
def test_advancing_the_server_fires_every_timer_at_its_own_instant_in_order(timers: list[tuple[str, int]]) -> None:
    clock, fired = recording_clock()
    for serial, (account, seconds) in enumerate(timers):
        clock.after(seconds * SECOND, account, "fire", account, serial)
    assert asyncio.run(clock.advance(START + 1000 * SECOND)) == len(timers)
    assert [at for _, _, at in fired] == sorted(at for _, _, at in fired)
    assert {(serial, at) for _, serial, at in fired} == {
        (serial, START + seconds * SECOND) for serial, (_, seconds) in enumerate(timers)
    }


@given(
    st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 100)), max_size=30),
    st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 50)), max_size=8),
)
def test_each_account_has_its_own_clock(timers: list[tuple[str, int]], moves: list[tuple[str, int]]) -> None:
    clock, fired = recording_clock()
    for serial, (account, seconds) in enumerate(timers):
        clock.after(seconds * SECOND, account, "fire", account, serial)
    ahead = dict.fromkeys(ACCOUNTS, 0)

    async def travel() -> None:
        for account, seconds in moves:
            await clock.advance(clock.now(account) + seconds * SECOND, account)
            for name in ACCOUNTS if account == SERVER else (account,):
                ahead[name] += seconds
        await clock.advance(clock.now())

    asyncio.run(travel())
    for account in ACCOUNTS:
        assert clock.now(account) == START + ahead[account] * SECOND
        due = {serial for serial, (owner, seconds) in enumerate(timers) if owner == account and seconds <= ahead[owner]}
        assert {serial for owner, serial, _ in fired if owner == account} == due
    assert all(at == START + timers[serial][1] * SECOND for _, serial, at in fired)


@given(st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 100), st.booleans()), max_size=30))
def test_a_cancelled_timer_never_fires(timers: list[tuple[str, int, bool]]) -> None:
    clock, fired = recording_clock()
    set_ = [clock.after(s * SECOND, account, "fire", account, i) for i, (account, s, _) in enumerate(timers)]
    for serial, (_, _, cancelled) in zip(set_, timers, strict=True):
        if cancelled:
            clock.cancel(serial)
    clock.cancel(None)
    clock.cancel(10_000)
    asyncio.run(clock.advance(START + DAY))
    assert {i for _, i, _ in fired} == {i for i, (_, _, cancelled) in enumerate(timers) if not cancelled}


def test_a_timer_set_by_a_timer_fires_in_the_same_advance() -> None:
    clock = Clock("frozen", start=START)
    seen: list[int] = []

    def again(left: int) -> None:
        seen.append(clock.now("a"))
        if left:
            clock.after(SECOND, "a", "again", left - 1)

    clock.on("again", again)
    clock.after(0, "a", "again", 5)
    asyncio.run(clock.advance(START + 3 * SECOND, "a"))
    assert seen == [START + n * SECOND for n in range(4)]


def test_idle_runs_until_only_background_timers_are_left() -> None:
    clock, fired = recording_clock()
    clock.after(DAY, "a", "fire", "a", 1)
    clock.after(40 * DAY, "a", "fire", "a", 2, background=True)
    clock.after(2 * DAY, "b", "fire", "b", 3, background=True)
    asyncio.run(clock.advance_idle("a"))
    assert [serial for _, serial, _ in fired] == [1]
    assert clock.now("a") == START + DAY
    asyncio.run(clock.advance_idle())
    assert clock.now() == START


def test_a_clock_waits_for_work_in_flight() -> None:
    clock = Clock("frozen", start=START)
    seen: list[tuple[str, int]] = []

    async def work() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen.append(("work done", clock.now("a")))
        clock.after(5 * SECOND, "a", "later")

    clock.on("begin", lambda: clock.track("a", asyncio.ensure_future(work())))
    clock.on("later", lambda: seen.append(("later", clock.now("a"))))
    clock.after(SECOND, "a", "begin")
    clock.after(60 * SECOND, "a", "later")
    asyncio.run(clock.advance(START + 100 * SECOND, "a"))
    assert seen == [
        ("work done", START + SECOND),
        ("later", START + 6 * SECOND),
        ("later", START + 60 * SECOND),
    ]


def test_time_moves_forward_only() -> None:
    clock = Clock("frozen", start=START)
    with pytest.raises(TimeError, match="forward only"):
        asyncio.run(clock.advance(START - 1))
    with pytest.raises(TimeError, match="9999"):
        asyncio.run(clock.advance(10**18))


@given(
    st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.integers(0, 100)), max_size=30),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_a_restored_clock_continues_as_an_unbroken_one(timers: list[tuple[str, int]], pause: int, own: int) -> None:
    def begin() -> tuple[Clock, list[Any]]:
        clock, fired = recording_clock()
        for serial, (account, seconds) in enumerate(timers):
            clock.after(seconds * SECOND, account, "fire", account, serial)
        asyncio.run(clock.advance(clock.now("a") + own * SECOND, "a"))
        asyncio.run(clock.advance(START + pause * SECOND))
        return clock, fired

    straight, expected = begin()
    asyncio.run(straight.advance(START + 300 * SECOND))
    broken, before = begin()
    state = broken.snapshot()
    resumed, after = recording_clock()
    resumed.restore(state)
    asyncio.run(resumed.advance(START + 300 * SECOND))
    assert before + after == expected
    assert resumed.now("a") == straight.now("a")


def test_scaled_time_fires_timers_on_its_own() -> None:
    async def live() -> list[int]:
        clock = Clock("scaled", 10_000, start=START)
        clock.run_on(asyncio.get_running_loop())
        seen: list[int] = []
        done = asyncio.Event()

        def fire(last: bool) -> None:
            seen.append(clock.now("a"))
            if last:
                done.set()

        clock.on("fire", fire)
        clock.at(START + 100 * SECOND, "a", "fire", True)
        clock.at(START + 50 * SECOND, "a", "fire", False)
        await asyncio.wait_for(done.wait(), 10)
        return seen

    assert asyncio.run(live()) == [START + 50 * SECOND, START + 100 * SECOND]


def test_switching_the_mode_keeps_the_reading() -> None:
    clock = Clock("frozen", start=START)
    clock.set("real")
    assert START <= clock.now() < START + 60 * SECOND
    clock.set("frozen")
    reading = clock.now()
    assert clock.now() == reading


@given(st.datetimes(min_value=datetime(2000, 1, 1)), st.integers(0, 60))  # noqa: DTZ001 - naive by contract
def test_months_agree_with_dateutil(naive: Any, months: int) -> None:
    instant = micros(naive.replace(year=min(naive.year, 2500), day=min(naive.day, 28), tzinfo=UTC))
    expected = micros(moment(instant) + relativedelta(months=months)) + instant % SECOND
    assert months_later(instant, months) == expected


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31T10:00:00Z", 1, "2026-02-28T10:00:00Z"),
        ("2026-01-31T10:00:00Z", 2, "2026-03-31T10:00:00Z"),
        ("2027-12-31T23:59:59Z", 2, "2028-02-29T23:59:59Z"),
        ("2028-02-29T00:00:00Z", 12, "2029-02-28T00:00:00Z"),
    ],
)
def test_a_month_ends_where_the_calendar_says(start: str, months: int, expected: str) -> None:
    assert iso_z(months_later(parse_instant(start), months)) == expected


def test_instants_are_formatted_as_the_vendors_format_them() -> None:
    instant = parse_instant("2026-06-20T07:55:10.250+00:00")
    assert iso_z(instant) == "2026-06-20T07:55:10Z"
    assert iso_offset(instant) == "2026-06-20T07:55:10+00:00"
    assert iso_exact(instant) == "2026-06-20T07:55:10.250000Z"
    assert parse_instant("2026-06-20T09:55:10+02:00") == parse_instant("2026-06-20 07:55:10")
    with pytest.raises(TimeError, match="ISO-8601"):
        parse_instant("tomorrow")

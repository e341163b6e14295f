"""Hours of the week across clock changes, checked minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.carrier.clock import MINUTE, micros
from ringback.carrier.hours import DAYS, Hours, HoursError, Window, check_hours, next_change, within

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata")
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 6, 15, tzinfo=UTC),
)
TIMES = st.builds(lambda hour, minute: f"{hour:02d}:{minute:02d}", st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))
SPANS = st.builds(
    lambda days, begin, end: Window(days=list(days), from_=begin, to=end),
    st.sets(st.sampled_from(DAYS), min_size=1),
    TIMES,
    TIMES,
)
PARIS_NIGHTS = Hours(timezone="Europe/Paris", windows=[Window(days=list(DAYS), from_="22:00", to="07:00")])


def at(text: str) -> int:
    return micros(datetime.fromisoformat(text))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.lists(SPANS, max_size=3), st.sampled_from(CHANGES), st.integers(-1440, 600))
def test_the_next_change_is_the_first_minute_with_another_result(
    zone: str, spans: list[Window], change: datetime, minutes: int
) -> None:
    hours = Hours(timezone=zone, windows=spans)
    start = micros(change + timedelta(minutes=minutes))
    inside, found = within(hours, start), next_change(hours, start)
    walked = next(
        (start + step * MINUTE for step in range(1, 3000) if within(hours, start + step * MINUTE) is not inside), None
    )
    if walked is None:
        assert found is None or found > start + 2999 * MINUTE
    else:
        assert found == walked


def shows(hours: Hours, instant: datetime) -> bool:
    """The result by the wall clock alone: correct on any day without a clock change."""
    local = instant.astimezone(ZoneInfo(hours.timezone))
    text = f"{local:%H:%M}"
    today, yesterday = DAYS[local.weekday()], DAYS[(local.weekday() - 1) % 7]
    for span in hours.windows:
        if span.to > span.from_:
            if today in span.days and span.from_ <= text < span.to:
                return True
        elif (today in span.days and text >= span.from_) or (yesterday in span.days and text < span.to):
            return True
    return False


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ZONES), st.lists(SPANS, max_size=3), st.integers(0, 60 * 24 * 30))
def test_on_days_without_a_change_the_wall_clock_alone_decides(zone: str, spans: list[Window], minutes: int) -> None:
    hours = Hours(timezone=zone, windows=spans)
    instant = datetime(2026, 6, 20, tzinfo=UTC) + timedelta(minutes=minutes)
    assert within(hours, micros(instant)) is shows(hours, instant)


@pytest.mark.parametrize(
    ("asleep", "awake"),
    [
        ("2026-03-28T21:00:00+00:00", "2026-03-29T05:00:00+00:00"),
        ("2026-10-24T20:00:00+00:00", "2026-10-25T06:00:00+00:00"),
    ],
)
def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn(asleep: str, awake: str) -> None:
    before = at(asleep) - MINUTE
    assert next_change(PARIS_NIGHTS, before) == at(asleep)
    assert next_change(PARIS_NIGHTS, at(asleep)) == at(awake)


def test_a_time_that_the_clocks_skip_is_the_moment_they_change() -> None:
    hours = Hours(timezone="Europe/Paris", windows=[Window(days=["sun"], from_="02:30", to="07:00")])
    assert next_change(hours, at("2026-03-28T23:00:00+00:00")) == at("2026-03-29T01:00:00+00:00")


def test_hours_that_cover_the_whole_week_never_change() -> None:
    hours = Hours(timezone="UTC", windows=[Window(days=list(DAYS), from_="00:00", to="00:00")])
    assert within(hours, at("2026-05-05T05:05:00+00:00"))
    assert next_change(hours, at("2026-05-05T05:05:00+00:00")) is None


@pytest.mark.parametrize(
    ("hours", "param"),
    [
        (Hours(timezone="Paris", windows=[]), "timezone"),
        (Hours(timezone="../etc/passwd", windows=[]), "timezone"),
        (Hours(timezone="", windows=[]), "timezone"),
        (Hours(timezone="Europe", windows=[]), "timezone"),
        (Hours(timezone="UTC", windows=[Window(days=[], from_="01:00", to="02:00")]), "windows[0].days"),
        (Hours(timezone="UTC", windows=[Window(days=["mon"], from_="1:00", to="02:00")]), "windows[0].from"),
        (Hours(timezone="UTC", windows=[Window(days=["mon"], from_="01:00", to="24:00")]), "windows[0].to"),
        (Hours(timezone="UTC", windows=[Window(days=["mon"], from_="01:60", to="02:00")]), "windows[0].from"),
    ],
)
def test_unusable_hours_are_rejected(hours: Hours, param: str) -> None:
    with pytest.raises(HoursError) as raised:
        check_hours(hours)
    assert raised.value.param == param

"""Hours of the week in a time zone, for what is off at night: when they begin and end, across changes of the clocks.

A span is meant as the wall clock shows it. A time that the clocks skip is the moment they change; a time that comes
twice is the first of the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from ringback.carrier.clock import DAY, SECOND, micros

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AHEAD = 9
"""Days that are looked through for the next change: every span has begun and ended within them."""


class HoursError(ValueError):
    """Hours that cannot be kept; `param` names the part."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class Span(msgspec.Struct, kw_only=True):
    """From one time of day to another, `HH:MM`, on the days on which it begins; it ends on the next day where `to` is
    not later than `from`."""

    days: list[Day]
    from_: str = msgspec.field(name="from")
    to: str


class Hours(msgspec.Struct, kw_only=True):
    """Spans of the week in a time zone of the IANA database, such as `Europe/Paris`."""

    timezone: str
    windows: list[Span]


def check_hours(hours: Hours) -> None:
    """Whether hours can be kept. Raises HoursError."""
    try:
        _zone(hours.timezone)
    except (KeyError, ValueError, OSError):
        raise HoursError("timezone", f"{hours.timezone!r} is not a time zone such as Europe/Paris") from None
    for index, span in enumerate(hours.windows):
        if not span.days:
            raise HoursError(f"windows[{index}].days", "a window has at least one day")
        if len(set(span.days)) < len(span.days):
            raise HoursError(f"windows[{index}].days", "a window names each of its days once")
        for name, text in (("from", span.from_), ("to", span.to)):
            if _time(text) is None:
                raise HoursError(f"windows[{index}].{name}", f"{text!r} is not a time of day such as 22:00")


def within(hours: Hours, instant: int) -> bool:
    """Whether an instant is in one of the spans."""
    return any(begin <= instant < end for begin, end in _spans(hours, instant - 2 * DAY, 4))


def next_change(hours: Hours, instant: int) -> int | None:
    """The next instant at which `within` is another; None where it never is."""
    spans = list(_spans(hours, instant - 2 * DAY, AHEAD + 3))
    inside = any(begin <= instant < end for begin, end in spans)
    edges = sorted({edge for span in spans for edge in span if instant < edge <= instant + AHEAD * DAY})
    for edge in edges:
        if any(begin <= edge < end for begin, end in spans) is not inside:
            return edge
    return None


def _spans(hours: Hours, instant: int, days: int) -> Iterator[tuple[int, int]]:
    """Begin and end of every span that begins on one of so many local days from that of an instant."""
    zone = _zone(hours.timezone)
    first = datetime.fromtimestamp(instant // SECOND, UTC).astimezone(zone).date()
    for span in hours.windows:
        begins, ends = _time(span.from_), _time(span.to)
        if begins is None or ends is None:
            raise HoursError("windows", "a window has no time")
        for ahead in range(days):
            day = first + timedelta(days=ahead)
            if DAYS[day.weekday()] in span.days:
                last = day if ends > begins else day + timedelta(days=1)
                begin, end = _instant(day, begins, zone), _instant(last, ends, zone)
                if begin < end:
                    yield begin, end


@lru_cache(maxsize=4_096)
def _instant(day: date, at: time, zone: ZoneInfo) -> int:
    """The first instant at which the wall clock shows this, or would have."""
    shown = datetime.combine(day, at, zone)
    back = shown.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) == shown.replace(tzinfo=None):
        return micros(shown)
    return _skipped(micros(shown), zone)


def _skipped(late: int, zone: ZoneInfo) -> int:
    """The moment at which the clocks skipped over a time, which by the old offset would have been `late`."""
    low, high = late // SECOND - DAY // SECOND, late // SECOND
    before = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
    return high * SECOND


def _offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()


def _time(text: str) -> time | None:
    hour, colon, minute = text.partition(":")
    if not (colon and len(hour) == len(minute) == 2 and hour.isascii() and hour.isdigit()):
        return None
    if not (minute.isascii() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        return None
    return time(int(hour), int(minute))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

"""Hours of the week in a time zone, such as quiet hours at night: when they begin and end, across clock changes.

A window is meant as the wall clock shows it. A time that the clocks skip means the moment of the change; a time that
comes twice means the first of the two.
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
LOOKAHEAD_DAYS = 9
"""Days that are searched for the next change: every window has begun and ended within them."""


class HoursError(ValueError):
    """Hours that cannot be used; `param` names the field."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class Window(msgspec.Struct, kw_only=True):
    """From one time of day to another (`HH:MM`), on the days on which it begins.

    It ends on the next day where `to` is not later than `from`.
    """

    days: list[Day]
    from_: str = msgspec.field(name="from")
    to: str


class Hours(msgspec.Struct, kw_only=True):
    """Windows of the week in a time zone of the IANA database, such as `Europe/Paris`."""

    timezone: str
    windows: list[Window]


def check_hours(hours: Hours) -> None:
    """Check hours. Raises HoursError."""
    try:
        _zone(hours.timezone)
    except (KeyError, ValueError, OSError):
        raise HoursError("timezone", f"{hours.timezone!r} is not a time zone such as Europe/Paris") from None
    for index, window in enumerate(hours.windows):
        if not window.days:
            raise HoursError(f"windows[{index}].days", "a window has at least one day")
        if len(set(window.days)) < len(window.days):
            raise HoursError(f"windows[{index}].days", "a window names each of its days once")
        for name, text in (("from", window.from_), ("to", window.to)):
            if _time(text) is None:
                raise HoursError(f"windows[{index}].{name}", f"{text!r} is not a time of day such as 22:00")


def within(hours: Hours, instant: int) -> bool:
    """Return whether an instant (microseconds) is in one of the windows."""
    return any(begin <= instant < end for begin, end in _windows(hours, instant - 2 * DAY, 4))


def next_change(hours: Hours, instant: int) -> int | None:
    """Return the next instant at which `within` changes, None if it never does."""
    windows = list(_windows(hours, instant - 2 * DAY, LOOKAHEAD_DAYS + 3))
    inside = any(begin <= instant < end for begin, end in windows)
    edges = sorted({edge for window in windows for edge in window if instant < edge <= instant + LOOKAHEAD_DAYS * DAY})
    for edge in edges:
        if any(begin <= edge < end for begin, end in windows) is not inside:
            return edge
    return None


def _windows(hours: Hours, instant: int, days: int) -> Iterator[tuple[int, int]]:
    """Return begin and end of every window that begins within so many local days of an instant."""
    zone = _zone(hours.timezone)
    first = datetime.fromtimestamp(instant // SECOND, UTC).astimezone(zone).date()
    for window in hours.windows:
        begins, ends = _time(window.from_), _time(window.to)
        if begins is None or ends is None:
            raise HoursError("windows", "a window has no time")
        for ahead in range(days):
            day = first + timedelta(days=ahead)
            if DAYS[day.weekday()] in window.days:
                last = day if ends > begins else day + timedelta(days=1)
                begin, end = _instant(day, begins, zone), _instant(last, ends, zone)
                if begin < end:
                    yield begin, end


@lru_cache(maxsize=4_096)
def _instant(day: date, at: time, zone: ZoneInfo) -> int:
    """Return the first instant at which the wall clock shows a time, or would have shown it."""
    shown = datetime.combine(day, at, zone)
    back = shown.astimezone(UTC).astimezone(zone)
    if back.replace(tzinfo=None) == shown.replace(tzinfo=None):
        return micros(shown)
    return _skipped(micros(shown), zone)


def _skipped(late: int, zone: ZoneInfo) -> int:
    """Return the moment at which the clocks skipped over a time, which is `late` by the offset before it."""
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

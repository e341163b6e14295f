"""Durations as people write them: `90`, `90s`, `2m`, `1h30m`, `3d`, `2w`, and calendar months, `1mo`."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta
from typing import NamedTuple

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
PATTERN = r"^(\d+mo)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s?)?$"
MAX_SECONDS = 100 * 366 * 86_400
MAX_MONTHS = 1_200

_PART = re.compile(r"(\d+(?:\.\d+)?)(mo|[wdhms]|$)")


class Span(NamedTuple):
    """A length of time: calendar months, then seconds."""

    months: int
    seconds: float

    def after(self, moment: datetime) -> datetime:
        """Return the instant this long after `moment`. A month from the 31st ends on the month's last day."""
        years, month = divmod(moment.month - 1 + self.months, 12)
        year, month = moment.year + years, month + 1
        day = min(moment.day, monthrange(year, month)[1])
        return moment.replace(year=year, month=month, day=day) + timedelta(seconds=self.seconds)


def parse(value: object) -> Span:
    """Return the span of a number of seconds or of a text such as `1h30m`. Raises ValueError."""
    text = str(value).strip()
    parts = _PART.findall(text)
    known = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not known or not parts or not re.match(PATTERN, text):
        raise ValueError(f"{value!r} is not a duration: use 90, 45s, 2m, 1h30m, 31d or 1mo")
    months = sum(int(number) for number, unit in parts if unit == "mo")
    seconds = sum(float(number) * UNITS[unit or "s"] for number, unit in parts if unit != "mo")
    if months > MAX_MONTHS or seconds > MAX_SECONDS:
        raise ValueError(f"{value!r} is longer than a scenario may last: at most a hundred years")
    return Span(months, seconds)


def seconds(value: object) -> float:
    """Return the seconds of a duration without calendar months. Raises ValueError."""
    span = parse(value)
    if span.months:
        raise ValueError(f"{value!r}: months have no fixed length here: use days")
    return span.seconds

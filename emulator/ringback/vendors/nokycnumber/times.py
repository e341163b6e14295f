"""Parse the API's times, page "JSON convention"."""

from __future__ import annotations

import re

from ringback.carrier.clock import TimeError, parse_instant
from ringback.vendors.nokycnumber import errors

_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")


def instant_of(param: str, text: str) -> int:
    """Return an ISO-8601 UTC time that ends in Z as microseconds. Raises ApiError 400."""
    if _UTC.fullmatch(text):
        try:
            return parse_instant(text)
        except (TimeError, OverflowError):
            pass
    raise errors.invalid(param, "must be a time in UTC, such as 2026-04-26T14:23:00Z")

"""Helpers shared by this vendor's rules: the caller, ids, validation of numbers and ids, ranges of time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from ringback.carrier.clock import iso_exact, micros
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.errors import E164, Place
from ringback.vendors.inkbox.records import InkboxSettings, TextKind

T = TypeVar("T")
NAME = "inkbox"
PHONE = "/api/v1/phone"
SECRET_DIGITS = 48
MAX_URL = 2_048
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Caller:
    """The sender of a request: its account, its key, and the identity that the key is scoped to (None for an admin)."""

    account: str
    agent: str | None
    key: str

    def require_admin(self, action: str) -> None:
        """Raise ApiError 403 unless the key is an admin's."""
        if self.agent is not None:
            raise errors.error("admin_key_required", action=action)

    def sees(self, identity: str) -> bool:
        """Return whether the caller sees what belongs to an identity."""
        return self.agent is None or self.agent == identity

    def visible_kind(self, kind: TextKind) -> TextKind | None:
        """Return which texts or calls of a kind the caller sees: an agent never sees blocked ones. None for none."""
        if self.agent is None:
            return kind
        return None if kind == "blocked" else "clear"


@dataclass(frozen=True)
class TimeRange:
    """A range of instants, both ends included; None is open."""

    start: int | None = None
    end: int | None = None

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def cut(self, newest_first: Iterator[T], at: Callable[[T], int]) -> Iterator[T]:
        """Yield the items within the range; `at` returns the instant of one."""
        for item in newest_first:
            if self.start is not None and at(item) < self.start:
                return
            if self.end is None or at(item) <= self.end:
                yield item


def settings_of(services: Services, account: str) -> InkboxSettings:
    """Return an account's settings."""
    return cast("InkboxSettings", services.settings_of(account))


def new_id(services: Services, account: str, kind: str) -> str:
    """Return a new UUID."""
    return services.streams(NAME, account, kind).uuid()


def new_secret(services: Services, account: str) -> str:
    """Return a new signing key: the part after the prefix is the key."""
    return f"whsec_{services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}"


def organization_id(account: str) -> str:
    """Return the id of an account's organization."""
    return f"org_{blake2b(account.encode(), digest_size=12).hexdigest()}"


def iso(instant: int | None) -> str | None:
    """Return an instant as an ISO-8601 text, None for none."""
    return iso_exact(instant) if instant is not None else None


def is_e164(text: str) -> bool:
    """Return whether a text is a number in E.164."""
    return _E164.fullmatch(text) is not None


def check_e164(param: str, text: str, place: Place = "body") -> None:
    """Raise ApiError 422 for a text that is not a number in E.164."""
    if not is_e164(text):
        raise errors.invalid(param, E164, place)


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID."""
    return _UUID.fullmatch(text) is not None


def uuid_of(param: str, text: str, place: Place) -> str:
    """Return a UUID in lower case. Raises ApiError 422 for a text that is not one."""
    if not is_uuid(text):
        raise errors.invalid(param, "is a UUID", place)
    return text.lower()


def time_range(start: str | None, end: str | None, zone: str | None) -> TimeRange:
    """Return the range of time of a query; `zone` is that of texts without an offset, UTC by default.

    A date alone is the first instant of that day, or as the end its last. Raises ApiError 422.
    """
    return TimeRange(
        _instant("start_datetime", start, zone, end=False) if start is not None else None,
        _instant("end_datetime", end, zone, end=True) if end is not None else None,
    )


def _instant(param: str, text: str, zone: str | None, *, end: bool) -> int:
    timezone = _zone(zone) if zone is not None else UTC
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone)
        if end and _DATE.fullmatch(text):
            return micros((moment + timedelta(days=1)).replace(tzinfo=timezone)) - 1
        return micros(moment)
    except (ValueError, OverflowError):
        raise errors.invalid_query(param, "is an ISO-8601 date or time such as 2026-01-31T09:00:00Z") from None


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise errors.invalid_query("tz", "is an IANA time zone such as America/New_York") from None

"""What every room of the backend stands on: names, numbers, ids, instants in queries, who interactive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from hashlib import blake2b
from zoneinfo import ZoneInfo

from ringback.carrier.clock import micros
from ringback.gateway.journal import log_entry
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors

NAME = "inkbox"
PHONE = "/api/v1/phone"
SECRET_DIGITS = 48
MAX_URL = 2_048
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Caller:
    """Who interactive: the account, and the identity that the key is scoped to (None for an admin's key)."""

    account: str
    agent: str | None
    key: str

    def admin(self, what: str) -> None:
        """Whether this is an admin's key. Raises ApiError 403."""
        if self.agent is not None:
            raise errors.forbidden(f"{what} takes an admin-scoped key.")

    def sees(self, identity: str) -> bool:
        """Whether what belongs to an identity is this caller's to see."""
        return self.agent is None or self.agent == identity


def caller_of(services: Services, request: object) -> Caller:
    """Who sent a request."""
    exchange = log_entry(request)
    key = services.keys.records[exchange.key]
    return Caller(exchange.account, key.agent, key.id)


def new_id(services: Services, account: str, kind: str) -> str:
    """A fresh UUID."""
    return services.streams(NAME, account, kind).uuid()


def new_secret(services: Services, account: str) -> str:
    """A signing key: what comes after the prefix is the key."""
    return f"whsec_{services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}"


def organization_id(account: str) -> str:
    """The organization of an account."""
    return f"org_{blake2b(account.encode(), digest_size=12).hexdigest()}"


def is_e164(text: str) -> bool:
    """Whether text is a number in E.164."""
    return _E164.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Whether text is a UUID."""
    return _UUID.fullmatch(text) is not None


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise errors.invalid("tz", "is an IANA time zone such as America/New_York", where="query") from None


def bound(name: str, text: str, zone: str | None, *, end: bool) -> int:
    """An instant of a date range: a bare date is the day's start, or as an end the last of its instants; a time without
    an offset is in `zone`, UTC unless told. Raises ApiError 422."""
    where = _zone(zone) if zone is not None else UTC
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=where)
        if end and _DATE.fullmatch(text):
            return micros((moment + timedelta(days=1)).replace(tzinfo=where)) - 1
        return micros(moment)
    except (ValueError, OverflowError):
        raise errors.invalid(name, "is an ISO-8601 date or time such as 2026-01-31T09:00:00Z", where="query") from None

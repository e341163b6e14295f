"""Helpers shared by the rules: ids, settings, owned records, partial updates, E.164 validation, times."""

from __future__ import annotations

import re
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET

from ringback.carrier.clock import TimeError, iso_z, parse_instant
from ringback.gateway.services import Services
from ringback.store import Collection, Record
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import E164, PhoneStackSettings

NAME = "phonestack"
ID_DIGITS = 12
R = TypeVar("R", bound=Record)
_SEPARATORS = re.compile(r"[\s().-]+")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?", re.ASCII)


def new_id(services: Services, account: str, prefix: str) -> str:
    """Return a new id: the resource's prefix and twelve hexadecimal digits."""
    return f"{prefix}_{services.streams(NAME, account, prefix).hex(ID_DIGITS)}"


def organization_id(services: Services, account: str) -> str:
    """Return the organization's id, as events name it."""
    return f"org_{services.streams.secret(NAME, account, 'organization').hex()[:ID_DIGITS]}"


def settings_of(services: Services, account: str) -> PhoneStackSettings:
    """Return an account's settings."""
    return cast("PhoneStackSettings", services.settings_of(account))


def owned(records: Collection[R], account: str, id_: str, what: str) -> R:
    """Return an organization's record. Raises ApiError 404, also for another organization's."""
    record = records.get(id_)
    if record is None or record.account != account:
        raise errors.error("NOT_FOUND", what=what)
    return record


def given(body: msgspec.Struct, *names: str) -> dict[str, Any]:
    """Return those fields of a partial update that the request contains."""
    return {name: getattr(body, name) for name in names if getattr(body, name) is not UNSET}


def normalize_phone(text: object, param: str = "phone") -> str:
    """Return a number in E.164 without its spaces, dots, dashes and parentheses. Raises ApiError 400."""
    if isinstance(text, str) and len(text) <= 40:
        number = _SEPARATORS.sub("", text)
        if E164.fullmatch(number):
            return number
    raise errors.invalid(param, "must be a phone number in E.164, such as +12145551234")


def parse_time(text: str | None, param: str) -> int | None:
    """Return an ISO-8601 time in microseconds, UTC unless it has an offset. Raises ApiError 400."""
    if text is None:
        return None
    text = text.replace(" ", "+")
    try:
        if _TIME.fullmatch(text):
            return parse_instant(text)
    except (TimeError, OverflowError):
        pass
    raise errors.invalid(param, "must be an ISO-8601 time such as 2026-01-31T09:00:00Z")


def iso(instant: int | None) -> str | None:
    """Return an instant as the API shows it."""
    return None if instant is None else iso_z(instant)

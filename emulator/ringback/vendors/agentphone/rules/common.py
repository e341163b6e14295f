"""Helpers shared by the rules: ids, settings, phone numbers, dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from ringback.carrier.clock import TimeError, iso_exact, parse_instant
from ringback.carrier.numbering_plan import calling_code, countries, place_of
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import AgentPhoneSettings

NAME = "agentphone"
ID_DIGITS = 16
MAX_URL = 2_048
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION = re.compile(r"[\s().\-/]")
_SHORT_CODE = re.compile(r"[0-9]{5,6}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


def new_id(services: Services, account: str, prefix: str) -> str:
    """Return a new id: the prefix and random hexadecimal digits."""
    return f"{prefix}_{services.streams(NAME, account, prefix).hex(ID_DIGITS)}"


def iso_or_none(instant: int | None) -> str | None:
    """Return an instant in ISO 8601 if there is one."""
    return None if instant is None else iso_exact(instant)


def settings_of(services: Services, account: str) -> AgentPhoneSettings:
    """Return an account's settings."""
    return cast("AgentPhoneSettings", services.settings_of(account))


def is_e164(text: str) -> bool:
    """Return whether text is a number in E.164."""
    return _E164.fullmatch(text) is not None


def is_short_code(text: str) -> bool:
    """Return whether text is a US short code."""
    return _SHORT_CODE.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """Return whether text is an e-mail address."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def is_http_url(text: str) -> bool:
    """Return whether text is an http or https URL."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    has_blank = any(char.isspace() or char < " " for char in text)
    return parts.scheme in ("http", "https") and bool(host) and len(text) <= MAX_URL and not has_blank


def to_e164(text: str) -> str | None:
    """Return a phone number in E.164, or None for text that is no phone number.

    Accepted are the international form, with + or 00, and the national form of North America.
    """
    digits = _PUNCTUATION.sub("", text.strip())
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.isascii() and digits.isdigit():
        if len(digits) == 10:
            digits = "+1" + digits
        elif len(digits) == 11 and digits[0] == "1":
            digits = "+" + digits
    return digits if is_e164(digits) else None


def require_e164(text: str, param: str) -> str:
    """Return a phone number of the body in E.164. Raises ApiError 422."""
    found = to_e164(text)
    if found is None:
        raise errors.invalid(param, "must be a phone number, such as +14155550123")
    return found


def country_of(number: str) -> str | None:
    """Return the country of an E.164 number, two capital letters, if it is known."""
    if number.startswith("+1"):
        place = place_of(number[2:5])
        return place.country if place is not None else None
    return next((name for name in countries() if number.startswith(f"+{calling_code(name)}")), None)


def instant(text: str, param: str, invalid: Callable[[str, str], ApiError] = errors.invalid) -> int:
    """Return an ISO 8601 time as an instant. Raises the `invalid` error of the parameter."""
    try:
        return parse_instant(text.replace(" ", "+"))
    except (TimeError, OverflowError):
        raise invalid(param, "must be a time, such as 2026-01-31T09:00:00Z") from None

"""What every room of the backend stands on: names, ids, instants, phone numbers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ringback.carrier.clock import TimeError, iso_exact, parse_instant
from ringback.carrier.numbering_plan import calling_code, countries, place_of
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors

NAME = "agentphone"
ID_DIGITS = 16
MAX_URL = 2_048
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PUNCTUATION = re.compile(r"[\s().\-/]")
_SHORT_CODE = re.compile(r"[0-9]{5,6}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


def new_id(services: Services, account: str, prefix: str) -> str:
    """A fresh id: what it is of, and random hexadecimal digits."""
    return f"{prefix}_{services.streams(NAME, account, prefix).hex(ID_DIGITS)}"


def shown(instant: int) -> str:
    """An instant as answers show it."""
    return iso_exact(instant)


def shown_or_null(instant: int | None) -> str | None:
    """An instant as answers show it, where there is one."""
    return None if instant is None else iso_exact(instant)


def is_e164(text: str) -> bool:
    """Whether text is a number in E.164."""
    return _E164.fullmatch(text) is not None


def is_short_code(text: str) -> bool:
    """Whether text is a US short code."""
    return _SHORT_CODE.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """Whether text is an e-mail address."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def is_link(text: str) -> bool:
    """Whether text is an http or https URL."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    blank = any(char.isspace() or char < " " for char in text)
    return parts.scheme in ("http", "https") and bool(host) and len(text) <= MAX_URL and not blank


def e164(text: str) -> str | None:
    """A phone number in any usual form as E.164: with its country's code, or as it is dialled within North America.
    None for what is no phone number."""
    digits = _PUNCTUATION.sub("", text.strip())
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if digits.isascii() and digits.isdigit():
        if len(digits) == 10:
            digits = "+1" + digits
        elif len(digits) == 11 and digits[0] == "1":
            digits = "+" + digits
    return digits if is_e164(digits) else None


def phone(text: str, param: str) -> str:
    """A phone number in any usual form as E.164. Raises ApiError 422."""
    found = e164(text)
    if found is None:
        raise errors.invalid(param, "is no phone number; write it as +14155550123")
    return found


def country_of(number: str) -> str | None:
    """The country of a number in E.164, two capital letters, where it is known."""
    if number.startswith("+1"):
        place = place_of(number[2:5])
        return place.country if place is not None else None
    return next((name for name in countries() if number.startswith(f"+{calling_code(name)}")), None)


def instant(text: str, param: str, place: str = "body") -> int:
    """A time in ISO 8601 as an instant. Raises ApiError 422."""
    try:
        return parse_instant(text.replace(" ", "+"))
    except (TimeError, OverflowError):
        raise errors.UnprocessableError(place, param, "is a time such as 2026-01-31T09:00:00Z") from None

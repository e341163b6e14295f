"""What every room of the backend stands on: names, ids, numbers, times."""

from __future__ import annotations

import re

from ringback.carrier.clock import iso_z
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import E164

NAME = "phonestack"
ID_DIGITS = 12
_PRINTED = re.compile(r"[\s().-]+")


def new_id(services: Services, account: str, prefix: str) -> str:
    """A fresh id: the resource's prefix and twelve hexadecimal digits."""
    return f"{prefix}_{services.streams(NAME, account, prefix).hex(ID_DIGITS)}"


def phone_of(text: object, param: str = "phone") -> str:
    """A phone number in E.164, from one that may be printed with spaces, dots, dashes and parentheses. Raises ApiError
    400 for what is none."""
    if isinstance(text, str) and len(text) <= 40:
        number = _PRINTED.sub("", text)
        if E164.fullmatch(number):
            return number
    raise errors.invalid(param, "must be a phone number in E.164, such as +12145551234")


def iso(instant: int | None) -> str | None:
    """An instant as the API shows it."""
    return None if instant is None else iso_z(instant)

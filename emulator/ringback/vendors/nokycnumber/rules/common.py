"""Helpers shared by the rules: ids, E.164 validation, amounts as responses show them."""

from __future__ import annotations

import re

from ringback.carrier.ledger import DOLLAR
from ringback.gateway.services import Services
from ringback.vendors.nokycnumber import errors

NAME = "nokycnumber"
ID_DIGITS = 12
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def new_id(services: Services, account: str, prefix: str) -> str:
    """Return a new id: the resource's prefix and twelve base-36 digits."""
    drawn = services.streams(NAME, account, prefix).randrange(36**ID_DIGITS)
    digits = ""
    for _ in range(ID_DIGITS):
        drawn, digit = divmod(drawn, 36)
        digits += _BASE_36[digit]
    return f"{prefix}_{digits}"


def is_e164(text: str) -> bool:
    """Return whether text is a number in E.164."""
    return _E164.fullmatch(text) is not None


def check_destination(number: str) -> None:
    """Check the `to` of a call or message. Raises ApiError 400."""
    if not is_e164(number):
        raise errors.invalid("to", "must be a number in E.164, such as +33612345678")


def in_dollars(amount: int) -> float:
    """Return micro-dollars as responses show them: a JSON number of dollars."""
    return amount / DOLLAR

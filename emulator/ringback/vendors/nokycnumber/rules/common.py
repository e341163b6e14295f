"""What every room of the backend stands on: names, ids, numbers, money as shown."""

from __future__ import annotations

import re
from typing import TypeVar

from ringback.carrier.ledger import DOLLAR
from ringback.gateway.services import Services
from ringback.store import Collection, Record
from ringback.vendors.nokycnumber import errors

NAME = "nokycnumber"
ID_DIGITS = 12
R = TypeVar("R", bound=Record)
_BASE_36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def new_id(services: Services, account: str, prefix: str) -> str:
    """A fresh id: the resource's prefix and twelve base-36 digits."""
    drawn = services.streams(NAME, account, prefix).randrange(36**ID_DIGITS)
    digits = ""
    for _ in range(ID_DIGITS):
        drawn, digit = divmod(drawn, 36)
        digits += _BASE_36[digit]
    return f"{prefix}_{digits}"


def own(records: Collection[R], account: str, id_: str, what: str, param: str | None = None) -> R:
    """An account's record. Raises ApiError 404 for one that is unknown, or another account's."""
    record = records.get(id_)
    if record is None or record.account != account:
        raise errors.not_found(what, param)
    return record


def is_e164(text: str) -> bool:
    """Whether text is a number in E.164."""
    return _E164.fullmatch(text) is not None


def shown(amount: int) -> float:
    """An amount as answers show it: a JSON number of dollars."""
    return amount / DOLLAR

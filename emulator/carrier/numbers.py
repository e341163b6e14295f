"""The number pool: countries and area codes from `fixtures/numbers.yaml`, fictional ranges first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from emulator import resources
from emulator.carrier.rng import Stream, Streams


class OutOfStock(LookupError):
    """No number is to be had in that country and area code."""


class Line(msgspec.Struct):
    """A number that is assigned: to which vendor's account, under which of the vendor's ids, and whether it takes
    calls now."""

    number: str
    vendor: str
    account: str
    owner: str
    open: bool = True

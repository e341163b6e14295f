"""Prices and countries. The page names one price, 0.012 for a segment to France; the rest is ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ringback.carrier.ledger import CENT, DOLLAR, prorated_charge

Period = Literal["monthly", "quarterly", "yearly"]
Tier = Literal["standard", "premium"]

MONTHS: Mapping[Period, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}
NUMBERS: Mapping[Tier, Mapping[Period, int]] = {
    "standard": {"monthly": 5 * DOLLAR, "quarterly": 1350 * CENT, "yearly": 48 * DOLLAR},
    "premium": {"monthly": 15 * DOLLAR, "quarterly": 4050 * CENT, "yearly": 144 * DOLLAR},
}
MILL = 1_000
"""A thousandth of a dollar: call costs are rounded to it."""
COUNTRIES: tuple[str, ...] = ("fr", "gb", "us", "ca", "de", "es", "jp")
"""Countries where numbers are sold; some are out of stock."""


@dataclass(frozen=True)
class Rate:
    """What a country costs: a minute of a call, a segment of an SMS, and an MMS (None: the country has no MMS)."""

    country: str
    minute: int
    segment: int
    mms: int | None = None


RATES: Mapping[str, Rate] = {
    "1": Rate("us", 14 * MILL, 8 * MILL, 20 * MILL),
    "31": Rate("nl", 25 * MILL, 14 * MILL),
    "32": Rate("be", 25 * MILL, 14 * MILL),
    "33": Rate("fr", 20 * MILL, 12 * MILL),
    "34": Rate("es", 20 * MILL, 12 * MILL),
    "39": Rate("it", 25 * MILL, 14 * MILL),
    "41": Rate("ch", 35 * MILL, 16 * MILL),
    "44": Rate("gb", 18 * MILL, 11 * MILL),
    "49": Rate("de", 20 * MILL, 13 * MILL),
    "52": Rate("mx", 30 * MILL, 15 * MILL),
    "61": Rate("au", 30 * MILL, 15 * MILL, 25 * MILL),
    "81": Rate("jp", 40 * MILL, 18 * MILL),
    "351": Rate("pt", 25 * MILL, 14 * MILL),
    "353": Rate("ie", 25 * MILL, 14 * MILL),
}
"""Rates by calling code. Other countries cannot be reached."""
MMS_COUNTRIES = frozenset(("us", "ca"))
"""Countries whose numbers can send MMS."""


def rate_to(number: str) -> Rate | None:
    """Return the rate for a number in E.164, None if its country cannot be reached."""
    return next((RATES[number[1 : 1 + size]] for size in (3, 2, 1) if number[1 : 1 + size] in RATES), None)


def call_cost(rate: Rate, seconds: int) -> int:
    """Return the cost of a call, in micro-dollars: by the second, rounded to the nearest thousandth of a dollar."""
    return prorated_charge(rate.minute, seconds, MILL)

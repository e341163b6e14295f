"""NoKYCNumber's page, claim by claim."""

from __future__ import annotations

from ringback_conformance.claims.nokycnumber import (
    account,
    agents,
    calls,
    conventions,
    errors,
    keys,
    limits,
    numbers,
    paging,
    retries,
    sms,
    webhooks,
)
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE

__all__ = [
    "CATALOGUE",
    "account",
    "agents",
    "calls",
    "conventions",
    "errors",
    "keys",
    "limits",
    "numbers",
    "paging",
    "retries",
    "sms",
    "webhooks",
]

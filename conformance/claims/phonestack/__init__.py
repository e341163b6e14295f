"""PhoneStack's page, claim by claim."""

from __future__ import annotations

from conformance.claims.phonestack import (
    calls,
    campaigns,
    contacts,
    conventions,
    definitions,
    keys,
    reports,
    tools,
    webhooks,
)
from conformance.claims.phonestack.table import CATALOGUE

__all__ = [
    "CATALOGUE",
    "calls",
    "campaigns",
    "contacts",
    "conventions",
    "definitions",
    "keys",
    "reports",
    "tools",
    "webhooks",
]

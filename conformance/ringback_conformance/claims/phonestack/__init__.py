"""PhoneStack's page, claim by claim."""

from __future__ import annotations

from ringback_conformance.claims.phonestack import (
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
from ringback_conformance.claims.phonestack.adapter import CATALOGUE

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

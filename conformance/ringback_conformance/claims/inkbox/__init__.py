"""Inkbox's page and what its official SDK expects, claim by claim."""

from __future__ import annotations

from ringback_conformance.claims.inkbox import (
    calls,
    consent,
    events,
    identities,
    incoming,
    keys,
    lists,
    numbers,
    sdk,
    streams,
    texts,
    webhooks,
)
from ringback_conformance.claims.inkbox.adapter import CATALOGUE

__all__ = [
    "CATALOGUE",
    "calls",
    "consent",
    "events",
    "identities",
    "incoming",
    "keys",
    "lists",
    "numbers",
    "sdk",
    "streams",
    "texts",
    "webhooks",
]

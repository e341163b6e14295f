"""AgentPhone's page and clients, claim by claim."""

from __future__ import annotations

from ringback_conformance.claims.agentphone import (
    agents,
    auth,
    calls,
    errors,
    messages,
    numbers,
    paging,
    sdk,
    talk,
    usage,
    webhooks,
)
from ringback_conformance.claims.agentphone.adapter import CATALOGUE

__all__ = [
    "CATALOGUE",
    "agents",
    "auth",
    "calls",
    "errors",
    "messages",
    "numbers",
    "paging",
    "sdk",
    "talk",
    "usage",
    "webhooks",
]

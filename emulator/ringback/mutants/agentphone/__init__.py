"""AgentPhone's mutants, by the parts of its API."""

from __future__ import annotations

from ringback.mutants.agentphone import (
    access,
    account,
    agents,
    calls,
    conversations,
    errors,
    messages,
    numbers,
    paging,
    webhooks,
)
from ringback.mutants.agentphone.registry import MUTANTS

__all__ = [
    "MUTANTS",
    "access",
    "account",
    "agents",
    "calls",
    "conversations",
    "errors",
    "messages",
    "numbers",
    "paging",
    "webhooks",
]

"""AgentPhone's operations: each module declares those of a part of the API."""

# ruff: noqa: I001 - in the order of the page
from __future__ import annotations

from ringback.vendors.agentphone.routes import (
    numbers,
    agents,
    calls,
    messages,
    webhooks,
    usage,
    account,
    not_emulated,
)
from ringback.vendors.agentphone.routes.operations import OPERATIONS

__all__ = ["OPERATIONS", "account", "agents", "calls", "messages", "not_emulated", "numbers", "usage", "webhooks"]

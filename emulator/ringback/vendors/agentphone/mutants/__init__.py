"""Named ways to break one claim of AgentPhone's each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from ringback.mutants.registry import Mutant
from ringback.vendors.agentphone.mutants import access, account, agents, calls, hooks, lines, texts
from ringback.vendors.agentphone.mutants.register import REGISTRY

MUTANTS: dict[str, Mutant] = REGISTRY.all

__all__ = ["MUTANTS", "access", "account", "agents", "calls", "hooks", "lines", "texts"]

"""Named ways to break one claim of PhoneStack's page each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from ringback.mutants.registry import Mutant
from ringback.vendors.phonestack.mutants import access, calls, campaigns, contacts, definitions, tools, webhooks
from ringback.vendors.phonestack.mutants.register import REGISTRY

MUTANTS: dict[str, Mutant] = REGISTRY.all

__all__ = ["MUTANTS", "access", "calls", "campaigns", "contacts", "definitions", "tools", "webhooks"]

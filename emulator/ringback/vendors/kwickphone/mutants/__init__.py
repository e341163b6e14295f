"""Named ways to break one claim of KwickPhone's page each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from ringback.gateway.vendor import Mutant
from ringback.vendors.kwickphone.mutants import access, calls, faults, money, numbers, webhooks
from ringback.vendors.kwickphone.mutants.register import REGISTRY

MUTANTS: dict[str, Mutant] = REGISTRY.all

__all__ = ["MUTANTS", "access", "calls", "faults", "money", "numbers", "webhooks"]

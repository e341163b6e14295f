"""Named ways to break one claim of NoKYCNumber's page each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from ringback.mutants.registry import Mutant
from ringback.vendors.nokycnumber.mutants import access, exchange, numbers, traffic, webhooks
from ringback.vendors.nokycnumber.mutants.register import REGISTRY

MUTANTS: dict[str, Mutant] = REGISTRY.all

__all__ = ["MUTANTS", "access", "exchange", "numbers", "traffic", "webhooks"]

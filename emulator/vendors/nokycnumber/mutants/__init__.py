"""Named ways to break one claim of NoKYCNumber's page each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from emulator.gateway.vendor import Mutant
from emulator.vendors.nokycnumber.mutants import access, exchange, numbers, traffic, webhooks
from emulator.vendors.nokycnumber.mutants.register import BOOK

MUTANTS: dict[str, Mutant] = BOOK.all

__all__ = ["MUTANTS", "access", "exchange", "numbers", "traffic", "webhooks"]

"""Named ways to break one claim of AgentPhone's each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from emulator.gateway.vendor import Mutant

MUTANTS: dict[str, Mutant] = {}

__all__ = ["MUTANTS"]

"""AgentPhone's register of mutants, and what several of them need."""

from __future__ import annotations

from emulator.gateway.mutants import Mutants

NAME = "agentphone"
BOOK = Mutants(NAME)

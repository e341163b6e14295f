"""Named ways to break AgentPhone, one claim each."""

from __future__ import annotations

from emulator.vendors.agentphone.mutants.register import BOOK

MUTANTS = BOOK.all

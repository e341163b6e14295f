"""Named ways to break one of Inkbox's claims each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from emulator.gateway.vendor import Mutant
from emulator.vendors.inkbox.mutants import access, calls, hooks, media, numbers, texts
from emulator.vendors.inkbox.mutants.register import BOOK

MUTANTS: dict[str, Mutant] = BOOK.all

__all__ = ["MUTANTS", "access", "calls", "hooks", "media", "numbers", "texts"]

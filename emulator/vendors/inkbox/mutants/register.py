"""The book of Inkbox's mutants."""

from __future__ import annotations

from emulator.gateway.mutants import Mutants

BOOK = Mutants("inkbox")

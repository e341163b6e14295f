"""Named ways to break one claim each, read at the seams as `world.mutants`."""

from __future__ import annotations

from emulator.gateway.vendor import Mutant

MUTANTS: dict[str, Mutant] = {}

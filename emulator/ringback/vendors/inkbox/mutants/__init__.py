"""Named ways to break one of Inkbox's claims each, for whoever wants to see whether a test notices."""

from __future__ import annotations

from ringback.mutants.registry import Mutant
from ringback.vendors.inkbox.mutants import access, calls, hooks, media, numbers, texts
from ringback.vendors.inkbox.mutants.register import REGISTRY

MUTANTS: dict[str, Mutant] = REGISTRY.all

__all__ = ["MUTANTS", "access", "calls", "hooks", "media", "numbers", "texts"]

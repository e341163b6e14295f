"""The registry of KwickPhone's mutants."""

from __future__ import annotations

from ringback.mutants.registry import Registry
from ringback.vendors.kwickphone import VENDOR
from ringback.vendors.kwickphone.rules import KwickPhone

MUTANTS = Registry(VENDOR, KwickPhone)
mutant = MUTANTS.mutant

"""AcmePhone's mutants."""

from __future__ import annotations

from ringback.vendors.acmephone import VENDOR
from ringback.vendors.acmephone.rules import AcmePhone

from ringback.mutants.registry import Registry
from ringback.mutants.transforms import set_to

MUTANTS = Registry(VENDOR, AcmePhone)
mutant = MUTANTS.mutant

mutant("numbers.not-listed", "ACM-NUM-1", "A created number is missing in the list.").response(
    set_to("data", []), on="listNumbers"
)

"""Ways to break one claim each, so that a test suite can show that it notices. Loaded only when listed or chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module

from ringback.gateway.vendor import VendorSpec
from ringback.mutants.registry import Mutant, MutantError, Registry

__all__ = ["Mutant", "MutantError", "Registry", "choose", "load"]


def load(vendor: VendorSpec) -> Sequence[Mutant]:
    """Import a vendor's mutants and check them against its contract.

    `VendorSpec.mutants` names a module with a `Registry` called MUTANTS; a vendor without one has no mutants. Raises
    MutantError for an operation or a path that the contract does not have.
    """
    if vendor.mutants is None:
        return ()
    registry = import_module(vendor.mutants).MUTANTS
    registry.check()
    return tuple(registry.mutants.values())


def choose(names: Iterable[str], vendors: Iterable[VendorSpec]) -> list[Mutant]:
    """Return the mutants of these names. Raises KeyError with the first name that no vendor has."""
    known = {mutant.name: mutant for vendor in vendors for mutant in load(vendor)}
    return [known[name] for name in names]

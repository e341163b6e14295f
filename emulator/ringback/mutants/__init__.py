"""Ways to break one claim each, so that a test suite can show that it notices. Loaded only when listed or chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
    found = import_module(vendor.mutants).MUTANTS
    if not isinstance(found, Registry):
        return from_old_register(found)
    found.check()
    return tuple(found.mutants.values())


def choose(names: Iterable[str], vendors: Iterable[VendorSpec]) -> list[Mutant]:
    """Return the mutants of these names. Raises KeyError with the first name that no vendor has."""
    known = {mutant.name: mutant for vendor in vendors for mutant in load(vendor)}
    return [known[name] for name in names]


def from_old_register(register: Mapping[str, Mutant]) -> Sequence[Mutant]:
    """Bridge to a vendor whose mutants still use `ringback.gateway.mutants`. Delete it with that module."""
    return tuple(register.values())

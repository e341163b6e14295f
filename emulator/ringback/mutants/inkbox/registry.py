"""The registry of Inkbox's mutants, and what several sections need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ringback.mutants.patching import Original
from ringback.mutants.registry import Registry
from ringback.vendors.inkbox import VENDOR
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import Caller

MUTANTS = Registry(VENDOR, Inkbox)
mutant = MUTANTS.mutant
CALL_LISTS = ("listCalls", "listNumberCalls")
CALL_GETS = ("getCall", "getNumberCall")


def as_admin(original: Original, _own: Inkbox, caller: Caller, *rest: Any, **named: Any) -> Any:
    """Call a rule as if the caller had an admin-scoped key."""
    return original(replace(caller, agent=None), *rest, **named)


def without_nulls(document: Any) -> Any:
    """Return an object without its null members; anything else as it is."""
    if not isinstance(document, dict):
        return document
    return {name: value for name, value in document.items() if value is not None}

"""Why an inbound call or message found no destination, with the numbers that exist."""

from __future__ import annotations

from typing import Literal

from ringback.control.common import ControlError
from ringback.emulator import Emulator
from ringback.gateway.vendor import VendorSpec

MAX_LISTED = 10
"""Numbers of a vendor that an error lists."""


def no_destination(emulator: Emulator, vendor: VendorSpec, to: str, kind: Literal["calls", "messages"]) -> ControlError:
    """Return the error for a number that the vendor has not assigned (404), or that accepts nothing now (409)."""
    assigned = emulator.services.numbers.assignment(to)
    if assigned is not None and assigned.vendor == vendor.name:
        message = f"{to} exists at {vendor.name} but does not accept {kind} now"
        return ControlError(409, f"not_accepting_{kind}", message, "to")
    numbers: dict[str, list[str]] = {name: [] for name in (vendor.name, *emulator.vendors)}
    for each in emulator.services.numbers.assignments():
        numbers[each.vendor].append(each.number)
    own, *others = [_listed(name, found) for name, found in numbers.items() if found or name == vendor.name]
    elsewhere = f"; other vendors: {', '.join(others)}" if others else ""
    return ControlError(404, "number_not_found", f"no account has the number {to}: {own}{elsewhere}", "to")


def _listed(vendor: str, numbers: list[str]) -> str:
    if not numbers:
        return f"{vendor} has none"
    more = f" and {len(numbers) - MAX_LISTED} more" if len(numbers) > MAX_LISTED else ""
    return f"{vendor} has {', '.join(numbers[-MAX_LISTED:])}{more}"

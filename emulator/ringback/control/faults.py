"""Faults: requests or webhooks that are made to fail."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.control.common import (
    PREFIX,
    Body,
    ControlOperations,
    account_filter,
    event_names,
    find_vendor,
    invalid,
    not_found,
)
from ringback.emulator import Emulator
from ringback.gateway.faults import Effect, Fault
from ringback.gateway.vendor import VendorSpec

operation = OPERATIONS = ControlOperations()


class FaultBody(Body):
    """A fault. It is for the operation named by its id or by `method` and `path`, or for all operations."""

    vendor: str
    effect: Effect
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    event: str | None = None
    account_id: str | None = None
    first: int | None = None
    every: int | None = None
    probability: float | None = None


@operation("GET", f"{PREFIX}/faults", "listFaults")
def list_faults(emulator: Emulator) -> dict[str, Any]:
    """List the faults that are set."""
    return {"data": [fault_view(fault) for fault in emulator.services.faults.records]}


@operation("POST", f"{PREFIX}/faults", "addFault", 201)
def add_fault(emulator: Emulator, body: FaultBody) -> dict[str, Any]:
    """Set a fault. An operation that the vendor does not have is rejected."""
    vendor = find_vendor(emulator, body.vendor)
    account = account_filter(emulator, body.account_id)
    if sum(value is not None for value in (body.first, body.every, body.probability)) > 1:
        raise invalid("give at most one of first, every, probability")
    for name, value in (("first", body.first), ("every", body.every)):
        if value is not None and value < 1:
            raise invalid(f"{name} must be at least 1", name)
    if body.probability is not None and not 0 <= body.probability <= 1:
        raise invalid("probability must be from 0 to 1", "probability")
    if body.event is not None and body.event not in (known := event_names(vendor.name)):
        raise invalid(f"{vendor.name} has no event {body.event!r}: {', '.join(known)}", "event")
    faults = emulator.services.faults.records
    fault = Fault(
        id=f"fault_{faults.created + 1}",
        account=account,
        vendor=vendor.name,
        effect=body.effect,
        operation=_operation_id(vendor, body),
        event=body.event,
        first=body.first,
        every=body.every,
        probability=body.probability,
    )
    return fault_view(faults.add(fault))


@operation("DELETE", f"{PREFIX}/faults/{{fault_id}}", "deleteFault")
def delete_fault(emulator: Emulator, fault_id: str) -> dict[str, Any]:
    """Delete a fault."""
    records = emulator.services.faults.records
    fault = records.get(fault_id)
    if fault is None:
        raise not_found(f"there is no fault {fault_id!r}", "fault_id")
    records.remove(fault)
    return {"deleted": True, **fault_view(fault)}


def fault_view(fault: Fault) -> dict[str, Any]:
    """Return a fault as the control API shows it, with how often it matched and was applied."""
    return {
        "id": fault.id,
        "vendor": fault.vendor,
        "account_id": fault.account or None,
        "operation": fault.operation,
        "event": fault.event,
        "first": fault.first,
        "every": fault.every,
        "probability": fault.probability,
        "effect": msgspec.to_builtins(fault.effect),
        "met": fault.matched,
        "struck": fault.applied,
    }


def _operation_id(vendor: VendorSpec, body: FaultBody) -> str | None:
    """Return the id of the operation that a fault is for, None for all. Raises ControlError."""
    if body.operation is not None:
        known = [each.id for each in vendor.operations]
        if body.operation not in known:
            raise invalid(f"{vendor.name} has no operation {body.operation!r}: {', '.join(known)}", "operation")
        return body.operation
    if body.path is None and body.method is None:
        return None
    if body.path is None or body.method is None:
        raise invalid("give method and path together", "path" if body.path is None else "method")
    method = body.method.upper()
    for each in vendor.operations:
        if (each.method, each.path) == (method, body.path):
            return each.id
    found = vendor.operation_at(method, body.path)
    if found is None:
        raise invalid(f"{vendor.name} has no {method} {body.path}", "path")
    return found

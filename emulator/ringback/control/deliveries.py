"""Deliveries: webhook events with every attempt to send them."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Annotated, Any

import msgspec

from ringback.carrier.clock import iso_exact
from ringback.control.common import (
    MAX_ENTRIES,
    PREFIX,
    ControlOperations,
    Query,
    account_filter,
    event_names,
    instant_of,
    invalid_query,
    not_found,
)
from ringback.emulator import Emulator
from ringback.gateway.delivery import Attempt, Delivery
from ringback.gateway.redaction import mask, mask_header

operation = OPERATIONS = ControlOperations()


class DeliveryFilter(Query):
    """Which deliveries to list; `since` is an instant."""

    account_id: str | None = None
    event: str | None = None
    since: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)] = MAX_ENTRIES


@operation("GET", f"{PREFIX}/deliveries", "listDeliveries")
def list_deliveries(emulator: Emulator, query: DeliveryFilter) -> dict[str, Any]:
    """List webhook events with every attempt, newest first."""
    account = account_filter(emulator, query.account_id)
    since = instant_of(query.since, "since") if query.since else 0
    records = emulator.services.outbox.records
    wanted = (
        delivery_view(delivery)
        for delivery in (records.newest("account", account) if account else records.newest("all", True))
        if query.event in (None, delivery.event) and delivery.created_at >= since
    )
    found = list(islice(wanted, query.limit))
    if not found and query.event is not None:
        _check_event(emulator, account, query.event)
    return {"data": found}


@operation("GET", f"{PREFIX}/deliveries/{{delivery_id}}", "getDelivery")
def get_delivery(emulator: Emulator, delivery_id: str) -> dict[str, Any]:
    """Return one webhook event."""
    return delivery_view(_find_delivery(emulator, delivery_id))


@operation("POST", f"{PREFIX}/deliveries/{{delivery_id}}/replay", "replayDelivery")
async def replay_delivery(emulator: Emulator, delivery_id: str) -> dict[str, Any]:
    """Send a webhook event once more, now. Responds after the attempt."""
    delivery = _find_delivery(emulator, delivery_id)
    await asyncio.wait((emulator.services.outbox.replay(delivery),))
    return delivery_view(delivery)


def delivery_view(delivery: Delivery) -> dict[str, Any]:
    """Return a webhook event with every attempt as the control API shows it: signatures, but no secrets."""
    return {
        "id": delivery.id,
        "account_id": delivery.account,
        "vendor": delivery.vendor,
        "event": delivery.event,
        "subject": delivery.subject,
        "url": delivery.url,
        "state": delivery.state,
        "created_at": iso_exact(delivery.created_at),
        "next_attempt_at": iso_exact(delivery.next_at) if delivery.next_at is not None else None,
        "troubles": list(delivery.faults),
        "body": mask(delivery.body.decode("utf-8", "replace")),
        "attempts": [_attempt_view(number, attempt) for number, attempt in enumerate(delivery.attempts, 1)],
    }


def _attempt_view(number: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": number,
        "at": iso_exact(attempt.at),
        "headers": [[name, mask_header(name, value)] for name, value in attempt.headers],
        "status": attempt.status,
        "error": attempt.error,
        "response": mask(attempt.response),
        "latency_ms": attempt.latency_ms,
    }


def _check_event(emulator: Emulator, account: str, event: str) -> None:
    """Check that a vendor documents an event: the account's, or any of those served. Raises ControlError."""
    known = event_names(*((emulator.services.accounts[account].vendor,) if account else emulator.vendors))
    if event not in known:
        raise invalid_query(f"event must be one of {', '.join(known)}", "event")


def _find_delivery(emulator: Emulator, id_: str) -> Delivery:
    delivery = emulator.services.outbox.records.get(id_)
    if delivery is None:
        raise not_found(f"there is no delivery {id_!r}", "delivery_id")
    return delivery

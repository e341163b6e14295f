"""What the suite must know of AcmePhone: what creates numbers, what is secret. And its catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.contract import Shapes
from ringback_conformance.model import Exchange
from ringback_conformance.sanitize import tamed
from ringback_conformance.transport import Request

NUMBERS = "/v1/numbers"
SHAPES = Shapes("acmephone")


def error_problem(body: Any) -> str | None:
    """Return what is wrong with an error's envelope, or None."""
    return SHAPES.problem("Error", body, "the body")


def identify(exchange: Exchange) -> str | None:
    """Return why the response to `GET /v1/numbers` is not AcmePhone's, or None."""
    if exchange.status == 200:
        return SHAPES.problem("NumberList", exchange.json(), "the list")
    return error_problem(exchange.json())


def creates(request: Request) -> bool:
    """Return whether a request may create a number."""
    return request.method == "POST" and request.path.startswith(NUMBERS)


def created(exchange: Exchange) -> str | None:
    """Return the id of the number that a response says was created."""
    body = exchange.json()
    return str(body["id"]) if exchange.succeeded and isinstance(body, dict) and body.get("id") else None


def existing(listing: Exchange) -> list[str]:
    """Return the ids of all listed numbers."""
    body = listing.json()
    data = body.get("data") if isinstance(body, dict) else None
    return [str(item["id"]) for item in data or () if isinstance(item, dict) and item.get("id")]


def known(_: Iterable[Exchange]) -> Known:
    """Return webhook address → secret: no claim is about signatures yet."""
    return Known({})


ADAPTER = VendorAdapter(
    vendor="acmephone",
    page="AcmePhone API",
    health_path=NUMBERS,
    identify=identify,
    rate=60,
    price=lambda request: 0,
    charged=lambda request, exchange: 0,
    destinations=lambda request: (),
    harmless=lambda destination: False,
    creates=creates,
    created=created,
    removal=lambda number: Request("DELETE", f"{NUMBERS}/{number}"),
    removed=lambda exchange: exchange.status in (200, 204, 404),
    existing=existing,
    orphans=lambda listing, request: None,
    shared={},
    secrets=(re.compile(r"(acmephone_live_)[A-Za-z0-9_-]+"), re.compile(r"(whsec_)[A-Za-z0-9_-]+")),
    private=frozenset({"caller"}),
    known=known,
    key_prefix="acmephone_live_",
    unlimited={},
    sanitize=lambda request: tamed(request, ("webhook_url",)),
    error_problem=error_problem,
)

CATALOGUE = Catalogue(ADAPTER, groups="NUM")

"""What the suite must know of KwickPhone: prices, secrets, what creates and removes numbers. And its catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.kwickphone.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.claims.kwickphone.steps import NUMBER_CENTS, OPEN, SHAPES, finished_call, new_number
from ringback_conformance.contract import list_problem
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import mailbox
from ringback_conformance.sanitize import said, tamed
from ringback_conformance.transport import Request

PROVISIONABLE = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}")
E164 = re.compile(r"\+[1-9]\d{6,14}")
FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}|\+4420794[56]0\d{3}")
"""Numbers reserved for fiction, which belong to no one."""
SECRETS = (re.compile(r"(kp_live_)[A-Za-z0-9_-]+"), re.compile(r"(whsec_)[A-Za-z0-9_-]+"))
ENGINE_CLAIMS = ("KWP-AUTH-1", "KWP-NUM-11", "KWP-NUM-12", "KWP-CALL-1", "KWP-ERR-1", "KWP-ERR-2", "KWP-ERR-4")


def price(request: Request) -> int:
    """Return the most a request can cost: a month for each possible provision, also one that the page rejects."""
    return NUMBER_CENTS if _provisions(request) else 0


def charged(request: Request, exchange: Exchange) -> int:
    """Return what a request did cost: a month for each number created, also where no response says whether one was."""
    if not _provisions(request):
        return 0
    if exchange.succeeded:
        return NUMBER_CENTS
    unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != 503)
    return price(request) if unclear else 0


def destinations(request: Request) -> list[str]:
    """Return the phone number that a provisioning request names, if it can be someone's."""
    body = said(request) if _provisions(request) else None
    phone = body.get("business_phone") if isinstance(body, dict) else None
    if not isinstance(phone, str):
        return []
    real = PROVISIONABLE if phone.startswith("+1") else E164
    return [phone] if real.fullmatch(phone) else []


def identify(exchange: Exchange) -> str | None:
    """Return why the response to `GET /v1/numbers` is not KwickPhone's: it is a list, or an error in the envelope."""
    if exchange.status == 401:
        return "the key is rejected (401): give a valid one with --key-env NAME"
    body = exchange.json()
    if body is None:
        kind = exchange.content_type or "no content type"
        return f"it answers {exchange.status} with {kind}, not JSON"
    if exchange.status == 200:
        return list_problem(body)
    problem = error_problem(body)
    return f"it answers {exchange.status}, and {problem}" if problem else None


def error_problem(body: Any) -> str | None:
    """Return what is wrong with an error's envelope, or None."""
    return SHAPES.problem("Error", body, "the body")


def created(exchange: Exchange) -> str | None:
    """Return the id of the number that a response says was created."""
    body = exchange.json()
    return str(body["id"]) if exchange.succeeded and isinstance(body, dict) and body.get("id") else None


def removed(exchange: Exchange) -> bool:
    """Return whether the number of a DELETE is gone: released now, or unknown."""
    return exchange.status in (200, 204, 404)


def existing(listing: Exchange) -> list[str]:
    """Return the ids of all listed numbers."""
    return [str(number["id"]) for number in _numbers(listing) if number.get("id")]


def orphans(listing: Exchange, request: Request) -> list[str]:
    """Return the active numbers for the business phone that a provisioning request named."""
    sent = said(request)
    phone = sent.get("business_phone") if isinstance(sent, dict) else None
    return [
        str(number["id"])
        for number in _numbers(listing)
        if number.get("status") != "released" and number.get("business_phone") == phone and number.get("id")
    ]


def _numbers(listing: Exchange) -> list[dict[str, Any]]:
    body = listing.json()
    data = body.get("data") if isinstance(body, dict) else None
    return [number for number in data if isinstance(number, dict)] if isinstance(data, list) else []


def known(exchanges: Iterable[Exchange]) -> Known:
    """Return webhook path → secret, from the responses that created the numbers."""
    secrets: dict[str, str] = {}
    for exchange in exchanges:
        if exchange.kind is Kind.API and exchange.succeeded:
            body = exchange.json()
            if isinstance(body, dict) and isinstance(body.get("webhook_secret"), str) and body.get("webhook_url"):
                secrets[mailbox(urlsplit(str(body["webhook_url"])).path)] = body["webhook_secret"]
    return Known(secrets)


def sample_ids(ctx: ProbeContext, account: Account) -> dict[str, list[str]]:
    """Return ids for the engine's path parameters: a call with everything and one without."""
    number = new_number(account)
    return {"call_id": [finished_call(account, number), finished_call(account, number, recording=False, turns=[])]}


def _provisions(request: Request) -> bool:
    return request.method.upper() == "POST" and "number" in request.path.lower()


ADAPTER = VendorAdapter(
    vendor="kwickphone",
    page="KwickPhone API Reference",
    health_path="/v1/numbers",
    identify=identify,
    rate=60,
    price=price,
    charged=charged,
    destinations=destinations,
    harmless=lambda destination: FICTIONAL.fullmatch(destination) is not None,
    creates=_provisions,
    created=created,
    removal=lambda number: Request("DELETE", f"/v1/numbers/{number}"),
    removed=removed,
    existing=existing,
    orphans=orphans,
    shared={
        "number": (
            Send("POST", "/v1/numbers", 1, NUMBER_CENTS, "a number in a chosen area"),
            Send("POST", "/v1/numbers", 2, note="the same in other areas, only where one has no stock"),
            Send("DELETE", "/v1/numbers/{id}", 1, note="and its release"),
        ),
        "second number": (
            Send("POST", "/v1/numbers", 1, NUMBER_CENTS, "a number in the business phone's area"),
            Send("DELETE", "/v1/numbers/{id}", 1, note="and its release"),
        ),
    },
    secrets=SECRETS,
    private=frozenset({"caller", "text"}),
    known=known,
    key_prefix="kp_live_",
    unlimited=OPEN,
    sanitize=lambda request: tamed(request, ("webhook_url",)),
    error_problem=error_problem,
)

CATALOGUE = Catalogue(
    ADAPTER,
    groups="AUTH BAL NUM CALL HOOK ERR LIM",
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

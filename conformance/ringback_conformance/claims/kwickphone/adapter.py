"""What the suite must know of KwickPhone to be careful with it: prices, what makes and unmakes things, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ringback_conformance.catalogue import Known, VendorAdapter
from ringback_conformance.claims.kwickphone.shapes import odd_error, odd_list
from ringback_conformance.claims.kwickphone.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.claims.kwickphone.steps import NUMBER_CENTS, OPEN, finished_call, made, new_number
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.receiver import mailbox
from ringback_conformance.sanitize import said, tamed
from ringback_conformance.transport import Request

if TYPE_CHECKING:
    from ringback_conformance.probe_context import Account, ProbeContext

PROVISIONABLE = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}")
E164 = re.compile(r"\+[1-9]\d{6,14}")
FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}|\+4420794[56]0\d{3}")
"""Numbers kept free for fiction: nobody can be there."""
SECRETS = (re.compile(r"(kp_live_)[A-Za-z0-9_-]+"), re.compile(r"(whsec_)[A-Za-z0-9_-]+"))
ENGINE_CLAIMS = ("KWP-AUTH-1", "KWP-NUM-11", "KWP-NUM-12", "KWP-CALL-1", "KWP-ERR-1", "KWP-ERR-2", "KWP-ERR-4")


def price(request: Request) -> int:
    """Cents a request costs at worst: a month for whatever could be taken for a provision, even where the page says
    that it is refused."""
    return NUMBER_CENTS if _provisions(request) else 0


def charged(request: Request, exchange: Exchange) -> int:
    """Cents an answer cost: a month for each number made, and, to be safe, where no answer tells."""
    if not _provisions(request):
        return 0
    if exchange.status is not None and 200 <= exchange.status < 300:
        return NUMBER_CENTS
    unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != 503)
    return price(request) if unclear else 0


def destinations(request: Request) -> list[str]:
    """The telephone number that a provisioning request names, if it is one that somebody could have."""
    body = said(request) if _provisions(request) else None
    phone = body.get("business_phone") if isinstance(body, dict) else None
    if not isinstance(phone, str):
        return []
    real = PROVISIONABLE if phone.startswith("+1") else E164
    return [phone] if real.fullmatch(phone) else []


def identify(exchange: Exchange) -> str | None:
    """The answer to `GET /v1/numbers` with a key: a list, or an error in the envelope."""
    if exchange.status == 401:
        return "the key is refused (401): give a valid one with --key-env NAME"
    body = exchange.json()
    if body is None:
        kind = exchange.content_type or "no content type"
        return f"it answers {exchange.status} with {kind}, not JSON"
    if exchange.status == 200 and odd_list(body, {}, "number"):
        return odd_list(body, {}, "number")
    if exchange.status != 200 and odd_error(body):
        return f"it answers {exchange.status} and {odd_error(body)}"
    return None


def created(exchange: Exchange) -> str | None:
    """The id of the number that an answer says was made."""
    body = exchange.json()
    made = exchange.status is not None and 200 <= exchange.status < 300 and isinstance(body, dict)
    return str(body["id"]) if made and body.get("id") else None


def removed(exchange: Exchange) -> bool:
    """Whether the number of a DELETE is gone: released now, or not there."""
    return exchange.status in (200, 204, 404)


def existing(listing: Exchange) -> list[str]:
    """The ids of all listed numbers."""
    return [str(number["id"]) for number in _numbers(listing) if number.get("id")]


def orphans(listing: Exchange, request: Request) -> list[str]:
    """Active numbers for the business phone that a provisioning request named."""
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
    """Webhook path → secret, from the answers that made the numbers."""
    secrets: dict[str, str] = {}
    for exchange in exchanges:
        if exchange.kind is Kind.API and made(exchange):
            body = exchange.json()
            if isinstance(body, dict) and isinstance(body.get("webhook_secret"), str) and body.get("webhook_url"):
                secrets[mailbox(urlsplit(str(body["webhook_url"])).path)] = body["webhook_secret"]
    return Known(secrets)


def sample_ids(ctx: ProbeContext, account: Account) -> dict[str, list[str]]:
    """Ids that exist, for the engine's path parameters: a call with everything and one without."""
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
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

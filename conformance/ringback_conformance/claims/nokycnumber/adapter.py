"""What the suite must know of NoKYCNumber to be careful with it: prices, what makes and unmakes things, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.nokycnumber.shapes import PERIODS, odd_error, odd_list
from ringback_conformance.claims.nokycnumber.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.claims.nokycnumber.steps import (
    CALLS,
    ENDPOINTS,
    NUMBERS,
    SMS,
    finished_call,
    made,
    new_number,
    new_sms,
    voicemail,
)
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import mailbox
from ringback_conformance.sanitize import said, tamed
from ringback_conformance.shapes import E164
from ringback_conformance.transport import Request

DEAREST_CENTS = {"monthly": 2_000, "quarterly": 6_000, "yearly": 20_000}
CALL_CENTS, SEGMENT_CENTS, SEGMENTS = 100, 5, 10
"""The page gives no prices but one: what a number, a call and a message are taken to cost at most."""
FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}|\+3363998\d{4}|\+33(19900|26191|35301|46571|53649)\d{4}")
"""Numbers kept free for fiction: nobody can be there."""
SECRETS = (re.compile(r"([sp]k_live_)[A-Za-z0-9_-]+"), re.compile(r"(whsec_)[A-Za-z0-9_-]+"))
ENGINE_CLAIMS = (
    "NKN-AUTH-1",
    "NKN-CONV-3",
    "NKN-CONV-4",
    "NKN-CONV-5",
    "NKN-ERR-1",
    "NKN-ERR-7",
    "NKN-ERR-9",
    "NKN-NUM-5",
    "NKN-CALL-9",
    "NKN-SMS-9",
    "NKN-PAGE-2",
)
RENEWAL = re.compile(r"/v1/numbers/[^/]+/renew")


def price(request: Request) -> int:
    """Cents that a request costs at most when it succeeds."""
    if request.method.upper() != "POST":
        return 0
    route, body = request.path.partition("?")[0], said(request)
    if route == NUMBERS:
        period = body.get("billing_period") if isinstance(body, dict) else None
        return DEAREST_CENTS.get(period, 0) if isinstance(period, str) else 0
    if RENEWAL.fullmatch(route):
        return max(DEAREST_CENTS.values())
    if not isinstance(body, dict) or not isinstance(body.get("to"), str) or not E164.fullmatch(body["to"]):
        return 0
    return {CALLS: CALL_CENTS, SMS: SEGMENT_CENTS * SEGMENTS}.get(route, 0)


def charged(request: Request, exchange: Exchange) -> int:
    """Cents an answer cost at most; also, to be safe, where no answer tells."""
    unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != 503)
    return price(request) if unclear or made(exchange) else 0


def destinations(request: Request) -> list[str]:
    """The telephone number that a call or message goes to, if it is one."""
    body = said(request) if request.method.upper() == "POST" else None
    to = body.get("to") if isinstance(body, dict) else None
    return [to] if isinstance(to, str) and E164.fullmatch(to) else []


def identify(exchange: Exchange) -> str | None:
    """The answer to `GET /v1/numbers` with a key: a list, or an error in the envelope."""
    if exchange.status == 401:
        return "the key is refused (401): give a valid one with --key-env NAME"
    body = exchange.json()
    if body is None:
        return f"it answers {exchange.status} with {exchange.content_type or 'no content type'}, not JSON"
    if exchange.status == 200:
        return odd_list(body, NUMBERS)
    odd = odd_error(body)
    return f"it answers {exchange.status} and {odd}" if odd else None


def creates(request: Request) -> bool:
    """Whether a request makes what stays: a number or a webhook endpoint."""
    return request.method.upper() == "POST" and request.path.partition("?")[0] in (NUMBERS, ENDPOINTS)


def created(exchange: Exchange) -> str | None:
    """The id of what an answer says was made."""
    body = exchange.json()
    return str(body["id"]) if made(exchange) and isinstance(body, dict) and body.get("id") else None


def removal(id_: str) -> Request:
    """What removes a number or an endpoint."""
    return Request("DELETE", f"{ENDPOINTS if id_.startswith('whk_') else NUMBERS}/{id_}")


def removed(exchange: Exchange) -> bool:
    """Whether what a DELETE names is gone."""
    return exchange.status in (200, 204, 404)


def existing(listing: Exchange) -> list[str]:
    """The ids of all listed numbers."""
    return [str(number["id"]) for number in _numbers(listing) if number.get("id")]


def orphans(_listing: Exchange, _request: Request) -> None:
    """An activation names an offer, and a number does not tell which offer it was: what an unanswered one may have
    made cannot be told from what somebody else made meanwhile."""
    return


def _numbers(listing: Exchange) -> list[dict[str, Any]]:
    body = listing.json()
    found = body.get("data") if isinstance(body, dict) else None
    return [number for number in found if isinstance(number, dict)] if isinstance(found, list) else []


def known(exchanges: Iterable[Exchange]) -> Known:
    """Webhook path → secret, from the answers that registered endpoints and that set a number's address."""
    secrets: dict[str, str] = {}
    for exchange in exchanges:
        body = exchange.json() if exchange.kind is Kind.API and made(exchange) else None
        if not isinstance(body, dict):
            continue
        for address, secret in (("url", "secret"), ("webhook_url", "webhook_secret")):
            if isinstance(body.get(address), str) and isinstance(body.get(secret), str):
                secrets[mailbox(urlsplit(body[address]).path)] = body[secret]
    return Known(secrets)


def sample_ids(ctx: ProbeContext, account: Account) -> dict[str, list[str]]:
    """Ids that exist, for the engine's path parameters."""
    number = new_number(account, addons=["ai-summary"])
    other = new_number(account)
    ids = [
        number["id"],
        other["id"],
        finished_call(account, number, 5)["id"],
        new_sms(account, number)["id"],
        voicemail(account, number)["id"],
    ]
    return {"id": ids}


ADAPTER = VendorAdapter(
    vendor="nokycnumber",
    page="NoKYCNumber HTTP API v1",
    health_path=NUMBERS,
    identify=identify,
    rate=100,
    price=price,
    charged=charged,
    destinations=destinations,
    harmless=lambda destination: FICTIONAL.fullmatch(destination) is not None,
    creates=creates,
    created=created,
    removal=removal,
    removed=removed,
    existing=existing,
    orphans=orphans,
    shared={
        "number": (
            Send("POST", NUMBERS, 1, DEAREST_CENTS[PERIODS[0]], "a number for a month"),
            Send("DELETE", f"{NUMBERS}/{{id}}", 1, note="and its release"),
        ),
    },
    secrets=SECRETS,
    private=frozenset({"body", "text", "summary", "translation_en", "to", "from_e164"}),
    known=known,
    key_prefix="sk_live_",
    unlimited={},
    sanitize=lambda request: tamed(request, ("webhook_url", "url")),
)

CATALOGUE = Catalogue(
    ADAPTER,
    groups="CONV AUTH ERR PAGE IDEM LIM VER NUM CALL SMS VM AI ACC HOOK",
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

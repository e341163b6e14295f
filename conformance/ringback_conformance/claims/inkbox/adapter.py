"""What the suite must know of Inkbox to be careful with it: what costs, what makes and unmakes things, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.inkbox.shapes import odd_error
from ringback_conformance.claims.inkbox.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.claims.inkbox.steps import (
    DELIVERIES,
    IDENTITIES,
    NUMBERS,
    PHONE,
    PLACE,
    SUBSCRIPTIONS,
    TOKEN,
    UUID,
    made,
    new_number,
    new_text,
    scripted_call,
    written,
)
from ringback_conformance.model import Exchange, Header, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import mailbox
from ringback_conformance.sanitize import said, tamed
from ringback_conformance.shapes import E164
from ringback_conformance.transport import Request

NUMBER_CENTS, CALL_CENTS, TEXT_CENTS = 500, 100, 10
"""The page gives no prices: what a number, a call and a text to one recipient are taken to cost at most."""
FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}")
"""Numbers kept free for fiction: nobody can be there."""
TEXTING = re.compile(rf"{NUMBERS}/[^/]+/texts")
SECRETS = (
    re.compile(r"(ApiKey_)[A-Za-z0-9]{8}-[A-Za-z0-9._-]+"),
    re.compile(r"(whsec_)[A-Za-z0-9_-]+"),
)
ENGINE_CLAIMS = ("INK-AUTH-1", "INK-ERR-1", "INK-SDK-1", "INK-CALL-2", "INK-TXT-1")
ADDRESSES = ("url", "incoming_call_webhook_url")


def credentials(key: str) -> Header:
    """The page's header."""
    return TOKEN, key


def price(request: Request) -> int:
    """Cents that a request costs at most when it succeeds."""
    if request.method.upper() != "POST":
        return 0
    route, body = request.path.partition("?")[0], said(request)
    if not isinstance(body, dict):
        return 0
    if route == NUMBERS or (route == IDENTITIES and body.get("phone_number")):
        return NUMBER_CENTS
    if route == PLACE:
        return CALL_CENTS
    return TEXT_CENTS * len(destinations(request)) if TEXTING.fullmatch(route) else 0


def charged(request: Request, exchange: Exchange) -> int:
    """Cents an answer cost at most; also, to be safe, where no answer tells."""
    unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != 503)
    return price(request) if unclear or made(exchange) else 0


def destinations(request: Request) -> list[str]:
    """The telephone numbers that a call or a text goes to."""
    body = said(request) if request.method.upper() == "POST" else None
    if not isinstance(body, dict):
        return []
    to = body.get("to", body.get("to_number"))
    found = to if isinstance(to, list) else [to]
    return [each for each in found if isinstance(each, str) and E164.fullmatch(each)]


def identify(exchange: Exchange) -> str | None:
    """The answer to `GET /api/v1/phone/numbers` with a key: an array, or an error in the envelope."""
    if exchange.status == 401:
        return "the key is refused (401): give a valid one with --key-env NAME"
    body = exchange.json()
    if body is None:
        return f"it answers {exchange.status} with {exchange.content_type or 'no content type'}, not JSON"
    if exchange.status == 200:
        return None if isinstance(body, list) else "the list of numbers is no bare array"
    odd = odd_error(body)
    return f"it answers {exchange.status} and {odd}" if odd else None


def creates(request: Request) -> bool:
    """Whether a request makes what stays: an identity, a number or a subscription."""
    return request.method.upper() == "POST" and request.path.partition("?")[0] in (IDENTITIES, NUMBERS, SUBSCRIPTIONS)


def created(exchange: Exchange) -> str | None:
    """What an answer says was made: an identity by its handle, a subscription as `sub-…`, a number by its id."""
    body = exchange.json()
    if not made(exchange) or not isinstance(body, dict) or not body.get("id"):
        return None
    if exchange.route == IDENTITIES:
        return str(body.get("agent_handle"))
    return str(body["id"]) if exchange.route == NUMBERS else f"{body['id']}?scope=identity"


def removal(id_: str) -> Request:
    """What removes an identity (its number goes with it), a number or a subscription."""
    if id_.endswith("?scope=identity"):
        return Request("DELETE", f"{SUBSCRIPTIONS}/{id_}")
    return Request("DELETE", f"{NUMBERS}/{id_}" if UUID.fullmatch(id_) else f"{IDENTITIES}{id_}")


def removed(exchange: Exchange) -> bool:
    """Whether what a DELETE names is gone."""
    return exchange.status in (200, 204, 404)


def existing(listing: Exchange) -> list[str]:
    """The ids of all listed numbers."""
    body = listing.json()
    found = body if isinstance(body, list) else []
    return [str(number["id"]) for number in found if isinstance(number, dict) and number.get("id")]


def orphans(_listing: Exchange, _request: Request) -> None:
    """What an unanswered request may have made cannot be told from what somebody else made meanwhile."""
    return


def known(exchanges: Iterable[Exchange]) -> Known:
    """Webhook path → signing key, from the answers that made subscriptions with a key."""
    secrets: dict[str, str] = {}
    for exchange in exchanges:
        body = exchange.json() if exchange.kind is Kind.API and made(exchange) else None
        if isinstance(body, dict) and isinstance(body.get("signing_key"), str) and isinstance(body.get("url"), str):
            secrets[mailbox(urlsplit(body["url"]).path)] = body["signing_key"]
    return Known(secrets)


def sanitize(request: Request) -> Request:
    """Generated addresses lead nowhere: those of webhooks to a name that nobody has, those of sockets to none."""
    request = tamed(request, ADDRESSES)
    body = said(request)
    if isinstance(body, dict) and isinstance(body.get("client_websocket_url"), str):
        return tamed_socket(request, body)
    return request


def tamed_socket(request: Request, body: dict[str, Any]) -> Request:
    """The request without a socket that somebody could own."""
    import json

    return Request(
        request.method, request.path, request.headers, json.dumps({**body, "client_websocket_url": None}).encode()
    )


def sample_ids(ctx: ProbeContext, account: Account) -> dict[str, list[str]]:
    """Ids that exist, for the engine's path parameters."""
    number = new_number(account)
    identity = str(number["agent_identity_id"])
    hook = account.post(
        SUBSCRIPTIONS, {"url": ctx.inbox().url, "event_types": ["text.sent"], "agent_identity_id": identity}
    )
    rule = account.post(f"{NUMBERS}/{number['id']}/contact-rules", {"action": "allow", "match_target": "+12145550199"})
    text = new_text(account, number)
    account.advance(30)
    log = account.get(DELIVERIES).json()
    sent = log.get("deliveries", ()) if isinstance(log, dict) else ()
    written(account, number, "START")
    ids = [str((each.json() or {}).get("id")) for each in (hook, rule)]
    return {
        "phone_number_id": [str(number["id"])],
        "call_id": [scripted_call(account, number)],
        "text_id": [str(text["id"])],
        "remote_number": [str(text["remote_phone_number"])],
        "receiver_number": [str(text["remote_phone_number"])],
        "agent_handle": ["front-desk"],
        "viewer_identity_id": [identity],
        "subscription_id": ids[:1],
        "rule_id": ids[1:],
        "delivery_id": [str(each.get("id")) for each in sent[:1]] or [identity],
    }


ADAPTER = VendorAdapter(
    vendor="inkbox",
    page="Phone API",
    health_path=NUMBERS,
    identify=identify,
    rate=60,
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
            Send("POST", IDENTITIES, 1, NUMBER_CENTS, "an identity with a number"),
            Send("DELETE", f"{IDENTITIES}{{agent_handle}}", 1, note="and its end"),
        ),
    },
    secrets=SECRETS,
    private=frozenset({"text", "latest_text", "remote_phone_number", "sender_phone_number", "request_payload"}),
    known=known,
    key_prefix="ApiKey_",
    unlimited={"number_limit": None, "calls_per_day": None, "call_minutes_per_day": None},
    sanitize=sanitize,
    credentials=credentials,
)

CATALOGUE = Catalogue(
    ADAPTER,
    groups="AUTH ERR ID NUM CALL TXT PAGE RULE SRCH VOICE HOOK KEY SDK",
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

__all__ = ["ADAPTER", "CATALOGUE", "PHONE"]

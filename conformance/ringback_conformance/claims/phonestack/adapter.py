"""What the suite must know of PhoneStack to be careful with it: prices, what makes and unmakes things, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.phonestack.shapes import odd_error, odd_list
from ringback_conformance.claims.phonestack.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.claims.phonestack.steps import (
    BULK,
    CAMPAIGNS,
    CONTACTS,
    FIELDS,
    MCP,
    PROFILES,
    REPORTS,
    TRIGGER,
    held_call,
    listed,
    made,
    new_contact,
    new_field,
    new_profile,
    phone,
)
from ringback_conformance.model import Exchange, Kind
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import mailbox
from ringback_conformance.sanitize import said
from ringback_conformance.shapes import E164
from ringback_conformance.transport import Request

CALL_CENTS = 200
"""The page names no price: what one call is taken to cost at most."""
CAMPAIGN_CENTS = 1_000_000
"""Starting a campaign dials a queue of unknown length: more than any budget."""
FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}")
"""Numbers kept free for fiction: nobody can be there."""
SECRETS = (re.compile(r"(ps_(?:live|test)_)[A-Za-z0-9_-]+"), re.compile(r"(whsec_)[A-Za-z0-9_-]+"))
ENGINE_CLAIMS = ("PST-AUTH-1", "PST-ERR-2", "PST-PAGE-2", "PST-CALL-3")
LAUNCH = re.compile(rf"{CAMPAIGNS}/[^/]+/(start|resume)")
LAUNCHING_TOOLS = frozenset({"start_campaign", "resume_campaign"})
REMOVALS = {"ct_": CONTACTS, "cf_": FIELDS, "prof_": PROFILES}
WITH_CAMPAIGN = frozenset({"create_contact", "update_contact", "bulk_create_contacts"})


def price(request: Request) -> int:
    """Cents that a request costs at most when it succeeds: what it lets be dialled."""
    route, body = _asked(request)
    if LAUNCH.fullmatch(route):
        return CAMPAIGN_CENTS
    return CALL_CENTS * len(list(_dialled(route, body)))


def charged(request: Request, exchange: Exchange) -> int:
    """Cents an answer cost at most; also, to be safe, where no answer tells."""
    unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != 503)
    return price(request) if unclear or made(exchange) else 0


def destinations(request: Request) -> list[str]:
    """The telephone numbers that a request lets be dialled."""
    return [number for number in _dialled(*_asked(request)) if E164.fullmatch(number)]


def _asked(request: Request) -> tuple[str, Any]:
    """A request's route and body; a tool call as the request of its twin."""
    route, body = request.path.partition("?")[0], said(request)
    if request.method.upper() not in ("POST", "PATCH"):
        return "", None
    if route != MCP:
        return route, body
    params = body.get("params") if isinstance(body, dict) else None
    tool = params.get("name") if isinstance(params, dict) else None
    arguments = params.get("arguments") if isinstance(params, dict) else None
    if tool in LAUNCHING_TOOLS:
        return f"{CAMPAIGNS}/x/start", arguments
    if tool in ("trigger_call", "trigger_batch"):
        return TRIGGER, arguments
    return (CONTACTS, arguments) if tool in WITH_CAMPAIGN else ("", None)


def _dialled(route: str, body: Any) -> Iterator[str]:
    if not isinstance(body, dict):
        return
    if route == TRIGGER or (route.startswith(CONTACTS) and body.get("campaign_id")):
        for each in (body, *_rows(body, "calls"), *_rows(body, "contacts")):
            if isinstance(each.get("phone"), str):
                yield each["phone"]


def _rows(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    rows = body.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def identify(exchange: Exchange) -> str | None:
    """The answer to `GET /api/v1/contacts` with a key: a list, or an error in the envelope."""
    if exchange.status == 401:
        return "the key is refused (401): give a valid one with --key-env NAME"
    body = exchange.json()
    if body is None:
        return f"it answers {exchange.status} with {exchange.content_type or 'no content type'}, not JSON"
    if exchange.status == 200:
        return odd_list(body)
    odd = odd_error(body)
    return f"it answers {exchange.status} and {odd}" if odd else None


def creates(request: Request) -> bool:
    """Whether a request makes what stays: a contact, a custom field or a profile."""
    return request.method.upper() == "POST" and request.path.partition("?")[0] in (CONTACTS, BULK, FIELDS, PROFILES)


def created(exchange: Exchange) -> str | None:
    """The id of what an answer says was made."""
    body = exchange.json()
    thing = body.get("data") if made(exchange) and isinstance(body, dict) else None
    return str(thing["id"]) if isinstance(thing, dict) and thing.get("id") else None


def removal(id_: str) -> Request:
    """What removes a contact or a custom field, and archives a profile."""
    place = next((path for prefix, path in REMOVALS.items() if id_.startswith(prefix)), CONTACTS)
    return Request("DELETE", f"{place}/{id_}")


def removed(exchange: Exchange) -> bool:
    """Whether what a DELETE names is gone, or was before."""
    return exchange.status in (200, 204, 404, 409)


def existing(listing: Exchange) -> list[str]:
    """The ids of all listed contacts."""
    return [str(contact["id"]) for contact in _contacts(listing) if contact.get("id")]


def orphans(listing: Exchange, request: Request) -> list[str] | None:
    """Contacts with a phone that a creating request named; None for what the list of contacts cannot show."""
    if request.path.partition("?")[0] not in (CONTACTS, BULK):
        return None
    body = said(request)
    sent = [body, *_rows(body, "contacts")] if isinstance(body, dict) else []
    phones = {each.get("phone") for each in sent} - {None}
    return [str(contact["id"]) for contact in _contacts(listing) if contact.get("phone") in phones]


def _contacts(listing: Exchange) -> list[dict[str, Any]]:
    body = listing.json()
    found = body.get("data") if isinstance(body, dict) else None
    return [contact for contact in found if isinstance(contact, dict)] if isinstance(found, list) else []


def known(exchanges: Iterable[Exchange]) -> Known:
    """Webhook path → secret, from what was set in the emulator's dashboard and from what subscribing answered."""
    secrets: dict[str, str] = {}
    for exchange in exchanges:
        if exchange.kind is Kind.CONTROL or exchange.route == MCP:
            for hook in _hooks(exchange.sent() if exchange.kind is Kind.CONTROL else exchange.json()):
                secrets[mailbox(urlsplit(hook["url"]).path)] = hook["secret"]
    return Known(secrets)


def _hooks(document: Any) -> Iterator[dict[str, str]]:
    if isinstance(document, dict):
        if isinstance(document.get("url"), str) and isinstance(document.get("secret"), str):
            yield document
        for inner in document.values():
            yield from _hooks(inner)
    elif isinstance(document, list):
        for inner in document:
            yield from _hooks(inner)


def sample_ids(ctx: ProbeContext, account: Account) -> dict[str, list[str]]:
    """Ids that exist, for the engine's path parameters."""
    profile = new_profile(account)
    account.settings(campaigns=[{"name": "Fed"}], reports=[{"name": "Fed"}])
    return {
        "contact_id": [new_contact(account, phone(place))["id"] for place in range(2)],
        "call_id": [held_call(account, profile, phone(7), 5)["id"]],
        "campaign_id": [campaign["id"] for campaign in listed(account, CAMPAIGNS)],
        "field_id": [new_field(account, "fed")["id"]],
        "profile_id": [profile["id"]],
        "report_id": [report["id"] for report in listed(account, REPORTS)],
    }


ADAPTER = VendorAdapter(
    vendor="phonestack",
    page="PhoneStack API Documentation",
    health_path=CONTACTS,
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
    shared={},
    secrets=SECRETS,
    private=frozenset(
        {"first_name", "last_name", "phone", "email", "company", "text", "summary", "from_number", "to_number"}
    ),
    known=known,
    key_prefix="ps_live_",
    unlimited={},
    sanitize=lambda request: request,
)

CATALOGUE = Catalogue(
    ADAPTER,
    groups="AUTH LIM ERR PAGE CON CALL CAM CF PRO REP HOOK BILL MCP",
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

"""What the suite must know of AgentPhone: prices, secrets, what creates and removes things. And its catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.agentphone.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONTACTS,
    MESSAGES,
    NUMBER_CENTS,
    NUMBERS,
    REGISTER,
    SEGMENT_CENTS,
    SHAPES,
    SUB_ACCOUNTS,
    body_of,
    finished_call,
    new_agent,
    new_contact,
    new_number,
    new_text,
    page_problem,
    written,
)
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import mailbox
from ringback_conformance.sanitize import said, tamed
from ringback_conformance.transport import Request

CALL_CENTS, SEGMENTS, REGISTRATION_CENTS = 250, 10, 7_000
"""The most that a call and a registration are assumed to cost, and the segments that a message is assumed to have."""
RATE = 60
"""Requests a minute: none is published, and this many load no one."""
FICTIONAL = re.compile(r"\+1[2-9]\d{2}55501\d{2}")
"""Numbers reserved for fiction, which belong to no one."""
SECRETS = (re.compile(r"(sk_live_)[A-Za-z0-9_-]+"), re.compile(r"(whsec_)[A-Za-z0-9_-]+"))
ENGINE_CLAIMS = ("AGP-AUTH-1", "AGP-ERR-1", "AGP-ERR-4", "AGP-PAGE-3", "AGP-NUM-3", "AGP-NUM-5")
REMOVED_BY = (("num_", NUMBERS), ("agt_", AGENTS), ("sub_", SUB_ACCOUNTS))
"""Prefixes of ids and the paths to remove them at; any other id is a contact's."""
STREAM = re.compile(r"/v1/calls/[^/]+/transcript/stream")
UNKNOWN_STREAM = f"{CALLS}/call_none/transcript/stream"


def price(request: Request) -> int:
    """Return the most a request can cost when it succeeds."""
    if request.method.upper() != "POST":
        return 0
    route, body = request.path.partition("?")[0], said(request)
    if route in (NUMBERS, "/v0/agent/verify"):
        return NUMBER_CENTS
    if route in (CALLS, f"{CALLS}/web"):
        return CALL_CENTS
    if route == REGISTER:
        return REGISTRATION_CENTS
    if route != MESSAGES:
        return 0
    people = body.get("recipients") if isinstance(body, dict) else None
    return SEGMENT_CENTS * SEGMENTS * max(1, len(people) if isinstance(people, list) else 1)


def charged(request: Request, exchange: Exchange) -> int:
    """Return the most a request did cost, also where no response says whether it succeeded."""
    unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != 503)
    return price(request) if unclear or exchange.succeeded else 0


def destinations(request: Request) -> list[str]:
    """Return the phone numbers that a call, a message or a code goes to."""
    body = said(request) if request.method.upper() == "POST" else None
    if not isinstance(body, dict):
        return []
    named = [body.get("toNumber"), body.get("to_number")]
    if request.path.partition("?")[0] == "/v1/verify/send":
        named.append(body.get("phone_number"))
    people = body.get("recipients")
    named += people if isinstance(people, list) else []
    return [to for to in named if isinstance(to, str) and re.search(r"\d{3}", to)]


def identify(exchange: Exchange) -> str | None:
    """Return why the response to `GET /v1/numbers` is not AgentPhone's: it is a list, or an error in the envelope."""
    if exchange.status == 401:
        return "the key is rejected (401): give a valid one with --key-env NAME"
    body = exchange.json()
    if body is None:
        return f"it answers {exchange.status} with {exchange.content_type or 'no content type'}, not JSON"
    if exchange.status == 200:
        return page_problem(body)
    problem = error_problem(body, exchange.status)
    return f"it answers {exchange.status}, and {problem}" if problem else None


def error_problem(body: Any, status: int | None) -> str | None:
    """Return what is wrong with an error's envelope; the detail of a 422 is a list of problems, of others a text."""
    if problem := SHAPES.problem("Error", body, "the body"):
        return problem
    detail = body["detail"]
    if isinstance(detail, list) is not (status == 422) or not detail:
        return f"the detail of a {status} is {detail!r}: expected {'a list of problems' if status == 422 else 'a text'}"
    return None


def creates(request: Request) -> bool:
    """Return whether a request creates what stays: a number, an agent, a contact or a sub-account."""
    route = request.path.partition("?")[0]
    return request.method.upper() == "POST" and route in (NUMBERS, AGENTS, CONTACTS, SUB_ACCOUNTS)


def created(exchange: Exchange) -> str | None:
    """Return the id of what a response says was created."""
    id_ = body_of(exchange).get("id")
    return str(id_) if exchange.succeeded and id_ else None


def removal(id_: str) -> Request:
    """Return the request that removes what was created."""
    place = next((path for prefix, path in REMOVED_BY if id_.startswith(prefix)), CONTACTS)
    return Request("DELETE", f"{place}/{id_}")


def removed(exchange: Exchange) -> bool:
    """Return whether what a DELETE names is gone."""
    return exchange.status in (200, 204, 404, 409)


def existing(listing: Exchange) -> list[str]:
    """Return the ids of all listed numbers."""
    return [str(number["id"]) for number in _numbers(listing) if number.get("id")]


def orphans(listing: Exchange, request: Request) -> list[str] | None:
    """Return the numbers with the tag of a purchase that got no response; None where nothing tells what was created."""
    body = said(request)
    tag = body.get("externalId") if isinstance(body, dict) else None
    if request.path.partition("?")[0] != NUMBERS or not isinstance(tag, str):
        return None
    return [str(number["id"]) for number in _numbers(listing) if number.get("externalId") == tag]


def _numbers(listing: Exchange) -> list[dict[str, Any]]:
    found = body_of(listing).get("data")
    return [number for number in found if isinstance(number, dict)] if isinstance(found, list) else []


def known(exchanges: Iterable[Exchange]) -> Known:
    """Return webhook path → secret, from the responses that set webhooks; the latest holds."""
    secrets: dict[str, str] = {}
    for exchange in exchanges:
        body = body_of(exchange) if exchange.kind is Kind.API and exchange.succeeded else {}
        if isinstance(body.get("url"), str) and isinstance(body.get("secret"), str):
            secrets[mailbox(urlsplit(body["url"]).path)] = body["secret"]
    return Known(secrets)


def sanitize(request: Request) -> Request:
    """Return a generated request without foreign addresses, and without waiting for a call's end."""
    path = request.path
    if STREAM.fullmatch(path.partition("?")[0]):
        path = UNKNOWN_STREAM
    elif "wait=" in path:
        route, _, query = path.partition("?")
        path = f"{route}?{urlencode([pair for pair in parse_qsl(query, True) if pair[0] != 'wait'])}"
    body = said(request)
    content = request.body
    if isinstance(body, dict) and body.get("waitForCompletion") is True:
        content = json.dumps({**body, "waitForCompletion": False}).encode()
    calm = Request(request.method, path, request.headers, content)
    return tamed(calm, ("url", "image_url", "media_url", "avatarUrl", "opt_in_image_url"))


def sample_ids(ctx: ProbeContext, account: Account) -> dict[str, list[str]]:
    """Return ids for the engine's path parameters; the calls are over."""
    agents = [new_agent(account) for _ in range(2)]
    numbers = [new_number(account, agentId=agent["id"]) for agent in agents]
    text = new_text(account, numbers[0])
    received = written(account, numbers[0])
    return {
        "number_id": [number["id"] for number in numbers],
        "agent_id": [agent["id"] for agent in agents],
        "call_id": [finished_call(account, agents[0])["id"]],
        "message_id": [text["id"], received],
        "conversation_id": [text["conversation_id"]],
        "contact_id": [new_contact(account, f"+1415555010{n}")["id"] for n in range(2)],
        "phone_number": [number["phoneNumber"].replace("+", "%2B") for number in numbers],
    }


ADAPTER = VendorAdapter(
    vendor="agentphone",
    page="AgentPhone: Phone numbers, and the official SDKs",
    health_path=NUMBERS,
    identify=identify,
    rate=RATE,
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
            Send("POST", NUMBERS, 1, NUMBER_CENTS, "a number for a month"),
            Send("DELETE", f"{NUMBERS}/{{number_id}}", 1, note="and its release"),
        ),
        "agent": (
            Send("POST", AGENTS, 1, note="an agent"),
            Send("DELETE", f"{AGENTS}/{{agent_id}}", 1, note="and its removal"),
        ),
    },
    secrets=SECRETS,
    private=frozenset(
        {"body", "message", "transcript", "response", "content", "name", "email", "notes", "lastMessagePreview"}
        | {"from_", "from", "fromNumber", "to", "toNumber", "participant", "contactNumber", "lastTranscriptSnippet"}
    ),
    known=known,
    key_prefix="sk_live_",
    unlimited={},
    sanitize=sanitize,
)

CATALOGUE = Catalogue(
    ADAPTER,
    groups="AUTH ERR PAGE NUM AGT CALL MSG CON CNV HOOK USE ACC SDK",
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

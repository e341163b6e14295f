"""Steps that several probes take: an identity with a number, a call, a text, a receiver."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ringback_conformance.claims.inkbox.shapes import odd_error
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange, Header
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Inbox
from ringback_conformance.sockets import Line

TOKEN, API_KEY = "X-Service-Token", "X-API-Key"
PHONE = "/api/v1/phone"
NUMBERS = f"{PHONE}/numbers"
PLACE = f"{PHONE}/place-call"
CALLS = f"{PHONE}/calls"
RULES = f"{PHONE}/contact-rules"
OPT_INS = f"{PHONE}/sms-opt-ins"
ACTION = f"{PHONE}/incoming-call-action"
AGENT = f"{PHONE}/hosted-agent-config"
IDENTITIES = "/api/v1/identities/"
API_KEYS = "/api/v1/api-keys"
WHOAMI = "/api/whoami"
SIGNING = "/api/v1/signing-keys"
SUBSCRIPTIONS = "/api/v1/webhooks/subscriptions"
DELIVERIES = "/api/v1/webhooks/deliveries"
LOOKUP = "/api/v1/message-sends/lookup"

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY = "00000000-0000-4000-8000-000000000000"
HANDLE = "front-desk"
FAR = "+12145550142"
"""A number that nobody can have: kept free for fiction."""
SECOND_FAR = "+12145550143"
PERSON = "+12145550187"
"""Who calls and writes in."""
STRANGER = "+12145550188"
MINUTE, HOUR, DAY = 60, 3_600, 86_400
RECEIPTS = 120
"""Seconds within which a text is delivered where nothing is scripted."""
KEY = "Idempotency-Key"
SOCKET = "wss://agent.ringback-conformance.example/calls"
"""Where nobody listens, for a deployment."""


def socket(account: Account) -> str:
    """An agent's address at which nobody listens."""
    return account.ctx.nowhere() if account.ctx.emulated else SOCKET


def made(exchange: Exchange) -> bool:
    """Whether something was done, whatever 2xx says so."""
    return exchange.status is not None and 200 <= exchange.status < 300


def thing_in(exchange: Exchange, what: str) -> dict[str, Any]:
    """The object that an answer gives; Inconclusive where it gives none."""
    body = exchange.json()
    if not made(exchange) or not isinstance(body, dict):
        raise Inconclusive(f"there is no {what}: {exchange}")
    return body


def rows(exchange: Exchange, name: str = "") -> list[dict[str, Any]]:
    """The objects of a bare array, or of the array under a name; Inconclusive when there is none."""
    body = exchange.json()
    found = body.get(name) if name and isinstance(body, dict) else body
    if exchange.status != 200 or not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Inconclusive(f"there is no list to look at: {exchange}")
    return found


def logged(account: Account, query: str = "") -> list[dict[str, Any]]:
    """The log of deliveries; Inconclusive when there is none, or nothing in it."""
    found = rows(account.get(f"{DELIVERIES}?{query}" if query else DELIVERIES), "deliveries")
    if not found:
        raise Inconclusive(f"the log of deliveries has nothing with {query or 'no filter'}")
    return found


def listed(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """The objects of a list."""
    return rows(account.get(f"{path}?{urlencode(query)}" if query else path))


def ids(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """Their ids, in order."""
    return [str(each.get("id")) for each in found]


def fetched(account: Account, path: str) -> dict[str, Any]:
    """One object."""
    return thing_in(account.get(path), path.rpartition("/")[2])


def new_identity(account: Account, handle: str = HANDLE, **body: Any) -> dict[str, Any]:
    """An identity as the answer shows it."""
    return thing_in(account.post(IDENTITIES, {"agent_handle": handle, **body}), "identity")


def new_number(account: Account, handle: str = HANDLE, **spec: Any) -> dict[str, Any]:
    """The number of a new identity."""
    number = new_identity(account, handle, phone_number={"type": "local", **spec}).get("phone_number")
    if not isinstance(number, dict) or not isinstance(number.get("number"), str):
        raise Inconclusive("the new identity has no number")
    return number


def shared_number(ctx: ProbeContext, account: Account) -> dict[str, Any]:
    """A number: its own in the emulator, one for all probes elsewhere."""
    if ctx.emulated:
        return new_number(account)
    if "number" not in ctx.shared:
        ctx.shared["number"] = new_number(account, "ringback-conformance")
    number = ctx.shared["number"]
    if not isinstance(number, dict):
        raise Inconclusive("no number could be provisioned")
    return number


def own_number(ctx: ProbeContext, account: Account) -> dict[str, Any]:
    """A number to look at: a new one in the emulator, the first that there is elsewhere."""
    if ctx.emulated:
        return new_number(account)
    found = listed(account, NUMBERS)
    if not found:
        raise Inconclusive("the organization has no number")
    return found[0]


def at(number: Mapping[str, Any], rest: str = "") -> str:
    """The address of a number, or of what is under it."""
    return f"{NUMBERS}/{number['id']}{rest}"


def texts_of(number: Mapping[str, Any], rest: str = "") -> str:
    """The address of a number's texts."""
    return at(number, f"/texts{rest}")


def talk_of(number: Mapping[str, Any], key: str) -> str:
    """The address of a conversation, the plus sign as it is."""
    return texts_of(number, f"/conversations/{quote(key, safe='+')}")


def settle(account: Account, number: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """PATCH a number; Inconclusive where that is refused."""
    return thing_in(account.patch(at(number), changes), "change of the number")


def agent_of(account: Account, number: Mapping[str, Any]) -> Account:
    """Somebody with a key for the number's identity."""
    body = {"label": "agent", "scoped_identity_id": number["agent_identity_id"]}
    made_ = thing_in(account.post(API_KEYS, body), "agent's key")
    key = str(made_.get("api_key"))
    account.ctx.run_context.learn_key(key)
    return Account(account.ctx, key, f"{account.label}/agent", id=account.id)


# -- calls ------


def place(account: Account, number: Mapping[str, Any], to: str = FAR, **body: Any) -> Exchange:
    """POST /place-call, with a socket where nobody listens unless told otherwise."""
    asked = {"from_number": number["number"], "to_number": to, **body}
    if "client_websocket_url" not in asked and asked.get("mode") != "hosted_agent":
        asked["client_websocket_url"] = socket(account)
    return account.post(PLACE, asked)


def hosted(account: Account, number: Mapping[str, Any], to: str = FAR, **body: Any) -> Exchange:
    """A call that a hosted agent speaks, which is played from a script alone."""
    return place(account, number, to, mode="hosted_agent", reason="Ask about the table.", **body)


def scripted_call(account: Account, number: Mapping[str, Any], *turns: str, to: str = FAR, **script: Any) -> str:
    """The id of a hosted agent's call that has ended; turns are `caller: …` and `agent: …`, alternating unless told."""
    said = [dict(zip(("speaker", "text"), turn.split(": ", 1), strict=True)) for turn in turns]
    account.script({"to": to, "kind": "call"}, answer_after=2, **({"turns": said} if said else {}), **script)
    call = thing_in(hosted(account, number, to), "call")
    account.advance(float(script.get("duration", 0)) + 10 * MINUTE)
    return str(call["id"])


def ring(account: Account, number: Mapping[str, Any], *turns: str, caller: str = PERSON, **script: Any) -> str:
    """Somebody calls the number and says these turns; Inconclusive when nobody answers there."""
    said = [{"speaker": "caller", "text": turn} for turn in turns]
    try:
        return account.phone(str(number["number"]), caller, **({"turns": said} if said else {}), **script)
    except ControlRefused as refusal:
        raise Inconclusive(f"no call reached {number.get('number')}: {refusal}") from None


def accepting(account: Account, line: Line, handle: str = HANDLE) -> dict[str, Any]:
    """A number that takes every call to a line."""
    return new_number(account, handle, incoming_call_action="auto_accept", client_websocket_url=line.url)


def call_of(account: Account, id_: str) -> dict[str, Any]:
    """A call by its id."""
    return fetched(account, f"{CALLS}/{id_}")


def transcript_of(account: Account, id_: str) -> list[tuple[Any, Any]]:
    """What was said in a call: party and text."""
    return [(row.get("party"), row.get("text")) for row in listed(account, f"{CALLS}/{id_}/transcripts")]


# -- texts ------


def send(
    account: Account, number: Mapping[str, Any], to: Any = FAR, text: Any = "Your table is ready.", **fields: Any
) -> Exchange:
    """POST a text."""
    headers: Iterable[Header] = fields.pop("headers", ())
    body = {name: value for name, value in {"to": to, "text": text, **fields}.items() if value is not ...}
    return account.post(texts_of(number), body, headers=headers)


def new_text(account: Account, number: Mapping[str, Any], to: Any = FAR, **fields: Any) -> dict[str, Any]:
    """A text that was sent, as the answer shows it."""
    return thing_in(send(account, number, to, **fields), "text")


def written(
    account: Account,
    number: Mapping[str, Any],
    body: str = "On my way.",
    sender: str = PERSON,
    group: Iterable[str] = (),
) -> str:
    """Somebody writes to the number, and to a group of others with it; gives the text's id."""
    try:
        return account.write(str(number["number"]), sender, body, group=group)
    except ControlRefused as refusal:
        raise Inconclusive(f"no text reached {number.get('number')}: {refusal}") from None


# -- webhooks ------


def subscribe(account: Account, number: Mapping[str, Any], url: str, *events: str, **body: Any) -> Exchange:
    """POST a subscription of the number's identity."""
    asked = {"url": url, "event_types": list(events), "agent_identity_id": number["agent_identity_id"], **body}
    return account.post(SUBSCRIPTIONS, asked)


def hook(
    ctx: ProbeContext, account: Account, number: Mapping[str, Any], *events: str, **body: Any
) -> tuple[dict[str, Any], Inbox]:
    """A subscription of the number's identity whose requests come to an inbox of its own."""
    inbox = ctx.inbox()
    return thing_in(subscribe(account, number, inbox.url, *events, **body), "subscription"), inbox


def told(inbox: Inbox, *types: str) -> list[dict[str, Any]]:
    """The events that came to an inbox, of these types or all."""
    found = [exchange.sent() for exchange in inbox.received]
    return [event for event in found if isinstance(event, dict) and (not types or event.get("event_type") in types)]


def data_of(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of what an event is about."""
    data = event.get("data")
    part = data.get(name) if isinstance(data, dict) else None
    return part if isinstance(part, dict) else {}


def refused(
    ctx: ProbeContext, exchange: Exchange, statuses: int | tuple[int, ...], what: str, code: str = "", claim: str = ""
) -> bool:
    """Expect one of these statuses in the error envelope, with a code where it is given."""
    wanted = statuses if isinstance(statuses, tuple) else (statuses,)
    held = exchange.status in wanted and odd_error(exchange.json()) is None and (not code or exchange.code == code)
    named = " ".join(filter(None, (" or ".join(map(str, wanted)), code)))
    return ctx.expect(held, f"{what}: expected {named} in the error envelope, got {exchange}", exchange, claim=claim)

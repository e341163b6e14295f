"""Steps that several probes take: an agent, a number, a call, a message, a webhook, a walk through a list."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from ringback_conformance.claims.agentphone.shapes import ENDED
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox

NUMBERS = "/v1/numbers"
AVAILABLE = "/v1/numbers/available"
LOOKUP = "/v1/numbers/lookup"
AGENTS = "/v1/agents"
VOICES = "/v1/agents/voices"
CALLS = "/v1/calls"
MESSAGES = "/v1/messages"
CONVERSATIONS = "/v1/conversations"
CONTACTS = "/v1/contacts"
WEBHOOK = "/v1/webhooks"
DELIVERIES = "/v1/webhooks/deliveries"
USAGE = "/v1/usage"
SUB_ACCOUNTS = "/v1/sub-accounts"
REGISTER = "/v1/register"
LOCATION = "/v1/location"
SIGN_UP = "/v0/agent/sign-up"
VERIFY = "/v0/agent/verify"
PAGED = (NUMBERS, AGENTS, CALLS, CONVERSATIONS)
"""Lists by limit and offset that begin empty."""

NUMBER_CENTS, SEGMENT_CENTS = 300, 2
FAR = "+14155550177"
SECOND_FAR = "+14155550178"
PERSON = "+14155550187"
"""Numbers that nobody can have: kept free for fiction. The last calls and writes in."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
RINGING_AND_AFTER = 120
"""Seconds added to a call's length so that it has surely been answered and ended."""
RECEIPTS = 120
"""Seconds within which a message is delivered where nothing is scripted."""
PUBLIC_HOOK = "https://hooks.example.com/agentphone"
PROMPT = "Say that the table is ready."
TAG = "ringback-conformance"
"""The externalId of numbers, and the description of agents, that the suite made."""
JSON = (("Content-Type", "application/json"),)
NDJSON = "application/x-ndjson"


def made(exchange: Exchange) -> bool:
    """Whether something was made, whatever 2xx says so."""
    return exchange.status is not None and 200 <= exchange.status < 300


def thing_in(exchange: Exchange, what: str) -> dict[str, Any]:
    """The object that an answer gives; Inconclusive where it gives none."""
    body = exchange.json()
    if not made(exchange) or not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise Inconclusive(f"there is no {what}: {exchange}")
    return body


def data(exchange: Exchange) -> list[dict[str, Any]]:
    """The objects of a list; Inconclusive when there is no such list."""
    body = exchange.json()
    found = body.get("data") if isinstance(body, dict) else None
    if exchange.status != 200 or not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Inconclusive(f"there is no list to look at: {exchange}")
    return found


def listed(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """The objects of the first page of a list."""
    return data(account.get(f"{path}?{urlencode(query)}" if query else path))


def ids(found: Iterable[dict[str, Any]]) -> list[str]:
    """Their ids, in order."""
    return [str(each.get("id")) for each in found]


def fetched(account: Account, path: str, id_: str) -> dict[str, Any]:
    """One object by its id."""
    return thing_in(account.get(f"{path}/{id_}"), path.rpartition("/")[2])


# -- numbers and agents ------


def buy(account: Account, **body: Any) -> Exchange:
    """POST /v1/numbers; on a real deployment with a tag by which it is found again."""
    headers = body.pop("headers", ())
    if not account.ctx.emulated:
        body.setdefault("externalId", TAG)
    return account.post(NUMBERS, body, headers=headers)


def new_number(account: Account, **body: Any) -> dict[str, Any]:
    """A number that was bought."""
    number = thing_in(buy(account, **body), "number")
    if not isinstance(number.get("phoneNumber"), str):
        raise Inconclusive("the number that was bought has no phoneNumber")
    return number


def new_agent(account: Account, **body: Any) -> dict[str, Any]:
    """An agent in hosted mode unless told otherwise."""
    return thing_in(
        account.post(AGENTS, {"name": "Front desk", "description": TAG, "voiceMode": "hosted", **body}), "agent"
    )


def shared_number(ctx: ProbeContext, account: Account) -> Exchange:
    """The answer that bought a number for `shared_agent`: its own in the emulator, one for all probes elsewhere."""
    if ctx.emulated or "number" not in ctx.shared:
        ctx.shared["number"] = buy(account, agentId=shared_agent(ctx, account)["id"])
    exchange = ctx.shared["number"]
    if not isinstance(exchange, Exchange) or not made(exchange):
        raise Inconclusive(f"no number could be bought: {exchange}")
    return exchange


def shared_agent(ctx: ProbeContext, account: Account) -> dict[str, Any]:
    """An agent: its own in the emulator, one for all probes elsewhere."""
    if ctx.emulated:
        return new_agent(account)
    if "agent" not in ctx.shared:
        ctx.shared["agent"] = new_agent(account)
    agent = ctx.shared["agent"]
    if not isinstance(agent, dict):
        raise Inconclusive("no agent could be made")
    return agent


def desk(account: Account, **agent: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An agent with a number."""
    clerk = new_agent(account, **agent)
    return clerk, new_number(account, agentId=clerk["id"])


# -- calls ------


def place(account: Account, agent: dict[str, Any], to: str = FAR, **body: Any) -> Exchange:
    """POST /v1/calls."""
    return account.post(CALLS, {"agentId": agent["id"], "toNumber": to, **body})


def new_call(account: Account, agent: dict[str, Any], to: str = FAR, **body: Any) -> dict[str, Any]:
    """An outbound call as the answer shows it. `script` says what the far end does."""
    script = body.pop("script", None)
    if script is not None:
        account.script({"to": to}, **script)
    return thing_in(place(account, agent, to, **body), "call")


def finished_call(account: Account, agent: dict[str, Any], seconds: int = 30, **body: Any) -> dict[str, Any]:
    """An outbound call that was answered and has ended, with a question and an answer unless told otherwise."""
    script = body.pop("script", {})
    turns = {"turns": lines("caller: Is the table ready?", "agent: It is.")} if "turns" not in script else {}
    call = new_call(
        account,
        agent,
        **{"systemPrompt": PROMPT, **body},
        script={"answer_after": 2, "duration": seconds, **turns, **script},
    )
    account.advance(seconds + RINGING_AND_AFTER)
    return fetched(account, CALLS, call["id"])


def lines(*said: str) -> list[dict[str, Any]]:
    """Turns of a script from `"caller: Hello"`; `"caller@12: Hello"` has its moment, in seconds after the answer."""
    turns = []
    for line in said:
        speaker, _, words = line.partition(": ")
        who, _, at = speaker.partition("@")
        turns.append({"speaker": who, "text": words, **({"at": float(at)} if at else {})})
    return turns


def ring(account: Account, number: dict[str, Any], caller: str = PERSON, **script: Any) -> str:
    """Somebody calls the number; Inconclusive when nobody answers there."""
    try:
        return account.phone(str(number.get("phoneNumber")), caller, **script)
    except ControlRefused as refusal:
        raise Inconclusive(f"no call reached {number.get('phoneNumber')}: {refusal}") from None


def ended(call: dict[str, Any]) -> bool:
    """Whether a call is over."""
    return call.get("status") in ENDED


# -- messages ------


def send(account: Account, number: dict[str, Any], body: Any = "Your table is ready.", **fields: Any) -> Exchange:
    """POST /v1/messages from a number."""
    to = {} if "recipients" in fields else {"to_number": FAR}
    return account.post(MESSAGES, {"number_id": number["id"], **to, "body": body, **fields})


def new_text(account: Account, number: dict[str, Any], body: str = "Your table is ready.", **fields: Any) -> Any:
    """An outbound message as the answer shows it."""
    return thing_in(send(account, number, body, **fields), "message")


def written(
    account: Account,
    number: dict[str, Any],
    body: str = "On my way.",
    sender: str = PERSON,
    media: Iterable[str] = (),
    group: Iterable[str] = (),
) -> str:
    """Somebody writes to the number, and to a group of others with it; gives the message's id."""
    try:
        return account.write(str(number.get("phoneNumber")), sender, body, media, group)
    except ControlRefused as refusal:
        raise Inconclusive(f"no message reached {number.get('phoneNumber')}: {refusal}") from None


def messages(account: Account, number: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """The latest messages of a number."""
    return listed(account, f"{NUMBERS}/{number['id']}/messages", **query)


def conversation_with(account: Account, participant: str) -> dict[str, Any]:
    """The account's conversation with somebody; Inconclusive when there is none, or several."""
    found = [each for each in listed(account, CONVERSATIONS, limit=100) if each.get("participant") == participant]
    if len(found) != 1:
        raise Inconclusive(f"there are {len(found)} conversations with {participant}")
    return found[0]


def new_contact(account: Account, phone: str = PERSON, **body: Any) -> dict[str, Any]:
    """A contact."""
    return thing_in(account.post(CONTACTS, {"phoneNumber": phone, "name": "Robin", **body}), "contact")


def escaped(phone: str) -> str:
    """A phone number as part of an address."""
    return quote(phone, safe="")


# -- webhooks ------


def hook(
    ctx: ProbeContext, account: Account, agent: dict[str, Any] | None = None, **body: Any
) -> tuple[dict[str, Any], Inbox]:
    """A webhook of the account, or of an agent, whose requests come to an inbox of its own."""
    inbox = ctx.inbox()
    path = WEBHOOK if agent is None else f"{AGENTS}/{agent['id']}/webhook"
    return thing_in(account.post(path, {"url": inbox.url, **body}), "webhook"), inbox


def told(inbox: Inbox, *kinds: str) -> list[dict[str, Any]]:
    """The events that came to an inbox, of these kinds (`agent.message`, `agent.message/voice`) or all."""
    found = [exchange.sent() for exchange in inbox.received]
    return [
        event
        for event in found
        if isinstance(event, dict)
        and (not kinds or event.get("event") in kinds or f"{event.get('event')}/{event.get('channel')}" in kinds)
    ]


def inner(event: dict[str, Any]) -> dict[str, Any]:
    """What an event is about."""
    found = event.get("data")
    return found if isinstance(found, dict) else {}


def says(**reply: Any) -> Answer:
    """A voice webhook's answer: one JSON object."""
    return Answer(200, JSON, body=json.dumps(reply).encode())


def says_lines(*replies: dict[str, Any]) -> Answer:
    """A voice webhook's answer: one line of JSON after the other."""
    body = "".join(json.dumps(reply) + "\n" for reply in replies)
    return Answer(200, (("Content-Type", NDJSON),), body=body.encode())


def refused(
    ctx: ProbeContext, exchange: Exchange, statuses: Iterable[int], what: str, code: str = "", claim: str = ""
) -> bool:
    """Expect one of these statuses, with a code where one is given. The envelope is AGP-ERR-1's, for all of them."""
    wanted = tuple(statuses)
    held = exchange.status in wanted and (not code or exchange.code == code)
    named = " ".join(filter(None, (" or ".join(map(str, wanted)), code)))
    return ctx.expect(held, f"{what}: expected {named}, got {exchange}", exchange, claim=claim)


def fields_at_fault(exchange: Exchange) -> list[Any]:
    """The last step of each `loc` in the detail of a 422."""
    body = exchange.json()
    detail = body.get("detail") if isinstance(body, dict) else None
    places = [problem.get("loc") for problem in detail if isinstance(problem, dict)] if isinstance(detail, list) else []
    return [place[-1] for place in places if isinstance(place, list) and place]

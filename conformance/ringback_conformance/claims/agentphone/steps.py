"""What several probes use: AgentPhone's paths, shapes and errors, and steps such as buying a number."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from ringback_conformance.claims.common import JSON
from ringback_conformance.contract import Shapes
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox
from ringback_conformance.shapes import Field, flag, moment, odd_fields, whole

SHAPES = Shapes("agentphone")
UNAUTHORIZED = (401, "")
NO_MONEY = (402, "INSUFFICIENT_BALANCE")
NOT_FOUND = (404, "")
CONFLICT = (409, "")
UNPROCESSABLE = (422, "")
INVALID = ((400, 422), "")
RATE_LIMITED = (429, "RATE_LIMIT_EXCEEDED")
"""Errors. The envelope is AGP-ERR-1's, for all of them; the codes that no one names are not compared."""

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
MESSAGE_LIST = re.compile(r"/v1/(numbers|conversations)/[^/]+/messages")

NUMBER_CENTS, SEGMENT_CENTS = 300, 2
FAR = "+14155550177"
SECOND_FAR = "+14155550178"
PERSON = "+14155550187"
"""Numbers that belong to no one: reserved for fiction. The last one calls and writes to the account."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
RINGING_AND_AFTER = 120
"""Seconds added to a call's length, so that it has been answered and has ended."""
RECEIPTS = 120
"""Seconds within which a message is delivered where nothing is scripted."""
PUBLIC_HOOK = "https://hooks.example.com/agentphone"
PROMPT = "Say that the table is ready."
TAG = "ringback-conformance"
"""The externalId of numbers, and the description of agents, that the suite created."""
NDJSON = "application/x-ndjson"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
ENDED = ("completed", "failed", "busy", "no-answer")
PERSONAL: dict[str, Any] = {
    "registration_type": "sole_proprietor",
    "first_name": "Robin",
    "last_name": "Miller",
    "email": "robin@example.com",
    "phone_number": FAR,
    "street_address": "1 Main Street",
    "city": "San Francisco",
    "state": "CA",
    "zip_code": "94103",
    "description": "A bakery that tells its customers when their orders are ready.",
    "use_cases": ["customer_care"],
    "message_samples": [
        "Corner Bakery - your order of rye bread is ready.",
        "Corner Bakery - we open at seven tomorrow morning.",
    ],
    "consent_flow": "Customers tick a box on the order form in our shop and on our page.",
    "opt_in_image_url": "https://app.example.com/order-form.png",
    "create_sub_account": False,
}
"""A registration."""
REVIEW = 60 * DAY
"""Long enough for the carriers to decide on a registration."""


def stamp(value: Any) -> bool:
    """Return whether a value is an instant in UTC that ends in Z."""
    return isinstance(value, str) and STAMP.fullmatch(value) is not None and moment(value) is not None


def page_problem(body: Any, total: bool = True) -> str | None:
    """Return what is wrong with `{"data", "hasMore", "total"}`; lists of messages have no total."""
    fields: dict[str, Field] = {"data": lambda value: isinstance(value, list), "hasMore": flag}
    problem = odd_fields(body, fields | ({"total": whole} if total else {}), "the list")
    if problem is None and total and body["total"] < len(body["data"]):
        return f"the list has {len(body['data'])} objects and total = {body['total']}"
    return problem


def conversation_problem(body: Any, schema: str = "Conversation") -> str | None:
    """Return what is wrong with a conversation, which has at least one message."""
    problem = SHAPES.problem(schema, body, "the conversation")
    return problem or (None if body["lastMessageAt"] else "the conversation has no lastMessageAt")


def thing_in(exchange: Exchange, what: str) -> dict[str, Any]:
    """Return the object in a response. Raises Inconclusive where there is none."""
    body = exchange.json()
    if not exchange.succeeded or not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise Inconclusive(f"there is no {what}: {exchange}")
    return body


def body_of(exchange: Exchange) -> dict[str, Any]:
    """Return the object in a response, whatever its status; an empty one where there is none."""
    body = exchange.json()
    return body if isinstance(body, dict) else {}


def data(exchange: Exchange) -> list[dict[str, Any]]:
    """Return the objects of a list. Raises Inconclusive when there is no such list."""
    found = body_of(exchange).get("data")
    if exchange.status != 200 or not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise Inconclusive(f"there is no list: {exchange}")
    return found


def listed(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return the objects of a list's first page."""
    return data(account.get(f"{path}?{urlencode(query)}" if query else path))


def ids(found: Iterable[dict[str, Any]]) -> list[str]:
    """Return the objects' ids, in order."""
    return [str(each.get("id")) for each in found]


def fetched(account: Account, path: str, id_: str) -> dict[str, Any]:
    """Return one object by its id."""
    return thing_in(account.get(f"{path}/{id_}"), path.rpartition("/")[2])


# -- numbers and agents ------


def buy(account: Account, **body: Any) -> Exchange:
    """Send POST /v1/numbers; on a real deployment with a tag by which the number is found again."""
    headers = body.pop("headers", ())
    if not account.ctx.emulated:
        body.setdefault("externalId", TAG)
    return account.post(NUMBERS, body, headers=headers)


def new_number(account: Account, **body: Any) -> dict[str, Any]:
    """Buy a number."""
    number = thing_in(buy(account, **body), "number")
    if not isinstance(number.get("phoneNumber"), str):
        raise Inconclusive("the number that was bought has no phoneNumber")
    return number


def new_agent(account: Account, **body: Any) -> dict[str, Any]:
    """Create an agent, in hosted mode unless set otherwise."""
    plain = {"name": "Front desk", "description": TAG, "voiceMode": "hosted"}
    return thing_in(account.post(AGENTS, {**plain, **body}), "agent")


def shared_number(ctx: ProbeContext, account: Account) -> Exchange:
    """Buy a number for `shared_agent` and return the response; on a real deployment all probes share one."""
    if ctx.emulated or "number" not in ctx.shared:
        ctx.shared["number"] = buy(account, agentId=shared_agent(ctx, account)["id"])
    exchange = ctx.shared["number"]
    if not isinstance(exchange, Exchange) or not exchange.succeeded:
        raise Inconclusive(f"no number could be bought: {exchange}")
    return exchange


def shared_agent(ctx: ProbeContext, account: Account) -> dict[str, Any]:
    """Create an agent; on a real deployment all probes share one."""
    if ctx.emulated:
        return new_agent(account)
    if "agent" not in ctx.shared:
        ctx.shared["agent"] = new_agent(account)
    agent = ctx.shared["agent"]
    if not isinstance(agent, dict):
        raise Inconclusive("no agent could be created")
    return agent


def desk(account: Account, **agent: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Create an agent with a number."""
    clerk = new_agent(account, **agent)
    return clerk, new_number(account, agentId=clerk["id"])


# -- calls ------


def place(account: Account, agent: dict[str, Any], to: str = FAR, **body: Any) -> Exchange:
    """Send POST /v1/calls."""
    return account.post(CALLS, {"agentId": agent["id"], "toNumber": to, **body})


def new_call(account: Account, agent: dict[str, Any], to: str = FAR, **body: Any) -> dict[str, Any]:
    """Place a call and return it as the response shows it. `script` says what the far end does."""
    script = body.pop("script", None)
    if script is not None:
        account.script({"to": to}, **script)
    return thing_in(place(account, agent, to, **body), "call")


def finished_call(account: Account, agent: dict[str, Any], seconds: int = 30, **body: Any) -> dict[str, Any]:
    """Place a call that is answered and ends, with a question and an answer unless set otherwise."""
    turns = lines("caller: Is the table ready?", "agent: It is.")
    script = {"answer_after": 2, "duration": seconds, "turns": turns, **body.pop("script", {})}
    call = new_call(account, agent, **{"systemPrompt": PROMPT, **body}, script=script)
    account.advance(seconds + RINGING_AND_AFTER)
    return fetched(account, CALLS, call["id"])


def lines(*spoken: str) -> list[dict[str, Any]]:
    """Return a script's turns from `"caller: Hello"`; `"caller@12: Hello"` has its moment, in seconds after the
    call was answered."""
    turns = []
    for line in spoken:
        speaker, _, words = line.partition(": ")
        who, _, at = speaker.partition("@")
        turns.append({"speaker": who, "text": words, **({"at": float(at)} if at else {})})
    return turns


def spoken_in(call: dict[str, Any]) -> list[str]:
    """Return all that both sides said in a call, in order."""
    return [part for turn in call["transcripts"] for part in (turn["transcript"], turn["response"]) if part]


def ring(account: Account, number: dict[str, Any], caller: str = PERSON, **script: Any) -> str:
    """Call the number; return the call's id. Raises Inconclusive when it takes no calls."""
    try:
        return account.phone(str(number.get("phoneNumber")), caller, **script)
    except ControlRefused as refusal:
        raise Inconclusive(f"no call reached {number.get('phoneNumber')}: {refusal}") from None


# -- messages ------


def send(account: Account, number: dict[str, Any], body: Any = "Your table is ready.", **fields: Any) -> Exchange:
    """Send POST /v1/messages from a number."""
    to = {} if "recipients" in fields else {"to_number": FAR}
    return account.post(MESSAGES, {"number_id": number["id"], **to, "body": body, **fields})


def new_text(account: Account, number: dict[str, Any], body: str = "Your table is ready.", **fields: Any) -> Any:
    """Send a message and return it as the response shows it."""
    return thing_in(send(account, number, body, **fields), "message")


def written(
    account: Account,
    number: dict[str, Any],
    body: str = "On my way.",
    sender: str = PERSON,
    media: Iterable[str] = (),
    group: Iterable[str] = (),
) -> str:
    """Let a person write to the number, and to a group of others with it; return the message's id."""
    try:
        return account.write(str(number.get("phoneNumber")), sender, body, media, group)
    except ControlRefused as refusal:
        raise Inconclusive(f"no message reached {number.get('phoneNumber')}: {refusal}") from None


def messages(account: Account, number: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """Return the latest messages of a number."""
    return listed(account, f"{NUMBERS}/{number['id']}/messages", **query)


def conversation_with(account: Account, participant: str) -> dict[str, Any]:
    """Return the account's conversation with a person. Raises Inconclusive when there is none, or several."""
    found = [each for each in listed(account, CONVERSATIONS, limit=100) if each.get("participant") == participant]
    if len(found) != 1:
        raise Inconclusive(f"there are {len(found)} conversations with {participant}")
    return found[0]


def new_contact(account: Account, phone: str = PERSON, **body: Any) -> dict[str, Any]:
    """Create a contact."""
    return thing_in(account.post(CONTACTS, {"phoneNumber": phone, "name": "Robin", **body}), "contact")


def escaped(phone: str) -> str:
    """Return a phone number as part of a path."""
    return quote(phone, safe="")


# -- webhooks ------


def own_hook(agent: dict[str, Any]) -> str:
    """Return the path of an agent's webhook."""
    return f"{AGENTS}/{agent['id']}/webhook"


def hook(
    ctx: ProbeContext, account: Account, agent: dict[str, Any] | None = None, **body: Any
) -> tuple[dict[str, Any], Inbox]:
    """Set the webhook of the account, or of an agent, to an inbox of its own."""
    inbox = ctx.inbox()
    path = WEBHOOK if agent is None else own_hook(agent)
    return thing_in(account.post(path, {"url": inbox.url, **body}), "webhook"), inbox


def events_in(inbox: Inbox, *kinds: str) -> list[dict[str, Any]]:
    """Return the events that came to an inbox, of these kinds (`agent.message`, `agent.message/voice`) or all."""
    found = [event for exchange in inbox.received if isinstance(event := exchange.sent(), dict)]
    if not kinds:
        return found
    return [each for each in found if {each.get("event"), f"{each.get('event')}/{each.get('channel')}"} & set(kinds)]


def inner(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event's data."""
    found = event.get("data")
    return found if isinstance(found, dict) else {}


def heard_by(inbox: Inbox) -> list[Any]:
    """Return what the webhook was asked in calls: the words of each turn."""
    return [inner(event).get("transcript") for event in events_in(inbox, "agent.message/voice")]


def says(**reply: Any) -> Answer:
    """Return a voice webhook's response: one JSON object."""
    return Answer(200, JSON, body=json.dumps(reply).encode())


def says_lines(*replies: dict[str, Any]) -> Answer:
    """Return a voice webhook's response: one line of JSON after the other."""
    body = "".join(json.dumps(reply) + "\n" for reply in replies)
    return Answer(200, (("Content-Type", NDJSON),), body=body.encode())


def fields_at_fault(exchange: Exchange) -> list[Any]:
    """Return the last step of each `loc` in the detail of a 422."""
    detail = body_of(exchange).get("detail")
    places = [problem.get("loc") for problem in detail if isinstance(problem, dict)] if isinstance(detail, list) else []
    return [place[-1] for place in places if isinstance(place, list) and place]

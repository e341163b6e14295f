"""Agents."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, WRITE
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONVERSATIONS,
    NOT_FOUND,
    NUMBERS,
    PERSON,
    RINGING_AND_AFTER,
    SHAPES,
    TAG,
    UNPROCESSABLE,
    VOICES,
    body_of,
    data,
    desk,
    fetched,
    finished_call,
    ids,
    listed,
    new_agent,
    new_number,
    new_text,
    ring,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("SDK: agents", Basis.SDK)

DEFAULTS: dict[str, Any] = {
    "voiceMode": "webhook",
    "enableMessaging": True,
    "modelTier": "balanced",
    "sttMode": "fast",
    "ambientSound": "none",
    "denoisingMode": "noise-cancellation",
    "maxSilenceMs": 600_000,
    "voiceSpeed": 1.0,
    "interruptionSensitivity": 0.8,
    "enableBackchannel": True,
    "language": "en-US",
}
FULL: dict[str, Any] = {
    "name": "Night desk",
    "description": TAG,
    "voiceMode": "hosted",
    "enableMessaging": False,
    "modelTier": "max",
    "systemPrompt": "Take a message.",
    "beginMessage": "Good evening — bakery Müller.",
    "transferNumber": "+14155550199",
    "voicemailMessage": "Please call back.",
    "callScreeningIdentity": "The bakery",
    "callScreeningPurpose": "An order",
    "sttMode": "accurate",
    "ambientSound": "coffee-shop",
    "denoisingMode": "noise-and-background-speech-cancellation",
    "maxSilenceMs": 10_000,
    "voiceSpeed": 2.0,
    "interruptionSensitivity": 0.0,
    "enableBackchannel": False,
    "language": "yue-CN",
}
OUT_OF_RANGE: tuple[dict[str, Any], ...] = (
    {"voiceMode": "robot"},
    {"modelTier": "huge"},
    {"sttMode": "slow"},
    {"ambientSound": "forest"},
    {"denoisingMode": "all"},
    {"maxSilenceMs": 9_999},
    {"maxSilenceMs": 3_600_001},
    {"voiceSpeed": 0.49},
    {"voiceSpeed": 2.01},
    {"interruptionSensitivity": -0.01},
    {"interruptionSensitivity": 1.01},
    {"language": "tlh-KX"},
    {"enableMessaging": "yes"},
)
EDGES: tuple[dict[str, Any], ...] = (
    {"maxSilenceMs": 3_600_000, "voiceSpeed": 0.5, "interruptionSensitivity": 1},
    {"modelTier": "turbo", "ambientSound": "outdoor", "language": "af-ZA"},
)
MAX_TOOLS = 20
CLERK = f"{AGENTS}/{{agent_id}}"


def tool(name: str, **fields: Any) -> dict[str, Any]:
    """Return a function tool."""
    return {"name": name, "description": "When the shop is open.", "url": "https://app.example.com/hours", **fields}


@claim(
    "AGP-AGT-1",
    "Agents are made, read, changed and deleted with all their fields, defaults and ranges; numbers are "
    "attached and detached; a deleted agent's numbers and history stay.",
    needs=WRITE,
    sends=(
        Send("POST", AGENTS, 2 + len(OUT_OF_RANGE), note="of which two are made"),
        Send("GET", CLERK, 4),
        Send("PATCH", CLERK, 1 + len(OUT_OF_RANGE) + len(EDGES)),
        Send("DELETE", CLERK, 3),
        Send("GET", AGENTS, 1),
        Send("GET", VOICES, 1),
    ),
)
def agents_made_changed_and_deleted(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    plain = account.post(AGENTS, {"name": "Front desk"})
    ctx.expect_status(plain, 200, "an agent", stop=True)
    ctx.expect_documented(SHAPES.problem("Agent", plain.json(), "the agent"), "an agent", plain, stop=True)
    ctx.expect_fields(plain.json(), DEFAULTS, "the defaults", plain)
    full = {**FULL, "voice": _voice(ctx, account)}
    exchange = account.post(AGENTS, full)
    agent = thing_in(exchange, "agent")
    for what, body in (("as it was created", agent), ("by its id", fetched(account, AGENTS, agent["id"]))):
        ctx.expect_fields(body, full, f"an agent {what}", exchange)
    missing = {agent["id"], plain.json()["id"]} - set(ids(listed(account, AGENTS, limit=100)))
    ctx.expect_equal(missing, set(), "agents that are missing in the list")
    _changed(ctx, account, agent, full)
    _out_of_range(ctx, account, agent)
    if ctx.emulated:
        _attached(ctx, account)
        _history(ctx, account)
    else:
        ctx.not_covered("its numbers and history")
    for id_, name in ((agent["id"], "Day desk"), (plain.json()["id"], "Front desk")):
        gone = account.delete(f"{AGENTS}/{id_}")
        ctx.expect_status(gone, 200, "DELETE of an agent")
        ctx.expect_fields(gone.json(), {"success": True, "id": id_, "name": name}, "DELETE of an agent", gone)
    ctx.expect_error(account.get(f"{AGENTS}/{agent['id']}"), *NOT_FOUND, "a deleted agent")
    ctx.expect_error(account.delete(f"{AGENTS}/{agent['id']}"), *NOT_FOUND, "a second DELETE")


def _voice(ctx: ProbeContext, account: Account) -> str:
    exchange = account.get(VOICES)
    found = data(exchange)
    ctx.expect(bool(found), "the voices: expected some, got none", exchange, stop=True)
    ctx.expect_documented(SHAPES.problem("VoiceList", exchange.json(), "the voices"), "the voices", exchange, stop=True)
    return str(found[-1]["voice_id"])


def _changed(ctx: ProbeContext, account: Account, agent: dict[str, Any], full: dict[str, Any]) -> None:
    path = f"{AGENTS}/{agent['id']}"
    change = {"name": "Day desk", "transferNumber": None, "voiceSpeed": 1.25}
    exchange = account.patch(path, change)
    ctx.expect_success(exchange, "PATCH of three fields")
    for body in (exchange.json(), fetched(account, AGENTS, agent["id"])):
        ctx.expect_fields(body, {**full, **change}, "PATCH of three fields, the others as before", exchange)
    for edge in EDGES:
        exchange = account.patch(path, edge)
        ctx.expect_success(exchange, f"{edge}, at the edge of its range")
        ctx.expect_fields(exchange.json(), edge, f"{edge}, at the edge of its range", exchange)


def _out_of_range(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    before = fetched(account, AGENTS, agent["id"])
    for body in OUT_OF_RANGE:
        ctx.expect_error(account.post(AGENTS, {"name": "x", **body}), *UNPROCESSABLE, f"an agent with {body}")
        ctx.expect_error(account.patch(f"{AGENTS}/{agent['id']}", body), *UNPROCESSABLE, f"PATCH with {body}")
    ctx.expect_fields(fetched(account, AGENTS, agent["id"]), before, "the agent after that")


def _attached(ctx: ProbeContext, account: Account) -> None:
    agent, other = new_agent(account), new_agent(account)
    numbers = [new_number(account) for _ in range(2)]
    path = f"{AGENTS}/{agent['id']}/numbers"
    for number in numbers:
        exchange = account.post(path, {"numberId": number["id"]})
        ctx.expect_status(exchange, 200, "an attachment")
        ctx.expect_documented(SHAPES.problem("Attached", exchange.json(), "it"), "an attachment", exchange)
        ctx.expect_fields(exchange.json(), {"agentId": agent["id"]}, "an attachment", exchange)
    _owns(ctx, account, agent, ids(numbers))
    account.post(f"{AGENTS}/{other['id']}/numbers", {"numberId": numbers[0]["id"]})
    _owns(ctx, account, agent, ids(numbers[1:]))
    _owns(ctx, account, other, ids(numbers[:1]))
    detached = account.delete(f"{AGENTS}/{other['id']}/numbers/{numbers[0]['id']}")
    ctx.expect_status(detached, 200, "a detachment")
    ctx.expect_fields(detached.json(), {"success": True}, "a detachment", detached)
    _owns(ctx, account, other, [])
    number = fetched(account, NUMBERS, numbers[0]["id"])
    ctx.expect_fields(number, {"status": "active", "agentId": None}, "a detached number", detached)
    foreign = account.delete(f"{AGENTS}/{agent['id']}/numbers/{numbers[0]['id']}")
    ctx.expect_error(foreign, *NOT_FOUND, "detaching another agent's number")
    unknown = account.post(path, {"numberId": "num_000000000000"})
    ctx.expect_error(unknown, *NOT_FOUND, "attaching an unknown number")


def _owns(ctx: ProbeContext, account: Account, agent: dict[str, Any], expected: list[str]) -> None:
    ctx.expect_equal(ids(fetched(account, AGENTS, agent["id"])["numbers"]), expected, "the agent's numbers")
    for id_ in expected:
        ctx.expect_equal(fetched(account, NUMBERS, id_)["agentId"], agent["id"], f"agentId of {id_}")


def _history(ctx: ProbeContext, account: Account) -> None:
    agent, number = desk(account)
    call = finished_call(account, agent, 5)
    text = new_text(account, number)
    gone = account.delete(f"{AGENTS}/{agent['id']}")
    ctx.expect_success(gone, "DELETE of an agent with a number")
    number = fetched(account, NUMBERS, number["id"])
    ctx.expect_fields(number, {"status": "active", "agentId": None}, "its number after that", gone)
    call = fetched(account, CALLS, call["id"])
    talk = fetched(account, CONVERSATIONS, text["conversation_id"])
    owners = (call["agentId"], talk["agentId"])
    ctx.expect_equal(owners, (None, None), "the agents of its call and conversation after that", gone)


@claim(
    "AGP-AGT-2",
    "customTools holds at most 20 tools, is replaced as a whole, and cleared by an empty list.",
    needs=WRITE,
    sends=(
        Send("POST", AGENTS, 3, note="of which one is made"),
        Send("PATCH", CLERK, 6),
        Send("GET", CLERK, 1),
        Send("DELETE", CLERK, 1),
    ),
)
def tools_of_an_agent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    tools = [tool("hours", method="GET", timeoutMs=1_000), tool("orders", parameters={"type": "object"})]
    exchange = account.post(AGENTS, {"name": "Front desk", "voiceMode": "hosted", "customTools": tools})
    agent = thing_in(exchange, "agent")
    path = f"{AGENTS}/{agent['id']}"
    _tools(ctx, agent, ["hours", "orders"], "as they were sent")
    many = [tool(f"tool-{n}") for n in range(MAX_TOOLS + 1)]
    ctx.expect_error(account.post(AGENTS, {"name": "x", "customTools": many}), *UNPROCESSABLE, "21 tools")
    ctx.expect_error(account.patch(path, {"customTools": many}), *UNPROCESSABLE, "PATCH with 21 tools")
    for bad in (tool("slow", timeoutMs=999), tool("slow", timeoutMs=120_001), tool("hours", method="PUT")):
        ctx.expect_error(account.patch(path, {"customTools": [bad]}), *UNPROCESSABLE, f"a tool {bad}")
    _tools(ctx, fetched(account, AGENTS, agent["id"]), ["hours", "orders"], "after errors, as before")
    for body, names, what in (
        ({"customTools": many[:MAX_TOOLS]}, [f"tool-{n}" for n in range(MAX_TOOLS)], "20 tools in place of two"),
        ({"name": "Day desk"}, [f"tool-{n}" for n in range(MAX_TOOLS)], "left out: as before"),
        ({"customTools": []}, [], "an empty list: none"),
    ):
        changed = account.patch(path, body)
        ctx.precondition(changed.succeeded, f"PATCH is answered {changed}")
        _tools(ctx, changed.json(), names, what)
    account.delete(path)


def _tools(ctx: ProbeContext, agent: dict[str, Any], expected: list[str], what: str) -> None:
    names = [each.get("name") for each in agent.get("customTools") or []]
    ctx.expect_equal(names, expected, f"customTools, {what}")


@claim(
    "AGP-AGT-3",
    "An agent's calls and conversations list its own and no other's.",
    needs=CTL,
)
def calls_and_conversations_of_an_agent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for n in range(2):
        agent, number = desk(account)
        call = finished_call(account, agent, 3)
        account.advance(1)
        inbound = ring(account, number, duration=3)
        account.advance(RINGING_AND_AFTER)
        sender = f"{PERSON[:-1]}{n}"
        written(account, number, sender=sender)
        path = f"{AGENTS}/{agent['id']}"
        ctx.expect_equal(ids(listed(account, f"{path}/calls")), [inbound, call["id"]], "its calls")
        participants = [each["participant"] for each in listed(account, f"{path}/conversations")]
        ctx.expect_equal(participants, [sender], "the participants of its conversations")
    idle = new_agent(account)
    for part in ("calls", "conversations"):
        exchange = account.get(f"{AGENTS}/{idle['id']}/{part}")
        ctx.expect_status(exchange, 200, f"an idle agent's {part}")
        ctx.expect_equal(body_of(exchange).get("data"), [], f"an idle agent's {part}", exchange)
    unknown = account.get(f"{AGENTS}/agt_000000000000/calls")
    ctx.expect_error(unknown, *NOT_FOUND, "the calls of an unknown agent")

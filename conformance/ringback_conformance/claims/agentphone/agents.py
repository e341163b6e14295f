"""Probes for agents."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, WRITE
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import AGENT, AGENT_NUMBER, VOICE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONVERSATIONS,
    NUMBERS,
    PERSON,
    TAG,
    VOICES,
    data,
    desk,
    fetched,
    finished_call,
    ids,
    listed,
    made,
    new_agent,
    new_number,
    new_text,
    refused,
    ring,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import odd_fields

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
    """A function tool."""
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
    odd = odd_fields(plain.json(), AGENT, "the agent")
    ctx.check_(plain.status == 200 and odd is None, f"an agent: {odd or plain}", plain)
    shown = {name: plain.json().get(name) for name in DEFAULTS}
    ctx.expect(shown == DEFAULTS, f"the defaults: expected {DEFAULTS}, got {_differs(shown, DEFAULTS)}", plain)
    voice = _voices(ctx, account)
    full = {**FULL, "voice": voice}
    exchange = account.post(AGENTS, full)
    agent = thing_in(exchange, "agent")
    for what, body in (("as it was made", agent), ("by its id", fetched(account, AGENTS, agent["id"]))):
        shown = {name: body.get(name) for name in full}
        ctx.expect(shown == full, f"an agent {what}: expected {full}, got {_differs(shown, full)}", exchange)
    ctx.expect(
        {agent["id"], plain.json()["id"]} <= set(ids(listed(account, AGENTS, limit=100))), "the list: expected both"
    )
    _changed(ctx, account, agent, full)
    _out_of_range(ctx, account, agent)
    if ctx.emulated:
        _attached(ctx, account)
        _history(ctx, account)
    else:
        ctx.not_covered("its numbers and history")
    for id_, name in ((agent["id"], "Day desk"), (plain.json()["id"], "Front desk")):
        gone = account.delete(f"{AGENTS}/{id_}")
        body = gone.json() or {}
        wanted = {"success": True, "id": id_, "name": name}
        ctx.expect(
            gone.status == 200 and {key: body.get(key) for key in wanted} == wanted,
            f"DELETE of an agent: expected {wanted}, got {gone} {body}",
            gone,
        )
    refused(ctx, account.get(f"{AGENTS}/{agent['id']}"), (404,), "a deleted agent")
    refused(ctx, account.delete(f"{AGENTS}/{agent['id']}"), (404,), "a second DELETE")


def _differs(shown: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: shown.get(name) for name, value in wanted.items() if shown.get(name) != value}


def _voices(ctx: ProbeContext, account: Account) -> str:
    exchange = account.get(VOICES)
    found = data(exchange)
    odd = next((odd for voice in found if (odd := odd_fields(voice, VOICE, "a voice"))), None)
    ctx.check_(bool(found) and odd is None, f"the voices: {odd or 'expected some'}", exchange)
    return str(found[-1]["voice_id"])


def _changed(ctx: ProbeContext, account: Account, agent: dict[str, Any], full: dict[str, Any]) -> None:
    path = f"{AGENTS}/{agent['id']}"
    exchange = account.patch(path, {"name": "Day desk", "transferNumber": None, "voiceSpeed": 1.25})
    wanted = {**full, "name": "Day desk", "transferNumber": None, "voiceSpeed": 1.25}
    for body in (exchange.json() or {}, fetched(account, AGENTS, agent["id"])):
        shown = {name: body.get(name) for name in wanted}
        ctx.expect(
            made(exchange) and shown == wanted,
            f"PATCH of three fields: expected the others as before, got {exchange} {_differs(shown, wanted)}",
            exchange,
        )
    for body in EDGES:
        edge = account.patch(path, body)
        ctx.expect(
            made(edge) and all(edge.json().get(name) == value for name, value in body.items()),
            f"{body}, at the edge of its range: expected it taken, got {edge}",
            edge,
        )


def _out_of_range(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    before = fetched(account, AGENTS, agent["id"])
    for body in OUT_OF_RANGE:
        refused(ctx, account.post(AGENTS, {"name": "x", **body}), (422,), f"an agent with {body}")
        refused(ctx, account.patch(f"{AGENTS}/{agent['id']}", body), (422,), f"PATCH with {body}")
    after = fetched(account, AGENTS, agent["id"])
    ctx.expect(after == before, f"the agent after that: expected it as before, got {_differs(after, before)}")


def _attached(ctx: ProbeContext, account: Account) -> None:
    agent, other = new_agent(account), new_agent(account)
    numbers = [new_number(account) for _ in range(2)]
    path = f"{AGENTS}/{agent['id']}/numbers"
    for number in numbers:
        exchange = account.post(path, {"numberId": number["id"]})
        body = exchange.json() or {}
        odd = odd_fields(body.get("number"), AGENT_NUMBER, "the number")
        ctx.expect(
            exchange.status == 200 and odd is None and body.get("agentId") == agent["id"],
            f"an attachment: {odd or exchange}",
            exchange,
        )
    _owns(ctx, account, agent, [number["id"] for number in numbers])
    account.post(f"{AGENTS}/{other['id']}/numbers", {"numberId": numbers[0]["id"]})
    _owns(ctx, account, agent, [numbers[1]["id"]])
    _owns(ctx, account, other, [numbers[0]["id"]])
    detached = account.delete(f"{AGENTS}/{other['id']}/numbers/{numbers[0]['id']}")
    ctx.expect(
        detached.status == 200 and (detached.json() or {}).get("success") is True,
        f"a detachment: expected success, got {detached}",
        detached,
    )
    _owns(ctx, account, other, [])
    number = fetched(account, NUMBERS, numbers[0]["id"])
    ctx.expect(
        (number["status"], number["agentId"]) == ("active", None),
        f"a detached number: expected it active without an agent, got {number['status']} {number['agentId']}",
        detached,
    )
    refused(
        ctx, account.delete(f"{AGENTS}/{agent['id']}/numbers/{numbers[0]['id']}"), (404,), "detaching another's number"
    )
    refused(ctx, account.post(path, {"numberId": "num_000000000000"}), (404,), "attaching a number that is not there")


def _owns(ctx: ProbeContext, account: Account, agent: dict[str, Any], wanted: list[str]) -> None:
    body = fetched(account, AGENTS, agent["id"])
    ctx.expect(ids(body["numbers"]) == wanted, f"the agent's numbers: expected {wanted}, got {ids(body['numbers'])}")
    for id_ in wanted:
        owner = fetched(account, NUMBERS, id_)["agentId"]
        ctx.expect(owner == agent["id"], f"agentId of {id_}: expected {agent['id']}, got {owner}")


def _history(ctx: ProbeContext, account: Account) -> None:
    agent, number = desk(account)
    call = finished_call(account, agent, 5)
    text = new_text(account, number)
    gone = account.delete(f"{AGENTS}/{agent['id']}")
    ctx.expect(made(gone), f"DELETE of an agent with a number: expected it, got {gone}", gone)
    kept = (
        fetched(account, NUMBERS, number["id"]),
        fetched(account, CALLS, call["id"]),
        fetched(account, CONVERSATIONS, text["conversation_id"]),
    )
    ctx.expect(
        kept[0]["status"] == "active" and all(each["agentId"] is None for each in kept),
        f"its number, call and conversation: expected them without an agent, got {[each['agentId'] for each in kept]}",
        gone,
    )


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
    _tools(ctx, agent, ["hours", "orders"], "as they were given")
    many = [tool(f"tool-{n}") for n in range(MAX_TOOLS + 1)]
    refused(ctx, account.post(AGENTS, {"name": "x", "customTools": many}), (422,), "21 tools")
    refused(ctx, account.patch(path, {"customTools": many}), (422,), "PATCH with 21 tools")
    for bad in (tool("slow", timeoutMs=999), tool("slow", timeoutMs=120_001), tool("odd", method="PUT")):
        refused(ctx, account.patch(path, {"customTools": [bad]}), (422,), f"a tool {bad}")
    _tools(ctx, fetched(account, AGENTS, agent["id"]), ["hours", "orders"], "after refusals, as before")
    for body, names, what in (
        ({"customTools": many[:MAX_TOOLS]}, [f"tool-{n}" for n in range(MAX_TOOLS)], "20 tools in place of two"),
        ({"name": "Day desk"}, [f"tool-{n}" for n in range(MAX_TOOLS)], "left out: as before"),
        ({"customTools": []}, [], "an empty list: none"),
    ):
        changed = account.patch(path, body)
        ctx.precondition(made(changed), f"PATCH is answered {changed}")
        _tools(ctx, changed.json(), names, what)
    account.delete(path)


def _tools(ctx: ProbeContext, agent: dict[str, Any], wanted: list[str], what: str) -> None:
    names = [each.get("name") for each in agent.get("customTools") or []]
    ctx.expect(names == wanted, f"customTools, {what}: expected {len(wanted)}, got {names}")


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
        account.advance(120)
        sender = f"{PERSON[:-1]}{n}"
        written(account, number, sender=sender)
        path = f"{AGENTS}/{agent['id']}"
        calls = listed(account, f"{path}/calls")
        wanted = [inbound, call["id"]]
        ctx.expect(ids(calls) == wanted, f"its calls: expected {wanted}, got {ids(calls)}")
        talks = [each["participant"] for each in listed(account, f"{path}/conversations")]
        ctx.expect(talks == [sender], f"its conversations: expected {[sender]}, got {talks}")
    idle = new_agent(account)
    for part in ("calls", "conversations"):
        found = account.get(f"{AGENTS}/{idle['id']}/{part}")
        ctx.expect(
            found.status == 200 and not data(found), f"an idle agent's {part}: expected none, got {found}", found
        )
    refused(ctx, account.get(f"{AGENTS}/agt_000000000000/calls"), (404,), "the calls of an agent that is not there")

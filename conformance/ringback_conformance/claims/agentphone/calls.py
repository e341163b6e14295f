"""Probes for calls: placed, received, listed, ended, waited for, paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ringback_conformance.catalogue import CTL, SPEND
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import CALL, stamp
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    FAR,
    HOUR,
    NUMBERS,
    PERSON,
    PROMPT,
    RINGING_AND_AFTER,
    SECOND_FAR,
    desk,
    ended,
    fetched,
    finished_call,
    hook,
    ids,
    inner,
    lines,
    listed,
    made,
    new_agent,
    new_call,
    new_number,
    place,
    refused,
    ring,
    says,
    shared_agent,
    shared_number,
    thing_in,
    told,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

claim = CATALOGUE.section("SDK: calls", Basis.SDK)

TALKED = 10
"""Seconds after which a call that is to last an hour is ended."""
STEPS = 40
"""Seconds, one at a time, in which a call of half a minute ends while it is waited for."""
WEBHOOK_RATE, HOSTED_RATE = Decimal("0.13"), Decimal("0.22")
"""Dollars a minute."""


@claim(
    "AGP-CALL-1",
    "POST /v1/calls answers at once, in progress; the call then has its transcripts, end, duration and "
    "snippet, can be listed by filter, ended, and waited for.",
    needs=SPEND,
    sends=(
        Send("POST", CALLS, 1, 250, "a call to a number kept for fiction"),
        Send("GET", f"{CALLS}/{{call_id}}", 2),
        Send("POST", f"{CALLS}/{{call_id}}/end", 2),
        Send("GET", f"{CALLS}?search=…", 2),
    ),
    shares=("number", "agent"),
)
def calls_placed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = shared_agent(ctx, account)
    number = thing_in(shared_number(ctx, account), "number")
    if ctx.emulated:
        account.post(f"{AGENTS}/{agent['id']}/numbers", {"numberId": number["id"]})
        _to_its_end(ctx, account, agent, number)
        account.script({"to": FAR}, answer_after=1, duration=HOUR)
    exchange = place(account, agent, ctx.run_context.destination or FAR, systemPrompt=PROMPT)
    call = _in_progress(ctx, exchange, agent, number)
    search = account.get(f"{CALLS}?search={number['phoneNumber'].lstrip('+')}")
    ctx.expect(call["id"] in ids(search.json()["data"]), "the list: expected the call that was placed", search)
    if ctx.emulated:
        account.advance(1 + TALKED)
    ending = account.post(f"{CALLS}/{call['id']}/end", {})
    ctx.expect(
        ending.status == 200 and ending.json().get("id") == call["id"],
        f"an end: expected the call, got {ending}",
        ending,
    )
    if not ctx.emulated:
        ctx.not_covered("transcripts, duration, filters and waiting")
        return
    account.advance(1)
    over = fetched(account, CALLS, call["id"])
    ctx.expect(
        ended(over) and stamp(over["endedAt"]) and over["durationSeconds"] == TALKED,
        f"a call that was ended after {TALKED} s: got {over['status']} after {over['durationSeconds']} s",
        ending,
    )
    again = account.post(f"{CALLS}/{call['id']}/end", {})
    ctx.expect(
        again.status == 200 and again.json()["status"] == over["status"] and again.json()["endedAt"] == over["endedAt"],
        f"a second end: expected the call as it was, got {again}",
        again,
    )
    _filtered(ctx, account, agent)
    _waited(ctx, account, agent)


def _in_progress(ctx: ProbeContext, exchange: Any, agent: dict[str, Any], number: dict[str, Any]) -> dict[str, Any]:
    call = thing_in(exchange, "call")
    odd = odd_fields(call, {**CALL, "transcripts": lambda value: isinstance(value, list)}, "the call")
    ctx.check_(odd is None, f"a call: {odd}", exchange)
    wanted = {
        "agentId": agent["id"],
        "phoneNumberId": number["id"],
        "fromNumber": number["phoneNumber"],
        "toNumber": ctx.run_context.destination or FAR,
        "direction": "outbound",
        "status": "in-progress",
        "endedAt": None,
        "durationSeconds": None,
        "transcripts": [],
    }
    wrong = {name: call.get(name) for name, value in wanted.items() if call.get(name) != value}
    ctx.expect(not wrong, f"a call that was just placed: expected {wanted}, got {wrong}", exchange)
    return call


def _to_its_end(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    call = new_call(
        account,
        agent,
        systemPrompt=PROMPT,
        script={
            "answer_after": 4,
            "duration": 40,
            "turns": lines("caller@2: Is it ready?", "agent@6: It is, see you on Saturday."),
        },
    )
    account.advance(4 + 40 + 1)
    exchange = account.get(f"{CALLS}/{call['id']}")
    after = thing_in(exchange, "call")
    wanted = {"status": "completed", "durationSeconds": 40, "phoneNumberId": number["id"]}
    wrong = {name: after.get(name) for name, value in wanted.items() if after.get(name) != value}
    ctx.expect(not wrong, f"the call after its end: expected {wanted}, got {wrong}", exchange)
    began, end = moment(after["startedAt"]), moment(after["endedAt"])
    ctx.expect(
        began is not None and end is not None and 40 <= (end - began).total_seconds() <= 45,
        f"from start to end: expected 44 s with the ringing, got {after['startedAt']} to {after['endedAt']}",
        exchange,
    )
    said = [part for turn in after["transcripts"] for part in (turn["transcript"], turn["response"]) if part]
    ctx.expect(
        said == ["Is it ready?", "It is, see you on Saturday."],
        f"its transcripts: expected the question and the answer, got {said}",
        exchange,
    )
    ctx.expect(
        "Saturday" in str(after["lastTranscriptSnippet"]),
        f"its snippet: expected what was said last, got {after['lastTranscriptSnippet']!r}",
        exchange,
    )
    for end_, status in (("busy", "busy"), ("no_answer", "no-answer"), ("failed", "failed")):
        lost = new_call(account, agent, systemPrompt=PROMPT, script={"end": end_})
        account.advance(HOUR)
        shown = fetched(account, CALLS, lost["id"])
        ctx.expect(
            shown["status"] == status and not shown["durationSeconds"] and shown["transcripts"] == [],
            f"a call that is {end_}: expected {status} without duration, got {shown['status']} "
            f"{shown['durationSeconds']}",
            exchange,
        )


def _filtered(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    second = finished_call(account, agent, 5, to=SECOND_FAR)
    number = fetched(account, AGENTS, agent["id"])["numbers"][0]
    inbound = ring(account, number, duration=5)
    account.advance(RINGING_AND_AFTER)
    everything = listed(account, CALLS, limit=100)
    for query, wanted in (
        ({"status": "completed"}, [c for c in everything if c["status"] == "completed"]),
        ({"status": "busy"}, [c for c in everything if c["status"] == "busy"]),
        ({"direction": "inbound"}, [c for c in everything if c["id"] == inbound]),
        ({"direction": "outbound"}, [c for c in everything if c["id"] != inbound]),
        ({"type": "pstn"}, everything),
        ({"type": "web"}, []),
        ({"search": SECOND_FAR[-6:]}, [c for c in everything if c["id"] == second["id"]]),
        ({"search": PERSON[-7:], "direction": "inbound"}, [c for c in everything if c["id"] == inbound]),
        ({"search": "0000000"}, []),
    ):
        found = ids(listed(account, CALLS, limit=100, **query))
        ctx.expect(found == ids(wanted), f"calls with {query}: expected {ids(wanted)}, got {found}")
    refused(ctx, account.get(f"{CALLS}?status=finished"), (422,), "calls with status=finished")


def _waited(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    over = finished_call(account, agent, 5)
    exchange = account.get(f"{CALLS}/{over['id']}?wait=true&timeout=10")
    ctx.expect(
        exchange.status == 200 and exchange.json() == over,
        f"waiting for a call that is over: expected it at once, got {exchange}",
        exchange,
    )
    call = new_call(account, agent, systemPrompt=PROMPT, script={"answer_after": 1, "duration": 25})

    def let_time_pass() -> None:
        for _ in range(STEPS):
            account.advance(1)

    late = account.waiting(f"{CALLS}/{call['id']}?wait=true&timeout=300", let_time_pass)
    ctx.expect(
        late.status == 200 and late.json().get("status") == "completed",
        f"waiting for a call: expected it completed, got {late} {(late.json() or {}).get('status')}",
        late,
    )
    for timeout in ("9", "301", "soon"):
        refused(ctx, account.get(f"{CALLS}/{over['id']}?wait=true&timeout={timeout}"), (422,), f"timeout={timeout}")


@claim(
    "AGP-CALL-4",
    "A call goes out from the agent's first number, or from fromNumberId, which must be the agent's.",
    needs=CTL,
)
def whose_number_calls(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = new_agent(account)
    refused(ctx, place(account, agent, systemPrompt=PROMPT), (400, 404, 422), "a call of an agent without a number")
    first, second = (new_number(account, agentId=agent["id"]) for _ in range(2))
    foreign = new_number(account)
    for body, wanted in (({}, first), ({"fromNumberId": second["id"]}, second), ({"fromNumberId": None}, first)):
        call = thing_in(place(account, agent, systemPrompt=PROMPT, **body), "call")
        seen = (call["phoneNumberId"], call["fromNumber"], call["toNumber"])
        ctx.expect(
            seen == (wanted["id"], wanted["phoneNumber"], FAR),
            f"a call with {body}: expected it from {wanted['id']}, got {seen}",
        )
    before = len(listed(account, CALLS))
    for body, statuses in (
        ({"fromNumberId": foreign["id"]}, (400, 404, 422)),
        ({"fromNumberId": "num_000000000000"}, (400, 404, 422)),
    ):
        refused(ctx, place(account, agent, systemPrompt=PROMPT, **body), statuses, f"a call with {body}")
    refused(ctx, place(account, {"id": "agt_000000000000"}, systemPrompt=PROMPT), (404,), "a call of an unknown agent")
    for to in ("4155550177", "+0155550177", "somebody", ""):
        refused(ctx, place(account, agent, to, systemPrompt=PROMPT), (400, 422), f"a call to {to!r}")
    ctx.expect(len(listed(account, CALLS)) == before, "the calls after that: expected no more than before")


@claim(
    "AGP-CALL-5",
    "With systemPrompt a built-in model speaks and no webhook is asked, whatever the agent's mode; variables "
    "fill the {{names}} of the greeting.",
    needs=CTL,
)
def a_prompt_makes_a_call_hosted(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, _ = desk(account, voiceMode="webhook")
    refused(ctx, place(account, agent), (400,), "a call by webhook where there is none")
    _, inbox = hook(ctx, account, agent)
    inbox.answer(says(text="I was asked."))
    call = new_call(
        account,
        agent,
        systemPrompt="Tell {{name}} that the table is ready.",
        initialGreeting="Hello {{name}}, this is {{shop}}.",
        variables={"name": "Robin", "shop": "the bakery"},
        script={"answer_after": 1, "duration": 30, "turns": lines("caller@8: Thank you.", "agent@10: Goodbye.")},
    )
    account.advance(30 + RINGING_AND_AFTER)
    exchange = account.get(f"{CALLS}/{call['id']}")
    said = " ".join(
        filter(None, (part for t in exchange.json()["transcripts"] for part in (t["transcript"], t["response"])))
    )
    asked = told(inbox, "agent.message/voice")
    ctx.expect(not asked, f"a call with a prompt: expected no webhook asked, got {len(asked)} turns", exchange)
    ctx.expect(
        "Hello Robin, this is the bakery." in said,
        f"the greeting: expected its names filled in, got {said!r}",
        exchange,
    )
    ctx.expect(
        "Thank you." in said and "Goodbye." in said, f"the rest: expected the script's turns, got {said!r}", exchange
    )


@claim(
    "AGP-CALL-6",
    "A minute costs $0.13 by webhook and $0.22 hosted, billed by the second; without money a call is answered 402.",
    needs=CTL,
)
def what_calls_cost(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, _ = desk(account, voiceMode="webhook")
    _, inbox = hook(ctx, account, agent)
    inbox.answer(says(text="Yes."))
    for seconds, body, rate in (
        (60, {}, WEBHOOK_RATE),
        (60, {"systemPrompt": PROMPT}, HOSTED_RATE),
        (91, {"systemPrompt": PROMPT}, HOSTED_RATE),
        (30, {}, WEBHOOK_RATE),
    ):
        before = account.balance()
        call = new_call(
            account, agent, script={"answer_after": 3, "duration": seconds, "turns": lines("caller: Hello?")}, **body
        )
        account.advance(seconds + RINGING_AND_AFTER)
        length = fetched(account, CALLS, call["id"])["durationSeconds"]
        ctx.precondition(length == seconds, f"the call lasted {length} s, not {seconds}")
        cost, wanted = before - account.balance(), rate * seconds / 60
        ctx.expect(
            abs(cost - wanted) < Decimal("0.0001"),
            f"{seconds} s {'with a prompt' if body else 'by webhook'}: expected ${wanted:.4f}, it was ${cost}",
        )
    before = account.balance()
    new_call(account, agent, systemPrompt=PROMPT, script={"end": "busy"})
    account.advance(HOUR)
    ctx.expect(
        account.balance() == before, f"a call that was busy: expected no charge, it was ${before - account.balance()}"
    )
    account.fund(f"-{account.balance()}")
    calls = len(listed(account, CALLS))
    refused(ctx, place(account, agent, systemPrompt=PROMPT), (402,), "a call without money", "INSUFFICIENT_BALANCE")
    ctx.expect(len(listed(account, CALLS)) == calls, "the calls after that: expected no more than before")


@claim(
    "AGP-CALL-7",
    "A web call gives an id and an access token; it is of type web and not pstn.",
    needs=CTL,
)
def web_calls(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = new_agent(account)
    exchange = account.post(
        f"{CALLS}/web", {"agentId": agent["id"], "metadata": {"page": "/contact"}, "variables": {"name": "Robin"}}
    )
    body = exchange.json() or {}
    ctx.check_(
        made(exchange) and bool(body.get("id")) and bool(body.get("accessToken")),
        f"a web call: expected an id and an access token, got {exchange} {body}",
        exchange,
    )
    other = account.post(f"{CALLS}/web", {"agentId": agent["id"]}).json()
    ctx.expect(
        other["accessToken"] != body["accessToken"] and other["id"] != body["id"],
        "a second web call: expected an id and a token of its own",
        exchange,
    )
    web, pstn = ids(listed(account, CALLS, type="web")), ids(listed(account, CALLS, type="pstn"))
    ctx.expect(
        set(web) == {body["id"], other["id"]} and not pstn,
        f"calls by type: expected two web ones, got {web} and {pstn}",
    )
    shown = fetched(account, CALLS, body["id"])
    ctx.expect(shown["direction"] == "web", f"its direction: expected web, got {shown['direction']}")
    refused(
        ctx, account.post(f"{CALLS}/web", {"agentId": "agt_000000000000"}), (404,), "a web call of an unknown agent"
    )
    refused(ctx, account.post(f"{CALLS}/web", {}), (422,), "a web call of nobody")


@claim(
    "AGP-CALL-8",
    "A call that comes in is the number's and its agent's, with direction inbound.",
    needs=CTL,
)
def calls_that_come_in(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, number = desk(account)
    _, inbox = hook(ctx, account)
    id_ = ring(account, number, answer_after=2, duration=20, turns=lines("caller: Are you open?", "agent: Until six."))
    account.advance(20 + RINGING_AND_AFTER)
    exchange = account.get(f"{CALLS}/{id_}")
    call = thing_in(exchange, "call")
    wanted = {
        "agentId": agent["id"],
        "phoneNumberId": number["id"],
        "phoneNumber": number["phoneNumber"],
        "fromNumber": PERSON,
        "toNumber": number["phoneNumber"],
        "direction": "inbound",
        "status": "completed",
        "durationSeconds": 20,
    }
    wrong = {name: call.get(name) for name, value in wanted.items() if call.get(name) != value}
    ctx.expect(not wrong, f"a call that came in: expected {wanted}, got {wrong}", exchange)
    for path in (CALLS, f"{NUMBERS}/{number['id']}/calls", f"{AGENTS}/{agent['id']}/calls"):
        found = ids(listed(account, path))
        ctx.expect(found == [id_], f"{path}: expected the call, got {found}")
    over = [inner(event).get("callId") for event in told(inbox, "agent.call_ended")]
    ctx.expect(over == [id_], f"agent.call_ended: expected one for the call, got {over}", *inbox.received)
    missed = ring(account, number, end="no_answer")
    account.advance(HOUR)
    shown = fetched(account, CALLS, missed)
    ctx.expect(shown["status"] == "no-answer", f"a call that nobody took: expected no-answer, got {shown['status']}")

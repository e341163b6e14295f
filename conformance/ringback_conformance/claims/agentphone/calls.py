"""Calls: placed, received, listed, ended, waited for, paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ringback_conformance.catalogue import CTL, SPEND
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    ENDED,
    FAR,
    HOUR,
    INVALID,
    NO_MONEY,
    NOT_FOUND,
    NUMBERS,
    PERSON,
    PROMPT,
    RINGING_AND_AFTER,
    SECOND_FAR,
    SHAPES,
    UNPROCESSABLE,
    body_of,
    desk,
    events_in,
    fetched,
    finished_call,
    heard_by,
    hook,
    ids,
    inner,
    lines,
    listed,
    new_agent,
    new_call,
    new_number,
    place,
    ring,
    says,
    shared_agent,
    shared_number,
    spoken_in,
    stamp,
    thing_in,
)
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

claim = CATALOGUE.section("SDK: calls", Basis.SDK)

TALKED = 10
"""Seconds after which a call that is to last an hour is ended."""
STEPS = 40
"""Seconds, one at a time, in which a call of half a minute ends while a request waits for it."""
WEBHOOK_RATE, HOSTED_RATE = Decimal("0.13"), Decimal("0.22")
"""Dollars a minute."""
UNKNOWN_AGENT = "agt_000000000000"
NO_NUMBER = ((400, 404, 422), "")


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
    ctx.expect_status(ending, 200, "an end")
    ctx.expect_fields(ending.json(), {"id": call["id"]}, "an end", ending)
    if not ctx.emulated:
        ctx.not_covered("transcripts, duration, filters and waiting")
        return
    account.advance(1)
    over = fetched(account, CALLS, call["id"])
    ctx.expect(
        over["status"] in ENDED and stamp(over["endedAt"]) and over["durationSeconds"] == TALKED,
        f"a call that was ended: expected it over after {TALKED} s, got {over['status']}, {over['durationSeconds']} s",
        ending,
    )
    again = account.post(f"{CALLS}/{call['id']}/end", {})
    ctx.expect_status(again, 200, "a second end")
    ctx.expect_fields(again.json(), {name: over[name] for name in ("status", "endedAt")}, "a second end", again)
    _filtered(ctx, account, agent)
    _waited(ctx, account, agent)


def _in_progress(
    ctx: ProbeContext, exchange: Exchange, agent: dict[str, Any], number: dict[str, Any]
) -> dict[str, Any]:
    call = thing_in(exchange, "call")
    ctx.expect_documented(SHAPES.problem("Call", call, "the call"), "a call", exchange, stop=True)
    expected = {
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
    ctx.expect_fields(call, expected, "a call that was just placed", exchange)
    return call


def _to_its_end(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    turns = lines("caller@2: Is it ready?", "agent@6: It is, see you on Saturday.")
    script = {"answer_after": 4, "duration": 40, "turns": turns}
    call = new_call(account, agent, systemPrompt=PROMPT, script=script)
    account.advance(4 + 40 + 1)
    exchange = account.get(f"{CALLS}/{call['id']}")
    after = thing_in(exchange, "call")
    expected = {"status": "completed", "durationSeconds": 40, "phoneNumberId": number["id"]}
    ctx.expect_fields(after, expected, "the call after its end", exchange)
    began, end = moment(after["startedAt"]), moment(after["endedAt"])
    ctx.expect(
        began is not None and end is not None and 40 <= (end - began).total_seconds() <= 45,
        f"from start to end: expected 44 s with the ringing, got {after['startedAt']} to {after['endedAt']}",
        exchange,
    )
    ctx.expect_equal(spoken_in(after), [turn["text"] for turn in turns], "its transcripts", exchange)
    snippet = after["lastTranscriptSnippet"]
    ctx.expect("Saturday" in str(snippet), f"its snippet: expected what was said last, got {snippet!r}", exchange)
    for end_, status in (("busy", "busy"), ("no_answer", "no-answer"), ("failed", "failed")):
        lost = new_call(account, agent, systemPrompt=PROMPT, script={"end": end_})
        account.advance(HOUR)
        shown = fetched(account, CALLS, lost["id"])
        ctx.expect_fields(shown, {"status": status, "transcripts": []}, f"a call that is {end_}")
        ctx.expect(not shown["durationSeconds"], f"a call that is {end_}: got {shown['durationSeconds']} s")


def _filtered(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    second = finished_call(account, agent, 5, to=SECOND_FAR)
    number = fetched(account, AGENTS, agent["id"])["numbers"][0]
    inbound = ring(account, number, duration=5)
    account.advance(RINGING_AND_AFTER)
    everything = listed(account, CALLS, limit=100)
    for query, expected in (
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
        ctx.expect_equal(found, ids(expected), f"calls with {query}")
    ctx.expect_error(account.get(f"{CALLS}?status=finished"), *UNPROCESSABLE, "calls with status=finished")


def _waited(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    over = finished_call(account, agent, 5)
    exchange = account.get(f"{CALLS}/{over['id']}?wait=true&timeout=10")
    ctx.expect_status(exchange, 200, "waiting for a call that is over")
    ctx.expect_equal(exchange.json(), over, "waiting for a call that is over", exchange)
    call = new_call(account, agent, systemPrompt=PROMPT, script={"answer_after": 1, "duration": 25})

    def let_time_pass() -> None:
        for _ in range(STEPS):
            account.advance(1)

    late = account.waiting(f"{CALLS}/{call['id']}?wait=true&timeout=300", let_time_pass)
    ctx.expect_status(late, 200, "waiting for a call")
    ctx.expect_fields(late.json(), {"status": "completed"}, "waiting for a call", late)
    for timeout in ("9", "301", "soon"):
        exchange = account.get(f"{CALLS}/{over['id']}?wait=true&timeout={timeout}")
        ctx.expect_error(exchange, *UNPROCESSABLE, f"timeout={timeout}")


@claim(
    "AGP-CALL-4",
    "A call goes out from the agent's first number, or from fromNumberId, which must be the agent's.",
    needs=CTL,
)
def whose_number_calls(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = new_agent(account)
    ctx.expect_error(place(account, agent, systemPrompt=PROMPT), *NO_NUMBER, "a call of an agent without a number")
    first, second = (new_number(account, agentId=agent["id"]) for _ in range(2))
    foreign = new_number(account)
    for body, number in (({}, first), ({"fromNumberId": second["id"]}, second), ({"fromNumberId": None}, first)):
        call = thing_in(place(account, agent, systemPrompt=PROMPT, **body), "call")
        expected = {"phoneNumberId": number["id"], "fromNumber": number["phoneNumber"], "toNumber": FAR}
        ctx.expect_fields(call, expected, f"a call with {body}")
    before = len(listed(account, CALLS))
    for id_ in (foreign["id"], "num_000000000000"):
        exchange = place(account, agent, systemPrompt=PROMPT, fromNumberId=id_)
        ctx.expect_error(exchange, *NO_NUMBER, f"a call from {id_}, which is not the agent's")
    unknown = place(account, {"id": UNKNOWN_AGENT}, systemPrompt=PROMPT)
    ctx.expect_error(unknown, *NOT_FOUND, "a call of an unknown agent")
    for to in ("4155550177", "+0155550177", "someone", ""):
        ctx.expect_error(place(account, agent, to, systemPrompt=PROMPT), *INVALID, f"a call to {to!r}")
    ctx.expect_equal(len(listed(account, CALLS)), before, "the count of calls after that")


@claim(
    "AGP-CALL-5",
    "With systemPrompt a built-in model speaks and no webhook is asked, whatever the agent's mode; variables "
    "fill the {{names}} of the greeting.",
    needs=CTL,
)
def a_prompt_makes_a_call_hosted(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, _ = desk(account, voiceMode="webhook")
    ctx.expect_error(place(account, agent), 400, "", "a call by webhook where there is none")
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
    spoken = " ".join(spoken_in(exchange.json()))
    ctx.expect_equal(heard_by(inbox), [], "the turns that a webhook was asked in a call with a prompt", exchange)
    for words in ("Hello Robin, this is the bakery.", "Thank you.", "Goodbye."):
        ctx.expect(words in spoken, f"what was said: expected {words!r} in it, got {spoken!r}", exchange)


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
        cost, expected = before - account.balance(), rate * seconds / 60
        ctx.expect(
            abs(cost - expected) < Decimal("0.0001"),
            f"{seconds} s {'with a prompt' if body else 'by webhook'}: expected ${expected:.4f}, got ${cost}",
        )
    before = account.balance()
    new_call(account, agent, systemPrompt=PROMPT, script={"end": "busy"})
    account.advance(HOUR)
    ctx.expect_equal(account.balance(), before, "the balance after a call that was busy")
    account.fund(f"-{account.balance()}")
    calls = len(listed(account, CALLS))
    ctx.expect_error(place(account, agent, systemPrompt=PROMPT), *NO_MONEY, "a call without money")
    ctx.expect_equal(len(listed(account, CALLS)), calls, "the count of calls after that")


@claim(
    "AGP-CALL-7",
    "A web call gives an id and an access token; it is of type web and not pstn.",
    needs=CTL,
)
def web_calls(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = new_agent(account)
    path = f"{CALLS}/web"
    more = {"metadata": {"page": "/contact"}, "variables": {"name": "Robin"}}
    exchange = account.post(path, {"agentId": agent["id"], **more})
    body = body_of(exchange)
    ctx.expect_success(exchange, "a web call", stop=True)
    held = bool(body.get("id") and body.get("accessToken"))
    ctx.expect(held, f"a web call: expected an id and an access token, got {body}", exchange, stop=True)
    other = account.post(path, {"agentId": agent["id"]}).json()
    ctx.expect(
        other["accessToken"] != body["accessToken"] and other["id"] != body["id"],
        "a second web call: expected an id and a token of its own",
        exchange,
    )
    web = sorted(ids(listed(account, CALLS, type="web")))
    ctx.expect_equal(web, sorted((body["id"], other["id"])), "calls of type web")
    ctx.expect_equal(listed(account, CALLS, type="pstn"), [], "calls of type pstn")
    ctx.expect_equal(fetched(account, CALLS, body["id"])["direction"], "web", "its direction")
    unknown = account.post(path, {"agentId": UNKNOWN_AGENT})
    ctx.expect_error(unknown, *NOT_FOUND, "a web call of an unknown agent")
    ctx.expect_error(account.post(path, {}), *UNPROCESSABLE, "a web call of no agent")


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
    expected = {
        "agentId": agent["id"],
        "phoneNumberId": number["id"],
        "phoneNumber": number["phoneNumber"],
        "fromNumber": PERSON,
        "toNumber": number["phoneNumber"],
        "direction": "inbound",
        "status": "completed",
        "durationSeconds": 20,
    }
    ctx.expect_fields(call, expected, "a call that came in", exchange)
    for path in (CALLS, f"{NUMBERS}/{number['id']}/calls", f"{AGENTS}/{agent['id']}/calls"):
        ctx.expect_equal(ids(listed(account, path)), [id_], path)
    over = [inner(event).get("callId") for event in events_in(inbox, "agent.call_ended")]
    ctx.expect_equal(over, [id_], "the calls of agent.call_ended", *inbox.received)
    missed = ring(account, number, end="no_answer")
    account.advance(HOUR)
    shown = fetched(account, CALLS, missed)
    ctx.expect_equal(shown["status"], "no-answer", "the status of a call that no one answered")

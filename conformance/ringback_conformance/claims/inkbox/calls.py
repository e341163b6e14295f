"""Probes for "Calls" that take no agent's socket: placing, listing, hanging up, hosted agents."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, SPEND
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.shapes import newest_first
from ringback_conformance.claims.inkbox.steps import (
    AGENT,
    CALLS,
    DAY,
    FAR,
    MINUTE,
    NUMBERS,
    PERSON,
    PHONE,
    PLACE,
    SECOND_FAR,
    agent_of,
    at,
    call_of,
    hook,
    hosted,
    ids,
    listed,
    made,
    new_number,
    own_number,
    place,
    refused,
    ring,
    rows,
    scripted_call,
    settle,
    shared_number,
    socket,
    thing_in,
    told,
    transcript_of,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Calls · Place call", Basis.SDK)
calls_claim = CATALOGUE.section("Calls")
update_claim = CATALOGUE.section("Phone Numbers · Update phone number", Basis.SDK)

CALLS_A_DAY = MINUTES_A_DAY = 100
"""Page "Place call", and the vendor's documentation: in any 24 hours."""
FEW = 5
"""Limits of accounts with which a probe goes past them; that they are 100 otherwise is what `rate_limit` tells."""
RATE_HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
TURNS = (
    "caller: Hello, is this the front desk?",
    "agent: It is.",
    "caller: A table for two, please.",
    "agent: Gladly.",
)


def rate_of(exchange: Exchange) -> dict[str, Any]:
    """The `rate_limit` of a call that was placed."""
    found = thing_in(exchange, "call").get("rate_limit")
    if not isinstance(found, dict):
        raise Inconclusive(f"the call has no rate_limit: {exchange}")
    return found


def adds_up(limit: dict[str, Any]) -> bool:
    """Whether used and remaining make the limit."""
    calls = limit.get("calls_used", 0) + limit.get("calls_remaining", 0)
    minutes = limit.get("minutes_used", 0) + limit.get("minutes_remaining", 0)
    return bool(calls == limit.get("calls_limit") and abs(minutes - limit.get("minutes_limit", 0)) < 0.02)


@claim(
    "INK-CALL-1",
    "A call can be placed; `rate_limit` agrees with what was placed, and past 100 calls or minutes in 24 h it is 429.",
    needs=SPEND,
    basis=Basis.DOC,
    sends=(Send("POST", PLACE, 1, 100, "a call to a number kept for fiction"),),
    shares=("number",),
)
def calls_placed(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        account = ctx.default_account()
        exchange = place(account, shared_number(ctx, account), ctx.run_context.destination or FAR)
        ctx.expect(made(exchange) and adds_up(rate_of(exchange)), f"a call: got {exchange}", exchange)
        ctx.not_covered("the limits, and what is left after several calls")
        return
    account = ctx.account()
    number = new_number(account)
    account.script({"kind": "call"}, end="no_answer")
    exchange = place(account, number)
    call = thing_in(exchange, "call")
    wanted = {
        "direction": "outbound",
        "local_phone_number": number["number"],
        "remote_phone_number": FAR,
        "client_websocket_url": socket(account),
        "status": "initiated",
    }
    wrong = {name: call.get(name) for name, value in wanted.items() if call.get(name) != value}
    ctx.check_(exchange.status == 200 and not wrong, f"a call that was placed: got {wrong or exchange}", exchange)
    limit = rate_of(exchange)
    first = {"calls_used": 1, "calls_limit": CALLS_A_DAY, "minutes_limit": MINUTES_A_DAY, "minutes_used": 0}
    wrong = {name: limit.get(name) for name, value in first.items() if limit.get(name) != value}
    ctx.expect(not wrong and adds_up(limit), f"rate_limit of the first call: expected {first}, got {limit}", exchange)
    account.advance(MINUTE)
    scripted_call(account, number, duration=150)
    second = hosted(account, number)
    limit = rate_of(second)
    ctx.expect(
        limit["calls_used"] == 3 and abs(limit["minutes_used"] - 2.5) < 0.05 and adds_up(limit),
        f"rate_limit after three calls and 2.5 minutes: got {limit}",
        second,
    )
    account.advance(10 * MINUTE)
    _past_the_calls(ctx)
    _past_the_minutes(ctx)


def _past_the_calls(ctx: ProbeContext) -> None:
    account = ctx.account(calls_per_day=FEW)
    number = new_number(account)
    for place_ in range(FEW):
        last = hosted(account, number)
        left = rate_of(last)["calls_remaining"]
        ctx.expect(left == FEW - 1 - place_, f"call {place_ + 1} of {FEW}: expected the rest left, got {left}", last)
    over = hosted(account, number)
    refused(ctx, over, 429, "a call past the limit")
    _told_to_wait(ctx, over)
    ctx.expect(len(listed(account, at(number, "/calls"))) == FEW, "after that: expected no call more", over)
    account.advance(DAY + 1)
    again = hosted(account, number)
    ctx.expect(again.status == 200, f"24 hours later: expected 200, got {again}", again)


def _told_to_wait(ctx: ProbeContext, exchange: Exchange) -> None:
    after = exchange.response_header("retry-after") or ""
    headers = {name: exchange.response_header(name) for name in RATE_HEADERS}
    ctx.expect(
        after.isdigit() and 0 < int(after) <= DAY and all((value or "").isdigit() for value in headers.values()),
        f"the refusal: expected Retry-After and {', '.join(RATE_HEADERS)}, got {after!r} and {headers}",
        exchange,
    )
    ctx.expect(
        headers["x-ratelimit-limit"] == str(FEW) and headers["x-ratelimit-remaining"] == "0",
        f"X-RateLimit-Limit and -Remaining: expected {FEW} and 0, got {headers}",
        exchange,
    )


def _past_the_minutes(ctx: ProbeContext) -> None:
    account = ctx.account(call_minutes_per_day=FEW)
    number = new_number(account)
    account.script({"kind": "call"}, answer_after=1, duration=FEW * MINUTE, turns=[])
    first = hosted(account, number)
    ctx.precondition(made(first), f"no call of {FEW} minutes: {first}")
    account.advance(FEW * MINUTE + MINUTE)
    refused(ctx, hosted(account, number), 429, "a call past the minutes")
    account.advance(DAY)
    again = hosted(account, number)
    ctx.expect(again.status == 200, f"24 hours later: expected 200, got {again}", again)


def is_call_list(exchange: Exchange, _: Known) -> bool:
    """A list of calls."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.status == 200
        and exchange.route.endswith("/calls")
    )


@CATALOGUE.invariant("INK-CALL-2", is_call_list)
def calls_come_newest_first(exchange: Exchange, _: Known) -> str | None:
    found = exchange.json()
    return newest_first(found) if isinstance(found, list) else "the calls are no bare array"


@calls_claim(
    "INK-CALL-2",
    "Calls are listed newest first and shown, with transcripts ordered by `seq`, in both path layouts over "
    "one store; a call can be hung up, and one that has ended is then 409.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", f"{NUMBERS}/{{id}}/calls", 6),
    ),
)
def calls_in_both_layouts(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = own_number(ctx, account)
    if ctx.emulated:
        settle(account, number, incoming_call_action="hosted_agent")
        made_ = [
            scripted_call(account, number, *TURNS),
            ring(account, number, "Hello?"),
            scripted_call(account, number, to=SECOND_FAR),
        ]
        account.advance(10 * MINUTE)
    exchange = account.get(at(number, "/calls"))
    found = rows(exchange)
    ctx.precondition(bool(found), "the number has no calls")
    if ctx.emulated:
        ctx.expect(
            ids(found) == made_[::-1], f"the calls of a number: expected the newest first, got {len(found)}", exchange
        )
    alike = account.get(f"{CALLS}?agent_identity_id={number['agent_identity_id']}")
    ctx.expect(alike.json() == found, f"the other layout: expected the same calls, got {alike}", exchange, alike)
    for call in found[:3]:
        one, other = (account.get(f"{place_}/{call['id']}") for place_ in (at(number, "/calls"), CALLS))
        ctx.expect(one.json() == call == other.json(), f"one call in both layouts: got {one}, {other}", one, other)
        said = [account.get(f"{place_}/{call['id']}/transcripts") for place_ in (at(number, "/calls"), CALLS)]
        ctx.expect(
            said[0].status == 200 and said[0].json() == said[1].json(),
            f"one transcript in both layouts: got {said[0]}, {said[1]}",
            *said,
        )
        _in_order(ctx, said[0], str(call["id"]))
    if not ctx.emulated:
        ctx.not_covered("hanging up")
        return
    spoken = [text.split(": ", 1)[1] for text in TURNS]
    heard = [text for _, text in transcript_of(account, made_[0])]
    ctx.expect(heard == spoken, f"what was said: expected {spoken}, got {heard}")
    _elsewhere(ctx, account, made_[0])
    _hung_up(ctx, account, number)


def _in_order(ctx: ProbeContext, exchange: Exchange, call: str) -> None:
    segments = rows(exchange)
    places = [row.get("seq") for row in segments]
    times = [row.get("ts_ms") for row in segments]
    ctx.expect(
        places == sorted(set(places), key=places.index) == sorted(places, key=lambda each: each or 0)
        and times == sorted(times, key=lambda each: each or 0)
        and all(row.get("call_id") == call for row in segments),
        f"a transcript: expected seq and ts_ms to rise, got {places} and {times}",
        exchange,
    )


def _elsewhere(ctx: ProbeContext, account: Account, call: str) -> None:
    other = new_number(account, "back-office")
    refused(ctx, account.get(f"{at(other, '/calls')}/{call}"), 404, "a call under another number")
    refused(ctx, account.get(f"{at(other, '/calls')}/{call}/transcripts"), 404, "its transcript there")
    ctx.expect(listed(account, at(other, "/calls")) == [], "the calls of another number: expected none")


def _hung_up(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    account.script({"kind": "call"}, answer_after=1, duration=3_600, turns=[])
    call = thing_in(hosted(account, number), "call")
    account.advance(MINUTE)
    ctx.precondition(call_of(account, str(call["id"])).get("status") == "answered", "the call was not answered")
    exchange = account.post(f"{CALLS}/{call['id']}/hangup")
    ctx.expect(exchange.status == 200, f"hanging up: expected 200, got {exchange}", exchange)
    account.advance(5)
    ended = call_of(account, str(call["id"]))
    ctx.expect(
        ended.get("status") == "completed" and ended.get("hangup_reason") == "local" and bool(ended.get("ended_at")),
        f"a call that was hung up: it is {ended.get('status')}, {ended.get('hangup_reason')}",
        exchange,
    )
    refused(ctx, account.post(f"{CALLS}/{call['id']}/hangup"), 409, "hanging up what has ended")


@claim(
    "INK-CALL-8",
    "A hosted agent's call needs a reason and no socket, shows both, and does on a voicemail what was asked for.",
    needs=CTL,
)
def calls_of_a_hosted_agent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    reason = "Ask whether the table is still wanted."
    bad: tuple[dict[str, Any], ...] = (
        {"mode": "hosted_agent"},
        {"mode": "hosted_agent", "reason": reason, "client_websocket_url": socket(account)},
        {"reason": reason},
        {"mode": "hosted_agent", "reason": reason, "voicemail_message": "x" * 1001},
        {"mode": "hosted_agent", "reason": reason, "on_voicemail": "hang_up", "voicemail_message": "Call us."},
        {"mode": "hosted_agent", "reason": reason, "on_voicemail": "ignore", "voicemail_detection": "enabled"},
        {"hosted_agent_authority_mode": "yolo"},
    )
    for fields in bad:
        refused(ctx, place(account, number, **fields), 422, f"a call with {str(fields)[:80]}")
    ctx.expect(listed(account, at(number, "/calls")) == [], "after that: expected no call")
    for asked, kept in (
        ({}, "leave_message"),
        ({"on_voicemail": "hang_up"}, "hang_up"),
        ({"on_voicemail": "ignore"}, "ignore"),
    ):
        account.script({"kind": "call"}, answer_after=1, voicemail="Please leave a message.")
        exchange = place(account, number, mode="hosted_agent", reason=reason, **asked)
        call = thing_in(exchange, "call")
        shown = {name: call.get(name) for name in ("mode", "reason", "on_voicemail", "client_websocket_url")}
        wanted = {"mode": "hosted_agent", "reason": reason, "on_voicemail": kept, "client_websocket_url": None}
        ctx.expect(shown == wanted, f"a hosted agent's call: expected {wanted}, got {shown}", exchange)
        account.advance(5 * MINUTE)
        ended = call_of(account, str(call["id"]))
        hangup = ended.get("hangup_reason")
        ctx.expect(
            (hangup == "voicemail") is (kept != "ignore"),
            f"a machine that answers, and {kept}: hangup_reason is {hangup!r}",
            exchange,
        )
        local = [text for party, text in transcript_of(account, str(call["id"])) if party == "local"]
        ctx.expect(
            bool(local) is (kept == "leave_message"),
            f"a machine that answers, and {kept}: the agent said {local}",
            exchange,
        )


@calls_claim(
    "INK-CALL-11",
    "The tools that a hosted agent uses are on record as they begin and end, and what it left to be done is "
    "shown, and told by `call.ended`, when the call is over.",
    needs=CTL,
    basis=Basis.SDK,
)
def work_of_a_hosted_agent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    settle(account, number, incoming_call_action="hosted_agent")
    _, inbox = hook(ctx, account, number, "call.ended")
    work = {
        "tool_invocations": [
            {"tool_name": "send_text", "at": 20, "takes": 4, "status": "failed"},
            {"tool_name": "look_up", "at": 5, "takes": 2, "result": {"open_until": "18:00"}},
            {"tool_name": "never_used", "at": 50},
        ],
        "post_call_action_items": [{"action": "Call back", "details": "After six."}, {"action": "Send the menu"}],
    }
    id_ = ring(account, number, "Are you open?", answer_after=0, duration=30, analysis=work)
    path = f"{CALLS}/{id_}"
    for seconds, wanted in (
        (1, []),
        (5, [("look_up", "started", None, False)]),
        (15, [("look_up", "succeeded", {"open_until": "18:00"}, True), ("send_text", "started", None, False)]),
    ):
        account.advance(seconds)
        exchange = account.get(f"{path}/tool-invocations")
        ctx.expect(_used(exchange) == wanted, f"the tools: expected {wanted}, got {_used(exchange)}", exchange)
    ctx.expect(call_of(account, id_).get("post_call_action_items") == [], "items while the call goes on: expected none")
    account.advance(5 * MINUTE)
    exchange = account.get(f"{path}/tool-invocations")
    ends = [(each[0], each[1]) for each in _used(exchange)]
    wanted_ends = [("look_up", "succeeded"), ("send_text", "failed")]
    ctx.expect(ends == wanted_ends, f"the tools in the end: expected {wanted_ends}, got {ends}", exchange)
    page = account.get(f"{path}/tool-invocations?limit=1&offset=1")
    more = (page.json() or {}).get("has_more")
    ctx.expect(
        [each[0] for each in _used(page)] == ["send_text"] and more is not True,
        f"the second page of one: expected send_text and no more, got {_used(page)} and has_more {more}",
        page,
    )
    first = account.get(f"{path}/tool-invocations?limit=1")
    ctx.expect((first.json() or {}).get("has_more") is not False, "the first page of one: expected has_more", first)
    items = call_of(account, id_).get("post_call_action_items") or []
    left = [(each.get("seq"), each.get("action"), each.get("details"), each.get("status")) for each in items]
    wanted_items = [(1, "Call back", "After six.", "open"), (2, "Send the menu", None, "open")]
    ctx.expect(left == wanted_items, f"what is left to be done: expected {wanted_items}, got {left}")
    events = [event["data"].get("post_call_action_items") for event in told(inbox, "call.ended")]
    ctx.precondition(bool(events), "no call.ended came")
    ctx.expect(events == [items] * len(events), f"call.ended: expected the same items, got {events}")


def _used(exchange: Exchange) -> list[tuple[Any, ...]]:
    """Name, status, result and whether it is completed, of each tool that was used."""
    body = exchange.json()
    found = body.get("items") if isinstance(body, dict) else None
    return [
        (each.get("tool_name"), each.get("status"), each.get("result"), each.get("completed_at") is not None)
        for each in found or ()
    ]


@update_claim(
    "INK-CALL-9",
    "A forwarded call shows where it was passed on to and how far that came.",
    needs=CTL,
)
def calls_passed_on(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    refused(ctx, account.patch(at(number), {"incoming_call_action": "forward"}), 422, "forward without a target")
    settle(
        account,
        number,
        incoming_call_action="forward",
        forwarding_target_type="phone",
        forwarding_phone_number=SECOND_FAR,
    )
    for end, status in (("completed", "forwarded"), ("no_answer", "failed")):
        id_ = ring(account, number, end=end, duration=30 if end == "completed" else None)
        account.advance(5 * MINUTE)
        call = call_of(account, id_)
        passed = call.get("forwardings") or [{}]
        wanted = {"status": status, "target_type": "phone", "target": SECOND_FAR, "trigger": "incoming_action"}
        wrong = {name: passed[0].get(name) for name, value in wanted.items() if passed[0].get(name) != value}
        ctx.expect(not wrong and len(passed) == 1, f"a call passed on, {end}: expected {wanted}, got {wrong}")
        joined = (call.get("connections") or [{}])[0]
        ctx.expect(
            joined.get("kind") == "handoff"
            and joined.get("status") == ("connected" if end == "completed" else "failed"),
            f"its connection: got {joined.get('kind')}, {joined.get('status')}",
        )
        ctx.expect(
            bool(passed[0].get("forwarded_at")) is (end == "completed"), "forwarded_at: of those that were taken"
        )
    sip = {
        "forwarding_target_type": "sip",
        "forwarding_sip_uri": "sip:desk@pbx.example.com",
        "forwarding_phone_number": None,
    }
    shown = settle(account, number, **sip)
    ctx.expect(shown.get("forwarding_sip_uri") == sip["forwarding_sip_uri"], f"a SIP target: got {shown}")
    for target in ("desk", "sip:desk", "sip:desk@localhost"):
        refused(ctx, account.patch(at(number), {"forwarding_sip_uri": target}), 422, f"the SIP target {target!r}")


@claim(
    "INK-CALL-10",
    "A calling number that is not one's own is answered 400; the socket is the number's own when none is named.",
    needs=CTL,
)
def which_number_and_socket_a_call_takes(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    for stranger in (PERSON, new_number(ctx.default_account())["number"]):
        exchange = place(account, number, from_number=stranger)
        refused(ctx, exchange, 400, "a calling number of somebody else's")
    bare = account.post(PLACE, {"from_number": number["number"], "to_number": FAR})
    refused(ctx, bare, 422, "a call without any socket")
    refused(
        ctx,
        account.post(PLACE, {"to_number": FAR, "client_websocket_url": socket(account)}),
        422,
        "a call from nowhere",
    )
    refused(ctx, place(account, number, str(number["number"])), 422, "a call to itself")
    ctx.expect(listed(account, at(number, "/calls")) == [], "after that: expected no call")
    settle(account, number, client_websocket_url=socket(account))
    for asked, body in (
        (account, {"from_number": number["number"], "to_number": FAR}),
        (account, {"agent_identity_id": number["agent_identity_id"], "to_number": FAR}),
        (agent_of(account, number), {"to_number": FAR, "webhook_url": "https://x.example"}),
    ):
        exchange = asked.post(PLACE, body)
        call = exchange.json() or {}
        held = (
            call.get("client_websocket_url") == socket(account) and call.get("local_phone_number") == number["number"]
        )
        ctx.expect(
            exchange.status == 200 and held,
            f"a call with {sorted(body)}: expected the number's own socket and number, got {exchange}",
            exchange,
        )
    other = f"{socket(account)}/other"
    named = place(account, number, client_websocket_url=other).json() or {}
    ctx.expect(
        named.get("client_websocket_url") == other, f"a socket that is named: got {named.get('client_websocket_url')}"
    )


@claim(
    "INK-VOICE-1",
    "A hosted agent has a voice of the catalogue, instructions replaced as a whole, and an authority that "
    "only an administrator changes.",
    needs=CTL,
)
def what_a_hosted_agent_is(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    identity = str(number["agent_identity_id"])
    agent = agent_of(account, number)
    catalog = thing_in(account.get(f"{PHONE}/hosted-agent-voices"), "voices")
    voices = catalog.get("voices") or []
    usual = catalog.get("default_voice")
    ctx.expect(
        usual in [each.get("id") for each in voices], f"default_voice: expected one of the voices, got {usual!r}"
    )
    free = [each["id"] for each in voices if each.get("available") and each.get("id") != usual]
    ctx.precondition(bool(free), "there is no voice to choose")
    put = {"agent_identity_id": identity, "voice": free[0], "instructions": "Be brief."}
    exchange = account.request("PUT", AGENT, json=put)
    for asked, path in ((account, f"{AGENT}?agent_identity_id={identity}"), (agent, AGENT)):
        seen = asked.get(path).json() or {}
        got = {name: seen.get(name) for name in put} | {"effective_voice": seen.get("effective_voice")}
        ctx.expect(got == {**put, "effective_voice": free[0]}, f"a chosen voice: got {got}", exchange)
    refused(ctx, account.request("PUT", AGENT, json={**put, "voice": "unheard-of"}), 422, "an unknown voice")
    shut = [each["id"] for each in voices if not each.get("available")]
    for voice in shut[:1]:
        refused(ctx, account.request("PUT", AGENT, json={**put, "voice": voice}), 422, "a voice one may not use")
    refused(ctx, account.request("PUT", AGENT, json={"voice": free[0]}), 422, "an administrator who names no identity")
    kept = (account.get(f"{AGENT}?agent_identity_id={identity}").json() or {}).get("voice")
    ctx.expect(kept == free[0], f"after that: expected the voice to stay, it is {kept!r}")
    cleared = account.request("PUT", AGENT, json={"agent_identity_id": identity, "voice": free[0]})
    seen = cleared.json() or {}
    ctx.expect(
        seen.get("instructions") is None,
        f"instructions left out: expected none, got {seen.get('instructions')!r}",
        cleared,
    )
    bare = account.request("PUT", AGENT, json={"agent_identity_id": identity}).json() or {}
    ctx.expect(
        bare.get("voice") is None and bare.get("effective_voice") == usual, f"a voice left out: got {bare}", cleared
    )
    wider = {"agent_identity_id": identity, "authority_mode": "yolo"}
    refused(ctx, agent.request("PUT", f"{AGENT}/authority-mode", json=wider), 403, "an authority set by an agent's key")
    fields = {"mode": "hosted_agent", "reason": "x", "hosted_agent_authority_mode": "yolo"}
    refused(ctx, place(agent, number, **fields), 403, "a call with more authority than was given")
    wide = account.request("PUT", f"{AGENT}/authority-mode", json=wider)
    mode = (wide.json() or {}).get("authority_mode")
    ctx.expect(wide.status == 200 and mode == "yolo", f"an authority: expected yolo, got {mode!r} ({wide})", wide)
    call = hosted(account, number).json() or {}
    ctx.expect(
        call.get("hosted_agent_authority_mode") == "yolo",
        f"a call that says nothing: expected the agent's authority, got {call.get('hosted_agent_authority_mode')!r}",
        wide,
    )

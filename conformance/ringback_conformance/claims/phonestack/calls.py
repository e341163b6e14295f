"""Probes and invariants for "Calls API", and for calls that are triggered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from ringback_conformance import mp3
from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.shapes import calls_in, odd_call, odd_turns, stamp
from ringback_conformance.claims.phonestack.steps import (
    ANALYSIS,
    CALLS,
    HOUR,
    NOBODY,
    PROFILES,
    TRIGGER,
    act,
    data,
    everything,
    fetched,
    held_call,
    ids,
    inner,
    invalid,
    listed,
    made,
    missed_call,
    new_contact,
    new_field,
    new_profile,
    phone,
    refused,
    thing_in,
    trigger,
    with_campaign,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

call_list_claim = CATALOGUE.section("Calls API: List Calls")
call_claim = CATALOGUE.section("Calls API: Call Response")
claim = CATALOGUE.section("Calls API")
extract_claim = CATALOGUE.section("Profiles API: Profile Extract Fields")

TURNS = [
    {"speaker": "agent", "text": "Hello, you asked us about a consultation.", "at": 0},
    {"speaker": "caller", "text": "Yes, would Thursday do?", "at": 4.5},
    {"speaker": "agent", "text": "Thursday at ten it is.", "at": 9},
]
SHORT: dict[str, Any] = {"turns": [{"speaker": "agent", "text": "Hi."}]}
"""A call of a word, where its sound is to be fetched and nobody listens."""
LASTS = HOUR
"""Page "Calls API": a recording's address expires in one hour."""
Case = tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]


@call_list_claim(
    "PST-CALL-1",
    "The list narrows by campaign, disposition, status, direction, contact, time, duration, meeting; together too.",
    needs=CTL,
)
def calls_filtered(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, contacts=[{"phone": phone(1)}], calls_per_minute=60)
    profile = new_profile(account)
    account.script({"to": phone(1)}, duration=40, analysis={**ANALYSIS, "meeting_booked": False})
    act(account, campaign, "start")
    account.advance(HOUR)
    known = new_contact(account, phone(2))
    held_call(account, profile, phone(2), 90)
    cold = {**ANALYSIS, "disposition": "not_interested", "sentiment": "negative", "meeting_booked": False}
    account.advance(HOUR)
    held_call(account, profile, phone(3), 40, script={"analysis": cold})
    account.advance(HOUR)
    missed_call(account, profile, phone(2), "busy")
    account.advance(HOUR)
    thing_in(trigger(account, profile, phone(4), script={"answer_after": 2, "duration": 600}), "call")
    account.advance(30)
    every = everything(account, CALLS)
    ctx.precondition(len(every) == 5, f"five calls were made, and {len(every)} are listed")
    began = every[2]["created_at"]
    cases: list[Case] = [
        ({"campaign_id": campaign["id"]}, lambda call: call["campaign_id"] == campaign["id"]),
        ({"disposition": "hot_lead"}, lambda call: _judged(call) == "hot_lead"),
        ({"disposition": "not_interested"}, lambda call: _judged(call) == "not_interested"),
        ({"disposition": "nobody_said_so"}, lambda call: False),
        *(
            ({"status": status}, lambda call, status=status: call["status"] == status)
            for status in ("completed", "busy", "in_progress", "failed")
        ),
        ({"direction": "outbound"}, lambda call: True),
        ({"direction": "inbound"}, lambda call: False),
        ({"contact_id": known["id"]}, lambda call: call["contact_id"] == known["id"]),
        ({"since": began}, lambda call: call["created_at"] >= began),
        ({"until": began}, lambda call: call["created_at"] < began),
        ({"since": every[3]["created_at"], "until": began}, lambda call: call["id"] == every[3]["id"]),
        ({"min_duration": 40}, lambda call: call["talk_duration_seconds"] >= 40),
        ({"min_duration": 41}, lambda call: call["talk_duration_seconds"] >= 41),
        ({"has_meeting": "true"}, _met),
        ({"has_meeting": "false"}, lambda call: not _met(call)),
        ({"disposition": "hot_lead", "has_meeting": "true"}, lambda call: _judged(call) == "hot_lead" and _met(call)),
        (
            {"contact_id": known["id"], "status": "busy", "direction": "outbound"},
            lambda call: call["contact_id"] == known["id"] and call["status"] == "busy",
        ),
        ({"campaign_id": campaign["id"], "min_duration": 41}, lambda call: False),
    ]
    for query, fits in cases:
        exchange = account.get(f"{CALLS}?{urlencode(query)}")
        wanted = [call["id"] for call in every if fits(call)]
        seen = ids(data(exchange))
        ctx.expect(seen == wanted, f"calls with {query}: expected {len(wanted)}, got {len(seen)}", exchange)
    _filters_that_will_not_do(ctx, account)


def _filters_that_will_not_do(ctx: ProbeContext, account: Account) -> None:
    for name, value in (
        ("direction", "sideways"),
        ("since", "yesterday"),
        ("min_duration", "long"),
        ("has_meeting", "maybe"),
    ):
        invalid(ctx, account.get(f"{CALLS}?{name}={value}"), f"calls with {name}={value}")


def _judged(call: dict[str, Any]) -> Any:
    return (call["analysis"] or {}).get("disposition")


def _met(call: dict[str, Any]) -> bool:
    return (call["analysis"] or {}).get("meeting_booked") is True


@call_list_claim(
    "PST-CALL-2",
    "`include` embeds transcript and contact, each only where it is asked for.",
    needs=CTL,
)
def calls_with_what_belongs_to_them(ctx: ProbeContext) -> None:
    account = ctx.account()
    profile = new_profile(account)
    contact = new_contact(account, phone(1), first_name="Dana")
    call = held_call(account, profile, phone(1), 20, script={"turns": TURNS, "duration": 20})
    stranger = held_call(account, profile, phone(2), 5)
    said = inner(account.get(f"{CALLS}/{call['id']}/transcript")).get("transcript")
    for include, wanted in (
        ("transcript", {"transcript"}),
        ("contact", {"contact"}),
        ("transcript,contact", {"transcript", "contact"}),
        ("contact,transcript", {"transcript", "contact"}),
        ("", set()),
    ):
        query = f"?include={include}" if include else ""
        for path in (CALLS, f"{CALLS}/{call['id']}"):
            exchange = account.get(path + query)
            shown = inner(exchange)
            one = next(each for each in shown if each["id"] == call["id"]) if isinstance(shown, list) else shown
            there = {name for name in ("transcript", "contact") if name in one}
            ctx.expect(there == wanted, f"{path}{query}: expected {sorted(wanted)}, got {sorted(there)}", exchange)
            if "transcript" in one:
                ctx.expect(one["transcript"] == said, f"{path}{query}: expected the call's transcript", exchange)
            if "contact" in one:
                whole = fetched(account, "/api/v1/contacts", contact["id"])
                ctx.expect(one["contact"] == whole, f"{path}{query}: expected the call's contact", exchange)
    alone = account.get(f"{CALLS}/{stranger['id']}?include=contact")
    ctx.expect(inner(alone).get("contact", ...) is None, "a call with nobody known: expected contact null", alone)
    invalid(ctx, account.get(f"{CALLS}?include=everything"), "include=everything")


def shows_calls(exchange: Exchange, _: Known) -> bool:
    """An answer with calls."""
    return (
        exchange.kind is Kind.API
        and made(exchange)
        and exchange.route.startswith(CALLS)
        and any(True for _ in calls_in(exchange.json()))
    )


@CATALOGUE.invariant("PST-CALL-3", shows_calls, whole=True)
def a_call_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    odd = next((odd for call in calls_in(exchange.json()) if (odd := odd_call(call))), None)
    return f"{exchange.method} {exchange.path}: {odd}" if odd else None


@call_claim(
    "PST-CALL-3",
    "A call is as documented; its costs add up, and its analysis is there once it is completed.",
    needs=READ,
    sends=(
        Send("GET", CALLS, 1),
        Send("GET", f"{CALLS}/{{id}}", 3),
    ),
)
def calls_looked_at(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        for call in listed(account, CALLS)[:3]:
            odd = odd_call(fetched(account, CALLS, call["id"]))
            ctx.expect(odd is None, f"a call: {odd or 'as documented'}")
        return
    profile = new_profile(account)
    contact = new_contact(account, phone(1))
    tools = [{"tool": "check_availability", "status": "success"}, {"tool": "request_meeting", "status": "success"}]
    analysis = {**ANALYSIS, "ai_confidence_score": 92, "tool_executions": tools, "transferred_to": phone(9)}
    call = held_call(account, profile, phone(1), 154, script={"analysis": analysis})
    odd = odd_call(call)
    ctx.check_(odd is None, f"a call: {odd or 'as documented'}")
    wanted = {
        "contact_id": contact["id"],
        "campaign_id": None,
        "status": "completed",
        "direction": "outbound",
        "to_number": phone(1),
        "talk_duration_seconds": 154,
        "transferred_to": phone(9),
        "tool_executions": tools,
    }
    wrong = {name: call.get(name) for name, value in wanted.items() if call.get(name) != value}
    ctx.expect(not wrong, f"a call that was held: expected {wanted}, got {wrong}")
    found = {name: call["analysis"].get(name) for name in (*ANALYSIS, "ai_confidence_score")}
    ctx.expect(
        found == {**ANALYSIS, "ai_confidence_score": 92}, f"its analysis: expected {ANALYSIS} and 92, got {found}"
    )
    ctx.expect(call["cost_cents"] > 0, f"its cost: expected some cents, got {call['cost_cents']}")
    other = held_call(account, profile, phone(2), 600)
    ctx.expect(other["cost_cents"] > call["cost_cents"], "a longer call: expected it to cost more")
    for end in ("no_answer", "busy", "failed"):
        missed = missed_call(account, profile, phone(3), end)
        seen = (missed["status"], missed["talk_duration_seconds"], missed["analysis"])
        ctx.expect(seen == (end, 0, None), f"a call that ends as {end}: got status, duration and analysis {seen}")
    listing = listed(account, CALLS)
    ctx.expect(
        listing[-1] == fetched(account, CALLS, call["id"]), "a call in the list: expected what its own address shows"
    )


@claim(
    "PST-CALL-4",
    "The transcript alone: who said what, and when, in order.",
    needs=CTL,
)
def what_was_said(ctx: ProbeContext) -> None:
    account = ctx.account()
    profile = new_profile(account)
    call = held_call(account, profile, phone(1), 20, script={"turns": TURNS, "duration": 20})
    exchange = account.get(f"{CALLS}/{call['id']}/transcript")
    found = inner(exchange)
    said = found.get("transcript") if isinstance(found, dict) else None
    odd = odd_turns(said)
    ctx.check_(odd is None, f"a transcript: {odd or 'as documented'}", exchange)
    wanted = [(turn["text"], turn["at"]) for turn in TURNS]
    seen = [(turn["text"], turn["timestamp_seconds"]) for turn in said or ()]
    ctx.expect(seen == wanted, f"a transcript: expected {wanted}, got {seen}", exchange)
    speakers = [turn["speaker"] for turn in said or ()]
    ctx.expect(
        speakers[0] == speakers[2] == "agent" and speakers[1] != "agent",
        f"who spoke: expected the agent, somebody else, the agent, got {speakers}",
        exchange,
    )
    ctx.expect("cost_cents" not in found, "a transcript alone: expected no call around it", exchange)
    free = held_call(account, profile, phone(2), 30)
    drawn = inner(account.get(f"{CALLS}/{free['id']}/transcript")).get("transcript")
    ctx.expect(odd_turns(drawn) is None, f"a transcript nobody scripted: {odd_turns(drawn) or 'as documented'}")
    late = [turn for turn in drawn or () if turn["timestamp_seconds"] > free["talk_duration_seconds"]]
    ctx.expect(not late, f"turns after the end of the call: expected none, got {late}")
    missed = missed_call(account, profile, phone(3))
    none = account.get(f"{CALLS}/{missed['id']}/transcript")
    silent = none.status == 404 or inner(none).get("transcript") == []
    ctx.expect(silent, f"the transcript of a call that nobody took: expected none, got {none}", none)


def recording_of(account: Account, call: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path of a recording's signed address, and what was answered; Inconclusive where there is none."""
    exchange = account.get(f"{CALLS}/{call['id']}/recording")
    found = inner(exchange)
    base = account.ctx.run_context.transport.base_url
    url = found.get("url") if isinstance(found, dict) else None
    if not isinstance(url, str) or not url.startswith(f"{base}/"):
        raise Inconclusive(f"{url!r} is no address of {base}: {exchange}")
    return url.removeprefix(base), found


def tampered(path: str) -> tuple[str, ...]:
    """The same address for another time, with another signature, and without any."""
    longer = re.sub(r"expires=(\d+)", lambda found: f"expires={int(found[1]) + HOUR}", path)
    other = re.sub(r"sig=(.)", lambda found: f"sig={'1' if found[1] != '1' else '2'}", path)
    return longer, other, path.partition("?")[0]


@claim(
    "PST-CALL-5",
    "A recording has a signed address that works for an hour and then no more.",
    needs=CTL,
)
def addresses_of_recordings(ctx: ProbeContext) -> None:
    account = ctx.account()
    profile = new_profile(account)
    call = held_call(account, profile, phone(1), 1, script=SHORT)
    other = held_call(account, profile, phone(2), 1, script=SHORT)
    path, found = recording_of(account, call)
    ends = moment(found.get("expires_at"))
    now = moment(account.state()["now"])
    if ends is not None and now is not None:
        lasts = (ends - now).total_seconds()
        ctx.expect(abs(lasts - LASTS) <= 2, f"expires_at: expected an hour from now, it is {lasts:g} s")
    works = account.get(path, key=None)
    ctx.check_(works.status == 200, f"the address, without a key: expected 200, got {works}", works)
    for wrong in (*tampered(path), path.replace(call["id"], other["id"])):
        refused(ctx, account.get(wrong, key=None), (400, 401, 403, 404, 410), "an address that was tampered with")
    account.advance(LASTS - 60)
    early = account.get(path, key=None)
    ctx.expect(early.status == 200, f"the address after 59 minutes: expected 200, got {early}", early)
    account.advance(120)
    refused(ctx, account.get(path, key=None), (400, 401, 403, 404, 410), "the address after 61 minutes")
    fresh, _ = recording_of(account, call)
    again = account.get(fresh, key=None)
    ctx.expect(again.status == 200, f"a fresh address: expected 200, got {again}", again)
    missed = missed_call(account, profile, phone(3))
    for name in (missed["id"], NOBODY[CALLS]):
        exchange = account.get(f"{CALLS}/{name}/recording")
        refused(ctx, exchange, (404,), "the recording of a call that has none", "NOT_FOUND")


@extract_claim(
    "PST-CALL-6",
    "A triggered call dials; it extracts the profile's fields, or those that `extract` names for this call alone.",
    needs=CTL,
)
def calls_triggered(ctx: ProbeContext) -> None:
    account = ctx.account()
    new_field(account, "budget", "enum", options=["low", "high"], category="both")
    new_field(account, "timeline", "string", category="extraction")
    new_field(account, "visits", "number", category="extraction")
    profile = new_profile(account, extract_fields=["budget", "timeline"])
    began = trigger(account, profile, phone(1), script={"answer_after": 2, "duration": 30})
    ctx.check_(began.status == 201, f"a trigger: expected 201, got {began}", began)
    call = thing_in(began, "call")
    seen = (call["to_number"], call["direction"], call["campaign_id"])
    ctx.expect(seen == (phone(1), "outbound", None), f"a triggered call: got number, direction, campaign {seen}", began)
    ctx.expect(call["id"] in ids(listed(account, CALLS)), "a triggered call: expected it in the list at once", began)
    account.advance(3)
    under_way = fetched(account, CALLS, call["id"])["status"]
    ctx.expect(under_way == "in_progress", f"a call answered after 2 s, at 3 s: it is {under_way}", began)
    account.advance(120)
    ended = fetched(account, CALLS, call["id"])
    ctx.expect(ended["status"] == "completed", f"a call, when it is over: it is {ended['status']}", began)
    asked: tuple[tuple[dict[str, Any], set[str], str], ...] = (
        ({}, {"budget", "timeline"}, "the profile's"),
        ({"extract": ["visits"]}, {"visits"}, "those that extract names"),
        ({}, {"budget", "timeline"}, "the profile's again"),
    )
    for more, wanted, what in asked:
        found = extracted(held_call(account, profile, phone(1), 20, **more))
        ctx.expect(set(found) == wanted, f"what was extracted: expected {what}, {sorted(wanted)}, got {sorted(found)}")
        value = found.get("budget")
        ctx.expect(value in ("low", "high", None), f"an extracted enum: expected one of its options, got {value!r}")
        value = found.get("visits")
        ctx.expect(value is None or isinstance(value, int | float), f"an extracted number: got {value!r}")
    told = {**ANALYSIS, "extracted_fields": {"budget": "high", "timeline": "a month"}}
    scripted = extracted(held_call(account, profile, phone(1), 20, script={"analysis": told}))
    ctx.expect(
        scripted == told["extracted_fields"], f"what was said in the call: expected it extracted, got {scripted}"
    )
    account.patch(f"{PROFILES}/{profile['id']}", {"extract_fields": ["timeline"]})
    found = extracted(held_call(account, profile, phone(1), 20))
    ctx.expect(set(found) == {"timeline"}, f"after another extract_fields: expected timeline, got {sorted(found)}")
    given = thing_in(
        trigger(account, profile, phone(2), custom_fields={"crm_id": "A-1"}, script={"duration": 5}), "call"
    )
    ctx.expect(given.get("custom_fields") == {"crm_id": "A-1"}, "custom_fields of a trigger: expected them on the call")


def extracted(call: dict[str, Any]) -> dict[str, Any]:
    """What a call's analysis extracted; Inconclusive where it does not tell."""
    found = (call.get("analysis") or {}).get("extracted_fields")
    if not isinstance(found, dict):
        raise Inconclusive(f"a call that is {call.get('status')} tells no extracted fields")
    return found


BAD_TRIGGERS: tuple[dict[str, Any], ...] = (
    {},
    {"phone": phone(1)},
    {"profile_id": "", "phone": phone(1)},
    {"profile_id": 5, "phone": phone(1)},
)


BAD_PARTS: tuple[dict[str, Any], ...] = (
    {"extract": "x"},
    {"extract": ["nobody_defined_this"]},
    {"extract": [5]},
    {"custom_fields": []},
)


@extract_claim(
    "PST-CALL-7",
    "A trigger without a profile in use or a phone number is refused, and nobody is dialled.",
    needs=WRITE,
    basis=Basis.OURS,
    sends=(Send("POST", TRIGGER, 5, note="which is refused", risk=200),),
)
def triggers_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    unknown = account.post(TRIGGER, {"profile_id": NOBODY[PROFILES], "phone": phone(1)})
    refused(ctx, unknown, (400, 404, 422), "a trigger with a profile that does not exist")
    for body in BAD_TRIGGERS:
        refused(ctx, account.post(TRIGGER, body), (400, 404, 422), f"a trigger with {body}")
    if not ctx.emulated:
        ctx.not_covered("a profile that is archived, and phones that are none")
        return
    profile = new_profile(account)
    for bad in (None, "", "hello", "12", 5):
        invalid(ctx, account.post(TRIGGER, {"profile_id": profile["id"], "phone": bad}), f"a trigger to {bad!r}")
    invalid(ctx, account.post(TRIGGER, {"profile_id": profile["id"]}), "a trigger without a phone")
    for more in BAD_PARTS:
        invalid(ctx, trigger(account, profile, phone(1), **more), f"a trigger with {more}")
    put_away = new_profile(account, "Put away")
    account.delete(f"{PROFILES}/{put_away['id']}")
    refused(ctx, trigger(account, put_away, phone(1)), (400, 404, 409, 422), "a trigger with an archived profile")
    account.advance(HOUR)
    ctx.expect(not listed(account, CALLS), "calls after that: expected none")


@claim(
    "PST-CALL-8",
    "A recording is a real MP3, as long as the talk.",
    needs=CTL,
    basis=Basis.OURS,
)
def recordings_played(ctx: ProbeContext) -> None:
    account = ctx.account()
    profile = new_profile(account)
    for seconds in (2, 7):
        call = held_call(account, profile, phone(seconds), seconds, script=SHORT)
        path, found = recording_of(account, call)
        ctx.expect(stamp(found.get("expires_at")), f"expires_at: expected an instant, got {found.get('expires_at')!r}")
        exchange = account.get(path, key=None)
        ctx.check_(
            exchange.status == 200 and exchange.content_type == "audio/mpeg",
            f"a recording: expected 200 with audio/mpeg, got {exchange} with {exchange.content_type}",
            exchange,
        )
        try:
            plays = mp3.seconds(exchange.response_body)
        except ValueError as error:
            ctx.check_(False, f"a recording: expected an MP3, but {error}", exchange)
            return
        ctx.expect(
            abs(plays - seconds) <= 1.5, f"a recording: expected {seconds} s of sound, it plays {plays:.1f} s", exchange
        )

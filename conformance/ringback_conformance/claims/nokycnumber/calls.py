"""Probes and invariants for "Calls" and the call of "Object schemas"."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from ringback_conformance import mp3
from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.numbers import odd_things, shows
from ringback_conformance.claims.nokycnumber.shapes import CALL, signed_link
from ringback_conformance.claims.nokycnumber.steps import (
    CALLS,
    DAY,
    FAR,
    HOUR,
    NUMBERS,
    PERSON,
    RINGING_AND_AFTER,
    SECOND_FAR,
    about,
    data,
    exact,
    fetched,
    finished_call,
    hook,
    ids,
    listed,
    new_call,
    new_number,
    place,
    refused,
    ring,
    told,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange, Send
from ringback_conformance.probe_context import ProbeContext
from ringback_conformance.shapes import moment, odd_fields, real

claim = CATALOGUE.section("Calls")
schemas_claim = CATALOGUE.section("Object schemas")

UNPROCESSED = (400, 404, 422)
NO_NUMBERS = ("0612345678", "33612345678", "+0612345678", "+33 6 12 34 56 78", "somebody", "", None, 5)
NO_MASKS = ("nobody", "+33612345678", "", 5)
SECONDS = 75
RATE_WINDOW = 40
KEPT_DAYS = 30
"""Page "Calls": recordings are stored so long."""
CALL_EVENTS = ("call.initiated", "call.answered", "call.completed", "call.recorded")


@claim(
    "NKN-CALL-1",
    "An outbound call is answered 201 with the call object: queued or ringing, outbound, not answered or "
    "ended, without a cost.",
    needs=CTL,
)
def calls_placed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    for body in ({}, {"callerid_mask": "hide"}, {"callerid_mask": "rotate"}, {"callerid_mask": number["number"]}):
        exchange = place(account, number, **body)
        odd = odd_fields(exchange.json(), CALL, "the call")
        ctx.check_(exchange.status == 201 and odd is None, f"a call with {body}: {odd or exchange}", exchange)
        call = exchange.json()
        wanted = {
            "from": number["id"],
            "to": FAR,
            "direction": "outbound",
            "answered_at": None,
            "ended_at": None,
            "duration_sec": 0,
            "recording_url": None,
            "cost_usd": None,
        }
        wrong = {name: call.get(name) for name, value in wanted.items() if call.get(name) != value}
        ctx.expect(not wrong, f"a call that was just placed: expected {wanted}, got {wrong}", exchange)
        ctx.expect(call["from_e164"] == number["number"], f"from_e164: got {call['from_e164']}", exchange)
        ctx.expect(call["status"] in ("queued", "ringing"), f"status: got {call['status']!r}", exchange)
        ctx.expect(
            call["id"] in ids(listed(account, CALLS)), "a call that was placed: expected it in the list", exchange
        )


@claim(
    "NKN-CALL-2",
    "A call rings, is answered and completes, or ends as failed, no_answer or busy; duration_sec is from "
    "answer to end; cost_usd is set, and the balance falls by it.",
    needs=CTL,
)
def calls_from_ring_to_end(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    before = account.balance()
    call = new_call(account, number, script={"answer_after": 6, "duration": SECONDS})
    seen = []
    for seconds in (3, 5, SECONDS - 10, 20):
        account.advance(seconds)
        seen.append(fetched(account, CALLS, call["id"]))
    states = [each["status"] for each in seen]
    ctx.expect(
        states == ["ringing", "in_progress", "in_progress", "completed"],
        f"a call answered after 6 s for {SECONDS} s, at 3, 8, {SECONDS - 2} and {SECONDS + 18} s: it was {states}",
    )
    last = seen[-1]
    answered, ended = moment(last["answered_at"]), moment(last["ended_at"])
    ctx.check_(answered is not None and ended is not None, f"a completed call: expected its times, got {last}")
    if answered is not None and ended is not None:
        talk = round((ended - answered).total_seconds())
        ctx.expect(
            last["duration_sec"] == talk == SECONDS,
            f"duration_sec of a call of {SECONDS} s: it is {last['duration_sec']}, and its times are {talk} s apart",
        )
    ctx.expect(
        all(each["cost_usd"] is None and each["ended_at"] is None for each in seen[:-1]),
        "a call that has not ended: expected no cost and no end",
    )
    ctx.check_(real(last["cost_usd"]), f"cost_usd of a call that has ended: expected an amount, got {last['cost_usd']}")
    cost, fell = exact(last["cost_usd"]), before - account.balance()
    ctx.expect(
        cost == fell and cost > 0, f"cost_usd of the call: expected what the balance fell by, ${fell}, it is ${cost}"
    )
    twice = finished_call(account, number, 2 * SECONDS)
    ctx.expect(
        abs(exact(twice["cost_usd"]) - 2 * cost) <= cost / RATE_WINDOW,
        f"a call twice as long: expected twice ${cost}, it is ${twice['cost_usd']}",
    )
    for end in ("failed", "no_answer", "busy"):
        before = account.balance()
        call = new_call(account, number, script={"end": end})
        account.advance(HOUR)
        after = fetched(account, CALLS, call["id"])
        ctx.expect(
            after["status"] == end
            and after["answered_at"] is None
            and after["duration_sec"] == 0
            and moment(after["ended_at"]) is not None,
            f"a call that ends as {end}: got {after['status']}, answered {after['answered_at']}, "
            f"{after['duration_sec']} s, ended {after['ended_at']}",
        )
        ctx.expect(account.balance() == before, f"a call that ends as {end}: expected it to cost nothing")


@claim(
    "NKN-CALL-3",
    "A `from` that is not owned, a `to` that is not E.164 and a callerid_mask that is not hide, rotate or an "
    "own number are refused with the right 4xx.",
    needs=WRITE,
    sends=(Send("POST", CALLS, 1, note="which is refused"),),
)
def calls_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    unknown = account.post(CALLS, {"from": "num_000000000000", "to": FAR})
    refused(ctx, unknown, UNPROCESSED, "a call from a number that is not owned")
    if not ctx.emulated:
        ctx.not_covered("what would cost money where it is not refused")
        return
    number, other = new_number(account), new_number(ctx.default_account())
    before = account.balance()
    refused(ctx, place(account, other), UNPROCESSED, "a call from another account's number")
    for to in NO_NUMBERS:
        refused(ctx, account.post(CALLS, {"from": number["id"], "to": to}), UNPROCESSED, f"a call to {to!r}")
    for mask in (*NO_MASKS, other["number"]):
        refused(ctx, place(account, number, callerid_mask=mask), UNPROCESSED, f"callerid_mask {mask!r}")
    refused(ctx, place(account, number, recording_enabled="yes"), UNPROCESSED, "recording_enabled 'yes'")
    refused(ctx, place(account, number, metadata=[1]), UNPROCESSED, "metadata that is no object")
    account.advance(RINGING_AND_AFTER)
    ctx.expect(not listed(account, CALLS) and account.balance() == before, "after that: expected no call and no charge")


def path_of(ctx: ProbeContext, url: Any) -> str:
    """The path and query of a pre-signed URL of the target."""
    base = ctx.run_context.transport.base_url
    if not signed_link(url) or not str(url).startswith(base + "/"):
        raise Inconclusive(f"{url!r} is no pre-signed URL of {base}")
    return str(url).removeprefix(base)


def sounds(ctx: ProbeContext, exchange: Exchange, seconds: float, what: str) -> None:
    """Expect an MP3 of about that length."""
    ctx.check_(
        exchange.status == 200 and exchange.content_type == "audio/mpeg",
        f"{what}: expected 200 with audio/mpeg, got {exchange} with {exchange.content_type}",
        exchange,
    )
    try:
        plays = mp3.seconds(exchange.response_body)
    except ValueError as error:
        ctx.check_(False, f"{what}: expected an MP3, but {error}", exchange)
        return
    ctx.expect(
        abs(plays - seconds) <= 1.5, f"{what}: expected {seconds:g} s of sound, it plays {plays:.1f} s", exchange
    )


def shut(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    """Expect a link not to work."""
    refused(ctx, exchange, (400, 401, 403, 404, 410), what)


def tampered(path: str) -> tuple[str, ...]:
    """The same link for another time, with another signature, and for another file."""
    longer = re.sub(r"expires=(\d+)", lambda found: f"expires={int(found[1]) + HOUR}", path)
    other = re.sub(r"sig=(.)", lambda found: f"sig={'1' if found[1] != '1' else '2'}", path)
    return longer, other, path.partition("?")[0]


@claim(
    "NKN-CALL-4",
    "recording_enabled gives a recording_url that works for an hour and without a key, then not; a tampered "
    "one never works; after 30 days the recording is gone. Without it there is none.",
    needs=CTL,
)
def calls_recorded(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    silent = finished_call(account, number)
    ctx.expect(silent["recording_url"] is None, "a call without recording_enabled: expected no recording_url")
    missed = new_call(account, number, script={"end": "busy"}, recording_enabled=True)
    account.advance(HOUR)
    url = fetched(account, CALLS, missed["id"])["recording_url"]
    ctx.expect(url is None, f"a call that nobody answered: expected no recording_url, got {url!r}")
    call = finished_call(account, number, 20, recording_enabled=True)
    ctx.check_(
        signed_link(call["recording_url"]), f"a recorded call: expected a recording_url, got {call['recording_url']!r}"
    )
    path = path_of(ctx, call["recording_url"])
    sounds(ctx, account.get(path, key=None), 20, "a recording")
    for wrong in tampered(path):
        shut(ctx, account.get(wrong, key=None), "a recording_url that was tampered with")
    account.advance(HOUR - 120)
    early = account.get(path, key=None)
    ctx.expect(early.status == 200, f"a recording_url after 58 minutes: expected 200, got {early}", early)
    account.advance(240)
    shut(ctx, account.get(path, key=None), "a recording_url after 62 minutes")
    fresh = account.get(path_of(ctx, fetched(account, CALLS, call["id"])["recording_url"]), key=None)
    ctx.expect(fresh.status == 200, f"a fresh recording_url: expected 200, got {fresh}", fresh)
    account.advance((KEPT_DAYS - 1) * DAY)
    kept = fetched(account, CALLS, call["id"])["recording_url"]
    ctx.expect(signed_link(kept), f"a recording after 29 days: expected it there still, got {kept!r}")
    last = path_of(ctx, kept) if signed_link(kept) else path
    account.advance(DAY)
    gone = fetched(account, CALLS, call["id"])["recording_url"]
    if gone is not None:
        shut(ctx, account.get(path_of(ctx, gone), key=None), "a recording after 30 days")
    shut(ctx, account.get(last, key=None), "an earlier link to a recording after 30 days")


@claim(
    "NKN-CALL-5",
    "A call's metadata comes back in every event of the call.",
    needs=CTL,
)
def calls_with_metadata(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, *CALL_EVENTS)
    number = new_number(account)
    kept: dict[str, Any] = {"order": 4711, "tags": ["a", {"b": None}], "name": "Zoë"}
    call = finished_call(account, number, 10, metadata=kept, recording_enabled=True)
    came = [event for event in told(inbox) if about(event).get("id") == call["id"]]
    types = [event["type"] for event in came]
    ctx.precondition(set(types) == set(CALL_EVENTS), f"the events of the call are {types}")
    for event in came:
        seen = about(event).get("metadata")
        ctx.expect(seen == kept, f"metadata in {event['type']}: expected {kept}, got {seen}", *inbox.received)
    plain = finished_call(account, number, 10)
    for event in told(inbox):
        if about(event).get("id") == plain["id"]:
            ctx.expect(
                not about(event).get("metadata"), f"metadata of a call without: got {about(event).get('metadata')}"
            )


@claim(
    "NKN-CALL-6",
    "The list of calls can be filtered by number, direction, status, created_after and created_before.",
    needs=CTL,
)
def calls_filtered(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    first, second = new_number(account), new_number(account)
    ring(account, first, duration=10)
    account.advance(HOUR)
    for number, script in ((first, {"end": "busy"}), (second, {"duration": 10}), (first, {"duration": 20})):
        new_call(account, number, script=script)
        account.advance(HOUR)
    ring(account, second, end="no_answer")
    account.advance(HOUR)
    new_call(account, second, script={"duration": 600})
    account.advance(30)
    every = listed(account, CALLS)
    ctx.precondition(len(every) == 6, f"six calls were made, and {len(every)} are listed")
    owns = {first["id"]: first["number"], second["id"]: second["number"]}
    queries: list[dict[str, str]] = [{"number": id_} for id_ in owns]
    queries += [{"direction": way} for way in ("inbound", "outbound")]
    queries += [{"status": s} for s in ("completed", "busy", "no_answer", "in_progress", "failed")]
    middle = every[2]["started_at"]
    queries += [{"created_after": middle}, {"created_before": middle}]
    queries += [{"number": first["id"], "direction": "outbound", "status": "completed"}]
    queries += [{"created_after": every[4]["started_at"], "created_before": every[0]["started_at"]}]
    for query in queries:
        seen = data(account.get(f"{CALLS}?{urlencode(query)}"))
        sure, maybe = _expected(every, query, owns)
        ctx.expect(
            set(sure) <= set(ids(seen)) <= set(sure) | set(maybe)
            and ids(seen) == [i for i in ids(every) if i in ids(seen)],
            f"calls with {query}: expected {len(sure)}, got {len(seen)}",
        )
    for name, value in (("direction", "sideways"), ("status", "gone"), ("created_after", "yesterday")):
        refused(ctx, account.get(f"{CALLS}?{name}={value}"), (400, 422), f"calls with {name}={value}")


def _expected(every: list[dict[str, Any]], query: dict[str, str], owns: dict[str, str]) -> tuple[list[str], list[str]]:
    """The calls that a query must give, and those at its very edge that it may."""
    sure: list[str] = []
    maybe: list[str] = []
    for call in every:
        own = call["from_e164"] if call["direction"] == "outbound" else call["to"]
        fits = (
            ("number" not in query or owns[query["number"]] == own)
            and query.get("direction", call["direction"]) == call["direction"]
            and query.get("status", call["status"]) == call["status"]
            and query.get("created_after", "") <= call["started_at"] <= query.get("created_before", "9")
        )
        if fits:
            edge = call["started_at"] in (query.get("created_after"), query.get("created_before"))
            (maybe if edge else sure).append(call["id"])
    return sure, maybe


@claim(
    "NKN-CALL-7",
    "A hangup ends a call under way; once more it changes nothing and succeeds.",
    needs=CTL,
)
def calls_hung_up(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "call.completed")
    number = new_number(account)
    for seconds, expected in ((12, "completed"), (1, None)):
        call = new_call(account, number, script={"answer_after": 2, "duration": 3_000})
        account.advance(seconds)
        path = f"{CALLS}/{call['id']}/hangup"
        first = account.post(path)
        ctx.check_(first.status == 200, f"a hangup: expected 200, got {first}", first)
        ended = fetched(account, CALLS, call["id"])
        ctx.expect(
            ended["ended_at"] is not None
            and ended["status"] in ((expected,) if expected else ("no_answer", "failed", "completed")),
            f"a call after its hangup: it is {ended['status']}, ended {ended['ended_at']}",
            first,
        )
        if expected:
            ctx.expect(
                ended["duration_sec"] == 10, f"a call hung up 10 s after its answer: {ended['duration_sec']} s", first
            )
        before = account.balance()
        account.advance(HOUR)
        again = account.post(path)
        ctx.expect(again.status == 200, f"a second hangup: expected 200, got {again}", again)
        after = fetched(account, CALLS, call["id"])
        ctx.expect(
            after == ended and account.balance() == before,
            "a call after a second hangup, an hour later: expected it as it was, and nothing charged",
            again,
        )
        came = [event for event in told(inbox) if about(event).get("id") == call["id"]]
        ctx.expect(len(came) == 1, f"call.completed after two hangups: expected one, got {len(came)}", *inbox.received)


@claim(
    "NKN-CALL-8",
    "Inbound calls are in the list and are told as events.",
    needs=CTL,
)
def calls_that_come_in(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account)
    number = new_number(account)
    id_ = ring(account, number, answer_after=3, duration=15)
    account.advance(1)
    ringing = fetched(account, CALLS, id_)
    account.advance(RINGING_AND_AFTER)
    found = [call for call in listed(account, CALLS) if call["id"] == id_]
    ctx.check_(len(found) == 1, f"an inbound call: expected it once in the list, got {len(found)}")
    call = found[0]
    wanted = {
        "direction": "inbound",
        "from_e164": PERSON,
        "to": number["number"],
        "status": "completed",
        "duration_sec": 15,
    }
    wrong = {name: call.get(name) for name, value in wanted.items() if call.get(name) != value}
    ctx.expect(not wrong, f"an inbound call: expected {wanted}, got {wrong}")
    ctx.expect(ringing["status"] == "ringing", f"an inbound call after a second: it is {ringing['status']}")
    came = [event["type"] for event in told(inbox) if about(event).get("id") == id_]
    ctx.expect(came.count("call.completed") == 1, f"the events of an inbound call: got {came}", *inbox.received)
    ctx.expect(
        "call.initiated" not in came, f"an inbound call: expected no call.initiated, got {came}", *inbox.received
    )


@CATALOGUE.invariant("NKN-CALL-9", shows("call"), whole=True)
def a_call_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    return odd_things(exchange, "call")


@schemas_claim(
    "NKN-CALL-9",
    "A call object has the documented fields with their types and values, wherever it is shown.",
    needs=READ,
    sends=(Send("GET", CALLS, 1),),
)
def calls_listed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        finished_call(account, number, recording_enabled=True)
        ring(account, number, duration=5)
    for call in listed(account, CALLS)[:5]:
        odd = odd_fields(call, CALL, "a call")
        ctx.expect(odd is None, f"a call: {odd or 'as documented'}")


@claim(
    "NKN-CALL-10",
    "One call is given by its id; an unknown id is answered 404, by hangup too.",
    needs=READ,
    sends=(
        Send("GET", CALLS, 1),
        Send("GET", f"{CALLS}/{{id}}", 3),
    ),
)
def one_call(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        finished_call(account, number, to=SECOND_FAR)
        ring(account, number, duration=5)
        account.advance(RINGING_AND_AFTER)
    for call in listed(account, CALLS)[:2]:
        exchange = account.get(f"{CALLS}/{call['id']}")
        ctx.expect(exchange.json() == call, "a call by its id: expected what the list shows", exchange)
    for id_ in ("call_000000000000", "nope"):
        refused(ctx, account.get(f"{CALLS}/{id_}"), (404,), f"the call {id_}", "invalid_request_error")
    if ctx.emulated:
        refused(ctx, account.post(f"{CALLS}/call_000000000000/hangup"), (404,), "a hangup of an unknown call")
        refused(ctx, account.get(f"{NUMBERS}/call_000000000000"), (404,), "a call among the numbers")

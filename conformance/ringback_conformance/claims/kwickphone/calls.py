"""Probes and invariants for "List calls", "Get a transcript" and "Get a recording"."""

from __future__ import annotations

from typing import Any

from ringback_conformance import mp3
from ringback_conformance.catalogue import Known
from ringback_conformance.claims.kwickphone.shapes import CALL, newest_first, odd_list, odd_transcript, shows_something
from ringback_conformance.claims.kwickphone.steps import (
    CALLER,
    CALLS,
    OPEN,
    TALK_SECONDS,
    TURNS,
    calls,
    finished_call,
    new_number,
    ring,
)
from ringback_conformance.claims.kwickphone.table import CATALOGUE
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

LOOKED_AT = 3
"""Calls of each kind that are fetched on a real deployment."""
UNKNOWN = "CA00000000000000000000000000000000"
SLACK_SECONDS = 3.0
SLACK_SHARE = 0.05
"""How far a recording may be from its call's duration: the larger of the two."""
ONE_CALL = f"{CALLS}/{{call_id}}"


def is_call_list(exchange: Exchange, _: Known) -> bool:
    """GET /v1/calls was answered, with something in it."""
    listed = exchange.kind is Kind.API and exchange.method == "GET" and exchange.route == CALLS
    return listed and exchange.status == 200 and shows_something(exchange.json())


@CATALOGUE.invariant("KWP-CALL-1", is_call_list, whole=True)
def the_list_of_calls_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    body = exchange.json()
    return odd_list(body, CALL, "call") or newest_first(body["data"])


@CATALOGUE.probe("KWP-CALL-1", Send("GET", CALLS, 1))
def the_list_of_calls(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN) if ctx.emulated else ctx.default_account()
    made: list[tuple[str, dict[str, Any]]] = []
    if ctx.emulated:
        first, second = new_number(account), new_number(account)
        for place, number in enumerate((first, second, first)):
            made.append((finished_call(account, number, duration=20 + 7 * place, outcome="order"), number))
    exchange = account.get(CALLS)
    ctx.precondition(shows_something(exchange.json()) or bool(made), "the account has no calls to look at")
    problem = None if exchange.status == 200 else f"expected 200, got {exchange}"
    problem = problem or the_list_of_calls_is_as_documented(exchange, Known({}))
    ctx.check_(problem is None, f"the list of calls: {problem or 'as documented'}", exchange)
    data = exchange.json()["data"]
    if not made:
        return
    order = [call["id"] for call in data]
    ctx.check_(
        order == [id_ for id_, _ in reversed(made)],
        f"the list after calls to two numbers: expected all three, newest first; got {len(order)}: {order}",
        exchange,
    )
    for place, (call, (_, number)) in enumerate(zip(reversed(data), made, strict=True)):
        expected = {
            "number_id": number["id"],
            "phone_number": number["phone_number"],
            "caller": CALLER,
            "direction": "inbound",
            "status": "completed",
            "outcome": "order",
            "duration_sec": 20 + 7 * place,
        }
        wrong = [f"{name} {call[name]!r} for {value!r}" for name, value in expected.items() if call[name] != value]
        ctx.expect(not wrong, f"call {place + 1} in the list: expected what was played; {', '.join(wrong)}", exchange)


def several_kinds(ctx: ProbeContext) -> tuple[Account, list[dict[str, Any]]]:
    """Calls with and without transcript and recording; a few of each kind where there are many."""
    if ctx.emulated:
        account = ctx.account(**OPEN)
        number = new_number(account)
        finished_call(account, number)
        finished_call(account, number, recording=False)
        finished_call(account, number, turns=[], duration=12)
        ring(account, number, end="no_answer")
        account.advance(120)
    else:
        account = ctx.default_account()
    data = calls(account)
    ctx.precondition(bool(data), "the account has no calls to look at")
    return account, data


def _some(data: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    chosen = [call for call in data if call.get(field) is True][:LOOKED_AT]
    return chosen + [call for call in data if call.get(field) is False][:LOOKED_AT]


@CATALOGUE.probe("KWP-CALL-2", Send("GET", CALLS, 1), Send("GET", f"{ONE_CALL}/transcript", 2 * LOOKED_AT))
def transcripts_are_there_as_told(ctx: ProbeContext) -> None:
    account, data = several_kinds(ctx)
    for call in _some(data, "has_transcript"):
        exchange = account.get(f"{CALLS}/{call['id']}/transcript")
        if call["has_transcript"]:
            held, wanted = exchange.status == 200 and exchange.json() is not None, "200 and a transcript"
        else:
            held, wanted = exchange.status == 404 and exchange.code == "not_found", "404 not_found"
        what = f"the transcript of a call with has_transcript {str(call['has_transcript']).lower()}"
        ctx.expect(held, f"{what}: expected {wanted}, got {exchange}", exchange)
        if ctx.emulated and exchange.status == 200:
            _says_what_was_said(ctx, exchange)


def _says_what_was_said(ctx: ProbeContext, exchange: Exchange) -> None:
    text = exchange.response_body.decode("utf-8", "replace")
    missing = [turn["text"] for turn in TURNS if str(turn["text"]) not in text]
    ctx.expect(not missing, f"the transcript: expected every turn that was spoken in it; missing: {missing}", exchange)


def is_recording(exchange: Exchange, _: Known) -> bool:
    """A recording was sent."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.route.endswith("/recording")
        and exchange.status == 200
    )


@CATALOGUE.invariant("KWP-CALL-3", is_recording)
def a_recording_is_an_mp3(exchange: Exchange, _: Known) -> str | None:
    if exchange.content_type != "audio/mpeg":
        return f"a recording comes as {exchange.content_type or 'no content type'}, not audio/mpeg"
    if exchange.truncated:
        return None
    try:
        mp3.seconds(exchange.response_body)
    except ValueError as error:
        return f"a recording is no MP3: {error}"
    return None


@CATALOGUE.probe("KWP-CALL-3", Send("GET", CALLS, 1), Send("GET", f"{ONE_CALL}/recording", 2 * LOOKED_AT))
def recordings_are_there_as_told(ctx: ProbeContext) -> None:
    account, data = several_kinds(ctx)
    for call in _some(data, "has_recording"):
        exchange = account.get(f"{CALLS}/{call['id']}/recording")
        if not call["has_recording"]:
            ctx.expect(
                exchange.status == 404 and exchange.code == "no_recording",
                f"the recording of a call with has_recording false: expected 404 no_recording, got {exchange}",
                exchange,
            )
            continue
        problem = a_recording_is_an_mp3(exchange, Known({})) if exchange.status == 200 else f"got {exchange}"
        problem = problem or _wrong_length(exchange, call)
        ctx.expect(problem is None, f"a recording: {problem or 'as long as its call'}", exchange)


def _wrong_length(exchange: Exchange, call: dict[str, Any]) -> str | None:
    duration = call.get("duration_sec")
    if exchange.truncated or not isinstance(duration, int):
        return None
    plays = mp3.seconds(exchange.response_body)
    if abs(plays - duration) <= max(SLACK_SECONDS, SLACK_SHARE * duration):
        return None
    return f"it plays {plays:.1f} s, the call lasted {duration} s"


@CATALOGUE.probe(
    "KWP-CALL-4",
    Send("GET", f"{ONE_CALL}/transcript", 2, note="of calls that do not exist"),
    Send("GET", f"{ONE_CALL}/recording", 2, note="of calls that do not exist"),
)
def parts_of_an_unknown_call(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for id_ in (UNKNOWN, "nope"):
        for part in ("transcript", "recording"):
            exchange = account.get(f"{CALLS}/{id_}/{part}")
            ctx.expect(
                exchange.status == 404 and exchange.code == "not_found",
                f"the {part} of an unknown call: expected 404 not_found, got {exchange}",
                exchange,
            )


def is_transcript(exchange: Exchange, _: Known) -> bool:
    """A transcript was sent."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.route.endswith("/transcript")
        and exchange.status == 200
    )


@CATALOGUE.invariant("KWP-CALL-5", is_transcript)
def a_transcript_is_turn_by_turn(exchange: Exchange, _: Known) -> str | None:
    return odd_transcript(exchange.json(), None)


@CATALOGUE.probe("KWP-CALL-5", Send("GET", CALLS, 1), Send("GET", f"{ONE_CALL}/transcript", LOOKED_AT))
def the_turns_of_a_transcript(ctx: ProbeContext) -> None:
    if ctx.emulated:
        account = ctx.account(**OPEN)
        finished_call(account, new_number(account))
    else:
        account = ctx.default_account()
    told = [call for call in calls(account) if call.get("has_transcript") is True][:LOOKED_AT]
    ctx.precondition(bool(told), "no call with a transcript came up")
    for call in told:
        exchange = account.get(f"{CALLS}/{call['id']}/transcript")
        ctx.precondition(exchange.status == 200, f"there is no transcript: {exchange}")
        problem = odd_transcript(exchange.json(), call.get("duration_sec"))
        ctx.check_(problem is None, f"a transcript: {problem or 'turn by turn'}", exchange)
        if ctx.emulated:
            seen = [(turn["speaker"], turn["text"], turn["offset_sec"]) for turn in exchange.json()["turns"]]
            spoken = [(turn["speaker"], turn["text"], turn["at"]) for turn in TURNS]
            ctx.expect(seen == spoken, f"the turns of a call: expected {spoken}, got {seen}", exchange)


@CATALOGUE.probe("KWP-CALL-6", Send("GET", CALLS, 7))
def paging_through_the_calls(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN) if ctx.emulated else ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        for _ in range(3):
            finished_call(account, number, duration=TALK_SECONDS)
    everything = [call["id"] for call in calls(account)]
    ctx.precondition(len(everything) > 1, "the account has too few calls to page through")
    page = account.get(f"{CALLS}?limit=1")
    ctx.expect(
        _ids(page) == everything[:1], f"limit=1: expected the newest call alone, got {len(_ids(page))} calls", page
    )
    after = account.get(f"{CALLS}?limit=1&starting_after={everything[0]}")
    ctx.expect(_ids(after) == everything[1:2], "starting_after the newest: expected the call before it", after)
    for query in ("limit=0", "limit=1001", "limit=ten", "limit=-1"):
        exchange = account.get(f"{CALLS}?{query}")
        ctx.expect(
            exchange.status == 400 and exchange.code == "invalid_request",
            f"{query}: expected 400 invalid_request, got {exchange}",
            exchange,
        )


def _ids(exchange: Exchange) -> list[str]:
    body = exchange.json()
    data = body.get("data") if isinstance(body, dict) else None
    return [call.get("id", "") for call in data or [] if isinstance(call, dict)]

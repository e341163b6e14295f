"""List calls, Get a transcript and Get a recording."""

from __future__ import annotations

from typing import Any

from ringback_conformance import mp3
from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import READ
from ringback_conformance.claims import common
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE
from ringback_conformance.claims.kwickphone.steps import (
    CALLER,
    CALLS,
    INVALID,
    NOT_FOUND,
    SHAPES,
    TALK_SECONDS,
    TURNS,
    calls,
    finished_call,
    new_number,
    ring,
)
from ringback_conformance.model import Basis, Exchange, Level, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import newest_first

claim = CATALOGUE.section("List calls")
transcript_claim = CATALOGUE.section("Get a transcript")
recording_claim = CATALOGUE.section("Get a recording")
error_claim = CATALOGUE.section("Errors")

CHECKED = 3
"""Calls of each kind that are fetched on a real deployment."""
UNKNOWN = "CA00000000000000000000000000000000"
SLACK_SECONDS = 3.0
SLACK_SHARE = 0.05
"""How far a recording may be from its call's duration: the larger of the two."""
ONE_CALL = f"{CALLS}/{{call_id}}"


def is_call_list(exchange: Exchange, known: Known) -> bool:
    """Select GET /v1/calls with at least one call in the response."""
    return common.answered("GET", CALLS, 200)(exchange, known) and exchange.json() != {"data": []}


@CATALOGUE.invariant("KWP-CALL-1", is_call_list, whole=True)
def the_list_of_calls_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    body = exchange.json()
    return SHAPES.list_problem("Call", body, "call") or newest_first(body["data"], "started_at")


@claim(
    "KWP-CALL-1",
    "The list is `{data: […]}` of the calls of all the account's numbers, newest first, each with the documented "
    "fields.",
    needs=READ,
    sends=(Send("GET", CALLS, 1),),
)
def the_list_of_calls(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    made: list[dict[str, Any]] = []
    if ctx.emulated:
        first, second = new_number(account), new_number(account)
        for place, number in enumerate((first, second, first)):
            duration = 20 + 7 * place
            call = finished_call(account, number, duration=duration, outcome="order")
            made.append(
                {
                    "id": call,
                    "number_id": number["id"],
                    "phone_number": number["phone_number"],
                    "caller": CALLER,
                    "direction": "inbound",
                    "status": "completed",
                    "outcome": "order",
                    "duration_sec": duration,
                }
            )
    exchange = account.get(CALLS)
    ctx.precondition(exchange.json() != {"data": []} or bool(made), "the account has no calls")
    ctx.expect_status(exchange, 200, "the list of calls", stop=True)
    ctx.expect_documented(
        the_list_of_calls_is_as_documented(exchange, Known({})), "the list of calls", exchange, stop=True
    )
    if not made:
        return
    data = exchange.json()["data"]
    newest = [call["id"] for call in reversed(made)]
    ctx.expect_equal([call["id"] for call in data], newest, "the list after calls to two numbers", exchange, stop=True)
    for place, (call, expected) in enumerate(zip(reversed(data), made, strict=True)):
        ctx.expect_fields(call, expected, f"call {place + 1} in the list", exchange)


def several_kinds(ctx: ProbeContext) -> tuple[Account, list[dict[str, Any]]]:
    """Return calls with and without transcript and recording; in the emulator, one of each kind."""
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        finished_call(account, number)
        finished_call(account, number, recording=False)
        finished_call(account, number, turns=[], duration=12)
        ring(account, number, end="no_answer")
        account.advance(120)
    data = calls(account)
    ctx.precondition(bool(data), "the account has no calls")
    return account, data


def _some(data: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    chosen = [call for call in data if call.get(field) is True][:CHECKED]
    return chosen + [call for call in data if call.get(field) is False][:CHECKED]


@transcript_claim(
    "KWP-CALL-2",
    "A transcript is there exactly when has_transcript says so; otherwise 404 `not_found`.",
    needs=READ,
    sends=(Send("GET", CALLS, 1), Send("GET", f"{ONE_CALL}/transcript", 2 * CHECKED)),
)
def transcripts_are_there_as_told(ctx: ProbeContext) -> None:
    account, data = several_kinds(ctx)
    for call in _some(data, "has_transcript"):
        exchange = account.get(f"{CALLS}/{call['id']}/transcript")
        if not call["has_transcript"]:
            ctx.expect_error(exchange, *NOT_FOUND, "the transcript of a call with has_transcript false")
            continue
        what = "the transcript of a call with has_transcript true"
        ctx.expect(exchange.status == 200 and exchange.json() is not None, f"{what}: got {exchange}", exchange)
        if ctx.emulated and exchange.status == 200:
            text = exchange.response_body.decode("utf-8", "replace")
            missing = [turn["text"] for turn in TURNS if str(turn["text"]) not in text]
            ctx.expect_equal(missing, [], "turns that are missing in the transcript", exchange)


@CATALOGUE.invariant("KWP-CALL-3", common.answered("GET", ".*/recording", 200))
def a_recording_is_an_mp3(exchange: Exchange, _: Known) -> str | None:
    if exchange.content_type != "audio/mpeg":
        return f"a recording comes as {exchange.content_type or 'no content type'}, not audio/mpeg"
    if exchange.truncated:
        return None
    try:
        mp3.seconds(exchange.response_body)
    except ValueError as error:
        return f"a recording is not an MP3: {error}"
    return None


@recording_claim(
    "KWP-CALL-3",
    "A recording is there exactly when has_recording says so, as audio/mpeg that plays as long as the call; "
    "otherwise 404 `no_recording`.",
    needs=READ,
    sends=(Send("GET", CALLS, 1), Send("GET", f"{ONE_CALL}/recording", 2 * CHECKED)),
)
def recordings_are_there_as_told(ctx: ProbeContext) -> None:
    account, data = several_kinds(ctx)
    for call in _some(data, "has_recording"):
        exchange = account.get(f"{CALLS}/{call['id']}/recording")
        if not call["has_recording"]:
            ctx.expect_error(exchange, 404, "no_recording", "the recording of a call with has_recording false")
        elif ctx.expect_status(exchange, 200, "the recording of a call with has_recording true"):
            problem = a_recording_is_an_mp3(exchange, Known({})) or _wrong_length(exchange, call)
            ctx.expect_documented(problem, "a recording", exchange)


def _wrong_length(exchange: Exchange, call: dict[str, Any]) -> str | None:
    duration = call.get("duration_sec")
    if exchange.truncated or not isinstance(duration, int):
        return None
    plays = mp3.seconds(exchange.response_body)
    if abs(plays - duration) <= max(SLACK_SECONDS, SLACK_SHARE * duration):
        return None
    return f"it plays {plays:.1f} s, the call lasted {duration} s"


@error_claim(
    "KWP-CALL-4",
    "Transcript and recording of an unknown call are answered 404 `not_found`.",
    needs=READ,
    sends=(
        Send("GET", f"{ONE_CALL}/transcript", 2, note="of calls that do not exist"),
        Send("GET", f"{ONE_CALL}/recording", 2, note="of calls that do not exist"),
    ),
)
def parts_of_an_unknown_call(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for id_ in (UNKNOWN, "nope"):
        for part in ("transcript", "recording"):
            ctx.expect_error(account.get(f"{CALLS}/{id_}/{part}"), *NOT_FOUND, f"the {part} of an unknown call")


@CATALOGUE.invariant("KWP-CALL-5", common.answered("GET", ".*/transcript", 200))
def a_transcript_is_turn_by_turn(exchange: Exchange, _: Known) -> str | None:
    return transcript_problem(exchange.json(), None)


def transcript_problem(body: Any, duration: float | None) -> str | None:
    """Return what is wrong with a transcript: its shape, or turns that are out of order or past the call's end."""
    if problem := SHAPES.list_problem("Turn", body, "turn", "turns", ours=True):
        return problem
    last = 0.0
    for place, turn in enumerate(body["turns"]):
        offset = float(turn["offset_sec"])
        if offset < last:
            return f"turn {place} is at {offset:g} s, before turn {place - 1} at {last:g} s"
        if duration is not None and offset > duration + 1:
            return f"turn {place} is at {offset:g} s of a call of {duration:g} s"
        last = offset
    return None


@transcript_claim(
    "KWP-CALL-5",
    "A transcript is turn by turn, in order, each turn with speaker, text and offset within the call.",
    basis=Basis.OURS,
    needs=READ,
    sends=(Send("GET", CALLS, 1), Send("GET", f"{ONE_CALL}/transcript", CHECKED)),
)
def the_turns_of_a_transcript(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        finished_call(account, new_number(account))
    transcribed = [call for call in calls(account) if call.get("has_transcript") is True][:CHECKED]
    ctx.precondition(bool(transcribed), "no call has a transcript")
    for call in transcribed:
        exchange = account.get(f"{CALLS}/{call['id']}/transcript")
        ctx.precondition(exchange.status == 200, f"there is no transcript: {exchange}")
        problem = transcript_problem(exchange.json(), call.get("duration_sec"))
        ctx.expect_documented(problem, "a transcript", exchange, stop=True)
        if ctx.emulated:
            seen = [(turn["speaker"], turn["text"], turn["offset_sec"]) for turn in exchange.json()["turns"]]
            spoken = [(turn["speaker"], turn["text"], turn["at"]) for turn in TURNS]
            ctx.expect_equal(seen, spoken, "the turns of a call", exchange)


@claim(
    "KWP-CALL-6",
    "`limit` (1 to 1000) and `starting_after` page through the calls; other values are answered 400.",
    basis=Basis.OURS,
    level=Level.SHOULD,
    needs=READ,
    sends=(Send("GET", CALLS, 7),),
)
def paging_through_the_calls(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        for _ in range(3):
            finished_call(account, number, duration=TALK_SECONDS)
    everything = [call["id"] for call in calls(account)]
    ctx.precondition(len(everything) > 1, "the account has too few calls to page through")
    page = account.get(f"{CALLS}?limit=1")
    ctx.expect_equal(_ids(page), everything[:1], "the calls with limit=1", page)
    after = account.get(f"{CALLS}?limit=1&starting_after={everything[0]}")
    ctx.expect_equal(_ids(after), everything[1:2], "the calls with limit=1 and starting_after the newest", after)
    common.reject_queries(ctx, account, CALLS, ("limit=0", "limit=1001", "limit=ten", "limit=-1"), INVALID)


def _ids(exchange: Exchange) -> list[str]:
    body = exchange.json()
    data = body.get("data") if isinstance(body, dict) else None
    return [call.get("id", "") for call in data or [] if isinstance(call, dict)]

"""What is said in calls: by webhook, in transcripts, as a stream, in recordings."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from typing import Any

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    CALLS,
    NOT_FOUND,
    PERSON,
    RINGING_AND_AFTER,
    SHAPES,
    desk,
    events_in,
    fetched,
    finished_call,
    heard_by,
    hook,
    inner,
    lines,
    listed,
    new_call,
    ring,
    says,
    says_lines,
    spoken_in,
)
from ringback_conformance.claims.common import JSON
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox

claim = CATALOGUE.section("SDK: webhooks, voice replies", Basis.SDK)
transcripts_claim = CATALOGUE.section("SDK: transcripts and recordings", Basis.SDK)

HEARD = ("Is the table ready?", "And the bread?")
FIRST_TURN = 4
"""Seconds after which the caller has said the first thing, and the webhook was asked, but not the second."""
SHUTDOWN_TIMEOUT, PATIENT = 0.2, 30.0
"""Real seconds that the emulator waits for the receiver while a probe keeps it hanging, and afterwards."""
SPOKEN = "One moment — Grüezi!"
TRANSFER_TO = "+14155550199"


@claim(
    "AGP-CALL-2",
    "Without a prompt each turn of the other side is POSTed to the webhook, and its reply (JSON, or NDJSON "
    "with interim lines) is what the agent says; hangup, transfer and digits act; no reply, a late or a bad "
    "one is silence.",
    needs=CTL,
)
def the_webhook_is_asked(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, number = desk(account, voiceMode="webhook", transferNumber=TRANSFER_TO)
    _asked_turn_by_turn(ctx, account, agent, number)
    _outbound(ctx, account, agent)
    _interim(ctx, account, agent, number)
    _hangs_up(ctx, account, agent, number)
    _transfers(ctx, account, agent, number)
    _digits(ctx, account, agent, number)
    _silences(ctx, account, agent, number)
    _late(ctx)


def _call(
    account: Account, agent: dict[str, Any], number: dict[str, Any], *answers: Answer, said: tuple[str, ...] = HEARD
) -> tuple[dict[str, Any], Inbox]:
    """Let a person call and say these things, with the webhook's responses; return the call as it is in the end."""
    _, inbox = hook(account.ctx, account, agent)
    inbox.answer(*answers)
    id_ = ring(account, number, answer_after=1, turns=lines(*(f"caller: {words}" for words in said)))
    account.advance(180)
    return fetched(account, CALLS, id_), inbox


def _agents(call: dict[str, Any]) -> list[str]:
    """Return what the agent said."""
    return [turn["response"] for turn in call["transcripts"] if turn["response"]]


def _reasons(inbox: Inbox) -> list[Any]:
    return [inner(event).get("disconnectionReason") for event in events_in(inbox, "agent.call_ended")]


def _asked_turn_by_turn(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    call, inbox = _call(account, agent, number, says(text=SPOKEN), says(text="It is fresh."))
    ctx.expect_equal(heard_by(inbox), list(HEARD), "what the webhook was asked", *inbox.received, stop=True)
    expected = {
        "callId": call["id"],
        "numberId": number["id"],
        "from": PERSON,
        "to": number["phoneNumber"],
        "direction": "inbound",
    }
    for event in events_in(inbox, "agent.message/voice"):
        ctx.expect_documented(SHAPES.problem("VoiceTurnData", event["data"], "its data"), "a turn", *inbox.received)
        ctx.expect_fields(event["data"], expected, "a turn", *inbox.received)
        ctx.expect_equal(event["agentId"], agent["id"], "the agent of a turn", *inbox.received)
    words = [HEARD[0], SPOKEN, HEARD[1], "It is fresh."]
    ctx.expect_equal(spoken_in(call), words, "what was said, each reply after its turn", *inbox.received)
    ctx.expect_equal(call["status"], "completed", "the status of the call in the end")


def _outbound(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    _, inbox = hook(ctx, account, agent)
    inbox.answer(says(text="Your table is ready."))
    script = {"answer_after": 1, "turns": lines("caller: Who is this?")}
    call = new_call(account, agent, initialGreeting="Good evening.", script=script)
    account.advance(180)
    said = _agents(fetched(account, CALLS, call["id"]))
    what = "what the webhook was asked in an outbound call without a prompt"
    ctx.expect_equal(heard_by(inbox), ["Who is this?"], what, *inbox.received)
    ctx.expect("Your table is ready." in said, f"its reply: expected it among {said}", *inbox.received)
    ctx.expect_equal(said[:1], ["Good evening."], "its greeting, which is said first", *inbox.received)


def _interim(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    answer = says_lines(
        {"text": "Let me look.", "interim": True},
        {"text": "Still looking.", "interim": True},
        {"text": "It is."},
        {"text": "Too much."},
    )
    call, inbox = _call(account, agent, number, answer, says(text="Goodbye."), said=HEARD[:1])
    expected = ["Let me look.", "Still looking.", "It is."]
    spoken = " ".join(_agents(call))
    ctx.expect(
        all(line in spoken for line in expected) and "Too much." not in spoken,
        f"NDJSON: expected {expected}, the first line that is not interim the last, got {spoken!r}",
        *inbox.received,
    )
    answer = says_lines({"text": "Let me look.", "interim": True})
    call, inbox = _call(account, agent, number, answer, said=HEARD[:1])
    ctx.expect_equal(_agents(call), ["Let me look."], "what is said of interim lines alone", *inbox.received)
    ctx.expect_equal(call["status"], "completed", "the status after interim lines alone", *inbox.received)


def _hangs_up(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    for reply in ({"text": "Goodbye.", "hangup": True}, {"text": "Goodbye.", "action": "hangup"}):
        call, inbox = _call(account, agent, number, says(**reply))
        ctx.expect_equal(spoken_in(call), [HEARD[0], "Goodbye."], f"what is said until {reply}", *inbox.received)
        seen = (call["status"], *_reasons(inbox))
        ctx.expect_equal(seen, ("completed", "agent_hangup"), f"status and reason after {reply}", *inbox.received)
    call, inbox = _call(account, agent, number, says(text="Hello."))
    ctx.expect_equal(_reasons(inbox), ["user_hangup"], "the reason where the caller hangs up", *inbox.received)


def _transfers(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    call, inbox = _call(account, agent, number, says(text="I put you through.", action="transfer"))
    seen = (spoken_in(call), len(heard_by(inbox)), call["status"])
    expected = ([HEARD[0], "I put you through."], 1, "completed")
    ctx.expect_equal(seen, expected, "words, turns and status of a call that is transferred", *inbox.received)


def _digits(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    for name in ("digits", "press_digit", "dtmf"):
        call, inbox = _call(account, agent, number, says(**{name: "42#"}), says(text="Done."))
        ctx.expect_equal(_pressed(ctx, account, call["id"]), "42#", f"the keys pressed by {name}", *inbox.received)
        ctx.expect_equal(spoken_in(call)[-1:], ["Done."], f"what is said last, after {name}", *inbox.received)


def _pressed(ctx: ProbeContext, account: Account, call: str) -> str:
    """Return the keys that an agent pressed in a call, from the emulator's journal."""
    entries = ctx.control("GET", f"/journal?account_id={account.id}&limit=100")["data"]
    return "".join(entry["digits"] for entry in entries if entry.get("call_id") == call and entry.get("digits"))


def _silences(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    for what, answer in (
        ("no body", Answer(200)),
        ("no JSON", Answer(200, JSON, body=b"not json")),
        ("JSON that is no object", Answer(200, JSON, body=b'["text"]')),
        ("another field", says(reply="Hello.")),
        ("an error", Answer(500, JSON, body=b'{"text": "Broken."}')),
    ):
        call, inbox = _call(account, agent, number, answer)
        ctx.expect_equal(_agents(call), [], f"what the agent says after {what}", *inbox.received)
        ctx.expect_equal(heard_by(inbox), list(HEARD), f"what the webhook was asked, with {what}", *inbox.received)
        ctx.expect_equal(call["status"], "completed", f"the status of a call with {what}", *inbox.received)


def _late(ctx: ProbeContext) -> None:
    account = ctx.account(webhook_timeout=SHUTDOWN_TIMEOUT)
    agent, number = desk(account, voiceMode="webhook")
    _, inbox = hook(ctx, account, agent)
    inbox.answer(Answer(hangs=True), says(text="Here I am."))
    id_ = ring(account, number, answer_after=1, turns=lines(*(f"caller: {words}" for words in HEARD)))
    account.advance(FIRST_TURN)
    account.settings(webhook_timeout=PATIENT)
    account.advance(180)
    spoken = spoken_in(fetched(account, CALLS, id_))
    what = "what is said where a response does not come in time: silence, and the next turn"
    ctx.expect_equal(spoken, [*HEARD, "Here I am."], what, *inbox.received)


@transcripts_claim(
    "AGP-CALL-3",
    "A call has its transcript, its transcript as a stream (connected, turns, ended), and, where it was "
    "recorded, a WAV that needs no key; without one 404.",
    needs=READ,
    sends=(
        Send("GET", f"{CALLS}?limit=1", 1),
        Send("GET", f"{CALLS}/{{call_id}}/transcript", 1),
    ),
)
def transcripts_and_recordings(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        calls = [call for call in listed(account, CALLS, limit=1) if call["endedAt"]]
        ctx.precondition(bool(calls), "the account has no call that is over")
        _transcript(ctx, account.get(f"{CALLS}/{calls[0]['id']}/transcript"))
        ctx.not_covered("the stream, and recordings")
        return
    agent, _ = desk(account)
    turns = lines("caller@1: Grüezi, is it ready?", "agent@4: It is.")
    call = finished_call(account, agent, 30, script={"turns": turns})
    exchange = account.get(f"{CALLS}/{call['id']}/transcript")
    _transcript(ctx, exchange)
    body = exchange.json()
    expected = [("user", "Grüezi, is it ready?"), ("agent", "It is.")]
    said = [(each["role"], each["content"]) for each in body["transcript"]]
    ctx.expect_equal(said, expected, "the transcript", exchange)
    ctx.expect_equal(body["data"], call["transcripts"], "its turns, as in the call", exchange)
    _stream(ctx, account.get(f"{CALLS}/{call['id']}/transcript/stream"), expected, 30)
    quiet = new_call(account, agent, systemPrompt="Hello", script={"end": "busy"})
    account.advance(RINGING_AND_AFTER)
    _stream(ctx, account.get(f"{CALLS}/{quiet['id']}/transcript/stream"), [], 0)
    for part in ("transcript", "transcript/stream"):
        unknown = account.get(f"{CALLS}/call_000000000000/{part}")
        ctx.expect_error(unknown, *NOT_FOUND, f"the {part} of an unknown call")
    _recordings(ctx)


def _transcript(ctx: ProbeContext, exchange: Exchange) -> None:
    ctx.expect_status(exchange, 200, "a transcript", stop=True)
    problem = SHAPES.problem("Transcript", exchange.json(), "the transcript")
    ctx.expect_documented(problem, "a transcript", exchange, stop=True)


def _events(exchange: Exchange) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in exchange.response_body.decode("utf-8", "replace").split("\n"):
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            try:
                yield name, json.loads(line.removeprefix("data:"))
            except ValueError:
                yield name, None
            name = ""


def _stream(ctx: ProbeContext, exchange: Exchange, said: list[tuple[str, str]], seconds: int) -> None:
    kind = (exchange.response_header("content-type") or "").lower().replace(" ", "")
    ctx.expect_status(exchange, 200, "a stream")
    ctx.expect_equal(kind, "text/event-stream;charset=utf-8", "the content type of a stream", exchange)
    events = list(_events(exchange))
    expected = ["connected", *["turn"] * len(said), "ended"]
    what = "the events in the stream of a call that is over"
    ctx.expect_equal([name for name, _ in events], expected, what, exchange, stop=True)
    turns = [(body.get("role"), body.get("content")) for _, body in events[1:-1] if isinstance(body, dict)]
    ctx.expect_equal(turns, said, "the turns in a stream", exchange)
    ctx.expect_fields(events[-1][1], {"durationSeconds": seconds}, "the end of a stream", exchange)


def _recordings(ctx: ProbeContext) -> None:
    account = ctx.account(recording=True)
    agent, _ = desk(account)
    call = finished_call(account, agent, 5)
    path = f"{CALLS}/{call['id']}/recording"
    ctx.expect_equal(call["recordingAvailable"], True, "recordingAvailable of a recorded call")
    url = str(call["recordingUrl"])
    ctx.expect(url.endswith(path), f"recordingUrl of a recorded call: expected …{path}, got {url}")
    exchange = account.get(path, key=None)
    ctx.expect_status(exchange, 200, "a recording without a key", stop=True)
    ctx.expect_equal(exchange.content_type, "audio/wav", "its content type", exchange, stop=True)
    named = exchange.response_header("content-disposition") or ""
    file = f"recording-{call['id']}.wav"
    ctx.expect(file in named, f"its Content-Disposition: expected {file} in it, got {named!r}", exchange, stop=True)
    try:
        with wave.open(io.BytesIO(exchange.response_body)) as sound:
            frames = len(sound.readframes(sound.getnframes())) / (sound.getsampwidth() * sound.getnchannels())
            seconds = frames / sound.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        ctx.expect(False, f"a recording: expected a WAV, got {error}", exchange)
        return
    ctx.expect(abs(seconds - 5) <= 1, f"the length of a recording: expected 5 s, got {seconds:.1f} s", exchange)
    unrecorded = finished_call(account, agent, 5, disableRecording=True)
    plain = ctx.default_account()
    clerk, _ = desk(plain)
    without = finished_call(plain, clerk, 5)
    for what, id_ in (
        ("a call with disableRecording", unrecorded["id"]),
        ("a call where recording is off", without["id"]),
        ("an unknown call", "call_000000000000"),
    ):
        exchange = account.get(f"{CALLS}/{id_}/recording", key=None)
        ctx.expect_error(exchange, *NOT_FOUND, f"the recording of {what}")
    ctx.expect_equal(without["recordingUrl"], None, "recordingUrl where recording is off")

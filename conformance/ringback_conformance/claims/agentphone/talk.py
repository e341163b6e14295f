"""Probes for what is said in calls: by webhook, on record, as a stream, as a recording."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from typing import Any

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import CALL_TURN, SAID, TURN_DATA
from ringback_conformance.claims.agentphone.steps import (
    CALLS,
    PERSON,
    RINGING_AND_AFTER,
    data,
    desk,
    fetched,
    finished_call,
    hook,
    inner,
    lines,
    listed,
    new_call,
    refused,
    ring,
    says,
    says_lines,
    told,
)
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox
from ringback_conformance.shapes import odd_fields

claim = CATALOGUE.section("SDK: webhooks, voice replies", Basis.SDK)
transcripts_claim = CATALOGUE.section("SDK: transcripts and recordings", Basis.SDK)

HEARD = ("Is the table ready?", "And the bread?")
FIRST_TURN = 4
"""Seconds after which somebody has said the first thing, and the webhook was asked, but not the second."""
SHUTDOWN_TIMEOUT, PATIENT = 0.2, 30.0
"""Real seconds that an account's receiver is given where a probe makes it hang, and elsewhere."""
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
    """A call that comes in, of somebody who says these things, with the webhook's answers; as it is in the end."""
    _, inbox = hook(account.ctx, account, agent)
    inbox.answer(*answers)
    id_ = ring(account, number, answer_after=1, turns=lines(*(f"caller: {words}" for words in said)))
    account.advance(180)
    return fetched(account, CALLS, id_), inbox


def _spoken(call: dict[str, Any]) -> list[str]:
    """All that both sides said, in order."""
    return [part for turn in call["transcripts"] for part in (turn["transcript"], turn["response"]) if part]


def _agents(call: dict[str, Any]) -> list[str]:
    """What the agent said."""
    return [turn["response"] for turn in call["transcripts"] if turn["response"]]


def _asked_turn_by_turn(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    call, inbox = _call(account, agent, number, says(text=SPOKEN), says(text="It is fresh."))
    asked = told(inbox, "agent.message/voice")
    words = [inner(event).get("transcript") for event in asked]
    ctx.check_(words == list(HEARD), f"what the webhook was asked: expected {HEARD}, got {words}", *inbox.received)
    for event in asked:
        odd = odd_fields(event["data"], TURN_DATA, "a turn")
        wanted = {
            "callId": call["id"],
            "numberId": number["id"],
            "from": PERSON,
            "to": number["phoneNumber"],
            "direction": "inbound",
        }
        wrong = {name: event["data"].get(name) for name, value in wanted.items() if event["data"].get(name) != value}
        ctx.expect(
            odd is None and not wrong and event["agentId"] == agent["id"],
            f"a turn: {odd or f'expected {wanted}, got {wrong}'}",
            *inbox.received,
        )
    ctx.expect(
        _spoken(call) == [HEARD[0], SPOKEN, HEARD[1], "It is fresh."],
        f"what was said: expected each reply after its turn, got {_spoken(call)}",
        *inbox.received,
    )
    ctx.expect(call["status"] == "completed", f"the call in the end: expected completed, got {call['status']}")


def _outbound(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    _, inbox = hook(ctx, account, agent)
    inbox.answer(says(text="Your table is ready."))
    call = new_call(
        account,
        agent,
        initialGreeting="Good evening.",
        script={"answer_after": 1, "turns": lines("caller: Who is this?")},
    )
    account.advance(180)
    after = fetched(account, CALLS, call["id"])
    asked = [inner(event).get("transcript") for event in told(inbox, "agent.message/voice")]
    ctx.expect(
        asked == ["Who is this?"] and "Your table is ready." in _agents(after),
        f"an outbound call without a prompt: expected the webhook asked once, got {asked} and {_agents(after)}",
        *inbox.received,
    )
    ctx.expect(
        _agents(after)[:1] == ["Good evening."],
        f"its greeting: expected it first, got {_agents(after)}",
        *inbox.received,
    )


def _interim(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    answer = says_lines(
        {"text": "Let me look.", "interim": True},
        {"text": "Still looking.", "interim": True},
        {"text": "It is."},
        {"text": "Too much."},
    )
    call, inbox = _call(account, agent, number, answer, says(text="Goodbye."), said=HEARD[:1])
    wanted = ["Let me look.", "Still looking.", "It is."]
    spoken = " ".join(_agents(call))
    ctx.expect(
        all(line in spoken for line in wanted) and "Too much." not in spoken,
        f"NDJSON: expected {wanted}, the first line that is not interim the last, got {spoken!r}",
        *inbox.received,
    )
    open_end, inbox = _call(
        account, agent, number, says_lines({"text": "Let me look.", "interim": True}), said=HEARD[:1]
    )
    ctx.expect(
        _agents(open_end) == ["Let me look."] and open_end["status"] == "completed",
        f"interim lines alone: expected them said, and silence, got {_agents(open_end)} {open_end['status']}",
        *inbox.received,
    )


def _hangs_up(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    for reply in ({"text": "Goodbye.", "hangup": True}, {"text": "Goodbye.", "action": "hangup"}):
        call, inbox = _call(account, agent, number, says(**reply))
        over = [inner(event) for event in told(inbox, "agent.call_ended")]
        reason = [event.get("disconnectionReason") for event in over]
        ctx.expect(
            _spoken(call) == [HEARD[0], "Goodbye."] and call["status"] == "completed" and reason == ["agent_hangup"],
            f"{reply}: expected the call over after it, by agent_hangup, got {_spoken(call)} {call['status']} {reason}",
            *inbox.received,
        )
    call, inbox = _call(account, agent, number, says(text="Hello."))
    reason = [inner(event).get("disconnectionReason") for event in told(inbox, "agent.call_ended")]
    ctx.expect(reason == ["user_hangup"], f"a caller who hangs up: expected user_hangup, got {reason}", *inbox.received)


def _transfers(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    call, inbox = _call(account, agent, number, says(text="I put you through.", action="transfer"))
    asked = told(inbox, "agent.message/voice")
    ctx.expect(
        _spoken(call) == [HEARD[0], "I put you through."] and len(asked) == 1 and call["status"] == "completed",
        f"a transfer: expected the agent to leave the call, got {_spoken(call)} {len(asked)} {call['status']}",
        *inbox.received,
    )


def _digits(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    for name in ("digits", "press_digit", "dtmf"):
        call, inbox = _call(account, agent, number, says(**{name: "42#"}), says(text="Done."))
        pressed = "".join(_pressed(ctx, account, call["id"]))
        ctx.expect(
            pressed == "42#" and _spoken(call)[-1] == "Done.",
            f"{name}: expected 42# pressed, and the call to go on, got {pressed!r} and {_spoken(call)}",
            *inbox.received,
        )


def _pressed(ctx: ProbeContext, account: Account, call: str) -> list[str]:
    """The keys that an agent pressed in a call, from the emulator's journal."""
    entries = ctx.control("GET", f"/journal?account_id={account.id}&limit=100")["data"]
    return [str(entry["digits"]) for entry in entries if entry.get("call_id") == call and entry.get("digits")]


def _silences(ctx: ProbeContext, account: Account, agent: dict[str, Any], number: dict[str, Any]) -> None:
    json_type = (("Content-Type", "application/json"),)
    for what, answer in (
        ("no body", Answer(200)),
        ("no JSON", Answer(200, json_type, body=b"not json")),
        ("JSON that is no object", Answer(200, json_type, body=b'["text"]')),
        ("another field", says(reply="Hello.")),
        ("an error", Answer(500, json_type, body=b'{"text": "Broken."}')),
    ):
        call, inbox = _call(account, agent, number, answer)
        asked = [inner(event).get("transcript") for event in told(inbox, "agent.message/voice")]
        ctx.expect(
            not _agents(call) and asked == list(HEARD) and call["status"] == "completed",
            f"{what}: expected silence, and each turn asked once, got {_agents(call)} and {asked}",
            *inbox.received,
        )


def _late(ctx: ProbeContext) -> None:
    account = ctx.account(webhook_timeout=SHUTDOWN_TIMEOUT)
    agent, number = desk(account, voiceMode="webhook")
    _, inbox = hook(ctx, account, agent)
    inbox.answer(Answer(hangs=True), says(text="Here I am."))
    id_ = ring(account, number, answer_after=1, turns=lines(*(f"caller: {words}" for words in HEARD)))
    account.advance(FIRST_TURN)
    account.settings(webhook_timeout=PATIENT)
    account.advance(180)
    call = fetched(account, CALLS, id_)
    ctx.expect(
        _spoken(call) == [HEARD[0], HEARD[1], "Here I am."],
        f"an answer that does not come in time: expected silence and the next turn, got {_spoken(call)}",
        *inbox.received,
    )


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
    call = finished_call(
        account, agent, 30, script={"turns": lines("caller@1: Grüezi, is it ready?", "agent@4: It is.")}
    )
    exchange = account.get(f"{CALLS}/{call['id']}/transcript")
    _transcript(ctx, exchange)
    body = exchange.json()
    wanted = [("user", "Grüezi, is it ready?"), ("agent", "It is.")]
    said = [(each["role"], each["content"]) for each in body["transcript"]]
    ctx.expect(said == wanted, f"the transcript: expected {wanted}, got {said}", exchange)
    ctx.expect(body["data"] == call["transcripts"], "its turns: expected those of the call", exchange)
    _stream(ctx, account.get(f"{CALLS}/{call['id']}/transcript/stream"), wanted, 30)
    quiet = new_call(account, agent, systemPrompt="Hello", script={"end": "busy"})
    account.advance(RINGING_AND_AFTER)
    _stream(ctx, account.get(f"{CALLS}/{quiet['id']}/transcript/stream"), [], 0)
    for part in ("transcript", "transcript/stream"):
        refused(
            ctx, account.get(f"{CALLS}/call_000000000000/{part}"), (404,), f"the {part} of a call that is not there"
        )
    _recordings(ctx)


def _transcript(ctx: ProbeContext, exchange: Exchange) -> None:
    body = exchange.json()
    ctx.check_(
        exchange.status == 200 and isinstance(body, dict), f"a transcript: expected 200, got {exchange}", exchange
    )
    odd = next((odd for turn in data(exchange) if (odd := odd_fields(turn, CALL_TURN, "a turn"))), None)
    ctx.expect(odd is None, f"a transcript: {odd or 'turns'}", exchange)
    plain = body.get("transcript")
    odd = next((odd for said in plain or [] if (odd := odd_fields(said, SAID, "a line"))), None)
    ctx.expect(isinstance(plain, list) and odd is None, f"its plain list: {odd or type(plain).__name__}", exchange)


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
    ctx.expect(
        exchange.status == 200 and kind == "text/event-stream;charset=utf-8",
        f"a stream: expected text/event-stream in UTF-8, got {exchange} {kind}",
        exchange,
    )
    events = list(_events(exchange))
    names = [name for name, _ in events]
    ctx.check_(
        names == ["connected", *["turn"] * len(said), "ended"],
        f"the stream of a call that is over: expected connected, {len(said)} turns, ended, got {names}",
        exchange,
    )
    turns = [
        (body.get("role"), body.get("content")) for name, body in events if name == "turn" and isinstance(body, dict)
    ]
    ctx.expect(turns == said, f"its turns: expected {said}, got {turns}", exchange)
    last = events[-1][1]
    length = last.get("durationSeconds") if isinstance(last, dict) else last
    ctx.expect(length == seconds, f"ended: expected durationSeconds {seconds}, got {length}", exchange)


def _recordings(ctx: ProbeContext) -> None:
    account = ctx.account(recording=True)
    agent, _ = desk(account)
    call = finished_call(account, agent, 5)
    path = f"{CALLS}/{call['id']}/recording"
    ctx.expect(
        call["recordingAvailable"] is True and str(call["recordingUrl"]).endswith(path),
        f"a recorded call: expected recordingUrl …{path}, got {call['recordingAvailable']} {call['recordingUrl']}",
    )
    exchange = account.get(path, key=None)
    named = exchange.response_header("content-disposition") or ""
    ctx.check_(
        exchange.status == 200 and exchange.content_type == "audio/wav" and f"recording-{call['id']}.wav" in named,
        f"a recording without a key: expected audio/wav named recording-{call['id']}.wav, got {exchange} "
        f"{exchange.content_type} {named}",
        exchange,
    )
    try:
        with wave.open(io.BytesIO(exchange.response_body)) as sound:
            frames = len(sound.readframes(sound.getnframes())) / (sound.getsampwidth() * sound.getnchannels())
            seconds = frames / sound.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        ctx.expect(False, f"a recording: expected a WAV, got {error}", exchange)
        return
    ctx.expect(abs(seconds - 5) <= 1, f"a recording of 5 s: got {seconds:.1f} s", exchange)
    unrecorded = finished_call(account, agent, 5, disableRecording=True)
    plain = ctx.default_account()
    clerk, _ = desk(plain)
    without = finished_call(plain, clerk, 5)
    for what, id_ in (
        ("a call with disableRecording", unrecorded["id"]),
        ("a call where recording is off", without["id"]),
        ("a call that is not there", "call_000000000000"),
    ):
        refused(ctx, account.get(f"{CALLS}/{id_}/recording", key=None), (404,), f"the recording of {what}")
    ctx.expect(without["recordingUrl"] is None, f"recordingUrl where recording is off: got {without['recordingUrl']}")

"""Probes for the media stream: the agent's WebSocket, which the vendor dials."""

from __future__ import annotations

import itertools
import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.signature import genuine
from ringback_conformance.claims.inkbox.steps import (
    FAR,
    IDENTITIES,
    MINUTE,
    PERSON,
    accepting,
    call_of,
    place,
    ring,
    thing_in,
    transcript_of,
)
from ringback_conformance.model import Basis
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment
from ringback_conformance.sockets import HANG_UP, Agent, Line, Socket

claim = CATALOGUE.section("Calls · Place call", Basis.SDK)

HEARD = ("Is the table at eight still free?", "Then I take it, thank you.")
ANSWERS = ("It is, for how many?", "See you at eight.")
TTS, STT = "X-Use-Inkbox-Text-To-Speech", "X-Use-Inkbox-Speech-To-Text"
FRAME_BYTES, FRAME_MS = 160, 20
"""20 ms of PCMU at 8000 Hz."""
SILENCE = b64encode(b"\xff" * FRAME_BYTES).decode()
TONE = b64encode(bytes((index * 37) % 256 for index in range(FRAME_BYTES))).decode()
LONG = " ".join(["and"] * 75)
"""Half a minute of speech."""


def speaking(*lines: str, then: Mapping[str, Any] | None = None) -> Agent:
    """An agent that answers what it hears with these lines in turn, and at last with `then`; it says when it has no
    more to say, so that nobody waits for it."""
    left = list(lines)

    def agent(frame: Any) -> Iterable[Mapping[str, Any]]:
        if not isinstance(frame, dict) or frame.get("event") != "transcript" or not frame.get("is_final"):
            return ()
        if left:
            return ({"event": "text", "delta": left.pop(0), "turn_id": "t", "sequence": 0, "done": True},)
        return ({"event": "audio_done"},) if then is None else (then, {"event": "audio_done"})

    return agent


def only(ctx: ProbeContext, line: Line, what: str) -> Socket:
    """The one connection to a line."""
    ctx.check_(len(line.sockets) == 1, f"{what}: expected the agent's socket dialled once, got {len(line.sockets)}")
    line.sockets[0].closed.wait(2)
    return line.sockets[0]


@claim(
    "INK-CALL-3",
    "On a call the agent's WebSocket is dialled, the upgrade signed, and what either side says reaches the "
    "other and the transcript, from `start` to `stop`.",
    needs=CTL,
    basis=Basis.DOC,
)
def a_call_over_a_socket(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    line = ctx.line()
    line.answer(speaking(*ANSWERS))
    number = accepting(account, line)
    key = str(thing_in(account.post(f"{IDENTITIES}front-desk/signing-key", {}), "signing key").get("signing_key"))
    id_ = ring(account, number, *HEARD)
    account.advance(5 * MINUTE)
    socket = only(ctx, line, "an incoming call")
    _dialled(ctx, socket, key, id_, number, PERSON, "inbound")
    _spoken(ctx, socket)
    call = call_of(account, id_)
    told = {name: call.get(name) for name in ("status", "hangup_reason", "use_inkbox_tts", "use_inkbox_stt")}
    wanted = {"status": "completed", "hangup_reason": "remote", "use_inkbox_tts": True, "use_inkbox_stt": True}
    ctx.expect(told == wanted, f"the call: expected {wanted}, got {told}", socket.upgrade)
    said = transcript_of(account, id_)
    expected = [
        (party, text)
        for pair in zip(HEARD, ANSWERS, strict=True)
        for party, text in zip(("remote", "local"), pair, strict=True)
    ]
    ctx.expect(said == expected, f"the transcript: expected {expected}, got {said}", socket.upgrade)
    _outbound(ctx, account, number, key)
    _unreached(ctx, account, number)


def _dialled(
    ctx: ProbeContext, socket: Socket, key: str, id_: str, number: Mapping[str, Any], peer: str, direction: str
) -> None:
    text = socket.upgrade.request_header("x-call-context") or ""
    try:
        context = json.loads(text)
    except ValueError:
        context = None
    ctx.check_(isinstance(context, dict), f"X-Call-Context: expected JSON, got {text[:80]!r}", socket.upgrade)
    held = (
        context.get("call_id") == id_
        and context.get("direction") == direction
        and context.get("phone_number") in (number["number"], peer)
    )
    ctx.expect(held, f"X-Call-Context: expected the call, {direction}, a side of it; got {context}", socket.upgrade)
    ctx.expect(
        genuine(socket.upgrade.request_headers, text.encode(), key),
        "the upgrade: expected a signature over the value of X-Call-Context",
        socket.upgrade,
    )


def _spoken(ctx: ProbeContext, socket: Socket) -> None:
    events = [frame.get("event") for frame in socket.frames if isinstance(frame, dict)]
    ctx.check_(
        events[:1] == ["start"] and events[-1:] == ["stop"] and events.count("start") == events.count("stop") == 1,
        f"the frames: expected start first and stop last, got {events}",
        socket.upgrade,
    )
    start = socket.frames[0].get("start") or {}
    form = start.get("media_format") if isinstance(start, dict) else None
    ctx.expect(
        isinstance(form, dict) and form.get("encoding") == "PCMU" and form.get("sample_rate") == 8000,
        f"media_format: expected PCMU at 8000 Hz, got {form}",
        socket.upgrade,
    )
    finals = [frame for frame in socket.named("transcript") if frame.get("is_final")]
    ctx.expect(
        [frame.get("text") for frame in finals] == list(HEARD) and not socket.named("media"),
        f"what the agent is told: expected {list(HEARD)} as text, got {[frame.get('text') for frame in finals]}",
        socket.upgrade,
    )
    turns = {frame.get("turn_id") for frame in finals}
    ctx.expect(len(turns) == len(HEARD), f"turn_id: expected each turn its own, got {turns}", socket.upgrade)
    ctx.expect(bool(socket.frames[-1].get("reason")), "stop: expected a reason", socket.upgrade)


def _outbound(ctx: ProbeContext, account: Account, number: Mapping[str, Any], key: str) -> None:
    line = ctx.line()
    line.answer(speaking("Good evening."))
    account.script({"kind": "call"}, answer_after=3, turns=[{"speaker": "caller", "text": "Who is this?"}])
    call = thing_in(place(account, number, client_websocket_url=line.url), "call")
    account.advance(2)
    ctx.expect(not line.sockets, "a call that rings: expected no socket yet")
    account.advance(5 * MINUTE)
    _dialled(ctx, only(ctx, line, "an outgoing call"), key, str(call["id"]), number, FAR, "outbound")
    said = transcript_of(account, str(call["id"]))
    ctx.expect(("local", "Good evening.") in said, f"the transcript of an outgoing call: got {said}")


def _unreached(ctx: ProbeContext, account: Account, number: Mapping[str, Any]) -> None:
    line = ctx.line()
    line.answer(status=403)
    call = thing_in(place(account, number, client_websocket_url=line.url), "call")
    account.advance(5 * MINUTE)
    ended = call_of(account, str(call["id"]))
    ctx.expect(
        ended.get("status") == "failed" and bool(line.refused),
        f"an agent that refuses the socket: expected the call failed, it is {ended.get('status')}",
        *line.refused,
    )


@claim(
    "INK-CALL-5",
    "An agent that declines text gets 20 ms frames of PCMU at the pace of the clock, sends its own, and alone "
    "writes the transcript.",
    needs=CTL,
)
def a_call_in_frames_of_audio(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    line = ctx.line()
    number = accepting(account, line)
    written = {"event": "transcript", "party": "remote", "text": "In my words.", "is_final": True}
    plain = {"event": "media", "media": {"payload": TONE, "track": "outbound"}}
    sent: list[Mapping[str, Any]] = []

    def agent(frame: Any) -> Iterable[Mapping[str, Any]]:
        if not sent and isinstance(frame, dict) and frame.get("event") == "media":
            sent.extend((plain, {"event": "audio_done"}, written))
            return tuple(sent)
        return ()

    line.answer(agent, headers=((TTS, "false"), (STT, "false")))
    id_ = ring(account, number, HEARD[0], answer_after=1)
    account.advance(1)
    ctx.precondition(len(line.sockets) == 1, "the agent's socket was not dialled")
    socket = line.sockets[0]
    before = len(socket.named("media"))
    account.advance(1)
    during = socket.named("media")[before:]
    ctx.expect(49 <= len(during) <= 51, f"a second of audio: expected 50 frames, got {len(during)}", socket.upgrade)
    frames = [frame.get("media") or {} for frame in socket.named("media")]
    payloads = [_bytes(media.get("payload")) for media in frames]
    ctx.expect(
        bool(payloads) and all(len(payload) == FRAME_BYTES for payload in payloads),
        f"a frame: expected {FRAME_BYTES} bytes of PCMU, got {sorted({len(payload) for payload in payloads})}",
        socket.upgrade,
    )
    stamps = [int(str(media.get("timestamp"))) for media in frames if str(media.get("timestamp")).isdigit()]
    steps = {after - then for then, after in itertools.pairwise(stamps)}
    ctx.expect(
        steps == {FRAME_MS} and len(stamps) == len(frames) and {media.get("track") for media in frames} == {"inbound"},
        f"timestamps: expected steps of {FRAME_MS} ms on the inbound track, got {steps}",
        socket.upgrade,
    )
    ctx.expect(len(set(payloads)) > 1, "the audio: expected what the far end says, got silence alone", socket.upgrade)
    account.advance(5 * MINUTE)
    call = call_of(account, id_)
    ctx.expect(
        call.get("use_inkbox_tts") is False and call.get("use_inkbox_stt") is False,
        f"the call: expected neither text to speech nor speech to text, got {call.get('use_inkbox_tts')}",
        socket.upgrade,
    )
    ctx.expect(
        not socket.named("transcript"), "an agent without speech to text: expected no transcript", socket.upgrade
    )
    said = transcript_of(account, id_)
    ctx.expect(said == [("remote", "In my words.")], f"the transcript: expected the agent's words alone, got {said}")


def _bytes(payload: Any) -> bytes:
    try:
        return b64decode(payload, validate=True) if isinstance(payload, str) else b""
    except ValueError:
        return b""


@claim(
    "INK-CALL-6",
    "An agent ends a call with `stop`; closing the socket or an unknown event does not.",
    needs=CTL,
)
def what_ends_a_call(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    line = ctx.line()
    number = accepting(account, line)
    line.answer(speaking(then={"event": "stop"}))
    id_ = ring(account, number, *HEARD, duration=600)
    account.advance(MINUTE)
    call = call_of(account, id_)
    told = (call.get("status"), call.get("hangup_reason"))
    ctx.expect(told == ("completed", "local"), f"an agent that sends stop: expected the call ended by it, it is {told}")
    heard = [text for party, text in transcript_of(account, id_) if party == "remote"]
    ctx.expect(heard == [HEARD[0]], f"after stop: expected nothing more to be heard, got {heard}")
    for what, last in (("an event of another name", {"event": "hangup"}), ("closing the socket", HANG_UP)):
        line.answer(speaking(then=last))
        id_ = ring(account, number, *HEARD, duration=600)
        account.advance(MINUTE)
        going = call_of(account, id_)
        ctx.expect(
            going.get("status") == "answered", f"{what}: expected the call to go on, it is {going.get('status')}"
        )
        account.advance(600)
        ended = call_of(account, id_)
        told = (ended.get("status"), ended.get("hangup_reason"))
        ctx.expect(told == ("completed", "remote"), f"{what}: expected the far end to hang up, it is {told}")
    ctx.expect(len(line.sockets) == 3, f"three calls: expected three sockets, got {len(line.sockets)}")


@claim(
    "INK-CALL-7",
    "A caller who talks over the agent is told as `barge_in`, and `clear` drops what the agent had yet to say.",
    needs=CTL,
)
def who_talks_over_whom(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    line = ctx.line()
    number = accepting(account, line)
    line.answer(speaking(LONG))
    turns = [{"speaker": "caller", "text": HEARD[0]}, {"speaker": "caller", "text": "No, wait a moment.", "at": 12}]
    id_ = account.phone(str(number["number"]), PERSON, turns=turns)
    account.advance(5 * MINUTE)
    socket = only(ctx, line, "a call that is talked over")
    barged = socket.named("barge_in")
    ctx.expect(
        len(barged) == 1 and barged[0].get("trigger") == "caller_speech" and barged[0].get("tts_interrupted") is True,
        f"a caller who talks over the agent: expected one barge_in, got {barged}",
        socket.upgrade,
    )
    ctx.expect(
        ("remote", "No, wait a moment.") in transcript_of(account, id_),
        "what was said over the agent: expected it in the transcript",
        socket.upgrade,
    )
    lengths = []
    for clears in (False, True):
        line.answer(_clearing(clears))
        id_ = ring(account, number, HEARD[0])
        account.advance(5 * MINUTE)
        lengths.append(_length(call_of(account, id_)))
    ctx.expect(
        lengths[0] > 30 and lengths[1] < 15,
        f"clear: expected what the agent had yet to say dropped, the calls took {lengths} seconds",
        *[each.upgrade for each in line.sockets],
    )
    ctx.expect(
        not any(each.named("barge_in") for each in line.sockets[1:]),
        "nobody talked over the agent: expected no barge_in",
    )


def _clearing(clears: bool) -> Agent:
    inner = speaking(LONG)

    def agent(frame: Any) -> Iterable[Mapping[str, Any]]:
        said = tuple(inner(frame))
        return (*said, {"event": "clear"}) if said and clears else said

    return agent


def _length(call: Mapping[str, Any]) -> float:
    began, ended = moment(call.get("started_at")), moment(call.get("ended_at"))
    return (ended - began).total_seconds() if began is not None and ended is not None else -1.0

"""Mutants of the media stream: the handshake, transcripts, frames of audio, what the agent sends."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.script import Turn
from ringback.mutants.inkbox.registry import mutant
from ringback.mutants.patching import Original
from ringback.vendors.inkbox.events import SIGNATURE
from ringback.vendors.inkbox.records import Identity, Party
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.call_views import CallViews
from ringback.vendors.inkbox.rules.calls import Calls
from ringback.vendors.inkbox.rules.media_streams import FRAME, Frame, MediaStream, MediaStreams
from ringback.vendors.inkbox.rules.transcripts import Transcripts
from ringback.vendors.inkbox.wire.responses import CallView

Message = dict[str, Any]


class _Transcript(msgspec.Struct, tag_field="event", tag="transcript"):
    """A transcript that the stream does not recognize as one."""

    text: str
    is_final: bool
    turn_id: str


def _messages(
    name: str, claim: str, description: str, change: Callable[[Message], Message | None], *also_breaks: str
) -> None:
    """Declare a change of every message to the agent except frames of audio; None withholds it."""

    @mutant(name, claim, description, *also_breaks).patch(MediaStreams.put)
    def _put(put: Original, _: Inkbox, stream: MediaStream, message: Any) -> None:
        changed = change(dict(message)) if isinstance(message, dict) else message
        if changed is not None or message is None:
            put(stream, changed)


def _frames(name: str, description: str, change: Callable[[Message], Message]) -> None:
    """Declare a change of every frame of audio to the agent; `change` returns its media."""

    @mutant(f"frames.{name}", "INK-CALL-5", description).patch(MediaStreams.media_message)
    async def _media_message(media_message: Original, _: Inkbox, stream: MediaStream, frame: Frame) -> Message:
        message: Message = await media_message(stream, frame)
        return {**message, "media": {**message["media"], **change(message["media"])}}


def _without(event: str) -> Callable[[Message], Message | None]:
    return lambda message: None if message["event"] == event else message


def _with(event: str, **members: Any) -> Callable[[Message], Message | None]:
    return lambda message: {**message, **members} if message["event"] == event else message


# -- the handshake ------

Headers = list[tuple[str, str]]


def _signed(own: Inkbox, identity: Identity, headers: dict[str, str], body: str) -> Headers:
    """Return the headers with a signature over another body."""
    at, id_ = int(headers["X-Inkbox-Timestamp"]), headers["X-Inkbox-Request-ID"]
    return list({**headers, **dict(SIGNATURE.sign(own.signing.key(identity), body.encode(), at, id_))}.items())


def _without_call_id(headers: dict[str, str]) -> dict[str, str]:
    context = json.loads(headers["X-Call-Context"])
    del context["call_id"]
    return {**headers, "X-Call-Context": json.dumps(context)}


mutant("stream.not-signed", "INK-CALL-3", "The handshake has no signature.").result(
    MediaStreams.headers,
    lambda headers, own, call, identity: [header for header in headers if header[0] != "X-Inkbox-Signature"],
)
mutant("stream.signed-over-nothing", "INK-CALL-3", "The handshake's signature is over an empty body.").result(
    MediaStreams.headers, lambda headers, own, call, identity: _signed(own, identity, dict(headers), "")
)


@mutant("stream.context-without-call", "INK-CALL-3", "The context of the handshake has no call_id.").patch(
    MediaStreams.headers
)
def _context_without_call(headers: Original, own: Inkbox, call: Call, identity: Identity) -> Headers:
    changed = _without_call_id(dict(headers(call, identity)))
    return _signed(own, identity, changed, changed["X-Call-Context"])


mutant("stream.unreached-goes-on", "INK-CALL-3", "A call whose agent rejects the WebSocket continues.").returns(
    MediaStreams.fail, None
)


@mutant(
    "stream.dialled-while-ringing", "INK-CALL-3", "An outbound call opens the WebSocket before it is answered."
).patch(Calls.on_changed)
def _open_while_ringing(on_changed: Original, own: Inkbox, call: Call) -> None:
    if call.state == "ringing" and call.direction == "outbound" and call.live is not None and call.live.interactive:
        own.media_streams.open(call)
    elif call.state != "in_progress" or call.direction != "outbound" or call.live is None:
        on_changed(call)


# -- transcripts ------

_messages("stream.no-start", "INK-CALL-3", "There is no start message.", _without("start"))
_messages(
    "stream.start-without-format", "INK-CALL-3", "The start message has no media format.", _with("start", start={})
)
_messages("stream.no-stop", "INK-CALL-3", "There is no stop message.", _without("stop"))
_messages(
    "stream.never-final",
    "INK-CALL-3",
    "No transcript is final.",
    _with("transcript", is_final=False),
    "INK-CALL-6",
    "INK-CALL-7",
)
_messages(
    "stream.one-turn",
    "INK-CALL-3",
    "All turns have the same turn_id.",
    lambda message: {**message, "turn_id": "turn_1"} if "turn_id" in message else message,
)


def _unrecorded(name: str, description: str, omitted: Party, *also_breaks: str) -> None:
    @mutant(name, "INK-CALL-3", description, *also_breaks).patch(Transcripts.add)
    def _add(add: Original, own: Inkbox, call: Call, party: Party, text: str, at: float) -> None:
        if party != omitted or own.data.calls[call.id].scripted:
            add(call, party, text, at)


_unrecorded("stream.agent-not-written-down", "The transcript omits what the agent says.", "local")
_unrecorded(
    "stream.caller-not-written-down",
    "The transcript omits what the caller says.",
    "remote",
    "INK-CALL-5",
    "INK-CALL-6",
    "INK-CALL-7",
)

# -- audio ------

_frames(
    "of-40-ms",
    "A frame has 40 ms.",
    lambda media: {"payload": b64encode(b64decode(media["payload"]) * 2).decode()},
)
_frames(
    "stamped-in-seconds",
    "A frame's timestamp is in seconds.",
    lambda media: {"timestamp": str(int(media["timestamp"]) // 1_000)},
)
_frames(
    "silent",
    "All frames are silent.",
    lambda media: {"payload": b64encode(b"\xff" * len(b64decode(media["payload"]))).decode()},
)


@mutant("frames.every-other", "INK-CALL-5", "Every other frame is omitted.").patch(MediaStreams.put)
def _every_other(put: Original, _: Inkbox, stream: MediaStream, message: Any) -> None:
    if not isinstance(message, Frame) or message.at // FRAME % 2:
        put(stream, message)


@mutant("frames.at-twice-the-pace", "INK-CALL-5", "Frames come at twice the pace of the clock.").patch(
    MediaStreams.on_frame_due
)
def _twice_the_pace(on_frame_due: Original, own: Inkbox, id_: str, first: int, due: int) -> None:
    on_frame_due(id_, first, due)
    stream = own.media_streams.streams.get(id_)
    if stream is not None and stream.socket is not None and not stream.socket.closed:
        own.media_streams.put(stream, Frame(None, 0, due))


@mutant("frames.with-transcripts", "INK-CALL-5", "An agent without speech to text gets transcripts.").patch(
    MediaStreams.put
)
def _with_transcripts(put: Original, _: Inkbox, stream: MediaStream, message: Any) -> None:
    if isinstance(message, dict) and message["event"] == "transcript" and stream.detail.stt is False:
        message = _Transcript(message["text"], message["is_final"], message["turn_id"])
    put(stream, message)


@mutant("frames.heard-anyway", "INK-CALL-5", "Without speech to text the transcript has what the caller says.").patch(
    Calls.on_live_event
)
def _recorded_anyway(on_live_event: Original, own: Inkbox, call: Call, event: CallEvent, turn: Turn | None) -> None:
    without = own.data.calls[call.id].stt is False
    if event == "turn_recorded" and turn is not None and turn.speaker == "caller" and without:
        own.transcripts.add(call, "remote", turn.text, turn.at)
    on_live_event(call, event, turn)


mutant("frames.own-words-are-lost", "INK-CALL-5", "The agent's own transcript is not recorded.").returns(
    MediaStreams.add_transcript, None
)


def _switched_on(view: CallView, _: Inkbox, _call: Call) -> CallView:
    on = True if view.use_inkbox_tts is not None else None
    return replace(view, use_inkbox_tts=on, use_inkbox_stt=on)


mutant("frames.switches-not-shown", "INK-CALL-5", "A call always shows text to speech and speech to text.").result(
    CallViews.view, _switched_on
)

# -- the end ------

mutant("ending.stop-is-ignored", "INK-CALL-6", "A stop from the agent has no effect.").returns(MediaStreams.stop, None)
mutant("ending.stop-is-remote", "INK-CALL-6", "A call that the agent ended has the reason remote.").result(
    CallViews.view,
    lambda view, own, call: (
        replace(view, hangup_reason="remote") if (view.hangup_reason, view.direction) == ("local", "inbound") else view
    ),
)
mutant("ending.hangup-hangs-up", "INK-CALL-6", "An event called hangup ends a call.").instead(
    MediaStreams.handle, lambda handle, own, stream, raw: handle(stream, raw.replace('"hangup"', '"stop"'))
)


@mutant("ending.closing-hangs-up", "INK-CALL-6", "Closing the WebSocket ends a call.").patch(MediaStreams.listen)
async def _end_on_close(listen: Original, own: Inkbox, stream: MediaStream) -> None:
    await listen(stream)
    if stream.call.state == "in_progress":
        own.services.calls.hang_up(stream.call)


# -- interruptions ------

_messages("barge.not-told", "INK-CALL-7", "There is no barge_in.", _without("barge_in"))
mutant("barge.at-every-turn", "INK-CALL-7", "Every turn of the caller is a barge_in.").instead(
    MediaStreams.announce, lambda announce, own, stream, first, *, interrupts: announce(stream, first, interrupts=True)
)
_messages(
    "barge.not-interrupted",
    "INK-CALL-7",
    "A barge_in says that nothing was interrupted.",
    _with("barge_in", tts_interrupted=False),
)
mutant("barge.clear-is-ignored", "INK-CALL-7", "A clear has no effect.").returns(MediaStreams.clear_audio, None)

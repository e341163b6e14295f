"""Mutants of the media stream: the agent's socket, its frames, and what they do."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

import msgspec

from ringback.emulator import Emulator
from ringback.gateway.mutants import patch
from ringback.vendors.inkbox.mutants.register import REGISTRY, backend, instead
from ringback.vendors.inkbox.rules.media_streams import FRAME, TICK, Frame


class _Transcript(msgspec.Struct, tag_field="event", tag="transcript"):
    """A transcript that is not taken for one on its way."""

    text: str
    is_final: bool
    turn_id: str


Change = Callable[[dict[str, Any]], "dict[str, Any] | None"]


def _to_agent(emulator: Emulator, change: Change) -> None:
    """Change every message on its way to an agent but frames of audio; None drops it."""

    def make(put: Any) -> Any:
        def changed(bridge: Any, message: Any) -> None:
            if isinstance(message, dict):
                message = change(dict(message))
                if message is None:
                    return
            put(bridge, message)

        return changed

    patch(backend(emulator).bridges, "_put", make)


def _in_frames(emulator: Emulator, change: Change) -> None:
    """Change every frame of audio on its way to an agent."""

    def make(worded: Any) -> Any:
        async def changed(bridge: Any, frame: Any) -> Any:
            return change(await worded(bridge, frame))

        return changed

    patch(backend(emulator).bridges, "_worded", make)


def _headers(emulator: Emulator, change: Callable[[dict[str, str]], object]) -> None:
    def make(headers: Any) -> Any:
        def changed(call: Any, identity: Any) -> Any:
            found = dict(headers(call, identity))
            change(found)
            return list(found.items())

        return changed

    patch(backend(emulator).bridges, "_headers", make)


# -- the upgrade ------


@REGISTRY.on_start("stream.not-signed", "INK-CALL-3", "The upgrade is not signed.")
def _not_signed(emulator: Emulator) -> None:
    _headers(emulator, lambda headers: headers.pop("X-Inkbox-Signature", None))


@REGISTRY.on_start("stream.signed-over-nothing", "INK-CALL-3", "The upgrade is signed over an empty body.")
def _signed_over_nothing(emulator: Emulator) -> None:
    from ringback.vendors.inkbox.events import SIGNATURE

    def make(headers: Any) -> Any:
        def changed(call: Any, identity: Any) -> Any:
            found = dict(headers(call, identity))
            key = backend(emulator).signing.key(identity)
            signed = dict(SIGNATURE.sign(key, b"", int(found["X-Inkbox-Timestamp"]), found["X-Inkbox-Request-ID"]))
            return list({**found, **signed}.items())

        return changed

    patch(backend(emulator).bridges, "_headers", make)


@REGISTRY.on_start("stream.context-without-call", "INK-CALL-3", "The context of the upgrade does not name the call.")
def _context_without_call(emulator: Emulator) -> None:
    from ringback.vendors.inkbox.events import SIGNATURE

    def make(headers: Any) -> Any:
        def changed(call: Any, identity: Any) -> Any:
            found = dict(headers(call, identity))
            context = json.loads(found["X-Call-Context"])
            del context["call_id"]
            text = json.dumps(context)
            key = backend(emulator).signing.key(identity)
            signed = dict(
                SIGNATURE.sign(key, text.encode(), int(found["X-Inkbox-Timestamp"]), found["X-Inkbox-Request-ID"])
            )
            return list({**found, **signed, "X-Call-Context": text}.items())

        return changed

    patch(backend(emulator).bridges, "_headers", make)


@REGISTRY.on_start("stream.unreached-goes-on", "INK-CALL-3", "A call whose agent refuses the socket is completed.")
def _unreached_goes_on(emulator: Emulator) -> None:
    patch(backend(emulator).phones, "break_off", instead(None))


@REGISTRY.on_start(
    "stream.dialled-while-ringing", "INK-CALL-3", "An outgoing call dials the agent before it is answered."
)
def _dialled_while_ringing(emulator: Emulator) -> None:
    phones, bridges = backend(emulator).phones, backend(emulator).bridges

    def make(changed: Any) -> Any:
        def early(call: Any) -> None:
            if (
                call.state == "ringing"
                and call.direction == "outbound"
                and call.live is not None
                and call.live.interactive
            ):
                bridges.open(call)
            elif call.state != "in_progress" or call.direction != "outbound" or call.live is None:
                changed(call)

        return early

    patch(phones, "changed", make)


# -- what is said ------


@REGISTRY.on_start("stream.no-start", "INK-CALL-3", "No start comes before what is said.")
def _no_start(emulator: Emulator) -> None:
    _to_agent(emulator, lambda message: None if message["event"] == "start" else message)


@REGISTRY.on_start("stream.start-without-format", "INK-CALL-3", "The start tells no media format.")
def _start_without_format(emulator: Emulator) -> None:
    _to_agent(emulator, lambda message: {**message, "start": {}} if message["event"] == "start" else message)


@REGISTRY.on_start("stream.no-stop", "INK-CALL-3", "No stop comes at the end of a call.")
def _no_stop(emulator: Emulator) -> None:
    _to_agent(emulator, lambda message: None if message["event"] == "stop" else message)


@REGISTRY.on_start("stream.never-final", "INK-CALL-3", "No transcript is final.", "INK-CALL-6", "INK-CALL-7")
def _never_final(emulator: Emulator) -> None:
    def change(message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "is_final": False} if message["event"] == "transcript" else message

    _to_agent(emulator, change)


@REGISTRY.on_start("stream.one-turn", "INK-CALL-3", "All turns have the same turn_id.")
def _one_turn(emulator: Emulator) -> None:
    _to_agent(emulator, lambda message: {**message, "turn_id": "turn_1"} if "turn_id" in message else message)


def _written(emulator: Emulator, keeps: Callable[[str], bool]) -> None:
    def make(say: Any) -> Any:
        def some(call: Any, party: str, text: str, at: float) -> None:
            if keeps(party) or backend(emulator).phones.details[call.id].scripted:
                say(call, party, text, at)

        return some

    patch(backend(emulator).phones, "say", make)


@REGISTRY.on_start("stream.agent-not-written-down", "INK-CALL-3", "What the agent says is not in the transcript.")
def _agent_not_written_down(emulator: Emulator) -> None:
    _written(emulator, lambda party: party != "local")


@REGISTRY.on_start(
    "stream.caller-not-written-down",
    "INK-CALL-3",
    "What the far end says is not in the transcript.",
    "INK-CALL-5",
    "INK-CALL-6",
    "INK-CALL-7",
)
def _caller_not_written_down(emulator: Emulator) -> None:
    _written(emulator, lambda party: party != "remote")


# -- audio ------


@REGISTRY.on_start("frames.of-40-ms", "INK-CALL-5", "A frame has 40 ms.")
def _of_40_ms(emulator: Emulator) -> None:
    def change(frame: dict[str, Any]) -> dict[str, Any]:
        payload = b64encode(b64decode(frame["media"]["payload"]) * 2).decode()
        return {**frame, "media": {**frame["media"], "payload": payload}}

    _in_frames(emulator, change)


@REGISTRY.on_start("frames.stamped-in-seconds", "INK-CALL-5", "A frame's timestamp is in seconds.")
def _stamped_in_seconds(emulator: Emulator) -> None:
    def change(frame: dict[str, Any]) -> dict[str, Any]:
        stamp = str(int(frame["media"]["timestamp"]) // 1000)
        return {**frame, "media": {**frame["media"], "timestamp": stamp}}

    _in_frames(emulator, change)


@REGISTRY.on_start("frames.silent", "INK-CALL-5", "The frames hold silence alone.")
def _silent(emulator: Emulator) -> None:
    def change(frame: dict[str, Any]) -> dict[str, Any]:
        payload = b64encode(b"\xff" * len(b64decode(frame["media"]["payload"]))).decode()
        return {**frame, "media": {**frame["media"], "payload": payload}}

    _in_frames(emulator, change)


@REGISTRY.on_start("frames.every-other", "INK-CALL-5", "Every other frame is left out.")
def _every_other(emulator: Emulator) -> None:
    def make(put: Any) -> Any:
        def some(bridge: Any, message: Any) -> None:
            if not isinstance(message, Frame) or message.at // FRAME % 2:
                put(bridge, message)

        return some

    patch(backend(emulator).bridges, "_put", make)


@REGISTRY.on_start("frames.at-twice-the-pace", "INK-CALL-5", "Frames come at twice the pace of the clock.")
def _at_twice_the_pace(emulator: Emulator) -> None:
    bridges = backend(emulator).bridges

    def make(tick: Any) -> Any:
        def twice(id_: str, first: int, due: int) -> None:
            tick(id_, first, due)
            call = emulator.services.calls.records.get(id_)
            bridge = bridges._open.get(id_)
            if call is not None and bridge is not None and bridge.socket is not None and not bridge.socket.closed:
                bridges._put(bridge, Frame(None, 0, due))

        return twice

    emulator.services.clock.on(TICK, make(bridges._tick))


@REGISTRY.on_start(
    "frames.with-transcripts", "INK-CALL-5", "Who wants no speech to text gets transcripts all the same."
)
def _with_transcripts(emulator: Emulator) -> None:
    def make(put: Any) -> Any:
        def told(bridge: Any, message: Any) -> None:
            if isinstance(message, dict) and message["event"] == "transcript" and bridge.detail.stt is False:
                put(bridge, _Transcript(message["text"], message["is_final"], message["turn_id"]))
            else:
                put(bridge, message)

        return told

    patch(backend(emulator).bridges, "_put", make)


@REGISTRY.on_start("frames.heard-anyway", "INK-CALL-5", "What the far end says is written down without speech to text.")
def _heard_anyway(emulator: Emulator) -> None:
    phones = backend(emulator).phones

    def make(talked: Any) -> Any:
        def eager(call: Any, event: str, turn: Any) -> None:
            detail = phones.details[call.id]
            if event == "turn_recorded" and turn is not None and turn.speaker == "caller" and detail.stt is False:
                phones.say(call, "remote", turn.text, turn.at)
            talked(call, event, turn)

        return eager

    patch(phones, "talked", make)


@REGISTRY.on_start("frames.own-words-are-lost", "INK-CALL-5", "The agent's own transcript is not written down.")
def _own_words_are_lost(emulator: Emulator) -> None:
    patch(backend(emulator).bridges, "_said", instead(None))


@REGISTRY.on_start("frames.switches-not-shown", "INK-CALL-5", "A call does not show what its agent does without.")
def _switches_not_shown(emulator: Emulator) -> None:
    def make(view: Any) -> Any:
        def plain(call: Any) -> Any:
            found = view(call)
            found.use_inkbox_tts = found.use_inkbox_stt = True if found.use_inkbox_tts is not None else None
            return found

        return plain

    patch(backend(emulator).phones, "view", make)


# -- ending ------


@REGISTRY.on_start("ending.stop-is-ignored", "INK-CALL-6", "A stop from the agent ends nothing.")
def _stop_is_ignored(emulator: Emulator) -> None:
    patch(backend(emulator).bridges, "_stop", instead(None))


@REGISTRY.on_start(
    "ending.stop-is-remote", "INK-CALL-6", "A call that the agent ended is shown as ended by the far end."
)
def _stop_is_remote(emulator: Emulator) -> None:
    def make(view: Any) -> Any:
        def blaming(call: Any) -> Any:
            found = view(call)
            if found.hangup_reason == "local" and found.direction == "inbound":
                found.hangup_reason = "remote"
            return found

        return blaming

    patch(backend(emulator).phones, "view", make)


@REGISTRY.on_start("ending.hangup-hangs-up", "INK-CALL-6", "An event of the name hangup ends a call.")
def _hangup_hangs_up(emulator: Emulator) -> None:
    bridges = backend(emulator).bridges

    def make(take: Any) -> Any:
        def eager(bridge: Any, raw: str) -> None:
            take(bridge, raw.replace('"hangup"', '"stop"'))

        return eager

    patch(bridges, "_take", make)


@REGISTRY.on_start("ending.closing-hangs-up", "INK-CALL-6", "Closing the socket ends a call.")
def _closing_hangs_up(emulator: Emulator) -> None:
    bridges = backend(emulator).bridges

    def make(listen: Any) -> Any:
        async def ending(bridge: Any) -> None:
            await listen(bridge)
            if bridge.call.state == "in_progress":
                emulator.services.calls.hang_up(bridge.call)

        return ending

    patch(bridges, "_listen", make)


# -- talking over ------


@REGISTRY.on_start("barge.not-told", "INK-CALL-7", "An agent that is talked over is not told.")
def _not_told(emulator: Emulator) -> None:
    _to_agent(emulator, lambda message: None if message["event"] == "barge_in" else message)


@REGISTRY.on_start("barge.at-every-turn", "INK-CALL-7", "Every turn of the far end is told as barge_in.")
def _at_every_turn(emulator: Emulator) -> None:
    def make(announce: Any) -> Any:
        return lambda bridge, first, *, interrupts, turn: announce(bridge, first, interrupts=True, turn=turn)

    patch(backend(emulator).bridges, "_announce", make)


@REGISTRY.on_start("barge.not-interrupted", "INK-CALL-7", "A barge_in says that nothing was interrupted.")
def _not_interrupted(emulator: Emulator) -> None:
    def change(message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "tts_interrupted": False} if message["event"] == "barge_in" else message

    _to_agent(emulator, change)


@REGISTRY.on_start("barge.clear-is-ignored", "INK-CALL-7", "A clear drops nothing.")
def _clear_is_ignored(emulator: Emulator) -> None:
    patch(backend(emulator).bridges, "_clear", instead(None))

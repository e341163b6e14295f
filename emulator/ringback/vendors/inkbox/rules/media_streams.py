"""The media stream: a call's WebSocket to the agent, which Inkbox opens (wire, section 11).

What the caller says is sent as transcripts or as 20 ms frames of PCMU; the agent sends text or frames. Each frame is a
timer, so the stream keeps the pace of the clock. A ping follows each message, and time waits for the pong: an agent
that handles its messages in order has handled this one by then.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Protocol

import msgspec

from ringback.carrier.call import FINAL, Call, CallEvent
from ringback.carrier.clock import MINUTE, SECOND
from ringback.carrier.script import MAX_TEXT, Turn, speech_seconds
from ringback.carrier.speech import PCMU_SILENCE, TELEPHONE_RATE, utterance
from ringback.gateway.asgi import encode
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.vendors.inkbox.events import SIGNATURE
from ringback.vendors.inkbox.records import CallDetail, Identity
from ringback.vendors.inkbox.rules.common import NAME, settings_of
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.rules.transcripts import Transcripts

FRAME = 20_000
"""The duration of a frame, in microseconds."""
FRAME_BYTES = TELEPHONE_RATE * FRAME // SECOND
SILENT_FRAME = PCMU_SILENCE * FRAME_BYTES
FRAME_DUE = "inkbox.media.frame"
FORMAT = {"encoding": "PCMU", "sample_rate": TELEPHONE_RATE, "channels": 1}
DIAL_SECONDS = 5.0
"""Real seconds within which an agent must accept the WebSocket."""
PONG_SECONDS = 1.0
"""Real seconds within which an agent should answer a ping; time goes on without it after that."""
CLOSE_SECONDS = 1.0
MAX_AUDIO = MINUTE
"""Audio of one message at most, in microseconds."""
USES_TTS = "x-use-inkbox-text-to-speech"
USES_STT = "x-use-inkbox-speech-to-text"
_SILENT_CODES = bytes((*range(0x70, 0x80), *range(0xF0, 0x100)))
"""PCMU codes of an inaudible amplitude."""
_decode = msgspec.json.Decoder().decode


class Socket(Protocol):
    """The part of aiohttp's client WebSocket that a stream uses; aiohttp is loaded with the first webhook or stream."""

    @property
    def closed(self) -> bool: ...
    def __aiter__(self) -> AsyncIterator[Any]: ...
    async def send_str(self, data: str) -> None: ...
    async def ping(self, message: bytes) -> None: ...
    async def pong(self, message: bytes) -> None: ...
    async def close(self) -> Any: ...


class MediaStream:
    """One call's WebSocket. `queue` has the messages to send, each with a future that is done once it was handled."""

    def __init__(self, call: Call, detail: CallDetail) -> None:
        self.call = call
        self.detail = detail
        self.stream_id = f"stream_{call.id}"
        self.queue: asyncio.Queue[tuple[Any, asyncio.Future[None]]] = asyncio.Queue()
        self.socket: Socket | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.turns = 0
        self.speech: dict[float, asyncio.Future[bytes]] = {}
        self.interrupted = False
        self.reply: asyncio.Future[None] | None = None
        self.drafts: dict[str, str] = {}
        self.pongs: dict[bytes, asyncio.Future[None]] = {}
        self.pings = 0
        self.closed = False


class Frame(msgspec.Struct):
    """A frame that is due: the caller's turn at that instant, and the index of the frame in it."""

    turn: Turn | None
    index: int
    at: int


class MediaStreams:
    """The streams of all calls. A snapshot cannot include one: after a restore a call opens a new one."""

    def __init__(self, services: Services, data: Data, signing: Signing, transcripts: Transcripts) -> None:
        self.services = services
        self.data = data
        self.signing = signing
        self.transcripts = transcripts
        self.streams: dict[str, MediaStream] = {}
        self.services.clock.on(FRAME_DUE, self.on_frame_due)

    # -- open and close ------

    def open(self, call: Call) -> MediaStream | None:
        """Open the WebSocket of a call that was answered; None without an event loop or a URL."""
        loop, detail = self.services.clock.loop, self.data.calls[call.id]
        if loop is None or detail.websocket_url is None:
            return None
        stream = self.streams[call.id] = MediaStream(call, detail)
        self._start(stream, self._run(stream))
        self.put(stream, {"event": "start", "stream_id": stream.stream_id, "start": self._start_of(call)})
        return stream

    def _start_of(self, call: Call) -> dict[str, Any]:
        return {"call_control_id": call.id, "media_format": FORMAT}

    def _start(self, stream: MediaStream, work: Any) -> None:
        loop = self.services.clock.loop
        if loop is not None:
            task = loop.create_task(work)
            stream.tasks.add(task)
            task.add_done_callback(stream.tasks.discard)

    def _of(self, call: Call) -> MediaStream | None:
        stream = self.streams.get(call.id)
        if stream is None and call.state == "in_progress":
            return self.open(call)
        return stream

    def close(self, call: Call, reason: str) -> None:
        """Tell the agent that a call has ended, and close the WebSocket."""
        stream = self.streams.pop(call.id, None)
        if stream is not None:
            self.put(stream, {"event": "stop", "stream_id": stream.stream_id, "reason": reason})
            self.put(stream, None)
            self._responded(stream)

    def put(self, stream: MediaStream, message: Any) -> None:
        """Queue a message or a Frame to the agent; None closes the WebSocket. The clock waits until it is handled."""
        loop = self.services.clock.loop
        if loop is None or stream.closed:
            return
        done: asyncio.Future[None] = loop.create_future()
        self.services.clock.track(stream.call.account, done)
        stream.queue.put_nowait((message, done))

    # -- the socket ------

    async def _run(self, stream: MediaStream) -> None:
        try:
            await self._dial(stream)
            if stream.socket is not None:
                self._start(stream, self.listen(stream))
            while True:
                message, done = await stream.queue.get()
                try:
                    if message is None:
                        return
                    await self._send(stream, message)
                finally:
                    if not done.done():
                        done.set_result(None)
        except Exception as error:
            self.services.record_crash(error)
        finally:
            await self._close_socket(stream)

    async def _close_socket(self, stream: MediaStream) -> None:
        stream.closed = True
        while not stream.queue.empty():
            _, done = stream.queue.get_nowait()
            if not done.done():
                done.set_result(None)
        if stream.socket is not None and not stream.socket.closed:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await stream.socket.close()
            except TimeoutError:
                return

    async def _dial(self, stream: MediaStream) -> None:
        call, detail = stream.call, stream.detail
        identity = self.data.identities[detail.identity]
        url = detail.websocket_url or ""
        try:
            socket, accepted = await self.services.outbox.sender.connect(
                url, self.headers(call, identity), DIAL_SECONDS
            )
        except (EgressError, OSError, TimeoutError) as error:
            reason = str(error) or f"no answer within {DIAL_SECONDS:g} s"
            self.services.note(call.account, "call", f"agent at {url} not reached: {reason}", call_id=call.id)
            if call.state not in FINAL:
                self.fail(call)
            return
        stream.socket = socket
        tts, stt = _switch(accepted.get(USES_TTS)), _switch(accepted.get(USES_STT))
        self.data.calls.update(detail, tts=tts, stt=stt)
        switches = f"text to speech {'on' if tts else 'off'}, speech to text {'on' if stt else 'off'}"
        self.services.note(call.account, "call", f"media stream opened to {url}: {switches}", call_id=call.id)
        if not stt and call.state == "in_progress":
            now = self.services.clock.now(call.account)
            self.services.clock.at(now, call.account, FRAME_DUE, call.id, now, now)

    def fail(self, call: Call) -> None:
        """End a call whose agent cannot be reached."""
        self.data.calls.update(self.data.calls[call.id], unreachable=True, hangup_reason="local")
        self.services.calls.hang_up(call)

    def headers(self, call: Call, identity: Identity) -> list[tuple[str, str]]:
        """Return the headers of the WebSocket's handshake: the context of the call, signed."""
        context = encode(
            {
                "call_id": call.id,
                "phone_number": call.number,
                "local_phone_number": call.number,
                "remote_phone_number": call.remote_number,
                "direction": call.direction,
                "contacts": [],
            }
        )
        now = self.services.clock.now(call.account) // SECOND
        request_id = self.services.streams(NAME, call.account, "attempt").uuid()
        return [
            ("X-Call-Context", context.decode()),
            *SIGNATURE.sign(self.signing.key(identity), context, now, request_id),
        ]

    async def _send(self, stream: MediaStream, message: Any) -> None:
        """Send one message, and wait until the agent has handled it."""
        socket = stream.socket
        if socket is None or socket.closed or _unwanted(stream, message):
            return
        if isinstance(message, Frame):
            message = await self.media_message(stream, message)
        stream.pings += 1
        ping = b"%d" % stream.pings
        pong = stream.pongs[ping] = asyncio.get_running_loop().create_future()
        try:
            await socket.send_str(encode(message).decode())
            await socket.ping(ping)
            await asyncio.wait((pong,), timeout=PONG_SECONDS)
        except (OSError, RuntimeError):
            return
        finally:
            del stream.pongs[ping]

    async def media_message(self, stream: MediaStream, frame: Frame) -> dict[str, Any]:
        """Return the message of a frame."""
        audio = await stream.speech[frame.turn.at] if frame.turn is not None else b""
        start = frame.index * FRAME_BYTES
        payload = audio[start : start + FRAME_BYTES].ljust(FRAME_BYTES, PCMU_SILENCE)
        since = (frame.at - (stream.call.answered_at or frame.at)) // 1_000
        media = {"payload": b64encode(payload).decode(), "track": "inbound", "timestamp": str(since)}
        return {"event": "media", "stream_id": stream.stream_id, "media": media}

    async def listen(self, stream: MediaStream) -> None:
        """Handle what the agent sends until it closes the WebSocket; that alone does not end the call."""
        from aiohttp import WSMsgType

        socket = stream.socket
        if socket is None:
            return
        try:
            with suppress(OSError, RuntimeError):
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self.handle(stream, message.data)
                    elif message.type is WSMsgType.PING:
                        await socket.pong(message.data)
                    elif message.type is WSMsgType.PONG:
                        pong = stream.pongs.get(bytes(message.data))
                        if pong is not None and not pong.done():
                            pong.set_result(None)
        except Exception as error:
            self.services.record_crash(error)
        for pong in stream.pongs.values():
            if not pong.done():
                pong.set_result(None)
        self._responded(stream)
        if stream.call.state not in FINAL:
            self.services.note(stream.call.account, "call", "the agent closed the media stream", call_id=stream.call.id)

    # -- the caller ------

    def on_live_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Handle a step of a live call: the caller started or ended a turn, or interrupted the agent."""
        stream = self._of(call)
        if stream is None or turn is None:
            return
        if event == "barge_in":
            stream.interrupted = True
        elif event == "turn_started":
            self._caller_started(stream, turn)
        elif event == "turn_ended":
            self._caller_ended(stream, turn)

    def _caller_started(self, stream: MediaStream, turn: Turn) -> None:
        stream.turns += 1
        self._responded(stream)
        first = " ".join(turn.text.split()[: max(1, len(turn.text.split()) // 2)])
        self._start_speech(stream, turn)
        self.announce(stream, first, interrupts=stream.interrupted)
        stream.interrupted = False

    def _start_speech(self, stream: MediaStream, turn: Turn) -> None:
        loop = self.services.clock.loop
        if loop is not None and stream.detail.stt is not True:
            seed = int.from_bytes(stream.call.remote_number.encode()[-4:])
            spoken = asyncio.ensure_future(
                asyncio.to_thread(_audio, turn.text, speech_seconds(turn.text), seed), loop=loop
            )
            self.services.clock.track(stream.call.account, spoken)
            stream.speech[turn.at] = spoken

    def announce(self, stream: MediaStream, first: str, *, interrupts: bool) -> None:
        """Send the beginning of a caller's turn, after a barge_in if it interrupts the agent."""
        if interrupts:
            barge_in = {
                "event": "barge_in",
                "stream_id": stream.stream_id,
                "trigger": "caller_speech",
                "text": first,
                "tts_interrupted": stream.detail.tts is True,
                "turn_id": f"turn_{stream.turns}",
            }
            self.put(stream, barge_in)
        self.put(stream, _transcript(stream, first, final=False))

    def _caller_ended(self, stream: MediaStream, turn: Turn) -> None:
        self.put(stream, _transcript(stream, turn.text, final=True))
        disconnected = stream.socket is not None and stream.socket.closed
        if disconnected or (stream.detail.stt is False and stream.detail.tts is False):
            self.services.calls.live_calls.yield_turn(stream.call)
            return
        loop = self.services.clock.loop
        if loop is not None:
            stream.reply = loop.create_future()
            self.services.clock.track(stream.call.account, stream.reply)
            self._start(stream, self._await_reply(stream, stream.reply))

    async def _await_reply(self, stream: MediaStream, reply: asyncio.Future[None]) -> None:
        """Wait for the agent's response; without one the caller continues with its script."""
        patience = settings_of(self.services, stream.call.account).agent_patience
        drafted = -1
        while not reply.done():
            before = drafted
            drafted = sum(map(len, stream.drafts.values()))
            if drafted == before:
                break
            await asyncio.wait((reply,), timeout=patience)
        if not reply.done():
            reply.set_result(None)
        self.services.calls.live_calls.yield_turn(stream.call)

    def _responded(self, stream: MediaStream) -> None:
        if stream.reply is not None and not stream.reply.done():
            stream.reply.set_result(None)
        stream.reply = None

    def on_frame_due(self, id_: str, first: int, due: int) -> None:
        """Send the frame that is due, and schedule the next one while the WebSocket is open."""
        call = self.services.calls.records.get(id_)
        if call is None or call.state != "in_progress":
            return
        stream = self._of(call)
        if stream is None or stream.socket is None or stream.socket.closed:
            return
        turn = call.live.caller_turn if call.live is not None else None
        if turn is not None and turn.at not in stream.speech:
            self._start_speech(stream, turn)
        began = (call.answered_at or first) + round(turn.at * SECOND) if turn is not None else due
        self.put(stream, Frame(turn, max(0, due - began) // FRAME, due))
        self.services.clock.at(due + FRAME, call.account, FRAME_DUE, id_, first, due + FRAME)

    # -- the agent ------

    def handle(self, stream: MediaStream, raw: str) -> None:
        """Handle one message of the agent; one that is not understood is noted in the journal and ignored."""
        try:
            message = _decode(raw)
        except (msgspec.DecodeError, RecursionError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("event"), str):
            self._ignore(stream, "a message that is not a JSON object with an event")
            return
        actions = {
            "text": self._text,
            "media": self._media,
            "clear": self.clear_audio,
            "audio_done": self._audio_done,
            "transcript": self.add_transcript,
            "stop": self.stop,
        }
        action = actions.get(message["event"])
        if action is None:
            self._ignore(stream, f"an unknown event {message['event'][:40]!r}")
        elif stream.call.state == "in_progress":
            action(stream, message)

    def _ignore(self, stream: MediaStream, what: str) -> None:
        self.services.note(stream.call.account, "call", f"the agent sent {what}: ignored", call_id=stream.call.id)

    def _text(self, stream: MediaStream, message: Mapping[str, Any]) -> None:
        """Say text for text to speech; it comes in parts, the last with `done`."""
        delta = message.get("delta", "")
        if stream.detail.tts is not True or not isinstance(delta, str):
            self._ignore(stream, "text that is not spoken: text to speech is off, or delta is not a string")
            return
        turn = str(message.get("turn_id", ""))
        draft = (stream.drafts.get(turn, "") + delta)[:MAX_TEXT]
        if message.get("done") is not True:
            stream.drafts[turn] = draft
            return
        stream.drafts.pop(turn, None)
        if not self.services.calls.live_calls.say(stream.call, draft):
            self.services.calls.live_calls.yield_turn(stream.call)
        self._responded(stream)

    def _media(self, stream: MediaStream, message: Mapping[str, Any]) -> None:
        """Play audio of the agent."""
        media = message.get("media")
        payload = media.get("payload") if isinstance(media, dict) else None
        try:
            audio = b64decode(payload, validate=True) if isinstance(payload, str) else None
        except (binascii.Error, ValueError):
            audio = None
        length = len(audio) * SECOND // TELEPHONE_RATE if audio is not None else 0
        if stream.detail.tts is not False or audio is None or length > MAX_AUDIO:
            self._ignore(
                stream,
                "media that is not played: text to speech is on, or it is not base64 of at most a minute",
            )
        elif audio.strip(_SILENT_CODES):
            self.services.calls.live_calls.play_audio(stream.call, length)
            self._responded(stream)

    def clear_audio(self, stream: MediaStream, _: Mapping[str, Any]) -> None:
        """Drop what the agent has not said yet."""
        stream.drafts.clear()
        self.services.calls.live_calls.interrupt(stream.call)

    def _audio_done(self, stream: MediaStream, _: Mapping[str, Any]) -> None:
        self._responded(stream)

    def add_transcript(self, stream: MediaStream, message: Mapping[str, Any]) -> None:
        """Add what the agent heard or said, in its own words, to the transcript."""
        text, party = message.get("text"), message.get("party")
        if not isinstance(text, str) or not text.strip() or party not in ("local", "remote"):
            self._ignore(stream, "a transcript without text or party")
        elif message.get("is_final") is True:
            call = stream.call
            since = self.services.clock.now(call.account) - (call.answered_at or 0)
            self.transcripts.add(call, party, text[:MAX_TEXT], since / SECOND)

    def stop(self, stream: MediaStream, _: Mapping[str, Any]) -> None:
        """Hang up once the agent has said what it is saying."""
        self._responded(stream)
        self.services.calls.live_calls.hang_up_after(stream.call)

    # -- snapshot and restore ------

    def snapshot(self) -> dict[str, Any]:
        """Return nothing: a snapshot cannot include a WebSocket."""
        return {}

    def restore(self, _: Mapping[str, Any]) -> None:
        """Drop all streams; calls that continue open new ones."""
        self.clear()

    def clear(self) -> None:
        """Drop all streams."""
        for stream in self.streams.values():
            stream.closed = True
            self._responded(stream)
            for task in stream.tasks:
                task.cancel()
        self.streams.clear()


@lru_cache(maxsize=128)
def _audio(text: str, seconds: float, seed: int) -> bytes:
    return utterance(text, "caller", seconds, seed)


def _unwanted(stream: MediaStream, message: Any) -> bool:
    """Return whether a message is a transcript for an agent that does without speech to text."""
    return isinstance(message, dict) and message["event"] == "transcript" and stream.detail.stt is False


def _switch(value: str | None) -> bool:
    return value is None or value.strip().lower() != "false"


def _transcript(stream: MediaStream, text: str, *, final: bool) -> dict[str, Any]:
    return {
        "event": "transcript",
        "stream_id": stream.stream_id,
        "text": text,
        "is_final": final,
        "turn_id": f"turn_{stream.turns}",
    }

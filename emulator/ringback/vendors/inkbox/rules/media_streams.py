"""The media stream: a call's WebSocket to the agent, which Inkbox opens (wire, section 11).

The far end's words go out as transcripts or as 20 ms frames of PCMU, the agent's come in as text or as frames. A frame
is a timer, so that the stream goes at the pace of the clock. Whatever goes out is followed by a ping, and time waits
for the pong: an agent that takes its messages one after the other has taken this one by then.
"""

from __future__ import annotations

import asyncio
import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from ringback.carrier.call import FINAL, Call, CallEvent
from ringback.carrier.clock import MINUTE, SECOND
from ringback.carrier.script import MAX_TEXT, Turn, speech_seconds
from ringback.carrier.speech import PCMU_SILENCE, TELEPHONE_RATE, utterance
from ringback.gateway.asgi import encode
from ringback.gateway.egress import EgressError
from ringback.vendors.inkbox.events import SIGNATURE
from ringback.vendors.inkbox.records import CallDetail, Identity
from ringback.vendors.inkbox.rules.common import NAME

if TYPE_CHECKING:
    import aiohttp

    from ringback.vendors.inkbox.rules import Inkbox

FRAME = 20_000
"""Microseconds of a frame."""
FRAME_BYTES = TELEPHONE_RATE * FRAME // SECOND
SILENT_FRAME = PCMU_SILENCE * FRAME_BYTES
TICK = "inkbox.media.frame"
FORMAT = {"encoding": "PCMU", "sample_rate": TELEPHONE_RATE, "channels": 1}
DIAL_SECONDS = 5.0
"""Real seconds that an agent has to take the socket."""
PONG_SECONDS = 1.0
"""Real seconds that an agent has to answer a ping; one that does not is not waited for."""
CLOSE_SECONDS = 1.0
MAX_SOUND = MINUTE
"""How much audio one message may bring, in microseconds."""
USES_TTS = "x-use-inkbox-text-to-speech"
USES_STT = "x-use-inkbox-speech-to-text"
_QUIET = bytes((*range(0x70, 0x80), *range(0xF0, 0x100)))
"""PCMU codes of an amplitude that nobody hears."""
_decode = msgspec.json.Decoder().decode


class Bridge:
    """One call's socket. What is to go out waits in `queue`, each with a future that is done once it was taken."""

    def __init__(self, call: Call, detail: CallDetail) -> None:
        self.call = call
        self.detail = detail
        self.stream_id = f"stream_{call.id}"
        self.queue: asyncio.Queue[tuple[Any, asyncio.Future[None]]] = asyncio.Queue()
        self.socket: aiohttp.ClientWebSocketResponse | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.turns = 0
        self.spoken: dict[float, asyncio.Future[bytes]] = {}
        self.cut = False
        self.reply: asyncio.Future[None] | None = None
        self.drafts: dict[str, str] = {}
        self.pongs: dict[bytes, asyncio.Future[None]] = {}
        self.pings = 0
        self.over = False


class Frame(msgspec.Struct):
    """A frame that is due: what the far end was saying then, and how far into it."""

    turn: Turn | None
    index: int
    at: int


class Bridges:
    """The sockets of all calls. They live as long as the process; a call that goes on after a restore opens a new
    one."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self._open: dict[str, Bridge] = {}
        self.services.clock.on(TICK, self._tick)

    # -- opening and closing ------

    def open(self, call: Call) -> Bridge | None:
        """Dial the agent of a call that was answered."""
        loop, detail = self.services.clock.loop, self.backend.phones.details[call.id]
        if loop is None or detail.websocket_url is None:
            return None
        bridge = self._open[call.id] = Bridge(call, detail)
        self._start(bridge, self._run(bridge))
        self._put(bridge, {"event": "start", "stream_id": bridge.stream_id, "start": self._start_of(call)})
        return bridge

    def _start_of(self, call: Call) -> dict[str, Any]:
        return {"call_control_id": call.id, "media_format": FORMAT}

    def _start(self, bridge: Bridge, work: Any) -> None:
        loop = self.services.clock.loop
        if loop is not None:
            task = loop.create_task(work)
            bridge.tasks.add(task)
            task.add_done_callback(bridge.tasks.discard)

    def _of(self, call: Call) -> Bridge | None:
        bridge = self._open.get(call.id)
        if bridge is None and call.state == "in_progress":
            return self.open(call)
        return bridge

    def close(self, call: Call, reason: str) -> None:
        """A call is over: say so to its agent, and hang up the socket."""
        bridge = self._open.pop(call.id, None)
        if bridge is not None:
            self._put(bridge, {"event": "stop", "stream_id": bridge.stream_id, "reason": reason})
            self._put(bridge, None)
            self._answered(bridge)

    def _put(self, bridge: Bridge, message: Any) -> None:
        loop = self.services.clock.loop
        if loop is None or bridge.over:
            return
        done: asyncio.Future[None] = loop.create_future()
        self.services.clock.track(bridge.call.account, done)
        bridge.queue.put_nowait((message, done))

    # -- the socket ------

    async def _run(self, bridge: Bridge) -> None:
        try:
            await self._dial(bridge)
            if bridge.socket is not None:
                self._start(bridge, self._listen(bridge))
            while True:
                message, done = await bridge.queue.get()
                try:
                    if message is None:
                        return
                    await self._send(bridge, message)
                finally:
                    if not done.done():
                        done.set_result(None)
        except Exception as error:
            self.services.record_crash(error)
        finally:
            await self._hang_up(bridge)

    async def _hang_up(self, bridge: Bridge) -> None:
        bridge.over = True
        while not bridge.queue.empty():
            _, done = bridge.queue.get_nowait()
            if not done.done():
                done.set_result(None)
        if bridge.socket is not None and not bridge.socket.closed:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await bridge.socket.close()
            except TimeoutError:
                return

    async def _dial(self, bridge: Bridge) -> None:
        call, detail = bridge.call, bridge.detail
        identity = self.backend.identities.records[detail.identity]
        url = detail.websocket_url or ""
        try:
            socket, taken = await self.services.outbox.sender.connect(url, self._headers(call, identity), DIAL_SECONDS)
        except (EgressError, OSError, TimeoutError) as error:
            reason = str(error) or f"no answer within {DIAL_SECONDS:g} s"
            self.services.note(call.account, "call", f"agent at {url} not reached: {reason}", call_id=call.id)
            if call.state not in FINAL:
                self.backend.phones.break_off(call)
            return
        bridge.socket = socket
        tts, stt = _switch(taken.get(USES_TTS)), _switch(taken.get(USES_STT))
        self.backend.phones.details.update(detail, tts=tts, stt=stt)
        how = f"text to speech {'on' if tts else 'off'}, speech to text {'on' if stt else 'off'}"
        self.services.note(call.account, "call", f"media stream opened to {url}: {how}", call_id=call.id)
        if not stt and call.state == "in_progress":
            now = self.services.clock.now(call.account)
            self.services.clock.at(now, call.account, TICK, call.id, now, now)

    def _headers(self, call: Call, identity: Identity) -> list[tuple[str, str]]:
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
            *SIGNATURE.sign(self.backend.signing.key(identity), context, now, request_id),
        ]

    async def _send(self, bridge: Bridge, message: Any) -> None:
        """Send one message, and wait until it was taken."""
        socket = bridge.socket
        if socket is None or socket.closed or _unheard(bridge, message):
            return
        if isinstance(message, Frame):
            message = await self._worded(bridge, message)
        bridge.pings += 1
        ping = b"%d" % bridge.pings
        pong = bridge.pongs[ping] = asyncio.get_running_loop().create_future()
        try:
            await socket.send_str(encode(message).decode())
            await socket.ping(ping)
            await asyncio.wait((pong,), timeout=PONG_SECONDS)
        except (OSError, RuntimeError):
            return
        finally:
            del bridge.pongs[ping]

    async def _worded(self, bridge: Bridge, frame: Frame) -> dict[str, Any]:
        audio = await bridge.spoken[frame.turn.at] if frame.turn is not None else b""
        start = frame.index * FRAME_BYTES
        payload = audio[start : start + FRAME_BYTES].ljust(FRAME_BYTES, PCMU_SILENCE)
        since = (frame.at - (bridge.call.answered_at or frame.at)) // 1_000
        media = {"payload": b64encode(payload).decode(), "track": "inbound", "timestamp": str(since)}
        return {"event": "media", "stream_id": bridge.stream_id, "media": media}

    async def _listen(self, bridge: Bridge) -> None:
        """Take what the agent sends, until it closes the socket: that alone does not end the call."""
        from aiohttp import WSMsgType

        socket = bridge.socket
        if socket is None:
            return
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(bridge, message.data)
                elif message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.PONG:
                    pong = bridge.pongs.get(bytes(message.data))
                    if pong is not None and not pong.done():
                        pong.set_result(None)
        except (OSError, RuntimeError):
            pass
        except Exception as error:
            self.services.record_crash(error)
        for pong in bridge.pongs.values():
            if not pong.done():
                pong.set_result(None)
        self._answered(bridge)
        if bridge.call.state not in FINAL:
            self.services.note(bridge.call.account, "call", "the agent closed the media stream", call_id=bridge.call.id)

    # -- what the far end does ------

    def talked(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """The far end began a turn, was heard, or talked over the agent."""
        bridge = self._of(call)
        if bridge is None or turn is None:
            return
        if event == "barge_in":
            bridge.cut = True
        elif event == "turn_started":
            self._speaks(bridge, turn)
        elif event == "turn_ended":
            self._heard(bridge, turn)

    def _speaks(self, bridge: Bridge, turn: Turn) -> None:
        bridge.turns += 1
        self._answered(bridge)
        first = " ".join(turn.text.split()[: max(1, len(turn.text.split()) // 2)])
        self._start_speech(bridge, turn)
        self._later(bridge, self._announce(bridge, first, interrupts=bridge.cut, turn=bridge.turns))
        bridge.cut = False

    def _start_speech(self, bridge: Bridge, turn: Turn) -> None:
        loop = self.services.clock.loop
        if loop is not None and bridge.detail.stt is not True:
            seed = int.from_bytes(bridge.call.remote_number.encode()[-4:])
            spoken = asyncio.ensure_future(
                asyncio.to_thread(_audio, turn.text, speech_seconds(turn.text), seed), loop=loop
            )
            self.services.clock.track(bridge.call.account, spoken)
            bridge.spoken[turn.at] = spoken

    def _later(self, bridge: Bridge, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            self._put(bridge, message)

    def _announce(self, bridge: Bridge, first: str, *, interrupts: bool, turn: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        if interrupts:
            messages.append(
                {
                    "event": "barge_in",
                    "stream_id": bridge.stream_id,
                    "trigger": "caller_speech",
                    "text": first,
                    "tts_interrupted": bridge.detail.tts is True,
                    "turn_id": f"turn_{turn}",
                }
            )
        return [*messages, _transcript(bridge, first, turn, final=False)]

    def _heard(self, bridge: Bridge, turn: Turn) -> None:
        self._put(bridge, _transcript(bridge, turn.text, bridge.turns, final=True))
        gone = bridge.socket is not None and bridge.socket.closed
        if gone or (bridge.detail.stt is False and bridge.detail.tts is False):
            self.services.calls.live_calls.yield_turn(bridge.call)
            return
        loop = self.services.clock.loop
        if loop is not None:
            bridge.reply = loop.create_future()
            self.services.clock.track(bridge.call.account, bridge.reply)
            self._start(bridge, self._await_reply(bridge, bridge.reply))

    async def _await_reply(self, bridge: Bridge, reply: asyncio.Future[None]) -> None:
        """Give the agent its time to answer; a caller that gets no answer goes on."""
        patience = self.backend.settings(bridge.call.account).agent_patience
        drafted = -1
        while not reply.done():
            before = drafted
            drafted = sum(map(len, bridge.drafts.values()))
            if drafted == before:
                break
            await asyncio.wait((reply,), timeout=patience)
        if not reply.done():
            reply.set_result(None)
        self.services.calls.live_calls.yield_turn(bridge.call)

    def _answered(self, bridge: Bridge) -> None:
        if bridge.reply is not None and not bridge.reply.done():
            bridge.reply.set_result(None)
        bridge.reply = None

    def _tick(self, id_: str, first: int, due: int) -> None:
        """A frame is due. Once there is no socket, no more are: a new one begins anew."""
        call = self.services.calls.records.get(id_)
        if call is None or call.state != "in_progress":
            return
        bridge = self._of(call)
        if bridge is None or bridge.socket is None or bridge.socket.closed:
            return
        turn = call.live.caller_turn if call.live is not None else None
        if turn is not None and turn.at not in bridge.spoken:
            self._start_speech(bridge, turn)
        began = (call.answered_at or first) + round(turn.at * SECOND) if turn is not None else due
        self._put(bridge, Frame(turn, max(0, due - began) // FRAME, due))
        self.services.clock.at(due + FRAME, call.account, TICK, id_, first, due + FRAME)

    # -- what the agent does ------

    def _take(self, bridge: Bridge, raw: str) -> None:
        """One message of the agent's; what cannot be understood is noted and ignored."""
        try:
            message = _decode(raw)
        except (msgspec.DecodeError, RecursionError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("event"), str):
            self._odd(bridge, "what is not a JSON object with an event")
            return
        actions = {
            "text": self._text,
            "media": self._media,
            "clear": self._clear,
            "audio_done": self._audio_done,
            "transcript": self._said,
            "stop": self._stop,
        }
        action = actions.get(message["event"])
        if action is None:
            self._odd(bridge, f"an unknown event {message['event'][:40]!r}")
        elif bridge.call.state == "in_progress":
            action(bridge, message)

    def _odd(self, bridge: Bridge, what: str) -> None:
        self.services.note(bridge.call.account, "call", f"the agent sent {what}: ignored", call_id=bridge.call.id)

    def _text(self, bridge: Bridge, message: Mapping[str, Any]) -> None:
        """Words for text to speech, in parts; the last says `done`."""
        delta = message.get("delta", "")
        if bridge.detail.tts is not True or not isinstance(delta, str):
            self._odd(bridge, "text that is not spoken: text to speech is off, or delta is no text")
            return
        turn = str(message.get("turn_id", ""))
        draft = (bridge.drafts.get(turn, "") + delta)[:MAX_TEXT]
        if message.get("done") is not True:
            bridge.drafts[turn] = draft
            return
        bridge.drafts.pop(turn, None)
        if not self.services.calls.live_calls.say(bridge.call, draft):
            self.services.calls.live_calls.yield_turn(bridge.call)
        self._answered(bridge)

    def _media(self, bridge: Bridge, message: Mapping[str, Any]) -> None:
        """Sound of the agent's own."""
        media = message.get("media")
        payload = media.get("payload") if isinstance(media, dict) else None
        try:
            audio = b64decode(payload, validate=True) if isinstance(payload, str) else None
        except (binascii.Error, ValueError):
            audio = None
        length = len(audio) * SECOND // TELEPHONE_RATE if audio is not None else 0
        if bridge.detail.tts is not False or audio is None or length > MAX_SOUND:
            self._odd(bridge, "media that is not played: text to speech is on, or the payload is no base64 of a minute")
        elif audio.strip(_QUIET):
            self.services.calls.live_calls.play_audio(bridge.call, length)
            self._answered(bridge)

    def _clear(self, bridge: Bridge, _: Mapping[str, Any]) -> None:
        bridge.drafts.clear()
        self.services.calls.live_calls.interrupt(bridge.call)

    def _audio_done(self, bridge: Bridge, _: Mapping[str, Any]) -> None:
        self._answered(bridge)

    def _said(self, bridge: Bridge, message: Mapping[str, Any]) -> None:
        """What the agent heard or said, in its own words, for the stored transcript."""
        text, party = message.get("text"), message.get("party")
        if not isinstance(text, str) or not text.strip() or party not in ("local", "remote"):
            self._odd(bridge, "a transcript without text or party")
        elif message.get("is_final") is True:
            call = bridge.call
            since = self.services.clock.now(call.account) - (call.answered_at or 0)
            self.backend.phones.say(call, party, text[:MAX_TEXT], since / SECOND)

    def _stop(self, bridge: Bridge, _: Mapping[str, Any]) -> None:
        """The agent hangs up, once it has said what it is saying."""
        self._answered(bridge)
        self.services.calls.live_calls.hang_up_after(bridge.call)

    # -- keeping ------

    def snapshot(self) -> dict[str, Any]:
        """Nothing: a socket cannot be kept."""
        return {}

    def restore(self, _: Mapping[str, Any]) -> None:
        """Let go of all sockets; calls that go on open new ones."""
        self.clear()

    def clear(self) -> None:
        """Let go of all sockets."""
        for bridge in self._open.values():
            bridge.over = True
            self._answered(bridge)
            for task in bridge.tasks:
                task.cancel()
        self._open.clear()


@lru_cache(maxsize=128)
def _audio(text: str, seconds: float, seed: int) -> bytes:
    return utterance(text, "caller", seconds, seed)


def _unheard(bridge: Bridge, message: Any) -> bool:
    """Whether a message is a transcript for an agent that makes its own."""
    return isinstance(message, dict) and message["event"] == "transcript" and bridge.detail.stt is False


def _switch(value: str | None) -> bool:
    return value is None or value.strip().lower() != "false"


def _transcript(bridge: Bridge, text: str, turn: int, *, final: bool) -> dict[str, Any]:
    return {
        "event": "transcript",
        "stream_id": bridge.stream_id,
        "text": text,
        "is_final": final,
        "turn_id": f"turn_{turn}",
    }

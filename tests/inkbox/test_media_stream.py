"""The media stream: the emulator opens the WebSocket, signs the handshake, and keeps the pace of the clock."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from aiohttp import WSMsgType, web
from inkbox import verify_webhook

from ringback.carrier.speech import voice_available
from ringback.testing import Account, Ringback
from tests.inkbox.conftest import FRIEND, PHONE, accept
from tests.inkbox.test_calls import call_of, place, said

SILENCE = b"\xff" * 160


class Agent:
    """An agent that sends fixed messages: `says` has those to send after each event."""

    def __init__(self, *, tts: str | None = None, stt: str | None = None, **says: list[dict[str, Any]]) -> None:
        self.headers = {"X-Use-Inkbox-Text-To-Speech": tts, "X-Use-Inkbox-Speech-To-Text": stt}
        self.says = says
        self.got: list[dict[str, Any]] = []
        self.requests: list[Any] = []
        self.leaves = False
        self.closed_with: int | None = None

    async def response(self, request: web.Request) -> web.WebSocketResponse:
        self.requests.append(request.headers.copy())
        socket = web.WebSocketResponse()
        for name, value in self.headers.items():
            if value is not None:
                socket.headers[name] = value
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                event = json.loads(message.data)
                self.got.append(event)
                name = "final" if event.get("is_final") else event["event"]
                for reply in self.says.get(name, []):
                    await (socket.send_str(reply) if isinstance(reply, str) else socket.send_json(reply))
                if self.leaves:
                    break
        self.closed_with = socket.close_code
        return socket

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/call", self.response)
        return application

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.got if event["event"] == name]


def text(words: str) -> dict[str, Any]:
    return {"event": "text", "turn_id": "t", "delta": words, "done": True}


def media(audio: bytes) -> dict[str, Any]:
    return {"event": "media", "media": {"payload": base64.b64encode(audio).decode(), "track": "outbound"}}


def test_text_goes_both_ways_and_into_the_transcript(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any, echo: Any
) -> None:
    agent = echo.EchoAgent()
    agent.secret = http.post("/api/v1/signing-keys", json={}).json()["signing_key"]
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: Are you there?", "caller: Bye"])
    account.advance(idle=True)
    assert said(http, id_) == [
        ("local", "Hello, I am an echo."),
        ("remote", "Are you there?"),
        ("local", "You said: Are you there?"),
        ("remote", "Bye"),
        ("local", "Goodbye."),
    ]
    offsets = [row["ts_ms"] for row in http.get(f"{PHONE}/calls/{id_}/transcripts").json()]
    assert offsets == [0, 2600, 3800, 6400, 6800]
    ended = call_of(http, id_)
    assert (ended["status"], ended["hangup_reason"]) == ("completed", "local")
    assert (ended["use_inkbox_tts"], ended["use_inkbox_stt"]) == (True, True)
    assert [event["event"] for who, event in agent.log if who == "inkbox"] == [
        "start",
        "transcript",
        "transcript",
        "transcript",
        "transcript",
        "stop",
    ]
    (context,) = agent.calls
    assert (context["call_id"], context["direction"], context["remote_phone_number"]) == (id_, "inbound", FRIEND)


def test_the_handshake_is_signed_over_its_context(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any
) -> None:
    agent = Agent()
    accept(http, number, serve(agent.application()))
    account.call(number["number"], FRIEND, turns=["caller: Hi"])
    account.advance(idle=True)
    assert "X-Inkbox-Signature" not in agent.requests[0]
    secret = http.post("/api/v1/identities/support/signing-key", json={}).json()["signing_key"]
    account.call(number["number"], FRIEND, turns=["caller: Hi"])
    account.advance(idle=True)
    headers = dict(agent.requests[1])
    context = headers["X-Call-Context"].encode()
    assert verify_webhook(payload=context, headers=headers, secret=secret)
    assert not verify_webhook(payload=context + b" ", headers=headers, secret=secret)


def test_an_agent_that_rejects_the_signature_ends_the_call(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any, echo: Any
) -> None:
    agent = echo.EchoAgent(secret="whsec_of_another_account")
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: Hi"])
    account.advance(idle=True)
    assert agent.calls == []
    assert said(http, id_) == [("remote", "Hi")]


def test_audio_comes_in_frames_of_20_ms(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any, echo: Any
) -> None:
    agent = echo.EchoAgent(sound=True)
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: One two three four five"])
    account.advance(seconds=3.1)
    frames = [event for who, event in agent.log if who == "inkbox" and event["event"] == "media"]
    assert len(frames) == 6
    account.advance(idle=True)
    frames = [event["media"] for who, event in agent.log if who == "inkbox" and event["event"] == "media"]
    assert [int(frame["timestamp"]) for frame in frames] == list(range(0, 20 * len(frames), 20))
    assert {len(base64.b64decode(frame["payload"])) for frame in frames} == {160}
    assert {frame["track"] for frame in frames} == {"inbound"}
    loud = [
        index for index, frame in enumerate(frames) if base64.b64decode(frame["payload"]).strip(b"\xff\x7f\xfe\x7e")
    ]
    assert 50 <= min(loud) <= 56
    assert max(loud) <= 150
    assert len(loud) >= (40 if voice_available() else 100)
    echoed = [event["media"]["payload"] for who, event in agent.log if who == "agent"]
    assert echoed == [frame["payload"] for frame in frames]
    assert said(http, id_) == []
    ended = call_of(http, id_)
    assert (ended["use_inkbox_tts"], ended["use_inkbox_stt"]) == (False, False)


def test_an_agent_without_speech_to_text_provides_the_transcript(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any
) -> None:
    agent = Agent(
        tts="false",
        stt="false",
        start=[
            {"event": "transcript", "party": "remote", "text": "I heard you", "is_final": True},
            {"event": "transcript", "party": "remote", "text": "I hea", "is_final": False},
            {"event": "transcript", "party": "local", "text": "and I spoke", "is_final": True},
        ],
    )
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: Words"])
    account.advance(idle=True)
    assert said(http, id_) == [("remote", "I heard you"), ("local", "and I spoke")]
    assert agent.events("transcript") == []
    assert agent.events("media")


def test_the_caller_waits_while_the_agent_plays_audio(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any
) -> None:
    loud = media(b"\x00" * 8000 * 3)
    quiet, noisy = Agent(tts="false", start=[media(SILENCE)]), Agent(tts="false", start=[loud])
    ends = []
    for agent in (quiet, noisy):
        accept(http, number, serve(agent.application()))
        id_ = account.call(number["number"], FRIEND, turns=["caller: Hello"])
        account.settings(agent_patience=0)
        account.advance(idle=True)
        rows = http.get(f"{PHONE}/calls/{id_}/transcripts").json()
        ends.append(rows[0]["ts_ms"])
    assert ends == [1000, 3600]


def test_the_caller_interrupts_the_agent(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any
) -> None:
    agent = Agent(start=[text("one two three four five six seven eight nine ten")])
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=[("caller", "Stop it right now", 1.0)])
    account.settings(agent_patience=0)
    account.advance(idle=True)
    (interruption,) = agent.events("barge_in")
    assert (interruption["trigger"], interruption["tts_interrupted"]) == ("caller_speech", True)
    assert interruption["text"] == "Stop it"
    assert said(http, id_)[1] == ("remote", "Stop it right now")


def test_an_agent_clears_its_queue(account: Account, http: httpx.Client, number: dict[str, Any], serve: Any) -> None:
    agent = Agent(start=[text("one two three four five six seven eight nine ten"), {"event": "clear"}])
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: Hello"])
    account.settings(agent_patience=0)
    account.advance(idle=True)
    rows = http.get(f"{PHONE}/calls/{id_}/transcripts").json()
    assert [(row["party"], row["ts_ms"]) for row in rows] == [("local", 0), ("remote", 600)]


def test_closing_the_websocket_does_not_hang_up(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any
) -> None:
    agent = Agent()
    agent.leaves = True
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: Hello", "caller: Are you there?"])
    account.advance(idle=True)
    ended = call_of(http, id_)
    assert (ended["status"], ended["hangup_reason"]) == ("completed", "remote")
    assert said(http, id_) == [("remote", "Hello"), ("remote", "Are you there?")]
    assert any("closed the media stream" in entry["what"] for entry in account.journal())


@pytest.mark.parametrize(
    "odd",
    [
        "no json",
        "[]",
        "{}",
        '{"event": 7}',
        '{"event": "hangup"}',
        '{"event": "text", "delta": 7, "done": true}',
        '{"event": "media", "media": {"payload": "zz"}}',
        '{"event": "media"}',
        '{"event": "transcript", "party": "both", "text": "x", "is_final": true}',
        '{"event": "transcript", "party": "local", "text": " ", "is_final": true}',
        "[" * 2000,
    ],
)
def test_an_invalid_message_is_noted_and_ignored(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any, odd: str
) -> None:
    agent = Agent(start=[odd], final=[text("Fine")])  # type: ignore[list-item]
    accept(http, number, serve(agent.application()))
    id_ = account.call(number["number"], FRIEND, turns=["caller: Still there?"])
    account.advance(idle=True)
    assert said(http, id_) == [("remote", "Still there?"), ("local", "Fine")]
    assert any("ignored" in entry["what"] for entry in account.journal())


def test_an_agent_ends_an_outbound_call(
    account: Account, http: httpx.Client, number: dict[str, Any], serve: Any
) -> None:
    agent = Agent(final=[text("I am calling about the table."), {"event": "stop"}])
    account.script({"kind": "call"}, turns=["caller: Hello?", "caller: Hello??"], answer_after=5)
    body = {"mode": "client_websocket", "reason": "", "client_websocket_url": serve(agent.application())}
    placed = place(http, number, **body).json()
    account.advance(idle=True)
    assert said(http, placed["id"]) == [("remote", "Hello?"), ("local", "I am calling about the table.")]
    assert json.loads(agent.requests[0]["X-Call-Context"])["direction"] == "outbound"
    assert agent.events("stop")[0]["reason"] == "local"


def test_a_public_websocket_url_is_reached_through_a_route(
    ringback: Ringback, http: httpx.Client, account: Account, number: dict[str, Any], serve: Any
) -> None:
    agent = Agent()
    local = serve(agent.application()).replace("ws://", "http://").removesuffix("/call")
    with Ringback("inkbox", strict=True, webhook_routes={"https://agent.example.com": local}) as strict:
        other = strict.account("inkbox")
        with other.client() as client:
            spec = {"incoming_call_action": "auto_accept", "client_websocket_url": "ws://127.0.0.1:1/call"}
            rejected = client.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": spec})
            assert rejected.status_code == 422
            spec["client_websocket_url"] = "wss://agent.example.com/call"
            made = client.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": spec}).json()
            other.call(made["phone_number"]["number"], FRIEND, turns=["caller: Hi"])
            other.advance(idle=True)
    assert agent.requests[0]["Host"] == "agent.example.com"
    assert agent.events("start")


def test_a_call_continues_after_a_restore(number: dict[str, Any], serve: Any, echo: Any) -> None:
    agent = echo.EchoAgent()
    url = serve(agent.application())
    with Ringback("inkbox") as one:
        account = one.account("inkbox")
        with account.client() as http:
            spec = {"incoming_call_action": "auto_accept", "client_websocket_url": url}
            made = http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": spec}).json()
            id_ = account.call(made["phone_number"]["number"], FRIEND, turns=["caller: Hello", "caller: Bye"])
            account.advance(seconds=5)
            document = one.snapshot()
            account.advance(idle=True)
            first = said(http, id_)
            one.restore(document)
            assert len(said(http, id_)) < len(first)
            account.advance(idle=True)
            assert [row for row in said(http, id_) if row[0] == "remote"] == [("remote", "Hello"), ("remote", "Bye")]
            assert call_of(http, id_)["status"] == "completed"
    assert len(agent.calls) == 2

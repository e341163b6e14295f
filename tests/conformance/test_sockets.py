"""The WebSocket server: keeps every frame, answers as a probe's agent does, and rejects where it is set to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientSession, WSServerHandshakeError

from ringback_conformance.sockets import HANG_UP, Line, Sockets
from ringback_conformance.transport import Log

PUBLIC = "https://streams.example.test"


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def sockets(log: Log) -> Iterator[Sockets]:
    one = Sockets(log, PUBLIC)
    yield one
    one.stop()


def speak(sockets: Sockets, line: Line | str, *frames: Any, **headers: str) -> tuple[dict[str, str], list[Any]]:
    """Connect to a line, send frames, and give the headers and the frames that came in return."""
    url = line.url if isinstance(line, Line) else line
    assert url.startswith("wss://streams.example.test/")
    local = sockets.origin + url.removeprefix("wss://streams.example.test")

    async def go() -> tuple[dict[str, str], list[Any]]:
        async with ClientSession() as session, session.ws_connect(local, headers=headers) as socket:
            for frame in frames:
                await socket.send_str(json.dumps(frame))
            await socket.ping(b"done")
            heard: list[Any] = []
            for _ in frames:
                message = await socket.receive()
                if not isinstance(message.data, str):
                    break
                heard.append(json.loads(message.data))
            return dict(socket._response.headers), heard

    return asyncio.run(asyncio.wait_for(go(), 10))


def test_frames_are_kept_and_answered_in_turn(sockets: Sockets, log: Log) -> None:
    line = sockets.line("INK-CALL-3")
    line.answer(lambda frame: [{"echo": frame["n"]}], headers=[("X-Use", "false")])
    headers, heard = speak(sockets, line, {"n": 1, "event": "a"}, {"n": 2, "event": "b"}, **{"X-Context": "{}"})
    assert headers["X-Use"] == "false"
    assert heard == [{"echo": 1}, {"echo": 2}]
    socket = line.sockets[0]
    assert socket.closed.wait(5)
    assert socket.frames == [{"n": 1, "event": "a"}, {"n": 2, "event": "b"}]
    assert socket.named("b") == [{"n": 2, "event": "b"}]
    assert socket.upgrade.request_header("x-context") == "{}"
    opened, said = log.exchanges
    assert (opened.method, opened.path, opened.status) == ("GET", "/ink-call-3/1", 101)
    assert (said.method, said.response_body) == ("WEBSOCKET", b'{"echo": 1}\n{"echo": 2}')


def test_each_line_has_its_own_address(sockets: Sockets) -> None:
    first, second = sockets.line("x"), sockets.line("x")
    assert first.url != second.url
    speak(sockets, second)
    assert not first.sockets
    assert len(second.sockets) == 1


def test_an_agent_may_close_the_socket(sockets: Sockets) -> None:
    line = sockets.line("x")
    line.answer(lambda _: [HANG_UP])
    assert speak(sockets, line, {"event": "a"})[1] == []
    assert line.sockets[0].closed.wait(5)


def test_a_line_may_refuse_and_an_unknown_one_does(sockets: Sockets) -> None:
    line = sockets.line("x")
    line.answer(status=403)
    for place, status in ((line, 403), (sockets.nowhere(), 404)):
        with pytest.raises(WSServerHandshakeError) as refusal:
            speak(sockets, place)
        assert refusal.value.status == status
    assert [exchange.status for exchange in line.refused] == [403]


def test_what_is_no_json_is_kept_as_nothing(sockets: Sockets) -> None:
    line = sockets.line("x")

    async def go() -> None:
        local = sockets.origin + line.url.removeprefix("wss://streams.example.test")
        async with ClientSession() as session, session.ws_connect(local) as socket:
            await socket.send_str("{")

    asyncio.run(asyncio.wait_for(go(), 10))
    assert line.sockets[0].closed.wait(5)
    assert line.sockets[0].frames == [None]

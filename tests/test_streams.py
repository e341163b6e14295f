"""Event streams and long polls: told at once, kept alive on either clock, ended with the client or the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ringback.carrier.clock import SECOND, Clock
from ringback.gateway.notifications import Notifications
from ringback.gateway.sse import HEARTBEAT, Batch, EventStream, ServerSentEvent, wait_until


class Stage:
    """A clock, its notifications, a stream of whatever is put into `news`, and what was sent of it."""

    def __init__(self) -> None:
        self.clock = Clock("frozen")
        self.notifications = Notifications(self.clock)
        self.news: list[ServerSentEvent] = []
        self.over = False
        self.sent: list[dict[str, Any]] = []
        self.hung_up = asyncio.Event()

    def look(self) -> Batch:
        news, self.news = self.news, []
        return Batch(news, self.over)

    def tell(self, *events: ServerSentEvent, last: bool = False) -> None:
        self.news += events
        self.over = last
        self.notifications.notify("b")

    async def receive(self) -> dict[str, Any]:
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await asyncio.sleep(0)

    def run(self, heartbeat: float = 15.0) -> asyncio.Task[None]:
        stream = EventStream(self.notifications, self.clock, "a", "b", self.look, heartbeat)
        return asyncio.ensure_future(stream({}, self.receive, self.send))

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def playing(story: Callable[[Stage], Awaitable[None]]) -> None:
    async def play() -> None:
        async with asyncio.timeout(10):
            await story(Stage())

    asyncio.run(play())


async def breath() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_events_are_told_as_they_come_and_the_last_one_ends_the_stream() -> None:
    async def story(stage: Stage) -> None:
        task = stage.run()
        stage.tell(ServerSentEvent("connected", {"id": 1}))
        await breath()
        assert stage.sent[0]["status"] == 200
        assert dict(stage.sent[0]["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert stage.body == b'event: connected\ndata: {"id":1}\n\n'
        stage.tell(ServerSentEvent("turn", "é\n"), last=True)
        await task
        assert stage.body.endswith('event: turn\ndata: "é\\n"\n\n'.encode())
        assert stage.sent[-1] == {"type": "http.response.body", "body": b""}

    playing(story)


def test_an_event_that_comes_while_another_is_sent_is_not_lost() -> None:
    async def story(stage: Stage) -> None:
        send = stage.send

        async def slow(message: Any) -> None:
            if b"first" in message.get("body", b""):
                stage.tell(ServerSentEvent("second", None), last=True)
            await send(message)

        stage.send = slow  # type: ignore[method-assign]
        task = stage.run(heartbeat=1e6)
        stage.tell(ServerSentEvent("first", None))
        await task
        assert b"second" in stage.body

    playing(story)


def test_a_heartbeat_comes_when_virtual_time_has_passed() -> None:
    async def story(stage: Stage) -> None:
        task = stage.run()
        await breath()
        await stage.clock.advance(stage.clock.now("a") + 14 * SECOND, "a")
        await breath()
        assert stage.body == b""
        await stage.clock.advance(stage.clock.now("a") + SECOND, "a")
        await breath()
        assert stage.body == HEARTBEAT
        stage.tell(last=True)
        await task

    playing(story)


def test_a_heartbeat_comes_when_real_time_has_passed() -> None:
    async def story(stage: Stage) -> None:
        task = stage.run(heartbeat=0.01)
        while stage.body.count(HEARTBEAT) < 2:
            await asyncio.sleep(0.001)
        stage.tell(last=True)
        await task

    playing(story)


def test_a_stream_ends_when_the_client_hangs_up() -> None:
    async def story(stage: Stage) -> None:
        task = stage.run()
        await breath()
        stage.hung_up.set()
        await task
        assert [message["type"] for message in stage.sent] == ["http.response.start"]

    playing(story)


def test_a_stream_ends_when_the_server_stops() -> None:
    async def story(stage: Stage) -> None:
        task = stage.run()
        await breath()
        stage.notifications.close()
        await task
        assert stage.sent[-1] == {"type": "http.response.body", "body": b""}
        await stage.notifications.wait("b", 1e6)

    playing(story)


@pytest.mark.parametrize("how", ["rung", "virtual", "real", "closed"])
def test_a_poll_waits_for_news_or_for_either_clock(how: str) -> None:
    async def story(stage: Stage) -> None:
        done: list[bool] = []
        seconds = 0.01 if how == "real" else 30.0
        poll = asyncio.ensure_future(
            wait_until(stage.notifications, stage.clock, "a", "b", seconds, lambda: bool(done))
        )
        await breath()
        stage.notifications.notify("b")
        await breath()
        assert not poll.done()
        if how == "rung":
            done.append(True)
            stage.notifications.notify("b")
        elif how == "virtual":
            await stage.clock.advance(stage.clock.now("a") + 30 * SECOND, "a")
        elif how == "closed":
            stage.notifications.close()
        await poll
        assert stage.notifications._waiting == {}

    playing(story)

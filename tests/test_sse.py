"""Event streams and long polls: sent at once, kept alive on either clock, ended with the client or the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ringback.carrier.clock import SECOND, Clock
from ringback.gateway.notifications import Notifications
from ringback.gateway.sse import HEARTBEAT, Batch, EventStream, ServerSentEvent, wait_until


class Connection:
    """A stream of the events in `news` on a frozen clock, and the ASGI messages that were sent of it."""

    def __init__(self) -> None:
        self.clock = Clock("frozen")
        self.notifications = Notifications(self.clock)
        self.news: list[ServerSentEvent] = []
        self.over = False
        self.sent: list[dict[str, Any]] = []
        self.disconnected = asyncio.Event()

    def poll(self) -> Batch:
        news, self.news = self.news, []
        return Batch(news, self.over)

    def publish(self, *events: ServerSentEvent, last: bool = False) -> None:
        self.news += events
        self.over = last
        self.notifications.notify("b")

    async def receive(self) -> dict[str, Any]:
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        await asyncio.sleep(0)

    def run(self, heartbeat: float = 15.0) -> asyncio.Task[None]:
        stream = EventStream(self.notifications, self.clock, "a", "b", self.poll, heartbeat)
        return asyncio.ensure_future(stream({}, self.receive, self.send))

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


def run(steps: Callable[[Connection], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await steps(Connection())

    asyncio.run(main())


async def idle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_events_are_sent_at_once_and_the_last_one_ends_the_stream() -> None:
    async def steps(connection: Connection) -> None:
        task = connection.run()
        connection.publish(ServerSentEvent("connected", {"id": 1}))
        await idle()
        assert connection.sent[0]["status"] == 200
        assert dict(connection.sent[0]["headers"])[b"content-type"] == b"text/event-stream; charset=utf-8"
        assert connection.body == b'event: connected\ndata: {"id":1}\n\n'
        connection.publish(ServerSentEvent("turn", "é\n"), last=True)
        await task
        assert connection.body.endswith('event: turn\ndata: "é\\n"\n\n'.encode())
        assert connection.sent[-1] == {"type": "http.response.body", "body": b""}

    run(steps)


def test_an_event_published_while_another_is_sent_is_not_lost() -> None:
    async def steps(connection: Connection) -> None:
        send = connection.send

        async def slow(message: Any) -> None:
            if b"first" in message.get("body", b""):
                connection.publish(ServerSentEvent("second", None), last=True)
            await send(message)

        connection.send = slow  # type: ignore[method-assign]
        task = connection.run(heartbeat=1e6)
        connection.publish(ServerSentEvent("first", None))
        await task
        assert b"second" in connection.body

    run(steps)


def test_a_heartbeat_comes_when_virtual_time_has_passed() -> None:
    async def steps(connection: Connection) -> None:
        task = connection.run()
        await idle()
        await connection.clock.advance(connection.clock.now("a") + 14 * SECOND, "a")
        await idle()
        assert connection.body == b""
        await connection.clock.advance(connection.clock.now("a") + SECOND, "a")
        await idle()
        assert connection.body == HEARTBEAT
        connection.publish(last=True)
        await task

    run(steps)


def test_a_heartbeat_comes_when_real_time_has_passed() -> None:
    async def steps(connection: Connection) -> None:
        task = connection.run(heartbeat=0.01)
        while connection.body.count(HEARTBEAT) < 2:
            await asyncio.sleep(0.001)
        connection.publish(last=True)
        await task

    run(steps)


def test_a_stream_ends_when_the_client_disconnects() -> None:
    async def steps(connection: Connection) -> None:
        task = connection.run()
        await idle()
        connection.disconnected.set()
        await task
        assert [message["type"] for message in connection.sent] == ["http.response.start"]

    run(steps)


def test_a_stream_ends_when_the_server_stops() -> None:
    async def steps(connection: Connection) -> None:
        task = connection.run()
        await idle()
        connection.notifications.close()
        await task
        assert connection.sent[-1] == {"type": "http.response.body", "body": b""}
        await connection.notifications.wait("b", 1e6)

    run(steps)


@pytest.mark.parametrize("how", ["notified", "virtual", "real", "closed"])
def test_a_poll_waits_for_a_notification_or_for_either_clock(how: str) -> None:
    async def steps(connection: Connection) -> None:
        done: list[bool] = []
        seconds = 0.01 if how == "real" else 30.0
        poll = asyncio.ensure_future(
            wait_until(connection.notifications, connection.clock, "a", "b", seconds, lambda: bool(done))
        )
        await idle()
        connection.notifications.notify("b")
        await idle()
        assert not poll.done()
        if how == "notified":
            done.append(True)
            connection.notifications.notify("b")
        elif how == "virtual":
            await connection.clock.advance(connection.clock.now("a") + 30 * SECOND, "a")
        elif how == "closed":
            connection.notifications.close()
        await poll
        assert connection.notifications._waiting == {}

    run(steps)

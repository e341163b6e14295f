"""Responses that take time: server-sent events, and long polls that wait for a change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ringback.carrier.clock import SECOND, Clock, wall_seconds
from ringback.gateway.asgi import ASGIMessage, Receive, Scope, Send, encode
from ringback.gateway.notifications import Notifications

EVENT_STREAM = b"text/event-stream; charset=utf-8"
"""With a charset: without one, a client may read the text as Latin-1."""
HEARTBEAT = b": heartbeat\n\n"


class ServerSentEvent(NamedTuple):
    """One event: its name, and data that becomes one line of JSON."""

    name: str
    data: Any

    def encoded(self) -> bytes:
        """Return the event as it is sent."""
        return b"event: %s\ndata: %s\n\n" % (self.name.encode(), encode(self.data))


class Batch(NamedTuple):
    """The events since the last poll. With `last` no more will follow."""

    events: Iterable[ServerSentEvent]
    last: bool


async def wait_until(
    notifications: Notifications, clock: Clock, account: str, key: str, seconds: float, done: Callable[[], bool]
) -> None:
    """Wait until `done` returns true; it is called again at each notification of the key.

    The wait ends after so many seconds on the wall clock or on the account's, whichever pass first, and at shutdown.
    """
    started, begun = wall_seconds(), clock.now(account)
    while not done() and not notifications.closed:
        left = min(seconds - (wall_seconds() - started), seconds - (clock.now(account) - begun) / SECOND)
        if left <= 0:
            return
        await notifications.wait(key, left)


class EventStream:
    """A stream of events as a response.

    `poll` returns what is new at each notification of the key. A comment is sent after `heartbeat` seconds without an
    event, on the wall clock or on the account's, so neither a proxy nor a test on a frozen clock sees a dead stream.
    The stream ends after the last batch, when the client disconnects, and at shutdown.
    """

    def __init__(
        self,
        notifications: Notifications,
        clock: Clock,
        account: str,
        key: str,
        poll: Callable[[], Batch],
        heartbeat: float,
    ) -> None:
        self._notifications = notifications
        self._clock = clock
        self._account = account
        self._key = key
        self._poll = poll
        self._heartbeat = heartbeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", EVENT_STREAM), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(self._gone(receive))
        try:
            await self._stream(send, gone)
        finally:
            gone.cancel()
        if not gone.done() or gone.cancelled():
            await send({"type": "http.response.body", "body": b""})

    def to_asgi_response(self, *_: object, **__: object) -> EventStream:
        """Return itself, as `Response` does."""
        return self

    async def _gone(self, receive: Receive) -> None:
        message: ASGIMessage = {}
        while message.get("type") != "http.disconnect":
            message = await receive()
        self._notifications.notify(self._key)

    async def _stream(self, send: Send, gone: asyncio.Future[None]) -> None:
        wall, virtual = wall_seconds(), self._clock.now(self._account)
        while not gone.done() and not self._notifications.closed:
            batch = self._poll()
            body = b"".join(event.encoded() for event in batch.events)
            quiet = max(wall_seconds() - wall, (self._clock.now(self._account) - virtual) / SECOND)
            if not body and not batch.last and quiet >= self._heartbeat:
                body = HEARTBEAT
            if body:
                wall, virtual, quiet = wall_seconds(), self._clock.now(self._account), 0.0
                await send({"type": "http.response.body", "body": body, "more_body": True})
            if batch.last:
                return
            if not body:
                await self._notifications.wait(self._key, self._heartbeat - quiet)

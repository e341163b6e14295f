"""A WebSocket server for what a vendor streams: records the frames and answers them with a probe's agent."""

from __future__ import annotations

import asyncio
import json
import socket as net
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ringback_conformance.model import Exchange, Header, Kind, decode
from ringback_conformance.transport import Log

if TYPE_CHECKING:
    from aiohttp import web

Agent = Callable[[Any], Iterable[Mapping[str, Any]]]
"""Receives each frame and returns what to send in reply."""
HANG_UP: Mapping[str, Any] = {}
"""Sent by an agent to close the socket."""
SWITCHING = 101
START_SECONDS = 60.0
CLOSE_SECONDS = 5.0


def silent(_frame: Any) -> Iterable[Mapping[str, Any]]:
    """Send nothing."""
    return ()


class Socket:
    """One connection: the request that opened it and the frames it received, in order."""

    def __init__(self, upgrade: Exchange) -> None:
        self.upgrade = upgrade
        self.frames: list[Any] = []
        self.closed = threading.Event()

    def named(self, event: str) -> list[dict[str, Any]]:
        """Return the frames of one event."""
        return [frame for frame in self.frames if isinstance(frame, dict) and frame.get("event") == event]


class Line:
    """One address: what connected to it, and how it answers."""

    def __init__(self, owner: str, url: str) -> None:
        self.owner = owner
        self.url = url
        self.sockets: list[Socket] = []
        self.refused: list[Exchange] = []
        self.agent: Agent = silent
        self.headers: tuple[Header, ...] = ()
        self.status = SWITCHING

    def answer(self, agent: Agent = silent, *, headers: Iterable[Header] = (), status: int = SWITCHING) -> None:
        """Accept connections with these headers and this agent, or reject them with a status."""
        self.agent, self.headers, self.status = agent, tuple(headers), status


class Sockets:
    """A server on loopback with any number of addresses; it starts with the first of them.

    Each connection is an exchange in the log, and so are the frames on it, once it has ended.
    """

    def __init__(self, log: Log, public: str) -> None:
        self._log = log
        self._lines: dict[str, Line] = {}
        self._counts: dict[str, int] = {}
        self._socket = net.create_server(("127.0.0.1", 0))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.origin = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.public = public

    def line(self, owner: str) -> Line:
        """Return a new address, named after the claim that it serves."""
        if self._thread is None:
            self._start()
        self._counts[owner] = self._counts.get(owner, 0) + 1
        path = f"/{owner.lower()}/{self._counts[owner]}"
        line = self._lines[path] = Line(owner, f"ws{self.public.removeprefix('http')}{path}")
        return line

    def nowhere(self) -> str:
        """Return an address that rejects every connection."""
        if self._thread is None:
            self._start()
        return f"ws{self.public.removeprefix('http')}/nowhere"

    def stop(self) -> None:
        """Stop serving and drop the connections."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(CLOSE_SECONDS)
        self._socket.close()

    def _start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="conformance-sockets", daemon=True)
        self._thread.start()
        if not ready.wait(START_SECONDS):
            raise RuntimeError("the WebSocket server did not start")

    def _serve(self, ready: threading.Event) -> None:
        from aiohttp import web

        async def begin() -> web.AppRunner:
            application = web.Application()
            application.router.add_get("/{path:.*}", self._take)
            runner = web.AppRunner(application, shutdown_timeout=0.0, access_log=None)
            await runner.setup()
            await web.SockSite(runner, self._socket).start()
            return runner

        with asyncio.Runner() as runner:
            loop = self._loop = runner.get_loop()
            web_runner = runner.run(begin())
            ready.set()
            loop.run_forever()
            runner.run(web_runner.cleanup())

    async def _take(self, request: web.Request) -> web.StreamResponse:
        from aiohttp import WSMsgType, web

        line = self._lines.get(request.path)
        status = 404 if line is None else line.status
        headers = () if line is None else line.headers
        exchange = self._log.add(
            line.owner if line else "receiver",
            kind=Kind.WEBHOOK,
            method="GET",
            path=request.path,
            request_headers=tuple(request.headers.items()),
            status=status,
            response_headers=headers,
        )
        if line is None or status != SWITCHING:
            if line is not None:
                line.refused.append(exchange)
            return web.Response(status=status)
        socket = Socket(exchange)
        response = web.WebSocketResponse()
        response.headers.extend(headers)
        await response.prepare(request)
        line.sockets.append(socket)
        replies: list[str] = []
        try:
            async for message in response:
                if message.type is not WSMsgType.TEXT:
                    continue
                frame = decode(message.data.encode())
                socket.frames.append(frame)
                for reply in line.agent(frame):
                    if reply is HANG_UP:
                        await response.close()
                        break
                    replies.append(json.dumps(reply))
                    await response.send_str(replies[-1])
        finally:
            self._log_frames(line, socket, replies)
            socket.closed.set()
        return response

    def _log_frames(self, line: Line, socket: Socket, replies: list[str]) -> None:
        self._log.add(
            line.owner,
            kind=Kind.WEBHOOK,
            method="WEBSOCKET",
            path=socket.upgrade.path,
            request_headers=(("Content-Type", "application/x-ndjson"),),
            request_body="\n".join(map(json.dumps, socket.frames)).encode(),
            status=SWITCHING,
            response_headers=(("Content-Type", "application/x-ndjson"),),
            response_body="\n".join(replies).encode(),
        )

"""A webhook receiver: a real HTTP server on loopback, for tests, scenarios and demonstrations."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
MAX_BODY = 16 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """One request as it arrived. `headers` ignore case; `body` is the raw bytes that a signature covers."""

    method: str
    path: str
    headers: Message
    body: bytes

    def json(self) -> Any:
        """Return the body decoded as JSON. Raises ValueError."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body[:200].decode(errors='replace')}"


@dataclass(frozen=True)
class Response:
    """What a receiver responds with. With status None it takes the request and never responds."""

    status: int | None = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Response:
        """Return a response with a JSON document."""
        return cls(status, (("Content-Type", "application/json"),), json.dumps(value).encode())

    @classmethod
    def lines(cls, *values: Any, status: int = 200) -> Response:
        """Return a response with JSON documents, one a line (NDJSON)."""
        body = "".join(f"{json.dumps(value)}\n" for value in values)
        return cls(status, (("Content-Type", "application/x-ndjson"),), body.encode())


class Listener:
    """An HTTP server that passes each request to a function and sends the response that it returns.

    `port` 0 is a free one, known once it has started. After `pause()` connections are refused, while on Linux no other
    process can take the port; `start()` listens again. Requests are handled in threads.
    """

    def __init__(self, respond: Callable[[Received], Response], port: int = 0, host: str = LOOPBACK) -> None:
        self.port = port
        self.closing = threading.Event()
        self._respond = respond
        self._host = host
        self._reserved: socket.socket | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        if self._server is not None:
            return
        if self._reserved is None and sys.platform == "linux":
            self._reserved = _reserve(self._host, self.port)
            self.port = self._reserved.getsockname()[1]
        self.closing.clear()
        self._server = _Server((self._host, self.port), _Endpoint)
        self._server.respond = self.respond
        self.port = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name=f"receiver-{self.port}", daemon=True
        )
        self._thread.start()

    def pause(self) -> None:
        """Refuse connections, and keep the port."""
        self.closing.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def stop(self) -> None:
        """Stop listening, and release the port."""
        self.pause()
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    def respond(self, request: Received) -> Response:
        """Return the response to a request; one that never comes blocks until the server stops."""
        response = self._respond(request)
        if response.status is None:
            self.closing.wait()
        return response


class Receiver:
    """A webhook receiver on a free loopback port. It keeps every request, and responds 200 unless set.

        with Receiver() as hook:
            ...                                     # set hook.url as the webhook URL
            assert hook.events[0]["type"] == "call.completed"

    Safe to use from several threads.
    """

    def __init__(self, port: int = 0) -> None:
        self._listener = Listener(self._take, port)
        self._received: list[Received] = []
        self._responses: list[Response] = [Response()]
        self._arrival = threading.Condition()

    def start(self) -> Receiver:
        """Listen, on the same port as before. Raises OSError when the port is taken."""
        self._listener.start()
        return self

    def pause(self) -> None:
        """Refuse connections until `start()`. On Linux no other process can take the port meanwhile."""
        self._listener.pause()

    def stop(self) -> None:
        """Stop listening: connections are refused."""
        self._listener.stop()

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def origin(self) -> str:
        """Return `http://127.0.0.1:PORT`, the local side of a webhook route."""
        return f"http://{LOOPBACK}:{self._listener.port}"

    @property
    def url(self) -> str:
        """Return the webhook URL to register. Requests to any other path on this port are received too."""
        return f"{self.origin}/hook"

    @property
    def requests(self) -> list[Received]:
        """Return the requests received so far, oldest first."""
        with self._arrival:
            return list(self._received)

    @property
    def events(self) -> list[Any]:
        """Return the JSON bodies of the requests, oldest first. Raises ValueError when one is not JSON."""
        return [request.json() for request in self.requests]

    def respond_with(
        self, *responses: int | Response | None, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> None:
        """Respond to the next requests with these in turn; the last one stays.

        A status gets the `headers` and the `body`. None takes the request and never responds, so that the sender runs
        into its time limit.
        """
        if not responses:
            raise ValueError("give at least one response")
        fields = tuple((headers or {}).items())
        with self._arrival:
            self._responses = [
                each if isinstance(each, Response) else Response(each, fields, body) for each in responses
            ]

    def clear(self) -> None:
        """Forget the requests. The responses stay as they are."""
        with self._arrival:
            self._received.clear()

    def wait(self, count: int = 1, timeout: float = 5.0) -> list[Received]:
        """Wait until `count` requests have arrived, at most `timeout` real seconds, and return all requests.

        Raises AssertionError with what did arrive. On a frozen clock there is nothing to wait for: `advance` returns
        after the webhooks were sent.
        """
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self._received) >= count, timeout):
                arrived = "\n".join(f"  {request}" for request in self._received) or "  nothing"
                raise AssertionError(
                    f"{count} requests expected within {timeout} s, {len(self._received)} came:\n{arrived}"
                )
            return list(self._received)

    def _take(self, request: Received) -> Response:
        with self._arrival:
            self._received.append(request)
            response = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
            self._arrival.notify_all()
        return response


def _reserve(host: str, port: int) -> socket.socket:
    """Bind a port without listening on it. A server that reuses addresses can listen on it beside."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((host, port))
    except OSError:
        reserved.close()
        raise
    return reserved


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    respond: Callable[[Received], Response]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a sender that hangs up early."""


class _Endpoint(BaseHTTPRequestHandler):
    server: _Server

    def _receive(self) -> None:
        body = self._body()
        if body is None:
            self.send_error(413)
            return
        response = self.server.respond(Received(self.command, self.path, self.headers, body))
        if response.status is None:
            self.close_connection = True
            return
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _body(self) -> bytes | None:
        """Read the whole body. Return None for one that is too large, or of no valid length."""
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            body = b"".join(self._chunks())
            return body if len(body) <= MAX_BODY else None
        length = self.headers.get("Content-Length") or "0"
        return self.rfile.read(int(length)) if length.isdecimal() and int(length) <= MAX_BODY else None

    def _chunks(self) -> Iterator[bytes]:
        received = 0
        while received <= MAX_BODY and (size := int(self.rfile.readline().partition(b";")[0] or b"0", 16)):
            yield self.rfile.read(min(size, MAX_BODY + 1))
            self.rfile.readline()
            received += size
        self.rfile.readline()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Print nothing."""

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _receive  # noqa: N815

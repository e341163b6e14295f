"""A real webhook receiver on loopback, for tests, scenarios and demonstrations."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MAX_BODY = 16 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    """One request as it arrived: `headers` ignore case, `body` is the raw bytes that a signature covers."""

    method: str
    path: str
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body decoded as JSON; ValueError when it is not."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body[:200].decode(errors='replace')}"


@dataclass(frozen=True)
class Answer:
    """What a receiver answers one request with; status None takes it and never answers."""

    status: int | None = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Answer:
        """A JSON document."""
        return cls(status, (("Content-Type", "application/json"),), json.dumps(value).encode())

    @classmethod
    def lines(cls, *values: Any, status: int = 200) -> Answer:
        """JSON documents, one a line (NDJSON)."""
        body = "".join(f"{json.dumps(value)}\n" for value in values)
        return cls(status, (("Content-Type", "application/x-ndjson"),), body.encode())


class Receiver:
    """An HTTP server on a free loopback port that keeps every request and answers 200 until told otherwise.

        with Receiver() as hook:
            ...                                     # give hook.url as the webhook URL
            assert hook.events[0]["type"] == "call.completed"

    Safe to use from several threads.
    """

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._seen: list[Received] = []
        self._answers: list[Answer] = [Answer(200)]
        self._arrival = threading.Condition()
        self._closing = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Receiver:
        """Begin to listen; OSError when the port is taken."""
        if self._server is None:
            self._closing.clear()
            self._server = _Server(("127.0.0.1", self._port), _Endpoint)
            self._server.receiver = self
            self._port = self._server.server_port
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.02,), name=f"receiver-{self._port}", daemon=True
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening: from now on connections are refused. `start()` opens the same port again."""
        self._closing.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None

    def __enter__(self) -> Receiver:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`, the local side of a webhook route."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """The address to give as webhook URL; any other path on this port is received too."""
        return f"{self.origin}/hook"

    @property
    def requests(self) -> list[Received]:
        """What arrived so far, oldest first."""
        with self._arrival:
            return list(self._seen)

    @property
    def events(self) -> list[Any]:
        """The JSON bodies of the requests, oldest first; ValueError when one is not JSON."""
        return [request.json() for request in self.requests]

    def respond_with(self, *statuses: int | None, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """Answer the next requests with these statuses in turn; the last one stays.

        None takes the request and never answers, so that the sender runs into its time limit.
        """
        if not statuses:
            raise ValueError("give at least one status")
        sent = tuple((headers or {}).items())
        self.reply_with(*(Answer(status, sent, body) for status in statuses))

    def reply_with(self, *answers: Answer) -> None:
        """Answer the next requests with these in turn; the last one stays."""
        if not answers:
            raise ValueError("give at least one answer")
        with self._arrival:
            self._answers = list(answers)

    def clear(self) -> None:
        """Forget the requests; the answers stay as they are."""
        with self._arrival:
            self._seen.clear()

    def wait(self, count: int = 1, timeout: float = 5.0) -> list[Received]:
        """Wait until `count` requests are there, at most `timeout` real seconds, and return them all.

        AssertionError with what did arrive when they are not. On a frozen clock nothing has to be waited for:
        `advance` returns after the webhooks were sent.
        """
        with self._arrival:
            if not self._arrival.wait_for(lambda: len(self._seen) >= count, timeout):
                seen = "\n".join(f"  {request}" for request in self._seen) or "  nothing"
                raise AssertionError(f"{count} requests expected within {timeout} s, {len(self._seen)} came:\n{seen}")
            return list(self._seen)

    def _take(self, request: Received) -> Answer:
        with self._arrival:
            self._seen.append(request)
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            self._arrival.notify_all()
        if answer.status is None:
            self._closing.wait()
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up early is part of the game."""


class _Endpoint(BaseHTTPRequestHandler):
    server: _Server

    def _receive(self) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY:
            self.send_error(413)
            return
        answer = self.server.receiver._take(Received(self.command, self.path, self.headers, self.rfile.read(length)))
        if answer.status is None:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Stay quiet."""

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _receive  # noqa: N815

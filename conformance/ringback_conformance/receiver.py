"""A webhook receiver: records what the vendor sends, byte for byte, and answers as the probe says."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from ringback_conformance.model import Exchange, Header, Kind
from ringback_conformance.transport import Log

MAX_BODY = 4 * 1024 * 1024
MAX_HANG = 30.0
SOCKET_TIMEOUT = 10.0


class Answer(msgspec.Struct, frozen=True):
    """What the receiver answers: a status with headers and a body, or nothing while it `hangs`."""

    status: int = 200
    headers: tuple[Header, ...] = ()
    hangs: bool = False
    body: bytes = b""

    @staticmethod
    def json(value: Any, status: int = 200) -> Answer:
        """Return an answer with a JSON body."""
        return Answer(status, (("Content-Type", "application/json"),), body=json.dumps(value).encode())


class Inbox:
    """One address of the receiver: what it received, in order, and what it answers next.

    `path` is unique in a run. Answers are used one by one; the last one repeats.
    """

    def __init__(self, owner: str, path: str) -> None:
        self.owner = owner
        self.path = path
        self.url = path
        self.received: list[Exchange] = []
        self._answers: list[Answer] = [Answer()]
        self._changed = threading.Condition()

    def answer(self, *answers: int | Answer) -> None:
        """Set the next answers: `inbox.answer(503, 503, 200)`."""
        with self._changed:
            self._answers = [Answer(a) if isinstance(a, int) else a for a in answers] or [Answer()]

    def wait(self, count: int, seconds: float) -> bool:
        """Return True once `count` requests have come, False when `seconds` pass before."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, seconds)

    def next_answer(self) -> Answer:
        """Return the answer to the request now arriving."""
        with self._changed:
            return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def put(self, exchange: Exchange) -> None:
        """Add a received request."""
        with self._changed:
            self.received.append(exchange)
            self._changed.notify_all()


def mailbox(path: str) -> str:
    """Return the last two parts of a path, which name an inbox, whatever a tunnel puts before them."""
    return "/".join(path.partition("?")[0].rstrip("/").split("/")[-2:])


class Receiver:
    """An HTTP server on loopback with any number of inboxes. Each request is an exchange in the log."""

    def __init__(self, log: Log, host: str = "127.0.0.1", port: int = 0) -> None:
        self._log = log
        self._inboxes: dict[str, Inbox] = {}
        self._counts: dict[str, int] = {}
        self._stopping = threading.Event()
        receiver = self

        class Handler(_Handler):
            receiver_ = receiver

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.origin = f"http://{host}:{self._server.server_address[1]}"
        self.public = self.origin
        """The origin that the vendor gets: a public name routed here, where there is one."""
        self.other_routes: dict[str, str] = {}
        """Routes of the emulator that are not ours."""

    def start(self) -> Receiver:
        """Start listening."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and end the answers that hang."""
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def inbox(self, owner: str) -> Inbox:
        """Return a new address, named after the claim that it serves."""
        self._counts[owner] = self._counts.get(owner, 0) + 1
        path = f"/{owner.lower()}/{self._counts[owner]}"
        inbox = Inbox(owner, path)
        inbox.url = self.public.rstrip("/") + path
        self._inboxes[path] = inbox
        return inbox

    def take(self, method: str, path: str, headers: tuple[Header, ...], body: bytes) -> Answer:
        """Record one request and return the answer to it; unknown addresses answer 404."""
        route = path.partition("?")[0]
        inbox = next((box for own, box in self._inboxes.items() if route.endswith(own)), None)
        answer = Answer(404) if inbox is None else inbox.next_answer()
        exchange = self._log.add(
            inbox.owner if inbox else "receiver",
            kind=Kind.WEBHOOK,
            method=method,
            path=path,
            request_headers=headers,
            request_body=body,
            status=None if answer.hangs else answer.status,
            response_headers=answer.headers,
            response_body=answer.body,
            error="we did not answer" if answer.hangs else "",
        )
        if inbox is not None:
            inbox.put(exchange)
        if answer.hangs:
            self._stopping.wait(MAX_HANG)
        return answer


class _Handler(BaseHTTPRequestHandler):
    receiver_: Receiver
    server_version = "ringback-conformance"
    sys_version = ""
    timeout = SOCKET_TIMEOUT

    def _serve(self) -> None:
        body = self._body()
        answer = self.receiver_.take(self.command, self.path, tuple(self.headers.items()), body)
        if answer.hangs:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = _serve  # noqa: N815 - the server looks for these names

    def _body(self) -> bytes:
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return b"".join(self._chunks())
        length = self.headers.get("Content-Length") or "0"
        return self.rfile.read(min(int(length), MAX_BODY)) if length.isdigit() else b""

    def _chunks(self) -> Iterator[bytes]:
        left = MAX_BODY
        while left > 0:
            size = int(self.rfile.readline().split(b";")[0] or b"0", 16)
            if size == 0:
                self.rfile.readline()
                return
            yield self.rfile.read(min(size, left))
            self.rfile.readline()
            left -= size

    def log_message(self, *_: Any) -> None:
        """Print nothing: the log of exchanges has it."""

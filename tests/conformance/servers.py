"""Small servers on loopback that are clearly not KwickPhone, and one that counts what it is sent."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


class Answering:
    """Answers each request as `reply(method, path, headers, body)` says, and keeps what came in `requests`."""

    def __init__(self, reply: Callable[[str, str, dict[str, str], bytes], Reply]) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5
            wbufsize = 65_536

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = (self.command, self.path, dict(self.headers), body)
                server.requests.append(asked)
                status, headers, answer = reply(*asked)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = _answer  # noqa: N815 - the server looks for these names

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        """Stop listening."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


def saying(status: int, body: Any, media: str = "application/json", **headers: str) -> Reply:
    """A reply with this JSON, or these bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {"Content-Type": media, **{k.replace("_", "-"): v for k, v in headers.items()}}, raw


def not_found(*_: Any) -> Reply:
    """A bare 404 to everything."""
    return saying(404, b"404 page not found", "text/plain")


def html(*_: Any) -> Reply:
    """A page of HTML with 200 to everything."""
    return saying(200, b"<!doctype html><title>Welcome</title>", "text/html")


def sometimes_500(seed: int = 1) -> Callable[..., Reply]:
    """A 500 at random; in between an empty list."""
    dice = random.Random(seed)
    lock = threading.Lock()

    def reply(*_: Any) -> Reply:
        with lock:
            unlucky = dice.random() < 0.5
        return saying(500, b"Internal Server Error", "text/plain") if unlucky else saying(200, {"data": []})

    return reply


class Socketed:
    """Takes connections and does with each what `then` says."""

    def __init__(self, then: Callable[[socket.socket], None]) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.02)
        self._then = then
        self._held: list[socket.socket] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0

    def _take(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._held.append(connection)
            self._then(connection)

    def stop(self) -> None:
        """Stop listening and close what is held."""
        self._stopping.set()
        self._thread.join()
        self._socket.close()
        for connection in self._held:
            connection.close()


def hang(_: socket.socket) -> None:
    """Say nothing."""


def reset(connection: socket.socket) -> None:
    """Break the connection."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def once_and_no_more(connection: socket.socket) -> None:
    """Answers the first request, takes a second and closes instead of answering it: no client can expect that."""
    connection.settimeout(5)
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    connection.recv(65_536)
    connection.close()

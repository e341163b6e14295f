"""Webhooks: only what is signed and fresh is taken, and each event once, however often it is delivered."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOO_OLD = 300
"""Seconds after which a signature is not taken any more."""
REMEMBERED = 10_000
"""Events whose ids are kept to know them again."""
LARGEST = 1 << 20


class Receipts:
    """Checks deliveries and hands each event on once. `secret` is the endpoint's; `now` gives Unix seconds."""

    def __init__(
        self, secret: str, take: Callable[[dict[str, Any]], object], now: Callable[[], float] = time.time
    ) -> None:
        self._secret = secret.encode()
        self._take = take
        self._now = now
        self._seen: dict[str, None] = {}
        self._lock = threading.Lock()

    def deliver(self, signature: str, body: bytes) -> int:
        """The status to answer a delivery with: 204 when it was taken, now or before, 400 when it is not genuine."""
        if not self._genuine(signature, body):
            return 400
        event = json.loads(body)
        with self._lock:
            if event["id"] not in self._seen:
                self._take(event)
                self._seen[event["id"]] = None
                if len(self._seen) > REMEMBERED:
                    del self._seen[next(iter(self._seen))]
        return 204

    def _genuine(self, signature: str, body: bytes) -> bool:
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        moment = parts.get("t", "")
        if not moment.isdecimal() or abs(self._now() - int(moment)) > TOO_OLD:
            return False
        expected = hmac.new(self._secret, moment.encode() + b"." + body, sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


class Server(ThreadingHTTPServer):
    """Listens on loopback for deliveries. `receipts` is set once the endpoint is registered and its secret known."""

    receipts: Receipts | None = None

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Door)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return f"http://127.0.0.1:{self.server_port}/receipts"

    def close(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()


class _Door(BaseHTTPRequestHandler):
    server: Server
    timeout = 10

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        receipts, body = self.server.receipts, self.rfile.read(min(length, LARGEST))
        status = 503 if receipts is None else receipts.deliver(self.headers.get("X-NoKYC-Signature", ""), body)
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

"""The client of the emulator's control API; each call is an exchange in the log."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.http_client import Connection, ConnectionFailed, InvalidRequest, ssl_context
from ringback_conformance.model import Exchange, Header, Kind
from ringback_conformance.transport import Log

TIMEOUT_SECONDS = 60.0
PREFIX = "/_ringback"


class ControlUnavailable(Exception):  # noqa: N818
    """No control API answers at the URL, or something else does."""


class ControlRefused(Exception):  # noqa: N818
    """The control API rejected a call; `exchange` shows how."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(str(exchange))
        self.exchange = exchange
        self.status = exchange.status


class Control:
    """Client of `{url}/_ringback/…`; each call is an exchange of kind `control` in the log. Thread-safe."""

    def __init__(
        self,
        url: str,
        log: Log,
        *,
        token: str | None = None,
        ca: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.url = url.rstrip("/").removesuffix(PREFIX)
        self._log = log
        self._token: tuple[Header, ...] = (("Authorization", f"Bearer {token}"),) if token else ()
        context = ssl_context(ca) if urlsplit(self.url).scheme == "https" else None
        self._connection = Connection(self.url, context=context, timeout=timeout)
        self.opened: list[Exchange] = []
        """The exchanges that opened accounts."""
        self._lock = threading.Lock()

    def call(self, producer: str, method: str, path: str, body: Any = None) -> Any:
        """Send one call and return its decoded response (None for 204).

        Raises ControlRefused for a 4xx or 5xx, ControlUnavailable when there is no control API.
        """
        return self.exchange(producer, method, path, body)[1]

    def exchange(self, producer: str, method: str, path: str, body: Any = None) -> tuple[Exchange, Any]:
        """Do what `call` does and return the exchange as well."""
        content = b"" if body is None else json.dumps(body).encode()
        headers: tuple[Header, ...] = () if body is None else (("Content-Type", "application/json"),)
        try:
            with self._lock:
                response = self._connection.request(method, f"{PREFIX}{path}", (*self._token, *headers), content)
        except (ConnectionFailed, InvalidRequest) as error:
            raise ControlUnavailable(f"no control API at {self.url}{PREFIX}: {error}") from None
        exchange = self._log.add(
            producer,
            kind=Kind.CONTROL,
            method=method,
            path=PREFIX + path,
            request_headers=headers,
            request_body=content,
            status=response.status,
            response_headers=response.headers,
            response_body=response.body,
        )
        if response.status >= 400:
            if exchange.code is None:
                raise ControlUnavailable(f"{self.url} is not a Ringback control API: {exchange}")
            raise ControlRefused(exchange)
        if method == "POST" and path == "/accounts":
            self.opened.append(exchange)
        if response.status == 204:
            return exchange, None
        document = exchange.json()
        if document is None:
            raise ControlUnavailable(f"{self.url} is not a Ringback control API: {exchange} is not JSON")
        return exchange, document

    def health(self) -> dict[str, Any]:
        """Return `{"status", "version", "vendors", "clock", "strict", …}`. Raises ControlUnavailable."""
        try:
            health = self.call("control", "GET", "/health")
        except ControlRefused as error:
            raise ControlUnavailable(str(error)) from None
        if not isinstance(health, dict) or "vendors" not in health:
            raise ControlUnavailable(f"{self.url} is not a Ringback control API")
        return health

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._connection.close()


def try_call(control: Control, method: str, path: str, body: Any = None) -> Any:
    """Send one call of the run itself; return None where it fails."""
    try:
        return control.call("control", method, path, body)
    except (ControlRefused, ControlUnavailable):
        return None

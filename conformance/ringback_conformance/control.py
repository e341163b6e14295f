"""The emulator's control API, as far as a check uses it: accounts, money, time, calls, faults, deliveries."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.http_client import Line, Malformed, Silence, trust
from ringback_conformance.model import Exchange, Header, Kind
from ringback_conformance.transport import Log

TIMEOUT_SECONDS = 60.0
PREFIX = "/_ringback"


class ControlTrouble(Exception):  # noqa: N818 - the name says what is the matter
    """The control API did not answer, or not as a control API does."""


class ControlRefused(Exception):  # noqa: N818
    """The control API said no; `exchange` shows how."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(str(exchange))
        self.exchange = exchange
        self.status = exchange.status


class Control:
    """Speaks to `{url}/_ringback/…`; each call is an exchange of kind `control` in the log."""

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
        context = trust(ca) if urlsplit(self.url).scheme == "https" else None
        self._line = Line(self.url, context=context, timeout=timeout)
        self.opened: list[Exchange] = []
        """The answers that opened accounts."""
        self._lock = threading.Lock()

    def call(self, producer: str, method: str, path: str, body: Any = None) -> Any:
        """Send one call and give its decoded answer (None for 204).

        Raises ControlRefused for a 4xx or 5xx, ControlTrouble when nobody answers or it is no control API.
        """
        return self.exchange(producer, method, path, body)[1]

    def exchange(self, producer: str, method: str, path: str, body: Any = None) -> tuple[Exchange, Any]:
        """As `call`, with the exchange beside the answer."""
        content = b"" if body is None else json.dumps(body).encode()
        headers: tuple[Header, ...] = () if body is None else (("Content-Type", "application/json"),)
        try:
            with self._lock:
                answer = self._line.ask(method, f"{PREFIX}{path}", (*self._token, *headers), content)
        except (Silence, Malformed) as trouble:
            raise ControlTrouble(f"no control API at {self.url}{PREFIX}: {trouble}") from None
        exchange = self._log.add(
            producer,
            kind=Kind.CONTROL,
            method=method,
            path=PREFIX + path,
            request_headers=headers,
            request_body=content,
            status=answer.status,
            response_headers=answer.headers,
            response_body=answer.body,
        )
        if answer.status >= 400:
            if exchange.code is None:
                raise ControlTrouble(f"{self.url} is no Ringback control API: {exchange}")
            raise ControlRefused(exchange)
        if method == "POST" and path == "/accounts":
            self.opened.append(exchange)
        if answer.status == 204:
            return exchange, None
        told = exchange.json()
        if told is None:
            raise ControlTrouble(f"{self.url} is no Ringback control API: {exchange} is not JSON")
        return exchange, told

    def health(self) -> dict[str, Any]:
        """`{"status", "version", "vendors", "clock", "strict"}`; raises ControlTrouble where there is none."""
        try:
            answer = self.call("control", "GET", "/health")
        except ControlRefused as refusal:
            raise ControlTrouble(str(refusal)) from None
        if not isinstance(answer, dict) or "vendors" not in answer:
            raise ControlTrouble(f"{self.url} is no Ringback control API")
        return answer

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._line.close()

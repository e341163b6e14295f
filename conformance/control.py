"""The emulator's control API, as far as a check uses it: accounts, money, time, calls, faults, deliveries."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from conformance.model import Exchange, Kind
from conformance.transport import Log, is_loopback, trust

if TYPE_CHECKING:
    import httpx

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
        self._timeout = timeout
        self.url = url.rstrip("/").removesuffix(PREFIX)
        self._log = log
        self._token = token
        self._ca = ca
        self.opened: list[Exchange] = []
        """The answers that opened accounts."""
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def call(self, producer: str, method: str, path: str, body: Any = None) -> Any:
        """Send one call and give its decoded answer (None for 204).

        Raises ControlRefused for a 4xx or 5xx, ControlTrouble when nobody answers or it is no control API.
        """
        return self.exchange(producer, method, path, body)[1]

    def exchange(self, producer: str, method: str, path: str, body: Any = None) -> tuple[Exchange, Any]:
        """As `call`, with the exchange beside the answer."""
        import httpx

        try:
            response = self._open().request(method, f"{self.url}{PREFIX}{path}", json=body)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ControlTrouble(f"no control API at {self.url}{PREFIX}: {error or type(error).__name__}") from None
        exchange = self._log.add(
            producer,
            kind=Kind.CONTROL,
            method=method,
            path=PREFIX + path,
            request_headers=(("Content-Type", "application/json"),) if body is not None else (),
            request_body=response.request.content,
            status=response.status_code,
            response_headers=tuple(response.headers.items()),
            response_body=response.content,
        )
        if response.is_error:
            if exchange.code is None:
                raise ControlTrouble(f"{self.url} is no Ringback control API: {exchange}")
            raise ControlRefused(exchange)
        if method == "POST" and path == "/accounts":
            self.opened.append(exchange)
        if response.status_code == 204:
            return exchange, None
        answer = exchange.json()
        if answer is None:
            raise ControlTrouble(f"{self.url} is no Ringback control API: {exchange} is not JSON")
        return exchange, answer

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
            if self._client is not None:
                self._client.close()
                self._client = None

    def _open(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    timeout=self._timeout,
                    trust_env=False,
                    verify=True if is_loopback(self.url) and self._ca is None else trust(self._ca),
                    headers={"Authorization": f"Bearer {self._token}"} if self._token else {},
                )
            return self._client

"""The transport to the target: all producers' requests pass through it, and it enforces the limits of a run."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from ringback_conformance.http_client import (
    READING,
    TIMEOUT_SECONDS,
    Connection,
    ConnectionFailed,
    InvalidRequest,
    Response,
    ssl_context,
)
from ringback_conformance.model import Exchange, Header, Kind

WINDOW_SECONDS = 60.0
SHARE_OF_LIMIT = 0.75
"""How much of the vendor's documented rate a run uses: the rest is for others who use the key."""
MAX_UNANSWERED = 3
"""Requests in a row without a response after which the target counts as gone."""
MAX_WAIT = 120.0
MAX_TRIES = 3
BUSY = frozenset({429, 503})


class NotAllowed(Exception):  # noqa: N818
    """The limits of this run forbid a request; it was not sent."""


class Unsendable(NotAllowed):
    """A request cannot be put on the wire at all."""


class NoResponse(Exception):  # noqa: N818
    """A request got no response; the exchange in `exchange` says why."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(str(exchange))
        self.exchange = exchange


class TargetGone(Exception):  # noqa: N818
    """The target no longer answers; the run ends."""


class Request(msgspec.Struct, frozen=True):
    """A request about to be sent: `path` with its query, as the vendor's page writes it."""

    method: str
    path: str
    headers: tuple[Header, ...] = ()
    body: bytes = b""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may send. None lifts a limit.

    `methods` names the allowed verbs; `requests` caps their number; `budget` is in cents and `price` what a
    request costs at worst; `destinations` gives the phone numbers and hosts a request involves, of which each
    must be `allowed`; `rate` is requests a minute.
    """

    methods: frozenset[str] | None = READING
    requests: int | None = 1_000
    budget: int | None = 0
    price: Callable[[Request], int] = lambda _request: 0
    destinations: Callable[[Request], Iterable[str]] = lambda _request: ()
    allowed: Callable[[str], bool] = lambda _destination: False
    rate: int | None = 60
    charged: Callable[[Request, Exchange], int] = lambda _request, _exchange: 0
    """What a request did cost: its price where it succeeded, and where no response says whether it did."""


class RequestRecorder(Protocol):
    """Records what a run creates, before each request and after."""

    def about_to_send(self, request: Request) -> None:
        """A request is about to be sent."""

    def answered(self, request: Request, exchange: Exchange) -> None:
        """Its response came, or none did."""


class Log:
    """Every exchange of a run, in order. Thread-safe."""

    def __init__(self, listener: Callable[[Exchange], None] | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._listener = listener

    def add(self, producer: str, **fields: Any) -> Exchange:
        """Add an exchange, named after its producer and place."""
        with self._lock:
            self._counts[producer] += 1
            exchange = Exchange(id=f"{producer}#{self._counts[producer]}", producer=producer, **fields)
            self.exchanges.append(exchange)
        if self._listener is not None:
            self._listener(exchange)
        return exchange

    def adopt(self, exchange: Exchange, **changes: Any) -> Exchange:
        """Add an exchange of another log as the next of its producer here, with some fields changed."""
        fields = {**msgspec.structs.asdict(exchange), **changes}
        del fields["id"]
        return self.add(**fields)


class Pace:
    """Keep requests under a rate by waiting: at most `limit` in any minute.

    `now` and `wait` are parameters, so that tests need not wait.
    """

    def __init__(
        self,
        limit: int | None,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limit = limit
        self._now = now
        self._wait = wait
        self._sent: deque[float] = deque()
        self.waited = 0.0

    def take(self) -> None:
        """Wait until one more request fits, and count it."""
        if self.limit is None:
            return
        while True:
            now = self._now()
            while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
                self._sent.popleft()
            if len(self._sent) < self.limit:
                self._sent.append(now)
                return
            self.pause(self._sent[0] + WINDOW_SECONDS - now)

    def pause(self, seconds: float) -> None:
        """Wait, but never longer than MAX_WAIT."""
        seconds = min(max(seconds, 0.01), MAX_WAIT)
        self.waited += seconds
        self._wait(seconds)


class Transport:
    """Send requests to one target, within one policy, and log the exchanges.

    `base_url` takes the place of the vendor's `https://host`. `ca` is a file with the certificate authority to
    trust. Nothing is sent anywhere else; redirects are not followed; the environment's credentials are not used.
    """

    def __init__(
        self,
        base_url: str,
        policy: Policy,
        log: Log,
        *,
        ca: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        pace: Pace | None = None,
        recorder: RequestRecorder | None = None,
    ) -> None:
        self.recorder = recorder
        self.base_url = base_url.rstrip("/")
        self.policy = policy
        self.log = log
        self.pace = pace or Pace(None if policy.rate is None else pace_of(policy.rate))
        self.sent = 0
        self.spent = 0
        self.gone = ""
        self._unanswered = 0
        self._stopped = False
        self._ca = ca
        self._timeout = timeout
        to = urlsplit(self.base_url)
        self._prefix = to.path
        context = ssl_context(ca) if to.scheme == "https" else None
        self._connection = Connection(f"{to.scheme}://{to.netloc}", context=context, timeout=timeout)
        self._lock = threading.RLock()

    def send(
        self,
        producer: str,
        request: Request,
        *,
        account: str = "",
        patient: bool = True,
        paced: bool = True,
    ) -> Exchange:
        """Send one request and return the exchange.

        `patient` waits as `Retry-After` asks and tries again when a paced target answers 429 or 503;
        `paced=False` is for the probe of the rate limit itself.
        Raises NotAllowed when the policy forbids it, NoResponse when nothing came back, TargetGone after several.
        """
        with self._lock:
            for _ in range(MAX_TRIES):
                self._check(request)
                if paced:
                    self.pace.take()
                exchange = self._once(producer, request, account)
                wait = self._wait_asked(exchange) if patient and self.policy.rate is not None else None
                if wait is None:
                    return exchange
                self.pace.pause(wait)
            return exchange

    def objection(self, request: Request) -> str:
        """Return why this request is not allowed, or an empty string."""
        policy = self.policy
        if policy.methods is not None and request.method.upper() not in policy.methods:
            return f"{request.method} is not allowed in this run"
        if policy.requests is not None and self.sent >= policy.requests:
            return f"the limit of {policy.requests} requests is reached"
        if not request.path.startswith("/"):
            return f"{request.path!r} is not a path of the target"
        if policy.methods != READING and policy.budget is not None:
            if self._stopped and request.method.upper() not in READING | {"DELETE"}:
                return "more was spent than the budget allows; only reading and removing are still allowed"
            price = policy.price(request)
            if price and self.spent + price > policy.budget:
                return (
                    f"it costs {dollars(price)}, and {dollars(max(policy.budget - self.spent, 0))} "
                    f"of the budget of {dollars(policy.budget)} is left"
                )
            for destination in policy.destinations(request):
                if not policy.allowed(destination):
                    return f"{destination} is not on the list of allowed destinations"
        return ""

    def apart(self, base_url: str = "") -> Transport:
        """Return another transport to the same target (or another address of it), with a log of its own."""
        return Transport(base_url or self.base_url, self.policy, Log(), ca=self._ca, timeout=self._timeout)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            self._connection.close()

    def _check(self, request: Request) -> None:
        if self.gone:
            raise TargetGone(self.gone)
        if reason := self.objection(request):
            raise NotAllowed(f"{request.method} {request.path} was not sent: {reason}")

    def _wait_asked(self, exchange: Exchange) -> float | None:
        after = exchange.response_header("retry-after")
        if exchange.status not in BUSY or after is None:
            return None
        seconds = _seconds(after.strip())
        return seconds if seconds is not None and seconds <= MAX_WAIT else None

    def _once(self, producer: str, request: Request, account: str) -> Exchange:
        self.sent += 1
        if self.recorder is not None:
            self.recorder.about_to_send(request)
        try:
            response = self._response(request)
        except InvalidRequest as error:
            raise Unsendable(f"{request.method} {request.path} cannot be sent: {error}") from None
        except ConnectionFailed as failure:
            came: dict[str, Any] = {"request_headers": failure.sent or request.headers, "error": str(failure)}
        else:
            came = {
                "request_headers": response.sent,
                "status": response.status,
                "response_headers": response.headers,
                "response_body": response.body,
                "truncated": response.truncated,
            }
        exchange = self.log.add(
            producer,
            kind=Kind.API,
            method=request.method,
            path=request.path,
            request_body=request.body,
            account=account,
            **came,
        )
        if self.recorder is not None:
            self.recorder.answered(request, exchange)
        self._count(request, exchange)
        if exchange.error:
            raise NoResponse(exchange)
        return exchange

    def _response(self, request: Request) -> Response:
        """Send the request; once more, as one more request, where a kept-alive connection turned out to be closed."""
        arguments = request.method, self._prefix + request.path, request.headers, request.body
        try:
            return self._connection.request(*arguments)
        except ConnectionFailed as failure:
            if not failure.stale or self.objection(request):
                raise
        self.pace.take()
        self.sent += 1
        return self._connection.request(*arguments)

    def _count(self, request: Request, exchange: Exchange) -> None:
        self.spent += self.policy.charged(request, exchange)
        if self.policy.budget is not None and self.spent > self.policy.budget:
            self._stopped = True
        if exchange.status is not None:
            self._unanswered = 0
            return
        self._unanswered += 1
        if self._unanswered >= MAX_UNANSWERED:
            self.gone = f"the target stopped answering: {exchange}"


def pace_of(rate: int) -> int:
    """Return the requests a minute that a run sends, of those that the vendor allows."""
    return max(1, int(rate * SHARE_OF_LIMIT))


def dollars(cents: int) -> str:
    """`$5.00`"""
    return f"${cents // 100}.{cents % 100:02d}"


def _seconds(after: str) -> float | None:
    if after.isdigit():
        return float(after)
    try:
        return parsedate_to_datetime(after).timestamp() - time.time()
    except ValueError:
        return None

"""The outbox: an event is stored before it is sent, a retry is a timer, and every attempt is on record."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from hmac import new as hmac
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ringback.carrier.clock import SECOND, Clock, wall_seconds
from ringback.carrier.rng import Streams
from ringback.gateway.egress import Egress, EgressError
from ringback.gateway.faults import Faults, WebhookTrouble
from ringback.gateway.journal import Journal, Note
from ringback.gateway.webhook_response import ASKED_BYTES, NDJSON, Listener, Reply, read_body, read_lines
from ringback.settings import ChaosRates
from ringback.store import Collection, Record

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import ResolveResult

Headers = Sequence[tuple[str, str]]
Signer = Callable[[str, bytes, int], Headers]
NumberedSigner = Callable[[str, bytes, int, str], Headers]

ATTEMPT = "gateway.webhook.attempt"
HELD_SECONDS = 30.0
"""How long a reordered event waits for a later one to overtake it."""
RECEIVER_CONNECTIONS = 64
READ_BYTES = 2_048
"""How much of a receiver's answer is kept."""


@dataclass(frozen=True)
class WebhookProfile:
    """How one vendor sends: `sign(secret, raw_body, unix_seconds)` gives the headers of an attempt, or, where each has
    an id of its own, `numbered` with that id (a UUID) as well; `retries` are the waits in seconds after each failed
    attempt in turn."""

    sign: Signer
    retries: Sequence[int]
    user_agent: str
    numbered: NumberedSigner | None = None


def stamped(secret: str, body: bytes, now: int) -> str:
    """The hexadecimal HMAC-SHA256, under a secret, of a Unix second, a full stop and the raw body."""
    return hmac(secret.encode(), b"%d." % now + body, sha256).hexdigest()


class Attempt(msgspec.Struct, kw_only=True):
    """One try. `at` and `ended_at` are on the account's clock, `latency_ms` real; `status` is None when no answer
    came."""

    at: int
    headers: list[tuple[str, str]]
    status: int | None = None
    error: str | None = None
    response: str = ""
    latency_ms: float = 0.0
    ended_at: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the receiver took the event."""
        return self.status is not None and 200 <= self.status < 300


class Delivery(Record, kw_only=True):
    """One event on its way to one receiver. `subject` is the vendor's id of what it is about, `headers` go out beside
    the signature's. One that `awaits_reply` is tried once, as its answer is waited for; `patience` is how many real seconds its
    receiver has, where it chose so."""

    vendor: str
    event: str
    subject: str
    url: str
    secret: str
    body: bytes
    created_at: int
    headers: list[tuple[str, str]] = []
    state: Literal["pending", "held", "delivered", "failed", "dropped"] = "pending"
    attempts: list[Attempt] = []
    next_at: int | None = None
    timer: int | None = None
    troubles: list[WebhookTrouble] = []
    awaits_reply: bool = False
    patience: float | None = None


class Lane:
    """One receiver's attempts in waiting, and the workers that make them: a slow receiver holds up no other."""

    __slots__ = ("receiver", "waiting", "workers")

    def __init__(self, receiver: str) -> None:
        self.receiver = receiver
        self.waiting: deque[tuple[Delivery, Delivery | None, bool, asyncio.Future[None]]] = deque()
        self.workers: set[asyncio.Task[None]] = set()


class Outbox:
    """All deliveries of all vendors.

    `timeout` gives the real seconds that an account's receivers have, by the delivery's own patience if it has one;
    `record_crash` receives each an unexpected exception, `concluded` of each delivery that was taken or has failed for good.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        streams: Streams,
        journal: Journal,
        faults: Faults,
        egress: Egress,
        timeout: Callable[[str, float | None], float],
        record_crash: Callable[[BaseException], None],
        chaos: ChaosRates | None = None,
    ) -> None:
        self.records: Collection[Delivery] = Collection(
            Delivery,
            all=lambda _: True,
            account=lambda delivery: delivery.account,
            held=lambda delivery: (delivery.account, delivery.url) if delivery.state == "held" else None,
        )
        self.egress = egress
        self.attempted: dict[str, int] = {}
        self.concluded: Callable[[Delivery], None] = _noop
        self._clock = clock
        self._streams = streams
        self._journal = journal
        self._faults = faults
        self._timeout = timeout
        self._record_crash = record_crash
        self._unkind = chaos
        self.profiles: dict[str, WebhookProfile] = {}
        self._lanes: dict[str, Lane] = {}
        self._launched: dict[str, asyncio.Future[None]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._insecure: ssl.SSLContext | None = None
        clock.on(ATTEMPT, self._due)

    def register(self, vendor: str, webhook_profile: WebhookProfile) -> None:
        """Say how a vendor sends."""
        self.profiles[vendor] = webhook_profile

    # -- sending ------

    def send(
        self,
        *,
        vendor: str,
        account: str,
        event: str,
        subject: str,
        url: str,
        secret: str,
        body: bytes,
        headers: Headers = (),
        id_: str | None = None,
        patience: float | None = None,
    ) -> Delivery:
        """Store an event and set its first attempt going; the caller does not wait for it."""
        delivery = self._store(
            vendor=vendor,
            account=account,
            event=event,
            subject=subject,
            url=url,
            secret=secret,
            body=body,
            headers=headers,
            id_=id_,
            patience=patience,
        )
        held = self.records.last("held", (account, url))
        if "drop" in delivery.troubles:
            self.records.update(delivery, state="dropped")
            self._note(delivery, "dropped on request")
        elif "reorder" in delivery.troubles:
            self.records.update(delivery, state="held")
            self.schedule(delivery, HELD_SECONDS)
        elif "delay" in delivery.troubles:
            self.schedule(delivery, (self._unkind or ChaosRates()).delay_seconds)
        else:
            self._launch(delivery, then=held)
        return delivery

    def _store(
        self,
        *,
        vendor: str,
        account: str,
        event: str,
        subject: str,
        url: str,
        secret: str,
        body: bytes,
        headers: Headers,
        id_: str | None,
        patience: float | None,
        awaits_reply: bool = False,
    ) -> Delivery:
        return self.records.add(
            Delivery(
                id=id_ or f"dlv_{self.records.created + 1}",
                vendor=vendor,
                account=account,
                event=event,
                subject=subject,
                url=url,
                secret=secret,
                body=body,
                created_at=self._clock.now(account),
                headers=list(headers),
                troubles=self._troubles(vendor, account, event),
                awaits_reply=awaits_reply,
                patience=patience,
            )
        )

    def ask(
        self,
        *,
        vendor: str,
        account: str,
        event: str,
        subject: str,
        url: str,
        secret: str,
        body: bytes,
        headers: Headers = (),
        id_: str | None = None,
        patience: float | None = None,
        line: Listener | None = None,
        answered: Callable[[Reply], None],
    ) -> Delivery | None:
        """Store an event and send it at once, for the sake of its answer: `answered` is called with that, or with what
        went wrong; each line of an NDJSON answer goes to `line` before. There is one attempt, and time does not move
        past it. None, and nothing done, while there is no event loop."""
        loop = self._clock.loop
        if loop is None:
            return None
        delivery = self._store(
            vendor=vendor,
            account=account,
            event=event,
            subject=subject,
            url=url,
            secret=secret,
            body=body,
            headers=headers,
            id_=id_,
            patience=patience,
            awaits_reply=True,
        )
        asking = loop.create_task(self._ask(delivery, line, answered))
        self._clock.track(account, asking)
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        return delivery

    async def _ask(self, delivery: Delivery, line: Listener | None, answered: Callable[[Reply], None]) -> None:
        try:
            if "drop" in delivery.troubles:
                self.records.update(delivery, state="dropped")
                self._note(delivery, "dropped on request")
                reply = Reply(error="dropped on request")
            else:
                reply = Reply()
                attempt = await self.attempt(delivery, reply, line)
                if "duplicate" in delivery.troubles:
                    await self.attempt(delivery)
                self.records.update(delivery, state="delivered" if attempt.accepted else "failed")
            if self.records.get(delivery.id) is delivery:
                answered(reply)
        except Exception as error:
            self._record_crash(error)

    def _troubles(self, vendor: str, account: str, event: str) -> list[WebhookTrouble]:
        troubles = list(self._faults.strike_event(vendor, account, event))
        if self._unkind is not None:
            stream = self._streams("chaos", "webhook", account)
            rates: tuple[tuple[WebhookTrouble, float], ...] = (
                ("duplicate", self._unkind.duplicate),
                ("delay", self._unkind.delay),
                ("reorder", self._unkind.reorder),
            )
            troubles.extend(name for name, rate in rates if stream.random() < rate)
        return troubles

    def replay(self, delivery: Delivery) -> asyncio.Future[None]:
        """Send a stored event once more, now; the result is done when that was attempted."""
        sent = self._launch(delivery, retry=delivery.state == "pending")
        if sent is None:
            raise RuntimeError("the outbox has no event loop to send on")
        return sent

    async def settle(self, delivery: Delivery) -> None:
        """Until the attempt that is under way, if one is, was made."""
        under_way = self._launched.get(delivery.id)
        if under_way is not None:
            await asyncio.wait((under_way,))

    def abandon(self, account: str, wanted: Callable[[Delivery], bool] | None = None) -> None:
        """Send nothing more of an account's, or nothing more that is `wanted` gone."""
        for delivery in self.records.oldest("account", account):
            if delivery.state in ("pending", "held") and (wanted is None or wanted(delivery)):
                self._clock.cancel(delivery.timer)
                delivery.next_at = delivery.timer = None
                self.records.update(delivery, state="dropped")

    def schedule(self, delivery: Delivery, seconds: float) -> None:
        due = self._clock.now(delivery.account) + round(seconds * SECOND)
        delivery.next_at = due
        delivery.timer = self._clock.at(due, delivery.account, ATTEMPT, delivery.id)

    def _due(self, id_: str) -> None:
        delivery = self.records.get(id_)
        if delivery is not None and delivery.state in ("pending", "held"):
            self._release(delivery)

    def _release(self, delivery: Delivery) -> None:
        if delivery.state == "held":
            self.records.update(delivery, state="pending")
        self._launch(delivery)

    def _launch(
        self, delivery: Delivery, *, then: Delivery | None = None, retry: bool = True
    ) -> asyncio.Future[None] | None:
        """Put an attempt on its receiver's lane; the result is done when it was made."""
        self._clock.cancel(delivery.timer)
        delivery.next_at = delivery.timer = None
        loop = self._clock.loop
        if loop is None:
            return None
        done: asyncio.Future[None] = loop.create_future()
        self._launched[delivery.id] = done
        done.add_done_callback(lambda _: self._launched.pop(delivery.id, None))
        self._clock.track(delivery.account, done)
        receiver = delivery.url.split("/", 3)[2]
        lane = self._lanes.get(receiver)
        if lane is None:
            lane = self._lanes[receiver] = Lane(receiver)
        lane.waiting.append((delivery, then, retry, done))
        if len(lane.workers) < RECEIVER_CONNECTIONS:
            worker = loop.create_task(self._work(lane))
            lane.workers.add(worker)
            worker.add_done_callback(lane.workers.discard)
        return done

    async def _work(self, lane: Lane) -> None:
        while lane.waiting:
            delivery, then, retry, done = lane.waiting.popleft()
            try:
                await self._deliver(delivery, then, retry)
            except Exception as error:
                self._record_crash(error)
            finally:
                if not done.done():
                    done.set_result(None)

    async def _deliver(self, delivery: Delivery, then: Delivery | None, retry: bool) -> None:
        if retry and delivery.state == "dropped":
            return
        attempt = await self.attempt(delivery)
        if "duplicate" in delivery.troubles and attempt.accepted:
            delivery.troubles.remove("duplicate")
            await self.attempt(delivery)
        if then is not None and then.state == "held":
            self._release(then)
        if attempt.accepted:
            self.conclude(delivery, "delivered")
        elif retry and delivery.state == "pending":
            waits = self.profiles[delivery.vendor].retries
            tried = len(delivery.attempts)
            if tried <= len(waits):
                self.schedule(delivery, waits[tried - 1])
            else:
                self.conclude(delivery, "failed")

    def conclude(self, delivery: Delivery, state: Literal["delivered", "failed"]) -> None:
        self._clock.cancel(delivery.timer)
        delivery.next_at = delivery.timer = None
        self.records.update(delivery, state=state)
        self.concluded(delivery)

    async def attempt(self, delivery: Delivery, reply: Reply | None = None, line: Listener | None = None) -> Attempt:
        """One try. Where a `reply` is given it is filled in, and the answer read for it."""
        webhook_profile = self.profiles[delivery.vendor]
        now = self._clock.now(delivery.account)
        secret = delivery.secret if "bad_signature" not in delivery.troubles else delivery.secret + "-wrong"
        if webhook_profile.numbered is None:
            signature = webhook_profile.sign(secret, delivery.body, now // SECOND)
        else:
            id_ = self._streams(delivery.vendor, delivery.account, "attempt").uuid()
            signature = webhook_profile.numbered(secret, delivery.body, now // SECOND, id_)
        headers = [
            ("Content-Type", "application/json"),
            ("User-Agent", webhook_profile.user_agent),
            *signature,
            *delivery.headers,
        ]
        attempt = Attempt(at=now, headers=headers)
        patience = self._timeout(delivery.account, delivery.patience)
        heard = Reply() if reply is None else reply
        started = wall_seconds()
        try:
            await self._post(delivery, headers, patience, heard, line, READ_BYTES if reply is None else ASKED_BYTES)
            attempt.status = heard.status
        except EgressError as error:
            attempt.error = f"not contacted: {error}"
        except (OSError, TimeoutError, ssl.SSLError) as error:
            attempt.error = _plain(error, patience)
        heard.error, heard.whole = attempt.error, heard.whole and attempt.error is None
        attempt.response = heard.body[:READ_BYTES].decode("utf-8", "replace")
        attempt.latency_ms = round((wall_seconds() - started) * 1000, 3)
        attempt.ended_at = self._clock.now(delivery.account)
        delivery.attempts = [*delivery.attempts, attempt]
        self.attempted[delivery.account] = self.attempted.get(delivery.account, 0) + 1
        self._note(delivery, f"{attempt.status}" if attempt.error is None else attempt.error)
        return attempt

    async def _post(
        self, delivery: Delivery, headers: Headers, patience: float, reply: Reply, line: Listener | None, most: int
    ) -> None:
        import aiohttp

        destination = await self.egress.destination(delivery.url)
        session = self._session
        if session is None:
            session = self._session = self.open_session()
        try:
            async with session.post(
                destination.url,
                data=delivery.body,
                headers=headers if destination.url == delivery.url else [*headers, ("Host", destination.host_header)],
                allow_redirects=False,
                timeout=_patience(patience),
                ssl=True if destination.verify else self._unverified(),
            ) as response:
                reply.status = response.status
                reply.headers = {name.lower(): value for name, value in response.headers.items()}
                if line is not None and reply.accepted and reply.media_type == NDJSON:
                    await read_lines(response.content, reply, line, most)
                elif most > READ_BYTES:
                    await read_body(response.content, reply, most)
                else:
                    reply.body = await response.content.read(most)
        except aiohttp.ClientConnectorError as error:
            raise OSError(f"no connection to {error.host}:{error.port}: {_reason(error.os_error)}") from error
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    async def connect(
        self, url: str, headers: Headers, patience: float
    ) -> tuple[aiohttp.ClientWebSocketResponse, Mapping[str, str]]:
        """Open a WebSocket to a receiver (`ws://` or `wss://`), where webhooks may go too; pings and pongs are left to
        the caller. Gives it and the headers with which it was taken. Raises EgressError, and OSError or TimeoutError
        when it does not open."""
        import aiohttp

        destination = await self.egress.destination(f"http{url[2:]}")
        session = self._session
        if session is None:
            session = self._session = self.open_session()
        routed = f"ws{destination.url[4:]}"
        try:
            async with asyncio.timeout(patience):
                socket = await session.ws_connect(
                    routed,
                    headers=headers if routed == url else [*headers, ("Host", destination.host_header)],
                    ssl=True if destination.verify else self._unverified(),
                    autoping=False,
                    max_msg_size=ASKED_BYTES,
                )
                return socket, socket._response.headers
        except aiohttp.WSServerHandshakeError as error:
            raise OSError(f"the WebSocket was refused with status {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            raise OSError(f"no connection to {error.host}:{error.port}: {_reason(error.os_error)}") from error
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    def _unverified(self) -> ssl.SSLContext:
        if self._insecure is None:
            self._insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._insecure.check_hostname = False
            self._insecure.verify_mode = ssl.CERT_NONE
        return self._insecure

    def open_session(self) -> aiohttp.ClientSession:
        import aiohttp

        connector = aiohttp.TCPConnector(limit=0, resolver=_checked_resolver(self.egress), use_dns_cache=False)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("Accept", "Accept-Encoding"),
        )

    def _note(self, delivery: Delivery, what: str) -> None:
        detail: Mapping[str, Any] = {
            "vendor": delivery.vendor,
            "delivery_id": delivery.id,
            "event": delivery.event,
            "subject": delivery.subject,
            "url": delivery.url,
            "attempt": len(delivery.attempts),
        }
        text = f"{delivery.event} attempt {len(delivery.attempts)} → {what}"
        self._journal.add(Note(self._clock.now(delivery.account), delivery.account, "delivery", text, detail))

    # -- keeping ------

    def resume(self) -> None:
        """After a restore: send again what was on its way (a receiver may see it twice: delivery is at least once).
        What asked is not sent again: who asked will ask anew."""
        for delivery in self.records:
            if delivery.state == "pending" and delivery.timer is None:
                if delivery.awaits_reply:
                    self.records.update(delivery, state="dropped")
                else:
                    self._launch(delivery)

    async def close(self) -> None:
        """End the connections and the look-ups."""
        self.egress.close()
        for asking in self._asking:
            asking.cancel()
        if self._session is not None:
            await self._session.close()
            self._session = None


def _noop(_: Delivery) -> None:
    """Nobody listens."""


@lru_cache(maxsize=64)
def _patience(seconds: float) -> aiohttp.ClientTimeout:
    import aiohttp

    return aiohttp.ClientTimeout(total=seconds)


def _reason(error: OSError) -> str:
    """Why a connection failed, in the system's words."""
    return os.strerror(error.errno) if error.errno else str(error)


def _plain(error: BaseException, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    return str(error) or type(error).__name__


def _checked_resolver(egress: Egress) -> aiohttp.abc.AbstractResolver:
    import socket

    from aiohttp.abc import AbstractResolver

    class CheckedResolver(AbstractResolver):
        """Gives a connection only addresses that the policy permits, and refuses a name of which any is not."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            addresses = await egress.resolve(host)
            if not addresses:
                raise OSError(f"{host} does not resolve")
            refused = [address for address in addresses if not egress.permits(host, address)]
            if refused and not _routed(host):
                raise EgressOSError(f"not contacted: {host} resolves to {refused[0]}, which is not a public address")
            return [
                {
                    "hostname": host,
                    "host": address,
                    "port": port,
                    "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                    "proto": 0,
                    "flags": socket.AI_NUMERICHOST,
                }
                for address in addresses
            ]

        async def close(self) -> None:
            """Nothing is held."""

    def _routed(host: str) -> bool:
        return any(f"://{host}" in local for local in egress.routes.values())

    return CheckedResolver()


class EgressOSError(OSError):
    """A connection that the policy refused."""

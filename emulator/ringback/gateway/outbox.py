"""The outbox: an event is stored before it is sent, a retry is a timer, and every attempt is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NotRequired, TypedDict, Unpack

from ringback.carrier.clock import Clock
from ringback.carrier.rng import Streams
from ringback.gateway.delivery import Delivery, Headers, WebhookProfile
from ringback.gateway.dispatcher import Dispatcher
from ringback.gateway.egress import Egress
from ringback.gateway.faults import Faults, WebhookFault
from ringback.gateway.http_sender import HttpSender
from ringback.gateway.journal import Journal
from ringback.gateway.webhook_response import LineListener, WebhookResponse
from ringback.settings import ChaosRates
from ringback.store import Collection

REORDER_SECONDS = 30.0
"""Virtual seconds that a reordered event waits at most for a later one to overtake it."""


class WebhookEvent(TypedDict):
    """An event to send. `subject` is the vendor's id of what it is about, `headers` are sent beside the signature's;
    `id_` becomes the delivery's, and `timeout` is in real seconds where the receiver has its own."""

    vendor: str
    account: str
    event: str
    subject: str
    url: str
    secret: str
    body: bytes
    headers: NotRequired[Headers]
    id_: NotRequired[str | None]
    timeout: NotRequired[float | None]


class Outbox:
    """All deliveries of all vendors.

    `timeout(account, own)` returns the real seconds that a receiver has, where `own` is the delivery's timeout.
    `record_crash` receives each unexpected exception. `dispatcher.on_concluded` hears of each delivery that was
    accepted or has failed for good.
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
        self.sender = HttpSender(egress)
        self.dispatcher = Dispatcher(
            records=self.records,
            sender=self.sender,
            clock=clock,
            streams=streams,
            journal=journal,
            timeout=timeout,
            record_crash=record_crash,
        )
        self._clock = clock
        self._streams = streams
        self._faults = faults
        self._record_crash = record_crash
        self._chaos = chaos
        self._requests: set[asyncio.Task[None]] = set()

    def register(self, vendor: str, profile: WebhookProfile) -> None:
        """Set how a vendor sends."""
        self.dispatcher.profiles[vendor] = profile

    # -- sending ------

    def send(self, **event: Unpack[WebhookEvent]) -> Delivery:
        """Store an event and queue its first attempt; the caller does not wait for it."""
        delivery = self._store(event)
        held = self.records.last("held", (delivery.account, delivery.url))
        if "drop" in delivery.faults:
            self._drop(delivery)
        elif "reorder" in delivery.faults:
            self.records.update(delivery, state="held")
            self.dispatcher.schedule(delivery, REORDER_SECONDS)
        elif "delay" in delivery.faults:
            self.dispatcher.schedule(delivery, (self._chaos or ChaosRates()).delay_seconds)
        else:
            self.dispatcher.enqueue(delivery, overtaken=held)
        return delivery

    def request(
        self,
        on_response: Callable[[WebhookResponse], None],
        on_line: LineListener | None = None,
        **event: Unpack[WebhookEvent],
    ) -> Delivery | None:
        """Store an event and send it at once, because its response matters.

        `on_response` receives the response, or what went wrong; each line of an NDJSON response goes to `on_line`
        before. There is one attempt, and the account's clock does not move past it. Return None, and do nothing,
        while there is no event loop.
        """
        loop = self._clock.loop
        if loop is None:
            return None
        delivery = self._store(event, awaits_response=True)
        task = loop.create_task(self._request(delivery, on_line, on_response))
        self._clock.track(delivery.account, task)
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)
        return delivery

    async def _request(
        self, delivery: Delivery, on_line: LineListener | None, on_response: Callable[[WebhookResponse], None]
    ) -> None:
        try:
            response = WebhookResponse()
            if "drop" in delivery.faults:
                self._drop(delivery)
                response.error = "dropped on request"
            else:
                attempt = await self.dispatcher.attempt(delivery, response, on_line)
                if "duplicate" in delivery.faults:
                    await self.dispatcher.attempt(delivery)
                self.records.update(delivery, state="delivered" if attempt.accepted else "failed")
            if self.records.get(delivery.id) is delivery:
                on_response(response)
        except Exception as error:
            self._record_crash(error)

    def _store(self, event: WebhookEvent, *, awaits_response: bool = False) -> Delivery:
        account = event["account"]
        return self.records.add(
            Delivery(
                id=event.get("id_") or f"dlv_{self.records.created + 1}",
                vendor=event["vendor"],
                account=account,
                event=event["event"],
                subject=event["subject"],
                url=event["url"],
                secret=event["secret"],
                body=event["body"],
                created_at=self._clock.now(account),
                headers=list(event.get("headers", ())),
                faults=self._select_faults(event["vendor"], account, event["event"]),
                awaits_response=awaits_response,
                timeout=event.get("timeout"),
            )
        )

    def _select_faults(self, vendor: str, account: str, event: str) -> list[WebhookFault]:
        faults = list(self._faults.for_event(vendor, account, event))
        if self._chaos is not None:
            stream = self._streams("chaos", "webhook", account)
            rates: tuple[tuple[WebhookFault, float], ...] = (
                ("duplicate", self._chaos.duplicate),
                ("delay", self._chaos.delay),
                ("reorder", self._chaos.reorder),
            )
            faults.extend(name for name, rate in rates if stream.random() < rate)
        return faults

    def _drop(self, delivery: Delivery) -> None:
        self.records.update(delivery, state="dropped")
        self.dispatcher.note(delivery, "dropped on request")

    # -- after the first attempt ------

    def replay(self, delivery: Delivery) -> asyncio.Future[None]:
        """Send a stored event once more, now. Return a future that is done when that was attempted."""
        sent = self.dispatcher.enqueue(delivery, retry=delivery.state == "pending")
        if sent is None:
            raise RuntimeError("the outbox has no event loop to send on")
        return sent

    def cancel_pending(self, account: str, matches: Callable[[Delivery], bool] = lambda _: True) -> None:
        """Drop an account's deliveries that are neither delivered nor failed, or those of them that match."""
        for delivery in self.records.oldest("account", account):
            if delivery.state in ("pending", "held") and matches(delivery):
                self.dispatcher.cancel(delivery)
                self.records.update(delivery, state="dropped")

    def resume(self) -> None:
        """Send again what was under way when the snapshot was taken: delivery is at least once.

        A request for a response is dropped: its caller makes it again.
        """
        for delivery in self.records:
            if delivery.state == "pending" and delivery.timer is None:
                if delivery.awaits_response:
                    self.records.update(delivery, state="dropped")
                else:
                    self.dispatcher.enqueue(delivery)

    async def close(self) -> None:
        """End the connections and the DNS look-ups."""
        for task in self._requests:
            task.cancel()
        await self.sender.close()

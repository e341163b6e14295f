"""When webhooks are attempted: a queue for each receiver, retries as timers, faults and chaos."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from ringback.carrier.clock import SECOND, Clock, wall_seconds
from ringback.carrier.rng import Streams
from ringback.gateway.delivery import Attempt, Delivery, WebhookProfile
from ringback.gateway.egress import EgressError
from ringback.gateway.http_sender import HttpSender
from ringback.gateway.journal import Journal, Note
from ringback.gateway.webhook_response import MAX_KEPT_BYTES, LineListener, WebhookResponse
from ringback.store import Collection

ATTEMPT = "gateway.webhook.attempt"
MAX_CONNECTIONS = 64
"""Attempts that one receiver is sent at a time."""


class QueuedAttempt(NamedTuple):
    """An attempt that waits for a worker. `overtaken` is a held delivery, released after this attempt; without
    `retry` a failure is not tried again. `done` is set when the attempt was made."""

    delivery: Delivery
    overtaken: Delivery | None
    retry: bool
    done: asyncio.Future[None]


class ReceiverQueue:
    """One receiver's queued attempts and the workers that make them: a slow receiver delays no other."""

    __slots__ = ("attempts", "workers")

    def __init__(self) -> None:
        self.attempts: deque[QueuedAttempt] = deque()
        self.workers: set[asyncio.Task[None]] = set()


class Dispatcher:
    """Makes the attempts of deliveries and schedules their retries.

    `timeout(account, own)` returns the real seconds that a receiver has, where `own` is the delivery's timeout.
    `record_crash` receives each unexpected exception, `on_concluded` each delivery that was accepted or has failed
    for good. `attempt_counts` are the attempts made so far, by account.
    """

    def __init__(
        self,
        *,
        records: Collection[Delivery],
        sender: HttpSender,
        clock: Clock,
        streams: Streams,
        journal: Journal,
        timeout: Callable[[str, float | None], float],
        record_crash: Callable[[BaseException], None],
    ) -> None:
        self.profiles: dict[str, WebhookProfile] = {}
        self.attempt_counts: dict[str, int] = {}
        self.on_concluded: Callable[[Delivery], None] = _noop
        self._record_crash = record_crash
        self._records = records
        self._sender = sender
        self._clock = clock
        self._streams = streams
        self._journal = journal
        self._timeout = timeout
        self._queues: dict[str, ReceiverQueue] = {}
        self._under_way: dict[str, asyncio.Future[None]] = {}
        clock.on(ATTEMPT, self._due)

    def schedule(self, delivery: Delivery, seconds: float) -> None:
        """Set a timer for the next attempt, so many seconds from now on the account's clock."""
        due = self._clock.now(delivery.account) + round(seconds * SECOND)
        delivery.next_at = due
        delivery.timer = self._clock.at(due, delivery.account, ATTEMPT, delivery.id)

    def cancel(self, delivery: Delivery) -> None:
        """Cancel the next attempt's timer."""
        self._clock.cancel(delivery.timer)
        delivery.next_at = delivery.timer = None

    def enqueue(
        self, delivery: Delivery, *, overtaken: Delivery | None = None, retry: bool = True
    ) -> asyncio.Future[None] | None:
        """Queue an attempt for its receiver. Return a future that is done when it was made, None without a loop."""
        self.cancel(delivery)
        loop = self._clock.loop
        if loop is None:
            return None
        done: asyncio.Future[None] = loop.create_future()
        self._under_way[delivery.id] = done
        done.add_done_callback(lambda _: self._under_way.pop(delivery.id, None))
        self._clock.track(delivery.account, done)
        receiver = delivery.url.split("/", 3)[2]
        queue = self._queues.get(receiver)
        if queue is None:
            queue = self._queues[receiver] = ReceiverQueue()
        queue.attempts.append(QueuedAttempt(delivery, overtaken, retry, done))
        if len(queue.workers) < MAX_CONNECTIONS:
            worker = loop.create_task(self._work(queue))
            queue.workers.add(worker)
            worker.add_done_callback(queue.workers.discard)
        return done

    async def wait(self, delivery: Delivery) -> None:
        """Wait for the attempt that is queued or under way, if there is one."""
        under_way = self._under_way.get(delivery.id)
        if under_way is not None:
            await asyncio.wait((under_way,))

    def _due(self, id_: str) -> None:
        delivery = self._records.get(id_)
        if delivery is not None and delivery.state in ("pending", "held"):
            self._release(delivery)

    def _release(self, delivery: Delivery) -> None:
        if delivery.state == "held":
            self._records.update(delivery, state="pending")
        self.enqueue(delivery)

    async def _work(self, queue: ReceiverQueue) -> None:
        while queue.attempts:
            queued = queue.attempts.popleft()
            try:
                await self._deliver(queued)
            except Exception as error:
                self._record_crash(error)
            finally:
                if not queued.done.done():
                    queued.done.set_result(None)

    async def _deliver(self, queued: QueuedAttempt) -> None:
        delivery, overtaken, retry, _ = queued
        if retry and delivery.state == "dropped":
            return
        attempt = await self.attempt(delivery)
        if "duplicate" in delivery.faults and attempt.accepted:
            delivery.faults.remove("duplicate")
            await self.attempt(delivery)
        if overtaken is not None and overtaken.state == "held":
            self._release(overtaken)
        if attempt.accepted:
            self.conclude(delivery, "delivered")
        elif retry and delivery.state == "pending":
            waits = self.profiles[delivery.vendor].retries
            made = len(delivery.attempts)
            if made <= len(waits):
                self.schedule(delivery, waits[made - 1])
            else:
                self.conclude(delivery, "failed")

    def conclude(self, delivery: Delivery, state: Literal["delivered", "failed"]) -> None:
        """End a delivery: it was accepted, or every attempt has failed."""
        self.cancel(delivery)
        self._records.update(delivery, state=state)
        self.on_concluded(delivery)

    async def attempt(
        self, delivery: Delivery, response: WebhookResponse | None = None, on_line: LineListener | None = None
    ) -> Attempt:
        """Make one attempt and record it. Where a `response` is passed it is filled in and read whole."""
        now = self._clock.now(delivery.account)
        headers = self._headers(delivery, now // SECOND)
        attempt = Attempt(at=now, headers=headers)
        timeout = self._timeout(delivery.account, delivery.timeout)
        received = response or WebhookResponse()
        started = wall_seconds()
        try:
            await self._sender.post(
                delivery.url,
                delivery.body,
                headers,
                timeout,
                received,
                whole=response is not None,
                on_line=on_line,
            )
            attempt.status = received.status
        except EgressError as error:
            attempt.error = f"not contacted: {error}"
        except (OSError, TimeoutError, ssl.SSLError) as error:
            attempt.error = _reason(error, timeout)
        received.error, received.whole = attempt.error, received.whole and attempt.error is None
        attempt.response = received.body[:MAX_KEPT_BYTES].decode("utf-8", "replace")
        attempt.latency_ms = round((wall_seconds() - started) * 1000, 3)
        attempt.ended_at = self._clock.now(delivery.account)
        delivery.attempts = [*delivery.attempts, attempt]
        self.attempt_counts[delivery.account] = self.attempt_counts.get(delivery.account, 0) + 1
        self.note(delivery, f"{attempt.status}" if attempt.error is None else attempt.error)
        return attempt

    def _headers(self, delivery: Delivery, now: int) -> list[tuple[str, str]]:
        """Return an attempt's headers; `now` is in Unix seconds."""
        profile = self.profiles[delivery.vendor]
        secret = delivery.secret if "bad_signature" not in delivery.faults else delivery.secret + "-wrong"
        if profile.sign_attempt is None:
            signature = profile.sign(secret, delivery.body, now)
        else:
            id_ = self._streams(delivery.vendor, delivery.account, "attempt").uuid()
            signature = profile.sign_attempt(secret, delivery.body, now, id_)
        return [
            ("Content-Type", "application/json"),
            ("User-Agent", profile.user_agent),
            *signature,
            *delivery.headers,
        ]

    def note(self, delivery: Delivery, what: str) -> None:
        """Write what became of an attempt into the journal."""
        made = len(delivery.attempts)
        detail: Mapping[str, Any] = {
            "vendor": delivery.vendor,
            "delivery_id": delivery.id,
            "event": delivery.event,
            "subject": delivery.subject,
            "url": delivery.url,
            "attempt": made,
        }
        text = f"{delivery.event} attempt {made} → {what}"
        self._journal.add(Note(self._clock.now(delivery.account), delivery.account, "delivery", text, detail))


def _reason(error: BaseException, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    return str(error) or type(error).__name__


def _noop(_: Delivery) -> None:
    """Do nothing: no emulator is listening."""

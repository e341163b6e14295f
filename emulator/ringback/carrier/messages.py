"""SMS and MMS: queued → sent → delivered, or failed, or undelivered; and what comes in. The clock drives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.script import Script
from ringback.carrier.segments import segmented
from ringback.store import Collection, Record

MessageState = Literal["queued", "sent", "delivered", "failed", "undelivered"]
MessageEvent = Literal["received", "queued", "sent", "delivered", "failed", "undelivered"]

SEND = "carrier.message.send"
RECEIPT = "carrier.message.receipt"
ACCEPTED_AFTER = 1.0
"""Seconds until the carrier has accepted a message, or rejected it."""
RECEIPT_AFTER = 2.0
"""Seconds from then until the receipt of the first segment; each further segment's comes `RECEIPT_GAP` later."""
RECEIPT_GAP = 0.2
REJECTED = "carrier_rejected"
UNREACHABLE = "destination_unreachable"


class Message(Record, kw_only=True):
    """One message. `line` is the vendor's id of its number, `number` that number and `peer` the far end, both E.164.
    Instants are microseconds; `due_at` is when it is handed to the carrier; `parts` the state of each segment."""

    vendor: str
    number_id: str
    number: str
    remote_number: str
    body: str
    direction: Literal["inbound", "outbound"]
    state: MessageState
    created_at: int
    due_at: int
    encoding: str
    segment_texts: tuple[str, ...]
    segment_states: list[MessageState]
    segment_times: list[int | None]
    media_urls: tuple[str, ...] = ()
    script: Script | None = None
    sent_at: int | None = None
    delivered_at: int | None = None
    failure_code: str | None = None
    detail: dict[str, Any] = {}
    """What the vendor keeps with it."""


class Messages:
    """All messages of all vendors. `changed` is called with a message each time its state changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.records: Collection[Message] = Collection(
            Message,
            account=lambda message: message.account,
            number_id=lambda message: message.number_id,
        )
        self.on_changed: Callable[[Message, MessageEvent], None] = _noop
        clock.on(SEND, self._send)
        clock.on(RECEIPT, self._receipt)

    def send(
        self,
        *,
        id_: str,
        vendor: str,
        account: str,
        number_id: str,
        number: str,
        remote_number: str,
        body: str,
        media_urls: tuple[str, ...] = (),
        at: int | None = None,
        script: Script | None = None,
        detail: dict[str, Any] | None = None,
    ) -> Message:
        """Queue an outbound message, for the instant `at` or for now."""
        now = self._clock.now(account)
        split = segmented(body)
        due = now if at is None else at
        message = self.records.add(
            Message(
                id=id_,
                vendor=vendor,
                account=account,
                number_id=number_id,
                number=number,
                remote_number=remote_number,
                body=body,
                direction="outbound",
                state="queued",
                created_at=now,
                due_at=due,
                encoding=split.encoding,
                segment_texts=split.parts,
                segment_states=["queued"] * len(split.parts),
                segment_times=[None] * len(split.parts),
                media_urls=media_urls,
                script=script,
                detail=detail or {},
            )
        )
        self._clock.at(due + round(ACCEPTED_AFTER * SECOND), account, SEND, message.id)
        self.on_changed(message, "queued")
        return message

    def receive(
        self,
        *,
        id_: str,
        vendor: str,
        account: str,
        number_id: str,
        number: str,
        remote_number: str,
        body: str,
        media_urls: tuple[str, ...] = (),
        detail: dict[str, Any] | None = None,
    ) -> Message:
        """An inbound message has arrived, whole."""
        now = self._clock.now(account)
        split = segmented(body)
        message = self.records.add(
            Message(
                id=id_,
                vendor=vendor,
                account=account,
                number_id=number_id,
                number=number,
                remote_number=remote_number,
                body=body,
                direction="inbound",
                state="delivered",
                created_at=now,
                due_at=now,
                encoding=split.encoding,
                segment_texts=split.parts,
                segment_states=["delivered"] * len(split.parts),
                segment_times=[now] * len(split.parts),
                media_urls=media_urls,
                sent_at=now,
                delivered_at=now,
                detail=detail or {},
            )
        )
        self.on_changed(message, "received")
        return message

    def _send(self, id_: str) -> None:
        message = self.records.get(id_)
        if message is None or message.state != "queued":
            return
        script = message.script or Script()
        now = self._clock.now(message.account)
        if script.end == "failed":
            self._end(message, "failed", script.failure_code or REJECTED, now)
            return
        message.state, message.sent_at = "sent", now
        message.segment_states = ["sent"] * len(message.segment_states)
        self.on_changed(message, "sent")
        delay = RECEIPT_AFTER if script.delivered_after is None else script.delivered_after
        self._clock.after(round(delay * SECOND), message.account, RECEIPT, id_, 0)

    def _receipt(self, id_: str, part: int) -> None:
        message = self.records.get(id_)
        if message is None or message.state != "sent":
            return
        now = self._clock.now(message.account)
        script = message.script or Script()
        if script.end == "undelivered":
            self._end(message, "undelivered", script.failure_code or UNREACHABLE, now)
            return
        message.segment_states[part], message.segment_times[part] = "delivered", now
        if part + 1 < len(message.segment_states):
            self._clock.after(round(RECEIPT_GAP * SECOND), message.account, RECEIPT, id_, part + 1)
            return
        message.state, message.delivered_at = "delivered", now
        self.on_changed(message, "delivered")

    def _end(self, message: Message, state: Literal["failed", "undelivered"], code: str, now: int) -> None:
        message.state, message.failure_code = state, code
        message.segment_states = [state] * len(message.segment_states)
        message.segment_times = [now] * len(message.segment_states)
        self.on_changed(message, state)


def _noop(_: Message, __: MessageEvent) -> None:
    """Nobody listens."""

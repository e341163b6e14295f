"""SMS and MMS: queued → sent → delivered, or failed, or undelivered; and inbound ones. Timers drive them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NotRequired, TypedDict, Unpack

from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.script import Script
from ringback.carrier.segments import split_segments
from ringback.store import Collection, Record

MessageState = Literal["queued", "sent", "delivered", "failed", "undelivered"]
MessageEvent = Literal["received", "queued", "sent", "delivered", "failed", "undelivered"]

SEND = "carrier.message.send"
RECEIPT = "carrier.message.receipt"
ACCEPTED_AFTER = 1.0
"""Seconds until the carrier has accepted a message, or rejected it."""
RECEIPT_AFTER = 2.0
"""Seconds from acceptance to the receipt of the first segment; each further receipt comes RECEIPT_GAP later."""
RECEIPT_GAP = 0.2
REJECTED = "carrier_rejected"
UNREACHABLE = "destination_unreachable"


class Message(Record, kw_only=True):
    """One message. Instants are microseconds on the account's clock.

    `number` is the vendor's number and `number_id` the vendor's id for it, `remote_number` the other party's; both
    numbers are E.164. `due_at` is when the message is passed to the carrier. The `segment_` lists have an item for
    each segment: its text, its state, and when its receipt came. `detail` is the vendor's own.
    """

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


class NewMessage(TypedDict):
    """A message that begins. The numbers are E.164, `number_id` is the vendor's id for its own number."""

    id_: str
    vendor: str
    account: str
    number_id: str
    number: str
    remote_number: str
    body: str
    media_urls: NotRequired[tuple[str, ...]]
    detail: NotRequired[dict[str, Any] | None]


class Messages:
    """All messages of all vendors. `on_changed` receives a message each time its state changes."""

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

    def send(self, *, at: int | None = None, script: Script | None = None, **message: Unpack[NewMessage]) -> Message:
        """Queue an outbound message, for the instant `at` (microseconds) or for now."""
        sent = self._add(message, "outbound", "queued", at)
        sent.script = script
        self._clock.at(sent.due_at + round(ACCEPTED_AFTER * SECOND), sent.account, SEND, sent.id)
        self.on_changed(sent, "queued")
        return sent

    def receive(self, **message: Unpack[NewMessage]) -> Message:
        """Store an inbound message, all of whose segments have arrived."""
        received = self._add(message, "inbound", "delivered")
        received.sent_at = received.delivered_at = received.created_at
        received.segment_times = [received.created_at] * len(received.segment_texts)
        self.on_changed(received, "received")
        return received

    def _add(
        self,
        new: NewMessage,
        direction: Literal["inbound", "outbound"],
        state: MessageState,
        due_at: int | None = None,
    ) -> Message:
        now = self._clock.now(new["account"])
        segments = split_segments(new["body"])
        return self.records.add(
            Message(
                id=new["id_"],
                vendor=new["vendor"],
                account=new["account"],
                number_id=new["number_id"],
                number=new["number"],
                remote_number=new["remote_number"],
                body=new["body"],
                direction=direction,
                state=state,
                created_at=now,
                due_at=now if due_at is None else due_at,
                encoding=segments.encoding,
                segment_texts=segments.texts,
                segment_states=[state] * len(segments.texts),
                segment_times=[None] * len(segments.texts),
                media_urls=new.get("media_urls", ()),
                detail=new.get("detail") or {},
            )
        )

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

    def _receipt(self, id_: str, segment: int) -> None:
        message = self.records.get(id_)
        if message is None or message.state != "sent":
            return
        now = self._clock.now(message.account)
        script = message.script or Script()
        if script.end == "undelivered":
            self._end(message, "undelivered", script.failure_code or UNREACHABLE, now)
            return
        message.segment_states[segment], message.segment_times[segment] = "delivered", now
        if segment + 1 < len(message.segment_states):
            self._clock.after(round(RECEIPT_GAP * SECOND), message.account, RECEIPT, id_, segment + 1)
            return
        message.state, message.delivered_at = "delivered", now
        self.on_changed(message, "delivered")

    def _end(self, message: Message, state: Literal["failed", "undelivered"], code: str, now: int) -> None:
        message.state, message.failure_code = state, code
        message.segment_states = [state] * len(message.segment_states)
        message.segment_times = [now] * len(message.segment_states)
        self.on_changed(message, state)


def _noop(_: Message, __: MessageEvent) -> None:
    """Do nothing: no emulator is listening."""

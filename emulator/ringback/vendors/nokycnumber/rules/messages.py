"""SMS and MMS, sent and received, page "SMS messages"."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ringback.carrier.clock import iso_z
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.segments import segmented
from ringback.gateway.vendor import NumberNotFound, Unsendable
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.prices import PICTURES, Rate, rate_to
from ringback.vendors.nokycnumber.records import Number
from ringback.vendors.nokycnumber.rules.common import NAME, is_e164, new_id, own, shown
from ringback.vendors.nokycnumber.times import instant_of
from ringback.vendors.nokycnumber.wire import SegmentView, SmsBody, SmsView

if TYPE_CHECKING:
    from ringback.vendors.nokycnumber.events import EventType
    from ringback.vendors.nokycnumber.rules import NoKYCNumber

MAX_LENGTH = 1_600
MAX_SEGMENTS = 10
MAX_MEDIA = 5
MAX_URL = 2_048
TOLD: dict[MessageEvent, EventType] = {
    "received": "sms.received",
    "sent": "sms.sent",
    "delivered": "sms.delivered",
    "failed": "sms.failed",
    "undelivered": "sms.failed",
}


class Texts:
    """The messages of all accounts."""

    def __init__(self, backend: NoKYCNumber) -> None:
        self.backend = backend
        self.services = backend.services

    def send(self, account: str, body: SmsBody, request_id: str) -> SmsView:
        """Send a message, now or later, and charge it. Raises ApiError; then nothing is sent and nothing charged."""
        number = self.backend.lines.ready(account, body.from_)
        if not is_e164(body.to):
            raise errors.invalid("to", "is a number in E.164, such as +33612345678")
        segments = self._segments(body.body)
        rate = rate_to(body.to)
        if rate is None:
            raise errors.refusal("unsupported_country", "No messages go to that country.", "to")
        self._check_media(number, rate, body.media_urls)
        at = self._send_at(account, body.send_at)
        price = rate.picture if body.media_urls and rate.picture is not None else rate.segment * segments
        self.backend.money.check(account, price)
        script = self.services.scripts.take(
            "message",
            vendor=NAME,
            account=account,
            to=body.to,
            senders=(number.id, number.phone_number),
            tag=None,
        )
        id_ = new_id(self.services, account, "sms")
        self.backend.money.charge(account, price, "sms", id_)
        message = self.services.messages.send(
            id_=id_,
            vendor=NAME,
            account=account,
            number_id=number.id,
            number=number.phone_number,
            remote_number=body.to,
            body=body.body,
            media_urls=tuple(body.media_urls),
            at=at,
            script=script,
            detail={"cost": price, "request_id": request_id},
        )
        return self.view(message)

    def _segments(self, body: str) -> int:
        if not body:
            raise errors.invalid("body", "has at least one character")
        if len(body) > MAX_LENGTH:
            raise errors.refusal("message_too_long", f"A message has at most {MAX_LENGTH} characters.", "body")
        segments = len(segmented(body).parts)
        if segments > MAX_SEGMENTS:
            raise errors.refusal(
                "message_too_long", f"A message has at most {MAX_SEGMENTS} segments; this one has {segments}.", "body"
            )
        return segments

    def _check_media(self, number: Number, rate: Rate, urls: list[str]) -> None:
        for url in urls:
            if not is_link(url):
                raise errors.invalid("media_urls", "holds http or https URLs")
        if urls and (rate.picture is None or number.country not in PICTURES):
            raise errors.refusal("mms_not_supported", "MMS does not work between these countries.", "media_urls")

    def _send_at(self, account: str, text: str | None) -> int | None:
        if text is None:
            return None
        at = instant_of("send_at", text)
        if at <= self.services.clock.now(account):
            raise errors.refusal("send_at_in_past", "`send_at` is not in the future.", "send_at")
        return at

    def receive(self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]) -> Message:
        """Somebody writes to one of our numbers. Raises NumberNotFound for one that takes nothing now, Unsendable for a
        message that no phone could send."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        if not body or len(segmented(body).parts) > MAX_SEGMENTS:
            raise Unsendable("body", f"body has from 1 to {MAX_SEGMENTS} segments")
        if len(media_urls) > MAX_MEDIA or not all(map(is_link, media_urls)):
            raise Unsendable("media_urls", f"media_urls are at most {MAX_MEDIA} http or https URLs")
        if group:
            raise Unsendable("group", "NoKYCNumber has no groups: leave `group` out")
        return self.services.messages.receive(
            id_=new_id(self.services, assigned.account, "sms"),
            vendor=NAME,
            account=assigned.account,
            number_id=assigned.number_id,
            number=to,
            remote_number=sender,
            body=body,
            media_urls=media_urls,
        )

    def changed(self, message: Message, change: MessageEvent) -> None:
        """A message came further: tell of it."""
        kind = TOLD.get(change)
        if kind is not None:
            self.backend.hooks.tell(
                message.account,
                kind,
                self.view(message),
                about=message.id,
                number=self.backend.lines.records[message.number_id],
                request_id=message.detail.get("request_id"),
            )

    def of(self, account: str, id_: str) -> Message:
        """An account's message. Raises ApiError 404."""
        return own(self.services.messages.records, account, id_, "message")

    def view(self, message: Message) -> SmsView:
        """A message as it is now."""
        outbound = message.direction == "outbound"
        return SmsView(
            message.id,
            message.number_id if outbound else None,
            message.number if outbound else message.remote_number,
            message.remote_number if outbound else message.number,
            message.body,
            list(message.media_urls),
            message.direction,
            len(message.segment_states),
            message.state,
            message.failure_code,
            iso_z(message.created_at),
            iso_z(message.delivered_at) if message.delivered_at is not None else None,
            shown(message.detail["cost"]) if outbound else None,
        )

    def view_in_full(self, account: str, id_: str) -> SmsView:
        """A message with each of its segments. Raises ApiError 404."""
        message = self.of(account, id_)
        view = self.view(message)
        view.segment_status = [
            SegmentView(index, state, iso_z(at) if at is not None and state == "delivered" else None)
            for index, (state, at) in enumerate(zip(message.segment_states, message.segment_times, strict=True), 1)
        ]
        return view


def is_link(url: str) -> bool:
    """Whether text is an http or https URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    spaced = any(char.isspace() or char < " " for char in url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= MAX_URL and not spaced

"""SMS and MMS, outbound and inbound, page "SMS messages"."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ringback.carrier.clock import iso_z
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.segments import split_segments
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound, Unsendable
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.events import EventType
from ringback.vendors.nokycnumber.prices import MMS_COUNTRIES, Rate, rate_to
from ringback.vendors.nokycnumber.records import Number
from ringback.vendors.nokycnumber.rules.common import NAME, check_destination, in_dollars, new_id
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.numbers import Numbers
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.times import instant_of
from ringback.vendors.nokycnumber.wire import SegmentView, SmsBody, SmsView

MAX_LENGTH = 1_600
MAX_SEGMENTS = 10
MAX_MEDIA = 5
MAX_URL = 2_048
PUBLISHED: Mapping[MessageEvent, EventType] = {
    "received": "sms.received",
    "sent": "sms.sent",
    "delivered": "sms.delivered",
    "failed": "sms.failed",
    "undelivered": "sms.failed",
}


class Messages:
    """The messages of all accounts."""

    def __init__(self, services: Services, data: Data, *, money: Money, webhooks: Webhooks, numbers: Numbers) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.webhooks = webhooks
        self.numbers = numbers

    def send(self, account: str, body: SmsBody, request_id: str) -> SmsView:
        """Send a message, now or later, and charge it. After an ApiError nothing is sent and nothing charged."""
        number = self.numbers.usable(account, body.from_)
        check_destination(body.to)
        segments = _count_segments(body.body)
        rate = rate_to(body.to)
        if rate is None:
            raise errors.error("unsupported_country", param="to", what="messages to that country")
        _check_media(number, rate, body.media_urls)
        at = self._send_at(account, body.send_at)
        price = rate.mms if body.media_urls and rate.mms is not None else rate.segment * segments
        self.money.check(account, price)
        script = self.services.scripts.take(
            "message",
            vendor=NAME,
            account=account,
            to=body.to,
            senders=(number.id, number.phone_number),
            tag=None,
        )
        id_ = new_id(self.services, account, "sms")
        self.money.charge(account, price, "sms", id_)
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

    def _send_at(self, account: str, text: str | None) -> int | None:
        if text is None:
            return None
        at = instant_of("send_at", text)
        if at <= self.services.clock.now(account):
            raise errors.error("send_at_in_past", param="send_at")
        return at

    def receive(self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]) -> Message:
        """Deliver a message to one of the numbers. Raises NumberNotFound for a number that takes no messages now,
        Unsendable for a message that no phone could send."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        if not body or len(split_segments(body).texts) > MAX_SEGMENTS:
            raise Unsendable("body", f"body must have from 1 to {MAX_SEGMENTS} segments")
        if len(media_urls) > MAX_MEDIA or not all(map(is_url, media_urls)):
            raise Unsendable("media_urls", f"media_urls must be at most {MAX_MEDIA} http or https URLs")
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

    def on_changed(self, message: Message, change: MessageEvent) -> None:
        """Publish a change of a message that the page has an event for."""
        kind = PUBLISHED.get(change)
        if kind is not None:
            self.webhooks.publish(
                message.account,
                kind,
                self.view(message),
                about=message.id,
                number=self.data.numbers[message.number_id],
                request_id=message.detail.get("request_id"),
            )

    def view(self, message: Message) -> SmsView:
        """Return a message."""
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
            in_dollars(message.detail["cost"]) if outbound else None,
        )

    def view_with_segments(self, message: Message) -> SmsView:
        """Return a message with the delivery status of each segment."""
        view = self.view(message)
        view.segment_status = [
            SegmentView(index, state, iso_z(at) if at is not None and state == "delivered" else None)
            for index, (state, at) in enumerate(zip(message.segment_states, message.segment_times, strict=True), 1)
        ]
        return view


def is_url(text: str) -> bool:
    """Return whether text is an http or https URL."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    has_space = any(char.isspace() or char < " " for char in text)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= MAX_URL and not has_space


def _count_segments(body: str) -> int:
    if not body:
        raise errors.invalid("body", "must have at least 1 character")
    if len(body) > MAX_LENGTH:
        raise errors.error("message_too_long", param="body", limit=f"{MAX_LENGTH} characters", length=len(body))
    segments = len(split_segments(body).texts)
    if segments > MAX_SEGMENTS:
        raise errors.error("message_too_long", param="body", limit=f"{MAX_SEGMENTS} segments", length=segments)
    return segments


def _check_media(number: Number, rate: Rate, urls: list[str]) -> None:
    if not all(map(is_url, urls)):
        raise errors.invalid("media_urls", "must be http or https URLs")
    if urls and (rate.mms is None or number.country not in MMS_COUNTRIES):
        raise errors.error("mms_not_supported", param="media_urls")

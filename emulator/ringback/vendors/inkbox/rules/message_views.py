"""Texts as the API shows them: a view of Inkbox's record and the carrier's messages."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from ringback.carrier.clock import iso_exact
from ringback.carrier.messages import Message
from ringback.gateway.services import Services
from ringback.vendors.inkbox.records import Conversation, Summary, Text
from ringback.vendors.inkbox.rules.common import iso
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.wire.responses import Media, Recipient, SummaryView, TextView

UNCONFIRMED = "delivery_unconfirmed"
"""The failure code of a script for a message whose delivery receipt never comes."""
MEDIA_TYPES = {
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pdf": "application/pdf",
    "vcf": "text/vcard",
}
DEFAULT_MEDIA_TYPE = "image/jpeg"
DETAILS = {
    "carrier_rejected": "The carrier did not accept the message.",
    "destination_unreachable": "The message did not reach the phone.",
    UNCONFIRMED: "No receipt has come from the carrier.",
}


class MessageViews:
    """The views of all texts and conversations."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    def view(self, text: Text, *, event: bool = False) -> TextView:
        """Return a text as it is now; events omit whether it is blocked."""
        outbound, single = text.direction == "outbound", len(text.remote_numbers) == 1
        recipients = [self._recipient(leg) for leg in text.legs] if outbound else None
        leg = recipients[0] if recipients is not None and single else None
        return TextView(
            id=text.id,
            direction=text.direction,
            local_phone_number=text.number,
            remote_phone_number=text.remote_numbers[0] if single else None,
            text=text.body,
            type=self._type(text),
            media=[_media(url) for url in text.media] or None,
            is_read=text.read,
            delivery_status=_overall(recipients) if recipients is not None else None,
            origin="user_initiated",
            error_code=leg.error_code if leg is not None else None,
            error_detail=leg.error_detail if leg is not None else None,
            sent_at=leg.sent_at if leg is not None else None,
            delivered_at=leg.delivered_at if leg is not None else None,
            failed_at=leg.failed_at if leg is not None else None,
            conversation_id=text.conversation,
            sender_phone_number=text.number if outbound else text.remote_numbers[0],
            recipients=recipients,
            created_at=iso_exact(text.created_at),
            updated_at=iso_exact(text.updated_at),
            is_blocked=UNSET if event else text.blocked,
        )

    def summary(self, conversation: Conversation, latest: Text, totals: Summary) -> SummaryView:
        """Return a conversation with its latest text and its totals."""
        return SummaryView(
            id=conversation.id,
            remote_phone_number=None if conversation.is_group else conversation.participants[0],
            participants=list(conversation.participants),
            is_group=conversation.is_group,
            latest_text=latest.body,
            latest_direction=latest.direction,
            latest_type=self._type(latest),
            latest_has_media=bool(latest.media),
            latest_message_at=iso_exact(latest.created_at),
            unread_count=totals.unread,
            total_count=totals.total,
        )

    def _type(self, text: Text) -> str:
        return "mms" if text.media or self.data.conversations[text.conversation].is_group else "sms"

    def _recipient(self, leg: str) -> Recipient:
        message = self.services.messages.records[leg]
        failed = message.state in ("failed", "undelivered")
        code = message.failure_code if failed else None
        return Recipient(
            recipient_phone_number=message.remote_number,
            delivery_status=_status(message),
            carrier=None,
            line_type=None,
            error_code=code,
            error_detail=DETAILS.get(code, "The message was not delivered.") if code is not None else None,
            sent_at=iso(message.sent_at),
            delivered_at=iso(message.delivered_at),
            failed_at=iso(message.segment_times[-1]) if failed else None,
        )


def _status(message: Message) -> str:
    if message.state == "failed":
        return "sending_failed"
    if message.state == "undelivered":
        return UNCONFIRMED if message.failure_code == UNCONFIRMED else "delivery_failed"
    return message.state


def _overall(recipients: Sequence[Recipient]) -> str | None:
    """Return the status of a text: that of the recipient least advanced, failed if one has failed."""
    states = [recipient.delivery_status for recipient in recipients]
    for state in ("queued", "sent", "sending_failed", "delivery_failed", UNCONFIRMED):
        if state in states:
            return state
    return "delivered"


def _media(url: str) -> Media:
    ending = url.partition("?")[0].rpartition(".")[2].lower()
    return Media(MEDIA_TYPES.get(ending, DEFAULT_MEDIA_TYPE), 0, url)

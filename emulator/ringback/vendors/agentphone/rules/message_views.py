"""Messages as responses and events show them."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import iso_exact
from ringback.carrier.messages import Message
from ringback.gateway.services import Services
from ringback.vendors.agentphone.events import HistoryView
from ringback.vendors.agentphone.records import MessageDetail, Webhook
from ringback.vendors.agentphone.rules.common import iso_or_none
from ringback.vendors.agentphone.rules.data import Data, instant_of
from ringback.vendors.agentphone.wire.responses import MessageView, ReactionView, ReplyView, ThreadMessageView

STATES = {"undelivered": "failed"}


class MessageViews:
    """The views of all messages."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    def carried(self, detail: MessageDetail) -> Message:
        """Return the carrier's record of a message."""
        return self.services.messages.records[detail.id]

    def in_number(self, detail: MessageDetail) -> MessageView:
        """Return a message as the list of a number shows it."""
        return MessageView(**self._shared(detail))

    def in_conversation(self, detail: MessageDetail) -> ThreadMessageView:
        """Return a message as its conversation shows it."""
        message = self.carried(detail)
        delivered_at = message.delivered_at if message.state == "delivered" else None
        return ThreadMessageView(
            **self._shared(detail),
            sender_identifier=detail.sender,
            reactions=[
                ReactionView(each.id, each.reaction, each.sender, each.direction, iso_exact(each.created_at))
                for each in detail.reactions
            ],
            reply_to=self._reply_to(detail),
            error_code=message.failure_code,
            delivered_at=iso_or_none(delivered_at),
            delivered_channel=detail.channel if delivered_at is not None else None,
        )

    def _shared(self, detail: MessageDetail) -> dict[str, Any]:
        message = self.carried(detail)
        outbound = message.direction == "outbound"
        sender, to = (message.number, message.remote_number) if outbound else (message.remote_number, message.number)
        media = list(message.media_urls)
        return {
            "id": detail.id,
            "from_": sender,
            "from_plain": sender,
            "from_number": sender,
            "to": to,
            "to_number": to,
            "body": message.body,
            "direction": detail.direction,
            "channel": detail.channel,
            "received_at": iso_exact(detail.at),
            "status": STATES.get(message.state, message.state) if outbound else "received",
            "failure_reason": message.failure_code,
            "media_url": media[0] if media else None,
            "media_urls": media,
            "conversation_id": detail.conversation,
        }

    def _reply_to(self, detail: MessageDetail) -> ReplyView | None:
        parent = self.data.messages.get(detail.reply_to) if detail.reply_to is not None else None
        if parent is None:
            return None
        message = self.carried(parent)
        return ReplyView(parent.id, message.body, list(message.media_urls))

    def history(self, webhook: Webhook, conversation: str, before: int) -> list[HistoryView]:
        """Return the last messages of a conversation before an instant, oldest first, as many as a webhook asks for."""
        records = self.data.messages
        end = records.positions("conversation", conversation, instant_of, None, before)[1]
        latest = records.range("conversation", conversation, max(0, end - webhook.context_limit), end)
        return [
            HistoryView(self.carried(each).body, each.direction, each.channel, iso_exact(each.at), each.id)
            for each in reversed(latest)
        ]

"""Webhook events: payloads, signature and retries."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ringback.gateway.delivery import Headers, WebhookProfile
from ringback.gateway.signatures import SignatureScheme
from ringback.vendors.agentphone.wire.responses import ParticipantView, TranscriptLine

EventType = Literal["agent.message", "agent.call_ended", "agent.reaction"]
RETRIES = (10, 30, 90, 270, 810)
"""Seconds after each failed attempt. The vendor documents five retries with exponential waits; the figures are ours."""


class HistoryView(msgspec.Struct, rename="camel"):
    """An earlier message of the conversation, or an earlier turn of the call."""

    content: str
    direction: str
    channel: str
    at: str
    message_id: str | None


class EventContactView(msgspec.Struct, rename="camel"):
    """The contact who has the number."""

    id: str
    name: str
    email: str | None
    phone_number: str


class EventGroupView(msgspec.Struct, rename="camel"):
    """The group that a message was sent to."""

    is_group: bool
    group_id: str | None
    group_name: str | None
    group_icon_url: str | None
    participants: list[ParticipantView] | None


class MessageData(msgspec.Struct, rename="camel", kw_only=True):
    """The data of an inbound message."""

    message_id: str | None
    id: str | None
    conversation_id: str | None
    number_id: str | None
    from_: str = msgspec.field(name="from")
    to: str
    contact: EventContactView | None
    message: str
    media_url: str | None
    media_urls: list[str]
    direction: str = "inbound"
    received_at: str
    external_message_id: str | None = None
    sender_identifier: str | None = None
    external_id: str | None = None
    group: EventGroupView | None = None


class TurnData(msgspec.Struct, rename="camel", kw_only=True):
    """The data of a turn in a call; the response says what the agent says."""

    call_id: str
    number_id: str | None
    from_: str = msgspec.field(name="from")
    to: str
    status: str = "in-progress"
    transcript: str
    confidence: float
    direction: str


class CallEndedData(msgspec.Struct, rename="camel", kw_only=True):
    """The data of a call that has ended."""

    call_id: str
    number_id: str | None
    from_: str = msgspec.field(name="from")
    to: str
    contact: EventContactView | None
    direction: str
    status: str
    started_at: str
    ended_at: str
    duration_seconds: int
    disconnection_reason: str
    transcript: list[TranscriptLine]
    summary: str | None
    user_sentiment: str | None
    call_successful: bool


class ReactionData(msgspec.Struct, rename="camel", kw_only=True):
    """The data of a reaction to a message."""

    conversation_id: str
    number_id: str
    reaction_type: str
    from_number: str
    direction: str = "inbound"
    message_id: str
    message_body: str
    message_media_url: str | None
    message_media_urls: list[str]
    created_at: str


class EventView(msgspec.Struct, rename="camel", kw_only=True):
    """The payload of an event."""

    event: EventType
    channel: str
    timestamp: str
    agent_id: str | None
    data: Any
    conversation_state: dict[str, Any] | None
    recent_history: list[HistoryView]
    test: bool | UnsetType = UNSET


def id_header(id_: str) -> Headers:
    """Return the header with the delivery's id, which is the same on every attempt."""
    return (("X-Webhook-ID", id_),)


SIGNATURE = SignatureScheme(
    headers=(("X-Webhook-Signature", "sha256={digest}"), ("X-Webhook-Timestamp", "{timestamp}")),
)
WEBHOOKS = WebhookProfile(sign=SIGNATURE.sign, retries=RETRIES, user_agent="AgentPhone-Webhooks/1.0")

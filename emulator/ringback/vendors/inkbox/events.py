"""Webhooks: events, their envelope and signature (wire: the official SDK's payload types and verifier)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ringback.carrier.clock import iso_exact
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import WebhookProfile
from ringback.gateway.signatures import SignatureScheme
from ringback.vendors.inkbox.records import (
    ActionItem,
    Authority,
    Direction,
    Mode,
    OnVoicemail,
    Origin,
    VoicemailDetection,
)
from ringback.vendors.inkbox.wire import Connection, Forwarding, RateLimit, TextView

TextEvent = Literal["text.received", "text.sent", "text.delivered", "text.delivery_failed", "text.delivery_unconfirmed"]
CALL_ENDED = "call.ended"
INCOMING_CALL = "phone.incoming_call"
"""The question that decides an incoming call; it cannot be subscribed to."""
TOLD: tuple[str, ...] = (*TextEvent.__args__, CALL_ENDED)  # type: ignore[attr-defined]
"""What is sent here."""
UNTOLD = (
    "message.received",
    "message.sent",
    "message.forwarded",
    "message.delivered",
    "message.bounced",
    "message.failed",
    "imessage.received",
    "imessage.reaction_received",
    "imessage.sent",
    "imessage.delivered",
    "imessage.delivery_failed",
    "a2a.task.created",
    "a2a.task.message",
    "a2a.task.canceled",
    "a2a.sent_task.updated",
)
"""What may be subscribed to as well, and never happens here: mail, iMessage and agent-to-agent are not emulated."""
CATALOG = (*TOLD, *UNTOLD)


class Contact(msgspec.Struct):
    """A match in the address book, which is not emulated: there is none."""

    id: str
    name: str | None


class Agent(msgspec.Struct):
    """A remote party that is an agent of the same organization."""

    id: str
    agent_handle: str
    display_name: str | None


class TextData(msgspec.Struct):
    """What a text event is about."""

    text_message: TextView
    contacts: list[Contact]
    agent_identities: list[Agent]
    recipient_phone_number: str | None
    context: dict[str, Any] | UnsetType = UNSET


class CallPart(msgspec.Struct):
    """The call of `call.ended`."""

    id: str
    origin: Origin
    local_phone_number: str | None
    remote_phone_number: str
    direction: Direction
    status: str
    hangup_reason: str | None
    started_at: str | None
    ended_at: str | None
    created_at: str
    updated_at: str
    duration_seconds: int | None
    mode: Mode
    reason: str | None
    hosted_agent_authority_mode: Authority
    voicemail_detection: VoicemailDetection
    on_voicemail: OnVoicemail
    forwardings: list[Forwarding]
    connections: list[Connection]


class Entry(msgspec.Struct, omit_defaults=True):
    """One thing said, or the mark of what was left out."""

    party: str | None = None
    text: str | None = None
    ts_ms: int | None = None
    phone_number: str | None = None
    marker: str | None = None
    omitted_turns: int | None = None
    omitted_ms: int | None = None


class Transcript(msgspec.Struct):
    """What was said, and where all of it is."""

    entries: list[Entry]
    abridged: bool
    url: str


class CallData(msgspec.Struct):
    """What `call.ended` is about."""

    call: CallPart
    contacts: list[Contact]
    agent_identities: list[Agent]
    transcript: Transcript | None
    transcript_url: str
    outcome: str | None
    post_call_action_items: list[ActionItem]


class Envelope(msgspec.Struct):
    """An event."""

    id: str
    event_type: str
    timestamp: str
    data: TextData | CallData | Any


class IncomingCall(msgspec.Struct):
    """The question of an incoming call: flat, without an envelope."""

    id: str
    phone_number_id: str
    local_phone_number: str
    remote_phone_number: str
    direction: Direction
    status: str
    client_websocket_url: str | None
    use_inkbox_tts: bool | None
    use_inkbox_stt: bool | None
    hangup_reason: str | None
    started_at: str | None
    ended_at: str | None
    created_at: str
    updated_at: str
    rate_limit: RateLimit | None
    contacts: list[Contact]
    agent_identities: list[Agent]


def event(id_: str, kind: str, at: int, data: TextData | CallData) -> bytes:
    """The raw body of an event."""
    return encode(Envelope(id_, kind, iso_exact(at), data))


SIGNATURE = SignatureScheme(
    headers=(
        ("X-Inkbox-Request-ID", "{id}"),
        ("X-Inkbox-Timestamp", "{timestamp}"),
        ("X-Inkbox-Signature", "sha256={digest}"),
    ),
    prefix="{id}.{timestamp}.",
    strip="whsec_",
)
WEBHOOKS = WebhookProfile(
    sign=SIGNATURE.sign, retries=(), user_agent="Inkbox-Webhooks/1.0", sign_attempt=SIGNATURE.sign
)

"""Bodies of webhooks (wire: the official SDK's payload types)."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.inkbox.records import (
    ActionItem,
    Authority,
    Direction,
    Mode,
    OnVoicemail,
    Origin,
    VoicemailDetection,
)
from ringback.vendors.inkbox.wire.responses import Connection, Forwarding, RateLimit, TextView


class Contact(msgspec.Struct):
    """A match in the address book, which is not emulated: lists of them are empty."""

    id: str
    name: str | None


class Agent(msgspec.Struct):
    """A remote party that is an agent of the same organization."""

    id: str
    agent_handle: str
    display_name: str | None


class TextData(msgspec.Struct):
    """The data of a text event; `context` comes with text.received only."""

    text_message: TextView
    contacts: list[Contact]
    agent_identities: list[Agent]
    recipient_phone_number: str | None
    context: dict[str, Any] | UnsetType = UNSET


class EndedCall(msgspec.Struct):
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


class TranscriptEntry(msgspec.Struct, omit_defaults=True):
    """One utterance, or the marker of those left out."""

    party: str | None = None
    text: str | None = None
    ts_ms: int | None = None
    phone_number: str | None = None
    marker: str | None = None
    omitted_turns: int | None = None
    omitted_ms: int | None = None


class Transcript(msgspec.Struct):
    """A transcript, and the URL of the whole one."""

    entries: list[TranscriptEntry]
    abridged: bool
    url: str


class CallData(msgspec.Struct):
    """The data of `call.ended`."""

    call: EndedCall
    contacts: list[Contact]
    agent_identities: list[Agent]
    transcript: Transcript | None
    transcript_url: str
    outcome: str | None
    post_call_action_items: list[ActionItem]


class Event(msgspec.Struct):
    """The envelope of an event."""

    id: str
    event_type: str
    timestamp: str
    data: TextData | CallData


class IncomingCall(msgspec.Struct):
    """The request about an incoming call, which has no envelope."""

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

"""Bodies of responses: the page's members, and where it names none the official SDK's (0.7.20, or 0.4.6)."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.inkbox.records import (
    ActionItem,
    Authority,
    Direction,
    FilterMode,
    IncomingAction,
    Mode,
    NumberType,
    OnVoicemail,
    Origin,
    RuleAction,
    RuleDirection,
    RuleStatus,
    SmsStatus,
    TargetType,
    VoicemailDetection,
)
from ringback.vendors.inkbox.wire.requests import ContextConfig

Unset = UnsetType


class FilterChange(msgspec.Struct):
    """The active rules that a change of filter mode made redundant."""

    new_filter_mode: FilterMode
    redundant_rule_action: RuleAction
    redundant_rule_count: int


class NumberView(msgspec.Struct):
    """A phone number."""

    id: str
    number: str
    type: NumberType
    status: str
    sms_status: SmsStatus
    sms_error_code: str | None
    sms_error_detail: str | None
    sms_ready_at: str | None
    incoming_call_action: IncomingAction
    client_websocket_url: str | None
    incoming_call_webhook_url: str | None
    forwarding_target_type: TargetType | None
    forwarding_phone_number: str | None
    forwarding_sip_uri: str | None
    filter_mode: FilterMode
    inbound_filter_mode: FilterMode
    outbound_filter_mode: FilterMode
    state: str | None
    country: str
    agent_identity_id: str | None
    created_at: str
    updated_at: str
    filter_mode_change_notice: FilterChange | Unset = UNSET


class IdentityView(msgspec.Struct):
    """An agent identity. Mailbox, tunnel and iMessage line are not emulated, so they are null."""

    id: str
    organization_id: str
    agent_handle: str
    display_name: str | None
    description: str | None
    email_address: str | None
    mailbox: None
    phone_number: NumberView | None
    imessage_number: None
    tunnel: None
    imessage_enabled: bool
    contact_sharing_enabled: bool
    imessage_filter_mode: FilterMode
    mail_filter_mode: FilterMode
    phone_filter_mode: FilterMode
    phone_inbound_filter_mode: FilterMode
    phone_outbound_filter_mode: FilterMode
    signing_key_configured: bool
    signing_key_created_at: str | None
    created_at: str
    updated_at: str


class AccessView(msgspec.Struct):
    """A grant of access to an identity; a null viewer stands for every identity of the organization."""

    id: str
    target_identity_id: str
    viewer_identity_id: str | None
    created_at: str


class KeyRecord(msgspec.Struct):
    """An API key without its secret."""

    id: str
    organization_id: str
    created_by: str
    creator_type: str
    scoped_identity_id: str | None
    label: str
    description: str | None
    status: str
    last4: str
    display_prefix: str
    last_used_at: str | None
    expires_at: str | None
    revoked_at: str | None
    created_at: str
    updated_at: str


class CreatedKey(msgspec.Struct):
    """A new key; only this response contains its secret."""

    api_key: str
    record: KeyRecord


class WhoamiView(msgspec.Struct):
    """A key's owner and scope; instants are Unix seconds."""

    auth_type: str
    auth_subtype: str
    scope: str
    organization_id: str
    created_by: str
    creator_type: str
    key_id: str
    label: str | None
    description: str | None
    created_at: float
    last_used_at: float | None
    expires_at: float | None


class SigningKeyView(msgspec.Struct):
    """A new signing key; only this response contains it."""

    signing_key: str
    created_at: str


class SigningKeyStatus(msgspec.Struct):
    """Whether a signing key is configured."""

    configured: bool
    created_at: str | None


class Forwarding(msgspec.Struct):
    """One attempt to forward a call."""

    id: str
    trigger: str
    status: str
    target_type: TargetType
    target: str
    requested_at: str
    dialing_at: str | None
    forwarded_at: str | None
    ended_at: str | None
    failure_code: str | None


class Connection(msgspec.Struct):
    """The same attempt, in the form of newer clients."""

    id: str
    kind: str
    trigger: str
    status: str
    target_type: TargetType
    target: str
    requested_at: str
    dialing_at: str | None
    connected_at: str | None
    ended_at: str | None
    failure_code: str | None


class RateLimit(msgspec.Struct):
    """Outbound calls and minutes used and left of 24 hours."""

    calls_used: int
    calls_remaining: int
    calls_limit: int
    minutes_used: float
    minutes_remaining: float
    minutes_limit: int


class CallView(msgspec.Struct):
    """A call."""

    id: str
    local_phone_number: str | None
    remote_phone_number: str
    direction: Direction
    status: str
    client_websocket_url: str | None
    use_inkbox_tts: bool | None
    use_inkbox_stt: bool | None
    hangup_reason: str | None
    started_at: str | None
    ended_at: str | None
    is_blocked: bool
    origin: Origin
    mode: Mode
    reason: str | None
    hosted_agent_authority_mode: Authority
    voicemail_detection: VoicemailDetection
    on_voicemail: OnVoicemail
    post_call_action_items: list[ActionItem]
    forwardings: list[Forwarding]
    connections: list[Connection]
    created_at: str
    updated_at: str
    rate_limit: RateLimit | Unset = UNSET


class UtteranceView(msgspec.Struct):
    """One utterance; `ts_ms` is milliseconds since the call was answered."""

    id: str
    call_id: str
    seq: int
    ts_ms: int
    party: str
    text: str
    phone_number: str | None
    created_at: str


class ToolInvocation(msgspec.Struct):
    """One tool invocation of a hosted agent."""

    id: str
    call_id: str
    tool_name: str
    status: Literal["started", "succeeded", "failed"]
    result: dict[str, Any] | None
    started_at: str
    completed_at: str | None


class ToolInvocations(msgspec.Struct):
    """A page of tool invocations."""

    items: list[ToolInvocation]
    limit: int
    offset: int
    has_more: bool


class Media(msgspec.Struct):
    """An attachment of a message."""

    content_type: str
    size: int
    url: str


class Recipient(msgspec.Struct):
    """The delivery of a message to one recipient."""

    recipient_phone_number: str
    delivery_status: str | None
    carrier: str | None
    line_type: str | None
    error_code: str | None
    error_detail: str | None
    sent_at: str | None
    delivered_at: str | None
    failed_at: str | None


class TextView(msgspec.Struct):
    """A text. Webhooks omit `is_blocked`."""

    id: str
    direction: Direction
    local_phone_number: str
    remote_phone_number: str | None
    text: str | None
    type: str
    media: list[Media] | None
    is_read: bool
    delivery_status: str | None
    origin: str
    error_code: str | None
    error_detail: str | None
    sent_at: str | None
    delivered_at: str | None
    failed_at: str | None
    conversation_id: str
    sender_phone_number: str
    recipients: list[Recipient] | None
    created_at: str
    updated_at: str
    is_blocked: bool | Unset = UNSET


class SummaryView(msgspec.Struct):
    """A conversation and its latest message."""

    id: str
    remote_phone_number: str | None
    participants: list[str]
    is_group: bool
    latest_text: str | None
    latest_direction: Direction
    latest_type: str
    latest_has_media: bool
    latest_message_at: str
    unread_count: int
    total_count: int


class ConversationUpdate(msgspec.Struct):
    """The result of a change of read state: how many messages changed."""

    remote_phone_number: str | None
    conversation_id: str | None
    is_read: bool
    updated_count: int


class RuleView(msgspec.Struct):
    """A contact rule, under its number and under its identity."""

    id: str
    phone_number_id: str | None
    agent_identity_id: str
    action: RuleAction
    match_type: str
    match_target: str
    direction: RuleDirection
    status: RuleStatus
    contact: None
    created_at: str
    updated_at: str


class OptInView(msgspec.Struct):
    """A receiver's consent to texts."""

    id: str
    organization_id: str
    receiver_number: str
    status: str
    source: str
    opted_in_at: str | None
    opted_out_at: str | None
    created_at: str
    updated_at: str


class CallHandlingView(msgspec.Struct):
    """How an identity's calls are handled."""

    agent_identity_id: str
    incoming_call_action: IncomingAction
    client_websocket_url: str | None
    incoming_call_webhook_url: str | None
    forwarding_target_type: TargetType | None
    forwarding_phone_number: str | None
    forwarding_sip_uri: str | None


class VoiceOption(msgspec.Struct):
    """A voice of the hosted agent."""

    id: str
    name: str
    description: str
    available: bool
    preview_url: str | None


class Voices(msgspec.Struct):
    """All voices."""

    voices: list[VoiceOption]
    default_voice: str


class HostedAgentView(msgspec.Struct):
    """The configuration of an identity's hosted agent."""

    agent_identity_id: str
    voice: str | None
    model: str | None
    effective_voice: str
    effective_model: str
    instructions: str | None
    authority_mode: Authority


class SubscriptionView(msgspec.Struct):
    """A webhook subscription."""

    id: str
    organization_id: str
    mailbox_id: str | None
    phone_number_id: str | None
    agent_identity_id: str | None
    owner_identity_id: str
    url: str
    event_types: list[str]
    context_config: ContextConfig | None
    has_auth_token: bool
    auth_token: str | None
    status: str
    created_at: str
    updated_at: str
    signing_key: str | Unset | None = UNSET


class Subscriptions(msgspec.Struct):
    """The list of webhook subscriptions."""

    subscriptions: list[SubscriptionView]


class DeliveryView(msgspec.Struct):
    """One attempt to deliver an event."""

    id: str
    organization_id: str
    webhook_subscription_id: str | None
    phone_number_id: str | None
    event_id: str
    event_type: str
    url: str
    request_payload: str
    response_status: int | None
    response_body: str | None
    error_detail: str | None
    duration_ms: int | None
    is_replay: bool
    replayable: bool
    replay_unavailable_reason: str | None
    created_at: str


class Deliveries(msgspec.Struct):
    """The list of deliveries."""

    deliveries: list[DeliveryView]


class Catalog(msgspec.Struct):
    """The events that a subscription can name."""

    supports_identity_subscriptions: bool
    event_types: list[str]


class SendLookup(msgspec.Struct):
    """The message that was sent with an Idempotency-Key."""

    message_id: str

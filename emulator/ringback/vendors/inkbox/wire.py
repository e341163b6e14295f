"""Bodies in and out: the page's words, and where it is silent the official SDK's (0.7.20, and 0.4.6 where it differs).

Unknown fields are ignored. In a PATCH what is absent stays and null clears.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

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

MAX_TEXT = 1_600
"""Ours: what ten concatenated segments hold."""
Words = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
Essay = Annotated[str, msgspec.Meta(max_length=10_000)]
Events = Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)]
Unset = UnsetType


# -- in ------


class NumberSpec(msgspec.Struct):
    """What a number is to be, and how it takes calls; part of two requests."""

    type: NumberType = "local"
    state: str | None = None
    incoming_call_action: IncomingAction | Unset = UNSET
    client_websocket_url: str | Unset | None = UNSET
    incoming_call_webhook_url: str | Unset | None = UNSET
    forwarding_target_type: TargetType | Unset | None = UNSET
    forwarding_phone_number: str | Unset | None = UNSET
    forwarding_sip_uri: str | Unset | None = UNSET
    filter_mode: FilterMode | Unset = UNSET


class NumberBody(NumberSpec, kw_only=True):
    """POST /api/v1/phone/numbers."""

    agent_handle: str


class HandlingPatch(msgspec.Struct, kw_only=True):
    """How calls are taken: changes to it."""

    incoming_call_action: IncomingAction | Unset = UNSET
    client_websocket_url: str | Unset | None = UNSET
    incoming_call_webhook_url: str | Unset | None = UNSET
    forwarding_target_type: TargetType | Unset | None = UNSET
    forwarding_phone_number: str | Unset | None = UNSET
    forwarding_sip_uri: str | Unset | None = UNSET


class NumberPatch(HandlingPatch, kw_only=True):
    """PATCH /api/v1/phone/numbers/{id}."""

    filter_mode: FilterMode | Unset = UNSET
    incoming_text_webhook_url: Any = UNSET


class HandlingBody(HandlingPatch, kw_only=True):
    """PUT /api/v1/phone/incoming-call-action."""

    incoming_call_action: IncomingAction
    agent_identity_id: str | None = None


class CallBody(msgspec.Struct):
    """POST /api/v1/phone/place-call. `webhook_url` of older documentation is taken and ignored."""

    to_number: str
    from_number: str | None = None
    client_websocket_url: str | None = None
    origination: Origin = "dedicated_number"
    mode: Mode = "client_websocket"
    agent_identity_id: str | None = None
    reason: Essay | None = None
    hosted_agent_authority_mode: Authority | None = None
    on_voicemail: OnVoicemail | None = None
    voicemail_message: Note | None = None
    voicemail_detection: VoicemailDetection | None = None


class TextBody(msgspec.Struct):
    """POST /api/v1/phone/numbers/{id}/texts."""

    to: str | list[str] | None = None
    conversation_id: str | None = None
    text: Words | None = None
    media_urls: list[str] | None = None


class TextPatch(msgspec.Struct):
    """PATCH …/texts/{id}: the page's "mark as read or delete"."""

    is_read: bool | Unset = UNSET
    status: Literal["deleted"] | Unset = UNSET


class ConversationPatch(msgspec.Struct):
    """PATCH …/texts/conversations/{key}."""

    is_read: bool


class RuleBody(msgspec.Struct):
    """POST …/contact-rules."""

    action: RuleAction
    match_target: str
    match_type: Literal["exact_number"] = "exact_number"
    direction: RuleDirection = "both"


class RulePatch(msgspec.Struct):
    """PATCH …/contact-rules/{id}: `status` is of SDK 0.4, `direction` and `apply_to` of 0.7."""

    action: RuleAction | Unset = UNSET
    status: RuleStatus | Unset = UNSET
    direction: RuleDirection | Unset = UNSET
    apply_to: Literal["inbound", "outbound"] | Unset = UNSET


class VoiceBody(msgspec.Struct):
    """PUT /api/v1/phone/hosted-agent-config: replaces all of it."""

    agent_identity_id: str | None = None
    voice: str | None = None
    model: str | None = None
    instructions: Essay | None = None


class AuthorityBody(msgspec.Struct):
    """PUT /api/v1/phone/hosted-agent-config/authority-mode."""

    agent_identity_id: str
    authority_mode: Authority


class IdentityBody(msgspec.Struct):
    """POST /api/v1/identities/. Mailbox, tunnel, vault and iMessage parts are taken and have no effect here."""

    agent_handle: str
    display_name: Label | None = None
    description: Note | None = None
    imessage_enabled: bool = False
    contact_sharing_enabled: bool = True
    phone_number: NumberSpec | None = None


class IdentityPatch(msgspec.Struct):
    """PATCH /api/v1/identities/{handle}. `new_handle` and what is not about the phone is ignored."""

    display_name: Label | Unset | None = UNSET
    description: Note | Unset | None = UNSET
    imessage_enabled: bool | Unset = UNSET
    contact_sharing_enabled: bool | Unset = UNSET
    phone_filter_mode: FilterMode | Unset = UNSET
    imessage_filter_mode: FilterMode | Unset = UNSET
    mail_filter_mode: FilterMode | Unset = UNSET
    phone_inbound_filter_mode: FilterMode | Unset = UNSET
    phone_outbound_filter_mode: FilterMode | Unset = UNSET


class AccessBody(msgspec.Struct):
    """POST /api/v1/identities/{handle}/access: null is every identity of the organization."""

    viewer_identity_id: str | None


class KeyBody(msgspec.Struct):
    """POST /api/v1/api-keys."""

    label: Label
    description: Note | None = None
    scoped_identity_id: str | None = None


class CountConfig(msgspec.Struct, tag_field="mode", tag="count", forbid_unknown_fields=True):
    """The last so many items."""

    count: Annotated[int, msgspec.Meta(ge=1, le=50)]


class WindowConfig(msgspec.Struct, tag_field="mode", tag="window", forbid_unknown_fields=True):
    """The items of the last so many hours."""

    hours: Annotated[int, msgspec.Meta(ge=1, le=168)]


class ContextConfig(msgspec.Struct, forbid_unknown_fields=True):
    """What context a received event brings with it, class by class."""

    email: CountConfig | WindowConfig | None = None
    texts: CountConfig | WindowConfig | None = None
    calls: CountConfig | WindowConfig | None = None


class SubscriptionBody(msgspec.Struct):
    """POST /api/v1/webhooks/subscriptions."""

    url: str
    event_types: Events
    mailbox_id: str | None = None
    phone_number_id: str | None = None
    agent_identity_id: str | None = None
    context_config: ContextConfig | None = None
    auth_token: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000, pattern="^[!-~]+$")] | None = None


class SubscriptionPatch(msgspec.Struct):
    """PATCH /api/v1/webhooks/subscriptions/{id}."""

    url: str | Unset = UNSET
    event_types: Events | Unset = UNSET
    context_config: ContextConfig | Unset | None = UNSET
    auth_token: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000, pattern="^[!-~]+$")] | Unset | None = UNSET


class CallDecision(msgspec.Struct):
    """What an incoming call's webhook answers."""

    action: Literal["answer", "reject", "ignore"]
    client_websocket_url: str | None = None


# -- out ------


class Notice(msgspec.Struct):
    """How many rules a change of filter mode made redundant."""

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
    filter_mode_change_notice: Notice | Unset = UNSET


class IdentityView(msgspec.Struct):
    """An agent identity. Mailbox, tunnel and iMessage line are not emulated, so there are none."""

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
    """Who else sees an identity; null for everyone of the organization."""

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
    """A new key; its secret is in this answer alone."""

    api_key: str
    record: KeyRecord


class WhoamiView(msgspec.Struct):
    """Who a key is; instants are Unix seconds."""

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
    """A signing key; it is in this answer alone."""

    signing_key: str
    created_at: str


class SigningKeyStatus(msgspec.Struct):
    """Whether there is a signing key."""

    configured: bool
    created_at: str | None


class Forwarding(msgspec.Struct):
    """One attempt to pass a call on."""

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
    """The same attempt, as newer clients read it."""

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
    """What is left of the day's calls and minutes."""

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


class TranscriptView(msgspec.Struct):
    """One thing said; `ts_ms` is milliseconds since the answer."""

    id: str
    call_id: str
    seq: int
    ts_ms: int
    party: str
    text: str
    phone_number: str | None
    created_at: str


class ToolInvocation(msgspec.Struct):
    """One use of a tool."""

    id: str
    call_id: str
    tool_name: str
    status: Literal["started", "succeeded", "failed"]
    result: dict[str, Any] | None
    started_at: str
    completed_at: str | None


class ToolInvocations(msgspec.Struct):
    """A page of a hosted agent's tool log."""

    items: list[ToolInvocation]
    limit: int
    offset: int
    has_more: bool


class Media(msgspec.Struct):
    """A picture, sound or film of a message."""

    content_type: str
    size: int
    url: str


class Recipient(msgspec.Struct):
    """How far a message has come on its way to one recipient."""

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
    """A text. `is_blocked` is left out of webhooks."""

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
    """A conversation, by its latest message."""

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
    """How many messages a change of read state met."""

    remote_phone_number: str | None
    conversation_id: str | None
    is_read: bool
    updated_count: int


class RuleView(msgspec.Struct):
    """A contact rule, for those who read it by number and for those who read it by identity."""

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
    """Whether a receiver agrees to texts."""

    id: str
    organization_id: str
    receiver_number: str
    status: str
    source: str
    opted_in_at: str | None
    opted_out_at: str | None
    created_at: str
    updated_at: str


class HandlingView(msgspec.Struct):
    """How an identity takes calls."""

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


class VoiceView(msgspec.Struct):
    """An identity's hosted agent."""

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
    """The list of them."""

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
    """The list of them."""

    deliveries: list[DeliveryView]


class Catalog(msgspec.Struct):
    """What subscriptions may ask for."""

    supports_identity_subscriptions: bool
    event_types: list[str]


class SendLookup(msgspec.Struct):
    """The message that a request key made."""

    message_id: str

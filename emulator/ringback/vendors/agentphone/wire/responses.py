"""Response bodies, as documented or as the official clients read them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.agentphone.records import Tool

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], rename="camel"):
    """A page of an offset list."""

    data: list[T]
    has_more: bool
    total: int


class TimePage(msgspec.Struct, Generic[T], rename="camel"):
    """A page of a list that is paged by timestamp."""

    data: list[T]
    has_more: bool


class DataList(msgspec.Struct, Generic[T]):
    """A list without pages."""

    data: list[T]


class Success(msgspec.Struct):
    """The body of a success that has nothing else to say."""

    success: bool = True


# -- numbers ------


class NumberView(msgspec.Struct, rename="camel", kw_only=True):
    """A number, page "Create number"."""

    id: str
    phone_number: str
    country: str
    status: str
    agent_id: str | None
    created_at: str
    type: str
    outbound_sms: str
    inbound_calls_enabled: bool
    read_receipts_enabled: bool = False
    whatsapp_enabled: bool = False
    daily_new_contacts: dict[str, int] | None = None
    purchased_at: str
    external_id: str | None
    expires_at: str | None
    rcs_fallback_for_alias: str | None = None


class ReleasedView(msgspec.Struct, rename="camel"):
    """DELETE /v1/numbers/{id}."""

    phone_number: str
    status: str = "released"
    success: bool = True


class AvailableNumberView(msgspec.Struct, rename="camel"):
    """A number that can be bought."""

    phone_number: str
    city: str | None
    state: str | None
    rate_center: str | None
    area_code: str


class LookupView(msgspec.Struct, rename="camel"):
    """The line type of a number."""

    phone_number: str
    line_type: str | None
    country: str | None
    rcs_enabled: bool | None


class ContactCardView(msgspec.Struct, rename="camel"):
    """The contact card of a number."""

    first_name: str | None
    last_name: str | None
    display_name: str | None
    has_avatar: bool


# -- agents ------


class AgentNumberView(msgspec.Struct, rename="camel"):
    """A number as its agent shows it."""

    id: str
    phone_number: str
    status: str
    type: str


class AgentView(msgspec.Struct, rename="camel", kw_only=True):
    """An agent."""

    id: str
    name: str
    description: str | None
    voice_mode: str
    enable_messaging: bool
    model_tier: str
    system_prompt: str | None
    begin_message: str | None
    voice: str
    transfer_number: str | None
    voicemail_message: str | None
    call_screening_identity: str | None
    call_screening_purpose: str | None
    stt_mode: str
    ambient_sound: str
    denoising_mode: str
    max_silence_ms: int
    voice_speed: float
    interruption_sensitivity: float
    enable_backchannel: bool
    language: str
    custom_tools: list[Tool] | None
    created_at: str
    numbers: list[AgentNumberView]


class AgentDeletedView(msgspec.Struct):
    """DELETE /v1/agents/{id}."""

    id: str
    name: str
    success: bool = True


class AttachedView(msgspec.Struct, rename="camel"):
    """POST /v1/agents/{id}/numbers."""

    agent_id: str
    number: AgentNumberView


class VoiceView(msgspec.Struct):
    """A voice for agents; snake_case."""

    voice_id: str
    voice_name: str
    provider: str
    gender: str | None
    accent: str | None
    preview_audio_url: str | None = None


# -- calls ------


class TurnView(msgspec.Struct, rename="camel"):
    """What the caller said, and what the agent answered."""

    id: str
    transcript: str
    response: str | None
    confidence: float
    created_at: str


class CallView(msgspec.Struct, rename="camel", kw_only=True):
    """A call; only a request for one call has `transcripts`."""

    id: str
    agent_id: str | None
    agent_name: str | None
    phone_number_id: str | None
    phone_number: str | None
    from_number: str
    to_number: str
    direction: str
    status: str
    started_at: str
    ended_at: str | None
    duration_seconds: int | None
    last_transcript_snippet: str | None
    recording_url: str | None
    recording_available: bool
    transcripts: list[TurnView] | UnsetType = UNSET


class TranscriptLine(msgspec.Struct):
    """One turn of a call; `role` is `user` or `agent`."""

    role: str
    content: str


class TranscriptView(msgspec.Struct):
    """The transcript of a call, as turns and as a plain list."""

    data: list[TurnView]
    transcript: list[TranscriptLine]


class WebCallView(msgspec.Struct, rename="camel"):
    """POST /v1/calls/web."""

    id: str
    call_id: str
    access_token: str
    expires_at: str
    agent_id: str | None
    direction: str
    status: str
    metadata: dict[str, Any] | None


# -- messages and conversations ------


class MessageView(msgspec.Struct, rename="camel", kw_only=True):
    """A message in a number's list, page "Get messages for number".

    The sender has three names, because the page and the clients use three.
    """

    id: str
    from_: str = msgspec.field(name="from_")
    from_plain: str = msgspec.field(name="from")
    from_number: str
    to: str
    to_number: str
    body: str
    direction: str
    channel: str
    received_at: str
    status: str
    failure_reason: str | None
    media_url: str | None
    media_urls: list[str]
    conversation_id: str


class ReactionView(msgspec.Struct, rename="camel"):
    """A reaction to a message."""

    id: str
    reaction_type: str
    from_number: str
    direction: str
    created_at: str


class ReplyView(msgspec.Struct, rename="camel"):
    """The message that another one replies to."""

    message_id: str
    message: str
    media_urls: list[str]


class ThreadMessageView(MessageView, rename="camel", kw_only=True):
    """A message in a conversation."""

    sender_identifier: str | None
    reactions: list[ReactionView]
    reply_to: ReplyView | None
    error_code: str | None
    content: dict[str, Any] | None = None
    delivered_at: str | None
    delivered_channel: str | None
    read_at: str | None = None


class SentView(msgspec.Struct):
    """POST /v1/messages; snake_case."""

    id: str
    status: str
    channel: str
    from_number: str
    to_number: str
    conversation_id: str
    media_urls: list[str]
    reply_to_message_id: str | None
    reply_parent_unresolved: bool | None


class ReactedView(msgspec.Struct):
    """POST /v1/messages/{id}/reactions; snake_case."""

    id: str
    reaction_type: str
    message_id: str
    channel: str


class ParticipantView(msgspec.Struct):
    """A member of a group, with the name of the contact if there is one."""

    identifier: str
    name: str | None


class CapabilitiesView(msgspec.Struct, rename="camel"):
    """The capabilities of a conversation."""

    can_send_messages: bool
    media: bool
    reactions: bool
    emoji_reactions: bool
    send_disabled_reason: str | None
    send_channel: str | None
    available_channels: list[str]
    media_channels: list[str]


class ConversationView(msgspec.Struct, rename="camel", kw_only=True):
    """A conversation: lists have `lastMessagePreview`, a request for one conversation has `messages`."""

    id: str
    agent_id: str | None
    phone_number_id: str
    phone_number: str
    participant: str
    contact_number: str
    is_group: bool
    group_id: str | None
    group_name: str | None
    group_icon_url: str | None = None
    participants: list[ParticipantView] | None
    last_message_at: str
    message_count: int
    metadata: dict[str, Any] | None
    channel: str
    capabilities: CapabilitiesView
    created_at: str
    last_message_preview: str | UnsetType = UNSET
    messages: list[ThreadMessageView] | UnsetType = UNSET


class TypingView(msgspec.Struct, rename="camel"):
    """POST /v1/conversations/{id}/typing."""

    conversation_id: str
    channel: str
    status: str


class BackgroundView(msgspec.Struct, rename="camel"):
    """POST /v1/conversations/{id}/background."""

    conversation_id: str
    channel: str
    has_background: bool
    background_id: str | None
    background_version: int | None
    changed: bool


class ContactView(msgspec.Struct, rename="camel"):
    """A contact."""

    id: str
    phone_number: str
    name: str
    email: str | None
    notes: str | None
    created_at: str
    updated_at: str


class ChannelsView(msgspec.Struct):
    """The channels that a number can receive."""

    imessage: bool
    sms: bool


class CapabilityView(msgspec.Struct, rename="camel"):
    """GET /v1/contacts/capabilities."""

    phone_number: str
    capabilities: ChannelsView
    checked_at: str


# -- webhooks ------


class WebhookView(msgspec.Struct, rename="camel"):
    """A webhook with its secret."""

    id: str
    url: str
    secret: str
    status: str
    context_limit: int
    timeout: int
    created_at: str


class WebhookTestView(msgspec.Struct, rename="camel"):
    """The result of a webhook test, under both clients' names."""

    success: bool
    http_status: int | None
    status_code: int | None
    response_ms: int | None
    error_message: str | None
    error: str | None


class DeliveryView(msgspec.Struct, rename="camel", kw_only=True):
    """A delivery, under both clients' names."""

    id: str
    message_id: str | None
    event_type: str
    event: str
    channel: str
    status: str
    success: bool
    http_status: int | None
    status_code: int | None
    error_message: str | None
    response_body: str | None
    response_ms: int | None
    attempt_count: int
    last_attempt_at: str | None
    next_retry_at: str | None
    delivered_at: str | None
    created_at: str


class DeliveriesView(msgspec.Struct):
    """A page of deliveries; the rows come twice, under both clients' names."""

    items: list[DeliveryView]
    data: list[DeliveryView]
    total: int
    offset: int
    limit: int


class StatsView(msgspec.Struct, rename="camel"):
    """Delivery counts of some hours. Rates are percentages."""

    total: int
    success: int
    failed: int
    pending: int
    success_rate: float
    by_event_type: dict[str, dict[str, int]]
    by_hour: list[dict[str, Any]]


class AllTimeView(msgspec.Struct, rename="camel"):
    """Delivery counts of all time."""

    total: int
    success: int
    failed: int
    success_rate: float


# -- usage ------


class LimitsView(msgspec.Struct, rename="camel"):
    """The limits of a plan."""

    numbers: int
    messages_per_month: int
    voice_minutes_per_month: int
    max_call_duration_minutes: int
    concurrent_calls: int


class PlanView(msgspec.Struct):
    """A plan."""

    name: str
    limits: LimitsView


class NumberQuota(msgspec.Struct):
    """How many numbers an account has and may have."""

    used: int
    limit: int
    remaining: int


class UsageCounts(msgspec.Struct):
    """Usage counts; the names are not quite camelCase."""

    total_messages: int = msgspec.field(name="totalMessages")
    messages_last_24h: int = msgspec.field(name="messagesLast24h")
    messages_last_7d: int = msgspec.field(name="messagesLast7d")
    messages_last_30d: int = msgspec.field(name="messagesLast30d")
    total_calls: int = msgspec.field(name="totalCalls")
    calls_last_24h: int = msgspec.field(name="callsLast24h")
    calls_last_7d: int = msgspec.field(name="callsLast7d")
    calls_last_30d: int = msgspec.field(name="callsLast30d")
    total_webhook_deliveries: int = msgspec.field(name="totalWebhookDeliveries")
    successful_webhook_deliveries: int = msgspec.field(name="successfulWebhookDeliveries")
    failed_webhook_deliveries: int = msgspec.field(name="failedWebhookDeliveries")
    sms_segments_last_30d: int = msgspec.field(name="smsSegmentsLast30d")


class UsageView(msgspec.Struct, rename="camel"):
    """GET /v1/usage."""

    plan: PlanView
    numbers: NumberQuota
    stats: UsageCounts
    period_start: str
    period_end: str
    report_generated_at: str


class DayUsage(msgspec.Struct, rename="camel"):
    """The usage of one day."""

    date: str
    messages: int
    calls: int
    webhooks: int
    voice_minutes: float


class MonthUsage(msgspec.Struct, rename="camel"):
    """The usage of one month."""

    month: str
    messages: int
    calls: int
    webhooks: int
    voice_minutes: float


class DailyUsage(msgspec.Struct):
    """GET /v1/usage/daily."""

    data: list[DayUsage]
    days: int


class MonthlyUsage(msgspec.Struct):
    """GET /v1/usage/monthly."""

    data: list[MonthUsage]
    months: int


class NumberUsageView(msgspec.Struct, rename="camel"):
    """The usage of a number since it was bought."""

    number_id: str
    phone_number: str
    country: str
    status: str
    agent_id: str | None
    agent_name: str | None
    messages: int
    calls: int


class AgentUsageView(msgspec.Struct, rename="camel"):
    """The usage of an agent in a period."""

    agent_id: str | None
    agent_name: str
    messages: int
    calls: int
    total_seconds: int
    is_orphan: bool


class AgentUsageList(msgspec.Struct, rename="camel"):
    """GET /v1/usage/by-agent."""

    data: list[AgentUsageView]
    period: str
    period_start: str
    period_end: str


# -- the account ------


class SubAccountView(msgspec.Struct, rename="camel"):
    """A sub-account."""

    id: str
    name: str
    created_at: str


class RegistrationStatusView(msgspec.Struct):
    """GET /v1/register/status."""

    campaign_status: str
    message: str
    stage: str | None


class RegistrationView(msgspec.Struct):
    """GET /v1/register."""

    campaign_status: str
    message: str
    stage: str | None
    brand: dict[str, Any] | None
    campaign: dict[str, Any] | None


class RegisteredView(msgspec.Struct):
    """POST /v1/register."""

    ok: bool
    message: str
    campaign_status: str
    sub_account_id: str | None
    fee_cents: int


class LocationView(msgspec.Struct, rename="camel"):
    """GET /v1/location/{phone}."""

    phone_number: str
    status: str
    last_updated: int
    latitude: float | None
    longitude: float | None


class RefreshView(msgspec.Struct, rename="camel"):
    """POST /v1/location/refresh."""

    poll_after_seconds: int
    success: bool = True


class SignUpView(msgspec.Struct):
    """POST /v0/agent/sign-up."""

    verification_id: str
    message: str


class SignedUpView(msgspec.Struct):
    """POST /v0/agent/verify; only this response has the key."""

    account_id: str
    agent_id: str
    number_id: str
    phone_number: str
    api_key: str


# -- errors ------


class FieldError(msgspec.Struct):
    """What is wrong with a field."""

    field: str
    message: str
    type: str


class ValidationProblem(msgspec.Struct):
    """The same, with the path to the field."""

    loc: list[str | int]
    msg: str
    type: str


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """The documented error object."""

    message: str
    code: str
    type: str
    details: list[FieldError] | None = None


class ErrorEnvelope(msgspec.Struct):
    """The body of every error."""

    detail: str | list[ValidationProblem]
    error: ErrorBody

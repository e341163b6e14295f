"""Bodies and queries, as documented. Unknown fields are ignored; what the page leaves open is ours."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ringback.carrier.hours import Hours
from ringback.vendors.nokycnumber.prices import Period, Tier
from ringback.vendors.nokycnumber.records import (
    Addon,
    AutoPickup,
    NumberStatus,
    NumberType,
    Screening,
    Translator,
    Voice,
    VoicemailSummary,
)

T = TypeVar("T")
Direction = Literal["inbound", "outbound"]
CallStatus = Literal["queued", "ringing", "in_progress", "completed", "failed", "no_answer", "busy"]
SmsStatus = Literal["queued", "sent", "delivered", "failed", "undelivered"]
UsagePeriod = Literal["last_30d", "last_90d"]
PageLimit = Annotated[int, msgspec.Meta(ge=1, le=100)]
Country = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$", max_length=2)]
Metadata = dict[str, Any]
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
LanguageOrAuto = Annotated[str, msgspec.Meta(pattern="^(auto|[a-z]{2})$")]
Rings = Annotated[int, msgspec.Meta(ge=1, le=10)]
AgentScript = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Description = Annotated[str, msgspec.Meta(max_length=500)]
MediaUrls = Annotated[list[str], msgspec.Meta(max_length=5)]


# -- request bodies ------


class NumberBody(msgspec.Struct):
    """POST /v1/numbers."""

    available_id: str
    billing_period: Period
    addons: list[Addon] = []
    webhook_url: str | None = None


class NumberPatch(msgspec.Struct):
    """PATCH /v1/numbers/{id}: fields that are left out do not change."""

    auto_renew: bool | UnsetType = UNSET
    webhook_url: str | UnsetType | None = UNSET
    addons: list[Addon] | UnsetType = UNSET
    on_off: Hours | UnsetType | None = UNSET
    status: Literal["active", "paused"] | UnsetType = UNSET
    metadata: Metadata | UnsetType | None = UNSET


class CallBody(msgspec.Struct):
    """POST /v1/calls."""

    from_: str = msgspec.field(name="from")
    to: str
    recording_enabled: bool = False
    callerid_mask: str | None = None
    metadata: Metadata | None = None


class SmsBody(msgspec.Struct):
    """POST /v1/sms."""

    from_: str = msgspec.field(name="from")
    to: str
    body: str
    send_at: str | None = None
    media_urls: MediaUrls = []


class AutoPickupPatch(msgspec.Struct):
    """Changes to `auto_pickup`."""

    enabled: bool | UnsetType = UNSET
    after_rings: Rings | UnsetType = UNSET
    script: AgentScript | UnsetType = UNSET
    language: LanguageOrAuto | UnsetType = UNSET
    voice: Voice | UnsetType = UNSET


class ScreeningPatch(msgspec.Struct):
    """Changes to `screening`."""

    enabled: bool | UnsetType = UNSET


class TranslatorPatch(msgspec.Struct):
    """Changes to `translator`."""

    enabled: bool | UnsetType = UNSET
    target_language: Language | UnsetType = UNSET


class VoicemailSummaryPatch(msgspec.Struct):
    """Changes to `voicemail_summary`."""

    enabled: bool | UnsetType = UNSET
    include_sentiment: bool | UnsetType = UNSET


class AiPatch(msgspec.Struct):
    """PATCH /v1/numbers/{id}/ai: only the blocks, and in them the fields, that are present change."""

    auto_pickup: AutoPickupPatch | UnsetType = UNSET
    screening: ScreeningPatch | UnsetType = UNSET
    translator: TranslatorPatch | UnsetType = UNSET
    voicemail_summary: VoicemailSummaryPatch | UnsetType = UNSET


class EndpointBody(msgspec.Struct):
    """POST /v1/webhook_endpoints."""

    url: str
    enabled_events: list[str]
    description: Description | None = None


# -- queries ------


class ListQuery(msgspec.Struct):
    """The query of a list, page "Pagination". `ending_before` is read only to be rejected."""

    limit: PageLimit = 25
    starting_after: str | UnsetType = UNSET
    ending_before: str | UnsetType = UNSET


class NumberQuery(ListQuery):
    """The query of GET /v1/numbers."""

    country: Country | UnsetType = UNSET
    type: NumberType | UnsetType = UNSET
    status: NumberStatus | UnsetType = UNSET


class OfferQuery(ListQuery):
    """The query of GET /v1/numbers/available."""

    country: Country | UnsetType = UNSET
    type: NumberType | UnsetType = UNSET
    tier: Tier | UnsetType = UNSET


class CallQuery(ListQuery):
    """The query of GET /v1/calls. `number` is a number's id or its E.164; the times are ISO-8601 UTC."""

    number: str | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    status: CallStatus | UnsetType = UNSET
    created_after: str | UnsetType = UNSET
    created_before: str | UnsetType = UNSET


class SmsQuery(ListQuery):
    """The query of GET /v1/sms. `number` is a number's id or its E.164."""

    number: str | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    status: SmsStatus | UnsetType = UNSET


class UsageQuery(msgspec.Struct):
    """The query of GET /v1/account/usage."""

    period: UsagePeriod | UnsetType = UNSET


class LinkQuery(msgspec.Struct):
    """The query of a pre-signed link."""

    expires: str = ""
    sig: str = ""


# -- responses ------


class Listing(msgspec.Struct, Generic[T], tag_field="object", tag="list"):
    """One page of a list, page "Pagination"."""

    url: str
    data: list[T]
    has_more: bool
    next_cursor: str | None


class Prices(msgspec.Struct):
    """The price of a number for each billing period, in dollars."""

    monthly: float
    quarterly: float
    yearly: float


class OfferView(msgspec.Struct, tag_field="object", tag="available_number"):
    """A number that can be activated. The page names it without its shape: ours."""

    id: str
    number: str
    display: str
    country: str
    type: str
    tier: str
    tier_pattern: str | None
    prices: Prices
    held_until: str


class NumberView(msgspec.Struct, tag_field="object", tag="number"):
    """A number, page "Object schemas". Only the response to a new `webhook_url` has `webhook_secret`."""

    id: str
    number: str
    display: str
    country: str
    type: str
    tier: str
    tier_pattern: str | None
    status: str
    billing_period: str
    renews_at: str
    auto_renew: bool
    addons: list[str]
    ai_enabled: bool
    webhook_url: str | None
    on_off: Hours | None
    metadata: Metadata | None
    created_at: str
    webhook_secret: str | UnsetType = UNSET


class CallView(msgspec.Struct, tag_field="object", tag="call"):
    """A call, page "Object schemas". Only events have `metadata`."""

    id: str
    from_: str | None = msgspec.field(name="from")
    from_e164: str
    to: str
    direction: str
    status: str
    started_at: str
    answered_at: str | None
    ended_at: str | None
    duration_sec: int
    recording_url: str | None
    cost_usd: float | None
    metadata: Metadata | UnsetType | None = UNSET


class SegmentView(msgspec.Struct):
    """One segment of a message. The page names it without its shape: ours."""

    segment: int
    status: str
    delivered_at: str | None


class SmsView(msgspec.Struct, tag_field="object", tag="sms"):
    """A message, page "Object schemas". Only the response to GET /v1/sms/{id} has `segment_status`."""

    id: str
    from_: str | None = msgspec.field(name="from")
    from_e164: str
    to: str
    body: str
    media_urls: list[str]
    direction: str
    segments: int
    status: str
    failure_code: str | None
    created_at: str
    delivered_at: str | None
    cost_usd: float | None
    segment_status: list[SegmentView] | UnsetType = UNSET


class TranscriptView(msgspec.Struct):
    """The transcript of a voicemail; `translation_en` and `summary` require the ai-summary add-on."""

    text: str
    language: str
    translation_en: str | None
    summary: str | None
    sentiment: str | None


class VoicemailView(msgspec.Struct, tag_field="object", tag="voicemail"):
    """A voicemail, page "Voicemails"."""

    id: str
    number_id: str
    from_e164: str
    received_at: str
    duration_sec: int
    audio_url: str
    transcript: TranscriptView


class AiView(msgspec.Struct, tag_field="object", tag="ai_config"):
    """GET /v1/numbers/{id}/ai."""

    number_id: str
    addons: list[str]
    auto_pickup: AutoPickup
    screening: Screening
    translator: Translator
    voicemail_summary: VoicemailSummary


class NumbersUsed(msgspec.Struct):
    """Billing periods that were paid."""

    activated: int
    renewed: int
    cost_usd: float


class CallsUsed(msgspec.Struct):
    """Calls that ended."""

    inbound: int
    outbound: int
    minutes: int
    cost_usd: float


class SmsUsed(msgspec.Struct):
    """Messages; `segments` counts those of outbound messages."""

    inbound: int
    outbound: int
    segments: int
    cost_usd: float


class VoicemailsUsed(msgspec.Struct):
    """Voicemails that callers left."""

    received: int


class AgentsUsed(msgspec.Struct):
    """Calls that an AI agent answered."""

    pickups: int


class UsageView(msgspec.Struct, tag_field="object", tag="usage"):
    """GET /v1/account/usage. The page names it without its shape: ours."""

    period: str
    from_: str = msgspec.field(name="from")
    to: str
    numbers: NumbersUsed
    calls: CallsUsed
    sms: SmsUsed
    voicemails: VoicemailsUsed
    ai: AgentsUsed
    total_cost_usd: float


class AccountView(msgspec.Struct, tag_field="object", tag="account"):
    """GET /v1/account. Minutes and segments are those of the calendar month."""

    email_hash: str
    balance_usd: float
    default_country: str
    active_numbers: int
    monthly_call_minutes: int
    monthly_sms_segments: int
    created_at: str


class EndpointView(msgspec.Struct, tag_field="object", tag="webhook_endpoint"):
    """A webhook endpoint. Only the response that creates it has `secret`."""

    id: str
    url: str
    enabled_events: list[str]
    description: str | None
    created_at: str
    secret: str | UnsetType = UNSET


class EventData(msgspec.Struct):
    """The object that an event is about."""

    object: Any


class EventView(msgspec.Struct, tag_field="object", tag="event"):
    """An event, page "Event envelope"."""

    id: str
    type: str
    created: str
    data: EventData
    request_id: str
    livemode: bool = True


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """An error; `param` is left out if there is none."""

    type: str
    code: str
    message: str
    request_id: str
    param: str | None = None


class ErrorEnvelope(msgspec.Struct):
    """Every error, page "Error envelope"."""

    error: ErrorBody

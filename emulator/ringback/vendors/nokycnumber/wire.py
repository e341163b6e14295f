"""Bodies in and out, as documented. Unknown fields are ignored; what the page leaves open is ours."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ringback.carrier.hours import Hours
from ringback.vendors.nokycnumber.prices import Period
from ringback.vendors.nokycnumber.records import (
    Addon,
    AutoPickup,
    Screening,
    Translator,
    Voice,
    VoicemailSummary,
)

T = TypeVar("T")
Metadata = dict[str, Any]
Language = Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")]
LanguageOrAuto = Annotated[str, msgspec.Meta(pattern="^(auto|[a-z]{2})$")]
Rings = Annotated[int, msgspec.Meta(ge=1, le=10)]
Said = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Note = Annotated[str, msgspec.Meta(max_length=500)]
MediaUrls = Annotated[list[str], msgspec.Meta(max_length=5)]


# -- in ------


class NumberBody(msgspec.Struct):
    """POST /v1/numbers."""

    available_id: str
    billing_period: Period
    addons: list[Addon] = []
    webhook_url: str | None = None


class NumberPatch(msgspec.Struct):
    """PATCH /v1/numbers/{id}: what is left out stays as it is."""

    auto_renew: bool | UnsetType = UNSET
    webhook_url: str | UnsetType | None = UNSET
    addons: list[Addon] | UnsetType = UNSET
    on_off: Hours | UnsetType | None = UNSET
    status: Literal["active", "paused"] | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType | None = UNSET


class CallBody(msgspec.Struct):
    """POST /v1/calls."""

    from_: str = msgspec.field(name="from")
    to: str
    recording_enabled: bool = False
    callerid_mask: str | None = None
    metadata: dict[str, Any] | None = None


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
    script: Said | UnsetType = UNSET
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
    """PATCH /v1/numbers/{id}/ai: only the blocks that are present change, and of each only what is present."""

    auto_pickup: AutoPickupPatch | UnsetType = UNSET
    screening: ScreeningPatch | UnsetType = UNSET
    translator: TranslatorPatch | UnsetType = UNSET
    voicemail_summary: VoicemailSummaryPatch | UnsetType = UNSET


class EndpointBody(msgspec.Struct):
    """POST /v1/webhook_endpoints."""

    url: str
    enabled_events: list[str]
    description: Note | None = None


# -- out ------


class Listing(msgspec.Struct, Generic[T], tag_field="object", tag="list"):
    """A page of a list, page "Pagination"."""

    url: str
    data: list[T]
    has_more: bool
    next_cursor: str | None


class Prices(msgspec.Struct):
    """What a number costs for each billing period, in dollars."""

    monthly: float
    quarterly: float
    yearly: float


class OfferView(msgspec.Struct, tag_field="object", tag="available_number"):
    """A number that can be activated: ours, as the page names it without its shape."""

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
    """A number, page "Object schemas". `webhook_secret` is there only in the answer that sets `webhook_url`."""

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
    metadata: dict[str, Any] | None
    created_at: str
    webhook_secret: str | UnsetType = UNSET


class CallView(msgspec.Struct, tag_field="object", tag="call"):
    """A call, page "Object schemas". `metadata` is there only in events."""

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
    metadata: dict[str, Any] | UnsetType | None = UNSET


class SegmentView(msgspec.Struct):
    """One segment of a message: ours, as the page names it without its shape."""

    segment: int
    status: str
    delivered_at: str | None


class SmsView(msgspec.Struct, tag_field="object", tag="sms"):
    """A message, page "Object schemas". `segment_status` is there only where one message is asked for."""

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
    """What was said in a voicemail; `translation_en` and `summary` come with the ai-summary add-on."""

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
    """Periods paid for numbers."""

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
    """Messages; the segments are of those sent."""

    inbound: int
    outbound: int
    segments: int
    cost_usd: float


class VoicemailsUsed(msgspec.Struct):
    """Voicemails left."""

    received: int


class AgentsUsed(msgspec.Struct):
    """Calls that agents took."""

    pickups: int


class UsageView(msgspec.Struct, tag_field="object", tag="usage"):
    """GET /v1/account/usage: ours, as the page names it without its shape."""

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
    """GET /v1/account. Minutes and segments are of the calendar month."""

    email_hash: str
    balance_usd: float
    default_country: str
    active_numbers: int
    monthly_call_minutes: int
    monthly_sms_segments: int
    created_at: str


class EndpointView(msgspec.Struct, tag_field="object", tag="webhook_endpoint"):
    """A webhook endpoint; `secret` is there only in the answer that creates it."""

    id: str
    url: str
    enabled_events: list[str]
    description: str | None
    created_at: str
    secret: str | UnsetType = UNSET


class EventData(msgspec.Struct):
    """What an event is about."""

    object: Any


class EventView(msgspec.Struct, tag_field="object", tag="event"):
    """What is POSTed to a receiver, page "Event envelope"."""

    id: str
    type: str
    created: str
    data: EventData
    request_id: str
    livemode: bool = True


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """What went wrong; `param` only where there is one."""

    type: str
    code: str
    message: str
    request_id: str
    param: str | None = None


class ErrorEnvelope(msgspec.Struct):
    """Every error, page "Error envelope"."""

    error: ErrorBody

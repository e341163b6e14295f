"""Bodies in and out, as documented. Unknown fields are ignored; what the page leaves open is ours."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from emulator.vendors.phonestack.records import (
    Analysis,
    CampaignStatus,
    Category,
    DateRange,
    Direction,
    Execution,
    FieldType,
    GroupBy,
    Voice,
)

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=5_000)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Words = Annotated[list[Word], msgspec.Meta(max_length=100)]
Values = Annotated[dict[str, Any], msgspec.Meta(max_length=200)]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2_048)]


# -- in ------


class ContactBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/contacts, and each row of a bulk import."""

    phone: str
    first_name: Name | None = None
    last_name: Name | None = None
    email: Name | None = None
    company: Name | None = None
    tags: Words = []
    campaign_id: str | None = None
    custom_fields: Values = {}
    source: Word | None = None


class ContactPatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/contacts/{id}: what is left out stays as it is; custom fields are merged, null takes one away."""

    phone: str | UnsetType = UNSET
    first_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    email: Name | UnsetType | None = UNSET
    company: Name | UnsetType | None = UNSET
    tags: Words | UnsetType = UNSET
    campaign_id: str | UnsetType | None = UNSET
    custom_fields: Values | UnsetType = UNSET


class BulkBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/contacts/bulk. Rows are looked at one by one."""

    contacts: list[msgspec.Raw]
    campaign_id: str | None = None
    tags: Words = []


class AskedBody(msgspec.Struct, kw_only=True):
    """A field to extract that is defined for one call alone."""

    name: Word
    type: FieldType = "string"
    description: Text | None = None
    options: Words = []


class TriggerBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/calls/trigger."""

    profile_id: str
    phone: str
    extract: Annotated[list[Word | AskedBody], msgspec.Meta(max_length=100)] | None = None
    custom_fields: Values = {}


class BatchRow(msgspec.Struct, kw_only=True):
    """One call of a batch."""

    phone: str
    custom_fields: Values = {}


class BatchBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/calls/batches."""

    profile_id: str
    calls: list[msgspec.Raw]
    name: Name | None = None
    extract: Annotated[list[Word | AskedBody], msgspec.Meta(max_length=100)] | None = None


class FieldBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/custom-fields."""

    name: Word
    type: FieldType
    description: Text | None = None
    category: Category = "both"
    required: bool = False
    options: Words | None = None


class FieldPatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/custom-fields/{id}: what is left out stays as it is."""

    name: Word | UnsetType = UNSET
    type: FieldType | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    category: Category | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    options: Words | UnsetType | None = UNSET


class ProfileBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/profiles."""

    name: Name
    persona: Text | None = None
    opener: Text | None = None
    objective: Text | None = None
    guardrails: Annotated[list[Text], msgspec.Meta(max_length=50)] = []
    voice: Voice = "ava"
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "en"
    extract_fields: Words = []


class ProfilePatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/profiles/{id}: what is left out stays as it is."""

    name: Name | UnsetType = UNSET
    persona: Text | UnsetType | None = UNSET
    opener: Text | UnsetType | None = UNSET
    objective: Text | UnsetType | None = UNSET
    guardrails: Annotated[list[Text], msgspec.Meta(max_length=50)] | UnsetType = UNSET
    voice: Voice | UnsetType = UNSET
    language: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] | UnsetType = UNSET
    extract_fields: Words | UnsetType = UNSET


class ExecuteBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/reports/{id}/execute; without a range the report's own holds."""

    date_range: DateRange | None = None


class SubscribeBody(msgspec.Struct, kw_only=True):
    """A webhook to send events to."""

    url: Url
    events: Words = []
    secret: Annotated[str, msgspec.Meta(min_length=8, max_length=200)] | None = None


# -- out ------


class Answered(msgspec.Struct, Generic[T]):
    """Every answer that is no list."""

    success: bool
    data: T


class Meta(msgspec.Struct):
    """What a list says about its pages, page "Pagination"."""

    limit: int
    next_cursor: str | None
    has_more: bool


class Listing(msgspec.Struct, Generic[T]):
    """A page of a list."""

    success: bool
    data: list[T]
    meta: Meta


class Deleted(msgspec.Struct):
    """What is gone."""

    id: str
    deleted: bool = True


class ContactView(msgspec.Struct):
    """A contact."""

    id: str
    first_name: str | None
    last_name: str | None
    phone: str
    email: str | None
    company: str | None
    tags: list[str]
    source: str
    dnc_status: str
    campaign_id: str | None
    custom_fields: dict[str, Any]
    created_at: str
    updated_at: str


class RowProblem(msgspec.Struct):
    """A row of a bulk import that was not taken, counted from 0, and why."""

    index: int
    phone: str | None
    code: str
    message: str


class BulkView(msgspec.Struct):
    """What became of a bulk import, page "Bulk Create"."""

    created: int
    duplicates: int
    invalid: int
    errors: list[RowProblem]


class LineView(msgspec.Struct):
    """Something said."""

    speaker: str
    text: str
    timestamp_seconds: float


class CallView(msgspec.Struct, omit_defaults=True):
    """A call, page "Call Response"; transcript and contact where they were asked for."""

    id: str
    campaign_id: str | None
    contact_id: str | None
    profile_id: str | None
    batch_id: str | None
    status: str
    direction: Direction
    from_number: str
    to_number: str
    transferred_to: str | None
    talk_duration_seconds: int
    cost_cents: int
    cost_breakdown: dict[str, int]
    analysis: Analysis | None
    tool_executions: list[Execution]
    extracted_data: dict[str, Any]
    custom_fields: dict[str, Any]
    has_recording: bool
    created_at: str
    answered_at: str | None
    ended_at: str | None
    transcript: list[LineView] | UnsetType = UNSET
    contact: ContactView | UnsetType | None = UNSET


class TranscriptView(msgspec.Struct):
    """What was said on a call."""

    call_id: str
    transcript: list[LineView]


class RecordingView(msgspec.Struct):
    """Where a recording can be fetched, and until when."""

    call_id: str
    url: str
    expires_at: str


class BatchView(msgspec.Struct):
    """How a batch of calls stands."""

    id: str
    name: str | None
    profile_id: str | None
    status: str
    total: int
    queued: int
    in_progress: int
    ended: int
    skipped: int
    created_at: str
    completed_at: str | None


class BatchResult(msgspec.Struct):
    """What became of one call of a batch."""

    index: int
    phone: str
    status: str
    reason: str | None
    call: CallView | None


class BatchResults(msgspec.Struct):
    """All calls of a batch, in the order in which they were given."""

    batch: BatchView
    results: list[BatchResult]


class Stats(msgspec.Struct):
    """A campaign's figures; all but the first five count calls that have ended."""

    total_contacts: int
    queued: int
    in_progress: int
    calls_made: int
    skipped: int
    completed: int
    voicemail: int
    no_answer: int
    busy: int
    failed: int
    hot_leads: int
    meetings_booked: int
    dnc_requests: int
    talk_seconds: int
    cost_cents: int


class CampaignView(msgspec.Struct, omit_defaults=True):
    """A campaign; stats where one is looked at."""

    id: str
    name: str
    direction: Direction
    status: CampaignStatus
    profile_id: str | None
    calls_per_minute: float
    max_concurrent_calls: int
    always_on: bool
    pause_reason: str | None
    created_at: str
    started_at: str | None
    completed_at: str | None
    stats: Stats | UnsetType = UNSET


class FieldView(msgspec.Struct):
    """A custom field definition."""

    id: str
    name: str
    type: FieldType
    description: str | None
    category: Category
    required: bool
    options: list[str]
    created_at: str
    updated_at: str


class Compiled(msgspec.Struct):
    """What a profile was compiled into."""

    version: int
    prompt: str
    compiled_at: str


class ProfileView(msgspec.Struct):
    """A profile."""

    id: str
    name: str
    status: Literal["active", "archived"]
    persona: str | None
    opener: str | None
    objective: str | None
    guardrails: list[str]
    voice: Voice
    language: str
    extract_fields: list[str]
    compiled: Compiled
    created_at: str
    updated_at: str


class ReportView(msgspec.Struct):
    """A saved report."""

    id: str
    name: str
    description: str | None
    group_by: GroupBy
    date_range: DateRange
    filters: dict[str, str]
    created_at: str
    last_run_at: str | None


class Span(msgspec.Struct):
    """What a report looked at: calls that began from `since` and before `until`."""

    preset: DateRange
    since: str | None
    until: str


class Executed(msgspec.Struct):
    """What a report found. Each row has a value for each column."""

    report_id: str
    name: str
    date_range: Span
    columns: list[str]
    rows: list[dict[str, Any]]
    totals: dict[str, Any]
    generated_at: str


class WebhookView(msgspec.Struct, omit_defaults=True):
    """A webhook; its secret where it is made."""

    id: str
    url: str
    events: list[str]
    status: Literal["active", "disabled"]
    consecutive_failures: int
    created_at: str
    disabled_at: str | None
    secret: str | UnsetType = UNSET


class EventView(msgspec.Struct):
    """A webhook event, page "Webhook Payload Example"."""

    event: str
    timestamp: str
    organization_id: str
    data: Any


class CallEvent(msgspec.Struct, omit_defaults=True):
    """What an event about a call says; analysis and transcript at its end."""

    call_id: str
    campaign_id: str | None
    contact_id: str | None
    profile_id: str | None
    batch_id: str | None
    status: str
    direction: Direction
    from_number: str
    to_number: str
    timestamp: str
    transferred_to: str | UnsetType | None = UNSET
    talk_duration_seconds: int | UnsetType = UNSET
    cost_cents: int | UnsetType = UNSET
    cost_breakdown: dict[str, int] | UnsetType = UNSET
    analysis: Analysis | UnsetType | None = UNSET
    tool_executions: list[Execution] | UnsetType = UNSET
    extracted_data: dict[str, Any] | UnsetType = UNSET
    transcript: list[LineView] | UnsetType = UNSET


class CampaignEvent(msgspec.Struct):
    """What an event about a campaign says."""

    campaign_id: str
    name: str
    direction: Direction
    status: CampaignStatus
    stats: Stats
    reason: str | None


class BillingEvent(msgspec.Struct):
    """What an event about the spending limit says."""

    spending_limit_cents: int
    spent_cents: int
    percent_used: int
    period: str

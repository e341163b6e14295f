"""Bodies in and out, as documented. Unknown fields are ignored; what the page leaves open is ours."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.phonestack.records import (
    Analysis,
    CallStatus,
    CampaignStatus,
    Category,
    DateRange,
    Direction,
    Execution,
    FieldType,
    Grouping,
    Metric,
    ReportFilters,
    Source,
)

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(max_length=200)]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Email = Annotated[str, msgspec.Meta(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
Tags = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]], msgspec.Meta(max_length=100)]
FieldName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[A-Za-z][A-Za-z0-9_]*$")]
FieldNames = Annotated[list[Annotated[str, msgspec.Meta(min_length=1)]], msgspec.Meta(max_length=100)]
Options = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]], msgspec.Meta(min_length=1, max_length=100)
]
Values = dict[str, Any]
Url = Annotated[str, msgspec.Meta(min_length=1, max_length=2_048)]


# -- in ------


class ContactBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/contacts, and each row of a bulk import."""

    phone: str
    first_name: Name | None = None
    last_name: Name | None = None
    email: Email | None = None
    company: Name | None = None
    tags: Tags = []
    campaign_id: str | None = None
    custom_fields: Values = {}


class ContactPatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/contacts/{id}: what is left out stays as it is; custom fields are merged, null takes one away."""

    phone: str | UnsetType = UNSET
    first_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    company: Name | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    campaign_id: str | UnsetType | None = UNSET
    custom_fields: Values | UnsetType = UNSET


class BulkBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/contacts/bulk. Rows are looked at one by one."""

    contacts: list[Any]
    campaign_id: str | None = None
    tags: Tags = []


class TriggerBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/calls/trigger."""

    profile_id: str
    phone: str
    extract: FieldNames | None = None
    custom_fields: Values = {}


class BatchRow(msgspec.Struct, kw_only=True):
    """One call of a batch."""

    phone: str
    custom_fields: Values = {}


class BatchBody(msgspec.Struct, kw_only=True):
    """The MCP tool trigger_batch."""

    profile_id: str
    calls: list[BatchRow]
    extract: FieldNames | None = None


class FieldBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/custom-fields."""

    name: FieldName
    type: FieldType
    description: Note | None = None
    category: Category = "both"
    required: bool = False
    options: Options | None = None


class FieldPatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/custom-fields/{id}: what is left out stays as it is."""

    name: FieldName | UnsetType = UNSET
    type: FieldType | UnsetType = UNSET
    description: Note | UnsetType | None = UNSET
    category: Category | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    options: Options | UnsetType | None = UNSET


class ProfileBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/profiles."""

    name: Title
    persona: Text | None = None
    opener: Text | None = None
    guardrails: Text | None = None
    voice: str | None = None
    extract_fields: FieldNames = []


class ProfilePatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/profiles/{id}: what is left out stays as it is."""

    name: Title | UnsetType = UNSET
    persona: Text | UnsetType | None = UNSET
    opener: Text | UnsetType | None = UNSET
    guardrails: Text | UnsetType | None = UNSET
    voice: str | UnsetType = UNSET
    extract_fields: FieldNames | UnsetType = UNSET


class ExecuteBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/reports/{id}/execute; without a range the report's own holds."""

    date_range: DateRange | None = None


class SubscribeBody(msgspec.Struct, kw_only=True):
    """The MCP tool subscribe_webhook; without events all are meant."""

    url: Url
    events: list[str] | None = None


# -- out ------


class MutableResponse(msgspec.Struct, Generic[T]):
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
    tags: tuple[str, ...]
    campaign_id: str | None
    custom_fields: dict[str, Any]
    source: Source
    dnc_status: Literal["clear", "dnc"]
    created_at: str
    updated_at: str


class RowProblem(msgspec.Struct):
    """A row of a bulk import that was not created, counted from 0, and why."""

    index: int
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
    timestamp_seconds: float | int


class Costs(msgspec.Struct):
    """What a call's cost is made of, in cents."""

    twilio: int
    gemini: int
    claude: int


class CallView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A call, page "Call Response"; transcript and contact where they were asked for."""

    id: str
    campaign_id: str | None
    contact_id: str | None
    profile_id: str | None
    batch_id: str | UnsetType = UNSET
    status: CallStatus
    direction: Direction
    from_number: str
    to_number: str
    transferred_to: str | None
    talk_duration_seconds: int
    cost_cents: int
    cost_breakdown: Costs
    analysis: Analysis | None
    tool_executions: list[Execution]
    custom_fields: dict[str, Any]
    has_recording: bool
    created_at: str
    started_at: str | None
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
    """How far a batch of calls has come."""

    batch_id: str
    profile_id: str | None
    status: Literal["running", "completed"]
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
    """A batch, and its calls in the order in which they were given."""

    batch: BatchView
    results: list[BatchResult]


class Stats(msgspec.Struct):
    """A campaign's figures."""

    contacts: int
    queued: int
    in_progress: int
    calls: int
    completed: int
    voicemail: int
    no_answer: int
    busy: int
    failed: int
    meetings_booked: int
    talk_duration_seconds: int
    cost_cents: int
    dispositions: dict[str, int]


class CampaignView(msgspec.Struct, omit_defaults=True):
    """A campaign; with stats where one is looked at."""

    id: str
    name: str
    direction: Direction
    status: CampaignStatus
    profile_id: str | None
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
    options: list[str] | None
    created_at: str
    updated_at: str


class ProfileView(msgspec.Struct):
    """A profile, and what it was compiled into."""

    id: str
    name: str
    persona: str | None
    opener: str | None
    guardrails: str | None
    voice: str
    extract_fields: tuple[str, ...]
    status: Literal["active", "archived"]
    version: int
    compiled_prompt: str
    compiled_at: str
    created_at: str
    updated_at: str


class ReportView(msgspec.Struct):
    """A saved report."""

    id: str
    name: str
    description: str | None
    metrics: tuple[Metric, ...]
    group_by: Grouping | None
    filters: ReportFilters
    date_range: DateRange
    created_at: str


class ReportResult(msgspec.Struct):
    """What a report found: calls that began from `since` and before `until`. Each row has what `columns` names."""

    report_id: str
    name: str
    date_range: DateRange
    since: str | None
    until: str | None
    columns: list[str]
    rows: list[dict[str, Any]]
    totals: dict[str, int]
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
    """What an event about a call says; length and cost at its end, the rest when it was completed."""

    call_id: str
    campaign_id: str | None
    contact_id: str | None
    direction: Direction
    status: CallStatus
    from_number: str
    to_number: str
    timestamp: str
    talk_duration_seconds: int | UnsetType = UNSET
    cost_cents: int | UnsetType = UNSET
    transferred_to: str | UnsetType | None = UNSET
    cost_breakdown: Costs | UnsetType = UNSET
    analysis: Analysis | UnsetType | None = UNSET
    tool_executions: list[Execution] | UnsetType = UNSET
    transcript: list[LineView] | UnsetType = UNSET


class CampaignEvent(msgspec.Struct):
    """What an event about a campaign says."""

    campaign_id: str
    name: str
    direction: Direction
    status: CampaignStatus
    stats: Stats


class ContactEvent(msgspec.Struct):
    """What an event about a contact says."""

    contact_id: str
    first_name: str | None
    last_name: str | None
    phone: str
    email: str | None
    company: str | None
    tags: tuple[str, ...]
    campaign_id: str | None
    custom_fields: dict[str, Any]
    source: Source
    dnc_status: Literal["clear", "dnc"]


class BillingEvent(msgspec.Struct):
    """What an event about the spending limit says."""

    spending_limit_cents: int
    spent_cents: int
    percent_used: int

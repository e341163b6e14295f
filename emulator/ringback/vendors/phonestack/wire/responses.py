"""Response bodies and webhook events, as documented. What the page leaves open is ours."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.phonestack.records import (
    Analysis,
    CallStatus,
    CampaignStatus,
    Category,
    DateRange,
    Direction,
    FieldType,
    Grouping,
    Metric,
    ReportFilters,
    Source,
    ToolExecution,
)

T = TypeVar("T")


class ErrorBody(msgspec.Struct):
    """An error: its code and what to do."""

    code: str
    message: str


class ErrorEnvelope(msgspec.Struct):
    """Every error, page "Errors"."""

    success: bool
    error: ErrorBody


class Envelope(msgspec.Struct, Generic[T]):
    """Every response that is neither a list nor an error."""

    success: bool
    data: T


class PageMeta(msgspec.Struct):
    """The position of a page in its list, page "Pagination"."""

    limit: int
    next_cursor: str | None
    has_more: bool


class ListEnvelope(msgspec.Struct, Generic[T]):
    """A page of a list."""

    success: bool
    data: list[T]
    meta: PageMeta


class Deleted(msgspec.Struct):
    """The confirmation of a deletion."""

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


class RowError(msgspec.Struct):
    """A row of a bulk import that was not created: its index from 0, and why."""

    index: int
    code: str
    message: str


class BulkResult(msgspec.Struct):
    """The result of a bulk import, page "Bulk Create"."""

    created: int
    duplicates: int
    invalid: int
    errors: list[RowError]


class TurnView(msgspec.Struct):
    """A turn of a transcript."""

    speaker: str
    text: str
    timestamp_seconds: float | int


class Costs(msgspec.Struct):
    """The parts of a call's cost, in cents."""

    twilio: int
    gemini: int
    claude: int


class CallView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A call, page "Call Response"; `transcript` and `contact` where the request includes them."""

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
    tool_executions: list[ToolExecution]
    custom_fields: dict[str, Any]
    has_recording: bool
    created_at: str
    started_at: str | None
    answered_at: str | None
    ended_at: str | None
    transcript: list[TurnView] | UnsetType = UNSET
    contact: ContactView | UnsetType | None = UNSET


class TranscriptView(msgspec.Struct):
    """The transcript of a call."""

    call_id: str
    transcript: list[TurnView]


class RecordingView(msgspec.Struct):
    """A signed link to a recording, and when it expires."""

    call_id: str
    url: str
    expires_at: str


class BatchView(msgspec.Struct):
    """The progress of a batch of calls."""

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
    """The result of one call of a batch."""

    index: int
    phone: str
    status: str
    reason: str | None
    call: CallView | None


class BatchResults(msgspec.Struct):
    """A batch, and its calls in the order of the request."""

    batch: BatchView
    results: list[BatchResult]


class Stats(msgspec.Struct):
    """A campaign's statistics."""

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
    """A campaign; lists leave out `stats`."""

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
    """A profile, and the prompt that it compiles into."""

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
    """A report's result over the calls that began from `since` and before `until`; each row has the `columns`."""

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
    """A webhook; only its creation shows the secret."""

    id: str
    url: str
    events: list[str]
    status: Literal["active", "disabled"]
    consecutive_failures: int
    created_at: str
    disabled_at: str | None
    secret: str | UnsetType = UNSET


class Event(msgspec.Struct):
    """A webhook event, page "Webhook Payload Example"."""

    event: str
    timestamp: str
    organization_id: str
    data: Any


class CallEventData(msgspec.Struct, omit_defaults=True):
    """The data of an event about a call: length and cost once it has ended, the rest once it is completed."""

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
    tool_executions: list[ToolExecution] | UnsetType = UNSET
    transcript: list[TurnView] | UnsetType = UNSET


class CampaignEventData(msgspec.Struct):
    """The data of an event about a campaign."""

    campaign_id: str
    name: str
    direction: Direction
    status: CampaignStatus
    stats: Stats


class ContactEventData(msgspec.Struct):
    """The data of an event about a contact."""

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


class BillingEventData(msgspec.Struct):
    """The data of an event about the spending limit."""

    spending_limit_cents: int
    spent_cents: int
    percent_used: int

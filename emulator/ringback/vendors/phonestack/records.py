"""PhoneStack's records beyond the carrier's, and the settings of an account."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal

import msgspec

from ringback.carrier.call import Call
from ringback.carrier.ledger import AmountError, usd
from ringback.gateway.accounts import AccountSettings
from ringback.gateway.egress import parse
from ringback.store import Record

FieldType = Literal["string", "number", "boolean", "date", "enum"]
Category = Literal["contact", "extraction", "both"]
"""Page "Custom Fields API"."""
Direction = Literal["outbound", "inbound"]
CallStatus = Literal["queued", "ringing", "in_progress", "completed", "voicemail", "no_answer", "busy", "failed"]
CampaignStatus = Literal["draft", "running", "paused", "completed"]
Sentiment = Literal["positive", "neutral", "negative"]
VOICES: dict[str, str] = {
    "warm": "unhurried and friendly, American English",
    "bright": "lively, American English",
    "calm": "low and even, American English",
    "crisp": "brisk and clear, British English",
    "deep": "a low voice, American English",
    "gentle": "soft, British English",
    "neutral": "without accent or colour, American English",
    "sunny": "cheerful, Mexican Spanish and English",
}
"""Ours: the page mentions available voices and names none."""
Source = Literal["api", "bulk", "mcp", "dashboard", "call"]
"""How a contact was created."""
Metric = Literal[
    "calls",
    "completed",
    "voicemail",
    "no_answer",
    "busy",
    "failed",
    "meetings_booked",
    "talk_duration_seconds",
    "cost_cents",
]
METRICS: tuple[Metric, ...] = Metric.__args__  # type: ignore[attr-defined]
Grouping = Literal["day", "campaign_id", "profile_id", "disposition", "sentiment", "status", "direction"]
DateRange = Literal[
    "today",
    "yesterday",
    "last_7_days",
    "last_30_days",
    "this_month",
    "last_month",
    "all_time",
]
"""Page "Execute Report" names last_7_days; the others are ours."""
EventType = Literal[
    "call.completed",
    "call.started",
    "call.failed",
    "call.voicemail",
    "campaign.started",
    "campaign.paused",
    "campaign.completed",
    "contact.created",
    "contact.dnc_requested",
    "billing.limit_warning",
    "billing.limit_reached",
]
EVENTS: tuple[EventType, ...] = EventType.__args__  # type: ignore[attr-defined]
"""Page "Events"."""
E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MAX_SECRET = 200
CALLS_PER_MINUTE = 60.0
MAX_CONCURRENT_CALLS = 10
"""Of a campaign without its own settings, and of every batch. Ours."""


class ContactSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A contact in a campaign's queue."""

    phone: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    company: str | None = None
    tags: list[str] = []
    custom_fields: dict[str, Any] = {}

    def __post_init__(self) -> None:
        if not E164.fullmatch(self.phone):
            raise ValueError("phone must be a number in E.164, such as +12145551234")


class CampaignSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A campaign as made in the dashboard.

    It dials `calls_per_minute`, with at most `max_concurrent_calls` at a time; one that is `always_on` goes on running
    when its queue is empty. `profile` is a profile's name or id. Its queue is `contacts`, followed by `people`
    generated ones.
    """

    name: str
    direction: Direction = "outbound"
    status: Literal["draft", "running"] = "draft"
    profile: str | None = None
    calls_per_minute: float = CALLS_PER_MINUTE
    max_concurrent_calls: int = MAX_CONCURRENT_CALLS
    always_on: bool = False
    contacts: list[ContactSetting] = []
    people: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name must have at least one character")
        if not 0 < self.calls_per_minute <= 60_000:
            raise ValueError("calls_per_minute must be more than 0 and at most 60000")
        if not 1 <= self.max_concurrent_calls <= 10_000:
            raise ValueError("max_concurrent_calls must be from 1 to 10000")
        if not 0 <= self.people <= 20_000:
            raise ValueError("people must be from 0 to 20000")
        if self.direction == "inbound" and (self.contacts or self.people):
            raise ValueError("an inbound campaign places no calls: leave out contacts and people")


class ReportFilters(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The calls that a report counts; a filter that is left out matches all."""

    campaign_id: str | None = None
    contact_id: str | None = None
    profile_id: str | None = None
    disposition: str | None = None
    status: CallStatus | None = None
    direction: Direction | None = None
    min_duration: int | None = None
    has_meeting: bool | None = None


class ReportSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A report as saved in the dashboard. `filters` are those of the list of calls; `campaign` is a campaign's name."""

    name: str
    description: str | None = None
    metrics: list[Metric] = msgspec.field(default_factory=lambda: list(METRICS))
    group_by: Grouping | None = "disposition"
    date_range: DateRange = "last_30_days"
    filters: ReportFilters = msgspec.field(default_factory=lambda: ReportFilters())
    campaign: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name must have at least one character")
        if not self.metrics or len(set(self.metrics)) != len(self.metrics):
            raise ValueError("metrics must have at least one figure, and each only once")


class WebhookSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The webhook as set in the dashboard. Without `events` it receives all of them."""

    url: str
    events: list[EventType] = []
    secret: str | None = None

    def __post_init__(self) -> None:
        parse(self.url)
        if self.secret is not None and not 1 <= len(self.secret) <= MAX_SECRET:
            raise ValueError(f"secret must have from 1 to {MAX_SECRET} characters")


class PhoneStackSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """An account's settings: `spending_limit` in dollars a calendar month, and what is made in the dashboard.

    Campaigns and reports are created unless one of the same name exists. Setting the webhook enables it again.
    """

    spending_limit: str | float | None = None
    webhook: WebhookSetting | None = None
    campaigns: list[CampaignSetting] = []
    reports: list[ReportSetting] = []

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spending_limit is not None and self.limit() <= 0:
            raise ValueError("spending_limit must be more than 0, or null for none")
        for name in ("campaigns", "reports"):
            names = [setting.name for setting in getattr(self, name)]
            repeated = next((each for each in names if names.count(each) > 1), None)
            if repeated is not None:
                raise ValueError(f"{name} has {repeated!r} twice")

    def limit(self) -> int:
        """Return the spending limit in millionths of a dollar, 0 for none."""
        if self.spending_limit is None:
            return 0
        try:
            return usd(str(Decimal(str(self.spending_limit))))
        except (AmountError, ArithmeticError):
            raise ValueError('spending_limit must be dollars such as "25.00"') from None


class Contact(Record, kw_only=True):
    """A person to call. Instants are in microseconds; `phone` is E.164."""

    phone: str
    first_name: str | None
    last_name: str | None
    email: str | None
    company: str | None
    tags: tuple[str, ...]
    source: Source
    campaign: str | None
    custom_fields: dict[str, Any]
    created_at: int
    updated_at: int
    dnc_at: int | None = None


class Field(Record, kw_only=True):
    """A custom field definition."""

    name: str
    type: FieldType
    description: str | None
    category: Category
    required: bool
    options: tuple[str, ...]
    created_at: int
    updated_at: int


class Profile(Record, kw_only=True):
    """An AI agent's persona. Each change compiles it into a prompt."""

    name: str
    persona: str | None
    opener: str | None
    guardrails: str | None
    voice: str
    extract_fields: tuple[str, ...]
    created_at: int
    updated_at: int
    version: int = 1
    prompt: str = ""
    compiled_at: int = 0
    archived_at: int | None = None


class CallCounts(msgspec.Struct, kw_only=True):
    """Counts over calls: campaigns count calls as they end, reports when they are executed."""

    calls: int = 0
    completed: int = 0
    voicemail: int = 0
    no_answer: int = 0
    busy: int = 0
    failed: int = 0
    meetings_booked: int = 0
    talk_duration_seconds: int = 0
    cost_cents: int = 0

    def add(self, call: Call, detail: CallDetail) -> None:
        """Count a call. One that has not ended adds to `calls` only."""
        self.calls += 1
        status = detail.status
        if status is None:
            return
        setattr(self, status, getattr(self, status) + 1)
        self.talk_duration_seconds += call.duration
        self.cost_cents += detail.cost
        if detail.analysis is not None and detail.analysis.meeting_booked:
            self.meetings_booked += 1


class DialQueue(Record, kw_only=True):
    """People who are dialed one after the other, at a pace and with a limit of concurrent calls.

    `profile` is the id of a profile, or a name until a profile has it. `dialed` counts all calls, `active_calls` those
    that have not ended, `skipped` the contacts that were not dialed, as they are on the Do Not Call list.
    """

    profile: str | None
    calls_per_minute: float
    max_concurrent_calls: int
    created_at: int
    active_calls: int = 0
    dialed: int = 0
    skipped: int = 0
    last_dial_at: int | None = None
    timer: int | None = None
    started_at: int | None = None
    completed_at: int | None = None


class Campaign(DialQueue, kw_only=True):
    """A campaign. `ended` counts its calls that have ended, `dispositions` their results."""

    name: str
    direction: Direction
    always_on: bool
    status: CampaignStatus = "draft"
    ended: CallCounts = msgspec.field(default_factory=CallCounts)
    dispositions: dict[str, int] = {}


class Batch(DialQueue, kw_only=True):
    """Calls that were triggered together."""

    size: int
    status: Literal["running", "completed"] = "running"


class QueueEntry(Record, kw_only=True):
    """A person in a queue. `urgent` ones are dialed first; `reason` says why one was not dialed."""

    queue: str
    phone: str
    contact: str | None
    urgent: bool = False
    state: Literal["queued", "dialed", "skipped", "withdrawn"] = "queued"
    custom_fields: dict[str, Any] = {}
    extract: tuple[str, ...] | None = None
    call: str | None = None
    reason: str | None = None


class Analysis(msgspec.Struct, kw_only=True):
    """The analysis of a call, page "Call Response"; a field of `extracted_fields` that was not mentioned is null."""

    disposition: str
    sentiment: Sentiment
    summary: str
    meeting_booked: bool
    ai_confidence_score: int
    extracted_fields: dict[str, Any]


class ToolExecution(msgspec.Struct):
    """A tool that the agent used."""

    tool: str
    status: Literal["success", "error"]


class CallResult(msgspec.Struct, kw_only=True):
    """The result of a call. It is decided when the call begins and shown when it has ended."""

    analysis: Analysis | None
    tools: list[ToolExecution] = []
    transferred_to: str | None = None
    voicemail: bool = False


class CallDetail(Record, kw_only=True):
    """The vendor's part of a call; the carrier's part has the same id. `status` is None until the call has ended.

    `twilio`, `gemini` and `claude` are the parts of its cost in cents.
    """

    campaign: str | None
    contact: str | None
    profile: str | None
    batch: str | None
    result: CallResult
    custom_fields: dict[str, Any] = {}
    status: CallStatus | None = None
    twilio: int = 0
    gemini: int = 0
    claude: int = 0

    @property
    def cost(self) -> int:
        """Return the cost in cents."""
        return self.twilio + self.gemini + self.claude

    @property
    def analysis(self) -> Analysis | None:
        """Return the analysis once the call has ended."""
        return self.result.analysis if self.status is not None else None


class Report(Record, kw_only=True):
    """A saved report."""

    name: str
    description: str | None
    metrics: tuple[Metric, ...]
    group_by: Grouping | None
    filters: ReportFilters
    date_range: DateRange
    created_at: int


class OrganizationNumber(Record, kw_only=True):
    """An organization's own phone number; its id is the account's."""

    number: str


class Webhook(Record, kw_only=True):
    """A receiver of events. `failures` counts consecutive failed deliveries."""

    url: str
    events: tuple[EventType, ...]
    secret: str
    created_at: int
    dashboard: bool = False
    failures: int = 0
    disabled_at: int | None = None


class Spending(Record, kw_only=True):
    """An organization's spending in one calendar month, in millionths of a dollar, and the events sent about it."""

    spent: int = 0
    warned: bool = False
    reached: bool = False

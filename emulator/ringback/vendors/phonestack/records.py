"""What PhoneStack remembers beyond what the carrier does."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal

import msgspec

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
Scope = Literal["full", "read_only", "write_only"]
Kind = Literal["live", "test"]
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
"""Ours: the page speaks of available voices without naming one."""
Source = Literal["api", "bulk", "mcp", "dashboard", "call"]
"""How a contact came."""
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
PACE = 60.0
LINES = 10


class PersonSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
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
            raise ValueError("phone is a number in E.164, such as +12145551234")


class CampaignSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A campaign that somebody made in the dashboard.

    It dials `calls_per_minute`, with `max_concurrent_calls` under way at most; one that is `always_on` waits for more
    when its queue is empty. `profile` is a profile's name or id. `contacts` are its queue, and `people` how many
    made-up contacts follow them.
    """

    name: str
    direction: Direction = "outbound"
    status: Literal["draft", "running"] = "draft"
    profile: str | None = None
    calls_per_minute: float = PACE
    max_concurrent_calls: int = LINES
    always_on: bool = False
    contacts: list[PersonSetting] = []
    people: int = 0

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name has at least one character")
        if not 0 < self.calls_per_minute <= 60_000:
            raise ValueError("calls_per_minute is more than 0 and at most 60000")
        if not 1 <= self.max_concurrent_calls <= 10_000:
            raise ValueError("max_concurrent_calls is from 1 to 10000")
        if not 0 <= self.people <= 20_000:
            raise ValueError("people is from 0 to 20000")
        if self.direction == "inbound" and (self.contacts or self.people):
            raise ValueError("an inbound campaign calls nobody: it has no contacts and no people")


class ReportFilters(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which calls a report looks at; what is left out is any."""

    campaign_id: str | None = None
    contact_id: str | None = None
    profile_id: str | None = None
    disposition: str | None = None
    status: CallStatus | None = None
    direction: Direction | None = None
    min_duration: int | None = None
    has_meeting: bool | None = None


class ReportSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A report that somebody saved in the dashboard. It looks at the calls that `filters` let through, which are
    filters of the list of calls; `campaign` names one by its name."""

    name: str
    description: str | None = None
    metrics: list[Metric] = msgspec.field(default_factory=lambda: list(METRICS))
    group_by: Grouping | None = "disposition"
    date_range: DateRange = "last_30_days"
    filters: ReportFilters = msgspec.field(default_factory=lambda: ReportFilters())
    campaign: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("name has at least one character")
        if not self.metrics or len(set(self.metrics)) != len(self.metrics):
            raise ValueError("metrics names at least one figure, and each once")


class WebhookSetting(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The webhook that somebody set in the dashboard; all events unless `events` names some."""

    url: str
    events: list[EventType] = []
    secret: str | None = None

    def __post_init__(self) -> None:
        parse(self.url)
        if self.secret is not None and not 1 <= len(self.secret) <= MAX_SECRET:
            raise ValueError(f"secret has from 1 to {MAX_SECRET} characters")


class PhoneStackSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """`spending_limit` is dollars a calendar month. `webhook`, `campaigns` and `reports` are the dashboard's part:
    those are made that are not there yet by name, and setting the webhook enables it again."""

    spending_limit: str | float | None = None
    webhook: WebhookSetting | None = None
    campaigns: list[CampaignSetting] = []
    reports: list[ReportSetting] = []

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spending_limit is not None and self.limit() <= 0:
            raise ValueError("spending_limit is more than 0; null lifts it")
        for name in ("campaigns", "reports"):
            names = [made.name for made in getattr(self, name)]
            twice = next((found for found in names if names.count(found) > 1), None)
            if twice is not None:
                raise ValueError(f"{name} names {twice!r} twice")

    def limit(self) -> int:
        """The spending limit in millionths of a dollar; 0 for none."""
        if self.spending_limit is None:
            return 0
        try:
            return usd(str(Decimal(str(self.spending_limit))))
        except (AmountError, ArithmeticError):
            raise ValueError('spending_limit is dollars such as "25.00"') from None


class Contact(Record, kw_only=True):
    """Somebody to call. Instants are microseconds; `phone` is E.164."""

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
    """An AI agent's persona, compiled into a prompt anew at each change."""

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


class Tally(msgspec.Struct, kw_only=True):
    """Counts over calls, the same wherever calls are counted."""

    calls: int = 0
    completed: int = 0
    voicemail: int = 0
    no_answer: int = 0
    busy: int = 0
    failed: int = 0
    meetings_booked: int = 0
    talk_duration_seconds: int = 0
    cost_cents: int = 0


class Run(Record, kw_only=True):
    """Something that dials a queue: at a pace, on so many lines, with so many calls under way. `profile` is a
    profile's id or, while there is none of that name, its name."""

    profile: str | None
    calls_per_minute: float
    lines: int
    created_at: int
    under_way: int = 0
    dialled: int = 0
    skipped: int = 0
    """Contacts in the queue that were not dialled, as they are not to be called or are gone."""
    last_dial_at: int | None = None
    timer: int | None = None
    started_at: int | None = None
    completed_at: int | None = None


class Campaign(Run, kw_only=True):
    """A campaign. `ended` counts its calls that have ended, `dispositions` what they came to."""

    name: str
    direction: Direction
    always_on: bool
    status: CampaignStatus = "draft"
    ended: Tally = msgspec.field(default_factory=Tally)
    dispositions: dict[str, int] = {}


class Batch(Run, kw_only=True):
    """Calls that were triggered together."""

    size: int
    status: Literal["running", "completed"] = "running"


class Entry(Record, kw_only=True):
    """A place in a run's queue. `urgent` ones go first."""

    run: str
    phone: str
    contact: str | None
    urgent: bool = False
    state: Literal["queued", "dialled", "skipped", "withdrawn"] = "queued"
    custom_fields: dict[str, Any] = {}
    extract: tuple[str, ...] | None = None
    call: str | None = None
    reason: str | None = None


class Analysis(msgspec.Struct, kw_only=True):
    """What came of a call, page "Call Response"; `extracted_fields` by name, null where it was not said."""

    disposition: str
    sentiment: Sentiment
    summary: str
    meeting_booked: bool
    ai_confidence_score: int
    extracted_fields: dict[str, Any]


class Execution(msgspec.Struct):
    """A tool that the agent used."""

    tool: str
    status: Literal["success", "error"]


class Outcome(msgspec.Struct, kw_only=True):
    """What a call turns into, known from its first moment and shown at its end."""

    analysis: Analysis | None
    tools: list[Execution] = []
    transferred_to: str | None = None
    voicemail: bool = False


class CallDetail(Record, kw_only=True):
    """What there is to a call, of the same id, beyond the carrier's part. `status` is how it ended, None before."""

    campaign: str | None
    contact: str | None
    profile: str | None
    batch: str | None
    outcome: Outcome
    custom_fields: dict[str, Any] = {}
    status: CallStatus | None = None
    twilio: int = 0
    gemini: int = 0
    claude: int = 0

    @property
    def cost(self) -> int:
        """Cents."""
        return self.twilio + self.gemini + self.claude


class Report(Record, kw_only=True):
    """A saved report."""

    name: str
    description: str | None
    metrics: tuple[Metric, ...]
    group_by: Grouping | None
    filters: ReportFilters
    date_range: DateRange
    created_at: int


class Desk(Record, kw_only=True):
    """An organization's own number, under the account's id."""

    number: str


class Webhook(Record, kw_only=True):
    """A receiver of events. `failures` counts failed deliveries in a row."""

    url: str
    events: tuple[str, ...]
    secret: str
    created_at: int
    dashboard: bool = False
    failures: int = 0
    disabled_at: int | None = None


class Spending(Record, kw_only=True):
    """What an organization has spent in one calendar month, in millionths of a dollar, and what it was told."""

    spent: int = 0
    warned: bool = False
    reached: bool = False

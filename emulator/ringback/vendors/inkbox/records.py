"""What Inkbox remembers beyond what the carrier does. Instants are microseconds."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ringback.gateway.accounts import AccountSettings
from ringback.store import Record

Direction = Literal["inbound", "outbound"]
NumberType = Literal["local", "toll_free"]
FilterMode = Literal["blacklist", "whitelist"]
IncomingAction = Literal["auto_accept", "auto_reject", "webhook", "hosted_agent", "forward"]
TargetType = Literal["phone", "sip"]
SmsStatus = Literal["pending", "ready", "assignment_failed"]
RuleAction = Literal["allow", "block"]
RuleDirection = Literal["inbound", "outbound", "both"]
RuleStatus = Literal["active", "paused"]
Origin = Literal["dedicated_number", "shared_imessage_number", "dedicated_imessage_number"]
Mode = Literal["client_websocket", "hosted_agent"]
Authority = Literal["contact_scoped", "yolo"]
OnVoicemail = Literal["leave_message", "hang_up", "ignore"]
VoicemailDetection = Literal["enabled", "disabled"]
OwnerKind = Literal["phone_number", "agent_identity"]

CALLS_A_DAY = 100
MINUTES_A_DAY = 100
"""Outbound calls and minutes in any 24 hours (the vendor's documentation)."""
NUMBERS = 3
"""Active numbers of an organization (the vendor's documentation)."""


class InkboxSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """`sms_warmup` makes a new number wait a quarter of an hour before it texts, `require_opt_in` makes receivers send
    START first. `texts_per_day`, `calls_per_day`, `call_minutes_per_day` and `number_limit` are limits; null lifts
    one. `agent_patience` is how many real seconds a caller waits for an agent that is spoken to."""

    sms_warmup: bool = False
    require_opt_in: bool = False
    texts_per_day: int | None = None
    agent_patience: float = 3.0
    calls_per_day: int | None = CALLS_A_DAY
    call_minutes_per_day: int | None = MINUTES_A_DAY
    number_limit: int | None = NUMBERS

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("texts_per_day", "calls_per_day", "call_minutes_per_day", "number_limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} is at least 1; null lifts it")
        if not 0 <= self.agent_patience <= 60:
            raise ValueError("agent_patience is from 0 to 60 seconds")


class Organization(Record, kw_only=True):
    """An account's own signing key; the id is the account's."""

    signing_key: str | None = None
    signed_at: int = 0
    signed_serial: int = 0


class Handling(msgspec.Struct, kw_only=True):
    """How calls are taken. It is one thing, seen on the identity and on its number."""

    action: IncomingAction = "auto_reject"
    websocket_url: str | None = None
    webhook_url: str | None = None
    target_type: TargetType | None = None
    target_number: str | None = None
    target_sip: str | None = None


class Identity(Record, kw_only=True):
    """An agent. `signed_serial` orders its signing key among those of the organization."""

    handle: str
    created_at: int
    updated_at: int
    display_name: str | None = None
    description: str | None = None
    imessage_enabled: bool = False
    contact_sharing_enabled: bool = True
    mail_filter: FilterMode = "blacklist"
    inbound_filter: FilterMode = "blacklist"
    outbound_filter: FilterMode = "blacklist"
    handling: Handling = msgspec.field(default_factory=Handling)
    number: str | None = None
    signing_key: str | None = None
    signed_at: int = 0
    signed_serial: int = 0
    voice: str | None = None
    instructions: str | None = None
    authority: Authority = "contact_scoped"
    deleted: bool = False


class Access(Record, kw_only=True):
    """A grant: `viewer` sees `target`; None is everyone of the organization."""

    target: str
    viewer: str | None
    created_at: int


class Number(Record, kw_only=True):
    """A number of an identity."""

    number: str
    type: NumberType
    state: str | None
    identity: str
    created_at: int
    updated_at: int
    sms_status: SmsStatus
    sms_ready_at: int | None
    released: bool = False


class Text(Record, kw_only=True):
    """A text. `legs` are the carrier's messages, one for each recipient; one that came in has the text's own id."""

    line: str
    number: str
    direction: Direction
    peers: tuple[str, ...]
    body: str | None
    media: tuple[str, ...]
    conversation: str
    created_at: int
    updated_at: int
    legs: tuple[str, ...] = ()
    read: bool = False
    blocked: bool = False
    deleted: bool = False


class Conversation(Record, kw_only=True):
    """Who a number writes with: one other, or a group."""

    line: str
    participants: tuple[str, ...]
    created_at: int

    @property
    def is_group(self) -> bool:
        """Whether there are several others."""
        return len(self.participants) > 1


class Thread(Record, kw_only=True):
    """A conversation as one kind of reader sees it: all of its texts, those that are not blocked, or those that are.
    It is put in afresh with each text, so that the order is that of the latest."""

    conversation: str
    line: str
    kind: Literal["any", "clear", "blocked"]
    is_group: bool
    total: int
    unread: int
    latest: str


class OptIn(Record, kw_only=True):
    """Whether a receiver agrees to texts from this organization."""

    receiver: str
    opted_in: bool
    source: Literal["sms", "api"]
    changed_at: int
    created_at: int


class Rule(Record, kw_only=True):
    """Who may reach an identity, or be reached by it."""

    identity: str
    action: RuleAction
    target: str
    direction: RuleDirection
    created_at: int
    updated_at: int
    status: RuleStatus = "active"


class Subscription(Record, kw_only=True):
    """A receiver of events. `owner` is the number or the identity that it was made for."""

    owner_kind: OwnerKind
    owner: str
    identity: str
    url: str
    events: tuple[str, ...]
    created_at: int
    updated_at: int
    context: dict[str, Any] | None = None
    auth_token: str | None = None
    deleted: bool = False


class Sent(Record, kw_only=True):
    """An entry of the delivery log. `delivery` is the outbox's; an incoming call's question has none and brings its own
    outcome."""

    event_id: str
    event: str
    url: str
    created_at: int
    subscription: str | None = None
    line: str | None = None
    delivery: str | None = None
    replay: bool = False
    payload: str = ""
    status: int | None = None
    response: str | None = None
    error: str | None = None
    duration_ms: int | None = None


class SendKey(Record, kw_only=True):
    """Which text a request's key made; the id is account, sender and key."""

    text: str


class Passage(msgspec.Struct, kw_only=True):
    """One attempt to pass a call on."""

    id: str
    target_type: TargetType
    target: str
    requested_at: int
    dialing_at: int | None = None
    connected_at: int | None = None
    ended_at: int | None = None
    status: Literal["requested", "dialing", "forwarded", "failed"] = "requested"
    failure_code: str | None = None


class ToolUse(msgspec.Struct, kw_only=True):
    """A tool that the hosted agent uses; `begins` and `ends` are microseconds after the answer."""

    id: str
    tool_name: str
    begins: int
    ends: int
    status: Literal["succeeded", "failed"]
    result: dict[str, Any] | None


class ActionItem(msgspec.Struct):
    """Something that the hosted agent leaves to be done."""

    id: str
    seq: int
    action: str
    details: str | None
    status: Literal["open"] = "open"


class CallDetail(Record, kw_only=True):
    """What there is to a call, of the same id, beyond the carrier's part. It is `broken` where the agent's socket could
    not be reached, `scripted` where no agent plays its side, and taken by a `machine` that is not talked to; `said`
    counts the transcript's rows; `undecided` is the timer of one that waits for its webhook."""

    identity: str
    line: str
    peer: str
    mode: Mode = "client_websocket"
    websocket_url: str | None = None
    tts: bool | None = None
    stt: bool | None = None
    blocked: bool = False
    over: bool = False
    scripted: bool = False
    machine: bool = False
    broken: bool = False
    hangup: str | None = None
    reason: str | None = None
    authority: Authority = "contact_scoped"
    on_voicemail: OnVoicemail = "hang_up"
    voicemail_message: str | None = None
    updated_at: int = 0
    said: int = 0
    undecided: int | None = None
    passages: list[Passage] = []
    tools: list[ToolUse] = []
    items: list[ActionItem] = []


class Utterance(Record, kw_only=True):
    """One thing said in a call; `at` is when, `offset` milliseconds since the answer."""

    call: str
    line: str
    number: str
    place: int
    party: Literal["local", "remote"]
    text: str
    offset: int
    at: int

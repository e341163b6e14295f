"""Inkbox's records, beyond the carrier's. Instants are microseconds; `number_id` is the id of a number, `number` and
`remote_number` are E.164."""

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
Party = Literal["local", "remote"]
TextKind = Literal["any", "clear", "blocked"]
"""Texts, or calls, of any kind; those that are not blocked; or those that are."""

CALLS_A_DAY = 100
MINUTES_A_DAY = 100
"""Outbound calls and minutes in any 24 hours (the vendor's documentation)."""
NUMBERS = 3
"""Active numbers of an organization (the vendor's documentation)."""


class InkboxSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """An account's settings.

    With `sms_warmup` a new number cannot text for 15 minutes; with `require_opt_in` receivers must send START first.
    `texts_per_day`, `calls_per_day`, `call_minutes_per_day` and `number_limit` are limits, null for none.
    `agent_patience` is how many real seconds a caller waits for the agent's response.
    """

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
                raise ValueError(f"{name} is at least 1; null removes the limit")
        if not 0 <= self.agent_patience <= 60:
            raise ValueError("agent_patience is from 0 to 60 seconds")


class Organization(Record, kw_only=True):
    """An account's signing key; the id is the account's."""

    signing_key: str | None = None
    signed_at: int = 0
    signed_serial: int = 0


class CallHandling(msgspec.Struct, kw_only=True):
    """How an identity handles incoming calls; its number shows the same."""

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
    handling: CallHandling = msgspec.field(default_factory=CallHandling)
    number_id: str | None = None
    signing_key: str | None = None
    signed_at: int = 0
    signed_serial: int = 0
    voice: str | None = None
    instructions: str | None = None
    authority: Authority = "contact_scoped"
    deleted: bool = False


class AccessGrant(Record, kw_only=True):
    """A grant by which `viewer` sees `target`; None stands for every identity of the organization."""

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
    """A text. `legs` are ids of the carrier's messages, one for each recipient; that of an inbound text is its own."""

    number_id: str
    number: str
    direction: Direction
    remote_numbers: tuple[str, ...]
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
    """The texts of a number with one participant or a group."""

    number_id: str
    participants: tuple[str, ...]
    created_at: int

    @property
    def is_group(self) -> bool:
        """Return whether there are several participants."""
        return len(self.participants) > 1


class Summary(Record, kw_only=True):
    """A conversation's totals over one kind of text: any, not blocked, or blocked.

    Each text removes and adds it again, so summaries are ordered by their latest text.
    """

    conversation: str
    number_id: str
    kind: TextKind
    is_group: bool
    total: int
    unread: int
    latest: str


class OptIn(Record, kw_only=True):
    """A receiver's consent to texts from this organization."""

    receiver: str
    opted_in: bool
    source: Literal["sms", "api"]
    changed_at: int
    created_at: int


class ContactRule(Record, kw_only=True):
    """A rule on one number: whether it may reach an identity, or be reached by it."""

    identity: str
    action: RuleAction
    target: str
    direction: RuleDirection
    created_at: int
    updated_at: int
    status: RuleStatus = "active"


class Subscription(Record, kw_only=True):
    """A webhook subscription. `owner` is the id of the number or identity that it was created for."""

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


class LoggedDelivery(Record, kw_only=True):
    """An entry of the delivery log.

    `delivery` is the outbox's id; the request about an incoming call has none, and its result is in this record.
    """

    event_id: str
    event: str
    url: str
    created_at: int
    subscription: str | None = None
    number_id: str | None = None
    delivery: str | None = None
    replay: bool = False
    payload: str = ""
    status: int | None = None
    response: str | None = None
    error: str | None = None
    duration_ms: int | None = None


class SendKey(Record, kw_only=True):
    """The text that was sent with an Idempotency-Key; the id is account, sender and key."""

    text: str


class Forward(msgspec.Struct, kw_only=True):
    """One attempt to forward a call."""

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
    """A tool invocation of a hosted agent; `begins` and `ends` are microseconds after the call was answered."""

    id: str
    tool_name: str
    begins: int
    ends: int
    status: Literal["succeeded", "failed"]
    result: dict[str, Any] | None


class ActionItem(msgspec.Struct):
    """A task that a hosted agent leaves open after a call."""

    id: str
    seq: int
    action: str
    details: str | None
    status: Literal["open"] = "open"


class CallDetail(Record, kw_only=True):
    """Inkbox's part of a call; the carrier's has the same id.

    It is `ended` once its end was handled, `unreachable` if the agent's WebSocket did not open, `scripted` if the
    script plays the agent's side, `machine` if a voicemail answered and ends it. `utterances` counts the rows of its
    transcript; `decision_timer` is set while it waits for its webhook.
    """

    identity: str
    number_id: str
    remote_number: str
    mode: Mode = "client_websocket"
    websocket_url: str | None = None
    tts: bool | None = None
    stt: bool | None = None
    blocked: bool = False
    ended: bool = False
    scripted: bool = False
    machine: bool = False
    unreachable: bool = False
    hangup_reason: str | None = None
    reason: str | None = None
    authority: Authority = "contact_scoped"
    on_voicemail: OnVoicemail = "hang_up"
    voicemail_message: str | None = None
    updated_at: int = 0
    utterances: int = 0
    decision_timer: int | None = None
    forwards: list[Forward] = []
    tools: list[ToolUse] = []
    action_items: list[ActionItem] = []


class Utterance(Record, kw_only=True):
    """One utterance of a call; `ts_ms` is milliseconds since the call was answered."""

    call: str
    number_id: str
    number: str
    index: int
    party: Party
    text: str
    ts_ms: int
    at: int

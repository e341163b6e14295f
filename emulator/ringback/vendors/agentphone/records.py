"""The records that AgentPhone keeps beside the carrier's. Instants are microseconds on the account's clock.

Everything belongs to a project: the account itself, whose project has its id, or one of its sub-accounts.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from ringback.gateway.accounts import AccountSettings
from ringback.store import Record

VoiceMode = Literal["webhook", "hosted"]
ModelTier = Literal["turbo", "balanced", "max"]
SttMode = Literal["fast", "accurate"]
AmbientSound = Literal["none", "office", "coffee-shop", "outdoor"]
DenoisingMode = Literal["noise-cancellation", "noise-and-background-speech-cancellation"]
LineType = Literal["sms", "imessage"]
Channel = Literal["sms", "mms", "imessage"]

MIN_SMS_RATE, MAX_SMS_RATE = 0.001, 10_000.0
"""SMS a second that an account may be set to. A campaign's class allows from 2.25 to 225 (the vendor's
documentation)."""


class AgentPhoneSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """An account's settings.

    `sms_registration` is the state of its SMS campaign with the US carriers, `sms_per_second` how many of its SMS they
    accept (faster ones wait; null is no limit), `recording` whether it has the recording add-on.
    """

    sms_registration: Literal["registered", "none"] = "registered"
    sms_per_second: float | None = None
    recording: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sms_per_second is not None and not MIN_SMS_RATE <= self.sms_per_second <= MAX_SMS_RATE:
            raise ValueError(f"sms_per_second is from {MIN_SMS_RATE:g} to {MAX_SMS_RATE:g}; null lifts it")


class ProjectRecord(Record, kw_only=True):
    """A record that belongs to a project of an account."""

    project: str


class SubAccount(Record, kw_only=True):
    """A part of an account; a request names it in a header."""

    name: str
    created_at: int


class ContactCard(msgspec.Struct, kw_only=True):
    """The contact card of a number."""

    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None


class Number(ProjectRecord, kw_only=True):
    """A number.

    `months` have been paid since it was bought; the timers `renewal` and `expiry` charge the next month and release it.
    `attached` orders the numbers of an agent by the time of attachment. `new_contacts` counts the people to whom it
    wrote first on `day` (days since 1970).
    """

    phone_number: str
    country: str
    type: LineType
    created_at: int
    months: int = 1
    status: Literal["active", "released"] = "active"
    agent: str | None = None
    attached: int = 0
    external_id: str | None = None
    expires_at: int | None = None
    card: ContactCard | None = None
    renewal: int | None = None
    expiry: int | None = None
    messages: int = 0
    calls: int = 0
    day: int = 0
    new_contacts: int = 0


class Tool(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A function that a hosted agent can call."""

    name: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    description: Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]
    url: Annotated[str, msgspec.Meta(pattern="^https://", max_length=2_048)]
    method: Literal["GET", "POST"] | None = None
    headers: dict[str, str | None] | None = None
    parameters: dict[str, Any] | None = None
    timeout_ms: Annotated[int, msgspec.Meta(ge=1_000, le=120_000)] | None = None
    speak_during_execution: bool | None = None
    execution_message: str | None = None


class Agent(ProjectRecord, kw_only=True):
    """An agent. A deleted one is kept, because usage reports name it."""

    name: str
    created_at: int
    description: str | None = None
    voice_mode: VoiceMode = "webhook"
    enable_messaging: bool = True
    model_tier: ModelTier = "balanced"
    system_prompt: str | None = None
    begin_message: str | None = None
    voice: str = ""
    transfer_number: str | None = None
    voicemail_message: str | None = None
    call_screening_identity: str | None = None
    call_screening_purpose: str | None = None
    stt_mode: SttMode = "fast"
    ambient_sound: AmbientSound = "none"
    denoising_mode: DenoisingMode = "noise-cancellation"
    max_silence_ms: int = 600_000
    voice_speed: float = 1.0
    interruption_sensitivity: float = 0.8
    enable_backchannel: bool = True
    language: str = "en-US"
    custom_tools: list[Tool] | None = None
    deleted: bool = False


class CallDetail(ProjectRecord, kw_only=True):
    """What a call has beyond the carrier's record of the same id.

    `agent` becomes None when the agent is deleted, `original_agent` stays. `voice_mode` is the price class,
    `interactive` whether a webhook says what the agent says, `answering_machine` whether a machine picks up. `cost` is
    in micro-dollars, `seconds` is the duration that it charges.
    """

    at: int
    direction: Literal["inbound", "outbound", "web"]
    agent: str | None
    original_agent: str | None
    agent_name: str | None
    number: str | None
    voice_mode: VoiceMode
    interactive: bool
    greeting: str | None = None
    answering_machine: bool = False
    voicemail_message: str | None = None
    transfer_number: str | None = None
    surcharge: bool = False
    confidence: float = 1.0
    analysis: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    digits: str = ""
    transferred: bool = False
    cost: int | None = None
    seconds: int = 0


class Reaction(msgspec.Struct, kw_only=True):
    """A reaction to a message."""

    id: str
    reaction: str
    sender: str
    direction: Literal["inbound", "outbound"]
    created_at: int


class MessageDetail(ProjectRecord, kw_only=True):
    """What a message has beyond the carrier's record of the same id.

    No two messages of an account share an `at`, so paging by timestamp shows each once. `agent` had the number then.
    `cost` is in micro-dollars.
    """

    at: int
    number: str
    conversation: str
    channel: Channel
    direction: Literal["inbound", "outbound"]
    agent: str | None
    sender: str | None = None
    reply_to: str | None = None
    style: str | None = None
    reactions: list[Reaction] = []
    cost: int = 0


class Conversation(ProjectRecord, kw_only=True):
    """The messages between a number and one participant or a group. The last one written in is the newest record."""

    number: str
    participant: str
    created_at: int
    last_at: int
    agent: str | None
    channel: Channel
    preview: str = ""
    messages: int = 0
    group: str | None = None
    group_name: str | None = None
    members: list[str] | None = None
    metadata: dict[str, Any] | None = None
    background: str | None = None
    background_id: str | None = None
    background_version: int = 0


class Contact(ProjectRecord, kw_only=True):
    """A name for a phone number."""

    phone_number: str
    name: str
    created_at: int
    updated_at: int
    email: str | None = None
    notes: str | None = None


class Webhook(ProjectRecord, kw_only=True):
    """A webhook of a project, or with `agent` of that agent. `timeout` is in seconds."""

    agent: str | None
    url: str
    secret: str
    context_limit: int
    timeout: int
    created_at: int


class DeliveryDetail(ProjectRecord, kw_only=True):
    """What a delivery has beyond the outbox's record of the same id.

    `agent` is set if it went to that agent's own webhook.
    """

    at: int
    agent: str | None
    channel: str
    message: str | None


class Registration(ProjectRecord, kw_only=True):
    """A registration with the US carriers, which permits SMS."""

    state: Literal["pending", "approved"]
    stage: str | None
    created_at: int
    details: dict[str, Any]


class Location(ProjectRecord, kw_only=True):
    """The last known location of a number, which has the same id. In degrees."""

    latitude: float
    longitude: float
    found_at: int


class SignUp(Record, kw_only=True):
    """A sign-up that waits for its code. `opened` is the account that it opened."""

    email: str
    agent_name: str | None
    code: str
    expires_at: int
    tries: int = 0
    opened: str | None = None

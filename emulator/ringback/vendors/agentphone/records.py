"""What AgentPhone remembers beyond what the carrier does. Instants are microseconds on the account's clock.

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


SLOWEST, FASTEST = 0.001, 10_000.0
"""SMS in a second that an account may be set to. A campaign's class allows from 2.25 to 225 (the vendor's
documentation)."""


class AgentPhoneSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """An account's settings: whether its SMS campaign is registered with the US carriers, how many SMS they take of it
    in a second (what is sent faster waits; null is no bound), and whether it has the recording add-on."""

    sms_registration: Literal["registered", "none"] = "registered"
    sms_per_second: float | None = None
    recording: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sms_per_second is not None and not SLOWEST <= self.sms_per_second <= FASTEST:
            raise ValueError(f"sms_per_second is from {SLOWEST:g} to {FASTEST:g}; null lifts it")


class Owned(Record, kw_only=True):
    """What belongs to a project of an account."""

    project: str


class SubAccount(Record, kw_only=True):
    """A part of an account, named by a header."""

    name: str
    created_at: int


class Card(msgspec.Struct, kw_only=True):
    """How a number presents itself."""

    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None
    avatar_url: str | None = None


class Number(Owned, kw_only=True):
    """A number. `months` have been paid since it was bought; the timers renew and release it."""

    phone_number: str
    country: str
    type: LineType
    created_at: int
    months: int = 1
    status: Literal["active", "released"] = "active"
    agent: str | None = None
    attached: int = 0
    """Which attachment of all it was: an agent's numbers are in that order."""
    external_id: str | None = None
    expires_at: int | None = None
    card: Card | None = None
    renewal: int | None = None
    expiry: int | None = None
    texts: int = 0
    calls: int = 0
    day: int = 0
    new_contacts: int = 0
    """How many people it wrote to first on that day since 1970."""


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


class Agent(Owned, kw_only=True):
    """An agent. One that was deleted is kept for the sake of what it did."""

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


class CallDetail(Owned, kw_only=True):
    """What there is to a call, of the same id, beyond the carrier's part. `agent` is emptied when that is deleted, `by`
    stays; `voice_mode` is how it is driven, `interactive` whether its webhook is asked what to say."""

    at: int
    direction: Literal["inbound", "outbound", "web"]
    agent: str | None
    by: str | None
    agent_name: str | None
    number: str | None
    voice_mode: VoiceMode
    interactive: bool
    greeting: str | None = None
    machine: bool = False
    """Whether an answering machine takes it."""
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
    """What somebody made of a message."""

    id: str
    reaction: str
    sender: str
    direction: Literal["inbound", "outbound"]
    created_at: int


class Text(Owned, kw_only=True):
    """What there is to a message, of the same id, beyond the carrier's part. No two of a project have one `at`, so that
    walking a list by instants meets each once."""

    at: int
    number: str
    conversation: str
    channel: Channel
    direction: Literal["inbound", "outbound"]
    by: str | None
    sender: str | None = None
    reply_to: str | None = None
    style: str | None = None
    reactions: list[Reaction] = []
    cost: int = 0


class Conversation(Owned, kw_only=True):
    """What a number and somebody, or a group, have written to each other. The one written in last is the newest."""

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


class Contact(Owned, kw_only=True):
    """A name for a phone number."""

    phone_number: str
    name: str
    created_at: int
    updated_at: int
    email: str | None = None
    notes: str | None = None


class Webhook(Owned, kw_only=True):
    """Where events go: a project's, or with `agent` one agent's."""

    agent: str | None
    url: str
    secret: str
    context_limit: int
    timeout: int
    created_at: int


class Sent(Owned, kw_only=True):
    """What there is to a delivery, of the same id, beyond the outbox's part."""

    at: int
    agent: str | None
    """The agent whose own webhook it went to."""
    channel: str
    message: str | None


class Registration(Owned, kw_only=True):
    """A request to the US carriers for leave to send SMS."""

    state: Literal["pending", "approved"]
    stage: str | None
    created_at: int
    details: dict[str, Any]


class Location(Owned, kw_only=True):
    """Where a phone was last. Its id is the number."""

    latitude: float
    longitude: float
    found_at: int


class SignUp(Record, kw_only=True):
    """An account that is asked for. It belongs to none yet."""

    email: str
    agent_name: str | None
    code: str
    expires_at: int
    tries: int = 0
    opened: str | None = None
    """The account that came of it."""

"""NoKYCNumber's records, beside the carrier's calls and messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ringback.carrier.hours import Hours
from ringback.carrier.ledger import AmountError, usd
from ringback.gateway.accounts import AccountSettings
from ringback.store import Record
from ringback.vendors.nokycnumber.prices import COUNTRIES, Period, Tier

NumberStatus = Literal["active", "paused", "released"]
NumberType = Literal["mobile", "landline"]
Addon = Literal["ai-pickup", "ai-screen", "ai-summary", "ai-trans"]
Voice = Literal["neutral_en", "neutral_fr", "neutral_es", "neutral_de", "neutral_jp", "warm_en", "warm_fr"]
"""Page "Voices"."""

CURRENT_VERSION = "2026-04-01"
VERSIONS: dict[str, str | None] = {
    CURRENT_VERSION: None,
    "2025-10-01": f"2025-10-01 is outdated and works until 2028-04-01; {CURRENT_VERSION} is current",
}
"""Page "Versioning": each version, and the text of its deprecation header if it is outdated."""


class NoKYCNumberSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """Settings of an account. `balance_low_threshold` is dollars as a decimal string, None for no warning."""

    balance_low_threshold: str | None = None
    default_version: str = CURRENT_VERSION
    default_country: str = "fr"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.balance_low_threshold is not None:
            try:
                usd(self.balance_low_threshold)
            except AmountError as error:
                raise ValueError(f"balance_low_threshold: {error}") from None
        if self.default_version not in VERSIONS:
            raise ValueError(f"default_version must be one of {', '.join(VERSIONS)}")
        if self.default_country not in COUNTRIES:
            raise ValueError(f"default_country must be one of {', '.join(COUNTRIES)}")


class AutoPickup(msgspec.Struct, kw_only=True):
    """The agent that answers a call after so many rings."""

    enabled: bool = False
    after_rings: int = 4
    script: str = (
        "I can't take your call right now. Please leave your name, what it is about, and a number to call you back on."
    )
    language: str = "auto"
    voice: Voice = "neutral_en"


class Screening(msgspec.Struct, kw_only=True):
    """The agent that screens unknown callers."""

    enabled: bool = False


class Translator(msgspec.Struct, kw_only=True):
    """The agent that translates a conversation live."""

    enabled: bool = False
    target_language: str = "en"


class VoicemailSummary(msgspec.Struct, kw_only=True):
    """The agent that summarises voicemails."""

    enabled: bool = False
    include_sentiment: bool = True


class AiConfig(msgspec.Struct, kw_only=True):
    """All AI features of a number, page "AI configuration"."""

    auto_pickup: AutoPickup = msgspec.field(default_factory=AutoPickup)
    screening: Screening = msgspec.field(default_factory=Screening)
    translator: Translator = msgspec.field(default_factory=Translator)
    voicemail_summary: VoicemailSummary = msgspec.field(default_factory=VoicemailSummary)


BLOCKS: Mapping[Addon, str] = {
    "ai-pickup": "auto_pickup",
    "ai-screen": "screening",
    "ai-trans": "translator",
    "ai-summary": "voicemail_summary",
}
"""The block of `AiConfig` that each add-on is for."""


class Offer(Record, kw_only=True):
    """A number reserved for one account until it is activated, or until `held_until` (microseconds)."""

    number: str
    country: str
    type: NumberType
    tier: Tier
    tier_pattern: str | None
    held_until: int
    state: Literal["open", "closed"] = "open"
    timer: int | None = None


class Number(Record, kw_only=True):
    """A number of an account. Instants are microseconds.

    `months` have been paid since it was activated. It is paused while `paused_by_patch` or `in_off_window`.
    """

    phone_number: str
    country: str
    type: NumberType
    tier: Tier
    tier_pattern: str | None
    billing_period: Period
    created_at: int
    months: int
    renews_at: int
    status: NumberStatus = "active"
    auto_renew: bool = True
    addons: tuple[Addon, ...] = ()
    ai: AiConfig = msgspec.field(default_factory=AiConfig)
    webhook_url: str | None = None
    webhook_secret: str | None = None
    on_off: Hours | None = None
    metadata: dict[str, Any] | None = None
    paused_by_patch: bool = False
    in_off_window: bool = False
    ended: bool = False
    """Whether the number has returned to the inventory."""
    period_timer: int | None = None
    hours_timer: int | None = None


class CallDetail(Record, kw_only=True):
    """What the vendor adds to the carrier's call of the same id. `cost` is micro-dollars, None until the call ends."""

    recording: bool = False
    metadata: dict[str, Any] | None = None
    cost: int | None = None
    request_id: str | None = None
    by_agent: bool = False
    voicemail: str | None = None
    language: str | None = None
    translation: str | None = None
    summary: str | None = None


class Voicemail(Record, kw_only=True):
    """A message that a caller left at a number. `duration` is whole seconds."""

    number_id: str
    caller: str
    received_at: int
    duration: int
    text: str
    language: str
    translation: str
    summary: str
    sentiment: str


class Endpoint(Record, kw_only=True):
    """A webhook endpoint of an account: a receiver of its events."""

    url: str
    events: tuple[str, ...]
    description: str | None
    secret: str
    created_at: int

"""Request bodies. Unknown fields are ignored; null counts as left out unless the docstring says otherwise."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.agentphone.records import (
    AmbientSound,
    DenoisingMode,
    ModelTier,
    SttMode,
    Tool,
    VoiceMode,
)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Note = Annotated[str, msgspec.Meta(max_length=4_000)]
Prompt = Annotated[str, msgspec.Meta(max_length=50_000)]
Country = Annotated[str, msgspec.Meta(pattern="^[A-Za-z]{2}$")]
AreaCode = Annotated[str, msgspec.Meta(pattern="^[0-9]{3}$")]
E164 = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{6,14}$")]
SilenceMs = Annotated[int, msgspec.Meta(ge=10_000, le=3_600_000)]
Speed = Annotated[float, msgspec.Meta(ge=0.5, le=2)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
Tools = Annotated[list[Tool], msgspec.Meta(max_length=20)]
Variables = dict[str, str | None]
SendStyle = Literal[
    "celebration",
    "fireworks",
    "lasers",
    "love",
    "confetti",
    "balloons",
    "spotlight",
    "echo",
    "invisible",
    "gentle",
    "loud",
    "slam",
]
Channel = Literal["sms", "imessage", "mms", "whatsapp", "rcs"]


class NumberBody(msgspec.Struct, rename="camel"):
    """POST /v1/numbers, page "Create number"."""

    country: Country = "US"
    area_code: AreaCode | None = None
    agent_id: str | None = None
    type: Literal["sms", "imessage"] | None = None
    imessage_type: str | None = None
    external_id: Name | None = None
    expires_at: str | None = None


class NumberPatch(msgspec.Struct, rename="camel"):
    """PATCH /v1/numbers/{id}: an omitted field stays, null clears it."""

    external_id: Name | UnsetType | None = UNSET
    expires_at: str | UnsetType | None = UNSET


class ContactCardBody(msgspec.Struct, rename="camel"):
    """PUT /v1/numbers/{id}/contact-card."""

    first_name: Name | None = None
    last_name: Name | None = None
    display_name: Name | None = None
    avatar_url: str | None = None


class AgentPatch(msgspec.Struct, rename="camel", kw_only=True):
    """PATCH /v1/agents/{id}: an omitted field stays; null clears an optional field and leaves the others."""

    name: Name | UnsetType | None = UNSET
    description: Note | UnsetType | None = UNSET
    voice_mode: VoiceMode | UnsetType | None = UNSET
    enable_messaging: bool | UnsetType | None = UNSET
    model_tier: ModelTier | UnsetType | None = UNSET
    system_prompt: Prompt | UnsetType | None = UNSET
    begin_message: Note | UnsetType | None = UNSET
    voice: Name | UnsetType | None = UNSET
    transfer_number: str | UnsetType | None = UNSET
    voicemail_message: Note | UnsetType | None = UNSET
    call_screening_identity: Note | UnsetType | None = UNSET
    call_screening_purpose: Note | UnsetType | None = UNSET
    stt_mode: SttMode | UnsetType | None = UNSET
    ambient_sound: AmbientSound | UnsetType | None = UNSET
    denoising_mode: DenoisingMode | UnsetType | None = UNSET
    max_silence_ms: SilenceMs | UnsetType | None = UNSET
    voice_speed: Speed | UnsetType | None = UNSET
    interruption_sensitivity: Fraction | UnsetType | None = UNSET
    enable_backchannel: bool | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    custom_tools: Tools | UnsetType | None = UNSET


class AgentBody(AgentPatch, rename="camel", kw_only=True):
    """POST /v1/agents."""

    name: Name


class AttachBody(msgspec.Struct, rename="camel"):
    """POST /v1/agents/{id}/numbers."""

    number_id: str


class CallBody(msgspec.Struct, rename="camel"):
    """POST /v1/calls."""

    agent_id: str
    to_number: E164
    from_number_id: str | None = None
    initial_greeting: Note | None = None
    voice: Name | None = None
    system_prompt: Prompt | None = None
    model_tier: ModelTier | None = None
    variables: Variables | None = None
    call_screening_identity: Note | None = None
    call_screening_purpose: Note | None = None
    disable_recording: bool | None = None
    wait_for_completion: bool | None = None
    max_wait_seconds: Annotated[int, msgspec.Meta(ge=1, le=600)] | None = None


class WebCallBody(msgspec.Struct, rename="camel"):
    """POST /v1/calls/web."""

    agent_id: str
    metadata: dict[str, Any] | None = None
    variables: Variables | None = None


class MessageBody(msgspec.Struct):
    """POST /v1/messages; snake_case."""

    agent_id: str | None = None
    number_id: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    recipients: Annotated[list[str], msgspec.Meta(min_length=2, max_length=32)] | None = None
    body: str | None = None
    media_url: str | None = None
    media_urls: Annotated[list[str], msgspec.Meta(max_length=20)] | None = None
    reply_to_message_id: str | None = None
    send_style: SendStyle | None = None


class ReactionBody(msgspec.Struct):
    """POST /v1/messages/{id}/reactions."""

    reaction: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class ConversationPatch(msgspec.Struct):
    """PATCH /v1/conversations/{id}; snake_case."""

    metadata: dict[str, Any] | UnsetType | None = UNSET
    group_name: Name | UnsetType | None = UNSET


class BackgroundBody(msgspec.Struct):
    """POST /v1/conversations/{id}/background."""

    image_url: Annotated[str, msgspec.Meta(pattern="^https://", max_length=2_048)]


class ContactBody(msgspec.Struct, rename="camel"):
    """POST /v1/contacts."""

    phone_number: str
    name: Name
    email: str | None = None
    notes: Note | None = None


class ContactPatch(msgspec.Struct, rename="camel"):
    """PATCH /v1/contacts/{id}: an omitted field stays; null clears `email` and `notes` and leaves the others."""

    phone_number: str | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    notes: Note | UnsetType | None = UNSET


class WebhookBody(msgspec.Struct, rename="camel"):
    """POST /v1/webhooks and /v1/agents/{id}/webhook. `timeout` is in seconds."""

    url: str
    context_limit: Annotated[int, msgspec.Meta(ge=0, le=50)] | None = None
    timeout: Annotated[int, msgspec.Meta(ge=5, le=120)] | None = None


class WebhookTestBody(msgspec.Struct):
    """POST /v1/webhooks/test."""

    from_: Name | None = msgspec.field(name="from", default=None)
    to: Name | None = None
    message: str | None = None
    channel: Channel | None = None


class SubAccountBody(msgspec.Struct):
    """POST /v1/sub-accounts and PATCH /v1/sub-accounts/{id}."""

    name: Name


UseCase = Literal[
    "account_notification",
    "customer_care",
    "delivery_notification",
    "fraud_alert",
    "higher_education",
    "marketing",
    "polling_voting",
    "public_service_announcement",
    "security_alert",
    "two_factor_authentication",
]
ShortText = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
LongText = Annotated[str, msgspec.Meta(min_length=40, max_length=4_000)]
UseCases = Annotated[list[UseCase], msgspec.Meta(min_length=1, max_length=5)]
Samples = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=20, max_length=1_024)]], msgspec.Meta(min_length=2, max_length=5)
]
Includes = list[Literal["links", "phone_numbers", "age_gated", "direct_lending"]]


class RegistrationPatch(msgspec.Struct, kw_only=True):
    """PATCH /v1/register: an omitted or null field stays."""

    business_name: ShortText | None = None
    brand_name: ShortText | None = None
    website_url: ShortText | None = None
    description: LongText | None = None
    use_cases: UseCases | None = None
    volume: Literal["low", "high"] | None = None
    message_samples: Samples | None = None
    consent_flow: LongText | None = None
    privacy_policy_url: ShortText | None = None
    terms_of_service_url: ShortText | None = None
    opt_in_image_url: ShortText | None = None
    includes: Includes | None = None
    link_sample: ShortText | None = None


class RegistrationBody(msgspec.Struct, kw_only=True):
    """POST /v1/register."""

    registration_type: Literal["sole_proprietor", "standard_brand", "high_volume"]
    first_name: ShortText
    last_name: ShortText
    email: ShortText
    phone_number: E164
    street_address: ShortText
    street_address_2: str | None = None
    city: ShortText
    state: ShortText
    zip_code: ShortText
    country: str | None = None
    description: LongText
    use_cases: UseCases
    message_samples: Samples
    consent_flow: LongText
    opt_in_image_url: ShortText
    business_name: ShortText | None = None
    brand_name: ShortText | None = None
    organization_type: (
        Literal[
            "sole_proprietor",
            "private_corporation",
            "public_corporation",
            "llc",
            "partnership",
            "non_profit",
            "co_op",
            "government",
        ]
        | None
    ) = None
    contact_title: Literal["ceo", "cfo", "cto", "coo", "vp", "gm", "director", "other"] | None = None
    contact_title_other: str | None = None
    ein: ShortText | None = None
    website_url: ShortText | None = None
    industry: str | None = None
    business_regions: list[str] | None = None
    planned_numbers: Annotated[int, msgspec.Meta(ge=1)] | None = None
    volume: Literal["low", "high"] | None = None
    privacy_policy_url: ShortText | None = None
    terms_of_service_url: ShortText | None = None
    includes: Includes | None = None
    link_sample: ShortText | None = None
    create_sub_account: bool | None = None


class SignUpBody(msgspec.Struct):
    """POST /v0/agent/sign-up."""

    human_email: Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
    agent_name: Name | None = None


class VerifyBody(msgspec.Struct):
    """POST /v0/agent/verify."""

    verification_id: str
    otp_code: str
    source: str | None = None

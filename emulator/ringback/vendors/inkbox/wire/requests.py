"""Bodies of requests: the page's members, and where it names none the official SDK's (0.7.20, or 0.4.6).

Unknown fields are ignored. In a PATCH an absent field stays as it is, and null clears it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ringback.vendors.inkbox.records import (
    Authority,
    FilterMode,
    IncomingAction,
    Mode,
    NumberType,
    OnVoicemail,
    Origin,
    RuleAction,
    RuleDirection,
    RuleStatus,
    TargetType,
    VoicemailDetection,
)

MAX_TEXT = 1_600
"""Characters of a text: what ten concatenated segments hold (ours)."""
MessageText = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Label = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]
Instructions = Annotated[str, msgspec.Meta(max_length=10_000)]
EventNames = Annotated[list[str], msgspec.Meta(min_length=1, max_length=100)]
AuthToken = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000, pattern="^[!-~]+$")]
Unset = UnsetType


class CallHandlingPatch(msgspec.Struct, kw_only=True):
    """Changes to how calls are handled: part of several requests."""

    incoming_call_action: IncomingAction | Unset = UNSET
    client_websocket_url: str | Unset | None = UNSET
    incoming_call_webhook_url: str | Unset | None = UNSET
    forwarding_target_type: TargetType | Unset | None = UNSET
    forwarding_phone_number: str | Unset | None = UNSET
    forwarding_sip_uri: str | Unset | None = UNSET


class CallHandlingBody(CallHandlingPatch, kw_only=True):
    """PUT /api/v1/phone/incoming-call-action."""

    incoming_call_action: IncomingAction
    agent_identity_id: str | None = None


class NumberSpec(CallHandlingPatch, kw_only=True):
    """The number to provision: part of two requests."""

    type: NumberType = "local"
    state: str | None = None
    filter_mode: FilterMode | Unset = UNSET


class NumberBody(NumberSpec, kw_only=True):
    """POST /api/v1/phone/numbers."""

    agent_handle: str


class NumberPatch(CallHandlingPatch, kw_only=True):
    """PATCH /api/v1/phone/numbers/{id}. `incoming_text_webhook_url` is of older documentation and always rejected."""

    filter_mode: FilterMode | Unset = UNSET
    incoming_text_webhook_url: Any = UNSET


class CallBody(msgspec.Struct):
    """POST /api/v1/phone/place-call. `webhook_url` of older documentation is accepted and ignored."""

    to_number: str
    from_number: str | None = None
    client_websocket_url: str | None = None
    origination: Origin = "dedicated_number"
    mode: Mode = "client_websocket"
    agent_identity_id: str | None = None
    reason: Instructions | None = None
    hosted_agent_authority_mode: Authority | None = None
    on_voicemail: OnVoicemail | None = None
    voicemail_message: Note | None = None
    voicemail_detection: VoicemailDetection | None = None


class TextBody(msgspec.Struct):
    """POST /api/v1/phone/numbers/{id}/texts."""

    to: str | list[str] | None = None
    conversation_id: str | None = None
    text: MessageText | None = None
    media_urls: list[str] | None = None


class TextPatch(msgspec.Struct):
    """PATCH …/texts/{id}: the page's "Mark as read or delete"."""

    is_read: bool | Unset = UNSET
    status: Literal["deleted"] | Unset = UNSET


class ConversationPatch(msgspec.Struct):
    """PATCH …/texts/conversations/{key}."""

    is_read: bool


class RuleBody(msgspec.Struct):
    """POST …/contact-rules."""

    action: RuleAction
    match_target: str
    match_type: Literal["exact_number"] = "exact_number"
    direction: RuleDirection = "both"


class RulePatch(msgspec.Struct):
    """PATCH …/contact-rules/{id}: `status` is of SDK 0.4, `direction` and `apply_to` of 0.7."""

    action: RuleAction | Unset = UNSET
    status: RuleStatus | Unset = UNSET
    direction: RuleDirection | Unset = UNSET
    apply_to: Literal["inbound", "outbound"] | Unset = UNSET


class HostedAgentBody(msgspec.Struct):
    """PUT /api/v1/phone/hosted-agent-config: replaces the whole configuration."""

    agent_identity_id: str | None = None
    voice: str | None = None
    model: str | None = None
    instructions: Instructions | None = None


class AuthorityBody(msgspec.Struct):
    """PUT /api/v1/phone/hosted-agent-config/authority-mode."""

    agent_identity_id: str
    authority_mode: Authority


class IdentityBody(msgspec.Struct):
    """POST /api/v1/identities/. Mailbox, tunnel, vault and iMessage members are accepted without effect."""

    agent_handle: str
    display_name: Label | None = None
    description: Note | None = None
    imessage_enabled: bool = False
    contact_sharing_enabled: bool = True
    phone_number: NumberSpec | None = None


class IdentityPatch(msgspec.Struct):
    """PATCH /api/v1/identities/{handle}. `new_handle`, and members that are not about the phone, are ignored."""

    display_name: Label | Unset | None = UNSET
    description: Note | Unset | None = UNSET
    imessage_enabled: bool | Unset = UNSET
    contact_sharing_enabled: bool | Unset = UNSET
    phone_filter_mode: FilterMode | Unset = UNSET
    imessage_filter_mode: FilterMode | Unset = UNSET
    mail_filter_mode: FilterMode | Unset = UNSET
    phone_inbound_filter_mode: FilterMode | Unset = UNSET
    phone_outbound_filter_mode: FilterMode | Unset = UNSET


class AccessBody(msgspec.Struct):
    """POST /api/v1/identities/{handle}/access: null stands for every identity of the organization."""

    viewer_identity_id: str | None


class KeyBody(msgspec.Struct):
    """POST /api/v1/api-keys."""

    label: Label
    description: Note | None = None
    scoped_identity_id: str | None = None


class CountConfig(msgspec.Struct, tag_field="mode", tag="count", forbid_unknown_fields=True):
    """The newest items, up to a count."""

    count: Annotated[int, msgspec.Meta(ge=1, le=50)]


class WindowConfig(msgspec.Struct, tag_field="mode", tag="window", forbid_unknown_fields=True):
    """The items of a number of hours."""

    hours: Annotated[int, msgspec.Meta(ge=1, le=168)]


class ContextConfig(msgspec.Struct, forbid_unknown_fields=True):
    """The context that a text.received event includes, by channel."""

    email: CountConfig | WindowConfig | None = None
    texts: CountConfig | WindowConfig | None = None
    calls: CountConfig | WindowConfig | None = None


class SubscriptionBody(msgspec.Struct):
    """POST /api/v1/webhooks/subscriptions."""

    url: str
    event_types: EventNames
    mailbox_id: str | None = None
    phone_number_id: str | None = None
    agent_identity_id: str | None = None
    context_config: ContextConfig | None = None
    auth_token: AuthToken | None = None


class SubscriptionPatch(msgspec.Struct):
    """PATCH /api/v1/webhooks/subscriptions/{id}."""

    url: str | Unset = UNSET
    event_types: EventNames | Unset = UNSET
    context_config: ContextConfig | Unset | None = UNSET
    auth_token: AuthToken | Unset | None = UNSET


class CallDecision(msgspec.Struct):
    """The response to the webhook of an incoming call."""

    action: Literal["answer", "reject", "ignore"]
    client_websocket_url: str | None = None

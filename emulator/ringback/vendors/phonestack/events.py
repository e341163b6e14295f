"""Webhook events: their names, envelope and signature, page "Webhooks"."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.carrier.clock import iso_z
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import WebhookProfile
from ringback.gateway.signatures import SignatureScheme
from ringback.vendors.phonestack.records import EventType
from ringback.vendors.phonestack.wire.responses import Event

DESCRIPTIONS: dict[EventType, str] = {
    "call.completed": "A call was held and has ended; comes with its analysis and transcript",
    "call.started": "A call was placed, or came in",
    "call.failed": "A call was not answered, found the line busy, or could not be put through",
    "call.voicemail": "A call reached a voicemail",
    "campaign.started": "A campaign was launched",
    "campaign.paused": "A running campaign was paused",
    "campaign.completed": "A campaign has called everyone in its queue, or was stopped",
    "contact.created": "A contact was added",
    "contact.dnc_requested": "A contact is not to be called again",
    "billing.limit_warning": "80 % of the spending limit is used",
    "billing.limit_reached": "The spending limit is used up",
}
FRACTION = b".0"
MAX_EXACT = 2**53
MAX_FAILURES = 10
"""Consecutive failed deliveries after which a webhook is disabled, page "Webhooks"."""


def event_body(kind: EventType, at: int, organization: str, data: Any) -> bytes:
    """Return the raw body of an event.

    The page's own receiver checks the signature over `JSON.stringify` of the parsed body, so that must return the same
    bytes: a number without a fraction is written without one.
    """
    body = encode(Event(kind, iso_z(at), organization, data))
    return encode(_as_javascript(msgspec.json.decode(body))) if FRACTION in body else body


def _as_javascript(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < MAX_EXACT else value
    if isinstance(value, dict):
        return {name: _as_javascript(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_javascript(inner) for inner in value]
    return value


SIGNATURE = SignatureScheme(headers=(("X-PhoneStack-Signature", "{digest}"),), prefix="")
WEBHOOKS = WebhookProfile(sign=SIGNATURE.sign, retries=(), user_agent="PhoneStack-Webhooks/1.0")
"""The page promises no second attempt: each failed attempt counts towards disabling the webhook. Ours."""

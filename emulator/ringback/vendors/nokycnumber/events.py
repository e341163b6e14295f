"""Webhooks: the events, their envelope, signature and retries, page "Webhooks"."""

from __future__ import annotations

from typing import Any, Literal

from ringback.carrier.clock import iso_z
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import WebhookProfile
from ringback.gateway.signatures import SignatureScheme
from ringback.vendors.nokycnumber.wire import EventData, EventView

EventType = Literal[
    "number.activated",
    "number.renewed",
    "number.paused",
    "number.released",
    "call.initiated",
    "call.answered",
    "call.completed",
    "call.recorded",
    "sms.received",
    "sms.sent",
    "sms.delivered",
    "sms.failed",
    "voicemail.created",
    "ai.pickup",
    "account.balance_low",
]
EVENTS: frozenset[str] = frozenset(EventType.__args__)  # type: ignore[attr-defined]
ALL = "*"
RETRIES = tuple(110 * 5**retry for retry in range(5))
"""Seconds after each failed attempt: each wait is five times the one before, and the last retry comes just inside 24 h.
The page gives the number, that they grow exponentially, and the 24 h; the base and the factor are ours."""


def event(id_: str, kind: EventType, subject: Any, created: int, request_id: str) -> bytes:
    """The raw body of an event about an object, as it is at that instant."""
    return encode(EventView(id_, kind, iso_z(created), EventData(subject), request_id))


SIGNATURE = SignatureScheme(headers=(("X-NoKYC-Signature", "t={timestamp},v1={digest}"),))
WEBHOOKS = WebhookProfile(sign=SIGNATURE.sign, retries=RETRIES, user_agent="NoKYCNumber-Webhooks/1.0")

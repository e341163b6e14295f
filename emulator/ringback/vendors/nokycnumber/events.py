"""Webhooks: the events, their envelope, signature and retries, page "Webhooks"."""

from __future__ import annotations

from typing import Any, Literal, get_args

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
EVENTS: frozenset[str] = frozenset(get_args(EventType))
ALL = "*"
RETRIES = tuple(110 * 5**retry for retry in range(5))
"""Seconds after each failed attempt: each wait is five times the one before, and the last retry is just inside 24 h.
The page gives the number of retries, their exponential growth and the 24 h; the base and the factor are ours."""


def event(id_: str, kind: EventType, subject: Any, created: int, request_id: str) -> bytes:
    """Return the raw body of an event about an object as it is now. `created` is microseconds."""
    return encode(EventView(id_, kind, iso_z(created), EventData(subject), request_id))


SIGNATURE = SignatureScheme(headers=(("X-NoKYC-Signature", "t={timestamp},v1={digest}"),))
WEBHOOKS = WebhookProfile(sign=SIGNATURE.sign, retries=RETRIES, user_agent="NoKYCNumber-Webhooks/1.0")

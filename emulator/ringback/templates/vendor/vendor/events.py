"""Webhooks: payload, signature and retries."""

from __future__ import annotations

from ringback.vendors.acmephone.wire import Event, EventCall

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_z
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import WebhookProfile
from ringback.gateway.signatures import SignatureScheme

CALL_COMPLETED = "call.completed"
RETRIES = (60, 300, 1500)
"""Seconds after each failed attempt."""


def call_completed(call: Call, occurred_at: int) -> bytes:
    """Return the raw body of a `call.completed` event; `occurred_at` is in microseconds."""
    return encode(
        Event(CALL_COMPLETED, call.number_id, iso_z(occurred_at), EventCall(call.id, call.remote_number, call.duration))
    )


SIGNATURE = SignatureScheme(
    headers=(("X-AcmePhone-Timestamp", "{timestamp}"), ("X-AcmePhone-Signature", "v1={digest}")),
)
WEBHOOKS = WebhookProfile(sign=SIGNATURE.sign, retries=RETRIES, user_agent="AcmePhone-Webhooks/1.0")

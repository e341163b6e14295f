"""Webhooks: payload, signature and retries, page "Webhooks — events & signing"."""

from __future__ import annotations

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_offset, iso_z
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import WebhookProfile
from ringback.gateway.signatures import SignatureScheme
from ringback.vendors.kwickphone.wire import Event, EventCall

CALL_COMPLETED = "call.completed"
RETRIES = (60, 300, 1500, 7500)
"""Seconds after each failed attempt: five attempts with growing waits. The page gives no figures: ours."""


def call_completed(call: Call, occurred_at: int) -> bytes:
    """The raw body of a `call.completed` event."""
    return encode(
        Event(
            CALL_COMPLETED,
            call.number_id,
            iso_offset(occurred_at),
            EventCall(
                call.id,
                call.remote_number,
                call.outcome,
                call.duration,
                iso_z(call.started_at),
                call.recording,
                call.turns is not None,
            ),
        )
    )


SIGNATURE = SignatureScheme(
    headers=(("X-KwickPhone-Timestamp", "{timestamp}"), ("X-KwickPhone-Signature", "v1={digest}")),
)
WEBHOOKS = WebhookProfile(sign=SIGNATURE.sign, retries=RETRIES, user_agent="KwickPhone-Webhooks/1.0")

"""Webhooks: event names and signature (wire: the official SDK's verifier)."""

from __future__ import annotations

from typing import Literal, get_args

from ringback.carrier.clock import iso_exact
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import WebhookProfile
from ringback.gateway.signatures import SignatureScheme
from ringback.vendors.inkbox.wire.webhooks import CallData, Event, TextData

TextEvent = Literal["text.received", "text.sent", "text.delivered", "text.delivery_failed", "text.delivery_unconfirmed"]
CALL_ENDED = "call.ended"
INCOMING_CALL = "phone.incoming_call"
"""The request that decides an incoming call; a subscription cannot name it."""
SENT: tuple[str, ...] = (*get_args(TextEvent), CALL_ENDED)
"""The events that are sent here."""
NEVER_SENT = (
    "message.received",
    "message.sent",
    "message.forwarded",
    "message.delivered",
    "message.bounced",
    "message.failed",
    "imessage.received",
    "imessage.reaction_received",
    "imessage.sent",
    "imessage.delivered",
    "imessage.delivery_failed",
    "a2a.task.created",
    "a2a.task.message",
    "a2a.task.canceled",
    "a2a.sent_task.updated",
)
"""Events that a subscription can name and that never happen: mail, iMessage and agent-to-agent are not emulated."""
CATALOG = (*SENT, *NEVER_SENT)


def event(id_: str, name: str, at: int, data: TextData | CallData) -> bytes:
    """Return the raw body of an event."""
    return encode(Event(id_, name, iso_exact(at), data))


SIGNATURE = SignatureScheme(
    headers=(
        ("X-Inkbox-Request-ID", "{id}"),
        ("X-Inkbox-Timestamp", "{timestamp}"),
        ("X-Inkbox-Signature", "sha256={digest}"),
    ),
    prefix="{id}.{timestamp}.",
    strip="whsec_",
)
WEBHOOKS = WebhookProfile(
    sign=SIGNATURE.sign, retries=(), user_agent="Inkbox-Webhooks/1.0", sign_attempt=SIGNATURE.sign
)

"""What NoKYCNumber's answers and events look like, by its page: each function gives None or what is odd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ringback_conformance.model import Exchange, Kind, decode
from ringback_conformance.shapes import (
    E164,
    Field,
    flag,
    kind_of,
    like,
    maybe,
    moment,
    odd_fields,
    one_of,
    real,
    text,
    text_or_null,
    whole,
)

TYPES = (
    "invalid_request_error",
    "authentication_error",
    "authorization_error",
    "rate_limit_error",
    "api_error",
    "resource_error",
    "upstream_error",
)
"""Page "Error types"."""
PERIODS = ("monthly", "quarterly", "yearly")
KINDS = ("mobile", "landline")
TIERS = ("standard", "premium")
STATUSES = ("active", "paused", "released")
ADDONS = ("ai-pickup", "ai-screen", "ai-summary", "ai-trans")
VOICES = ("neutral_en", "neutral_fr", "neutral_es", "neutral_de", "neutral_jp", "warm_en", "warm_fr")
"""Page "Voices"."""
CALL_STATUSES = ("queued", "ringing", "in_progress", "completed", "failed", "no_answer", "busy")
SMS_STATUSES = ("queued", "sent", "delivered", "failed", "undelivered")
DIRECTIONS = ("inbound", "outbound")
EVENTS = (
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
)
"""Page "Event types"."""
PREFIXES = {
    "number": "num_",
    "call": "call_",
    "sms": "sms_",
    "voicemail": "vm_",
    "webhook_endpoint": "whk_",
    "event": "evt_",
}
"""Page "JSON convention": what an id begins with, by the object's kind."""
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
LOOKS_LIKE_A_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ].*")
INSTANTS = frozenset(
    {
        "created_at",
        "renews_at",
        "started_at",
        "answered_at",
        "ended_at",
        "delivered_at",
        "received_at",
        "held_until",
        "created",
    }
)
PHONES = frozenset({"number", "from_e164", "to"})
WITH_PHONES = frozenset({"number", "available_number", "call", "sms", "voicemail"})
"""The kinds of objects in which those fields are telephone numbers."""
MAX_SEGMENTS = 10
MAX_MEDIA = 5
SIGNED = re.compile(r"https?://[^?]+\?.*expires=\d+.*sig=\w+.*|https?://[^?]+\?.*sig=\w+.*expires=\d+.*")


def _id(prefix: str) -> Field:
    return like(re.compile(re.escape(prefix) + r"\w+"))


def stamp(value: Any) -> bool:
    """An instant in UTC that ends in Z."""
    return isinstance(value, str) and STAMP.fullmatch(value) is not None and moment(value) is not None


def phone(value: Any) -> bool:
    """E.164 with its plus."""
    return isinstance(value, str) and E164.fullmatch(value) is not None


def listed(*values: str) -> Field:
    """An array of some of these."""
    return lambda value: isinstance(value, list) and all(each in values for each in value)


def signed_link(value: Any) -> bool:
    """A pre-signed URL: when it ends and a signature in its query."""
    return isinstance(value, str) and SIGNED.fullmatch(value) is not None


NUMBER: Mapping[str, Field] = {
    "id": _id("num_"),
    "object": one_of("number"),
    "number": phone,
    "display": text,
    "country": like(re.compile(r"[a-z]{2}")),
    "type": one_of(*KINDS),
    "tier": one_of(*TIERS),
    "tier_pattern": text_or_null,
    "status": one_of(*STATUSES),
    "billing_period": one_of(*PERIODS),
    "renews_at": stamp,
    "auto_renew": flag,
    "addons": listed(*ADDONS),
    "ai_enabled": flag,
    "metadata": lambda value: value is None or isinstance(value, dict),
    "created_at": stamp,
}
CALL: Mapping[str, Field] = {
    "id": _id("call_"),
    "object": one_of("call"),
    "from": lambda value: value is None or _id("num_")(value),
    "from_e164": phone,
    "to": phone,
    "direction": one_of(*DIRECTIONS),
    "status": one_of(*CALL_STATUSES),
    "started_at": stamp,
    "answered_at": maybe(stamp),
    "ended_at": maybe(stamp),
    "duration_sec": whole,
    "recording_url": maybe(signed_link),
    "cost_usd": maybe(real),
}
SMS: Mapping[str, Field] = {
    "id": _id("sms_"),
    "object": one_of("sms"),
    "from": lambda value: value is None or _id("num_")(value),
    "from_e164": phone,
    "to": phone,
    "body": lambda value: isinstance(value, str),
    "media_urls": lambda value: isinstance(value, list) and len(value) <= MAX_MEDIA,
    "direction": one_of(*DIRECTIONS),
    "segments": lambda value: whole(value) and 1 <= value <= MAX_SEGMENTS,
    "status": one_of(*SMS_STATUSES),
    "failure_code": text_or_null,
    "created_at": stamp,
    "delivered_at": maybe(stamp),
    "cost_usd": maybe(real),
}
"""Page "Object schemas". Whoever calls or writes from outside has no num_ id: `from` is then null."""
VOICEMAIL: Mapping[str, Field] = {
    "id": _id("vm_"),
    "object": one_of("voicemail"),
    "number_id": _id("num_"),
    "from_e164": phone,
    "received_at": stamp,
    "duration_sec": whole,
    "audio_url": signed_link,
    "transcript": lambda value: isinstance(value, dict),
}
TRANSCRIPT: Mapping[str, Field] = {"text": text, "language": text}
AI_CONFIG: Mapping[str, Field] = {
    "object": one_of("ai_config"),
    "number_id": _id("num_"),
    "addons": listed(*ADDONS),
    "auto_pickup": lambda value: odd_fields(value, AUTO_PICKUP, "auto_pickup") is None,
    "screening": lambda value: odd_fields(value, {"enabled": flag}, "screening") is None,
    "translator": lambda value: odd_fields(value, {"enabled": flag, "target_language": text}, "translator") is None,
    "voicemail_summary": lambda value: (
        odd_fields(value, {"enabled": flag, "include_sentiment": flag}, "voicemail_summary") is None
    ),
}
AUTO_PICKUP: Mapping[str, Field] = {
    "enabled": flag,
    "after_rings": whole,
    "script": lambda value: isinstance(value, str),
    "language": text,
    "voice": one_of(*VOICES),
}
"""Page "AI configuration"."""
ACCOUNT: Mapping[str, Field] = {
    "object": one_of("account"),
    "email_hash": text,
    "balance_usd": real,
    "default_country": like(re.compile(r"[a-z]{2}")),
    "active_numbers": whole,
    "monthly_call_minutes": whole,
    "monthly_sms_segments": whole,
    "created_at": stamp,
}
"""Page "Account"."""
ENDPOINT: Mapping[str, Field] = {
    "id": _id("whk_"),
    "url": text,
    "enabled_events": listed("*", *EVENTS),
    "description": text_or_null,
}
EVENT: Mapping[str, Field] = {
    "id": _id("evt_"),
    "object": one_of("event"),
    "type": one_of(*EVENTS),
    "created": stamp,
    "livemode": flag,
    "data": lambda value: isinstance(value, dict) and isinstance(value.get("object"), dict),
    "request_id": _id("req_"),
}
"""Page "Event envelope"."""
OFFER: Mapping[str, Field] = {
    "id": _id("navail_"),
    "number": phone,
    "display": text,
    "country": like(re.compile(r"[a-z]{2}")),
    "type": one_of(*KINDS),
    "tier": one_of(*TIERS),
    "tier_pattern": text_or_null,
    "prices": lambda value: (
        isinstance(value, dict) and all(real(value.get(period)) and value[period] > 0 for period in PERIODS)
    ),
}
"""The page names offers and not their shape: ours."""
OBJECTS: Mapping[str, Mapping[str, Field]] = {"number": NUMBER, "call": CALL, "sms": SMS}
"""Page "Object schemas", by the constant in `object`."""


def odd_error(body: Any) -> str | None:
    """`{"error": {"type", "code", "message", "request_id"}}`."""
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return f'the body is not {{"error": {{…}}}} but {kind_of(body)}'
    fields: Mapping[str, Field] = {
        "type": one_of(*TYPES),
        "code": text,
        "message": text,
        "request_id": _id("req_"),
    }
    return odd_fields(body["error"], fields, "error")


def odd_list(body: Any, path: str) -> str | None:
    """The list envelope of a path."""
    fields: Mapping[str, Field] = {
        "object": one_of("list"),
        "url": one_of(path),
        "data": lambda value: isinstance(value, list),
        "has_more": flag,
        "next_cursor": text_or_null,
    }
    if odd := odd_fields(body, fields, "the list"):
        return odd
    if not body["has_more"]:
        return None if body["next_cursor"] is None else f"the last page has next_cursor = {body['next_cursor']!r}"
    last = body["data"][-1].get("id") if body["data"] and isinstance(body["data"][-1], dict) else None
    if body["next_cursor"] != last or last is None:
        return f"next_cursor is {body['next_cursor']!r}, and the last object {last!r}"
    return None


def shown(exchange: Exchange) -> tuple[dict[str, Any], ...]:
    """Every object that an event or a 2xx answer holds and that says in `object` what it is, lists left out. They are
    for reading: several invariants look at the same ones."""
    if exchange.kind is Kind.WEBHOOK:
        return _objects_of(exchange.request_body)
    if exchange.kind is Kind.API and exchange.status is not None and 200 <= exchange.status < 300:
        return _objects_of(exchange.response_body)
    return ()


@lru_cache(maxsize=1)
def _objects_of(document: bytes) -> tuple[dict[str, Any], ...]:
    return tuple(_objects(decode(document)))


def _objects(body: Any) -> Iterator[dict[str, Any]]:
    if isinstance(body, dict):
        if isinstance(body.get("object"), str) and body["object"] != "list":
            yield body
        for inner in body.values():
            yield from _objects(inner)
    elif isinstance(body, list):
        for inner in body:
            yield from _objects(inner)


def odd_object(document: Mapping[str, Any]) -> str | None:
    """An object of the page's schemas, and what must agree within it."""
    kind = str(document.get("object"))
    fields = OBJECTS.get(kind)
    if fields is None:
        return None
    if odd := odd_fields(document, fields, f"the {kind}"):
        return odd
    return _odd_call(document) if kind == "call" else None


def _odd_call(call: Mapping[str, Any]) -> str | None:
    if call["status"] in ("queued", "ringing", "in_progress") and call["ended_at"] is not None:
        return f"a call that is {call['status']} has ended_at = {call['ended_at']!r}"
    if call["direction"] == "outbound" and call["from"] is None:
        return "an outbound call has from = None"
    return None


def digits(value: str) -> str:
    """A telephone number without what makes it pretty."""
    return re.sub(r"\D", "", value)


def newest_first(found: list[dict[str, Any]], field: str) -> str | None:
    """Page "Pagination": most recently created first."""
    times = [moment(each.get(field)) for each in found]
    for place in range(1, len(times)):
        before, after = times[place - 1], times[place]
        if before is not None and after is not None and after > before:
            return f"{found[place].get('id')} is of {found[place].get(field)}, later than the one listed before it"
    return None

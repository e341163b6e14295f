"""What AgentPhone's answers and events look like: each function gives None or what is odd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

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
    whole,
)

CODES: Mapping[int, frozenset[str]] = {
    400: frozenset(
        {
            "VALIDATION_ERROR",
            "VALIDATION_ERROR_NUMBER_LIMIT",
            "NUMBER_NOT_ATTACHED",
            "WEBHOOK_NOT_CONFIGURED",
            "REGISTRATION_REQUIRED",
            "CHANNEL_NOT_SUPPORTED",
            "INVALID_CODE",
        }
    ),
    402: frozenset({"INSUFFICIENT_BALANCE"}),
    422: frozenset({"VALIDATION_ERROR"}),
    429: frozenset({"RATE_LIMIT_EXCEEDED"}),
    502: frozenset({"CARRIER_ERROR", "TWILIO_ERROR"}),
}
"""The codes of a status, where the documentation names them or we had to."""
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
VOICE_MODES = ("webhook", "hosted")
TIERS = ("turbo", "balanced", "max")
CALL_STATUSES = ("ringing", "in-progress", "completed", "failed", "busy", "no-answer")
ENDED = ("completed", "failed", "busy", "no-answer")
DIRECTIONS = ("inbound", "outbound", "web")
TEXTUAL = ("sms", "mms", "imessage", "rcs", "whatsapp")
TAPBACKS = ("love", "like", "dislike", "laugh", "emphasize", "question")


def stamp(value: Any) -> bool:
    """An instant in UTC that ends in Z."""
    return isinstance(value, str) and STAMP.fullmatch(value) is not None and moment(value) is not None


def phone(value: Any) -> bool:
    """E.164 with its plus."""
    return isinstance(value, str) and E164.fullmatch(value) is not None


def string(value: Any) -> bool:
    """A string, perhaps an empty one."""
    return isinstance(value, str)


def listed(field: Field) -> Field:
    """An array of such."""
    return lambda value: isinstance(value, list) and all(field(each) for each in value)


def shaped(fields: Mapping[str, Field]) -> Field:
    """An object with these fields."""
    return lambda value: odd_fields(value, fields, "it") is None


def free(value: Any) -> bool:
    """An object of any fields."""
    return isinstance(value, dict)


NUMBER: Mapping[str, Field] = {
    "id": like(re.compile(r"num_\w+")),
    "phoneNumber": phone,
    "country": like(re.compile(r"[A-Z]{2}")),
    "status": one_of("active", "released"),
    "agentId": maybe(text),
    "createdAt": stamp,
}
"""Page "Create number"."""
MESSAGE: Mapping[str, Field] = {"id": text, "from_": text, "to": text, "body": string, "receivedAt": stamp}
"""Page "Get messages for number"."""
CLIENT_MESSAGE: Mapping[str, Field] = {**MESSAGE, "direction": one_of("inbound", "outbound"), "from": text}
CONVERSATION_MESSAGE: Mapping[str, Field] = {
    "id": text,
    "body": string,
    "fromNumber": text,
    "toNumber": text,
    "direction": one_of("inbound", "outbound"),
    "receivedAt": stamp,
    "reactions": lambda value: isinstance(value, list),
}
CONVERSATION: Mapping[str, Field] = {
    "id": text,
    "phoneNumberId": text,
    "phoneNumber": phone,
    "participant": text,
    "lastMessageAt": stamp,
    "messageCount": whole,
    "createdAt": stamp,
}
AGENT_NUMBER: Mapping[str, Field] = {"id": text, "phoneNumber": phone, "status": text, "type": text}
AGENT: Mapping[str, Field] = {
    "id": like(re.compile(r"agt_\w+")),
    "name": text,
    "description": maybe(string),
    "voiceMode": one_of(*VOICE_MODES),
    "voice": text,
    "createdAt": stamp,
    "numbers": listed(shaped(AGENT_NUMBER)),
}
CALL: Mapping[str, Field] = {
    "id": text,
    "agentId": maybe(text),
    "phoneNumberId": maybe(text),
    "fromNumber": text,
    "toNumber": text,
    "direction": one_of(*DIRECTIONS),
    "status": one_of(*CALL_STATUSES),
    "startedAt": stamp,
    "endedAt": maybe(stamp),
    "durationSeconds": maybe(whole),
    "lastTranscriptSnippet": maybe(string),
}
CALL_TURN: Mapping[str, Field] = {"id": text, "transcript": string, "createdAt": stamp}
SAID: Mapping[str, Field] = {"role": one_of("user", "agent"), "content": string}
CONTACT: Mapping[str, Field] = {
    "id": text,
    "phoneNumber": phone,
    "name": text,
    "email": maybe(string),
    "notes": maybe(string),
    "createdAt": stamp,
    "updatedAt": stamp,
}
WEBHOOK: Mapping[str, Field] = {
    "id": like(re.compile(r"wh_\w+")),
    "url": text,
    "secret": like(re.compile(r"whsec_\w+")),
    "status": text,
    "contextLimit": whole,
    "timeout": whole,
    "createdAt": stamp,
}
DELIVERY: Mapping[str, Field] = {
    "id": text,
    "messageId": maybe(text),
    "eventType": maybe(text),
    "channel": maybe(text),
    "status": text,
    "httpStatus": maybe(whole),
    "errorMessage": maybe(string),
    "responseBody": maybe(string),
    "attemptCount": whole,
    "lastAttemptAt": maybe(stamp),
    "nextRetryAt": maybe(stamp),
    "createdAt": stamp,
}
SENT: Mapping[str, Field] = {"id": text, "status": text, "channel": text, "from_number": text, "to_number": text}
VOICE: Mapping[str, Field] = {"voice_id": text, "voice_name": text, "provider": text}
CARD = ("firstName", "lastName", "displayName", "hasAvatar")
COUNTS = (
    "totalMessages",
    "messagesLast24h",
    "messagesLast7d",
    "messagesLast30d",
    "totalCalls",
    "callsLast24h",
    "callsLast7d",
    "callsLast30d",
    "totalWebhookDeliveries",
    "successfulWebhookDeliveries",
    "failedWebhookDeliveries",
)
USAGE: Mapping[str, Field] = {
    "plan": shaped({"name": text, "limits": shaped({"numbers": whole, "concurrentCalls": whole})}),
    "numbers": shaped({"used": whole, "limit": whole, "remaining": whole}),
    "stats": shaped(dict.fromkeys(COUNTS, whole)),
    "periodStart": stamp,
    "periodEnd": stamp,
}
STATS: Mapping[str, Field] = {
    "total": whole,
    "success": whole,
    "failed": whole,
    "pending": whole,
    "successRate": real,
    "byEventType": free,
    "byHour": lambda value: isinstance(value, list),
}
HISTORY: Mapping[str, Field] = {"content": string, "direction": text, "channel": text, "at": stamp}
EVENT: Mapping[str, Field] = {
    "event": one_of("agent.message", "agent.call_ended", "agent.reaction"),
    "channel": one_of("voice", *TEXTUAL),
    "timestamp": stamp,
    "agentId": maybe(text),
    "data": free,
    "conversationState": maybe(free),
    "recentHistory": listed(shaped(HISTORY)),
}
TEXT_DATA: Mapping[str, Field] = {
    "messageId": maybe(text),
    "conversationId": maybe(text),
    "numberId": maybe(text),
    "from": text,
    "to": text,
    "contact": maybe(shaped({"id": text, "name": text, "phoneNumber": phone})),
    "message": string,
    "mediaUrl": maybe(text),
    "mediaUrls": listed(text),
    "direction": one_of("inbound"),
    "receivedAt": stamp,
}
TURN_DATA: Mapping[str, Field] = {
    "callId": text,
    "numberId": maybe(text),
    "from": text,
    "to": text,
    "status": one_of("in-progress"),
    "transcript": text,
    "direction": one_of(*DIRECTIONS),
}
ENDED_DATA: Mapping[str, Field] = {
    "callId": text,
    "numberId": maybe(text),
    "from": text,
    "to": text,
    "direction": one_of(*DIRECTIONS),
    "status": one_of(*ENDED),
    "startedAt": stamp,
    "endedAt": stamp,
    "durationSeconds": whole,
    "disconnectionReason": maybe(text),
    "transcript": listed(shaped(SAID)),
}
REACTION_DATA: Mapping[str, Field] = {
    "conversationId": text,
    "numberId": text,
    "reactionType": text,
    "fromNumber": text,
    "direction": one_of("inbound"),
    "messageId": text,
    "messageBody": maybe(string),
    "createdAt": stamp,
}


def odd_error(body: Any, status: int | None = None) -> str | None:
    """`{"detail": …, "error": {"message", "code", "type"}}`; a 422 has a list of {loc, msg, type} as its detail."""
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return f'the body has no "error": {{…}}: it is {kind_of(body)}'
    if odd := odd_fields(body["error"], {"message": text, "code": text, "type": text}, "error"):
        return odd
    detail = body.get("detail")
    if status != 422:
        return None if text(detail) else f"detail is {detail!r}, not a text"
    if not isinstance(detail, list) or not detail:
        return f"the detail of a 422 is {kind_of(detail)}, not a list of problems"
    places: Mapping[str, Field] = {
        "loc": listed(lambda value: isinstance(value, str | int)),
        "msg": text,
        "type": text,
    }
    return next((odd for problem in detail if (odd := odd_fields(problem, places, "a problem"))), None)


def odd_page(body: Any, total: bool = True) -> str | None:
    """`{"data", "hasMore", "total"}`, without the total for messages."""
    fields: Mapping[str, Field] = {
        "data": lambda value: isinstance(value, list),
        "hasMore": flag,
        **({"total": whole} if total else {}),
    }
    odd = odd_fields(body, fields, "the list")
    if odd is None and total and body["total"] < len(body["data"]):
        return f"the list has {len(body['data'])} objects and total = {body['total']}"
    return odd


def odd_event(event: Any) -> str | None:
    """The envelope of an event, and what it is about by its name and channel."""
    if odd := odd_fields(event, EVENT, "the event"):
        return odd
    kind, voice = event["event"], event["channel"] == "voice"
    if kind == "agent.message":
        return odd_fields(event["data"], TURN_DATA if voice else TEXT_DATA, f"the {event['channel']} message's data")
    if kind == "agent.call_ended":
        return odd_fields(event["data"], ENDED_DATA, "the ended call's data")
    return odd_fields(event["data"], REACTION_DATA, "the reaction's data")


def newest_first(found: list[dict[str, Any]], field: str) -> str | None:
    """Whether objects come with the latest first."""
    times = [moment(each.get(field)) for each in found]
    for place in range(1, len(times)):
        before, after = times[place - 1], times[place]
        if before is not None and after is not None and after > before:
            return f"{found[place].get('id')} is of {found[place].get(field)}, later than the one listed before it"
    return None

"""What PhoneStack's answers and events look like, by its page: each function gives None or what is odd."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
    text_or_null,
    whole,
)

STATUSES = {
    "VALIDATION_ERROR": (400, 422),
    "UNAUTHORIZED": (401,),
    "READ_ONLY": (403,),
    "TEST_KEY": (403,),
    "NOT_FOUND": (404,),
    "DUPLICATE": (409,),
    "RATE_LIMIT_EXCEEDED": (429,),
    "INTERNAL_ERROR": (500,),
}
"""Page "Errors": the status of each code it names. It gives none for VALIDATION_ERROR."""
EVENTS = (
    "call.completed",
    "call.started",
    "call.failed",
    "call.voicemail",
    "campaign.started",
    "campaign.paused",
    "campaign.completed",
    "contact.created",
    "contact.dnc_requested",
    "billing.limit_warning",
    "billing.limit_reached",
)
"""Page "Events"."""
DIRECTIONS = ("outbound", "inbound")
TYPES = ("string", "number", "boolean", "date", "enum")
CATEGORIES = ("contact", "extraction", "both")
CAMPAIGN_STATUSES = ("draft", "running", "paused", "completed")
PARTS = ("twilio", "gemini", "claude")
"""Page "Call Response": what a call's cost is made of."""
NOT_ENDED = ("queued", "ringing", "in_progress")
"""Ours: the page shows `completed` alone."""
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def _id(prefix: str) -> Field:
    return like(re.compile(re.escape(prefix) + r"\w+"))


def stamp(value: Any) -> bool:
    """An instant in UTC that ends in Z."""
    return isinstance(value, str) and STAMP.fullmatch(value) is not None and moment(value) is not None


def number(value: Any) -> bool:
    """E.164 with its plus."""
    return isinstance(value, str) and E164.fullmatch(value) is not None


def texts(value: Any) -> bool:
    """An array of strings."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def fields(value: Any) -> bool:
    """An object."""
    return isinstance(value, dict)


CONTACT: Mapping[str, Field] = {
    "id": _id("ct_"),
    "first_name": text_or_null,
    "last_name": text_or_null,
    "phone": number,
    "email": text_or_null,
    "company": text_or_null,
    "tags": texts,
    "campaign_id": text_or_null,
    "custom_fields": fields,
    "source": text,
    "dnc_status": text,
}
"""Page "Create Contact" and "List Contacts"."""
CALL: Mapping[str, Field] = {
    "id": _id("call_"),
    "campaign_id": text_or_null,
    "contact_id": text_or_null,
    "status": text,
    "direction": one_of(*DIRECTIONS),
    "from_number": number,
    "to_number": number,
    "transferred_to": maybe(number),
    "talk_duration_seconds": whole,
    "cost_cents": whole,
    "cost_breakdown": fields,
    "analysis": maybe(fields),
    "tool_executions": lambda value: isinstance(value, list),
}
ANALYSED: Mapping[str, Field] = {
    "disposition": text,
    "sentiment": text,
    "summary": text,
    "meeting_booked": flag,
    "ai_confidence_score": lambda value: whole(value) and value <= 100,
}
"""Page "Call Response"."""
EXECUTION: Mapping[str, Field] = {"tool": text, "status": text}
TURN: Mapping[str, Field] = {
    "speaker": text,
    "text": text,
    "timestamp_seconds": lambda value: real(value) and value >= 0,
}
"""Page "Webhook Payload Example"."""
CAMPAIGN: Mapping[str, Field] = {
    "id": _id("camp_"),
    "name": text,
    "direction": one_of(*DIRECTIONS),
    "status": one_of(*CAMPAIGN_STATUSES),
}
"""Page "Campaigns API"; the states are ours."""
CUSTOM_FIELD: Mapping[str, Field] = {
    "id": _id("cf_"),
    "name": text,
    "type": one_of(*TYPES),
    "description": text_or_null,
    "category": one_of(*CATEGORIES),
    "required": flag,
    "options": maybe(texts),
}
"""Page "Create Custom Field"."""
PROFILE: Mapping[str, Field] = {
    "id": _id("prof_"),
    "name": text,
    "persona": text_or_null,
    "opener": text_or_null,
    "extract_fields": texts,
    "status": one_of("active", "archived"),
}
"""Page "Profiles API"."""
REPORT: Mapping[str, Field] = {"id": _id("rep_"), "name": text}
RESULT: Mapping[str, Field] = {
    "report_id": text,
    "columns": texts,
    "rows": lambda value: isinstance(value, list) and all(isinstance(row, dict) for row in value),
    "totals": fields,
}
"""The page shows neither: ours."""
EVENT: Mapping[str, Field] = {
    "event": one_of(*EVENTS),
    "timestamp": stamp,
    "organization_id": _id("org_"),
    "data": fields,
}
COMPLETED: Mapping[str, Field] = {
    "call_id": _id("call_"),
    "campaign_id": text_or_null,
    "direction": one_of(*DIRECTIONS),
    "talk_duration_seconds": whole,
    "cost_cents": whole,
    "analysis": fields,
    "transcript": lambda value: isinstance(value, list),
}
"""Page "Webhook Payload Example"."""
META: Mapping[str, Field] = {
    "limit": lambda value: whole(value) and 1 <= value <= 100,
    "next_cursor": text_or_null,
    "has_more": flag,
}
"""Page "Pagination"."""


def odd_error(body: Any) -> str | None:
    """`{"success": false, "error": {"code", "message"}}`."""
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return f'the body is not {{"success": false, "error": {{…}}}} but {kind_of(body)}'
    if body.get("success") is not False:
        return f"an error has success = {body.get('success')!r}"
    return odd_fields(body["error"], {"code": text, "message": text}, "error")


def odd_list(body: Any) -> str | None:
    """`{"success": true, "data": [...], "meta": {...}}`."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        return f'the body is not {{"success": true, "data": […], "meta": {{…}}}} but {kind_of(body)}'
    if body.get("success") is not True:
        return f"a list has success = {body.get('success')!r}"
    if odd := odd_fields(body.get("meta"), META, "meta"):
        return odd
    meta = body["meta"]
    if len(body["data"]) > meta["limit"]:
        return f"a page of {meta['limit']} has {len(body['data'])} objects"
    if meta["has_more"] is not bool(meta["next_cursor"]):
        return f"has_more is {meta['has_more']}, and next_cursor {meta['next_cursor']!r}"
    return None


def calls_in(body: Any) -> Iterator[dict[str, Any]]:
    """The calls that an answer shows, in a list or alone."""
    shown = body.get("data") if isinstance(body, dict) else None
    for each in shown if isinstance(shown, list) else [shown]:
        if isinstance(each, dict) and "cost_breakdown" in each and str(each.get("id", "")).startswith("call_"):
            yield each


def odd_call(call: Any) -> str | None:
    """A call, and what must agree within it."""
    if odd := odd_fields(call, CALL, "the call"):
        return odd
    parts = call["cost_breakdown"]
    if odd := odd_fields(parts, dict.fromkeys(PARTS, whole), "cost_breakdown"):
        return odd
    if sum(parts[name] for name in PARTS) != call["cost_cents"]:
        return f"cost_breakdown {parts} does not add up to cost_cents, which is {call['cost_cents']}"
    if call["analysis"] is not None and (odd := odd_fields(call["analysis"], ANALYSED, "analysis")):
        return odd
    for execution in call["tool_executions"]:
        if odd := odd_fields(execution, EXECUTION, "a tool execution"):
            return odd
    if call["status"] == "completed" and call["analysis"] is None:
        return "a completed call has no analysis"
    if call["status"] in NOT_ENDED and (
        call["analysis"] is not None or call["cost_cents"] or call["talk_duration_seconds"]
    ):
        return f"a call that is {call['status']} has an analysis, a cost or a duration"
    return None


def odd_turns(turns: Any) -> str | None:
    """A transcript: turns in the order in which they were spoken."""
    if not isinstance(turns, list):
        return f"the transcript is {kind_of(turns)}, not an array"
    last = 0.0
    for turn in turns:
        if odd := odd_fields(turn, TURN, "a turn"):
            return odd
        if turn["timestamp_seconds"] < last:
            return f"a turn at {turn['timestamp_seconds']} s comes after one at {last} s"
        last = turn["timestamp_seconds"]
    return None


def newest_first(found: list[dict[str, Any]]) -> str | None:
    """Ours: lists have the latest first."""
    times = [moment(each.get("created_at")) for each in found]
    for place in range(1, len(times)):
        before, after = times[place - 1], times[place]
        if before is not None and after is not None and after > before:
            return (
                f"{found[place].get('id')} is of {found[place].get('created_at')}, later than the one listed before it"
            )
    return None

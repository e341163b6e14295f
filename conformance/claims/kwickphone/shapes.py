"""What KwickPhone's answers and events look like, by its page: each function gives None or what is odd."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

US_NUMBER = re.compile(r"\+1[2-9]\d{9}")
E164 = re.compile(r"\+[1-9]\d{1,14}")
NUMBER_ID = re.compile(r"num_\w+")
SECRET = re.compile(r"whsec_\S+")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
STATUSES = ("active", "past_due", "released")

Field = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _text_or_null(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _like(pattern: re.Pattern[str]) -> Field:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _instant(value: Any) -> bool:
    return moment(value) is not None


NUMBER: Mapping[str, Field] = {
    "id": _like(NUMBER_ID),
    "phone_number": _like(US_NUMBER),
    "business_phone": _like(E164),
    "status": lambda value: value in STATUSES,
    "webhook_url": _text_or_null,
    "created_at": _instant,
}
"""Page "List numbers"."""
CREATED: Mapping[str, Field] = {**NUMBER, "webhook_secret": _like(SECRET)}
"""Page "Provision a number"."""
CALL_FACTS: Mapping[str, Field] = {
    "caller": _text,
    "outcome": _text_or_null,
    "duration_sec": _whole,
    "started_at": _instant,
    "has_recording": _flag,
    "has_transcript": _flag,
}
CALL: Mapping[str, Field] = {
    "id": _text,
    "number_id": _text,
    "phone_number": _text,
    "direction": _text,
    "status": _text,
    **CALL_FACTS,
}
"""Page "List calls"."""
EVENT_CALL: Mapping[str, Field] = {"call_sid": _text, **CALL_FACTS}
EVENT: Mapping[str, Field] = {
    "type": lambda value: value == "call.completed",
    "number_id": _text,
    "occurred_at": _instant,
    "call": lambda value: isinstance(value, dict),
}
"""Page "Event payload"."""


def moment(value: Any) -> datetime | None:
    """An instant with its offset, in UTC, or None."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def odd_fields(document: Any, fields: Mapping[str, Field], what: str) -> str | None:
    """The first field that is missing or not as documented; fields beyond the documented ones are fine."""
    if not isinstance(document, dict):
        return f"{what} is {_kind(document)}, not an object"
    for name, fits in fields.items():
        if name not in document:
            return f"{what} has no {name}"
        if not fits(document[name]):
            return f"{what} has {name} = {document[name]!r}"
    return None


def odd_list(body: Any, fields: Mapping[str, Field], what: str) -> str | None:
    """`{"data": [...]}` of such objects."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        return f'the body is not {{"data": [...]}} but {_kind(body)}'
    for place, item in enumerate(body["data"]):
        if odd := odd_fields(item, fields, f"{what} {place}"):
            return odd
    return None


def shows_something(body: Any) -> bool:
    """False for `{"data": []}`, which tells nothing about what a list holds or how it is ordered."""
    return not (isinstance(body, dict) and body.get("data") == [])


def odd_error(body: Any) -> str | None:
    """`{"error": {"code", "message"}}`."""
    if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
        return f'the body is not {{"error": {{…}}}} but {_kind(body)}'
    return odd_fields(body["error"], {"code": _text, "message": _text}, "error")


def odd_transcript(body: Any, duration: float | None) -> str | None:
    """`{"turns": [{"speaker", "text", "offset_sec"}]}` in order, within the call."""
    if not isinstance(body, dict) or not isinstance(body.get("turns"), list):
        return f'the body is not {{"turns": [...]}} but {_kind(body)}'
    last = 0.0
    for place, turn in enumerate(body["turns"]):
        fields: Mapping[str, Field] = {
            "speaker": lambda value: value in ("caller", "agent"),
            "text": lambda value: isinstance(value, str),
            "offset_sec": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        }
        if odd := odd_fields(turn, fields, f"turn {place}"):
            return odd
        offset = float(turn["offset_sec"])
        if offset < last:
            return f"turn {place} is at {offset:g} s, before turn {place - 1} at {last:g} s"
        if duration is not None and offset > duration + 1:
            return f"turn {place} is at {offset:g} s of a call of {duration:g} s"
        last = offset
    return None


def active_first(numbers: list[dict[str, Any]]) -> str | None:
    """Page "List numbers": active first."""
    past_active = False
    for number in numbers:
        if number.get("status") == "active" and past_active:
            return f"{number.get('id')} is active and comes after one that is not"
        past_active = past_active or number.get("status") != "active"
    return None


def newest_first(calls: list[dict[str, Any]]) -> str | None:
    """Page "List calls": newest first."""
    earlier: datetime | None = None
    for call in calls:
        started = moment(call.get("started_at"))
        if earlier is not None and started is not None and started > earlier:
            return f"{call.get('id')} started at {call.get('started_at')}, after the one listed before it"
        earlier = started or earlier
    return None


def _kind(value: Any) -> str:
    if value is None:
        return "no JSON"
    if isinstance(value, dict):
        return f"an object with {', '.join(list(value)[:6]) or 'nothing'}"
    return f"a {type(value).__name__}"

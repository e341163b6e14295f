"""What KwickPhone's answers and events look like, by its page: each function gives None or what is odd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ringback_conformance.shapes import (
    E164,
    Field,
    flag,
    instant,
    kind_of,
    like,
    moment,
    odd_fields,
    one_of,
    real,
    text,
    text_or_null,
    whole,
)

US_NUMBER = re.compile(r"\+1[2-9]\d{9}")
NUMBER_ID = re.compile(r"num_\w+")
SECRET = re.compile(r"whsec_\S+")
STATUSES = ("active", "past_due", "released")


NUMBER: Mapping[str, Field] = {
    "id": like(NUMBER_ID),
    "phone_number": like(US_NUMBER),
    "business_phone": like(E164),
    "status": one_of(*STATUSES),
    "webhook_url": text_or_null,
    "created_at": instant,
}
"""Page "List numbers"."""
CREATED: Mapping[str, Field] = {**NUMBER, "webhook_secret": like(SECRET)}
"""Page "Provision a number"."""
CALL_FACTS: Mapping[str, Field] = {
    "caller": text,
    "outcome": text_or_null,
    "duration_sec": whole,
    "started_at": instant,
    "has_recording": flag,
    "has_transcript": flag,
}
CALL: Mapping[str, Field] = {
    "id": text,
    "number_id": text,
    "phone_number": text,
    "direction": text,
    "status": text,
    **CALL_FACTS,
}
"""Page "List calls"."""
EVENT_CALL: Mapping[str, Field] = {"call_sid": text, **CALL_FACTS}
EVENT: Mapping[str, Field] = {
    "type": one_of("call.completed"),
    "number_id": text,
    "occurred_at": instant,
    "call": lambda value: isinstance(value, dict),
}
"""Page "Event payload"."""


def odd_list(body: Any, fields: Mapping[str, Field], what: str) -> str | None:
    """`{"data": [...]}` of such objects."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        return f'the body is not {{"data": [...]}} but {kind_of(body)}'
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
        return f'the body is not {{"error": {{…}}}} but {kind_of(body)}'
    return odd_fields(body["error"], {"code": text, "message": text}, "error")


def odd_transcript(body: Any, duration: float | None) -> str | None:
    """`{"turns": [{"speaker", "text", "offset_sec"}]}` in order, within the call."""
    if not isinstance(body, dict) or not isinstance(body.get("turns"), list):
        return f'the body is not {{"turns": [...]}} but {kind_of(body)}'
    last = 0.0
    for place, turn in enumerate(body["turns"]):
        fields: Mapping[str, Field] = {
            "speaker": one_of("caller", "agent"),
            "text": lambda value: isinstance(value, str),
            "offset_sec": real,
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

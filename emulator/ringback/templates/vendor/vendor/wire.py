"""Bodies in and out, exactly as the page documents them."""

from __future__ import annotations

import msgspec


class NumberBody(msgspec.Struct):
    """POST /v1/numbers. Unknown fields are ignored."""

    area_code: str = "212"
    webhook_url: str | None = None


class NumberView(msgspec.Struct):
    """A number. `created_at` is ISO 8601, UTC."""

    id: str
    phone_number: str
    webhook_url: str | None
    webhook_secret: str
    created_at: str


class NumberList(msgspec.Struct):
    """GET /v1/numbers, newest first."""

    data: list[NumberView]


class EventCall(msgspec.Struct):
    """The call in an event. `duration_sec` counts whole seconds from answer to end."""

    id: str
    caller: str
    duration_sec: int


class Event(msgspec.Struct):
    """What is POSTed to a webhook URL."""

    type: str
    number_id: str
    occurred_at: str
    call: EventCall


class ErrorBody(msgspec.Struct):
    """What went wrong: a code for programs, a message for people."""

    code: str
    message: str


class ErrorEnvelope(msgspec.Struct):
    """Every error."""

    error: ErrorBody

"""Bodies in and out, exactly as documented."""

from __future__ import annotations

import msgspec


class ProvisionBody(msgspec.Struct):
    """POST /v1/numbers, page "Provision a number". Unknown fields are ignored."""

    business_phone: str
    area_code: str | None = None
    webhook_url: str | None = None


class NumberView(msgspec.Struct):
    """A number as it is listed. `webhook_secret` is added in the answer that creates it, and nowhere else."""

    id: str
    phone_number: str
    business_phone: str
    status: str
    webhook_url: str | None
    created_at: str


class CreatedNumberView(msgspec.Struct):
    """The answer to POST /v1/numbers."""

    id: str
    phone_number: str
    business_phone: str
    status: str
    webhook_url: str | None
    webhook_secret: str
    created_at: str


class NumberList(msgspec.Struct):
    """GET /v1/numbers, page "List numbers"."""

    data: list[NumberView]


class Released(msgspec.Struct):
    """DELETE /v1/numbers/{id}, page "Release a number"."""

    released: bool


class CallView(msgspec.Struct):
    """A call as it is listed, page "List calls"."""

    id: str
    number_id: str
    phone_number: str
    caller: str
    direction: str
    status: str
    outcome: str | None
    duration_sec: int
    started_at: str
    has_recording: bool
    has_transcript: bool


class TurnView(msgspec.Struct):
    """One turn of a transcript; `offset_sec` counts from the answer. The page gives no shape: ours."""

    speaker: str
    text: str
    offset_sec: float


class TranscriptView(msgspec.Struct):
    """GET /v1/calls/{call_id}/transcript. The page gives no shape: ours."""

    call_id: str
    turns: list[TurnView]


class EventCall(msgspec.Struct):
    """The call in an event; here its id is `call_sid`, page "Event payload"."""

    call_sid: str
    caller: str
    outcome: str | None
    duration_sec: int
    started_at: str
    has_recording: bool
    has_transcript: bool


class Event(msgspec.Struct):
    """What is POSTed to a webhook URL, page "Event payload"."""

    type: str
    number_id: str
    occurred_at: str
    call: EventCall


class ErrorBody(msgspec.Struct):
    """What went wrong."""

    code: str
    message: str


class ErrorEnvelope(msgspec.Struct):
    """Every error, page "Errors"."""

    error: ErrorBody

"""KwickPhone's operations, in the order of its page."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec

from ringback.gateway.asgi import Response
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.operations import Operations
from ringback.vendors.kwickphone.rules import KwickPhone
from ringback.vendors.kwickphone.wire import CreatedNumberView, NumberList, ProvisionBody, Released, TranscriptView

MP3 = b"audio/mpeg"
MAX_CALLS = 1_000
"""Largest `limit` of a page of calls. The page names no limit and lists all: `limit` and `starting_after` are ours."""

operation = OPERATIONS = Operations()


class CallPage(msgspec.Struct):
    """The query of a list of calls."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_CALLS)] | None = None
    starting_after: str | None = None


@operation("POST", "/v1/numbers", "createNumber", 201)
async def create_number(backend: KwickPhone, request: RequestLogEntry, body: ProvisionBody) -> CreatedNumberView:
    """Page "Provision a number"."""
    await backend.check_webhook_url(body.webhook_url)
    return backend.provision(request.account, body)


@operation("GET", "/v1/numbers", "listNumbers")
def list_numbers(backend: KwickPhone, request: RequestLogEntry) -> NumberList:
    """Page "List numbers"."""
    return NumberList(backend.list_numbers(request.account))


@operation("DELETE", "/v1/numbers/{id}", "releaseNumber")
def release_number(backend: KwickPhone, request: RequestLogEntry, id: str) -> Released:  # noqa: A002 - the path's name
    """Page "Release a number"."""
    backend.release(request.account, id)
    return Released(released=True)


@operation("GET", "/v1/calls", "listCalls")
def list_calls(backend: KwickPhone, request: RequestLogEntry, query: CallPage) -> bytes:
    """Page "List calls"."""
    return backend.list_calls(request.account, query.limit, query.starting_after)


@operation("GET", "/v1/calls/{call_id}/transcript", "getTranscript")
def get_transcript(backend: KwickPhone, request: RequestLogEntry, call_id: str) -> TranscriptView:
    """Page "Get a transcript"."""
    return backend.transcript(request.account, call_id)


@operation("GET", "/v1/calls/{call_id}/recording", "getRecording")
async def get_recording(backend: KwickPhone, request: RequestLogEntry, call_id: str) -> Response:
    """Page "Get a recording". The recording is rendered off the event loop."""
    from ringback.carrier.speech import render_mp3

    call = backend.recorded(request.account, call_id)
    turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
    return Response(await asyncio.to_thread(render_mp3, turns, call.duration, int(call.id[-8:], 16)), media_type=MP3)

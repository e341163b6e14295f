"""KwickPhone's operations, in the order of its page."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Litestar, Request, delete, get, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
from ringback.gateway.litestar_app import application as vendor_application
from ringback.gateway.paging import PageError, limit_of, query_of
from ringback.vendors.kwickphone import errors
from ringback.vendors.kwickphone.rules import KwickPhone
from ringback.vendors.kwickphone.wire import NumberList, ProvisionBody, Released

MP3 = b"audio/mpeg"
MAX_CALLS = 1_000
"""Largest `limit` of a page of calls. The page names no limit and lists all: `limit` and `starting_after` are ours."""
PAGING = ("limit", "starting_after")
Req = Request[Any, Any, Any]
_BODY = msgspec.json.Decoder(ProvisionBody)


def application(backend: KwickPhone) -> Litestar:
    """The vendor's routes as an ASGI app."""

    @post("/v1/numbers", operation_id="createNumber")
    async def create_number(request: Req) -> Response:
        exchange = log_entry(request)
        body = decode(exchange.body, _BODY)
        await backend.check_webhook_url(body.webhook_url)
        return Response(encode(backend.provision(exchange.account, body)), 201)

    @get("/v1/numbers", operation_id="listNumbers")
    async def list_numbers(request: Req) -> Response:
        return Response(encode(NumberList(backend.list_numbers(log_entry(request).account))))

    @delete("/v1/numbers/{number_id:str}", operation_id="releaseNumber", status_code=200)
    async def release_number(request: Req, number_id: FromPath[str]) -> Response:
        backend.release(log_entry(request).account, number_id)
        return Response(encode(Released(released=True)))

    @get("/v1/calls", operation_id="listCalls")
    async def list_calls(request: Req) -> Response:
        exchange = log_entry(request)
        limit, after = page_of(exchange.query)
        return Response(backend.list_calls(exchange.account, limit, after))

    @get("/v1/calls/{call_id:str}/transcript", operation_id="getTranscript")
    async def get_transcript(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(backend.transcript(log_entry(request).account, call_id)))

    @get("/v1/calls/{call_id:str}/recording", operation_id="getRecording")
    async def get_recording(request: Req, call_id: FromPath[str]) -> Response:
        call = backend.recorded(log_entry(request).account, call_id)
        from ringback.carrier.speech import render_mp3

        turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
        recording = await asyncio.to_thread(render_mp3, turns, call.duration, int(call.id[-8:], 16))
        return Response(recording, media_type=MP3)

    return vendor_application(
        backend.services,
        errors.ERRORS,
        (create_number, list_numbers, release_number, list_calls, get_transcript, get_recording),
    )


def page_of(query: bytes) -> tuple[int | None, str | None]:
    """`limit` and `starting_after` of a list of calls. Raises ApiError 400, for one that is given twice too."""
    if not query:
        return None, None
    try:
        given = query_of(query, *PAGING)
        return limit_of(given, MAX_CALLS), given.get("starting_after")
    except PageError as error:
        raise errors.invalid_request(f"{error.param} {error}.", error.param) from None

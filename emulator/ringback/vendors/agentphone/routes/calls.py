"""Calls, their transcripts, streams of them, and recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath

from ringback.carrier.call import FINAL, Call
from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import log_entry
from ringback.gateway.sse import Batch, EventStream, ServerSentEvent, wait_until
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.routes.query_params import (
    Req,
    body_of,
    choice,
    flag,
    paged,
    paged_list,
    project_of,
    query_in,
    so_many,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.calls import said
from ringback.vendors.agentphone.wire.bodies import CallBody, WebCallBody

WAV = b"audio/wav"
STATES = ("ringing", "in-progress", "completed", "failed", "busy", "no-answer")
DIRECTIONS = ("inbound", "outbound", "web")
KINDS = ("pstn", "web")
FILTERS = ("status", "direction", "type", "search")
WAIT, SHORTEST_WAIT, MAX_WAIT = 30, 10, 300
COMPLETION_WAIT = 300
_CALL = msgspec.json.Decoder(CallBody)
_WEB = msgspec.json.Decoder(WebCallBody)


def calls(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    phones, services = backend.phones, backend.services

    async def wait_for(call: Call, seconds: int) -> Call:
        """Until a call has ended, or time is up; gives it as it is then, should a restore have put another in its
        place."""

        def over() -> bool:
            now = services.calls.records.get(call.id)
            return now is None or now.state in FINAL

        await wait_until(services.notifications, services.clock, call.account, call.id, seconds, over)
        return services.calls.records.get(call.id) or call

    @get("/v1/calls", operation_id="listCalls")
    async def list_calls(request: Req) -> Response:
        exchange = log_entry(request)
        project = project_of(backend, exchange)
        query = query_in(exchange, "limit", "offset", *FILTERS)
        if not query.keys() & set(FILTERS):
            return paged(exchange, phones.details, "project", project, phones.view)
        found = phones.matching(
            project,
            status=choice(query, "status", STATES),
            direction=choice(query, "direction", DIRECTIONS),
            kind=choice(query, "type", KINDS),
            search=query.get("search"),
        )
        return paged_list(query, found, phones.view)

    @post("/v1/calls", operation_id="createCall", status_code=200)
    async def create_call(request: Req) -> Response:
        exchange = log_entry(request)
        project = project_of(backend, exchange)
        body = body_of(exchange, _CALL)
        call = phones.place(exchange.account, project, body)
        if body.wait_for_completion:
            call = await wait_for(call, body.max_wait_seconds or COMPLETION_WAIT)
        return Response(encode(phones.view_in_full(call)))

    @post("/v1/calls/web", operation_id="createWebCall", status_code=200)
    async def create_web_call(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(phones.place_web(exchange.account, body_of(exchange, _WEB))))

    @get("/v1/calls/{call_id:str}", operation_id="getCall")
    async def get_call(request: Req, call_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        call = phones.of(exchange.account, call_id)
        query = query_in(exchange, "wait", "timeout")
        seconds = so_many(query, "timeout", WAIT, SHORTEST_WAIT, MAX_WAIT)
        if flag(query, "wait"):
            call = await wait_for(call, seconds)
        return Response(encode(phones.view_in_full(call)))

    @post("/v1/calls/{call_id:str}/end", operation_id="endCall", status_code=200)
    async def end_call(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.hang_up(log_entry(request).account, call_id)))

    @get("/v1/calls/{call_id:str}/transcript", operation_id="getTranscript")
    async def get_transcript(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.transcript(phones.of(log_entry(request).account, call_id))))

    @get("/v1/calls/{call_id:str}/transcript/stream", operation_id="streamTranscript")
    async def stream_transcript(request: Req, call_id: FromPath[str]) -> EventStream:
        call = phones.of(log_entry(request).account, call_id)
        return EventStream(
            services.notifications,
            services.clock,
            call.account,
            call.id,
            _told(backend, call),
            services.settings.stream_heartbeat,
        )

    @get("/v1/calls/{call_id:str}/recording", operation_id="downloadRecording")
    async def download_recording(request: Req, call_id: FromPath[str]) -> Response:
        call = services.calls.records.get(call_id)
        if call is None or call_id not in phones.details:
            raise errors.not_found("call", "CALL_NOT_FOUND")
        log_entry(request).account = call.account
        if not (phones.recorded(call) and backend.settings(call.account).recording):
            raise errors.not_found("recording", "RECORDING_NOT_FOUND")
        return await recording(call)

    return (
        list_calls,
        create_call,
        create_web_call,
        get_call,
        end_call,
        get_transcript,
        stream_transcript,
        download_recording,
    )


async def recording(call: Call) -> Response:
    """The sound of a call, rendered off the loop."""
    from ringback.carrier.speech import render_wav

    turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
    name = f'attachment; filename="recording-{call.id}.wav"'.encode()
    sound = await asyncio.to_thread(render_wav, turns, call.duration)
    return Response(sound, media_type=WAV, headers=((b"content-disposition", name),))


def _told(backend: AgentPhone, call: Call) -> Callable[[], Batch]:
    """What a stream has yet to tell of a call: that it is connected, each turn in order, and the end."""
    told = -1

    def look() -> Batch:
        nonlocal told
        now = backend.services.calls.records.get(call.id)
        if now is None:
            return Batch((), last=True)
        events = []
        if told < 0:
            told = 0
            events.append(
                ServerSentEvent(
                    "connected",
                    {"callId": now.id, "status": backend.phones.view(backend.phones.details[now.id]).status},
                )
            )
        turns = (now.turns or [])[told:]
        events += [ServerSentEvent("turn", one) for one in said(turns)]
        told += len(turns)
        over = now.state in FINAL
        if over:
            events.append(ServerSentEvent("ended", {"durationSeconds": now.duration}))
        return Batch(events, over)

    return look

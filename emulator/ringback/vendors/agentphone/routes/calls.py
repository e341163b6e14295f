"""Calls, their transcripts and recordings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringback.carrier.call import FINAL, Call
from ringback.gateway.asgi import Response
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.sse import Batch, EventStream, ServerSentEvent, wait_until
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import CallQuery, WaitQuery, flag, page, page_of
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.calls import transcript_lines
from ringback.vendors.agentphone.wire.requests import CallBody, WebCallBody
from ringback.vendors.agentphone.wire.responses import CallView, Page, TranscriptView, WebCallView

WAV = b"audio/wav"
COMPLETION_WAIT = 300
"""Seconds that `waitForCompletion` waits unless the request says otherwise."""


async def _wait_until_ended(backend: AgentPhone, call: Call, seconds: int) -> Call:
    """Wait until a call has ended, or time is up. A restore may have replaced the call; return the current one."""
    services = backend.services

    def ended() -> bool:
        current = services.calls.records.get(call.id)
        return current is None or current.state in FINAL

    await wait_until(services.notifications, services.clock, call.account, call.id, seconds, ended)
    return services.calls.records.get(call.id) or call


@operation("GET", "/v1/calls", "listCalls")
def list_calls(backend: AgentPhone, project: str, query: CallQuery) -> Page[CallView]:
    """Calls of a project, filtered."""
    if (query.status, query.direction, query.type, query.search) == (None, None, None, None):
        return page(query, backend.data.calls, "project", project, backend.calls.view)
    found = backend.calls.matching(
        project, status=query.status, direction=query.direction, kind=query.type, search=query.search
    )
    return page_of(query, found, backend.calls.view)


@operation("POST", "/v1/calls", "createCall")
async def create_call(backend: AgentPhone, request: RequestLogEntry, project: str, body: CallBody) -> CallView:
    """Place a call, and wait for its end if the body says so."""
    call = backend.calls.place(request.account, project, body)
    if body.wait_for_completion:
        call = await _wait_until_ended(backend, call, body.max_wait_seconds or COMPLETION_WAIT)
    return backend.calls.view_with_turns(call)


@operation("POST", "/v1/calls/web", "createWebCall")
def create_web_call(backend: AgentPhone, request: RequestLogEntry, body: WebCallBody) -> WebCallView:
    """Start a call that a browser joins."""
    return backend.calls.place_web(request.account, body)


@operation("GET", "/v1/calls/{call_id}", "getCall")
async def get_call(backend: AgentPhone, call: Call, query: WaitQuery) -> CallView:
    """One call, after its end if the query says so."""
    if flag("wait", query.wait):
        call = await _wait_until_ended(backend, call, query.timeout)
    return backend.calls.view_with_turns(call)


@operation("POST", "/v1/calls/{call_id}/end", "endCall")
def end_call(backend: AgentPhone, call: Call) -> CallView:
    """Hang up."""
    return backend.calls.hang_up(call)


@operation("GET", "/v1/calls/{call_id}/transcript", "getTranscript")
def get_transcript(backend: AgentPhone, call: Call) -> TranscriptView:
    """The transcript so far."""
    return backend.calls.transcript(call)


@operation("GET", "/v1/calls/{call_id}/transcript/stream", "streamTranscript")
def stream_transcript(backend: AgentPhone, call: Call) -> EventStream:
    """The transcript as server-sent events, until the call has ended."""
    services = backend.services
    return EventStream(
        services.notifications,
        services.clock,
        call.account,
        call.id,
        _new_events(backend, call),
        services.settings.stream_heartbeat,
    )


@operation("GET", "/v1/calls/{call_id}/recording", "downloadRecording")
async def download_recording(backend: AgentPhone, request: RequestLogEntry, call_id: str) -> Response:
    """The recording, which needs no key. It is rendered off the event loop."""
    from ringback.carrier.speech import render_wav

    call = backend.calls.find_any(call_id)
    request.account = call.account
    backend.calls.check_recording(call)
    turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
    wav = await asyncio.to_thread(render_wav, turns, call.duration)
    name = f'attachment; filename="recording-{call.id}.wav"'.encode()
    return Response(wav, media_type=WAV, headers=((b"content-disposition", name),))


def _new_events(backend: AgentPhone, call: Call) -> Callable[[], Batch]:
    """Return a function that returns the events since it was last called: connected, each turn, ended."""
    sent = -1

    def new_events() -> Batch:
        nonlocal sent
        current = backend.services.calls.records.get(call.id)
        if current is None:
            return Batch((), last=True)
        events = []
        if sent < 0:
            sent = 0
            status = backend.calls.view(backend.data.calls[current.id]).status
            events.append(ServerSentEvent("connected", {"callId": current.id, "status": status}))
        turns = (current.turns or [])[sent:]
        events += [ServerSentEvent("turn", line) for line in transcript_lines(turns)]
        sent += len(turns)
        ended = current.state in FINAL
        if ended:
            events.append(ServerSentEvent("ended", {"durationSeconds": current.duration}))
        return Batch(events, ended)

    return new_events

"""Calls, in both layouts over one store: under their number (the page, SDK 0.4) and by themselves (SDK 0.7)."""

from __future__ import annotations

from ringback.carrier.call import Call
from ringback.vendors.inkbox.records import Number
from ringback.vendors.inkbox.routes.operations import NUMBER, operation
from ringback.vendors.inkbox.routes.query_params import CallQuery, PageQuery, RangeQuery
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, Caller
from ringback.vendors.inkbox.wire.requests import CallBody
from ringback.vendors.inkbox.wire.responses import CallView, ToolInvocations, UtteranceView

CALLS = f"{PHONE}/calls"


@operation("POST", f"{PHONE}/place-call", "placeCall")
async def place_call(backend: Inkbox, caller: Caller, body: CallBody) -> CallView:
    """Page "Calls"."""
    if body.client_websocket_url is not None:
        await backend.phone_numbers.check_websocket_url(body.client_websocket_url, "client_websocket_url")
    return backend.calls.place(caller, body)


@operation("GET", f"{NUMBER}/calls", "listNumberCalls")
def list_number_calls(backend: Inkbox, caller: Caller, number: Number, query: RangeQuery) -> list[CallView]:
    """Page "Calls"."""
    return backend.calls.list_calls(caller, number, query.kind, query.within, query.offset, query.limit)


@operation("GET", f"{NUMBER}/calls/{{call_id}}", "getNumberCall")
def get_number_call(backend: Inkbox, number_call: Call) -> CallView:
    """Page "Calls"."""
    return backend.call_views.view(number_call)


@operation("GET", f"{NUMBER}/calls/{{call_id}}/transcripts", "listNumberCallTranscripts")
def list_number_transcripts(backend: Inkbox, number_call: Call) -> list[UtteranceView]:
    """Page "Transcripts"."""
    return backend.transcripts.list_utterances(number_call)


@operation("GET", CALLS, "listCalls")
def list_calls(backend: Inkbox, caller: Caller, query: CallQuery) -> list[CallView]:
    """SDK 0.7."""
    identity = backend.data.identity(caller, query.agent_identity_id, "query")
    return backend.calls.list_calls(caller, identity, query.kind, query.within, query.offset, query.limit)


@operation("GET", f"{CALLS}/{{call_id}}", "getCall")
def get_call(backend: Inkbox, call: Call) -> CallView:
    """SDK 0.7."""
    return backend.call_views.view(call)


@operation("GET", f"{CALLS}/{{call_id}}/transcripts", "listCallTranscripts")
def list_transcripts(backend: Inkbox, call: Call) -> list[UtteranceView]:
    """SDK 0.7."""
    return backend.transcripts.list_utterances(call)


@operation("POST", f"{CALLS}/{{call_id}}/hangup", "hangUpCall")
def hang_up_call(backend: Inkbox, call: Call) -> CallView:
    """SDK 0.7."""
    return backend.calls.hang_up(call)


@operation("GET", f"{CALLS}/{{call_id}}/tool-invocations", "listToolInvocations")
def list_tool_invocations(backend: Inkbox, call: Call, query: PageQuery) -> ToolInvocations:
    """SDK 0.7."""
    return backend.calls.tool_log(call, query.offset, query.limit)

"""Calls, in both layouts over one store: under their number (the page, SDK 0.4) and by themselves (SDK 0.7)."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
from ringback.vendors.inkbox.routes.query_params import DATES, Req, kind_in, query_in, span_in, window
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, caller_of
from ringback.vendors.inkbox.wire import CallBody

OF_NUMBER = f"{PHONE}/numbers/{{phone_number_id:str}}/calls"
CALLS = f"{PHONE}/calls"
_CALL = msgspec.json.Decoder(CallBody)


def handlers(backend: Inkbox) -> tuple[Any, ...]:
    """Placing, listing, hanging up, transcripts."""
    services, lines, phones = backend.services, backend.lines, backend.phones

    @post(f"{PHONE}/place-call", operation_id="placeCall", status_code=200)
    async def place_call(request: Req) -> Response:
        body = decode(log_entry(request).body, _CALL)
        await phones.check_socket(body)
        return Response(encode(phones.place(caller_of(services, request), body)))

    @get(OF_NUMBER, operation_id="listNumberCalls")
    async def list_number_calls(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        number = lines.of(caller, phone_number_id)
        query = query_in(request, "limit", "offset", "is_blocked", *DATES)
        return Response(encode(phones.listed(caller, number, kind_in(query), span_in(query), *window(query))))

    @get(f"{OF_NUMBER}/{{call_id:str}}", operation_id="getNumberCall")
    async def get_number_call(request: Req, phone_number_id: FromPath[str], call_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return Response(encode(phones.view(phones.of(caller, call_id, lines.of(caller, phone_number_id)))))

    @get(f"{OF_NUMBER}/{{call_id:str}}/transcripts", operation_id="listNumberCallTranscripts")
    async def list_number_transcripts(request: Req, phone_number_id: FromPath[str], call_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return Response(encode(phones.transcript(phones.of(caller, call_id, lines.of(caller, phone_number_id)))))

    @get(CALLS, operation_id="listCalls")
    async def list_calls(request: Req) -> Response:
        caller = caller_of(services, request)
        query = query_in(request, "agent_identity_id", "limit", "offset", "is_blocked", *DATES)
        identity = backend.identities.meant(caller, query.get("agent_identity_id"), where="query")
        return Response(encode(phones.listed(caller, identity, kind_in(query), span_in(query), *window(query))))

    @get(f"{CALLS}/{{call_id:str}}", operation_id="getCall")
    async def get_call(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.view(phones.of(caller_of(services, request), call_id))))

    @get(f"{CALLS}/{{call_id:str}}/transcripts", operation_id="listCallTranscripts")
    async def list_transcripts(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.transcript(phones.of(caller_of(services, request), call_id))))

    @post(f"{CALLS}/{{call_id:str}}/hangup", operation_id="hangUpCall", status_code=200)
    async def hangup_call(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.hang_up(caller_of(services, request), call_id)))

    @get(f"{CALLS}/{{call_id:str}}/tool-invocations", operation_id="listToolInvocations")
    async def list_tool_invocations(request: Req, call_id: FromPath[str]) -> Response:
        call = phones.of(caller_of(services, request), call_id)
        return Response(encode(phones.tool_log(call, *window(query_in(request, "limit", "offset")))))

    return (
        place_call,
        list_number_calls,
        get_number_call,
        list_number_transcripts,
        list_calls,
        get_call,
        list_transcripts,
        hangup_call,
        list_tool_invocations,
    )

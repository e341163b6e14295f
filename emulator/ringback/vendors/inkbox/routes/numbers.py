"""Phone numbers, and how calls are taken."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
from ringback.vendors.inkbox.routes.query_params import Req, choice, query_in, window, words_in
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, caller_of
from ringback.vendors.inkbox.wire import AuthorityBody, HandlingBody, NumberBody, NumberPatch, VoiceBody

NUMBERS = f"{PHONE}/numbers"
_NUMBER = msgspec.json.Decoder(NumberBody)
_PATCH = msgspec.json.Decoder(NumberPatch)
_HANDLING = msgspec.json.Decoder(HandlingBody)
_VOICE = msgspec.json.Decoder(VoiceBody)
_AUTHORITY = msgspec.json.Decoder(AuthorityBody)


def handlers(backend: Inkbox) -> tuple[Any, ...]:
    """Numbers, incoming-call action and hosted agent."""
    services, lines, identities, hosted = backend.services, backend.lines, backend.identities, backend.hosted

    @post(NUMBERS, operation_id="provisionPhoneNumber")
    async def provision_number(request: Req) -> Response:
        body = decode(log_entry(request).body, _NUMBER)
        await lines.check_urls(body)
        return Response(encode(lines.provision(caller_of(services, request), body)), 201)

    @get(NUMBERS, operation_id="listPhoneNumbers")
    async def list_numbers(request: Req) -> Response:
        return Response(encode(lines.listed(caller_of(services, request))))

    @get(f"{NUMBERS}/{{phone_number_id:str}}", operation_id="getPhoneNumber")
    async def get_number(request: Req, phone_number_id: FromPath[str]) -> Response:
        return Response(encode(lines.view(lines.of(caller_of(services, request), phone_number_id))))

    @patch(f"{NUMBERS}/{{phone_number_id:str}}", operation_id="updatePhoneNumber")
    async def update_number(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        lines.of(caller, phone_number_id)
        body = decode(log_entry(request).body, _PATCH)
        await lines.check_urls(body)
        return Response(encode(lines.change(caller, phone_number_id, body)))

    @delete(f"{NUMBERS}/{{phone_number_id:str}}", operation_id="releasePhoneNumber")
    async def release_number(request: Req, phone_number_id: FromPath[str]) -> None:
        lines.release(caller_of(services, request), phone_number_id)

    @get(f"{NUMBERS}/{{phone_number_id:str}}/search", operation_id="searchTranscripts")
    async def search_transcripts(request: Req, phone_number_id: FromPath[str]) -> Response:
        number = lines.of(caller_of(services, request), phone_number_id)
        query = query_in(request, "q", "party", "limit")
        party = choice(query, "party", ("local", "remote"))
        return Response(encode(backend.phones.searched(number, words_in(query), party, window(query)[1])))

    # -- how calls are taken ------

    @get(f"{PHONE}/incoming-call-action", operation_id="getIncomingCallAction")
    async def get_incoming_call_action(request: Req) -> Response:
        query = query_in(request, "agent_identity_id")
        identity = identities.meant(caller_of(services, request), query.get("agent_identity_id"), where="query")
        return Response(encode(lines.handling_view(identity)))

    @put(f"{PHONE}/incoming-call-action", operation_id="setIncomingCallAction")
    async def set_incoming_call_action(request: Req) -> Response:
        caller, body = caller_of(services, request), decode(log_entry(request).body, _HANDLING)
        identities.meant(caller, body.agent_identity_id)
        await lines.check_urls(body)
        return Response(encode(lines.handle_calls(identities.meant(caller, body.agent_identity_id), body)))

    # -- the hosted agent ------

    @get(f"{PHONE}/hosted-agent-voices", operation_id="listHostedAgentVoices")
    async def list_voices(request: Req) -> Response:
        caller_of(services, request)
        return Response(encode(hosted.voices()))

    @get(f"{PHONE}/hosted-agent-config", operation_id="getHostedAgentConfig")
    async def get_hosted_agent_config(request: Req) -> Response:
        query = query_in(request, "agent_identity_id")
        identity = identities.meant(caller_of(services, request), query.get("agent_identity_id"), where="query")
        return Response(encode(hosted.view(identity)))

    @put(f"{PHONE}/hosted-agent-config", operation_id="setHostedAgentConfig")
    async def set_hosted_agent_config(request: Req) -> Response:
        body = decode(log_entry(request).body, _VOICE)
        identity = identities.meant(caller_of(services, request), body.agent_identity_id)
        return Response(encode(hosted.replace(identity, body)))

    @put(f"{PHONE}/hosted-agent-config/authority-mode", operation_id="setHostedAgentAuthorityMode")
    async def set_authority_mode(request: Req) -> Response:
        body = decode(log_entry(request).body, _AUTHORITY)
        return Response(encode(hosted.authorize(caller_of(services, request), body)))

    return (
        provision_number,
        list_numbers,
        get_number,
        update_number,
        release_number,
        search_transcripts,
        get_incoming_call_action,
        set_incoming_call_action,
        list_voices,
        get_hosted_agent_config,
        set_hosted_agent_config,
        set_authority_mode,
    )

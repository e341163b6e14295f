"""Phone numbers, and how calls are taken."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath

from ringback.gateway.middleware import Answer, decode, encode, exchange_of
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


def handlers(house: Inkbox) -> tuple[Any, ...]:
    """Numbers, incoming-call action and hosted agent."""
    world, lines, identities, hosted = house.world, house.lines, house.identities, house.hosted

    @post(NUMBERS, operation_id="provisionPhoneNumber")
    async def provision_number(request: Req) -> Answer:
        body = decode(exchange_of(request).body, _NUMBER)
        await lines.check_urls(body)
        return Answer(encode(lines.provision(caller_of(world, request), body)), 201)

    @get(NUMBERS, operation_id="listPhoneNumbers")
    async def list_numbers(request: Req) -> Answer:
        return Answer(encode(lines.listed(caller_of(world, request))))

    @get(f"{NUMBERS}/{{phone_number_id:str}}", operation_id="getPhoneNumber")
    async def get_number(request: Req, phone_number_id: FromPath[str]) -> Answer:
        return Answer(encode(lines.view(lines.of(caller_of(world, request), phone_number_id))))

    @patch(f"{NUMBERS}/{{phone_number_id:str}}", operation_id="updatePhoneNumber")
    async def update_number(request: Req, phone_number_id: FromPath[str]) -> Answer:
        caller = caller_of(world, request)
        lines.of(caller, phone_number_id)
        body = decode(exchange_of(request).body, _PATCH)
        await lines.check_urls(body)
        return Answer(encode(lines.change(caller, phone_number_id, body)))

    @delete(f"{NUMBERS}/{{phone_number_id:str}}", operation_id="releasePhoneNumber")
    async def release_number(request: Req, phone_number_id: FromPath[str]) -> None:
        lines.release(caller_of(world, request), phone_number_id)

    @get(f"{NUMBERS}/{{phone_number_id:str}}/search", operation_id="searchTranscripts")
    async def search_transcripts(request: Req, phone_number_id: FromPath[str]) -> Answer:
        number = lines.of(caller_of(world, request), phone_number_id)
        query = query_in(request, "q", "party", "limit")
        party = choice(query, "party", ("local", "remote"))
        return Answer(encode(house.phones.searched(number, words_in(query), party, window(query)[1])))

    # -- how calls are taken ------

    @get(f"{PHONE}/incoming-call-action", operation_id="getIncomingCallAction")
    async def get_incoming_call_action(request: Req) -> Answer:
        query = query_in(request, "agent_identity_id")
        identity = identities.meant(caller_of(world, request), query.get("agent_identity_id"), where="query")
        return Answer(encode(lines.handling_view(identity)))

    @put(f"{PHONE}/incoming-call-action", operation_id="setIncomingCallAction")
    async def set_incoming_call_action(request: Req) -> Answer:
        caller, body = caller_of(world, request), decode(exchange_of(request).body, _HANDLING)
        identities.meant(caller, body.agent_identity_id)
        await lines.check_urls(body)
        return Answer(encode(lines.handle_calls(identities.meant(caller, body.agent_identity_id), body)))

    # -- the hosted agent ------

    @get(f"{PHONE}/hosted-agent-voices", operation_id="listHostedAgentVoices")
    async def list_voices(request: Req) -> Answer:
        caller_of(world, request)
        return Answer(encode(hosted.voices()))

    @get(f"{PHONE}/hosted-agent-config", operation_id="getHostedAgentConfig")
    async def get_hosted_agent_config(request: Req) -> Answer:
        query = query_in(request, "agent_identity_id")
        identity = identities.meant(caller_of(world, request), query.get("agent_identity_id"), where="query")
        return Answer(encode(hosted.view(identity)))

    @put(f"{PHONE}/hosted-agent-config", operation_id="setHostedAgentConfig")
    async def set_hosted_agent_config(request: Req) -> Answer:
        body = decode(exchange_of(request).body, _VOICE)
        identity = identities.meant(caller_of(world, request), body.agent_identity_id)
        return Answer(encode(hosted.replace(identity, body)))

    @put(f"{PHONE}/hosted-agent-config/authority-mode", operation_id="setHostedAgentAuthorityMode")
    async def set_authority_mode(request: Req) -> Answer:
        body = decode(exchange_of(request).body, _AUTHORITY)
        return Answer(encode(hosted.authorize(caller_of(world, request), body)))

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

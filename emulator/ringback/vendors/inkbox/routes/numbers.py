"""Phone numbers, how calls are handled, and hosted agents."""

from __future__ import annotations

from ringback.vendors.inkbox.records import Number
from ringback.vendors.inkbox.routes.operations import NUMBER, operation
from ringback.vendors.inkbox.routes.query_params import IdentityQuery, TranscriptSearchQuery, search_text
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, Caller
from ringback.vendors.inkbox.wire.requests import (
    AuthorityBody,
    CallHandlingBody,
    HostedAgentBody,
    NumberBody,
    NumberPatch,
)
from ringback.vendors.inkbox.wire.responses import (
    CallHandlingView,
    HostedAgentView,
    NumberView,
    UtteranceView,
    Voices,
)


@operation("POST", f"{PHONE}/numbers", "provisionPhoneNumber", 201)
async def provision_number(backend: Inkbox, caller: Caller, body: NumberBody) -> NumberView:
    """Page "Phone Numbers"."""
    await backend.phone_numbers.check_urls(body)
    return backend.phone_numbers.provision(caller, body)


@operation("GET", f"{PHONE}/numbers", "listPhoneNumbers")
def list_numbers(backend: Inkbox, caller: Caller) -> list[NumberView]:
    """Page "Phone Numbers"."""
    return backend.phone_numbers.list_numbers(caller)


@operation("GET", NUMBER, "getPhoneNumber")
def get_number(backend: Inkbox, number: Number) -> NumberView:
    """Page "Phone Numbers"."""
    return backend.phone_numbers.view(number)


@operation("PATCH", NUMBER, "updatePhoneNumber")
async def update_number(backend: Inkbox, caller: Caller, number: Number, body: NumberPatch) -> NumberView:
    """Page "Phone Numbers". The number is looked up again: it may be released while a host name is resolved."""
    await backend.phone_numbers.check_urls(body)
    return backend.phone_numbers.change(caller, backend.data.number(caller, number.id), body)


@operation("DELETE", NUMBER, "releasePhoneNumber")
def release_number(backend: Inkbox, admin: Caller, number: Number) -> None:
    """Page "Phone Numbers"."""
    backend.release_number(number)


@operation("GET", f"{NUMBER}/search", "searchTranscripts")
def search_transcripts(backend: Inkbox, number: Number, query: TranscriptSearchQuery) -> list[UtteranceView]:
    """Page "Transcripts"."""
    return backend.transcripts.search(number, search_text(query.q), query.party, query.limit)


# -- how calls are handled ------


@operation("GET", f"{PHONE}/incoming-call-action", "getIncomingCallAction")
def get_incoming_call_action(backend: Inkbox, caller: Caller, query: IdentityQuery) -> CallHandlingView:
    """SDK 0.7."""
    identity = backend.data.identity(caller, query.agent_identity_id, "query")
    return backend.phone_numbers.handling_view(identity)


@operation("PUT", f"{PHONE}/incoming-call-action", "setIncomingCallAction")
async def set_incoming_call_action(backend: Inkbox, caller: Caller, body: CallHandlingBody) -> CallHandlingView:
    """SDK 0.7. The identity is looked up again: it may be deleted while a host name is resolved."""
    identity = backend.data.identity(caller, body.agent_identity_id)
    await backend.phone_numbers.check_urls(body)
    return backend.phone_numbers.set_handling(backend.data.identity(caller, identity.id), body)


# -- hosted agents ------


@operation("GET", f"{PHONE}/hosted-agent-voices", "listHostedAgentVoices")
def list_voices(backend: Inkbox) -> Voices:
    """SDK 0.7."""
    return backend.hosted_agents.voices()


@operation("GET", f"{PHONE}/hosted-agent-config", "getHostedAgentConfig")
def get_hosted_agent_config(backend: Inkbox, caller: Caller, query: IdentityQuery) -> HostedAgentView:
    """SDK 0.7."""
    return backend.hosted_agents.view(backend.data.identity(caller, query.agent_identity_id, "query"))


@operation("PUT", f"{PHONE}/hosted-agent-config", "setHostedAgentConfig")
def set_hosted_agent_config(backend: Inkbox, caller: Caller, body: HostedAgentBody) -> HostedAgentView:
    """SDK 0.7."""
    return backend.hosted_agents.configure(backend.data.identity(caller, body.agent_identity_id), body)


@operation("PUT", f"{PHONE}/hosted-agent-config/authority-mode", "setHostedAgentAuthorityMode")
def set_authority_mode(backend: Inkbox, caller: Caller, body: AuthorityBody) -> HostedAgentView:
    """SDK 0.7."""
    return backend.hosted_agents.set_authority(caller, body)

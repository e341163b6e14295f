"""Agents, their numbers, and what is theirs."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import log_entry
from ringback.vendors.agentphone.routes.query_params import Req, body_of, done, paged, project_of, scope_of
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.agents import VOICES
from ringback.vendors.agentphone.wire.bodies import AgentBody, AgentPatch, AttachBody
from ringback.vendors.agentphone.wire.responses import Rows

_CREATE = msgspec.json.Decoder(AgentBody)
_CHANGE = msgspec.json.Decoder(AgentPatch)
_ATTACH = msgspec.json.Decoder(AttachBody)


def agents(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    rules = backend.agents

    @get("/v1/agents", operation_id="listAgents")
    async def list_agents(request: Req) -> Response:
        exchange = log_entry(request)
        return paged(exchange, rules.records, "project", project_of(backend, exchange), rules.view)

    @post("/v1/agents", operation_id="createAgent", status_code=200)
    async def create_agent(request: Req) -> Response:
        exchange = log_entry(request)
        project = project_of(backend, exchange)
        return Response(encode(rules.create(exchange.account, project, body_of(exchange, _CREATE))))

    @get("/v1/agents/voices", operation_id="listVoices")
    async def list_voices() -> Response:
        return Response(encode(Rows(list(VOICES))))

    @get("/v1/agents/{agent_id:str}", operation_id="getAgent")
    async def get_agent(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        return Response(encode(rules.view(rules.of(exchange.account, agent_id, scope_of(backend, exchange)))))

    @patch("/v1/agents/{agent_id:str}", operation_id="updateAgent")
    async def update_agent(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        scope = scope_of(backend, exchange)
        rules.of(exchange.account, agent_id, scope)
        return Response(encode(rules.change(exchange.account, agent_id, scope, body_of(exchange, _CHANGE))))

    @delete("/v1/agents/{agent_id:str}", operation_id="deleteAgent", status_code=200)
    async def delete_agent(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        return Response(encode(rules.delete(exchange.account, agent_id, scope_of(backend, exchange))))

    @post("/v1/agents/{agent_id:str}/numbers", operation_id="attachNumber", status_code=200)
    async def attach_number(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        rules.of(exchange.account, agent_id)
        body = body_of(exchange, _ATTACH)
        return Response(encode(rules.attach(exchange.account, agent_id, body.number_id)))

    @delete("/v1/agents/{agent_id:str}/numbers/{number_id:str}", operation_id="detachNumber", status_code=200)
    async def detach_number(request: Req, agent_id: FromPath[str], number_id: FromPath[str]) -> Response:
        rules.detach(log_entry(request).account, agent_id, number_id)
        return done()

    @get("/v1/agents/{agent_id:str}/calls", operation_id="listAgentCalls")
    async def list_calls(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        agent = rules.of(exchange.account, agent_id)
        return paged(exchange, backend.phones.details, "agent", agent.id, backend.phones.view)

    @get("/v1/agents/{agent_id:str}/conversations", operation_id="listAgentConversations")
    async def list_conversations(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        agent = rules.of(exchange.account, agent_id)
        return paged(exchange, backend.threads.records, "agent", agent.id, backend.threads.summary)

    return (
        list_agents,
        create_agent,
        list_voices,
        get_agent,
        update_agent,
        delete_agent,
        attach_number,
        detach_number,
        list_calls,
        list_conversations,
    )

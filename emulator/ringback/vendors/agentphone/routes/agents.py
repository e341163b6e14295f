"""Agents, their numbers, and what is theirs."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.middleware import Answer, encode, exchange_of
from ringback.vendors.agentphone.routes.query_params import Req, body_of, done, paged, project_of, scope_of
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.agents import VOICES
from ringback.vendors.agentphone.wire.bodies import AgentBody, AgentPatch, AttachBody
from ringback.vendors.agentphone.wire.responses import Rows

_CREATE = msgspec.json.Decoder(AgentBody)
_CHANGE = msgspec.json.Decoder(AgentPatch)
_ATTACH = msgspec.json.Decoder(AttachBody)


def agents(house: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    rules = house.agents

    @get("/v1/agents", operation_id="listAgents")
    async def list_agents(request: Req) -> Answer:
        exchange = exchange_of(request)
        return paged(exchange, rules.records, "project", project_of(house, exchange), rules.view)

    @post("/v1/agents", operation_id="createAgent", status_code=200)
    async def create_agent(request: Req) -> Answer:
        exchange = exchange_of(request)
        project = project_of(house, exchange)
        return Answer(encode(rules.create(exchange.account, project, body_of(exchange, _CREATE))))

    @get("/v1/agents/voices", operation_id="listVoices")
    async def list_voices() -> Answer:
        return Answer(encode(Rows(list(VOICES))))

    @get("/v1/agents/{agent_id:str}", operation_id="getAgent")
    async def get_agent(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        return Answer(encode(rules.view(rules.of(exchange.account, agent_id, scope_of(house, exchange)))))

    @patch("/v1/agents/{agent_id:str}", operation_id="updateAgent")
    async def update_agent(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        scope = scope_of(house, exchange)
        rules.of(exchange.account, agent_id, scope)
        return Answer(encode(rules.change(exchange.account, agent_id, scope, body_of(exchange, _CHANGE))))

    @delete("/v1/agents/{agent_id:str}", operation_id="deleteAgent", status_code=200)
    async def delete_agent(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        return Answer(encode(rules.delete(exchange.account, agent_id, scope_of(house, exchange))))

    @post("/v1/agents/{agent_id:str}/numbers", operation_id="attachNumber", status_code=200)
    async def attach_number(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        rules.of(exchange.account, agent_id)
        body = body_of(exchange, _ATTACH)
        return Answer(encode(rules.attach(exchange.account, agent_id, body.number_id)))

    @delete("/v1/agents/{agent_id:str}/numbers/{number_id:str}", operation_id="detachNumber", status_code=200)
    async def detach_number(request: Req, agent_id: FromPath[str], number_id: FromPath[str]) -> Answer:
        rules.detach(exchange_of(request).account, agent_id, number_id)
        return done()

    @get("/v1/agents/{agent_id:str}/calls", operation_id="listAgentCalls")
    async def list_calls(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        agent = rules.of(exchange.account, agent_id)
        return paged(exchange, house.phones.details, "agent", agent.id, house.phones.view)

    @get("/v1/agents/{agent_id:str}/conversations", operation_id="listAgentConversations")
    async def list_conversations(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        agent = rules.of(exchange.account, agent_id)
        return paged(exchange, house.threads.records, "agent", agent.id, house.threads.summary)

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

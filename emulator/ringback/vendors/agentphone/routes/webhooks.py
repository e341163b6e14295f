"""Webhooks of accounts and agents, and what became of events."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath

from ringback.gateway.journal import Exchange
from ringback.gateway.middleware import Answer, encode, exchange_of
from ringback.vendors.agentphone.routes.query_params import (
    FURTHEST,
    Req,
    body_of,
    done,
    project_of,
    query_in,
    so_many,
    whole,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.bodies import TestBody, WebhookBody

DELIVERIES, MOST_DELIVERIES = 50, 200
MOST_HOURS = 8_760
_WEBHOOK = msgspec.json.Decoder(WebhookBody)
_TEST = msgspec.json.Decoder(TestBody)


def webhooks(house: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    return *_of_account(house), *_of_agents(house), *_deliveries(house)


async def _set(house: AgentPhone, exchange: Exchange, project: str, agent: str | None) -> Answer:
    body = body_of(exchange, _WEBHOOK)
    await house.hooks.check_url(body.url)
    return Answer(encode(house.hooks.set(exchange.account, project, agent, body)))


def _shown(house: AgentPhone, project: str, agent: str | None) -> Answer:
    hook = house.hooks.at(project, agent)
    return Answer(encode(house.hooks.view(hook) if hook is not None else None))


def _of_account(house: AgentPhone) -> tuple[Any, ...]:
    hooks = house.hooks

    @get("/v1/webhooks", operation_id="getWebhook")
    async def get_webhook(request: Req) -> Answer:
        return _shown(house, project_of(house, exchange_of(request)), None)

    @post("/v1/webhooks", operation_id="setWebhook", status_code=200)
    async def set_webhook(request: Req) -> Answer:
        exchange = exchange_of(request)
        return await _set(house, exchange, project_of(house, exchange), None)

    @delete("/v1/webhooks", operation_id="deleteWebhook", status_code=200)
    async def delete_webhook(request: Req) -> Answer:
        hooks.delete(project_of(house, exchange_of(request)), None)
        return done()

    @post("/v1/webhooks/test", operation_id="testWebhook", status_code=200)
    async def test_webhook(request: Req) -> Answer:
        exchange = exchange_of(request)
        named = query_in(exchange, "agentId").get("agentId")
        if named is not None:
            house.agents.of(exchange.account, named)
        body = body_of(exchange, _TEST) if exchange.body else TestBody()
        return Answer(encode(await hooks.test(project_of(house, exchange), None, named, body)))

    return get_webhook, set_webhook, delete_webhook, test_webhook


def _of_agents(house: AgentPhone) -> tuple[Any, ...]:
    hooks = house.hooks

    @get("/v1/agents/{agent_id:str}/webhook", operation_id="getAgentWebhook")
    async def get_webhook(request: Req, agent_id: FromPath[str]) -> Answer:
        agent = house.agents.of(exchange_of(request).account, agent_id)
        return _shown(house, agent.project, agent.id)

    @post("/v1/agents/{agent_id:str}/webhook", operation_id="setAgentWebhook", status_code=200)
    async def set_webhook(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        agent = house.agents.of(exchange.account, agent_id)
        return await _set(house, exchange, agent.project, agent.id)

    @delete("/v1/agents/{agent_id:str}/webhook", operation_id="deleteAgentWebhook", status_code=200)
    async def delete_webhook(request: Req, agent_id: FromPath[str]) -> Answer:
        agent = house.agents.of(exchange_of(request).account, agent_id)
        hooks.delete(agent.project, agent.id)
        return done()

    @get("/v1/agents/{agent_id:str}/webhook/deliveries", operation_id="listAgentDeliveries")
    async def list_deliveries(request: Req, agent_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        agent = house.agents.of(exchange.account, agent_id)
        query = query_in(exchange, "limit", "hours")
        limit = so_many(query, "limit", DELIVERIES, 1, MOST_DELIVERIES)
        hours = whole(query, "hours", None, 1, MOST_HOURS)
        return Answer(encode(hooks.deliveries_of(exchange.account, agent.id, limit, hours)))

    @post("/v1/agents/{agent_id:str}/webhook/test", operation_id="testAgentWebhook", status_code=200)
    async def test_webhook(request: Req, agent_id: FromPath[str]) -> Answer:
        agent = house.agents.of(exchange_of(request).account, agent_id)
        return Answer(encode(await hooks.test(agent.project, agent.id, agent.id, TestBody())))

    return get_webhook, set_webhook, delete_webhook, list_deliveries, test_webhook


def _deliveries(house: AgentPhone) -> tuple[Any, ...]:
    hooks = house.hooks

    @get("/v1/webhooks/deliveries", operation_id="listDeliveries")
    async def list_deliveries(request: Req) -> Answer:
        exchange = exchange_of(request)
        query = query_in(exchange, "limit", "offset", "hours")
        limit = so_many(query, "limit", DELIVERIES, 1, MOST_DELIVERIES)
        offset = so_many(query, "offset", 0, 0, FURTHEST)
        hours = whole(query, "hours", None, 1, MOST_HOURS)
        return Answer(encode(hooks.deliveries(exchange.account, limit, offset, hours)))

    @get("/v1/webhooks/deliveries/stats", operation_id="getDeliveryStats")
    async def get_stats(request: Req) -> Answer:
        exchange = exchange_of(request)
        hours = so_many(query_in(exchange, "hours"), "hours", 24, 1, MOST_HOURS)
        return Answer(encode(hooks.stats(exchange.account, hours)))

    @get("/v1/webhooks/deliveries/all-time", operation_id="getAllTimeDeliveryStats")
    async def get_all_time(request: Req) -> Answer:
        return Answer(encode(hooks.all_time(exchange_of(request).account)))

    return list_deliveries, get_stats, get_all_time

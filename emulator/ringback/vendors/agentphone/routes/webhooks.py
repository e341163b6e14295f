"""Webhooks of accounts and agents, and what became of events."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import RequestLogEntry, log_entry
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

DELIVERIES, MAX_DELIVERIES = 50, 200
MAX_HOURS = 8_760
_WEBHOOK = msgspec.json.Decoder(WebhookBody)
_TEST = msgspec.json.Decoder(TestBody)


def webhooks(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    return *_of_account(backend), *_of_agents(backend), *_deliveries(backend)


async def _set(backend: AgentPhone, exchange: RequestLogEntry, project: str, agent: str | None) -> Response:
    body = body_of(exchange, _WEBHOOK)
    await backend.hooks.check_url(body.url)
    return Response(encode(backend.hooks.set(exchange.account, project, agent, body)))


def _shown(backend: AgentPhone, project: str, agent: str | None) -> Response:
    hook = backend.hooks.at(project, agent)
    return Response(encode(backend.hooks.view(hook) if hook is not None else None))


def _of_account(backend: AgentPhone) -> tuple[Any, ...]:
    hooks = backend.hooks

    @get("/v1/webhooks", operation_id="getWebhook")
    async def get_webhook(request: Req) -> Response:
        return _shown(backend, project_of(backend, log_entry(request)), None)

    @post("/v1/webhooks", operation_id="setWebhook", status_code=200)
    async def set_webhook(request: Req) -> Response:
        exchange = log_entry(request)
        return await _set(backend, exchange, project_of(backend, exchange), None)

    @delete("/v1/webhooks", operation_id="deleteWebhook", status_code=200)
    async def delete_webhook(request: Req) -> Response:
        hooks.delete(project_of(backend, log_entry(request)), None)
        return done()

    @post("/v1/webhooks/test", operation_id="testWebhook", status_code=200)
    async def test_webhook(request: Req) -> Response:
        exchange = log_entry(request)
        named = query_in(exchange, "agentId").get("agentId")
        if named is not None:
            backend.agents.of(exchange.account, named)
        body = body_of(exchange, _TEST) if exchange.body else TestBody()
        return Response(encode(await hooks.test(project_of(backend, exchange), None, named, body)))

    return get_webhook, set_webhook, delete_webhook, test_webhook


def _of_agents(backend: AgentPhone) -> tuple[Any, ...]:
    hooks = backend.hooks

    @get("/v1/agents/{agent_id:str}/webhook", operation_id="getAgentWebhook")
    async def get_webhook(request: Req, agent_id: FromPath[str]) -> Response:
        agent = backend.agents.of(log_entry(request).account, agent_id)
        return _shown(backend, agent.project, agent.id)

    @post("/v1/agents/{agent_id:str}/webhook", operation_id="setAgentWebhook", status_code=200)
    async def set_webhook(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        agent = backend.agents.of(exchange.account, agent_id)
        return await _set(backend, exchange, agent.project, agent.id)

    @delete("/v1/agents/{agent_id:str}/webhook", operation_id="deleteAgentWebhook", status_code=200)
    async def delete_webhook(request: Req, agent_id: FromPath[str]) -> Response:
        agent = backend.agents.of(log_entry(request).account, agent_id)
        hooks.delete(agent.project, agent.id)
        return done()

    @get("/v1/agents/{agent_id:str}/webhook/deliveries", operation_id="listAgentDeliveries")
    async def list_deliveries(request: Req, agent_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        agent = backend.agents.of(exchange.account, agent_id)
        query = query_in(exchange, "limit", "hours")
        limit = so_many(query, "limit", DELIVERIES, 1, MAX_DELIVERIES)
        hours = whole(query, "hours", None, 1, MAX_HOURS)
        return Response(encode(hooks.deliveries_of(exchange.account, agent.id, limit, hours)))

    @post("/v1/agents/{agent_id:str}/webhook/test", operation_id="testAgentWebhook", status_code=200)
    async def test_webhook(request: Req, agent_id: FromPath[str]) -> Response:
        agent = backend.agents.of(log_entry(request).account, agent_id)
        return Response(encode(await hooks.test(agent.project, agent.id, agent.id, TestBody())))

    return get_webhook, set_webhook, delete_webhook, list_deliveries, test_webhook


def _deliveries(backend: AgentPhone) -> tuple[Any, ...]:
    hooks = backend.hooks

    @get("/v1/webhooks/deliveries", operation_id="listDeliveries")
    async def list_deliveries(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "limit", "offset", "hours")
        limit = so_many(query, "limit", DELIVERIES, 1, MAX_DELIVERIES)
        offset = so_many(query, "offset", 0, 0, FURTHEST)
        hours = whole(query, "hours", None, 1, MAX_HOURS)
        return Response(encode(hooks.deliveries(exchange.account, limit, offset, hours)))

    @get("/v1/webhooks/deliveries/stats", operation_id="getDeliveryStats")
    async def get_stats(request: Req) -> Response:
        exchange = log_entry(request)
        hours = so_many(query_in(exchange, "hours"), "hours", 24, 1, MAX_HOURS)
        return Response(encode(hooks.stats(exchange.account, hours)))

    @get("/v1/webhooks/deliveries/all-time", operation_id="getAllTimeDeliveryStats")
    async def get_all_time(request: Req) -> Response:
        return Response(encode(hooks.all_time(log_entry(request).account)))

    return list_deliveries, get_stats, get_all_time

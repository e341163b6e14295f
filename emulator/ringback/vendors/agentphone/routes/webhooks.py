"""Webhooks of accounts and agents, and their deliveries."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.agentphone.records import Agent
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import (
    AgentDeliveryQuery,
    DeliveryQuery,
    StatsQuery,
    WebhookTestQuery,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.requests import WebhookBody, WebhookTestBody
from ringback.vendors.agentphone.wire.responses import (
    AllTimeView,
    DeliveriesView,
    DeliveryView,
    StatsView,
    Success,
    WebhookTestView,
    WebhookView,
)


def _shown(backend: AgentPhone, project: str, agent: str | None) -> bytes:
    """Return the JSON of a webhook, null without one."""
    webhook = backend.data.webhook_of(project, agent)
    return encode(backend.webhooks.view(webhook) if webhook is not None else None)


@operation("GET", "/v1/agents/{agent_id}/webhook", "getAgentWebhook")
def get_agent_webhook(backend: AgentPhone, agent: Agent) -> bytes:
    """The webhook of an agent."""
    return _shown(backend, agent.project, agent.id)


@operation("POST", "/v1/agents/{agent_id}/webhook", "setAgentWebhook")
async def set_agent_webhook(backend: AgentPhone, agent: Agent, body: WebhookBody) -> WebhookView:
    """Set the webhook of an agent."""
    await backend.webhooks.check_url(body.url)
    return backend.webhooks.set(agent.account, agent.project, agent.id, body)


@operation("DELETE", "/v1/agents/{agent_id}/webhook", "deleteAgentWebhook")
def delete_agent_webhook(backend: AgentPhone, agent: Agent) -> Success:
    """Delete the webhook of an agent."""
    backend.webhooks.delete(agent.project, agent.id)
    return Success()


@operation("GET", "/v1/agents/{agent_id}/webhook/deliveries", "listAgentDeliveries")
def list_agent_deliveries(backend: AgentPhone, agent: Agent, query: AgentDeliveryQuery) -> list[DeliveryView]:
    """Deliveries to the webhook of an agent."""
    return backend.webhooks.deliveries_of(agent.account, agent.id, query.limit, query.hours)


@operation("POST", "/v1/agents/{agent_id}/webhook/test", "testAgentWebhook")
async def test_agent_webhook(backend: AgentPhone, agent: Agent) -> WebhookTestView:
    """Test the webhook of an agent."""
    return await backend.webhooks.test(agent.project, agent.id, agent.id, WebhookTestBody())


@operation("GET", "/v1/webhooks", "getWebhook")
def get_webhook(backend: AgentPhone, project: str) -> bytes:
    """The webhook of a project."""
    return _shown(backend, project, None)


@operation("POST", "/v1/webhooks", "setWebhook")
async def set_webhook(backend: AgentPhone, request: RequestLogEntry, project: str, body: WebhookBody) -> WebhookView:
    """Set the webhook of a project."""
    await backend.webhooks.check_url(body.url)
    return backend.webhooks.set(request.account, project, None, body)


@operation("DELETE", "/v1/webhooks", "deleteWebhook")
def delete_webhook(backend: AgentPhone, project: str) -> Success:
    """Delete the webhook of a project."""
    backend.webhooks.delete(project, None)
    return Success()


@operation("POST", "/v1/webhooks/test", "testWebhook")
async def test_webhook(
    backend: AgentPhone,
    request: RequestLogEntry,
    query: WebhookTestQuery,
    project: str,
    body: WebhookTestBody | None,
) -> WebhookTestView:
    """Test the webhook of a project; the body is optional."""
    if query.agent_id is not None:
        backend.data.agent(request.account, query.agent_id)
    return await backend.webhooks.test(project, None, query.agent_id, body or WebhookTestBody())


@operation("GET", "/v1/webhooks/deliveries", "listDeliveries")
def list_deliveries(backend: AgentPhone, request: RequestLogEntry, query: DeliveryQuery) -> DeliveriesView:
    """Deliveries of an account."""
    return backend.webhooks.deliveries(request.account, query.limit, query.offset, query.hours)


@operation("GET", "/v1/webhooks/deliveries/stats", "getDeliveryStats")
def get_delivery_stats(backend: AgentPhone, request: RequestLogEntry, query: StatsQuery) -> StatsView:
    """Delivery counts of the last hours."""
    return backend.webhooks.stats(request.account, query.hours)


@operation("GET", "/v1/webhooks/deliveries/all-time", "getAllTimeDeliveryStats")
def get_all_time_delivery_stats(backend: AgentPhone, request: RequestLogEntry) -> AllTimeView:
    """Delivery counts of all time."""
    return backend.webhooks.all_time(request.account)

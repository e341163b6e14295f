"""Agents, their numbers, calls and conversations."""

from __future__ import annotations

from typing import Any

from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.agentphone.records import Agent, Number
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import PageQuery, page
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.agents import VOICES
from ringback.vendors.agentphone.wire.requests import AgentBody, AgentPatch, AttachBody
from ringback.vendors.agentphone.wire.responses import (
    AgentDeletedView,
    AgentView,
    AttachedView,
    DataList,
    Page,
    Success,
    VoiceView,
)


@operation("GET", "/v1/agents", "listAgents")
def list_agents(backend: AgentPhone, project: str, query: PageQuery) -> Page[AgentView]:
    """Agents of a project."""
    return page(query, backend.data.agents, "project", project, backend.agents.view)


@operation("POST", "/v1/agents", "createAgent")
def create_agent(backend: AgentPhone, request: RequestLogEntry, project: str, body: AgentBody) -> AgentView:
    """Create an agent."""
    return backend.agents.create(request.account, project, body)


@operation("GET", "/v1/agents/voices", "listVoices")
def list_voices() -> DataList[VoiceView]:
    """Voices for agents."""
    return DataList(list(VOICES))


@operation("GET", "/v1/agents/{agent_id}", "getAgent")
def get_agent(backend: AgentPhone, agent_in_project: Agent) -> AgentView:
    """One agent."""
    return backend.agents.view(agent_in_project)


@operation("PATCH", "/v1/agents/{agent_id}", "updateAgent")
def update_agent(backend: AgentPhone, agent_in_project: Agent, body: AgentPatch) -> AgentView:
    """Change an agent."""
    return backend.agents.update(agent_in_project, body)


@operation("DELETE", "/v1/agents/{agent_id}", "deleteAgent")
def delete_agent(backend: AgentPhone, agent_in_project: Agent) -> AgentDeletedView:
    """Delete an agent."""
    return backend.delete_agent(agent_in_project)


@operation("POST", "/v1/agents/{agent_id}/numbers", "attachNumber")
def attach_number(backend: AgentPhone, agent: Agent, body: AttachBody) -> AttachedView:
    """Attach a number to an agent."""
    return backend.agents.attach(agent, backend.data.active_number(agent.account, body.number_id))


@operation("DELETE", "/v1/agents/{agent_id}/numbers/{number_id}", "detachNumber")
def detach_number(backend: AgentPhone, agent: Agent, number: Number) -> Success:
    """Detach a number from an agent."""
    backend.agents.detach(agent, number)
    return Success()


@operation("GET", "/v1/agents/{agent_id}/calls", "listAgentCalls")
def list_agent_calls(backend: AgentPhone, agent: Agent, query: PageQuery) -> Page[Any]:
    """Calls of an agent."""
    return page(query, backend.data.calls, "agent", agent.id, backend.calls.view)


@operation("GET", "/v1/agents/{agent_id}/conversations", "listAgentConversations")
def list_agent_conversations(backend: AgentPhone, agent: Agent, query: PageQuery) -> Page[Any]:
    """Conversations of an agent."""
    return page(query, backend.data.conversations, "agent", agent.id, backend.conversations.summary)

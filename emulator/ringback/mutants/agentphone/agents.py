"""Mutants of agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringback.gateway.asgi import encode
from ringback.mutants.agentphone.registry import all_calls, answer_page, clamp, mutant, sent
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableResponse, code, error, respond, status
from ringback.mutants.transforms import apply, drop, first, rename, set_default, set_to
from ringback.vendors.agentphone.records import Agent, Number
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.agents import Agents
from ringback.vendors.agentphone.rules.calls import Calls
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.wire.requests import AgentPatch
from ringback.vendors.agentphone.wire.responses import AgentDeletedView, AgentView

MAX_TOOLS = 20
WRITES = ("createAgent", "updateAgent")
LISTS = ("listAgentCalls", "listAgentConversations")


def _clamped(low: float, high: float) -> Callable[[Any], Any]:
    return lambda value: clamp(value, low, high)


def _tools(document: Any) -> Any:
    return document.get("customTools") if isinstance(document, dict) else None


# -- settings ------

mutant("agents.silent-for-a-minute", "AGP-AGT-1", "maxSilenceMs is 60000 by default.", "AGP-SDK-1").response(
    set_to("maxSilenceMs", 60_000),
    on="createAgent",
    when=lambda response: response.status < 300 and sent(response, "maxSilenceMs") is None,
)
mutant("agents.hosted-by-default", "AGP-AGT-1", "An agent is hosted by default.").request(
    set_default("voiceMode", "hosted"), on="createAgent"
)
for _name, _low, _high in (
    ("voiceSpeed", 0.5, 2.0),
    ("interruptionSensitivity", 0.0, 1.0),
    ("maxSilenceMs", 10_000, 3_600_000),
):
    mutant(f"agents.{_name}-is-clamped", "AGP-AGT-1", f"A {_name} out of its range is clamped.").request(
        apply(_name, _clamped(_low, _high)), on=WRITES
    )
mutant("agents.any-language", "AGP-AGT-1", "A language that is not supported becomes English.").request(
    set_to("[language=tlh-KX].language", "en-US"), on=WRITES
)
mutant("agents.patch-resets", "AGP-AGT-1", "PATCH clears the description.").request(
    set_default("description", None), on="updateAgent"
)
mutant("agents.null-is-ignored", "AGP-AGT-1", "Null does not clear a field.").request(
    apply("", lambda body: {name: value for name, value in body.items() if value is not None}), on="updateAgent"
)
mutant("agents.without-screening", "AGP-AGT-1", "An agent does not show its call screening purpose.").response(
    drop("callScreeningPurpose"), on="getAgent"
)
mutant("agents.voices-in-camel-case", "AGP-AGT-1", "Voices are in camelCase.", "AGP-SDK-1").response(
    rename("data[].voice_id", "voiceId"), on="listVoices"
)

# -- deleting ------


def _show_deleted(response: MutableResponse[AgentPhone]) -> None:
    agent = response.backend.data.agents.get(response.request.variables["agent_id"])
    if agent is not None and agent.account == response.account:
        response.respond(200, encode(response.backend.agents.view(agent)))


mutant("agents.deleted-are-shown", "AGP-AGT-1", "A deleted agent is found by its id.").response(
    _show_deleted, on="getAgent", when=status(404)
)


@mutant(
    "agents.deletion-releases-numbers",
    "AGP-AGT-1",
    "A deleted agent's numbers are released.",
    "AGP-NUM-7",
    "AGP-AUTH-2",
).patch(Agents.delete)
def _deletion_releases_numbers(delete: Original, own: AgentPhone, agent: Agent) -> AgentDeletedView:
    for number in own.data.numbers_of(agent.id):
        own.phone_numbers.give_back(number)
    view: AgentDeletedView = delete(agent)
    return view


mutant("agents.deletion-leaves-its-name-on-calls", "AGP-AGT-1", "The calls of a deleted agent still name it.").returns(
    Calls.forget_agent, None
)

# -- numbers ------

mutant(
    "agents.attach-leaves-it-with-the-first",
    "AGP-AGT-1",
    "A number that an agent has cannot be attached to another.",
    "AGP-NUM-7",
    "AGP-MSG-1",
).instead(Numbers.attach, lambda attach, own, number, agent: attach(number, agent) if number.agent is None else None)


@mutant("agents.detach-releases", "AGP-AGT-1", "A detached number is released.", "AGP-SDK-1").patch(Agents.detach)
def _detach_releases(detach: Original, own: AgentPhone, agent: Agent, number: Number) -> None:
    detach(agent, number)
    own.phone_numbers.give_back(number)


mutant("agents.detach-of-anothers-succeeds", "AGP-AGT-1", "Detaching a number of another agent succeeds.").response(
    respond(200, {"success": True}), on="detachNumber", when=code("PHONE_NUMBER_NOT_FOUND")
)

# -- tools ------

mutant("tools.more-than-20-are-cut", "AGP-AGT-2", "Of more than 20 tools the first 20 are kept.").request(
    first("customTools", MAX_TOOLS), on=WRITES, when=lambda request: isinstance(_tools(request.document), list)
)
mutant("tools.empty-list-is-ignored", "AGP-AGT-2", "An empty list of tools changes nothing.").request(
    drop("customTools"), on="updateAgent", when=lambda request: _tools(request.document) == []
)


@mutant("tools.are-added", "AGP-AGT-2", "PATCH adds tools to the existing ones.").patch(Agents.update)
def _are_added(update: Original, own: AgentPhone, agent: Agent, body: AgentPatch) -> AgentView:
    before = list(agent.custom_tools or ())
    view: AgentView = update(agent, body)
    if body.custom_tools:
        view = own.agents.view(own.data.agents.update(agent, custom_tools=[*before, *body.custom_tools]))
    return view


mutant("tools.wait-as-long-as-they-like", "AGP-AGT-2", "A tool's timeoutMs is clamped.").request(
    apply("customTools[].timeoutMs", _clamped(1_000, 120_000)), on=WRITES
)
mutant("tools.by-any-method", "AGP-AGT-2", "A tool's method PUT becomes POST.").request(
    set_to("customTools[method=PUT].method", "POST"), on=WRITES
)

# -- calls and conversations ------

mutant("agents.calls-are-all", "AGP-AGT-3", "An agent's calls are all the account's.").response(
    all_calls, on="listAgentCalls"
)


def _all_conversations(response: MutableResponse[AgentPhone]) -> None:
    own = response.backend
    answer_page(response, map(own.conversations.summary, own.data.conversations.newest("project", response.account)))


mutant("agents.conversations-are-all", "AGP-AGT-3", "An agent's conversations are all the account's.").response(
    _all_conversations, on="listAgentConversations"
)
mutant("agents.idle-one-is-404", "AGP-AGT-3", "The calls of an agent without calls are answered 404.").response(
    error(404, "AGENT_NOT_FOUND"),
    on=LISTS,
    when=lambda response: response.status < 300 and not response.document["data"],
)

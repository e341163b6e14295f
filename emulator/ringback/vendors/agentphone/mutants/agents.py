"""Mutants of agents."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.asgi import encode
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.agentphone.mutants.register import (
    AGENTS,
    ONE_AGENT,
    REGISTRY,
    Thing,
    at,
    backend,
    between,
    fine,
    id_in,
    refuse,
    rewrite,
    show,
)

MAX_TOOLS = 20


@REGISTRY.on_response(
    "agents.silent-for-a-minute", "AGP-AGT-1", "maxSilenceMs is 60000 where nothing is said.", "AGP-SDK-1"
)
def _silent_for_a_minute(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", AGENTS) and "maxSilenceMs" not in (answer.asked.json() or {}):
        show(answer, lambda agent: agent.update(maxSilenceMs=60_000))


@REGISTRY.on_request("agents.hosted-by-default", "AGP-AGT-1", "An agent is hosted where nothing is said.")
def _hosted_by_default(asked: Request) -> None:
    if at(asked, "POST", AGENTS):
        rewrite(asked, lambda body: body.setdefault("voiceMode", "hosted"))


def _unbounded(name: str, least: float, most: float) -> None:
    @REGISTRY.on_request(f"agents.{name}-is-clamped", "AGP-AGT-1", f"A {name} out of its range is brought within it.")
    def _clamped(asked: Request) -> None:
        if at(asked, "POST", AGENTS) or at(asked, "PATCH", ONE_AGENT):
            rewrite(asked, lambda body: body.update({name: between(body[name], least, most)}) if name in body else None)


_unbounded("voiceSpeed", 0.5, 2.0)
_unbounded("interruptionSensitivity", 0.0, 1.0)
_unbounded("maxSilenceMs", 10_000, 3_600_000)


@REGISTRY.on_request("agents.any-language", "AGP-AGT-1", "A language that is not supported is taken for English.")
def _any_language(asked: Request) -> None:
    if at(asked, "POST", AGENTS) or at(asked, "PATCH", ONE_AGENT):
        rewrite(asked, lambda body: body.update(language="en-US") if body.get("language") == "tlh-KX" else None)


@REGISTRY.on_request("agents.patch-resets", "AGP-AGT-1", "PATCH empties the description.")
def _patch_resets(asked: Request) -> None:
    if at(asked, "PATCH", ONE_AGENT):
        rewrite(asked, lambda body: body.setdefault("description", None))


@REGISTRY.on_request("agents.null-is-ignored", "AGP-AGT-1", "Null does not empty a field.")
def _null_is_ignored(asked: Request) -> None:
    if at(asked, "PATCH", ONE_AGENT):
        rewrite(asked, lambda body: [body.pop(name) for name in list(body) if body[name] is None])


@REGISTRY.on_response(
    "agents.without-screening", "AGP-AGT-1", "An agent does not show what it says to a call screener."
)
def _without_screening(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_AGENT):
        show(answer, lambda agent: agent.pop("callScreeningPurpose", None))


@REGISTRY.on_response("agents.voices-in-camel-case", "AGP-AGT-1", "Voices are told in camelCase.", "AGP-SDK-1")
def _voices_in_camel_case(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{AGENTS}/voices"):
        show(answer, lambda body: [voice.update(voiceId=voice.pop("voice_id")) for voice in body["data"]])


@REGISTRY.on_response("agents.deleted-are-shown", "AGP-AGT-1", "A deleted agent can be had by its id.")
def _deleted_are_shown(answer: MutableResponse, emulator: Emulator) -> None:
    agent = backend(emulator).data.agents.get(id_in(answer.asked.path)) if at(answer, "GET", ONE_AGENT) else None
    if answer.status == 404 and agent is not None and agent.account == answer.account:
        answer.status, answer.body = 200, encode(backend(emulator).agents.view(agent))


@REGISTRY.on_start(
    "agents.deletion-releases-numbers",
    "AGP-AGT-1",
    "A deleted agent's numbers are released.",
    "AGP-NUM-7",
    "AGP-AUTH-2",
)
def _deletion_releases_numbers(emulator: Emulator) -> None:
    agents, lines = backend(emulator).agents, backend(emulator).phone_numbers

    def make(delete: Any) -> Any:
        def greedy(account: str, id_: str, project: Any) -> Any:
            for number in lines.of_agent(id_):
                lines._give_back(number)
            return delete(account, id_, project)

        return greedy

    patch(agents, "delete", make)


@REGISTRY.on_start(
    "agents.deletion-leaves-its-name-on-calls", "AGP-AGT-1", "The calls of a deleted agent still name it."
)
def _deletion_leaves_its_name(emulator: Emulator) -> None:
    patch(backend(emulator).calls, "orphan", lambda _: lambda agent: None)


@REGISTRY.on_start(
    "agents.attach-leaves-it-with-the-first",
    "AGP-AGT-1",
    "A number that an agent has cannot be attached to another.",
    "AGP-NUM-7",
    "AGP-MSG-1",
)
def _attach_leaves_it(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(attach: Any) -> Any:
        return lambda number, agent: attach(number, agent) if number.agent is None else None

    patch(lines, "attach", make)


@REGISTRY.on_start(
    "agents.detach-releases",
    "AGP-AGT-1",
    "A number that is detached is released.",
    "AGP-SDK-1",
)
def _detach_releases(emulator: Emulator) -> None:
    agents, lines = backend(emulator).agents, backend(emulator).phone_numbers

    def make(detach: Any) -> Any:
        def greedy(account: str, id_: str, number_id: str) -> None:
            detach(account, id_, number_id)
            lines._give_back(lines.data.numbers[number_id])

        return greedy

    patch(agents, "detach", make)


@REGISTRY.on_response(
    "agents.detach-of-anothers-succeeds", "AGP-AGT-1", "Detaching a number of another agent's succeeds."
)
def _detach_of_anothers(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "DELETE", f"{ONE_AGENT}/numbers/[^/]+") and answer.status == 404 and answer.code != "AGENT_NOT_FOUND":
        answer.say(200, {"success": True})


def _tools(asked: Request) -> Any:
    body = asked.json()
    tools = body.get("customTools") if isinstance(body, dict) else None
    return tools if isinstance(tools, list) and all(isinstance(tool, dict) for tool in tools) else None


@REGISTRY.on_request("tools.more-than-20-are-cut", "AGP-AGT-2", "Of more than 20 tools the first 20 are taken.")
def _are_cut(asked: Request) -> None:
    if _tools(asked) is not None:
        rewrite(asked, lambda body: body.update(customTools=body["customTools"][:MAX_TOOLS]))


@REGISTRY.on_request("tools.empty-list-is-ignored", "AGP-AGT-2", "An empty list of tools changes nothing.")
def _empty_list_is_ignored(asked: Request) -> None:
    if at(asked, "PATCH", ONE_AGENT) and _tools(asked) == []:
        rewrite(asked, lambda body: body.pop("customTools"))


@REGISTRY.on_start("tools.are-added", "AGP-AGT-2", "PATCH adds tools to those that there are.")
def _are_added(emulator: Emulator) -> None:
    agents = backend(emulator).agents

    def make(change: Any) -> Any:
        def adding(account: str, id_: str, project: Any, body: Any) -> Any:
            agent = agents.of(account, id_, project)
            before = list(agent.custom_tools or ())
            view = change(account, id_, project, body)
            if body.custom_tools:
                agents.data.agents.update(agent, custom_tools=[*before, *body.custom_tools])
                view = agents.view(agent)
            return view

        return adding

    patch(agents, "change", make)


@REGISTRY.on_request("tools.wait-as-long-as-they-like", "AGP-AGT-2", "A tool's timeoutMs is brought within its range.")
def _wait_as_long(asked: Request) -> None:
    def clamp(body: Thing) -> None:
        for tool in body["customTools"]:
            if "timeoutMs" in tool:
                tool["timeoutMs"] = between(tool["timeoutMs"], 1_000, 120_000)

    if _tools(asked):
        rewrite(asked, clamp)


@REGISTRY.on_request("tools.by-any-method", "AGP-AGT-2", "A tool asked by PUT is taken for one by POST.")
def _by_any_method(asked: Request) -> None:
    def mend(body: Thing) -> None:
        for tool in body["customTools"]:
            if tool.get("method") == "PUT":
                tool["method"] = "POST"

    if _tools(asked):
        rewrite(asked, mend)


@REGISTRY.on_response(
    "agents.calls-are-all",
    "AGP-AGT-3",
    "An agent's calls are all the account's.",
)
def _calls_are_all(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_AGENT}/calls"):
        phones = backend(emulator).calls
        every = [phones.view(detail) for detail in phones.data.calls.newest("account", answer.account)]
        answer.body = encode({"data": every, "hasMore": False, "total": len(every)})


@REGISTRY.on_response("agents.conversations-are-all", "AGP-AGT-3", "An agent's conversations are all the account's.")
def _conversations_are_all(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_AGENT}/conversations"):
        threads = backend(emulator).conversations
        every = [threads.summary(one) for one in threads.data.conversations.newest("project", answer.account)]
        answer.body = encode({"data": every, "hasMore": False, "total": len(every)})


@REGISTRY.on_response("agents.idle-one-is-404", "AGP-AGT-3", "The calls of an agent that has none are answered 404.")
def _idle_one_is_404(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_AGENT}/(calls|conversations)") and not (answer.json() or {}).get("data"):
        refuse(answer, 404, "AGENT_NOT_FOUND", "not_found_error")

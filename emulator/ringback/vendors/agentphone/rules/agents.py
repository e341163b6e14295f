"""Agents: what answers and calls, with which voice and which numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import Agent
from ringback.vendors.agentphone.rules.common import new_id, phone, shown
from ringback.vendors.agentphone.wire.bodies import AgentBody, AgentPatch
from ringback.vendors.agentphone.wire.responses import AgentDeletedView, AgentView, AttachedView, VoiceView

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

VOICES = (
    VoiceView("rb-hazel", "Hazel", "ringback", "female", "American"),
    VoiceView("rb-rowan", "Rowan", "ringback", "male", "American"),
    VoiceView("rb-heather", "Heather", "ringback", "female", "British"),
    VoiceView("rb-alder", "Alder", "ringback", "male", "Australian"),
    VoiceView("rb-linden", "Linden", "ringback", None, None),
)
"""The voices are ours; an agent may name any other."""
LANGUAGES = frozenset(
    (
        "af-ZA",
        "ar-SA",
        "az-AZ",
        "bg-BG",
        "bs-BA",
        "ca-ES",
        "cs-CZ",
        "cy-GB",
        "da-DK",
        "de-DE",
        "el-GR",
        "en-AU",
        "en-GB",
        "en-IN",
        "en-NZ",
        "en-US",
        "es-419",
        "es-ES",
        "fa-IR",
        "fi-FI",
        "fil-PH",
        "fr-CA",
        "fr-FR",
        "gl-ES",
        "he-IL",
        "hi-IN",
        "hr-HR",
        "hu-HU",
        "hy-AM",
        "id-ID",
        "is-IS",
        "it-IT",
        "ja-JP",
        "kk-KZ",
        "kn-IN",
        "ko-KR",
        "lt-LT",
        "lv-LV",
        "mk-MK",
        "mr-IN",
        "ms-MY",
        "ne-NP",
        "nl-BE",
        "nl-NL",
        "no-NO",
        "pl-PL",
        "pt-BR",
        "pt-PT",
        "ro-RO",
        "ru-RU",
        "sk-SK",
        "sl-SI",
        "sr-RS",
        "sv-SE",
        "sw-KE",
        "ta-IN",
        "th-TH",
        "tr-TR",
        "uk-UA",
        "ur-IN",
        "vi-VN",
        "yue-CN",
        "zh-CN",
    )
)
"""BCP 47, from the TypeScript SDK."""
EMPTIABLE = frozenset(
    (
        "description",
        "system_prompt",
        "begin_message",
        "transfer_number",
        "voicemail_message",
        "call_screening_identity",
        "call_screening_purpose",
        "custom_tools",
    )
)


class Agents:
    """The agents of all accounts."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Agent] = Collection(
            Agent,
            account=lambda agent: agent.account,
            project=lambda agent: agent.project if not agent.deleted else None,
            ever=lambda agent: agent.project,
        )

    def create(self, account: str, project: str, body: AgentBody) -> AgentView:
        """Make an agent. Raises ApiError 422."""
        given = self._given(body)
        given.setdefault("voice", VOICES[0].voice_id)
        return self.view(
            self.records.add(
                Agent(
                    id=new_id(self.services, account, "agt"),
                    account=account,
                    project=project,
                    created_at=self.services.clock.now(account),
                    **given,
                )
            )
        )

    def change(self, account: str, id_: str, project: str | None, body: AgentPatch) -> AgentView:
        """Change what is given. Raises ApiError 404 or 422."""
        agent = self.of(account, id_, project)
        self.records.update(agent, **self._given(body))
        return self.view(agent)

    def _given(self, body: AgentPatch) -> dict[str, Any]:
        """What a body says. Null empties what can be empty and says nothing of the rest."""
        given = {}
        for field in msgspec.structs.fields(AgentPatch):
            value = getattr(body, field.name)
            if value is not UNSET and (value is not None or field.name in EMPTIABLE):
                given[field.name] = value
        if given.get("language", "en-US") not in LANGUAGES:
            raise errors.invalid("language", "is none of the supported BCP 47 codes, such as en-US")
        if given.get("transfer_number") is not None:
            given["transfer_number"] = phone(given["transfer_number"], "transferNumber")
        names = [tool.name for tool in given.get("custom_tools") or ()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise errors.invalid("customTools", f"has two tools of the name {twice}")
        return given

    def delete(self, account: str, id_: str, project: str | None) -> AgentDeletedView:
        """Delete an agent; its numbers, calls and conversations stay without one. Raises ApiError 404."""
        agent = self.of(account, id_, project)
        for number in self.backend.lines.of_agent(id_):
            self.backend.lines.detach(number)
        self.backend.phones.orphan(id_)
        self.backend.threads.orphan(id_)
        self.backend.hooks.forget(account, id_)
        self.records.update(agent, deleted=True)
        return AgentDeletedView(id_, agent.name)

    def attach(self, account: str, id_: str, number_id: str) -> AttachedView:
        """Give an agent a number, whichever agent had it. Raises ApiError 404 or 409."""
        agent = self.of(account, id_)
        number = self.backend.lines.kept(account, number_id)
        self.backend.lines.attach(number, agent.id)
        return AttachedView(agent.id, self.backend.lines.brief(number))

    def detach(self, account: str, id_: str, number_id: str) -> None:
        """Take a number from an agent. Raises ApiError 404 for one that is not the agent's."""
        agent = self.of(account, id_)
        number = self.backend.lines.of(account, number_id)
        if number.agent != agent.id:
            raise errors.not_found("number of this agent", "PHONE_NUMBER_NOT_FOUND")
        self.backend.lines.detach(number)

    def of(self, account: str, id_: str, project: str | None = None) -> Agent:
        """An account's agent, or one of its projects'. Raises ApiError 404."""
        agent = self.records.get(id_)
        if agent is None or agent.account != account or agent.deleted or project not in (None, agent.project):
            raise errors.not_found("agent", "AGENT_NOT_FOUND")
        return agent

    def name_of(self, id_: str | None) -> str | None:
        """What an agent is called, or was."""
        agent = self.records.get(id_) if id_ is not None else None
        return agent.name if agent is not None else None

    def view(self, agent: Agent) -> AgentView:
        """An agent as it is now, with its numbers."""
        shared = {
            field.name: getattr(agent, field.name)
            for field in msgspec.structs.fields(AgentView)
            if field.name not in ("created_at", "numbers")
        }
        numbers = [self.backend.lines.brief(number) for number in self.backend.lines.of_agent(agent.id)]
        return AgentView(created_at=shown(agent.created_at), numbers=numbers, **shared)

"""Agents: their settings and the numbers that they have."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from ringback.carrier.clock import iso_exact
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import Agent, Number
from ringback.vendors.agentphone.rules.common import new_id, require_e164
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.wire.requests import AgentBody, AgentPatch
from ringback.vendors.agentphone.wire.responses import AgentDeletedView, AgentView, AttachedView, VoiceView

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
        "af-ZA", "ar-SA", "az-AZ", "bg-BG", "bs-BA", "ca-ES", "cs-CZ", "cy-GB", "da-DK", "de-DE", "el-GR",
        "en-AU", "en-GB", "en-IN", "en-NZ", "en-US", "es-419", "es-ES", "fa-IR", "fi-FI", "fil-PH", "fr-CA",
        "fr-FR", "gl-ES", "he-IL", "hi-IN", "hr-HR", "hu-HU", "hy-AM", "id-ID", "is-IS", "it-IT", "ja-JP",
        "kk-KZ", "kn-IN", "ko-KR", "lt-LT", "lv-LV", "mk-MK", "mr-IN", "ms-MY", "ne-NP", "nl-BE", "nl-NL",
        "no-NO", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK", "sl-SI", "sr-RS", "sv-SE", "sw-KE",
        "ta-IN", "th-TH", "tr-TR", "uk-UA", "ur-IN", "vi-VN", "yue-CN", "zh-CN",
    )
)  # fmt: skip
"""BCP 47, from the TypeScript SDK."""
NULLABLE = frozenset(
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

    def __init__(self, services: Services, data: Data, numbers: Numbers) -> None:
        self.services = services
        self.data = data
        self.numbers = numbers

    def create(self, account: str, project: str, body: AgentBody) -> AgentView:
        """Create an agent. Raises ApiError 422."""
        given = self._given(body)
        given.setdefault("voice", VOICES[0].voice_id)
        return self.view(
            self.data.agents.add(
                Agent(
                    id=new_id(self.services, account, "agt"),
                    account=account,
                    project=project,
                    created_at=self.services.clock.now(account),
                    **given,
                )
            )
        )

    def update(self, agent: Agent, body: AgentPatch) -> AgentView:
        """Change the given fields. Raises ApiError 422."""
        self.data.agents.update(agent, **self._given(body))
        return self.view(agent)

    def _given(self, body: AgentPatch) -> dict[str, Any]:
        """Return the fields that a body gives. Null clears an optional field and leaves the others."""
        given = {}
        for field in msgspec.structs.fields(AgentPatch):
            value = getattr(body, field.name)
            if value is not UNSET and (value is not None or field.name in NULLABLE):
                given[field.name] = value
        if given.get("language", "en-US") not in LANGUAGES:
            raise errors.invalid("language", "must be one of the supported BCP 47 codes, such as en-US")
        if given.get("transfer_number") is not None:
            given["transfer_number"] = require_e164(given["transfer_number"], "transferNumber")
        names = [tool.name for tool in given.get("custom_tools") or ()]
        duplicate = next((name for name in names if names.count(name) > 1), None)
        if duplicate is not None:
            raise errors.invalid("customTools", f"has two tools of the name {duplicate}")
        return given

    def delete(self, agent: Agent) -> AgentDeletedView:
        """Delete an agent and detach its numbers."""
        for number in self.data.numbers_of(agent.id):
            self.numbers.detach(number)
        self.data.agents.update(agent, deleted=True)
        return AgentDeletedView(agent.id, agent.name)

    def attach(self, agent: Agent, number: Number) -> AttachedView:
        """Attach a number to an agent, and detach it from the one that had it."""
        self.numbers.attach(number, agent.id)
        return AttachedView(agent.id, self.numbers.brief(number))

    def detach(self, agent: Agent, number: Number) -> None:
        """Detach a number from an agent. Raises ApiError 404 if the agent does not have it."""
        if number.agent != agent.id:
            raise errors.error("PHONE_NUMBER_NOT_FOUND", "The agent has no such number.")
        self.numbers.detach(number)

    def view(self, agent: Agent) -> AgentView:
        """Return an agent as a response shows it, with its numbers."""
        shared = {
            field.name: getattr(agent, field.name)
            for field in msgspec.structs.fields(AgentView)
            if field.name not in ("created_at", "numbers")
        }
        numbers = [self.numbers.brief(number) for number in self.data.numbers_of(agent.id)]
        return AgentView(created_at=iso_exact(agent.created_at), numbers=numbers, **shared)

"""AgentPhone's business rules, a room for each part of the API. Every rule checks first and changes state once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from emulator.carrier.calls import Call
from emulator.carrier.live import Beat
from emulator.carrier.messages import Change, Message
from emulator.carrier.script import Script, Turn
from emulator.gateway.accounts import Account
from emulator.gateway.world import World
from emulator.vendors.agentphone.records import AgentPhoneSettings, Text
from emulator.vendors.agentphone.rules.agents import Agents
from emulator.vendors.agentphone.rules.hooks import Hooks
from emulator.vendors.agentphone.rules.lines import Lines
from emulator.vendors.agentphone.rules.money import Money
from emulator.vendors.agentphone.rules.office import Office
from emulator.vendors.agentphone.rules.people import People
from emulator.vendors.agentphone.rules.phones import Phones
from emulator.vendors.agentphone.rules.texts import Texts
from emulator.vendors.agentphone.rules.threads import Threads
from emulator.vendors.agentphone.rules.turns import Turns
from emulator.vendors.agentphone.rules.usage import Usage


class AgentPhone:
    """AgentPhone in one emulator."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.money = Money(world.ledger)
        self.lines = Lines(self)
        self.agents = Agents(self)
        self.phones = Phones(self)
        self.turns = Turns(self)
        self.texts = Texts(self)
        self.threads = Threads(self)
        self.people = People(self)
        self.hooks = Hooks(self)
        self.usage = Usage(self)
        self.office = Office(self)

    def collections(self) -> Mapping[str, Any]:
        """What a snapshot holds."""
        return {
            "numbers": self.lines.records,
            "agents": self.agents.records,
            "calls": self.phones.details,
            "texts": self.texts.records,
            "conversations": self.threads.records,
            "contacts": self.people.records,
            "webhooks": self.hooks.records,
            "sent": self.hooks.sent,
            "sub_accounts": self.office.sub_accounts,
            "registrations": self.office.registrations,
            "locations": self.office.locations,
            "sign_ups": self.office.sign_ups,
        }

    def settings(self, account: str) -> AgentPhoneSettings:
        """The account's settings."""
        return cast("AgentPhoneSettings", self.world.settings_of(account))

    # -- what the control API does ------

    def opened(self, account: Account) -> None:
        """A new account starts with the balance it was given."""

    def closed(self, account: Account) -> None:
        """Its numbers go back to the pool."""
        self.lines.close(account.id)

    def settings_changed(self, account: Account) -> None:
        """Settings are read when they are needed."""

    def funded(self, account: str) -> None:
        """Nothing waits for money here."""

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """The account's numbers for the control API."""
        return [
            {
                "id": number.id,
                "phone_number": number.phone_number,
                "status": number.status,
                "country": number.country,
                "type": number.type,
                "agent_id": number.agent,
            }
            for number in self.lines.records.newest("account", account)
        ]

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls one of our numbers. Raises Unanswered for one that nobody has."""
        return self.phones.receive(to, caller, script)

    def call_changed(self, call: Call) -> None:
        """One of our calls came further."""
        self.phones.changed(call)

    def call_talked(self, call: Call, beat: Beat, turn: Turn | None) -> None:
        """Something is said on one of our calls."""
        self.turns.talked(call, beat, turn)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Whether the analysis of a call can find this. Raises ScriptError."""
        self.phones.check_analysis(analysis)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Text:
        """Somebody writes to one of our numbers. Raises Unanswered for one that nobody has."""
        return self.texts.receive(to, sender, body, media_urls, group)

    def message_changed(self, message: Message, change: Change) -> None:
        """One of our messages came further."""
        self.texts.changed(message, change)

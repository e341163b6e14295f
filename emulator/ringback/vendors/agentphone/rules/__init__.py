"""AgentPhone's business rules, a room for each part of the API. Every rule checks first and changes state once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Script, Turn
from ringback.gateway.accounts import Account
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.agentphone.records import AgentPhoneSettings, Text
from ringback.vendors.agentphone.rules.account import Office
from ringback.vendors.agentphone.rules.agents import Agents
from ringback.vendors.agentphone.rules.calls import Phones
from ringback.vendors.agentphone.rules.contacts import People
from ringback.vendors.agentphone.rules.conversations import Threads
from ringback.vendors.agentphone.rules.messages import Texts
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.numbers import Lines
from ringback.vendors.agentphone.rules.turns import Turns
from ringback.vendors.agentphone.rules.usage import Usage
from ringback.vendors.agentphone.rules.webhooks import Hooks


class AgentPhone(VendorBackend):
    """AgentPhone in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.money = Money(services.ledger)
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
        return cast("AgentPhoneSettings", self.services.settings_of(account))

    # -- what the control API does ------

    def on_account_closed(self, account: Account) -> None:
        """Its numbers go back to the pool."""
        self.lines.close(account.id)

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
        """Somebody calls one of our numbers. Raises NumberNotFound for one that nobody has."""
        return self.phones.receive(to, caller, script)

    def on_call_changed(self, call: Call) -> None:
        """One of our calls came further."""
        self.phones.changed(call)

    def on_live_call_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Something is said on one of our calls."""
        self.turns.talked(call, event, turn)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Whether the analysis of a call can find this. Raises ScriptError."""
        self.phones.check_analysis(analysis)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Text:
        """Somebody writes to one of our numbers. Raises NumberNotFound for one that nobody has."""
        return self.texts.receive(to, sender, body, media_urls, group)

    def on_message_changed(self, message: Message, change: MessageEvent) -> None:
        """One of our messages came further."""
        self.texts.changed(message, change)

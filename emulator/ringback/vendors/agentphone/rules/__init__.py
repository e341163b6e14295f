"""AgentPhone's business rules. Every rule checks first and changes state once.

Each module calls only those before it: `data` (the collections), `common`, `money`, `sub_accounts`, `registrations`,
`contacts`, `numbers`, `agents`, `message_views`, `conversations`, `webhooks`, `messages`, `calls`, `turns`, and then
`usage`, `locations` and `sign_ups`. What concerns several of them is a method of the backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.script import Script, Turn
from ringback.gateway.accounts import Account
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.agentphone.records import Agent, MessageDetail, SubAccount
from ringback.vendors.agentphone.rules.agents import Agents
from ringback.vendors.agentphone.rules.calls import Calls
from ringback.vendors.agentphone.rules.contacts import Contacts
from ringback.vendors.agentphone.rules.conversations import Conversations
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.locations import Locations
from ringback.vendors.agentphone.rules.message_views import MessageViews
from ringback.vendors.agentphone.rules.messages import Messages
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.rules.registrations import Registrations
from ringback.vendors.agentphone.rules.sign_ups import SignUps
from ringback.vendors.agentphone.rules.sub_accounts import SubAccounts
from ringback.vendors.agentphone.rules.turns import Turns
from ringback.vendors.agentphone.rules.usage import Usage
from ringback.vendors.agentphone.rules.webhooks import Webhooks
from ringback.vendors.agentphone.wire.responses import AgentDeletedView


class AgentPhone(VendorBackend):
    """AgentPhone in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.data = data = Data()
        self.money = Money(services.ledger)
        self.sub_accounts = SubAccounts(services, data)
        self.registrations = Registrations(services, data, self.money, self.sub_accounts)
        self.contacts = Contacts(services, data)
        self.phone_numbers = Numbers(services, data, self.money, self.registrations)
        self.agents = Agents(services, data, self.phone_numbers)
        self.message_views = MessageViews(services, data)
        self.conversations = Conversations(services, data, self.registrations, self.contacts, self.message_views)
        self.webhooks = Webhooks(services, data)
        self.messages = Messages(
            services,
            data,
            money=self.money,
            registrations=self.registrations,
            numbers=self.phone_numbers,
            contacts=self.contacts,
            conversations=self.conversations,
            views=self.message_views,
            webhooks=self.webhooks,
        )
        self.calls = Calls(services, data, self.money, self.contacts, self.message_views, self.webhooks)
        self.turns = Turns(services, data, self.webhooks)
        self.usage = Usage(services, data, self.webhooks)
        self.locations = Locations(services, data)
        self.sign_ups = SignUps(services, data, self.phone_numbers, self.agents)

    def collections(self) -> Mapping[str, Any]:
        """Return what a snapshot holds."""
        return self.data.collections()

    # -- what concerns several rules ------

    def delete_agent(self, agent: Agent) -> AgentDeletedView:
        """Delete an agent and its webhook; its numbers, calls and conversations stay without one."""
        view = self.agents.delete(agent)
        self.calls.forget_agent(agent.id)
        self.conversations.forget_agent(agent.id)
        self.webhooks.delete_of_agent(agent.account, agent.id)
        return view

    def delete_sub_account(self, sub_account: SubAccount) -> None:
        """Delete a sub-account and its webhook; the rest becomes the account's own, except duplicate contacts."""
        self.webhooks.delete_of_project(sub_account.id)
        self.contacts.remove_duplicates(sub_account.id, sub_account.account)
        self.sub_accounts.delete(sub_account)

    # -- events and requests of the control API ------

    def on_account_closed(self, account: Account) -> None:
        """Release the account's numbers."""
        self.phone_numbers.release_all(account.id)

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """Return the account's numbers for the control API."""
        return [
            {
                "id": number.id,
                "phone_number": number.phone_number,
                "status": number.status,
                "country": number.country,
                "type": number.type,
                "agent_id": number.agent,
            }
            for number in self.data.numbers.newest("account", account)
        ]

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of our numbers. Raises NumberNotFound."""
        return self.calls.receive(to, caller, script)

    def on_call_changed(self, call: Call) -> None:
        """Handle a change of a call's state."""
        self.calls.on_changed(call)

    def on_live_call_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Handle a step of a live call."""
        self.turns.on_event(call, event, turn)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Check what a script says of a call's analysis. Raises ScriptError."""
        self.calls.check_analysis(analysis)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> MessageDetail:
        """Deliver a message to one of our numbers. Raises NumberNotFound or Unsendable."""
        return self.messages.receive(to, sender, body, media_urls, group)

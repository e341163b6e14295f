"""NoKYCNumber's business rules. Every rule checks first and changes state once.

Each module calls only those before it: `common`, `data` (the collections), `money`, `links`, `webhooks`, `offers`,
`numbers`, `ai`, `messages`, `calls`, `voicemails`, `account`. What concerns several of them is a method of the backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.ledger import LedgerEntry
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Script
from ringback.gateway.accounts import Account
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.nokycnumber.rules.account import AccountReports
from ringback.vendors.nokycnumber.rules.ai import AiConfigs
from ringback.vendors.nokycnumber.rules.calls import Calls
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.links import Links
from ringback.vendors.nokycnumber.rules.messages import Messages
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.numbers import Numbers
from ringback.vendors.nokycnumber.rules.offers import Offers
from ringback.vendors.nokycnumber.rules.voicemails import Voicemails
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks


class NoKYCNumber(VendorBackend):
    """NoKYCNumber in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.data = data = Data(services)
        self.money = money = Money(services.ledger)
        self.links = links = Links(services)
        self.webhooks = webhooks = Webhooks(services, data)
        self.offers = Offers(services, data)
        self.phone_numbers = numbers = Numbers(services, data, money, webhooks, self.offers)
        self.ai_configs = AiConfigs(numbers)
        self.messages = Messages(services, data, money=money, webhooks=webhooks, numbers=numbers)
        self.calls = Calls(services, data, money=money, links=links, webhooks=webhooks, numbers=numbers)
        self.voicemails = Voicemails(services, data, links=links, webhooks=webhooks)
        self.account_reports = AccountReports(services, data, webhooks)

    def collections(self) -> Mapping[str, Any]:
        """Return what a snapshot holds."""
        return self.data.collections()

    # -- events ------

    def on_account_closed(self, account: Account) -> None:
        """Return the account's numbers and offers to the inventory."""
        self.phone_numbers.end_all(account.id)
        self.offers.end_all(account.id)

    def on_money_moved(self, entry: LedgerEntry) -> None:
        """Warn of a low balance."""
        self.account_reports.warn_if_low(entry)

    def on_call_changed(self, call: Call) -> None:
        """Publish and charge a call, and store its voicemail."""
        self.calls.on_changed(call)
        self.voicemails.on_call_changed(call)

    def on_message_changed(self, message: Message, change: MessageEvent) -> None:
        """Publish a change of a message."""
        self.messages.on_changed(message, change)

    # -- requests of the control API ------

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """Return the account's numbers for the control API."""
        return [
            {
                "id": number.id,
                "phone_number": number.phone_number,
                "status": number.status,
                "country": number.country,
                "type": number.type,
                "billing_period": number.billing_period,
                "webhook_url": number.webhook_url,
            }
            for number in self.data.numbers.newest("account", account)
        ]

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of the numbers. Raises NumberNotFound for a number that takes no calls now."""
        return self.calls.receive(to, caller, script)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Message:
        """Deliver a message to one of the numbers. Raises NumberNotFound for a number that takes no messages now."""
        return self.messages.receive(to, sender, body, media_urls, group)

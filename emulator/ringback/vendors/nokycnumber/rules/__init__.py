"""NoKYCNumber's business rules, a room for each part of the page. Every rule checks first and changes state once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ringback.carrier.call import Call
from ringback.carrier.clock import HOUR
from ringback.carrier.ledger import LedgerEntry
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Script
from ringback.gateway.accounts import Account
from ringback.gateway.services import Services
from ringback.gateway.signed_urls import LinkError, check_link, sign_path
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.records import NoKYCNumberSettings
from ringback.vendors.nokycnumber.rules.account import Office
from ringback.vendors.nokycnumber.rules.calls import Phones
from ringback.vendors.nokycnumber.rules.common import NAME
from ringback.vendors.nokycnumber.rules.messages import Texts
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.numbers import Lines
from ringback.vendors.nokycnumber.rules.voicemails import Mailbox
from ringback.vendors.nokycnumber.rules.webhooks import Hooks

LINK_WORKS = HOUR
"""Page "Voicemails" and "Object schemas": pre-signed links end an hour after they were given out."""


class NoKYCNumber(VendorBackend):
    """NoKYCNumber in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.money = Money(self)
        self.hooks = Hooks(services)
        self.lines = Lines(self)
        self.phones = Phones(self)
        self.texts = Texts(self)
        self.mailbox = Mailbox(self)
        self.office = Office(self)

    def collections(self) -> Mapping[str, Any]:
        """What a snapshot holds."""
        return {
            "offers": self.lines.offers,
            "numbers": self.lines.records,
            "calls": self.phones.details,
            "voicemails": self.mailbox.records,
            "endpoints": self.hooks.records,
        }

    def settings(self, account: str) -> NoKYCNumberSettings:
        """The account's settings."""
        return cast("NoKYCNumberSettings", self.services.settings_of(account))

    # -- files ------

    def link(self, account: str, path: str) -> str:
        """A link to a file of an account, good for an hour from now."""
        until = self.services.clock.now(account) + LINK_WORKS
        return self.services.base_url(NAME) + sign_path(self.services.streams.secret(NAME, "files"), path, until)

    def check_link(self, path: str, query: Mapping[str, str], now: int | None) -> None:
        """Whether a link was given out and still works; without `now`, only whether it was given out. Raises ApiError
        400 or 403."""
        for name in ("expires", "sig"):
            if not query.get(name):
                raise errors.missing(name)
        if not (query["expires"].isascii() and query["expires"].isdigit()):
            raise errors.invalid("expires", "is a number of seconds since 1970")
        try:
            check_link(self.services.streams.secret(NAME, "files"), path, query, now if now is not None else 0)
        except LinkError as error:
            code = "url_expired" if error.expired else "invalid_signature"
            raise errors.refusal(code, f"{str(error).capitalize()}.") from None

    # -- what the control API does ------

    def on_account_closed(self, account: Account) -> None:
        """Its numbers go back to the inventory."""
        self.lines.close(account.id)

    def on_money_moved(self, entry: LedgerEntry) -> None:
        """A balance changed: it may be low now."""
        self.money.moved(entry)

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """The account's numbers for the control API."""
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
            for number in self.lines.records.newest("account", account)
        ]

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls one of our numbers. Raises NumberNotFound for one that takes no calls."""
        return self.phones.receive(to, caller, script)

    def on_call_changed(self, call: Call) -> None:
        """One of our calls came further."""
        self.phones.changed(call)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Message:
        """Somebody writes to one of our numbers. Raises NumberNotFound for one that takes no messages."""
        return self.texts.receive(to, sender, body, media_urls, group)

    def on_message_changed(self, message: Message, change: MessageEvent) -> None:
        """One of our messages came further."""
        self.texts.changed(message, change)

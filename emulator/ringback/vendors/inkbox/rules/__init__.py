"""Inkbox's business rules, a room for each part of the API. Every rule checks first and changes state once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Script, Turn
from ringback.gateway.accounts import Account
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import InkboxSettings
from ringback.vendors.inkbox.rules.allowance import Allowance
from ringback.vendors.inkbox.rules.calls import Phones
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.hosted_agents import HostedAgents
from ringback.vendors.inkbox.rules.identities import HANDLE_RULE, Identities
from ringback.vendors.inkbox.rules.media_streams import Bridges
from ringback.vendors.inkbox.rules.messages import Texts
from ringback.vendors.inkbox.rules.numbers import Lines
from ringback.vendors.inkbox.rules.post_call_items import scripted
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.rules.webhooks import Hooks


class Inkbox(VendorBackend):
    """Inkbox in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.identities = Identities(self)
        self.signing = Signing(self)
        self.lines = Lines(self)
        self.contacts = Contacts(self)
        self.hooks = Hooks(self)
        self.texts = Texts(self)
        self.allowance = Allowance(self)
        self.phones = Phones(self)
        self.bridges = Bridges(self)
        self.hosted = HostedAgents(self)

    def collections(self) -> Mapping[str, Any]:
        """What a snapshot holds."""
        return {
            "organizations": self.signing.organizations,
            "identities": self.identities.records,
            "grants": self.identities.grants,
            "numbers": self.lines.records,
            "rules": self.contacts.rules,
            "opt_ins": self.contacts.opt_ins,
            "subscriptions": self.hooks.records,
            "sent": self.hooks.sent,
            "texts": self.texts.records,
            "conversations": self.texts.conversations,
            "threads": self.texts.threads,
            "send_keys": self.texts.keys,
            "sends": self.texts.sends,
            "calls": self.phones.details,
            "utterances": self.phones.utterances,
            "allowance": self.allowance,
            "bridges": self.bridges,
        }

    def settings(self, account: str) -> InkboxSettings:
        """The account's settings."""
        return cast("InkboxSettings", self.services.settings_of(account))

    # -- what the control API does ------

    def check_key(self, kind: str | None, handle: str | None) -> None:
        """A key of kind `agent` names its agent, and no other does. Raises ValueError."""
        if kind == "agent" and handle is None:
            raise ValueError("a key of kind agent names its agent_handle")
        if kind == "admin" and handle is not None:
            raise ValueError("a key of kind admin has no agent_handle")
        if handle is not None:
            try:
                self.identities.check_handle(handle)
            except errors.InkboxError:
                raise ValueError(f"agent_handle {HANDLE_RULE}") from None

    def agent_of_key(self, account: str, handle: str) -> str:
        """The identity that a key is scoped to; it is made if there is none of that handle."""
        return self.identities.ensure(account, handle).id

    def on_account_closed(self, account: Account) -> None:
        """Its numbers are given back."""
        self.lines.close(account.id)

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """The account's numbers for the control API."""
        return [
            {
                "id": number.id,
                "phone_number": number.number,
                "status": "released" if number.released else "active",
                "type": number.type,
                "agent_handle": self.identities.records[number.identity].handle,
                "incoming_call_action": self.identities.records[number.identity].handling.action,
            }
            for number in self.lines.records.newest("all", account)
        ]

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls one of our numbers. Raises NumberNotFound for one that nobody has."""
        return self.phones.receive(to, caller, script)

    def on_call_changed(self, call: Call) -> None:
        """One of our calls came further."""
        self.phones.changed(call)

    def on_live_call_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """One of our live calls came a step further."""
        self.phones.talked(call, event, turn)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Whether a hosted agent can do this in a call. Raises ScriptError."""
        scripted(analysis)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Message:
        """Somebody writes to one of our numbers. Raises NumberNotFound for one that nobody has."""
        return self.texts.receive(to, sender, body, media_urls, group)

    def on_message_changed(self, message: Message, change: MessageEvent) -> None:
        """One of our messages came further."""
        self.texts.changed(message, change)

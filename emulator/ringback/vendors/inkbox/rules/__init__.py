"""Inkbox's business rules. Every rule checks first and changes state once.

Each module calls only those before it: `common`, `data` (the collections), `signing`, `contacts`, `numbers`,
`identities`, `hosted_agents`, `transcripts`, `post_call_items`, `call_views`, `message_views`, `allowance`,
`subscriptions`, `deliveries`, `event_context`, `conversations`, `messages`, `media_streams`, `calls`. What concerns
several of them is a method of the backend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Script, Turn
from ringback.gateway.accounts import Account
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.inkbox.records import Identity, Number
from ringback.vendors.inkbox.rules.allowance import Allowance
from ringback.vendors.inkbox.rules.call_views import CallViews
from ringback.vendors.inkbox.rules.calls import Calls
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.conversations import Conversations
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.deliveries import Deliveries
from ringback.vendors.inkbox.rules.event_context import EventContext
from ringback.vendors.inkbox.rules.hosted_agents import HostedAgents
from ringback.vendors.inkbox.rules.identities import HANDLE_RULE, Identities
from ringback.vendors.inkbox.rules.media_streams import MediaStreams
from ringback.vendors.inkbox.rules.message_views import MessageViews
from ringback.vendors.inkbox.rules.messages import Messages
from ringback.vendors.inkbox.rules.numbers import Numbers
from ringback.vendors.inkbox.rules.post_call_items import parse_analysis
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.rules.subscriptions import Subscriptions
from ringback.vendors.inkbox.rules.transcripts import Transcripts


class Inkbox(VendorBackend):
    """Inkbox in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.data = data = Data()
        self.signing = Signing(services, data)
        self.contacts = Contacts(services, data)
        self.phone_numbers = Numbers(services, data, self.contacts)
        self.identities = Identities(services, data, self.phone_numbers, self.signing)
        self.hosted_agents = HostedAgents(data)
        self.transcripts = Transcripts(services, data)
        self.call_views = CallViews(services, data, self.transcripts)
        self.message_views = MessageViews(services, data)
        self.allowance = Allowance(services)
        self.subscriptions = Subscriptions(services, data, self.signing)
        self.deliveries = Deliveries(services, data, self.signing)
        self.event_context = EventContext(services, data, self.message_views, self.call_views)
        self.conversations = Conversations(services, data, self.message_views)
        self.messages = Messages(
            services,
            data,
            contacts=self.contacts,
            views=self.message_views,
            conversations=self.conversations,
            deliveries=self.deliveries,
            context=self.event_context,
        )
        self.media_streams = MediaStreams(services, data, self.signing, self.transcripts)
        self.calls = Calls(
            services,
            data,
            signing=self.signing,
            contacts=self.contacts,
            allowance=self.allowance,
            transcripts=self.transcripts,
            views=self.call_views,
            deliveries=self.deliveries,
            streams=self.media_streams,
        )

    def collections(self) -> Mapping[str, Any]:
        """Return what a snapshot includes."""
        return {**self.data.collections(), "allowance": self.allowance, "media_streams": self.media_streams}

    # -- what concerns several rules ------

    def release_number(self, number: Number) -> None:
        """Release a number, which ends its calls and deletes its subscriptions."""
        self.calls.end_all(number)
        self.phone_numbers.release(number)
        self.subscriptions.delete_of_number(number)

    def delete_identity(self, identity: Identity) -> None:
        """Delete an identity with its number, keys, contact rules and subscriptions."""
        if identity.number_id is not None:
            self.release_number(self.data.numbers[identity.number_id])
        self.subscriptions.delete_of_identity(identity)
        self.contacts.delete_of_identity(identity)
        self.identities.delete(identity)

    # -- events and requests of the control API ------

    def check_key(self, kind: str | None, handle: str | None) -> None:
        """Check that a key of kind `agent`, and no other, names its agent. Raises ValueError."""
        if kind == "agent" and handle is None:
            raise ValueError("a key of kind agent requires agent_handle")
        if kind == "admin" and handle is not None:
            raise ValueError("a key of kind admin has no agent_handle")
        if handle is not None:
            try:
                self.identities.parse_handle(handle)
            except ApiError:
                raise ValueError(f"agent_handle {HANDLE_RULE}") from None

    def agent_of_key(self, account: str, handle: str) -> str:
        """Return the identity that a key is scoped to, creating it if there is none of that handle."""
        return self.identities.ensure(account, handle).id

    def on_account_closed(self, account: Account) -> None:
        """Release the account's numbers."""
        for number in self.data.numbers.oldest("account", account.id):
            self.release_number(number)

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """Return the account's numbers for the control API."""
        return [
            {
                "id": number.id,
                "phone_number": number.number,
                "status": "released" if number.released else "active",
                "type": number.type,
                "agent_handle": self.data.identity_of(number).handle,
                "incoming_call_action": self.data.identity_of(number).handling.action,
            }
            for number in self.data.numbers.newest("all", account)
        ]

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of our numbers. Raises NumberNotFound."""
        return self.calls.receive(to, caller, script)

    def on_call_changed(self, call: Call) -> None:
        """Handle a change of a call's state."""
        self.calls.on_changed(call)

    def on_live_call_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Handle a step of a live call."""
        self.calls.on_live_event(call, event, turn)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Check what a script says of a hosted agent's work. Raises ScriptError."""
        parse_analysis(analysis)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Message:
        """Deliver a text to one of our numbers. Raises NumberNotFound, Unsendable."""
        return self.messages.receive(to, sender, body, media_urls, group)

    def on_message_changed(self, message: Message, change: MessageEvent) -> None:
        """Handle a change of a message's state."""
        self.messages.on_changed(message, change)

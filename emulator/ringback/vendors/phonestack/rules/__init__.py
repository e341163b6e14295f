"""PhoneStack's business rules, a module for each part of the page. Every rule checks first and changes state once.

Each module uses only those before it: common, access, pagination, views, links, numbers, webhooks, fields, profiles,
money, call_results, calls, dialer, campaigns, batches, contacts, reports, dashboard, discovery. Where a change has to
reach a module further on, this one passes it: a changed field to profiles, a finished queue and a used-up spending
limit to campaigns and batches, an ended call to all that count it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringback.carrier.call import FINAL, Call
from ringback.carrier.script import Script
from ringback.gateway.accounts import Account
from ringback.gateway.delivery import Delivery
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.keys import Key
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorBackend
from ringback.vendors.phonestack.records import Batch, CallDetail, Campaign
from ringback.vendors.phonestack.rules.batches import Batches
from ringback.vendors.phonestack.rules.call_results import DO_NOT_CALL, CallResults, scripted_analysis
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.contacts import Contacts
from ringback.vendors.phonestack.rules.dashboard import Dashboard
from ringback.vendors.phonestack.rules.dialer import Dialer
from ringback.vendors.phonestack.rules.discovery import Discovery
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.links import Links
from ringback.vendors.phonestack.rules.money import Money
from ringback.vendors.phonestack.rules.numbers import Numbers
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.rules.reports import Reports
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.store import Store


class PhoneStack(VendorBackend):
    """PhoneStack in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.store = store = Store()
        self.links = Links(services)
        self.own_numbers = Numbers(services, store)
        self.webhooks = Webhooks(services, store)
        self.fields = Fields(services, store)
        self.profiles = Profiles(services, store, self.fields)
        self.money = Money(services, store, self.webhooks)
        self.call_results = CallResults(services, store)
        self.calls = Calls(
            services,
            store,
            self.webhooks,
            self.links,
            self.own_numbers,
            self.fields,
            self.profiles,
            self.money,
            self.call_results,
        )
        self.dialer = Dialer(services, store, self.calls)
        self.campaigns = Campaigns(services, store, self.webhooks, self.money, self.dialer)
        self.batches = Batches(services, store, self.profiles, self.money, self.calls, self.dialer)
        self.contacts = Contacts(services, store, self.webhooks, self.fields, self.campaigns)
        self.reports = Reports(services, store, self.calls)
        self.dashboard = Dashboard(
            services,
            store,
            self.webhooks,
            self.fields,
            self.profiles,
            self.money,
            self.campaigns,
            self.contacts,
            self.reports,
        )
        self.discovery = Discovery(store)
        self.fields.on_changed = self._field_changed
        self.money.on_limit_reached = self._limit_reached
        self.dialer.on_queue_finished = self._queue_finished

    def collections(self) -> Mapping[str, Any]:
        """Return what a snapshot holds."""
        return self.store.collections()

    def key_of(self, request: RequestLogEntry) -> Key:
        """Return the key of a request."""
        return self.services.keys.records[request.key]

    # -- changes that concern several modules ------

    def _field_changed(self, account: str, before: str, after: str | None) -> None:
        self.profiles.rename_field(account, before, after)

    def _limit_reached(self, account: str) -> None:
        self.campaigns.pause_all(account)
        self.batches.stop_all(account)

    def _queue_finished(self, queue: Campaign | Batch) -> None:
        if isinstance(queue, Campaign):
            self.campaigns.finish(queue)
        else:
            self.batches.finish(queue)

    def on_call_changed(self, call: Call) -> None:
        """Send the events of a call; when it has ended, charge it, count it and dial on."""
        detail = self.store.calls[call.id]
        if call.state == "ringing":
            self.calls.send_event(call, detail)
        elif call.state in FINAL:
            self._end_call(call, detail)

    def _end_call(self, call: Call, detail: CallDetail) -> None:
        self.calls.end(call, detail)
        queue = self.store.queue(detail.campaign or detail.batch)
        if isinstance(queue, Campaign):
            self.campaigns.count_call(queue, call, detail)
        self.calls.send_event(call, detail)
        if detail.analysis is not None and detail.analysis.disposition == DO_NOT_CALL:
            self.contacts.block_phone(call.account, call.remote_number)
        self.money.charge(call.account, detail.cost, call.id)
        if queue is not None:
            self.dialer.end_call(queue)

    def on_delivery_concluded(self, delivery: Delivery) -> None:
        """Count a webhook that was delivered, or has failed."""
        self.webhooks.count_delivery(delivery)

    # -- accounts ------

    def furnish(self, account: Account) -> None:
        """Create the resources of the well-known account."""
        self.dashboard.furnish(account.id)

    def on_account_opened(self, account: Account) -> None:
        """Create what the account's settings define."""
        self.dashboard.apply(account.id)

    def on_account_closed(self, account: Account) -> None:
        """Release the organization's number and stop its campaigns."""
        self.own_numbers.release(account.id)
        self.campaigns.close_account(account.id)

    def on_settings_changed(self, account: Account) -> None:
        """Create what the changed settings define, and apply the spending limit."""
        self.dashboard.apply(account.id)
        self.money.review_limit(account.id)

    # -- requests of the control API ------

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """Return the organization's own number for the control API."""
        number = self.own_numbers.number(account)
        return [{"id": number, "phone_number": number, "status": "active"}]

    def webhook_secret(self, account: str) -> str | None:
        """Return the secret of the dashboard's webhook."""
        return self.webhooks.secret(account)

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Ring an organization's number. Raises NumberNotFound, ScriptError."""
        return self.calls.receive(to, caller, script)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Check a script's analysis. Raises ScriptError."""
        scripted_analysis(analysis)

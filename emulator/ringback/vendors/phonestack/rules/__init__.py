"""PhoneStack's business rules, a room for each part of the page. Every rule checks first and changes state once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ringback.carrier.call import Call
from ringback.carrier.script import Script
from ringback.gateway.accounts import Account
from ringback.gateway.delivery import Delivery
from ringback.gateway.services import Services
from ringback.gateway.signed_urls import LinkError, check_link, sign_path
from ringback.gateway.vendor import VendorBackend
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Campaign, Desk, PhoneStackSettings, Profile, Run
from ringback.vendors.phonestack.rules.batches import Batches
from ringback.vendors.phonestack.rules.call_results import Outcomes, scripted
from ringback.vendors.phonestack.rules.calls import Phones
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.common import ID_DIGITS, NAME
from ringback.vendors.phonestack.rules.contacts import People
from ringback.vendors.phonestack.rules.dashboard import Dashboard
from ringback.vendors.phonestack.rules.dialer import Dialler
from ringback.vendors.phonestack.rules.discovery import Guide
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.money import Money
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.rules.reports import Reports
from ringback.vendors.phonestack.rules.webhooks import Hooks

COUNTRY = "US"
"""Where an organization's own number is: the page's are North American."""


class PhoneStack(VendorBackend):
    """PhoneStack in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.hooks = Hooks(self)
        self.money = Money(self)
        self.fields = Fields(self)
        self.profiles = Profiles(self)
        self.people = People(self)
        self.outcomes = Outcomes(self)
        self.phones = Phones(self)
        self.dialler = Dialler(self)
        self.campaigns = Campaigns(self)
        self.batches = Batches(self)
        self.reports = Reports(self)
        self.dashboard = Dashboard(self)
        self.guide = Guide(self)
        self.desks: Collection[Desk] = Collection(Desk)

    def collections(self) -> Mapping[str, Any]:
        """What a snapshot holds."""
        return {
            "webhooks": self.hooks.records,
            "spending": self.money.records,
            "fields": self.fields.records,
            "profiles": self.profiles.records,
            "contacts": self.people.records,
            "calls": self.phones.details,
            "queues": self.dialler.entries,
            "campaigns": self.campaigns.records,
            "batches": self.batches.records,
            "reports": self.reports.records,
            "desks": self.desks,
        }

    def settings(self, account: str) -> PhoneStackSettings:
        """The account's settings."""
        return cast("PhoneStackSettings", self.services.settings_of(account))

    def organization(self, account: str) -> str:
        """The organization's id, as events name it."""
        return f"org_{self.services.streams.secret(NAME, account, 'organization').hex()[:ID_DIGITS]}"

    def number(self, account: str) -> str:
        """The organization's own number, taken from stock when it is first needed."""
        desk = self.desks.get(account)
        if desk is None:
            numbers = self.services.numbers
            number = numbers.hold(COUNTRY, "mobile", vendor=NAME, account=account)
            numbers.claim_reserved(number, vendor=NAME, account=account, number_id=number)
            desk = self.desks.add(Desk(id=account, account=account, number=number))
        return desk.number

    # -- runs: campaigns and batches ------

    def run(self, id_: str | None) -> Run | None:
        """A campaign or a batch."""
        if id_ is None:
            return None
        return self.campaigns.records.get(id_) or self.batches.records.get(id_)

    def dials(self, run: Run) -> bool:
        """Whether a run dials its queue now."""
        if isinstance(run, Campaign):
            return run.status == "running" and run.direction == "outbound"
        return run.completed_at is None

    def ran_out(self, run: Run) -> None:
        """Nobody is left in a run's queue, and none of its calls is under way."""
        if isinstance(run, Campaign):
            self.campaigns.ran_out(run)
        else:
            self.batches.ran_out(self.batches.records[run.id])

    def profile_of(self, run: Run) -> Profile | None:
        """The profile that a run's calls are made with."""
        if run.profile is None:
            return None
        return self.profiles.records.get(run.profile) or self.profiles.named(run.account, run.profile)

    # -- files ------

    def link(self, path: str, until: int) -> str:
        """A link to a file, good until an instant."""
        return self.services.base_url(NAME) + sign_path(self.services.streams.secret(NAME, "files"), path, until)

    def check_link(self, path: str, query: Mapping[str, str], now: int | None) -> None:
        """Whether a link was given out and still works; without `now`, only whether it was given out. Raises ApiError
        400 or 403."""
        for name in ("expires", "sig"):
            if not query.get(name):
                raise errors.missing(name)
        if not (query["expires"].isascii() and query["expires"].isdigit()):
            raise errors.invalid("expires", "must be seconds since the Unix epoch")
        try:
            check_link(self.services.streams.secret(NAME, "files"), path, query, now if now is not None else 0)
        except LinkError as error:
            code = "URL_EXPIRED" if error.expired else "INVALID_SIGNATURE"
            raise errors.refusal(code, f"{str(error).capitalize()}: ask for the recording again") from None

    # -- what the control API does ------

    def furnish(self, account: Account) -> None:
        """Furnish the well-known account with what the dashboard makes."""
        self.dashboard.furnish(account.id)

    def on_account_opened(self, account: Account) -> None:
        """A new account has what its settings say that the dashboard made."""
        self.dashboard.apply(account.id)

    def on_account_closed(self, account: Account) -> None:
        """Its number rings no more, and nobody is dialled."""
        desk = self.desks.get(account.id)
        if desk is not None:
            self.services.numbers.release(desk.number)
            self.desks.remove(desk)
        for direction in ("outbound", "inbound"):
            for campaign in self.campaigns.records.oldest("running", (account.id, direction)):
                self.campaigns.records.update(campaign, status="paused")

    def on_settings_changed(self, account: Account) -> None:
        """What the dashboard's part of the settings names is there from now on."""
        self.dashboard.apply(account.id)
        self.money.look(account.id)

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """The organization's own number for the control API."""
        number = self.number(account)
        return [{"id": number, "phone_number": number, "status": "active"}]

    def webhook_secret(self, account: str) -> str | None:
        """The secret of the dashboard's webhook, for the control API."""
        return self.hooks.secret(account)

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls an organization. Raises NumberNotFound for a number that nobody has."""
        return self.phones.receive(to, caller, script)

    def on_call_changed(self, call: Call) -> None:
        """One of our calls came further."""
        self.phones.changed(call)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Whether a call can be analysed like this. Raises ScriptError."""
        scripted(analysis)

    def on_delivery_concluded(self, delivery: Delivery) -> None:
        """A delivery was taken, or has failed."""
        self.hooks.concluded(delivery)

"""What is made in the vendor's dashboard: campaigns, reports and a webhook. Here an account's settings define it, and
`fixtures/phonestack.json` for the well-known account."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from ringback import resources
from ringback.carrier.numbering_plan import ranges
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.vendors.phonestack.records import Campaign, CampaignSetting, Contact, ContactSetting, ReportSetting
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.common import NAME, settings_of
from ringback.vendors.phonestack.rules.contacts import Contacts
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.money import Money
from ringback.vendors.phonestack.rules.numbers import COUNTRY
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.rules.reports import Reports
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import ContactBody, FieldBody, ProfileBody

TAG = "made_up"
NAMES = 150
"""Generated first names, last names and companies; contacts combine them."""


class Fixture(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The resources of the well-known account, by id."""

    custom_fields: list[FieldBody]
    profiles: dict[str, ProfileBody]
    campaigns: dict[str, CampaignSetting]
    reports: dict[str, ReportSetting]


class Dashboard:
    """Creates what the settings define and does not exist yet."""

    def __init__(
        self,
        services: Services,
        store: Store,
        webhooks: Webhooks,
        fields: Fields,
        profiles: Profiles,
        money: Money,
        campaigns: Campaigns,
        contacts: Contacts,
        reports: Reports,
    ) -> None:
        self._services = services
        self._store = store
        self._webhooks = webhooks
        self._fields = fields
        self._profiles = profiles
        self._money = money
        self._campaigns = campaigns
        self._contacts = contacts
        self._reports = reports
        self._applied_webhooks: dict[str, object] = {}
        """By account, the webhook setting that was applied last: setting an equal one again is a new object."""

    def apply(self, account: str) -> None:
        """Create the campaigns and reports of an account's settings that do not exist yet, and set its webhook if that
        setting was given again."""
        settings = settings_of(self._services, account)
        webhook = self._services.accounts[account].settings.get("webhook")
        if account not in self._applied_webhooks or webhook is not self._applied_webhooks[account]:
            self._applied_webhooks[account] = webhook
            self._webhooks.set_by_dashboard(account, settings.webhook)
        for campaign in settings.campaigns:
            if not self._store.campaigns.count("name", (account, campaign.name)):
                self._create_campaign(account, campaign)
        for report in settings.reports:
            if not self._store.reports.count("name", (account, report.name)):
                self._reports.create(account, report)

    def furnish(self, account: str) -> None:
        """Create the resources of the well-known account."""
        fixture = msgspec.json.decode(resources.path("fixtures", "phonestack.json").read_bytes(), type=Fixture)
        for field in fixture.custom_fields:
            self._fields.create(account, field)
        for id_, profile in fixture.profiles.items():
            self._profiles.create(account, profile, id_)
        for id_, campaign in fixture.campaigns.items():
            self._create_campaign(account, campaign, id_)
        for id_, report in fixture.reports.items():
            self._reports.create(account, report, id_)

    def _create_campaign(self, account: str, setting: CampaignSetting, id_: str | None = None) -> None:
        campaign = self._campaigns.create(account, setting, id_)
        for contact in setting.contacts:
            self._add(campaign, contact)
        for contact in islice(self._generate(account), setting.people):
            self._add(campaign, contact)
        if setting.status == "running" and not self._money.is_used_up(account):
            self._campaigns.start(campaign)

    def _add(self, campaign: Campaign, setting: ContactSetting) -> None:
        """Add a contact to a campaign; a known phone number is the same contact."""
        account = campaign.account
        contact = self._store.contact_with_phone(account, setting.phone) or self._create_contact(account, setting)
        if contact is not None:
            self._store.contacts.update(contact, campaign=campaign.id)
            self._campaigns.add_contact(contact, at_once=False)

    def _create_contact(self, account: str, setting: ContactSetting) -> Contact | None:
        body = msgspec.convert(msgspec.to_builtins(setting), ContactBody)
        try:
            return self._contacts.create(account, body, "dashboard")
        except ApiError as error:
            self._services.note(account, "account", f"{setting.phone} is no contact: {error.message}")
            return None

    def _generate(self, account: str) -> Iterator[ContactSetting]:
        """Generate contacts with numbers that no account has."""
        from faker import Faker

        stream = self._services.streams(NAME, account, "people")
        faker = Faker("en_US")
        faker.seed_instance(stream.getrandbits(64))
        firsts, lasts, companies = (
            [draw() for _ in range(NAMES)] for draw in (faker.first_name, faker.last_name, faker.company)
        )
        numbers = [f"{prefix}{line:0{free}d}" for prefix, free in ranges(COUNTRY, "mobile") for line in range(10**free)]
        start = stream.randrange(len(numbers))
        for number in (*numbers[start:], *numbers[:start]):
            is_free = self._services.numbers.assignment(number) is None
            if is_free and self._store.contact_with_phone(account, number) is None:
                first, last = stream.choice(firsts), stream.choice(lasts)
                yield ContactSetting(
                    phone=number,
                    first_name=first,
                    last_name=last,
                    email=f"{first}.{last}@example.com".lower().replace(" ", ""),
                    company=stream.choice(companies),
                    tags=[TAG],
                )

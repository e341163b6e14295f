"""What people do in the dashboard: make campaigns and reports, set the webhook. Here settings of the control API do,
and `fixtures/phonestack.json` for the well-known account."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from ringback import resources
from ringback.carrier.numbering_plan import ranges
from ringback.gateway.errors import ApiError
from ringback.vendors.phonestack.records import CampaignSetting, Contact, PersonSetting, ReportSetting
from ringback.vendors.phonestack.rules.common import NAME
from ringback.vendors.phonestack.wire import ContactBody, FieldBody, ProfileBody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.vendors.phonestack.records import Campaign
    from ringback.vendors.phonestack.rules import PhoneStack

COUNTRY = "US"
TAG = "made_up"
NAMES = 150
"""Made-up first names, last names and companies, of which people are put together."""


class Seed(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the well-known account has, by id."""

    custom_fields: list[FieldBody]
    profiles: dict[str, ProfileBody]
    campaigns: dict[str, CampaignSetting]
    reports: dict[str, ReportSetting]


class Dashboard:
    """Makes what is not there yet."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self._webhooks: dict[str, object] = {}
        """By account, the webhook's setting as it was given last: the same object is the same giving."""

    def apply(self, account: str) -> None:
        """Make the campaigns and reports that an account's settings name and that are not there yet, and set its
        webhook where that is another than before."""
        settings = self.backend.settings(account)
        given = self.services.accounts[account].settings.get("webhook")
        if account not in self._webhooks or given is not self._webhooks[account]:
            self._webhooks[account] = given
            self.backend.hooks.set_by_dashboard(account, settings.webhook)
        for campaign in settings.campaigns:
            if not self.backend.campaigns.records.count("name", (account, campaign.name)):
                self._campaign(account, campaign)
        for report in settings.reports:
            if not self.backend.reports.records.count("name", (account, report.name)):
                self.backend.reports.create(account, report)

    def furnish(self, account: str) -> None:
        """Give the well-known account what its fixture says."""
        seed = msgspec.json.decode(resources.path("fixtures", "phonestack.json").read_bytes(), type=Seed)
        for field in seed.custom_fields:
            self.backend.fields.create(account, field)
        for id_, profile in seed.profiles.items():
            self.backend.profiles.create(account, profile, id_)
        for id_, campaign in seed.campaigns.items():
            self._campaign(account, campaign, id_)
        for id_, report in seed.reports.items():
            self.backend.reports.create(account, report, id_)

    def _campaign(self, account: str, setting: CampaignSetting, id_: str | None = None) -> None:
        campaign = self.backend.campaigns.create(account, setting, id_)
        for person in setting.contacts:
            self._join(campaign, person)
        for person in islice(self._people(account), setting.people):
            self._join(campaign, person)
        if setting.status == "running" and not self.backend.money.used_up(account):
            self.backend.campaigns.start(account, campaign.id)

    def _join(self, campaign: Campaign, person: PersonSetting) -> None:
        """A person is a campaign's contact; one who is a contact already is the same one."""
        account = campaign.account
        known = self.backend.people.with_phone(account, person.phone)
        contact = known or self._contact(account, person)
        if contact is not None:
            self.backend.people.records.update(contact, campaign=campaign.id)
            self.backend.campaigns.joined(contact, at_once=False)

    def _contact(self, account: str, person: PersonSetting) -> Contact | None:
        body = msgspec.convert(msgspec.to_builtins(person), ContactBody)
        try:
            return self.backend.people.create(account, body, "dashboard")
        except ApiError as refusal:
            self.services.note(account, "account", f"{person.phone} is no contact: {refusal.message}")
            return None

    def _people(self, account: str) -> Iterator[PersonSetting]:
        """Made-up people, without end, with numbers that are nobody's."""
        from faker import Faker

        stream = self.services.streams(NAME, account, "people")
        faker = Faker("en_US")
        faker.seed_instance(stream.getrandbits(64))
        firsts, lasts, companies = (
            [draw() for _ in range(NAMES)] for draw in (faker.first_name, faker.last_name, faker.company)
        )
        numbers = [f"{prefix}{line:0{free}d}" for prefix, free in ranges(COUNTRY, "mobile") for line in range(10**free)]
        first = stream.randrange(len(numbers))
        for number in (*numbers[first:], *numbers[:first]):
            assigned = self.services.numbers.assignment(number)
            if assigned is None and self.backend.people.with_phone(account, number) is None:
                given = stream.choice(firsts), stream.choice(lasts)
                yield PersonSetting(
                    phone=number,
                    first_name=given[0],
                    last_name=given[1],
                    email=f"{given[0]}.{given[1]}@example.com".lower().replace(" ", ""),
                    company=stream.choice(companies),
                    tags=[TAG],
                )

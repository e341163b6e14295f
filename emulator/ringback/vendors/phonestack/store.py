"""PhoneStack's collections and their indexes: below all rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringback.store import Collection
from ringback.vendors.phonestack.records import (
    Batch,
    CallDetail,
    Campaign,
    Contact,
    Field,
    OrganizationNumber,
    Profile,
    QueueEntry,
    Report,
    Spending,
    Webhook,
)


class Store:
    """The records of all organizations. A snapshot has each collection under the name of its attribute."""

    def __init__(self) -> None:
        self.webhooks: Collection[Webhook] = Collection(
            Webhook,
            account=lambda webhook: webhook.account,
            live=lambda webhook: webhook.account if webhook.disabled_at is None else None,
            url=lambda webhook: (webhook.account, webhook.url),
        )
        self.spending: Collection[Spending] = Collection(Spending, account=lambda spending: spending.account)
        self.fields: Collection[Field] = Collection(
            Field,
            account=lambda field: field.account,
            name=lambda field: (field.account, field.name),
            category=lambda field: (field.account, field.category),
        )
        self.profiles: Collection[Profile] = Collection(
            Profile,
            account=lambda profile: profile.account,
            active=lambda profile: profile.account if profile.archived_at is None else None,
        )
        self.contacts: Collection[Contact] = Collection(
            Contact,
            account=lambda contact: contact.account,
            phone=lambda contact: (contact.account, contact.phone),
            source=lambda contact: (contact.account, contact.source),
            dnc=lambda contact: contact.account if contact.dnc_at is not None else None,
            campaign=lambda contact: contact.campaign,
        )
        self.calls: Collection[CallDetail] = Collection(
            CallDetail,
            account=lambda detail: detail.account,
            campaign=lambda detail: detail.campaign,
            contact=lambda detail: detail.contact,
            disposition=lambda detail: (detail.account, detail.analysis.disposition) if detail.analysis else None,
        )
        self.queue_entries: Collection[QueueEntry] = Collection(
            QueueEntry,
            queue=lambda entry: entry.queue,
            waiting=lambda entry: (entry.queue, entry.urgent) if entry.state == "queued" else None,
            contact=lambda entry: entry.contact if entry.state == "queued" else None,
        )
        self.campaigns: Collection[Campaign] = Collection(
            Campaign,
            account=lambda campaign: campaign.account,
            name=lambda campaign: (campaign.account, campaign.name),
            running=lambda campaign: (campaign.account, campaign.direction) if campaign.status == "running" else None,
        )
        self.batches: Collection[Batch] = Collection(
            Batch,
            account=lambda batch: batch.account,
            running=lambda batch: batch.account if batch.status == "running" else None,
        )
        self.reports: Collection[Report] = Collection(
            Report, account=lambda report: report.account, name=lambda report: (report.account, report.name)
        )
        self.numbers: Collection[OrganizationNumber] = Collection(OrganizationNumber)

    def collections(self) -> Mapping[str, Any]:
        """Return the collections by name."""
        return {name: part for name, part in vars(self).items() if isinstance(part, Collection)}

    def field_named(self, account: str, name: str) -> Field | None:
        """Return the custom field of this name."""
        return self.fields.last("name", (account, name))

    def contact_with_phone(self, account: str, phone: str) -> Contact | None:
        """Return the contact that has a phone number in E.164."""
        return self.contacts.last("phone", (account, phone))

    def contact(self, id_: str | None) -> Contact | None:
        """Return the contact of this id, if it still exists."""
        return self.contacts.get(id_) if id_ is not None else None

    def campaign(self, id_: str | None) -> Campaign | None:
        """Return the campaign of this id, if there is one."""
        return self.campaigns.get(id_) if id_ is not None else None

    def queue(self, id_: str | None) -> Campaign | Batch | None:
        """Return the campaign or batch of this id."""
        return self.campaign(id_) or (self.batches.get(id_) if id_ is not None else None)

    def queue_profile(self, queue: Campaign | Batch) -> Profile | None:
        """Return the profile that a queue's calls are made with: by id, or the newest active one of that name."""
        if queue.profile is None:
            return None
        found = self.profiles.get(queue.profile)
        active = self.profiles.newest("active", queue.account)
        return found or next((profile for profile in active if profile.name == queue.profile), None)

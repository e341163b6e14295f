"""Contacts: one by one and in bulk, and the Do Not Call list, page "Contacts API"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from ringback.gateway.decoding import explain
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Contact, EventType, Source
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.common import given, new_id, normalize_phone, owned
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.pagination import list_page
from ringback.vendors.phonestack.rules.views import contact_event_data, view_contact
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import BulkBody, ContactBody, ContactFilters, ContactPatch
from ringback.vendors.phonestack.wire.responses import BulkResult, ContactView, ListEnvelope, RowError

MAX_ROWS = 1_000
"""Page "Bulk Create"."""


class Contacts:
    """The contacts of all organizations."""

    def __init__(
        self, services: Services, store: Store, webhooks: Webhooks, fields: Fields, campaigns: Campaigns
    ) -> None:
        self._services = services
        self._store = store
        self._webhooks = webhooks
        self._fields = fields
        self._campaigns = campaigns
        self.records = store.contacts

    # -- one contact ------

    def create(self, account: str, body: ContactBody, source: Source) -> Contact:
        """Add a contact; its campaign calls it at once if it is running. Raises ApiError 400, 404 or 409."""
        contact = self._create(account, body, source)
        self._campaigns.add_contact(contact, at_once=True)
        return contact

    def _create(self, account: str, body: ContactBody, source: Source) -> Contact:
        """Check a contact and add it. Raises ApiError; then nothing is added."""
        phone = normalize_phone(body.phone)
        self.check_phone(account, phone, None)
        self._fields.check_values(account, body.custom_fields)
        if body.campaign_id is not None:
            self._campaigns.get(account, body.campaign_id)
        return self._add(account, phone, body, source)

    def _add(self, account: str, phone: str, body: ContactBody, source: Source) -> Contact:
        now = self._services.clock.now(account)
        contact = self.records.add(
            Contact(
                id=new_id(self._services, account, "ct"),
                account=account,
                phone=phone,
                first_name=body.first_name,
                last_name=body.last_name,
                email=body.email,
                company=body.company,
                tags=tuple(dict.fromkeys(body.tags)),
                source=source,
                campaign=body.campaign_id,
                custom_fields=body.custom_fields,
                created_at=now,
                updated_at=now,
            )
        )
        if source != "dashboard":
            self.send_event("contact.created", contact)
        return contact

    def check_phone(self, account: str, phone: str, own: Contact | None) -> None:
        """Check that no contact but the `own` one has a phone number. Raises ApiError 409."""
        contact = self._store.contact_with_phone(account, phone)
        if contact is not None and contact is not own:
            raise errors.error("DUPLICATE", f"Another contact has the phone {phone}", param="phone")

    def update(self, contact: Contact, body: ContactPatch) -> Contact:
        """Change a contact. A new campaign's queue takes it over. Raises ApiError 400, 404 or 409."""
        account = contact.account
        changes = given(body, "first_name", "last_name", "email", "company")
        if body.tags is not UNSET:
            changes["tags"] = tuple(dict.fromkeys(body.tags))
        if body.phone is not UNSET:
            phone = changes["phone"] = normalize_phone(body.phone)
            self.check_phone(account, phone, contact)
        if isinstance(body.custom_fields, dict):
            merged = {**contact.custom_fields, **body.custom_fields}
            changes["custom_fields"] = {name: value for name, value in merged.items() if value is not None}
            self._fields.check_values(account, changes["custom_fields"])
        moved = body.campaign_id is not UNSET and body.campaign_id != contact.campaign
        if moved:
            if isinstance(body.campaign_id, str):
                self._campaigns.get(account, body.campaign_id)
            changes["campaign"] = body.campaign_id
            self._campaigns.remove_contact(contact)
        self.records.update(contact, **changes, updated_at=self._services.clock.now(account))
        if moved:
            self._campaigns.add_contact(contact, at_once=True)
        return contact

    def delete(self, contact: Contact) -> None:
        """Delete a contact and remove it from every queue; its calls remain."""
        self._campaigns.remove_contact(contact)
        self.records.remove(contact)

    # -- many contacts ------

    def create_bulk(self, account: str, body: BulkBody, source: Source) -> BulkResult:
        """Add up to 1,000 contacts: valid rows are added, the others are reported. Raises ApiError 400 or 404; then
        nothing is added."""
        if not 1 <= len(body.contacts) <= MAX_ROWS:
            problem = f"must have from 1 to {MAX_ROWS:,} rows, not {len(body.contacts):,}: nothing was added"
            raise errors.invalid("contacts", problem)
        if body.campaign_id is not None:
            self._campaigns.get(account, body.campaign_id)
        added: list[Contact] = []
        problems: list[RowError] = []
        for index, row in enumerate(body.contacts):
            try:
                contact = _decode_row(row)
                contact.campaign_id = contact.campaign_id or body.campaign_id
                contact.tags = [*contact.tags, *body.tags]
                added.append(self._create(account, contact, source))
            except ApiError as error:
                code = "DUPLICATE" if error.code == "DUPLICATE" else "VALIDATION_ERROR"
                problems.append(RowError(index, code, error.message))
        for each in added:
            self._campaigns.add_contact(each, at_once=False)
        duplicates = sum(problem.code == "DUPLICATE" for problem in problems)
        return BulkResult(len(added), duplicates, len(problems) - duplicates, problems)

    # -- the Do Not Call list ------

    def block(self, contact: Contact) -> None:
        """Put a contact on the Do Not Call list. Doing so twice changes nothing more."""
        if contact.dnc_at is None:
            now = self._services.clock.now(contact.account)
            self.records.update(contact, dnc_at=now, updated_at=now)
            self.send_event("contact.dnc_requested", contact)

    def unblock(self, contact: Contact) -> None:
        """Remove a contact from the Do Not Call list."""
        if contact.dnc_at is not None:
            self.records.update(contact, dnc_at=None, updated_at=self._services.clock.now(contact.account))

    def block_phone(self, account: str, phone: str) -> None:
        """Put a phone number on the Do Not Call list, as a new contact if it has none."""
        known = self._store.contact_with_phone(account, phone)
        self.block(known or self._add(account, phone, ContactBody(phone=phone), "call"))

    # -- views ------

    def get(self, account: str, id_: str) -> Contact:
        """Return an organization's contact. Raises ApiError 404."""
        return owned(self.records, account, id_, "Contact")

    def page(self, account: str, query: ContactFilters) -> ListEnvelope[ContactView]:
        """Return a page of contacts, newest first. Raises ApiError 400."""
        index: str = "account"
        key: str | tuple[str, str] = account
        if query.source is not None:
            index, key = "source", (account, query.source)
        elif query.dnc_status == "dnc":
            index = "dnc"
        if query.dnc_status is None and query.tag is None:
            return list_page(query, self.records, index, key, view_contact)
        return list_page(query, self.records, index, key, view_contact, lambda contact: self.matches(contact, query))

    def matches(self, contact: Contact, query: ContactFilters) -> bool:
        """Return whether a contact has the status and the tag of a query."""
        status = "clear" if contact.dnc_at is None else "dnc"
        return query.dnc_status in (None, status) and (query.tag is None or query.tag in contact.tags)

    def send_event(self, kind: EventType, contact: Contact) -> None:
        """Send an event about a contact."""
        self._webhooks.send(contact.account, kind, contact.id, lambda: contact_event_data(contact))


def _decode_row(row: Any) -> ContactBody:
    """Return a row of a bulk import. Raises ApiError 400."""
    if not isinstance(row, Mapping):
        raise errors.error("VALIDATION_ERROR", "The row must be an object with at least a phone")
    try:
        return msgspec.convert(row, ContactBody)
    except msgspec.ValidationError as error:
        raise errors.ERRORS.malformed(explain(error, ContactBody)) from None

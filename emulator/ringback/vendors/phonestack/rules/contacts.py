"""Contacts: one by one and in bulk, the Do Not Call list, page "Contacts API"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from ringback.carrier.clock import iso_z
from ringback.gateway.decoding import explain
from ringback.gateway.errors import ApiError
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Contact, Source
from ringback.vendors.phonestack.rules.common import new_id, phone_of
from ringback.vendors.phonestack.wire import (
    BulkBody,
    BulkView,
    ContactBody,
    ContactEvent,
    ContactPatch,
    ContactView,
    RowProblem,
)

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

MAX_ROWS = 1_000
"""Page "Bulk Create"."""


class People:
    """The contacts of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Contact] = Collection(
            Contact,
            account=lambda contact: contact.account,
            phone=lambda contact: (contact.account, contact.phone),
            source=lambda contact: (contact.account, contact.source),
            dnc=lambda contact: contact.account if contact.dnc_at is not None else None,
            campaign=lambda contact: contact.campaign,
        )

    # -- one ------

    def create(self, account: str, body: ContactBody, source: Source) -> Contact:
        """Add a contact; with a running campaign it is called at once. Raises ApiError 400, 404 or 409."""
        contact = self._add(account, body, body.campaign_id, (), source)
        self.backend.campaigns.joined(contact, at_once=True)
        return contact

    def _add(
        self, account: str, body: ContactBody, campaign: str | None, tags: tuple[str, ...], source: Source
    ) -> Contact:
        """Check a contact and add it. Raises ApiError; then there is none."""
        phone = phone_of(body.phone)
        if self.with_phone(account, phone) is not None:
            raise errors.refusal("DUPLICATE", f"There is a contact with the phone {phone} already", "phone")
        self.backend.fields.check_values(account, body.custom_fields)
        if campaign is not None:
            self.backend.campaigns.of(account, campaign)
        now = self.services.clock.now(account)
        contact = self.records.add(
            Contact(
                id=new_id(self.services, account, "ct"),
                account=account,
                phone=phone,
                first_name=body.first_name,
                last_name=body.last_name,
                email=body.email,
                company=body.company,
                tags=tuple(dict.fromkeys((*body.tags, *tags))),
                source=source,
                campaign=campaign,
                custom_fields=body.custom_fields,
                created_at=now,
                updated_at=now,
            )
        )
        if source != "dashboard":
            self.backend.hooks.tell(account, "contact.created", contact.id, lambda: self.event(contact))
        return contact

    def change(self, account: str, id_: str, body: ContactPatch) -> Contact:
        """Change a contact; another campaign's queue takes it in place of the old one's. Raises ApiError 400, 404 or
        409."""
        contact = self.of(account, id_)
        changes: dict[str, Any] = {
            name: getattr(body, name)
            for name in ("first_name", "last_name", "email", "company")
            if getattr(body, name) is not UNSET
        }
        if body.tags is not UNSET:
            changes["tags"] = tuple(dict.fromkeys(body.tags))
        if body.phone is not UNSET:
            changes["phone"] = phone_of(body.phone)
            there = self.with_phone(account, changes["phone"])
            if there is not None and there is not contact:
                raise errors.refusal("DUPLICATE", f"Another contact has the phone {changes['phone']}", "phone")
        if isinstance(body.custom_fields, dict):
            merged = {**contact.custom_fields, **body.custom_fields}
            changes["custom_fields"] = {name: value for name, value in merged.items() if value is not None}
            self.backend.fields.check_values(account, changes["custom_fields"])
        moved = body.campaign_id is not UNSET and body.campaign_id != contact.campaign
        if moved:
            if isinstance(body.campaign_id, str):
                self.backend.campaigns.of(account, body.campaign_id)
            changes["campaign"] = body.campaign_id
            self.backend.campaigns.left(contact)
        self.records.update(contact, **changes, updated_at=self.services.clock.now(account))
        if moved:
            self.backend.campaigns.joined(contact, at_once=True)
        return contact

    def delete(self, account: str, id_: str) -> None:
        """Forget a contact, in any call queue too; its calls stay. Raises ApiError 404."""
        contact = self.of(account, id_)
        self.backend.campaigns.left(contact)
        self.records.remove(contact)

    # -- many ------

    def bulk(self, account: str, body: BulkBody, source: Source) -> BulkView:
        """Add up to 1,000 contacts: rows that will do are taken, of the others is said which and why. Raises ApiError
        400 or 404; then nothing is added."""
        if not 1 <= len(body.contacts) <= MAX_ROWS:
            problem = f"must have from 1 to {MAX_ROWS:,} rows, not {len(body.contacts):,}: nothing was added"
            raise errors.invalid("contacts", problem)
        if body.campaign_id is not None:
            self.backend.campaigns.of(account, body.campaign_id)
        added: list[Contact] = []
        problems: list[RowProblem] = []
        for index, row in enumerate(body.contacts):
            try:
                parsed = _row(row)
                campaign = parsed.campaign_id or body.campaign_id
                added.append(self._add(account, parsed, campaign, tuple(body.tags), source))
            except ApiError as refusal:
                code = "DUPLICATE" if refusal.code == "DUPLICATE" else "VALIDATION_ERROR"
                problems.append(RowProblem(index, code, refusal.message))
        for contact in added:
            self.backend.campaigns.joined(contact, at_once=False)
        duplicates = sum(problem.code == "DUPLICATE" for problem in problems)
        return BulkView(len(added), duplicates, len(problems) - duplicates, problems)

    # -- the Do Not Call list ------

    def block(self, account: str, id_: str) -> Contact:
        """Never call a contact again. Raises ApiError 404."""
        contact = self.of(account, id_)
        self._block(contact)
        return contact

    def _block(self, contact: Contact) -> None:
        if contact.dnc_at is None:
            now = self.services.clock.now(contact.account)
            self.records.update(contact, dnc_at=now, updated_at=now)
            self.backend.hooks.tell(contact.account, "contact.dnc_requested", contact.id, lambda: self.event(contact))

    def unblock(self, account: str, id_: str) -> Contact:
        """A contact may be called again. Raises ApiError 404."""
        contact = self.of(account, id_)
        if contact.dnc_at is not None:
            self.records.update(contact, dnc_at=None, updated_at=self.services.clock.now(account))
        return contact

    def asked_for_peace(self, account: str, phone: str) -> None:
        """Somebody said on the phone not to be called again; one who was no contact becomes one on the list."""
        contact = self.with_phone(account, phone)
        if contact is None:
            now = self.services.clock.now(account)
            contact = self.records.add(
                Contact(
                    id=new_id(self.services, account, "ct"),
                    account=account,
                    phone=phone,
                    first_name=None,
                    last_name=None,
                    email=None,
                    company=None,
                    tags=(),
                    source="call",
                    campaign=None,
                    custom_fields={},
                    created_at=now,
                    updated_at=now,
                )
            )
            fresh = contact
            self.backend.hooks.tell(account, "contact.created", fresh.id, lambda: self.event(fresh))
        self._block(contact)

    def check_callable(self, account: str, phone: str) -> None:
        """Whether a number may be called. Raises ApiError 409."""
        contact = self.with_phone(account, phone)
        if contact is not None and contact.dnc_at is not None:
            raise errors.refusal("DO_NOT_CALL", f"{phone} is on the Do Not Call list", "phone")

    # -- looking up and showing ------

    def with_phone(self, account: str, phone: str) -> Contact | None:
        """The contact that has a phone."""
        return self.records.last("phone", (account, phone))

    def of(self, account: str, id_: str) -> Contact:
        """An organization's contact. Raises ApiError 404."""
        contact = self.records.get(id_)
        if contact is None or contact.account != account:
            raise errors.not_found("Contact")
        return contact

    def chosen(
        self, account: str, *, dnc_status: str | None, source: str | None, tag: str | None
    ) -> tuple[str, Any, Callable[[Contact], bool] | None]:
        """How a list with these filters is made: the index, its key, and which of its records are wanted."""
        index, key = ("account", account) if source is None else ("source", (account, source))
        if dnc_status == "dnc" and source is None:
            index = "dnc"
        if dnc_status is None and tag is None:
            return index, key, None

        def wanted(contact: Contact) -> bool:
            return (dnc_status is None or (contact.dnc_at is not None) == (dnc_status == "dnc")) and (
                tag is None or tag in contact.tags
            )

        return index, key, wanted

    def view(self, contact: Contact) -> ContactView:
        """A contact as it is shown."""
        return ContactView(
            contact.id,
            contact.first_name,
            contact.last_name,
            contact.phone,
            contact.email,
            contact.company,
            contact.tags,
            contact.campaign,
            contact.custom_fields,
            contact.source,
            "clear" if contact.dnc_at is None else "dnc",
            iso_z(contact.created_at),
            iso_z(contact.updated_at),
        )

    def event(self, contact: Contact) -> ContactEvent:
        """A contact as events tell of it."""
        return ContactEvent(
            contact.id,
            contact.first_name,
            contact.last_name,
            contact.phone,
            contact.email,
            contact.company,
            contact.tags,
            contact.campaign,
            contact.custom_fields,
            contact.source,
            "clear" if contact.dnc_at is None else "dnc",
        )


def _row(row: Any) -> ContactBody:
    """A row of a bulk import. Raises ApiError 400."""
    if not isinstance(row, Mapping):
        raise errors.refusal("VALIDATION_ERROR", "The row must be an object with at least a phone")
    try:
        return msgspec.convert(row, ContactBody)
    except msgspec.ValidationError as error:
        raise errors.malformed(explain(error)) from None

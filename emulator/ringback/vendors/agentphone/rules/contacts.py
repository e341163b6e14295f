"""Contacts: names for phone numbers."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from ringback.carrier.clock import iso_exact
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventContactView
from ringback.vendors.agentphone.records import Contact
from ringback.vendors.agentphone.rules.common import NAME, is_email, new_id, require_e164, to_e164
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.wire.requests import ContactBody, ContactPatch
from ringback.vendors.agentphone.wire.responses import CapabilityView, ChannelsView, ContactView


class Contacts:
    """The contacts of all accounts."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    def create(self, account: str, project: str, body: ContactBody) -> ContactView:
        """Create a contact. Raises ApiError 422, 409 if another contact has the number."""
        number = require_e164(body.phone_number, "phoneNumber")
        self._check_email(body.email)
        self.check_free(project, number, None)
        now = self.services.clock.now(account)
        return self.view(
            self.data.contacts.add(
                Contact(
                    id=new_id(self.services, account, "con"),
                    account=account,
                    project=project,
                    phone_number=number,
                    name=body.name,
                    email=body.email,
                    notes=body.notes,
                    created_at=now,
                    updated_at=now,
                )
            )
        )

    def update(self, contact: Contact, body: ContactPatch) -> ContactView:
        """Change the given fields. Raises ApiError 409 or 422."""
        changes: dict[str, Any] = {}
        if isinstance(body.phone_number, str):
            changes["phone_number"] = require_e164(body.phone_number, "phoneNumber")
            self.check_free(contact.project, changes["phone_number"], contact)
        if isinstance(body.name, str):
            changes["name"] = body.name
        if body.email is not UNSET:
            self._check_email(body.email)
            changes["email"] = body.email
        if body.notes is not UNSET:
            changes["notes"] = body.notes
        if changes:
            self.data.contacts.update(contact, **changes, updated_at=self.services.clock.now(contact.account))
        return self.view(contact)

    def check_free(self, project: str, number: str, unless: Contact | None) -> None:
        """Check that no contact has a number, except `unless`. Raises ApiError 409."""
        other = self.data.contacts.last("phone", (project, number))
        if other is not None and other is not unless:
            raise errors.error("CONTACT_EXISTS", id=other.id)

    def _check_email(self, email: str | None) -> None:
        if email is not None and not is_email(email):
            raise errors.invalid("email", "must be an e-mail address")

    def remove_duplicates(self, project: str, other: str) -> None:
        """Delete the contacts of a project whose numbers have a contact in the other project too."""
        for contact in self.data.contacts.oldest("project", project):
            if self.data.contacts.count("phone", (other, contact.phone_number)):
                self.data.contacts.remove(contact)

    def search(self, project: str, text: str) -> list[Contact]:
        """Return the contacts with this text in name, number or e-mail address, newest first."""
        wanted = text.casefold()
        return [
            contact
            for contact in self.data.contacts.newest("project", project)
            if any(wanted in (field or "").casefold() for field in (contact.name, contact.phone_number, contact.email))
        ]

    def for_event(self, account: str, project: str, number: str) -> EventContactView | None:
        """Return the contact that has a number, as events show it."""
        contact = self.data.contacts.last("phone", (project, number)) or self.data.contacts.last(
            "phone", (account, number)
        )
        if contact is None:
            return None
        return EventContactView(contact.id, contact.name, contact.email, contact.phone_number)

    def capabilities(self, account: str, text: str) -> CapabilityView:
        """Return what a number can receive: all receive SMS, a fixed half of them iMessages. Raises ApiError 422."""
        number = to_e164(text)
        if number is None:
            raise errors.invalid_query("phone_number", "must be a phone number, such as +14155550123")
        imessage = self.services.streams.secret(NAME, "imessage", number)[0] % 2 == 0
        checked_at = iso_exact(self.services.clock.now(account))
        return CapabilityView(number, ChannelsView(imessage, sms=True), checked_at)

    def view(self, contact: Contact) -> ContactView:
        """Return a contact as a response shows it."""
        return ContactView(
            contact.id,
            contact.phone_number,
            contact.name,
            contact.email,
            contact.notes,
            iso_exact(contact.created_at),
            iso_exact(contact.updated_at),
        )

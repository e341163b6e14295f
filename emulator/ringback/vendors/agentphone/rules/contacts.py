"""Contacts: names for phone numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventContactView
from ringback.vendors.agentphone.records import Contact
from ringback.vendors.agentphone.rules.common import NAME, e164, is_email, new_id, phone, shown
from ringback.vendors.agentphone.wire.bodies import ContactBody, ContactPatch
from ringback.vendors.agentphone.wire.responses import CapabilityView, ContactView, ReachView

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone


class People:
    """The contacts of all accounts."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Contact] = Collection(
            Contact,
            project=lambda contact: contact.project,
            phone=lambda contact: (contact.project, contact.phone_number),
        )

    def create(self, account: str, project: str, body: ContactBody) -> ContactView:
        """Make a contact. Raises ApiError 409 for a number that another has, 422."""
        number = phone(body.phone_number, "phoneNumber")
        self._check_email(body.email)
        self._check_free(project, number, None)
        now = self.services.clock.now(account)
        return self.view(
            self.records.add(
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

    def change(self, account: str, id_: str, body: ContactPatch) -> ContactView:
        """Change what is given. Raises ApiError 404, 409 or 422."""
        contact = self.of(account, id_)
        changes: dict[str, Any] = {}
        if isinstance(body.phone_number, str):
            changes["phone_number"] = phone(body.phone_number, "phoneNumber")
            self._check_free(contact.project, changes["phone_number"], contact)
        if isinstance(body.name, str):
            changes["name"] = body.name
        if body.email is not UNSET:
            self._check_email(body.email)
            changes["email"] = body.email
        if body.notes is not UNSET:
            changes["notes"] = body.notes
        if changes:
            self.records.update(contact, **changes, updated_at=self.services.clock.now(account))
        return self.view(contact)

    def _check_free(self, project: str, number: str, but: Contact | None) -> None:
        other = self.records.last("phone", (project, number))
        if other is not None and other is not but:
            raise errors.refusal("CONTACT_EXISTS", f"The contact {other.id} has this number.")

    def _check_email(self, email: str | None) -> None:
        if email is not None and not is_email(email):
            raise errors.invalid("email", "is no e-mail address")

    def delete(self, account: str, id_: str) -> None:
        """Forget a contact. Raises ApiError 404."""
        self.records.remove(self.of(account, id_))

    def of(self, account: str, id_: str) -> Contact:
        """An account's contact. Raises ApiError 404."""
        contact = self.records.get(id_)
        if contact is None or contact.account != account:
            raise errors.not_found("contact", "CONTACT_NOT_FOUND")
        return contact

    def with_(self, project: str, words: str) -> list[Contact]:
        """The contacts with these words in name, number or e-mail address, newest first."""
        sought = words.casefold()
        return [
            contact
            for contact in self.records.newest("project", project)
            if any(sought in (text or "").casefold() for text in (contact.name, contact.phone_number, contact.email))
        ]

    def known(self, account: str, project: str, number: str) -> EventContactView | None:
        """Who has a number, as events tell it."""
        contact = self.records.last("phone", (project, number)) or self.records.last("phone", (account, number))
        if contact is None:
            return None
        return EventContactView(contact.id, contact.name, contact.email, contact.phone_number)

    def reach(self, account: str, text: str) -> CapabilityView:
        """What a number can receive: SMS all that are phones, iMessage about half of them, always the same ones.
        Raises ApiError 422."""
        number = e164(text)
        if number is None:
            raise errors.asked_wrongly("phone_number", "is no phone number; write it as +14155550123")
        blue = self.services.streams.secret(NAME, "imessage", number)[0] % 2 == 0
        return CapabilityView(number, ReachView(blue, sms=True), shown(self.services.clock.now(account)))

    def view(self, contact: Contact) -> ContactView:
        """A contact as it is now."""
        return ContactView(
            contact.id,
            contact.phone_number,
            contact.name,
            contact.email,
            contact.notes,
            shown(contact.created_at),
            shown(contact.updated_at),
        )

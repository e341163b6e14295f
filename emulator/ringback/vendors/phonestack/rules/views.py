"""Contacts as the API and the events show them."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import iso_z
from ringback.vendors.phonestack.records import Contact
from ringback.vendors.phonestack.wire.responses import ContactEventData, ContactView


def view_contact(contact: Contact) -> ContactView:
    """Return a contact as the API shows it."""
    return ContactView(
        id=contact.id,
        **_details(contact),
        created_at=iso_z(contact.created_at),
        updated_at=iso_z(contact.updated_at),
    )


def contact_event_data(contact: Contact) -> ContactEventData:
    """Return the data of an event about a contact."""
    return ContactEventData(contact_id=contact.id, **_details(contact))


def _details(contact: Contact) -> dict[str, Any]:
    return {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "phone": contact.phone,
        "email": contact.email,
        "company": contact.company,
        "tags": contact.tags,
        "campaign_id": contact.campaign,
        "custom_fields": contact.custom_fields,
        "source": contact.source,
        "dnc_status": "clear" if contact.dnc_at is None else "dnc",
    }

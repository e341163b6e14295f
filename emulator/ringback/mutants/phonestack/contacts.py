"""Mutants of "Contacts API"."""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import to_builtins

from ringback.mutants.patching import Original, patch
from ringback.mutants.phonestack.registry import Document, mutant
from ringback.mutants.traffic import MutableRequest, MutableResponse, broken, code, drop_query, error, status
from ringback.mutants.transforms import apply, drop, set_default, set_to
from ringback.mutants.webhooks import withhold
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Contact, Source
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.contacts import Contacts
from ringback.vendors.phonestack.rules.dialer import Dialer
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.views import view_contact
from ringback.vendors.phonestack.wire.requests import BulkBody, ContactBody, ContactFilters, ContactPatch
from ringback.vendors.phonestack.wire.responses import BulkResult, CallView

UNKNOWN_CAMPAIGN = "camp_000000000000"
MAX_ROWS = 1_000

# -- one contact ------


def _texts(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {name: v if isinstance(v, str | int | bool) else json.dumps(v) for name, v in values.items()}


def _without_nulls(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: value for name, value in body.items() if value is not None or name == "phone"}


mutant("contacts.email-is-dropped", "PST-CON-1", "A contact's email is not kept.").request(
    apply("email", lambda email: None if isinstance(email, str) else email), on="createContact"
)
mutant(
    "contacts.custom-fields-as-text",
    "PST-CON-1",
    "Values of unknown custom fields become text.",
    "PST-CON-11",
    "PST-CF-2",
).request(apply("custom_fields", _texts), on="createContact")
mutant("contacts.nothing-is-emptied", "PST-CON-1", "An update with null changes nothing.", "PST-CON-11").request(
    apply("", _without_nulls), on="updateContact"
)
mutant(
    "contacts.deleted-ones-stay", "PST-CON-1", "A deletion is answered, and the contact remains.", "PST-MCP-2"
).returns(Contacts.delete, None)


@mutant(
    "contacts.phones-are-used-up", "PST-CON-1", "The phone of a deleted contact can never be used again.", "PST-CON-3"
).on_start
def _phones_are_used_up(own: PhoneStack) -> None:
    used: set[tuple[str, str]] = set()

    def delete(usual: Original, _: PhoneStack, contact: Contact) -> None:
        usual(contact)
        used.add((contact.account, contact.phone))

    def create(usual: Original, _: PhoneStack, account: str, body: ContactBody, source: Source) -> Contact:
        if (account, body.phone) in used:
            raise broken(409, "DUPLICATE")
        created: Contact = usual(account, body, source)
        return created

    patch(own, Contacts.delete, delete)
    patch(own, Contacts.create, create)


mutant("phones.whole-numbers", "PST-CON-2", "A whole number is accepted as a phone.").request(
    apply("phone", lambda phone: f"+{phone}" if isinstance(phone, int) else phone), on="createContact"
)
mutant("phones.letters-are-passed-over", "PST-CON-2", "Letters in a phone are ignored.").request(
    apply("phone", lambda phone: re.sub("[a-z]", "", phone) if isinstance(phone, str) else phone), on="createContact"
)
mutant("phones.missing-ones-are-made-up", "PST-CON-2", "A contact without a phone is created with one.").request(
    set_default("phone", "+12145550198"), on="createContact"
)
mutant("phones.another-code", "PST-CON-2", "An invalid phone is rejected with INVALID_PHONE.", "PST-ERR-4").response(
    error(400, "INVALID_PHONE"),
    on="createContact",
    when=lambda response: response.code == "VALIDATION_ERROR" and b'"phone ' in response.body,
)


def _known_contact(response: MutableResponse[PhoneStack]) -> None:
    contact = response.backend.store.contact_with_phone(response.account, response.request.document["phone"])
    assert contact is not None
    response.respond(200, {"success": True, "data": to_builtins(view_contact(contact))})


mutant("duplicates.are-found", "PST-CON-3", "A known phone is answered 200 with its contact.").response(
    _known_contact, on="createContact", when=code("DUPLICATE")
)
mutant("duplicates.are-400", "PST-CON-3", "A known phone is answered 400.", "PST-ERR-2").response(
    error(400, "DUPLICATE"), on="createContact", when=code("DUPLICATE")
)


@mutant("duplicates.overwrite", "PST-CON-3", "A known phone is rejected, and its contact changed.").patch(
    Contacts.create
)
def _overwrite(create: Original, own: PhoneStack, account: str, body: ContactBody, source: Source) -> Contact:
    known = own.store.contact_with_phone(account, str(body.phone))
    if known is not None and body.first_name is not None:
        own.store.contacts.update(known, first_name=body.first_name)
    created: Contact = create(account, body, source)
    return created


@mutant(
    "duplicates.by-update", "PST-CON-3", "A contact can be given the phone of another.", "PST-CON-1", "PST-CON-11"
).patch(Contacts.check_phone)
def _by_update(check_phone: Original, _: PhoneStack, account: str, phone: str, own: Contact | None) -> None:
    if own is None:
        check_phone(account, phone, own)


# -- queues ------


@mutant(
    "queue.not-while-running", "PST-CON-4", "A running campaign accepts no contact into its queue.", "PST-CAM-4"
).patch(Campaigns.add_contact)
def _not_while_running(add: Original, _: PhoneStack, contact: Contact, *, at_once: bool) -> None:
    if not at_once:
        add(contact, at_once=at_once)


@mutant("queue.calls-know-no-contact", "PST-CON-4", "A campaign's call has no contact_id.").patch(Calls.view)
def _calls_know_no_contact(view: Original, _: PhoneStack, *args: Any, **options: Any) -> CallView:
    shown: CallView = view(*args, **options)
    if shown.campaign_id is not None:
        shown.contact_id = None
    return shown


mutant("queue.unknown-campaigns-pass", "PST-CON-4", "A campaign that does not exist is ignored.").request(
    apply("campaign_id", lambda id_: None if id_ == UNKNOWN_CAMPAIGN else id_), on="createContact"
)

# -- bulk ------


def _has_many_rows(response: MutableResponse[PhoneStack]) -> bool:
    body = response.request.document
    rows = body.get("contacts") if isinstance(body, dict) else None
    return isinstance(rows, list) and len(rows) > MAX_ROWS // 2


def _count_as(kind: str) -> Any:
    """Return a change that counts duplicates as another kind."""

    def change(data: Document) -> Document:
        return {**data, "duplicates": 0, kind: data[kind] + data["duplicates"]}

    return apply("data", change)


mutant("bulk.takes-the-first-thousand", "PST-CON-5", "Of 1,001 contacts the first 1,000 are created.").request(
    apply("contacts", lambda rows: rows[:MAX_ROWS] if isinstance(rows, list) else rows), on="bulkCreateContacts"
)
mutant("bulk.takes-five-hundred", "PST-CON-5", "More than 500 contacts are rejected.").response(
    error(400, "VALIDATION_ERROR"), on="bulkCreateContacts", when=_has_many_rows
)
mutant("bulk.duplicates-are-invalid", "PST-CON-5", "Duplicates are counted as invalid.").response(
    _count_as("invalid"), on="bulkCreateContacts"
)
mutant("bulk.duplicates-are-created", "PST-CON-5", "Duplicates are counted as created.").response(
    _count_as("created"), on="bulkCreateContacts"
)


@mutant("bulk.all-or-nothing", "PST-CON-5", "One invalid row rejects a whole import.").patch(Contacts.create_bulk)
def _all_or_nothing(create: Original, own: PhoneStack, account: str, body: BulkBody, source: Source) -> BulkResult:
    phones = [str(row.get("phone")) if isinstance(row, dict) else "" for row in body.contacts]
    known = any(own.store.contact_with_phone(account, phone) is not None for phone in phones)
    if len(phones) > 1 and (known or len(set(phones)) < len(phones) or "hello" in phones):
        raise errors.invalid("contacts", "has an invalid row")
    created: BulkResult = create(account, body, source)
    return created


def _without_own_tags(body: Any) -> Any:
    rows = body.get("contacts") if isinstance(body, dict) and body.get("tags") else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            row.pop("tags", None)
    return body


mutant("bulk.tags-are-dropped", "PST-CON-9", "The tags of an import are not kept.", "PST-CON-11").request(
    drop("tags"), on="bulkCreateContacts"
)
mutant("bulk.own-tags-are-replaced", "PST-CON-9", "The tags of an import replace those of its rows.").request(
    apply("", _without_own_tags), on="bulkCreateContacts"
)
mutant("bulk.campaign-is-dropped", "PST-CON-9", "The campaign of an import is ignored.").request(
    drop("campaign_id"), on="bulkCreateContacts"
)


@mutant("bulk.nobody-is-queued", "PST-CON-9", "An import for a running campaign fills no queue.").patch(
    Campaigns.add_contact
)
def _nobody_is_queued(add: Original, own: PhoneStack, contact: Contact, *, at_once: bool) -> None:
    campaign = own.store.campaign(contact.campaign)
    if at_once or campaign is None or campaign.status != "running":
        add(contact, at_once=at_once)


mutant("bulk.rows-are-counted-from-1", "PST-CON-10", "The rows of an import are counted from 1.").response(
    apply("data.errors[].index", lambda index: index + 1), on="bulkCreateContacts"
)
mutant("bulk.no-reasons", "PST-CON-10", "An import does not report which rows were not created.").response(
    set_to("data.errors", []), on="bulkCreateContacts"
)
mutant(
    "bulk.one-reason-for-all", "PST-CON-10", "Every row that was not created is reported as a VALIDATION_ERROR."
).response(set_to("data.errors[].code", "VALIDATION_ERROR"), on="bulkCreateContacts")


@mutant(
    "bulk.rows-are-not-checked", "PST-CON-10", "Custom fields of an import's rows are not checked.", "PST-CF-2"
).on_start
def _rows_are_not_checked(own: PhoneStack) -> None:
    imports: list[str] = []

    def create_bulk(usual: Original, _: PhoneStack, account: str, body: BulkBody, source: Source) -> BulkResult:
        imports.append(account)
        try:
            created: BulkResult = usual(account, body, source)
            return created
        finally:
            imports.pop()

    def check_values(usual: Original, _: PhoneStack, account: str, values: Any) -> None:
        if not imports:
            usual(account, values)

    patch(own, Contacts.create_bulk, create_bulk)
    patch(own, Fields.check_values, check_values)


# -- the list ------


def _first_filter(request: MutableRequest[PhoneStack]) -> None:
    given = [name for name in ("tag", "source", "dnc_status") if name in request.query]
    drop_query(*given[1:])(request)


mutant("contacts.no-filter-by-tag", "PST-CON-6", "tag filters nothing.", "PST-MCP-2").request(
    drop_query("tag"), on="listContacts"
)
mutant("contacts.no-filter-by-source", "PST-CON-6", "source filters nothing.").request(
    drop_query("source"), on="listContacts"
)
mutant("contacts.no-filter-by-dnc", "PST-CON-6", "dnc_status filters nothing.").request(
    drop_query("dnc_status"), on="listContacts"
)


@mutant("contacts.tags-by-their-beginning", "PST-CON-6", "A tag finds all tags that begin with it.").patch(
    Contacts.matches
)
def _by_their_beginning(matches: Original, _: PhoneStack, contact: Contact, query: ContactFilters) -> bool:
    tag = query.tag
    begins = tag is None or any(each.startswith(tag) for each in contact.tags)
    return begins and bool(matches(contact, ContactFilters(dnc_status=query.dnc_status)))


mutant("contacts.one-filter-at-a-time", "PST-CON-6", "Of several filters only the first has an effect.").request(
    _first_filter, on="listContacts"
)

# -- the Do Not Call list ------

mutant("dnc.triggers-pass", "PST-CON-7", "A call to a number on the Do Not Call list can be triggered.").returns(
    Calls.check_callable, None
)
mutant("dnc.campaigns-dial", "PST-CON-7", "A campaign dials numbers on the Do Not Call list.").returns(
    Dialer.is_blocked, False
)
mutant(
    "dnc.no-way-back", "PST-CON-7", "A contact cannot be removed from the Do Not Call list.", "PST-CON-6", "PST-MCP-2"
).returns(Contacts.unblock, None)


@mutant("dnc.told-each-time", "PST-CON-7", "contact.dnc_requested fires each time that it is requested.").patch(
    Contacts.block
)
def _each_time(block: Original, own: PhoneStack, contact: Contact) -> None:
    again = contact.dnc_at is not None
    block(contact)
    if again:
        own.contacts.send_event("contact.dnc_requested", contact)


# -- events ------

mutant("events.none-for-imports", "PST-CON-8", "contact.created does not fire for imports.").webhook(
    withhold, when=lambda event: event.document["data"].get("source") == "bulk"
)


@mutant("events.of-updates", "PST-CON-8", "contact.created fires for updates as well.").patch(Contacts.update)
def _of_updates(update: Original, own: PhoneStack, contact: Contact, body: ContactPatch) -> Contact:
    update(contact, body)
    own.contacts.send_event("contact.created", contact)
    return contact


mutant("events.without-a-name", "PST-CON-8", "contact.created lacks the contact's name.").webhook(
    set_to("data.first_name", None), on="contact.created"
)

# -- updates ------


@mutant("updates.replace-custom-fields", "PST-CON-11", "An update replaces all custom fields.").patch(Contacts.update)
def _replace_custom_fields(update: Original, _: PhoneStack, contact: Contact, body: ContactPatch) -> Contact:
    if isinstance(body.custom_fields, dict):
        others = dict.fromkeys(set(contact.custom_fields) - set(body.custom_fields))
        body.custom_fields = {**others, **body.custom_fields}
    updated: Contact = update(contact, body)
    return updated


mutant("updates.empty-the-rest", "PST-CON-11", "An update empties the names that it leaves out.").request(
    set_default("first_name", None), set_default("last_name", None), on="updateContact"
)


def _keep_company(response: MutableResponse[PhoneStack]) -> None:
    body, contact = response.request.document, response.backend.store.contact(response.request.variables["contact_id"])
    if contact is not None and isinstance(body, dict) and isinstance(body.get("company"), str):
        response.backend.store.contacts.update(contact, company=body["company"])


mutant("updates.half-done", "PST-CON-11", "An update that is rejected has changed the company.").response(
    _keep_company, on="updateContact", when=status(400)
)

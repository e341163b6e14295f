"""Mutants of "Contacts API"."""

from __future__ import annotations

import json
import re
from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.mutants.register import (
    BULK,
    CONTACTS,
    REGISTRY,
    Thing,
    backend,
    done,
    forget,
    never,
    patched,
    posted,
    refuse,
    rewrite,
    sent,
    viewed,
)

UNKNOWN_CAMPAIGN = "camp_000000000000"
MAX_COUNT = 1_000


@REGISTRY.on_request("contacts.email-is-dropped", "PST-CON-1", "A contact's email is not kept.")
def _email_is_dropped(asked: Request) -> None:
    if posted(asked, CONTACTS):
        rewrite(asked, lambda body: body.pop("email") if isinstance(body.get("email"), str) else None)


@REGISTRY.on_request(
    "contacts.custom-fields-as-text",
    "PST-CON-1",
    "Values of unknown custom fields become text.",
    "PST-CON-11",
    "PST-CF-2",
)
def _custom_fields_as_text(asked: Request) -> None:
    def change(body: Thing) -> None:
        if isinstance(body.get("custom_fields"), dict):
            body["custom_fields"] = {name: _text(value) for name, value in body["custom_fields"].items()}

    if posted(asked, CONTACTS):
        rewrite(asked, change)


def _text(value: Any) -> Any:
    return value if isinstance(value, str | int | bool) else json.dumps(value)


@REGISTRY.on_request("contacts.nothing-is-emptied", "PST-CON-1", "An update with null changes nothing.", "PST-CON-11")
def _nothing_is_emptied(asked: Request) -> None:
    if patched(asked, CONTACTS):
        rewrite(asked, lambda body: [body.pop(name) for name in list(body) if body[name] is None and name != "phone"])


@REGISTRY.on_start(
    "contacts.deleted-ones-stay",
    "PST-CON-1",
    "A deletion is answered, and the contact stays.",
    "PST-MCP-2",
)
def _deleted_ones_stay(emulator: Emulator) -> None:
    people = backend(emulator).people
    patch(people, "delete", lambda _: lambda account, id_: people.of(account, id_) and None)


@REGISTRY.on_start(
    "contacts.phones-are-used-up", "PST-CON-1", "The phone of a deleted contact can never be used again.", "PST-CON-3"
)
def _phones_are_used_up(emulator: Emulator) -> None:
    people = backend(emulator).people
    used: set[tuple[str, str]] = set()

    def deleting(usual: Any) -> Any:
        def delete(account: str, id_: str) -> None:
            contact = people.of(account, id_)
            usual(account, id_)
            used.add((account, contact.phone))

        return delete

    def creating(usual: Any) -> Any:
        def create(account: str, body: Any, source: Any) -> Any:
            if (account, body.phone) in used:
                raise errors.refusal("DUPLICATE", "Broken on purpose")
            return usual(account, body, source)

        return create

    patch(people, "delete", deleting)
    patch(people, "create", creating)


@REGISTRY.on_request("phones.whole-numbers", "PST-CON-2", "A whole number is taken for a phone.")
def _whole_numbers(asked: Request) -> None:
    if posted(asked, CONTACTS):
        rewrite(
            asked, lambda body: body.update(phone=f"+{body['phone']}") if isinstance(body.get("phone"), int) else None
        )


@REGISTRY.on_request("phones.letters-are-passed-over", "PST-CON-2", "Letters in a phone are passed over.")
def _letters(asked: Request) -> None:
    def change(body: Thing) -> None:
        if isinstance(body.get("phone"), str):
            body["phone"] = re.sub("[a-z]", "", body["phone"])

    if posted(asked, CONTACTS):
        rewrite(asked, change)


@REGISTRY.on_request("phones.missing-ones-are-made-up", "PST-CON-2", "A contact without a phone is given one.")
def _made_up(asked: Request) -> None:
    if posted(asked, CONTACTS):
        rewrite(asked, lambda body: body.setdefault("phone", "+12145550198"))


@REGISTRY.on_response("phones.another-code", "PST-CON-2", "A phone that is none is refused INVALID_PHONE.", "PST-ERR-4")
def _another_code(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, CONTACTS) and answer.code == "VALIDATION_ERROR" and b'"phone ' in answer.body:
        refuse(answer, 400, "INVALID_PHONE")


@REGISTRY.on_response("duplicates.are-found", "PST-CON-3", "A phone that is known is answered 200 with its contact.")
def _are_found(answer: MutableResponse, emulator: Emulator) -> None:
    if posted(answer, CONTACTS) and answer.code == "DUPLICATE":
        people = backend(emulator).people
        contact = people.with_phone(answer.account, answer.asked.json()["phone"])
        done(answer, 200, people.view(contact))


@REGISTRY.on_response("duplicates.are-400", "PST-CON-3", "A phone that is known is answered 400.", "PST-ERR-2")
def _are_400(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, CONTACTS) and answer.code == "DUPLICATE":
        refuse(answer, 400, "DUPLICATE")


@REGISTRY.on_start("duplicates.overwrite", "PST-CON-3", "A phone that is known is refused, and its contact changed.")
def _overwrite(emulator: Emulator) -> None:
    people = backend(emulator).people

    def creating(usual: Any) -> Any:
        def create(account: str, body: Any, source: Any) -> Any:
            known = people.with_phone(account, str(body.phone))
            if known is not None and body.first_name is not None:
                people.records.update(known, first_name=body.first_name)
            return usual(account, body, source)

        return create

    patch(people, "create", creating)


@REGISTRY.on_start(
    "duplicates.by-update", "PST-CON-3", "A contact can be given the phone of another.", "PST-CON-1", "PST-CON-11"
)
def _by_update(emulator: Emulator) -> None:
    people = backend(emulator).people

    def changing(usual: Any) -> Any:
        def change(*args: Any) -> Any:
            known = people.with_phone
            people.with_phone = never
            try:
                return usual(*args)
            finally:
                people.with_phone = known

        return change

    patch(people, "change", changing)


# -- queues ------


@REGISTRY.on_start(
    "queue.not-while-running", "PST-CON-4", "A running campaign takes no contact into its queue.", "PST-CAM-4"
)
def _not_while_running(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        return lambda contact, *, at_once: None if at_once else usual(contact, at_once=at_once)

    patch(backend(emulator).campaigns, "joined", make)


@REGISTRY.on_start("queue.calls-know-no-contact", "PST-CON-4", "A campaign's call does not tell whom it is with.")
def _calls_know_no_contact(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        if view.campaign_id is not None:
            view.contact_id = None

    viewed(backend(emulator).phones, change)


@REGISTRY.on_request("queue.unknown-campaigns-pass", "PST-CON-4", "A campaign that does not exist is passed over.")
def _unknown_campaigns_pass(asked: Request) -> None:
    if posted(asked, CONTACTS):
        rewrite(
            asked, lambda body: body.pop("campaign_id", None) if body.get("campaign_id") == UNKNOWN_CAMPAIGN else None
        )


# -- bulk ------


@REGISTRY.on_request("bulk.takes-the-first-thousand", "PST-CON-5", "Of 1,001 contacts the first 1,000 are taken.")
def _first_thousand(asked: Request) -> None:
    def cut(body: Thing) -> None:
        if isinstance(body.get("contacts"), list):
            body["contacts"] = body["contacts"][:MAX_COUNT]

    if posted(asked, BULK):
        rewrite(asked, cut)


@REGISTRY.on_response("bulk.takes-five-hundred", "PST-CON-5", "More than 500 contacts are refused.")
def _five_hundred(answer: MutableResponse, _: Emulator) -> None:
    body = answer.asked.json() if posted(answer, BULK) else None
    if isinstance(body, dict) and isinstance(body.get("contacts"), list) and len(body["contacts"]) > MAX_COUNT // 2:
        refuse(answer, 400, "VALIDATION_ERROR")


def _recounted(answer: MutableResponse, change: Any) -> None:
    body = answer.json() if posted(answer, BULK) and answer.status == 200 else None
    if isinstance(body, dict):
        change(body["data"])
        answer.say(200, body)


@REGISTRY.on_response("bulk.duplicates-are-invalid", "PST-CON-5", "Duplicates are counted as invalid.")
def _duplicates_are_invalid(answer: MutableResponse, _: Emulator) -> None:
    def change(data: Thing) -> None:
        data.update(duplicates=0, invalid=data["invalid"] + data["duplicates"])

    _recounted(answer, change)


@REGISTRY.on_response("bulk.duplicates-are-created", "PST-CON-5", "Duplicates are counted as created.")
def _duplicates_are_created(answer: MutableResponse, _: Emulator) -> None:
    def change(data: Thing) -> None:
        data.update(duplicates=0, created=data["created"] + data["duplicates"])

    _recounted(answer, change)


@REGISTRY.on_start(
    "bulk.all-or-nothing",
    "PST-CON-5",
    "One broken row refuses a whole import.",
)
def _all_or_nothing(emulator: Emulator) -> None:
    people = backend(emulator).people

    def importing(usual: Any) -> Any:
        def bulk(account: str, body: Any, source: Any) -> Any:
            phones = [row.get("phone") if isinstance(row, dict) else None for row in body.contacts]
            known = any(people.with_phone(account, str(phone)) is not None for phone in phones)
            if len(body.contacts) > 1 and (known or len(set(map(str, phones))) < len(phones) or "hello" in phones):
                raise errors.invalid("contacts", "has a row that will not do")
            return usual(account, body, source)

        return bulk

    patch(people, "bulk", importing)


@REGISTRY.on_request("bulk.tags-are-dropped", "PST-CON-9", "The tags of an import are not kept.", "PST-CON-11")
def _tags_are_dropped(asked: Request) -> None:
    if posted(asked, BULK):
        rewrite(asked, lambda body: body.pop("tags", None))


@REGISTRY.on_request("bulk.own-tags-are-replaced", "PST-CON-9", "The tags of an import replace those of its rows.")
def _own_tags_are_replaced(asked: Request) -> None:
    def change(body: Thing) -> None:
        rows = body.get("contacts")
        for row in rows if isinstance(rows, list) and body.get("tags") else ():
            if isinstance(row, dict):
                row.pop("tags", None)

    if posted(asked, BULK):
        rewrite(asked, change)


@REGISTRY.on_request("bulk.campaign-is-dropped", "PST-CON-9", "The campaign of an import is passed over.")
def _campaign_is_dropped(asked: Request) -> None:
    if posted(asked, BULK):
        rewrite(asked, lambda body: body.pop("campaign_id", None))


@REGISTRY.on_start("bulk.nobody-is-queued", "PST-CON-9", "An import for a running campaign gets into no queue.")
def _nobody_is_queued(emulator: Emulator) -> None:
    campaigns = backend(emulator).campaigns

    def make(usual: Any) -> Any:
        def joined(contact: Any, *, at_once: bool) -> None:
            campaign = campaigns.records.get(contact.campaign)
            if at_once or campaign is None or campaign.status != "running":
                usual(contact, at_once=at_once)

        return joined

    patch(campaigns, "joined", make)


@REGISTRY.on_response("bulk.rows-are-counted-from-1", "PST-CON-10", "The rows of an import are counted from 1.")
def _counted_from_1(answer: MutableResponse, _: Emulator) -> None:
    _recounted(answer, lambda data: [error.update(index=error["index"] + 1) for error in data["errors"]])


@REGISTRY.on_response("bulk.no-reasons", "PST-CON-10", "An import does not tell which rows were not taken.")
def _no_reasons(answer: MutableResponse, _: Emulator) -> None:
    _recounted(answer, lambda data: data.update(errors=[]))


@REGISTRY.on_response(
    "bulk.one-reason-for-all", "PST-CON-10", "Every row that was not taken is called a VALIDATION_ERROR."
)
def _one_reason(answer: MutableResponse, _: Emulator) -> None:
    _recounted(answer, lambda data: [error.update(code="VALIDATION_ERROR") for error in data["errors"]])


@REGISTRY.on_start(
    "bulk.rows-are-not-checked", "PST-CON-10", "Custom fields of an import's rows are not checked.", "PST-CF-2"
)
def _not_checked(emulator: Emulator) -> None:
    people = backend(emulator).people

    def importing(usual: Any) -> Any:
        def bulk(*args: Any) -> Any:
            fields = people.backend.fields
            checked = fields.check_values
            fields.check_values = never
            try:
                return usual(*args)
            finally:
                fields.check_values = checked

        return bulk

    patch(people, "bulk", importing)


# -- the list ------


@REGISTRY.on_request("contacts.no-filter-by-tag", "PST-CON-6", "tag filters nothing.", "PST-MCP-2")
def _no_filter_by_tag(asked: Request) -> None:
    forget(asked, CONTACTS, "tag")


@REGISTRY.on_request("contacts.no-filter-by-source", "PST-CON-6", "source filters nothing.")
def _no_filter_by_source(asked: Request) -> None:
    forget(asked, CONTACTS, "source")


@REGISTRY.on_request("contacts.no-filter-by-dnc", "PST-CON-6", "dnc_status filters nothing.")
def _no_filter_by_dnc(asked: Request) -> None:
    forget(asked, CONTACTS, "dnc_status")


@REGISTRY.on_start("contacts.tags-by-their-beginning", "PST-CON-6", "A tag finds all that begin like it.")
def _by_their_beginning(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        def chosen(account: str, **filters: Any) -> Any:
            tag = filters["tag"]
            index, key, wanted = usual(account, **{**filters, "tag": None})
            if tag is None:
                return index, key, wanted
            return (
                index,
                key,
                lambda contact: (
                    (wanted is None or wanted(contact)) and any(each.startswith(tag) for each in contact.tags)
                ),
            )

        return chosen

    patch(backend(emulator).people, "chosen", make)


@REGISTRY.on_request("contacts.one-filter-at-a-time", "PST-CON-6", "Of several filters the first alone is heeded.")
def _one_filter_at_a_time(asked: Request) -> None:
    names = [name for name in ("tag", "source", "dnc_status") if f"{name}=" in asked.query]
    if asked.path == CONTACTS:
        forget(asked, CONTACTS, *names[1:])


# -- the Do Not Call list ------


@REGISTRY.on_start("dnc.triggers-pass", "PST-CON-7", "A call to a number on the Do Not Call list can be triggered.")
def _triggers_pass(emulator: Emulator) -> None:
    backend(emulator).people.check_callable = never


@REGISTRY.on_start("dnc.campaigns-dial", "PST-CON-7", "A campaign dials numbers on the Do Not Call list.")
def _campaigns_dial(emulator: Emulator) -> None:
    backend(emulator).dialler._reason = never


@REGISTRY.on_start(
    "dnc.no-way-back", "PST-CON-7", "A contact cannot be taken off the Do Not Call list.", "PST-CON-6", "PST-MCP-2"
)
def _no_way_back(emulator: Emulator) -> None:
    people = backend(emulator).people
    patch(people, "unblock", lambda _: people.of)


@REGISTRY.on_start("dnc.told-each-time", "PST-CON-7", "contact.dnc_requested fires each time that it is asked for.")
def _told_each_time(emulator: Emulator) -> None:
    people = backend(emulator).people

    def make(usual: Any) -> Any:
        def block(account: str, id_: str) -> Any:
            again = people.of(account, id_).dnc_at is not None
            contact = usual(account, id_)
            if again:
                people.backend.hooks.tell(account, "contact.dnc_requested", id_, lambda: people.event(contact))
            return contact

        return block

    patch(people, "block", make)


# -- events ------


@REGISTRY.on_start("events.none-for-imports", "PST-CON-8", "contact.created does not fire for imports.")
def _none_for_imports(emulator: Emulator) -> None:
    sent(emulator, lambda event: None if event["data"].get("source") == "bulk" else event)


@REGISTRY.on_start("events.of-updates", "PST-CON-8", "contact.created fires for updates as well.")
def _of_updates(emulator: Emulator) -> None:
    people = backend(emulator).people

    def make(usual: Any) -> Any:
        def change(account: str, id_: str, body: Any) -> Any:
            contact = usual(account, id_, body)
            people.backend.hooks.tell(account, "contact.created", id_, lambda: people.event(contact))
            return contact

        return change

    patch(people, "change", make)


@REGISTRY.on_start("events.without-a-name", "PST-CON-8", "contact.created does not tell the contact's name.")
def _without_a_name(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if event["event"] == "contact.created":
            event["data"]["first_name"] = None
        return event

    sent(emulator, change)


# -- updates ------


@REGISTRY.on_start("updates.replace-custom-fields", "PST-CON-11", "An update replaces all custom fields.")
def _replace_custom_fields(emulator: Emulator) -> None:
    people = backend(emulator).people

    def make(usual: Any) -> Any:
        def change(account: str, id_: str, body: Any) -> Any:
            if isinstance(body.custom_fields, dict):
                contact = people.of(account, id_)
                others = dict.fromkeys(set(contact.custom_fields) - set(body.custom_fields))
                body.custom_fields = {**others, **body.custom_fields}
            return usual(account, id_, body)

        return change

    patch(people, "change", make)


@REGISTRY.on_request("updates.empty-the-rest", "PST-CON-11", "An update empties the names that it does not give.")
def _empty_the_rest(asked: Request) -> None:
    if patched(asked, CONTACTS):
        rewrite(asked, lambda body: [body.setdefault(name, None) for name in ("first_name", "last_name")])


@REGISTRY.on_response("updates.half-done", "PST-CON-11", "An update that is refused has changed the company.")
def _half_done(answer: MutableResponse, emulator: Emulator) -> None:
    body = answer.asked.json() if patched(answer.asked, CONTACTS) and answer.status == 400 else None
    if isinstance(body, dict) and isinstance(body.get("company"), str):
        records = backend(emulator).people.records
        records.update(records[answer.asked.path.rpartition("/")[2]], company=body["company"])

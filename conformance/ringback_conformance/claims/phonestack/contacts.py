"""Probes for "Contacts API"."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ringback_conformance.catalogue import CTL, HOOK, WRITE
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.shapes import CONTACT
from ringback_conformance.claims.phonestack.steps import (
    BULK,
    CALLS,
    CONTACTS,
    HOUR,
    MINUTE,
    about,
    act,
    data,
    dialled,
    everything,
    fetched,
    hook,
    ids,
    imported,
    inner,
    invalid,
    listed,
    made,
    new_contact,
    new_field,
    new_profile,
    people,
    phone,
    refused,
    stats_of,
    told,
    trigger,
    with_campaign,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import ProbeContext
from ringback_conformance.shapes import odd_fields

claim = CATALOGUE.section("Contacts API")
create_claim = CATALOGUE.section("Contacts API: Create Contact")
errors_claim = CATALOGUE.section("Errors")
bulk_claim = CATALOGUE.section("Contacts API: Bulk Create")
listing_claim = CATALOGUE.section("Contacts API: List Contacts")
events_claim = CATALOGUE.section("Webhooks: Events")

MAX_IN_BULK = 1_000
"""Page "Bulk Create"."""
DANA: dict[str, Any] = {
    "first_name": "Dana",
    "last_name": "Whitfield",
    "email": "dana@example.com",
    "company": "Cedar Lane Bakery",
    "tags": ["website_lead", "spring"],
    "custom_fields": {"source_page": "/pricing", "visits": 3, "name": "Zoë", "nested": {"a": [1, None]}},
}
NO_PHONES: tuple[Any, ...] = (
    None,
    "",
    "hello",
    "12",
    "+",
    12145550142,
    ["+12145550142"],
    "+1214555014x",
    "+0123456789",
)
NO_IMPORTS: tuple[dict[str, Any], ...] = ({}, {"contacts": []}, {"contacts": "x"}, {"contacts": {"phone": phone(1)}})
ALWAYS = {"calls_per_minute": 60, "max_concurrent_calls": 5}


def differs(thing: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields that are not as wanted."""
    return {name: thing.get(name) for name, value in wanted.items() if thing.get(name) != value}


@claim(
    "PST-CON-1",
    "A contact is created, read, updated and deleted, with the documented fields as they were given.",
    needs=WRITE,
    sends=(
        Send("POST", CONTACTS, 2),
        Send("GET", f"{CONTACTS}/{{id}}", 3),
        Send("PATCH", f"{CONTACTS}/{{id}}", 1),
        Send("DELETE", f"{CONTACTS}/{{id}}", 3),
    ),
)
def a_contact_from_first_to_last(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    wanted = {"phone": phone(10), **DANA}
    exchange = account.post(CONTACTS, wanted)
    ctx.check_(exchange.status == 201, f"a contact: expected 201, got {exchange}", exchange)
    contact = inner(exchange)
    odd = odd_fields(contact, CONTACT, "the contact")
    ctx.check_(odd is None, f"a contact: {odd or 'as documented'}", exchange)
    wrong = differs(contact, wanted)
    ctx.expect(not wrong, f"a contact as it was given: expected {wanted}, got {wrong}", exchange)
    seen = account.get(f"{CONTACTS}/{contact['id']}")
    ctx.expect(inner(seen) == contact, "a contact by its id: expected what creating it answered", seen)
    changes = {"first_name": "Dan", "phone": phone(11), "company": None, "tags": ["spring"]}
    changed = account.patch(f"{CONTACTS}/{contact['id']}", changes)
    ctx.expect(
        changed.status == 200 and not differs(inner(changed), changes),
        f"an update: expected 200 with {changes}, got {changed}",
        changed,
    )
    after = fetched(account, CONTACTS, contact["id"])
    ctx.expect(not differs(after, changes), f"a contact after its update: {differs(after, changes)}", changed)
    least = inner(account.post(CONTACTS, {"phone": phone(12)}))
    plain: dict[str, Any] = dict.fromkeys(("first_name", "last_name", "email", "company"))
    plain |= {"tags": [], "custom_fields": {}}
    ctx.expect(
        not differs(least, plain), f"a contact of a phone alone: expected nothing else, got {differs(least, plain)}"
    )
    gone = account.delete(f"{CONTACTS}/{contact['id']}")
    ctx.expect(made(gone), f"a deletion: expected 2xx, got {gone}", gone)
    refused(ctx, account.get(f"{CONTACTS}/{contact['id']}"), (404,), "a contact that was deleted", "NOT_FOUND")
    if not ctx.emulated:
        account.delete(f"{CONTACTS}/{least['id']}")
        return
    left = ids(listed(account, CONTACTS))
    ctx.expect(left == [least["id"]], f"the list after a deletion: expected the other alone, got {left}")
    refused(ctx, account.delete(f"{CONTACTS}/{contact['id']}"), (404,), "a second deletion", "NOT_FOUND")
    again = account.post(CONTACTS, {"phone": phone(11)})
    ctx.expect(again.status == 201, f"the phone of a deleted contact: expected 201, got {again}", again)


@create_claim(
    "PST-CON-2",
    "A phone that is missing or no number is refused `VALIDATION_ERROR`.",
    needs=WRITE,
    sends=(Send("POST", CONTACTS, len(NO_PHONES) + 1, note="which is refused"),),
)
def phones_that_are_none(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    invalid(ctx, account.post(CONTACTS, {"first_name": "Dana"}), "a contact without a phone")
    for bad in NO_PHONES:
        invalid(ctx, account.post(CONTACTS, {"first_name": "Dana", "phone": bad}), f"a contact with phone {bad!r}")
    if not ctx.emulated:
        return
    ctx.expect(not listed(account, CONTACTS), "contacts after that: expected none")
    contact = new_contact(account, phone(1))
    for bad in ("hello", None, ""):
        exchange = account.patch(f"{CONTACTS}/{contact['id']}", {"phone": bad})
        invalid(ctx, exchange, f"an update to phone {bad!r}")
    ctx.expect(
        fetched(account, CONTACTS, contact["id"])["phone"] == phone(1), "the phone after that: expected it as it was"
    )


@errors_claim(
    "PST-CON-3",
    "A phone that a contact has already is refused 409 `DUPLICATE`.",
    needs=WRITE,
    sends=(
        Send("POST", CONTACTS, 2),
        Send("DELETE", f"{CONTACTS}/{{id}}", 1),
    ),
)
def a_phone_twice(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    first = new_contact(account, phone(20), first_name="Dana")
    again = account.post(CONTACTS, {"phone": phone(20), "first_name": "Priya"})
    refused(ctx, again, (409,), "a contact with the phone of another", "DUPLICATE")
    if not ctx.emulated:
        account.delete(f"{CONTACTS}/{first['id']}")
        ctx.not_covered("an update to the phone of another, and the other organizations")
        return
    kept = listed(account, CONTACTS)
    ctx.expect(
        len(kept) == 1 and kept[0] == first,
        f"the contacts after that: expected the first as it was, got {len(kept)}",
        again,
    )
    other = new_contact(account, phone(21))
    moved = account.patch(f"{CONTACTS}/{other['id']}", {"phone": phone(20)})
    refused(ctx, moved, (409,), "an update to the phone of another", "DUPLICATE")
    same = account.patch(f"{CONTACTS}/{other['id']}", {"phone": phone(21)})
    ctx.expect(same.status == 200, f"an update to the contact's own phone: expected 200, got {same}", same)
    stranger = ctx.default_account().post(CONTACTS, {"phone": phone(20)})
    ctx.expect(stranger.status == 201, f"the phone in another organization: expected 201, got {stranger}", stranger)


@create_claim(
    "PST-CON-4",
    "A contact for a running campaign is in its call queue at once, and is called.",
    needs=CTL,
)
def into_a_running_queue(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, **ALWAYS, always_on=True)
    new_contact(account, phone(1), campaign_id=campaign["id"])
    account.advance(10 * MINUTE)
    ctx.expect(not listed(account, CALLS), "a contact for a campaign that is not started: expected no call")
    started = act(account, campaign, "start")
    ctx.precondition(started.status == 200, f"the campaign cannot be started: {started}")
    account.advance(10 * MINUTE)
    account.script({"to": phone(2)}, duration=5)
    late = account.post(CONTACTS, {"phone": phone(2), "campaign_id": campaign["id"]})
    ctx.check_(late.status == 201, f"a contact for a running campaign: expected 201, got {late}", late)
    figures = stats_of(account, campaign)
    at_once = figures["queued"] + figures["in_progress"] == 1 or dialled(account, phone(2)) != []
    ctx.expect(at_once, f"its place in the queue, at once: expected one, got {figures}", late)
    account.advance(10 * MINUTE)
    calls = dialled(account, phone(2))
    ctx.expect(len(calls) == 1, f"calls to it ten minutes later: expected one, got {len(calls)}", late)
    for call in calls:
        seen = (call["campaign_id"], call["contact_id"], call["direction"])
        wanted = (campaign["id"], inner(late)["id"], "outbound")
        ctx.expect(seen == wanted, f"the call: expected campaign, contact and direction {wanted}, got {seen}", late)
    new_contact(account, phone(3))
    account.advance(10 * MINUTE)
    ctx.expect(not dialled(account, phone(3)), "a contact without a campaign: expected no call")
    unknown = account.post(CONTACTS, {"phone": phone(4), "campaign_id": "camp_000000000000"})
    refused(ctx, unknown, (400, 404, 422), "a contact for a campaign that does not exist")


@bulk_claim(
    "PST-CON-5",
    "A bulk import takes up to 1,000 contacts and counts created, duplicates, invalid; 1,001 are refused whole.",
    needs=CTL,
)
def contacts_in_bulk(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    over = account.post(BULK, {"contacts": people(MAX_IN_BULK + 1)})
    invalid(ctx, over, f"a bulk import of {MAX_IN_BULK + 1}")
    ctx.expect(not listed(account, CONTACTS), "contacts after that: expected none", over)
    for odd in NO_IMPORTS:
        invalid(ctx, account.post(BULK, odd), f"a bulk import of {odd}")
    rows = people(MAX_IN_BULK)
    full = account.post(BULK, {"contacts": rows})
    ctx.check_(made(full), f"a bulk import of {MAX_IN_BULK}: expected 2xx, got {full}", full)
    counts = {name: inner(full).get(name) for name in ("created", "duplicates", "invalid")}
    wanted = {"created": MAX_IN_BULK, "duplicates": 0, "invalid": 0}
    ctx.expect(counts == wanted, f"a bulk import of {MAX_IN_BULK}: expected {wanted}, got {counts}", full)
    phones = {contact["phone"] for contact in everything(account, CONTACTS)}
    ctx.expect(phones == {row["phone"] for row in rows}, f"contacts after that: expected all, got {len(phones)}", full)
    mixed = [
        {"phone": phone(0)},
        {"phone": phone(2_000), "first_name": "Dana"},
        {"phone": phone(2_000), "first_name": "Dan"},
        {"phone": "hello"},
        {"first_name": "Nobody"},
        {"phone": phone(2_001)},
    ]
    exchange = account.post(BULK, {"contacts": mixed})
    ctx.check_(made(exchange), f"a mixed bulk import: expected 2xx, got {exchange}", exchange)
    counts = {name: inner(exchange).get(name) for name in ("created", "duplicates", "invalid")}
    wanted = {"created": 2, "duplicates": 2, "invalid": 2}
    ctx.expect(counts == wanted, f"a mixed bulk import: expected {wanted}, got {counts}", exchange)
    first = [contact["first_name"] for contact in everything(account, CONTACTS) if contact["phone"] == phone(2_000)]
    ctx.expect(first == ["Dana"], f"a phone that is in one import twice: expected the first row, got {first}")


@listing_claim(
    "PST-CON-6",
    "The list narrows by dnc_status, source and tag, together too.",
    needs=WRITE,
    sends=(
        Send("GET", CONTACTS, 6),
        Send("POST", CONTACTS, 3),
        Send("DELETE", f"{CONTACTS}/{{id}}", 3),
    ),
)
def contacts_filtered(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    mark = "ringback-filter"
    first = new_contact(account, phone(30), tags=[mark, "red"])
    second = new_contact(account, phone(31), tags=[mark])
    third = new_contact(account, phone(32), tags=["red", f"{mark}-2"])
    own = {first["id"], second["id"], third["id"]}

    def found(**query: Any) -> set[str]:
        return set(ids(data(account.get(f"{CONTACTS}?{urlencode({'limit': 100, **query})}")))) & own

    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"tag": mark}, {first["id"], second["id"]}),
        ({"tag": "red"}, {first["id"], third["id"]}),
        ({"tag": "nobody-has-this"}, set()),
    ]
    if ctx.emulated:
        put = account.post(f"{CONTACTS}/{second['id']}/dnc")
        ctx.precondition(put.status == 200, f"a contact cannot be put on the list: {put}")
        cut = new_contact(account, phone(33), tags=[mark])
        account.delete(f"{CONTACTS}/{cut['id']}")
        imported(account, [{"phone": phone(34), "tags": [mark]}])
        bulk = next((each for each in listed(account, CONTACTS) if each["phone"] == phone(34)), None)
        ctx.precondition(bulk is not None, "the contact of a bulk import is not listed")
        own |= {bulk["id"]} if bulk is not None else set()
        mute = fetched(account, CONTACTS, second["id"])["dnc_status"]
        clear = first["dnc_status"]
        cases = [
            ({"tag": mark}, {first["id"], second["id"], str(bulk and bulk["id"])}),
            ({"tag": "red"}, {first["id"], third["id"]}),
            ({"tag": "nobody-has-this"}, set()),
            ({"dnc_status": mute}, {second["id"]}),
            ({"dnc_status": clear}, own - {second["id"]}),
            ({"tag": mark, "dnc_status": clear}, {first["id"], str(bulk and bulk["id"])}),
            ({"source": first["source"]}, own - {str(bulk and bulk["id"])}),
            ({"source": str(bulk and bulk["source"])}, {str(bulk and bulk["id"])}),
            ({"source": first["source"], "tag": "red"}, {first["id"], third["id"]}),
            ({"source": first["source"], "dnc_status": mute, "tag": "red"}, set()),
        ]
    for query, wanted in cases:
        seen = found(**query)
        ctx.expect(seen == wanted, f"contacts with {query}: expected {len(wanted)} of ours, got {len(seen)}")
    if ctx.emulated:
        account.patch(f"{CONTACTS}/{first['id']}", {"tags": ["blue"]})
        ctx.expect(
            first["id"] not in found(tag="red"), "a tag that was taken away: expected the contact not to be found"
        )
        ctx.expect(first["id"] in found(tag="blue"), "a tag that was added: expected the contact to be found")
    else:
        for id_ in own:
            account.delete(f"{CONTACTS}/{id_}")
        ctx.not_covered("dnc_status and source")


@claim(
    "PST-CON-7",
    "A contact is put on the Do Not Call list and taken off it; while on it nobody dials the number.",
    needs=CTL,
)
def not_to_be_called(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, **ALWAYS, contacts=people(3))
    inbox = hook(ctx, account, "contact.dnc_requested")
    profile = new_profile(account)
    mute = next((each for each in listed(account, CONTACTS) if each["phone"] == phone(1)), None)
    ctx.precondition(mute is not None, "the campaign's contacts are not listed")
    path = f"{CONTACTS}/{mute['id'] if mute else ''}"
    clear = mute["dnc_status"] if mute else ""
    added = account.post(f"{path}/dnc")
    ctx.check_(added.status == 200, f"putting a contact on the list: expected 200, got {added}", added)
    status = fetched(account, CONTACTS, str(mute and mute["id"]))["dnc_status"]
    ctx.expect(status != clear, f"dnc_status on the list: expected another than {clear!r}, got {status!r}", added)
    twice = account.post(f"{path}/dnc")
    ctx.expect(made(twice), f"putting it there again: expected 2xx, got {twice}", twice)
    account.advance(1)
    came = [about(event).get("contact_id") for event in told(inbox)]
    ctx.expect(came == [mute and mute["id"]], f"contact.dnc_requested: expected it once, got {came}", *inbox.received)
    shut = trigger(account, profile, phone(1))
    refused(ctx, shut, (400, 403, 409, 422), "a trigger to a number on the list")
    for place in range(3):
        account.script({"to": phone(place)}, duration=5)
    act(account, campaign, "start")
    account.advance(HOUR)
    counts = [len(dialled(account, phone(place))) for place in range(3)]
    ctx.expect(counts == [1, 0, 1], f"calls of a campaign, the second on the list: expected 1, 0, 1, got {counts}")
    removed = account.delete(f"{path}/dnc")
    ctx.expect(removed.status == 200, f"taking it off the list: expected 200, got {removed}", removed)
    status = fetched(account, CONTACTS, str(mute and mute["id"]))["dnc_status"]
    ctx.expect(status == clear, f"dnc_status off the list: expected {clear!r}, got {status!r}", removed)
    allowed = trigger(account, profile, phone(1), script={"duration": 5})
    ctx.expect(made(allowed), f"a trigger to a number off the list: expected 2xx, got {allowed}", allowed)


@events_claim(
    "PST-CON-8",
    "contact.created fires for a contact, and for each of a bulk import.",
    needs=HOOK | CTL,
)
def contacts_told_of(ctx: ProbeContext) -> None:
    account = ctx.account()
    inbox = hook(ctx, account, "contact.created")
    single = new_contact(account, phone(1), first_name="Dana", tags=["website_lead"])
    account.post(CONTACTS, {"phone": phone(1)})
    account.post(CONTACTS, {"phone": "hello"})
    imported(account, [{"phone": phone(2)}, {"phone": phone(1)}, {"phone": "hello"}, {"phone": phone(3)}])
    account.patch(f"{CONTACTS}/{single['id']}", {"company": "Cedar Lane Bakery"})
    account.advance(1)
    seen = sorted(str(about(event).get("phone")) for event in told(inbox))
    wanted = [phone(place) for place in (1, 2, 3)]
    ctx.expect(seen == wanted, f"contact.created: expected one for each of {wanted}, got {seen}", *inbox.received)
    of_first = [about(event) for event in told(inbox) if about(event).get("phone") == phone(1)]
    for event in of_first:
        ctx.expect(
            event.get("contact_id") == single["id"] and event.get("first_name") == "Dana",
            f"contact.created: expected the contact, got {event}",
            *inbox.received,
        )


@bulk_claim(
    "PST-CON-9",
    "Tags and campaign of a bulk import are every contact's in it.",
    needs=CTL,
)
def what_a_bulk_import_has_in_common(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, **ALWAYS, always_on=True)
    started = act(account, campaign, "start")
    ctx.precondition(started.status == 200, f"the campaign cannot be started: {started}")
    for place in (1, 2):
        account.script({"to": phone(place)}, duration=5)
    result = imported(
        account,
        [{"phone": phone(1), "tags": ["own"]}, {"phone": phone(2)}],
        campaign_id=campaign["id"],
        tags=["batch_import"],
    )
    ctx.precondition(result.get("created") == 2, f"the bulk import answers {result}")
    seen = {contact["phone"]: contact for contact in listed(account, CONTACTS)}
    for place in (1, 2):
        contact = seen.get(phone(place), {})
        ctx.expect(
            "batch_import" in contact.get("tags", ()) and contact.get("campaign_id") == campaign["id"],
            f"a contact of a bulk import: expected its tag and campaign, got {contact}",
        )
    ctx.expect(
        "own" in seen.get(phone(1), {}).get("tags", ()), "a row's own tags: expected them beside the common ones"
    )
    account.advance(HOUR)
    counts = [len(dialled(account, phone(place))) for place in (1, 2)]
    ctx.expect(counts == [1, 1], f"calls to them, the campaign running: expected one each, got {counts}")
    unknown = account.post(BULK, {"contacts": [{"phone": phone(5)}], "campaign_id": "camp_000000000000"})
    refused(ctx, unknown, (400, 404, 422), "a bulk import for a campaign that does not exist")
    ctx.expect(len(everything(account, CONTACTS)) == 2, "contacts after that: expected no more", unknown)


@bulk_claim(
    "PST-CON-10",
    "A bulk import tells which rows were not taken, and why; the others are taken all the same.",
    needs=CTL,
    basis=Basis.OURS,
)
def rows_that_were_not_taken(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    new_contact(account, phone(1))
    new_field(account, "budget", "enum", options=["low", "high"])
    rows: list[Any] = [
        {"phone": phone(2)},
        {"phone": phone(1)},
        {"phone": "hello"},
        {"phone": phone(3), "tags": "x"},
        {"phone": phone(2)},
        {"phone": phone(4), "custom_fields": {"budget": "none"}},
        "row",
        {"phone": phone(5), "custom_fields": {"budget": "low"}},
    ]
    exchange = account.post(BULK, {"contacts": rows})
    found = inner(exchange)
    told_ = [(each.get("index"), each.get("code")) for each in found.get("errors", ()) if isinstance(each, dict)]
    wanted = [
        (1, "DUPLICATE"),
        (2, "VALIDATION_ERROR"),
        (3, "VALIDATION_ERROR"),
        (4, "DUPLICATE"),
        (5, "VALIDATION_ERROR"),
        (6, "VALIDATION_ERROR"),
    ]
    ctx.expect(told_ == wanted, f"the rows that were not taken: expected {wanted}, got {told_}", exchange)
    for each in found.get("errors", ()):
        ctx.expect(bool(each.get("message")), f"row {each.get('index')}: expected a message that says why", exchange)
    seen = sorted(contact["phone"] for contact in listed(account, CONTACTS))
    kept = [phone(1), phone(2), phone(5)]
    ctx.expect(seen == kept, f"contacts after that: expected {kept}, got {seen}", exchange)


@claim(
    "PST-CON-11",
    "An update leaves alone what it does not name; one that is refused changes nothing.",
    needs=WRITE,
    basis=Basis.OURS,
    sends=(
        Send("POST", CONTACTS, 1),
        Send("PATCH", f"{CONTACTS}/{{id}}", 4),
        Send("GET", CONTACTS, 4),
        Send("DELETE", f"{CONTACTS}/{{id}}", 1),
    ),
)
def updates_of_a_part(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    contact = new_contact(account, phone(40), **DANA)
    path = f"{CONTACTS}/{contact['id']}"
    account.patch(path, {"company": "Harbor Row"})
    after = fetched(account, CONTACTS, contact["id"])
    kept = {name: value for name, value in contact.items() if name not in ("company", "updated_at")}
    ctx.expect(
        not differs(after, kept), f"an update of the company: expected the rest as it was, got {differs(after, kept)}"
    )
    account.patch(path, {"custom_fields": {"visits": 4}})
    merged = {**DANA["custom_fields"], "visits": 4}
    seen = fetched(account, CONTACTS, contact["id"])["custom_fields"]
    ctx.expect(seen == merged, f"an update of one custom field: expected {merged}, got {seen}")
    before = fetched(account, CONTACTS, contact["id"])
    invalid(ctx, account.patch(path, {"first_name": "Priya", "phone": "hello"}), "an update with a phone that is none")
    invalid(ctx, account.patch(path, {"company": "Elsewhere", "tags": "x"}), "an update with tags that are none")
    after = fetched(account, CONTACTS, contact["id"])
    ctx.expect(after == before, f"the contact after updates that were refused: {differs(after, before)}")
    if not ctx.emulated:
        account.delete(path)

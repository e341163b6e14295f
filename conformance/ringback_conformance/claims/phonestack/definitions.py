"""Probes for "Custom Fields API" and "Profiles API"."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, WRITE
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.contacts import differs
from ringback_conformance.claims.phonestack.shapes import CUSTOM_FIELD, PROFILE, TYPES
from ringback_conformance.claims.phonestack.steps import (
    BULK,
    CALLS,
    CONTACTS,
    FIELDS,
    PROFILES,
    data,
    fetched,
    held_call,
    ids,
    inner,
    invalid,
    listed,
    made,
    new_contact,
    new_field,
    new_profile,
    phone,
    refused,
    trigger,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import odd_fields

claim = CATALOGUE.section("Custom Fields API")
validation_claim = CATALOGUE.section("Custom Fields API: Validation")
profiles_claim = CATALOGUE.section("Profiles API")
extract_claim = CATALOGUE.section("Profiles API: Profile Extract Fields", Basis.OURS)

BUDGET: dict[str, Any] = {
    "name": "ringback_budget",
    "type": "enum",
    "description": "What the project may cost",
    "category": "both",
    "required": False,
    "options": ["under_10k", "10k_50k", "50k_100k", "100k_plus"],
}
BAD_FIELDS: tuple[dict[str, Any], ...] = (
    {},
    {"type": "string"},
    {"name": "x"},
    {"name": "", "type": "string"},
    {"name": 5, "type": "string"},
    {"name": "x", "type": "text"},
    {"name": "x", "type": "enum"},
    {"name": "x", "type": "enum", "options": []},
    {"name": "x", "type": "enum", "options": "a"},
    {"name": "x", "type": "string", "category": "everything"},
    {"name": "x", "type": "string", "required": "yes"},
)
FITTING: tuple[tuple[str, tuple[Any, ...], tuple[Any, ...]], ...] = (
    ("text", ("", "a", "10"), (5, True, ["a"], {})),
    ("amount", (0, -1, 2.5), ("5", True, [1])),
    ("agreed", (True, False), ("true", 1, "yes")),
    ("day", ("2026-05-02", "2026-05-02T10:00:00Z"), ("yesterday", "2026-13-45", 20260502, "02/05/2026")),
    ("choice", ("low", "high"), ("none", "LOW", "", 1, ["low"])),
)
"""By field: what it takes, and what it does not."""


@claim(
    "PST-CF-1",
    "A custom field is created, read, updated, deleted and listed by category; an enum has to have options.",
    needs=WRITE,
    sends=(
        Send("POST", FIELDS, 2 + len(BAD_FIELDS)),
        Send("GET", FIELDS, 6),
        Send("PATCH", f"{FIELDS}/{{id}}", 3),
        Send("DELETE", f"{FIELDS}/{{id}}", 3),
    ),
)
def a_definition_from_first_to_last(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.post(FIELDS, BUDGET)
    ctx.check_(exchange.status == 201, f"a custom field: expected 201, got {exchange}", exchange)
    field = inner(exchange)
    odd = odd_fields(field, CUSTOM_FIELD, "the custom field")
    ctx.check_(odd is None, f"a custom field: {odd or 'as documented'}", exchange)
    ctx.expect(not differs(field, BUDGET), f"a custom field: expected {BUDGET}, got {differs(field, BUDGET)}", exchange)
    seen = account.get(f"{FIELDS}/{field['id']}")
    ctx.expect(inner(seen) == field, "a custom field by its id: expected what creating it answered", seen)
    plain = new_field(account, "ringback_plain")
    wanted = {"category": "both", "required": False}
    ctx.expect(not differs(plain, wanted), f"what is left out: expected {wanted}, got {differs(plain, wanted)}")
    changed = account.patch(f"{FIELDS}/{field['id']}", {"options": ["low", "high"], "description": "Budget"})
    after = fetched(account, FIELDS, field["id"])
    wanted = {**BUDGET, "options": ["low", "high"], "description": "Budget"}
    ctx.expect(
        changed.status == 200 and not differs(after, wanted),
        f"an update: expected 200 and {wanted}, got {changed}, {differs(after, wanted)}",
        changed,
    )
    invalid(ctx, account.patch(f"{FIELDS}/{field['id']}", {"options": []}), "an enum without options")
    invalid(ctx, account.patch(f"{FIELDS}/{plain['id']}", {"type": "enum"}), "an enum without options, by an update")
    for bad in BAD_FIELDS:
        invalid(ctx, account.post(FIELDS, bad), f"a custom field of {bad}")
    _by_category(ctx, account, field["id"], plain["id"])
    gone = account.delete(f"{FIELDS}/{field['id']}")
    ctx.expect(made(gone), f"a deletion: expected 2xx, got {gone}", gone)
    refused(ctx, account.get(f"{FIELDS}/{field['id']}"), (404,), "a custom field that was deleted", "NOT_FOUND")
    left = ids(listed(account, FIELDS))
    ctx.expect(field["id"] not in left and plain["id"] in left, f"the list after a deletion: got {left}")
    account.delete(f"{FIELDS}/{plain['id']}")


def _by_category(ctx: ProbeContext, account: Account, *both: str) -> None:
    if not ctx.emulated:
        found = ids(listed(account, FIELDS, category="both", limit=100))
        ctx.expect(set(both) <= set(found), f"custom fields of both: expected ours among them, got {found}")
        return
    contact = new_field(account, "on_contacts", category="contact")["id"]
    calls = new_field(account, "on_calls", category="extraction")["id"]
    for category, wanted in (("contact", {contact}), ("extraction", {calls}), ("both", set(both))):
        seen = set(ids(listed(account, FIELDS, category=category)))
        ctx.expect(seen == wanted, f"custom fields of {category}: expected {sorted(wanted)}, got {sorted(seen)}")
    every = ids(listed(account, FIELDS))
    ctx.expect(set(every) == {contact, calls, *both}, f"custom fields: expected four, got {every}")
    invalid(ctx, account.get(f"{FIELDS}?category=everything"), "custom fields of everything")
    for type_ in TYPES[:4]:
        made_ = account.post(FIELDS, {"name": f"of_type_{type_}", "type": type_})
        ctx.expect(made_.status == 201, f"a custom field of type {type_}: expected 201, got {made_}", made_)


@validation_claim(
    "PST-CF-2",
    "Custom field values are checked on contacts and triggers: options, types, required ones; unknown ones pass.",
    needs=CTL,
)
def values_checked(ctx: ProbeContext) -> None:
    account = ctx.account()
    for name, type_ in (("text", "string"), ("amount", "number"), ("agreed", "boolean"), ("day", "date")):
        new_field(account, name, type_, category="contact")
    new_field(account, "choice", "enum", options=["low", "high"])
    profile = new_profile(account)
    contact = new_contact(account, phone(1))
    path = f"{CONTACTS}/{contact['id']}"
    for name, fitting, others in FITTING:
        for value in fitting:
            exchange = account.patch(path, {"custom_fields": {name: value}})
            ctx.expect(exchange.status == 200, f"{name} = {value!r}: expected 200, got {exchange}", exchange)
        kept = fetched(account, CONTACTS, contact["id"])["custom_fields"].get(name)
        ctx.expect(kept == fitting[-1], f"{name}: expected {fitting[-1]!r}, it is {kept!r}")
        for value in others:
            invalid(ctx, account.patch(path, {"custom_fields": {name: value}}), f"an update to {name} = {value!r}")
        wrong = others[0]
        invalid(
            ctx,
            account.post(CONTACTS, {"phone": phone(2), "custom_fields": {name: wrong}}),
            f"a contact, {name} = {wrong!r}",
        )
        invalid(ctx, trigger(account, profile, phone(3), custom_fields={name: wrong}), f"a trigger, {name} = {wrong!r}")
    unknown = {"nobody_defined": {"a": [1]}, "choice": "low"}
    passing = account.post(CONTACTS, {"phone": phone(4), "custom_fields": unknown})
    seen = inner(passing).get("custom_fields") if made(passing) else None
    ctx.expect(seen == unknown, f"an unknown custom field: expected it kept, got {passing}, {seen}", passing)
    ctx.expect(not listed(account, CALLS), "calls after triggers that were refused: expected none")
    _required(ctx, account, profile)


def _required(ctx: ProbeContext, account: Account, profile: dict[str, Any]) -> None:
    new_field(account, "needed", "number", required=True)
    invalid(ctx, account.post(CONTACTS, {"phone": phone(10)}), "a contact without a required custom field")
    invalid(ctx, account.post(CONTACTS, {"phone": phone(10), "custom_fields": {"text": "a"}}), "a contact with another")
    invalid(ctx, trigger(account, profile, phone(10)), "a trigger without a required custom field")
    placed = trigger(account, profile, phone(10), custom_fields={"needed": 5}, script={"duration": 5})
    ctx.expect(made(placed), f"a trigger with it: expected 2xx, got {placed}", placed)
    contact = new_contact(account, phone(11), custom_fields={"needed": 5})
    taken = account.patch(f"{CONTACTS}/{contact['id']}", {"custom_fields": {"needed": None}})
    invalid(ctx, taken, "an update that takes a required custom field away")
    other = account.patch(f"{CONTACTS}/{contact['id']}", {"company": "Cedar Lane Bakery"})
    ctx.expect(other.status == 200, f"an update of something else: expected 200, got {other}", other)
    rows = [{"phone": phone(12)}, {"phone": phone(13), "custom_fields": {"needed": 1}}]
    exchange = account.post(BULK, {"contacts": rows})
    counts = (inner(exchange).get("created"), inner(exchange).get("invalid"))
    ctx.expect(
        counts == (1, 1), f"a bulk import, one row without it: expected 1 created, 1 invalid, got {counts}", exchange
    )


@claim(
    "PST-CF-3",
    "A name that a custom field has already is refused 409 `DUPLICATE`.",
    needs=WRITE,
    basis=Basis.OURS,
    sends=(
        Send("POST", FIELDS, 3),
        Send("PATCH", f"{FIELDS}/{{id}}", 1),
        Send("DELETE", f"{FIELDS}/{{id}}", 2),
    ),
)
def a_name_twice(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    first = new_field(account, "ringback_once")
    again = account.post(FIELDS, {"name": "ringback_once", "type": "number"})
    refused(ctx, again, (409,), "a custom field with the name of another", "DUPLICATE")
    other = new_field(account, "ringback_other")
    renamed = account.patch(f"{FIELDS}/{other['id']}", {"name": "ringback_once"})
    refused(ctx, renamed, (409,), "a custom field renamed to the name of another", "DUPLICATE")
    ctx.expect(fetched(account, FIELDS, first["id"]) == first, "the first after that: expected it as it was")
    for field in (first, other):
        account.delete(f"{FIELDS}/{field['id']}")
    if ctx.emulated:
        free = account.post(FIELDS, {"name": "ringback_once", "type": "string"})
        ctx.expect(free.status == 201, f"the name of what was deleted: expected 201, got {free}", free)


@claim(
    "PST-CF-4",
    "A field for extraction alone binds no contact.",
    needs=WRITE,
    sends=(
        Send("POST", FIELDS, 1),
        Send("POST", CONTACTS, 1),
        Send("DELETE", CONTACTS, 2),
    ),
)
def fields_of_calls_alone(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    field = new_field(account, "ringback_calls", "number", category="extraction", required=True)
    exchange = account.post(CONTACTS, {"phone": phone(60), "custom_fields": {"ringback_calls": "five"}})
    ctx.expect(
        exchange.status == 201,
        f"a contact with a value that calls alone define: expected 201, got {exchange}",
        exchange,
    )
    if not ctx.emulated:
        account.delete(f"{CONTACTS}/{inner(exchange).get('id')}")
        account.delete(f"{FIELDS}/{field['id']}")
        return
    plain = account.post(CONTACTS, {"phone": phone(61)})
    ctx.expect(plain.status == 201, f"a contact without it, though required: expected 201, got {plain}", plain)


@profiles_claim(
    "PST-PRO-1",
    "A profile is created and compiled, updated and compiled anew, and archived: no longer listed, still readable.",
    needs=WRITE,
    sends=(
        Send("POST", PROFILES, 2),
        Send("GET", PROFILES, 6),
        Send("PATCH", f"{PROFILES}/{{id}}", 2),
        Send("DELETE", f"{PROFILES}/{{id}}", 2),
    ),
)
def a_profile_from_first_to_last(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    wanted = {
        "name": "Ringback",
        "persona": "A patient consultant.",
        "opener": "Hello.",
        "guardrails": "Quote no price.",
    }
    exchange = account.post(PROFILES, wanted)
    ctx.check_(exchange.status == 201, f"a profile: expected 201, got {exchange}", exchange)
    profile = inner(exchange)
    odd = odd_fields(profile, PROFILE, "the profile")
    ctx.check_(odd is None, f"a profile: {odd or 'as documented'}", exchange)
    ctx.expect(not differs(profile, wanted), f"a profile: expected {wanted}, got {differs(profile, wanted)}", exchange)
    seen = account.get(f"{PROFILES}/{profile['id']}")
    ctx.expect(inner(seen) == profile, "a profile by its id: expected what creating it answered", seen)
    ctx.expect(profile["id"] in ids(listed(account, PROFILES, limit=100)), "a new profile: expected it in the list")
    if ctx.emulated:
        account.advance(60)
    path = f"{PROFILES}/{profile['id']}"
    changed = account.patch(path, {"opener": "Good day."})
    after = fetched(account, PROFILES, profile["id"])
    ctx.expect(
        changed.status == 200 and not differs(after, {**wanted, "opener": "Good day."}),
        f"an update: expected 200 and the new opener alone, got {changed}",
        changed,
    )
    if ctx.emulated:
        compiled = (after.get("version"), after.get("compiled_at") != profile.get("compiled_at"))
        ctx.expect(
            compiled == (2, True),
            f"a profile after an update: expected it compiled a second time, got {compiled}",
            changed,
        )
        _compiled_with(ctx, account, after)
    _put_away(ctx, account, profile)


def _compiled_with(ctx: ProbeContext, account: Account, profile: dict[str, Any]) -> None:
    prompt = str(profile.get("compiled_prompt"))
    for part in ("Good day.", "A patient consultant.", "Quote no price."):
        ctx.expect(part in prompt, f"what a profile was compiled into: expected {part!r} in it, got {prompt!r}")
    for bad in ({}, {"name": ""}, {"name": 5}, {"name": "x", "opener": 5}, {"name": "x", "extract_fields": "y"}):
        invalid(ctx, account.post(PROFILES, bad), f"a profile of {bad}")


def _put_away(ctx: ProbeContext, account: Account, profile: dict[str, Any]) -> None:
    path = f"{PROFILES}/{profile['id']}"
    call = held_call(account, profile, phone(1), 5) if ctx.emulated else None
    archived = account.delete(path)
    ctx.check_(made(archived), f"archiving: expected 2xx, got {archived}", archived)
    ctx.expect(
        profile["id"] not in ids(data(account.get(f"{PROFILES}?limit=100"))),
        "an archived profile: expected it not in the list",
        archived,
    )
    still = account.get(path)
    ctx.expect(
        still.status == 200 and inner(still).get("status") == "archived",
        f"an archived profile by its id: expected 200 and archived, got {still}",
        still,
    )
    if call is not None:
        kept = fetched(account, CALLS, call["id"])
        ctx.expect(kept.get("profile_id") == profile["id"], "its call after that: expected it with its profile")
        late = account.patch(path, {"opener": "Late."})
        refused(ctx, late, (400, 404, 409, 422), "an update of what is archived")


@extract_claim(
    "PST-PRO-2",
    "What a profile extracts has to be defined, for extraction or both.",
    needs=WRITE,
    sends=(
        Send("POST", PROFILES, 3),
        Send("PATCH", PROFILES, 2),
        Send("POST", FIELDS, 2),
        Send("DELETE", FIELDS, 4),
    ),
)
def what_profiles_extract(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    good = new_field(account, "ringback_good", category="extraction")
    contact = new_field(account, "ringback_contact", category="contact")
    unknown = account.post(PROFILES, {"name": "Ringback", "extract_fields": ["ringback_nobody"]})
    invalid(ctx, unknown, "a profile that extracts what is not defined")
    wrong = account.post(PROFILES, {"name": "Ringback", "extract_fields": ["ringback_contact"]})
    invalid(ctx, wrong, "a profile that extracts what is for contacts alone")
    exchange = account.post(PROFILES, {"name": "Ringback", "extract_fields": ["ringback_good"]})
    ctx.check_(
        exchange.status == 201, f"a profile that extracts what is defined: expected 201, got {exchange}", exchange
    )
    profile = inner(exchange)
    path = f"{PROFILES}/{profile['id']}"
    changed = account.patch(path, {"extract_fields": ["ringback_good", "ringback_nobody"]})
    invalid(ctx, changed, "an update to what is not defined")
    kept = fetched(account, PROFILES, profile["id"])
    ctx.expect(kept["extract_fields"] == ["ringback_good"], f"extract_fields after that: got {kept['extract_fields']}")
    none = account.patch(path, {"extract_fields": []})
    ctx.expect(none.status == 200, f"an update to nothing: expected 200, got {none}", none)
    account.delete(path)
    for field in (good, contact):
        account.delete(f"{FIELDS}/{field['id']}")
    if not ctx.emulated:
        return
    new_field(account, "goes", category="both")
    bound = new_profile(account, extract_fields=["goes"])
    account.delete(f"{FIELDS}/{ids(listed(account, FIELDS))[0]}")
    left = fetched(account, PROFILES, bound["id"])["extract_fields"]
    ctx.expect(left == [], f"extract_fields once the field is deleted: expected none, got {left}")

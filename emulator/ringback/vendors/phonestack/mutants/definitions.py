"""Mutants of "Custom Fields API", "Profiles API" and "Reports API"."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.mutants.register import (
    BOOK,
    FIELDS,
    PROFILES,
    REPORTS,
    TRIGGER,
    Thing,
    forget,
    house,
    never,
    patched,
    posted,
    refuse,
    relist,
    requery,
    rewrite,
    viewed,
)
from ringback.vendors.phonestack.rules.fields import problem_of

STAND_INS: dict[str, Any] = {"string": "text", "number": 1, "boolean": True, "date": "2026-01-01"}
"""What stands in for a value that is to be passed over, by the field's type."""
RANGES = ("today", "yesterday", "last_7_days", "last_30_days", "this_month", "last_month", "all_time")


# -- custom fields ------


@BOOK.asked("fields.enums-without-options", "PST-CF-1", "An enum needs no options.")
def _enums_without_options(asked: Asked) -> None:
    def change(body: Thing) -> None:
        if body.get("type") == "enum" and not body.get("options"):
            body["options"] = ["any"]

    if posted(asked, FIELDS):
        rewrite(asked, change)


@BOOK.asked("fields.no-filter-by-category", "PST-CF-1", "category filters nothing.")
def _no_filter_by_category(asked: Asked) -> None:
    forget(asked, FIELDS, "category")


@BOOK.asked(
    "fields.for-contacts-by-default",
    "PST-CF-1",
    "A custom field is for contacts where nothing else is said.",
)
def _for_contacts_by_default(asked: Asked) -> None:
    if posted(asked, FIELDS):
        rewrite(asked, lambda body: body.setdefault("category", "contact"))


@BOOK.asked("fields.description-is-dropped", "PST-CF-1", "The description of a custom field is not kept.")
def _description_is_dropped(asked: Asked) -> None:
    if posted(asked, FIELDS):
        rewrite(asked, lambda body: body.pop("description", None))


@BOOK.world(
    "fields.updates-are-lost",
    "PST-CF-1",
    "An update of a custom field is answered and not kept.",
    "PST-CF-3",
    "PST-MCP-2",
)
def _updates_are_lost(world: World) -> None:
    fields = house(world).fields
    swap(fields, "change", lambda _: lambda account, id_, body: fields.view(fields.of(account, id_)))


@BOOK.world(
    "fields.deletion-is-lost",
    "PST-CF-1",
    "A custom field that is deleted stays.",
    "PST-CF-3",
    "PST-MCP-2",
    "PST-PRO-2",
)
def _deletion_is_lost(world: World) -> None:
    fields = house(world).fields
    swap(fields, "delete", lambda _: lambda account, id_: fields.of(account, id_) and None)


def _taken(kind: str, *touches: str) -> None:
    @BOOK.world(f"values.{kind}-is-not-checked", "PST-CF-2", f"Values of type {kind} are not checked.", *touches)
    def _not_checked(world: World) -> None:
        fields = house(world).fields

        def make(usual: Any) -> Any:
            def check(account: str, values: Any) -> None:
                usual(account, {name: _fitting(fields.named(account, name), value) for name, value in values.items()})

            return check

        swap(fields, "check_values", make)

    def _fitting(field: Any, value: Any) -> Any:
        if field is None or field.type != kind or value is None:
            return value
        return field.options[0] if field.options else STAND_INS[kind]


_taken("string")
_taken("number")
_taken("boolean")
_taken("date")
_taken("enum", "PST-CON-10")


@BOOK.world("values.required-is-optional", "PST-CF-2", "A required custom field may be missing.")
def _required_is_optional(world: World) -> None:
    fields = house(world).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            needed = [field for field in fields.records.oldest("account", account) if field.required]
            usual(account, {**{field.name: STAND_INS[field.type] for field in needed}, **_there(values)})

        return check

    swap(fields, "check_values", make)


def _there(values: Any) -> Thing:
    return {name: value for name, value in values.items() if value is not None}


@BOOK.world(
    "values.unknown-is-refused",
    "PST-CF-2",
    "A custom field that nobody defined is refused.",
)
def _unknown_is_refused(world: World) -> None:
    fields = house(world).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            for name in values if fields.records.count("account", account) else ():
                if fields.named(account, name) is None:
                    raise errors.invalid(f"custom_fields.{name}", "is not defined")
            usual(account, values)

        return check

    swap(fields, "check_values", make)


@BOOK.asked(
    "values.of-triggers-are-not-checked",
    "PST-CF-2",
    "Custom fields of a trigger are passed over.",
    "PST-CALL-6",
    "PST-CALL-7",
)
def _of_triggers(asked: Asked) -> None:
    if posted(asked, TRIGGER):
        rewrite(asked, lambda body: body.update(custom_fields={"needed": 5}) if "custom_fields" in body else None)


@BOOK.world("fields.names-twice", "PST-CF-3", "Two custom fields may have one name.")
def _names_twice(world: World) -> None:
    house(world).fields._check_name = never


@BOOK.answered("fields.taken-is-400", "PST-CF-3", "A name that is taken is answered 400.", "PST-ERR-2")
def _taken_is_400(answer: Answered, _: World) -> None:
    if answer.status == 409 and answer.asked.path.startswith(FIELDS):
        refuse(answer, 400, "DUPLICATE")


@BOOK.world("fields.of-calls-bind-contacts", "PST-CF-4", "Fields for extraction alone bind contacts.")
def _of_calls_bind_contacts(world: World) -> None:
    fields = house(world).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            usual(account, values)
            for field in fields.records.oldest("category", (account, "extraction")):
                value = values.get(field.name)
                if value is not None and (problem := problem_of(field.type, field.options, value)):
                    raise errors.invalid(field.name, problem)

        return check

    swap(fields, "check_values", make)


@BOOK.world(
    "fields.of-calls-are-required-of-contacts",
    "PST-CF-4",
    "A required field for extraction alone is required of contacts.",
)
def _required_of_contacts(world: World) -> None:
    fields = house(world).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            usual(account, values)
            for field in fields.records.oldest("category", (account, "extraction")):
                if field.required and field.name not in values:
                    raise errors.missing(field.name)

        return check

    swap(fields, "check_values", make)


# -- profiles ------


@BOOK.answered("profiles.archived-are-listed", "PST-PRO-1", "Archived profiles stay in the list.")
def _archived_are_listed(answer: Answered, world: World) -> None:
    profiles = house(world).profiles
    every = list(profiles.records.newest("account", answer.account))
    if any(each.archived_at is not None for each in every) and "cursor=" not in answer.asked.query:
        shown = [to_builtins(profiles.view(each)) for each in every]
        relist(answer, lambda body: body.update(data=shown[: body["meta"]["limit"]]), PROFILES)


@BOOK.answered("profiles.archived-are-gone", "PST-PRO-1", "An archived profile cannot be read.")
def _archived_are_gone(answer: Answered, _: World) -> None:
    if answer.asked.method == "GET" and b'"status":"archived"' in answer.body and answer.asked.path != PROFILES:
        refuse(answer, 404, "NOT_FOUND")


@BOOK.world("profiles.are-compiled-once", "PST-PRO-1", "An update does not compile a profile anew.")
def _are_compiled_once(world: World) -> None:
    def change(view: Any) -> None:
        view.version, view.compiled_at = 1, view.created_at

    viewed(house(world).profiles, change)


@BOOK.world("profiles.are-compiled-as-they-were", "PST-PRO-1", "A profile is compiled with what it was before.")
def _as_they_were(world: World) -> None:
    profiles = house(world).profiles

    def make(usual: Any) -> Any:
        def compile_(profile: Any, changes: Any) -> None:
            prompt = profile.prompt
            usual(profile, changes)
            profile.prompt = prompt

        return compile_

    swap(profiles, "_compile", make)


@BOOK.asked("profiles.updates-empty-the-rest", "PST-PRO-1", "An update of a profile empties what it does not give.")
def _updates_empty_the_rest(asked: Asked) -> None:
    if patched(asked, PROFILES):
        rewrite(asked, lambda body: [body.setdefault(name, None) for name in ("persona", "guardrails")])


@BOOK.world("profiles.extract-anything", "PST-PRO-2", "A profile may extract what nobody defined.")
def _extract_anything(world: World) -> None:
    def make(usual: Any) -> Any:
        return lambda account, names, param: None if param == "extract_fields" else usual(account, names, param)

    swap(house(world).fields, "check_extract", make)


@BOOK.world("profiles.extract-fields-of-contacts", "PST-PRO-2", "A profile may extract what is for contacts alone.")
def _extract_fields_of_contacts(world: World) -> None:
    fields = house(world).fields

    def make(usual: Any) -> Any:
        def check(account: str, names: Any, param: str) -> None:
            known = [fields.named(account, name) for name in names]
            others = [
                name for name, field in zip(names, known, strict=True) if not (field and field.category == "contact")
            ]
            usual(account, others, param)

        return check

    swap(fields, "check_extract", make)


@BOOK.world("profiles.extract-what-is-gone", "PST-PRO-2", "A profile goes on extracting a field that was deleted.")
def _extract_what_is_gone(world: World) -> None:
    house(world).profiles.field_changed = never


# -- reports ------


@BOOK.world("reports.hide-their-grouping", "PST-REP-1", "A report does not tell what its rows are made of.")
def _hide_their_grouping(world: World) -> None:
    def change(view: Any) -> None:
        view.group_by = None

    viewed(house(world).reports, change)


@BOOK.answered("reports.one-is-not-listed", "PST-REP-1", "The newest report is not listed.", "PST-PAGE-1")
def _one_is_not_listed(answer: Answered, _: World) -> None:
    if "cursor=" not in answer.asked.query:
        relist(answer, lambda body: body.update(data=body["data"][1:]), REPORTS)


def _executed(world: World, change: Any) -> None:
    viewed(house(world).reports, change, "execute")


@BOOK.world("reports.of-all-time", "PST-REP-2", "A report counts everything, whatever its range.")
def _of_all_time(world: World) -> None:
    swap(house(world).reports, "execute", lambda usual: lambda account, id_, _: usual(account, id_, "all_time"))


@BOOK.world("reports.totals-of-the-first-row", "PST-REP-2", "The totals of a report are its first row.")
def _totals_of_the_first_row(world: World) -> None:
    def change(result: Any) -> None:
        if result.rows:
            result.totals = {name: result.rows[0][name] for name in result.totals}

    _executed(world, change)


@BOOK.world("reports.without-the-missed", "PST-REP-2", "Calls without a disposition are not counted.")
def _without_the_missed(world: World) -> None:
    def change(result: Any) -> None:
        result.rows = [row for row in result.rows if row.get("disposition", "") is not None]

    _executed(world, change)


@BOOK.world("reports.cost-in-dollars", "PST-REP-2", "cost_cents of a report are dollars.")
def _cost_in_dollars(world: World) -> None:
    def change(result: Any) -> None:
        for row in (*result.rows, result.totals):
            if "cost_cents" in row:
                row["cost_cents"] //= 100

    _executed(world, change)


def _exported(answer: Answered, kind: str) -> bool:
    return answer.status == 200 and answer.asked.path.endswith("/export") and f"format={kind}" in answer.asked.query


@BOOK.answered("export.without-names", "PST-REP-3", "A CSV has no line of names.", "PST-MCP-2")
def _without_names(answer: Answered, _: World) -> None:
    if _exported(answer, "csv"):
        answer.body = answer.body.partition(b"\r\n")[2]


@BOOK.answered("export.with-semicolons", "PST-REP-3", "A CSV has semicolons.", "PST-MCP-2")
def _with_semicolons(answer: Answered, _: World) -> None:
    if _exported(answer, "csv"):
        answer.body = answer.body.replace(b",", b";")


@BOOK.answered("export.unquoted", "PST-REP-3", "A comma in a CSV's cell makes it two.")
def _unquoted(answer: Answered, _: World) -> None:
    if _exported(answer, "csv"):
        answer.body = answer.body.replace(b'"', b"")


@BOOK.answered("export.no-pdf", "PST-REP-3", "A PDF is the CSV under another name.", "PST-MCP-2")
def _no_pdf(answer: Answered, world: World) -> None:
    if _exported(answer, "pdf"):
        reports = house(world).reports
        answer.body = reports.as_csv(reports.execute(answer.account, answer.asked.path.split("/")[-2], None))


@BOOK.answered("export.pdf-without-rows", "PST-REP-3", "A PDF has the names and no rows.")
def _pdf_without_rows(answer: Answered, world: World) -> None:
    if _exported(answer, "pdf"):
        from ringback.vendors.phonestack.rules.pdf import as_pdf

        result = house(world).reports.execute(answer.account, answer.asked.path.split("/")[-2], None)
        result.rows = []
        answer.body = as_pdf(result)


@BOOK.asked("reports.unknown-ranges-are-all", "PST-REP-4", "A range that does not exist is taken for all time.")
def _unknown_ranges(asked: Asked) -> None:
    def change(body: Thing) -> None:
        if isinstance(body.get("date_range"), str) and body["date_range"] not in RANGES:
            body["date_range"] = "all_time"

    if asked.path.endswith("/execute"):
        rewrite(asked, change)


@BOOK.asked("export.unknown-kinds-are-csv", "PST-REP-4", "A format that does not exist is taken for CSV.")
def _unknown_kinds(asked: Asked) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, "csv" if name == "format" and value != "pdf" else value) for name, value in pairs]

    requery(asked, REPORTS, change)

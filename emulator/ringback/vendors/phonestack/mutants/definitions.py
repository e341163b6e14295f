"""Mutants of "Custom Fields API", "Profiles API" and "Reports API"."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.mutants.register import (
    FIELDS,
    PROFILES,
    REGISTRY,
    REPORTS,
    TRIGGER,
    Thing,
    backend,
    forget,
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


@REGISTRY.on_request("fields.enums-without-options", "PST-CF-1", "An enum needs no options.")
def _enums_without_options(asked: Request) -> None:
    def change(body: Thing) -> None:
        if body.get("type") == "enum" and not body.get("options"):
            body["options"] = ["any"]

    if posted(asked, FIELDS):
        rewrite(asked, change)


@REGISTRY.on_request("fields.no-filter-by-category", "PST-CF-1", "category filters nothing.")
def _no_filter_by_category(asked: Request) -> None:
    forget(asked, FIELDS, "category")


@REGISTRY.on_request(
    "fields.for-contacts-by-default",
    "PST-CF-1",
    "A custom field is for contacts where nothing else is said.",
)
def _for_contacts_by_default(asked: Request) -> None:
    if posted(asked, FIELDS):
        rewrite(asked, lambda body: body.setdefault("category", "contact"))


@REGISTRY.on_request("fields.description-is-dropped", "PST-CF-1", "The description of a custom field is not kept.")
def _description_is_dropped(asked: Request) -> None:
    if posted(asked, FIELDS):
        rewrite(asked, lambda body: body.pop("description", None))


@REGISTRY.on_start(
    "fields.updates-are-lost",
    "PST-CF-1",
    "An update of a custom field is answered and not kept.",
    "PST-CF-3",
    "PST-MCP-2",
)
def _updates_are_lost(emulator: Emulator) -> None:
    fields = backend(emulator).fields
    patch(fields, "change", lambda _: lambda account, id_, body: fields.view(fields.of(account, id_)))


@REGISTRY.on_start(
    "fields.deletion-is-lost",
    "PST-CF-1",
    "A custom field that is deleted stays.",
    "PST-CF-3",
    "PST-MCP-2",
    "PST-PRO-2",
)
def _deletion_is_lost(emulator: Emulator) -> None:
    fields = backend(emulator).fields
    patch(fields, "delete", lambda _: lambda account, id_: fields.of(account, id_) and None)


def _taken(kind: str, *touches: str) -> None:
    @REGISTRY.on_start(f"values.{kind}-is-not-checked", "PST-CF-2", f"Values of type {kind} are not checked.", *touches)
    def _not_checked(emulator: Emulator) -> None:
        fields = backend(emulator).fields

        def make(usual: Any) -> Any:
            def check(account: str, values: Any) -> None:
                usual(account, {name: _fitting(fields.named(account, name), value) for name, value in values.items()})

            return check

        patch(fields, "check_values", make)

    def _fitting(field: Any, value: Any) -> Any:
        if field is None or field.type != kind or value is None:
            return value
        return field.options[0] if field.options else STAND_INS[kind]


_taken("string")
_taken("number")
_taken("boolean")
_taken("date")
_taken("enum", "PST-CON-10")


@REGISTRY.on_start("values.required-is-optional", "PST-CF-2", "A required custom field may be missing.")
def _required_is_optional(emulator: Emulator) -> None:
    fields = backend(emulator).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            needed = [field for field in fields.records.oldest("account", account) if field.required]
            usual(account, {**{field.name: STAND_INS[field.type] for field in needed}, **_there(values)})

        return check

    patch(fields, "check_values", make)


def _there(values: Any) -> Thing:
    return {name: value for name, value in values.items() if value is not None}


@REGISTRY.on_start(
    "values.unknown-is-refused",
    "PST-CF-2",
    "A custom field that nobody defined is refused.",
)
def _unknown_is_refused(emulator: Emulator) -> None:
    fields = backend(emulator).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            for name in values if fields.records.count("account", account) else ():
                if fields.named(account, name) is None:
                    raise errors.invalid(f"custom_fields.{name}", "is not defined")
            usual(account, values)

        return check

    patch(fields, "check_values", make)


@REGISTRY.on_request(
    "values.of-triggers-are-not-checked",
    "PST-CF-2",
    "Custom fields of a trigger are passed over.",
    "PST-CALL-6",
    "PST-CALL-7",
)
def _of_triggers(asked: Request) -> None:
    if posted(asked, TRIGGER):
        rewrite(asked, lambda body: body.update(custom_fields={"needed": 5}) if "custom_fields" in body else None)


@REGISTRY.on_start("fields.names-twice", "PST-CF-3", "Two custom fields may have one name.")
def _names_twice(emulator: Emulator) -> None:
    backend(emulator).fields._check_name = never


@REGISTRY.on_response("fields.taken-is-400", "PST-CF-3", "A name that is taken is answered 400.", "PST-ERR-2")
def _taken_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 409 and answer.asked.path.startswith(FIELDS):
        refuse(answer, 400, "DUPLICATE")


@REGISTRY.on_start("fields.of-calls-bind-contacts", "PST-CF-4", "Fields for extraction alone bind contacts.")
def _of_calls_bind_contacts(emulator: Emulator) -> None:
    fields = backend(emulator).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            usual(account, values)
            for field in fields.records.oldest("category", (account, "extraction")):
                value = values.get(field.name)
                if value is not None and (problem := problem_of(field.type, field.options, value)):
                    raise errors.invalid(field.name, problem)

        return check

    patch(fields, "check_values", make)


@REGISTRY.on_start(
    "fields.of-calls-are-required-of-contacts",
    "PST-CF-4",
    "A required field for extraction alone is required of contacts.",
)
def _required_of_contacts(emulator: Emulator) -> None:
    fields = backend(emulator).fields

    def make(usual: Any) -> Any:
        def check(account: str, values: Any) -> None:
            usual(account, values)
            for field in fields.records.oldest("category", (account, "extraction")):
                if field.required and field.name not in values:
                    raise errors.missing(field.name)

        return check

    patch(fields, "check_values", make)


# -- profiles ------


@REGISTRY.on_response("profiles.archived-are-listed", "PST-PRO-1", "Archived profiles stay in the list.")
def _archived_are_listed(answer: MutableResponse, emulator: Emulator) -> None:
    profiles = backend(emulator).profiles
    every = list(profiles.records.newest("account", answer.account))
    if any(each.archived_at is not None for each in every) and "cursor=" not in answer.asked.query:
        shown = [to_builtins(profiles.view(each)) for each in every]
        relist(answer, lambda body: body.update(data=shown[: body["meta"]["limit"]]), PROFILES)


@REGISTRY.on_response("profiles.archived-are-gone", "PST-PRO-1", "An archived profile cannot be read.")
def _archived_are_gone(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "GET" and b'"status":"archived"' in answer.body and answer.asked.path != PROFILES:
        refuse(answer, 404, "NOT_FOUND")


@REGISTRY.on_start("profiles.are-compiled-once", "PST-PRO-1", "An update does not compile a profile anew.")
def _are_compiled_once(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        view.version, view.compiled_at = 1, view.created_at

    viewed(backend(emulator).profiles, change)


@REGISTRY.on_start("profiles.are-compiled-as-they-were", "PST-PRO-1", "A profile is compiled with what it was before.")
def _as_they_were(emulator: Emulator) -> None:
    profiles = backend(emulator).profiles

    def make(usual: Any) -> Any:
        def compile_(profile: Any, changes: Any) -> None:
            prompt = profile.prompt
            usual(profile, changes)
            profile.prompt = prompt

        return compile_

    patch(profiles, "_compile", make)


@REGISTRY.on_request(
    "profiles.updates-empty-the-rest", "PST-PRO-1", "An update of a profile empties what it does not give."
)
def _updates_empty_the_rest(asked: Request) -> None:
    if patched(asked, PROFILES):
        rewrite(asked, lambda body: [body.setdefault(name, None) for name in ("persona", "guardrails")])


@REGISTRY.on_start("profiles.extract-anything", "PST-PRO-2", "A profile may extract what nobody defined.")
def _extract_anything(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        return lambda account, names, param: None if param == "extract_fields" else usual(account, names, param)

    patch(backend(emulator).fields, "check_extract", make)


@REGISTRY.on_start(
    "profiles.extract-fields-of-contacts", "PST-PRO-2", "A profile may extract what is for contacts alone."
)
def _extract_fields_of_contacts(emulator: Emulator) -> None:
    fields = backend(emulator).fields

    def make(usual: Any) -> Any:
        def check(account: str, names: Any, param: str) -> None:
            known = [fields.named(account, name) for name in names]
            others = [
                name for name, field in zip(names, known, strict=True) if not (field and field.category == "contact")
            ]
            usual(account, others, param)

        return check

    patch(fields, "check_extract", make)


@REGISTRY.on_start(
    "profiles.extract-what-is-gone", "PST-PRO-2", "A profile goes on extracting a field that was deleted."
)
def _extract_what_is_gone(emulator: Emulator) -> None:
    backend(emulator).profiles.field_changed = never


# -- reports ------


@REGISTRY.on_start("reports.hide-their-grouping", "PST-REP-1", "A report does not tell what its rows are made of.")
def _hide_their_grouping(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        view.group_by = None

    viewed(backend(emulator).reports, change)


@REGISTRY.on_response("reports.one-is-not-listed", "PST-REP-1", "The newest report is not listed.", "PST-PAGE-1")
def _one_is_not_listed(answer: MutableResponse, _: Emulator) -> None:
    if "cursor=" not in answer.asked.query:
        relist(answer, lambda body: body.update(data=body["data"][1:]), REPORTS)


def _executed(emulator: Emulator, change: Any) -> None:
    viewed(backend(emulator).reports, change, "execute")


@REGISTRY.on_start("reports.of-all-time", "PST-REP-2", "A report counts everything, whatever its range.")
def _of_all_time(emulator: Emulator) -> None:
    patch(backend(emulator).reports, "execute", lambda usual: lambda account, id_, _: usual(account, id_, "all_time"))


@REGISTRY.on_start("reports.totals-of-the-first-row", "PST-REP-2", "The totals of a report are its first row.")
def _totals_of_the_first_row(emulator: Emulator) -> None:
    def change(result: Any) -> None:
        if result.rows:
            result.totals = {name: result.rows[0][name] for name in result.totals}

    _executed(emulator, change)


@REGISTRY.on_start("reports.without-the-missed", "PST-REP-2", "Calls without a disposition are not counted.")
def _without_the_missed(emulator: Emulator) -> None:
    def change(result: Any) -> None:
        result.rows = [row for row in result.rows if row.get("disposition", "") is not None]

    _executed(emulator, change)


@REGISTRY.on_start("reports.cost-in-dollars", "PST-REP-2", "cost_cents of a report are dollars.")
def _cost_in_dollars(emulator: Emulator) -> None:
    def change(result: Any) -> None:
        for row in (*result.rows, result.totals):
            if "cost_cents" in row:
                row["cost_cents"] //= 100

    _executed(emulator, change)


def _exported(answer: MutableResponse, kind: str) -> bool:
    return answer.status == 200 and answer.asked.path.endswith("/export") and f"format={kind}" in answer.asked.query


@REGISTRY.on_response("export.without-names", "PST-REP-3", "A CSV has no line of names.", "PST-MCP-2")
def _without_names(answer: MutableResponse, _: Emulator) -> None:
    if _exported(answer, "csv"):
        answer.body = answer.body.partition(b"\r\n")[2]


@REGISTRY.on_response("export.with-semicolons", "PST-REP-3", "A CSV has semicolons.", "PST-MCP-2")
def _with_semicolons(answer: MutableResponse, _: Emulator) -> None:
    if _exported(answer, "csv"):
        answer.body = answer.body.replace(b",", b";")


@REGISTRY.on_response("export.unquoted", "PST-REP-3", "A comma in a CSV's cell makes it two.")
def _unquoted(answer: MutableResponse, _: Emulator) -> None:
    if _exported(answer, "csv"):
        answer.body = answer.body.replace(b'"', b"")


@REGISTRY.on_response("export.no-pdf", "PST-REP-3", "A PDF is the CSV under another name.", "PST-MCP-2")
def _no_pdf(answer: MutableResponse, emulator: Emulator) -> None:
    if _exported(answer, "pdf"):
        reports = backend(emulator).reports
        answer.body = reports.as_csv(reports.execute(answer.account, answer.asked.path.split("/")[-2], None))


@REGISTRY.on_response("export.pdf-without-rows", "PST-REP-3", "A PDF has the names and no rows.")
def _pdf_without_rows(answer: MutableResponse, emulator: Emulator) -> None:
    if _exported(answer, "pdf"):
        from ringback.vendors.phonestack.rules.pdf import as_pdf

        result = backend(emulator).reports.execute(answer.account, answer.asked.path.split("/")[-2], None)
        result.rows = []
        answer.body = as_pdf(result)


@REGISTRY.on_request(
    "reports.unknown-ranges-are-all", "PST-REP-4", "A range that does not exist is taken for all time."
)
def _unknown_ranges(asked: Request) -> None:
    def change(body: Thing) -> None:
        if isinstance(body.get("date_range"), str) and body["date_range"] not in RANGES:
            body["date_range"] = "all_time"

    if asked.path.endswith("/execute"):
        rewrite(asked, change)


@REGISTRY.on_request("export.unknown-kinds-are-csv", "PST-REP-4", "A format that does not exist is taken for CSV.")
def _unknown_kinds(asked: Request) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, "csv" if name == "format" and value != "pdf" else value) for name, value in pairs]

    requery(asked, REPORTS, change)

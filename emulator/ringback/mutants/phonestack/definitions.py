"""Mutants of "Custom Fields API", "Profiles API" and "Reports API"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from msgspec import to_builtins
from msgspec.structs import replace

from ringback.mutants.patching import Original
from ringback.mutants.phonestack.registry import Document, mutant
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    ResponseCondition,
    drop_query,
    error,
    set_query,
    status,
    succeeded,
)
from ringback.mutants.transforms import apply, drop, set_default
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import DateRange, Field, Profile
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.fields import Fields, problem_of
from ringback.vendors.phonestack.rules.pdf import as_pdf
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.rules.reports import Reports, as_csv
from ringback.vendors.phonestack.wire.responses import ReportResult

Values = Mapping[str, Any]
VALID: Document = {"string": "text", "number": 1, "boolean": True, "date": "2026-01-01"}
"""A valid value of each type but enum."""

# -- definitions ------


def _with_options(body: Any) -> Any:
    if isinstance(body, dict) and body.get("type") == "enum" and not body.get("options"):
        return {**body, "options": ["any"]}
    return body


mutant("fields.enums-without-options", "PST-CF-1", "An enum needs no options.").request(
    apply("", _with_options), on="createCustomField"
)
mutant("fields.no-filter-by-category", "PST-CF-1", "category filters nothing.").request(
    drop_query("category"), on="listCustomFields"
)
mutant("fields.for-contacts-by-default", "PST-CF-1", "A custom field is for contacts by default.").request(
    set_default("category", "contact"), on="createCustomField"
)
mutant("fields.description-is-dropped", "PST-CF-1", "The description of a custom field is not kept.").request(
    drop("description"), on="createCustomField"
)
mutant(
    "fields.updates-are-lost",
    "PST-CF-1",
    "An update of a custom field is answered and not kept.",
    "PST-CF-3",
    "PST-MCP-2",
).instead(Fields.update, lambda update, own, field, body: own.fields.view(field))
mutant(
    "fields.deletion-is-lost",
    "PST-CF-1",
    "A custom field that is deleted remains.",
    "PST-CF-3",
    "PST-MCP-2",
    "PST-PRO-2",
).returns(Fields.delete, None)

# -- values ------


def _not_checked(kind: str, *also_breaks: str) -> None:
    """Register a mutant that accepts any value of fields of a type."""

    def accepted(field: Field | None, value: Any) -> Any:
        if field is None or field.type != kind or value is None:
            return value
        return field.options[0] if field.options else VALID[kind]

    mutant(
        f"values.{kind}-is-not-checked", "PST-CF-2", f"Values of type {kind} are not checked.", *also_breaks
    ).instead(
        Fields.check_values,
        lambda check, own, account, values: check(
            account, {name: accepted(own.store.field_named(account, name), values[name]) for name in values}
        ),
    )


_not_checked("string")
_not_checked("number")
_not_checked("boolean")
_not_checked("date")
_not_checked("enum", "PST-CON-10")


@mutant("values.required-is-optional", "PST-CF-2", "A required custom field may be missing.").patch(Fields.check_values)
def _required_is_optional(check: Original, own: PhoneStack, account: str, values: Values) -> None:
    required = [field for field in own.store.fields.oldest("account", account) if field.required]
    present = {name: value for name, value in values.items() if value is not None}
    check(account, {**{field.name: VALID[field.type] for field in required}, **present})


@mutant("values.unknown-is-refused", "PST-CF-2", "An undefined custom field is rejected.").patch(Fields.check_values)
def _unknown_is_rejected(check: Original, own: PhoneStack, account: str, values: Values) -> None:
    for name in values if own.store.fields.count("account", account) else ():
        if own.store.field_named(account, name) is None:
            raise errors.invalid(f"custom_fields.{name}", "is not defined")
    check(account, values)


mutant(
    "values.of-triggers-are-not-checked",
    "PST-CF-2",
    "Custom fields of a trigger are ignored.",
    "PST-CALL-6",
    "PST-CALL-7",
).request(apply("custom_fields", lambda _: {"needed": 5}), on="triggerCall")
mutant("fields.names-twice", "PST-CF-3", "Two custom fields may have one name.").returns(Fields.check_name, None)
mutant("fields.taken-is-400", "PST-CF-3", "The name of another custom field is answered 400.", "PST-ERR-2").response(
    error(400, "DUPLICATE"), on=("createCustomField", "updateCustomField"), when=status(409)
)


def _for_calls(own: PhoneStack, account: str) -> Sequence[Field]:
    return own.store.fields.oldest("category", (account, "extraction"))


@mutant("fields.of-calls-bind-contacts", "PST-CF-4", "Fields only for extraction bind contacts.").patch(
    Fields.check_values
)
def _of_calls_bind_contacts(check: Original, own: PhoneStack, account: str, values: Values) -> None:
    check(account, values)
    for field in _for_calls(own, account):
        value = values.get(field.name)
        if value is not None and (problem := problem_of(field.type, field.options, value)):
            raise errors.invalid(field.name, problem)


@mutant(
    "fields.of-calls-are-required-of-contacts",
    "PST-CF-4",
    "A required field only for extraction is required of contacts.",
).patch(Fields.check_values)
def _required_of_contacts(check: Original, own: PhoneStack, account: str, values: Values) -> None:
    check(account, values)
    for field in _for_calls(own, account):
        if field.required and field.name not in values:
            raise errors.missing(field.name)


# -- profiles ------


def _is_first_page(response: MutableResponse[PhoneStack]) -> bool:
    return succeeded(response) and "cursor" not in response.request.query


def _with_archived(response: MutableResponse[PhoneStack]) -> None:
    own = response.backend
    profiles = list(own.store.profiles.newest("account", response.account))
    if any(profile.archived_at is not None for profile in profiles):
        page = response.document
        page["data"] = [to_builtins(own.profiles.view(each)) for each in profiles][: page["meta"]["limit"]]
        response.document = page


mutant("profiles.archived-are-listed", "PST-PRO-1", "Archived profiles remain in the list.").response(
    _with_archived, on="listProfiles", when=_is_first_page
)
mutant("profiles.archived-are-gone", "PST-PRO-1", "An archived profile cannot be read.").response(
    error(404, "NOT_FOUND"),
    on="getProfile",
    when=lambda response: succeeded(response) and response.document["data"]["status"] == "archived",
)
mutant("profiles.are-compiled-once", "PST-PRO-1", "An update does not compile a profile.").result(
    Profiles.view, lambda view, own, profile: replace(view, version=1, compiled_at=view.created_at)
)


@mutant("profiles.are-compiled-as-they-were", "PST-PRO-1", "A profile is compiled from its previous state.").patch(
    Profiles.compile
)
def _as_they_were(compile_: Original, _: PhoneStack, profile: Profile, changes: Document) -> None:
    prompt = profile.prompt
    compile_(profile, changes)
    profile.prompt = prompt


mutant("profiles.updates-empty-the-rest", "PST-PRO-1", "An update of a profile empties what it leaves out.").request(
    set_default("persona", None), set_default("guardrails", None), on="updateProfile"
)
mutant("profiles.extract-anything", "PST-PRO-2", "A profile may extract undefined fields.").instead(
    Fields.check_extract,
    lambda check, own, account, names, param: None if param == "extract_fields" else check(account, names, param),
)


@mutant(
    "profiles.extract-fields-of-contacts", "PST-PRO-2", "A profile may extract fields that are only for contacts."
).patch(Fields.check_extract)
def _extract_fields_of_contacts(
    check: Original, own: PhoneStack, account: str, names: Sequence[str], param: str
) -> None:
    known = {name: own.store.field_named(account, name) for name in names}
    check(account, [name for name, field in known.items() if field is None or field.category != "contact"], param)


mutant("profiles.extract-what-is-gone", "PST-PRO-2", "A profile goes on extracting a field that was deleted.").returns(
    Profiles.rename_field, None
)

# -- reports ------


def _first_row(result: ReportResult) -> ReportResult:
    if result.rows:
        result.totals = {name: result.rows[0][name] for name in result.totals}
    return result


def _in_dollars(figures: Document) -> Document:
    return {name: value // 100 if name == "cost_cents" else value for name, value in figures.items()}


mutant("reports.hide-their-grouping", "PST-REP-1", "A report does not show its grouping.").result(
    Reports.view, lambda view, own, report: replace(view, group_by=None)
)
mutant("reports.one-is-not-listed", "PST-REP-1", "The newest report is not listed.", "PST-PAGE-1").response(
    drop("data[0]"), on="listReports", when=_is_first_page
)
mutant("reports.of-all-time", "PST-REP-2", "A report counts all calls, whatever its range.").instead(
    Reports.execute, lambda execute, own, report, date_range=None: execute(report, "all_time")
)
mutant("reports.totals-of-the-first-row", "PST-REP-2", "The totals of a report are its first row.").result(
    Reports.execute, lambda result, own, *_: _first_row(result)
)
mutant("reports.without-the-missed", "PST-REP-2", "Calls without a disposition are not counted.").result(
    Reports.execute,
    lambda result, own, *_: replace(
        result, rows=[row for row in result.rows if row.get("disposition", "") is not None]
    ),
)
mutant("reports.cost-in-dollars", "PST-REP-2", "cost_cents of a report is in dollars.").result(
    Reports.execute,
    lambda result, own, *_: replace(
        result, rows=[_in_dollars(row) for row in result.rows], totals=_in_dollars(result.totals)
    ),
)

# -- exports ------


def _exports(kind: str) -> ResponseCondition[PhoneStack]:
    return lambda response: succeeded(response) and response.request.query.get("format") == kind


def _replaced(before: bytes, after: bytes) -> Callable[[MutableResponse[PhoneStack]], None]:
    def change(response: MutableResponse[PhoneStack]) -> None:
        response.body = response.body.replace(before, after)

    return change


def _without_names(response: MutableResponse[PhoneStack]) -> None:
    response.body = response.body.partition(b"\r\n")[2]


def _result(response: MutableResponse[PhoneStack]) -> ReportResult:
    reports = response.backend.reports
    return reports.execute(reports.get(response.account, response.request.variables["report_id"]))


def _as_csv(response: MutableResponse[PhoneStack]) -> None:
    response.body = as_csv(_result(response))


def _without_rows(response: MutableResponse[PhoneStack]) -> None:
    response.body = as_pdf(replace(_result(response), rows=[]))


mutant("export.without-names", "PST-REP-3", "A CSV has no line of names.", "PST-MCP-2").response(
    _without_names, on="exportReport", when=_exports("csv")
)
mutant("export.with-semicolons", "PST-REP-3", "A CSV has semicolons.", "PST-MCP-2").response(
    _replaced(b",", b";"), on="exportReport", when=_exports("csv")
)
mutant("export.unquoted", "PST-REP-3", "A comma in a CSV's cell splits it in two.").response(
    _replaced(b'"', b""), on="exportReport", when=_exports("csv")
)
mutant("export.no-pdf", "PST-REP-3", "A PDF is the CSV under another name.", "PST-MCP-2").response(
    _as_csv, on="exportReport", when=_exports("pdf")
)
mutant("export.pdf-without-rows", "PST-REP-3", "A PDF has the names and no rows.").response(
    _without_rows, on="exportReport", when=_exports("pdf")
)


def _is_unknown_format(request: MutableRequest[PhoneStack]) -> bool:
    return request.query.get("format", "csv") not in ("csv", "pdf")


mutant("reports.unknown-ranges-are-all", "PST-REP-4", "An unknown range is treated as all time.").request(
    apply("date_range", lambda range_: range_ if range_ in get_args(DateRange) else "all_time"), on="executeReport"
)
mutant("export.unknown-kinds-are-csv", "PST-REP-4", "An unknown format is treated as CSV.").request(
    set_query(format="csv"), on="exportReport", when=_is_unknown_format
)

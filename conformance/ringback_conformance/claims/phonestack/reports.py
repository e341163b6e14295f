"""Probes for "Reports API"."""

from __future__ import annotations

import csv
import io
import logging
from collections import Counter
from typing import Any

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.shapes import REPORT, RESULT
from ringback_conformance.claims.phonestack.steps import (
    ANALYSIS,
    CALLS,
    DAY,
    REPORTS,
    everything,
    fetched,
    held_call,
    inner,
    invalid,
    listed,
    missed_call,
    new_profile,
    phone,
    the_report,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import odd_fields

claim = CATALOGUE.section("Reports API")

BY_DISPOSITION = {
    "name": "Dispositions",
    "group_by": "disposition",
    "metrics": ["calls", "meetings_booked", "talk_duration_seconds", "cost_cents"],
    "date_range": "all_time",
}
BY_STATUS = {"name": "Statuses", "group_by": "status", "metrics": ["calls", "completed", "no_answer", "cost_cents"]}
WEEK = 7


def _reported(ctx: ProbeContext) -> tuple[Account, dict[str, Any]]:
    """An account with calls of today and of three and ten days ago, and its report by disposition."""
    account = ctx.account(reports=[BY_DISPOSITION, BY_STATUS])
    profile = new_profile(account)
    cold = {**ANALYSIS, "disposition": "not_interested, thanks", "meeting_booked": False}
    held_call(account, profile, phone(1), 50)
    account.advance(7 * DAY)
    held_call(account, profile, phone(2), 70)
    missed_call(account, profile, phone(3))
    account.advance(3 * DAY)
    held_call(account, profile, phone(4), 20, script={"analysis": cold})
    return account, the_report(account, "Dispositions")


def run(account: Account, report: dict[str, Any], **body: Any) -> dict[str, Any]:
    """The figures of a report; Inconclusive where there are none."""
    exchange = account.post(f"{REPORTS}/{report['id']}/execute", body)
    found = inner(exchange)
    odd = odd_fields(found, RESULT, "the result")
    if odd:
        raise Inconclusive(f"{exchange}: {odd}")
    result: dict[str, Any] = found
    return result


def export(account: Account, report: dict[str, Any], kind: str, query: str = "") -> Exchange:
    """GET /reports/{id}/export."""
    return account.get(f"{REPORTS}/{report['id']}/export?format={kind}{query}")


def figures(calls: list[dict[str, Any]]) -> dict[Any, dict[str, int]]:
    """The same figures, counted from calls."""
    found: dict[Any, Counter[str]] = {}
    for call in calls:
        row = found.setdefault((call["analysis"] or {}).get("disposition"), Counter())
        row["calls"] += 1
        row["meetings_booked"] += (call["analysis"] or {}).get("meeting_booked") is True
        row["talk_duration_seconds"] += call["talk_duration_seconds"]
        row["cost_cents"] += call["cost_cents"]
    return {group: dict(row) for group, row in found.items()}


@claim(
    "PST-REP-1",
    "Reports are listed, and each shows its configuration.",
    needs=CTL,
)
def reports_looked_at(ctx: ProbeContext) -> None:
    account = ctx.account(reports=[BY_DISPOSITION, BY_STATUS])
    every = listed(account, REPORTS)
    names = {str(report.get("name")) for report in every}
    ctx.expect(names == {"Dispositions", "Statuses"}, f"the reports: expected two by name, got {sorted(names)}")
    for report in every:
        odd = odd_fields(report, REPORT, "a report")
        ctx.expect(odd is None, f"a report: {odd or 'as documented'}")
        shown = fetched(account, REPORTS, report["id"])
        ctx.expect(shown == report, "a report by its id: expected what the list shows")
    one = fetched(account, REPORTS, the_report(account, "Dispositions")["id"])
    seen = {name: one.get(name) for name in BY_DISPOSITION}
    ctx.expect(seen == BY_DISPOSITION, f"a report's configuration: expected {BY_DISPOSITION}, got {seen}")


@claim(
    "PST-REP-2",
    "A report is run over a range of days, and its figures agree with the calls.",
    needs=CTL,
)
def reports_run(ctx: ProbeContext) -> None:
    account, report = _reported(ctx)
    every = everything(account, CALLS)
    ctx.precondition(len(every) == 4, f"four calls were made, and {len(every)} are listed")
    for range_, calls in (("all_time", every), ("last_7_days", every[:3]), ("today", every[:1]), (None, every)):
        result = run(account, report, **({"date_range": range_} if range_ else {}))
        rows = {
            row.get("disposition"): {name: row.get(name) for name in BY_DISPOSITION["metrics"]}
            for row in result["rows"]
        }
        wanted = figures(calls)
        ctx.expect(rows == wanted, f"a report over {range_ or 'its own range'}: expected {wanted}, got {rows}")
        ctx.expect(len(result["rows"]) == len(rows), f"its rows: expected one for each group, got {result['rows']}")
        totals = {name: sum(row[name] for row in wanted.values()) for name in BY_DISPOSITION["metrics"]}
        seen = {name: result["totals"].get(name) for name in totals}
        ctx.expect(seen == totals, f"its totals: expected {totals}, got {seen}")
        ctx.expect(
            all(set(row) == set(result["columns"]) for row in result["rows"]),
            f"its rows: expected {result['columns']} in each, got {result['rows'][:1]}",
        )
    other = run(account, the_report(account, "Statuses"), date_range="all_time")
    counts = {row.get("status"): row.get("calls") for row in other["rows"]}
    wanted_counts = dict(Counter(call["status"] for call in every))
    ctx.expect(counts == wanted_counts, f"a report by status: expected {wanted_counts}, got {counts}")
    account.advance(WEEK * DAY)
    empty = run(account, report, date_range="last_7_days")
    ctx.expect(empty["rows"] == [], f"a week without calls: expected no rows, got {empty['rows']}")


@claim(
    "PST-REP-3",
    "A report is exported as CSV and as a real PDF, with the rows of a run.",
    needs=CTL,
)
def reports_taken_home(ctx: ProbeContext) -> None:
    account, report = _reported(ctx)
    result = run(account, report)
    ctx.precondition(len(result["rows"]) == 3, f"the report has {len(result['rows'])} rows, not three")
    columns = result["columns"]
    rows = [["" if row[name] is None else str(row[name]) for name in columns] for row in result["rows"]]
    table = export(account, report, "csv")
    ctx.check_(
        table.status == 200 and table.content_type == "text/csv",
        f"an export as CSV: expected 200 with text/csv, got {table} with {table.content_type}",
        table,
    )
    read = [line for line in csv.reader(io.StringIO(table.response_body.decode("utf-8-sig"), newline="")) if line]
    ctx.expect(read[:1] == [columns], f"its first line: expected {columns}, got {read[:1]}", table)
    ctx.expect(read[1:] == rows, f"its rows: expected those of a run, {rows}, got {read[1:]}", table)
    week = export(account, report, "csv", "&date_range=last_7_days")
    lines = [line for line in csv.reader(io.StringIO(week.response_body.decode("utf-8-sig"), newline="")) if line]
    ctx.expect(len(lines) == 4, f"an export of a week: expected three rows, got {lines[1:]}", week)
    printed = export(account, report, "pdf")
    ctx.check_(
        printed.status == 200 and printed.content_type == "application/pdf",
        f"an export as PDF: expected 200 with application/pdf, got {printed} with {printed.content_type}",
        printed,
    )
    words = _words(ctx, printed)
    for row in rows:
        missing = [cell for cell in row if "".join(cell.split()) not in words]
        ctx.expect(not missing, f"a row of the PDF: expected {row}, and {missing} is not there", printed)
    ctx.expect("Dispositions" in words, "the PDF: expected the report's name in it", printed)


def _words(ctx: ProbeContext, exchange: Exchange) -> str:
    """The text of a PDF without its spaces."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(exchange.response_body)).pages)
    except (PyPdfError, ValueError, KeyError, TypeError) as error:
        ctx.check_(False, f"an export as PDF: it cannot be read: {error or type(error).__name__}", exchange)
        return ""
    return "".join(text.split())


@claim(
    "PST-REP-4",
    "An unknown range or format is refused 400 `VALIDATION_ERROR`.",
    needs=CTL,
    basis=Basis.OURS,
)
def reports_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.account(reports=[BY_DISPOSITION])
    report = the_report(account, "Dispositions")
    for bad in ("last_week", "", 7, ["today"]):
        exchange = account.post(f"{REPORTS}/{report['id']}/execute", {"date_range": bad})
        invalid(ctx, exchange, f"a report over {bad!r}")
    for kind in ("xlsx", "", "CSV "):
        invalid(
            ctx,
            account.get(f"{REPORTS}/{report['id']}/export?format={kind.replace(' ', '%20')}"),
            f"an export as {kind!r}",
        )
    invalid(ctx, account.get(f"{REPORTS}/{report['id']}/export"), "an export without a format")
    invalid(ctx, export(account, report, "csv", "&date_range=last_week"), "an export over last_week")
    plain = account.post(f"{REPORTS}/{report['id']}/execute")
    ctx.expect(plain.status == 200, f"a run without a body: expected 200, got {plain}", plain)

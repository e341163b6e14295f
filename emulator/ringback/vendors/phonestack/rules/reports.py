"""Saved reports: executed over a range of days, exported as CSV and PDF, page "Reports API"."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from ringback.carrier.clock import SECOND, iso_z, micros
from ringback.gateway.services import Services
from ringback.vendors.phonestack.records import CallCounts, CallDetail, DateRange, Report, ReportSetting
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.rules.common import iso, new_id, owned
from ringback.vendors.phonestack.rules.pagination import list_page
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import PageQuery
from ringback.vendors.phonestack.wire.responses import ListEnvelope, ReportResult, ReportView

DAYS = {"last_7_days": 7, "last_30_days": 30}


class Reports:
    """The saved reports of all organizations."""

    def __init__(self, services: Services, store: Store, calls: Calls) -> None:
        self._services = services
        self._store = store
        self._calls = calls
        self.records = store.reports

    def create(self, account: str, setting: ReportSetting, id_: str | None = None) -> Report:
        """Save a report, as the dashboard does."""
        filters = setting.filters
        if setting.campaign is not None:
            campaign = self._store.campaigns.last("name", (account, setting.campaign))
            filters.campaign_id = campaign.id if campaign is not None else setting.campaign
        return self.records.add(
            Report(
                id=id_ or new_id(self._services, account, "rep"),
                account=account,
                name=setting.name,
                description=setting.description,
                metrics=tuple(setting.metrics),
                group_by=setting.group_by,
                filters=filters,
                date_range=setting.date_range,
                created_at=self._services.clock.now(account),
            )
        )

    def get(self, account: str, id_: str) -> Report:
        """Return an organization's report. Raises ApiError 404."""
        return owned(self.records, account, id_, "Report")

    def page(self, account: str, query: PageQuery) -> ListEnvelope[ReportView]:
        """Return a page of reports, newest first. Raises ApiError 400."""
        return list_page(query, self.records, "account", account, self.view)

    def view(self, report: Report) -> ReportView:
        """Return a report's configuration."""
        return ReportView(
            report.id,
            report.name,
            report.description,
            report.metrics,
            report.group_by,
            report.filters,
            report.date_range,
            iso_z(report.created_at),
        )

    # -- execution ------

    def execute(self, report: Report, date_range: DateRange | None = None) -> ReportResult:
        """Count the calls of a range, by default the report's own."""
        chosen = date_range or report.date_range
        now = self._services.clock.now(report.account)
        since, until = bounds(chosen, now)
        groups: dict[str | None, CallCounts] = {}
        total = CallCounts()
        calls = self._services.calls.records
        for detail in self._matching(report, since, until):
            call = calls[detail.id]
            groups.setdefault(self._group(report, detail), CallCounts()).add(call, detail)
            total.add(call, detail)
        if report.group_by is None:
            groups = {None: total}
        ordered = sorted(groups, key=lambda group: (group is None, group or ""))
        return ReportResult(
            report.id,
            report.name,
            chosen,
            iso(since),
            iso(until),
            [*([report.group_by] if report.group_by is not None else []), *report.metrics],
            [self._row(report, group, groups[group]) for group in ordered],
            {metric: getattr(total, metric) for metric in report.metrics},
            iso_z(now),
        )

    def _matching(self, report: Report, since: int | None, until: int | None) -> Iterator[CallDetail]:
        """Return the calls that a report counts, newest first."""
        calls, filters = self._services.calls.records, report.filters
        index, key, wanted = self._calls.select(report.account, filters, profile_id=filters.profile_id, until=until)
        found: Iterator[CallDetail] = self._store.calls.newest(index, key)
        if since is not None:
            found = takewhile(lambda detail: calls[detail.id].started_at >= since, found)
        return filter(wanted, found) if wanted is not None else found

    def _group(self, report: Report, detail: CallDetail) -> str | None:
        call, analysis = self._services.calls.records[detail.id], detail.analysis
        match report.group_by:
            case "day":
                return iso_z(call.started_at)[:10]
            case "campaign_id":
                return detail.campaign
            case "profile_id":
                return detail.profile
            case "disposition":
                return analysis.disposition if analysis is not None else None
            case "sentiment":
                return analysis.sentiment if analysis is not None else None
            case "status":
                return self._calls.status(call, detail)
            case "direction":
                return call.direction
            case None:
                return None

    def _row(self, report: Report, group: str | None, counts: CallCounts) -> dict[str, Any]:
        row: dict[str, Any] = {report.group_by: group} if report.group_by is not None else {}
        return row | {metric: getattr(counts, metric) for metric in report.metrics}


def as_csv(result: ReportResult) -> bytes:
    """Return a result as CSV: a line of column names, and one for each row."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(result.columns)
    writer.writerows(cells(result))
    return text.getvalue().encode()


def cells(result: ReportResult) -> list[list[str]]:
    """Return the rows of a result as texts. What a spreadsheet would read as a formula begins with an apostrophe."""
    return [[_cell(row[column]) for column in result.columns] for row in result.rows]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def bounds(date_range: DateRange, now: int) -> tuple[int | None, int | None]:
    """Return the first instant of a range of UTC days and the one after its last, None for a range without bounds. A
    number of last days includes today."""
    midnight = datetime.fromtimestamp(now // SECOND, UTC).replace(hour=0, minute=0, second=0)
    tomorrow = midnight + timedelta(days=1)
    first_of_month = midnight.replace(day=1)
    match date_range:
        case "today":
            since, until = midnight, tomorrow
        case "yesterday":
            since, until = midnight - timedelta(days=1), midnight
        case "last_7_days" | "last_30_days":
            since, until = tomorrow - timedelta(days=DAYS[date_range]), tomorrow
        case "this_month":
            since, until = first_of_month, (first_of_month + timedelta(days=31)).replace(day=1)
        case "last_month":
            since, until = (first_of_month - timedelta(days=1)).replace(day=1), first_of_month
        case "all_time":
            return None, None
    return micros(since), micros(until)

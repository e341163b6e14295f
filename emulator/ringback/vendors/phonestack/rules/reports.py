"""Saved reports: run over a range of days, exported as CSV and PDF, page "Reports API"."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ringback.carrier.clock import SECOND, iso_z, micros
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import CallDetail, DateRange, Report, ReportSetting, Tally
from ringback.vendors.phonestack.rules.common import iso, new_id
from ringback.vendors.phonestack.rules.counters import count
from ringback.vendors.phonestack.wire import ReportResult, ReportView

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

DAYS = {"last_7_days": 7, "last_30_days": 30}
NONE = ""
"""How files show what has no value."""


class Reports:
    """The saved reports of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Report] = Collection(
            Report, account=lambda report: report.account, name=lambda report: (report.account, report.name)
        )

    def create(self, account: str, setting: ReportSetting, id_: str | None = None) -> Report:
        """Somebody saves a report in the dashboard."""
        filters = setting.filters
        if setting.campaign is not None:
            campaign = self.backend.campaigns.records.last("name", (account, setting.campaign))
            filters.campaign_id = campaign.id if campaign is not None else setting.campaign
        return self.records.add(
            Report(
                id=id_ or new_id(self.services, account, "rep"),
                account=account,
                name=setting.name,
                description=setting.description,
                metrics=tuple(setting.metrics),
                group_by=setting.group_by,
                filters=filters,
                date_range=setting.date_range,
                created_at=self.services.clock.now(account),
            )
        )

    def of(self, account: str, id_: str) -> Report:
        """An organization's report. Raises ApiError 404."""
        report = self.records.get(id_)
        if report is None or report.account != account:
            raise errors.not_found("Report")
        return report

    def view(self, report: Report) -> ReportView:
        """A report's configuration."""
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

    # -- running ------

    def execute(self, account: str, id_: str, date_range: DateRange | None) -> ReportResult:
        """Count the calls of a range, the report's own where none is given. Raises ApiError 404."""
        report = self.of(account, id_)
        chosen = date_range or report.date_range
        now = self.services.clock.now(account)
        since, until = bounds(chosen, now)
        groups: dict[Any, Tally] = {}
        total = Tally()
        calls = self.services.calls.records
        for detail in self._calls(report, since, until):
            call = calls[detail.id]
            group = self._group(report, detail)
            tally = groups.get(group)
            if tally is None:
                tally = groups[group] = Tally()
            count(tally, call, detail)
            count(total, call, detail)
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

    def _calls(self, report: Report, since: int | None, until: int | None) -> Iterator[CallDetail]:
        """The calls that a report looks at, newest first."""
        calls = self.services.calls.records
        phones = self.backend.phones
        filters = {name: getattr(report.filters, name) for name in report.filters.__struct_fields__}
        index, key, wanted = phones.chosen(report.account, **filters, until=until)
        found: Iterator[CallDetail] = phones.details.newest(index, key)
        if since is not None:
            found = takewhile(lambda detail: calls[detail.id].started_at >= since, found)
        return filter(wanted, found) if wanted is not None else found

    def _group(self, report: Report, detail: CallDetail) -> str | None:
        call = self.services.calls.records[detail.id]
        analysis = detail.outcome.analysis if detail.status is not None else None
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
                return self.backend.phones.status(call, detail)
            case "direction":
                return call.direction
            case None:
                return None

    def _row(self, report: Report, group: str | None, tally: Tally) -> dict[str, Any]:
        row: dict[str, Any] = {report.group_by: group} if report.group_by is not None else {}
        return row | {metric: getattr(tally, metric) for metric in report.metrics}

    # -- files ------

    def as_csv(self, result: ReportResult) -> bytes:
        """What a report found as a table: a line of names, and one for each row."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(result.columns)
        writer.writerows(cells(result))
        return text.getvalue().encode()


def cells(result: ReportResult) -> list[list[str]]:
    """The rows of a result as texts; what begins like a formula is kept from being one."""
    return [[_cell(row[column]) for column in result.columns] for row in result.rows]


def _cell(value: Any) -> str:
    if value is None:
        return NONE
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def bounds(date_range: DateRange, now: int) -> tuple[int | None, int | None]:
    """The first instant of a range of UTC days, and the one after its last; None for a range that has no bounds. The
    last so many days end with today."""
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

"""Reports: executed over ranges of days, exported as CSV and PDF."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from ringback.carrier.clock import parse_instant
from ringback.testing import Account
from ringback.vendors.phonestack.records import METRICS
from ringback.vendors.phonestack.rules.reports import bounds
from tests.phonestack.conftest import LEAD, Api, Organization, contacts

REPORTS = [
    {"name": "By disposition"},
    {"name": "By day", "group_by": "day", "metrics": ["calls", "cost_cents"]},
    {"name": "Meetings", "group_by": None, "metrics": ["calls"], "filters": {"has_meeting": True}},
    {"name": "By status", "group_by": "status", "description": "All & <everything>"},
]


@pytest.fixture
def busy(organization: Organization) -> Account:
    """An organization that called eight contacts on each of three days."""
    account = organization(
        campaigns=[{"name": f"Day {day}", "contacts": contacts(8, 100 + 10 * day)} for day in range(3)], reports=REPORTS
    )
    with account.client() as client:
        for campaign in reversed(Api(client).get("/campaigns")):
            Api(client).post(f"/campaigns/{campaign['id']}/start")
            account.advance(idle=True)
            account.advance(days=1)
    return account


@pytest.fixture
def books(busy: Account) -> Any:
    with busy.client() as client:
        yield Api(client)


def report(http: Api, name: str) -> str:
    return str(next(one["id"] for one in http.get("/reports") if one["name"] == name))


def test_reports_are_listed_and_described(books: Api) -> None:
    listed = books.get("/reports")
    assert [one["name"] for one in listed] == [one["name"] for one in reversed(REPORTS)]
    assert books.get(f"/reports/{listed[0]['id']}") == listed[0]
    assert listed[-1]["metrics"] == list(METRICS)
    assert listed[1]["filters"] == {"has_meeting": True}


@pytest.mark.parametrize("name", [one["name"] for one in REPORTS])
def test_figures_agree_with_the_calls(books: Api, name: str) -> None:
    calls = [
        call
        for call in books.all("/calls")
        if name != "Meetings" or (call["analysis"] and call["analysis"]["meeting_booked"])
    ]
    result = books.post(f"/reports/{report(books, name)}/execute", date_range="all_time")
    assert result["since"] is result["until"] is None
    assert result["totals"]["calls"] == len(calls)
    if "cost_cents" in result["totals"]:
        assert result["totals"]["cost_cents"] == sum(call["cost_cents"] for call in calls)
    for metric, total in result["totals"].items():
        assert total == sum(row[metric] for row in result["rows"])
    keyed = {row[result["columns"][0]]: row for row in result["rows"]}
    by: dict[str, Any] = {
        "By disposition": lambda call: call["analysis"]["disposition"] if call["analysis"] else None,
        "By day": lambda call: call["started_at"][:10],
        "By status": lambda call: call["status"],
    }
    if name in by:
        for group, row in keyed.items():
            assert row["calls"] == sum(by[name](call) == group for call in calls)
        assert list(keyed) == sorted(keyed, key=lambda group: (group is None, group or ""))


def test_a_range_is_utc_days(books: Api, busy: Account) -> None:
    id_ = report(books, "By day")
    days = [row["day"] for row in books.post(f"/reports/{id_}/execute", date_range="last_7_days")["rows"]]
    assert days == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert books.post(f"/reports/{id_}/execute", date_range="today")["rows"] == []
    assert [row["day"] for row in books.post(f"/reports/{id_}/execute", date_range="yesterday")["rows"]] == days[2:]
    assert books.post(f"/reports/{id_}/execute")["date_range"] == "last_30_days"
    assert books.request("POST", f"/reports/{id_}/execute").json()["data"]["date_range"] == "last_30_days"
    busy.advance(days=30)
    assert books.post(f"/reports/{id_}/execute", date_range="last_7_days")["totals"]["calls"] == 0
    assert books.post(f"/reports/{id_}/execute", date_range="last_month")["totals"]["calls"] == 24
    assert books.post(f"/reports/{id_}/execute", date_range="this_month")["totals"]["calls"] == 0


@pytest.mark.parametrize(
    ("name", "since", "until"),
    [
        ("today", "2026-03-01", "2026-03-02"),
        ("yesterday", "2026-02-28", "2026-03-01"),
        ("last_7_days", "2026-02-23", "2026-03-02"),
        ("last_30_days", "2026-01-31", "2026-03-02"),
        ("this_month", "2026-03-01", "2026-04-01"),
        ("last_month", "2026-02-01", "2026-03-01"),
    ],
)
def test_the_bounds_of_each_range(name: Any, since: str, until: str) -> None:
    now = parse_instant("2026-03-01T13:30:00Z")
    found = [datetime.fromtimestamp((at or 0) // 1_000_000, UTC).isoformat() for at in bounds(name, now)]
    assert found == [f"{since}T00:00:00+00:00", f"{until}T00:00:00+00:00"]
    assert bounds("all_time", now) == (None, None)


@pytest.mark.parametrize("name", [one["name"] for one in REPORTS])
def test_csv_and_pdf_have_the_rows_of_the_result(books: Api, name: str) -> None:
    id_ = report(books, name)
    result = books.post(f"/reports/{id_}/execute", date_range="all_time")
    query = {"date_range": "all_time"}
    table = books.request("GET", f"/reports/{id_}/export", params={"format": "csv", **query})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["content-disposition"] == f'attachment; filename="{id_}-all_time.csv"'
    rows = list(csv.reader(io.StringIO(table.text)))
    assert rows[0] == result["columns"]
    expected = [["" if row[c] is None else str(row[c]) for c in result["columns"]] for row in result["rows"]]
    assert rows[1:] == expected
    printed = books.request("GET", f"/reports/{id_}/export", params={"format": "pdf", **query})
    assert printed.headers["content-type"] == "application/pdf"
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages]
    text = "\n".join(pages)
    assert name in text
    found = text.replace("\n", " ")
    for row in expected:
        assert " ".join(filter(None, row)) in " ".join(found.split()), row
    again = books.request("GET", f"/reports/{id_}/export", params={"format": "pdf", **query})
    assert again.content == printed.content


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "execute", {"json": {"date_range": "last_week"}}),
        ("POST", "execute", {"json": []}),
        ("GET", "export", {"params": {}}),
        ("GET", "export", {"params": {"format": "xlsx"}}),
        ("GET", "export", {"params": {"format": "csv", "date_range": "ever"}}),
    ],
)
def test_an_invalid_execution_is_rejected(books: Api, method: str, path: str, options: dict[str, Any]) -> None:
    id_ = report(books, "By day")
    assert books.error(method, f"/reports/{id_}/{path}", **options)[:2] == (400, "VALIDATION_ERROR")


def test_a_cell_that_looks_like_a_formula_is_escaped(organization: Organization) -> None:
    account = organization(reports=[{"name": "R"}])
    account.script(outcome="=HYPERLINK(1)", duration=10)
    with account.client() as client:
        http = Api(client)
        profile = http.post("/profiles", name="Riley")["id"]
        http.post("/calls/trigger", profile_id=profile, phone=LEAD)
        account.advance(idle=True)
        id_ = report(http, "R")
        assert http.post(f"/reports/{id_}/execute")["rows"][0]["disposition"] == "=HYPERLINK(1)"
        table = http.request("GET", f"/reports/{id_}/export?format=csv").text
        assert table.splitlines()[1].startswith("'=HYPERLINK(1),1")


def test_a_name_in_any_script_can_be_printed(organization: Organization) -> None:
    account = organization(reports=[{"name": "Звонки 📞 <b>&"}])
    with account.client() as client:
        http = Api(client)
        printed = http.request("GET", f"/reports/{report(http, 'Звонки 📞 <b>&')}/export?format=pdf")
        assert printed.content.startswith(b"%PDF")

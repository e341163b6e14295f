"""Offers, activation, periods, off windows and release."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import phonenumbers
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from ringback.carrier.clock import DAY, micros, months_later
from ringback.testing import Account, ControlError, Receiver, Ringback
from tests.nokycnumber.conftest import FRIEND, Activate, code, event_names

NIGHT = {
    "timezone": "Europe/Paris",
    "windows": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "22:00", "to": "07:00"}],
}


def offers(http: httpx.Client, **query: Any) -> list[dict[str, Any]]:
    response = http.get("/v1/numbers/available", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


@pytest.mark.parametrize("country", ["fr", "gb", "us", "ca", "de"])
@pytest.mark.parametrize("kind", ["mobile", "landline"])
def test_offers_are_possible_numbers_of_their_country(http: httpx.Client, country: str, kind: str) -> None:
    found = offers(http, country=country, type=kind, limit=5)
    assert len(found) == 5
    for offer in found:
        number = phonenumbers.parse(offer["number"])
        assert phonenumbers.is_possible_number(number)
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL) == offer["display"]
        assert (offer["country"], offer["type"]) == (country, kind)


def test_premium_offers_have_a_pattern_and_cost_more(http: httpx.Client) -> None:
    (premium,), (plain,) = offers(http, tier="premium", limit=1), offers(http, tier="standard", limit=1)
    assert premium["tier_pattern"] is not None
    assert plain["tier_pattern"] is None
    assert premium["prices"]["yearly"] > plain["prices"]["yearly"]


def test_an_offer_is_reserved_for_its_account_until_it_expires(
    ringback: Ringback, account: Account, http: httpx.Client
) -> None:
    (offer,) = offers(http, limit=1)
    assert offers(http, limit=1) == [offer]
    with ringback.account("nokycnumber").client() as other:
        assert offer["number"] not in {other_offer["number"] for other_offer in offers(other, limit=100)}
        body = {"available_id": offer["id"], "billing_period": "monthly"}
        assert code(other.post("/v1/numbers", json=body)) == (404, "not_found")
    account.advance(minutes=15)
    assert offers(http, limit=1) != [offer]
    assert code(http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"})) == (
        409,
        "number_unavailable",
    )


def test_of_many_activations_of_one_offer_one_succeeds(account: Account, http: httpx.Client) -> None:
    (offer,) = offers(http, limit=1, tier="standard")
    body = {"available_id": offer["id"], "billing_period": "yearly"}
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: http.post("/v1/numbers", json=body).status_code, range(8)))
    assert sorted(responses) == [201] + [409] * 7
    assert account.balance == Decimal("452.00")


@pytest.mark.parametrize(
    ("body", "status", "error", "param"),
    [
        ({"billing_period": "monthly"}, 400, "parameter_missing", "available_id"),
        ({"available_id": "navail_000000000000"}, 400, "parameter_missing", "billing_period"),
        (
            {"available_id": "navail_000000000000", "billing_period": "weekly"},
            400,
            "parameter_invalid",
            "billing_period",
        ),
        ({"available_id": "navail_000000000000", "billing_period": "monthly"}, 404, "not_found", "available_id"),
        ({"available_id": 5, "billing_period": "monthly"}, 400, "parameter_invalid", "available_id"),
    ],
)
def test_an_invalid_activation_is_rejected_and_names_the_parameter(
    http: httpx.Client, body: dict[str, Any], status: int, error: str, param: str
) -> None:
    response = http.post("/v1/numbers", json=body)
    assert code(response) == (status, error)
    assert response.json()["error"]["param"] == param


@pytest.mark.parametrize(
    "extra", [{"addons": ["ai-magic"]}, {"webhook_url": "ftp://x.test/"}, {"webhook_url": "http://10.0.0.1/"}]
)
def test_an_invalid_addon_or_url_charges_nothing_and_leaves_the_offer_open(
    account: Account, http: httpx.Client, extra: dict[str, Any]
) -> None:
    (offer,) = offers(http, limit=1)
    body = {"available_id": offer["id"], "billing_period": "monthly"}
    assert code(http.post("/v1/numbers", json=body | extra)) == (400, "parameter_invalid")
    assert account.balance == 500
    assert http.post("/v1/numbers", json=body).status_code == 201


def test_too_little_money_buys_nothing(ringback: Ringback) -> None:
    poor = ringback.account("nokycnumber", balance="47.99")
    with poor.client() as http:
        (offer,) = offers(http, limit=1, tier="standard")
        body = {"available_id": offer["id"], "billing_period": "yearly"}
        assert code(http.post("/v1/numbers", json=body)) == (402, "insufficient_balance")
        assert http.get("/v1/numbers").json()["data"] == []
    assert poor.balance == Decimal("47.99")


def test_filters_work_alone_and_together(http: httpx.Client, activate: Activate) -> None:
    french, american = activate(), activate(country="us")
    http.patch(f"/v1/numbers/{american['id']}", json={"status": "paused"})

    def ids(**query: str) -> list[str]:
        return [number["id"] for number in http.get("/v1/numbers", params=query).json()["data"]]

    assert ids() == [american["id"], french["id"]]
    assert ids(country="fr") == [french["id"]]
    assert ids(status="paused") == [american["id"]]
    assert ids(country="us", status="active") == []
    assert ids(type="landline") == []


@given(
    st.integers(0, 7 * 365 * 86_400).map(lambda after: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=after)),
    st.sampled_from((1, 3, 12)),
    st.integers(1, 30),
)
def test_periods_end_on_the_day_of_activation_or_the_last_day_of_a_shorter_month(
    start: datetime, months: int, count: int
) -> None:
    due = [months_later(micros(start), months * number) for number in range(1, count + 1)]
    for number, instant in enumerate(due, 1):
        expected = start + relativedelta(months=months * number)
        assert instant == micros(expected)
        assert expected.day == min(start.day, (expected + relativedelta(day=31)).day)
    assert all(later - earlier >= 28 * DAY for earlier, later in pairwise(due))


def test_a_number_of_january_31_renews_at_month_ends_and_in_leap_years(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="500.00", now="2028-01-31T12:00:00Z")
    with account.client() as http:
        (offer,) = offers(http, limit=1, tier="standard")
        id_ = http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"}).json()["id"]
        seen = [http.get(f"/v1/numbers/{id_}").json()["renews_at"]]
        for day in ("2028-03-01T00:00:00Z", "2028-04-01T00:00:00Z"):
            account.advance(until=day)
            seen.append(http.get(f"/v1/numbers/{id_}").json()["renews_at"])
    assert seen == ["2028-02-29T12:00:00Z", "2028-03-31T12:00:00Z", "2028-04-30T12:00:00Z"]
    assert account.balance == 500 - 15


def test_renewing_adds_a_period_and_its_price(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate(billing_period="quarterly")
    renewed = http.post(f"/v1/numbers/{number['id']}/renew")
    assert renewed.status_code == 200
    assert (number["renews_at"], renewed.json()["renews_at"]) == ("2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z")
    assert account.balance == Decimal("473.00")
    account.advance(minutes=1)
    assert event_names(account) == ["number.activated", "number.renewed"]
    account.advance(until="2026-04-02T00:00:00Z")
    assert http.get(f"/v1/numbers/{number['id']}").json()["renews_at"] == "2026-07-01T00:00:00Z"


@pytest.mark.parametrize(
    ("renewing", "balance", "ends"), [(True, "10.00", False), (True, "9.99", True), (False, "99.00", True)]
)
def test_at_period_end_a_number_renews_or_ends(ringback: Ringback, renewing: bool, balance: str, ends: bool) -> None:
    account = ringback.account("nokycnumber", balance=balance)
    with account.client() as http:
        http.post("/v1/webhook_endpoints", json={"url": ringback.receiver().url, "enabled_events": ["*"]})
        (offer,) = offers(http, limit=1, tier="standard")
        number = http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"}).json()
        http.patch(f"/v1/numbers/{number['id']}", json={"auto_renew": renewing})
        account.advance(days=32)
        after = http.get(f"/v1/numbers/{number['id']}").json()
    assert after["status"] == ("released" if ends else "active")
    assert event_names(account)[1:] == (["number.released"] if ends else ["number.renewed"])
    assert account.balance == Decimal(balance) - (5 if ends else 10)


def test_a_released_number_takes_no_calls_and_returns_to_the_inventory_at_period_end(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate()
    assert http.delete(f"/v1/numbers/{number['id']}").status_code == 204
    assert http.delete(f"/v1/numbers/{number['id']}").status_code == 204
    assert http.get(f"/v1/numbers/{number['id']}").json()["status"] == "released"
    for attempt in (
        http.patch(f"/v1/numbers/{number['id']}", json={"status": "active"}),
        http.post(f"/v1/numbers/{number['id']}/renew"),
        http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"}),
        http.post("/v1/calls", json={"from": number["id"], "to": FRIEND}),
        http.patch(f"/v1/numbers/{number['id']}/ai", json={}),
    ):
        assert code(attempt) == (409, "number_released")
        assert attempt.json()["error"]["type"] == "resource_error"
    with pytest.raises(ControlError):
        account.call(number["number"], FRIEND)
    assert event_names(account) == ["number.activated"]
    account.advance(days=32)
    assert event_names(account) == ["number.activated", "number.released"]
    assert account.balance == 495


def test_only_what_is_present_changes(http: httpx.Client, activate: Activate) -> None:
    number = activate()
    before = http.get(f"/v1/numbers/{number['id']}").json()
    for change in (
        {"auto_renew": False},
        {"metadata": {"team": "a"}},
        {"addons": ["ai-trans", "ai-trans"]},
        {"on_off": NIGHT},
        {"metadata": None},
    ):
        after = http.patch(f"/v1/numbers/{number['id']}", json=change).json()
        expected = before | change
        if "addons" in change:
            expected |= {"addons": ["ai-trans"], "ai_enabled": True}
        if "on_off" in change:
            expected["status"] = "paused"
        assert after == expected
        before = after


def test_only_the_response_to_a_new_webhook_url_has_its_secret(
    ringback: Ringback, account: Account, http: httpx.Client, activate: Activate
) -> None:
    receiver = ringback.receiver()
    number = activate(webhook_url=receiver.url)
    assert number["webhook_secret"].startswith("whsec_")
    path = f"/v1/numbers/{number['id']}"
    assert "webhook_secret" not in http.get(path).json()
    assert "webhook_secret" not in http.patch(path, json={"webhook_url": receiver.url}).json()
    moved = http.patch(path, json={"webhook_url": ringback.receiver().url}).json()
    assert moved["webhook_secret"] != number["webhook_secret"]
    gone = http.patch(path, json={"webhook_url": None}).json()
    assert gone["webhook_url"] is None
    assert "webhook_secret" not in gone


def test_an_off_window_pauses_a_number_and_its_end_resumes_it(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    account.advance(until="2026-01-05T12:00:00Z")
    number = activate()
    path = f"/v1/numbers/{number['id']}"
    assert http.patch(path, json={"on_off": NIGHT}).json()["status"] == "active"
    account.advance(until="2026-01-05T21:00:00Z")
    assert http.get(path).json()["status"] == "paused"
    assert code(http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})) == (409, "number_paused")
    with pytest.raises(ControlError) as rejected:
        account.call(number["number"], FRIEND)
    assert (rejected.value.status, rejected.value.code) == (409, "not_accepting_calls")
    account.advance(until="2026-01-06T06:00:00Z")
    assert http.get(path).json()["status"] == "active"
    account.advance(until="2026-01-08T12:00:00Z")
    assert event_names(account, "number.paused") == ["number.paused"] * 3


def test_a_patched_pause_outlasts_the_off_window_and_a_patched_resume_ends_it(
    account: Account, http: httpx.Client, activate: Activate
) -> None:
    number = activate()
    path = f"/v1/numbers/{number['id']}"
    assert http.patch(path, json={"on_off": NIGHT}).json()["status"] == "paused"
    assert http.patch(path, json={"status": "active"}).json()["status"] == "active"
    account.advance(hours=24)
    assert http.get(path).json()["status"] == "paused"
    http.patch(path, json={"status": "paused"})
    account.advance(hours=12)
    assert http.get(path).json()["status"] == "paused"
    assert http.patch(path, json={"on_off": None}).json()["status"] == "paused"
    assert http.patch(path, json={"status": "active"}).json()["status"] == "active"


@pytest.mark.parametrize(
    ("on_off", "param"),
    [
        ({"timezone": "Mars/Base", "windows": []}, "on_off.timezone"),
        ({"timezone": "UTC"}, "on_off.windows"),
        ({"timezone": "UTC", "windows": [{"days": ["mon"], "from": "25:00", "to": "07:00"}]}, "on_off.windows[0].from"),
        ({"timezone": "UTC", "windows": [{"days": [], "from": "22:00", "to": "07:00"}]}, "on_off.windows[0].days"),
        (
            {"timezone": "UTC", "windows": [{"days": ["mon", "mon"], "from": "22:00", "to": "07:00"}]},
            "on_off.windows[0].days",
        ),
        ({"timezone": "UTC", "windows": [{"days": ["monday"], "from": "22:00", "to": "07:00"}]}, "on_off"),
    ],
)
def test_invalid_hours_are_rejected_and_change_nothing(
    http: httpx.Client, activate: Activate, on_off: dict[str, Any], param: str
) -> None:
    number = activate()
    response = http.patch(f"/v1/numbers/{number['id']}", json={"on_off": on_off, "auto_renew": False})
    assert response.status_code == 400
    assert response.json()["error"]["param"].startswith(param)
    assert http.get(f"/v1/numbers/{number['id']}").json()["auto_renew"] is True


def test_unknown_fields_of_hours_are_ignored(http: httpx.Client, activate: Activate) -> None:
    window = {"days": ["mon", "tue"], "from": "22:00", "to": "07:00", "note": "night"}
    body = {"on_off": {"timezone": "Europe/Paris", "windows": [window], "name": "quiet"}}
    response = http.patch(f"/v1/numbers/{activate()['id']}", json=body)
    assert response.json()["on_off"] == {
        "timezone": "Europe/Paris",
        "windows": [{"days": ["mon", "tue"], "from": "22:00", "to": "07:00"}],
    }


def test_an_unknown_country_is_422_and_one_without_stock_is_empty(http: httpx.Client) -> None:
    assert code(http.get("/v1/numbers/available?country=zz")) == (422, "unsupported_country")
    assert code(http.get("/v1/numbers/available?country=FR")) == (400, "parameter_invalid")
    assert offers(http, country="jp") == []

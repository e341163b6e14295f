"""Provision, list, release: page "Provision a number", "List numbers", "Release a number"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import phonenumbers
import pytest

from ringback.testing import Account, Ringback
from tests.kwickphone.conftest import BUSINESS, Provision, code


def test_a_number_is_provisioned_as_the_page_shows(provision: Provision, account: Account) -> None:
    number = provision(area_code="346", webhook_url="https://yourapp.com/hooks/kp")
    assert number["id"].startswith("num_")
    assert number["phone_number"].startswith("+1346")
    assert phonenumbers.is_possible_number(phonenumbers.parse(number["phone_number"]))
    assert number["business_phone"] == BUSINESS
    assert number["status"] == "active"
    assert number["webhook_url"] == "https://yourapp.com/hooks/kp"
    assert number["webhook_secret"].startswith("whsec_")
    assert number["created_at"].endswith("+00:00")
    assert account.balance == Decimal("95.00")


def test_without_an_area_code_the_business_numbers_area_is_used(provision: Provision) -> None:
    assert provision(business_phone="+12125551234")["phone_number"].startswith("+1212")


@pytest.mark.parametrize("absent", [{"area_code": None}, {"webhook_url": None}, {"color": "red", "_": {"deep": [1]}}])
def test_absent_and_unknown_fields_do_not_matter(provision: Provision, absent: dict[str, Any]) -> None:
    assert provision(**absent)["phone_number"].startswith("+1346")


@pytest.mark.parametrize(
    "phone",
    [None, 13465551234, "", "3465551234", "+1346555123", "+134655512345", "+447700900123", "+14165551234",
     "+10005551234", "+13461551234", "+19995551234", "+1 346 555 1234", "+13465551234 ", "+１３４６５５５１２３４", "\x00", ["+13465551234"]],
)  # fmt: skip
def test_a_bad_business_phone_is_refused_and_charges_nothing(http: httpx.Client, account: Account, phone: Any) -> None:
    assert code(http.post("/v1/numbers", json={"business_phone": phone})) == (400, "invalid_request")
    assert code(http.post("/v1/numbers", json={})) == (400, "invalid_request")
    assert account.balance == 100
    assert http.get("/v1/numbers").json() == {"data": []}


@pytest.mark.parametrize("area", [346, "34", "3466", "abc", "046", "", [], "３４６"])
def test_a_bad_area_code_is_refused(http: httpx.Client, area: Any) -> None:
    answer = http.post("/v1/numbers", json={"business_phone": BUSINESS, "area_code": area})
    assert code(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    "url",
    ["http://yourapp.com/hook", "ftp://yourapp.com", "yourapp.com", "", 7, "https://10.0.0.1/", "https://[fe80::1]/",
     "https://", "javascript:alert(1)"],
)  # fmt: skip
def test_a_webhook_url_that_is_not_public_https_is_refused(http: httpx.Client, account: Account, url: Any) -> None:
    answer = http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": url})
    assert code(answer) == (400, "invalid_request")
    assert account.balance == 100


def test_an_area_without_stock_is_a_conflict_and_charges_nothing(http: httpx.Client, account: Account) -> None:
    for area in ("907", "999"):
        answer = http.post("/v1/numbers", json={"business_phone": BUSINESS, "area_code": area})
        assert code(answer) == (409, "no_numbers")
    assert account.balance == 100
    assert http.get("/v1/numbers").json()["data"] == []


@pytest.mark.parametrize("balance", ["4.99", "4.999999", "0", "-3"])
def test_less_than_five_dollars_is_not_enough(ringback: Ringback, balance: str) -> None:
    account = ringback.account("kwickphone", balance=balance)
    with account.client() as http:
        answer = http.post("/v1/numbers", json={"business_phone": BUSINESS})
        assert code(answer) == (402, "insufficient_balance")
        assert http.get("/v1/numbers").json()["data"] == []
    assert account.balance == Decimal(balance)


def test_five_dollars_is_enough_and_all_of_it_is_taken(ringback: Ringback) -> None:
    account = ringback.account("kwickphone", balance="5.00")
    with account.client() as http:
        assert http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code == 201
    assert account.balance == 0


def test_a_sixth_active_number_is_too_many_until_one_is_released(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    account.settings(provisions_per_hour=None)
    numbers = [provision() for _ in range(5)]
    assert code(http.post("/v1/numbers", json={"business_phone": BUSINESS})) == (429, "number_limit")
    assert account.balance == 75
    assert http.delete(f"/v1/numbers/{numbers[0]['id']}").json() == {"released": True}
    provision()
    account.settings(number_limit=6)
    provision()
    account.settings(number_limit=None)
    provision()


def test_the_fourth_provision_in_an_hour_is_too_fast(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    provision()
    account.advance(minutes=20)
    provision()
    provision()
    refused = http.post("/v1/numbers", json={"business_phone": BUSINESS})
    assert code(refused) == (429, "provision_velocity")
    assert int(refused.headers["retry-after"]) == 40 * 60
    assert account.balance == 85
    account.advance(minutes=39, seconds=59)
    assert code(http.post("/v1/numbers", json={"business_phone": BUSINESS})) == (429, "provision_velocity")
    account.advance(seconds=1)
    provision()
    assert code(http.post("/v1/numbers", json={"business_phone": BUSINESS})) == (429, "provision_velocity")


def test_a_failed_provision_does_not_count_against_the_hour(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    for _ in range(5):
        http.post("/v1/numbers", json={"business_phone": BUSINESS, "area_code": "907"})
    for _ in range(3):
        provision()


def test_numbers_are_listed_active_first_and_without_secrets(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    first, second, third = provision(), provision(), provision()
    http.delete(f"/v1/numbers/{second['id']}")
    listed = http.get("/v1/numbers")
    assert [(number["id"], number["status"]) for number in listed.json()["data"]] == [
        (third["id"], "active"),
        (first["id"], "active"),
        (second["id"], "released"),
    ]
    assert "webhook_secret" not in listed.text
    assert "whsec_" not in listed.text


def test_releasing_refunds_nothing_and_stops_the_bills(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    number = provision()
    assert http.delete(f"/v1/numbers/{number['id']}").status_code == 200
    assert account.balance == 95
    account.advance(days=400)
    assert account.balance == 95


def test_a_released_number_rings_nowhere(
    ringback: Ringback, account: Account, http: httpx.Client, provision: Provision
) -> None:
    number = provision()
    http.delete(f"/v1/numbers/{number['id']}")
    with pytest.raises(Exception, match="404 number_not_found"):
        account.call(number["phone_number"])


def test_a_released_number_is_given_to_nobody_else(ringback: Ringback) -> None:
    account = ringback.account(
        "kwickphone", balance="5000", rate_limit=None, number_limit=None, provisions_per_hour=None
    )
    with account.client() as http:
        seen: set[str] = set()
        for _ in range(120):
            number = http.post("/v1/numbers", json={"business_phone": "+15645551234"}).json()
            assert number["phone_number"] not in seen
            seen.add(number["phone_number"])
            http.delete(f"/v1/numbers/{number['id']}")


def test_releasing_twice_changes_nothing_more(http: httpx.Client, provision: Provision) -> None:
    number = provision()
    for _ in range(2):
        assert http.delete(f"/v1/numbers/{number['id']}").json() == {"released": True}


@pytest.mark.parametrize("id_", ["num_0", "num_999999", "x", "num_1%00", "%F0%9F%92%A9", "..", "a" * 3000])
def test_an_unknown_number_is_not_found(http: httpx.Client, id_: str) -> None:
    assert code(http.delete(f"/v1/numbers/{id_}")) == (404, "not_found")


def test_another_accounts_number_is_not_found_and_stays(
    ringback: Ringback, http: httpx.Client, provision: Provision
) -> None:
    number = provision()
    with ringback.account("kwickphone").client() as stranger:
        assert code(stranger.delete(f"/v1/numbers/{number['id']}")) == (404, "not_found")
        assert stranger.get("/v1/numbers").json()["data"] == []
    assert http.get("/v1/numbers").json()["data"][0]["status"] == "active"


def test_a_hundred_numbers_of_one_area_are_fictional_and_the_next_are_not_taken_twice(ringback: Ringback) -> None:
    account = ringback.account(
        "kwickphone", balance="5000", rate_limit=None, number_limit=None, provisions_per_hour=None
    )
    with account.client() as http:
        numbers = [
            http.post("/v1/numbers", json={"business_phone": "+15055551234"}).json()["phone_number"] for _ in range(130)
        ]
    assert len(set(numbers)) == 130
    assert all(number.startswith("+150555501") for number in numbers[:100])
    assert not any(number.startswith("+1505555") for number in numbers[100:])
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in numbers)

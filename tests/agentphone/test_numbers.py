"""Numbers: buying, searching, contact cards, monthly charges, releasing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from ringback.testing import Account, ControlError, Ringback
from tests.agentphone.conftest import FRIEND, Make, code, ok


def test_a_bought_number_matches_the_page(http: httpx.Client, agent: Make, account: Account) -> None:
    desk = agent()
    number = ok(http.post("/v1/numbers", json={"country": "US", "areaCode": "415", "agentId": desk["id"]}))
    assert number["id"].startswith("num_")
    assert number["phoneNumber"].startswith("+1415")
    assert {name: number[name] for name in ("country", "status", "agentId")} == {
        "country": "US",
        "status": "active",
        "agentId": desk["id"],
    }
    assert number["createdAt"] == account.now.isoformat().replace("+00:00", "Z")
    assert ok(http.get(f"/v1/agents/{desk['id']}"))["numbers"] == [
        {"id": number["id"], "phoneNumber": number["phoneNumber"], "status": "active", "type": "sms"}
    ]
    assert account.balance == Decimal("97.00")


@pytest.mark.parametrize("body", [{}, {"areaCode": "907"}, {"areaCode": "999"}, {"areaCode": None}, {"country": "us"}])
def test_an_area_code_without_stock_is_ignored(buy: Make, body: dict[str, Any]) -> None:
    assert buy(**body)["country"] == "US"


def test_a_canadian_number_needs_no_registration(ringback: Ringback) -> None:
    account = ringback.account("agentphone", sms_registration="none")
    with account.client() as http:
        number = ok(http.post("/v1/numbers", json={"country": "CA", "areaCode": "416"}))
        assert (number["country"], number["phoneNumber"][:5], number["outboundSms"]) == ("CA", "+1416", "enabled")
        assert ok(http.post("/v1/numbers", json={}))["outboundSms"] == "registration_required"


def test_a_rejected_purchase_costs_nothing(ringback: Ringback) -> None:
    account = ringback.account("agentphone", balance="2.99")
    with account.client() as http:
        assert code(http.post("/v1/numbers", json={})) == (402, "INSUFFICIENT_BALANCE")
        assert code(http.post("/v1/numbers", json={"country": "FR"})) == (400, "VALIDATION_ERROR")
        assert code(http.post("/v1/numbers", json={"agentId": "agt_0"})) == (404, "AGENT_NOT_FOUND")
        assert ok(http.get("/v1/numbers")) == {"data": [], "hasMore": False, "total": 0}
    assert account.balance == Decimal("2.99")


def test_an_account_can_buy_ten_numbers(http: httpx.Client, buy: Make) -> None:
    bought = [buy() for _ in range(10)]
    assert code(http.post("/v1/numbers", json={})) == (400, "VALIDATION_ERROR_NUMBER_LIMIT")
    ok(http.delete(f"/v1/numbers/{bought[0]['id']}"))
    buy()


def test_each_month_is_charged_when_it_begins(account: Account, buy: Make, http: httpx.Client) -> None:
    kept, gone = buy(), buy()
    account.advance(days=31)
    assert account.balance == Decimal("88.00")
    ok(http.delete(f"/v1/numbers/{gone['id']}"))
    account.advance(days=28)
    assert account.balance == Decimal("85.00")
    causes = [entry["cause"] for entry in account.show()["ledger"]]
    assert causes.count("number") == 2
    assert causes.count("number_month") == 3
    assert ok(http.get(f"/v1/numbers/{kept['id']}"))["status"] == "active"


def test_the_list_is_paged_newest_first(http: httpx.Client, buy: Make) -> None:
    bought = [buy()["id"] for _ in range(5)]
    first = ok(http.get("/v1/numbers", params={"limit": 2}))
    assert [number["id"] for number in first["data"]] == bought[:2:-1]
    assert (first["hasMore"], first["total"]) == (True, 5)
    last = ok(http.get("/v1/numbers", params={"limit": 2, "offset": 4}))
    assert ([number["id"] for number in last["data"]], last["hasMore"]) == (bought[:1], False)
    assert ok(http.get("/v1/numbers", params={"offset": 50}))["data"] == []


def test_a_number_can_be_updated_and_expires(http: httpx.Client, buy: Make, account: Account) -> None:
    number = buy(externalId="mine")
    path = f"/v1/numbers/{number['id']}"
    later = "2030-01-01T00:00:00Z"
    assert ok(http.patch(path, json={"expiresAt": later}))["expiresAt"] == later
    changed = ok(http.patch(path, json={"externalId": None, "expiresAt": None}))
    assert (changed["externalId"], changed["expiresAt"]) == (None, None)
    soon = account.now.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert code(http.patch(path, json={"expiresAt": soon})) == (422, "VALIDATION_ERROR")
    account.advance(days=1)
    ok(http.patch(path, json={"expiresAt": account.now.replace(hour=23).isoformat()}))
    account.advance(days=1)
    assert ok(http.get(path))["status"] == "released"
    for rejected in (http.patch(path, json={"externalId": "x"}), http.put(f"{path}/contact-card", json={})):
        assert code(rejected) == (409, "NUMBER_RELEASED")


def test_a_released_number_takes_no_calls_and_keeps_its_history(
    ringback: Ringback, http: httpx.Client, buy: Make
) -> None:
    number = buy()
    ringback.text(to=number["phoneNumber"], body="Keep this")
    ok(http.delete(f"/v1/numbers/{number['id']}"))
    for attempt in (ringback.call, lambda to: ringback.text(to=to, body="x")):
        with pytest.raises(ControlError) as rejected:
            attempt(number["phoneNumber"])
        assert rejected.value.status == 404
    assert len(ok(http.get(f"/v1/numbers/{number['id']}/messages"))["data"]) == 1
    assert ok(http.get(f"/v1/numbers/{number['id']}"))["agentId"] is None


@pytest.mark.parametrize(
    ("query", "area", "state"),
    [
        ({"areaCode": "415"}, "415", "CA"),
        ({"state": "wy"}, "307", "WY"),
        ({"city": "Chicago", "areaCode": "312"}, "312", "IL"),
        ({"country": "CA", "state": "NL", "areaCode": "709"}, "709", "NL"),
        ({"zip": "82001", "state": "WY"}, "307", "WY"),
    ],
)
def test_available_numbers_are_filtered_by_place(
    http: httpx.Client, query: dict[str, str], area: str, state: str
) -> None:
    offers = ok(http.get("/v1/numbers/available", params={**query, "limit": "3"}))["data"]
    assert [(offer["areaCode"], offer["state"], offer["phoneNumber"][2:5]) for offer in offers] == [
        (area, state, area)
    ] * 3
    assert len({offer["phoneNumber"] for offer in offers}) == 3


@pytest.mark.parametrize(
    "query", [{"areaCode": "907"}, {"city": "Atlantis"}, {"country": "FR"}, {"zip": "9", "state": "NY"}]
)
def test_the_list_of_available_numbers_can_be_empty(http: httpx.Client, query: dict[str, str]) -> None:
    assert ok(http.get("/v1/numbers/available", params=query)) == {"data": []}


def test_a_lookup_keeps_the_order_of_the_request(http: httpx.Client, buy: Make) -> None:
    own = buy()["phoneNumber"]
    wanted = [FRIEND, own, "+14165550123", "+99912345678"]
    rows = ok(http.get("/v1/numbers/lookup", params={"phoneNumbers": ",".join(wanted)}))["data"]
    assert [row["phoneNumber"] for row in rows] == wanted
    assert [(row["lineType"], row["country"]) for row in rows] == [
        ("mobile", "GB"),
        ("voip", "US"),
        ("mobile", "CA"),
        (None, None),
    ]


def test_a_contact_card_is_replaced_as_a_whole(http: httpx.Client, buy: Make) -> None:
    path = f"/v1/numbers/{buy()['id']}/contact-card"
    ok(http.put(path, json={"firstName": "Ada", "displayName": "The bakery", "avatarUrl": "https://example.com/a.png"}))
    assert ok(http.get(path)) == {
        "firstName": "Ada",
        "lastName": None,
        "displayName": "The bakery",
        "hasAvatar": True,
    }
    assert ok(http.put(path, json={"lastName": "Lovelace"})) == {
        "firstName": None,
        "lastName": "Lovelace",
        "displayName": "Lovelace",
        "hasAvatar": False,
    }
    assert http.delete(path).status_code == 204
    assert ok(http.get(path))["displayName"] is None


def test_another_accounts_objects_are_404(ringback: Ringback, http: httpx.Client, buy: Make, agent: Make) -> None:
    number, desk = buy(), agent()
    with ringback.account("agentphone").client() as other:
        assert code(other.get(f"/v1/numbers/{number['id']}")) == (404, "PHONE_NUMBER_NOT_FOUND")
        assert code(other.delete(f"/v1/numbers/{number['id']}")) == (404, "PHONE_NUMBER_NOT_FOUND")
        assert code(other.get(f"/v1/agents/{desk['id']}")) == (404, "AGENT_NOT_FOUND")
        assert code(other.post("/v1/numbers", json={"agentId": desk["id"]})) == (404, "AGENT_NOT_FOUND")
        assert ok(other.get("/v1/numbers"))["total"] == 0


def test_an_agents_numbers_are_in_order_of_attachment(http: httpx.Client, agent: Make, buy: Make) -> None:
    first, second = agent(name="First"), agent(name="Second")
    numbers = [buy()["id"] for _ in range(3)]
    for id_ in (numbers[2], numbers[0], numbers[1]):
        ok(http.post(f"/v1/agents/{first['id']}/numbers", json={"numberId": id_}))
    assert [number["id"] for number in ok(http.get(f"/v1/agents/{first['id']}"))["numbers"]] == [
        numbers[2],
        numbers[0],
        numbers[1],
    ]
    ok(http.post(f"/v1/agents/{second['id']}/numbers", json={"numberId": numbers[0]}))
    assert [number["id"] for number in ok(http.get(f"/v1/agents/{first['id']}"))["numbers"]] == [numbers[2], numbers[1]]
    gone = http.delete(f"/v1/agents/{first['id']}/numbers/{numbers[0]}")
    assert code(gone) == (404, "PHONE_NUMBER_NOT_FOUND")
    ok(http.delete(f"/v1/agents/{first['id']}"))
    assert ok(http.get(f"/v1/numbers/{numbers[1]}"))["agentId"] is None
    assert code(http.get(f"/v1/agents/{first['id']}")) == (404, "AGENT_NOT_FOUND")


def test_an_agent_has_defaults_and_null_clears_only_optional_fields(http: httpx.Client, agent: Make) -> None:
    made = agent()
    expected = {
        "voiceMode": "webhook",
        "modelTier": "balanced",
        "sttMode": "fast",
        "ambientSound": "none",
        "denoisingMode": "noise-cancellation",
        "maxSilenceMs": 600_000,
        "voiceSpeed": 1.0,
        "interruptionSensitivity": 0.8,
        "enableBackchannel": True,
        "enableMessaging": True,
        "language": "en-US",
        "customTools": None,
        "description": None,
    }
    assert {name: made[name] for name in expected} == expected
    path = f"/v1/agents/{made['id']}"
    tool = {"name": "look_up", "description": "Looks an order up", "url": "https://example.com/tool", "timeoutMs": 5000}
    changed = ok(http.patch(path, json={"customTools": [tool], "description": "x", "name": None, "voiceSpeed": None}))
    assert (changed["customTools"], changed["name"], changed["voiceSpeed"]) == ([tool], made["name"], 1.0)
    assert ok(http.patch(path, json={"description": None, "customTools": []}))["customTools"] == []
    assert ok(http.patch(path, json={}))["customTools"] == []

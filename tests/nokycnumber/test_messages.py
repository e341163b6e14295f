"""SMS and MMS: segments, prices, schedules, delivery receipts, inbound messages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from ringback.testing import Account, ControlError, Receiver, Ringback
from tests.nokycnumber.conftest import FRIEND, Activate, code, event_names


def send(
    http: httpx.Client, number: dict[str, Any], body: str = "Hello", to: str = FRIEND, **rest: Any
) -> httpx.Response:
    return http.post("/v1/sms", json={"from": number["id"], "to": to, "body": body, **rest})


@pytest.mark.parametrize(
    ("char", "count", "segments"),
    [
        ("a", 160, 1),
        ("a", 161, 2),
        ("€", 81, 2),
        ("漢", 70, 1),
        ("漢", 71, 2),
        ("😀", 36, 2),
        ("a", 1530, 10),
        ("漢", 670, 10),
    ],
)
def test_a_message_costs_by_the_segment(
    account: Account, http: httpx.Client, activate: Activate, char: str, count: int, segments: int
) -> None:
    number, before = activate(), account.balance
    sent = send(http, number, char * count).json()
    assert (sent["segments"], sent["cost_usd"]) == (segments, round(0.012 * segments, 3))
    assert account.balance == before - segments * Decimal("0.012")
    account.advance(minutes=1)
    full = http.get(f"/v1/sms/{sent['id']}").json()
    assert [segment["status"] for segment in full["segment_status"]] == ["delivered"] * segments
    assert full["segment_status"][-1]["delivered_at"] == full["delivered_at"]


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"body": ""}, 400, "parameter_invalid"),
        ({"body": "a" * 1601}, 422, "message_too_long"),
        ({"body": "a" * 1531}, 422, "message_too_long"),
        ({"body": "漢" * 671}, 422, "message_too_long"),
        ({"to": "0612345678"}, 400, "parameter_invalid"),
        ({"to": "+999123456789"}, 422, "unsupported_country"),
        ({"from": "num_000000000000"}, 404, "not_found"),
        ({"send_at": "2025-12-31T23:59:59Z"}, 422, "send_at_in_past"),
        ({"send_at": "2026-01-01T00:00:00Z"}, 422, "send_at_in_past"),
        ({"send_at": "tomorrow"}, 400, "parameter_invalid"),
        ({"send_at": "2026-01-02T00:00:00+01:00"}, 400, "parameter_invalid"),
        ({"media_urls": ["https://x.test/a.png"] * 6}, 400, "parameter_invalid"),
        ({"media_urls": ["ftp://x.test/a.png"]}, 400, "parameter_invalid"),
        ({"media_urls": ["https://x.test/a.png"]}, 422, "mms_not_supported"),
        ({"media_urls": "https://x.test/a.png"}, 400, "parameter_invalid"),
    ],
)
def test_an_invalid_message_is_rejected_and_costs_nothing(
    account: Account, http: httpx.Client, activate: Activate, change: dict[str, Any], status: int, error: str
) -> None:
    number, body = activate(), {"to": FRIEND, "body": "Hello"}
    before = account.balance
    response = http.post("/v1/sms", json={"from": number["id"], **body, **change})
    assert code(response) == (status, error)
    assert response.json()["error"]["param"] == next(iter(change))
    assert account.balance == before
    assert http.get("/v1/sms").json()["data"] == []


def test_too_little_money_sends_nothing(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="5.011")
    with account.client() as http:
        (offer,) = http.get("/v1/numbers/available?limit=1&tier=standard").json()["data"]
        number = http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"}).json()
        assert code(send(http, number)) == (402, "insufficient_balance")
        account.fund("0.001")
        assert send(http, number).status_code == 201
    assert account.balance == 0


def test_a_scheduled_message_waits(account: Account, http: httpx.Client, hook: Receiver, activate: Activate) -> None:
    sent = send(http, activate(), send_at="2026-01-02T08:00:00Z").json()
    account.advance(until="2026-01-02T08:00:00Z")
    assert http.get(f"/v1/sms/{sent['id']}").json()["status"] == "queued"
    account.advance(seconds=1)
    assert http.get(f"/v1/sms/{sent['id']}").json()["status"] == "sent"
    account.advance(seconds=2)
    assert http.get(f"/v1/sms/{sent['id']}").json()["delivered_at"] == "2026-01-02T08:00:03Z"
    assert event_names(account, "sms.sent", "sms.delivered") == ["sms.sent", "sms.delivered"]


@pytest.mark.parametrize("end", ["failed", "undelivered"])
def test_a_script_makes_a_message_fail(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate, end: str
) -> None:
    number = activate()
    ringback.script(
        "nokycnumber", {"to": FRIEND, "kind": "message"}, account_id=account.id, end=end, failure_code="spam_filter"
    )
    first, second = send(http, number).json(), send(http, number).json()
    account.advance(minutes=1)
    assert (seen := http.get(f"/v1/sms/{first['id']}").json())["status"] == end
    assert seen["failure_code"] == "spam_filter"
    assert http.get(f"/v1/sms/{second['id']}").json()["status"] == "delivered"
    assert sorted(event_names(account, "sms.failed", "sms.delivered")) == ["sms.delivered", "sms.failed"]
    assert ringback.control.get("/scripts")["data"] == []


def test_scripts_wait_for_a_matching_message_and_can_be_deleted(
    ringback: Ringback, account: Account, http: httpx.Client, activate: Activate
) -> None:
    number = activate()
    elsewhere = ringback.script("nokycnumber", {"to": "+33699999999"}, account_id=account.id, end="failed")
    ringback.script("nokycnumber", {"from": number["number"]}, account_id=account.id, end="undelivered")
    sent = send(http, number).json()
    account.advance(minutes=1)
    assert http.get(f"/v1/sms/{sent['id']}").json()["failure_code"] == "destination_unreachable"
    assert [script["id"] for script in ringback.control.get("/scripts")["data"]] == [elsewhere]
    ringback.control.delete(f"/scripts/{elsewhere}")
    with pytest.raises(ControlError):
        ringback.control.delete(f"/scripts/{elsewhere}")


def test_there_are_no_groups(account: Account, activate: Activate) -> None:
    number = activate()
    with pytest.raises(ControlError, match="no groups") as rejected:
        account.text(number["number"], "Hi", group=["+33639980188"])
    assert rejected.value.param == "group"


@pytest.mark.parametrize(
    ("match", "script", "param"),
    [
        ({}, {"end": "exploded"}, "script"),
        ({"kind": "message"}, {"end": "busy"}, "script.end"),
        ({"kind": "call"}, {"end": "undelivered"}, "script.end"),
        ({"kind": "message"}, {"voicemail": "x"}, "script.voicemail"),
        ({}, {"failure_code": "x"}, "script.failure_code"),
        ({}, {"end": "failed", "failure_code": "x", "turns": []}, "script"),
        ({"kind": "fax"}, {}, "match.kind"),
    ],
)
def test_an_invalid_script_is_rejected(
    ringback: Ringback, match: dict[str, Any], script: dict[str, Any], param: str
) -> None:
    with pytest.raises(ControlError) as rejected:
        ringback.control.post("/scripts", {"vendor": "nokycnumber", "match": match, "script": script})
    assert rejected.value.status == 422
    assert (rejected.value.param or "").startswith(param)


def test_mms_works_between_countries_that_have_it(account: Account, http: httpx.Client, activate: Activate) -> None:
    number = activate(country="us")
    before = account.balance
    sent = send(http, number, to="+12125550199", media_urls=["https://x.test/a.png"]).json()
    assert sent["media_urls"] == ["https://x.test/a.png"]
    assert (sent["cost_usd"], account.balance) == (0.02, before - Decimal("0.02"))


def test_an_inbound_message_is_listed_and_published(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate()
    id_ = account.text(number["number"], "Your code is 123456.", FRIEND)
    account.advance(seconds=1)
    assert event_names(account, "sms.received") == ["sms.received"]
    (seen,) = http.get("/v1/sms?direction=inbound").json()["data"]
    assert (seen["id"], seen["from"], seen["from_e164"], seen["to"]) == (id_, None, FRIEND, number["number"])
    assert http.get("/v1/sms?direction=outbound").json()["data"] == []
    assert http.get("/v1/sms", params={"number": number["number"], "status": "delivered"}).json()["data"] == [seen]
    assert http.get("/v1/sms", params={"number": number["id"], "status": "queued"}).json()["data"] == []


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"body": ""}, 422, "body"),
        ({"body": "漢" * 1600}, 422, "body"),
        ({"from": "Bank"}, 422, "from"),
        ({"to": "+33600000000"}, 404, "to"),
        ({"media_urls": ["x"]}, 422, "media_urls"),
    ],
)
def test_an_inbound_message_that_no_phone_could_send_is_rejected(
    ringback: Ringback, activate: Activate, change: dict[str, Any], status: int, param: str | None
) -> None:
    body = {"vendor": "nokycnumber", "to": activate()["number"], "from": FRIEND, "body": "x"} | change
    with pytest.raises(ControlError) as rejected:
        ringback.control.post("/messages", body)
    assert (rejected.value.status, rejected.value.param) == (status, param)

"""Webhooks and deliveries, usage, sub-accounts, registration, locations, sign-up."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Receiver, Ringback
from tests.agentphone.conftest import FRIEND, Make, code, events, ok
from tests.agentphone.sdk_scenario import REGISTRATION

# -- webhooks --------------------------------------------------------------------------------------------------------


def test_setting_a_webhook_issues_a_new_secret_that_signs(
    account: Account, http: httpx.Client, hook: Receiver, buy: Make
) -> None:
    number = buy()
    first = ok(http.get("/v1/webhooks"))
    second = ok(http.post("/v1/webhooks", json={"url": hook.url, "contextLimit": 0, "timeout": 5}))
    assert (second["id"], second["contextLimit"], second["timeout"]) == (first["id"], 0, 5)
    assert second["secret"] != first["secret"]
    account.text(number["phoneNumber"], "Hi", FRIEND)
    account.advance(idle=True)
    (request,) = hook.requests
    stamp = request.headers["X-Webhook-Timestamp"]
    assert int(stamp) == int(account.now.timestamp())
    signed = hmac.new(second["secret"].encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Webhook-Signature"] == f"sha256={signed}"
    (delivery,) = ok(http.get("/v1/webhooks/deliveries"))["items"]
    assert request.headers["X-Webhook-ID"] == delivery["id"]


def test_an_event_goes_to_exactly_one_webhook_if_there_is_one(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, agent: Make, buy: Make
) -> None:
    made = agent()
    number, own = buy(agentId=made["id"]), ringback.receiver()
    assert ok(http.get(f"/v1/agents/{made['id']}/webhook")) is None
    ok(http.post(f"/v1/agents/{made['id']}/webhook", json={"url": own.url}))
    account.text(number["phoneNumber"], "To the agent", FRIEND)
    account.advance(idle=True)
    ok(http.delete(f"/v1/agents/{made['id']}/webhook"))
    assert code(http.delete(f"/v1/agents/{made['id']}/webhook")) == (404, "WEBHOOK_NOT_FOUND")
    account.text(number["phoneNumber"], "To the account", FRIEND)
    account.advance(idle=True)
    ok(http.delete("/v1/webhooks"))
    assert code(http.delete("/v1/webhooks")) == (404, "WEBHOOK_NOT_FOUND")
    account.text(number["phoneNumber"], "Without a webhook", FRIEND)
    account.advance(idle=True)
    assert [event["data"]["message"] for event in own.events] == ["To the agent"]
    assert [event["data"]["message"] for event in hook.events] == ["To the account"]
    assert len(ok(http.get(f"/v1/agents/{made['id']}/webhook/deliveries"))) == 1
    assert ok(http.get("/v1/webhooks/deliveries"))["total"] == 2


def test_deliveries_are_counted_by_event_and_hour(
    account: Account, http: httpx.Client, hook: Receiver, buy: Make
) -> None:
    number = buy()
    account.text(number["phoneNumber"], "Fine", FRIEND)
    account.advance(hours=2)
    hook.respond_with(500, body=b"broken")
    account.text(number["phoneNumber"], "Lost", FRIEND)
    account.advance(seconds=1)
    stats = ok(http.get("/v1/webhooks/deliveries/stats"))
    assert (stats["total"], stats["success"], stats["failed"], stats["pending"], stats["successRate"]) == (
        2,
        1,
        0,
        1,
        50,
    )
    account.advance(hours=1)
    stats = ok(http.get("/v1/webhooks/deliveries/stats"))
    assert stats["byEventType"] == {"agent.message": {"total": 2, "success": 1, "failed": 1, "pending": 0}}
    assert [hour["total"] for hour in stats["byHour"]] == [1, 1]
    assert ok(http.get("/v1/webhooks/deliveries/stats", params={"hours": 2}))["total"] == 1
    lost, fine = ok(http.get("/v1/webhooks/deliveries"))["items"]
    assert (lost["status"], lost["attemptCount"], lost["responseBody"]) == ("failed", 6, "broken")
    assert lost["errorMessage"] == "The receiver answered 500."
    assert (fine["success"], fine["errorMessage"], fine["responseMs"]) == (True, None, 0)
    page = ok(http.get("/v1/webhooks/deliveries", params={"limit": 1, "offset": 1}))
    assert (page["data"], page["total"], page["limit"], page["offset"]) == ([fine], 2, 1, 1)
    assert ok(http.get("/v1/webhooks/deliveries", params={"hours": 2}))["items"] == [lost]
    assert ok(http.get("/v1/webhooks/deliveries/all-time")) == {
        "total": 2,
        "success": 1,
        "failed": 1,
        "successRate": 50.0,
    }


def test_the_success_rate_without_deliveries_is_100(http: httpx.Client) -> None:
    assert ok(http.get("/v1/webhooks/deliveries/all-time"))["successRate"] == 100
    assert ok(http.get("/v1/webhooks/deliveries/stats"))["byHour"] == []


@pytest.mark.parametrize("down", [False, True])
def test_a_webhook_test_returns_the_receivers_response(
    http: httpx.Client, hook: Receiver, agent: Make, down: bool
) -> None:
    made = agent()
    if down:
        hook.stop()
    else:
        hook.respond_with(503)
    result = ok(http.post("/v1/webhooks/test", params={"agentId": made["id"]}))
    assert (result["success"], result["httpStatus"], result["statusCode"]) == (
        False,
        None if down else 503,
        result["httpStatus"],
    )
    assert result["errorMessage"] == result["error"]
    assert ("no connection" if down else "503") in result["error"]
    if not down:
        (event,) = hook.events
        assert (event["test"], event["agentId"], event["recentHistory"]) == (True, made["id"], [])
    assert ok(http.get("/v1/webhooks/deliveries"))["items"][0]["status"] == "failed"


def test_a_webhook_test_needs_a_webhook(http: httpx.Client, agent: Make) -> None:
    made = agent()
    assert code(http.post("/v1/webhooks/test")) == (404, "WEBHOOK_NOT_FOUND")
    assert code(http.post(f"/v1/agents/{made['id']}/webhook/test")) == (404, "WEBHOOK_NOT_FOUND")
    assert code(http.post("/v1/agents/agt_0/webhook/test")) == (404, "AGENT_NOT_FOUND")


# -- usage -----------------------------------------------------------------------------------------------------------


def test_usage_counts_messages_calls_and_deliveries(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, agent: Make, buy: Make
) -> None:
    made, gone = agent(voiceMode="hosted"), agent(name="Gone")
    number, spare = buy(agentId=made["id"]), buy(agentId=gone["id"])
    account.text(spare["phoneNumber"], "To who is gone", FRIEND)
    ok(http.delete(f"/v1/agents/{gone['id']}"))
    account.text(spare["phoneNumber"], "Without an agent", FRIEND)
    account.advance(days=40)
    account.call(number["phoneNumber"], FRIEND, turns=["caller: Hello", "agent: Hi"], duration=90)
    account.advance(idle=True)
    ok(http.post("/v1/messages", json={"number_id": number["id"], "to_number": FRIEND, "body": "x" * 161}))
    account.advance(idle=True)

    usage = ok(http.get("/v1/usage"))
    stats = usage["stats"]
    assert (stats["totalMessages"], stats["messagesLast30d"], stats["smsSegmentsLast30d"]) == (3, 1, 2)
    assert (stats["totalCalls"], stats["callsLast24h"], stats["totalWebhookDeliveries"]) == (1, 1, 3)
    assert (stats["successfulWebhookDeliveries"], stats["failedWebhookDeliveries"]) == (3, 0)
    assert usage["numbers"] == {"used": 2, "limit": 10, "remaining": 8}
    assert usage["periodStart"] < usage["reportGeneratedAt"] < usage["periodEnd"]

    days = ok(http.get("/v1/usage/daily", params={"days": 60}))
    assert (len(days["data"]), days["days"]) == (60, 60)
    assert (sum(day["messages"] for day in days["data"]), days["data"][-1]["voiceMinutes"]) == (3, 1.5)
    months = ok(http.get("/v1/usage/monthly", params={"months": 2}))["data"]
    assert [(month["month"], month["messages"]) for month in months] == [("2026-01", 2), ("2026-02", 1)]
    rows = {row["agentName"]: row for row in ok(http.get("/v1/usage/by-agent", params={"period": "year"}))["data"]}
    assert {
        name: (row["messages"], row["calls"], row["totalSeconds"], row["isOrphan"]) for name, row in rows.items()
    } == {
        "Front desk": (1, 1, 90, False),
        "Gone": (1, 0, 0, True),
        "Unassigned": (1, 0, 0, False),
    }
    assert rows["Unassigned"]["agentId"] is None
    by_number = {row["numberId"]: row for row in ok(http.get("/v1/usage/by-number"))["data"]}
    assert (by_number[spare["id"]]["messages"], by_number[number["id"]]["calls"]) == (2, 1)
    week = ok(http.get("/v1/usage/by-agent", params={"period": "week", "tz": "America/New_York"}))
    assert week["periodStart"] == "2026-02-02T05:00:00Z"
    assert sum(row["messages"] for row in week["data"]) == 1


# -- the account -----------------------------------------------------------------------------------------------------


def test_a_sub_account_has_its_own_records_which_its_deletion_moves(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, agent: Make, buy: Make
) -> None:
    buy()
    sub = ok(http.post("/v1/sub-accounts", json={"name": "Uptown"}))
    scope = {"X-Sub-Account-Id": sub["id"]}
    there = ok(http.post("/v1/numbers", json={}, headers=scope))
    desk = ok(http.post("/v1/agents", json={"name": "Uptown desk"}, headers=scope))
    assert ok(http.get("/v1/numbers", headers=scope))["total"] == 1
    assert ok(http.get("/v1/numbers"))["total"] == 1
    assert ok(http.get("/v1/agents"))["total"] == 0
    assert ok(http.get(f"/v1/numbers/{there['id']}"))["id"] == there["id"]
    own = ringback.receiver()
    for receiver in (hook, own):
        account.text(there["phoneNumber"], "Hi", FRIEND)
        account.advance(idle=True)
        assert len(receiver.requests) == 1
        if receiver is hook:
            ok(http.post("/v1/webhooks", json={"url": own.url}, headers=scope))
    assert ok(http.get("/v1/conversations", headers=scope))["total"] == 1
    for path in ("/v1/numbers", "/v1/agents", "/v1/calls", "/v1/contacts", "/v1/conversations", "/v1/webhooks"):
        assert code(http.get(path, headers={"X-Sub-Account-Id": "sub_0"})) == (404, "SUB_ACCOUNT_NOT_FOUND")
    assert code(http.get(f"/v1/agents/{desk['id']}", headers={"X-Sub-Account-Id": "sub_0"})) == (
        404,
        "SUB_ACCOUNT_NOT_FOUND",
    )
    ok(http.delete(f"/v1/sub-accounts/{sub['id']}"))
    assert (ok(http.get("/v1/numbers"))["total"], ok(http.get("/v1/agents"))["total"]) == (2, 1)
    assert code(http.delete(f"/v1/sub-accounts/{sub['id']}")) == (404, "SUB_ACCOUNT_NOT_FOUND")


def test_a_registration_is_reviewed_in_stages(ringback: Ringback) -> None:
    account = ringback.account("agentphone", balance="80.00", sms_registration="none")
    with account.client() as http:
        assert code(http.get("/v1/register")) == (404, "NOT_FOUND")
        assert code(http.patch("/v1/register", json={})) == (404, "NOT_FOUND")
        business = {**REGISTRATION, "registration_type": "high_volume", "create_sub_account": False}
        assert code(http.post("/v1/register", json=business)) == (422, "VALIDATION_ERROR")
        mine = {**REGISTRATION, "create_sub_account": False}
        assert ok(http.post("/v1/register", json=mine))["sub_account_id"] is None
        assert code(http.post("/v1/register", json=mine)) == (409, "REGISTRATION_EXISTS")
        apart = ok(http.post("/v1/register", json=REGISTRATION))
        assert account.balance == Decimal("30.00")
        account.advance(days=4)
        whole = ok(http.get("/v1/register"))
        assert (whole["stage"], whole["brand"]["first_name"], whole["campaign"]["use_cases"]) == (
            "campaign",
            "Ada",
            ["customer_care"],
        )
        ok(http.post("/v1/register", json=REGISTRATION))
        assert code(http.post("/v1/register", json=REGISTRATION)) == (402, "INSUFFICIENT_BALANCE")
        account.advance(days=7)
        status = ok(http.get("/v1/register/status", headers={"X-Sub-Account-Id": apart["sub_account_id"]}))
        assert (status["campaign_status"], status["stage"]) == ("approved", None)


def test_at_most_five_registrations_an_hour(ringback: Ringback) -> None:
    account = ringback.account("agentphone", balance="500.00", sms_registration="none")
    with account.client() as http:
        for _ in range(5):
            ok(http.post("/v1/register", json=REGISTRATION))
        rejected = http.post("/v1/register", json=REGISTRATION)
        assert code(rejected) == (429, "RATE_LIMIT_EXCEEDED")
        assert rejected.headers["retry-after"] == "3600"
        account.advance(hours=1)
        ok(http.post("/v1/register", json=REGISTRATION))


def test_sign_up_returns_a_working_key(ringback: Ringback) -> None:
    base = ringback.account("agentphone").base_url
    email = "someone@example.com"
    with httpx.Client(base_url=base) as http:
        sign_up = ok(http.post("/v0/agent/sign-up", json={"human_email": email, "agent_name": "Desk"}))
        otp = next(
            entry["otp_code"]
            for entry in ringback.control.get("/journal?limit=200")["data"]
            if entry.get("email") == email
        )
        body = {"verification_id": sign_up["verification_id"], "otp_code": otp}
        wrong = {**body, "otp_code": f"{(int(otp) + 1) % 1_000_000:06d}"}
        assert code(http.post("/v0/agent/verify", json=wrong)) == (400, "INVALID_CODE")
        opened = ok(http.post("/v0/agent/verify", json=body))
        assert code(http.post("/v0/agent/verify", json=body)) == (404, "NOT_FOUND")
        assert code(http.post("/v0/agent/sign-up", json={"human_email": email.upper()})) == (409, "EMAIL_EXISTS")
        mine = {"Authorization": f"Bearer {opened['api_key']}"}
        agent = ok(http.get(f"/v1/agents/{opened['agent_id']}", headers=mine))
        assert (agent["name"], agent["numbers"][0]["phoneNumber"]) == ("Desk", opened["phone_number"])
        account = ringback.control.get(f"/accounts/{opened['account_id']}")
        assert account["balance"] == "2.00"


def test_a_sign_up_code_allows_five_tries(ringback: Ringback) -> None:
    base = ringback.account("agentphone").base_url
    with httpx.Client(base_url=base) as http:
        sign_up = ok(http.post("/v0/agent/sign-up", json={"human_email": "guesser@example.com"}))
        body: dict[str, Any] = {"verification_id": sign_up["verification_id"], "otp_code": "nonsense"}
        for _ in range(5):
            assert code(http.post("/v0/agent/verify", json=body)) == (400, "INVALID_CODE")
        entries = ringback.control.get("/journal?limit=200")["data"]
        otp = next(entry["otp_code"] for entry in entries if entry.get("email") == "guesser@example.com")
        assert code(http.post("/v0/agent/verify", json={**body, "otp_code": otp})) == (400, "INVALID_CODE")


def test_a_phone_is_located_a_few_seconds_after_a_refresh(account: Account, http: httpx.Client, buy: Make) -> None:
    number = buy()
    path = f"/v1/location/{number['phoneNumber']}"
    assert (ok(http.get(path))["status"], ok(http.get(path))["latitude"]) == ("unknown", None)
    wait = ok(http.post("/v1/location/refresh"))["pollAfterSeconds"]
    account.advance(seconds=wait)
    found = ok(http.get(path))
    assert found["status"] == "located"
    assert 25 <= found["latitude"] <= 49
    assert code(http.get(f"/v1/location/{FRIEND}")) == (404, "PHONE_NUMBER_NOT_FOUND")


def test_operations_that_are_not_emulated_respond_501_and_the_contract_says_so(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    listed = [
        (method, path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and operation.get("x-not-emulated")
    ]
    assert len(listed) == 16
    for method, path in listed:
        response = http.request(method, path.replace("{trunk_id}", "t").replace("{connection_id}", "c"), json={})
        assert code(response) == (501, "NOT_EMULATED")


def test_each_sender_has_one_reaction_to_a_message(
    account: Account, http: httpx.Client, hook: Receiver, buy: Make
) -> None:
    green = buy()
    ok(http.post("/v1/messages", json={"number_id": green["id"], "to_number": FRIEND, "body": "Hello"}))
    account.text(green["phoneNumber"], "Loved “Hello”", FRIEND)
    account.advance(idle=True)
    assert [event["event"] for event in hook.events] == ["agent.message"]
    assert events(hook, "agent.reaction") == []

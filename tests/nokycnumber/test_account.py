"""The account: balance, usage, the low-balance warning, snapshots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, Ringback
from ringback.vendors.nokycnumber.prices import MILL, RATES, call_cost
from tests.nokycnumber.conftest import FRIEND, Activate, code, event_names


def test_a_new_account_has_its_balance_and_no_usage(http: httpx.Client) -> None:
    seen = http.get("/v1/account").json()
    assert len(seen.pop("email_hash")) == 16
    assert seen == {
        "object": "account", "balance_usd": 500, "default_country": "fr", "active_numbers": 0, "monthly_call_minutes": 0,
        "monthly_sms_segments": 0, "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def test_usage_adds_up_to_what_was_done(
    ringback: Ringback, account: Account, http: httpx.Client, activate: Activate
) -> None:
    number = activate()
    ringback.script("nokycnumber", account_id=account.id, turns=["caller: Hello"], duration=61)
    http.post("/v1/calls", json={"from": number["id"], "to": FRIEND})
    http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "a" * 200})
    http.post(f"/v1/numbers/{number['id']}/renew")
    account.text(number["number"], "hello", FRIEND)
    account.call(number["number"], FRIEND, voicemail="Call me back.", duration=59)
    account.advance(minutes=5)
    seen = http.get("/v1/account").json()
    assert (seen["active_numbers"], seen["monthly_call_minutes"], seen["monthly_sms_segments"]) == (1, 2, 2)
    assert Decimal(str(seen["balance_usd"])) == account.balance == 500 - 10 - Decimal("0.024") - Decimal("0.020")
    usage = http.get("/v1/account/usage").json()
    assert usage["numbers"] == {"activated": 1, "renewed": 1, "cost_usd": 10}
    assert usage["calls"] == {"inbound": 1, "outbound": 1, "minutes": 2, "cost_usd": 0.02}
    assert usage["sms"] == {"inbound": 1, "outbound": 1, "segments": 2, "cost_usd": 0.024}
    assert (usage["voicemails"]["received"], usage["ai"]["pickups"], usage["total_cost_usd"]) == (1, 0, 10.044)
    account.advance(until="2026-02-10T00:00:00Z")
    assert http.get("/v1/account").json()["monthly_sms_segments"] == 0
    assert http.get("/v1/account/usage").json()["sms"]["outbound"] == 0
    assert http.get("/v1/account/usage?period=last_30d").json()["sms"]["outbound"] == 0
    assert http.get("/v1/account/usage?period=last_90d").json()["sms"]["outbound"] == 1
    assert code(http.get("/v1/account/usage?period=ever")) == (400, "parameter_invalid")


@given(st.sampled_from(sorted(RATES)), st.integers(0, 20_000))
def test_a_call_costs_by_the_second_to_the_nearest_mill(country: str, seconds: int) -> None:
    rate = RATES[country]
    exact = Decimal(rate.minute) * seconds / 60
    assert call_cost(rate, seconds) % MILL == 0
    assert abs(call_cost(rate, seconds) - exact) <= Decimal(MILL) / 2


def test_a_low_balance_is_published_once_until_it_has_been_above_the_threshold_again(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="5.03", balance_low_threshold="0.02")
    with account.client() as http:
        http.post(
            "/v1/webhook_endpoints", json={"url": ringback.receiver().url, "enabled_events": ["account.balance_low"]}
        )
        (offer,) = http.get("/v1/numbers/available?limit=1&tier=standard").json()["data"]
        number = http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"}).json()
        counts = []
        for _ in range(2):
            http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})
            counts.append(len(event_names(account)))
        account.fund("0.014")
        http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})
        counts.append(len(event_names(account)))
    assert counts == [1, 1, 2]


def test_a_withdrawal_that_leaves_a_low_balance_is_published_as_well(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="10.00", balance_low_threshold="5.00")
    hook = ringback.receiver()
    with account.client() as http:
        http.post("/v1/webhook_endpoints", json={"url": hook.url, "enabled_events": ["account.balance_low"]})
    counts = []
    for amount in ("-5.00", "-0.01", "-1.00", "2.00", "-3.00"):
        account.fund(amount)
        counts.append(len(event_names(account)))
    assert counts == [0, 1, 1, 1, 2]
    account.advance(seconds=1)
    assert {event["data"]["object"]["balance_usd"] for event in hook.events} == {4.99, 2.99}


# -- snapshot and ledger ------


def test_everything_survives_a_snapshot() -> None:
    with Ringback("nokycnumber") as ringback:
        account = ringback.account("nokycnumber", balance="100.00")
        with account.client() as http:
            (offer, _) = http.get("/v1/numbers/available?limit=2").json()["data"]
            number = http.post(
                "/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly", "addons": ["ai-pickup"]}
            ).json()
            http.patch(
                f"/v1/numbers/{number['id']}",
                json={"on_off": {"timezone": "UTC", "windows": [{"days": ["thu"], "from": "01:00", "to": "02:00"}]}},
            )
            call = http.post("/v1/calls", json={"from": number["id"], "to": FRIEND, "metadata": {"a": [1]}}).json()
            sms = http.post(
                "/v1/sms",
                json={"from": number["id"], "to": FRIEND, "body": "a" * 300, "send_at": "2026-01-01T00:01:00Z"},
            ).json()
            account.call(number["number"], FRIEND, voicemail="Call me back.")
            ringback.script("nokycnumber", end="failed")
            kept = ringback.snapshot()

            def future() -> list[Any]:
                account.advance(hours=2)
                paths = (
                    "/v1/numbers",
                    "/v1/numbers/available?limit=2",
                    f"/v1/calls/{call['id']}",
                    f"/v1/sms/{sms['id']}",
                    "/v1/voicemails",
                    "/v1/account/usage",
                    "/v1/account",
                )
                return [*(http.get(path).json() for path in paths), ringback.control.get("/scripts")]

            first = future()
            ringback.restore(kept)
            assert future() == first


STEPS = st.lists(
    st.sampled_from(("activate", "sms", "call", "renew", "release", "advance", "inbound", "poor", "pause")), max_size=14
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_charge_has_a_ledger_entry_and_a_cost(ringback: Ringback, steps: list[str]) -> None:
    account = ringback.account("nokycnumber", balance="60.00", rate_limit=None)
    added = Decimal("60.00")
    numbers: list[dict[str, Any]] = []
    with account.client() as http:
        for step in steps:
            if step == "activate":
                (offer,) = http.get("/v1/numbers/available?limit=1").json()["data"]
                response = http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "quarterly"})
                numbers += [response.json()] if response.status_code == 201 else []
            elif step == "advance":
                account.advance(days=40)
            elif step == "poor":
                account.fund("-10.00")
                added -= 10
            elif numbers:
                id_ = numbers[-1]["id"]
                if step == "sms":
                    http.post("/v1/sms", json={"from": id_, "to": FRIEND, "body": "x" * 200})
                elif step == "call":
                    http.post("/v1/calls", json={"from": id_, "to": FRIEND})
                elif step == "renew":
                    http.post(f"/v1/numbers/{id_}/renew")
                elif step == "release":
                    http.delete(f"/v1/numbers/{id_}")
                elif step == "pause":
                    http.patch(f"/v1/numbers/{id_}", json={"status": "paused"})
        account.advance(minutes=30)
        calls, texts = http.get("/v1/calls?limit=100").json()["data"], http.get("/v1/sms?limit=100").json()["data"]
        usage = http.get("/v1/account/usage?period=last_90d").json()
    spent = added - account.balance
    shown = sum(Decimal(str(thing["cost_usd"])) for thing in [*calls, *texts])
    ledger = ringback.control.get(f"/accounts/{account.id}")["ledger"]
    charged = -sum(
        Decimal(entry["amount"]) for entry in ledger if entry["cause"] in ("number", "renewal", "call", "sms")
    )
    assert spent == charged
    assert shown == -sum(Decimal(entry["amount"]) for entry in ledger if entry["cause"] in ("call", "sms"))
    if steps.count("advance") < 2:
        assert Decimal(str(usage["total_cost_usd"])) == spent

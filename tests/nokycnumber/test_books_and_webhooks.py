"""The account's books, webhook endpoints, and who hears of what."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.carrier.clock import SECOND, parse_instant
from ringback.testing import Account, Receiver, Ringback
from ringback.vendors.nokycnumber.events import EVENTS
from ringback.vendors.nokycnumber.prices import MILL, RATES, call_cost
from tests.nokycnumber.conftest import FRIEND, Activate, code, told


def test_a_new_account_has_what_it_was_given_and_used_nothing(http: httpx.Client) -> None:
    seen = http.get("/v1/account").json()
    assert len(seen.pop("email_hash")) == 16
    assert seen == {
        "object": "account", "balance_usd": 500, "default_country": "fr", "active_numbers": 0, "monthly_call_minutes": 0,
        "monthly_sms_segments": 0, "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip


def test_the_books_agree_with_what_was_done(
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
def test_talk_is_paid_by_the_second_to_the_nearest_mill(country: str, seconds: int) -> None:
    rate = RATES[country]
    exact = Decimal(rate.minute) * seconds / 60
    assert call_cost(rate, seconds) % MILL == 0
    assert abs(call_cost(rate, seconds) - exact) <= Decimal(MILL) / 2


def test_a_low_balance_is_told_once_until_it_has_been_above_again(ringback: Ringback) -> None:
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
            counts.append(len(told(account)))
        account.fund("0.014")
        http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})
        counts.append(len(told(account)))
    assert counts == [1, 1, 2]


def test_a_balance_that_is_low_because_money_was_taken_out_is_told_as_well(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="10.00", balance_low_threshold="5.00")
    hook = ringback.receiver()
    with account.client() as http:
        http.post("/v1/webhook_endpoints", json={"url": hook.url, "enabled_events": ["account.balance_low"]})
    counts = []
    for amount in ("-5.00", "-0.01", "-1.00", "2.00", "-3.00"):
        account.fund(amount)
        counts.append(len(told(account)))
    assert counts == [0, 1, 1, 1, 2]
    account.advance(seconds=1)
    assert {event["data"]["object"]["balance_usd"] for event in hook.events} == {4.99, 2.99}


# -- endpoints ------


def test_an_endpoint_shows_its_secret_once(ringback: Ringback, http: httpx.Client) -> None:
    body = {
        "url": ringback.receiver().url,
        "enabled_events": ["sms.received", "sms.received", "call.completed"],
        "description": "mine",
    }
    made = http.post("/v1/webhook_endpoints", json=body).json()
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["enabled_events"] == ["sms.received", "call.completed"]
    assert http.get("/v1/webhook_endpoints").json()["data"] == [made]
    assert http.delete(f"/v1/webhook_endpoints/{made['id']}").status_code == 204
    assert code(http.delete(f"/v1/webhook_endpoints/{made['id']}")) == (404, "not_found")
    assert http.get("/v1/webhook_endpoints").json()["data"] == []


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"url": "http://hooks.example.test/"}, "url"),
        ({"url": "https://10.0.0.1/"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"url": 5}, "url"),
        ({"enabled_events": []}, "enabled_events"),
        ({"enabled_events": ["sms.lost"]}, "enabled_events"),
        ({"enabled_events": "*"}, "enabled_events"),
        ({"description": "x" * 501}, "description"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(
    ringback: Ringback, http: httpx.Client, change: dict[str, Any], param: str
) -> None:
    body = {"url": "https://hooks.example.com/", "enabled_events": ["*"]} | change
    answer = http.post("/v1/webhook_endpoints", json=body)
    assert answer.json()["error"]["param"] == param
    assert code(answer) == (400, "parameter_invalid")
    assert http.get("/v1/webhook_endpoints").json()["data"] == []


def test_every_event_reaches_who_subscribed_to_it_signed(
    ringback: Ringback, account: Account, http: httpx.Client
) -> None:
    everything, some, own = ringback.receiver(), ringback.receiver(), ringback.receiver()
    secrets = {
        receiver.url: http.post("/v1/webhook_endpoints", json={"url": receiver.url, "enabled_events": names}).json()[
            "secret"
        ]
        for receiver, names in ((everything, ["*"]), (some, ["sms.sent", "number.paused"]))
    }
    (offer,) = http.get("/v1/numbers/available?limit=1&tier=standard").json()["data"]
    number = http.post(
        "/v1/numbers",
        json={
            "available_id": offer["id"],
            "billing_period": "monthly",
            "addons": ["ai-pickup"],
            "webhook_url": own.url,
        },
    ).json()
    secrets[own.url] = number["webhook_secret"]
    path = f"/v1/numbers/{number['id']}"
    http.post(f"{path}/renew")
    http.post("/v1/calls", json={"from": number["id"], "to": FRIEND, "recording_enabled": True})
    http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})
    ringback.script("nokycnumber", {"kind": "message"}, account_id=account.id, end="failed")
    http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})
    account.text(number["number"], "hello", FRIEND)
    account.call(number["number"], FRIEND, voicemail="Call me back.")
    account.settings(balance_low_threshold="480.00")
    account.advance(minutes=30)
    http.patch(
        path,
        json={
            "auto_renew": False,
            "on_off": {"timezone": "UTC", "windows": [{"days": ["thu"], "from": "01:00", "to": "02:00"}]},
        },
    )
    account.advance(hours=3)
    (offer,) = http.get("/v1/numbers/available?limit=1&tier=standard").json()["data"]
    http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "yearly"})
    account.advance(days=70)
    seen = [delivery for delivery in account.deliveries() if delivery["url"] == everything.url]
    assert {delivery["event"] for delivery in seen} == EVENTS
    assert {delivery["event"] for delivery in account.deliveries() if delivery["url"] == some.url} == {
        "sms.sent",
        "number.paused",
    }
    to_number = [delivery for delivery in account.deliveries() if delivery["url"] == own.url]
    assert {delivery["event"] for delivery in to_number} == EVENTS - {"account.balance_low"}
    identities = [json.loads(delivery["body"])["id"] for delivery in seen]
    assert len(set(identities)) == len(identities)
    assert {json.loads(delivery["body"])["id"] for delivery in to_number} <= set(identities)
    for delivery in account.deliveries():
        headers = dict(delivery["attempts"][0]["headers"])
        stamp, _, signature = headers["X-NoKYC-Signature"].partition(",")
        signed = f"{stamp[2:]}.".encode() + delivery["body"].encode()
        assert signature == "v1=" + hmac.new(secrets[delivery["url"]].encode(), signed, hashlib.sha256).hexdigest()


def test_an_event_is_tried_five_times_more_over_24_hours_and_keeps_its_id(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    hook.respond_with(*[503] * 6)
    activate()
    account.advance(days=3)
    (delivery,) = account.deliveries()
    waits = [110, 550, 2750, 13750, 68750]
    assert {later // earlier for earlier, later in pairwise(waits)} == {5}
    assert 23.5 * 3600 < sum(waits) <= 24 * 3600
    times = [parse_instant(attempt["at"]) // SECOND for attempt in delivery["attempts"]]
    assert [later - earlier for earlier, later in pairwise(times)] == waits
    assert len({dict(attempt["headers"])["X-NoKYC-Signature"] for attempt in delivery["attempts"]}) == 6
    assert delivery["state"] == "failed"


# -- the whole ------


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
def test_money_is_conserved_whatever_is_done(ringback: Ringback, steps: list[str]) -> None:
    account = ringback.account("nokycnumber", balance="60.00", rate_limit=None)
    added = Decimal("60.00")
    numbers: list[dict[str, Any]] = []
    with account.client() as http:
        for step in steps:
            if step == "activate":
                (offer,) = http.get("/v1/numbers/available?limit=1").json()["data"]
                answer = http.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "quarterly"})
                numbers += [answer.json()] if answer.status_code == 201 else []
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

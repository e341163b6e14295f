"""Webhook endpoints, and the delivery of events."""

from __future__ import annotations

import hashlib
import hmac
import json
from itertools import pairwise
from typing import Any

import httpx
import pytest

from ringback.carrier.clock import SECOND, parse_instant
from ringback.testing import Account, Receiver, Ringback
from ringback.vendors.nokycnumber.events import EVENTS
from tests.nokycnumber.conftest import FRIEND, Activate, code


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
def test_an_invalid_endpoint_is_rejected(
    ringback: Ringback, http: httpx.Client, change: dict[str, Any], param: str
) -> None:
    body = {"url": "https://hooks.example.com/", "enabled_events": ["*"]} | change
    response = http.post("/v1/webhook_endpoints", json=body)
    assert response.json()["error"]["param"] == param
    assert code(response) == (400, "parameter_invalid")
    assert http.get("/v1/webhook_endpoints").json()["data"] == []


def test_every_event_reaches_its_subscribers_signed(ringback: Ringback, account: Account, http: httpx.Client) -> None:
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


def test_a_failed_event_is_retried_five_times_over_24_hours_with_new_signatures(
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

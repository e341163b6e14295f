"""Webhooks: the eleven events, their signature, and when a webhook is disabled."""

from __future__ import annotations

import hmac
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from ringback.testing import Account, ControlError, Receiver, Ringback
from ringback.vendors.phonestack.records import EVENTS
from ringback.vendors.phonestack.rules.event_samples import sample
from tests.phonestack.conftest import LEAD, Api, Organization, campaign_of, contacts, sent_events
from tests.support.contract import Contract

CONTRACT = Contract.load("phonestack")


def everything_happens(account: Account) -> None:
    """Cause each of the eleven events."""
    with account.client() as client:
        http = Api(client)
        profile = http.post("/profiles", name="Riley")["id"]
        for number, script in enumerate(
            (
                {"duration": 400, "outcome": "hot_lead"},
                {"end": "busy"},
                {"voicemail": "Leave a message.", "duration": 30},
            )
        ):
            account.script(**script)
            http.post("/calls/trigger", profile_id=profile, phone=f"+1972555{number:04d}")
            account.advance(idle=True)
        id_ = campaign_of(http, "C")["id"]
        http.post(f"/campaigns/{id_}/start")
        http.post(f"/campaigns/{id_}/pause")
        http.post(f"/campaigns/{id_}/stop")
        contact = http.post("/contacts", phone=LEAD)
        http.post(f"/contacts/{contact['id']}/dnc")
    account.settings(spending_limit="2.00")
    account.settings(spending_limit="1.00")
    account.advance(seconds=1)


@pytest.fixture
def eventful(organization: Organization) -> Account:
    account = organization(campaigns=[{"name": "C"}])
    everything_happens(account)
    return account


def test_each_event_is_sent_as_documented(eventful: Account, receiver: Receiver) -> None:
    assert set(sent_events(eventful)) == set(EVENTS)
    for request in receiver.requests:
        body = request.json()
        assert CONTRACT.check_webhook(body["event"], dict(request.headers.items()), request.body) == []
        expected = hmac.new(str(eventful.webhook_secret).encode(), request.body, sha256).hexdigest()
        assert request.headers["X-PhoneStack-Signature"] == expected
        assert body["organization_id"] == receiver.events[0]["organization_id"]
        if body["event"].startswith("call."):
            assert body["data"]["timestamp"] == body["timestamp"]
    (completed,) = (event["data"] for event in receiver.events if event["event"] == "call.completed")
    assert completed["analysis"]["disposition"] == "hot_lead"
    assert completed["transcript"][0]["speaker"] == "agent"


@pytest.mark.parametrize("name", EVENTS)
def test_the_sample_of_each_event_is_as_documented(name: str) -> None:
    import json

    headers = {"content-type": "application/json", "x-phonestack-signature": "0" * 64}
    assert CONTRACT.check_webhook(name, headers, json.dumps(sample("org_a1", name)).encode()) == []


def test_only_selected_events_are_sent(organization: Organization, receiver: Receiver) -> None:
    chosen = ["campaign.started", "billing.limit_reached"]
    account = organization(
        campaigns=[{"name": "C"}], webhook={"url": receiver.url, "events": chosen, "secret": "s3cret-own"}
    )
    assert account.webhook_secret == "s3cret-own"
    everything_happens(account)
    assert sorted(sent_events(account)) == sorted(chosen)
    expected = hmac.new(b"s3cret-own", receiver.requests[0].body, sha256).hexdigest()
    assert receiver.requests[0].headers["X-PhoneStack-Signature"] == expected


def test_without_a_webhook_nothing_is_sent_and_there_is_no_secret(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "C"}], webhook=None)
    everything_happens(account)
    assert account.deliveries() == []
    assert account.webhook_secret is None


# -- giving up ------


def create(http: Api, account: Account, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        http.post("/contacts", phone=f"+1972555{number:04d}")
    account.advance(seconds=1)


def test_ten_failures_in_a_row_disable_a_webhook_until_it_is_enabled(
    http: Api, account: Account, receiver: Receiver
) -> None:
    receiver.respond_with(500)
    create(http, account, 9)
    receiver.respond_with(200)
    create(http, account, 1, 10)
    receiver.respond_with(404)
    create(http, account, 10, 20)
    assert len(receiver.requests) == 20
    receiver.respond_with(200)
    create(http, account, 3, 40)
    assert len(receiver.requests) == 20, "nothing is sent once it is disabled"
    account.settings(spending_limit="900.00")
    create(http, account, 1, 50)
    assert len(receiver.requests) == 20, "another setting does not enable it"
    account.settings(webhook={"url": receiver.url})
    create(http, account, 1, 60)
    assert len(receiver.requests) == 21
    assert receiver.events[-1]["data"]["phone"] == "+19725550060"
    states = [delivery["state"] for delivery in account.deliveries()]
    assert states == ["failed"] * 9 + ["delivered"] + ["failed"] * 10 + ["delivered"]
    assert all(len(delivery["attempts"]) == 1 for delivery in account.deliveries())


@pytest.mark.parametrize("response", [None, 301, 500])
def test_any_response_but_a_success_is_a_failure(ringback: Ringback, response: int | None) -> None:
    receiver = ringback.receiver()
    receiver.respond_with(response)
    account = ringback.account("phonestack", webhook={"url": receiver.url}, webhook_timeout=0.2)
    with account.client() as client:
        create(Api(client), account, 10)
        before = len(account.deliveries())
        create(Api(client), account, 1, 20)
        assert len(account.deliveries()) == before == 10


def test_another_url_is_another_webhook_with_the_same_secret(
    ringback: Ringback, http: Api, account: Account, receiver: Receiver
) -> None:
    moved = ringback.receiver()
    response = account.settings(webhook={"url": moved.url})
    assert response["webhook_secret"] == account.webhook_secret
    create(http, account, 1)
    assert (len(receiver.requests), len(moved.requests)) == (0, 1)
    account.settings(webhook=None)
    create(http, account, 1, 5)
    assert len(moved.requests) == 1


@pytest.mark.parametrize(
    ("webhook", "param"),
    [
        ({"url": "ftp://example.com"}, "https"),
        ({"url": "https://hooks.example.com", "events": ["call.ended"]}, "events"),
        ({"events": []}, "url"),
        ({"url": "https://hooks.example.com", "secret": ""}, "secret"),
    ],
)
def test_an_invalid_webhook_is_rejected(organization: Organization, webhook: dict[str, Any], param: str) -> None:
    with pytest.raises(ControlError) as error:
        organization(webhook=webhook)
    assert error.value.status == 422
    assert param in str(error.value)


# -- spending ------


def test_the_spending_limit_sends_each_event_once_a_month(organization: Organization) -> None:
    account = organization(
        spending_limit="1.00",
        campaigns=[{"name": "C", "contacts": contacts(6), "calls_per_minute": 60, "max_concurrent_calls": 1}],
    )
    for _ in range(6):
        account.script(duration=60, outcome="warm_lead")
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        profile = http.post("/profiles", name="Riley")["id"]
        http.post(f"/campaigns/{id_}/start")
        account.advance(hours=1)
        stats = http.get(f"/campaigns/{id_}")
        assert (stats["status"], stats["stats"]["calls"], stats["stats"]["queued"]) == ("paused", 4, 2)
        billing = [one for one in sent_events(account) if one.startswith(("billing", "campaign.paused"))]
        assert billing == ["billing.limit_warning", "billing.limit_reached", "campaign.paused"]
        assert http.error("POST", f"/campaigns/{id_}/resume")[:2] == (409, "INVALID_STATE")
        trigger = {"profile_id": profile, "phone": LEAD}
        assert http.error("POST", "/calls/trigger", json=trigger)[:2] == (402, "SPENDING_LIMIT_REACHED")
        account.advance(days=31)
        http.post(f"/campaigns/{id_}/resume")
        account.advance(idle=True)
        assert http.get(f"/campaigns/{id_}")["status"] == "completed"
    assert account.balance == Decimal("98.32"), "six calls of a minute, 28 cents each"


def test_a_delivery_fault_is_injected_on_request(http: Api, account: Account, receiver: Receiver) -> None:
    account.fault(webhook="bad_signature", first=1)
    create(http, account, 2)
    good = [
        hmac.new(str(account.webhook_secret).encode(), request.body, sha256).hexdigest()
        == request.headers["X-PhoneStack-Signature"]
        for request in receiver.requests
    ]
    assert sorted(good) == [False, True]

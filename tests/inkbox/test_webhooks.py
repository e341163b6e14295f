"""Subscriptions, events, their signature, the delivery log and replays."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from inkbox import verify_webhook

from ringback.testing import Account, Ringback
from tests.inkbox.conftest import EVENTS, FRIEND, PHONE, UNKNOWN_ID, Hook, Provision, field, send

SUBSCRIPTIONS = "/api/v1/webhooks/subscriptions"
DELIVERIES = "/api/v1/webhooks/deliveries"
URL = "https://hooks.example.com/"


def subscribe(http: httpx.Client, number: dict[str, Any], **body: Any) -> httpx.Response:
    given = {"url": URL, "event_types": ["text.received"], "phone_number_id": number["id"]} | body
    return http.post(SUBSCRIPTIONS, json={name: value for name, value in given.items() if value is not None})


def test_a_subscription_is_created_changed_and_deleted(http: httpx.Client, number: dict[str, Any]) -> None:
    made = subscribe(http, number).json()
    assert (made["phone_number_id"], made["mailbox_id"], made["agent_identity_id"]) == (number["id"], None, None)
    assert made["owner_identity_id"] == number["agent_identity_id"]
    assert made["signing_key"].startswith("whsec_")
    shown = http.get(f"{SUBSCRIPTIONS}/{made['id']}").json()
    assert "signing_key" not in shown
    assert http.get(SUBSCRIPTIONS).json() == {"subscriptions": [shown]}
    change = {
        "event_types": ["text.sent"],
        "auth_token": "t0ken",
        "context_config": {"texts": {"mode": "count", "count": 1}},
    }
    changed = http.patch(f"{SUBSCRIPTIONS}/{made['id']}", json=change).json()
    assert (changed["event_types"], changed["has_auth_token"], changed["auth_token"]) == (["text.sent"], True, "t0ken")
    assert changed["context_config"] == {"email": None, "texts": {"mode": "count", "count": 1}, "calls": None}
    cleared = http.patch(f"{SUBSCRIPTIONS}/{made['id']}", json={"auth_token": None, "context_config": None}).json()
    assert (cleared["has_auth_token"], cleared["context_config"]) == (False, None)
    assert http.delete(f"{SUBSCRIPTIONS}/{made['id']}").status_code == 204
    assert http.get(f"{SUBSCRIPTIONS}/{made['id']}").status_code == 404
    assert http.get(SUBSCRIPTIONS).json() == {"subscriptions": []}
    assert subscribe(http, number).json()["signing_key"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"phone_number_id": None}, 422),
        ({"agent_identity_id": UNKNOWN_ID}, 422),
        ({"phone_number_id": UNKNOWN_ID}, 404),
        ({"phone_number_id": None, "mailbox_id": UNKNOWN_ID}, 404),
        ({"phone_number_id": None, "agent_identity_id": UNKNOWN_ID}, 404),
        ({"event_types": []}, 422),
        ({"event_types": ["text.sent", "text.sent"]}, 422),
        ({"event_types": ["text.read"]}, 422),
        ({"event_types": ["phone.incoming_call"]}, 422),
        ({"url": "http://example.com/"}, 422),
        ({"url": "https://10.0.0.1/"}, 422),
        ({"url": "x"}, 422),
        ({"auth_token": "two words"}, 422),
        ({"context_config": {"texts": {"mode": "count", "count": 51}}}, 422),
        ({"context_config": {"texts": {"mode": "window", "hours": 0}}}, 422),
        ({"context_config": {"texts": {"mode": "all"}}}, 422),
        ({"context_config": {"letters": {"mode": "count", "count": 1}}}, 422),
    ],
)
def test_an_invalid_subscription_is_rejected(
    http: httpx.Client, number: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    assert subscribe(http, number, **body).status_code == status
    assert http.get(SUBSCRIPTIONS).json() == {"subscriptions": []}


def test_an_owner_has_twenty_subscriptions(http: httpx.Client, number: dict[str, Any]) -> None:
    made = [subscribe(http, number, url=f"{URL}{n}") for n in range(20)]
    assert {response.status_code for response in made} == {201}
    assert subscribe(http, number, url=f"{URL}20").status_code == 409
    owner = {"phone_number_id": None, "agent_identity_id": number["agent_identity_id"]}
    assert subscribe(http, number, url=f"{URL}20", **owner).status_code == 201
    http.delete(f"{SUBSCRIPTIONS}/{made[0].json()['id']}")
    assert subscribe(http, number, url=f"{URL}21").status_code == 201


def test_a_url_gets_an_event_once(http: httpx.Client, number: dict[str, Any]) -> None:
    first = subscribe(http, number, event_types=["text.sent", "text.received"]).json()
    assert subscribe(http, number, event_types=["text.delivered", "text.sent"]).status_code == 409
    second = subscribe(http, number, event_types=["text.delivered"]).json()
    path = f"{SUBSCRIPTIONS}/{second['id']}"
    assert http.patch(path, json={"event_types": ["text.sent"]}).status_code == 409
    assert http.patch(f"{SUBSCRIPTIONS}/{first['id']}", json={"event_types": ["text.sent"]}).status_code == 200


def test_a_subscription_to_several_kinds_of_event_requires_its_scope(
    http: httpx.Client, number: dict[str, Any]
) -> None:
    assert http.get("/api/v1/webhooks/catalog").json()["supports_identity_subscriptions"] is True
    owner = {"phone_number_id": None, "agent_identity_id": number["agent_identity_id"]}
    mixed = subscribe(http, number, event_types=EVENTS, **owner).json()
    plain = subscribe(http, number, url=f"{URL}2").json()

    def listed(**query: str) -> list[str]:
        return [row["id"] for row in http.get(SUBSCRIPTIONS, params=query).json()["subscriptions"]]

    assert listed() == [plain["id"]]
    assert listed(scope="identity") == [plain["id"], mixed["id"]]
    assert listed(scope="identity", agent_identity_id=number["agent_identity_id"]) == [plain["id"], mixed["id"]]
    assert listed(agent_identity_id=number["agent_identity_id"]) == []
    assert listed(phone_number_id=number["id"]) == [plain["id"]]
    assert listed(event_type="call.ended", scope="identity") == [mixed["id"]]
    assert listed(url=f"{URL}2") == [plain["id"]]
    path = f"{SUBSCRIPTIONS}/{mixed['id']}"
    assert http.patch(path, json={"url": f"{URL}3"}).status_code == 409
    assert http.delete(path).status_code == 409
    assert http.patch(path, params={"scope": "identity"}, json={"url": f"{URL}3"}).status_code == 200
    assert http.delete(path, params={"scope": "identity"}).status_code == 204
    both = {"phone_number_id": number["id"], "agent_identity_id": number["agent_identity_id"]}
    assert http.get(SUBSCRIPTIONS, params=both).status_code == 422


def test_the_official_verifier_accepts_each_event_and_nothing_else(
    account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    send(http, number)
    account.text(number["number"], "Grüße, 東京", FRIEND)
    account.advance(idle=True)
    requests = hook.receiver.requests
    assert len(requests) == 3
    for request in requests:
        headers = dict(request.headers)
        assert verify_webhook(payload=request.body, headers=headers, secret=hook.secret)
        assert verify_webhook(payload=request.body, headers=headers, secret=hook.secret.removeprefix("whsec_"))
        for payload, changed in (
            (request.body + b" ", {}),
            (request.body, {"X-Inkbox-Timestamp": "1"}),
            (request.body, {"X-Inkbox-Request-ID": "x"}),
        ):
            assert not verify_webhook(payload=payload, headers=headers | changed, secret=hook.secret)
    assert len({request.headers["X-Inkbox-Request-ID"] for request in requests}) == 3


def test_the_newest_key_signs(ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    receiver = ringback.receiver()
    organization = http.post("/api/v1/signing-keys", json={}).json()["signing_key"]
    assert subscribe(http, number, url=receiver.url).json()["signing_key"] is None
    own = "/api/v1/identities/support/signing-key"
    keys = [organization]
    for path in (own, own, "/api/v1/signing-keys"):
        account.text(number["number"], "Hello", FRIEND)
        account.advance(seconds=1)
        keys.append(http.post(path, json={}).json()["signing_key"])
    account.text(number["number"], "Hello", FRIEND)
    account.advance(seconds=1)
    good = [
        [verify_webhook(payload=seen.body, headers=dict(seen.headers), secret=key) for key in keys]
        for seen in receiver.requests
    ]
    assert good == [[row == column for column in range(4)] for row in range(4)]


def test_every_delivery_carries_the_bearer_token(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    receiver = ringback.receiver()
    subscribe(http, number, url=receiver.url, auth_token="t0ken")
    account.text(number["number"], "Hello", FRIEND)
    account.advance(seconds=1)
    (row,) = http.get(DELIVERIES).json()["deliveries"]
    http.post(f"{DELIVERIES}/{row['id']}/replay")
    assert [request.headers["Authorization"] for request in receiver.requests] == ["Bearer t0ken"] * 2


def test_events_of_an_identity_go_to_its_own_subscriptions(
    ringback: Ringback, account: Account, http: httpx.Client, provision: Provision
) -> None:
    mine, other = provision("mine"), provision("other")
    receiver = ringback.receiver()
    subscribe(http, mine, url=receiver.url)
    account.text(other["number"], "Not for you", FRIEND)
    account.text(mine["number"], "For you", FRIEND)
    account.advance(seconds=1)
    (event,) = receiver.events
    assert event["data"]["text_message"]["text"] == "For you"
    http.delete(f"{PHONE}/numbers/{mine['id']}")
    assert http.get(SUBSCRIPTIONS).json() == {"subscriptions": []}


def test_an_event_names_agents_of_the_same_organization(
    ringback: Ringback, account: Account, http: httpx.Client, provision: Provision
) -> None:
    mine, other = provision("mine"), provision("other")
    receiver = ringback.receiver()
    subscribe(http, mine, url=receiver.url)
    send(http, other, mine["number"])
    account.advance(minutes=1)
    (event,) = receiver.events
    assert event["data"]["agent_identities"] == [
        {"id": other["agent_identity_id"], "agent_handle": "other", "display_name": "other"}
    ]
    assert event["data"]["contacts"] == []


def test_a_received_text_includes_its_context(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    counted, windowed = ringback.receiver(), ringback.receiver()
    config = {
        "texts": {"mode": "count", "count": 2},
        "calls": {"mode": "count", "count": 5},
        "email": {"mode": "count", "count": 1},
    }
    subscribe(http, number, url=counted.url, context_config=config)
    subscribe(http, number, url=windowed.url, context_config={"texts": {"mode": "window", "hours": 2}})
    http.patch(f"{PHONE}/numbers/{number['id']}", json={"incoming_call_action": "hosted_agent"})
    call = account.call(number["number"], FRIEND, turns=["caller: One"])
    account.advance(idle=True)
    for hour in range(4):
        account.text(number["number"], f"Text {hour}", FRIEND)
        account.advance(hours=1)
    last = counted.events[-1]["data"]["context"]
    assert [item["text"] for item in last["texts"]["items"]] == ["Text 1", "Text 2"]
    assert (last["texts"]["mode"], last["texts"]["requested"], last["texts"]["scope"]) == ("count", 2, "conversation")
    assert (last["email"]["items"], last["email"]["skipped"]) == ([], "no_resource")
    (item,) = last["calls"]["items"]
    assert (item["call_id"], item["transcript"][0]["text"]) == (call, "One")
    recent = windowed.events[-1]["data"]["context"]
    assert list(recent) == ["texts"]
    assert [item["text"] for item in recent["texts"]["items"]] == ["Text 1", "Text 2"]


def test_the_log_shows_every_attempt(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any], agent_http: httpx.Client
) -> None:
    receiver = ringback.receiver()
    receiver.respond_with(500, 200, body=b"answer")
    made = subscribe(http, number, url=receiver.url, event_types=["text.received", "text.sent"]).json()
    account.text(number["number"], "One", FRIEND)
    account.advance(seconds=1)
    send(http, number)
    account.advance(seconds=1)

    def listed(client: httpx.Client = http, **query: Any) -> list[tuple[str, int]]:
        rows = client.get(DELIVERIES, params=query).json()["deliveries"]
        return [(row["event_type"], row["response_status"]) for row in rows]

    assert listed() == listed(agent_http) == [("text.sent", 200), ("text.received", 500)]
    assert listed(success="true") == listed(event_type="text.sent") == listed(limit=1) == [("text.sent", 200)]
    assert listed(success="false") == listed(offset=1) == [("text.received", 500)]
    assert listed(subscription_id=made["id"]) == listed()
    assert listed(subscription_id=UNKNOWN_ID) == listed(phone_number_id=number["id"]) == []
    for query in ({"limit": 0}, {"subscription_id": "x"}, {"success": "perhaps"}):
        assert http.get(DELIVERIES, params=query).status_code == 422
    (row,) = http.get(DELIVERIES, params={"success": "false"}).json()["deliveries"]
    assert (row["response_body"], row["error_detail"], row["is_replay"]) == ("answer", None, False)
    receiver.stop()
    account.text(number["number"], "Two", FRIEND)
    account.advance(days=1)
    (row, *_) = http.get(DELIVERIES).json()["deliveries"]
    assert (row["response_status"], row["response_body"]) == (None, None)
    assert row["error_detail"]
    assert len(listed()) == 3


def test_a_replay_is_the_same_event_with_a_new_signature(
    account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    account.text(number["number"], "One", FRIEND)
    account.advance(seconds=1)
    (row,) = http.get(DELIVERIES).json()["deliveries"]
    key = http.post("/api/v1/identities/support/signing-key", json={}).json()["signing_key"]
    replayed = http.post(f"{DELIVERIES}/{row['id']}/replay").json()
    assert (replayed["is_replay"], replayed["event_id"], replayed["response_status"]) == (True, row["event_id"], 200)
    assert replayed["id"] != row["id"]
    first, second = hook.receiver.requests
    assert first.body == second.body
    assert first.headers["X-Inkbox-Request-ID"] != second.headers["X-Inkbox-Request-ID"]
    assert verify_webhook(payload=second.body, headers=dict(second.headers), secret=key)
    path = f"{SUBSCRIPTIONS}/{hook.subscription['id']}"
    http.patch(path, params={"scope": "identity"}, json={"event_types": ["text.sent"]})
    assert http.post(f"{DELIVERIES}/{row['id']}/replay").status_code == 409
    http.delete(path, params={"scope": "identity"})
    assert http.post(f"{DELIVERIES}/{row['id']}/replay").status_code == 409
    (*_, shown) = http.get(DELIVERIES).json()["deliveries"]
    assert (shown["replayable"], shown["replay_unavailable_reason"]) == (False, "subscription_inactive")
    assert http.post(f"{DELIVERIES}/{UNKNOWN_ID}/replay").status_code == 404


def test_an_unknown_scope_is_rejected(http: httpx.Client, number: dict[str, Any]) -> None:
    assert field(http.get(SUBSCRIPTIONS, params={"scope": "everything"})) == "scope"

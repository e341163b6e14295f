"""Texts: sent, received, read, deleted, searched; their delivery and their conversations."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.gateway.search import words
from ringback.testing import Account, ControlError, Ringback
from tests.inkbox.conftest import FRIEND, OTHER, PHONE, UNKNOWN_ID, Hook, Provision, error, field, send


def texts_of(number: dict[str, Any]) -> str:
    return f"{PHONE}/numbers/{number['id']}/texts"


def test_a_text_is_sent_and_delivered(account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook) -> None:
    response = send(http, number)
    assert response.status_code == 201
    sent = response.json()
    assert (sent["direction"], sent["delivery_status"], sent["type"]) == ("outbound", "queued", "sms")
    assert (sent["remote_phone_number"], sent["sender_phone_number"]) == (FRIEND, number["number"])
    account.advance(minutes=1)
    seen = http.get(f"{texts_of(number)}/{sent['id']}").json()
    assert (seen["delivery_status"], seen["delivered_at"]) == ("delivered", "2026-01-01T00:00:03Z")
    assert seen["recipients"][0]["delivery_status"] == "delivered"
    assert hook.kinds == ["text.sent", "text.delivered"]
    assert hook.events[0]["data"]["text_message"]["id"] == sent["id"]
    assert "is_blocked" not in hook.events[0]["data"]["text_message"]


@pytest.mark.parametrize(
    ("script", "status", "event"),
    [
        ({"end": "failed", "failure_code": "30007"}, "sending_failed", "text.delivery_failed"),
        ({"end": "undelivered", "failure_code": "30003"}, "delivery_failed", "text.delivery_failed"),
        (
            {"end": "undelivered", "failure_code": "delivery_unconfirmed"},
            "delivery_unconfirmed",
            "text.delivery_unconfirmed",
        ),
    ],
)
def test_a_script_makes_a_text_fail(
    account: Account,
    http: httpx.Client,
    number: dict[str, Any],
    hook: Hook,
    script: dict[str, Any],
    status: str,
    event: str,
) -> None:
    account.script({"to": FRIEND, "kind": "message"}, **script)
    first, second = send(http, number).json(), send(http, number).json()
    account.advance(minutes=1)
    seen = http.get(f"{texts_of(number)}/{first['id']}").json()
    assert (seen["delivery_status"], seen["error_code"]) == (status, script["failure_code"])
    assert seen["failed_at"] is not None
    assert seen["error_detail"]
    assert http.get(f"{texts_of(number)}/{second['id']}").json()["delivery_status"] == "delivered"
    assert event in hook.kinds


def test_a_text_to_a_group_has_a_status_for_each_recipient(
    account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    account.script({"to": OTHER, "kind": "message"}, end="undelivered")
    sent = send(http, number, [OTHER, FRIEND]).json()
    assert (sent["remote_phone_number"], sent["type"]) == (None, "mms")
    account.advance(minutes=1)
    seen = http.get(f"{texts_of(number)}/{sent['id']}").json()
    assert {leg["recipient_phone_number"]: leg["delivery_status"] for leg in seen["recipients"]} == {
        FRIEND: "delivered",
        OTHER: "delivery_failed",
    }
    assert (seen["delivery_status"], seen["error_code"]) == ("delivery_failed", None)
    about = Counter((e["event_type"], e["data"]["recipient_phone_number"]) for e in hook.events)
    assert about == {
        ("text.sent", FRIEND): 1,
        ("text.sent", OTHER): 1,
        ("text.delivered", FRIEND): 1,
        ("text.delivery_failed", OTHER): 1,
    }
    again = http.post(texts_of(number), json={"conversation_id": sent["conversation_id"], "text": "More"}).json()
    assert (again["conversation_id"], len(again["recipients"])) == (sent["conversation_id"], 2)
    other_order = send(http, number, [FRIEND, OTHER]).json()
    assert other_order["conversation_id"] == sent["conversation_id"]
    assert http.get(f"{texts_of(number)}/conversations").json() == []
    (group,) = http.get(f"{texts_of(number)}/conversations?include_groups=true").json()
    assert (group["is_group"], group["participants"], group["total_count"]) == (True, sorted([FRIEND, OTHER]), 3)
    assert len(http.get(f"{texts_of(number)}/conversations/{group['id']}").json()) == 3


def test_a_text_from_a_group_stays_in_its_conversation(
    account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    sent = send(http, number, [OTHER, FRIEND]).json()
    text_id = account.text(number["number"], "Count me in", FRIEND, group=[OTHER])
    account.advance(minutes=1)
    seen = http.get(f"{texts_of(number)}/{text_id}").json()
    assert (seen["conversation_id"], seen["type"], seen["recipients"]) == (sent["conversation_id"], "mms", None)
    assert seen["sender_phone_number"] == seen["remote_phone_number"] == FRIEND
    received = next(event["data"] for event in hook.events if event["event_type"] == "text.received")
    assert received["text_message"]["conversation_id"] == sent["conversation_id"]
    assert received["recipient_phone_number"] is None
    listed = f"{texts_of(number)}/conversations"
    assert http.get(listed).json() == []
    (group,) = http.get(f"{listed}?include_groups=true").json()
    assert (group["unread_count"], group["total_count"], group["latest_type"]) == (1, 2, "mms")
    assert group["participants"] == sorted([FRIEND, OTHER])
    answered = http.post(texts_of(number), json={"conversation_id": seen["conversation_id"], "text": "Good"}).json()
    assert {leg["recipient_phone_number"] for leg in answered["recipients"]} == {FRIEND, OTHER}
    account.text(number["number"], "Only you", FRIEND)
    assert [one["is_group"] for one in http.get(listed).json()] == [False]


def test_a_group_with_an_own_number_is_a_group_there_too(
    account: Account, http: httpx.Client, number: dict[str, Any], provision: Provision
) -> None:
    own = provision("second")
    send(http, number, [FRIEND, own["number"]])
    account.advance(minutes=1)
    (group,) = http.get(f"{texts_of(own)}/conversations?include_groups=true").json()
    assert group["participants"] == sorted([FRIEND, number["number"]])


@pytest.mark.parametrize(
    "group",
    [[OTHER, OTHER], [FRIEND], ["2145550177"], [f"+1214555010{digit}" for digit in range(8)]],
    ids=["twice", "the-sender", "no-number", "too-many"],
)
def test_an_invalid_group_is_rejected(
    account: Account, http: httpx.Client, number: dict[str, Any], group: list[str]
) -> None:
    with pytest.raises(ControlError) as rejected:
        account.text(number["number"], "Hi", FRIEND, group=group)
    assert (rejected.value.status, rejected.value.param) == (422, "group")
    assert http.get(texts_of(number)).json() == []
    assert http.get(f"{texts_of(number)}/conversations?include_groups=true").json() == []


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"text": "x"}, "Give either to or conversation_id."),
        ({"to": FRIEND, "conversation_id": UNKNOWN_ID, "text": "x"}, "Give either to or conversation_id."),
        ({"to": FRIEND}, "text"),
        ({"to": FRIEND, "text": ""}, "text"),
        ({"to": FRIEND, "text": "a" * 1601}, "text"),
        ({"to": FRIEND, "text": "漢" * 671}, "text"),
        ({"to": "5551234567", "text": "x"}, "to"),
        ({"to": [], "text": "x"}, "to"),
        ({"to": [f"+1214555{line:04d}" for line in range(9)], "text": "x"}, "to"),
        ({"to": [FRIEND, FRIEND], "text": "x"}, "to"),
        ({"to": 7, "text": "x"}, "to"),
        ({"to": FRIEND, "media_urls": ["ftp://x.test/a.png"]}, "media_urls.0"),
        ({"to": FRIEND, "media_urls": ["https://x.test/a.png"] * 11}, "media_urls"),
        ({"conversation_id": "x", "text": "x"}, "conversation_id"),
    ],
)
def test_an_invalid_text_is_rejected_and_not_sent(
    http: httpx.Client, number: dict[str, Any], body: dict[str, Any], where: str
) -> None:
    assert field(http.post(texts_of(number), json=body)) == where
    assert http.get(texts_of(number)).json() == []


def test_a_text_needs_another_number_and_a_known_conversation(http: httpx.Client, number: dict[str, Any]) -> None:
    assert field(send(http, number, number["number"])) == "to"
    assert http.post(texts_of(number), json={"conversation_id": UNKNOWN_ID, "text": "x"}).status_code == 404
    assert http.post(f"{PHONE}/numbers/{UNKNOWN_ID}/texts", json={"to": FRIEND, "text": "x"}).status_code == 404


def test_media_are_sent_and_received(account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook) -> None:
    sent = http.post(texts_of(number), json={"to": FRIEND, "media_urls": ["https://x.test/a.PNG?x=1"]}).json()
    assert (sent["type"], sent["text"]) == ("mms", None)
    assert sent["media"][0]["content_type"] == "image/png"
    account.text(number["number"], "Look", FRIEND, media_urls=["https://x.test/b.jpg"])
    account.advance(seconds=1)
    (newest, _) = http.get(texts_of(number)).json()
    assert (newest["type"], newest["media"][0]["url"]) == ("mms", "https://x.test/b.jpg")
    (conversation,) = http.get(f"{texts_of(number)}/conversations").json()
    assert (conversation["latest_has_media"], conversation["latest_text"]) == (True, "Look")


def test_an_inbound_text_is_unread_until_it_is_marked(
    account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    ids = [account.text(number["number"], f"Text {n}", FRIEND) for n in range(3)]
    account.text(number["number"], "Other", OTHER)
    send(http, number)
    base = texts_of(number)
    assert [text["is_read"] for text in http.get(base).json()] == [True, False, False, False, False]
    assert len(http.get(base, params={"is_read": "false", "limit": 2, "offset": 1}).json()) == 2
    read = http.patch(f"{base}/{ids[0]}", json={"is_read": True}).json()
    assert read["is_read"] is True

    def unread() -> dict[str, int]:
        return {
            conversation["remote_phone_number"]: conversation["unread_count"]
            for conversation in http.get(f"{base}/conversations").json()
        }

    assert unread() == {FRIEND: 2, OTHER: 1}
    done = http.patch(f"{base}/conversations/{FRIEND}", json={"is_read": True}).json()
    assert (done["updated_count"], done["remote_phone_number"], done["is_read"]) == (2, FRIEND, True)
    assert unread() == {FRIEND: 0, OTHER: 1}
    again = http.patch(f"{base}/conversations/{done['conversation_id']}", json={"is_read": True}).json()
    assert again["updated_count"] == 0
    assert http.patch(f"{base}/conversations/{FRIEND}", json={"is_read": False}).json()["updated_count"] == 3
    assert unread() == {FRIEND: 3, OTHER: 1}


def test_a_deleted_text_is_in_no_list(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    base = texts_of(number)
    old, other, new = (
        account.text(number["number"], text, sender)
        for text, sender in (("first words", FRIEND), ("between", OTHER), ("last words", FRIEND))
    )
    assert http.patch(f"{base}/{new}", json={"status": "deleted"}).json()["id"] == new
    assert http.get(f"{base}/{new}").status_code == 404
    assert http.patch(f"{base}/{new}", json={"is_read": True}).status_code == 404
    assert [text["id"] for text in http.get(base).json()] == [other, old]
    assert [text["id"] for text in http.get(f"{base}/search?q=words").json()] == [old]
    conversations = http.get(f"{base}/conversations").json()
    assert [
        (conversation["remote_phone_number"], conversation["latest_text"], conversation["unread_count"])
        for conversation in conversations
    ] == [
        (OTHER, "between", 1),
        (FRIEND, "first words", 1),
    ]
    http.patch(f"{base}/{old}", json={"status": "deleted"})
    assert [conversation["remote_phone_number"] for conversation in http.get(f"{base}/conversations").json()] == [OTHER]
    assert http.get(f"{base}/conversations/{FRIEND}").json() == []


@pytest.mark.parametrize("body", [{}, {"is_read": "yes"}, {"is_read": None}, {"status": "unread"}])
def test_an_invalid_change_is_rejected(
    account: Account, http: httpx.Client, number: dict[str, Any], body: dict[str, Any]
) -> None:
    id_ = account.text(number["number"], "x", FRIEND)
    assert http.patch(f"{texts_of(number)}/{id_}", json=body).status_code == 422
    assert http.get(f"{texts_of(number)}/{id_}").json()["is_read"] is False


def test_a_conversation_without_texts_is_empty(http: httpx.Client, number: dict[str, Any]) -> None:
    base = f"{texts_of(number)}/conversations"
    assert http.get(f"{base}/{FRIEND}").json() == []
    assert http.patch(f"{base}/{FRIEND}", json={"is_read": True}).json()["updated_count"] == 0
    assert http.get(f"{base}/{UNKNOWN_ID}").status_code == 404
    assert http.get(f"{base}/unknown").status_code == 422


def test_lists_take_a_range_of_time(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    base = texts_of(number)
    for day in range(1, 4):
        account.advance(until=f"2026-02-0{day}T23:30:00Z")
        account.text(number["number"], f"Day {day}", FRIEND)

    def found(**query: str) -> list[str]:
        return [text["text"] for text in http.get(base, params=query).json()]

    assert found(start_datetime="2026-02-02") == ["Day 3", "Day 2"]
    assert found(end_datetime="2026-02-02") == ["Day 2", "Day 1"]
    assert found(start_datetime="2026-02-02", end_datetime="2026-02-02") == ["Day 2"]
    assert found(start_datetime="2026-02-03", tz="Asia/Tokyo") == ["Day 3", "Day 2"]
    assert found(end_datetime="2026-02-02T23:30:00+00:00") == ["Day 2", "Day 1"]
    assert found(end_datetime="2026-02-02T18:29:59", tz="America/New_York") == ["Day 1"]
    (conversation,) = http.get(f"{base}/conversations", params={"end_datetime": "2026-02-02"}).json()
    assert (conversation["latest_text"], conversation["total_count"], conversation["unread_count"]) == ("Day 2", 2, 2)
    for query in (
        {"start_datetime": "yesterday"},
        {"end_datetime": "2026-13-01"},
        {"end_datetime": "2026-02-01", "tz": "Moon"},
    ):
        assert http.get(base, params=query).status_code == 422


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "offset=-1", "is_read=maybe", "limit=1&limit=2"])
def test_an_invalid_query_is_rejected(http: httpx.Client, number: dict[str, Any], query: str) -> None:
    assert http.get(f"{texts_of(number)}?{query}").status_code == 422


def test_search_finds_words_in_any_order_and_case_newest_first(
    account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    said = ["Réservation confirmée", "Your TABLE is ready", "ready? table!", "この漢字は", "tables"]
    ids = [account.text(number["number"], text, FRIEND) for text in said]

    def found(query: str, **more: Any) -> list[str]:
        response = http.get(f"{texts_of(number)}/search", params={"q": query, **more})
        assert response.status_code == 200, response.text
        return [text["id"] for text in response.json()]

    assert found("table READY") == [ids[2], ids[1]]
    assert found("table", limit=1) == [ids[2]]
    assert found("confirmee reservation") == [ids[0]]
    assert found("漢字") == [ids[3]]
    assert found("nothing") == []
    for query in ("", "  ", "x" * 501):
        assert http.get(f"{texts_of(number)}/search", params={"q": query}).status_code == 422


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.sampled_from("abcÄéz"), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=8),
    st.lists(st.sampled_from("ABCÄez"), min_size=1, max_size=2).map(" ".join),
)
def test_a_search_finds_what_a_scan_finds(ringback: Ringback, said: list[str], query: str) -> None:
    account = ringback.account("inkbox")
    with account.client() as http:
        http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": {"type": "local"}})
        number = http.get(f"{PHONE}/numbers").json()[0]
        for text in said:
            account.text(number["number"], text, FRIEND)
        found = http.get(f"{texts_of(number)}/search", params={"q": query}).json()
    assert [text["text"] for text in found] == [text for text in reversed(said) if words(query) <= words(text)]


def test_numbers_of_one_organization_text_each_other(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    mine, yours = provision("mine"), provision("yours")
    send(http, mine, yours["number"], "Hello, colleague")
    account.advance(minutes=1)
    (arrived,) = http.get(texts_of(yours)).json()
    assert (arrived["direction"], arrived["text"], arrived["sender_phone_number"]) == (
        "inbound",
        "Hello, colleague",
        mine["number"],
    )


# -- the same request twice ------


def test_a_repeated_key_returns_the_first_text(http: httpx.Client, number: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k 1", "Prefer": "idempotency-replay"}
    body = {"to": FRIEND, "text": "Once"}
    first = http.post(texts_of(number), json=body, headers=headers)
    second = http.post(texts_of(number), json=body, headers=headers)
    assert (first.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert len(http.get(texts_of(number)).json()) == 1
    assert error(http.post(texts_of(number), json={**body, "text": "Twice"}, headers=headers)) == (
        409,
        "idempotency_key_reused",
    )
    query = {"sender_kind": "phone_number", "sender_id": number["id"], "operation": "text.send"}
    found = http.get("/api/v1/message-sends/lookup", params=query, headers={"Idempotency-Key": "k 1"})
    assert found.json() == {"message_id": first.json()["id"]}
    assert http.get("/api/v1/message-sends/lookup", params=query, headers={"Idempotency-Key": "k 2"}).status_code == 404
    assert http.get("/api/v1/message-sends/lookup", params=query).status_code == 422


def test_a_rejected_send_can_be_repeated_with_its_key(http: httpx.Client, number: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k"}
    http.post(f"{PHONE}/sms-opt-ins/{FRIEND}/opt-out")
    assert http.post(texts_of(number), json={"to": FRIEND, "text": "x"}, headers=headers).status_code == 403
    http.post(f"{PHONE}/sms-opt-ins/{FRIEND}/opt-in")
    assert http.post(texts_of(number), json={"to": FRIEND, "text": "x"}, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_invalid_key_is_rejected(http: httpx.Client, number: dict[str, Any], key: str) -> None:
    response = http.post(texts_of(number), json={"to": FRIEND, "text": "x"}, headers={"Idempotency-Key": key})
    assert response.status_code == 422
    assert http.get(texts_of(number)).json() == []


# -- what can be switched on ------


def test_a_new_number_warms_up_where_the_setting_says_so(ringback: Ringback) -> None:
    account = ringback.account("inkbox", sms_warmup=True)
    with account.client() as http:
        made = http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": {}}).json()
        number = made["phone_number"]
        assert (number["sms_status"], number["sms_ready_at"]) == ("pending", None)
        assert error(send(http, number)) == (409, "sender_sms_pending")
        account.advance(minutes=15)
        assert http.get(f"{PHONE}/numbers/{number['id']}").json()["sms_status"] == "ready"
        assert send(http, number).status_code == 201
        free = {"agent_handle": "b", "phone_number": {"type": "toll_free"}}
        toll_free = http.post("/api/v1/identities/", json=free).json()["phone_number"]
        account.advance(hours=1)
        assert error(send(http, toll_free)) == (409, "toll_free_verification_pending")


def test_a_number_has_a_daily_limit_of_texts_where_the_setting_says_so(ringback: Ringback) -> None:
    account = ringback.account("inkbox", texts_per_day=3)
    with account.client() as http:
        http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": {}})
        (number,) = http.get(f"{PHONE}/numbers").json()
        assert send(http, number, [FRIEND, OTHER]).status_code == 201
        assert send(http, number, [FRIEND, OTHER]).status_code == 201
        rejected = send(http, number)
        assert error(rejected) == (429, "sender_rate_limited")
        account.advance(seconds=int(rejected.headers["retry-after"]))
        assert send(http, number).status_code == 201


@pytest.mark.parametrize(
    ("change", "status", "param"),
    [
        ({"body": ""}, 422, "body"),
        ({"body": "漢" * 700}, 422, "body"),
        ({"from": "Bank"}, 422, "from"),
        ({"to": "+12125550100"}, 404, "to"),
        ({"media_urls": ["x"]}, 422, "media_urls"),
    ],
)
def test_an_invalid_inbound_text_is_rejected(
    ringback: Ringback, number: dict[str, Any], change: dict[str, Any], status: int, param: str | None
) -> None:
    body = {"vendor": "inkbox", "to": number["number"], "from": FRIEND, "body": "x"} | change
    with pytest.raises(ControlError) as rejected:
        ringback.control.post("/messages", body)
    assert (rejected.value.status, rejected.value.param) == (status, param)

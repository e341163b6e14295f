"""Contact rules and opt-ins: who may reach an identity, whom it may reach, and who accepts texts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, Ringback
from tests.inkbox.conftest import FRIEND, OTHER, PHONE, UNKNOWN_ID, Hook, error, field, send


def rules_of(number: dict[str, Any]) -> str:
    return f"{PHONE}/numbers/{number['id']}/contact-rules"


def rule(http: httpx.Client, number: dict[str, Any], action: str, target: str = OTHER, **more: Any) -> httpx.Response:
    return http.post(rules_of(number), json={"action": action, "match_target": target, **more})


def test_a_rule_is_listed_by_number_by_identity_and_for_the_organization(
    http: httpx.Client, number: dict[str, Any]
) -> None:
    made = rule(http, number, "block", match_type="exact_number")
    assert made.status_code == 201
    row = made.json()
    assert (row["phone_number_id"], row["agent_identity_id"]) == (number["id"], number["agent_identity_id"])
    by_identity = "/api/v1/identities/support/phone-contact-rules"
    for path in (rules_of(number), by_identity, f"{PHONE}/contact-rules"):
        assert http.get(path).json() == [row], path
    assert http.get(f"{by_identity}/{row['id']}").json() == http.get(f"{rules_of(number)}/{row['id']}").json() == row
    for query in ({"phone_number_id": number["id"]}, {"agent_identity_id": number["agent_identity_id"]}):
        assert http.get(f"{PHONE}/contact-rules", params=query).json() == [row]
    paused = http.patch(f"{rules_of(number)}/{row['id']}", json={"status": "paused"}).json()
    assert paused["status"] == "paused"
    assert send(http, number, OTHER).status_code == 201
    assert http.delete(f"{by_identity}/{row['id']}").status_code == 204
    assert http.get(f"{rules_of(number)}/{row['id']}").status_code == 404


def test_a_blocked_number_is_not_texted_or_called(http: httpx.Client, number: dict[str, Any]) -> None:
    blocking = rule(http, number, "block").json()
    for response in (
        send(http, number, OTHER),
        send(http, number, [FRIEND, OTHER]),
        http.post(
            f"{PHONE}/place-call",
            json={"to_number": OTHER, "from_number": number["number"], "mode": "hosted_agent", "reason": "x"},
        ),
    ):
        assert error(response) == (403, "recipient_blocked")
        detail = response.json()["detail"]
        assert (detail["matched_rule_id"], detail["address"]) == (blocking["id"], OTHER)
        assert detail["reason"]
    assert http.get(f"{PHONE}/numbers/{number['id']}/texts").json() == []
    assert send(http, number).status_code == 201


def test_blocked_texts_and_calls_are_marked_and_not_sent_to_webhooks(
    account: Account, http: httpx.Client, number: dict[str, Any], agent_http: httpx.Client, hook: Hook
) -> None:
    rule(http, number, "block")
    blocked = account.text(number["number"], "Win a prize", OTHER)
    call = account.call(number["number"], OTHER)
    welcome = account.text(number["number"], "A prize for you", FRIEND)
    account.advance(idle=True)
    assert [event["data"]["text_message"]["id"] for event in hook.events] == [welcome]
    texts, conversations = (
        f"{PHONE}/numbers/{number['id']}/texts",
        f"{PHONE}/numbers/{number['id']}/texts/conversations",
    )

    def seen(client: httpx.Client, path: str, **query: str) -> list[str]:
        return [row.get("remote_phone_number") for row in client.get(path, params=query or None).json()]

    for path in (texts, conversations, f"{texts}/search?q=prize"):
        assert seen(http, path) == [FRIEND, OTHER], path
        assert seen(agent_http, path) == [FRIEND], path
    assert seen(http, texts, is_blocked="true") == seen(http, conversations, is_blocked="true") == [OTHER]
    assert seen(http, texts, is_blocked="false") == seen(http, conversations, is_blocked="false") == [FRIEND]
    assert seen(agent_http, texts, is_blocked="true") == []
    assert http.get(f"{texts}/{blocked}").json()["is_blocked"] is True
    assert agent_http.get(f"{texts}/{blocked}").status_code == 404
    assert agent_http.get(f"{conversations}/{OTHER}").json() == []
    calls = f"{PHONE}/numbers/{number['id']}/calls"
    assert [row["id"] for row in http.get(calls).json()] == [call]
    assert agent_http.get(calls).json() == []
    assert http.get(calls, params={"is_blocked": "false"}).json() == []
    assert agent_http.get(f"{PHONE}/calls/{call}").status_code == 404
    shown = http.get(f"{PHONE}/calls/{call}").json()
    assert (shown["status"], shown["hangup_reason"], shown["is_blocked"]) == ("failed", "rejected", True)


def test_a_whitelist_allows_listed_numbers_only(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    rule(http, number, "block")
    rule(http, number, "allow", FRIEND)
    changed = http.patch(f"{PHONE}/numbers/{number['id']}", json={"filter_mode": "whitelist"}).json()
    assert changed["filter_mode_change_notice"] == {
        "new_filter_mode": "whitelist",
        "redundant_rule_action": "block",
        "redundant_rule_count": 1,
    }
    assert (
        "filter_mode_change_notice"
        not in http.patch(f"{PHONE}/numbers/{number['id']}", json={"filter_mode": "whitelist"}).json()
    )
    assert send(http, number, FRIEND).status_code == 201
    rejected = send(http, number, "+12145550166")
    assert (error(rejected), rejected.json()["detail"]["matched_rule_id"]) == ((403, "recipient_blocked"), None)
    unknown = account.text(number["number"], "Hello", "+12145550166")
    assert http.get(f"{PHONE}/numbers/{number['id']}/texts/{unknown}").json()["is_blocked"] is True


def test_each_direction_has_its_own_filter_mode(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    change = {"phone_inbound_filter_mode": "whitelist", "phone_outbound_filter_mode": "blacklist"}
    seen = http.patch("/api/v1/identities/support", json=change).json()
    assert (seen["phone_inbound_filter_mode"], seen["phone_outbound_filter_mode"]) == ("whitelist", "blacklist")
    assert send(http, number).status_code == 201
    inbound = account.text(number["number"], "Hello", FRIEND)
    assert http.get(f"{PHONE}/numbers/{number['id']}/texts/{inbound}").json()["is_blocked"] is True
    both_ways = {**change, "phone_filter_mode": "blacklist"}
    assert http.patch("/api/v1/identities/support", json=both_ways).status_code == 422
    disagreeing = {"phone_filter_mode": "blacklist", "imessage_filter_mode": "whitelist"}
    assert http.patch("/api/v1/identities/support", json=disagreeing).status_code == 422
    assert http.patch("/api/v1/identities/support", json={"phone_filter_mode": "blacklist"}).json()[
        "phone_inbound_filter_mode"
    ] == ("blacklist")


def test_a_rule_is_extended_split_and_merged(http: httpx.Client, number: dict[str, Any]) -> None:
    base = rules_of(number)
    first = rule(http, number, "block", direction="inbound").json()
    assert rule(http, number, "block", direction="outbound").json()["direction"] == "both"
    again = rule(http, number, "block", direction="inbound")
    assert (again.status_code, again.json()["detail"]["existing_rule_id"]) == (409, first["id"])
    assert rule(http, number, "allow").status_code == 409
    change = {"action": "allow", "apply_to": "inbound"}
    split = http.patch(f"{base}/{first['id']}", json=change).json()
    assert (split["action"], split["direction"]) == ("allow", "inbound")
    shown = {(row["action"], row["direction"]) for row in http.get(base).json()}
    assert shown == {("allow", "inbound"), ("block", "outbound")}
    assert [row["action"] for row in http.get(base, params={"direction": "outbound"}).json()] == ["block"]
    assert http.get(base, params={"direction": "both"}).json() == []
    assert http.patch(f"{base}/{first['id']}", json={"direction": "both"}).status_code == 409
    joined = http.patch(f"{base}/{first['id']}", json={"action": "block"}).json()
    assert (joined["action"], joined["direction"]) == ("block", "both")
    assert len(http.get(base).json()) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"action": "block"},
        {"action": "mute", "match_target": OTHER},
        {"action": "block", "match_target": "555"},
        {"action": "block", "match_target": OTHER, "match_type": "area_code"},
        {"action": "block", "match_target": OTHER, "direction": "up"},
    ],
)
def test_an_invalid_rule_is_rejected(http: httpx.Client, number: dict[str, Any], body: dict[str, Any]) -> None:
    assert http.post(rules_of(number), json=body).status_code == 422
    assert http.get(rules_of(number)).json() == []


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"apply_to": "inbound"},
        {"action": "allow", "apply_to": "both"},
        {"action": "allow", "apply_to": "inbound", "direction": "both"},
    ],
)
def test_an_invalid_change_of_a_rule_is_rejected(
    http: httpx.Client, number: dict[str, Any], change: dict[str, Any]
) -> None:
    made = rule(http, number, "block").json()
    assert http.patch(f"{rules_of(number)}/{made['id']}", json=change).status_code == 422
    assert http.get(rules_of(number)).json() == [made]
    assert http.patch(f"{rules_of(number)}/{UNKNOWN_ID}", json={"action": "allow"}).status_code == 404


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("create", "action", "apply", "direction", "delete")),
        st.sampled_from(("allow", "block")),
        st.sampled_from(("inbound", "outbound", "both")),
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_no_direction_is_covered_twice(ringback: Ringback, steps: list[tuple[str, str, str, int]]) -> None:
    with ringback.account("inkbox").client() as http:
        http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": {}})
        (number,) = http.get(f"{PHONE}/numbers").json()
        for step, action, direction, index in steps:
            rows = http.get(rules_of(number)).json()
            if step == "create":
                rule(http, number, action, direction=direction)
            elif rows:
                path = f"{rules_of(number)}/{rows[index % len(rows)]['id']}"
                body = {
                    "action": {"action": action},
                    "apply": {"action": action, "apply_to": direction},
                    "direction": {"direction": direction},
                }.get(step)
                response = http.patch(path, json=body) if body else http.delete(path)
                assert response.status_code in (200, 204, 409, 422)
            covered = [
                side
                for row in http.get(rules_of(number)).json()
                for side in (("inbound", "outbound") if row["direction"] == "both" else (row["direction"],))
            ]
            assert len(covered) == len(set(covered))


# -- opt-ins ------


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("START", "opted_in"),
        (" unstop ", "opted_in"),
        ("Stop", "opted_out"),
        ("STOPALL.", "opted_out"),
        ("quit", "opted_out"),
    ],
)
def test_a_keyword_opts_in_or_out(
    account: Account, http: httpx.Client, number: dict[str, Any], words: str, status: str
) -> None:
    account.text(number["number"], words, FRIEND)
    row = http.get(f"{PHONE}/sms-opt-ins/{FRIEND}").json()
    assert (row["status"], row["source"]) == (status, "sms")
    assert [row["opted_in_at"] is None, row["opted_out_at"] is None].count(True) == 1
    assert send(http, number).status_code == (201 if status == "opted_in" else 403)


@pytest.mark.parametrize("words", ["Please stop that", "start now", ""])
def test_other_texts_are_no_keywords(account: Account, http: httpx.Client, number: dict[str, Any], words: str) -> None:
    account.text(number["number"], words or "x", FRIEND)
    assert http.get(f"{PHONE}/sms-opt-ins/{FRIEND}").status_code == 404


def test_an_opt_out_applies_to_the_whole_organization(
    account: Account, http: httpx.Client, number: dict[str, Any], provision: Any
) -> None:
    other = provision("other")
    account.text(number["number"], "STOP", FRIEND)
    assert error(send(http, other)) == (403, "recipient_opted_out")
    assert error(send(http, number, [OTHER, FRIEND])) == (403, "recipient_opted_out")
    account.advance(hours=1)
    back = http.post(f"{PHONE}/sms-opt-ins/{FRIEND}/opt-in").json()
    assert (back["source"], back["updated_at"], back["created_at"]) == (
        "api",
        "2026-01-01T01:00:00Z",
        "2026-01-01T00:00:00Z",
    )
    assert send(http, other).status_code == 201


def test_receivers_must_opt_in_where_the_setting_requires_it(ringback: Ringback) -> None:
    account = ringback.account("inkbox", require_opt_in=True)
    with account.client() as http:
        for handle in ("a", "b"):
            http.post("/api/v1/identities/", json={"agent_handle": handle, "phone_number": {}})
        second, first = http.get(f"{PHONE}/numbers").json()
        assert error(send(http, first)) == (403, "recipient_not_opted_in")
        assert send(http, first, second["number"]).status_code == 201
        account.text(second["number"], "START", FRIEND)
        assert send(http, first).status_code == 201


def test_opt_ins_are_listed_by_their_last_change(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    for minute, (receiver, action) in enumerate(((FRIEND, "opt-in"), (OTHER, "opt-out"), (FRIEND, "opt-out"))):
        account.advance(minutes=minute)
        http.post(f"{PHONE}/sms-opt-ins/{receiver}/{action}")
    base = f"{PHONE}/sms-opt-ins"
    assert [row["receiver_number"] for row in http.get(base).json()] == [FRIEND, OTHER]
    assert http.get(base, params={"status": "opted_in"}).json() == []
    assert len(http.get(base, params={"status": "opted_out", "limit": 1, "offset": 1}).json()) == 1
    assert http.get(base, params={"limit": 201}).status_code == 422
    assert http.get(base, params={"status": "maybe"}).status_code == 422
    assert field(http.get(f"{base}/unknown")) == "receiver_number"

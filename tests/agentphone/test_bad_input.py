"""Invalid requests are rejected in the vendor's envelope, which names the field, and change nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from ringback.testing import Account, ControlError, Ringback
from tests.agentphone.conftest import FRIEND, Make, code, location, ok
from tests.agentphone.sdk_scenario import REGISTRATION

LONG = "x" * 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer sk_live_wrong"},
        {"Authorization": "Basic sk_live_ringback"},
        {"X-API-Key": "sk_live_ringback", "Authorization": "Bearer"},
    ],
)
def test_requests_without_a_known_key_are_401(http: httpx.Client, headers: dict[str, str]) -> None:
    for path in ("/v1/numbers", "/v1/calls/call_0", "/v1/nothing", "/integrations/whatsapp/status"):
        assert code(http.get(path, headers=headers)) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/numbers"),
        ("GET", "/numbers"),
        ("GET", "/v1/numbers/"),
        ("OPTIONS", "/v1/calls"),
    ],
)
def test_unknown_paths_and_methods_are_404(http: httpx.Client, method: str, path: str) -> None:
    assert code(http.request(method, path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("raw", "loc"),
    [
        (b"{", ["body"]),
        (b"[]", ["body"]),
        (b"null", ["body"]),
        (b'"text"', ["body"]),
        (b"\xff\xfe", ["body"]),
        (b'{"name": "\xff"}', ["body"]),
        (b"[" * 5_000, ["body"]),
        (b"", ["body"]),
    ],
)
def test_a_body_that_is_not_an_object_is_422(http: httpx.Client, raw: bytes, loc: list[str]) -> None:
    response = http.post("/v1/agents", content=raw, headers={"Content-Type": "application/json"})
    assert location(response) == loc
    assert ok(http.get("/v1/agents"))["total"] == 0


def test_a_body_of_another_content_type_or_size_is_rejected(http: httpx.Client) -> None:
    assert location(http.post("/v1/agents", content=b"name=x", headers={"Content-Type": "text/plain"})) == ["body"]
    big = json.dumps({"name": "x", "description": "x" * 1_100_000}).encode()
    response = http.post("/v1/agents", content=big, headers={"Content-Type": "application/json"})
    assert code(response) == (413, "REQUEST_TOO_LARGE")


TOOL = {"name": "t", "description": "d", "url": "https://example.com/t"}
AGENT: list[tuple[dict[str, Any], list[Any]]] = [
    ({}, ["name"]),
    ({"name": ""}, ["name"]),
    ({"name": None}, ["name"]),
    ({"name": 7}, ["name"]),
    ({"name": LONG}, ["name"]),
    ({"voiceMode": "loud"}, ["voiceMode"]),
    ({"modelTier": "huge"}, ["modelTier"]),
    ({"sttMode": ""}, ["sttMode"]),
    ({"ambientSound": "rain"}, ["ambientSound"]),
    ({"denoisingMode": True}, ["denoisingMode"]),
    ({"maxSilenceMs": 9_999}, ["maxSilenceMs"]),
    ({"maxSilenceMs": 3_600_001}, ["maxSilenceMs"]),
    ({"maxSilenceMs": 20_000.5}, ["maxSilenceMs"]),
    ({"voiceSpeed": 0.49}, ["voiceSpeed"]),
    ({"voiceSpeed": "fast"}, ["voiceSpeed"]),
    ({"interruptionSensitivity": 1.01}, ["interruptionSensitivity"]),
    ({"enableBackchannel": "yes"}, ["enableBackchannel"]),
    ({"language": "xx-XX"}, ["language"]),
    ({"transferNumber": "no_one"}, ["transferNumber"]),
    ({"customTools": [TOOL] * 21}, ["customTools"]),
    ({"customTools": [TOOL, TOOL]}, ["customTools"]),
    ({"customTools": [{**TOOL, "name": "a b"}]}, ["customTools", "name"]),
    ({"customTools": [{**TOOL, "url": "http://example.com"}]}, ["customTools", "url"]),
    ({"customTools": [{**TOOL, "timeoutMs": 999}]}, ["customTools", "timeoutMs"]),
    ({"customTools": [{"name": "t", "url": TOOL["url"]}]}, ["customTools", "description"]),
]


@pytest.mark.parametrize(("body", "field"), AGENT)
def test_invalid_agents_are_rejected(http: httpx.Client, agent: Make, body: dict[str, Any], field: list[Any]) -> None:
    whole = body if "name" in body or not body else {"name": "Desk", **body}
    loc = location(http.post("/v1/agents", json=whole))
    assert [loc[0], *(step for step in loc[1:] if not isinstance(step, int))] == ["body", *field]
    assert ok(http.get("/v1/agents"))["total"] == 0
    made = agent()
    if body and body != {"name": None}:
        assert location(http.patch(f"/v1/agents/{made['id']}", json=body))
        assert ok(http.get(f"/v1/agents/{made['id']}")) == made


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"country": "USA"}, "country"),
        ({"country": None}, "country"),
        ({"country": 1}, "country"),
        ({"areaCode": "41"}, "areaCode"),
        ({"areaCode": 415}, "areaCode"),
        ({"areaCode": "４１５"}, "areaCode"),
        ({"agentId": ["agt_0"]}, "agentId"),
        ({"type": "fax"}, "type"),
        ({"expiresAt": "tomorrow"}, "expiresAt"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "99999-01-01T00:00:00Z"}, "expiresAt"),
        ({"externalId": ""}, "externalId"),
    ],
)
def test_invalid_purchases_are_rejected_and_cost_nothing(
    account: Account, http: httpx.Client, body: dict[str, Any], field: str
) -> None:
    before = account.balance
    assert location(http.post("/v1/numbers", json=body)) == ["body", field]
    assert (ok(http.get("/v1/numbers"))["total"], account.balance) == (0, before)


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/v1/numbers", {"limit": "0"}, "limit"),
        ("/v1/numbers", {"limit": "101"}, "limit"),
        ("/v1/numbers", {"limit": "ten"}, "limit"),
        ("/v1/numbers", {"limit": "9" * 30}, "limit"),
        ("/v1/numbers", {"offset": "-1"}, "offset"),
        ("/v1/numbers", {"offset": "1.5"}, "offset"),
        ("/v1/numbers?limit=1&limit=2", {}, "limit"),
        ("/v1/contacts", {"limit": "201"}, "limit"),
        ("/v1/calls", {"status": "done"}, "status"),
        ("/v1/calls", {"direction": "up"}, "direction"),
        ("/v1/calls", {"type": "fax"}, "type"),
        ("/v1/numbers/available", {"areaCode": "4"}, "areaCode"),
        ("/v1/numbers/available", {"country": "U"}, "country"),
        ("/v1/numbers/available", {"limit": "101"}, "limit"),
        ("/v1/numbers/lookup", {}, "phoneNumbers"),
        ("/v1/numbers/lookup", {"phoneNumbers": "12"}, "phoneNumbers"),
        ("/v1/numbers/lookup", {"phoneNumbers": ",".join([FRIEND] * 26)}, "phoneNumbers"),
        ("/v1/contacts/capabilities", {}, "phone_number"),
        ("/v1/contacts/capabilities", {"phone_number": "x"}, "phone_number"),
        ("/v1/webhooks/deliveries", {"limit": "201"}, "limit"),
        ("/v1/webhooks/deliveries", {"hours": "0"}, "hours"),
        ("/v1/webhooks/deliveries/stats", {"hours": "8761"}, "hours"),
        ("/v1/usage/daily", {"days": "366"}, "days"),
        ("/v1/usage/monthly", {"months": "0"}, "months"),
        ("/v1/usage/by-agent", {"period": "day"}, "period"),
        ("/v1/usage/by-agent", {"tz": "Moon/Crater"}, "tz"),
        ("/v1/usage/by-agent", {"tz": "../../etc/passwd"}, "tz"),
    ],
)
def test_invalid_queries_are_rejected(http: httpx.Client, path: str, params: dict[str, str], field: str) -> None:
    assert location(http.get(path, params=params or None)) == ["query", field]


def test_queries_of_existing_objects_are_checked_too(account: Account, http: httpx.Client, buy: Make) -> None:
    number = buy()
    sent = ok(http.post("/v1/messages", json={"number_id": number["id"], "to_number": FRIEND, "body": "Hi"}))
    id_ = account.call(number["phoneNumber"], FRIEND)
    for path, params, field in (
        (f"/v1/numbers/{number['id']}/messages", {"limit": "201"}, "limit"),
        (f"/v1/numbers/{number['id']}/messages", {"before": "yesterday"}, "before"),
        (f"/v1/conversations/{sent['conversation_id']}/messages", {"after": ""}, "after"),
        (f"/v1/conversations/{sent['conversation_id']}", {"message_limit": "101"}, "message_limit"),
        (f"/v1/calls/{id_}", {"wait": "maybe"}, "wait"),
        (f"/v1/calls/{id_}", {"wait": "true", "timeout": "9"}, "timeout"),
        (f"/v1/calls/{id_}", {"timeout": "301"}, "timeout"),
    ):
        assert location(http.get(path, params=params)) == ["query", field]
    plus = ok(http.get(f"/v1/numbers/{number['id']}/messages?before=2030-01-01T00:00:00+00:00"))
    assert len(plus["data"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to_number": FRIEND}, "body"),
        ({"to_number": FRIEND, "body": ""}, "body"),
        ({"to_number": FRIEND, "body": "x" * 1_531}, "body"),
        ({"to_number": FRIEND, "body": 7}, "body"),
        ({"body": "Hi"}, "to_number"),
        ({"to_number": "", "body": "Hi"}, "to_number"),
        ({"to_number": "no_one", "body": "Hi"}, "to_number"),
        ({"to_number": "+123", "body": "Hi"}, "to_number"),
        ({"recipients": [FRIEND], "body": "Hi"}, "recipients"),
        ({"recipients": "all", "body": "Hi"}, "recipients"),
        ({"to_number": FRIEND, "body": "Hi", "media_urls": ["javascript:alert(1)"]}, "media_urls"),
        ({"to_number": FRIEND, "body": "Hi", "media_urls": ["https://example.com"] * 21}, "media_urls"),
        ({"to_number": FRIEND, "body": "Hi", "send_style": "explode"}, "send_style"),
    ],
)
def test_invalid_messages_are_rejected_and_cost_nothing(
    account: Account, http: httpx.Client, buy: Make, body: dict[str, Any], field: str
) -> None:
    number = buy()
    before = account.balance
    response = http.post("/v1/messages", json={"number_id": number["id"], **body})
    assert location(response)[:2] == ["body", field]
    own = {"number_id": number["id"], "to_number": number["phoneNumber"], "body": "Hi"}
    assert location(http.post("/v1/messages", json=own)) == ["body", "to_number"]
    assert ok(http.get("/v1/conversations"))["total"] == 0
    assert account.balance == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "agentId"),
        ({"agentId": "a", "toNumber": "4155550123"}, "toNumber"),
        ({"agentId": "a", "toNumber": None}, "toNumber"),
        ({"agentId": "a", "toNumber": FRIEND, "variables": {"n": 1}}, "variables"),
        ({"agentId": "a", "toNumber": FRIEND, "modelTier": "tiny"}, "modelTier"),
        ({"agentId": "a", "toNumber": FRIEND, "waitForCompletion": "yes"}, "waitForCompletion"),
        ({"agentId": "a", "toNumber": FRIEND, "maxWaitSeconds": 601}, "maxWaitSeconds"),
    ],
)
def test_invalid_calls_are_rejected(http: httpx.Client, body: dict[str, Any], field: str) -> None:
    assert location(http.post("/v1/calls", json=body))[:2] == ["body", field]
    assert ok(http.get("/v1/calls"))["total"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        ({"url": "nowhere"}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"),
        ({"url": "http://example.com/"}, "url"),
        ({"url": "https://example.com/" + "x" * 2_048}, "url"),
        ({"url": "https://example.com/", "contextLimit": 51}, "contextLimit"),
        ({"url": "https://example.com/", "timeout": 4}, "timeout"),
    ],
)
def test_invalid_webhooks_are_rejected(http: httpx.Client, agent: Make, body: dict[str, Any], field: str) -> None:
    made = agent()
    for path in ("/v1/webhooks", f"/v1/agents/{made['id']}/webhook"):
        assert location(http.post(path, json=body)) == ["body", field]
        assert ok(http.get(path)) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"registration_type": "club"}, ["registration_type"]),
        ({"first_name": None}, ["first_name"]),
        ({"phone_number": "415"}, ["phone_number"]),
        ({"description": "Too short."}, ["description"]),
        ({"use_cases": []}, ["use_cases"]),
        ({"use_cases": ["gossip"]}, ["use_cases"]),
        ({"message_samples": ["x" * 20]}, ["message_samples"]),
        ({"message_samples": ["x" * 20, "short"]}, ["message_samples"]),
        ({"registration_type": "standard_brand"}, ["business_name"]),
        ({"planned_numbers": 0}, ["planned_numbers"]),
    ],
)
def test_invalid_registrations_are_rejected(ringback: Ringback, changes: dict[str, Any], field: list[str]) -> None:
    account = ringback.account("agentphone", sms_registration="none")
    with account.client() as http:
        loc = location(http.post("/v1/register", json={**REGISTRATION, **changes}))
        assert loc[1] == field[0]
        assert ok(http.get("/v1/register/status"))["campaign_status"] == "none"


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/v1/contacts", {"name": "x"}, "phoneNumber"),
        ("POST", "/v1/contacts", {"phoneNumber": "x", "name": "x"}, "phoneNumber"),
        ("POST", "/v1/contacts", {"phoneNumber": FRIEND, "name": ""}, "name"),
        ("POST", "/v1/contacts", {"phoneNumber": FRIEND, "name": "x", "email": "at home"}, "email"),
        ("POST", "/v1/sub-accounts", {}, "name"),
        ("POST", "/v1/sub-accounts", {"name": ""}, "name"),
        ("POST", "/v0/agent/sign-up", {"human_email": "no_one"}, "human_email"),
        ("POST", "/v0/agent/verify", {"verification_id": "ver_0"}, "otp_code"),
        ("POST", "/v1/calls/web", {}, "agentId"),
        ("POST", "/v1/agents/AGENT/numbers", {}, "numberId"),
        ("PUT", "/v1/numbers/NUMBER/contact-card", {"avatarUrl": "x"}, "avatarUrl"),
        ("PATCH", "/v1/numbers/NUMBER", {"expiresAt": "x"}, "expiresAt"),
    ],
)
def test_other_invalid_bodies_are_rejected(
    http: httpx.Client, agent: Make, buy: Make, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    path = path.replace("AGENT", agent()["id"]).replace("NUMBER", buy()["id"])
    assert location(http.request(method, path, json=body)) == ["body", field]


def test_unknown_ids_are_404_whatever_the_body(http: httpx.Client) -> None:
    for method, path, body, why in (
        ("GET", "/v1/numbers/num_0/calls", None, "PHONE_NUMBER_NOT_FOUND"),
        ("PATCH", "/v1/numbers/num_0", {"expiresAt": "x"}, "PHONE_NUMBER_NOT_FOUND"),
        ("PATCH", "/v1/agents/agt_0", {"name": ""}, "AGENT_NOT_FOUND"),
        ("POST", "/v1/agents/agt_0/numbers", {}, "AGENT_NOT_FOUND"),
        ("GET", "/v1/calls/call_0", None, "CALL_NOT_FOUND"),
        ("POST", "/v1/calls/call_0/end", None, "CALL_NOT_FOUND"),
        ("GET", "/v1/calls/call_0/transcript/stream", None, "CALL_NOT_FOUND"),
        ("POST", "/v1/messages/msg_0/reactions", {"reaction": "love"}, "MESSAGE_NOT_FOUND"),
        ("PATCH", "/v1/conversations/conv_0", {}, "CONVERSATION_NOT_FOUND"),
        ("DELETE", "/v1/contacts/con_0", None, "CONTACT_NOT_FOUND"),
        ("PATCH", "/v1/sub-accounts/sub_0", {"name": "x"}, "SUB_ACCOUNT_NOT_FOUND"),
    ):
        assert code(http.request(method, path, json=body)) == (404, why), path


@pytest.mark.parametrize(
    "settings",
    [
        {"sms_registration": "maybe"},
        {"recording": "yes"},
        {"colour": "red"},
        {"rate_limit": 0},
        {"webhook_timeout": -1},
    ],
)
def test_invalid_settings_are_rejected(ringback: Ringback, settings: dict[str, Any]) -> None:
    with pytest.raises(ControlError) as rejected:
        ringback.account("agentphone", **settings)
    assert rejected.value.status == 422


@pytest.mark.parametrize("status", [400, 401, 402, 413, 422, 429, 500, 502, 503])
def test_an_injected_fault_has_the_vendors_envelope(account: Account, http: httpx.Client, status: int) -> None:
    with account.fault("createNumber", status=status):
        response = http.post("/v1/numbers", json={})
    assert response.status_code == status
    assert {"detail", "error"} == set(response.json())
    assert ("retry-after" in response.headers) == (status in (429, 503))

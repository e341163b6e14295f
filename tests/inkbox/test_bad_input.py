"""Generated requests: each response is documented, nothing crashes, and a rejected request changes nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, Ringback
from tests.inkbox.conftest import FRIEND, PHONE, UNKNOWN_ID

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        (
            FRIEND,
            UNKNOWN_ID,
            "auto_accept",
            "whitelist",
            "both",
            "hosted_agent",
            "deleted",
            "wss://agent.example.com/",
            "https://hooks.example.com/",
            "text.sent",
            "a" * 2000,
            "\x00",
            "💥" * 700,
        )
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
GOOD: dict[str, dict[str, Any]] = {
    "POST numbers": {"agent_handle": "fuzzed"},
    "PATCH numbers/{id}": {"incoming_call_action": "auto_reject", "filter_mode": "blacklist"},
    "POST place-call": {"to_number": FRIEND, "mode": "hosted_agent", "reason": "x"},
    "POST numbers/{id}/texts": {"to": FRIEND, "text": "Hello"},
    "PATCH numbers/{id}/texts/{text}": {"is_read": True},
    "PATCH numbers/{id}/texts/conversations/+12145550177": {"is_read": True},
    "POST numbers/{id}/contact-rules": {"action": "allow", "match_target": FRIEND},
    "PUT incoming-call-action": {"incoming_call_action": "auto_reject"},
    "PUT hosted-agent-config": {"voice": None},
    "POST /api/v1/webhooks/subscriptions": {"url": "https://hooks.example.com/", "event_types": ["text.sent"]},
    "PATCH /api/v1/identities/fuzzed": {"display_name": "x"},
    "POST /api/v1/api-keys": {"label": "x"},
}
FIELDS = (
    "agent_handle",
    "type",
    "state",
    "incoming_call_action",
    "client_websocket_url",
    "incoming_call_webhook_url",
    "forwarding_target_type",
    "forwarding_phone_number",
    "filter_mode",
    "to_number",
    "from_number",
    "mode",
    "reason",
    "on_voicemail",
    "voicemail_message",
    "to",
    "text",
    "media_urls",
    "conversation_id",
    "is_read",
    "status",
    "action",
    "match_target",
    "direction",
    "agent_identity_id",
    "voice",
    "instructions",
    "url",
    "event_types",
    "context_config",
    "auth_token",
    "display_name",
    "label",
    "scoped_identity_id",
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("POST numbers/{id}/texts", {"to": ["\x00", FRIEND]})
@example("POST numbers/{id}/texts", {"text": "\ud800"})
@example("POST place-call", {"to_number": "+1" + "٣" * 9})
@example("PATCH numbers/{id}", {"client_websocket_url": "ws://[", "incoming_call_action": "auto_accept"})
@example("POST /api/v1/webhooks/subscriptions", {"context_config": {"texts": {"mode": "count", "count": 2**70}}})
@given(st.sampled_from(sorted(GOOD)), st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3))
def test_any_body_gets_a_documented_response(ringback: Ringback, operation: str, changes: dict[str, Any]) -> None:
    account = ringback.inkbox
    account.settings(number_limit=None, calls_per_day=None)
    with account.client() as http:
        number, text = _number_and_text(account, http)
        method, path = operation.split(" ")
        path = path.format(id=number["id"], text=text)
        body = {**GOOD[operation], "agent_identity_id": number["agent_identity_id"]}
        if path == "place-call":
            body["from_number"] = number["number"]
        if path == "numbers":
            http.delete("/api/v1/identities/fuzzed")
            http.post("/api/v1/identities/", json={"agent_handle": "fuzzed"})
        response = http.request(
            method,
            path if path.startswith("/") else f"{PHONE}/{path}",
            content=json.dumps(body | changes).encode(),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code < 500, response.text
        assert response.status_code < 400 or list(response.json()) == ["detail"]
        for listed in (
            f"{PHONE}/numbers",
            f"{PHONE}/contact-rules",
            "/api/v1/identities/",
            "/api/v1/webhooks/subscriptions",
        ):
            assert http.get(listed).status_code == 200


def _number_and_text(account: Account, http: httpx.Client) -> tuple[dict[str, Any], str]:
    """Return a number and an inbound text, creating them again where a request deleted them."""
    found = http.get("/api/v1/identities/fuzzed")
    if found.status_code == 404:
        found = http.post("/api/v1/identities/", json={"agent_handle": "fuzzed"})
    number = found.json()["phone_number"]
    if number is None:
        number = http.post(f"{PHONE}/numbers", json={"agent_handle": "fuzzed"}).json()
    return number, account.text(number["number"], "Hello", FRIEND)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_get_a_422(http: httpx.Client, raw: bytes) -> None:
    response = http.post(f"{PHONE}/place-call", content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code == 422


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        (
            "calls",
            "numbers/{id}/calls",
            "numbers/{id}/texts",
            "numbers/{id}/texts/search",
            "numbers/{id}/texts/conversations",
            "numbers/{id}/search",
            "sms-opt-ins",
            "contact-rules",
        )
    ),
    st.dictionaries(
        st.sampled_from(
            ("q", "limit", "offset", "is_read", "is_blocked", "start_datetime", "end_datetime", "tz", "party", "status")
        ),
        st.text(max_size=12) | st.sampled_from(("9999-12-31", "0001-01-01", "UTC", "../UTC", "true", "1", "remote")),
        max_size=4,
    ),
)
@example("numbers/{id}/texts", {"end_datetime": "9999-12-31"})
@example("numbers/{id}/texts", {"start_datetime": "0001-01-01", "tz": "Pacific/Kiritimati"})
@example("numbers/{id}/texts", {"start_datetime": "2026-01-01", "tz": "/etc/passwd"})
@example("numbers/{id}/texts", {"start_datetime": "2026-01-01", "tz": "\x00"})
def test_any_query_gets_a_200_or_422(ringback: Ringback, path: str, query: dict[str, str]) -> None:
    account = ringback.inkbox
    with account.client() as http:
        number, _ = _number_and_text(account, http)
        response = http.get(f"{PHONE}/{path.format(id=number['id'])}", params=query)
        assert response.status_code in (200, 422), response.text


def test_a_wrong_media_type_and_a_large_body_get_the_vendors_envelope(
    http: httpx.Client, number: dict[str, Any]
) -> None:
    texts = f"{PHONE}/numbers/{number['id']}/texts"
    plain = http.post(texts, content=b'{"to":"x"}', headers={"Content-Type": "text/plain"})
    huge = http.post(texts, content=b" " * (2 * 1024 * 1024), headers={"Content-Type": "application/json"})
    assert (plain.status_code, huge.status_code) == (422, 413)
    for response in (plain, huge):
        assert list(response.json()) == ["detail"]


def test_invalid_ids_get_a_404_or_422(http: httpx.Client, number: dict[str, Any]) -> None:
    for id_, status in (("x", 422), (UNKNOWN_ID, 404), ("num_1", 422), ("%00", 422)):
        assert http.get(f"{PHONE}/numbers/{id_}").status_code == status
    mine = f"{PHONE}/numbers/{number['id']}"
    for path in (f"{mine}/texts/x", f"{mine}/calls/x", f"{PHONE}/calls/x", f"{mine}/contact-rules/x"):
        assert http.get(path).status_code == 404, path

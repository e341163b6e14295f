"""Random input: every response is documented, nothing crashes, and a rejected request changes nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ringback.testing import Ringback
from tests.nokycnumber.conftest import FRIEND

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        (
            "+33612345678",
            "+12125550199",
            "hide",
            "rotate",
            "2026-05-05T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "monthly",
            "*",
            "https://hooks.example.com/",
            "paused",
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
NIGHT = {"timezone": "Europe/Paris", "windows": [{"days": ["mon"], "from": "22:00", "to": "07:00"}]}
GOOD: dict[str, dict[str, Any]] = {
    "POST /v1/sms": {"to": FRIEND, "body": "Hello", "send_at": "2030-01-01T00:00:00Z", "media_urls": []},
    "POST /v1/calls": {"to": FRIEND, "recording_enabled": True, "callerid_mask": "hide", "metadata": {}},
    "POST /v1/numbers": {
        "billing_period": "monthly",
        "addons": ["ai-trans"],
        "webhook_url": "https://hooks.example.com/",
    },
    "POST /v1/webhook_endpoints": {"url": "https://hooks.example.com/", "enabled_events": ["*"], "description": "x"},
    "PATCH /v1/numbers/{id}": {
        "auto_renew": True,
        "webhook_url": None,
        "addons": [],
        "on_off": NIGHT,
        "status": "active",
        "metadata": {},
    },
    "PATCH /v1/numbers/{id}/ai": {
        "auto_pickup": {"after_rings": 3, "voice": "warm_fr"},
        "translator": {"target_language": "fr"},
        "screening": {},
        "voicemail_summary": {},
    },
}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("PATCH /v1/numbers/{id}", {"metadata": {"big": 2**70}})
@example("PATCH /v1/numbers/{id}", {"on_off": NIGHT | {"timezone": "\x00"}})
@example("POST /v1/calls", {"metadata": {"big": -(2**70), "deep": [[[[1]]]]}})
@example("POST /v1/sms", {"send_at": "9999-12-31T23:59:59Z"})
@example("POST /v1/sms", {"to": "+1" + "٣" * 9})
@given(
    st.sampled_from(sorted(GOOD)),
    st.dictionaries(
        st.sampled_from(
            (
                "to",
                "body",
                "from",
                "send_at",
                "media_urls",
                "recording_enabled",
                "callerid_mask",
                "metadata",
                "billing_period",
                "addons",
                "webhook_url",
                "available_id",
                "url",
                "enabled_events",
                "description",
                "auto_renew",
                "on_off",
                "status",
                "auto_pickup",
                "translator",
                "screening",
                "voicemail_summary",
            )
        ),
        VALUES,
        max_size=3,
    ),
)
def test_no_json_body_causes_a_server_error_or_a_wrong_charge(
    ringback: Ringback, operation: str, changes: dict[str, Any]
) -> None:
    account = ringback.nokycnumber
    account.settings(rate_limit=None)
    account.fund("100.00")
    with account.client() as http:
        number = _number(http)
        method, path = operation.split(" ")
        body = {**GOOD[operation], "from": number["id"], **changes}
        if operation == "POST /v1/numbers" and "available_id" not in changes:
            body["available_id"] = http.get("/v1/numbers/available?limit=1").json()["data"][0]["id"]
        before = account.balance
        response = http.request(
            method,
            path.format(id=number["id"]),
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        assert response.status_code < 500, response.text
        if response.status_code >= 400:
            assert account.balance == before
            assert (
                response.json()["error"]["code"] in ("parameter_missing", "parameter_invalid", "invalid_json")
                or response.status_code != 400
            )
        for listed in ("/v1/numbers?limit=3", "/v1/sms?limit=3", "/v1/calls?limit=3", "/v1/webhook_endpoints?limit=3"):
            assert http.get(listed).status_code == 200
        http.patch(
            f"/v1/numbers/{number['id']}",
            json={"status": "active", "on_off": None, "metadata": None, "webhook_url": None},
        )


def _number(http: httpx.Client) -> dict[str, Any]:
    listed = http.get("/v1/numbers?status=active&limit=1").json()["data"]
    if listed:
        found: dict[str, Any] = listed[0]
        return found
    (offer,) = http.get("/v1/numbers/available?limit=1").json()["data"]
    made: dict[str, Any] = http.post(
        "/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"}
    ).json()
    return made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_random_bytes_are_rejected(http: httpx.Client, raw: bytes) -> None:
    response = http.post("/v1/sms", content=raw, headers={"Content-Type": "application/json"})
    assert response.status_code == 400

"""Keys and their scope, identities, numbers, how calls are handled, signing keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ringback.testing import Account, ControlError, Ringback
from tests.inkbox.conftest import FRIEND, OTHER, PHONE, UNKNOWN_ID, Provision, error, field

# -- keys ------


@pytest.mark.parametrize("header", ["X-Service-Token", "X-API-Key", "x-service-token"])
def test_a_key_is_accepted_in_either_header(account: Account, header: str) -> None:
    with httpx.Client(base_url=account.base_url, headers={header: account.key}, trust_env=False) as http:
        assert http.get(f"{PHONE}/numbers").json() == []


@pytest.mark.parametrize(
    "headers", [{}, {"X-Service-Token": ""}, {"X-Service-Token": "wrong"}, {"X-API-Key": "ApiKey_0"}]
)
def test_a_request_without_a_valid_key_is_401(account: Account, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=account.base_url, headers=headers, trust_env=False) as http:
        for path in (f"{PHONE}/numbers", "/api/whoami", "/nowhere"):
            response = http.get(path)
            assert (response.status_code, list(response.json())) == (401, ["detail"])
        response = http.get(f"{PHONE}/numbers", headers={"Authorization": f"Bearer {account.key}"})
        assert response.status_code == 401


def test_an_unknown_path_gets_the_vendors_envelope(http: httpx.Client) -> None:
    for method, path in (
        ("GET", f"{PHONE}/nowhere"),
        ("PUT", f"{PHONE}/numbers"),
        ("GET", "/api/v1/identities"),
        ("GET", f"{PHONE}/numbers/"),
    ):
        response = http.request(method, path)
        assert (response.status_code, list(response.json())) == (404, ["detail"]), path


def test_whoami_shows_the_scope_of_a_key(http: httpx.Client, agent_http: httpx.Client) -> None:
    admin, agent = http.get("/api/whoami").json(), agent_http.get("/api/whoami").json()
    assert (admin["auth_type"], admin["auth_subtype"]) == ("api_key", "api_key.admin_scoped")
    assert agent["auth_subtype"] == "api_key.agent_scoped.claimed"
    assert admin["organization_id"] == agent["organization_id"]
    assert isinstance(admin["created_at"], float)


def test_an_agents_key_sees_its_own_identity_only(
    http: httpx.Client, number: dict[str, Any], agent_http: httpx.Client, provision: Provision
) -> None:
    other = provision("other")
    assert [one["id"] for one in agent_http.get(f"{PHONE}/numbers").json()] == [number["id"]]
    assert [one["agent_handle"] for one in agent_http.get("/api/v1/identities/").json()] == ["support"]
    for path in (f"{PHONE}/numbers/{other['id']}", f"{PHONE}/numbers/{other['id']}/texts", "/api/v1/identities/other"):
        assert agent_http.get(path).status_code == 404, path
    assert agent_http.get(f"{PHONE}/incoming-call-action").json()["agent_identity_id"] == number["agent_identity_id"]
    query = {"agent_identity_id": other["agent_identity_id"]}
    assert agent_http.get(f"{PHONE}/incoming-call-action", params=query).status_code == 403
    assert agent_http.get(f"{PHONE}/calls", params=query).status_code == 403
    assert agent_http.get(f"{PHONE}/calls").json() == []


def test_an_agents_key_is_403_where_an_admin_is_required(
    http: httpx.Client, number: dict[str, Any], agent_http: httpx.Client
) -> None:
    mine = f"{PHONE}/numbers/{number['id']}"
    attempts = [
        ("PATCH", mine, {"filter_mode": "whitelist"}),
        ("DELETE", mine, None),
        ("POST", f"{mine}/contact-rules", {"action": "block", "match_target": FRIEND}),
        ("GET", f"{PHONE}/contact-rules", None),
        ("GET", f"{PHONE}/sms-opt-ins", None),
        ("POST", f"{PHONE}/sms-opt-ins/{FRIEND}/opt-in", None),
        ("POST", "/api/v1/identities/", {"agent_handle": "another"}),
        ("PATCH", "/api/v1/identities/support", {"phone_filter_mode": "whitelist"}),
        ("DELETE", "/api/v1/identities/support", None),
        ("POST", "/api/v1/api-keys", {"label": "x", "scoped_identity_id": number["agent_identity_id"]}),
    ]
    for method, path, body in attempts:
        response = agent_http.request(method, path, json=body) if body is not None else agent_http.request(method, path)
        assert response.status_code == 403, f"{method} {path}: {response.text}"
    seen = http.get(mine).json()
    assert (seen["status"], seen["filter_mode"]) == ("active", "blacklist")
    assert agent_http.patch(mine, json={"incoming_call_action": "hosted_agent"}).status_code == 200


def test_the_control_api_issues_keys_of_both_kinds(ringback: Ringback) -> None:
    keys = [{"kind": "admin"}, {"kind": "agent", "agent_handle": "desk"}]
    account = ringback.account("inkbox", keys=keys)
    with account.client() as admin, account.client(key=account.keys[1]["secret"]) as agent:
        (identity,) = admin.get("/api/v1/identities/").json()
        assert identity["agent_handle"] == "desk"
        assert agent.get("/api/whoami").json()["auth_subtype"] == "api_key.agent_scoped.claimed"
        assert agent.post(f"{PHONE}/numbers", json={"agent_handle": "desk"}).status_code == 201
    for key in ({"kind": "agent"}, {"kind": "admin", "agent_handle": "x"}, {"agent_handle": "-x"}, {"kind": "master"}):
        with pytest.raises(ControlError) as rejected:
            ringback.account("inkbox", keys=[key])
        assert rejected.value.status == 422


def test_keys_of_other_vendors_have_no_agent(ringback: Ringback) -> None:
    with pytest.raises(ControlError, match="binds no key"):
        ringback.account("kwickphone", keys=[{"agent_handle": "desk"}])


# -- identities ------


def test_an_identity_is_created_changed_and_deleted(account: Account, http: httpx.Client) -> None:
    body = {
        "agent_handle": "@desk",
        "display_name": "The desk",
        "description": "x",
        "mailbox": {"email_local_part": "d"},
    }
    made = http.post("/api/v1/identities/", json=body)
    assert made.status_code == 201
    identity = made.json()
    assert (identity["agent_handle"], identity["phone_number"], identity["mailbox"]) == ("desk", None, None)
    assert http.get("/api/v1/identities/@desk").json() == identity
    assert error(http.post("/api/v1/identities/", json={"agent_handle": "Desk"})) == (409, "agent_handle_unavailable")
    changed = http.patch("/api/v1/identities/desk", json={"description": None, "display_name": "D"}).json()
    assert (changed["description"], changed["display_name"]) == (None, "D")
    number = http.post(f"{PHONE}/numbers", json={"agent_handle": "desk"}).json()
    key = http.post("/api/v1/api-keys", json={"label": "x", "scoped_identity_id": identity["id"]}).json()["api_key"]
    assert http.get("/api/v1/identities/desk").json()["phone_number"] == number
    assert http.delete("/api/v1/identities/desk").status_code == 204
    assert http.get("/api/v1/identities/desk").status_code == 404
    assert http.get(f"{PHONE}/numbers").json() == []
    with account.client(key=key) as agent:
        assert agent.get("/api/whoami").status_code == 401
    assert http.post("/api/v1/identities/", json={"agent_handle": "desk"}).status_code == 201


def test_an_identity_is_not_created_without_its_number(ringback: Ringback) -> None:
    account = ringback.account("inkbox", number_limit=1)
    with account.client() as http:
        for spec, status in (
            ({"state": "ZZ"}, 422),
            ({"state": "AK"}, 404),
            ({"incoming_call_action": "auto_accept"}, 422),
            ({"incoming_call_action": "webhook", "incoming_call_webhook_url": "http://10.0.0.1/"}, 422),
        ):
            response = http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": spec})
            assert response.status_code == status, response.text
        assert http.get("/api/v1/identities/").json() == []
        assert http.post("/api/v1/identities/", json={"agent_handle": "a", "phone_number": {}}).status_code == 201
        response = http.post("/api/v1/identities/", json={"agent_handle": "b", "phone_number": {}})
        assert response.status_code == 429
        assert [one["agent_handle"] for one in http.get("/api/v1/identities/").json()] == ["a"]


@pytest.mark.parametrize("handle", ["", "-", "a b", "x" * 64, "ünicode", 7, None])
def test_an_invalid_handle_is_rejected(http: httpx.Client, handle: Any) -> None:
    assert field(http.post("/api/v1/identities/", json={"agent_handle": handle})) == "agent_handle"


def test_access_is_granted_and_revoked(account: Account, http: httpx.Client, provision: Provision) -> None:
    provision("one")
    two = provision("two")
    key = http.post("/api/v1/api-keys", json={"label": "x", "scoped_identity_id": two["agent_identity_id"]}).json()
    with account.client(key=key["api_key"]) as viewer:
        assert viewer.get("/api/v1/identities/one").status_code == 404
        body = {"viewer_identity_id": two["agent_identity_id"]}
        assert http.post("/api/v1/identities/one/access", json=body).status_code == 201
        assert error(http.post("/api/v1/identities/one/access", json=body)) == (409, "redundant_grant")
        assert viewer.get("/api/v1/identities/one").status_code == 200
        assert viewer.patch("/api/v1/identities/one", json={"display_name": "x"}).status_code == 403
        path = f"/api/v1/identities/one/access/{two['agent_identity_id']}"
        assert http.delete(path).status_code == 204
        assert http.delete(path).status_code == 404
        assert viewer.get("/api/v1/identities/one").status_code == 404
        assert http.post("/api/v1/identities/one/access", json={"viewer_identity_id": None}).status_code == 201
        assert [one["agent_handle"] for one in viewer.get("/api/v1/identities/").json()] == ["two", "one"]


# -- numbers ------


@pytest.mark.parametrize(
    ("body", "prefix"), [({}, "+1"), ({"state": "NY"}, "+1"), ({"type": "toll_free"}, "+18"), ({"state": "ny"}, "+1")]
)
def test_a_number_is_provisioned_and_released(
    account: Account, http: httpx.Client, provision: Provision, body: dict[str, Any], prefix: str
) -> None:
    number = provision(**body)
    assert number["number"].startswith(prefix)
    assert (number["type"], number["status"]) == (body.get("type", "local"), "active")
    assert (number["state"] is None) == (body.get("type") == "toll_free")
    if "state" in body:
        assert number["state"] == "NY"
    assert http.get(f"{PHONE}/numbers/{number['id'].upper()}").json() == number
    assert http.get(f"{PHONE}/numbers").json() == [number]
    assert http.delete(f"{PHONE}/numbers/{number['id']}").status_code == 204
    for method in ("GET", "DELETE"):
        assert http.request(method, f"{PHONE}/numbers/{number['id']}").status_code == 404
    assert account.show()["numbers"][0]["status"] == "released"
    with pytest.raises(ControlError):
        account.call(number["number"], FRIEND)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"agent_handle": "unknown"}, 404),
        ({"agent_handle": "support"}, 409),
        ({"agent_handle": "bare", "type": "mobile"}, 422),
        ({"agent_handle": "bare", "state": "New York"}, 422),
        ({"agent_handle": "bare", "state": "AK"}, 404),
        ({"agent_handle": "bare", "type": "toll_free", "state": "NY"}, 422),
        ({"agent_handle": "bare", "incoming_call_action": "auto_accept"}, 422),
        ({"agent_handle": "bare", "client_websocket_url": "http://x.example.com/"}, 422),
        ({"agent_handle": "bare", "filter_mode": "grey"}, 422),
    ],
)
def test_an_invalid_request_for_a_number_is_rejected(
    http: httpx.Client, number: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    http.post("/api/v1/identities/", json={"agent_handle": "bare"})
    assert http.post(f"{PHONE}/numbers", json=body).status_code == status
    assert len(http.get(f"{PHONE}/numbers").json()) == 1


def test_an_organization_has_three_numbers(account: Account, http: httpx.Client, provision: Provision) -> None:
    numbers = [provision(f"agent{n}") for n in range(3)]
    http.post("/api/v1/identities/", json={"agent_handle": "fourth"})
    assert http.post(f"{PHONE}/numbers", json={"agent_handle": "fourth"}).status_code == 429
    http.delete(f"{PHONE}/numbers/{numbers[0]['id']}")
    assert http.post(f"{PHONE}/numbers", json={"agent_handle": "fourth"}).status_code == 201


def test_the_number_and_its_identity_show_the_same_call_handling(http: httpx.Client, number: dict[str, Any]) -> None:
    mine, identity = f"{PHONE}/numbers/{number['id']}", number["agent_identity_id"]
    body = {
        "agent_identity_id": identity,
        "incoming_call_action": "auto_accept",
        "client_websocket_url": "wss://a.example.com/",
    }
    assert http.put(f"{PHONE}/incoming-call-action", json=body).status_code == 200
    seen = http.get(mine).json()
    assert (seen["incoming_call_action"], seen["client_websocket_url"]) == ("auto_accept", "wss://a.example.com/")
    http.patch(mine, json={"incoming_call_action": "auto_reject", "client_websocket_url": None})
    found = http.get(f"{PHONE}/incoming-call-action", params={"agent_identity_id": identity}).json()
    assert (found["incoming_call_action"], found["client_websocket_url"]) == ("auto_reject", None)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"incoming_call_action": "auto_accept"}, "client_websocket_url"),
        ({"incoming_call_action": "webhook"}, "incoming_call_webhook_url"),
        ({"incoming_call_action": "forward"}, "forwarding_target_type"),
        ({"incoming_call_action": "forward", "forwarding_target_type": "phone"}, "forwarding_phone_number"),
        ({"forwarding_target_type": "phone", "forwarding_phone_number": "911"}, "forwarding_phone_number"),
        ({"forwarding_target_type": "sip", "forwarding_sip_uri": "desk"}, "forwarding_sip_uri"),
        ({"forwarding_target_type": "sip", "forwarding_phone_number": OTHER}, "forwarding_sip_uri"),
        ({"forwarding_phone_number": OTHER}, "forwarding_target_type"),
        ({"incoming_call_action": "answer"}, "incoming_call_action"),
        ({"client_websocket_url": 7}, "client_websocket_url"),
        ({"client_websocket_url": "wss://"}, "client_websocket_url"),
        ({"incoming_call_webhook_url": "https://192.168.1.1/"}, "incoming_call_webhook_url"),
        ({"incoming_text_webhook_url": "https://hooks.example.com/"}, "incoming_text_webhook_url"),
    ],
)
def test_an_invalid_change_changes_nothing(
    http: httpx.Client, number: dict[str, Any], change: dict[str, Any], where: str
) -> None:
    assert field(http.patch(f"{PHONE}/numbers/{number['id']}", json=change)) == where
    assert http.get(f"{PHONE}/numbers/{number['id']}").json() == number


def test_null_clears_and_an_absent_field_stays(http: httpx.Client, number: dict[str, Any]) -> None:
    mine = f"{PHONE}/numbers/{number['id']}"
    set_ = {"client_websocket_url": "wss://a.example.com/", "incoming_call_webhook_url": "https://b.example.com/"}
    http.patch(mine, json=set_)
    seen = http.patch(mine, json={"client_websocket_url": None}).json()
    assert (seen["client_websocket_url"], seen["incoming_call_webhook_url"]) == (None, "https://b.example.com/")
    assert http.patch(mine, json={}).json()["incoming_call_webhook_url"] == "https://b.example.com/"
    http.patch(mine, json={"incoming_call_action": "webhook"})
    assert field(http.patch(mine, json={"incoming_call_webhook_url": None})) == "incoming_call_webhook_url"


def test_the_hosted_agents_configuration_is_replaced_whole(http: httpx.Client, number: dict[str, Any]) -> None:
    identity = number["agent_identity_id"]
    voices = http.get(f"{PHONE}/hosted-agent-voices").json()
    usable = next(voice["id"] for voice in voices["voices"] if voice["available"])
    locked = next(voice["id"] for voice in voices["voices"] if not voice["available"])
    path = f"{PHONE}/hosted-agent-config"
    body = {"agent_identity_id": identity, "voice": usable, "instructions": "Be brief."}
    assert http.put(path, json=body).json()["effective_voice"] == usable
    for voice in (locked, "unknown"):
        assert field(http.put(path, json={**body, "voice": voice})) == "voice"
    after = http.put(path, json={"agent_identity_id": identity}).json()
    assert (after["voice"], after["instructions"]) == (None, None)
    assert after["effective_voice"] == voices["default_voice"]
    assert field(http.get(path)) == "agent_identity_id"
    assert http.get(path, params={"agent_identity_id": UNKNOWN_ID}).status_code == 404


# -- signing keys ------


def test_signing_keys_rotate_and_are_shown_once(
    http: httpx.Client, number: dict[str, Any], agent_http: httpx.Client
) -> None:
    status = "/api/v1/identities/support/signing-key"
    assert http.get(status).json() == {"configured": False, "created_at": None}
    assert http.get("/api/v1/signing-keys").json()["configured"] is False
    first = http.post("/api/v1/signing-keys", json={})
    second = http.post("/api/v1/signing-keys", json={})
    assert first.status_code == 201
    assert first.json()["signing_key"] != second.json()["signing_key"]
    assert http.get(status).json()["configured"] is True
    own = agent_http.post("/api/v1/signing-keys", json={}).json()["signing_key"]
    assert own.startswith("whsec_")
    assert "signing_key" not in http.get("/api/v1/identities/support").json()
    assert http.get("/api/v1/identities/support").json()["signing_key_configured"] is True
    assert agent_http.get("/api/v1/signing-keys").json()["configured"] is True
    assert http.post("/api/v1/identities/unknown/signing-key", json={}).status_code == 404

"""What every request has in common: keys, scopes, versions, limits, idempotency, pages, errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, ControlError, Receiver, Ringback
from tests.nokycnumber.conftest import FRIEND, Activate, code, event_names

KEY = {"Idempotency-Key": "9b3d4a7c-8a4c-2f1e-9b3d-4a7c8a4c2f1e"}


def with_key(account: Account, secret: str) -> httpx.Client:
    return httpx.Client(base_url=account.base_url, headers={"Authorization": f"Bearer {secret}"}, trust_env=False)


# -- keys, scopes, versions ------


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer sk_live_nobody", "Basic sk_live_ringback", "Bearer pk_live_x"]
)
def test_without_a_valid_key_every_path_is_401(account: Account, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/v1/numbers", "/v1/nothing", "/v1/account"):
        response = httpx.get(account.base_url + path, headers=headers, trust_env=False)
        assert code(response) == (401, "invalid_api_key")
        assert response.json()["error"]["request_id"] == response.headers["Request-Id"]


def test_a_publishable_key_authenticates_nothing(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", keys=[{"kind": "publishable"}, {"kind": "secret"}])
    publishable, secret = (key["secret"] for key in account.keys)
    assert publishable.startswith("pk_live_")
    with with_key(account, publishable) as http:
        assert code(http.get("/v1/numbers")) == (401, "invalid_api_key")
    with with_key(account, secret) as http:
        assert http.get("/v1/numbers").status_code == 200


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [("read", {"GET"}), ("read_write", {"GET", "POST", "PATCH"}), ("admin", {"GET", "POST", "PATCH", "DELETE"})],
)
def test_a_scope_allows_its_methods(ringback: Ringback, scope: str, allowed: set[str]) -> None:
    account = ringback.account("nokycnumber", keys=[{"scope": scope}])
    with account.client() as http:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            response = http.request(method, "/v1/numbers/num_000000000000")
            if method in allowed:
                assert response.json()["error"]["code"] == "not_found"
            else:
                assert code(response) == (403, "insufficient_scope")
                assert response.json()["error"]["type"] == "authorization_error"


def test_a_key_of_an_unknown_scope_is_not_issued(ringback: Ringback) -> None:
    with pytest.raises(ControlError) as rejected:
        ringback.account("nokycnumber", keys=[{"scope": "root"}])
    assert (rejected.value.status, rejected.value.param) == (422, "scope")


def test_a_rotated_key_works_for_five_minutes_more(ringback: Ringback, account: Account, http: httpx.Client) -> None:
    fresh = ringback.control.post(f"/accounts/{account.id}/keys/{account.keys[0]['key_id']}/rotate")["secret"]
    account.advance(seconds=299)
    assert http.get("/v1/numbers").status_code == 200
    account.advance(seconds=1)
    assert code(http.get("/v1/numbers")) == (401, "invalid_api_key")
    with with_key(account, fresh) as http:
        assert http.get("/v1/numbers").status_code == 200


def test_another_accounts_records_are_not_found(ringback: Ringback, activate: Activate) -> None:
    number = activate()
    with ringback.account("nokycnumber").client() as other:
        path = f"/v1/numbers/{number['id']}"
        for response in (
            other.get(path),
            other.patch(path, json={}),
            other.delete(path),
            other.get(f"{path}/ai"),
        ):
            assert code(response) == (404, "not_found")
        assert code(other.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"})) == (
            404,
            "not_found",
        )
        assert code(other.get("/v1/numbers", params={"starting_after": number["id"]})) == (400, "parameter_invalid")


def test_versions_are_pinned_by_request_and_by_account(ringback: Ringback, http: httpx.Client) -> None:
    assert "NoKYC-Deprecation" not in http.get("/v1/numbers").headers
    old = {"NoKYC-Version": "2025-10-01"}
    assert "2026-04-01" in http.get("/v1/numbers", headers=old).headers["NoKYC-Deprecation"]
    assert "NoKYC-Deprecation" in http.get("/v1/nothing", headers=old).headers
    assert code(http.get("/v1/numbers", headers={"NoKYC-Version": "2024-01-01"})) == (400, "unknown_version")
    pinned = ringback.account("nokycnumber", default_version="2025-10-01")
    with pinned.client() as other:
        assert "NoKYC-Deprecation" in other.get("/v1/numbers").headers
        assert "NoKYC-Deprecation" not in other.get("/v1/numbers", headers={"NoKYC-Version": "2026-04-01"}).headers
    with pytest.raises(ControlError):
        ringback.account("nokycnumber", default_version="yesterday")


# -- limits ------


def test_remaining_counts_down_and_a_burst_passes_the_limit_by_a_tenth(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber")
    with account.client() as http:
        left = []
        for _ in range(110):
            response = http.get("/v1/numbers")
            assert response.status_code == 200
            assert response.headers["X-Rate-Limit-Limit"] == "100"
            left.append(int(response.headers["X-Rate-Limit-Remaining"]))
        assert left == [*range(99, -1, -1), *[0] * 10]
        rejected = http.get("/v1/numbers")
        assert code(rejected) == (429, "rate_limited")
        assert rejected.json()["error"]["type"] == "rate_limit_error"
        account.advance(seconds=int(rejected.headers["Retry-After"]))
        assert http.get("/v1/numbers").status_code == 200
        account.advance(until=_iso(int(rejected.headers["X-Rate-Limit-Reset"]) + 5))
        assert http.get("/v1/numbers").headers["X-Rate-Limit-Remaining"] == "99"


def test_limits_are_per_key_and_can_be_lifted(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", keys=[{"rate_limit": 2}, {"rate_limit": 2}, {"rate_limit": None}])
    first, second, lifted = (with_key(account, key["secret"]) for key in account.keys)
    with first, second, lifted:
        assert [first.get("/v1/account").status_code for _ in range(3)] == [200, 200, 429]
        assert second.get("/v1/account").status_code == 200
        assert {lifted.get("/v1/account").status_code for _ in range(150)} == {200}


def _iso(second: int) -> str:
    from ringback.carrier.clock import SECOND, iso_z

    return iso_z(second * SECOND)


# -- idempotency ------


def test_a_retry_gets_the_first_response_and_has_no_effect(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate()
    body = {"from": number["id"], "to": FRIEND, "body": "Hello"}
    balance = account.balance
    first = http.post("/v1/sms", json=body, headers=KEY)
    again = http.post(
        "/v1/sms",
        content=b'{ "to": "%s", "body":"Hello", "from": "%s" }' % (FRIEND.encode(), number["id"].encode()),
        headers=KEY | {"Content-Type": "application/json"},
    )
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert account.balance == balance - Decimal("0.012")
    account.advance(minutes=1)
    assert event_names(account, "sms.sent") == ["sms.sent"]
    other = http.post("/v1/sms", json=body | {"body": "Bye"}, headers=KEY)
    assert code(other) == (409, "idempotency_key_mismatch")
    account.advance(hours=24)
    assert http.post("/v1/sms", json=body, headers=KEY).json()["id"] != first.json()["id"]


def test_concurrent_retries_have_one_effect(account: Account, http: httpx.Client, activate: Activate) -> None:
    number = activate()
    balance = account.balance
    body = {"from": number["id"], "to": FRIEND, "body": "Hello"}
    with ThreadPoolExecutor(12) as pool:
        responses = list(pool.map(lambda _: http.post("/v1/sms", json=body, headers=KEY), range(24)))
    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    assert account.balance == balance - Decimal("0.012")


def test_keys_are_per_account_and_per_operation(ringback: Ringback, http: httpx.Client, activate: Activate) -> None:
    number = activate()
    sms = http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"}, headers=KEY)
    call = http.post("/v1/calls", json={"from": number["id"], "to": FRIEND}, headers=KEY)
    assert (sms.status_code, call.status_code) == (201, 201)
    with ringback.account("nokycnumber").client() as other:
        response = other.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"}, headers=KEY)
        assert code(response) == (404, "not_found")


def test_an_error_response_is_not_stored_so_a_retry_can_succeed(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="1.00")
    with account.client() as http:
        (offer,) = http.get("/v1/numbers/available?limit=1&tier=standard").json()["data"]
        body = {"available_id": offer["id"], "billing_period": "monthly"}
        assert code(http.post("/v1/numbers", json=body, headers=KEY)) == (402, "insufficient_balance")
        account.fund("10.00")
        assert http.post("/v1/numbers", json=body, headers=KEY).status_code == 201


def test_a_retry_after_a_broken_connection_has_one_effect(
    ringback: Ringback, account: Account, http: httpx.Client, activate: Activate
) -> None:
    number = activate()
    body = {"from": number["id"], "to": FRIEND, "body": "Hello"}
    ringback.fault("nokycnumber", "createSms", account_id=account.id, first=1, truncate=10)
    with pytest.raises(httpx.TransportError):
        http.post("/v1/sms", json=body, headers=KEY)
    assert http.post("/v1/sms", json=body, headers=KEY).status_code == 201
    assert len(http.get("/v1/sms").json()["data"]) == 1


@pytest.mark.parametrize("key", ["", "a b", "x" * 256])
def test_a_malformed_idempotency_key_is_rejected(http: httpx.Client, activate: Activate, key: str) -> None:
    number = activate()
    response = http.post(
        "/v1/sms", json={"from": number["id"], "to": FRIEND, "body": "x"}, headers={"Idempotency-Key": key}
    )
    assert code(response) == (400, "parameter_invalid")


def test_stored_responses_survive_a_snapshot() -> None:
    with Ringback("nokycnumber") as ringback:
        account = ringback.account("nokycnumber")
        with account.client() as http:
            (offer,) = http.get("/v1/numbers/available?limit=1").json()["data"]
            body = {"available_id": offer["id"], "billing_period": "monthly"}
            first = http.post("/v1/numbers", json=body, headers=KEY)
            ringback.restore(ringback.snapshot())
            assert http.post("/v1/numbers", json=body, headers=KEY).content == first.content


# -- pages ------


def test_paging_returns_every_object_once_while_others_are_created(http: httpx.Client, activate: Activate) -> None:
    number = activate()

    def send(index: int) -> str:
        return str(http.post("/v1/sms", json={"from": number["id"], "to": FRIEND, "body": str(index)}).json()["id"])

    expected = [send(index) for index in range(23)][::-1]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        page = http.get("/v1/sms", params=query).json()
        seen += [message["id"] for message in page["data"]]
        send(99)
        if not page["has_more"]:
            assert page["next_cursor"] is None
            break
        assert page["next_cursor"] == seen[-1]
        query["starting_after"] = page["next_cursor"]
    assert seen == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from("ab"), max_size=40), st.integers(1, 7), st.data())
def test_pages_of_a_filtered_list_make_up_the_filtered_list(kinds: list[str], limit: int, data: st.DataObject) -> None:
    from ringback.gateway.paging import page
    from ringback.store import Collection, Record

    records: Collection[Record] = Collection(Record, account=lambda record: record.account)
    for index, kind in enumerate(kinds):
        records.add(Record(id=f"{kind}{index}", account="me"))
    wanted = data.draw(st.sampled_from((None, "a", "b")))
    expected = [record.id for record in reversed(list(records)) if wanted is None or record.id[0] == wanted]
    seen: list[str] = []
    after = None
    while True:
        keep = None if wanted is None else (lambda record: record.id[0] == wanted)
        found = page(records, "account", "me", limit=limit, after=after, wanted=keep)
        assert len(found.data) <= limit
        seen += [record.id for record in found.data]
        records.add(Record(id=f"a-new{len(records)}", account="me"))
        if not found.has_more:
            break
        after = found.data[-1]
    assert seen == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=",
        "limit=5&limit=6",
        "ending_before=num_000000000000",
        "starting_after=",
        "starting_after=num_000000000000",
    ],
)
@pytest.mark.parametrize("path", ["/v1/numbers", "/v1/calls", "/v1/sms", "/v1/voicemails", "/v1/webhook_endpoints"])
def test_an_invalid_page_query_is_rejected(http: httpx.Client, path: str, query: str) -> None:
    assert code(http.get(f"{path}?{query}")) == (400, "parameter_invalid")


@pytest.mark.parametrize("query", ["=a", "=a&=b", "a", "&&", "%00=1", "page=2&page=3"])
@pytest.mark.parametrize("path", ["/v1/numbers", "/v1/numbers/available", "/v1/account/usage"])
def test_undocumented_parameters_are_ignored(http: httpx.Client, path: str, query: str) -> None:
    assert http.get(f"{path}?{query}").status_code == 200


# -- bodies and routes ------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("PUT", "/v1/numbers"),
        ("DELETE", "/v1/account"),
        ("OPTIONS", "/v1/numbers"),
        ("TRACE", "/v1/numbers"),
        ("GET", "/v1/numbers/"),
        ("GET", "/v1//numbers"),
        ("POST", "/v1/files/recordings/x.mp3"),
    ],
)
def test_an_unknown_route_is_404_in_the_envelope(http: httpx.Client, method: str, path: str) -> None:
    assert code(http.request(method, path)) == (404, "not_found")


def test_forms_are_415_and_malformed_json_is_400(http: httpx.Client) -> None:
    assert code(http.post("/v1/sms", data={"from": "x"})) == (415, "unsupported_media_type")
    for body in (b"{", b"[]", b'"x"', b"\xff", b"null", b"[" * 5000, b""):
        response = http.post("/v1/sms", content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 400, body
        assert response.json()["error"]["code"] in ("invalid_json", "parameter_missing")
    big = http.post(
        "/v1/sms", content=b'{"x": "' + b"a" * 1_100_000 + b'"}', headers={"Content-Type": "application/json"}
    )
    assert code(big) == (413, "request_too_large")


def test_request_ids_are_all_different(http: httpx.Client) -> None:
    assert len({http.get("/v1/account").headers["Request-Id"] for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "api_error"), (502, "upstream_error"), (503, "api_error"), (429, "rate_limit_error")]
)
def test_injected_faults_have_the_vendors_error_types(
    ringback: Ringback, account: Account, http: httpx.Client, status: int, kind: str
) -> None:
    fault = ringback.fault("nokycnumber", "listNumbers", account_id=account.id, status=status)
    response = http.get("/v1/numbers")
    assert (response.status_code, response.json()["error"]["type"]) == (status, kind)
    fault.remove()
    assert http.get("/v1/numbers").status_code == 200


def test_plain_http_is_redirected_to_https_under_tls() -> None:
    with Ringback("nokycnumber", tls=True) as ringback:
        response = httpx.get(f"{ringback.url}/nokycnumber/v1/numbers?limit=5", trust_env=False)
        assert response.status_code == 301
        assert response.headers["Location"] == f"{ringback.https_url}/nokycnumber/v1/numbers?limit=5"

"""Keys: live and test, full, read-only and write-only; limits, envelope, faults, snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Ringback
from tests.phonestack.conftest import LEAD, Api, campaign_of

SEED = {"campaigns": [{"name": "C"}], "reports": [{"name": "R"}]}
MINE = {"full": {}, "reader": {"scope": "read_only"}, "writer": {"scope": "write_only"}, "test": {"kind": "test"}}


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("phonestack", rate_limit=None, keys=list(MINE.values()), **SEED)


@pytest.fixture
def clients(account: Account) -> Iterator[dict[str, Api]]:
    opened = {name: account.client(key=key["secret"]) for name, key in zip(MINE, account.keys, strict=True)}
    yield {name: Api(client) for name, client in opened.items()}
    for client in opened.values():
        client.close()


def calls_of(http: Api, account: Account) -> dict[str, list[tuple[str, str, Any]]]:
    """Return a valid request of every operation: the reads and the writes."""
    field = http.post("/custom-fields", name="plan", type="string")["id"]
    profile = http.post("/profiles", name="Riley")["id"]
    contact = http.post("/contacts", phone=LEAD)["id"]
    account.script({"to": LEAD}, duration=20, outcome="callback")
    call = http.post("/calls/trigger", profile_id=profile, phone=LEAD)["id"]
    campaign, report = campaign_of(http, "C")["id"], http.get("/reports")[0]["id"]
    return {
        "read": [
            ("GET", "/contacts", None),
            ("GET", f"/contacts/{contact}", None),
            ("GET", "/calls", None),
            ("GET", f"/calls/{call}", None),
            ("GET", f"/calls/{call}/transcript", None),
            ("GET", f"/calls/{call}/recording", None),
            ("GET", "/campaigns", None),
            ("GET", f"/campaigns/{campaign}", None),
            ("GET", "/custom-fields", None),
            ("GET", f"/custom-fields/{field}", None),
            ("GET", "/profiles", None),
            ("GET", f"/profiles/{profile}", None),
            ("GET", "/reports", None),
            ("GET", f"/reports/{report}", None),
            ("POST", f"/reports/{report}/execute", {}),
            ("GET", f"/reports/{report}/export?format=csv", None),
        ],
        "write": [
            ("POST", "/contacts", {"phone": "+19725550100"}),
            ("POST", "/contacts/bulk", {"contacts": [{"phone": "+19725550101"}]}),
            ("PATCH", f"/contacts/{contact}", {"first_name": "Dana"}),
            ("POST", f"/contacts/{contact}/dnc", None),
            ("DELETE", f"/contacts/{contact}/dnc", None),
            ("POST", "/calls/trigger", {"profile_id": profile, "phone": LEAD}),
            ("POST", f"/campaigns/{campaign}/start", None),
            ("POST", f"/campaigns/{campaign}/pause", None),
            ("POST", f"/campaigns/{campaign}/resume", None),
            ("POST", f"/campaigns/{campaign}/stop", None),
            ("POST", "/custom-fields", {"name": "tier", "type": "string"}),
            ("PATCH", f"/custom-fields/{field}", {"required": False}),
            ("POST", "/profiles", {"name": "Sam"}),
            ("PATCH", f"/profiles/{profile}", {"voice": "calm"}),
            ("DELETE", f"/profiles/{profile}", None),
            ("DELETE", f"/custom-fields/{field}", None),
            ("DELETE", f"/contacts/{contact}", None),
        ],
    }


def test_every_operation_requires_a_key_with_its_scope(clients: dict[str, Api], account: Account) -> None:
    operations = calls_of(clients["full"], account)
    assert len(operations["read"]) + len(operations["write"]) == 33
    account.advance(idle=True)
    before = account.show()["calls"]
    for method, path, body in operations["write"]:
        assert clients["test"].error(method, path, json=body)[:2] == (403, "TEST_KEY"), path
        assert clients["reader"].error(method, path, json=body)[:2] == (403, "READ_ONLY"), path
    assert account.show()["calls"] == before
    for method, path, body in operations["read"]:
        assert clients["writer"].error(method, path, json=body)[:2] == (403, "WRITE_ONLY"), path
        for reader in ("test", "reader"):
            assert clients[reader].request(method, path, json=body).status_code == 200, path
    for method, path, body in operations["write"]:
        assert clients["writer"].request(method, path, json=body).status_code in (200, 201), path


def test_prefixes_distinguish_live_from_test_keys(account: Account) -> None:
    assert [key["secret"][:8] for key in account.keys] == ["ps_live_"] * 3 + ["ps_test_"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ps_live_nobody", "Basic abc", "ps_live_ringback"])
def test_every_request_requires_a_valid_key(account: Account, header: str) -> None:
    with httpx.Client(base_url=account.base_url, headers={"authorization": header} if header else {}) as client:
        for path in ("/contacts", "/calls", "/nowhere"):
            assert Api(client).error("GET", path)[:2] == (401, "UNAUTHORIZED")


# -- limits ------


def test_the_limit_is_100_a_minute_and_retry_after_is_exact(ringback: Ringback) -> None:
    account = ringback.account("phonestack", keys=[{}, {}])
    with account.client() as client, account.client(key=account.keys[1]["secret"]) as other:
        http = Api(client)
        for _ in range(50):
            http.get("/contacts")
        account.advance(seconds=20)
        for _ in range(50):
            http.get("/calls")
        error = http.request("GET", "/contacts")
        assert (error.status_code, error.json()["error"]["code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert error.headers["retry-after"] == "40"
        assert Api(other).get("/contacts") == [], "keys are counted apart"
        account.advance(seconds=39)
        assert http.request("GET", "/contacts").status_code == 429
        account.advance(seconds=1)
        assert http.request("GET", "/contacts").status_code == 200


def test_bulk_requests_are_limited_to_ten_a_minute_and_counted_separately(ringback: Ringback) -> None:
    account = ringback.account("phonestack")
    with account.client() as client:
        http = Api(client)
        for number in range(10):
            http.post("/contacts/bulk", contacts=[{"phone": f"+1972555{number:04d}"}])
        error = http.request("POST", "/contacts/bulk", json={"contacts": [{"phone": LEAD}]})
        assert (error.status_code, error.headers["retry-after"]) == (429, "60")
        for _ in range(100):
            http.get("/contacts")
        assert http.error("GET", "/contacts")[0] == 429
        account.advance(seconds=60)
        assert http.post("/contacts/bulk", contacts=[{"phone": LEAD}])["created"] == 1


@pytest.mark.parametrize(("limit", "bulk"), [(5, 5), (50, 10)])
def test_a_lower_limit_of_a_key_applies_to_bulk_too(ringback: Ringback, limit: int, bulk: int) -> None:
    account = ringback.account("phonestack", keys=[{"rate_limit": limit}])
    with account.client() as client:
        statuses = [
            Api(client).request("POST", "/contacts/bulk", json={"contacts": [{"phone": LEAD}]}).status_code
            for _ in range(bulk + 1)
        ]
    assert statuses == [200] * bulk + [429]


# -- envelope ------


def test_every_error_is_in_the_envelope(ringback: Ringback) -> None:
    account = ringback.account("phonestack", rate_limit=None)
    with account.client() as client:
        http = Api(client)
        for status, code in ((500, "INTERNAL_ERROR"), (503, "SERVICE_UNAVAILABLE"), (429, "RATE_LIMIT_EXCEEDED")):
            with account.fault("listContacts", status=status):
                assert http.error("GET", "/contacts")[:2] == (status, code)
        assert http.error("GET", "/nowhere")[:2] == (404, "NOT_FOUND")
        assert http.error("PUT", "/contacts")[:2] == (405, "METHOD_NOT_ALLOWED")
        assert http.error("DELETE", "/contacts/bulk")[:2] == (404, "NOT_FOUND")
        assert http.error("POST", "/contacts", content=b"{")[:2] == (400, "VALIDATION_ERROR")
        assert http.error("POST", "/contacts", content=b"{" * 200_000)[:2] == (400, "VALIDATION_ERROR")
        assert http.error("POST", "/contacts", content=b"x" * 1_100_000)[:2] == (413, "PAYLOAD_TOO_LARGE")


def test_a_body_is_json_whatever_its_content_type(ringback: Ringback) -> None:
    account = ringback.account("phonestack", rate_limit=None)
    with account.client() as client:
        response = client.post(
            "/api/v1/contacts",
            content=b'{"phone": "+19725550187"}',
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert response.status_code == 201


# -- keeping ------


def test_a_restored_campaign_ends_as_the_original() -> None:
    with Ringback("phonestack", clock="frozen", seed=5) as rb:
        account = rb.account(
            "phonestack", rate_limit=None, campaigns=[{"name": "C", "people": 30, "status": "running"}]
        )
        account.advance(seconds=17)
        document = rb.snapshot()

        def finished() -> list[dict[str, Any]]:
            account.advance(idle=True)
            with account.client() as client:
                http = Api(client)
                assert campaign_of(http, "C")["status"] == "completed"
                return http.all("/calls", include="transcript,contact")

        first = finished()
        assert len(first) == 30
        rb.restore(document)
        assert finished() == first


def test_the_seed_account_has_resources() -> None:
    with Ringback("phonestack", clock="frozen") as rb:
        for _ in range(2):
            headers = {"authorization": "Bearer ps_live_ringback"}
            with httpx.Client(base_url=f"{rb.url}/phonestack", headers=headers) as client:
                http = Api(client)
                assert http.get("/profiles/prof_ringback")["extract_fields"] == ["budget_range", "decision_timeline"]
                assert len(http.get("/contacts")) == 5
                http.post("/campaigns/camp_ringback/start")
                rb.advance(minutes=10)
                assert http.get("/campaigns/camp_ringback")["stats"]["calls"] == 5
                assert http.post("/reports/rep_ringback/execute")["totals"]["calls"] == 5
                assert http.get("/campaigns/camp_ringbackinbound")["direction"] == "inbound"
            rb.reset()

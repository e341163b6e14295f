"""Each part of a vendor's request policy works without the others, and a part left out changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import httpx
import pytest

from ringback.app import Application
from ringback.carrier.clock import DAY
from ringback.gateway.errors import ApiError
from ringback.gateway.journal import Journal
from ringback.gateway.middleware import VendorMiddleware
from ringback.gateway.policy import IdempotencyPolicy, RequestPolicy, TokenBucketPolicy, VersioningPolicy, by_method
from ringback.gateway.vendor import VendorSpec
from ringback.settings import Settings

LIMIT = 3
PUBLIC_PATH = "/v1/files/recordings/a.mp3"
"""The path of an operation that needs no key."""
NUMBERS = "/v1/numbers"
PLAIN_HEADERS = {"content-type", "content-length"}
"""The headers of a response to which no policy adds any."""

REQUEST_ID = (b"request-id", "req_")
VERSIONS = VersioningPolicy(
    header=b"version",
    default=lambda _settings: "2",
    known={"2": None, "1": "1 is old"},
    notice=b"notice",
    unknown=lambda version: ApiError(400, "unknown_version", version),
)
BUCKET = TokenBucketPolicy(
    burst=lambda _limit: 2, limit=b"x-limit", remaining=b"x-left", reset=b"x-reset", unlimited=9_000
)
AUTHORIZE = by_method(
    {"admin": None, "read": frozenset(("GET",))}, lambda scope, method: ApiError(403, f"{scope}_{method}", "no")
)
IDEMPOTENCY = IdempotencyPolicy(
    header=b"idempotency-key",
    keep_for=DAY,
    reused=lambda: ApiError(409, "reused", "used before"),
    malformed=lambda: ApiError(400, "no_key", "no such key"),
)


class NullJournal(Journal):
    """A journal that keeps nothing: these responses are in no contract."""

    def add(self, entry: Any) -> None:
        pass


class Deployment(NamedTuple):
    """A vendor's middleware with one policy, a key of each kind, and the methods of the requests that reached the app."""

    middleware: VendorMiddleware
    keys: Mapping[str, str]
    executed: list[str]

    def request(self, method: str = "GET", path: str = NUMBERS, *, key: str = "full", **options: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.middleware)  # type: ignore[arg-type]
            headers = {"Authorization": f"Bearer {self.keys[key]}", **options.pop("headers", {})}
            async with httpx.AsyncClient(transport=transport, base_url="http://vendor") as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(send())


def deploy(vendor: VendorSpec, emulator: Any, policy: RequestPolicy) -> Deployment:
    executed: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        executed.append(scope["method"])
        body = b"%d" % len(executed)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    account = emulator.services.open_account(vendor.name, settings={"rate_limit": LIMIT})
    keys = {
        "full": emulator.services.issue_key(account).secret,
        "reader": emulator.services.issue_key(account, scope="read").secret,
        "publishable": emulator.services.issue_key(account, kind="publishable").secret,
        "unknown": "sk_live_unknown",
    }
    return Deployment(VendorMiddleware(emulator.services, replace(vendor, policy=policy), app), keys, executed)


@pytest.fixture
def vendor_and_emulator() -> tuple[VendorSpec, Any]:
    application = Application(Settings(vendors=("nokycnumber",), clock="frozen", seed_accounts=False))
    emulator = application.emulator
    emulator.services.journal = NullJournal(0)
    return emulator.vendors["nokycnumber"], emulator


def test_an_empty_policy_changes_nothing(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy())
    for key in ("full", "reader", "publishable"):
        response = vendor.request("POST", key=key, json={}, headers={"Idempotency-Key": "k", "Version": "9"})
        assert (response.status_code, set(response.headers)) == (200, PLAIN_HEADERS)
    assert vendor.request(path=PUBLIC_PATH, key="unknown").status_code == 200
    assert vendor.request(key="unknown").status_code == 401
    for _ in range(LIMIT - 1):
        assert vendor.request().status_code == 200
    assert (rejected := vendor.request()).status_code == 429
    assert rejected.headers["retry-after"] == "60"
    assert len(vendor.executed) == 4 + LIMIT - 1


def test_request_ids_without_other_policies(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy(request_id=REQUEST_ID))
    seen = [vendor.request(key=key).headers["request-id"] for key in ("full", "full", "unknown")]
    assert all(each.startswith("req_") for each in seen)
    assert len(set(seen)) == 3


def test_usable_key_kinds_without_other_policies(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy(usable_kinds=frozenset((None,))))
    assert [vendor.request(key=key).status_code for key in ("full", "publishable")] == [200, 401]


def test_versions_without_other_policies(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy(versions=VERSIONS))
    assert set(vendor.request().headers) == PLAIN_HEADERS
    assert vendor.request(headers={"Version": "1"}).headers["notice"] == "1 is old"
    assert vendor.request(headers={"Version": "9"}).json()["error"]["code"] == "unknown_version"


def test_a_token_bucket_without_other_policies(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy(bucket=BUCKET))
    assert [vendor.request().status_code for _ in range(LIMIT + 3)] == [200] * (LIMIT + 2) + [429]
    assert {"x-limit", "x-left", "x-reset"} < set(vendor.request().headers)


def test_scopes_without_other_policies(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy(authorize=AUTHORIZE))
    for method in ("DELETE", "TRACE"):
        assert [vendor.request(method, key=key).status_code for key in ("full", "reader")] == [200, 403]
    assert vendor.request("DELETE", key="reader").json()["error"]["code"] == "read_DELETE"
    fresh = deploy(*vendor_and_emulator, RequestPolicy(authorize=AUTHORIZE))
    assert set(fresh.request(key="reader").headers) == PLAIN_HEADERS


def test_idempotency_keys_without_other_policies(vendor_and_emulator: tuple[VendorSpec, Any]) -> None:
    vendor = deploy(*vendor_and_emulator, RequestPolicy(retries=IDEMPOTENCY))
    once = {"Idempotency-Key": "k"}
    assert [vendor.request("POST", json={}, headers=once).text for _ in range(2)] == ["1", "1"]
    assert vendor.request("POST", json={"a": 1}, headers=once).json()["error"]["code"] == "reused"
    assert vendor.executed == ["POST"]

"""Each part of a vendor's policy works without the others, and what is left out leaves no trace."""

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
LINK = "/v1/files/recordings/a.mp3"
"""Of an operation that needs no key."""
NUMBERS = "/v1/numbers"
AUDIO = {"content-type", "content-length"}
"""The headers of an answer that nothing is added to."""

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
PERMIT = by_method(
    {"admin": None, "read": frozenset(("GET",))}, lambda scope, method: ApiError(403, f"{scope}_{method}", "no")
)
RETRIES = IdempotencyPolicy(
    header=b"idempotency-key",
    keep_for=DAY,
    reused=lambda: ApiError(409, "reused", "used before"),
    malformed=lambda: ApiError(400, "no_key", "no such key"),
)


class Unread(Journal):
    """A journal of answers that no contract knows."""

    def add(self, entry: Any) -> None:
        pass


class Place(NamedTuple):
    """A vendor that has these policy, and a key of each kind."""

    gate: VendorMiddleware
    keys: Mapping[str, str]
    acts: list[str]

    def ask(self, method: str = "GET", path: str = NUMBERS, *, key: str = "full", **options: Any) -> httpx.Response:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.gate)  # type: ignore[arg-type]
            headers = {"Authorization": f"Bearer {self.keys[key]}", **options.pop("headers", {})}
            async with httpx.AsyncClient(transport=transport, base_url="http://vendor") as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(one())


def place(vendor: VendorSpec, emulator: Any, policy: RequestPolicy) -> Place:
    acts: list[str] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        acts.append(scope["method"])
        body = b"%d" % len(acts)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    account = emulator.services.open_account(vendor.name, settings={"rate_limit": LIMIT})
    keys = {
        "full": emulator.services.issue_key(account).secret,
        "reader": emulator.services.issue_key(account, scope="read").secret,
        "publishable": emulator.services.issue_key(account, kind="publishable").secret,
        "nobody": "sk_live_nobody",
    }
    return Place(VendorMiddleware(emulator.services, replace(vendor, policy=policy), app), keys, acts)


@pytest.fixture
def vendor_and_world() -> tuple[VendorSpec, Any]:
    application = Application(Settings(vendors=("nokycnumber",), clock="frozen", seed_accounts=False))
    emulator = application.emulator
    emulator.services.journal = Unread(0)
    return emulator.vendors["nokycnumber"], emulator


def test_without_any_nothing_is_added(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy())
    for key in ("full", "reader", "publishable"):
        answer = here.ask("POST", key=key, json={}, headers={"Idempotency-Key": "k", "Version": "9"})
        assert (answer.status_code, set(answer.headers)) == (200, AUDIO)
    assert here.ask(path=LINK, key="nobody").status_code == 200
    assert here.ask(key="nobody").status_code == 401
    for _ in range(LIMIT - 1):
        assert here.ask().status_code == 200
    assert (refused := here.ask()).status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert len(here.acts) == 4 + LIMIT - 1


def test_request_ids_alone(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy(request_id=REQUEST_ID))
    seen = [here.ask(key=key).headers["request-id"] for key in ("full", "full", "nobody")]
    assert all(each.startswith("req_") for each in seen)
    assert len(set(seen)) == 3


def test_kinds_of_keys_alone(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy(usable_kinds=frozenset((None,))))
    assert [here.ask(key=key).status_code for key in ("full", "publishable")] == [200, 401]


def test_versions_alone(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy(versions=VERSIONS))
    assert set(here.ask().headers) == AUDIO
    assert here.ask(headers={"Version": "1"}).headers["notice"] == "1 is old"
    assert here.ask(headers={"Version": "9"}).json()["error"]["code"] == "unknown_version"


def test_a_bucket_alone(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy(bucket=BUCKET))
    assert [here.ask().status_code for _ in range(LIMIT + 3)] == [200] * (LIMIT + 2) + [429]
    assert {"x-limit", "x-left", "x-reset"} < set(here.ask().headers)


def test_scopes_alone(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy(authorize=PERMIT))
    for method in ("DELETE", "TRACE"):
        assert [here.ask(method, key=key).status_code for key in ("full", "reader")] == [200, 403]
    assert here.ask("DELETE", key="reader").json()["error"]["code"] == "read_DELETE"
    fresh = place(*vendor_and_world, RequestPolicy(authorize=PERMIT))
    assert set(fresh.ask(key="reader").headers) == AUDIO


def test_keys_for_retries_alone(vendor_and_world: tuple[VendorSpec, Any]) -> None:
    here = place(*vendor_and_world, RequestPolicy(retries=RETRIES))
    once = {"Idempotency-Key": "k"}
    assert [here.ask("POST", json={}, headers=once).text for _ in range(2)] == ["1", "1"]
    assert here.ask("POST", json={"a": 1}, headers=once).json()["error"]["code"] == "reused"
    assert here.acts == ["POST"]

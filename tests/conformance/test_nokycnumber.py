"""NoKYCNumber's claims: all are looked at, the emulator keeps them, twice alike, and mutants are noticed by their own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ringback.testing import Ringback
from ringback_conformance.claims import load
from ringback_conformance.claims.nokycnumber import adapter, shapes
from ringback_conformance.model import Exchange, Kind, Profile
from ringback_conformance.options import RunOptions
from ringback_conformance.result import Result
from ringback_conformance.run import conduct, draw_plan
from ringback_conformance.transport import Request
from tests.conformance.conftest import run_of

CATALOGUE = load("nokycnumber")


@pytest.fixture
def kept() -> Result:
    return run_of("nokycnumber")


def test_no_name_is_looked_up_for_a_probe(kept: Result) -> None:
    sent = [e.sent() for e in kept.log if e.kind is Kind.API and e.producer.startswith("NKN-") and made(e)]
    urls = {body[name] for body in sent if isinstance(body, dict) for name in ("url", "webhook_url") if body.get(name)}
    assert urls
    assert all(url.startswith("https://hooks.ringback-conformance.example/") for url in urls)


def made(exchange: Exchange) -> bool:
    return exchange.method == "POST" and exchange.status == 201


def test_a_deployment_is_only_read_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringback_conformance.transport.WINDOW_SECONDS", 3.0)
    with Ringback("nokycnumber", clock="x20") as emulator:  # a minute there is three seconds here
        account = emulator.account("nokycnumber", balance="10.00")
        options = RunOptions(vendor="nokycnumber", url=account.base_url, key=account.key, profile=Profile.READONLY)
        result = conduct(options)
        assert account.balance == Decimal("10.00")
    assert {e.method for e in result.log if e.kind is Kind.API} <= {"GET", "HEAD"}
    assert result.summary["fail"] == result.summary["error"] == 0
    assert result.trouble == ""


def test_a_budget_bounds_what_a_plan_spends() -> None:
    for budget in (0, 1_000, 5_000):
        options = RunOptions(vendor="nokycnumber", url="https://x.example", profile=Profile.SANDBOX, budget=budget)
        assert draw_plan(options)[0].cents <= budget


@pytest.mark.parametrize(
    ("method", "path", "body", "cents"),
    [
        ("POST", "/v1/numbers", {"available_id": "navail_1", "billing_period": "monthly"}, 2_000),
        ("POST", "/v1/numbers", {"available_id": "navail_1", "billing_period": "weekly"}, 0),
        ("POST", "/v1/numbers/num_1/renew", {}, 20_000),
        ("POST", "/v1/calls", {"from": "num_1", "to": "+33639980142"}, 100),
        ("POST", "/v1/sms", {"from": "num_1", "to": "+33639980142", "body": "Hi"}, 50),
        ("POST", "/v1/sms", {"from": "num_1", "to": "0639980142", "body": "Hi"}, 0),
        ("PATCH", "/v1/numbers/num_1", {"auto_renew": True}, 0),
        ("GET", "/v1/numbers", None, 0),
    ],
)
def test_a_request_is_taken_to_cost_the_most_it_can(method: str, path: str, body: Any, cents: int) -> None:
    assert adapter.price(Request(method, path, (), json.dumps(body).encode())) == cents


@pytest.mark.parametrize("number", ["+33639980142", "+33199001234", "+12125550142"])
def test_a_number_kept_for_fiction_may_be_called(number: str) -> None:
    assert CATALOGUE.adapter.harmless(number)


@pytest.mark.parametrize("number", ["+33612345678", "+12125551234", "+336399801423"])
def test_a_number_that_somebody_may_have_is_not(number: str) -> None:
    assert not CATALOGUE.adapter.harmless(number)


def test_a_stray_number_cannot_be_told_from_another() -> None:
    listing = Exchange(id="x#1", producer="x", kind=Kind.API, method="GET", path="/v1/numbers", status=200)
    assert CATALOGUE.adapter.orphans(listing, Request("POST", "/v1/numbers")) is None


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        ({"object": "list", "url": "/v1/sms", "data": [], "has_more": False, "next_cursor": None}, None),
        ({"object": "list", "url": "/v1/sms", "data": [], "has_more": False, "next_cursor": "sms_1"}, "the last page"),
        (
            {"object": "list", "url": "/v1/sms", "data": [{"id": "sms_1"}], "has_more": True, "next_cursor": None},
            "sms_1",
        ),
        ({"object": "list", "url": "/v1/sms", "data": [], "has_more": True, "next_cursor": None}, "next_cursor"),
        ({"object": "list", "url": "/v1/calls", "data": [], "has_more": False, "next_cursor": None}, "url"),
        ([], "a list"),
    ],
)
def test_a_list_is_held_to_its_envelope(body: Any, odd: str | None) -> None:
    seen = shapes.odd_list(body, "/v1/sms")
    assert seen is None if odd is None else odd in str(seen)

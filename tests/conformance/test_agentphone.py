"""AgentPhone's adapter, and runs of its claims against the emulator and a deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ringback.testing import Account, Ringback
from ringback_conformance.claims import load
from ringback_conformance.claims.agentphone import adapter
from ringback_conformance.model import Exchange, Kind, Profile
from ringback_conformance.options import RunOptions
from ringback_conformance.result import Result
from ringback_conformance.run import conduct, draw_plan
from ringback_conformance.transport import Request
from tests.conformance.conftest import run_of

CATALOGUE = load("agentphone")


@pytest.fixture
def kept() -> Result:
    return run_of("agentphone")


def test_the_engine_skips_what_is_not_emulated(kept: Result) -> None:
    routes = {exchange.route for exchange in kept.log if exchange.producer == "engine" and exchange.kind is Kind.API}
    assert routes
    assert not any(
        path.startswith(("/integrations/", "/v1/sip-trunks", "/v1/verify", "/v1/feedback")) for path in routes
    )
    assert {exchange.status for exchange in kept.log if exchange.producer == "engine"} & {200, 404, 422}


def test_probes_need_no_name_resolution(kept: Result) -> None:
    sent = [e.sent() for e in kept.log if e.kind is Kind.API and e.producer.startswith("AGP-") and e.status == 200]
    urls = {body["url"] for body in sent if isinstance(body, dict) and body.get("url")}
    assert urls
    assert all(url.startswith("https://hooks.ringback-conformance.example/") for url in urls)


@pytest.fixture
def deployment() -> Iterator[Account]:
    """Return an account on what the suite takes for a real deployment: it uses no control API. A minute lasts a twentieth
    of a second, for the suite too (`hurried`)."""
    with Ringback("agentphone", clock="x1200", strict=True) as emulator:
        yield emulator.account("agentphone", balance="50.00")


@pytest.mark.usefixtures("hurried")
def test_the_readonly_profile_only_reads(deployment: Account) -> None:
    options = RunOptions(vendor="agentphone", url=deployment.base_url, key=deployment.key, profile=Profile.READONLY)
    result = conduct(options)
    assert deployment.balance == Decimal("50.00")
    assert {e.method for e in result.log if e.kind is Kind.API} <= {"GET", "HEAD"}
    assert result.summary["fail"] == result.summary["error"] == 0
    assert result.summary["pass"] >= 6
    assert result.trouble == ""


@pytest.mark.usefixtures("hurried")
def test_a_sandbox_run_spends_what_was_planned_and_leaves_nothing(deployment: Account) -> None:
    options = RunOptions(
        vendor="agentphone", url=deployment.base_url, key=deployment.key, profile=Profile.SANDBOX, budget=2_500
    )
    result = conduct(options)
    assert {j.claim.id: j.reason for j in result.verdicts if j.verdict.value in ("fail", "error")} == {}
    assert result.summary["pass"] >= 20
    assert result.spent == result.planned == 1_170
    assert result.left_behind == []
    with deployment.client() as http:
        left = {path: http.get(f"/v1/{path}").json()["total"] for path in ("numbers", "agents", "contacts")}
    assert left == {"numbers": 0, "agents": 0, "contacts": 0}


def test_a_budget_bounds_what_a_plan_spends() -> None:
    for budget in (0, 400, 2_000):
        options = RunOptions(vendor="agentphone", url="https://x.example", profile=Profile.SANDBOX, budget=budget)
        assert draw_plan(options)[0].cents <= budget


@pytest.mark.parametrize(
    ("method", "path", "body", "cents"),
    [
        ("POST", "/v1/numbers", {"country": "US"}, 300),
        ("POST", "/v1/numbers", None, 300),
        ("POST", "/v1/calls", {"agentId": "agt_1", "toNumber": "+14155550177"}, 250),
        ("POST", "/v1/calls/web", {"agentId": "agt_1"}, 250),
        ("POST", "/v1/messages", {"number_id": "num_1", "to_number": "+14155550177", "body": "Hi"}, 20),
        ("POST", "/v1/messages", {"number_id": "num_1", "recipients": ["+14155550177", "+14155550178"]}, 40),
        ("POST", "/v1/register", {}, 7_000),
        ("POST", "/v1/agents", {"name": "Front desk"}, 0),
        ("DELETE", "/v1/numbers/num_1", None, 0),
        ("GET", "/v1/numbers", None, 0),
    ],
)
def test_a_request_is_assumed_to_cost_the_most_it_can(method: str, path: str, body: Any, cents: int) -> None:
    assert adapter.price(Request(method, path, (), json.dumps(body).encode())) == cents


@pytest.mark.parametrize(
    ("path", "body", "numbers"),
    [
        ("/v1/calls", {"toNumber": "+14155550177"}, ["+14155550177"]),
        ("/v1/messages", {"recipients": ["+14155550177", "robin@example.com"]}, ["+14155550177"]),
        ("/v1/messages", {"to_number": "(415) 555-0177"}, ["(415) 555-0177"]),
        ("/v1/verify/send", {"phone_number": "+14155550177"}, ["+14155550177"]),
        ("/v1/contacts", {"phone_number": "+14155550177"}, []),
    ],
)
def test_destinations_of_calls_and_messages_are_known(path: str, body: Any, numbers: list[str]) -> None:
    assert adapter.destinations(Request("POST", path, (), json.dumps(body).encode())) == numbers


def test_only_a_number_reserved_for_fiction_may_be_called() -> None:
    assert CATALOGUE.adapter.harmless("+14155550177")
    assert not CATALOGUE.adapter.harmless("+14155551777")
    assert not CATALOGUE.adapter.harmless("(415) 555-0177")


def test_each_kind_of_object_is_removed_at_its_own_path() -> None:
    places = {id_: adapter.removal(id_).path for id_ in ("num_1", "agt_1", "sub_1", "ct-1")}
    assert places == {
        "num_1": "/v1/numbers/num_1",
        "agt_1": "/v1/agents/agt_1",
        "sub_1": "/v1/sub-accounts/sub_1",
        "ct-1": "/v1/contacts/ct-1",
    }


def test_a_generated_request_waits_for_nothing() -> None:
    assert (
        adapter.sanitize(Request("GET", "/v1/calls/call_1?wait=true&timeout=300")).path
        == "/v1/calls/call_1?timeout=300"
    )
    assert "call_1" not in adapter.sanitize(Request("GET", "/v1/calls/call_1/transcript/stream")).path
    calm = adapter.sanitize(Request("POST", "/v1/calls", (), b'{"waitForCompletion": true}'))
    assert json.loads(calm.body) == {"waitForCompletion": False}


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        ({"detail": "No.", "error": {"message": "No.", "code": "NOT_FOUND", "type": "x"}}, 404, None),
        ({"error": {"message": "No.", "code": "NOT_FOUND", "type": "x"}}, 404, "detail"),
        ({"detail": "No.", "error": {"message": "No.", "code": "NOT_FOUND"}}, 404, "type"),
        ({"detail": "No."}, 404, "error"),
        ({"detail": "No.", "error": {"message": "No.", "code": "V", "type": "x"}}, 422, "a 422"),
        (
            {
                "detail": [{"loc": ["body", 0], "msg": "m", "type": "t"}],
                "error": {"message": "m", "code": "V", "type": "x"},
            },
            422,
            None,
        ),
        ({"detail": [{"msg": "m", "type": "t"}], "error": {"message": "m", "code": "V", "type": "x"}}, 422, "loc"),
        (None, 404, "null is not"),
    ],
)
def test_an_error_is_checked_against_its_envelope(body: Any, status: int, problem: str | None) -> None:
    found = adapter.error_problem(body, status)
    assert found is None if problem is None else problem in str(found)


def test_the_response_of_another_service_is_not_identified_as_the_vendors() -> None:
    def answered(status: int, body: bytes, kind: str = "application/json") -> str | None:
        return adapter.identify(
            Exchange(
                id="x#1",
                producer="x",
                kind=Kind.API,
                method="GET",
                path="/v1/numbers",
                status=status,
                response_headers=(("Content-Type", kind),),
                response_body=body,
            )
        )

    assert answered(200, b'{"data": [], "hasMore": false, "total": 0}') is None
    assert "hasMore" in str(answered(200, b'{"data": []}'))
    assert "text/html" in str(answered(200, b"<html>", "text/html"))
    assert "key is rejected" in str(answered(401, b"{}"))

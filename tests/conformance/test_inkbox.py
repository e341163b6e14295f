"""Inkbox's claims: all are looked at, the emulator keeps them, twice alike, and mutants are noticed by their own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ringback.testing import Ringback
from ringback_conformance.claims import load
from ringback_conformance.claims.inkbox import adapter, shapes
from ringback_conformance.claims.inkbox.signature import genuine
from ringback_conformance.endpoints import HOOK_NAME, STREAM_NAME
from ringback_conformance.model import Exchange, Kind, Profile
from ringback_conformance.options import RunOptions
from ringback_conformance.result import Result
from ringback_conformance.run import conduct, draw_plan
from ringback_conformance.transport import Request
from tests.conformance.conftest import run_of

CATALOGUE = load("inkbox")


@pytest.fixture
def kept() -> Result:
    return run_of("inkbox")


def test_no_name_is_looked_up_for_a_probe(kept: Result) -> None:
    sent = [e.sent() for e in kept.log if e.kind is Kind.API and e.producer.startswith("INK-") and made(e)]
    names = ("url", "incoming_call_webhook_url", "client_websocket_url")
    urls = {body[name] for body in sent if isinstance(body, dict) for name in names if body.get(name)}
    ours = (f"{HOOK_NAME}/", f"ws{STREAM_NAME.removeprefix('http')}/")
    assert urls
    assert all(url.startswith(ours) for url in urls)


def made(exchange: Exchange) -> bool:
    return exchange.status in (200, 201)


def test_what_an_agent_was_told_is_on_record(kept: Result) -> None:
    streams = [each for each in kept.log if each.producer == "INK-CALL-3" and each.method == "WEBSOCKET"]
    told = [json.loads(frame)["event"] for frame in streams[0].request_body.splitlines()]
    assert (told[0], told[-1]) == ("start", "stop")
    assert b"It is, for how many?" in streams[0].response_body


@pytest.mark.usefixtures("hurried")
def test_a_deployment_is_only_read_unless_told() -> None:
    with Ringback("inkbox", clock="real") as emulator:
        account = emulator.account("inkbox")
        with account.client() as client:
            body = {"agent_handle": "desk", "phone_number": {"type": "local"}}
            number = client.post("/api/v1/identities/", json=body).json()["phone_number"]
            text = {"to": "+12145550142", "text": "Your table is ready"}
            assert client.post(f"/api/v1/phone/numbers/{number['id']}/texts", json=text).status_code == 201
        options = RunOptions(vendor="inkbox", url=account.base_url, key=account.key, profile=Profile.READONLY)
        result = conduct(options)
    assert {e.method for e in result.log if e.kind is Kind.API} <= {"GET", "HEAD"}
    assert result.summary["fail"] == result.summary["error"] == 0
    seen = {j.claim.id for j in result.verdicts if j.verdict.value == "pass"}
    assert {f"INK-{name}-1" for name in ("AUTH", "ERR", "TXT", "PAGE", "SRCH")} | {"INK-TXT-2"} <= seen
    assert result.trouble == ""


@pytest.mark.usefixtures("hurried")
def test_a_sandbox_takes_a_number_and_gives_it_back() -> None:
    with Ringback("inkbox", clock="real") as emulator:
        account = emulator.account("inkbox")
        options = RunOptions(
            vendor="inkbox",
            url=account.base_url,
            key=account.key,
            profile=Profile.SANDBOX,
            budget=1_000,
            only=("INK-NUM-1", "INK-NUM-2", "INK-TXT-3", "INK-CALL-1"),
        )
        result = conduct(options)
        with account.client() as client:
            assert client.get("/api/v1/phone/numbers").json() == client.get("/api/v1/identities/").json() == []
    assert {j.claim.id: j.verdict.value for j in result.verdicts if j.verdict.value != "pass"} == {}
    assert result.left_behind == []


def test_a_budget_bounds_what_a_plan_spends() -> None:
    for budget in (0, 500, 2_000):
        options = RunOptions(vendor="inkbox", url="https://x.example", profile=Profile.SANDBOX, budget=budget)
        assert draw_plan(options)[0].cents <= budget


@pytest.mark.parametrize(
    ("method", "path", "body", "cents"),
    [
        ("POST", "/api/v1/phone/numbers", {"agent_handle": "a"}, 500),
        ("POST", "/api/v1/identities/", {"agent_handle": "a", "phone_number": {"type": "local"}}, 500),
        ("POST", "/api/v1/identities/", {"agent_handle": "a"}, 0),
        ("POST", "/api/v1/phone/place-call", {"to_number": "+12145550142"}, 100),
        ("POST", "/api/v1/phone/numbers/x/texts", {"to": "+12145550142", "text": "Hi"}, 10),
        ("POST", "/api/v1/phone/numbers/x/texts", {"to": ["+12145550142", "+12145550143"], "text": "Hi"}, 20),
        ("POST", "/api/v1/phone/numbers/x/texts", {"to": "0214", "text": "Hi"}, 0),
        ("PATCH", "/api/v1/phone/numbers/x", {"incoming_call_action": "auto_reject"}, 0),
        ("GET", "/api/v1/phone/numbers", None, 0),
    ],
)
def test_a_request_is_taken_to_cost_the_most_it_can(method: str, path: str, body: Any, cents: int) -> None:
    assert adapter.price(Request(method, path, (), json.dumps(body).encode())) == cents


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        ({"detail": "No."}, None),
        ({"detail": {"error": "recipient_blocked"}}, None),
        ({"detail": {"existing_rule_id": "x"}}, None),
        ({"detail": [{"loc": ["body"], "msg": "is required"}]}, None),
        ({"detail": []}, "a list"),
        ({"detail": {"code": "x"}}, "no error code"),
        ({"detail": ""}, "empty"),
        ({"error": {"code": "x"}}, "detail"),
        ([], "a list"),
    ],
)
def test_an_error_is_held_to_its_envelope(body: Any, odd: str | None) -> None:
    seen = shapes.odd_error(body)
    assert seen is None if odd is None else odd in str(seen)


def test_every_answer_of_the_contract_that_has_a_body_is_read_by_the_sdks() -> None:
    from tests.support.contract import Contract

    read = set()
    for operation in Contract.load("inkbox").operations:
        route = shapes.route_of(operation.method, operation.path.replace("{", "").replace("}", ""))
        done = [status for status in operation.node["responses"] if status in ("200", "201")]
        assert (route is not None) is bool(done), operation.id
        for status in done:
            for example in operation.node["responses"][status]["content"]["application/json"]["examples"].values():
                assert route is not None
                assert shapes.odd_answer(route, example["value"]) is None, operation.id
            read.add(operation.id)
    assert len(read) == 61


def test_a_signature_is_checked_as_the_official_sdk_does() -> None:
    from inkbox import verify_webhook

    headers = {"X-Inkbox-Request-ID": "r", "X-Inkbox-Timestamp": "1777816680"}
    body, secret = b'{"a": "\xc3\xa9"}', "whsec_0123456789abcdef"
    import hashlib
    import hmac

    digest = hmac.new(b"0123456789abcdef", b"r.1777816680." + body, hashlib.sha256).hexdigest()
    signed = {**headers, "X-Inkbox-Signature": f"sha256={digest}"}
    for given, right in ((signed, True), ({**signed, "X-Inkbox-Request-ID": "s"}, False), (headers, False)):
        assert verify_webhook(payload=body, headers=given, secret=secret) is right
        assert genuine(tuple(given.items()), body, secret) is right

"""PhoneStack's claims: all are looked at, the emulator keeps them, twice alike, and mutants are noticed by their own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ringback.testing import Ringback
from ringback_conformance.claims import load
from ringback_conformance.claims.phonestack import adapter, shapes, steps
from ringback_conformance.claims.phonestack.tools import INTENTS, NAMES, TOOLS
from ringback_conformance.mcp_client import message_in
from ringback_conformance.model import Exchange, Kind, Profile
from ringback_conformance.options import RunOptions
from ringback_conformance.run import conduct, draw_plan
from ringback_conformance.transport import Request
from tests.support.contract import Contract

CATALOGUE = load("phonestack")


@pytest.mark.usefixtures("hurried")
def test_a_deployment_is_only_read_unless_told() -> None:
    with Ringback("phonestack", clock="x1200") as emulator:
        account = emulator.account("phonestack", balance="10.00")
        options = RunOptions(
            vendor="phonestack", url=f"{account.base_url}/api/v1", key=account.key, profile=Profile.READONLY
        )
        result = conduct(options)
        assert account.balance == Decimal("10.00")
    assert {e.method for e in result.log if e.kind is Kind.API} <= {"GET", "HEAD"}
    assert result.summary["fail"] == result.summary["error"] == 0
    assert result.trouble == ""


@pytest.mark.usefixtures("hurried")
def test_a_sandbox_is_left_as_it_was() -> None:
    with Ringback("phonestack", clock="x1200") as emulator:
        account = emulator.account("phonestack", balance="10.00", rate_limit=None)
        options = RunOptions(
            vendor="phonestack",
            url=account.base_url,
            key=account.key,
            profile=Profile.SANDBOX,
            allow=frozenset({"write"}),
            rate=100_000,
            producers=frozenset({"probes"}),
        )
        result = conduct(options)
        left = told_by(account, steps.CONTACTS)
        assert account.balance == Decimal("10.00")
    assert {j.claim.id: j.reason for j in result.verdicts if j.verdict.value in ("fail", "error")} == {}
    assert result.left_behind == []
    assert left == []
    assert result.summary["pass"] > 15


def told_by(account: Any, path: str) -> list[Any]:
    import httpx

    answer = httpx.get(f"{account.base_url}{path}", headers=account.headers, trust_env=False)
    found: list[Any] = answer.json()["data"]
    return found


def test_a_budget_bounds_what_a_plan_spends() -> None:
    for budget in (0, 1_000, 5_000):
        options = RunOptions(vendor="phonestack", url="https://x.example", profile=Profile.SANDBOX, budget=budget)
        assert draw_plan(options)[0].cents <= budget


def tool_call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


PHONE = "+12145550142"


@pytest.mark.parametrize(
    ("method", "path", "body", "cents", "numbers"),
    [
        ("POST", "/api/v1/calls/trigger", {"profile_id": "prof_1", "phone": PHONE}, 200, [PHONE]),
        ("POST", "/api/v1/contacts", {"phone": PHONE}, 0, []),
        ("POST", "/api/v1/contacts", {"phone": PHONE, "campaign_id": "camp_1"}, 200, [PHONE]),
        ("POST", "/api/v1/contacts/bulk", {"contacts": [{"phone": PHONE}], "campaign_id": "c"}, 200, [PHONE]),
        ("POST", "/api/v1/campaigns/camp_1/start", None, 1_000_000, []),
        ("POST", "/api/v1/campaigns/camp_1/pause", None, 0, []),
        ("POST", "/mcp", tool_call("trigger_call", profile_id="p", phone=PHONE), 200, [PHONE]),
        ("POST", "/mcp", tool_call("trigger_batch", calls=[{"phone": PHONE}, {"phone": PHONE}]), 400, [PHONE, PHONE]),
        ("POST", "/mcp", tool_call("start_campaign", campaign_id="camp_1"), 1_000_000, []),
        ("POST", "/mcp", tool_call("list_calls"), 0, []),
        ("GET", "/api/v1/calls", None, 0, []),
    ],
)
def test_a_request_is_taken_to_cost_the_calls_it_can_bring_about(
    method: str, path: str, body: Any, cents: int, numbers: list[str]
) -> None:
    request = Request(method, path, (), json.dumps(body).encode())
    assert adapter.price(request) == cents
    assert adapter.destinations(request) == numbers


def test_numbers_of_the_probes_are_nobodys_and_another_each() -> None:
    numbers = [steps.phone(place) for place in range(3_000)]
    assert len(set(numbers)) == len(numbers)
    assert all(CATALOGUE.adapter.harmless(number) for number in numbers)
    assert not CATALOGUE.adapter.harmless("+12125551234")


def test_a_stray_contact_is_told_by_its_phone() -> None:
    listing = exchange(b'{"success": true, "data": [{"id": "ct_1", "phone": "+12145550142"}]}')
    asked = Request("POST", steps.CONTACTS, (), json.dumps({"phone": PHONE}).encode())
    assert CATALOGUE.adapter.orphans(listing, asked) == ["ct_1"]
    assert CATALOGUE.adapter.orphans(listing, Request("POST", steps.FIELDS)) is None


def exchange(body: bytes, content_type: str = "application/json") -> Exchange:
    return Exchange(
        id="x#1",
        producer="x",
        kind=Kind.API,
        method="GET",
        path=steps.CONTACTS,
        status=200,
        response_headers=(("Content-Type", content_type),),
        response_body=body,
    )


def test_the_tools_are_those_of_the_contract() -> None:
    described = next(op for op in Contract.load("phonestack").operations if op.id == "sendMcpMessage").node["x-tools"]
    assert {name: tool["category"] for name, tool in described.items()} == {
        name: category for category, names in TOOLS.items() for name in names
    }
    twins = {tool["twin"] for tool in described.values()} - {None}
    assert twins <= {operation.id for operation in Contract.load("phonestack").operations}
    assert len(NAMES) == 40
    assert len(INTENTS) > 50
    assert {tool for _, tool, _ in INTENTS} <= set(NAMES)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"jsonrpc": "2.0", "id": 3, "result": {}}'),
        ("text/event-stream", b'event: message\ndata: {"jsonrpc": "2.0", "id": 3, "result": {}}\n\n'),
        ("text/event-stream", b': ping\n\ndata: {"id": 2}\n\ndata: {"jsonrpc": "2.0", "id": 3, "result": {}}\n\n'),
    ],
)
def test_a_message_is_found_in_json_and_in_a_stream(content_type: str, body: bytes) -> None:
    assert message_in(exchange(body, content_type), 3) == {"jsonrpc": "2.0", "id": 3, "result": {}}
    assert message_in(exchange(body, content_type), 4) == {}


PAGE = {"limit": 50, "next_cursor": None, "has_more": False}


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        ({"success": True, "data": [], "meta": PAGE}, None),
        ({"success": True, "data": [], "meta": {**PAGE, "next_cursor": "c1"}}, "next_cursor"),
        ({"success": True, "data": [], "meta": {**PAGE, "has_more": True}}, "has_more"),
        ({"success": True, "data": [{}, {}], "meta": {**PAGE, "limit": 1}}, "2 objects"),
        ({"data": [], "meta": PAGE}, "success"),
        ({"success": True, "data": []}, "meta"),
        ([], "a list"),
    ],
)
def test_a_list_is_held_to_its_envelope(body: Any, odd: str | None) -> None:
    seen = shapes.odd_list(body)
    assert seen is None if odd is None else odd in str(seen)

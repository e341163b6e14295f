"""Any input gets a response of the contract; a rejected request changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, Ringback
from tests.phonestack.conftest import LEAD, Api

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        (LEAD, "+12125550199", "enum", "2026-02-30", "call.completed", "a" * 20_000, "\x00", "💥" * 700, "{first_name}")
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
GOOD: dict[str, dict[str, Any]] = {
    "POST /contacts": {
        "phone": LEAD,
        "first_name": "Dana",
        "email": "d@example.com",
        "tags": ["a"],
        "campaign_id": None,
        "custom_fields": {"plan": "a"},
    },
    "POST /contacts/bulk": {"contacts": [{"phone": LEAD}], "tags": ["a"], "campaign_id": None},
    "PATCH /contacts/{contact}": {"phone": LEAD, "last_name": None, "tags": [], "custom_fields": {}},
    "POST /calls/trigger": {"phone": LEAD, "profile_id": "{profile}", "extract": ["plan"], "custom_fields": {}},
    "POST /custom-fields": {"name": "x", "type": "enum", "options": ["a"], "category": "both", "required": True},
    "PATCH /custom-fields/{field}": {"name": "plan", "type": "enum", "options": ["a"], "description": None},
    "POST /profiles": {"name": "R", "voice": "calm", "opener": "Hi {first_name}", "extract_fields": ["plan"]},
    "PATCH /profiles/{profile}": {"name": "R", "persona": None, "guardrails": "", "extract_fields": []},
    "POST /reports/{report}/execute": {"date_range": "today"},
}


LISTS = ("/contacts", "/calls", "/custom-fields", "/profiles", "/reports")


@pytest.fixture
def shared(ringback: Ringback) -> Account:
    """One organization for all examples of a test."""
    return ringback.account("phonestack", rate_limit=None, reports=[{"name": "R"}])


@pytest.fixture
def http(shared: Account) -> Iterator[Api]:
    with shared.client() as client:
        yield Api(client)


@pytest.fixture
def ids(http: Api) -> dict[str, str]:
    return {
        "field": http.post("/custom-fields", name="plan", type="enum", options=["a"])["id"],
        "profile": http.post("/profiles", name="Riley")["id"],
        "contact": http.post("/contacts", phone="+12145550100")["id"],
        "report": http.get("/reports")[0]["id"],
    }


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("POST /contacts", {"custom_fields": {"big": 2**70}})
@example(
    "POST /contacts/bulk", {"contacts": [{"phone": LEAD, "custom_fields": {"big": -(2**70)}}, 5, None, {"phone": {}}]}
)
@example("POST /contacts", {"phone": "+1" + "٣" * 9})
@example("POST /custom-fields", {"name": "plan\n"})
@example("POST /profiles", {"opener": "{" * 5_000})
@given(
    st.sampled_from(sorted(GOOD)),
    st.dictionaries(st.sampled_from(sorted({name for body in GOOD.values() for name in body})), VALUES, max_size=3),
)
def test_any_body_gets_a_response_of_the_contract(
    shared: Account, http: Api, ids: dict[str, str], operation: str, changes: dict[str, Any]
) -> None:
    method, _, path = operation.partition(" ")
    body = {name: value.format(**ids) if name == "profile_id" else value for name, value in GOOD[operation].items()}
    before = {name: http.get(name) for name in LISTS}
    response = http.request(method, path.format(**ids), content=json.dumps({**body, **changes}).encode())
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert {name: http.get(name) for name in LISTS} == before
    shared.advance(idle=True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/contacts/ct_0"),
        ("PATCH", "/custom-fields/cf_0"),
        ("PATCH", "/profiles/prof_0"),
        ("POST", "/reports/rep_0/execute"),
    ],
)
def test_an_unknown_id_is_reported_before_an_invalid_body(http: Api, method: str, path: str) -> None:
    assert http.error(method, path, content=b"{")[:2] == (404, "NOT_FOUND")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from(sorted(GOOD)))
def test_any_bytes_get_a_response(http: Api, ids: dict[str, str], raw: bytes, operation: str) -> None:
    method, _, path = operation.partition(" ")
    assert 200 <= http.request(method, path.format(**ids), content=raw).status_code < 500


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(("/contacts", "/calls", "/campaigns", "/custom-fields", "/profiles", "/reports")),
    st.dictionaries(
        st.sampled_from(
            ("limit", "cursor", "status", "since", "until", "include", "tag", "min_duration", "has_meeting")
        ),
        st.text(max_size=20),
        max_size=3,
    ),
)
def test_any_query_gets_a_response(http: Api, path: str, query: dict[str, str]) -> None:
    assert http.request("GET", path, params=query).status_code in (200, 400)

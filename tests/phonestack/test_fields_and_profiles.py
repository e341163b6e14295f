"""Custom field definitions, values checked against them, and profiles that extract them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account
from ringback.vendors.phonestack.rules.fields import problem_of
from tests.phonestack.conftest import LEAD, Api

GOOD: dict[str, list[Any]] = {
    "string": ["", "text", "2026-01-31", "5"],
    "number": [0, -1, 2.5, 10**15],
    "boolean": [True, False],
    "date": ["2026-01-31", "2028-02-29", "2026-01-31T09:00:00Z", "2026-01-31T09:00:00+02:00"],
    "enum": ["a", "b c"],
}
BAD: dict[str, list[Any]] = {
    "string": [5, True, [], {}],
    "number": ["5", True, [], {}],
    "boolean": [0, 1, "true", []],
    "date": [20260131, "31.01.2026", "2026-02-30", "tomorrow", "", "2026-01-31T25:00", True],
    "enum": ["A", "", "c", 1, ["a"]],
}


def test_a_definition_is_created_read_changed_and_deleted(http: Api) -> None:
    body = {
        "name": "budget_range",
        "type": "enum",
        "description": "Budget",
        "category": "both",
        "required": False,
        "options": ["under_10k", "10k_50k"],
    }
    made = http.post("/custom-fields", **body)
    assert made.items() >= body.items()
    assert http.get(f"/custom-fields/{made['id']}") == made
    assert http.get("/custom-fields") == [made]
    changed = http.patch(f"/custom-fields/{made['id']}", options=["small", "large"], required=True)
    assert (changed["options"], changed["required"], changed["name"]) == (["small", "large"], True, "budget_range")
    plain = http.patch(f"/custom-fields/{made['id']}", type="string")
    assert (plain["type"], plain["options"]) == ("string", None)
    assert http.delete(f"/custom-fields/{made['id']}") == {"id": made["id"], "deleted": True}
    assert http.error("GET", f"/custom-fields/{made['id']}")[:2] == (404, "NOT_FOUND")


def test_defaults_are_those_of_the_page(http: Api) -> None:
    made = http.post("/custom-fields", name="note", type="string")
    assert (made["category"], made["required"], made["options"], made["description"]) == ("both", False, None, None)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"type": "string"}, "name"),
        ({"name": "x"}, "type"),
        ({"name": "x", "type": "colour"}, "type"),
        ({"name": "x", "type": "enum"}, "options"),
        ({"name": "x", "type": "enum", "options": []}, "options"),
        ({"name": "x", "type": "enum", "options": ["a", "a"]}, "options"),
        ({"name": "x", "type": "enum", "options": [1]}, "options"),
        ({"name": "x", "type": "string", "options": ["a"]}, "options"),
        ({"name": "x y", "type": "string"}, "name"),
        ({"name": "", "type": "string"}, "name"),
        ({"name": "x" * 65, "type": "string"}, "name"),
        ({"name": "x", "type": "string", "category": "all"}, "category"),
        ({"name": "x", "type": "string", "required": "yes"}, "required"),
    ],
)
def test_an_invalid_definition_is_rejected_and_named(http: Api, body: dict[str, Any], named: str) -> None:
    status, code, message = http.error("POST", "/custom-fields", json=body)
    assert (status, code) == (400, "VALIDATION_ERROR")
    assert named in message
    assert http.get("/custom-fields") == []


def test_a_name_is_defined_once(http: Api) -> None:
    http.post("/custom-fields", name="plan", type="string")
    other = http.post("/custom-fields", name="tier", type="string")
    assert http.error("POST", "/custom-fields", json={"name": "plan", "type": "number"})[:2] == (409, "DUPLICATE")
    assert http.error("PATCH", f"/custom-fields/{other['id']}", json={"name": "plan"})[:2] == (409, "DUPLICATE")
    assert http.patch(f"/custom-fields/{other['id']}", name="tier")["name"] == "tier"


def test_the_list_is_filtered_by_category(http: Api) -> None:
    for category in ("contact", "extraction", "both"):
        http.post("/custom-fields", name=f"on_{category}", type="string", category=category)
    for category in ("contact", "extraction", "both"):
        assert [field["name"] for field in http.get("/custom-fields", category=category)] == [f"on_{category}"]
    assert len(http.get("/custom-fields")) == 3
    assert http.error("GET", "/custom-fields", params={"category": "none"})[:2] == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("kind", GOOD)
def test_values_are_checked_against_their_type_on_every_operation(http: Api, kind: str) -> None:
    options = {"options": ["a", "b c"]} if kind == "enum" else {}
    http.post("/custom-fields", name="value", type=kind, category="contact", **options)
    profile = http.post("/profiles", name="Riley")["id"]
    contact = http.post("/contacts", phone=LEAD)["id"]
    for value in GOOD[kind]:
        assert http.patch(f"/contacts/{contact}", custom_fields={"value": value})["custom_fields"] == {"value": value}
    for number, value in enumerate(BAD[kind]):
        given = {"custom_fields": {"value": value, "free": value}}
        phone = f"+1972555{number:04d}"
        for method, path, body in (
            ("POST", "/contacts", {"phone": phone, **given}),
            ("PATCH", f"/contacts/{contact}", given),
            ("POST", "/calls/trigger", {"profile_id": profile, "phone": phone, **given}),
        ):
            status, code, message = http.error(method, path, json=body)
            assert (status, code) == (400, "VALIDATION_ERROR"), (path, value)
            assert "custom_fields.value" in message
        assert http.post("/contacts/bulk", contacts=[{"phone": phone, **given}])["invalid"] == 1
    assert len(http.get("/contacts")) == 1
    assert http.get("/calls") == []


def test_a_required_field_must_be_present_and_unknown_ones_pass(http: Api) -> None:
    http.post("/custom-fields", name="plan", type="string", required=True, category="contact")
    http.post("/custom-fields", name="mood", type="string", required=True, category="extraction")
    profile = http.post("/profiles", name="Riley")["id"]
    assert http.error("POST", "/contacts", json={"phone": LEAD})[2] == "custom_fields.plan is required"
    error = http.error("POST", "/calls/trigger", json={"profile_id": profile, "phone": LEAD})
    assert error[2] == "custom_fields.plan is required"
    made = http.post("/contacts", phone=LEAD, custom_fields={"plan": "pro", "anything": [1, {"a": None}]})
    assert made["custom_fields"] == {"plan": "pro", "anything": [1, {"a": None}]}
    error = http.error("PATCH", f"/contacts/{made['id']}", json={"custom_fields": {"plan": None}})
    assert error[2] == "custom_fields.plan is required"
    assert http.patch(f"/contacts/{made['id']}", first_name="Dana")["custom_fields"]["plan"] == "pro"
    assert http.post("/calls/trigger", profile_id=profile, phone=LEAD)["contact_id"] == made["id"]


# -- profiles ------


def test_each_change_compiles_a_profile(http: Api, account: Account) -> None:
    field = http.post("/custom-fields", name="budget", type="enum", options=["small", "large"], description="Money")
    made = http.post("/profiles", name="Riley", persona="Patient.", opener="Hi!", extract_fields=["budget"])
    assert (made["version"], made["status"], made["guardrails"]) == (1, "active", None)
    for part in ("Riley", "Patient.", "Hi!", "budget (enum: small, large) Money"):
        assert part in made["compiled_prompt"]
    account.advance(minutes=1)
    changed = http.patch(f"/profiles/{made['id']}", persona=None, guardrails="No prices.", voice="calm")
    assert changed["version"] == 2
    assert changed["compiled_at"] > made["compiled_at"]
    assert "No prices." in changed["compiled_prompt"]
    assert "Patient." not in changed["compiled_prompt"]
    http.patch(f"/custom-fields/{field['id']}", name="budget_range", options=["low", "high"])
    renamed = http.get(f"/profiles/{made['id']}")
    assert (renamed["version"], renamed["extract_fields"]) == (3, ["budget_range"])
    assert "budget_range (enum: low, high)" in renamed["compiled_prompt"]
    http.delete(f"/custom-fields/{field['id']}")
    assert http.get(f"/profiles/{made['id']}")["extract_fields"] == []


def test_archived_profiles_leave_the_list_and_can_be_read(http: Api) -> None:
    kept, gone = (http.post("/profiles", name=name)["id"] for name in ("Kept", "Gone"))
    assert http.delete(f"/profiles/{gone}")["status"] == "archived"
    assert http.delete(f"/profiles/{gone}")["status"] == "archived"
    assert [profile["id"] for profile in http.get("/profiles")] == [kept]
    assert http.get(f"/profiles/{gone}")["name"] == "Gone"
    assert http.error("PATCH", f"/profiles/{gone}", json={"name": "Back"})[:2] == (409, "INVALID_STATE")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "R", "voice": "robot"},
        {"name": "R", "extract_fields": ["nonsense"]},
        {"name": "R", "guardrails": 5},
    ],
)
def test_an_invalid_profile_is_rejected(http: Api, body: dict[str, Any]) -> None:
    assert http.error("POST", "/profiles", json=body)[:2] == (400, "VALIDATION_ERROR")
    assert http.get("/profiles") == []


def test_a_field_only_for_contacts_is_not_extracted(http: Api) -> None:
    field = http.post("/custom-fields", name="plan", type="string", category="contact")
    profile = http.post("/profiles", name="Riley")["id"]
    assert "plan" in http.error("PATCH", f"/profiles/{profile}", json={"extract_fields": ["plan"]})[2]
    http.patch(f"/custom-fields/{field['id']}", category="both")
    http.patch(f"/profiles/{profile}", extract_fields=["plan"])
    error = http.error("PATCH", f"/custom-fields/{field['id']}", json={"category": "contact"})
    assert error[:2] == (400, "VALIDATION_ERROR")


def test_extracted_values_follow_the_definitions(http: Api, account: Account) -> None:
    kinds = {
        "how_much": {"type": "number", "description": "Budget in dollars"},
        "decides": {"type": "boolean"},
        "starts_on": {"type": "date"},
        "size": {"type": "enum", "options": ["s", "m", "l"]},
        "why": {"type": "string"},
    }
    for name, definition in kinds.items():
        http.post("/custom-fields", name=name, **definition)
    profile = http.post("/profiles", name="Riley", extract_fields=list(kinds))["id"]
    for number in range(30):
        account.script(outcome="hot_lead")
        http.post("/calls/trigger", profile_id=profile, phone=f"+1972555{number:04d}")
    account.advance(idle=True)
    seen: dict[str, set[Any]] = {name: set() for name in kinds}
    for call in http.all("/calls"):
        found = call["analysis"]["extracted_fields"]
        assert set(found) == set(kinds)
        for name, value in found.items():
            assert problem_of(kinds[name]["type"], kinds[name].get("options", ()), value) is None, (name, value)  # type: ignore[arg-type]
            seen[name].add(value)
        assert date.fromisoformat(found["starts_on"]) > date(2026, 1, 1)
    assert all(len(values) > 1 for values in seen.values())


def test_extract_overrides_the_profile_for_one_call(http: Api, account: Account) -> None:
    for name in ("one", "two"):
        http.post("/custom-fields", name=name, type="string", category="extraction")
    profile = http.post("/profiles", name="Riley", extract_fields=["one"])["id"]
    for extract, expected in ((None, {"one"}), (["two"], {"two"}), ([], set())):
        account.script(outcome="hot_lead")
        given = {} if extract is None else {"extract": extract}
        id_ = http.post("/calls/trigger", profile_id=profile, phone=LEAD, **given)["id"]
        account.advance(idle=True)
        assert set(http.get(f"/calls/{id_}")["analysis"]["extracted_fields"]) == expected


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.lists(st.integers(0, 9), max_size=2),
)


@pytest.fixture
def contact(http: Api) -> str:
    """A contact, and a field of each type for it."""
    for kind in GOOD:
        options = {"options": ["a", "b c"]} if kind == "enum" else {}
        http.post("/custom-fields", name=kind, type=kind, **options)
    return str(http.post("/contacts", phone=LEAD)["id"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(GOOD)), VALUES)
def test_the_api_and_the_rule_agree_on_any_value(http: Api, contact: str, kind: Any, value: Any) -> None:
    response = http.request("PATCH", f"/contacts/{contact}", json={"custom_fields": {kind: value}})
    fits = value is None or problem_of(kind, ("a", "b c"), value) is None
    assert response.status_code == (200 if fits else 400), response.text
    if fits:
        assert response.json()["data"]["custom_fields"].get(kind) == value

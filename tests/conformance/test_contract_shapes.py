"""Shapes from the contract: what is ours is not compared, everything else is."""

from __future__ import annotations

from typing import Any

import pytest

from ringback_conformance.claims import names
from ringback_conformance.contract import Shapes, documented, list_problem, load

NUMBER = {
    "id": "num_12",
    "phone_number": "+13465700511",
    "business_phone": "+13465551234",
    "status": "active",
    "webhook_url": None,
    "created_at": "2026-06-18T08:00:00Z",
}


@pytest.mark.parametrize(
    ("schema", "kept"),
    [
        ({"type": "string", "pattern": "^a$", "x-ours": ["pattern"]}, {"type": "string", "minLength": 1}),
        ({"type": "integer", "minimum": 1, "x-ours": ["minimum"]}, {"type": "integer"}),
        ({"type": ["string", "null"], "x-ours": ["type"]}, {"type": ["string", "null"]}),
        ({"type": "object", "additionalProperties": False}, {"type": "object"}),
        ({"x-basis": "ours", "type": "string"}, {}),
        (
            {
                "required": ["a", "b"],
                "properties": {"a": {"type": "string", "x-basis": "doc"}, "b": {"type": "string", "x-basis": "ours"}},
            },
            {"required": ["a"], "properties": {"a": {"type": "string"}}},
        ),
        ({"properties": {"title": {"const": {"x-basis": 1}}}}, {"properties": {"title": {"const": {"x-basis": 1}}}}),
    ],
)
def test_what_is_ours_goes(schema: dict[str, Any], kept: dict[str, Any]) -> None:
    assert documented(schema) == kept


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"id": "num_x", "more": 1}, None),
        ({"status": "gone"}, 'the number.status: "gone" is not one of "active", "past_due" or "released"'),
        ({"created_at": "yesterday"}, 'the number.created_at: "yesterday" is not a "date-time"'),
        ({"id": 5}, 'the number.id: 5 is not of type "string"'),
    ],
)
def test_a_difference_is_shown_with_its_place(change: dict[str, Any], problem: str | None) -> None:
    assert Shapes("kwickphone").problem("Number", {**NUMBER, **change}, "the number") == problem


def test_a_list_shows_which_item_differs() -> None:
    shapes = Shapes("kwickphone")
    assert shapes.list_problem("Number", {"data": [NUMBER]}, "number") is None
    without = {name: value for name, value in NUMBER.items() if name != "status"}
    problem = shapes.list_problem("Number", {"data": [NUMBER, without]}, "number")
    assert problem == 'number 1: "status" is a required property'
    assert list_problem([NUMBER]) == 'the body is not {"data": [...]} but a list'


def test_what_is_ours_can_be_compared_as_well() -> None:
    assert Shapes("kwickphone").problem("Number", {**NUMBER, "id": "num_x"}, "the number", ours=True)


@pytest.mark.parametrize("vendor", names())
def test_every_schema_can_be_compared(vendor: str) -> None:
    shapes = Shapes(vendor)
    for schema in load(vendor)["components"]["schemas"]:
        shapes.problem(schema, None, schema)

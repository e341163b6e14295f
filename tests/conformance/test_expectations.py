"""Expectations of probes: what is recorded, and how the generated messages read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ringback_conformance.claims import load
from ringback_conformance.expectations import Expectations, Inconclusive, ProbeFailed
from ringback_conformance.model import Exchange, Kind, Observation


def expectations() -> tuple[Expectations, list[Observation]]:
    observations: list[Observation] = []
    return Expectations(load("kwickphone").adapter, observations, "T-ERR-1", "T-ERR-1"), observations


def exchange(status: int | None, body: bytes = b"", error: str = "") -> Exchange:
    return Exchange(
        id="T#1",
        producer="T",
        kind=Kind.API,
        method="GET",
        path="/v1/calls",
        status=status,
        response_body=body,
        error=error,
    )


@pytest.mark.parametrize(
    ("actual", "expected", "message"),
    [
        ("5", 5, "the count: expected 5, got '5'"),
        (Decimal("4.99"), Decimal("5.00"), "the count: expected $5.00, got $4.99"),
        (None, [1], "the count: expected [1], got None"),
    ],
)
def test_values_are_shown_so_that_they_differ(actual: Any, expected: Any, message: str) -> None:
    ctx, observations = expectations()
    assert not ctx.expect_equal(actual, expected, "the count")
    assert observations[0].message == message
    assert not observations[0].held


def test_only_the_fields_that_differ_are_shown() -> None:
    ctx, observations = expectations()
    assert ctx.expect_fields({"a": 1, "b": 2}, {"a": 1}, "the call")
    assert not ctx.expect_fields({"a": 1, "b": 2}, {"a": 1, "b": 3, "d": 4}, "the call")
    assert not ctx.expect_fields([], {"a": 1}, "the call")
    assert observations[1].message == "the call: expected {'b': 3, 'd': 4}, got {'b': 2, 'd': None}"


def test_a_status_is_shown_with_its_request() -> None:
    ctx, observations = expectations()
    assert ctx.expect_status(exchange(200), (200, 404), "a list")
    assert not ctx.expect_status(exchange(None, error="reset"), (200, 404), "a list")
    assert observations[1].message == "a list: expected 200 or 404, got GET /v1/calls → no response (reset)"
    assert observations[1].exchanges == ("T#1",)
    assert ctx.expect_success(exchange(204), "a list")
    assert not ctx.expect_success(exchange(304), "a list")


def test_an_error_needs_status_code_and_envelope() -> None:
    ctx, observations = expectations()
    right = b'{"error": {"code": "not_found", "message": "No such call."}}'
    assert ctx.expect_error(exchange(404, right), 404, "not_found", "an unknown call")
    assert not ctx.expect_error(exchange(400, right), 404, "not_found", "an unknown call")
    assert not ctx.expect_error(exchange(404, right), 404, "no_recording", "an unknown call")
    assert not ctx.expect_error(exchange(404, b'{"error": {"code": "not_found"}}'), 404, "not_found", "an unknown call")
    assert observations[1].message == "an unknown call: expected 404 not_found, got GET /v1/calls → 400 not_found"
    assert observations[3].message.endswith('and the body.error: "message" is a required property')


def test_a_probe_can_stop_at_what_did_not_hold() -> None:
    ctx, observations = expectations()
    with pytest.raises(ProbeFailed):
        ctx.expect_equal(1, 2, "the count", stop=True)
    with pytest.raises(Inconclusive, match="no number"):
        ctx.precondition(False, "no number")
    assert len(observations) == 1

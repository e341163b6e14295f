"""Each vendor's operations, each through all phases of schemathesis and under all of its checks.

A vendor joins with a module of its name beside this one, and with its place in `PLACES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import schemathesis

from tests.schemathesis.kwickphone import KwickPhonePlace
from tests.schemathesis.links import follow
from tests.schemathesis.nokycnumber import NoKYCNumberPlace
from tests.schemathesis.place import Place, contract, opened

PLACES: tuple[type[Place], ...] = (KwickPhonePlace, NoKYCNumberPlace)
WITHIN_LIMITS = 60
PAUSE_AFTER = 5
"""Refusals for the rate after which the run with limits lets an hour go by."""
Test = Callable[..., None]


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    kind, schema = request.param
    with opened(kind, schema) as place:
        yield place
        (operation,) = place.operations
        place.settle({operation: place.reached[operation]}, place.exceptions)
        assert place.drawn >= place.draws(operation)


@pytest.fixture
def limited(request: pytest.FixtureRequest) -> Iterator[Place]:
    kind, schema = request.param
    with opened(kind, schema, limits=True) as place:
        yield place
        (operation,) = place.operations
        place.settle({operation: frozenset((429,))}, codes=place.limits_told[operation])


def _of(kind: type[Place], schema: schemathesis.BaseSchema, fixture: str, test: Test) -> Test:
    """The test for every operation of a vendor's schema."""
    placed = pytest.mark.parametrize(fixture, [pytest.param((kind, schema), id=kind.vendor)], indirect=True)(test)
    decorated: Test = schema.parametrize()(placed)
    return decorated


def _answers_of(kind: type[Place]) -> Test:
    def test_every_answer_keeps_the_contract(case: schemathesis.Case, place: Place) -> None:
        place.hold(case)

    return _of(kind, contract(kind), "place", test_every_answer_keeps_the_contract)


def _limits_of(kind: type[Place]) -> Test:
    def test_every_limit_is_told_as_the_contract_says(case: schemathesis.Case, limited: Place) -> None:
        reported = limited.codes["rate_limited"]
        limited.hold(case)
        if reported < limited.codes["rate_limited"] and limited.codes["rate_limited"] % PAUSE_AFTER == 0:
            limited.account.advance(hours=1)

    schema = contract(kind, examples=WITHIN_LIMITS, limited=True).include(operation_id=list(kind.limits_told))
    return _of(kind, schema, "limited", test_every_limit_is_told_as_the_contract_says)


for _kind in PLACES:
    globals()[f"test_every_answer_of_{_kind.vendor}_keeps_the_contract"] = _answers_of(_kind)
    globals()[f"test_every_limit_of_{_kind.vendor}_is_told_as_the_contract_says"] = _limits_of(_kind)


@pytest.mark.parametrize("kind", PLACES, ids=lambda kind: kind.vendor)
def test_every_link_leads_on(kind: type[Place]) -> None:
    schema = contract(kind)
    with opened(kind, schema) as place:
        follow(schema, place, place.scenarios)
        place.settle(place.followed, place.exceptions, linked=True)

"""The contract's operations, each through all phases of schemathesis and under all of its checks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis

from tests.schemathesis.config import ALLOWED, DRAWN, FOLLOWED, LIMITS_TOLD, REACHED
from tests.schemathesis.links import follow
from tests.schemathesis.place import Place, contract, opened

EXAMPLES = 60
SCENARIOS = 25
WITHIN_LIMITS = 40
PAUSE_AFTER = 70
"""Answers after which the run with limits lets an hour go by."""

CONTRACT = contract(EXAMPLES)
LIMITED = contract(WITHIN_LIMITS, limited=True)


@pytest.fixture
def place() -> Iterator[Place]:
    with opened(CONTRACT) as place:
        yield place
        (operation,) = place.operations
        place.settle({operation: REACHED[operation]}, ALLOWED)
        assert place.drawn >= DRAWN[operation]


@pytest.fixture
def limited() -> Iterator[Place]:
    with opened(LIMITED, limits=True) as place:
        yield place
        (operation,) = place.operations
        place.settle({operation: {429}}, codes=LIMITS_TOLD[operation])


@CONTRACT.parametrize()
def test_every_answer_keeps_the_contract(case: schemathesis.Case, place: Place) -> None:
    place.hold(case)


@LIMITED.include(operation_id=list(LIMITS_TOLD)).parametrize()
def test_every_limit_is_told_as_the_contract_says(case: schemathesis.Case, limited: Place) -> None:
    if limited.statuses.total() % PAUSE_AFTER == PAUSE_AFTER - 1:
        limited.account.advance(hours=1)
    limited.hold(case)


def test_every_link_leads_on() -> None:
    schema = contract(EXAMPLES)
    with opened(schema) as place:
        follow(schema, place, SCENARIOS)
        place.settle(FOLLOWED)

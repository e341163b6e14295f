"""The contract's operations, each through all phases of schemathesis and under all of its checks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis

from tests.schemathesis.config import ALLOWED, DRAWN, FOLLOWED, LIMITS_TOLD, REACHED
from tests.schemathesis.links import follow
from tests.schemathesis.place import Place, contract, opened

EXAMPLES = 60
SCENARIOS = 20
WITHIN_LIMITS = 60
PAUSE_AFTER = 5
"""Refusals for the rate after which the run with limits lets an hour go by."""

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
    told = limited.codes["rate_limited"]
    limited.hold(case)
    if told < limited.codes["rate_limited"] and limited.codes["rate_limited"] % PAUSE_AFTER == 0:
        limited.account.advance(hours=1)


def test_every_link_leads_on() -> None:
    schema = contract(EXAMPLES)
    with opened(schema) as place:
        follow(schema, place, SCENARIOS)
        place.settle(FOLLOWED)

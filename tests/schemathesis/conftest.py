"""The same cases in each run, whichever tests came before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ringback_conformance.producers.draws import steady


@pytest.fixture(autouse=True)
def _steady() -> Iterator[None]:
    with steady():
        yield

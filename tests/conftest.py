"""Every answer that any test sees is held to the contract, and an unexpected exception fails the test that met it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from ringback.gateway.journal import Journal, RequestLogEntry
from tests.support.contract import Contract

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
"""No example has a deadline: how long it takes tells how busy the machine is."""
_problems: list[str] = []
_add = Journal.add


def _held_to_the_contract(journal: Journal, entry: Any) -> None:
    _add(journal, entry)
    if isinstance(entry, RequestLogEntry) and entry.status:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in entry.response_headers}
        if entry.method == "HEAD" or int(headers.get("content-length", "0")) > len(entry.response_body):
            return  # a body that was cut off on purpose, or kept in part; a stream has no length
        found = Contract.load(entry.vendor).check_response(
            entry.method,
            entry.path,
            entry.status,
            headers,
            entry.response_body,
        )
        _problems.extend(f"{entry.method} {entry.path} → {entry.status}: {problem}" for problem in found)


@pytest.fixture(autouse=True, scope="session")
def _watch_every_answer() -> Iterator[None]:
    Journal.add = _held_to_the_contract  # type: ignore[method-assign]
    yield
    Journal.add = _add  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _contract_kept() -> Iterator[None]:
    _problems.clear()
    yield
    assert not _problems, "answers that the contract does not allow:\n" + "\n".join(_problems[:20])

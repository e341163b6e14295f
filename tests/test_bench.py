"""What measures Ringback goes on working as Ringback changes; how fast anything is, no test says."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from bench import __main__ as bench
from bench import texts


def test_a_search_is_measured_in_few_texts_and_in_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "ROUNDS", 1)
    monkeypatch.setattr(texts, "ASKED", 1)
    rows = bench.search(SimpleNamespace(largest=200))
    assert [row.what for row in rows] == [f"search, {what}, in 200 texts" for what in texts.QUERIES]


def test_a_store_is_filled_with_calls_that_have_ended() -> None:
    inside = bench.Inside()
    inside.fill(20)
    answer = asyncio.run(inside.ask("GET", "/v1/calls", b"limit=25"))
    assert inside.status == 200
    assert answer.count(b'"completed"') == 20

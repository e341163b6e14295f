"""Full-text search: words in any order and case, Unicode folded, newest first; and as a scan would find them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.gateway.search import SearchIndex, words

SHELF = "texts"


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Your table for two is ready", "READY table"),
        ("Réservé à l’Hôtel", "hotel reserve"),
        ("Straße 7", "STRASSE"),
        ("Ｆｕｌｌ width", "full"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("この漢字は", "漢字"),
        ("안녕하세요", "세요"),
        ("İstanbul", "istanbul"),
        ("code: 123-456", "456 123"),
        ("été 2026", "E\u0301TE\u0301"),
        ("don't", "don t"),
        ("नमस्ते दुनिया", "दुनिया"),
        ("מַזָּל טוֹב", "מזל"),
        ("snake_case", "case"),
    ],
)
def test_words_are_found_whatever_their_case_accents_and_order(text: str, query: str) -> None:
    index = SearchIndex()
    index.add(1, text, [SHELF])
    assert list(index.find(query, SHELF)) == [1]


@pytest.mark.parametrize("query", ["", "  ", "!?", "tables", "ready now", "\x00", "य"])
def test_what_a_text_does_not_have_is_not_found(query: str) -> None:
    index = SearchIndex()
    index.add(1, "Your table is ready", [SHELF])
    assert list(index.find(query, SHELF)) == []


def test_scopes_are_separate() -> None:
    index = SearchIndex()
    index.add(1, "hello", ["a", "b"])
    index.add(2, "hello", ["b"])
    assert (list(index.find("hello", "a")), list(index.find("hello", "b"))) == ([1], [2, 1])


TEXTS = st.lists(st.lists(st.sampled_from("abcde"), min_size=0, max_size=4).map(" ".join), max_size=30)


@given(TEXTS, st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3).map(" ".join), st.sets(st.integers(0, 29)))
def test_a_search_finds_what_a_scan_finds(texts: list[str], query: str, gone: set[int]) -> None:
    index = SearchIndex()
    for entry, text in enumerate(texts):
        index.add(entry, text, [SHELF])
    for entry in gone:
        if entry < len(texts):
            index.remove(entry, texts[entry], [SHELF])
    kept = [entry for entry in range(len(texts)) if entry not in gone]
    expected = [entry for entry in reversed(kept) if words(query) <= words(texts[entry])]
    assert list(index.find(query, SHELF)) == expected


def test_a_removed_entry_leaves_nothing_behind() -> None:
    index = SearchIndex()
    index.add(1, "a b a", [SHELF])
    index.remove(1, "a b a", [SHELF])
    assert not index._lists

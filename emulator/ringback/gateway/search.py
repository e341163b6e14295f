"""Full-text search: an inverted index, whose cost depends on what is found and not on what is stored.

A text matches by its words, whatever their case, accents and order. Entries are numbered in order of creation. A search
goes through the lists of its words from their ends, and skips each list to the entry that the others have reached.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from ringback.store import Collection, IndexKey, Record

R = TypeVar("R", bound=Record)

_WORD = re.compile(r"[a-z0-9]+")
_IDEOGRAPHS = "぀-ヿ㐀-䶿一-鿿가-힯豈-﫿ｦ-ﾟ"
"""Kana, Han and Hangul, which are written without spaces: each character counts as a word."""
_PIECE = re.compile(f"[{_IDEOGRAPHS}]|[^{_IDEOGRAPHS}]+")


def words(text: str) -> frozenset[str]:
    """Return the words of a text as they are compared: without case, accents or width."""
    return _words(text) if len(text) <= 2_000 else _split(text)


def _split(text: str) -> frozenset[str]:
    if text.isascii():
        return frozenset(_WORD.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    folded = unicodedata.normalize("NFC", "".join(char for char in plain if not _is_accent(char)))
    spaced = "".join(char if char.isalnum() or unicodedata.category(char)[0] == "M" else " " for char in folded)
    return frozenset(piece for word in spaced.split() for piece in _PIECE.findall(word))


def _is_accent(char: str) -> bool:
    """Return whether a mark may be left out in writing: accents, and the points of Hebrew and Arabic.

    Marks that make another letter, as in Devanagari, Thai or kana, are no accents.
    """
    kind = unicodedata.combining(char)
    return kind >= 200 or 10 <= kind <= 36


_words = lru_cache(maxsize=256)(_split)


class SearchIndex:
    """Which entries have which words, by scope. Entries are growing integers.

    An entry is in one scope or several, such as a number's texts and those of them that are not blocked.
    """

    def __init__(self) -> None:
        self._lists: dict[tuple[Hashable, str], list[int]] = {}

    def add(self, entry: int, text: str, scopes: Sequence[Hashable]) -> None:
        """Add an entry. Each word costs constant time if the entry is the newest in its scopes."""
        lists = self._lists
        for word in _split(text):
            for scope in scopes:
                found = lists.get((scope, word))
                if found is None:
                    lists[scope, word] = [entry]
                elif found[-1] < entry:
                    found.append(entry)
                else:
                    insort(found, entry)

    def remove(self, entry: int, text: str, scopes: Sequence[Hashable]) -> None:
        """Remove an entry, passed as it was added."""
        for word in _split(text):
            for scope in scopes:
                found = self._lists[scope, word]
                del found[bisect_right(found, entry) - 1]
                if not found:
                    del self._lists[scope, word]

    def find(self, query: str, scope: Hashable) -> Iterator[int]:
        """Iterate over a scope's entries that have every word of a query, newest first. No words match nothing."""
        lists = []
        for word in words(query):
            found = self._lists.get((scope, word))
            if found is None:
                return
            lists.append(found)
        if not lists:
            return
        lists.sort(key=len)
        ends = [len(found) for found in lists]
        newest = lists[0][-1]
        while True:
            agreed = True
            for at, found in enumerate(lists):
                end = bisect_right(found, newest, 0, ends[at])
                if end == 0:
                    return
                ends[at] = end
                if found[end - 1] < newest:
                    newest, agreed = found[end - 1], False
                    break
            if agreed:
                yield newest
                newest -= 1

    def clear(self) -> None:
        """Remove everything."""
        self._lists.clear()


class SearchableCollection(Collection[R]):
    """A collection whose records can be searched.

    `text` returns a record's text, which never changes, and `scopes` the scopes to find it in, which may change.
    """

    def __init__(
        self,
        kind: type[R],
        text: Callable[[R], str | None],
        scopes: Callable[[R], Sequence[Hashable]],
        **indexes: IndexKey[R],
    ) -> None:
        super().__init__(kind, **indexes)
        self._text = text
        self._scopes = scopes
        self._index = SearchIndex()
        self._found: dict[int, R] = {}

    def search(self, query: str, scope: Hashable) -> Iterator[R]:
        """Iterate over a scope's records that have every word of a query, newest first."""
        return (self._found[entry] for entry in self._index.find(query, scope))

    def _insert(self, record: R) -> None:
        super()._insert(record)
        text = self._text(record)
        if text:
            self._found[record.seq] = record
            self._index.add(record.seq, text, self._scopes(record))

    def update(self, record: R, **changes: Any) -> R:
        """Change fields of a stored record, and the scopes that it is found in."""
        before = self._scopes(record)
        super().update(record, **changes)
        after = self._scopes(record)
        text = self._text(record)
        if text and before != after:
            self._index.remove(record.seq, text, [scope for scope in before if scope not in after])
            self._index.add(record.seq, text, [scope for scope in after if scope not in before])
        return record

    def remove(self, record: R) -> None:
        """Remove a stored record."""
        text = self._text(record)
        if text:
            self._index.remove(record.seq, text, self._scopes(record))
            del self._found[record.seq]
        super().remove(record)

    def clear(self) -> None:
        """Remove everything."""
        super().clear()
        self._index.clear()
        self._found.clear()

"""Typed in-memory collections with declared indexes, newest-first paging at a flat cost, snapshot and restore."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Mapping
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec


class Record(msgspec.Struct, kw_only=True, gc=False):
    """A stored record: its id, the account that it belongs to, and its place in the order of creation."""

    id: str
    account: str
    seq: int = 0


R = TypeVar("R", bound=Record)
IndexKey = Callable[[R], Hashable]
_seq: Callable[[Record], int] = attrgetter("seq")


class Collection(Generic[R]):
    """Records of one type by id, with a bucket in order of creation for each value of each index.

    An index function returns a record's key in that index, or None for a record that the index leaves out. Stored
    records are changed through `update` only, so that they move between buckets.
    """

    def __init__(self, kind: type[R], **indexes: IndexKey[R]) -> None:
        self.kind = kind
        self._by_id: dict[str, R] = {}
        self._indexes = indexes
        self._buckets: dict[str, dict[Hashable, list[R]]] = {name: {} for name in indexes}
        self._seq = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[R]:
        """Iterate over all records, oldest first."""
        return iter(self._by_id.values())

    def __contains__(self, id_: str) -> bool:
        return id_ in self._by_id

    def get(self, id_: str) -> R | None:
        """Return the record of this id, None if there is none."""
        return self._by_id.get(id_)

    def __getitem__(self, id_: str) -> R:
        return self._by_id[id_]

    def add(self, record: R) -> R:
        """Store a new record, the newest of all. Raises KeyError for an id that is stored already."""
        if record.id in self._by_id:
            raise KeyError(f"{self.kind.__name__} {record.id} exists already")
        self._seq = record.seq = self._seq + 1
        self._insert(record)
        return record

    def _insert(self, record: R) -> None:
        self._by_id[record.id] = record
        for name, key_of in self._indexes.items():
            key = key_of(record)
            if key is not None:
                buckets = self._buckets[name]
                bucket = buckets.get(key)
                if bucket is None:
                    buckets[key] = [record]
                else:
                    bucket.append(record)

    def update(self, record: R, **changes: Any) -> R:
        """Change fields of a stored record and move it between buckets where its keys change."""
        before = [(name, key_of(record)) for name, key_of in self._indexes.items()]
        for name, value in changes.items():
            setattr(record, name, value)
        for name, old in before:
            new = self._indexes[name](record)
            if new != old:
                self._remove(name, old, record)
                if new is not None:
                    bucket = self._buckets[name].setdefault(new, [])
                    bucket.insert(bisect_left(bucket, record.seq, key=_seq), record)
        return record

    def remove(self, record: R) -> None:
        """Remove a stored record."""
        del self._by_id[record.id]
        for name, key_of in self._indexes.items():
            self._remove(name, key_of(record), record)

    def _remove(self, name: str, key: Hashable, record: R) -> None:
        if key is None:
            return
        bucket = self._buckets[name][key]
        if len(bucket) == 1:
            del self._buckets[name][key]
        else:
            del bucket[bisect_left(bucket, record.seq, key=_seq)]

    @property
    def created(self) -> int:
        """How many records were ever added."""
        return self._seq

    def count(self, index: str, key: Hashable) -> int:
        """Return how many records have this key."""
        return len(self._buckets[index].get(key, ()))

    def newest(self, index: str, key: Hashable) -> Iterator[R]:
        """Iterate over the records of this key, newest first."""
        return reversed(self._buckets[index].get(key, []))

    def oldest(self, index: str, key: Hashable) -> list[R]:
        """Return the records of this key, oldest first."""
        return list(self._buckets[index].get(key, ()))

    def last(self, index: str, key: Hashable) -> R | None:
        """Return the newest record of this key, None if there is none."""
        bucket = self._buckets[index].get(key)
        return bucket[-1] if bucket else None

    def first(self, index: str, key: Hashable) -> R | None:
        """Return the oldest record of this key, None if there is none."""
        bucket = self._buckets[index].get(key)
        return bucket[0] if bucket else None

    def page(self, index: str, key: Hashable, limit: int | None = None, after: R | None = None) -> list[R]:
        """Return up to `limit` records of this key, newest first, from the one that follows `after`."""
        bucket = self._buckets[index].get(key, [])
        end = len(bucket) if after is None else bisect_left(bucket, after.seq, key=_seq)
        start = 0 if limit is None else max(0, end - limit)
        chunk = bucket[start:end]
        chunk.reverse()
        return chunk

    def slice(self, index: str, key: Hashable, offset: int, limit: int) -> list[R]:
        """Return up to `limit` records of this key, newest first, after the newest `offset` ones."""
        bucket = self._buckets[index].get(key, [])
        end = max(0, len(bucket) - offset)
        chunk = bucket[max(0, end - limit) : end]
        chunk.reverse()
        return chunk

    def positions(
        self, index: str, key: Hashable, by: Callable[[R], int], since: int | None = None, until: int | None = None
    ) -> tuple[int, int]:
        """Return the positions (start, end), in order of creation, of this key's records with since <= by < until.

        `by` must not decrease in the order of creation.
        """
        bucket = self._buckets[index].get(key, [])
        start = 0 if since is None else bisect_left(bucket, since, key=by)
        return start, max(start, len(bucket) if until is None else bisect_left(bucket, until, key=by))

    def range(self, index: str, key: Hashable, start: int, end: int) -> list[R]:
        """Return the records of this key between two positions in the order of creation, newest first."""
        chunk = self._buckets[index].get(key, [])[max(0, start) : max(0, end)]
        chunk.reverse()
        return chunk

    def clear(self) -> None:
        """Remove all records and start counting again."""
        self._by_id.clear()
        self._buckets = {name: {} for name in self._indexes}
        self._seq = 0

    def snapshot(self) -> dict[str, Any]:
        """Return all records as plain data."""
        return {"seq": self._seq, "records": msgspec.to_builtins(list(self._by_id.values()))}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a snapshot. Raises msgspec.ValidationError for one of another type."""
        records = msgspec.convert(state["records"], list[self.kind])  # type: ignore[name-defined]
        self.clear()
        for record in records:
            self._insert(record)
        self._seq = state["seq"]

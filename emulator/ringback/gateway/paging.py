"""Forward-only cursor pages: newest first, from the object after a given one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import islice
from typing import Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec

from ringback.gateway.decoding import explain
from ringback.gateway.errors import DecodeError
from ringback.store import Collection, Record

R = TypeVar("R", bound=Record)
S = TypeVar("S", bound=msgspec.Struct)
MAX_QUERY = 8_192
CHUNK = 200
"""Records looked at in one go where only some are wanted."""


class PageError(ValueError):
    """A query that cannot be answered; `param` names the part."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class Page(msgspec.Struct, Generic[R], frozen=True):
    """Objects of a page, and whether more follow."""

    data: list[R]
    has_more: bool


def query_of(raw: bytes, *names: str) -> dict[str, str]:
    """What a query string says of these names; others are ignored. Raises PageError for one that is too long, or that
    gives one of them twice."""
    if not raw:
        return {}
    if len(raw) > MAX_QUERY:
        raise PageError("query", f"has at most {MAX_QUERY} characters")
    found: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        if name in found:
            raise PageError(name, "can be given once")
        if name in names:
            found[name] = value
    return found


class QueryError(DecodeError):
    """A query string that does not decode; `param` names the parameter at fault."""


def decode_query(raw: bytes, kind: type[S]) -> S:
    """Decode a query string into a struct of strings, integers, booleans and enumerated words.

    Unknown names are ignored, or rejected by a struct with `forbid_unknown_fields`. Raises QueryError for those, for a
    parameter that is repeated, and for a value that does not fit.
    """
    known = kind.__struct_encode_fields__
    if kind.__struct_config__.forbid_unknown_fields:
        for name, _ in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
            if name not in known:
                raise QueryError(f"is not a parameter here: {', '.join(known) or 'there are none'}", name)
    try:
        given = query_of(raw, *known)
    except PageError as error:
        raise QueryError(str(error), error.param) from None
    try:
        query = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        problem = explain(error, kind)
        raise QueryError(problem.problem.removesuffix(" or null"), problem.param) from None
    for name, field in zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True):
        if name in given and getattr(query, field) is None:
            raise QueryError("cannot be null", name)
    return query


def limit_of(query: Mapping[str, str], most: int) -> int | None:
    """`limit` of a query, None where it is left out. Raises PageError for one that is not from 1 to `most`."""
    text = query.get("limit")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
        raise PageError("limit", f"is a whole number from 1 to {most}")
    return int(text)


def page(
    records: Collection[R],
    index: str,
    key: Hashable,
    *,
    limit: int,
    after: R | None,
    wanted: Callable[[R], bool] | None = None,
) -> Page[R]:
    """Up to `limit` records of an index, newest first, from the one that follows `after`, that are `wanted`."""
    if wanted is None:
        found = records.page(index, key, limit + 1, after)
    else:
        found = list(islice(filter(wanted, _following(records, index, key, after)), limit + 1))
    return Page(found[:limit], len(found) > limit)


def _following(records: Collection[R], index: str, key: Hashable, after: R | None) -> Iterator[R]:
    while chunk := records.page(index, key, CHUNK, after):
        yield from chunk
        after = chunk[-1]

"""Pages of lists, page "Pagination"."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from ringback.gateway.paging import page
from ringback.store import Collection, Record
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.wire.requests import PageQuery
from ringback.vendors.phonestack.wire.responses import ListEnvelope, PageMeta

DEFAULT_LIMIT = 50
R = TypeVar("R", bound=Record)
V = TypeVar("V")
_CURSOR = re.compile(r"c([0-9a-f]{1,15})")


def list_page(
    query: PageQuery,
    records: Collection[R],
    index: str,
    key: Hashable,
    view: Callable[[R], V],
    wanted: Callable[[R], bool] | None = None,
) -> ListEnvelope[V]:
    """Return a page of an index, newest first, of the records that are `wanted`. Raises ApiError 400."""
    limit = query.limit or DEFAULT_LIMIT
    found = page(records, index, key, limit=limit, after=cast("R | None", _start(query.cursor)), wanted=wanted)
    cursor = f"c{found.data[-1].seq:x}" if found.has_more else None
    return ListEnvelope(True, [view(record) for record in found.data], PageMeta(limit, cursor, found.has_more))


def _start(cursor: str | None) -> Any:
    """Return a stand-in for the last record of the previous page, which may have been deleted. Raises ApiError 400."""
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise errors.invalid("cursor", "must be the next_cursor of the previous page")
    return Record(id="", account="", seq=int(found[1], 16))

"""What requests ask for, in query and headers, and pages of what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Request

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.paging import PageError, query_of
from ringback.store import Collection, Record
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.common import instant
from ringback.vendors.agentphone.wire.responses import Page, Stretch, Success

Req = Request[Any, Any, Any]
R = TypeVar("R", bound=Record)
T = TypeVar("T")
PAGE, MAX_PAGE = 20, 100
MESSAGES, MAX_MESSAGES = 50, 200
FURTHEST = 10**12
SUB_ACCOUNT = b"x-sub-account-id"
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def query_in(exchange: RequestLogEntry, *names: str) -> dict[str, str]:
    """What a request's query says of these names. Raises ApiError 422."""
    try:
        return query_of(exchange.query, *names)
    except PageError as error:
        raise errors.asked_wrongly(error.param, str(error)) from None


def whole(query: Mapping[str, str], name: str, default: int | None, least: int, most: int) -> int | None:
    """A whole number of a query, or what goes without it. Raises ApiError 422."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise errors.UnprocessableError("query", name, f"must be a whole number from {least} to {most}", "int_parsing")
    if not least <= int(text) <= most:
        raise errors.asked_wrongly(name, f"must be from {least} to {most}")
    return int(text)


def so_many(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number of a query that has a default. Raises ApiError 422."""
    found = whole(query, name, default, least, most)
    return default if found is None else found


def flag(query: Mapping[str, str], name: str) -> bool:
    """A yes or no of a query; no when left out. Raises ApiError 422."""
    text = query.get(name, "false").lower()
    if text not in (*TRUE, *FALSE):
        raise errors.UnprocessableError("query", name, "must be true or false", "bool_parsing")
    return text in TRUE


def choice(query: Mapping[str, str], name: str, allowed: Sequence[str]) -> str | None:
    """One of a few words, or None when it is left out. Raises ApiError 422."""
    value = query.get(name)
    if value is not None and value not in allowed:
        raise errors.UnprocessableError("query", name, f"must be one of {', '.join(allowed)}", "enum")
    return value


def sub_account(exchange: RequestLogEntry) -> str | None:
    """The sub-account that a header names."""
    value = next((value for name, value in exchange.headers if name == SUB_ACCOUNT), None)
    return value.decode("latin-1").strip() if value is not None else None


def project_of(backend: AgentPhone, exchange: RequestLogEntry) -> str:
    """The project that a request is for: the account's own, or the sub-account's that a header names. Raises ApiError
    404."""
    return backend.office.project(exchange.account, sub_account(exchange))


def scope_of(backend: AgentPhone, exchange: RequestLogEntry) -> str | None:
    """The project that a header names; None for any of the account's. Raises ApiError 404."""
    sub = sub_account(exchange)
    return None if sub is None else backend.office.project(exchange.account, sub)


def body_of(exchange: RequestLogEntry, decoder: msgspec.json.Decoder[T]) -> T:
    """A request's body. Raises DecodeError."""
    return decode(exchange.body, decoder)


def paged(
    exchange: RequestLogEntry,
    records: Collection[R],
    index: str,
    key: str,
    view: Callable[[R], Any],
    *,
    default: int = PAGE,
    most: int = MAX_PAGE,
) -> Response:
    """A page of an index by limit and offset, newest first, page "List numbers". Raises ApiError 422."""
    query = query_in(exchange, "limit", "offset")
    limit, offset = span_in(query, default, most)
    total = records.count(index, key)
    rows = [view(record) for record in records.slice(index, key, offset, limit)]
    return Response(encode(Page(rows, offset + limit < total, total)))


def span_in(query: Mapping[str, str], default: int = PAGE, most: int = MAX_PAGE) -> tuple[int, int]:
    """Limit and offset of a query. Raises ApiError 422."""
    return so_many(query, "limit", default, 1, most), so_many(query, "offset", 0, 0, FURTHEST)


def paged_list(query: Mapping[str, str], found: Sequence[R], view: Callable[[R], Any], **bounds: int) -> Response:
    """A page of what was found, by limit and offset. Raises ApiError 422."""
    limit, offset = span_in(query, **bounds)
    rows = [view(record) for record in found[offset : offset + limit]]
    return Response(encode(Page(rows, offset + limit < len(found), len(found))))


def walked(
    exchange: RequestLogEntry,
    records: Collection[R],
    index: str,
    key: str,
    moment: Callable[[R], int],
    view: Callable[[R], Any],
) -> Response:
    """A page of messages, newest first, before and after instants, page "Get messages for number". Raises ApiError
    422."""
    query = query_in(exchange, "limit", "before", "after")
    limit = so_many(query, "limit", MESSAGES, 1, MAX_MESSAGES)
    before, after = (instant(query[name], name, "query") if name in query else None for name in ("before", "after"))
    start, end = records.positions(index, key, moment, None if after is None else after + 1, before)
    rows = [view(record) for record in records.range(index, key, max(start, end - limit), end)]
    return Response(encode(Stretch(rows, end - limit > start)))


def done() -> Response:
    """Done, with a body that says so."""
    return Response(encode(Success()))


def nothing() -> Response:
    """204, without a body."""
    return Response(b"", 204)

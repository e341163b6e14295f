"""What requests ask for, in query and headers, and pages of what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from litestar import Request

from ringback.gateway.journal import Exchange
from ringback.gateway.middleware import Answer, decode, encode
from ringback.gateway.paging import PageError, query_of
from ringback.store import Collection, Record
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.common import instant
from ringback.vendors.agentphone.wire.responses import Page, Stretch, Success

Req = Request[Any, Any, Any]
R = TypeVar("R", bound=Record)
T = TypeVar("T")
PAGE, LONGEST_PAGE = 20, 100
MESSAGES, LONGEST_MESSAGES = 50, 200
FURTHEST = 10**12
SUB_ACCOUNT = b"x-sub-account-id"
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def query_in(exchange: Exchange, *names: str) -> dict[str, str]:
    """What a request's query says of these names. Raises Refusal 422."""
    try:
        return query_of(exchange.query, *names)
    except PageError as error:
        raise errors.asked_wrongly(error.param, str(error)) from None


def whole(query: Mapping[str, str], name: str, default: int | None, least: int, most: int) -> int | None:
    """A whole number of a query, or what goes without it. Raises Refusal 422."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise errors.Unprocessable("query", name, f"must be a whole number from {least} to {most}", "int_parsing")
    if not least <= int(text) <= most:
        raise errors.asked_wrongly(name, f"must be from {least} to {most}")
    return int(text)


def so_many(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number of a query that has a default. Raises Refusal 422."""
    found = whole(query, name, default, least, most)
    return default if found is None else found


def flag(query: Mapping[str, str], name: str) -> bool:
    """A yes or no of a query; no when left out. Raises Refusal 422."""
    text = query.get(name, "false").lower()
    if text not in (*TRUE, *FALSE):
        raise errors.Unprocessable("query", name, "must be true or false", "bool_parsing")
    return text in TRUE


def choice(query: Mapping[str, str], name: str, allowed: Sequence[str]) -> str | None:
    """One of a few words, or None when it is left out. Raises Refusal 422."""
    value = query.get(name)
    if value is not None and value not in allowed:
        raise errors.Unprocessable("query", name, f"must be one of {', '.join(allowed)}", "enum")
    return value


def sub_account(exchange: Exchange) -> str | None:
    """The sub-account that a header names."""
    value = next((value for name, value in exchange.headers if name == SUB_ACCOUNT), None)
    return value.decode("latin-1").strip() if value is not None else None


def project_of(house: AgentPhone, exchange: Exchange) -> str:
    """The project that a request is for: the account's own, or the sub-account's that a header names. Raises Refusal
    404."""
    return house.office.project(exchange.account, sub_account(exchange))


def scope_of(house: AgentPhone, exchange: Exchange) -> str | None:
    """The project that a header names; None for any of the account's. Raises Refusal 404."""
    sub = sub_account(exchange)
    return None if sub is None else house.office.project(exchange.account, sub)


def body_of(exchange: Exchange, decoder: msgspec.json.Decoder[T]) -> T:
    """A request's body. Raises Malformed."""
    return decode(exchange.body, decoder)


def paged(
    exchange: Exchange,
    records: Collection[R],
    index: str,
    key: str,
    view: Callable[[R], Any],
    *,
    default: int = PAGE,
    most: int = LONGEST_PAGE,
) -> Answer:
    """A page of an index by limit and offset, newest first, page "List numbers". Raises Refusal 422."""
    query = query_in(exchange, "limit", "offset")
    limit, offset = span_in(query, default, most)
    total = records.count(index, key)
    rows = [view(record) for record in records.slice(index, key, offset, limit)]
    return Answer(encode(Page(rows, offset + limit < total, total)))


def span_in(query: Mapping[str, str], default: int = PAGE, most: int = LONGEST_PAGE) -> tuple[int, int]:
    """Limit and offset of a query. Raises Refusal 422."""
    return so_many(query, "limit", default, 1, most), so_many(query, "offset", 0, 0, FURTHEST)


def paged_list(query: Mapping[str, str], found: Sequence[R], view: Callable[[R], Any], **bounds: int) -> Answer:
    """A page of what was found, by limit and offset. Raises Refusal 422."""
    limit, offset = span_in(query, **bounds)
    rows = [view(record) for record in found[offset : offset + limit]]
    return Answer(encode(Page(rows, offset + limit < len(found), len(found))))


def walked(
    exchange: Exchange,
    records: Collection[R],
    index: str,
    key: str,
    moment: Callable[[R], int],
    view: Callable[[R], Any],
) -> Answer:
    """A page of messages, newest first, before and after instants, page "Get messages for number". Raises Refusal
    422."""
    query = query_in(exchange, "limit", "before", "after")
    limit = so_many(query, "limit", MESSAGES, 1, LONGEST_MESSAGES)
    before, after = (instant(query[name], name, "query") if name in query else None for name in ("before", "after"))
    start, end = records.between(index, key, moment, None if after is None else after + 1, before)
    rows = [view(record) for record in records.stretch(index, key, max(start, end - limit), end)]
    return Answer(encode(Stretch(rows, end - limit > start)))


def done() -> Answer:
    """Done, with a body that says so."""
    return Answer(encode(Success()))


def nothing() -> Answer:
    """204, without a body."""
    return Answer(b"", 204)

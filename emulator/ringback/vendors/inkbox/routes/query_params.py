"""What queries say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request

from ringback.gateway.journal import log_entry
from ringback.gateway.paging import PageError, query_of
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.rules.common import bound
from ringback.vendors.inkbox.rules.messages import Kind, Span

PAGE, MAX_PAGE = 50, 200
"""The SDK's default and most (its docstrings)."""
DATES = ("start_datetime", "end_datetime", "tz")
MAX_QUERY = 500
Req = Request[Any, Any, Any]


def query_in(request: Req, *names: str) -> dict[str, str]:
    """What a request's query says of these names. Raises ApiError 422."""
    try:
        return query_of(log_entry(request).query, *names)
    except PageError as error:
        raise errors.invalid(error.param, str(error), where="query") from None


def window(query: Mapping[str, str], default: int | None = PAGE) -> tuple[int, int]:
    """`offset` and `limit`. Raises ApiError 422."""
    limit = _whole(query, "limit", 1, MAX_PAGE)
    offset = _whole(query, "offset", 0, 10**9)
    return offset or 0, limit if limit is not None else (MAX_PAGE if default is None else default)


def _whole(query: Mapping[str, str], name: str, least: int, most: int) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and least <= int(text) <= most):
        raise errors.invalid(name, f"is a whole number from {least} to {most}", where="query")
    return int(text)


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """A truth value; None where it is left out. Raises ApiError 422."""
    text = query.get(name)
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise errors.invalid(name, "is true or false", where="query")
    return text.lower() == "true"


def choice(query: Mapping[str, str], name: str, among: Sequence[str]) -> str | None:
    """One of several words; None where it is left out. Raises ApiError 422."""
    text = query.get(name)
    if text is not None and text not in among:
        raise errors.invalid(name, f"is one of {', '.join(among)}", where="query")
    return text


def kind_in(query: Mapping[str, str]) -> Kind | None:
    """Which rows `is_blocked` asks for."""
    blocked = flag(query, "is_blocked")
    return None if blocked is None else "blocked" if blocked else "clear"


def span_in(query: Mapping[str, str]) -> Span:
    """The range of time that is asked for. Raises ApiError 422."""
    zone = query.get("tz")
    start, end = query.get("start_datetime"), query.get("end_datetime")
    return Span(
        bound("start_datetime", start, zone, end=False) if start is not None else None,
        bound("end_datetime", end, zone, end=True) if end is not None else None,
    )


def words_in(query: Mapping[str, str]) -> str:
    """What is searched for. Raises ApiError 422."""
    words = query.get("q", "")
    if not 1 <= len(words.strip()) <= MAX_QUERY:
        raise errors.invalid("q", f"has from 1 to {MAX_QUERY} characters", where="query")
    return words

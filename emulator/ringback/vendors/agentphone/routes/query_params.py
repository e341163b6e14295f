"""Query parameters as structs, and the pages that they select."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import MessageDetail
from ringback.vendors.agentphone.rules.common import instant
from ringback.vendors.agentphone.rules.data import instant_of
from ringback.vendors.agentphone.wire.responses import MessageView, Page, TimePage

R = TypeVar("R", bound=Any)
To100 = Annotated[int, msgspec.Meta(ge=1, le=100)]
To200 = Annotated[int, msgspec.Meta(ge=1, le=200)]
Offset = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Hours = Annotated[int, msgspec.Meta(ge=1, le=8_760)]
Required = Annotated[str, msgspec.Meta(min_length=1)]
TRUE, FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class PageQuery(msgspec.Struct):
    """The query of a list by limit and offset."""

    limit: To100 = 20
    offset: Offset = 0


class CallQuery(PageQuery):
    """The query of the list of calls."""

    status: Literal["ringing", "in-progress", "completed", "failed", "busy", "no-answer"] | None = None
    direction: Literal["inbound", "outbound", "web"] | None = None
    type: Literal["pstn", "web"] | None = None
    search: str | None = None


class WaitQuery(msgspec.Struct):
    """The query of one call: `wait` until it has ended, at most `timeout` seconds."""

    wait: str = "false"
    timeout: Annotated[int, msgspec.Meta(ge=10, le=300)] = 30


class ContactQuery(msgspec.Struct):
    """The query of the list of contacts."""

    limit: To200 = 50
    offset: Offset = 0
    search: str = ""


class CapabilityQuery(msgspec.Struct):
    """The query of what a number can receive."""

    phone_number: Required


class AvailableQuery(msgspec.Struct, rename="camel"):
    """The query of the numbers that can be bought."""

    country: Annotated[str, msgspec.Meta(pattern="^[A-Za-z]{2}$")] = "US"
    area_code: Annotated[str, msgspec.Meta(pattern="^[0-9]{3}$")] | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    limit: To100 = 20


class LookupQuery(msgspec.Struct, rename="camel"):
    """The query of line types: numbers with commas between them."""

    phone_numbers: str


class MessageQuery(msgspec.Struct):
    """The query of a list of messages by timestamp, page "Get messages for number"."""

    limit: To200 = 50
    before: str | None = None
    after: str | None = None


class ConversationQuery(msgspec.Struct):
    """The query of one conversation."""

    message_limit: To100 = 50


class DeliveryQuery(msgspec.Struct):
    """The query of a list of deliveries; an agent's list has no offset."""

    limit: To200 = 50
    offset: Offset = 0
    hours: Hours | None = None


class AgentDeliveryQuery(msgspec.Struct):
    """The query of the deliveries to an agent's webhook."""

    limit: To200 = 50
    hours: Hours | None = None


class StatsQuery(msgspec.Struct):
    """The query of delivery statistics."""

    hours: Hours = 24


class WebhookTestQuery(msgspec.Struct, rename="camel"):
    """The query of a webhook test."""

    agent_id: str | None = None


class DailyQuery(msgspec.Struct):
    """The query of usage by day."""

    days: Annotated[int, msgspec.Meta(ge=1, le=365)] = 30


class MonthlyQuery(msgspec.Struct):
    """The query of usage by month."""

    months: Annotated[int, msgspec.Meta(ge=1, le=24)] = 6


class AgentUsageQuery(msgspec.Struct):
    """The query of usage by agent."""

    period: Literal["week", "month", "year"] = "month"
    tz: str | None = None


def flag(param: str, text: str) -> bool:
    """Return a boolean of the query, in any form that FastAPI accepts. Raises ApiError 422."""
    if text.lower() not in (*TRUE, *FALSE):
        raise errors.invalid_query(param, "must be true or false")
    return text.lower() in TRUE


def page(
    query: PageQuery | ContactQuery, records: Collection[R], index: str, key: Hashable, view: Callable[[R], Any]
) -> Page[Any]:
    """Return a page of an index by limit and offset, newest first, page "List numbers"."""
    total = records.count(index, key)
    rows = [view(record) for record in records.slice(index, key, query.offset, query.limit)]
    return Page(rows, query.offset + query.limit < total, total)


def page_of(query: PageQuery | ContactQuery, found: Sequence[R], view: Callable[[R], Any]) -> Page[Any]:
    """Return a page of a list by limit and offset."""
    end = query.offset + query.limit
    return Page([view(record) for record in found[query.offset : end]], end < len(found), len(found))


def message_page(
    query: MessageQuery,
    records: Collection[MessageDetail],
    index: str,
    key: str,
    view: Callable[[MessageDetail], MessageView],
) -> TimePage[MessageView]:
    """Return a page of messages by timestamp, newest first, page "Get messages for number". Raises ApiError 422."""
    before = _instant("before", query.before)
    after = _instant("after", query.after)
    start, end = records.positions(index, key, instant_of, None if after is None else after + 1, before)
    first = max(start, end - query.limit)
    return TimePage([view(message) for message in records.range(index, key, first, end)], first > start)


def _instant(param: str, text: str | None) -> int | None:
    return None if text is None else instant(text, param, errors.invalid_query)

"""Queries and pages, page "Pagination": what a list is asked for, by REST or by MCP, and the page that it gives."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ringback.carrier.clock import TimeError, parse_instant
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.paging import PageError, limit_of, page, query_of
from ringback.store import Collection, Record
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import CallStatus, DateRange, Direction
from ringback.vendors.phonestack.wire import Listing, Meta

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

PAGE, MAX_PAGE = 50, 100
"""Page "Pagination"."""
DIRECTIONS: tuple[str, ...] = Direction.__args__  # type: ignore[attr-defined]
CALL_STATES: tuple[str, ...] = CallStatus.__args__  # type: ignore[attr-defined]
RANGES: tuple[str, ...] = DateRange.__args__  # type: ignore[attr-defined]
CAMPAIGN_STATES = ("draft", "running", "paused", "completed")
SOURCES = ("api", "bulk", "mcp", "dashboard", "call")
CATEGORIES = ("contact", "extraction", "both")
INCLUDES = ("transcript", "contact")
R = TypeVar("R", bound=Record)
_CURSOR = re.compile(r"c([0-9a-f]{1,15})")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})?)?", re.ASCII)


class Query:
    """What a list is asked for, as text by name."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given

    @classmethod
    def of(cls, exchange: RequestLogEntry, *names: str) -> Query:
        """What a request's query says of these names, and of pages; others are ignored. Raises ApiError 400."""
        try:
            return cls(query_of(exchange.query, *names, "limit", "cursor"))
        except PageError as error:
            raise errors.invalid(error.param, str(error)) from None

    def text(self, name: str) -> str | None:
        """Any text but none at all. Raises ApiError 400."""
        value = self.given.get(name)
        if value == "":
            raise errors.invalid(name, "must not be empty")
        return value

    def word(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of a few words, or None where it is left out. Raises ApiError 400."""
        value = self.given.get(name)
        if value is not None and value not in allowed:
            raise errors.invalid(name, f"must be one of {', '.join(allowed)}")
        return value

    def flag(self, name: str) -> bool | None:
        """true or false. Raises ApiError 400."""
        word = self.word(name, ("true", "false"))
        return None if word is None else word == "true"

    def whole(self, name: str) -> int | None:
        """A whole number from 0. Raises ApiError 400."""
        value = self.given.get(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise errors.invalid(name, "must be a whole number from 0")
        return int(value)

    def instant(self, name: str) -> int | None:
        """An ISO-8601 time, UTC where it says nothing else. Raises ApiError 400."""
        value = self.given.get(name)
        if value is None:
            return None
        if _INSTANT.fullmatch(value.replace(" ", "+")):
            try:
                return parse_instant(value.replace(" ", "+"))
            except (TimeError, OverflowError):
                pass
        raise errors.invalid(name, "must be an ISO-8601 time such as 2026-01-31T09:00:00Z")

    def include(self) -> dict[str, bool]:
        """What is put into each call beside it. Raises ApiError 400."""
        value = self.given.get("include")
        names = value.split(",") if value is not None else []
        if any(name not in INCLUDES for name in names):
            raise errors.invalid("include", "must be transcript, contact, or both with a comma between")
        return dict.fromkeys(names, True)

    def date_range(self) -> DateRange | None:
        """A range of days by its name. Raises ApiError 400."""
        return cast("DateRange | None", self.word("date_range", RANGES))

    def limit(self) -> int:
        """How many objects a page has at most. Raises ApiError 400."""
        try:
            return limit_of(self.given, MAX_PAGE) or PAGE
        except PageError as error:
            raise errors.invalid("limit", str(error)) from None

    def after(self) -> Record | None:
        """The place that the page begins after; it stays where it is when the object there goes. Raises ApiError 400."""
        value = self.given.get("cursor")
        if value is None:
            return None
        found = _CURSOR.fullmatch(value)
        if found is None:
            raise errors.invalid("cursor", "must be the next_cursor of the page before")
        return Record(id="", account="", seq=int(found[1], 16))


class Lists:
    """The lists of the API, and the filters that each takes."""

    CONTACTS = ("dnc_status", "source", "tag")
    CALLS = (
        "campaign_id",
        "disposition",
        "status",
        "direction",
        "contact_id",
        "since",
        "until",
        "min_duration",
        "has_meeting",
        "include",
    )
    CAMPAIGNS = ("direction", "status")
    FIELDS = ("category",)

    def contacts(self, backend: PhoneStack, account: str, query: Query) -> Listing[Any]:
        """Contacts, the latest first. Raises ApiError 400."""
        index, key, wanted = backend.people.chosen(
            account,
            dnc_status=query.word("dnc_status", ("clear", "dnc")),
            source=query.word("source", SOURCES),
            tag=query.text("tag"),
        )
        return _listed(query, backend.people.records, index, key, backend.people.view, wanted)

    def calls(self, backend: PhoneStack, account: str, query: Query) -> Listing[Any]:
        """Calls, the latest first. Raises ApiError 400."""
        phones = backend.phones
        include = query.include()
        index, key, wanted = phones.chosen(
            account,
            campaign_id=query.text("campaign_id"),
            contact_id=query.text("contact_id"),
            disposition=query.text("disposition"),
            status=query.word("status", CALL_STATES),
            direction=cast("Direction | None", query.word("direction", DIRECTIONS)),
            since=query.instant("since"),
            until=query.instant("until"),
            min_duration=query.whole("min_duration"),
            has_meeting=query.flag("has_meeting"),
        )
        return _listed(query, phones.details, index, key, lambda detail: phones.view(detail, **include), wanted)

    def campaigns(self, backend: PhoneStack, account: str, query: Query) -> Listing[Any]:
        """Campaigns, the latest first. Raises ApiError 400."""
        direction, status = query.word("direction", DIRECTIONS), query.word("status", CAMPAIGN_STATES)
        return _listed(
            query,
            backend.campaigns.records,
            "account",
            account,
            backend.campaigns.view,
            lambda campaign: direction in (None, campaign.direction) and status in (None, campaign.status),
        )

    def fields(self, backend: PhoneStack, account: str, query: Query) -> Listing[Any]:
        """Custom field definitions, the latest first. Raises ApiError 400."""
        category = query.word("category", CATEGORIES)
        index, key = ("account", account) if category is None else ("category", (account, category))
        return _listed(query, backend.fields.records, index, key, backend.fields.view)

    def profiles(self, backend: PhoneStack, account: str, query: Query) -> Listing[Any]:
        """Active profiles, the latest first. Raises ApiError 400."""
        return _listed(query, backend.profiles.records, "active", account, backend.profiles.view)

    def reports(self, backend: PhoneStack, account: str, query: Query) -> Listing[Any]:
        """Saved reports, the latest first. Raises ApiError 400."""
        return _listed(query, backend.reports.records, "account", account, backend.reports.view)


listing = Lists()


def _listed(
    query: Query,
    records: Collection[R],
    index: str,
    key: Hashable,
    view: Callable[[R], Any],
    wanted: Callable[[R], bool] | None = None,
) -> Listing[Any]:
    """A page of a list, newest first. Raises ApiError 400."""
    limit, after = query.limit(), query.after()
    found = page(records, index, key, limit=limit, after=cast("R | None", after), wanted=wanted)
    cursor = f"c{found.data[-1].seq:x}" if found.has_more else None
    return Listing(True, [view(record) for record in found.data], Meta(limit, cursor, found.has_more))

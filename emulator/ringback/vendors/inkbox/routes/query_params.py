"""Query parameters as structs: pages, ranges of time, filters."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Party, RuleAction, RuleDirection, TextKind
from ringback.vendors.inkbox.rules.common import TimeRange, time_range
from ringback.vendors.inkbox.rules.deliveries import Filters

Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
"""The SDK's maximum (its docstrings)."""
Offset = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
Required = Annotated[str, msgspec.Meta(min_length=1)]
SearchText = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class PageQuery(msgspec.Struct, kw_only=True):
    """The query of a page; 50 is the SDK's default."""

    limit: Limit = 50
    offset: Offset = 0


class BlockedQuery(msgspec.Struct, kw_only=True):
    """The query of a list that can be of blocked rows only, or of those that are not blocked."""

    limit: Limit = 50
    is_blocked: bool | None = None

    @property
    def kind(self) -> TextKind:
        """The rows that the list includes."""
        return "any" if self.is_blocked is None else "blocked" if self.is_blocked else "clear"


class RangeQuery(BlockedQuery, kw_only=True):
    """The query of a list within a range of time."""

    offset: Offset = 0
    start_datetime: str | None = None
    end_datetime: str | None = None
    tz: str | None = None

    @property
    def within(self) -> TimeRange:
        """The range of time. Raises ApiError 422."""
        return time_range(self.start_datetime, self.end_datetime, self.tz)


class CallQuery(RangeQuery, kw_only=True):
    """The query of the list of an identity's calls."""

    agent_identity_id: str | None = None


class TextQuery(RangeQuery, kw_only=True):
    """The query of a number's texts."""

    is_read: bool | None = None


class ConversationQuery(RangeQuery, kw_only=True):
    """The query of a number's conversations."""

    include_groups: bool = False


class SearchQuery(BlockedQuery, kw_only=True):
    """The query of a search over texts."""

    q: SearchText


class TranscriptSearchQuery(msgspec.Struct, kw_only=True):
    """The query of a search over transcripts."""

    q: SearchText
    party: Party | None = None
    limit: Limit = 50


class IdentityQuery(msgspec.Struct):
    """The query that names an identity."""

    agent_identity_id: str | None = None


class RuleQuery(msgspec.Struct, kw_only=True):
    """The query of a list of contact rules, which is whole unless it has a limit."""

    action: RuleAction | None = None
    match_type: Literal["exact_number"] | None = None
    direction: RuleDirection | None = None
    limit: Limit | None = None
    offset: Offset = 0


class AllRulesQuery(RuleQuery, kw_only=True):
    """The query of the organization's contact rules."""

    phone_number_id: str | None = None
    agent_identity_id: str | None = None


class OptInQuery(PageQuery, kw_only=True):
    """The query of the list of opt-ins."""

    status: Literal["opted_in", "opted_out"] | None = None


class LookupQuery(msgspec.Struct):
    """The query for the message that was sent with an Idempotency-Key."""

    sender_kind: Required
    sender_id: Required
    operation: Required


class ScopeQuery(msgspec.Struct):
    """The query that changes a subscription to several kinds of event."""

    scope: Literal["identity"] | None = None


class DeliveryQuery(Filters, kw_only=True):
    """The query of the delivery log."""

    limit: Limit = 50
    offset: Offset = 0


def search_text(text: str) -> str:
    """Return what is searched for. Raises ApiError 422 for blanks alone."""
    if not text.strip():
        raise errors.invalid_query("q", "has from 1 to 500 characters")
    return text

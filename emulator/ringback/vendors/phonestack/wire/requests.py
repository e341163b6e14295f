"""Request bodies and query strings, as documented. Unknown fields are ignored; bounds that the page omits are ours.

The MCP tools take their arguments from the same structs, so a description here is part of a tool's schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ringback.vendors.phonestack.records import (
    CallStatus,
    CampaignStatus,
    Category,
    DateRange,
    Direction,
    FieldType,
    Source,
)

Name = Annotated[str, Meta(max_length=200)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Email = Annotated[str, Meta(max_length=320, pattern=r"^[^@\s]+@[^@\s]+$")]
Text = Annotated[str, Meta(max_length=10_000)]
Note = Annotated[str, Meta(max_length=1_000)]
Tags = Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=100)]
FieldName = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[A-Za-z][A-Za-z0-9_]*$")]
FieldNames = Annotated[list[Annotated[str, Meta(min_length=1)]], Meta(max_length=100)]
Options = Annotated[list[Annotated[str, Meta(min_length=1, max_length=200)]], Meta(min_length=1, max_length=100)]
Values = dict[str, Any]
Url = Annotated[str, Meta(min_length=1, max_length=2_048)]
MAX_PAGE = 100
"""Page "Pagination"."""


# -- query strings ------


class PageQuery(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A page of a list, page "Pagination"."""

    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE, description="At most so many; 50 when left out.")] | None = None
    cursor: Annotated[str, Meta(description="next_cursor of the page before.")] | None = None


class ContactFilters(PageQuery, kw_only=True, omit_defaults=True):
    """GET /api/v1/contacts."""

    dnc_status: Literal["clear", "dnc"] | None = None
    source: Source | None = None
    tag: Annotated[str, Meta(min_length=1, description="Only contacts that have this tag.")] | None = None


class CallFilters(PageQuery, kw_only=True, omit_defaults=True):
    """The filters of a list of calls."""

    campaign_id: Annotated[str, Meta(min_length=1, description="Only calls of this campaign.")] | None = None
    disposition: Annotated[str, Meta(min_length=1, description="Only calls judged so, such as hot_lead.")] | None = None
    status: CallStatus | None = None
    direction: Direction | None = None
    contact_id: Annotated[str, Meta(min_length=1, description="Only calls with this contact.")] | None = None
    since: Annotated[str, Meta(description="ISO time: only calls that began then or later.")] | None = None
    until: Annotated[str, Meta(description="ISO time: only calls that began before.")] | None = None
    min_duration: Annotated[int, Meta(ge=0, description="At least so many seconds of talk.")] | None = None
    has_meeting: Annotated[bool, Meta(description="Whether a meeting was booked.")] | None = None


class CallListQuery(CallFilters, kw_only=True, omit_defaults=True):
    """GET /api/v1/calls."""

    include: str | None = None


class CallQuery(msgspec.Struct, kw_only=True):
    """GET /api/v1/calls/{id}."""

    include: str | None = None


class CampaignFilters(PageQuery, kw_only=True, omit_defaults=True):
    """GET /api/v1/campaigns."""

    direction: Direction | None = None
    status: CampaignStatus | None = None


class FieldFilters(PageQuery, kw_only=True, omit_defaults=True):
    """GET /api/v1/custom-fields."""

    category: Category | None = None


class ExportQuery(msgspec.Struct, kw_only=True):
    """GET /api/v1/reports/{id}/export; without a range the report's own holds."""

    format: Literal["csv", "pdf"]
    date_range: DateRange | None = None


class LinkQuery(msgspec.Struct, kw_only=True):
    """The query of a signed link: its end in Unix seconds, and its signature."""

    expires: str = ""
    sig: str = ""


# -- bodies ------


class ContactBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/contacts, and each row of a bulk import."""

    phone: str
    first_name: Name | None = None
    last_name: Name | None = None
    email: Email | None = None
    company: Name | None = None
    tags: Tags = []
    campaign_id: str | None = None
    custom_fields: Values = {}


class ContactPatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/contacts/{id}: what is left out stays as it is; custom fields are merged, null removes one."""

    phone: str | UnsetType = UNSET
    first_name: Name | UnsetType | None = UNSET
    last_name: Name | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    company: Name | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    campaign_id: str | UnsetType | None = UNSET
    custom_fields: Values | UnsetType = UNSET


class BulkBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/contacts/bulk. Rows are checked one by one."""

    contacts: list[Any]
    campaign_id: str | None = None
    tags: Tags = []


class TriggerBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/calls/trigger."""

    profile_id: str
    phone: str
    extract: FieldNames | None = None
    custom_fields: Values = {}


class BatchRow(msgspec.Struct, kw_only=True):
    """One call of a batch."""

    phone: str
    custom_fields: Values = {}


class BatchBody(msgspec.Struct, kw_only=True):
    """The MCP tool trigger_batch."""

    profile_id: str
    calls: list[BatchRow]
    extract: FieldNames | None = None


class FieldBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/custom-fields."""

    name: FieldName
    type: FieldType
    description: Note | None = None
    category: Category = "both"
    required: bool = False
    options: Options | None = None


class FieldPatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/custom-fields/{id}: what is left out stays as it is."""

    name: FieldName | UnsetType = UNSET
    type: FieldType | UnsetType = UNSET
    description: Note | UnsetType | None = UNSET
    category: Category | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    options: Options | UnsetType | None = UNSET


class ProfileBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/profiles."""

    name: Title
    persona: Text | None = None
    opener: Text | None = None
    guardrails: Text | None = None
    voice: str | None = None
    extract_fields: FieldNames = []


class ProfilePatch(msgspec.Struct, kw_only=True):
    """PATCH /api/v1/profiles/{id}: what is left out stays as it is."""

    name: Title | UnsetType = UNSET
    persona: Text | UnsetType | None = UNSET
    opener: Text | UnsetType | None = UNSET
    guardrails: Text | UnsetType | None = UNSET
    voice: str | UnsetType = UNSET
    extract_fields: FieldNames | UnsetType = UNSET


class ExecuteBody(msgspec.Struct, kw_only=True):
    """POST /api/v1/reports/{id}/execute; without a range the report's own holds."""

    date_range: DateRange | None = None


class SubscribeBody(msgspec.Struct, kw_only=True):
    """The MCP tool subscribe_webhook; without `events` the webhook receives all of them."""

    url: Url
    events: list[str] | None = None

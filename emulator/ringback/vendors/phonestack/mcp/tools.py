"""The forty tools, page "Available Tools", in its order. A tool's arguments are decoded by a struct, and its rule is
the one that its twin in REST calls."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta

from ringback.gateway.limits import RateLimitGroup
from ringback.vendors.phonestack.records import CallStatus, CampaignStatus, Category, DateRange, Direction, Source
from ringback.vendors.phonestack.rules.access import BULK
from ringback.vendors.phonestack.rules.query_params import Query, listing
from ringback.vendors.phonestack.wire import (
    BatchBody,
    BulkBody,
    ContactBody,
    ContactPatch,
    Deleted,
    ExecuteBody,
    FieldBody,
    FieldPatch,
    ProfileBody,
    ProfilePatch,
    SubscribeBody,
    TriggerBody,
)

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

Id = Annotated[str, Meta(min_length=1)]


# -- arguments ------


class Nothing(msgspec.Struct, kw_only=True):
    """No arguments."""


class Paged(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What every list takes."""

    limit: Annotated[int, Meta(ge=1, le=100, description="At most so many; 50 when left out.")] | None = None
    cursor: Annotated[str, Meta(description="next_cursor of the page before.")] | None = None


class CallFilters(Paged, kw_only=True, omit_defaults=True):
    """list_calls."""

    campaign_id: Annotated[str, Meta(description="Only calls of this campaign.")] | None = None
    disposition: Annotated[str, Meta(description="Only calls judged so, such as hot_lead.")] | None = None
    status: CallStatus | None = None
    direction: Direction | None = None
    contact_id: Annotated[str, Meta(description="Only calls with this contact.")] | None = None
    since: Annotated[str, Meta(description="ISO time: only calls that began then or later.")] | None = None
    until: Annotated[str, Meta(description="ISO time: only calls that began before.")] | None = None
    min_duration: Annotated[int, Meta(ge=0, description="At least so many seconds of talk.")] | None = None
    has_meeting: Annotated[bool, Meta(description="Whether a meeting was booked.")] | None = None
    include: (
        Annotated[list[Literal["transcript", "contact"]], Meta(description="What to put into each call.")] | None
    ) = None


class ContactFilters(Paged, kw_only=True, omit_defaults=True):
    """list_contacts."""

    dnc_status: Literal["clear", "dnc"] | None = None
    source: Source | None = None
    tag: Annotated[str, Meta(description="Only contacts that have this tag.")] | None = None


class CampaignFilters(Paged, kw_only=True, omit_defaults=True):
    """list_campaigns."""

    direction: Direction | None = None
    status: CampaignStatus | None = None


class FieldFilters(Paged, kw_only=True, omit_defaults=True):
    """list_custom_fields."""

    category: Category | None = None


class CallId(msgspec.Struct, kw_only=True):
    """One call."""

    call_id: Id


class BatchId(msgspec.Struct, kw_only=True):
    """One batch."""

    batch_id: Id


class ProfileId(msgspec.Struct, kw_only=True):
    """One profile."""

    profile_id: Id


class ProfileChange(ProfilePatch, kw_only=True):
    """update_profile."""

    profile_id: Id


class ContactId(msgspec.Struct, kw_only=True):
    """One contact."""

    contact_id: Id


class ContactChange(ContactPatch, kw_only=True):
    """update_contact."""

    contact_id: Id


class CampaignId(msgspec.Struct, kw_only=True):
    """One campaign."""

    campaign_id: Id


class ReportId(msgspec.Struct, kw_only=True):
    """One report."""

    report_id: Id


class ReportRun(ExecuteBody, kw_only=True):
    """execute_report."""

    report_id: Id


class ReportExport(msgspec.Struct, kw_only=True):
    """export_report."""

    report_id: Id
    format: Literal["csv", "pdf"]
    date_range: DateRange | None = None


class WebhookId(msgspec.Struct, kw_only=True):
    """One webhook."""

    webhook_id: Id


class EventName(msgspec.Struct, kw_only=True):
    """get_webhook_sample."""

    event: Annotated[str, Meta(description="An event, such as call.completed.")]


class FieldId(msgspec.Struct, kw_only=True):
    """One custom field."""

    field_id: Id


class FieldChange(FieldPatch, kw_only=True):
    """update_custom_field."""

    field_id: Id


class Question(msgspec.Struct, kw_only=True):
    """help."""

    query: Annotated[str, Meta(min_length=1, max_length=500, description="What is wanted, in plain words.")]


class Keyword(msgspec.Struct, kw_only=True):
    """suggest_options."""

    query: Annotated[str, Meta(max_length=200, description="A keyword; everything when left out.")] | None = None


# -- tools ------


@dataclass(frozen=True)
class Caller:
    """Who calls a tool."""

    backend: PhoneStack
    account: str


@dataclass(frozen=True)
class Tool:
    """One tool. `writes` says whether it changes anything, `group` in which rate-limit group it counts, and `enveloped` that what
    it gives has an envelope already."""

    name: str
    category: str
    title: str
    description: str
    arguments: type[msgspec.Struct]
    run: Callable[[Caller, Any], Any]
    writes: bool
    destructive: bool
    dials: bool
    group: RateLimitGroup | None
    enveloped: bool


TOOLS: dict[str, Tool] = {}


def tool(
    category: str,
    arguments: type[msgspec.Struct],
    description: str,
    *,
    writes: bool = False,
    destructive: bool = False,
    dials: bool = False,
    group: RateLimitGroup | None = None,
    enveloped: bool = False,
) -> Callable[[Callable[[Caller, Any], Any]], Callable[[Caller, Any], Any]]:
    """Enter a function as the tool of its name."""

    def enter(run: Callable[[Caller, Any], Any]) -> Callable[[Caller, Any], Any]:
        name = run.__name__
        title = name.replace("_", " ").capitalize()
        TOOLS[name] = Tool(
            name, category, title, description, arguments, run, writes, destructive, dials, group, enveloped
        )
        return run

    return enter


def _query(filters: msgspec.Struct) -> Query:
    """Filters as a query has them."""
    given: dict[str, str] = {}
    for name, value in msgspec.to_builtins(filters).items():
        if isinstance(value, bool):
            given[name] = "true" if value else "false"
        elif isinstance(value, list):
            if value:
                given[name] = ",".join(value)
        elif value is not None:
            given[name] = str(value)
    return Query(given)


def _changes(patch: msgspec.Struct, kind: type[msgspec.Struct]) -> Any:
    """The part of a tool's arguments that is the body of its twin."""
    names = kind.__struct_fields__
    return kind(**{name: getattr(patch, name) for name in names if getattr(patch, name) is not UNSET})


# Calls


@tool("Calls", TriggerBody, "Call a phone number now with a profile's agent.", writes=True, dials=True)
def trigger_call(caller: Caller, given: TriggerBody) -> Any:
    return caller.backend.phones.trigger(caller.account, given)


@tool("Calls", CallFilters, "List calls, latest first, with filters.", enveloped=True)
def list_calls(caller: Caller, given: CallFilters) -> Any:
    return listing.calls(caller.backend, caller.account, _query(given))


@tool("Calls", CallId, "Get the signed address of a call's recording; it works for an hour.")
def get_recording(caller: Caller, given: CallId) -> Any:
    return caller.backend.phones.recording(caller.account, given.call_id)


@tool("Calls", CallId, "Get what was said on a call.")
def get_transcript(caller: Caller, given: CallId) -> Any:
    return caller.backend.phones.transcript(caller.account, given.call_id)


@tool("Calls", BatchBody, "Call up to 1,000 numbers with one profile, as a batch.", writes=True, dials=True, group=BULK)
def trigger_batch(caller: Caller, given: BatchBody) -> Any:
    return caller.backend.batches.trigger(caller.account, given)


@tool("Calls", BatchId, "Get how far a batch has come.")
def get_batch_status(caller: Caller, given: BatchId) -> Any:
    batches = caller.backend.batches
    return batches.view(batches.of(caller.account, given.batch_id))


@tool("Calls", BatchId, "Get what became of each call of a batch.")
def get_batch_results(caller: Caller, given: BatchId) -> Any:
    return caller.backend.batches.results(caller.account, given.batch_id)


# Profiles


@tool("Profiles", ProfileBody, "Create an agent's profile and compile it.", writes=True)
def create_profile(caller: Caller, given: ProfileBody) -> Any:
    return caller.backend.profiles.create(caller.account, given)


@tool("Profiles", Paged, "List active profiles.", enveloped=True)
def list_profiles(caller: Caller, given: Paged) -> Any:
    return listing.profiles(caller.backend, caller.account, _query(given))


@tool("Profiles", ProfileId, "Get a profile in full.")
def get_profile(caller: Caller, given: ProfileId) -> Any:
    profiles = caller.backend.profiles
    return profiles.view(profiles.of(caller.account, given.profile_id))


@tool("Profiles", ProfileChange, "Change a profile and compile it anew.", writes=True)
def update_profile(caller: Caller, given: ProfileChange) -> Any:
    return caller.backend.profiles.change(caller.account, given.profile_id, _changes(given, ProfilePatch))


@tool("Profiles", ProfileId, "Take a profile out of use.", writes=True, destructive=True)
def archive_profile(caller: Caller, given: ProfileId) -> Any:
    return caller.backend.profiles.archive(caller.account, given.profile_id)


# Contacts


@tool("Contacts", ContactFilters, "List contacts, latest first, with filters.", enveloped=True)
def list_contacts(caller: Caller, given: ContactFilters) -> Any:
    return listing.contacts(caller.backend, caller.account, _query(given))


@tool("Contacts", ContactId, "Get a contact.")
def get_contact(caller: Caller, given: ContactId) -> Any:
    people = caller.backend.people
    return people.view(people.of(caller.account, given.contact_id))


@tool("Contacts", ContactBody, "Create a contact; a running campaign calls it at once.", writes=True, dials=True)
def create_contact(caller: Caller, given: ContactBody) -> Any:
    people = caller.backend.people
    return people.view(people.create(caller.account, given, "mcp"))


@tool("Contacts", ContactChange, "Change a contact.", writes=True)
def update_contact(caller: Caller, given: ContactChange) -> Any:
    people = caller.backend.people
    return people.view(people.change(caller.account, given.contact_id, _changes(given, ContactPatch)))


@tool("Contacts", ContactId, "Delete a contact; its calls stay.", writes=True, destructive=True)
def delete_contact(caller: Caller, given: ContactId) -> Any:
    caller.backend.people.delete(caller.account, given.contact_id)
    return Deleted(given.contact_id)


@tool(
    "Contacts",
    BulkBody,
    "Create up to 1,000 contacts; tells which rows were not taken and why.",
    writes=True,
    dials=True,
    group=BULK,
)
def bulk_create_contacts(caller: Caller, given: BulkBody) -> Any:
    return caller.backend.people.bulk(caller.account, given, "mcp")


@tool("Contacts", ContactId, "Never call a contact again.", writes=True, destructive=True)
def add_to_dnc(caller: Caller, given: ContactId) -> Any:
    people = caller.backend.people
    return people.view(people.block(caller.account, given.contact_id))


@tool("Contacts", ContactId, "Let a contact be called again.", writes=True)
def remove_from_dnc(caller: Caller, given: ContactId) -> Any:
    people = caller.backend.people
    return people.view(people.unblock(caller.account, given.contact_id))


# Campaigns


@tool("Campaigns", CampaignFilters, "List campaigns.", enveloped=True)
def list_campaigns(caller: Caller, given: CampaignFilters) -> Any:
    return listing.campaigns(caller.backend, caller.account, _query(given))


@tool("Campaigns", CampaignId, "Get a campaign with its figures.")
def get_campaign(caller: Caller, given: CampaignId) -> Any:
    campaigns = caller.backend.campaigns
    return campaigns.view_in_full(campaigns.of(caller.account, given.campaign_id))


@tool("Campaigns", CampaignId, "Start a draft campaign.", writes=True, dials=True)
def start_campaign(caller: Caller, given: CampaignId) -> Any:
    campaigns = caller.backend.campaigns
    return campaigns.view_in_full(campaigns.start(caller.account, given.campaign_id))


@tool("Campaigns", CampaignId, "Stop a campaign for good.", writes=True, destructive=True)
def stop_campaign(caller: Caller, given: CampaignId) -> Any:
    campaigns = caller.backend.campaigns
    return campaigns.view_in_full(campaigns.stop(caller.account, given.campaign_id))


@tool("Campaigns", CampaignId, "Pause a running campaign; its queue is kept.", writes=True)
def pause_campaign(caller: Caller, given: CampaignId) -> Any:
    campaigns = caller.backend.campaigns
    return campaigns.view_in_full(campaigns.pause(caller.account, given.campaign_id))


@tool("Campaigns", CampaignId, "Go on with a paused campaign.", writes=True, dials=True)
def resume_campaign(caller: Caller, given: CampaignId) -> Any:
    campaigns = caller.backend.campaigns
    return campaigns.view_in_full(campaigns.resume(caller.account, given.campaign_id))


# Reports


@tool("Reports", Paged, "List saved reports.", enveloped=True)
def list_reports(caller: Caller, given: Paged) -> Any:
    return listing.reports(caller.backend, caller.account, _query(given))


@tool("Reports", ReportId, "Get what a report counts and how.")
def get_report(caller: Caller, given: ReportId) -> Any:
    reports = caller.backend.reports
    return reports.view(reports.of(caller.account, given.report_id))


@tool("Reports", ReportRun, "Run a report over a range of days.")
def execute_report(caller: Caller, given: ReportRun) -> Any:
    return caller.backend.reports.execute(caller.account, given.report_id, given.date_range)


@tool("Reports", ReportExport, "Export a report as CSV text or as a PDF in base64.")
async def export_report(caller: Caller, given: ReportExport) -> Any:
    result = caller.backend.reports.execute(caller.account, given.report_id, given.date_range)
    name = f"{given.report_id}-{result.date_range}.{given.format}"
    if given.format == "csv":
        text = caller.backend.reports.as_csv(result).decode()
        return {"filename": name, "media_type": "text/csv", "encoding": "text", "content": text}
    from ringback.vendors.phonestack.rules.pdf import as_pdf

    printed = b64encode(await asyncio.to_thread(as_pdf, result)).decode()
    return {"filename": name, "media_type": "application/pdf", "encoding": "base64", "content": printed}


# Webhooks


@tool("Webhooks", Nothing, "List where events go, and which of those are disabled.")
def list_webhooks(caller: Caller, _: Nothing) -> Any:
    return caller.backend.hooks.all(caller.account)


@tool("Webhooks", SubscribeBody, "Send events to a URL; gives the secret that signs them.", writes=True)
async def subscribe_webhook(caller: Caller, given: SubscribeBody) -> Any:
    caller.backend.hooks.check_events(given.events)
    await caller.backend.hooks.check_url(given.url)
    return caller.backend.hooks.subscribe(caller.account, given)


@tool("Webhooks", WebhookId, "Send no more events to a webhook.", writes=True, destructive=True)
def unsubscribe_webhook(caller: Caller, given: WebhookId) -> Any:
    caller.backend.hooks.unsubscribe(caller.account, given.webhook_id)
    return Deleted(given.webhook_id)


@tool("Webhooks", EventName, "Get an example of an event, as it would be sent.")
def get_webhook_sample(caller: Caller, given: EventName) -> Any:
    from ringback.vendors.phonestack.rules.event_samples import sample

    return sample(caller.backend.organization(caller.account), given.event)


# Custom Fields


@tool("Custom Fields", FieldFilters, "List custom field definitions.", enveloped=True)
def list_custom_fields(caller: Caller, given: FieldFilters) -> Any:
    return listing.fields(caller.backend, caller.account, _query(given))


@tool("Custom Fields", FieldBody, "Define a custom field.", writes=True)
def create_custom_field(caller: Caller, given: FieldBody) -> Any:
    return caller.backend.fields.create(caller.account, given)


@tool("Custom Fields", FieldChange, "Change a custom field definition.", writes=True)
def update_custom_field(caller: Caller, given: FieldChange) -> Any:
    return caller.backend.fields.change(caller.account, given.field_id, _changes(given, FieldPatch))


@tool("Custom Fields", FieldId, "Delete a custom field definition.", writes=True, destructive=True)
def delete_custom_field(caller: Caller, given: FieldId) -> Any:
    caller.backend.fields.delete(caller.account, given.field_id)
    return Deleted(given.field_id)


# Discovery


@tool("Discovery", Question, "Ask which tool, and which field of it, does what you mean.")
def help(_: Caller, given: Question) -> Any:  # noqa: A001 - the tool's name
    from ringback.vendors.phonestack.rules.discovery import help_with

    return help_with(given.query)


@tool("Discovery", Keyword, "See what exists before creating more: fields, profiles, campaigns, voices, events.")
def suggest_options(caller: Caller, given: Keyword) -> Any:
    return caller.backend.guide.suggest(caller.account, given.query or "")

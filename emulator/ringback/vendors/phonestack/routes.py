"""PhoneStack's operations, in the order of its page. The MCP tools call the same handlers."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from ringback.gateway.asgi import Response
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.operations import Operations, Provider
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import CallDetail, Campaign, Contact, Field, Profile, Report
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.links import RECORDINGS
from ringback.vendors.phonestack.rules.pdf import as_pdf
from ringback.vendors.phonestack.rules.reports import as_csv
from ringback.vendors.phonestack.rules.views import view_contact
from ringback.vendors.phonestack.wire.requests import (
    BulkBody,
    CallListQuery,
    CallQuery,
    CampaignFilters,
    ContactBody,
    ContactFilters,
    ContactPatch,
    ExecuteBody,
    ExportQuery,
    FieldBody,
    FieldFilters,
    FieldPatch,
    LinkQuery,
    PageQuery,
    ProfileBody,
    ProfilePatch,
    TriggerBody,
)
from ringback.vendors.phonestack.wire.responses import (
    BulkResult,
    CallView,
    CampaignView,
    ContactView,
    Deleted,
    Envelope,
    FieldView,
    ListEnvelope,
    ProfileView,
    RecordingView,
    ReportResult,
    ReportView,
    TranscriptView,
)

V1 = "/api/v1"
MP3 = b"audio/mpeg"
CSV = b"text/csv; charset=utf-8"
PDF = b"application/pdf"
INCLUDES = ("transcript", "contact")
T = TypeVar("T")


def in_envelope(data: T) -> ListEnvelope[Any] | Envelope[T]:
    """Return the body of a response that shows `data`; a list has its envelope already."""
    return data if isinstance(data, ListEnvelope) else Envelope(True, data)


def account_of(request: RequestLogEntry) -> str:
    """Return the account of a request's key."""
    return request.account


def contact_of(backend: PhoneStack, account: str, contact_id: str) -> Contact:
    """Return the contact in a request's path. Raises ApiError 404; so do those below."""
    return backend.contacts.get(account, contact_id)


def call_of(backend: PhoneStack, account: str, call_id: str) -> CallDetail:
    """Return the call in a request's path."""
    return backend.calls.get(account, call_id)


def campaign_of(backend: PhoneStack, account: str, campaign_id: str) -> Campaign:
    """Return the campaign in a request's path."""
    return backend.campaigns.get(account, campaign_id)


def field_of(backend: PhoneStack, account: str, field_id: str) -> Field:
    """Return the custom field in a request's path."""
    return backend.fields.get(account, field_id)


def profile_of(backend: PhoneStack, account: str, profile_id: str) -> Profile:
    """Return the profile in a request's path."""
    return backend.profiles.get(account, profile_id)


def active_profile_of(backend: PhoneStack, account: str, profile_id: str) -> Profile:
    """Return the profile in a request's path. Raises ApiError 409 for an archived one."""
    return backend.profiles.get_active(account, profile_id)


def report_of(backend: PhoneStack, account: str, report_id: str) -> Report:
    """Return the report in a request's path."""
    return backend.reports.get(account, report_id)


PROVIDES: dict[str, Provider] = {
    "account": account_of,
    "contact": contact_of,
    "call": call_of,
    "campaign": campaign_of,
    "field": field_of,
    "profile": profile_of,
    "active_profile": active_profile_of,
    "report": report_of,
}
operation = OPERATIONS = Operations(PROVIDES, in_envelope)


# -- contacts, page "Contacts API" ------


@operation("POST", f"{V1}/contacts", "createContact", 201)
def create_contact(backend: PhoneStack, account: str, body: ContactBody) -> ContactView:
    return view_contact(backend.contacts.create(account, body, "api"))


@operation("POST", f"{V1}/contacts/bulk", "bulkCreateContacts")
def bulk_create_contacts(backend: PhoneStack, account: str, body: BulkBody) -> BulkResult:
    return backend.contacts.create_bulk(account, body, "bulk")


@operation("GET", f"{V1}/contacts", "listContacts")
def list_contacts(backend: PhoneStack, account: str, query: ContactFilters) -> ListEnvelope[ContactView]:
    return backend.contacts.page(account, query)


@operation("GET", f"{V1}/contacts/{{contact_id}}", "getContact")
def get_contact(contact: Contact) -> ContactView:
    return view_contact(contact)


@operation("PATCH", f"{V1}/contacts/{{contact_id}}", "updateContact")
def update_contact(backend: PhoneStack, contact: Contact, body: ContactPatch) -> ContactView:
    return view_contact(backend.contacts.update(contact, body))


@operation("DELETE", f"{V1}/contacts/{{contact_id}}", "deleteContact")
def delete_contact(backend: PhoneStack, contact: Contact) -> Deleted:
    backend.contacts.delete(contact)
    return Deleted(contact.id)


@operation("POST", f"{V1}/contacts/{{contact_id}}/dnc", "addToDnc")
def add_to_dnc(backend: PhoneStack, contact: Contact) -> ContactView:
    backend.contacts.block(contact)
    return view_contact(contact)


@operation("DELETE", f"{V1}/contacts/{{contact_id}}/dnc", "removeFromDnc")
def remove_from_dnc(backend: PhoneStack, contact: Contact) -> ContactView:
    backend.contacts.unblock(contact)
    return view_contact(contact)


# -- calls, page "Calls API" ------


@operation("GET", f"{V1}/calls", "listCalls")
def list_calls(backend: PhoneStack, account: str, query: CallListQuery) -> ListEnvelope[CallView]:
    return backend.calls.page(account, query, _included(query.include))


@operation("POST", f"{V1}/calls/trigger", "triggerCall", 201)
def trigger_call(backend: PhoneStack, account: str, body: TriggerBody) -> CallView:
    return backend.calls.trigger(account, body)


@operation("GET", f"{V1}/calls/{{call_id}}", "getCall")
def get_call(backend: PhoneStack, query: CallQuery, call: CallDetail) -> CallView:
    return backend.calls.view(call, _included(query.include))


@operation("GET", f"{V1}/calls/{{call_id}}/transcript", "getTranscript")
def get_transcript(backend: PhoneStack, call: CallDetail) -> TranscriptView:
    return backend.calls.transcript(call)


@operation("GET", f"{V1}/calls/{{call_id}}/recording", "getRecording")
def get_recording(backend: PhoneStack, call: CallDetail) -> RecordingView:
    return backend.calls.recording(call)


def _included(text: str | None) -> list[str]:
    names = text.split(",") if text is not None else []
    if any(name not in INCLUDES for name in names):
        raise errors.invalid("include", "must be transcript, contact, or both with a comma between")
    return names


# -- campaigns, page "Campaigns API" ------


@operation("GET", f"{V1}/campaigns", "listCampaigns")
def list_campaigns(backend: PhoneStack, account: str, query: CampaignFilters) -> ListEnvelope[CampaignView]:
    return backend.campaigns.page(account, query)


@operation("GET", f"{V1}/campaigns/{{campaign_id}}", "getCampaign")
def get_campaign(backend: PhoneStack, campaign: Campaign) -> CampaignView:
    return backend.campaigns.view_with_stats(campaign)


@operation("POST", f"{V1}/campaigns/{{campaign_id}}/start", "startCampaign")
def start_campaign(backend: PhoneStack, campaign: Campaign) -> CampaignView:
    backend.campaigns.start(campaign)
    return backend.campaigns.view_with_stats(campaign)


@operation("POST", f"{V1}/campaigns/{{campaign_id}}/pause", "pauseCampaign")
def pause_campaign(backend: PhoneStack, campaign: Campaign) -> CampaignView:
    backend.campaigns.pause(campaign)
    return backend.campaigns.view_with_stats(campaign)


@operation("POST", f"{V1}/campaigns/{{campaign_id}}/resume", "resumeCampaign")
def resume_campaign(backend: PhoneStack, campaign: Campaign) -> CampaignView:
    backend.campaigns.resume(campaign)
    return backend.campaigns.view_with_stats(campaign)


@operation("POST", f"{V1}/campaigns/{{campaign_id}}/stop", "stopCampaign")
def stop_campaign(backend: PhoneStack, campaign: Campaign) -> CampaignView:
    backend.campaigns.stop(campaign)
    return backend.campaigns.view_with_stats(campaign)


# -- custom fields, page "Custom Fields API" ------


@operation("GET", f"{V1}/custom-fields", "listCustomFields")
def list_custom_fields(backend: PhoneStack, account: str, query: FieldFilters) -> ListEnvelope[FieldView]:
    return backend.fields.page(account, query)


@operation("POST", f"{V1}/custom-fields", "createCustomField", 201)
def create_custom_field(backend: PhoneStack, account: str, body: FieldBody) -> FieldView:
    return backend.fields.create(account, body)


@operation("GET", f"{V1}/custom-fields/{{field_id}}", "getCustomField")
def get_custom_field(backend: PhoneStack, field: Field) -> FieldView:
    return backend.fields.view(field)


@operation("PATCH", f"{V1}/custom-fields/{{field_id}}", "updateCustomField")
def update_custom_field(backend: PhoneStack, field: Field, body: FieldPatch) -> FieldView:
    return backend.fields.update(field, body)


@operation("DELETE", f"{V1}/custom-fields/{{field_id}}", "deleteCustomField")
def delete_custom_field(backend: PhoneStack, field: Field) -> Deleted:
    backend.fields.delete(field)
    return Deleted(field.id)


# -- profiles, page "Profiles API" ------


@operation("POST", f"{V1}/profiles", "createProfile", 201)
def create_profile(backend: PhoneStack, account: str, body: ProfileBody) -> ProfileView:
    return backend.profiles.create(account, body)


@operation("GET", f"{V1}/profiles", "listProfiles")
def list_profiles(backend: PhoneStack, account: str, query: PageQuery) -> ListEnvelope[ProfileView]:
    return backend.profiles.page(account, query)


@operation("GET", f"{V1}/profiles/{{profile_id}}", "getProfile")
def get_profile(backend: PhoneStack, profile: Profile) -> ProfileView:
    return backend.profiles.view(profile)


@operation("PATCH", f"{V1}/profiles/{{profile_id}}", "updateProfile")
def update_profile(backend: PhoneStack, active_profile: Profile, body: ProfilePatch) -> ProfileView:
    return backend.profiles.update(active_profile, body)


@operation("DELETE", f"{V1}/profiles/{{profile_id}}", "archiveProfile")
def archive_profile(backend: PhoneStack, profile: Profile) -> ProfileView:
    return backend.profiles.archive(profile)


# -- reports, page "Reports API" ------


@operation("GET", f"{V1}/reports", "listReports")
def list_reports(backend: PhoneStack, account: str, query: PageQuery) -> ListEnvelope[ReportView]:
    return backend.reports.page(account, query)


@operation("GET", f"{V1}/reports/{{report_id}}", "getReport")
def get_report(backend: PhoneStack, report: Report) -> ReportView:
    return backend.reports.view(report)


@operation("POST", f"{V1}/reports/{{report_id}}/execute", "executeReport")
def execute_report(backend: PhoneStack, report: Report, body: ExecuteBody | None) -> ReportResult:
    return backend.reports.execute(report, body.date_range if body is not None else None)


@operation("GET", f"{V1}/reports/{{report_id}}/export", "exportReport")
async def export_report(backend: PhoneStack, report: Report, query: ExportQuery) -> Response:
    result = backend.reports.execute(report, query.date_range)
    disposition = f'attachment; filename="{export_name(result, query)}"'.encode()
    media_type = CSV if query.format == "csv" else PDF
    return Response(
        await export(result, query), media_type=media_type, headers=((b"content-disposition", disposition),)
    )


def export_name(result: ReportResult, query: ExportQuery) -> str:
    """Return the name of an exported file."""
    return f"{result.report_id}-{result.date_range}.{query.format}"


async def export(result: ReportResult, query: ExportQuery) -> bytes:
    """Return an exported file. A PDF is made off the event loop."""
    if query.format == "csv":
        return as_csv(result)
    return await asyncio.to_thread(as_pdf, result)


# -- files, ours: where the link to a recording leads ------


@operation("GET", f"{RECORDINGS}{{file}}", "downloadRecording")
async def download_recording(backend: PhoneStack, request: RequestLogEntry, query: LinkQuery, file: str) -> Response:
    from ringback.carrier.speech import render_mp3

    path, signature = f"{RECORDINGS}{file}", {"expires": query.expires, "sig": query.sig}
    backend.links.check(path, signature, None)
    detail = backend.store.calls.get(file.removesuffix(".mp3"))
    if detail is None:
        raise errors.error("NOT_FOUND", what="Recording")
    request.account = detail.account
    backend.links.check(path, signature, backend.services.clock.now(detail.account))
    call = backend.services.calls.records[detail.id]
    turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
    return Response(await asyncio.to_thread(render_mp3, turns, call.duration), media_type=MP3)

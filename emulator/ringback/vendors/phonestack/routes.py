"""PhoneStack's operations, in the order of its page."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

import msgspec
from litestar import Litestar, Request, delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
from ringback.gateway.litestar_app import application as vendor_application
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.calls import FILES
from ringback.vendors.phonestack.rules.query_params import Query, listing
from ringback.vendors.phonestack.wire import (
    BulkBody,
    ContactBody,
    ContactPatch,
    Deleted,
    ExecuteBody,
    FieldBody,
    FieldPatch,
    MutableResponse,
    ProfileBody,
    ProfilePatch,
    TriggerBody,
)

V1 = "/api/v1"
MP3 = b"audio/mpeg"
CSV = b"text/csv; charset=utf-8"
PDF = b"application/pdf"
Req = Request[Any, Any, Any]
T = TypeVar("T")
_CONTACT = msgspec.json.Decoder(ContactBody)
_CONTACT_PATCH = msgspec.json.Decoder(ContactPatch)
_BULK = msgspec.json.Decoder(BulkBody)
_TRIGGER = msgspec.json.Decoder(TriggerBody)
_FIELD = msgspec.json.Decoder(FieldBody)
_FIELD_PATCH = msgspec.json.Decoder(FieldPatch)
_PROFILE = msgspec.json.Decoder(ProfileBody)
_PROFILE_PATCH = msgspec.json.Decoder(ProfilePatch)
_EXECUTE = msgspec.json.Decoder(ExecuteBody)


def application(backend: PhoneStack) -> Litestar:
    """The vendor's routes as an ASGI app."""
    handlers = (
        *_contacts(backend),
        *_calls(backend),
        *_campaigns(backend),
        *_fields(backend),
        *_profiles(backend),
        *_reports(backend),
        *_files(backend),
        *_mcp(backend),
    )
    return vendor_application(backend.services, errors.ERRORS, handlers)


def ok(data: Any, status: int = 200) -> Response:
    """An answer in the envelope."""
    return Response(encode(MutableResponse(True, data)), status)


# -- contacts, page "Contacts API" ------


def _contacts(backend: PhoneStack) -> tuple[Any, ...]:
    people = backend.people

    @post(f"{V1}/contacts", operation_id="createContact")
    async def create_contact(request: Req) -> Response:
        exchange = log_entry(request)
        return ok(people.view(people.create(exchange.account, decode(exchange.body, _CONTACT), "api")), 201)

    @post(f"{V1}/contacts/bulk", operation_id="bulkCreateContacts", status_code=200)
    async def bulk_create_contacts(request: Req) -> Response:
        exchange = log_entry(request)
        return ok(people.bulk(exchange.account, decode(exchange.body, _BULK), "bulk"))

    @get(f"{V1}/contacts", operation_id="listContacts")
    async def list_contacts(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(listing.contacts(backend, exchange.account, Query.of(exchange, *listing.CONTACTS))))

    @get(f"{V1}/contacts/{{contact_id:str}}", operation_id="getContact")
    async def get_contact(request: Req, contact_id: FromPath[str]) -> Response:
        return ok(people.view(people.of(log_entry(request).account, contact_id)))

    @patch(f"{V1}/contacts/{{contact_id:str}}", operation_id="updateContact")
    async def update_contact(request: Req, contact_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        people.of(exchange.account, contact_id)
        return ok(people.view(people.change(exchange.account, contact_id, decode(exchange.body, _CONTACT_PATCH))))

    @delete(f"{V1}/contacts/{{contact_id:str}}", operation_id="deleteContact", status_code=200)
    async def delete_contact(request: Req, contact_id: FromPath[str]) -> Response:
        people.delete(log_entry(request).account, contact_id)
        return ok(Deleted(contact_id))

    @post(f"{V1}/contacts/{{contact_id:str}}/dnc", operation_id="addToDnc", status_code=200)
    async def add_to_dnc(request: Req, contact_id: FromPath[str]) -> Response:
        return ok(people.view(people.block(log_entry(request).account, contact_id)))

    @delete(f"{V1}/contacts/{{contact_id:str}}/dnc", operation_id="removeFromDnc", status_code=200)
    async def remove_from_dnc(request: Req, contact_id: FromPath[str]) -> Response:
        return ok(people.view(people.unblock(log_entry(request).account, contact_id)))

    return (
        create_contact,
        bulk_create_contacts,
        list_contacts,
        get_contact,
        update_contact,
        delete_contact,
        add_to_dnc,
        remove_from_dnc,
    )


# -- calls, page "Calls API" ------


def _calls(backend: PhoneStack) -> tuple[Any, ...]:
    phones = backend.phones

    @get(f"{V1}/calls", operation_id="listCalls")
    async def list_calls(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(listing.calls(backend, exchange.account, Query.of(exchange, *listing.CALLS))))

    @post(f"{V1}/calls/trigger", operation_id="triggerCall")
    async def trigger_call(request: Req) -> Response:
        exchange = log_entry(request)
        return ok(phones.trigger(exchange.account, decode(exchange.body, _TRIGGER)), 201)

    @get(f"{V1}/calls/{{call_id:str}}", operation_id="getCall")
    async def get_call(request: Req, call_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        include = Query.of(exchange, "include").include()
        return ok(phones.view(phones.of(exchange.account, call_id), **include))

    @get(f"{V1}/calls/{{call_id:str}}/transcript", operation_id="getTranscript")
    async def get_transcript(request: Req, call_id: FromPath[str]) -> Response:
        return ok(phones.transcript(log_entry(request).account, call_id))

    @get(f"{V1}/calls/{{call_id:str}}/recording", operation_id="getRecording")
    async def get_recording(request: Req, call_id: FromPath[str]) -> Response:
        return ok(phones.recording(log_entry(request).account, call_id))

    return list_calls, trigger_call, get_call, get_transcript, get_recording


# -- campaigns, page "Campaigns API" ------


def _campaigns(backend: PhoneStack) -> tuple[Any, ...]:
    campaigns = backend.campaigns

    @get(f"{V1}/campaigns", operation_id="listCampaigns")
    async def list_campaigns(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(listing.campaigns(backend, exchange.account, Query.of(exchange, *listing.CAMPAIGNS))))

    @get(f"{V1}/campaigns/{{campaign_id:str}}", operation_id="getCampaign")
    async def get_campaign(request: Req, campaign_id: FromPath[str]) -> Response:
        return ok(campaigns.view_in_full(campaigns.of(log_entry(request).account, campaign_id)))

    @post(f"{V1}/campaigns/{{campaign_id:str}}/start", operation_id="startCampaign", status_code=200)
    async def start_campaign(request: Req, campaign_id: FromPath[str]) -> Response:
        return ok(campaigns.view_in_full(campaigns.start(log_entry(request).account, campaign_id)))

    @post(f"{V1}/campaigns/{{campaign_id:str}}/pause", operation_id="pauseCampaign", status_code=200)
    async def pause_campaign(request: Req, campaign_id: FromPath[str]) -> Response:
        return ok(campaigns.view_in_full(campaigns.pause(log_entry(request).account, campaign_id)))

    @post(f"{V1}/campaigns/{{campaign_id:str}}/resume", operation_id="resumeCampaign", status_code=200)
    async def resume_campaign(request: Req, campaign_id: FromPath[str]) -> Response:
        return ok(campaigns.view_in_full(campaigns.resume(log_entry(request).account, campaign_id)))

    @post(f"{V1}/campaigns/{{campaign_id:str}}/stop", operation_id="stopCampaign", status_code=200)
    async def stop_campaign(request: Req, campaign_id: FromPath[str]) -> Response:
        return ok(campaigns.view_in_full(campaigns.stop(log_entry(request).account, campaign_id)))

    return list_campaigns, get_campaign, start_campaign, pause_campaign, resume_campaign, stop_campaign


# -- custom fields, page "Custom Fields API" ------


def _fields(backend: PhoneStack) -> tuple[Any, ...]:
    fields = backend.fields

    @get(f"{V1}/custom-fields", operation_id="listCustomFields")
    async def list_custom_fields(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(listing.fields(backend, exchange.account, Query.of(exchange, *listing.FIELDS))))

    @post(f"{V1}/custom-fields", operation_id="createCustomField")
    async def create_custom_field(request: Req) -> Response:
        exchange = log_entry(request)
        return ok(fields.create(exchange.account, decode(exchange.body, _FIELD)), 201)

    @get(f"{V1}/custom-fields/{{field_id:str}}", operation_id="getCustomField")
    async def get_custom_field(request: Req, field_id: FromPath[str]) -> Response:
        return ok(fields.view(fields.of(log_entry(request).account, field_id)))

    @patch(f"{V1}/custom-fields/{{field_id:str}}", operation_id="updateCustomField")
    async def update_custom_field(request: Req, field_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        fields.of(exchange.account, field_id)
        return ok(fields.change(exchange.account, field_id, decode(exchange.body, _FIELD_PATCH)))

    @delete(f"{V1}/custom-fields/{{field_id:str}}", operation_id="deleteCustomField", status_code=200)
    async def delete_custom_field(request: Req, field_id: FromPath[str]) -> Response:
        fields.delete(log_entry(request).account, field_id)
        return ok(Deleted(field_id))

    return list_custom_fields, create_custom_field, get_custom_field, update_custom_field, delete_custom_field


# -- profiles, page "Profiles API" ------


def _profiles(backend: PhoneStack) -> tuple[Any, ...]:
    profiles = backend.profiles

    @post(f"{V1}/profiles", operation_id="createProfile")
    async def create_profile(request: Req) -> Response:
        exchange = log_entry(request)
        return ok(profiles.create(exchange.account, decode(exchange.body, _PROFILE)), 201)

    @get(f"{V1}/profiles", operation_id="listProfiles")
    async def list_profiles(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(listing.profiles(backend, exchange.account, Query.of(exchange))))

    @get(f"{V1}/profiles/{{profile_id:str}}", operation_id="getProfile")
    async def get_profile(request: Req, profile_id: FromPath[str]) -> Response:
        return ok(profiles.view(profiles.of(log_entry(request).account, profile_id)))

    @patch(f"{V1}/profiles/{{profile_id:str}}", operation_id="updateProfile")
    async def update_profile(request: Req, profile_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        profiles.active(exchange.account, profile_id)
        return ok(profiles.change(exchange.account, profile_id, decode(exchange.body, _PROFILE_PATCH)))

    @delete(f"{V1}/profiles/{{profile_id:str}}", operation_id="archiveProfile", status_code=200)
    async def archive_profile(request: Req, profile_id: FromPath[str]) -> Response:
        return ok(profiles.archive(log_entry(request).account, profile_id))

    return create_profile, list_profiles, get_profile, update_profile, archive_profile


# -- reports, page "Reports API" ------


def _reports(backend: PhoneStack) -> tuple[Any, ...]:
    reports = backend.reports

    @get(f"{V1}/reports", operation_id="listReports")
    async def list_reports(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(listing.reports(backend, exchange.account, Query.of(exchange))))

    @get(f"{V1}/reports/{{report_id:str}}", operation_id="getReport")
    async def get_report(request: Req, report_id: FromPath[str]) -> Response:
        return ok(reports.view(reports.of(log_entry(request).account, report_id)))

    @post(f"{V1}/reports/{{report_id:str}}/execute", operation_id="executeReport", status_code=200)
    async def execute_report(request: Req, report_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        reports.of(exchange.account, report_id)
        body = decode(exchange.body or b"{}", _EXECUTE)
        return ok(reports.execute(exchange.account, report_id, body.date_range))

    @get(f"{V1}/reports/{{report_id:str}}/export", operation_id="exportReport")
    async def export_report(request: Req, report_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        query = Query.of(exchange, "format", "date_range")
        reports.of(exchange.account, report_id)
        wanted = query.word("format", ("csv", "pdf"))
        if wanted is None:
            raise errors.missing("format")
        result = reports.execute(exchange.account, report_id, query.date_range())
        name = f'attachment; filename="{report_id}-{result.date_range}.{wanted}"'.encode()
        headers = ((b"content-disposition", name),)
        if wanted == "csv":
            return Response(reports.as_csv(result), media_type=CSV, headers=headers)
        from ringback.vendors.phonestack.rules.pdf import as_pdf

        return Response(await asyncio.to_thread(as_pdf, result), media_type=PDF, headers=headers)

    return list_reports, get_report, execute_report, export_report


# -- files, ours: what the address of a recording leads to ------


def _files(backend: PhoneStack) -> tuple[Any, ...]:
    @get(f"{FILES}{{file:str}}", operation_id="downloadRecording")
    async def download_recording(request: Req, file: FromPath[str]) -> Response:
        from ringback.carrier.speech import render_mp3

        exchange = log_entry(request)
        path, query = f"{FILES}{file}", Query.of(exchange, "expires", "sig").given
        backend.check_link(path, query, None)
        detail = backend.phones.details.get(file.removesuffix(".mp3"))
        if detail is None:
            raise errors.not_found("Recording")
        exchange.account = detail.account
        backend.check_link(path, query, backend.services.clock.now(detail.account))
        call = backend.services.calls.records[detail.id]
        turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
        return Response(await asyncio.to_thread(render_mp3, turns, call.duration), media_type=MP3)

    return (download_recording,)


# -- MCP, page "MCP Server" ------


def _mcp(backend: PhoneStack) -> tuple[Any, ...]:
    @post("/mcp", operation_id="sendMcpMessage", status_code=200)
    async def send_mcp_message(request: Req) -> Response:
        from ringback.vendors.phonestack.mcp import answer

        return await answer(backend, log_entry(request))

    return (send_mcp_message,)

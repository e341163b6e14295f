"""NoKYCNumber's operations, in the order of its page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from ringback.carrier.call import Call
from ringback.carrier.messages import Message
from ringback.gateway.asgi import Response
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.operations import Operations
from ringback.gateway.paging import page
from ringback.store import Collection, Record
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.records import Number, Voicemail
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.calls import RECORDINGS
from ringback.vendors.nokycnumber.rules.common import is_e164
from ringback.vendors.nokycnumber.rules.voicemails import AUDIO
from ringback.vendors.nokycnumber.times import instant_of
from ringback.vendors.nokycnumber.wire import (
    AccountView,
    AiPatch,
    AiView,
    CallBody,
    CallQuery,
    CallView,
    EndpointBody,
    EndpointView,
    LinkQuery,
    Listing,
    ListQuery,
    NumberBody,
    NumberPatch,
    NumberQuery,
    NumberView,
    OfferQuery,
    OfferView,
    SmsBody,
    SmsQuery,
    SmsView,
    UsageQuery,
    UsageView,
    VoicemailView,
)

MP3 = b"audio/mpeg"
R = TypeVar("R", bound=Record)
_NUMBER_ID = re.compile(r"num_[0-9a-z]{12}")


def account_of(request: RequestLogEntry) -> str:
    """Return the id of the account that the request's key belongs to."""
    return request.account


def number_of(backend: NoKYCNumber, account: str, id: str) -> Number:  # noqa: A002 - the path's name
    """Return the number in the path. Raises ApiError 404."""
    return backend.data.number_of(account, id)


def call_of(backend: NoKYCNumber, account: str, id: str) -> Call:  # noqa: A002 - the path's name
    """Return the call in the path. Raises ApiError 404."""
    return backend.data.call_of(account, id)


def message_of(backend: NoKYCNumber, account: str, id: str) -> Message:  # noqa: A002 - the path's name
    """Return the message in the path. Raises ApiError 404."""
    return backend.data.message_of(account, id)


def voicemail_of(backend: NoKYCNumber, account: str, id: str) -> Voicemail:  # noqa: A002 - the path's name
    """Return the voicemail in the path. Raises ApiError 404."""
    return backend.data.voicemail_of(account, id)


operation = OPERATIONS = Operations(
    provides={
        "account": account_of,
        "number": number_of,
        "call": call_of,
        "message": message_of,
        "voicemail": voicemail_of,
    }
)


# -- numbers, page "Numbers" and "AI configuration" ------


@operation("GET", "/v1/numbers", "listNumbers")
def list_numbers(backend: NoKYCNumber, request: RequestLogEntry, query: NumberQuery) -> Listing[NumberView]:
    """List the account's numbers."""
    filters: Filters[Number] = {
        "country": lambda number: number.country == query.country,
        "type": lambda number: number.type == query.type,
        "status": lambda number: number.status == query.status,
    }
    return listing(request, query, backend.data.numbers, backend.phone_numbers.view, filters)


@operation("POST", "/v1/numbers", "createNumber", 201)
async def create_number(backend: NoKYCNumber, request: RequestLogEntry, body: NumberBody) -> NumberView:
    """Activate a number on offer."""
    if body.webhook_url is not None:
        await backend.webhooks.check_url(body.webhook_url, "webhook_url")
    return backend.phone_numbers.activate(request.account, body, request.request_id)


@operation("GET", "/v1/numbers/available", "listAvailableNumbers")
def list_available_numbers(backend: NoKYCNumber, request: RequestLogEntry, query: OfferQuery) -> Listing[OfferView]:
    """List numbers that the account may activate, by default in its own country."""
    reject_ending_before(query)
    country = query.country or backend.account_reports.settings(request.account).default_country
    offers = backend.offers.available(request.account, country, query.type or None, query.tier or None, query.limit)
    return Listing(request.path, offers, has_more=False, next_cursor=None)


@operation("GET", "/v1/numbers/{id}", "getNumber")
def get_number(backend: NoKYCNumber, number: Number) -> NumberView:
    """Return one number."""
    return backend.phone_numbers.view(number)


@operation("PATCH", "/v1/numbers/{id}", "updateNumber")
async def update_number(backend: NoKYCNumber, number: Number, body: NumberPatch) -> NumberView:
    """Update a number."""
    if isinstance(body.webhook_url, str):
        await backend.webhooks.check_url(body.webhook_url, "webhook_url")
    return backend.phone_numbers.update(number, body)


@operation("DELETE", "/v1/numbers/{id}", "releaseNumber")
def release_number(backend: NoKYCNumber, number: Number) -> None:
    """Release a number."""
    backend.phone_numbers.release(number)


@operation("POST", "/v1/numbers/{id}/renew", "renewNumber")
def renew_number(backend: NoKYCNumber, request: RequestLogEntry, number: Number) -> NumberView:
    """Extend a number's period."""
    return backend.phone_numbers.renew(number, request.request_id)


@operation("GET", "/v1/numbers/{id}/ai", "getAiConfig")
def get_ai_config(backend: NoKYCNumber, number: Number) -> AiView:
    """Return a number's AI configuration."""
    return backend.ai_configs.view(number)


@operation("PATCH", "/v1/numbers/{id}/ai", "updateAiConfig")
def update_ai_config(backend: NoKYCNumber, number: Number, body: AiPatch) -> AiView:
    """Update a number's AI configuration."""
    return backend.ai_configs.update(number, body)


# -- calls, page "Calls" ------


@operation("POST", "/v1/calls", "createCall", 201)
def create_call(backend: NoKYCNumber, request: RequestLogEntry, body: CallBody) -> CallView:
    """Place an outbound call."""
    return backend.calls.place(request.account, body, request.request_id)


@operation("GET", "/v1/calls", "listCalls")
def list_calls(backend: NoKYCNumber, request: RequestLogEntry, query: CallQuery) -> Listing[CallView]:
    """List the account's calls."""
    check_number_filter(query.number)
    after = instant_in(query.created_after, "created_after")
    before = instant_in(query.created_before, "created_before")
    filters: Filters[Call] = {
        "number": lambda call: query.number in (call.number_id, call.number),
        "direction": lambda call: call.direction == query.direction,
        "status": lambda call: call.state == query.status,
        "created_after": lambda call: call.started_at > after,
        "created_before": lambda call: call.started_at < before,
    }
    return listing(request, query, backend.data.calls, backend.calls.view, filters)


@operation("GET", "/v1/calls/{id}", "getCall")
def get_call(backend: NoKYCNumber, call: Call) -> CallView:
    """Return one call."""
    return backend.calls.view(call)


@operation("POST", "/v1/calls/{id}/hangup", "hangupCall")
def hang_up_call(backend: NoKYCNumber, call: Call) -> CallView:
    """End a call."""
    return backend.calls.hang_up(call)


# -- messages, page "SMS messages" ------


@operation("POST", "/v1/sms", "createSms", 201)
def create_sms(backend: NoKYCNumber, request: RequestLogEntry, body: SmsBody) -> SmsView:
    """Send a message."""
    return backend.messages.send(request.account, body, request.request_id)


@operation("GET", "/v1/sms", "listSms")
def list_sms(backend: NoKYCNumber, request: RequestLogEntry, query: SmsQuery) -> Listing[SmsView]:
    """List the account's messages."""
    check_number_filter(query.number)
    filters: Filters[Message] = {
        "number": lambda message: query.number in (message.number_id, message.number),
        "direction": lambda message: message.direction == query.direction,
        "status": lambda message: message.state == query.status,
    }
    return listing(request, query, backend.data.messages, backend.messages.view, filters)


@operation("GET", "/v1/sms/{id}", "getSms")
def get_sms(backend: NoKYCNumber, message: Message) -> SmsView:
    """Return one message with the status of its segments."""
    return backend.messages.view_with_segments(message)


# -- voicemails, page "Voicemails" ------


@operation("GET", "/v1/voicemails", "listVoicemails")
def list_voicemails(backend: NoKYCNumber, request: RequestLogEntry, query: ListQuery) -> Listing[VoicemailView]:
    """List the account's voicemails."""
    return listing(request, query, backend.data.voicemails, backend.voicemails.view)


@operation("GET", "/v1/voicemails/{id}", "getVoicemail")
def get_voicemail(backend: NoKYCNumber, voicemail: Voicemail) -> VoicemailView:
    """Return one voicemail."""
    return backend.voicemails.view(voicemail)


@operation("DELETE", "/v1/voicemails/{id}", "deleteVoicemail")
def delete_voicemail(backend: NoKYCNumber, voicemail: Voicemail) -> None:
    """Delete a voicemail and its audio."""
    backend.voicemails.delete(voicemail)


# -- the account, page "Account" ------


@operation("GET", "/v1/account", "getAccount")
def get_account(backend: NoKYCNumber, account: str) -> AccountView:
    """Return the account."""
    return backend.account_reports.view(account)


@operation("GET", "/v1/account/usage", "getUsage")
def get_usage(backend: NoKYCNumber, account: str, query: UsageQuery) -> UsageView:
    """Return the account's usage."""
    return backend.account_reports.usage(account, query.period or None)


# -- webhook endpoints, page "Webhooks" ------


@operation("POST", "/v1/webhook_endpoints", "createWebhookEndpoint", 201)
async def create_endpoint(backend: NoKYCNumber, account: str, body: EndpointBody) -> EndpointView:
    """Register a webhook endpoint."""
    backend.webhooks.check_events(body.enabled_events)
    await backend.webhooks.check_url(body.url, "url")
    return backend.webhooks.create(account, body)


@operation("GET", "/v1/webhook_endpoints", "listWebhookEndpoints")
def list_endpoints(backend: NoKYCNumber, request: RequestLogEntry, query: ListQuery) -> Listing[EndpointView]:
    """List the account's webhook endpoints."""
    return listing(request, query, backend.data.endpoints, backend.webhooks.view)


@operation("DELETE", "/v1/webhook_endpoints/{id}", "deleteWebhookEndpoint")
def delete_endpoint(backend: NoKYCNumber, account: str, id: str) -> None:  # noqa: A002 - the path's name
    """Remove a webhook endpoint."""
    backend.webhooks.delete(account, id)


# -- files that the links of calls and voicemails lead to: ours ------


@operation("GET", "/v1/files/recordings/{file}", "downloadRecording")
async def download_recording(backend: NoKYCNumber, request: RequestLogEntry, file: str, query: LinkQuery) -> Response:
    """Return a call's recording as MP3."""
    call = find_by_link(backend, request, f"{RECORDINGS}{file}", query, backend.data.calls)
    if not backend.calls.has_recording(call):
        raise errors.error("not_found", what="recording")
    return await audio([(turn.speaker, turn.text, turn.at) for turn in call.turns or ()], call.duration)


@operation("GET", "/v1/files/voicemails/{file}", "downloadVoicemail")
async def download_voicemail(backend: NoKYCNumber, request: RequestLogEntry, file: str, query: LinkQuery) -> Response:
    """Return a voicemail's audio as MP3."""
    voicemail = find_by_link(backend, request, f"{AUDIO}{file}", query, backend.data.voicemails)
    return await audio([("caller", voicemail.text, 0.0)], voicemail.duration)


def find_by_link(
    backend: NoKYCNumber, request: RequestLogEntry, path: str, query: LinkQuery, records: Collection[R]
) -> R:
    """Return the record whose file a link leads to. Raises ApiError for a link that does not work, or leads nowhere."""
    backend.links.check(path, query, None)
    record = records.get(path.rpartition("/")[2].removesuffix(".mp3"))
    if record is None:
        raise errors.error("not_found", what="file")
    request.account = record.account
    backend.links.check(path, query, backend.services.clock.now(record.account))
    return record


async def audio(turns: Sequence[tuple[str, str, float]], duration: float) -> Response:
    """Return turns (speaker, text, second at which it begins) as an MP3 of that length, rendered off the event loop."""
    from ringback.carrier.speech import render_mp3

    return Response(await asyncio.to_thread(render_mp3, turns, duration), media_type=MP3)


# -- queries and pages ------

Filters = Mapping[str, Callable[[R], bool]]
"""A test of a record for each parameter of a query that filters."""


def listing(
    request: RequestLogEntry,
    query: ListQuery,
    records: Collection[R],
    view: Callable[[R], Any],
    filters: Filters[R] | None = None,
) -> Listing[Any]:
    """Return a page of the account's records, page "Pagination". Raises ApiError 400 for an invalid cursor."""
    reject_ending_before(query)
    after = None
    if isinstance(query.starting_after, str):
        after = records.get(query.starting_after)
        if after is None or after.account != request.account:
            raise errors.invalid("starting_after", "must be the id of an object of this list")
    tests = [test for name, test in (filters or {}).items() if getattr(query, name) is not UNSET]
    wanted = (lambda record: all(test(record) for test in tests)) if tests else None
    found = page(records, "account", request.account, limit=query.limit, after=after, wanted=wanted)
    cursor = found.data[-1].id if found.has_more else None
    return Listing(request.path, [view(record) for record in found.data], found.has_more, cursor)


def reject_ending_before(query: ListQuery) -> None:
    """Raise ApiError 400 for a query that pages backwards."""
    if query.ending_before is not UNSET:
        raise errors.invalid("ending_before", "is not supported: page forwards with starting_after")


def check_number_filter(number: str | UnsetType) -> None:
    """Check the `number` of a query. Raises ApiError 400."""
    if isinstance(number, str) and not (_NUMBER_ID.fullmatch(number) or is_e164(number)):
        raise errors.invalid("number", "must be a number's id, or its E.164 with the plus sign escaped")


def instant_in(text: str | UnsetType, param: str) -> int:
    """Return a time of a query as microseconds, 0 if it is left out. Raises ApiError 400."""
    return instant_of(param, text) if isinstance(text, str) else 0

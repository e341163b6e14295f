"""NoKYCNumber's operations, in the order of its page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import msgspec
from litestar import Litestar, Request, delete, get, patch, post
from litestar.params import FromPath

from ringback.carrier.call import Call
from ringback.carrier.messages import Message
from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.errors import ApiError
from ringback.gateway.journal import RequestLogEntry, log_entry
from ringback.gateway.litestar_app import application as vendor_application
from ringback.gateway.paging import PageError, limit_of, page, query_of
from ringback.store import Collection, Record
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.prices import Tier
from ringback.vendors.nokycnumber.records import Kind, Number
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.account import PERIODS
from ringback.vendors.nokycnumber.rules.calls import RECORDINGS
from ringback.vendors.nokycnumber.rules.common import is_e164
from ringback.vendors.nokycnumber.rules.voicemails import AUDIO
from ringback.vendors.nokycnumber.times import instant_of
from ringback.vendors.nokycnumber.wire import (
    AiPatch,
    CallBody,
    EndpointBody,
    Listing,
    NumberBody,
    NumberPatch,
    SmsBody,
)

MP3 = b"audio/mpeg"
PAGE, MAX_PAGE = 25, 100
"""Page "Pagination"."""
CURSOR = frozenset(("limit", "starting_after"))
KINDS = ("mobile", "landline")
TIERS = ("standard", "premium")
NUMBER_STATES = ("active", "paused", "released")
CALL_STATES = ("queued", "ringing", "in_progress", "completed", "failed", "no_answer", "busy")
SMS_STATES = ("queued", "sent", "delivered", "failed", "undelivered")
DIRECTIONS = ("inbound", "outbound")
Req = Request[Any, Any, Any]
R = TypeVar("R", bound=Record)
_COUNTRY = re.compile(r"[a-z]{2}")
_NUMBER_ID = re.compile(r"num_[0-9a-z]{12}")
_NUMBER = msgspec.json.Decoder(NumberBody)
_NUMBER_PATCH = msgspec.json.Decoder(NumberPatch)
_AI_PATCH = msgspec.json.Decoder(AiPatch)
_CALL = msgspec.json.Decoder(CallBody)
_SMS = msgspec.json.Decoder(SmsBody)
_ENDPOINT = msgspec.json.Decoder(EndpointBody)


def application(backend: NoKYCNumber) -> Litestar:
    """The vendor's routes as an ASGI app."""
    handlers = (
        *_numbers(backend),
        *_calls(backend),
        *_sms(backend),
        *_voicemails(backend),
        *_account(backend),
        *_endpoints(backend),
        *_files(backend),
    )
    return vendor_application(backend.services, errors.ERRORS, handlers)


# -- numbers, page "Numbers" and "AI configuration" ------


def _numbers(backend: NoKYCNumber) -> tuple[Any, ...]:
    lines = backend.lines

    @get("/v1/numbers", operation_id="listNumbers")
    async def list_numbers(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "country", "type", "status")
        country, kind = country_in(query), choice_in(query, "type", KINDS)
        status = choice_in(query, "status", NUMBER_STATES)

        def wanted(number: Number) -> bool:
            return country in (None, number.country) and kind in (None, number.type) and status in (None, number.status)

        return listing(exchange, query, lines.records, lines.view, wanted if query.keys() - CURSOR else None)

    @post("/v1/numbers", operation_id="createNumber")
    async def create_number(request: Req) -> Response:
        exchange = log_entry(request)
        body = decode(exchange.body, _NUMBER)
        await backend.hooks.check_url(body.webhook_url, "webhook_url")
        return Response(encode(lines.activate(exchange.account, body, exchange.request_id)), 201)

    @get("/v1/numbers/available", operation_id="listAvailableNumbers")
    async def list_available_numbers(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "country", "type", "tier")
        country = country_in(query) or backend.settings(exchange.account).default_country
        kind = cast("Kind | None", choice_in(query, "type", KINDS))
        tier = cast("Tier | None", choice_in(query, "tier", TIERS))
        offers = lines.offer(exchange.account, country, kind, tier, limit_in(query))
        return Response(encode(Listing(exchange.path, offers, has_more=False, next_cursor=None)))

    @get("/v1/numbers/{number_id:str}", operation_id="getNumber")
    async def get_number(request: Req, number_id: FromPath[str]) -> Response:
        return Response(encode(lines.view(lines.of(log_entry(request).account, number_id))))

    @patch("/v1/numbers/{number_id:str}", operation_id="updateNumber")
    async def update_number(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        lines.of(exchange.account, number_id)
        body = decode(exchange.body, _NUMBER_PATCH)
        if isinstance(body.webhook_url, str):
            await backend.hooks.check_url(body.webhook_url, "webhook_url")
        return Response(encode(lines.change(exchange.account, number_id, body)))

    @delete("/v1/numbers/{number_id:str}", operation_id="releaseNumber", status_code=200)
    async def release_number(request: Req, number_id: FromPath[str]) -> Response:
        lines.release(log_entry(request).account, number_id)
        return nothing()

    @post("/v1/numbers/{number_id:str}/renew", operation_id="renewNumber", status_code=200)
    async def renew_number(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        return Response(encode(lines.renew(exchange.account, number_id, exchange.request_id)))

    @get("/v1/numbers/{number_id:str}/ai", operation_id="getAiConfig")
    async def get_ai_config(request: Req, number_id: FromPath[str]) -> Response:
        return Response(encode(lines.ai_view(log_entry(request).account, number_id)))

    @patch("/v1/numbers/{number_id:str}/ai", operation_id="updateAiConfig")
    async def update_ai_config(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        lines.of(exchange.account, number_id)
        return Response(encode(lines.change_ai(exchange.account, number_id, decode(exchange.body, _AI_PATCH))))

    return (
        list_numbers,
        create_number,
        list_available_numbers,
        get_number,
        update_number,
        release_number,
        renew_number,
        get_ai_config,
        update_ai_config,
    )


# -- calls, page "Calls" ------


def _calls(backend: NoKYCNumber) -> tuple[Any, ...]:
    phones = backend.phones

    @post("/v1/calls", operation_id="createCall")
    async def create_call(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(phones.place(exchange.account, decode(exchange.body, _CALL), exchange.request_id)), 201)

    @get("/v1/calls", operation_id="listCalls")
    async def list_calls(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "number", "direction", "status", "created_after", "created_before")
        number, direction = number_in(query), choice_in(query, "direction", DIRECTIONS)
        status = choice_in(query, "status", CALL_STATES)
        after, before = (
            instant_of(name, query[name]) if name in query else None for name in ("created_after", "created_before")
        )

        def wanted(call: Call) -> bool:
            return (
                number in (None, call.number_id, call.number)
                and direction in (None, call.direction)
                and status in (None, call.state)
                and (after is None or call.started_at > after)
                and (before is None or call.started_at < before)
            )

        records = backend.services.calls.records
        return listing(exchange, query, records, phones.view, wanted if query.keys() - CURSOR else None)

    @get("/v1/calls/{call_id:str}", operation_id="getCall")
    async def get_call(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.view(phones.of(log_entry(request).account, call_id))))

    @post("/v1/calls/{call_id:str}/hangup", operation_id="hangupCall", status_code=200)
    async def hangup_call(request: Req, call_id: FromPath[str]) -> Response:
        return Response(encode(phones.hang_up(log_entry(request).account, call_id)))

    return create_call, list_calls, get_call, hangup_call


# -- messages, page "SMS messages" ------


def _sms(backend: NoKYCNumber) -> tuple[Any, ...]:
    texts = backend.texts

    @post("/v1/sms", operation_id="createSms")
    async def create_sms(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(texts.send(exchange.account, decode(exchange.body, _SMS), exchange.request_id)), 201)

    @get("/v1/sms", operation_id="listSms")
    async def list_sms(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "number", "direction", "status")
        number, direction = number_in(query), choice_in(query, "direction", DIRECTIONS)
        status = choice_in(query, "status", SMS_STATES)

        def wanted(message: Message) -> bool:
            return (
                number in (None, message.number_id, message.number)
                and direction in (None, message.direction)
                and status in (None, message.state)
            )

        records = backend.services.messages.records
        return listing(exchange, query, records, texts.view, wanted if query.keys() - CURSOR else None)

    @get("/v1/sms/{sms_id:str}", operation_id="getSms")
    async def get_sms(request: Req, sms_id: FromPath[str]) -> Response:
        return Response(encode(texts.view_in_full(log_entry(request).account, sms_id)))

    return create_sms, list_sms, get_sms


# -- voicemails, page "Voicemails" ------


def _voicemails(backend: NoKYCNumber) -> tuple[Any, ...]:
    mailbox = backend.mailbox

    @get("/v1/voicemails", operation_id="listVoicemails")
    async def list_voicemails(request: Req) -> Response:
        exchange = log_entry(request)
        return listing(exchange, query_in(exchange), mailbox.records, mailbox.view)

    @get("/v1/voicemails/{voicemail_id:str}", operation_id="getVoicemail")
    async def get_voicemail(request: Req, voicemail_id: FromPath[str]) -> Response:
        return Response(encode(mailbox.view(mailbox.of(log_entry(request).account, voicemail_id))))

    @delete("/v1/voicemails/{voicemail_id:str}", operation_id="deleteVoicemail", status_code=200)
    async def delete_voicemail(request: Req, voicemail_id: FromPath[str]) -> Response:
        mailbox.delete(log_entry(request).account, voicemail_id)
        return nothing()

    return list_voicemails, get_voicemail, delete_voicemail


# -- the account, page "Account" ------


def _account(backend: NoKYCNumber) -> tuple[Any, ...]:
    @get("/v1/account", operation_id="getAccount")
    async def get_account(request: Req) -> Response:
        return Response(encode(backend.office.view(log_entry(request).account)))

    @get("/v1/account/usage", operation_id="getUsage")
    async def get_usage(request: Req) -> Response:
        exchange = log_entry(request)
        period = choice_in(query_in(exchange, "period"), "period", tuple(PERIODS))
        return Response(encode(backend.office.usage(exchange.account, period)))

    return get_account, get_usage


# -- webhook endpoints, page "Webhooks" ------


def _endpoints(backend: NoKYCNumber) -> tuple[Any, ...]:
    hooks = backend.hooks

    @post("/v1/webhook_endpoints", operation_id="createWebhookEndpoint")
    async def create_endpoint(request: Req) -> Response:
        exchange = log_entry(request)
        body = decode(exchange.body, _ENDPOINT)
        hooks.check_events(body.enabled_events)
        await hooks.check_url(body.url, "url")
        return Response(encode(hooks.create(exchange.account, body)), 201)

    @get("/v1/webhook_endpoints", operation_id="listWebhookEndpoints")
    async def list_endpoints(request: Req) -> Response:
        exchange = log_entry(request)
        return listing(exchange, query_in(exchange), hooks.records, hooks.view)

    @delete("/v1/webhook_endpoints/{endpoint_id:str}", operation_id="deleteWebhookEndpoint", status_code=200)
    async def delete_endpoint(request: Req, endpoint_id: FromPath[str]) -> Response:
        hooks.delete(log_entry(request).account, endpoint_id)
        return nothing()

    return create_endpoint, list_endpoints, delete_endpoint


# -- files, ours: what the links of calls and voicemails lead to ------


def _files(backend: NoKYCNumber) -> tuple[Any, ...]:
    @get("/v1/files/recordings/{file:str}", operation_id="downloadRecording")
    async def download_recording(request: Req, file: FromPath[str]) -> Response:
        exchange = log_entry(request)
        call = linked(exchange, RECORDINGS, file, backend.services.calls.records)
        if not backend.phones.recording(call):
            raise errors.not_found("recording")
        turns = [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]
        return await sound(turns, call.duration)

    @get("/v1/files/voicemails/{file:str}", operation_id="downloadVoicemail")
    async def download_voicemail(request: Req, file: FromPath[str]) -> Response:
        voicemail = linked(log_entry(request), AUDIO, file, backend.mailbox.records)
        return await sound([("caller", voicemail.text, 0.0)], voicemail.duration)

    def linked(exchange: RequestLogEntry, place: str, file: str, records: Collection[R]) -> R:
        """What a link leads to, if it works. Raises ApiError."""
        path, query = f"{place}{file}", query_in(exchange, "expires", "sig")
        backend.check_link(path, query, None)
        record = records.get(file.removesuffix(".mp3"))
        if record is None:
            raise errors.not_found("file")
        exchange.account = record.account
        backend.check_link(path, query, backend.services.clock.now(record.account))
        return record

    return download_recording, download_voicemail


async def sound(turns: Sequence[tuple[str, str, float]], duration: float) -> Response:
    """What is said, as an MP3 of that length, rendered off the loop."""
    from ringback.carrier.speech import render_mp3

    return Response(await asyncio.to_thread(render_mp3, turns, duration), media_type=MP3)


# -- queries and pages ------


def query_in(exchange: RequestLogEntry, *names: str) -> dict[str, str]:
    """What a request's query says of these names, and of pages. Raises ApiError 400."""
    try:
        query = query_of(exchange.query, *names, *CURSOR, "ending_before")
    except PageError as error:
        raise _worded(error) from None
    if "ending_before" in query:
        raise errors.invalid("ending_before", "is not supported: page forwards with starting_after")
    return query


def limit_in(query: Mapping[str, str]) -> int:
    """`limit` of a query. Raises ApiError 400."""
    try:
        return limit_of(query, MAX_PAGE) or PAGE
    except PageError as error:
        raise _worded(error) from None


def _worded(error: PageError) -> ApiError:
    return errors.invalid(error.param, str(error))


def choice_in(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str | None:
    """One of a few words, or None when it is left out. Raises ApiError 400."""
    value = query.get(name)
    if value is not None and value not in allowed:
        raise errors.invalid(name, f"is one of {', '.join(allowed)}")
    return value


def number_in(query: Mapping[str, str]) -> str | None:
    """`number` of a query: a number's id or E.164. Raises ApiError 400."""
    value = query.get("number")
    if value is not None and not (_NUMBER_ID.fullmatch(value) or is_e164(value)):
        raise errors.invalid("number", "is a number's id, or its E.164 with the plus sign escaped")
    return value


def country_in(query: Mapping[str, str]) -> str | None:
    """`country` of a query. Raises ApiError 400 for one that is not two small letters."""
    value = query.get("country")
    if value is not None and not _COUNTRY.fullmatch(value):
        raise errors.invalid("country", "is two small letters, such as fr")
    return value


def listing(
    exchange: RequestLogEntry,
    query: Mapping[str, str],
    records: Collection[R],
    view: Callable[[R], Any],
    wanted: Callable[[R], bool] | None = None,
) -> Response:
    """A page of an account's records, page "Pagination". Raises ApiError 400 for a limit or cursor that will not do."""
    limit, after = limit_in(query), None
    if "starting_after" in query:
        after = records.get(query["starting_after"])
        if after is None or after.account != exchange.account:
            raise errors.invalid("starting_after", "is the id of an object of this list")
    found = page(records, "account", exchange.account, limit=limit, after=after, wanted=wanted)
    cursor = found.data[-1].id if found.has_more else None
    return Response(encode(Listing(exchange.path, [view(record) for record in found.data], found.has_more, cursor)))


def nothing() -> Response:
    """204, without a body."""
    return Response(b"", 204)

"""Numbers, page "Phone numbers"."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Any

import msgspec
from litestar import delete, get, patch, post, put
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import log_entry
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.routes.query_params import (
    Req,
    body_of,
    nothing,
    paged,
    project_of,
    query_in,
    scope_of,
    so_many,
    walked,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.common import is_e164
from ringback.vendors.agentphone.wire.bodies import CardBody, NumberBody, NumberPatch
from ringback.vendors.agentphone.wire.responses import Rows

MAX_LOOKED_UP = 25
_COUNTRY, _AREA = re.compile("[A-Za-z]{2}"), re.compile("[0-9]{3}")
_BUY = msgspec.json.Decoder(NumberBody)
_CHANGE = msgspec.json.Decoder(NumberPatch)
_CARD = msgspec.json.Decoder(CardBody)


def numbers(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    lines = backend.lines

    @get("/v1/numbers", operation_id="listNumbers")
    async def list_numbers(request: Req) -> Response:
        exchange = log_entry(request)
        return paged(exchange, lines.records, "active", project_of(backend, exchange), lines.view)

    @post("/v1/numbers", operation_id="createNumber", status_code=200)
    async def create_number(request: Req) -> Response:
        exchange = log_entry(request)
        project = project_of(backend, exchange)
        return Response(encode(lines.buy(exchange.account, project, body_of(exchange, _BUY))))

    @get("/v1/numbers/available", operation_id="listAvailableNumbers")
    async def list_available(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "areaCode", "city", "state", "zip", "country", "limit")
        country = query.get("country", "US")
        if not _COUNTRY.fullmatch(country):
            raise errors.asked_wrongly("country", "is two letters, such as US")
        if "areaCode" in query and not _AREA.fullmatch(query["areaCode"]):
            raise errors.asked_wrongly("areaCode", "is three digits, such as 415")
        offers = lines.offers(
            exchange.account,
            country=country.upper(),
            area=query.get("areaCode"),
            region=query.get("state"),
            city=query.get("city"),
            zip_code=query.get("zip"),
            limit=so_many(query, "limit", 20, 1, 100),
        )
        return Response(encode(Rows(offers)))

    @get("/v1/numbers/lookup", operation_id="lookupNumbers")
    async def look_up(request: Req) -> Response:
        query = query_in(log_entry(request), "phoneNumbers")
        if "phoneNumbers" not in query:
            raise errors.UnprocessableError("query", "phoneNumbers", "is required", "missing")
        asked = query["phoneNumbers"].replace(" ", "+").split(",")
        if len(asked) > MAX_LOOKED_UP or not all(map(is_e164, asked)):
            raise errors.asked_wrongly("phoneNumbers", f"is from 1 to {MAX_LOOKED_UP} numbers in E.164, with commas")
        return Response(encode(Rows(lines.look_up(asked))))

    @get("/v1/numbers/{number_id:str}", operation_id="getNumber")
    async def get_number(request: Req, number_id: FromPath[str]) -> Response:
        return Response(encode(lines.view(lines.of(log_entry(request).account, number_id))))

    @patch("/v1/numbers/{number_id:str}", operation_id="updateNumber")
    async def update_number(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        lines.of(exchange.account, number_id)
        return Response(encode(lines.change(exchange.account, number_id, body_of(exchange, _CHANGE))))

    @delete("/v1/numbers/{number_id:str}", operation_id="releaseNumber", status_code=200)
    async def release_number(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        return Response(encode(lines.release(exchange.account, number_id, scope_of(backend, exchange))))

    @get("/v1/numbers/{number_id:str}/messages", operation_id="listNumberMessages")
    async def list_messages(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        number = lines.of(exchange.account, number_id)
        texts = backend.texts
        return walked(exchange, texts.records, "number", number.id, attrgetter("at"), texts.view)

    @get("/v1/numbers/{number_id:str}/calls", operation_id="listNumberCalls")
    async def list_calls(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        number = lines.of(exchange.account, number_id)
        return paged(exchange, backend.phones.details, "number", number.id, backend.phones.view)

    @get("/v1/numbers/{number_id:str}/contact-card", operation_id="getContactCard")
    async def get_card(request: Req, number_id: FromPath[str]) -> Response:
        return Response(encode(lines.card(lines.of(log_entry(request).account, number_id))))

    @put("/v1/numbers/{number_id:str}/contact-card", operation_id="setContactCard")
    async def set_card(request: Req, number_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        lines.kept(exchange.account, number_id)
        return Response(encode(lines.set_card(exchange.account, number_id, body_of(exchange, _CARD))))

    @delete("/v1/numbers/{number_id:str}/contact-card", operation_id="deleteContactCard", status_code=200)
    async def delete_card(request: Req, number_id: FromPath[str]) -> Response:
        lines.of(log_entry(request).account, number_id).card = None
        return nothing()

    return (
        list_numbers,
        create_number,
        list_available,
        look_up,
        get_number,
        update_number,
        release_number,
        list_messages,
        list_calls,
        get_card,
        set_card,
        delete_card,
    )

"""The account: sub-accounts, registration, locations, signing up."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import log_entry
from ringback.vendors.agentphone.routes.query_params import Req, body_of, done, paged, project_of
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.bodies import (
    RegistrationBody,
    RegistrationPatch,
    SignUpBody,
    SubAccountBody,
    VerifyBody,
)

_SUB = msgspec.json.Decoder(SubAccountBody)
_REGISTER = msgspec.json.Decoder(RegistrationBody)
_REGISTER_PATCH = msgspec.json.Decoder(RegistrationPatch)
_SIGN_UP = msgspec.json.Decoder(SignUpBody)
_VERIFY = msgspec.json.Decoder(VerifyBody)


def account(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    return *_sub_accounts(backend), *_registration(backend), *_locations(backend), *_signing_up(backend)


def _sub_accounts(backend: AgentPhone) -> tuple[Any, ...]:
    office = backend.office

    @get("/v1/sub-accounts", operation_id="listSubAccounts")
    async def list_subs(request: Req) -> Response:
        exchange = log_entry(request)
        return paged(exchange, office.sub_accounts, "account", exchange.account, office.sub_view)

    @post("/v1/sub-accounts", operation_id="createSubAccount", status_code=200)
    async def create_sub(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(office.open_sub(exchange.account, body_of(exchange, _SUB).name)))

    @patch("/v1/sub-accounts/{sub_account_id:str}", operation_id="updateSubAccount")
    async def update_sub(request: Req, sub_account_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        office.project(exchange.account, sub_account_id)
        return Response(encode(office.rename_sub(exchange.account, sub_account_id, body_of(exchange, _SUB).name)))

    @delete("/v1/sub-accounts/{sub_account_id:str}", operation_id="deleteSubAccount", status_code=200)
    async def delete_sub(request: Req, sub_account_id: FromPath[str]) -> Response:
        office.close_sub(log_entry(request).account, sub_account_id)
        return done()

    return list_subs, create_sub, update_sub, delete_sub


def _registration(backend: AgentPhone) -> tuple[Any, ...]:
    office = backend.office

    @get("/v1/register", operation_id="getRegistration")
    async def get_registration(request: Req) -> Response:
        return Response(encode(office.registration(log_entry(request).account)))

    @post("/v1/register", operation_id="createRegistration", status_code=200)
    async def create_registration(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(office.register(exchange.account, body_of(exchange, _REGISTER))))

    @patch("/v1/register", operation_id="updateRegistration")
    async def update_registration(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(office.change_registration(exchange.account, body_of(exchange, _REGISTER_PATCH))))

    @get("/v1/register/status", operation_id="getRegistrationStatus")
    async def get_status(request: Req) -> Response:
        return Response(encode(office.status(project_of(backend, log_entry(request)))))

    return get_registration, create_registration, update_registration, get_status


def _locations(backend: AgentPhone) -> tuple[Any, ...]:
    office = backend.office

    @post("/v1/location/refresh", operation_id="refreshLocations", status_code=200)
    async def refresh(request: Req) -> Response:
        return Response(encode(office.refresh(log_entry(request).account)))

    @get("/v1/location/{phone_number:str}", operation_id="getLocation")
    async def get_location(request: Req, phone_number: FromPath[str]) -> Response:
        return Response(encode(office.location(log_entry(request).account, phone_number)))

    return refresh, get_location


def _signing_up(backend: AgentPhone) -> tuple[Any, ...]:
    office = backend.office

    @post("/v0/agent/sign-up", operation_id="signUp", status_code=200)
    async def sign_up(request: Req) -> Response:
        return Response(encode(office.sign_up(body_of(log_entry(request), _SIGN_UP))))

    @post("/v0/agent/verify", operation_id="verifySignUp", status_code=200)
    async def verify(request: Req) -> Response:
        return Response(encode(office.verify(body_of(log_entry(request), _VERIFY))))

    return sign_up, verify

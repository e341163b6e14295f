"""The account: sub-accounts, registration, locations, signing up."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.middleware import Answer, encode, exchange_of
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


def account(house: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    return *_sub_accounts(house), *_registration(house), *_locations(house), *_signing_up(house)


def _sub_accounts(house: AgentPhone) -> tuple[Any, ...]:
    office = house.office

    @get("/v1/sub-accounts", operation_id="listSubAccounts")
    async def list_subs(request: Req) -> Answer:
        exchange = exchange_of(request)
        return paged(exchange, office.sub_accounts, "account", exchange.account, office.sub_view)

    @post("/v1/sub-accounts", operation_id="createSubAccount", status_code=200)
    async def create_sub(request: Req) -> Answer:
        exchange = exchange_of(request)
        return Answer(encode(office.open_sub(exchange.account, body_of(exchange, _SUB).name)))

    @patch("/v1/sub-accounts/{sub_account_id:str}", operation_id="updateSubAccount")
    async def update_sub(request: Req, sub_account_id: FromPath[str]) -> Answer:
        exchange = exchange_of(request)
        office.project(exchange.account, sub_account_id)
        return Answer(encode(office.rename_sub(exchange.account, sub_account_id, body_of(exchange, _SUB).name)))

    @delete("/v1/sub-accounts/{sub_account_id:str}", operation_id="deleteSubAccount", status_code=200)
    async def delete_sub(request: Req, sub_account_id: FromPath[str]) -> Answer:
        office.close_sub(exchange_of(request).account, sub_account_id)
        return done()

    return list_subs, create_sub, update_sub, delete_sub


def _registration(house: AgentPhone) -> tuple[Any, ...]:
    office = house.office

    @get("/v1/register", operation_id="getRegistration")
    async def get_registration(request: Req) -> Answer:
        return Answer(encode(office.registration(exchange_of(request).account)))

    @post("/v1/register", operation_id="createRegistration", status_code=200)
    async def create_registration(request: Req) -> Answer:
        exchange = exchange_of(request)
        return Answer(encode(office.register(exchange.account, body_of(exchange, _REGISTER))))

    @patch("/v1/register", operation_id="updateRegistration")
    async def update_registration(request: Req) -> Answer:
        exchange = exchange_of(request)
        return Answer(encode(office.change_registration(exchange.account, body_of(exchange, _REGISTER_PATCH))))

    @get("/v1/register/status", operation_id="getRegistrationStatus")
    async def get_status(request: Req) -> Answer:
        return Answer(encode(office.status(project_of(house, exchange_of(request)))))

    return get_registration, create_registration, update_registration, get_status


def _locations(house: AgentPhone) -> tuple[Any, ...]:
    office = house.office

    @post("/v1/location/refresh", operation_id="refreshLocations", status_code=200)
    async def refresh(request: Req) -> Answer:
        return Answer(encode(office.refresh(exchange_of(request).account)))

    @get("/v1/location/{phone_number:str}", operation_id="getLocation")
    async def get_location(request: Req, phone_number: FromPath[str]) -> Answer:
        return Answer(encode(office.location(exchange_of(request).account, phone_number)))

    return refresh, get_location


def _signing_up(house: AgentPhone) -> tuple[Any, ...]:
    office = house.office

    @post("/v0/agent/sign-up", operation_id="signUp", status_code=200)
    async def sign_up(request: Req) -> Answer:
        return Answer(encode(office.sign_up(body_of(exchange_of(request), _SIGN_UP))))

    @post("/v0/agent/verify", operation_id="verifySignUp", status_code=200)
    async def verify(request: Req) -> Answer:
        return Answer(encode(office.verify(body_of(exchange_of(request), _VERIFY))))

    return sign_up, verify

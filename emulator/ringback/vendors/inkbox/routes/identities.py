"""Identities, access, API keys, signing keys, and who a key is."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.middleware import Answer, decode, encode, exchange_of
from ringback.vendors.inkbox.routes.query_params import Req
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import caller_of
from ringback.vendors.inkbox.wire import AccessBody, IdentityBody, IdentityPatch, KeyBody

IDENTITIES = "/api/v1/identities"
ONE = f"{IDENTITIES}/{{agent_handle:str}}"
_IDENTITY = msgspec.json.Decoder(IdentityBody)
_PATCH = msgspec.json.Decoder(IdentityPatch)
_ACCESS = msgspec.json.Decoder(AccessBody)
_KEY = msgspec.json.Decoder(KeyBody)


def handlers(house: Inkbox) -> tuple[Any, ...]:
    """Identities and keys."""
    world, identities, signing = house.world, house.identities, house.signing

    @post(IDENTITIES, operation_id="createIdentity")
    async def create_identity(request: Req) -> Answer:
        body = decode(exchange_of(request).body, _IDENTITY)
        if body.phone_number is not None:
            await house.lines.check_urls(body.phone_number)
        return Answer(encode(identities.create(caller_of(world, request), body)), 201)

    @get(IDENTITIES, operation_id="listIdentities")
    async def list_identities(request: Req) -> Answer:
        return Answer(encode(identities.listed(caller_of(world, request))))

    @get(ONE, operation_id="getIdentity")
    async def get_identity(request: Req, agent_handle: FromPath[str]) -> Answer:
        return Answer(encode(identities.view(identities.visible(caller_of(world, request), agent_handle))))

    @patch(ONE, operation_id="updateIdentity")
    async def update_identity(request: Req, agent_handle: FromPath[str]) -> Answer:
        caller = caller_of(world, request)
        identities.named(caller, agent_handle)
        return Answer(encode(identities.change(caller, agent_handle, decode(exchange_of(request).body, _PATCH))))

    @delete(ONE, operation_id="deleteIdentity")
    async def delete_identity(request: Req, agent_handle: FromPath[str]) -> None:
        identities.delete(caller_of(world, request), agent_handle)

    @delete(f"{ONE}/phone_number", operation_id="releaseIdentityPhoneNumber")
    async def release_identity_number(request: Req, agent_handle: FromPath[str]) -> None:
        house.lines.release_of(caller_of(world, request), agent_handle)

    @get(f"{ONE}/access", operation_id="listIdentityAccess")
    async def list_access(request: Req, agent_handle: FromPath[str]) -> Answer:
        return Answer(encode(identities.accesses(caller_of(world, request), agent_handle)))

    @post(f"{ONE}/access", operation_id="grantIdentityAccess")
    async def grant_access(request: Req, agent_handle: FromPath[str]) -> Answer:
        caller, body = caller_of(world, request), decode(exchange_of(request).body, _ACCESS)
        return Answer(encode(identities.grant(caller, agent_handle, body.viewer_identity_id)), 201)

    @delete(f"{ONE}/access/{{viewer_identity_id:str}}", operation_id="revokeIdentityAccess")
    async def revoke_access(request: Req, agent_handle: FromPath[str], viewer_identity_id: FromPath[str]) -> None:
        identities.revoke(caller_of(world, request), agent_handle, viewer_identity_id)

    # -- keys ------

    @post("/api/v1/api-keys", operation_id="createApiKey")
    async def create_api_key(request: Req) -> Answer:
        body = decode(exchange_of(request).body, _KEY)
        return Answer(encode(identities.issue_key(caller_of(world, request), body)), 201)

    @get("/api/whoami", operation_id="whoAmI")
    async def whoami(request: Req) -> Answer:
        return Answer(encode(identities.whoami(caller_of(world, request))))

    @post("/api/v1/signing-keys", operation_id="rotateSigningKey")
    async def create_signing_key(request: Req) -> Answer:
        return Answer(encode(signing.rotate_for_all(caller_of(world, request))), 201)

    @get("/api/v1/signing-keys", operation_id="getSigningKey")
    async def get_signing_key_status(request: Req) -> Answer:
        return Answer(encode(signing.status_of_all(caller_of(world, request))))

    @post(f"{ONE}/signing-key", operation_id="rotateIdentitySigningKey")
    async def create_identity_signing_key(request: Req, agent_handle: FromPath[str]) -> Answer:
        return Answer(encode(signing.rotate(identities.named(caller_of(world, request), agent_handle))), 201)

    @get(f"{ONE}/signing-key", operation_id="getIdentitySigningKey")
    async def get_identity_signing_key_status(request: Req, agent_handle: FromPath[str]) -> Answer:
        return Answer(encode(signing.status(identities.named(caller_of(world, request), agent_handle))))

    return (
        create_identity,
        list_identities,
        get_identity,
        update_identity,
        delete_identity,
        release_identity_number,
        list_access,
        grant_access,
        revoke_access,
        create_api_key,
        whoami,
        create_signing_key,
        get_signing_key_status,
        create_identity_signing_key,
        get_identity_signing_key_status,
    )

"""Identities, access, API keys, signing keys, and who a key is."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
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


def handlers(backend: Inkbox) -> tuple[Any, ...]:
    """Identities and keys."""
    services, identities, signing = backend.services, backend.identities, backend.signing

    @post(IDENTITIES, operation_id="createIdentity")
    async def create_identity(request: Req) -> Response:
        body = decode(log_entry(request).body, _IDENTITY)
        if body.phone_number is not None:
            await backend.lines.check_urls(body.phone_number)
        return Response(encode(identities.create(caller_of(services, request), body)), 201)

    @get(IDENTITIES, operation_id="listIdentities")
    async def list_identities(request: Req) -> Response:
        return Response(encode(identities.listed(caller_of(services, request))))

    @get(ONE, operation_id="getIdentity")
    async def get_identity(request: Req, agent_handle: FromPath[str]) -> Response:
        return Response(encode(identities.view(identities.visible(caller_of(services, request), agent_handle))))

    @patch(ONE, operation_id="updateIdentity")
    async def update_identity(request: Req, agent_handle: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        identities.named(caller, agent_handle)
        return Response(encode(identities.change(caller, agent_handle, decode(log_entry(request).body, _PATCH))))

    @delete(ONE, operation_id="deleteIdentity")
    async def delete_identity(request: Req, agent_handle: FromPath[str]) -> None:
        identities.delete(caller_of(services, request), agent_handle)

    @delete(f"{ONE}/phone_number", operation_id="releaseIdentityPhoneNumber")
    async def release_identity_number(request: Req, agent_handle: FromPath[str]) -> None:
        backend.lines.release_of(caller_of(services, request), agent_handle)

    @get(f"{ONE}/access", operation_id="listIdentityAccess")
    async def list_access(request: Req, agent_handle: FromPath[str]) -> Response:
        return Response(encode(identities.accesses(caller_of(services, request), agent_handle)))

    @post(f"{ONE}/access", operation_id="grantIdentityAccess")
    async def grant_access(request: Req, agent_handle: FromPath[str]) -> Response:
        caller, body = caller_of(services, request), decode(log_entry(request).body, _ACCESS)
        return Response(encode(identities.grant(caller, agent_handle, body.viewer_identity_id)), 201)

    @delete(f"{ONE}/access/{{viewer_identity_id:str}}", operation_id="revokeIdentityAccess")
    async def revoke_access(request: Req, agent_handle: FromPath[str], viewer_identity_id: FromPath[str]) -> None:
        identities.revoke(caller_of(services, request), agent_handle, viewer_identity_id)

    # -- keys ------

    @post("/api/v1/api-keys", operation_id="createApiKey")
    async def create_api_key(request: Req) -> Response:
        body = decode(log_entry(request).body, _KEY)
        return Response(encode(identities.issue_key(caller_of(services, request), body)), 201)

    @get("/api/whoami", operation_id="whoAmI")
    async def whoami(request: Req) -> Response:
        return Response(encode(identities.whoami(caller_of(services, request))))

    @post("/api/v1/signing-keys", operation_id="rotateSigningKey")
    async def create_signing_key(request: Req) -> Response:
        return Response(encode(signing.rotate_for_all(caller_of(services, request))), 201)

    @get("/api/v1/signing-keys", operation_id="getSigningKey")
    async def get_signing_key_status(request: Req) -> Response:
        return Response(encode(signing.status_of_all(caller_of(services, request))))

    @post(f"{ONE}/signing-key", operation_id="rotateIdentitySigningKey")
    async def create_identity_signing_key(request: Req, agent_handle: FromPath[str]) -> Response:
        return Response(encode(signing.rotate(identities.named(caller_of(services, request), agent_handle))), 201)

    @get(f"{ONE}/signing-key", operation_id="getIdentitySigningKey")
    async def get_identity_signing_key_status(request: Req, agent_handle: FromPath[str]) -> Response:
        return Response(encode(signing.status(identities.named(caller_of(services, request), agent_handle))))

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

"""Identities, access, API keys, signing keys, and the owner of a key."""

from __future__ import annotations

from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Identity
from ringback.vendors.inkbox.routes.operations import IDENTITIES, IDENTITY, operation
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import Caller
from ringback.vendors.inkbox.wire.requests import AccessBody, IdentityBody, IdentityPatch, KeyBody
from ringback.vendors.inkbox.wire.responses import (
    AccessView,
    CreatedKey,
    IdentityView,
    SigningKeyStatus,
    SigningKeyView,
    WhoamiView,
)

SIGNING_KEYS = "/api/v1/signing-keys"


@operation("POST", IDENTITIES, "createIdentity", 201)
async def create_identity(backend: Inkbox, caller: Caller, body: IdentityBody) -> IdentityView:
    """Page "Quick start"."""
    if body.phone_number is not None:
        await backend.phone_numbers.check_urls(body.phone_number)
    return backend.identities.create(caller, body)


@operation("GET", IDENTITIES, "listIdentities")
def list_identities(backend: Inkbox, caller: Caller) -> list[IdentityView]:
    """SDK 0.4 and 0.7."""
    return backend.identities.list_identities(caller)


@operation("GET", IDENTITY, "getIdentity")
def get_identity(backend: Inkbox, visible_identity: Identity) -> IdentityView:
    """SDK 0.4 and 0.7."""
    return backend.identities.view(visible_identity)


@operation("PATCH", IDENTITY, "updateIdentity")
def update_identity(backend: Inkbox, caller: Caller, identity: Identity, body: IdentityPatch) -> IdentityView:
    """SDK 0.4 and 0.7."""
    return backend.identities.change(caller, identity, body)


@operation("DELETE", IDENTITY, "deleteIdentity")
def delete_identity(backend: Inkbox, admin: Caller, identity: Identity) -> None:
    """SDK 0.4 and 0.7."""
    backend.delete_identity(identity)


@operation("DELETE", f"{IDENTITY}/phone_number", "releaseIdentityPhoneNumber")
def release_identity_number(backend: Inkbox, admin: Caller, identity: Identity) -> None:
    """SDK 0.4 and 0.7."""
    if identity.number_id is None:
        raise errors.not_found("phone number")
    backend.release_number(backend.data.numbers[identity.number_id])


# -- access ------


@operation("GET", f"{IDENTITY}/access", "listIdentityAccess")
def list_access(backend: Inkbox, identity: Identity) -> list[AccessView]:
    """SDK 0.4."""
    return backend.identities.list_access(identity)


@operation("POST", f"{IDENTITY}/access", "grantIdentityAccess", 201)
def grant_access(backend: Inkbox, caller: Caller, body: AccessBody, agent_handle: str) -> AccessView:
    """SDK 0.4."""
    return backend.identities.grant(caller, agent_handle, body.viewer_identity_id)


@operation("DELETE", f"{IDENTITY}/access/{{viewer_identity_id}}", "revokeIdentityAccess")
def revoke_access(backend: Inkbox, admin: Caller, identity: Identity, viewer_identity_id: str) -> None:
    """SDK 0.4."""
    backend.identities.revoke(identity, viewer_identity_id)


# -- keys ------


@operation("POST", "/api/v1/api-keys", "createApiKey", 201)
def create_api_key(backend: Inkbox, caller: Caller, body: KeyBody) -> CreatedKey:
    """SDK 0.7."""
    return backend.identities.issue_key(caller, body)


@operation("GET", "/api/whoami", "whoAmI")
def whoami(backend: Inkbox, caller: Caller) -> WhoamiView:
    """SDK 0.4 and 0.7."""
    return backend.identities.whoami(caller)


@operation("POST", SIGNING_KEYS, "rotateSigningKey", 201)
def rotate_signing_key(backend: Inkbox, caller: Caller) -> SigningKeyView:
    """SDK 0.4 and 0.7."""
    return backend.signing.rotate_own(caller)


@operation("GET", SIGNING_KEYS, "getSigningKey")
def get_signing_key(backend: Inkbox, caller: Caller) -> SigningKeyStatus:
    """SDK 0.7."""
    return backend.signing.own_status(caller)


@operation("POST", f"{IDENTITY}/signing-key", "rotateIdentitySigningKey", 201)
def rotate_identity_signing_key(backend: Inkbox, identity: Identity) -> SigningKeyView:
    """SDK 0.7."""
    return backend.signing.rotate(identity)


@operation("GET", f"{IDENTITY}/signing-key", "getIdentitySigningKey")
def get_identity_signing_key(backend: Inkbox, identity: Identity) -> SigningKeyStatus:
    """SDK 0.7."""
    return backend.signing.status(identity)

"""Agent identities, access between them, and the keys that are scoped to them."""

from __future__ import annotations

import re

from msgspec import UNSET, UnsetType

from ringback.carrier.clock import SECOND, iso_exact
from ringback.gateway.keys import Key
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import AccessGrant, FilterMode, Identity
from ringback.vendors.inkbox.rules.common import Caller, new_id, organization_id
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.numbers import Numbers
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.wire.requests import IdentityBody, IdentityPatch, KeyBody
from ringback.vendors.inkbox.wire.responses import AccessView, CreatedKey, IdentityView, KeyRecord, WhoamiView

_HANDLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
HANDLE_RULE = (
    "has from 1 to 63 letters, digits, dots, hyphens and underscores, and begins and ends with a letter or digit"
)
SHOWN_DIGITS = 12
"""Characters of a key that its record shows."""


class Identities:
    """The identities of all accounts."""

    def __init__(self, services: Services, data: Data, numbers: Numbers, signing: Signing) -> None:
        self.services = services
        self.data = data
        self.numbers = numbers
        self.signing = signing

    def list_identities(self, caller: Caller) -> list[IdentityView]:
        """Return the identities that a caller sees, newest first."""
        identities = self.data.identities.newest("account", caller.account)
        return [self.view(identity) for identity in identities if self.data.can_read(caller, identity)]

    # -- create and change ------

    def parse_handle(self, text: str) -> str:
        """Return a handle without its @. Raises ApiError 422."""
        handle = text.removeprefix("@")
        if not _HANDLE.fullmatch(handle):
            raise errors.invalid("agent_handle", HANDLE_RULE)
        return handle

    def create(self, caller: Caller, body: IdentityBody) -> IdentityView:
        """Create an identity, with a number if the body asks for one. Raises ApiError; then nothing changes."""
        caller.require_admin("Creating an identity")
        handle = self.parse_handle(body.agent_handle)
        if self.data.find_identity(caller.account, handle) is not None:
            raise errors.error("agent_handle_unavailable", blocking_namespace="identities")
        spec = body.phone_number
        handling = self.numbers.check_spec(caller.account, spec) if spec is not None else None
        identity = self.data.identities.add(self._new(caller.account, handle))
        self.data.identities.update(
            identity,
            display_name=body.display_name or handle,
            description=body.description,
            imessage_enabled=body.imessage_enabled,
            contact_sharing_enabled=body.contact_sharing_enabled,
        )
        self.services.note(caller.account, "account", f"identity {handle} created", identity_id=identity.id)
        if spec is not None and handling is not None:
            self.numbers.assign(identity, spec, handling)
        return self.view(identity)

    def _new(self, account: str, handle: str) -> Identity:
        now = self.services.clock.now(account)
        return Identity(
            id=new_id(self.services, account, "identity"),
            account=account,
            handle=handle,
            display_name=handle,
            created_at=now,
            updated_at=now,
        )

    def ensure(self, account: str, handle: str) -> Identity:
        """Return the identity of a handle, creating it if there is none."""
        return self.data.find_identity(account, handle) or self.data.identities.add(
            self._new(account, handle.removeprefix("@"))
        )

    def change(self, caller: Caller, identity: Identity, body: IdentityPatch) -> IdentityView:
        """Change an identity. Raises ApiError; then nothing changes."""
        shared = {mode for mode in (body.phone_filter_mode, body.imessage_filter_mode) if mode is not UNSET}
        sides = {
            "inbound_filter": body.phone_inbound_filter_mode,
            "outbound_filter": body.phone_outbound_filter_mode,
        }
        directed: dict[str, FilterMode] = {
            name: mode for name, mode in sides.items() if not isinstance(mode, UnsetType)
        }
        if len(shared) > 1:
            raise errors.error(
                "unprocessable", "phone_filter_mode and imessage_filter_mode are one setting: they must agree."
            )
        if shared and directed:
            raise errors.error(
                "unprocessable", "Set the phone filter mode for both directions or for each direction, not both."
            )
        changes: dict[str, object] = dict(directed)
        if shared:
            changes["inbound_filter"] = changes["outbound_filter"] = shared.pop()
        if changes or body.mail_filter_mode is not UNSET:
            caller.require_admin("Changing a filter mode")
        plain = {
            "display_name": body.display_name,
            "description": body.description,
            "imessage_enabled": body.imessage_enabled,
            "contact_sharing_enabled": body.contact_sharing_enabled,
            "mail_filter": body.mail_filter_mode,
        }
        changes |= {name: value for name, value in plain.items() if value is not UNSET}
        self.data.identities.update(identity, updated_at=self.services.clock.now(caller.account), **changes)
        return self.view(identity)

    def delete(self, identity: Identity) -> None:
        """Delete an identity with its keys and grants. The backend has released its number before."""
        for key in self.services.keys.records.oldest("active", identity.account):
            if key.agent == identity.id:
                self.services.keys.records.update(key, status="revoked")
        grants = self.data.grants
        for grant in (*grants.oldest("target", identity.id), *grants.oldest("viewer", identity.id)):
            if grant.id in grants:
                grants.remove(grant)
        self.data.identities.update(identity, deleted=True)
        self.services.note(identity.account, "account", f"identity {identity.handle} deleted", identity_id=identity.id)

    # -- access ------

    def list_access(self, identity: Identity) -> list[AccessView]:
        """Return the grants of access to an identity, oldest first."""
        return [_access(grant) for grant in self.data.grants.oldest("target", identity.id)]

    def grant(self, caller: Caller, handle: str, viewer: str | None) -> AccessView:
        """Let another identity, or every one for None, see an identity. Raises ApiError."""
        caller.require_admin("Granting access")
        identity = self.data.identity_by_handle(caller, handle)
        if viewer is not None:
            seen_by = self.data.identity(caller, viewer)
            if seen_by.id == identity.id:
                raise errors.error("unprocessable", "An identity sees itself.")
            viewer = seen_by.id
        existing = {grant.viewer for grant in self.data.grants.oldest("target", identity.id)}
        if viewer in existing or None in existing:
            raise errors.error("redundant_grant")
        grant = AccessGrant(
            id=new_id(self.services, caller.account, "access"),
            account=caller.account,
            target=identity.id,
            viewer=viewer,
            created_at=self.services.clock.now(caller.account),
        )
        return _access(self.data.grants.add(grant))

    def revoke(self, identity: Identity, viewer: str) -> None:
        """Revoke a grant of access to an identity, named by its id or by the viewer's. Raises ApiError 404."""
        for grant in self.data.grants.oldest("target", identity.id):
            if viewer in (grant.viewer, grant.id):
                self.data.grants.remove(grant)
                return
        raise errors.not_found("access grant")

    # -- keys ------

    def issue_key(self, caller: Caller, body: KeyBody) -> CreatedKey:
        """Issue a key for one identity. Raises ApiError 403: admin keys are not issued through the API."""
        caller.require_admin("Creating a key")
        if body.scoped_identity_id is None:
            raise errors.error(
                "forbidden", "An admin-scoped key creates identity-scoped keys only: give scoped_identity_id."
            )
        identity = self.data.identity(caller, body.scoped_identity_id)
        key = self.services.issue_key(
            self.services.accounts[caller.account],
            id_=f"ApiKey_{new_id(self.services, caller.account, 'key')}",
            label=body.label,
            kind="agent",
            agent=identity.id,
        )
        created = iso_exact(key.created_at)
        record = KeyRecord(
            id=key.id,
            organization_id=organization_id(caller.account),
            created_by=caller.key,
            creator_type="human",
            scoped_identity_id=identity.id,
            label=body.label,
            description=body.description,
            status=key.status,
            last4=key.secret[-4:],
            display_prefix=key.secret[:SHOWN_DIGITS],
            last_used_at=None,
            expires_at=None,
            revoked_at=None,
            created_at=created,
            updated_at=created,
        )
        return CreatedKey(key.secret, record)

    def whoami(self, caller: Caller) -> WhoamiView:
        """Return the owner and scope of the caller's key."""
        key: Key = self.services.keys.records[caller.key]
        subtype = "admin_scoped" if caller.agent is None else "agent_scoped.claimed"
        return WhoamiView(
            auth_type="api_key",
            auth_subtype=f"api_key.{subtype}",
            scope="admin" if caller.agent is None else "agent",
            organization_id=organization_id(caller.account),
            created_by=caller.agent or caller.account,
            creator_type="human" if caller.agent is None else "agent",
            key_id=key.id,
            label=key.label,
            description=None,
            created_at=key.created_at / SECOND,
            last_used_at=self.services.clock.now(caller.account) / SECOND,
            expires_at=key.expires_at / SECOND if key.expires_at is not None else None,
        )

    # -- views ------

    def view(self, identity: Identity) -> IdentityView:
        """Return an identity as it is now."""
        number = self.data.numbers[identity.number_id] if identity.number_id is not None else None
        signed_at = self.signing.created_at(identity)
        return IdentityView(
            id=identity.id,
            organization_id=organization_id(identity.account),
            agent_handle=identity.handle,
            display_name=identity.display_name,
            description=identity.description,
            email_address=None,
            mailbox=None,
            phone_number=self.numbers.view(number) if number is not None else None,
            imessage_number=None,
            tunnel=None,
            imessage_enabled=identity.imessage_enabled,
            contact_sharing_enabled=identity.contact_sharing_enabled,
            imessage_filter_mode=identity.inbound_filter,
            mail_filter_mode=identity.mail_filter,
            phone_filter_mode=identity.inbound_filter,
            phone_inbound_filter_mode=identity.inbound_filter,
            phone_outbound_filter_mode=identity.outbound_filter,
            signing_key_configured=signed_at is not None,
            signing_key_created_at=iso_exact(signed_at) if signed_at is not None else None,
            created_at=iso_exact(identity.created_at),
            updated_at=iso_exact(identity.updated_at),
        )


def _access(grant: AccessGrant) -> AccessView:
    return AccessView(grant.id, grant.target, grant.viewer, iso_exact(grant.created_at))

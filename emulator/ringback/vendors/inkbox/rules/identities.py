"""Agent identities, the keys that are scoped to them, and who a key is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import UNSET, UnsetType

from ringback.carrier.clock import SECOND, iso_exact
from ringback.gateway.keys import Key
from ringback.store import Collection
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Access, FilterMode, Identity
from ringback.vendors.inkbox.rules.common import NAME, Caller, is_uuid, new_id, organization_id
from ringback.vendors.inkbox.wire import (
    AccessView,
    CreatedKey,
    IdentityBody,
    IdentityPatch,
    IdentityView,
    KeyBody,
    KeyRecord,
    WhoamiView,
)

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

_HANDLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
HANDLE_RULE = (
    "has from 1 to 63 letters, digits, dots, hyphens and underscores, and begins and ends with none of the last"
)
SHOWN_DIGITS = 12


def plain_handle(text: str) -> str:
    """A handle without its @."""
    return text.removeprefix("@")


class Identities:
    """The agents of all accounts."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Identity] = Collection(
            Identity,
            account=lambda identity: None if identity.deleted else identity.account,
            handle=lambda identity: None if identity.deleted else (identity.account, identity.handle.lower()),
        )
        self.grants: Collection[Access] = Collection(
            Access,
            target=lambda grant: grant.target,
            viewer=lambda grant: grant.viewer or ("all", grant.account),
        )

    # -- looking up ------

    def find(self, account: str, handle: str) -> Identity | None:
        """An account's identity by its handle, with or without its @."""
        return self.records.last("handle", (account, plain_handle(handle).lower()))

    def named(self, caller: Caller, handle: str) -> Identity:
        """The identity of a handle, to act for. Raises ApiError 404, or 403 for another than the key's own."""
        identity = self.find(caller.account, handle)
        if identity is None:
            raise errors.not_found("agent identity")
        if not caller.sees(identity.id):
            raise errors.forbidden("This key is scoped to another agent identity.")
        return identity

    def visible(self, caller: Caller, handle: str) -> Identity:
        """The identity of a handle, to look at: also one that grants access. Raises ApiError 404."""
        identity = self.find(caller.account, handle)
        if identity is None or not (caller.sees(identity.id) or self._granted(identity, caller)):
            raise errors.not_found("agent identity")
        return identity

    def _granted(self, identity: Identity, caller: Caller) -> bool:
        return any(grant.viewer in (None, caller.agent) for grant in self.grants.oldest("target", identity.id))

    def meant(self, caller: Caller, id_: str | None, *, where: str = "body") -> Identity:
        """The identity that a request is about: the one it names, or the key's own. Raises ApiError 422 when an admin
        names none, 403 for another than the key's own, 404."""
        wanted = id_ or caller.agent
        if wanted is None:
            raise errors.invalid("agent_identity_id", "is required with an admin-scoped key", where=where)
        if not is_uuid(wanted):
            raise errors.invalid("agent_identity_id", "is a UUID", where=where)
        identity = self.records.get(wanted.lower())
        if identity is None or identity.account != caller.account or identity.deleted:
            raise errors.not_found("agent identity")
        if not caller.sees(identity.id):
            raise errors.forbidden("This key is scoped to another agent identity.")
        return identity

    def listed(self, caller: Caller) -> list[IdentityView]:
        """The identities that a key sees, newest first."""
        return [
            self.view(identity)
            for identity in self.records.newest("account", caller.account)
            if caller.sees(identity.id) or self._granted(identity, caller)
        ]

    # -- making and changing ------

    def check_handle(self, text: str) -> str:
        """A handle as it is kept. Raises ApiError 422."""
        handle = plain_handle(text)
        if not _HANDLE.fullmatch(handle):
            raise errors.invalid("agent_handle", HANDLE_RULE)
        return handle

    def create(self, caller: Caller, body: IdentityBody) -> IdentityView:
        """A new identity, with a number where one is asked for. Raises ApiError; then there is neither."""
        caller.admin("Creating an identity")
        handle = self.check_handle(body.agent_handle)
        if self.find(caller.account, handle) is not None:
            raise errors.coded(
                "agent_handle_unavailable", f"The handle {handle} is taken.", blocking_namespace="identities"
            )
        lines = self.backend.lines
        handling = None
        if body.phone_number is not None:
            handling = lines.check_spec(caller.account, body.phone_number)
        identity = self.records.add(self._new(caller.account, handle))
        self.records.update(
            identity,
            display_name=body.display_name or handle,
            description=body.description,
            imessage_enabled=body.imessage_enabled,
            contact_sharing_enabled=body.contact_sharing_enabled,
        )
        self.services.note(caller.account, "account", f"identity {handle} created", identity_id=identity.id)
        if body.phone_number is not None and handling is not None:
            lines.assign(identity, body.phone_number, handling)
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
        """The identity of a handle, made if there is none."""
        return self.find(account, handle) or self.records.add(self._new(account, plain_handle(handle)))

    def change(self, caller: Caller, handle: str, body: IdentityPatch) -> IdentityView:
        """Change what is given. Raises ApiError; then nothing is changed."""
        identity = self.named(caller, handle)
        shared = {mode for mode in (body.phone_filter_mode, body.imessage_filter_mode) if mode is not UNSET}
        sides = {
            "inbound_filter": body.phone_inbound_filter_mode,
            "outbound_filter": body.phone_outbound_filter_mode,
        }
        directed: dict[str, FilterMode] = {
            name: mode for name, mode in sides.items() if not isinstance(mode, UnsetType)
        }
        if len(shared) > 1:
            raise errors.unprocessable("phone_filter_mode and imessage_filter_mode are one setting: they must agree.")
        if shared and directed:
            raise errors.unprocessable("Set the phone filter mode for both directions, or for each, not both ways.")
        changes: dict[str, object] = dict(directed)
        if shared:
            changes["inbound_filter"] = changes["outbound_filter"] = shared.pop()
        if changes or body.mail_filter_mode is not UNSET:
            caller.admin("Changing a filter mode")
        plain = {
            "display_name": body.display_name,
            "description": body.description,
            "imessage_enabled": body.imessage_enabled,
            "contact_sharing_enabled": body.contact_sharing_enabled,
            "mail_filter": body.mail_filter_mode,
        }
        changes |= {name: value for name, value in plain.items() if value is not UNSET}
        self.records.update(identity, updated_at=self.services.clock.now(caller.account), **changes)
        return self.view(identity)

    def delete(self, caller: Caller, handle: str) -> None:
        """An identity goes, with its number, keys, rules and subscriptions. Raises ApiError."""
        caller.admin("Deleting an identity")
        identity = self.named(caller, handle)
        if identity.number is not None:
            self.backend.lines.give_up(self.backend.lines.records[identity.number])
        for key in self.services.keys.records.oldest("active", caller.account):
            if key.agent == identity.id:
                self.services.keys.records.update(key, status="revoked")
        self.backend.hooks.drop(identity)
        self.backend.contacts.drop(identity)
        for grant in (*self.grants.oldest("target", identity.id), *self.grants.oldest("viewer", identity.id)):
            if grant.id in self.grants:
                self.grants.remove(grant)
        self.records.update(identity, deleted=True)
        self.services.note(caller.account, "account", f"identity {identity.handle} deleted", identity_id=identity.id)

    # -- access ------

    def accesses(self, caller: Caller, handle: str) -> list[AccessView]:
        """Who else sees an identity, oldest first."""
        identity = self.named(caller, handle)
        return [_access(grant) for grant in self.grants.oldest("target", identity.id)]

    def grant(self, caller: Caller, handle: str, viewer: str | None) -> AccessView:
        """Let another identity, or with None everyone, see an identity. Raises ApiError."""
        caller.admin("Granting access")
        identity = self.named(caller, handle)
        if viewer is not None:
            seen_by = self.meant(caller, viewer)
            if seen_by.id == identity.id:
                raise errors.unprocessable("An identity sees itself.")
            viewer = seen_by.id
        existing = {grant.viewer for grant in self.grants.oldest("target", identity.id)}
        if viewer in existing or None in existing:
            raise errors.InkboxError(409, {"error": "redundant_grant", "detail": "That access is there already."})
        grant = Access(
            id=new_id(self.services, caller.account, "access"),
            account=caller.account,
            target=identity.id,
            viewer=viewer,
            created_at=self.services.clock.now(caller.account),
        )
        return _access(self.grants.add(grant))

    def revoke(self, caller: Caller, handle: str, viewer: str) -> None:
        """Take access back; `viewer` is the other identity's id. Raises ApiError 404."""
        caller.admin("Revoking access")
        identity = self.named(caller, handle)
        for grant in self.grants.oldest("target", identity.id):
            if viewer in (grant.viewer, grant.id):
                self.grants.remove(grant)
                return
        raise errors.not_found("access grant")

    # -- keys ------

    def issue_key(self, caller: Caller, body: KeyBody) -> CreatedKey:
        """A key for one identity. Raises ApiError 403: an admin's key makes no other admin's key."""
        caller.admin("Creating a key")
        if body.scoped_identity_id is None:
            raise errors.forbidden("An admin-scoped key creates identity-scoped keys only: give scoped_identity_id.")
        identity = self.meant(caller, body.scoped_identity_id)
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
        """Who a key is."""
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

    # -- showing ------

    def view(self, identity: Identity) -> IdentityView:
        """An identity as it is now."""
        lines = self.backend.lines
        number = lines.records[identity.number] if identity.number is not None else None
        signed_at = self.backend.signing.created_at(identity)
        return IdentityView(
            id=identity.id,
            organization_id=organization_id(identity.account),
            agent_handle=identity.handle,
            display_name=identity.display_name,
            description=identity.description,
            email_address=None,
            mailbox=None,
            phone_number=lines.view(number) if number is not None else None,
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


def _access(grant: Access) -> AccessView:
    return AccessView(grant.id, grant.target, grant.viewer, iso_exact(grant.created_at))


__all__ = ["HANDLE_RULE", "NAME", "Identities", "plain_handle"]

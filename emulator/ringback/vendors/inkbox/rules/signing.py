"""Signing keys, of an identity and of the organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.carrier.clock import iso_exact
from ringback.store import Collection
from ringback.vendors.inkbox.records import Identity, Organization
from ringback.vendors.inkbox.rules.common import Caller, new_secret
from ringback.vendors.inkbox.wire import SigningKeyStatus, SigningKeyView

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox


class Signing:
    """Which key signs what is sent on an identity's behalf: of its own and the organization's, the newer one."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.organizations: Collection[Organization] = Collection(Organization)

    def key(self, identity: Identity) -> str:
        """The key that signs for an identity; empty where there is none, and nothing is signed."""
        organization = self.organizations.get(identity.account)
        if organization is not None and organization.signed_serial > identity.signed_serial:
            return organization.signing_key or ""
        return identity.signing_key or ""

    def created_at(self, identity: Identity) -> int | None:
        """When the key that signs for an identity was made."""
        organization = self.organizations.get(identity.account)
        if organization is not None and organization.signed_serial > identity.signed_serial:
            return organization.signed_at
        return identity.signed_at if identity.signing_key is not None else None

    def rotate(self, identity: Identity) -> SigningKeyView:
        """A new key for an identity, in place of its old one. It is in this answer alone."""
        secret, now = new_secret(self.services, identity.account), self.services.clock.now(identity.account)
        self.backend.identities.records.update(
            identity, signing_key=secret, signed_at=now, signed_serial=self._serial(identity.account)
        )
        self.services.note(identity.account, "account", f"signing key of {identity.handle} set")
        return SigningKeyView(secret, iso_exact(now))

    def rotate_for_all(self, caller: Caller) -> SigningKeyView:
        """A new key for the key's identity, or with an admin's key for the organization: it signs for every identity
        that is given none of its own later."""
        if caller.agent is not None:
            return self.rotate(self.backend.identities.records[caller.agent])
        secret, now = new_secret(self.services, caller.account), self.services.clock.now(caller.account)
        serial = self._serial(caller.account)
        organization = self.organizations.get(caller.account) or self.organizations.add(
            Organization(id=caller.account, account=caller.account)
        )
        self.organizations.update(organization, signing_key=secret, signed_at=now, signed_serial=serial)
        self.services.note(caller.account, "account", "signing key of the organization set")
        return SigningKeyView(secret, iso_exact(now))

    def _serial(self, account: str) -> int:
        organization = self.organizations.get(account)
        latest = organization.signed_serial if organization is not None else 0
        identities = self.backend.identities.records.oldest("account", account)
        return 1 + max([latest, *(identity.signed_serial for identity in identities)])

    def status(self, identity: Identity) -> SigningKeyStatus:
        """Whether something signs for an identity."""
        at = self.created_at(identity)
        return SigningKeyStatus(at is not None, iso_exact(at) if at is not None else None)

    def status_of_all(self, caller: Caller) -> SigningKeyStatus:
        """The same for the key's identity, or with an admin's key for any of the organization."""
        if caller.agent is not None:
            return self.status(self.backend.identities.records[caller.agent])
        organization = self.organizations.get(caller.account)
        found = [
            at
            for identity in self.backend.identities.records.oldest("account", caller.account)
            if (at := self.created_at(identity)) is not None
        ]
        if organization is not None:
            found.append(organization.signed_at)
        return SigningKeyStatus(bool(found), iso_exact(max(found)) if found else None)

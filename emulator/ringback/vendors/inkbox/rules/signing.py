"""Signing keys, of an identity and of the organization."""

from __future__ import annotations

from ringback.carrier.clock import iso_exact
from ringback.gateway.services import Services
from ringback.vendors.inkbox.records import Identity, Organization
from ringback.vendors.inkbox.rules.common import Caller, iso, new_secret
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.wire.responses import SigningKeyStatus, SigningKeyView


class Signing:
    """The key that signs for an identity is the newer one of its own and the organization's."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    def key(self, identity: Identity) -> str:
        """Return the key that signs for an identity, an empty text if there is none."""
        return self._newer(identity).signing_key or ""

    def created_at(self, identity: Identity) -> int | None:
        """Return when the key that signs for an identity was created."""
        newer = self._newer(identity)
        return newer.signed_at if newer.signing_key is not None else None

    def _newer(self, identity: Identity) -> Identity | Organization:
        organization = self.data.organizations.get(identity.account)
        if organization is not None and organization.signed_serial > identity.signed_serial:
            return organization
        return identity

    def rotate(self, identity: Identity) -> SigningKeyView:
        """Replace an identity's key. Only this response contains the new one."""
        secret, now = new_secret(self.services, identity.account), self.services.clock.now(identity.account)
        self.data.identities.update(
            identity, signing_key=secret, signed_at=now, signed_serial=self._serial(identity.account)
        )
        self.services.note(identity.account, "account", f"signing key of {identity.handle} set")
        return SigningKeyView(secret, iso_exact(now))

    def rotate_own(self, caller: Caller) -> SigningKeyView:
        """Replace the key of the caller's identity, or for an admin that of the organization.

        The organization's key signs for every identity that does not rotate its own key later.
        """
        if caller.agent is not None:
            return self.rotate(self.data.identities[caller.agent])
        secret, now = new_secret(self.services, caller.account), self.services.clock.now(caller.account)
        serial = self._serial(caller.account)
        organization = self.data.organizations.get(caller.account) or self.data.organizations.add(
            Organization(id=caller.account, account=caller.account)
        )
        self.data.organizations.update(organization, signing_key=secret, signed_at=now, signed_serial=serial)
        self.services.note(caller.account, "account", "signing key of the organization set")
        return SigningKeyView(secret, iso_exact(now))

    def _serial(self, account: str) -> int:
        organization = self.data.organizations.get(account)
        latest = organization.signed_serial if organization is not None else 0
        identities = self.data.identities.oldest("account", account)
        return 1 + max([latest, *(identity.signed_serial for identity in identities)])

    def status(self, identity: Identity) -> SigningKeyStatus:
        """Return whether a key signs for an identity."""
        at = self.created_at(identity)
        return SigningKeyStatus(at is not None, iso(at))

    def own_status(self, caller: Caller) -> SigningKeyStatus:
        """Return whether a key signs for the caller's identity, or for an admin for any of the organization."""
        if caller.agent is not None:
            return self.status(self.data.identities[caller.agent])
        organization = self.data.organizations.get(caller.account)
        created = [self.created_at(identity) for identity in self.data.identities.oldest("account", caller.account)]
        found = [at for at in created if at is not None]
        if organization is not None:
            found.append(organization.signed_at)
        return SigningKeyStatus(bool(found), iso(max(found, default=None)))

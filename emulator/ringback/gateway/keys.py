"""API keys: secret, scope, allowlist, life."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from msgspec import UNSET, UnsetType

from ringback.store import Collection, Record


class Key(Record, kw_only=True):
    """One API key. `allowlist` holds CIDRs (none = any address); `rate_limit` is requests a minute, null lifts it,
    left out the account's or the vendor's holds. `expires_at` ends a key that was rotated; `agent` is the id of the one
    agent that it is bound to."""

    vendor: str
    secret: str
    created_at: int
    label: str | None = None
    scope: str | None = None
    kind: str | None = None
    allowlist: tuple[str, ...] = ()
    rate_limit: int | UnsetType | None = UNSET
    status: Literal["active", "revoked"] = "active"
    expires_at: int | None = None
    agent: str | None = None


class AllowlistError(ValueError):
    """An entry of an allowlist that is neither an address nor a network."""


def networks(allowlist: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Parse addresses and CIDRs. Raises AllowlistError."""
    found = []
    for entry in allowlist:
        try:
            found.append(ip_network(entry, strict=False))
        except ValueError:
            raise AllowlistError(f"{entry!r} is not an IP address or a CIDR such as 203.0.113.0/24") from None
    return tuple(found)


class Keys:
    """All keys, found by their secret."""

    def __init__(self) -> None:
        self.records: Collection[Key] = Collection(
            Key,
            account=lambda key: key.account,
            active=lambda key: key.account if key.status == "active" else None,
            secret=lambda key: (key.vendor, key.secret),
        )
        self._networks: dict[tuple[str, ...], tuple[IPv4Network | IPv6Network, ...]] = {}

    def find(self, vendor: str, secret: str) -> Key | None:
        """The vendor's key with this secret, whatever its status."""
        return self.records.last("secret", (vendor, secret))

    def active(self, account: str) -> int:
        """How many active keys an account has."""
        return self.records.count("active", account)

    def admits(self, key: Key, client: str, now: int) -> bool:
        """Whether a key may be used at this instant from this client address."""
        if key.status != "active" or (key.expires_at is not None and now >= key.expires_at):
            return False
        return not key.allowlist or self._inside(key.allowlist, client)

    def _inside(self, allowlist: tuple[str, ...], client: str) -> bool:
        allowed = self._networks.get(allowlist)
        if allowed is None:
            allowed = self._networks[allowlist] = networks(allowlist)
        try:
            address = ip_address(client)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in allowed)

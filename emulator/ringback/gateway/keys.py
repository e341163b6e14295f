"""API keys: secret, scope, allowlist, expiry."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from msgspec import UNSET, UnsetType

from ringback.store import Collection, Record


class Key(Record, kw_only=True):
    """One API key. Instants are microseconds.

    `allowlist` holds CIDRs; without any, every address is allowed. `rate_limit` is requests a minute; None means no
    limit, UNSET the account's or the vendor's. A rotated key has `expires_at`. `agent` is the id of the only agent
    that the key is for.
    """

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
    """An allowlist entry that is neither an IP address nor a network."""


def networks(allowlist: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    """Parse IP addresses and CIDRs. Raises AllowlistError."""
    found = []
    for entry in allowlist:
        try:
            found.append(ip_network(entry, strict=False))
        except ValueError:
            raise AllowlistError(f"{entry!r} is not an IP address or a CIDR such as 203.0.113.0/24") from None
    return tuple(found)


class Keys:
    """All keys of all vendors."""

    def __init__(self) -> None:
        self.records: Collection[Key] = Collection(
            Key,
            account=lambda key: key.account,
            active=lambda key: key.account if key.status == "active" else None,
            secret=lambda key: (key.vendor, key.secret),
        )
        self._networks: dict[tuple[str, ...], tuple[IPv4Network | IPv6Network, ...]] = {}

    def find(self, vendor: str, secret: str) -> Key | None:
        """Return the vendor's key with this secret, whatever its status; None if there is none."""
        return self.records.last("secret", (vendor, secret))

    def active(self, account: str) -> int:
        """Return how many active keys an account has."""
        return self.records.count("active", account)

    def admits(self, key: Key, client: str, now: int) -> bool:
        """Return whether a key may be used at this instant (microseconds) from this client address."""
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

"""Where webhooks may go.

`strict` is as the vendors document it: public https only, and the resolved address is checked for each attempt. `local`
adds loopback, for development. Every spelling of an address counts as that address.
"""

from __future__ import annotations

import asyncio
import re
import socket
import unicodedata
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address

_TRANSITIONAL = tuple(
    IPv6Network(block) for block in ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
)
"""IPv4-compatible, NAT64, Teredo and 6to4."""
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}\.?", re.IGNORECASE)
_INTERNAL_SUFFIXES = (".local", ".internal", ".localdomain", ".home.arpa", ".lan", ".intranet", ".corp")
_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
MAX_URL = 2_048
DNS_SECONDS = 3.0
MAX_LOOKUPS = 8
"""DNS look-ups that run at a time."""


class EgressError(ValueError):
    """A URL that webhooks may not go to; the message says why. `insecure` is true where the scheme is the reason."""

    def __init__(self, reason: str, *, insecure: bool = False) -> None:
        super().__init__(reason)
        self.insecure = insecure


@dataclass(frozen=True)
class Destination:
    """Where an attempt goes: the URL to call, its Host header, the URL's part after the origin (`rest`), and whether
    to check the certificate."""

    url: str
    host_header: str
    rest: str
    verify: bool


def literal(host: str) -> Address | None:
    """Return the address that a host spells in any form (decimal, octal, hex, short, mapped), None for a name."""
    text = host.strip("[]").partition("%")[0]
    with suppress(ValueError):
        return _unwrap(ip_address(text))
    if _NUMERIC.fullmatch(text):
        try:
            return IPv4Address(socket.inet_aton(text.rstrip(".")))
        except OSError:
            return None
    return None


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address of a mapped one, any other unchanged."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """Return whether an address is on the public internet.

    Addresses that carry another one, to translate or tunnel to, are not public: where they lead depends on the network.
    """
    inner = _unwrap(address)
    if isinstance(inner, IPv6Address) and any(inner in network for network in _TRANSITIONAL):
        return False
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def parse(url: str) -> SplitResult:
    """Split a URL that a webhook could be sent to. Raises EgressError."""
    if len(url) > MAX_URL:
        raise EgressError(f"a webhook URL has at most {MAX_URL} characters")
    if _FORBIDDEN_CHARACTERS.search(url):
        raise EgressError("a webhook URL holds no spaces, control characters or backslashes")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise EgressError(f"not a URL: {error}") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise EgressError("a webhook URL begins with https://", insecure=True)
    if not host or not _ascii(host):
        raise EgressError("a webhook URL names a host")
    return parts


def _ascii(host: str) -> str:
    """Return the host as a resolver reads it: full-width digits and ideographic dots become ASCII."""
    folded = unicodedata.normalize("NFKC", host).replace("。", ".").replace("。", ".").lower()
    try:
        return folded.rstrip(".") if folded.isascii() else folded.encode("idna").decode().rstrip(".")
    except UnicodeError:
        return ""


class Egress:
    """One emulator's policy. `routes` maps a public origin to the local one that receives in its place; `hosts`
    replaces DNS: host name to addresses."""

    def __init__(
        self, *, strict: bool, routes: Mapping[str, str] | None = None, hosts: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.strict = strict
        self._lookups: ThreadPoolExecutor | None = None
        self.reset(routes or {}, hosts or {})

    def reset(self, routes: Mapping[str, str], hosts: Mapping[str, Sequence[str]]) -> None:
        """Replace all routes and hosts."""
        self.routes = dict(routes)
        self.hosts: dict[str, tuple[str, ...]] = {name.lower(): tuple(found) for name, found in hosts.items()}

    async def check(self, url: str) -> None:
        """Check a URL that a customer registers. Raises EgressError.

        A name that does not resolve yet is accepted: each attempt checks it again.
        """
        host, origin = _check(url, self.strict)
        if self.strict and host is not None and origin not in self.routes:
            self._check_addresses(host, await self.resolve(host))

    async def destination(self, url: str) -> Destination:
        """Check a URL at the moment of sending and return where it goes. Raises EgressError."""
        host, origin = _check(url, self.strict)
        if host is not None and host in self.hosts:
            self._check_addresses(host, await self.resolve(host))
        direct = _direct_destination(url)
        local = self.routes.get(origin)
        return direct if local is None else replace(direct, url=local + direct.rest, verify=False)

    def close(self) -> None:
        """Stop the DNS look-ups, without waiting for those under way."""
        if self._lookups is not None:
            self._lookups.shutdown(wait=False, cancel_futures=True)
            self._lookups = None

    def allows(self, host: str, address: str) -> bool:
        """Return whether a connection to a host's resolved address is allowed."""
        found = literal(address)
        if found is None:
            return False
        return is_public(found) or (not self.strict and found.is_loopback and _names_loopback(host))

    def is_routed(self, host: str) -> bool:
        """Return whether a route leads to this host."""
        return any(f"://{host}" in local for local in self.routes.values())

    def _check_addresses(self, host: str, addresses: Sequence[str]) -> None:
        for address in addresses:
            if not self.allows(host, address):
                raise EgressError(f"{host} resolves to {address}, which is not a public address")

    async def resolve(self, host: str) -> Sequence[str]:
        """Return a name's addresses, from `hosts` or from DNS; empty if it does not resolve."""
        if host in self.hosts:
            return self.hosts[host]
        if self._lookups is None:
            self._lookups = ThreadPoolExecutor(MAX_LOOKUPS, thread_name_prefix="ringback-dns")
        look_up = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(DNS_SECONDS):
                found = await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)
        except (OSError, TimeoutError, UnicodeError):
            return ()
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _origin(parts: SplitResult) -> str:
    port = f":{parts.port}" if parts.port not in (None, 443 if parts.scheme == "https" else 80) else ""
    return f"{parts.scheme.lower()}://{_ascii(parts.hostname or '')}{port}"


@lru_cache(maxsize=1_024)
def _check(url: str, strict: bool) -> tuple[str | None, str]:
    """Check what the text itself shows. Return the host name to resolve (None for an address) and the origin."""
    parts = parse(url)
    host = _ascii(parts.hostname or "")
    address = literal(host)
    if not strict and (_names_loopback(host) or (address is not None and address.is_loopback)):
        return (None if address is not None else host), _origin(parts)
    if parts.scheme.lower() != "https":
        raise EgressError("a webhook URL is https", insecure=True)
    if address is not None:
        if not is_public(address):
            raise EgressError(f"{host} is not a public address")
        return None, _origin(parts)
    if _names_loopback(host) or host.endswith(_INTERNAL_SUFFIXES) or "." not in host:
        raise EgressError(f"{host} is not a public host name")
    return host, _origin(parts)


@lru_cache(maxsize=1_024)
def _direct_destination(url: str) -> Destination:
    """Return a URL's destination without a route. A loopback receiver's certificate is not checked."""
    parts = parse(url)
    host = _ascii(parts.hostname or "")
    address = literal(host)
    loopback = _names_loopback(host) or (address is not None and address.is_loopback)
    rest = url[len(parts.scheme) + 3 + len(parts.netloc) :]
    return Destination(url, parts.netloc.rpartition("@")[2], rest, verify=not loopback)


def _names_loopback(host: str | None) -> bool:
    return host is not None and (host in ("localhost", "ip6-localhost") or host.endswith(".localhost"))

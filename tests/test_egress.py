"""Where webhooks may go: every spelling of a forbidden address, at registration and at the moment of sending."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringback.gateway.egress import Egress, EgressError, is_public, literal

FORBIDDEN_HOSTS = [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
    "１２７.0.0.1", "127。0。0。1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "0.0.0.0", "0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1",
    "[::1]", "[::]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[fd12:3456::1]", "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[ff02::1]", "[2001:db8::1]",
    "localhost", "LOCALHOST", "localhost.", "foo.localhost", "ip6-localhost", "printer", "nas.local",
    "metadata.google.internal", "router.lan", "user@127.0.0.1", "example.com@10.0.0.1", "127.0.0.1:8443",
]  # fmt: skip
PUBLIC_HOSTS = ["hooks.example.com", "93.184.216.34", "[2606:2800:220:1::1]", "yourapp.com:8443", "bücher.example.com"]


def admitted(url: str, *, strict: bool = True, **egress: dict[str, tuple[str, ...]]) -> bool:
    try:
        asyncio.run(Egress(strict=strict, hosts={"yourapp.com": ("93.184.216.34",), **egress}).check(url))
    except EgressError:
        return False
    return True


@pytest.mark.parametrize("host", FORBIDDEN_HOSTS)
def test_a_private_host_is_rejected_in_every_spelling(host: str) -> None:
    assert not admitted(f"https://{host}/hook")
    with pytest.raises(EgressError):
        asyncio.run(Egress(strict=True).destination(f"https://{host}/hook"))


@pytest.mark.parametrize("host", PUBLIC_HOSTS)
def test_a_public_host_is_accepted(host: str) -> None:
    assert admitted(f"https://{host}/hook")


@pytest.mark.parametrize(
    "url",
    [
        "http://yourapp.com/", "ftp://yourapp.com/", "yourapp.com", "", "https://", "https:///x", "https://a b/",
        "https://yourapp.com\\@evil/", "https://yourapp.com:99999/", "https://[::1/", "javascript:alert(1)",
        "https://yourapp.com/\n", "https://" + "a" * 3000 + ".com",
    ],
)  # fmt: skip
def test_only_public_https_urls_are_accepted(url: str) -> None:
    assert not admitted(url)
    assert not admitted(url, strict=False)


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost:9000", "[::1]:9000", "app.localhost"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_loopback_is_accepted_in_local_mode_alone(scheme: str, host: str) -> None:
    assert admitted(f"{scheme}://{host}/", strict=False)
    assert not admitted(f"{scheme}://{host}/", strict=True)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "nas.local"])
def test_local_mode_rejects_the_private_network(host: str) -> None:
    assert not admitted(f"https://{host}/", strict=False)
    assert not admitted(f"http://{host}/", strict=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "::1", "fe80::1", "::ffff:192.168.0.1", "169.254.1.1"])
def test_a_name_is_checked_by_its_addresses_at_the_moment_of_sending(address: str) -> None:
    egress = Egress(strict=True, hosts={"rebound.example.com": ("93.184.216.34",)})
    asyncio.run(egress.check("https://rebound.example.com/"))
    egress.hosts["rebound.example.com"] = ("93.184.216.34", address)
    with pytest.raises(EgressError, match="resolves to"):
        asyncio.run(egress.destination("https://rebound.example.com/"))
    with pytest.raises(EgressError, match="resolves to"):
        asyncio.run(egress.check("https://rebound.example.com/"))


def test_a_route_leads_from_a_public_name_to_a_local_receiver() -> None:
    egress = Egress(strict=True, routes={"https://hooks.example.test": "http://127.0.0.1:9000"})
    asyncio.run(egress.check("https://hooks.example.test/kp?x=1"))
    destination = asyncio.run(egress.destination("https://hooks.example.test/kp?x=1"))
    assert destination.url == "http://127.0.0.1:9000/kp?x=1"
    assert destination.host_header == "hooks.example.test"


@given(st.integers(0, 2**32 - 1))
@example(int(IPv4Address("127.0.0.1")))
@example(int(IPv4Address("10.0.0.1")))
def test_every_spelling_of_an_ipv4_address_is_that_address(number: int) -> None:
    address = IPv4Address(number)
    a, b, c, d = address.packed
    spellings = [
        str(address), str(number), hex(number), f"0{number:o}", f"{a}.{number & 0xFFFFFF}", f"0x{a:x}.0{b:o}.{c}.{d}",
        f"[::ffff:{address}]", f"::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}",
    ]  # fmt: skip
    assert {literal(text) for text in spellings} == {address}
    carried = (f"[64:ff9b::{a:02x}{b:02x}:{c:02x}{d:02x}]", f"2002:{a:02x}{b:02x}:{c:02x}{d:02x}::", f"::{address}")
    assert not any(is_public(found) for text in carried if (found := literal(text)) is not None)


@given(st.ip_addresses())
def test_nothing_private_is_public(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address)


@pytest.mark.parametrize("host", ["", "example.com", "1.2.3.4.5", "0x", "999.1.1.1", "12a"])
def test_a_name_is_no_address(host: str) -> None:
    assert literal(host) is None


def test_well_known_public_addresses_are_public() -> None:
    assert is_public(ip_address("93.184.216.34"))
    assert is_public(ip_address("2606:2800:220:1::1"))

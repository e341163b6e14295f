"""What the suite must know of a vendor to test it safely: prices, secrets, what creates and removes things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ringback_conformance.model import Exchange, Header, Send
from ringback_conformance.transport import Request


class Known(msgspec.Struct, frozen=True):
    """What the log says about the rest of the log: webhook address → the secret that signs what is sent there."""

    secrets: dict[str, str]


def bearer(key: str) -> Header:
    """Return the header that carries a key for most vendors."""
    return "Authorization", f"Bearer {key}"


def own_code(exchange: Exchange) -> tuple[str | None, ...]:
    """Return the one code in an error's envelope."""
    return (exchange.code,)


def any_envelope(_: Any) -> str | None:
    """Accept every error body: for a vendor whose envelope a claim of its own checks."""
    return None


class VendorAdapter(msgspec.Struct, frozen=True, kw_only=True):
    """What the suite must know of a vendor; `claims/kwickphone/adapter.py` is an example. Amounts are in cents."""

    vendor: str
    page: str
    health_path: str
    """A list that can be read for free; it also shows everything that a run can create."""
    identify: Callable[[Exchange], str | None]
    """The problem with the response to `GET {health_path}`; None when it could be this vendor's."""
    rate: int
    """Requests a minute that the page allows."""
    price: Callable[[Request], int]
    """The most that a request can cost; one that exceeds the budget is not sent."""
    charged: Callable[[Request, Exchange], int]
    """What a request did cost, by its response."""
    destinations: Callable[[Request], Iterable[str]]
    """Phone numbers that a request would reach."""
    harmless: Callable[[str], bool]
    """Whether a destination may always be used, because it belongs to no one."""
    creates: Callable[[Request], bool]
    """Whether a request may create something that must be removed again."""
    created: Callable[[Exchange], str | None]
    """The id of what a response says was created."""
    removal: Callable[[str], Request]
    removed: Callable[[Exchange], bool]
    existing: Callable[[Exchange], Iterable[str]]
    """The ids in the list at `health_path`."""
    orphans: Callable[[Exchange, Request], Iterable[str] | None]
    """From the list at `health_path`: what a creating request may have left behind; None where that is unknown."""
    shared: dict[str, tuple[Send, ...]]
    """What probes buy once and use together on a real deployment: name → the requests that takes."""
    secrets: tuple[re.Pattern[str], ...]
    """Patterns of secrets; the first group stays visible in reports."""
    private: frozenset[str]
    """JSON fields that hold people's words and numbers."""
    known: Callable[[Iterable[Exchange]], Known]
    key_prefix: str
    unlimited: dict[str, Any]
    """Settings of an emulated account without limits."""
    sanitize: Callable[[Request], Request]
    """Return a generated request in a form that cannot reach third parties."""
    credentials: Callable[[str], Header] = bearer
    """The header that carries a key."""
    error_problem: Callable[[Any], str | None] = any_envelope
    """The problem with the body of an error; None when it is in the vendor's envelope."""
    error_codes: Callable[[Exchange], tuple[str | None, ...]] = own_code
    """All codes and types that an error names; `expect_error` compares with them."""

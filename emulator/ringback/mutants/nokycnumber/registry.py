"""The registry of NoKYCNumber's mutants, and what several sections need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringback.mutants.patching import Original, Replacement
from ringback.mutants.registry import Registry
from ringback.mutants.traffic import MutableRequest, ResponseChange, error
from ringback.vendors.nokycnumber import VENDOR
from ringback.vendors.nokycnumber.errors import API, INVALID
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.links import Links
from ringback.vendors.nokycnumber.wire import LinkQuery, Listing

MUTANTS = Registry(VENDOR, NoKYCNumber)
mutant = MUTANTS.mutant
UNKNOWN_ID = "nope"
"""An id that no record could have."""


def rejected(status: int, kind: str = INVALID, code: str = "broken") -> ResponseChange[Any]:
    """Answer an error in the envelope, by default an invalid_request_error."""
    return error(status, code, kind=kind)


def crashed() -> ResponseChange[Any]:
    """Answer a 500."""
    return rejected(500, API)


def empty(path: str) -> Listing[Any]:
    """Return an empty list."""
    return Listing(path, [], has_more=False, next_cursor=None)


def field(request: MutableRequest[Any], name: str) -> Any:
    """Return a member of a request's body, None without it."""
    document = request.document
    return document.get(name) if isinstance(document, dict) else None


def without_blanks(text: Any) -> Any:
    """Return a text without its blanks; anything else as it is."""
    return text.replace(" ", "") if isinstance(text, str) else text


def charge_otherwise(cause: str, change: Callable[[int], int]) -> Replacement[NoKYCNumber, [str, int, str, str], None]:
    """Return a replacement of `Money.charge` that charges another amount for one cause."""

    def charge(charge: Original, _: NoKYCNumber, account: str, amount: int, why: str, ref: str) -> None:
        charge(account, change(amount) if why == cause else amount, why, ref)

    return charge


def links_for_good(name: str, claim: str, description: str, *, under: str) -> None:
    """Register a mutant whose links to files under a path never expire."""
    mutant(name, claim, description).instead(
        Links.check, lambda check, own, path, query, now: check(path, query, None if path.startswith(under) else now)
    )


def links_unsigned(name: str, claim: str, description: str, *, under: str) -> None:
    """Register a mutant that does not check the links to files under a path."""

    @mutant(name, claim, description).patch(Links.check)
    def _check(check: Original, _: NoKYCNumber, path: str, query: LinkQuery, now: int | None) -> None:
        if not path.startswith(under):
            check(path, query, now)

"""The register of a vendor's claims and of what checks each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from ringback_conformance.model import Claim, Exchange, Header, Need, Send
from ringback_conformance.transport import Request

if TYPE_CHECKING:
    from ringback_conformance.probe_context import Account, ProbeContext

ProbeFunction = Callable[["ProbeContext"], None]


class Known(msgspec.Struct, frozen=True):
    """What the log itself tells about the rest of the log: webhook address → the secret that signs for it."""

    secrets: dict[str, str]


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """A scripted experiment for one claim.

    `sends` is the most it sends to a deployment that is not ours, `shares` names what it uses together with other
    probes (bought once), `needs` what it must have when that is not simply what the claim needs.
    """

    claim: str
    name: str
    run: ProbeFunction
    needs: frozenset[Need]
    sends: tuple[Send, ...]
    shares: tuple[str, ...]


class Invariant(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must hold of every exchange that `applies`, whoever made it.

    `holds` gives None, or what is wrong. With `whole` set it is all there is to the claim; otherwise it only can
    break it, and a pass takes the claim's probe too.
    """

    claim: str
    name: str
    applies: Callable[[Exchange, Known], bool]
    holds: Callable[[Exchange, Known], str | None]
    whole: bool


def bearer(key: str) -> Header:
    """The header that shows a key, as most vendors want it."""
    return "Authorization", f"Bearer {key}"


class VendorAdapter(msgspec.Struct, frozen=True, kw_only=True):
    """What the suite must know of a vendor to be careful with it; see the KwickPhone one for an example."""

    vendor: str
    page: str
    health_path: str
    identify: Callable[[Exchange], str | None]
    """None when the answer to `GET {health_path}` could be this vendor's, else what is odd about it."""
    rate: int
    """Requests a minute that the page allows."""
    price: Callable[[Request], int]
    """Cents that a request costs at worst; one that the budget has no room for is not sent."""
    charged: Callable[[Request, Exchange], int]
    destinations: Callable[[Request], Iterable[str]]
    harmless: Callable[[str], bool]
    """Destinations that may always be used, because nobody can be there."""
    creates: Callable[[Request], bool]
    created: Callable[[Exchange], str | None]
    removal: Callable[[str], Request]
    removed: Callable[[Exchange], bool]
    existing: Callable[[Exchange], Iterable[str]]
    """From the list at `hello`: the ids of all there is."""
    orphans: Callable[[Exchange, Request], Iterable[str] | None]
    """From the list at `hello`: what a creating request may have left behind; None where that cannot be told."""
    shared: dict[str, tuple[Send, ...]]
    secrets: tuple[re.Pattern[str], ...]
    private: frozenset[str]
    known: Callable[[Iterable[Exchange]], Known]
    key_prefix: str
    unlimited: dict[str, Any]
    """Settings of an emulated account that nothing limits."""
    sanitize: Callable[[Request], Request]
    """Makes a generated request harmless to third parties."""
    sample_ids: Callable[[ProbeContext, Account], dict[str, list[str]]]
    """Path parameter → values that exist, for the engine."""
    engine_claims: tuple[str, ...]
    credentials: Callable[[str], Header] = bearer
    """The header that shows a key."""
    machine: Callable[[ProbeContext, int, int], None] | None = None
    machine_claims: tuple[str, ...] = ()


class Catalogue:
    """The claims of one vendor, in the order of its page, with their probes and invariants."""

    def __init__(self, adapter: VendorAdapter, claims: Iterable[Claim]) -> None:
        self.adapter = adapter
        self.claims: dict[str, Claim] = {}
        self.probes: dict[str, Probe] = {}
        self.invariants: list[Invariant] = []
        for claim in claims:
            if claim.id in self.claims:
                raise ValueError(f"{claim.id} is listed twice")
            self.claims[claim.id] = claim

    @property
    def vendor(self) -> str:
        """The vendor's name."""
        return self.adapter.vendor

    def probe(
        self,
        claim: str,
        *sends: Send,
        shares: Iterable[str] = (),
        needs: Iterable[Need] | None = None,
    ) -> Callable[[ProbeFunction], ProbeFunction]:
        """Register a function as the probe of a claim."""

        def register(function: ProbeFunction) -> ProbeFunction:
            if claim in self.probes:
                raise ValueError(f"{claim} has two probes")
            self.probes[claim] = Probe(
                claim=claim,
                name=function.__name__,
                run=function,
                needs=self.claims[claim].needs if needs is None else frozenset(needs),
                sends=sends,
                shares=tuple(shares),
            )
            return function

        return register

    def invariant(
        self,
        claim: str,
        applies: Callable[[Exchange, Known], bool],
        *,
        whole: bool = False,
    ) -> Callable[[Callable[[Exchange, Known], str | None]], Callable[[Exchange, Known], str | None]]:
        """Register a function as an invariant of a claim."""
        if claim not in self.claims:
            raise ValueError(f"{claim} is not in the catalogue")

        def register(
            function: Callable[[Exchange, Known], str | None],
        ) -> Callable[[Exchange, Known], str | None]:
            self.invariants.append(
                Invariant(claim=claim, name=function.__name__, applies=applies, holds=function, whole=whole)
            )
            return function

        return register

    def select(self, globs: Iterable[str] = ()) -> list[Claim]:
        """The claims whose id matches one of the patterns (`KWP-HOOK-*`); all when none is given."""
        patterns = [pattern.upper() for pattern in globs]
        return [
            claim
            for claim in self.claims.values()
            if not patterns or any(fnmatchcase(claim.id, pattern) for pattern in patterns)
        ]

    def checked_by(self, claim: str) -> list[str]:
        """What looks at a claim: `probe …`, `invariant …`, `engine`, `machine`."""
        found = [f"probe {self.probes[claim].name}"] if claim in self.probes else []
        found += [f"invariant {each.name}" for each in self.invariants if each.claim == claim]
        if claim in self.adapter.engine_claims:
            found.append("engine")
        if claim in self.adapter.machine_claims:
            found.append("machine")
        return found

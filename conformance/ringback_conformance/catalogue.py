"""The register of a vendor's claims and of what checks each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

import msgspec

from ringback_conformance.adapter import Known, VendorAdapter
from ringback_conformance.model import Basis, Claim, Exchange, Level, Need, Send
from ringback_conformance.probe_context import Account, ProbeContext

READ, WRITE, SPEND, HOOK, CTL, BURST = (frozenset({need}) for need in Need)
"""What a claim needs, to be combined: `needs=HOOK | CTL`."""

ProbeFunction = Callable[[ProbeContext], None]
InvariantFunction = Callable[[Exchange, Known], str | None]
Applies = Callable[[Exchange, Known], bool]
SampleIds = Callable[[ProbeContext, Account], dict[str, list[str]]]
StateMachine = Callable[[ProbeContext, int, int], None]


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
    """Something that must hold of every exchange that `applies`, whichever producer sent it.

    `holds` returns None, or the problem. With `whole` set it is all there is to the claim; otherwise it only can
    break it, and a pass takes the claim's probe too.
    """

    claim: str
    name: str
    applies: Applies
    holds: InvariantFunction
    whole: bool


def no_ids(_: ProbeContext, __: Account) -> dict[str, list[str]]:
    """Return no ids for the engine."""
    return {}


class Catalogue:
    """The claims of one vendor, in the order of its page, with their probes and invariants.

    `groups` are the middle parts of the ids (`AUTH` in `KWP-AUTH-1`) in the order of the page. `sample_ids` returns
    values that exist for the engine's path parameters; `machine` walks the state machine; `engine_claims` and
    `machine_claims` are the claims that these two producers bear on.
    """

    def __init__(
        self,
        adapter: VendorAdapter,
        *,
        groups: str = "",
        sample_ids: SampleIds = no_ids,
        engine_claims: tuple[str, ...] = (),
        machine: StateMachine | None = None,
        machine_claims: tuple[str, ...] = (),
    ) -> None:
        self.adapter = adapter
        self.claims: dict[str, Claim] = {}
        self.probes: dict[str, Probe] = {}
        self.invariants: list[Invariant] = []
        self.sample_ids = sample_ids
        self.engine_claims = engine_claims
        self.machine = machine
        self.machine_claims = machine_claims
        self._groups = groups.split()

    @property
    def vendor(self) -> str:
        """The vendor's name."""
        return self.adapter.vendor

    def section(self, name: str, basis: Basis = Basis.DOC) -> Section:
        """Return the decorator for the claims of one section of the page."""
        return Section(self, name, basis)

    def declare(self, claim: Claim) -> None:
        """Add a claim. Raises ValueError for an id that is there already."""
        if claim.id in self.claims:
            raise ValueError(f"{claim.id} is listed twice")
        self.claims[claim.id] = claim

    def invariant(
        self, claim: str, applies: Applies, *, whole: bool = False
    ) -> Callable[[InvariantFunction], InvariantFunction]:
        """Register a function as an invariant of a claim."""

        def register(function: InvariantFunction) -> InvariantFunction:
            self.invariants.append(
                Invariant(claim=claim, name=function.__name__, applies=applies, holds=function, whole=whole)
            )
            return function

        return register

    def complete(self) -> None:
        """Put the claims in the order of the page, once all modules have declared theirs.

        Raises ValueError where an invariant, the engine or the state machine checks a claim that does not exist.
        """
        if self._groups:
            self.claims = dict(sorted(self.claims.items(), key=lambda entry: self._position(entry[0])))
        checked = [invariant.claim for invariant in self.invariants]
        for claim in (*checked, *self.engine_claims, *self.machine_claims):
            if claim not in self.claims:
                raise ValueError(f"{claim} is not in the catalogue")

    def _position(self, id_: str) -> tuple[int, int]:
        _, group, number = id_.split("-")
        return self._groups.index(group), int(number)

    def select(self, globs: Iterable[str] = ()) -> list[Claim]:
        """Return the claims whose id matches one of the patterns (`KWP-HOOK-*`); all when none is given."""
        patterns = [pattern.upper() for pattern in globs]
        return [
            claim
            for claim in self.claims.values()
            if not patterns or any(fnmatchcase(claim.id, pattern) for pattern in patterns)
        ]

    def checked_by(self, claim: str) -> list[str]:
        """Return what checks a claim: `probe …`, `invariant …`, `engine`, `machine`."""
        found = [f"probe {self.probes[claim].name}"] if claim in self.probes else []
        found += [f"invariant {each.name}" for each in self.invariants if each.claim == claim]
        if claim in self.engine_claims:
            found.append("engine")
        if claim in self.machine_claims:
            found.append("machine")
        return found


class Section:
    """A section of the vendor's page. Called, it declares a claim and decorates the claim's probe.

    `claim = CATALOGUE.section("Errors")`, then `@claim("KWP-ERR-1", "Every error is …", needs=READ)` above the probe.
    """

    def __init__(self, catalogue: Catalogue, name: str, basis: Basis) -> None:
        self._catalogue = catalogue
        self._name = name
        self._basis = basis

    def __call__(
        self,
        id_: str,
        text: str,
        *,
        needs: frozenset[Need],
        sends: Iterable[Send] = (),
        shares: Iterable[str] = (),
        basis: Basis | None = None,
        level: Level = Level.MUST,
        probe_needs: frozenset[Need] | None = None,
    ) -> Callable[[ProbeFunction], ProbeFunction]:
        """Declare a claim with its probe. `probe_needs` is what the probe needs where the claim itself needs less."""
        self.declare(id_, text, needs=needs, basis=basis, level=level)

        def register(function: ProbeFunction) -> ProbeFunction:
            self._catalogue.probes[id_] = Probe(
                claim=id_,
                name=function.__name__,
                run=function,
                needs=probe_needs or needs,
                sends=tuple(sends),
                shares=tuple(shares),
            )
            return function

        return register

    def declare(
        self,
        id_: str,
        text: str,
        *,
        needs: frozenset[Need],
        basis: Basis | None = None,
        level: Level = Level.MUST,
    ) -> None:
        """Declare a claim without a probe: an invariant, the engine or the state machine checks it."""
        self._catalogue.declare(
            Claim(id=id_, basis=basis or self._basis, needs=needs, section=self._name, text=text, level=level)
        )

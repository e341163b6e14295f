"""What a run would do and cost, before it does it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ringback_conformance.catalogue import Catalogue, Probe
from ringback_conformance.model import Claim, Need, Profile, Send
from ringback_conformance.transport import dollars, pace_of

LACKS = {
    Need.WRITE: "it changes things: --allow write",
    Need.SPEND: "it costs money: --allow spend --budget USD",
    Need.HOOK: "it needs a webhook address that the target can reach: --webhook-url URL",
    Need.CTL: "it needs the emulator's control API (time travel, funding, faults, a second account)",
    Need.BURST: "it uses up the key's requests for a minute, which others may need: --allow burst",
}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One claim in a plan: its probe runs, or `skipped` says why not. `cents` is what it adds to the cost.

    A probe that `spends` runs after those that don't, so that the whole budget covers what these could cost at worst.
    """

    claim: Claim
    skipped: str
    sends: tuple[Send, ...]
    cents: int
    spends: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The steps of a run in order, what they share, and the totals of probes outside the emulator."""

    steps: tuple[Step, ...]
    shared: tuple[Send, ...]
    cents: int
    requests: int
    engine_requests: int
    rate: int
    """Requests a minute that a run allows itself, outside the emulator."""

    @property
    def runs(self) -> list[Step]:
        """The steps that are not skipped, in running order."""
        return sorted((step for step in self.steps if not step.skipped), key=lambda step: step.spends)


def means(profile: Profile, *, spend: bool, hook: bool, burst: bool) -> frozenset[Need]:
    """Return the needs that a run can meet."""
    if profile is Profile.EMULATOR:
        return frozenset(Need)
    found = {Need.READ}
    if profile is Profile.SANDBOX:
        found.add(Need.WRITE)
        if spend:
            found.add(Need.SPEND)
        if spend and hook:
            found.add(Need.HOOK)
    if burst:
        found.add(Need.BURST)
    return frozenset(found)


def make(
    catalogue: Catalogue,
    claims: Iterable[Claim],
    profile: Profile,
    available: frozenset[Need],
    budget: int,
    engine_requests: int,
) -> Plan:
    """Decide for each claim whether its probe runs, within what is available and the budget (cents)."""
    steps: list[Step] = []
    bought: dict[str, None] = {}
    total = 0
    for claim in claims:
        probe = catalogue.probes.get(claim.id)
        if probe is None:
            steps.append(Step(claim=claim, skipped="", sends=(), cents=0))
            continue
        lacking = _lacking(probe, available)
        shares = [name for name in probe.shares if name not in bought]
        cents = _cents(probe.sends) + sum(_cents(catalogue.adapter.shared[name]) for name in shares)
        risk = max((send.risk for send in probe.sends), default=0)
        if not lacking and profile is not Profile.EMULATOR:
            lacking = _too_expensive(total + cents, cents, risk, budget)
        if lacking:
            steps.append(Step(claim=claim, skipped=lacking, sends=probe.sends, cents=0))
            continue
        bought |= dict.fromkeys(shares)
        total += cents
        spends = profile is not Profile.EMULATOR and bool(cents or probe.shares)
        steps.append(Step(claim=claim, skipped="", sends=probe.sends, cents=cents, spends=spends))
    shared = tuple(send for name in bought for send in catalogue.adapter.shared[name])
    requests = sum(send.times for step in steps if not step.skipped for send in step.sends)
    return Plan(
        steps=tuple(steps),
        shared=shared,
        cents=total if profile is not Profile.EMULATOR else 0,
        requests=requests + sum(send.times for send in shared),
        engine_requests=engine_requests,
        rate=pace_of(catalogue.adapter.rate),
    )


def _lacking(probe: Probe, available: frozenset[Need]) -> str:
    for need in (Need.CTL, Need.HOOK, Need.SPEND, Need.WRITE, Need.BURST):
        if need in probe.needs and need not in available:
            return LACKS[need]
    return ""


def _too_expensive(total: int, cents: int, risk: int, budget: int) -> str:
    if total > budget and cents:
        return f"it costs {dollars(cents)} more, which exceeds the budget of {dollars(budget)}"
    if risk > budget:
        return f"it could cost {dollars(risk)} if the target accepted what the page rejects: --budget {risk / 100:g}"
    return ""


def _cents(sends: Iterable[Send]) -> int:
    return sum(send.times * send.cents for send in sends)

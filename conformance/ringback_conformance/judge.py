"""Turn observations into verdicts. A claim that was never observed cannot pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.model import Basis, Claim, Decoded, Exchange, Kind, Observation, Profile, Verdict

NEVER_OCCURRED = "the situation never occurred"


class ProbeResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a claim's probe ended: it ran, was `skipped` because something is missing, stopped because the situation
    did not occur (`unobserved`), or our own code broke (`broken`)."""

    ran: bool = False
    skipped: str = ""
    unobserved: str = ""
    broken: str = ""
    unseen: tuple[str, ...] = ()
    """Parts of the claim that this run could not check."""


class ClaimVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A claim's verdict, why, and the observations it rests on, failing ones first."""

    claim: Claim
    verdict: Verdict
    reason: str
    observations: tuple[Observation, ...]
    stale: bool = False
    """A deviation was expected and did not happen."""


def observe(catalogue: Catalogue, exchanges: Iterable[Exchange]) -> list[Observation]:
    """Check every exchange against every invariant that applies to it."""
    log = [Decoded.of(exchange) for exchange in exchanges]
    known = catalogue.adapter.known(log)
    seen: list[Observation] = []
    for exchange in log:
        if exchange.kind is Kind.CONTROL:
            continue
        for invariant in catalogue.invariants:
            if not invariant.applies(exchange, known):
                continue
            problem = invariant.holds(exchange, known)
            seen.append(
                Observation(
                    claim=invariant.claim,
                    held=problem is None,
                    message=problem or invariant.name.replace("_", " "),
                    exchanges=(exchange.id,),
                    origin=f"invariant {invariant.name}",
                )
            )
    return seen


def judge(
    catalogue: Catalogue,
    claims: Iterable[Claim],
    observations: Iterable[Observation],
    results: Mapping[str, ProbeResult],
    profile: Profile,
    deviations: Mapping[str, str],
) -> list[ClaimVerdict]:
    """Return a verdict for each claim, in order. `deviations` maps a claim's id to why it is expected not to hold."""
    by_claim: dict[str, list[Observation]] = defaultdict(list)
    for observation in observations:
        by_claim[observation.claim].append(observation)
    whole = {invariant.claim: f"invariant {invariant.name}" for invariant in catalogue.invariants if invariant.whole}
    return [
        _one(
            claim,
            sorted(by_claim[claim.id], key=lambda observation: observation.held),
            results.get(claim.id, ProbeResult()),
            whole.get(claim.id),
            profile,
            deviations.get(claim.id),
        )
        for claim in claims
    ]


def _one(
    claim: Claim,
    seen: list[Observation],
    result: ProbeResult,
    whole: str | None,
    profile: Profile,
    expected: str | None,
) -> ClaimVerdict:
    failing = [observation for observation in seen if not observation.held]
    stale = False
    if failing:
        verdict, reason = Verdict.FAIL, _sum_up(failing)
        if claim.basis is Basis.OURS and profile is not Profile.EMULATOR:
            verdict = Verdict.INFO
        elif expected is not None:
            verdict, reason = Verdict.DEVIATION, f"expected: {expected} — {reason}"
    elif result.broken:
        verdict, reason = Verdict.ERROR, result.broken
    elif _suffices(seen, result, whole):
        verdict, reason = Verdict.PASS, f"{len(seen)} observation{'s' if len(seen) != 1 else ''}"
        if result.unseen:
            reason += f"; not checked here: {', '.join(result.unseen)}"
        if expected is not None:
            stale = True
            reason += f"; listed as a deviation ({expected}) but it holds"
    elif result.skipped:
        verdict, reason = Verdict.SKIPPED, result.skipped
    else:
        verdict, reason = Verdict.NOT_OBSERVED, result.unobserved or NEVER_OCCURRED
    return ClaimVerdict(claim=claim, verdict=verdict, reason=reason, observations=tuple(seen), stale=stale)


def _suffices(seen: list[Observation], result: ProbeResult, whole: str | None) -> bool:
    """Held observations make a pass when the probe ran to its end, or when they are all there is to the claim."""
    if not seen:
        return False
    if result.ran and not result.unobserved:
        return True
    return any(observation.origin == whole for observation in seen)


def _sum_up(failing: list[Observation]) -> str:
    messages = list(dict.fromkeys(observation.message for observation in failing))
    more = len(messages) - 1
    return messages[0] + (f" (and {more} more)" if more else "")

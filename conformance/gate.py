"""The suite on trial: each mutant of the emulator must be noticed by the claim it breaks, and by no other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from fnmatch import fnmatchcase
from multiprocessing import get_context
from typing import Any

import msgspec

from conformance.control import PREFIX
from conformance.judge import Judgement
from conformance.model import Level, Verdict
from conformance.run import BRIEF, Wish, conduct

REFERENCE = ""


class Mutation(msgspec.Struct, frozen=True, kw_only=True):
    """A named way to break one claim. `touches` are claims that the same defect cannot but break as well."""

    name: str
    claim: str
    breaks: str
    touches: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What the suite said of one emulator: `failed` are the must-claims that failed, `unrelated` those of them that
    the mutant does not account for."""

    name: str
    claim: str
    killed: bool
    failed: tuple[str, ...]
    unrelated: tuple[str, ...]
    reason: str
    seconds: float
    trouble: str = ""


class Verdicts(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a gate."""

    reference: Trial
    trials: tuple[Trial, ...]
    seconds: float

    @property
    def alive(self) -> list[str]:
        """Mutants that the suite did not notice by the claim they break."""
        return [trial.name for trial in self.trials if not trial.killed]

    @property
    def noisy(self) -> list[str]:
        """Mutants that made an unrelated must-claim fail, or the suite stumble."""
        return [trial.name for trial in self.trials if trial.unrelated or trial.trouble]

    @property
    def passed(self) -> bool:
        """All killed by their own claims alone, and the reference clean."""
        return not self.alive and not self.noisy and not self.reference.trouble and not self.reference.failed


def mutations(vendor: str) -> list[Mutation]:
    """The mutants that the emulator knows for a vendor."""
    import httpx

    from emulator.testing import Ringback

    with Ringback(vendor) as emulator:
        answer = httpx.get(f"{emulator.url}{PREFIX}/mutants", trust_env=False).json()
    listed: Sequence[Any] = answer["data"] if isinstance(answer, dict) else answer
    own = [entry for entry in listed if entry.get("vendor", vendor) == vendor]
    return sorted((msgspec.convert(entry, Mutation) for entry in own), key=lambda mutation: mutation.name)


def select(found: Iterable[Mutation], globs: Iterable[str]) -> list[Mutation]:
    """Those whose name or claim matches one of the patterns; all when none is given."""
    patterns = list(globs)
    return [
        mutation
        for mutation in found
        if not patterns
        or any(fnmatchcase(mutation.name, glob) or fnmatchcase(mutation.claim, glob.upper()) for glob in patterns)
    ]


def try_one(vendor: str, mutation: Mutation | None, seed: int) -> Trial:
    """Run the whole suite against the emulator with one mutant, or against the reference."""
    name, claim = (mutation.name, mutation.claim) if mutation is not None else (REFERENCE, "")
    begun = time.monotonic()
    result = conduct(Wish(vendor=vendor, seed=seed, effort=BRIEF, mutants=(name,) if name else ()))
    failed = [each for each in result.judgements if each.verdict is Verdict.FAIL]
    must = tuple(each.claim.id for each in failed if each.claim.level is Level.MUST)
    own = next((each for each in result.judgements if each.claim.id == claim), None)
    related = (claim, *mutation.touches) if mutation is not None else ()
    return Trial(
        name=name,
        claim=claim,
        killed=own is not None and own.verdict is Verdict.FAIL,
        failed=tuple(each.claim.id for each in failed),
        unrelated=tuple(id_ for id_ in must if id_ not in related),
        reason=own.reason if own is not None else "",
        seconds=round(time.monotonic() - begun, 2),
        trouble=_trouble(result.judgements, result.trouble, reference=mutation is None),
    )


def _trouble(judgements: Iterable[Judgement], trouble: str, *, reference: bool) -> str:
    bad = {Verdict.ERROR} | ({Verdict.NOT_OBSERVED, Verdict.SKIPPED} if reference else set())
    odd = [f"{each.claim.id} {each.verdict.value}: {each.reason}" for each in judgements if each.verdict in bad]
    return "; ".join([*([trouble] if trouble else []), *odd])


def gate(
    vendor: str,
    chosen: Sequence[Mutation],
    *,
    jobs: int | None = None,
    seed: int = 0,
    told: Callable[[Trial], None] = lambda _trial: None,
) -> Verdicts:
    """Try the reference and every chosen mutant, `jobs` at a time, each in an emulator of its own."""
    begun = time.monotonic()
    workers = max(1, min(jobs or os.cpu_count() or 1, len(chosen) + 1))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        pending = {pool.submit(try_one, vendor, mutation, seed): mutation for mutation in (None, *chosen)}
        trials: dict[str, Trial] = {}
        for future in as_completed(pending):
            trial = future.result()
            trials[trial.name] = trial
            told(trial)
    return Verdicts(
        reference=trials[REFERENCE],
        trials=tuple(trials[mutation.name] for mutation in chosen),
        seconds=round(time.monotonic() - begun, 1),
    )


def document(outcome: Verdicts) -> dict[str, Any]:
    """The JSON document of a gate."""
    return {
        "killed": sum(trial.killed for trial in outcome.trials),
        "alive": outcome.alive,
        "noisy": outcome.noisy,
        "passed": outcome.passed,
        "seconds": outcome.seconds,
        "reference": {"failed_claims": list(outcome.reference.failed), "trouble": outcome.reference.trouble or None},
        "mutants": [
            {
                "name": trial.name,
                "claim": trial.claim,
                "killed": trial.killed,
                "failed_claims": list(trial.failed),
                "unrelated": list(trial.unrelated),
                "reason": trial.reason,
                "trouble": trial.trouble or None,
                "seconds": trial.seconds,
            }
            for trial in outcome.trials
        ],
    }

"""The suite on trial: each mutant of the emulator must be noticed by the claim it breaks, and by no other."""

from __future__ import annotations

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from multiprocessing import get_context
from multiprocessing.connection import wait
from typing import Any

import msgspec

from ringback_conformance.judge import ClaimVerdict
from ringback_conformance.model import Level, Verdict
from ringback_conformance.producers.engine import Recording
from ringback_conformance.run import BRIEF, RunOptions, conduct

REFERENCE = ""
RECORDING = msgspec.structs.replace(BRIEF, engine_requests=2_000)
"""For the reference, so that the engine comes to every operation."""
TRIAL_SECONDS = 180.0
TRIAL_BYTES = 3 * 1024**3
"""What one trial may take before it counts as lost."""
STARTING_SECONDS = 300.0
"""What a worker may take to be there: on a busy machine that is long."""
POLL_INTERVAL = 1.0
ENDING_SECONDS = 5.0


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
    tape: Recording | None = None
    """Of the reference: what the engine asked, for the mutants to be asked the same."""
    tries: int = 1
    """2 for one that came out wrong beside others and was held once more, alone."""

    @property
    def wrong(self) -> bool:
        """Not as a gate wants it: a reference that fails, or a mutant that is alive or noisy."""
        return bool(self.unrelated or self.trouble or (self.name != REFERENCE and not self.killed))


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One trial to be held: of a mutant, or of the reference where there is none."""

    vendor: str
    mutation: Mutation | None = None
    tape: Recording | None = None

    @property
    def name(self) -> str:
        """The mutant's name."""
        return self.mutation.name if self.mutation is not None else REFERENCE

    @property
    def claim(self) -> str:
        """The claim that the mutant breaks."""
        return self.mutation.claim if self.mutation is not None else ""

    def lost(self, trouble: str) -> Trial:
        """The outcome of a trial that did not come to its end."""
        return Trial(
            name=self.name,
            claim=self.claim,
            killed=False,
            failed=(),
            unrelated=(),
            reason="",
            seconds=0.0,
            trouble=trouble,
        )


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
    from ringback.testing import Ringback

    with Ringback(vendor) as emulator:
        answer = emulator.control.get("/mutants")
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


def part(found: Sequence[Mutation], place: int, of: int) -> list[Mutation]:
    """Every `of`-th mutant, beginning with number `place` (from 1): all the parts together are all the mutants."""
    return list(found[place - 1 :: of])


def try_one(task: Task, seed: int) -> Trial:
    """Run the whole suite against the emulator with one mutant, or against the reference."""
    mutation, name, claim = task.mutation, task.name, task.claim
    begun = time.monotonic()
    mutants = (name,) if mutation is not None else ()
    effort = BRIEF if mutation is not None else RECORDING
    result = conduct(RunOptions(vendor=task.vendor, seed=seed, effort=effort, mutants=mutants, tape=task.tape))
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
        tape=result.tape if mutation is None else None,
    )


def _trouble(judgements: Iterable[ClaimVerdict], trouble: str, *, reference: bool) -> str:
    bad = {Verdict.ERROR} | ({Verdict.NOT_OBSERVED, Verdict.SKIPPED} if reference else set())
    odd = [f"{each.claim.id} {each.verdict.value}: {each.reason}" for each in judgements if each.verdict in bad]
    return "; ".join([*([trouble] if trouble else []), *odd])


def gate(
    chosen: Mapping[str, Sequence[Mutation]],
    *,
    jobs: int | None = None,
    seed: int = 0,
    told: Callable[[str, Trial], None] = lambda _vendor, _trial: None,
) -> dict[str, Verdicts]:
    """Try for each vendor the reference and every chosen mutant, `jobs` at a time, each in an emulator of its own.

    The references come first: what the engine asks of one is asked of its mutants again. Trials meet real sockets and
    real patience: one that comes out wrong while others are held is held once more when all the others are done, alone,
    and that one counts.
    """
    again: deque[Task] = deque()
    waiting = deque(Task(vendor=vendor) for vendor in chosen)
    trials: dict[str, dict[str, Trial]] = {vendor: {} for vendor in chosen}
    most = len(chosen) + sum(len(mutations) for mutations in chosen.values())
    workers = [Worker(seed) for _ in range(max(1, min(jobs or default_jobs(), most)))]
    try:
        while waiting or again or any(worker.task for worker in workers):
            for worker in workers:
                task, trial = worker.task, worker.look()
                if task is not None and trial is not None:
                    tried = task.name in trials[task.vendor]
                    trials[task.vendor][trial.name] = trial = msgspec.structs.replace(trial, tries=1 + tried)
                    told(task.vendor, trial)
                    if trial.wrong and not tried:
                        again.append(task)
                    elif task.mutation is None:
                        tape = trial.tape or Recording()
                        waiting += (Task(vendor=task.vendor, mutation=each, tape=tape) for each in chosen[task.vendor])
            for worker in workers:
                if waiting and worker.task is None:
                    worker.give(waiting.popleft())
            if again and not any(worker.task for worker in workers):
                workers[0].give(again.popleft())
            wait([worker.connection for worker in workers if worker.task], POLL_INTERVAL)
    finally:
        for worker in workers:
            worker.end()
    return {
        vendor: Verdicts(
            reference=trials[vendor][REFERENCE],
            trials=tuple(trials[vendor][mutation.name] for mutation in mutations),
            seconds=round(sum(trial.seconds for trial in trials[vendor].values()), 1),
        )
        for vendor, mutations in chosen.items()
    }


def default_jobs() -> int:
    """One more than there are processors: a trial waits now and then, for a receiver that keeps silent."""
    return (os.cpu_count() or 1) + 1


class Worker:
    """A process that tries one mutant after the other. A mutant that hangs it or eats the memory costs its own
    trial alone: the process is replaced."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._until = 0.0
        self.task: Task | None = None
        self._start()

    def _start(self) -> None:
        self._there = False
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(self._seed, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, task: Task) -> None:
        """Begin a trial."""
        self.task = task
        self._until = time.monotonic() + (TRIAL_SECONDS if self._there else STARTING_SECONDS)
        self.connection.send(task)

    def look(self) -> Trial | None:
        """The trial's outcome, if it is there; a trial that died or took too long has only its trouble."""
        task = self.task
        if task is None:
            return None
        try:
            if self.connection.poll():
                trial: Trial | None = self.connection.recv()
                if trial is None:
                    self._there, self._until = True, time.monotonic() + TRIAL_SECONDS
                else:
                    self.task = None
                return trial
        except (EOFError, OSError):
            return self._lost(task, "the trial died: its emulator ran out of memory, or crashed")
        if time.monotonic() > self._until:
            return self._lost(task, f"the trial did not end within {TRIAL_SECONDS:.0f} s")
        return None

    def _lost(self, task: Task, trouble: str) -> Trial:
        self.end()
        self.task = None
        self._start()
        return task.lost(trouble)

    def end(self) -> None:
        """End the process."""
        self.connection.close()
        self._process.terminate()
        self._process.join(ENDING_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _work(seed: int, connection: Any) -> None:
    """What a worker does: says that it is there, and tries what it is given until nobody gives any more."""
    _bound_memory()
    gc.disable()
    connection.send(None)
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        try:
            trial = try_one(task, seed)
        except Exception as error:
            trial = task.lost(f"{type(error).__name__}: {error}")
        connection.send(trial)
        gc.collect()
        if not gc.get_freeze_count():
            gc.freeze()


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (TRIAL_BYTES, hard))


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
                "tries": trial.tries,
            }
            for trial in outcome.trials
        ],
    }

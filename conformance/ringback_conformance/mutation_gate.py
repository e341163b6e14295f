"""The mutation gate: the claim that a mutant breaks must fail, and no other must-claim."""

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
from ringback_conformance.options import BRIEF, RunOptions
from ringback_conformance.producers.engine import Recording
from ringback_conformance.run import conduct

REFERENCE = ""
REFERENCE_EFFORT = msgspec.structs.replace(BRIEF, engine_requests=2_000)
"""For the reference, so that the engine reaches every operation."""
TRIAL_SECONDS = 180.0
TRIAL_BYTES = 3 * 1024**3
"""The memory that one trial may use before it counts as lost."""
STARTING_SECONDS = 300.0
"""How long a worker may take to start: on a busy machine that is long."""
POLL_INTERVAL = 1.0
ENDING_SECONDS = 5.0


class Mutation(msgspec.Struct, frozen=True, kw_only=True):
    """A named way to break one claim. `touches` are claims that the same defect cannot but break as well."""

    name: str
    claim: str
    breaks: str
    touches: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """The verdicts on one emulator: `failed` are the must-claims that failed, `unrelated` those of them that the mutant
    does not explain."""

    name: str
    claim: str
    killed: bool
    failed: tuple[str, ...]
    unrelated: tuple[str, ...]
    reason: str
    seconds: float
    trouble: str = ""
    recording: Recording | None = None
    """Of the reference: what the engine sent, to be sent to the mutants too."""
    tries: int = 1
    """2 for a trial that went wrong beside others and was repeated alone."""

    @property
    def wrong(self) -> bool:
        """Whether the gate fails because of it: a reference that fails, or a mutant that is alive or noisy."""
        return bool(self.unrelated or self.trouble or (self.name != REFERENCE and not self.killed))


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One trial to run: of a mutant, or of the reference where there is none."""

    vendor: str
    mutation: Mutation | None = None
    recording: Recording | None = None

    @property
    def name(self) -> str:
        """The mutant's name."""
        return self.mutation.name if self.mutation is not None else REFERENCE

    @property
    def claim(self) -> str:
        """The claim that the mutant breaks."""
        return self.mutation.claim if self.mutation is not None else ""

    def lost(self, trouble: str) -> Trial:
        """Return the outcome of a trial that did not finish."""
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
        """Mutants that made an unrelated must-claim fail, or the suite itself."""
        return [trial.name for trial in self.trials if trial.unrelated or trial.trouble]

    @property
    def passed(self) -> bool:
        """All killed by their own claims alone, and the reference clean."""
        return not self.alive and not self.noisy and not self.reference.trouble and not self.reference.failed


def mutations(vendor: str) -> list[Mutation]:
    """Return the mutants that the emulator has for a vendor."""
    from ringback.testing import Ringback

    with Ringback(vendor) as emulator:
        answer = emulator.control.get("/mutants")
    listed: Sequence[Any] = answer["data"] if isinstance(answer, dict) else answer
    own = [entry for entry in listed if entry.get("vendor", vendor) == vendor]
    return sorted((msgspec.convert(entry, Mutation) for entry in own), key=lambda mutation: mutation.name)


def select(found: Iterable[Mutation], globs: Iterable[str]) -> list[Mutation]:
    """Return the mutants whose name or claim matches one of the patterns; all when none is given."""
    patterns = list(globs)
    return [
        mutation
        for mutation in found
        if not patterns
        or any(fnmatchcase(mutation.name, glob) or fnmatchcase(mutation.claim, glob.upper()) for glob in patterns)
    ]


def part(found: Sequence[Mutation], place: int, of: int) -> list[Mutation]:
    """Return every `of`-th mutant, beginning with number `place` (from 1); the parts do not overlap."""
    return list(found[place - 1 :: of])


def try_one(task: Task, seed: int) -> Trial:
    """Run the whole suite against the emulator with one mutant, or against the reference."""
    mutation, name, claim = task.mutation, task.name, task.claim
    begun = time.monotonic()
    mutants = (name,) if mutation is not None else ()
    effort = BRIEF if mutation is not None else REFERENCE_EFFORT
    result = conduct(
        RunOptions(vendor=task.vendor, seed=seed, effort=effort, mutants=mutants, recording=task.recording)
    )
    failed = [each for each in result.verdicts if each.verdict is Verdict.FAIL]
    must = tuple(each.claim.id for each in failed if each.claim.level is Level.MUST)
    own = next((each for each in result.verdicts if each.claim.id == claim), None)
    related = (claim, *mutation.touches) if mutation is not None else ()
    return Trial(
        name=name,
        claim=claim,
        killed=own is not None and own.verdict is Verdict.FAIL,
        failed=tuple(each.claim.id for each in failed),
        unrelated=tuple(id_ for id_ in must if id_ not in related),
        reason=own.reason if own is not None else "",
        seconds=round(time.monotonic() - begun, 2),
        trouble=_trouble(result.verdicts, result.trouble, reference=mutation is None),
        recording=result.recording if mutation is None else None,
    )


def _trouble(judged: Iterable[ClaimVerdict], trouble: str, *, reference: bool) -> str:
    bad = {Verdict.ERROR} | ({Verdict.NOT_OBSERVED, Verdict.SKIPPED} if reference else set())
    problems = [f"{each.claim.id} {each.verdict.value}: {each.reason}" for each in judged if each.verdict in bad]
    return "; ".join([*([trouble] if trouble else []), *problems])


def gate(
    chosen: Mapping[str, Sequence[Mutation]],
    *,
    jobs: int | None = None,
    seed: int = 0,
    listener: Callable[[str, Trial], None] = lambda _vendor, _trial: None,
) -> dict[str, Verdicts]:
    """Run the suite for each vendor against the reference and every chosen mutant, `jobs` at a time.

    Each has an emulator of its own. The references come first: what the engine sends to one is sent to its mutants too.
    Trials use real sockets and real timeouts: one that goes wrong beside others is repeated alone at the end, and the
    repetition counts.
    """
    again: deque[Task] = deque()
    waiting = deque(Task(vendor=vendor) for vendor in chosen)
    trials: dict[str, dict[str, Trial]] = {vendor: {} for vendor in chosen}
    most = len(chosen) + sum(len(mutations) for mutations in chosen.values())
    workers = [Worker(seed) for _ in range(max(1, min(jobs or default_jobs(), most)))]
    try:
        while waiting or again or any(worker.task for worker in workers):
            for worker in workers:
                task, trial = worker.task, worker.poll()
                if task is not None and trial is not None:
                    tried = task.name in trials[task.vendor]
                    trials[task.vendor][trial.name] = trial = msgspec.structs.replace(trial, tries=1 + tried)
                    listener(task.vendor, trial)
                    if trial.wrong and not tried:
                        again.append(task)
                    elif task.mutation is None:
                        recording = trial.recording or Recording()
                        waiting += (
                            Task(vendor=task.vendor, mutation=each, recording=recording) for each in chosen[task.vendor]
                        )
            for worker in workers:
                if waiting and worker.task is None:
                    worker.start(waiting.popleft())
            if again and not any(worker.task for worker in workers):
                workers[0].start(again.popleft())
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
    """Return one more than there are processors, because a trial sometimes waits for a receiver that hangs."""
    return (os.cpu_count() or 1) + 1


class Worker:
    """A process that runs one trial after the other. A mutant that hangs it or uses up its memory loses only its own
    trial: the process is replaced."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._until = 0.0
        self.task: Task | None = None
        self._spawn()

    def _spawn(self) -> None:
        self._ready = False
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(self._seed, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def start(self, task: Task) -> None:
        """Start a trial."""
        self.task = task
        self._until = time.monotonic() + (TRIAL_SECONDS if self._ready else STARTING_SECONDS)
        self.connection.send(task)

    def poll(self) -> Trial | None:
        """Return the trial's outcome, if it has one; a trial that died or took too long has only its trouble."""
        task = self.task
        if task is None:
            return None
        try:
            if self.connection.poll():
                trial: Trial | None = self.connection.recv()
                if trial is None:
                    self._ready, self._until = True, time.monotonic() + TRIAL_SECONDS
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
        self._spawn()
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
    """Report that the worker is ready, then run the trials it receives until the connection closes."""
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


def document(verdicts: Verdicts) -> dict[str, Any]:
    """Return the JSON document of a gate."""
    return {
        "killed": sum(trial.killed for trial in verdicts.trials),
        "alive": verdicts.alive,
        "noisy": verdicts.noisy,
        "passed": verdicts.passed,
        "seconds": verdicts.seconds,
        "reference": {"failed_claims": list(verdicts.reference.failed), "trouble": verdicts.reference.trouble or None},
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
            for trial in verdicts.trials
        ],
    }

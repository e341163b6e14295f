"""The gate: mutants are noticed by their own claims, and one that takes its emulator down costs only itself."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ringback_conformance import mutation_gate
from ringback_conformance.catalogue_cli import mutants
from ringback_conformance.mutation_gate import Mutation, Task, Trial, Verdicts
from ringback_conformance.producers.engine import Recording
from ringback_conformance.transport import Request

TAPE = Recording((Request("GET", "/v1/numbers/num_1"),), {"id": ["num_1"]})


@pytest.fixture(scope="module")
def found() -> list[Mutation]:
    return mutation_gate.mutations("kwickphone")


def trial(mutation: Mutation | None, **more: Any) -> Trial:
    name, claim = (mutation.name, mutation.claim) if mutation else ("", "")
    return Trial(
        **{
            "name": name,
            "claim": claim,
            "killed": bool(claim),
            "failed": (claim,) if claim else (),
            "unrelated": (),
            "reason": "",
            "seconds": 0.1,
            **more,
        }
    )


def pretend(task: Task, seed: int) -> Trial:
    """In place of a whole run: what the mutant's name says happens."""
    if task.name == "dies":
        os._exit(9)
    if task.name == "hangs":
        threading.Event().wait()
    if task.name == "raises":
        raise ZeroDivisionError("ours")
    if task.name == "stumbles once":
        mark = Path(os.environ["RINGBACK_TEST_TRIED"])
        first = not mark.exists()
        mark.touch()
        return trial(task.mutation, unrelated=("KWP-Y-1",) if first else ())
    if task.mutation is None:
        return trial(None, recording=TAPE)
    return trial(task.mutation, reason="asked the same" if task.recording == TAPE else "")


@pytest.fixture
def _pretending(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RINGBACK_TEST_TRIED", str(tmp_path / "tried"))
    monkeypatch.setattr(mutation_gate, "_work", working)
    monkeypatch.setattr(mutation_gate, "TRIAL_SECONDS", 4.0)


def working(seed: int, connection: Any) -> None:
    """A worker whose trials are pretended."""
    mutation_gate.try_one = pretend
    mutation_gate._work(seed, connection)


@pytest.mark.usefixtures("_pretending")
def test_a_mutant_that_takes_its_process_down_costs_only_its_own_trial() -> None:
    chosen = [Mutation(name=name, claim="KWP-X-1", breaks="It.") for name in ("a", "dies", "b", "hangs", "c", "raises")]
    outcome = mutation_gate.gate({"kwickphone": chosen}, jobs=2)["kwickphone"]
    assert outcome.alive == ["dies", "hangs", "raises"]
    troubles = {one.name: one.trouble for one in outcome.trials if one.trouble}
    assert "died" in troubles["dies"]
    assert "did not end" in troubles["hangs"]
    assert "ZeroDivisionError" in troubles["raises"]
    assert not outcome.passed


@pytest.mark.usefixtures("_pretending")
def test_a_trial_that_comes_out_wrong_beside_others_is_held_once_more_alone() -> None:
    names = ("stumbles once", "a", "b")
    chosen = [Mutation(name=name, claim="KWP-X-1", breaks="It.") for name in names]
    reported: list[tuple[str, int, bool]] = []
    outcome = mutation_gate.gate(
        {"kwickphone": chosen}, jobs=2, listener=lambda _, one: reported.append((one.name, one.tries, one.wrong))
    )
    assert outcome["kwickphone"].passed
    assert reported[-1] == ("stumbles once", 2, False)
    assert ("stumbles once", 1, True) in reported
    assert len(reported) == 1 + len(names) + 1


@pytest.mark.usefixtures("_pretending")
def test_the_mutants_of_several_vendors_share_the_workers_and_each_is_asked_what_its_reference_was() -> None:
    chosen = {
        vendor: [Mutation(name=f"{vendor}.{at}", claim="KWP-X-1", breaks="It.") for at in range(3)]
        for vendor in ("one", "two")
    }
    reported: list[str] = []
    outcomes = mutation_gate.gate(chosen, jobs=2, listener=lambda vendor, one: reported.append(f"{vendor} {one.name}"))
    assert list(outcomes) == ["one", "two"]
    for vendor, outcome in outcomes.items():
        assert [one.name for one in outcome.trials] == [mutation.name for mutation in chosen[vendor]]
        assert {one.reason for one in outcome.trials} == {"asked the same"}
        assert outcome.passed
        assert reported.index(f"{vendor} ") < min(reported.index(f"{vendor} {one.name}") for one in outcome.trials)


def verdicts(*trials: Trial, reference: Trial | None = None) -> Verdicts:
    return Verdicts(reference=reference or trial(None), trials=trials, seconds=1.0)


ONE = Mutation(name="m", claim="KWP-X-1", breaks="It.")


@pytest.mark.parametrize(
    ("outcome", "passed"),
    [
        (verdicts(trial(ONE)), True),
        (verdicts(trial(ONE, killed=False)), False),
        (verdicts(trial(ONE, unrelated=("KWP-Y-1",))), False),
        (verdicts(trial(ONE, trouble="it stumbled")), False),
        (verdicts(trial(ONE), reference=trial(None, failed=("KWP-X-1",))), False),
        (verdicts(trial(ONE), reference=trial(None, trouble="KWP-X-1 not-observed")), False),
    ],
)
def test_a_gate_passes_only_when_all_is_well(outcome: Verdicts, passed: bool) -> None:
    assert outcome.passed is passed
    assert mutation_gate.document(outcome)["passed"] is passed


def test_mutants_are_listed() -> None:
    outcome = CliRunner().invoke(mutants, ["kwickphone", "--only", "KWP-HOOK-2", "--json"])
    reported = json.loads(outcome.stdout)
    assert {mutant["claim"] for mutant in reported} == {"KWP-HOOK-2"}
    assert "kwickphone.webhook.signs-parsed-body" in {mutant["name"] for mutant in reported}


@pytest.mark.parametrize("of", [1, 2, 3, 7])
def test_the_parts_together_are_all_the_mutants(found: list[Mutation], of: int) -> None:
    parts = [mutation_gate.part(found, place, of) for place in range(1, of + 1)]
    assert sorted(mutation.name for part in parts for mutation in part) == [mutation.name for mutation in found]
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("part", ["0/3", "4/3", "3", "a/b", "/"])
def test_a_part_that_is_none_is_wrong_usage(part: str) -> None:
    outcome = CliRunner().invoke(mutants, ["kwickphone", "--part", part])
    assert outcome.exit_code == 2
    assert "expected K/N" in outcome.stderr


def test_a_pattern_that_matches_no_mutant_is_wrong_usage() -> None:
    outcome = CliRunner().invoke(mutants, ["kwickphone", "--only", "nothing"])
    assert outcome.exit_code == 2

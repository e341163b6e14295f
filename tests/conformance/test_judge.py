"""Verdicts: nothing passes that was not seen, and no target is blamed for a failure of the suite."""

from __future__ import annotations

import pytest

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims import load
from ringback_conformance.judge import ClaimVerdict, ProbeResult, judge
from ringback_conformance.model import Basis, Claim, Need, Observation, Profile, Verdict

CLAIM = Claim(id="T-1", basis=Basis.DOC, needs=frozenset({Need.READ}), section="S", text="It is so.")
OURS = Claim(id="T-1", basis=Basis.OURS, needs=frozenset({Need.READ}), section="S", text="It is so.")
RAN = ProbeResult(ran=True)


def saw(held: bool, origin: str = "T-1") -> Observation:
    return Observation(claim="T-1", held=held, message="seen", exchanges=("x#1",), origin=origin)


def one(
    *seen: Observation,
    outcome: ProbeResult = RAN,
    claim: Claim = CLAIM,
    profile: Profile = Profile.EMULATOR,
    deviations: dict[str, str] | None = None,
    whole: bool = False,
) -> ClaimVerdict:
    catalogue = Catalogue(load("kwickphone").adapter)
    catalogue.declare(claim)
    catalogue.invariant("T-1", lambda *_: True, whole=whole)(lambda *_: None)
    return judge(catalogue, [claim], seen, {"T-1": outcome}, profile, deviations or {})[0]


LAW = "invariant <lambda>"


@pytest.mark.parametrize(
    ("seen", "outcome", "whole", "verdict"),
    [
        ((), RAN, False, Verdict.NOT_OBSERVED),
        ((saw(True),), RAN, False, Verdict.PASS),
        ((saw(True), saw(False)), RAN, False, Verdict.FAIL),
        ((saw(True),), ProbeResult(ran=True, unobserved="no call came"), False, Verdict.NOT_OBSERVED),
        ((saw(False),), ProbeResult(ran=True, unobserved="no call came"), False, Verdict.FAIL),
        ((), ProbeResult(skipped="needs ctl"), False, Verdict.SKIPPED),
        ((saw(True, LAW),), ProbeResult(skipped="needs ctl"), False, Verdict.SKIPPED),
        ((saw(True, LAW),), ProbeResult(skipped="needs ctl"), True, Verdict.PASS),
        ((saw(False, LAW),), ProbeResult(skipped="needs ctl"), False, Verdict.FAIL),
        ((saw(True),), ProbeResult(broken="KeyError"), False, Verdict.ERROR),
        ((saw(False),), ProbeResult(broken="KeyError"), False, Verdict.FAIL),
        ((saw(True),), ProbeResult(), False, Verdict.NOT_OBSERVED),
    ],
)
def test_a_verdict_rests_on_what_was_seen(
    seen: tuple[Observation, ...], outcome: ProbeResult, whole: bool, verdict: Verdict
) -> None:
    assert one(*seen, outcome=outcome, whole=whole).verdict is verdict


@pytest.mark.parametrize(
    ("profile", "verdict"),
    [(Profile.EMULATOR, Verdict.FAIL), (Profile.SANDBOX, Verdict.INFO), (Profile.READONLY, Verdict.INFO)],
)
def test_our_own_choice_binds_the_emulator_and_informs_about_a_deployment(profile: Profile, verdict: Verdict) -> None:
    assert one(saw(False), claim=OURS, profile=profile).verdict is verdict


def test_an_expected_deviation_is_listed_with_its_reason() -> None:
    found = one(saw(False), deviations={"T-1": "ticket 12"})
    assert found.verdict is Verdict.DEVIATION
    assert "ticket 12" in found.reason
    assert not found.stale


def test_a_deviation_that_no_longer_happens_is_told() -> None:
    found = one(saw(True), deviations={"T-1": "ticket 12"})
    assert found.verdict is Verdict.PASS
    assert found.stale
    assert "ticket 12" in found.reason


def test_a_pass_says_which_part_was_not_looked_at() -> None:
    assert "whether it rings" in one(saw(True), outcome=ProbeResult(ran=True, unseen=("whether it rings",))).reason

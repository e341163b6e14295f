"""Whole runs against the emulator: all holds, the same twice, and only what was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ringback.testing import Ringback
from ringback_conformance.claims import names
from ringback_conformance.model import Kind, Profile, Verdict
from ringback_conformance.options import BRIEF, RunOptions
from ringback_conformance.report.document import document, exit_code
from ringback_conformance.result import Result
from ringback_conformance.run import conduct
from ringback_conformance.target import TargetError

WANTS_MORE = {"KWP-HOOK-6", "NKN-CONV-1"}
"""Claims that show on an emulator only when it is strict, and only by TLS."""


def test_the_emulator_keeps_every_claim(reported: dict[str, Any]) -> None:
    amiss = {verdict["claim"]: verdict["reason"] for verdict in reported["verdicts"] if verdict["verdict"] != "pass"}
    assert amiss == {}
    assert reported["warnings"] == []
    assert reported["notes"] == []
    assert reported["exit_code"] == 0


def test_the_same_seed_gives_the_same_verdicts_and_exchanges(reference: Result) -> None:
    again = conduct(RunOptions(vendor="kwickphone", effort=BRIEF, seed=7))
    assert again.digest == reference.digest
    assert again.summary == reference.summary
    assert [exchange.id for exchange in again.log] == [exchange.id for exchange in reference.log]


def test_another_seed_gives_other_exchanges_and_the_same_verdicts(reference: Result) -> None:
    other = conduct(RunOptions(vendor="kwickphone", effort=BRIEF, seed=8))
    assert other.digest != reference.digest
    assert other.summary == reference.summary


def test_a_verdict_names_the_exchanges_it_was_judged_on(reference: Result) -> None:
    log = {exchange.id for exchange in reference.log}
    for judgement in reference.verdicts:
        assert judgement.observations
        for observation in judgement.observations:
            assert set(observation.exchanges) <= log


def test_a_broken_claim_fails_with_its_evidence(broken: Result, told_broken: dict[str, Any]) -> None:
    assert exit_code(broken) == 1
    failed = [verdict for verdict in told_broken["verdicts"] if verdict["verdict"] == "fail"]
    assert [verdict["claim"] for verdict in failed] == ["KWP-NUM-12"]
    assert "no webhook_secret" in failed[0]["reason"]
    assert "GET /v1/numbers" in failed[0]["evidence"][0]["request"]
    assert '"webhook_secret":"$WEBHOOK_SECRET' in failed[0]["evidence"][0]["response"]


def test_only_what_was_asked_for_is_run() -> None:
    result = conduct(RunOptions(vendor="kwickphone", only=("KWP-LIM-*",)))
    assert [judgement.claim.id for judgement in result.verdicts] == ["KWP-LIM-1", "KWP-LIM-2"]
    assert {exchange.producer for exchange in result.log if exchange.kind is Kind.API} == {"KWP-LIM-1", "KWP-LIM-2"}


def test_an_expected_deviation_is_no_failure_and_a_stale_one_is_told() -> None:
    options = RunOptions(
        vendor="kwickphone",
        only=("KWP-NUM-1[12]",),
        mutants=("kwickphone.numbers.secret-in-the-list",),
        deviations={"KWP-NUM-12": "ticket 12", "KWP-NUM-11": "ticket 11"},
        producers=frozenset({"probes"}),
    )
    reported = document(conduct(options))
    verdicts = {verdict["claim"]: verdict["verdict"] for verdict in reported["verdicts"]}
    assert verdicts["KWP-NUM-12"] == "deviation"
    assert reported["stale_deviations"] == ["KWP-NUM-11"]
    assert reported["exit_code"] == 0


def test_a_broken_should_is_shown_and_does_not_fail_the_run() -> None:
    mutants = ("kwickphone.limits.no-retry-after",)
    reported = document(conduct(RunOptions(vendor="kwickphone", only=("KWP-LIM-2",), mutants=mutants)))
    assert [verdict["verdict"] for verdict in reported["verdicts"]] == ["fail"]
    assert reported["exit_code"] == 0


@pytest.fixture(scope="module")
def running() -> Any:
    with Ringback("kwickphone", clock="frozen", strict=True) as emulator:
        yield emulator


def test_an_emulator_that_runs_is_found_by_its_control_api_and_left_as_it_was(running: Ringback) -> None:
    routes = {"https://mine.example": "http://127.0.0.1:9"}
    running.control.put("/webhook-routes", routes)
    running.control.put("/hosts", {"mine.example": ["93.184.216.34"]})
    options = RunOptions(vendor="kwickphone", url=running.url, only=("KWP-HOOK-[126]", "KWP-AUTH-2"))
    result = conduct(options)
    assert result.profile is Profile.EMULATOR
    assert result.summary["pass"] == 4
    assert running.control.get("/webhook-routes") == routes
    assert running.control.get("/hosts") == {"mine.example": ["93.184.216.34"]}
    opened = [e for e in result.log if e.method == "POST" and e.path == "/_ringback/accounts"]
    keys = [key for e in opened for key in running.control.get(f"/accounts/{e.json()['account_id']}")["keys"]]
    assert opened
    assert {key["status"] for key in keys} == {"revoked"}


def test_a_running_emulator_can_be_looked_at_as_if_it_were_a_deployment(running: Ringback, hurried: None) -> None:
    account = running.account("kwickphone", rate_limit=None)
    options = RunOptions(vendor="kwickphone", url=account.base_url, key=account.key, profile=Profile.READONLY)
    result = conduct(options)
    assert result.profile is Profile.READONLY
    assert {exchange.method for exchange in result.log} <= {"GET", "HEAD"}
    assert result.summary["fail"] == 0
    assert result.summary["pass"] > 5


def test_an_emulator_that_is_not_strict_leaves_open_what_it_cannot_show() -> None:
    with Ringback("kwickphone", clock="frozen") as emulator:
        result = conduct(RunOptions(vendor="kwickphone", url=emulator.url, only=("KWP-NUM-6", "KWP-HOOK-6")))
    found = {judgement.claim.id: judgement for judgement in result.verdicts}
    assert found["KWP-NUM-6"].verdict is Verdict.PASS
    assert "loopback" in found["KWP-NUM-6"].reason
    assert found["KWP-HOOK-6"].verdict is Verdict.NOT_OBSERVED
    assert "--strict" in found["KWP-HOOK-6"].reason


def test_an_emulator_that_does_not_serve_the_vendor_is_trouble(running: Ringback, monkeypatch: Any) -> None:
    health = {**running.control.get("/health"), "vendors": ["another"]}
    monkeypatch.setattr("ringback_conformance.control.Control.health", lambda _: health)
    with pytest.raises(TargetError, match="does not serve kwickphone"):
        conduct(RunOptions(vendor="kwickphone", url=running.url))


@pytest.mark.parametrize(
    ("how", "word"), [({"chaos": True}, "--chaos"), ({"clock": "x60"}, "scaled clock")], ids=["chaos", "scaled"]
)
def test_an_emulator_whose_settings_would_break_claims_is_rejected(how: dict[str, Any], word: str) -> None:
    with Ringback("kwickphone", **how) as emulator, pytest.raises(TargetError, match=word):
        conduct(RunOptions(vendor="kwickphone", url=emulator.url))


@pytest.mark.parametrize(
    ("vendor", "strict"),
    [("kwickphone", True), *((vendor, False) for vendor in names())],
    ids=lambda value: value if isinstance(value, str) else "strict" if value else "plain",
)
def test_an_emulator_on_a_clock_that_runs_keeps_every_claim(vendor: str, strict: bool) -> None:
    with Ringback(vendor, clock="real", strict=strict) as emulator:
        result = conduct(RunOptions(vendor=vendor, url=emulator.url, effort=BRIEF))
    odd = {each.claim.id: each for each in result.verdicts if each.verdict is not Verdict.PASS}
    assert set(odd) <= (set() if strict else WANTS_MORE), {id_: each.reason for id_, each in odd.items()}
    assert {each.verdict for each in odd.values()} <= {Verdict.NOT_OBSERVED}


def test_a_probe_that_breaks_is_an_error_and_not_the_targets_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from ringback_conformance.claims import load

    catalogue = load("kwickphone")

    def broken(_: Any) -> None:
        raise ZeroDivisionError("ours")

    probe = catalogue.probes["KWP-AUTH-2"]
    monkeypatch.setitem(
        catalogue.probes,
        "KWP-AUTH-2",
        type(probe)(**{n: getattr(probe, n) for n in probe.__struct_fields__} | {"run": broken}),
    )
    reported = document(conduct(RunOptions(vendor="kwickphone", only=("KWP-AUTH-2",))))
    assert reported["verdicts"][0]["verdict"] == "error"
    assert "ZeroDivisionError: ours" in reported["verdicts"][0]["reason"]
    assert reported["exit_code"] == 3

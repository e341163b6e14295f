"""What holds of every vendor's claims: all are looked at, the emulator keeps them, twice alike, and mutants are
noticed by their own claim."""

from __future__ import annotations

import json
from functools import cache
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from ringback_conformance.catalogue_cli import mutants
from ringback_conformance.claims import load, names
from ringback_conformance.model import Need
from ringback_conformance.mutation_gate import Mutation, mutations
from ringback_conformance.options import BRIEF, RunOptions
from ringback_conformance.report.document import document
from ringback_conformance.run import conduct
from tests.conformance.conftest import SEED, run_of


class Suite(NamedTuple):
    """A vendor's claims: how many each group has, numbered without a gap; how many mutants there are at least; and
    those whose gate is tried here."""

    prefix: str
    groups: dict[str, int]
    mutants: int
    chosen: tuple[str, ...]


SUITES = {
    "kwickphone": Suite(
        "KWP",
        {"AUTH": 6, "BAL": 10, "NUM": 15, "CALL": 6, "HOOK": 9, "ERR": 4, "LIM": 2},
        150,
        (
            "kwickphone.auth.allowlist-says-why",
            "kwickphone.billing.grace-of-three-days",
            "kwickphone.calls.recording-of-ten-seconds",
            "kwickphone.limits.per-account",
            "kwickphone.webhook.signs-parsed-body",
        ),
    ),
    "nokycnumber": Suite(
        "NKN",
        {
            "CONV": 5,
            "AUTH": 7,
            "ERR": 9,
            "PAGE": 5,
            "IDEM": 5,
            "LIM": 4,
            "VER": 2,
            "NUM": 12,
            "CALL": 10,
            "SMS": 10,
            "VM": 3,
            "AI": 4,
            "ACC": 2,
            "HOOK": 8,
        },
        200,
        (
            "nokycnumber.http.redirect-stays-plain",
            "nokycnumber.idempotency.not-while-under-way",
            "nokycnumber.hours.in-utc",
            "nokycnumber.links.of-recordings-for-good",
            "nokycnumber.messages.pairs-are-split",
            "nokycnumber.signature.of-the-parsed-body",
        ),
    ),
    "agentphone": Suite(
        "AGP",
        {
            "AUTH": 2,
            "ERR": 6,
            "PAGE": 4,
            "NUM": 9,
            "AGT": 3,
            "CALL": 8,
            "MSG": 6,
            "CON": 1,
            "CNV": 1,
            "HOOK": 5,
            "USE": 1,
            "ACC": 5,
            "SDK": 1,
        },
        300,
        (
            "agentphone.stretches.share-instants",
            "agentphone.voice.interim-closes-the-turn",
            "agentphone.signature.without-the-prefix",
            "agentphone.clients.transcripts-are-null",
        ),
    ),
    "inkbox": Suite(
        "INK",
        {
            "AUTH": 3,
            "ERR": 2,
            "ID": 2,
            "NUM": 6,
            "CALL": 11,
            "TXT": 7,
            "PAGE": 1,
            "RULE": 1,
            "SRCH": 1,
            "VOICE": 1,
            "HOOK": 5,
            "KEY": 1,
            "SDK": 1,
        },
        200,
        (
            "inkbox.auth.service-token-only",
            "inkbox.stream.signed-over-nothing",
            "inkbox.search.in-this-order",
            "inkbox.sdk.forwardings-null",
            "inkbox.signature.with-the-prefix",
        ),
    ),
    "phonestack": Suite(
        "PST",
        {
            "AUTH": 4,
            "LIM": 3,
            "ERR": 6,
            "PAGE": 3,
            "CON": 11,
            "CALL": 8,
            "CAM": 5,
            "CF": 4,
            "PRO": 2,
            "REP": 4,
            "HOOK": 6,
            "BILL": 1,
            "MCP": 7,
        },
        200,
        (
            "phonestack.bulk.limit-is-shared",
            "phonestack.dialler.resume-begins-anew",
            "phonestack.links.for-good",
            "phonestack.export.unquoted",
            "phonestack.signature.of-the-parsed-body",
            "phonestack.mcp.test-keys-dial",
        ),
    ),
}


def test_every_vendor_of_the_suite_is_held_to_this() -> None:
    assert set(SUITES) == set(names())


@cache
def mutations_of(vendor: str) -> list[Mutation]:
    return mutations(vendor)


@pytest.mark.parametrize("vendor", SUITES)
def test_the_claims_are_numbered_without_a_gap(vendor: str) -> None:
    suite = SUITES[vendor]
    numbered = {f"{suite.prefix}-{name}-{n}" for name, last in suite.groups.items() for n in range(1, last + 1)}
    assert set(load(vendor).claims) == numbered


@pytest.mark.parametrize("vendor", sorted(set(SUITES) - {"kwickphone"}))
def test_every_claim_has_a_probe(vendor: str) -> None:
    catalogue = load(vendor)
    assert set(catalogue.probes) == set(catalogue.claims)


@pytest.mark.parametrize("vendor", SUITES)
def test_what_only_reads_plans_nothing_else(vendor: str) -> None:
    for probe in load(vendor).probes.values():
        if probe.needs <= {Need.READ, Need.BURST}:
            assert {send.method for send in probe.sends} <= {"GET", "HEAD"}, probe.claim


@pytest.mark.parametrize("vendor", SUITES)
def test_the_emulator_keeps_every_claim(vendor: str) -> None:
    reported = document(run_of(vendor))
    assert {v["claim"]: v["reason"] for v in reported["verdicts"] if v["verdict"] != "pass"} == {}
    assert reported["notes"] == []
    assert reported["exit_code"] == 0


@pytest.mark.parametrize("vendor", SUITES)
def test_the_same_seed_gives_the_same_answers_and_webhooks(vendor: str) -> None:
    kept = run_of(vendor)
    again = conduct(RunOptions(vendor=vendor, effort=BRIEF, seed=SEED))
    assert again.digest == kept.digest
    assert again.summary == kept.summary


@pytest.mark.parametrize("vendor", SUITES)
def test_every_claim_has_a_mutant_and_every_mutant_a_claim(vendor: str) -> None:
    claims, found = load(vendor).claims, mutations_of(vendor)
    assert {mutation.claim for mutation in found} == set(claims)
    assert {claim for mutation in found for claim in mutation.touches} <= set(claims)
    assert len({mutation.breaks for mutation in found}) == len(found) > SUITES[vendor].mutants
    for mutation in found:
        assert mutation.name.startswith(f"{vendor}.")
        assert mutation.breaks.endswith(".")
        assert mutation.claim not in mutation.touches


@pytest.mark.parametrize("vendor", SUITES)
def test_the_gate_kills_and_the_reference_holds(vendor: str) -> None:
    chosen = SUITES[vendor].chosen
    arguments = [vendor, "--gate", "--json", "--jobs", "2", *(f"--only={name}" for name in chosen)]
    outcome = CliRunner().invoke(mutants, arguments)
    reported = json.loads(outcome.stdout)
    assert outcome.exit_code == 0, outcome.stderr
    assert reported["killed"] == len(chosen)
    assert reported["alive"] == reported["noisy"] == []
    assert reported["reference"] == {"failed_claims": [], "trouble": None}
    for mutant in reported["mutants"]:
        assert {"name", "claim", "killed", "failed_claims"} <= set(mutant)
        assert mutant["claim"] in mutant["failed_claims"]

"""The engine and the state machine: each finds on its own what it is there to find, and keeps within bounds."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from ringback.testing import Ringback
from ringback_conformance import contract
from ringback_conformance.http_client import READING
from ringback_conformance.model import Kind, Profile, Verdict
from ringback_conformance.mutation_gate import REFERENCE_EFFORT
from ringback_conformance.options import THOROUGH, Effort, RunOptions
from ringback_conformance.producers.engine import Share, explore, own_headers
from ringback_conformance.producers.state_machine import walk
from ringback_conformance.result import Result
from ringback_conformance.run import conduct
from ringback_conformance.transport import Log, Policy, Transport
from tests.conformance.servers import Answering, saying


@pytest.fixture
def _contract_kept() -> None:
    """These emulators break the contract on purpose."""


def alone(producer: str, mutant: str, effort: Effort = THOROUGH) -> Result:
    options = RunOptions(vendor="kwickphone", mutants=(mutant,), producers=frozenset({producer}), effort=effort, seed=1)
    return conduct(options)


def failed(result: Result) -> set[str]:
    return {judgement.claim.id for judgement in result.verdicts if judgement.verdict is Verdict.FAIL}


@pytest.mark.parametrize(
    ("mutant", "claim"),
    [
        ("money.provision-takes-six", "KWP-BAL-2"),
        ("talk.free", "KWP-BAL-9"),
        ("release.refunds", "KWP-BAL-10"),
        ("limits.six-numbers", "KWP-NUM-8"),
        ("numbers.oldest-first", "KWP-NUM-11"),
        ("release.still-answers", "KWP-NUM-13"),
        ("calls.oldest-first", "KWP-CALL-1"),
        ("webhook.first-call-only", "KWP-HOOK-1"),
        ("webhook.default-address", "KWP-HOOK-7"),
    ],
)
def test_the_state_machine_alone_notices(mutant: str, claim: str) -> None:
    assert claim in failed(alone("machine", f"kwickphone.{mutant}"))


@pytest.mark.parametrize(
    ("mutant", "claim"),
    [
        ("numbers.secret-in-the-list", "KWP-NUM-12"),
        ("numbers.list-without-created_at", "KWP-NUM-11"),
        ("errors.odd-limit-crashes", "KWP-ERR-4"),
        ("errors.own-code", "KWP-ERR-2"),
    ],
)
def test_the_engine_alone_notices(mutant: str, claim: str) -> None:
    assert claim in failed(alone("engine", f"kwickphone.{mutant}"))


def test_the_engine_alone_brings_leads() -> None:
    result = alone("engine", "kwickphone.numbers.list-without-created_at")
    assert any(lead.check == "response_schema_conformance" for lead in result.warnings)
    ids = {exchange.id for exchange in result.log}
    assert all(lead.exchange in ids for lead in result.warnings)


def test_a_machine_on_the_reference_sees_nothing_wrong_and_much() -> None:
    result = conduct(RunOptions(vendor="kwickphone", producers=frozenset({"machine"}), seed=3))
    assert failed(result) == set()
    assert len([exchange for exchange in result.log if exchange.producer == "machine"]) > 300


def exploring(url: str, seed: int, policy: Policy, requests: int = 200) -> Log:
    log = Log()
    door = Transport(url, policy, log)
    finding = explore(
        contract.load("kwickphone"),
        door,
        credentials=("Authorization", "Bearer kp_live_engine"),
        account="x",
        profile=Profile.READONLY if policy.methods == READING else Profile.EMULATOR,
        seed=seed,
        share=Share(examples=3, requests=requests),
        sample_ids={},
        sanitize=lambda request: request,
    )
    door.close()
    assert finding.trouble == ""
    return log


def test_the_engine_reads_only_where_it_may_only_read(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(200, {"data": []}))
    exploring(server.url, 1, Policy(rate=None))
    assert len(server.requests) > 10
    assert {asked[0] for asked in server.requests} == {"GET"}
    assert {asked[2].get("Authorization") for asked in server.requests} == {"Bearer kp_live_engine"}


def test_the_engine_makes_up_no_header_that_shows_a_key() -> None:
    schemes = {"token": {"type": "apiKey", "in": "header", "name": "X-Token"}, "bearer": {"type": "http"}}
    assert {"x-token", "authorization"} <= own_headers({"components": {"securitySchemes": schemes}})


def test_the_engine_is_held_by_the_transport_whatever_it_wants(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(200, {"data": []}))
    log = Log()
    door = Transport(server.url, Policy(rate=None), log)
    explore(
        contract.load("kwickphone"),
        door,
        credentials=("Authorization", "Bearer kp_live_engine"),
        account="x",
        profile=Profile.EMULATOR,
        seed=1,
        share=Share(examples=3, requests=200),
        sample_ids={},
        sanitize=lambda request: request,
    )
    door.close()
    assert {asked[0] for asked in server.requests} <= {"GET", "HEAD"}


def test_the_engine_stops_at_its_share(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(200, {"data": []}))
    exploring(server.url, 1, Policy(methods=None, rate=None, budget=None), requests=15)
    assert 10 <= len(server.requests) <= 15


def test_the_engine_asks_the_same_of_the_same_with_the_same_seed(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(200, {"data": []}))
    policy = Policy(methods=None, rate=None, budget=None)
    logs = [exploring(server.url, seed, policy) for seed in (4, 4, 5)]
    asked = [[(each.method, each.path, each.request_body) for each in log.exchanges] for log in logs]
    assert asked[0] == asked[1]
    assert asked[0] != asked[2]


def test_what_the_engine_asked_is_asked_again_with_the_key_and_the_ids_of_the_day() -> None:
    first = conduct(RunOptions(vendor="kwickphone", producers=frozenset({"engine"}), seed=4, effort=REFERENCE_EFFORT))
    again = conduct(RunOptions(vendor="kwickphone", producers=frozenset({"engine"}), seed=9, recording=first.recording))
    asked = [
        [each for each in run.log if each.producer == "engine" and each.kind is Kind.API] for run in (first, again)
    ]
    asked[1] = asked[1][-len(first.recording.requests) :]
    assert 50 < len(asked[1]) < len(asked[0])
    kinds = [Counter((each.method, each.status) for each in found) for found in asked]
    assert kinds[1].keys() <= kinds[0].keys()
    assert kinds[0].keys() - kinds[1].keys() <= {("DELETE", 200)}, "only what an unrecorded request created may be gone"
    (there,) = first.recording.sample_ids.values()
    assert not set(there) & {part for each in asked[1] for part in each.route.split("/")}
    assert not any("kp_live_" in str(request) for request in first.recording.requests)
    reported = [{judgement.claim.id: judgement.verdict for judgement in run.verdicts} for run in (first, again)]
    assert reported[0] == reported[1]


def test_a_tape_shows_what_the_engine_would() -> None:
    reference = conduct(RunOptions(vendor="kwickphone", producers=frozenset({"engine"}), effort=REFERENCE_EFFORT))
    mutant = "kwickphone.numbers.secret-in-the-list"
    options = RunOptions(
        vendor="kwickphone", mutants=(mutant,), producers=frozenset({"engine"}), recording=reference.recording
    )
    assert failed(conduct(options)) == {"KWP-NUM-12"}


def walked(seed: int) -> list[int]:
    drawn: list[int] = []

    class Walker(RuleBasedStateMachine):
        @rule(number=st.integers(-(10**9), 10**9))
        def draw(self, number: int) -> None:
            drawn.append(number)

    walk(Walker, seed, 20, 30, ())
    return drawn


def test_a_walk_is_the_same_whatever_was_imported_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = walked(1)
    constants = ", ".join(str(1_000_003 + at) for at in range(50))
    (tmp_path / "somebodys_module.py").write_text(f"NUMBERS = ({constants})\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("somebodys_module")
    assert walked(1) == before
    assert walked(2) != before


def test_generated_webhook_addresses_belong_to_nobody() -> None:
    with Ringback("kwickphone", clock="frozen", strict=True):
        result = conduct(RunOptions(vendor="kwickphone", producers=frozenset({"engine"}), seed=2))
    urls = [(each.sent() or {}).get("webhook_url") for each in result.log if isinstance(each.sent(), dict)]
    public = {url for url in urls if isinstance(url, str) and url.startswith("https://") and "." in url}
    hosts = {url.split("/")[2].partition(":")[0] for url in public}
    assert all(host.endswith(".invalid") or host.replace(".", "").isdigit() for host in hosts if host), hosts

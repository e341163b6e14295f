"""A plan says what would be sent and what it would cost, and a run keeps to it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner

from ringback.testing import Ringback
from ringback_conformance.claims import load
from ringback_conformance.command import conform
from ringback_conformance.model import Exchange, Kind, Profile
from ringback_conformance.options import RunOptions
from ringback_conformance.run import conduct, draw_plan
from tests.conformance.servers import Answering, html

CATALOGUE = load("kwickphone")


@pytest.mark.parametrize("more", [[], ["--profile", "sandbox", "--budget", "10"], ["--allow", "burst"]])
def test_a_plan_sends_nothing(serve: Any, more: list[str]) -> None:
    server = serve(Answering, html)
    outcome = CliRunner().invoke(conform, ["kwickphone", "--url", server.url, "--key", "k" * 8, "--plan", *more])
    assert outcome.exit_code == 0, outcome.output
    assert [path for _, path, _, _ in server.requests] in ([], ["/_ringback/health"])
    assert "nothing is sent now" in outcome.output


def test_a_plan_is_a_document_too(serve: Any) -> None:
    server = serve(Answering, html)
    arguments = ["kwickphone", "--url", server.url, "--key", "k" * 8, "--plan", "--json", "-"]
    outcome = CliRunner().invoke(conform, [*arguments, "--profile", "sandbox", "--budget", "10"])
    plan = json.loads(outcome.stdout)
    assert plan["cost"] == "10.00"
    assert {step["claim"] for step in plan["steps"]} == set(CATALOGUE.claims)
    assert any(step["skipped"] for step in plan["steps"])


def test_what_could_cost_money_if_wrongly_taken_is_not_tried_without_a_budget() -> None:
    url = "https://x.example"
    free, _, _ = draw_plan(RunOptions(vendor="kwickphone", url=url, allow=frozenset({"write"})))
    skipped = {step.claim.id: step.skipped for step in free.steps if step.skipped}
    assert "could cost $5.00" in skipped["KWP-NUM-2"]
    assert "KWP-NUM-14" not in skipped
    covered, _, _ = draw_plan(RunOptions(vendor="kwickphone", url=url, profile=Profile.SANDBOX, budget=500))
    assert "KWP-NUM-2" in {step.claim.id for step in covered.runs}


def test_what_could_cost_money_is_tried_before_the_budget_is_spent() -> None:
    options = RunOptions(vendor="kwickphone", url="https://x.example", profile=Profile.SANDBOX, budget=1000)
    order = [step.claim.id for step in draw_plan(options)[0].runs]
    risky, buying = (2, 3, 5, 6), (1, 4, 13)
    assert max(order.index(f"KWP-NUM-{n}") for n in risky) < min(order.index(f"KWP-NUM-{n}") for n in buying)


@pytest.mark.parametrize(
    ("dollars", "cost", "bought"), [(0, 0, 0), (4, 0, 0), (5, 500, 1), (10, 1000, 2), (15, 1000, 2), (20, 2000, 4)]
)
def test_a_plan_stays_within_the_budget(dollars: int, cost: int, bought: int) -> None:
    options = RunOptions(vendor="kwickphone", url="https://x.example", profile=Profile.SANDBOX, budget=dollars * 100)
    drawn, _, _ = draw_plan(options)
    assert drawn.cents == cost
    sends = [send for step in drawn.runs for send in step.sends] + list(drawn.shared)
    assert sum(send.times for send in sends if send.cents) == bought


def template(path: str) -> str:
    path = path.partition("?")[0]
    path = re.sub(r"^/v1/calls/[^/]+/", "/v1/calls/{call_id}/", path) if path.count("/") == 4 else path
    return re.sub(r"^/v1/numbers/[^/]+$", "/v1/numbers/{id}", path)


def sent(log: list[Exchange], producer: str) -> Counter[tuple[str, str]]:
    own = (exchange for exchange in log if exchange.producer == producer and exchange.kind is Kind.API)
    return Counter((exchange.method, template(exchange.path)) for exchange in own)


@pytest.fixture(scope="module")
def sandboxed() -> Any:
    """A sandbox run with $20.00 against an account that has had calls."""
    with pytest.MonkeyPatch.context() as patch, Ringback("kwickphone", clock="frozen", strict=True) as emulator:
        patch.setattr("ringback_conformance.transport.WINDOW_SECONDS", 0.05)
        account = emulator.account("kwickphone", balance="50.00", rate_limit=None)
        with account.client() as http:
            phone = http.post("/v1/numbers", json={"business_phone": "+13465550142"}).json()["phone_number"]
        account.advance(days=1)
        for recording in (True, False):
            emulator.call(to=phone, turns=["agent: Hello.", "caller: Hello."], recording=recording, duration=9)
            account.advance(minutes=5)
        options = RunOptions(
            vendor="kwickphone", url=account.base_url, key=account.key, profile=Profile.SANDBOX, budget=2000
        )
        yield conduct(options)


def test_no_probe_sends_more_than_the_plan_says(sandboxed: Any) -> None:
    spare = Counter(
        {
            ("POST", "/v1/numbers"): 4,
            ("DELETE", "/v1/numbers/{id}"): 2,
        }
    )
    for probe in CATALOGUE.probes.values():
        planned = Counter({})
        for send in probe.sends:
            planned[send.method, template(send.path)] += send.times
        over = sent(sandboxed.log, probe.claim) - planned - (spare if probe.shares else Counter())
        assert not over, f"{probe.claim} sent more than planned: {dict(over)}"


def test_a_run_spends_what_the_plan_said(sandboxed: Any) -> None:
    assert sandboxed.planned == 2000
    assert sandboxed.spent == 1500, "the fourth provision of the plan is refused and costs nothing"
    creations = [e for e in sandboxed.log if e.method == "POST" and e.status == 201]
    assert len(creations) == 3


def test_every_claim_that_was_planned_was_looked_at(sandboxed: Any) -> None:
    verdicts = {judgement.claim.id: judgement.verdict.value for judgement in sandboxed.verdicts}
    unseen = {"KWP-HOOK-1", "KWP-HOOK-2"}
    wanted = {probe.claim for probe in CATALOGUE.probes.values() if not {"ctl", "burst"} & probe.needs} - unseen
    assert {id_: verdicts[id_] for id_ in wanted} == dict.fromkeys(wanted, "pass")

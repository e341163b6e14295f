"""NoKYCNumber's claims: all are looked at, the emulator keeps them, twice alike, and mutants are noticed by their own."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.claims import load
from conformance.claims.nokycnumber import dialect, shapes
from conformance.command import mutants
from conformance.gate import Mutation, mutations
from conformance.model import Exchange, Kind, Need, Profile
from conformance.report.document import document
from conformance.run import BRIEF, Result, Wish, conduct, draw_plan
from conformance.transport import Request
from emulator.testing import Ringback

CATALOGUE = load("nokycnumber")
GROUPS = {
    "CONV": 5, "AUTH": 7, "ERR": 9, "PAGE": 5, "IDEM": 5, "LIM": 4, "VER": 2, "NUM": 12, "CALL": 10, "SMS": 10,
    "VM": 3, "AI": 4, "ACC": 2, "HOOK": 8,
}  # fmt: skip
"""How many claims each group has, numbered without a gap."""
CHOSEN = (
    "nokycnumber.http.redirect-stays-plain",
    "nokycnumber.idempotency.not-while-under-way",
    "nokycnumber.hours.in-utc",
    "nokycnumber.links.of-recordings-for-good",
    "nokycnumber.messages.pairs-are-split",
    "nokycnumber.signature.of-the-parsed-body",
)


@pytest.fixture(scope="module")
def kept() -> Result:
    return conduct(Wish(vendor="nokycnumber", effort=BRIEF, seed=7))


@pytest.fixture(scope="module")
def found() -> list[Mutation]:
    return mutations("nokycnumber")


def test_the_claims_are_numbered_without_a_gap() -> None:
    assert set(CATALOGUE.claims) == {f"NKN-{name}-{n}" for name, last in GROUPS.items() for n in range(1, last + 1)}


def test_every_claim_has_a_probe() -> None:
    assert set(CATALOGUE.probes) == set(CATALOGUE.claims)


def test_what_only_reads_plans_nothing_else() -> None:
    for probe in CATALOGUE.probes.values():
        if probe.needs <= {Need.READ, Need.BURST}:
            assert {send.method for send in probe.sends} <= {"GET", "HEAD"}, probe.claim


def test_the_emulator_keeps_every_claim(kept: Result) -> None:
    told = document(kept)
    assert {v["claim"]: v["reason"] for v in told["verdicts"] if v["verdict"] != "pass"} == {}
    assert told["notes"] == []
    assert told["exit_code"] == 0


def test_the_same_seed_gives_the_same_answers_and_webhooks(kept: Result) -> None:
    again = conduct(Wish(vendor="nokycnumber", effort=BRIEF, seed=7))
    assert again.digest == kept.digest
    assert again.summary == kept.summary


def test_every_claim_has_a_mutant_and_every_mutant_a_claim(found: list[Mutation]) -> None:
    assert {mutation.claim for mutation in found} == set(CATALOGUE.claims)
    assert {claim for mutation in found for claim in mutation.touches} <= set(CATALOGUE.claims)
    assert len({mutation.breaks for mutation in found}) == len(found) > 200
    for mutation in found:
        assert mutation.name.startswith("nokycnumber.")
        assert mutation.breaks.endswith(".")
        assert mutation.claim not in mutation.touches


def test_the_gate_kills_and_the_reference_holds() -> None:
    arguments = ["nokycnumber", "--gate", "--json", "--jobs", "2", *(f"--only={name}" for name in CHOSEN)]
    outcome = CliRunner().invoke(mutants, arguments)
    told = json.loads(outcome.stdout)
    assert outcome.exit_code == 0, outcome.stderr
    assert told["killed"] == len(CHOSEN)
    assert told["alive"] == told["noisy"] == []


def test_no_name_is_looked_up_for_a_probe(kept: Result) -> None:
    sent = [e.sent() for e in kept.log if e.kind is Kind.API and e.producer.startswith("NKN-") and made(e)]
    urls = {body[name] for body in sent if isinstance(body, dict) for name in ("url", "webhook_url") if body.get(name)}
    assert urls
    assert all(url.startswith("https://hooks.ringback-conformance.example/") for url in urls)


def made(exchange: Exchange) -> bool:
    return exchange.method == "POST" and exchange.status == 201


def test_a_deployment_is_only_read_unless_told() -> None:
    with Ringback("nokycnumber", clock="real") as emulator:
        account = emulator.account("nokycnumber", balance="10.00")
        wish = Wish(vendor="nokycnumber", url=account.base_url, key=account.key, profile=Profile.READONLY)
        result = conduct(wish)
        assert account.balance == Decimal("10.00")
    assert {e.method for e in result.log if e.kind is Kind.API} <= {"GET", "HEAD"}
    assert result.summary["fail"] == result.summary["error"] == 0
    assert result.trouble == ""


def test_a_budget_bounds_what_a_plan_spends() -> None:
    for budget in (0, 1_000, 5_000):
        wish = Wish(vendor="nokycnumber", url="https://x.example", profile=Profile.SANDBOX, budget=budget)
        assert draw_plan(wish)[0].cents <= budget


@pytest.mark.parametrize(
    ("method", "path", "body", "cents"),
    [
        ("POST", "/v1/numbers", {"available_id": "navail_1", "billing_period": "monthly"}, 2_000),
        ("POST", "/v1/numbers", {"available_id": "navail_1", "billing_period": "weekly"}, 0),
        ("POST", "/v1/numbers/num_1/renew", {}, 20_000),
        ("POST", "/v1/calls", {"from": "num_1", "to": "+33639980142"}, 100),
        ("POST", "/v1/sms", {"from": "num_1", "to": "+33639980142", "body": "Hi"}, 50),
        ("POST", "/v1/sms", {"from": "num_1", "to": "0639980142", "body": "Hi"}, 0),
        ("PATCH", "/v1/numbers/num_1", {"auto_renew": True}, 0),
        ("GET", "/v1/numbers", None, 0),
    ],
)
def test_a_request_is_taken_to_cost_the_most_it_can(method: str, path: str, body: Any, cents: int) -> None:
    assert dialect.price(Request(method, path, (), json.dumps(body).encode())) == cents


@pytest.mark.parametrize("number", ["+33639980142", "+33199001234", "+12125550142"])
def test_a_number_kept_for_fiction_may_be_called(number: str) -> None:
    assert CATALOGUE.dialect.harmless(number)


@pytest.mark.parametrize("number", ["+33612345678", "+12125551234", "+336399801423"])
def test_a_number_that_somebody_may_have_is_not(number: str) -> None:
    assert not CATALOGUE.dialect.harmless(number)


def test_a_stray_number_cannot_be_told_from_another() -> None:
    listing = Exchange(id="x#1", producer="x", kind=Kind.API, method="GET", path="/v1/numbers", status=200)
    assert CATALOGUE.dialect.strays(listing, Request("POST", "/v1/numbers")) is None


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        ({"object": "list", "url": "/v1/sms", "data": [], "has_more": False, "next_cursor": None}, None),
        ({"object": "list", "url": "/v1/sms", "data": [], "has_more": False, "next_cursor": "sms_1"}, "the last page"),
        (
            {"object": "list", "url": "/v1/sms", "data": [{"id": "sms_1"}], "has_more": True, "next_cursor": None},
            "sms_1",
        ),
        ({"object": "list", "url": "/v1/sms", "data": [], "has_more": True, "next_cursor": None}, "next_cursor"),
        ({"object": "list", "url": "/v1/calls", "data": [], "has_more": False, "next_cursor": None}, "url"),
        ([], "a list"),
    ],
)
def test_a_list_is_held_to_its_envelope(body: Any, odd: str | None) -> None:
    seen = shapes.odd_list(body, "/v1/sms")
    assert seen is None if odd is None else odd in str(seen)

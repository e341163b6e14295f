"""The catalogue: every claim of the page is there, and something looks at each."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from ringback_conformance.catalogue import READ, Catalogue
from ringback_conformance.catalogue_cli import claims
from ringback_conformance.claims import load
from ringback_conformance.model import Claim, Need

CATALOGUE = load("kwickphone")


@pytest.mark.parametrize("id_", CATALOGUE.claims)
def test_something_looks_at_each_claim(id_: str) -> None:
    assert CATALOGUE.checked_by(id_)


@pytest.mark.parametrize("claim", CATALOGUE.claims.values(), ids=lambda claim: claim.id)
def test_a_claim_is_a_sentence_with_needs(claim: Claim) -> None:
    assert claim.text.endswith(".")
    assert claim.text[0].isupper() or claim.text.startswith(("`", "webhook_secret"))
    assert claim.needs


def test_what_costs_money_says_so() -> None:
    for probe in CATALOGUE.probes.values():
        if Need.CTL in probe.needs:
            continue
        cents = sum(send.cents for send in probe.sends) + (500 if probe.shares else 0)
        assert not cents or probe.needs & {Need.SPEND, Need.HOOK}, probe.claim


def test_a_claim_cannot_be_listed_twice() -> None:
    claim = Catalogue(CATALOGUE.adapter).section("Errors")
    claim("T-ERR-1", "So.", needs=READ)(lambda _: None)
    with pytest.raises(ValueError, match="listed twice"):
        claim.declare("T-ERR-1", "So.", needs=READ)


def test_only_a_claim_of_the_catalogue_can_be_checked() -> None:
    own = Catalogue(CATALOGUE.adapter)
    own.invariant("T-ERR-2", lambda *_: True)(lambda *_: None)
    with pytest.raises(ValueError, match="not in the catalogue"):
        own.complete()


def test_claims_are_in_the_order_of_the_page() -> None:
    own = Catalogue(CATALOGUE.adapter, groups="ERR AUTH")
    claim = own.section("Any")
    for id_ in ("T-AUTH-10", "T-ERR-2", "T-AUTH-9", "T-ERR-1"):
        claim.declare(id_, "So.", needs=READ)
    own.complete()
    assert list(own.claims) == ["T-ERR-1", "T-ERR-2", "T-AUTH-9", "T-AUTH-10"]


def test_claims_are_chosen_by_pattern() -> None:
    assert [claim.id for claim in CATALOGUE.select(["kwp-lim-*", "KWP-HOOK-1"])] == [
        "KWP-HOOK-1",
        "KWP-LIM-1",
        "KWP-LIM-2",
    ]


def test_an_unknown_vendor_is_told_with_the_names_there_are() -> None:
    with pytest.raises(LookupError, match="kwickphone"):
        load("no_one")


def test_the_list_of_claims_names_what_checks_each_and_its_mutants() -> None:
    outcome = CliRunner().invoke(claims, ["kwickphone", "--json"])
    assert outcome.exit_code == 0, outcome.output
    rows = json.loads(outcome.stdout)
    assert [row["id"] for row in rows] == list(CATALOGUE.claims)
    for row in rows:
        assert {"id", "basis", "needs", "section", "checked_by", "mutants"} <= set(row)
        assert row["checked_by"]
        assert row["mutants"], f"{row['id']} has no mutant: it is not known whether its check can fail"


def test_the_list_of_claims_is_readable() -> None:
    outcome = CliRunner().invoke(claims, ["kwickphone", "--only", "KWP-HOOK-2"], env={"COLUMNS": "160"})
    assert re.search(r"KWP-HOOK-2 +doc +hook", outcome.output)

"""AcmePhone through its public face: requests, webhooks, the shipped scenario, claims and mutants."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ringback.testing import Ringback


def test_a_number_is_listed_after_it_was_created(ringback: Ringback) -> None:
    with ringback.account("acmephone").client() as http:
        created = http.post("/v1/numbers", json={}).json()
        assert http.get("/v1/numbers").json() == {"data": [created]}


def test_a_completed_call_sends_one_event(ringback: Ringback) -> None:
    account, hook = ringback.account("acmephone"), ringback.receiver()
    with account.client() as http:
        number = http.post("/v1/numbers", json={"webhook_url": hook.url}).json()
    ringback.call(to=number["phone_number"], caller="+12145559876", duration=30)
    account.advance(minutes=5)
    assert [event["call"]["duration_sec"] for event in hook.events] == [30]


def test_an_area_without_stock_is_a_conflict(ringback: Ringback) -> None:
    with ringback.account("acmephone").client() as http:
        refused = http.post("/v1/numbers", json={"area_code": "907"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "no_numbers")


@pytest.mark.parametrize(
    "command",
    [
        ("scenario", "run", "acmephone"),
        ("conform", "acmephone"),
        ("mutants", "acmephone", "--gate"),
    ],
    ids=" ".join,
)
def test_the_scenario_holds_and_the_suite_notices_every_mutant(command: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", "ringback", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

"""Balance, monthly charges, arrears, auto-top-up, talk time: page "Balance & funding" and "Limits & billing"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ringback.client import ControlError
from ringback.testing import Account, Ringback
from tests.kwickphone.conftest import BUSINESS, CALLER, Provision


def status(http: httpx.Client, number: dict[str, Any]) -> str:
    listed = {one["id"]: one["status"] for one in http.get("/v1/numbers").json()["data"]}
    return str(listed[number["id"]])


def spend_down(account: Account, to: str) -> None:
    account.fund(Decimal(to) - account.balance)


def test_a_number_is_charged_on_the_same_day_of_every_month(ringback: Ringback) -> None:
    account = ringback.account("kwickphone", balance="100", now="2026-01-31T10:00:00Z")
    with account.client() as http:
        http.post("/v1/numbers", json={"business_phone": BUSINESS})
    for day, balance in (
        ("2026-02-28T09:59:59Z", 95),
        ("2026-02-28T10:00:00Z", 90),
        ("2026-03-31T09:59:59Z", 90),
        ("2026-03-31T10:00:00Z", 85),
        ("2026-04-30T10:00:00Z", 80),
        ("2027-01-31T10:00:00Z", 35),
    ):
        account.advance(until=day)
        assert account.balance == balance, day


def test_a_failed_charge_pauses_the_number(account: Account, http: httpx.Client, provision: Provision) -> None:
    number = provision()
    spend_down(account, "4.99")
    account.advance(days=31)
    assert status(http, number) == "past_due"
    assert account.balance == Decimal("4.99")
    with pytest.raises(ControlError, match="409 not_accepting_calls"):
        account.call(number["phone_number"])


@pytest.mark.parametrize("seconds", [0, 1, 3600, 7 * 86400 - 1])
def test_paying_within_seven_days_brings_it_back(
    account: Account, http: httpx.Client, provision: Provision, seconds: int
) -> None:
    number = provision()
    spend_down(account, "0")
    account.advance(days=31)
    account.advance(seconds=seconds)
    account.fund("12")
    assert status(http, number) == "active"
    assert account.balance == 7
    account.call(number["phone_number"])
    account.advance(days=28)
    assert account.balance < 7 - 5 + Decimal("0.01")


def test_a_number_unpaid_for_seven_days_is_released(account: Account, http: httpx.Client, provision: Provision) -> None:
    number = provision()
    spend_down(account, "0")
    account.advance(days=31)
    account.advance(days=7)
    assert status(http, number) == "released"
    account.fund("100")
    account.advance(days=365)
    assert account.balance == 100


def test_grace_ends_exactly_seven_days_after_the_failed_charge(ringback: Ringback) -> None:
    account = ringback.account("kwickphone", balance="5", now="2026-01-10T00:00:00Z")
    with account.client() as http:
        number = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()
        account.advance(until="2026-02-16T23:59:59Z")
        assert status(http, number) == "past_due"
        account.advance(until="2026-02-17T00:00:00Z")
        assert status(http, number) == "released"


def test_money_pays_the_longest_overdue_number_first(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    first = provision()
    account.advance(days=2)
    second = provision()
    spend_down(account, "0")
    account.advance(days=31)
    assert [status(http, first), status(http, second)] == ["past_due", "past_due"]
    account.fund("5")
    assert [status(http, first), status(http, second)] == ["active", "past_due"]


def test_the_card_is_charged_when_the_balance_drops_below_the_threshold(account: Account, provision: Provision) -> None:
    account.settings(auto_top_up={"threshold": "95.00", "amount": "20.00"})
    provision()
    assert account.balance == 95
    provision()
    assert account.balance == 110


def test_a_declined_card_leaves_the_balance_as_it_was(account: Account, provision: Provision) -> None:
    account.settings(auto_top_up={"threshold": "100.00", "amount": "20.00"}, card="declined")
    provision()
    assert account.balance == 95
    assert any(entry.get("cause") == "card_declined" for entry in account.journal())
    account.settings(card="ok")
    assert account.balance == 115


def test_auto_top_up_pays_a_month_that_the_balance_does_not_cover(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    number = provision()
    spend_down(account, "3")
    account.settings(auto_top_up={"threshold": "2.00", "amount": "25.00"})
    account.advance(days=31)
    assert status(http, number) == "active"
    assert account.balance == 23


def test_a_card_that_works_again_pays_the_arrears(account: Account, http: httpx.Client, provision: Provision) -> None:
    number = provision()
    spend_down(account, "0")
    account.settings(auto_top_up={"threshold": "5", "amount": "25"}, card="declined")
    account.advance(days=31)
    assert status(http, number) == "past_due"
    account.settings(card="ok")
    assert status(http, number) == "active"
    assert account.balance == 20


@pytest.mark.parametrize("amount", ["4.99", "500.01", "0", "-5", "x", "1e9"])
def test_a_top_up_is_from_five_to_five_hundred_dollars(account: Account, amount: str) -> None:
    with pytest.raises(ControlError, match=r"422.*"):
        account.settings(auto_top_up={"threshold": "10", "amount": amount})
    for fine in ("5", "500.00"):
        account.settings(auto_top_up={"threshold": "10", "amount": fine})


@pytest.mark.parametrize(
    ("rate", "seconds", "cost"),
    [("0.10", 60, "0.10"), ("0.10", 90, "0.15"), ("0.10", 1, "0.001667"), ("0", 600, "0"), ("1.00", 132, "2.20")],
)
def test_talk_time_is_billed_by_the_second(
    account: Account, provision: Provision, rate: str, seconds: int, cost: str
) -> None:
    account.settings(talk_rate=rate)
    number = provision()
    account.call(number["phone_number"], CALLER, turns=[], duration=seconds)
    account.advance(hours=1)
    assert account.balance == 95 - Decimal(cost)


@pytest.mark.parametrize("end", ["no_answer", "busy", "failed"])
def test_a_call_that_nobody_answered_costs_nothing(account: Account, provision: Provision, end: str) -> None:
    account.call(provision()["phone_number"], CALLER, end=end)
    account.advance(hours=1)
    assert account.balance == 95


class Billing(RuleBasedStateMachine):
    """Any life of an account: the balance is what was put in less what was charged, and every number is in the state
    that its bills say."""

    ringback: Ringback

    @initialize(balance=st.integers(0, 40))
    def open(self, balance: int) -> None:
        self.account = self.ringback.account(
            "kwickphone", balance=balance, rate_limit=None, provisions_per_hour=None, number_limit=None, talk_rate="0"
        )
        self.http = self.account.client()
        self.expected = Decimal(balance)

    @rule()
    def provision(self) -> None:
        answer = self.http.post("/v1/numbers", json={"business_phone": BUSINESS})
        assert answer.status_code == (201 if self.expected >= 5 else 402)
        if answer.status_code == 201:
            self.expected -= 5

    @rule(amount=st.integers(1, 20))
    def fund(self, amount: int) -> None:
        self.account.fund(amount)
        self.expected = self._charged_since()

    @rule(days=st.integers(1, 40))
    def pass_time(self, days: int) -> None:
        self.account.advance(days=days)
        self.expected = self._charged_since()

    @precondition(lambda self: self.account.show()["numbers"])
    @rule(pick=st.integers(0, 9))
    def release(self, pick: int) -> None:
        numbers = self.account.show()["numbers"]
        assert self.http.delete(f"/v1/numbers/{numbers[pick % len(numbers)]['id']}").status_code == 200

    def _charged_since(self) -> Decimal:
        ledger = self.account.show()["ledger"]
        return (
            sum((Decimal(entry["amount"]) for entry in ledger), Decimal(0))
            if len(ledger) < 50
            else self.account.balance
        )

    @invariant()
    def nothing_is_charged_that_is_not_owed(self) -> None:
        shown = self.account.show()
        assert Decimal(shown["balance"]) == self.expected
        assert self.expected >= 0
        months = sum(number["paid_months"] for number in shown["numbers"])
        charged = sum(Decimal(entry["amount"]) for entry in shown["ledger"] if entry["cause"] == "number")
        if len(shown["ledger"]) < 50:
            assert charged == -5 * months
        overdue = [number for number in shown["numbers"] if number["status"] == "past_due"]
        if overdue:
            assert self.expected < 5

    def teardown(self) -> None:
        if hasattr(self, "http"):
            self.http.close()


def test_any_life_of_an_account_adds_up(ringback: Ringback) -> None:
    class Machine(Billing):
        pass

    Machine.ringback = ringback
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

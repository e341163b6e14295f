"""Amounts of money and the ledger: a balance is the sum of its entries."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.carrier.clock import Clock
from ringback.carrier.ledger import AmountError, Ledger, format_usd, usd


@given(st.integers(-(10**15), 10**15))
def test_a_formatted_amount_parses_to_the_same_amount(amount: int) -> None:
    assert usd(format_usd(amount)) == amount


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_amounts_are_exact_to_six_places(amount: Decimal) -> None:
    assert Decimal(format_usd(usd(str(amount)))) == amount


@pytest.mark.parametrize(("amount", "text"), [(0, "0.00"), (5_000_000, "5.00"), (-12_000, "-0.012"), (1, "0.000001")])
def test_amounts_are_formatted_with_two_places_or_more(amount: int, text: str) -> None:
    assert format_usd(amount) == text


@pytest.mark.parametrize("text", ["", "five", "1.0000001", "NaN", "Infinity", "1e30", "$5", "5,00"])
def test_text_that_is_no_amount_is_rejected(text: str) -> None:
    with pytest.raises(AmountError):
        usd(text)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-(10**12), 10**12)), max_size=50))
def test_a_balance_is_the_sum_of_its_entries(movements: list[tuple[str, int]]) -> None:
    ledger = Ledger(Clock("frozen"))
    for account, amount in movements:
        ledger.post(account, amount, "test")
    for account in "ab":
        entries = ledger.entries.oldest("account", account)
        assert ledger.balance(account) == sum(entry.amount for entry in entries)
        assert ledger.balance(account) == sum(amount for owner, amount in movements if owner == account)
        assert all(entry.cause for entry in entries)

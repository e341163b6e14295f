"""Charges to an account's balance, in micro-dollars."""

from __future__ import annotations

from ringback.carrier.ledger import Ledger
from ringback.vendors.agentphone import errors


class Money:
    """The charges of all accounts."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def check(self, account: str, price: int) -> None:
        """Check that the balance covers a price. Raises ApiError 402."""
        if self.ledger.balance(account) < price:
            raise errors.error("INSUFFICIENT_BALANCE")

    def charge(self, account: str, amount: int, cause: str, ref: str) -> None:
        """Charge an account, below zero if necessary."""
        if amount:
            self.ledger.post(account, -amount, cause, ref)

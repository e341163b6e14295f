"""Charges."""

from __future__ import annotations

from ringback.carrier.ledger import Ledger
from ringback.vendors.agentphone import errors


class Money:
    """What accounts pay."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def check(self, account: str, price: int) -> None:
        """Whether the balance covers a price. Raises ApiError 402."""
        if self.ledger.balance(account) < price:
            raise errors.insufficient_balance()

    def charge(self, account: str, amount: int, cause: str, ref: str) -> None:
        """Take money, below zero if it must be."""
        if amount:
            self.ledger.post(account, -amount, cause, ref)

"""Charges to an account's balance."""

from __future__ import annotations

from ringback.carrier.ledger import Ledger
from ringback.vendors.nokycnumber import errors


class Money:
    """The balances of all accounts. Amounts are micro-dollars."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def covers(self, account: str, price: int) -> bool:
        """Return whether the balance covers a price."""
        return self.ledger.balance(account) >= price

    def check(self, account: str, price: int) -> None:
        """Check that the balance covers a price. Raises ApiError 402."""
        if not self.covers(account, price):
            raise errors.error("insufficient_balance")

    def charge(self, account: str, amount: int, cause: str, ref: str) -> None:
        """Charge an amount; the balance may become negative."""
        if amount:
            self.ledger.post(account, -amount, cause, ref)

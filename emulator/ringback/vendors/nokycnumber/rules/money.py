"""Charges, and the warning when the balance is low."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.carrier.ledger import LedgerEntry, usd
from ringback.vendors.nokycnumber import errors

if TYPE_CHECKING:
    from ringback.vendors.nokycnumber.rules import NoKYCNumber


class Money:
    """What accounts pay."""

    def __init__(self, backend: NoKYCNumber) -> None:
        self.backend = backend
        self.ledger = backend.services.ledger

    def covers(self, account: str, price: int) -> bool:
        """Whether the balance covers a price."""
        return self.ledger.balance(account) >= price

    def check(self, account: str, price: int) -> None:
        """Whether the balance covers a price. Raises ApiError 402."""
        if not self.covers(account, price):
            raise errors.insufficient_balance()

    def charge(self, account: str, amount: int, cause: str, ref: str) -> None:
        """Take money, below zero if it must be."""
        if amount:
            self.ledger.post(account, -amount, cause, ref)

    def moved(self, entry: LedgerEntry) -> None:
        """Warn when the balance falls below the account's threshold, whatever took the money."""
        account = entry.account
        threshold = self.backend.settings(account).balance_low_threshold
        if threshold is not None and entry.balance - entry.amount >= usd(threshold) > entry.balance:
            view = self.backend.office.view(account)
            self.backend.hooks.tell(account, "account.balance_low", view, about=account)

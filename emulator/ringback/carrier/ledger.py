"""Money in integer millionths of a dollar: every ledger entry has a cause, and the entries' sum is the balance."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from ringback.carrier.clock import Clock
from ringback.store import Collection, Record

DOLLAR = 1_000_000
CENT = 10_000
MAX_AMOUNT = 10**12 * DOLLAR
_PLACES = Decimal("0.000001")


class AmountError(ValueError):
    """Text that is not an amount of dollars; the message says why."""


def usd(text: str) -> int:
    """Return the millionths of a dollar for a decimal string such as `"25.00"` or `"-0.012"`. Raises AmountError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise AmountError(f'{text!r} is not an amount such as "25.00"') from None
    if not amount.is_finite() or abs(amount) * DOLLAR > MAX_AMOUNT:
        raise AmountError(f"{text!r} is more than an account can hold")
    if amount != amount.quantize(_PLACES):
        raise AmountError(f"{text!r} has more than six decimal places")
    return int(amount * DOLLAR)


def format_usd(amount: int) -> str:
    """Return an amount (millionths of a dollar) as a decimal string: two places, or more where it needs them."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, DOLLAR)
    places = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{places}"


def prorated_charge(rate: int, seconds: int, step: int = 1) -> int:
    """Return what a duration costs at a rate per minute, rounded to a multiple of `step` (all millionths)."""
    return (rate * seconds + 30 * step) // (60 * step) * step


class LedgerEntry(Record, kw_only=True):
    """One movement of money (millionths of a dollar). `amount` is positive for money in and negative for money out.

    `cause` is a word such as "funded", `ref` the vendor's id of what was paid for, `balance` the balance after it.
    """

    at: int
    cause: str
    amount: int
    balance: int
    ref: str | None = None


class Ledger:
    """The ledger entries of all accounts. `on_posted` receives each new entry."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: Collection[LedgerEntry] = Collection(LedgerEntry, account=lambda entry: entry.account)
        self.on_posted: Callable[[LedgerEntry], None] = _noop

    def balance(self, account: str) -> int:
        """Return the account's balance, the sum of its entries."""
        last = self.entries.last("account", account)
        return last.balance if last is not None else 0

    def post(self, account: str, amount: int, cause: str, ref: str | None = None) -> LedgerEntry:
        """Add an entry; a negative `amount` takes money away."""
        entry = self.entries.add(
            LedgerEntry(
                id=f"txn_{self.entries.created + 1}",
                account=account,
                at=self._clock.now(account),
                cause=cause,
                amount=amount,
                balance=self.balance(account) + amount,
                ref=ref,
            )
        )
        self.on_posted(entry)
        return entry


def _noop(_: LedgerEntry) -> None:
    """Do nothing: no emulator is listening."""

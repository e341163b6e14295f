"""Money in integer millionths of a dollar: a ledger whose entries each have a cause, and whose sum is the balance."""

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
    """Millionths for a decimal string such as `"25.00"` or `"-0.012"`. Raises AmountError."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise AmountError(f'{text!r} is not an amount such as "25.00"') from None
    if not amount.is_finite() or abs(amount) * DOLLAR > MAX_AMOUNT:
        raise AmountError(f"{text!r} is not an amount that an account could hold")
    if amount != amount.quantize(_PLACES):
        raise AmountError(f"{text!r} has more than six decimal places")
    return int(amount * DOLLAR)


def format_usd(amount: int) -> str:
    """The decimal string of an amount: two places, more where they are needed."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, DOLLAR)
    places = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{places}"


def prorated_charge(rate: int, seconds: int, step: int = 1) -> int:
    """What so many seconds cost at a rate a minute, to the nearest multiple of `step`."""
    return (rate * seconds + 30 * step) // (60 * step) * step


class LedgerEntry(Record, kw_only=True):
    """One movement of money. `amount` is positive for money in; `cause` is a word, `ref` what it was for."""

    at: int
    cause: str
    amount: int
    balance: int
    ref: str | None = None


class Ledger:
    """Every account's entries. `posted` is called with each new entry."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: Collection[LedgerEntry] = Collection(LedgerEntry, account=lambda entry: entry.account)
        self.on_posted: Callable[[LedgerEntry], None] = _noop

    def balance(self, account: str) -> int:
        """What the account has: the sum of its entries."""
        last = self.entries.last("account", account)
        return last.balance if last is not None else 0

    def post(self, account: str, amount: int, cause: str, ref: str | None = None) -> LedgerEntry:
        """Add one entry; a negative `amount` takes money away."""
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
    """Nobody listens."""

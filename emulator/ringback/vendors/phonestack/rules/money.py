"""What calls cost, and the spending limit, page "Call Response" and "Events"."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringback.carrier.clock import SECOND
from ringback.carrier.ledger import CENT
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import EventType, Spending
from ringback.vendors.phonestack.wire import BillingEvent, Costs

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

NETWORK_TENTHS = 90
VOICE_TENTHS = 136
ANALYSIS = 5
"""Tenths of a cent a minute for the telephone network and for the talking model, by the second, and cents a call for
its analysis: with these the page's example call costs what the page says. Ours."""
WARN_AT = 80
"""Percent of the limit, page "Events"."""


def costs_of(seconds: int) -> Costs:
    """What so many seconds of talk cost, in cents; nothing where nobody spoke."""
    if not seconds:
        return Costs(0, 0, 0)
    return Costs(_cents(NETWORK_TENTHS, seconds), _cents(VOICE_TENTHS, seconds), ANALYSIS)


def _cents(tenths: int, seconds: int) -> int:
    return (tenths * seconds + 300) // 600


class Money:
    """What organizations have spent."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Spending] = Collection(Spending, account=lambda spending: spending.account)

    def charge(self, account: str, cents: int, call: str) -> None:
        """Charge a call, and tell of the limit where it comes near or is reached."""
        if not cents:
            return
        self.services.ledger.post(account, -cents * CENT, "call", call)
        spending = self._month(account)
        spending.spent += cents * CENT
        self.look(account)

    def check(self, account: str) -> None:
        """Whether calls may be placed. Raises ApiError 402."""
        if self.used_up(account):
            raise errors.refusal("SPENDING_LIMIT_REACHED", "The spending limit is used up: raise it to place calls")

    def used_up(self, account: str) -> bool:
        """Whether this month's limit is."""
        limit = self.backend.settings(account).limit()
        return bool(limit) and self._month(account).spent >= limit

    def look(self, account: str) -> None:
        """Tell of the limit, once each, when most of it is used and when all is; then nobody more is dialled."""
        limit = self.backend.settings(account).limit()
        spending = self._month(account)
        warn = bool(limit) and spending.spent * 100 >= limit * WARN_AT
        reached = bool(limit) and spending.spent >= limit
        fresh: list[EventType] = []
        if warn and not spending.warned:
            fresh.append("billing.limit_warning")
        if reached and not spending.reached:
            fresh.append("billing.limit_reached")
        spending.warned, spending.reached = warn, reached
        for kind in fresh:
            view = BillingEvent(limit // CENT, spending.spent // CENT, spending.spent * 100 // limit)
            self.backend.hooks.tell(account, kind, account, lambda view=view: view)  # type: ignore[misc]
        if reached:
            self.backend.campaigns.out_of_money(account)
            self.backend.batches.out_of_money(account)

    def _month(self, account: str) -> Spending:
        """What was spent in this calendar month, UTC."""
        now = datetime.fromtimestamp(self.services.clock.now(account) // SECOND, UTC)
        id_ = f"{account} {now:%Y-%m}"
        return self.records.get(id_) or self.records.add(Spending(id=id_, account=account))

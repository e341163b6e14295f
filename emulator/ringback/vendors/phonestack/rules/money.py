"""The cost of calls and the spending limit, page "Call Response" and "Events"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from ringback.carrier.clock import SECOND
from ringback.carrier.ledger import CENT
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import EventType, Spending
from ringback.vendors.phonestack.rules.common import settings_of
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.responses import BillingEventData, Costs

NETWORK_TENTHS = 90
VOICE_TENTHS = 136
ANALYSIS = 5
"""Tenths of a cent a minute for the telephone network and for the talking model, by the second, and cents a call for
its analysis: with these the page's example call costs what the page says. Ours."""
WARN_AT = 80
"""Percent of the limit, page "Events"."""


def costs_of(seconds: int) -> Costs:
    """Return the cost in cents of so many seconds of talk; without talk a call is free."""
    if not seconds:
        return Costs(0, 0, 0)
    return Costs(_cents(NETWORK_TENTHS, seconds), _cents(VOICE_TENTHS, seconds), ANALYSIS)


def _cents(tenths: int, seconds: int) -> int:
    return (tenths * seconds + 300) // 600


class Money:
    """The spending of all organizations.

    The backend sets `on_limit_reached`, called with the account whenever its limit is found to be used up.
    """

    on_limit_reached: Callable[[str], None]

    def __init__(self, services: Services, store: Store, webhooks: Webhooks) -> None:
        self._services = services
        self._webhooks = webhooks
        self._records = store.spending

    def charge(self, account: str, cents: int, call: str) -> None:
        """Charge a call, and send the events of the spending limit that are due."""
        if not cents:
            return
        self._services.ledger.post(account, -cents * CENT, "call", call)
        self.month(account).spent += cents * CENT
        self.review_limit(account)

    def check_limit(self, account: str) -> None:
        """Check that calls may be placed. Raises ApiError 402."""
        if self.is_used_up(account):
            raise errors.error("SPENDING_LIMIT_REACHED")

    def is_used_up(self, account: str) -> bool:
        """Return whether this month's spending limit is used up."""
        limit = self.limit(account)
        return bool(limit) and self.month(account).spent >= limit

    def review_limit(self, account: str) -> None:
        """Send an event, once each, when 80 % of the limit is used and when all of it is; then stop the dialing."""
        limit, spending = self.limit(account), self.month(account)
        warn = bool(limit) and spending.spent * 100 >= limit * WARN_AT
        reached = bool(limit) and spending.spent >= limit
        due: list[EventType] = []
        if warn and not spending.warned:
            due.append("billing.limit_warning")
        if reached and not spending.reached:
            due.append("billing.limit_reached")
        spending.warned, spending.reached = warn, reached
        for kind in due:
            percent = spending.spent * 100 // limit
            data = partial(BillingEventData, limit // CENT, spending.spent // CENT, percent)
            self._webhooks.send(account, kind, account, data)
        if reached:
            self.on_limit_reached(account)

    def limit(self, account: str) -> int:
        """Return the spending limit in millionths of a dollar, 0 for none."""
        return settings_of(self._services, account).limit()

    def month(self, account: str) -> Spending:
        """Return the spending of this calendar month, UTC."""
        now = datetime.fromtimestamp(self._services.clock.now(account) // SECOND, UTC)
        id_ = f"{account} {now:%Y-%m}"
        return self._records.get(id_) or self._records.add(Spending(id=id_, account=account))

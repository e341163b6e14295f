"""The account: balance, its low-balance warning, and usage, page "Account"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import cast

from ringback.carrier.call import Call
from ringback.carrier.clock import DAY, SECOND, iso_z, micros
from ringback.carrier.ledger import LedgerEntry, usd
from ringback.carrier.messages import Message
from ringback.carrier.script import MAX_DURATION
from ringback.gateway.services import Services
from ringback.vendors.nokycnumber.records import NoKYCNumberSettings
from ringback.vendors.nokycnumber.rules.common import NAME, in_dollars
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.wire import (
    AccountView,
    AgentsUsed,
    CallsUsed,
    NumbersUsed,
    SmsUsed,
    UsagePeriod,
    UsageView,
    VoicemailsUsed,
)

PERIODS = {"last_30d": 30 * DAY, "last_90d": 90 * DAY}
CURRENT = "current"
"""This calendar month, UTC."""
HASH_DIGITS = 16
MAX_CALL = round(2 * MAX_DURATION) * SECOND
"""No call rings and lasts longer: one that began before this has ended."""


class AccountReports:
    """Balance and usage of all accounts."""

    def __init__(self, services: Services, data: Data, webhooks: Webhooks) -> None:
        self.services = services
        self.data = data
        self.webhooks = webhooks

    def view(self, account: str) -> AccountView:
        """Return the account as it is now."""
        since = self._month_began(account)
        record = self.services.accounts[account]
        return AccountView(
            self.services.streams.secret(NAME, account, "email").hex()[:HASH_DIGITS],
            in_dollars(self.services.ledger.balance(account)),
            self.settings(account).default_country,
            self.data.numbers.count("active", account),
            _minutes(self._calls(account, since)),
            sum(
                len(message.segment_states)
                for message in self._messages(account, since)
                if message.direction == "outbound"
            ),
            iso_z(record.created_at),
        )

    def usage(self, account: str, period: UsagePeriod | None) -> UsageView:
        """Return what was used and charged in a period, by default this calendar month."""
        now = self.services.clock.now(account)
        since = now - PERIODS[period] if period is not None else self._month_began(account)
        calls, messages = list(self._calls(account, since)), list(self._messages(account, since))
        sent = [message for message in messages if message.direction == "outbound"]
        costs: dict[str, int] = {}
        counts: dict[str, int] = {}
        for entry in self.services.ledger.entries.newest("account", account):
            if entry.at < since:
                break
            if entry.amount < 0:
                costs[entry.cause] = costs.get(entry.cause, 0) - entry.amount
                counts[entry.cause] = counts.get(entry.cause, 0) + 1
        paid = {name: costs.get(name, 0) for name in ("number", "renewal", "call", "sms")}
        return UsageView(
            period or CURRENT,
            iso_z(since),
            iso_z(now),
            NumbersUsed(
                counts.get("number", 0), counts.get("renewal", 0), in_dollars(paid["number"] + paid["renewal"])
            ),
            CallsUsed(
                sum(call.direction == "inbound" for call in calls),
                sum(call.direction == "outbound" for call in calls),
                _minutes(calls),
                in_dollars(paid["call"]),
            ),
            SmsUsed(
                len(messages) - len(sent),
                len(sent),
                sum(len(message.segment_states) for message in sent),
                in_dollars(paid["sms"]),
            ),
            VoicemailsUsed(
                sum(voicemail.received_at >= since for voicemail in self.data.voicemails.newest("account", account))
            ),
            AgentsUsed(
                sum(self.data.call_details[call.id].by_agent and call.answered_at is not None for call in calls)
            ),
            in_dollars(sum(paid.values())),
        )

    def settings(self, account: str) -> NoKYCNumberSettings:
        """Return the account's settings."""
        return cast("NoKYCNumberSettings", self.services.settings_of(account))

    def warn_if_low(self, entry: LedgerEntry) -> None:
        """Publish account.balance_low if this ledger entry took the balance below the account's threshold."""
        threshold = self.settings(entry.account).balance_low_threshold
        if threshold is not None and entry.balance - entry.amount >= usd(threshold) > entry.balance:
            self.publish_balance_low(entry.account)

    def publish_balance_low(self, account: str) -> None:
        """Publish account.balance_low."""
        self.webhooks.publish(account, "account.balance_low", self.view(account), about=account)

    def _month_began(self, account: str) -> int:
        now = datetime.fromtimestamp(self.services.clock.now(account) // SECOND, UTC)
        return micros(now.replace(day=1, hour=0, minute=0, second=0))

    def _calls(self, account: str, since: int) -> Iterator[Call]:
        """Yield the calls that have ended since then."""
        for call in self.data.calls.newest("account", account):
            if call.started_at < since - MAX_CALL:
                break
            if call.ended_at is not None and call.ended_at >= since:
                yield call

    def _messages(self, account: str, since: int) -> Iterator[Message]:
        for message in self.data.messages.newest("account", account):
            if message.created_at < since:
                break
            yield message


def _minutes(calls: Iterable[Call]) -> int:
    """Return the minutes of all calls, rounded up."""
    return -(-sum(call.duration for call in calls) // 60)

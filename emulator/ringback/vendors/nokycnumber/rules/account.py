"""The account: balance, and what was used, page "Account"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ringback.carrier.call import Call
from ringback.carrier.clock import DAY, SECOND, iso_z, micros
from ringback.carrier.messages import Message
from ringback.carrier.script import MAX_DURATION
from ringback.vendors.nokycnumber.rules.common import NAME, shown
from ringback.vendors.nokycnumber.wire import (
    AccountView,
    AgentsUsed,
    CallsUsed,
    NumbersUsed,
    SmsUsed,
    UsageView,
    VoicemailsUsed,
)

if TYPE_CHECKING:
    from ringback.vendors.nokycnumber.rules import NoKYCNumber

PERIODS = {"last_30d": 30 * DAY, "last_90d": 90 * DAY}
CURRENT = "current"
"""This calendar month, UTC."""
HASH_DIGITS = 16
MAX_CALL = round(2 * MAX_DURATION) * SECOND
"""No call rings and lasts longer: one that began before is over."""


class Office:
    """The books of all accounts."""

    def __init__(self, backend: NoKYCNumber) -> None:
        self.backend = backend
        self.services = backend.services

    def view(self, account: str) -> AccountView:
        """The account as it is now."""
        since = self._month_began(account)
        record = self.services.accounts[account]
        return AccountView(
            self.services.streams.secret(NAME, account, "email").hex()[:HASH_DIGITS],
            shown(self.services.ledger.balance(account)),
            self.backend.settings(account).default_country,
            self.backend.lines.records.count("active", account),
            _minutes(self._calls(account, since)),
            sum(
                len(message.segment_states)
                for message in self._texts(account, since)
                if message.direction == "outbound"
            ),
            iso_z(record.created_at),
        )

    def usage(self, account: str, period: str | None) -> UsageView:
        """What was used and paid in a period."""
        now = self.services.clock.now(account)
        since = now - PERIODS[period] if period is not None else self._month_began(account)
        calls, texts = list(self._calls(account, since)), list(self._texts(account, since))
        sent = [message for message in texts if message.direction == "outbound"]
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
            NumbersUsed(counts.get("number", 0), counts.get("renewal", 0), shown(paid["number"] + paid["renewal"])),
            CallsUsed(
                sum(call.direction == "inbound" for call in calls),
                sum(call.direction == "outbound" for call in calls),
                _minutes(calls),
                shown(paid["call"]),
            ),
            SmsUsed(
                len(texts) - len(sent),
                len(sent),
                sum(len(message.segment_states) for message in sent),
                shown(paid["sms"]),
            ),
            VoicemailsUsed(
                sum(left.received_at >= since for left in self.backend.mailbox.records.newest("account", account))
            ),
            AgentsUsed(
                sum(self.backend.phones.details[call.id].by_agent and call.answered_at is not None for call in calls)
            ),
            shown(sum(paid.values())),
        )

    def _month_began(self, account: str) -> int:
        now = datetime.fromtimestamp(self.services.clock.now(account) // SECOND, UTC)
        return micros(now.replace(day=1, hour=0, minute=0, second=0))

    def _calls(self, account: str, since: int) -> Iterator[Call]:
        """The calls that have ended since."""
        for call in self.services.calls.records.newest("account", account):
            if call.started_at < since - MAX_CALL:
                break
            if call.ended_at is not None and call.ended_at >= since:
                yield call

    def _texts(self, account: str, since: int) -> Iterator[Message]:
        for message in self.services.messages.records.newest("account", account):
            if message.created_at < since:
                break
            yield message


def _minutes(calls: Iterator[Call] | list[Call]) -> int:
    """Minutes of talk, begun ones counted whole."""
    return -(-sum(call.duration for call in calls) // 60)

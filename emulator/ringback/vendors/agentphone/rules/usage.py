"""Usage of an account: totals, by day and month, by number and agent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ringback.carrier.clock import DAY, iso_exact, micros, moment, months_later
from ringback.gateway.services import Services
from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import (
    CALLS_AT_ONCE,
    MAX_CALL_MINUTES,
    MAX_NUMBERS,
    MESSAGES_A_MONTH,
    PLAN,
    VOICE_MINUTES_A_MONTH,
)
from ringback.vendors.agentphone.rules.data import Data, instant_of
from ringback.vendors.agentphone.rules.webhooks import Webhooks
from ringback.vendors.agentphone.wire.responses import (
    AgentUsageList,
    AgentUsageView,
    DailyUsage,
    DayUsage,
    LimitsView,
    MonthlyUsage,
    MonthUsage,
    NumberQuota,
    NumberUsageView,
    PlanView,
    UsageCounts,
    UsageView,
)

UNASSIGNED = "Unassigned"
PERIODS: Mapping[str, Mapping[str, int]] = {"week": {"weeks": 1}, "month": {"months": 1}, "year": {"years": 1}}


class Usage:
    """The usage of all accounts."""

    def __init__(self, services: Services, data: Data, webhooks: Webhooks) -> None:
        self.services = services
        self.data = data
        self.webhooks = webhooks

    def totals(self, account: str) -> UsageView:
        """Return the totals. The period is the current month, counted from the opening of the account."""
        now = self.services.clock.now(account)
        messages, calls, deliveries = self.data.messages, self.data.calls, self.data.deliveries
        opened_at = self.services.accounts[account].created_at
        months = 0
        while months_later(opened_at, months + 1) <= now:
            months += 1
        used = self.data.numbers.count("bought", account)
        states = self.webhooks.count_states(deliveries.oldest("account", account))

        def counted(records: Collection[Any], span: int) -> int:
            start, end = records.positions("account", account, instant_of, now - span)
            return end - start

        month = messages.range("account", account, *messages.positions("account", account, instant_of, now - 30 * DAY))
        segments = sum(
            len(self.services.messages.records[message.id].segment_states)
            for message in month
            if message.direction == "outbound" and message.channel == "sms"
        )
        return UsageView(
            PlanView(
                PLAN,
                LimitsView(MAX_NUMBERS, MESSAGES_A_MONTH, VOICE_MINUTES_A_MONTH, MAX_CALL_MINUTES, CALLS_AT_ONCE),
            ),
            NumberQuota(used, MAX_NUMBERS, max(0, MAX_NUMBERS - used)),
            UsageCounts(
                messages.count("account", account),
                counted(messages, DAY),
                counted(messages, 7 * DAY),
                counted(messages, 30 * DAY),
                calls.count("account", account),
                counted(calls, DAY),
                counted(calls, 7 * DAY),
                counted(calls, 30 * DAY),
                deliveries.count("account", account),
                states["success"],
                states["failed"],
                segments,
            ),
            iso_exact(months_later(opened_at, months)),
            iso_exact(months_later(opened_at, months + 1)),
            iso_exact(now),
        )

    def daily(self, account: str, days: int) -> DailyUsage:
        """Return the usage of each of the last days in UTC, today last."""
        today = moment(self.services.clock.now(account)).replace(hour=0, minute=0, second=0)
        rows = []
        for back in range(days - 1, -1, -1):
            day = today - timedelta(days=back)
            rows.append(DayUsage(day.date().isoformat(), *self._between(account, day, day + timedelta(days=1))))
        return DailyUsage(rows, days)

    def monthly(self, account: str, months: int) -> MonthlyUsage:
        """Return the usage of each of the last months in UTC, this one last."""
        from dateutil.relativedelta import relativedelta

        this = moment(self.services.clock.now(account)).replace(day=1, hour=0, minute=0, second=0)
        rows = []
        for back in range(months - 1, -1, -1):
            month = this - relativedelta(months=back)
            rows.append(MonthUsage(f"{month:%Y-%m}", *self._between(account, month, month + relativedelta(months=1))))
        return MonthlyUsage(rows, months)

    def _between(self, account: str, since: datetime, until: datetime) -> Iterator[Any]:
        """Yield the messages, calls, deliveries and call minutes from an instant until another."""
        span = (micros(since), micros(until))
        messages, calls, deliveries = self.data.messages, self.data.calls, self.data.deliveries
        start, end = messages.positions("account", account, instant_of, *span)
        yield end - start
        first, last = calls.positions("account", account, instant_of, *span)
        yield last - first
        start, end = deliveries.positions("account", account, instant_of, *span)
        yield end - start
        yield round(sum(call.seconds for call in calls.range("account", account, first, last)) / 60, 2)

    def by_number(self, account: str) -> list[NumberUsageView]:
        """Return the usage of each number since it was bought, newest first, released ones included."""
        return [
            NumberUsageView(
                number.id,
                number.phone_number,
                number.country,
                number.status,
                number.agent,
                self.data.agent_name(number.agent),
                number.messages,
                number.calls,
            )
            for number in self.data.numbers.newest("account", account)
        ]

    def by_agent(self, account: str, period: str, zone: str | None) -> AgentUsageList:
        """Return the usage of each agent, and without an agent, in a period up to now.

        The period begins at midnight in a time zone. Raises ApiError 422 for an unknown one.
        """
        from dateutil.relativedelta import relativedelta

        now = self.services.clock.now(account)
        start = (moment(now).astimezone(_zone(zone)) - relativedelta(**dict[str, Any](PERIODS[period]))).replace(
            hour=0, minute=0, second=0
        )
        since = micros(start.astimezone(UTC))
        rows: dict[str | None, AgentUsageView] = {
            agent.id: AgentUsageView(agent.id, agent.name, 0, 0, 0, is_orphan=False)
            for agent in self.data.agents.newest("account", account)
            if not agent.deleted
        }
        messages, calls = self.data.messages, self.data.calls
        for message in messages.range("account", account, *messages.positions("account", account, instant_of, since)):
            self._row(rows, message.agent).messages += 1
        for call in calls.range("account", account, *calls.positions("account", account, instant_of, since)):
            row = self._row(rows, call.original_agent)
            row.calls += 1
            row.total_seconds += call.seconds
        return AgentUsageList(list(rows.values()), period, iso_exact(since), iso_exact(now))

    def _row(self, rows: dict[str | None, AgentUsageView], agent: str | None) -> AgentUsageView:
        row = rows.get(agent)
        if row is None:
            name = self.data.agent_name(agent) or UNASSIGNED
            row = rows[agent] = AgentUsageView(agent, name, 0, 0, 0, is_orphan=agent is not None)
        return row


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        raise errors.invalid_query("tz", "must be an IANA time zone, such as America/New_York") from None

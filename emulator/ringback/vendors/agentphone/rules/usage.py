"""What an account has and did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from ringback.carrier.clock import DAY, micros, moment, months_later
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import (
    CALLS_AT_ONCE,
    MAX_CALL_MINUTES,
    MAX_NUMBERS,
    MESSAGES_A_MONTH,
    PLAN,
    VOICE_MINUTES_A_MONTH,
)
from ringback.vendors.agentphone.rules.common import shown
from ringback.vendors.agentphone.wire.responses import (
    AgentsUseView,
    AgentUseView,
    DaysView,
    DayView,
    LimitsView,
    MonthsView,
    MonthView,
    NumbersUsed,
    NumberUseView,
    PlanView,
    UsageCounts,
    UsageView,
)

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

UNASSIGNED = "Unassigned"
PERIODS: Mapping[str, Mapping[str, int]] = {"week": {"weeks": 1}, "month": {"months": 1}, "year": {"years": 1}}


class Usage:
    """What all accounts have and did."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services

    def now(self, account: str) -> UsageView:
        """GET /v1/usage. The period is the month of the account that goes on."""
        now = self.services.clock.now(account)
        texts, calls, sent = self.backend.texts.records, self.backend.phones.details, self.backend.hooks.sent
        begun = self.services.accounts[account].created_at
        months = 0
        while months_later(begun, months + 1) <= now:
            months += 1
        used = self.backend.lines.records.count("bought", account)
        arrived = self.backend.hooks.counted(sent.oldest("account", account))

        def counted(records: Any, span: int) -> int:
            start, end = records.positions("account", account, _moment, now - span)
            return int(end - start)

        month = texts.range("account", account, *texts.positions("account", account, _moment, now - 30 * DAY))
        segments = sum(
            len(self.services.messages.records[text.id].segment_states)
            for text in month
            if text.direction == "outbound" and text.channel == "sms"
        )
        return UsageView(
            PlanView(
                PLAN,
                LimitsView(MAX_NUMBERS, MESSAGES_A_MONTH, VOICE_MINUTES_A_MONTH, MAX_CALL_MINUTES, CALLS_AT_ONCE),
            ),
            NumbersUsed(used, MAX_NUMBERS, max(0, MAX_NUMBERS - used)),
            UsageCounts(
                texts.count("account", account),
                counted(texts, DAY),
                counted(texts, 7 * DAY),
                counted(texts, 30 * DAY),
                calls.count("account", account),
                counted(calls, DAY),
                counted(calls, 7 * DAY),
                counted(calls, 30 * DAY),
                sent.count("account", account),
                arrived["success"],
                arrived["failed"],
                segments,
            ),
            shown(months_later(begun, months)),
            shown(months_later(begun, months + 1)),
            shown(now),
        )

    def daily(self, account: str, days: int) -> DaysView:
        """One point for each of the last days, today (UTC) the last."""
        today = moment(self.services.clock.now(account)).replace(hour=0, minute=0, second=0)
        rows = []
        for back in range(days - 1, -1, -1):
            day = today - timedelta(days=back)
            rows.append(DayView(day.date().isoformat(), *self._between(account, day, day + timedelta(days=1))))
        return DaysView(rows, days)

    def monthly(self, account: str, months: int) -> MonthsView:
        """One point for each of the last months, this one (UTC) the last."""
        from dateutil.relativedelta import relativedelta

        this = moment(self.services.clock.now(account)).replace(day=1, hour=0, minute=0, second=0)
        rows = []
        for back in range(months - 1, -1, -1):
            month = this - relativedelta(months=back)
            rows.append(MonthView(f"{month:%Y-%m}", *self._between(account, month, month + relativedelta(months=1))))
        return MonthsView(rows, months)

    def _between(self, account: str, since: datetime, until: datetime) -> Iterator[Any]:
        """Messages, calls, events and minutes of calls from an instant until another."""
        span = (micros(since), micros(until))
        texts, calls, sent = self.backend.texts.records, self.backend.phones.details, self.backend.hooks.sent
        start, end = texts.positions("account", account, _moment, *span)
        yield end - start
        first, last = calls.positions("account", account, _moment, *span)
        yield last - first
        start, end = sent.positions("account", account, _moment, *span)
        yield end - start
        yield round(sum(call.seconds for call in calls.range("account", account, first, last)) / 60, 2)

    def by_number(self, account: str) -> list[NumberUseView]:
        """What each number ever did, newest first, released ones included."""
        return [
            NumberUseView(
                number.id,
                number.phone_number,
                number.country,
                number.status,
                number.agent,
                self.backend.agents.name_of(number.agent),
                number.texts,
                number.calls,
            )
            for number in self.backend.lines.records.newest("account", account)
        ]

    def by_agent(self, account: str, period: str, zone: str | None) -> AgentsUseView:
        """What each agent did in a period up to now, and what was done without one. The period begins at midnight in a
        time zone. Raises ApiError 422 for a zone that there is not."""
        from dateutil.relativedelta import relativedelta

        now = self.services.clock.now(account)
        place = _zone(zone)
        begun = (moment(now).astimezone(place) - relativedelta(**dict[str, Any](PERIODS[period]))).replace(
            hour=0, minute=0, second=0
        )
        since = micros(begun.astimezone(UTC))
        rows: dict[str | None, AgentUseView] = {
            agent.id: AgentUseView(agent.id, agent.name, 0, 0, 0, is_orphan=False)
            for agent in self.backend.agents.records.newest("account", account)
            if not agent.deleted
        }
        texts, calls = self.backend.texts.records, self.backend.phones.details
        for text in texts.range("account", account, *texts.positions("account", account, _moment, since)):
            self._row(rows, text.by).messages += 1
        for call in calls.range("account", account, *calls.positions("account", account, _moment, since)):
            row = self._row(rows, call.by)
            row.calls += 1
            row.total_seconds += call.seconds
        return AgentsUseView(list(rows.values()), period, shown(since), shown(now))

    def _row(self, rows: dict[str | None, AgentUseView], agent: str | None) -> AgentUseView:
        row = rows.get(agent)
        if row is None:
            name = self.backend.agents.name_of(agent) or UNASSIGNED
            row = rows[agent] = AgentUseView(agent, name, 0, 0, 0, is_orphan=agent is not None)
        return row


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, LookupError):
        raise errors.asked_wrongly("tz", "is an IANA time zone such as America/New_York") from None


def _moment(record: Any) -> int:
    at: int = record.at
    return at

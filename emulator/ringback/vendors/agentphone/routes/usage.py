"""Usage of an account."""

from __future__ import annotations

from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import AgentUsageQuery, DailyQuery, MonthlyQuery
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.responses import (
    AgentUsageList,
    DailyUsage,
    DataList,
    MonthlyUsage,
    NumberUsageView,
    UsageView,
)


@operation("GET", "/v1/usage", "getUsage")
def get_usage(backend: AgentPhone, request: RequestLogEntry) -> UsageView:
    """Totals, and the plan's limits."""
    return backend.usage.totals(request.account)


@operation("GET", "/v1/usage/daily", "getDailyUsage")
def get_daily_usage(backend: AgentPhone, request: RequestLogEntry, query: DailyQuery) -> DailyUsage:
    """Usage by day."""
    return backend.usage.daily(request.account, query.days)


@operation("GET", "/v1/usage/monthly", "getMonthlyUsage")
def get_monthly_usage(backend: AgentPhone, request: RequestLogEntry, query: MonthlyQuery) -> MonthlyUsage:
    """Usage by month."""
    return backend.usage.monthly(request.account, query.months)


@operation("GET", "/v1/usage/by-number", "getUsageByNumber")
def get_usage_by_number(backend: AgentPhone, request: RequestLogEntry) -> DataList[NumberUsageView]:
    """Usage by number."""
    return DataList(backend.usage.by_number(request.account))


@operation("GET", "/v1/usage/by-agent", "getUsageByAgent")
def get_usage_by_agent(backend: AgentPhone, request: RequestLogEntry, query: AgentUsageQuery) -> AgentUsageList:
    """Usage by agent in a period."""
    return backend.usage.by_agent(request.account, query.period, query.tz)

"""What an account has and did."""

from __future__ import annotations

from typing import Any

from litestar import get

from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import log_entry
from ringback.vendors.agentphone.routes.query_params import Req, choice, query_in, so_many
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.usage import PERIODS
from ringback.vendors.agentphone.wire.responses import Rows


def usage(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    rules = backend.usage

    @get("/v1/usage", operation_id="getUsage")
    async def get_usage(request: Req) -> Response:
        return Response(encode(rules.now(log_entry(request).account)))

    @get("/v1/usage/daily", operation_id="getDailyUsage")
    async def get_daily(request: Req) -> Response:
        exchange = log_entry(request)
        days = so_many(query_in(exchange, "days"), "days", 30, 1, 365)
        return Response(encode(rules.daily(exchange.account, days)))

    @get("/v1/usage/monthly", operation_id="getMonthlyUsage")
    async def get_monthly(request: Req) -> Response:
        exchange = log_entry(request)
        months = so_many(query_in(exchange, "months"), "months", 6, 1, 24)
        return Response(encode(rules.monthly(exchange.account, months)))

    @get("/v1/usage/by-number", operation_id="getUsageByNumber")
    async def get_by_number(request: Req) -> Response:
        return Response(encode(Rows(rules.by_number(log_entry(request).account))))

    @get("/v1/usage/by-agent", operation_id="getUsageByAgent")
    async def get_by_agent(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "period", "tz")
        period = choice(query, "period", tuple(PERIODS)) or "month"
        return Response(encode(rules.by_agent(exchange.account, period, query.get("tz"))))

    return get_usage, get_daily, get_monthly, get_by_number, get_by_agent

"""Steps that several probes take: a number, a call, a look at the list."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, Inconclusive, ProbeContext
from ringback_conformance.shapes import moment

NUMBERS = "/v1/numbers"
CALLS = "/v1/calls"
NUMBER_CENTS = 500
"""Page "Balance & funding": $5 a number and month."""

HOME = "+13465550142"
"""A business line that nobody can have: kept free for fiction."""
CALLER = "+12145550187"
AREAS = ("346", "212", "213", "312")
TURNS = (
    {"speaker": "agent", "text": "Good morning, how can I help you?", "at": 0.5},
    {"speaker": "caller", "text": "A table for four tonight, please.", "at": 4},
    {"speaker": "agent", "text": "Seven o'clock is free. See you then.", "at": 9},
)
TALK_SECONDS = 30
RINGING_AND_AFTER = 10
"""Seconds added to a call's length so that it has surely been answered and ended."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
OPEN: dict[str, Any] = {"number_limit": None, "provisions_per_hour": None, "talk_rate": "0.00"}
"""Settings of an account that may provision and talk as it likes."""


def business_phone(ctx: ProbeContext) -> str:
    """The line to provision for."""
    return ctx.run_context.destination or HOME


def provision(account: Account, **body: Any) -> Exchange:
    """POST /v1/numbers for the business line."""
    return account.post(NUMBERS, {"business_phone": business_phone(account.ctx), **body})


def new_number(account: Account, **body: Any) -> dict[str, Any]:
    """A provisioned number as the creating answer shows it; Inconclusive when provisioning fails."""
    exchange = provision(account, **body)
    return number_in(exchange)


def made(exchange: Exchange) -> bool:
    """Whether a provision succeeded, whatever 2xx says so."""
    return exchange.status is not None and 200 <= exchange.status < 300


def number_in(exchange: Exchange) -> dict[str, Any]:
    """The number that an answer created."""
    body: dict[str, Any] = exchange.json()
    if (
        not made(exchange)
        or not isinstance(body, dict)
        or not all(isinstance(body.get(name), str) for name in ("id", "phone_number"))
    ):
        raise Inconclusive(f"no number could be provisioned: {exchange}")
    return body


def shared_number(ctx: ProbeContext, account: Account) -> Exchange:
    """The answer that provisioned a number in a chosen area: its own in the emulator, one for all probes elsewhere."""
    if not ctx.emulated and "number" in ctx.shared:
        return _kept(ctx, "number")
    area = re.sub(r"\D", "", business_phone(ctx))[1:4]
    exchange: Exchange | None = None
    for wanted in [code for code in AREAS if code != area]:
        exchange = provision(account, area_code=wanted, **_hook(ctx))
        if exchange.code != "no_numbers":
            break
    ctx.shared["number"] = exchange
    return _kept(ctx, "number")


def second_number(ctx: ProbeContext, account: Account) -> Exchange:
    """The answer that provisioned a number without naming an area."""
    if ctx.emulated or "second number" not in ctx.shared:
        ctx.shared["second number"] = provision(account)
    return _kept(ctx, "second number")


def _kept(ctx: ProbeContext, name: str) -> Exchange:
    exchange = ctx.shared[name]
    if not isinstance(exchange, Exchange) or exchange.code in ("provision_velocity", "number_limit", "no_numbers"):
        raise Inconclusive(f"no number could be provisioned: {exchange}")
    return exchange


def _hook(ctx: ProbeContext) -> dict[str, Any]:
    if ctx.emulated or ctx.run_context.receiver is None:
        return {}
    inbox = ctx.run_context.receiver.inbox("kwp-hook")
    ctx.shared["inbox"] = inbox
    return {"webhook_url": inbox.url}


def listed(account: Account) -> list[dict[str, Any]]:
    """The numbers in GET /v1/numbers; Inconclusive when there is no such list."""
    return _data(account.get(NUMBERS))


def calls(account: Account) -> list[dict[str, Any]]:
    """The calls in GET /v1/calls; Inconclusive when there is no such list."""
    return _data(account.get(CALLS))


def _data(exchange: Exchange) -> list[dict[str, Any]]:
    body = exchange.json()
    data = body.get("data") if isinstance(body, dict) else None
    if exchange.status != 200 or not isinstance(data, list) or not all(_has_id(item) for item in data):
        raise Inconclusive(f"there is no list to look at: {exchange}")
    return data


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def status_of(account: Account, id_: str) -> str | None:
    """The listed status of a number, or None when it isn't listed."""
    return next((number.get("status") for number in listed(account) if number.get("id") == id_), None)


def finished_call(account: Account, number: dict[str, Any], **script: Any) -> str:
    """A call that was answered, talked and ended; gives its id."""
    script = {"duration": TALK_SECONDS, "turns": list(TURNS), "outcome": "booking", **script}
    id_ = ring(account, number, **script)
    account.advance(float(script["duration"]) + RINGING_AND_AFTER)
    return id_


def ring(account: Account, number: dict[str, Any], **script: Any) -> str:
    """Somebody calls the number; Inconclusive when nobody answers there."""
    try:
        return account.phone(str(number.get("phone_number")), CALLER, **script)
    except ControlRefused as refusal:
        raise Inconclusive(f"no call reached {number.get('phone_number')}: {refusal}") from None


def takes_calls(account: Account, number: dict[str, Any]) -> bool:
    """Whether a call to the number now is answered and completed."""
    try:
        id_ = account.phone(str(number.get("phone_number")), CALLER, duration=5, outcome="question")
    except ControlRefused:
        return False
    account.advance(5 + RINGING_AND_AFTER)
    return any(call.get("id") == id_ and call.get("status") == "completed" for call in calls(account))


def created_at(number: dict[str, Any]) -> datetime:
    """When a number was provisioned, in UTC."""
    instant = moment(number.get("created_at"))
    if instant is None:
        raise Inconclusive(f"created_at is {number.get('created_at')!r}: it cannot be told when a month is over")
    return instant


def seconds_to_month(number: dict[str, Any], months: int = 1) -> float:
    """Seconds from a number's provisioning to the same day so many months later; month ends clamp."""
    from dateutil.relativedelta import relativedelta

    start = created_at(number)
    return (start + relativedelta(months=months) - start).total_seconds()

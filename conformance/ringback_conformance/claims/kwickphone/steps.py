"""What several probes use: KwickPhone's shapes and errors, and steps such as provisioning a number or making a call."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from ringback_conformance.contract import Shapes
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

SHAPES = Shapes("kwickphone")
UNAUTHORIZED = (401, "unauthorized")
NOT_FOUND = (404, "not_found")
INVALID = (400, "invalid_request")
RATE_LIMITED = (429, "rate_limited")
NUMBERS = "/v1/numbers"
CALLS = "/v1/calls"
NUMBER_CENTS = 500
"""Page "Balance & funding": $5 a number and month."""

HOME = "+13465550142"
"""A business line that belongs to no one: reserved for fiction."""
CALLER = "+12145550187"
AREAS = ("346", "212", "213", "312")
TURNS = (
    {"speaker": "agent", "text": "Good morning, how can I help you?", "at": 0.5},
    {"speaker": "caller", "text": "A table for four tonight, please.", "at": 4},
    {"speaker": "agent", "text": "Seven o'clock is free. See you then.", "at": 9},
)
OUT_OF_STOCK = "907"
"""An area that the shipped inventory has no numbers in."""
TALK_SECONDS = 30
RINGING_AND_AFTER = 10
"""Seconds added to a call's length, so that it has been answered and has ended."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
OPEN: dict[str, Any] = {"number_limit": None, "provisions_per_hour": None, "talk_rate": "0.00"}
"""Settings of an account without limits on provisioning, and with free calls."""


def business_phone(ctx: ProbeContext) -> str:
    """Return the line to provision for."""
    return ctx.run_context.destination or HOME


def provision(account: Account, **body: Any) -> Exchange:
    """Send POST /v1/numbers for the business line."""
    return account.post(NUMBERS, {"business_phone": business_phone(account.ctx), **body})


def new_number(account: Account, **body: Any) -> dict[str, Any]:
    """Provision a number and return it as its creation shows it. Raises Inconclusive when that fails."""
    exchange = provision(account, **body)
    return number_in(exchange)


def number_in(exchange: Exchange) -> dict[str, Any]:
    """Return the number that a response created. Raises Inconclusive where there is none."""
    body: dict[str, Any] = exchange.json()
    fields = [body.get(name) for name in ("id", "phone_number")] if isinstance(body, dict) else [None]
    if not exchange.succeeded or not all(isinstance(field, str) for field in fields):
        raise Inconclusive(f"no number could be provisioned: {exchange}")
    return body


def shared_number(ctx: ProbeContext, account: Account) -> Exchange:
    """Provision a number in a chosen area and return the response; on a real deployment all probes share one."""
    if not ctx.emulated and "number" in ctx.shared:
        return _shared(ctx, "number")
    area = re.sub(r"\D", "", business_phone(ctx))[1:4]
    exchange: Exchange | None = None
    for wanted in [code for code in AREAS if code != area]:
        exchange = provision(account, area_code=wanted, **_hook(ctx))
        if exchange.code != "no_numbers":
            break
    ctx.shared["number"] = exchange
    return _shared(ctx, "number")


def second_number(ctx: ProbeContext, account: Account) -> Exchange:
    """Provision a number without naming an area and return the response; shared as `shared_number` is."""
    if ctx.emulated or "second number" not in ctx.shared:
        ctx.shared["second number"] = provision(account)
    return _shared(ctx, "second number")


def _shared(ctx: ProbeContext, name: str) -> Exchange:
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
    """Return the numbers in GET /v1/numbers. Raises Inconclusive when there is no such list."""
    return _data(account.get(NUMBERS))


def calls(account: Account) -> list[dict[str, Any]]:
    """Return the calls in GET /v1/calls. Raises Inconclusive when there is no such list."""
    return _data(account.get(CALLS))


def _data(exchange: Exchange) -> list[dict[str, Any]]:
    body = exchange.json()
    data = body.get("data") if isinstance(body, dict) else None
    if exchange.status != 200 or not isinstance(data, list) or not all(_has_id(item) for item in data):
        raise Inconclusive(f"there is no list: {exchange}")
    return data


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def status_of(account: Account, id_: str) -> str | None:
    """Return the listed status of a number, or None when it isn't listed."""
    return next((number.get("status") for number in listed(account) if number.get("id") == id_), None)


def finished_call(account: Account, number: dict[str, Any], **script: Any) -> str:
    """Make a call that is answered and ends; return its id."""
    script = {"duration": TALK_SECONDS, "turns": list(TURNS), "outcome": "booking", **script}
    id_ = ring(account, number, **script)
    account.advance(float(script["duration"]) + RINGING_AND_AFTER)
    return id_


def ring(account: Account, number: dict[str, Any], **script: Any) -> str:
    """Call the number; return the call's id. Raises Inconclusive when it takes no calls."""
    try:
        return account.phone(str(number.get("phone_number")), CALLER, **script)
    except ControlRefused as refusal:
        raise Inconclusive(f"no call reached {number.get('phone_number')}: {refusal}") from None


def takes_calls(account: Account, number: dict[str, Any]) -> bool:
    """Return whether a call to the number is now answered and completed."""
    try:
        id_ = account.phone(str(number.get("phone_number")), CALLER, duration=5, outcome="question")
    except ControlRefused:
        return False
    account.advance(5 + RINGING_AND_AFTER)
    return any(call.get("id") == id_ and call.get("status") == "completed" for call in calls(account))


def created_at(number: dict[str, Any]) -> datetime:
    """Return when a number was provisioned, in UTC. Raises Inconclusive where it does not say."""
    instant = moment(number.get("created_at"))
    if instant is None:
        raise Inconclusive(f"created_at is {number.get('created_at')!r}: the end of its month is unknown")
    return instant


def seconds_to_month(number: dict[str, Any], months: int = 1) -> float:
    """Return the seconds from a number's provisioning to the same day so many months later; month ends clamp."""
    from dateutil.relativedelta import relativedelta

    start = created_at(number)
    return (start + relativedelta(months=months) - start).total_seconds()


def active_first(numbers: list[dict[str, Any]]) -> str | None:
    """Return the first active number after one that is not active (page "List numbers"), or None."""
    past_active = False
    for number in numbers:
        if number.get("status") == "active" and past_active:
            return f"{number.get('id')} is active and comes after one that is not"
        past_active = past_active or number.get("status") != "active"
    return None

"""Probes for "Account"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ringback_conformance.catalogue import READ
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.shapes import ACCOUNT as FIELDS
from ringback_conformance.claims.nokycnumber.steps import (
    ACCOUNT,
    DAY,
    NUMBERS,
    USAGE,
    exact,
    finished_call,
    new_number,
    new_sms,
    refused,
    written,
)
from ringback_conformance.model import Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import odd_fields

claim = CATALOGUE.section("Account")

CENT = Decimal("0.01")
BAD_PERIODS = ("last_7d", "last_30", "30d", "", "all")


@claim(
    "NKN-ACC-1",
    "The account has the documented fields; numbers, minutes and segments agree with what was done, and "
    "balance_usd with what was charged.",
    needs=READ,
    sends=(Send("GET", ACCOUNT, 1),),
)
def the_account_tells_what_was_done(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.get(ACCOUNT)
    odd = odd_fields(exchange.json(), FIELDS, "the account")
    ctx.check_(exchange.status == 200 and odd is None, f"the account: {odd or exchange}", exchange)
    if not ctx.emulated:
        ctx.not_covered("whether it agrees with what was done")
        return
    _agrees(ctx, account, 0, 0, 0)
    number, second = new_number(account), new_number(account, period="yearly")
    _agrees(ctx, account, 2, 0, 0)
    finished_call(account, number, 60)
    finished_call(account, second, 180)
    _agrees(ctx, account, 2, 4, 0)
    for text in ("Hello", "x" * 400, "ê" * 71):
        new_sms(account, number, text)
    written(account, number)
    account.advance(60)
    _agrees(ctx, account, 2, 4, 6)
    account.post(f"{NUMBERS}/{number['id']}/renew", {})
    account.delete(f"{NUMBERS}/{second['id']}")
    account.fund("12.34")
    _agrees(ctx, account, 1, 4, 6)


def _agrees(ctx: ProbeContext, account: Account, numbers: int, minutes: int, segments: int) -> None:
    exchange = account.get(ACCOUNT)
    body: dict[str, Any] = exchange.json()
    wanted = {"active_numbers": numbers, "monthly_call_minutes": minutes, "monthly_sms_segments": segments}
    wrong = {name: body.get(name) for name, value in wanted.items() if body.get(name) != value}
    ctx.expect(not wrong, f"the account: expected {wanted}, got {wrong}", exchange)
    told, true = exact(body["balance_usd"]), account.balance()
    ctx.expect(abs(told - true) < CENT, f"balance_usd: expected ${true}, got ${told}", exchange)


@claim(
    "NKN-ACC-2",
    "Usage is given for period last_30d and last_90d; any other is answered 400.",
    needs=READ,
    sends=(Send("GET", USAGE, 3 + len(BAD_PERIODS)),),
)
def usage_by_period(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        new_sms(account, number)
        account.advance(45 * DAY)
    seen = {}
    for query in ("", "?period=last_30d", "?period=last_90d"):
        exchange = account.get(f"{USAGE}{query}")
        body = exchange.json()
        ctx.check_(
            exchange.status == 200 and isinstance(body, dict) and bool(body),
            f"usage{query}: expected 200 with an object, got {exchange}",
            exchange,
        )
        seen[query] = {name: body[name] for name in body if name not in ("period", "from", "to", "since", "until")}
    if ctx.emulated:
        ctx.expect(
            seen["?period=last_30d"] != seen["?period=last_90d"],
            "usage of 30 and of 90 days, with all use 45 days ago: expected them to differ",
        )
    for period in BAD_PERIODS:
        exchange = account.get(f"{USAGE}?period={period}")
        refused(ctx, exchange, (400,), f"usage of period {period!r}", "invalid_request_error")

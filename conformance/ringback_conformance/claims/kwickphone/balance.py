"""Probes for "Balance & funding" and the billing part of "Limits & billing"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ringback_conformance.claims.kwickphone.steps import (
    DAY,
    HOUR,
    NUMBERS,
    OPEN,
    finished_call,
    listed,
    made,
    new_number,
    number_in,
    provision,
    ring,
    seconds_to_month,
    status_of,
    takes_calls,
)
from ringback_conformance.claims.kwickphone.table import CATALOGUE
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext

MONTH = Decimal("5.00")
GRACE_DAYS = 7
"""Page "Limits & billing"."""
SURELY_ONE_MONTH = 32 * DAY
SURELY_TWO_MONTHS = 63 * DAY
"""Past the second and before the third month's day, whatever the month."""
OUT_OF_STOCK = "907"
"""An area that the shipped inventory has no numbers in."""


def balance_is(
    ctx: ProbeContext, account: Account, expected: Decimal, when: str, *exchanges: Exchange, claim: str = ""
) -> bool:
    """Expect a balance."""
    seen = account.balance()
    return ctx.expect(
        seen == expected, f"the balance {when}: expected ${expected}, it is ${seen}", *exchanges, claim=claim
    )


@CATALOGUE.probe("KWP-BAL-1")
def less_than_a_month_on_the_balance(ctx: ProbeContext) -> None:
    for amount in ("0.00", "4.99"):
        account = ctx.account(balance=amount, **OPEN)
        exchange = provision(account)
        ctx.expect(
            exchange.status == 402 and exchange.code == "insufficient_balance",
            f"provisioning with ${amount}: expected 402 insufficient_balance, got {exchange}",
            exchange,
        )
        balance_is(ctx, account, Decimal(amount), "after the 402", exchange)


@CATALOGUE.probe("KWP-BAL-2")
def a_provision_takes_five_dollars(ctx: ProbeContext) -> None:
    for amount, left in (("5.00", "0.00"), ("12.34", "7.34")):
        account = ctx.account(balance=amount, **OPEN)
        exchange = provision(account)
        ctx.check_(made(exchange), f"provisioning with ${amount}: expected a number, got {exchange}", exchange)
        balance_is(ctx, account, Decimal(left), f"after one provision from ${amount}", exchange)


@CATALOGUE.probe("KWP-BAL-3")
def every_month_again(ctx: ProbeContext) -> None:
    account = ctx.account(balance="100.00", **OPEN)
    new_number(account)
    account.advance(HOUR)
    new_number(account)
    start = account.balance()
    account.advance(27 * DAY)
    balance_is(ctx, account, start, "of two numbers before a month is over")
    account.advance(SURELY_ONE_MONTH - 27 * DAY)
    balance_is(ctx, account, start - 2 * MONTH, "of two numbers after one month")
    account.advance(SURELY_TWO_MONTHS - SURELY_ONE_MONTH)
    balance_is(ctx, account, start - 4 * MONTH, "of two numbers after two months")


def overdue(ctx: ProbeContext) -> tuple[Account, dict[str, Any]]:
    """An account whose only number could not be paid a moment ago."""
    account = ctx.account(balance="5.00", **OPEN)
    number = new_number(account)
    ctx.precondition(account.balance() == 0, "the first month was not charged")
    account.advance(seconds_to_month(number) + HOUR)
    return account, number


@CATALOGUE.probe("KWP-BAL-4")
def a_month_that_cannot_be_paid(ctx: ProbeContext) -> None:
    account = ctx.account(balance="7.00", **OPEN)
    number = new_number(account)
    ctx.precondition(account.balance() == Decimal("2.00"), "the first month was not charged")
    ctx.precondition(takes_calls(account, number), "the number takes no calls while it is active")
    account.advance(seconds_to_month(number) - HOUR)
    before = status_of(account, number["id"])
    ctx.expect(before == "active", f"a number an hour before its month ends: expected active, it is {before}")
    account.advance(2 * HOUR)
    status = status_of(account, number["id"])
    ctx.expect(status == "past_due", f"a number whose month could not be charged: expected past_due, it is {status}")
    balance_is(ctx, account, Decimal("2.00"), "after a charge that failed")
    ctx.expect(not takes_calls(account, number), "a call to a past_due number: expected nobody to answer")


@CATALOGUE.probe("KWP-BAL-5")
def paid_within_the_grace(ctx: ProbeContext) -> None:
    for days in (1, 6):
        account, number = overdue(ctx)
        ctx.precondition(status_of(account, number["id"]) == "past_due", "the number did not become past_due")
        account.advance(days * DAY)
        account.fund("12.00")
        account.advance(HOUR)
        status = status_of(account, number["id"])
        ctx.expect(
            status == "active",
            f"a past_due number that was paid after {days} days: expected active, it is {status}",
        )
        balance_is(ctx, account, Decimal("7.00"), "after the overdue month was paid from $12.00")
        ctx.expect(takes_calls(account, number), "a call to the number that was paid: expected it to be answered")


@CATALOGUE.probe("KWP-BAL-6")
def unpaid_after_the_grace(ctx: ProbeContext) -> None:
    account, number = overdue(ctx)
    ctx.precondition(status_of(account, number["id"]) == "past_due", "the number did not become past_due")
    account.advance(GRACE_DAYS * DAY - 3 * HOUR)
    early = status_of(account, number["id"])
    ctx.expect(early == "past_due", f"an unpaid number shortly before 7 days: expected past_due, it is {early}")
    account.advance(6 * HOUR)
    late = status_of(account, number["id"])
    ctx.expect(late == "released", f"an unpaid number after 7 days: expected released, it is {late}")
    account.fund("50.00")
    account.advance(HOUR)
    after = status_of(account, number["id"])
    ctx.expect(after == "released", f"a released number after money came: expected released, it is {after}")


@CATALOGUE.probe("KWP-BAL-7")
def what_failed_is_not_charged(ctx: ProbeContext) -> None:
    poor = ctx.account(balance="4.99", **OPEN)
    _charged_nothing(ctx, poor, provision(poor), 402)
    account = ctx.account(**OPEN)
    _charged_nothing(ctx, account, provision(account, area_code=OUT_OF_STOCK), 409)
    limited = ctx.account(**{**OPEN, "number_limit": 1})
    new_number(limited)
    _charged_nothing(ctx, limited, provision(limited), 429, numbers=1)
    hasty = ctx.account(**{**OPEN, "provisions_per_hour": 1})
    new_number(hasty)
    _charged_nothing(ctx, hasty, provision(hasty), 429, numbers=1)
    unlucky = ctx.account(**OPEN)
    unlucky.fault(operation="createNumber", first=1, effect={"status": 503, "code": "provider_unavailable"})
    _charged_nothing(ctx, unlucky, provision(unlucky, webhook_url=None), 503)


def _charged_nothing(ctx: ProbeContext, account: Account, exchange: Exchange, status: int, numbers: int = 0) -> None:
    ctx.precondition(exchange.status == status, f"the failure did not come up: expected {status}, got {exchange}")
    paid = Decimal(account.opening) - account.balance()
    ctx.expect(
        paid == numbers * MONTH,
        f"what a provision that failed with {status} cost: expected $0.00, it was ${paid - numbers * MONTH}",
        exchange,
    )
    seen = [number for number in listed(account) if number.get("status") == "active"]
    ctx.expect(
        len(seen) == numbers,
        f"numbers after a provision that failed with {status}: expected {numbers}, there are {len(seen)}",
        exchange,
    )


@CATALOGUE.probe("KWP-BAL-8")
def topping_up_by_itself(ctx: ProbeContext) -> None:
    top_up = {"threshold": "10.00", "amount": "20.00"}
    account = ctx.account(balance="12.00", auto_top_up=top_up, **OPEN)
    exchange = provision(account)
    number_in(exchange)
    balance_is(ctx, account, Decimal("27.00"), "after $12.00 fell to $7.00, with $20.00 below $10.00", exchange)
    even = ctx.account(balance="15.00", auto_top_up=top_up, **OPEN)
    exchange = provision(even)
    number_in(exchange)
    balance_is(ctx, even, Decimal("10.00"), "that fell to the threshold and not below it", exchange)
    declined = ctx.account(balance="12.00", auto_top_up=top_up, card="declined", **OPEN)
    exchange = provision(declined)
    number_in(exchange)
    balance_is(ctx, declined, Decimal("7.00"), "below the threshold when the card is declined", exchange)
    for amount, fine in (("5.00", True), ("500.00", True), ("4.99", False), ("500.01", False)):
        try:
            declined.settings(auto_top_up={"threshold": "1.00", "amount": amount})
            taken = True
        except ControlRefused:
            taken = False
        ctx.expect(taken is fine, f"an auto-top-up of ${amount}: expected it to be {'taken' if fine else 'refused'}")


@CATALOGUE.probe("KWP-BAL-9")
def talk_time(ctx: ProbeContext) -> None:
    for rate, cost in (("0.10", "0.20"), ("0.60", "1.20")):
        account = ctx.account(**{**OPEN, "talk_rate": rate})
        number = new_number(account)
        before = account.balance()
        ring(account, number, end="no_answer")
        account.advance(HOUR)
        balance_is(ctx, account, before, "after a call that nobody answered")
        finished_call(account, number, duration=120)
        balance_is(ctx, account, before - Decimal(cost), f"after two minutes at ${rate} a minute")


@CATALOGUE.probe("KWP-BAL-10")
def nothing_after_the_release(ctx: ProbeContext) -> None:
    account = ctx.account(balance="100.00", **OPEN)
    number = new_number(account)
    kept = new_number(account)
    before = account.balance()
    exchange = account.delete(f"{NUMBERS}/{number['id']}")
    ctx.precondition(exchange.status == 200, f"the number could not be released: {exchange}")
    balance_is(ctx, account, before, "after a release", exchange)
    account.delete(f"{NUMBERS}/{kept['id']}")
    account.advance(SURELY_TWO_MONTHS)
    balance_is(ctx, account, before, "two months after the release", exchange)

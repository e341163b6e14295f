"""Balance & funding, and the billing part of Limits & billing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE
from ringback_conformance.claims.kwickphone.steps import (
    DAY,
    HOUR,
    NUMBERS,
    OPEN,
    OUT_OF_STOCK,
    finished_call,
    listed,
    new_number,
    number_in,
    provision,
    ring,
    seconds_to_month,
    status_of,
    takes_calls,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Balance & funding")
limits_claim = CATALOGUE.section("Limits & billing")
provision_claim = CATALOGUE.section("Provision a number")
release_claim = CATALOGUE.section("Release a number")

MONTH = Decimal("5.00")
GRACE_DAYS = 7
"""Page "Limits & billing"."""
AFTER_ONE_MONTH = 32 * DAY
AFTER_TWO_MONTHS = 63 * DAY
"""Past the second and before the third month's day, whatever the month."""


@claim(
    "KWP-BAL-1",
    "With less than $5.00 provisioning is answered 402 `insufficient_balance`, and the balance stays as it was.",
    needs=CTL,
)
def less_than_a_month_on_the_balance(ctx: ProbeContext) -> None:
    for amount in ("0.00", "4.99"):
        account = ctx.account(balance=amount, **OPEN)
        exchange = provision(account)
        ctx.expect_error(exchange, 402, "insufficient_balance", f"provisioning with ${amount}")
        ctx.expect_equal(account.balance(), Decimal(amount), "the balance after the 402", exchange)


@claim(
    "KWP-BAL-2",
    "A balance of exactly $5.00 is enough, and a successful provision takes exactly $5.00.",
    needs=CTL,
)
def a_provision_takes_five_dollars(ctx: ProbeContext) -> None:
    for amount, left in (("5.00", "0.00"), ("12.34", "7.34")):
        account = ctx.account(balance=amount, **OPEN)
        exchange = provision(account)
        ctx.expect_success(exchange, f"provisioning with ${amount}", stop=True)
        ctx.expect_equal(account.balance(), Decimal(left), f"the balance after one provision from ${amount}", exchange)


@limits_claim("KWP-BAL-3", "Each active number is charged $5.00 again every month.", needs=CTL)
def every_month_again(ctx: ProbeContext) -> None:
    account = ctx.account(balance="100.00", **OPEN)
    new_number(account)
    account.advance(HOUR)
    new_number(account)
    start = account.balance()
    account.advance(27 * DAY)
    ctx.expect_equal(account.balance(), start, "the balance of two numbers before a month is over")
    account.advance(AFTER_ONE_MONTH - 27 * DAY)
    ctx.expect_equal(account.balance(), start - 2 * MONTH, "the balance of two numbers after one month")
    account.advance(AFTER_TWO_MONTHS - AFTER_ONE_MONTH)
    ctx.expect_equal(account.balance(), start - 4 * MONTH, "the balance of two numbers after two months")


@limits_claim(
    "KWP-BAL-4",
    "A monthly charge that fails takes nothing, makes the number `past_due`, and it takes no calls.",
    needs=CTL,
)
def a_month_that_cannot_be_paid(ctx: ProbeContext) -> None:
    account = ctx.account(balance="7.00", **OPEN)
    number = new_number(account)
    ctx.precondition(account.balance() == Decimal("2.00"), "the first month was not charged")
    ctx.precondition(takes_calls(account, number), "the number takes no calls while it is active")
    account.advance(seconds_to_month(number) - HOUR)
    ctx.expect_equal(status_of(account, number["id"]), "active", "the status an hour before the month ends")
    account.advance(2 * HOUR)
    ctx.expect_equal(status_of(account, number["id"]), "past_due", "the status after a charge that failed")
    ctx.expect_equal(account.balance(), Decimal("2.00"), "the balance after a charge that failed")
    ctx.expect_equal(takes_calls(account, number), False, "whether a past_due number takes calls")


def overdue(ctx: ProbeContext) -> tuple[Account, dict[str, Any]]:
    """Return an account whose only number became past_due within the last hour."""
    account = ctx.account(balance="5.00", **OPEN)
    number = new_number(account)
    ctx.precondition(account.balance() == 0, "the first month was not charged")
    account.advance(seconds_to_month(number) + HOUR)
    ctx.precondition(status_of(account, number["id"]) == "past_due", "the number did not become past_due")
    return account, number


@limits_claim("KWP-BAL-5", "A `past_due` number that is paid within 7 days becomes `active` again.", needs=CTL)
def paid_within_the_grace(ctx: ProbeContext) -> None:
    for days in (1, 6):
        account, number = overdue(ctx)
        account.advance(days * DAY)
        account.fund("12.00")
        account.advance(HOUR)
        ctx.expect_equal(status_of(account, number["id"]), "active", f"a past_due number paid after {days} days")
        ctx.expect_equal(account.balance(), Decimal("7.00"), "the balance after the overdue month was paid from $12.00")
        ctx.expect_equal(takes_calls(account, number), True, "whether the number that was paid takes calls")


@limits_claim(
    "KWP-BAL-6",
    "A `past_due` number still unpaid after 7 days is `released`, and not sooner.",
    needs=CTL,
)
def unpaid_after_the_grace(ctx: ProbeContext) -> None:
    account, number = overdue(ctx)
    account.advance(GRACE_DAYS * DAY - 3 * HOUR)
    ctx.expect_equal(status_of(account, number["id"]), "past_due", "an unpaid number shortly before 7 days")
    account.advance(6 * HOUR)
    ctx.expect_equal(status_of(account, number["id"]), "released", "an unpaid number after 7 days")
    account.fund("50.00")
    account.advance(HOUR)
    ctx.expect_equal(status_of(account, number["id"]), "released", "a released number after money came")


@provision_claim(
    "KWP-BAL-7",
    "A provision that fails with 402, 409, 429 or 503 charges nothing and leaves no number behind.",
    needs=CTL,
)
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
    ctx.precondition(exchange.status == status, f"the failure did not occur: expected {status}, got {exchange}")
    paid = Decimal(account.opening) - account.balance()
    ctx.expect_equal(paid, numbers * MONTH, f"all charges after a provision that failed with {status}", exchange)
    active = [number for number in listed(account) if number.get("status") == "active"]
    ctx.expect_equal(len(active), numbers, f"the numbers after a provision that failed with {status}", exchange)


@claim(
    "KWP-BAL-8",
    "Auto-top-up: when the balance drops below the threshold the card is charged the set amount ($5 to $500); "
    "a declined card leaves the balance as it was.",
    needs=CTL,
)
def topping_up_by_itself(ctx: ProbeContext) -> None:
    top_up = {"threshold": "10.00", "amount": "20.00"}
    for opening, card, left, what in (
        ("12.00", ..., "27.00", "after $12.00 fell to $7.00, with $20.00 below $10.00"),
        ("15.00", ..., "10.00", "that fell to the threshold and not below it"),
        ("12.00", "declined", "7.00", "below the threshold when the card is declined"),
    ):
        account = ctx.account(balance=opening, auto_top_up=top_up, card=card, **OPEN)
        exchange = provision(account)
        number_in(exchange)
        ctx.expect_equal(account.balance(), Decimal(left), f"the balance {what}", exchange)
    for amount, allowed in (("5.00", True), ("500.00", True), ("4.99", False), ("500.01", False)):
        try:
            account.settings(auto_top_up={"threshold": "1.00", "amount": amount})
            accepted = True
        except ControlRefused:
            accepted = False
        ctx.expect_equal(accepted, allowed, f"whether an auto-top-up of ${amount} is accepted")


@claim("KWP-BAL-9", "Talk time of a completed call is billed at the plan's rate.", needs=CTL)
def talk_time(ctx: ProbeContext) -> None:
    for rate, cost in (("0.10", "0.20"), ("0.60", "1.20")):
        account = ctx.account(**{**OPEN, "talk_rate": rate})
        number = new_number(account)
        before = account.balance()
        ring(account, number, end="no_answer")
        account.advance(HOUR)
        ctx.expect_equal(account.balance(), before, "the balance after an unanswered call")
        finished_call(account, number, duration=120)
        ctx.expect_equal(
            account.balance(), before - Decimal(cost), f"the balance after two minutes at ${rate} a minute"
        )


@release_claim(
    "KWP-BAL-10",
    "Releasing a number refunds nothing and stops later monthly charges.",
    needs=CTL,
)
def nothing_after_the_release(ctx: ProbeContext) -> None:
    account = ctx.account(balance="100.00", **OPEN)
    number = new_number(account)
    kept = new_number(account)
    before = account.balance()
    exchange = account.delete(f"{NUMBERS}/{number['id']}")
    ctx.precondition(exchange.status == 200, f"the number could not be released: {exchange}")
    ctx.expect_equal(account.balance(), before, "the balance after a release", exchange)
    account.delete(f"{NUMBERS}/{kept['id']}")
    account.advance(AFTER_TWO_MONTHS)
    ctx.expect_equal(account.balance(), before, "the balance two months after the release", exchange)

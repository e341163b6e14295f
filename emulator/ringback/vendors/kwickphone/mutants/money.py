"""Mutants of "Balance & funding" and of billing: charges, grace, top-ups, talk time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from ringback.carrier.clock import DAY
from ringback.carrier.ledger import DOLLAR, usd
from ringback.gateway.errors import Refusal
from ringback.gateway.mutants import Answered, swap
from ringback.gateway.services import World
from ringback.vendors.kwickphone.mutants.register import BOOK, PRICE, house
from ringback.vendors.kwickphone.rules import BILL, END_GRACE

SHORT_MONTH = 25 * DAY
SHORT_GRACE = 3 * DAY
ENDLESS = 3_650 * DAY
TALK_A_MINUTE = DOLLAR // 10
OVERDUE = ("KWP-BAL-4", "KWP-BAL-5", "KWP-BAL-6")


def _after_refusal(world: World, status: int, code: str, then: Callable[[str, Any], None]) -> None:
    """Do something when a provision is refused so."""

    def make(provision: Any) -> Any:
        def followed(account: str, body: Any) -> Any:
            try:
                return provision(account, body)
            except Refusal as no:
                if (no.status, no.code) == (status, code):
                    then(account, body)
                raise

        return followed

    swap(house(world), "provision", make)


def _after_provision(world: World, amount: int) -> None:
    """Each provision moves the balance by so much more."""

    def make(provision: Any) -> Any:
        def adjusted(account: str, body: Any) -> Any:
            made = provision(account, body)
            world.ledger.post(account, amount, "number", made.id)
            return made

        return adjusted

    swap(house(world), "provision", make)


@BOOK.answered("money.402-is-400", "KWP-BAL-1", "Too little balance is answered 400 instead of 402.")
def _402_is_400(answer: Answered, _: World) -> None:
    if answer.status == 402:
        answer.refuse(400, "invalid_request")


@BOOK.world("money.402-still-charges", "KWP-BAL-1", "A provision refused with 402 is charged a dollar.", "KWP-BAL-7")
def _402_still_charges(world: World) -> None:
    _after_refusal(world, 402, "insufficient_balance", lambda account, _: _take(world, account, DOLLAR))


def _take(world: World, account: str, amount: int) -> None:
    world.ledger.post(account, -amount, "number")


@BOOK.world("money.credit", "KWP-BAL-1", "Four dollars and a bit are enough to provision.")
def _credit(world: World) -> None:
    def lenient(provision: Any) -> Any:
        def lent(account: str, body: Any) -> Any:
            lacking = PRICE - world.ledger.balance(account)
            if not 0 < lacking <= DOLLAR:
                return provision(account, body)
            world.ledger.post(account, lacking, "credit")
            made = provision(account, body)
            world.ledger.post(account, -lacking, "credit")
            return made

        return lent

    swap(house(world), "provision", lenient)


@BOOK.world("money.exactly-five-is-too-little", "KWP-BAL-2", "A balance of exactly $5.00 is answered 402.")
def _exactly_five_is_too_little(world: World) -> None:
    def make(provision: Any) -> Any:
        def strict(account: str, body: Any) -> Any:
            if world.ledger.balance(account) != PRICE:
                return provision(account, body)
            world.ledger.post(account, -1, "held back")
            try:
                return provision(account, body)
            finally:
                world.ledger.post(account, 1, "held back")

        return strict

    swap(house(world), "provision", make)


@BOOK.world("money.provision-is-free", "KWP-BAL-2", "A provision takes nothing.", "KWP-BAL-7", "KWP-BAL-8")
def _provision_is_free(world: World) -> None:
    _after_provision(world, PRICE)


@BOOK.world("money.provision-takes-six", "KWP-BAL-2", "A provision takes $6.00.", "KWP-BAL-7", "KWP-BAL-8")
def _provision_takes_six(world: World) -> None:
    _after_provision(world, -DOLLAR)


def _unpaid_where(world: World, free: Callable[[Any], bool]) -> None:
    """A month is over without being charged where `free(number)` says so."""

    def make(pay: Any) -> Any:
        def lenient(number: Any) -> bool:
            if not free(number):
                return bool(pay(number))
            number.months += 1
            return True

        return lenient

    swap(house(world), "_pay", make)


@BOOK.world("billing.never-again", "KWP-BAL-3", "Only the first month is ever charged.", "KWP-BAL-4")
def _never_again(world: World) -> None:
    world.clock.on(BILL, lambda _: None)


@BOOK.world("billing.second-month-is-the-last", "KWP-BAL-3", "After the second month nothing is charged any more.")
def _second_month_is_the_last(world: World) -> None:
    _unpaid_where(world, lambda number: number.months >= 2)


@BOOK.world("billing.first-number-only", "KWP-BAL-3", "Of several numbers only the first is charged every month.")
def _first_number_only(world: World) -> None:
    own = house(world)
    _unpaid_where(world, lambda number: number is not own.records.oldest("account", number.account)[0])


@BOOK.world("billing.month-of-25-days", "KWP-BAL-3", "A month is over after 25 days.", *OVERDUE)
def _month_of_25_days(world: World) -> None:
    own = house(world)

    def early(number: Any) -> None:
        due = number.created_at + number.months * SHORT_MONTH
        number.timer = world.clock.at(due, number.account, BILL, number.id, background=True)

    swap(own, "_await_next_month", lambda _: early)


@BOOK.world("billing.into-the-red", "KWP-BAL-4", "A month that cannot be paid is charged all the same.")
def _into_the_red(world: World) -> None:
    own = house(world)

    def make(pay: Any) -> Any:
        def anyway(number: Any) -> bool:
            if not pay(number):
                number.months += 1
                world.ledger.post(number.account, -PRICE, "number", number.id)
            return True

        return anyway

    swap(own, "_pay", make)


@BOOK.world("billing.takes-what-is-there", "KWP-BAL-4", "A month that cannot be paid takes what is left.")
def _takes_what_is_there(world: World) -> None:
    def make(pay: Any) -> Any:
        def partly(number: Any) -> bool:
            left = world.ledger.balance(number.account)
            if 0 < left < PRICE:
                world.ledger.post(number.account, -left, "number", number.id)
            return bool(pay(number))

        return partly

    swap(house(world), "_pay", make)


@BOOK.world("billing.past-due-still-answers", "KWP-BAL-4", "A past_due number still takes calls.")
def _past_due_still_answers(world: World) -> None:
    swap(world.numbers, "suspend", lambda _: lambda number: None)


@BOOK.world("billing.released-at-once", "KWP-BAL-4", "A month that cannot be paid releases the number at once.")
def _released_at_once(world: World) -> None:
    own = house(world)
    bill = own._bill

    def harsh(id_: str) -> None:
        bill(id_)
        number = own.records.get(id_)
        if number is not None and number.status == "past_due":
            own._release(number)

    world.clock.on(BILL, harsh)


@BOOK.world("billing.stays-past-due", "KWP-BAL-5", "Money does not bring a past_due number back.")
def _stays_past_due(world: World) -> None:
    swap(house(world), "_pay_arrears", lambda _: lambda account: None)


@BOOK.world("billing.arrears-are-forgiven", "KWP-BAL-5", "A past_due number comes back without the month being paid.")
def _arrears_are_forgiven(world: World) -> None:
    def make(pay_arrears: Any) -> Any:
        def forgiving(account: str) -> None:
            before = world.ledger.balance(account)
            pay_arrears(account)
            paid = before - world.ledger.balance(account)
            if paid > 0:
                world.ledger.post(account, paid, "forgiven")

        return forgiving

    swap(house(world), "_pay_arrears", make)


@BOOK.world("billing.paid-but-silent", "KWP-BAL-5", "A number that was paid late is active but takes no calls.")
def _paid_but_silent(world: World) -> None:
    swap(world.numbers, "resume", lambda _: lambda number: None)


def _grace(world: World, length: int) -> None:
    own = house(world)
    bill = own._bill

    def other(id_: str) -> None:
        bill(id_)
        number = own.records.get(id_)
        if number is not None and number.status == "past_due":
            world.clock.cancel(number.timer)
            due = world.clock.now(number.account) + length
            number.timer = world.clock.at(due, number.account, END_GRACE, id_, background=True)

    world.clock.on(BILL, other)


@BOOK.world("billing.grace-of-three-days", "KWP-BAL-6", "An unpaid number is released after three days.", "KWP-BAL-5")
def _grace_of_three_days(world: World) -> None:
    _grace(world, SHORT_GRACE)


@BOOK.world("billing.grace-without-end", "KWP-BAL-6", "An unpaid number stays past_due for ever.")
def _grace_without_end(world: World) -> None:
    _grace(world, ENDLESS)


@BOOK.world("billing.back-from-release", "KWP-BAL-6", "Money brings back a number that was released after its grace.")
def _back_from_release(world: World) -> None:
    own = house(world)

    def make(funded: Any) -> Any:
        def reviving(account: str) -> None:
            funded(account)
            for number in own.records.oldest("status", (account, "released")):
                if number.past_due_since is not None:
                    own.records.update(number, status="active")

        return reviving

    swap(own, "funded", make)


@BOOK.world("money.409-still-charges", "KWP-BAL-7", "An area without stock is charged all the same.")
def _409_still_charges(world: World) -> None:
    _after_refusal(world, 409, "no_numbers", lambda account, _: _take(world, account, PRICE))


@BOOK.world("money.limit-still-charges", "KWP-BAL-7", "A provision over the number limit is charged.")
def _limit_still_charges(world: World) -> None:
    _after_refusal(world, 429, "number_limit", lambda account, _: _take(world, account, PRICE))


@BOOK.world("money.velocity-still-charges", "KWP-BAL-7", "A provision over the hourly limit is charged.")
def _velocity_still_charges(world: World) -> None:
    _after_refusal(world, 429, "provision_velocity", lambda account, _: _take(world, account, PRICE))


@BOOK.answered("money.outage-still-charges", "KWP-BAL-7", "A provision that meets provider trouble is charged.")
def _outage_still_charges(answer: Answered, world: World) -> None:
    if answer.status == 503 and answer.asked.method == "POST":
        _take(world, answer.account, PRICE)


@BOOK.world("money.refused-number-stays", "KWP-BAL-7", "A provision refused for want of stock leaves a number behind.")
def _refused_number_stays(world: World) -> None:
    own = house(world)

    def leave(account: str, body: Any) -> None:
        own.provision(account, msgspec.structs.replace(body, area_code="212"))
        world.ledger.post(account, PRICE, "number")

    _after_refusal(world, 409, "no_numbers", leave)


def _topping(world: World, top_up: Callable[[str, int, Any, Any], None]) -> None:
    """Replace what auto-top-up does: called with account, price, settings and the usual way."""
    own = house(world)

    def make(usual: Any) -> Any:
        def other(account: str, price: int = 0) -> None:
            settings = own.settings(account)
            if settings.auto_top_up is not None:
                top_up(account, price, settings, usual)

        return other

    swap(own, "_top_up", make)


@BOOK.world("topup.never", "KWP-BAL-8", "Auto-top-up never charges the card.")
def _topup_never(world: World) -> None:
    _topping(world, lambda _account, _price, _settings, _usual: None)


@BOOK.world("topup.at-the-threshold", "KWP-BAL-8", "The card is charged at the threshold already, not below it.")
def _topup_at_the_threshold(world: World) -> None:
    def eager(account: str, price: int, settings: Any, usual: Any) -> None:
        if world.ledger.balance(account) - price == usd(settings.auto_top_up.threshold):
            world.ledger.post(account, usd(settings.auto_top_up.amount), "auto_top_up")
        else:
            usual(account, price)

    _topping(world, eager)


@BOOK.world("topup.declined-card-pays", "KWP-BAL-8", "A declined card adds money all the same.")
def _topup_declined_card_pays(world: World) -> None:
    def trusting(account: str, price: int, settings: Any, usual: Any) -> None:
        below = world.ledger.balance(account) - price < usd(settings.auto_top_up.threshold)
        usual(account, price)
        if below and settings.card == "declined":
            world.ledger.post(account, usd(settings.auto_top_up.amount), "auto_top_up")

    _topping(world, trusting)


@BOOK.world("topup.always-five", "KWP-BAL-8", "The card is charged $5 whatever amount is set.")
def _topup_always_five(world: World) -> None:
    def fixed(account: str, price: int, settings: Any, usual: Any) -> None:
        before = world.ledger.balance(account)
        usual(account, price)
        if world.ledger.balance(account) > before:
            world.ledger.post(account, PRICE - usd(settings.auto_top_up.amount), "auto_top_up")

    _topping(world, fixed)


@BOOK.world("topup.any-amount", "KWP-BAL-8", "Amounts below $5 and above $500 are taken.")
def _topup_any_amount(world: World) -> None:
    def make(change: Any) -> Any:
        def lenient(*args: Any) -> None:
            with suppress(msgspec.ValidationError):
                change(*args)

        return lenient

    swap(world, "change_settings", make)


@BOOK.world("talk.free", "KWP-BAL-9", "Talk time is never billed.")
def _talk_free(world: World) -> None:
    _talk(world, lambda _call, _usual: None)


@BOOK.world("talk.one-rate-for-all", "KWP-BAL-9", "Talk time is billed at $0.10 a minute whatever the plan says.")
def _talk_one_rate_for_all(world: World) -> None:
    def fixed(call: Any, usual: Any) -> None:
        if usd(house(world).settings(call.account).talk_rate):
            world.ledger.post(call.account, -(TALK_A_MINUTE * call.duration // 60), "talk_time", call.id)
        else:
            usual()

    _talk(world, fixed)


def _talk(world: World, charge: Callable[[Any, Callable[[], None]], None]) -> None:
    """Replace what a completed call costs."""
    own = house(world)

    def make(usual: Any) -> Any:
        def other(account: str, amount: int, cause: str, ref: str) -> None:
            if cause == "talk_time":
                charge(world.calls.records[ref], lambda: usual(account, amount, cause, ref))
            else:
                usual(account, amount, cause, ref)

        return other

    swap(own, "_charge", make)


@BOOK.world("talk.ringing-is-billed", "KWP-BAL-9", "A call that nobody answered is billed a minute.")
def _talk_ringing_is_billed(world: World) -> None:
    own = house(world)

    def make(changed: Any) -> Any:
        def greedy(call: Any) -> None:
            changed(call)
            if call.state == "no_answer" and usd(own.settings(call.account).talk_rate):
                world.ledger.post(call.account, -TALK_A_MINUTE, "talk_time", call.id)

        return greedy

    swap(own, "call_changed", make)


@BOOK.world("release.refunds", "KWP-BAL-10", "A release gives the month back.")
def _release_refunds(world: World) -> None:
    own = house(world)

    def make(release: Any) -> Any:
        def generous(number: Any) -> None:
            release(number)
            if number.past_due_since is None:
                world.ledger.post(number.account, PRICE, "refund", number.id)

        return generous

    swap(own, "_release", make)


@BOOK.world("release.billed-on", "KWP-BAL-10", "A released number is charged every month as before.")
def _release_billed_on(world: World) -> None:
    own = house(world)
    bill = own._bill

    def make(release: Any) -> Any:
        def keeping(number: Any) -> None:
            if number.status == "active":
                number.timer = None
            release(number)

        return keeping

    def on(id_: str) -> None:
        number = own.records.get(id_)
        if number is not None and number.status == "released":
            world.ledger.post(number.account, -PRICE, "number", id_)
        else:
            bill(id_)

    swap(own, "_release", make)
    world.clock.on(BILL, on)

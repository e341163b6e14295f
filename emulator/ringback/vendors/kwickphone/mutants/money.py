"""Mutants of "Balance & funding" and of billing: charges, grace, top-ups, talk time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from ringback.carrier.clock import DAY
from ringback.carrier.ledger import DOLLAR, usd
from ringback.emulator import Emulator
from ringback.gateway.errors import ApiError
from ringback.gateway.mutants import MutableResponse, patch
from ringback.vendors.kwickphone.mutants.register import PRICE, REGISTRY, backend
from ringback.vendors.kwickphone.rules import BILL, END_GRACE

SHORT_MONTH = 25 * DAY
SHORT_GRACE = 3 * DAY
ENDLESS = 3_650 * DAY
TALK_A_MINUTE = DOLLAR // 10
OVERDUE = ("KWP-BAL-4", "KWP-BAL-5", "KWP-BAL-6")


def _after_refusal(emulator: Emulator, status: int, code: str, then: Callable[[str, Any], None]) -> None:
    """Do something when a provision is refused so."""

    def make(provision: Any) -> Any:
        def followed(account: str, body: Any) -> Any:
            try:
                return provision(account, body)
            except ApiError as no:
                if (no.status, no.code) == (status, code):
                    then(account, body)
                raise

        return followed

    patch(backend(emulator), "provision", make)


def _after_provision(emulator: Emulator, amount: int) -> None:
    """Each provision moves the balance by so much more."""

    def make(provision: Any) -> Any:
        def adjusted(account: str, body: Any) -> Any:
            made = provision(account, body)
            emulator.services.ledger.post(account, amount, "number", made.id)
            return made

        return adjusted

    patch(backend(emulator), "provision", make)


@REGISTRY.on_response("money.402-is-400", "KWP-BAL-1", "Too little balance is answered 400 instead of 402.")
def _402_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 402:
        answer.refuse(400, "invalid_request")


@REGISTRY.on_start(
    "money.402-still-charges", "KWP-BAL-1", "A provision refused with 402 is charged a dollar.", "KWP-BAL-7"
)
def _402_still_charges(emulator: Emulator) -> None:
    _after_refusal(emulator, 402, "insufficient_balance", lambda account, _: _take(emulator, account, DOLLAR))


def _take(emulator: Emulator, account: str, amount: int) -> None:
    emulator.services.ledger.post(account, -amount, "number")


@REGISTRY.on_start("money.credit", "KWP-BAL-1", "Four dollars and a bit are enough to provision.")
def _credit(emulator: Emulator) -> None:
    def lenient(provision: Any) -> Any:
        def lent(account: str, body: Any) -> Any:
            lacking = PRICE - emulator.services.ledger.balance(account)
            if not 0 < lacking <= DOLLAR:
                return provision(account, body)
            emulator.services.ledger.post(account, lacking, "credit")
            made = provision(account, body)
            emulator.services.ledger.post(account, -lacking, "credit")
            return made

        return lent

    patch(backend(emulator), "provision", lenient)


@REGISTRY.on_start("money.exactly-five-is-too-little", "KWP-BAL-2", "A balance of exactly $5.00 is answered 402.")
def _exactly_five_is_too_little(emulator: Emulator) -> None:
    def make(provision: Any) -> Any:
        def strict(account: str, body: Any) -> Any:
            if emulator.services.ledger.balance(account) != PRICE:
                return provision(account, body)
            emulator.services.ledger.post(account, -1, "held back")
            try:
                return provision(account, body)
            finally:
                emulator.services.ledger.post(account, 1, "held back")

        return strict

    patch(backend(emulator), "provision", make)


@REGISTRY.on_start("money.provision-is-free", "KWP-BAL-2", "A provision takes nothing.", "KWP-BAL-7", "KWP-BAL-8")
def _provision_is_free(emulator: Emulator) -> None:
    _after_provision(emulator, PRICE)


@REGISTRY.on_start("money.provision-takes-six", "KWP-BAL-2", "A provision takes $6.00.", "KWP-BAL-7", "KWP-BAL-8")
def _provision_takes_six(emulator: Emulator) -> None:
    _after_provision(emulator, -DOLLAR)


def _unpaid_where(emulator: Emulator, free: Callable[[Any], bool]) -> None:
    """A month is over without being charged where `free(number)` says so."""

    def make(pay: Any) -> Any:
        def lenient(number: Any) -> bool:
            if not free(number):
                return bool(pay(number))
            number.months += 1
            return True

        return lenient

    patch(backend(emulator), "_pay", make)


@REGISTRY.on_start("billing.never-again", "KWP-BAL-3", "Only the first month is ever charged.", "KWP-BAL-4")
def _never_again(emulator: Emulator) -> None:
    emulator.services.clock.on(BILL, lambda _: None)


@REGISTRY.on_start(
    "billing.second-month-is-the-last", "KWP-BAL-3", "After the second month nothing is charged any more."
)
def _second_month_is_the_last(emulator: Emulator) -> None:
    _unpaid_where(emulator, lambda number: number.months >= 2)


@REGISTRY.on_start(
    "billing.first-number-only", "KWP-BAL-3", "Of several numbers only the first is charged every month."
)
def _first_number_only(emulator: Emulator) -> None:
    own = backend(emulator)
    _unpaid_where(emulator, lambda number: number is not own.records.oldest("account", number.account)[0])


@REGISTRY.on_start("billing.month-of-25-days", "KWP-BAL-3", "A month is over after 25 days.", *OVERDUE)
def _month_of_25_days(emulator: Emulator) -> None:
    own = backend(emulator)

    def early(number: Any) -> None:
        due = number.created_at + number.months * SHORT_MONTH
        number.timer = emulator.services.clock.at(due, number.account, BILL, number.id, background=True)

    patch(own, "_await_next_month", lambda _: early)


@REGISTRY.on_start("billing.into-the-red", "KWP-BAL-4", "A month that cannot be paid is charged all the same.")
def _into_the_red(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(pay: Any) -> Any:
        def anyway(number: Any) -> bool:
            if not pay(number):
                number.months += 1
                emulator.services.ledger.post(number.account, -PRICE, "number", number.id)
            return True

        return anyway

    patch(own, "_pay", make)


@REGISTRY.on_start("billing.takes-what-is-there", "KWP-BAL-4", "A month that cannot be paid takes what is left.")
def _takes_what_is_there(emulator: Emulator) -> None:
    def make(pay: Any) -> Any:
        def partly(number: Any) -> bool:
            left = emulator.services.ledger.balance(number.account)
            if 0 < left < PRICE:
                emulator.services.ledger.post(number.account, -left, "number", number.id)
            return bool(pay(number))

        return partly

    patch(backend(emulator), "_pay", make)


@REGISTRY.on_start("billing.past-due-still-answers", "KWP-BAL-4", "A past_due number still takes calls.")
def _past_due_still_answers(emulator: Emulator) -> None:
    patch(emulator.services.numbers, "suspend", lambda _: lambda number: None)


@REGISTRY.on_start("billing.released-at-once", "KWP-BAL-4", "A month that cannot be paid releases the number at once.")
def _released_at_once(emulator: Emulator) -> None:
    own = backend(emulator)
    bill = own._bill

    def harsh(id_: str) -> None:
        bill(id_)
        number = own.records.get(id_)
        if number is not None and number.status == "past_due":
            own._release(number)

    emulator.services.clock.on(BILL, harsh)


@REGISTRY.on_start("billing.stays-past-due", "KWP-BAL-5", "Money does not bring a past_due number back.")
def _stays_past_due(emulator: Emulator) -> None:
    patch(backend(emulator), "_pay_arrears", lambda _: lambda account: None)


@REGISTRY.on_start(
    "billing.arrears-are-forgiven", "KWP-BAL-5", "A past_due number comes back without the month being paid."
)
def _arrears_are_forgiven(emulator: Emulator) -> None:
    def make(pay_arrears: Any) -> Any:
        def forgiving(account: str) -> None:
            before = emulator.services.ledger.balance(account)
            pay_arrears(account)
            paid = before - emulator.services.ledger.balance(account)
            if paid > 0:
                emulator.services.ledger.post(account, paid, "forgiven")

        return forgiving

    patch(backend(emulator), "_pay_arrears", make)


@REGISTRY.on_start("billing.paid-but-silent", "KWP-BAL-5", "A number that was paid late is active but takes no calls.")
def _paid_but_silent(emulator: Emulator) -> None:
    patch(emulator.services.numbers, "resume", lambda _: lambda number: None)


def _grace(emulator: Emulator, length: int) -> None:
    own = backend(emulator)
    bill = own._bill

    def other(id_: str) -> None:
        bill(id_)
        number = own.records.get(id_)
        if number is not None and number.status == "past_due":
            emulator.services.clock.cancel(number.timer)
            due = emulator.services.clock.now(number.account) + length
            number.timer = emulator.services.clock.at(due, number.account, END_GRACE, id_, background=True)

    emulator.services.clock.on(BILL, other)


@REGISTRY.on_start(
    "billing.grace-of-three-days", "KWP-BAL-6", "An unpaid number is released after three days.", "KWP-BAL-5"
)
def _grace_of_three_days(emulator: Emulator) -> None:
    _grace(emulator, SHORT_GRACE)


@REGISTRY.on_start("billing.grace-without-end", "KWP-BAL-6", "An unpaid number stays past_due for ever.")
def _grace_without_end(emulator: Emulator) -> None:
    _grace(emulator, ENDLESS)


@REGISTRY.on_start(
    "billing.back-from-release", "KWP-BAL-6", "Money brings back a number that was released after its grace."
)
def _back_from_release(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(funded: Any) -> Any:
        def reviving(account: str) -> None:
            funded(account)
            for number in own.records.oldest("status", (account, "released")):
                if number.past_due_since is not None:
                    own.records.update(number, status="active")

        return reviving

    patch(own, "funded", make)


@REGISTRY.on_start("money.409-still-charges", "KWP-BAL-7", "An area without stock is charged all the same.")
def _409_still_charges(emulator: Emulator) -> None:
    _after_refusal(emulator, 409, "no_numbers", lambda account, _: _take(emulator, account, PRICE))


@REGISTRY.on_start("money.limit-still-charges", "KWP-BAL-7", "A provision over the number limit is charged.")
def _limit_still_charges(emulator: Emulator) -> None:
    _after_refusal(emulator, 429, "number_limit", lambda account, _: _take(emulator, account, PRICE))


@REGISTRY.on_start("money.velocity-still-charges", "KWP-BAL-7", "A provision over the hourly limit is charged.")
def _velocity_still_charges(emulator: Emulator) -> None:
    _after_refusal(emulator, 429, "provision_velocity", lambda account, _: _take(emulator, account, PRICE))


@REGISTRY.on_response("money.outage-still-charges", "KWP-BAL-7", "A provision that meets provider trouble is charged.")
def _outage_still_charges(answer: MutableResponse, emulator: Emulator) -> None:
    if answer.status == 503 and answer.asked.method == "POST":
        _take(emulator, answer.account, PRICE)


@REGISTRY.on_start(
    "money.refused-number-stays", "KWP-BAL-7", "A provision refused for want of stock leaves a number behind."
)
def _refused_number_stays(emulator: Emulator) -> None:
    own = backend(emulator)

    def leave(account: str, body: Any) -> None:
        own.provision(account, msgspec.structs.replace(body, area_code="212"))
        emulator.services.ledger.post(account, PRICE, "number")

    _after_refusal(emulator, 409, "no_numbers", leave)


def _topping(emulator: Emulator, top_up: Callable[[str, int, Any, Any], None]) -> None:
    """Replace what auto-top-up does: called with account, price, settings and the usual way."""
    own = backend(emulator)

    def make(usual: Any) -> Any:
        def other(account: str, price: int = 0) -> None:
            settings = own.settings(account)
            if settings.auto_top_up is not None:
                top_up(account, price, settings, usual)

        return other

    patch(own, "_top_up", make)


@REGISTRY.on_start("topup.never", "KWP-BAL-8", "Auto-top-up never charges the card.")
def _topup_never(emulator: Emulator) -> None:
    _topping(emulator, lambda _account, _price, _settings, _usual: None)


@REGISTRY.on_start("topup.at-the-threshold", "KWP-BAL-8", "The card is charged at the threshold already, not below it.")
def _topup_at_the_threshold(emulator: Emulator) -> None:
    def eager(account: str, price: int, settings: Any, usual: Any) -> None:
        if emulator.services.ledger.balance(account) - price == usd(settings.auto_top_up.threshold):
            emulator.services.ledger.post(account, usd(settings.auto_top_up.amount), "auto_top_up")
        else:
            usual(account, price)

    _topping(emulator, eager)


@REGISTRY.on_start("topup.declined-card-pays", "KWP-BAL-8", "A declined card adds money all the same.")
def _topup_declined_card_pays(emulator: Emulator) -> None:
    def trusting(account: str, price: int, settings: Any, usual: Any) -> None:
        below = emulator.services.ledger.balance(account) - price < usd(settings.auto_top_up.threshold)
        usual(account, price)
        if below and settings.card == "declined":
            emulator.services.ledger.post(account, usd(settings.auto_top_up.amount), "auto_top_up")

    _topping(emulator, trusting)


@REGISTRY.on_start("topup.always-five", "KWP-BAL-8", "The card is charged $5 whatever amount is set.")
def _topup_always_five(emulator: Emulator) -> None:
    def fixed(account: str, price: int, settings: Any, usual: Any) -> None:
        before = emulator.services.ledger.balance(account)
        usual(account, price)
        if emulator.services.ledger.balance(account) > before:
            emulator.services.ledger.post(account, PRICE - usd(settings.auto_top_up.amount), "auto_top_up")

    _topping(emulator, fixed)


@REGISTRY.on_start("topup.any-amount", "KWP-BAL-8", "Amounts below $5 and above $500 are taken.")
def _topup_any_amount(emulator: Emulator) -> None:
    def make(change: Any) -> Any:
        def lenient(*args: Any) -> None:
            with suppress(msgspec.ValidationError):
                change(*args)

        return lenient

    patch(emulator.services, "change_settings", make)


@REGISTRY.on_start("talk.free", "KWP-BAL-9", "LiveCalls time is never billed.")
def _talk_free(emulator: Emulator) -> None:
    _talk(emulator, lambda _call, _usual: None)


@REGISTRY.on_start(
    "talk.one-rate-for-all", "KWP-BAL-9", "LiveCalls time is billed at $0.10 a minute whatever the plan says."
)
def _talk_one_rate_for_all(emulator: Emulator) -> None:
    def fixed(call: Any, usual: Any) -> None:
        if usd(backend(emulator).settings(call.account).talk_rate):
            emulator.services.ledger.post(call.account, -(TALK_A_MINUTE * call.duration // 60), "talk_time", call.id)
        else:
            usual()

    _talk(emulator, fixed)


def _talk(emulator: Emulator, charge: Callable[[Any, Callable[[], None]], None]) -> None:
    """Replace what a completed call costs."""
    own = backend(emulator)

    def make(usual: Any) -> Any:
        def other(account: str, amount: int, cause: str, ref: str) -> None:
            if cause == "talk_time":
                charge(emulator.services.calls.records[ref], lambda: usual(account, amount, cause, ref))
            else:
                usual(account, amount, cause, ref)

        return other

    patch(own, "_charge", make)


@REGISTRY.on_start("talk.ringing-is-billed", "KWP-BAL-9", "A call that nobody answered is billed a minute.")
def _talk_ringing_is_billed(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(changed: Any) -> Any:
        def greedy(call: Any) -> None:
            changed(call)
            if call.state == "no_answer" and usd(own.settings(call.account).talk_rate):
                emulator.services.ledger.post(call.account, -TALK_A_MINUTE, "talk_time", call.id)

        return greedy

    patch(own, "on_call_changed", make)


@REGISTRY.on_start("release.refunds", "KWP-BAL-10", "A release gives the month back.")
def _release_refunds(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(release: Any) -> Any:
        def generous(number: Any) -> None:
            release(number)
            if number.past_due_since is None:
                emulator.services.ledger.post(number.account, PRICE, "refund", number.id)

        return generous

    patch(own, "_release", make)


@REGISTRY.on_start("release.billed-on", "KWP-BAL-10", "A released number is charged every month as before.")
def _release_billed_on(emulator: Emulator) -> None:
    own = backend(emulator)
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
            emulator.services.ledger.post(number.account, -PRICE, "number", id_)
        else:
            bill(id_)

    patch(own, "_release", make)
    emulator.services.clock.on(BILL, on)

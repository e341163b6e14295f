"""Mutants of "Balance & funding" and of billing: charges, grace, top-ups, talk time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from ringback.carrier.call import Call
from ringback.carrier.clock import DAY
from ringback.carrier.ledger import DOLLAR, usd
from ringback.carrier.number_pool import NumberPool
from ringback.gateway.accounts import Account
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.mutants.kwickphone.registry import mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import MutableResponse, error, status
from ringback.vendors.kwickphone.records import Number
from ringback.vendors.kwickphone.rules import BILL, END_GRACE, MONTHLY_PRICE, KwickPhone
from ringback.vendors.kwickphone.wire import CreatedNumberView, ProvisionBody

SHORT_MONTH, SHORT_GRACE, ENDLESS = 25 * DAY, 3 * DAY, 3_650 * DAY
TALK_A_MINUTE = DOLLAR // 10
OVERDUE = ("KWP-BAL-4", "KWP-BAL-5", "KWP-BAL-6")


def _post(own: KwickPhone, account: str, amount: int, cause: str = "number", ref: str = "") -> None:
    own.services.ledger.post(account, amount, cause, ref)


# -- provisions that fail ------

mutant("money.402-is-400", "KWP-BAL-1", "Too little balance is answered 400 instead of 402.").response(
    error(400, "invalid_request"), when=status(402)
)


def _after_error(
    name: str, claim: str, description: str, *also_breaks: str, code: str, then: Callable[[KwickPhone, str], None]
) -> None:
    """Register a mutant that does something when a provision fails with a code."""

    @mutant(name, claim, description, *also_breaks).patch(KwickPhone.provision)
    def _provision(provision: Original, own: KwickPhone, account: str, body: ProvisionBody) -> CreatedNumberView:
        try:
            made: CreatedNumberView = provision(account, body)
        except ApiError as no:
            if no.code == code:
                then(own, account)
            raise
        return made


_after_error(
    "money.402-still-charges",
    "KWP-BAL-1",
    "A provision rejected with 402 is charged a dollar.",
    "KWP-BAL-7",
    code="insufficient_balance",
    then=lambda own, account: _post(own, account, -DOLLAR),
)
_after_error(
    "money.409-still-charges",
    "KWP-BAL-7",
    "An area without stock is charged all the same.",
    code="no_numbers",
    then=lambda own, account: _post(own, account, -MONTHLY_PRICE),
)
_after_error(
    "money.limit-still-charges",
    "KWP-BAL-7",
    "A provision over the number limit is charged.",
    code="number_limit",
    then=lambda own, account: _post(own, account, -MONTHLY_PRICE),
)
_after_error(
    "money.velocity-still-charges",
    "KWP-BAL-7",
    "A provision over the hourly limit is charged.",
    code="provision_velocity",
    then=lambda own, account: _post(own, account, -MONTHLY_PRICE),
)


@mutant(
    "money.refused-number-stays", "KWP-BAL-7", "A provision rejected for lack of stock leaves a number behind."
).patch(KwickPhone.provision)
def _refused_number_stays(provision: Original, own: KwickPhone, account: str, body: ProvisionBody) -> CreatedNumberView:
    try:
        made: CreatedNumberView = provision(account, body)
    except ApiError as no:
        if no.code == "no_numbers":
            provision(account, msgspec.structs.replace(body, area_code="212"))
            _post(own, account, MONTHLY_PRICE)
        raise
    return made


def _charge_outage(response: MutableResponse[KwickPhone]) -> None:
    _post(response.backend, response.account, -MONTHLY_PRICE)


mutant("money.outage-still-charges", "KWP-BAL-7", "A provision that meets provider trouble is charged.").response(
    _charge_outage, on="createNumber", when=status(503)
)

# -- provisions ------


def _adjusted(made: CreatedNumberView, own: KwickPhone, account: str, amount: int) -> CreatedNumberView:
    """Move the balance by an amount after a provision."""
    _post(own, account, amount, ref=made.id)
    return made


@mutant("money.credit", "KWP-BAL-1", "Four dollars and a bit are enough to provision.").patch(KwickPhone.provision)
def _credit(provision: Original, own: KwickPhone, account: str, body: ProvisionBody) -> CreatedNumberView:
    lacking = MONTHLY_PRICE - own.services.ledger.balance(account)
    lent = lacking if 0 < lacking <= DOLLAR else 0
    if lent:
        _post(own, account, lent, "credit")
    made: CreatedNumberView = provision(account, body)
    if lent:
        _post(own, account, -lent, "credit")
    return made


@mutant("money.exactly-five-is-too-little", "KWP-BAL-2", "A balance of exactly $5.00 is answered 402.").patch(
    KwickPhone.provision
)
def _exactly_five_is_too_little(
    provision: Original, own: KwickPhone, account: str, body: ProvisionBody
) -> CreatedNumberView:
    held_back = int(own.services.ledger.balance(account) == MONTHLY_PRICE)
    if held_back:
        _post(own, account, -held_back, "held back")
    try:
        made: CreatedNumberView = provision(account, body)
    finally:
        if held_back:
            _post(own, account, held_back, "held back")
    return made


mutant("money.provision-is-free", "KWP-BAL-2", "A provision takes nothing.", "KWP-BAL-7", "KWP-BAL-8").result(
    KwickPhone.provision, lambda made, own, account, body: _adjusted(made, own, account, MONTHLY_PRICE)
)
mutant("money.provision-takes-six", "KWP-BAL-2", "A provision takes $6.00.", "KWP-BAL-7", "KWP-BAL-8").result(
    KwickPhone.provision, lambda made, own, account, body: _adjusted(made, own, account, -DOLLAR)
)


# -- months ------


def _unpaid(number: Number) -> bool:
    """Let a month pass without charging it."""
    number.months += 1
    return True


def _oldest(own: KwickPhone, account: str) -> Number:
    return own.records.oldest("account", account)[0]


mutant("billing.never-again", "KWP-BAL-3", "Only the first month is ever charged.", "KWP-BAL-4").returns(
    KwickPhone.bill, None
)
mutant("billing.second-month-is-the-last", "KWP-BAL-3", "After the second month nothing is charged any more.").instead(
    KwickPhone.pay_month, lambda pay_month, own, number: pay_month(number) if number.months < 2 else _unpaid(number)
)
mutant("billing.first-number-only", "KWP-BAL-3", "Of several numbers only the first is charged every month.").instead(
    KwickPhone.pay_month,
    lambda pay_month, own, number: pay_month(number) if number is _oldest(own, number.account) else _unpaid(number),
)


@mutant("billing.month-of-25-days", "KWP-BAL-3", "A month is over after 25 days.", *OVERDUE).patch(
    KwickPhone.await_next_month
)
def _month_of_25_days(_await: Original, own: KwickPhone, number: Number) -> None:
    due = number.created_at + number.months * SHORT_MONTH
    number.timer = own.services.clock.at(due, number.account, BILL, number.id, background=True)


@mutant("billing.into-the-red", "KWP-BAL-4", "A month that cannot be paid is charged all the same.").patch(
    KwickPhone.pay_month
)
def _into_the_red(pay_month: Original, own: KwickPhone, number: Number) -> bool:
    if not pay_month(number):
        number.months += 1
        _post(own, number.account, -MONTHLY_PRICE, ref=number.id)
    return True


@mutant("billing.takes-what-is-there", "KWP-BAL-4", "A month that cannot be paid takes what is left.").patch(
    KwickPhone.pay_month
)
def _takes_what_is_there(pay_month: Original, own: KwickPhone, number: Number) -> bool:
    left = own.services.ledger.balance(number.account)
    if 0 < left < MONTHLY_PRICE:
        _post(own, number.account, -left, ref=number.id)
    return bool(pay_month(number))


mutant("billing.past-due-still-answers", "KWP-BAL-4", "A past_due number still takes calls.").returns(
    NumberPool.suspend, None
)


@mutant("billing.released-at-once", "KWP-BAL-4", "A month that cannot be paid releases the number at once.").patch(
    KwickPhone.bill
)
def _released_at_once(bill: Original, own: KwickPhone, id_: str) -> None:
    bill(id_)
    number = own.records.get(id_)
    if number is not None and number.status == "past_due":
        own.release_number(number)


# -- arrears and grace ------

mutant("billing.stays-past-due", "KWP-BAL-5", "Money does not bring a past_due number back.").returns(
    KwickPhone.pay_arrears, None
)


@mutant(
    "billing.arrears-are-forgiven", "KWP-BAL-5", "A past_due number comes back without the month being paid."
).patch(KwickPhone.pay_arrears)
def _arrears_are_forgiven(pay_arrears: Original, own: KwickPhone, account: str) -> None:
    before = own.services.ledger.balance(account)
    pay_arrears(account)
    paid = before - own.services.ledger.balance(account)
    if paid > 0:
        _post(own, account, paid, "forgiven")


mutant("billing.paid-but-silent", "KWP-BAL-5", "A number that was paid late is active but takes no calls.").returns(
    NumberPool.resume, None
)


def _grace(bill: Original, own: KwickPhone, id_: str, length: int) -> None:
    """Bill, with another length of grace (microseconds)."""
    bill(id_)
    number = own.records.get(id_)
    if number is not None and number.status == "past_due":
        clock = own.services.clock
        clock.cancel(number.timer)
        number.timer = clock.at(clock.now(number.account) + length, number.account, END_GRACE, id_, background=True)


mutant(
    "billing.grace-of-three-days", "KWP-BAL-6", "An unpaid number is released after three days.", "KWP-BAL-5"
).instead(KwickPhone.bill, lambda bill, own, id_: _grace(bill, own, id_, SHORT_GRACE))
mutant("billing.grace-without-end", "KWP-BAL-6", "An unpaid number stays past_due for ever.").instead(
    KwickPhone.bill, lambda bill, own, id_: _grace(bill, own, id_, ENDLESS)
)


@mutant(
    "billing.back-from-release", "KWP-BAL-6", "Money brings back a number that was released after its grace."
).patch(KwickPhone.on_account_funded)
def _back_from_release(funded: Original, own: KwickPhone, account: Account) -> None:
    funded(account)
    for number in own.records.oldest("status", (account.id, "released")):
        if number.past_due_since is not None:
            own.records.update(number, status="active")


# -- auto-top-up ------

mutant("topup.never", "KWP-BAL-8", "Auto-top-up never charges the card.").returns(KwickPhone.top_up, None)


@mutant("topup.at-the-threshold", "KWP-BAL-8", "The card is charged at the threshold already, not below it.").patch(
    KwickPhone.top_up
)
def _topup_at_the_threshold(top_up: Original, own: KwickPhone, account: str, price: int = 0) -> None:
    auto = own.settings(account).auto_top_up
    if auto is not None and own.services.ledger.balance(account) - price == usd(auto.threshold):
        _post(own, account, usd(auto.amount), "auto_top_up")
    else:
        top_up(account, price)


@mutant("topup.declined-card-pays", "KWP-BAL-8", "A declined card adds money all the same.").patch(KwickPhone.top_up)
def _topup_declined_card_pays(top_up: Original, own: KwickPhone, account: str, price: int = 0) -> None:
    settings = own.settings(account)
    auto, left = settings.auto_top_up, own.services.ledger.balance(account) - price
    top_up(account, price)
    if auto is not None and left < usd(auto.threshold) and settings.card == "declined":
        _post(own, account, usd(auto.amount), "auto_top_up")


@mutant("topup.always-five", "KWP-BAL-8", "The card is charged $5 whatever amount is set.").patch(KwickPhone.top_up)
def _topup_always_five(top_up: Original, own: KwickPhone, account: str, price: int = 0) -> None:
    auto, before = own.settings(account).auto_top_up, own.services.ledger.balance(account)
    top_up(account, price)
    if auto is not None and own.services.ledger.balance(account) > before:
        _post(own, account, MONTHLY_PRICE - usd(auto.amount), "auto_top_up")


@mutant("topup.any-amount", "KWP-BAL-8", "Amounts below $5 and above $500 are accepted.").patch(
    Services.change_settings
)
def _topup_any_amount(change: Original, _: KwickPhone, account: Account, changes: Mapping[str, Any]) -> None:
    with suppress(msgspec.ValidationError):
        change(account, changes)


# -- talk time ------

mutant("talk.free", "KWP-BAL-9", "Talk time is never billed.").instead(
    KwickPhone.charge,
    lambda charge, own, account, amount, cause, ref: charge(account, amount if cause != "talk_time" else 0, cause, ref),
)


@mutant("talk.one-rate-for-all", "KWP-BAL-9", "Talk time is billed at $0.10 a minute whatever the plan says.").patch(
    KwickPhone.charge
)
def _talk_one_rate_for_all(charge: Original, own: KwickPhone, account: str, amount: int, cause: str, ref: str) -> None:
    if cause == "talk_time" and usd(own.settings(account).talk_rate):
        _post(own, account, -(TALK_A_MINUTE * own.services.calls.records[ref].duration // 60), cause, ref)
    else:
        charge(account, amount, cause, ref)


@mutant("talk.ringing-is-billed", "KWP-BAL-9", "A call that was not answered is billed a minute.").patch(
    KwickPhone.on_call_changed
)
def _talk_ringing_is_billed(changed: Original, own: KwickPhone, call: Call) -> None:
    changed(call)
    if call.state == "no_answer" and usd(own.settings(call.account).talk_rate):
        _post(own, call.account, -TALK_A_MINUTE, "talk_time", call.id)


# -- release ------


@mutant("release.refunds", "KWP-BAL-10", "A release refunds the month.").patch(KwickPhone.release_number)
def _release_refunds(release: Original, own: KwickPhone, number: Number) -> None:
    release(number)
    if number.past_due_since is None:
        _post(own, number.account, MONTHLY_PRICE, "refund", number.id)


@mutant("release.billed-on", "KWP-BAL-10", "A released number is charged every month as before.").on_start
def _release_billed_on(own: KwickPhone) -> None:
    def release(usual: Original, _: KwickPhone, number: Number) -> None:
        if number.status == "active":
            number.timer = None
        usual(number)

    def bill(usual: Original, _: KwickPhone, id_: str) -> None:
        number = own.records.get(id_)
        if number is not None and number.status == "released":
            _post(own, number.account, -MONTHLY_PRICE, ref=id_)
        else:
            usual(id_)

    patch(own, KwickPhone.release_number, release)
    patch(own, KwickPhone.bill, bill)

"""Mutants of "Numbers", "AI configuration" and "Account"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import DAY
from ringback.mutants.nokycnumber.registry import UNKNOWN_ID, charge_otherwise, crashed, field, mutant, rejected
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableResponse, drop_query, respond, set_query, status, status_to
from ringback.mutants.transforms import apply, drop, set_default, set_to
from ringback.mutants.webhooks import withhold
from ringback.vendors.nokycnumber.prices import MONTHS
from ringback.vendors.nokycnumber.records import BLOCKS, Number
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.numbers import Numbers
from ringback.vendors.nokycnumber.wire import NumberBody, NumberView

AI = ("getAiConfig", "updateAiConfig")

# -- offers ------

for _name in ("country", "type", "status"):
    mutant(f"numbers.{_name}-is-ignored", "NKN-NUM-1", f"The list of numbers is not filtered by {_name}.").request(
        drop_query(_name), on="listNumbers"
    )

mutant(
    "offers.without-prices", "NKN-NUM-2", "Offers have no prices.", "NKN-NUM-3", "NKN-NUM-11", "NKN-HOOK-7"
).response(set_to("data[].prices", {"monthly": None}), on="listAvailableNumbers")
mutant("offers.of-another-type", "NKN-NUM-2", "Mobile numbers are offered as landlines.", "NKN-NUM-3").response(
    set_to("data[].type", "landline"), on="listAvailableNumbers"
)
mutant("offers.tier-is-ignored", "NKN-NUM-2", "Offers are not filtered by tier.").request(
    drop_query("tier"), on="listAvailableNumbers"
)


@mutant("offers.for-anyone", "NKN-NUM-11", "Any account that knows an offer's id may activate it.", "NKN-AUTH-7").patch(
    Numbers.activate
)
def _for_anyone(activate: Original, own: NoKYCNumber, account: str, body: NumberBody, request_id: str) -> NumberView:
    offer = own.data.offers.get(body.available_id)
    if offer is not None and offer.account != account and offer.state == "open":
        own.data.offers.update(offer, account=account)
    view: NumberView = activate(account, body, request_id)
    return view


@mutant(
    "offers.twice", "NKN-NUM-11", "Activating an offer a second time is charged though it fails.", "NKN-NUM-4"
).patch(Numbers.activate)
def _twice(activate: Original, own: NoKYCNumber, account: str, body: NumberBody, request_id: str) -> NumberView:
    offer = own.data.offers.get(body.available_id)
    if offer is not None and offer.account == account and offer.state == "closed":
        own.money.charge(account, 1_000_000, "number", "")
    view: NumberView = activate(account, body, request_id)
    return view


# -- activation ------

mutant("numbers.charged-twice", "NKN-NUM-3", "An activation is charged twice.", "NKN-NUM-11").instead(
    Money.charge, charge_otherwise("number", lambda amount: 2 * amount)
)
mutant("numbers.activation-is-200", "NKN-NUM-3", "An activation is answered 200.").response(
    status_to(200), on="createNumber"
)
mutant(
    "numbers.always-monthly",
    "NKN-NUM-3",
    "Every number is activated for a month.",
    "NKN-NUM-4",
    "NKN-NUM-7",
    "NKN-NUM-8",
).request(apply("billing_period", lambda period: "monthly" if period in list(MONTHS) else period), on="createNumber")
mutant("numbers.odd-period-is-a-month", "NKN-NUM-4", "An unknown billing_period is accepted as a month.").request(
    apply("billing_period", lambda period: period if period in list(MONTHS) else "monthly"), on="createNumber"
)
mutant("numbers.odd-addons-are-dropped", "NKN-NUM-4", "Unknown add-ons are ignored at activation.").request(
    apply(
        "addons",
        lambda addons: [addon for addon in addons if addon in list(BLOCKS)] if isinstance(addons, list) else addons,
    ),
    on="createNumber",
)
mutant("numbers.odd-address-is-dropped", "NKN-NUM-4", "A webhook_url that is not https is ignored.").request(
    drop("webhook_url"),
    on="createNumber",
    when=lambda request: not str(field(request, "webhook_url")).startswith("https://"),
)
mutant(
    "numbers.unknown-offer-is-500",
    "NKN-NUM-4",
    "An unknown available_id is answered 500.",
    "NKN-ERR-9",
    "NKN-AUTH-7",
    "NKN-NUM-11",
).response(crashed(), on="createNumber", when=status(404))

# -- the number ------

mutant("numbers.list-without-tier_pattern", "NKN-NUM-5", "Listed numbers lack tier_pattern.", "NKN-NUM-12").response(
    drop("data[].tier_pattern"), on="listNumbers"
)
mutant(
    "numbers.country-in-capitals",
    "NKN-NUM-5",
    "A number by its id has its country in capitals.",
    "NKN-NUM-12",
    "NKN-NUM-6",
).response(apply("country", str.upper), on="getNumber")
mutant("numbers.patch-clears-metadata", "NKN-NUM-6", "A PATCH without metadata clears it.").request(
    set_default("metadata", None), on="updateNumber"
)
mutant("numbers.auto_renew-stays", "NKN-NUM-6", "A PATCH does not change auto_renew.", "NKN-NUM-8").request(
    drop("auto_renew"), on="updateNumber", when=lambda request: isinstance(field(request, "auto_renew"), bool)
)
mutant("numbers.odd-status-is-active", "NKN-NUM-6", "An unknown status is accepted as active.", "NKN-NUM-9").request(
    apply("status", lambda status: "active" if status in ("asleep", "released") else status), on="updateNumber"
)
mutant("numbers.unknown-is-400", "NKN-NUM-12", "An id that no number could have is answered 400.").response(
    rejected(400),
    on="getNumber",
    when=lambda response: response.status == 404 and response.request.variables["id"] == UNKNOWN_ID,
)
mutant(
    "numbers.one-shows-another-renewal",
    "NKN-NUM-12",
    "A number by its id has the opposite auto_renew.",
    "NKN-NUM-6",
    "NKN-NUM-9",
).response(apply("auto_renew", lambda auto_renew: not auto_renew), on="getNumber")

# -- periods and release ------

mutant("numbers.renewal-is-free", "NKN-NUM-7", "A renewal costs nothing.", "NKN-NUM-8", "NKN-HOOK-7").instead(
    Money.charge, charge_otherwise("renewal", lambda _: 0)
)


@mutant(
    "numbers.renewal-of-29-days", "NKN-NUM-7", "A renewal moves renews_at a day short of a period.", "NKN-NUM-8"
).patch(Numbers.extend)
def _renewal_of_29_days(extend: Original, _: NoKYCNumber, number: Number, price: int, request_id: str | None) -> None:
    extend(number, price, request_id)
    number.renews_at -= DAY


mutant("numbers.never-renewed", "NKN-NUM-8", "A number always ends with its period.").instead(
    Numbers.end_period, lambda end_period, own, id_: own.phone_numbers.end(own.data.numbers[id_])
)


@mutant(
    "numbers.renewed-without-asking", "NKN-NUM-8", "A number is renewed at its period's end though auto_renew is off."
).patch(Numbers.end_period)
def _renewed_without_asking(end_period: Original, own: NoKYCNumber, id_: str) -> None:
    number = own.data.numbers[id_]
    before, number.auto_renew = number.auto_renew, True
    end_period(id_)
    number.auto_renew = before


mutant(
    "numbers.renewed-on-credit", "NKN-NUM-8", "A number is renewed at its period's end without the money.", "NKN-ERR-4"
).instead(Money.covers, lambda covers, own, account, price: covers(account, price - 100_000))
mutant("numbers.release-is-200", "NKN-NUM-9", "A release is answered 200 with the number.", "NKN-AUTH-4").response(
    respond(200, {"released": True}), on="releaseNumber"
)
mutant(
    "numbers.released-can-be-had-back",
    "NKN-NUM-9",
    "A released number can be changed, and so be recovered.",
    "NKN-NUM-7",
    "NKN-ERR-6",
).returns(Numbers.check_not_released, None)


@mutant(
    "numbers.released-at-once", "NKN-NUM-9", "number.released fires when a number is released, not at its period's end."
).patch(Numbers.release)
def _released_at_once(release: Original, own: NoKYCNumber, number: Number) -> None:
    release(number)
    own.phone_numbers.end(number)


# -- off windows ------

mutant("hours.in-utc", "NKN-NUM-10", "Off windows are taken to be in UTC.", "NKN-NUM-6").request(
    apply("on_off.timezone", lambda zone: "UTC" if zone == "Asia/Tokyo" else zone), on="updateNumber"
)


@mutant(
    "hours.without-waking", "NKN-NUM-10", "A number that an off window has paused stays paused.", "NKN-HOOK-3"
).patch(Numbers.apply_hours_of)
def _without_waking(apply_hours_of: Original, own: NoKYCNumber, id_: str) -> None:
    if not own.data.numbers[id_].in_off_window:
        apply_hours_of(id_)


mutant("hours.in-silence", "NKN-NUM-10", "An off window pauses a number without number.paused.", "NKN-HOOK-3").webhook(
    withhold, on="number.paused"
)

# -- AI ------

mutant("ai.without-translator", "NKN-AI-1", "An AI configuration has no translator.", "NKN-AI-2", "NKN-AI-4").response(
    drop("translator"), on=AI
)
mutant("ai.of-no-number", "NKN-AI-1", "An AI configuration names another number.").response(
    set_to("number_id", "num_000000000000"), on=AI
)
mutant("ai.any-voice", "NKN-AI-2", "An unknown voice is ignored.").request(
    drop("auto_pickup[voice=husky_en].voice"), on="updateAiConfig"
)
mutant("ai.patch-resets-rings", "NKN-AI-2", "A PATCH of auto_pickup without after_rings sets it to 4.").request(
    set_default("auto_pickup.after_rings", 4), on="updateAiConfig"
)
mutant("ai.no-event", "NKN-AI-3", "The agent answers a call without ai.pickup.", "NKN-HOOK-3").webhook(
    withhold, on="ai.pickup"
)
mutant(
    "ai.always-four-rings", "NKN-AI-3", "The agent answers after four rings whatever after_rings says.", "NKN-AI-2"
).request(apply("auto_pickup.after_rings", lambda rings: 4 if rings in (2, 6) else rings), on="updateAiConfig")
mutant("ai.always-enabled", "NKN-AI-4", "ai_enabled is always true.", "NKN-NUM-6").response(
    set_to("**[object=number].ai_enabled", True)
)
mutant("ai.without-addons", "NKN-AI-4", "An AI configuration shows no add-ons.").response(set_to("addons", []), on=AI)

# -- the account ------


def _count_released(response: MutableResponse[NoKYCNumber]) -> None:
    count = response.backend.data.numbers.count("account", response.account)
    response.document = {**response.document, "active_numbers": count}


def _count_messages(response: MutableResponse[NoKYCNumber]) -> None:
    messages: Any = response.backend.data.messages.newest("account", response.account)
    count = sum(message.direction == "outbound" for message in messages)
    response.document = {**response.document, "monthly_sms_segments": count}


mutant("account.counts-released", "NKN-ACC-1", "active_numbers counts released numbers too.").response(
    _count_released, on="getAccount"
)
mutant("account.minutes-are-seconds", "NKN-ACC-1", "monthly_call_minutes counts seconds.").response(
    apply("monthly_call_minutes", lambda minutes: minutes * 60), on="getAccount"
)
mutant("account.segments-are-messages", "NKN-ACC-1", "monthly_sms_segments counts messages.").response(
    _count_messages, on="getAccount"
)
mutant("account.balance-in-whole-dollars", "NKN-ACC-1", "balance_usd is in whole dollars.").response(
    apply("balance_usd", int), on="getAccount"
)
mutant("usage.odd-period-is-passed-over", "NKN-ACC-2", "An unknown period of usage is ignored.").request(
    drop_query("period"),
    on="getUsage",
    when=lambda request: request.query.get("period") not in ("last_30d", "last_90d"),
)
mutant("usage.always-30-days", "NKN-ACC-2", "Usage is always of the last 30 days.").request(
    set_query(period="last_30d"), on="getUsage", when=lambda request: request.query.get("period") == "last_90d"
)

"""Mutants of "Numbers", "AI configuration" and "Account"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import DAY
from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.nokycnumber.mutants.register import (
    ACCOUNT,
    NUMBERS,
    REGISTRY,
    USAGE,
    Thing,
    backend,
    forget,
    is_list,
    is_one,
    posted,
    refuse,
    rewrite,
    sent,
    show,
)

KNOWN_ADDONS = ("ai-pickup", "ai-screen", "ai-summary", "ai-trans")
PERIODS = ("monthly", "quarterly", "yearly")
PERIOD_ENDS, HOURS_CHANGE = "nokycnumber.period_ends", "nokycnumber.hours_change"


def _line(asked: Request) -> bool:
    rest = asked.path.removeprefix(f"{NUMBERS}/")
    return asked.method == "PATCH" and rest != asked.path and "/" not in rest


def _agent(asked: Request) -> bool:
    return asked.method == "PATCH" and asked.path.startswith(NUMBERS) and asked.path.endswith("/ai")


def _filter(name: str) -> None:
    @REGISTRY.on_request(f"numbers.{name}-is-ignored", "NKN-NUM-1", f"The list of numbers is not filtered by {name}.")
    def _ignored(asked: Request) -> None:
        forget(asked, NUMBERS, name)


for _name in ("country", "type", "status"):
    _filter(_name)


@REGISTRY.on_response(
    "offers.without-prices", "NKN-NUM-2", "Offers tell no prices.", "NKN-NUM-3", "NKN-NUM-11", "NKN-HOOK-7"
)
def _without_prices(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "available_number", lambda offer: offer.update(prices={"monthly": None}))


@REGISTRY.on_response("offers.of-another-type", "NKN-NUM-2", "Mobile numbers are offered as landlines.", "NKN-NUM-3")
def _of_another_type(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "available_number", lambda offer: offer.update(type="landline"))


@REGISTRY.on_request("offers.tier-is-ignored", "NKN-NUM-2", "Offers are not filtered by tier.")
def _tier_is_ignored(asked: Request) -> None:
    forget(asked, f"{NUMBERS}/available", "tier")


def _charged(emulator: Emulator, cause: str, factor: int) -> None:
    def make(charge: Any) -> Any:
        def otherwise(account: str, amount: int, why: str, ref: str) -> None:
            charge(account, amount * factor if why == cause else amount, why, ref)

        return otherwise

    patch(backend(emulator).money, "charge", make)


@REGISTRY.on_start("numbers.charged-twice", "NKN-NUM-3", "An activation is charged twice.", "NKN-NUM-11")
def _charged_twice(emulator: Emulator) -> None:
    _charged(emulator, "number", 2)


@REGISTRY.on_response("numbers.activation-is-200", "NKN-NUM-3", "An activation is answered 200.")
def _activation_is_200(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, NUMBERS) and answer.status == 201:
        answer.status = 200


@REGISTRY.on_request(
    "numbers.always-monthly",
    "NKN-NUM-3",
    "Every number is activated for a month.",
    "NKN-NUM-4",
    "NKN-NUM-7",
    "NKN-NUM-8",
)
def _always_monthly(asked: Request) -> None:
    if posted(asked, NUMBERS):
        rewrite(
            asked, lambda body: body.update(billing_period="monthly") if body.get("billing_period") in PERIODS else None
        )


@REGISTRY.on_request(
    "numbers.odd-period-is-a-month", "NKN-NUM-4", "A billing_period that is none is taken for a month."
)
def _odd_period_is_a_month(asked: Request) -> None:
    if posted(asked, NUMBERS):
        rewrite(
            asked,
            lambda body: body.update(
                {"billing_period": "monthly"}
                if body.get("billing_period") not in PERIODS and "billing_period" in body
                else {}
            ),
        )


@REGISTRY.on_request(
    "numbers.odd-addons-are-dropped", "NKN-NUM-4", "Add-ons that do not exist are passed over at activation."
)
def _odd_addons_are_dropped(asked: Request) -> None:
    def drop(body: Thing) -> None:
        if isinstance(body.get("addons"), list):
            body["addons"] = [addon for addon in body["addons"] if addon in KNOWN_ADDONS]

    if posted(asked, NUMBERS):
        rewrite(asked, drop)


@REGISTRY.on_request("numbers.odd-address-is-dropped", "NKN-NUM-4", "A webhook_url that is not https is passed over.")
def _odd_address_is_dropped(asked: Request) -> None:
    def drop(body: Thing) -> None:
        if not str(body.get("webhook_url", "https://")).startswith("https://"):
            del body["webhook_url"]

    if posted(asked, NUMBERS):
        rewrite(asked, drop)


@REGISTRY.on_response(
    "numbers.unknown-offer-is-500",
    "NKN-NUM-4",
    "An unknown available_id is answered 500.",
    "NKN-ERR-9",
    "NKN-AUTH-7",
    "NKN-NUM-11",
)
def _unknown_offer_is_500(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, NUMBERS) and answer.status == 404:
        refuse(answer, 500, "api_error")


@REGISTRY.on_response(
    "numbers.list-without-tier_pattern", "NKN-NUM-5", "Listed numbers lack tier_pattern.", "NKN-NUM-12"
)
def _list_without_tier_pattern(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, NUMBERS):
        show(answer, "number", lambda number: number.pop("tier_pattern"))


@REGISTRY.on_response(
    "numbers.country-in-capitals",
    "NKN-NUM-5",
    "A number by its id has its country in capitals.",
    "NKN-NUM-12",
    "NKN-NUM-6",
)
def _country_in_capitals(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, NUMBERS):
        show(answer, "number", lambda number: number.update(country=number["country"].upper()))


@REGISTRY.on_request("numbers.patch-clears-metadata", "NKN-NUM-6", "A PATCH without metadata clears it.")
def _patch_clears_metadata(asked: Request) -> None:
    if _line(asked):
        rewrite(asked, lambda body: body.setdefault("metadata", None))


@REGISTRY.on_request("numbers.auto_renew-stays", "NKN-NUM-6", "A PATCH does not change auto_renew.", "NKN-NUM-8")
def _auto_renew_stays(asked: Request) -> None:
    if _line(asked):
        rewrite(asked, lambda body: body.pop("auto_renew", None) if isinstance(body.get("auto_renew"), bool) else None)


@REGISTRY.on_request(
    "numbers.odd-status-is-active", "NKN-NUM-6", "A status that is none is taken for active.", "NKN-NUM-9"
)
def _odd_status_is_active(asked: Request) -> None:
    if _line(asked):
        rewrite(
            asked,
            lambda body: body.update({"status": "active"} if body.get("status") in ("asleep", "released") else {}),
        )


@REGISTRY.on_start("numbers.renewal-is-free", "NKN-NUM-7", "A renewal costs nothing.", "NKN-NUM-8", "NKN-HOOK-7")
def _renewal_is_free(emulator: Emulator) -> None:
    _charged(emulator, "renewal", 0)


@REGISTRY.on_start(
    "numbers.renewal-of-29-days", "NKN-NUM-7", "A renewal moves renews_at a day short of a period.", "NKN-NUM-8"
)
def _renewal_of_29_days(emulator: Emulator) -> None:
    def make(extend: Any) -> Any:
        def short(number: Any, price: int, request_id: Any) -> None:
            extend(number, price, request_id)
            number.renews_at -= DAY

        return short

    patch(backend(emulator).lines, "_extend", make)


def _at_period_end(emulator: Emulator, act: Any) -> None:
    lines = backend(emulator).lines
    emulator.services.clock.on(PERIOD_ENDS, lambda id_: act(lines, lines.records[id_]))


@REGISTRY.on_start("numbers.never-renewed", "NKN-NUM-8", "A number always ends with its period.")
def _never_renewed(emulator: Emulator) -> None:
    _at_period_end(emulator, lambda lines, number: lines._end(number))


@REGISTRY.on_start(
    "numbers.renewed-without-asking", "NKN-NUM-8", "A number is renewed at its period's end though auto_renew is off."
)
def _renewed_without_asking(emulator: Emulator) -> None:
    def renew(lines: Any, number: Any) -> None:
        before, number.auto_renew = number.auto_renew, True
        lines._period_ends(number.id)
        number.auto_renew = before

    _at_period_end(emulator, renew)


@REGISTRY.on_start(
    "numbers.renewed-on-credit", "NKN-NUM-8", "A number is renewed at its period's end without the money.", "NKN-ERR-4"
)
def _renewed_on_credit(emulator: Emulator) -> None:
    patch(backend(emulator).money, "covers", lambda covers: lambda account, price: covers(account, price - 100_000))


@REGISTRY.on_response("numbers.release-is-200", "NKN-NUM-9", "A release is answered 200 with the number.", "NKN-AUTH-4")
def _release_is_200(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.status == 204 and answer.asked.path.startswith(NUMBERS):
        answer.say(200, {"released": True})


@REGISTRY.on_start(
    "numbers.released-can-be-had-back",
    "NKN-NUM-9",
    "A released number can be changed, and so be had back.",
    "NKN-NUM-7",
    "NKN-ERR-6",
)
def _released_can_be_had_back(emulator: Emulator) -> None:
    patch(backend(emulator).lines, "check_kept", lambda _: lambda number: None)


@REGISTRY.on_start(
    "numbers.released-at-once", "NKN-NUM-9", "number.released fires when a number is released, not at its period's end."
)
def _released_at_once(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def make(release: Any) -> Any:
        def eager(account: str, id_: str) -> None:
            release(account, id_)
            lines._end(lines.records[id_])

        return eager

    patch(lines, "release", make)


@REGISTRY.on_request("hours.in-utc", "NKN-NUM-10", "Off windows are taken to be in UTC.", "NKN-NUM-6")
def _hours_in_utc(asked: Request) -> None:
    def shift(body: Thing) -> None:
        if isinstance(body.get("on_off"), dict) and body["on_off"].get("timezone") == "Asia/Tokyo":
            body["on_off"]["timezone"] = "UTC"

    if _line(asked):
        rewrite(asked, shift)


@REGISTRY.on_start(
    "hours.without-waking", "NKN-NUM-10", "A number that an off window has paused stays paused.", "NKN-HOOK-3"
)
def _without_waking(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def follow(id_: str) -> None:
        number = lines.records[id_]
        if not number.asleep:
            lines._hours_change(id_)

    emulator.services.clock.on(HOURS_CHANGE, follow)


@REGISTRY.on_start(
    "hours.in-silence", "NKN-NUM-10", "An off window pauses a number without number.paused.", "NKN-HOOK-3"
)
def _in_silence(emulator: Emulator) -> None:
    sent(emulator, lambda event: None if event["type"] == "number.paused" else event)


@REGISTRY.on_start("offers.for-anyone", "NKN-NUM-11", "Whoever knows an offer's id may activate it.", "NKN-AUTH-7")
def _for_anyone(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def make(activate: Any) -> Any:
        def lenient(account: str, body: Any, request_id: str) -> Any:
            offer = lines.offers.get(body.available_id)
            if offer is not None and offer.account != account and offer.state == "open":
                lines.offers.update(offer, account=account)
            return activate(account, body, request_id)

        return lenient

    patch(lines, "activate", make)


@REGISTRY.on_start(
    "offers.twice",
    "NKN-NUM-11",
    "An offer that was activated is charged for again when somebody else interactive.",
    "NKN-NUM-4",
)
def _twice(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def make(activate: Any) -> Any:
        def greedy(account: str, body: Any, request_id: str) -> Any:
            offer = lines.offers.get(body.available_id)
            if offer is not None and offer.account == account and offer.state == "gone":
                backend(emulator).money.charge(account, 1_000_000, "number", "")
            return activate(account, body, request_id)

        return greedy

    patch(lines, "activate", make)


@REGISTRY.on_response("numbers.unknown-is-400", "NKN-NUM-12", "An id that no number could have is answered 400.")
def _unknown_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.method == "GET" and answer.asked.path == f"{NUMBERS}/nope":
        refuse(answer, 400)


@REGISTRY.on_response(
    "numbers.one-shows-another-renewal",
    "NKN-NUM-12",
    "A number by its id has auto_renew the other way round.",
    "NKN-NUM-6",
    "NKN-NUM-9",
)
def _one_shows_another_renewal(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, NUMBERS):
        show(answer, "number", lambda number: number.update(auto_renew=not number["auto_renew"]))


# -- AI ------


@REGISTRY.on_response(
    "ai.without-translator", "NKN-AI-1", "An AI configuration has no translator.", "NKN-AI-2", "NKN-AI-4"
)
def _without_translator(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "ai_config", lambda config: config.pop("translator"))


@REGISTRY.on_response("ai.of-no-number", "NKN-AI-1", "An AI configuration names another number.")
def _of_no_number(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "ai_config", lambda config: config.update(number_id="num_000000000000"))


@REGISTRY.on_request("ai.any-voice", "NKN-AI-2", "A voice that is none is passed over.")
def _any_voice(asked: Request) -> None:
    def drop(body: Thing) -> None:
        if isinstance(body.get("auto_pickup"), dict) and body["auto_pickup"].get("voice") == "husky_en":
            del body["auto_pickup"]["voice"]

    if _agent(asked):
        rewrite(asked, drop)


@REGISTRY.on_request("ai.patch-resets-rings", "NKN-AI-2", "A PATCH of auto_pickup without after_rings sets it to 4.")
def _patch_resets_rings(asked: Request) -> None:
    def reset(body: Thing) -> None:
        if isinstance(body.get("auto_pickup"), dict):
            body["auto_pickup"].setdefault("after_rings", 4)

    if _agent(asked):
        rewrite(asked, reset)


@REGISTRY.on_start("ai.no-event", "NKN-AI-3", "The agent takes a call without ai.pickup.", "NKN-HOOK-3")
def _no_event(emulator: Emulator) -> None:
    sent(emulator, lambda event: None if event["type"] == "ai.pickup" else event)


@REGISTRY.on_request(
    "ai.always-four-rings", "NKN-AI-3", "The agent answers after four rings whatever after_rings says.", "NKN-AI-2"
)
def _always_four_rings(asked: Request) -> None:
    def fix(body: Thing) -> None:
        pickup = body.get("auto_pickup")
        if isinstance(pickup, dict) and pickup.get("after_rings") in (2, 6):
            pickup["after_rings"] = 4

    if _agent(asked):
        rewrite(asked, fix)


@REGISTRY.on_response("ai.always-enabled", "NKN-AI-4", "ai_enabled is always true.", "NKN-NUM-6")
def _always_enabled(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "number", lambda number: number.update(ai_enabled=True))


@REGISTRY.on_response("ai.without-addons", "NKN-AI-4", "An AI configuration shows no add-ons.")
def _without_addons(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "ai_config", lambda config: config.update(addons=[]))


# -- the account ------


@REGISTRY.on_response("account.counts-released", "NKN-ACC-1", "active_numbers counts released numbers too.")
def _counts_released(answer: MutableResponse, emulator: Emulator) -> None:
    count = backend(emulator).lines.records.count("account", answer.account)
    if answer.asked.path == ACCOUNT:
        show(answer, "account", lambda account: account.update(active_numbers=count))


@REGISTRY.on_response("account.minutes-are-seconds", "NKN-ACC-1", "monthly_call_minutes counts seconds.")
def _minutes_are_seconds(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "account", lambda account: account.update(monthly_call_minutes=account["monthly_call_minutes"] * 60))


@REGISTRY.on_response("account.segments-are-messages", "NKN-ACC-1", "monthly_sms_segments counts messages.")
def _segments_are_messages(answer: MutableResponse, emulator: Emulator) -> None:
    texts = [
        m for m in emulator.services.messages.records.newest("account", answer.account) if m.direction == "outbound"
    ]
    show(answer, "account", lambda account: account.update(monthly_sms_segments=len(texts)))


@REGISTRY.on_response("account.balance-in-whole-dollars", "NKN-ACC-1", "balance_usd is in whole dollars.")
def _balance_in_whole_dollars(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "account", lambda account: account.update(balance_usd=int(account["balance_usd"])))


@REGISTRY.on_request("usage.odd-period-is-passed-over", "NKN-ACC-2", "A period of usage that is none is passed over.")
def _odd_period_is_passed_over(asked: Request) -> None:
    if "last_30d" not in asked.query and "last_90d" not in asked.query:
        forget(asked, USAGE, "period")


@REGISTRY.on_request("usage.always-30-days", "NKN-ACC-2", "Usage is always of the last 30 days.")
def _always_30_days(asked: Request) -> None:
    if asked.path == USAGE:
        asked.query = asked.query.replace("last_90d", "last_30d")

"""Probes and invariants for "Numbers" and the number of "Object schemas"."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, SPEND, WRITE
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.shapes import NUMBER, OFFER, odd_object, shown
from ringback_conformance.claims.nokycnumber.steps import (
    AVAILABLE,
    COUNTRY,
    DAY,
    MINUTE,
    NUMBERS,
    activate,
    an_offer,
    data,
    fetched,
    hook,
    ids,
    listed,
    made,
    new_number,
    offers,
    place,
    price_of,
    refused,
    rings,
    shared_number,
    thing_in,
    told,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

claim = CATALOGUE.section("Numbers")
schemas_claim = CATALOGUE.section("Object schemas")

MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
UNPROCESSED = (400, 422)
BAD_URLS = ("http://hooks.example.com/n", "ftp://hooks.example.com/n", "hooks.example.com", "javascript:alert(1)", "")
TOGETHER = 4
SAME_OFFERED = ("number", "display", "country", "type", "tier", "tier_pattern")
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TOKYO = timedelta(hours=9)
"""Japan's clocks never change."""


def later(start: Any, period: str, times: int = 1) -> datetime:
    """So many periods after an instant; month ends clamp."""
    from dateutil.relativedelta import relativedelta

    instant = moment(start)
    if instant is None:
        raise Inconclusive(f"{start!r} is no instant to count a period from")
    return instant + relativedelta(months=MONTHS[period] * times)


def now(account: Account) -> datetime:
    """The account's clock."""
    instant = moment(account.state()["now"])
    if instant is None:
        raise Inconclusive("the account has no clock")
    return instant


def until(account: Account, instant: datetime) -> None:
    """Advance the account's clock to an instant."""
    account.advance((instant - now(account)).total_seconds())


@claim(
    "NKN-NUM-1",
    "The list of numbers can be filtered by country, type and status, alone and together.",
    needs=CTL,
)
def numbers_filtered(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for country, kind in (("fr", "mobile"), ("fr", "landline"), ("gb", "mobile"), ("fr", "mobile")):
        thing_in(activate(account, an_offer(account, country, type=kind)), "number")
    every = listed(account, NUMBERS)
    account.patch(f"{NUMBERS}/{every[0]['id']}", {"status": "paused"})
    account.delete(f"{NUMBERS}/{every[3]['id']}")
    every = listed(account, NUMBERS)
    ctx.precondition(len({number["status"] for number in every}) > 1, "the numbers are all in the same state")
    values = {
        "country": ("fr", "gb", "us"),
        "type": ("mobile", "landline"),
        "status": ("active", "paused", "released"),
    }
    for size in (1, 2, 3):
        for names in itertools.combinations(values, size):
            for chosen in itertools.product(*(values[name] for name in names)):
                query = dict(zip(names, chosen, strict=True))
                expected = ids(n for n in every if all(n.get(name) == value for name, value in query.items()))
                seen = ids(listed(account, NUMBERS, **query))
                ctx.expect(seen == expected, f"numbers with {query}: expected {len(expected)}, got {len(seen)}")
    for name in values:
        refused(ctx, account.get(f"{NUMBERS}?{name}=nonsense"), UNPROCESSED, f"numbers with {name}=nonsense")


@claim(
    "NKN-NUM-2",
    "Available numbers are offers `navail_…` with number, display, country, type, tier, tier_pattern and a "
    "price for each period.",
    needs=READ,
    sends=(Send("GET", AVAILABLE, 2),),
)
def offers_as_promised(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.get(f"{AVAILABLE}?country={COUNTRY}&type=mobile")
    found = data(exchange)
    ctx.precondition(bool(found), f"nothing is available in {COUNTRY}")
    for offer in found:
        odd = odd_fields(offer, OFFER, "an offer")
        ctx.check_(odd is None, f"an offer: {odd or 'as it should be'}", exchange)
        fits = offer["country"] == COUNTRY and offer["type"] == "mobile"
        ctx.expect(
            fits, f"an offer asked for in {COUNTRY} as mobile: got {offer['country']}, {offer['type']}", exchange
        )
        ctx.expect(
            (offer["tier"] == "premium") is (offer["tier_pattern"] is not None),
            f"an offer of tier {offer['tier']}: got tier_pattern {offer['tier_pattern']!r}",
            exchange,
        )
    distinct = {offer["number"] for offer in found}
    ctx.expect(len(distinct) == len(found), "the offered numbers: expected each once", exchange)
    if not ctx.emulated:
        return
    for country in ("gb", "de"):
        for kind in ("mobile", "landline"):
            for tier in ("standard", "premium"):
                for offer in offers(account, country=country, type=kind, tier=tier, limit=3):
                    told_ = (offer["country"], offer["type"], offer["tier"])
                    ctx.expect(told_ == (country, kind, tier), f"an offer of {country} {kind} {tier}: got {told_}")


@claim(
    "NKN-NUM-3",
    "Activating an offer for a period is answered 201 with the number object, as offered, and charges the period.",
    needs=SPEND,
    shares=("number",),
)
def offers_activated(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        exchange = shared_number(ctx, ctx.default_account())
        odd = odd_fields(exchange.json(), NUMBER, "the number")
        ctx.expect(exchange.status == 201 and odd is None, f"an activation: {odd or exchange}", exchange)
        ctx.not_covered("what is charged")
        return
    account = ctx.default_account()
    for period in MONTHS:
        offer = an_offer(account, **({"tier": "premium"} if period == "yearly" else {}))
        before = account.balance()
        exchange = activate(account, offer, period, addons=["ai-pickup"])
        ctx.check_(exchange.status == 201, f"an activation, {period}: expected 201, got {exchange}", exchange)
        number = thing_in(exchange, "number")
        odd = odd_fields(number, NUMBER, "the number")
        ctx.check_(odd is None, f"an activated number: {odd or 'as documented'}", exchange)
        for name in SAME_OFFERED:
            ctx.expect(
                number[name] == offer[name],
                f"its {name}: expected {offer[name]!r} as offered, got {number[name]!r}",
                exchange,
            )
        wanted = {"status": "active", "billing_period": period, "addons": ["ai-pickup"], "ai_enabled": True}
        for name, value in wanted.items():
            ctx.expect(number[name] == value, f"its {name}: expected {value!r}, got {number[name]!r}", exchange)
        due = later(number["created_at"], period)
        ctx.expect(
            moment(number["renews_at"]) == due, f"renews_at: expected {due}, got {number['renews_at']}", exchange
        )
        price = before - account.balance()
        ctx.expect(
            price == price_of(offer, period),
            f"a number for a {period} period: expected ${price_of(offer, period)} charged, it is ${price}",
            exchange,
        )
        ctx.expect(number["id"] in ids(listed(account, NUMBERS)), "a new number: expected it in the list", exchange)
        ctx.expect(rings(account, number), "a call to a new number: expected it to be taken", exchange)


@claim(
    "NKN-NUM-4",
    "An unknown or taken available_id, a bad billing_period, an unknown add-on and a bad webhook_url are "
    "refused with the right 4xx, and nothing is charged.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, 2 + len(BAD_URLS), note="which is refused"),),
)
def activations_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    unknown = account.post(NUMBERS, {"available_id": "navail_000000000000", "billing_period": "monthly"})
    refused(ctx, unknown, (400, 404, 422), "an unknown available_id")
    offer = an_offer(account)
    for period in ("weekly", "", None, 12):
        exchange = account.post(NUMBERS, {"available_id": offer["id"], "billing_period": period})
        refused(ctx, exchange, UNPROCESSED, f"billing_period {period!r}", "invalid_request_error")
    if not ctx.emulated:
        ctx.not_covered("taken offers, add-ons and webhook_urls, which would cost money where they are not refused")
        return
    before = account.balance()
    for addons in (["ai-dance"], "ai-pickup", ["ai-pickup", 5]):
        refused(
            ctx, activate(account, offer, addons=addons), UNPROCESSED, f"addons {addons!r}", "invalid_request_error"
        )
    urls = BAD_URLS if ctx.run_context.strict else BAD_URLS[1:]
    for url in urls:
        refused(ctx, activate(account, offer, webhook_url=url), UNPROCESSED, f"webhook_url {url!r}")
    ctx.expect(
        account.balance() == before and not listed(account, NUMBERS), "after that: expected no number and no charge"
    )
    taken = activate(account, offer)
    ctx.precondition(made(taken), f"the offer could not be activated: {taken}")
    before = account.balance()
    refused(ctx, activate(account, offer), (404, 409, 422), "an available_id that is taken")
    ctx.expect(
        account.balance() == before and len(listed(account, NUMBERS)) == 1, "after that: expected no second number"
    )


def shows(kind: str) -> Any:
    """What applies where an answer or event shows an object of a kind."""

    def applies(exchange: Exchange, _: Known) -> bool:
        return bool(_things(exchange, kind))

    return applies


def _things(exchange: Exchange, kind: str) -> list[dict[str, Any]]:
    return [thing for thing in shown(exchange) if thing["object"] == kind]


def odd_things(exchange: Exchange, kind: str) -> str | None:
    """The first object of a kind in an exchange that is not as its schema says."""
    odd = next(filter(None, map(odd_object, _things(exchange, kind))), None)
    return f"{exchange.method} {exchange.path}: {odd}" if odd else None


@CATALOGUE.invariant("NKN-NUM-5", shows("number"), whole=True)
def a_number_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    return odd_things(exchange, "number")


@schemas_claim(
    "NKN-NUM-5",
    "A number object has the documented fields with their types and values, wherever it is shown.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 2),),
)
def numbers_listed_and_fetched(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        new_number(account)
    for number in listed(account, NUMBERS)[:1]:
        for seen in (number, fetched(account, NUMBERS, number["id"])):
            odd = odd_fields(seen, NUMBER, "a number")
            ctx.expect(odd is None, f"a number: {odd or 'as documented'}")


@claim(
    "NKN-NUM-6",
    "PATCH changes auto_renew, webhook_url, addons, on_off, status and metadata, and only what is present.",
    needs=CTL,
)
def numbers_changed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account, addons=["ai-pickup"])
    line = f"{NUMBERS}/{number['id']}"
    windows = {"timezone": "Europe/Paris", "windows": [{"days": ["sun"], "from": "03:00", "to": "03:01"}]}
    inbox = ctx.inbox()
    current = fetched(account, NUMBERS, number["id"])
    for change, expected in (
        ({"auto_renew": False}, {"auto_renew": False}),
        ({"addons": ["ai-trans", "ai-summary"]}, {"addons": ["ai-trans", "ai-summary"], "ai_enabled": True}),
        ({"addons": []}, {"addons": [], "ai_enabled": False}),
        ({"on_off": windows}, {"on_off": windows}),
        ({"webhook_url": inbox.url}, {"webhook_url": inbox.url}),
        ({"metadata": {"team": "support", "floor": 3}}, {"metadata": {"team": "support", "floor": 3}}),
        ({"status": "paused"}, {"status": "paused"}),
        ({"status": "active"}, {"status": "active"}),
        ({"auto_renew": True, "metadata": None}, {"auto_renew": True, "metadata": None}),
        ({}, {}),
    ):
        exchange = account.patch(line, change)
        ctx.check_(exchange.status == 200, f"PATCH {change}: expected 200, got {exchange}", exchange)
        after = fetched(account, NUMBERS, number["id"])
        wanted = {**current, **expected}
        wrong = {name: after.get(name) for name in wanted if _plain(after.get(name)) != _plain(wanted[name])}
        ctx.expect(
            not wrong, f"the number after PATCH {change}: expected {expected} and nothing else, got {wrong}", exchange
        )
        current = after
    for change in ({"auto_renew": "yes"}, {"addons": ["ai-dance"]}, {"status": "asleep"}, {"status": "released"}):
        refused(ctx, account.patch(line, change), UNPROCESSED, f"PATCH {change}", "invalid_request_error")
    for hours in ({"timezone": "Mars/Olympus", "windows": []}, {"timezone": "UTC", "windows": [{"days": ["mon"]}]}):
        refused(ctx, account.patch(line, {"on_off": hours}), UNPROCESSED, f"on_off {hours}", "invalid_request_error")
    ctx.expect(fetched(account, NUMBERS, number["id"]) == current, "after refused changes: expected it as it was")
    refused(
        ctx, account.patch(f"{NUMBERS}/num_000000000000", {"auto_renew": True}), (404,), "PATCH of an unknown number"
    )


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list) else value


@claim(
    "NKN-NUM-7",
    "A renewal moves renews_at on by the period, charges it, and fires number.renewed.",
    needs=CTL,
)
def numbers_renewed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "number.renewed")
    for period in ("monthly", "yearly"):
        offer = an_offer(account)
        number = thing_in(activate(account, offer, period), "number")
        for times in (2, 3):
            before, heard = account.balance(), len(told(inbox))
            exchange = account.post(f"{NUMBERS}/{number['id']}/renew", {})
            ctx.check_(made(exchange), f"a renewal: expected 2xx, got {exchange}", exchange)
            due = later(number["created_at"], period, times)
            renews = fetched(account, NUMBERS, number["id"])["renews_at"]
            ctx.expect(moment(renews) == due, f"renews_at after a renewal: expected {due}, got {renews}", exchange)
            price = before - account.balance()
            ctx.expect(
                price == price_of(offer, period),
                f"a renewal, {period}: expected ${price_of(offer, period)} charged, it is ${price}",
                exchange,
            )
            account.advance(1)
            came = [event["data"]["object"].get("id") for event in told(inbox)[heard:]]
            ctx.expect(
                came == [number["id"]], f"number.renewed: expected one for the number, got {came}", *inbox.received
            )
    refused(ctx, account.post(f"{NUMBERS}/num_000000000000/renew", {}), (404,), "a renewal of an unknown number")
    account.delete(f"{NUMBERS}/{number['id']}")
    refused(
        ctx, account.post(f"{NUMBERS}/{number['id']}/renew", {}), (400, 404, 409, 422), "a renewal of what was released"
    )


@claim(
    "NKN-NUM-8",
    "At the period's end auto_renew renews and charges; without it, or without the money, the number ends, "
    "and not sooner.",
    needs=CTL,
)
def periods_that_end(ctx: ProbeContext) -> None:
    for period in ("monthly", "quarterly", "yearly"):
        _one_period(ctx, period, auto=True, funds=True)
    _one_period(ctx, "monthly", auto=False, funds=True)
    _one_period(ctx, "monthly", auto=True, funds=False)


def _one_period(ctx: ProbeContext, period: str, *, auto: bool, funds: bool) -> None:
    account = ctx.default_account()
    offer = an_offer(account)
    price = price_of(offer, period)
    number = thing_in(activate(account, offer, period), "number")
    changed = account.patch(f"{NUMBERS}/{number['id']}", {"auto_renew": auto})
    ctx.precondition(changed.status == 200, f"auto_renew could not be set: {changed}")
    if not funds:
        account.fund(f"-{account.balance() - price + Decimal('0.01')}")
    start = number["created_at"]
    what = f"a {period} number with auto_renew {auto} and {'enough' if funds else 'a cent too little'} money"
    before = account.balance()
    until(account, later(start, period) - timedelta(seconds=5))
    early = fetched(account, NUMBERS, number["id"])
    ctx.expect(
        early["status"] == "active" and account.balance() == before,
        f"{what}, before its period ends: expected it active and nothing charged, it is {early['status']}",
    )
    account.advance(10)
    after = fetched(account, NUMBERS, number["id"])
    paid = before - account.balance()
    if auto and funds:
        due = later(start, period, 2)
        ctx.expect(
            after["status"] == "active" and moment(after["renews_at"]) == due and paid == price,
            f"{what}, at its end: expected it renewed to {due} for ${price}, it is {after['status']} to "
            f"{after['renews_at']} for ${paid}",
        )
        if period == "monthly":
            until(account, due + timedelta(seconds=5))
            twice = before - account.balance()
            ctx.expect(twice == 2 * price, f"{what}, a month on: expected ${2 * price} charged, it is ${twice}")
        return
    ctx.expect(
        after["status"] == "released" and paid == 0,
        f"{what}, at its end: expected it released and nothing charged, it is {after['status']} for ${paid}",
    )
    ctx.expect(not rings(account, number), f"a call to {what}, after its end: expected nobody to answer")


@claim(
    "NKN-NUM-9",
    "A release is answered 204; the number cannot be had back, and returns to the inventory at the period's end.",
    needs=CTL,
)
def numbers_released(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "number.released")
    number = new_number(account)
    line = f"{NUMBERS}/{number['id']}"
    ctx.precondition(rings(account, number), "the number takes no calls while it is active")
    exchange = account.delete(line)
    ctx.check_(
        exchange.status == 204 and not exchange.response_body,
        f"a release: expected 204 without a body, got {exchange}",
        exchange,
    )
    states = {each["id"]: each["status"] for each in listed(account, NUMBERS)}
    ctx.expect(states.get(number["id"], "released") == "released", f"after its release: it is {states}", exchange)
    ctx.expect(not rings(account, number), "a call to a released number: expected nobody to answer", exchange)
    ctx.expect(not made(place(account, number)), "a call from a released number: expected it to be refused", exchange)
    for change in ({"status": "active"}, {"status": "paused"}, {"auto_renew": True}):
        back = account.patch(line, change)
        refused(ctx, back, (400, 404, 409, 422), f"PATCH {change} of a released number")
    account.advance(MINUTE)
    ctx.expect(not told(inbox), "before the period's end: expected no number.released", *inbox.received)
    before = account.balance()
    until(account, later(number["created_at"], "monthly") + timedelta(seconds=5))
    ctx.expect(
        [event["data"]["object"].get("id") for event in told(inbox)] == [number["id"]],
        f"at the period's end: expected number.released, got {len(inbox.received)} events",
        *inbox.received,
    )
    ctx.expect(account.balance() == before, "at the period's end: expected nothing charged for what was released")
    again = account.delete(line)
    ctx.expect(again.status in (204, 404, 409), f"a second release: expected 204, 404 or 409, got {again}", again)
    refused(ctx, account.delete(f"{NUMBERS}/num_000000000000"), (404,), "a release of an unknown number")


@claim(
    "NKN-NUM-10",
    "Off windows pause the number when they begin, which fires number.paused, and resume it when they end.",
    needs=CTL,
)
def numbers_that_sleep(ctx: ProbeContext) -> None:
    for zone, offset in (("UTC", timedelta()), ("Asia/Tokyo", TOKYO)):
        account = ctx.default_account()
        _, inbox = hook(ctx, account, "number.paused")
        number = new_number(account)
        begin = (now(account) + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
        end = begin + timedelta(hours=9)
        span = {"days": WEEK, "from": f"{begin + offset:%H:%M}", "to": f"{end + offset:%H:%M}"}
        set_ = account.patch(f"{NUMBERS}/{number['id']}", {"on_off": {"timezone": zone, "windows": [span]}})
        ctx.check_(set_.status == 200, f"off windows: expected 200, got {set_}", set_)
        for instant, asleep, events in (
            (begin - timedelta(minutes=1), False, 0),
            (begin + timedelta(minutes=1), True, 1),
            (end - timedelta(minutes=10), True, 1),
            (end + timedelta(minutes=1), False, 1),
            (begin + timedelta(days=1, minutes=1), True, 2),
        ):
            until(account, instant.astimezone(UTC))
            status = fetched(account, NUMBERS, number["id"])["status"]
            ctx.expect(
                status == ("paused" if asleep else "active"),
                f"a number off from {span['from']} to {span['to']} in {zone}, at {instant:%H:%M} UTC: it is {status}",
                set_,
            )
            came = len(told(inbox))
            ctx.expect(came == events, f"number.paused by then: expected {events}, got {came}", *inbox.received)
            ctx.expect(rings(account, number) is not asleep, f"a call at {instant:%H:%M} UTC: wrong for {status}", set_)
        account.patch(f"{NUMBERS}/{number['id']}", {"on_off": None})
        account.advance(MINUTE)
        status = fetched(account, NUMBERS, number["id"])["status"]
        ctx.expect(status == "active", f"without off windows: expected active, it is {status}")


@claim(
    "NKN-NUM-11",
    "An offer is held for the account it was made to, and cannot be activated twice, also not at the same time.",
    needs=CTL,
    basis=Basis.OURS,
)
def one_offer_wanted_by_many(ctx: ProbeContext) -> None:
    account, stranger = ctx.default_account(), ctx.default_account()
    offer = an_offer(account)
    mine = {each["number"] for each in offers(account, country=COUNTRY)}
    theirs = {each["number"] for each in offers(stranger, country=COUNTRY)}
    ctx.expect(not mine & theirs, "what two accounts are offered at a time: expected no number twice")
    refused(ctx, activate(stranger, offer), (404, 409), "another account's offer")
    before = account.balance()
    body = {"available_id": offer["id"], "billing_period": "monthly"}
    answers = account.together(TOGETHER, "POST", NUMBERS, body)
    good = [exchange for exchange in answers if made(exchange)]
    ctx.expect(
        len(good) == 1, f"{TOGETHER} activations of one offer at once: expected one to win, {len(good)} did", *answers
    )
    paid = before - account.balance()
    ctx.expect(paid == price_of(offer), f"after that: expected ${price_of(offer)} charged, it is ${paid}", *answers)
    ctx.expect(len(listed(account, NUMBERS)) == 1, "after that: expected one number", *answers)
    held = an_offer(account)
    account.advance(DAY)
    late = activate(account, held)
    again = activate(stranger, an_offer(stranger))
    ctx.expect(
        made(again) and (not made(late) or late.json()["number"] != again.json()["number"]),
        "an offer a day later: expected no number to be given to two",
        late,
        again,
    )


@claim(
    "NKN-NUM-12",
    "One number is given by its id as the list shows it; an unknown id is answered 404.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", f"{NUMBERS}/{{id}}", 3),
    ),
)
def one_number(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        new_number(account)
        new_number(account)
    for number in listed(account, NUMBERS)[:2]:
        exchange = account.get(f"{NUMBERS}/{number['id']}")
        ctx.expect(exchange.json() == number, "a number by its id: expected what the list shows", exchange)
    for id_ in ("num_000000000000", "nope"):
        refused(ctx, account.get(f"{NUMBERS}/{id_}"), (404,), f"the number {id_}", "invalid_request_error")

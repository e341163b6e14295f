"""Mutants of "Phone numbers"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import HOUR
from ringback.carrier.ledger import CENT, DOLLAR
from ringback.gateway.middleware import encode
from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.gateway.vendor import Unanswered
from ringback.vendors.agentphone.mutants.register import (
    BOOK,
    CALLS,
    NUMBERS,
    ONE_NUMBER,
    Thing,
    at,
    charged,
    fine,
    forget,
    house,
    id_in,
    query,
    refuse,
    rewrite,
    rows,
    show,
)

NUMBER = 3 * DOLLAR
TEXTS = f"{ONE_NUMBER}/messages"
CARD = f"{ONE_NUMBER}/contact-card"


# -- buying ------


@BOOK.asked("numbers.area-is-ignored", "AGP-NUM-1", "The area code is ignored.")
def _area_is_ignored(asked: Asked) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.pop("areaCode", None) if body.get("areaCode") == "415" else None)


@BOOK.answered("numbers.area-without-stock-is-409", "AGP-NUM-1", "An area without numbers is answered 409.")
def _area_without_stock_is_409(answer: Answered, _: World) -> None:
    if fine(answer, "POST", NUMBERS) and (answer.asked.json() or {}).get("areaCode") == "999":
        refuse(answer, 409, "CARRIER_ERROR", "carrier_error")


@BOOK.answered("numbers.answer-without-agent", "AGP-NUM-1", "The answer that bought a number does not name the agent.")
def _answer_without_agent(answer: Answered, _: World) -> None:
    if fine(answer, "POST", NUMBERS):
        show(answer, lambda number: number.update(agentId=None))


@BOOK.answered("numbers.pending", "AGP-NUM-1", "A number that was just bought is pending.", "AGP-NUM-3")
def _pending(answer: Answered, _: World) -> None:
    if fine(answer, "POST", NUMBERS):
        show(answer, lambda number: number.update(status="pending"))


@BOOK.asked("numbers.of-the-us-alone", "AGP-NUM-1", "Whoever wants a number in Canada gets one of the United States.")
def _of_the_us_alone(asked: Asked) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(country="US") if body.get("country") == "CA" else None)


@BOOK.answered(
    "numbers.not-e164", "AGP-NUM-1", "A number bought in an area is told without its plus.", "AGP-NUM-3", "AGP-SDK-1"
)
def _not_e164(answer: Answered, _: World) -> None:
    if fine(answer, "POST", NUMBERS) and (answer.asked.json() or {}).get("areaCode"):
        show(answer, lambda number: number.update(phoneNumber=number["phoneNumber"].lstrip("+")))


@BOOK.asked("numbers.any-country", "AGP-NUM-2", "A country that is not served is taken for the United States.")
def _any_country(asked: Asked) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(country="US") if body.get("country") == "ZZ" else None)


@BOOK.asked("numbers.area-is-cut", "AGP-NUM-2", "An area code of four digits is cut.")
def _area_is_cut(asked: Asked) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(areaCode="415") if body.get("areaCode") == "4155" else None)


@BOOK.asked("numbers.unknown-agent-is-ignored", "AGP-NUM-2", "A number is bought for an agent that is not there.")
def _unknown_agent_is_ignored(asked: Asked) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda b: b.pop("agentId") if b.get("agentId") == "agt_000000000000" else None)


@BOOK.answered("numbers.refusal-costs", "AGP-NUM-2", "A number that is refused is charged.")
def _refusal_costs(answer: Answered, world: World) -> None:
    if at(answer, "POST", NUMBERS) and answer.status in (404, 422):
        house(world).money.charge(answer.account, NUMBER, "number", "none")


@BOOK.answered("numbers.listed-without-country", "AGP-NUM-3", "Listed numbers have no country.", "AGP-SDK-1")
def _listed_without_country(answer: Answered, _: World) -> None:
    if fine(answer, "GET", NUMBERS):
        rows(answer, lambda number: number.pop("country"))


@BOOK.answered("numbers.first-is-not-listed", "AGP-NUM-3", "The list leaves Canadian numbers out.")
def _first_is_not_listed(answer: Answered, _: World) -> None:
    if fine(answer, "GET", NUMBERS):
        show(answer, lambda body: body.update(data=[row for row in body["data"] if row["country"] != "CA"]))


@BOOK.answered("numbers.created-at-with-offset", "AGP-NUM-3", "Listed numbers tell the time without Z.")
def _created_at_with_offset(answer: Answered, _: World) -> None:
    if fine(answer, "GET", NUMBERS):
        rows(answer, lambda number: number.update(createdAt=number["createdAt"].replace("Z", "+00:00")))


# -- releasing ------


@BOOK.world("release.still-rings", "AGP-NUM-4", "A released number still rings.")
def _still_rings(world: World) -> None:
    swap(world.numbers, "release", lambda _: lambda number: None)


@BOOK.answered("release.messages-are-gone", "AGP-NUM-4", "The messages of a released number are gone.")
def _messages_are_gone(answer: Answered, world: World) -> None:
    if fine(answer, "GET", TEXTS) and house(world).lines.records[id_in(answer.asked.path)].status == "released":
        answer.say(200, {"data": [], "hasMore": False})


@BOOK.answered("release.conversations-are-gone", "AGP-NUM-4", "Conversations of released numbers leave the list.")
def _conversations_are_gone(answer: Answered, world: World) -> None:
    lines = house(world).lines.records

    def there(row: Thing) -> bool:
        return bool(lines[row["phoneNumberId"]].status == "active")

    if fine(answer, "GET", "/v1/conversations"):
        show(answer, lambda body: body.update(data=[row for row in body["data"] if there(row)]))


@BOOK.answered(
    "release.says-active", "AGP-NUM-4", "The answer to a release says that the number is active.", "AGP-SDK-1"
)
def _says_active(answer: Answered, _: World) -> None:
    if fine(answer, "DELETE", ONE_NUMBER):
        show(answer, lambda body: body.update(status="active"))


@BOOK.answered("release.costs-a-month", "AGP-NUM-4", "A release costs a month.")
def _costs_a_month(answer: Answered, world: World) -> None:
    if fine(answer, "DELETE", ONE_NUMBER):
        house(world).money.charge(answer.account, NUMBER, "number_month", "none")


@BOOK.world(
    "release.can-be-undone",
    "AGP-NUM-4",
    "A released number can be tagged and attached.",
)
def _can_be_undone(world: World) -> None:
    lines = house(world).lines
    swap(lines, "kept", lambda _: lambda account, id_: lines.of(account, id_))


@BOOK.world("release.is-billed-on", "AGP-NUM-4", "A released number is billed on.")
def _is_billed_on(world: World) -> None:
    lines = house(world).lines

    def renew(id_: str) -> None:
        number = lines.records.get(id_)
        if number is not None:
            number.months += 1
            lines.house.money.charge(number.account, NUMBER, "number_month", id_)
            lines._bill_next(number)

    def make(give_back: Any) -> Any:
        def on(number: Any) -> None:
            give_back(number)
            lines._bill_next(number)

        return on

    world.clock.on("agentphone.number.renew", renew)
    swap(lines, "_give_back", make)


# -- messages ------


@BOOK.answered("texts.sender-under-another-name", "AGP-NUM-5", "A listed message has its sender as `sender`.")
def _sender_under_another_name(answer: Answered, _: World) -> None:
    if fine(answer, "GET", TEXTS):
        rows(answer, lambda text: text.update(sender=text.pop("from_")))


@BOOK.answered("texts.ends-are-swapped", "AGP-NUM-5", "A message that came in is shown as sent to who wrote it.")
def _ends_are_swapped(answer: Answered, _: World) -> None:
    def turn(text: Thing) -> None:
        if text["direction"] == "inbound":
            text.update(from_=text["to"], to=text["from_"])

    if fine(answer, "GET", TEXTS):
        rows(answer, turn)


@BOOK.answered(
    "texts.without-direction",
    "AGP-NUM-5",
    "Listed messages do not say which way they went.",
)
def _without_direction(answer: Answered, _: World) -> None:
    if fine(answer, "GET", TEXTS):
        rows(answer, lambda text: text.update(direction="unknown"))


@BOOK.answered(
    "texts.oldest-first",
    "AGP-NUM-5",
    "Messages come with the oldest first.",
    "AGP-PAGE-2",
)
def _texts_oldest_first(answer: Answered, _: World) -> None:
    if fine(answer, "GET", TEXTS):
        show(answer, lambda body: body["data"].reverse())


@BOOK.world(
    "texts.of-all-numbers",
    "AGP-NUM-5",
    "A number's list has the messages of all the account's.",
    "AGP-PAGE-2",
)
def _of_all_numbers(world: World) -> None:
    texts = house(world).texts.records

    def whose(index: str, key: Any) -> tuple[str, Any]:
        return ("account", house(world).lines.records[key].account) if index == "number" else (index, key)

    for name in ("between", "stretch"):
        swap(texts, name, lambda of: lambda index, key, *rest: of(*whose(index, key), *rest))


# -- registration ------


@BOOK.world("sms.needs-no-registration", "AGP-NUM-6", "SMS go out without a registration.", "AGP-ACC-2")
def _needs_no_registration(world: World) -> None:
    swap(house(world).office, "outbound_sms", lambda _: lambda number: "enabled")


@BOOK.world(
    "sms.inbound-needs-registration",
    "AGP-NUM-6",
    "Without a registration no SMS comes in.",
)
def _inbound_needs_registration(world: World) -> None:
    def make(receive: Any) -> Any:
        def only_registered(to: str, *rest: Any) -> Any:
            line = world.numbers.line(to)
            if line is not None and house(world).settings(line.account).sms_registration == "none":
                raise Unanswered(to)
            return receive(to, *rest)

        return only_registered

    swap(house(world), "receive_message", make)


@BOOK.answered("calls.need-registration", "AGP-NUM-6", "Without a registration no call goes out.", "AGP-SDK-1")
def _need_registration(answer: Answered, world: World) -> None:
    if fine(answer, "POST", CALLS) and house(world).settings(answer.account).sms_registration == "none":
        refuse(answer, 400, "REGISTRATION_REQUIRED")


@BOOK.answered("sms.refusal-costs", "AGP-NUM-6", "An SMS that is refused for want of a registration is charged.")
def _sms_refusal_costs(answer: Answered, world: World) -> None:
    if answer.code == "REGISTRATION_REQUIRED":
        house(world).money.charge(answer.account, 2 * CENT, "message", "none")


@BOOK.answered(
    "sms.says-enabled",
    "AGP-NUM-6",
    "outboundSms is enabled whatever the registration.",
)
def _says_enabled(answer: Answered, world: World) -> None:
    if fine(answer, "POST", NUMBERS):
        show(answer, lambda number: number.update(outboundSms="enabled"))


# -- keeping ------


@BOOK.world("list.with-released-numbers", "AGP-NUM-7", "The list has released numbers too.")
def _with_released_numbers(world: World) -> None:
    records = house(world).lines.records

    def which(index: str) -> str:
        return "project" if index == "active" else index

    swap(records, "slice", lambda of: lambda index, key, offset, limit: of(which(index), key, offset, limit))
    swap(records, "count", lambda of: lambda index, key: of(which(index), key))


@BOOK.answered(
    "release.forgets-the-number",
    "AGP-NUM-7",
    "A released number cannot be had by its id.",
)
def _forgets_the_number(answer: Answered, _: World) -> None:
    if fine(answer, "GET", ONE_NUMBER) and (answer.json() or {}).get("status") == "released":
        refuse(answer, 404, "PHONE_NUMBER_NOT_FOUND", "not_found_error")


@BOOK.answered("release.total-stays", "AGP-NUM-7", "total counts released numbers.")
def _total_stays(answer: Answered, world: World) -> None:
    if fine(answer, "GET", NUMBERS):
        every = house(world).lines.records.count("project", answer.account)
        show(answer, lambda body: body.update(total=max(every, body["total"])))


@BOOK.asked("tags.external-id-is-ignored", "AGP-NUM-8", "externalId cannot be changed.", "AGP-SDK-1")
def _external_id_is_ignored(asked: Asked) -> None:
    if at(asked, "PATCH", ONE_NUMBER):
        rewrite(asked, lambda body: body.pop("externalId", None))


@BOOK.asked("tags.not-at-birth", "AGP-NUM-8", "A number cannot be bought with an externalId.")
def _not_at_birth(asked: Asked) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.pop("externalId", None))


@BOOK.world("tags.detach", "AGP-NUM-8", "A tag takes the number from its agent.")
def _tags_detach(world: World) -> None:
    lines = house(world).lines

    def make(change: Any) -> Any:
        def loose(account: str, id_: str, body: Any) -> Any:
            lines.detach(lines.kept(account, id_))
            return change(account, id_, body)

        return loose

    swap(lines, "change", make)


@BOOK.world("expiry.never-comes", "AGP-NUM-8", "A number does not expire.")
def _never_comes(world: World) -> None:
    swap(house(world).lines, "_expire_at", lambda _: lambda number: None)


@BOOK.world("expiry.an-hour-early", "AGP-NUM-8", "A number expires an hour early.")
def _an_hour_early(world: World) -> None:
    lines = house(world).lines

    def make(expire_at: Any) -> Any:
        def early(number: Any) -> None:
            asked, number.expires_at = number.expires_at, number.expires_at and number.expires_at - HOUR
            expire_at(number)
            number.expires_at = asked

        return early

    swap(lines, "_expire_at", make)


@BOOK.world("expiry.cannot-be-taken-away", "AGP-NUM-8", "expiresAt of null does not keep a number.")
def _cannot_be_taken_away(world: World) -> None:
    lines = house(world).lines

    def make(expire_at: Any) -> Any:
        return lambda number: expire_at(number) if number.expires_at is not None else None

    swap(lines, "_expire_at", make)


@BOOK.asked("offers.of-any-area", "AGP-NUM-8", "The search ignores the area code.")
def _of_any_area(asked: Asked) -> None:
    if at(asked, "GET", f"{NUMBERS}/available"):
        forget(asked, "areaCode")


@BOOK.asked("offers.without-limit", "AGP-NUM-8", "The search ignores the limit.", "AGP-SDK-1")
def _without_limit(asked: Asked) -> None:
    if at(asked, "GET", f"{NUMBERS}/available"):
        forget(asked, "limit")


@BOOK.asked("lookup.of-the-first-25", "AGP-NUM-8", "A look-up of 26 numbers looks up 25.")
def _of_the_first_25(asked: Asked) -> None:
    if at(asked, "GET", f"{NUMBERS}/lookup"):
        query(
            asked,
            lambda named: (
                named.update(phoneNumbers=",".join(named["phoneNumbers"].split(",")[:25]))
                if "phoneNumbers" in named
                else None
            ),
        )


@BOOK.answered("lookup.in-another-order", "AGP-NUM-8", "A look-up gives the numbers in another order.", "AGP-SDK-1")
def _in_another_order(answer: Answered, _: World) -> None:
    if fine(answer, "GET", f"{NUMBERS}/lookup"):
        show(answer, lambda body: body["data"].reverse())


@BOOK.answered("card.always-has-a-picture", "AGP-NUM-8", "A contact card always has a picture.")
def _always_has_a_picture(answer: Answered, _: World) -> None:
    if fine(answer, "GET", CARD):
        show(answer, lambda card: card.update(hasAvatar=True))


@BOOK.world("card.stays", "AGP-NUM-8", "A contact card that was deleted is there still.")
def _card_stays(world: World) -> None:
    lines = house(world).lines
    kept: dict[str, Any] = {}

    def make(card: Any) -> Any:
        def old(number: Any) -> Any:
            if number.card is not None:
                kept[number.id] = card(number)
            return kept.get(number.id) or card(number)

        return old

    swap(lines, "card", make)


@BOOK.answered("calls.of-a-number-are-all", "AGP-NUM-8", "A number's calls are all the account's.")
def _of_a_number_are_all(answer: Answered, world: World) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/calls"):
        phones = house(world).phones
        every = [phones.view(detail) for detail in phones.details.newest("account", answer.account)]
        answer.body = encode({"data": every, "hasMore": False, "total": len(every)})


# -- money ------


@BOOK.world("price.four-dollars", "AGP-NUM-9", "A number costs $4.")
def _four_dollars(world: World) -> None:
    charged(world, lambda _account, amount, cause, _ref: amount + DOLLAR if cause == "number" else amount)


@BOOK.world("price.on-credit", "AGP-NUM-9", "A number is bought although the balance is a cent short.")
def _on_credit(world: World) -> None:
    swap(house(world).money, "check", lambda check: lambda account, p: check(account, p - CENT if p == NUMBER else p))


@BOOK.answered("price.charged-when-short", "AGP-NUM-9", "A number that is refused for want of money is charged.")
def _charged_when_short(answer: Answered, world: World) -> None:
    if at(answer, "POST", NUMBERS) and answer.status == 402:
        house(world).money.charge(answer.account, CENT, "number", "none")


@BOOK.world("price.only-once", "AGP-NUM-9", "The months after the first are not charged.")
def _only_once(world: World) -> None:
    charged(world, lambda _account, amount, cause, _ref: 0 if cause == "number_month" else amount)


@BOOK.world(
    "limit.of-eleven",
    "AGP-NUM-9",
    "An account may buy eleven numbers.",
)
def _of_eleven(world: World) -> None:
    swap(
        house(world).lines.records,
        "count",
        lambda count: lambda index, key: count(index, key) - (index == "bought" and count(index, key) == 10),
    )


@BOOK.world(
    "limit.of-all-ever-bought",
    "AGP-NUM-9",
    "Released numbers count towards the ten.",
)
def _of_all_ever_bought(world: World) -> None:
    swap(
        house(world).lines.records,
        "count",
        lambda count: lambda index, key: count("account" if index == "bought" else index, key),
    )

"""Mutants of "Phone numbers"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import HOUR
from ringback.carrier.ledger import CENT, DOLLAR
from ringback.emulator import Emulator
from ringback.gateway.asgi import encode
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.gateway.vendor import NumberNotFound
from ringback.vendors.agentphone.mutants.register import (
    CALLS,
    NUMBERS,
    ONE_NUMBER,
    REGISTRY,
    Thing,
    at,
    backend,
    charged,
    fine,
    forget,
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


@REGISTRY.on_request("numbers.area-is-ignored", "AGP-NUM-1", "The area code is ignored.")
def _area_is_ignored(asked: Request) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.pop("areaCode", None) if body.get("areaCode") == "415" else None)


@REGISTRY.on_response("numbers.area-without-stock-is-409", "AGP-NUM-1", "An area without numbers is answered 409.")
def _area_without_stock_is_409(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", NUMBERS) and (answer.asked.json() or {}).get("areaCode") == "999":
        refuse(answer, 409, "CARRIER_ERROR", "carrier_error")


@REGISTRY.on_response(
    "numbers.answer-without-agent", "AGP-NUM-1", "The answer that bought a number does not name the agent."
)
def _answer_without_agent(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", NUMBERS):
        show(answer, lambda number: number.update(agentId=None))


@REGISTRY.on_response("numbers.pending", "AGP-NUM-1", "A number that was just bought is pending.", "AGP-NUM-3")
def _pending(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", NUMBERS):
        show(answer, lambda number: number.update(status="pending"))


@REGISTRY.on_request(
    "numbers.of-the-us-alone", "AGP-NUM-1", "Whoever wants a number in Canada gets one of the United States."
)
def _of_the_us_alone(asked: Request) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(country="US") if body.get("country") == "CA" else None)


@REGISTRY.on_response(
    "numbers.not-e164", "AGP-NUM-1", "A number bought in an area is told without its plus.", "AGP-NUM-3", "AGP-SDK-1"
)
def _not_e164(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", NUMBERS) and (answer.asked.json() or {}).get("areaCode"):
        show(answer, lambda number: number.update(phoneNumber=number["phoneNumber"].lstrip("+")))


@REGISTRY.on_request("numbers.any-country", "AGP-NUM-2", "A country that is not served is taken for the United States.")
def _any_country(asked: Request) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(country="US") if body.get("country") == "ZZ" else None)


@REGISTRY.on_request("numbers.area-is-cut", "AGP-NUM-2", "An area code of four digits is cut.")
def _area_is_cut(asked: Request) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(areaCode="415") if body.get("areaCode") == "4155" else None)


@REGISTRY.on_request(
    "numbers.unknown-agent-is-ignored", "AGP-NUM-2", "A number is bought for an agent that is not there."
)
def _unknown_agent_is_ignored(asked: Request) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda b: b.pop("agentId") if b.get("agentId") == "agt_000000000000" else None)


@REGISTRY.on_response("numbers.refusal-costs", "AGP-NUM-2", "A number that is refused is charged.")
def _refusal_costs(answer: MutableResponse, emulator: Emulator) -> None:
    if at(answer, "POST", NUMBERS) and answer.status in (404, 422):
        backend(emulator).money.charge(answer.account, NUMBER, "number", "none")


@REGISTRY.on_response("numbers.listed-without-country", "AGP-NUM-3", "Listed numbers have no country.", "AGP-SDK-1")
def _listed_without_country(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", NUMBERS):
        rows(answer, lambda number: number.pop("country"))


@REGISTRY.on_response("numbers.first-is-not-listed", "AGP-NUM-3", "The list leaves Canadian numbers out.")
def _first_is_not_listed(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", NUMBERS):
        show(answer, lambda body: body.update(data=[row for row in body["data"] if row["country"] != "CA"]))


@REGISTRY.on_response("numbers.created-at-with-offset", "AGP-NUM-3", "Listed numbers tell the time without Z.")
def _created_at_with_offset(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", NUMBERS):
        rows(answer, lambda number: number.update(createdAt=number["createdAt"].replace("Z", "+00:00")))


# -- releasing ------


@REGISTRY.on_start("release.still-rings", "AGP-NUM-4", "A released number still rings.")
def _still_rings(emulator: Emulator) -> None:
    patch(emulator.services.numbers, "release", lambda _: lambda number: None)


@REGISTRY.on_response("release.messages-are-gone", "AGP-NUM-4", "The messages of a released number are gone.")
def _messages_are_gone(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", TEXTS) and backend(emulator).data.numbers[id_in(answer.asked.path)].status == "released":
        answer.say(200, {"data": [], "hasMore": False})


@REGISTRY.on_response(
    "release.conversations-are-gone", "AGP-NUM-4", "Conversations of released numbers leave the list."
)
def _conversations_are_gone(answer: MutableResponse, emulator: Emulator) -> None:
    lines = backend(emulator).data.numbers

    def there(row: Thing) -> bool:
        return bool(lines[row["phoneNumberId"]].status == "active")

    if fine(answer, "GET", "/v1/conversations"):
        show(answer, lambda body: body.update(data=[row for row in body["data"] if there(row)]))


@REGISTRY.on_response(
    "release.says-active", "AGP-NUM-4", "The answer to a release says that the number is active.", "AGP-SDK-1"
)
def _says_active(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "DELETE", ONE_NUMBER):
        show(answer, lambda body: body.update(status="active"))


@REGISTRY.on_response("release.costs-a-month", "AGP-NUM-4", "A release costs a month.")
def _costs_a_month(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "DELETE", ONE_NUMBER):
        backend(emulator).money.charge(answer.account, NUMBER, "number_month", "none")


@REGISTRY.on_start(
    "release.can-be-undone",
    "AGP-NUM-4",
    "A released number can be tagged and attached.",
)
def _can_be_undone(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers
    patch(lines, "kept", lambda _: lambda account, id_: lines.of(account, id_))


@REGISTRY.on_start("release.is-billed-on", "AGP-NUM-4", "A released number is billed on.")
def _is_billed_on(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def renew(id_: str) -> None:
        number = lines.data.numbers.get(id_)
        if number is not None:
            number.months += 1
            lines.backend.money.charge(number.account, NUMBER, "number_month", id_)
            lines._bill_next(number)

    def make(give_back: Any) -> Any:
        def on(number: Any) -> None:
            give_back(number)
            lines._bill_next(number)

        return on

    emulator.services.clock.on("agentphone.number.renew", renew)
    patch(lines, "_give_back", make)


# -- messages ------


@REGISTRY.on_response("texts.sender-under-another-name", "AGP-NUM-5", "A listed message has its sender as `sender`.")
def _sender_under_another_name(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", TEXTS):
        rows(answer, lambda text: text.update(sender=text.pop("from_")))


@REGISTRY.on_response("texts.ends-are-swapped", "AGP-NUM-5", "A message that came in is shown as sent to who wrote it.")
def _ends_are_swapped(answer: MutableResponse, _: Emulator) -> None:
    def turn(text: Thing) -> None:
        if text["direction"] == "inbound":
            text.update(from_=text["to"], to=text["from_"])

    if fine(answer, "GET", TEXTS):
        rows(answer, turn)


@REGISTRY.on_response(
    "texts.without-direction",
    "AGP-NUM-5",
    "Listed messages do not say which way they went.",
)
def _without_direction(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", TEXTS):
        rows(answer, lambda text: text.update(direction="unknown"))


@REGISTRY.on_response(
    "texts.oldest-first",
    "AGP-NUM-5",
    "Messages come with the oldest first.",
    "AGP-PAGE-2",
)
def _texts_oldest_first(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", TEXTS):
        show(answer, lambda body: body["data"].reverse())


@REGISTRY.on_start(
    "texts.of-all-numbers",
    "AGP-NUM-5",
    "A number's list has the messages of all the account's.",
    "AGP-PAGE-2",
)
def _of_all_numbers(emulator: Emulator) -> None:
    texts = backend(emulator).data.messages

    def whose(index: str, key: Any) -> tuple[str, Any]:
        return ("account", backend(emulator).data.numbers[key].account) if index == "number" else (index, key)

    for name in ("positions", "range"):
        patch(texts, name, lambda of: lambda index, key, *rest: of(*whose(index, key), *rest))


# -- registration ------


@REGISTRY.on_start("sms.needs-no-registration", "AGP-NUM-6", "SMS go out without a registration.", "AGP-ACC-2")
def _needs_no_registration(emulator: Emulator) -> None:
    patch(backend(emulator).office, "outbound_sms", lambda _: lambda number: "enabled")


@REGISTRY.on_start(
    "sms.inbound-needs-registration",
    "AGP-NUM-6",
    "Without a registration no SMS comes in.",
)
def _inbound_needs_registration(emulator: Emulator) -> None:
    def make(receive: Any) -> Any:
        def only_registered(to: str, *rest: Any) -> Any:
            assigned = emulator.services.numbers.assignment(to)
            if assigned is not None and backend(emulator).settings(assigned.account).sms_registration == "none":
                raise NumberNotFound(to)
            return receive(to, *rest)

        return only_registered

    patch(backend(emulator), "receive_message", make)


@REGISTRY.on_response("calls.need-registration", "AGP-NUM-6", "Without a registration no call goes out.", "AGP-SDK-1")
def _need_registration(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "POST", CALLS) and backend(emulator).settings(answer.account).sms_registration == "none":
        refuse(answer, 400, "REGISTRATION_REQUIRED")


@REGISTRY.on_response("sms.refusal-costs", "AGP-NUM-6", "An SMS that is refused for want of a registration is charged.")
def _sms_refusal_costs(answer: MutableResponse, emulator: Emulator) -> None:
    if answer.code == "REGISTRATION_REQUIRED":
        backend(emulator).money.charge(answer.account, 2 * CENT, "message", "none")


@REGISTRY.on_response(
    "sms.says-enabled",
    "AGP-NUM-6",
    "outboundSms is enabled whatever the registration.",
)
def _says_enabled(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "POST", NUMBERS):
        show(answer, lambda number: number.update(outboundSms="enabled"))


# -- keeping ------


@REGISTRY.on_start("list.with-released-numbers", "AGP-NUM-7", "The list has released numbers too.")
def _with_released_numbers(emulator: Emulator) -> None:
    records = backend(emulator).data.numbers

    def which(index: str) -> str:
        return "project" if index == "active" else index

    patch(records, "slice", lambda of: lambda index, key, offset, limit: of(which(index), key, offset, limit))
    patch(records, "count", lambda of: lambda index, key: of(which(index), key))


@REGISTRY.on_response(
    "release.forgets-the-number",
    "AGP-NUM-7",
    "A released number cannot be had by its id.",
)
def _forgets_the_number(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_NUMBER) and (answer.json() or {}).get("status") == "released":
        refuse(answer, 404, "PHONE_NUMBER_NOT_FOUND", "not_found_error")


@REGISTRY.on_response("release.total-stays", "AGP-NUM-7", "total counts released numbers.")
def _total_stays(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", NUMBERS):
        every = backend(emulator).data.numbers.count("project", answer.account)
        show(answer, lambda body: body.update(total=max(every, body["total"])))


@REGISTRY.on_request("tags.external-id-is-ignored", "AGP-NUM-8", "externalId cannot be changed.", "AGP-SDK-1")
def _external_id_is_ignored(asked: Request) -> None:
    if at(asked, "PATCH", ONE_NUMBER):
        rewrite(asked, lambda body: body.pop("externalId", None))


@REGISTRY.on_request("tags.not-at-birth", "AGP-NUM-8", "A number cannot be bought with an externalId.")
def _not_at_birth(asked: Request) -> None:
    if at(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.pop("externalId", None))


@REGISTRY.on_start("tags.detach", "AGP-NUM-8", "A tag takes the number from its agent.")
def _tags_detach(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(change: Any) -> Any:
        def loose(account: str, id_: str, body: Any) -> Any:
            lines.detach(lines.kept(account, id_))
            return change(account, id_, body)

        return loose

    patch(lines, "change", make)


@REGISTRY.on_start("expiry.never-comes", "AGP-NUM-8", "A number does not expire.")
def _never_comes(emulator: Emulator) -> None:
    patch(backend(emulator).phone_numbers, "_expire_at", lambda _: lambda number: None)


@REGISTRY.on_start("expiry.an-hour-early", "AGP-NUM-8", "A number expires an hour early.")
def _an_hour_early(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(expire_at: Any) -> Any:
        def early(number: Any) -> None:
            asked, number.expires_at = number.expires_at, number.expires_at and number.expires_at - HOUR
            expire_at(number)
            number.expires_at = asked

        return early

    patch(lines, "_expire_at", make)


@REGISTRY.on_start("expiry.cannot-be-taken-away", "AGP-NUM-8", "expiresAt of null does not keep a number.")
def _cannot_be_taken_away(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(expire_at: Any) -> Any:
        return lambda number: expire_at(number) if number.expires_at is not None else None

    patch(lines, "_expire_at", make)


@REGISTRY.on_request("offers.of-any-area", "AGP-NUM-8", "The search ignores the area code.")
def _of_any_area(asked: Request) -> None:
    if at(asked, "GET", f"{NUMBERS}/available"):
        forget(asked, "areaCode")


@REGISTRY.on_request("offers.without-limit", "AGP-NUM-8", "The search ignores the limit.", "AGP-SDK-1")
def _without_limit(asked: Request) -> None:
    if at(asked, "GET", f"{NUMBERS}/available"):
        forget(asked, "limit")


@REGISTRY.on_request("lookup.of-the-first-25", "AGP-NUM-8", "A look-up of 26 numbers looks up 25.")
def _of_the_first_25(asked: Request) -> None:
    if at(asked, "GET", f"{NUMBERS}/lookup"):
        query(
            asked,
            lambda named: (
                named.update(phoneNumbers=",".join(named["phoneNumbers"].split(",")[:25]))
                if "phoneNumbers" in named
                else None
            ),
        )


@REGISTRY.on_response(
    "lookup.in-another-order", "AGP-NUM-8", "A look-up gives the numbers in another order.", "AGP-SDK-1"
)
def _in_another_order(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{NUMBERS}/lookup"):
        show(answer, lambda body: body["data"].reverse())


@REGISTRY.on_response("card.always-has-a-picture", "AGP-NUM-8", "A contact card always has a picture.")
def _always_has_a_picture(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", CARD):
        show(answer, lambda card: card.update(hasAvatar=True))


@REGISTRY.on_start("card.stays", "AGP-NUM-8", "A contact card that was deleted is there still.")
def _card_stays(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers
    kept: dict[str, Any] = {}

    def make(card: Any) -> Any:
        def old(number: Any) -> Any:
            if number.card is not None:
                kept[number.id] = card(number)
            return kept.get(number.id) or card(number)

        return old

    patch(lines, "card", make)


@REGISTRY.on_response("calls.of-a-number-are-all", "AGP-NUM-8", "A number's calls are all the account's.")
def _of_a_number_are_all(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/calls"):
        phones = backend(emulator).calls
        every = [phones.view(detail) for detail in phones.data.calls.newest("account", answer.account)]
        answer.body = encode({"data": every, "hasMore": False, "total": len(every)})


# -- money ------


@REGISTRY.on_start("price.four-dollars", "AGP-NUM-9", "A number costs $4.")
def _four_dollars(emulator: Emulator) -> None:
    charged(emulator, lambda _account, amount, cause, _ref: amount + DOLLAR if cause == "number" else amount)


@REGISTRY.on_start("price.on-credit", "AGP-NUM-9", "A number is bought although the balance is a cent short.")
def _on_credit(emulator: Emulator) -> None:
    patch(
        backend(emulator).money,
        "check",
        lambda check: lambda account, p: check(account, p - CENT if p == NUMBER else p),
    )


@REGISTRY.on_response("price.charged-when-short", "AGP-NUM-9", "A number that is refused for want of money is charged.")
def _charged_when_short(answer: MutableResponse, emulator: Emulator) -> None:
    if at(answer, "POST", NUMBERS) and answer.status == 402:
        backend(emulator).money.charge(answer.account, CENT, "number", "none")


@REGISTRY.on_start("price.only-once", "AGP-NUM-9", "The months after the first are not charged.")
def _only_once(emulator: Emulator) -> None:
    charged(emulator, lambda _account, amount, cause, _ref: 0 if cause == "number_month" else amount)


@REGISTRY.on_start(
    "limit.of-eleven",
    "AGP-NUM-9",
    "An account may buy eleven numbers.",
)
def _of_eleven(emulator: Emulator) -> None:
    patch(
        backend(emulator).data.numbers,
        "count",
        lambda count: lambda index, key: count(index, key) - (index == "bought" and count(index, key) == 10),
    )


@REGISTRY.on_start(
    "limit.of-all-ever-bought",
    "AGP-NUM-9",
    "Released numbers count towards the ten.",
)
def _of_all_ever_bought(emulator: Emulator) -> None:
    patch(
        backend(emulator).data.numbers,
        "count",
        lambda count: lambda index, key: count("account" if index == "bought" else index, key),
    )

"""Mutants of "Phone numbers"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import HOUR
from ringback.carrier.ledger import CENT, DOLLAR
from ringback.carrier.number_pool import NumberPool
from ringback.gateway.vendor import NumberNotFound
from ringback.mutants.agentphone.registry import all_calls, charge, mutant, sent
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import MutableRequest, MutableResponse, code, drop_query, error, respond, status
from ringback.mutants.transforms import apply, drop, keep, rename, reverse, set_to, swap
from ringback.store import Collection
from ringback.vendors.agentphone.prices import MAX_NUMBERS, NUMBER_MONTH, SMS_SEGMENT
from ringback.vendors.agentphone.records import MessageDetail, Number
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.common import settings_of
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.rules.registrations import Registrations
from ringback.vendors.agentphone.wire.requests import NumberPatch
from ringback.vendors.agentphone.wire.responses import ContactCardView, NumberView


def _unregistered(own: AgentPhone, account: str) -> bool:
    return settings_of(own.services, account).sms_registration == "none"


# -- buying ------

mutant("numbers.area-is-ignored", "AGP-NUM-1", "The area code is ignored.").request(
    drop("areaCode"),
    on="createNumber",
    when=lambda request: isinstance(request.document, dict) and request.document.get("areaCode") == "415",
)
mutant("numbers.area-without-stock-is-409", "AGP-NUM-1", "An area without numbers is answered 409.").response(
    error(409, "CARRIER_ERROR"),
    on="createNumber",
    when=lambda response: response.status < 300 and sent(response, "areaCode") == "999",
)
mutant("numbers.answer-without-agent", "AGP-NUM-1", "The response to a purchase does not name the agent.").response(
    set_to("agentId", None), on="createNumber"
)
mutant("numbers.pending", "AGP-NUM-1", "A number that was just bought is pending.", "AGP-NUM-3").response(
    set_to("status", "pending"), on="createNumber"
)
mutant("numbers.of-the-us-alone", "AGP-NUM-1", "A request for a Canadian number gets one of the US.").request(
    set_to("[country=CA].country", "US"), on="createNumber"
)
mutant(
    "numbers.not-e164", "AGP-NUM-1", "A number bought in an area is shown without its plus.", "AGP-NUM-3", "AGP-SDK-1"
).response(
    apply("phoneNumber", lambda number: number.lstrip("+")),
    on="createNumber",
    when=lambda response: response.status < 300 and sent(response, "areaCode"),
)
mutant("numbers.any-country", "AGP-NUM-2", "A country where no numbers are sold becomes the United States.").request(
    set_to("[country=ZZ].country", "US"), on="createNumber"
)
mutant("numbers.area-is-cut", "AGP-NUM-2", "An area code of four digits is cut.").request(
    set_to("[areaCode=4155].areaCode", "415"), on="createNumber"
)
mutant("numbers.unknown-agent-is-ignored", "AGP-NUM-2", "A number is bought for an unknown agent.").request(
    drop("[agentId=agt_000000000000].agentId"), on="createNumber"
)
mutant("numbers.refusal-costs", "AGP-NUM-2", "A rejected purchase is charged.").response(
    lambda response: charge(response.backend, response.account, NUMBER_MONTH, "number"),
    on="createNumber",
    when=status(404, 422),
)
mutant("numbers.listed-without-country", "AGP-NUM-3", "Listed numbers have no country.", "AGP-SDK-1").response(
    drop("data[].country"), on="listNumbers"
)
mutant("numbers.first-is-not-listed", "AGP-NUM-3", "The list leaves out Canadian numbers.").response(
    drop("data[country=CA]"), on="listNumbers"
)
mutant("numbers.created-at-with-offset", "AGP-NUM-3", "Listed numbers show the time without Z.").response(
    apply("data[].createdAt", lambda instant: instant.replace("Z", "+00:00")), on="listNumbers"
)

# -- releasing ------

mutant("release.still-rings", "AGP-NUM-4", "A released number still rings.").returns(NumberPool.release, None)


def _released(response: MutableResponse[AgentPhone]) -> bool:
    number = response.backend.data.numbers.get(response.request.variables["number_id"])
    return number is not None and number.status == "released"


mutant("release.messages-are-gone", "AGP-NUM-4", "The messages of a released number are gone.").response(
    respond(200, {"data": [], "hasMore": False}), on="listNumberMessages", when=_released
)


def _drop_released(response: MutableResponse[AgentPhone]) -> None:
    numbers = response.backend.data.numbers
    keep("data", lambda row: numbers[row["phoneNumberId"]].status == "active")(response)


mutant("release.conversations-are-gone", "AGP-NUM-4", "Conversations of released numbers leave the list.").response(
    _drop_released, on="listConversations"
)
mutant(
    "release.says-active", "AGP-NUM-4", "The response to a release says that the number is active.", "AGP-SDK-1"
).response(set_to("status", "active"), on="releaseNumber")
mutant("release.costs-a-month", "AGP-NUM-4", "A release costs a month.").response(
    lambda response: charge(response.backend, response.account, NUMBER_MONTH, "number_month"), on="releaseNumber"
)
mutant("release.can-be-undone", "AGP-NUM-4", "A released number can be tagged and attached.").instead(
    Data.active_number, lambda _, own, account, id_: own.data.number(account, id_)
)


@mutant("release.is-billed-on", "AGP-NUM-4", "A released number is still charged every month.").on_start
def _is_billed_on(own: AgentPhone) -> None:
    def renew(_: Original, own: AgentPhone, id_: str) -> None:
        number = own.data.numbers[id_]
        number.months += 1
        own.money.charge(number.account, NUMBER_MONTH, "number_month", id_)
        own.phone_numbers.bill_next(number)

    def give_back(original: Original, own: AgentPhone, number: Number) -> None:
        original(number)
        own.phone_numbers.bill_next(number)

    patch(own, Numbers.renew, renew)
    patch(own, Numbers.give_back, give_back)


# -- messages ------

mutant("texts.sender-under-another-name", "AGP-NUM-5", "A listed message has its sender as `sender`.").response(
    rename("data[].from_", "sender"), on="listNumberMessages"
)
mutant("texts.ends-are-swapped", "AGP-NUM-5", "An inbound message has sender and recipient swapped.").response(
    swap("data[direction=inbound].from_", "to"), on="listNumberMessages"
)
mutant("texts.without-direction", "AGP-NUM-5", "Listed messages do not show their direction.").response(
    set_to("data[].direction", "unknown"), on="listNumberMessages"
)
mutant("texts.oldest-first", "AGP-NUM-5", "Messages come with the oldest first.", "AGP-PAGE-2").response(
    reverse("data"), on="listNumberMessages"
)


@mutant(
    "texts.of-all-numbers", "AGP-NUM-5", "A number's list has the messages of all the account's numbers.", "AGP-PAGE-2"
).on_start
def _of_all_numbers(own: AgentPhone) -> None:
    def of_account(original: Original, own: AgentPhone, index: str, key: Any, *rest: Any) -> Any:
        if index == "number":
            index, key = "account", own.data.numbers[key].account
        return original(index, key, *rest)

    for seam in (Collection[MessageDetail].positions, Collection[MessageDetail].range):
        patch(own, seam, of_account, of=own.data.messages)


# -- registration ------

mutant("sms.needs-no-registration", "AGP-NUM-6", "SMS go out without a registration.", "AGP-ACC-2").returns(
    Registrations.outbound_sms, "enabled"
)


@mutant("sms.inbound-needs-registration", "AGP-NUM-6", "Without a registration no SMS comes in.").patch(
    AgentPhone.receive_message
)
def _inbound_needs_registration(
    receive: Original,
    own: AgentPhone,
    to: str,
    sender: str,
    body: str,
    media_urls: tuple[str, ...],
    group: tuple[str, ...],
) -> MessageDetail:
    assigned = own.services.numbers.assignment(to)
    if assigned is not None and _unregistered(own, assigned.account):
        raise NumberNotFound(to)
    detail: MessageDetail = receive(to, sender, body, media_urls, group)
    return detail


mutant("calls.need-registration", "AGP-NUM-6", "Without a registration no call goes out.", "AGP-SDK-1").response(
    error(400, "REGISTRATION_REQUIRED"),
    on="createCall",
    when=lambda response: response.status < 300 and _unregistered(response.backend, response.account),
)
mutant("sms.refusal-costs", "AGP-NUM-6", "An SMS rejected for lack of a registration is charged.").response(
    lambda response: charge(response.backend, response.account, SMS_SEGMENT, "message"),
    when=code("REGISTRATION_REQUIRED"),
)
mutant("sms.says-enabled", "AGP-NUM-6", "outboundSms is enabled whatever the registration.").response(
    set_to("outboundSms", "enabled"), on="createNumber"
)

# -- keeping ------


@mutant("list.with-released-numbers", "AGP-NUM-7", "The list has released numbers too.").on_start
def _with_released_numbers(own: AgentPhone) -> None:
    def of_project(original: Original, _: AgentPhone, index: str, *rest: Any) -> Any:
        return original("project" if index == "active" else index, *rest)

    patch(own, Collection[Number].slice, of_project, of=own.data.numbers)
    patch(own, Collection[Number].count, of_project, of=own.data.numbers)


mutant("release.forgets-the-number", "AGP-NUM-7", "A released number is not found by its id.").response(
    error(404, "PHONE_NUMBER_NOT_FOUND"),
    on="getNumber",
    when=lambda response: response.status < 300 and _released(response),
)


def _count_released(response: MutableResponse[AgentPhone]) -> None:
    ever = response.backend.data.numbers.count("project", response.account)
    apply("total", lambda total: max(ever, total))(response)


mutant("release.total-stays", "AGP-NUM-7", "total counts released numbers.").response(_count_released, on="listNumbers")
mutant("tags.external-id-is-ignored", "AGP-NUM-8", "externalId cannot be changed.", "AGP-SDK-1").request(
    drop("externalId"), on="updateNumber"
)
mutant("tags.not-at-birth", "AGP-NUM-8", "A number cannot be bought with an externalId.").request(
    drop("externalId"), on="createNumber"
)


@mutant("tags.detach", "AGP-NUM-8", "A tag detaches the number from its agent.").patch(Numbers.update)
def _tags_detach(update: Original, own: AgentPhone, number: Number, body: NumberPatch) -> NumberView:
    own.phone_numbers.detach(number)
    view: NumberView = update(number, body)
    return view


mutant("expiry.never-comes", "AGP-NUM-8", "A number does not expire.").returns(Numbers.schedule_expiry, None)


@mutant("expiry.an-hour-early", "AGP-NUM-8", "A number expires an hour early.").patch(Numbers.schedule_expiry)
def _an_hour_early(schedule_expiry: Original, _: AgentPhone, number: Number) -> None:
    expires_at = number.expires_at
    number.expires_at = expires_at and expires_at - HOUR
    schedule_expiry(number)
    number.expires_at = expires_at


mutant("expiry.cannot-be-taken-away", "AGP-NUM-8", "expiresAt of null does not keep a number.").instead(
    Numbers.schedule_expiry,
    lambda schedule_expiry, own, number: schedule_expiry(number) if number.expires_at is not None else None,
)
mutant("offers.of-any-area", "AGP-NUM-8", "The search ignores the area code.").request(
    drop_query("areaCode"), on="listAvailableNumbers"
)
mutant("offers.without-limit", "AGP-NUM-8", "The search ignores the limit.", "AGP-SDK-1").request(
    drop_query("limit"), on="listAvailableNumbers"
)


def _first_25(request: MutableRequest[AgentPhone]) -> None:
    numbers = request.query.get("phoneNumbers", "").split(",")
    if len(numbers) > 25:
        request.query = {**request.query, "phoneNumbers": ",".join(numbers[:25])}


mutant("lookup.of-the-first-25", "AGP-NUM-8", "A lookup of 26 numbers looks up 25.").request(
    _first_25, on="lookupNumbers"
)
mutant("lookup.in-another-order", "AGP-NUM-8", "A lookup returns the numbers in another order.", "AGP-SDK-1").response(
    reverse("data"), on="lookupNumbers"
)
mutant("card.always-has-a-picture", "AGP-NUM-8", "A contact card always has a picture.").response(
    set_to("hasAvatar", True), on="getContactCard"
)


@mutant("card.stays", "AGP-NUM-8", "A deleted contact card is still shown.").on_start
def _card_stays(own: AgentPhone) -> None:
    seen: dict[str, ContactCardView] = {}

    def card(original: Original, _: AgentPhone, number: Number) -> ContactCardView:
        view: ContactCardView = original(number)
        if number.card is not None:
            seen[number.id] = view
        return seen.get(number.id, view)

    patch(own, Numbers.card, card)


mutant("calls.of-a-number-are-all", "AGP-NUM-8", "A number's calls are all the account's.").response(
    all_calls, on="listNumberCalls"
)

# -- money ------

mutant("price.four-dollars", "AGP-NUM-9", "A number costs $4.").instead(
    Money.charge,
    lambda charge, own, account, amount, cause, ref: charge(
        account, amount + DOLLAR if cause == "number" else amount, cause, ref
    ),
)
mutant("price.on-credit", "AGP-NUM-9", "A number is bought although the balance is a cent short.").instead(
    Money.check,
    lambda check, own, account, price: check(account, price - CENT if price == NUMBER_MONTH else price),
)
mutant("price.charged-when-short", "AGP-NUM-9", "A purchase rejected for lack of money is charged.").response(
    lambda response: charge(response.backend, response.account, CENT, "number"), on="createNumber", when=status(402)
)
mutant("price.only-once", "AGP-NUM-9", "The months after the first are not charged.").instead(
    Money.charge,
    lambda charge, own, account, amount, cause, ref: charge(
        account, 0 if cause == "number_month" else amount, cause, ref
    ),
)
mutant("limit.of-eleven", "AGP-NUM-9", "An account may buy eleven numbers.").result(
    Collection[Number].count,
    lambda count, own, index, key: count - (index == "bought" and count == MAX_NUMBERS),
    of=lambda own: own.data.numbers,
)
mutant("limit.of-all-ever-bought", "AGP-NUM-9", "Released numbers count towards the ten.").instead(
    Collection[Number].count,
    lambda count, own, index, key: count("account" if index == "bought" else index, key),
    of=lambda own: own.data.numbers,
)

"""Phone numbers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, SPEND, WRITE
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    AVAILABLE,
    CALLS,
    CONVERSATIONS,
    DAY,
    FAR,
    HOUR,
    INVALID,
    LOOKUP,
    NO_MONEY,
    NUMBERS,
    PERSON,
    RECEIPTS,
    SHAPES,
    UNPROCESSABLE,
    body_of,
    buy,
    data,
    desk,
    fetched,
    finished_call,
    ids,
    listed,
    messages,
    new_agent,
    new_number,
    new_text,
    page_problem,
    place,
    ring,
    send,
    shared_agent,
    shared_number,
    stamp,
    thing_in,
    written,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, newest_first

create_claim = CATALOGUE.section("Create number")
list_claim = CATALOGUE.section("List numbers")
release_claim = CATALOGUE.section("Delete number (release)")
messages_claim = CATALOGUE.section("Get messages for number")
compliance_claim = CATALOGUE.section("Phone numbers: SMS compliance")
claim = CATALOGUE.section("SDK: numbers", Basis.SDK)

MONTHLY = Decimal("3")
MAX_NUMBERS = 10
AREA, NO_AREA = "415", "999"
"""An area code with numbers in stock, and one that does not exist."""
REJECTED: tuple[dict[str, Any], ...] = (
    {"country": "ZZ"},
    {"country": "USA"},
    {"country": 1},
    {"areaCode": "41"},
    {"areaCode": "4155"},
    {"areaCode": "4x5"},
    {"areaCode": 415},
    {"agentId": "agt_000000000000"},
    {"agentId": 5},
)
LINE = f"{NUMBERS}/{{number_id}}"
SHOWN = ("id", "phoneNumber", "country", "status", "agentId", "createdAt")
"""Page "Create number": the fields of the example."""
CARD = {"firstName": "Corner", "lastName": "Bakery", "displayName": "Corner Bakery"}


@create_claim(
    "AGP-NUM-1",
    "POST /v1/numbers buys an active number of the country, US by default, in the area where that has one, "
    "for the agent where one is named, and answers as the page shows.",
    needs=SPEND,
    shares=("number", "agent"),
)
def numbers_bought(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = shared_agent(ctx, account)
    exchange = shared_number(ctx, account) if not ctx.emulated else buy(account, agentId=agent["id"])
    number = thing_in(exchange, "number")
    ctx.expect_status(exchange, 200, "a number", stop=True)
    ctx.expect_documented(SHAPES.problem("Number", number, "the number"), "a number", exchange, stop=True)
    expected = {"country": "US", "status": "active", "agentId": agent["id"]}
    ctx.expect_fields(number, expected, "a number for an agent", exchange)
    if not ctx.emulated:
        ctx.not_covered("area codes and other countries")
        return
    for body, area in (
        ({"areaCode": AREA}, AREA),
        ({"country": "US", "areaCode": None}, ""),
        ({"areaCode": NO_AREA}, ""),
    ):
        exchange = buy(account, **body)
        phone = str(body_of(exchange).get("phoneNumber"))
        held = exchange.status == 200 and phone.startswith(f"+1{area}")
        ctx.expect(held, f"a number with {body}: expected one in +1{area}, got {exchange} {phone}", exchange)
    canadian = buy(account, country="CA")
    ctx.expect_status(canadian, 200, "a number in Canada")
    ctx.expect_fields(canadian.json(), {"country": "CA", "agentId": None}, "a number in Canada for no agent", canadian)
    numbers = fetched(account, AGENTS, agent["id"])["numbers"]
    ctx.expect_equal(ids(numbers), [number["id"]], "the agent's numbers", exchange)


@create_claim(
    "AGP-NUM-2",
    "An unsupported country, a malformed areaCode or an unknown agentId is answered 4xx; nothing is bought.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, 1, note="which is refused", risk=300) for _ in REJECTED),
)
def numbers_that_cannot_be_had(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    before = account.get(NUMBERS).json()["total"]
    balance = account.balance() if ctx.emulated else None
    for body in REJECTED:
        exchange = buy(account, **body)
        ctx.expect(
            exchange.status is not None and 400 <= exchange.status < 500 and exchange.status not in (401, 402, 429),
            f"a number with {body}: expected 4xx, got {exchange}",
            exchange,
        )
    ctx.expect_equal(account.get(NUMBERS).json()["total"], before, "the total of numbers after that")
    if balance is not None:
        ctx.expect_equal(account.balance(), balance, "the balance after that")


def is_number_list(exchange: Exchange, known: Known) -> bool:
    """Select the list of numbers in its envelope."""
    return common.answered("GET", NUMBERS, 200)(exchange, known) and page_problem(exchange.json()) is None


@CATALOGUE.invariant("AGP-NUM-3", is_number_list)
def listed_numbers_are_numbers(exchange: Exchange, _: Known) -> str | None:
    return SHAPES.list_problem("Number", exchange.json(), "number")


@list_claim(
    "AGP-NUM-3",
    "GET /v1/numbers lists the account's numbers.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1),),
)
def the_list_of_numbers(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.get(NUMBERS)
    ctx.expect_status(exchange, 200, f"GET {NUMBERS}", stop=True)
    if not ctx.emulated:
        if is_number_list(exchange, Known({})):
            ctx.expect_documented(listed_numbers_are_numbers(exchange, Known({})), "the list", exchange)
        return
    ctx.expect_equal(data(exchange), [], "the numbers of a new account", exchange)
    bought = []
    for body in ({}, {"country": "CA"}, {"areaCode": AREA}):
        bought.append(new_number(account, **body))
        account.advance(1)
    found = {number["id"]: number for number in listed(account, NUMBERS)}
    for number in bought:
        expected = {name: number[name] for name in SHOWN}
        ctx.expect_fields(found.get(number["id"]), expected, f"{number['id']} in the list, as it was bought")
    ctx.expect_equal(len(found), len(bought), "the count of listed numbers")


@release_claim(
    "AGP-NUM-4",
    "DELETE marks a number released, for good; it rings no more, and its messages and conversations stay readable.",
    needs=SPEND,
    sends=(
        Send("POST", NUMBERS, 1, 300, "a number of its own"),
        Send("DELETE", LINE, 2, note="and its release, and once more"),
        Send("GET", f"{LINE}/messages", 1),
    ),
)
def numbers_released(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = new_agent(account) if ctx.emulated else None
    number = new_number(account, **({"agentId": agent["id"]} if agent else {}))
    line = f"{NUMBERS}/{number['id']}"
    if ctx.emulated:
        new_text(account, number, "Before it goes")
        written(account, number, "Too late?")
        account.advance(RECEIPTS)
    before = account.get(f"{line}/messages")
    balance = account.balance() if ctx.emulated else None
    released = account.delete(line)
    ctx.expect_success(released, "a release", stop=True)
    expected = {"success": True, "phoneNumber": number["phoneNumber"], "status": "released"}
    ctx.expect_fields(released.json(), expected, "a release", released, stop=True)
    kept = account.get(f"{line}/messages")
    ctx.expect_status(kept, 200, "its messages after that")
    ctx.expect_equal(kept.json(), before.json(), "its messages after that", kept)
    again = account.delete(line)
    held = again.status is not None and again.status < 500
    ctx.expect(held, f"a second release: expected no 5xx, got {again}", again)
    if not ctx.emulated or agent is None:
        ctx.not_covered("whether it still rings")
        return
    participants = {each["participant"] for each in listed(account, CONVERSATIONS)}
    ctx.expect_equal(participants, {FAR, PERSON}, "the participants of its conversations")
    ctx.expect_equal(_reachable(account, number), False, "whether a released number takes calls or messages", released)
    for what, exchange in (
        ("a message from it", send(account, number)),
        ("a change of it", account.patch(line, {"externalId": "back"})),
        ("an attachment of it", account.post(f"{AGENTS}/{agent['id']}/numbers", {"numberId": number["id"]})),
    ):
        ctx.expect(not exchange.succeeded, f"{what} after its release: expected an error, got {exchange}", exchange)
    ctx.expect_equal(fetched(account, NUMBERS, number["id"])["status"], "released", "its status after that")
    account.advance(45 * DAY)
    ctx.expect_equal(account.balance(), balance, "the balance 45 days later", released)


def _reachable(account: Account, number: dict[str, Any]) -> bool:
    """Return whether a call or a message reaches the number now."""
    try:
        account.phone(number["phoneNumber"], PERSON, duration=5)
    except ControlRefused:
        try:
            account.write(number["phoneNumber"], PERSON, "Hello?")
        except ControlRefused:
            return False
    return True


def is_message_list(exchange: Exchange, known: Known) -> bool:
    """Select the messages of a number in their envelope."""
    answered = common.answered("GET", f"{NUMBERS}/[^/]+/messages", 200)(exchange, known)
    return answered and page_problem(exchange.json(), total=False) is None


@CATALOGUE.invariant("AGP-NUM-5", is_message_list)
def listed_messages_are_messages(exchange: Exchange, _: Known) -> str | None:
    # The page shows no direction, which only the clients read.
    shown = [{"direction": "inbound", **message} for message in data(exchange)]
    return SHAPES.list_problem("Message", {"data": shown}, "message")


@messages_claim(
    "AGP-NUM-5",
    "GET /v1/numbers/{id}/messages lists {id, from_, to, body, receivedAt}, the latest first.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", f"{LINE}/messages", 1),
    ),
)
def the_messages_of_a_number(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        found = data(account.get(f"{NUMBERS}?limit=1"))
        ctx.precondition(bool(found), "the account has no number")
        exchange = account.get(f"{NUMBERS}/{found[0]['id']}/messages")
        problem = listed_messages_are_messages(exchange, Known({})) if exchange.status == 200 else str(exchange)
        ctx.expect_documented(problem, "its messages", exchange)
        return
    number, other = new_number(account), new_number(account)
    received = written(account, number, "Hi, I need help with my order")
    account.advance(60)
    sent = new_text(account, number, "Which order?")["id"]
    account.advance(60)
    exchange = account.get(f"{NUMBERS}/{number['id']}/messages")
    found = data(exchange)
    ctx.expect_equal(ids(found), [sent, received], "the messages", exchange, stop=True)
    ctx.expect_documented(newest_first(found, "receivedAt"), "the order", exchange)
    mine = number["phoneNumber"]
    outbound = {"from_": mine, "to": FAR, "body": "Which order?", "direction": "outbound", "from": mine}
    inbound = {"from_": PERSON, "to": mine, "body": "Hi, I need help with my order", "direction": "inbound"}
    for message, expected in zip(found, (outbound, {**inbound, "from": PERSON}), strict=True):
        ctx.expect_documented(SHAPES.problem("Message", message, "the message"), "a message", exchange)
        ctx.expect_fields(message, expected, "a message", exchange)
    ctx.expect_equal(messages(account, other), [], "another number's messages")


@compliance_claim(
    "AGP-NUM-6",
    "Without registration inbound SMS and calls work at once, while an outbound SMS is refused or waits.",
    needs=CTL,
)
def without_registration(ctx: ProbeContext) -> None:
    account = ctx.account(sms_registration="none")
    agent, number = desk(account)
    shown = number.get("outboundSms")
    ctx.expect(shown != "enabled", f"outboundSms without registration: expected it not to be enabled, got {shown!r}")
    try:
        received = account.write(number["phoneNumber"], PERSON, "Are you open?")
    except ControlRefused as refusal:
        message = f"a message that comes in without registration: expected it accepted, got {refusal}"
        ctx.expect(False, message, stop=True)
    ctx.expect_equal(ids(messages(account, number)), [received], "the list after a message came in")
    balance = account.balance()
    exchange = send(account, number)
    account.advance(RECEIPTS)
    sent = [each for each in messages(account, number) if each["direction"] == "outbound"]
    waits = exchange.succeeded and all(each.get("status") == "queued" for each in sent)
    ctx.expect(
        waits or (exchange.status is not None and 400 <= exchange.status < 500),
        f"an SMS without registration: expected it rejected or queued, got {exchange} and {sent}",
        exchange,
    )
    ctx.expect_equal(account.balance(), balance, "the balance after that", exchange)
    account.script({"to": FAR}, answer_after=2, duration=10)
    placed = place(account, agent, systemPrompt="Hello")
    ctx.expect_success(placed, "a call without registration", stop=True)
    inbound = ring(account, number, duration=10)
    account.advance(HOUR)
    for id_ in (placed.json()["id"], inbound):
        what = "the status of a call without registration"
        ctx.expect_equal(fetched(account, CALLS, id_)["status"], "completed", what, exchange)
    registered = ctx.account(sms_registration="registered")
    enabled = new_number(registered)
    ctx.expect_equal(enabled.get("outboundSms"), "enabled", "outboundSms with registration")
    ctx.expect_success(send(registered, enabled), "an SMS with registration")


@claim(
    "AGP-NUM-7",
    "A released number leaves the list and stays readable by its id.",
    needs=SPEND,
    sends=(
        Send("POST", NUMBERS, 1, 300, "a number of its own"),
        Send("DELETE", LINE, 1, note="and its release"),
        Send("GET", LINE, 1),
        Send("GET", NUMBERS, 2),
    ),
)
def released_numbers_leave_the_list(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    before = account.get(f"{NUMBERS}?limit=100")
    ctx.precondition(number["id"] in ids(data(before)), "the number that was bought is not in the list")
    released = account.delete(f"{NUMBERS}/{number['id']}")
    ctx.precondition(released.succeeded, f"the number could not be released: {released}")
    after = account.get(f"{NUMBERS}?limit=100")
    ctx.expect(number["id"] not in ids(data(after)), "the list: expected no released number", after)
    ctx.expect_equal(after.json()["total"], before.json()["total"] - 1, "the total", after)
    shown = account.get(f"{NUMBERS}/{number['id']}")
    ctx.expect_status(shown, 200, "the number by its id")
    expected = {"status": "released", "phoneNumber": number["phoneNumber"]}
    ctx.expect_fields(shown.json(), expected, "the number by its id", shown)


@claim(
    "AGP-NUM-8",
    "Numbers can be had by id, tagged with externalId and expiresAt (released when it passes), searched for, "
    "looked up, and given a contact card.",
    needs=WRITE,
    sends=(
        Send("GET", f"{AVAILABLE}?limit=2", 2),
        Send("GET", LOOKUP, 3),
        Send("GET", NUMBERS, 1),
        Send("GET", LINE, 1),
    ),
)
def numbers_in_every_other_way(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _offers(ctx, account)
    _looked_up(ctx, account)
    if not ctx.emulated:
        ctx.not_covered("tags, expiry, calls and contact cards")
        return
    agent, number = desk(account)
    line = f"{NUMBERS}/{number['id']}"
    exchange = account.get(line)
    ctx.expect_status(exchange, 200, "the number by its id", stop=True)
    ctx.expect_documented(SHAPES.problem("Number", exchange.json(), "the number"), "the number by its id", exchange)
    ctx.expect_equal(exchange.json().get("id"), number["id"], "the id of the number by its id", exchange)
    for tag in ("till-7", None):
        tagged = account.patch(line, {"externalId": tag})
        ctx.expect_success(tagged, "PATCH of externalId")
        for body in (tagged.json(), fetched(account, NUMBERS, number["id"])):
            expected = {"externalId": tag, "agentId": agent["id"]}
            ctx.expect_fields(body, expected, "the number after PATCH of externalId", tagged)
    born = new_number(account, externalId="till-8")
    ctx.expect_equal(born.get("externalId"), "till-8", "externalId of a number bought with one")
    call = finished_call(account, agent, 5)
    ctx.expect_equal(ids(listed(account, f"{line}/calls")), [call["id"]], "its calls")
    ctx.expect_equal(listed(account, f"{NUMBERS}/{born['id']}/calls"), [], "another number's calls")
    _expiring(ctx, account)
    _card(ctx, account, line)


def _offers(ctx: ProbeContext, account: Account) -> None:
    exchange = account.get(f"{AVAILABLE}?limit=2")
    found = data(exchange)
    phones = [str(offer.get("phoneNumber")) for offer in found]
    ctx.expect(
        1 <= len(found) <= 2 and all(phone.startswith("+1") for phone in phones),
        f"offers with limit=2: expected one or two of the US, got {phones}",
        exchange,
    )
    exchange = account.get(f"{AVAILABLE}?{urlencode({'areaCode': AREA, 'limit': 5})}")
    phones = [str(offer.get("phoneNumber")) for offer in data(exchange)]
    ctx.expect(
        (bool(phones) or not ctx.emulated) and all(phone.startswith(f"+1{AREA}") for phone in phones),
        f"offers in {AREA}: expected numbers of that area, got {phones}",
        exchange,
    )


def _looked_up(ctx: ProbeContext, account: Account) -> None:
    phones = [FAR, PERSON]
    exchange = account.get(f"{LOOKUP}?{urlencode({'phoneNumbers': ','.join(phones)})}")
    found = data(exchange)
    ctx.expect_equal([entry.get("phoneNumber") for entry in found], phones, "the numbers of a look-up", exchange)
    countries = [entry.get("country") for entry in found]
    ctx.expect(set(countries) <= {"US", None}, f"the countries: expected US, got {countries}", exchange)
    many = ",".join(f"+141555501{n:02d}" for n in range(26))
    common.reject_queries(ctx, account, LOOKUP, (urlencode({"phoneNumbers": many}),), INVALID)
    ctx.expect_error(account.get(LOOKUP), *UNPROCESSABLE, "a look-up of nothing")


def _expiring(ctx: ProbeContext, account: Account) -> None:
    now = moment(account.state()["now"])
    ctx.precondition(now is not None, "the account has no clock")
    assert now is not None
    end = (now + timedelta(hours=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    number = new_number(account)
    tagged = account.patch(f"{NUMBERS}/{number['id']}", {"expiresAt": end})
    shown = body_of(tagged).get("expiresAt")
    held = tagged.succeeded and stamp(shown) and moment(shown) == moment(end)
    ctx.expect(held, f"PATCH of expiresAt: expected {end}, got {tagged} {shown}", tagged, stop=True)
    kept = new_number(account, expiresAt=end)
    account.patch(f"{NUMBERS}/{kept['id']}", {"expiresAt": None})
    account.advance(5 * HOUR - 60)
    for what, seconds, which, status in (
        ("a minute before it expires", 120, number, "active"),
        ("a minute after it expired", 0, number, "released"),
        ("without the expiresAt that was taken away", 0, kept, "active"),
    ):
        ctx.expect_equal(fetched(account, NUMBERS, which["id"])["status"], status, f"the status {what}", tagged)
        account.advance(seconds)
    soon = account.patch(f"{NUMBERS}/{kept['id']}", {"expiresAt": "soon"})
    ctx.expect_error(soon, *UNPROCESSABLE, "PATCH of expiresAt to soon")


def _card(ctx: ProbeContext, account: Account, line: str) -> None:
    path = f"{line}/contact-card"
    for exchange in (account.request("PUT", path, json=CARD), account.get(path)):
        ctx.expect_status(exchange, 200, f"{exchange.method} of a contact card")
        ctx.expect_fields(exchange.json(), {**CARD, "hasAvatar": False}, "a contact card", exchange)
    gone = account.delete(path)
    ctx.expect_status(gone, 204, "DELETE of a contact card")
    ctx.expect_equal(gone.response_body, b"", "the body after DELETE of a contact card", gone)
    after = account.get(path)
    none = after.status == 404 or body_of(after).get("firstName") is None
    ctx.expect(none, f"the card after that: expected none, got {after} {after.json()}", after)


@claim(
    "AGP-NUM-9",
    "A number costs $3 a month; without $3 it is answered 402 `INSUFFICIENT_BALANCE`, and the eleventh 400 "
    "`VALIDATION_ERROR_NUMBER_LIMIT`; nothing is bought then.",
    needs=CTL,
)
def what_numbers_cost(ctx: ProbeContext) -> None:
    account = ctx.account(balance="5.99")
    first = buy(account)
    ctx.expect_success(first, "a number with $5.99", stop=True)
    ctx.expect_equal(account.balance(), Decimal("2.99"), "the balance after one number", first)
    short = buy(account)
    ctx.expect_error(short, *NO_MONEY, "a number with $2.99")
    ctx.expect_equal(_holdings(account), (Decimal("2.99"), 1), "balance and numbers after that", short)
    account.fund("0.01")
    exact = buy(account)
    ctx.expect_success(exact, "a number with exactly $3")
    ctx.expect_equal(account.balance(), Decimal(0), "the balance after that", exact)
    account.fund("100.00")
    account.advance(32 * DAY)
    ctx.expect_equal(account.balance(), 100 - 2 * MONTHLY, "the balance after a month of two numbers")
    rich = ctx.default_account()
    for _ in range(MAX_NUMBERS):
        new_number(rich)
    before = _holdings(rich)
    eleventh = buy(rich)
    ctx.expect_error(eleventh, 400, "VALIDATION_ERROR_NUMBER_LIMIT", "the eleventh number")
    ctx.expect_equal(_holdings(rich), (before[0], MAX_NUMBERS), "balance and numbers after that", eleventh)
    rich.delete(f"{NUMBERS}/{listed(rich, NUMBERS, limit=1)[0]['id']}")
    ctx.expect_success(buy(rich), "a number after one of ten was released", eleventh)


def _holdings(account: Account) -> tuple[Decimal, int]:
    return account.balance(), account.get(NUMBERS).json()["total"]

"""Probes and invariants for "Phone numbers"."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, SPEND, WRITE
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.paging import MESSAGE_LIST
from ringback_conformance.claims.agentphone.shapes import (
    CARD,
    CLIENT_MESSAGE,
    MESSAGE,
    NUMBER,
    newest_first,
    odd_page,
    stamp,
)
from ringback_conformance.claims.agentphone.steps import (
    AVAILABLE,
    CONVERSATIONS,
    DAY,
    FAR,
    HOUR,
    LOOKUP,
    NUMBERS,
    PERSON,
    RECEIPTS,
    buy,
    data,
    desk,
    fetched,
    finished_call,
    ids,
    listed,
    made,
    messages,
    new_agent,
    new_number,
    new_text,
    place,
    refused,
    ring,
    send,
    shared_agent,
    shared_number,
    thing_in,
    written,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

create_claim = CATALOGUE.section("Create number")
list_claim = CATALOGUE.section("List numbers")
release_claim = CATALOGUE.section("Delete number (release)")
messages_claim = CATALOGUE.section("Get messages for number")
compliance_claim = CATALOGUE.section("Phone numbers: SMS compliance")
claim = CATALOGUE.section("SDK: numbers", Basis.SDK)

MONTHLY = Decimal("3")
MAX_NUMBERS = 10
AREA, NO_AREA = "415", "999"
"""An area code with numbers in stock, and one that nobody has."""
REFUSED: tuple[dict[str, Any], ...] = (
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
    odd = odd_fields(number, NUMBER, "the number")
    ctx.check_(exchange.status == 200 and odd is None, f"a number: {odd or exchange}", exchange)
    wanted = {"country": "US", "status": "active", "agentId": agent["id"]}
    wrong = {name: number.get(name) for name, value in wanted.items() if number.get(name) != value}
    ctx.expect(not wrong, f"a number for an agent: expected {wanted}, got {wrong}", exchange)
    if not ctx.emulated:
        ctx.not_covered("area codes and other countries")
        return
    for body, what in (({"areaCode": AREA}, AREA), ({"country": "US", "areaCode": None}, "")):
        exchange = buy(account, **body)
        phone = str((exchange.json() or {}).get("phoneNumber"))
        ctx.expect(
            exchange.status == 200 and phone.startswith(f"+1{what}"),
            f"a number with {body}: expected one in +1{what}, got {exchange} {phone}",
            exchange,
        )
    elsewhere = buy(account, areaCode=NO_AREA)
    phone = str((elsewhere.json() or {}).get("phoneNumber"))
    ctx.expect(
        elsewhere.status == 200 and phone.startswith("+1"),
        f"an area without numbers: expected any number of the country, got {elsewhere}",
        elsewhere,
    )
    canadian = buy(account, country="CA")
    ctx.expect(
        canadian.status == 200 and canadian.json().get("country") == "CA",
        f"a number in Canada: expected one, got {canadian}",
        canadian,
    )
    mine = fetched(account, "/v1/agents", agent["id"])["numbers"]
    ctx.expect(ids(mine) == [number["id"]], f"the agent's numbers: expected {number['id']}, got {ids(mine)}", exchange)
    ctx.expect(canadian.json().get("agentId") is None, "a number for no agent: expected agentId null", canadian)


@create_claim(
    "AGP-NUM-2",
    "An unsupported country, a malformed areaCode or an unknown agentId is answered 4xx; nothing is bought.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, 1, note="which is refused", risk=300) for _ in REFUSED),
)
def numbers_that_cannot_be_had(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    before = account.get(NUMBERS).json()["total"]
    balance = account.balance() if ctx.emulated else None
    for body in REFUSED:
        exchange = buy(account, **body)
        ctx.expect(
            exchange.status is not None and 400 <= exchange.status < 500 and exchange.status not in (401, 402, 429),
            f"a number with {body}: expected 4xx, got {exchange}",
            exchange,
        )
    after = account.get(NUMBERS).json()["total"]
    ctx.expect(after == before, f"the numbers after that: expected {before}, got {after}")
    if balance is not None:
        ctx.expect(
            account.balance() == balance, f"the balance after that: expected ${balance}, it is ${account.balance()}"
        )


def is_number_list(exchange: Exchange, _: Known) -> bool:
    """The list of numbers was answered."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.route == NUMBERS
        and exchange.status == 200
        and odd_page(exchange.json()) is None
    )


@CATALOGUE.invariant("AGP-NUM-3", is_number_list)
def listed_numbers_are_numbers(exchange: Exchange, _: Known) -> str | None:
    odd = (odd_fields(number, NUMBER, "a listed number") for number in exchange.json()["data"])
    return next((problem for problem in odd if problem), None)


@list_claim(
    "AGP-NUM-3",
    "GET /v1/numbers lists the account's numbers.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1),),
)
def the_list_of_numbers(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.get(NUMBERS)
    ctx.check_(exchange.status == 200, f"GET {NUMBERS}: expected 200, got {exchange}", exchange)
    if not ctx.emulated:
        odd = [listed_numbers_are_numbers(exchange, Known({}))] if is_number_list(exchange, Known({})) else []
        ctx.expect(not any(odd), f"the list: {next(filter(None, odd), 'numbers')}", exchange)
        return
    ctx.expect(not data(exchange), "a new account: expected no numbers", exchange)
    bought = []
    for body in ({}, {"country": "CA"}, {"areaCode": AREA}):
        bought.append(new_number(account, **body))
        account.advance(1)
    found = {number["id"]: number for number in listed(account, NUMBERS)}
    for number in bought:
        shown = found.get(number["id"])
        wrong = {name: (shown or {}).get(name) for name in NUMBER if (shown or {}).get(name) != number[name]}
        ctx.expect(not wrong, f"{number['id']} in the list: expected it as it was bought, got {wrong}")
    ctx.expect(len(found) == len(bought), f"the list: expected {len(bought)} numbers, got {len(found)}")


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
    answer = released.json()
    wanted = {"success": True, "phoneNumber": number["phoneNumber"], "status": "released"}
    shown = {name: answer.get(name) for name in wanted} if isinstance(answer, dict) else answer
    ctx.check_(made(released) and shown == wanted, f"a release: expected {wanted}, got {released} {shown}", released)
    kept = account.get(f"{line}/messages")
    ctx.expect(
        kept.status == 200 and kept.json() == before.json(),
        f"its messages after that: expected them as before, got {kept}",
        kept,
    )
    again = account.delete(line)
    ctx.expect(
        again.status is not None and again.status < 500,
        f"a second release: expected no trouble, got {again}",
        again,
    )
    if not ctx.emulated or agent is None:
        ctx.not_covered("whether it still rings")
        return
    talks = {each["participant"] for each in listed(account, CONVERSATIONS)}
    ctx.expect(talks == {FAR, PERSON}, f"its conversations: expected {FAR} and {PERSON}, got {talks}")
    ctx.expect(not _reachable(account, number), "a call to a released number: expected nobody there", released)
    for what, exchange in (
        ("a message from it", send(account, number)),
        ("a change of it", account.patch(line, {"externalId": "back"})),
        ("an attachment of it", account.post(f"/v1/agents/{agent['id']}/numbers", {"numberId": number["id"]})),
    ):
        ctx.expect(not made(exchange), f"{what} after its release: expected a refusal, got {exchange}", exchange)
    ctx.expect(
        fetched(account, NUMBERS, number["id"])["status"] == "released", "its status after that: expected released"
    )
    account.advance(45 * DAY)
    ctx.expect(account.balance() == balance, "45 days later: expected no more charges", released)


def _reachable(account: Account, number: dict[str, Any]) -> bool:
    """Whether a call or a message reaches the number now."""
    try:
        account.phone(number["phoneNumber"], PERSON, duration=5)
    except ControlRefused:
        try:
            account.write(number["phoneNumber"], PERSON, "Hello?")
        except ControlRefused:
            return False
    return True


def is_message_list(exchange: Exchange, _: Known) -> bool:
    """The messages of a number were answered."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.status == 200
        and exchange.route.startswith(NUMBERS)
        and MESSAGE_LIST.fullmatch(exchange.route) is not None
        and odd_page(exchange.json(), total=False) is None
    )


@CATALOGUE.invariant("AGP-NUM-5", is_message_list)
def listed_messages_are_messages(exchange: Exchange, _: Known) -> str | None:
    odd = (odd_fields(message, MESSAGE, "a listed message") for message in exchange.json()["data"])
    return next((problem for problem in odd if problem), None)


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
        odd = listed_messages_are_messages(exchange, Known({})) if exchange.status == 200 else str(exchange)
        ctx.expect(odd is None, f"its messages: {odd or 'as documented'}", exchange)
        return
    number, other = new_number(account), new_number(account)
    received = written(account, number, "Hi, I need help with my order")
    account.advance(60)
    sent = new_text(account, number, "Which order?")["id"]
    account.advance(60)
    exchange = account.get(f"{NUMBERS}/{number['id']}/messages")
    found = data(exchange)
    ctx.check_(ids(found) == [sent, received], f"the messages: expected {[sent, received]}, got {ids(found)}", exchange)
    odd = newest_first(found, "receivedAt")
    ctx.expect(odd is None, f"the order: {odd or 'latest first'}", exchange)
    mine = number["phoneNumber"]
    for message, wanted in (
        (found[0], {"from_": mine, "to": FAR, "body": "Which order?", "direction": "outbound", "from": mine}),
        (found[1], {"from_": PERSON, "to": mine, "body": "Hi, I need help with my order", "direction": "inbound",
                    "from": PERSON}),
    ):  # fmt: skip
        odd = odd_fields(message, CLIENT_MESSAGE, "the message")
        wrong = {name: message.get(name) for name, value in wanted.items() if message.get(name) != value}
        ctx.expect(odd is None and not wrong, f"a message: {odd or f'expected {wanted}, got {wrong}'}", exchange)
    ctx.expect(not messages(account, other), "another number's messages: expected none")


@compliance_claim(
    "AGP-NUM-6",
    "Without registration inbound SMS and calls work at once, while an outbound SMS is refused or waits.",
    needs=CTL,
)
def without_registration(ctx: ProbeContext) -> None:
    account = ctx.account(sms_registration="none")
    agent, number = desk(account)
    ctx.expect(
        number.get("outboundSms") != "enabled",
        f"outboundSms without registration: expected it not to be enabled, got {number.get('outboundSms')}",
    )
    try:
        received = account.write(number["phoneNumber"], PERSON, "Are you open?")
    except ControlRefused as refusal:
        ctx.check_(False, f"a message that comes in without registration: expected it taken, got {refusal}")
    ctx.expect(ids(messages(account, number)) == [received], "a message that came in: expected it in the list")
    balance = account.balance()
    exchange = send(account, number)
    account.advance(RECEIPTS)
    gone = [each for each in messages(account, number) if each["direction"] == "outbound"]
    waits = made(exchange) and all(each.get("status") == "queued" for each in gone)
    ctx.expect(
        waits or (exchange.status is not None and 400 <= exchange.status < 500),
        f"an SMS without registration: expected it refused or waiting, got {exchange} and {gone}",
        exchange,
    )
    ctx.expect(account.balance() == balance, "the balance after that: expected no charge", exchange)
    account.script({"to": FAR}, answer_after=2, duration=10)
    placed = place(account, agent, systemPrompt="Hello")
    ctx.check_(made(placed), f"a call without registration: expected it placed, got {placed}", placed)
    inbound = ring(account, number, duration=10)
    account.advance(HOUR)
    for id_ in (placed.json()["id"], inbound):
        after = fetched(account, "/v1/calls", id_)
        ctx.expect(after["status"] == "completed", f"a call: expected it completed, got {after['status']}", exchange)
    registered = ctx.account(sms_registration="registered")
    enabled = new_number(registered)
    ctx.expect(
        enabled.get("outboundSms") == "enabled", f"outboundSms with registration: got {enabled.get('outboundSms')}"
    )
    sent = send(registered, enabled)
    ctx.expect(made(sent), f"an SMS with registration: expected it sent, got {sent}", sent)


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
    ctx.precondition(made(released), f"the number could not be released: {released}")
    after = account.get(f"{NUMBERS}?limit=100")
    ctx.expect(number["id"] not in ids(data(after)), "the list: expected no released number", after)
    ctx.expect(
        after.json()["total"] == before.json()["total"] - 1,
        f"total: expected {before.json()['total'] - 1}, got {after.json()['total']}",
        after,
    )
    shown = account.get(f"{NUMBERS}/{number['id']}")
    body = shown.json() or {}
    ctx.expect(
        shown.status == 200 and body.get("status") == "released" and body.get("phoneNumber") == number["phoneNumber"],
        f"the number by its id: expected it, released, got {shown} {body.get('status')}",
        shown,
    )


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
    odd = odd_fields(exchange.json(), NUMBER, "the number")
    ctx.check_(exchange.status == 200 and odd is None and exchange.json()["id"] == number["id"],
               f"the number by its id: {odd or exchange}", exchange)  # fmt: skip
    tagged = account.patch(line, {"externalId": "till-7"})
    ctx.expect(
        made(tagged) and tagged.json().get("externalId") == "till-7" and tagged.json().get("agentId") == agent["id"],
        f"PATCH externalId: expected it and nothing else changed, got {tagged} {tagged.json()}",
        tagged,
    )
    ctx.expect(
        fetched(account, NUMBERS, number["id"])["externalId"] == "till-7", "externalId after that: expected till-7"
    )
    cleared = account.patch(line, {"externalId": None})
    ctx.expect(
        made(cleared) and cleared.json()["externalId"] is None,
        f"externalId null: expected none, got {cleared}",
        cleared,
    )
    born = new_number(account, externalId="till-8")
    ctx.expect(born.get("externalId") == "till-8", f"a number bought with externalId: got {born.get('externalId')}")
    call = finished_call(account, agent, 5)
    found = listed(account, f"{line}/calls")
    ctx.expect(ids(found) == [call["id"]], f"its calls: expected {[call['id']]}, got {ids(found)}")
    ctx.expect(not listed(account, f"{NUMBERS}/{born['id']}/calls"), "another number's calls: expected none")
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
    asked = [FAR, PERSON]
    exchange = account.get(f"{LOOKUP}?{urlencode({'phoneNumbers': ','.join(asked)})}")
    found = data(exchange)
    phones = [entry.get("phoneNumber") for entry in found]
    ctx.expect(phones == asked, f"a look-up: expected {asked}, got {phones}", exchange)
    ctx.expect(
        all(entry.get("country") in ("US", None) for entry in found),
        f"the countries: expected US, got {[entry.get('country') for entry in found]}",
        exchange,
    )
    many = ",".join(f"+141555501{n:02d}" for n in range(26))
    refused(ctx, account.get(f"{LOOKUP}?{urlencode({'phoneNumbers': many})}"), (400, 422), "26 numbers at once")
    refused(ctx, account.get(LOOKUP), (422,), "a look-up of nothing")


def _expiring(ctx: ProbeContext, account: Account) -> None:
    now = moment(account.state()["now"])
    ctx.precondition(now is not None, "the account has no clock")
    assert now is not None
    end = (now + timedelta(hours=5)).isoformat(timespec="seconds").replace("+00:00", "Z")
    number = new_number(account)
    tagged = account.patch(f"{NUMBERS}/{number['id']}", {"expiresAt": end})
    ctx.check_(
        made(tagged) and stamp(tagged.json().get("expiresAt")) and moment(tagged.json()["expiresAt"]) == moment(end),
        f"PATCH expiresAt: expected {end}, got {tagged} {(tagged.json() or {}).get('expiresAt')}",
        tagged,
    )
    kept = new_number(account, expiresAt=end)
    account.patch(f"{NUMBERS}/{kept['id']}", {"expiresAt": None})
    account.advance(5 * HOUR - 60)
    early = fetched(account, NUMBERS, number["id"])["status"]
    ctx.expect(early == "active", f"a minute before it expires: expected active, got {early}", tagged)
    account.advance(120)
    late = fetched(account, NUMBERS, number["id"])["status"]
    ctx.expect(late == "released", f"a minute after it expired: expected released, got {late}", tagged)
    still = fetched(account, NUMBERS, kept["id"])["status"]
    ctx.expect(still == "active", f"one whose expiresAt was taken away: expected active, got {still}", tagged)
    refused(ctx, account.patch(f"{NUMBERS}/{kept['id']}", {"expiresAt": "soon"}), (422,), "expiresAt soon")


def _card(ctx: ProbeContext, account: Account, line: str) -> None:
    path = f"{line}/contact-card"
    put = account.request(
        "PUT", path, json={"firstName": "Corner", "lastName": "Bakery", "displayName": "Corner Bakery"}
    )
    for exchange in (put, account.get(path)):
        body = exchange.json() or {}
        shown = [body.get(name) for name in CARD] if isinstance(body, dict) else body
        ctx.expect(
            exchange.status == 200 and shown == ["Corner", "Bakery", "Corner Bakery", False],
            f"{exchange.method} of a contact card: expected it as set, got {exchange} {shown}",
            exchange,
        )
    gone = account.delete(path)
    ctx.expect(gone.status == 204 and not gone.response_body, f"DELETE of a card: expected 204, got {gone}", gone)
    after = account.get(path)
    ctx.expect(
        after.status == 404 or (after.json() or {}).get("firstName") is None,
        f"the card after that: expected none, got {after} {after.json()}",
        after,
    )


@claim(
    "AGP-NUM-9",
    "A number costs $3 a month; without $3 it is answered 402 `INSUFFICIENT_BALANCE`, and the eleventh 400 "
    "`VALIDATION_ERROR_NUMBER_LIMIT`; nothing is bought then.",
    needs=CTL,
)
def what_numbers_cost(ctx: ProbeContext) -> None:
    account = ctx.account(balance="5.99")
    first = buy(account)
    ctx.check_(made(first), f"a number with $5.99: expected it, got {first}", first)
    ctx.expect(
        account.balance() == Decimal("2.99"),
        f"the balance after one number: expected $2.99, it is ${account.balance()}",
        first,
    )
    short = buy(account)
    refused(ctx, short, (402,), "a number with $2.99", "INSUFFICIENT_BALANCE")
    ctx.expect(
        account.balance() == Decimal("2.99") and account.get(NUMBERS).json()["total"] == 1,
        "after that: expected nothing bought and nothing charged",
        short,
    )
    account.fund("0.01")
    exact = buy(account)
    ctx.expect(made(exact) and account.balance() == 0, f"a number with exactly $3: expected it, got {exact}", exact)
    account.fund("100.00")
    account.advance(32 * DAY)
    ctx.expect(
        account.balance() == 100 - 2 * MONTHLY,
        f"the balance after a month of two numbers: expected ${100 - 2 * MONTHLY}, it is ${account.balance()}",
    )
    rich = ctx.default_account()
    for _ in range(MAX_NUMBERS):
        new_number(rich)
    balance = rich.balance()
    eleventh = buy(rich)
    refused(ctx, eleventh, (400,), "the eleventh number", "VALIDATION_ERROR_NUMBER_LIMIT")
    ctx.expect(
        rich.balance() == balance and rich.get(NUMBERS).json()["total"] == MAX_NUMBERS,
        "after that: expected nothing bought and nothing charged",
        eleventh,
    )
    rich.delete(f"{NUMBERS}/{listed(rich, NUMBERS, limit=1)[0]['id']}")
    ctx.expect(made(buy(rich)), "a number after one of ten was released: expected it", eleventh)

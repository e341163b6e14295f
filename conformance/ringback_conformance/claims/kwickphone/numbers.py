"""Probes and invariants for "Provision a number", "List numbers" and "Release a number"."""

from __future__ import annotations

import json
from typing import Any

from ringback_conformance.catalogue import Known
from ringback_conformance.claims.kwickphone.balance import OUT_OF_STOCK
from ringback_conformance.claims.kwickphone.shapes import (
    CREATED,
    NUMBER,
    SECRET,
    active_first,
    odd_list,
    shows_something,
)
from ringback_conformance.claims.kwickphone.steps import (
    HOME,
    MINUTE,
    NUMBER_CENTS,
    NUMBERS,
    OPEN,
    business_phone,
    listed,
    made,
    new_number,
    number_in,
    provision,
    second_number,
    shared_number,
    status_of,
    takes_calls,
)
from ringback_conformance.claims.kwickphone.table import CATALOGUE
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import E164, odd_fields

CHOSEN_AREA = "212"
LIMIT = 5
HOURLY = 3
"""Page "Limits & billing"."""
BAD_PHONES: tuple[Any, ...] = (
    ...,
    None,
    13465550142,
    [HOME],
    {"number": HOME},
    "",
    "3465550142",
    "13465550142",
    "+1346555014",
    "+134655501423",
    "+10465550142",
    "+1346555014x",
    "+442079460123",
    "not a number",
)
"""business_phone values that are no US number in E.164; `...` leaves the field out."""
BROKEN_BODIES = (b"", b"{", b'{"business_phone": ', b"[]", b'"text"', b"null", b"\xff\xfe{}", b"business_phone=1")
NOT_HTTPS = (
    "http://hooks.example.com/kp",
    "ftp://hooks.example.com/kp",
    "hooks.example.com/kp",
    "https://",
    "javascript:alert(1)",
    "",
)
INTERNAL = (
    "https://10.0.0.7/kp",
    "https://172.16.3.4/kp",
    "https://192.168.1.1/kp",
    "https://169.254.169.254/latest",
    "https://100.64.0.1/kp",
    "https://0.0.0.0/kp",
    "https://[fd00::7]/kp",
    "https://[fe80::1]/kp",
    "https://[::ffff:10.0.0.7]/kp",
    "https://0xa000007/kp",
    "https://012.0.0.07/kp",
    "https://167772167/kp",
)
LOOPBACK = (
    "https://127.0.0.1/kp",
    "https://127.8.9.10/kp",
    "https://localhost/kp",
    "https://[::1]/kp",
    "https://[::ffff:127.0.0.1]/kp",
    "https://2130706433/kp",
    "https://0x7f000001/kp",
    "https://0177.0.0.1/kp",
    "https://127.1/kp",
)
REFUSED = "which the page refuses"


def is_creation(exchange: Exchange, _: Known) -> bool:
    """A number was made."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "POST"
        and exchange.route == NUMBERS
        and exchange.status is not None
        and 200 <= exchange.status < 300
    )


def is_listing(exchange: Exchange, _: Known) -> bool:
    """GET /v1/numbers was answered, with something in it."""
    listed = exchange.kind is Kind.API and exchange.method == "GET" and exchange.route == NUMBERS
    answered = exchange.status is not None and 200 <= exchange.status < 300
    return listed and answered and shows_something(exchange.json())


def is_release(exchange: Exchange, _: Known) -> bool:
    """A number was given back."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "DELETE"
        and exchange.route.startswith(f"{NUMBERS}/")
        and exchange.status is not None
        and 200 <= exchange.status < 300
    )


@CATALOGUE.invariant("KWP-NUM-1", is_creation)
def a_created_number_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    if exchange.status != 201:
        return f"a provision is answered {exchange.status}, not 201"
    body, sent = exchange.json(), exchange.sent()
    if odd := odd_fields(body, CREATED, "the created number"):
        return odd
    if body["status"] != "active":
        return f"the created number has status = {body['status']!r}"
    if not isinstance(sent, dict):
        return None
    if E164.fullmatch(str(sent.get("business_phone"))) and body["business_phone"] != sent["business_phone"]:
        return (
            f"the created number has business_phone = {body['business_phone']!r}, sent was {sent['business_phone']!r}"
        )
    if body["webhook_url"] != sent.get("webhook_url"):
        return f"the created number has webhook_url = {body['webhook_url']!r}, sent was {sent.get('webhook_url')!r}"
    return None


@CATALOGUE.probe("KWP-NUM-1", Send("GET", NUMBERS, 1), shares=("number",))
def a_number_is_provisioned(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = shared_number(ctx, account)
    problem = a_created_number_is_as_documented(exchange, Known({}))
    ctx.check_(exchange.status == 201 and problem is None, f"a provision: {problem or exchange}", exchange)
    created = exchange.json()
    seen = [number for number in listed(account) if number.get("id") == created["id"]]
    ctx.expect(
        len(seen) == 1 and all(seen[0].get(name, created[name]) == created[name] for name in NUMBER),
        "the new number in the list: expected it once, with what its creation told",
        exchange,
    )
    if not ctx.emulated:
        return
    for url in (ctx.inbox().url, None):
        full = provision(account, webhook_url=url, area_code=CHOSEN_AREA)
        problem = a_created_number_is_as_documented(full, Known({}))
        ctx.expect(full.status == 201 and problem is None, f"a provision with all fields: {problem or full}", full)
    ids = {number["id"] for number in listed(account)} | {created["id"]}
    phones = {number["phone_number"] for number in listed(account)}
    ctx.expect(len(ids) == len(phones) == 3, "three provisions: expected three ids and three phone numbers")


def bad_request(ctx: ProbeContext, exchange: Exchange, what: str) -> bool:
    """Expect 400 `invalid_request`; on a real deployment the first thing that is wrongly accepted ends the probe."""
    held = ctx.expect(
        exchange.status == 400 and exchange.code == "invalid_request",
        f"{what}: expected 400 invalid_request, got {exchange}",
        exchange,
    )
    accepted = exchange.status is not None and exchange.status < 300
    if accepted and not ctx.emulated:
        ctx.check_(False, f"{what} made a number; nothing more is tried", exchange)
    return held


@CATALOGUE.probe("KWP-NUM-2", Send("POST", NUMBERS, len(BAD_PHONES), note=REFUSED, risk=NUMBER_CENTS))
def business_phones_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for phone in BAD_PHONES:
        body = {} if phone is ... else {"business_phone": phone}
        shown = "no business_phone" if phone is ... else f"business_phone {phone!r}"
        bad_request(ctx, account.post(NUMBERS, body), shown)
    if ctx.emulated:
        ctx.expect(not listed(account), "the list after refused provisions: expected no number")


@CATALOGUE.probe("KWP-NUM-3", Send("POST", NUMBERS, len(BROKEN_BODIES), note=REFUSED, risk=NUMBER_CENTS))
def bodies_that_are_malformed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    kind = (("Content-Type", "application/json"),)
    for body in BROKEN_BODIES:
        bad_request(ctx, account.request("POST", NUMBERS, content=body, headers=kind), f"a body of {body!r}")


@CATALOGUE.probe("KWP-NUM-4", shares=("number", "second number"))
def the_area_of_a_number(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for exchange in (shared_number(ctx, account), second_number(ctx, account)):
        number, sent = number_in(exchange), exchange.sent()
        asked = sent.get("area_code")
        area = asked or str(sent["business_phone"])[2:5]
        what = f"area_code {asked}" if asked else f"no area_code and business_phone {sent['business_phone']}"
        ctx.expect(
            str(number.get("phone_number")).startswith(f"+1{area}"),
            f"a provision with {what}: expected a number in {area}, got {number.get('phone_number')}",
            exchange,
        )


@CATALOGUE.probe("KWP-NUM-5", Send("POST", NUMBERS, len(NOT_HTTPS), note=REFUSED, risk=NUMBER_CENTS))
def webhook_urls_that_are_not_https(ctx: ProbeContext) -> None:
    _refused_urls(ctx, ctx.default_account(), NOT_HTTPS)


@CATALOGUE.probe("KWP-NUM-6", Send("POST", NUMBERS, len(INTERNAL) + len(LOOPBACK), note=REFUSED, risk=NUMBER_CENTS))
def webhook_urls_inside(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _refused_urls(ctx, account, INTERNAL)
    if ctx.run_context.strict:
        _refused_urls(ctx, account, LOOPBACK)
    else:
        ctx.not_covered("loopback addresses, which an emulator takes unless it is started with --strict")


def _refused_urls(ctx: ProbeContext, account: Account, urls: tuple[str, ...]) -> None:
    for url in urls:
        exchange = account.post(NUMBERS, {"business_phone": business_phone(ctx), "webhook_url": url})
        bad_request(ctx, exchange, f"webhook_url {url!r}")


@CATALOGUE.probe("KWP-NUM-7")
def an_area_without_stock(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    exchange = provision(account, area_code=OUT_OF_STOCK)
    ctx.expect(
        exchange.status == 409 and exchange.code == "no_numbers",
        f"an area without stock: expected 409 no_numbers, got {exchange}",
        exchange,
    )
    other = provision(account, area_code=CHOSEN_AREA)
    _made(ctx, other, "another area after that")


def _limited(ctx: ProbeContext, exchange: Exchange, code: str, what: str) -> None:
    ctx.expect(
        exchange.status == 429 and exchange.code == code, f"{what}: expected 429 {code}, got {exchange}", exchange
    )


def _made(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    ctx.expect(made(exchange), f"{what}: expected a number, got {exchange}", exchange)


@CATALOGUE.probe("KWP-NUM-8")
def a_sixth_active_number(ctx: ProbeContext) -> None:
    account = ctx.account(provisions_per_hour=None)
    numbers = []
    for place in range(1, LIMIT + 1):
        exchange = provision(account)
        ctx.check_(
            made(exchange), f"active number {place} of {LIMIT}: expected it to be made, got {exchange}", exchange
        )
        numbers.append(number_in(exchange))
    _limited(ctx, provision(account), "number_limit", "a sixth active number")
    released = account.delete(f"{NUMBERS}/{numbers[0]['id']}")
    ctx.precondition(released.status == 200, f"no number could be released: {released}")
    _made(ctx, provision(account), "a provision after one of five was released")
    _limited(ctx, provision(account), "number_limit", "a sixth active number again")
    account.settings(number_limit=LIMIT + 1)
    _made(ctx, provision(account), "a sixth number once the limit was raised")
    _limited(ctx, provision(account), "number_limit", "one more than the raised limit")


@CATALOGUE.probe(
    "KWP-NUM-9",
    Send("POST", NUMBERS, HOURLY - 2, NUMBER_CENTS, "one more, so that the hour has three"),
    Send("POST", NUMBERS, 1, NUMBER_CENTS, "the fourth, paid only if it is not refused as the page says"),
    shares=("number", "second number"),
)
def a_fourth_provision_within_an_hour(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        _fourth_for_real(ctx)
        return
    account = ctx.account(number_limit=None)
    for place in range(1, HOURLY + 1):
        exchange = provision(account)
        ctx.check_(made(exchange), f"provision {place} of an hour: expected a number, got {exchange}", exchange)
        account.advance(15 * MINUTE)
    _limited(ctx, provision(account), "provision_velocity", "a fourth provision after 45 minutes")
    account.advance(10 * MINUTE)
    _limited(ctx, provision(account), "provision_velocity", "a fourth provision after 55 minutes")
    account.advance(6 * MINUTE)
    _made(ctx, provision(account), "a provision once the first is an hour old")
    _limited(ctx, provision(account), "provision_velocity", "the next, with three in the last hour again")
    neighbour = ctx.account(number_limit=None)
    _made(ctx, provision(neighbour), "another account's provision meanwhile")


def _fourth_for_real(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    shared_number(ctx, account)
    second_number(ctx, account)
    for _ in range(HOURLY - 2):
        more = provision(account)
        ctx.precondition(made(more), f"three could not be provisioned within the hour: {more}")
    _limited(ctx, provision(account), "provision_velocity", "a fourth provision within the hour")
    ctx.not_covered("whether it is allowed again as the hour slides")


@CATALOGUE.probe("KWP-NUM-10")
def provider_trouble(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    account.fault(operation="createNumber", first=1, effect={"status": 503})
    exchange = provision(account)
    ctx.expect(
        exchange.status == 503 and exchange.code == "provider_unavailable",
        f"provider trouble: expected 503 provider_unavailable, got {exchange}",
        exchange,
    )
    again = provision(account)
    _made(ctx, again, "the same request later")


@CATALOGUE.invariant("KWP-NUM-11", is_listing, whole=True)
def the_list_of_numbers_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    body = exchange.json()
    return odd_list(body, NUMBER, "number") or active_first(body["data"])


@CATALOGUE.probe("KWP-NUM-11", Send("GET", NUMBERS, 1))
def the_list_of_numbers(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN) if ctx.emulated else ctx.default_account()
    owned = []
    if ctx.emulated:
        for _ in range(4):
            owned.append(new_number(account))
            account.advance(MINUTE)
        for gone in (owned[1], owned[3]):
            account.delete(f"{NUMBERS}/{gone['id']}")
    exchange = account.get(NUMBERS)
    ctx.precondition(shows_something(exchange.json()) or bool(owned), "the account has no numbers to look at")
    problem = None if exchange.status == 200 else f"expected 200, got {exchange}"
    problem = problem or the_list_of_numbers_is_as_documented(exchange, Known({}))
    ctx.check_(problem is None, f"the list of numbers: {problem or 'as documented'}", exchange)
    if owned:
        ids = {number.get("id") for number in exchange.json()["data"]}
        active = [number for number in exchange.json()["data"] if number["status"] == "active"]
        ctx.expect(
            {owned[0]["id"], owned[2]["id"]} <= ids and len(active) == 2,
            f"the list after four provisions and two releases: expected two active, there are {len(active)}",
            exchange,
        )


def has_json(exchange: Exchange, _: Known) -> bool:
    """An answer of the API that could hold a secret."""
    return (
        exchange.kind is Kind.API
        and exchange.status is not None
        and not exchange.content_type.startswith("audio/")
        and exchange.response_body != b""
    )


@CATALOGUE.invariant("KWP-NUM-12", has_json)
def no_secret_but_at_creation(exchange: Exchange, known: Known) -> str | None:
    if is_creation(exchange, known):
        return None
    text = exchange.response_body.decode("utf-8", "replace")
    if "webhook_secret" in text or SECRET.search(text):
        return f"{exchange.method} {exchange.path} answers with a webhook_secret"
    return "a number's webhook secret is in the answer" if any(s in text for s in known.secrets.values()) else None


@CATALOGUE.invariant("KWP-NUM-12", is_listing, whole=True)
def a_listed_number_shows_no_secret(exchange: Exchange, known: Known) -> str | None:
    return no_secret_but_at_creation(exchange, known)


@CATALOGUE.probe("KWP-NUM-12", Send("GET", NUMBERS, 1))
def answers_after_the_creation(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    secret = None
    if ctx.emulated:
        number = new_number(account, webhook_url=ctx.inbox().url)
        secret = number.get("webhook_secret")
    exchange = account.get(NUMBERS)
    ctx.precondition(exchange.status == 200, f"there is no list to look at: {exchange}")
    ctx.precondition(shows_something(exchange.json()), "the account has no numbers to look at")
    shown = json.dumps(exchange.json())
    ctx.expect(
        "webhook_secret" not in shown and (secret is None or str(secret) not in shown),
        "the list of numbers: expected no webhook_secret in it",
        exchange,
    )


@CATALOGUE.invariant("KWP-NUM-13", is_release)
def a_release_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    if exchange.status == 200 and exchange.json() == {"released": True}:
        return None
    return f'a release is answered {exchange.status} {exchange.response_body[:80]!r}, not 200 {{"released": true}}'


@CATALOGUE.probe("KWP-NUM-13", Send("GET", NUMBERS, 1), shares=("second number",))
def a_number_is_released(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN) if ctx.emulated else ctx.default_account()
    number = number_in(second_number(ctx, account))
    if ctx.emulated:
        ctx.precondition(takes_calls(account, number), "the number takes no calls while it is active")
    exchange = account.delete(f"{NUMBERS}/{number['id']}")
    problem = a_release_is_as_documented(exchange, Known({})) if exchange.status == 200 else f"got {exchange}"
    ctx.check_(problem is None, f"a release: {problem or 'as documented'}", exchange)
    status = status_of(account, number["id"])
    ctx.expect(status == "released", f"a number after its release: expected it listed as released, it is {status}")
    if ctx.emulated:
        ctx.expect(not takes_calls(account, number), "a call to a released number: expected nobody to answer")
    else:
        ctx.not_covered("whether it takes calls")


@CATALOGUE.probe("KWP-NUM-14", Send("DELETE", f"{NUMBERS}/{{id}}", 2, note="of numbers that do not exist"))
def releasing_what_is_not_ours(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for id_ in ("num_999999999", "nope"):
        _not_found(ctx, account.delete(f"{NUMBERS}/{id_}"), f"DELETE of {id_}")
    if ctx.emulated:
        owner = ctx.account(**OPEN)
        number = new_number(owner)
        _not_found(ctx, account.delete(f"{NUMBERS}/{number['id']}"), "DELETE of another account's number")
        status = status_of(owner, number["id"])
        ctx.expect(status == "active", f"another account's number after that: expected active, it is {status}")
    else:
        ctx.not_covered("another account's number")


def _not_found(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    ctx.expect(
        exchange.status == 404 and exchange.code == "not_found",
        f"{what}: expected 404 not_found, got {exchange}",
        exchange,
    )


BAD_AREAS = ("34", "3466", "abc", "046", "", 346, ["346"])


@CATALOGUE.probe("KWP-NUM-15")
def area_codes_that_are_none(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for area in BAD_AREAS:
        exchange = account.post(NUMBERS, {"business_phone": business_phone(ctx), "area_code": area})
        bad_request(ctx, exchange, f"area_code {area!r}")

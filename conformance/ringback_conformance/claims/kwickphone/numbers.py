"""Provision a number, List numbers and Release a number."""

from __future__ import annotations

import json
import re
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, SPEND, WRITE
from ringback_conformance.claims import common
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE
from ringback_conformance.claims.kwickphone.steps import (
    HOME,
    INVALID,
    MINUTE,
    NOT_FOUND,
    NUMBER_CENTS,
    NUMBERS,
    OPEN,
    OUT_OF_STOCK,
    SHAPES,
    active_first,
    business_phone,
    listed,
    new_number,
    number_in,
    provision,
    second_number,
    shared_number,
    status_of,
    takes_calls,
)
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import E164

claim = CATALOGUE.section("Provision a number")
list_claim = CATALOGUE.section("List numbers")
release_claim = CATALOGUE.section("Release a number")
limits_claim = CATALOGUE.section("Limits & billing")
error_claim = CATALOGUE.section("Errors")

CHOSEN_AREA = "212"
LIMIT = 5
HOURLY = 3
"""Page "Limits & billing"."""
NUMBER_LIMIT = (429, "number_limit")
VELOCITY = (429, "provision_velocity")
SECRET = re.compile(r"whsec_\S+")
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
"""business_phone values that are not US numbers in E.164; `...` leaves the field out."""
BROKEN_BODIES = (*common.BROKEN_BODIES, b"", b'{"business_phone": ', b"business_phone=1")
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
BAD_AREAS = ("34", "3466", "abc", "046", "", 346, ["346"])
REJECTED = "which the page rejects"

is_creation = common.answered("POST", NUMBERS)


def is_listing(exchange: Exchange, known: Known) -> bool:
    """Select GET /v1/numbers with at least one number in the response."""
    return common.answered("GET", NUMBERS)(exchange, known) and exchange.json() != {"data": []}


@CATALOGUE.invariant("KWP-NUM-1", is_creation)
def a_created_number_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    if exchange.status != 201:
        return f"a provision is answered {exchange.status}, not 201"
    body, sent = exchange.json(), exchange.sent()
    if problem := SHAPES.problem("NumberCreated", body, "the created number"):
        return problem
    if not isinstance(sent, dict):
        return None
    expected = {"webhook_url": sent.get("webhook_url")}
    if E164.fullmatch(str(sent.get("business_phone"))):
        expected["business_phone"] = sent["business_phone"]
    wrong = [f"{name} = {body[name]!r}, sent was {value!r}" for name, value in expected.items() if body[name] != value]
    return f"the created number has {wrong[0]}" if wrong else None


@claim(
    "KWP-NUM-1",
    "A provision is answered 201 with id, phone_number, business_phone, status `active`, webhook_url, "
    "webhook_secret and created_at.",
    needs=SPEND,
    sends=(Send("GET", NUMBERS, 1),),
    shares=("number",),
)
def a_number_is_provisioned(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = shared_number(ctx, account)
    _check_created(ctx, exchange)
    created = {name: value for name, value in exchange.json().items() if name != "webhook_secret"}
    seen = [number for number in listed(account) if number.get("id") == created["id"]]
    ctx.expect_equal(len(seen), 1, "how often the new number is in the list", exchange)
    for number in seen:
        shown = {name: value for name, value in created.items() if name in number}
        ctx.expect_fields(number, shown, "the new number in the list", exchange)
    if not ctx.emulated:
        return
    for url in (ctx.inbox().url, None):
        _check_created(ctx, provision(account, webhook_url=url, area_code=CHOSEN_AREA))
    numbers = listed(account)
    ids = {number["id"] for number in numbers} | {created["id"]}
    phones = {number["phone_number"] for number in numbers}
    ctx.expect_equal((len(ids), len(phones)), (3, 3), "different ids and phone numbers of three provisions")


def _check_created(ctx: ProbeContext, exchange: Exchange) -> None:
    ctx.expect_status(exchange, 201, "a provision", stop=True)
    ctx.expect_documented(a_created_number_is_as_documented(exchange, Known({})), "a provision", exchange, stop=True)


def expect_rejected(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    """Expect 400 `invalid_request`; on a real deployment the first number bought by mistake ends the probe."""
    ctx.expect_error(exchange, *INVALID, what)
    if exchange.succeeded and not ctx.emulated:
        ctx.check_(False, f"{what} created a number; nothing more is tried", exchange)


@claim(
    "KWP-NUM-2",
    "A business_phone that is missing, no string or no US number in E.164 is answered 400 `invalid_request`.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, len(BAD_PHONES), note=REJECTED, risk=NUMBER_CENTS),),
)
def business_phones_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for phone in BAD_PHONES:
        body = {} if phone is ... else {"business_phone": phone}
        what = "no business_phone" if phone is ... else f"business_phone {phone!r}"
        expect_rejected(ctx, account.post(NUMBERS, body), what)
    if ctx.emulated:
        ctx.expect_equal(listed(account), [], "the numbers after rejected provisions")


@error_claim(
    "KWP-NUM-3",
    "A malformed body is answered 400 `invalid_request`.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, len(BROKEN_BODIES), note=REJECTED, risk=NUMBER_CENTS),),
)
def bodies_that_are_malformed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for body in BROKEN_BODIES:
        exchange = account.request("POST", NUMBERS, content=body, headers=common.JSON)
        expect_rejected(ctx, exchange, f"a body of {body!r}")


@claim(
    "KWP-NUM-4",
    "The new number is in the area_code asked for, and without one in the business number's area.",
    needs=SPEND,
    shares=("number", "second number"),
)
def the_area_of_a_number(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for exchange in (shared_number(ctx, account), second_number(ctx, account)):
        number, sent = number_in(exchange), exchange.sent()
        asked = sent.get("area_code")
        area = asked or str(sent["business_phone"])[2:5]
        what = f"area_code {asked}" if asked else f"no area_code and business_phone {sent['business_phone']}"
        prefix = str(number.get("phone_number"))[:5]
        ctx.expect_equal(prefix, f"+1{area}", f"the area of a number provisioned with {what}", exchange)


@claim(
    "KWP-NUM-5",
    "A webhook_url that is not https is answered 400 `invalid_request`.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, len(NOT_HTTPS), note=REJECTED, risk=NUMBER_CENTS),),
)
def webhook_urls_that_are_not_https(ctx: ProbeContext) -> None:
    _reject_urls(ctx, ctx.default_account(), NOT_HTTPS)


@claim(
    "KWP-NUM-6",
    "A webhook_url on a private, loopback or link-local address is refused, in every spelling of the address.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, len(INTERNAL) + len(LOOPBACK), note=REJECTED, risk=NUMBER_CENTS),),
)
def webhook_urls_inside(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _reject_urls(ctx, account, INTERNAL)
    if ctx.run_context.strict:
        _reject_urls(ctx, account, LOOPBACK)
    else:
        ctx.not_covered("loopback addresses, which an emulator accepts unless it is started with --strict")


def _reject_urls(ctx: ProbeContext, account: Account, urls: tuple[str, ...]) -> None:
    for url in urls:
        exchange = account.post(NUMBERS, {"business_phone": business_phone(ctx), "webhook_url": url})
        expect_rejected(ctx, exchange, f"webhook_url {url!r}")


@claim("KWP-NUM-7", "An area without stock is answered 409 `no_numbers`.", needs=CTL)
def an_area_without_stock(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    ctx.expect_error(provision(account, area_code=OUT_OF_STOCK), 409, "no_numbers", "an area without stock")
    ctx.expect_success(provision(account, area_code=CHOSEN_AREA), "another area after that")


@limits_claim(
    "KWP-NUM-8",
    "A sixth active number is answered 429 `number_limit`; a released one no longer counts; the limit can be raised.",
    needs=CTL,
)
def a_sixth_active_number(ctx: ProbeContext) -> None:
    account = ctx.account(provisions_per_hour=None)
    numbers = []
    for place in range(1, LIMIT + 1):
        exchange = provision(account)
        ctx.expect_success(exchange, f"active number {place} of {LIMIT}", stop=True)
        numbers.append(number_in(exchange))
    ctx.expect_error(provision(account), *NUMBER_LIMIT, "a sixth active number")
    released = account.delete(f"{NUMBERS}/{numbers[0]['id']}")
    ctx.precondition(released.status == 200, f"no number could be released: {released}")
    ctx.expect_success(provision(account), "a provision after one of five was released")
    ctx.expect_error(provision(account), *NUMBER_LIMIT, "a sixth active number again")
    account.settings(number_limit=LIMIT + 1)
    ctx.expect_success(provision(account), "a sixth number once the limit was raised")
    ctx.expect_error(provision(account), *NUMBER_LIMIT, "one more than the raised limit")


@limits_claim(
    "KWP-NUM-9",
    "A fourth provision within an hour is answered 429 `provision_velocity`, and allowed again as the hour slides.",
    needs=SPEND,
    sends=(
        Send("POST", NUMBERS, HOURLY - 2, NUMBER_CENTS, "one more, so that the hour has three"),
        Send("POST", NUMBERS, 1, NUMBER_CENTS, "the fourth, paid only if it is not rejected as the page says"),
    ),
    shares=("number", "second number"),
)
def a_fourth_provision_within_an_hour(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        _fourth_for_real(ctx)
        return
    account = ctx.account(number_limit=None)
    for place in range(1, HOURLY + 1):
        ctx.expect_success(provision(account), f"provision {place} of an hour", stop=True)
        account.advance(15 * MINUTE)
    ctx.expect_error(provision(account), *VELOCITY, "a fourth provision after 45 minutes")
    account.advance(10 * MINUTE)
    ctx.expect_error(provision(account), *VELOCITY, "a fourth provision after 55 minutes")
    account.advance(6 * MINUTE)
    ctx.expect_success(provision(account), "a provision once the first is an hour old")
    ctx.expect_error(provision(account), *VELOCITY, "the next, with three in the last hour again")
    neighbour = ctx.account(number_limit=None)
    ctx.expect_success(provision(neighbour), "another account's provision meanwhile")


def _fourth_for_real(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    shared_number(ctx, account)
    second_number(ctx, account)
    for _ in range(HOURLY - 2):
        more = provision(account)
        ctx.precondition(more.succeeded, f"three could not be provisioned within the hour: {more}")
    ctx.expect_error(provision(account), *VELOCITY, "a fourth provision within the hour")
    ctx.not_covered("whether it is allowed again as the hour slides")


@claim(
    "KWP-NUM-10",
    "Provider trouble is answered 503 `provider_unavailable`, and the same request succeeds later.",
    needs=CTL,
)
def provider_trouble(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    account.fault(operation="createNumber", first=1, effect={"status": 503})
    ctx.expect_error(provision(account), 503, "provider_unavailable", "provider trouble")
    ctx.expect_success(provision(account), "the same request later")


@CATALOGUE.invariant("KWP-NUM-11", is_listing, whole=True)
def the_list_of_numbers_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    body = exchange.json()
    return SHAPES.list_problem("Number", body, "number") or active_first(body["data"])


@list_claim(
    "KWP-NUM-11",
    "The list is `{data: […]}`, active numbers first, each with the documented fields and a documented status.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1),),
)
def the_list_of_numbers(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    owned = []
    if ctx.emulated:
        for _ in range(4):
            owned.append(new_number(account))
            account.advance(MINUTE)
        for gone in (owned[1], owned[3]):
            account.delete(f"{NUMBERS}/{gone['id']}")
    exchange = account.get(NUMBERS)
    ctx.precondition(exchange.json() != {"data": []} or bool(owned), "the account has no numbers")
    ctx.expect_status(exchange, 200, "the list of numbers", stop=True)
    problem = the_list_of_numbers_is_as_documented(exchange, Known({}))
    ctx.expect_documented(problem, "the list of numbers", exchange, stop=True)
    if owned:
        active = {number["id"] for number in exchange.json()["data"] if number["status"] == "active"}
        kept = {owned[0]["id"], owned[2]["id"]}
        ctx.expect_equal(active, kept, "the active numbers after four provisions and two releases", exchange)


def can_hold_a_secret(exchange: Exchange, known: Known) -> bool:
    """Select responses with text that could hold a secret."""
    has_text = exchange.response_body != b"" and not exchange.content_type.startswith("audio/")
    return common.is_response(exchange, known) and has_text


@CATALOGUE.invariant("KWP-NUM-12", can_hold_a_secret)
def no_secret_but_at_creation(exchange: Exchange, known: Known) -> str | None:
    if is_creation(exchange, known):
        return None
    text = exchange.response_body.decode("utf-8", "replace")
    if "webhook_secret" in text or SECRET.search(text):
        return f"{exchange.method} {exchange.path} answers with a webhook_secret"
    return "a number's webhook secret is in the response" if any(s in text for s in known.secrets.values()) else None


@CATALOGUE.invariant("KWP-NUM-12", is_listing, whole=True)
def a_listed_number_shows_no_secret(exchange: Exchange, known: Known) -> str | None:
    return no_secret_but_at_creation(exchange, known)


@list_claim(
    "KWP-NUM-12",
    "webhook_secret appears in no answer but the one that creates the number.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1),),
)
def answers_after_the_creation(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    secret = None
    if ctx.emulated:
        number = new_number(account, webhook_url=ctx.inbox().url)
        secret = number.get("webhook_secret")
    exchange = account.get(NUMBERS)
    ctx.precondition(exchange.status == 200, f"there is no list: {exchange}")
    ctx.precondition(exchange.json() != {"data": []}, "the account has no numbers")
    shown = json.dumps(exchange.json())
    hidden = "webhook_secret" not in shown and (secret is None or str(secret) not in shown)
    ctx.expect(hidden, "the list of numbers: expected no webhook_secret in it", exchange)


@CATALOGUE.invariant("KWP-NUM-13", common.answered("DELETE", f"{NUMBERS}/.*"))
def a_release_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    if exchange.status == 200 and exchange.json() == {"released": True}:
        return None
    return f'a release is answered {exchange.status} {exchange.response_body[:80]!r}, not 200 {{"released": true}}'


@release_claim(
    "KWP-NUM-13",
    'A release is answered 200 `{"released": true}`; the number then lists as `released` and takes no calls.',
    needs=SPEND,
    sends=(Send("GET", NUMBERS, 1),),
    shares=("second number",),
)
def a_number_is_released(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = number_in(second_number(ctx, account))
    if ctx.emulated:
        ctx.precondition(takes_calls(account, number), "the number takes no calls while it is active")
    exchange = account.delete(f"{NUMBERS}/{number['id']}")
    ctx.expect_documented(a_release_is_as_documented(exchange, Known({})), "a release", exchange, stop=True)
    ctx.expect_equal(status_of(account, number["id"]), "released", "the status of a number after its release")
    if ctx.emulated:
        ctx.expect_equal(takes_calls(account, number), False, "whether a released number takes calls")
    else:
        ctx.not_covered("whether it takes calls")


@release_claim(
    "KWP-NUM-14",
    "Releasing an unknown or another's number is answered 404 `not_found`.",
    needs=WRITE,
    sends=(Send("DELETE", f"{NUMBERS}/{{id}}", 2, note="of numbers that do not exist"),),
)
def releasing_what_is_not_ours(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for id_ in ("num_999999999", "nope"):
        ctx.expect_error(account.delete(f"{NUMBERS}/{id_}"), *NOT_FOUND, f"DELETE of {id_}")
    if ctx.emulated:
        owner = ctx.account(**OPEN)
        number = new_number(owner)
        exchange = account.delete(f"{NUMBERS}/{number['id']}")
        ctx.expect_error(exchange, *NOT_FOUND, "DELETE of another account's number")
        ctx.expect_equal(status_of(owner, number["id"]), "active", "another account's number after that")
    else:
        ctx.not_covered("another account's number")


@claim(
    "KWP-NUM-15",
    "An area_code that is not three digits is answered 400 `invalid_request`.",
    basis=Basis.OURS,
    needs=CTL,
)
def area_codes_that_are_none(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for area in BAD_AREAS:
        exchange = account.post(NUMBERS, {"business_phone": business_phone(ctx), "area_code": area})
        expect_rejected(ctx, exchange, f"area_code {area!r}")

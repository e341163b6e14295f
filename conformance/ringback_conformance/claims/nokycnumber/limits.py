"""Probes and invariants for "Rate limits" and "Versioning"."""

from __future__ import annotations

import itertools
import re

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import BURST, CTL, READ
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.steps import ACCOUNT, MINUTE, NUMBERS, refused
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

claim = CATALOGUE.section("Rate limits")
versions_claim = CATALOGUE.section("Versioning")

RATE = 100
"""Page "Rate limits": requests a minute and key."""
TWICE = 2 * RATE
"""No short burst is taken to be longer than this."""
MORE = RATE + RATE // 4
"""More than a key has whose limit is not lifted."""
SLOW = 20
"""A limit at which a minute's requests are soon sent."""
LIMIT, REMAINING, RESET = "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"
WHOLE = re.compile(r"\d+")
VERSION = "NoKYC-Version"
DEPRECATION = "NoKYC-Deprecation"
CURRENT = "2026-04-01"
OUTDATED = "2025-10-01"
"""The current version is the page's; which one came before is ours."""
NO_VERSIONS = ("2019-01-01", "2026-13-45", "latest", "v1", "2026-4-1")
WAIT_AT_MOST = 60


def tells_limits(exchange: Exchange, _: Known) -> bool:
    """An answer with rate limit headers."""
    return exchange.kind is Kind.API and exchange.response_header(LIMIT) is not None


@CATALOGUE.invariant("NKN-LIM-1", tells_limits)
def limits_are_whole_numbers(exchange: Exchange, _: Known) -> str | None:
    told = {name: exchange.response_header(name) for name in (LIMIT, REMAINING, RESET)}
    for name, value in told.items():
        if value is None or not WHOLE.fullmatch(value):
            return f"{name} is {value!r}, not a whole number"
    if int(told[REMAINING] or 0) > int(told[LIMIT] or 0):
        return f"{REMAINING} is {told[REMAINING]}, more than {LIMIT}, which is {told[LIMIT]}"
    return None


@claim(
    "NKN-LIM-1",
    "Answers carry X-Rate-Limit-Limit, -Remaining and -Reset; Remaining counts down.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 4),),
)
def limits_are_told(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=...) if ctx.emulated else ctx.default_account()
    answers = [account.get(NUMBERS) for _ in range(4)]
    for exchange in answers:
        for name in (LIMIT, REMAINING, RESET):
            value = exchange.response_header(name)
            ctx.check_(
                value is not None and bool(WHOLE.fullmatch(value)),
                f"{name}: expected a number, got {value!r}",
                exchange,
            )
    left = [int(exchange.response_header(REMAINING) or 0) for exchange in answers]
    if not ctx.emulated:
        ctx.expect(
            any(a > b for a, b in itertools.pairwise(left)),
            f"{REMAINING}: expected it to count down, got {left}",
            *answers,
        )
        return
    ctx.expect(
        left == [RATE - place for place in range(1, 5)] or _down_by_one(left),
        f"{REMAINING} of four requests at once: expected it to count down by one, got {left}",
        *answers,
    )
    limit = answers[0].response_header(LIMIT)
    ctx.expect(limit == str(RATE), f"{LIMIT}: expected {RATE}, got {limit}", answers[0])
    _reset_is_ahead(ctx, account, answers[-1])
    failed = account.get(f"{NUMBERS}/num_000000000000")
    ctx.expect(failed.response_header(REMAINING) is not None, f"{REMAINING} of a 404: expected it too", failed)


def _down_by_one(left: list[int]) -> bool:
    return all(before - after == 1 for before, after in itertools.pairwise(left))


def _reset_is_ahead(ctx: ProbeContext, account: Account, exchange: Exchange) -> None:
    instant = moment(account.state()["now"])
    if instant is None:
        raise Inconclusive("the account has no clock")
    ahead = int(exchange.response_header(RESET) or 0) - instant.timestamp()
    ctx.expect(
        0 <= ahead <= WAIT_AT_MOST + 30,
        f"{RESET}: expected a Unix second within the next minute or so, it is {ahead:g} s ahead",
        exchange,
    )


def limited(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    """Expect 429 `rate_limit_error`."""
    refused(ctx, exchange, (429,), what, "rate_limit_error")


def until_limited(account: Account, most: int, key: str = "") -> tuple[int, Exchange]:
    """How many requests at once are let through, and the first that is not (or the last of `most`)."""
    for place in range(most):
        exchange = account.get(ACCOUNT, key=key, paced=False, patient=False)
        if exchange.status == 429:
            return place, exchange
    return most, exchange


def is_limited(exchange: Exchange, _: Known) -> bool:
    """A 429."""
    return exchange.kind is Kind.API and exchange.status == 429


@CATALOGUE.invariant("NKN-LIM-2", is_limited)
def a_wait_is_told(exchange: Exchange, _: Known) -> str | None:
    after = exchange.response_header("retry-after")
    if after is not None and after.isdigit() and 0 < int(after) <= WAIT_AT_MOST:
        return None
    return f"a 429 has Retry-After {after!r}, not a number of seconds from 1 to {WAIT_AT_MOST}"


@claim(
    "NKN-LIM-2",
    "Past its allowance of 100 a minute a key is answered 429 `rate_limit_error` with Retry-After in seconds, "
    "and waiting that long is enough.",
    needs=BURST,
    sends=(Send("GET", ACCOUNT, TWICE, note="at once"),),
)
def more_than_a_hundred_at_once(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=...) if ctx.emulated else ctx.default_account()
    passed, exchange = until_limited(account, TWICE)
    ctx.check_(passed < TWICE, f"{TWICE} requests at once: expected 429 before, all were let through", exchange)
    limited(ctx, exchange, f"request {passed + 1} at once")
    if ctx.emulated:
        ctx.expect(passed >= RATE, f"the first {RATE} requests of a minute: expected all let through, {passed} were")
        burst = f"a burst after quiet: expected more than {RATE} let through, {passed} were"
        ctx.expect(passed > RATE, burst, exchange, claim="NKN-LIM-3")
    wait = exchange.response_header("retry-after") or ""
    ctx.check_(wait.isdigit(), f"Retry-After of a 429: expected seconds, got {wait!r}", exchange)
    if ctx.emulated:
        account.advance(int(wait))
    else:
        ctx.run_context.transport.pace.pause(float(wait))
    after = account.get(ACCOUNT, paced=False, patient=False)
    ctx.expect(after.status == 200, f"a request after waiting as told: expected 200, got {after}", after)
    if ctx.emulated:
        _a_longer_wait(ctx)


def _a_longer_wait(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=4)
    passed, exchange = until_limited(account, RATE)
    limited(ctx, exchange, f"request {passed + 1} on a key of 4 a minute")
    wait = exchange.response_header("retry-after") or ""
    ctx.check_(wait.isdigit(), f"Retry-After of a 429: expected seconds, got {wait!r}", exchange)
    account.advance(int(wait))
    after = account.get(ACCOUNT)
    ctx.expect(after.status == 200, f"a request after waiting {wait} s as told: expected 200, got {after}", after)


@claim(
    "NKN-LIM-3",
    "A short burst above 100 passes after quiet, while over any longer time no more than 100 a minute do.",
    needs=CTL,
)
def bursts_and_averages(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=SLOW)
    burst, exchange = until_limited(account, 2 * SLOW)
    ctx.expect(burst > SLOW, f"a burst after quiet: expected more than {SLOW} let through, {burst} were", exchange)
    minutes, passed = 3, 0
    for _ in range(minutes):
        account.advance(MINUTE)
        more, exchange = until_limited(account, 2 * SLOW)
        passed += more
    ctx.expect(
        SLOW * minutes - minutes <= passed <= SLOW * minutes,
        f"{minutes} minutes after a burst, as much as is let through: expected {SLOW * minutes}, {passed} were",
        exchange,
    )
    account.advance(30)
    half, exchange = until_limited(account, 2 * SLOW)
    ctx.expect(
        SLOW // 2 - 1 <= half <= SLOW // 2 + 1,
        f"half a minute later: expected {SLOW // 2} let through, {half} were",
        exchange,
    )
    account.advance(10 * MINUTE)
    again, exchange = until_limited(account, 2 * SLOW)
    ctx.expect(again == burst, f"a burst after quiet again: expected {burst} let through, {again} were", exchange)


@claim(
    "NKN-LIM-4",
    "The limit is each key's own, and can be lifted for a key.",
    needs=CTL,
)
def limits_of_each_key(ctx: ProbeContext) -> None:
    account = ctx.account(
        rate_limit=..., keys=({}, {"rate_limit": 3}, {"rate_limit": 300}, {"rate_limit": None}, {"rate_limit": 3})
    )
    _, small, raised, lifted, other = account.keys
    passed, exchange = until_limited(account, RATE, small)
    ctx.expect(3 <= passed < 10, f"a key of 3 a minute: expected a 429 soon, after {passed} requests", exchange)
    limited(ctx, exchange, "a key past its own limit")
    for key, what in ((account.key, "another key"), (other, "another key with the same limit")):
        exchange = account.get(ACCOUNT, key=key)
        ctx.expect(exchange.status == 200, f"{what} of the account: expected 200, got {exchange}", exchange)
    passed, exchange = until_limited(account, MORE, raised)
    ctx.expect(passed == MORE, f"a key lifted to 300 a minute: expected {MORE} let through, {passed} were", exchange)
    told = exchange.response_header(LIMIT)
    ctx.expect(told == "300", f"{LIMIT} of a key lifted to 300: expected 300, got {told}", exchange)
    passed, exchange = until_limited(account, MORE, lifted)
    ctx.expect(passed == MORE, f"a key without a limit: expected {MORE} let through, {passed} were", exchange)


@versions_claim(
    "NKN-VER-1",
    "NoKYC-Version pins a version; without it the account's default holds; an unknown one is answered 400.",
    needs=READ,
    sends=(Send("GET", ACCOUNT, 2 + len(NO_VERSIONS)),),
)
def versions_known_and_unknown(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for headers, what in (((), "no version"), (((VERSION, CURRENT),), CURRENT)):
        exchange = account.get(ACCOUNT, headers=headers)
        ctx.expect(exchange.status == 200, f"{VERSION} {what}: expected 200, got {exchange}", exchange)
    for unknown in NO_VERSIONS:
        exchange = account.get(ACCOUNT, headers=((VERSION, unknown),))
        refused(ctx, exchange, (400,), f"{VERSION} {unknown}", "invalid_request_error")
    if not ctx.emulated:
        ctx.not_covered("the account's default")
        return
    for default in (CURRENT, OUTDATED):
        pinned = ctx.account(default_version=default)
        exchange = pinned.get(ACCOUNT)
        ctx.expect(
            exchange.status == 200 and (exchange.response_header(DEPRECATION) is not None) is (default == OUTDATED),
            f"no version in an account whose default is {default}: expected that version, got {exchange}",
            exchange,
        )


@versions_claim(
    "NKN-VER-2",
    "Answers in an outdated version, pinned or by default, have a NoKYC-Deprecation header; others have none.",
    needs=CTL,
)
def versions_that_are_outdated(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for version, outdated in ((OUTDATED, True), (CURRENT, False), (None, False)):
        headers = ((VERSION, version),) if version is not None else ()
        for path in (ACCOUNT, NUMBERS, f"{NUMBERS}/num_000000000000"):
            exchange = account.get(path, headers=headers)
            told = exchange.response_header(DEPRECATION)
            ctx.expect(
                (told is not None and told != "") is outdated,
                f"{DEPRECATION} in {version or CURRENT}: expected {'one' if outdated else 'none'}, got {told!r}",
                exchange,
            )
    old = ctx.account(default_version=OUTDATED)
    for headers, outdated in (((), True), (((VERSION, CURRENT),), False)):
        exchange = old.get(ACCOUNT, headers=headers)
        told = exchange.response_header(DEPRECATION)
        ctx.expect(
            (told is not None) is outdated,
            f"{DEPRECATION} with an outdated default: expected {'one' if outdated else 'none'}, got {told!r}",
            exchange,
        )

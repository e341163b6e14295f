"""Probes and invariants for "Errors" and the request rate of "Limits & billing"."""

from __future__ import annotations

from ringback_conformance.catalogue import Known
from ringback_conformance.claims.kwickphone.shapes import odd_error
from ringback_conformance.claims.kwickphone.steps import CALLS, NUMBER_CENTS, NUMBERS
from ringback_conformance.claims.kwickphone.table import CATALOGUE
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

CODES: dict[int, frozenset[str]] = {
    400: frozenset({"invalid_request"}),
    401: frozenset({"unauthorized"}),
    402: frozenset({"insufficient_balance"}),
    404: frozenset({"not_found", "no_recording"}),
    409: frozenset({"no_numbers"}),
    429: frozenset({"number_limit", "provision_velocity", "rate_limited"}),
    503: frozenset({"provider_unavailable"}),
}
"""Page "Errors"."""
RATE = 60
WINDOW = 60
"""Page "Limits & billing": requests a minute and key."""
UNKNOWN_PATHS = ("/v1/nothing", "/v1/numbers/num_1/nothing", "/v1", "/v1/calls/CA0")
MEBIBYTE = 1024 * 1024


def is_error(exchange: Exchange, _: Known) -> bool:
    """The API refused something."""
    return exchange.kind is Kind.API and exchange.status is not None and exchange.status >= 400


def has_body(exchange: Exchange, known: Known) -> bool:
    """A refusal that can have a body."""
    return is_error(exchange, known) and exchange.method != "HEAD"


@CATALOGUE.invariant("KWP-ERR-1", has_body)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    if odd := odd_error(exchange.json()):
        return f"{exchange.method} {exchange.path} is answered {exchange.status}: {odd}"
    if exchange.content_type != "application/json":
        return f"an error comes as {exchange.content_type or 'no content type'}, not application/json"
    return None


@CATALOGUE.probe("KWP-ERR-1", *(Send("GET", path, 1) for path in UNKNOWN_PATHS))
def routes_that_do_not_exist(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in UNKNOWN_PATHS:
        exchange = account.get(path)
        ctx.expect(
            exchange.status == 404 and exchange.code == "not_found" and odd_error(exchange.json()) is None,
            f"an unknown route: expected 404 not_found in the error envelope, got {exchange}",
            exchange,
        )


def is_documented_error(exchange: Exchange, known: Known) -> bool:
    """A refusal with a status that the page lists."""
    return has_body(exchange, known) and exchange.status in CODES and odd_error(exchange.json()) is None


@CATALOGUE.invariant("KWP-ERR-2", is_documented_error, whole=True)
def a_code_goes_with_its_status(exchange: Exchange, _: Known) -> str | None:
    status = exchange.status or 0
    if exchange.code in CODES[status]:
        return None
    return (
        f"{exchange.method} {exchange.path} is answered {status} {exchange.code}; the page has {sorted(CODES[status])}"
    )


@CATALOGUE.probe("KWP-ERR-2", Send("GET", NUMBERS, 1), Send("GET", f"{CALLS}/{{call_id}}/transcript", 1))
def some_refusals(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for exchange in (account.get(NUMBERS, key=None), account.get(f"{CALLS}/CA0/transcript")):
        problem = None if is_documented_error(exchange, Known({})) else f"no documented error: {exchange}"
        problem = problem or a_code_goes_with_its_status(exchange, Known({}))
        ctx.expect(problem is None, f"a refusal: {problem or exchange}", exchange)


@CATALOGUE.probe(
    "KWP-ERR-3",
    Send("GET", "/v1/nothing", 1, note="without a key"),
    Send("POST", NUMBERS, 3, note="which is refused", risk=NUMBER_CENTS),
    Send("PUT", NUMBERS, 1, note="which is refused"),
    Send("PATCH", NUMBERS, 1, note="which is refused"),
    Send("DELETE", NUMBERS, 1, note="which is refused"),
)
def requests_that_are_odd(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _answered(ctx, account.get("/v1/nothing", key=None), 401, "unauthorized", "an unknown route without a key")
    _answered(
        ctx,
        account.request("POST", NUMBERS, content=b"{", key=None, headers=(("Content-Type", "application/json"),)),
        401,
        "unauthorized",
        "a malformed body without a key",
    )
    form = account.request(
        "POST", NUMBERS, content=b"business_phone=1", headers=(("Content-Type", "application/x-www-form-urlencoded"),)
    )
    _answered(ctx, form, 400, "invalid_request", "a body that is said to be a form")
    for method in ("PUT", "PATCH", "DELETE"):
        _answered(ctx, account.request(method, NUMBERS), 404, "not_found", f"{method}, which {NUMBERS} does not have")
    large = b'{"business_phone": "' + b"1" * MEBIBYTE + b'"}'
    exchange = account.request("POST", NUMBERS, content=large, headers=(("Content-Type", "application/json"),))
    _answered(ctx, exchange, 413, "invalid_request", "a body over 1 MiB")


def _answered(ctx: ProbeContext, exchange: Exchange, status: int, code: str, what: str) -> None:
    ctx.expect(
        exchange.status == status and exchange.code == code,
        f"{what}: expected {status} {code}, got {exchange}",
        exchange,
    )


def is_answer(exchange: Exchange, _: Known) -> bool:
    """The API said something."""
    return exchange.kind is Kind.API and exchange.status is not None


@CATALOGUE.invariant("KWP-ERR-4", is_answer, whole=True)
def no_undocumented_server_error(exchange: Exchange, _: Known) -> str | None:
    if exchange.status is None or exchange.status < 500 or exchange.status == 503:
        return None
    return f"{exchange.method} {exchange.path} is answered {exchange.status}"


@CATALOGUE.probe("KWP-LIM-1", Send("GET", NUMBERS, RATE + 1, note="at once"))
def sixty_one_requests(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        _until_limited(ctx, ctx.default_account())
        ctx.not_covered("another key")
        ctx.run_context.transport.pace.pause(WINDOW + 1)
        exchange = ctx.default_account().get(NUMBERS)
        ctx.expect(exchange.status == 200, f"a request after the minute: expected 200, got {exchange}", exchange)
        return
    account = ctx.account(keys=({}, {}), rate_limit=...)
    for place in range(1, RATE + 1):
        exchange = account.get(NUMBERS)
        ctx.check_(
            exchange.status == 200, f"request {place} of {RATE} in a minute: expected 200, got {exchange}", exchange
        )
        if place == RATE // 2:
            account.advance(WINDOW // 2)
    _limited(ctx, account.get(NUMBERS), f"request {RATE + 1} in a minute")
    other = account.get(NUMBERS, key=account.keys[1])
    ctx.expect(other.status == 200, f"another key of the account: expected 200, got {other}", other)
    account.advance(WINDOW // 2 + 1)
    after = account.get(NUMBERS)
    ctx.expect(after.status == 200, f"a request once the first are a minute old: expected 200, got {after}", after)
    for _ in range(RATE // 2):
        last = account.get(NUMBERS)
    _limited(ctx, last, "the 61st request within a minute, wherever the minute begins")


def _limited(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    ctx.expect(
        exchange.status == 429 and exchange.code == "rate_limited",
        f"{what}: expected 429 rate_limited, got {exchange}",
        exchange,
    )


def _until_limited(ctx: ProbeContext, account: Account) -> Exchange:
    exchange = account.get(NUMBERS, paced=False, patient=False)
    place = 1
    while exchange.status != 429 and place <= RATE:
        exchange = account.get(NUMBERS, paced=False, patient=False)
        place += 1
    ctx.expect(
        exchange.status == 429 and exchange.code == "rate_limited",
        f"request {place} at once: expected 429 rate_limited by the {RATE + 1}st, got {exchange}",
        exchange,
    )
    return exchange


def is_rate_limited(exchange: Exchange, _: Known) -> bool:
    """A 429 for the request rate."""
    return exchange.kind is Kind.API and exchange.status == 429 and exchange.code == "rate_limited"


@CATALOGUE.invariant("KWP-LIM-2", is_rate_limited)
def a_wait_is_told(exchange: Exchange, _: Known) -> str | None:
    after = exchange.response_header("retry-after")
    if after is not None and after.isdigit() and 0 < int(after) <= WINDOW:
        return None
    return f"a 429 rate_limited has Retry-After {after!r}, not a number of seconds from 1 to {WINDOW}"


@CATALOGUE.probe("KWP-LIM-2", Send("GET", NUMBERS, RATE + 1, note="at once"))
def waiting_as_told(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        exchange = _until_limited(ctx, ctx.default_account())
        wait = exchange.response_header("retry-after") or ""
        ctx.check_(wait.isdigit(), f"Retry-After of a 429: expected seconds, got {wait!r}", exchange)
        ctx.run_context.transport.pace.pause(float(wait))
        after = ctx.default_account().get(NUMBERS, paced=False, patient=False)
        ctx.expect(after.status == 200, f"a request after waiting as told: expected 200, got {after}", after)
        return
    account = ctx.account(rate_limit=2)
    first = account.get(NUMBERS)
    ctx.precondition(first.status == 200, f"the first request was refused: {first}")
    account.advance(20)
    account.get(NUMBERS)
    limited = account.get(NUMBERS)
    ctx.precondition(limited.status == 429, f"no request was limited: {limited}")
    wait = limited.response_header("retry-after") or ""
    ctx.check_(wait.isdigit(), f"Retry-After of a 429: expected seconds, got {wait!r}", limited)
    account.advance(int(wait))
    after = account.get(NUMBERS)
    ctx.expect(after.status == 200, f"a request after waiting as told: expected 200, got {after}", after)

"""Errors, and the request rate of Limits & billing."""

from __future__ import annotations

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import BURST, READ, WRITE
from ringback_conformance.claims import common
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE, error_problem
from ringback_conformance.claims.kwickphone.steps import (
    CALLS,
    INVALID,
    NOT_FOUND,
    NUMBER_CENTS,
    NUMBERS,
    RATE_LIMITED,
    UNAUTHORIZED,
)
from ringback_conformance.model import Basis, Exchange, Level, Send
from ringback_conformance.probe_context import ProbeContext

claim = CATALOGUE.section("Errors")
limits_claim = CATALOGUE.section("Limits & billing")

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
REJECTED = "which is rejected"


@CATALOGUE.invariant("KWP-ERR-1", common.is_error)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    return common.envelope_problem(exchange, error_problem)


@claim(
    "KWP-ERR-1",
    'Every error is `{"error": {"code", "message"}}`, unknown routes too (404 `not_found`).',
    needs=READ,
    sends=(Send("GET", path, 1) for path in UNKNOWN_PATHS),
)
def routes_that_do_not_exist(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in UNKNOWN_PATHS:
        ctx.expect_error(account.get(path), *NOT_FOUND, "an unknown route")


def is_documented_error(exchange: Exchange, known: Known) -> bool:
    """Select errors in the envelope, with a status that the page lists."""
    return common.is_error(exchange, known) and exchange.status in CODES and error_problem(exchange.json()) is None


@CATALOGUE.invariant("KWP-ERR-2", is_documented_error, whole=True)
def a_code_goes_with_its_status(exchange: Exchange, _: Known) -> str | None:
    return common.code_problem(exchange, CODES)


@claim(
    "KWP-ERR-2",
    "An error's code is one that the page lists for its status.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1), Send("GET", f"{CALLS}/{{call_id}}/transcript", 1)),
)
def some_refusals(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for exchange in (account.get(NUMBERS, key=None), account.get(f"{CALLS}/CA0/transcript")):
        documented = is_documented_error(exchange, Known({}))
        problem = common.code_problem(exchange, CODES) if documented else f"not a documented error: {exchange}"
        ctx.expect_documented(problem, "an error", exchange)


@claim(
    "KWP-ERR-3",
    "The key is looked at before anything else; a body that is not said to be JSON is answered 400; a method that "
    "a path does not have 404; a body over 1 MiB 413.",
    basis=Basis.OURS,
    level=Level.SHOULD,
    needs=WRITE,
    sends=(
        Send("GET", "/v1/nothing", 1, note="without a key"),
        Send("POST", NUMBERS, 3, note=REJECTED, risk=NUMBER_CENTS),
        Send("PUT", NUMBERS, 1, note=REJECTED),
        Send("PATCH", NUMBERS, 1, note=REJECTED),
        Send("DELETE", NUMBERS, 1, note=REJECTED),
    ),
)
def requests_that_are_odd(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    ctx.expect_error(account.get("/v1/nothing", key=None), *UNAUTHORIZED, "an unknown route without a key")
    broken = account.request("POST", NUMBERS, content=b"{", key=None, headers=common.JSON)
    ctx.expect_error(broken, *UNAUTHORIZED, "a malformed body without a key")
    form_type = (("Content-Type", "application/x-www-form-urlencoded"),)
    form = account.request("POST", NUMBERS, content=b"business_phone=1", headers=form_type)
    ctx.expect_error(form, *INVALID, "a body with the content type of a form")
    for method in ("PUT", "PATCH", "DELETE"):
        ctx.expect_error(account.request(method, NUMBERS), *NOT_FOUND, f"{method}, which {NUMBERS} does not have")
    large = b'{"business_phone": "' + b"1" * common.MEBIBYTE + b'"}'
    exchange = account.request("POST", NUMBERS, content=large, headers=common.JSON)
    ctx.expect_error(exchange, 413, "invalid_request", "a body over 1 MiB")


claim.declare(
    "KWP-ERR-4",
    "No request, however odd, is answered with a 5xx that the page lacks.",
    basis=Basis.OURS,
    level=Level.SHOULD,
    needs=READ,
)


@CATALOGUE.invariant("KWP-ERR-4", common.is_response, whole=True)
def no_undocumented_server_error(exchange: Exchange, _: Known) -> str | None:
    return common.server_error_problem(exchange)


@limits_claim(
    "KWP-LIM-1",
    "The 61st request within a minute on one key is answered 429 `rate_limited`; another key is not affected; "
    "requests are allowed again after the minute.",
    needs=BURST,
    sends=(Send("GET", NUMBERS, RATE + 1, note="at once"),),
)
def sixty_one_requests(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        _until_limited(ctx)
        ctx.not_covered("another key")
        ctx.run_context.transport.pace.pause(WINDOW + 1)
        ctx.expect_status(ctx.default_account().get(NUMBERS), 200, "a request after the minute")
        return
    account = ctx.account(keys=({}, {}), rate_limit=...)
    for place in range(1, RATE + 1):
        ctx.expect_status(account.get(NUMBERS), 200, f"request {place} of {RATE} in a minute", stop=True)
        if place == RATE // 2:
            account.advance(WINDOW // 2)
    ctx.expect_error(account.get(NUMBERS), *RATE_LIMITED, f"request {RATE + 1} in a minute")
    ctx.expect_status(account.get(NUMBERS, key=account.keys[1]), 200, "another key of the account")
    account.advance(WINDOW // 2 + 1)
    ctx.expect_status(account.get(NUMBERS), 200, "a request once the first are a minute old")
    for _ in range(RATE // 2):
        last = account.get(NUMBERS)
    ctx.expect_error(last, *RATE_LIMITED, "the 61st request within a minute, wherever the minute begins")


def _until_limited(ctx: ProbeContext) -> Exchange:
    passed, exchange = common.until_limited(ctx.default_account(), NUMBERS, RATE + 1)
    ctx.expect_error(exchange, *RATE_LIMITED, f"request {passed + 1} at once, or request {RATE + 1}")
    return exchange


def is_rate_limited(exchange: Exchange, known: Known) -> bool:
    """Select a 429 for the request rate."""
    return common.is_rate_limited(exchange, known) and exchange.code == "rate_limited"


@CATALOGUE.invariant("KWP-LIM-2", is_rate_limited)
def a_wait_is_told(exchange: Exchange, _: Known) -> str | None:
    return common.retry_after_problem(exchange, WINDOW)


@limits_claim(
    "KWP-LIM-2",
    "A 429 `rate_limited` says in Retry-After how many seconds to wait, and that is enough.",
    basis=Basis.OURS,
    level=Level.SHOULD,
    needs=BURST,
    sends=(Send("GET", NUMBERS, RATE + 1, note="at once"),),
)
def waiting_as_told(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=2) if ctx.emulated else ctx.default_account()
    if ctx.emulated:
        first = account.get(NUMBERS)
        ctx.precondition(first.status == 200, f"the first request was rejected: {first}")
        account.advance(20)
        account.get(NUMBERS)
        limited = account.get(NUMBERS)
        ctx.precondition(limited.status == 429, f"no request was limited: {limited}")
    else:
        limited = _until_limited(ctx)
    common.wait_as_told(ctx, account, limited, WINDOW)
    ctx.expect_status(account.get(NUMBERS, paced=False, patient=False), 200, "a request after the wait")

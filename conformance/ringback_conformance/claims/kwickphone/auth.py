"""Authentication."""

from __future__ import annotations

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims import common
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE
from ringback_conformance.claims.kwickphone.steps import (
    CALLS,
    HOME,
    NOT_FOUND,
    NUMBERS,
    OPEN,
    UNAUTHORIZED,
    calls,
    finished_call,
    listed,
    new_number,
    status_of,
)
from ringback_conformance.model import Exchange, Header, Send
from ringback_conformance.probe_context import ProbeContext

claim = CATALOGUE.section("Authentication")

KEYS_ALLOWED = 5
"""Page "Authentication"."""
NEVER_ISSUED = "kp_live_neverissued00000000000000"
ELSEWHERE = "203.0.113.0/24"
"""An address block reserved for documentation: no client of ours is in it."""
HERE = ("127.0.0.0/8", "::1/128")
KEYS_TRIED = 3
WITHOUT_A_KEY = "without a valid key"
PASSING_HEADERS = frozenset({"date", "x-request-id", "content-length", "connection", "keep-alive"})


@claim(
    "KWP-AUTH-1",
    "No Authorization header, or a malformed one, is answered 401 `unauthorized`.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 7, note=WITHOUT_A_KEY), Send("GET", CALLS, 7, note=WITHOUT_A_KEY)),
)
def no_key_or_a_malformed_one(ctx: ProbeContext) -> None:
    common.reject_malformed_keys(ctx, (NUMBERS, CALLS), UNAUTHORIZED)
    if ctx.emulated:
        requests = (
            ("POST", NUMBERS),
            ("DELETE", f"{NUMBERS}/num_1"),
            ("GET", f"{CALLS}/CA0/transcript"),
            ("GET", f"{CALLS}/CA0/recording"),
        )
        common.reject_keyless(ctx, ctx.default_account(), requests, UNAUTHORIZED, {"business_phone": HOME})


@claim(
    "KWP-AUTH-2",
    "An unknown or revoked key is answered 401 `unauthorized`.",
    needs=READ,
    sends=(Send("GET", NUMBERS, KEYS_TRIED, note="with keys that were never issued"),),
)
def an_unknown_or_revoked_key(ctx: ProbeContext) -> None:
    common.reject_unknown_keys(ctx, NUMBERS, NEVER_ISSUED, UNAUTHORIZED)
    if ctx.emulated:
        common.reject_revoked_key(ctx, NUMBERS, UNAUTHORIZED)
    else:
        ctx.not_covered("a revoked key")


@claim(
    "KWP-AUTH-3",
    "A key used from outside its IP allowlist is answered exactly as an invalid key is; from inside it works.",
    needs=CTL,
)
def a_key_with_an_allowlist(ctx: ProbeContext) -> None:
    account = ctx.account(keys=({"allowlist": [ELSEWHERE]}, {"allowlist": list(HERE)}))
    outside, inside = account.keys
    rejected = account.get(NUMBERS, key=outside)
    invalid = account.get(NUMBERS, key=NEVER_ISSUED)
    ctx.expect_error(rejected, *UNAUTHORIZED, f"a key for {ELSEWHERE} used from here")
    what = "the response to a key used from outside its allowlist, beside that to an invalid key"
    ctx.expect_equal(_comparable(rejected), _comparable(invalid), what, rejected, invalid)
    ctx.expect_status(account.get(NUMBERS, key=inside), 200, "a key used from inside its allowlist")


def _comparable(exchange: Exchange) -> tuple[int | None, list[Header], bytes]:
    headers = sorted(header for header in exchange.response_headers if header[0].lower() not in PASSING_HEADERS)
    return exchange.status, headers, exchange.response_body


@claim(
    "KWP-AUTH-4",
    "A cookie never authenticates.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1, note="with cookies alone"),),
)
def a_cookie_alone(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    names = ("session", "token", "api_key", "Authorization")
    cookies = ["; ".join(f"{name}={account.key}" for name in names)]
    if ctx.emulated:
        cookies.append(f'Authorization="Bearer {account.key}"; session={account.key}')
    for cookie in cookies:
        exchange = account.get(NUMBERS, key=None, headers=(("Cookie", cookie),))
        ctx.expect_error(exchange, *UNAUTHORIZED, "the key in cookies")


@claim(
    "KWP-AUTH-5",
    "An account has at most 5 active keys; revoking one frees a place; a secret (`kp_live_…`) is shown once.",
    needs=CTL,
)
def five_active_keys(ctx: ProbeContext) -> None:
    account = ctx.account(keys=[{}] * KEYS_ALLOWED)
    for key in account.keys:
        ctx.expect(key.startswith(ctx.adapter.key_prefix), "an issued key: expected it to begin with kp_live_")
        ctx.expect_status(account.get(NUMBERS, key=key), 200, "each of five keys")
    ctx.expect_equal(common.issues_key(ctx, account), False, "whether a sixth active key is issued")
    ctx.control("DELETE", f"/accounts/{account.id}/keys/{account.key_ids[0]}")
    ctx.expect_equal(common.issues_key(ctx, account), True, "whether a key is issued after one of five was revoked")
    ctx.expect_equal(common.issues_key(ctx, account), False, "whether a sixth active key is issued after that")
    shown = ctx.control_exchange("GET", f"/accounts/{account.id}")
    secret = any(key.encode() in shown.response_body for key in account.keys)
    ctx.expect(not secret, "the account's keys as shown later: expected no secret among them", shown)


@claim(
    "KWP-AUTH-6",
    "No account sees another's numbers, calls, transcripts or recordings: 404 `not_found`.",
    needs=CTL,
)
def two_accounts_side_by_side(ctx: ProbeContext) -> None:
    owner, other = ctx.account(**OPEN), ctx.account(**OPEN)
    number = new_number(owner)
    call = finished_call(owner, number)
    ctx.precondition(any(each.get("id") == call for each in calls(owner)), "the owner's own call is not listed")
    exchanges = (
        other.get(f"{CALLS}/{call}/transcript"),
        other.get(f"{CALLS}/{call}/recording"),
        other.delete(f"{NUMBERS}/{number['id']}"),
    )
    common.check_hidden(ctx, other, {NUMBERS: number["id"], CALLS: call}, exchanges, NOT_FOUND)
    ctx.expect_equal(status_of(owner, number["id"]), "active", "our number after another account's DELETE")
    ctx.expect_equal(listed(other), [], "the other account's own list of numbers")

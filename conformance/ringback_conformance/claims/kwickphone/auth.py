"""Probes for "Authentication"."""

from __future__ import annotations

import base64

from ringback_conformance.claims.kwickphone.shapes import odd_error
from ringback_conformance.claims.kwickphone.steps import (
    CALLS,
    HOME,
    NUMBERS,
    OPEN,
    calls,
    finished_call,
    listed,
    new_number,
    status_of,
)
from ringback_conformance.claims.kwickphone.table import CATALOGUE
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Exchange, Header, Need, Send
from ringback_conformance.probe_context import ProbeContext

KEYS_ALLOWED = 5
"""Page "Authentication"."""
NEVER_ISSUED = "kp_live_neverissued00000000000000"
ELSEWHERE = "203.0.113.0/24"
"""An address block kept for documentation: no client of ours is in it."""
HERE = ("127.0.0.0/8", "::1/128")
SEVERAL = 3
WITHOUT_A_KEY = "without a valid key"
PASSING_HEADERS = frozenset({"date", "x-request-id", "content-length", "connection", "keep-alive"})


def malformed(key: str) -> tuple[tuple[Header, ...], ...]:
    """Authorization headers that hold no Bearer token, though some hold the key."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    values = ("", "Bearer", key, f"Basic {basic}", f"Token {key}", f"Bearer {key} {key}")
    return ((), *(((("Authorization", value),)) for value in values))


def refused(ctx: ProbeContext, exchange: Exchange, what: str) -> bool:
    """Expect 401 `unauthorized` in the envelope."""
    return ctx.expect(
        exchange.status == 401 and exchange.code == "unauthorized" and odd_error(exchange.json()) is None,
        f"{what}: expected 401 unauthorized in the error envelope, got {exchange}",
        exchange,
    )


@CATALOGUE.probe("KWP-AUTH-1", Send("GET", NUMBERS, 7, note=WITHOUT_A_KEY), Send("GET", CALLS, 7, note=WITHOUT_A_KEY))
def no_key_or_a_malformed_one(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for headers in malformed(account.key):
        shown = headers[0][1].split(" ")[0] if headers and headers[0][1] != account.key else "its bare key"
        what = f"Authorization of {shown!r}" if headers else "no Authorization header"
        refused(ctx, account.get(NUMBERS, key=None, headers=headers), what)
        refused(ctx, account.get(CALLS, key=None, headers=headers), what)
    if ctx.emulated:
        for exchange in (
            account.post(NUMBERS, {"business_phone": HOME}, key=None),
            account.delete(f"{NUMBERS}/num_1", key=None),
            account.get(f"{CALLS}/CA0/transcript", key=None),
            account.get(f"{CALLS}/CA0/recording", key=None),
        ):
            refused(ctx, exchange, "no Authorization header")


@CATALOGUE.probe("KWP-AUTH-2", Send("GET", NUMBERS, SEVERAL, note="with keys that were never issued"))
def an_unknown_or_revoked_key(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for key in (NEVER_ISSUED, "kp_live_", NEVER_ISSUED.upper()):
        refused(ctx, account.get(NUMBERS, key=key), "a key that was never issued")
    if not ctx.emulated:
        ctx.not_covered("a revoked key")
        return
    other = ctx.account(keys=({}, {}))
    before = other.get(NUMBERS, key=other.keys[1])
    ctx.precondition(before.status == 200, f"the second key does not work: {before}")
    ctx.control("DELETE", f"/accounts/{other.id}/keys/{other.key_ids[1]}")
    refused(ctx, other.get(NUMBERS, key=other.keys[1]), "a revoked key")
    still = other.get(NUMBERS)
    ctx.expect(still.status == 200, f"the account's other key: expected 200, got {still}", still)


@CATALOGUE.probe("KWP-AUTH-3")
def a_key_with_an_allowlist(ctx: ProbeContext) -> None:
    account = ctx.account(keys=({"allowlist": [ELSEWHERE]}, {"allowlist": list(HERE)}))
    outside, inside = account.keys
    kept_out = account.get(NUMBERS, key=outside)
    invalid = account.get(NUMBERS, key=NEVER_ISSUED)
    refused(ctx, kept_out, f"a key for {ELSEWHERE} used from here")
    ctx.expect(
        kept_out.response_body == invalid.response_body and _lasting(kept_out) == _lasting(invalid),
        "the answer to a key used from outside its allowlist: expected the same as to an invalid key",
        kept_out,
        invalid,
    )
    allowed = account.get(NUMBERS, key=inside)
    ctx.expect(allowed.status == 200, f"a key used from inside its allowlist: expected 200, got {allowed}", allowed)


def _lasting(exchange: Exchange) -> tuple[int | None, tuple[Header, ...]]:
    kept = sorted(header for header in exchange.response_headers if header[0].lower() not in PASSING_HEADERS)
    return exchange.status, tuple(kept)


@CATALOGUE.probe("KWP-AUTH-4", Send("GET", NUMBERS, 1, note="with cookies alone"))
def a_cookie_alone(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    names = ("session", "token", "api_key", "Authorization")
    cookie = "; ".join(f"{name}={account.key}" for name in names)
    refused(ctx, account.get(NUMBERS, key=None, headers=(("Cookie", cookie),)), "the key in cookies")
    if ctx.emulated:
        cookie = f'Authorization="Bearer {account.key}"; session={account.key}'
        refused(ctx, account.get(NUMBERS, key=None, headers=(("Cookie", cookie),)), "a Bearer token in a cookie")


@CATALOGUE.probe("KWP-AUTH-5")
def five_active_keys(ctx: ProbeContext) -> None:
    account = ctx.account(keys=[{}] * KEYS_ALLOWED)
    for key in account.keys:
        ctx.expect(key.startswith(ctx.adapter.key_prefix), "an issued key: expected it to begin with kp_live_")
        works = account.get(NUMBERS, key=key)
        ctx.expect(works.status == 200, f"each of five keys: expected 200, got {works}", works)
    keys = f"/accounts/{account.id}/keys"
    ctx.expect(not _issued(ctx, keys), "a sixth active key: expected it to be refused")
    ctx.control("DELETE", f"{keys}/{account.key_ids[0]}")
    ctx.expect(_issued(ctx, keys), "a key after one of five was revoked: expected it to be issued")
    ctx.expect(not _issued(ctx, keys), "a sixth active key after that: expected it to be refused")
    shown = ctx.control_exchange("GET", f"/accounts/{account.id}")
    ctx.expect(
        not any(key.encode() in shown.response_body for key in account.keys),
        "the account's keys as shown later: expected no secret among them",
        shown,
    )


def _issued(ctx: ProbeContext, keys: str) -> bool:
    try:
        ctx.run_context.learn_key(ctx.control("POST", keys, {})["secret"])
    except ControlRefused:
        return False
    return True


@CATALOGUE.probe("KWP-AUTH-6", needs=(Need.CTL,))
def two_accounts_side_by_side(ctx: ProbeContext) -> None:
    owner, stranger = ctx.account(**OPEN), ctx.account(**OPEN)
    number = new_number(owner)
    call = finished_call(owner, number)
    ctx.precondition(any(each.get("id") == call for each in calls(owner)), "the owner's own call is not listed")
    for path, own in ((NUMBERS, number["id"]), (CALLS, call)):
        seen = stranger.get(path)
        ctx.expect(
            own.encode() not in seen.response_body,
            f"{path} of another account: expected nothing of ours in it",
            seen,
        )
    for exchange in (
        stranger.get(f"{CALLS}/{call}/transcript"),
        stranger.get(f"{CALLS}/{call}/recording"),
        stranger.delete(f"{NUMBERS}/{number['id']}"),
    ):
        _unknown(ctx, exchange)
    ctx.expect(
        status_of(owner, number["id"]) == "active",
        "our number after a stranger's DELETE: expected it to be active still",
    )
    ctx.expect(not listed(stranger), "the stranger's own list of numbers: expected it to be empty")


def _unknown(ctx: ProbeContext, exchange: Exchange) -> None:
    ctx.expect(
        exchange.status == 404 and exchange.code == "not_found",
        f"what belongs to another account: expected 404 not_found, got {exchange}",
        exchange,
    )

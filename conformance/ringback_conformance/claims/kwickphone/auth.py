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
from ringback_conformance.probe_context import Lab

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


def refused(lab: Lab, exchange: Exchange, what: str) -> bool:
    """Expect 401 `unauthorized` in the envelope."""
    return lab.expect(
        exchange.status == 401 and exchange.code == "unauthorized" and odd_error(exchange.json()) is None,
        f"{what}: expected 401 unauthorized in the error envelope, got {exchange}",
        exchange,
    )


@CATALOGUE.probe("KWP-AUTH-1", Send("GET", NUMBERS, 7, note=WITHOUT_A_KEY), Send("GET", CALLS, 7, note=WITHOUT_A_KEY))
def no_key_or_a_malformed_one(lab: Lab) -> None:
    account = lab.customer()
    for headers in malformed(account.key):
        shown = headers[0][1].split(" ")[0] if headers and headers[0][1] != account.key else "its bare key"
        what = f"Authorization of {shown!r}" if headers else "no Authorization header"
        refused(lab, account.get(NUMBERS, key=None, headers=headers), what)
        refused(lab, account.get(CALLS, key=None, headers=headers), what)
    if lab.emulated:
        for exchange in (
            account.post(NUMBERS, {"business_phone": HOME}, key=None),
            account.delete(f"{NUMBERS}/num_1", key=None),
            account.get(f"{CALLS}/CA0/transcript", key=None),
            account.get(f"{CALLS}/CA0/recording", key=None),
        ):
            refused(lab, exchange, "no Authorization header")


@CATALOGUE.probe("KWP-AUTH-2", Send("GET", NUMBERS, SEVERAL, note="with keys that were never issued"))
def an_unknown_or_revoked_key(lab: Lab) -> None:
    account = lab.customer()
    for key in (NEVER_ISSUED, "kp_live_", NEVER_ISSUED.upper()):
        refused(lab, account.get(NUMBERS, key=key), "a key that was never issued")
    if not lab.emulated:
        lab.leave_out("a revoked key")
        return
    other = lab.account(keys=({}, {}))
    before = other.get(NUMBERS, key=other.keys[1])
    lab.require(before.status == 200, f"the second key does not work: {before}")
    lab.control("DELETE", f"/accounts/{other.id}/keys/{other.key_ids[1]}")
    refused(lab, other.get(NUMBERS, key=other.keys[1]), "a revoked key")
    still = other.get(NUMBERS)
    lab.expect(still.status == 200, f"the account's other key: expected 200, got {still}", still)


@CATALOGUE.probe("KWP-AUTH-3")
def a_key_with_an_allowlist(lab: Lab) -> None:
    account = lab.account(keys=({"allowlist": [ELSEWHERE]}, {"allowlist": list(HERE)}))
    outside, inside = account.keys
    kept_out = account.get(NUMBERS, key=outside)
    invalid = account.get(NUMBERS, key=NEVER_ISSUED)
    refused(lab, kept_out, f"a key for {ELSEWHERE} used from here")
    lab.expect(
        kept_out.response_body == invalid.response_body and _lasting(kept_out) == _lasting(invalid),
        "the answer to a key used from outside its allowlist: expected the same as to an invalid key",
        kept_out,
        invalid,
    )
    allowed = account.get(NUMBERS, key=inside)
    lab.expect(allowed.status == 200, f"a key used from inside its allowlist: expected 200, got {allowed}", allowed)


def _lasting(exchange: Exchange) -> tuple[int | None, tuple[Header, ...]]:
    kept = sorted(header for header in exchange.response_headers if header[0].lower() not in PASSING_HEADERS)
    return exchange.status, tuple(kept)


@CATALOGUE.probe("KWP-AUTH-4", Send("GET", NUMBERS, 1, note="with cookies alone"))
def a_cookie_alone(lab: Lab) -> None:
    account = lab.customer()
    names = ("session", "token", "api_key", "Authorization")
    cookie = "; ".join(f"{name}={account.key}" for name in names)
    refused(lab, account.get(NUMBERS, key=None, headers=(("Cookie", cookie),)), "the key in cookies")
    if lab.emulated:
        cookie = f'Authorization="Bearer {account.key}"; session={account.key}'
        refused(lab, account.get(NUMBERS, key=None, headers=(("Cookie", cookie),)), "a Bearer token in a cookie")


@CATALOGUE.probe("KWP-AUTH-5")
def five_active_keys(lab: Lab) -> None:
    account = lab.account(keys=[{}] * KEYS_ALLOWED)
    for key in account.keys:
        lab.expect(key.startswith(lab.dialect.key_prefix), "an issued key: expected it to begin with kp_live_")
        works = account.get(NUMBERS, key=key)
        lab.expect(works.status == 200, f"each of five keys: expected 200, got {works}", works)
    keys = f"/accounts/{account.id}/keys"
    lab.expect(not _issued(lab, keys), "a sixth active key: expected it to be refused")
    lab.control("DELETE", f"{keys}/{account.key_ids[0]}")
    lab.expect(_issued(lab, keys), "a key after one of five was revoked: expected it to be issued")
    lab.expect(not _issued(lab, keys), "a sixth active key after that: expected it to be refused")
    shown = lab.control_exchange("GET", f"/accounts/{account.id}")
    lab.expect(
        not any(key.encode() in shown.response_body for key in account.keys),
        "the account's keys as shown later: expected no secret among them",
        shown,
    )


def _issued(lab: Lab, keys: str) -> bool:
    try:
        lab.equipment.learn_key(lab.control("POST", keys, {})["secret"])
    except ControlRefused:
        return False
    return True


@CATALOGUE.probe("KWP-AUTH-6", needs=(Need.CTL,))
def two_accounts_side_by_side(lab: Lab) -> None:
    owner, stranger = lab.account(**OPEN), lab.account(**OPEN)
    number = new_number(owner)
    call = finished_call(owner, number)
    lab.require(any(each.get("id") == call for each in calls(owner)), "the owner's own call is not listed")
    for path, own in ((NUMBERS, number["id"]), (CALLS, call)):
        seen = stranger.get(path)
        lab.expect(
            own.encode() not in seen.response_body,
            f"{path} of another account: expected nothing of ours in it",
            seen,
        )
    for exchange in (
        stranger.get(f"{CALLS}/{call}/transcript"),
        stranger.get(f"{CALLS}/{call}/recording"),
        stranger.delete(f"{NUMBERS}/{number['id']}"),
    ):
        _unknown(lab, exchange)
    lab.expect(
        status_of(owner, number["id"]) == "active",
        "our number after a stranger's DELETE: expected it to be active still",
    )
    lab.expect(not listed(stranger), "the stranger's own list of numbers: expected it to be empty")


def _unknown(lab: Lab, exchange: Exchange) -> None:
    lab.expect(
        exchange.status == 404 and exchange.code == "not_found",
        f"what belongs to another account: expected 404 not_found, got {exchange}",
        exchange,
    )

"""Mutants of "Authentication": keys, allowlists, accounts that see each other."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.carrier.call import Call
from ringback.gateway.accounts import Account
from ringback.gateway.keys import Key, Keys
from ringback.gateway.services import Services
from ringback.mutants.kwickphone.registry import mutant
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableRequest, MutableResponse, broken, error, respond, status
from ringback.vendors.kwickphone.rules import KwickPhone

BEARER = "Bearer "
KEY_PREFIX = "kp_live_"


def _has_key(response: MutableResponse[Any]) -> bool:
    return response.request.header("authorization").startswith(BEARER + KEY_PREFIX)


# -- keys ------

mutant(
    "auth.missing-key-is-400",
    "KWP-AUTH-1",
    "A request without Authorization is answered 400 instead of 401.",
    "KWP-AUTH-4",
    "KWP-ERR-2",
).response(
    error(400, "invalid_request"),
    when=lambda response: response.status == 401 and not response.request.header("authorization"),
)
mutant("auth.open-calls", "KWP-AUTH-1", "The list of calls is answered without a key, as if it were empty.").response(
    respond(200, {"data": []}), on="listCalls", when=status(401)
)
mutant(
    "auth.no-envelope",
    "KWP-AUTH-1",
    "A 401 is plain text, without the error envelope.",
    "KWP-AUTH-2",
    "KWP-AUTH-3",
    "KWP-AUTH-4",
    "KWP-ERR-1",
    "KWP-ERR-2",
).response(respond(401, b"Unauthorized", "text/plain"), when=status(401))
mutant(
    "auth.unknown-key-is-403",
    "KWP-AUTH-2",
    "An unknown key is answered 403 instead of 401.",
    "KWP-AUTH-1",
    "KWP-AUTH-3",
).response(error(403, "forbidden"), when=lambda response: response.status == 401 and _has_key(response))


def _any_scheme(request: MutableRequest[KwickPhone]) -> None:
    words = request.header("authorization").split()
    if words and words[0] != BEARER.strip():
        request.set_header("authorization", BEARER + words[-1])


mutant("auth.any-scheme", "KWP-AUTH-1", "A key is taken from any Authorization header, Bearer or not.").request(
    _any_scheme
)


def _key_from_cookie(request: MutableRequest[KwickPhone]) -> None:
    start = request.header("cookie").find(KEY_PREFIX)
    if start >= 0 and not request.header("authorization"):
        secret = request.header("cookie")[start:].partition(";")[0].strip('"')
        request.set_header("authorization", BEARER + secret)


mutant("auth.cookie-is-a-key", "KWP-AUTH-4", "A key in a cookie authenticates.").request(_key_from_cookie)
mutant("auth.revoked-key-works", "KWP-AUTH-2", "A revoked key continues to work.").result(
    Keys.admits, lambda admitted, own, key, client, now: admitted or key.status == "revoked"
)


@mutant(
    "auth.prefix-is-enough",
    "KWP-AUTH-2",
    "Any text with a key's prefix is accepted as a key.",
    "KWP-AUTH-1",
    "KWP-AUTH-3",
).patch(Keys.find)
def _prefix_is_enough(find: Original, own: KwickPhone, vendor: str, secret: str) -> Key | None:
    of_vendor = (key for key in own.services.keys.records if key.vendor == vendor)
    return find(vendor, secret) or next(of_vendor, None)


mutant("auth.six-keys", "KWP-AUTH-5", "An account may have six active keys.").result(
    Keys.active, lambda count, own, account: count - 1
)
mutant("auth.revoked-key-counts", "KWP-AUTH-5", "A revoked key still counts as one of the five.").result(
    Keys.active, lambda _, own, account: own.services.keys.records.count("account", account)
)


@mutant("auth.secret-is-shown-again", "KWP-AUTH-5", "A key's secret is shown with the account, not once only.").patch(
    Services.issue_key
)
def _secret_is_shown_again(issue: Original, _: KwickPhone, account: Account, **options: Any) -> Key:
    key: Key = issue(account, **options)
    key.label = key.secret
    return key


@mutant("auth.other-prefix", "KWP-AUTH-5", "Keys are issued with another prefix than kp_live_.").patch(
    Services.issue_key
)
def _other_prefix(issue: Original, own: KwickPhone, account: Account, **options: Any) -> Key:
    key: Key = issue(account, **options)
    return own.services.keys.records.update(key, secret=key.secret.replace(KEY_PREFIX, "kp_test_"))


# -- allowlists ------


def _from_anywhere(key: Key) -> Key:
    return msgspec.structs.replace(key, allowlist=())


def _outside(admits: Original, key: Key, client: str, now: int) -> bool:
    """Return whether a key is good but for its allowlist."""
    return bool(admits(_from_anywhere(key), client, now) and not admits(key, client, now))


mutant("auth.allowlist-is-ignored", "KWP-AUTH-3", "A key works from outside its allowlist.").instead(
    Keys.admits, lambda admits, own, key, client, now: admits(_from_anywhere(key), client, now)
)


@mutant(
    "auth.allowlist-is-403", "KWP-AUTH-3", "A key from outside its allowlist is answered 403, so it is known."
).patch(Keys.admits)
def _allowlist_is_403(admits: Original, _: KwickPhone, key: Key, client: str, now: int) -> bool:
    if _outside(admits, key, client, now):
        raise broken(403, "ip_not_allowed")
    return bool(admits(key, client, now))


@mutant("auth.allowlist-says-why", "KWP-AUTH-3", "The 401 to a key from outside its allowlist says why.").patch(
    Keys.admits
)
def _allowlist_says_why(admits: Original, _: KwickPhone, key: Key, client: str, now: int) -> bool:
    if _outside(admits, key, client, now):
        raise broken(401, "unauthorized")
    return bool(admits(key, client, now))


mutant("auth.allowlist-shuts-out", "KWP-AUTH-3", "A key with an allowlist works from nowhere.").result(
    Keys.admits, lambda admitted, own, key, client, now: admitted and not key.allowlist
)


# -- other accounts ------


def _owner_of_call(own: KwickPhone, account: str, id_: str) -> str:
    found = own.services.calls.records.get(id_)
    return found.account if found is not None else account


@mutant("isolation.foreign-call-is-403", "KWP-AUTH-6", "Another account's call is answered 403, so it is known.").patch(
    KwickPhone.call_of
)
def _foreign_call_is_403(call_of: Original, own: KwickPhone, account: str, id_: str) -> Call:
    if _owner_of_call(own, account, id_) != account:
        raise broken(403, "forbidden")
    found: Call = call_of(account, id_)
    return found


mutant(
    "isolation.transcripts-for-all", "KWP-AUTH-6", "Any account that knows a call's id reads its transcript."
).instead(KwickPhone.call_of, lambda call_of, own, account, id_: call_of(_owner_of_call(own, account, id_), id_))


@mutant(
    "isolation.calls-of-all",
    "KWP-AUTH-6",
    "An account without calls of its own is shown other accounts'.",
    "KWP-CALL-1",
).patch(KwickPhone.list_calls)
def _calls_of_all(list_calls: Original, own: KwickPhone, account: str, limit: int | None, after: str | None) -> bytes:
    calls = own.services.calls.records
    if not calls.count("account", account):
        account = next((call.account for call in calls), account)
    return bytes(list_calls(account, limit, after))


@mutant(
    "isolation.anyone-may-release", "KWP-AUTH-6", "Any account that knows a number's id releases it.", "KWP-NUM-14"
).patch(KwickPhone.release)
def _anyone_may_release(release: Original, own: KwickPhone, account: str, id_: str) -> None:
    found = own.records.get(id_)
    release(found.account if found is not None else account, id_)

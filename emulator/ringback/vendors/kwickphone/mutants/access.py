"""Mutants of "Authentication": keys, allowlists, accounts that see each other."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.kwickphone.mutants.register import REGISTRY, backend, refusal

BEARER = "Bearer "
LISTS: dict[str, Any] = {"/v1/calls": {"data": []}}
SECRET_MARK = "kp_live_"  # noqa: S105 - how every key begins


@REGISTRY.on_response(
    "auth.missing-key-is-400",
    "KWP-AUTH-1",
    "A request without Authorization is answered 400 instead of 401.",
    "KWP-AUTH-4",
    "KWP-ERR-2",
)
def _missing_key_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and not answer.asked.header(b"authorization"):
        answer.refuse(400, "invalid_request")


@REGISTRY.on_request("auth.any-scheme", "KWP-AUTH-1", "A key is taken from any Authorization header, Bearer or not.")
def _any_scheme(asked: Request) -> None:
    words = asked.header(b"authorization").split()
    if words and not asked.header(b"authorization").startswith(BEARER):
        asked.set(b"authorization", BEARER + words[-1])


@REGISTRY.on_response(
    "auth.open-calls", "KWP-AUTH-1", "The list of calls is answered without a key, as if there were none."
)
def _open_calls(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.method == "GET" and answer.asked.path in LISTS:
        answer.say(200, LISTS[answer.asked.path])


@REGISTRY.on_response(
    "auth.no-envelope",
    "KWP-AUTH-1",
    "A 401 says so in plain text, without the error envelope.",
    "KWP-AUTH-2",
    "KWP-AUTH-3",
    "KWP-AUTH-4",
    "KWP-ERR-1",
    "KWP-ERR-2",
)
def _no_envelope(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401:
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/plain"))
        answer.body = b"Unauthorized"


@REGISTRY.on_start("auth.revoked-key-works", "KWP-AUTH-2", "A revoked key goes on working.")
def _revoked_key_works(emulator: Emulator) -> None:
    def make(admits: Any) -> Any:
        return lambda key, client, now: key.status == "revoked" or admits(key, client, now)

    patch(emulator.services.keys, "admits", make)


@REGISTRY.on_response(
    "auth.unknown-key-is-403",
    "KWP-AUTH-2",
    "An unknown key is answered 403 instead of 401.",
    "KWP-AUTH-1",
    "KWP-AUTH-3",
)
def _unknown_key_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.header(b"authorization").startswith(BEARER + SECRET_MARK):
        answer.refuse(403, "forbidden")


@REGISTRY.on_start(
    "auth.prefix-is-enough",
    "KWP-AUTH-2",
    "Whatever begins like a key is taken for one.",
    "KWP-AUTH-1",
    "KWP-AUTH-3",
)
def _prefix_is_enough(emulator: Emulator) -> None:
    def make(find: Any) -> Any:
        def lenient(vendor: str, secret: str) -> Any:
            return find(vendor, secret) or next(
                (key for key in emulator.services.keys.records if key.vendor == vendor), None
            )

        return lenient

    patch(emulator.services.keys, "find", make)


@REGISTRY.on_start("auth.allowlist-is-ignored", "KWP-AUTH-3", "A key works from outside its allowlist.")
def _allowlist_is_ignored(emulator: Emulator) -> None:
    patch(emulator.services.keys, "_inside", lambda _inside: lambda _allowlist, _client: True)


@REGISTRY.on_start("auth.allowlist-is-403", "KWP-AUTH-3", "A key from outside its allowlist is told apart: 403.")
def _allowlist_is_403(emulator: Emulator) -> None:
    _outside_is(emulator, 403, "ip_not_allowed")


@REGISTRY.on_start("auth.allowlist-says-why", "KWP-AUTH-3", "The 401 to a key from outside its allowlist says why.")
def _allowlist_says_why(emulator: Emulator) -> None:
    _outside_is(emulator, 401, "unauthorized")


def _outside_is(emulator: Emulator, status: int, code: str) -> None:
    def make(inside: Any) -> Any:
        def told(allowlist: tuple[str, ...], client: str) -> bool:
            if not inside(allowlist, client):
                raise refusal(status, code)
            return True

        return told

    patch(emulator.services.keys, "_inside", make)


@REGISTRY.on_start("auth.allowlist-shuts-out", "KWP-AUTH-3", "A key with an allowlist works from nowhere.")
def _allowlist_shuts_out(emulator: Emulator) -> None:
    patch(emulator.services.keys, "_inside", lambda _inside: lambda _allowlist, _client: False)


@REGISTRY.on_request("auth.cookie-is-a-key", "KWP-AUTH-4", "A key in a cookie authenticates.")
def _cookie_is_a_key(asked: Request) -> None:
    start = asked.header(b"cookie").find(SECRET_MARK)
    if start >= 0 and not asked.header(b"authorization"):
        secret = asked.header(b"cookie")[start:].partition(";")[0].strip('"')
        asked.set(b"authorization", BEARER + secret)


@REGISTRY.on_start("auth.six-keys", "KWP-AUTH-5", "An account may have six active keys.")
def _six_keys(emulator: Emulator) -> None:
    patch(emulator.services.keys, "active", lambda active: lambda account: active(account) - 1)


@REGISTRY.on_start("auth.revoked-key-counts", "KWP-AUTH-5", "A revoked key still takes one of the five places.")
def _revoked_key_counts(emulator: Emulator) -> None:
    patch(
        emulator.services.keys,
        "active",
        lambda _: lambda account: emulator.services.keys.records.count("account", account),
    )


@REGISTRY.on_start(
    "auth.secret-is-shown-again", "KWP-AUTH-5", "A key's secret is shown with the account, not once only."
)
def _secret_is_shown_again(emulator: Emulator) -> None:
    def make(issue: Any) -> Any:
        def labelled(*args: Any, **kwargs: Any) -> Any:
            key = issue(*args, **kwargs)
            key.label = key.secret
            return key

        return labelled

    patch(emulator.services, "issue_key", make)


@REGISTRY.on_start("auth.other-prefix", "KWP-AUTH-5", "Keys are issued with another prefix than kp_live_.")
def _other_prefix(emulator: Emulator) -> None:
    def make(issue: Any) -> Any:
        def renamed(*args: Any, **kwargs: Any) -> Any:
            key = issue(*args, **kwargs)
            return emulator.services.keys.records.update(key, secret=key.secret.replace(SECRET_MARK, "kp_test_"))

        return renamed

    patch(emulator.services, "issue_key", make)


@REGISTRY.on_start(
    "isolation.foreign-call-is-403", "KWP-AUTH-6", "Another account's call is answered 403, so it is there."
)
def _foreign_call_is_403(emulator: Emulator) -> None:
    def make(call: Any) -> Any:
        def telling(account: str, id_: str) -> Any:
            found = emulator.services.calls.records.get(id_)
            if found is not None and found.account != account:
                raise refusal(403, "forbidden")
            return call(account, id_)

        return telling

    patch(backend(emulator), "_call", make)


@REGISTRY.on_start("isolation.transcripts-for-all", "KWP-AUTH-6", "Whoever knows a call's id reads its transcript.")
def _transcripts_for_all(emulator: Emulator) -> None:
    def make(call: Any) -> Any:
        def open_to_all(account: str, id_: str) -> Any:
            found = emulator.services.calls.records.get(id_)
            return call(found.account if found is not None else account, id_)

        return open_to_all

    patch(backend(emulator), "_call", make)


@REGISTRY.on_start(
    "isolation.calls-of-all",
    "KWP-AUTH-6",
    "An account without calls of its own is shown everybody's.",
    "KWP-CALL-1",
)
def _calls_of_all(emulator: Emulator) -> None:
    def make(listed: Any) -> Any:
        def everyones(account: str, limit: int | None, after: str | None) -> Any:
            if not emulator.services.calls.records.count("account", account):
                account = next((call.account for call in emulator.services.calls.records), account)
            return listed(account, limit, after)

        return everyones

    patch(backend(emulator), "list_calls", make)


@REGISTRY.on_start(
    "isolation.anyone-may-release",
    "KWP-AUTH-6",
    "Whoever knows a number's id releases it.",
    "KWP-NUM-14",
)
def _anyone_may_release(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(release: Any) -> Any:
        def for_anyone(account: str, id_: str) -> None:
            found = own.records.get(id_)
            release(found.account if found is not None else account, id_)

        return for_anyone

    patch(own, "release", make)

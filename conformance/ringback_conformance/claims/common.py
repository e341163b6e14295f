"""Checks that are the same for every vendor. Paths, codes and limits of the vendor are parameters.

Functions named `reject_…` and `check_…` take a probe's context and record observations; `is_…` and `answered` select
exchanges for invariants; `…_problem` return None or what is wrong, for an invariant or `ctx.expect_documented`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import Applies
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Exchange, Header, Kind
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Inbox, mailbox
from ringback_conformance.shapes import moment

ErrorCase = tuple[int | tuple[int, ...], str | tuple[str, ...]]
"""A status (or the possible ones) and a code: `ctx.expect_error(exchange, *UNAUTHORIZED, what)`."""

JSON: tuple[Header, ...] = (("Content-Type", "application/json"),)
BROKEN_BODIES = (b"{", b"[]", b'"text"', b"null", b"\xff\xfe{}")
"""No JSON objects; each vendor adds its own."""
BAD_LIMITS = ("0", "-1", "1.5", "many", "")
MEBIBYTE = 1024 * 1024
DAY = 86_400
FRESH_SECONDS = 5
"""How far a signature's timestamp may be from the attempt, on the account's clock."""
MAX_WALK = 60
"""Pages after which a walk is given up."""


# -- which exchanges an invariant is about ------


def answered(method: str, route: str, *statuses: int) -> Applies:
    """Select responses of one operation; `route` is a regular expression. Without statuses: any 2xx."""
    pattern = re.compile(route)

    def applies(exchange: Exchange, _: Known) -> bool:
        return (
            exchange.kind is Kind.API
            and exchange.method == method
            and (exchange.status in statuses if statuses else exchange.succeeded)
            and pattern.fullmatch(exchange.route) is not None
        )

    return applies


def is_response(exchange: Exchange, _: Known) -> bool:
    """Select what the vendor's API answered."""
    return exchange.kind is Kind.API and exchange.status is not None


def is_error(exchange: Exchange, _: Known) -> bool:
    """Select errors that can have a body."""
    return exchange.kind is Kind.API and (exchange.status or 0) >= 400 and exchange.method != "HEAD"


def is_rate_limited(exchange: Exchange, _: Known) -> bool:
    """Select every 429."""
    return exchange.kind is Kind.API and exchange.status == 429


def is_webhook(exchange: Exchange, _: Known) -> bool:
    """Select what the vendor sent to one of our addresses."""
    return exchange.kind is Kind.WEBHOOK


def is_signed(exchange: Exchange, known: Known) -> bool:
    """Select webhooks whose secret the log shows."""
    return exchange.kind is Kind.WEBHOOK and mailbox(exchange.path) in known.secrets


# -- keys and accounts ------


def malformed_headers(key: str) -> tuple[tuple[Header, ...], ...]:
    """Return Authorization headers that hold no Bearer token, though some hold the key."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    values = ("", "Bearer", key, f"Basic {basic}", f"Token {key}", f"Bearer {key} {key}")
    return ((), *(((("Authorization", value),)) for value in values))


def reject_malformed_keys(ctx: ProbeContext, paths: Iterable[str], error: ErrorCase) -> None:
    """Expect GET with each of the `malformed_headers` to be rejected: 7 requests a path."""
    account = ctx.default_account()
    paths = tuple(paths)
    for headers in malformed_headers(account.key):
        scheme = headers[0][1].split(" ")[0] if headers and headers[0][1] != account.key else "its bare key"
        what = f"Authorization of {scheme!r}" if headers else "no Authorization header"
        for path in paths:
            ctx.expect_error(account.get(path, key=None, headers=headers), *error, what)


def reject_keyless(
    ctx: ProbeContext, account: Account, requests: Iterable[tuple[str, str]], error: ErrorCase, body: Any = None
) -> None:
    """Expect each (method, path) to be rejected without a key; `body` is sent where the method takes one."""
    for method, path in requests:
        json = ... if method in ("GET", "DELETE") else body or {}
        exchange = account.request(method, path, json=json, key=None)
        ctx.expect_error(exchange, *error, f"{method} {path} without a key")


def reject_unknown_keys(ctx: ProbeContext, path: str, never_issued: str, error: ErrorCase) -> None:
    """Expect keys that were never issued to be rejected, a bare prefix too: 3 requests."""
    account = ctx.default_account()
    for key in (never_issued, ctx.adapter.key_prefix, never_issued.upper()):
        ctx.expect_error(account.get(path, key=key), *error, "a key that was never issued")


def reject_revoked_key(ctx: ProbeContext, path: str, error: ErrorCase) -> None:
    """Expect a revoked key to be rejected while the account's other key still works."""
    account = ctx.account(keys=({}, {}))
    first, second = account.keys
    before = account.get(path, key=second)
    ctx.precondition(before.status == 200, f"the second key does not work: {before}")
    ctx.control("DELETE", f"/accounts/{account.id}/keys/{account.key_ids[1]}")
    ctx.expect_error(account.get(path, key=second), *error, "a revoked key")
    ctx.expect_status(account.get(path, key=first), 200, "the account's other key")


def issues_key(ctx: ProbeContext, account: Account) -> bool:
    """Return whether the account gets another key."""
    try:
        ctx.run_context.learn_key(ctx.control("POST", f"/accounts/{account.id}/keys", {})["secret"])
    except ControlRefused:
        return False
    return True


def check_hidden(
    ctx: ProbeContext, other: Account, lists: Mapping[str, str], exchanges: Iterable[Exchange], error: ErrorCase
) -> None:
    """Expect another account to see nothing: `lists` maps its lists to an id of ours that must not be in them, and
    each of `exchanges` (its requests for what is ours) must have failed."""
    for path, own in lists.items():
        exchange = other.get(path)
        hidden = own.encode() not in exchange.response_body
        ctx.expect(hidden, f"{path} of another account: expected nothing of ours in it", exchange)
    for exchange in exchanges:
        what = f"{exchange.method} {exchange.route}, which belongs to another account"
        ctx.expect_error(exchange, *error, what)


# -- errors ------


def envelope_problem(exchange: Exchange, problem: Callable[[Any], str | None]) -> str | None:
    """Return what is wrong with an error's envelope or content type; `problem` checks the body."""
    if found := problem(exchange.json()):
        return f"{exchange.method} {exchange.path} is answered {exchange.status}: {found}"
    if exchange.content_type != "application/json":
        return f"an error comes as {exchange.content_type or 'no content type'}, not application/json"
    return None


def code_problem(exchange: Exchange, codes: Mapping[int, Collection[str]]) -> str | None:
    """Return the code of an error where the page has others for its status."""
    wanted = codes.get(exchange.status or 0)
    if wanted is None or exchange.code in wanted:
        return None
    return f"{exchange.method} {exchange.path} is answered {exchange.status} {exchange.code}, not {sorted(wanted)}"


def server_error_problem(exchange: Exchange, documented: Collection[int] = (503,)) -> str | None:
    """Return a 5xx that the page does not have."""
    if exchange.status is None or exchange.status < 500 or exchange.status in documented:
        return None
    return f"{exchange.method} {exchange.path} is answered {exchange.status}"


def reject_bodies(
    ctx: ProbeContext, account: Account, path: str, bodies: Iterable[bytes], error: ErrorCase, method: str = "POST"
) -> None:
    """Expect each of these bodies, sent as JSON, to be rejected."""
    for body in bodies:
        exchange = account.request(method, path, content=body, headers=JSON)
        ctx.expect_error(exchange, *error, f"{method} {path} with a body of {body!r}")


def reject_queries(ctx: ProbeContext, account: Account, path: str, queries: Iterable[str], error: ErrorCase) -> None:
    """Expect GET to be rejected with each of these query strings, such as `limit=0`."""
    for query in queries:
        ctx.expect_error(account.get(f"{path}?{query}"), *error, f"{path} with {query}")


# -- rate limits ------


def until_limited(account: Account, path: str, most: int, key: str = "") -> tuple[int, Exchange]:
    """Send GETs at once until one is answered 429; return how many were accepted, and the last response."""
    for passed in range(most):
        exchange = account.get(path, key=key, paced=False, patient=False)
        if exchange.status == 429:
            return passed, exchange
    return most, exchange


def retry_after_problem(exchange: Exchange, at_most: int) -> str | None:
    """Return what is wrong with the Retry-After of a 429: it says 1 to `at_most` whole seconds."""
    after = exchange.response_header("retry-after")
    if after is not None and after.isdigit() and 0 < int(after) <= at_most:
        return None
    return f"a 429 has Retry-After {after!r}, not a number of seconds from 1 to {at_most}"


def wait_as_told(ctx: ProbeContext, account: Account, limited: Exchange, at_most: int) -> int:
    """Check Retry-After and wait that long, on the account's clock or in real time; return the seconds."""
    ctx.expect_documented(retry_after_problem(limited, at_most), "Retry-After", limited, stop=True)
    seconds = int(limited.response_header("retry-after") or 0)
    if ctx.emulated:
        account.advance(seconds)
    else:
        ctx.run_context.transport.pace.pause(float(seconds))
    return seconds


# -- lists ------


def pages(
    account: Account,
    path: str,
    query: str,
    next_query: Callable[[Exchange], str | None],
    between: Callable[[], object] = lambda: None,
) -> Iterator[Exchange]:
    """Walk a list page by page: `next_query` returns what to ask after a page, None after the last."""
    following: str | None = query
    for _ in range(MAX_WALK):
        exchange = account.get(f"{path}?{following}")
        yield exchange
        following = next_query(exchange)
        if following is None:
            return
        between()


def check_walk(ctx: ProbeContext, seen: list[str], expected: list[str], what: str, *exchanges: Exchange) -> None:
    """Expect a walk to have shown each of `expected` once, in this order; what was created meanwhile may be beside."""
    old = [id_ for id_ in seen if id_ in expected]
    held = old == expected and len(set(seen)) == len(seen)
    ctx.expect(held, f"{what}: expected {expected} once each, in this order, got {seen}", *exchanges)


# -- webhooks ------


def event_problem(exchange: Exchange) -> str | None:
    """Return what is wrong with how an event is sent: a POST of application/json."""
    if exchange.method != "POST":
        return f"an event comes by {exchange.method}, not POST"
    content_type = exchange.request_header("content-type")
    if not (content_type or "").lower().startswith("application/json"):
        return f"an event has Content-Type {content_type!r}, not application/json"
    return None


def sign(secret: str, *parts: str | bytes) -> str:
    """Return the hex HMAC-SHA256 of the parts, joined by full stops."""
    raw = b".".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def signature_problem(exchange: Exchange, header: str, form: re.Pattern[str], expected: str, signed: str) -> str | None:
    """Return what is wrong with a signature: the last group of `form` is its hex digest, `signed` says of what."""
    value = exchange.request_header(header)
    match = form.fullmatch(value or "")
    if match is None:
        shown = "missing" if value is None else repr(value if len(value) < 20 else f"{value[:20]}…")
        return f"{header} is {shown}, not of the form {form.pattern}"
    if not hmac.compare_digest(expected, match[match.lastindex or 0]):
        return f"{header} is not the HMAC-SHA256 of {signed}"
    return None


def attempt_times(account: Account, subject: str | None = None) -> list[float]:
    """Return the Unix seconds of all attempts (of one subject), by the account's clock."""
    deliveries = [each for each in account.deliveries() if subject in (None, each.get("subject"))]
    attempts = [attempt for delivery in deliveries for attempt in delivery["attempts"]]
    return sorted(instant.timestamp() for attempt in attempts if (instant := moment(attempt["at"])) is not None)


def waits_between(times: Iterable[float]) -> list[float]:
    """Return the seconds between one attempt and the next."""
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def check_growing_waits(ctx: ProbeContext, times: list[float], attempts: int, *exchanges: Exchange) -> None:
    """Expect so many attempts, each after a longer wait than the one before."""
    waits = waits_between(times)
    grow = all(longer > shorter > 0 for shorter, longer in itertools.pairwise(waits))
    said = ", ".join(f"{wait:g} s" for wait in waits) or "none"
    message = f"the waits between {attempts} attempts: expected each longer than the one before, got {said}"
    ctx.expect(len(times) == attempts and grow, message, *exchanges)


def check_signed_when_sent(
    ctx: ProbeContext, stamps: list[float], times: list[float], *exchanges: Exchange, slack: float = FRESH_SECONDS
) -> None:
    """Expect each attempt's timestamp to be within `slack` seconds of the attempt."""
    late = [f"{stamp - at:+.0f} s" for stamp, at in zip(stamps, times, strict=False) if abs(stamp - at) > slack]
    said = ", ".join(late) or "none"
    message = f"the timestamps of {len(stamps)} attempts: expected the second of sending, {said} off"
    ctx.expect(not late and len(stamps) == len(times), message, *exchanges)


def advance_until(account: Account, inbox: Inbox, count: int, step: int = 300, limit: int = DAY) -> None:
    """Advance the account's clock in steps until so many requests have come, or for `limit` seconds."""
    for _ in range(limit // step):
        if len(inbox.received) >= count:
            return
        account.advance(step)

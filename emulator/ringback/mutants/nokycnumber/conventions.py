"""Mutants of "Pagination", "Idempotency", "Rate limits" and "Versioning"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ringback.carrier.clock import HOUR, wall_sleep
from ringback.gateway.asgi import encode
from ringback.gateway.idempotency import Idempotency, IdempotentResponse
from ringback.gateway.limits import BucketLevel, Buckets
from ringback.mutants.nokycnumber.registry import empty, mutant, rejected
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    ResponseCondition,
    always,
    code,
    drop_header,
    set_header,
    set_query,
    status,
)
from ringback.mutants.transforms import apply, drop, reverse, set_to
from ringback.store import Collection
from ringback.vendors.nokycnumber.errors import API
from ringback.vendors.nokycnumber.records import Endpoint
from ringback.vendors.nokycnumber.rules import NoKYCNumber

GAP = 0.05
"""Seconds that a request takes, so that others come meanwhile."""
FEE = 1_000
OUTDATED, CURRENT = "2025-10-01", "2026-04-01"
VERSION, NOTICE = "nokyc-version", "nokyc-deprecation"
REMAINING, RESET, RETRY_AFTER = "x-rate-limit-remaining", "x-rate-limit-reset", "retry-after"
Act = Callable[[], Awaitable[tuple[int, bytes]]]


# -- pages ------


def _empty_page(response: MutableResponse[NoKYCNumber]) -> None:
    response.respond(200, encode(empty(response.request.path)))


def _has_only_limit(request: MutableRequest[NoKYCNumber]) -> bool:
    return request.query_string.startswith("limit=") and "&" not in request.query_string


mutant("page.default-of-a-hundred", "NKN-PAGE-1", "A page has up to 100 objects if no limit is given.").request(
    set_query(limit="100"), on="listWebhookEndpoints", when=lambda request: "limit" not in request.query
)
mutant("page.limit-of-anything", "NKN-PAGE-1", "A limit outside 1 to 100 is ignored.", "NKN-ERR-7").response(
    _empty_page, when=lambda response: response.status == 400 and _has_only_limit(response.request)
)
mutant("page.fifty-at-most", "NKN-PAGE-1", "A limit of 100 is rejected.").response(
    rejected(400),
    on="listWebhookEndpoints",
    when=lambda response: response.status == 200 and response.request.query.get("limit") == "100",
)
mutant("page.cursor-on-the-last", "NKN-PAGE-2", "The last page has a next_cursor too.").response(
    apply("[object=list]", lambda page: {**page, "next_cursor": page["data"][-1]["id"]} if page["data"] else page)
)
mutant("page.never-more", "NKN-PAGE-2", "has_more is always false.", "NKN-PAGE-3").response(
    set_to("[object=list].has_more", False), set_to("[object=list].next_cursor", None)
)
mutant("page.without-url", "NKN-PAGE-2", "A list has no url.").response(drop("[object=list].url"))
mutant("page.cursor-is-the-first", "NKN-PAGE-2", "next_cursor is the id of the first object of a page.").response(
    apply(
        "[object=list]",
        lambda page: (
            {**page, "next_cursor": page["data"][0]["id"]} if page["has_more"] and len(page["data"]) > 1 else page
        ),
    )
)


@mutant("page.cursor-includes-itself", "NKN-PAGE-3", "A page begins with the object that starting_after names.").patch(
    Collection[Endpoint].page, of=lambda own: own.data.endpoints
)
def _cursor_includes_itself(
    page: Original, _: NoKYCNumber, index: str, key: Any, limit: int | None = None, after: Endpoint | None = None
) -> list[Endpoint]:
    found: list[Endpoint] = page(index, key, limit, after)
    return [after, *found][:limit] if after is not None else found


mutant(
    "page.within-a-page-reversed",
    "NKN-PAGE-3",
    "Messages are listed oldest first within a page.",
    "NKN-PAGE-2",
    "NKN-SMS-8",
).response(
    reverse("data"),
    on="listSms",
    when=lambda response: response.status == 200 and "limit" in response.request.query_string,
)


def _page_backwards(response: MutableResponse[NoKYCNumber]) -> None:
    endpoints = response.backend.data.endpoints
    before = endpoints.get(response.request.query["ending_before"])
    found = [
        {"id": endpoint.id}
        for endpoint in endpoints.newest("account", response.account)
        if before and endpoint.created_at >= before.created_at
    ]
    _empty_page(response)
    response.document = {**response.document, "data": found[-3:-2]}


def _ending_before_is_a_cursor(request: MutableRequest[NoKYCNumber]) -> None:
    request.query_string = request.query_string.replace("ending_before=", "starting_after=")


mutant("page.backwards", "NKN-PAGE-4", "ending_before pages backwards.").response(
    _page_backwards, on="listWebhookEndpoints", when=lambda response: "ending_before" in response.request.query
)
mutant("page.ending-before-is-a-cursor", "NKN-PAGE-4", "ending_before is read as starting_after.").request(
    _ending_before_is_a_cursor
)
mutant(
    "page.odd-cursor-is-the-start", "NKN-PAGE-5", "A starting_after that names nothing leads to an empty page."
).response(
    _empty_page,
    on="listNumbers",
    when=lambda response: response.status == 400 and response.request.query_string.startswith("starting_after="),
)

# -- idempotency ------


def _fresh(own: NoKYCNumber, key: str) -> str:
    """Return a key that no request has had."""
    return f"{key}-{own.services.idempotency.records.created}"


mutant("idempotency.forgotten", "NKN-IDEM-1", "An Idempotency-Key is ignored.", "NKN-IDEM-2", "NKN-IDEM-4").instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(
        account, operation, _fresh(own, key), digest, keep_for, act
    ),
)
mutant("idempotency.only-messages", "NKN-IDEM-1", "Only messages obey an Idempotency-Key.").instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(
        account, operation, key if operation == "createSms" else _fresh(own, key), digest, keep_for, act
    ),
)
mutant("idempotency.an-hour", "NKN-IDEM-1", "An Idempotency-Key is forgotten after an hour.").instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(account, operation, key, digest, HOUR, act),
)


@mutant("idempotency.retry-costs", "NKN-IDEM-1", "A retry with an Idempotency-Key is charged.", "NKN-IDEM-4").patch(
    Idempotency.run_once
)
async def _retry_costs(
    once: Original, own: NoKYCNumber, account: str, operation: str, key: str, digest: str, keep_for: int, act: Act
) -> IdempotentResponse:
    outcome: IdempotentResponse = await once(account, operation, key, digest, keep_for, act)
    if outcome.replayed:
        own.services.ledger.post(account, -FEE, "retry", "")
    return outcome


mutant(
    "idempotency.body-does-not-matter", "NKN-IDEM-2", "A key with another body is answered with the first response."
).instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(account, operation, key, "", keep_for, act),
)
mutant("idempotency.mismatch-is-400", "NKN-IDEM-2", "A key with another body is answered 400.").response(
    rejected(400, code="idempotency_key_mismatch"), when=code("idempotency_key_mismatch")
)
mutant("idempotency.mismatch-has-another-code", "NKN-IDEM-2", "A key with another body has another code.").response(
    set_to("error.code", "conflict"), when=code("idempotency_key_mismatch")
)
mutant("idempotency.for-good", "NKN-IDEM-3", "An Idempotency-Key is never forgotten.").instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(
        account, operation, key, digest, keep_for * 400, act
    ),
)
mutant("idempotency.two-days", "NKN-IDEM-3", "An Idempotency-Key is forgotten after two days.").instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(
        account, operation, key, digest, keep_for * 2, act
    ),
)


@mutant(
    "idempotency.not-while-under-way", "NKN-IDEM-4", "A request in progress does not hold back others with its key."
).patch(Idempotency.run_once)
async def _not_while_under_way(
    once: Original, own: NoKYCNumber, account: str, operation: str, key: str, digest: str, keep_for: int, act: Act
) -> IdempotentResponse:
    if f"{account} {operation} {key}" in own.services.idempotency.records:
        outcome: IdempotentResponse = await once(account, operation, key, digest, keep_for, act)
        return outcome
    await wall_sleep(GAP)
    status, body = await act()

    async def repeat() -> tuple[int, bytes]:
        return status, body

    await once(account, operation, key, digest, keep_for, repeat)
    return IdempotentResponse(status, body, replayed=False)


@mutant("idempotency.across-accounts", "NKN-IDEM-5", "An Idempotency-Key is shared by all accounts.").on_start
def _across_accounts(own: NoKYCNumber) -> None:
    first: dict[str, str] = {}

    async def shared(
        once: Original, _: NoKYCNumber, account: str, operation: str, key: str, digest: str, keep_for: int, act: Act
    ) -> IdempotentResponse:
        owner = first.setdefault(key, account) if key == "shared" else account
        outcome: IdempotentResponse = await once(owner, operation, key, digest, keep_for, act)
        return outcome

    patch(own, Idempotency.run_once, shared)


mutant("idempotency.across-endpoints", "NKN-IDEM-5", "An Idempotency-Key is shared by all operations.").instead(
    Idempotency.run_once,
    lambda once, own, account, operation, key, digest, keep_for, act: once(account, "any", key, digest, keep_for, act),
)

# -- limits ------


def _has(name: str) -> ResponseCondition[NoKYCNumber]:
    return lambda response: response.header(name) != ""


mutant("limits.remaining-stands-still", "NKN-LIM-1", "X-Rate-Limit-Remaining never changes.").response(
    set_header(REMAINING, "3"), when=_has(REMAINING)
)
mutant("limits.without-reset", "NKN-LIM-1", "X-Rate-Limit-Reset is missing.").response(drop_header(RESET), when=always)
mutant("limits.reset-is-a-date", "NKN-LIM-1", "X-Rate-Limit-Reset is a date.").response(
    set_header(RESET, "Thu, 01 Jan 2026 00:01:00 GMT"), when=_has(RESET)
)
mutant("limits.none", "NKN-LIM-2", "No key is ever limited.", "NKN-LIM-1", "NKN-LIM-3", "NKN-LIM-4").instead(
    Buckets.take, lambda take, own, name, rate, capacity, span, now: BucketLevel(0, capacity, now)
)
mutant("limits.without-retry-after", "NKN-LIM-2", "A 429 has no Retry-After.").response(
    drop_header(RETRY_AFTER), when=status(429)
)
mutant("limits.too-short-a-wait", "NKN-LIM-2", "The Retry-After of a 429 is always one second.").response(
    set_header(RETRY_AFTER, "1"), when=lambda response: response.status == 429 and response.header(RETRY_AFTER) != ""
)
mutant("limits.is-503", "NKN-LIM-2", "A key past its limit is answered 503.", "NKN-LIM-3", "NKN-LIM-4").response(
    rejected(503, API), when=status(429)
)
mutant("limits.no-burst", "NKN-LIM-3", "No request above the limit passes, even after a pause.", "NKN-LIM-1").instead(
    Buckets.take, lambda take, own, name, rate, capacity, span, now: take(name, rate, rate, span, now)
)
mutant("limits.twice-as-many", "NKN-LIM-3", "Twice as many requests as the limit pass over time.", "NKN-LIM-1").instead(
    Buckets.take, lambda take, own, name, rate, capacity, span, now: take(name, 2 * rate, capacity, span, now)
)
mutant("limits.per-account", "NKN-LIM-4", "All keys of an account share one bucket.").instead(
    Buckets.take,
    lambda take, own, name, rate, capacity, span, now: take(
        own.services.keys.records[name].account, rate, capacity, span, now
    ),
)
mutant("limits.cannot-be-lifted", "NKN-LIM-4", "No key has more than 100 requests a minute.").instead(
    Buckets.take,
    lambda take, own, name, rate, capacity, span, now: take(name, min(rate, 100), min(capacity, 110), span, now),
)

# -- versions ------

mutant("version.any", "NKN-VER-1", "An unknown version is read as the current one.").request(
    set_header(VERSION, CURRENT), when=lambda request: request.header(VERSION) not in ("", OUTDATED, CURRENT)
)
mutant("version.unknown-is-404", "NKN-VER-1", "An unknown version is answered 404.").response(
    rejected(404), when=code("unknown_version")
)
mutant(
    "version.default-is-the-current", "NKN-VER-1", "Without a version the current one applies.", "NKN-VER-2"
).request(set_header(VERSION, CURRENT), when=lambda request: not request.header(VERSION))
mutant("version.no-notice", "NKN-VER-2", "A pinned version that is outdated is answered without a notice.").response(
    drop_header(NOTICE), when=lambda response: response.request.header(VERSION) == OUTDATED
)
mutant("version.notice-for-all", "NKN-VER-2", "Every response warns of an outdated version.", "NKN-VER-1").response(
    set_header(NOTICE, "This version is outdated."), when=always
)

"""Mutants of "Pagination", "Idempotency", "Rate limits" and "Versioning"."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from ringback.carrier.clock import HOUR, wall_sleep
from ringback.emulator import Emulator
from ringback.gateway.idempotency import IdempotentResponse
from ringback.gateway.limits import BucketLevel
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.nokycnumber.mutants.register import (
    ENDPOINTS,
    NUMBERS,
    REGISTRY,
    SMS,
    backend,
    empty,
    is_list,
    refuse,
    reword,
)

GAP = 0.05
"""Seconds that a request takes, so that others come meanwhile."""
FEE = 1_000
OUTDATED, CURRENT = "2025-10-01", "2026-04-01"
NOTICE = b"nokyc-deprecation"
REMAINING, RESET = b"x-rate-limit-remaining", b"x-rate-limit-reset"


@REGISTRY.on_request("page.default-of-a-hundred", "NKN-PAGE-1", "A page has up to 100 objects where no limit is given.")
def _default_of_a_hundred(asked: Request) -> None:
    if asked.method == "GET" and asked.path == ENDPOINTS and "limit" not in asked.query:
        asked.query = f"{asked.query}&limit=100".lstrip("&")


@REGISTRY.on_response("page.limit-of-anything", "NKN-PAGE-1", "A limit outside 1 to 100 is passed over.", "NKN-ERR-7")
def _limit_of_anything(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.query.startswith("limit=") and "&" not in answer.asked.query:
        answer.say(200, empty(answer.asked.path))


@REGISTRY.on_response("page.fifty-at-most", "NKN-PAGE-1", "A limit of 100 is refused.")
def _fifty_at_most(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 200 and parse_qs(answer.asked.query).get("limit") == ["100"] and answer.asked.path == ENDPOINTS:
        refuse(answer, 400)


def _list(answer: MutableResponse) -> dict[str, Any] | None:
    body = answer.json() if answer.status == 200 else None
    return body if isinstance(body, dict) and body.get("object") == "list" else None


@REGISTRY.on_response("page.cursor-on-the-last", "NKN-PAGE-2", "The last page has a next_cursor too.")
def _cursor_on_the_last(answer: MutableResponse, _: Emulator) -> None:
    body = _list(answer)
    if body is not None and body["data"]:
        answer.say(200, {**body, "next_cursor": body["data"][-1]["id"]})


@REGISTRY.on_response("page.never-more", "NKN-PAGE-2", "has_more is always false.", "NKN-PAGE-3")
def _never_more(answer: MutableResponse, _: Emulator) -> None:
    body = _list(answer)
    if body is not None:
        answer.say(200, {**body, "has_more": False, "next_cursor": None})


@REGISTRY.on_response("page.without-url", "NKN-PAGE-2", "A list does not tell its url.")
def _without_url(answer: MutableResponse, _: Emulator) -> None:
    body = _list(answer)
    if body is not None:
        answer.say(200, {name: value for name, value in body.items() if name != "url"})


@REGISTRY.on_response("page.cursor-is-the-first", "NKN-PAGE-2", "next_cursor is the id of the first object of a page.")
def _cursor_is_the_first(answer: MutableResponse, _: Emulator) -> None:
    body = _list(answer)
    if body is not None and body["has_more"] and len(body["data"]) > 1:
        answer.say(200, {**body, "next_cursor": body["data"][0]["id"]})


@REGISTRY.on_start(
    "page.cursor-includes-itself", "NKN-PAGE-3", "A page begins with the object that starting_after names."
)
def _cursor_includes_itself(emulator: Emulator) -> None:
    def make(page: Any) -> Any:
        def inclusive(index: str, key: Any, limit: int | None = None, after: Any = None) -> Any:
            found = page(index, key, limit, after)
            return [after, *found][:limit] if after is not None else found

        return inclusive

    patch(backend(emulator).hooks.records, "page", make)


@REGISTRY.on_response(
    "page.within-a-page-reversed",
    "NKN-PAGE-3",
    "Messages are listed oldest first within a page.",
    "NKN-PAGE-2",
    "NKN-SMS-8",
)
def _within_a_page_reversed(answer: MutableResponse, _: Emulator) -> None:
    body = _list(answer)
    if body is not None and is_list(answer, SMS) and "limit" in answer.asked.query:
        answer.say(200, {**body, "data": body["data"][::-1]})


@REGISTRY.on_response("page.backwards", "NKN-PAGE-4", "ending_before pages backwards.")
def _backwards(answer: MutableResponse, emulator: Emulator) -> None:
    if "ending_before=" in answer.asked.query and answer.asked.path == ENDPOINTS:
        hooks = backend(emulator).hooks
        before = hooks.records.get(parse_qs(answer.asked.query)["ending_before"][0])
        found = [
            {"id": e.id}
            for e in hooks.records.newest("account", answer.account)
            if before and e.created_at >= before.created_at
        ]
        answer.say(200, {**empty(ENDPOINTS), "data": found[-3:-2]})


@REGISTRY.on_request("page.ending-before-is-a-cursor", "NKN-PAGE-4", "ending_before is taken for starting_after.")
def _ending_before_is_a_cursor(asked: Request) -> None:
    asked.query = asked.query.replace("ending_before=", "starting_after=")


@REGISTRY.on_response(
    "page.odd-cursor-is-the-start", "NKN-PAGE-5", "A starting_after that names nothing gives an empty page."
)
def _odd_cursor_is_the_start(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.query.startswith("starting_after=") and answer.asked.path == NUMBERS:
        answer.say(200, empty(NUMBERS))


# -- idempotency ------


def _once(emulator: Emulator, change: Any) -> None:
    patch(emulator.services.idempotency, "run_once", lambda once: lambda *given: change(once, *given))


@REGISTRY.on_start("idempotency.forgotten", "NKN-IDEM-1", "An Idempotency-Key is ignored.", "NKN-IDEM-2", "NKN-IDEM-4")
def _forgotten(emulator: Emulator) -> None:
    def fresh(once: Any, account: str, operation: str, key: str, *rest: Any) -> Any:
        return once(account, operation, f"{key}-{emulator.services.idempotency.records.created}", *rest)

    _once(emulator, fresh)


@REGISTRY.on_start("idempotency.only-messages", "NKN-IDEM-1", "Only messages heed an Idempotency-Key.")
def _only_messages(emulator: Emulator) -> None:
    def choosy(once: Any, account: str, operation: str, key: str, *rest: Any) -> Any:
        fresh = f"{key}-{emulator.services.idempotency.records.created}"
        return once(account, operation, key if operation == "createSms" else fresh, *rest)

    _once(emulator, choosy)


@REGISTRY.on_start("idempotency.an-hour", "NKN-IDEM-1", "An Idempotency-Key is forgotten after an hour.")
def _an_hour(emulator: Emulator) -> None:
    _once(emulator, lambda once, a, o, k, seen, keep_for, act: once(a, o, k, seen, HOUR, act))


@REGISTRY.on_start("idempotency.retry-costs", "NKN-IDEM-1", "A retry with an Idempotency-Key is charged.", "NKN-IDEM-4")
def _retry_costs(emulator: Emulator) -> None:
    async def costly(once: Any, account: str, *rest: Any) -> Any:
        outcome = await once(account, *rest)
        if outcome.replayed:
            emulator.services.ledger.post(account, -FEE, "retry", "")
        return outcome

    _once(emulator, costly)


@REGISTRY.on_start(
    "idempotency.body-does-not-matter", "NKN-IDEM-2", "A key with another body gives the first answer again."
)
def _body_does_not_matter(emulator: Emulator) -> None:
    _once(emulator, lambda once, a, o, k, _seen, keep_for, act: once(a, o, k, "", keep_for, act))


@REGISTRY.on_response("idempotency.mismatch-is-400", "NKN-IDEM-2", "A key with another body is answered 400.")
def _mismatch_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "idempotency_key_mismatch":
        refuse(answer, 400, code="idempotency_key_mismatch")


@REGISTRY.on_response(
    "idempotency.mismatch-has-another-code", "NKN-IDEM-2", "A key with another body has another code."
)
def _mismatch_has_another_code(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "idempotency_key_mismatch":
        reword(answer, code="conflict")


@REGISTRY.on_start("idempotency.for-good", "NKN-IDEM-3", "An Idempotency-Key is never forgotten.")
def _for_good(emulator: Emulator) -> None:
    _once(emulator, lambda once, a, o, k, seen, keep_for, act: once(a, o, k, seen, keep_for * 400, act))


@REGISTRY.on_start("idempotency.two-days", "NKN-IDEM-3", "An Idempotency-Key is forgotten after two days.")
def _two_days(emulator: Emulator) -> None:
    _once(emulator, lambda once, a, o, k, seen, keep_for, act: once(a, o, k, seen, keep_for * 2, act))


@REGISTRY.on_start(
    "idempotency.not-while-under-way", "NKN-IDEM-4", "A request under way holds no other with its key back."
)
def _not_while_under_way(emulator: Emulator) -> None:
    async def hasty(once: Any, account: str, operation: str, key: str, seen: str, keep_for: int, act: Any) -> Any:
        if f"{account} {operation} {key}" in emulator.services.idempotency.records:
            return await once(account, operation, key, seen, keep_for, act)
        await wall_sleep(GAP)
        status, body = await act()

        async def given() -> tuple[int, bytes]:
            return status, body

        await once(account, operation, key, seen, keep_for, given)
        return IdempotentResponse(status, body, replayed=False)

    _once(emulator, hasty)


@REGISTRY.on_start("idempotency.across-accounts", "NKN-IDEM-5", "An Idempotency-Key is everybody's.")
def _across_accounts(emulator: Emulator) -> None:
    first: dict[str, str] = {}

    def shared(once: Any, account: str, operation: str, key: str, *rest: Any) -> Any:
        owner = first.setdefault(key, account) if key == "shared" else account
        return once(owner, operation, key, *rest)

    _once(emulator, shared)


@REGISTRY.on_start("idempotency.across-endpoints", "NKN-IDEM-5", "An Idempotency-Key is all endpoints'.")
def _across_endpoints(emulator: Emulator) -> None:
    _once(emulator, lambda once, account, _operation, key, *rest: once(account, "any", key, *rest))


# -- limits ------


def _header(answer: MutableResponse, name: bytes, value: bytes) -> None:
    if any(key.lower() == name for key, _ in answer.headers):
        answer.without(name)
        answer.headers.append((name, value))


@REGISTRY.on_response("limits.remaining-stands-still", "NKN-LIM-1", "X-Rate-Limit-Remaining stands still.")
def _remaining_stands_still(answer: MutableResponse, _: Emulator) -> None:
    _header(answer, REMAINING, b"3")


@REGISTRY.on_response("limits.without-reset", "NKN-LIM-1", "X-Rate-Limit-Reset is missing.")
def _without_reset(answer: MutableResponse, _: Emulator) -> None:
    answer.without(RESET)


@REGISTRY.on_response("limits.reset-is-a-date", "NKN-LIM-1", "X-Rate-Limit-Reset is a date.")
def _reset_is_a_date(answer: MutableResponse, _: Emulator) -> None:
    _header(answer, RESET, b"Thu, 01 Jan 2026 00:01:00 GMT")


def _take(emulator: Emulator, change: Any) -> None:
    patch(emulator.services.buckets, "take", lambda take: lambda *given: change(take, *given))


@REGISTRY.on_start("limits.none", "NKN-LIM-2", "No key is ever limited.", "NKN-LIM-1", "NKN-LIM-3", "NKN-LIM-4")
def _none(emulator: Emulator) -> None:
    _take(emulator, lambda _take, name, rate, capacity, span, now: BucketLevel(0, capacity, now))


@REGISTRY.on_response("limits.without-retry-after", "NKN-LIM-2", "A 429 does not say how long to wait.")
def _without_retry_after(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429:
        answer.without(b"retry-after")


@REGISTRY.on_response("limits.too-short-a-wait", "NKN-LIM-2", "A 429 always says to wait for a second.")
def _too_short_a_wait(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429:
        _header(answer, b"retry-after", b"1")


@REGISTRY.on_response("limits.is-503", "NKN-LIM-2", "A key past its limit is answered 503.", "NKN-LIM-3", "NKN-LIM-4")
def _is_503(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429:
        refuse(answer, 503, "api_error")


@REGISTRY.on_start(
    "limits.no-burst", "NKN-LIM-3", "Not one request above the limit passes, however quiet it was.", "NKN-LIM-1"
)
def _no_burst(emulator: Emulator) -> None:
    _take(emulator, lambda take, name, rate, _capacity, span, now: take(name, rate, rate, span, now))


@REGISTRY.on_start(
    "limits.twice-as-many", "NKN-LIM-3", "Twice as many requests as the limit pass over time.", "NKN-LIM-1"
)
def _twice_as_many(emulator: Emulator) -> None:
    _take(emulator, lambda take, name, rate, capacity, span, now: take(name, 2 * rate, capacity, span, now))


@REGISTRY.on_start("limits.per-account", "NKN-LIM-4", "All keys of an account share one bucket.")
def _per_account(emulator: Emulator) -> None:
    _take(emulator, lambda take, name, *rest: take(emulator.services.keys.records[name].account, *rest))


@REGISTRY.on_start("limits.cannot-be-lifted", "NKN-LIM-4", "No key has more than 100 requests a minute.")
def _cannot_be_lifted(emulator: Emulator) -> None:
    _take(
        emulator,
        lambda take, name, rate, capacity, span, now: take(name, min(rate, 100), min(capacity, 110), span, now),
    )


# -- versions ------


@REGISTRY.on_request("version.any", "NKN-VER-1", "An unknown version is taken for the current one.")
def _any_version(asked: Request) -> None:
    if asked.header(b"nokyc-version") not in ("", OUTDATED, CURRENT):
        asked.set(b"nokyc-version", CURRENT)


@REGISTRY.on_response("version.unknown-is-404", "NKN-VER-1", "An unknown version is answered 404.")
def _unknown_is_404(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "unknown_version":
        refuse(answer, 404)


@REGISTRY.on_request(
    "version.default-is-the-current", "NKN-VER-1", "Without a version the current one holds.", "NKN-VER-2"
)
def _default_is_the_current(asked: Request) -> None:
    if not asked.header(b"nokyc-version"):
        asked.set(b"nokyc-version", CURRENT)


@REGISTRY.on_response(
    "version.no-notice", "NKN-VER-2", "A pinned version that is outdated is answered without a notice."
)
def _no_notice(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.header(b"nokyc-version") == OUTDATED:
        answer.without(NOTICE)


@REGISTRY.on_response("version.notice-for-all", "NKN-VER-2", "Every answer warns of an outdated version.", "NKN-VER-1")
def _notice_for_all(answer: MutableResponse, _: Emulator) -> None:
    answer.without(NOTICE)
    answer.headers.append((NOTICE, b"This version is outdated."))

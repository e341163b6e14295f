"""Mutants of "Errors" and of the request rate."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import MINUTE
from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, patch
from ringback.vendors.kwickphone.mutants.register import REGISTRY
from ringback.vendors.kwickphone.routes import OPERATIONS

PATHS = ("/v1/numbers", "/v1/calls")
ONE_OF = ("/v1/numbers/", "/v1/calls/")
RATE = 60


def _has_route(path: str) -> bool:
    if path in PATHS:
        return True
    depth = path.count("/")
    part = path.endswith(("/transcript", "/recording"))
    return path.startswith(ONE_OF) and (depth == 3 or (depth == 4 and part))


def _unrouted(answer: MutableResponse) -> bool:
    return answer.code == "not_found" and not _has_route(answer.asked.path)


@REGISTRY.on_response("errors.bare", "KWP-ERR-1", "An unknown route is answered without the envelope.")
def _bare(answer: MutableResponse, _: Emulator) -> None:
    if _unrouted(answer):
        answer.say(404, {"code": "not_found", "message": "Not Found"})


@REGISTRY.on_response("errors.page-of-html", "KWP-ERR-1", "An unknown route is answered with a page of HTML.")
def _page_of_html(answer: MutableResponse, _: Emulator) -> None:
    if _unrouted(answer):
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/html"))
        answer.body = b"<h1>Not Found</h1>"


@REGISTRY.on_response("errors.without-message", "KWP-ERR-1", "An error for an unknown route has no message.")
def _without_message(answer: MutableResponse, _: Emulator) -> None:
    if _unrouted(answer):
        answer.say(404, {"error": {"code": "not_found"}})


@REGISTRY.on_response("errors.unknown-route-is-200", "KWP-ERR-1", "An unknown route is answered 200.")
def _unknown_route_is_200(answer: MutableResponse, _: Emulator) -> None:
    if _unrouted(answer):
        answer.say(200, {})


@REGISTRY.on_response(
    "errors.own-code", "KWP-ERR-2", "A bad `limit` is answered 400 with a code that the page lacks.", "KWP-CALL-6"
)
def _own_code(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.path == "/v1/calls":
        answer.refuse(400, "bad_limit")


@REGISTRY.on_response(
    "errors.code-of-another-status", "KWP-ERR-2", "A malformed body is 400 with the code of a 409.", "KWP-NUM-3"
)
def _code_of_another_status(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.json() is None and answer.asked.body:
        answer.refuse(400, "no_numbers")


@REGISTRY.on_response("errors.route-before-key", "KWP-ERR-3", "An unknown route is told to whoever has no key.")
def _route_before_key(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and not _has_route(answer.asked.path):
        answer.refuse(404, "not_found")


@REGISTRY.on_response("errors.405", "KWP-ERR-3", "A method that a path does not have is answered 405.")
def _405(answer: MutableResponse, _: Emulator) -> None:
    methods = {operation.method for operation in OPERATIONS if operation.path == answer.asked.path}
    if answer.code == "not_found" and answer.asked.path in PATHS and answer.asked.method not in methods:
        answer.refuse(405, "method_not_allowed")


@REGISTRY.on_response("errors.too-large-is-400", "KWP-ERR-3", "A body over 1 MiB is answered 400.")
def _too_large_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 413:
        answer.refuse(400, "invalid_request")


@REGISTRY.on_response(
    "errors.odd-limit-crashes", "KWP-ERR-4", "A `limit` that is no number is answered 500.", "KWP-CALL-6"
)
def _odd_limit_crashes(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.path == "/v1/calls":
        answer.refuse(500, "internal_error")


@REGISTRY.on_start("limits.sixty-one-a-minute", "KWP-LIM-1", "One request more than the limit is allowed.")
def _sixty_one_a_minute(emulator: Emulator) -> None:
    _waiting(emulator, lambda wait, name, limit, now: wait(name, limit + (limit == RATE), MINUTE, now))


@REGISTRY.on_start("limits.fixed-minute", "KWP-LIM-1", "The count starts afresh with each minute of the clock.")
def _fixed_minute(emulator: Emulator) -> None:
    counts: dict[tuple[str, int], int] = {}

    def add(usual: Any) -> Any:
        def counting(name: str, now: int) -> None:
            counts[name, now // MINUTE] = counts.get((name, now // MINUTE), 0) + 1
            usual(name, now)

        return counting

    patch(emulator.services.windows, "add", add)
    _waiting(
        emulator,
        lambda _wait, name, limit, now: MINUTE - now % MINUTE if counts.get((name, now // MINUTE), 0) >= limit else 0,
    )


@REGISTRY.on_start("limits.per-account", "KWP-LIM-1", "All keys of an account share one limit.")
def _per_account(emulator: Emulator) -> None:
    def shared(name: str) -> str:
        key = emulator.services.keys.records.get(name)
        return f"requests of {key.account}" if key is not None else name

    patch(emulator.services.windows, "add", lambda add: lambda name, now: add(shared(name), now))
    _waiting(emulator, lambda wait, name, limit, now: wait(shared(name), limit, MINUTE, now))


@REGISTRY.on_start("limits.never-again", "KWP-LIM-1", "A key that was limited once stays limited.", "KWP-LIM-2")
def _never_again(emulator: Emulator) -> None:
    limited: set[str] = set()

    def lasting(wait: Any, name: str, limit: int, now: int) -> int:
        found = int(wait(name, limit, MINUTE, now))
        if found:
            limited.add(name)
        return found or (1 if name in limited else 0)

    _waiting(emulator, lasting)


@REGISTRY.on_response("limits.rate-is-503", "KWP-LIM-1", "Too many requests are answered 503.")
def _rate_is_503(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "rate_limited":
        answer.refuse(503, "provider_unavailable")


def _waiting(emulator: Emulator, wait: Any) -> None:
    """Replace how long until a key may send again; other windows stay as they are."""

    def make(usual: Any) -> Any:
        def other(name: str, limit: int, span: int, now: int) -> int:
            return int(wait(usual, name, limit, now) if span == MINUTE else usual(name, limit, span, now))

        return other

    patch(emulator.services.windows, "wait", make)


@REGISTRY.on_response("limits.no-retry-after", "KWP-LIM-2", "A 429 does not say how long to wait.")
def _no_retry_after(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "rate_limited":
        answer.without(b"retry-after")


@REGISTRY.on_response("limits.too-short-a-wait", "KWP-LIM-2", "A 429 says one second whatever the wait.")
def _too_short_a_wait(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "rate_limited":
        answer.without(b"retry-after")
        answer.headers.append((b"retry-after", b"1"))

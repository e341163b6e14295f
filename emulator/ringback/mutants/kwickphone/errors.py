"""Mutants of "Errors" and of the request rate."""

from __future__ import annotations

from ringback.carrier.clock import MINUTE
from ringback.gateway.limits import Windows
from ringback.mutants.kwickphone.registry import mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import MutableResponse, code, drop_header, error, respond, set_header, status
from ringback.mutants.transforms import drop
from ringback.vendors.kwickphone.rules import KwickPhone

RATE = 60

# -- errors ------

mutant("errors.bare", "KWP-ERR-1", "An unknown route is answered without the envelope.").response(
    respond(404, {"code": "not_found", "message": "Not Found"}), on=UNROUTED, when=code("not_found")
)
mutant("errors.page-of-html", "KWP-ERR-1", "An unknown route is answered with a page of HTML.").response(
    respond(404, b"<h1>Not Found</h1>", "text/html"), on=UNROUTED, when=code("not_found")
)
mutant("errors.without-message", "KWP-ERR-1", "An error for an unknown route has no message.").response(
    drop("error.message"), on=UNROUTED, when=code("not_found")
)
mutant("errors.unknown-route-is-200", "KWP-ERR-1", "An unknown route is answered 200.").response(
    respond(200, {}), on=UNROUTED, when=code("not_found")
)
mutant(
    "errors.own-code", "KWP-ERR-2", "A bad `limit` is answered 400 with an undocumented code.", "KWP-CALL-6"
).response(error(400, "bad_limit"), on="listCalls", when=status(400))


def _malformed(response: MutableResponse[KwickPhone]) -> bool:
    request = response.request
    return response.status == 400 and request.document is None and bool(request.body)


mutant(
    "errors.code-of-another-status", "KWP-ERR-2", "A malformed body is 400 with the code of a 409.", "KWP-NUM-3"
).response(error(400, "no_numbers"), when=_malformed)
mutant("errors.route-before-key", "KWP-ERR-3", "An unknown route is answered 404 without a key.").response(
    error(404, "not_found"), on=UNROUTED, when=status(401)
)


def _has_path(response: MutableResponse[KwickPhone]) -> bool:
    paths = {operation.path for operation in response.vendor.operations}
    return response.code == "not_found" and response.request.path in paths


mutant("errors.405", "KWP-ERR-3", "A method that a path does not have is answered 405.").response(
    error(405, "method_not_allowed"), on=UNROUTED, when=_has_path
)
mutant("errors.too-large-is-400", "KWP-ERR-3", "A body over 1 MiB is answered 400.").response(
    error(400, "invalid_request"), when=status(413)
)
mutant("errors.odd-limit-crashes", "KWP-ERR-4", "A `limit` that is no number is answered 500.", "KWP-CALL-6").response(
    error(500, "internal_error"), on="listCalls", when=status(400)
)

# -- the request rate ------

mutant("limits.rate-is-503", "KWP-LIM-1", "Too many requests are answered 503.").response(
    error(503, "provider_unavailable"), when=code("rate_limited")
)
mutant("limits.no-retry-after", "KWP-LIM-2", "A 429 does not say how long to wait.").response(
    drop_header("retry-after"), when=code("rate_limited")
)
mutant("limits.too-short-a-wait", "KWP-LIM-2", "A 429 says one second whatever the wait.").response(
    set_header("retry-after", "1"), when=code("rate_limited")
)
mutant("limits.sixty-one-a-minute", "KWP-LIM-1", "One request more than the limit is allowed.").instead(
    Windows.wait,
    lambda wait, own, name, limit, span, now: wait(name, limit + (span == MINUTE and limit == RATE), span, now),
)


@mutant("limits.fixed-minute", "KWP-LIM-1", "The count starts again with each minute of the clock.").on_start
def _fixed_minute(own: KwickPhone) -> None:
    counts: dict[tuple[str, int], int] = {}

    def add(usual: Original, _: KwickPhone, name: str, now: int) -> None:
        counts[name, now // MINUTE] = counts.get((name, now // MINUTE), 0) + 1
        usual(name, now)

    def wait(usual: Original, _: KwickPhone, name: str, limit: int, span: int, now: int) -> int:
        if span != MINUTE:
            return int(usual(name, limit, span, now))
        return MINUTE - now % MINUTE if counts.get((name, now // MINUTE), 0) >= limit else 0

    patch(own, Windows.add, add)
    patch(own, Windows.wait, wait)


@mutant("limits.per-account", "KWP-LIM-1", "All keys of an account share one limit.").on_start
def _per_account(own: KwickPhone) -> None:
    def shared(name: str) -> str:
        key = own.services.keys.records.get(name)
        return f"requests of {key.account}" if key is not None else name

    def add(usual: Original, _: KwickPhone, name: str, now: int) -> None:
        usual(shared(name), now)

    def wait(usual: Original, _: KwickPhone, name: str, limit: int, span: int, now: int) -> int:
        return int(usual(shared(name), limit, span, now))

    patch(own, Windows.add, add)
    patch(own, Windows.wait, wait)


@mutant("limits.never-again", "KWP-LIM-1", "A key that was limited once stays limited.", "KWP-LIM-2").on_start
def _never_again(own: KwickPhone) -> None:
    limited: set[str] = set()

    def wait(usual: Original, _: KwickPhone, name: str, limit: int, span: int, now: int) -> int:
        found = int(usual(name, limit, span, now))
        if found and span == MINUTE:
            limited.add(name)
        return found or int(name in limited)

    patch(own, Windows.wait, wait)

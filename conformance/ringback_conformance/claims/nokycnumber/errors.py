"""Probes and invariants for "Errors"."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.shapes import odd_error
from ringback_conformance.claims.nokycnumber.steps import (
    AVAILABLE,
    CALLS,
    ENDPOINTS,
    FAR,
    NUMBERS,
    PUBLIC_HOOK,
    SMS,
    VOICEMAILS,
    activate,
    an_offer,
    exact,
    fetched,
    listed,
    made,
    new_number,
    place,
    refused,
    send,
)
from ringback_conformance.model import Basis, Exchange, Kind, Level, Send
from ringback_conformance.probe_context import ProbeContext

claim = CATALOGUE.section("Errors")

UNKNOWN_PATHS = ("/v1/nothing", "/v1/numbers/num_000000000000/nothing", "/v1", f"{CALLS}/call_000000000000")
MISSING: tuple[tuple[str, dict[str, Any], str], ...] = (
    (NUMBERS, {"billing_period": "monthly"}, "available_id"),
    (NUMBERS, {"available_id": "navail_000000000000"}, "billing_period"),
    (CALLS, {"to": FAR}, "from"),
    (CALLS, {"from": "num_000000000000"}, "to"),
    (SMS, {"to": FAR, "body": "Hello"}, "from"),
    (SMS, {"from": "num_000000000000", "body": "Hello"}, "to"),
    (SMS, {"from": "num_000000000000", "to": FAR}, "body"),
    (ENDPOINTS, {"enabled_events": ["*"]}, "url"),
    (ENDPOINTS, {"url": PUBLIC_HOOK}, "enabled_events"),
)
BROKEN_BODIES = (b"{", b'{"from": ', b"[]", b'"text"', b"null", b"\xff\xfe{}")
JSON = (("Content-Type", "application/json"),)
UNSUPPORTED = ("kp", "aq")
"""Countries that nobody sells numbers of."""
UNREACHABLE = "+8502381000"
MEBIBYTE = 1024 * 1024
BLAMES: dict[int, frozenset[str]] = {
    401: frozenset({"authentication_error"}),
    403: frozenset({"authorization_error"}),
    415: frozenset({"invalid_request_error"}),
    429: frozenset({"rate_limit_error"}),
    **dict.fromkeys((400, 402, 404, 409, 413, 422), frozenset({"invalid_request_error", "resource_error"})),
    **dict.fromkeys((500, 501, 502, 503, 504), frozenset({"api_error", "upstream_error"})),
}
"""Page "Status codes" beside "Error types": the types that go with a status."""
TROUBLED = "NKN-ERR-5"
ODD_READS = (
    f"{NUMBERS}?starting_after=%00",
    f"{NUMBERS}?limit=9999999999999999999999",
    f"{NUMBERS}?limit=%F0%9F%98%80&limit=1",
    f"{CALLS}?created_after=0000-00-00T00:00:00Z",
    f"{CALLS}?created_before=9999-12-31T23:59:59Z",
    f"{AVAILABLE}?country=%FF%FE",
    f"{NUMBERS}/%2e%2e",
)
"""Questions that make no sense."""


def is_error(exchange: Exchange, _: Known) -> bool:
    """The API refused something, with a body."""
    return (
        exchange.kind is Kind.API
        and exchange.method != "HEAD"
        and exchange.status is not None
        and exchange.status >= 400
    )


@CATALOGUE.invariant("NKN-ERR-1", is_error)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    if odd := odd_error(exchange.json()):
        return f"{exchange.method} {exchange.path} is answered {exchange.status}: {odd}"
    if exchange.content_type != "application/json":
        return f"an error comes as {exchange.content_type or 'no content type'}, not application/json"
    return None


@claim(
    "NKN-ERR-1",
    'Every error is `{"error": {type, code, message, request_id}}` with one of the seven types, and with a '
    "request_id `req_…` of its own.",
    needs=READ,
    sends=(Send("GET", path, 1) for path in (*UNKNOWN_PATHS, f"{NUMBERS}?limit=0")),
)
def errors_of_several_kinds(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    seen = []
    for path in UNKNOWN_PATHS:
        exchange = account.get(path)
        refused(ctx, exchange, (404,), f"GET {path}")
        seen.append(exchange)
    seen += [account.get(f"{NUMBERS}?limit=0"), account.get(NUMBERS, key=None)]
    named = [(exchange.json() or {}).get("error", {}).get("request_id") for exchange in seen]
    ctx.expect(len(set(named)) == len(named), "the request_ids of several errors: expected each its own", *seen)


@claim(
    "NKN-ERR-2",
    "Malformed JSON is answered 400; so is a missing required parameter: `parameter_missing`, its name in `param`.",
    needs=WRITE,
    sends=(
        *(Send("POST", path, 1, note="which is refused") for path, _, _ in MISSING),
        Send("POST", SMS, len(BROKEN_BODIES), note="which is refused"),
    ),
)
def bodies_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for body in BROKEN_BODIES:
        exchange = account.request("POST", SMS, content=body, headers=JSON)
        refused(ctx, exchange, (400,), f"a body of {body!r}", "invalid_request_error")
    for path, fields, param in MISSING:
        exchange = account.post(path, fields)
        what = f"POST {path} without {param}"
        if refused(ctx, exchange, (400,), what, "invalid_request_error", "parameter_missing"):
            named = exchange.json()["error"].get("param")
            ctx.expect(named == param, f"{what}: expected param {param}, got {named!r}", exchange)


@claim(
    "NKN-ERR-3",
    "A well-formed request that cannot be honoured, such as for an unsupported country, is answered 422.",
    needs=READ,
    sends=(Send("GET", f"{AVAILABLE}?country={country}", 1) for country in UNSUPPORTED),
)
def countries_that_are_not_supported(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for country in UNSUPPORTED:
        refused(ctx, account.get(f"{AVAILABLE}?country={country}"), (422,), f"available numbers of {country}")
    if not ctx.emulated:
        ctx.not_covered("calls and messages to such countries")
        return
    number = new_number(account)
    before = account.balance()
    for exchange in (place(account, number, UNREACHABLE), send(account, number, to=UNREACHABLE)):
        refused(ctx, exchange, (422,), f"POST {exchange.route} to a country that is not supported")
    ctx.expect(
        account.balance() == before and not listed(account, CALLS) and not listed(account, SMS),
        "after that: expected no call, no message and no charge",
    )


@claim(
    "NKN-ERR-4",
    "With too little balance an activation, a renewal, a call or a message is answered 402; nothing is made "
    "and nothing is charged.",
    needs=CTL,
)
def too_little_balance(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number, offer = new_number(account), an_offer(account)
    account.fund(f"-{account.balance()}")
    empty = account.balance()
    ctx.precondition(empty == 0, f"the balance could not be taken away: it is {empty}")
    renews = fetched(account, NUMBERS, number["id"])["renews_at"]
    for exchange in (
        activate(account, offer),
        account.post(f"{NUMBERS}/{number['id']}/renew", {}),
        place(account, number),
        send(account, number),
    ):
        refused(ctx, exchange, (402,), f"POST {exchange.route} without money")
    account.advance(60)
    ctx.expect(account.balance() == empty, f"the balance after that: expected {empty}, it is {account.balance()}")
    ctx.expect(
        len(listed(account, NUMBERS)) == 1 and not listed(account, CALLS) and not listed(account, SMS),
        "what is there after that: expected no new number, call or message",
    )
    ctx.expect(
        fetched(account, NUMBERS, number["id"])["renews_at"] == renews, "renews_at after that: expected it as before"
    )
    price = exact(offer["prices"]["monthly"])
    account.fund(f"{price}")
    enough = activate(account, offer)
    ctx.expect(made(enough), f"an activation with exactly its price: expected it to be made, got {enough}", enough)


@claim(
    "NKN-ERR-5",
    "Service trouble is answered 500 to 503 with type `api_error` or `upstream_error`, and the request may be "
    "repeated safely.",
    needs=CTL,
)
def trouble_at_the_vendor(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    for status in (500, 502, 503):
        account.fault(operation="createSms", first=1, effect={"status": status})
        before = account.balance()
        exchange = send(account, number)
        error = (exchange.json() or {}).get("error", {})
        ctx.expect(
            exchange.status == status and error.get("type") in ("api_error", "upstream_error"),
            f"trouble: expected {status} as api_error or upstream_error, got {exchange} ({error.get('type')})",
            exchange,
        )
        held = len(listed(account, SMS))
        again = send(account, number)
        ctx.expect(made(again), f"the same request after that: expected it to work, got {again}", again)
        ctx.expect(
            len(listed(account, SMS)) == held + 1 and before - account.balance() == exact(again.json()["cost_usd"]),
            "after trouble and a retry: expected one message and one charge",
            exchange,
            again,
        )


@claim(
    "NKN-ERR-6",
    "A call or message from a number that is paused is refused as `resource_error`, and nothing comes of it.",
    needs=CTL,
)
def a_number_that_is_paused(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    line = f"{NUMBERS}/{number['id']}"
    paused = account.patch(line, {"status": "paused"})
    ctx.precondition(paused.status == 200, f"the number could not be paused: {paused}")
    before = account.balance()
    for exchange in (place(account, number), send(account, number)):
        refused(ctx, exchange, (400, 409, 422), f"POST {exchange.route} from a paused number", "resource_error")
    account.advance(120)
    ctx.expect(
        account.balance() == before and not listed(account, CALLS) and not listed(account, SMS),
        "after that: expected no call, no message and no charge",
    )
    account.patch(line, {"status": "active"})
    for exchange in (place(account, number), send(account, number)):
        ctx.expect(made(exchange), f"from the number once it is active: expected 2xx, got {exchange}", exchange)


def is_typed_error(exchange: Exchange, known: Known) -> bool:
    """An error in the envelope, of a status that the table has."""
    return is_error(exchange, known) and exchange.status in BLAMES and odd_error(exchange.json()) is None


@CATALOGUE.invariant("NKN-ERR-7", is_typed_error, whole=True)
def a_type_goes_with_its_status(exchange: Exchange, _: Known) -> str | None:
    kind, wanted = exchange.json()["error"]["type"], BLAMES[exchange.status or 0]
    if kind in wanted:
        return None
    return (
        f"{exchange.method} {exchange.path} is answered {exchange.status} as {kind}, not {' or '.join(sorted(wanted))}"
    )


@claim(
    "NKN-ERR-7",
    "An error's type goes with its status: 401 is `authentication_error`, 403 `authorization_error`, 429 "
    "`rate_limit_error`, 400, 404 and 422 none that blames the key, the scope, the rate or the server.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 2),
        Send("GET", VOICEMAILS, 1),
    ),
)
def types_of_several_errors(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for exchange, kind in (
        (account.get(NUMBERS, key=None), "authentication_error"),
        (account.get(f"{NUMBERS}?limit=0"), "invalid_request_error"),
        (account.get(f"{VOICEMAILS}/vm_000000000000"), "invalid_request_error"),
    ):
        refused(ctx, exchange, (exchange.status or 0,), f"{exchange.method} {exchange.path}", kind)


@claim(
    "NKN-ERR-8",
    "The key is looked at before anything else; an unknown path or method is answered 404, a body over 1 MiB 413.",
    needs=WRITE,
    basis=Basis.OURS,
    level=Level.SHOULD,
    sends=(
        Send("GET", "/v1/nothing", 1, note="without a key"),
        Send("POST", SMS, 2, note="which is refused"),
        Send("PUT", NUMBERS, 2, note="which is refused"),
    ),
)
def requests_that_are_odd(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    refused(ctx, account.get("/v1/nothing", key=None), (401,), "an unknown path without a key")
    broken = account.request("POST", SMS, content=b"{", key=None, headers=JSON)
    refused(ctx, broken, (401,), "a malformed body without a key")
    for path in (NUMBERS, f"{NUMBERS}/num_000000000000"):
        refused(ctx, account.request("PUT", path, json={}), (404, 405), f"PUT {path}, which is not there")
    large = account.request("POST", SMS, content=b'{"body": "' + b"a" * MEBIBYTE + b'"}', headers=JSON)
    refused(ctx, large, (413,), "a body over 1 MiB")


def is_untroubled(exchange: Exchange, _: Known) -> bool:
    """The API said something, and nobody had asked it to fail."""
    return exchange.kind is Kind.API and exchange.status is not None and exchange.producer != TROUBLED


@CATALOGUE.invariant("NKN-ERR-9", is_untroubled, whole=True)
def no_server_error_without_trouble(exchange: Exchange, _: Known) -> str | None:
    if exchange.status is None or exchange.status < 500 or exchange.status == 503:
        return None
    return f"{exchange.method} {exchange.path} is answered {exchange.status}"


@claim(
    "NKN-ERR-9",
    "No request, however odd, is answered with a 5xx unless there is trouble.",
    needs=READ,
    basis=Basis.OURS,
    level=Level.SHOULD,
    sends=(Send("GET", path, 1) for path in ODD_READS),
)
def odd_questions(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in ODD_READS:
        exchange = account.get(path)
        problem = no_server_error_without_trouble(exchange, Known({}))
        ctx.expect(problem is None, f"GET {path}: {problem or exchange}", exchange)

"""Errors: their envelope, their codes, and what they leave behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE, error_problem
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONFLICT,
    CONTACTS,
    CONVERSATIONS,
    FAR,
    HOUR,
    MESSAGES,
    NO_MONEY,
    NOT_FOUND,
    NUMBERS,
    PERSON,
    RATE_LIMITED,
    UNAUTHORIZED,
    buy,
    desk,
    fields_at_fault,
    listed,
    messages,
    new_agent,
    new_contact,
    place,
    send,
)
from ringback_conformance.model import Basis, Exchange, Level, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("SDK: errors", Basis.SDK)
ours_claim = CATALOGUE.section("Ringback", Basis.OURS)

CODES: dict[int, frozenset[str]] = {
    400: frozenset(
        {
            "VALIDATION_ERROR",
            "VALIDATION_ERROR_NUMBER_LIMIT",
            "NUMBER_NOT_ATTACHED",
            "WEBHOOK_NOT_CONFIGURED",
            "REGISTRATION_REQUIRED",
            "CHANNEL_NOT_SUPPORTED",
            "INVALID_CODE",
        }
    ),
    402: frozenset({"INSUFFICIENT_BALANCE"}),
    422: frozenset({"VALIDATION_ERROR"}),
    429: frozenset({"RATE_LIMIT_EXCEEDED"}),
    502: frozenset({"CARRIER_ERROR", "TWILIO_ERROR"}),
}
"""The codes of a status: the documented ones, and ours where there are none."""
VALIDATION = (422, "VALIDATION_ERROR")
UNKNOWN: tuple[tuple[str, str], ...] = (
    (f"{NUMBERS}/num_000000000000", "PHONE_NUMBER_NOT_FOUND"),
    (f"{AGENTS}/agt_000000000000", "AGENT_NOT_FOUND"),
    (f"{CALLS}/call_000000000000", "CALL_NOT_FOUND"),
    (f"{CONVERSATIONS}/conv_000000000000", "CONVERSATION_NOT_FOUND"),
    (f"{CONTACTS}/con_000000000000", "CONTACT_NOT_FOUND"),
)
"""Things that do not exist. Of their codes the documentation names the first one only."""
NAMED = frozenset({"PHONE_NUMBER_NOT_FOUND"})
INCOMPLETE: tuple[tuple[str, dict[str, Any], str], ...] = (
    (AGENTS, {}, "name"),
    (CALLS, {"toNumber": FAR}, "agentId"),
    (CALLS, {"agentId": "agt_000000000000"}, "toNumber"),
    (CONTACTS, {"phoneNumber": PERSON}, "name"),
    (CONTACTS, {"name": "Robin"}, "phoneNumber"),
)
MISTYPED: tuple[tuple[str, dict[str, Any], str], ...] = (
    (AGENTS, {"name": 5}, "name"),
    (AGENTS, {"name": "Front desk", "voiceSpeed": "fast"}, "voiceSpeed"),
    (CONTACTS, {"phoneNumber": ["+1"], "name": "Robin"}, "phoneNumber"),
)
NO_OBJECTS = (*common.BROKEN_BODIES, b'{"name": ')
NOT_EMULATED = (
    ("GET", "/v1/sip-trunks"),
    ("POST", "/v1/sip-trunks"),
    ("POST", "/v1/verify/send"),
    ("POST", "/v1/verify/check"),
    ("POST", "/v1/feedback"),
    ("GET", "/integrations/whatsapp/status"),
    ("POST", "/integrations/whatsapp/connect"),
    ("GET", "/integrations/whatsapp/waba_1/templates"),
    ("DELETE", "/integrations/whatsapp/waba_1"),
)
ODD_READS = (
    f"{NUMBERS}?offset=9999999999999999999999",
    f"{NUMBERS}?limit=%F0%9F%98%80&limit=1",
    f"{CALLS}?search=%00",
    f"{CALLS}?status=%FF%FE",
    f"{NUMBERS}/num_0/messages?before=0000-00-00T00:00:00Z",
    f"{NUMBERS}/num_0/messages?before=9999-12-31T23:59:59Z&after=9999-12-31T23:59:59Z",
    "/v1/usage/by-agent?tz=Nowhere/Land",
    f"{NUMBERS}/%2e%2e",
)
"""Requests that make no sense."""
TROUBLED = ("AGP-ERR-2", "AGP-ERR-5", "AGP-ERR-6")
"""Probes that cause errors by a fault."""


@CATALOGUE.invariant("AGP-ERR-1", common.is_error)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    return common.envelope_problem(exchange, lambda body: error_problem(body, exchange.status))


@claim(
    "AGP-ERR-1",
    "Every error carries `detail`, which the clients show, and `error` with message, code and type; the "
    "detail of a 422 is a list of {loc, msg, type}.",
    needs=READ,
    sends=(
        Send("GET", "/v1/nothing", 1),
        Send("GET", UNKNOWN[0][0], 1),
        Send("GET", f"{NUMBERS}?limit=0", 1),
    ),
)
def errors_of_several_kinds(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path, key, status in (
        ("/v1/nothing", "", 404),
        (UNKNOWN[0][0], "", 404),
        (f"{NUMBERS}?limit=0", "", 422),
        (NUMBERS, None, 401),
    ):
        exchange = account.get(path, key=key)
        ctx.precondition(exchange.status == status, f"GET {path} is answered {exchange}")
        ctx.expect_documented(an_error_is_in_the_envelope(exchange, Known({})), f"GET {path}", exchange)
    if ctx.emulated:
        exchange = account.post(AGENTS, {"name": "Front desk", "voiceSpeed": 9})
        ctx.precondition(exchange.status == 422, f"a value out of its range is answered {exchange}")
        what = "the fields in loc of a value out of its range"
        ctx.expect_equal(fields_at_fault(exchange), ["voiceSpeed"], what, exchange)


def has_known_code(exchange: Exchange, known: Known) -> bool:
    """Select errors with a code, of a status whose codes are known."""
    return common.is_error(exchange, known) and exchange.status in CODES and exchange.code is not None


@CATALOGUE.invariant("AGP-ERR-2", has_known_code)
def a_code_goes_with_its_status(exchange: Exchange, _: Known) -> str | None:
    return common.code_problem(exchange, CODES)


@claim(
    "AGP-ERR-2",
    "What cannot be done is answered 400, 402, 404, 409, 422, 429 with Retry-After, or 502, each with its code.",
    needs=WRITE,
    sends=(
        *(Send("GET", path, 1) for path, _ in UNKNOWN),
        *(Send("POST", path, 1, note="which is refused") for path, _, _ in (*INCOMPLETE, *MISTYPED)),
        Send("POST", CONTACTS, 2, note="of which the second is refused"),
        Send("DELETE", f"{CONTACTS}/{{contact_id}}", 1),
    ),
)
def what_cannot_be_done(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path, code in UNKNOWN:
        known = ctx.emulated or code in NAMED
        ctx.expect_error(account.get(path), 404, code if known else "", f"GET {path}")
    for path, body, field in (*INCOMPLETE, *MISTYPED):
        exchange = account.post(path, body)
        if ctx.expect_error(exchange, *VALIDATION, f"POST {path} with {body}"):
            named = fields_at_fault(exchange)
            ctx.expect(field in named, f"POST {path} with {body}: expected {field} in loc, got {named}", exchange)
    contact = new_contact(account)
    twin = account.post(CONTACTS, {"phoneNumber": PERSON, "name": "Robin again"})
    ctx.expect_error(twin, *CONFLICT, "a second contact of one number")
    account.delete(f"{CONTACTS}/{contact['id']}")
    if not ctx.emulated:
        ctx.not_covered("400, 402, 429 and 502")
        return
    _limited(ctx)
    _without_money(ctx)
    account.fault(operation="createNumber", first=1, effect={"status": 502})
    ctx.expect_error(buy(account), 502, "CARRIER_ERROR", "a number while the carrier fails")
    account.fault(operation="sendMessage", first=1, effect={"status": 409, "code": "DELIVERY_UNCONFIRMED"})
    unconfirmed = account.post(MESSAGES, {"number_id": "num_0", "to_number": FAR, "body": "x"})
    ctx.expect_error(unconfirmed, 409, "DELIVERY_UNCONFIRMED", "a message that may or may not have been sent")
    call = place(account, new_agent(account))
    ctx.expect_error(call, 400, "", "a call of an agent without a number")


def _limited(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=3)
    last = [account.get(NUMBERS, patient=False) for _ in range(4)][-1]
    ctx.expect_error(last, *RATE_LIMITED, "the fourth request of a minute with a limit of 3")
    common.wait_as_told(ctx, account, last, HOUR)
    ctx.expect_status(account.get(NUMBERS, patient=False), 200, "a request after Retry-After seconds")


def _without_money(ctx: ProbeContext) -> None:
    account = ctx.account(balance="10.00")
    agent, number = desk(account)
    account.fund(f"-{account.balance()}")
    for exchange in (buy(account), place(account, agent), send(account, number)):
        ctx.expect_error(exchange, *NO_MONEY, f"POST {exchange.route} without money")


@ours_claim(
    "AGP-ERR-3",
    "An unknown path or method is answered 404, a body that is no JSON object 422, one over 1 MiB 413; a "
    "request without a body may come with or without a content type.",
    needs=WRITE,
    level=Level.SHOULD,
    sends=(
        Send("GET", "/v1/nothing", 1),
        Send("PUT", NUMBERS, 1, note="which is not there"),
        Send("POST", AGENTS, len(NO_OBJECTS) + 1, note="which is refused"),
    ),
)
def requests_that_are_odd(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    ctx.expect_error(account.get("/v1/nothing"), *NOT_FOUND, "an unknown path")
    put = account.request("PUT", NUMBERS, json={})
    ctx.expect_error(put, (404, 405), "", f"PUT, which {NUMBERS} does not have")
    common.reject_bodies(ctx, account, AGENTS, NO_OBJECTS, VALIDATION)
    large = b'{"name": "' + b"a" * common.MEBIBYTE + b'"}'
    common.reject_bodies(ctx, account, AGENTS, (large,), (413, ""))
    if not ctx.emulated:
        return
    agent, _ = desk(account)
    options: dict[str, Any]
    for what, options in (
        ("{}", {"json": {}}),
        ("no body", {}),
        ("no body and a content type", {"headers": common.JSON}),
    ):
        call = account.post(CALLS, {"agentId": agent["id"], "toNumber": FAR, "systemPrompt": "Hello"}).json()
        exchange = account.request("POST", f"{CALLS}/{call['id']}/end", **options)
        ctx.expect_status(exchange, 200, f"POST …/end with {what}")


def is_untroubled(exchange: Exchange, _: Known) -> bool:
    """Select responses, except of probes that cause errors by a fault."""
    return common.is_response(exchange, _) and exchange.producer not in TROUBLED


@CATALOGUE.invariant("AGP-ERR-4", is_untroubled, whole=True)
def no_server_error_without_trouble(exchange: Exchange, _: Known) -> str | None:
    return common.server_error_problem(exchange, (501, 503))


@ours_claim(
    "AGP-ERR-4",
    "No request, however odd, is answered with a 5xx unless there is trouble.",
    needs=READ,
    level=Level.SHOULD,
    sends=(Send("GET", path, 1) for path in ODD_READS),
)
def odd_questions(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in ODD_READS:
        exchange = account.get(path)
        ctx.expect_documented(no_server_error_without_trouble(exchange, Known({})), f"GET {path}", exchange)


@claim(
    "AGP-ERR-5",
    "A request that was answered 429, 502 or 503 has done nothing and cost nothing, and works when it is repeated.",
    needs=CTL,
)
def trouble_at_the_vendor(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, number = desk(account)
    for status in (429, 502, 503):
        _repeated(ctx, account, "createNumber", status, NUMBERS, lambda: buy(account))
        _repeated(ctx, account, "sendMessage", status, "", lambda: send(account, number), number)
        _repeated(ctx, account, "createCall", status, CALLS, lambda: place(account, agent, systemPrompt="Hello"))
    for status in (429, 503):
        account.fault(operation="listAgents", first=1, effect={"status": status})
        exchange = account.get(AGENTS, patient=False)
        wait = exchange.response_header("retry-after") or "none"
        ctx.expect_status(exchange, status, "a request with a fault")
        ctx.expect(wait.isdigit(), f"the Retry-After of a {status}: expected seconds, got {wait}", exchange)


def _repeated(
    ctx: ProbeContext,
    account: Account,
    operation: str,
    status: int,
    path: str,
    act: Callable[[], Exchange],
    number: dict[str, Any] | None = None,
) -> None:
    def state() -> tuple[int, Any]:
        found = messages(account, number) if number is not None else listed(account, path, limit=100)
        return len(found), account.balance()

    account.fault(operation=operation, first=1, effect={"status": status})
    before = state()
    exchange = act()
    ctx.precondition(exchange.status == status, f"{operation} with a fault is answered {exchange}, not {status}")
    ctx.expect_equal(state(), before, f"count and balance after {operation} was answered {status}", exchange)
    again = act()
    ctx.expect_success(again, f"{operation} again after {status}")
    ctx.expect_equal(state()[0], before[0] + 1, f"the count after {operation} again after {status}", again)


@ours_claim(
    "AGP-ERR-6",
    "What the vendor has and Ringback does not emulate is answered 501 `NOT_EMULATED`, under the key as all else.",
    needs=CTL,
    level=Level.SHOULD,
)
def what_is_not_emulated(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for method, path in NOT_EMULATED:
        body: Any = {} if method == "POST" else ...
        exchange = account.request(method, path, json=body)
        ctx.expect_error(exchange, 501, "NOT_EMULATED", f"{method} {path}")
        keyless = account.request(method, path, json=body, key=None)
        ctx.expect_error(keyless, *UNAUTHORIZED, f"{method} {path} without a key")

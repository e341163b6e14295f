"""Probes and invariants for errors: their envelope, their codes, and what they leave behind."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import CODES, odd_error
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONTACTS,
    CONVERSATIONS,
    FAR,
    JSON,
    MESSAGES,
    NUMBERS,
    PERSON,
    buy,
    desk,
    fields_at_fault,
    listed,
    made,
    messages,
    new_agent,
    new_contact,
    place,
    refused,
    send,
)
from ringback_conformance.model import Basis, Exchange, Kind, Level, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("SDK: errors", Basis.SDK)
ours_claim = CATALOGUE.section("Ringback", Basis.OURS)

UNKNOWN: tuple[tuple[str, str], ...] = (
    (f"{NUMBERS}/num_000000000000", "PHONE_NUMBER_NOT_FOUND"),
    (f"{AGENTS}/agt_000000000000", "AGENT_NOT_FOUND"),
    (f"{CALLS}/call_000000000000", "CALL_NOT_FOUND"),
    (f"{CONVERSATIONS}/conv_000000000000", "CONVERSATION_NOT_FOUND"),
    (f"{CONTACTS}/con_000000000000", "CONTACT_NOT_FOUND"),
)
"""Things that are not there. Of the codes the documentation names the first alone."""
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
NO_OBJECTS = (b"{", b'{"name": ', b"[]", b'"text"', b"null", b"\xff\xfe{}")
MEBIBYTE = 1024 * 1024
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
"""Questions that make no sense."""
TROUBLED = ("AGP-ERR-2", "AGP-ERR-5", "AGP-ERR-6")
"""Probes that ask for trouble."""


def is_error(exchange: Exchange, _: Known) -> bool:
    """The API refused something, with a body."""
    return (
        exchange.kind is Kind.API
        and exchange.method != "HEAD"
        and exchange.status is not None
        and exchange.status >= 400
    )


@CATALOGUE.invariant("AGP-ERR-1", is_error)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    if odd := odd_error(exchange.json(), exchange.status):
        return f"{exchange.method} {exchange.path} is answered {exchange.status}: {odd}"
    if exchange.content_type != "application/json":
        return f"an error comes as {exchange.content_type or 'no content type'}, not application/json"
    return None


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
    for path, key, statuses in (
        ("/v1/nothing", "", (404,)),
        (UNKNOWN[0][0], "", (404,)),
        (f"{NUMBERS}?limit=0", "", (422,)),
        (NUMBERS, None, (401,)),
    ):
        exchange = account.get(path, key=key)
        ctx.precondition(exchange.status in statuses, f"GET {path} is answered {exchange}")
        odd = an_error_is_in_the_envelope(exchange, Known({}))
        ctx.expect(odd is None, odd or f"GET {path}: in the envelope", exchange)
    if ctx.emulated:
        exchange = account.post(AGENTS, {"name": "Front desk", "voiceSpeed": 9})
        ctx.precondition(exchange.status == 422, f"a value out of its range is answered {exchange}")
        named = fields_at_fault(exchange)
        ctx.expect(
            named == ["voiceSpeed"], f"the loc of a value out of its range: expected voiceSpeed, got {named}", exchange
        )


def has_known_code(exchange: Exchange, known: Known) -> bool:
    """An error in the envelope, of a status whose codes are known."""
    return is_error(exchange, known) and exchange.status in CODES and exchange.code is not None


@CATALOGUE.invariant("AGP-ERR-2", has_known_code)
def a_code_goes_with_its_status(exchange: Exchange, _: Known) -> str | None:
    wanted = CODES[exchange.status or 0]
    if exchange.code in wanted:
        return None
    return (
        f"{exchange.method} {exchange.path} is answered {exchange.status} {exchange.code}, "
        f"not {' or '.join(sorted(wanted))}"
    )


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
        refused(ctx, account.get(path), (404,), f"GET {path}", code if ctx.emulated or code in NAMED else "")
    for path, body, field in (*INCOMPLETE, *MISTYPED):
        exchange = account.post(path, body)
        if refused(ctx, exchange, (422,), f"POST {path} with {body}", "VALIDATION_ERROR"):
            named = fields_at_fault(exchange)
            ctx.expect(field in named, f"POST {path} with {body}: expected {field} in loc, got {named}", exchange)
    contact = new_contact(account)
    twin = account.post(CONTACTS, {"phoneNumber": PERSON, "name": "Robin again"})
    ctx.expect(twin.status == 409, f"a second contact of one number: expected 409, got {twin}", twin)
    account.delete(f"{CONTACTS}/{contact['id']}")
    if not ctx.emulated:
        ctx.not_covered("400, 402, 429 and 502")
        return
    _limited(ctx)
    _poor(ctx)
    account.fault(operation="createNumber", first=1, effect={"status": 502})
    refused(ctx, buy(account), (502,), "a number while the carrier fails", "CARRIER_ERROR")
    account.fault(operation="sendMessage", first=1, effect={"status": 409, "code": "DELIVERY_UNCONFIRMED"})
    refused(ctx, account.post(MESSAGES, {"number_id": "num_0", "to_number": FAR, "body": "x"}), (409,),
            "a message of which nobody knows whether it went out", "DELIVERY_UNCONFIRMED")  # fmt: skip
    agent = new_agent(account)
    refused(ctx, place(account, agent), (400,), "a call of an agent without a number")


def _limited(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=3)
    answers = [account.get(NUMBERS, patient=False) for _ in range(4)]
    last = answers[-1]
    refused(ctx, last, (429,), "the fourth request of a minute with a limit of 3", "RATE_LIMIT_EXCEEDED")
    wait = last.response_header("retry-after") or ""
    ctx.check_(wait.isdigit() and int(wait) > 0, f"Retry-After: expected whole seconds, got {wait or 'none'!r}", last)
    account.advance(int(wait))
    again = account.get(NUMBERS, patient=False)
    ctx.expect(again.status == 200, f"after Retry-After seconds: expected 200, got {again}", again)


def _poor(ctx: ProbeContext) -> None:
    account = ctx.account(balance="10.00")
    agent, number = desk(account)
    account.fund(f"-{account.balance()}")
    for exchange in (buy(account), place(account, agent), send(account, number)):
        refused(ctx, exchange, (402,), f"POST {exchange.route} without money", "INSUFFICIENT_BALANCE")


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
    refused(ctx, account.get("/v1/nothing"), (404,), "an unknown path")
    refused(ctx, account.request("PUT", NUMBERS, json={}), (404, 405), f"PUT {NUMBERS}, which is not there")
    for body in NO_OBJECTS:
        exchange = account.request("POST", AGENTS, content=body, headers=JSON)
        refused(ctx, exchange, (422,), f"a body of {body!r}", "VALIDATION_ERROR")
    large = account.request("POST", AGENTS, content=b'{"name": "' + b"a" * MEBIBYTE + b'"}', headers=JSON)
    refused(ctx, large, (413,), "a body over 1 MiB")
    if not ctx.emulated:
        return
    agent, _ = desk(account)
    options: dict[str, Any]
    for what, options in (
        ("{}", {"json": {}}),
        ("no body", {}),
        ("no body and a content type", {"headers": JSON}),
    ):
        call = account.post(CALLS, {"agentId": agent["id"], "toNumber": FAR, "systemPrompt": "Hello"}).json()
        exchange = account.request("POST", f"{CALLS}/{call['id']}/end", **options)
        ctx.expect(exchange.status == 200, f"POST …/end with {what}: expected 200, got {exchange}", exchange)


def is_untroubled(exchange: Exchange, _: Known) -> bool:
    """The API said something, and nobody had asked it to fail."""
    return exchange.kind is Kind.API and exchange.status is not None and exchange.producer not in TROUBLED


@CATALOGUE.invariant("AGP-ERR-4", is_untroubled, whole=True)
def no_server_error_without_trouble(exchange: Exchange, _: Known) -> str | None:
    if exchange.status is None or exchange.status < 500 or exchange.status in (501, 503):
        return None
    return f"{exchange.method} {exchange.path} is answered {exchange.status}"


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
        problem = no_server_error_without_trouble(exchange, Known({}))
        ctx.expect(problem is None, f"GET {path}: {problem or exchange}", exchange)


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
        wait = exchange.response_header("retry-after") or ""
        ctx.expect(
            exchange.status == status and wait.isdigit(),
            f"{status}: expected it with Retry-After, got {exchange} with {wait or 'none'}",
            exchange,
        )


def _repeated(
    ctx: ProbeContext,
    account: Account,
    operation: str,
    status: int,
    path: str,
    act: Any,
    number: dict[str, Any] | None = None,
) -> None:
    def held() -> int:
        return len(messages(account, number)) if number is not None else len(listed(account, path, limit=100))

    account.fault(operation=operation, first=1, effect={"status": status})
    had, balance = held(), account.balance()
    exchange: Exchange = act()
    ctx.precondition(exchange.status == status, f"{operation} in trouble is answered {exchange}, not {status}")
    ctx.expect(
        held() == had and account.balance() == balance,
        f"{operation}, answered {status}: expected nothing made and nothing charged",
        exchange,
    )
    again: Exchange = act()
    ctx.expect(
        made(again) and held() == had + 1,
        f"{operation} again after {status}: expected it made once, got {again}",
        again,
    )


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
        refused(ctx, exchange, (501,), f"{method} {path}", "NOT_EMULATED")
        refused(ctx, account.request(method, path, json=body, key=None), (401,), f"{method} {path} without a key")

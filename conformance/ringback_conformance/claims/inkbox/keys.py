"""Probes and invariants for "Quick start": tokens, errors, bad input."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.shapes import odd_error
from ringback_conformance.claims.inkbox.steps import (
    API_KEY,
    API_KEYS,
    CALLS,
    DELIVERIES,
    FAR,
    IDENTITIES,
    NOBODY,
    NUMBERS,
    PERSON,
    PLACE,
    STRANGER,
    SUBSCRIPTIONS,
    TOKEN,
    WHOAMI,
    agent_of,
    at,
    call_of,
    ids,
    listed,
    new_number,
    place,
    refused,
    ring,
    send,
    settle,
    talk_of,
    texts_of,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Quick start", Basis.SDK)

WRONG = ("", "x", "ApiKey_00000000-0000-4000-8000-000000000000", "whsec_0000000000000000")
UNKNOWN_PATHS = ("/api/v1/phone/nothing", f"{CALLS}/{NOBODY}", f"{NUMBERS}/{NOBODY}", f"{NUMBERS}/{NOBODY}/texts")
JSON = (("Content-Type", "application/json"),)
BROKEN_BODIES = (b"{", b'{"to_number": ', b"[]", b'"text"', b"null", b"\xff\xfe{}")
BAD_CALLS: tuple[Any, ...] = (
    {},
    {"to_number": FAR, "origination": "carrier_pigeon"},
    {"to_number": 5},
    {"to_number": "0612345678", "mode": "client_websocket"},
    {"to_number": FAR, "mode": "loud"},
)
OWN_CHECKS = (TOKEN, API_KEY)


@claim(
    "INK-AUTH-1",
    "A request without a valid token in X-Service-Token is answered 401; X-API-Key is taken alike.",
    needs=READ,
    basis=Basis.DOC,
    sends=(Send("GET", NUMBERS, 2 + 2 * len(WRONG)),),
)
def requests_with_and_without_a_token(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    right = account.get(NUMBERS)
    ctx.check_(right.status == 200, f"a valid {TOKEN}: expected 200, got {right}", right)
    alike = account.get(NUMBERS, key=None, headers=((API_KEY, account.key),))
    ctx.expect(
        alike.status == 200 and alike.response_body == right.response_body,
        f"the same token in {API_KEY}: expected the same answer, got {alike}",
        alike,
    )
    refused(ctx, account.get(NUMBERS, key=None), 401, "no token")
    for wrong in WRONG:
        for header in OWN_CHECKS:
            refused(ctx, account.get(NUMBERS, key=None, headers=((header, wrong),)), 401, f"{header} {wrong!r}")
    if ctx.emulated:
        _revoked(ctx)


def _revoked(ctx: ProbeContext) -> None:
    account = ctx.account(keys=({}, {}))
    second = account.keys[1]
    ctx.precondition(account.get(NUMBERS, key=second).status == 200, "a second key does not work")
    ctx.control("DELETE", f"/accounts/{account.id}/keys/{account.key_ids[1]}")
    refused(ctx, account.get(NUMBERS, key=second), 401, "a revoked key")
    exchange = account.post(IDENTITIES, {"agent_handle": "ghost"}, key=second)
    refused(ctx, exchange, 401, "POST with a revoked key")
    ctx.expect(not listed(account, IDENTITIES), "after that: expected no identity", exchange)


@claim(
    "INK-AUTH-2",
    "An agent's key sees its identity alone and never what a rule kept away; changing `filter_mode` is answered 403.",
    needs=WRITE,
    probe_needs=CTL,
)
def what_an_agents_key_sees(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    own, foreign = new_number(account), new_number(account, "back-office")
    agent = agent_of(account, own)
    settle(account, own, incoming_call_action="hosted_agent")
    for path in (at(own, "/contact-rules"), at(foreign, "/contact-rules")):
        thing_in(account.post(path, {"action": "block", "match_target": STRANGER}), "contact rule")
    clear, blocked = written(account, own, "clear sky"), written(account, own, "blocked sky", STRANGER)
    unheard = ring(account, own, caller=STRANGER)
    heard = ring(account, own, duration=5)
    account.advance(60)
    foreign_text = written(account, foreign, "foreign sky")
    seen = ids(listed(agent, NUMBERS))
    ctx.expect(seen == [own["id"]], f"the numbers an agent's key sees: expected its own, got {len(seen)}")
    handles = [each.get("agent_handle") for each in listed(agent, IDENTITIES)]
    ctx.expect(handles == ["front-desk"], f"the identities an agent's key sees: got {handles}")
    for path in (
        at(foreign),
        texts_of(foreign),
        texts_of(foreign, f"/{foreign_text}"),
        texts_of(own, f"/{blocked}"),
        f"{CALLS}/{unheard}",
    ):
        refused(ctx, agent.get(path), (403, 404), f"GET {path.removeprefix(NUMBERS)} with an agent's key")
    lists = {
        "texts": texts_of(own),
        "blocked texts": texts_of(own, "?is_blocked=true"),
        "found texts": texts_of(own, "/search?q=sky"),
        "calls": at(own, "/calls"),
        "blocked calls": at(own, "/calls?is_blocked=true"),
    }
    wanted = {
        "texts": [clear],
        "blocked texts": [],
        "found texts": [clear],
        "calls": [heard],
        "blocked calls": [],
    }
    got = {name: ids(listed(agent, path)) for name, path in lists.items()}
    ctx.expect(got == wanted, f"what an agent's key sees: expected {wanted}, got {got}")
    talks = {each.get("remote_phone_number") for each in listed(agent, texts_of(own, "/conversations"))}
    ctx.expect(talks == {PERSON}, f"the conversations an agent's key sees: got {talks}")
    hidden = listed(agent, talk_of(own, STRANGER))
    ctx.expect(not hidden, f"a conversation that was kept away: got {len(hidden)} texts")
    every = ids(listed(account, texts_of(own)))
    ctx.expect(every == [blocked, clear], f"an administrator's key sees both texts: got {len(every)}")
    before = account.get(at(own)).response_body
    exchange = agent.patch(at(own), {"filter_mode": "whitelist"})
    refused(ctx, exchange, 403, "filter_mode with an agent's key")
    ctx.expect(account.get(at(own)).response_body == before, "after that: expected the number as it was", exchange)


@claim(
    "INK-AUTH-3",
    "An administrator's key makes keys for identities, shown once, and no other administrator's (403); whoami "
    "tells which kind a key is.",
    needs=WRITE,
    probe_needs=CTL,
)
def keys_that_make_keys(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    body = {"label": "Front desk", "description": "for the desk", "scoped_identity_id": number["agent_identity_id"]}
    exchange = account.post(API_KEYS, body)
    made = thing_in(exchange, "key")
    key, record = str(made.get("api_key")), made.get("record") or {}
    ctx.run_context.learn_key(key)
    wanted = {
        "label": "Front desk",
        "scoped_identity_id": number["agent_identity_id"],
        "status": "active",
        "last4": key[-4:],
    }
    wrong = {name: record.get(name) for name, value in wanted.items() if record.get(name) != value}
    ctx.expect(not wrong, f"the record of a key: expected {wanted}, got {wrong}", exchange)
    ctx.expect(key not in str(record), "the record of a key: expected no secret in it", exchange)
    for caller, subtype, id_ in ((account, "admin_scoped", None), (None, "agent_scoped", record.get("id"))):
        who = account.get(WHOAMI, key=account.key if caller else key)
        told = who.json() or {}
        held = (
            who.status == 200
            and told.get("auth_type") == "api_key"
            and str(told.get("auth_subtype")).startswith(f"api_key.{subtype}")
            and id_ in (None, told.get("key_id"))
        )
        ctx.expect(held, f"whoami of a key that is {subtype}: got {told.get('auth_subtype')} ({who})", who)
    refused(ctx, account.post(API_KEYS, {"label": "another"}), 403, "a key for no identity")
    refused(ctx, account.post(API_KEYS, body, key=key), 403, "a key made by an agent's key")
    refused(ctx, account.post(API_KEYS, {**body, "scoped_identity_id": NOBODY}), 404, "a key for an unknown identity")
    refused(ctx, account.post(API_KEYS, {**body, "label": ""}), 422, "a key without a label")


def is_error(exchange: Exchange, _: Known) -> bool:
    """The API refused something, with a body."""
    return (
        exchange.kind is Kind.API
        and exchange.method != "HEAD"
        and exchange.status is not None
        and exchange.status >= 400
    )


@CATALOGUE.invariant("INK-ERR-1", is_error)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    if odd := odd_error(exchange.json()):
        return f"{exchange.method} {exchange.path} is answered {exchange.status}: {odd}"
    if exchange.content_type != "application/json":
        return f"an error comes as {exchange.content_type or 'no content type'}, not application/json"
    return None


@claim(
    "INK-ERR-1",
    'An error is `{"detail": …}`: a sentence, an object with its code in `error`, or for bad input a list.',
    needs=READ,
    sends=(Send("GET", path) for path in UNKNOWN_PATHS),
)
def errors_of_several_kinds(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in UNKNOWN_PATHS:
        refused(ctx, account.get(path), 404, f"GET {path}")
    if not ctx.emulated:
        ctx.not_covered("errors with a code, and what another organization has")
        return
    number, other = new_number(account), ctx.default_account()
    for path in (at(number), texts_of(number), at(number, "/calls"), f"{IDENTITIES}front-desk"):
        refused(ctx, other.get(path), 404, "what another organization has")
    thing_in(account.post(at(number, "/contact-rules"), {"action": "block", "match_target": FAR}), "contact rule")
    refused(ctx, send(account, number), 403, "a text to a number that is kept away", "recipient_blocked")
    for status in (429, 500, 503):
        other.fault(operation="listPhoneNumbers", first=1, effect={"status": status})
        exchange = other.get(NUMBERS)
        ctx.expect(
            exchange.status == status and odd_error(exchange.json()) is None, f"trouble: got {exchange}", exchange
        )


@claim(
    "INK-ERR-2",
    "A body or query that will not do is answered 422, and nothing happens.",
    needs=WRITE,
    sends=(
        Send("POST", PLACE, len(BROKEN_BODIES) + len(BAD_CALLS), note="which is refused"),
        Send("GET", f"{DELIVERIES}?limit=0", 1),
    ),
)
def requests_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for body in BROKEN_BODIES:
        refused(ctx, account.request("POST", PLACE, content=body, headers=JSON), 422, f"a body of {body!r}")
    for fields in BAD_CALLS:
        refused(ctx, account.post(PLACE, fields), 422, f"a call with {fields}")
    refused(ctx, account.get(f"{DELIVERIES}?limit=0"), 422, "limit=0")
    if not ctx.emulated:
        ctx.not_covered("numbers, texts and rules, which would cost money where they are not refused")
        return
    number = new_number(account)
    before = account.get(at(number)).response_body
    for changes in ({"incoming_call_action": "shout"}, {"client_websocket_url": 5}, {"filter_mode": "greylist"}):
        refused(ctx, account.patch(at(number), changes), 422, f"a change of a number to {changes}")
    refused(ctx, account.patch(at(number), {"client_websocket_url": "https://x.example"}), 422, "a socket that is none")
    refused(ctx, account.patch(at(number), {"incoming_text_webhook_url": "https://x.example"}), 422, "a text webhook")
    ctx.expect(account.get(at(number)).response_body == before, "after that: expected the number as it was")
    for to in ([], ["+12145550101"] * 9, "0612345678", "", 5, [FAR, "x"]):
        refused(ctx, send(account, number, to), 422, f"a text to {str(to)[:40]}")
    for fields in ({"text": None}, {"text": ""}, {"conversation_id": NOBODY}, {"media_urls": ["x"]}):
        refused(ctx, send(account, number, **fields), (404, 422), f"a text with {fields}")
    refused(
        ctx, account.post(at(number, "/contact-rules"), {"action": "hug", "match_target": FAR}), 422, "a rule that hugs"
    )
    refused(ctx, account.post(SUBSCRIPTIONS, {"event_types": ["text.sent"]}), 422, "a subscription without a URL")
    refused(ctx, account.post(NUMBERS, {"agent_handle": "front-desk", "type": "mobile"}), (409, 422), "a mobile number")
    ctx.expect(
        not listed(account, texts_of(number)) and not listed(account, at(number, "/contact-rules")),
        "after that: expected neither a text nor a rule",
    )
    ctx.expect(len(listed(account, NUMBERS)) == 1, "after that: expected no more numbers")


def call_shown(account: Account, number: dict[str, Any]) -> dict[str, Any]:
    """A call to a socket where nobody listens, once it has failed."""
    call = thing_in(place(account, number), "call")
    account.advance(60)
    return call_of(account, str(call["id"]))

"""What the official SDKs read from every answer."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import SPEND
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.shapes import odd_answer, route_of
from ringback_conformance.claims.inkbox.steps import (
    ACTION,
    AGENT,
    API_KEYS,
    CALLS,
    DELIVERIES,
    FAR,
    IDENTITIES,
    KEY,
    LOOKUP,
    NUMBERS,
    OPT_INS,
    PERSON,
    PHONE,
    RECEIPTS,
    RULES,
    SIGNING,
    SUBSCRIPTIONS,
    WHOAMI,
    at,
    hook,
    hosted,
    logged,
    made,
    new_identity,
    new_number,
    new_text,
    ring,
    scripted_call,
    send,
    settle,
    texts_of,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Quick start", Basis.SDK)

READ = (NUMBERS, IDENTITIES, WHOAMI, f"{SUBSCRIPTIONS}?scope=identity", DELIVERIES)


def is_read_by_sdks(exchange: Exchange, _: Known) -> bool:
    """A successful answer that the SDKs decode."""
    return (
        exchange.kind is Kind.API
        and exchange.status in (200, 201)
        and not exchange.truncated
        and route_of(exchange.method, exchange.route) is not None
    )


@CATALOGUE.invariant("INK-SDK-1", is_read_by_sdks)
def an_answer_is_as_the_sdks_read_it(exchange: Exchange, _: Known) -> str | None:
    route = route_of(exchange.method, exchange.route)
    odd = odd_answer(route, exchange.json()) if route is not None else None
    return f"{exchange.method} {exchange.route}: {odd}" if odd else None


@claim(
    "INK-SDK-1",
    "Every answer holds what the official Python SDKs, 0.4.6 and 0.7.20, read from it: the keys they index, "
    "and no value outside the sets they parse strictly.",
    needs=SPEND,
    sends=(Send("GET", path) for path in READ),
    shares=("number",),
)
def every_method_of_the_sdk(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        for path in READ:
            _works(ctx, account.get(path))
        ctx.not_covered("what changes something")
        return
    number = new_number(account, incoming_call_action="hosted_agent")
    new_identity(account, "spare")
    for exchange in (
        *_of_numbers(account, number),
        *_of_calls(account, number),
        *_of_texts(account, number),
        *_of_rules(account, number),
        *_of_settings(account, number),
        *_of_hooks(ctx, account, number),
        *_of_identities(account, number),
    ):
        _works(ctx, exchange)


def _works(ctx: ProbeContext, exchange: Exchange) -> None:
    ctx.expect(made(exchange), f"expected 2xx, got {exchange}", exchange)


def _of_numbers(account: Account, number: dict[str, Any]) -> list[Exchange]:
    return [
        account.get(NUMBERS),
        account.get(at(number)),
        account.patch(at(number), {"filter_mode": "whitelist"}),
        account.patch(at(number), {"filter_mode": "blacklist"}),
        account.post(NUMBERS, {"agent_handle": "spare", "type": "local"}),
        account.get(WHOAMI),
    ]


def _of_calls(account: Account, number: dict[str, Any]) -> list[Exchange]:
    call = scripted_call(account, number, "caller: Hello?", "agent: Good evening.")
    settle(
        account, number, incoming_call_action="forward", forwarding_target_type="phone", forwarding_phone_number=PERSON
    )
    ring(account, number)
    account.advance(600)
    settle(account, number, incoming_call_action="hosted_agent")
    going = thing_in(hosted(account, number), "call")
    account.advance(4)
    one, under = f"{CALLS}/{call}", at(number, f"/calls/{call}")
    found = [account.get(f"{place}{rest}") for place in (one, under) for rest in ("", "/transcripts")]
    return [
        *found,
        account.get(f"{one}/tool-invocations"),
        account.get(at(number, "/calls")),
        account.get(f"{CALLS}?agent_identity_id={number['agent_identity_id']}"),
        account.get(at(number, "/search?q=hello")),
        account.post(f"{CALLS}/{going['id']}/hangup"),
    ]


def _of_texts(account: Account, number: dict[str, Any]) -> list[Exchange]:
    key = ((KEY, "sdk"),)
    sent = send(account, number, headers=key)
    group = send(account, number, [FAR, PERSON], media_urls=["https://media.example.com/menu.png"])
    for end, code in (("failed", "carrier_rejected"), ("undelivered", "delivery_unconfirmed")):
        account.script({"kind": "message"}, end=end, failure_code=code)
        new_text(account, number)
    written(account, number, "Hello")
    account.advance(RECEIPTS)
    one = texts_of(number, f"/{thing_in(sent, 'text')['id']}")
    lookup = f"{LOOKUP}?sender_kind=phone_number&sender_id={number['id']}&operation=text.send"
    return [
        sent,
        group,
        account.get(lookup, headers=key),
        account.get(texts_of(number)),
        account.get(texts_of(number, "/search?q=table")),
        account.get(one),
        account.patch(one, {"is_read": False}),
        account.get(texts_of(number, "/conversations?include_groups=true")),
        account.get(texts_of(number, f"/conversations/{PERSON}")),
        account.patch(texts_of(number, f"/conversations/{PERSON}"), {"is_read": True}),
    ]


def _of_rules(account: Account, number: dict[str, Any]) -> list[Exchange]:
    found = []
    for place, target in ((at(number, "/contact-rules"), FAR), (f"{IDENTITIES}front-desk/phone-contact-rules", PERSON)):
        row = account.post(place, {"action": "allow", "match_target": target})
        one = f"{place}/{thing_in(row, 'contact rule')['id']}"
        found += [
            row,
            account.get(place),
            account.get(one),
            account.patch(one, {"action": "allow"}),
            account.delete(one),
        ]
    written(account, number, "START")
    return [
        *found,
        account.get(RULES),
        account.get(OPT_INS),
        account.get(f"{OPT_INS}/{PERSON}"),
        account.post(f"{OPT_INS}/{FAR}/opt-out"),
        account.post(f"{OPT_INS}/{FAR}/opt-in"),
    ]


def _of_settings(account: Account, number: dict[str, Any]) -> list[Exchange]:
    identity = number["agent_identity_id"]
    wanted = {"agent_identity_id": identity}
    return [
        account.get(f"{ACTION}?agent_identity_id={identity}"),
        account.request("PUT", ACTION, json={**wanted, "incoming_call_action": "auto_reject"}),
        account.get(f"{PHONE}/hosted-agent-voices"),
        account.get(f"{AGENT}?agent_identity_id={identity}"),
        account.request("PUT", AGENT, json={**wanted, "instructions": "Be brief."}),
        account.request("PUT", f"{AGENT}/authority-mode", json={**wanted, "authority_mode": "yolo"}),
    ]


def _of_hooks(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> list[Exchange]:
    row, _ = hook(ctx, account, number, "text.received")
    one = f"{SUBSCRIPTIONS}/{row['id']}"
    written(account, number, "Hello again")
    account.advance(5)
    first = logged(account)[0]["id"]
    return [
        account.get(DELIVERIES),
        account.post(f"{DELIVERIES}/{first}/replay"),
        account.get(SUBSCRIPTIONS),
        account.get("/api/v1/webhooks/catalog"),
        account.get(one),
        account.patch(one, {"event_types": ["text.sent"]}),
        account.delete(one),
        account.post(SIGNING, {}),
        account.get(SIGNING),
        account.post(f"{IDENTITIES}front-desk/signing-key", {}),
        account.get(f"{IDENTITIES}front-desk/signing-key"),
    ]


def _of_identities(account: Account, number: dict[str, Any]) -> list[Exchange]:
    place, viewer = f"{IDENTITIES}spare", number["agent_identity_id"]
    return [
        account.get(IDENTITIES),
        account.get(place),
        account.patch(place, {"display_name": "Spare"}),
        account.post(f"{place}/access", {"viewer_identity_id": viewer}),
        account.get(f"{place}/access"),
        account.delete(f"{place}/access/{viewer}"),
        account.post(API_KEYS, {"label": "agent", "scoped_identity_id": viewer}),
        account.delete(f"{place}/phone_number"),
        account.delete(place),
        account.delete(at(number)),
    ]

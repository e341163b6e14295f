"""Probes for keys, and for what belongs to somebody else."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONTACTS,
    CONVERSATIONS,
    DELIVERIES,
    MESSAGES,
    NUMBERS,
    USAGE,
    WEBHOOK,
    desk,
    fetched,
    finished_call,
    ids,
    listed,
    new_contact,
    new_text,
    place,
    refused,
    send,
)
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import ProbeContext

claim = CATALOGUE.section("Create number: Example")
ours_claim = CATALOGUE.section("Ringback", Basis.OURS)

READS = (NUMBERS, AGENTS, CALLS, CONVERSATIONS, CONTACTS, WEBHOOK, DELIVERIES, USAGE, f"{NUMBERS}/num_0", "/v1/nothing")
BAD_KEYS = ("sk_live_nobody", "sk_live_nobody sk_live_nobody", "x")
SCHEMES = ("Basic c2tfbGl2ZTo=", "Token sk_live_nobody", "Bearer")


@claim(
    "AGP-AUTH-1",
    "A request without a valid bearer key is answered 401, whatever it asks for.",
    needs=READ,
    sends=(
        *(Send("GET", path, 1, note="without a key") for path in READS),
        Send("GET", NUMBERS, len(BAD_KEYS) + len(SCHEMES), note="with keys that are none"),
    ),
)
def requests_without_a_key(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in READS:
        refused(ctx, account.get(path, key=None), (401,), f"GET {path} without a key")
    for key in BAD_KEYS:
        exchange = account.get(NUMBERS, key=None, headers=(("Authorization", f"Bearer {key}"),))
        refused(ctx, exchange, (401,), f"GET {NUMBERS} with the key {key!r}")
    for header in SCHEMES:
        exchange = account.get(NUMBERS, key=None, headers=(("Authorization", header),))
        refused(ctx, exchange, (401,), f"GET {NUMBERS} with Authorization: {header}")
    valid = account.get(NUMBERS)
    ctx.expect(valid.status == 200, f"GET {NUMBERS} with the key: expected 200, got {valid}", valid)
    if ctx.emulated:
        for path, body in ((NUMBERS, {}), (AGENTS, {"name": "x"}), (MESSAGES, {"body": "x"}), (CALLS, {})):
            refused(ctx, account.post(path, body, key=None), (401,), f"POST {path} without a key")
        ctx.expect(not listed(account, NUMBERS), "the numbers after that: expected none")


def is_keyless(exchange: Exchange, _: Known) -> bool:
    """A request to what needs a key, without any."""
    return (
        exchange.kind is Kind.API
        and exchange.status is not None
        and exchange.request_header("authorization") is None
        and exchange.route.startswith("/v1/")
        and not exchange.route.endswith("/recording")
    )


@CATALOGUE.invariant("AGP-AUTH-1", is_keyless)
def nothing_without_a_key(exchange: Exchange, _: Known) -> str | None:
    if exchange.status == 401:
        return None
    return f"{exchange.method} {exchange.path} without a key is answered {exchange.status}, not 401"


@ours_claim(
    "AGP-AUTH-2",
    "Another account's number, agent, call, conversation or contact is answered 404 and stays as it was; no "
    "list shows it.",
    needs=CTL,
)
def what_belongs_to_somebody_else(ctx: ProbeContext) -> None:
    owner, other = ctx.default_account(), ctx.default_account()
    agent, number = desk(owner)
    text = new_text(owner, number)
    call = finished_call(owner, agent, 5)
    contact = new_contact(owner)
    talk = text["conversation_id"]
    own_agent, own_number = desk(other)
    before = _state(owner, agent, number, contact, talk)
    line, clerk = f"{NUMBERS}/{number['id']}", f"{AGENTS}/{agent['id']}"
    reads = (line, f"{line}/messages", f"{line}/calls", f"{line}/contact-card", clerk, f"{clerk}/calls",
             f"{clerk}/conversations", f"{clerk}/webhook", f"{clerk}/webhook/deliveries", f"{CALLS}/{call['id']}",
             f"{CALLS}/{call['id']}/transcript", f"{CALLS}/{call['id']}/transcript/stream", f"{CONVERSATIONS}/{talk}",
             f"{CONVERSATIONS}/{talk}/messages", f"{CONTACTS}/{contact['id']}")  # fmt: skip
    for path in reads:
        refused(ctx, other.get(path), (404,), f"GET {path}, another's")
    changes: tuple[Exchange, ...] = (
        other.patch(line, {"externalId": "mine"}),
        other.delete(line),
        other.request("PUT", f"{line}/contact-card", json={"firstName": "A", "lastName": "B"}),
        other.patch(clerk, {"name": "Mine"}),
        other.delete(clerk),
        other.post(f"{clerk}/numbers", {"numberId": own_number["id"]}),
        other.post(f"{AGENTS}/{own_agent['id']}/numbers", {"numberId": number["id"]}),
        other.delete(f"{clerk}/numbers/{number['id']}"),
        other.post(f"{clerk}/webhook", {"url": ctx.inbox().url}),
        other.patch(f"{CONVERSATIONS}/{talk}", {"metadata": {"mine": True}}),
        other.patch(f"{CONTACTS}/{contact['id']}", {"name": "Mine"}),
        other.delete(f"{CONTACTS}/{contact['id']}"),
        other.post(f"{CALLS}/{call['id']}/end", {}),
        place(other, agent),
        send(other, number),
    )
    for exchange in changes:
        refused(ctx, exchange, (404,), f"{exchange.method} {exchange.path}, another's")
    after = _state(owner, agent, number, contact, talk)
    ctx.expect(after == before, f"what the owner has after that: expected {before}, got {after}", *changes)
    for path, foreign in (
        (NUMBERS, number["id"]),
        (AGENTS, agent["id"]),
        (CALLS, call["id"]),
        (CONVERSATIONS, talk),
        (CONTACTS, contact["id"]),
    ):
        ctx.expect(foreign not in ids(listed(other, path)), f"{path}: expected nothing of another account's there")


def _state(owner: Any, agent: Any, number: Any, contact: Any, talk: str) -> dict[str, Any]:
    return {
        "number": fetched(owner, NUMBERS, number["id"]),
        "agent": fetched(owner, AGENTS, agent["id"]),
        "contact": fetched(owner, CONTACTS, contact["id"]),
        "metadata": fetched(owner, CONVERSATIONS, talk).get("metadata"),
        "calls": len(listed(owner, CALLS)),
        "balance": owner.balance(),
    }

"""Keys, and what belongs to another account."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONTACTS,
    CONVERSATIONS,
    DELIVERIES,
    MESSAGES,
    NOT_FOUND,
    NUMBERS,
    UNAUTHORIZED,
    USAGE,
    WEBHOOK,
    desk,
    fetched,
    finished_call,
    listed,
    new_contact,
    new_text,
    place,
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
    common.reject_keyless(ctx, account, (("GET", path) for path in READS), UNAUTHORIZED)
    for value in (*(f"Bearer {key}" for key in BAD_KEYS), *SCHEMES):
        exchange = account.get(NUMBERS, key=None, headers=(("Authorization", value),))
        ctx.expect_error(exchange, *UNAUTHORIZED, f"GET {NUMBERS} with Authorization: {value}")
    ctx.expect_status(account.get(NUMBERS), 200, f"GET {NUMBERS} with the key")
    if ctx.emulated:
        for path, body in ((NUMBERS, {}), (AGENTS, {"name": "x"}), (MESSAGES, {"body": "x"}), (CALLS, {})):
            common.reject_keyless(ctx, account, (("POST", path),), UNAUTHORIZED, body)
        ctx.expect_equal(listed(account, NUMBERS), [], "the numbers after that")


def is_keyless(exchange: Exchange, _: Known) -> bool:
    """Select requests without a key for what needs one."""
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
    own_agent, own_number = desk(other)
    before = _state(owner, agent, number, contact, text)
    line, clerk = f"{NUMBERS}/{number['id']}", f"{AGENTS}/{agent['id']}"
    talk, card = f"{CONVERSATIONS}/{text['conversation_id']}", f"{CONTACTS}/{contact['id']}"
    ours = f"{CALLS}/{call['id']}"
    reads = (line, f"{line}/messages", f"{line}/calls", f"{line}/contact-card", clerk, f"{clerk}/calls",
             f"{clerk}/conversations", f"{clerk}/webhook", f"{clerk}/webhook/deliveries", ours, f"{ours}/transcript",
             f"{ours}/transcript/stream", talk, f"{talk}/messages", card)  # fmt: skip
    exchanges = [other.get(path) for path in reads]
    exchanges += [
        other.patch(line, {"externalId": "mine"}),
        other.delete(line),
        other.request("PUT", f"{line}/contact-card", json={"firstName": "A", "lastName": "B"}),
        other.patch(clerk, {"name": "Mine"}),
        other.delete(clerk),
        other.post(f"{clerk}/numbers", {"numberId": own_number["id"]}),
        other.post(f"{AGENTS}/{own_agent['id']}/numbers", {"numberId": number["id"]}),
        other.delete(f"{clerk}/numbers/{number['id']}"),
        other.post(f"{clerk}/webhook", {"url": ctx.inbox().url}),
        other.patch(talk, {"metadata": {"mine": True}}),
        other.patch(card, {"name": "Mine"}),
        other.delete(card),
        other.post(f"{ours}/end", {}),
        place(other, agent),
        send(other, number),
    ]
    lists = {
        NUMBERS: number["id"],
        AGENTS: agent["id"],
        CALLS: call["id"],
        CONVERSATIONS: text["conversation_id"],
        CONTACTS: contact["id"],
    }
    common.check_hidden(ctx, other, lists, exchanges, NOT_FOUND)
    after = _state(owner, agent, number, contact, text)
    ctx.expect_fields(after, before, "what the owner has after that", *exchanges)


def _state(owner: Any, agent: Any, number: Any, contact: Any, text: Any) -> dict[str, Any]:
    return {
        "number": fetched(owner, NUMBERS, number["id"]),
        "agent": fetched(owner, AGENTS, agent["id"]),
        "contact": fetched(owner, CONTACTS, contact["id"]),
        "metadata": fetched(owner, CONVERSATIONS, text["conversation_id"]).get("metadata"),
        "calls": len(listed(owner, CALLS)),
        "balance": owner.balance(),
    }

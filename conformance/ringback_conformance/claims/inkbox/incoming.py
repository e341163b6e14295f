"""The probe for incoming calls: what the number's action and its webhook's answer make of them."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, HOOK
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.steps import (
    DELIVERIES,
    MINUTE,
    PERSON,
    STRANGER,
    at,
    call_of,
    made,
    new_number,
    ring,
    rows,
    settle,
    thing_in,
)
from ringback_conformance.claims.inkbox.streams import speaking
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox
from ringback_conformance.shapes import odd_fields
from ringback_conformance.sockets import Line

claim = CATALOGUE.section("Phone Numbers · Update phone number")

FLAT = (
    "id",
    "local_phone_number",
    "remote_phone_number",
    "direction",
    "status",
    "client_websocket_url",
    "use_inkbox_tts",
    "use_inkbox_stt",
    "hangup_reason",
    "started_at",
    "ended_at",
    "created_at",
    "updated_at",
    "rate_limit",
    "contacts",
    "agent_identities",
)
"""The question's fields, without an envelope (the SDK's PhoneIncomingCallWebhookPayload)."""
DECLINING: tuple[tuple[str, int | Answer], ...] = (
    ("reject", Answer.json({"action": "reject"})),
    ("an action of another name", Answer.json({"action": "dance"})),
    ("no action", Answer.json({})),
    ("no JSON", Answer(200, (("Content-Type", "text/plain"),), body=b"answer")),
    ("a 500", 500),
    ("a 201", Answer.json({"action": "answer"}, 201)),
    ("a redirect", Answer(302, (("Location", "/elsewhere"),))),
)


@claim(
    "INK-CALL-4",
    "An incoming call is accepted, rejected, or as the webhook says: answer, reject or ignore; anything else declines.",
    needs=HOOK | CTL,
)
def calls_as_the_number_says(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    line, inbox = ctx.line(), ctx.inbox()
    line.answer(speaking())
    number = new_number(account)
    _rejected(ctx, account, number, line, "auto_reject")
    settle(account, number, incoming_call_action="auto_accept", client_websocket_url=line.url)
    _taken(ctx, account, number, line, "auto_accept")
    settle(account, number, incoming_call_action="webhook", incoming_call_webhook_url=inbox.url)
    inbox.answer(Answer.json({"action": "answer"}))
    id_ = _taken(ctx, account, number, line, "a webhook that answers")
    _asked(ctx, account, number, inbox, id_)
    for what, answer in DECLINING:
        inbox.answer(answer)
        _rejected(ctx, account, number, line, f"a webhook that says {what}")
    inbox.answer(Answer.json({"action": "ignore"}))
    before = len(line.sockets)
    ignored = call_of(account, _ended(account, number))
    ctx.expect(
        ignored.get("status") == "canceled"
        and ignored.get("hangup_reason") != "rejected"
        and len(line.sockets) == before,
        f"a webhook that ignores: expected the call to ring out, it is {ignored.get('status')}, "
        f"{ignored.get('hangup_reason')}",
        *inbox.received[-1:],
    )
    other = ctx.line()
    other.answer(speaking())
    inbox.answer(Answer.json({"action": "answer", "client_websocket_url": other.url}))
    _taken(ctx, account, number, other, "a webhook that names another socket")
    _kept_away(ctx, account, number, inbox)
    _on_record(ctx, account, number, inbox)


def _ended(account: Account, number: dict[str, Any], caller: str = PERSON) -> str:
    id_ = ring(account, number, "Hello?", caller=caller, duration=3)
    account.advance(MINUTE)
    return id_


def _rejected(ctx: ProbeContext, account: Account, number: dict[str, Any], line: Line, what: str) -> None:
    before = len(line.sockets)
    call = call_of(account, _ended(account, number))
    ctx.expect(
        call.get("status") == "failed" and call.get("hangup_reason") == "rejected" and call.get("started_at") is None,
        f"{what}: expected the call declined, it is {call.get('status')}, {call.get('hangup_reason')}",
    )
    ctx.expect(len(line.sockets) == before, f"{what}: expected no socket, there was one")


def _taken(ctx: ProbeContext, account: Account, number: dict[str, Any], line: Line, what: str) -> str:
    before = len(line.sockets)
    id_ = _ended(account, number)
    call = call_of(account, id_)
    ctx.expect(
        len(line.sockets) == before + 1 and call.get("status") == "completed" and call.get("started_at") is not None,
        f"{what}: expected the call taken, it is {call.get('status')} with {len(line.sockets) - before} sockets",
    )
    ctx.expect(
        call.get("client_websocket_url") == line.url,
        f"{what}: expected its socket shown, got {call.get('client_websocket_url')!r}",
    )
    return id_


def _asked(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox, id_: str) -> None:
    ctx.check_(len(inbox.received) == 1, f"a call: expected one question, got {len(inbox.received)}", *inbox.received)
    said = inbox.received[0].sent()
    odd = odd_fields(said, dict.fromkeys(FLAT, lambda _: True), "the question")
    ctx.check_(odd is None, f"the question: {odd}", inbox.received[0])
    wanted = {
        "id": id_,
        "local_phone_number": number["number"],
        "remote_phone_number": PERSON,
        "direction": "inbound",
        "status": "ringing",
        "started_at": None,
        "contacts": [],
        "phone_number_id": number["id"],
    }
    wrong = {name: said.get(name) for name, value in wanted.items() if said.get(name) != value}
    ctx.expect(not wrong, f"the question: expected {wanted}, got {wrong}", inbox.received[0])
    ctx.expect(
        "is_blocked" not in said and "event_type" not in said, "the question: expected it flat", inbox.received[0]
    )


def _kept_away(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    thing_in(account.post(at(number, "/contact-rules"), {"action": "block", "match_target": STRANGER}), "contact rule")
    came = len(inbox.received)
    call = call_of(account, _ended(account, number, STRANGER))
    ctx.expect(
        call.get("is_blocked") is True and call.get("status") == "failed" and call.get("hangup_reason") == "rejected",
        f"a caller who is kept away: it is {call.get('status')}, {call.get('hangup_reason')}, {call.get('is_blocked')}",
    )
    ctx.expect(len(inbox.received) == came, "a caller who is kept away: expected no question", *inbox.received[came:])


def _on_record(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    path = f"{DELIVERIES}?phone_number_id={number['id']}&limit=200"
    found = rows(account.get(path), "deliveries")
    ctx.expect(
        len(found) == len(inbox.received)
        and {each.get("event_type") for each in found} == {"phone.incoming_call"}
        and not any(each.get("replayable") for each in found),
        f"the log of questions: expected {len(inbox.received)} that cannot be replayed, got {len(found)}",
    )
    if not found:
        return
    exchange = account.post(f"{DELIVERIES}/{found[0]['id']}/replay")
    ctx.expect(
        exchange.status == 422 and not made(exchange), f"a question asked again: expected 422, got {exchange}", exchange
    )

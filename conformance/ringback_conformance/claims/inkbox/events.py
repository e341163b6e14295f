"""Probes for what subscriptions are told: texts, calls, context."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, HOOK
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.calls import TURNS
from ringback_conformance.claims.inkbox.shapes import CALL
from ringback_conformance.claims.inkbox.steps import (
    CALLS,
    MINUTE,
    PERSON,
    RECEIPTS,
    STRANGER,
    SUBSCRIPTIONS,
    at,
    call_of,
    data_of,
    fetched,
    hook,
    new_number,
    new_text,
    place,
    refused,
    ring,
    scripted_call,
    send,
    settle,
    subscribe,
    texts_of,
    thing_in,
    told,
    written,
)
from ringback_conformance.claims.inkbox.webhooks import EVENTS
from ringback_conformance.model import Basis
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Inbox
from ringback_conformance.shapes import moment

claim = CATALOGUE.section("Webhooks", Basis.SDK)

GROUP = ["+12145550101", "+12145550102"]
ENDS: tuple[tuple[dict[str, Any], list[str]], ...] = (
    ({}, ["text.sent", "text.delivered"]),
    ({"end": "failed", "failure_code": "carrier_rejected"}, ["text.delivery_failed"]),
    ({"end": "undelivered", "failure_code": "destination_unreachable"}, ["text.sent", "text.delivery_failed"]),
    ({"end": "undelivered", "failure_code": "delivery_unconfirmed"}, ["text.sent", "text.delivery_unconfirmed"]),
)
TOKEN = "a-token-of-yours"  # noqa: S105 - made up


def _about(inbox: Inbox, id_: Any) -> list[dict[str, Any]]:
    return [event for event in told(inbox) if data_of(event, "text_message").get("id") == id_]


@claim(
    "INK-HOOK-3",
    "A text's life is told event by event, once, as the API shows it; nothing of what was kept away.",
    needs=HOOK | CTL,
)
def the_events_of_texts(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    _, inbox = hook(ctx, account, number, *EVENTS)
    id_ = written(account, number, "Is it free?")
    account.advance(1)
    for script, wanted in ENDS:
        account.script({"kind": "message"}, **script)
        text = new_text(account, number)
        account.advance(RECEIPTS)
        came = [event.get("event_type") for event in _about(inbox, text["id"])]
        ctx.expect(
            came == wanted, f"a text with {script or 'no script'}: expected {wanted}, got {came}", *inbox.received
        )
    _received(ctx, account, number, inbox, id_)
    _as_shown(ctx, account, number, inbox)
    _of_a_group(ctx, account, number, inbox)
    _kept_away(ctx, account, number, inbox)
    _once(ctx, account, number, inbox)
    names = [event.get("id") for event in told(inbox)]
    ctx.expect(
        all(str(name).startswith("evt_") for name in names) and len(set(names)) == len(names),
        "the events' ids: expected evt_… and each its own",
        *inbox.received,
    )


def _received(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox, id_: str) -> None:
    found = _about(inbox, id_)
    ctx.check_(
        [event.get("event_type") for event in found] == ["text.received"],
        f"a text that came in: expected text.received once, got {len(found)}",
        *inbox.received,
    )
    event, text = found[0], data_of(found[0], "text_message")
    shown = fetched(account, texts_of(number, f"/{id_}"))
    wanted = {name: value for name, value in shown.items() if name != "is_blocked"}
    ctx.expect(
        text == wanted,
        f"its text: expected it as the API shows it, without is_blocked, got {text}",
        *inbox.received[:1],
    )
    data = event.get("data") or {}
    ctx.expect(
        data.get("contacts") == []
        and data.get("agent_identities") == []
        and data.get("recipient_phone_number") is None,
        f"its data: expected no contacts, agents or recipient, got {sorted(data)}",
        *inbox.received[:1],
    )


def _as_shown(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    text = new_text(account, number)
    account.advance(RECEIPTS)
    last = data_of(_about(inbox, text["id"])[-1], "text_message") if _about(inbox, text["id"]) else {}
    shown = fetched(account, texts_of(number, f"/{text['id']}"))
    names = ("delivery_status", "sent_at", "delivered_at", "recipients", "updated_at")
    got, wanted = ({name: each.get(name) for name in names} for each in (last, shown))
    ctx.expect(got == wanted, f"text.delivered: expected {wanted}, got {got}", *inbox.received[-1:])


def _of_a_group(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    exchange = send(account, number, GROUP)
    account.advance(RECEIPTS)
    legs = sorted(
        (event.get("data") or {}).get("recipient_phone_number") or ""
        for event in _about(inbox, thing_in(exchange, "text")["id"])
        if event.get("event_type") == "text.delivered"
    )
    ctx.expect(legs == GROUP, f"a text to a group: expected text.delivered for each recipient, got {legs}", exchange)


def _kept_away(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    thing_in(account.post(at(number, "/contact-rules"), {"action": "block", "match_target": STRANGER}), "contact rule")
    before = len(inbox.received)
    written(account, number, "Let me in.", STRANGER)
    account.advance(5)
    ctx.expect(len(inbox.received) == before, "a text that was kept away: expected no event", *inbox.received[before:])


def _once(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    before = len(inbox.received)
    inbox.answer(500)
    written(account, number, "Hello?")
    account.advance(3 * 24 * 3_600)
    inbox.answer(200)
    ctx.expect(
        len(inbox.received) == before + 1,
        f"a receiver that fails: expected one attempt, got {len(inbox.received) - before}",
        *inbox.received[before:],
    )


@claim(
    "INK-HOOK-4",
    "`call.ended` tells a call with its length, what was said and where all of it is.",
    needs=HOOK | CTL,
)
def the_end_of_a_call(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    _, inbox = hook(ctx, account, number, "call.ended")
    id_ = scripted_call(account, number, *TURNS)
    ctx.check_(
        len(inbox.received) == 1, f"a call: expected call.ended once, got {len(inbox.received)}", *inbox.received
    )
    event = told(inbox)[0]
    data = event.get("data") or {}
    call, shown = data_of(event, "call"), call_of(account, id_)
    names = (
        "id",
        "local_phone_number",
        "remote_phone_number",
        "direction",
        "status",
        "hangup_reason",
        "started_at",
        "ended_at",
    )
    got, wanted = ({name: each.get(name) for name in names} for each in (call, shown))
    ctx.expect(
        got == wanted and event.get("event_type") == "call.ended",
        f"its call: expected {wanted}, got {got}",
        *inbox.received,
    )
    length = CALL.odd(call, "the call") or call.get("duration_seconds")
    ctx.expect(length == _length(shown), f"duration_seconds: expected {_length(shown)}, got {length}", *inbox.received)
    ctx.expect("is_blocked" not in call, "its call: expected no is_blocked", *inbox.received)
    said = [(each.get("party"), each.get("text")) for each in (data.get("transcript") or {}).get("entries") or ()]
    spoken = [({"caller": "remote", "agent": "local"}[turn.split(": ")[0]], turn.split(": ", 1)[1]) for turn in TURNS]
    ctx.expect(said == spoken, f"its transcript: expected {spoken}, got {said}", *inbox.received)
    url = str(data.get("transcript_url"))
    ctx.expect(url.endswith(f"{CALLS}/{id_}/transcripts"), f"transcript_url: got {url}", *inbox.received)
    ctx.expect(
        data.get("outcome") == "completed",
        f"outcome of a hosted agent's call: got {data.get('outcome')!r}",
        *inbox.received,
    )
    _missed(ctx, account, number, inbox)
    _blocked(ctx, account, number, inbox)


def _length(call: dict[str, Any]) -> int:
    began, ended = moment(call.get("started_at")), moment(call.get("ended_at"))
    return int((ended - began).total_seconds()) if began is not None and ended is not None else -1


def _missed(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    account.script({"kind": "call"}, end="no_answer")
    call = thing_in(place(account, number), "call")
    account.advance(5 * MINUTE)
    last = told(inbox)[-1]
    data = last.get("data") or {}
    seen = data_of(last, "call")
    held = seen.get("id") == call["id"] and seen.get("duration_seconds") is None and data.get("transcript") is None
    ctx.expect(
        held, f"a call that nobody took: expected neither length nor transcript, got {data}", *inbox.received[-1:]
    )
    ctx.expect(
        bool(data.get("transcript_url")) and data.get("outcome") is None,
        f"a call of the agent's own socket: expected a transcript_url and no outcome, got {data.get('outcome')!r}",
        *inbox.received[-1:],
    )


def _blocked(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    thing_in(account.post(at(number, "/contact-rules"), {"action": "block", "match_target": STRANGER}), "contact rule")
    before = len(inbox.received)
    ring(account, number, caller=STRANGER)
    account.advance(MINUTE)
    ctx.expect(len(inbox.received) == before, "a call that was kept away: expected no event", *inbox.received[before:])


@claim(
    "INK-HOOK-5",
    "A subscription's context comes with `text.received` alone, and a bearer token with all it is sent.",
    needs=HOOK | CTL,
)
def what_comes_along(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    context = {"texts": {"mode": "count", "count": 2}, "calls": {"mode": "window", "hours": 24}}
    row, inbox = hook(ctx, account, number, "text.received", "text.sent", context_config=context, auth_token=TOKEN)
    kept = row.get("context_config")
    ctx.expect(
        kept == {"email": None, **context}, f"context_config: expected {context} with null for the rest, got {kept}"
    )
    _, plain = hook(ctx, account, number, "text.received")
    settle(account, number, incoming_call_action="hosted_agent")
    call = ring(account, number, "Hello?")
    account.advance(10 * MINUTE)
    for body in ("one", "two", "three", "four"):
        written(account, number, body)
        account.advance(1)
    account.advance(RECEIPTS)
    events = told(inbox, "text.received")
    ctx.check_(len(events) == 4, f"four texts: expected four events, got {len(events)}", *inbox.received)
    found = (events[-1].get("data") or {}).get("context") or {}
    texts = [each.get("text") for each in (found.get("texts") or {}).get("items") or ()]
    ctx.expect(
        texts == ["two", "three"], f"context of the last two: expected two and three, got {texts}", *inbox.received[-1:]
    )
    calls = [each.get("call_id") for each in (found.get("calls") or {}).get("items") or ()]
    ctx.expect(calls == [call], f"context of a day's calls: expected the one, got {calls}", *inbox.received[-1:])
    ctx.expect("email" not in found, f"context: expected what was asked for, got {sorted(found)}", *inbox.received[-1:])
    new_text(account, number, PERSON)
    account.advance(RECEIPTS)
    other = told(inbox, "text.sent")
    ctx.expect(
        bool(other) and "context" not in (other[0].get("data") or {}),
        "text.sent: expected no context",
        *inbox.received[-1:],
    )
    ctx.expect(
        not any("context" in (event.get("data") or {}) for event in told(plain)) and bool(plain.received),
        "a subscription that asks for none: expected no context",
        *plain.received,
    )
    bearer = {exchange.request_header("authorization") for exchange in inbox.received}
    ctx.expect(
        bearer == {f"Bearer {TOKEN}"},
        f"auth_token: expected it as a bearer token, got {len(bearer)}",
        *inbox.received[:1],
    )
    bare = {exchange.request_header("authorization") for exchange in plain.received}
    ctx.expect(bare == {None}, "a subscription without a token: expected no Authorization", *plain.received[:1])
    _cleared(ctx, account, number, row, inbox)


def _cleared(ctx: ProbeContext, account: Account, number: dict[str, Any], row: dict[str, Any], inbox: Inbox) -> None:
    path = f"{SUBSCRIPTIONS}/{row['id']}?scope=identity"
    shown = fetched(account, path)
    ctx.expect(shown.get("has_auth_token") is True, f"has_auth_token: got {shown.get('has_auth_token')}")
    exchange = account.patch(path, {"context_config": None, "auth_token": None})
    told_ = exchange.json() or {}
    ctx.expect(
        told_.get("has_auth_token") is False and told_.get("context_config") is None,
        f"null: expected neither token nor context, got {told_.get('context_config')}",
        exchange,
    )
    written(account, number, "five")
    account.advance(1)
    last = inbox.received[-1]
    ctx.expect(
        last.request_header("authorization") is None and "context" not in (told(inbox)[-1].get("data") or {}),
        "after that: expected neither in what is sent",
        last,
    )
    for bad in (
        {"texts": {"mode": "count", "count": 51}},
        {"calls": {"mode": "window", "hours": 169}},
        {"faxes": None},
    ):
        refused(
            ctx, subscribe(account, number, inbox.url, "text.delivered", context_config=bad), 422, f"the context {bad}"
        )

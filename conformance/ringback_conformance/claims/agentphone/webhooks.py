"""Webhooks: which receives an event, what an event holds, how it is signed and repeated."""

from __future__ import annotations

import re
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, HOOK, WRITE
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONVERSATIONS,
    DAY,
    DELIVERIES,
    INVALID,
    NOT_FOUND,
    PERSON,
    PUBLIC_HOOK,
    RINGING_AND_AFTER,
    SHAPES,
    UNPROCESSABLE,
    WEBHOOK,
    conversation_with,
    desk,
    events_in,
    heard_by,
    hook,
    inner,
    lines,
    new_contact,
    new_number,
    new_text,
    own_hook,
    ring,
    says,
    shared_agent,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox, mailbox

claim = CATALOGUE.section("SDK: webhooks", Basis.SDK)
events_claim = CATALOGUE.section("SDK: webhook events", Basis.SDK)

SIGNATURE, TIMESTAMP, DELIVERY_ID = "X-Webhook-Signature", "X-Webhook-Timestamp", "X-Webhook-ID"
SIGNED = re.compile(r"sha256=([0-9a-f]{64})")
ATTEMPTS = 6
ALL_ATTEMPTS = 30 * DAY
"""Long enough for every attempt."""
DEFAULT_CONTEXT, DEFAULT_TIMEOUT = 10, 30
OUT_OF_RANGE: tuple[dict[str, Any], ...] = (
    {"contextLimit": -1},
    {"contextLimit": 51},
    {"timeout": 4},
    {"timeout": 121},
    {"contextLimit": "many"},
)
BAD_URLS: tuple[Any, ...] = ("hooks.example.com/x", "ftp://hooks.example.com/x", "", 5, None)
OWN_HOOK = f"{AGENTS}/{{agent_id}}/webhook"
EVENTS = {"agent.call_ended": "CallEndedEvent", "agent.reaction": "ReactionEvent"}
PICTURE = "https://app.example.com/loaf.jpg"


@claim(
    "AGP-HOOK-1",
    "The account and each agent can have a webhook, and an event goes to exactly one: the agent's, else the "
    "account's. Each POST gives a new secret; unset, GET is null.",
    needs=HOOK,
    sends=(
        Send("GET", OWN_HOOK, 4),
        Send("POST", OWN_HOOK, 2),
        Send("DELETE", OWN_HOOK, 2),
    ),
    shares=("agent",),
)
def webhooks_set_and_removed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = shared_agent(ctx, account)
    paths = (WEBHOOK, own_hook(agent)) if ctx.emulated else (own_hook(agent),)
    for path in paths:
        _life(ctx, account, path)
    if not ctx.emulated:
        ctx.not_covered("the account's own webhook, which is yours, and which webhook receives an event")
        return
    _one_receiver(ctx)


def _life(ctx: ProbeContext, account: Account, path: str) -> None:
    _unset(ctx, account, path, "where none is set")
    secrets = []
    for _ in range(2):
        inbox = ctx.inbox()
        exchange = account.post(path, {"url": inbox.url})
        ctx.expect_status(exchange, 200, f"POST {path}", stop=True)
        problem = SHAPES.problem("Webhook", exchange.json(), "the webhook")
        ctx.expect_documented(problem, f"POST {path}", exchange, stop=True)
        hooked = exchange.json()
        ctx.expect_equal(hooked["url"], inbox.url, f"the url after POST {path}", exchange)
        secrets.append(hooked["secret"])
        shown = account.get(path)
        ctx.expect_equal(shown.json(), hooked, f"GET {path} after that, with its secret", shown)
    ctx.expect(secrets[0] != secrets[1], f"two POSTs of {path}: expected a new secret each time")
    gone = account.delete(path)
    ctx.expect_status(gone, 200, f"DELETE {path}")
    ctx.expect_fields(gone.json(), {"success": True}, f"DELETE {path}", gone)
    _unset(ctx, account, path, "after that")
    ctx.expect_error(account.delete(path), *NOT_FOUND, f"a second DELETE {path}")


def _unset(ctx: ProbeContext, account: Account, path: str, when: str) -> None:
    exchange = account.get(path)
    ctx.expect_status(exchange, 200, f"GET {path} {when}")
    ctx.expect_equal(exchange.response_body.strip(), b"null", f"the body of GET {path} {when}", exchange)


def _one_receiver(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, general = hook(ctx, account)
    agent, number = desk(account)
    other, second = desk(account)
    loose = new_number(account)
    _, special = hook(ctx, account, agent)
    expected: dict[str, tuple[Inbox, Inbox]] = {}
    for line, inbox, silent in ((number, special, general), (second, general, special), (loose, general, special)):
        expected[written(account, line)] = (inbox, silent)
    account.advance(1)
    for id_, inboxes in expected.items():
        ctx.expect_equal(_about(id_, *inboxes), [1, 0], f"the events of {id_} at its webhook, and at the other")
    account.delete(own_hook(agent))
    back = written(account, number)
    account.advance(1)
    what = "the events at the account's webhook, and at the agent's, which was removed"
    ctx.expect_equal(_about(back, general, special), [1, 0], what)
    account.delete(WEBHOOK)
    count = len(general.received)
    written(account, number)
    account.advance(1)
    what = "the events after the account's webhook was removed"
    ctx.expect_equal(len(general.received), count, what, *general.received[count:])
    ctx.precondition(other["id"] != agent["id"], "the agents are one")


def _about(id_: str, *inboxes: Inbox) -> list[int]:
    return [sum(inner(event).get("messageId") == id_ for event in events_in(inbox)) for inbox in inboxes]


@CATALOGUE.invariant("AGP-HOOK-2", common.is_signed)
def a_signature_is_right(exchange: Exchange, known: Known) -> str | None:
    return _signature_problem(exchange, known.secrets[mailbox(exchange.path)])


def _signature_problem(exchange: Exchange, secret: str) -> str | None:
    stamp = exchange.request_header(TIMESTAMP) or ""
    if not stamp.isdigit():
        return f"{TIMESTAMP} is {stamp[:20]!r}, not Unix seconds"
    expected = common.sign(secret, stamp, exchange.request_body)
    signed = "timestamp.raw_body under the whole secret"
    return common.signature_problem(exchange, SIGNATURE, SIGNED, expected, signed)


@claim(
    "AGP-HOOK-2",
    "X-Webhook-Signature is sha256= and the HMAC of timestamp, full stop and raw body under the whole secret; "
    "X-Webhook-Timestamp is the moment of sending, and X-Webhook-ID names the delivery.",
    needs=HOOK,
    sends=(
        Send("POST", OWN_HOOK, 1),
        Send("POST", f"{OWN_HOOK}/test", 1),
        Send("DELETE", OWN_HOOK, 1),
    ),
    shares=("agent",),
)
def signatures(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = shared_agent(ctx, account)
    hooked, inbox = hook(ctx, account, agent)
    if ctx.emulated:
        number = new_number(account, agentId=agent["id"])
        inbox.answer(500, 200)
        written(account, number, "Déjà vu — 10 € 😀")
        account.advance(DAY)
        times = common.attempt_times(account)
    else:
        tested = account.post(f"{own_hook(agent)}/test", {})
        ctx.precondition(tested.succeeded and inbox.wait(1, 30.0), f"no test event came: {tested}")
        times = []
    ctx.precondition(bool(inbox.received), "no event came")
    for exchange in inbox.received:
        ctx.expect_documented(_signature_problem(exchange, hooked["secret"]), "a signature", exchange)
        named = exchange.request_header(DELIVERY_ID)
        ctx.expect(bool(named), f"{DELIVERY_ID}: expected it on every attempt", exchange)
    if not ctx.emulated:
        account.delete(own_hook(agent))
        return
    stamps = [exchange.request_header(TIMESTAMP) or "" for exchange in inbox.received]
    names = {exchange.request_header(DELIVERY_ID) for exchange in inbox.received}
    ctx.expect(
        len(stamps) == 2 and len(set(stamps)) == 2,
        f"{TIMESTAMP} of two attempts: expected each with its own, got {stamps}",
        *inbox.received,
    )
    seconds = [float(stamp) if stamp.isdigit() else 0.0 for stamp in stamps]
    common.check_signed_when_sent(ctx, seconds, times, *inbox.received)
    ctx.expect_equal(len(names), 1, f"the count of {DELIVERY_ID} of one event", *inbox.received)
    written(account, number, "Again")
    account.advance(1)
    another = inbox.received[-1].request_header(DELIVERY_ID)
    ctx.expect(another not in names, f"{DELIVERY_ID} of another event: expected another", *inbox.received)


@CATALOGUE.invariant("AGP-HOOK-3", common.is_webhook)
def an_event_is_as_it_must_be(exchange: Exchange, _: Known) -> str | None:
    if problem := common.event_problem(exchange):
        return problem
    event = exchange.sent()
    if not isinstance(event, dict) or event.get("event") not in ("agent.message", *EVENTS):
        return f"the event is not one of agent.message, {', '.join(EVENTS)}: {event}"
    text = "VoiceTurnEvent" if event.get("channel") == "voice" else "MessageEvent"
    return SHAPES.problem(EVENTS.get(event["event"], text), event, "the event")


@events_claim(
    "AGP-HOOK-3",
    "agent.message (text and voice), agent.call_ended and agent.reaction come with recentHistory, up to "
    "contextLimit, and conversationState.",
    needs=HOOK | CTL,
)
def events_of_every_kind(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, number = desk(account, voiceMode="webhook")
    _, inbox = hook(ctx, account, contextLimit=2)
    inbox.answer(says(text="Until six."))
    contact = new_contact(account)
    said = [written(account, number, f"Message {n}") for n in range(3)]
    talk = conversation_with(account, PERSON)
    account.patch(f"{CONVERSATIONS}/{talk['id']}", {"metadata": {"order": 31}})
    account.advance(60)
    last = written(account, number, "And now?", media=[PICTURE])
    account.advance(1)
    events = {inner(event).get("messageId"): event for event in events_in(inbox, "agent.message")}
    ctx.expect_equal(set(events), {*said, last}, "the messages in agent.message", *inbox.received, stop=True)
    event, first = events[last], events[said[0]]
    expected = {
        "conversationId": talk["id"],
        "numberId": number["id"],
        "from": PERSON,
        "to": number["phoneNumber"],
        "message": "And now?",
        "mediaUrl": PICTURE,
        "direction": "inbound",
    }
    ctx.expect_fields(inner(event), expected, "agent.message", *inbox.received)
    who = (inner(event).get("contact") or {}).get("id")
    ctx.expect_equal(who, contact["id"], "the contact in agent.message", *inbox.received)
    state = {"agentId": agent["id"], "conversationState": {"order": 31}}
    ctx.expect_fields(event, state, "agent.message", *inbox.received)
    history = [each["content"] for each in event["recentHistory"]]
    what = "recentHistory with contextLimit 2: the two before it, in order"
    ctx.expect_equal(history, ["Message 1", "Message 2"], what, *inbox.received)
    ctx.expect_fields(first, {"conversationState": None, "recentHistory": []}, "the first agent.message")
    _spoken(ctx, account, number, inbox)
    _reacted(ctx, account)
    _limits(ctx, account)


def _spoken(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    id_ = ring(account, number, answer_after=1, duration=30, turns=lines("caller: Are you open?"))
    account.advance(30 + RINGING_AND_AFTER)
    ctx.expect_equal(heard_by(inbox), ["Are you open?"], "agent.message of a call", *inbox.received)
    over = events_in(inbox, "agent.call_ended")
    ctx.expect_equal(len(over), 1, "the count of agent.call_ended", *inbox.received, stop=True)
    shown = account.get(f"{CALLS}/{id_}").json()
    expected = {
        "callId": id_,
        "numberId": number["id"],
        "from": PERSON,
        "to": number["phoneNumber"],
        "direction": "inbound",
        "status": "completed",
        "durationSeconds": 30,
        "startedAt": shown["startedAt"],
        "endedAt": shown["endedAt"],
    }
    ctx.expect_fields(inner(over[0]), expected, "agent.call_ended", *inbox.received)
    said = [(each["role"], each["content"]) for each in inner(over[0]).get("transcript", [])]
    turns = [("user", "Are you open?"), ("agent", "Until six.")]
    ctx.expect_equal(said, turns, "the transcript in agent.call_ended", *inbox.received)
    missed = ring(account, number, end="no_answer")
    account.advance(RINGING_AND_AFTER)
    ended = [inner(event) for event in events_in(inbox, "agent.call_ended")]
    lost = [(each.get("status"), each.get("transcript")) for each in ended if each.get("callId") == missed]
    what = "agent.call_ended of a call that no one answered"
    ctx.expect_equal(lost, [("no-answer", [])], what, *inbox.received)


def _reacted(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, type="imessage")
    _, inbox = hook(ctx, account)
    text = new_text(account, number, "Your table is ready.", to_number=PERSON)
    written(account, number, "Loved “Your table is ready.”")
    account.advance(1)
    found = events_in(inbox, "agent.reaction")
    ctx.expect_equal(len(found), 1, "the count of agent.reaction", *inbox.received, stop=True)
    expected = {
        "reactionType": "love",
        "messageId": text["id"],
        "fromNumber": PERSON,
        "messageBody": "Your table is ready.",
    }
    ctx.expect_fields(inner(found[0]), expected, "agent.reaction", *inbox.received)


def _limits(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account)
    for limit, expected in ((0, 0), (None, DEFAULT_CONTEXT)):
        _, inbox = hook(ctx, account, contextLimit=limit)
        for n in range(DEFAULT_CONTEXT + 2):
            written(account, number, f"{n}")
        account.advance(1)
        length = len(events_in(inbox)[-1]["recentHistory"])
        what = f"the length of recentHistory with contextLimit {limit}"
        ctx.expect_equal(length, expected, what, inbox.received[-1])


@claim(
    "AGP-HOOK-4",
    "An event is tried 6 times, each wait longer, then failed; deliveries, counts and a test event tell of it.",
    needs=HOOK | CTL,
)
def receivers_that_fail(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, number = desk(account)
    _, inbox = hook(ctx, account)
    inbox.answer(500, 404, Answer(302, (("Location", PUBLIC_HOOK),)), 500)
    lost = written(account, number, "No one receives this")
    account.advance(1)
    pending = _delivery(ctx, account, lost)
    ctx.expect_fields(pending, {"status": "pending", "attemptCount": 1}, "a delivery after one attempt")
    ctx.expect(bool(pending["nextRetryAt"]), "a delivery after one attempt: expected nextRetryAt")
    account.advance(ALL_ATTEMPTS)
    came = list(inbox.received)
    ctx.expect_equal(len(came), ATTEMPTS, "the count of attempts that all fail", *came, stop=True)
    ctx.expect_equal(len({exchange.request_body for exchange in came}), 1, "the count of their different bodies", *came)
    common.check_growing_waits(ctx, common.attempt_times(account), ATTEMPTS, *came)
    expected = {"status": "failed", "attemptCount": ATTEMPTS, "httpStatus": 500, "nextRetryAt": None}
    ctx.expect_fields(_delivery(ctx, account, lost), expected, "the delivery in the end")
    inbox.answer(503, 204)
    mended = written(account, number, "This is received")
    account.advance(ALL_ATTEMPTS)
    ctx.expect_equal(len(inbox.received) - ATTEMPTS, 2, "the count of attempts where one fails")
    good = _delivery(ctx, account, mended)
    ctx.expect_fields(good, {"status": "success", "attemptCount": 2}, "a delivery that arrived")
    _counted(ctx, account)
    _tested(ctx, account, agent)


def _delivery(ctx: ProbeContext, account: Account, message: str) -> dict[str, Any]:
    exchange = account.get(DELIVERIES)
    body = exchange.json()
    problem = SHAPES.problem("DeliveryList", body, "the list")
    ctx.expect_documented(problem, "the deliveries", exchange, stop=True)
    ctx.expect_fields(body, {"data": body["items"], "offset": 0, "limit": 50}, "the deliveries", exchange)
    total, count = body["total"], len(body["items"])
    ctx.expect(total >= count, f"the total of deliveries: expected at least {count}, got {total}", exchange)
    found = [each for each in body["items"] if each.get("messageId") == message]
    ctx.expect_equal(len(found), 1, f"the count of deliveries of {message}", exchange, stop=True)
    return dict(found[0])


def _counted(ctx: ProbeContext, account: Account) -> None:
    expected = {"total": 2, "success": 1, "failed": 1, "successRate": 50}
    ctx.expect_fields(account.get(f"{DELIVERIES}/all-time").json(), expected, "the counts of all time")
    stats = account.get(f"{DELIVERIES}/stats?hours=8760").json()
    ctx.expect_documented(SHAPES.problem("DeliveryStats", stats, "the counts"), "the counts of a year")
    ctx.expect_fields(stats, {"total": 2, "success": 1, "failed": 1, "pending": 0}, "the counts of a year")
    ctx.expect_fields(account.get(f"{DELIVERIES}/stats").json(), {"total": 0}, "the counts of the last 24 hours")
    recent = account.get(f"{DELIVERIES}?hours=24").json()
    ctx.expect_fields(recent, {"items": []}, "the deliveries of the last 24 hours")
    page = account.get(f"{DELIVERIES}?limit=1&offset=1").json()
    ctx.expect_equal((len(page["items"]), page["total"]), (1, 2), "count and total of a page of one delivery")


def _tested(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    path = own_hook(agent)
    ctx.expect_error(account.post(f"{path}/test", {}), *NOT_FOUND, "a test of an agent's webhook where there is none")
    _, inbox = hook(ctx, account, agent)
    for answer, held in ((200, True), (500, False)):
        inbox.answer(answer)
        tested = account.post(f"{path}/test", {})
        what = f"a test that is answered {answer}"
        ctx.expect_status(tested, 200, what)
        ctx.expect_fields(tested.json(), {"success": held, "httpStatus": answer, "statusCode": answer}, what, tested)
        message = (tested.json() or {}).get("errorMessage")
        ctx.expect_equal(message is None, held, f"whether errorMessage is null after {what}", tested)
    marked = [event.get("test") for event in events_in(inbox)]
    ctx.expect_equal(marked, [True, True], "the mark of test events, which are not repeated", *inbox.received)
    listing = account.get(f"{path}/deliveries")
    ctx.expect_status(listing, 200, "an agent's deliveries")
    ctx.expect(isinstance(listing.json(), list), "an agent's deliveries: expected a bare list", listing)
    _, general = hook(ctx, account)
    account.post(f"{WEBHOOK}/test", {"from": PERSON, "message": "Hello from a test", "channel": "sms"})
    seen = [(each.get("test"), inner(each).get("message"), inner(each).get("from")) for each in events_in(general)]
    ctx.expect_equal(seen, [(True, "Hello from a test", PERSON)], "a test of the account's webhook", *general.received)


@claim(
    "AGP-HOOK-5",
    "contextLimit is from 0 to 50 and 10 by default, timeout from 5 to 120 and 30 by default; anything else "
    "is answered 422, and so is an address that is none.",
    needs=WRITE,
    sends=(
        Send("POST", OWN_HOOK, len(OUT_OF_RANGE) + len(BAD_URLS) + 3),
        Send("GET", OWN_HOOK, 1),
        Send("DELETE", OWN_HOOK, 1),
    ),
    shares=("agent",),
)
def webhooks_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = shared_agent(ctx, account)
    url = ctx.inbox().url if ctx.emulated else PUBLIC_HOOK
    path = own_hook(agent)
    plain = thing_in(account.post(path, {"url": url}), "webhook")
    ctx.expect_fields(plain, {"contextLimit": DEFAULT_CONTEXT, "timeout": DEFAULT_TIMEOUT}, "the defaults")
    for limits in ({"contextLimit": 0, "timeout": 5}, {"contextLimit": 50, "timeout": 120}):
        edge = thing_in(account.post(path, {"url": url, **limits}), "webhook")
        ctx.expect_fields(edge, limits, f"a webhook with {limits}")
    for body in OUT_OF_RANGE:
        ctx.expect_error(account.post(path, {"url": url, **body}), *UNPROCESSABLE, f"a webhook with {body}")
    for bad in BAD_URLS:
        ctx.expect_error(account.post(path, {"url": bad}), *INVALID, f"a webhook at {bad!r}")
    ctx.expect_equal(account.get(path).json(), edge, "the webhook after that")
    account.delete(path)

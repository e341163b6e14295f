"""Probes and invariants for webhooks: who is told, of what, signed how, how often."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, HOOK, WRITE
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import DELIVERY, STATS, WEBHOOK, odd_event
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONVERSATIONS,
    DAY,
    DELIVERIES,
    PERSON,
    PUBLIC_HOOK,
    RINGING_AND_AFTER,
    conversation_with,
    desk,
    hook,
    inner,
    lines,
    made,
    new_contact,
    new_number,
    new_text,
    refused,
    ring,
    says,
    shared_agent,
    thing_in,
    told,
    written,
)
from ringback_conformance.claims.agentphone.steps import (
    WEBHOOK as ACCOUNT_WEBHOOK,
)
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox, mailbox
from ringback_conformance.shapes import moment, odd_fields

claim = CATALOGUE.section("SDK: webhooks", Basis.SDK)
events_claim = CATALOGUE.section("SDK: webhook events", Basis.SDK)

SIGNATURE, TIMESTAMP, DELIVERY_ID = "X-Webhook-Signature", "X-Webhook-Timestamp", "X-Webhook-ID"
SIGNED = re.compile(r"sha256=([0-9a-f]{64})")
ATTEMPTS = 6
ALL_ATTEMPTS = 30 * DAY
"""So long, and every attempt there will be has been made."""
FRESH_SECONDS = 5
"""How far a timestamp may be from the moment of the attempt, on the account's clock."""
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


def own(agent: dict[str, Any]) -> str:
    """Where an agent's webhook is."""
    return f"{AGENTS}/{agent['id']}/webhook"


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
    paths = (ACCOUNT_WEBHOOK, own(agent)) if ctx.emulated else (own(agent),)
    for path in paths:
        _life(ctx, account, path)
    if not ctx.emulated:
        ctx.not_covered("the account's own webhook, which is yours, and who is told of an event")
        return
    _one_receiver(ctx)


def _life(ctx: ProbeContext, account: Account, path: str) -> None:
    unset = account.get(path)
    ctx.expect(
        unset.status == 200 and unset.response_body.strip() == b"null",
        f"GET {path} where none is set: expected null, got {unset}",
        unset,
    )
    secrets = []
    for _ in range(2):
        inbox = ctx.inbox()
        exchange = account.post(path, {"url": inbox.url})
        odd = odd_fields(exchange.json(), WEBHOOK, "the webhook")
        ctx.check_(exchange.status == 200 and odd is None, f"POST {path}: {odd or exchange}", exchange)
        hooked = exchange.json()
        secrets.append(hooked["secret"])
        shown = account.get(path)
        ctx.expect(
            shown.json() == hooked and hooked["url"] == inbox.url,
            f"GET {path} after that: expected it, with its secret, got {shown} {shown.json()}",
            shown,
        )
    ctx.expect(len(set(secrets)) == 2, f"two POSTs of {path}: expected a new secret each time")
    gone = account.delete(path)
    ctx.expect(
        gone.status == 200 and (gone.json() or {}).get("success") is True,
        f"DELETE {path}: expected success, got {gone}",
        gone,
    )
    after = account.get(path)
    ctx.expect(
        after.json() is None and after.status == 200, f"GET {path} after that: expected null, got {after}", after
    )
    refused(ctx, account.delete(path), (404,), f"a second DELETE {path}")


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
    for id_, (inbox, silent) in expected.items():
        came, astray = _about(inbox, id_), _about(silent, id_)
        ctx.expect(
            (came, astray) == (1, 0), f"an event of {id_}: expected it once, and nowhere else, got {came} and {astray}"
        )
    account.delete(own(agent))
    back = written(account, number)
    account.advance(1)
    came, astray = _about(general, back), _about(special, back)
    ctx.expect(
        (came, astray) == (1, 0),
        f"after the agent's webhook was removed: expected the account's, got {came} and {astray}",
    )
    account.delete(ACCOUNT_WEBHOOK)
    count = len(general.received)
    written(account, number)
    account.advance(1)
    ctx.expect(
        len(general.received) == count,
        "after the account's was removed: expected nothing more",
        *general.received[count:],
    )
    ctx.precondition(other["id"] != agent["id"], "the agents are one")


def _about(inbox: Inbox, id_: str) -> int:
    return sum(inner(event).get("messageId") == id_ for event in told(inbox))


def is_signed_for(exchange: Exchange, known: Known) -> bool:
    """A webhook whose secret we were given."""
    return exchange.kind is Kind.WEBHOOK and mailbox(exchange.path) in known.secrets


@CATALOGUE.invariant("AGP-HOOK-2", is_signed_for)
def a_signature_is_right(exchange: Exchange, known: Known) -> str | None:
    header, stamp = exchange.request_header(SIGNATURE) or "", exchange.request_header(TIMESTAMP) or ""
    found = SIGNED.fullmatch(header)
    if found is None:
        return f"{SIGNATURE} is {_cut(header)}, not sha256=<64 hex digits>"
    if not stamp.isdigit():
        return f"{TIMESTAMP} is {_cut(stamp)}, not Unix seconds"
    if not hmac.compare_digest(sign(known.secrets[mailbox(exchange.path)], stamp, exchange.request_body), found[1]):
        return f"{SIGNATURE} is not the HMAC-SHA256 of timestamp.raw_body under the whole secret"
    return None


def sign(secret: str, stamp: str, body: bytes) -> str:
    """What the client computes."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _cut(header: str) -> str:
    return "missing" if not header else repr(header if len(header) < 20 else header[:20] + "…")


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
        times = _attempt_times(account)
    else:
        tested = account.post(f"{own(agent)}/test", {})
        ctx.precondition(made(tested) and inbox.wait(1, 30.0), f"no test event came: {tested}")
        times = []
    ctx.precondition(bool(inbox.received), "no event came")
    for exchange in inbox.received:
        header, stamp = exchange.request_header(SIGNATURE) or "", exchange.request_header(TIMESTAMP) or ""
        found = SIGNED.fullmatch(header)
        right = found is not None and hmac.compare_digest(
            sign(hooked["secret"], stamp, exchange.request_body), found[1]
        )
        ctx.expect(
            right, f"{SIGNATURE}: expected sha256= and the HMAC under the whole secret, got {_cut(header)}", exchange
        )
        near = not times or (stamp.isdigit() and any(abs(int(stamp) - instant) <= FRESH_SECONDS for instant in times))
        ctx.expect(near, f"{TIMESTAMP}: expected the moment of the attempt, got {_cut(stamp)}", exchange)
        ctx.expect(bool(exchange.request_header(DELIVERY_ID)), f"{DELIVERY_ID}: expected it on every attempt", exchange)
    if not ctx.emulated:
        account.delete(own(agent))
        return
    stamps = [exchange.request_header(TIMESTAMP) for exchange in inbox.received]
    names = {exchange.request_header(DELIVERY_ID) for exchange in inbox.received}
    ctx.expect(
        len(stamps) == 2 and len(set(stamps)) == 2,
        f"two attempts: expected each with its own moment, got {stamps}",
        *inbox.received,
    )
    ctx.expect(len(names) == 1, f"{DELIVERY_ID} of one event: expected it the same, got {names}", *inbox.received)
    written(account, number, "Again")
    account.advance(1)
    ctx.expect(
        inbox.received[-1].request_header(DELIVERY_ID) not in names,
        f"{DELIVERY_ID} of another event: expected another",
        *inbox.received,
    )


def _attempt_times(account: Account) -> list[float]:
    return sorted(
        instant.timestamp()
        for delivery in account.deliveries()
        for attempt in delivery["attempts"]
        if (instant := moment(attempt["at"])) is not None
    )


def is_event(exchange: Exchange, _: Known) -> bool:
    """The vendor sent something to one of our addresses."""
    return exchange.kind is Kind.WEBHOOK


@CATALOGUE.invariant("AGP-HOOK-3", is_event)
def an_event_is_as_it_must_be(exchange: Exchange, _: Known) -> str | None:
    if exchange.method != "POST":
        return f"an event comes by {exchange.method}, not POST"
    if not (exchange.request_header("content-type") or "").lower().startswith("application/json"):
        return f"an event has Content-Type {exchange.request_header('content-type')!r}, not application/json"
    return odd_event(exchange.sent())


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
    last = written(account, number, "And now?", media=["https://app.example.com/loaf.jpg"])
    account.advance(1)
    events = {inner(event).get("messageId"): event for event in told(inbox, "agent.message")}
    ctx.check_(
        set(events) == {*said, last}, f"agent.message: expected one for each of 4, got {len(events)}", *inbox.received
    )
    event = events[last]
    wanted = {
        "conversationId": talk["id"],
        "numberId": number["id"],
        "from": PERSON,
        "to": number["phoneNumber"],
        "message": "And now?",
        "mediaUrl": "https://app.example.com/loaf.jpg",
        "direction": "inbound",
    }
    wrong = {name: inner(event).get(name) for name, value in wanted.items() if inner(event).get(name) != value}
    who = (inner(event).get("contact") or {}).get("id")
    ctx.expect(
        not wrong and who == contact["id"] and event["agentId"] == agent["id"],
        f"agent.message: expected {wanted} of the contact, got {wrong} {who}",
        *inbox.received,
    )
    ctx.expect(
        event["conversationState"] == {"order": 31},
        f"conversationState: got {event['conversationState']}",
        *inbox.received,
    )
    ctx.expect(
        events[said[0]]["conversationState"] is None, "conversationState where nothing is remembered: expected null"
    )
    history = [each["content"] for each in event["recentHistory"]]
    ctx.expect(
        history == ["Message 1", "Message 2"],
        f"recentHistory with contextLimit 2: expected the two before it, in order, got {history}",
        *inbox.received,
    )
    ctx.expect(events[said[0]]["recentHistory"] == [], "recentHistory of the first message: expected an empty list")
    _spoken(ctx, account, number, inbox)
    _reacted(ctx, account)
    _limits(ctx, account)


def _spoken(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    id_ = ring(account, number, answer_after=1, duration=30, turns=lines("caller: Are you open?"))
    account.advance(30 + RINGING_AND_AFTER)
    turns = told(inbox, "agent.message/voice")
    ctx.expect(
        [inner(turn).get("transcript") for turn in turns] == ["Are you open?"],
        f"agent.message of a call: expected what was said, got {[inner(turn).get('transcript') for turn in turns]}",
        *inbox.received,
    )
    over = told(inbox, "agent.call_ended")
    ctx.check_(len(over) == 1, f"agent.call_ended: expected one, got {len(over)}", *inbox.received)
    body = inner(over[0])
    shown = account.get(f"{CALLS}/{id_}").json()
    wanted = {
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
    wrong = {name: body.get(name) for name, value in wanted.items() if body.get(name) != value}
    said = [(each["role"], each["content"]) for each in body.get("transcript", [])]
    ctx.expect(
        not wrong and said == [("user", "Are you open?"), ("agent", "Until six.")],
        f"agent.call_ended: expected {wanted} with both turns, got {wrong} {said}",
        *inbox.received,
    )
    missed = ring(account, number, end="no_answer")
    account.advance(RINGING_AND_AFTER)
    lost = [inner(event) for event in told(inbox, "agent.call_ended") if inner(event).get("callId") == missed]
    ctx.expect(
        [each.get("status") for each in lost] == ["no-answer"] and lost[0].get("transcript") == [],
        f"agent.call_ended of a call that nobody took: expected no-answer, got {lost}",
        *inbox.received,
    )


def _reacted(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, type="imessage")
    _, inbox = hook(ctx, account)
    text = new_text(account, number, "Your table is ready.", to_number=PERSON)
    written(account, number, "Loved “Your table is ready.”")
    account.advance(1)
    found = told(inbox, "agent.reaction")
    ctx.check_(len(found) == 1, f"agent.reaction: expected one, got {len(found)}", *inbox.received)
    body = inner(found[0])
    wanted = {
        "reactionType": "love",
        "messageId": text["id"],
        "fromNumber": PERSON,
        "messageBody": "Your table is ready.",
    }
    wrong = {name: body.get(name) for name, value in wanted.items() if body.get(name) != value}
    ctx.expect(not wrong, f"agent.reaction: expected {wanted}, got {wrong}", *inbox.received)


def _limits(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account)
    for limit, expected in ((0, 0), (None, DEFAULT_CONTEXT)):
        _, inbox = hook(ctx, account, contextLimit=limit)
        for n in range(DEFAULT_CONTEXT + 2):
            written(account, number, f"{n}")
        account.advance(1)
        got = len(told(inbox)[-1]["recentHistory"])
        ctx.expect(
            got == expected,
            f"recentHistory with contextLimit {limit}: expected {expected}, got {got}",
            inbox.received[-1],
        )


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
    lost = written(account, number, "Nobody listens")
    account.advance(1)
    pending = _delivery(ctx, account, lost)
    ctx.expect(
        pending["status"] == "pending" and pending["attemptCount"] == 1 and bool(pending["nextRetryAt"]),
        f"after one attempt: expected it pending with nextRetryAt, got {pending}",
    )
    account.advance(ALL_ATTEMPTS)
    came = list(inbox.received)
    ctx.check_(len(came) == ATTEMPTS, f"attempts that all fail: expected {ATTEMPTS}, got {len(came)}", *came)
    ctx.expect(len({exchange.request_body for exchange in came}) == 1, "their bodies: expected them alike", *came)
    waits = [b - a for a, b in itertools.pairwise(_attempt_times(account))]
    ctx.expect(
        all(b > a for a, b in itertools.pairwise(waits)),
        f"the waits between attempts: expected each longer, got {', '.join(f'{wait:g} s' for wait in waits)}",
        *came,
    )
    failed = _delivery(ctx, account, lost)
    ctx.expect(
        (failed["status"], failed["attemptCount"], failed["httpStatus"], failed["nextRetryAt"])
        == ("failed", ATTEMPTS, 500, None),
        f"in the end: expected it failed after {ATTEMPTS} with 500, got {failed}",
    )
    inbox.answer(503, 204)
    mended = written(account, number, "Somebody listens")
    account.advance(ALL_ATTEMPTS)
    ctx.expect(
        len(inbox.received) == ATTEMPTS + 2,
        f"one that fails once: expected 2 attempts, got {len(inbox.received) - ATTEMPTS}",
    )
    good = _delivery(ctx, account, mended)
    ctx.expect(
        (good["status"], good["attemptCount"]) == ("success", 2),
        f"one that arrived: expected success after 2, got {good}",
    )
    _counted(ctx, account)
    _tested(ctx, account, agent)


def _delivery(ctx: ProbeContext, account: Account, message: str) -> dict[str, Any]:
    exchange = account.get(DELIVERIES)
    body = exchange.json()
    found = [each for each in (body or {}).get("items", []) if each.get("messageId") == message]
    odd = odd_fields(found[0], DELIVERY, "the delivery") if found else f"there are {len(found)}"
    ctx.check_(odd is None and len(found) == 1, f"the delivery of {message}: {odd}", exchange)
    ctx.expect(
        body["data"] == body["items"]
        and body["total"] >= len(body["items"])
        and (body["offset"], body["limit"]) == (0, 50),
        f"the deliveries: expected items, data, total, offset and limit, got {body.keys()}",
        exchange,
    )
    return dict(found[0])


def _counted(ctx: ProbeContext, account: Account) -> None:
    every = account.get(f"{DELIVERIES}/all-time").json()
    wanted = {"total": 2, "success": 1, "failed": 1, "successRate": 50}
    ctx.expect({name: every.get(name) for name in wanted} == wanted, f"all-time: expected {wanted}, got {every}")
    stats = account.get(f"{DELIVERIES}/stats?hours=8760").json()
    odd = odd_fields(stats, STATS, "the stats")
    seen = (stats.get("total"), stats.get("success"), stats.get("failed"), stats.get("pending"))
    ctx.expect(odd is None and seen == (2, 1, 1, 0), f"stats: {odd or f'expected 2, 1, 1 and 0, got {seen}'}")
    recent = account.get(f"{DELIVERIES}/stats").json()
    ctx.expect(recent.get("total") == 0, f"stats of the last 24 hours: expected none, got {recent.get('total')}")
    none = account.get(f"{DELIVERIES}?hours=24").json()
    ctx.expect(
        none.get("items") == [], f"deliveries of the last 24 hours: expected none, got {len(none.get('items', []))}"
    )
    one = account.get(f"{DELIVERIES}?limit=1&offset=1").json()
    ctx.expect(
        (len(one["items"]), one["total"]) == (1, 2),
        f"deliveries by one: expected 1 of 2, got {len(one['items'])} of {one['total']}",
    )


def _tested(ctx: ProbeContext, account: Account, agent: dict[str, Any]) -> None:
    refused(ctx, account.post(f"{own(agent)}/test", {}), (404,), "a test of an agent's webhook where there is none")
    _, inbox = hook(ctx, account, agent)
    for answer, held in ((200, True), (500, False)):
        inbox.answer(answer)
        tested = account.post(f"{own(agent)}/test", {})
        body = tested.json() or {}
        ctx.expect(
            tested.status == 200 and body.get("success") is held and body.get("httpStatus") == answer
            and body.get("statusCode") == answer and (body.get("errorMessage") is None) is held,
            f"a test that is answered {answer}: expected success {held}, got {tested} {body}",
            tested,
        )  # fmt: skip
    marked = [event.get("test") for event in told(inbox)]
    ctx.expect(
        marked == [True, True],
        f"test events: expected them marked as such, and not repeated, got {marked}",
        *inbox.received,
    )
    listing = account.get(f"{own(agent)}/deliveries")
    ctx.expect(
        listing.status == 200 and isinstance(listing.json(), list),
        f"an agent's deliveries: expected a bare list, got {listing}",
        listing,
    )
    _, general = hook(ctx, account)
    account.post(f"{ACCOUNT_WEBHOOK}/test", {"from": PERSON, "message": "Hello from a test", "channel": "sms"})
    seen = [(event.get("test"), inner(event).get("message"), inner(event).get("from")) for event in told(general)]
    ctx.expect(
        seen == [(True, "Hello from a test", PERSON)],
        f"a test of the account's: expected it as asked, got {seen}",
        *general.received,
    )


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
    plain = thing_in(account.post(own(agent), {"url": url}), "webhook")
    seen = (plain["contextLimit"], plain["timeout"])
    ctx.expect(seen == (DEFAULT_CONTEXT, DEFAULT_TIMEOUT), f"the defaults: expected 10 and 30, got {seen}")
    for context, timeout in ((0, 5), (50, 120)):
        edge = thing_in(account.post(own(agent), {"url": url, "contextLimit": context, "timeout": timeout}), "webhook")
        ctx.expect(
            (edge["contextLimit"], edge["timeout"]) == (context, timeout), f"{context} and {timeout}: got {edge}"
        )
    for body in OUT_OF_RANGE:
        refused(ctx, account.post(own(agent), {"url": url, **body}), (422,), f"a webhook with {body}")
    for bad in BAD_URLS:
        refused(ctx, account.post(own(agent), {"url": bad}), (400, 422), f"a webhook at {bad!r}")
    after = account.get(own(agent)).json()
    ctx.expect(after == edge, f"the webhook after that: expected it as before, got {after}")
    account.delete(own(agent))

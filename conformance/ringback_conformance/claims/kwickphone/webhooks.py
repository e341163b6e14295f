"""Webhooks — events & signing."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, HOOK
from ringback_conformance.claims import common
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE
from ringback_conformance.claims.kwickphone.steps import (
    DAY,
    HOUR,
    OPEN,
    RINGING_AND_AFTER,
    SHAPES,
    TALK_SECONDS,
    calls,
    finished_call,
    new_number,
    number_in,
    ring,
    shared_number,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox, mailbox
from ringback_conformance.shapes import moment

claim = CATALOGUE.section("Webhooks — events & signing")

TIMESTAMP = "X-KwickPhone-Timestamp"
SIGNATURE = "X-KwickPhone-Signature"
UNIX_SECONDS = re.compile(r"\d{10}")
VERSIONED = re.compile(r"v1=([0-9a-f]{64})")
ATTEMPTS = 5
"""Page "Webhooks — events & signing"."""
ALL_ATTEMPTS = 7 * DAY
"""Long enough for every attempt."""
FRESH_FOR_REAL = 300
"""Seconds that a real deployment's clock may be off."""
SHUTDOWN_TIMEOUT = 0.6
"""Real seconds that an account's receiver is given, for the one attempt that a probe keeps hanging."""
SAME_IN_LIST = ("caller", "outcome", "duration_sec", "started_at", "has_recording", "has_transcript")
PUBLIC, PRIVATE = "93.184.216.34", ("10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "fd00::7", "::ffff:192.168.1.1")


@CATALOGUE.invariant("KWP-HOOK-1", common.is_webhook)
def an_event_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    return common.event_problem(exchange) or SHAPES.problem("CallCompleted", exchange.sent(), "the event")


@CATALOGUE.invariant("KWP-HOOK-2", common.is_signed)
def a_signature_is_right(exchange: Exchange, known: Known) -> str | None:
    stamp = exchange.request_header(TIMESTAMP)
    if stamp is None or not UNIX_SECONDS.fullmatch(stamp):
        return f"{TIMESTAMP} is {stamp!r}, not Unix seconds"
    expected = common.sign(known.secrets[mailbox(exchange.path)], stamp, exchange.request_body)
    signed = "timestamp.raw_body under the number's secret"
    return common.signature_problem(exchange, SIGNATURE, VERSIONED, expected, signed)


def hooked(ctx: ProbeContext, account: Account) -> tuple[dict[str, Any], Inbox]:
    """Provision a number whose events are sent to an inbox of its own."""
    inbox = ctx.inbox()
    return new_number(account, webhook_url=inbox.url), inbox


def sid(exchange: Exchange) -> str | None:
    """Return the call id in an event."""
    body = exchange.sent()
    call = body.get("call") if isinstance(body, dict) else None
    return call.get("call_sid") if isinstance(call, dict) else None


@claim(
    "KWP-HOOK-1",
    "Every completed call on a number with a webhook_url POSTs one `call.completed` event with the documented "
    "body, which tells the same as the list of calls.",
    needs=HOOK,
    shares=("number",),
)
def every_completed_call_is_told(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        account, arrived = _real_call(ctx)
        _check_event(ctx, account, arrived)
        return
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    other, other_inbox = hooked(ctx, account)
    made = [finished_call(account, number, duration=20 + place) for place in range(2)]
    account.advance(HOUR)
    seen = [sid(exchange) for exchange in inbox.received]
    ctx.expect_equal(seen, made, "the calls in the events after two completed calls", *inbox.received, stop=True)
    ctx.expect_equal(len(other_inbox.received), 0, "the events at the address of another number")
    finished_call(account, other, duration=7, outcome="complaint", recording=False, turns=[])
    events = (*inbox.received, *other_inbox.received)
    for exchange in events:
        _check_event(ctx, account, exchange)
    owners = [(exchange.sent() or {}).get("number_id") for exchange in events]
    expected = [number["id"], number["id"], other["id"]]
    ctx.expect_equal(owners, expected, "the number_id of the events after calls to both numbers", *events)


def _check_event(ctx: ProbeContext, account: Account, exchange: Exchange) -> None:
    ctx.expect_documented(an_event_is_as_documented(exchange, Known({})), "an event", exchange, stop=True)
    event = exchange.sent()
    call = next((each for each in calls(account) if each.get("id") == event["call"]["call_sid"]), None)
    ctx.precondition(call is not None, f"the call {event['call']['call_sid']} of the event is not in the list of calls")
    facts = {name: event["call"][name] for name in SAME_IN_LIST}
    ctx.expect_fields(call, facts, "the listed call, beside its event", exchange)
    started, occurred = moment(event["call"]["started_at"]), moment(event["occurred_at"])
    if started is not None and occurred is not None:
        lasted, duration = (occurred - started).total_seconds(), event["call"]["duration_sec"]
        message = f"an event's occurred_at: expected it at least {duration} s after started_at, got {lasted:g} s"
        ctx.expect(lasted >= duration, message, exchange)


def _real_call(ctx: ProbeContext) -> tuple[Account, Exchange]:
    """Wait for a person to call the shared number of a real deployment; return the account and the event."""
    account = ctx.default_account()
    number = number_in(shared_number(ctx, account))
    inbox: Inbox | None = ctx.shared.get("inbox")
    if inbox is None:
        raise Inconclusive("the number was provisioned without our webhook address")
    wait = ctx.run_context.await_call
    ctx.precondition(wait > 0, "no person was asked to call the number: give --await-call SECONDS, and phone it")
    if not inbox.received:
        ctx.run_context.say(f"Please call {number['phone_number']} now and hang up after a moment; waiting {wait:g} s.")
    if not inbox.wait(1, wait):
        raise Inconclusive(f"no event came within {wait:g} s: there was no call, or our address cannot be reached")
    return account, inbox.received[0]


@claim(
    "KWP-HOOK-2",
    "X-KwickPhone-Timestamp is the Unix second of signing; X-KwickPhone-Signature is `v1=` and the hex "
    "HMAC-SHA256 of `timestamp.raw_body` under the number's secret.",
    needs=HOOK,
    shares=("number",),
)
def signatures(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        _, arrived = _real_call(ctx)
        _check_signature(ctx, arrived, number_in(ctx.shared["number"])["webhook_secret"])
        common.check_signed_when_sent(ctx, [_stamp(arrived)], [time.time()], arrived, slack=FRESH_FOR_REAL)
        return
    account = ctx.account(**OPEN)
    for _ in range(2):
        number, inbox = hooked(ctx, account)
        call = finished_call(account, number, outcome="Bestellung für zwölf — 中文")
        ctx.precondition(len(inbox.received) == 1, f"expected one event, got {len(inbox.received)}")
        event = inbox.received[0]
        _check_signature(ctx, event, str(number.get("webhook_secret")))
        common.check_signed_when_sent(ctx, [_stamp(event)], common.attempt_times(account, call)[:1], event)


def _check_signature(ctx: ProbeContext, exchange: Exchange, secret: str) -> None:
    problem = a_signature_is_right(exchange, Known({mailbox(exchange.path): secret}))
    ctx.expect_documented(problem, "an event's signature", exchange, stop=True)


def _stamp(exchange: Exchange) -> float:
    return float(exchange.request_header(TIMESTAMP) or 0)


@claim(
    "KWP-HOOK-3",
    "A receiver that fails is tried again after growing waits, 5 attempts in all; each is signed afresh and "
    "carries the same event.",
    needs=HOOK | CTL,
)
def a_receiver_that_fails(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    inbox.answer(500, Answer(hangs=True), 404, 429, 503)
    call = finished_call(account, number)
    ctx.expect_equal(len(inbox.received), 1, "the attempts at once", *inbox.received, stop=True)
    account.settings(webhook_timeout=SHUTDOWN_TIMEOUT)
    common.advance_until(account, inbox, 2)
    account.settings(webhook_timeout=None)
    account.advance(ALL_ATTEMPTS)
    came = inbox.received
    ctx.expect_equal(len(came), ATTEMPTS, "all attempts when each fails", *came, stop=True)
    times = common.attempt_times(account, call)
    common.check_growing_waits(ctx, times, ATTEMPTS, *came)
    common.check_signed_when_sent(ctx, [_stamp(exchange) for exchange in came], times, *came)
    ctx.expect_equal({sid(exchange) for exchange in came}, {call}, "the call ids of the attempts", *came)


@claim("KWP-HOOK-4", "A 2xx ends the attempts.", needs=HOOK | CTL)
def a_receiver_that_recovers(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    for answers, expected in (((200,), 1), ((204,), 1), ((503, 503, 202), 3)):
        number, inbox = hooked(ctx, account)
        inbox.answer(*answers, 200)
        finished_call(account, number)
        account.advance(ALL_ATTEMPTS)
        ctx.expect_equal(len(inbox.received), expected, f"attempts when the answers are {answers}", *inbox.received)


@claim("KWP-HOOK-5", "A redirect is not followed and counts as a failed attempt.", needs=HOOK | CTL)
def a_receiver_that_redirects(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    elsewhere = ctx.inbox()
    receiver = ctx.run_context.receiver
    assert receiver is not None
    places = itertools.cycle((elsewhere.path, receiver.origin + elsewhere.path))
    redirects = [Answer(status, (("Location", next(places)),)) for status in (301, 302, 303, 307)]
    inbox.answer(*redirects, 200)
    finished_call(account, number)
    account.advance(ALL_ATTEMPTS)
    ctx.expect_equal(len(elsewhere.received), 0, "requests at the target of a redirect", *elsewhere.received)
    what = "attempts when four redirects come before a 200"
    ctx.expect_equal(len(inbox.received), ATTEMPTS, what, *inbox.received)


@claim(
    "KWP-HOOK-6",
    "A host that resolves to a private, loopback or link-local address when it is sent to is not contacted.",
    needs=HOOK | CTL,
)
def a_host_that_turns_inward(ctx: ProbeContext) -> None:
    ctx.precondition(ctx.run_context.strict, "the emulator's webhook egress is not strict: start it with --strict")
    receiver = ctx.run_context.receiver
    assert receiver is not None
    account = ctx.account(**OPEN)
    usual = {**receiver.other_routes, receiver.public: receiver.origin}
    usual_hosts = ctx.control("GET", "/hosts")
    hosts = {f"inside-{place}.example.net": address for place, address in enumerate(PRIVATE)}
    numbers = []
    try:
        routes = {f"https://{host}": receiver.origin for host in hosts}
        ctx.control("PUT", "/webhook-routes", {**usual, **routes})
        ctx.control("PUT", "/hosts", {**usual_hosts, **{host: [PUBLIC] for host in hosts}})
        for host in hosts:
            inbox = ctx.inbox()
            number = new_number(account, webhook_url=f"https://{host}{inbox.path}")
            numbers.append((hosts[host], number, inbox))
        _, first, first_inbox = numbers[0]
        finished_call(account, first)
        ctx.precondition(len(first_inbox.received) == 1, "the host was not reached while its address was public")
        ctx.control("PUT", "/hosts", {**usual_hosts, **{host: [address] for host, address in hosts.items()}})
        for address, number, inbox in numbers:
            before = len(inbox.received)
            finished_call(account, number)
            account.advance(HOUR)
            what = f"requests to a host that resolves to {address} by the time of sending"
            ctx.expect_equal(len(inbox.received) - before, 0, what, *inbox.received[before:])
    finally:
        ctx.control("PUT", "/hosts", usual_hosts)
        ctx.control("PUT", "/webhook-routes", usual)


@claim("KWP-HOOK-7", "A number without a webhook_url sends nothing.", needs=HOOK | CTL)
def a_number_without_an_address(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    silent = new_number(account)
    _, inbox = hooked(ctx, account)
    call = finished_call(account, silent)
    ctx.precondition(any(each.get("id") == call for each in calls(account)), "the call is not in the list of calls")
    account.advance(HOUR)
    ctx.expect_equal(len(inbox.received), 0, "events at another number's address", *inbox.received)
    ctx.expect_equal(account.deliveries(), [], "deliveries after a call to a number without webhook_url")


@claim(
    "KWP-HOOK-8",
    "Delivery is at least once: an event may come twice, and then carries the same call id to dedupe on.",
    needs=HOOK | CTL,
)
def an_event_that_comes_twice(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    account.fault(first=1, effect={"webhook": "duplicate"})
    call = finished_call(account, number)
    account.advance(HOUR)
    seen = [sid(exchange) for exchange in inbox.received]
    ctx.expect_equal(seen, [call, call], "the call ids of a duplicated event", *inbox.received)


@claim(
    "KWP-HOOK-9",
    "Only a completed call sends an event: one that no one answered, that was busy or that failed sends none.",
    needs=HOOK | CTL,
)
def calls_that_were_not_completed(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    for end in ("no_answer", "busy", "failed"):
        ring(account, number, end=end)
        account.advance(HOUR)
        ctx.expect_equal(len(inbox.received), 0, f"events of a call that ended as {end}", *inbox.received)
    ring(account, number, duration=TALK_SECONDS)
    account.advance(RINGING_AND_AFTER)
    ctx.expect_equal(len(inbox.received), 0, "events of a call that has not ended", *inbox.received)
    account.advance(TALK_SECONDS)
    ctx.precondition(len(inbox.received) == 1, "no event came for the completed call either")

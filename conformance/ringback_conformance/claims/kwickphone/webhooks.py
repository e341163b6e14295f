"""Probes and invariants for "Webhooks — events & signing"."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
import time
from typing import Any

from ringback_conformance.catalogue import Known
from ringback_conformance.claims.kwickphone.shapes import EVENT, EVENT_CALL
from ringback_conformance.claims.kwickphone.steps import (
    DAY,
    HOUR,
    MINUTE,
    OPEN,
    RINGING_AND_AFTER,
    TALK_SECONDS,
    calls,
    finished_call,
    new_number,
    number_in,
    ring,
    shared_number,
)
from ringback_conformance.claims.kwickphone.table import CATALOGUE
from ringback_conformance.model import Exchange, Kind
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox, mailbox
from ringback_conformance.shapes import moment, odd_fields

TIMESTAMP = "X-KwickPhone-Timestamp"
SIGNATURE = "X-KwickPhone-Signature"
UNIX_SECONDS = re.compile(r"\d{10}")
VERSIONED = re.compile(r"v1=[0-9a-f]{64}")
ATTEMPTS = 5
"""Page "Webhooks — events & signing"."""
ALL_ATTEMPTS = 7 * DAY
"""So long, and every attempt there will be has been made."""
FRESH_SECONDS = 5
"""How far a signature's timestamp may be from the moment of the attempt, on the account's clock."""
FRESH_FOR_REAL = 300
SHUTDOWN_TIMEOUT = 0.6
"""Real seconds that an account's receiver is given, for the one attempt that a probe keeps hanging."""
STEP = 5 * MINUTE
SAME_IN_LIST = ("caller", "outcome", "duration_sec", "started_at", "has_recording", "has_transcript")
PUBLIC, PRIVATE = "93.184.216.34", ("10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "fd00::7", "::ffff:192.168.1.1")


def is_webhook(exchange: Exchange, _: Known) -> bool:
    """The vendor sent something to one of our addresses."""
    return exchange.kind is Kind.WEBHOOK


def is_signed_for(exchange: Exchange, known: Known) -> bool:
    """A webhook whose secret we were given."""
    return exchange.kind is Kind.WEBHOOK and mailbox(exchange.path) in known.secrets


@CATALOGUE.invariant("KWP-HOOK-1", is_webhook)
def an_event_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    if exchange.method != "POST":
        return f"an event comes by {exchange.method}, not POST"
    if not (exchange.request_header("content-type") or "").lower().startswith("application/json"):
        return f"an event has Content-Type {exchange.request_header('content-type')!r}, not application/json"
    body = exchange.sent()
    return odd_fields(body, EVENT, "the event") or odd_fields(body["call"], EVENT_CALL, "the event's call")


@CATALOGUE.invariant("KWP-HOOK-2", is_signed_for)
def a_signature_is_right(exchange: Exchange, known: Known) -> str | None:
    stamp = exchange.request_header(TIMESTAMP)
    signature = exchange.request_header(SIGNATURE)
    if stamp is None or not UNIX_SECONDS.fullmatch(stamp):
        return f"{TIMESTAMP} is {stamp!r}, not Unix seconds"
    if signature is None or not VERSIONED.fullmatch(signature):
        return f"{SIGNATURE} is {_cut(signature)}, not v1= and 64 hex digits"
    expected = sign(known.secrets[mailbox(exchange.path)], stamp, exchange.request_body)
    if not hmac.compare_digest(expected, signature):
        return f"{SIGNATURE} is not the HMAC-SHA256 of timestamp.raw_body under the number's secret"
    return None


def sign(secret: str, stamp: str, body: bytes) -> str:
    """What the page says the signature is."""
    return "v1=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _cut(signature: str | None) -> str:
    return "missing" if signature is None else repr(signature if len(signature) < 12 else signature[:12] + "…")


def hooked(ctx: ProbeContext, account: Account) -> tuple[dict[str, Any], Inbox]:
    """A number whose events come to an inbox of its own."""
    inbox = ctx.inbox()
    return new_number(account, webhook_url=inbox.url), inbox


def sid(exchange: Exchange) -> str | None:
    """The call id in an event."""
    body = exchange.sent()
    call = body.get("call") if isinstance(body, dict) else None
    return call.get("call_sid") if isinstance(call, dict) else None


@CATALOGUE.probe("KWP-HOOK-1", shares=("number",))
def every_completed_call_is_told(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        account, arrived = _somebody_calls(ctx)
        _told_right(ctx, account, arrived)
        return
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    other, other_inbox = hooked(ctx, account)
    made = [finished_call(account, number, duration=20 + place) for place in range(2)]
    account.advance(HOUR)
    seen = [sid(exchange) for exchange in inbox.received]
    ctx.check_(
        seen == made,
        f"events after two completed calls: expected one for each, in order; got {len(seen)}",
        *inbox.received,
    )
    ctx.expect(not other_inbox.received, "the address of another number: expected nothing to come there")
    finished_call(account, other, duration=7, outcome="complaint", recording=False, turns=[])
    for exchange in (*inbox.received, *other_inbox.received):
        _told_right(ctx, account, exchange)
    ctx.expect(len(other_inbox.received) == 1, "an event after a call to the other number: expected one")
    events = [(exchange.sent() or {}).get("number_id") for exchange in (*inbox.received, *other_inbox.received)]
    owners = [number["id"], number["id"], other["id"]]
    ctx.expect(events == owners, f"the number_id of the events: expected {owners}, got {events}", *inbox.received)


def _told_right(ctx: ProbeContext, account: Account, exchange: Exchange) -> None:
    problem = an_event_is_as_documented(exchange, Known({}))
    ctx.check_(problem is None, f"an event: {problem or 'as documented'}", exchange)
    told = exchange.sent()["call"]
    call = next((each for each in calls(account) if each.get("id") == told["call_sid"]), None)
    ctx.precondition(call is not None, f"the call {told['call_sid']} of the event is not in the list of calls")
    differs = [
        f"{name} {told[name]!r}, in the list {(call or {}).get(name)!r}"
        for name in SAME_IN_LIST
        if told[name] != (call or {}).get(name)
    ]
    ctx.expect(
        not differs, f"an event beside the list of calls: expected the same facts; {', '.join(differs)}", exchange
    )
    started, occurred = moment(told["started_at"]), moment(exchange.sent()["occurred_at"])
    if started is not None and occurred is not None:
        ctx.expect(
            (occurred - started).total_seconds() >= told["duration_sec"],
            f"an event's occurred_at: expected it after the call's {told['duration_sec']} s; "
            f"it is {(occurred - started).total_seconds():g} s after started_at",
            exchange,
        )


def _somebody_calls(ctx: ProbeContext) -> tuple[Account, Exchange]:
    account = ctx.default_account()
    number = number_in(shared_number(ctx, account))
    inbox: Inbox | None = ctx.shared.get("inbox")
    if inbox is None:
        ctx.precondition(False, "the number was provisioned without our webhook address")
    wait = ctx.run_context.await_call
    ctx.precondition(wait > 0, "nobody was asked to call the number: give --await-call SECONDS, and phone it")
    if not (inbox and inbox.received):
        ctx.run_context.say(f"Please call {number['phone_number']} now and hang up after a moment; waiting {wait:g} s.")
    if inbox is None or not inbox.wait(1, wait):
        ctx.precondition(
            False, f"no event came within {wait:g} s: either nobody called, or it cannot reach our address"
        )
    assert inbox is not None
    return account, inbox.received[0]


@CATALOGUE.probe("KWP-HOOK-2", shares=("number",))
def signatures(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        _, arrived = _somebody_calls(ctx)
        _signed_right(ctx, arrived, number_in(ctx.shared["number"])["webhook_secret"])
        _stamped(ctx, arrived, time.time(), FRESH_FOR_REAL)
        return
    account = ctx.account(**OPEN)
    for _ in range(2):
        number, inbox = hooked(ctx, account)
        call = finished_call(account, number, outcome="Bestellung für zwölf — 中文")
        ctx.precondition(len(inbox.received) == 1, f"expected one event to look at, got {len(inbox.received)}")
        _signed_right(ctx, inbox.received[0], str(number.get("webhook_secret")))
        for at in _attempt_times(account, call)[:1]:
            _stamped(ctx, inbox.received[0], at, FRESH_SECONDS)


def _signed_right(ctx: ProbeContext, exchange: Exchange, secret: str) -> None:
    problem = a_signature_is_right(exchange, Known({mailbox(exchange.path): secret}))
    ctx.check_(problem is None, f"an event's signature: {problem or 'as documented'}", exchange)


def _stamped(ctx: ProbeContext, exchange: Exchange, now: float, slack: float) -> None:
    stamp = float(exchange.request_header(TIMESTAMP) or 0)
    ctx.expect(
        abs(stamp - now) <= slack,
        f"{TIMESTAMP} of a first attempt: expected the second of signing, it is {stamp - now:+.0f} s off",
        exchange,
    )


@CATALOGUE.probe("KWP-HOOK-3")
def a_receiver_that_fails(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    inbox.answer(500, Answer(hangs=True), 404, 429, 503)
    call = finished_call(account, number)
    ctx.check_(len(inbox.received) == 1, f"attempts at once: expected one, got {len(inbox.received)}", *inbox.received)
    account.settings(webhook_timeout=SHUTDOWN_TIMEOUT)
    _advance_until(account, inbox, 2)
    account.settings(webhook_timeout=None)
    account.advance(ALL_ATTEMPTS)
    came = inbox.received
    ctx.check_(len(came) == ATTEMPTS, f"attempts when each fails: expected {ATTEMPTS} in all, got {len(came)}", *came)
    times = _attempt_times(account, call)
    waits = [later - earlier for earlier, later in itertools.pairwise(times)]
    ctx.expect(
        len(times) == ATTEMPTS and all(longer > shorter > 0 for shorter, longer in itertools.pairwise(waits)),
        f"the waits between attempts: expected each longer than the one before, got {_spoken(waits)}",
        *came,
    )
    stamps = [float(exchange.request_header(TIMESTAMP) or 0) for exchange in came]
    ctx.expect(
        all(abs(stamp - at) <= FRESH_SECONDS for stamp, at in zip(stamps, times, strict=False)),
        f"the timestamps of the attempts: expected each signed when it was sent, after waits of {_spoken(waits)}; "
        f"got waits of {_spoken([b - a for a, b in itertools.pairwise(stamps)])}",
        *came,
    )
    ctx.expect(
        {sid(exchange) for exchange in came} == {call},
        "the call id of the attempts: expected the same in all",
        *came,
    )


def _advance_until(account: Account, inbox: Inbox, count: int) -> None:
    """Move time on in steps until so many attempts have come, or for a day."""
    for _ in range(DAY // STEP):
        if len(inbox.received) >= count:
            return
        account.advance(STEP)


def _attempt_times(account: Account, call: str) -> list[float]:
    """Unix seconds of the attempts for a call, by the account's clock."""
    delivery = next((each for each in account.deliveries() if each.get("subject") == call), None)
    attempts = delivery["attempts"] if delivery else []
    return [instant.timestamp() for attempt in attempts if (instant := moment(attempt["at"])) is not None]


def _spoken(waits: list[float]) -> str:
    return ", ".join(f"{wait:g} s" for wait in waits) or "none"


@CATALOGUE.probe("KWP-HOOK-4")
def a_receiver_that_recovers(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    for answers, expected in (((200,), 1), ((204,), 1), ((503, 503, 202), 3)):
        number, inbox = hooked(ctx, account)
        inbox.answer(*answers, 200)
        finished_call(account, number)
        account.advance(ALL_ATTEMPTS)
        ctx.expect(
            len(inbox.received) == expected,
            f"attempts when the answers are {answers}: expected {expected}, got {len(inbox.received)}",
            *inbox.received,
        )


@CATALOGUE.probe("KWP-HOOK-5")
def a_receiver_that_redirects(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    elsewhere = ctx.inbox()
    receiver = ctx.run_context.receiver
    assert receiver is not None
    places = (elsewhere.path, receiver.origin + elsewhere.path)
    inbox.answer(
        *(
            Answer(status, (("Location", place),))
            for status, place in zip((301, 302, 303, 307), itertools.cycle(places), strict=False)
        ),
        200,
    )
    finished_call(account, number)
    account.advance(ALL_ATTEMPTS)
    ctx.expect(not elsewhere.received, "the place a redirect points to: expected nothing there", *elsewhere.received)
    ctx.expect(
        len(inbox.received) == ATTEMPTS,
        f"attempts when four redirects come before a 200: expected {ATTEMPTS}, got {len(inbox.received)}",
        *inbox.received,
    )


@CATALOGUE.probe("KWP-HOOK-6")
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
        ctx.control(
            "PUT",
            "/webhook-routes",
            {**usual, **{f"https://{host}": receiver.origin for host in hosts}},
        )
        ctx.control("PUT", "/hosts", {**usual_hosts, **{host: [PUBLIC] for host in hosts}})
        for host in hosts:
            inbox = ctx.inbox()
            number = new_number(account, webhook_url=f"https://{host}{inbox.path}")
            numbers.append((hosts[host], number, inbox))
        _reached(ctx, account, numbers[0][1], numbers[0][2])
        ctx.control("PUT", "/hosts", {**usual_hosts, **{host: [address] for host, address in hosts.items()}})
        for address, number, inbox in numbers:
            came = len(inbox.received)
            finished_call(account, number)
            account.advance(HOUR)
            ctx.expect(
                len(inbox.received) == came,
                f"a host that resolves to {address} by the time of sending: expected it not to be contacted",
                *inbox.received[came:],
            )
    finally:
        ctx.control("PUT", "/hosts", usual_hosts)
        ctx.control("PUT", "/webhook-routes", usual)


def _reached(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Inbox) -> None:
    finished_call(account, number)
    ctx.precondition(len(inbox.received) == 1, "the host was not reached while its address was public")


@CATALOGUE.probe("KWP-HOOK-7")
def a_number_without_an_address(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    silent = new_number(account)
    _, inbox = hooked(ctx, account)
    call = finished_call(account, silent)
    ctx.precondition(any(each.get("id") == call for each in calls(account)), "the call is not in the list of calls")
    account.advance(HOUR)
    sent = account.deliveries()
    ctx.expect(
        not inbox.received and not sent,
        f"a call to a number without webhook_url: expected no event, {len(sent)} were sent",
        *inbox.received,
    )


@CATALOGUE.probe("KWP-HOOK-8")
def an_event_that_comes_twice(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    account.fault(first=1, effect={"webhook": "duplicate"})
    call = finished_call(account, number)
    account.advance(HOUR)
    ctx.expect(
        [sid(exchange) for exchange in inbox.received] == [call, call],
        f"a duplicated event: expected it twice with the same call id, got {len(inbox.received)}",
        *inbox.received,
    )


@CATALOGUE.probe("KWP-HOOK-9")
def calls_that_were_not_completed(ctx: ProbeContext) -> None:
    account = ctx.account(**OPEN)
    number, inbox = hooked(ctx, account)
    for end in ("no_answer", "busy", "failed"):
        ring(account, number, end=end)
        account.advance(HOUR)
        ctx.expect(not inbox.received, f"a call that ended as {end}: expected no event", *inbox.received)
    ring(account, number, duration=TALK_SECONDS)
    account.advance(RINGING_AND_AFTER)
    ctx.expect(not inbox.received, "a call that is still going on: expected no event", *inbox.received)
    account.advance(TALK_SECONDS)
    ctx.precondition(len(inbox.received) == 1, "no event came for the completed call either")

"""Probes and invariants for "Webhooks"."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import re
from collections import Counter
from decimal import Decimal
from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, HOOK, WRITE
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.numbers import later, until
from ringback_conformance.claims.nokycnumber.shapes import ENDPOINT, EVENT, EVENTS
from ringback_conformance.claims.nokycnumber.steps import (
    DAY,
    ENDPOINTS,
    HOUR,
    MINUTE,
    NUMBERS,
    RECEIPTS,
    RINGING_AND_AFTER,
    about,
    activate,
    address,
    an_offer,
    data,
    finished_call,
    hook,
    ids,
    listed,
    new_call,
    new_number,
    new_sms,
    price_of,
    refused,
    ring,
    thing_in,
    told,
    voicemail,
    written,
)
from ringback_conformance.model import Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Answer, Inbox, mailbox
from ringback_conformance.shapes import moment, odd_fields

endpoints_claim = CATALOGUE.section("Webhooks: Endpoints")
events_claim = CATALOGUE.section("Webhooks: Event types")
claim = CATALOGUE.section("Webhooks")
signature_claim = CATALOGUE.section("Webhooks: Signature verification")

SIGNATURE = "X-NoKYC-Signature"
SIGNED = re.compile(r"t=(\d{10}),v1=([0-9a-f]{64})")
RETRIES = 5
"""Page "Webhooks": up to 5 times after the first attempt."""
ALL_ATTEMPTS = 4 * DAY
"""So long, and every attempt there will be has been made."""
SPREAD = (12 * HOUR, 25 * HOUR)
"""When the last retry comes after the first attempt, for "over 24 hours" to be true."""
GROWTH = 1.5
"""What each wait is of the one before, at least, where waits grow exponentially."""
FRESH_SECONDS = 5
"""How far a signature's timestamp may be from the moment of the attempt, on the account's clock."""
SHUTDOWN_TIMEOUT = 0.2
"""Real seconds that an account's receiver is given while a probe makes it hang."""
BAD_URLS = ("http://hooks.example.com/n", "ftp://hooks.example.com/n", "hooks.example.com", "", None, 5)
BAD_EVENTS: tuple[Any, ...] = ([], ["sms.exploded"], ["sms.sent", "nothing"], "sms.sent", [5], ["SMS.SENT"], None)


@endpoints_claim(
    "NKN-HOOK-1",
    "Registering an endpoint is answered 201 with its signing secret; the list never shows it; DELETE is "
    "answered 204, and nothing more is sent there.",
    needs=WRITE,
    sends=(
        Send("POST", ENDPOINTS, 1),
        Send("GET", ENDPOINTS, 2),
        Send("DELETE", f"{ENDPOINTS}/{{id}}", 2),
    ),
)
def endpoints_made_and_removed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    url = address(account)
    wanted = {"url": url, "enabled_events": ["sms.received", "call.completed"], "description": "for the tests"}
    exchange = account.post(ENDPOINTS, wanted)
    odd = odd_fields(exchange.json(), ENDPOINT, "the endpoint")
    ctx.check_(exchange.status == 201 and odd is None, f"an endpoint: {odd or exchange}", exchange)
    endpoint = exchange.json()
    wrong = {name: endpoint.get(name) for name, value in wanted.items() if endpoint.get(name) != value}
    ctx.expect(not wrong, f"an endpoint: expected {wanted}, got {wrong}", exchange)
    secret = _secret(endpoint)
    ctx.check_(bool(secret), "an endpoint that was just made: expected its signing secret", exchange)
    listing = account.get(ENDPOINTS)
    found = [each for each in data(listing) if each["id"] == endpoint["id"]]
    ctx.expect(len(found) == 1, f"the list: expected the endpoint once, got {len(found)}", listing)
    ctx.expect(
        secret.encode() not in listing.response_body and not any(_secret(each) for each in found),
        "the list: expected no signing secret",
        listing,
    )
    if ctx.emulated:
        other = account.post(ENDPOINTS, wanted).json()
        ctx.expect(_secret(other) not in ("", secret), "a second endpoint: expected a secret of its own", exchange)
        account.delete(f"{ENDPOINTS}/{other['id']}")
    removed = account.delete(f"{ENDPOINTS}/{endpoint['id']}")
    ctx.expect(
        removed.status == 204 and not removed.response_body,
        f"DELETE of an endpoint: expected 204 without a body, got {removed}",
        removed,
    )
    ctx.expect(endpoint["id"] not in ids(listed(account, ENDPOINTS)), "the list after that: expected it gone", removed)
    refused(ctx, account.delete(f"{ENDPOINTS}/{endpoint['id']}"), (404,), "a second DELETE", "invalid_request_error")
    if ctx.emulated:
        _silence(ctx, account)
    else:
        ctx.not_covered("whether anything is sent there afterwards")


def _secret(endpoint: dict[str, Any]) -> str:
    found = [value for name, value in endpoint.items() if "secret" in name and isinstance(value, str)]
    return found[0] if found else ""


def _silence(ctx: ProbeContext, account: Account) -> None:
    endpoint, inbox = hook(ctx, account)
    number = new_number(account)
    account.advance(MINUTE)
    ctx.precondition(bool(inbox.received), "no event came while the endpoint was there")
    account.delete(f"{ENDPOINTS}/{endpoint['id']}")
    came = len(inbox.received)
    new_sms(account, number)
    account.advance(RECEIPTS)
    ctx.expect(
        len(inbox.received) == came, "an endpoint that was removed: expected nothing more", *inbox.received[came:]
    )


@endpoints_claim(
    "NKN-HOOK-2",
    'An unknown event, an empty list and a url that is not https are refused; `["*"]` takes all.',
    needs=WRITE,
    sends=(Send("POST", ENDPOINTS, len(BAD_EVENTS) + len(BAD_URLS), note="which is refused"),),
)
def endpoints_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for events in BAD_EVENTS:
        exchange = account.post(ENDPOINTS, {"url": address(account), "enabled_events": events})
        refused(ctx, exchange, (400, 422), f"enabled_events {events!r}", "invalid_request_error")
    for url in BAD_URLS:
        if not ctx.run_context.strict and str(url).startswith("http://"):
            ctx.not_covered("http, which an emulator takes on loopback unless it is started with --strict")
            continue
        exchange = account.post(ENDPOINTS, {"url": url, "enabled_events": ["*"]})
        refused(ctx, exchange, (400, 422), f"url {url!r}", "invalid_request_error")
    if not ctx.emulated:
        return
    ctx.expect(not listed(account, ENDPOINTS), "the list after that: expected it empty")
    exchange = account.post(ENDPOINTS, {"url": address(account), "enabled_events": list(EVENTS)})
    ctx.expect(exchange.status == 201, f"all 15 events by name: expected 201, got {exchange}", exchange)
    _, inbox = hook(ctx, account, "*")
    number = new_number(account)
    new_sms(account, number)
    written(account, number)
    account.advance(RECEIPTS)
    types = {event["type"] for event in told(inbox)}
    wanted = {"number.activated", "sms.sent", "sms.delivered", "sms.received"}
    ctx.expect(wanted <= types, f'["*"]: expected {sorted(wanted)}, got {sorted(types)}', *inbox.received)


@events_claim(
    "NKN-HOOK-3",
    "Each of the 15 event types fires when its cause happens, once for each endpoint that is subscribed.",
    needs=HOOK | CTL,
)
def every_event_fires(ctx: ProbeContext) -> None:
    account = ctx.account(balance_low_threshold="20.00", balance="500.00")
    _, inbox = hook(ctx, account)
    _, second = hook(ctx, account, *EVENTS)
    own = ctx.inbox()
    number = new_number(account, addons=["ai-pickup", "ai-summary"], webhook_url=own.url)
    account.patch(f"{NUMBERS}/{number['id']}/ai", {"auto_pickup": {"enabled": True, "after_rings": 3}})
    expected: Counter[tuple[str, str]] = Counter({("number.activated", number["id"]): 1})
    account.post(f"{NUMBERS}/{number['id']}/renew", {})
    expected["number.renewed", number["id"]] += 1
    call = finished_call(account, number, 20, recording_enabled=True)
    for type_ in ("call.initiated", "call.answered", "call.completed", "call.recorded"):
        expected[type_, call["id"]] += 1
    busy = new_call(account, number, script={"end": "busy"})
    account.advance(RINGING_AND_AFTER)
    expected["call.initiated", busy["id"]] += 1
    expected["call.completed", busy["id"]] += 1
    text = new_sms(account, number)
    account.advance(RECEIPTS)
    expected["sms.sent", text["id"]] += 1
    expected["sms.delivered", text["id"]] += 1
    account.script({"kind": "message"}, end="failed", failure_code="number_unknown")
    lost = new_sms(account, number)
    account.advance(RECEIPTS)
    expected["sms.failed", lost["id"]] += 1
    expected["sms.received", written(account, number)] += 1
    picked = ring(account, number, end="no_answer")
    account.advance(HOUR)
    expected["ai.pickup", picked] += 1
    mail = voicemail(account, number)
    expected["voicemail.created", mail["id"]] += 1
    account.advance(RINGING_AND_AFTER)
    _low_and_paused(ctx, account, number, expected)
    account.delete(f"{NUMBERS}/{number['id']}")
    until(account, later(number["created_at"], "monthly", 2))
    account.advance(HOUR)
    expected["number.released", number["id"]] += 1
    _count(ctx, inbox, expected)
    _count(ctx, second, expected)
    _count(ctx, own, Counter({key: n for key, n in expected.items() if key[0] != "account.balance_low"}))


def _low_and_paused(
    ctx: ProbeContext, account: Account, number: dict[str, Any], expected: Counter[tuple[str, str]]
) -> None:
    now = moment(account.state()["now"])
    ctx.precondition(now is not None, "the account has no clock")
    begin = (now.hour + 2) % 24 if now is not None else 0
    span = {
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "from": f"{begin:02d}:00",
        "to": f"{begin:02d}:30",
    }
    account.patch(f"{NUMBERS}/{number['id']}", {"on_off": {"timezone": "UTC", "windows": [span]}})
    account.advance(4 * HOUR)
    expected["number.paused", number["id"]] += 1
    account.patch(f"{NUMBERS}/{number['id']}", {"on_off": None})
    account.fund(f"-{account.balance() - 20}")
    new_sms(account, number)
    account.advance(RECEIPTS)
    expected["account.balance_low", ""] += 1
    sent = listed(account, "/v1/sms", limit=1)
    expected["sms.sent", sent[0]["id"]] += 1
    expected["sms.delivered", sent[0]["id"]] += 1


def _count(ctx: ProbeContext, inbox: Inbox, expected: Counter[tuple[str, str]]) -> None:
    came = told(inbox)
    seen = Counter((str(e.get("type")), str(about(e).get("id", ""))) for e in came)
    for (type_, id_), times in expected.items():
        got = seen[type_, id_] if type_ != "account.balance_low" else _of_type(seen, type_)
        ctx.expect(
            got == times,
            f"{type_} for {id_ or 'the account'}: expected {times}, got {got}",
            *[each for each in inbox.received if (each.sent() or {}).get("type") == type_][:3],
        )
    allowed = {type_ for type_, _ in expected}
    for type_ in sorted({type_ for type_, _ in seen} - allowed):
        ctx.expect(False, f"{type_}: expected none there, got {_of_type(seen, type_)}")
    once = Counter(str(event.get("id")) for event in came)
    ctx.expect(max(once.values(), default=1) == 1, "the ids of the events: expected each once", *inbox.received[:3])


def _of_type(seen: Counter[tuple[str, str]], type_: str) -> int:
    return sum(times for (name, _), times in seen.items() if name == type_)


def is_webhook(exchange: Exchange, _: Known) -> bool:
    """The vendor sent something to one of our addresses."""
    return exchange.kind is Kind.WEBHOOK


@CATALOGUE.invariant("NKN-HOOK-4", is_webhook)
def an_event_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    if exchange.method != "POST":
        return f"an event comes by {exchange.method}, not POST"
    if not (exchange.request_header("content-type") or "").lower().startswith("application/json"):
        return f"an event has Content-Type {exchange.request_header('content-type')!r}, not application/json"
    event = exchange.sent()
    if odd := odd_fields(event, EVENT, "the event"):
        return odd
    kind, thing = str(event["type"]).partition(".")[0], str(about(event).get("object"))
    fits = {"ai": ("call",), "account": ("account",)}.get(kind, (kind,))
    return None if thing in fits else f"a {event['type']} is about a {thing}"


@claim(
    "NKN-HOOK-4",
    "An event is a POST of JSON: id evt_…, object event, type, created, livemode, data.object, request_id.",
    needs=HOOK | CTL,
)
def events_in_their_envelope(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account)
    number = new_number(account)
    text = new_sms(account, number)
    account.advance(RECEIPTS)
    ctx.precondition(len(inbox.received) >= 3, f"{len(inbox.received)} events came for a number and a message")
    for exchange in inbox.received:
        odd = an_event_is_as_documented(exchange, Known({}))
        ctx.expect(odd is None, f"an event: {odd or 'as documented'}", exchange)
    events = told(inbox)
    ctx.expect(
        len({event["id"] for event in events}) == len(events),
        "the ids of events: expected each its own",
        *inbox.received,
    )
    for event in told(inbox, "sms.delivered"):
        thing = about(event)
        ctx.expect(
            thing.get("id") == text["id"] and thing.get("status") == "delivered",
            f"sms.delivered: expected the message as it then was, got {thing.get('id')} {thing.get('status')}",
            *inbox.received,
        )
        made_at, sent_at = moment(event["created"]), moment(thing.get("delivered_at"))
        ctx.expect(
            made_at == sent_at,
            f"created: expected {thing.get('delivered_at')}, got {event['created']}",
            *inbox.received,
        )


def is_signed_for(exchange: Exchange, known: Known) -> bool:
    """A webhook whose secret we were given."""
    return exchange.kind is Kind.WEBHOOK and mailbox(exchange.path) in known.secrets


@CATALOGUE.invariant("NKN-HOOK-5", is_signed_for)
def a_signature_is_right(exchange: Exchange, known: Known) -> str | None:
    header = exchange.request_header(SIGNATURE) or ""
    found = SIGNED.fullmatch(header)
    if found is None:
        return f"{SIGNATURE} is {_cut(header)}, not t=<Unix seconds>,v1=<64 hex digits>"
    expected = sign(known.secrets[mailbox(exchange.path)], found[1], exchange.request_body)
    if not hmac.compare_digest(expected, found[2]):
        return f"{SIGNATURE} is not the HMAC-SHA256 of t.raw_body under the receiver's secret"
    return None


def sign(secret: str, stamp: str, body: bytes) -> str:
    """What the page says the signature is."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _cut(header: str) -> str:
    return "missing" if not header else repr(header if len(header) < 20 else header[:20] + "…")


@signature_claim(
    "NKN-HOOK-5",
    "X-NoKYC-Signature is `t=<seconds>,v1=<hex>`: the HMAC-SHA256 of `t.raw_body` under the endpoint's secret.",
    needs=HOOK | CTL,
)
def signatures(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    endpoints = [hook(ctx, account) for _ in range(2)]
    own = ctx.inbox()
    creation = activate(account, an_offer(account), webhook_url=own.url)
    number = thing_in(creation, "number")
    ctx.check_(bool(_secret(number)), "a number with a webhook_url: expected its signing secret, once", creation)
    text = "Déjà vu — 10 € 😀"
    new_sms(account, number, text)
    account.advance(RECEIPTS)
    secrets = [(_secret(endpoint), inbox) for endpoint, inbox in endpoints] + [(_secret(number), own)]
    times = _attempt_times(account)
    for secret, inbox in secrets:
        ctx.precondition(bool(inbox.received), "no event came")
        for exchange in inbox.received:
            found = SIGNED.fullmatch(exchange.request_header(SIGNATURE) or "")
            ctx.check_(
                found is not None,
                f"{SIGNATURE}: expected t=<seconds>,v1=<hex>, got {_cut(exchange.request_header(SIGNATURE) or '')}",
                exchange,
            )
            if found is None:
                continue
            right = hmac.compare_digest(sign(secret, found[1], exchange.request_body), found[2])
            ctx.expect(right, f"{SIGNATURE}: expected it under the receiver's own secret", exchange)
            near = any(abs(int(found[1]) - instant) <= FRESH_SECONDS for instant in times)
            ctx.expect(near, f"t of {SIGNATURE}: expected the moment of the attempt, got {found[1]}", exchange)


def _attempt_times(account: Account, event: str = "") -> list[float]:
    """Unix seconds of attempts, oldest first, by the account's clock."""
    return sorted(
        instant.timestamp()
        for delivery in account.deliveries()
        if event in ("", delivery.get("event"))
        for attempt in delivery["attempts"]
        if (instant := moment(attempt["at"])) is not None
    )


@claim(
    "NKN-HOOK-6",
    "A receiver that fails is tried again up to 5 times after waits that grow exponentially, over 24 hours; "
    "each attempt is signed afresh and carries the same event. A 2xx ends it; a redirect does not, and is not "
    "followed.",
    needs=HOOK | CTL,
)
def receivers_that_fail(ctx: ProbeContext) -> None:
    _all_attempts(ctx, (500, 404, 302, 503, 400))
    _all_attempts(ctx, (500, 503, 204))
    _all_attempts(ctx, (200,))
    _hanging(ctx)


def _all_attempts(ctx: ProbeContext, answers: tuple[int, ...]) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "number.activated")
    elsewhere = ctx.inbox()
    ends_well = answers[-1] < 300
    inbox.answer(
        *(Answer(status, (("Location", elsewhere.path),) if 300 <= status < 400 else ()) for status in answers),
        *(() if ends_well else (500,)),
    )
    new_number(account)
    account.advance(ALL_ATTEMPTS)
    expected = len(answers) if ends_well else 1 + RETRIES
    came = inbox.received
    ctx.check_(
        len(came) == expected,
        f"attempts where the answers are {', '.join(map(str, answers))}: expected {expected}, got {len(came)}",
        *came,
    )
    ctx.expect(not elsewhere.received, "where a redirect points to: expected nothing there", *elsewhere.received)
    events = {(event["id"], event["type"], event["created"]) for event in told(inbox)}
    ctx.expect(
        len(events) == 1, f"the event of {len(came)} attempts: expected one and the same, got {len(events)}", *came
    )
    ctx.expect(
        len({exchange.request_body for exchange in came}) == 1, "the bodies of the attempts: expected them alike", *came
    )
    stamps = [int(found[1]) for each in came if (found := SIGNED.fullmatch(each.request_header(SIGNATURE) or ""))]
    times = _attempt_times(account, "number.activated")
    fresh = len(stamps) == len(times) and all(abs(a - b) <= FRESH_SECONDS for a, b in zip(stamps, times, strict=False))
    ctx.expect(fresh, "the attempts: expected each signed when it was sent", *came)
    if not ends_well:
        waits = [b - a for a, b in itertools.pairwise(times)]
        ctx.expect(
            all(b >= GROWTH * a for a, b in itertools.pairwise(waits)),
            "the waits between attempts: expected them to grow exponentially, got "
            f"{', '.join(f'{wait:g} s' for wait in waits)}",
            *came,
        )
        ctx.expect(
            SPREAD[0] <= sum(waits) <= SPREAD[1],
            f"the last attempt: expected it about 24 hours after the first, it is {sum(waits) / HOUR:.1f} hours",
            *came,
        )


def _hanging(ctx: ProbeContext) -> None:
    account = ctx.account(webhook_timeout=SHUTDOWN_TIMEOUT)
    _, inbox = hook(ctx, account, "number.activated")
    inbox.answer(Answer(hangs=True), 200)
    new_number(account)
    account.advance(1)
    account.settings(webhook_timeout=None)
    account.advance(ALL_ATTEMPTS)
    ctx.expect(
        len(inbox.received) == 2,
        f"a receiver that does not answer, then does: expected 2 attempts, got {len(inbox.received)}",
        *inbox.received,
    )


@events_claim(
    "NKN-HOOK-7",
    "account.balance_low fires once when the balance falls below the threshold, and again only after it was above.",
    needs=HOOK | CTL,
)
def a_balance_that_falls(ctx: ProbeContext) -> None:
    account = ctx.account(balance="100.00", balance_low_threshold="50.00")
    _, inbox = hook(ctx, account, "account.balance_low")
    number = new_number(account)
    offer = an_offer(account)
    price = price_of(offer)
    for what, target, charged, expected in (
        ("exactly the threshold", "50.00", price, 0),
        ("below it", "49.99", price, 1),
        ("still below it", "40.00", price, 1),
        ("above it again", "75.00", 0, 1),
        ("below it again", "45.00", price, 2),
        ("above it once more", "60.00", 0, 2),
        ("below it, with money taken out of the account", "30.00", 0, 3),
    ):
        account.fund(f"{Decimal(target) + charged - account.balance()}")
        if charged:
            renewed = account.post(f"{NUMBERS}/{number['id']}/renew", {})
            ctx.precondition(renewed.status is not None and renewed.status < 300, f"no charge could be made: {renewed}")
        account.advance(MINUTE)
        ctx.precondition(account.balance() == Decimal(target), f"the balance is {account.balance()}, not {target}")
        ctx.expect(
            len(inbox.received) == expected,
            f"account.balance_low, ${target} with $50 as threshold, {what}: expected {expected} so far, "
            f"got {len(inbox.received)}",
            *inbox.received,
        )
    for event in told(inbox):
        ctx.expect(
            about(event).get("object") == "account",
            f"the event: got one about {about(event).get('object')}",
            *inbox.received,
        )
    calm = ctx.account(balance="100.00")
    _, quiet = hook(ctx, calm, "account.balance_low")
    calm.fund("-90.00")
    new_number(calm)
    calm.advance(MINUTE)
    ctx.expect(not quiet.received, "account.balance_low without a threshold: expected none", *quiet.received)


@claim(
    "NKN-HOOK-8",
    "An endpoint is sent the events it enabled and no others; a number's webhook_url the events of that number alone.",
    needs=HOOK | CTL,
)
def events_to_whom_they_concern(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, sent = hook(ctx, account, "sms.sent")
    _, calls = hook(ctx, account, "call.completed", "sms.failed")
    one, two, moved = ctx.inbox(), ctx.inbox(), ctx.inbox()
    first, second, third = (
        new_number(account, webhook_url=one.url),
        new_number(account, webhook_url=two.url),
        new_number(account),
    )
    for number in (first, second, third):
        new_sms(account, number)
        finished_call(account, number, 5)
    account.advance(RECEIPTS)
    for inbox, types, times in ((sent, {"sms.sent"}, 3), (calls, {"call.completed"}, 3)):
        seen = Counter(event["type"] for event in told(inbox))
        ctx.expect(
            dict(seen) == dict.fromkeys(types, times),
            f"an endpoint for some events: expected {times} of {sorted(types)}, got {dict(seen)}",
            *inbox.received,
        )
    for inbox, number in ((one, first), (two, second)):
        whose = {_number_of(event) for event in told(inbox)}
        types = {event["type"] for event in told(inbox)}
        ctx.expect(
            whose == {number["number"]},
            f"the webhook_url of a number: expected events of {number['number']}, got {sorted(whose)}",
            *inbox.received,
        )
        ctx.expect(
            {"sms.sent", "sms.delivered", "call.initiated", "call.completed"} <= types,
            f"the webhook_url of a number: expected all events of it, got {sorted(types)}",
            *inbox.received,
        )
    changed = account.patch(f"{NUMBERS}/{first['id']}", {"webhook_url": moved.url})
    ctx.precondition(changed.status == 200, f"webhook_url could not be changed: {changed}")
    came = len(one.received)
    new_sms(account, first)
    account.advance(RECEIPTS)
    ctx.expect(
        len(one.received) == came and len(moved.received) == 2,
        f"after webhook_url was replaced: expected 2 events at the new address, got {len(moved.received)}, "
        f"and {len(one.received) - came} at the old",
        *moved.received,
    )


def _number_of(event: dict[str, Any]) -> str:
    thing = about(event)
    if thing.get("object") == "number":
        return str(thing.get("number"))
    return str(thing.get("to") if thing.get("direction") == "inbound" else thing.get("from_e164"))

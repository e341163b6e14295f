"""Probes and invariants for "SMS messages" and the sms of "Object schemas"."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.numbers import now, odd_things, shows
from ringback_conformance.claims.nokycnumber.shapes import MAX_MEDIA, SMS_STATUSES
from ringback_conformance.claims.nokycnumber.shapes import SMS as SMS_FIELDS
from ringback_conformance.claims.nokycnumber.steps import (
    FAR,
    HOUR,
    PERSON,
    RECEIPTS,
    SMS,
    about,
    data,
    exact,
    fetched,
    hook,
    ids,
    listed,
    made,
    new_number,
    new_sms,
    refused,
    send,
    told,
    written,
)
from ringback_conformance.model import Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

claim = CATALOGUE.section("SMS messages")
schemas_claim = CATALOGUE.section("Object schemas")

UNPROCESSED = (400, 404, 422)
FACE = "\U0001f600"
"""A character of two UCS-2 units."""
SEGMENTS: tuple[tuple[str, int], ...] = (
    ("a", 1),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("a" * 1530, 10),
    ("é" * 160, 1),
    ("€" * 80, 1),
    ("€" * 81, 2),
    ("[" * 80, 1),
    ("a" * 152 + "€" + "a" * 152, 3),
    ("a" * 153 + "€" + "a" * 151, 2),
    ("ê" * 70, 1),
    ("ê" * 71, 2),
    ("ê" * 134, 2),
    ("ê" * 135, 3),
    (FACE * 35, 1),
    (FACE * 36, 2),
    ("ê" * 66 + FACE + "ê" * 66, 3),
    ("ê" * 67 + FACE + "ê" * 65, 2),
    ("a" * 69 + "я", 1),
    ("a" * 70 + "я", 2),
    ("ê" * 670, 10),
)
"""Texts and how many segments they are: GSM 03.38 and UCS-2 at their edges, and pairs that would be split."""
TOO_LONG = ("a" * 1601, "a" * 1531, "ê" * 671, "€" * 766)
NO_NUMBERS = ("0612345678", "33612345678", "+33 6 12 34 56 78", "", None, 5)
PICTURE = "https://media.example.com/door.jpg"
WITH_MMS, WITHOUT_MMS = "us", "fr"
AMERICAN = "+12125550142"
"""A number of a country with MMS that nobody can have."""


@claim(
    "NKN-SMS-1",
    "A message is answered 201 with the sms object, queued, with segments and cost_usd, and the balance falls by that.",
    needs=CTL,
)
def messages_sent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    costs = []
    for body, segments in (("Bonjour. Your code is 482917.", 1), ("x" * 400, 3)):
        before = account.balance()
        exchange = send(account, number, body)
        odd = odd_fields(exchange.json(), SMS_FIELDS, "the message")
        ctx.check_(exchange.status == 201 and odd is None, f"a message: {odd or exchange}", exchange)
        text = exchange.json()
        wanted = {
            "from": number["id"],
            "from_e164": number["number"],
            "to": FAR,
            "body": body,
            "direction": "outbound",
            "status": "queued",
            "segments": segments,
            "media_urls": [],
            "failure_code": None,
            "delivered_at": None,
        }
        wrong = {name: text.get(name) for name, value in wanted.items() if text.get(name) != value}
        ctx.expect(not wrong, f"a message that was just sent: got {wrong}", exchange)
        cost = exact(text["cost_usd"])
        account.advance(RECEIPTS)
        fell = before - account.balance()
        ctx.expect(
            cost > 0 and fell == cost, f"cost_usd: expected what the balance fell by, ${fell}, it is ${cost}", exchange
        )
        costs.append(cost)
        ctx.expect(
            text["id"] in ids(listed(account, SMS)), "a message that was sent: expected it in the list", exchange
        )
    ctx.expect(costs[1] == 3 * costs[0], f"three segments: expected three times ${costs[0]}, it is ${costs[1]}")


@claim(
    "NKN-SMS-2",
    "Segments follow GSM 03.38 (160, or 153 each; some characters count two) and UCS-2 (70, or 67 each), and "
    "no pair is split.",
    needs=CTL,
)
def messages_in_segments(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    for body, segments in SEGMENTS:
        exchange = send(account, number, body)
        counted = (exchange.json() or {}).get("segments")
        ctx.expect(
            exchange.status == 201 and counted == segments,
            f"{_spoken(body)}: expected {segments} segments, got {counted} ({exchange})",
            exchange,
        )


def _spoken(body: str) -> str:
    return " and ".join(f"{len(list(run))} × {char!r}" for char, run in itertools.groupby(body))


@claim(
    "NKN-SMS-3",
    "An empty body, over 1,600 characters or over 10 segments is refused.",
    needs=WRITE,
    sends=(Send("POST", SMS, 1, note="which is refused"),),
)
def messages_that_are_too_long(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        empty = ctx.default_account().post(SMS, {"from": "num_000000000000", "to": FAR, "body": ""})
        refused(ctx, empty, UNPROCESSED, "an empty body")
        ctx.not_covered("bodies that are too long, which would cost money where they are not refused")
        return
    account = ctx.default_account()
    number = new_number(account)
    before = account.balance()
    for body in ("", *TOO_LONG, None, 5, ["a"]):
        shown = _spoken(body) if isinstance(body, str) and body else repr(body)
        refused(ctx, send(account, number, body), (400, 422), f"a body of {shown}", "invalid_request_error")
    ctx.expect(
        not listed(account, SMS) and account.balance() == before, "after that: expected no message and no charge"
    )


@claim(
    "NKN-SMS-4",
    "send_at holds a message until then; one that is past, or no instant, is refused.",
    needs=CTL,
)
def messages_for_later(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "sms.sent", "sms.delivered")
    number = new_number(account)
    due = (now(account) + timedelta(hours=2)).replace(microsecond=0)
    exchange = send(account, number, send_at=f"{due:%Y-%m-%dT%H:%M:%SZ}")
    ctx.check_(exchange.status == 201, f"a message for in two hours: expected 201, got {exchange}", exchange)
    id_ = exchange.json()["id"]
    account.advance(2 * HOUR - 30)
    early = fetched(account, SMS, id_)
    ctx.expect(
        early["status"] == "queued" and not told(inbox),
        f"a message before its send_at: expected it queued and nothing told, it is {early['status']}",
        exchange,
    )
    account.advance(RECEIPTS + 30)
    late = fetched(account, SMS, id_)
    ctx.expect(late["status"] == "delivered", f"a message after its send_at: it is {late['status']}", exchange)
    arrived = moment(late["delivered_at"])
    ctx.expect(
        arrived is not None and arrived >= due,
        f"delivered_at: expected after {due}, got {late['delivered_at']}",
        exchange,
    )
    before, count = account.balance(), len(listed(account, SMS))
    past = now(account) - timedelta(minutes=1)
    for value in (
        f"{past:%Y-%m-%dT%H:%M:%SZ}",
        "2020-01-01T00:00:00Z",
        "tomorrow",
        "",
        1745672460,
        "2026-13-01T00:00:00Z",
    ):
        refused(ctx, send(account, number, send_at=value), (400, 422), f"send_at {value!r}", "invalid_request_error")
    ctx.expect(
        len(listed(account, SMS)) == count and account.balance() == before,
        "after that: expected no message and no charge",
    )


@claim(
    "NKN-SMS-5",
    "media_urls are at most 5, http(s), and only where the country supports MMS; anything else is refused.",
    needs=CTL,
)
def messages_with_pictures(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    american, french = new_number(account, WITH_MMS), new_number(account, WITHOUT_MMS)
    for count in (1, MAX_MEDIA):
        urls = [f"{PICTURE}?{place}" for place in range(count)]
        exchange = send(account, american, to=AMERICAN, media_urls=urls)
        seen = (exchange.json() or {}).get("media_urls")
        ctx.expect(
            made(exchange) and seen == urls, f"{count} media_urls: expected them taken, got {exchange}", exchange
        )
    before, count = account.balance(), len(listed(account, SMS))
    for odd in (
        [PICTURE] * (MAX_MEDIA + 1),
        ["ftp://media.example.com/door.jpg"],
        ["door.jpg"],
        ["javascript:alert(1)"],
        [""],
        [5],
        PICTURE,
    ):
        exchange = send(account, american, to=AMERICAN, media_urls=odd)
        refused(ctx, exchange, (400, 422), f"media_urls {str(odd)[:60]}", "invalid_request_error")
    refused(ctx, send(account, french, media_urls=[PICTURE]), (400, 422), f"media_urls from and to {WITHOUT_MMS}")
    ctx.expect(
        len(listed(account, SMS)) == count and account.balance() == before,
        "after that: expected no message and no charge",
    )


@claim(
    "NKN-SMS-6",
    "A message is queued, then sent, then delivered with delivered_at set; or it is failed or undelivered "
    "with a failure_code.",
    needs=CTL,
)
def messages_on_their_way(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "sms.sent", "sms.delivered", "sms.failed")
    number = new_number(account)
    account.script({"kind": "message"}, delivered_after=60)
    text = new_sms(account, number)
    states = [text["status"]]
    for seconds in (10, 10, 80):
        account.advance(seconds)
        states.append(fetched(account, SMS, text["id"])["status"])
    ctx.expect(
        states == ["queued", "sent", "sent", "delivered"],
        f"a message whose receipt comes after a minute, at 0, 10, 20 and 100 s: it was {states}",
    )
    last = fetched(account, SMS, text["id"])
    arrived, began = moment(last["delivered_at"]), moment(last["created_at"])
    took = (arrived - began).total_seconds() if arrived is not None and began is not None else -1
    ctx.expect(60 <= took <= 65, f"delivered_at: expected a minute or so after created_at, it is {took:g} s")
    _events(ctx, inbox, text["id"], ["sms.sent", "sms.delivered"])
    for end, events in (("failed", ["sms.failed"]), ("undelivered", ["sms.sent", "sms.failed"])):
        account.script({"kind": "message"}, end=end, failure_code="number_unknown")
        text = new_sms(account, number)
        account.advance(RECEIPTS)
        after = fetched(account, SMS, text["id"])
        ctx.expect(
            after["status"] == end and after["delivered_at"] is None and after["failure_code"] == "number_unknown",
            f"a message that the carrier says is {end}: it is {after['status']}, delivered {after['delivered_at']}, "
            f"failure_code {after['failure_code']!r}",
        )
        _events(ctx, inbox, text["id"], events)
    ctx.expect(last["failure_code"] is None, f"failure_code of a delivered message: got {last['failure_code']!r}")


def _events(ctx: ProbeContext, inbox: Any, id_: str, expected: list[str]) -> None:
    came = [event["type"] for event in told(inbox) if about(event).get("id") == id_]
    ctx.expect(came == expected, f"the events of the message: expected {expected}, got {came}", *inbox.received)


@claim(
    "NKN-SMS-7",
    "The list of messages can be filtered by number, direction and status; one message shows how each segment fared.",
    needs=CTL,
)
def messages_filtered(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    first, second = new_number(account), new_number(account)
    for number, script in ((first, {}), (second, {}), (first, {"end": "failed"}), (second, {"end": "undelivered"})):
        account.script({"kind": "message"}, **script)
        new_sms(account, number)
        account.advance(RECEIPTS)
    written(account, first)
    written(account, second)
    account.advance(5)
    new_sms(account, first)
    every = listed(account, SMS)
    ctx.precondition(len(every) == 7, f"seven messages were made, and {len(every)} are listed")
    owns = {first["id"]: first["number"], second["id"]: second["number"]}
    queries: list[dict[str, str]] = [{"number": id_} for id_ in owns]
    queries += [{"direction": way} for way in ("inbound", "outbound")]
    queries += [{"status": status} for status in SMS_STATUSES]
    queries += [{"number": id_, "direction": "outbound", "status": "delivered"} for id_ in owns]
    for query in queries:
        expected = [text["id"] for text in every if _fits(text, query, owns)]
        seen = ids(data(account.get(f"{SMS}?{urlencode(query)}")))
        ctx.expect(seen == expected, f"messages with {query}: expected {len(expected)}, got {len(seen)}")
    for name, value in (("direction", "sideways"), ("status", "gone")):
        refused(ctx, account.get(f"{SMS}?{name}={value}"), (400, 422), f"messages with {name}={value}")
    long = new_sms(account, first, "x" * 400)
    _by_segment(ctx, account, long["id"], 3, delivered=False)
    account.advance(RECEIPTS)
    _by_segment(ctx, account, long["id"], 3, delivered=True)


def _fits(text: dict[str, Any], query: dict[str, str], owns: dict[str, str]) -> bool:
    own = text["from_e164"] if text["direction"] == "outbound" else text["to"]
    return bool(
        ("number" not in query or owns[query["number"]] == own)
        and query.get("direction", text["direction"]) == text["direction"]
        and query.get("status", text["status"]) == text["status"]
    )


def _by_segment(ctx: ProbeContext, account: Account, id_: str, segments: int, *, delivered: bool) -> None:
    exchange = account.get(f"{SMS}/{id_}")
    parts = [
        value
        for value in (exchange.json() or {}).values()
        if isinstance(value, list) and value and all(isinstance(each, dict) and "status" in each for each in value)
    ]
    ctx.check_(
        len(parts) == 1 and len(parts[0]) == segments,
        f"one message of {segments} segments: expected the status of each, got {[len(part) for part in parts]}",
        exchange,
    )
    states = {each["status"] for each in parts[0]}
    right = states == {"delivered"} if delivered else "delivered" not in states and states <= set(SMS_STATUSES)
    ctx.expect(
        right, f"the segments of a message {'' if delivered else 'not yet '}delivered: they are {states}", exchange
    )


@claim(
    "NKN-SMS-8",
    "Inbound messages are in the list and fire sms.received.",
    needs=CTL,
)
def messages_that_come_in(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "sms.received", "sms.sent", "sms.delivered")
    number = new_number(account)
    before = account.balance()
    id_ = written(account, number, "On my way. 10 €")
    account.advance(RECEIPTS)
    found = [text for text in listed(account, SMS) if text["id"] == id_]
    ctx.check_(len(found) == 1, f"an inbound message: expected it once in the list, got {len(found)}")
    wanted = {
        "direction": "inbound",
        "from_e164": PERSON,
        "to": number["number"],
        "body": "On my way. 10 €",
        "segments": 1,
    }
    wrong = {name: found[0].get(name) for name, value in wanted.items() if found[0].get(name) != value}
    ctx.expect(not wrong, f"an inbound message: expected {wanted}, got {wrong}")
    came = [(event["type"], about(event).get("id")) for event in told(inbox)]
    ctx.expect(came == [("sms.received", id_)], f"its events: expected sms.received alone, got {came}", *inbox.received)
    for event in told(inbox):
        text = about(event)
        ctx.expect(text.get("body") == wanted["body"], f"the event's body: got {text.get('body')!r}", *inbox.received)
    ctx.expect(account.balance() == before, "an inbound message: expected it to cost nothing")


@CATALOGUE.invariant("NKN-SMS-9", shows("sms"), whole=True)
def a_message_is_as_documented(exchange: Exchange, _: Known) -> str | None:
    return odd_things(exchange, "sms")


@schemas_claim(
    "NKN-SMS-9",
    "An sms object has the documented fields with their types and values, wherever it is shown.",
    needs=READ,
    sends=(Send("GET", SMS, 1),),
)
def messages_listed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
        new_sms(account, number)
        written(account, number)
        account.advance(RECEIPTS)
    for text in listed(account, SMS)[:5]:
        odd = odd_fields(text, SMS_FIELDS, "a message")
        ctx.expect(odd is None, f"a message: {odd or 'as documented'}")


@claim(
    "NKN-SMS-10",
    "A `from` that is not owned and a `to` that is not E.164 are refused; an unknown id is answered 404.",
    needs=WRITE,
    sends=(
        Send("POST", SMS, 1, note="which is refused"),
        Send("GET", f"{SMS}/{{id}}", 2),
    ),
)
def messages_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    unknown = account.post(SMS, {"from": "num_000000000000", "to": FAR, "body": "Hello"})
    refused(ctx, unknown, UNPROCESSED, "a message from a number that is not owned")
    for id_ in ("sms_000000000000", "nope"):
        refused(ctx, account.get(f"{SMS}/{id_}"), (404,), f"the message {id_}", "invalid_request_error")
    if not ctx.emulated:
        ctx.not_covered("what would cost money where it is not refused")
        return
    number, other = new_number(account), new_number(ctx.default_account())
    before = account.balance()
    refused(ctx, send(account, other), UNPROCESSED, "a message from another account's number")
    for to in NO_NUMBERS:
        refused(ctx, send(account, number, to=to), UNPROCESSED, f"a message to {to!r}", "invalid_request_error")
    ctx.expect(
        not listed(account, SMS) and account.balance() == before, "after that: expected no message and no charge"
    )

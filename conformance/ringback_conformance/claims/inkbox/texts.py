"""Probes and invariants for "Texts"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ, SPEND
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.shapes import newest_first
from ringback_conformance.claims.inkbox.steps import (
    FAR,
    HOUR,
    KEY,
    LOOKUP,
    NOBODY,
    NUMBERS,
    PERSON,
    RECEIPTS,
    SECOND_FAR,
    STRANGER,
    at,
    fetched,
    ids,
    listed,
    made,
    new_number,
    new_text,
    own_number,
    refused,
    rows,
    send,
    settle,
    shared_number,
    talk_of,
    texts_of,
    thing_in,
    written,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

claim = CATALOGUE.section("Texts")
conversations_claim = CATALOGUE.section("Texts · List conversations")
list_claim = CATALOGUE.section("Texts · List texts", Basis.SDK)

TEXTS = f"{NUMBERS}/{{id}}/texts"
GROUP = ["+12145550101", "+12145550102", "+12145550103"]
MAX_COUNT = [f"+1214555011{digit}" for digit in range(8)]
PICTURE = "https://media.example.com/menu.png"
STEPS = ("queued", "sent", "delivered")


def is_text_list(exchange: Exchange, _: Known) -> bool:
    """A list of texts, whole, of a search or of a conversation."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.status == 200
        and (exchange.route.endswith(("/texts", "/texts/search")) or "/texts/conversations/" in exchange.route)
    )


@CATALOGUE.invariant("INK-TXT-1", is_text_list)
def texts_come_newest_first(exchange: Exchange, _: Known) -> str | None:
    found = exchange.json()
    return newest_first(found) if isinstance(found, list) else "the texts are no bare array"


@claim(
    "INK-TXT-1",
    "Texts are listed newest first, shown, marked read and unread, and deleted: then they are in no list.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", TEXTS, 3),
    ),
)
def texts_read_and_deleted(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = own_number(ctx, account)
    if ctx.emulated:
        made_ = [written(account, number, "one"), str(new_text(account, number)["id"]), written(account, number, "two")]
        account.advance(RECEIPTS)
    exchange = account.get(texts_of(number))
    found = rows(exchange)
    ctx.precondition(bool(found), "the number has no texts")
    for each in found[:2]:
        one = account.get(texts_of(number, f"/{each['id']}"))
        ctx.expect(one.json() == each, f"a text by its id: expected what was listed, got {one}", one)
    if not ctx.emulated:
        ctx.not_covered("marking and deleting")
        return
    ctx.expect(ids(found) == made_[::-1], "the texts of a number: expected the newest first, both ways", exchange)
    _marked(ctx, account, number, made_)
    _deleted(ctx, account, number, made_)


def _marked(ctx: ProbeContext, account: Account, number: dict[str, Any], made_: list[str]) -> None:
    first, _, last = made_
    unread = ids(listed(account, texts_of(number), is_read="false"))
    ctx.expect(unread == [last, first], f"texts that came in: expected them unread, got {len(unread)} of 2")
    for read in (True, False):
        exchange = account.patch(texts_of(number, f"/{first}"), {"is_read": read})
        now = fetched(account, texts_of(number, f"/{first}")).get("is_read")
        ctx.expect(
            exchange.status == 200 and (exchange.json() or {}).get("is_read") is read and now is read,
            f"is_read {read}: expected it kept, it is {now} ({exchange})",
            exchange,
        )
        left = ids(listed(account, texts_of(number), is_read="false"))
        wanted = [last] if read else [last, first]
        ctx.expect(
            left == wanted, f"unread texts after is_read {read}: expected {len(wanted)}, got {len(left)}", exchange
        )
    refused(ctx, account.patch(texts_of(number, f"/{first}"), {"is_read": "yes"}), 422, "is_read yes")
    refused(ctx, account.patch(texts_of(number, f"/{NOBODY}"), {"is_read": True}), 404, "an unknown text")


def _deleted(ctx: ProbeContext, account: Account, number: dict[str, Any], made_: list[str]) -> None:
    first, sent, last = made_
    exchange = account.patch(texts_of(number, f"/{last}"), {"status": "deleted"})
    ctx.expect(exchange.status == 200, f"status deleted: expected 200, got {exchange}", exchange)
    refused(ctx, account.get(texts_of(number, f"/{last}")), 404, "a text that was deleted")
    places = {
        "list": texts_of(number),
        "search": texts_of(number, "/search?q=two"),
        "conversation": talk_of(number, PERSON),
    }
    wanted = {"list": [sent, first], "search": [], "conversation": [first]}
    got = {name: ids(listed(account, path)) for name, path in places.items()}
    ctx.expect(got == wanted, f"after a deletion: expected {wanted}, got {got}", exchange)
    talk = _talk(account, number, PERSON)
    told = {name: talk.get(name) for name in ("latest_text", "unread_count", "total_count")}
    left = {"latest_text": "one", "unread_count": 1, "total_count": 1}
    ctx.expect(told == left, f"the conversation after a deletion: expected {left}, got {told}", exchange)
    other = new_number(account, "back-office")
    refused(ctx, account.get(texts_of(other, f"/{first}")), 404, "a text under another number")


def _talk(account: Account, number: dict[str, Any], remote: str) -> dict[str, Any]:
    found = [
        each
        for each in listed(account, texts_of(number, "/conversations"))
        if each.get("remote_phone_number") == remote
    ]
    if len(found) != 1:
        raise Inconclusive(f"there are {len(found)} conversations with {remote}")
    return found[0]


@conversations_claim(
    "INK-TXT-2",
    "Conversations tell how many texts are unread; one is shown by its remote number, and marking it as a "
    "whole answers how many changed.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", f"{TEXTS}/conversations", 3),
    ),
)
def conversations(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = own_number(ctx, account)
    if not ctx.emulated:
        _existing(ctx, account, number)
        return
    for body in ("one", "two"):
        written(account, number, body)
        account.advance(1)
    account.advance(1)
    new_text(account, number, PERSON, text="three")
    account.advance(RECEIPTS)
    written(account, number, "elsewhere", STRANGER)
    exchange = account.get(texts_of(number, "/conversations"))
    found = rows(exchange)
    ctx.expect(
        [each.get("remote_phone_number") for each in found] == [STRANGER, PERSON],
        f"the conversations: expected two, the latest first, got {len(found)}",
        exchange,
    )
    talk = _talk(account, number, PERSON)
    wanted = {
        "unread_count": 2,
        "total_count": 3,
        "latest_text": "three",
        "latest_direction": "outbound",
        "latest_type": "sms",
        "latest_has_media": False,
        "is_group": False,
        "participants": [PERSON],
    }
    wrong = {name: talk.get(name) for name, value in wanted.items() if talk.get(name) != value}
    ctx.expect(not wrong, f"a conversation: expected {wanted}, got {wrong}", exchange)
    for key in (PERSON, str(talk.get("id"))):
        one = account.get(talk_of(number, key))
        body = one.json()
        shown = [each.get("text") for each in body] if isinstance(body, list) else body
        ctx.expect(shown == ["three", "two", "one"], f"the conversation {key}: expected its texts, got {shown}", one)
    _marked_whole(ctx, account, number, talk)


def _existing(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    found = listed(account, texts_of(number, "/conversations"))
    ctx.precondition(bool(found), "the number has no conversations")
    for talk in found[:2]:
        remote = talk.get("remote_phone_number")
        if not isinstance(remote, str):
            continue
        exchange = account.get(f"{talk_of(number, remote)}?limit=200")
        seen = rows(exchange)
        unread = sum(each.get("is_read") is False and each.get("direction") == "inbound" for each in seen)
        ctx.expect(
            len(seen) == 200 or (len(seen), unread) == (talk.get("total_count"), talk.get("unread_count")),
            f"a conversation: its summary counts {talk.get('total_count')}, {talk.get('unread_count')} unread, and it "
            f"has {len(seen)}, {unread} unread",
            exchange,
        )
    ctx.not_covered("marking a conversation")


def _marked_whole(ctx: ProbeContext, account: Account, number: dict[str, Any], talk: dict[str, Any]) -> None:
    for read, key, count in ((True, PERSON, 2), (True, PERSON, 0), (False, str(talk.get("id")), 2)):
        exchange = account.patch(talk_of(number, key), {"is_read": read})
        wanted = {
            "remote_phone_number": PERSON,
            "conversation_id": talk.get("id"),
            "is_read": read,
            "updated_count": count,
        }
        ctx.expect(exchange.json() == wanted, f"marking as a whole: expected {wanted}, got {exchange.json()}", exchange)
        now = _talk(account, number, PERSON).get("unread_count")
        ctx.expect(now == (0 if read else 2), f"unread_count after is_read {read}: got {now}", exchange)
    other = _talk(account, number, STRANGER).get("unread_count")
    ctx.expect(other == 1, f"the other conversation: expected one unread, got {other}")


@claim(
    "INK-TXT-3",
    "A text goes to 1 to 8 recipients, with media as MMS, and from queued to its end; a repeat with the same "
    "key sends nothing twice, and the key finds it.",
    needs=SPEND,
    basis=Basis.SDK,
    sends=(Send("POST", TEXTS, 2, 10, "a text to a number kept for fiction"),),
    shares=("number",),
)
def texts_sent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = shared_number(ctx, account)
    if not ctx.emulated:
        _repeated(ctx, account, number, ctx.run_context.destination or FAR)
        ctx.not_covered("several recipients, media, and how a text ends")
        return
    _life(ctx, account, number)
    _ends(ctx, account, number)
    _to_several(ctx, account, number)
    _repeated(ctx, account, number, FAR)
    _found_by_key(ctx, account, number)


def _life(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    account.script({"kind": "message"}, delivered_after=60)
    exchange = send(account, number)
    text = thing_in(exchange, "text")
    wanted = {
        "direction": "outbound",
        "local_phone_number": number["number"],
        "remote_phone_number": FAR,
        "text": "Your table is ready.",
        "type": "sms",
        "delivery_status": "queued",
        "sent_at": None,
        "delivered_at": None,
        "is_blocked": False,
    }
    wrong = {name: text.get(name) for name, value in wanted.items() if text.get(name) != value}
    ctx.expect(not wrong, f"a text that was just sent: expected {wanted}, got {wrong}", exchange)
    path = texts_of(number, f"/{text['id']}")
    seen = [text.get("delivery_status")]
    for seconds in (10, 100):
        account.advance(seconds)
        seen.append(fetched(account, path).get("delivery_status"))
    ctx.expect(
        tuple(seen) == STEPS, f"a text whose receipt comes after a minute: expected {STEPS}, got {seen}", exchange
    )
    last = fetched(account, path)
    sent, arrived = moment(last.get("sent_at")), moment(last.get("delivered_at"))
    held = sent is not None and arrived is not None and timedelta(0) < arrived - sent <= timedelta(seconds=65)
    ctx.expect(held, f"sent_at, delivered_at: got {last.get('sent_at')}, {last.get('delivered_at')}", exchange)
    legs = [(leg.get("recipient_phone_number"), leg.get("delivery_status")) for leg in last.get("recipients") or ()]
    ctx.expect(legs == [(FAR, "delivered")], f"recipients: expected the one, delivered, got {legs}", exchange)


def _ends(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    for end, code, status in (
        ("failed", "carrier_rejected", "sending_failed"),
        ("undelivered", "destination_unreachable", "delivery_failed"),
        ("undelivered", "delivery_unconfirmed", "delivery_unconfirmed"),
    ):
        account.script({"kind": "message"}, end=end, failure_code=code)
        exchange = send(account, number)
        account.advance(RECEIPTS)
        last = fetched(account, texts_of(number, f"/{thing_in(exchange, 'text')['id']}"))
        told = (last.get("delivery_status"), last.get("error_code"), last.get("delivered_at"))
        ctx.expect(told == (status, code, None), f"a text that ends {end}, {code}: got {told}", exchange)


def _to_several(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    for to in ([FAR], MAX_COUNT):
        exchange = send(account, number, to)
        legs = {leg.get("recipient_phone_number") for leg in (exchange.json() or {}).get("recipients") or ()}
        ctx.expect(
            made(exchange) and legs == set(to), f"a text to {len(to)}: expected them all, got {exchange}", exchange
        )
    refused(ctx, send(account, number, [*MAX_COUNT, FAR]), 422, "a text to nine")
    exchange = send(account, number, text=..., media_urls=[PICTURE])
    text = exchange.json() or {}
    urls = [each.get("url") for each in text.get("media") or ()]
    ctx.expect(
        made(exchange) and text.get("type") == "mms" and urls == [PICTURE],
        f"a picture: expected an MMS with it, got {text.get('type')}, {urls} ({exchange})",
        exchange,
    )
    refused(ctx, send(account, number, text=...), 422, "a text without words or media")


def _repeated(ctx: ProbeContext, account: Account, number: dict[str, Any], to: str) -> None:
    headers = ((KEY, "ringback-conformance-1"), ("Prefer", "idempotency-replay"))
    before = len(listed(account, texts_of(number), limit=200))
    first, second = (send(account, number, to, headers=headers) for _ in range(2))
    ctx.expect(
        made(first) and made(second) and thing_in(first, "text")["id"] == (second.json() or {}).get("id"),
        f"a repeat with the same key: expected the same text, got {first}, {second}",
        first,
        second,
    )
    count = len(listed(account, texts_of(number), limit=200))
    ctx.expect(count == before + 1, f"after a repeat: expected one more text, got {count - before}", second)
    other = account.post(texts_of(number), {"to": to, "text": "Another."}, headers=headers)
    refused(ctx, other, 409, "the key with another request", "idempotency_key_reused")


def _found_by_key(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    headers = ((KEY, "ringback-conformance-2"),)
    text = thing_in(send(account, number, headers=headers), "text")
    query = {"sender_kind": "phone_number", "sender_id": number["id"], "operation": "text.send"}
    path = f"{LOOKUP}?{urlencode(query)}"
    found = account.get(path, headers=headers)
    ctx.expect(found.json() == {"message_id": text["id"]}, f"the text of a key: got {found} {found.json()}", found)
    refused(ctx, account.get(path, headers=((KEY, "never-used"),)), 404, "a key that sent nothing")
    refused(ctx, account.get(path), 422, "no key")


@conversations_claim(
    "INK-TXT-5",
    "A group is a conversation of its own: listed on request, shown and answered by its id.",
    needs=CTL,
    basis=Basis.SDK,
)
def groups(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    new_text(account, number)
    account.advance(1)
    exchange = send(account, number, GROUP, text="Hello, all of you.")
    text = thing_in(exchange, "text")
    legs = {leg.get("recipient_phone_number"): leg.get("delivery_status") for leg in text.get("recipients") or ()}
    ctx.expect(
        text.get("remote_phone_number") is None and legs == dict.fromkeys(GROUP, "queued"),
        f"a text to a group: expected no remote number and each recipient, got {legs}",
        exchange,
    )
    account.script({"kind": "message", "to": GROUP[1]}, end="undelivered", failure_code="destination_unreachable")
    reply = send(account, number, to=..., conversation_id=text.get("conversation_id"), text="And again.")
    again = thing_in(reply, "reply")
    same = again.get("conversation_id") == text.get("conversation_id")
    names = {leg.get("recipient_phone_number") for leg in again.get("recipients") or ()}
    ctx.expect(same and names == set(GROUP), f"a reply by conversation_id: expected the same group, got {names}", reply)
    account.advance(RECEIPTS)
    after = fetched(account, texts_of(number, f"/{again['id']}"))
    states = {leg.get("recipient_phone_number"): leg.get("delivery_status") for leg in after.get("recipients") or ()}
    wanted = {**dict.fromkeys(GROUP, "delivered"), GROUP[1]: "delivery_failed"}
    ctx.expect(states == wanted, f"the recipients of a group: expected {wanted}, got {states}", reply)
    plain = [each.get("remote_phone_number") for each in listed(account, texts_of(number, "/conversations"))]
    ctx.expect(plain == [FAR], f"the conversations: expected the group left out, got {plain}", exchange)
    every = listed(account, texts_of(number, "/conversations?include_groups=true"))
    group = next((each for each in every if each.get("is_group")), {})
    told = {name: group.get(name) for name in ("id", "remote_phone_number", "total_count")}
    held = {"id": text.get("conversation_id"), "remote_phone_number": None, "total_count": 2}
    ctx.expect(
        told == held and set(group.get("participants") or ()) == set(GROUP) and len(every) == 2,
        f"include_groups: expected {held}, got {told}",
        exchange,
    )
    inside = ids(listed(account, talk_of(number, str(text.get("conversation_id")))))
    ctx.expect(
        inside == [again["id"], text["id"]], f"a group by its id: expected its two texts, got {len(inside)}", exchange
    )
    answered = fetched(account, texts_of(number, f"/{written(account, number, sender=GROUP[0], group=GROUP[1:])}"))
    told = {name: answered.get(name) for name in ("conversation_id", "sender_phone_number", "recipients")}
    held = {"conversation_id": text.get("conversation_id"), "sender_phone_number": GROUP[0], "recipients": None}
    ctx.expect(told == held, f"an answer from the group: expected {held}, got {told}", exchange)
    refused(
        ctx, send(account, number, FAR, conversation_id=text.get("conversation_id")), 422, "a number and a conversation"
    )
    refused(ctx, account.get(talk_of(number, NOBODY)), 404, "an unknown conversation")


@list_claim(
    "INK-TXT-7",
    "A list can be cut to a range of time: dates whole, times without offset in the zone that is named.",
    needs=CTL,
)
def lists_cut_to_a_range(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    settle(account, number, incoming_call_action="hosted_agent")
    account.advance(HOUR)
    first = written(account, number, "one")
    began = _written_at(account, number, first)
    call = account.phone(str(number["number"]), PERSON, duration=5)
    account.advance(30 * HOUR)
    last = written(account, number, "two", SECOND_FAR)
    after = _written_at(account, number, last)
    zone = "Pacific/Kiritimati"
    local = (began + timedelta(hours=14)).replace(tzinfo=None)
    minute = timedelta(minutes=1)
    ranges: tuple[tuple[dict[str, str], list[str]], ...] = (
        ({"start_datetime": _z(began + minute)}, [last]),
        ({"end_datetime": _z(after - minute)}, [first]),
        ({"start_datetime": _z(began), "end_datetime": _z(after)}, [last, first]),
        ({"end_datetime": f"{began:%Y-%m-%d}"}, [first]),
        ({"start_datetime": f"{after:%Y-%m-%d}"}, [last]),
        ({"start_datetime": f"{local + minute:%Y-%m-%dT%H:%M:%S}", "tz": zone}, [last]),
        ({"start_datetime": f"{local - minute:%Y-%m-%dT%H:%M:%S}", "tz": zone}, [last, first]),
        (
            {"start_datetime": f"{began + timedelta(hours=3):%Y-%m-%dT%H:%M:%S}+03:00", "end_datetime": _z(began)},
            [first],
        ),
    )
    for query, wanted in ranges:
        got = ids(listed(account, texts_of(number), **query))
        ctx.expect(got == wanted, f"texts with {query}: expected {len(wanted)}, got {len(got)}")
    talks = [
        each.get("remote_phone_number") for each in listed(account, texts_of(number, "/conversations"), **ranges[1][0])
    ]
    ctx.expect(talks == [PERSON], f"conversations until then: expected the one, got {talks}")
    calls = [ids(listed(account, at(number, "/calls"), **ranges[place][0])) for place in (0, 1)]
    ctx.expect(calls == [[], [call]], f"calls of a range: expected none, then one, got {calls}")
    for query in (
        {"start_datetime": "yesterday"},
        {"end_datetime": "2026-13-01"},
        {"start_datetime": "2026-01-01", "tz": "Mars"},
    ):
        refused(ctx, account.get(f"{texts_of(number)}?{urlencode(query)}"), 422, f"texts with {query}")


def _written_at(account: Account, number: dict[str, Any], id_: str) -> datetime:
    """When a text came, to the microsecond: a clock may run meanwhile."""
    found = moment(fetched(account, texts_of(number, f"/{id_}")).get("created_at"))
    if found is None:
        raise Inconclusive("a text has no created_at")
    return found


def _z(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")

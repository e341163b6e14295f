"""Probes and invariants for lists: by offset, and by timestamp."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import newest_first, odd_page
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONTACTS,
    CONVERSATIONS,
    NUMBERS,
    PAGED,
    data,
    finished_call,
    ids,
    messages,
    new_agent,
    new_contact,
    new_number,
    refused,
    written,
)
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

list_claim = CATALOGUE.section("List numbers")
messages_claim = CATALOGUE.section("Get messages for number")
claim = CATALOGUE.section("SDK: lists", Basis.SDK)

DEFAULT, MAX_COUNT = 20, 100
"""Page "List numbers"."""
DEFAULT_MESSAGES, MAX_MESSAGES = 50, 200
"""Page "Get messages for number"."""
BAD_LIMITS = ("0", "101", "-1", "1.5", "many", "")
BAD_OFFSETS = ("-1", "1.5", "many")
BAD_INSTANTS = ("yesterday", "2026-13-01T00:00:00Z", "12:00", "")
MAX_WALK = 60
MESSAGE_LIST = re.compile(r"/v1/(numbers|conversations)/[^/]+/messages")
OBJECT_LIST = re.compile(
    r"/v1/(numbers|agents|calls|conversations|contacts|numbers/[^/]+/calls|agents/[^/]+/(calls|conversations))"
)


def agents(account: Account, count: int) -> list[str]:
    """So many agents, which cost nothing; their ids, oldest first."""
    return [new_agent(account)["id"] for _ in range(count)]


@list_claim(
    "AGP-PAGE-1",
    "`limit` is from 1 to 100 and 20 by default, `offset` from 0; anything else is answered 422.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1) for _ in (*BAD_LIMITS, *BAD_OFFSETS, 1, MAX_COUNT)),
)
def limits_of_a_page(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in PAGED if ctx.emulated else (NUMBERS,):
        for limit in (1, MAX_COUNT):
            exchange = account.get(f"{path}?limit={limit}")
            ctx.expect(exchange.status == 200, f"{path} with limit={limit}: expected 200, got {exchange}", exchange)
        for bad in BAD_LIMITS:
            refused(ctx, account.get(f"{path}?limit={bad}"), (422,), f"{path} with limit={bad!r}")
        for bad in BAD_OFFSETS:
            refused(ctx, account.get(f"{path}?offset={bad}"), (422,), f"{path} with offset={bad!r}")
    if not ctx.emulated:
        ctx.not_covered("the default of 20")
        return
    agents(account, DEFAULT + 2)
    for query, expected in (
        ("", DEFAULT),
        (f"?limit={MAX_COUNT}", DEFAULT + 2),
        ("?limit=7", 7),
        (f"?offset={DEFAULT}", 2),
        (f"?offset={DEFAULT + 5}", 0),
    ):
        exchange = account.get(f"{AGENTS}{query}")
        got = len(data(exchange))
        ctx.expect(got == expected, f"a page of {DEFAULT + 2} agents {query}: expected {expected}, got {got}", exchange)


@messages_claim(
    "AGP-PAGE-2",
    "Messages come by `limit` (1 to 200, 50 by default), `before` and `after`; walking on with before visits "
    "every message once, those of the same instant included.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        *(Send("GET", f"{NUMBERS}/{{number_id}}/messages", 1) for _ in (*BAD_LIMITS, *BAD_INSTANTS, 1, 2)),
    ),
)
def messages_by_timestamp(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if ctx.emulated:
        number = new_number(account)
    else:
        found = data(account.get(f"{NUMBERS}?limit=1"))
        ctx.precondition(bool(found), "the account has no number")
        number = found[0]
    path = f"{NUMBERS}/{number['id']}/messages"
    for limit in (1, MAX_MESSAGES):
        exchange = account.get(f"{path}?limit={limit}")
        ctx.expect(exchange.status == 200, f"limit={limit}: expected 200, got {exchange}", exchange)
    for bad in (*BAD_LIMITS[:1], "201", *BAD_LIMITS[2:]):
        refused(ctx, account.get(f"{path}?limit={bad}"), (422,), f"messages with limit={bad!r}")
    for bad in BAD_INSTANTS:
        refused(ctx, account.get(f"{path}?{urlencode({'before': bad})}"), (422,), f"messages with before={bad!r}")
    if not ctx.emulated:
        ctx.not_covered("the default of 50, and a walk")
        return
    _default(ctx, account, number)
    _walked(ctx, account)


def _default(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    for _ in range(DEFAULT_MESSAGES + 1):
        written(account, number)
    seen = len(messages(account, number))
    ctx.expect(seen == DEFAULT_MESSAGES, f"a page of {DEFAULT_MESSAGES + 1} messages: expected 50, got {seen}")
    seen = len(messages(account, number, limit=MAX_MESSAGES))
    ctx.expect(seen == DEFAULT_MESSAGES + 1, f"a page of {DEFAULT_MESSAGES + 1} with limit=200: got {seen}")


def _walked(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account)
    made_here = []
    for burst in (1, 3, 1, 2):
        made_here += [written(account, number, f"{burst}") for _ in range(burst)]
        account.advance(7)
    expected = made_here[::-1]
    for limit in (1, 2, 100):
        pages = list(_before(account, number, limit))
        seen = ids([message for exchange in pages for message in data(exchange)])
        ctx.expect(
            sorted(seen) == sorted(expected),
            f"a walk with before, {limit} at a time: expected {len(expected)} messages once each, got {seen}",
            *pages,
        )
    whole = messages(account, number)
    odd = newest_first(whole, "receivedAt")
    ctx.expect(odd is None, f"the order of messages: {odd or 'latest first'}")
    first, last = whole[0]["receivedAt"], whole[-1]["receivedAt"]
    later = ids(messages(account, number, after=last))
    ctx.expect(
        whole[-1]["id"] not in later and len(later) == len(whole) - 1,
        f"after the first message: expected the {len(whole) - 1} others, got {later}",
    )
    none = ids(messages(account, number, before=last))
    ctx.expect(not none, f"before the first message: expected none, got {none}")
    between = ids(messages(account, number, after=last, before=first))
    ctx.expect(
        whole[0]["id"] not in between and whole[-1]["id"] not in between and bool(between),
        f"after the first and before the last: expected those between, got {between}",
    )


def _before(account: Account, number: dict[str, Any], limit: int) -> Iterator[Exchange]:
    cursor = None
    for _ in range(MAX_WALK):
        query = {"limit": limit, **({"before": cursor} if cursor is not None else {})}
        exchange = account.get(f"{NUMBERS}/{number['id']}/messages?{urlencode(query)}")
        yield exchange
        found = data(exchange)
        if not exchange.json().get("hasMore") or not found:
            return
        cursor = found[-1]["receivedAt"]


def is_list(exchange: Exchange, _: Known) -> bool:
    """A list was answered."""
    route = exchange.route
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.status == 200
        and (MESSAGE_LIST.fullmatch(route) is not None or OBJECT_LIST.fullmatch(route) is not None)
    )


@CATALOGUE.invariant("AGP-PAGE-3", is_list)
def a_list_is_in_its_envelope(exchange: Exchange, _: Known) -> str | None:
    odd = odd_page(exchange.json(), MESSAGE_LIST.fullmatch(exchange.route) is None)
    return f"GET {exchange.path}: {odd}" if odd else None


@claim(
    "AGP-PAGE-3",
    "A list is {data, hasMore, total}, one of messages {data, hasMore}.",
    needs=READ,
    sends=(Send("GET", path, 1) for path in (*PAGED, CONTACTS)),
)
def lists_of_every_kind(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    paths = [*PAGED, CONTACTS]
    if ctx.emulated:
        agent = new_agent(account)
        number = new_number(account, agentId=agent["id"])
        written(account, number)
        line, clerk = f"{NUMBERS}/{number['id']}", f"{AGENTS}/{agent['id']}"
        talk = data(account.get(CONVERSATIONS))[0]["id"]
        paths += [f"{line}/calls", f"{line}/messages", f"{clerk}/calls", f"{clerk}/conversations"]
        paths.append(f"{CONVERSATIONS}/{talk}/messages")
    for path in paths:
        exchange = account.get(path)
        ctx.precondition(exchange.status == 200, f"GET {path} is answered {exchange}")
        odd = a_list_is_in_its_envelope(exchange, Known({}))
        ctx.expect(odd is None, odd or f"{path}: as it must be", exchange)


@claim(
    "AGP-PAGE-4",
    "Walking on by offset visits every object once, the latest first; hasMore is true until the last page.",
    needs=CTL,
)
def walks_by_offset(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = new_agent(account)
    number = new_number(account, agentId=agent["id"])
    makers: tuple[tuple[str, Callable[[int], str], str], ...] = (
        (AGENTS, lambda _: new_agent(account)["id"], "createdAt"),
        (CONTACTS, lambda n: new_contact(account, f"+1415555011{n}")["id"], "createdAt"),
        (CALLS, lambda _: finished_call(account, agent, 3)["id"], "startedAt"),
        (CONVERSATIONS, lambda n: _talk(account, number, f"+1415555012{n}"), "lastMessageAt"),
        (NUMBERS, lambda _: new_number(account)["id"], "createdAt"),
    )
    for path, make, field in makers:
        old = ids(data(account.get(path)))
        made_here = []
        for n in range(5):
            made_here.append(make(n))
            account.advance(1)
        expected = [*made_here[::-1], *old]
        pages = list(_by_offset(account, path, 2))
        seen = [thing for exchange in pages for thing in data(exchange)]
        ctx.expect(ids(seen) == expected, f"a walk through {path}: expected {expected}, got {ids(seen)}", *pages)
        odd = newest_first(seen, field)
        ctx.expect(odd is None, f"the order of {path}: {odd or 'latest first'}", *pages)
        more = [exchange.json()["hasMore"] for exchange in pages]
        ctx.expect(
            more == [True] * (len(pages) - 1) + [False] and len(pages) == -(-len(expected) // 2),
            f"hasMore of {len(expected)} objects by 2 of {path}: expected true until the last page, got {more}",
            *pages,
        )
        totals = {exchange.json()["total"] for exchange in pages}
        ctx.expect(totals == {len(expected)}, f"total of {path}: expected {len(expected)}, got {totals}", *pages)


def _talk(account: Account, number: dict[str, Any], sender: str) -> str:
    written(account, number, sender=sender)
    return str(data(account.get(f"{CONVERSATIONS}?limit=1"))[0]["id"])


def _by_offset(account: Account, path: str, limit: int) -> Iterator[Exchange]:
    for page in range(MAX_WALK):
        exchange = account.get(f"{path}?limit={limit}&offset={page * limit}")
        yield exchange
        if not data(exchange) or not exchange.json().get("hasMore"):
            return

"""Lists: by offset, and by timestamp."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONTACTS,
    CONVERSATIONS,
    MESSAGE_LIST,
    NUMBERS,
    PAGED,
    UNPROCESSABLE,
    data,
    finished_call,
    ids,
    messages,
    new_agent,
    new_contact,
    new_number,
    page_problem,
    written,
)
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import newest_first

list_claim = CATALOGUE.section("List numbers")
messages_claim = CATALOGUE.section("Get messages for number")
claim = CATALOGUE.section("SDK: lists", Basis.SDK)

DEFAULT, MAX_COUNT = 20, 100
"""Page "List numbers"."""
DEFAULT_MESSAGES, MAX_MESSAGES = 50, 200
"""Page "Get messages for number"."""
BAD_LIMITS = (*common.BAD_LIMITS, str(MAX_COUNT + 1))
BAD_OFFSETS = ("-1", "1.5", "many")
BAD_INSTANTS = ("yesterday", "2026-13-01T00:00:00Z", "12:00", "")
OBJECT_LIST = re.compile(
    r"/v1/(numbers|agents|calls|conversations|contacts|numbers/[^/]+/calls|agents/[^/]+/(calls|conversations))"
)


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
            ctx.expect_status(account.get(f"{path}?limit={limit}"), 200, f"{path} with limit={limit}")
        bad = (*(f"limit={limit}" for limit in BAD_LIMITS), *(f"offset={offset}" for offset in BAD_OFFSETS))
        common.reject_queries(ctx, account, path, bad, UNPROCESSABLE)
    if not ctx.emulated:
        ctx.not_covered("the default of 20")
        return
    for _ in range(DEFAULT + 2):
        new_agent(account)
    for query, expected in (
        ("", DEFAULT),
        (f"?limit={MAX_COUNT}", DEFAULT + 2),
        ("?limit=7", 7),
        (f"?offset={DEFAULT}", 2),
        (f"?offset={DEFAULT + 5}", 0),
    ):
        exchange = account.get(f"{AGENTS}{query}")
        what = f"the length of a page of {DEFAULT + 2} agents {query}"
        ctx.expect_equal(len(data(exchange)), expected, what, exchange)


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
        ctx.expect_status(account.get(f"{path}?limit={limit}"), 200, f"messages with limit={limit}")
    limits = (f"limit={limit}" for limit in (*common.BAD_LIMITS, MAX_MESSAGES + 1))
    common.reject_queries(ctx, account, path, limits, UNPROCESSABLE)
    instants = (urlencode({"before": instant}) for instant in BAD_INSTANTS)
    common.reject_queries(ctx, account, path, instants, UNPROCESSABLE)
    if not ctx.emulated:
        ctx.not_covered("the default of 50, and a walk")
        return
    _default(ctx, account, number)
    _walked(ctx, account)


def _default(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    for _ in range(DEFAULT_MESSAGES + 1):
        written(account, number)
    what = f"the length of a page of {DEFAULT_MESSAGES + 1} messages"
    ctx.expect_equal(len(messages(account, number)), DEFAULT_MESSAGES, what)
    ctx.expect_equal(len(messages(account, number, limit=MAX_MESSAGES)), DEFAULT_MESSAGES + 1, f"{what} with limit=200")


def _walked(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account)
    sent = []
    for burst in (1, 3, 1, 2):
        sent += [written(account, number, f"{burst}") for _ in range(burst)]
        account.advance(7)
    path = f"{NUMBERS}/{number['id']}/messages"
    for limit in (1, 2, 100):
        pages = list(common.pages(account, path, f"limit={limit}", partial(_before, limit=limit)))
        seen = ids(message for page in pages for message in data(page))
        ctx.expect_equal(sorted(seen), sorted(sent), f"a walk with before, {limit} at a time, sorted", *pages)
    whole = messages(account, number)
    ctx.expect_documented(newest_first(whole, "receivedAt"), "the order of messages")
    newest, oldest = whole[0], whole[-1]
    later = ids(messages(account, number, after=oldest["receivedAt"]))
    ctx.expect(
        oldest["id"] not in later and len(later) == len(whole) - 1,
        f"after the first message: expected the {len(whole) - 1} others, got {later}",
    )
    ctx.expect_equal(messages(account, number, before=oldest["receivedAt"]), [], "the messages before the first one")
    between = ids(messages(account, number, after=oldest["receivedAt"], before=newest["receivedAt"]))
    ctx.expect(
        bool(between) and not {newest["id"], oldest["id"]} & set(between),
        f"after the first and before the last: expected those between, got {between}",
    )


def _before(page: Exchange, limit: int) -> str | None:
    found = data(page)
    if not page.json().get("hasMore") or not found:
        return None
    return urlencode({"limit": limit, "before": found[-1]["receivedAt"]})


def is_list(exchange: Exchange, known: Known) -> bool:
    """Select the lists of every kind."""
    return any(common.answered("GET", route.pattern, 200)(exchange, known) for route in (MESSAGE_LIST, OBJECT_LIST))


@CATALOGUE.invariant("AGP-PAGE-3", is_list)
def a_list_is_in_its_envelope(exchange: Exchange, _: Known) -> str | None:
    problem = page_problem(exchange.json(), MESSAGE_LIST.fullmatch(exchange.route) is None)
    return f"GET {exchange.path}: {problem}" if problem else None


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
        ctx.expect_documented(a_list_is_in_its_envelope(exchange, Known({})), path, exchange)


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
        created = []
        for n in range(5):
            created.append(make(n))
            account.advance(1)
        expected = [*created[::-1], *old]
        pages = list(common.pages(account, path, "limit=2&offset=0", _next_offset))
        seen = [thing for page in pages for thing in data(page)]
        ctx.expect_equal(ids(seen), expected, f"a walk through {path}", *pages)
        ctx.expect_documented(newest_first(seen, field), f"the order of {path}", *pages)
        more = [page.json()["hasMore"] for page in pages]
        last = -(-len(expected) // 2) - 1
        ctx.expect_equal(more, [True] * last + [False], f"hasMore of {len(expected)} objects by 2 of {path}", *pages)
        totals = {page.json()["total"] for page in pages}
        ctx.expect_equal(totals, {len(expected)}, f"the totals of {path}", *pages)


def _talk(account: Account, number: dict[str, Any], sender: str) -> str:
    written(account, number, sender=sender)
    return str(data(account.get(f"{CONVERSATIONS}?limit=1"))[0]["id"])


def _next_offset(page: Exchange) -> str | None:
    if not data(page) or not page.json().get("hasMore"):
        return None
    return f"limit=2&offset={int(page.path.rpartition('=')[2]) + 2}"

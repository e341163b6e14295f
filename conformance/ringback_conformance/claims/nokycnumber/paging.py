"""Probes and invariants for "Pagination"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.shapes import newest_first, odd_list
from ringback_conformance.claims.nokycnumber.steps import (
    ENDPOINTS,
    LISTS,
    NUMBERS,
    SMS,
    address,
    data,
    ids,
    listed,
    made,
    new_number,
    new_sms,
    refused,
)
from ringback_conformance.model import Basis, Exchange, Kind, Level, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Pagination")

DEFAULT, MAX_COUNT = 25, 100
"""Page "Pagination"."""
BAD_LIMITS = ("0", "101", "-1", "1.5", "many", "")
NO_CURSORS = ("num_000000000000", "sms_000000000000", "nope", "")
MAX_WALK = 60


def endpoints(account: Account, count: int) -> list[str]:
    """So many endpoints, which cost nothing; their ids, oldest first."""
    url = address(account)
    return [
        str(account.post(ENDPOINTS, {"url": url, "enabled_events": ["sms.failed"]}).json().get("id"))
        for _ in range(count)
    ]


def messages(account: Account, count: int) -> list[str]:
    """So many messages, a second apart; their ids, oldest first."""
    number = new_number(account)
    found = []
    for _ in range(count):
        found.append(str(new_sms(account, number)["id"]))
        account.advance(1)
    return found


def walk(account: Account, path: str, limit: int, between: Callable[[], object] = lambda: None) -> Iterator[Exchange]:
    """The pages of a list, as the page says to walk them."""
    cursor = None
    for _ in range(MAX_WALK):
        query = {"limit": limit, **({"starting_after": cursor} if cursor is not None else {})}
        exchange = account.get(f"{path}?{urlencode(query)}")
        yield exchange
        found = data(exchange)
        if not exchange.json().get("has_more") or not found:
            return
        cursor = found[-1]["id"]
        between()


@claim(
    "NKN-PAGE-1",
    "`limit` is from 1 to 100 and 25 by default; any other value is answered 400.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1) for _ in (*BAD_LIMITS, 1, MAX_COUNT)),
)
def limits_of_a_page(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in LISTS if ctx.emulated else (NUMBERS,):
        for limit in (1, MAX_COUNT):
            exchange = account.get(f"{path}?limit={limit}")
            ctx.expect(exchange.status == 200, f"{path} with limit={limit}: expected 200, got {exchange}", exchange)
        for bad in BAD_LIMITS:
            refused(
                ctx, account.get(f"{path}?limit={bad}"), (400,), f"{path} with limit={bad!r}", "invalid_request_error"
            )
    if not ctx.emulated:
        ctx.not_covered("the default of 25")
        return
    endpoints(account, DEFAULT + 1)
    for query, expected in (("", DEFAULT), (f"?limit={MAX_COUNT}", DEFAULT + 1), ("?limit=7", 7)):
        exchange = account.get(f"{ENDPOINTS}{query}")
        ctx.expect(
            len(data(exchange)) == expected,
            f"a page of {DEFAULT + 1} objects {query}: expected {expected}, got {len(data(exchange))}",
            exchange,
        )


def is_page(exchange: Exchange, _: Known) -> bool:
    """A list was answered."""
    return (
        exchange.kind is Kind.API
        and exchange.method == "GET"
        and exchange.route in (*LISTS, f"{NUMBERS}/available")
        and exchange.status == 200
    )


@CATALOGUE.invariant("NKN-PAGE-2", is_page)
def a_list_is_in_its_envelope(exchange: Exchange, _: Known) -> str | None:
    odd = odd_list(exchange.json(), exchange.route)
    return f"GET {exchange.path}: {odd}" if odd else None


@claim(
    "NKN-PAGE-2",
    'A list is `{object: "list", url, data, has_more, next_cursor}`; next_cursor is the id of the last '
    "object, and null on the last page.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 1),),
)
def pages_first_and_last(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        exchange = account.get(f"{NUMBERS}?limit=1")
        ctx.expect(
            odd_list(exchange.json(), NUMBERS) is None, f"a list: {odd_list(exchange.json(), NUMBERS)}", exchange
        )
        return
    made_here = endpoints(account, 4)
    for limit, more in ((3, True), (4, False), (5, False)):
        exchange = account.get(f"{ENDPOINTS}?limit={limit}")
        body = exchange.json()
        odd = odd_list(body, ENDPOINTS)
        ctx.expect(odd is None, f"a page: {odd or 'as documented'}", exchange)
        ctx.expect(
            body.get("has_more") is more,
            f"has_more of a page of {limit} of {len(made_here)}: expected {more}, got {body.get('has_more')}",
            exchange,
        )


@claim(
    "NKN-PAGE-3",
    "Walking on with starting_after visits every object once, newest first, also while new ones are made.",
    needs=CTL,
)
def a_walk_while_more_is_made(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path, make, field in ((ENDPOINTS, endpoints, "created_at"), (SMS, messages, "created_at")):
        expected = make(account, 7)[::-1]
        number = new_number(account)
        for growing in (False, True):
            between = partial(_one_more, account, path, number) if growing else _nothing
            pages = list(walk(account, path, 2, between))
            seen = [thing for exchange in pages for thing in data(exchange)]
            old = [id_ for id_ in ids(seen) if id_ in expected]
            ctx.expect(
                old == expected and len(set(ids(seen))) == len(seen),
                f"a walk through {path}: expected {len(expected)} objects once each, newest first, got {old}",
                *pages,
            )
            odd = newest_first(seen, field)
            ctx.expect(odd is None, f"the order of {path}: {odd or 'newest first'}", *pages)


def _nothing() -> None:
    """Nothing is made."""


def _one_more(account: Account, path: str, number: dict[str, Any]) -> None:
    if path == ENDPOINTS:
        endpoints(account, 1)
    else:
        new_sms(account, number)


@claim(
    "NKN-PAGE-4",
    "ending_before never pages backwards.",
    needs=CTL,
)
def paging_backwards(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    made_here = endpoints(account, 5)
    plain = ids(listed(account, ENDPOINTS, limit=2))
    for cursor in made_here[:3]:
        exchange = account.get(f"{ENDPOINTS}?limit=2&ending_before={cursor}")
        ignored = made(exchange) and ids(data(exchange)) == plain
        ctx.expect(
            exchange.status == 400 or ignored,
            f"ending_before: expected 400, or the page as without it, got {exchange}",
            exchange,
        )


@claim(
    "NKN-PAGE-5",
    "A starting_after that names nothing of the list is answered 400.",
    needs=READ,
    basis=Basis.OURS,
    level=Level.SHOULD,
    sends=(Send("GET", NUMBERS, 1) for _ in NO_CURSORS),
)
def cursors_that_lead_nowhere(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for cursor in NO_CURSORS:
        exchange = account.get(f"{NUMBERS}?starting_after={cursor}")
        refused(ctx, exchange, (400,), f"starting_after={cursor!r}", "invalid_request_error")
    if ctx.emulated:
        foreign = new_number(ctx.default_account())["id"]
        exchange = account.get(f"{NUMBERS}?starting_after={foreign}")
        refused(ctx, exchange, (400,), "starting_after another account's number", "invalid_request_error")

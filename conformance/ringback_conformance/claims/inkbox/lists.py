"""Probes for paging and for full-text search."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ringback_conformance.catalogue import READ
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.steps import (
    NUMBERS,
    at,
    ids,
    listed,
    new_number,
    own_number,
    refused,
    ring,
    rows,
    scripted_call,
    settle,
    texts_of,
    written,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Texts · List texts", Basis.SDK)
search_claim = CATALOGUE.section("Texts · Search texts; Transcripts · Search transcripts")

PAGE, MAX_COUNT = 50, 200
BAD = ("limit=0", f"limit={MAX_COUNT + 1}", "limit=x", "limit=-1", "offset=-1", "offset=x", "limit=1.5")
SAID = (
    "The café on Łódź street closes at noon",
    "Closes early? the STREET market never does",
    "Noon is fine, see you at the Straße",
    "東京 タワー の前で",
    "nothing in common",
)
QUERIES: tuple[tuple[str, list[int]], ...] = (
    ("street", [1, 0]),
    ("noon closes", [0]),
    ("CLOSES street", [1, 0]),
    ("CAFÉ", [0]),
    ("cafe\u0301", [0]),
    ("łódź", [0]),
    ("straße", [2]),
    ("タワー", [3]),
    ("noon market", []),
    ("nobody", []),
)
"""Words, and which of what was said they are to find, newest first."""


@claim(
    "INK-PAGE-1",
    "`limit` is from 1 to 200, 50 when left out, and `offset` passes over; else 422.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", f"{NUMBERS}/{{id}}/texts", 6 + len(BAD)),
    ),
)
def pages(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = own_number(ctx, account)
    paths = [texts_of(number)]
    if ctx.emulated:
        for place in range(PAGE + 2):
            written(account, number, f"text {place}")
        paths += [at(number, "/calls"), texts_of(number, "/conversations"), texts_of(number, "/search?q=x")]
    for path in paths:
        for query in BAD if path == paths[0] else BAD[:2]:
            joined = "&" if "?" in path else "?"
            refused(ctx, account.get(f"{path}{joined}{query}"), 422, f"{path.rpartition('/')[2]} with {query}")
    usual = rows(account.get(paths[0]))
    every = rows(account.get(f"{paths[0]}?limit={MAX_COUNT}"))
    ctx.expect(usual == every[:PAGE], f"no limit: expected the first {PAGE}, got {len(usual)} of {len(every)}")
    walked: list[str] = []
    for offset in range(0, min(len(every), 3 * 20), 20):
        walked += ids(listed(account, paths[0], limit=20, offset=offset))
    ctx.expect(
        walked == ids(every)[: len(walked)] and len(walked) >= min(len(every), PAGE), "pages of 20: expected all, once"
    )
    beyond = listed(account, paths[0], offset=len(every)) if len(every) < MAX_COUNT else []
    ctx.expect(beyond == [], f"past the end: expected nothing, got {len(beyond)}")
    if ctx.emulated:
        ctx.expect(len(every) == PAGE + 2, f"limit={MAX_COUNT}: expected all {PAGE + 2}, got {len(every)}")


@search_claim(
    "INK-SRCH-1",
    "A search finds all its words in any order and case, Unicode too, newest first; transcripts by party.",
    needs=READ,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("GET", f"{NUMBERS}/{{id}}/texts", 4),
    ),
)
def words_found(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = own_number(ctx, account)
    if not ctx.emulated:
        _existing(ctx, account, number)
        return
    other = new_number(account, "back-office")
    written(account, other, SAID[0])
    texts = []
    for said in SAID:
        texts.append(written(account, number, said))
        account.advance(1)
    for query, wanted in QUERIES:
        found = listed(account, f"{texts_of(number, '/search')}?q={quote(query)}")
        got = [texts.index(each["id"]) if each.get("id") in texts else -1 for each in found]
        ctx.expect(got == wanted, f"texts with {query!r}: expected {wanted}, got {got}")
    few = ids(listed(account, texts_of(number, "/search?q=street&limit=1")))
    ctx.expect(few == [texts[1]], f"one text with a word: expected the newest, got {few}")
    refused(ctx, account.get(texts_of(number, "/search")), 422, "a search for nothing")
    _transcripts(ctx, account, number, other)


def _transcripts(ctx: ProbeContext, account: Account, number: dict[str, Any], other: dict[str, Any]) -> None:
    for each in (number, other):
        settle(account, each, incoming_call_action="hosted_agent")
    ring(account, other, SAID[0])
    for said in SAID[:3]:
        scripted_call(account, number, f"caller: {said}", f"agent: {said.upper()}")
    account.advance(600)
    for query, wanted in QUERIES[:4]:
        for party in ("remote", "local", ""):
            path = f"{at(number, '/search')}?q={quote(query)}" + (f"&party={party}" if party else "")
            found = listed(account, path)
            got = [_place(each) for each in found if party or each.get("party") == "remote"]
            ctx.expect(
                got == wanted and all(party in ("", each.get("party")) for each in found),
                f"what was said with {query!r} by {party or 'either'}: expected {wanted}, got {got}",
            )
    refused(ctx, account.get(at(number, "/search?q=x&party=nobody")), 422, "a search by an unknown party")
    refused(ctx, account.get(at(number, "/search?q=")), 422, "a search for nothing")


def _place(segment: dict[str, Any]) -> int:
    said = [each.casefold() for each in SAID]
    text = str(segment.get("text")).casefold()
    return said.index(text) if text in said else -1


def _existing(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    found = [each for each in listed(account, texts_of(number)) if str(each.get("text") or "").split()]
    ctx.precondition(bool(found), "the number has no texts with words")
    words = [word for word in str(found[0]["text"]).split() if word.isalnum()][:2]
    ctx.precondition(bool(words), "the latest text has no plain word")
    for query in (" ".join(words), " ".join(reversed(words)).upper()):
        got = ids(listed(account, f"{texts_of(number, '/search')}?q={quote(query)}&limit=200"))
        ctx.expect(
            found[0]["id"] in got, f"a text by words of it, {len(words)} of them: expected it, got {len(got)} others"
        )
    ctx.not_covered("transcripts and other alphabets")

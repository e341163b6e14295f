"""Probes and invariants for "Rate Limits", "Errors" and "Pagination"."""

from __future__ import annotations

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import BURST, CTL, READ, WRITE
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.shapes import STATUSES, newest_first, odd_error, odd_list
from ringback_conformance.claims.phonestack.steps import (
    API,
    BULK,
    CALLS,
    CAMPAIGNS,
    CONTACTS,
    FIELDS,
    LISTS,
    MCP,
    NOBODY,
    PROFILES,
    REPORTS,
    TRIGGER,
    data,
    ids,
    imported,
    invalid,
    listed,
    made,
    new_contact,
    new_profile,
    pages,
    phone,
    refused,
)
from ringback_conformance.model import Basis, Exchange, Kind, Send
from ringback_conformance.probe_context import Account, ProbeContext

limits_claim = CATALOGUE.section("Rate Limits")
claim = CATALOGUE.section("Errors")
extract_claim = CATALOGUE.section("Profiles API: Profile Extract Fields")
pages_claim = CATALOGUE.section("Pagination")

RATE, BULK_RATE = 100, 10
"""Page "Rate Limits": requests a minute and key."""
TWICE = 2 * RATE
WAIT_AT_MOST = 60
DEFAULT, MAX_COUNT = 50, 100
"""Page "Pagination"."""
BAD_LIMITS = ("0", "101", "-1", "1.5", "many", "")
NO_CURSORS = ("nope", "ct_000000000000", "")
FORM = "application/x-www-form-urlencoded"
"""What curl calls a body that nobody says the type of."""
ODD_BODIES = (b"", b"{", b"[]", b'"text"', b"null", b"\xff\xfe", b'{"phone": }', b"phone=%2B12145550142")
UNROUTED = (
    ("GET", f"{API}/nothing"),
    ("GET", "/nothing"),
    ("GET", f"{CONTACTS}/ct_000000000000/nothing"),
    ("PUT", CONTACTS),
    ("DELETE", CALLS),
    ("POST", REPORTS),
    ("PATCH", f"{CALLS}/call_000000000000"),
)


# -- limits ------


def until_limited(account: Account, most: int, key: str = "") -> tuple[int, Exchange]:
    """How many requests at once are let through, and the first that is not (or the last of `most`)."""
    for place in range(most):
        exchange = account.get(f"{CONTACTS}?limit=1", key=key, paced=False, patient=False)
        if exchange.status == 429:
            return place, exchange
    return most, exchange


def limited(ctx: ProbeContext, exchange: Exchange, what: str) -> int:
    """Expect 429 `RATE_LIMIT_EXCEEDED`; gives the seconds to wait."""
    refused(ctx, exchange, (429,), what, "RATE_LIMIT_EXCEEDED")
    wait = exchange.response_header("retry-after") or ""
    ctx.check_(
        wait.isdigit() and 0 < int(wait) <= WAIT_AT_MOST,
        f"Retry-After of a 429: expected seconds from 1 to {WAIT_AT_MOST}, got {wait!r}",
        exchange,
    )
    return int(wait)


def is_limited(exchange: Exchange, _: Known) -> bool:
    """A 429."""
    return exchange.kind is Kind.API and exchange.status == 429


@CATALOGUE.invariant("PST-LIM-1", is_limited)
def a_wait_is_told(exchange: Exchange, _: Known) -> str | None:
    after = exchange.response_header("retry-after")
    if after is not None and after.isdigit() and 0 < int(after) <= WAIT_AT_MOST:
        return None
    return f"a 429 has Retry-After {after!r}, not a number of seconds from 1 to {WAIT_AT_MOST}"


@limits_claim(
    "PST-LIM-1",
    "A key has 100 requests a minute; then 429 `RATE_LIMIT_EXCEEDED` with a Retry-After after which it goes on.",
    needs=BURST,
    sends=(Send("GET", CONTACTS, TWICE, note="at once"),),
)
def more_than_a_hundred_a_minute(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=...) if ctx.emulated else ctx.default_account()
    if ctx.emulated:
        for _ in range(RATE // 2):
            account.get(f"{CONTACTS}?limit=1")
        account.advance(WAIT_AT_MOST // 2)
    passed, exchange = until_limited(account, TWICE)
    ctx.check_(passed < TWICE, f"{TWICE} requests at once: expected 429 before, all were let through", exchange)
    wait = limited(ctx, exchange, f"request {passed + 1} at once")
    if not ctx.emulated:
        ctx.run_context.transport.pace.pause(float(wait))
    else:
        ctx.expect(
            passed == RATE - RATE // 2,
            f"requests of a minute: expected {RATE} let through, {passed + RATE // 2} were",
            exchange,
        )
        account.advance(wait)
    after = account.get(CONTACTS, paced=False, patient=False)
    ctx.expect(after.status == 200, f"a request after waiting {wait} s as told: expected 200, got {after}", after)


@limits_claim(
    "PST-LIM-2",
    "A key has 10 bulk requests a minute, counted apart from the others.",
    needs=CTL,
)
def bulk_is_counted_apart(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=...)
    for place in range(BULK_RATE):
        exchange = account.post(BULK, {"contacts": [{"phone": phone(place)}]})
        ctx.check_(made(exchange), f"bulk request {place + 1} of a minute: expected 2xx, got {exchange}", exchange)
    over = account.post(BULK, {"contacts": [{"phone": phone(50)}]})
    wait = limited(ctx, over, f"bulk request {BULK_RATE + 1} of a minute")
    plain = account.post(CONTACTS, {"phone": phone(51)})
    ctx.expect(plain.status == 201, f"a single contact meanwhile: expected 201, got {plain}", plain)
    there = len(listed(account, CONTACTS))
    ctx.expect(there == BULK_RATE + 1, f"after a bulk request too many: expected nothing created, {there} contacts are")
    account.advance(wait)
    again = account.post(BULK, {"contacts": [{"phone": phone(50)}]})
    ctx.expect(made(again), f"a bulk request after waiting {wait} s as told: expected 2xx, got {again}", again)


@limits_claim(
    "PST-LIM-3",
    "Limits are each key's own: one that is used up bears on no other.",
    needs=CTL,
)
def limits_of_each_key(ctx: ProbeContext) -> None:
    account = ctx.account(rate_limit=..., keys=({}, {"rate_limit": 3}, {"rate_limit": 3}))
    _, small, other = account.keys
    passed, exchange = until_limited(account, RATE, small)
    ctx.expect(passed == 3, f"a key of 3 a minute: expected three requests let through, {passed} were", exchange)
    limited(ctx, exchange, "a key past its own limit")
    for key, what in ((account.key, "another key"), (other, "another key with the same limit")):
        exchange = account.get(CONTACTS, key=key)
        ctx.expect(exchange.status == 200, f"{what} of the organization: expected 200, got {exchange}", exchange)


# -- errors ------


@claim(
    "PST-ERR-1",
    "Trouble on the server's side is 500 `INTERNAL_ERROR` in the envelope.",
    needs=CTL,
)
def trouble_on_the_other_side(ctx: ProbeContext) -> None:
    account = ctx.account()
    for operation, method, path in (
        ("listContacts", "GET", CONTACTS),
        ("createContact", "POST", CONTACTS),
        ("getCampaign", "GET", f"{CAMPAIGNS}/{NOBODY[CAMPAIGNS]}"),
    ):
        account.fault(operation=operation, first=1, effect={"status": 500})
        exchange = account.request(method, path, json={"phone": phone(1)} if method == "POST" else ...)
        refused(ctx, exchange, (500,), f"{method} {path} in trouble", "INTERNAL_ERROR")
    ctx.expect(not listed(account, CONTACTS), "contacts after a create that failed: expected none")
    after = account.post(CONTACTS, {"phone": phone(1)})
    ctx.expect(after.status == 201, f"the same create after that: expected 201, got {after}", after)


def is_error(exchange: Exchange, _: Known) -> bool:
    """An answer that is no success; MCP words what it refuses in its own way."""
    wordless = exchange.method in ("HEAD", "OPTIONS") or exchange.truncated
    ours = exchange.route != MCP or exchange.status == 401
    return exchange.kind is Kind.API and (exchange.status or 0) >= 400 and not wordless and ours


@CATALOGUE.invariant("PST-ERR-2", is_error, whole=True)
def an_error_is_in_the_envelope(exchange: Exchange, _: Known) -> str | None:
    if odd := odd_error(exchange.json()):
        return f"{exchange}: {odd}"
    statuses = STATUSES.get(exchange.code or "")
    if statuses is not None and exchange.status not in statuses:
        return f"{exchange}: the status of {exchange.code} is {statuses[0]}"
    return None


@claim(
    "PST-ERR-2",
    "Every error is `success` false with a code and a message; a documented code has its documented status.",
    needs=READ,
    sends=(
        Send("GET", f"{CONTACTS}/{{id}}", 1, note="that does not exist"),
        Send("GET", CONTACTS, 1),
    ),
)
def an_error_of_each_kind(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    refused(ctx, account.get(f"{CONTACTS}/{NOBODY[CONTACTS]}"), (404,), "an unknown contact", "NOT_FOUND")
    refused(ctx, account.get(CONTACTS, key=None), (401,), "no key", "UNAUTHORIZED")


@claim(
    "PST-ERR-3",
    "What does not exist is answered 404 `NOT_FOUND`, whatever is asked of it.",
    needs=WRITE,
    sends=(
        *(Send("GET", f"{path}/{{id}}", 1) for path in LISTS),
        Send("PATCH", f"{CONTACTS}/{{id}}", 3, note="of what does not exist"),
        Send("DELETE", f"{CONTACTS}/{{id}}", 4, note="of what does not exist"),
        Send("POST", f"{CONTACTS}/{{id}}/dnc", 1, note="of what does not exist"),
    ),
)
def what_does_not_exist(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    asked: list[tuple[str, str, object]] = [("GET", f"{path}/{id_}", ...) for path, id_ in NOBODY.items()]
    asked += [("PATCH", f"{path}/{NOBODY[path]}", {"name": "x"}) for path in (FIELDS, PROFILES)]
    asked += [("PATCH", f"{CONTACTS}/{NOBODY[CONTACTS]}", {"company": "x"})]
    asked += [("DELETE", f"{path}/{NOBODY[path]}", ...) for path in (CONTACTS, FIELDS, PROFILES)]
    asked += [(method, f"{CONTACTS}/{NOBODY[CONTACTS]}/dnc", ...) for method in ("POST", "DELETE")]
    if ctx.emulated:
        asked += [("GET", f"{CALLS}/{NOBODY[CALLS]}/{part}", ...) for part in ("transcript", "recording")]
        asked += [
            ("POST", f"{CAMPAIGNS}/{NOBODY[CAMPAIGNS]}/{action}", ...)
            for action in ("start", "pause", "resume", "stop")
        ]
        asked += [
            ("POST", f"{REPORTS}/{NOBODY[REPORTS]}/execute", {"date_range": "last_7_days"}),
            ("GET", f"{REPORTS}/{NOBODY[REPORTS]}/export?format=csv", ...),
            ("GET", f"{CONTACTS}/{NOBODY[CALLS]}", ...),
        ]
    for method, path, body in asked:
        exchange = account.request(method, path, json=body)
        refused(ctx, exchange, (404,), f"{method} {path}, which does not exist", "NOT_FOUND")


@claim(
    "PST-ERR-4",
    "A body that is no JSON object, or has a field of a wrong type, is `VALIDATION_ERROR`, and nothing is made.",
    needs=WRITE,
    basis=Basis.OURS,
    sends=(Send("POST", CONTACTS, 1, note="which is refused") for _ in range(len(ODD_BODIES) + 8)),
)
def bodies_that_make_no_sense(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    json = (("Content-Type", "application/json"),)
    for body in ODD_BODIES:
        invalid(ctx, account.post(CONTACTS, content=body, headers=json), f"a contact of {body!r}")
    for field, value in (
        ("first_name", 5),
        ("last_name", ["x"]),
        ("email", {}),
        ("company", True),
        ("tags", "website_lead"),
        ("tags", [1]),
        ("custom_fields", ["x"]),
        ("campaign_id", 7),
    ):
        exchange = account.post(CONTACTS, {"phone": phone(1), field: value})
        invalid(ctx, exchange, f"a contact whose {field} is {value!r}")
    if not ctx.emulated:
        ctx.not_covered("what else than contacts is made of bodies")
        return
    ctx.expect(not listed(account, CONTACTS), "contacts after that: expected none")
    for path in (FIELDS, PROFILES, BULK, TRIGGER):
        for body in ODD_BODIES[1:5]:
            invalid(ctx, account.post(path, content=body, headers=json), f"POST {path} of {body!r}")
    for path in (FIELDS, PROFILES, CALLS):
        ctx.expect(not listed(account, path), f"{path} after that: expected nothing")


@extract_claim(
    "PST-ERR-5",
    "A JSON body is taken without a JSON content type, as the page's own curl lines send it.",
    needs=WRITE,
    sends=(
        Send("POST", CONTACTS, 1),
        Send("POST", FIELDS, 1),
        Send("POST", PROFILES, 1),
        Send("DELETE", CONTACTS, 3),
    ),
)
def json_whatever_its_type_says(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path, body in (
        (CONTACTS, b'{"phone": "+12145550177", "first_name": "Dana"}'),
        (FIELDS, b'{"name": "curl_budget", "type": "enum", "options": ["low", "high"]}'),
        (PROFILES, b'{"name": "Curl"}'),
    ):
        exchange = account.post(path, content=body, headers=(("Content-Type", FORM),))
        ctx.expect(exchange.status == 201, f"POST {path} of JSON as {FORM}: expected 201, got {exchange}", exchange)
        untyped = (
            account.post(path, content=body.replace(b"77", b"78").replace(b"curl", b"c").replace(b"Curl", b"C"))
            if ctx.emulated
            else None
        )
        if untyped is not None:
            ctx.expect(
                untyped.status == 201, f"POST {path} of JSON without a type: expected 201, got {untyped}", untyped
            )


@claim(
    "PST-ERR-6",
    "A path or method that the API lacks is answered 404 or 405 in the envelope.",
    needs=READ,
    basis=Basis.OURS,
    sends=(Send("GET", f"{API}/nothing", 3),),
)
def what_the_api_lacks(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for method, path in UNROUTED if ctx.emulated else UNROUTED[:3]:
        exchange = account.request(method, path, json={} if method in ("PUT", "POST", "PATCH") else ...)
        refused(ctx, exchange, (404, 405), f"{method} {path}")


# -- pages ------


def is_page(exchange: Exchange, _: Known) -> bool:
    """A list was answered."""
    return exchange.kind is Kind.API and exchange.method == "GET" and exchange.route in LISTS and exchange.status == 200


@CATALOGUE.invariant("PST-PAGE-2", is_page, whole=True)
def a_list_is_in_its_envelope(exchange: Exchange, _: Known) -> str | None:
    odd = odd_list(exchange.json())
    return f"GET {exchange.path}: {odd}" if odd else None


@pages_claim(
    "PST-PAGE-2",
    "A list is `success` true with `data` and `meta`: limit, next_cursor, has_more.",
    needs=READ,
    sends=(Send("GET", path, 1) for path in LISTS),
)
def lists_of_everything(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in LISTS:
        exchange = account.get(path)
        odd = odd_list(exchange.json())
        ctx.expect(exchange.status == 200 and odd is None, f"GET {path}: {odd or exchange}", exchange)


@pages_claim(
    "PST-PAGE-1",
    "A page has 50 objects unless `limit` says otherwise, 100 at most; the cursor leads through every object once.",
    needs=WRITE,
    sends=(
        Send("GET", CONTACTS, 20),
        Send("POST", CONTACTS, 7),
        Send("DELETE", CONTACTS, 7),
    ),
)
def a_walk_through_the_pages(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        mine = [new_contact(account, phone(place), tags=["ringback-walk"])["id"] for place in range(3)]
        seen = [id_ for page in pages(account, CONTACTS, 1, tag="ringback-walk") for id_ in ids(data(page))]
        ctx.expect(sorted(seen) == sorted(mine), f"a walk of three contacts: expected each once, got {len(seen)}")
        ctx.not_covered("the default of 50 and the limit of 100")
        return
    result = imported(account, [{"phone": phone(place)} for place in range(MAX_COUNT + 2)])
    ctx.precondition(result.get("created") == MAX_COUNT + 2, f"contacts to page through: {result}")
    for query, expected in (("", DEFAULT), (f"?limit={MAX_COUNT}", MAX_COUNT), ("?limit=7", 7)):
        exchange = account.get(f"{CONTACTS}{query}")
        count = len(data(exchange))
        told = (exchange.json().get("meta") or {}).get("limit")
        ctx.expect(
            count == expected == told,
            f"a page of {MAX_COUNT + 2} contacts {query or 'as it is'}: expected {expected}, got {count}, told {told}",
            exchange,
        )
    for limit in (41, 51, MAX_COUNT):
        walked = list(pages(account, CONTACTS, limit))
        found = [each for page in walked for each in data(page)]
        apart = len(set(ids(found)))
        ctx.expect(
            len(found) == apart == MAX_COUNT + 2,
            f"a walk by {limit}: expected {MAX_COUNT + 2} contacts once each, got {len(found)}, {apart} of them apart",
            *walked,
        )
        odd = newest_first(found)
        ctx.expect(odd is None, f"the order of a walk: {odd or 'newest first'}", *walked)
    _a_walk_while_more_is_made(ctx, account)
    _walks_elsewhere(ctx)


def _a_walk_while_more_is_made(ctx: ProbeContext, account: Account) -> None:
    before = set(ids([each for page in pages(account, CONTACTS, MAX_COUNT) for each in data(page)]))
    seen: list[str] = []
    for place, page in enumerate(pages(account, CONTACTS, 41)):
        seen += ids(data(page))
        account.advance(1)
        new_contact(account, phone(200 + place))
    ctx.expect(
        before <= set(seen) and len(seen) == len(set(seen)),
        f"a walk while more is made: expected what was there once each, got {len(before & set(seen))} of {len(before)}",
    )
    first = account.get(f"{CONTACTS}?limit=5")
    odd = newest_first(data(first))
    ctx.expect(odd is None, f"the order of the list: {odd or 'newest first'}", first)


def _walks_elsewhere(ctx: ProbeContext) -> None:
    account = ctx.account(
        campaigns=[{"name": f"Campaign {place}"} for place in range(3)],
        reports=[{"name": f"Report {place}"} for place in range(3)],
    )
    for place in range(3):
        new_profile(account, f"Profile {place}")
        account.post(FIELDS, {"name": f"field_{place}", "type": "string"})
    for path in (CAMPAIGNS, REPORTS, PROFILES, FIELDS):
        walked = list(pages(account, path, 2))
        seen = ids([each for page in walked for each in data(page)])
        ctx.expect(
            len(seen) == len(set(seen)) == 3,
            f"a walk through {path} by 2: expected three once each, got {seen}",
            *walked,
        )


@pages_claim(
    "PST-PAGE-3",
    "A limit outside 1 to 100, or a cursor that was not given out, is answered 400 `VALIDATION_ERROR`.",
    needs=READ,
    basis=Basis.OURS,
    sends=(Send("GET", CONTACTS, len(BAD_LIMITS) + len(NO_CURSORS)),),
)
def limits_and_cursors_that_will_not_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path in LISTS if ctx.emulated else (CONTACTS,):
        for bad in BAD_LIMITS if path == CONTACTS else BAD_LIMITS[:2]:
            invalid(ctx, account.get(f"{path}?limit={bad}"), f"{path} with limit={bad!r}")
    for cursor in NO_CURSORS:
        invalid(ctx, account.get(f"{CONTACTS}?cursor={cursor}"), f"cursor={cursor!r}")

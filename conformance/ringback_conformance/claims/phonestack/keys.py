"""Probes for "Authentication": keys, permissions, test keys, and who sees what."""

from __future__ import annotations

import base64

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.steps import (
    BULK,
    CALLS,
    CAMPAIGNS,
    CONTACTS,
    FIELDS,
    LISTS,
    NOBODY,
    PROFILES,
    REPORTS,
    TRIGGER,
    act,
    everything,
    fetched,
    held_call,
    ids,
    listed,
    made,
    new_contact,
    new_field,
    new_profile,
    phone,
    refused,
    the_campaign,
    the_report,
)
from ringback_conformance.model import Exchange, Header, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Authentication")
errors_claim = CATALOGUE.section("Errors")

NEVER_ISSUED = "ps_live_neverissued000000000000000000000"
SEVERAL = 3
WITHOUT_A_KEY = "without a valid key"
SCOPED = ({"scope": "full"}, {"scope": "read_only"}, {"scope": "write_only"})
WRITES: tuple[tuple[str, str], ...] = (
    ("POST", CONTACTS),
    ("POST", BULK),
    ("PATCH", f"{CONTACTS}/{NOBODY[CONTACTS]}"),
    ("DELETE", f"{CONTACTS}/{NOBODY[CONTACTS]}"),
    ("POST", f"{CONTACTS}/{NOBODY[CONTACTS]}/dnc"),
    ("DELETE", f"{CONTACTS}/{NOBODY[CONTACTS]}/dnc"),
    ("POST", TRIGGER),
    ("POST", f"{CAMPAIGNS}/{NOBODY[CAMPAIGNS]}/start"),
    ("POST", f"{CAMPAIGNS}/{NOBODY[CAMPAIGNS]}/pause"),
    ("POST", f"{CAMPAIGNS}/{NOBODY[CAMPAIGNS]}/resume"),
    ("POST", f"{CAMPAIGNS}/{NOBODY[CAMPAIGNS]}/stop"),
    ("POST", FIELDS),
    ("PATCH", f"{FIELDS}/{NOBODY[FIELDS]}"),
    ("DELETE", f"{FIELDS}/{NOBODY[FIELDS]}"),
    ("POST", PROFILES),
    ("PATCH", f"{PROFILES}/{NOBODY[PROFILES]}"),
    ("DELETE", f"{PROFILES}/{NOBODY[PROFILES]}"),
)


def malformed(key: str) -> tuple[tuple[Header, ...], ...]:
    """Authorization headers that hold no Bearer token, though some hold the key."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    values = ("", "Bearer", key, f"Basic {basic}", f"Token {key}", f"Bearer {key} {key}")
    return ((), *(((("Authorization", value),)) for value in values))


def unauthenticated(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    """Expect 401 `UNAUTHORIZED`."""
    refused(ctx, exchange, (401,), what, "UNAUTHORIZED")


@claim(
    "PST-AUTH-1",
    "A missing or invalid key is answered 401 `UNAUTHORIZED`.",
    needs=READ,
    sends=(Send("GET", CONTACTS, 7 + SEVERAL, note=WITHOUT_A_KEY),),
)
def keys_that_do_not_work(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for headers in malformed(account.key):
        shown = headers[0][1].split(" ")[0] if headers and headers[0][1] != account.key else "its bare key"
        what = f"Authorization of {shown!r}" if headers else "no Authorization header"
        unauthenticated(ctx, account.get(CONTACTS, key=None, headers=headers), what)
    for key in (NEVER_ISSUED, "ps_live_", NEVER_ISSUED.upper()):
        unauthenticated(ctx, account.get(CONTACTS, key=key), "a key that was never issued")
    if not ctx.emulated:
        ctx.not_covered("a revoked key, and what else than reading does without a key")
        return
    for path in LISTS:
        unauthenticated(ctx, account.get(path, key=None), f"{path} without a key")
    for method, path in WRITES:
        unauthenticated(ctx, account.request(method, path, json={}, key=None), f"{method} {path} without a key")
    other = ctx.account(keys=({}, {}))
    works = other.get(CONTACTS, key=other.keys[1])
    ctx.precondition(works.status == 200, f"the second key does not work: {works}")
    ctx.control("DELETE", f"/accounts/{other.id}/keys/{other.key_ids[1]}")
    unauthenticated(ctx, other.get(CONTACTS, key=other.keys[1]), "a revoked key")
    still = other.get(CONTACTS)
    ctx.expect(still.status == 200, f"the account's other key: expected 200, got {still}", still)


def _furnished(ctx: ProbeContext, keys: tuple[dict[str, str], ...] = ({},)) -> tuple[Account, dict[str, str]]:
    """An account with one of each, and their ids by list."""
    account = ctx.account(keys=keys, campaigns=[{"name": "Spring follow-up"}], reports=[{"name": "Everything"}])
    profile = new_profile(account)
    own = {
        CONTACTS: new_contact(account, phone(1))["id"],
        FIELDS: new_field(account, "budget")["id"],
        PROFILES: profile["id"],
        CALLS: held_call(account, profile, phone(2), 5)["id"],
        CAMPAIGNS: the_campaign(account)["id"],
        REPORTS: the_report(account, "Everything")["id"],
    }
    return account, own


def _state(account: Account) -> list[object]:
    """All that an account's lists show, by its first key."""
    return [everything(account, path) for path in LISTS]


def _writes(own: dict[str, str]) -> list[tuple[str, str, object]]:
    """Writes that a key that may do them would succeed with."""
    return [
        ("POST", CONTACTS, {"phone": phone(3)}),
        ("POST", BULK, {"contacts": [{"phone": phone(4)}]}),
        ("PATCH", f"{CONTACTS}/{own[CONTACTS]}", {"company": "Cedar Lane Bakery"}),
        ("POST", f"{CONTACTS}/{own[CONTACTS]}/dnc", {}),
        ("POST", TRIGGER, {"profile_id": own[PROFILES], "phone": phone(5)}),
        ("POST", FIELDS, {"name": "timeline", "type": "string"}),
        ("PATCH", f"{FIELDS}/{own[FIELDS]}", {"description": "What it may cost"}),
        ("POST", PROFILES, {"name": "Another"}),
        ("PATCH", f"{PROFILES}/{own[PROFILES]}", {"opener": "Good day."}),
        ("POST", f"{CAMPAIGNS}/{own[CAMPAIGNS]}/start", {}),
        ("DELETE", f"{PROFILES}/{own[PROFILES]}", ...),
        ("DELETE", f"{FIELDS}/{own[FIELDS]}", ...),
        ("DELETE", f"{CONTACTS}/{own[CONTACTS]}", ...),
    ]


def _reads(own: dict[str, str]) -> list[str]:
    """What can be read."""
    return [
        *LISTS,
        *(f"{path}/{id_}" for path, id_ in own.items()),
        f"{CALLS}/{own[CALLS]}/transcript",
        f"{CALLS}/{own[CALLS]}/recording",
        f"{REPORTS}/{own[REPORTS]}/export?format=csv",
    ]


@claim(
    "PST-AUTH-2",
    "A Read Only key writes nothing: 403 `READ_ONLY`; a Write Only key reads nothing: 403.",
    needs=CTL,
)
def keys_that_may_not_do_everything(ctx: ProbeContext) -> None:
    account, own = _furnished(ctx, SCOPED)
    _, reader, writer = account.keys
    before = _state(account)
    for method, path, body in _writes(own):
        exchange = account.request(method, path, json=body, key=reader)
        refused(ctx, exchange, (403,), f"{method} {path} with a Read Only key", "READ_ONLY")
    ctx.expect(_state(account) == before, "what there is after a Read Only key's writes: expected it as it was")
    for path in _reads(own):
        allowed = account.get(path, key=reader)
        ctx.expect(allowed.status == 200, f"GET {path} with a Read Only key: expected 200, got {allowed}", allowed)
        shut = account.get(path, key=writer)
        refused(ctx, shut, (403,), f"GET {path} with a Write Only key")
    for method, path, body in _writes(own):
        exchange = account.request(method, path, json=body, key=writer)
        ctx.expect(made(exchange), f"{method} {path} with a Write Only key: expected 2xx, got {exchange}", exchange)


@claim(
    "PST-AUTH-3",
    "A test key (`ps_test_…`) reads; writes and real calls are answered 403 `TEST_KEY`.",
    needs=CTL,
)
def keys_for_tests(ctx: ProbeContext) -> None:
    account, own = _furnished(ctx, ({"kind": "live"}, {"kind": "test"}))
    key = account.keys[1]
    ctx.expect(key.startswith("ps_test_"), f"a test key: expected ps_test_…, it begins {key[:8]}")
    before = _state(account)
    for method, path, body in _writes(own):
        exchange = account.request(method, path, json=body, key=key)
        refused(ctx, exchange, (403,), f"{method} {path} with a test key", "TEST_KEY")
    account.advance(2 * 60)
    ctx.expect(_state(account) == before, "what there is after a test key's writes: expected it as it was")
    for path in _reads(own):
        allowed = account.get(path, key=key)
        ctx.expect(allowed.status == 200, f"GET {path} with a test key: expected 200, got {allowed}", allowed)


@errors_claim(
    "PST-AUTH-4",
    "What belongs to another organization is answered 404 `NOT_FOUND`.",
    needs=CTL,
)
def two_organizations_side_by_side(ctx: ProbeContext) -> None:
    owner, own = _furnished(ctx)
    stranger = ctx.default_account()
    before = _state(owner)
    for path, id_ in own.items():
        ctx.precondition(id_ in ids(listed(owner, path)), f"{id_} is not in the owner's own {path}")
        seen = stranger.get(path)
        ctx.expect(
            id_.encode() not in seen.response_body, f"{path} of another organization: expected nothing of ours", seen
        )
        _unknown(ctx, stranger.get(f"{path}/{id_}"))
    for exchange in (
        stranger.patch(f"{CONTACTS}/{own[CONTACTS]}", {"company": "Cedar Lane Bakery"}),
        stranger.post(f"{CONTACTS}/{own[CONTACTS]}/dnc"),
        stranger.delete(f"{CONTACTS}/{own[CONTACTS]}/dnc"),
        stranger.delete(f"{CONTACTS}/{own[CONTACTS]}"),
        stranger.get(f"{CALLS}/{own[CALLS]}/transcript"),
        stranger.get(f"{CALLS}/{own[CALLS]}/recording"),
        *(act(stranger, {"id": own[CAMPAIGNS]}, action) for action in ("start", "pause", "resume", "stop")),
        stranger.patch(f"{FIELDS}/{own[FIELDS]}", {"description": "Ours now"}),
        stranger.delete(f"{FIELDS}/{own[FIELDS]}"),
        stranger.patch(f"{PROFILES}/{own[PROFILES]}", {"opener": "Ours now"}),
        stranger.delete(f"{PROFILES}/{own[PROFILES]}"),
        stranger.post(f"{REPORTS}/{own[REPORTS]}/execute", {"date_range": "last_7_days"}),
        stranger.get(f"{REPORTS}/{own[REPORTS]}/export?format=csv"),
    ):
        _unknown(ctx, exchange)
    for exchange in (
        stranger.post(TRIGGER, {"profile_id": own[PROFILES], "phone": phone(6)}),
        stranger.post(CONTACTS, {"phone": phone(7), "campaign_id": own[CAMPAIGNS]}),
    ):
        refused(ctx, exchange, (400, 404, 422), f"{exchange.method} {exchange.path} with what belongs to another")
    ctx.expect(_state(owner) == before, "what is ours after that: expected it as it was")
    ctx.expect(not listed(stranger, CALLS), "the stranger's calls: expected none")
    again = fetched(owner, PROFILES, own[PROFILES])
    ctx.expect(again["status"] == "active", f"our profile after that: expected it active, it is {again['status']}")


def _unknown(ctx: ProbeContext, exchange: Exchange) -> None:
    refused(
        ctx, exchange, (404,), f"{exchange.method} {exchange.path}, which belongs to another organization", "NOT_FOUND"
    )

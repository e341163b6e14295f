"""Probes for "Authentication": keys, scopes, rotation, and who sees what."""

from __future__ import annotations

import base64

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.steps import (
    ACCOUNT,
    AVAILABLE,
    CALLS,
    ENDPOINTS,
    LISTS,
    MINUTE,
    NUMBERS,
    SMS,
    USAGE,
    VOICEMAILS,
    activate,
    address,
    an_offer,
    balance,
    fetched,
    finished_call,
    ids,
    listed,
    made,
    new_number,
    new_sms,
    place,
    refused,
    send,
    thing_in,
    voicemail,
)
from ringback_conformance.model import Basis, Exchange, Header, Send
from ringback_conformance.probe_context import Account, ProbeContext

keys_claim = CATALOGUE.section("Authentication")
claim = CATALOGUE.section("Authentication: Scopes")
errors_claim = CATALOGUE.section("Errors")

NEVER_ISSUED = "sk_live_neverissued000000000000000000000"
SEVERAL = 3
WITHOUT_A_KEY = "without a valid key"
OVERLAP = 5 * MINUTE
"""Page "Scopes": how long a rotated key works on."""
READS = (NUMBERS, AVAILABLE, CALLS, SMS, VOICEMAILS, ACCOUNT, USAGE, ENDPOINTS)
WRITES: tuple[tuple[str, str], ...] = (
    ("POST", NUMBERS),
    ("PATCH", f"{NUMBERS}/num_000000000000"),
    ("DELETE", f"{NUMBERS}/num_000000000000"),
    ("POST", f"{NUMBERS}/num_000000000000/renew"),
    ("PATCH", f"{NUMBERS}/num_000000000000/ai"),
    ("POST", CALLS),
    ("POST", f"{CALLS}/call_000000000000/hangup"),
    ("POST", SMS),
    ("DELETE", f"{VOICEMAILS}/vm_000000000000"),
    ("POST", ENDPOINTS),
    ("DELETE", f"{ENDPOINTS}/whk_000000000000"),
)
SCOPED = ({"scope": "admin"}, {"scope": "read"}, {"scope": "read_write"})


def malformed(key: str) -> tuple[tuple[Header, ...], ...]:
    """Authorization headers that hold no Bearer token, though some hold the key."""
    basic = base64.b64encode(f"{key}:".encode()).decode()
    values = ("", "Bearer", key, f"Basic {basic}", f"Token {key}", f"Bearer {key} {key}")
    return ((), *(((("Authorization", value),)) for value in values))


def unauthenticated(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    """Expect 401 `authentication_error`."""
    refused(ctx, exchange, (401,), what, "authentication_error")


def forbidden(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    """Expect 403 `authorization_error`."""
    refused(ctx, exchange, (403,), what, "authorization_error")


@keys_claim(
    "NKN-AUTH-1",
    "A missing, invalid or revoked key is answered 401 `authentication_error`.",
    needs=READ,
    sends=(Send("GET", NUMBERS, 7 + SEVERAL, note=WITHOUT_A_KEY),),
)
def keys_that_do_not_work(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for headers in malformed(account.key):
        shown = headers[0][1].split(" ")[0] if headers and headers[0][1] != account.key else "its bare key"
        what = f"Authorization of {shown!r}" if headers else "no Authorization header"
        unauthenticated(ctx, account.get(NUMBERS, key=None, headers=headers), what)
    for key in (NEVER_ISSUED, "sk_live_", NEVER_ISSUED.upper()):
        unauthenticated(ctx, account.get(NUMBERS, key=key), "a key that was never issued")
    if not ctx.emulated:
        ctx.not_covered("a revoked key, and what else than reading does without a key")
        return
    for path in READS:
        unauthenticated(ctx, account.get(path, key=None), f"{path} without a key")
    for method, path in WRITES:
        unauthenticated(ctx, account.request(method, path, json={}, key=None), f"{method} {path} without a key")
    other = ctx.account(keys=({}, {}))
    works = other.get(NUMBERS, key=other.keys[1])
    ctx.precondition(works.status == 200, f"the second key does not work: {works}")
    ctx.control("DELETE", f"/accounts/{other.id}/keys/{other.key_ids[1]}")
    unauthenticated(ctx, other.get(NUMBERS, key=other.keys[1]), "a revoked key")
    still = other.get(NUMBERS)
    ctx.expect(still.status == 200, f"the account's other key: expected 200, got {still}", still)


@claim(
    "NKN-AUTH-2",
    "A key of scope read may GET; anything else is answered 403 `authorization_error`, and nothing happens.",
    needs=CTL,
)
def a_key_that_may_only_read(ctx: ProbeContext) -> None:
    account = ctx.account(keys=SCOPED)
    number = new_number(account)
    endpoint = thing_in(account.post(ENDPOINTS, {"url": address(account), "enabled_events": ["*"]}), "endpoint")
    offer = an_offer(account)
    before = _everything(account)
    read = account.keys[1]
    for path in (*READS, f"{NUMBERS}/{number['id']}", f"{NUMBERS}/{number['id']}/ai"):
        exchange = account.get(path, key=read)
        ctx.expect(exchange.status == 200, f"GET {path} with scope read: expected 200, got {exchange}", exchange)
    for method, path, body in (
        ("POST", NUMBERS, {"available_id": offer["id"], "billing_period": "monthly"}),
        ("PATCH", f"{NUMBERS}/{number['id']}", {"auto_renew": False}),
        ("PATCH", f"{NUMBERS}/{number['id']}/ai", {"auto_pickup": {"after_rings": 7}}),
        ("POST", f"{NUMBERS}/{number['id']}/renew", {}),
        ("POST", CALLS, {"from": number["id"], "to": "+33639980142"}),
        ("POST", SMS, {"from": number["id"], "to": "+33639980142", "body": "Hello"}),
        ("POST", ENDPOINTS, {"url": address(account), "enabled_events": ["*"]}),
        ("DELETE", f"{ENDPOINTS}/{endpoint['id']}", ...),
        ("DELETE", f"{NUMBERS}/{number['id']}", ...),
    ):
        exchange = account.request(method, path, json=body, key=read)
        forbidden(ctx, exchange, f"{method} {path} with scope read")
    ctx.expect(_everything(account) == before, "the account after all that: expected it as it was")


def _everything(account: Account) -> list[object]:
    return [account.balance(), *(listed(account, path) for path in LISTS)]


@claim(
    "NKN-AUTH-3",
    "A key of scope read_write may GET, POST and PATCH; DELETE is answered 403 `authorization_error`.",
    needs=CTL,
)
def a_key_that_may_read_and_write(ctx: ProbeContext) -> None:
    account = ctx.account(keys=SCOPED)
    number = new_number(account)
    mail = voicemail(account, number)
    key = account.keys[2]
    endpoint = account.post(ENDPOINTS, {"url": address(account), "enabled_events": ["*"]}, key=key)
    allowed = (
        account.get(NUMBERS, key=key),
        endpoint,
        account.post(SMS, {"from": number["id"], "to": "+33639980142", "body": "Hello"}, key=key),
        account.patch(f"{NUMBERS}/{number['id']}", {"auto_renew": False}, key=key),
    )
    for exchange in allowed:
        ctx.expect(made(exchange), f"with scope read_write: expected 2xx, got {exchange}", exchange)
    for path, thing in ((ENDPOINTS, thing_in(endpoint, "endpoint")), (VOICEMAILS, mail), (NUMBERS, number)):
        exchange = account.delete(f"{path}/{thing['id']}", key=key)
        forbidden(ctx, exchange, f"DELETE of {path}/{{id}} with scope read_write")
        ctx.expect(
            thing["id"] in ids(listed(account, path)),
            f"what a key of scope read_write may not delete: expected it in {path} still",
        )
    status = fetched(account, NUMBERS, number["id"]).get("status")
    ctx.expect(status == "active", f"the number after that: expected it active, it is {status}")


@claim(
    "NKN-AUTH-4",
    "A key of scope admin may do all, DELETE included.",
    needs=CTL,
)
def a_key_that_may_do_all(ctx: ProbeContext) -> None:
    account = ctx.account(keys=({"scope": "admin"},))
    number = new_number(account)
    endpoint = thing_in(account.post(ENDPOINTS, {"url": address(account), "enabled_events": ["*"]}), "endpoint")
    mail = voicemail(account, number)
    for exchange in (
        account.get(NUMBERS),
        send(account, number),
        account.patch(f"{NUMBERS}/{number['id']}", {"auto_renew": False}),
    ):
        ctx.expect(made(exchange), f"with scope admin: expected 2xx, got {exchange}", exchange)
    for path, thing in ((ENDPOINTS, endpoint), (VOICEMAILS, mail), (NUMBERS, number)):
        exchange = account.delete(f"{path}/{thing['id']}")
        ctx.expect(exchange.status == 204, f"DELETE with scope admin: expected 204, got {exchange}", exchange)


@claim(
    "NKN-AUTH-5",
    "After a rotation the new key works at once, and the old one for 5 more minutes; then it is answered 401.",
    needs=CTL,
)
def a_key_that_is_rotated(ctx: ProbeContext) -> None:
    account = ctx.account(keys=({"scope": "read_write"}, {}))
    old = account.keys[0]
    fresh = ctx.control("POST", f"/accounts/{account.id}/keys/{account.key_ids[0]}/rotate", {})["secret"]
    ctx.run_context.learn_key(fresh)
    ctx.expect(fresh != old, "the new key: expected another than the old")
    for key, which in ((fresh, "new"), (old, "old")):
        exchange = account.get(NUMBERS, key=key)
        ctx.expect(exchange.status == 200, f"the {which} key after rotation: expected 200, got {exchange}", exchange)
    forbidden(ctx, account.delete(f"{NUMBERS}/num_000000000000", key=fresh), "the new key of a scope without DELETE")
    account.advance(OVERLAP - 2)
    late = account.get(NUMBERS, key=old)
    ctx.expect(late.status == 200, f"the old key after 4:58 minutes: expected 200, got {late}", late)
    account.advance(4)
    unauthenticated(ctx, account.get(NUMBERS, key=old), "the old key after 5:02 minutes")
    for key in (fresh, account.keys[1]):
        exchange = account.get(NUMBERS, key=key)
        ctx.expect(exchange.status == 200, f"another key then: expected 200, got {exchange}", exchange)


@keys_claim(
    "NKN-AUTH-6",
    "A publishable key (`pk_live_…`) is answered 401 by every endpoint.",
    needs=CTL,
    basis=Basis.OURS,
)
def a_publishable_key(ctx: ProbeContext) -> None:
    account = ctx.account(keys=({}, {"kind": "publishable"}))
    key = account.keys[1]
    ctx.precondition(key.startswith("pk_live_"), "the publishable key is not pk_live_…")
    for path in READS:
        unauthenticated(ctx, account.get(path, key=key), f"GET {path} with a publishable key")
    for method, path in WRITES:
        unauthenticated(ctx, account.request(method, path, json={}, key=key), f"{method} {path} with a publishable key")


@errors_claim(
    "NKN-AUTH-7",
    "Another account's object is answered 404, never 403, and stays as it was; no list shows it.",
    needs=CTL,
)
def two_accounts_side_by_side(ctx: ProbeContext) -> None:
    owner, stranger = ctx.default_account(), ctx.default_account()
    number = new_number(owner, addons=["ai-summary"])
    call, text, mail = finished_call(owner, number), new_sms(owner, number), voicemail(owner, number)
    endpoint = thing_in(owner.post(ENDPOINTS, {"url": address(owner), "enabled_events": ["*"]}), "endpoint")
    own = {NUMBERS: number, CALLS: call, SMS: text, VOICEMAILS: mail, ENDPOINTS: endpoint}
    for path, thing in own.items():
        ctx.precondition(thing["id"] in ids(listed(owner, path)), f"{thing['id']} is not in the owner's own {path}")
        seen = stranger.get(path)
        ctx.expect(
            thing["id"].encode() not in seen.response_body, f"{path} of another account: expected nothing of ours", seen
        )
        if path != ENDPOINTS:
            _unknown(ctx, stranger.get(f"{path}/{thing['id']}"))
    line = f"{NUMBERS}/{number['id']}"
    owner.advance(MINUTE)  # on a clock that runs what is still under way would change by itself
    before = _everything(owner)
    for exchange in (
        stranger.get(f"{line}/ai"),
        stranger.patch(f"{line}/ai", {"screening": {"enabled": False}}),
        stranger.patch(line, {"auto_renew": False}),
        stranger.post(f"{line}/renew", {}),
        stranger.post(f"{CALLS}/{call['id']}/hangup"),
        stranger.delete(line),
        stranger.delete(f"{VOICEMAILS}/{mail['id']}"),
        stranger.delete(f"{ENDPOINTS}/{endpoint['id']}"),
        place(stranger, number),
        send(stranger, number),
    ):
        _unknown(ctx, exchange)
    ctx.expect(
        _without_links(_everything(owner)) == _without_links(before), "what is ours after that: expected it as it was"
    )
    ctx.expect(stranger.balance() == balance(stranger), "the stranger's balance: expected nothing to have been charged")
    offer = an_offer(owner)
    _unknown(ctx, activate(stranger, offer), allowed=(404, 409))


def _without_links(found: list[object]) -> list[object]:
    return [str(each).partition("sig=")[0] if isinstance(each, str) else each for each in found]


def _unknown(ctx: ProbeContext, exchange: Exchange, allowed: tuple[int, ...] = (404,)) -> None:
    refused(ctx, exchange, allowed, f"{exchange.method} of what belongs to another account")

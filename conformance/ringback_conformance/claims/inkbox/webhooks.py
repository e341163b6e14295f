"""Probes and invariants for "Webhooks": subscriptions, deliveries, replay, signing keys."""

from __future__ import annotations

from typing import Any

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, HOOK
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.shapes import newest_first
from ringback_conformance.claims.inkbox.signature import PREFIX, REQUEST_ID, SIGNATURE, TIMESTAMP, genuine
from ringback_conformance.claims.inkbox.steps import (
    DELIVERIES,
    IDENTITIES,
    NOBODY,
    RECEIPTS,
    SIGNING,
    SUBSCRIPTIONS,
    agent_of,
    fetched,
    hook,
    ids,
    logged,
    made,
    new_number,
    refused,
    ring,
    rows,
    subscribe,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Exchange, Kind
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import mailbox

claim = CATALOGUE.section("Webhooks", Basis.SDK)

EVENTS = (
    "text.received",
    "text.sent",
    "text.delivered",
    "text.delivery_failed",
    "text.delivery_unconfirmed",
    "call.ended",
)
MAX_COUNT = 20
FRESH_SECONDS = 5
FIRST = 1_000
BAD_EVENTS: tuple[Any, ...] = (
    [],
    ["phone.incoming_call"],
    ["text.received", "text.received"],
    ["text.exploded"],
    ["nothing"],
    "text.received",
    [5],
    None,
)


def here(account: Account, id_: Any, more: str = "") -> str:
    """The address of a subscription, for events of all kinds alike."""
    return f"{SUBSCRIPTIONS}/{id_}?scope=identity{more}"


@claim(
    "INK-HOOK-1",
    "Events can be subscribed to, 20 times for each owner; every delivery is on record and can be replayed.",
    needs=HOOK | CTL,
)
def subscriptions_and_what_was_sent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number, other = new_number(account), new_number(account, "back-office")
    row, inbox = _made(ctx, account, number)
    _refused(ctx, account, number, inbox.url)
    _narrowed(ctx, account, number, other, row)
    written(account, number)
    account.advance(1)
    inbox.answer(500)
    written(account, number, "Again.")
    account.advance(RECEIPTS)
    inbox.answer(200)
    _logged(ctx, account, row, inbox)
    _replayed(ctx, account, row, inbox)
    _changed(ctx, account, number, row, inbox)
    _ended(ctx, account, number, row, inbox)
    _too_many(ctx, account, other)


def _made(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    inbox = ctx.inbox()
    body = {"url": inbox.url, "event_types": ["text.received"], "phone_number_id": number["id"]}
    exchange = account.post(SUBSCRIPTIONS, body)
    row = thing_in(exchange, "subscription")
    wanted = {
        "url": inbox.url,
        "event_types": ["text.received"],
        "phone_number_id": number["id"],
        "mailbox_id": None,
        "owner_identity_id": number["agent_identity_id"],
        "status": "active",
        "has_auth_token": False,
    }
    wrong = {name: row.get(name) for name, value in wanted.items() if row.get(name) != value}
    ctx.expect(
        exchange.status == 201 and not wrong, f"a subscription: expected {wanted}, got {wrong} ({exchange})", exchange
    )
    shown = account.get(f"{SUBSCRIPTIONS}/{row['id']}")
    same = {name: value for name, value in row.items() if name != "signing_key"}
    ctx.expect(shown.json() == same, f"a subscription by its id: got {shown}", shown)
    return row, inbox


def _refused(ctx: ProbeContext, account: Account, number: dict[str, Any], url: str) -> None:
    for events in BAD_EVENTS:
        body = {"url": url, "event_types": events, "agent_identity_id": number["agent_identity_id"]}
        refused(ctx, account.post(SUBSCRIPTIONS, body), 422, f"event_types {events!r}")
    owners: tuple[dict[str, Any], ...] = (
        {},
        {"phone_number_id": number["id"], "agent_identity_id": number["agent_identity_id"]},
    )
    for owner in owners:
        body = {"url": url, "event_types": ["text.sent"], **owner}
        refused(ctx, account.post(SUBSCRIPTIONS, body), 422, f"{len(owner)} owners")
    unknown = {"url": url, "event_types": ["text.sent"], "phone_number_id": NOBODY}
    refused(ctx, account.post(SUBSCRIPTIONS, unknown), 404, "an unknown owner")
    for bad in ("nowhere", "ftp://x.example/h"):
        refused(ctx, subscribe(account, number, bad, "text.sent"), 422, f"the URL {bad}")
    catalog = account.get("/api/v1/webhooks/catalog").json() or {}
    ctx.expect(catalog.get("supports_identity_subscriptions") is True, f"the catalogue: got {catalog}")


def _narrowed(
    ctx: ProbeContext, account: Account, number: dict[str, Any], other: dict[str, Any], row: dict[str, Any]
) -> None:
    second, _ = hook(ctx, account, other, "text.sent", "call.ended")
    both = {str(row["id"]), str(second["id"])}
    views: tuple[tuple[str, set[str]], ...] = (
        ("scope=identity", both),
        (f"phone_number_id={number['id']}", {str(row["id"])}),
        (f"agent_identity_id={other['agent_identity_id']}&scope=identity", {str(second["id"])}),
        (f"agent_identity_id={number['agent_identity_id']}&scope=identity", {str(row["id"])}),
        (f"url={row['url']}", {str(row["id"])}),
        ("event_type=call.ended&scope=identity", {str(second["id"])}),
    )
    for query, wanted in views:
        found = rows(account.get(f"{SUBSCRIPTIONS}?{query}"), "subscriptions")
        ctx.expect(
            set(ids(found)) == wanted, f"subscriptions with {query[:40]}: expected {len(wanted)}, got {len(found)}"
        )


def _logged(ctx: ProbeContext, account: Account, row: dict[str, Any], inbox: Any) -> None:
    exchange = account.get(f"{DELIVERIES}?subscription_id={row['id']}")
    found = rows(exchange, "deliveries")
    ctx.check_(len(found) == 2, f"the log: expected two deliveries, got {len(found)}", exchange)
    statuses = [each.get("response_status") for each in found]
    ctx.expect(statuses == [500, 200], f"the log: expected the newest first, 500 and 200, got {statuses}", exchange)
    bodies = [each.get("request_payload") for each in found[::-1]]
    sent = [each.request_body.decode() for each in inbox.received]
    ctx.expect(bodies == sent, "request_payload: expected the bodies as they were sent", exchange, *inbox.received)
    for query, count in (
        ("success=true", 1),
        ("success=false", 1),
        ("event_type=text.sent", 0),
        ("event_type=text.received", 2),
    ):
        some = rows(account.get(f"{DELIVERIES}?subscription_id={row['id']}&{query}"), "deliveries")
        ctx.expect(len(some) == count, f"deliveries with {query}: expected {count}, got {len(some)}")
    ctx.expect(newest_first(found) is None, f"the log: {newest_first(found)}", exchange)


def _replayed(ctx: ProbeContext, account: Account, row: dict[str, Any], inbox: Any) -> None:
    missed = logged(account, f"subscription_id={row['id']}&success=false")[0]
    came = len(inbox.received)
    exchange = account.post(f"{DELIVERIES}/{missed['id']}/replay")
    again = thing_in(exchange, "replay")
    account.advance(5)
    held = (
        again.get("is_replay") is True
        and again.get("event_id") == missed.get("event_id")
        and again.get("id") != missed["id"]
    )
    ctx.expect(held, f"a replay: expected a new row of the same event, got {exchange}", exchange)
    ctx.check_(len(inbox.received) == came + 1, "a replay: expected the event once more", exchange)
    first, last = inbox.received[came - 1], inbox.received[-1]
    ctx.expect(last.request_body == first.request_body, "a replay: expected the same body", first, last)
    named = [each.request_header(REQUEST_ID) for each in (first, last)]
    ctx.expect(named[0] != named[1], f"a replay: expected a request id of its own, got {named[1]!r}", first, last)
    refused(ctx, account.post(f"{DELIVERIES}/{NOBODY}/replay"), 404, "a replay of nothing")


def _changed(ctx: ProbeContext, account: Account, number: dict[str, Any], row: dict[str, Any], inbox: Any) -> None:
    moved = ctx.inbox()
    exchange = account.patch(here(account, row["id"]), {"url": moved.url})
    ctx.expect(
        exchange.status == 200 and (exchange.json() or {}).get("url") == moved.url,
        f"another URL: got {exchange}",
        exchange,
    )
    before = len(inbox.received)
    written(account, number, "Over here.")
    account.advance(5)
    ctx.expect(len(moved.received) == 1 and len(inbox.received) == before, "another URL: expected what follows there")
    kept = logged(account, f"subscription_id={row['id']}")
    account.patch(here(account, row["id"]), {"event_types": ["text.sent"]})
    shown = fetched(account, here(account, row["id"])).get("event_types")
    ctx.expect(shown == ["text.sent"], f"other events: expected them in place of the old ones, got {shown}")
    refused(ctx, account.post(f"{DELIVERIES}/{kept[0]['id']}/replay"), 409, "a replay of what is not wanted any more")
    account.patch(here(account, row["id"]), {"event_types": ["text.received"]})
    refused(ctx, account.patch(here(account, row["id"]), {"event_types": []}), 422, "no events")


def _ended(ctx: ProbeContext, account: Account, number: dict[str, Any], row: dict[str, Any], inbox: Any) -> None:
    kept = logged(account, f"subscription_id={row['id']}")
    gone = account.delete(here(account, row["id"]))
    ctx.expect(gone.status == 204, f"deleting a subscription: expected 204, got {gone}", gone)
    refused(ctx, account.get(here(account, row["id"])), 404, "a subscription that was deleted")
    before = len(account.deliveries())
    written(account, number, "Anybody?")
    account.advance(5)
    ctx.expect(len(account.deliveries()) == before, "a subscription that was deleted: expected nothing more", gone)
    refused(ctx, account.post(f"{DELIVERIES}/{kept[0]['id']}/replay"), 409, "a replay to it")


def _too_many(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    have = len(
        rows(
            account.get(f"{SUBSCRIPTIONS}?agent_identity_id={number['agent_identity_id']}&scope=identity"),
            "subscriptions",
        )
    )
    for place in range(have, MAX_COUNT):
        exchange = subscribe(account, number, f"https://hooks.ringback-conformance.example/many/{place}", "text.sent")
        ctx.precondition(made(exchange), f"subscription {place + 1}: {exchange}")
    over = subscribe(account, number, "https://hooks.ringback-conformance.example/many/last", "text.sent")
    refused(ctx, over, (409, 422), f"subscription {MAX_COUNT + 1} of one owner")


def signed(exchange: Exchange, known: Known) -> bool:
    """A webhook whose key is known and was not rotated: probes that rotate keep to themselves."""
    return (
        exchange.kind is Kind.WEBHOOK
        and exchange.method == "POST"
        and mailbox(exchange.path) in known.secrets
        and exchange.producer not in ("INK-HOOK-2", "INK-KEY-1")
    )


@CATALOGUE.invariant("INK-HOOK-2", signed)
def an_event_is_signed(exchange: Exchange, known: Known) -> str | None:
    if genuine(exchange.request_headers, exchange.request_body, known.secrets[mailbox(exchange.path)]):
        return None
    return f"{SIGNATURE} {exchange.request_header(SIGNATURE)!r} is not that of the request id, timestamp and body"


@claim(
    "INK-HOOK-2",
    "What is sent is signed over `request_id.timestamp.body` with the key less its `whsec_`; after a rotation "
    "with the new one.",
    needs=HOOK,
)
def signatures(ctx: ProbeContext) -> None:
    if not ctx.emulated:
        ctx.precondition(False, "a deployment sends an event only when somebody writes to its number")
    account = ctx.default_account()
    number = new_number(account)
    row, inbox = hook(ctx, account, number, "text.received")
    key = str(row.get("signing_key"))
    ctx.check_(
        key.startswith(PREFIX), "the first subscription of an identity: expected its signing key", *inbox.received
    )
    written(account, number, "é €")
    account.advance(1)
    _last(ctx, inbox, key, "an event")
    _fresh(ctx, account, number, inbox)
    second, _ = hook(ctx, account, number, "text.sent")
    ctx.expect(not second.get("signing_key"), "a second subscription: expected no key", *inbox.received)
    for path in (f"{IDENTITIES}front-desk/signing-key", SIGNING):
        old, key = key, str(thing_in(account.post(path, {}), "signing key").get("signing_key"))
        written(account, number, "Again.")
        account.advance(1)
        _last(ctx, inbox, key, f"an event after a rotation at {path.rpartition('/')[2]}")
        last = inbox.received[-1]
        ctx.expect(
            not genuine(last.request_headers, last.request_body, old),
            "after a rotation: expected the old key no more",
            last,
        )
    agent = agent_of(account, number)
    rotated = str(thing_in(agent.post(SIGNING, {}), "signing key").get("signing_key"))
    written(account, number, "And again.")
    account.advance(1)
    _last(ctx, inbox, rotated, "an event after a rotation by the agent")


def _last(ctx: ProbeContext, inbox: Any, key: str, what: str) -> None:
    ctx.check_(bool(inbox.received), f"{what}: nothing came")
    last = inbox.received[-1]
    held = genuine(last.request_headers, last.request_body, key)
    ctx.expect(held, f"{what}: expected a signature over request id, timestamp and body with the new key", last)


def _fresh(ctx: ProbeContext, account: Account, number: dict[str, Any], inbox: Any) -> None:
    first = inbox.received[-1]
    account.advance(FIRST)
    written(account, number, "Later.")
    account.advance(1)
    last = inbox.received[-1]
    stamps = [int(each.request_header(TIMESTAMP) or 0) for each in (first, last)]
    ctx.expect(
        abs(stamps[1] - stamps[0] - FIRST) <= FRESH_SECONDS,
        f"{TIMESTAMP}: expected it to follow the clock, it went {stamps[1] - stamps[0]} s in {FIRST}",
        first,
        last,
    )
    named = {each.request_header(REQUEST_ID) for each in inbox.received}
    ctx.expect(len(named) == len(inbox.received), "the request ids: expected each its own", *inbox.received)


@claim(
    "INK-KEY-1",
    "A signing key is shown when it is made and never again; until then nothing is signed.",
    needs=CTL,
)
def keys_that_sign(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    inbox = ctx.inbox()
    number = new_number(account, incoming_call_action="webhook", incoming_call_webhook_url=inbox.url)
    path = f"{IDENTITIES}front-desk/signing-key"
    for each in (path, SIGNING):
        state = account.get(each).json() or {}
        ctx.expect(
            state.get("configured") is False and state.get("created_at") is None,
            f"{each}: expected no key yet, got {state}",
        )
    ring(account, number)
    account.advance(60)
    ctx.check_(len(inbox.received) == 1, "a call: expected the question", *inbox.received)
    ctx.expect(
        inbox.received[0].request_header(SIGNATURE) is None, "without a key: expected no signature", inbox.received[0]
    )
    exchange = account.post(path, {})
    key = str(thing_in(exchange, "signing key").get("signing_key"))
    ctx.expect(
        exchange.status == 201 and key.startswith(PREFIX),
        f"a key: expected 201 and {PREFIX}…, got {exchange}",
        exchange,
    )
    for each in (path, SIGNING):
        shown = account.get(each)
        state = shown.json() or {}
        ctx.expect(
            state.get("configured") is True
            and bool(state.get("created_at"))
            and key.encode() not in shown.response_body,
            f"{each}: expected a key, not shown; got {state}",
            shown,
        )
    identity = account.get(f"{IDENTITIES}front-desk")
    told_ = (identity.json() or {}).get("signing_key_configured")
    ctx.expect(told_ is True and key.encode() not in identity.response_body, f"the identity: got {told_}", identity)
    ring(account, number)
    account.advance(60)
    last = inbox.received[-1]
    ctx.expect(genuine(last.request_headers, last.request_body, key), "with a key: expected the question signed", last)
    refused(ctx, account.post(f"{IDENTITIES}nobody/signing-key", {}), 404, "a key for an unknown identity")

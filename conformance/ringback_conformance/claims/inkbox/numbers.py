"""Probes for "Phone Numbers"."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, SPEND, WRITE
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.shapes import NUMBER
from ringback_conformance.claims.inkbox.steps import (
    ACTION,
    FAR,
    IDENTITIES,
    NUMBERS,
    PERSON,
    SECOND_FAR,
    STRANGER,
    agent_of,
    at,
    fetched,
    ids,
    listed,
    made,
    new_identity,
    new_number,
    refused,
    settle,
    shared_number,
    socket,
    thing_in,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext

numbers_claim = CATALOGUE.section("Phone Numbers")
claim = CATALOGUE.section("Phone Numbers · Update phone number", Basis.SDK)
provision_claim = CATALOGUE.section("Phone Numbers · Provision phone number", Basis.SDK)

HOOK = "https://hooks.ringback-conformance.example/nowhere/1"
TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def takes_calls(account: Account, number: dict[str, Any]) -> bool:
    """Whether somebody can call a number now."""
    try:
        account.phone(str(number["number"]), PERSON, duration=1)
    except ControlRefused:
        return False
    return True


@numbers_claim(
    "INK-NUM-1",
    "A toll-free or local number can be provisioned, listed (a bare array), shown, updated and released.",
    needs=SPEND,
    sends=(
        Send("GET", NUMBERS, 1),
        Send("PATCH", f"{NUMBERS}/{{id}}", 1),
    ),
    shares=("number",),
)
def numbers_provisioned_and_released(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        number = shared_number(ctx, account)
        shown = account.get(at(number))
        ctx.expect(shown.status == 200, f"a number by its id: expected 200, got {shown}", shown)
        ctx.expect(number["id"] in ids(listed(account, NUMBERS)), "the list: expected the number in it")
        ctx.not_covered("toll-free numbers and releasing")
        return
    new_identity(account, "a")
    new_identity(account, "b")
    numbers = []
    for handle, kind in (("a", "local"), ("b", "toll_free")):
        exchange = account.post(NUMBERS, {"agent_handle": handle, "type": kind})
        odd = NUMBER.odd(exchange.json(), "the number")
        ctx.check_(
            exchange.status == 201 and odd is None, f"a {kind} number: expected 201, {odd or exchange}", exchange
        )
        number = exchange.json()
        numbers.append(number)
        digits = str(number["number"])
        right = digits.startswith(TOLL_FREE) is (kind == "toll_free")
        ctx.expect(number["type"] == kind and right, f"a {kind} number: got {number['type']} {digits}", exchange)
    state = account.post(NUMBERS, {"agent_handle": "a", "type": "local", "state": "NY"})
    ctx.expect(state.status == 409, f"a second number for an identity: expected 409, got {state}", state)
    first, second = numbers
    listing = account.get(NUMBERS)
    ctx.expect(
        isinstance(listing.json(), list) and set(ids(listing.json())) == {first["id"], second["id"]},
        f"the list: expected a bare array of both numbers, got {listing}",
        listing,
    )
    shown = account.get(at(first))
    ctx.expect(shown.json() == first, f"a number by its id: expected what was listed, got {shown}", shown)
    changed = account.patch(
        at(first),
        {
            "incoming_call_action": "auto_accept",
            "client_websocket_url": socket(account),
            "incoming_call_webhook_url": HOOK,
        },
    )
    now = fetched(account, at(first))
    wanted = {
        "incoming_call_action": "auto_accept",
        "client_websocket_url": socket(account),
        "incoming_call_webhook_url": HOOK,
    }
    wrong = {name: now.get(name) for name, value in wanted.items() if now.get(name) != value}
    ctx.expect(made(changed) and not wrong, f"an update: expected {wanted}, got {wrong}", changed)
    ctx.precondition(takes_calls(account, first), "nobody can call the number")
    released = account.delete(at(first))
    ctx.expect(
        released.status == 204 and not released.response_body,
        f"a release: expected 204 without a body, got {released}",
        released,
    )
    refused(ctx, account.get(at(first)), 404, "a number that was released")
    left = ids(listed(account, NUMBERS))
    ctx.expect(left == [second["id"]], f"the list after that: expected the other number alone, got {left}", released)
    ctx.expect(not takes_calls(account, first), "a number that was released: expected nobody to answer", released)
    refused(ctx, account.delete(at(first)), 404, "a second release")


@claim(
    "INK-NUM-2",
    "`auto_accept` needs a WebSocket URL and `webhook` a webhook URL (422); null clears and what is absent stays.",
    needs=WRITE,
    sends=(Send("PATCH", f"{NUMBERS}/{{id}}", 9),),
    shares=("number",),
    probe_needs=SPEND,
)
def what_an_action_needs(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = shared_number(ctx, account)
    if not ctx.emulated:
        settle(account, number, incoming_call_action="auto_reject", client_websocket_url=None)
    before = fetched(account, at(number))
    for action in ("auto_accept", "webhook"):
        exchange = account.patch(at(number), {"incoming_call_action": action})
        refused(ctx, exchange, 422, f"{action} without its URL")
        now = fetched(account, at(number)).get("incoming_call_action")
        ctx.expect(
            now == before["incoming_call_action"], f"after that: expected nothing changed, it is {now}", exchange
        )
    for action, name, url in (
        ("auto_accept", "client_websocket_url", socket(account)),
        ("webhook", "incoming_call_webhook_url", HOOK),
    ):
        exchange = account.patch(at(number), {"incoming_call_action": action, name: url})
        now = exchange.json() or {}
        ctx.expect(
            exchange.status == 200 and now.get("incoming_call_action") == action and now.get(name) == url,
            f"{action} with its URL: expected both kept, got {exchange}",
            exchange,
        )
        refused(ctx, account.patch(at(number), {name: None}), 422, f"taking away the URL of {action}")
    kept = fetched(account, at(number)).get("client_websocket_url")
    ctx.expect(kept == socket(account), f"what is absent: expected it to stay, it is {kept!r}")
    exchange = account.patch(at(number), {"incoming_call_action": "auto_reject", "client_websocket_url": None})
    now = exchange.json() or {}
    ctx.expect(
        now.get("client_websocket_url") is None and now.get("incoming_call_webhook_url") == HOOK,
        f"null: expected it to clear that field alone, got {now.get('client_websocket_url')!r}",
        exchange,
    )


@provision_claim(
    "INK-NUM-3",
    "A fourth active number is answered 429, and none is taken.",
    needs=CTL,
)
def one_number_too_many(ctx: ProbeContext) -> None:
    account = ctx.account()
    numbers = [new_number(account, f"agent-{place}") for place in range(3)]
    new_identity(account, "late")
    for exchange in (
        account.post(NUMBERS, {"agent_handle": "late", "type": "local"}),
        account.post(IDENTITIES, {"agent_handle": "later", "phone_number": {"type": "local"}}),
    ):
        refused(ctx, exchange, 429, "a fourth active number")
    ctx.expect(len(listed(account, NUMBERS)) == 3, "after that: expected three numbers")
    ctx.expect(account.get(f"{IDENTITIES}later").status == 404, "after that: expected no identity either")
    account.delete(at(numbers[0]))
    again = account.post(NUMBERS, {"agent_handle": "late", "type": "local"})
    ctx.expect(again.status == 201, f"after a release: expected 201, got {again}", again)


@provision_claim(
    "INK-NUM-4",
    "A number belongs to the identity whose handle was given, which shows it; an unknown handle is answered 404.",
    needs=CTL,
)
def whose_a_number_is(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    refused(ctx, account.post(NUMBERS, {"agent_handle": "nobody", "type": "local"}), 404, "an unknown handle")
    refused(ctx, account.post(NUMBERS, {"type": "local"}), 422, "no handle")
    ctx.expect(listed(account, NUMBERS) == [], "after that: expected no number")
    identity = new_identity(account, "a")
    exchange = account.post(NUMBERS, {"agent_handle": "@a"})
    number = thing_in(exchange, "number")
    ctx.expect(
        number.get("agent_identity_id") == identity["id"] and number.get("type") == "local",
        f"a number for a handle: expected a local one of that identity, got {number.get('type')}",
        exchange,
    )
    shown = fetched(account, f"{IDENTITIES}a").get("phone_number")
    ctx.expect(shown == number, f"the identity: expected it to show the number, got {shown}", exchange)
    gone = account.delete(f"{IDENTITIES}a/phone_number")
    ctx.expect(gone.status == 204, f"a release by handle: expected 204, got {gone}", gone)
    ctx.expect(fetched(account, f"{IDENTITIES}a").get("phone_number") is None, "after that: expected none", gone)
    refused(ctx, account.delete(f"{IDENTITIES}a/phone_number"), 404, "a release by handle where there is none")
    placed = account.post(NUMBERS, {"agent_handle": "a", "state": "NY"})
    ctx.expect((placed.json() or {}).get("state") == "NY", f"a number in NY: got {placed.json()}", placed)
    account.delete(f"{IDENTITIES}a/phone_number")
    refused(ctx, account.post(NUMBERS, {"agent_handle": "a", "state": "ZZ"}), (404, 422), "a number in no state")


@claim(
    "INK-NUM-5",
    "A change of `filter_mode` tells which active rules are redundant from now on, and how many.",
    needs=CTL,
)
def a_filter_that_changes(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    place = at(number, "/contact-rules")
    for target, action in ((FAR, "block"), (SECOND_FAR, "block"), (PERSON, "allow"), (STRANGER, "block")):
        thing_in(account.post(place, {"action": action, "match_target": target}), "contact rule")
    last = listed(account, "/api/v1/phone/contact-rules?action=block")
    paused = next(each for each in last if each.get("match_target") == STRANGER)
    account.patch(f"{place}/{paused['id']}", {"status": "paused"})
    for mode, action, count in (("whitelist", "block", 2), ("blacklist", "allow", 1)):
        exchange = account.patch(at(number), {"filter_mode": mode})
        now = exchange.json() or {}
        wanted = {"new_filter_mode": mode, "redundant_rule_action": action, "redundant_rule_count": count}
        ctx.expect(
            now.get("filter_mode") == mode, f"filter_mode: expected {mode}, got {now.get('filter_mode')}", exchange
        )
        notice = now.get("filter_mode_change_notice")
        ctx.expect(notice == wanted, f"a change to {mode}: expected {wanted}, got {notice}", exchange)
        again = (account.patch(at(number), {"filter_mode": mode}).json() or {}).get("filter_mode_change_notice")
        ctx.expect(again is None, f"{mode} where it is so already: expected no notice, got {again}", exchange)


@claim(
    "INK-NUM-6",
    "What becomes of incoming calls is one setting, seen and changed on the number and on its identity.",
    needs=CTL,
)
def one_setting_seen_twice(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number, other = new_number(account), new_number(account, "back-office")
    identity = str(number["agent_identity_id"])
    agent = agent_of(account, number)
    refused(ctx, account.get(ACTION), 422, "an administrator who names no identity")
    exchange = account.request(
        "PUT",
        ACTION,
        json={
            "agent_identity_id": identity,
            "incoming_call_action": "auto_accept",
            "client_websocket_url": socket(account),
        },
    )
    now = fetched(account, at(number))
    ctx.expect(
        made(exchange)
        and now["incoming_call_action"] == "auto_accept"
        and now["client_websocket_url"] == socket(account),
        f"set on the identity: expected it on the number, which has {now['incoming_call_action']}",
        exchange,
    )
    changed = account.patch(at(number), {"incoming_call_action": "webhook", "incoming_call_webhook_url": HOOK})
    for asked, path in ((account, f"{ACTION}?agent_identity_id={identity}"), (agent, ACTION)):
        seen = asked.get(path).json() or {}
        ctx.expect(
            seen.get("incoming_call_action") == "webhook"
            and seen.get("incoming_call_webhook_url") == HOOK
            and seen.get("agent_identity_id") == identity,
            f"set on the number: expected it on the identity, which has {seen.get('incoming_call_action')}",
            changed,
        )
    foreign = f"{ACTION}?agent_identity_id={other['agent_identity_id']}"
    refused(ctx, agent.get(foreign), 403, "another identity's setting with an agent's key")
    wanting = {"agent_identity_id": other["agent_identity_id"], "incoming_call_action": "auto_accept"}
    refused(ctx, account.request("PUT", ACTION, json=wanting), 422, "auto_accept without its URL")
    kept = fetched(account, at(other))["incoming_call_action"]
    ctx.expect(kept == "auto_reject", f"the other number: expected it as it was, it is {kept}")

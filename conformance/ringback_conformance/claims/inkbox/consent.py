"""Probes for who may be heard and written to: opt-ins, contact rules, filters, the vendor's conditions."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.steps import (
    FAR,
    IDENTITIES,
    MINUTE,
    NOBODY,
    OPT_INS,
    PERSON,
    RECEIPTS,
    RULES,
    SECOND_FAR,
    STRANGER,
    agent_of,
    at,
    fetched,
    hosted,
    ids,
    listed,
    made,
    new_number,
    refused,
    send,
    settle,
    texts_of,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Exchange
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Texts", Basis.SDK)
update_claim = CATALOGUE.section("Phone Numbers · Update phone number", Basis.SDK)

WARM_MINUTES = 16


def rule(account: Account, number: dict[str, Any], action: str, target: str, **body: Any) -> dict[str, Any]:
    """A contact rule of a number's; Inconclusive where there is none."""
    asked = {"action": action, "match_type": "exact_number", "match_target": target, **body}
    return thing_in(account.post(at(number, "/contact-rules"), asked), "contact rule")


def _blocked(ctx: ProbeContext, exchange: Exchange, what: str, address: str, id_: str | None) -> None:
    if not refused(ctx, exchange, 403, what, "recipient_blocked"):
        return
    detail = (exchange.json() or {}).get("detail") or {}
    held = detail.get("matched_rule_id") == id_ and detail.get("address") == address and detail.get("reason")
    ctx.expect(
        bool(held),
        f"{what}: expected matched_rule_id {id_}, the address and a reason, got {detail.get('matched_rule_id')}, "
        f"{detail.get('address')}, {detail.get('reason')!r}",
        exchange,
    )


@claim(
    "INK-TXT-4",
    "STOP and START opt out and in; contact rules and the filter mode keep others away, inward and outward.",
    needs=CTL,
)
def who_may_be_heard_and_written_to(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    _opted(ctx, account, number)
    _ruled(ctx, account, number)
    _filtered(ctx, account, number)


def _opted(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    refused(ctx, account.get(f"{OPT_INS}/{PERSON}"), 404, "a receiver who said nothing")
    written(account, number, "STOP")
    refused(ctx, send(account, number, PERSON), 403, "a text to somebody who sent STOP", "recipient_opted_out")
    refused(ctx, send(account, number, [FAR, PERSON]), 403, "a text to a group with them", "recipient_opted_out")
    ctx.expect(listed(account, texts_of(number, "/search?q=table")) == [], "after that: expected nothing sent")
    row = fetched(account, f"{OPT_INS}/{PERSON}")
    told = {name: row.get(name) for name in ("status", "source", "receiver_number", "opted_in_at")}
    wanted = {"status": "opted_out", "source": "sms", "receiver_number": PERSON, "opted_in_at": None}
    ctx.expect(
        told == wanted and bool(row.get("opted_out_at")), f"a receiver who sent STOP: expected {wanted}, got {told}"
    )
    account.advance(60)
    written(account, number, "start")
    sent = send(account, number, PERSON)
    ctx.expect(made(sent), f"a text to somebody who sent START: expected 2xx, got {sent}", sent)
    row = fetched(account, f"{OPT_INS}/{PERSON}")
    ctx.expect(
        row.get("status") == "opted_in" and bool(row.get("opted_in_at")) and row.get("opted_out_at") is None,
        f"a receiver who sent START: it is {row.get('status')}, out {row.get('opted_out_at')}",
        sent,
    )
    written(account, number, "Please stop calling", STRANGER)
    ctx.expect(made(send(account, number, STRANGER)), "a text that holds the word among others: expected no opt-out")
    written(account, number, "STOP", STRANGER)
    rows_ = [(each.get("receiver_number"), each.get("status")) for each in listed(account, OPT_INS)]
    ctx.expect(rows_ == [(STRANGER, "opted_out"), (PERSON, "opted_in")], f"the opt-ins: got {rows_}")
    out = [each.get("receiver_number") for each in listed(account, OPT_INS, status="opted_out")]
    ctx.expect(out == [STRANGER], f"those opted out: expected the one, got {out}")


def _ruled(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    made_ = rule(account, number, "block", FAR)
    _blocked(ctx, send(account, number, FAR), "a text to a number that is blocked", FAR, str(made_["id"]))
    _blocked(ctx, hosted(account, number, FAR), "a call to a number that is blocked", FAR, str(made_["id"]))
    id_ = written(account, number, "Let me in", FAR)
    text = fetched(account, texts_of(number, f"/{id_}"))
    ctx.expect(text.get("is_blocked") is True, f"a text from a number that is blocked: it is {text.get('is_blocked')}")
    split = {"true": [id_], "false": None}
    for flag, wanted in split.items():
        got = ids(listed(account, texts_of(number), is_blocked=flag))
        held = got == wanted if wanted is not None else id_ not in got
        ctx.expect(held, f"texts with is_blocked={flag}: got {len(got)}")
    inward = rule(account, number, "block", SECOND_FAR, direction="inbound")
    ctx.expect(inward.get("direction") == "inbound", f"a rule for one direction: got {inward.get('direction')}")
    sent = send(account, number, SECOND_FAR)
    ctx.expect(made(sent), f"a text out, where only those coming in are blocked: expected 2xx, got {sent}", sent)
    kept = fetched(account, texts_of(number, f"/{written(account, number, 'Me too', SECOND_FAR)}"))
    ctx.expect(kept.get("is_blocked") is True, f"a text in, where those are blocked: it is {kept.get('is_blocked')}")
    account.patch(at(number, f"/contact-rules/{made_['id']}"), {"status": "paused"})
    sent = send(account, number, FAR)
    ctx.expect(made(sent), f"a text against a rule that rests: expected 2xx, got {sent}", sent)


def _filtered(ctx: ProbeContext, account: Account, number: dict[str, Any]) -> None:
    settle(account, number, filter_mode="whitelist")
    _blocked(ctx, send(account, number, STRANGER[:-1] + "9"), "a text to a stranger", STRANGER[:-1] + "9", None)
    id_ = written(account, number, "Hello?", STRANGER[:-1] + "9")
    seen = fetched(account, texts_of(number, f"/{id_}")).get("is_blocked")
    ctx.expect(seen is True, f"a text from a stranger where only those allowed may: is_blocked is {seen}")
    rule(account, number, "allow", PERSON)
    sent = send(account, number, PERSON)
    ctx.expect(made(sent), f"a text to somebody who is allowed: expected 2xx, got {sent}", sent)
    seen = fetched(account, texts_of(number, f"/{written(account, number, 'Hello', PERSON)}")).get("is_blocked")
    ctx.expect(seen is False, f"a text from somebody who is allowed: is_blocked is {seen}")
    account.patch(f"{IDENTITIES}front-desk", {"phone_inbound_filter_mode": "blacklist"})
    modes = {name: fetched(account, at(number)).get(name) for name in ("inbound_filter_mode", "outbound_filter_mode")}
    wanted = {"inbound_filter_mode": "blacklist", "outbound_filter_mode": "whitelist"}
    ctx.expect(modes == wanted, f"a filter for one direction: expected {wanted}, got {modes}")


@claim(
    "INK-TXT-6",
    "Where the vendor's conditions are on, a new number waits some minutes (409) and receivers send START first (403).",
    needs=CTL,
)
def what_the_vendor_asks_for_first(ctx: ProbeContext) -> None:
    account = ctx.account(sms_warmup=True, number_limit=None)
    number = new_number(account)
    ctx.expect(
        number.get("sms_status") == "pending", f"a new number: expected it pending, it is {number.get('sms_status')}"
    )
    refused(ctx, send(account, number), 409, "a text from a new number", "sender_sms_pending")
    account.advance(WARM_MINUTES * MINUTE)
    now = fetched(account, at(number))
    ctx.expect(
        now.get("sms_status") == "ready" and bool(now.get("sms_ready_at")),
        f"a number after {WARM_MINUTES} minutes: it is {now.get('sms_status')}",
    )
    sent = send(account, number)
    ctx.expect(made(sent), f"a text from it: expected 2xx, got {sent}", sent)
    other = ctx.account(require_opt_in=True, number_limit=None)
    number, second = new_number(other), new_number(other, "back-office")
    refused(ctx, send(other, number, PERSON), 403, "a text to somebody who said nothing", "recipient_not_opted_in")
    written(other, second, "START")
    sent = send(other, number, PERSON)
    ctx.expect(made(sent), f"a text to somebody who sent START to another number: expected 2xx, got {sent}", sent)
    inside = send(other, number, str(second["number"]))
    ctx.expect(made(inside), f"a text to a number of the organization: expected 2xx, got {inside}", inside)
    other.advance(RECEIPTS)
    arrived = [each.get("direction") for each in listed(other, texts_of(second))]
    ctx.expect(arrived[:1] == ["inbound"], f"a text within the organization: expected it to arrive, got {arrived}")


@update_claim(
    "INK-RULE-1",
    "Contact rules are one store, kept by number, by identity and for all; one that is there already is "
    "answered 409 with its id.",
    needs=CTL,
)
def rules_kept_three_ways(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number, other = new_number(account), new_number(account, "back-office")
    by_number, by_handle = at(number, "/contact-rules"), f"{IDENTITIES}front-desk/phone-contact-rules"
    first = account.post(by_number, {"action": "block", "match_target": FAR})
    row = thing_in(first, "contact rule")
    wanted = {
        "phone_number_id": number["id"],
        "agent_identity_id": number["agent_identity_id"],
        "action": "block",
        "match_type": "exact_number",
        "match_target": FAR,
        "direction": "both",
        "status": "active",
    }
    wrong = {name: row.get(name) for name, value in wanted.items() if row.get(name) != value}
    ctx.expect(first.status == 201 and not wrong, f"a rule: expected {wanted}, got {wrong} ({first})", first)
    for path in (by_number, by_handle):
        for action in ("block", "allow"):
            exchange = account.post(path, {"action": action, "match_target": FAR})
            refused(ctx, exchange, 409, f"the same rule again, {action}")
            detail = (exchange.json() or {}).get("detail")
            named = detail.get("existing_rule_id") if isinstance(detail, dict) else None
            ctx.expect(named == row["id"], f"existing_rule_id: expected the rule's, got {named!r}", exchange)
    second = thing_in(account.post(by_handle, {"action": "allow", "match_target": PERSON}), "contact rule")
    third = thing_in(
        account.post(at(other, "/contact-rules"), {"action": "block", "match_target": FAR}), "contact rule"
    )
    own = {str(row["id"]), str(second["id"])}
    views: tuple[tuple[str, set[str]], ...] = (
        (by_number, own),
        (by_handle, own),
        (RULES, {*own, str(third["id"])}),
        (f"{RULES}?phone_number_id={number['id']}", own),
        (f"{RULES}?agent_identity_id={other['agent_identity_id']}", {str(third["id"])}),
        (f"{RULES}?action=allow", {str(second["id"])}),
        (f"{by_number}?action=block", {str(row["id"])}),
    )
    for path, expected in views:
        got = listed(account, path)
        ctx.expect(
            set(ids(got)) == expected, f"{path.rpartition('/')[2]}: expected {len(expected)} rules, got {len(got)}"
        )
        whole = all(each.get("phone_number_id") and each.get("agent_identity_id") for each in got)
        ctx.expect(whole, f"{path.rpartition('/')[2]}: expected each row to name its number and its identity")
    _changed(ctx, account, by_number, by_handle, row)
    agent = agent_of(account, number)
    refused(ctx, agent.post(by_number, {"action": "block", "match_target": STRANGER}), 403, "a rule by an agent's key")
    refused(ctx, account.get(f"{at(other, '/contact-rules')}/{row['id']}"), 404, "a rule under another number")
    gone = account.delete(f"{by_handle}/{row['id']}")
    ctx.expect(gone.status == 204, f"deleting a rule: expected 204, got {gone}", gone)
    refused(ctx, account.get(f"{by_number}/{row['id']}"), 404, "a rule that was deleted")
    sent = send(account, number, FAR)
    ctx.expect(made(sent), f"a text to a number that was blocked: expected 2xx, got {sent}", sent)
    refused(ctx, account.delete(f"{by_number}/{NOBODY}"), 404, "an unknown rule")


def _changed(ctx: ProbeContext, account: Account, by_number: str, by_handle: str, row: dict[str, Any]) -> None:
    for path, changes in (
        (by_number, {"direction": "inbound"}),
        (by_handle, {"action": "allow"}),
        (by_number, {"status": "paused"}),
    ):
        exchange = account.patch(f"{path}/{row['id']}", changes)
        shown = fetched(account, f"{by_handle}/{row['id']}")
        held = all(shown.get(name) == value for name, value in changes.items())
        ctx.expect(exchange.status == 200 and held, f"a rule changed to {changes}: got {exchange}", exchange)
    refused(ctx, account.patch(f"{by_number}/{row['id']}", {}), 422, "a change of nothing")
    account.patch(f"{by_number}/{row['id']}", {"action": "block", "status": "active"})
    account.patch(f"{by_number}/{row['id']}", {"direction": "both"})
    account.patch(f"{by_number}/{row['id']}", {"action": "allow", "apply_to": "outbound"})
    sides = {
        (each.get("action"), each.get("direction"))
        for each in listed(account, by_number)
        if each.get("match_target") == FAR
    }
    wanted = {("block", "inbound"), ("allow", "outbound")}
    ctx.expect(sides == wanted, f"apply_to outbound: expected {wanted}, got {sides}")
    account.patch(f"{by_number}/{row['id']}", {"action": "block"})

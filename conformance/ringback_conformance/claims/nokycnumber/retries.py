"""Probes for "Idempotency"."""

from __future__ import annotations

from collections.abc import Callable

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.steps import (
    CALLS,
    DAY,
    ENDPOINTS,
    FAR,
    KEY,
    MINUTE,
    NUMBERS,
    RECEIPTS,
    RINGING_AND_AFTER,
    SECOND_FAR,
    SMS,
    activate,
    address,
    an_offer,
    exact,
    hook,
    ids,
    listed,
    made,
    new_number,
    place,
    price_of,
    refused,
    send,
    told,
)
from ringback_conformance.model import Basis, Exchange, Header
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("Idempotency")

ONE_DAY = DAY
"""Page "Idempotency": how long a key is remembered."""
TOGETHER = 4


def with_key(value: str) -> tuple[Header, ...]:
    """The header."""
    return ((KEY, value),)


@claim(
    "NKN-IDEM-1",
    "The same Idempotency-Key and body within 24 hours give the first answer again, and nothing happens "
    "twice: no second charge, call, message or event.",
    needs=CTL,
)
def the_same_request_twice(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number, offer = new_number(account), an_offer(account)
    _, inbox = hook(ctx, account)
    url = address(account)
    requests: tuple[tuple[str, Callable[[], Exchange], tuple[str, ...]], ...] = (
        (SMS, lambda: send(account, number, headers=with_key("once-sms")), ("sms.sent",)),
        (CALLS, lambda: place(account, number, headers=with_key("once-call")), ("call.initiated",)),
        (NUMBERS, lambda: activate(account, offer, headers=with_key("once-number")), ("number.activated",)),
        (ENDPOINTS, lambda: _endpoint(account, url, "once-endpoint"), ()),
    )
    for path, ask, events in requests:
        before, count, heard = account.balance(), len(listed(account, path)), len(told(inbox, *events))
        first = ask()
        ctx.precondition(made(first), f"POST {path} with an Idempotency-Key does not work: {first}")
        account.advance(RECEIPTS)
        once = before - account.balance()
        again = ask()
        ctx.expect(
            again.status == first.status and again.response_body == first.response_body,
            f"POST {path} again with the same Idempotency-Key: expected the first answer, got {again}",
            first,
            again,
        )
        account.advance(RECEIPTS)
        twice = before - account.balance()
        ctx.expect(twice == once, f"after POST {path} twice: expected ${once} charged, it is ${twice}", first, again)
        new = len(listed(account, path)) - count
        ctx.expect(new == 1, f"after POST {path} twice: expected one more object, there are {new}", first, again)
        if events:
            came = len(told(inbox, *events)) - heard
            ctx.expect(came == 1, f"{events[0]} after POST {path} twice: expected one, got {came}", first, again)
    _late(ctx, account, number)


def _endpoint(account: Account, url: str, key: str) -> Exchange:
    body = {"url": url, "enabled_events": ["sms.failed"]}
    return account.post(ENDPOINTS, body, headers=with_key(key))


def _late(ctx: ProbeContext, account: Account, number: dict[str, object]) -> None:
    first = send(account, number, headers=with_key("almost-a-day"))
    account.advance(ONE_DAY - MINUTE)
    again = send(account, number, headers=with_key("almost-a-day"))
    ctx.expect(
        again.response_body == first.response_body,
        f"the same key a minute before a day is over: expected the first answer, got {again}",
        first,
        again,
    )


@claim(
    "NKN-IDEM-2",
    "The same Idempotency-Key with another body is answered 409 `idempotency_key_mismatch`.",
    needs=CTL,
)
def the_same_key_for_something_else(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    first = send(account, number, headers=with_key("mine"))
    ctx.precondition(made(first), f"a message with an Idempotency-Key does not work: {first}")
    before = account.balance()
    for other in (
        send(account, number, "Another text.", headers=with_key("mine")),
        send(account, number, to=SECOND_FAR, headers=with_key("mine")),
    ):
        refused(ctx, other, (409,), "the same key with another body", code="idempotency_key_mismatch")
    ctx.expect(
        account.balance() == before and ids(listed(account, SMS)) == [first.json()["id"]],
        "after that: expected no message and no charge",
        first,
    )


@claim(
    "NKN-IDEM-3",
    "After 24 hours an Idempotency-Key is as if new.",
    needs=CTL,
)
def the_same_key_a_day_later(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    first = send(account, number, headers=with_key("daily"))
    ctx.precondition(made(first), f"a message with an Idempotency-Key does not work: {first}")
    account.advance(ONE_DAY + 2)
    before = account.balance()
    other = send(account, number, "Another text.", headers=with_key("daily"))
    ctx.check_(made(other), f"the key with another body after a day: expected it to work, got {other}", first, other)
    ctx.expect(
        other.json()["id"] != first.json()["id"] and before - account.balance() == exact(other.json()["cost_usd"]),
        "the key after a day: expected a message of its own, and its charge",
        first,
        other,
    )


@claim(
    "NKN-IDEM-4",
    "Requests with one Idempotency-Key at the same time have one effect.",
    needs=CTL,
    basis=Basis.OURS,
)
def the_same_key_at_the_same_time(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    before = account.balance()
    body = {"from": number["id"], "to": FAR, "body": "Only once."}
    answers = account.together(TOGETHER, "POST", SMS, body, with_key("at-once"))
    good = [exchange for exchange in answers if made(exchange)]
    ctx.check_(bool(good), f"{TOGETHER} requests at once with one key: expected an answer to one at least", *answers)
    ctx.expect(
        all(made(exchange) or exchange.status == 409 for exchange in answers)
        and len({exchange.json()["id"] for exchange in good}) == 1,
        f"{TOGETHER} requests at once with one key: expected one message in all answers, or 409",
        *answers,
    )
    account.advance(RECEIPTS)
    charged = before - account.balance()
    ctx.expect(
        len(listed(account, SMS)) == 1 and charged == exact(good[0].json()["cost_usd"]),
        f"after that: expected one message and its charge, there are {len(listed(account, SMS))} for ${charged}",
        *answers,
    )


@claim(
    "NKN-IDEM-5",
    "Idempotency-Keys are one's own account's, and each endpoint's.",
    needs=CTL,
    basis=Basis.OURS,
)
def the_same_key_elsewhere(ctx: ProbeContext) -> None:
    accounts = (ctx.default_account(), ctx.default_account())
    numbers = [new_number(account) for account in accounts]
    sent = [send(a, n, headers=with_key("shared")) for a, n in zip(accounts, numbers, strict=True)]
    for exchange in sent:
        ctx.expect(made(exchange), f"a key that another account used: expected it to work, got {exchange}", exchange)
    ctx.expect(
        all(made(each) for each in sent) and len({each.json()["id"] for each in sent}) == len(sent),
        "one key in two accounts: expected a message in each",
        *sent,
    )
    call = place(accounts[0], numbers[0], headers=with_key("shared"))
    ctx.expect(made(call), f"a key that another endpoint used: expected it to work, got {call}", call)
    offer = an_offer(accounts[0])
    before = accounts[0].balance()
    number = activate(accounts[0], offer, headers=with_key("shared"))
    ctx.expect(
        made(number) and before - accounts[0].balance() >= price_of(offer),
        f"a key that two other endpoints used: expected it to work, got {number}",
        number,
    )
    accounts[0].advance(RINGING_AND_AFTER)

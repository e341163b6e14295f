"""Steps that several probes take: an offer, a number, a call, a message, a receiver, a walk through a list."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.claims.nokycnumber.shapes import odd_error
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange, Header
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Inbox

NUMBERS = "/v1/numbers"
AVAILABLE = "/v1/numbers/available"
CALLS = "/v1/calls"
SMS = "/v1/sms"
VOICEMAILS = "/v1/voicemails"
ACCOUNT = "/v1/account"
USAGE = "/v1/account/usage"
ENDPOINTS = "/v1/webhook_endpoints"
LISTS = (NUMBERS, CALLS, SMS, VOICEMAILS, ENDPOINTS)
"""Lists that begin empty."""

COUNTRY = "fr"
FAR = "+33639980142"
"""A mobile number that nobody can have: kept free for fiction."""
SECOND_FAR = "+33639980143"
PERSON = "+33639980187"
"""Who calls and writes in."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
RINGING_AND_AFTER = 60
"""Seconds added to a call's length so that it has surely been answered and ended."""
RECEIPTS = 120
"""Seconds within which a message is delivered where nothing is scripted."""
PUBLIC_HOOK = "https://hooks.example.com/nokyc"
KEY = "Idempotency-Key"


def address(account: Account) -> str:
    """Where webhooks may go: an inbox of ours in the emulator, which looks up no name then, and nowhere elsewhere."""
    return account.ctx.inbox().url if account.ctx.emulated else PUBLIC_HOOK


def offers(account: Account, **filters: Any) -> list[dict[str, Any]]:
    """What is available; Inconclusive when there is no such list."""
    return data(account.get(f"{AVAILABLE}?{urlencode(filters)}" if filters else AVAILABLE))


def an_offer(account: Account, country: str = COUNTRY, **filters: Any) -> dict[str, Any]:
    """One offer, a plain mobile number unless asked for otherwise."""
    found = offers(account, **{"country": country, "type": "mobile", "tier": "standard", **filters})
    if not found:
        raise Inconclusive(f"nothing is available in {country}")
    return found[0]


def activate(account: Account, offer: dict[str, Any], period: str = "monthly", **body: Any) -> Exchange:
    """POST /v1/numbers for an offer."""
    headers = body.pop("headers", ())
    return account.post(NUMBERS, {"available_id": offer["id"], "billing_period": period, **body}, headers=headers)


def made(exchange: Exchange) -> bool:
    """Whether something was made, whatever 2xx says so."""
    return exchange.status is not None and 200 <= exchange.status < 300


def thing_in(exchange: Exchange, what: str) -> dict[str, Any]:
    """The object that an answer gives; Inconclusive where it gives none."""
    body = exchange.json()
    if not made(exchange) or not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise Inconclusive(f"there is no {what}: {exchange}")
    return body


def new_number(account: Account, country: str = COUNTRY, period: str = "monthly", **body: Any) -> dict[str, Any]:
    """An activated number as the answer shows it."""
    number = thing_in(activate(account, an_offer(account, country), period, **body), "number")
    if not isinstance(number.get("number"), str):
        raise Inconclusive("the activated number has no number")
    return number


def shared_number(ctx: ProbeContext, account: Account) -> Exchange:
    """The answer that activated a number: its own in the emulator, one for all probes elsewhere."""
    if ctx.emulated or "number" not in ctx.shared:
        ctx.shared["number"] = activate(account, an_offer(account))
    exchange = ctx.shared["number"]
    if not isinstance(exchange, Exchange) or not made(exchange):
        raise Inconclusive(f"no number could be activated: {exchange}")
    return exchange


def price_of(offer: dict[str, Any], period: str = "monthly") -> Decimal:
    """What an offer costs for a period, in dollars."""
    prices = offer.get("prices")
    if not isinstance(prices, dict) or not isinstance(prices.get(period), int | float):
        raise Inconclusive(f"the offer tells no price for {period}")
    return exact(prices[period])


def exact(amount: Any) -> Decimal:
    """A JSON number of dollars, exactly as it was written."""
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise Inconclusive(f"{amount!r} is no amount")
    return Decimal(str(amount))


def data(exchange: Exchange) -> list[dict[str, Any]]:
    """The objects of a list; Inconclusive when there is no such list."""
    body = exchange.json()
    found = body.get("data") if isinstance(body, dict) else None
    if exchange.status != 200 or not isinstance(found, list) or not all(_has_id(item) for item in found):
        raise Inconclusive(f"there is no list to look at: {exchange}")
    return found


def _has_id(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def listed(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """The objects of the first page of a list."""
    return data(account.get(f"{path}?{urlencode(query)}" if query else path))


def ids(found: Iterable[dict[str, Any]]) -> list[str]:
    """Their ids, in order."""
    return [str(each["id"]) for each in found]


def fetched(account: Account, path: str, id_: str) -> dict[str, Any]:
    """One object by its id."""
    return thing_in(account.get(f"{path}/{id_}"), path.rpartition("/")[2])


def place(account: Account, number: dict[str, Any], to: str = FAR, **body: Any) -> Exchange:
    """POST /v1/calls."""
    headers = body.pop("headers", ())
    return account.post(CALLS, {"from": number["id"], "to": to, **body}, headers=headers)


def new_call(account: Account, number: dict[str, Any], to: str = FAR, **body: Any) -> dict[str, Any]:
    """An outbound call as the answer shows it. `script` says what the far end does."""
    script = body.pop("script", None)
    if script is not None:
        account.script({"to": to, "kind": "call"}, **script)
    return thing_in(place(account, number, to, **body), "call")


def finished_call(account: Account, number: dict[str, Any], seconds: int = 30, **body: Any) -> dict[str, Any]:
    """An outbound call that was answered and has ended."""
    call = new_call(account, number, script={"answer_after": 2, "duration": seconds}, **body)
    account.advance(seconds + RINGING_AND_AFTER)
    return fetched(account, CALLS, call["id"])


def ring(account: Account, number: dict[str, Any], **script: Any) -> str:
    """Somebody calls the number; Inconclusive when nobody answers there."""
    try:
        return account.phone(str(number.get("number")), PERSON, **script)
    except ControlRefused as refusal:
        raise Inconclusive(f"no call reached {number.get('number')}: {refusal}") from None


def rings(account: Account, number: dict[str, Any]) -> bool:
    """Whether a call to the number goes through now."""
    try:
        account.phone(str(number.get("number")), PERSON, duration=5)
    except ControlRefused:
        return False
    account.advance(5 + RINGING_AND_AFTER)
    return True


def send(account: Account, number: dict[str, Any], body: Any = "Your code is 482917.", **fields: Any) -> Exchange:
    """POST /v1/sms."""
    headers: Iterable[Header] = fields.pop("headers", ())
    return account.post(SMS, {"from": number["id"], "to": FAR, "body": body, **fields}, headers=headers)


def new_sms(account: Account, number: dict[str, Any], body: str = "Your code is 482917.", **fields: Any) -> Any:
    """An outbound message as the answer shows it."""
    return thing_in(send(account, number, body, **fields), "message")


def written(account: Account, number: dict[str, Any], body: str = "On my way.") -> str:
    """Somebody writes to the number; gives the message's id."""
    try:
        return account.write(str(number.get("number")), PERSON, body)
    except ControlRefused as refusal:
        raise Inconclusive(f"no message reached {number.get('number')}: {refusal}") from None


def voicemail(account: Account, number: dict[str, Any], said: str = "Bonjour, rappelez-moi demain.") -> dict[str, Any]:
    """A voicemail that somebody left on the number; Inconclusive when there is none."""
    before = set(ids(listed(account, VOICEMAILS)))
    ring(
        account,
        number,
        voicemail=said,
        language="fr",
        translation="Hello, call me back tomorrow.",
        summary="Wants a callback tomorrow.",
    )
    account.advance(10 * MINUTE)
    new = [each for each in listed(account, VOICEMAILS) if each["id"] not in before]
    if len(new) != 1:
        raise Inconclusive(f"a caller left a voicemail, and the list has {len(new)} new ones")
    return fetched(account, VOICEMAILS, new[0]["id"])


def hook(ctx: ProbeContext, account: Account, *events: str) -> tuple[dict[str, Any], Inbox]:
    """An endpoint for these events (all when none is named) whose requests come to an inbox of its own."""
    inbox = ctx.inbox()
    exchange = account.post(ENDPOINTS, {"url": inbox.url, "enabled_events": list(events) or ["*"]})
    return thing_in(exchange, "webhook endpoint"), inbox


def told(inbox: Inbox, *types: str) -> list[dict[str, Any]]:
    """The events that came to an inbox, of these types or all."""
    found = [exchange.sent() for exchange in inbox.received]
    return [event for event in found if isinstance(event, dict) and (not types or event.get("type") in types)]


def about(event: dict[str, Any]) -> dict[str, Any]:
    """What an event is about."""
    inner = event.get("data")
    thing = inner.get("object") if isinstance(inner, dict) else None
    return thing if isinstance(thing, dict) else {}


def balance(account: Account) -> Decimal:
    """The balance in dollars as GET /v1/account tells it; elsewhere than in the emulator the only one there is."""
    body = account.get(ACCOUNT).json()
    return exact(body.get("balance_usd") if isinstance(body, dict) else None)


def refused(
    ctx: ProbeContext,
    exchange: Exchange,
    statuses: Iterable[int],
    what: str,
    kind: str = "",
    code: str = "",
    claim: str = "",
) -> bool:
    """Expect one of these statuses in the error envelope, with a type and a code where they are given."""
    wanted = tuple(statuses)
    error = (exchange.json() or {}).get("error") if isinstance(exchange.json(), dict) else None
    error = error if isinstance(error, dict) else {}
    held = (
        exchange.status in wanted
        and odd_error(exchange.json()) is None
        and (not kind or error.get("type") == kind)
        and (not code or error.get("code") == code)
    )
    named = " ".join(filter(None, (" or ".join(map(str, wanted)), kind, code)))
    seen = f"{exchange} ({error.get('type')})" if error else str(exchange)
    return ctx.expect(held, f"{what}: expected {named} in the error envelope, got {seen}", exchange, claim=claim)

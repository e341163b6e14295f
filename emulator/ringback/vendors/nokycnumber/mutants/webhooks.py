"""Mutants of "Webhooks": endpoints, events, signature, retries."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.nokycnumber.events import EVENTS, RETRIES, event
from ringback.vendors.nokycnumber.mutants.register import (
    ENDPOINTS,
    NAME,
    REGISTRY,
    Thing,
    backend,
    is_list,
    posted,
    rewrite,
    sent,
    show,
)

Sign = Callable[[str, bytes, int], Sequence[tuple[str, str]]]
STALE_SECONDS = 3_600
TOUCHES: dict[str, tuple[str, ...]] = {
    "number.activated": ("NKN-IDEM-1", "NKN-HOOK-1", "NKN-HOOK-2", "NKN-HOOK-4", "NKN-HOOK-6", "NKN-CONV-5"),
    "number.renewed": ("NKN-NUM-7",),
    "number.released": ("NKN-NUM-9",),
    "call.initiated": ("NKN-IDEM-1", "NKN-CALL-5", "NKN-HOOK-8"),
    "call.answered": ("NKN-CALL-5",),
    "call.completed": ("NKN-CALL-5", "NKN-CALL-7", "NKN-CALL-8", "NKN-HOOK-8"),
    "call.recorded": ("NKN-CALL-5",),
    "sms.sent": ("NKN-IDEM-1", "NKN-SMS-6", "NKN-HOOK-2", "NKN-HOOK-4", "NKN-HOOK-8"),
    "sms.delivered": ("NKN-SMS-6", "NKN-HOOK-2", "NKN-HOOK-4", "NKN-HOOK-8"),
    "sms.failed": ("NKN-SMS-6",),
    "account.balance_low": ("NKN-HOOK-7",),
}
"""Claims beside NKN-HOOK-3 that count an event."""
ELSEWHERE = frozenset(("number.paused", "sms.received", "ai.pickup"))
"""Events whose absence is a mutant of another claim."""


@REGISTRY.on_response("endpoints.secret-is-listed", "NKN-HOOK-1", "The list of endpoints shows their secrets.")
def _secret_is_listed(answer: MutableResponse, emulator: Emulator) -> None:
    records = backend(emulator).hooks.records
    if is_list(answer, ENDPOINTS):
        show(answer, "webhook_endpoint", lambda endpoint: endpoint.update(secret=records[endpoint["id"]].secret))


@REGISTRY.on_response("endpoints.deletion-is-200", "NKN-HOOK-1", "DELETE of an endpoint is answered 200.", "NKN-AUTH-4")
def _deletion_is_200(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.asked.path.startswith(ENDPOINTS) and answer.status == 204:
        answer.say(200, {"deleted": True})


@REGISTRY.on_start("endpoints.one-secret-for-all", "NKN-HOOK-1", "All endpoints of an account have the same secret.")
def _one_secret_for_all(emulator: Emulator) -> None:
    first: dict[str, str] = {}

    def make(new_secret: Any) -> Any:
        return lambda account: first.setdefault(account, new_secret(account))

    patch(backend(emulator).hooks, "new_secret", make)


@REGISTRY.on_request("endpoints.unknown-events-are-dropped", "NKN-HOOK-2", "Events that do not exist are passed over.")
def _unknown_events_are_dropped(asked: Request) -> None:
    def drop(body: Thing) -> None:
        names = body.get("enabled_events")
        if isinstance(names, list):
            known = [name for name in names if name == "*" or name in EVENTS]
            body["enabled_events"] = known or names

    if posted(asked, ENDPOINTS):
        rewrite(asked, drop)


@REGISTRY.on_request("endpoints.none-is-all", "NKN-HOOK-2", "An empty list of events is taken for all.")
def _none_is_all(asked: Request) -> None:
    if posted(asked, ENDPOINTS):
        rewrite(asked, lambda body: body.update(enabled_events=["*"]) if body.get("enabled_events") == [] else None)


@REGISTRY.on_request("endpoints.plain-http", "NKN-HOOK-2", "An endpoint over plain HTTP is taken.")
def _plain_http(asked: Request) -> None:
    def mend(body: Thing) -> None:
        if str(body.get("url")).startswith("http://"):
            body["url"] = body["url"].replace("http://", "https://")

    if posted(asked, ENDPOINTS):
        rewrite(asked, mend)


def _never(kind: str) -> None:
    @REGISTRY.on_start(f"events.no-{kind}", "NKN-HOOK-3", f"{kind} never fires.", *TOUCHES.get(kind, ()))
    def _silent(emulator: Emulator) -> None:
        sent(emulator, lambda event: None if event["type"] == kind else event)


for _kind in sorted(EVENTS - ELSEWHERE):
    _never(_kind)


@REGISTRY.on_start(
    "events.first-endpoint-only",
    "NKN-HOOK-3",
    "An event goes to one endpoint only.",
    "NKN-HOOK-5",
    "NKN-HOOK-8",
    "NKN-HOOK-2",
)
def _first_endpoint_only(emulator: Emulator) -> None:
    told: set[str] = set()

    def make(send: Any) -> Any:
        def once(**event: Any) -> Any:
            id_ = json.loads(event["body"])["id"]
            if id_ in told:
                return None
            told.add(id_)
            return send(**event)

        return once

    patch(emulator.services.outbox, "send", make)


@REGISTRY.on_start("events.without-request_id", "NKN-HOOK-4", "An event has no request_id.")
def _without_request_id(emulator: Emulator) -> None:
    sent(emulator, lambda event: {name: value for name, value in event.items() if name != "request_id"})


@REGISTRY.on_start("events.livemode-as-text", "NKN-HOOK-4", "livemode is text.")
def _livemode_as_text(emulator: Emulator) -> None:
    sent(emulator, lambda event: {**event, "livemode": "true"})


@REGISTRY.on_start("events.delivered-while-sent", "NKN-HOOK-4", "sms.delivered shows the message as it was before.")
def _delivered_while_sent(emulator: Emulator) -> None:
    def early(event: Thing) -> Thing:
        if event["type"] == "sms.delivered":
            event["data"]["object"]["status"] = "sent"
        return event

    sent(emulator, early)


# -- the signature ------


def _signed(emulator: Emulator, sign: Callable[[Sign], Sign]) -> None:
    webhook_profile = emulator.services.outbox.dispatcher.profiles[NAME]
    emulator.services.outbox.register(NAME, replace(webhook_profile, sign=sign(webhook_profile.sign)))


def _header(stamp: object, secret: str, message: bytes, kind: Any = hashlib.sha256) -> Sequence[tuple[str, str]]:
    return (("X-NoKYC-Signature", f"t={stamp},v1={hmac.new(secret.encode(), message, kind).hexdigest()}"),)


@REGISTRY.on_start(
    "signature.of-the-parsed-body", "NKN-HOOK-5", "The signature is over the body as parsed and written anew."
)
def _of_the_parsed_body(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, json.dumps(json.loads(body)).encode(), now))


@REGISTRY.on_start("signature.of-the-body-alone", "NKN-HOOK-5", "The signature leaves the timestamp out.")
def _of_the_body_alone(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: _header(now, secret, body))


@REGISTRY.on_start("signature.with-sha1", "NKN-HOOK-5", "The signature is HMAC-SHA1.", "NKN-HOOK-6")
def _with_sha1(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: _header(now, secret, b"%d." % now + body, hashlib.sha1))


@REGISTRY.on_start("signature.stale", "NKN-HOOK-5", "t is an hour old when it is signed.", "NKN-HOOK-6")
def _stale(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, body, now - STALE_SECONDS))


@REGISTRY.on_start("signature.of-another", "NKN-HOOK-5", "A number's events are signed with an endpoint's secret.")
def _of_another(emulator: Emulator) -> None:
    def make(send: Any) -> Any:
        def shared(**event: Any) -> Any:
            first = backend(emulator).hooks.records.oldest("account", event["account"])
            return send(**{**event, "secret": first[0].secret if first else event["secret"]})

        return shared

    patch(emulator.services.outbox, "send", make)


@REGISTRY.on_start("signature.missing", "NKN-HOOK-5", "Events carry no signature.", "NKN-HOOK-6")
def _missing(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: ())


# -- the attempts ------


def _retried(emulator: Emulator, waits: Sequence[int]) -> None:
    emulator.services.outbox.register(NAME, replace(emulator.services.outbox.dispatcher.profiles[NAME], retries=waits))


def _attempted(emulator: Emulator, change: Callable[[Any, Any], None]) -> None:
    def make(attempt: Any) -> Any:
        async def changed(delivery: Any) -> Any:
            made = await attempt(delivery)
            change(delivery, made)
            return made

        return changed

    patch(emulator.services.outbox.dispatcher, "attempt", make)


@REGISTRY.on_start("retries.six", "NKN-HOOK-6", "A sixth retry is made.")
def _six(emulator: Emulator) -> None:
    _retried(emulator, (*RETRIES, RETRIES[-1] * 2))


@REGISTRY.on_start("retries.four", "NKN-HOOK-6", "There is no fifth retry.")
def _four(emulator: Emulator) -> None:
    _retried(emulator, RETRIES[:-1])


@REGISTRY.on_start("retries.even", "NKN-HOOK-6", "All waits between attempts are alike.")
def _even(emulator: Emulator) -> None:
    _retried(emulator, (sum(RETRIES) // len(RETRIES),) * len(RETRIES))


@REGISTRY.on_start("retries.linear", "NKN-HOOK-6", "Each wait is longer than the one before by as much again.")
def _linear(emulator: Emulator) -> None:
    _retried(emulator, tuple(5_760 * place for place in range(1, 6)))


@REGISTRY.on_start("retries.within-an-hour", "NKN-HOOK-6", "The retries are over within an hour.")
def _within_an_hour(emulator: Emulator) -> None:
    _retried(emulator, (60, 120, 240, 480, 960))


@REGISTRY.on_start("retries.with-a-new-id", "NKN-HOOK-6", "A repeated attempt is another event.")
def _with_a_new_id(emulator: Emulator) -> None:
    def rename(delivery: Any, made: Any) -> None:
        if not made.accepted:
            event = json.loads(delivery.body)
            delivery.body = json.dumps({**event, "id": event["id"] + "0"}).encode()

    _attempted(emulator, rename)


@REGISTRY.on_start("retries.signed-once", "NKN-HOOK-6", "Every attempt carries the first one's signature.")
def _signed_once(emulator: Emulator) -> None:
    signed: dict[bytes, Sequence[tuple[str, str]]] = {}

    def once(sign: Sign) -> Sign:
        return lambda secret, body, now: signed.setdefault(secret.encode() + body, sign(secret, body, now))

    _signed(emulator, once)


@REGISTRY.on_start("retries.redirect-is-success", "NKN-HOOK-6", "A redirect counts as an event that was taken.")
def _redirect_is_success(emulator: Emulator) -> None:
    def forgive(_: Any, made: Any) -> None:
        if made.status is not None and 300 <= made.status < 400:
            made.status = 200

    _attempted(emulator, forgive)


@REGISTRY.on_start("retries.only-200-counts", "NKN-HOOK-6", "A 2xx other than 200 counts as a failure.")
def _only_200_counts(emulator: Emulator) -> None:
    def doubt(_: Any, made: Any) -> None:
        if made.accepted and made.status != 200:
            made.status = 500

    _attempted(emulator, doubt)


# -- who is told ------


@REGISTRY.on_start("balance.warned-each-time", "NKN-HOOK-7", "Every charge below the threshold warns of a low balance.")
def _warned_each_time(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(charge: Any) -> Any:
        def loud(account: str, amount: int, cause: str, ref: str) -> None:
            charge(account, amount, cause, ref)
            threshold = own.settings(account).balance_low_threshold
            if threshold is not None and own.money.ledger.balance(account) + amount < float(threshold) * 1e6:
                own.hooks.tell(account, "account.balance_low", own.office.view(account), about=account)

        return loud

    patch(own.money, "charge", make)


@REGISTRY.on_start("balance.warned-at-the-threshold", "NKN-HOOK-7", "A balance of exactly the threshold is warned of.")
def _warned_at_the_threshold(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(charge: Any) -> Any:
        def early(account: str, amount: int, cause: str, ref: str) -> None:
            charge(account, amount, cause, ref)
            threshold = own.settings(account).balance_low_threshold
            if threshold is not None and own.money.ledger.balance(account) == round(float(threshold) * 1e6):
                own.hooks.tell(account, "account.balance_low", own.office.view(account), about=account)

        return early

    patch(own.money, "charge", make)


@REGISTRY.on_start("balance.only-charges-warn", "NKN-HOOK-7", "Money that is taken out of an account warns of nothing.")
def _only_charges_warn(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(moved: Any) -> Any:
        return lambda entry: None if entry.cause == "withdrawn" else moved(entry)

    patch(own.money, "moved", make)


@REGISTRY.on_start("events.to-all-endpoints", "NKN-HOOK-8", "Every endpoint is sent every event.")
def _to_all_endpoints(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(create: Any) -> Any:
        def eager(account: str, body: Any) -> Any:
            view = create(account, body)
            if set(body.enabled_events) == {"call.completed", "sms.failed"}:
                hooks.records.update(hooks.records[view.id], events=("*",))
            return view

        return eager

    patch(hooks, "create", make)


@REGISTRY.on_start(
    "events.to-the-wrong-number", "NKN-HOOK-8", "A number's address is sent the events of all numbers.", "NKN-HOOK-3"
)
def _to_the_wrong_number(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(tell: Any) -> Any:
        def broad(account: str, kind: Any, subject: Any, *, number: Any = None, **rest: Any) -> None:
            tell(account, kind, subject, number=number, **rest)
            others = [n for n in own.lines.records.oldest("account", account) if n is not number and n.webhook_url]
            for other in others if number is not None else ():
                emulator.services.outbox.send(
                    vendor=NAME,
                    account=account,
                    event=kind,
                    subject="",
                    url=other.webhook_url,
                    secret=other.webhook_secret,
                    body=_event(own, account, kind, subject),
                )

        return broad

    patch(own.hooks, "tell", make)


def _event(own: Any, account: str, kind: Any, subject: Any) -> bytes:
    now = own.services.clock.now(account)
    return event(f"evt_{now:012d}"[:16], kind, subject, now, "req_0000000000000000")

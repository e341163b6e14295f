"""Mutants of "Webhooks — events & signing": payload, signature, retries, egress."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.clock import HOUR, SECOND
from ringback.gateway.delivery import Attempt, Delivery, Headers
from ringback.gateway.dispatcher import Dispatcher
from ringback.gateway.egress import Egress
from ringback.gateway.faults import Faults
from ringback.gateway.http_sender import HttpSender
from ringback.gateway.outbox import Outbox
from ringback.mutants.kwickphone.registry import MUTANTS, mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.transforms import apply, lift, rename, set_to
from ringback.mutants.webhooks import (
    MutableEvent,
    an_hour_ago,
    broken_signature,
    change_profile,
    counts_as,
    in_base64,
    is_other_2xx,
    is_redirect,
    is_silence,
    parsed,
)
from ringback.vendors.kwickphone.events import CALL_COMPLETED, RETRIES, SIGNATURE, call_completed
from ringback.vendors.kwickphone.records import Number
from ringback.vendors.kwickphone.rules import KwickPhone

NAME = MUTANTS.vendor.name
TIMESTAMP = SIGNATURE.headers[0]
COUNTED = ("KWP-HOOK-1", "KWP-HOOK-3", "KWP-HOOK-4", "KWP-HOOK-5", "KWP-HOOK-8")
"""Claims that count events: one too many breaks them all."""

# -- the event ------

mutant(
    "webhook.id-for-call_sid",
    "KWP-HOOK-1",
    "An event names its call `id`, as the list does, instead of `call_sid`.",
    "KWP-HOOK-3",
    "KWP-HOOK-8",
).webhook(rename("call.call_sid", "id"))
mutant("webhook.other-type", "KWP-HOOK-1", "An event's type is `call.ended`.").webhook(set_to("type", "call.ended"))
mutant("webhook.duration-in-minutes", "KWP-HOOK-1", "An event has the duration in minutes.").webhook(
    apply("call.duration_sec", lambda seconds: seconds // 60)
)
mutant(
    "webhook.flat-payload", "KWP-HOOK-1", "The facts of the call are not under `call`.", "KWP-HOOK-3", "KWP-HOOK-8"
).webhook(lift("call"))
mutant("webhook.occurs-before-the-call", "KWP-HOOK-1", "An event's occurred_at is when the call began.").webhook(
    apply("", lambda event: {**event, "occurred_at": event["call"]["started_at"].replace("Z", "+00:00")})
)


def _oldest(own: KwickPhone, account: str) -> Number:
    return own.records.oldest("account", account)[0]


def _of_oldest_number(event: MutableEvent[KwickPhone]) -> None:
    event.document = {**event.document, "number_id": _oldest(event.backend, event.account).id}


mutant("webhook.first-number", "KWP-HOOK-1", "Every event names the account's first number.").webhook(_of_oldest_number)


@mutant("webhook.first-call-only", "KWP-HOOK-1", "Only the first call to a number sends an event.").on_start
def _first_call_only(own: KwickPhone) -> None:
    seen: set[str] = set()

    def send(usual: Original, _: KwickPhone, **event: Any) -> Any:
        if event["url"] in seen:
            return None
        seen.add(event["url"])
        return usual(**event)

    patch(own, Outbox.send, send)


def _send(own: KwickPhone, call: Call, number: Number) -> None:
    """Send a call.completed event, whatever the call's state."""
    if number.webhook_url:
        own.services.outbox.send(
            vendor=NAME,
            account=call.account,
            event=CALL_COMPLETED,
            subject=call.id,
            url=number.webhook_url,
            secret=number.webhook_secret,
            body=call_completed(call, own.services.clock.now(call.account)),
        )


def _also_sent(name: str, claim: str, description: str, *also_breaks: str, state: str) -> None:
    """Register a mutant that sends an event for calls of a state, too."""

    @mutant(name, claim, description, *also_breaks).patch(KwickPhone.on_call_changed)
    def _changed(changed: Original, own: KwickPhone, call: Call) -> None:
        changed(call)
        if call.state == state:
            _send(own, call, own.records[call.number_id])


_also_sent(
    "webhook.missed-calls-too",
    "KWP-HOOK-9",
    "A call that was not answered sends an event as well.",
    "KWP-HOOK-1",
    state="no_answer",
)
_also_sent("webhook.busy-calls-too", "KWP-HOOK-9", "A call that was busy sends an event as well.", state="busy")
_also_sent(
    "webhook.at-the-answer",
    "KWP-HOOK-9",
    "An event is sent when a call is answered, too.",
    *COUNTED,
    state="in_progress",
)


@mutant("webhook.default-address", "KWP-HOOK-7", "A number without an address uses another number's.").patch(
    KwickPhone.on_call_changed
)
def _default_address(changed: Original, own: KwickPhone, call: Call) -> None:
    changed(call)
    if call.state == "completed" and own.records[call.number_id].webhook_url is None:
        for number in own.records.oldest("account", call.account):
            if number.webhook_url:
                _send(own, call, number)
                break


# -- the signature ------


mutant(
    "webhook.signs-parsed-body", "KWP-HOOK-2", "The signature is over the body as parsed and encoded again."
).profile(sign=broken_signature(SIGNATURE, body=parsed))
mutant("webhook.signs-body-alone", "KWP-HOOK-2", "The signature leaves the timestamp out.").profile(
    sign=broken_signature(SIGNATURE, prefix="")
)
mutant("webhook.signs-without-the-dot", "KWP-HOOK-2", "The signature leaves out the dot behind the timestamp.").profile(
    sign=broken_signature(SIGNATURE, prefix="{timestamp}")
)
mutant("webhook.signs-with-sha1", "KWP-HOOK-2", "The signature is HMAC-SHA1.").profile(
    sign=broken_signature(SIGNATURE, algorithm="sha1")
)
mutant("webhook.signature-in-base64", "KWP-HOOK-2", "The signature is base64 instead of hex.").profile(
    sign=broken_signature(SIGNATURE, encode=in_base64)
)
mutant("webhook.signature-without-version", "KWP-HOOK-2", "The signature lacks its `v1=`.").profile(
    sign=broken_signature(SIGNATURE, headers=(TIMESTAMP, ("X-KwickPhone-Signature", "{digest}")))
)
mutant("webhook.unsigned", "KWP-HOOK-2", "Events carry no signature.").profile(
    sign=broken_signature(SIGNATURE, headers=(TIMESTAMP,))
)
mutant("webhook.milliseconds", "KWP-HOOK-2", "The timestamp is in milliseconds, and signed so.", "KWP-HOOK-3").profile(
    sign=broken_signature(SIGNATURE, at=lambda now: now * 1000)
)
mutant(
    "webhook.stale-timestamp", "KWP-HOOK-2", "The timestamp is an hour old when it is signed.", "KWP-HOOK-3"
).profile(sign=broken_signature(SIGNATURE, at=an_hour_ago))
mutant(
    "webhook.one-secret-for-all", "KWP-HOOK-2", "All numbers of an account sign with the first one's secret."
).webhook(lambda event: event.options.update(secret=_oldest(event.backend, event.account).webhook_secret))


@mutant("webhook.signed-once", "KWP-HOOK-3", "Every attempt carries the first one's timestamp and signature.").on_start
def _signed_once(own: KwickPhone) -> None:
    signed: dict[bytes, Headers] = {}
    change_profile(
        own,
        NAME,
        sign=lambda secret, body, now: signed.setdefault(secret.encode() + body, SIGNATURE.sign(secret, body, now)),
    )


# -- the attempts ------

mutant("webhook.six-attempts", "KWP-HOOK-3", "A sixth attempt is made.").profile(retries=(*RETRIES, RETRIES[-1] * 5))
mutant("webhook.four-attempts", "KWP-HOOK-3", "There is no fifth attempt.", "KWP-HOOK-5").profile(retries=RETRIES[:-1])
mutant("webhook.one-attempt", "KWP-HOOK-3", "A failed attempt is never repeated.", "KWP-HOOK-4", "KWP-HOOK-5").profile(
    retries=()
)
mutant("webhook.even-waits", "KWP-HOOK-3", "All waits between attempts are alike.").profile(
    retries=(RETRIES[0],) * len(RETRIES)
)


def _rename_call(delivery: Delivery) -> None:
    """Let the next attempt name another call."""
    payload = json.loads(delivery.body)
    payload["call"]["call_sid"] += "0"
    delivery.body = json.dumps(payload).encode()


def _new_id_each_time(delivery: Delivery, attempt: Attempt) -> None:
    if not attempt.accepted:
        _rename_call(delivery)


def _duplicate_has_another_id(delivery: Delivery, attempt: Attempt) -> None:
    if attempt.accepted:
        _rename_call(delivery)


mutant("webhook.new-id-each-time", "KWP-HOOK-3", "A repeated attempt names another call.").attempt(_new_id_each_time)
mutant("webhook.gives-up-on-404", "KWP-HOOK-3", "A 404 ends the attempts.").attempt(
    counts_as(200, lambda attempt: attempt.status == 404)
)
mutant(
    "webhook.silence-is-success", "KWP-HOOK-3", "A receiver that does not respond in time counts as one that accepted."
).attempt(counts_as(200, is_silence))
mutant("webhook.only-200-counts", "KWP-HOOK-4", "A 2xx other than 200 counts as a failure.").attempt(
    counts_as(500, is_other_2xx)
)
mutant("webhook.redirect-is-success", "KWP-HOOK-5", "A redirect counts as an accepted event.").attempt(
    counts_as(200, is_redirect)
)
mutant("webhook.duplicate-has-another-id", "KWP-HOOK-8", "An event that comes twice names two calls.").attempt(
    _duplicate_has_another_id
)


@mutant(
    "webhook.again-after-2xx",
    "KWP-HOOK-4",
    "An event that was accepted is sent once more a day later.",
    "KWP-HOOK-1",
    "KWP-HOOK-5",
).on_start
def _again_after_2xx(own: KwickPhone) -> None:
    again: set[str] = set()

    def conclude(usual: Original, _: KwickPhone, delivery: Delivery, state: Any) -> None:
        usual(delivery, state)
        if state == "delivered" and delivery.id not in again:
            again.add(delivery.id)
            own.services.outbox.records.update(delivery, state="pending")
            own.services.outbox.dispatcher.schedule(delivery, 24 * HOUR / SECOND)

    patch(own, Dispatcher.conclude, conclude)


class _Following:
    """A client session that follows redirects."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.close = session.close

    def post(self, url: str, **options: Any) -> Any:
        """POST, and follow."""
        return self._session.post(url, **{**options, "allow_redirects": True})


@mutant("webhook.follows-redirects", "KWP-HOOK-5", "A redirect is followed, by GET.", "KWP-HOOK-1").patch(
    HttpSender.open_session
)
def _follows_redirects(open_session: Original, _: KwickPhone) -> Any:
    return _Following(open_session())


mutant("webhook.never-twice", "KWP-HOOK-8", "An event never comes twice, even on request.").returns(
    Faults.for_event, ()
)


# -- where events go ------

mutant("webhook.goes-inside", "KWP-HOOK-6", "The address of a name is not checked when an event is sent.").returns(
    Egress.allows, True
)
mutant("webhook.goes-inside-by-ipv6", "KWP-HOOK-6", "Private IPv6 addresses are sent to.").result(
    Egress.allows, lambda permitted, own, host, address: permitted or ":" in address
)
mutant("webhook.goes-to-link-local", "KWP-HOOK-6", "Link-local addresses are sent to.").result(
    Egress.allows, lambda permitted, own, host, address: permitted or address.startswith("169.254.")
)


@mutant("webhook.resolves-once", "KWP-HOOK-6", "A name is resolved once and never again.").on_start
def _resolves_once(own: KwickPhone) -> None:
    found: dict[str, Sequence[str]] = {}

    async def resolve(usual: Original, _: KwickPhone, host: str) -> Sequence[str]:
        if host not in found:
            found[host] = await usual(host)
        return found[host]

    patch(own, Egress.resolve, resolve)

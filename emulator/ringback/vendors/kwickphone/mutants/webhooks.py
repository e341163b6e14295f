"""Mutants of "Webhooks — events & signing": payload, signature, retries, egress."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ringback.carrier.clock import HOUR, SECOND
from ringback.emulator import Emulator
from ringback.gateway.mutants import patch
from ringback.vendors.kwickphone.events import CALL_COMPLETED, RETRIES, call_completed
from ringback.vendors.kwickphone.mutants.register import NAME, REGISTRY, backend

STALE_SECONDS = 3_600
COUNTED = ("KWP-HOOK-1", "KWP-HOOK-3", "KWP-HOOK-4", "KWP-HOOK-5", "KWP-HOOK-8")
"""Claims that count events: one too many breaks them all."""
Sign = Callable[[str, bytes, int], Sequence[tuple[str, str]]]


def _sent(emulator: Emulator, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the payload of every event before it is stored."""

    def make(send: Any) -> Any:
        def changed(**event: Any) -> Any:
            payload = json.loads(event["body"])
            change(payload)
            body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
            return send(**{**event, "body": body})

        return changed

    patch(emulator.services.outbox, "send", make)


def _signed(emulator: Emulator, sign: Callable[[Sign], Sign]) -> None:
    """Replace how attempts are signed."""
    webhook_profile = emulator.services.outbox._dialects[NAME]
    emulator.services.outbox.register(NAME, replace(webhook_profile, sign=sign(webhook_profile.sign)))


def _retried(emulator: Emulator, waits: Sequence[int]) -> None:
    emulator.services.outbox.register(NAME, replace(emulator.services.outbox._dialects[NAME], retries=waits))


def _mac(secret: str, message: bytes, kind: Any = hashlib.sha256) -> Any:
    return hmac.new(secret.encode(), message, kind)


def _headers(stamp: object, signature: str) -> Sequence[tuple[str, str]]:
    return (("X-KwickPhone-Timestamp", str(stamp)), ("X-KwickPhone-Signature", signature))


def _attempted(emulator: Emulator, change: Callable[[Any, Any], None]) -> None:
    """Look at every attempt once it was made, and change what counts of it."""

    def make(attempt: Any) -> Any:
        async def changed(delivery: Any) -> Any:
            made = await attempt(delivery)
            change(delivery, made)
            return made

        return changed

    patch(emulator.services.outbox, "_attempt", make)


# -- the event ------


@REGISTRY.on_start(
    "webhook.id-for-call_sid",
    "KWP-HOOK-1",
    "An event names its call `id`, as the list does, instead of `call_sid`.",
    "KWP-HOOK-3",
    "KWP-HOOK-8",
)
def _id_for_call_sid(emulator: Emulator) -> None:
    def rename(payload: dict[str, Any]) -> None:
        payload["call"]["id"] = payload["call"].pop("call_sid")

    _sent(emulator, rename)


@REGISTRY.on_start("webhook.other-type", "KWP-HOOK-1", "An event's type is `call.ended`.")
def _other_type(emulator: Emulator) -> None:
    _sent(emulator, lambda payload: payload.update(type="call.ended"))


@REGISTRY.on_start("webhook.first-number", "KWP-HOOK-1", "Every event names the account's first number.")
def _first_number(emulator: Emulator) -> None:
    def rename(payload: dict[str, Any]) -> None:
        records = backend(emulator).records
        owner = records[payload["number_id"]].account
        payload["number_id"] = records.oldest("account", owner)[0].id

    _sent(emulator, rename)


@REGISTRY.on_start("webhook.duration-in-minutes", "KWP-HOOK-1", "An event tells the duration in minutes.")
def _duration_in_minutes(emulator: Emulator) -> None:
    _sent(emulator, lambda payload: payload["call"].update(duration_sec=payload["call"]["duration_sec"] // 60))


@REGISTRY.on_start(
    "webhook.flat-payload", "KWP-HOOK-1", "The facts of the call are not under `call`.", "KWP-HOOK-3", "KWP-HOOK-8"
)
def _flat_payload(emulator: Emulator) -> None:
    _sent(emulator, lambda payload: payload.update(payload.pop("call")))


@REGISTRY.on_start("webhook.first-call-only", "KWP-HOOK-1", "Only the first call to a number is told.")
def _first_call_only(emulator: Emulator) -> None:
    told: set[str] = set()

    def make(send: Any) -> Any:
        def once(**event: Any) -> Any:
            if event["url"] not in told:
                told.add(event["url"])
                return send(**event)
            return None

        return once

    patch(emulator.services.outbox, "send", make)


@REGISTRY.on_start("webhook.occurs-before-the-call", "KWP-HOOK-1", "An event's occurred_at is when the call began.")
def _occurs_before_the_call(emulator: Emulator) -> None:
    _sent(emulator, lambda payload: payload.update(occurred_at=payload["call"]["started_at"].replace("Z", "+00:00")))


@REGISTRY.on_start(
    "webhook.missed-calls-too",
    "KWP-HOOK-9",
    "A call that nobody answered sends an event as well.",
    "KWP-HOOK-1",
)
def _missed_calls_too(emulator: Emulator) -> None:
    _also_told(emulator, "no_answer")


@REGISTRY.on_start("webhook.busy-calls-too", "KWP-HOOK-9", "A call that was busy sends an event as well.")
def _busy_calls_too(emulator: Emulator) -> None:
    _also_told(emulator, "busy")


@REGISTRY.on_start("webhook.at-the-answer", "KWP-HOOK-9", "An event is sent when a call is answered, too.", *COUNTED)
def _at_the_answer(emulator: Emulator) -> None:
    _also_told(emulator, "in_progress")


def _also_told(emulator: Emulator, state: str) -> None:
    def make(changed: Any) -> Any:
        def eager(call: Any) -> None:
            changed(call)
            if call.state == state:
                _tell(emulator, call)

        return eager

    patch(backend(emulator), "on_call_changed", make)


def _tell(emulator: Emulator, call: Any, number: Any = None) -> None:
    number = number or backend(emulator).records[call.line]
    if number.webhook_url:
        emulator.services.outbox.send(
            vendor=NAME,
            account=call.account,
            event=CALL_COMPLETED,
            subject=call.id,
            url=number.webhook_url,
            secret=number.webhook_secret,
            body=call_completed(call, emulator.services.clock.now(call.account)),
        )


@REGISTRY.on_start("webhook.default-address", "KWP-HOOK-7", "A number without an address uses another number's.")
def _default_address(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(changed: Any) -> Any:
        def generous(call: Any) -> None:
            changed(call)
            if call.state == "completed" and own.records[call.line].webhook_url is None:
                others = [each for each in own.records.oldest("account", call.account) if each.webhook_url]
                if others:
                    _tell(emulator, call, others[0])

        return generous

    patch(own, "on_call_changed", make)


# -- the signature ------


@REGISTRY.on_start(
    "webhook.signs-parsed-body", "KWP-HOOK-2", "The signature is over the body as parsed and written anew."
)
def _signs_parsed_body(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, json.dumps(json.loads(body)).encode(), now))


@REGISTRY.on_start("webhook.signs-body-alone", "KWP-HOOK-2", "The signature leaves the timestamp out.")
def _signs_body_alone(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: _headers(now, f"v1={_mac(secret, body).hexdigest()}"))


@REGISTRY.on_start(
    "webhook.signs-without-the-dot", "KWP-HOOK-2", "The signature leaves out the dot behind the timestamp."
)
def _signs_without_the_dot(emulator: Emulator) -> None:
    _signed(
        emulator,
        lambda _: lambda secret, body, now: _headers(now, f"v1={_mac(secret, str(now).encode() + body).hexdigest()}"),
    )


@REGISTRY.on_start("webhook.signs-with-sha1", "KWP-HOOK-2", "The signature is HMAC-SHA1.")
def _signs_with_sha1(emulator: Emulator) -> None:
    def weak(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
        return _headers(now, f"v1={_mac(secret, str(now).encode() + b'.' + body, hashlib.sha1).hexdigest()}")

    _signed(emulator, lambda _: weak)


@REGISTRY.on_start("webhook.signature-in-base64", "KWP-HOOK-2", "The signature is base64 instead of hex.")
def _signature_in_base64(emulator: Emulator) -> None:
    def encoded(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
        digest = _mac(secret, str(now).encode() + b"." + body).digest()
        return _headers(now, "v1=" + base64.b64encode(digest).decode())

    _signed(emulator, lambda _: encoded)


@REGISTRY.on_start("webhook.signature-without-version", "KWP-HOOK-2", "The signature lacks its `v1=`.")
def _signature_without_version(emulator: Emulator) -> None:
    def bare(sign: Sign) -> Sign:
        return lambda secret, body, now: [(name, value.removeprefix("v1=")) for name, value in sign(secret, body, now)]

    _signed(emulator, bare)


@REGISTRY.on_start(
    "webhook.milliseconds", "KWP-HOOK-2", "The timestamp is in milliseconds, and signed so.", "KWP-HOOK-3"
)
def _milliseconds(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, body, now * 1000))


@REGISTRY.on_start(
    "webhook.stale-timestamp", "KWP-HOOK-2", "The timestamp is an hour old when it is signed.", "KWP-HOOK-3"
)
def _stale_timestamp(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, body, now - STALE_SECONDS))


@REGISTRY.on_start(
    "webhook.one-secret-for-all", "KWP-HOOK-2", "All numbers of an account sign with the first one's secret."
)
def _one_secret_for_all(emulator: Emulator) -> None:
    def make(send: Any) -> Any:
        def shared(**event: Any) -> Any:
            first = backend(emulator).records.oldest("account", event["account"])[0]
            return send(**{**event, "secret": first.webhook_secret})

        return shared

    patch(emulator.services.outbox, "send", make)


@REGISTRY.on_start("webhook.unsigned", "KWP-HOOK-2", "Events carry no signature.")
def _unsigned(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, body, now)[:1])


# -- the attempts ------


@REGISTRY.on_start(
    "webhook.signed-once", "KWP-HOOK-3", "Every attempt carries the first one's timestamp and signature."
)
def _signed_once(emulator: Emulator) -> None:
    signed: dict[bytes, Sequence[tuple[str, str]]] = {}

    def once(sign: Sign) -> Sign:
        return lambda secret, body, now: signed.setdefault(secret.encode() + body, sign(secret, body, now))

    _signed(emulator, once)


@REGISTRY.on_start("webhook.six-attempts", "KWP-HOOK-3", "A sixth attempt is made.")
def _six_attempts(emulator: Emulator) -> None:
    _retried(emulator, (*RETRIES, RETRIES[-1] * 5))


@REGISTRY.on_start("webhook.four-attempts", "KWP-HOOK-3", "There is no fifth attempt.", "KWP-HOOK-5")
def _four_attempts(emulator: Emulator) -> None:
    _retried(emulator, RETRIES[:-1])


@REGISTRY.on_start(
    "webhook.one-attempt", "KWP-HOOK-3", "A failed attempt is never repeated.", "KWP-HOOK-4", "KWP-HOOK-5"
)
def _one_attempt(emulator: Emulator) -> None:
    _retried(emulator, ())


@REGISTRY.on_start("webhook.even-waits", "KWP-HOOK-3", "All waits between attempts are alike.")
def _even_waits(emulator: Emulator) -> None:
    _retried(emulator, (RETRIES[0],) * len(RETRIES))


@REGISTRY.on_start("webhook.new-id-each-time", "KWP-HOOK-3", "A repeated attempt names another call.")
def _new_id_each_time(emulator: Emulator) -> None:
    def rename(delivery: Any, made: Any) -> None:
        if not made.accepted:
            payload = json.loads(delivery.body)
            payload["call"]["call_sid"] += "0"
            delivery.body = json.dumps(payload).encode()

    _attempted(emulator, rename)


@REGISTRY.on_start("webhook.gives-up-on-404", "KWP-HOOK-3", "A 404 ends the attempts.")
def _gives_up_on_404(emulator: Emulator) -> None:
    def forgive(_: Any, made: Any) -> None:
        if made.status == 404:
            made.status = 200

    _attempted(emulator, forgive)


@REGISTRY.on_start(
    "webhook.silence-is-success", "KWP-HOOK-3", "A receiver that does not answer in time counts as one that took it."
)
def _silence_is_success(emulator: Emulator) -> None:
    def forgive(_: Any, made: Any) -> None:
        if made.status is None and "within" in (made.error or ""):
            made.status = 200

    _attempted(emulator, forgive)


@REGISTRY.on_start("webhook.only-200-counts", "KWP-HOOK-4", "A 2xx other than 200 counts as a failure.")
def _only_200_counts(emulator: Emulator) -> None:
    def doubt(_: Any, made: Any) -> None:
        if made.accepted and made.status != 200:
            made.status = 500

    _attempted(emulator, doubt)


@REGISTRY.on_start(
    "webhook.again-after-2xx",
    "KWP-HOOK-4",
    "An event that was taken is sent once more a day later.",
    "KWP-HOOK-1",
    "KWP-HOOK-5",
)
def _again_after_2xx(emulator: Emulator) -> None:
    again: set[str] = set()
    outbox = emulator.services.outbox

    def make(conclude: Any) -> Any:
        def restless(delivery: Any, state: Any) -> None:
            conclude(delivery, state)
            if state == "delivered" and delivery.id not in again:
                again.add(delivery.id)
                outbox.records.update(delivery, state="pending")
                outbox._later(delivery, 24 * HOUR / SECOND)

        return restless

    patch(outbox, "_conclude", make)


@REGISTRY.on_start("webhook.follows-redirects", "KWP-HOOK-5", "A redirect is followed, by GET.", "KWP-HOOK-1")
def _follows_redirects(emulator: Emulator) -> None:
    patch(emulator.services.outbox, "_open", lambda open_: lambda: _Following(open_()))


class _Following:
    """A client session that goes where it is sent."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.close = session.close

    def post(self, url: str, **options: Any) -> Any:
        """POST, and follow."""
        return self._session.post(url, **{**options, "allow_redirects": True})


@REGISTRY.on_start("webhook.redirect-is-success", "KWP-HOOK-5", "A redirect counts as an event that was taken.")
def _redirect_is_success(emulator: Emulator) -> None:
    def forgive(_: Any, made: Any) -> None:
        if made.status is not None and 300 <= made.status < 400:
            made.status = 200

    _attempted(emulator, forgive)


# -- where events go ------


@REGISTRY.on_start("webhook.goes-inside", "KWP-HOOK-6", "Where a name leads is not looked at when an event is sent.")
def _goes_inside(emulator: Emulator) -> None:
    patch(emulator.services.outbox.egress, "permits", lambda _: lambda host, address: True)


@REGISTRY.on_start("webhook.goes-inside-by-ipv6", "KWP-HOOK-6", "Private IPv6 addresses are sent to.")
def _goes_inside_by_ipv6(emulator: Emulator) -> None:
    patch(emulator.services.outbox.egress, "permits", lambda permits: lambda host, to: ":" in to or permits(host, to))


@REGISTRY.on_start("webhook.goes-to-link-local", "KWP-HOOK-6", "Link-local addresses are sent to.")
def _goes_to_link_local(emulator: Emulator) -> None:
    patch(
        emulator.services.outbox.egress,
        "permits",
        lambda permits: lambda host, to: to.startswith("169.254.") or permits(host, to),
    )


@REGISTRY.on_start("webhook.resolves-once", "KWP-HOOK-6", "A name is looked up once and believed ever after.")
def _resolves_once(emulator: Emulator) -> None:
    found: dict[str, Any] = {}

    def make(resolve: Any) -> Any:
        async def remembered(host: str) -> Any:
            if host not in found:
                found[host] = await resolve(host)
            return found[host]

        return remembered

    patch(emulator.services.outbox.egress, "resolve", make)


@REGISTRY.on_start("webhook.duplicate-has-another-id", "KWP-HOOK-8", "An event that comes twice names two calls.")
def _duplicate_has_another_id(emulator: Emulator) -> None:
    def rename(delivery: Any, made: Any) -> None:
        if made.accepted:
            payload = json.loads(delivery.body)
            payload["call"]["call_sid"] += "0"
            delivery.body = json.dumps(payload).encode()

    _attempted(emulator, rename)


@REGISTRY.on_start("webhook.never-twice", "KWP-HOOK-8", "An event never comes twice, even on request.")
def _never_twice(emulator: Emulator) -> None:
    patch(emulator.services.faults, "strike_event", lambda _: lambda vendor, account, event: ())

"""Mutants of "Webhooks": endpoints, events, signature, retries."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from ringback.gateway.delivery import Attempt, Delivery, Headers
from ringback.gateway.outbox import Outbox
from ringback.mutants.nokycnumber.registry import MUTANTS, field, mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import MutableResponse, respond
from ringback.mutants.transforms import apply, drop, set_to
from ringback.mutants.webhooks import MutableEvent, change_profile, withhold
from ringback.vendors.nokycnumber.events import EVENTS, RETRIES, SIGNATURE, EventType, event
from ringback.vendors.nokycnumber.records import Number
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.account import AccountReports
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.wire import EndpointBody, EndpointView

NAME = MUTANTS.vendor.name
STALE_SECONDS = 3_600
ALSO_BREAKS: dict[str, tuple[str, ...]] = {
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

# -- endpoints ------


def _show_secrets(response: MutableResponse[NoKYCNumber]) -> None:
    endpoints = response.backend.data.endpoints
    apply("data[]", lambda endpoint: {**endpoint, "secret": endpoints[endpoint["id"]].secret})(response)


mutant("endpoints.secret-is-listed", "NKN-HOOK-1", "The list of endpoints shows their secrets.").response(
    _show_secrets, on="listWebhookEndpoints"
)
mutant("endpoints.deletion-is-200", "NKN-HOOK-1", "DELETE of an endpoint is answered 200.", "NKN-AUTH-4").response(
    respond(200, {"deleted": True}), on="deleteWebhookEndpoint"
)


@mutant("endpoints.one-secret-for-all", "NKN-HOOK-1", "All endpoints of an account have the same secret.").on_start
def _one_secret_for_all(own: NoKYCNumber) -> None:
    first: dict[str, str] = {}

    def new_secret(new_secret: Original, _: NoKYCNumber, account: str) -> str:
        return first.setdefault(account, new_secret(account))

    patch(own, Webhooks.new_secret, new_secret)


def _known_events(names: Any) -> Any:
    """Return the names of events that exist, or all names if there is no such event."""
    return [name for name in names if name == "*" or name in EVENTS] or names if isinstance(names, list) else names


mutant("endpoints.unknown-events-are-dropped", "NKN-HOOK-2", "Events that do not exist are ignored.").request(
    apply("enabled_events", _known_events), on="createWebhookEndpoint"
)
mutant("endpoints.none-is-all", "NKN-HOOK-2", "An empty list of events means all.").request(
    set_to("enabled_events", ["*"]),
    on="createWebhookEndpoint",
    when=lambda request: field(request, "enabled_events") == [],
)
mutant("endpoints.plain-http", "NKN-HOOK-2", "An endpoint over plain HTTP is accepted.").request(
    apply("url", lambda url: url.replace("http://", "https://") if isinstance(url, str) else url),
    on="createWebhookEndpoint",
)

# -- events ------

for _event in sorted(EVENTS - ELSEWHERE):
    mutant(f"events.no-{_event}", "NKN-HOOK-3", f"{_event} never fires.", *ALSO_BREAKS.get(_event, ())).webhook(
        withhold, on=_event
    )


@mutant(
    "events.first-endpoint-only",
    "NKN-HOOK-3",
    "An event goes to one endpoint only.",
    "NKN-HOOK-5",
    "NKN-HOOK-8",
    "NKN-HOOK-2",
).on_start
def _first_endpoint_only(own: NoKYCNumber) -> None:
    sent: set[str] = set()

    def send(send: Original, _: NoKYCNumber, **options: Any) -> Any:
        id_ = json.loads(options["body"])["id"]
        if id_ in sent:
            return None
        sent.add(id_)
        return send(**options)

    patch(own, Outbox.send, send)


mutant("events.without-request_id", "NKN-HOOK-4", "An event has no request_id.").webhook(drop("request_id"))
mutant("events.livemode-as-text", "NKN-HOOK-4", "livemode is text.").webhook(set_to("livemode", "true"))
mutant("events.delivered-while-sent", "NKN-HOOK-4", "sms.delivered shows the message as it was before.").webhook(
    set_to("data.object.status", "sent"), on="sms.delivered"
)

# -- the signature ------


def _header(timestamp: object, secret: str, message: bytes, digest: Any = hashlib.sha256) -> Headers:
    signature = hmac.new(secret.encode(), message, digest).hexdigest()
    return (("X-NoKYC-Signature", f"t={timestamp},v1={signature}"),)


def _first_secret(event: MutableEvent[NoKYCNumber]) -> None:
    first = event.backend.data.endpoints.first("account", event.account)
    if first is not None:
        event.options["secret"] = first.secret


mutant(
    "signature.of-the-parsed-body", "NKN-HOOK-5", "The signature is over the body as parsed and encoded again."
).profile(sign=lambda secret, body, now: SIGNATURE.sign(secret, json.dumps(json.loads(body)).encode(), now))
mutant("signature.of-the-body-alone", "NKN-HOOK-5", "The signature leaves the timestamp out.").profile(
    sign=lambda secret, body, now: _header(now, secret, body)
)
mutant("signature.with-sha1", "NKN-HOOK-5", "The signature is HMAC-SHA1.", "NKN-HOOK-6").profile(
    sign=lambda secret, body, now: _header(now, secret, b"%d." % now + body, hashlib.sha1)
)
mutant("signature.stale", "NKN-HOOK-5", "t is an hour old when it is signed.", "NKN-HOOK-6").profile(
    sign=lambda secret, body, now: SIGNATURE.sign(secret, body, now - STALE_SECONDS)
)
mutant("signature.of-another", "NKN-HOOK-5", "A number's events are signed with an endpoint's secret.").webhook(
    _first_secret
)
mutant("signature.missing", "NKN-HOOK-5", "Events carry no signature.", "NKN-HOOK-6").profile(
    sign=lambda secret, body, now: ()
)

# -- the attempts ------

mutant("retries.six", "NKN-HOOK-6", "A sixth retry is made.").profile(retries=(*RETRIES, RETRIES[-1] * 2))
mutant("retries.four", "NKN-HOOK-6", "There is no fifth retry.").profile(retries=RETRIES[:-1])
mutant("retries.even", "NKN-HOOK-6", "All waits between attempts are the same.").profile(
    retries=(sum(RETRIES) // len(RETRIES),) * len(RETRIES)
)
mutant("retries.linear", "NKN-HOOK-6", "The waits between attempts grow linearly.").profile(
    retries=tuple(5_760 * place for place in range(1, 6))
)
mutant("retries.within-an-hour", "NKN-HOOK-6", "The retries are over within an hour.").profile(
    retries=(60, 120, 240, 480, 960)
)


def _another_id(delivery: Delivery, attempt: Attempt) -> None:
    if not attempt.accepted:
        payload = json.loads(delivery.body)
        delivery.body = json.dumps({**payload, "id": payload["id"] + "0"}).encode()


def _redirect_is_success(_: Delivery, attempt: Attempt) -> None:
    if attempt.status is not None and 300 <= attempt.status < 400:
        attempt.status = 200


def _only_200_counts(_: Delivery, attempt: Attempt) -> None:
    if attempt.accepted and attempt.status != 200:
        attempt.status = 500


mutant("retries.with-a-new-id", "NKN-HOOK-6", "A repeated attempt is another event.").attempt(_another_id)
mutant("retries.redirect-is-success", "NKN-HOOK-6", "A redirect counts as an accepted event.").attempt(
    _redirect_is_success
)
mutant("retries.only-200-counts", "NKN-HOOK-6", "A 2xx other than 200 counts as a failure.").attempt(_only_200_counts)


@mutant("retries.signed-once", "NKN-HOOK-6", "Every attempt carries the first one's signature.").on_start
def _signed_once(own: NoKYCNumber) -> None:
    signed: dict[bytes, Headers] = {}
    change_profile(
        own,
        NAME,
        sign=lambda secret, body, now: signed.setdefault(secret.encode() + body, SIGNATURE.sign(secret, body, now)),
    )


# -- the low balance ------


def _threshold(own: NoKYCNumber, account: str) -> float | None:
    """Return the account's threshold in micro-dollars."""
    threshold = own.account_reports.settings(account).balance_low_threshold
    return float(threshold) * 1e6 if threshold is not None else None


@mutant("balance.warned-each-time", "NKN-HOOK-7", "Every charge below the threshold warns of a low balance.").patch(
    Money.charge
)
def _warned_each_time(charge: Original, own: NoKYCNumber, account: str, amount: int, cause: str, ref: str) -> None:
    charge(account, amount, cause, ref)
    threshold = _threshold(own, account)
    if threshold is not None and own.money.ledger.balance(account) + amount < threshold:
        own.account_reports.publish_balance_low(account)


@mutant("balance.warned-at-the-threshold", "NKN-HOOK-7", "A balance of exactly the threshold is warned of.").patch(
    Money.charge
)
def _warned_at_the_threshold(
    charge: Original, own: NoKYCNumber, account: str, amount: int, cause: str, ref: str
) -> None:
    charge(account, amount, cause, ref)
    threshold = _threshold(own, account)
    if threshold is not None and own.money.ledger.balance(account) == round(threshold):
        own.account_reports.publish_balance_low(account)


mutant("balance.only-charges-warn", "NKN-HOOK-7", "Money that is withdrawn from an account causes no warning.").instead(
    AccountReports.warn_if_low,
    lambda warn_if_low, own, entry: None if entry.cause == "withdrawn" else warn_if_low(entry),
)

# -- the receivers ------


@mutant("events.to-all-endpoints", "NKN-HOOK-8", "Every endpoint is sent every event.").patch(Webhooks.create)
def _to_all_endpoints(create: Original, own: NoKYCNumber, account: str, body: EndpointBody) -> EndpointView:
    view: EndpointView = create(account, body)
    if set(body.enabled_events) == {"call.completed", "sms.failed"}:
        own.data.endpoints.update(own.data.endpoints[view.id], events=("*",))
    return view


@mutant(
    "events.to-the-wrong-number",
    "NKN-HOOK-8",
    "A number's webhook URL is sent the events of all numbers.",
    "NKN-HOOK-3",
).patch(Webhooks.publish)
def _to_the_wrong_number(
    publish: Original,
    own: NoKYCNumber,
    account: str,
    kind: EventType,
    subject: Any,
    *,
    about: str,
    number: Number | None = None,
    request_id: str | None = None,
) -> None:
    publish(account, kind, subject, about=about, number=number, request_id=request_id)
    if number is None:
        return
    now = own.services.clock.now(account)
    body = event(f"evt_{now:012d}"[:16], kind, subject, now, "req_0000000000000000")
    for other in own.data.numbers.oldest("account", account):
        if other is not number and other.webhook_url is not None and other.webhook_secret is not None:
            own.services.outbox.send(
                vendor=NAME,
                account=account,
                event=kind,
                subject="",
                url=other.webhook_url,
                secret=other.webhook_secret,
                body=body,
            )

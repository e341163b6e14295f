"""Mutants of webhooks: which one gets an event, payloads, signature, attempts, statistics."""

from __future__ import annotations

from typing import Any

from ringback.gateway.delivery import Attempt, Delivery, Headers
from ringback.mutants.agentphone.registry import MUTANTS, clamp, mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    drop_query,
    error,
    respond,
    set_query,
    status,
)
from ringback.mutants.transforms import apply, drop, reverse, set_default, set_to
from ringback.mutants.webhooks import (
    MutableEvent,
    an_hour_ago,
    broken_signature,
    change_profile,
    counts_as,
    is_other_2xx,
    is_redirect,
    option,
    parsed,
    withhold,
)
from ringback.vendors.agentphone.events import RETRIES, SIGNATURE, EventView
from ringback.vendors.agentphone.records import Webhook
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.message_views import MessageViews
from ringback.vendors.agentphone.rules.webhooks import Webhooks
from ringback.vendors.agentphone.wire.requests import WebhookBody
from ringback.vendors.agentphone.wire.responses import WebhookView

GETS = ("getWebhook", "getAgentWebhook")
SETS = ("setWebhook", "setAgentWebhook")


def _unset(response: MutableResponse[AgentPhone]) -> bool:
    return response.status < 300 and response.body == b"null"


# -- which one gets an event ------


@mutant("hooks.secret-stays", "AGP-HOOK-1", "A webhook that is set again keeps its secret.").patch(Webhooks.set)
def _secret_stays(
    set_: Original, own: AgentPhone, account: str, project: str, agent: str | None, body: WebhookBody
) -> WebhookView:
    existing = own.data.webhook_of(project, agent)
    secret = existing.secret if existing is not None else None
    view: WebhookView = set_(account, project, agent, body)
    webhook = own.data.webhook_of(project, agent)
    if secret is not None and webhook is not None:
        webhook.secret = view.secret = secret
    return view


mutant(
    "hooks.secret-is-hidden", "AGP-HOOK-1", "GET shows no secret.", "AGP-SDK-1", "AGP-HOOK-5", "AGP-HOOK-2"
).response(
    set_to("secret", "whsec_hidden"), on=GETS, when=lambda response: response.status < 300 and not _unset(response)
)
mutant("hooks.unset-is-404", "AGP-HOOK-1", "A missing webhook is answered 404.", "AGP-SDK-1", "AGP-ACC-1").response(
    error(404, "WEBHOOK_NOT_FOUND"), on=GETS, when=_unset
)
mutant("hooks.unset-is-an-object", "AGP-HOOK-1", "A missing webhook is answered {}.", "AGP-ACC-1").response(
    respond(200, {}), on=GETS, when=_unset
)


@mutant("hooks.both-are-told", "AGP-HOOK-1", "An event goes to the agent's webhook and to the account's.").patch(
    Webhooks.send
)
def _both(
    send: Original, own: AgentPhone, webhook: Webhook, view: EventView, subject: str, message: str | None = None
) -> None:
    send(webhook, view, subject, message)
    general = own.data.webhook_of(webhook.account, None)
    if webhook.agent is not None and general is not None:
        send(general, view, subject, message)


mutant("hooks.agents-own-is-ignored", "AGP-HOOK-1", "An agent's events go to the account's webhook.").result(
    Webhooks.receiver, lambda found, own, account, project, agent: own.data.webhook_of(account, None) or found
)
mutant(
    "hooks.loose-numbers-are-silent",
    "AGP-HOOK-1",
    "Events of a number without an agent are not sent.",
    "AGP-HOOK-3",
    "AGP-USE-1",
).result(Webhooks.receiver, lambda found, own, account, project, agent: found if agent is not None else None)


@mutant("hooks.deletion-is-for-show", "AGP-HOOK-1", "A deleted webhook still gets events.").on_start
def _deletion_is_for_show(own: AgentPhone) -> None:
    deleted: dict[str, Webhook] = {}

    def delete(original: Original, own: AgentPhone, project: str, agent: str | None) -> None:
        webhook = own.data.webhook_of(project, agent)
        original(project, agent)
        if webhook is not None and agent is None:
            deleted[project] = webhook

    def receiver(original: Original, _: AgentPhone, account: str, project: str, agent: str | None) -> Webhook | None:
        found: Webhook | None = original(account, project, agent)
        return found or deleted.get(project)

    patch(own, Webhooks.delete, delete)
    patch(own, Webhooks.receiver, receiver)


mutant("hooks.listed-without-status", "AGP-HOOK-1", "A webhook has no status.", "AGP-SDK-1", "AGP-HOOK-5").response(
    drop("status"), on=SETS
)

# -- the signature ------


def _signed(name: str, description: str, **defects: Any) -> None:
    mutant(f"signature.{name}", "AGP-HOOK-2", description).profile(sign=broken_signature(SIGNATURE, **defects))


_signed("of-the-parsed-body", "The signature is over the body, parsed and encoded again.", body=parsed)
_signed("of-the-body-alone", "The signature leaves out the timestamp.", prefix="")
_signed("with-sha1", "The signature is HMAC-SHA1.", algorithm="sha1")
_signed("without-the-prefix", "The key of the signature is the secret without whsec_.", strip="whsec_")
_signed("stale", "The timestamp is an hour old when it is signed.", at=an_hour_ago)
_signed("in-milliseconds", "The timestamp is in milliseconds.", at=lambda now: now * 1_000)
_signed("missing", "Events carry no signature.", headers=SIGNATURE.headers[1:])
_signed(
    "bare", "The signature does not say sha256=.", headers=(("X-Webhook-Signature", "{digest}"), SIGNATURE.headers[1])
)


@mutant("signature.of-the-first-attempt", "AGP-HOOK-2", "Every attempt carries the first one's signature.").on_start
def _of_the_first_attempt(own: AgentPhone) -> None:
    signed: dict[bytes, Headers] = {}

    def sign(secret: str, body: bytes, now: int) -> Headers:
        return signed.setdefault(secret.encode() + body, SIGNATURE.sign(secret, body, now))

    change_profile(own, MUTANTS.vendor.name, sign=sign)


def _no_reply(event: MutableEvent[AgentPhone]) -> bool:
    return not event.expects_reply


def _rename_delivery(delivery: Delivery, _: Attempt) -> None:
    delivery.headers = [(name, f"{value}0") for name, value in delivery.headers]


mutant("deliveries.without-an-id", "AGP-HOOK-2", "Attempts do not carry the delivery's id.").webhook(
    option(headers=()), when=_no_reply
)
mutant("deliveries.all-with-one-id", "AGP-HOOK-2", "All events carry one id.").webhook(
    option(headers=(("X-Webhook-ID", "del_1"),)), when=_no_reply
)
mutant("deliveries.an-id-for-each-attempt", "AGP-HOOK-2", "A repeated attempt carries another id.").attempt(
    _rename_delivery
)

# -- events ------


def _withhold(event: MutableEvent[AgentPhone]) -> None:
    """Withhold an event, and forget its delivery."""
    if not event.expects_reply:
        deliveries = event.backend.data.deliveries
        deliveries.remove(deliveries[event.options["id_"]])
    withhold(event)


for _event, *_also in (
    ("agent.reaction",),
    ("agent.call_ended", "AGP-CALL-2", "AGP-CALL-8", "AGP-USE-1"),
    ("agent.message", "AGP-HOOK-1", "AGP-HOOK-2", "AGP-HOOK-4", "AGP-USE-1", "AGP-ACC-1"),
):
    mutant(f"events.no-{_event}", "AGP-HOOK-3", f"{_event} is never sent.", *_also).webhook(_withhold, on=_event)

mutant("events.history-is-null", "AGP-HOOK-3", "recentHistory is null when it is empty.").webhook(
    apply("recentHistory", lambda history: history or None)
)
mutant("events.history-latest-first", "AGP-HOOK-3", "recentHistory comes with the latest first.").webhook(
    reverse("recentHistory")
)
mutant("events.history-is-never-there", "AGP-HOOK-3", "recentHistory is always empty.").webhook(
    set_to("recentHistory", [])
)
mutant("events.state-is-never-there", "AGP-HOOK-3", "conversationState is always null.").webhook(
    set_to("conversationState", None)
)
mutant("events.contact-is-never-there", "AGP-HOOK-3", "The contact is always null.").webhook(
    apply("data.contact", lambda _: None)
)
mutant("events.without-agent", "AGP-HOOK-3", "agentId is always null.", "AGP-CALL-2").webhook(set_to("agentId", None))
mutant("events.media-is-never-there", "AGP-HOOK-3", "An event has no media.").webhook(
    apply("data.mediaUrl", lambda _: None)
)
mutant("events.transcript-as-one-text", "AGP-HOOK-3", "The transcript of an ended call is one text.").webhook(
    set_to("data.transcript", "…"), on="agent.call_ended"
)
mutant("events.duration-with-ringing", "AGP-HOOK-3", "The duration of an ended call counts the ringing.").webhook(
    apply("data.durationSeconds", lambda seconds: seconds + 1), on="agent.call_ended"
)
mutant("events.missed-is-completed", "AGP-HOOK-3", "A call that was not answered ends as completed.").webhook(
    set_to("data.status", "completed"), on="agent.call_ended"
)
mutant("events.reactions-in-words", "AGP-HOOK-3", "A reaction's type is a verb.").webhook(
    set_to("data.reactionType", "Loved"), on="agent.reaction"
)
mutant("events.timestamp-in-seconds", "AGP-HOOK-3", "An event's timestamp is in seconds.").webhook(
    set_to("timestamp", 1_767_225_600)
)
mutant("events.context-is-ignored", "AGP-HOOK-3", "contextLimit is ignored.", "AGP-HOOK-5", "AGP-SDK-1").request(
    drop("contextLimit"), on=SETS
)
mutant("events.history-has-the-message-itself", "AGP-HOOK-3", "recentHistory ends with the message itself.").instead(
    MessageViews.history,
    lambda history, own, webhook, conversation, before: history(webhook, conversation, before + 1),
)

# -- attempts ------

mutant("retries.six", "AGP-HOOK-4", "A seventh attempt is made.").profile(retries=(*RETRIES, RETRIES[-1] * 2))
mutant("retries.four", "AGP-HOOK-4", "There is no sixth attempt.").profile(retries=RETRIES[:-1])
mutant("retries.even", "AGP-HOOK-4", "All waits between attempts are equal.").profile(retries=(60,) * len(RETRIES))
mutant("retries.redirect-is-success", "AGP-HOOK-4", "A redirect counts as success.").attempt(
    counts_as(200, is_redirect)
)
mutant("retries.404-is-final", "AGP-HOOK-4", "A receiver that responds 404 is not tried again.").attempt(
    counts_as(200, lambda attempt: attempt.status == 404)
)
mutant("retries.only-200-counts", "AGP-HOOK-4", "A 2xx other than 200 counts as a failure.").attempt(
    counts_as(500, is_other_2xx)
)

# -- deliveries and tests ------


def _failed_if_pending(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "status": "failed"} if row["nextRetryAt"] else row


mutant("deliveries.pending-is-failed", "AGP-HOOK-4", "A delivery that is still tried is shown as failed.").response(
    apply("items[]", _failed_if_pending), apply("data[]", _failed_if_pending), on="listDeliveries"
)
mutant("deliveries.under-one-name", "AGP-HOOK-4", "Deliveries come under `items` only.").response(
    set_to("data", []), on="listDeliveries"
)
mutant(
    "deliveries.of-an-agent-in-an-object", "AGP-HOOK-4", "An agent's deliveries come in an object.", "AGP-SDK-1"
).response(apply("", lambda rows: {"data": rows}), on="listAgentDeliveries")
mutant("deliveries.rate-is-a-share", "AGP-HOOK-4", "successRate is a fraction of one.").response(
    apply("successRate", lambda rate: rate / 100), on="getAllTimeDeliveryStats"
)
mutant("deliveries.hours-are-ignored", "AGP-HOOK-4", "The list of deliveries ignores hours.").request(
    drop_query("hours"), on="listDeliveries"
)
mutant("deliveries.counted-for-a-year", "AGP-HOOK-4", "The statistics are of a year by default.").request(
    set_query(hours="8760"), on="getDeliveryStats", when=lambda request: "hours" not in request.query
)
mutant("tests.are-not-marked", "AGP-HOOK-4", "A test event is not marked as one.").webhook(drop("test"))


def _empty(request: MutableRequest[AgentPhone]) -> None:
    request.body = b"{}"
    request.set_header("content-type", "application/json")


mutant("tests.say-always-the-same", "AGP-HOOK-4", "A test ignores the message of its request.").request(
    _empty, on="testWebhook"
)
mutant("tests.always-succeed", "AGP-HOOK-4", "A test always succeeds.").response(
    set_to("success", True), on=("testWebhook", "testAgentWebhook")
)
mutant("tests.of-nothing-succeed", "AGP-HOOK-4", "A test of a missing webhook succeeds.").response(
    respond(200, {"success": True, "httpStatus": 200, "errorMessage": None}), on="testAgentWebhook", when=status(404)
)

# -- bounds ------

mutant("hooks.context-is-clamped", "AGP-HOOK-5", "A contextLimit over 50 becomes 50.").request(
    apply("contextLimit", lambda limit: clamp(limit, 0, 50)), on=SETS
)
mutant("hooks.timeout-is-clamped", "AGP-HOOK-5", "A timeout out of its range is clamped.").request(
    apply("timeout", lambda seconds: clamp(seconds, 5, 120)), on=SETS
)
mutant("hooks.ten-seconds-by-default", "AGP-HOOK-5", "A receiver has 10 seconds by default.", "AGP-SDK-1").request(
    set_default("timeout", 10), on=SETS
)


def _https(url: Any) -> Any:
    return f"https://127.0.0.1.nip.example/{url.rpartition('/')[2]}" if str(url).startswith("ftp://") else url


mutant("hooks.any-scheme", "AGP-HOOK-5", "A URL of another scheme becomes https.").request(
    apply("url", _https), on=SETS
)


def _forget_webhooks(response: MutableResponse[AgentPhone]) -> None:
    webhooks = response.backend.data.webhooks
    for webhook in webhooks.oldest("account", response.account):
        webhooks.remove(webhook)


mutant("hooks.refusal-forgets", "AGP-HOOK-5", "A rejected webhook deletes the existing one.").response(
    _forget_webhooks, on="setAgentWebhook", when=status(422)
)

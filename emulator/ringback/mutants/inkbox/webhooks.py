"""Mutants of "Webhooks": subscriptions, the delivery log, replays, signatures, events, signing keys."""

from __future__ import annotations

import json
from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.messages import Message, MessageEvent
from ringback.mutants.inkbox.registry import mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import drop_query, error, status, status_to
from ringback.mutants.transforms import apply, drop, reverse, set_to
from ringback.mutants.webhooks import broken_signature, option, parsed
from ringback.store import Collection
from ringback.vendors.inkbox.events import CALL_ENDED, SIGNATURE, TextEvent
from ringback.vendors.inkbox.records import CallDetail, Identity, LoggedDelivery, Subscription, Text
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.calls import Calls
from ringback.vendors.inkbox.rules.deliveries import Deliveries
from ringback.vendors.inkbox.rules.messages import Messages
from ringback.vendors.inkbox.rules.signing import Signing

KEYS = ("rotateSigningKey", "rotateIdentitySigningKey")
KEY_STATUS = ("getSigningKey", "getIdentitySigningKey")
NO_ID = "00000000-0000-4000-8000-000000000000"
HOUR_SECONDS = 3_600

# -- subscriptions ------

mutant("hooks.one-too-many", "INK-HOOK-1", "An owner may have 21 subscriptions.").result(
    Collection[Subscription].count,
    lambda count, own, index, key: max(0, count - (index == "owner")),
    of=lambda own: own.data.subscriptions,
)
mutant("hooks.questions-are-dropped", "INK-HOOK-1", "phone.incoming_call in a subscription is ignored.").request(
    apply("event_types", lambda names: [CALL_ENDED] if names == ["phone.incoming_call"] else names),
    on="createWebhookSubscription",
)


def _once(names: Any) -> Any:
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return list(dict.fromkeys(names))
    return names


mutant("hooks.twice-is-once", "INK-HOOK-1", "An event that is named twice counts once.").request(
    apply("event_types", _once), on="createWebhookSubscription"
)
mutant("hooks.two-owners", "INK-HOOK-1", "Of two owners of a subscription the first is used.").request(
    drop("agent_identity_id"),
    on="createWebhookSubscription",
    when=lambda request: bool((request.document or {}).get("phone_number_id")),
)
mutant("hooks.url-is-not-looked-at", "INK-HOOK-1", "A list of subscriptions ignores event_type.").request(
    drop_query("event_type"), on="listWebhookSubscriptions"
)
mutant("hooks.deleted-hear-on", "INK-HOOK-1", "A deleted subscription still gets events.").result(
    Deliveries.subscribed,
    lambda rows, own, identity, name: [
        *rows,
        *(row for row in own.data.subscriptions if row.deleted and row.identity == identity.id and name in row.events),
    ],
)
mutant("hooks.no-key", "INK-HOOK-2", "The first subscription of an identity shows no signing key.").response(
    drop("signing_key"), on="createWebhookSubscription"
)

# -- the log and replays ------

mutant("log.oldest-first", "INK-HOOK-1", "The delivery log has the oldest first.").response(
    reverse("deliveries"), on="listWebhookDeliveries"
)
mutant("log.failed-or-not", "INK-HOOK-1", "The delivery log ignores success.").request(
    drop_query("success"), on="listWebhookDeliveries"
)
mutant("log.payload-rewritten", "INK-HOOK-1", "The delivery log shows a payload that was encoded again.").response(
    apply("deliveries[].request_payload", lambda payload: json.dumps(json.loads(payload), indent=1)),
    on="listWebhookDeliveries",
)


@mutant("replay.another-event", "INK-HOOK-1", "A replay has another event id.").patch(Deliveries.send)
def _another_event(
    send: Original,
    _: Inkbox,
    row: Subscription,
    name: str,
    event_id: str,
    subject: str,
    body: bytes,
    *,
    replay: bool = False,
) -> LoggedDelivery:
    sent: LoggedDelivery = send(row, name, f"{event_id}0" if replay else event_id, subject, body, replay=replay)
    return sent


@mutant("replay.another-body", "INK-HOOK-1", "A replay sends another body.").patch(Deliveries.send)
def _another_body(
    send: Original,
    _: Inkbox,
    row: Subscription,
    name: str,
    event_id: str,
    subject: str,
    body: bytes,
    *,
    replay: bool = False,
) -> LoggedDelivery:
    if replay:
        body = json.dumps({**json.loads(body), "id": f"{event_id}0"}).encode()
    sent: LoggedDelivery = send(row, name, event_id, subject, body, replay=replay)
    return sent


mutant("replay.to-whoever", "INK-HOOK-1", "An event that its subscription no longer names is replayed.").result(
    Deliveries.replay_obstacle, lambda obstacle, own, row: obstacle if row.subscription is None else None
)
mutant("replay.not-marked", "INK-HOOK-1", "A replay is not marked as one.").response(
    set_to("is_replay", False), on="replayWebhookDelivery"
)

# -- signatures ------


def _signed(name: str, description: str, *also_breaks: str, **defects: Any) -> None:
    mutant(f"signature.{name}", "INK-HOOK-2", description, *also_breaks).profile(
        sign_attempt=broken_signature(SIGNATURE, **defects)
    )


_signed("with-the-prefix", "The key signs with its whsec_.", "INK-KEY-1", strip="")
_signed("of-the-parsed-body", "The signature is over the body as parsed and encoded again.", "INK-KEY-1", body=parsed)
_signed("without-the-id", "The signature leaves out the request id.", "INK-KEY-1", prefix="{timestamp}.")
_signed(
    "stamped-by-the-hour",
    "The timestamp is that of the full hour.",
    at=lambda now: now // HOUR_SECONDS * HOUR_SECONDS,
)
mutant("signature.one-id-for-all", "INK-HOOK-2", "All attempts have the same request id.", "INK-HOOK-1").profile(
    sign_attempt=lambda secret, body, now, id_: SIGNATURE.sign(secret, body, now, NO_ID)
)
mutant("keys.signed-without", "INK-KEY-1", "Without a key an empty one signs.").profile(
    sign_attempt=lambda secret, body, now, id_: SIGNATURE.sign(secret or "whsec_", body, now, id_)
)


@mutant("signature.by-the-first-key", "INK-HOOK-2", "After a rotation the old key still signs.").on_start
def _first_key(own: Inkbox) -> None:
    first: dict[str, str] = {}

    def key(original: Original, _: Inkbox, identity: Identity) -> str:
        found: str = original(identity)
        return first.setdefault(identity.id, found) if found else found

    patch(own, Signing.key, key)


mutant("signature.organizations-never", "INK-HOOK-2", "The organization's key does not sign.").result(
    Signing.key, lambda _, own, identity: identity.signing_key or ""
)

# -- events ------


def _without(event: str, *also_breaks: str) -> None:
    words = event.replace(".", "-").replace("_", "-")
    claim = "INK-HOOK-4" if event == CALL_ENDED else "INK-HOOK-3"
    mutant(f"events.without-{words}", claim, f"{event} is never sent.", *also_breaks).result(
        Deliveries.subscribed, lambda rows, own, identity, name: [] if name == event else rows
    )


_without("text.received", "INK-HOOK-1", "INK-HOOK-2", "INK-HOOK-5")
_without("text.sent", "INK-HOOK-5")
_without("text.delivered")
_without("text.delivery_failed")
_without("text.delivery_unconfirmed")
_without(CALL_ENDED)
mutant("events.tell-what-is-blocked", "INK-HOOK-3", "A text in an event has is_blocked.").webhook(
    set_to("data.text_message.is_blocked", False)
)


@mutant("events.of-blocked-texts", "INK-HOOK-3", "A blocked text is sent to webhooks.").patch(Messages.on_changed)
def _publish_blocked(on_changed: Original, own: Inkbox, message: Message, change: MessageEvent) -> None:
    text = own.data.texts[message.detail["text"]]
    if change == "received" and text.blocked:
        own.messages.publish("text.received", text, None)
    on_changed(message, change)


@mutant("events.twice", "INK-HOOK-3", "text.delivered is sent twice.").patch(Messages.publish)
def _twice(publish: Original, _: Inkbox, name: TextEvent, text: Text, recipient: str | None) -> None:
    publish(name, text, recipient)
    if name == "text.delivered":
        publish(name, text, recipient)


mutant("events.tried-again", "INK-HOOK-3", "An event that a receiver rejects is sent again.", "INK-HOOK-1").profile(
    retries=(60, 600)
)
mutant("events.one-id", "INK-HOOK-3", "All events have the same id.").returns(Deliveries.new_event_id, "evt_0")
mutant("events.no-recipient", "INK-HOOK-3", "An event of a group does not name the recipient.").webhook(
    apply("data.recipient_phone_number", lambda _: None)
)
mutant("events.as-it-was-queued", "INK-HOOK-3", "text.delivered shows the text as it was queued.").webhook(
    set_to("data.text_message.delivery_status", "queued"), on="text.delivered"
)
mutant("ended.without-length", "INK-HOOK-4", "call.ended has no duration.").webhook(
    set_to("data.call.duration_seconds", None), on=CALL_ENDED
)
mutant("ended.without-words", "INK-HOOK-4", "call.ended has no transcript.").webhook(
    set_to("data.transcript", None), on=CALL_ENDED
)
mutant("ended.leads-elsewhere", "INK-HOOK-4", "The transcript_url of call.ended is that of the call.").webhook(
    apply("data.transcript_url", lambda url: url.removesuffix("/transcripts")), on=CALL_ENDED
)
mutant("ended.outcome-for-all", "INK-HOOK-4", "call.ended has an outcome without a hosted agent.").webhook(
    apply("data.outcome", lambda outcome: outcome or "failed"), on=CALL_ENDED
)


@mutant("ended.of-blocked-calls", "INK-HOOK-4", "The end of a blocked call is sent to webhooks.").patch(Calls.on_ended)
def _publish_blocked_calls(on_ended: Original, own: Inkbox, call: Call, detail: CallDetail, now: int) -> None:
    on_ended(call, detail, now)
    if detail.blocked:
        own.calls.publish_ended(call, detail)


# -- context and token ------

mutant("context.of-all", "INK-HOOK-5", "text.sent has a context, too.").webhook(
    set_to("data.context", {}), on="text.sent"
)


def _with_text_itself(data: Any) -> Any:
    texts = data.get("context", {}).get("texts")
    if texts is not None:
        texts["items"].append(data["text_message"])
    return data


def _newest_first(context: Any) -> Any:
    if "texts" in context:
        context["texts"]["items"].reverse()
    return context


mutant("context.with-the-text-itself", "INK-HOOK-5", "A context includes the text that it comes with.").webhook(
    apply("data", _with_text_itself)
)
mutant("context.newest-first", "INK-HOOK-5", "A context has the newest first.").webhook(
    apply("data.context", _newest_first)
)
mutant("token.not-sent", "INK-HOOK-5", "The token of a subscription is not sent.").webhook(
    option(headers=()), when=lambda event: not event.expects_reply
)
mutant("token.null-stays", "INK-HOOK-5", "Null does not clear a token.").request(
    drop("[auth_token=null].auth_token"), on="updateWebhookSubscription"
)


def _at_most_50(config: Any) -> Any:
    for channel in (config or {}).values():
        if isinstance(channel, dict) and channel.get("count", 0) > 50:
            channel["count"] = 50
    return config


mutant("context.of-any-size", "INK-HOOK-5", "A context may be of any size.").request(
    apply("context_config", _at_most_50), on="createWebhookSubscription"
)

# -- signing keys ------


def _show_key(status_: Any, own: Inkbox, identity: Identity) -> Any:
    status_.created_at = own.signing.key(identity) or status_.created_at
    return status_


mutant("keys.status-shows-them", "INK-KEY-1", "The status of a signing key shows the key.", "INK-SDK-1").result(
    Signing.status, _show_key
)
mutant("keys.never-configured", "INK-KEY-1", "The status of a signing key is never configured.").response(
    set_to("configured", False), set_to("created_at", None), on=KEY_STATUS
)
mutant("keys.made-is-200", "INK-KEY-1", "A new signing key is answered 200.").response(status_to(200), on=KEYS)
mutant("keys.unknown-is-403", "INK-KEY-1", "A signing key for an unknown identity is answered 403.").response(
    error(403, "forbidden"), on=KEYS, when=status(404)
)

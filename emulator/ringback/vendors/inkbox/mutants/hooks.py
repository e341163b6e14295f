"""Mutants of "Webhooks": subscriptions, the log, replay, signature, events, signing keys."""

from __future__ import annotations

import json
from dataclasses import replace as with_changes
from typing import Any

from ringback.carrier.clock import HOUR, SECOND
from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.inkbox.events import SIGNATURE, WEBHOOKS
from ringback.vendors.inkbox.mutants.register import (
    DELIVERIES,
    IDENTITIES,
    REGISTRY,
    SIGNING,
    SUBSCRIPTIONS,
    Thing,
    asked_for,
    backend,
    forget,
    instead,
    refuse,
    rewrite,
    sent,
    shown,
    turned,
)
from ringback.vendors.inkbox.rules.common import NAME

ONE_HOOK = rf"{SUBSCRIPTIONS}/[^/]+"
REPLAY = rf"{DELIVERIES}/[^/]+/replay"
KEYS = rf"{SIGNING}|{IDENTITIES}[^/]+/signing-key"


# -- subscriptions ------


@REGISTRY.on_start("hooks.one-too-many", "INK-HOOK-1", "A 21st subscription of one owner is made.")
def _one_too_many(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(count: Any) -> Any:
        return lambda index, key: max(0, count(index, key) - 1) if index == "owner" else count(index, key)

    patch(hooks.records, "count", make)


@REGISTRY.on_request(
    "hooks.questions-are-dropped", "INK-HOOK-1", "phone.incoming_call is passed over in a subscription."
)
def _questions_are_dropped(asked: Request) -> None:
    def drop(body: Thing) -> None:
        if body.get("event_types") == ["phone.incoming_call"]:
            body["event_types"] = ["call.ended"]

    if asked_for(asked, "POST", SUBSCRIPTIONS):
        rewrite(asked, drop)


@REGISTRY.on_request("hooks.twice-is-once", "INK-HOOK-1", "An event that is named twice is taken once.")
def _twice_is_once(asked: Request) -> None:
    def once(body: Thing) -> None:
        names = body.get("event_types")
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            body["event_types"] = list(dict.fromkeys(names))

    if asked_for(asked, "POST", SUBSCRIPTIONS):
        rewrite(asked, once)


@REGISTRY.on_request("hooks.two-owners", "INK-HOOK-1", "Of two owners of a subscription the first is taken.")
def _two_owners(asked: Request) -> None:
    def first(body: Thing) -> None:
        if body.get("phone_number_id") and body.get("agent_identity_id"):
            body.pop("agent_identity_id")

    if asked_for(asked, "POST", SUBSCRIPTIONS):
        rewrite(asked, first)


@REGISTRY.on_request("hooks.url-is-not-looked-at", "INK-HOOK-1", "A list of subscriptions is not narrowed by event.")
def _url_is_not_looked_at(asked: Request) -> None:
    forget(asked, SUBSCRIPTIONS, "event_type")


@REGISTRY.on_start("hooks.deleted-hear-on", "INK-HOOK-1", "A deleted subscription is sent events.")
def _deleted_hear_on(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(listening: Any) -> Any:
        def wide(identity: Any, kind: str) -> Any:
            gone = [row for row in hooks.records if row.deleted and row.identity == identity.id and kind in row.events]
            return [*listening(identity, kind), *gone]

        return wide

    patch(hooks, "_listening", make)


@REGISTRY.on_response("log.oldest-first", "INK-HOOK-1", "The log of deliveries has the oldest first.")
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    turned(answer, DELIVERIES, "deliveries")


@REGISTRY.on_request("log.failed-or-not", "INK-HOOK-1", "The log is not narrowed by success.")
def _failed_or_not(asked: Request) -> None:
    forget(asked, DELIVERIES, "success")


@REGISTRY.on_response("log.payload-rewritten", "INK-HOOK-1", "The log has a payload that was written anew.")
def _payload_rewritten(answer: MutableResponse, _: Emulator) -> None:
    def change(row: Thing) -> None:
        row["request_payload"] = json.dumps(json.loads(row["request_payload"]), indent=1)

    shown(answer, "GET", DELIVERIES, change, "deliveries")


@REGISTRY.on_start("replay.another-event", "INK-HOOK-1", "A replay has an event id of its own.")
def _another_event(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(send: Any) -> Any:
        def renamed(row: Any, kind: str, event_id: str, *rest: Any, replay: bool = False) -> Any:
            return send(row, kind, f"{event_id}0" if replay else event_id, *rest, replay=replay)

        return renamed

    patch(hooks, "_send", make)


@REGISTRY.on_start("replay.another-body", "INK-HOOK-1", "A replay sends the event written anew.")
def _another_body(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(send: Any) -> Any:
        def renewed(row: Any, kind: str, event_id: str, subject: str, body: bytes, *, replay: bool = False) -> Any:
            if replay:
                body = json.dumps({**json.loads(body), "id": f"{event_id}0"}).encode()
            return send(row, kind, event_id, subject, body, replay=replay)

        return renewed

    patch(hooks, "_send", make)


@REGISTRY.on_start("replay.to-whoever", "INK-HOOK-1", "What a subscription does not want any more is replayed.")
def _to_whoever(emulator: Emulator) -> None:
    def make(no_replay: Any) -> Any:
        return lambda row: no_replay(row) if row.subscription is None else None

    patch(backend(emulator).hooks, "_no_replay", make)


@REGISTRY.on_response("replay.not-marked", "INK-HOOK-1", "A replay does not say that it is one.")
def _not_marked(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "POST", REPLAY, lambda row: row.update(is_replay=False))


# -- signature ------


def _signed(emulator: Emulator, make: Any) -> None:
    """Sign attempts otherwise."""
    emulator.services.outbox.register(NAME, with_changes(WEBHOOKS, sign_attempt=make(SIGNATURE.sign)))


@REGISTRY.on_start("signature.with-the-prefix", "INK-HOOK-2", "The key signs with its whsec_.", "INK-KEY-1")
def _with_the_prefix(emulator: Emulator) -> None:
    def make(plain: Any) -> Any:
        return lambda secret, body, now, id_: plain(f"whsec_{secret}" if secret else "", body, now, id_)

    _signed(emulator, make)


@REGISTRY.on_start(
    "signature.of-the-parsed-body", "INK-HOOK-2", "The signature is that of the body written anew.", "INK-KEY-1"
)
def _of_the_parsed_body(emulator: Emulator) -> None:
    def make(plain: Any) -> Any:
        return lambda secret, body, now, id_: plain(secret, json.dumps(json.loads(body)).encode(), now, id_)

    _signed(emulator, make)


@REGISTRY.on_start("signature.without-the-id", "INK-HOOK-2", "The signature leaves out the request id.", "INK-KEY-1")
def _without_the_id(emulator: Emulator) -> None:
    def make(plain: Any) -> Any:
        def signed(secret: str, body: bytes, now: int, id_: str) -> Any:
            return [
                (name, id_ if name == "X-Inkbox-Request-ID" else value) for name, value in plain(secret, body, now, "")
            ]

        return signed

    _signed(emulator, make)


@REGISTRY.on_start("signature.one-id-for-all", "INK-HOOK-2", "All attempts have the same request id.", "INK-HOOK-1")
def _one_id_for_all(emulator: Emulator) -> None:
    def make(plain: Any) -> Any:
        return lambda secret, body, now, _id: plain(secret, body, now, "00000000-0000-4000-8000-000000000000")

    _signed(emulator, make)


@REGISTRY.on_start("signature.stamped-by-the-hour", "INK-HOOK-2", "The timestamp is that of the full hour.")
def _stamped_by_the_hour(emulator: Emulator) -> None:
    hour = HOUR // SECOND

    def make(plain: Any) -> Any:
        return lambda secret, body, now, id_: plain(secret, body, now // hour * hour, id_)

    _signed(emulator, make)


@REGISTRY.on_start("signature.by-the-first-key", "INK-HOOK-2", "After a rotation the old key signs on.")
def _by_the_first_key(emulator: Emulator) -> None:
    first: dict[str, str] = {}

    def make(key: Any) -> Any:
        def old(identity: Any) -> str:
            now = key(identity)
            return first.setdefault(identity.id, now) if now else now

        return old

    patch(backend(emulator).signing, "key", make)


@REGISTRY.on_start("signature.organizations-never", "INK-HOOK-2", "The organization's key signs nothing.")
def _organizations_never(emulator: Emulator) -> None:
    patch(backend(emulator).signing, "key", lambda _key: lambda identity: identity.signing_key or "")


@REGISTRY.on_response("hooks.no-key", "INK-HOOK-2", "The first subscription of an identity shows no signing key.")
def _no_key(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "POST", SUBSCRIPTIONS, lambda row: row.pop("signing_key", None))


# -- events ------


TOUCHED = {
    "text.received": ("INK-HOOK-1", "INK-HOOK-2", "INK-HOOK-5"),
    "text.sent": ("INK-HOOK-5",),
}
"""Claims beside INK-HOOK-3 that need an event."""


def _without(name: str, kind: str) -> None:
    """A mutant that never tells of a kind of event."""
    touches = TOUCHED.get(kind, ())

    @REGISTRY.on_start(
        f"events.without-{name}",
        "INK-HOOK-4" if kind == "call.ended" else "INK-HOOK-3",
        f"{kind} is never sent.",
        *touches,
    )
    def _dropped(emulator: Emulator) -> None:
        hooks = backend(emulator).hooks

        def make(listening: Any) -> Any:
            return lambda identity, what: [] if what == kind else listening(identity, what)

        patch(hooks, "_listening", make)


for _kind in (
    "text.received",
    "text.sent",
    "text.delivered",
    "text.delivery_failed",
    "text.delivery_unconfirmed",
    "call.ended",
):
    _without(_kind.replace(".", "-").replace("_", "-"), _kind)


def _part(event: Thing, name: str) -> Thing | None:
    part = event.get("data", {}).get(name)
    return part if isinstance(part, dict) else None


@REGISTRY.on_start("events.tell-what-is-blocked", "INK-HOOK-3", "A text in an event has is_blocked.")
def _tell_what_is_blocked(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if text := _part(event, "text_message"):
            text["is_blocked"] = False
        return event

    sent(emulator, change)


@REGISTRY.on_start("events.of-blocked-texts", "INK-HOOK-3", "A text that was kept away is told of.")
def _of_blocked_texts(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def make(changed: Any) -> Any:
        def telling(message: Any, change: Any) -> None:
            text = texts.records[message.detail["text"]]
            if change == "received" and text.blocked:
                backend(emulator).hooks.tell_text("text.received", text, None)
            changed(message, change)

        return telling

    patch(texts, "changed", make)


@REGISTRY.on_start("events.twice", "INK-HOOK-3", "A receipt is told twice.")
def _twice(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(tell: Any) -> Any:
        def again(kind: str, text: Any, recipient: Any) -> None:
            tell(kind, text, recipient)
            if kind == "text.delivered":
                tell(kind, text, recipient)

        return again

    patch(hooks, "tell_text", make)


@REGISTRY.on_start("events.tried-again", "INK-HOOK-3", "What a receiver refuses is sent again.", "INK-HOOK-1")
def _tried_again(emulator: Emulator) -> None:
    emulator.services.outbox.register(NAME, with_changes(WEBHOOKS, retries=(60, 600)))


@REGISTRY.on_start("events.one-id", "INK-HOOK-3", "All events have the same id.")
def _one_id(emulator: Emulator) -> None:
    patch(backend(emulator).hooks, "_event_id", instead("evt_0"))


@REGISTRY.on_start("events.no-recipient", "INK-HOOK-3", "An event of a group does not name the recipient.")
def _no_recipient(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if "recipient_phone_number" in event.get("data", {}):
            event["data"]["recipient_phone_number"] = None
        return event

    sent(emulator, change)


@REGISTRY.on_start("events.as-it-was-queued", "INK-HOOK-3", "A receipt tells the text as it was when it was queued.")
def _as_it_was_queued(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if event["event_type"] == "text.delivered" and (text := _part(event, "text_message")):
            text["delivery_status"] = "queued"
        return event

    sent(emulator, change)


@REGISTRY.on_start("ended.without-length", "INK-HOOK-4", "call.ended tells no length.")
def _without_length(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if call := _part(event, "call"):
            call["duration_seconds"] = None
        return event

    sent(emulator, change)


@REGISTRY.on_start("ended.without-words", "INK-HOOK-4", "call.ended tells nothing that was said.")
def _without_words(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if _part(event, "transcript") is not None:
            event["data"]["transcript"] = None
        return event

    sent(emulator, change)


@REGISTRY.on_start("ended.leads-elsewhere", "INK-HOOK-4", "call.ended leads to the call and not to its transcript.")
def _leads_elsewhere(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if "transcript_url" in event.get("data", {}):
            event["data"]["transcript_url"] = event["data"]["transcript_url"].removesuffix("/transcripts")
        return event

    sent(emulator, change)


@REGISTRY.on_start(
    "ended.outcome-for-all", "INK-HOOK-4", "call.ended tells an outcome of calls without a hosted agent."
)
def _outcome_for_all(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if "outcome" in event.get("data", {}):
            event["data"]["outcome"] = event["data"]["outcome"] or "failed"
        return event

    sent(emulator, change)


@REGISTRY.on_start("ended.of-blocked-calls", "INK-HOOK-4", "A call that was kept away is told of.")
def _of_blocked_calls(emulator: Emulator) -> None:
    phones = backend(emulator).phones

    def make(over: Any) -> Any:
        def telling(call: Any, detail: Any, now: int) -> None:
            over(call, detail, now)
            if detail.blocked:
                phones._tell(call, detail)

        return telling

    patch(phones, "_over", make)


# -- context and token ------


@REGISTRY.on_start("context.of-all", "INK-HOOK-5", "Context comes with text.sent as well.")
def _of_all(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if event["event_type"] == "text.sent":
            event["data"]["context"] = {}
        return event

    sent(emulator, change)


@REGISTRY.on_start("context.with-the-text-itself", "INK-HOOK-5", "Context ends with the text that it comes with.")
def _with_the_text_itself(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        found = (event.get("data") or {}).get("context") or {}
        if "texts" in found:
            found["texts"]["items"] = [*found["texts"]["items"], event["data"]["text_message"]]
        return event

    sent(emulator, change)


@REGISTRY.on_start("context.newest-first", "INK-HOOK-5", "Context has the newest first.")
def _newest_first(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        found = (event.get("data") or {}).get("context") or {}
        if "texts" in found:
            found["texts"]["items"].reverse()
        return event

    sent(emulator, change)


@REGISTRY.on_start("token.not-sent", "INK-HOOK-5", "The token of a subscription does not go along.")
def _not_sent(emulator: Emulator) -> None:
    def make(send: Any) -> Any:
        return lambda **event: send(**{**event, "headers": ()})

    patch(emulator.services.outbox, "send", make)


@REGISTRY.on_request("token.null-stays", "INK-HOOK-5", "Null takes no token away.")
def _null_stays(asked: Request) -> None:
    def keep(body: Thing) -> None:
        if body.get("auth_token", "") is None:
            body.pop("auth_token")

    if asked_for(asked, "PATCH", ONE_HOOK):
        rewrite(asked, keep)


@REGISTRY.on_request("context.of-any-size", "INK-HOOK-5", "Context may be of any size.")
def _of_any_size(asked: Request) -> None:
    def shrink(body: Thing) -> None:
        for config in (body.get("context_config") or {}).values():
            if isinstance(config, dict) and config.get("count", 0) > 50:
                config["count"] = 50

    if asked_for(asked, "POST", SUBSCRIPTIONS):
        rewrite(asked, shrink)


# -- keys ------


@REGISTRY.on_start("keys.status-shows-them", "INK-KEY-1", "The status of a signing key shows the key.", "INK-SDK-1")
def _status_shows_them(emulator: Emulator) -> None:
    keys = backend(emulator)

    def make(status: Any) -> Any:
        def telling(identity: Any) -> Any:
            found = status(identity)
            found.created_at = keys.signing.key(identity) or found.created_at
            return found

        return telling

    patch(keys.signing, "status", make)


@REGISTRY.on_response(
    "keys.never-configured", "INK-KEY-1", "The status of a signing key always says that there is none."
)
def _never_configured(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", KEYS, lambda state: state.update(configured=False, created_at=None))


@REGISTRY.on_start("keys.signed-without", "INK-KEY-1", "Without a key an empty one signs.")
def _signed_without(emulator: Emulator) -> None:
    def make(plain: Any) -> Any:
        return lambda secret, body, now, id_: plain(secret or "whsec_", body, now, id_)

    _signed(emulator, make)


@REGISTRY.on_response("keys.made-is-200", "INK-KEY-1", "A new signing key is answered 200.")
def _made_is_200(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", KEYS) and answer.status == 201:
        answer.status = 200


@REGISTRY.on_response("keys.unknown-is-403", "INK-KEY-1", "A key for an unknown identity is answered 403.")
def _unknown_is_403(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", KEYS) and answer.status == 404:
        refuse(answer, 403)

"""Mutants of "Webhooks": events, envelope, signature, and when a receiver is given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import patch
from ringback.vendors.phonestack.events import EVENTS
from ringback.vendors.phonestack.mutants.register import NAME, REGISTRY, Thing, backend, never, sent
from ringback.vendors.phonestack.wire import BillingEvent

Sign = Callable[[str, bytes, int], Sequence[tuple[str, str]]]
SIGNATURE = "X-PhoneStack-Signature"
TOUCHES: dict[str, tuple[str, ...]] = {
    "call.started": ("PST-HOOK-6",),
    "campaign.started": ("PST-CAM-2",),
    "campaign.paused": ("PST-CAM-2",),
    "campaign.completed": ("PST-CAM-2", "PST-CAM-4", "PST-CAM-5"),
    "contact.created": ("PST-CON-8", "PST-HOOK-6", "PST-MCP-5"),
    "contact.dnc_requested": ("PST-CON-7", "PST-HOOK-6", "PST-MCP-5"),
}
"""Claims beside PST-HOOK-1 that count an event."""
COUNTING = tuple(sorted({claim for claims in TOUCHES.values() for claim in claims}))


def _never(kind: str) -> None:
    @REGISTRY.on_start(f"events.no-{kind}", "PST-HOOK-1", f"{kind} never fires.", *TOUCHES.get(kind, ()))
    def _silent(emulator: Emulator) -> None:
        sent(emulator, lambda event: None if event["event"] == kind else event)


for _kind in EVENTS:
    _never(_kind)


@REGISTRY.on_start("events.twice", "PST-HOOK-1", "Every event fires twice.", *COUNTING)
def _twice(emulator: Emulator) -> None:
    def make(send: Any) -> Any:
        def doubled(**event: Any) -> Any:
            send(**event)
            return send(**event)

        return doubled

    patch(emulator.services.outbox, "send", make)


@REGISTRY.on_start(
    "events.warning-at-half", "PST-HOOK-1", "billing.limit_warning fires when half of the limit is used."
)
def _warning_at_half(emulator: Emulator) -> None:
    money = backend(emulator).money

    def make(usual: Any) -> Any:
        def look(account: str) -> None:
            limit, month = money.backend.settings(account).limit(), money._month(account)
            if limit and month.spent * 2 >= limit and not month.warned:
                month.warned = True
                money.backend.hooks.tell(account, "billing.limit_warning", account, lambda: BillingEvent(1, 1, 50))
                return
            warned = month.warned
            usual(account)
            month.warned = warned or month.warned

        return look

    patch(money, "look", make)


@REGISTRY.on_start("events.voicemails-are-completed", "PST-HOOK-1", "A call that meets a machine fires call.completed.")
def _voicemails_are_completed(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        if event["event"] == "call.voicemail":
            event["event"] = "call.completed"
            event["data"].update(analysis=_analysis(), transcript=[])
        return event

    sent(emulator, change)


def _analysis() -> Thing:
    return {
        "disposition": "voicemail",
        "sentiment": "neutral",
        "summary": "A machine.",
        "meeting_booked": False,
        "ai_confidence_score": 50,
    }


@REGISTRY.on_start("events.busy-is-not-told", "PST-HOOK-1", "A busy line fires no call.failed.")
def _busy_is_not_told(emulator: Emulator) -> None:
    sent(emulator, lambda event: None if event["data"].get("status") == "busy" else event)


# -- the signature ------


def _signed(emulator: Emulator, sign: Callable[[Sign], Sign]) -> None:
    webhook_profile = emulator.services.outbox.dispatcher.profiles[NAME]
    emulator.services.outbox.register(NAME, replace(webhook_profile, sign=sign(webhook_profile.sign)))


def _hex(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


@REGISTRY.on_start("signature.in-base64", "PST-HOOK-2", "The signature is base64.")
def _in_base64(emulator: Emulator) -> None:
    def sign(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
        return ((SIGNATURE, base64.b64encode(bytes.fromhex(_hex(secret.encode(), body))).decode()),)

    _signed(emulator, lambda _: sign)


@REGISTRY.on_start("signature.of-the-parsed-body", "PST-HOOK-2", "The body is signed as it would be written anew.")
def _of_the_parsed_body(emulator: Emulator) -> None:
    _signed(emulator, lambda usual: lambda secret, body, now: usual(secret, json.dumps(json.loads(body)).encode(), now))


@REGISTRY.on_start("signature.with-a-prefix", "PST-HOOK-2", "The signature begins with sha256=.")
def _with_a_prefix(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: ((SIGNATURE, f"sha256={_hex(secret.encode(), body)}"),))


@REGISTRY.on_start("signature.under-another-secret", "PST-HOOK-2", "Every event is signed under the first secret.")
def _under_another_secret(emulator: Emulator) -> None:
    first: list[str] = []

    def make(usual: Sign) -> Sign:
        def sign(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
            first.append(secret)
            return usual(first[0], body, now)

        return sign

    _signed(emulator, make)


@REGISTRY.on_start("signature.missing", "PST-HOOK-2", "Events are not signed.")
def _missing(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: ())


# -- the payload ------


def _without(*names: str) -> Callable[[Thing], Thing]:
    return lambda event: {name: value for name, value in event.items() if name not in names}


@REGISTRY.on_start("payload.without-organization", "PST-HOOK-3", "An event does not tell the organization.")
def _without_organization(emulator: Emulator) -> None:
    sent(emulator, _without("organization_id"))


@REGISTRY.on_start("payload.one-organization", "PST-HOOK-3", "Every event tells the same organization.")
def _one_organization(emulator: Emulator) -> None:
    sent(emulator, lambda event: {**event, "organization_id": "org_abc123"})


@REGISTRY.on_start("payload.timestamp-in-seconds", "PST-HOOK-3", "The timestamp of an event is in Unix seconds.")
def _timestamp_in_seconds(emulator: Emulator) -> None:
    sent(emulator, lambda event: {**event, "timestamp": 1_750_000_000})


def _of_completed(emulator: Emulator, change: Callable[[Thing], Any]) -> None:
    def changed(event: Thing) -> Thing:
        if event["event"] == "call.completed":
            change(event["data"])
        return event

    sent(emulator, changed)


@REGISTRY.on_start("payload.without-transcript", "PST-HOOK-3", "call.completed has no transcript.")
def _without_transcript(emulator: Emulator) -> None:
    _of_completed(emulator, lambda data: data.pop("transcript"))


@REGISTRY.on_start("payload.analysis-is-null", "PST-HOOK-3", "The analysis of call.completed is null.")
def _analysis_is_null(emulator: Emulator) -> None:
    _of_completed(emulator, lambda data: data.update(analysis=None))


@REGISTRY.on_start("payload.transcript-is-cut", "PST-HOOK-3", "call.completed has the first turn alone.")
def _transcript_is_cut(emulator: Emulator) -> None:
    _of_completed(emulator, lambda data: data.update(transcript=data["transcript"][:1]))


@REGISTRY.on_start(
    "payload.data-at-the-top",
    "PST-HOOK-3",
    "What an event is about is beside its name.",
    "PST-HOOK-1",
    "PST-HOOK-5",
    "PST-CON-7",
    "PST-CON-8",
    "PST-MCP-5",
)
def _data_at_the_top(emulator: Emulator) -> None:
    def change(event: Thing) -> Thing:
        return {
            **_without("data")(event),
            **{name: value for name, value in event["data"].items() if name not in event},
        }

    sent(emulator, change)


# -- receivers that fail ------


@REGISTRY.on_start("hooks.never-disabled", "PST-HOOK-4", "A webhook is never disabled.")
def _never_disabled(emulator: Emulator) -> None:
    backend(emulator).hooks.concluded = never


@REGISTRY.on_start("hooks.disabled-after-five", "PST-HOOK-4", "A webhook is disabled after five failures in a row.")
def _disabled_after_five(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(usual: Any) -> Any:
        def concluded(delivery: Any) -> None:
            webhook = hooks.records.last("url", (delivery.account, delivery.url))
            if webhook is not None and webhook.failures >= 4 and delivery.state != "delivered":
                webhook.failures = 9
            usual(delivery)

        return concluded

    patch(hooks, "concluded", make)


@REGISTRY.on_start(
    "hooks.successes-count-nothing", "PST-HOOK-4", "A success does not begin the count of failures anew."
)
def _successes_count_nothing(emulator: Emulator) -> None:
    patch(
        backend(emulator).hooks,
        "concluded",
        lambda usual: lambda delivery: None if delivery.state == "delivered" else usual(delivery),
    )


@REGISTRY.on_start("hooks.stay-disabled", "PST-HOOK-4", "A webhook that was disabled cannot be enabled again.")
def _stay_disabled(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks

    def make(usual: Any) -> Any:
        def set_by_dashboard(account: str, setting: Any) -> None:
            if not any(one.disabled_at for one in hooks.records.oldest("account", account)):
                usual(account, setting)

        return set_by_dashboard

    patch(hooks, "set_by_dashboard", make)


# -- what recipes read, and what was selected ------


@REGISTRY.on_start("recipe.no-contact-id", "PST-HOOK-5", "call.completed does not tell the contact.")
def _no_contact_id(emulator: Emulator) -> None:
    _of_completed(emulator, lambda data: data.pop("contact_id"))


@REGISTRY.on_start("recipe.no-timestamp", "PST-HOOK-5", "call.completed has no timestamp in its data.")
def _no_timestamp(emulator: Emulator) -> None:
    _of_completed(emulator, lambda data: data.pop("timestamp"))


@REGISTRY.on_start(
    "selection.none-is-none",
    "PST-HOOK-6",
    "A webhook for which no events were selected gets none.",
    "PST-HOOK-1",
    "PST-MCP-5",
)
def _none_is_none(emulator: Emulator) -> None:
    patch(backend(emulator).hooks, "check_events", lambda usual: lambda events: usual(events) if events else ())


@REGISTRY.on_start(
    "selection.of-whole-groups",
    "PST-HOOK-6",
    "A webhook gets all events of a group of which it selected one.",
    "PST-CAM-5",
    "PST-HOOK-1",
    "PST-MCP-5",
)
def _of_whole_groups(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        def check(events: Any) -> Any:
            chosen = {name.partition(".")[0] for name in usual(events)}
            return tuple(name for name in EVENTS if name.partition(".")[0] in chosen)

        return check

    patch(backend(emulator).hooks, "check_events", make)

"""Mutants of "Webhooks": events, envelope, signature, and when a receiver is given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ringback.gateway.mutants import swap
from ringback.gateway.services import World
from ringback.vendors.phonestack.events import EVENTS
from ringback.vendors.phonestack.mutants.register import BOOK, NAME, Thing, house, never, sent
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
    @BOOK.world(f"events.no-{kind}", "PST-HOOK-1", f"{kind} never fires.", *TOUCHES.get(kind, ()))
    def _silent(world: World) -> None:
        sent(world, lambda event: None if event["event"] == kind else event)


for _kind in EVENTS:
    _never(_kind)


@BOOK.world("events.twice", "PST-HOOK-1", "Every event fires twice.", *COUNTING)
def _twice(world: World) -> None:
    def make(send: Any) -> Any:
        def doubled(**event: Any) -> Any:
            send(**event)
            return send(**event)

        return doubled

    swap(world.outbox, "send", make)


@BOOK.world("events.warning-at-half", "PST-HOOK-1", "billing.limit_warning fires when half of the limit is used.")
def _warning_at_half(world: World) -> None:
    money = house(world).money

    def make(usual: Any) -> Any:
        def look(account: str) -> None:
            limit, month = money.house.settings(account).limit(), money._month(account)
            if limit and month.spent * 2 >= limit and not month.warned:
                month.warned = True
                money.house.hooks.tell(account, "billing.limit_warning", account, lambda: BillingEvent(1, 1, 50))
                return
            warned = month.warned
            usual(account)
            month.warned = warned or month.warned

        return look

    swap(money, "look", make)


@BOOK.world("events.voicemails-are-completed", "PST-HOOK-1", "A call that meets a machine fires call.completed.")
def _voicemails_are_completed(world: World) -> None:
    def change(event: Thing) -> Thing:
        if event["event"] == "call.voicemail":
            event["event"] = "call.completed"
            event["data"].update(analysis=_analysis(), transcript=[])
        return event

    sent(world, change)


def _analysis() -> Thing:
    return {
        "disposition": "voicemail",
        "sentiment": "neutral",
        "summary": "A machine.",
        "meeting_booked": False,
        "ai_confidence_score": 50,
    }


@BOOK.world("events.busy-is-not-told", "PST-HOOK-1", "A busy line fires no call.failed.")
def _busy_is_not_told(world: World) -> None:
    sent(world, lambda event: None if event["data"].get("status") == "busy" else event)


# -- the signature ------


def _signed(world: World, sign: Callable[[Sign], Sign]) -> None:
    dialect = world.outbox._dialects[NAME]
    world.outbox.speak(NAME, replace(dialect, sign=sign(dialect.sign)))


def _hex(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


@BOOK.world("signature.in-base64", "PST-HOOK-2", "The signature is base64.")
def _in_base64(world: World) -> None:
    def sign(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
        return ((SIGNATURE, base64.b64encode(bytes.fromhex(_hex(secret.encode(), body))).decode()),)

    _signed(world, lambda _: sign)


@BOOK.world("signature.of-the-parsed-body", "PST-HOOK-2", "The body is signed as it would be written anew.")
def _of_the_parsed_body(world: World) -> None:
    _signed(world, lambda usual: lambda secret, body, now: usual(secret, json.dumps(json.loads(body)).encode(), now))


@BOOK.world("signature.with-a-prefix", "PST-HOOK-2", "The signature begins with sha256=.")
def _with_a_prefix(world: World) -> None:
    _signed(world, lambda _: lambda secret, body, now: ((SIGNATURE, f"sha256={_hex(secret.encode(), body)}"),))


@BOOK.world("signature.under-another-secret", "PST-HOOK-2", "Every event is signed under the first secret.")
def _under_another_secret(world: World) -> None:
    first: list[str] = []

    def make(usual: Sign) -> Sign:
        def sign(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
            first.append(secret)
            return usual(first[0], body, now)

        return sign

    _signed(world, make)


@BOOK.world("signature.missing", "PST-HOOK-2", "Events are not signed.")
def _missing(world: World) -> None:
    _signed(world, lambda _: lambda secret, body, now: ())


# -- the payload ------


def _without(*names: str) -> Callable[[Thing], Thing]:
    return lambda event: {name: value for name, value in event.items() if name not in names}


@BOOK.world("payload.without-organization", "PST-HOOK-3", "An event does not tell the organization.")
def _without_organization(world: World) -> None:
    sent(world, _without("organization_id"))


@BOOK.world("payload.one-organization", "PST-HOOK-3", "Every event tells the same organization.")
def _one_organization(world: World) -> None:
    sent(world, lambda event: {**event, "organization_id": "org_abc123"})


@BOOK.world("payload.timestamp-in-seconds", "PST-HOOK-3", "The timestamp of an event is in Unix seconds.")
def _timestamp_in_seconds(world: World) -> None:
    sent(world, lambda event: {**event, "timestamp": 1_750_000_000})


def _of_completed(world: World, change: Callable[[Thing], Any]) -> None:
    def changed(event: Thing) -> Thing:
        if event["event"] == "call.completed":
            change(event["data"])
        return event

    sent(world, changed)


@BOOK.world("payload.without-transcript", "PST-HOOK-3", "call.completed has no transcript.")
def _without_transcript(world: World) -> None:
    _of_completed(world, lambda data: data.pop("transcript"))


@BOOK.world("payload.analysis-is-null", "PST-HOOK-3", "The analysis of call.completed is null.")
def _analysis_is_null(world: World) -> None:
    _of_completed(world, lambda data: data.update(analysis=None))


@BOOK.world("payload.transcript-is-cut", "PST-HOOK-3", "call.completed has the first turn alone.")
def _transcript_is_cut(world: World) -> None:
    _of_completed(world, lambda data: data.update(transcript=data["transcript"][:1]))


@BOOK.world(
    "payload.data-at-the-top",
    "PST-HOOK-3",
    "What an event is about is beside its name.",
    "PST-HOOK-1",
    "PST-HOOK-5",
    "PST-CON-7",
    "PST-CON-8",
    "PST-MCP-5",
)
def _data_at_the_top(world: World) -> None:
    def change(event: Thing) -> Thing:
        return {
            **_without("data")(event),
            **{name: value for name, value in event["data"].items() if name not in event},
        }

    sent(world, change)


# -- receivers that fail ------


@BOOK.world("hooks.never-disabled", "PST-HOOK-4", "A webhook is never disabled.")
def _never_disabled(world: World) -> None:
    house(world).hooks.concluded = never


@BOOK.world("hooks.disabled-after-five", "PST-HOOK-4", "A webhook is disabled after five failures in a row.")
def _disabled_after_five(world: World) -> None:
    hooks = house(world).hooks

    def make(usual: Any) -> Any:
        def concluded(delivery: Any) -> None:
            webhook = hooks.records.last("url", (delivery.account, delivery.url))
            if webhook is not None and webhook.failures >= 4 and delivery.state != "delivered":
                webhook.failures = 9
            usual(delivery)

        return concluded

    swap(hooks, "concluded", make)


@BOOK.world("hooks.successes-count-nothing", "PST-HOOK-4", "A success does not begin the count of failures anew.")
def _successes_count_nothing(world: World) -> None:
    swap(
        house(world).hooks,
        "concluded",
        lambda usual: lambda delivery: None if delivery.state == "delivered" else usual(delivery),
    )


@BOOK.world("hooks.stay-disabled", "PST-HOOK-4", "A webhook that was disabled cannot be enabled again.")
def _stay_disabled(world: World) -> None:
    hooks = house(world).hooks

    def make(usual: Any) -> Any:
        def set_by_dashboard(account: str, setting: Any) -> None:
            if not any(one.disabled_at for one in hooks.records.oldest("account", account)):
                usual(account, setting)

        return set_by_dashboard

    swap(hooks, "set_by_dashboard", make)


# -- what recipes read, and what was selected ------


@BOOK.world("recipe.no-contact-id", "PST-HOOK-5", "call.completed does not tell the contact.")
def _no_contact_id(world: World) -> None:
    _of_completed(world, lambda data: data.pop("contact_id"))


@BOOK.world("recipe.no-timestamp", "PST-HOOK-5", "call.completed has no timestamp in its data.")
def _no_timestamp(world: World) -> None:
    _of_completed(world, lambda data: data.pop("timestamp"))


@BOOK.world(
    "selection.none-is-none",
    "PST-HOOK-6",
    "A webhook for which no events were selected gets none.",
    "PST-HOOK-1",
    "PST-MCP-5",
)
def _none_is_none(world: World) -> None:
    swap(house(world).hooks, "check_events", lambda usual: lambda events: usual(events) if events else ())


@BOOK.world(
    "selection.of-whole-groups",
    "PST-HOOK-6",
    "A webhook gets all events of a group of which it selected one.",
    "PST-CAM-5",
    "PST-HOOK-1",
    "PST-MCP-5",
)
def _of_whole_groups(world: World) -> None:
    def make(usual: Any) -> Any:
        def check(events: Any) -> Any:
            chosen = {name.partition(".")[0] for name in usual(events)}
            return tuple(name for name in EVENTS if name.partition(".")[0] in chosen)

        return check

    swap(house(world).hooks, "check_events", make)

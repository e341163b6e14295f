"""Mutants of "Webhooks": events, payload, signature, and when a receiver is disabled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ringback.gateway.delivery import Delivery
from ringback.gateway.outbox import Outbox
from ringback.mutants.patching import Original
from ringback.mutants.phonestack.registry import mutant
from ringback.mutants.transforms import drop, first, set_to
from ringback.mutants.webhooks import broken_signature, change_profile, in_base64, parsed, withhold
from ringback.vendors.phonestack.events import SIGNATURE
from ringback.vendors.phonestack.records import EVENTS, EventType, WebhookSetting
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.common import NAME
from ringback.vendors.phonestack.rules.money import Money
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.wire.responses import BillingEventData

HEADER = "X-PhoneStack-Signature"
COUNTED_BY: dict[EventType, tuple[str, ...]] = {
    "call.started": ("PST-HOOK-6",),
    "campaign.started": ("PST-CAM-2",),
    "campaign.paused": ("PST-CAM-2",),
    "campaign.completed": ("PST-CAM-2", "PST-CAM-4", "PST-CAM-5"),
    "contact.created": ("PST-CON-8", "PST-HOOK-6", "PST-MCP-5"),
    "contact.dnc_requested": ("PST-CON-7", "PST-HOOK-6", "PST-MCP-5"),
}
"""Claims beside PST-HOOK-1 that count an event."""
COUNTING = tuple(sorted({claim for claims in COUNTED_BY.values() for claim in claims}))
VOICEMAIL_ANALYSIS = {
    "disposition": "voicemail",
    "sentiment": "neutral",
    "summary": "A machine.",
    "meeting_booked": False,
    "ai_confidence_score": 50,
}

# -- events ------

for _event in EVENTS:
    mutant(f"events.no-{_event}", "PST-HOOK-1", f"{_event} never fires.", *COUNTED_BY.get(_event, ())).webhook(
        withhold, on=_event
    )


@mutant("events.twice", "PST-HOOK-1", "Every event fires twice.", *COUNTING).patch(Outbox.send)
def _twice(send: Original, _: PhoneStack, **options: Any) -> Delivery:
    send(**options)
    delivery: Delivery = send(**options)
    return delivery


@mutant("events.warning-at-half", "PST-HOOK-1", "billing.limit_warning fires when half of the limit is used.").patch(
    Money.review_limit
)
def _warning_at_half(review: Original, own: PhoneStack, account: str) -> None:
    limit, month = own.money.limit(account), own.money.month(account)
    if limit and month.spent * 2 >= limit and not month.warned:
        month.warned = True
        own.webhooks.send(account, "billing.limit_warning", account, lambda: BillingEventData(1, 1, 50))
        return
    warned = month.warned
    review(account)
    month.warned = warned or month.warned


mutant(
    "events.voicemails-are-completed", "PST-HOOK-1", "A call that reaches a voicemail fires call.completed."
).webhook(
    set_to("event", "call.completed"),
    set_to("data.analysis", VOICEMAIL_ANALYSIS),
    set_to("data.transcript", []),
    on="call.voicemail",
)
mutant("events.busy-is-not-told", "PST-HOOK-1", "A busy line fires no call.failed.").webhook(
    withhold, on="call.failed", when=lambda event: event.document["data"]["status"] == "busy"
)

# -- the signature ------


mutant("signature.in-base64", "PST-HOOK-2", "The signature is base64.").profile(
    sign=broken_signature(SIGNATURE, encode=in_base64)
)
mutant(
    "signature.of-the-parsed-body", "PST-HOOK-2", "The signature is over the body as parsed and encoded again."
).profile(sign=broken_signature(SIGNATURE, body=parsed))
mutant("signature.with-a-prefix", "PST-HOOK-2", "The signature begins with sha256=.").profile(
    sign=broken_signature(SIGNATURE, headers=((HEADER, "sha256={digest}"),))
)


@mutant("signature.under-another-secret", "PST-HOOK-2", "Every event is signed with the first secret.").on_start
def _under_another_secret(own: PhoneStack) -> None:
    secrets: list[str] = []

    def sign(secret: str, body: bytes, now: int) -> Sequence[tuple[str, str]]:
        secrets.append(secret)
        return SIGNATURE.sign(secrets[0], body, now)

    change_profile(own, NAME, sign=sign)


mutant("signature.missing", "PST-HOOK-2", "Events are not signed.").profile(
    sign=broken_signature(SIGNATURE, headers=())
)

# -- the payload ------

mutant("payload.without-organization", "PST-HOOK-3", "An event has no organization_id.").webhook(
    drop("organization_id")
)
mutant("payload.one-organization", "PST-HOOK-3", "Every event has the same organization_id.").webhook(
    set_to("organization_id", "org_abc123")
)
mutant("payload.timestamp-in-seconds", "PST-HOOK-3", "The timestamp of an event is in Unix seconds.").webhook(
    set_to("timestamp", 1_750_000_000)
)
mutant("payload.without-transcript", "PST-HOOK-3", "call.completed has no transcript.").webhook(
    drop("data.transcript"), on="call.completed"
)
mutant("payload.analysis-is-null", "PST-HOOK-3", "The analysis of call.completed is null.").webhook(
    set_to("data.analysis", None), on="call.completed"
)
mutant("payload.transcript-is-cut", "PST-HOOK-3", "call.completed has only the first turn.").webhook(
    first("data.transcript"), on="call.completed"
)


def _lift(event: Any) -> None:
    payload = event.document
    data = payload.pop("data")
    event.document = {**payload, **{name: value for name, value in data.items() if name not in payload}}


mutant(
    "payload.data-at-the-top",
    "PST-HOOK-3",
    "The data of an event is beside its name.",
    "PST-HOOK-1",
    "PST-HOOK-5",
    "PST-CON-7",
    "PST-CON-8",
    "PST-MCP-5",
).webhook(_lift)

# -- receivers that fail ------

mutant("hooks.never-disabled", "PST-HOOK-4", "A webhook is never disabled.").returns(Webhooks.count_delivery, None)


@mutant("hooks.disabled-after-five", "PST-HOOK-4", "A webhook is disabled after five failures in a row.").patch(
    Webhooks.count_delivery
)
def _disabled_after_five(count: Original, own: PhoneStack, delivery: Delivery) -> None:
    webhook = own.store.webhooks.last("url", (delivery.account, delivery.url))
    if webhook is not None and webhook.failures >= 4 and delivery.state != "delivered":
        webhook.failures = 9
    count(delivery)


@mutant("hooks.successes-count-nothing", "PST-HOOK-4", "A success does not reset the count of failures.").patch(
    Webhooks.count_delivery
)
def _successes_count_nothing(count: Original, _: PhoneStack, delivery: Delivery) -> None:
    if delivery.state != "delivered":
        count(delivery)


@mutant("hooks.stay-disabled", "PST-HOOK-4", "A webhook that was disabled cannot be enabled again.").patch(
    Webhooks.set_by_dashboard
)
def _stay_disabled(set_: Original, own: PhoneStack, account: str, setting: WebhookSetting | None) -> None:
    if not any(webhook.disabled_at for webhook in own.store.webhooks.oldest("account", account)):
        set_(account, setting)


# -- recipes, and selected events ------

mutant("recipe.no-contact-id", "PST-HOOK-5", "call.completed has no contact_id.").webhook(
    drop("data.contact_id"), on="call.completed"
)
mutant("recipe.no-timestamp", "PST-HOOK-5", "call.completed has no timestamp in its data.").webhook(
    drop("data.timestamp"), on="call.completed"
)
mutant(
    "selection.none-is-none",
    "PST-HOOK-6",
    "A webhook without selected events receives none.",
    "PST-HOOK-1",
    "PST-MCP-5",
).instead(Webhooks.check_events, lambda check, own, names: check(names) if names else ())


@mutant(
    "selection.of-whole-groups",
    "PST-HOOK-6",
    "A webhook receives all events of a group of which it selected one.",
    "PST-CAM-5",
    "PST-HOOK-1",
    "PST-MCP-5",
).patch(Webhooks.check_events)
def _of_whole_groups(check: Original, _: PhoneStack, names: Sequence[str] | None) -> tuple[EventType, ...]:
    groups = {name.partition(".")[0] for name in check(names)}
    return tuple(name for name in EVENTS if name.partition(".")[0] in groups)

"""Mutants of "SMS messages"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringback.mutants.nokycnumber.registry import (
    UNKNOWN_ID,
    charge_otherwise,
    field,
    mutant,
    rejected,
    without_blanks,
)
from ringback.mutants.traffic import code, drop_query, respond
from ringback.mutants.transforms import apply, drop, keep, set_to
from ringback.mutants.webhooks import withhold
from ringback.vendors.nokycnumber.rules.messages import MAX_LENGTH, MAX_MEDIA
from ringback.vendors.nokycnumber.rules.money import Money

# -- sending ------

mutant(
    "messages.sent-at-once", "NKN-SMS-1", "A message is shown as sent when it was only queued.", "NKN-SMS-6"
).response(set_to("status", "sent"), on="createSms")
mutant("messages.charged-by-message", "NKN-SMS-1", "A message is charged by message, not by segment.").instead(
    Money.charge, charge_otherwise("sms", lambda _: 12_000)
)

SEGMENT_COUNTS: dict[str, tuple[str, Callable[[str, int], int]]] = {
    "segments-of-160": (
        "Every segment holds 160 characters.",
        lambda body, count: -(-len(body) // 160) if body.isascii() else count,
    ),
    "always-gsm": (
        "Every character is taken to be of GSM 03.38.",
        lambda body, count: 1 if len(body) <= 160 else count,
    ),
    "pairs-are-split": (
        "A pair of septets at the end of a segment is split.",
        lambda body, count: 2 if len(body) == 305 and count == 3 else count,
    ),
    "extension-counts-one": (
        "A character of the extension counts as one septet.",
        lambda body, count: 1 if len(body) == 81 and count == 2 else count,
    ),
    "surrogates-count-one": (
        "A character beyond the basic plane counts as one.",
        lambda body, count: 1 if len(body) == 36 and count == 2 else count,
    ),
}
"""Wrong counts of segments, from a body and its right count."""


def _recount(count: Callable[[str, int], int]) -> Callable[[Any], Any]:
    return lambda message: {**message, "segments": count(message["body"], message["segments"])}


for _name, (_description, _count) in SEGMENT_COUNTS.items():
    mutant(f"messages.{_name}", "NKN-SMS-2", _description, "NKN-SMS-1").response(
        apply("", _recount(_count)), on="createSms"
    )

mutant("messages.too-long-is-cut", "NKN-SMS-3", "A body over 1,600 characters is cut short.").request(
    set_to("body", "a" * 20),
    on="createSms",
    when=lambda request: isinstance(body := field(request, "body"), str) and len(body) > MAX_LENGTH,
)
mutant("messages.eleven-segments", "NKN-SMS-3", "Eleven segments are accepted.").request(
    apply("body", lambda body: "x" if body == "a" * 1531 else body), on="createSms"
)
mutant("messages.empty-is-a-blank", "NKN-SMS-3", "An empty body is sent as a blank.").request(
    apply("body", lambda body: " " if body == "" else body), on="createSms"
)
mutant("messages.send_at-is-ignored", "NKN-SMS-4", "send_at makes no difference.").request(
    drop("[send_at^=2026-01-01T0].send_at"), on="createSms"
)
mutant("messages.past-is-now", "NKN-SMS-4", "A send_at in the past sends at once.").request(
    drop("[send_at^=2020].send_at"), on="createSms"
)
mutant("messages.six-pictures", "NKN-SMS-5", "A sixth media_url is dropped silently.").request(
    apply("media_urls", lambda urls: urls[:MAX_MEDIA] if isinstance(urls, list) else urls), on="createSms"
)
mutant("messages.pictures-everywhere", "NKN-SMS-5", "MMS is accepted for countries without it.").response(
    respond(201, {"object": "none"}), when=code("mms_not_supported")
)
mutant("messages.pictures-are-lost", "NKN-SMS-5", "media_urls are not shown.").response(
    set_to("media_urls", []), on="createSms"
)
mutant("messages.to-is-mended", "NKN-SMS-10", "The blanks in a message's `to` are ignored.").request(
    apply("to", without_blanks), on="createSms"
)

# -- one message ------

mutant("messages.failure-without-code", "NKN-SMS-6", "A message that failed has no failure_code.").response(
    set_to("failure_code", None), on="getSms"
)
mutant("messages.delivered-without-time", "NKN-SMS-6", "delivered_at stays null.", "NKN-SMS-4").response(
    set_to("delivered_at", None), on="getSms"
)
mutant("messages.undelivered-is-failed", "NKN-SMS-6", "An undelivered message is shown as failed.").response(
    set_to("[status=undelivered].status", "failed"), on="getSms"
)
mutant("messages.without-segments", "NKN-SMS-7", "One message does not show the status of its segments.").response(
    drop("segment_status"), on="getSms"
)
mutant("messages.unknown-is-400", "NKN-SMS-10", "An id that no message could have is answered 400.").response(
    rejected(400),
    on="getSms",
    when=lambda response: response.status == 404 and response.request.variables["id"] == UNKNOWN_ID,
)

# -- the list and inbound messages ------

for _name in ("number", "direction", "status"):
    mutant(f"messages.{_name}-is-ignored", "NKN-SMS-7", f"The list of messages is not filtered by {_name}.").request(
        drop_query(_name), on="listSms"
    )

mutant("messages.inbound-are-not-listed", "NKN-SMS-8", "Inbound messages are not in the list.", "NKN-SMS-7").response(
    keep("data", lambda message: message["direction"] == "outbound"), on="listSms"
)
mutant(
    "messages.inbound-in-silence", "NKN-SMS-8", "An inbound message fires no sms.received.", "NKN-HOOK-3", "NKN-HOOK-2"
).webhook(withhold, on="sms.received")
mutant("messages.segments-as-text", "NKN-SMS-9", "Listed messages have their segments as text.", "NKN-SMS-8").response(
    apply("data[].segments", str), on="listSms"
)
mutant("messages.list-without-failure_code", "NKN-SMS-9", "Listed messages lack failure_code.").response(
    drop("data[].failure_code"), on="listSms"
)

"""Mutants of "Calls"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.calls import Calls as CarrierCalls
from ringback.mutants.nokycnumber.registry import (
    UNKNOWN_ID,
    charge_otherwise,
    crashed,
    field,
    links_for_good,
    links_unsigned,
    mutant,
    rejected,
    without_blanks,
)
from ringback.mutants.traffic import MutableResponse, drop_query, set_header, status, status_to
from ringback.mutants.transforms import apply, drop, keep, set_to, swap
from ringback.mutants.webhooks import withhold
from ringback.vendors.nokycnumber.errors import RESOURCE
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.calls import RECORDINGS, Calls
from ringback.vendors.nokycnumber.rules.money import Money

RINGING = 2
EVENTS = ("call.initiated", "call.answered", "call.completed", "call.recorded")


def _unknown(response: MutableResponse[Any]) -> bool:
    return response.status == 404 and response.request.variables["id"] == UNKNOWN_ID


# -- placing a call ------

mutant("calls.placed-is-200", "NKN-CALL-1", "An outbound call is answered 200.").response(
    status_to(200), on="createCall"
)
mutant("calls.cost-at-once", "NKN-CALL-1", "A call that was just placed costs 0 already.").response(
    set_to("cost_usd", 0), on="createCall"
)
mutant("calls.answered-at-once", "NKN-CALL-1", "A call that was just placed is in progress.").response(
    set_to("status", "in_progress"), on="createCall"
)
mutant("calls.to-is-mended", "NKN-CALL-3", "The blanks in a call's `to` are ignored.").request(
    apply("to", without_blanks), on="createCall"
)
mutant("calls.any-mask", "NKN-CALL-3", "A callerid_mask of another account's number is accepted.").request(
    set_to("callerid_mask", "hide"),
    on="createCall",
    when=lambda request: str(field(request, "callerid_mask")).startswith("+"),
)
mutant(
    "calls.foreign-from-is-500", "NKN-CALL-3", "A `from` that is not owned is answered 500.", "NKN-ERR-9", "NKN-AUTH-7"
).response(crashed(), on="createCall", when=status(404))

# -- one call ------

mutant(
    "calls.duration-with-ringing", "NKN-CALL-2", "duration_sec includes the ringing.", "NKN-CALL-7", "NKN-CALL-10"
).response(
    apply("", lambda call: {**call, "duration_sec": call["duration_sec"] + RINGING if call["answered_at"] else 0}),
    on="getCall",
)
mutant("calls.busy-is-failed", "NKN-CALL-2", "A call that was busy is shown as failed.").response(
    set_to("[status=busy].status", "failed"), on="getCall"
)
mutant("calls.charged-otherwise", "NKN-CALL-2", "A call is charged another amount than cost_usd.").instead(
    Money.charge, charge_otherwise("call", lambda amount: amount + 1_000 if amount else 0)
)
mutant("calls.cost-stays-null", "NKN-CALL-2", "cost_usd of a call stays null.", "NKN-CALL-10").response(
    set_to("cost_usd", None), on="getCall"
)
mutant("calls.unknown-is-400", "NKN-CALL-10", "An id that no call could have is answered 400.").response(
    rejected(400), on="getCall", when=_unknown
)

# -- recordings ------

links_for_good("links.of-recordings-for-good", "NKN-CALL-4", "A recording_url never expires.", under=RECORDINGS)
links_unsigned(
    "links.of-recordings-unsigned", "NKN-CALL-4", "The signature of a recording_url is not checked.", under=RECORDINGS
)
mutant("calls.recorded-for-good", "NKN-CALL-4", "A recording is never deleted.").instead(
    Calls.has_recording,
    lambda has_recording, own, call: call.state == "completed" and call.recording and call.duration > 0,
)
mutant(
    "calls.always-recorded",
    "NKN-CALL-4",
    "Every call is recorded.",
    "NKN-CALL-1",
    "NKN-HOOK-3",
    "NKN-HOOK-8",
    "NKN-CALL-3",
    "NKN-CALL-7",
).request(set_to("recording_enabled", True), on="createCall")
mutant("calls.recording-is-wav", "NKN-CALL-4", "A recording has the content type audio/wav.").response(
    set_header("content-type", "audio/wav"), on="downloadRecording"
)

# -- metadata ------

mutant("calls.metadata-not-at-the-end", "NKN-CALL-5", "call.completed has no metadata.").webhook(
    drop("data.object.metadata"), on="call.completed"
)
mutant("calls.metadata-as-text", "NKN-CALL-5", "Metadata comes back as text.").webhook(
    apply(
        "data.object.metadata",
        lambda metadata: {name: str(value) for name, value in metadata.items()} if metadata else metadata,
    ),
    on=EVENTS,
)

# -- the list ------

for _name in ("number", "direction", "status", "created_after", "created_before"):
    mutant(
        f"calls.{_name}-is-ignored",
        "NKN-CALL-6",
        f"The list of calls is not filtered by {_name}.",
        *(("NKN-CONV-3",) if _name.startswith("created_") else ()),
    ).request(drop_query(_name), on="listCalls")

mutant(
    "calls.list-without-duration", "NKN-CALL-9", "Listed calls lack duration_sec.", "NKN-CALL-8", "NKN-CALL-10"
).response(drop("data[].duration_sec"), on="listCalls")
mutant("calls.cost-as-text", "NKN-CALL-9", "Listed calls have their cost as text.", "NKN-CALL-10").response(
    apply("data[].cost_usd", str), on="listCalls"
)

# -- hanging up ------


def _ended_before(response: MutableResponse[NoKYCNumber]) -> bool:
    data, clock = response.backend.data, response.backend.services.clock
    call = data.calls.get(response.request.variables["id"])
    return response.status == 200 and call is not None and call.ended_at != clock.now(call.account)


mutant("calls.second-hangup-is-409", "NKN-CALL-7", "A hangup of a call that has ended is answered 409.").response(
    rejected(409, RESOURCE), on="hangupCall", when=_ended_before
)
mutant("calls.hangup-does-nothing", "NKN-CALL-7", "A hangup does nothing.").returns(CarrierCalls.hang_up, None)
mutant(
    "calls.hangup-of-unknown-is-409", "NKN-CALL-10", "A hangup of an unknown call is answered 409.", "NKN-AUTH-7"
).response(rejected(409), on="hangupCall", when=status(404))

# -- inbound calls ------

mutant("calls.inbound-are-not-listed", "NKN-CALL-8", "Inbound calls are not in the list.", "NKN-CALL-6").response(
    keep("data", lambda call: call["direction"] == "outbound"),
    on="listCalls",
    when=lambda response: response.status == 200 and "limit" not in response.request.query,
)
mutant(
    "calls.inbound-in-silence", "NKN-CALL-8", "Inbound calls send no call events.", "NKN-AI-3", "NKN-HOOK-3"
).webhook(withhold, on=EVENTS, when=lambda event: event.document["data"]["object"]["direction"] == "inbound")
mutant(
    "calls.inbound-from-us",
    "NKN-CALL-8",
    "An inbound call is shown as from our number to the caller.",
    "NKN-CALL-6",
    "NKN-CALL-10",
).response(swap("data[direction=inbound].to", "from_e164"), on="listCalls")

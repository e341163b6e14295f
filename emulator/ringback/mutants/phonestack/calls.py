"""Mutants of "Calls API", and of calls that are triggered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from ringback.carrier.clock import MINUTE
from ringback.gateway.errors import ApiError
from ringback.mutants.patching import Original
from ringback.mutants.phonestack.registry import mutant
from ringback.mutants.traffic import MutableRequest, MutableResponse, drop_query, error, set_query, status, succeeded
from ringback.mutants.transforms import apply, drop
from ringback.vendors.phonestack.records import Profile
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.call_results import CallResults
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.links import LIFETIME, Links
from ringback.vendors.phonestack.wire.requests import TriggerBody
from ringback.vendors.phonestack.wire.responses import CallView

FILTERS: dict[str, tuple[str, ...]] = {
    "campaign_id": (),
    "disposition": (),
    "status": (),
    "direction": (),
    "contact_id": (),
    "since": (),
    "until": (),
    "min_duration": ("PST-MCP-2",),
    "has_meeting": (),
}
"""Filters of the list of calls, with the claims beside PST-CALL-1 that use them."""
OTHER_SPEAKER = {"agent": "caller", "caller": "agent"}

# -- the list ------

for _filter, _also_breaks in FILTERS.items():
    mutant(f"calls.no-filter-by-{_filter}", "PST-CALL-1", f"{_filter} filters nothing.", *_also_breaks).request(
        drop_query(_filter), on="listCalls"
    )


def _longer(request: MutableRequest[PhoneStack]) -> None:
    duration = request.query.get("min_duration", "")
    if duration.isdigit():
        set_query(min_duration=str(int(duration) + 1))(request)


mutant("calls.min-duration-is-more", "PST-CALL-1", "min_duration excludes calls of exactly that length.").request(
    _longer, on="listCalls"
)
mutant("calls.no-meeting-is-any", "PST-CALL-1", "has_meeting=false filters nothing.").request(
    drop_query("has_meeting"), on="listCalls", when=lambda request: request.query.get("has_meeting") == "false"
)
mutant("calls.odd-times-are-passed-over", "PST-CALL-1", "An invalid since is ignored.").request(
    drop_query("since"), on="listCalls", when=lambda request: request.query.get("since") == "yesterday"
)

# -- include ------


def _first_include(request: MutableRequest[PhoneStack]) -> None:
    if "include" in request.query:
        set_query(include=request.query["include"].partition(",")[0])(request)


mutant("include.one-at-most", "PST-CALL-2", "Of two things to include only the first is.").request(
    _first_include, on=("listCalls", "getCall")
)
mutant("include.not-for-one-call", "PST-CALL-2", "A call by its id includes nothing.").request(
    drop_query("include"), on="getCall"
)
mutant("include.always-transcripts", "PST-CALL-2", "A call always includes its transcript.").request(
    set_query(include="transcript"), on=("listCalls", "getCall"), when=lambda request: "include" not in request.query
)


@mutant("include.contact-is-an-id", "PST-CALL-2", "An included contact is only its id.").patch(Calls.view)
def _contact_is_an_id(view: Original, _: PhoneStack, *args: Any, **options: Any) -> CallView:
    shown: CallView = view(*args, **options)
    return replace(shown, contact=getattr(shown.contact, "id", shown.contact))


# -- the call ------

mutant("call.parts-do-not-add-up", "PST-CALL-3", "The parts of a call's cost do not add up to it.").result(
    Calls.view,
    lambda view, own, *_: replace(
        view, cost_breakdown=replace(view.cost_breakdown, twilio=view.cost_breakdown.twilio + 1)
    ),
)
mutant(
    "call.cost-in-dollars",
    "PST-CALL-3",
    "cost_cents is in dollars.",
    "PST-CAM-1",
    "PST-REP-2",
    "PST-HOOK-3",
    "PST-BILL-1",
    "PST-MCP-3",
).result(Calls.view, lambda view, own, *_: replace(view, cost_cents=view.cost_cents / 100))


@mutant("call.confidence-as-a-share", "PST-CALL-3", "ai_confidence_score is a fraction of 1.", "PST-HOOK-3").patch(
    Calls.view
)
def _confidence_as_a_share(view: Original, _: PhoneStack, *args: Any, **options: Any) -> CallView:
    shown: CallView = view(*args, **options)
    if shown.analysis is None:
        return shown
    score = shown.analysis.ai_confidence_score / 100
    return replace(shown, analysis=replace(shown.analysis, ai_confidence_score=score))


mutant("call.tools-by-name", "PST-CALL-3", "tool_executions has only names.").result(
    Calls.view, lambda view, own, *_: replace(view, tool_executions=[each.tool for each in view.tool_executions])
)
mutant("call.transfer-is-lost", "PST-CALL-3", "transferred_to is always null.").result(
    Calls.view, lambda view, own, *_: replace(view, transferred_to=None)
)
mutant(
    "call.without-sentiment", "PST-CALL-3", "A call's analysis has no sentiment.", "PST-MCP-2", "PST-HOOK-3"
).response(drop("data[id^=call_].analysis.sentiment"))

# -- transcripts ------

mutant("transcript.speakers-are-swapped", "PST-CALL-4", "The speakers agent and caller are swapped.").result(
    Calls.turns, lambda turns, own, call: [replace(turn, speaker=OTHER_SPEAKER[turn.speaker]) for turn in turns]
)
mutant("transcript.last-turn-is-missing", "PST-CALL-4", "The last turn of a transcript is missing.").result(
    Calls.turns, lambda turns, own, call: turns[:-1]
)
mutant("transcript.latest-first", "PST-CALL-4", "A transcript has its latest turn first.", "PST-HOOK-3").result(
    Calls.turns, lambda turns, own, call: turns[::-1]
)
mutant("transcript.in-milliseconds", "PST-CALL-4", "The times of a transcript are in milliseconds.").result(
    Calls.turns,
    lambda turns, own, call: [replace(turn, timestamp_seconds=turn.timestamp_seconds * 1000) for turn in turns],
)

# -- recordings ------

mutant("links.for-good", "PST-CALL-5", "The link to a recording never expires.").instead(
    Links.check, lambda check, own, path, query, now: check(path, query, None)
)
mutant("links.ten-minutes", "PST-CALL-5", "The link to a recording works for ten minutes.").instead(
    Links.check, lambda check, own, path, query, now: check(path, query, now and now + LIFETIME - 10 * MINUTE)
)


@mutant("links.unsigned", "PST-CALL-5", "The signature of a recording's link is not checked.").patch(Links.check)
def _unsigned(check: Original, _: PhoneStack, path: str, query: Mapping[str, str], now: int | None) -> None:
    try:
        check(path, query, now)
    except ApiError as problem:
        if problem.code != "INVALID_SIGNATURE":
            raise


def _is_without_key(response: MutableResponse[PhoneStack]) -> bool:
    return succeeded(response) and not response.request.header("authorization")


def _halve(response: MutableResponse[PhoneStack]) -> None:
    response.body = response.body[: len(response.body) // 2]


def _as_wav(response: MutableResponse[PhoneStack]) -> None:
    response.body = b"RIFF" + bytes(len(response.body))


mutant(
    "links.want-a-key", "PST-CALL-5", "The link to a recording works only with a key.", "PST-CALL-8", "PST-MCP-2"
).response(error(401, "UNAUTHORIZED"), on="downloadRecording", when=_is_without_key)
mutant("recordings.half", "PST-CALL-8", "The download of a recording has half of it.").response(
    _halve, on="downloadRecording"
)
mutant("recordings.no-mp3", "PST-CALL-8", "A recording is not an MP3.").response(_as_wav, on="downloadRecording")

# -- triggers ------

mutant("trigger.extract-is-ignored", "PST-CALL-6", "extract changes nothing.").result(
    Calls.fields_to_extract, lambda names, own, account, profile, extract: profile.extract_fields
)
mutant("trigger.extract-is-added", "PST-CALL-6", "extract is added to the profile's fields.").result(
    Calls.fields_to_extract,
    lambda names, own, account, profile, extract: tuple(dict.fromkeys((*profile.extract_fields, *names))),
)


@mutant("trigger.extract-is-kept", "PST-CALL-6", "extract replaces the profile's fields for good.").patch(
    Calls.fields_to_extract
)
def _extract_is_kept(
    fields_to_extract: Original, _: PhoneStack, account: str, profile: Profile, extract: Any
) -> tuple[str, ...]:
    profile.extract_fields = fields_to_extract(account, profile, extract)
    return profile.extract_fields


mutant("trigger.extracts-nothing-by-itself", "PST-CALL-6", "The profile's fields are not extracted.").instead(
    Calls.fields_to_extract,
    lambda fields, own, account, profile, extract: fields(account, profile, () if extract is None else extract),
)
mutant("trigger.extracts-what-is-no-option", "PST-CALL-6", "An extracted value need not be an option.").returns(
    CallResults.draw_value, "something else"
)
mutant(
    "trigger.custom-fields-are-lost",
    "PST-CALL-6",
    "The custom fields of a trigger are not kept.",
    "PST-CF-2",
    "PST-CALL-7",
).request(drop("custom_fields"), on="triggerCall")


@mutant("trigger.archived-profiles-call", "PST-CALL-7", "An archived profile can still call.").patch(Calls.trigger)
def _archived_profiles_call(trigger: Original, own: PhoneStack, account: str, body: TriggerBody) -> CallView:
    profile = own.profiles.get(account, body.profile_id)
    archived_at, profile.archived_at = profile.archived_at, None
    try:
        call: CallView = trigger(account, body)
        return call
    finally:
        profile.archived_at = archived_at


mutant("trigger.anything-is-extracted", "PST-CALL-7", "extract may name undefined fields.").instead(
    Fields.check_extract,
    lambda check, own, account, names, param: None if param == "extract" else check(account, names, param),
)
mutant("trigger.short-numbers-call", "PST-CALL-7", "A short number is accepted as a phone.").request(
    apply("phone", lambda phone: "+12145550112" if phone == "12" else phone), on="triggerCall"
)
mutant(
    "trigger.unknown-profile-is-500", "PST-CALL-7", "A trigger with an unknown profile is answered 500.", "PST-AUTH-4"
).response(error(500, "INTERNAL_ERROR"), on="triggerCall", when=status(404))

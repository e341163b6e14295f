"""Mutants of "Calls API", and of calls that are triggered."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.carrier.clock import MINUTE
from ringback.emulator import Emulator
from ringback.gateway.errors import ApiError
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.phonestack.mutants.register import (
    CALLS,
    FILES,
    REGISTRY,
    TRIGGER,
    Thing,
    backend,
    forget,
    posted,
    requery,
    rewrite,
    show,
    viewed,
)

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


def _unheeded(name: str, touches: tuple[str, ...]) -> None:
    @REGISTRY.on_request(f"calls.no-filter-by-{name}", "PST-CALL-1", f"{name} filters nothing.", *touches)
    def _no_filter(asked: Request) -> None:
        if asked.path == CALLS:
            forget(asked, CALLS, name)


for _name, _touches in FILTERS.items():
    _unheeded(_name, _touches)


@REGISTRY.on_request("calls.min-duration-is-more", "PST-CALL-1", "min_duration leaves out calls of just that length.")
def _more(asked: Request) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [
            (name, str(int(value) + 1) if name == "min_duration" and value.isdigit() else value)
            for name, value in pairs
        ]

    requery(asked, CALLS, change)


@REGISTRY.on_request("calls.no-meeting-is-any", "PST-CALL-1", "has_meeting=false filters nothing.")
def _no_meeting_is_any(asked: Request) -> None:
    if asked.path == CALLS:
        requery(asked, CALLS, lambda pairs: [pair for pair in pairs if pair != ("has_meeting", "false")])


@REGISTRY.on_request("calls.odd-times-are-passed-over", "PST-CALL-1", "A since that is no time is passed over.")
def _odd_times(asked: Request) -> None:
    requery(asked, CALLS, lambda pairs: [pair for pair in pairs if pair != ("since", "yesterday")])


# -- include ------


@REGISTRY.on_request("include.one-at-most", "PST-CALL-2", "Of two things to include the first alone is.")
def _one_at_most(asked: Request) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, value.partition(",")[0] if name == "include" else value) for name, value in pairs]

    requery(asked, CALLS, change)


@REGISTRY.on_request("include.not-for-one-call", "PST-CALL-2", "A call by its id includes nothing.")
def _not_for_one_call(asked: Request) -> None:
    if asked.path != CALLS:
        forget(asked, CALLS, "include")


@REGISTRY.on_request("include.always-transcripts", "PST-CALL-2", "A call always comes with its transcript.")
def _always_transcripts(asked: Request) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return pairs if "include" in dict(pairs) else [*pairs, ("include", "transcript")]

    if asked.path.count("/") < len(("api", "v1", "calls", "id", "part")):
        requery(asked, CALLS, change)


@REGISTRY.on_start("include.contact-is-an-id", "PST-CALL-2", "An included contact is its id alone.")
def _contact_is_an_id(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        if getattr(view.contact, "id", None):
            view.contact = view.contact.id

    viewed(backend(emulator).phones, change)


# -- the call ------


@REGISTRY.on_start("call.parts-do-not-add-up", "PST-CALL-3", "The parts of a call's cost do not add up to it.")
def _do_not_add_up(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        view.cost_breakdown.twilio += 1

    viewed(backend(emulator).phones, change)


@REGISTRY.on_start(
    "call.cost-in-dollars",
    "PST-CALL-3",
    "cost_cents is in dollars.",
    "PST-CAM-1",
    "PST-REP-2",
    "PST-HOOK-3",
    "PST-BILL-1",
    "PST-MCP-3",
)
def _cost_in_dollars(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        view.cost_cents /= 100

    viewed(backend(emulator).phones, change)


@REGISTRY.on_start("call.confidence-as-a-share", "PST-CALL-3", "ai_confidence_score is a share of 1.", "PST-HOOK-3")
def _confidence_as_a_share(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        if view.analysis is not None:
            view.analysis = replace(view.analysis, ai_confidence_score=view.analysis.ai_confidence_score / 100)

    viewed(backend(emulator).phones, change)


@REGISTRY.on_start("call.tools-by-name", "PST-CALL-3", "tool_executions are names alone.")
def _tools_by_name(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        view.tool_executions = [execution.tool for execution in view.tool_executions]

    viewed(backend(emulator).phones, change)


@REGISTRY.on_start("call.transfer-is-lost", "PST-CALL-3", "transferred_to is always null.")
def _transfer_is_lost(emulator: Emulator) -> None:
    def change(view: Any) -> None:
        view.transferred_to = None

    viewed(backend(emulator).phones, change)


@REGISTRY.on_response(
    "call.without-sentiment",
    "PST-CALL-3",
    "A call's analysis has no sentiment.",
    "PST-MCP-2",
    "PST-HOOK-3",
)
def _without_sentiment(answer: MutableResponse, _: Emulator) -> None:
    def change(call: Thing) -> None:
        if call.get("analysis"):
            call["analysis"].pop("sentiment")

    show(answer, "call_", change)


# -- what was said ------


def _spoken(emulator: Emulator, change: Any) -> None:
    patch(backend(emulator).phones, "lines", lambda usual: lambda call: change(usual(call)))


@REGISTRY.on_start("transcript.speakers-are-swapped", "PST-CALL-4", "Agent and caller are taken for each other.")
def _speakers_are_swapped(emulator: Emulator) -> None:
    other = {"agent": "caller", "caller": "agent"}
    _spoken(emulator, lambda lines: [replace(line, speaker=other[line.speaker]) for line in lines])


@REGISTRY.on_start("transcript.last-turn-is-missing", "PST-CALL-4", "The last turn of a transcript is missing.")
def _last_turn_is_missing(emulator: Emulator) -> None:
    _spoken(emulator, lambda lines: lines[:-1])


@REGISTRY.on_start("transcript.latest-first", "PST-CALL-4", "A transcript has its latest turn first.", "PST-HOOK-3")
def _latest_first(emulator: Emulator) -> None:
    _spoken(emulator, lambda lines: lines[::-1])


@REGISTRY.on_start("transcript.in-milliseconds", "PST-CALL-4", "A transcript counts milliseconds.")
def _in_milliseconds(emulator: Emulator) -> None:
    _spoken(emulator, lambda lines: [replace(line, timestamp_seconds=line.timestamp_seconds * 1000) for line in lines])


# -- recordings ------


def _checked(emulator: Emulator, check: Any) -> None:
    patch(backend(emulator), "check_link", lambda usual: lambda path, query, now: check(usual, path, query, now))


@REGISTRY.on_start("links.for-good", "PST-CALL-5", "The address of a recording works for good.")
def _for_good(emulator: Emulator) -> None:
    _checked(emulator, lambda usual, path, query, now: usual(path, query, None))


@REGISTRY.on_start("links.ten-minutes", "PST-CALL-5", "The address of a recording works for ten minutes.")
def _ten_minutes(emulator: Emulator) -> None:
    _checked(emulator, lambda usual, path, query, now: usual(path, query, now and now + 50 * MINUTE))


@REGISTRY.on_start("links.unsigned", "PST-CALL-5", "Nobody looks at the signature of a recording's address.")
def _unsigned(emulator: Emulator) -> None:
    def check(usual: Any, path: str, query: Any, now: Any) -> None:
        try:
            usual(path, query, now)
        except ApiError as refusal:
            if refusal.code != "INVALID_SIGNATURE":
                raise

    _checked(emulator, check)


@REGISTRY.on_response(
    "links.want-a-key", "PST-CALL-5", "The address of a recording works with a key alone.", "PST-CALL-8", "PST-MCP-2"
)
def _want_a_key(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path.startswith(FILES) and answer.status == 200 and not answer.asked.header(b"authorization"):
        answer.say(401, {"success": False, "error": {"code": "UNAUTHORIZED", "message": "Broken on purpose."}})


@REGISTRY.on_response("recordings.half", "PST-CALL-8", "Half of a recording is given.")
def _half(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path.startswith(FILES) and answer.status == 200:
        answer.body = answer.body[: len(answer.body) // 2]


@REGISTRY.on_response("recordings.no-mp3", "PST-CALL-8", "A recording is no MP3.")
def _no_mp3(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path.startswith(FILES) and answer.status == 200:
        answer.body = b"RIFF" + bytes(len(answer.body))


# -- triggers ------


def _extracting(emulator: Emulator, extract: Any) -> None:
    patch(
        backend(emulator).phones,
        "extract_of",
        lambda usual: lambda account, profile, wanted: extract(usual, account, profile, wanted),
    )


@REGISTRY.on_start("trigger.extract-is-ignored", "PST-CALL-6", "extract changes nothing.")
def _extract_is_ignored(emulator: Emulator) -> None:
    def extract(usual: Any, account: str, profile: Any, wanted: Any) -> Any:
        usual(account, profile, wanted)
        return profile.extract_fields

    _extracting(emulator, extract)


@REGISTRY.on_start("trigger.extract-is-added", "PST-CALL-6", "extract is added to the profile's fields.")
def _extract_is_added(emulator: Emulator) -> None:
    def extract(usual: Any, account: str, profile: Any, wanted: Any) -> Any:
        return tuple(dict.fromkeys((*profile.extract_fields, *usual(account, profile, wanted))))

    _extracting(emulator, extract)


@REGISTRY.on_start("trigger.extract-is-kept", "PST-CALL-6", "extract replaces the profile's fields for good.")
def _extract_is_kept(emulator: Emulator) -> None:
    def extract(usual: Any, account: str, profile: Any, wanted: Any) -> Any:
        profile.extract_fields = usual(account, profile, wanted)
        return profile.extract_fields

    _extracting(emulator, extract)


@REGISTRY.on_start("trigger.extracts-nothing-by-itself", "PST-CALL-6", "The profile's fields are not extracted.")
def _extracts_nothing(emulator: Emulator) -> None:
    _extracting(
        emulator, lambda usual, account, profile, wanted: usual(account, profile, wanted if wanted is not None else ())
    )


@REGISTRY.on_start("trigger.extracts-what-is-no-option", "PST-CALL-6", "What is extracted need not be an option.")
def _no_option(emulator: Emulator) -> None:
    patch(backend(emulator).outcomes, "_extracted", lambda usual: lambda *args: "something else")


@REGISTRY.on_request(
    "trigger.custom-fields-are-lost",
    "PST-CALL-6",
    "The custom fields of a trigger are not kept.",
    "PST-CF-2",
    "PST-CALL-7",
)
def _custom_fields_are_lost(asked: Request) -> None:
    if posted(asked, TRIGGER):
        rewrite(asked, lambda body: body.pop("custom_fields", None))


@REGISTRY.on_start("trigger.archived-profiles-call", "PST-CALL-7", "An archived profile can still call.")
def _archived_profiles_call(emulator: Emulator) -> None:
    phones, profiles = backend(emulator).phones, backend(emulator).profiles

    def make(usual: Any) -> Any:
        def trigger(account: str, body: Any) -> Any:
            active = profiles.active
            profiles.active = profiles.of
            try:
                return usual(account, body)
            finally:
                profiles.active = active

        return trigger

    patch(phones, "trigger", make)


@REGISTRY.on_start("trigger.anything-is-extracted", "PST-CALL-7", "extract may name what nobody defined.")
def _anything_is_extracted(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        return lambda account, names, param: None if param == "extract" else usual(account, names, param)

    patch(backend(emulator).fields, "check_extract", make)


@REGISTRY.on_request("trigger.short-numbers-call", "PST-CALL-7", "A short number is taken for a phone.")
def _short_numbers_call(asked: Request) -> None:
    if posted(asked, TRIGGER):
        rewrite(asked, lambda body: body.update(phone="+12145550112") if body.get("phone") == "12" else None)


@REGISTRY.on_response(
    "trigger.unknown-profile-is-500", "PST-CALL-7", "A trigger with an unknown profile is answered 500.", "PST-AUTH-4"
)
def _unknown_profile_is_500(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, TRIGGER) and answer.status == 404:
        answer.say(500, {"success": False, "error": {"code": "INTERNAL_ERROR", "message": "Broken on purpose."}})

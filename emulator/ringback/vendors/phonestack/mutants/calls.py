"""Mutants of "Calls API", and of calls that are triggered."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.carrier.clock import MINUTE
from ringback.gateway.errors import Refusal
from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.phonestack.mutants.register import (
    BOOK,
    CALLS,
    FILES,
    TRIGGER,
    Thing,
    forget,
    house,
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
    @BOOK.asked(f"calls.no-filter-by-{name}", "PST-CALL-1", f"{name} filters nothing.", *touches)
    def _no_filter(asked: Asked) -> None:
        if asked.path == CALLS:
            forget(asked, CALLS, name)


for _name, _touches in FILTERS.items():
    _unheeded(_name, _touches)


@BOOK.asked("calls.min-duration-is-more", "PST-CALL-1", "min_duration leaves out calls of just that length.")
def _more(asked: Asked) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [
            (name, str(int(value) + 1) if name == "min_duration" and value.isdigit() else value)
            for name, value in pairs
        ]

    requery(asked, CALLS, change)


@BOOK.asked("calls.no-meeting-is-any", "PST-CALL-1", "has_meeting=false filters nothing.")
def _no_meeting_is_any(asked: Asked) -> None:
    if asked.path == CALLS:
        requery(asked, CALLS, lambda pairs: [pair for pair in pairs if pair != ("has_meeting", "false")])


@BOOK.asked("calls.odd-times-are-passed-over", "PST-CALL-1", "A since that is no time is passed over.")
def _odd_times(asked: Asked) -> None:
    requery(asked, CALLS, lambda pairs: [pair for pair in pairs if pair != ("since", "yesterday")])


# -- include ------


@BOOK.asked("include.one-at-most", "PST-CALL-2", "Of two things to include the first alone is.")
def _one_at_most(asked: Asked) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, value.partition(",")[0] if name == "include" else value) for name, value in pairs]

    requery(asked, CALLS, change)


@BOOK.asked("include.not-for-one-call", "PST-CALL-2", "A call by its id includes nothing.")
def _not_for_one_call(asked: Asked) -> None:
    if asked.path != CALLS:
        forget(asked, CALLS, "include")


@BOOK.asked("include.always-transcripts", "PST-CALL-2", "A call always comes with its transcript.")
def _always_transcripts(asked: Asked) -> None:
    def change(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return pairs if "include" in dict(pairs) else [*pairs, ("include", "transcript")]

    if asked.path.count("/") < len(("api", "v1", "calls", "id", "part")):
        requery(asked, CALLS, change)


@BOOK.world("include.contact-is-an-id", "PST-CALL-2", "An included contact is its id alone.")
def _contact_is_an_id(world: World) -> None:
    def change(view: Any) -> None:
        if getattr(view.contact, "id", None):
            view.contact = view.contact.id

    viewed(house(world).phones, change)


# -- the call ------


@BOOK.world("call.parts-do-not-add-up", "PST-CALL-3", "The parts of a call's cost do not add up to it.")
def _do_not_add_up(world: World) -> None:
    def change(view: Any) -> None:
        view.cost_breakdown.twilio += 1

    viewed(house(world).phones, change)


@BOOK.world(
    "call.cost-in-dollars",
    "PST-CALL-3",
    "cost_cents is in dollars.",
    "PST-CAM-1",
    "PST-REP-2",
    "PST-HOOK-3",
    "PST-BILL-1",
    "PST-MCP-3",
)
def _cost_in_dollars(world: World) -> None:
    def change(view: Any) -> None:
        view.cost_cents /= 100

    viewed(house(world).phones, change)


@BOOK.world("call.confidence-as-a-share", "PST-CALL-3", "ai_confidence_score is a share of 1.", "PST-HOOK-3")
def _confidence_as_a_share(world: World) -> None:
    def change(view: Any) -> None:
        if view.analysis is not None:
            view.analysis = replace(view.analysis, ai_confidence_score=view.analysis.ai_confidence_score / 100)

    viewed(house(world).phones, change)


@BOOK.world("call.tools-by-name", "PST-CALL-3", "tool_executions are names alone.")
def _tools_by_name(world: World) -> None:
    def change(view: Any) -> None:
        view.tool_executions = [execution.tool for execution in view.tool_executions]

    viewed(house(world).phones, change)


@BOOK.world("call.transfer-is-lost", "PST-CALL-3", "transferred_to is always null.")
def _transfer_is_lost(world: World) -> None:
    def change(view: Any) -> None:
        view.transferred_to = None

    viewed(house(world).phones, change)


@BOOK.answered(
    "call.without-sentiment",
    "PST-CALL-3",
    "A call's analysis has no sentiment.",
    "PST-MCP-2",
    "PST-HOOK-3",
)
def _without_sentiment(answer: Answered, _: World) -> None:
    def change(call: Thing) -> None:
        if call.get("analysis"):
            call["analysis"].pop("sentiment")

    show(answer, "call_", change)


# -- what was said ------


def _spoken(world: World, change: Any) -> None:
    swap(house(world).phones, "lines", lambda usual: lambda call: change(usual(call)))


@BOOK.world("transcript.speakers-are-swapped", "PST-CALL-4", "Agent and caller are taken for each other.")
def _speakers_are_swapped(world: World) -> None:
    other = {"agent": "caller", "caller": "agent"}
    _spoken(world, lambda lines: [replace(line, speaker=other[line.speaker]) for line in lines])


@BOOK.world("transcript.last-turn-is-missing", "PST-CALL-4", "The last turn of a transcript is missing.")
def _last_turn_is_missing(world: World) -> None:
    _spoken(world, lambda lines: lines[:-1])


@BOOK.world("transcript.latest-first", "PST-CALL-4", "A transcript has its latest turn first.", "PST-HOOK-3")
def _latest_first(world: World) -> None:
    _spoken(world, lambda lines: lines[::-1])


@BOOK.world("transcript.in-milliseconds", "PST-CALL-4", "A transcript counts milliseconds.")
def _in_milliseconds(world: World) -> None:
    _spoken(world, lambda lines: [replace(line, timestamp_seconds=line.timestamp_seconds * 1000) for line in lines])


# -- recordings ------


def _checked(world: World, check: Any) -> None:
    swap(house(world), "check_link", lambda usual: lambda path, query, now: check(usual, path, query, now))


@BOOK.world("links.for-good", "PST-CALL-5", "The address of a recording works for good.")
def _for_good(world: World) -> None:
    _checked(world, lambda usual, path, query, now: usual(path, query, None))


@BOOK.world("links.ten-minutes", "PST-CALL-5", "The address of a recording works for ten minutes.")
def _ten_minutes(world: World) -> None:
    _checked(world, lambda usual, path, query, now: usual(path, query, now and now + 50 * MINUTE))


@BOOK.world("links.unsigned", "PST-CALL-5", "Nobody looks at the signature of a recording's address.")
def _unsigned(world: World) -> None:
    def check(usual: Any, path: str, query: Any, now: Any) -> None:
        try:
            usual(path, query, now)
        except Refusal as refusal:
            if refusal.code != "INVALID_SIGNATURE":
                raise

    _checked(world, check)


@BOOK.answered(
    "links.want-a-key", "PST-CALL-5", "The address of a recording works with a key alone.", "PST-CALL-8", "PST-MCP-2"
)
def _want_a_key(answer: Answered, _: World) -> None:
    if answer.asked.path.startswith(FILES) and answer.status == 200 and not answer.asked.header(b"authorization"):
        answer.say(401, {"success": False, "error": {"code": "UNAUTHORIZED", "message": "Broken on purpose."}})


@BOOK.answered("recordings.half", "PST-CALL-8", "Half of a recording is given.")
def _half(answer: Answered, _: World) -> None:
    if answer.asked.path.startswith(FILES) and answer.status == 200:
        answer.body = answer.body[: len(answer.body) // 2]


@BOOK.answered("recordings.no-mp3", "PST-CALL-8", "A recording is no MP3.")
def _no_mp3(answer: Answered, _: World) -> None:
    if answer.asked.path.startswith(FILES) and answer.status == 200:
        answer.body = b"RIFF" + bytes(len(answer.body))


# -- triggers ------


def _extracting(world: World, extract: Any) -> None:
    swap(
        house(world).phones,
        "extract_of",
        lambda usual: lambda account, profile, wanted: extract(usual, account, profile, wanted),
    )


@BOOK.world("trigger.extract-is-ignored", "PST-CALL-6", "extract changes nothing.")
def _extract_is_ignored(world: World) -> None:
    def extract(usual: Any, account: str, profile: Any, wanted: Any) -> Any:
        usual(account, profile, wanted)
        return profile.extract_fields

    _extracting(world, extract)


@BOOK.world("trigger.extract-is-added", "PST-CALL-6", "extract is added to the profile's fields.")
def _extract_is_added(world: World) -> None:
    def extract(usual: Any, account: str, profile: Any, wanted: Any) -> Any:
        return tuple(dict.fromkeys((*profile.extract_fields, *usual(account, profile, wanted))))

    _extracting(world, extract)


@BOOK.world("trigger.extract-is-kept", "PST-CALL-6", "extract replaces the profile's fields for good.")
def _extract_is_kept(world: World) -> None:
    def extract(usual: Any, account: str, profile: Any, wanted: Any) -> Any:
        profile.extract_fields = usual(account, profile, wanted)
        return profile.extract_fields

    _extracting(world, extract)


@BOOK.world("trigger.extracts-nothing-by-itself", "PST-CALL-6", "The profile's fields are not extracted.")
def _extracts_nothing(world: World) -> None:
    _extracting(
        world, lambda usual, account, profile, wanted: usual(account, profile, wanted if wanted is not None else ())
    )


@BOOK.world("trigger.extracts-what-is-no-option", "PST-CALL-6", "What is extracted need not be an option.")
def _no_option(world: World) -> None:
    swap(house(world).outcomes, "_extracted", lambda usual: lambda *args: "something else")


@BOOK.asked(
    "trigger.custom-fields-are-lost",
    "PST-CALL-6",
    "The custom fields of a trigger are not kept.",
    "PST-CF-2",
    "PST-CALL-7",
)
def _custom_fields_are_lost(asked: Asked) -> None:
    if posted(asked, TRIGGER):
        rewrite(asked, lambda body: body.pop("custom_fields", None))


@BOOK.world("trigger.archived-profiles-call", "PST-CALL-7", "An archived profile can still call.")
def _archived_profiles_call(world: World) -> None:
    phones, profiles = house(world).phones, house(world).profiles

    def make(usual: Any) -> Any:
        def trigger(account: str, body: Any) -> Any:
            active = profiles.active
            profiles.active = profiles.of
            try:
                return usual(account, body)
            finally:
                profiles.active = active

        return trigger

    swap(phones, "trigger", make)


@BOOK.world("trigger.anything-is-extracted", "PST-CALL-7", "extract may name what nobody defined.")
def _anything_is_extracted(world: World) -> None:
    def make(usual: Any) -> Any:
        return lambda account, names, param: None if param == "extract" else usual(account, names, param)

    swap(house(world).fields, "check_extract", make)


@BOOK.asked("trigger.short-numbers-call", "PST-CALL-7", "A short number is taken for a phone.")
def _short_numbers_call(asked: Asked) -> None:
    if posted(asked, TRIGGER):
        rewrite(asked, lambda body: body.update(phone="+12145550112") if body.get("phone") == "12" else None)


@BOOK.answered(
    "trigger.unknown-profile-is-500", "PST-CALL-7", "A trigger with an unknown profile is answered 500.", "PST-AUTH-4"
)
def _unknown_profile_is_500(answer: Answered, _: World) -> None:
    if posted(answer, TRIGGER) and answer.status == 404:
        answer.say(500, {"success": False, "error": {"code": "INTERNAL_ERROR", "message": "Broken on purpose."}})

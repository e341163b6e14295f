"""Mutants of "List calls", "Get a transcript" and "Get a recording"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.call import Call
from ringback.mutants.kwickphone.registry import mutant
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableResponse, code, error, respond, set_header, status
from ringback.mutants.transforms import apply, drop, first, reverse, set_to
from ringback.store import Collection
from ringback.vendors.kwickphone.rules import KwickPhone

FRAME = bytes.fromhex("fff318c4") + bytes(92)
"""A silent MPEG-2 layer III frame: 32 kbit/s at 24 kHz, 96 bytes, 24 ms."""
FRAMES_IN_TEN_SECONDS = 417
MP3 = "audio/mpeg"
OF_ONE_CALL = ("getTranscript", "getRecording")
OTHER_SPEAKER = {"caller": "agent", "agent": "caller"}


def _call(response: MutableResponse[KwickPhone]) -> Call | None:
    """Return the call that a request names, whose ever it is."""
    return response.backend.services.calls.records.get(response.request.variables["call_id"])


def _is_own_call(response: MutableResponse[KwickPhone]) -> bool:
    call = _call(response)
    return response.status == 404 and call is not None and call.account == response.account


# -- the list ------

mutant("calls.oldest-first", "KWP-CALL-1", "The calls are listed oldest first.", "KWP-CALL-6").response(
    reverse("data"), on="listCalls"
)


def _of_oldest_number(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call for call in calls if call["number_id"] == calls[-1]["number_id"]]


mutant("calls.one-number-only", "KWP-CALL-1", "Only the calls of one of the account's numbers are listed.").response(
    apply("data", _of_oldest_number), on="listCalls"
)
mutant("calls.without-direction", "KWP-CALL-1", "Listed calls lack direction.").response(
    drop("data[].direction"), on="listCalls"
)
mutant(
    "calls.duration-with-ringing", "KWP-CALL-1", "duration_sec counts the ringing too.", "KWP-HOOK-1", "KWP-CALL-3"
).response(apply("data[].duration_sec", lambda seconds: seconds + 3), on="listCalls")
mutant("calls.two-at-most", "KWP-CALL-1", "No more than two calls are ever listed.", "KWP-CALL-6").response(
    first("data", 2), on="listCalls"
)
mutant("calls.transcript-flag-lies", "KWP-CALL-2", "has_transcript is always true.", "KWP-HOOK-1").response(
    set_to("data[].has_transcript", True), on="listCalls"
)
mutant("calls.recording-flag-lies", "KWP-CALL-3", "has_recording is always true.", "KWP-HOOK-1").response(
    set_to("data[].has_recording", True), on="listCalls"
)
mutant("calls.limit-of-anything", "KWP-CALL-6", "A `limit` that is no number from 1 to 1000 is ignored.").response(
    respond(200, {"data": []}), on="listCalls", when=status(400)
)
mutant("calls.limit-is-ignored", "KWP-CALL-6", "`limit` makes no difference.").instead(
    KwickPhone.list_calls, lambda list_calls, own, account, limit, after: list_calls(account, None, after)
)


@mutant("calls.cursor-includes-itself", "KWP-CALL-6", "`starting_after` returns the call it names once more.").patch(
    Collection[Call].page, of=lambda own: own.services.calls.records
)
def _cursor_includes_itself(
    page: Original, _: KwickPhone, index: str, key: Any, limit: int | None = None, after: Call | None = None
) -> list[Call]:
    found: list[Call] = page(index, key, limit, after)
    return [after, *found][:limit] if after is not None else found


# -- transcripts ------

mutant("calls.first-turn-only", "KWP-CALL-2", "A transcript holds its first turn only.", "KWP-CALL-5").response(
    first("turns"), on="getTranscript"
)
mutant("calls.turns-backwards", "KWP-CALL-5", "A transcript begins with its last turn.").response(
    reverse("turns"), on="getTranscript"
)
mutant("calls.offsets-in-milliseconds", "KWP-CALL-5", "The offsets of a transcript are milliseconds.").response(
    apply("turns[].offset_sec", lambda seconds: seconds * 1000), on="getTranscript"
)
mutant("calls.speakers-swapped", "KWP-CALL-5", "A transcript takes the caller for the agent.").response(
    apply("turns[].speaker", lambda speaker: OTHER_SPEAKER[speaker]), on="getTranscript"
)
mutant(
    "calls.empty-transcripts", "KWP-CALL-2", "A call without a transcript has an empty one instead of a 404."
).response(
    lambda response: response.respond(200, {"call_id": response.request.variables["call_id"], "turns": []}),
    on="getTranscript",
    when=_is_own_call,
)

# -- recordings ------

mutant("calls.recording-of-ten-seconds", "KWP-CALL-3", "Every recording plays ten seconds.").response(
    respond(200, FRAME * FRAMES_IN_TEN_SECONDS, MP3), on="getRecording"
)
mutant("calls.recording-is-wav", "KWP-CALL-3", "A recording has the content type audio/wav.").response(
    set_header("content-type", "audio/wav"), on="getRecording"
)
mutant("calls.recording-is-noise", "KWP-CALL-3", "A recording is not an MP3 that could be played.").response(
    respond(200, b"\x00RIFF" * 1000, MP3), on="getRecording"
)
mutant("calls.no-recording-is-not_found", "KWP-CALL-3", "A missing recording has the code not_found.").response(
    error(404, "not_found"), when=code("no_recording")
)
mutant("calls.unknown-is-no_recording", "KWP-CALL-4", "The recording of an unknown call is no_recording.").response(
    error(404, "no_recording"),
    on="getRecording",
    when=lambda response: response.status == 404 and _call(response) is None,
)
mutant("calls.unknown-is-400", "KWP-CALL-4", "An id that no call could have is answered 400.", "KWP-ERR-2").response(
    error(400, "invalid_request"),
    on=OF_ONE_CALL,
    when=lambda response: response.status == 404 and response.request.variables["call_id"] == "nope",
)

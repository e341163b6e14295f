"""Mutants of "List calls", "Get a transcript" and "Get a recording"."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, patch
from ringback.vendors.kwickphone.mutants.register import REGISTRY, backend

CALLS = "/v1/calls"
FRAME = bytes.fromhex("fff318c4") + bytes(92)
"""A silent MPEG-2 layer III frame: 32 kbit/s at 24 kHz, 96 bytes, 24 ms."""
FRAMES_IN_TEN_SECONDS = 417


def _listed(answer: MutableResponse) -> list[dict[str, Any]] | None:
    shown = answer.asked.method == "GET" and answer.asked.path == CALLS and answer.status == 200
    return answer.json()["data"] if shown else None


def _part(answer: MutableResponse, part: str, status: int) -> bool:
    return answer.asked.path.startswith(CALLS) and answer.asked.path.endswith(part) and answer.status == status


def _typed(answer: MutableResponse, media: bytes, body: bytes) -> None:
    answer.without(b"content-type")
    answer.headers.append((b"content-type", media))
    answer.body = body


@REGISTRY.on_response("calls.oldest-first", "KWP-CALL-1", "The calls are listed oldest first.", "KWP-CALL-6")
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": data[::-1]})


@REGISTRY.on_response(
    "calls.one-number-only", "KWP-CALL-1", "Only the calls of one of the account's numbers are listed."
)
def _one_number_only(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [call for call in data if call["number_id"] == data[-1]["number_id"]]})


@REGISTRY.on_response("calls.without-direction", "KWP-CALL-1", "Listed calls lack direction.")
def _without_direction(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [{k: v for k, v in call.items() if k != "direction"} for call in data]})


@REGISTRY.on_response(
    "calls.duration-with-ringing", "KWP-CALL-1", "duration_sec counts the ringing too.", "KWP-HOOK-1", "KWP-CALL-3"
)
def _duration_with_ringing(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [{**call, "duration_sec": call["duration_sec"] + 3} for call in data]})


@REGISTRY.on_response("calls.two-at-most", "KWP-CALL-1", "No more than two calls are ever listed.", "KWP-CALL-6")
def _two_at_most(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": data[:2]})


@REGISTRY.on_response("calls.transcript-flag-lies", "KWP-CALL-2", "has_transcript is always true.", "KWP-HOOK-1")
def _transcript_flag_lies(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [{**call, "has_transcript": True} for call in data]})


@REGISTRY.on_response(
    "calls.empty-transcripts", "KWP-CALL-2", "A call without a transcript gets an empty one, not 404."
)
def _empty_transcripts(answer: MutableResponse, emulator: Emulator) -> None:
    id_ = answer.asked.path.removeprefix(f"{CALLS}/").partition("/")[0]
    call = emulator.services.calls.records.get(id_)
    if _part(answer, "/transcript", 404) and call is not None and call.account == answer.account:
        answer.say(200, {"call_id": id_, "turns": []})


@REGISTRY.on_response("calls.first-turn-only", "KWP-CALL-2", "A transcript holds its first turn only.", "KWP-CALL-5")
def _first_turn_only(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/transcript", 200):
        transcript = answer.json()
        answer.say(200, {**transcript, "turns": transcript["turns"][:1]})


@REGISTRY.on_response("calls.recording-of-ten-seconds", "KWP-CALL-3", "Every recording plays ten seconds.")
def _recording_of_ten_seconds(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/recording", 200):
        answer.body = FRAME * FRAMES_IN_TEN_SECONDS


@REGISTRY.on_response("calls.recording-is-wav", "KWP-CALL-3", "A recording is said to be audio/wav.")
def _recording_is_wav(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/recording", 200):
        _typed(answer, b"audio/wav", answer.body)


@REGISTRY.on_response("calls.recording-is-noise", "KWP-CALL-3", "A recording is no MP3 that could be played.")
def _recording_is_noise(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/recording", 200):
        answer.body = b"\x00RIFF" * 1000


@REGISTRY.on_response("calls.no-recording-is-not_found", "KWP-CALL-3", "A missing recording has the code not_found.")
def _no_recording_is_not_found(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "no_recording":
        answer.refuse(404, "not_found")


@REGISTRY.on_response("calls.recording-flag-lies", "KWP-CALL-3", "has_recording is always true.", "KWP-HOOK-1")
def _recording_flag_lies(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [{**call, "has_recording": True} for call in data]})


@REGISTRY.on_response(
    "calls.unknown-is-no_recording", "KWP-CALL-4", "The recording of an unknown call is no_recording."
)
def _unknown_is_no_recording(answer: MutableResponse, emulator: Emulator) -> None:
    known = answer.asked.path.removeprefix(f"{CALLS}/").partition("/")[0] in emulator.services.calls.records
    if _part(answer, "/recording", 404) and not known:
        answer.refuse(404, "no_recording")


@REGISTRY.on_response(
    "calls.unknown-is-400", "KWP-CALL-4", "An id that no call could have is answered 400.", "KWP-ERR-2"
)
def _unknown_is_400(answer: MutableResponse, emulator: Emulator) -> None:
    id_ = answer.asked.path.removeprefix(f"{CALLS}/").partition("/")[0]
    if answer.asked.path.endswith(("/transcript", "/recording")) and answer.status == 404 and id_ == "nope":
        answer.refuse(400, "invalid_request")


@REGISTRY.on_response("calls.turns-backwards", "KWP-CALL-5", "A transcript begins with its last turn.")
def _turns_backwards(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/transcript", 200):
        transcript = answer.json()
        answer.say(200, {**transcript, "turns": transcript["turns"][::-1]})


@REGISTRY.on_response("calls.offsets-in-milliseconds", "KWP-CALL-5", "The offsets of a transcript are milliseconds.")
def _offsets_in_milliseconds(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/transcript", 200):
        transcript = answer.json()
        turns = [{**turn, "offset_sec": turn["offset_sec"] * 1000} for turn in transcript["turns"]]
        answer.say(200, {**transcript, "turns": turns})


@REGISTRY.on_response("calls.speakers-swapped", "KWP-CALL-5", "A transcript takes the caller for the agent.")
def _speakers_swapped(answer: MutableResponse, _: Emulator) -> None:
    if _part(answer, "/transcript", 200):
        transcript = answer.json()
        other = {"caller": "agent", "agent": "caller"}
        answer.say(200, {**transcript, "turns": [{**t, "speaker": other[t["speaker"]]} for t in transcript["turns"]]})


@REGISTRY.on_start("calls.limit-is-ignored", "KWP-CALL-6", "`limit` makes no difference.")
def _limit_is_ignored(emulator: Emulator) -> None:
    patch(backend(emulator), "list_calls", lambda listed: lambda account, _limit, after: listed(account, None, after))


@REGISTRY.on_response(
    "calls.limit-of-anything", "KWP-CALL-6", "A `limit` that is no number from 1 to 1000 is passed over."
)
def _limit_of_anything(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path == CALLS and answer.status == 400:
        answer.say(200, {"data": []})


@REGISTRY.on_start("calls.cursor-includes-itself", "KWP-CALL-6", "`starting_after` gives the call it names once more.")
def _cursor_includes_itself(emulator: Emulator) -> None:
    def make(page: Any) -> Any:
        def inclusive(index: str, key: Any, limit: int | None = None, after: Any = None) -> Any:
            found = page(index, key, limit, after)
            return [after, *found][:limit] if after is not None else found

        return inclusive

    patch(emulator.services.calls.records, "page", make)

"""Calls, transcripts and recordings: page "List calls", "Get a transcript", "Get a recording"."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.carrier.rng import Streams
from ringback.carrier.script import Script, ScriptedTurn, ScriptError, plan_call
from ringback.carrier.speech import mp3_seconds
from ringback.client import ControlError
from ringback.testing import Account, Ringback
from tests.kwickphone.conftest import CALLER, Provision, code

TURNS = [("agent", "Thanks for calling, how can I help?"), ("caller", "Two loaves of rye, please."), ("agent", "Done.")]


def listed(http: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = http.get("/v1/calls").json()["data"]
    return found


def test_a_call_rings_is_answered_and_ends(account: Account, http: httpx.Client, provision: Provision) -> None:
    number = provision()
    id_ = account.call(number["phone_number"], CALLER, turns=TURNS, outcome="order", duration=132)
    (ringing,) = listed(http)
    assert ringing == {
        "id": id_, "number_id": number["id"], "phone_number": number["phone_number"], "caller": CALLER,
        "direction": "inbound", "status": "ringing", "outcome": None, "duration_sec": 0,
        "started_at": "2026-01-01T00:00:00Z", "has_recording": False, "has_transcript": False,
    }  # fmt: skip
    assert id_.startswith("CA")
    account.advance(seconds=3)
    assert listed(http)[0]["status"] == "in_progress"
    assert code(http.get(f"/v1/calls/{id_}/transcript")) == (404, "not_found")
    assert code(http.get(f"/v1/calls/{id_}/recording")) == (404, "no_recording")
    account.advance(seconds=132)
    (completed,) = listed(http)
    assert completed == {
        **ringing, "status": "completed", "outcome": "order", "duration_sec": 132, "has_recording": True,
        "has_transcript": True,
    }  # fmt: skip


def test_a_transcript_is_turn_by_turn_in_order(account: Account, http: httpx.Client, provision: Provision) -> None:
    id_ = account.call(provision()["phone_number"], CALLER, turns=TURNS)
    account.advance(minutes=5)
    transcript = http.get(f"/v1/calls/{id_}/transcript").json()
    assert transcript["call_id"] == id_
    assert [(turn["speaker"], turn["text"]) for turn in transcript["turns"]] == TURNS
    offsets = [turn["offset_sec"] for turn in transcript["turns"]]
    assert offsets == sorted(offsets)
    assert 0 <= offsets[0] <= offsets[-1] <= listed(http)[0]["duration_sec"]


def test_a_recording_is_an_mp3_as_long_as_the_call(account: Account, http: httpx.Client, provision: Provision) -> None:
    id_ = account.call(provision()["phone_number"], CALLER, turns=TURNS, duration=17)
    account.advance(minutes=5)
    recording = http.get(f"/v1/calls/{id_}/recording")
    assert recording.headers["content-type"] == "audio/mpeg"
    assert mp3_seconds(recording.content) == pytest.approx(17, abs=0.15)
    assert http.get(f"/v1/calls/{id_}/recording").content == recording.content


@pytest.mark.parametrize(
    ("script", "recording", "transcript"),
    [
        ({"turns": TURNS}, True, True),
        ({"turns": TURNS, "recording": False}, False, True),
        ({"turns": [], "duration": 20}, True, False),
        ({"turns": [], "duration": 20, "recording": False}, False, False),
        ({"turns": [], "duration": 0}, False, False),
        ({"voicemail": "Please call me back about Friday."}, True, True),
    ],
)
def test_flags_agree_with_what_can_be_fetched(
    account: Account,
    http: httpx.Client,
    provision: Provision,
    script: dict[str, Any],
    recording: bool,
    transcript: bool,
) -> None:
    id_ = account.call(provision()["phone_number"], CALLER, **script)
    account.advance(minutes=5)
    (call,) = listed(http)
    assert (call["status"], call["has_recording"], call["has_transcript"]) == ("completed", recording, transcript)
    answer = http.get(f"/v1/calls/{id_}/transcript")
    assert answer.status_code == 200 if transcript else code(answer) == (404, "not_found")
    answer = http.get(f"/v1/calls/{id_}/recording")
    assert answer.status_code == 200 if recording else code(answer) == (404, "no_recording")


@pytest.mark.parametrize(
    ("end", "outcome", "seconds"), [("no_answer", "missed", 20), ("busy", None, 1), ("failed", None, 1)]
)
def test_a_call_that_is_not_answered_has_nothing_to_fetch(
    account: Account, http: httpx.Client, provision: Provision, end: str, outcome: str | None, seconds: int
) -> None:
    id_ = account.call(provision()["phone_number"], CALLER, end=end)
    account.advance(seconds=seconds - 0.5)
    assert listed(http)[0]["status"] == "ringing"
    account.advance(seconds=0.5)
    (call,) = listed(http)
    assert (call["status"], call["outcome"], call["duration_sec"]) == (end, outcome, 0)
    assert code(http.get(f"/v1/calls/{id_}/transcript")) == (404, "not_found")
    assert code(http.get(f"/v1/calls/{id_}/recording")) == (404, "no_recording")


def test_a_voicemail_is_a_call_with_the_message_in_its_transcript(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    id_ = account.call(provision()["phone_number"], CALLER, voicemail="Ring me about the cake.")
    account.advance(minutes=5)
    assert listed(http)[0]["outcome"] == "voicemail"
    turns = http.get(f"/v1/calls/{id_}/transcript").json()["turns"]
    assert (turns[-1]["speaker"], turns[-1]["text"]) == ("caller", "Ring me about the cake.")


def test_calls_are_listed_newest_first_across_all_numbers(
    account: Account, http: httpx.Client, provision: Provision
) -> None:
    first, second = provision(), provision()
    placed = []
    for number in (first, second, first):
        placed.append(account.call(number["phone_number"], CALLER, turns=[], duration=5))
        account.advance(minutes=1)
    assert [call["id"] for call in listed(http)] == placed[::-1]
    assert [call["number_id"] for call in listed(http)] == [first["id"], second["id"], first["id"]]


def test_calls_of_a_released_number_stay_listed(account: Account, http: httpx.Client, provision: Provision) -> None:
    number = provision()
    id_ = account.call(number["phone_number"], CALLER, turns=TURNS)
    http.delete(f"/v1/numbers/{number['id']}")
    account.advance(minutes=5)
    assert listed(http)[0]["status"] == "completed"
    assert http.get(f"/v1/calls/{id_}/transcript").status_code == 200


def test_a_page_of_calls_can_be_walked(account: Account, http: httpx.Client, provision: Provision) -> None:
    number = provision()["phone_number"]
    placed = [account.call(number, CALLER, turns=[], duration=1) for _ in range(7)]
    walked: list[str] = []
    while page := http.get(
        "/v1/calls", params={"limit": 3, **({"starting_after": walked[-1]} if walked else {})}
    ).json()["data"]:
        walked += [call["id"] for call in page]
    assert walked == placed[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=",
        "limit=-1",
        "limit=٣",
        "limit=&limit=7",
        "limit=7&limit=7",
        "starting_after=CA0",
    ],
)
def test_a_bad_page_is_refused(http: httpx.Client, query: str) -> None:
    assert code(http.get(f"/v1/calls?{query}&limit=5" if "limit" not in query else f"/v1/calls?{query}")) == (
        400,
        "invalid_request",
    )


def test_another_accounts_calls_are_not_found(ringback: Ringback, account: Account, provision: Provision) -> None:
    id_ = account.call(provision()["phone_number"], CALLER, turns=TURNS)
    account.advance(minutes=5)
    with ringback.account("kwickphone").client() as stranger:
        assert stranger.get("/v1/calls").json() == {"data": []}
        assert code(stranger.get(f"/v1/calls/{id_}/transcript")) == (404, "not_found")
        assert code(stranger.get(f"/v1/calls/{id_}/recording")) == (404, "not_found")
        assert code(stranger.get(f"/v1/calls?limit=5&starting_after={id_}")) == (400, "invalid_request")


@pytest.mark.parametrize("id_", ["CA0", "x", "%00", "CA" + "0" * 32, "a" * 2000])
def test_an_unknown_call_is_not_found(http: httpx.Client, id_: str) -> None:
    assert code(http.get(f"/v1/calls/{id_}/transcript")) == (404, "not_found")
    assert code(http.get(f"/v1/calls/{id_}/recording")) == (404, "not_found")


def test_a_call_without_a_script_gets_a_dialogue_that_repeats_with_the_seed() -> None:
    seen = []
    for seed in (1, 1, 2):
        with Ringback("kwickphone", seed=seed) as ringback:
            account = ringback.account()
            with account.client() as http:
                number = http.post("/v1/numbers", json={"business_phone": "+13465551234"}).json()["phone_number"]
                id_ = account.call(number, CALLER)
                account.advance(hours=1)
                seen.append((listed(http), http.get(f"/v1/calls/{id_}/transcript").json()))
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]
    assert len(seen[0][1]["turns"]) >= 4
    assert "{" not in str([turn["text"] for turn in seen[0][1]["turns"]])


@pytest.mark.parametrize("name", ["order", "missed", "voicemail", "busy", "booking"])
def test_a_stock_scenario_can_be_named(account: Account, http: httpx.Client, provision: Provision, name: str) -> None:
    account.call(provision()["phone_number"], CALLER, scenario=name)
    account.advance(hours=1)
    (call,) = listed(http)
    assert name in (call["outcome"], call["status"])


@pytest.mark.parametrize(
    ("script", "param"),
    [
        ({"turns": [("robot", "hi")]}, "script"),
        ({"duration": -1}, "script.duration"),
        ({"duration": 14401}, "script.duration"),
        ({"answer_after": -1}, "script.answer_after"),
        ({"turns": [("caller", "a", 5), ("agent", "b", 4)]}, "script.turns[1].at"),
        ({"turns": [("caller", "a", 50)], "duration": 20}, "script.turns[0].at"),
        ({"end": "exploded"}, "script.end"),
        ({"end": "busy", "turns": TURNS}, "script.turns"),
        ({"end": "no_answer", "recording": True}, "script.recording"),
        ({"voicemail": "x", "turns": TURNS}, "script.voicemail"),
        ({"mood": "happy"}, "script"),
        ({"turns": [("caller", "")]}, "script.turns[0].text"),
        ({"outcome": ""}, "script.outcome"),
        ({"turns": [("caller", "word " * 900, 14_390)]}, "script.turns"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused_and_no_phone_rings(
    account: Account, http: httpx.Client, provision: Provision, script: dict[str, Any], param: str
) -> None:
    number = provision()["phone_number"]
    with pytest.raises((ControlError, ValueError)) as refused:
        account.call(number, CALLER, **script)
    if isinstance(refused.value, ControlError):
        assert refused.value.status == 422
        assert (refused.value.param or "script").startswith(param)
    assert listed(http) == []


OFFSETS = st.none() | st.floats(0, 500)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(("caller", "agent")), st.text(min_size=1, max_size=80), OFFSETS), max_size=12),
    st.none() | st.floats(0, 600),
)
def test_a_plan_keeps_every_turn_in_order_within_the_call(
    turns: list[tuple[Any, str, float | None]], duration: float | None
) -> None:
    script = Script(turns=[ScriptedTurn(*turn) for turn in turns], duration=duration)
    try:
        played = plan_call(script, Streams(0)("dialogue"))
    except ScriptError:
        given_ = [at for _, _, at in turns if at is not None]
        limit = duration if duration is not None else 14_400
        assert given_ != sorted(given_) or max(given_) > limit
        return
    offsets = [turn.at for turn in played.turns]
    assert [(turn.speaker, turn.text) for turn in played.turns] == [(who, text) for who, text, _ in turns]
    assert offsets == sorted(offsets)
    assert all(0 <= at <= played.duration for at in offsets)
    if duration is not None:
        assert played.duration == duration

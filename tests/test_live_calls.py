"""Live calls: the far end keeps to its script, the agent is decided while the call goes, and time is the clock's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.calls import Calls
from ringback.carrier.clock import HOUR, SECOND, Clock
from ringback.carrier.conversation import LiveTerms
from ringback.carrier.rng import Streams
from ringback.carrier.script import Script, ScriptedTurn, ScriptError, Turn

ME, YOU = "+13465550100", "+12145550123"
Agent = Callable[[Calls, Call, Turn], None]


class Line:
    """A phone with an agent on it, on a frozen clock; keeps what happened, in order."""

    def __init__(self, agent: Agent | None = None) -> None:
        self.clock = Clock("frozen")
        self.calls = Calls(self.clock, Streams(1))
        self.agent = agent
        self.events: list[tuple[str, str | None]] = []
        self.calls.live_calls.on_event = self._beat

    def _beat(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        self.events.append((event, turn.text if turn is not None else None))
        if event == "turn_ended" and turn is not None:
            if self.agent is None:
                self.calls.live_calls.yield_turn(call)
            else:
                self.agent(self.calls, call, turn)

    def ring(self, *turns: ScriptedTurn, terms: LiveTerms | None = None, **script: Any) -> Call:
        return self.calls.receive(
            id_=f"call_{self.calls.records.created}",
            vendor="v",
            account="a",
            number_id="l",
            number=ME,
            remote_number=YOU,
            script=Script(turns=list(turns) if turns else None, answer_after=0.0, **script),
            live=terms or LiveTerms(),
        )

    def advance(self, seconds: float) -> None:
        asyncio.run(self.clock.advance(self.clock.now("a") + round(seconds * SECOND), "a"))

    def play(self) -> None:
        asyncio.run(self.clock.advance_idle("a"))


def says(text: str, at: float | None = None) -> ScriptedTurn:
    return ScriptedTurn("caller", text, at)


def script_of(call: Call) -> list[tuple[str, str, float]]:
    return [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]


def echo(calls: Calls, call: Call, turn: Turn) -> None:
    calls.live_calls.say(call, f"You said {turn.text}")


def test_the_next_turn_follows_the_answer_at_the_pace_of_speech() -> None:
    line = Line(echo)
    call = line.ring(says("one two three four five"), says("bye now"))
    line.play()
    # Five words take 2 s, the answer of seven words 2.8 s, and there is a pause of 0.6 s between turns.
    assert script_of(call) == [
        ("caller", "one two three four five", 0.0),
        ("agent", "You said one two three four five", 2.0),
        ("caller", "bye now", 5.4),
        ("agent", "You said bye now", 6.2),
    ]
    assert (call.state, call.ended_by) == ("completed", "caller")
    assert call.ended_at is not None
    assert call.answered_at is not None
    assert (call.ended_at - call.answered_at) / SECOND == pytest.approx(6.2 + 1.6 + 0.6)


def test_turns_are_on_record_as_they_are_said() -> None:
    line = Line(echo)
    call = line.ring(says("one two three four five"))
    line.advance(1.9)
    assert call.turns is None
    line.advance(0.1)
    assert [turn.speaker for turn in call.turns or ()] == ["caller", "agent"]
    assert call.state == "in_progress"


def test_without_an_answer_there_is_silence_and_the_far_end_goes_on() -> None:
    line = Line()
    call = line.ring(says("hello"), says("anybody"))
    line.play()
    assert script_of(call) == [("caller", "hello", 0.0), ("caller", "anybody", 2.4)]
    assert (call.state, call.ended_by) == ("completed", "caller")


def test_an_interim_line_keeps_the_turn_open() -> None:
    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        calls.live_calls.say(call, "let me see", more=True)
        calls.live_calls.say(call, "it is blue")

    line = Line(agent)
    call = line.ring(says("which colour"))
    line.play()
    assert script_of(call) == [
        ("caller", "which colour", 0.0),
        ("agent", "let me see", 0.8),
        ("agent", "it is blue", 2.0),
    ]


def test_an_interim_line_without_more_ends_in_silence() -> None:
    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        calls.live_calls.say(call, "let me see", more=True)
        calls.live_calls.yield_turn(call)

    line = Line(agent)
    call = line.ring(says("which colour"), says("well"))
    line.play()
    assert [text for _, text, _ in script_of(call)] == ["which colour", "let me see", "well", "let me see"]


def test_the_agent_hangs_up_when_it_has_said_its_line() -> None:
    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        calls.live_calls.say(call, "good bye")
        calls.live_calls.hang_up_after(call)

    line = Line(agent)
    call = line.ring(says("hello"), says("never said"))
    line.play()
    assert [text for _, text, _ in script_of(call)] == ["hello", "good bye"]
    assert (call.state, call.ended_by) == ("completed", "agent")
    assert call.ended_at is not None
    assert call.answered_at is not None
    assert (call.ended_at - call.answered_at) / SECOND == pytest.approx(0.4 + 0.8)
    assert not line.clock.pending("a")


def test_the_agent_may_greet_and_speak_unasked() -> None:
    line = Line(echo)
    line.calls.on_changed = lambda call: (
        line.calls.live_calls.say(call, "welcome") and None if call.state == "in_progress" else None
    )
    call = line.ring(says("hello"), says("good"))
    line.advance(0.0)
    assert script_of(call) == [("agent", "welcome", 0.0)]
    line.play()
    assert script_of(call)[1] == ("caller", "hello", 1.0)


def test_what_the_agent_says_unasked_makes_the_far_end_wait() -> None:
    line = Line()
    call = line.ring(says("hello"), says("yes"))
    line.advance(1.0)
    assert line.calls.live_calls.say(call, "are you there")
    line.play()
    assert script_of(call) == [("caller", "hello", 0.0), ("agent", "are you there", 1.0), ("caller", "yes", 2.8)]


def test_a_turn_with_its_moment_comes_then_and_cuts_the_agent_off() -> None:
    line = Line(lambda calls, call, _: calls.live_calls.say(call, "a very long explanation of nothing at all") and None)
    call = line.ring(says("why"), says("stop", at=1.5))
    line.play()
    assert script_of(call)[2][:2] == ("caller", "stop")
    assert script_of(call)[2][2] == 1.5
    assert ("barge_in", "a very long explanation of nothing at all") in line.events
    assert line.events.index(("barge_in", "a very long explanation of nothing at all")) < line.events.index(
        ("turn_started", "stop")
    )


def test_a_duration_is_how_long_the_far_end_stays() -> None:
    line = Line(echo)
    call = line.ring(says("hello"), duration=30.0)
    line.advance(29.9)
    assert call.state == "in_progress"
    assert line.calls.live_calls.say(call, "still there?")
    line.advance(0.1)
    assert (call.state, call.ended_by, call.duration) == ("completed", "caller", 30)
    assert not line.calls.live_calls.say(call, "hello?")


def test_what_was_being_said_when_it_ended_is_on_record() -> None:
    line = Line(echo)
    call = line.ring(says("one two three four five"), duration=1.0)
    line.play()
    assert script_of(call) == [("caller", "one two three four five", 0.0)]


def test_a_call_has_a_longest_length_and_a_longest_silence() -> None:
    line = Line(echo)
    call = line.ring(says("hello"), duration=600.0, terms=LiveTerms(max_duration=60.0))
    line.play()
    assert (call.ended_by, call.duration) == ("limit", 60)
    silent = line.ring(says("hello"), duration=600.0, terms=LiveTerms(max_silence=10.0))
    line.play()
    # Said by 0.4 s, answered until 1.6 s, and then nothing for ten seconds.
    assert (silent.ended_by, silent.duration) == ("silence", 11)


def test_hush_drops_what_the_agent_had_to_say() -> None:
    line = Line()
    call = line.ring(says("hello"), says("yes"))
    line.advance(0.5)
    line.calls.live_calls.say(call, "one two three four five")
    line.calls.live_calls.say(call, "never said")
    line.advance(0.1)
    line.calls.live_calls.interrupt(call)
    line.play()
    assert [text for _, text, _ in script_of(call)] == ["hello", "one two three four five", "yes"]


def test_scripted_agent_turns_are_left_out_where_the_agent_is_asked_and_played_where_not() -> None:
    turns = (ScriptedTurn("agent", "hi"), says("hello"), ScriptedTurn("agent", "bye"))
    line = Line(echo)
    asked = line.ring(*turns)
    line.play()
    assert [text for _, text, _ in script_of(asked)] == ["hello", "You said hello"]
    played = line.ring(*turns, terms=LiveTerms(interactive=False))
    line.advance(0.0)
    assert script_of(played) == [("agent", "hi", 0.0)]
    line.play()
    assert [text for _, text, _ in script_of(played)] == ["hi", "hello", "bye"]
    planned = line.calls.receive(
        id_="planned",
        vendor="v",
        account="a",
        number_id="l",
        number=ME,
        remote_number=YOU,
        script=Script(turns=list(turns)),
    )
    assert script_of(played) == script_of(planned)
    line.play()
    assert played.duration == planned.duration


@pytest.mark.parametrize("end", ["no_answer", "busy", "failed"])
def test_a_live_call_that_nobody_takes_ends_as_scripted(end: str) -> None:
    line = Line(echo)
    call = line.ring(end=end)
    line.play()
    assert (call.state, call.live, call.turns) == (end, None, None)


def test_a_script_that_cannot_be_played_leaves_no_call() -> None:
    line = Line(echo)
    with pytest.raises(ScriptError):
        line.ring(says(""))
    assert not len(line.calls.records)


def test_time_waits_for_a_reply_in_flight() -> None:
    line = Line()

    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        async def think() -> None:
            for _ in range(5):
                await asyncio.sleep(0)
            calls.live_calls.say(call, "done")

        line.clock.track("a", asyncio.ensure_future(think()))

    line.agent = agent
    call = line.ring(says("hello"), duration=600.0)
    line.advance(500)
    assert script_of(call) == [("caller", "hello", 0.0), ("agent", "done", 0.4)]


def test_a_live_call_goes_on_after_a_snapshot_and_asks_again_what_was_unanswered() -> None:
    line = Line(lambda calls, call, turn: None)
    line.ring(says("hello"), says("good"))
    line.advance(1.0)
    kept = json.loads(json.dumps({"clock": line.clock.snapshot(), "calls": line.calls.records.snapshot()}))

    later = Line(echo)
    later.calls.records.restore(kept["calls"])
    later.clock.restore(kept["clock"])
    later.calls.resume()
    later.play()
    (call,) = later.calls.records
    assert [text for _, text, _ in script_of(call)] == ["hello", "You said hello", "good", "You said good"]
    assert (call.state, call.ended_by) == ("completed", "caller")


@settings(deadline=None, max_examples=60, derandomize=True, database=None)
@given(
    turns=st.lists(
        st.tuples(st.integers(1, 12), st.none() | st.floats(0, 40).map(lambda at: round(at, 1))), min_size=1, max_size=6
    ),
    answers=st.lists(st.sampled_from(["say", "more", "pass", "leave", "hush"]), min_size=6, max_size=6),
    steps=st.lists(st.floats(0.1, 9), max_size=12),
)
def test_whatever_the_agent_does_a_call_ends_and_its_record_is_in_order(
    turns: list[tuple[int, float | None]], answers: list[str], steps: list[float]
) -> None:
    left = list(answers)

    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        choice = left.pop(0) if left else "pass"
        if choice in ("say", "leave", "hush"):
            calls.live_calls.say(call, "one two three")
        if choice == "more":
            calls.live_calls.say(call, "wait", more=True)
        if choice == "hush":
            calls.live_calls.interrupt(call)
        if choice in ("pass", "more"):
            calls.live_calls.yield_turn(call)
        if choice == "leave":
            calls.live_calls.hang_up_after(call)

    given_turns, earliest = [], 0.0
    for words, at in turns:
        at = None if at is None else max(at, earliest)
        earliest = earliest if at is None else at
        given_turns.append(says(" ".join(["word"] * words), at))
    line = Line(agent)
    call = line.ring(*given_turns)
    for step in steps:
        line.advance(step)
    line.play()
    assert call.state == "completed"
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert call.ended_at - call.answered_at < HOUR
    assert call.live is None
    assert not line.clock.pending("a")
    said = [turn for turn in call.turns or () if turn.speaker == "caller"]
    assert [turn.text for turn in said] == [turn.text for turn in given_turns][: len(said)]
    assert call.ended_by == "agent" or len(said) == len(given_turns)
    for speaker in ("caller", "agent"):
        ats = [turn.at for turn in call.turns or () if turn.speaker == speaker]
        assert ats == sorted(ats)


def test_a_call_that_is_held_rings_until_it_is_decided() -> None:
    line = Line(echo)
    held, answered, ignored = (line.ring(says("Hi")) for _ in range(3))
    for call in (held, answered, ignored):
        line.calls.defer_answer(call)
    line.advance(5)
    assert {call.state for call in (held, answered, ignored)} == {"ringing"}
    line.calls.answer(answered, 1.0)
    line.calls.answer(answered)
    line.calls.no_answer(ignored)
    line.play()
    assert (held.state, answered.state, ignored.state) == ("ringing", "completed", "no_answer")
    assert answered.answered_at == answered.started_at + 6 * SECOND
    assert script_of(ignored) == []


def test_a_caller_who_gives_up_is_not_held() -> None:
    line = Line()
    call = line.ring(end="no_answer")
    line.calls.defer_answer(call)
    line.calls.answer(call)
    line.play()
    assert call.state == "no_answer"


def test_the_far_end_waits_for_a_sound_to_end_and_nothing_of_it_is_on_record() -> None:
    line = Line()
    call = line.ring(says("Hi"), terms=LiveTerms(greeting_delay=1.0))
    line.advance(0)
    for _ in range(150):
        line.calls.live_calls.play_audio(call, SECOND // 50)
    line.play()
    assert script_of(call) == [("caller", "Hi", 3.6)]
    assert call.state == "completed"


def test_the_far_end_hesitates_before_its_first_turn_alone() -> None:
    line = Line(echo)
    call = line.ring(says("One"), says("Two"), terms=LiveTerms(greeting_delay=1.0))
    line.play()
    first, answer, second, _ = script_of(call)
    assert (first[2], second[2]) == (1.0, pytest.approx(answer[2] + 3 / 2.5 + 0.6))

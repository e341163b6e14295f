"""Live calls: the far end follows its script, the agent's side is decided while the call lasts, on virtual time."""

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


class Phone:
    """A phone that an agent answers, on a frozen clock. It records the events in order."""

    def __init__(self, agent: Agent | None = None) -> None:
        self.clock = Clock("frozen")
        self.calls = Calls(self.clock, Streams(1))
        self.agent = agent
        self.events: list[tuple[str, str | None]] = []
        self.calls.live_calls.on_event = self._record

    def _record(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
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


def caller(text: str, at: float | None = None) -> ScriptedTurn:
    return ScriptedTurn("caller", text, at)


def script_of(call: Call) -> list[tuple[str, str, float]]:
    return [(turn.speaker, turn.text, turn.at) for turn in call.turns or ()]


def echo(calls: Calls, call: Call, turn: Turn) -> None:
    calls.live_calls.say(call, f"You said {turn.text}")


def test_the_next_turn_follows_the_response_at_the_pace_of_speech() -> None:
    phone = Phone(echo)
    call = phone.ring(caller("one two three four five"), caller("bye now"))
    phone.play()
    # Five words take 2 s, the response of seven words 2.8 s, and there is a pause of 0.6 s between turns.
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


def test_turns_are_recorded_when_they_are_said() -> None:
    phone = Phone(echo)
    call = phone.ring(caller("one two three four five"))
    phone.advance(1.9)
    assert call.turns is None
    phone.advance(0.1)
    assert [turn.speaker for turn in call.turns or ()] == ["caller", "agent"]
    assert call.state == "in_progress"


def test_without_a_response_the_far_end_continues_after_a_silence() -> None:
    phone = Phone()
    call = phone.ring(caller("hello"), caller("anybody"))
    phone.play()
    assert script_of(call) == [("caller", "hello", 0.0), ("caller", "anybody", 2.4)]
    assert (call.state, call.ended_by) == ("completed", "caller")


def test_an_interim_text_keeps_the_turn_open() -> None:
    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        calls.live_calls.say(call, "let me see", more=True)
        calls.live_calls.say(call, "it is blue")

    phone = Phone(agent)
    call = phone.ring(caller("which colour"))
    phone.play()
    assert script_of(call) == [
        ("caller", "which colour", 0.0),
        ("agent", "let me see", 0.8),
        ("agent", "it is blue", 2.0),
    ]


def test_an_interim_text_may_be_the_last_of_its_turn() -> None:
    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        calls.live_calls.say(call, "let me see", more=True)
        calls.live_calls.yield_turn(call)

    phone = Phone(agent)
    call = phone.ring(caller("which colour"), caller("well"))
    phone.play()
    assert [text for _, text, _ in script_of(call)] == ["which colour", "let me see", "well", "let me see"]


def test_the_agent_hangs_up_at_the_end_of_its_turn() -> None:
    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        calls.live_calls.say(call, "good bye")
        calls.live_calls.hang_up_after(call)

    phone = Phone(agent)
    call = phone.ring(caller("hello"), caller("never said"))
    phone.play()
    assert [text for _, text, _ in script_of(call)] == ["hello", "good bye"]
    assert (call.state, call.ended_by) == ("completed", "agent")
    assert call.ended_at is not None
    assert call.answered_at is not None
    assert (call.ended_at - call.answered_at) / SECOND == pytest.approx(0.4 + 0.8)
    assert not phone.clock.pending("a")


def test_the_agent_may_greet_first() -> None:
    phone = Phone(echo)
    phone.calls.on_changed = lambda call: (
        phone.calls.live_calls.say(call, "welcome") and None if call.state == "in_progress" else None
    )
    call = phone.ring(caller("hello"), caller("good"))
    phone.advance(0.0)
    assert script_of(call) == [("agent", "welcome", 0.0)]
    phone.play()
    assert script_of(call)[1] == ("caller", "hello", 1.0)


def test_the_far_end_waits_for_what_the_agent_says_between_turns() -> None:
    phone = Phone()
    call = phone.ring(caller("hello"), caller("yes"))
    phone.advance(1.0)
    assert phone.calls.live_calls.say(call, "are you there")
    phone.play()
    assert script_of(call) == [("caller", "hello", 0.0), ("agent", "are you there", 1.0), ("caller", "yes", 2.8)]


def test_a_turn_with_a_time_interrupts_the_agent() -> None:
    phone = Phone(
        lambda calls, call, _: calls.live_calls.say(call, "a very long explanation of nothing at all") and None
    )
    call = phone.ring(caller("why"), caller("stop", at=1.5))
    phone.play()
    assert script_of(call)[2][:2] == ("caller", "stop")
    assert script_of(call)[2][2] == 1.5
    assert ("barge_in", "a very long explanation of nothing at all") in phone.events
    assert phone.events.index(("barge_in", "a very long explanation of nothing at all")) < phone.events.index(
        ("turn_started", "stop")
    )


def test_the_far_end_hangs_up_after_the_duration() -> None:
    phone = Phone(echo)
    call = phone.ring(caller("hello"), duration=30.0)
    phone.advance(29.9)
    assert call.state == "in_progress"
    assert phone.calls.live_calls.say(call, "still there?")
    phone.advance(0.1)
    assert (call.state, call.ended_by, call.duration) == ("completed", "caller", 30)
    assert not phone.calls.live_calls.say(call, "hello?")


def test_a_turn_that_the_end_of_the_call_cuts_off_is_recorded() -> None:
    phone = Phone(echo)
    call = phone.ring(caller("one two three four five"), duration=1.0)
    phone.play()
    assert script_of(call) == [("caller", "one two three four five", 0.0)]


def test_a_call_has_a_maximum_duration_and_a_maximum_silence() -> None:
    phone = Phone(echo)
    call = phone.ring(caller("hello"), duration=600.0, terms=LiveTerms(max_duration=60.0))
    phone.play()
    assert (call.ended_by, call.duration) == ("limit", 60)
    silent = phone.ring(caller("hello"), duration=600.0, terms=LiveTerms(max_silence=10.0))
    phone.play()
    # The turn ends at 0.4 s, the response at 1.6 s, and then there is silence for ten seconds.
    assert (silent.ended_by, silent.duration) == ("silence", 11)


def test_an_interruption_drops_what_the_agent_had_still_to_say() -> None:
    phone = Phone()
    call = phone.ring(caller("hello"), caller("yes"))
    phone.advance(0.5)
    phone.calls.live_calls.say(call, "one two three four five")
    phone.calls.live_calls.say(call, "never said")
    phone.advance(0.1)
    phone.calls.live_calls.interrupt(call)
    phone.play()
    assert [text for _, text, _ in script_of(call)] == ["hello", "one two three four five", "yes"]


def test_scripted_agent_turns_are_left_out_of_interactive_calls_alone() -> None:
    turns = (ScriptedTurn("agent", "hi"), caller("hello"), ScriptedTurn("agent", "bye"))
    phone = Phone(echo)
    interactive = phone.ring(*turns)
    phone.play()
    assert [text for _, text, _ in script_of(interactive)] == ["hello", "You said hello"]
    played = phone.ring(*turns, terms=LiveTerms(interactive=False))
    phone.advance(0.0)
    assert script_of(played) == [("agent", "hi", 0.0)]
    phone.play()
    assert [text for _, text, _ in script_of(played)] == ["hi", "hello", "bye"]
    planned = phone.calls.receive(
        id_="planned",
        vendor="v",
        account="a",
        number_id="l",
        number=ME,
        remote_number=YOU,
        script=Script(turns=list(turns)),
    )
    assert script_of(played) == script_of(planned)
    phone.play()
    assert played.duration == planned.duration


@pytest.mark.parametrize("end", ["no_answer", "busy", "failed"])
def test_a_live_call_that_is_not_answered_ends_as_scripted(end: str) -> None:
    phone = Phone(echo)
    call = phone.ring(end=end)
    phone.play()
    assert (call.state, call.live, call.turns) == (end, None, None)


def test_a_script_that_cannot_be_played_leaves_no_call() -> None:
    phone = Phone(echo)
    with pytest.raises(ScriptError):
        phone.ring(caller(""))
    assert not len(phone.calls.records)


def test_the_clock_waits_for_a_response_under_way() -> None:
    phone = Phone()

    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        async def think() -> None:
            for _ in range(5):
                await asyncio.sleep(0)
            calls.live_calls.say(call, "done")

        phone.clock.track("a", asyncio.ensure_future(think()))

    phone.agent = agent
    call = phone.ring(caller("hello"), duration=600.0)
    phone.advance(500)
    assert script_of(call) == [("caller", "hello", 0.0), ("agent", "done", 0.4)]


def test_a_live_call_continues_after_a_restore_and_asks_again_for_an_open_response() -> None:
    phone = Phone(lambda calls, call, turn: None)
    phone.ring(caller("hello"), caller("good"))
    phone.advance(1.0)
    state = json.loads(json.dumps({"clock": phone.clock.snapshot(), "calls": phone.calls.records.snapshot()}))

    later = Phone(echo)
    later.calls.records.restore(state["calls"])
    later.clock.restore(state["clock"])
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
    choices=st.lists(st.sampled_from(["say", "more", "yield", "hang_up", "interrupt"]), min_size=6, max_size=6),
    steps=st.lists(st.floats(0.1, 9), max_size=12),
)
def test_every_call_ends_with_its_turns_in_order_whatever_the_agent_does(
    turns: list[tuple[int, float | None]], choices: list[str], steps: list[float]
) -> None:
    left = list(choices)

    def agent(calls: Calls, call: Call, turn: Turn) -> None:
        choice = left.pop(0) if left else "yield"
        if choice in ("say", "hang_up", "interrupt"):
            calls.live_calls.say(call, "one two three")
        if choice == "more":
            calls.live_calls.say(call, "wait", more=True)
        if choice == "interrupt":
            calls.live_calls.interrupt(call)
        if choice in ("yield", "more"):
            calls.live_calls.yield_turn(call)
        if choice == "hang_up":
            calls.live_calls.hang_up_after(call)

    given_turns, earliest = [], 0.0
    for words, at in turns:
        at = None if at is None else max(at, earliest)
        earliest = earliest if at is None else at
        given_turns.append(caller(" ".join(["word"] * words), at))
    phone = Phone(agent)
    call = phone.ring(*given_turns)
    for step in steps:
        phone.advance(step)
    phone.play()
    assert call.state == "completed"
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert call.ended_at - call.answered_at < HOUR
    assert call.live is None
    assert not phone.clock.pending("a")
    said = [turn for turn in call.turns or () if turn.speaker == "caller"]
    assert [turn.text for turn in said] == [turn.text for turn in given_turns][: len(said)]
    assert call.ended_by == "agent" or len(said) == len(given_turns)
    for speaker in ("caller", "agent"):
        ats = [turn.at for turn in call.turns or () if turn.speaker == speaker]
        assert ats == sorted(ats)


def test_a_deferred_call_rings_until_it_is_answered_or_not() -> None:
    phone = Phone(echo)
    deferred, answered, ignored = (phone.ring(caller("Hi")) for _ in range(3))
    for call in (deferred, answered, ignored):
        phone.calls.defer_answer(call)
    phone.advance(5)
    assert {call.state for call in (deferred, answered, ignored)} == {"ringing"}
    phone.calls.answer(answered, 1.0)
    phone.calls.answer(answered)
    phone.calls.no_answer(ignored)
    phone.play()
    assert (deferred.state, answered.state, ignored.state) == ("ringing", "completed", "no_answer")
    assert answered.answered_at == answered.started_at + 6 * SECOND
    assert script_of(ignored) == []


def test_a_call_scripted_as_unanswered_cannot_be_deferred() -> None:
    phone = Phone()
    call = phone.ring(end="no_answer")
    phone.calls.defer_answer(call)
    phone.calls.answer(call)
    phone.play()
    assert call.state == "no_answer"


def test_the_far_end_waits_for_audio_to_end_and_no_turn_is_recorded_of_it() -> None:
    phone = Phone()
    call = phone.ring(caller("Hi"), terms=LiveTerms(greeting_delay=1.0))
    phone.advance(0)
    for _ in range(150):
        phone.calls.live_calls.play_audio(call, SECOND // 50)
    phone.play()
    assert script_of(call) == [("caller", "Hi", 3.6)]
    assert call.state == "completed"


def test_the_greeting_delay_comes_before_the_first_turn_alone() -> None:
    phone = Phone(echo)
    call = phone.ring(caller("One"), caller("Two"), terms=LiveTerms(greeting_delay=1.0))
    phone.play()
    first, answer, second, _ = script_of(call)
    assert (first[2], second[2]) == (1.0, pytest.approx(answer[2] + 3 / 2.5 + 0.6))

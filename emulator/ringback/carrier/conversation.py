"""Live calls: the far end follows its script, and the agent's side is decided while the call lasts.

The far end says a turn and waits. The agent (the vendor, or a program that the vendor calls) responds, stays silent or
hangs up. Then the next turn follows, at the pace of speech. The state of a call is plain data and every wait is a
timer, so a call continues after a restore.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ringback.carrier.call import Call, CallEvent, EndedBy, LiveState, LiveTimer
from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.script import MAX_DURATION, PAUSE, Speaker, Turn, speech_seconds

UNANSWERED = 2.0
"""Seconds after which the far end continues when it gets no response."""


class LiveTerms(NamedTuple):
    """How a call is live. Durations are seconds.

    An `interactive` call leaves out the agent's scripted turns: the agent's side is decided while the call lasts. On
    any other, both sides follow the script, and each turn is recorded when it is said. A call ends after
    `max_duration`, or after `max_silence` in which neither side speaks. The far end waits `greeting_delay` for the
    agent's greeting before it speaks for the first time.
    """

    interactive: bool = True
    max_duration: float = MAX_DURATION
    max_silence: float | None = None
    greeting_delay: float = 0.0


class LiveCalls:
    """What is said on live calls. `on_event` receives each step of a call, with the turn that it is about."""

    def __init__(
        self, clock: Clock, find: Callable[[str], Call | None], hang_up: Callable[[Call, EndedBy], None]
    ) -> None:
        self._clock = clock
        self._find = find
        self._hang_up = hang_up
        self.on_event: Callable[[Call, CallEvent, Turn | None], None] = _noop
        steps: dict[LiveTimer, Callable[[Call, LiveState], None]] = {
            "next_turn": self._next_turn,
            "caller_turn": self._caller_turn_over,
            "agent_turn": self._agent_turn_over,
            "hang_up": lambda call, _: self._hang_up(call, "caller"),
            "limit": lambda call, _: self._hang_up(call, "limit"),
            "silence": lambda call, _: self._hang_up(call, "silence"),
        }
        for role, step in steps.items():
            clock.on(_timer(role), self._handler(role, step))

    def _handler(self, role: LiveTimer, step: Callable[[Call, LiveState], None]) -> Callable[[str], None]:
        def fire(id_: str) -> None:
            call = self._find(id_)
            if call is not None and call.live is not None and call.state == "in_progress":
                call.live.timers.pop(role, None)
                step(call, call.live)

        return fire

    # -- what the agent does ------

    def say(self, call: Call, text: str, *, more: bool = False) -> bool:
        """Let the agent say a text: after what it is saying already, and over what the far end says.

        The text responds to the far end's turn, unless `more` follows. Return False for a call on which nothing can
        be said now.
        """
        live = self._live(call)
        if live is None or live.hanging_up or not text.strip():
            return False
        if not more:
            live.awaiting_agent = False
        live.agent_queue.append(text)
        self._cancel(call, live, "next_turn" if not self._next_turn_is_timed(live) else None, "silence")
        if live.duration is None:
            self._cancel(call, live, "hang_up")
        if live.agent_turn is None:
            self._say_next(call, live)
        return True

    def play_audio(self, call: Call, length: int) -> None:
        """Let the agent play `length` more microseconds of audio whose words are unknown.

        The far end waits for its end as for the end of a turn. Does nothing while the agent says a text.
        """
        live = self._live(call)
        if live is None or live.hanging_up or (live.agent_turn is not None and live.agent_turn.text):
            return
        now = self._clock.now(call.account)
        live.awaiting_agent = False
        if live.agent_turn is None:
            live.agent_turn, live.audio_until = self._turn_now(call, "agent", ""), now
            self._cancel(call, live, "next_turn" if not self._next_turn_is_timed(live) else None, "silence")
            if live.duration is None:
                self._cancel(call, live, "hang_up")
        live.audio_until += length
        self._set(call, live, "agent_turn", live.audio_until)

    def yield_turn(self, call: Call) -> None:
        """Let the agent say no more in response to the far end's turn."""
        live = self._live(call)
        if live is None or not live.awaiting_agent:
            return
        live.awaiting_agent = False
        if live.agent_turn is None:
            self._schedule_next(call, live, UNANSWERED)

    def interrupt(self, call: Call) -> None:
        """Stop the agent's turn and drop the texts that it had still to say."""
        live = self._live(call)
        if live is None or live.agent_turn is None:
            return
        self._cut_off(call, live)
        if live.hanging_up:
            self._hang_up(call, "agent")
        elif not live.awaiting_agent:
            self._schedule_next(call, live, PAUSE)

    def hang_up_after(self, call: Call) -> None:
        """Let the agent hang up at the end of what it is saying."""
        live = self._live(call)
        if live is None:
            return
        live.awaiting_agent = False
        if live.agent_turn is None:
            self._hang_up(call, "agent")
        else:
            live.hanging_up = True

    def _live(self, call: Call) -> LiveState | None:
        return call.live if call.state == "in_progress" else None

    # -- how a call goes ------

    def begin(self, call: Call) -> None:
        """Begin a live call that was answered."""
        live = self._live(call)
        if live is None or call.answered_at is None:
            return
        self._set(call, live, "limit", call.answered_at + live.max_duration)
        if live.duration is not None:
            self._set(call, live, "hang_up", call.answered_at + live.duration)
        if live.agent_turn is None:
            self._schedule_next(call, live, live.greeting_delay)
        else:
            self._schedule_timed_turn(call, live)

    def end(self, call: Call) -> None:
        """End a live call: record the turn that the far end was saying, and cancel every timer."""
        live = call.live
        if live is None:
            return
        for serial in live.timers.values():
            self._clock.cancel(serial)
        call.live = None
        if live.caller_turn is not None:
            self._record(call, live.caller_turn)

    def resume(self, call: Call) -> None:
        """Ask again, after a restore, for the response that the far end waits for."""
        live = self._live(call)
        if live is not None and live.awaiting_agent and call.turns:
            waits = next((turn for turn in reversed(call.turns) if turn.speaker == "caller"), None)
            if waits is not None:
                self.on_event(call, "turn_ended", waits)

    def _schedule_next(self, call: Call, live: LiveState, wait: float) -> None:
        """Schedule what follows when neither side speaks: the far end's next turn, or its hanging up."""
        if live.awaiting_agent or live.agent_turn is not None or live.caller_turn is not None:
            return
        now = self._clock.now(call.account)
        due = now + round(wait * SECOND)
        if self._next_turn_is_timed(live):
            self._schedule_timed_turn(call, live)
        elif live.upcoming:
            self._set(call, live, "next_turn", due)
        elif live.duration is None:
            self._set(call, live, "hang_up", max(due, now + round(PAUSE * SECOND)))
        self._count_silence(call, live)

    def _schedule_timed_turn(self, call: Call, live: LiveState) -> None:
        """Schedule the next turn at its scripted moment, even if one of the two is speaking then."""
        if self._next_turn_is_timed(live) and call.answered_at is not None:
            moment = call.answered_at + round((live.upcoming[0].at or 0.0) * SECOND)
            self._set(call, live, "next_turn", max(moment, self._clock.now(call.account)))

    def _next_turn_is_timed(self, live: LiveState) -> bool:
        return bool(live.upcoming) and live.upcoming[0].at is not None

    def _next_turn(self, call: Call, live: LiveState) -> None:
        turn = live.upcoming.pop(0)
        if live.caller_turn is not None:
            self._cancel(call, live, "caller_turn")
            said, live.caller_turn = live.caller_turn, None
            self._record(call, said)
        if turn.speaker == "agent":
            live.agent_queue, live.agent_turn = [turn.text], None
            self._say_next(call, live)
            self._schedule_timed_turn(call, live)
            return
        if live.agent_turn is not None:
            self._cut_off(call, live)
            if live.hanging_up:
                self._hang_up(call, "agent")
                return
        live.awaiting_agent = False
        live.caller_turn = self._turn_now(call, "caller", turn.text)
        self._cancel(call, live, "silence")
        self._set(call, live, "caller_turn", self._clock.now(call.account) + _speech_micros(turn.text))
        self._schedule_timed_turn(call, live)
        self.on_event(call, "turn_started", live.caller_turn)

    def _caller_turn_over(self, call: Call, live: LiveState) -> None:
        turn, live.caller_turn = live.caller_turn, None
        if turn is None:
            return
        self._record(call, turn)
        if live.interactive:
            live.awaiting_agent = True
            self._count_silence(call, live)
            self.on_event(call, "turn_ended", turn)
        else:
            self._schedule_next(call, live, PAUSE)

    def _say_next(self, call: Call, live: LiveState) -> None:
        text = live.agent_queue.pop(0)
        live.agent_turn = self._turn_now(call, "agent", text)
        self._cancel(call, live, "silence")
        self._set(call, live, "agent_turn", self._clock.now(call.account) + _speech_micros(text))
        self._record(call, live.agent_turn)

    def _agent_turn_over(self, call: Call, live: LiveState) -> None:
        live.agent_turn = None
        if live.agent_queue:
            self._say_next(call, live)
        elif live.hanging_up:
            self._hang_up(call, "agent")
        else:
            self._count_silence(call, live)
            self._schedule_next(call, live, PAUSE)

    def _cut_off(self, call: Call, live: LiveState) -> None:
        self._cancel(call, live, "agent_turn")
        turn, live.agent_turn, live.agent_queue = live.agent_turn, None, []
        if live.interactive:
            self.on_event(call, "barge_in", turn)

    # -- the parts of it ------

    def _count_silence(self, call: Call, live: LiveState) -> None:
        """Count silence from now on, if neither side speaks."""
        if live.max_silence is not None and live.agent_turn is None and live.caller_turn is None:
            self._set(call, live, "silence", self._clock.now(call.account) + live.max_silence)

    def _turn_now(self, call: Call, speaker: Speaker, text: str) -> Turn:
        since = self._clock.now(call.account) - (call.answered_at or 0)
        return Turn(speaker, text, round(since / SECOND, 3))

    def _record(self, call: Call, turn: Turn) -> None:
        if call.turns is None:
            call.turns = []
        call.turns.append(turn)
        self.on_event(call, "turn_recorded", turn)

    def _set(self, call: Call, live: LiveState, role: LiveTimer, due: int) -> None:
        self._clock.cancel(live.timers.get(role))
        live.timers[role] = self._clock.at(due, call.account, _timer(role), call.id)

    def _cancel(self, call: Call, live: LiveState, *roles: LiveTimer | None) -> None:
        for role in roles:
            if role is not None:
                self._clock.cancel(live.timers.pop(role, None))


def _timer(role: LiveTimer) -> str:
    return f"carrier.live_calls.{role}"


def _speech_micros(text: str) -> int:
    return round(speech_seconds(text) * SECOND)


def _noop(call: Call, event: CallEvent, turn: Turn | None) -> None:
    """Do nothing: without an emulator the agent stays silent."""

"""Live calls: the far end keeps to its script, what the agent says is decided while the call goes.

The far end says a turn and waits; whoever plays the agent answers, stays silent or hangs up; then comes the next turn,
at the pace of speech. All that a call still has ahead of it is plain data, and every wait is a timer, so that a call
goes on after a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ringback.carrier.call import Call, CallEvent, EndedBy, LiveState, LiveTimer
from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.script import MAX_DURATION, PAUSE, Speaker, Turn, speech_seconds

UNANSWERED = 2.0
"""Seconds after which the far end goes on where it got no answer."""


class LiveTerms(NamedTuple):
    """How a call is live. With `interactive` the agent's side is decided while it goes and its scripted turns are left out;
    without, both sides keep to the script and are on record as they are said. It ends after `max_duration` seconds, or
    when nobody has spoken for `max_silence`. The far end lets the agent greet for `greeting_delay` seconds before it speaks
    for the first time."""

    interactive: bool = True
    max_duration: float = MAX_DURATION
    max_silence: float | None = None
    greeting_delay: float = 0.0


class LiveCalls:
    """What is said on live calls. `event` is called at each step of one, with the turn that it is about."""

    def __init__(
        self, clock: Clock, find: Callable[[str], Call | None], hang_up: Callable[[Call, EndedBy], None]
    ) -> None:
        self._clock = clock
        self._find = find
        self._hang_up = hang_up
        self.on_event: Callable[[Call, CallEvent, Turn | None], None] = _noop
        steps: dict[LiveTimer, Callable[[Call, LiveState], None]] = {
            "next_turn": self._turn,
            "caller_turn": self._spoken,
            "agent_turn": self._line_over,
            "hang_up": lambda call, _: self._hang_up(call, "caller"),
            "limit": lambda call, _: self._hang_up(call, "limit"),
            "silence": lambda call, _: self._hang_up(call, "silence"),
        }
        for role, step in steps.items():
            clock.on(_timer(role), self._step(role, step))

    def _step(self, role: LiveTimer, step: Callable[[Call, LiveState], None]) -> Callable[[str], None]:
        def fire(id_: str) -> None:
            call = self._find(id_)
            if call is not None and call.live is not None and call.state == "in_progress":
                call.live.timers.pop(role, None)
                step(call, call.live)

        return fire

    # -- what the agent does ------

    def say(self, call: Call, text: str, *, more: bool = False) -> bool:
        """The agent says something: after what it is saying already, over whatever the far end says. It answers the
        turn that waits, unless `more` is to come. False for a call on which nothing can be said now."""
        live = self._on(call)
        if live is None or live.hanging_up or not text.strip():
            return False
        if not more:
            live.awaiting_agent = False
        live.agent_queue.append(text)
        self._drop(call, live, "next_turn" if not self._has_its_moment(live) else None, "silence")
        if live.duration is None:
            self._drop(call, live, "hang_up")
        if live.agent_turn is None:
            self._next_line(call, live)
        return True

    def play_audio(self, call: Call, length: int) -> None:
        """The agent makes a sound that is not known in words, `length` microseconds more of it: the far end waits for
        its end as for a line's. Over its own words, it does nothing."""
        live = self._on(call)
        if live is None or live.hanging_up or (live.agent_turn is not None and live.agent_turn.text):
            return
        now = self._clock.now(call.account)
        live.awaiting_agent = False
        if live.agent_turn is None:
            live.agent_turn, live.audio_until = self._spoken_now(call, "agent", ""), now
            self._drop(call, live, "next_turn" if not self._has_its_moment(live) else None, "silence")
            if live.duration is None:
                self._drop(call, live, "hang_up")
        live.audio_until += length
        self._set(call, live, "agent_turn", live.audio_until)

    def yield_turn(self, call: Call) -> None:
        """The agent has no more to say to the turn that waits."""
        live = self._on(call)
        if live is None or not live.awaiting_agent:
            return
        live.awaiting_agent = False
        if live.agent_turn is None:
            self._go_on(call, live, UNANSWERED)

    def interrupt(self, call: Call) -> None:
        """The agent stops speaking; what it had yet to say is dropped."""
        live = self._on(call)
        if live is None or live.agent_turn is None:
            return
        self._cut(call, live)
        if live.hanging_up:
            self._hang_up(call, "agent")
        elif not live.awaiting_agent:
            self._go_on(call, live, PAUSE)

    def hang_up_after(self, call: Call) -> None:
        """The agent hangs up when it has said what it is saying."""
        live = self._on(call)
        if live is None:
            return
        live.awaiting_agent = False
        if live.agent_turn is None:
            self._hang_up(call, "agent")
        else:
            live.hanging_up = True

    def _on(self, call: Call) -> LiveState | None:
        return call.live if call.state == "in_progress" else None

    # -- how a call goes ------

    def begin(self, call: Call) -> None:
        """A live call was answered."""
        live = self._on(call)
        if live is None or call.answered_at is None:
            return
        self._set(call, live, "limit", call.answered_at + live.max_duration)
        if live.duration is not None:
            self._set(call, live, "hang_up", call.answered_at + live.duration)
        if live.agent_turn is None:
            self._go_on(call, live, live.greeting_delay)
        else:
            self._await_moment(call, live)

    def end(self, call: Call) -> None:
        """A live call is over: what was being said is on record, nothing more will be."""
        live = call.live
        if live is None:
            return
        for serial in live.timers.values():
            self._clock.cancel(serial)
        call.live = None
        if live.caller_turn is not None:
            self._record(call, live.caller_turn)

    def resume(self, call: Call) -> None:
        """After a restore: a turn that waited for an answer still does, and its answer is asked for again."""
        live = self._on(call)
        if live is not None and live.awaiting_agent and call.turns:
            waits = next((turn for turn in reversed(call.turns) if turn.speaker == "caller"), None)
            if waits is not None:
                self.on_event(call, "turn_ended", waits)

    def _go_on(self, call: Call, live: LiveState, wait: float) -> None:
        """What comes next when nobody speaks and nobody is asked: the far end's turn, or its end."""
        if live.awaiting_agent or live.agent_turn is not None or live.caller_turn is not None:
            return
        now = self._clock.now(call.account)
        due = now + round(wait * SECOND)
        if self._has_its_moment(live):
            self._await_moment(call, live)
        elif live.upcoming:
            self._set(call, live, "next_turn", due)
        elif live.duration is None:
            self._set(call, live, "hang_up", max(due, now + round(PAUSE * SECOND)))
        self._listen(call, live)

    def _await_moment(self, call: Call, live: LiveState) -> None:
        """A turn whose moment the script gives comes then, whoever is speaking."""
        if self._has_its_moment(live) and call.answered_at is not None:
            moment = call.answered_at + round((live.upcoming[0].at or 0.0) * SECOND)
            self._set(call, live, "next_turn", max(moment, self._clock.now(call.account)))

    def _has_its_moment(self, live: LiveState) -> bool:
        return bool(live.upcoming) and live.upcoming[0].at is not None

    def _turn(self, call: Call, live: LiveState) -> None:
        turn = live.upcoming.pop(0)
        if live.caller_turn is not None:
            self._drop(call, live, "caller_turn")
            said, live.caller_turn = live.caller_turn, None
            self._record(call, said)
        if turn.speaker == "agent":
            live.agent_queue, live.agent_turn = [turn.text], None
            self._next_line(call, live)
            self._await_moment(call, live)
            return
        if live.agent_turn is not None:
            self._cut(call, live)
            if live.hanging_up:
                self._hang_up(call, "agent")
                return
        live.awaiting_agent = False
        live.caller_turn = self._spoken_now(call, "caller", turn.text)
        self._drop(call, live, "silence")
        self._set(call, live, "caller_turn", self._clock.now(call.account) + _lasts(turn.text))
        self._await_moment(call, live)
        self.on_event(call, "turn_started", live.caller_turn)

    def _spoken(self, call: Call, live: LiveState) -> None:
        turn, live.caller_turn = live.caller_turn, None
        if turn is None:
            return
        self._record(call, turn)
        if live.interactive:
            live.awaiting_agent = True
            self._listen(call, live)
            self.on_event(call, "turn_ended", turn)
        else:
            self._go_on(call, live, PAUSE)

    def _next_line(self, call: Call, live: LiveState) -> None:
        text = live.agent_queue.pop(0)
        live.agent_turn = self._spoken_now(call, "agent", text)
        self._drop(call, live, "silence")
        self._set(call, live, "agent_turn", self._clock.now(call.account) + _lasts(text))
        self._record(call, live.agent_turn)

    def _line_over(self, call: Call, live: LiveState) -> None:
        live.agent_turn = None
        if live.agent_queue:
            self._next_line(call, live)
        elif live.hanging_up:
            self._hang_up(call, "agent")
        else:
            self._listen(call, live)
            self._go_on(call, live, PAUSE)

    def _cut(self, call: Call, live: LiveState) -> None:
        self._drop(call, live, "agent_turn")
        turn, live.agent_turn, live.agent_queue = live.agent_turn, None, []
        if live.interactive:
            self.on_event(call, "barge_in", turn)

    # -- the parts of it ------

    def _listen(self, call: Call, live: LiveState) -> None:
        """Nobody speaks: from now on silence is counted."""
        if live.max_silence is not None and live.agent_turn is None and live.caller_turn is None:
            self._set(call, live, "silence", self._clock.now(call.account) + live.max_silence)

    def _spoken_now(self, call: Call, speaker: Speaker, text: str) -> Turn:
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

    def _drop(self, call: Call, live: LiveState, *roles: LiveTimer | None) -> None:
        for role in roles:
            if role is not None:
                self._clock.cancel(live.timers.pop(role, None))


def _timer(role: LiveTimer) -> str:
    return f"carrier.live_calls.{role}"


def _lasts(text: str) -> int:
    return round(speech_seconds(text) * SECOND)


def _noop(call: Call, event: CallEvent, turn: Turn | None) -> None:
    """Nobody plays the agent: it stays silent."""

"""A call's record and its states."""

from __future__ import annotations

from typing import Literal

import msgspec

from ringback.carrier.clock import SECOND
from ringback.carrier.script import ScriptedTurn, Turn
from ringback.store import Record

CallState = Literal["ringing", "in_progress", "completed", "no_answer", "busy", "failed"]
FINAL: frozenset[CallState] = frozenset(("completed", "no_answer", "busy", "failed"))
CallEvent = Literal["turn_started", "turn_ended", "turn_recorded", "barge_in"]
"""`turn_started`: the far end begins a turn. `turn_recorded`: a turn of either side is on record. `turn_ended`: the far
end has finished its turn and waits for the agent. `barge_in`: it talked over the agent, whose turn ends there."""
EndedBy = Literal["caller", "agent", "limit", "silence"]
LiveTimer = Literal["next_turn", "caller_turn", "agent_turn", "hang_up", "limit", "silence"]


class LiveState(msgspec.Struct, kw_only=True):
    """The state of a live call. Instants and durations are microseconds.

    `upcoming` are the scripted turns that are left. After `duration` the far end hangs up; with None it does when it
    has nothing left to say. `caller_turn` and `agent_turn` are the turns that are being spoken, `agent_queue` the
    texts that the agent says next. `awaiting_agent` is true while the far end waits for a response, `hanging_up` once
    the agent hangs up at the end of its turn. `audio_until` is the instant at which the agent's audio without words
    ends.
    """

    upcoming: list[ScriptedTurn]
    interactive: bool
    max_duration: int
    duration: int | None = None
    max_silence: int | None = None
    caller_turn: Turn | None = None
    agent_turn: Turn | None = None
    agent_queue: list[str] = []
    awaiting_agent: bool = False
    hanging_up: bool = False
    greeting_delay: float = 0.0
    audio_until: int = 0
    timers: dict[LiveTimer, int] = {}


class Call(Record, kw_only=True):
    """One call. Instants are microseconds on the account's clock.

    `number` is the vendor's number and `number_id` the vendor's id for it, `remote_number` the other party's; both
    numbers are E.164. `planned_end` is the state in which the call ends unless it is ended before, and
    `planned_duration` how long it lasts once answered (microseconds; 0 on a live call whose script does not say).
    A planned call has all its `turns` from the start. A live call has the `turns` said so far, and has `live` until
    it ends.
    """

    vendor: str
    number_id: str
    number: str
    remote_number: str
    state: CallState
    started_at: int
    planned_duration: int
    planned_end: CallState
    outcome: str | None
    recording: bool
    direction: Literal["inbound", "outbound"] = "inbound"
    answered_at: int | None = None
    ended_at: int | None = None
    turns: list[Turn] | None = None
    timer: int | None = None
    ended_by: EndedBy | None = None
    live: LiveState | None = None

    @property
    def duration(self) -> int:
        """Whole seconds between answer and end; 0 before the end and for a call that was never answered."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return (self.ended_at - self.answered_at) // SECOND

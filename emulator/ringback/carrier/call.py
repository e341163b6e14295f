"""A call's record: its states, and where a live call stands."""

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
    """Where a live call stands. Durations are microseconds; `lasts` None: the far end hangs up when it has nothing left
    to say. `asked` is true while it waits for an answer; `goodbye` once the agent is to hang up after its last line;
    `sounds_until` is the instant at which a sound of the agent's, a line without words, ends."""

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
    """One call. `line` is the vendor's id of its number, `number` that number and `peer` the far end, both E.164.
    Instants are microseconds; `lasts` is how long it is to be once answered, 0 where only its course will tell. On
    a planned call `turns` are all that is said, on a live one, which has `live` until it ends, all that was so far."""

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
        """Whole seconds between answer and end; 0 before the end and for a call never answered."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return (self.ended_at - self.answered_at) // SECOND

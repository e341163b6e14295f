"""The call state machine: ringing → in_progress → completed, or no_answer, busy, failed. The clock drives it.

A call is planned, with all that is said known from the start, or live (`carrier/live.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from ringback.carrier.call import FINAL, Call, EndedBy, LiveState
from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.conversation import LiveCalls, LiveTerms
from ringback.carrier.rng import Streams
from ringback.carrier.script import NO_ANSWER_AFTER, Script, plan_call, plan_live_call
from ringback.store import Collection

PICK_UP = "carrier.call.pick_up"
HANG_UP = "carrier.call.hang_up"


class Calls:
    """All calls of all vendors. `changed` is called with a call each time its state changes, `ringing` included; `talk`
    is what is said on live ones."""

    def __init__(self, clock: Clock, streams: Streams) -> None:
        self._clock = clock
        self._streams = streams
        self.records: Collection[Call] = Collection(Call, all=lambda _: True, account=lambda call: call.account)
        self.on_changed: Callable[[Call], None] = _noop
        self.live_calls = LiveCalls(clock, self.records.get, self.hang_up)
        clock.on(PICK_UP, self._pick_up)
        clock.on(HANG_UP, self._hang_up)

    def receive(
        self,
        *,
        id_: str,
        vendor: str,
        account: str,
        number_id: str,
        number: str,
        remote_number: str,
        script: Script,
        live: LiveTerms | None = None,
    ) -> Call:
        """An inbound call begins to ring; with `live` terms it is decided while it goes. Raises ScriptError before
        anything has happened."""
        return self._ring("inbound", id_, vendor, account, number_id, number, remote_number, script, live)

    def place(
        self,
        *,
        id_: str,
        vendor: str,
        account: str,
        number_id: str,
        number: str,
        remote_number: str,
        script: Script,
        recording: bool,
        live: LiveTerms | None = None,
    ) -> Call:
        """An outbound call begins to ring at the far end; it is recorded where `recording` says so and the script does
        not say otherwise, and with `live` terms it is decided while it goes. Raises ScriptError before anything has
        happened."""
        wanted = msgspec.structs.replace(script, recording=recording and script.recording is not False)
        if not recording or script.end != "completed":
            wanted.recording = False
        return self._ring("outbound", id_, vendor, account, number_id, number, remote_number, wanted, live)

    def _ring(
        self,
        direction: Literal["inbound", "outbound"],
        id_: str,
        vendor: str,
        account: str,
        number_id: str,
        number: str,
        remote_number: str,
        script: Script,
        terms: LiveTerms | None,
    ) -> Call:
        stream = self._streams(vendor, account, "dialogue")
        ahead = None
        if terms is None:
            played = plan_call(script, stream)
        else:
            played, ahead = plan_live_call(script, stream, interactive=terms.interactive)
        call = self.records.add(
            Call(
                id=id_,
                vendor=vendor,
                account=account,
                number_id=number_id,
                number=number,
                remote_number=remote_number,
                state="ringing",
                started_at=self._clock.now(account),
                planned_duration=_micros(played.duration),
                planned_end=played.end,
                outcome=played.outcome,
                recording=played.recording,
                direction=direction,
                turns=played.turns or None,
            )
        )
        if terms is not None and ahead is not None and played.end == "completed":
            call.live = LiveState(
                upcoming=ahead.turns,
                interactive=terms.interactive,
                max_duration=_micros(terms.max_duration),
                duration=_micros(ahead.duration) if ahead.duration is not None else None,
                max_silence=_micros(terms.max_silence) if terms.max_silence is not None else None,
                greeting_delay=terms.greeting_delay,
            )
        call.timer = self._clock.after(_micros(played.answer_after), account, PICK_UP, call.id)
        self.on_changed(call)
        return call

    def _pick_up(self, id_: str) -> None:
        call = self.records.get(id_)
        if call is None or call.state != "ringing":
            return
        now = self._clock.now(call.account)
        if call.planned_end != "completed":
            call.ended_at, call.state = now, call.planned_end
        else:
            call.answered_at, call.state, call.timer = now, "in_progress", None
            if call.live is None:
                call.timer = self._clock.after(call.planned_duration, call.account, HANG_UP, call.id)
        self.on_changed(call)
        if call.live is not None:
            self.live_calls.begin(call)

    def defer_answer(self, call: Call) -> None:
        """Let a call ring until `answer`: whether it is taken is not decided yet. One whose caller will give up anyway
        does so."""
        if call.state == "ringing" and call.planned_end == "completed":
            self._clock.cancel(call.timer)
            call.timer = None

    def answer(self, call: Call, after: float = 0.0) -> None:
        """A call that was held is picked up, in so many seconds; any other stays as it is."""
        if call.state == "ringing" and call.timer is None:
            call.timer = self._clock.after(_micros(after), call.account, PICK_UP, call.id)

    def no_answer(self, call: Call) -> None:
        """Nobody takes a call that was held: its caller gives up in time."""
        if call.state == "ringing" and call.timer is None:
            call.planned_end, call.live = "no_answer", None
            call.timer = self._clock.after(_micros(NO_ANSWER_AFTER), call.account, PICK_UP, call.id)

    def hang_up(self, call: Call, by: EndedBy = "agent") -> None:
        """End a call now, from this end unless told otherwise. One that still rings ends unanswered; one that has ended
        stays as it is."""
        if call.state in FINAL:
            return
        self._clock.cancel(call.timer)
        call.timer = None
        self.live_calls.end(call)
        call.ended_at, call.ended_by = self._clock.now(call.account), by
        call.state = "completed" if call.state == "in_progress" else "no_answer"
        call.recording = call.recording and call.state == "completed"
        self.on_changed(call)

    def resume(self) -> None:
        """After a restore: what waits for an answer on a live call is asked again."""
        for call in self.records:
            if call.live is not None:
                self.live_calls.resume(call)

    def _hang_up(self, id_: str) -> None:
        call = self.records.get(id_)
        if call is None or call.state != "in_progress":
            return
        call.ended_at, call.state = self._clock.now(call.account), "completed"
        call.ended_by = "caller"
        self.on_changed(call)


def _micros(seconds: float) -> int:
    return round(seconds * SECOND)


def _noop(_: Call) -> None:
    """Nobody listens."""

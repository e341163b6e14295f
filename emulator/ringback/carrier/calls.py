"""The call state machine: ringing → in_progress → completed, or no_answer, busy, failed. Timers drive it.

A call is either planned, with all its turns known from the start, or live (`carrier/conversation.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NotRequired, TypedDict, Unpack

import msgspec

from ringback.carrier.call import FINAL, Call, EndedBy, LiveState
from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.conversation import LiveCalls, LiveTerms
from ringback.carrier.rng import Streams
from ringback.carrier.script import NO_ANSWER_AFTER, Script, plan_call, plan_live_call
from ringback.store import Collection

PICK_UP = "carrier.call.pick_up"
HANG_UP = "carrier.call.hang_up"


class NewCall(TypedDict):
    """A call that begins. The numbers are E.164, `number_id` is the vendor's id for its own number.

    With `live` terms the agent's side is decided while the call lasts; without, the script has all that is said.
    """

    id_: str
    vendor: str
    account: str
    number_id: str
    number: str
    remote_number: str
    script: Script
    live: NotRequired[LiveTerms | None]


class Calls:
    """All calls of all vendors.

    `on_changed` receives a call each time its state changes, `ringing` included. `live_calls` handles what is said
    on live calls.
    """

    def __init__(self, clock: Clock, streams: Streams) -> None:
        self._clock = clock
        self._streams = streams
        self.records: Collection[Call] = Collection(Call, all=lambda _: True, account=lambda call: call.account)
        self.on_changed: Callable[[Call], None] = _noop
        self.live_calls = LiveCalls(clock, self.records.get, self.hang_up)
        clock.on(PICK_UP, self._pick_up)
        clock.on(HANG_UP, self._hang_up)

    def receive(self, **call: Unpack[NewCall]) -> Call:
        """Let an inbound call ring. Raises ScriptError and changes nothing then."""
        return self._ring("inbound", call, call["script"])

    def place(self, *, recording: bool, **call: Unpack[NewCall]) -> Call:
        """Let an outbound call ring at the far end.

        The call is recorded with `recording`, unless its script says otherwise. Raises ScriptError and changes nothing
        then.
        """
        script = call["script"]
        recording = recording and script.end == "completed" and script.recording is not False
        return self._ring("outbound", call, msgspec.structs.replace(script, recording=recording))

    def _ring(self, direction: Literal["inbound", "outbound"], new: NewCall, script: Script) -> Call:
        account, terms = new["account"], new.get("live")
        stream = self._streams(new["vendor"], account, "dialogue")
        live = None
        if terms is None:
            plan = plan_call(script, stream)
        else:
            plan, live = plan_live_call(script, stream, interactive=terms.interactive)
        call = self.records.add(
            Call(
                id=new["id_"],
                vendor=new["vendor"],
                account=account,
                number_id=new["number_id"],
                number=new["number"],
                remote_number=new["remote_number"],
                state="ringing",
                started_at=self._clock.now(account),
                planned_duration=_micros(plan.duration),
                planned_end=plan.end,
                outcome=plan.outcome,
                recording=plan.recording,
                direction=direction,
                turns=plan.turns or None,
            )
        )
        if terms is not None and live is not None and plan.end == "completed":
            call.live = LiveState(
                upcoming=live.turns,
                interactive=terms.interactive,
                max_duration=_micros(terms.max_duration),
                duration=_micros(live.duration) if live.duration is not None else None,
                max_silence=_micros(terms.max_silence) if terms.max_silence is not None else None,
                greeting_delay=terms.greeting_delay,
            )
        call.timer = self._clock.after(_micros(plan.answer_after), account, PICK_UP, call.id)
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
        """Let a call ring until `answer` or `no_answer`. A call that its script leaves unanswered stays as planned."""
        if call.state == "ringing" and call.planned_end == "completed":
            self._clock.cancel(call.timer)
            call.timer = None

    def answer(self, call: Call, after: float = 0.0) -> None:
        """Answer a deferred call, `after` so many seconds. Any other call stays as it is."""
        if call.state == "ringing" and call.timer is None:
            call.timer = self._clock.after(_micros(after), call.account, PICK_UP, call.id)

    def no_answer(self, call: Call) -> None:
        """Leave a deferred call unanswered: its caller gives up after NO_ANSWER_AFTER."""
        if call.state == "ringing" and call.timer is None:
            call.planned_end, call.live = "no_answer", None
            call.timer = self._clock.after(_micros(NO_ANSWER_AFTER), call.account, PICK_UP, call.id)

    def hang_up(self, call: Call, by: EndedBy = "agent") -> None:
        """End a call now. A ringing call ends unanswered; a call that has ended stays as it is."""
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
        """Ask again, after a restore, for the responses that live calls wait for."""
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
    """Do nothing: no emulator is listening."""

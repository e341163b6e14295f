"""The agent in a call that a webhook drives: each thing that the other side says is sent there, and what is answered is
what the agent says and does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.clock import SECOND
from ringback.carrier.script import MAX_TEXT, Turn
from ringback.gateway.webhook_response import NDJSON, WebhookResponse
from ringback.vendors.agentphone.events import EventView, HistoryView, TurnData
from ringback.vendors.agentphone.records import CallDetail, Webhook
from ringback.vendors.agentphone.rules.common import shown

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

KEYS = re.compile(r"[0-9A-D*#wW,]{1,64}")
DIGITS = ("digits", "press_digit", "dtmf")


class Turns:
    """The agents of all calls that are being driven."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services

    def talked(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """A call came a step further: who has spoken is answered."""
        if event != "turn_ended" or turn is None:
            return
        talk = self.services.calls.live_calls
        detail = self.backend.phones.details[call.id]
        if detail.machine:
            if detail.voicemail_message:
                talk.say(call, detail.voicemail_message)
            talk.hang_up_after(call)
            return
        hook = self.backend.hooks.for_(call.account, detail.project, detail.agent)
        if hook is None:
            talk.yield_turn(call)
            return
        Answering(self, call, detail).ask(hook, self._event(hook, call, detail, turn))

    def _event(self, hook: Webhook, call: Call, detail: CallDetail, turn: Turn) -> EventView:
        sender, to = self.backend.phones.ends(call, detail)
        conversation = self.backend.threads.records.last("pair", (call.number_id, call.remote_number))
        earlier = [other for other in call.turns or () if other is not turn] if hook.context_limit else []
        return EventView(
            event="agent.message",
            channel="voice",
            timestamp=shown(self.services.clock.now(call.account)),
            agent_id=detail.agent,
            data=TurnData(
                call_id=call.id,
                number_id=detail.number,
                from_=sender,
                to=to,
                transcript=turn.text,
                confidence=detail.confidence,
                direction=detail.direction,
            ),
            conversation_state=conversation.metadata if conversation is not None else None,
            recent_history=[_item(call, other) for other in earlier[-hook.context_limit :]],
        )

    def act(self, call: Call, detail: CallDetail, said: Mapping[str, Any]) -> bool:
        """Say and do what an answer says; whether more of it is to come."""
        talk = self.services.calls.live_calls
        text, more = said.get("text"), said.get("interim") is True
        spoken = isinstance(text, str) and bool(text.strip())
        if isinstance(text, str) and spoken:
            talk.say(call, text[:MAX_TEXT], more=more)
        keys = next((said[name] for name in DIGITS if said.get(name) is not None), None)
        if isinstance(keys, int) and not isinstance(keys, bool):
            keys = str(keys)
        if isinstance(keys, str) and KEYS.fullmatch(keys):
            detail.digits += keys
            self.services.note(call.account, "call", f"agent presses {keys}", call_id=call.id, digits=keys)
        if more:
            return True
        if said.get("action") == "transfer" and detail.transfer_number is not None:
            detail.transferred = True
            self.services.note(
                call.account,
                "call",
                f"transferred to {detail.transfer_number}",
                call_id=call.id,
                to=detail.transfer_number,
            )
            talk.hang_up_after(call)
        elif said.get("hangup") is True or said.get("action") == "hangup":
            talk.hang_up_after(call)
        elif not spoken:
            talk.yield_turn(call)
        return False


class Answering:
    """One answer, from the question to its end. An answer to a call that is another's since a restore goes nowhere."""

    def __init__(self, turns: Turns, call: Call, detail: CallDetail) -> None:
        self._turns = turns
        self._call = call
        self._detail = detail
        self._closed = False

    def ask(self, hook: Webhook, view: EventView) -> None:
        """Ask what to say."""
        self._turns.backend.hooks.ask(hook, view, self._call.id, self._answered, self._line)

    def _stale(self) -> bool:
        return self._turns.services.calls.records.get(self._call.id) is not self._call

    def _line(self, line: bytes) -> bool:
        if self._stale():
            return False
        said = _object(line)
        more = said is not None and self._turns.act(self._call, self._detail, said)
        if said is None:
            self._turns.services.calls.live_calls.yield_turn(self._call)
        self._closed = not more
        return more

    def _answered(self, reply: WebhookResponse) -> None:
        if self._stale() or self._closed:
            return
        said = None
        if reply.accepted and reply.error is None and reply.media_type != NDJSON:
            said = _object(reply.body)
        if said is None or self._turns.act(self._call, self._detail, said):
            self._turns.services.calls.live_calls.yield_turn(self._call)


def _object(raw: bytes) -> dict[str, Any] | None:
    """A JSON object; None for anything else, which is silence."""
    try:
        said = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _item(call: Call, turn: Turn) -> HistoryView:
    at = (call.answered_at or call.started_at) + round(turn.at * SECOND)
    direction = "inbound" if turn.speaker == "caller" else "outbound"
    return HistoryView(turn.text, direction, "voice", shown(at), None)

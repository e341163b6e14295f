"""The agent in a call that a webhook drives: each turn of the caller is sent to it, and its response is what the agent
says and does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.clock import SECOND, iso_exact
from ringback.carrier.script import MAX_TEXT, Turn
from ringback.gateway.services import Services
from ringback.gateway.webhook_response import NDJSON, WebhookResponse
from ringback.vendors.agentphone.events import EventView, HistoryView, TurnData
from ringback.vendors.agentphone.records import CallDetail, Webhook
from ringback.vendors.agentphone.rules.calls import ends
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.webhooks import Webhooks

KEYS = re.compile(r"[0-9A-D*#wW,]{1,64}")
DIGITS = ("digits", "press_digit", "dtmf")


class Turns:
    """The agents of all live calls."""

    def __init__(self, services: Services, data: Data, webhooks: Webhooks) -> None:
        self.services = services
        self.data = data
        self.webhooks = webhooks

    def on_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Send a turn of the caller to the webhook; an answering machine gets the voicemail message."""
        if event != "turn_ended" or turn is None:
            return
        live_calls = self.services.calls.live_calls
        detail = self.data.calls[call.id]
        if detail.answering_machine:
            if detail.voicemail_message:
                live_calls.say(call, detail.voicemail_message)
            live_calls.hang_up_after(call)
            return
        webhook = self.webhooks.receiver(call.account, detail.project, detail.agent)
        if webhook is None:
            live_calls.yield_turn(call)
            return
        response = TurnResponse(self, call, detail)
        self.webhooks.ask(
            webhook, self._event(webhook, call, detail, turn), call.id, response.on_response, response.on_line
        )

    def _event(self, webhook: Webhook, call: Call, detail: CallDetail, turn: Turn) -> EventView:
        sender, to = ends(call, detail)
        conversation = self.data.conversation_with(call.number_id, call.remote_number)
        earlier = [other for other in call.turns or () if other is not turn] if webhook.context_limit else []
        return EventView(
            event="agent.message",
            channel="voice",
            timestamp=iso_exact(self.services.clock.now(call.account)),
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
            recent_history=[_history(call, other) for other in earlier[-webhook.context_limit :]],
        )

    def act(self, call: Call, detail: CallDetail, response: Mapping[str, Any]) -> bool:
        """Say and do what a response says. Return whether more of it follows."""
        live_calls = self.services.calls.live_calls
        text, more = response.get("text"), response.get("interim") is True
        spoken = isinstance(text, str) and bool(text.strip())
        if isinstance(text, str) and spoken:
            live_calls.say(call, text[:MAX_TEXT], more=more)
        keys = next((response[name] for name in DIGITS if response.get(name) is not None), None)
        if isinstance(keys, int) and not isinstance(keys, bool):
            keys = str(keys)
        if isinstance(keys, str) and KEYS.fullmatch(keys):
            detail.digits += keys
            self.services.note(call.account, "call", f"agent presses {keys}", call_id=call.id, digits=keys)
        if more:
            return True
        if response.get("action") == "transfer" and detail.transfer_number is not None:
            detail.transferred = True
            self.services.note(
                call.account,
                "call",
                f"transferred to {detail.transfer_number}",
                call_id=call.id,
                to=detail.transfer_number,
            )
            live_calls.hang_up_after(call)
        elif response.get("hangup") is True or response.get("action") == "hangup":
            live_calls.hang_up_after(call)
        elif not spoken:
            live_calls.yield_turn(call)
        return False


class TurnResponse:
    """The response to one turn, whole or line by line. It has no effect once a restore has replaced the call."""

    def __init__(self, turns: Turns, call: Call, detail: CallDetail) -> None:
        self._turns = turns
        self._services = turns.services
        self._call = call
        self._detail = detail
        self._closed = False

    def _stale(self) -> bool:
        return self._services.calls.records.get(self._call.id) is not self._call

    def on_line(self, line: bytes) -> bool:
        """Act on a line of NDJSON. Return whether to read on."""
        if self._stale():
            return False
        response = _object(line)
        more = response is not None and self._turns.act(self._call, self._detail, response)
        if response is None:
            self._services.calls.live_calls.yield_turn(self._call)
        self._closed = not more
        return more

    def on_response(self, received: WebhookResponse) -> None:
        """Act on a whole response, or on the end of NDJSON that did not end the turn."""
        if self._stale() or self._closed:
            return
        response = None
        if received.accepted and received.error is None and received.media_type != NDJSON:
            response = _object(received.body)
        if response is None or self._turns.act(self._call, self._detail, response):
            self._services.calls.live_calls.yield_turn(self._call)


def _object(raw: bytes) -> dict[str, Any] | None:
    """Return a JSON object; None for anything else, on which the agent is silent."""
    try:
        decoded = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _history(call: Call, turn: Turn) -> HistoryView:
    at = (call.answered_at or call.started_at) + round(turn.at * SECOND)
    direction = "inbound" if turn.speaker == "caller" else "outbound"
    return HistoryView(turn.text, direction, "voice", iso_exact(at), None)

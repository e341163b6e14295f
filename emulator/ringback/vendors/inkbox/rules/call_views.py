"""Calls as the API shows them: a view of the carrier's record and Inkbox's own."""

from __future__ import annotations

from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.clock import SECOND, iso_exact
from ringback.gateway.services import Services
from ringback.vendors.inkbox.records import CallDetail, Forward, TargetType
from ringback.vendors.inkbox.rules.common import iso
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.post_call_items import action_items
from ringback.vendors.inkbox.rules.transcripts import Transcripts
from ringback.vendors.inkbox.wire.responses import CallView, Connection, Forwarding

DIALING = SECOND
"""How long an outbound call is `initiated` before it is `ringing`."""
STATUSES = {
    "ringing": "ringing",
    "in_progress": "answered",
    "completed": "completed",
    "no_answer": "canceled",
    "busy": "failed",
    "failed": "failed",
}


class CallViews:
    """The views of all calls."""

    def __init__(self, services: Services, data: Data, transcripts: Transcripts) -> None:
        self.services = services
        self.data = data
        self.transcripts = transcripts

    def view(self, call: Call) -> CallView:
        """Return a call as it is now."""
        detail = self.data.calls[call.id]
        return CallView(
            id=call.id,
            local_phone_number=call.number,
            remote_phone_number=call.remote_number,
            direction=call.direction,
            status=self._status(call, detail),
            client_websocket_url=detail.websocket_url,
            use_inkbox_tts=detail.tts,
            use_inkbox_stt=detail.stt,
            hangup_reason=detail.hangup_reason if detail.ended else None,
            started_at=iso(call.answered_at),
            ended_at=iso(call.ended_at),
            is_blocked=detail.blocked,
            origin="dedicated_number",
            mode=detail.mode,
            reason=detail.reason,
            hosted_agent_authority_mode=detail.authority,
            voicemail_detection="disabled" if detail.on_voicemail == "ignore" else "enabled",
            on_voicemail=detail.on_voicemail,
            post_call_action_items=action_items(call, detail),
            forwardings=[_forwarding(forward) for forward in detail.forwards],
            connections=[_connection(forward) for forward in detail.forwards],
            created_at=iso_exact(call.started_at),
            updated_at=iso_exact(detail.updated_at),
        )

    def _status(self, call: Call, detail: CallDetail) -> str:
        if detail.ended and (detail.unreachable or detail.hangup_reason == "rejected"):
            return "failed"
        if call.state == "ringing" and call.direction == "outbound":
            dialing = self.services.clock.now(call.account) < call.started_at + DIALING
            return "initiated" if dialing else "ringing"
        return STATUSES[call.state]

    def context(self, call: Call) -> dict[str, Any]:
        """Return a call as the context of an event shows it."""
        entries, abridged = self.transcripts.entries(call)
        return {
            "call_id": call.id,
            "abridged": abridged,
            "transcript": entries,
            "direction": call.direction,
            "remote_number": call.remote_number,
            "duration": call.duration if call.answered_at is not None else None,
            "started_at": iso(call.answered_at),
        }


def _forwarding(forward: Forward) -> Forwarding:
    return Forwarding(forward.id, "incoming_action", forward.status, *_attempt(forward))


def _connection(forward: Forward) -> Connection:
    status = "connected" if forward.status == "forwarded" else forward.status
    return Connection(forward.id, "handoff", "incoming_action", status, *_attempt(forward))


def _attempt(forward: Forward) -> tuple[TargetType, str, str, str | None, str | None, str | None, str | None]:
    """Return the fields that both views end with, in their order."""
    return (
        forward.target_type,
        forward.target,
        iso_exact(forward.requested_at),
        iso(forward.dialing_at),
        iso(forward.connected_at),
        iso(forward.ended_at),
        forward.failure_code,
    )

"""Calls: placed, received, decided by a webhook, forwarded, ended."""

from __future__ import annotations

from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from ringback.carrier.call import FINAL, Call, CallEvent
from ringback.carrier.clock import SECOND
from ringback.carrier.conversation import LiveTerms
from ringback.carrier.script import Script, ScriptedTurn, Turn, check_call_script
from ringback.gateway.asgi import encode
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound
from ringback.gateway.webhook_response import WebhookResponse
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.events import CALL_ENDED, INCOMING_CALL
from ringback.vendors.inkbox.records import CallDetail, Forward, Identity, Number, OnVoicemail, TextKind
from ringback.vendors.inkbox.rules.allowance import Allowance
from ringback.vendors.inkbox.rules.call_views import CallViews
from ringback.vendors.inkbox.rules.common import NAME, PHONE, Caller, TimeRange, check_e164, is_uuid, new_id
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.deliveries import Deliveries
from ringback.vendors.inkbox.rules.media_streams import MediaStreams
from ringback.vendors.inkbox.rules.post_call_items import assign, tool_log
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.rules.transcripts import Transcripts
from ringback.vendors.inkbox.wire.requests import CallBody, CallDecision
from ringback.vendors.inkbox.wire.responses import CallView, ToolInvocations
from ringback.vendors.inkbox.wire.webhooks import CallData, EndedCall, IncomingCall, Transcript

DECISION_TIMEOUT = "inkbox.call.decision_timeout"
DECISION_TIME = 30 * SECOND
"""How long a call waits for its webhook at most."""
GREETING_DELAY = 1.0
"""Seconds that a caller waits for the agent's greeting before it speaks."""
HANGUP_REASONS = {"caller": "remote", "agent": "local", "limit": "max_duration", "silence": "local"}
"""The hangup reason of a completed call, by the carrier's `ended_by`."""
OUTCOMES = {"completed": "completed", "no_answer": "no_answer", "busy": "declined", "failed": "failed"}
_DECISION = msgspec.json.Decoder(CallDecision)


class Calls:
    """The calls of all accounts."""

    def __init__(
        self,
        services: Services,
        data: Data,
        *,
        signing: Signing,
        contacts: Contacts,
        allowance: Allowance,
        transcripts: Transcripts,
        views: CallViews,
        deliveries: Deliveries,
        streams: MediaStreams,
    ) -> None:
        self.services = services
        self.data = data
        self.signing = signing
        self.contacts = contacts
        self.allowance = allowance
        self.transcripts = transcripts
        self.views = views
        self.deliveries = deliveries
        self.streams = streams
        self.services.clock.on(DECISION_TIMEOUT, self.on_decision_timeout)

    # -- place ------

    def place(self, caller: Caller, body: CallBody) -> CallView:
        """Place a call. Raises ApiError; then no phone rings."""
        number = self._calling_number(caller, body)
        identity = self.data.identity_of(number)
        check_e164("to_number", body.to_number)
        if body.to_number == number.number:
            raise errors.invalid("to_number", "is not the calling number itself")
        url = body.client_websocket_url or identity.handling.websocket_url
        on_voicemail = self._check_mode(caller, identity, body, url)
        self.contacts.check_outbound(identity, body.to_number)
        self.allowance.check(number.account)
        hosted = body.mode == "hosted_agent"
        script = self.services.scripts.take(
            "call",
            vendor=NAME,
            account=number.account,
            to=body.to_number,
            senders=(number.id, number.number),
            tag=None,
        )
        detail = self.data.calls.add(
            CallDetail(
                id=new_id(self.services, number.account, "call"),
                account=number.account,
                identity=identity.id,
                number_id=number.id,
                remote_number=body.to_number,
                mode=body.mode,
                websocket_url=None if hosted else url,
                reason=body.reason,
                authority=body.hosted_agent_authority_mode or (identity.authority if hosted else "contact_scoped"),
                on_voicemail=on_voicemail,
                voicemail_message=body.voicemail_message,
                updated_at=self.services.clock.now(number.account),
            )
        )
        script = script or Script()
        assign(self.services, detail, script.analysis)
        played, machine = _to_voicemail(script, detail)
        self.data.calls.update(detail, scripted=hosted or machine, machine=machine)
        call = self.services.calls.place(
            id_=detail.id,
            vendor=NAME,
            account=number.account,
            number_id=number.id,
            number=number.number,
            remote_number=body.to_number,
            script=played,
            recording=False,
            live=LiveTerms(interactive=False) if hosted or machine else LiveTerms(greeting_delay=0.0),
        )
        self.allowance.add(call)
        view = self.views.view(call)
        view.rate_limit = self.allowance.used(number.account)
        return view

    def _calling_number(self, caller: Caller, body: CallBody) -> Number:
        """Return the number that calls. Raises ApiError 400 for an unknown one, 422 if none is named."""
        if body.origination != "dedicated_number":
            raise errors.invalid("origination", "is dedicated_number: iMessage lines are not emulated")
        if body.from_number is not None:
            number = self.data.owned_number(caller.account, body.from_number)
            if number is None or not caller.sees(number.identity):
                raise errors.error("unknown_sender", f"{body.from_number} is not an active number of the organization.")
            return number
        if body.agent_identity_id is None and caller.agent is None:
            raise errors.invalid("from_number", "is required with an admin-scoped key")
        identity = self.data.identity(caller, body.agent_identity_id)
        if identity.number_id is None:
            raise errors.error("unknown_sender", f"The identity {identity.handle} has no active number.")
        return self.data.numbers[identity.number_id]

    def _check_mode(self, caller: Caller, identity: Identity, body: CallBody, url: str | None) -> OnVoicemail:
        """Check the fields that depend on the mode; return what happens on voicemail. Raises ApiError 403, 422."""
        hosted = body.mode == "hosted_agent"
        if hosted:
            if not body.reason:
                raise errors.invalid("reason", "is required for hosted_agent")
            if body.client_websocket_url is not None:
                raise errors.invalid("client_websocket_url", "does not go with hosted_agent")
        else:
            if url is None:
                raise errors.invalid("client_websocket_url", "is required: the number has none either")
            if body.reason is not None:
                raise errors.invalid("reason", "goes with hosted_agent alone")
        if body.hosted_agent_authority_mode == "yolo":
            if not hosted:
                raise errors.invalid("hosted_agent_authority_mode", "yolo goes with hosted_agent alone")
            if identity.authority != "yolo":
                caller.require_admin("Calling with more authority than the identity's")
        alias: dict[str | None, OnVoicemail | None] = {"enabled": "hang_up", "disabled": "ignore", None: None}
        older = alias[body.voicemail_detection]
        if older is not None and body.on_voicemail not in (None, older):
            raise errors.error("unprocessable", "voicemail_detection and on_voicemail contradict each other.")
        chosen = body.on_voicemail or older or ("leave_message" if hosted else "hang_up")
        if chosen == "leave_message" and not hosted:
            raise errors.invalid("on_voicemail", "leave_message goes with hosted_agent alone")
        if body.voicemail_message is not None and chosen != "leave_message":
            raise errors.invalid("voicemail_message", "goes with on_voicemail leave_message")
        return chosen

    # -- receive ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of our numbers. Raises NumberNotFound, ScriptError."""
        number = self.data.active_number(to)
        if number is None:
            raise NumberNotFound(to)
        check_call_script(script)
        identity = self.data.identity_of(number)
        allowed, _ = self.contacts.verdict(identity, caller, "inbound")
        handling = identity.handling
        hosted = handling.action == "hosted_agent"
        detail = self.data.calls.add(
            CallDetail(
                id=new_id(self.services, number.account, "call"),
                account=number.account,
                identity=identity.id,
                number_id=number.id,
                remote_number=caller,
                mode="hosted_agent" if hosted and allowed else "client_websocket",
                websocket_url=handling.websocket_url if handling.action in ("auto_accept", "webhook") else None,
                blocked=not allowed,
                authority=identity.authority if hosted else "contact_scoped",
                scripted=hosted,
                updated_at=self.services.clock.now(number.account),
            )
        )
        assign(self.services, detail, script.analysis)
        forwarded = allowed and handling.action == "forward"
        live = LiveTerms(interactive=False) if hosted else LiveTerms(greeting_delay=GREETING_DELAY)
        call = self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=number.account,
            number_id=number.id,
            number=to,
            remote_number=caller,
            script=script,
            live=None if forwarded else live,
        )
        if not allowed or handling.action == "auto_reject":
            self.reject(call)
        elif handling.action == "webhook":
            self._request_decision(call, detail, number, identity)
        elif forwarded:
            self._forward(call, detail, identity)
        return call

    def reject(self, call: Call) -> None:
        """End a call without answering it, as rejected."""
        self.data.calls.update(self.data.calls[call.id], hangup_reason="rejected")
        self.services.calls.hang_up(call)

    def _forward(self, call: Call, detail: CallDetail, identity: Identity) -> None:
        handling, now = identity.handling, self.services.clock.now(call.account)
        target = handling.target_number if handling.target_type == "phone" else handling.target_sip
        forward = Forward(
            id=new_id(self.services, call.account, "passage"),
            target_type=handling.target_type or "phone",
            target=target or "",
            requested_at=now,
            dialing_at=now,
            status="dialing",
        )
        self.data.calls.update(detail, forwards=[forward])

    def _request_decision(self, call: Call, detail: CallDetail, number: Number, identity: Identity) -> None:
        """Ask the customer's webhook how to handle a call."""
        url = identity.handling.webhook_url or ""
        self.services.calls.defer_answer(call)
        timer = self.services.clock.after(DECISION_TIME, call.account, DECISION_TIMEOUT, call.id)
        self.data.calls.update(detail, decision_timer=timer)
        view, started = self.views.view(call), self.services.clock.now(call.account)
        fields = _shared_fields(view, IncomingCall) | {"rate_limit": self.allowance.used(call.account)}
        agents = self.deliveries.agents(call.account, call.remote_number)
        body = encode(IncomingCall(**fields, phone_number_id=number.id, contacts=[], agent_identities=agents))

        def on_response(response: WebhookResponse) -> None:
            self.deliveries.log_request(number, call.id, url, body, response, started)
            self.decide(call, identity, response)

        self.services.outbox.request(
            vendor=NAME,
            account=call.account,
            event=INCOMING_CALL,
            subject=call.id,
            url=url,
            secret=self.signing.key(identity),
            body=body,
            on_response=on_response,
        )

    def decide(self, call: Call, identity: Identity, response: WebhookResponse) -> None:
        """Handle a call as the webhook's response says; reject it unless that is a valid decision."""
        detail = self.data.calls[call.id]
        self.services.clock.cancel(detail.decision_timer)
        self.data.calls.update(detail, decision_timer=None)
        if call.state != "ringing":
            return
        decision = _decision(response)
        if decision is None or decision.action == "reject":
            self.reject(call)
            return
        if decision.action == "ignore":
            self.services.calls.no_answer(call)
            return
        url = decision.client_websocket_url or identity.handling.websocket_url
        if url is None or not url.startswith(("ws://", "wss://")):
            self.reject(call)
            return
        self.data.calls.update(detail, websocket_url=url)
        self.services.calls.answer(call)

    def on_decision_timeout(self, id_: str) -> None:
        """Reject a call whose webhook has not responded in time."""
        call = self.services.calls.records.get(id_)
        if call is not None and call.state == "ringing" and self.data.calls[id_].decision_timer is not None:
            self.data.calls.update(self.data.calls[id_], decision_timer=None)
            self.reject(call)

    # -- changes ------

    def on_changed(self, call: Call) -> None:
        """Handle a change of a call's state."""
        detail = self.data.calls[call.id]
        if call.state == "ringing":
            return
        now = self.services.clock.now(call.account)
        self.data.calls.update(detail, updated_at=now)
        if call.state == "in_progress":
            if detail.forwards:
                forward = detail.forwards[-1]
                forward.status, forward.connected_at = "forwarded", now
            elif call.live is not None and call.live.interactive:
                self.streams.open(call)
        elif call.state in FINAL:
            self.on_ended(call, detail, now)

    def on_ended(self, call: Call, detail: CallDetail, now: int) -> None:
        """Handle the end of a call: record why, close its stream, publish `call.ended`."""
        self.services.clock.cancel(detail.decision_timer)
        if detail.machine and call.ended_by == "caller":
            self.data.calls.update(detail, hangup_reason="voicemail")
        reason = detail.hangup_reason or _hangup_reason(call)
        self.data.calls.update(detail, ended=True, decision_timer=None, hangup_reason=reason)
        if detail.forwards:
            forward = detail.forwards[-1]
            forward.ended_at = now
            if forward.status != "forwarded":
                forward.status, forward.failure_code = "failed", call.state
        self.streams.close(call, reason or "remote")
        if not detail.blocked:
            self.publish_ended(call, detail)

    def on_live_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Handle a step of a live call."""
        detail = self.data.calls[call.id]
        if event == "turn_recorded" and turn is not None:
            heard = turn.speaker == "caller" and (detail.scripted or detail.stt is not False)
            if heard or (turn.speaker == "agent" and turn.text):
                self.transcripts.add(call, "remote" if turn.speaker == "caller" else "local", turn.text, turn.at)
        if not detail.scripted:
            self.streams.on_live_event(call, event, turn)

    def publish_ended(self, call: Call, detail: CallDetail) -> None:
        """Publish `call.ended`."""
        rows = self.deliveries.subscribed(self.data.identities[detail.identity], CALL_ENDED)
        if not rows:
            return
        view = self.views.view(call)
        url = f"{self.services.base_url(NAME)}{PHONE}/calls/{call.id}/transcripts"
        entries, abridged = self.transcripts.entries(call)
        duration = call.duration if call.answered_at is not None else None
        data = CallData(
            call=EndedCall(**_shared_fields(view, EndedCall), duration_seconds=duration),
            contacts=[],
            agent_identities=self.deliveries.agents(call.account, call.remote_number),
            transcript=Transcript(entries, abridged, url) if entries else None,
            transcript_url=url,
            outcome=OUTCOMES[call.state] if detail.mode == "hosted_agent" else None,
            post_call_action_items=view.post_call_action_items,
        )
        self.deliveries.publish(rows, CALL_ENDED, call.id, lambda _: data)

    def hang_up(self, call: Call) -> CallView:
        """End a call. Raises ApiError 409 if it has ended already."""
        if call.state in FINAL:
            raise errors.error("conflict", "This call has ended.")
        self.services.calls.hang_up(call)
        return self.views.view(call)

    def end_all(self, number: Number) -> None:
        """End the calls of a number that is released."""
        for detail in self.data.calls.oldest("under_way", number.id):
            self.services.calls.hang_up(self.services.calls.records[detail.id])

    # -- lookups and lists ------

    def find(self, caller: Caller, id_: str, number: Number | None = None) -> Call:
        """Return a call that a caller sees, with `number` only of that one. Raises ApiError 404."""
        detail = self.data.calls.get(id_.lower()) if is_uuid(id_) else None
        if (
            detail is None
            or detail.account != caller.account
            or not caller.sees(detail.identity)
            or (number is not None and detail.number_id != number.id)
            or (detail.blocked and caller.agent is not None)
        ):
            raise errors.not_found("call")
        return self.services.calls.records[detail.id]

    def list_calls(
        self, caller: Caller, owner: Number | Identity, kind: TextKind, within: TimeRange, offset: int, limit: int
    ) -> list[CallView]:
        """Return a page of the calls of a number or an identity, newest first."""
        seen = caller.visible_kind(kind)
        if seen is None:
            return []
        index = f"{'number' if isinstance(owner, Number) else 'identity'}_{seen}"
        if not within:
            details = self.data.calls.slice(index, owner.id, offset, limit)
            return [self.views.view(self.services.calls.records[detail.id]) for detail in details]
        calls = (self.services.calls.records[detail.id] for detail in self.data.calls.newest(index, owner.id))
        found = within.cut(calls, lambda call: call.started_at)
        return [self.views.view(call) for call in islice(found, offset, offset + limit)]

    def tool_log(self, call: Call, offset: int, limit: int) -> ToolInvocations:
        """Return a page of a call's tool invocations."""
        return tool_log(self.services, call, self.data.calls[call.id], offset, limit)


def _shared_fields(view: CallView, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the fields of a call that the body of a webhook has, too."""
    return {name: getattr(view, name) for name in kind.__struct_fields__ if hasattr(view, name)}


def _decision(response: WebhookResponse) -> CallDecision | None:
    if response.status != 200 or not response.whole:
        return None
    try:
        return _DECISION.decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _hangup_reason(call: Call) -> str | None:
    if call.state == "completed":
        return HANGUP_REASONS.get(call.ended_by or "", "remote")
    return "rejected" if call.state == "busy" else None


def _to_voicemail(script: Script, detail: CallDetail) -> tuple[Script, bool]:
    """Return the script of a call that a voicemail with a greeting may answer, and whether the call ends there."""
    if script.voicemail is None:
        return script, False
    turns = [ScriptedTurn("caller", script.voicemail)]
    if detail.on_voicemail == "leave_message":
        turns.append(ScriptedTurn("agent", detail.voicemail_message or detail.reason or "Please call back."))
    plain = replace(script, voicemail=None, language=None, translation=None, summary=None, turns=turns)
    return plain, detail.on_voicemail != "ignore"

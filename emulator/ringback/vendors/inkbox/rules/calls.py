"""Calls, placed and received, their transcripts, and how they are decided."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ringback.carrier.call import FINAL, Call, CallEvent
from ringback.carrier.clock import SECOND, iso_exact
from ringback.carrier.conversation import LiveTerms
from ringback.carrier.script import Script, ScriptedTurn, Turn, check_call_script
from ringback.gateway.asgi import encode
from ringback.gateway.search import SearchableCollection
from ringback.gateway.vendor import NumberNotFound
from ringback.gateway.webhook_response import WebhookResponse
from ringback.store import Collection
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.events import INCOMING_CALL, CallData, CallPart, Entry, IncomingCall, Transcript
from ringback.vendors.inkbox.records import CallDetail, Identity, Number, OnVoicemail, Passage, Utterance
from ringback.vendors.inkbox.rules.common import NAME, PHONE, Caller, is_e164, is_uuid, new_id
from ringback.vendors.inkbox.rules.messages import Kind, Span, sight
from ringback.vendors.inkbox.rules.post_call_items import assign, items, tool_log
from ringback.vendors.inkbox.wire import (
    CallBody,
    CallDecision,
    CallView,
    Connection,
    Forwarding,
    ToolInvocations,
    TranscriptView,
)

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

UNDECIDED = "inkbox.call.undecided"
DECIDED_WITHIN = 30 * SECOND
"""How long a call waits for its webhook at most, whatever becomes of the question."""
DIALLING = SECOND
"""How long an outbound call is `initiated` before it rings."""
GREETED_WITHIN = 1.0
"""Seconds that a caller gives the agent to say hello before it speaks."""
MAX_ENTRIES = 100
"""Turns of a transcript that an event carries; of a longer one the middle is left out."""
REASONS = {"caller": "remote", "agent": "local", "limit": "max_duration", "silence": "local"}
SCRIPTED_REASONS = {"no_answer": None, "busy": "rejected", "failed": None}
STATUSES = {
    "ringing": "ringing",
    "in_progress": "answered",
    "completed": "completed",
    "no_answer": "canceled",
    "busy": "failed",
    "failed": "failed",
}
OUTCOMES = {"completed": "completed", "no_answer": "no_answer", "busy": "declined", "failed": "failed"}
_DECISION = msgspec.json.Decoder(CallDecision)


class Phones:
    """The calls of all accounts."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.details: Collection[CallDetail] = Collection(
            CallDetail,
            line_any=lambda detail: detail.line,
            line_clear=lambda detail: None if detail.blocked else detail.line,
            line_blocked=lambda detail: detail.line if detail.blocked else None,
            identity_any=lambda detail: detail.identity,
            identity_clear=lambda detail: None if detail.blocked else detail.identity,
            identity_blocked=lambda detail: detail.identity if detail.blocked else None,
            peer=lambda detail: None if detail.blocked else (detail.line, detail.peer),
            under_way=lambda detail: None if detail.over else detail.line,
        )
        self.utterances: SearchableCollection[Utterance] = SearchableCollection(
            Utterance,
            text=lambda row: row.text,
            scopes=lambda row: ((row.line, "any"), (row.line, row.party)),
            call=lambda row: row.call,
        )
        self.services.clock.on(UNDECIDED, self._undecided)

    # -- placing ------

    async def check_socket(self, body: CallBody) -> None:
        """Whether the agent's socket may be opened. Raises ApiError 422."""
        if body.client_websocket_url is not None:
            await self.backend.lines.check_socket(body.client_websocket_url, "client_websocket_url")

    def place(self, caller: Caller, body: CallBody) -> CallView:
        """Call somebody. Raises ApiError; then nobody's phone rings."""
        number, identity = self._caller_line(caller, body)
        if not is_e164(body.to_number):
            raise errors.invalid("to_number", "is a number in E.164, such as +12125550142")
        if body.to_number == number.number:
            raise errors.invalid("to_number", "is not the calling number itself")
        socket = body.client_websocket_url or identity.handling.websocket_url
        on_voicemail = self._check_mode(caller, identity, body, socket)
        self.backend.contacts.check_outbound(identity, body.to_number)
        self.backend.allowance.check(number.account)
        hosted = body.mode == "hosted_agent"
        script = self.services.scripts.take(
            "call",
            vendor=NAME,
            account=number.account,
            to=body.to_number,
            senders=(number.id, number.number),
            tag=None,
        )
        detail = self.details.add(
            CallDetail(
                id=new_id(self.services, number.account, "call"),
                account=number.account,
                identity=identity.id,
                line=number.id,
                peer=body.to_number,
                mode=body.mode,
                websocket_url=None if hosted else socket,
                reason=body.reason,
                authority=body.hosted_agent_authority_mode or (identity.authority if hosted else "contact_scoped"),
                on_voicemail=on_voicemail,
                voicemail_message=body.voicemail_message,
                updated_at=self.services.clock.now(number.account),
            )
        )
        script = script or Script()
        assign(self.services, detail, script.analysis)
        played, machine = _to_machine(script, detail)
        self.details.update(detail, scripted=hosted or machine, machine=machine)
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
        self.backend.allowance.add(call)
        view = self.view(call)
        view.rate_limit = self.backend.allowance.used(number.account)
        return view

    def _caller_line(self, caller: Caller, body: CallBody) -> tuple[Number, Identity]:
        """The number that calls. Raises ApiError 400 for one that is not the organization's, 422 where none is named."""
        if body.origination != "dedicated_number":
            raise errors.invalid("origination", "is dedicated_number: iMessage lines are not emulated")
        identities = self.backend.identities
        if body.from_number is not None:
            number = self.backend.lines.owned(caller.account, body.from_number)
            if number is None or not caller.sees(number.identity):
                raise errors.InkboxError(400, f"{body.from_number} is not an active number of the organization.")
            return number, identities.records[number.identity]
        if body.agent_identity_id is None and caller.agent is None:
            raise errors.invalid("from_number", "is required with an admin-scoped key")
        identity = identities.meant(caller, body.agent_identity_id)
        if identity.number is None:
            raise errors.InkboxError(400, f"The identity {identity.handle} has no active number.")
        return self.backend.lines.records[identity.number], identity

    def _check_mode(self, caller: Caller, identity: Identity, body: CallBody, socket: str | None) -> OnVoicemail:
        """Whether what is asked for goes together; gives what is done about a voicemail. Raises ApiError 422 or 403."""
        hosted = body.mode == "hosted_agent"
        if hosted:
            if not body.reason:
                raise errors.invalid("reason", "is needed for hosted_agent")
            if body.client_websocket_url is not None:
                raise errors.invalid("client_websocket_url", "does not go with hosted_agent")
        else:
            if socket is None:
                raise errors.invalid("client_websocket_url", "is required: the number has none either")
            if body.reason is not None:
                raise errors.invalid("reason", "goes with hosted_agent alone")
        if body.hosted_agent_authority_mode == "yolo":
            if not hosted:
                raise errors.invalid("hosted_agent_authority_mode", "yolo goes with hosted_agent alone")
            if identity.authority != "yolo":
                caller.admin("Calling with more authority than the identity's")
        alias: dict[str | None, OnVoicemail | None] = {"enabled": "hang_up", "disabled": "ignore", None: None}
        older = alias[body.voicemail_detection]
        if older is not None and body.on_voicemail not in (None, older):
            raise errors.unprocessable("voicemail_detection and on_voicemail contradict each other.")
        chosen = body.on_voicemail or older or ("leave_message" if hosted else "hang_up")
        if chosen == "leave_message" and not hosted:
            raise errors.invalid("on_voicemail", "leave_message goes with hosted_agent alone")
        if body.voicemail_message is not None and chosen != "leave_message":
            raise errors.invalid("voicemail_message", "goes with on_voicemail leave_message")
        return chosen

    # -- receiving ------

    def receive(self, to: str, peer: str, script: Script) -> Call:
        """Somebody calls one of our numbers. Raises NumberNotFound, ScriptError."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME:
            raise NumberNotFound(to)
        check_call_script(script)
        number = self.backend.lines.records[assigned.number_id]
        identity = self.backend.identities.records[number.identity]
        allowed, _ = self.backend.contacts.verdict(identity, peer, "inbound")
        handling = identity.handling
        hosted = handling.action == "hosted_agent"
        detail = self.details.add(
            CallDetail(
                id=new_id(self.services, number.account, "call"),
                account=number.account,
                identity=identity.id,
                line=number.id,
                peer=peer,
                mode="hosted_agent" if hosted and allowed else "client_websocket",
                websocket_url=handling.websocket_url if handling.action in ("auto_accept", "webhook") else None,
                blocked=not allowed,
                authority=identity.authority if hosted else "contact_scoped",
                scripted=hosted,
                updated_at=self.services.clock.now(number.account),
            )
        )
        assign(self.services, detail, script.analysis)
        passed_on = allowed and handling.action == "forward"
        live = (
            None if passed_on else LiveTerms(interactive=False) if hosted else LiveTerms(greeting_delay=GREETED_WITHIN)
        )
        call = self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=number.account,
            number_id=number.id,
            number=to,
            remote_number=peer,
            script=script,
            live=live,
        )
        if not allowed or handling.action == "auto_reject":
            self._decline(call)
        elif handling.action == "webhook":
            self._ask(call, detail, number, identity)
        elif passed_on:
            self._pass_on(call, detail, identity)
        return call

    def _decline(self, call: Call) -> None:
        self.details.update(self.details[call.id], hangup="rejected")
        self.services.calls.hang_up(call)

    def _pass_on(self, call: Call, detail: CallDetail, identity: Identity) -> None:
        """The call is put through to somebody else."""
        handling, now = identity.handling, self.services.clock.now(call.account)
        target = handling.target_number if handling.target_type == "phone" else handling.target_sip
        passage = Passage(
            id=new_id(self.services, call.account, "passage"),
            target_type=handling.target_type or "phone",
            target=target or "",
            requested_at=now,
            dialing_at=now,
            status="dialing",
        )
        self.details.update(detail, passages=[passage])

    def _ask(self, call: Call, detail: CallDetail, number: Number, identity: Identity) -> None:
        """Ask the customer's webhook what to do with a call."""
        url = identity.handling.webhook_url or ""
        self.services.calls.defer_answer(call)
        self.details.update(
            detail, undecided=self.services.clock.after(DECIDED_WITHIN, call.account, UNDECIDED, call.id)
        )
        view, started = self.view(call), self.services.clock.now(call.account)
        body = encode(
            IncomingCall(
                id=call.id,
                phone_number_id=number.id,
                local_phone_number=number.number,
                remote_phone_number=call.remote_number,
                direction="inbound",
                status=view.status,
                client_websocket_url=view.client_websocket_url,
                use_inkbox_tts=None,
                use_inkbox_stt=None,
                hangup_reason=None,
                started_at=None,
                ended_at=None,
                created_at=view.created_at,
                updated_at=view.updated_at,
                rate_limit=self.backend.allowance.used(call.account),
                contacts=[],
                agent_identities=self.backend.hooks.agents(call.account, call.remote_number),
            )
        )

        def answered(reply: WebhookResponse) -> None:
            self.backend.hooks.log_question(number, call.id, url, body, reply, started)
            self._decide(call, identity, reply)

        self.services.outbox.request(
            vendor=NAME,
            account=call.account,
            event=INCOMING_CALL,
            subject=call.id,
            url=url,
            secret=self.backend.signing.key(identity),
            body=body,
            on_response=answered,
        )

    def _decide(self, call: Call, identity: Identity, reply: WebhookResponse) -> None:
        """What the webhook's answer means: anything but a clear answer declines."""
        detail = self.details[call.id]
        self.services.clock.cancel(detail.undecided)
        self.details.update(detail, undecided=None)
        if call.state != "ringing":
            return
        decision = None
        if reply.status == 200 and reply.whole:
            try:
                decision = _DECISION.decode(reply.body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                decision = None
        if decision is not None and decision.action == "ignore":
            self.services.calls.no_answer(call)
            return
        url = (decision.client_websocket_url if decision is not None else None) or identity.handling.websocket_url
        if decision is None or decision.action != "answer" or url is None or not url.startswith(("ws://", "wss://")):
            self._decline(call)
            return
        self.details.update(detail, websocket_url=url)
        self.services.calls.answer(call)

    def _undecided(self, id_: str) -> None:
        call = self.services.calls.records.get(id_)
        if call is not None and call.state == "ringing" and self.details[id_].undecided is not None:
            self.details.update(self.details[id_], undecided=None)
            self._decline(call)

    # -- what happens ------

    def changed(self, call: Call) -> None:
        """A call came further."""
        detail = self.details[call.id]
        if call.state == "ringing":
            return
        now = self.services.clock.now(call.account)
        self.details.update(detail, updated_at=now)
        if call.state == "in_progress":
            if detail.passages:
                passage = detail.passages[-1]
                passage.status, passage.connected_at = "forwarded", now
            elif call.live is not None and call.live.interactive:
                self.backend.bridges.open(call)
        elif call.state in FINAL:
            self._over(call, detail, now)

    def _over(self, call: Call, detail: CallDetail, now: int) -> None:
        self.services.clock.cancel(detail.undecided)
        if detail.machine and call.ended_by == "caller":
            self.details.update(detail, hangup="voicemail")
        by = REASONS.get(call.ended_by or "", "remote" if call.state == "completed" else None)
        reason = detail.hangup or (by if call.state == "completed" else SCRIPTED_REASONS.get(call.state))
        self.details.update(detail, over=True, undecided=None, hangup=reason)
        if detail.passages:
            passage = detail.passages[-1]
            passage.ended_at = now
            if passage.status != "forwarded":
                passage.status, passage.failure_code = "failed", call.state
        self.backend.bridges.close(call, reason or "remote")
        if not detail.blocked:
            self._tell(call, detail)

    def break_off(self, call: Call) -> None:
        """A call whose agent cannot be reached."""
        self.details.update(self.details[call.id], broken=True, hangup="local")
        self.services.calls.hang_up(call)

    def talked(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """A live call came a step further."""
        detail = self.details[call.id]
        if event == "turn_recorded" and turn is not None:
            heard = turn.speaker == "caller" and (detail.scripted or detail.stt is not False)
            if heard or (turn.speaker == "agent" and turn.text):
                self.say(call, "remote" if turn.speaker == "caller" else "local", turn.text, turn.at)
        if not detail.scripted:
            self.backend.bridges.talked(call, event, turn)

    def say(self, call: Call, party: Any, text: str, at: float) -> None:
        """Put something said into the transcript, so many seconds after the answer."""
        detail = self.details[call.id]
        self.utterances.add(
            Utterance(
                id=new_id(self.services, call.account, "utterance"),
                account=call.account,
                call=call.id,
                line=call.number_id,
                number=call.number,
                place=detail.said,
                party=party,
                text=text,
                offset=round(at * 1000),
                at=self.services.clock.now(call.account),
            )
        )
        detail.said += 1

    def end_all(self, number: Number) -> None:
        """End the calls of a number that is given up."""
        for detail in self.details.oldest("under_way", number.id):
            self.services.calls.hang_up(self.services.calls.records[detail.id])

    def _tell(self, call: Call, detail: CallDetail) -> None:
        identity = self.backend.identities.records[detail.identity]
        if not self.backend.hooks.wanted(identity, "call.ended"):
            return
        view = self.view(call)
        url = f"{self.services.base_url(NAME)}{PHONE}/calls/{call.id}/transcripts"
        entries, abridged = self._entries(call)
        part = CallPart(
            id=view.id,
            origin=view.origin,
            local_phone_number=view.local_phone_number,
            remote_phone_number=view.remote_phone_number,
            direction=view.direction,
            status=view.status,
            hangup_reason=view.hangup_reason,
            started_at=view.started_at,
            ended_at=view.ended_at,
            created_at=view.created_at,
            updated_at=view.updated_at,
            duration_seconds=call.duration if call.answered_at is not None else None,
            mode=view.mode,
            reason=view.reason,
            hosted_agent_authority_mode=view.hosted_agent_authority_mode,
            voicemail_detection=view.voicemail_detection,
            on_voicemail=view.on_voicemail,
            forwardings=view.forwardings,
            connections=view.connections,
        )
        data = CallData(
            call=part,
            contacts=[],
            agent_identities=self.backend.hooks.agents(call.account, call.remote_number),
            transcript=Transcript(entries, abridged, url) if entries else None,
            transcript_url=url,
            outcome=OUTCOMES[call.state] if detail.mode == "hosted_agent" else None,
            post_call_action_items=view.post_call_action_items,
        )
        self.backend.hooks.tell_call(identity, call.id, data)

    def _entries(self, call: Call) -> tuple[list[Entry], bool]:
        rows = self.utterances.oldest("call", call.id)
        entries = [Entry(party=row.party, text=row.text, ts_ms=row.offset, phone_number=row.number) for row in rows]
        if len(rows) <= MAX_ENTRIES:
            return entries, False
        half = MAX_ENTRIES // 2
        left_out = rows[half:-half]
        lost = Entry(
            marker="abridged", omitted_turns=len(left_out), omitted_ms=left_out[-1].offset - left_out[0].offset
        )
        return [*entries[:half], lost, *entries[-half:]], True

    # -- hanging up ------

    def hang_up(self, caller: Caller, id_: str) -> CallView:
        """End a call from outside. Raises ApiError 404, 409 for one that has ended."""
        call = self.of(caller, id_)
        if call.state in FINAL:
            raise errors.conflict("This call has ended.")
        self.services.calls.hang_up(call)
        return self.view(call)

    # -- looking up and showing ------

    def of(self, caller: Caller, id_: str, number: Number | None = None) -> Call:
        """A call that a key sees, of this number where one is named. Raises ApiError 404."""
        detail = self.details.get(id_.lower()) if is_uuid(id_) else None
        if (
            detail is None
            or detail.account != caller.account
            or not caller.sees(detail.identity)
            or (number is not None and detail.line != number.id)
            or (detail.blocked and caller.agent is not None)
        ):
            raise errors.not_found("call")
        return self.services.calls.records[detail.id]

    def listed(
        self, caller: Caller, owner: Number | Identity, kind: Kind | None, span: Span, offset: int, limit: int
    ) -> list[CallView]:
        """The calls of a number or an identity, newest first."""
        seen = sight(caller, kind)
        if seen is None:
            return []
        index = f"{'line' if isinstance(owner, Number) else 'identity'}_{seen}"
        if not span:
            found = self.details.slice(index, owner.id, offset, limit)
        else:
            found = list(islice(self._within(index, owner.id, span), offset, offset + limit))
        return [self.view(self.services.calls.records[detail.id]) for detail in found]

    def _within(self, index: str, owner: str, span: Span) -> Iterator[CallDetail]:
        for detail in self.details.newest(index, owner):
            began = self.services.calls.records[detail.id].started_at
            if span.start is not None and began < span.start:
                return
            if span.end is None or began <= span.end:
                yield detail

    def with_peer(self, line: str, peer: str) -> Iterator[Call]:
        """The calls of a number with one other, newest first."""
        return (self.services.calls.records[detail.id] for detail in self.details.newest("peer", (line, peer)))

    def context(self, call: Call) -> dict[str, Any]:
        """A call as the context of an event shows it."""
        entries, abridged = self._entries(call)
        return {
            "call_id": call.id,
            "abridged": abridged,
            "transcript": entries,
            "direction": call.direction,
            "remote_number": call.remote_number,
            "duration": call.duration if call.answered_at is not None else None,
            "started_at": iso_exact(call.answered_at) if call.answered_at is not None else None,
        }

    def transcript(self, call: Call) -> list[TranscriptView]:
        """What was said in a call, in order."""
        return [self._said(row) for row in self.utterances.oldest("call", call.id)]

    def searched(self, number: Number, query: str, party: str | None, limit: int) -> list[TranscriptView]:
        """What was said on a number that has all words of a query, newest first."""
        found = self.utterances.search(query, (number.id, party or "any"))
        return [self._said(row) for row in islice(found, limit)]

    def _said(self, row: Utterance) -> TranscriptView:
        return TranscriptView(
            row.id, row.call, row.place, row.offset, row.party, row.text, row.number, iso_exact(row.at)
        )

    def tool_log(self, call: Call, offset: int, limit: int) -> ToolInvocations:
        """A page of the hosted agent's tool log."""
        return tool_log(self.services, call, self.details[call.id], offset, limit)

    def view(self, call: Call) -> CallView:
        """A call as it is now."""
        detail = self.details[call.id]
        return CallView(
            id=call.id,
            local_phone_number=call.number,
            remote_phone_number=call.remote_number,
            direction=call.direction,
            status=self._status(call, detail),
            client_websocket_url=detail.websocket_url,
            use_inkbox_tts=detail.tts,
            use_inkbox_stt=detail.stt,
            hangup_reason=detail.hangup if detail.over else None,
            started_at=iso_exact(call.answered_at) if call.answered_at is not None else None,
            ended_at=iso_exact(call.ended_at) if call.ended_at is not None else None,
            is_blocked=detail.blocked,
            origin="dedicated_number",
            mode=detail.mode,
            reason=detail.reason,
            hosted_agent_authority_mode=detail.authority,
            voicemail_detection="disabled" if detail.on_voicemail == "ignore" else "enabled",
            on_voicemail=detail.on_voicemail,
            post_call_action_items=items(call, detail),
            forwardings=[_forwarding(passage) for passage in detail.passages],
            connections=[_connection(passage) for passage in detail.passages],
            created_at=iso_exact(call.started_at),
            updated_at=iso_exact(detail.updated_at),
        )

    def _status(self, call: Call, detail: CallDetail) -> str:
        if detail.over and (detail.broken or detail.hangup == "rejected"):
            return "failed"
        if call.state == "ringing" and call.direction == "outbound":
            dialling = self.services.clock.now(call.account) < call.started_at + DIALLING
            return "initiated" if dialling else "ringing"
        return STATUSES[call.state]


def _to_machine(script: Script, detail: CallDetail) -> tuple[Script, bool]:
    """How a call goes that a machine takes, whose greeting is the script's `voicemail`; and whether it ends there."""
    if script.voicemail is None:
        return script, False
    said = [ScriptedTurn("caller", script.voicemail)]
    if detail.on_voicemail == "leave_message":
        said.append(ScriptedTurn("agent", detail.voicemail_message or detail.reason or "Please call back."))
    plain = replace(script, voicemail=None, language=None, translation=None, summary=None, turns=said)
    return plain, detail.on_voicemail != "ignore"


def _at(instant: int | None) -> str | None:
    return iso_exact(instant) if instant is not None else None


def _forwarding(passage: Passage) -> Forwarding:
    return Forwarding(
        passage.id,
        "incoming_action",
        passage.status,
        passage.target_type,
        passage.target,
        iso_exact(passage.requested_at),
        _at(passage.dialing_at),
        _at(passage.connected_at),
        _at(passage.ended_at),
        passage.failure_code,
    )


def _connection(passage: Passage) -> Connection:
    status = "connected" if passage.status == "forwarded" else passage.status
    return Connection(
        passage.id,
        "handoff",
        "incoming_action",
        status,
        passage.target_type,
        passage.target,
        iso_exact(passage.requested_at),
        _at(passage.dialing_at),
        _at(passage.connected_at),
        _at(passage.ended_at),
        passage.failure_code,
    )

"""Calls: placing, receiving, how they end, how they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from ringback.carrier.call import FINAL, Call
from ringback.carrier.clock import SECOND, iso_exact
from ringback.carrier.conversation import LiveTerms
from ringback.carrier.script import (
    VOICEMAIL,
    Script,
    ScriptedTurn,
    ScriptError,
    Turn,
    check_call_script,
    draw_dialogue,
)
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import CallEndedData, EventView
from ringback.vendors.agentphone.prices import MAX_CALL_MINUTES, call_cost
from ringback.vendors.agentphone.records import Agent, CallDetail, Number, VoiceMode
from ringback.vendors.agentphone.rules.common import NAME, iso_or_none, new_id, settings_of
from ringback.vendors.agentphone.rules.contacts import Contacts
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.message_views import MessageViews
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.webhooks import Webhooks
from ringback.vendors.agentphone.wire.requests import CallBody, WebCallBody
from ringback.vendors.agentphone.wire.responses import CallView, TranscriptLine, TranscriptView, TurnView, WebCallView

Direction = Literal["inbound", "outbound", "web"]
WEB = "web"
"""The peer of a call that a browser joins."""
TOKEN_VALIDITY = 30 * SECOND
CONFIDENCE = {"fast": 0.92, "accurate": 0.97}
"""Of each speech recognition mode: ours."""
STATES = {"in_progress": "in-progress", "no_answer": "no-answer"}
DISCONNECTION_REASONS = {
    "caller": "user_hangup",
    "agent": "agent_hangup",
    "limit": "max_duration_reached",
    "silence": "inactivity",
}
UNANSWERED_REASONS = {"no_answer": "dial_no_answer", "busy": "dial_busy", "failed": "dial_failed"}
SNIPPET_LENGTH = 200
ANALYSIS: Mapping[str, type] = {"summary": str, "userSentiment": str, "callSuccessful": bool}
"""The fields of a call's analysis that a script may set."""
_VARIABLE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


class Calls:
    """The calls of all accounts."""

    def __init__(
        self, services: Services, data: Data, money: Money, contacts: Contacts, views: MessageViews, webhooks: Webhooks
    ) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.contacts = contacts
        self.views = views
        self.webhooks = webhooks

    # -- placing ------

    def place(self, account: str, project: str, body: CallBody) -> Call:
        """Place a call.

        With a prompt, or for a hosted agent, a built-in model speaks: the script says what. Otherwise the agent's
        webhook does. Raises ApiError; then no phone rings.
        """
        agent = self.data.agent(account, body.agent_id)
        number = self.caller_number(agent, body.from_number_id)
        if body.to_number == number.phone_number:
            raise errors.invalid("toNumber", "is the number that calls")
        mode: VoiceMode = "hosted" if body.system_prompt is not None else agent.voice_mode
        interactive = mode == "webhook"
        if interactive and self.webhooks.receiver(account, agent.project, agent.id) is None:
            raise errors.error("WEBHOOK_NOT_CONFIGURED")
        self.money.check(account, call_cost(mode, _removes_speech(agent), 60))
        script = self._script(account, body.to_number, number)
        detail = self._detail(agent, number, "outbound", mode, interactive, script)
        greeting = body.initial_greeting if body.initial_greeting is not None else agent.begin_message
        detail.greeting = _filled(greeting, body.variables)
        played = self._played(script, detail)
        check_call_script(played)
        self._add(detail)
        return self.services.calls.place(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number.id,
            number=number.phone_number,
            remote_number=body.to_number,
            script=played,
            recording=not body.disable_recording,
            live=_terms(agent, interactive),
        )

    def caller_number(self, agent: Agent, id_: str | None) -> Number:
        """Return the number that calls: the given one, or the agent's first. Raises ApiError 400."""
        numbers = self.data.numbers_of(agent.id)
        if not numbers and id_ is None:
            raise errors.error("NUMBER_NOT_ATTACHED", "The agent has no number: attach one first.")
        found = numbers[0] if id_ is None else next((number for number in numbers if number.id == id_), None)
        if found is None:
            raise errors.error("NUMBER_NOT_ATTACHED")
        return found

    def _script(self, account: str, to: str, number: Number | None) -> Script:
        senders = (number.id, number.phone_number) if number is not None else (WEB,)
        script = self.services.scripts.take("call", vendor=NAME, account=account, to=to, senders=senders, tag=None)
        return script or Script()

    def place_web(self, account: str, body: WebCallBody) -> WebCallView:
        """Start a call that a browser joins; it plays the script that waits for `to: web`. Raises ApiError 404."""
        agent = self.data.agent(account, body.agent_id)
        number = next(iter(self.data.numbers_of(agent.id)), None)
        script = self._script(account, WEB, number)
        has_webhook = self.webhooks.receiver(account, agent.project, agent.id) is not None
        interactive = agent.voice_mode == "webhook" and has_webhook
        detail = self._detail(agent, number, "web", agent.voice_mode, interactive, script)
        detail.metadata = body.metadata
        detail.greeting = _filled(agent.begin_message, body.variables)
        self._add(detail)
        call = self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number.id if number is not None else "",
            number=number.phone_number if number is not None else WEB,
            remote_number=WEB,
            script=self._played(script, detail),
            live=_terms(agent, interactive),
        )
        token = f"wct_{self.services.streams(NAME, account, 'token').hex(32)}"
        expires_at = iso_exact(self.services.clock.now(account) + TOKEN_VALIDITY)
        status = _status(call, detail)
        return WebCallView(call.id, call.id, token, expires_at, agent.id, "web", status, body.metadata)

    def hang_up(self, call: Call) -> CallView:
        """Hang up, and return the call as it was before."""
        view = self.view_with_turns(call)
        self.services.calls.hang_up(call)
        return view

    # -- receiving ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Receive a call to one of our numbers.

        A webhook says what its agent says if there is one, otherwise the script speaks for both sides. Raises
        NumberNotFound, and ScriptError for a script that cannot be played.
        """
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        check_call_script(script)
        number = self.data.numbers[assigned.number_id]
        agent = self.data.agents.get(number.agent) if number.agent is not None else None
        mode: VoiceMode = agent.voice_mode if agent is not None else "webhook"
        has_webhook = self.webhooks.receiver(number.account, number.project, number.agent) is not None
        interactive = mode == "webhook" and has_webhook
        detail = self._detail(agent, number, "inbound", mode, interactive, script)
        detail.greeting = agent.begin_message if agent is not None else None
        played = self._played(script, detail)
        check_call_script(played)
        self._add(detail)
        return self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=number.account,
            number_id=number.id,
            number=to,
            remote_number=caller,
            script=played,
            live=_terms(agent, interactive),
        )

    # -- the course of a call ------

    def _detail(
        self,
        agent: Agent | None,
        number: Number | None,
        direction: Direction,
        mode: VoiceMode,
        interactive: bool,
        script: Script,
    ) -> CallDetail:
        owner = agent or number
        if owner is None:
            raise ValueError("a call has an agent or a number")
        account = owner.account
        return CallDetail(
            id=new_id(self.services, account, "call"),
            account=account,
            project=owner.project,
            at=self.services.clock.now(account),
            direction=direction,
            agent=agent.id if agent is not None else None,
            original_agent=agent.id if agent is not None else None,
            agent_name=agent.name if agent is not None else None,
            number=number.id if number is not None else None,
            voice_mode=mode,
            interactive=interactive,
            answering_machine=script.voicemail is not None and direction == "outbound",
            voicemail_message=agent.voicemail_message if agent is not None else None,
            transfer_number=agent.transfer_number if agent is not None else None,
            surcharge=agent is not None and _removes_speech(agent),
            confidence=CONFIDENCE[agent.stt_mode if agent is not None else "fast"],
            analysis=script.analysis,
        )

    def _add(self, detail: CallDetail) -> None:
        self.data.calls.add(detail)
        if detail.number is not None:
            self.data.numbers[detail.number].calls += 1

    def _played(self, script: Script, detail: CallDetail) -> Script:
        """Return a script as this call plays it.

        An answering machine says its greeting and hears the agent's message. Where both sides are scripted, the agent
        speaks its greeting first.
        """
        if script.end != "completed":
            return script
        if detail.answering_machine and script.voicemail is not None:
            spoken = [ScriptedTurn("caller", script.voicemail)]
            if detail.voicemail_message and not detail.interactive:
                spoken.append(ScriptedTurn("agent", detail.voicemail_message))
            return replace(
                script,
                voicemail=None,
                language=None,
                translation=None,
                summary=None,
                turns=spoken,
                outcome=script.outcome or VOICEMAIL,
            )
        if detail.interactive or not detail.greeting or script.voicemail is not None:
            return script
        stream = self.services.streams(NAME, detail.account, "dialogue")
        turns, outcome = script.turns, script.outcome
        if turns is None:
            turns, outcome = draw_dialogue(outcome, stream)
            if turns and turns[0].speaker == "agent":
                turns = turns[1:]
        if not turns or turns[0].speaker != "agent":
            turns = [ScriptedTurn("agent", detail.greeting), *turns]
        return replace(script, turns=turns, outcome=outcome)

    def check_analysis(self, analysis: Mapping[str, object]) -> None:
        """Check the fields of an analysis. Raises ScriptError."""
        for name, value in analysis.items():
            kind = ANALYSIS.get(name)
            if kind is None:
                raise ScriptError(f"analysis.{name}", f"the analysis has {', '.join(ANALYSIS)}, not {name}")
            if not isinstance(value, kind):
                word = "true or false" if kind is bool else "a string"
                raise ScriptError(f"analysis.{name}", f"{name} must be {word}")

    def on_changed(self, call: Call) -> None:
        """Greet when a call is answered; when it ends, charge it and send its event."""
        detail = self.data.calls[call.id]
        if call.state == "in_progress":
            if detail.interactive and detail.greeting and not detail.answering_machine:
                self.services.calls.live_calls.say(call, detail.greeting)
        elif call.state in FINAL:
            detail.seconds = call.duration
            detail.cost = call_cost(detail.voice_mode, detail.surcharge, call.duration)
            self.money.charge(call.account, detail.cost, "call", call.id)
            self._send_end(call, detail)

    def _send_end(self, call: Call, detail: CallDetail) -> None:
        webhook = self.webhooks.receiver(call.account, detail.project, detail.agent)
        if webhook is None or call.ended_at is None:
            return
        sender, to = ends(call, detail)
        analysis = detail.analysis or {}
        speakers = {turn.speaker for turn in call.turns or ()}
        succeeded = call.state == "completed" and speakers >= {"caller", "agent"}
        conversation = self.data.conversation_with(call.number_id, call.remote_number)
        data = CallEndedData(
            call_id=call.id,
            number_id=detail.number,
            from_=sender,
            to=to,
            contact=self.contacts.for_event(call.account, detail.project, call.remote_number),
            direction=detail.direction,
            status=_status(call, detail),
            started_at=iso_exact(call.started_at),
            ended_at=iso_exact(call.ended_at),
            duration_seconds=call.duration,
            disconnection_reason=_disconnection_reason(call, detail),
            transcript=transcript_lines(call.turns or ()),
            summary=analysis.get("summary"),
            user_sentiment=analysis.get("userSentiment"),
            call_successful=analysis.get("callSuccessful", succeeded),
        )
        history = []
        if conversation is not None:
            history = self.views.history(webhook, conversation.id, conversation.last_at + 1)
        view = EventView(
            event="agent.call_ended",
            channel="voice",
            timestamp=iso_exact(self.services.clock.now(call.account)),
            agent_id=detail.agent,
            data=data,
            conversation_state=conversation.metadata if conversation is not None else None,
            recent_history=history,
        )
        self.webhooks.send(webhook, view, call.id)

    def forget_agent(self, agent: str) -> None:
        """Remove a deleted agent from its calls."""
        for detail in self.data.calls.oldest("agent", agent):
            self.data.calls.update(detail, agent=None)

    # -- lookups and views ------

    def find(self, account: str, id_: str) -> Call:
        """Return an account's call. Raises ApiError 404."""
        call = self.services.calls.records.get(id_)
        if call is None or call.account != account or call.vendor != NAME:
            raise errors.error("CALL_NOT_FOUND")
        return call

    def matching(
        self, project: str, *, status: str | None, direction: str | None, kind: str | None, search: str | None
    ) -> list[CallDetail]:
        """Return a project's calls that match all given filters, newest first."""
        records = self.services.calls.records
        return [
            detail
            for detail in self.data.calls.newest("project", project)
            if direction in (None, detail.direction)
            and kind in (None, "web" if detail.direction == "web" else "pstn")
            and status in (None, _status(records[detail.id], detail))
            and (search is None or search in records[detail.id].number or search in records[detail.id].remote_number)
        ]

    def find_any(self, id_: str) -> Call:
        """Return a call of any account. Raises ApiError 404."""
        call = self.services.calls.records.get(id_)
        if call is None or id_ not in self.data.calls:
            raise errors.error("CALL_NOT_FOUND")
        return call

    def check_recording(self, call: Call) -> None:
        """Check that a recording can be downloaded. Raises ApiError 404."""
        if not (_recorded(call) and settings_of(self.services, call.account).recording):
            raise errors.error("RECORDING_NOT_FOUND")

    def view(self, detail: CallDetail) -> CallView:
        """Return a call as lists show it."""
        call = self.services.calls.records[detail.id]
        sender, to = ends(call, detail)
        recorded = _recorded(call)
        url = None
        if recorded and settings_of(self.services, call.account).recording:
            url = f"{self.services.base_url(NAME)}/v1/calls/{call.id}/recording"
        return CallView(
            id=call.id,
            agent_id=detail.agent,
            agent_name=detail.agent_name if detail.agent is not None else None,
            phone_number_id=detail.number,
            phone_number=call.number if detail.number is not None else None,
            from_number=sender,
            to_number=to,
            direction=detail.direction,
            status=_status(call, detail),
            started_at=iso_exact(call.started_at),
            ended_at=iso_or_none(call.ended_at),
            duration_seconds=call.duration if call.state in FINAL else None,
            last_transcript_snippet=call.turns[-1].text[:SNIPPET_LENGTH] if call.turns else None,
            recording_url=url,
            recording_available=recorded,
        )

    def view_with_turns(self, call: Call) -> CallView:
        """Return a call with its turns."""
        detail = self.data.calls[call.id]
        view = self.view(detail)
        view.transcripts = _turns(call, detail)
        return view

    def transcript(self, call: Call) -> TranscriptView:
        """Return the transcript so far."""
        return TranscriptView(_turns(call, self.data.calls[call.id]), transcript_lines(call.turns or ()))


def ends(call: Call, detail: CallDetail) -> tuple[str, str]:
    """Return who called, and who was called."""
    return (call.number, call.remote_number) if detail.direction == "outbound" else (call.remote_number, call.number)


def transcript_lines(turns: Sequence[Turn]) -> list[TranscriptLine]:
    """Return turns as lines of a transcript."""
    return [TranscriptLine("user" if turn.speaker == "caller" else "agent", turn.text) for turn in turns]


def _turns(call: Call, detail: CallDetail) -> list[TurnView]:
    """Return each turn of the caller with the agent's answer. What the agent says first is a turn of its own."""
    views: list[TurnView] = []
    for turn in call.turns or ():
        if turn.speaker == "agent" and views and (views[-1].transcript or views[-1].response is None):
            view = views[-1]
            view.response = turn.text if view.response is None else f"{view.response} {turn.text}"
            continue
        at = (call.answered_at or call.started_at) + round(turn.at * SECOND)
        from_caller = turn.speaker == "caller"
        views.append(
            TurnView(
                f"{call.id}_{len(views) + 1}",
                turn.text if from_caller else "",
                None if from_caller else turn.text,
                detail.confidence if from_caller else 1.0,
                iso_exact(at),
            )
        )
    return views


def _terms(agent: Agent | None, interactive: bool) -> LiveTerms:
    silence = agent.max_silence_ms / 1000 if agent is not None else None
    return LiveTerms(interactive=interactive, max_duration=MAX_CALL_MINUTES * 60.0, max_silence=silence)


def _removes_speech(agent: Agent) -> bool:
    """Return whether an agent's denoising, which costs more, removes background speech too."""
    return agent.denoising_mode != "noise-cancellation"


def _recorded(call: Call) -> bool:
    return call.state == "completed" and call.recording and call.duration > 0


def _status(call: Call, detail: CallDetail) -> str:
    """Return the vendor's status. An outbound call is in progress from the beginning."""
    if call.state == "ringing" and detail.direction != "inbound":
        return "in-progress"
    return STATES.get(call.state, call.state)


def _disconnection_reason(call: Call, detail: CallDetail) -> str:
    if call.state != "completed":
        return UNANSWERED_REASONS[call.state]
    if detail.transferred:
        return "call_transfer"
    if detail.answering_machine:
        return "voicemail_reached"
    return DISCONNECTION_REASONS[call.ended_by or "caller"]


def _filled(text: str | None, variables: Mapping[str, str | None] | None) -> str | None:
    """Return a text with its {{names}} replaced by the variables; unknown names stay."""
    if text is None or not variables:
        return text
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]) or "", text)

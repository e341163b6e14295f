"""Calls, placed and received: how they are driven, how they end, how they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ringback.carrier.call import FINAL, Call
from ringback.carrier.clock import SECOND
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
from ringback.gateway.vendor import NumberNotFound
from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import CallEndedData, EventView
from ringback.vendors.agentphone.prices import MAX_CALL_MINUTES, talk
from ringback.vendors.agentphone.records import Agent, CallDetail, Number, VoiceMode
from ringback.vendors.agentphone.rules.common import NAME, new_id, shown, shown_or_null
from ringback.vendors.agentphone.wire.bodies import CallBody, WebCallBody
from ringback.vendors.agentphone.wire.responses import CallView, Said, TranscriptView, TurnView, WebCallView

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

WEB = "web"
"""The far end of a call that a browser joins."""
TOKEN_WORKS = 30 * SECOND
SURE = {"fast": 0.92, "accurate": 0.97}
"""How sure each way of recognizing speech is: ours."""
STATES = {"in_progress": "in-progress", "no_answer": "no-answer"}
ENDINGS = {"caller": "user_hangup", "agent": "agent_hangup", "limit": "max_duration_reached", "silence": "inactivity"}
UNANSWERED = {"no_answer": "dial_no_answer", "busy": "dial_busy", "failed": "dial_failed"}
SNIPPET = 200
ANALYSIS: Mapping[str, type] = {"summary": str, "userSentiment": str, "callSuccessful": bool}
"""What a script may say of what the analysis of a call finds."""
_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


class Phones:
    """The calls of all accounts."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.details: Collection[CallDetail] = Collection(
            CallDetail,
            account=lambda detail: detail.account,
            project=lambda detail: detail.project,
            number=lambda detail: detail.number,
            agent=lambda detail: detail.agent,
        )

    # -- placing ------

    def place(self, account: str, project: str, body: CallBody) -> Call:
        """Call somebody. With a prompt, or for a hosted agent, a built-in model speaks, which is to say the script;
        otherwise the agent's webhook does. Raises ApiError; then nobody's phone rings."""
        agent = self.backend.agents.of(account, body.agent_id)
        number = self._from(agent, body.from_number_id)
        if body.to_number == number.phone_number:
            raise errors.invalid("toNumber", "is the number that calls")
        mode: VoiceMode = "hosted" if body.system_prompt is not None else agent.voice_mode
        interactive = mode == "webhook"
        if interactive and self.backend.hooks.for_(account, agent.project, agent.id) is None:
            raise errors.refusal(
                "WEBHOOK_NOT_CONFIGURED", "Nothing would drive this call: set a webhook, or give a systemPrompt."
            )
        hard = agent.denoising_mode != "noise-cancellation"
        self.backend.money.check(account, talk(mode, hard, 60))
        script = self._scripted(account, body.to_number, number)
        detail = self._detail(agent, number, "outbound", mode, interactive, script)
        greeting = body.initial_greeting if body.initial_greeting is not None else agent.begin_message
        detail.greeting = _filled(greeting, body.variables)
        played = self._played(script, detail, agent)
        check_call_script(played)
        self.details.add(detail)
        number.calls += 1
        return self.services.calls.place(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number.id,
            number=number.phone_number,
            remote_number=body.to_number,
            script=played,
            recording=not body.disable_recording,
            live=self._terms(agent, interactive),
        )

    def _from(self, agent: Agent, id_: str | None) -> Number:
        numbers = self.backend.lines.of_agent(agent.id)
        if id_ is not None:
            named = next((number for number in numbers if number.id == id_), None)
            if named is None:
                raise errors.refusal("NUMBER_NOT_ATTACHED", "The number is not this agent's.")
            return named
        if not numbers:
            raise errors.refusal("NUMBER_NOT_ATTACHED", "The agent has no number: attach one first.")
        return numbers[0]

    def _scripted(self, account: str, to: str, number: Number | None) -> Script:
        senders = (number.id, number.phone_number) if number is not None else (WEB,)
        script = self.services.scripts.take("call", vendor=NAME, account=account, to=to, senders=senders, tag=None)
        return script or Script()

    def place_web(self, account: str, body: WebCallBody) -> WebCallView:
        """A call that a browser joins: as its script says, which waits for `to: web`. Raises ApiError 404."""
        agent = self.backend.agents.of(account, body.agent_id)
        number = next(iter(self.backend.lines.of_agent(agent.id)), None)
        script = self._scripted(account, WEB, number)
        hook = self.backend.hooks.for_(account, agent.project, agent.id)
        interactive = agent.voice_mode == "webhook" and hook is not None
        detail = self._detail(agent, number, "web", agent.voice_mode, interactive, script)
        detail.metadata = body.metadata
        detail.greeting = _filled(agent.begin_message, body.variables)
        self.details.add(detail)
        if number is not None:
            number.calls += 1
        call = self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number.id if number is not None else "",
            number=number.phone_number if number is not None else WEB,
            remote_number=WEB,
            script=self._played(script, detail, agent),
            live=self._terms(agent, interactive),
        )
        token = f"wct_{self.services.streams(NAME, account, 'token').hex(32)}"
        until = self.services.clock.now(account) + TOKEN_WORKS
        return WebCallView(
            call.id, call.id, token, shown(until), agent.id, "web", self._state(call, detail), body.metadata
        )

    def hang_up(self, account: str, id_: str) -> CallView:
        """End a call; the answer shows it as it was. Raises ApiError 404."""
        call = self.of(account, id_)
        view = self.view_in_full(call)
        self.services.calls.hang_up(call)
        return view

    # -- receiving ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls one of our numbers: its agent's webhook is asked what to say where there is one, and otherwise
        the script says both sides. Raises NumberNotFound for a number that nobody has, ScriptError for a script that cannot
        be played."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        check_call_script(script)
        number = self.backend.lines.records[assigned.number_id]
        agent = self.backend.agents.records.get(number.agent) if number.agent is not None else None
        mode: VoiceMode = agent.voice_mode if agent is not None else "webhook"
        hook = self.backend.hooks.for_(number.account, number.project, number.agent)
        interactive = mode == "webhook" and hook is not None
        detail = self._detail(agent, number, "inbound", mode, interactive, script)
        detail.greeting = _filled(agent.begin_message, None) if agent is not None else None
        played = self._played(script, detail, agent)
        check_call_script(played)
        self.details.add(detail)
        number.calls += 1
        return self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=number.account,
            number_id=number.id,
            number=to,
            remote_number=caller,
            script=played,
            live=self._terms(agent, interactive),
        )

    # -- how it goes ------

    def _detail(
        self,
        agent: Agent | None,
        number: Number | None,
        direction: Any,
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
            by=agent.id if agent is not None else None,
            agent_name=agent.name if agent is not None else None,
            number=number.id if number is not None else None,
            voice_mode=mode,
            interactive=interactive,
            machine=script.voicemail is not None and direction == "outbound",
            voicemail_message=agent.voicemail_message if agent is not None else None,
            transfer_number=agent.transfer_number if agent is not None else None,
            surcharge=agent is not None and agent.denoising_mode != "noise-cancellation",
            confidence=SURE[agent.stt_mode] if agent is not None else SURE["fast"],
            analysis=script.analysis,
        )

    def _terms(self, agent: Agent | None, interactive: bool) -> LiveTerms:
        silence = agent.max_silence_ms / 1000 if agent is not None else None
        return LiveTerms(interactive=interactive, max_duration=MAX_CALL_MINUTES * 60.0, max_silence=silence)

    def _played(self, script: Script, detail: CallDetail, agent: Agent | None) -> Script:
        """A script as this call plays it: a machine that answers says its greeting and hears the agent's message; where
        both sides are scripted, the agent begins with what it is to say first."""
        if script.end != "completed":
            return script
        if detail.machine and script.voicemail is not None:
            said = [ScriptedTurn("caller", script.voicemail)]
            if detail.voicemail_message and not detail.interactive:
                said.append(ScriptedTurn("agent", detail.voicemail_message))
            return replace(
                script,
                voicemail=None,
                language=None,
                translation=None,
                summary=None,
                turns=said,
                outcome=script.outcome or VOICEMAIL,
            )
        if detail.interactive or not detail.greeting or script.voicemail is not None:
            return script
        stream = self.services.streams(NAME, detail.account, "dialogue")
        turns, outcome = (
            (script.turns, script.outcome) if script.turns is not None else draw_dialogue(script.outcome, stream)
        )
        if script.turns is None and turns and turns[0].speaker == "agent":
            turns = turns[1:]
        if not turns or turns[0].speaker != "agent":
            turns = [ScriptedTurn("agent", detail.greeting), *turns]
        return replace(script, turns=turns, outcome=outcome)

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Whether the analysis of a call can find this. Raises ScriptError."""
        for name, value in analysis.items():
            kind = ANALYSIS.get(name)
            if kind is None:
                raise ScriptError(f"analysis.{name}", f"the analysis has {', '.join(ANALYSIS)}, not {name}")
            if not isinstance(value, kind):
                word = "true or false" if kind is bool else "a string"
                raise ScriptError(f"analysis.{name}", f"{name} is {word}")

    def changed(self, call: Call) -> None:
        """A call came further: the agent greets, and at the end the call is charged and told of."""
        detail = self.details[call.id]
        if call.state == "in_progress":
            if detail.interactive and detail.greeting and not detail.machine:
                self.services.calls.live_calls.say(call, detail.greeting)
        elif call.state in FINAL:
            detail.seconds = call.duration
            detail.cost = talk(detail.voice_mode, detail.surcharge, call.duration)
            self.backend.money.charge(call.account, detail.cost, "call", call.id)
            self._tell_end(call, detail)

    def _tell_end(self, call: Call, detail: CallDetail) -> None:
        hooks = self.backend.hooks
        hook = hooks.for_(call.account, detail.project, detail.agent)
        if hook is None or call.ended_at is None:
            return
        sender, to = self.ends(call, detail)
        found = detail.analysis or {}
        spoke = {turn.speaker for turn in call.turns or ()}
        conversation = self._conversation(call)
        data = CallEndedData(
            call_id=call.id,
            number_id=detail.number,
            from_=sender,
            to=to,
            contact=self.backend.people.known(call.account, detail.project, call.remote_number),
            direction=detail.direction,
            status=self._state(call, detail),
            started_at=shown(call.started_at),
            ended_at=shown(call.ended_at),
            duration_seconds=call.duration,
            disconnection_reason=self._reason(call, detail),
            transcript=said(call.turns or ()),
            summary=found.get("summary"),
            user_sentiment=found.get("userSentiment"),
            call_successful=found.get("callSuccessful", call.state == "completed" and spoke >= {"caller", "agent"}),
        )
        view = EventView(
            event="agent.call_ended",
            channel="voice",
            timestamp=shown(self.services.clock.now(call.account)),
            agent_id=detail.agent,
            data=data,
            conversation_state=conversation.metadata if conversation is not None else None,
            recent_history=(
                hooks.history(hook, conversation.id, conversation.last_at + 1) if conversation is not None else []
            ),
        )
        hooks.tell(hook, view, call.id)

    def _conversation(self, call: Call) -> Any:
        return self.backend.threads.records.last("pair", (call.number_id, call.remote_number))

    def _reason(self, call: Call, detail: CallDetail) -> str:
        if call.state != "completed":
            return UNANSWERED[call.state]
        if detail.transferred:
            return "call_transfer"
        if detail.machine:
            return "voicemail_reached"
        return ENDINGS[call.ended_by or "caller"]

    def orphan(self, agent: str) -> None:
        """An agent is gone: its calls stay without one."""
        for detail in self.details.oldest("agent", agent):
            self.details.update(detail, agent=None)

    # -- looking up and showing ------

    def of(self, account: str, id_: str) -> Call:
        """An account's call. Raises ApiError 404."""
        call = self.services.calls.records.get(id_)
        if call is None or call.account != account or call.vendor != NAME:
            raise errors.not_found("call", "CALL_NOT_FOUND")
        return call

    def ends(self, call: Call, detail: CallDetail) -> tuple[str, str]:
        """Who called, and who was called."""
        return (
            (call.number, call.remote_number) if detail.direction == "outbound" else (call.remote_number, call.number)
        )

    def matching(
        self, project: str, *, status: str | None, direction: str | None, kind: str | None, search: str | None
    ) -> list[CallDetail]:
        """A project's calls that are like this, newest first."""
        records = self.services.calls.records
        found = []
        for detail in self.details.newest("project", project):
            call = records[detail.id]
            if (
                direction in (None, detail.direction)
                and kind in (None, "web" if detail.direction == "web" else "pstn")
                and status in (None, self._state(call, detail))
                and (search is None or search in call.number or search in call.remote_number)
            ):
                found.append(detail)
        return found

    def recorded(self, call: Call) -> bool:
        """Whether a call has a recording."""
        return call.state == "completed" and call.recording and call.duration > 0

    def _state(self, call: Call, detail: CallDetail) -> str:
        """The state by the vendor's name: a call that is placed is in progress from the beginning."""
        if call.state == "ringing" and detail.direction != "inbound":
            return "in-progress"
        return STATES.get(call.state, call.state)

    def view(self, detail: CallDetail) -> CallView:
        """A call as lists show it."""
        call = self.services.calls.records[detail.id]
        sender, to = self.ends(call, detail)
        over = call.state in FINAL
        recorded = self.recorded(call)
        kept = recorded and self.backend.settings(call.account).recording
        last = call.turns[-1].text[:SNIPPET] if call.turns else None
        return CallView(
            id=call.id,
            agent_id=detail.agent,
            agent_name=detail.agent_name if detail.agent is not None else None,
            phone_number_id=detail.number,
            phone_number=call.number if detail.number is not None else None,
            from_number=sender,
            to_number=to,
            direction=detail.direction,
            status=self._state(call, detail),
            started_at=shown(call.started_at),
            ended_at=shown_or_null(call.ended_at),
            duration_seconds=call.duration if over else None,
            last_transcript_snippet=last,
            recording_url=f"{self.services.base_url(NAME)}/v1/calls/{call.id}/recording" if kept else None,
            recording_available=recorded,
        )

    def view_in_full(self, call: Call) -> CallView:
        """A call with what was said in it."""
        detail = self.details[call.id]
        view = self.view(detail)
        view.transcripts = self._turns(call, detail)
        return view

    def transcript(self, call: Call) -> TranscriptView:
        """All that was said so far."""
        return TranscriptView(self._turns(call, self.details[call.id]), said(call.turns or ()))

    def _turns(self, call: Call, detail: CallDetail) -> list[TurnView]:
        """What was said as turns of the other side, each with the agent's answer; what the agent said unasked is a turn
        of its own."""
        views: list[TurnView] = []
        for turn in call.turns or ():
            if turn.speaker == "agent" and views and (views[-1].transcript or views[-1].response is None):
                view = views[-1]
                view.response = turn.text if view.response is None else f"{view.response} {turn.text}"
                continue
            at = (call.answered_at or call.started_at) + round(turn.at * SECOND)
            heard = turn.speaker == "caller"
            views.append(
                TurnView(
                    f"{call.id}_{len(views) + 1}",
                    turn.text if heard else "",
                    None if heard else turn.text,
                    detail.confidence if heard else 1.0,
                    shown(at),
                )
            )
        return views


def said(turns: Sequence[Turn]) -> list[Said]:
    """What was said, as `user` and `agent`."""
    return [Said("user" if turn.speaker == "caller" else "agent", turn.text) for turn in turns]


def _filled(text: str | None, variables: Mapping[str, str | None] | None) -> str | None:
    """A text with its {{names}} filled in; those that nobody gave stay as they are."""
    if text is None or not variables:
        return text
    return _PLACE.sub(lambda place: variables.get(place[1], place[0]) or "", text)

"""What calls turn into: as scripted, or drawn from the phrase bank in `fixtures/outreach.yaml`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import msgspec

from ringback import resources
from ringback.carrier.clock import moment
from ringback.carrier.rng import Stream
from ringback.carrier.script import CallEnd, Script, ScriptedTurn
from ringback.gateway.decoding import decode_analysis
from ringback.vendors.phonestack.records import (
    Analysis,
    Contact,
    Direction,
    Execution,
    Outcome,
    Profile,
    Sentiment,
)
from ringback.vendors.phonestack.rules.common import NAME
from ringback.vendors.phonestack.rules.fields import problem_of

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

VOICEMAIL = "voicemail"
DO_NOT_CALL = "do_not_call"
UNSAID = frozenset(("wrong_number", DO_NOT_CALL))
"""Dispositions of talks in which no one asks for anything."""
UNKNOWN = "warm_lead"
"""The talk that is held where a disposition has none of its own."""
ENDINGS: tuple[CallEnd, ...] = ("no_answer", "busy", "failed")
MONEY_WORDS = ("budget", "amount", "price", "cost", "revenue", "spend")
LATEST_DATE = 60
"""Days from now."""


class LiveCalls(msgspec.Struct):
    """How calls of one disposition go."""

    sentiment: Sentiment
    confidence: tuple[int, int]
    meeting: float
    tools: list[str]
    summaries: list[str]
    dialogues: list[list[ScriptedTurn]]
    inbound: list[list[ScriptedTurn]]


class Machine(msgspec.Struct):
    """How calls go that reach a voicemail."""

    sentiment: Sentiment
    confidence: tuple[int, int]
    summaries: list[str]
    greetings: list[str]
    messages: list[str]


class Bank(msgspec.Struct):
    """The phrase bank."""

    weights: dict[str, int]
    slots: dict[str, list[str]]
    greetings: list[str]
    inbound_greetings: list[str]
    conversations: dict[str, LiveCalls]
    voicemail: Machine
    answers: dict[str, list[str]]


class ScriptedAnalysis(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a script says of the analysis; what it leaves out is drawn."""

    disposition: str | None = None
    sentiment: Sentiment | None = None
    summary: str | None = None
    meeting_booked: bool | None = None
    ai_confidence_score: int | None = None
    extracted_fields: dict[str, Any] = {}
    tool_executions: list[Execution] | None = None
    transferred_to: str | None = None

    def __post_init__(self) -> None:
        for name in ("disposition", "summary"):
            if getattr(self, name) == "":
                raise ValueError(f"{name} has at least one character")
        if self.ai_confidence_score is not None and not 0 <= self.ai_confidence_score <= 100:
            raise ValueError("ai_confidence_score is from 0 to 100")
        if any(not execution.tool for execution in self.tool_executions or ()):
            raise ValueError("tool_executions names each tool")


def scripted(analysis: Mapping[str, Any]) -> ScriptedAnalysis:
    """A script's analysis, typed. Raises ScriptError."""
    return decode_analysis(analysis, ScriptedAnalysis)


class Outcomes:
    """What calls turn into."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services

    def decide(
        self,
        account: str,
        contact: Contact | None,
        profile: Profile | None,
        direction: Direction,
        extract: Sequence[str],
        script: Script | None,
    ) -> tuple[Script, Outcome]:
        """How a call will go: the carrier's script with what is said, and what comes of it."""
        bank = _bank()
        stream = self.services.streams(NAME, account, "outcome")
        given = scripted(script.analysis) if script is not None and script.analysis is not None else ScriptedAnalysis()
        kind = _kind(bank, stream, script, given, direction)
        if kind in ENDINGS:
            return _unanswered(kind, script), Outcome(analysis=None)
        slots = _slots(bank, stream, contact, profile)
        if kind == VOICEMAIL:
            return self._voicemail(bank, stream, slots, script, given, direction)
        talk = bank.conversations.get(kind) or bank.conversations[UNKNOWN]
        known = kind in bank.conversations
        turns = script.turns if script is not None and script.turns is not None else None
        if turns is None:
            turns = _said(stream, bank, talk, slots, profile, direction)
        meeting = given.meeting_booked
        if meeting is None:
            meeting = known and stream.random() < talk.meeting
        tools = given.tool_executions
        if tools is None:
            tools = [Execution(tool, "success") for tool in talk.tools if meeting or tool != "request_meeting"]
            tools = tools if known else []
        extracted = {
            name: None if kind in UNSAID else self._extracted(account, name, stream, bank, slots) for name in extract
        }
        for name, value in given.extracted_fields.items():
            if name in extracted:
                extracted[name] = self._kept(account, name, value)
        analysis = Analysis(
            disposition=kind,
            sentiment=given.sentiment or (talk.sentiment if known else "neutral"),
            summary=given.summary or _filled(stream.choice(talk.summaries), slots),
            meeting_booked=meeting,
            ai_confidence_score=_score(given, talk.confidence, stream),
            extracted_fields=extracted,
        )
        played = script or Script()
        played = Script(
            answer_after=played.answer_after,
            turns=turns,
            outcome=kind,
            duration=played.duration,
            recording=played.recording,
        )
        return played, Outcome(analysis=analysis, tools=tools, transferred_to=given.transferred_to)

    def _voicemail(
        self,
        bank: Bank,
        stream: Stream,
        slots: dict[str, str],
        script: Script | None,
        given: ScriptedAnalysis,
        direction: Direction,
    ) -> tuple[Script, Outcome]:
        """A machine takes the call: theirs hears our agent's message, ours hears the caller's."""
        machine = bank.voicemail
        played = script or Script()
        left = played.voicemail
        greeting, message = stream.choice(machine.greetings), stream.choice(machine.messages)
        if direction == "outbound":
            turns = [
                ScriptedTurn("caller", left or _filled(greeting, slots)),
                ScriptedTurn("agent", _filled(message, slots)),
            ]
        else:
            turns = [
                ScriptedTurn("agent", _filled(machine.greetings[-1], slots)),
                ScriptedTurn("caller", left or _filled(message, slots)),
            ]
        analysis = Analysis(
            disposition=given.disposition or VOICEMAIL,
            sentiment=given.sentiment or machine.sentiment,
            summary=given.summary or played.summary or _filled(stream.choice(machine.summaries), slots),
            meeting_booked=False,
            ai_confidence_score=_score(given, machine.confidence, stream),
            extracted_fields={},
        )
        spoken = Script(
            answer_after=played.answer_after,
            turns=played.turns or turns,
            outcome=VOICEMAIL,
            duration=played.duration,
            recording=played.recording,
        )
        return spoken, Outcome(analysis=analysis, tools=given.tool_executions or [], voicemail=True)

    def _extracted(self, account: str, name: str, stream: Stream, bank: Bank, slots: Mapping[str, str]) -> Any:
        """A value that a field may have."""
        field = self.backend.fields.named(account, name)
        kind = field.type if field is not None else "string"
        if field is not None and kind == "enum":
            return stream.choice(field.options)
        if kind == "boolean":
            return stream.random() < 0.5
        if kind == "number":
            about = f"{name} {field.description if field is not None else ''}".lower()
            return stream.randrange(2, 101) * (500 if any(word in about for word in MONEY_WORDS) else 1)
        if kind == "date":
            day = moment(self.services.clock.now(account)) + timedelta(days=stream.randrange(1, LATEST_DATE + 1))
            return day.date().isoformat()
        return _filled(stream.choice(bank.answers["string"]), slots)

    def _kept(self, account: str, name: str, value: Any) -> Any:
        """A scripted value as far as the field's definition allows it, page "Custom Fields API"."""
        field = self.backend.fields.named(account, name)
        if value is None or (field is not None and problem_of(field.type, field.options, value) is not None):
            return None
        return value


def _kind(bank: Bank, stream: Stream, script: Script | None, given: ScriptedAnalysis, direction: Direction) -> str:
    """How a call goes: an ending without talk, a voicemail, or a disposition."""
    if script is not None:
        if script.end != "completed":
            return script.end
        if script.voicemail is not None or script.outcome == VOICEMAIL:
            return VOICEMAIL
        if given.disposition or script.outcome:
            return given.disposition or script.outcome or UNKNOWN
    talks = script is not None or direction == "inbound"
    kinds = [kind for kind in bank.weights if not talks or kind in bank.conversations]
    edges = list(accumulate(bank.weights[kind] for kind in kinds))
    return kinds[bisect_right(edges, stream.randrange(edges[-1]))]


def _unanswered(end: CallEnd, script: Script | None) -> Script:
    return Script(end=end, answer_after=script.answer_after if script is not None else None)


def _slots(bank: Bank, stream: Stream, contact: Contact | None, profile: Profile | None) -> dict[str, str]:
    slots = {name: stream.choice(values) for name, values in bank.slots.items()}
    slots["first_name"] = (contact.first_name if contact is not None else None) or "there"
    slots["company"] = (contact.company if contact is not None else None) or "your company"
    slots["agent"] = profile.name if profile is not None else "your assistant"
    return slots


def _said(
    stream: Stream, bank: Bank, talk: LiveCalls, slots: Mapping[str, str], profile: Profile | None, direction: Direction
) -> list[ScriptedTurn]:
    """The profile's opener, or a greeting, and then a dialogue."""
    greeting = stream.choice(bank.inbound_greetings if direction == "inbound" else bank.greetings)
    if profile is not None and profile.opener:
        greeting = profile.opener
    said = [ScriptedTurn("agent", _filled(greeting, slots))]
    dialogue = stream.choice(talk.inbound if direction == "inbound" else talk.dialogues)
    said += [ScriptedTurn(turn.speaker, _filled(turn.text, slots)) for turn in dialogue]
    return said


def _filled(text: str, slots: Mapping[str, str]) -> str:
    """A text with its slots filled; a brace that is none stays."""
    if "{" not in text:
        return text
    for name, value in slots.items():
        text = text.replace(f"{{{name}}}", value)
    return text[:5_000]


def _score(given: ScriptedAnalysis, confidence: tuple[int, int], stream: Stream) -> int:
    if given.ai_confidence_score is not None:
        return given.ai_confidence_score
    return stream.randrange(confidence[0], confidence[1] + 1)


_loaded: list[Bank] = []


def _bank() -> Bank:
    if not _loaded:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with resources.path("fixtures", "outreach.yaml").open(encoding="utf-8") as file:
            _loaded.append(msgspec.convert(yaml.load(file, Loader=loader), Bank))  # noqa: S506 - a safe loader
    return _loaded[0]

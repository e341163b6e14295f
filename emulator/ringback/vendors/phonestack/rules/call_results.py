"""The results of calls: as scripted, or drawn from the phrase bank in `fixtures/outreach.yaml`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from itertools import accumulate
from typing import Any

import msgspec

from ringback import resources
from ringback.carrier.clock import moment
from ringback.carrier.rng import Stream
from ringback.carrier.script import CallEnd, Script, ScriptedTurn
from ringback.gateway.decoding import decode_analysis
from ringback.gateway.services import Services
from ringback.vendors.phonestack.records import (
    Analysis,
    CallResult,
    Contact,
    Direction,
    Profile,
    Sentiment,
    ToolExecution,
)
from ringback.vendors.phonestack.rules.common import NAME
from ringback.vendors.phonestack.rules.fields import problem_of
from ringback.vendors.phonestack.store import Store

VOICEMAIL = "voicemail"
DO_NOT_CALL = "do_not_call"
NOTHING_EXTRACTED = frozenset(("wrong_number", DO_NOT_CALL))
"""Dispositions of conversations in which the agent asks no questions."""
DEFAULT_DISPOSITION = "warm_lead"
"""The conversation of a disposition that has none of its own."""
UNANSWERED: tuple[CallEnd, ...] = ("no_answer", "busy", "failed")
MONEY_WORDS = ("budget", "amount", "price", "cost", "revenue", "spend")
LATEST_DATE = 60
"""Days from now."""
MAX_TEXT = 5_000


class Conversation(msgspec.Struct):
    """The phrases for calls of one disposition; `meeting` is the probability that one is booked."""

    sentiment: Sentiment
    confidence: tuple[int, int]
    meeting: float
    tools: list[str]
    summaries: list[str]
    dialogues: list[list[ScriptedTurn]]
    inbound: list[list[ScriptedTurn]]


class Voicemail(msgspec.Struct):
    """The phrases for calls that reach a voicemail."""

    sentiment: Sentiment
    confidence: tuple[int, int]
    summaries: list[str]
    greetings: list[str]
    messages: list[str]


class PhraseBank(msgspec.Struct):
    """The phrase bank; `weights` are those of dispositions and of unanswered calls."""

    weights: dict[str, int]
    slots: dict[str, list[str]]
    greetings: list[str]
    inbound_greetings: list[str]
    conversations: dict[str, Conversation]
    voicemail: Voicemail
    answers: dict[str, list[str]]


class ScriptedAnalysis(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The analysis in a script; what it leaves out is drawn."""

    disposition: str | None = None
    sentiment: Sentiment | None = None
    summary: str | None = None
    meeting_booked: bool | None = None
    ai_confidence_score: int | None = None
    extracted_fields: dict[str, Any] = {}
    tool_executions: list[ToolExecution] | None = None
    transferred_to: str | None = None

    def __post_init__(self) -> None:
        for name in ("disposition", "summary"):
            if getattr(self, name) == "":
                raise ValueError(f"{name} must have at least one character")
        if self.ai_confidence_score is not None and not 0 <= self.ai_confidence_score <= 100:
            raise ValueError("ai_confidence_score must be from 0 to 100")
        if any(not execution.tool for execution in self.tool_executions or ()):
            raise ValueError("tool_executions must name each tool")


def scripted_analysis(analysis: Mapping[str, Any]) -> ScriptedAnalysis:
    """Return a script's analysis, typed. Raises ScriptError."""
    return decode_analysis(analysis, ScriptedAnalysis)


class CallResults:
    """Decides the result of each call when it begins."""

    def __init__(self, services: Services, store: Store) -> None:
        self._services = services
        self._store = store

    def decide(
        self,
        account: str,
        contact: Contact | None,
        profile: Profile | None,
        direction: Direction,
        extract: Sequence[str],
        script: Script | None,
    ) -> tuple[Script, CallResult]:
        """Return the carrier's script of a call, with what is said, and the call's result. `extract` names the fields
        that it extracts. Raises ScriptError for a script that cannot be played."""
        bank = _bank()
        stream = self._services.streams(NAME, account, "outcome")
        analysis = script.analysis if script is not None else None
        scripted = scripted_analysis(analysis) if analysis is not None else ScriptedAnalysis()
        disposition = _disposition(bank, stream, script, scripted, direction)
        if disposition in UNANSWERED:
            return _unanswered(disposition, script), CallResult(analysis=None)
        slots = _slots(bank, stream, contact, profile)
        if disposition == VOICEMAIL:
            return _voicemail(bank, stream, slots, script or Script(), scripted, direction)
        known = disposition in bank.conversations
        conversation = bank.conversations[disposition if known else DEFAULT_DISPOSITION]
        turns = script.turns if script is not None else None
        if turns is None:
            turns = _turns(bank, stream, slots, conversation, profile, direction)
        meeting = scripted.meeting_booked
        if meeting is None:
            meeting = known and stream.random() < conversation.meeting
        tools = scripted.tool_executions
        if tools is None:
            used = [tool for tool in conversation.tools if meeting or tool != "request_meeting"] if known else []
            tools = [ToolExecution(tool, "success") for tool in used]
        extracted = {
            name: None if disposition in NOTHING_EXTRACTED else self.draw_value(account, name, stream, bank, slots)
            for name in extract
        }
        for name, value in scripted.extracted_fields.items():
            if name in extracted:
                extracted[name] = self._valid(account, name, value)
        result = CallResult(
            analysis=Analysis(
                disposition=disposition,
                sentiment=scripted.sentiment or (conversation.sentiment if known else "neutral"),
                summary=scripted.summary or _fill(stream.choice(conversation.summaries), slots),
                meeting_booked=meeting,
                ai_confidence_score=_score(scripted, conversation.confidence, stream),
                extracted_fields=extracted,
            ),
            tools=tools,
            transferred_to=scripted.transferred_to,
        )
        return _played(script or Script(), turns, disposition), result

    def draw_value(self, account: str, name: str, stream: Stream, bank: PhraseBank, slots: Mapping[str, str]) -> Any:
        """Draw a value that a field may have."""
        field = self._store.field_named(account, name)
        kind = field.type if field is not None else "string"
        if field is not None and kind == "enum":
            return stream.choice(field.options)
        if kind == "boolean":
            return stream.random() < 0.5
        if kind == "number":
            about = f"{name} {field.description if field is not None else ''}".lower()
            return stream.randrange(2, 101) * (500 if any(word in about for word in MONEY_WORDS) else 1)
        if kind == "date":
            day = moment(self._services.clock.now(account)) + timedelta(days=stream.randrange(1, LATEST_DATE + 1))
            return day.date().isoformat()
        return _fill(stream.choice(bank.answers["string"]), slots)

    def _valid(self, account: str, name: str, value: Any) -> Any:
        """Return a scripted value, or None if the field's definition does not allow it, page "Custom Fields API"."""
        field = self._store.field_named(account, name)
        if value is None or (field is not None and problem_of(field.type, field.options, value) is not None):
            return None
        return value


def _disposition(
    bank: PhraseBank, stream: Stream, script: Script | None, scripted: ScriptedAnalysis, direction: Direction
) -> str:
    """Return how a call goes: an ending without an answer, a voicemail, or a disposition."""
    if script is not None:
        if script.end != "completed":
            return script.end
        if script.voicemail is not None or script.outcome == VOICEMAIL:
            return VOICEMAIL
        if scripted.disposition or script.outcome:
            return scripted.disposition or script.outcome or DEFAULT_DISPOSITION
    is_answered = script is not None or direction == "inbound"
    kinds = [kind for kind in bank.weights if not is_answered or kind in bank.conversations]
    edges = list(accumulate(bank.weights[kind] for kind in kinds))
    return kinds[bisect_right(edges, stream.randrange(edges[-1]))]


def _unanswered(end: CallEnd, script: Script | None) -> Script:
    return Script(end=end, answer_after=script.answer_after if script is not None else None)


def _played(script: Script, turns: list[ScriptedTurn], outcome: str) -> Script:
    """Return the script that the carrier plays."""
    return Script(
        answer_after=script.answer_after,
        turns=turns,
        outcome=outcome,
        duration=script.duration,
        recording=script.recording,
    )


def _voicemail(
    bank: PhraseBank,
    stream: Stream,
    slots: dict[str, str],
    script: Script,
    scripted: ScriptedAnalysis,
    direction: Direction,
) -> tuple[Script, CallResult]:
    """Return a call that a machine answers: theirs records our agent's message, ours records the caller's."""
    phrases = bank.voicemail
    greeting, message = stream.choice(phrases.greetings), stream.choice(phrases.messages)
    if direction == "outbound":
        turns = [
            ScriptedTurn("caller", script.voicemail or _fill(greeting, slots)),
            ScriptedTurn("agent", _fill(message, slots)),
        ]
    else:
        turns = [
            ScriptedTurn("agent", _fill(phrases.greetings[-1], slots)),
            ScriptedTurn("caller", script.voicemail or _fill(message, slots)),
        ]
    analysis = Analysis(
        disposition=scripted.disposition or VOICEMAIL,
        sentiment=scripted.sentiment or phrases.sentiment,
        summary=scripted.summary or script.summary or _fill(stream.choice(phrases.summaries), slots),
        meeting_booked=False,
        ai_confidence_score=_score(scripted, phrases.confidence, stream),
        extracted_fields={},
    )
    result = CallResult(analysis=analysis, tools=scripted.tool_executions or [], voicemail=True)
    return _played(script, script.turns or turns, VOICEMAIL), result


def _slots(bank: PhraseBank, stream: Stream, contact: Contact | None, profile: Profile | None) -> dict[str, str]:
    slots = {name: stream.choice(values) for name, values in bank.slots.items()}
    slots["first_name"] = (contact.first_name if contact is not None else None) or "there"
    slots["company"] = (contact.company if contact is not None else None) or "your company"
    slots["agent"] = profile.name if profile is not None else "your assistant"
    return slots


def _turns(
    bank: PhraseBank,
    stream: Stream,
    slots: Mapping[str, str],
    conversation: Conversation,
    profile: Profile | None,
    direction: Direction,
) -> list[ScriptedTurn]:
    """Return the profile's opener, or a greeting, followed by a dialogue."""
    inbound = direction == "inbound"
    greeting = stream.choice(bank.inbound_greetings if inbound else bank.greetings)
    if profile is not None and profile.opener:
        greeting = profile.opener
    dialogue = stream.choice(conversation.inbound if inbound else conversation.dialogues)
    return [
        ScriptedTurn(turn.speaker, _fill(turn.text, slots)) for turn in (ScriptedTurn("agent", greeting), *dialogue)
    ]


def _fill(text: str, slots: Mapping[str, str]) -> str:
    """Return a text with its slots filled; other braces remain."""
    if "{" not in text:
        return text
    for name, value in slots.items():
        text = text.replace(f"{{{name}}}", value)
    return text[:MAX_TEXT]


def _score(scripted: ScriptedAnalysis, confidence: tuple[int, int], stream: Stream) -> int:
    if scripted.ai_confidence_score is not None:
        return scripted.ai_confidence_score
    return stream.randrange(confidence[0], confidence[1] + 1)


@cache
def _bank() -> PhraseBank:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with resources.path("fixtures", "outreach.yaml").open(encoding="utf-8") as file:
        return msgspec.convert(yaml.load(file, Loader=loader), PhraseBank)  # noqa: S506 - a safe loader

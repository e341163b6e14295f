"""Scripts: what the far end of a call does, turn by turn, and how a call without a script goes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from ringback import resources
from ringback.carrier.rng import Stream

Speaker = Literal["caller", "agent"]
CallEnd = Literal["completed", "no_answer", "busy", "failed"]
End = Literal[CallEnd, "undelivered"]

ANSWER_DELAY = 3.0
"""Seconds until a call is answered, unless the script says otherwise."""
NO_ANSWER_AFTER = 20.0
"""Seconds until a caller gives up on a call that is not answered."""
WORDS_PER_SECOND = 2.5
PAUSE = 0.6
"""Seconds between one turn and the next."""
MAX_DURATION = 4 * 3600.0
MAX_TURNS = 2_000
MAX_TEXT = 5_000
MAX_CODE = 64
CALL_ONLY = (
    "answer_after",
    "turns",
    "outcome",
    "duration",
    "recording",
    "voicemail",
    "language",
    "translation",
    "summary",
    "analysis",
)
MESSAGE_ONLY = ("failure_code", "delivered_after")

VOICEMAIL_GREETING = "No one can take your call right now. Please leave a message after the tone."
MISSED = "missed"
VOICEMAIL = "voicemail"


class ScriptError(ValueError):
    """A script that cannot be played; `param` names its field."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class ScriptedTurn(msgspec.Struct, forbid_unknown_fields=True):
    """One turn. `at` is seconds after the answer; without it the turn follows the one before."""

    speaker: Speaker
    text: str
    at: float | None = None


class Script(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How one call or message goes. Times and durations are seconds.

    Without `turns` a call draws a dialogue from the phrase bank. `voicemail` is the text of a message that the caller
    leaves; `language` (ISO 639-1), `translation` and `summary` describe it where the vendor does not work them out.
    `analysis` is the result of the vendor's analysis, in the vendor's own field names. A message ends as `completed`
    (delivered), `failed` (the carrier rejects it) or `undelivered`, with a `failure_code`; its receipt comes
    `delivered_after` it was sent.
    """

    answer_after: float | None = None
    turns: list[ScriptedTurn] | None = None
    outcome: str | None = None
    end: End = "completed"
    duration: float | None = None
    recording: bool | None = None
    voicemail: str | None = None
    language: str | None = None
    translation: str | None = None
    summary: str | None = None
    analysis: dict[str, Any] | None = None
    failure_code: str | None = None
    delivered_after: float | None = None


class Turn(msgspec.Struct, array_like=True, frozen=True):
    """One turn as it is said, `at` seconds after the answer."""

    speaker: Speaker
    text: str
    at: float


class CallPlan(msgspec.Struct, frozen=True):
    """A script with nothing left open: when the call is answered, how long it lasts, what is said (all in seconds)."""

    answer_after: float
    duration: float
    end: CallEnd
    turns: list[Turn]
    outcome: str | None
    recording: bool


def plan_call(script: Script, stream: Stream) -> CallPlan:
    """Return a script's plan: what it leaves open is drawn from `stream`. Raises ScriptError."""
    end = check_call_script(script)
    if end != "completed":
        default = NO_ANSWER_AFTER if end == "no_answer" else 1.0
        after = default if script.answer_after is None else script.answer_after
        outcome = script.outcome if script.outcome is not None or end != "no_answer" else MISSED
        return CallPlan(after, 0.0, end, [], outcome, False)
    scripted, outcome = _dialogue(script, stream)
    turns, duration = _timed(scripted, script.duration)
    after = ANSWER_DELAY if script.answer_after is None else script.answer_after
    recording = duration > 0 if script.recording is None else script.recording
    return CallPlan(after, duration, "completed", turns, outcome, recording)


class LivePlan(msgspec.Struct, frozen=True):
    """What a live call begins with: the turns to be said, and the seconds after which the far end hangs up.

    With a `duration` of None the far end hangs up when it has nothing left to say.
    """

    turns: list[ScriptedTurn]
    duration: float | None


def plan_live_call(script: Script, stream: Stream, *, interactive: bool) -> tuple[CallPlan, LivePlan]:
    """Return a live call's plan, without turns, and the turns to be said.

    An `interactive` call has the far end's turns alone; any other has both sides', each with its time. Raises
    ScriptError.
    """
    if script.end != "completed" or not interactive:
        planned = plan_call(script, stream)
        ahead = [ScriptedTurn(turn.speaker, turn.text, turn.at) for turn in planned.turns]
        return msgspec.structs.replace(planned, turns=[]), LivePlan(ahead, planned.duration)
    check_call_script(script)
    said, outcome = _dialogue(script, stream)
    after = ANSWER_DELAY if script.answer_after is None else script.answer_after
    planned = CallPlan(after, script.duration or 0.0, "completed", [], outcome, script.recording is not False)
    return planned, LivePlan([turn for turn in said if turn.speaker == "caller"], script.duration)


def fits_call(script: Script) -> bool:
    """Return whether a script has no field that is for messages alone."""
    return script.end != "undelivered" and all(getattr(script, name) is None for name in MESSAGE_ONLY)


def fits_message(script: Script) -> bool:
    """Return whether a script has no field that is for calls alone."""
    ends = script.end in ("completed", "failed", "undelivered")
    return ends and all(getattr(script, name) is None for name in CALL_ONLY)


def check_script(script: Script) -> None:
    """Check whether a call or a message can play a script. Raises ScriptError."""
    if fits_message(script):
        check_message_script(script)
    else:
        check_call_script(script)


def check_message_script(script: Script) -> None:
    """Check whether a message can play a script. Raises ScriptError."""
    if script.end not in ("completed", "failed", "undelivered"):
        raise ScriptError("end", f"a message does not end as {script.end}: completed, failed or undelivered")
    for name in CALL_ONLY:
        if getattr(script, name) is not None:
            raise ScriptError(name, f"a message has no {name}")
    if script.delivered_after is not None and not 0 <= script.delivered_after <= MAX_DURATION:
        raise ScriptError("delivered_after", f"delivered_after is from 0 to {MAX_DURATION:.0f} seconds")
    if script.failure_code is not None:
        if script.end == "completed":
            raise ScriptError("failure_code", "a message that is delivered has no failure_code")
        if not 1 <= len(script.failure_code) <= MAX_CODE:
            raise ScriptError("failure_code", f"failure_code has from 1 to {MAX_CODE} characters")


def check_call_script(script: Script) -> CallEnd:
    """Return how a call with this script ends. Raises ScriptError for a script that no call can play."""
    end = script.end
    if end == "undelivered":
        raise ScriptError("end", "a call ends as completed, no_answer, busy or failed")
    for name in MESSAGE_ONLY:
        if getattr(script, name) is not None:
            raise ScriptError(name, f"a call has no {name}")
    for name in ("answer_after", "duration"):
        seconds = getattr(script, name)
        if seconds is not None and not 0 <= seconds <= MAX_DURATION:
            raise ScriptError(name, f"{name} is from 0 to {MAX_DURATION:.0f} seconds")
    if script.end != "completed":
        for name in ("turns", "duration", "voicemail", "analysis"):
            if getattr(script, name):
                raise ScriptError(name, f"a call that ends as {script.end} is never answered: it has no {name}")
        if script.recording:
            raise ScriptError("recording", f"a call that ends as {script.end} has no recording")
    if script.voicemail is not None and script.turns:
        raise ScriptError("voicemail", "a script has turns or a voicemail, not both")
    for name in ("language", "translation", "summary"):
        if getattr(script, name) is not None and script.voicemail is None:
            raise ScriptError(name, f"{name} goes with a voicemail")
    for name in ("outcome", "voicemail", "language", "translation", "summary"):
        text = getattr(script, name)
        if text is not None and not 1 <= len(text) <= MAX_TEXT:
            raise ScriptError(name, f"{name} has from 1 to {MAX_TEXT} characters")
    turns = script.turns or []
    if len(turns) > MAX_TURNS:
        raise ScriptError("turns", f"a script has at most {MAX_TURNS} turns")
    earliest = 0.0
    for index, turn in enumerate(turns):
        if not 1 <= len(turn.text) <= MAX_TEXT:
            raise ScriptError(f"turns[{index}].text", f"a turn has from 1 to {MAX_TEXT} characters")
        if turn.at is None:
            continue
        latest = MAX_DURATION if script.duration is None else script.duration
        if not earliest <= turn.at <= latest:
            raise ScriptError(f"turns[{index}].at", f"at is from {earliest:g} to {latest:g} seconds here")
        earliest = turn.at
    return end


def _dialogue(script: Script, stream: Stream) -> tuple[Sequence[ScriptedTurn], str | None]:
    if script.voicemail is not None:
        said = [ScriptedTurn("agent", VOICEMAIL_GREETING), ScriptedTurn("caller", script.voicemail)]
        return said, script.outcome or VOICEMAIL
    if script.turns is not None:
        return script.turns, script.outcome
    return draw_dialogue(script.outcome, stream)


def _timed(scripted: Sequence[ScriptedTurn], duration: float | None) -> tuple[list[Turn], float]:
    """Return the turns with their times, and the call's duration (seconds).

    Turns without a time are compressed where the script's duration is too short for them.
    """
    offsets: list[float] = []
    moment = 0.0
    for turn in scripted:
        moment = max(moment, turn.at) if turn.at is not None else moment
        offsets.append(moment)
        moment += speech_seconds(turn.text) + PAUSE
    if duration is None:
        duration = float(math.ceil(moment))
        if duration > MAX_DURATION:
            raise ScriptError(
                "turns", f"what is said lasts {duration:.0f} seconds: a call lasts at most {MAX_DURATION:.0f}"
            )
    elif moment > duration and all(turn.at is None for turn in scripted):
        offsets = [offset * duration / moment for offset in offsets]
    return [
        Turn(turn.speaker, turn.text, min(round(offset, 3), duration))
        for turn, offset in zip(scripted, offsets, strict=True)
    ], duration


def speech_seconds(text: str) -> float:
    """Return the seconds that it takes to say a text."""
    return max(1, len(text.split())) / WORDS_PER_SECOND


def draw_dialogue(outcome: str | None, stream: Stream) -> tuple[list[ScriptedTurn], str]:
    """Return a dialogue of the phrase bank, its slots filled, and its outcome.

    Without an `outcome` one is drawn. An outcome that the bank does not have gets a dialogue of the `message` kind.
    """
    bank = _bank()
    kind = outcome if outcome in bank.dialogues else "message" if outcome else stream.choice(bank.drawn)
    slots = {name: stream.choice(values) for name, values in bank.slots.items()}
    dialogue = stream.choice(bank.dialogues[kind])
    said = [ScriptedTurn(turn.speaker, turn.text.format(**slots)) for turn in dialogue]
    return said, outcome or kind


_PRESETS = {
    MISSED: Script(end="no_answer"),
    "busy": Script(end="busy"),
    "failed": Script(end="failed"),
    VOICEMAIL: Script(outcome=VOICEMAIL),
}


def preset_script(name: str) -> Script:
    """Return a preset: `missed`, `busy`, `failed`, or a kind of dialogue of the phrase bank. Raises ScriptError."""
    if name in _PRESETS:
        return _PRESETS[name]
    if name in _bank().dialogues:
        return Script(outcome=name)
    known = ", ".join(dict.fromkeys((*_PRESETS, *_bank().dialogues)))
    raise ScriptError("scenario", f"there is no scenario {name!r}: {known}")


class _Bank(msgspec.Struct):
    dialogues: dict[str, list[list[ScriptedTurn]]]
    slots: dict[str, list[str]]

    @property
    def drawn(self) -> list[str]:
        return [kind for kind in self.dialogues if kind != VOICEMAIL]


@lru_cache(maxsize=1)
def _bank() -> _Bank:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with resources.path("fixtures", "dialogues.yaml").open(encoding="utf-8") as file:
        return msgspec.convert(yaml.load(file, Loader=loader), _Bank)  # noqa: S506 - a safe loader

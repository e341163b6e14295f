"""Scripted calls: what the far end does, turn by turn, and what a call without a script turns into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ringback import resources
from ringback.carrier.rng import Stream

Speaker = Literal["caller", "agent"]
CallEnd = Literal["completed", "no_answer", "busy", "failed"]
End = Literal[CallEnd, "undelivered"]

ANSWER_DELAY = 3.0
"""Seconds before a call is answered when the script doesn't say."""
NO_ANSWER_AFTER = 20.0
"""Seconds before a caller whom nobody answers gives up."""
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

VOICEMAIL_GREETING = "Nobody can take your call right now. Please leave a message after the tone."
MISSED = "missed"
VOICEMAIL = "voicemail"


class ScriptError(ValueError):
    """A script that cannot be played; `param` names the part."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class ScriptedTurn(msgspec.Struct, forbid_unknown_fields=True):
    """One thing said. `at` is seconds after the answer; without it the turn follows the one before."""

    speaker: Speaker
    text: str
    at: float | None = None


class Script(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How one call or message goes. Times are seconds; `turns` None draws a dialogue from the phrase bank.

    `language` (ISO 639-1), `translation` and `summary` are a voicemail's, where its words do not tell. `analysis` is
    what the vendor's analysis makes of the call, by the vendor's own names, where it has one. A message ends as
    `completed` (delivered), `failed` (the carrier rejects it) or `undelivered`, with a `failure_code`; its receipt
    comes `delivered_after` it was sent.
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
    """One thing said, `at` seconds after the answer."""

    speaker: Speaker
    text: str
    at: float


class CallPlan(msgspec.Struct, frozen=True):
    """A script made exact: when it is answered, how long it lasts and what is said."""

    answer_after: float
    duration: float
    end: CallEnd
    turns: list[Turn]
    outcome: str | None
    recording: bool


def plan_call(script: Script, stream: Stream) -> CallPlan:
    """Check a script and fill in what it leaves open, drawing from `stream`. Raises ScriptError."""
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
    """What is ahead on a live call: turns yet to be said, and how long the far end stays (None: until it has nothing
    left to say)."""

    turns: list[ScriptedTurn]
    duration: float | None


def plan_live_call(script: Script, stream: Stream, *, interactive: bool) -> tuple[CallPlan, LivePlan]:
    """A script for a live call: the plan without its turns, and what is ahead. With `interactive` that is the far end's part
    alone, without it both parts, each turn at its moment. Raises ScriptError."""
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
    """Whether nothing in a script is for a message alone."""
    return script.end != "undelivered" and all(getattr(script, name) is None for name in MESSAGE_ONLY)


def fits_message(script: Script) -> bool:
    """Whether nothing in a script is for a call alone."""
    ends = script.end in ("completed", "failed", "undelivered")
    return ends and all(getattr(script, name) is None for name in CALL_ONLY)


def check_script(script: Script) -> None:
    """Whether a script can be played by a call or by a message. Raises ScriptError."""
    if fits_message(script):
        check_message_script(script)
    else:
        check_call_script(script)


def check_message_script(script: Script) -> None:
    """Whether a script can be a message's. Raises ScriptError."""
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
    """How a call of this script ends. Raises ScriptError for one that cannot be a call's."""
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
    """Give each turn its offset; turns without one are squeezed where a given duration is too short for them."""
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
    """Seconds that it takes to say a text."""
    return max(1, len(text.split())) / WORDS_PER_SECOND


def draw_dialogue(outcome: str | None, stream: Stream) -> tuple[list[ScriptedTurn], str]:
    """A dialogue from the phrase bank, with this outcome or any; its slots are filled. An unknown outcome gets a
    dialogue of the `message` kind, under its own name."""
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
    """A script by name: `missed`, `busy`, `failed`, or a kind of dialogue of the phrase bank. Raises ScriptError."""
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


_loaded: list[_Bank] = []


def _bank() -> _Bank:
    if not _loaded:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with resources.path("fixtures", "dialogues.yaml").open(encoding="utf-8") as file:
            _loaded.append(msgspec.convert(yaml.load(file, Loader=loader), _Bank))  # noqa: S506 - a safe loader
    return _loaded[0]

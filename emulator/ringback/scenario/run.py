"""Telling a story: each step in turn, and how what was seen differs from what the story says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ringback import vendors
from ringback.carrier.clock import wall_seconds
from ringback.client import ControlError
from ringback.scenario import types
from ringback.scenario.errors import StoryBroken
from ringback.scenario.executor import DOING, SHOWING, Stage
from ringback.scenario.expectations import ABSENT, Difference, Words, amount, differences, is_matcher
from ringback.scenario.load import Story
from ringback.scenario.normalize import arrived
from ringback.scenario.references import UnknownReference, resolve
from ringback.timeline import timeline

if TYPE_CHECKING:
    from ringback.testing import Ringback

SUCCESS = Words("2xx")
TIMELINE_TAIL = 40
"""Entries of the journal that a failed story shows."""

Section = Literal["given", "when", "then"]
Verdict = Literal["passed", "failed", "trouble", "skipped"]


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one step went. `index` counts from 0 in its section; `line` is its line in the file, `title` one line on
    what it does. `trouble` says why it could not be played."""

    section: Section
    index: int
    line: int | None
    title: str
    verdict: Verdict
    differences: Sequence[Difference] = ()
    trouble: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one story went. `began` and `ended` are on the account's clock; `seconds` is real time; `timeline`, the end
    of the account's journal, is there unless it passed."""

    name: str
    file: str
    vendor: str
    verdict: Verdict
    steps: Sequence[StepResult]
    account_id: str
    began: datetime
    ended: datetime
    seconds: float
    timeline: str = ""


def run(story: Story, ringback: Ringback) -> Outcome:
    """Tell one story on a running emulator, on an account and a clock of its own.

    The first step of `when` that fails ends it, and `then` is not reached; all of `then` is looked at. The account of
    a story that did not pass is left as it is, to be looked at. Safe to use from several threads on one emulator.
    """
    began = wall_seconds()
    stage = Stage(story.scenario, ringback)
    steps: list[StepResult] = []
    passed = False
    happened = ""
    try:
        steps.append(_given(story, stage, ringback))
        if steps[0].verdict == "passed":
            steps = []
            _play(story, stage, steps)
        passed = all(step.verdict == "passed" for step in steps)
        happened = "" if passed else _timeline(stage)
    finally:
        stage.close(keep=not passed)
    verdicts = {step.verdict for step in steps}
    return Outcome(
        name=story.scenario.name,
        file=story.file,
        vendor=story.scenario.vendor,
        verdict="passed" if passed else "trouble" if "trouble" in verdicts else "failed",
        steps=steps,
        account_id=stage.account_id,
        began=stage.start,
        ended=stage.now,
        seconds=wall_seconds() - began,
        timeline=happened,
    )


def _given(story: Story, stage: Stage, ringback: Ringback) -> StepResult:
    result = StepResult(section="given", index=0, line=story.line("given") or 1, title="given", verdict="passed")
    vendor = story.scenario.vendor
    if vendor not in ringback.vendors:
        return _troubled(result, f"this emulator does not serve {vendor}: {', '.join(ringback.vendors)}")
    try:
        stage.open()
    except ControlError as error:
        return _failed(result, [_refused(error.code, error.message, error.param)])
    except UnknownReference as error:
        return _failed(result, [Difference((), Words("a name that is there"), Words(str(error)))])
    except (StoryBroken, OSError) as error:
        return _troubled(result, str(error))
    return result


def _play(story: Story, stage: Stage, steps: list[StepResult]) -> None:
    """Play `when` and `then`, and add a result for each step."""
    scenario = story.scenario
    going = True
    for section, parts in (("when", scenario.when), ("then", scenario.then)):
        for index, step in enumerate(parts):
            result = StepResult(
                section="when" if section == "when" else "then",
                index=index,
                line=story.line(section, index),
                title=title(story.source.value[section][index]),
                verdict="skipped",
            )
            if going:
                result = _told(scenario.vendor, stage, step, result)
            steps.append(result)
            if result.verdict == "trouble" or (section == "when" and result.verdict != "passed"):
                going = False


def _told(vendor: str, stage: Stage, step: types.Look, result: StepResult) -> StepResult:
    try:
        found = _step(vendor, stage, step)
    except UnknownReference as error:
        found = [Difference((), Words("a name that is there"), Words(str(error)))]
    except msgspec.ValidationError as error:
        found = [Difference((), Words("values of the right type"), Words(str(error)))]
    except (StoryBroken, OSError) as error:
        return _troubled(result, str(error))
    return _failed(result, found) if found else msgspec.structs.replace(result, verdict="passed")


def _step(vendor: str, stage: Stage, step: types.Look) -> list[Difference]:
    verb = types.verb_of(step)
    spec = getattr(step, verb)
    if verb == "webhooks":
        seen, found = _webhooks(vendor, stage, spec)
    elif verb in SHOWING:
        seen = SHOWING[verb](stage)
        found = _looked(verb, resolve(spec, stage.names, exact=True), seen, stage.start)
    else:
        seen = DOING[verb](stage, spec)
        expected = resolve(step.expect, stage.names, exact=True)
        found = (_answered if verb == "request" else _accepted)(expected, seen, stage.start)
        if verb == "request":
            seen = seen.get("body")
    if step.save is not None:
        stage.names[step.save] = seen
    return found


# -- what was seen against what the story says ----------------------------------------------------------------------


def _answered(expected: Any, seen: Mapping[str, Any], start: datetime) -> list[Difference]:
    """A vendor's answer: as expected, and a success unless the story says otherwise."""
    named = isinstance(expected, Mapping) and bool({"status", "failure"} & expected.keys())
    status = seen.get("status", ABSENT)
    why = _error_of(seen.get("body")) or str(seen.get("failure", ""))
    if not named and (status is ABSENT or not 200 <= status < 300):
        return [Difference(("status",), SUCCESS, status, why)]
    if expected is msgspec.UNSET:
        return []
    return [
        found._replace(why=found.why or why) if found.path == ("status",) else found
        for found in differences(expected, seen, start)
    ]


def _error_of(body: Any) -> str:
    error = body.get("error") if isinstance(body, Mapping) else None
    return (
        " ".join(str(error[name]) for name in ("code", "message") if name in error) if isinstance(error, dict) else ""
    )


def _accepted(expected: Any, seen: Any, start: datetime) -> list[Difference]:
    """The control API's answer: as expected, and no refusal unless the story says so."""
    refusal = seen.get("error") if isinstance(seen, Mapping) else None
    if isinstance(refusal, Mapping) and not (isinstance(expected, Mapping) and "error" in expected):
        return [_refused(refusal["code"], refusal["message"], refusal["param"])]
    return [] if expected is msgspec.UNSET else differences(expected, seen, start)


def _refused(code: str, message: str, param: str | None) -> Difference:
    where = f" ({param})" if param else ""
    return Difference((), Words("to be accepted"), Words(f"{code}: {message}{where}"))


def _looked(verb: str, expected: Any, seen: Any, start: datetime) -> list[Difference]:
    if verb == "timeline":
        return _in_order(expected, seen, start)
    if verb == "balance" and not is_matcher(expected) and amount(expected) is not None:
        return [] if amount(expected) == amount(seen) else [Difference(("balance",), expected, seen)]
    return differences(expected, seen, start, (verb,))


def _in_order(expected: Sequence[Any], seen: Sequence[Any], start: datetime) -> list[Difference]:
    """Every expected entry, each after the one before; others may lie between."""
    position = 0
    for index, entry in enumerate(expected):
        found = next((at for at in range(position, len(seen)) if not differences(entry, seen[at], start)), None)
        if found is None:
            after = f" after entry {index - 1} of the story" if index else ""
            rest = len(seen) - position
            why = f"{rest} of {len(seen)} journal entries were left to find it in"
            return [Difference(("timeline", index), entry, Words(f"no such entry{after}"), why)]
        position = found + 1
    return []


def _webhooks(vendor: str, stage: Stage, spec: types.Webhooks) -> tuple[list[Any], list[Difference]]:
    requests = stage.webhooks(spec.receiver)
    seen = [arrived(request) for request in requests]
    found = differences(resolve(spec.arrived, stage.names, exact=True), seen, stage.start, ("arrived",))
    if spec.signed is not None:
        secret = str(resolve(spec.signed, stage.names))
        for index, request in enumerate(requests):
            if problem := vendors.load(vendor).signature.verify(secret, seen[index]["headers"], request.body):
                found.append(Difference(("arrived", index), Words("a valid signature"), Words(problem)))
    return seen, found


# -- words -----------------------------------------------------------------------------------------------------------


def title(raw: Mapping[str, Any]) -> str:
    """One line on what a step does, from the step as it is written; its own note where it has one."""
    if raw.get("note"):
        return str(raw["note"])
    verb = next(name for name in types.VERBS if name in raw)
    spec = raw[verb]
    if verb in ("request", "control"):
        return f"{spec['method']} {spec.get('path') or spec['url']}"
    if verb in ("call", "text"):
        return f"{verb} from {spec['from']} to {spec['to']}"
    if verb == "webhooks":
        return f"webhooks at {spec['receiver']}"
    if verb == "receiver":
        changes = (
            f"{name} {change if isinstance(change, str) else f'answers {change}'}" for name, change in spec.items()
        )
        return f"receiver {', '.join(changes)}"
    if verb in ("advance", "until", "fund", "balance") and not isinstance(spec, Mapping):
        return f"{verb} {spec}"
    return verb


def _timeline(stage: Stage) -> str:
    if not stage.account_id:
        return ""
    try:
        return timeline(stage.journal()[-TIMELINE_TAIL:])
    except (StoryBroken, ControlError) as error:
        return f"(the journal could not be read: {error})"


def _failed(result: StepResult, found: Sequence[Difference]) -> StepResult:
    return msgspec.structs.replace(result, verdict="failed", differences=list(found))


def _troubled(result: StepResult, trouble: str) -> StepResult:
    return msgspec.structs.replace(result, verdict="trouble", trouble=trouble)

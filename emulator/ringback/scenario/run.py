"""Run a scenario: play each step in turn, and compare what was observed with what the scenario expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ringback import vendors
from ringback.carrier.clock import wall_seconds
from ringback.client import ControlError
from ringback.scenario import types
from ringback.scenario.errors import ExecutionError
from ringback.scenario.executor import ACTIONS, QUERIES, Executor
from ringback.scenario.expectations import ABSENT, Difference, Words, amount, differences, is_matcher
from ringback.scenario.load import LoadedScenario
from ringback.scenario.normalize import arrived
from ringback.scenario.references import UnknownReference, resolve
from ringback.timeline import timeline

if TYPE_CHECKING:
    from ringback.testing import Ringback

SUCCESS = Words("2xx")
TIMELINE_TAIL = 40
"""Entries of the journal that a failed scenario shows."""

Section = Literal["given", "when", "then"]
Verdict = Literal["passed", "failed", "trouble", "skipped"]


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one step went.

    `index` counts from 0 in its section; `line` is its line in the file; `title` is one line on what it does; `trouble`
    says why it could not be played.
    """

    section: Section
    index: int
    line: int | None
    title: str
    verdict: Verdict
    differences: Sequence[Difference] = ()
    trouble: str = ""


class ScenarioResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one scenario went.

    `began` and `ended` are on the account's clock, `seconds` is real time. `timeline` is the end of the account's
    journal, empty when the scenario passed.
    """

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


def run(loaded: LoadedScenario, ringback: Ringback) -> ScenarioResult:
    """Run one scenario on a running emulator, on an account and a clock of its own.

    The first step of `when` that fails ends it before `then`; every step of `then` is played. The account stays open
    for inspection unless the scenario passed. Safe to use from several threads on one emulator.
    """
    began = wall_seconds()
    executor = Executor(loaded.scenario, ringback)
    steps: list[StepResult] = []
    passed = False
    happened = ""
    try:
        steps.append(_given(loaded, executor, ringback))
        if steps[0].verdict == "passed":
            steps = []
            _play(loaded, executor, steps)
        passed = all(step.verdict == "passed" for step in steps)
        happened = "" if passed else _timeline(executor)
    finally:
        executor.close(keep=not passed)
    verdicts = {step.verdict for step in steps}
    return ScenarioResult(
        name=loaded.scenario.name,
        file=loaded.file,
        vendor=loaded.scenario.vendor,
        verdict="passed" if passed else "trouble" if "trouble" in verdicts else "failed",
        steps=steps,
        account_id=executor.account_id,
        began=executor.start,
        ended=executor.now,
        seconds=wall_seconds() - began,
        timeline=happened,
    )


def _given(loaded: LoadedScenario, executor: Executor, ringback: Ringback) -> StepResult:
    result = StepResult(section="given", index=0, line=loaded.line("given") or 1, title="given", verdict="passed")
    vendor = loaded.scenario.vendor
    if vendor not in ringback.vendors:
        return _troubled(result, f"this emulator does not serve {vendor}: {', '.join(ringback.vendors)}")
    try:
        executor.open()
    except ControlError as error:
        return _failed(result, [_rejected(error.code, error.message, error.param)])
    except UnknownReference as error:
        return _failed(result, [Difference((), Words("a name that exists"), Words(str(error)))])
    except (ExecutionError, OSError) as error:
        return _troubled(result, str(error))
    return result


def _play(loaded: LoadedScenario, executor: Executor, steps: list[StepResult]) -> None:
    """Play `when` and `then`, and append a result for each step."""
    scenario = loaded.scenario
    going = True
    for section, parts in (("when", scenario.when), ("then", scenario.then)):
        for index, step in enumerate(parts):
            result = StepResult(
                section="when" if section == "when" else "then",
                index=index,
                line=loaded.line(section, index),
                title=title(loaded.source.value[section][index]),
                verdict="skipped",
            )
            if going:
                result = _result_of(scenario.vendor, executor, step, result)
            steps.append(result)
            if result.verdict == "trouble" or (section == "when" and result.verdict != "passed"):
                going = False


def _result_of(vendor: str, executor: Executor, step: types.Check, result: StepResult) -> StepResult:
    try:
        found = _step(vendor, executor, step)
    except UnknownReference as error:
        found = [Difference((), Words("a name that exists"), Words(str(error)))]
    except msgspec.ValidationError as error:
        found = [Difference((), Words("values of the right type"), Words(str(error)))]
    except (ExecutionError, OSError) as error:
        return _troubled(result, str(error))
    return _failed(result, found) if found else msgspec.structs.replace(result, verdict="passed")


def _step(vendor: str, executor: Executor, step: types.Check) -> list[Difference]:
    verb = types.verb_of(step)
    spec = getattr(step, verb)
    if verb == "webhooks":
        seen, found = _webhooks(vendor, executor, spec)
    elif verb in QUERIES:
        seen = QUERIES[verb](executor)
        found = _compared(verb, resolve(spec, executor.names, exact=True), seen, executor.start)
    else:
        seen = ACTIONS[verb](executor, spec)
        expected = resolve(step.expect, executor.names, exact=True)
        found = (_responded if verb == "request" else _accepted)(expected, seen, executor.start)
        if verb == "request":
            seen = seen.get("body")
    if step.save is not None:
        executor.names[step.save] = seen
    return found


# -- observed against expected -----------------------------------------------------------------------------------


def _responded(expected: Any, seen: Mapping[str, Any], start: datetime) -> list[Difference]:
    """Compare a vendor's response, which must be a success unless the scenario says otherwise."""
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
    """Compare a response of the control API, which must not be an error unless the scenario says so."""
    error = seen.get("error") if isinstance(seen, Mapping) else None
    if isinstance(error, Mapping) and not (isinstance(expected, Mapping) and "error" in expected):
        return [_rejected(error["code"], error["message"], error["param"])]
    return [] if expected is msgspec.UNSET else differences(expected, seen, start)


def _rejected(code: str, message: str, param: str | None) -> Difference:
    where = f" ({param})" if param else ""
    return Difference((), Words("to be accepted"), Words(f"{code}: {message}{where}"))


def _compared(verb: str, expected: Any, seen: Any, start: datetime) -> list[Difference]:
    if verb == "timeline":
        return _in_order(expected, seen, start)
    if verb == "balance" and not is_matcher(expected) and amount(expected) is not None:
        return [] if amount(expected) == amount(seen) else [Difference(("balance",), expected, seen)]
    return differences(expected, seen, start, (verb,))


def _in_order(expected: Sequence[Any], seen: Sequence[Any], start: datetime) -> list[Difference]:
    """Find every expected entry, each after the one before; others may lie between."""
    position = 0
    for index, entry in enumerate(expected):
        found = next((at for at in range(position, len(seen)) if not differences(entry, seen[at], start)), None)
        if found is None:
            after = f" after entry {index - 1} of the scenario" if index else ""
            rest = len(seen) - position
            why = f"{rest} of {len(seen)} journal entries were left to search"
            return [Difference(("timeline", index), entry, Words(f"no such entry{after}"), why)]
        position = found + 1
    return []


def _webhooks(vendor: str, executor: Executor, spec: types.Webhooks) -> tuple[list[Any], list[Difference]]:
    requests = executor.webhooks(spec.receiver)
    seen = [arrived(request) for request in requests]
    found = differences(resolve(spec.arrived, executor.names, exact=True), seen, executor.start, ("arrived",))
    if spec.signed is not None:
        secret = str(resolve(spec.signed, executor.names))
        for index, request in enumerate(requests):
            if problem := vendors.load(vendor).signature.verify(secret, seen[index]["headers"], request.body):
                found.append(Difference(("arrived", index), Words("a valid signature"), Words(problem)))
    return seen, found


# -- reports ---------------------------------------------------------------------------------------------------------


def title(raw: Mapping[str, Any]) -> str:
    """Return one line on what a step does, from the step as it is written: its own note, if it has one."""
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


def _timeline(executor: Executor) -> str:
    if not executor.account_id:
        return ""
    try:
        return timeline(executor.journal()[-TIMELINE_TAIL:])
    except (ExecutionError, ControlError) as error:
        return f"(the journal could not be read: {error})"


def _failed(result: StepResult, found: Sequence[Difference]) -> StepResult:
    return msgspec.structs.replace(result, verdict="failed", differences=list(found))


def _troubled(result: StepResult, trouble: str) -> StepResult:
    return msgspec.structs.replace(result, verdict="trouble", trouble=trouble)

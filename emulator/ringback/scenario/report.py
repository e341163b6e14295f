"""Outcomes as people and programs read them: a line each with the difference below, JUnit XML, and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import msgspec

from ringback.carrier.clock import iso_exact, micros
from ringback.scenario.expectations import Difference, shown
from ringback.scenario.run import Outcome, StepResult, Verdict

if TYPE_CHECKING:
    from rich.table import Table

MARKS: dict[Verdict, str] = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "trouble": "[yellow]![/]"}
_UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), "�")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def explained(outcome: Outcome) -> str:
    """What is not as the story says: every failed step by file and line, what was expected beside what was seen, and
    what happened to the account. Empty for a story that passed."""
    if outcome.verdict == "passed":
        return ""
    parts = [_step(outcome, step) for step in outcome.steps if step.verdict in ("failed", "trouble")]
    if skipped := sum(step.verdict == "skipped" for step in outcome.steps):
        parts.append(f"  {skipped} further {'step was' if skipped == 1 else 'steps were'} not reached")
    if outcome.timeline:
        parts.append(f"  what happened to account {outcome.account_id}:\n{_indented(outcome.timeline)}")
    return "\n".join((f"{outcome.name}: {outcome.verdict}", *parts))


def _step(outcome: Outcome, step: StepResult) -> str:
    number = "" if step.section == "given" else f" {step.index + 1}: {step.title}"
    lines = [f"  {outcome.file}:{step.line}  {step.section}{number}"]
    if step.trouble:
        lines.append(f"      {step.trouble}")
    for difference in step.differences:
        lines.extend(f"    {line}" for line in worded(difference))
    return "\n".join(lines)


def worded(difference: Difference) -> list[str]:
    """A difference in lines: where, what was expected, what was seen, and why that is not the same."""
    return [
        *([".".join(map(str, difference.path))] if difference.path else []),
        f"  expected  {shown(difference.expected)}",
        f"  seen      {shown(difference.seen)}",
        *([f"  why       {difference.why}"] if difference.why else []),
    ]


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def table(outcomes: Sequence[Outcome]) -> Table:
    """All outcomes, a line each."""
    from rich.markup import escape
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="dim")
    grid.add_column("")
    grid.add_column("Story", overflow="fold")
    grid.add_column("Steps", justify="right")
    grid.add_column("Time told", justify="right")
    grid.add_column("Took", justify="right")
    for outcome in outcomes:
        held = sum(step.verdict == "passed" for step in outcome.steps)
        told = _length((outcome.ended - outcome.began).total_seconds())
        took = f"{outcome.seconds * 1000:.0f} ms"
        grid.add_row(MARKS[outcome.verdict], escape(outcome.name), f"{held}/{len(outcome.steps)}", told, took)
    return grid


def summed(outcomes: Sequence[Outcome]) -> str:
    """`12 stories: 11 passed, 1 failed`."""
    verdicts = [outcome.verdict for outcome in outcomes]
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in MARKS if verdict in verdicts]
    return f"{len(outcomes)} {'story' if len(outcomes) == 1 else 'stories'}: {', '.join(counts)}"


def _length(seconds: float) -> str:
    left = round(seconds)
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """A JUnit XML document with a test case for each story."""
    verdicts = [outcome.verdict for outcome in outcomes]
    suite = ElementTree.Element(
        "testsuite",
        name="ringback scenarios",
        tests=str(len(outcomes)),
        failures=str(verdicts.count("failed")),
        errors=str(verdicts.count("trouble")),
        skipped="0",
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"scenarios.{outcome.vendor}",
            name=_printable(outcome.name),
            file=_printable(outcome.file),
            time=f"{outcome.seconds:.3f}",
        )
        if outcome.verdict != "passed":
            kind = "failure" if outcome.verdict == "failed" else "error"
            text = _printable(explained(outcome))
            ElementTree.SubElement(case, kind, message=_first(text)).text = text
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _first(text: str) -> str:
    lines = text.splitlines()
    return " ".join(line.strip() for line in lines[1:2]) or lines[0]


def _printable(text: str) -> str:
    return text.translate(_UNPRINTABLE)


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The outcomes as one JSON document: `{"summary": {verdict: count}, "scenarios": […]}`."""
    verdicts = [outcome.verdict for outcome in outcomes]
    return {
        "summary": {verdict: verdicts.count(verdict) for verdict in MARKS},
        "scenarios": [
            {
                "name": outcome.name,
                "file": outcome.file,
                "vendor": outcome.vendor,
                "verdict": outcome.verdict,
                "account_id": outcome.account_id or None,
                "began": iso_exact(micros(outcome.began)),
                "ended": iso_exact(micros(outcome.ended)),
                "seconds": round(outcome.seconds, 3),
                "steps": [_step_view(step) for step in outcome.steps],
            }
            for outcome in outcomes
        ],
    }


def _step_view(step: StepResult) -> dict[str, Any]:
    view: dict[str, Any] = {
        "section": step.section,
        "index": step.index,
        "line": step.line,
        "title": step.title,
        "verdict": step.verdict,
    }
    if step.trouble:
        view["trouble"] = step.trouble
    if step.differences:
        view["differences"] = [
            {
                "path": ".".join(map(str, difference.path)),
                "expected": shown(difference.expected),
                "seen": shown(difference.seen),
                **({"why": difference.why} if difference.why else {}),
            }
            for difference in step.differences
        ]
    return view


def encoded(outcomes: Sequence[Outcome]) -> str:
    """`document` as text."""
    return msgspec.json.format(msgspec.json.encode(document(outcomes)), indent=2).decode()

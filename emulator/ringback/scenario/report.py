"""Report results: as a table with the differences below, as JUnit XML, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import msgspec

from ringback.carrier.clock import iso_exact, micros
from ringback.scenario.expectations import Difference, shown
from ringback.scenario.run import ScenarioResult, StepResult, Verdict

if TYPE_CHECKING:
    from rich.table import Table

MARKS: dict[Verdict, str] = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "trouble": "[yellow]![/]"}
_UNPRINTABLE = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)), "�")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def explanation(result: ScenarioResult) -> str:
    """Return every failed step by file and line, with expected and observed values, and the account's timeline.

    Empty for a scenario that passed.
    """
    if result.verdict == "passed":
        return ""
    parts = [_step(result, step) for step in result.steps if step.verdict in ("failed", "trouble")]
    if skipped := sum(step.verdict == "skipped" for step in result.steps):
        parts.append(f"  {skipped} further {'step was' if skipped == 1 else 'steps were'} not reached")
    if result.timeline:
        parts.append(f"  what happened to account {result.account_id}:\n{_indented(result.timeline)}")
    return "\n".join((f"{result.name}: {result.verdict}", *parts))


def _step(result: ScenarioResult, step: StepResult) -> str:
    number = "" if step.section == "given" else f" {step.index + 1}: {step.title}"
    lines = [f"  {result.file}:{step.line}  {step.section}{number}"]
    if step.trouble:
        lines.append(f"      {step.trouble}")
    for difference in step.differences:
        lines.extend(f"    {line}" for line in lines_of(difference))
    return "\n".join(lines)


def lines_of(difference: Difference) -> list[str]:
    """Return a difference in lines: where, what was expected, what was observed, and why they differ."""
    return [
        *([".".join(map(str, difference.path))] if difference.path else []),
        f"  expected  {shown(difference.expected)}",
        f"  seen      {shown(difference.seen)}",
        *([f"  why       {difference.why}"] if difference.why else []),
    ]


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def table(results: Sequence[ScenarioResult]) -> Table:
    """Return a table of all results, a line each."""
    from rich.markup import escape
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="dim")
    grid.add_column("")
    grid.add_column("Scenario", overflow="fold")
    grid.add_column("Steps", justify="right")
    grid.add_column("Virtual time", justify="right")
    grid.add_column("Took", justify="right")
    for result in results:
        held = sum(step.verdict == "passed" for step in result.steps)
        virtual = _length((result.ended - result.began).total_seconds())
        took = f"{result.seconds * 1000:.0f} ms"
        grid.add_row(MARKS[result.verdict], escape(result.name), f"{held}/{len(result.steps)}", virtual, took)
    return grid


def summary(results: Sequence[ScenarioResult]) -> str:
    """Return `12 scenarios: 11 passed, 1 failed`."""
    verdicts = [result.verdict for result in results]
    counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in MARKS if verdict in verdicts]
    return f"{len(results)} {'scenario' if len(results) == 1 else 'scenarios'}: {', '.join(counts)}"


def _length(seconds: float) -> str:
    left = round(seconds)
    parts = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def junit(results: Sequence[ScenarioResult]) -> bytes:
    """Return a JUnit XML document with a test case for each scenario."""
    verdicts = [result.verdict for result in results]
    suite = ElementTree.Element(
        "testsuite",
        name="ringback scenarios",
        tests=str(len(results)),
        failures=str(verdicts.count("failed")),
        errors=str(verdicts.count("trouble")),
        skipped="0",
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=f"scenarios.{result.vendor}",
            name=_printable(result.name),
            file=_printable(result.file),
            time=f"{result.seconds:.3f}",
        )
        if result.verdict != "passed":
            kind = "failure" if result.verdict == "failed" else "error"
            text = _printable(explanation(result))
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


def document(results: Sequence[ScenarioResult]) -> dict[str, Any]:
    """Return the results as one JSON document: `{"summary": {verdict: count}, "scenarios": […]}`."""
    verdicts = [result.verdict for result in results]
    return {
        "summary": {verdict: verdicts.count(verdict) for verdict in MARKS},
        "scenarios": [
            {
                "name": result.name,
                "file": result.file,
                "vendor": result.vendor,
                "verdict": result.verdict,
                "account_id": result.account_id or None,
                "began": iso_exact(micros(result.began)),
                "ended": iso_exact(micros(result.ended)),
                "seconds": round(result.seconds, 3),
                "steps": [_step_view(step) for step in result.steps],
            }
            for result in results
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


def encoded(results: Sequence[ScenarioResult]) -> str:
    """Return `document` as text."""
    return msgspec.json.format(msgspec.json.encode(document(results)), indent=2).decode()

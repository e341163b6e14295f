"""Show a run on the terminal: its progress, and the table of verdicts at the end."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ringback_conformance.judge import ProbeResult
from ringback_conformance.listener import ProgressListener
from ringback_conformance.model import Exchange, Kind, Level, Profile, Send, Verdict
from ringback_conformance.plan import Plan
from ringback_conformance.report.document import by_section
from ringback_conformance.transport import dollars

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live
    from rich.progress import Progress, TaskID
    from rich.text import Text

STYLES = {
    Verdict.PASS.value: ("✓", "green"),
    Verdict.FAIL.value: ("✗", "bold red"),
    Verdict.SKIPPED.value: ("–", "dim"),
    Verdict.NOT_OBSERVED.value: ("○", "yellow"),
    Verdict.DEVIATION.value: ("≠", "magenta"),
    Verdict.INFO.value: ("i", "cyan"),
    Verdict.ERROR.value: ("!", "bold yellow"),
}
REFRESHES = 8
MAX_REASON = 320
ID_WIDTH = 18
NO_SENDS = {True: "what it needs, within the emulator", False: "checked on what is bought below and what others send"}


class Screen(ProgressListener):
    """Show the run on a rich console: a progress bar, the current claim, and messages.

    Where the output is not a terminal it only prints the messages.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None
        self._live: Live | None = None
        self._task: TaskID | None = None
        self._sent: Counter[str] = Counter()
        self._failing = 0

    def planned(self, target: str, profile: Profile, plan: Plan) -> None:
        """Show what is about to be checked and start the progress bar."""
        cost = f", up to {dollars(plan.cents)}" if plan.cents else ""
        self._console.print(
            f"[bold]{target}[/] · profile {profile.value} · {len(plan.runs)} of {len(plan.steps)} claims{cost}",
            highlight=False,
        )
        if not self._console.is_terminal:
            return
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description:<14}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._progress.add_task("", total=len(plan.runs) + 2)
        self._live = Live(
            get_renderable=self._view, console=self._console, refresh_per_second=REFRESHES, transient=True
        )
        self._live.start()

    def _view(self) -> RenderableType:
        from rich.console import Group
        from rich.text import Text

        assert self._progress is not None
        failing = f" · {self._failing} failing" if self._failing else ""
        counts = f"{self._sent[Kind.API.value]} requests · {self._sent[Kind.WEBHOOK.value]} webhooks{failing}"
        return Group(self._progress, Text(counts, style="dim"))

    def started(self, name: str) -> None:
        """Show the current claim."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, description=name)

    def finished(self, name: str, result: ProbeResult, held: bool) -> None:
        """Advance the progress bar."""
        self._failing += not held or bool(result.broken)
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task)

    def sent(self, exchange: Exchange) -> None:
        """Count the exchange."""
        self._sent[exchange.kind.value] += 1

    def say(self, message: str) -> None:
        """Print a message above the progress bar."""
        self._console.print(message, highlight=False, markup=False)

    def close(self) -> None:
        """End the live view."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def show(document: dict[str, Any], console: Console, *, verbose: bool = False) -> None:
    """Print the table of verdicts by section, what failed and why, and the headline."""
    from rich.table import Table
    from rich.text import Text

    for section, verdicts in by_section(document["verdicts"]).items():
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, min_width=ID_WIDTH)
        table.add_column(overflow="fold")
        shown = [verdict for verdict in verdicts if verbose or verdict["verdict"] != Verdict.SKIPPED.value]
        for verdict in shown:
            table.add_row(*_row(verdict, verbose=verbose))
        if shown:
            console.print(Text(f"\n{section}", style="bold"))
            console.print(table)
    if not verbose:
        _skipped(document, console)
    _failures(document, console)
    _ending(document, console)


def _skipped(document: dict[str, Any], console: Console) -> None:
    reasons: dict[str, list[str]] = {}
    for verdict in document["verdicts"]:
        if verdict["verdict"] == Verdict.SKIPPED.value:
            reasons.setdefault(verdict["reason"], []).append(verdict["claim"])
    _reasons(reasons, "skipped", console)


def _reasons(reasons: dict[str, list[str]], what: str, console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    for reason, claims in reasons.items():
        console.print(Text(f"\n– {len(claims)} {what}: {reason}", style="dim"))
        console.print(Padding(Text(" ".join(claims), style="dim"), (0, 2)))


def _row(verdict: dict[str, Any], *, verbose: bool) -> tuple[Text, Text, Text]:
    from rich.text import Text

    name = verdict["verdict"]
    mark, style = STYLES[name]
    basis = "" if verdict["basis"] == "doc" else f" ({verdict['basis']})"
    if name == Verdict.PASS.value:
        text = verdict["text"] + (f" — {verdict['reason']}" if verbose else "")
    else:
        text = f"{name}: {_cut(verdict['reason'])}"
    quiet = name in (Verdict.SKIPPED.value, Verdict.NOT_OBSERVED.value)
    return (
        Text(mark, style=style),
        Text(verdict["claim"] + basis, style=style),
        Text(text, style="dim" if quiet else ""),
    )


def _cut(reason: str) -> str:
    return reason if len(reason) <= MAX_REASON else reason[:MAX_REASON] + "…"


def _failures(document: dict[str, Any], console: Console) -> None:
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text

    for verdict in document["verdicts"]:
        if verdict["verdict"] not in (Verdict.FAIL.value, Verdict.ERROR.value):
            continue
        console.print()
        should = " (should)" if verdict["level"] == Level.SHOULD.value else ""
        console.print(Text(f"✗ {verdict['claim']}{should}  {verdict['section']}", style="bold red"))
        console.print(Padding(Text(f"The page: {verdict['text']}"), (0, 2)))
        console.print(Padding(Text(f"Seen: {_cut(verdict['reason'])}"), (0, 2)))
        if verdict["evidence"]:
            shown = verdict["evidence"][0]
            evidence = f"{shown['curl']}\n\n{shown['response'][:1_000]}"
            console.print(Padding(Syntax(evidence, "http", word_wrap=True, background_color="default"), (0, 4)))


def _ending(document: dict[str, Any], console: Console) -> None:
    from rich.text import Text

    console.print()
    counts = " · ".join(f"[{STYLES[name][1]}]{count} {name}[/]" for name, count in document["summary"].items() if count)
    console.print(counts, highlight=False)
    spent = f" · {dollars(_cents(document['spent']))} spent" if document["profile"] == "sandbox" else ""
    console.print(
        f"[bold]{document['headline']}[/] · {document['requests']} requests · {document['seconds']:.1f} s{spent}",
        highlight=False,
    )
    if document["warnings"]:
        total = sum(warning["count"] for warning in document["warnings"])
        console.print(f"{total} warnings from the engine (not verdicts): see the JSON or HTML report", style="yellow")
    for id_ in document["stale_deviations"]:
        console.print(f"{id_} is listed as a deviation but holds: remove it from the list", style="magenta")
    for note in document["notes"]:
        console.print(Text(f"note: {note}", style="dim"))
    if document["trouble"]:
        console.print(Text(f"trouble: {document['trouble']}", style="bold yellow"))
    if document["left_behind"]:
        left = ", ".join(document["left_behind"])
        console.print(Text(f"left behind: {left}: ringback conform --cleanup {document['ledger']}", style="bold red"))


def _cents(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole) * 100 + int(rest or 0)


def show_plan(drawn: Plan, profile: Profile, target: str, console: Console) -> None:
    """Print what a run would send and cost."""
    from rich.table import Table

    console.print(f"[bold]{target}[/] · profile {profile.value} · nothing is sent now", highlight=False)
    table = Table(box=None, pad_edge=False, padding=(0, 1), show_edge=False)
    for name in ("claim", "would send, at most", "cost"):
        table.add_column(name, overflow="fold", justify="right" if name == "cost" else "left")
    reasons: dict[str, list[str]] = {}
    for step in drawn.steps:
        if step.skipped:
            reasons.setdefault(step.skipped, []).append(step.claim.id)
            continue
        sends = "; ".join(_line(send) for send in step.sends) or NO_SENDS[profile is Profile.EMULATOR]
        table.add_row(step.claim.id, sends, dollars(step.cents) if step.cents else "")
    console.print(table)
    _reasons(reasons, "would be skipped", console)
    if drawn.shared:
        console.print("\nbought once and used by several claims:")
        for send in drawn.shared:
            console.print(f"  {_line(send)}", highlight=False, markup=False)
    if profile is Profile.EMULATOR:
        console.print("\nthe emulator costs nothing", highlight=False)
        return
    minutes = max(1, round((drawn.requests + drawn.engine_requests) / drawn.rate))
    engine = f", {drawn.engine_requests} GETs by the engine" if drawn.engine_requests else ""
    console.print(
        f"\nat most [bold]{drawn.requests}[/] requests by probes{engine}, one to identify the target, and clean-up; "
        f"cost up to [bold]{dollars(drawn.cents)}[/]; about {minutes} min, at {drawn.rate} requests a minute",
        highlight=False,
    )
    if profile is Profile.SANDBOX:
        console.print(
            "What the page rejects (bad business phones, internal webhook addresses) is free when the target rejects "
            "it, and is tried first. If the target accepts one, its cost counts against the budget, a hard limit.",
            highlight=False,
        )


def _line(send: Send) -> str:
    times = f" ×{send.times}" if send.times > 1 else ""
    price = f" at {dollars(send.cents)}" if send.cents else ""
    note = f" ({send.note})" if send.note else ""
    return f"{send.method} {send.path}{times}{price}{note}"


def plan_document(drawn: Plan, profile: Profile, target: str) -> dict[str, Any]:
    """Return a plan as JSON."""
    return {
        "target": target,
        "profile": profile.value,
        "requests": drawn.requests,
        "engine_requests": drawn.engine_requests,
        "cost": f"{drawn.cents / 100:.2f}",
        "shared": [_send(send) for send in drawn.shared],
        "steps": [
            {
                "claim": step.claim.id,
                "skipped": step.skipped or None,
                "cost": f"{step.cents / 100:.2f}",
                "sends": [] if step.skipped else [_send(send) for send in step.sends],
            }
            for step in drawn.steps
        ],
    }


def _send(send: Send) -> dict[str, Any]:
    return {
        "method": send.method,
        "path": send.path,
        "times": send.times,
        "cost": f"{send.cents / 100:.2f}",
        "note": send.note or None,
    }

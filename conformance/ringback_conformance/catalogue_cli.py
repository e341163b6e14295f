"""`ringback claims` and `ringback mutants`."""

from __future__ import annotations

import sys
import time
from typing import Any, NoReturn

import click
import msgspec

from ringback_conformance import output
from ringback_conformance.claims import load, names

Vendor = click.Choice(names())


@click.command(short_help="List the claims.")
@click.argument("vendor", type=Vendor, required=False)
@click.option("--only", metavar="GLOB", multiple=True, help="Only these claims. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def claims(vendor: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """List the claims: id, basis, needs, section of the page, what checks each, and the mutants that break it.

    \b
    ringback claims kwickphone
    ringback claims kwickphone --only 'KWP-HOOK-*' --json
    """
    from ringback_conformance.mutation_gate import mutations

    rows = []
    for name in (vendor,) if vendor else names():
        catalogue = load(name)
        breaking: dict[str, list[str]] = {}
        for mutation in mutations(name):
            breaking.setdefault(mutation.claim, []).append(mutation.name)
        rows += [
            {
                "id": claim.id,
                "basis": claim.basis.value,
                "level": claim.level.value,
                "needs": sorted(need.value for need in claim.needs),
                "section": claim.section,
                "text": claim.text,
                "checked_by": catalogue.checked_by(claim.id),
                "mutants": breaking.get(claim.id, []),
            }
            for claim in catalogue.select(only)
        ]
    if as_json:
        click.echo(output.to_json(rows))
    else:
        _show_claims(rows)


def _show_claims(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in ("claim", "basis", "needs", "promise", "checked by", "mutants"):
        table.add_column(name, overflow="fold", no_wrap=name in ("claim", "basis"))
    section = ""
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            table.add_row(Text(section, style="bold"))
        checks = ", ".join(dict.fromkeys(check.partition(" ")[0] for check in row["checked_by"]))
        table.add_row(row["id"], row["basis"], " ".join(row["needs"]), row["text"], checks, str(len(row["mutants"])))
    output.console(to_stderr=False).print(table)


@click.command(short_help="List the mutants, or run the suite against each.")
@click.argument("vendor", type=Vendor, required=False)
@click.option("--gate", "run_gate", is_flag=True, help="Run the suite against each mutant: it must notice all.")
@click.option("--only", metavar="GLOB", multiple=True, help="Only these mutants, by name or claim. Repeatable.")
@click.option("--part", metavar="K/N", help="Only the K-th of N parts of each vendor's mutants, to split the gate.")
@click.option("--jobs", type=click.IntRange(1, 64), help="How many run in parallel. Default: one more than processors.")
@click.option("--seed", type=int, default=0, help="The seed of every run.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mutants(
    vendor: str | None,
    run_gate: bool,
    only: tuple[str, ...],
    part: str | None,
    jobs: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """List the named ways in which the emulator can be made to break a claim.

    With --gate the whole suite runs against the emulator as it is, which must pass, and against each mutant, which
    its own claim must fail, and no unrelated must-claim.

    \b
    ringback mutants kwickphone
    ringback mutants kwickphone --gate --jobs 4
    ringback mutants --gate --part 1/3                           a third of every vendor's
    ringback serve kwickphone --mutant kwickphone.webhook.signs-parsed-body
    """
    from rich.table import Table

    from ringback_conformance import mutation_gate

    number, of = _part(part)
    chosen = {
        name: mutation_gate.part(mutation_gate.select(mutation_gate.mutations(name), only), number, of)
        for name in ((vendor,) if vendor else names())
    }
    if not any(chosen.values()):
        raise click.UsageError(f"no mutant matches {' '.join(only)}" if only else "there are no mutants")
    if run_gate:
        output.require_packages(output.PACKAGES)
        _gate(chosen, jobs, seed, as_json)
    listed = [mutation for found in chosen.values() for mutation in found]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in ("mutant", "claim", "breaks"):
        table.add_column(name, overflow="fold", no_wrap=name == "claim")
    for mutation in listed:
        table.add_row(mutation.name, mutation.claim, mutation.breaks)
    output.console(to_stderr=False).print(table)


def _part(text: str | None) -> tuple[int, int]:
    number, _, of = (text or "1/1").partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.UsageError(f"--part {text}: expected K/N, such as 1/3, with K from 1 to N")
    return int(number), int(of)


def _gate(chosen: dict[str, Any], jobs: int | None, seed: int, as_json: bool) -> NoReturn:
    from rich.text import Text

    from ringback_conformance.mutation_gate import Trial, document, gate

    console = output.console(to_stderr=as_json)
    begun = time.monotonic()
    total = len(chosen) + sum(len(mutations) for mutations in chosen.values())
    finished = 0

    def show(vendor: str, trial: Trial) -> None:
        nonlocal finished
        finished += trial.tries == 1
        text, style = _line(trial)
        text += "  on its second try" if trial.tries > 1 else ""
        console.print(Text(f"{finished:>4}/{total} ").append(f"{vendor}: {text}" if not trial.name else text, style))

    verdicts = gate(chosen, jobs=jobs, seed=seed, listener=show)
    console.print()
    for vendor, verdict in verdicts.items():
        killed = sum(trial.killed for trial in verdict.trials)
        console.print(
            f"[bold]{vendor}: {killed} of {len(verdict.trials)} killed[/] · {len(verdict.noisy)} with unrelated "
            f"failures · the reference {_reference(verdict.reference)}",
            highlight=False,
        )
        for name in verdict.alive:
            console.print(Text(f"alive: {name}", style="bold red"))
    console.print(f"{time.monotonic() - begun:.0f} s", highlight=False)
    if as_json:
        documents = {vendor: document(verdict) for vendor, verdict in verdicts.items()}
        click.echo(output.to_json(next(iter(documents.values())) if len(documents) == 1 else documents))
    sys.exit(output.FINE if all(verdict.passed for verdict in verdicts.values()) else output.FAILED)


def _reference(trial: Any) -> str:
    clean = not trial.failed and not trial.trouble
    return "holds" if clean else f"fails: {', '.join(trial.failed)} {trial.trouble}".rstrip()


def _line(trial: Any) -> tuple[str, str]:
    if not trial.name:
        clean = not trial.failed and not trial.trouble
        return f"the reference {_reference(trial)}  {trial.seconds:.1f} s", "green" if clean else "bold red"
    state = "killed" if trial.killed else "ALIVE "
    noise = f"  unrelated: {', '.join(trial.unrelated)}" if trial.unrelated else ""
    noise += f"  trouble: {trial.trouble}" if trial.trouble else ""
    style = "bold red" if not trial.killed else ("yellow" if noise else "green")
    return f"{state} {trial.name}  {trial.claim}  {trial.seconds:.1f} s{noise}", style

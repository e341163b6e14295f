"""`ringback journal`: show what happened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringback.client import MAX_ENTRIES, Control
from ringback.commands.options import console, print_json, remote
from ringback.gateway.journal import JOURNAL_KINDS
from ringback.timeline import KIND_WIDTH, clock_time, describe

if TYPE_CHECKING:
    from rich.console import Console

FOLLOW_SECONDS = 30
STYLES = {
    "request": "blue",
    "call": "green",
    "message": "green",
    "money": "yellow",
    "delivery": "magenta",
    "number": "cyan",
}


@click.command()
@click.option("--account", metavar="ID", help="Only entries of this account.")
@click.option("--kind", type=click.Choice(JOURNAL_KINDS), help="Only entries of this kind.")
@click.option(
    "--limit", type=click.IntRange(1, MAX_ENTRIES), default=100, show_default=True, help="The newest N entries."
)
@click.option("--follow", is_flag=True, help="Continue with new entries, until Ctrl-C.")
@click.option(
    "--har",
    metavar="FILE",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the requests as an HTTP archive, for a browser's developer tools.",
)
@remote
def journal(
    control: Control,
    as_json: bool,
    /,
    account: str | None,
    kind: str | None,
    limit: int,
    follow: bool,
    har: Path | None,
) -> None:
    """Show requests, calls, messages, money and webhooks, the newest last.

    \b
    Examples:
      ringback journal
      ringback journal --follow --kind delivery
      ringback journal --har session.har
      ringback journal --json --limit 1000
    """
    if follow and (as_json or har):
        raise click.UsageError("--follow prints lines as they come: omit --json and --har.")
    wanted: dict[str, Any] = {"account_id": account, "kind": kind, "limit": limit}
    if har is not None:
        archive = control.get("/journal", **wanted, format="har")
        har.write_text(json.dumps(archive, indent=1, ensure_ascii=False), encoding="utf-8")
        click.echo(f"{len(archive['log']['entries'])} requests in {har}", err=True)
        return
    answer = control.get("/journal", **wanted)
    if as_json:
        print_json(answer)
        return
    screen = console()
    day = _show(screen, reversed(answer["data"]), "", account is None)
    while follow:
        answer = control.get("/journal", **{**wanted, "limit": MAX_ENTRIES}, since=answer["last"], wait=FOLLOW_SECONDS)
        day = _show(screen, reversed(answer["data"]), day, account is None)


def _show(screen: Console, entries: Iterable[Mapping[str, Any]], day: str, whose: bool) -> str:
    from rich.text import Text

    for entry in entries:
        if entry["at"][:10] != day:
            day = entry["at"][:10]
            screen.print(Text(day, "bold"))
        line = Text("  ")
        line.append(f"{clock_time(entry):15} ", "dim")
        line.append(f"{entry['kind']:{KIND_WIDTH}} ", STYLES.get(entry["kind"], ""))
        line.append(describe(entry))
        if whose and entry["account_id"]:
            line.append(f"  {entry['account_id']}", "dim")
        screen.print(line, soft_wrap=True)
    return day

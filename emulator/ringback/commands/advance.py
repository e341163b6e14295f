"""`ringback advance`: advance the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from ringback.client import Control
from ringback.commands.options import print_json, remote
from ringback.commands.param_types import Instant
from ringback.scenario.durations import Span, parse


def _span(ctx: click.Context, param: click.Parameter, value: str | None) -> Span | None:
    try:
        return parse(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(f"{error}.", ctx, param) from None


@click.command()
@click.argument("duration", required=False, callback=_span)
@click.option("--until", type=Instant(), help="Advance to this date and time.")
@click.option("--idle", is_flag=True, help="Advance until nothing is pending.")
@click.option("--account", metavar="ID", help="Advance this account's clock alone.")
@remote
def advance(
    control: Control,
    as_json: bool,
    /,
    duration: Span | None,
    until: str | None,
    idle: bool,
    account: str | None,
) -> None:
    """Advance the clock by DURATION. Everything that falls due happens, webhooks included.

    \b
    Examples:
      ringback advance 2m
      ringback advance 1mo --account ACCOUNT
      ringback advance --until 2026-02-01T00:00:00Z
      ringback advance --idle
    """
    ways: list[dict[str, Any]] = []
    if duration is not None:
        ways.append(_by(control, duration, account))
    if until is not None:
        ways.append({"until": until})
    if idle:
        ways.append({"idle": True})
    if len(ways) != 1:
        raise click.UsageError("Give one of: a duration (2m), --until INSTANT, --idle.")
    moved = control.post("/clock/advance", ways[0] | ({"account_id": account} if account else {}))
    if as_json:
        print_json(moved)
    else:
        click.echo(
            f"{moved['now']}  {_count(moved['fired'], 'timer')} fired, "
            f"{_count(moved['deliveries'], 'webhook attempt')} made"
        )


def _by(control: Control, span: Span, account: str | None) -> dict[str, Any]:
    """Return how far to advance. A calendar month is as long as the clock's date says."""
    if not span.months:
        return {"seconds": span.seconds}
    path = f"/accounts/{account}" if account is not None else "/clock"
    end = span.after(datetime.fromisoformat(control.get(path)["now"]))
    return {"until": end.isoformat()}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""`ringback deliveries`: webhook events and their attempts."""

from __future__ import annotations

from typing import Any

import click

from ringback.client import Control
from ringback.commands.options import console, print_json, remote


@click.command()
@click.argument("delivery", required=False)
@click.option("--account", metavar="ID", help="Only those of this account.")
@click.option("--event", metavar="NAME", help="Only those of this event, such as call.completed.")
@click.option("--replay", metavar="ID", help="Send this one again, now.")
@remote
def deliveries(
    control: Control,
    as_json: bool,
    /,
    delivery: str | None,
    account: str | None,
    event: str | None,
    replay: str | None,
) -> None:
    """Show webhook events, newest last, or one DELIVERY with every attempt.

    \b
    Examples:
      ringback deliveries --event call.completed
      ringback deliveries dlv_1
      ringback deliveries --replay dlv_1
    """
    if replay is not None and (delivery or account or event):
        raise click.UsageError("--replay takes an id and no other option.")
    if delivery is not None or replay is not None:
        path = f"/deliveries/{delivery}" if replay is None else f"/deliveries/{replay}/replay"
        one = control.get(path) if replay is None else control.post(path)
        if as_json:
            print_json(one)
        else:
            _show_one(one)
        return
    found = control.deliveries(account, event)
    if as_json:
        print_json(found)
    elif found:
        _show_all(found)
    else:
        click.echo("No webhook events so far.")


def _show_all(found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "created", "event", "subject", "state", "attempts", "last", "next attempt"):
        table.add_column(heading, overflow="fold")
    for delivery in found:
        table.add_row(
            delivery["id"],
            delivery["created_at"],
            delivery["event"],
            delivery["subject"],
            delivery["state"],
            str(len(delivery["attempts"])),
            _result(delivery["attempts"][-1]) if delivery["attempts"] else "",
            delivery["next_attempt_at"] or "",
        )
    console().print(table)


def _show_one(delivery: dict[str, Any]) -> None:
    click.echo(f"{delivery['id']}  {delivery['event']}  {delivery['subject']}  {delivery['state']}")
    click.echo(f"to {delivery['url']}")
    click.echo(delivery["body"])
    for attempt in delivery["attempts"]:
        click.echo(f"attempt {attempt['attempt']}  {attempt['at']}  {_result(attempt)}  {attempt['latency_ms']} ms")
        for name, value in attempt["headers"]:
            click.echo(f"    {name}: {value}")
    if delivery["next_attempt_at"]:
        click.echo(f"next attempt at {delivery['next_attempt_at']}")


def _result(attempt: dict[str, Any]) -> str:
    return str(attempt["status"]) if attempt["status"] is not None else str(attempt["error"])

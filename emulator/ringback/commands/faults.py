"""`ringback faults`: make requests or webhooks fail."""

from __future__ import annotations

from typing import Any

import click

from ringback.client import Control
from ringback.commands.options import console, print_json, remote
from ringback.commands.param_types import Duration, Vendor

WEBHOOK_EFFECTS = ("duplicate", "drop", "delay", "reorder", "bad_signature")


@click.group()
def faults() -> None:
    """Make requests or webhooks fail, to see how a client handles it.

    \b
    Examples:
      ringback faults add kwickphone --operation createNumber --status 503 --first 1
      ringback faults add kwickphone --webhook duplicate
      ringback faults list
      ringback faults remove fault_1
    """


@faults.command("list")
@remote
def list_(control: Control, as_json: bool) -> None:
    """List the faults that are set.

    \b
    Example:
      ringback faults list --json
    """
    found = control.get("/faults")
    if as_json:
        print_json(found)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "vendor", "where", "when", "effect", "struck"):
        table.add_column(heading)
    for fault in found["data"]:
        table.add_row(fault["id"], fault["vendor"], _where(fault), _when(fault), _effect(fault), str(fault["struck"]))
    if found["data"]:
        console().print(table)
    else:
        click.echo("No faults are set.")


@faults.command()
@click.argument("vendor", type=Vendor())
@click.option("--operation", metavar="NAME", help="An operation of the contract, such as createNumber. [default: all]")
@click.option("--method", metavar="METHOD", help="With --path, instead of --operation.")
@click.option("--path", metavar="PATH", help="With --method: a path as the vendor's page writes it.")
@click.option("--account", "account_id", metavar="ID", help="Only requests and webhooks of this account.")
@click.option("--first", type=click.IntRange(1), metavar="N", help="Apply the first N times.")
@click.option("--every", type=click.IntRange(1), metavar="N", help="Apply every Nth time.")
@click.option("--probability", type=click.FloatRange(0, 1), metavar="P", help="Apply with this probability.")
@click.option("--status", type=click.IntRange(400, 599), help="Respond with this status …")
@click.option("--code", help="… and this code of the vendor's.")
@click.option("--latency", type=Duration(), help="Respond this much later, in real time.")
@click.option("--reset", is_flag=True, default=None, help="End the connection without a response.")
@click.option("--truncate", type=click.IntRange(0), metavar="BYTES", help="End the response after this many bytes.")
@click.option("--webhook", type=click.Choice(WEBHOOK_EFFECTS), help="What happens to a webhook.")
@remote
def add(
    control: Control,
    as_json: bool,
    /,
    vendor: str,
    status: int | None,
    code: str | None,
    latency: float | None,
    reset: bool | None,
    truncate: int | None,
    webhook: str | None,
    **rule: Any,
) -> None:
    """Set a fault at VENDOR and print its id.

    \b
    Examples:
      ringback faults add kwickphone --operation createNumber --first 2 \\
          --status 503 --code provider_unavailable
      ringback faults add kwickphone --latency 2s --every 3
      ringback faults add kwickphone --method GET --path /v1/calls --reset
      ringback faults add kwickphone --webhook bad_signature
    """
    effects = {"status": status, "latency": latency, "reset": reset, "truncate": truncate, "webhook": webhook}
    effect = {name: value for name, value in effects.items() if value is not None}
    if len(effect) != 1:
        raise click.UsageError("Give one effect: --status, --latency, --reset, --truncate or --webhook.")
    if code is not None:
        if status is None:
            raise click.UsageError("--code goes with --status.")
        effect["code"] = code
    body = {
        "vendor": vendor,
        "effect": effect,
        **{name: value for name, value in rule.items() if value is not None},
    }
    fault = control.post("/faults", body)
    if as_json:
        print_json(fault)
    else:
        click.echo(fault["id"])


@faults.command()
@click.argument("ids", nargs=-1)
@click.option("--all", "every_one", is_flag=True, help="Every fault.")
@remote
def remove(control: Control, as_json: bool, /, ids: tuple[str, ...], every_one: bool) -> None:
    """Remove faults.

    \b
    Examples:
      ringback faults remove fault_1 fault_2
      ringback faults remove --all
    """
    if bool(ids) == every_one:
        raise click.UsageError("Give one or more ids, or --all.")
    gone = [fault["id"] for fault in control.get("/faults")["data"]] if every_one else list(ids)
    for id_ in gone:
        control.delete(f"/faults/{id_}")
    if as_json:
        print_json({"removed": gone})
    else:
        click.echo("\n".join(gone) if gone else "No faults were set.")


def _where(fault: dict[str, Any]) -> str:
    place = fault.get("event") or fault.get("operation") or "everything"
    return f"{place} of {fault['account_id']}" if fault.get("account_id") else str(place)


def _when(fault: dict[str, Any]) -> str:
    if fault.get("first") is not None:
        return f"first {fault['first']}"
    if fault.get("every") is not None:
        return f"every {fault['every']}"
    if fault.get("probability") is not None:
        return f"{fault['probability']:.0%}"
    return "always"


def _effect(fault: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in fault["effect"].items())

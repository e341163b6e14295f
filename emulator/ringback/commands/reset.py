"""`ringback reset`: back to the start."""

from __future__ import annotations

import click

from ringback.client import Control
from ringback.commands.options import print_json, remote


@click.command()
@remote
def reset(control: Control, as_json: bool) -> None:
    """Forget every account, number, call and fault, and go back to the state at start.

    \b
    Example:
      ringback reset
    """
    answer = control.post("/reset")
    if as_json:
        print_json(answer if answer is not None else {})
    else:
        click.echo("Back at the start.")

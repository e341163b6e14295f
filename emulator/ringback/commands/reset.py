"""`ringback reset`: go back to the state at start."""

from __future__ import annotations

import click

from ringback.client import Control
from ringback.commands.options import print_json, remote


@click.command()
@remote
def reset(control: Control, as_json: bool) -> None:
    """Delete every account, number, call and fault, and go back to the state at start, the clock included.

    \b
    Example:
      ringback reset
    """
    answer = control.post("/reset")
    if as_json:
        print_json(answer)
    else:
        click.echo(f"The emulator is back in its state at start: {answer['clock']['now']}.")

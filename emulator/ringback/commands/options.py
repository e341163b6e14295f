"""What every command that drives a running emulator shares: where it is, and how answers are shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, TypeVar

import click

from ringback.client import Control

if TYPE_CHECKING:
    from rich.console import Console

DEFAULT_URL = "http://127.0.0.1:7464"

R = TypeVar("R")


def _origin(ctx: click.Context, param: click.Parameter, value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"{value!r} is no origin: write it like {DEFAULT_URL}.", ctx, param)
    return value


def remote(command: Callable[Concatenate[Control, bool, ...], R]) -> Callable[..., R]:
    """Add `--url`, `--token` and `--json`; the command gets a `Control` and whether JSON is wanted, first."""

    @click.option(
        "--url",
        metavar="URL",
        envvar="RINGBACK_URL",
        default=DEFAULT_URL,
        show_default=True,
        callback=_origin,
        help="Where the emulator runs; RINGBACK_URL too.",
    )
    @click.option(
        "--token",
        envvar="RINGBACK_CONTROL_TOKEN",
        metavar="TOKEN",
        help="Its control token, where it has one; RINGBACK_CONTROL_TOKEN too.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    @wraps(command)
    def connected(url: str, token: str | None, as_json: bool, **options: Any) -> R:
        with Control(url, token) as control:
            return command(control, as_json, **options)

    return connected


def print_json(document: Any) -> None:
    """One JSON document on stdout, readable and in the order given."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def say(message: str) -> None:
    """A message for the person, on stderr."""
    click.echo(message, err=True)


def console() -> Console:
    """A rich console on stdout; plain where stdout is no terminal or NO_COLOR is set."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)

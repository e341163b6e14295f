"""Options and output shared by the commands that drive a running emulator."""

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
        raise click.BadParameter(f"Invalid URL {value!r}: use an origin such as {DEFAULT_URL}.", ctx, param)
    return value


def remote(command: Callable[Concatenate[Control, bool, ...], R]) -> Callable[..., R]:
    """Add `--url`, `--token` and `--json`. The command receives a `Control` and the `--json` flag first."""

    @click.option(
        "--url",
        metavar="URL",
        envvar="RINGBACK_URL",
        default=DEFAULT_URL,
        show_default=True,
        callback=_origin,
        show_envvar=True,
        help="Origin of the emulator.",
    )
    @click.option(
        "--token",
        envvar="RINGBACK_CONTROL_TOKEN",
        metavar="TOKEN",
        show_envvar=True,
        help="Its control token, if it has one.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
    @wraps(command)
    def connected(url: str, token: str | None, as_json: bool, **options: Any) -> R:
        with Control(url, token) as control:
            return command(control, as_json, **options)

    return connected


def print_json(document: Any) -> None:
    """Print one JSON document on stdout, indented and in its own order."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def say(message: str) -> None:
    """Print a message on stderr."""
    click.echo(message, err=True)


def console() -> Console:
    """Return a console on stdout, without colour where stdout is no terminal or NO_COLOR is set."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)

"""`ringback serve`: turn flags into settings, and settings into a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ringback.commands.param_types import Clock, Instant, Vendor
from ringback.settings import Settings, load, route

Command = TypeVar("Command", bound=Callable[..., Any])


def _routes(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str] | None:
    from ringback.settings import SettingsError

    try:
        return dict(map(route, value)) or None
    except SettingsError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _mutants(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    from ringback import mutants, vendors

    names = (mutant.name for name in vendors.names() for mutant in mutants.load(vendors.load(name)))
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


FLAGS: tuple[Callable[[Any], Any], ...] = (
    click.argument("vendors", nargs=-1, type=Vendor()),
    click.option("--host", metavar="ADDRESS", help="Address to listen on. [default: 127.0.0.1]"),
    click.option(
        "--port",
        metavar="PORT",
        type=click.IntRange(0, 65_535),
        help="Port to listen on, 0 for a free one. [default: 7464]",
    ),
    click.option(
        "--ready-file",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Write URL, port, pid and keys to this file as JSON, once the server responds.",
    ),
    click.option(
        "--clock",
        metavar="MODE",
        type=Clock(),
        help="real, frozen (only `advance` moves it) or x60 (sixty times as fast). [default: real]",
    ),
    click.option("--start", type=Instant(), help="The date and time at which the clock starts."),
    click.option(
        "--seed",
        metavar="N",
        type=int,
        help="Seed of ids, secrets, numbers and phrases. [default: 0]",
    ),
    click.option(
        "--state",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Load the state from this file if it exists, and save it there on exit.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        default=None,
        help="Send webhooks only to public https URLs, as the vendor's page says.",
    ),
    click.option(
        "--webhook-route",
        "webhook_routes",
        multiple=True,
        metavar="PUBLIC_ORIGIN=LOCAL_ORIGIN",
        callback=_routes,
        help="Send webhooks for a public origin to a local receiver; repeatable.",
    ),
    click.option(
        "--tls",
        is_flag=True,
        default=None,
        help="Serve https too, with a certificate authority generated at start.",
    ),
    click.option(
        "--tls-port",
        metavar="PORT",
        type=click.IntRange(0, 65_535),
        help="Port for https. [default: the one after --port]",
    ),
    click.option("--root", metavar="VENDOR", type=Vendor(), help="Serve this vendor at / too."),
    click.option(
        "--mutant",
        "mutants",
        multiple=True,
        metavar="NAME",
        shell_complete=_mutants,
        help="Break one claim; repeatable. `ringback mutants` lists them.",
    ),
    click.option(
        "--no-control",
        "control",
        flag_value=False,
        default=None,
        type=bool,
        help="Serve only the vendors: no control API, no dashboard.",
    ),
    click.option(
        "--control-token",
        metavar="TOKEN",
        help="Bearer token for the control API. Required unless --host is a loopback address.",
    ),
    click.option(
        "--chaos",
        is_flag=True,
        default=None,
        help="Add seeded disturbances: duplicate, late and reordered webhooks, documented 429 and 503.",
    ),
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        help="Settings file. [default: ./ringback.yaml]",
    ),
)


def serve_flags(command: Command) -> Command:
    """Add every flag of `serve` to a click command, which receives them as keyword arguments for `settings_from`."""
    for flag in reversed(FLAGS):
        command = flag(command)
    return command


def settings_from(config: str | None = None, **flags: Any) -> Settings:
    """Return settings from file, environment and the given flags. Raises SettingsError."""
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    return load(given, file=Path(config) if config else None)


@click.command()
@serve_flags
def serve(**flags: Any) -> int:
    """Start the emulator and serve until Ctrl-C.

    Serves all vendors unless some are named. Prints each vendor's base URL and
    key, and the URL of the dashboard.

    Every flag is also a setting in ringback.yaml (`webhook_routes: {…}`) and
    in the environment (RINGBACK_PORT=0); flags win.

    \b
    Examples:
      ringback serve
      ringback serve kwickphone --port 0 --ready-file ready.json
      ringback serve --clock frozen --start 2026-01-01 --seed 7
      ringback serve --strict --webhook-route https://hooks.example.test=http://127.0.0.1:9000
    """
    settings = settings_from(**flags)
    from ringback.server import run

    return run(settings)

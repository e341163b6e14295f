"""`ringback serve`: flags into settings, settings into a server."""

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
    click.option("--host", metavar="ADDRESS", help="Address to listen on; 127.0.0.1 unless told."),
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
        help="Write URL, port, pid and keys there as JSON once requests are answered.",
    ),
    click.option(
        "--clock",
        metavar="MODE",
        type=Clock(),
        help="real, frozen (moves by `advance` alone) or x60 (sixty times as fast). [default: real]",
    ),
    click.option("--start", type=Instant(), help="The instant at which the clock starts."),
    click.option(
        "--seed",
        metavar="N",
        type=int,
        help="Where ids, secrets, numbers and phrases come from. [default: 0]",
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
        help="Send webhooks only where the vendor's page says: public https.",
    ),
    click.option(
        "--webhook-route",
        "webhook_routes",
        multiple=True,
        metavar="PUBLIC_ORIGIN=LOCAL_ORIGIN",
        callback=_routes,
        help="Let a local receiver stand in for a public origin; repeatable.",
    ),
    click.option(
        "--tls",
        is_flag=True,
        default=None,
        help="Serve https too, under a certificate authority made on the spot.",
    ),
    click.option(
        "--tls-port",
        metavar="PORT",
        type=click.IntRange(0, 65_535),
        help="Port for https; the one after --port unless told.",
    ),
    click.option("--root", metavar="VENDOR", type=Vendor(), help="Serve this vendor at / as well."),
    click.option(
        "--mutant",
        "mutants",
        multiple=True,
        metavar="NAME",
        shell_complete=_mutants,
        help="Break one claim on purpose; repeatable. `ringback mutants` lists them.",
    ),
    click.option(
        "--no-control",
        "control",
        flag_value=False,
        default=None,
        type=bool,
        help="Serve the vendors alone: no control API, no dashboard.",
    ),
    click.option("--control-token", metavar="TOKEN", help="What the control API wants to hear; needed off loopback."),
    click.option(
        "--chaos",
        is_flag=True,
        default=None,
        help="Seeded trouble: duplicate, late and reordered webhooks, documented 429 and 503.",
    ),
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(exists=True, dir_okay=False),
        help="Settings file; ./ringback.yaml unless told.",
    ),
)


def serve_flags(command: Command) -> Command:
    """Give a click command every flag of `serve`; they arrive as keyword arguments for `settings_from`."""
    for flag in reversed(FLAGS):
        command = flag(command)
    return command


def settings_from(config: str | None = None, **flags: Any) -> Settings:
    """Settings out of file, environment and the given flags; SettingsError when one can't be used."""
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    return load(given, file=Path(config) if config else None)


@click.command()
@serve_flags
def serve(**flags: Any) -> int:
    """Start the emulator and serve until Ctrl-C.

    All vendors are served unless some are named. Each vendor's base URL and a
    key to use with it are printed, with the address of the dashboard.

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

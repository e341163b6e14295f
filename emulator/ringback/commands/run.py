"""`ringback run`: run one command against a fresh emulator."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from ringback.commands.env import variables
from ringback.commands.options import say
from ringback.commands.serve import serve_flags, settings_from
from ringback.exit_codes import ENVIRONMENT_TROUBLE

NOT_EXECUTABLE, NOT_FOUND, KILLED = 126, 127, 128
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)

_COMMAND = "ringback.commands.run.command"


class WrapsCommand(click.Command):
    """A command that takes everything after `--` as another command, without parsing its options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        cut = args.index("--") if "--" in args else len(args)
        ctx.meta[_COMMAND] = args[cut + 1 :]
        return super().parse_args(ctx, args[:cut])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "-- COMMAND [ARGS]..."]


@click.command(cls=WrapsCommand)
@serve_flags
@click.pass_context
def run(ctx: click.Context, /, **flags: Any) -> int:
    """Start an emulator on a free port, run COMMAND against it, and stop it.

    COMMAND finds the base URLs and keys in its environment, under the names
    that `ringback env` prints (KWICKPHONE_BASE_URL, KP_API_KEY, RINGBACK_URL, …).
    The exit code is COMMAND's: 127 if there is no such command, 128 + N if
    signal N ended it, 3 if COMMAND succeeded but the emulator failed inside.

    \b
    Examples:
      ringback run -- pytest
      ringback run kwickphone --clock frozen --seed 7 -- npm test
      ringback run -- sh -c 'curl -H "Authorization: Bearer $KP_API_KEY" $KWICKPHONE_BASE_URL/v1/numbers'
    """
    command: list[str] = ctx.meta[_COMMAND]
    if not command:
        raise click.UsageError("Give a command after --, such as: ringback run -- pytest", ctx)
    if flags["port"] is None:
        flags["port"] = 0
    settings = settings_from(**flags)
    from ringback.server import CrashReport, ServerThread, StartError

    server = ServerThread(settings)
    try:
        server.start()
    except StartError as error:
        say(f"ringback: {error}")
        return ENVIRONMENT_TROUBLE
    try:
        added = variables(server.url, server.vendors)
        if server.https_url is not None:
            added["RINGBACK_HTTPS_URL"] = server.https_url
        if server.ca_pem is not None:
            added["RINGBACK_CA"] = str(server.ca_pem)
        code = run_command(command, {**os.environ, **added})
    finally:
        try:
            server.stop()
            crash = None
        except CrashReport as error:
            crash = error
    if crash is not None:
        say(f"ringback: the emulator failed inside: {crash}")
        return code or ENVIRONMENT_TROUBLE
    return code


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, forward signals to it, and return its exit code as a shell would."""
    try:
        process = subprocess.Popen(command, env=dict(environment))  # noqa: S603
    except FileNotFoundError:
        say(f"ringback: {command[0]}: no such command")
        return NOT_FOUND
    except PermissionError:
        say(f"ringback: {command[0]}: not executable")
        return NOT_EXECUTABLE
    with _forwarding_signals_to(process):
        code = process.wait()
    return code if code >= 0 else KILLED - code


@contextmanager
def _forwarding_signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Forward signals. A terminal sends Ctrl-C to the command too, so that one is not forwarded again."""

    def forward(number: int, _: Any) -> None:
        if not (number in FROM_TERMINAL and _in_foreground()):
            process.send_signal(number)

    before = {number: signal.signal(number, forward) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Return whether the terminal sends its signals to this process too."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)

"""`ringback run`: an emulator for the length of one command."""

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

NOT_EXECUTABLE, NOT_FOUND, KILLED = 126, 127, 128
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
TROUBLE = 3

_COMMAND = "ringback.commands.run.command"


class AroundACommand(click.Command):
    """Keeps what follows `--` apart: it is the command to run, and none of its options are ours."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        cut = args.index("--") if "--" in args else len(args)
        ctx.meta[_COMMAND] = args[cut + 1 :]
        return super().parse_args(ctx, args[:cut])

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "-- COMMAND [ARGS]..."]


@click.command(cls=AroundACommand)
@serve_flags
@click.pass_context
def run(ctx: click.Context, /, **flags: Any) -> int:
    """Start an emulator on a free port, run COMMAND against it, and stop it.

    COMMAND finds the addresses and keys in its environment, under the names
    that `ringback env` prints (KWICKPHONE_BASE_URL, KP_API_KEY, RINGBACK_URL, …).
    The exit code is COMMAND's: 127 when there is no such command, 128 + N when
    signal N ended it; 3 when COMMAND was fine but the emulator failed inside.

    \b
    Examples:
      ringback run -- pytest
      ringback run kwickphone --clock frozen --seed 7 -- npm test
      ringback run -- sh -c 'curl -H "Authorization: Bearer $KP_API_KEY" $KWICKPHONE_BASE_URL/v1/numbers'
    """
    command: list[str] = ctx.meta[_COMMAND]
    if not command:
        raise click.UsageError("Say what to run, after --: ringback run -- pytest", ctx)
    if flags["port"] is None:
        flags["port"] = 0
    settings = settings_from(**flags)
    from ringback.server import CrashReport, ServerThread, StartError

    server = ServerThread(settings)
    try:
        server.start()
    except StartError as error:
        say(f"ringback: {error}")
        return TROUBLE
    try:
        added = variables(server.url, server.vendors)
        if server.https_url is not None:
            added["RINGBACK_HTTPS_URL"] = server.https_url
        if server.ca_pem is not None:
            added["RINGBACK_CA"] = str(server.ca_pem)
        code = attend(command, {**os.environ, **added})
    finally:
        try:
            server.stop()
            crash = None
        except CrashReport as error:
            crash = error
    if crash is not None:
        say(f"ringback: the emulator failed inside: {crash}")
        return code or TROUBLE
    return code


def attend(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, passing signals on, and give its exit code as a shell would."""
    try:
        process = subprocess.Popen(command, env=dict(environment))  # noqa: S603
    except FileNotFoundError:
        say(f"ringback: {command[0]}: no such command")
        return NOT_FOUND
    except PermissionError:
        say(f"ringback: {command[0]}: not executable")
        return NOT_EXECUTABLE
    with _passing_signals_to(process):
        code = process.wait()
    return code if code >= 0 else KILLED - code


@contextmanager
def _passing_signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A terminal sends Ctrl-C to the command as well as to us; only what it did not get is passed on."""

    def pass_on(number: int, _: Any) -> None:
        if not (number in FROM_TERMINAL and _in_foreground()):
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Whether this process is among those to which the terminal sends its signals."""
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

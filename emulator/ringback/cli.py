"""`ringback …`: finds the subcommand, and turns what went wrong into one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from ringback import __version__

FINE, FELL_SHORT, WRONG_USAGE, TROUBLE, INTERRUPTED = 0, 1, 2, 3, 130
USAGE_STATUSES = (400, 422)
CONFORM_PACKAGES = ("ringback_conformance", "hypothesis", "jsonschema_rs", "pytest", "schemathesis")


class Entry(NamedTuple):
    """Where a subcommand lives (`module:attribute`), the heading it is listed under, and its line there."""

    where: str
    heading: str
    says: str


COMMANDS = {
    "serve": Entry("ringback.commands.serve:serve", "Run", "Start the emulator and serve until stopped."),
    "run": Entry("ringback.commands.run:run", "Run", "Start it, run a command against it, stop it."),
    "env": Entry("ringback.commands.env:env", "Run", "Print a vendor's address and key for your shell."),
    "demo": Entry("ringback.commands.demo:demo", "Run", "See a call, its webhook and a month's bill in seconds."),
    "call": Entry("ringback.commands.call:call", "Drive", "Let a phone ring: an inbound call."),
    "text": Entry("ringback.commands.text:text", "Drive", "Send an inbound text message."),
    "advance": Entry("ringback.commands.advance:advance", "Drive", "Move the clock on."),
    "fund": Entry("ringback.commands.fund:fund", "Drive", "Put money into an account."),
    "faults": Entry("ringback.commands.faults:faults", "Drive", "Make requests or webhooks go wrong."),
    "reset": Entry("ringback.commands.reset:reset", "Drive", "Go back to the state at start."),
    "journal": Entry("ringback.commands.journal:journal", "Look", "See what happened, newest last."),
    "deliveries": Entry("ringback.commands.deliveries:deliveries", "Look", "See webhook events and their attempts."),
    "scenario": Entry("ringback.scenario.command:scenario", "Check", "Run scripted stories."),
    "conform": Entry("ringback_conformance.command:conform", "Check", "Hold a server to its vendor's documentation."),
    "claims": Entry("ringback_conformance.catalogue_cli:claims", "Check", "List what the documentation promises."),
    "mutants": Entry("ringback_conformance.catalogue_cli:mutants", "Check", "List or run the ways to break a claim."),
    "new-vendor": Entry("ringback.commands.new_vendor:new_vendor", "Set up", "Write a small vendor to start from."),
    "completion": Entry("ringback.commands.completion:completion", "Set up", "Print a shell's completion script."),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it is used; listing and completing its name import
    nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.where.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from ringback.commands.param_types import did_you_mean

            ctx.fail(f"No such command {args[0]!r}.{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for heading in dict.fromkeys(entry.heading for entry in COMMANDS.values()):
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(width), entry.says) for name, entry in COMMANDS.items() if entry.heading == heading]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=entry.says) for name, entry in COMMANDS.items() if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ringback", message="%(prog)s %(version)s")
def cli() -> None:
    """A whole phone carrier that fits in a test run.

    \b
    Examples:
      ringback demo                          a call from ring to webhook, in seconds
      ringback serve kwickphone              serve one vendor on http://127.0.0.1:7464
      ringback run -- pytest                 run your tests against a fresh emulator
      ringback conform kwickphone            check the emulator against the vendor's words

    \b
    Exit codes: 0 fine, 1 the checked thing fell short, 2 wrong usage,
    3 trouble with the environment or the target.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `ringback` with the given arguments (the process's own by default) and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `ringback` and give the exit code; messages about trouble went to stderr."""
    from ringback.client import ControlError, Unreachable
    from ringback.settings import SettingsError

    try:
        result = cli.main(args=arguments, prog_name="ringback", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.FileError as error:
        return _say(error.format_message(), TROUBLE)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else "ringback"
        return _say(f"{error.format_message()} (`{path} --help` says more)", WRONG_USAGE)
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except SettingsError as error:
        return _say(str(error), WRONG_USAGE)
    except Unreachable as error:
        return _say(f"{error}. Start one with `ringback serve`, or name another with --url.", TROUBLE)
    except ControlError as error:
        return _say(_refusal(error), _weight(error.status))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in CONFORM_PACKAGES:
            return _bug()
        return _say(f"{error.name} is missing: install ringback[conform]", TROUBLE)
    except BrokenPipeError:
        _close_quietly()
        return FINE
    except OSError as error:
        return _say(str(error), TROUBLE)
    except Exception:
        return _bug()
    return result if isinstance(result, int) else FINE


def _weight(status: int) -> int:
    if status in USAGE_STATUSES:
        return WRONG_USAGE
    return TROUBLE if status >= 500 else FELL_SHORT


def _refusal(error: Any) -> str:
    where = f" ({error.param})" if error.param else ""
    return f"{error.message}{where}"


def _say(message: str, code: int) -> int:
    click.echo(f"ringback: {message}", err=True)
    return code


def _bug() -> int:
    from traceback import print_exc

    print_exc()
    return _say("this is a bug in Ringback", TROUBLE)


def _close_quietly() -> None:
    """Point stdout elsewhere, so that the interpreter's last flush finds no broken pipe."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

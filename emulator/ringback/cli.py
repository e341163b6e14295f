"""`ringback …`: run a subcommand, and turn an error into one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple, NoReturn

import click

from ringback import __version__
from ringback.exit_codes import CHECK_FAILED, ENVIRONMENT_TROUBLE, INTERRUPTED, OK, WRONG_USAGE

USAGE_STATUSES = (400, 422)
CONFORM_PACKAGES = ("ringback_conformance", "hypothesis", "jsonschema_rs", "pytest", "schemathesis")


class Entry(NamedTuple):
    """A subcommand's `module:attribute`, the heading it is listed under, and its line in the list."""

    target: str
    heading: str
    help: str


COMMANDS = {
    "serve": Entry("ringback.commands.serve:serve", "Run", "Start the emulator and serve until stopped."),
    "run": Entry("ringback.commands.run:run", "Run", "Run a command against a fresh emulator."),
    "env": Entry("ringback.commands.env:env", "Run", "Print a vendor's base URL and key for your shell."),
    "demo": Entry("ringback.commands.demo:demo", "Run", "Show a call, its webhook and a month's bill in seconds."),
    "call": Entry("ringback.commands.call:call", "Drive", "Place an inbound call."),
    "text": Entry("ringback.commands.text:text", "Drive", "Send an inbound text message."),
    "advance": Entry("ringback.commands.advance:advance", "Drive", "Advance the clock."),
    "fund": Entry("ringback.commands.fund:fund", "Drive", "Add money to an account."),
    "faults": Entry("ringback.commands.faults:faults", "Drive", "Make requests or webhooks fail."),
    "reset": Entry("ringback.commands.reset:reset", "Drive", "Go back to the state at start."),
    "journal": Entry("ringback.commands.journal:journal", "Inspect", "Show what happened, newest last."),
    "deliveries": Entry(
        "ringback.commands.deliveries:deliveries", "Inspect", "Show webhook events and their attempts."
    ),
    "scenario": Entry("ringback.scenario.command:scenario", "Check", "Run scenarios: given, when, then."),
    "conform": Entry(
        "ringback_conformance.command:conform", "Check", "Check a server against its vendor's documentation."
    ),
    "claims": Entry("ringback_conformance.catalogue_cli:claims", "Check", "List the claims of the documentation."),
    "mutants": Entry(
        "ringback_conformance.catalogue_cli:mutants", "Check", "List or run the mutants, each of which breaks a claim."
    ),
    "new-vendor": Entry("ringback.commands.new_vendor:new_vendor", "Set up", "Write a small vendor to start from."),
    "completion": Entry("ringback.commands.completion:completion", "Set up", "Print a shell's completion script."),
}


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it is used, not to list or complete its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
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
                    [(name.ljust(width), entry.help) for name, entry in COMMANDS.items() if entry.heading == heading]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=entry.help) for name, entry in COMMANDS.items() if name.startswith(incomplete)
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
      ringback conform kwickphone            check the emulator against the vendor's page

    \b
    Exit codes: 0 success, 1 a check failed, 2 wrong usage,
    3 the environment or the target cannot be used.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `ringback` with the given arguments (the process's own by default) and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `ringback`, print errors to stderr, and return the exit code."""
    from ringback.client import ControlError, Unreachable
    from ringback.settings import SettingsError

    try:
        result = cli.main(args=arguments, prog_name="ringback", standalone_mode=False)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.FileError as error:
        return _say(error.format_message(), ENVIRONMENT_TROUBLE)
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx is not None else "ringback"
        return _say(f"{error.format_message()} (see `{path} --help`)", WRONG_USAGE)
    except click.ClickException as error:
        return _say(error.format_message(), error.exit_code)
    except SettingsError as error:
        return _say(str(error), WRONG_USAGE)
    except Unreachable as error:
        return _say(f"{error}. Start one with `ringback serve`, or set --url.", ENVIRONMENT_TROUBLE)
    except ControlError as error:
        return _say(_message(error), _exit_code(error.status))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in CONFORM_PACKAGES:
            return _bug()
        return _say(f"{error.name} is missing: install ringback[conform]", ENVIRONMENT_TROUBLE)
    except BrokenPipeError:
        _discard_stdout()
        return OK
    except OSError as error:
        return _say(str(error), ENVIRONMENT_TROUBLE)
    except Exception:
        return _bug()
    return result if isinstance(result, int) else OK


def _exit_code(status: int) -> int:
    if status in USAGE_STATUSES:
        return WRONG_USAGE
    return ENVIRONMENT_TROUBLE if status >= 500 else CHECK_FAILED


def _message(error: Any) -> str:
    where = f" ({error.param})" if error.param else ""
    return f"{error.message}{where}"


def _say(message: str, code: int) -> int:
    click.echo(f"ringback: {message}", err=True)
    return code


def _bug() -> int:
    from traceback import print_exc

    print_exc()
    return _say("this is a bug in Ringback", ENVIRONMENT_TROUBLE)


def _discard_stdout() -> None:
    """Redirect stdout to the null device, so that the interpreter's last flush cannot fail."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()

"""`ringback scenario …`: run scenarios, list them, print their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ringback.exit_codes import CHECK_FAILED, ENVIRONMENT_TROUBLE, OK, WRONG_USAGE

if TYPE_CHECKING:
    from rich.console import Console

    from ringback.scenario.load import LoadedScenario
    from ringback.scenario.run import ScenarioResult
    from ringback.testing import Ringback

EXIT_CODES = {"passed": OK, "failed": CHECK_FAILED, "trouble": ENVIRONMENT_TROUBLE}
MAX_JOBS = 32


@click.group()
def scenario() -> None:
    """Run scenarios: given an account, when things happen, then this must hold.

    \b
    Examples:
      ringback scenario run kwickphone           the shipped scenarios, on an emulator of their own
      ringback scenario run scenarios/ --junit scenarios.xml
      ringback scenario list
      ringback scenario schema > scenario.schema.json
    """


def _origin(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"Invalid URL {value!r}: use an origin such as http://127.0.0.1:7464.", ctx, param)
    return value


@scenario.command("run")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--url",
    envvar="RINGBACK_URL",
    callback=_origin,
    help="Origin of a running emulator. Unless set, the command starts one.",
    show_envvar=True,
)
@click.option("--token", envvar="RINGBACK_CONTROL_TOKEN", metavar="TOKEN", help="Its control token.", show_envvar=True)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit XML report.")
@click.option(
    "--jobs", type=click.IntRange(1, MAX_JOBS), default=1, show_default=True, help="How many scenarios to run at once."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def run_command(
    paths: tuple[str, ...], url: str | None, token: str | None, junit: Path | None, jobs: int, as_json: bool
) -> int:
    """Run scenarios: files, folders, or a vendor's name for its shipped scenarios.

    Each scenario has its own account and clock, so many can run on one emulator at once.

    \b
    Exit codes: 0 every scenario passed, 1 one failed, 2 a file cannot be used,
    3 the emulator cannot be reached.

    \b
    Examples:
      ringback scenario run kwickphone
      ringback scenario run scenarios/order.yaml --url http://127.0.0.1:7464
      ringback scenario run scenarios/ --jobs 4 --junit scenarios.xml --json
    """
    return run_paths(paths, url, token, junit, as_json, jobs=jobs)


@scenario.command("list")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
def list_command(paths: tuple[str, ...]) -> int:
    """List scenarios with their descriptions: the shipped ones unless paths are given.

    \b
    Examples:
      ringback scenario list
      ringback scenario list scenarios/
    """
    from ringback import vendors
    from ringback.scenario.errors import ScenarioError

    try:
        scenarios = _load_all(paths or vendors.names())
    except ScenarioError as error:
        return _say(str(error), WRONG_USAGE)
    for place, loaded in enumerate(scenarios):
        if place:
            click.echo()
        click.echo(f"{click.style(loaded.scenario.name, bold=True)}  {loaded.file}")
        if loaded.scenario.description:
            click.echo(click.wrap_text(loaded.scenario.description, 100, "  ", "  "))
    return OK


@scenario.command("schema")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of stdout.")
def schema_command(output: Path | None) -> int:
    """Print the JSON Schema of scenario files, for editors.

    \b
    Examples:
      ringback scenario schema --output scenarios/scenario.schema.json
    """
    from ringback.scenario import schema

    if output is None:
        click.echo(schema.text(), nl=False)
        return OK
    return _write(output, schema.text().encode())


def run_paths(
    paths: Sequence[str],
    url: str | None = None,
    token: str | None = None,
    junit: Path | None = None,
    as_json: bool = False,
    *,
    jobs: int = 1,
) -> int:
    """Run the scenarios at `paths`, report them, and return the exit code.

    `url` and `token` are those of a running emulator; None starts one. `junit` is the file of an XML report. With
    `as_json` stdout has one JSON document and nothing else. `jobs` scenarios run at once.
    """
    from ringback.client import Unreachable
    from ringback.scenario.errors import ScenarioError
    from ringback.server import CrashReport, StartError

    results: list[ScenarioResult] = []
    crash = ""
    try:
        scenarios = _load_all(paths)
        with _emulator(scenarios, url, token) as ringback:
            results = _run_all(scenarios, ringback, jobs, quiet=as_json)
    except ScenarioError as error:
        return _say(str(error), WRONG_USAGE)
    except (Unreachable, StartError) as error:
        return _say(str(error), ENVIRONMENT_TROUBLE)
    except CrashReport as error:
        crash = str(error)
    _report(results, as_json)
    code = max((EXIT_CODES[result.verdict] for result in results), default=OK)
    if junit is not None:
        from ringback.scenario import report

        code = max(code, _write(junit, report.junit(results)))
    return _say(crash, ENVIRONMENT_TROUBLE) if crash else code


def _report(results: Sequence[ScenarioResult], as_json: bool) -> None:
    from ringback.scenario import report

    if as_json:
        click.echo(report.encoded(results))
    else:
        _console().print(report.table(results))
    for result in results:
        if text := report.explanation(result):
            click.echo(f"\n{text}", err=True)
    click.echo(f"\n{report.summary(results)}", err=as_json)


def _load_all(paths: Sequence[str]) -> list[LoadedScenario]:
    from ringback.scenario import load

    return [load.load(file) for file in load.find(paths)]


@contextmanager
def _emulator(scenarios: Sequence[LoadedScenario], url: str | None, token: str | None) -> Iterator[Ringback]:
    from ringback.testing import Ringback

    if url is not None:
        ringback = Ringback.connect(url, token)
    else:
        ringback = Ringback(*dict.fromkeys(loaded.scenario.vendor for loaded in scenarios), clock="frozen")
    with ringback:
        yield ringback


def _run_all(
    scenarios: Sequence[LoadedScenario], ringback: Ringback, jobs: int, *, quiet: bool
) -> list[ScenarioResult]:
    from concurrent.futures import ThreadPoolExecutor

    from rich.progress import track

    from ringback.scenario.run import run

    with ThreadPoolExecutor(jobs) as pool:
        console = _console(stderr=True)
        running = pool.map(lambda loaded: run(loaded, ringback), scenarios)
        return list(
            track(
                running,
                "Running scenarios",
                total=len(scenarios),
                console=console,
                transient=True,
                disable=quiet or not console.is_terminal,
            )
        )


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _write(file: Path, content: bytes) -> int:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        return _say(f"{file}: {error.strerror or error}", ENVIRONMENT_TROUBLE)
    return OK


def _say(message: str, code: int) -> int:
    click.echo(f"ringback: {message}", err=True)
    return code

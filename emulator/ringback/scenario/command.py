"""`ringback scenario …`: run stories, list those that ship, print the editors' schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from ringback.scenario.load import Story
    from ringback.scenario.run import Outcome
    from ringback.testing import Ringback

FINE, FELL_SHORT, WRONG_USAGE, TROUBLE = 0, 1, 2, 3
WORST = {"passed": FINE, "failed": FELL_SHORT, "trouble": TROUBLE}
MAX_JOBS = 32


@click.group()
def scenario() -> None:
    """Run scripted stories: given an account, when things happen, then this holds.

    \b
    Examples:
      ringback scenario run kwickphone           the stories that ship, on an emulator of their own
      ringback scenario run stories/ --junit stories.xml
      ringback scenario list
      ringback scenario schema > scenario.schema.json
    """


def _origin(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise click.BadParameter(f"{value!r} is no origin: write it like http://127.0.0.1:7464.", ctx, param)
    return value


@scenario.command("run")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--url",
    envvar="RINGBACK_URL",
    callback=_origin,
    help="A running emulator; one of its own when left out. RINGBACK_URL too.",
)
@click.option(
    "--token", envvar="RINGBACK_CONTROL_TOKEN", metavar="TOKEN", help="Its control token; RINGBACK_CONTROL_TOKEN too."
)
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit XML report.")
@click.option("--jobs", type=click.IntRange(1, MAX_JOBS), default=1, show_default=True, help="Stories at a time.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
def run_command(
    paths: tuple[str, ...], url: str | None, token: str | None, junit: Path | None, jobs: int, as_json: bool
) -> int:
    """Run stories: files, folders, or a vendor's name for those that ship.

    Every story has an account and a clock of its own, so that many can run on one emulator, at once.

    \b
    Exit codes: 0 every story held, 1 one did not, 2 a file that cannot be used,
    3 the emulator could not be reached.

    \b
    Examples:
      ringback scenario run kwickphone
      ringback scenario run stories/order.yaml --url http://127.0.0.1:7464
      ringback scenario run stories/ --jobs 4 --junit stories.xml --json
    """
    return run_paths(paths, url, token, junit, as_json, jobs=jobs)


@scenario.command("list")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
def list_command(paths: tuple[str, ...]) -> int:
    """List stories by name, with why a user cares; those that ship when no path is given.

    \b
    Examples:
      ringback scenario list
      ringback scenario list stories/
    """
    from ringback import vendors
    from ringback.scenario.errors import ScenarioError

    try:
        stories = _stories(paths or vendors.names())
    except ScenarioError as error:
        return _say(str(error), WRONG_USAGE)
    for place, story in enumerate(stories):
        if place:
            click.echo()
        click.echo(f"{click.style(story.scenario.name, bold=True)}  {story.file}")
        if story.scenario.story:
            click.echo(click.wrap_text(story.scenario.story, 100, "  ", "  "))
    return FINE


@scenario.command("schema")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file in place of stdout."
)
def schema_command(output: Path | None) -> int:
    """Print the JSON Schema of scenario files, for editors.

    \b
    Examples:
      ringback scenario schema --output scenarios/scenario.schema.json
    """
    from ringback.scenario import schema

    if output is None:
        click.echo(schema.text(), nl=False)
        return FINE
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
    """Run the stories that `paths` stand for and report them; gives the exit code.

    `url` and `token` are of a running emulator, None starts one. `junit` is where an XML report goes; with `as_json`
    stdout has one JSON document and nothing else. `jobs` stories run at a time.
    """
    from ringback.client import Unreachable
    from ringback.scenario.errors import ScenarioError
    from ringback.server import CrashReport, StartError

    outcomes: list[Outcome] = []
    crash = ""
    try:
        stories = _stories(paths)
        with _emulator(stories, url, token) as ringback:
            outcomes = _run_all(stories, ringback, jobs, quiet=as_json)
    except ScenarioError as error:
        return _say(str(error), WRONG_USAGE)
    except (Unreachable, StartError) as error:
        return _say(str(error), TROUBLE)
    except CrashReport as error:
        crash = str(error)
    _report(outcomes, as_json)
    code = max((WORST[outcome.verdict] for outcome in outcomes), default=FINE)
    if junit is not None:
        from ringback.scenario import report

        code = max(code, _write(junit, report.junit(outcomes)))
    return _say(crash, TROUBLE) if crash else code


def _report(outcomes: Sequence[Outcome], as_json: bool) -> None:
    from ringback.scenario import report

    if as_json:
        click.echo(report.encoded(outcomes))
    else:
        _console().print(report.table(outcomes))
    for outcome in outcomes:
        if text := report.explained(outcome):
            click.echo(f"\n{text}", err=True)
    click.echo(f"\n{report.summed(outcomes)}", err=as_json)


def _stories(paths: Sequence[str]) -> list[Story]:
    from ringback.scenario import load

    return [load.load(file) for file in load.find(paths)]


@contextmanager
def _emulator(stories: Sequence[Story], url: str | None, token: str | None) -> Iterator[Ringback]:
    from ringback.testing import Ringback

    if url is not None:
        ringback = Ringback.connect(url, token)
    else:
        ringback = Ringback(*dict.fromkeys(story.scenario.vendor for story in stories), clock="frozen")
    with ringback:
        yield ringback


def _run_all(stories: Sequence[Story], ringback: Ringback, jobs: int, *, quiet: bool) -> list[Outcome]:
    from concurrent.futures import ThreadPoolExecutor

    from rich.progress import track

    from ringback.scenario.run import run

    with ThreadPoolExecutor(jobs) as pool:
        console = _console(stderr=True)
        running = pool.map(lambda story: run(story, ringback), stories)
        return list(
            track(
                running,
                "Telling stories",
                total=len(stories),
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
        return _say(f"{file}: {error.strerror or error}", TROUBLE)
    return FINE


def _say(message: str, code: int) -> int:
    click.echo(f"ringback: {message}", err=True)
    return code

"""`ringback conform`."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ringback_conformance import output
from ringback_conformance.arguments import PRODUCERS, api_key, run_options
from ringback_conformance.claims import names

if TYPE_CHECKING:
    from rich.console import Console


@click.command(short_help="Check the emulator, or a real deployment, against the vendor's page.")
@click.argument("vendor", type=click.Choice(names()), required=False)
@click.option(
    "--url", metavar="BASE_URL", help="The part before the page's paths. Default: an emulator started for this run."
)
@click.option("--key", metavar="KEY", help="The API key. --key-env keeps it off the command line.")
@click.option("--key-env", metavar="NAME", help="The environment variable that holds the API key.")
@click.option("--control", metavar="URL", help="An emulator's control API. Default: at BASE_URL's origin, on loopback.")
@click.option("--control-token", metavar="TOKEN", envvar="RINGBACK_CONTROL_TOKEN", help="Its bearer token, if any.")
@click.option(
    "--profile",
    type=click.Choice(["emulator", "sandbox", "readonly"]),
    help="How far the run may go. Default: readonly, unless a control API answers on loopback.",
)
@click.option("--only", metavar="GLOB", multiple=True, help="Only these claims, such as 'KWP-HOOK-*'. Repeatable.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be sent and what it would cost; send nothing.")
@click.option(
    "--allow",
    type=click.Choice(["write", "spend", "burst"]),
    multiple=True,
    help="Allow changes that are free; spending within --budget; using up the key's requests for a minute.",
)
@click.option("--budget", metavar="USD", help="The most that the run may spend.")
@click.option("--destination", metavar="NUMBER", multiple=True, help="A phone number that may be involved. Repeatable.")
@click.option("--webhook-url", metavar="URL", help="A public address that forwards to --webhook-listen.")
@click.option("--webhook-listen", metavar="HOST:PORT", default="127.0.0.1:0", help="Where to listen for webhooks.")
@click.option("--await-call", metavar="SECONDS", type=float, default=0.0, help="Wait for you to call the test number.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="The certificate authority to trust, as PEM.")
@click.option("--json", "json_file", metavar="FILE", help="Write the JSON report; - is standard output.")
@click.option("--junit", "junit_file", metavar="FILE", help="Write JUnit XML.")
@click.option("--html", "html_file", metavar="FILE", help="Write one HTML page with all evidence.")
@click.option("--badge", "badge_file", metavar="FILE", help="Write an SVG badge.")
@click.option("--log", "log_file", metavar="FILE", help="Write every exchange, masked, as JSON lines.")
@click.option("--compare", metavar="FILE", help="Show what changed since a JSON report, or since the `last` run.")
@click.option("--deviations", type=click.Path(exists=True, dir_okay=False), help="YAML: claims expected not to hold.")
@click.option("--seed", type=int, default=0, help="Same seed, same target: the same requests.")
@click.option("--timeout", type=float, default=10.0, metavar="SECONDS", help="How long a response may take.")
@click.option("--rate", type=click.IntRange(1), metavar="N", help="Requests a minute, to send fewer than allowed.")
@click.option("--max-requests", type=int, metavar="N", help="Never send more requests than this.")
@click.option("--without", type=click.Choice(PRODUCERS), multiple=True, help="Leave a producer out. Repeatable.")
@click.option("--ledger", type=click.Path(dir_okay=False), help="Where to record what is created, for the clean-up.")
@click.option("--cleanup", metavar="LEDGER", help="Remove what an earlier run left behind, and do nothing else.")
@click.option("--full-evidence", is_flag=True, help="Show phone numbers and texts of a real account in reports.")
@click.option("--history", "show_history", is_flag=True, help="Show earlier runs and stop.")
@click.option("--no-history", is_flag=True, help="Don't store this run.")
@click.option("-v", "--verbose", is_flag=True, help="Show for each claim what was seen.")
def conform(**given: Any) -> None:
    """Check the emulator, or a real deployment, against VENDOR's page: a verdict for each claim.

    \b
    ringback conform kwickphone                                  an emulator started for this run, all claims
    ringback conform kwickphone --only 'KWP-HOOK-*' -v           the webhooks, with what was seen
    ringback conform kwickphone --url https://kwickphone.com --key-env KP_API_KEY --plan
    ringback conform kwickphone --url https://kwickphone.com --key-env KP_API_KEY --html report.html
    ringback conform kwickphone --url … --key-env … --profile sandbox --budget 10 --plan
    ringback conform --cleanup LEDGER --key-env KP_API_KEY       after a crash

    Against a deployment that is not an emulator it only reads (GET and HEAD) unless --profile sandbox
    or --allow says otherwise.

    Exit codes: 0 all must-claims that ran hold, 1 one failed, 2 wrong usage, 3 target or suite trouble.
    """
    if given["cleanup"] is not None:
        _clean(given)
    if given["vendor"] is None:
        raise click.UsageError(f"which vendor? There are claims for: {', '.join(names())}")
    if given["show_history"]:
        _history(given["vendor"])
    output.require_packages(set(PRODUCERS) - set(given["without"]))
    with _interruptible():
        if given["plan_only"]:
            _plan(given)
        _run(given)


def _run(given: dict[str, Any]) -> NoReturn:
    from ringback_conformance.history import HistoryError, compare, earlier
    from ringback_conformance.report.console import Screen, show
    from ringback_conformance.report.document import document
    from ringback_conformance.run import conduct
    from ringback_conformance.target import label

    options = run_options(given)
    console = _console(given)
    screen = Screen(console)
    before = None
    if given["compare"] is not None:
        try:
            before = earlier(given["compare"], options.vendor, label(options.url))
        except HistoryError as error:
            raise click.UsageError(str(error)) from None
    try:
        with _errors():
            result = conduct(options, screen)
    finally:
        screen.close()
    report = document(result)
    if before is not None:
        report["compared"] = compare(before, report)
    show(report, console, verbose=given["verbose"])
    if before is not None:
        _show_comparison(report["compared"], console)
    _write(report, given)
    if given["log_file"]:
        _write_log(given["log_file"], result)
    if not given["no_history"]:
        _store(report)
    sys.exit(report["exit_code"])


def _plan(given: dict[str, Any]) -> NoReturn:
    from ringback_conformance.report.console import plan_document, show_plan
    from ringback_conformance.run import draw_plan

    with _errors():
        drawn, profile, target = draw_plan(run_options(given))
    show_plan(drawn, profile, target, _console(given))
    if given["json_file"]:
        output.save(given["json_file"], output.to_json(plan_document(drawn, profile, target)))
    sys.exit(output.FINE)


def _clean(given: dict[str, Any]) -> NoReturn:
    from ringback_conformance.claims import load
    from ringback_conformance.ledger import Ledger, LedgerError, sweep
    from ringback_conformance.transport import Log

    try:
        ledger = Ledger.read(Path(given["cleanup"]))
    except LedgerError as error:
        raise click.UsageError(str(error)) from None
    key = api_key(given)
    if key is None:
        raise click.UsageError("--cleanup needs the key that the run used: --key-env NAME")
    console = _console(given)
    if ledger.clean:
        console.print("nothing is left to remove", highlight=False)
        sys.exit(output.FINE)
    left = ", ".join(ledger.left) or "what an unanswered request may have created"
    console.print(f"{ledger.base_url}: removing {left}")
    stuck = sweep(ledger, load(ledger.vendor).adapter, key, Log(), ca=given["ca"])
    ledger.close()
    if stuck:
        output.stop(f"could not be removed: {', '.join(stuck)}; remove it in the vendor's console")
    console.print(f"removed: {', '.join(sorted(ledger.removed)) or 'nothing had been created'}", highlight=False)
    sys.exit(output.FINE)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn the suite's own errors into a line and an exit code."""
    from ringback_conformance.options import UsageError
    from ringback_conformance.target import TargetError

    try:
        yield
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    except TargetError as error:
        output.stop(str(error))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the run as Ctrl-C does: with a clean-up."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(output.INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _console(given: dict[str, Any]) -> Console:
    reports = (given["json_file"], given["junit_file"], given["badge_file"], given["log_file"])
    return output.console(to_stderr="-" in reports)


def _write(report: dict[str, Any], given: dict[str, Any]) -> None:
    if given["json_file"]:
        output.save(given["json_file"], output.to_json(report))
    if given["junit_file"]:
        from ringback_conformance.report.junit import junit

        output.save(given["junit_file"], junit(report).decode())
    if given["html_file"]:
        from ringback_conformance.report.page import page

        output.save(given["html_file"], page(report))
    if given["badge_file"]:
        from ringback_conformance.report.badge import badge

        output.save(given["badge_file"], badge(report))


def _write_log(file: str, result: Any) -> None:
    from ringback_conformance.evidence import render

    lines = (json.dumps(render(exchange, result.mask), ensure_ascii=False) for exchange in result.log)
    output.save(file, "\n".join(lines) + "\n")


def _store(report: dict[str, Any]) -> None:
    from ringback_conformance.history import HistoryError, store

    try:
        store(report)
    except HistoryError as error:
        click.echo(f"this run is not stored: {error}", err=True)


def _history(vendor: str) -> NoReturn:
    from rich.table import Table

    from ringback_conformance.history import HistoryError, stored

    try:
        runs = stored(vendor)
    except HistoryError as error:
        output.stop(str(error))
    table = Table(box=None, pad_edge=False)
    for name in ("started", "target", "profile", "result"):
        table.add_column(name, overflow="fold")
    for run in runs:
        table.add_row(run["started_at"], run["target"], run["profile"], run["trouble"] or run["headline"])
    output.console(to_stderr=False).print(table if runs else "no run is stored")
    sys.exit(output.FINE)


def _show_comparison(compared: dict[str, Any], console: Console) -> None:
    from rich.text import Text

    base = compared["with"]
    console.print(f"\ncompared with {base['target']} ({base['profile']}) at {base['started_at']}:", highlight=False)
    for change in compared["changed"]:
        console.print(Text(f"  {change['claim']}: {change['before']} → {change['after']}  {change['reason']}"))
    for name in ("new", "gone"):
        if compared[name]:
            console.print(f"  {name}: {', '.join(compared[name])}", highlight=False)
    if not compared["changed"]:
        same = " and the same exchanges" if compared["same_exchanges"] else ""
        console.print(f"  the same verdicts{same}", highlight=False)

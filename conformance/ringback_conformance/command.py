"""`ringback conform`, `ringback claims` and `ringback mutants`."""

from __future__ import annotations

import json as json_module
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click
import msgspec

from ringback_conformance.claims import names

if TYPE_CHECKING:
    from rich.console import Console

    from ringback_conformance.run import RunOptions

FINE, SHORT, TROUBLE, STOPPED = 0, 1, 3, 130
NEEDED = ("schemathesis", "hypothesis")
MONEY = re.compile(r"\$?(\d{1,6})(?:\.(\d{1,2}))?")
PRODUCERS = ("probes", "engine", "machine")

Vendor = click.Choice(names())


@click.command(short_help="Hold the emulator, or a real deployment, to the vendor's page.")
@click.argument("vendor", type=Vendor, required=False)
@click.option(
    "--url", metavar="BASE_URL", help="What stands before the page's paths. Left out: an emulator of our own."
)
@click.option("--key", metavar="KEY", help="The API key. --key-env keeps it off the command line.")
@click.option("--key-env", metavar="NAME", help="The environment variable that holds the API key.")
@click.option("--control", metavar="URL", help="An emulator's control API. Default: at BASE_URL's origin, on loopback.")
@click.option("--control-token", metavar="TOKEN", envvar="RINGBACK_CONTROL_TOKEN", help="Its token, if it has one.")
@click.option(
    "--profile",
    type=click.Choice(["emulator", "sandbox", "readonly"]),
    help="How far to go. Default: readonly, unless the control API answers on loopback.",
)
@click.option("--only", metavar="GLOB", multiple=True, help="Only these claims, say 'KWP-HOOK-*'. Repeatable.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be sent and what it would cost; send nothing.")
@click.option(
    "--allow",
    type=click.Choice(["write", "spend", "burst"]),
    multiple=True,
    help="Change what is free; spend within --budget; use up the key's requests for a minute.",
)
@click.option("--budget", metavar="USD", help="The most that may be spent.")
@click.option("--destination", metavar="NUMBER", multiple=True, help="A phone number that may be involved. Repeatable.")
@click.option("--webhook-url", metavar="URL", help="A public address that leads to --webhook-listen.")
@click.option("--webhook-listen", metavar="HOST:PORT", default="127.0.0.1:0", help="Where webhooks are taken.")
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
@click.option("--timeout", type=float, default=10.0, metavar="SECONDS", help="How long an answer may take.")
@click.option("--rate", type=click.IntRange(1), metavar="N", help="Requests a minute, to be gentler than need be.")
@click.option("--max-requests", type=int, metavar="N", help="Never send more requests than this.")
@click.option("--without", type=click.Choice(PRODUCERS), multiple=True, help="Leave a producer out. Repeatable.")
@click.option("--ledger", type=click.Path(dir_okay=False), help="Where to write down what is made, for the clean-up.")
@click.option("--cleanup", metavar="LEDGER", help="Remove what an earlier run left behind, and nothing else.")
@click.option("--full-evidence", is_flag=True, help="Don't hide phone numbers and talk of a real account in reports.")
@click.option("--history", "show_history", is_flag=True, help="Show earlier runs and stop.")
@click.option("--no-history", is_flag=True, help="Don't remember this run.")
@click.option("-v", "--verbose", is_flag=True, help="Say of each claim what was seen.")
def conform(**given: Any) -> None:
    """Hold the emulator, or a real deployment, to what VENDOR's page promises; a verdict for each claim.

    \b
    ringback conform kwickphone                                  an emulator of our own, everything
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
    _have_what_is_needed(set(PRODUCERS) - set(given["without"]))
    options = _wish(given)
    with _stoppable():
        if given["plan_only"]:
            _plan(options, given)
        _run(options, given)


def _run(options: RunOptions, given: dict[str, Any]) -> NoReturn:
    from ringback_conformance.history import HistoryError, earlier
    from ringback_conformance.report.console import Screen, show
    from ringback_conformance.report.document import document
    from ringback_conformance.run import IN_PROCESS, TargetTrouble, UsageTrouble, conduct

    console = _console(given)
    screen = Screen(console)
    before = None
    if given["compare"] is not None:
        try:
            before = earlier(given["compare"], options.vendor, (options.url or IN_PROCESS).rstrip("/"))
        except HistoryError as error:
            raise click.UsageError(str(error)) from None
    try:
        result = conduct(options, screen)
    except UsageTrouble as trouble:
        raise click.UsageError(str(trouble)) from None
    except TargetTrouble as trouble:
        _trouble(str(trouble))
    finally:
        screen.close()
    found = document(result)
    if before is not None:
        from ringback_conformance.history import compare

        found["compared"] = compare(before, found)
    show(found, console, verbose=given["verbose"])
    if before is not None:
        _show_comparison(found["compared"], console)
    _write(found, given)
    if given["log_file"]:
        _write_log(given["log_file"], result)
    if not given["no_history"]:
        _remember(found)
    sys.exit(found["exit_code"])


def _wish(given: dict[str, Any]) -> RunOptions:
    from ringback_conformance.model import Profile
    from ringback_conformance.run import RunOptions

    return RunOptions(
        vendor=given["vendor"],
        url=given["url"],
        key=_key(given),
        control=given["control"],
        control_token=given["control_token"],
        profile=Profile(given["profile"]) if given["profile"] else None,
        allow=frozenset(given["allow"]),
        budget=cents(given["budget"]),
        webhook_url=_webhook_url(given["webhook_url"]),
        webhook_listen=_listen(given["webhook_listen"]),
        destinations=tuple(given["destination"]),
        await_call=given["await_call"],
        ca=given["ca"],
        only=tuple(given["only"]),
        seed=given["seed"],
        timeout=given["timeout"],
        requests=given["max_requests"],
        rate=given["rate"],
        producers=frozenset(PRODUCERS) - frozenset(given["without"]),
        deviations=_deviations(given["deviations"]),
        ledger=Path(given["ledger"]) if given["ledger"] else None,
        people=not given["full_evidence"],
    )


def _key(given: dict[str, Any]) -> str | None:
    if given["key"] and given["key_env"]:
        raise click.UsageError("give --key or --key-env, not both")
    name = given["key_env"]
    if not name:
        key: str | None = given["key"]
        return key
    key = os.environ.get(name)
    if not key:
        raise click.UsageError(f"--key-env {name}: the environment has no such variable, or it is empty")
    return key.strip()


def cents(text: str | None) -> int:
    if text is None:
        return 0
    found = MONEY.fullmatch(text.strip())
    if found is None:
        raise click.UsageError(f"--budget {text}: expected dollars, say 10 or 10.00")
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def _webhook_url(text: str | None) -> str | None:
    if text is not None and not text.startswith("https://"):
        raise click.UsageError(f"--webhook-url {text}: expected https://…, as the page wants it")
    return text.rstrip("/") if text else None


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise click.UsageError(f"--webhook-listen {text}: expected HOST:PORT")
    return host.strip("[]"), int(port)


def _deviations(file: str | None) -> dict[str, str]:
    if file is None:
        return {}
    import yaml

    try:
        listed = yaml.safe_load(Path(file).read_text(encoding="utf-8")) or []
        return {str(entry["claim"]): str(entry["reason"]) for entry in listed}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError):
        raise click.UsageError(
            f"--deviations {file}: expected a YAML list of {{claim: KWP-…, reason: why}} entries"
        ) from None


def _plan(options: RunOptions, given: dict[str, Any]) -> NoReturn:
    from ringback_conformance.report.console import plan_document, show_plan
    from ringback_conformance.run import TargetTrouble, UsageTrouble, draw_plan

    try:
        drawn, profile, target = draw_plan(options)
    except UsageTrouble as trouble:
        raise click.UsageError(str(trouble)) from None
    except TargetTrouble as trouble:
        _trouble(str(trouble))
    show_plan(drawn, profile, target, _console(given))
    if given["json_file"]:
        _save(given["json_file"], _dump(plan_document(drawn, profile, target)))
    sys.exit(FINE)


def _clean(given: dict[str, Any]) -> NoReturn:
    from ringback_conformance.claims import load
    from ringback_conformance.ledger import Ledger, LedgerError, sweep
    from ringback_conformance.transport import Log

    try:
        ledger = Ledger.read(Path(given["cleanup"]))
    except LedgerError as error:
        raise click.UsageError(str(error)) from None
    key = _key(given)
    if key is None:
        raise click.UsageError("--cleanup takes the key that the run had: --key-env NAME")
    console = _console(given)
    total = len(ledger.left) + len(ledger.intents)
    if not total:
        console.print("nothing is left to remove", highlight=False)
        sys.exit(FINE)
    console.print(f"{ledger.base_url}: removing {', '.join(ledger.left) or 'what an unanswered request may have made'}")
    stuck = sweep(ledger, load(ledger.vendor).adapter, key, Log(), ca=given["ca"])
    ledger.close()
    if stuck:
        _trouble(f"could not be removed: {', '.join(stuck)}; look in the vendor's console")
    console.print(f"removed: {', '.join(sorted(ledger.removed)) or 'nothing had been made'}", highlight=False)
    sys.exit(FINE)


def _write(found: dict[str, Any], given: dict[str, Any]) -> None:
    if given["json_file"]:
        _save(given["json_file"], _dump(found))
    if given["junit_file"]:
        from ringback_conformance.report.junit import junit

        _save(given["junit_file"], junit(found).decode())
    if given["html_file"]:
        from ringback_conformance.report.page import page

        _save(given["html_file"], page(found))
    if given["badge_file"]:
        from ringback_conformance.report.badge import badge

        _save(given["badge_file"], badge(found))


def _write_log(file: str, result: Any) -> None:
    from ringback_conformance.evidence import render

    lines = (json_module.dumps(render(exchange, result.mask), ensure_ascii=False) for exchange in result.log)
    _save(file, "\n".join(lines) + "\n")


def _remember(found: dict[str, Any]) -> None:
    from ringback_conformance.history import HistoryError, remember

    try:
        remember(found)
    except HistoryError as error:
        click.echo(f"this run is not remembered: {error}", err=True)


def _save(file: str, text: str) -> None:
    if file == "-":
        click.echo(text.rstrip("\n"))
        return
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        _trouble(f"{file} cannot be written: {error.strerror or error}")


def _dump(document: Any) -> str:
    return json_module.dumps(document, indent=2, ensure_ascii=False)


def _console(given: dict[str, Any]) -> Console:
    from rich.console import Console

    taken = "-" in (given.get("json_file"), given.get("junit_file"), given.get("badge_file"), given.get("log_file"))
    return Console(stderr=taken or bool(given.get("as_json")), soft_wrap=False)


def _trouble(message: str) -> NoReturn:
    click.echo(f"Error: {message}", err=True)
    sys.exit(TROUBLE)


def _have_what_is_needed(producers: set[str]) -> None:
    wanted = [name for name, producer in zip(NEEDED, ("engine", "machine"), strict=True) if producer in producers]
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        _trouble(f"{' and '.join(missing)} not installed: pip install 'ringback[conform]', or leave out with --without")


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a polite kill end the run as Ctrl-C does: with a clean-up."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(STOPPED)
    finally:
        signal.signal(signal.SIGTERM, before)


def _history(vendor: str) -> NoReturn:
    from rich.console import Console
    from rich.table import Table

    from ringback_conformance.history import HistoryError, recall

    try:
        runs = recall(vendor)
    except HistoryError as error:
        _trouble(str(error))
    table = Table(box=None, pad_edge=False)
    for name in ("started", "target", "profile", "result"):
        table.add_column(name, overflow="fold")
    for run in runs:
        table.add_row(run["started_at"], run["target"], run["profile"], run["trouble"] or run["headline"])
    Console().print(table if runs else "no run is remembered")
    sys.exit(FINE)


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


@click.command(short_help="The catalogue of claims.")
@click.argument("vendor", type=Vendor, required=False)
@click.option("--only", metavar="GLOB", multiple=True, help="Only these claims. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def claims(vendor: str | None, only: tuple[str, ...], as_json: bool) -> None:
    """List the claims: id, basis, needs, section of the page, what checks each, and the mutants that break it.

    \b
    ringback claims kwickphone
    ringback claims kwickphone --only 'KWP-HOOK-*' --json
    """
    from ringback_conformance.claims import load
    from ringback_conformance.mutation_gate import mutations

    rows = []
    for name in (vendor,) if vendor else names():
        catalogue = load(name)
        breaking: dict[str, list[str]] = {}
        for mutation in mutations(name):
            breaking.setdefault(mutation.claim, []).append(mutation.name)
        rows += [
            {
                "id": claim.id,
                "basis": claim.basis.value,
                "level": claim.level.value,
                "needs": sorted(need.value for need in claim.needs),
                "section": claim.section,
                "text": claim.text,
                "checked_by": catalogue.checked_by(claim.id),
                "mutants": breaking.get(claim.id, []),
            }
            for claim in catalogue.select(only)
        ]
    if as_json:
        click.echo(_dump(rows))
    else:
        _show_claims(rows)


def _show_claims(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in ("claim", "basis", "needs", "promise", "checked by", "mutants"):
        table.add_column(name, overflow="fold", no_wrap=name in ("claim", "basis"))
    section = ""
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            table.add_row(Text(section, style="bold"))
        checks = ", ".join(dict.fromkeys(check.partition(" ")[0] for check in row["checked_by"]))
        table.add_row(row["id"], row["basis"], " ".join(row["needs"]), row["text"], checks, str(len(row["mutants"])))
    Console().print(table)


@click.command(short_help="Ways to break a claim, and the suite's trial by them.")
@click.argument("vendor", type=Vendor, required=False)
@click.option("--gate", "run_gate", is_flag=True, help="Run the suite against each: all must be noticed.")
@click.option("--only", metavar="GLOB", multiple=True, help="Only these mutants, by name or claim. Repeatable.")
@click.option("--part", metavar="K/N", help="Only the K-th of N parts of each vendor's mutants: a gate in turns.")
@click.option("--jobs", type=click.IntRange(1, 64), help="How many at a time. Default: one more than processors.")
@click.option("--seed", type=int, default=0, help="The seed of every run.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def mutants(
    vendor: str | None,
    run_gate: bool,
    only: tuple[str, ...],
    part: str | None,
    jobs: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """List the named ways in which the emulator can be made to break a claim.

    With --gate the whole suite runs against the emulator as it is, which must pass, and against each mutant, which
    its own claim must fail, and no unrelated must-claim.

    \b
    ringback mutants kwickphone
    ringback mutants kwickphone --gate --jobs 4
    ringback mutants --gate --part 1/3                           a third of every vendor's
    ringback serve kwickphone --mutant kwickphone.webhook.signs-parsed-body
    """
    from ringback_conformance import mutation_gate

    place, of = _part(part)
    named = (vendor,) if vendor else names()
    chosen = {
        name: mutation_gate.part(mutation_gate.select(mutation_gate.mutations(name), only), place, of) for name in named
    }
    if not any(chosen.values()):
        raise click.UsageError(f"no mutant matches {' '.join(only)}" if only else "there are no mutants")
    if run_gate:
        _have_what_is_needed(set(PRODUCERS))
        _gate(chosen, jobs, seed, as_json)
    listed = [mutation for found in chosen.values() for mutation in found]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(listed), indent=2).decode())
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 1))
    for name in ("mutant", "claim", "breaks"):
        table.add_column(name, overflow="fold", no_wrap=name == "claim")
    for mutation in listed:
        table.add_row(mutation.name, mutation.claim, mutation.breaks)
    Console().print(table)


def _part(text: str | None) -> tuple[int, int]:
    place, _, of = (text or "1/1").partition("/")
    if not (place.isdecimal() and of.isdecimal() and 1 <= int(place) <= int(of)):
        raise click.UsageError(f"--part {text}: expected K/N, say 1/3, with K from 1 to N")
    return int(place), int(of)


def _gate(chosen: dict[str, Any], jobs: int | None, seed: int, as_json: bool) -> NoReturn:
    from rich.console import Console
    from rich.text import Text

    from ringback_conformance import mutation_gate as trial

    console = Console(stderr=as_json)
    begun = time.monotonic()
    total = len(chosen) + sum(len(mutations) for mutations in chosen.values())
    seen = 0

    def told(vendor: str, one: trial.Trial) -> None:
        nonlocal seen
        seen += one.tries == 1
        text, style = _told(one)
        text += "  on its second try" if one.tries > 1 else ""
        console.print(Text(f"{seen:>4}/{total} ").append(f"{vendor}: {text}" if not one.name else text, style))

    outcomes = trial.gate(chosen, jobs=jobs, seed=seed, told=told)
    console.print()
    for vendor, outcome in outcomes.items():
        killed = sum(one.killed for one in outcome.trials)
        console.print(
            f"[bold]{vendor}: {killed} of {len(outcome.trials)} killed[/] · {len(outcome.noisy)} with unrelated "
            f"failures · the reference {_reference(outcome.reference)}",
            highlight=False,
        )
        for name in outcome.alive:
            console.print(Text(f"alive: {name}", style="bold red"))
    console.print(f"{time.monotonic() - begun:.0f} s", highlight=False)
    if as_json:
        found = {vendor: trial.document(outcome) for vendor, outcome in outcomes.items()}
        click.echo(_dump(next(iter(found.values())) if len(found) == 1 else found))
    sys.exit(FINE if all(outcome.passed for outcome in outcomes.values()) else SHORT)


def _reference(one: Any) -> str:
    return "holds" if not one.failed and not one.trouble else f"fails: {', '.join(one.failed)} {one.trouble}".rstrip()


def _told(one: Any) -> tuple[str, str]:
    if not one.name:
        clean = not one.failed and not one.trouble
        return f"the reference {_reference(one)}  {one.seconds:.1f} s", "green" if clean else "bold red"
    state = "killed" if one.killed else "ALIVE "
    noise = f"  unrelated: {', '.join(one.unrelated)}" if one.unrelated else ""
    noise += f"  trouble: {one.trouble}" if one.trouble else ""
    style = "bold red" if not one.killed else ("yellow" if noise else "green")
    return f"{state} {one.name}  {one.claim}  {one.seconds:.1f} s{noise}", style

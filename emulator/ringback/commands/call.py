"""`ringback call`: let a phone ring."""

from __future__ import annotations

from typing import Any

import click

from ringback.client import Control, as_turns
from ringback.commands.options import print_json, remote, say
from ringback.commands.param_types import Duration, Vendor

ENDS = ("completed", "no_answer", "busy", "failed")


def _dialogues(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    import yaml
    from click.shell_completion import CompletionItem

    from ringback import resources

    bank = yaml.safe_load(resources.path("fixtures", "dialogues.yaml").read_text(encoding="utf-8"))
    return [CompletionItem(name) for name in bank["dialogues"] if name.startswith(incomplete)]


@click.command()
@click.argument("number")
@click.option(
    "--from", "caller", metavar="NUMBER", default="+12145550123", show_default=True, help="Who calls, in E.164."
)
@click.option("--vendor", type=Vendor(), help="Whose number it is; found out unless told.")
@click.option(
    "--turn",
    "turns",
    multiple=True,
    metavar="SPEAKER: TEXT",
    help="What is said, in order; repeatable. The speaker is caller or agent; left out, they take turns.",
)
@click.option(
    "--outcome", metavar="WORD", shell_complete=_dialogues, help="What comes of the call, say order or booking."
)
@click.option("--end", type=click.Choice(ENDS), help="How it ends. [default: completed]")
@click.option("--duration", type=Duration(), help="How long they talk, say 90 or 2m.")
@click.option("--answer-after", type=Duration(), help="How long it rings.")
@click.option("--voicemail", metavar="TEXT", help="What the caller leaves on voicemail.")
@click.option("--recording/--no-recording", default=None, help="Whether there is a recording.")
@click.option(
    "--scenario",
    metavar="NAME",
    shell_complete=_dialogues,
    help="A stock script: missed, busy, failed, or a kind of dialogue such as order.",
)
@remote
def call(
    control: Control,
    as_json: bool,
    /,
    number: str,
    caller: str,
    vendor: str | None,
    turns: tuple[str, ...],
    scenario: str | None,
    **script: Any,
) -> None:
    """Let NUMBER ring: an inbound call from outside. Prints the call's id, as the vendor's API shows it.

    The call then lives on the clock: on a frozen one, `ringback advance --idle` plays it.

    \b
    Examples:
      ringback call +13465550100
      ringback call +13465550100 --from +12145550123 --outcome order \\
          --turn "agent: What can I get you?" --turn "caller: Two pizzas, please."
      ringback call +13465550100 --end no_answer
    """
    body: dict[str, Any] = {"to": number, "from": caller}
    given = {name: value for name, value in script.items() if value is not None}
    try:
        spoken = as_turns(turns)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--turn") from None
    if spoken:
        given["turns"] = spoken
    if given and scenario:
        raise click.UsageError("A scenario brings its whole script; leave the other script options out.")
    if given:
        body["script"] = given
    if scenario:
        body["scenario"] = scenario
    answer = control.arrive("/calls", body, [vendor] if vendor else control.vendors())
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["call_id"])
        say(f"{number} is ringing, {caller} is calling.")

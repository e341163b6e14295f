"""`ringback call`: place an inbound call."""

from __future__ import annotations

from typing import Any

import click

from ringback.client import ANY_CALLER, Control, as_turns
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
    "--from", "caller", metavar="NUMBER", default=ANY_CALLER, show_default=True, help="The caller's number, in E.164."
)
@click.option("--vendor", type=Vendor(), help="The vendor of NUMBER. Unless set, the command finds it.")
@click.option(
    "--turn",
    "turns",
    multiple=True,
    metavar="SPEAKER: TEXT",
    help="What is said, in order; repeatable. The speaker is caller or agent; without it they alternate.",
)
@click.option(
    "--outcome", metavar="WORD", shell_complete=_dialogues, help="The outcome of the call, such as order or booking."
)
@click.option("--end", type=click.Choice(ENDS), help="How the call ends. [default: completed]")
@click.option("--duration", type=Duration(), help="How long the call lasts, such as 90 or 2m.")
@click.option("--answer-after", type=Duration(), help="How long it rings before the answer.")
@click.option("--voicemail", metavar="TEXT", help="The voicemail that the caller leaves.")
@click.option("--recording/--no-recording", default=None, help="Whether the call is recorded.")
@click.option(
    "--scenario",
    metavar="NAME",
    shell_complete=_dialogues,
    help="A stock script: missed, busy, failed, or a kind of dialogue, such as order.",
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
    """Call NUMBER from outside. Prints the call's id, as the vendor's API shows it.

    The call lives on the clock: on a frozen clock, `ringback advance --idle` plays it.

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
        raise click.UsageError("--scenario is a whole script: omit the other script options.")
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

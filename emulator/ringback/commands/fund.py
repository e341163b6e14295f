"""`ringback fund`: add money to an account."""

from __future__ import annotations

import re

import click

from ringback.client import Control
from ringback.commands.options import print_json, remote
from ringback.commands.param_types import Amount, Vendor
from ringback.commands.seed_accounts import account_or_seed

NEGATIVE = re.compile(r"-[\d.]+")


class TakesNegatives(click.Command):
    """A command that takes `-5.00` for an amount, not an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" not in args:
            amounts = [word for word in args if NEGATIVE.fullmatch(word)]
            args = [*(word for word in args if word not in amounts), *(("--", *amounts) if amounts else ())]
        return super().parse_args(ctx, args)


@click.command(cls=TakesNegatives)
@click.argument("amount", type=Amount())
@click.option("--account", metavar="ID", help="The account. [default: the seed account]")
@click.option("--vendor", type=Vendor(), help="The vendor of the seed account, where several are served.")
@remote
def fund(control: Control, as_json: bool, /, amount: str, account: str | None, vendor: str | None) -> None:
    """Add AMOUNT (USD) to an account, or take it away if negative. Prints the new balance.

    \b
    Examples:
      ringback fund 25.00
      ringback fund -99.50 --account ACCOUNT
    """
    id_ = account_or_seed(control, account, vendor)
    answer = control.post(f"/accounts/{id_}/fund", {"amount": amount})
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["balance"])

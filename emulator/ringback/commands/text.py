"""`ringback text`: send an inbound message."""

from __future__ import annotations

from typing import Any

import click

from ringback.client import ANY_CALLER, Control
from ringback.commands.options import print_json, remote, say
from ringback.commands.param_types import Vendor


@click.command()
@click.argument("number")
@click.argument("body")
@click.option(
    "--from", "sender", metavar="NUMBER", default=ANY_CALLER, show_default=True, help="The sender's number, in E.164."
)
@click.option("--vendor", type=Vendor(), help="The vendor of NUMBER. Unless set, the command finds it.")
@click.option(
    "--with", "group", multiple=True, metavar="NUMBER", help="Another recipient of a group message; repeatable."
)
@click.option("--media", "media_urls", multiple=True, metavar="URL", help="URL of a picture or file; repeatable.")
@remote
def text(
    control: Control,
    as_json: bool,
    /,
    number: str,
    body: str,
    sender: str,
    vendor: str | None,
    group: tuple[str, ...],
    media_urls: tuple[str, ...],
) -> None:
    """Send NUMBER a text message from outside. Prints the message's id.

    \b
    Examples:
      ringback text +13465550100 "Are you open on Sunday?"
      ringback text +13465550100 "The menu" --media https://example.test/menu.jpg
      ringback text +13465550100 "Count me in" --from +12145559876 --with +12145550177
    """
    message: dict[str, Any] = {"to": number, "from": sender, "body": body}
    message |= {"media_urls": list(media_urls), "group": list(group)}
    answer = control.arrive("/messages", message, [vendor] if vendor else control.vendors())
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["message_id"])
        say(f"{sender} sent {number} a message.")

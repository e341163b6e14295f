"""Messages: an inbound message from outside."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.control.common import PREFIX, Body, ControlOperations, check_number, find_vendor, invalid
from ringback.control.destinations import no_destination
from ringback.emulator import Emulator
from ringback.gateway.vendor import NumberNotFound, Unsendable, Unsupported

MAX_MESSAGE = 1_600
MAX_URL = 2_048
"""Characters of a message, and of each URL."""
MAX_MEDIA = 10
MAX_GROUP = 31

operation = OPERATIONS = ControlOperations()


class MessageBody(Body):
    """An inbound message; `from` and `to` are E.164, and so are the other recipients in `group`."""

    vendor: str
    to: str
    from_: str = msgspec.field(name="from")
    body: str
    media_urls: list[str] = []
    group: list[str] = []


@operation("POST", f"{PREFIX}/messages", "sendMessage", 201)
def send_message(emulator: Emulator, body: MessageBody) -> dict[str, Any]:
    """Send a message to a number from outside."""
    vendor = find_vendor(emulator, body.vendor)
    backend = emulator.backends[vendor.name]
    check_number(body.from_, "from")
    if not 1 <= len(body.body) <= MAX_MESSAGE:
        raise invalid(f"body must have from 1 to {MAX_MESSAGE} characters", "body")
    if len(body.media_urls) > MAX_MEDIA or any(len(url) > MAX_URL for url in body.media_urls):
        raise invalid(f"media_urls must be at most {MAX_MEDIA}, of at most {MAX_URL} characters each", "media_urls")
    _check_group(body)
    try:
        message = backend.receive_message(body.to, body.from_, body.body, tuple(body.media_urls), tuple(body.group))
    except NumberNotFound:
        raise no_destination(emulator, vendor, body.to, "messages") from None
    except Unsendable as error:
        raise invalid(str(error), error.param) from None
    except Unsupported as error:
        raise invalid(f"{vendor.title} {error}", "vendor") from None
    return {"message_id": message.id, "account_id": message.account}


def _check_group(body: MessageBody) -> None:
    if len(body.group) > MAX_GROUP:
        raise invalid(f"group must have at most {MAX_GROUP} numbers", "group")
    for number in body.group:
        check_number(number, "group")
    if body.group and len({body.to, body.from_, *body.group}) < 2 + len(body.group):
        raise invalid("group must name the other recipients, each once: neither the sender nor `to`", "group")

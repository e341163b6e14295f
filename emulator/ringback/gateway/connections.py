"""Break a client's connection on purpose: without a response, or in the middle of one."""

from __future__ import annotations

import os
import socket
from stat import S_ISSOCK

from ringback.carrier.clock import wall_sleep
from ringback.gateway.asgi import ASGIMessage, Scope, Send

_FLUSH_SECONDS = 0.02


class BrokenConnection(Exception):  # noqa: N818 - an injected fault
    """The connection must end without a response."""


def truncated(respond: Send, size: int, scope: Scope) -> Send:
    """Return a send function that breaks the connection after `size` bytes of the response's body."""

    async def send(message: ASGIMessage) -> None:
        if message["type"] == "http.response.body":
            await respond({"type": "http.response.body", "body": message.get("body", b"")[:size], "more_body": True})
            await wall_sleep(_FLUSH_SECONDS)
            break_connection(scope)
        else:
            await respond(message)

    return send


def break_connection(scope: Scope) -> None:
    """Shut down the socket of this request's connection, found among the open files of the process."""
    client, server = tuple(scope["client"]), tuple(scope["server"])
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - only the names are needed
        try:
            if not S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            held = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        with held:
            try:
                ends = held.getpeername()[:2], held.getsockname()[:2]
            except OSError:
                continue
            if [tuple(map(str, end)) for end in ends] == [tuple(map(str, client)), tuple(map(str, server))]:
                held.shutdown(socket.SHUT_RDWR)
                return

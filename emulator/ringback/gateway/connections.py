"""Break a client's connection on purpose: without an answer, or in the middle of one."""

from __future__ import annotations

import os
import socket
from stat import S_ISSOCK

from ringback.carrier.clock import wall_sleep
from ringback.gateway.asgi import ASGIMessage, Scope, Send

_FLUSH_SECONDS = 0.02


class BrokenConnection(Exception):  # noqa: N818 - a thing that happens
    """The connection is to end without an answer."""


def truncated(answer: Send, size: int, scope: Scope) -> Send:
    async def send(message: ASGIMessage) -> None:
        if message["type"] == "http.response.body":
            await answer({"type": "http.response.body", "body": message.get("body", b"")[:size], "more_body": True})
            await wall_sleep(_FLUSH_SECONDS)
            break_connection(scope)
        else:
            await answer(message)

    return send


def break_connection(scope: Scope) -> None:
    """Shut the socket of this request's connection, whatever server holds it."""
    peer, here = tuple(scope["client"]), tuple(scope["server"])
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names are all that is wanted
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
            if [tuple(map(str, end)) for end in ends] == [tuple(map(str, peer)), tuple(map(str, here))]:
                held.shutdown(socket.SHUT_RDWR)
                return

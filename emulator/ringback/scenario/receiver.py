"""A story's webhook receivers: real servers on loopback that can go down and come back."""

from __future__ import annotations

import socket
import sys
from typing import Any

import msgspec

from ringback.receiver import Answer, Receiver
from ringback.scenario import types

LOOPBACK = "127.0.0.1"


class Hook:
    """A receiver that can go down: then connections are refused. On Linux nobody else can take its port meanwhile."""

    def __init__(self, spec: types.Receiver) -> None:
        self._held = _held_port() if sys.platform == "linux" else None
        self.receiver = Receiver(self._held.getsockname()[1] if self._held is not None else 0)
        self.up()
        self.answer(spec.answers)
        if not spec.up:
            self.down()

    def answer(self, answers: list[Any]) -> None:
        """Answer the next requests with these in turn. A redirect points at another path of this receiver."""
        self.receiver.reply_with(*map(self._told, answers))

    def _told(self, answer: Any) -> Answer:
        if answer == "hang":
            return Answer(None)
        if isinstance(answer, int):
            elsewhere = (("Location", f"{self.receiver.origin}/elsewhere"),) if 300 <= answer < 400 else ()
            return Answer(answer, elsewhere)
        told = msgspec.convert(answer, types.Reply, from_attributes=True)
        if told.lines is not None:
            return Answer.lines(*told.lines, status=told.status)
        return Answer.json(told.json, told.status)

    def down(self) -> None:
        """Refuse connections."""
        self.receiver.stop()

    def up(self) -> None:
        """Listen, at the same port as ever."""
        self.receiver.start()

    def close(self) -> None:
        """Give the port up."""
        self.receiver.stop()
        if self._held is not None:
            self._held.close()


def _held_port() -> socket.socket:
    """A socket that is bound to a free port and does not listen; one that does can be bound beside it."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((LOOPBACK, 0))
    return held

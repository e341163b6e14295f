"""Waiting for something to happen: long polls and event streams wait for a bell, for time to pass, or for the end."""

from __future__ import annotations

import asyncio

from ringback.carrier.clock import Clock


class Bells:
    """A bell for each name. Whoever waits for one is woken when it rings, when a clock was moved, and when the server
    stops; it then looks for itself what has changed."""

    def __init__(self, clock: Clock) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self.closed = False
        clock.moved.append(self._ring_all)

    async def wait(self, name: str, seconds: float) -> None:
        """Until a bell rings or a clock was moved, at most so many real seconds; not at all once it is closed."""
        if self.closed:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(name, set())
        waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            waiting.discard(future)
            if not waiting and self._waiting.get(name) is waiting:
                del self._waiting[name]

    def ring(self, name: str) -> None:
        """Wake whoever waits for this bell."""
        for future in self._waiting.get(name, ()):
            if not future.done():
                future.set_result(None)

    def _ring_all(self) -> None:
        for name in self._waiting:
            self.ring(name)

    def close(self) -> None:
        """Nobody waits any longer: the server is stopping."""
        self.closed = True
        self._ring_all()

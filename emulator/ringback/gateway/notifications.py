"""Conditions to wait for: long polls and event streams wait for a key, for a moved clock, or for shutdown."""

from __future__ import annotations

import asyncio

from ringback.carrier.clock import Clock


class Notifications:
    """One condition per key. Waiters wake on notify(), when a clock moves, and at shutdown; they must re-check their
    state."""

    def __init__(self, clock: Clock) -> None:
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}
        self.closed = False
        clock.moved.append(self._notify_all)

    async def wait(self, key: str, seconds: float) -> None:
        """Wait at most so many real seconds for a notification of this key. Returns at once after close()."""
        if self.closed:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(key, set())
        waiting.add(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            waiting.discard(future)
            if not waiting and self._waiting.get(key) is waiting:
                del self._waiting[key]

    def notify(self, key: str) -> None:
        """Wake all waiters of this key."""
        for future in self._waiting.get(key, ()):
            if not future.done():
                future.set_result(None)

    def _notify_all(self) -> None:
        for key in self._waiting:
            self.notify(key)

    def close(self) -> None:
        """Wake all waiters and accept no more: the server is stopping."""
        self.closed = True
        self._notify_all()

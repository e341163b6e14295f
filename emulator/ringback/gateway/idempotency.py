"""The same request twice with one key has one effect: the second is given the first's answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

import msgspec

from ringback.carrier.clock import Clock
from ringback.store import Collection, Record

FORGET = "gateway.idempotency.forget"


class StoredResponse(Record, kw_only=True):
    """An answer that is kept for retries; `print` is what the request looked like."""

    digest: str
    status: int
    body: bytes


class KeyReused(Exception):  # noqa: N818 - it is an answer
    """The key was used with another request."""


class IdempotentResponse(msgspec.Struct, frozen=True):
    """An answer: status and body, and whether it has been given before."""

    status: int
    body: bytes
    replayed: bool


class Idempotency:
    """The answers of all accounts, by account, operation and key.

    An answer is kept when the request took effect (2xx): one that was refused changed nothing, so it may be tried
    again. Of two requests under way at a time with one key, the second waits for the first.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.records: Collection[StoredResponse] = Collection(StoredResponse)
        self._under_way: dict[str, tuple[str, asyncio.Future[None]]] = {}
        clock.on(FORGET, self._forget)

    async def run_once(
        self,
        account: str,
        operation: str,
        key: str,
        digest: str,
        keep_for: int,
        act: Callable[[], Awaitable[tuple[int, bytes]]],
    ) -> IdempotentResponse:
        """The answer to a request that looks like `seen`: what `act` gives, or what it gave before. Kept for so many
        microseconds. Raises Mismatch."""
        name = f"{account} {operation} {key}"
        while (held := self._under_way.get(name)) is not None:
            if held[0] != digest:
                raise KeyReused
            await asyncio.wait((held[1],))
        stored = self.records.get(name)
        if stored is not None:
            if stored.digest != digest:
                raise KeyReused
            return IdempotentResponse(stored.status, stored.body, replayed=True)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way[name] = (digest, done)
        try:
            status, body = await act()
            if 200 <= status < 300:
                self.records.add(StoredResponse(id=name, account=account, digest=digest, status=status, body=body))
                self._clock.after(keep_for, account, FORGET, name, background=True)
            return IdempotentResponse(status, body, replayed=False)
        finally:
            del self._under_way[name]
            done.set_result(None)

    def _forget(self, name: str) -> None:
        stored = self.records.get(name)
        if stored is not None:
            self.records.remove(stored)


def request_digest(path: str, body: bytes) -> str:
    """Return a digest of a request: its path and what its JSON says, however that is written."""
    try:
        plain = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = body
    return blake2b(path.encode("utf-8", "replace") + b"\n" + plain, digest_size=16).hexdigest()

"""Idempotency keys: a request that is repeated with its key has one effect and gets the first response again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import blake2b

import msgspec

from ringback.carrier.clock import Clock
from ringback.store import Collection, Record

FORGET = "gateway.idempotency.forget"


class StoredResponse(Record, kw_only=True):
    """A response that is stored for retries; `digest` is that of its request."""

    digest: str
    status: int
    body: bytes


class KeyReused(Exception):  # noqa: N818 - an expected result
    """An idempotency key that was used with another request."""


class IdempotentResponse(msgspec.Struct, frozen=True):
    """A response's status and body, and whether it is a stored one."""

    status: int
    body: bytes
    replayed: bool


class Idempotency:
    """The stored responses of all accounts, by account, operation and key.

    Only a 2xx response is stored: a rejected request changed nothing, so it may be tried again. Of two concurrent
    requests with one key, the second waits for the first.
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
        """Return the stored response of a request, or call `act` and store its status and body.

        `digest` is the request's, `keep_for` in microseconds. Raises KeyReused.
        """
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
    """Return a digest of a request: its path, and the value of its JSON body whatever its spelling."""
    try:
        plain = msgspec.json.encode(msgspec.json.decode(body), order="deterministic")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        plain = body
    return blake2b(path.encode("utf-8", "replace") + b"\n" + plain, digest_size=16).hexdigest()

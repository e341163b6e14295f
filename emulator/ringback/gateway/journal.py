"""What happened, newest first: requests, carrier events, money, deliveries. Entries are references until rendered."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import islice, takewhile
from typing import Any, Literal, get_args

from ringback.carrier.clock import iso_exact
from ringback.carrier.ledger import LedgerEntry, format_usd
from ringback.gateway.redaction import mask, mask_header

JournalKind = Literal["request", "call", "message", "money", "delivery", "number", "account", "clock"]
JOURNAL_KINDS: tuple[JournalKind, ...] = get_args(JournalKind)
MAX_BODY_BYTES = 64 * 1024
"""Bytes of a response's body that the journal keeps."""


class Note:
    """An event of an account: its `kind`, `what` happened, and `detail` fields."""

    __slots__ = ("account", "at", "detail", "kind", "seq", "what")

    def __init__(self, at: int, account: str, kind: JournalKind, what: str, detail: Mapping[str, Any]) -> None:
        self.seq = 0
        self.at = at
        self.account = account
        self.kind = kind
        self.what = what
        self.detail = detail

    def render(self) -> dict[str, Any]:
        """Return the entry as the control API shows it."""
        return {
            "seq": self.seq,
            "at": iso_exact(self.at),
            "account_id": self.account or None,
            "kind": self.kind,
            "what": self.what,
            **self.detail,
        }


class MoneyNote:
    """A ledger entry in the journal."""

    __slots__ = ("account", "at", "entry", "seq")
    kind: JournalKind = "money"

    def __init__(self, entry: LedgerEntry) -> None:
        self.seq = 0
        self.at = entry.at
        self.account = entry.account
        self.entry = entry

    def render(self) -> dict[str, Any]:
        """Return the entry as the control API shows it."""
        entry = self.entry
        amount, balance = format_usd(entry.amount), format_usd(entry.balance)
        sign = "+" if entry.amount >= 0 else ""
        return {
            "seq": self.seq,
            "at": iso_exact(self.at),
            "account_id": self.account,
            "kind": "money",
            "what": f"{entry.cause} {sign}{amount} → balance {balance}",
            "entry_id": entry.id,
            "cause": entry.cause,
            "amount": amount,
            "balance": balance,
            "ref": entry.ref,
        }


class RequestLogEntry:
    """One request to a vendor and its response, with headers and bodies as received.

    `latency` is real seconds. `extra` are headers that the middleware adds to the response.
    """

    __slots__ = (
        "account",
        "at",
        "body",
        "client",
        "extra",
        "headers",
        "key",
        "latency",
        "method",
        "operation",
        "path",
        "query",
        "request_id",
        "response_body",
        "response_headers",
        "seq",
        "status",
        "vendor",
    )
    kind: JournalKind = "request"

    def __init__(
        self, vendor: str, method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]], client: str
    ) -> None:
        self.seq = 0
        self.at = 0
        self.account = ""
        self.key = ""
        self.vendor = vendor
        self.operation: str | None = None
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.client = client
        self.body = b""
        self.status = 0
        self.response_headers: list[tuple[bytes, bytes]] = []
        self.response_body = b""
        self.latency = 0.0
        self.request_id = ""
        self.extra: list[tuple[bytes, bytes]] = []

    def render(self) -> dict[str, Any]:
        """Return the entry as the control API shows it, secrets masked."""
        query = mask(self.query.decode("latin-1"))
        return {
            "seq": self.seq,
            "at": iso_exact(self.at),
            "account_id": self.account or None,
            "kind": "request",
            "what": f"{self.method} {mask(self.path)} → {self.status or 'no response'}",
            "vendor": self.vendor,
            "operation": self.operation,
            "key_id": self.key or None,
            "request": {
                "method": self.method,
                "path": mask(self.path),
                "query": query,
                "headers": _headers(self.headers),
                "body": _body(self.body),
            },
            "response": {
                "status": self.status or None,
                "headers": _headers(self.response_headers),
                "body": _body(self.response_body),
            },
            "latency_ms": round(self.latency * 1000, 3),
        }


def _headers(raw: list[tuple[bytes, bytes]]) -> list[list[str]]:
    shown = []
    for name, value in raw:
        text = name.decode("latin-1")
        shown.append([text, mask_header(text, value.decode("latin-1"))])
    return shown


def _body(raw: bytes) -> str | None:
    if not raw:
        return None
    try:
        return mask(raw.decode())
    except UnicodeDecodeError:
        return f"({len(raw)} bytes of binary data)"


JournalEntry = Note | MoneyNote | RequestLogEntry


class Journal:
    """The last `size` entries of each account."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rings: dict[str, deque[JournalEntry]] = {}
        self._seq = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.closed = False

    def add(self, entry: JournalEntry) -> None:
        """Append an entry."""
        self._seq = entry.seq = self._seq + 1
        ring = self._rings.get(entry.account)
        if ring is None:
            ring = self._rings[entry.account] = deque(maxlen=self._size)
        ring.append(entry)
        if self._waiting:
            self._wake()

    def read(
        self, account: str | None = None, limit: int = 100, since: int = 0, kind: JournalKind | None = None
    ) -> list[JournalEntry]:
        """Return up to `limit` entries newer than `since`, newest first: of one account or all, of one kind or all."""
        if account is not None:
            newest: Iterator[JournalEntry] = reversed(self._rings.get(account, deque()))
        else:
            newest = merge(*(reversed(ring) for ring in self._rings.values()), key=lambda entry: -entry.seq)
        newer = takewhile(lambda entry: entry.seq > since, newest)
        return list(islice((entry for entry in newer if kind in (None, entry.kind)), limit))

    async def wait(self, seconds: float) -> None:
        """Wait until an entry is added, or real seconds have passed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            await asyncio.wait((future,), timeout=seconds)
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        """Wake all waiters for good: the server is stopping."""
        self.closed = True
        self._wake()

    @property
    def last(self) -> int:
        """Return the number of the newest entry."""
        return self._seq

    def forget(self, account: str) -> None:
        """Drop an account's entries."""
        self._rings.pop(account, None)

    def clear(self) -> None:
        """Drop all entries. The numbers go on, so that a reader who waits for newer ones misses none."""
        self._rings.clear()


def log_entry(request: Any) -> RequestLogEntry:
    """Return the log entry of a handler's request: its account, key, query and body."""
    entry: RequestLogEntry = request.scope["log_entry"]
    return entry

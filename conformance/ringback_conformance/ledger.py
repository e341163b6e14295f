"""The cleanup ledger: what a run created on a deployment, written to disk before and after each request, so that it
can be removed even when the run is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, TextIO

from ringback_conformance.adapter import VendorAdapter
from ringback_conformance.model import Exchange
from ringback_conformance.transport import Log, NoResponse, NotAllowed, Policy, Request, TargetGone, Transport

REQUESTS_FOR_EACH = 4
NOTHING_CREATED = 503
"""The one 5xx that says that nothing was created."""
CLEANING = frozenset({"GET", "DELETE"})


class LedgerError(Exception):
    """A ledger cannot be read or written; the message says why."""


class Ledger:
    """A file of JSON lines: what existed before, what was about to be created, what was created, what was removed."""

    def __init__(self, path: Path, *, vendor: str, base_url: str) -> None:
        self.path = path
        self.vendor = vendor
        self.base_url = base_url
        self.before: frozenset[str] | None = None
        self.intents: dict[int, Request] = {}
        self.created: list[str] = []
        self.removed: set[str] = set()
        self._file: TextIO | None = None
        self._count = 0

    @classmethod
    def begin(cls, path: Path, *, vendor: str, base_url: str) -> Ledger:
        """Return a new ledger; its file is written before the first request that can create something."""
        return cls(path, vendor=vendor, base_url=base_url)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """Read the ledger of an earlier run. Raises LedgerError."""
        try:
            entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            ledger = cls(path, vendor=str(entries[0]["vendor"]), base_url=str(entries[0]["base_url"]))
        except OSError as error:
            raise LedgerError(f"{path}: {error.strerror or error}") from None
        except (ValueError, LookupError, TypeError):
            raise LedgerError(f"{path} is not a cleanup ledger") from None
        for entry in entries[1:]:
            ledger._replay(entry)
        return ledger

    def _replay(self, entry: dict[str, Any]) -> None:
        if "intent" in entry:
            self._count = max(self._count, int(entry["intent"]))
            body = json.dumps(entry.get("body")).encode()
            self.intents[self._count] = Request(str(entry["method"]), str(entry["path"]), (), body)
        elif "settled" in entry:
            self.intents.pop(int(entry["settled"]), None)
            if entry.get("id"):
                self.created.append(str(entry["id"]))
        elif "removed" in entry:
            self.removed.add(str(entry["removed"]))
        elif "before" in entry:
            self.before = frozenset(entry["before"])

    @property
    def left(self) -> list[str]:
        """Ids that were created and are not removed yet."""
        return [id_ for id_ in self.created if id_ not in self.removed]

    @property
    def clean(self) -> bool:
        """Whether nothing is left, and no request is open."""
        return not self.left and not self.intents

    def intend(self, request: Request) -> int:
        """Record that something is about to be created; return the record's number."""
        self._count += 1
        self.intents[self._count] = request
        try:
            body = json.loads(request.body)
        except (ValueError, RecursionError):
            body = None
        self._write({"intent": self._count, "method": request.method, "path": request.path, "body": body})
        return self._count

    def settle(self, intent: int, id_: str | None) -> None:
        """Record how an intent ended: the id of what was created, or None where nothing was."""
        self.intents.pop(intent, None)
        if id_ is not None:
            self.created.append(id_)
        self._write({"settled": intent, "id": id_})

    def note_removed(self, id_: str) -> None:
        """Record that something is gone."""
        self.removed.add(id_)
        if id_ in self.created:
            self._write({"removed": id_})

    def close(self) -> None:
        """Close the file, and delete it when nothing is left to remove."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self.clean:
            self.path.unlink(missing_ok=True)

    def _write(self, entry: dict[str, Any]) -> None:
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                new = not self.path.exists()
                self._file = self.path.open("a", encoding="utf-8")
                if new:
                    self._line({"vendor": self.vendor, "base_url": self.base_url})
                    if self.before is not None:
                        self._line({"before": sorted(self.before)})
            self._line(entry)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise LedgerError(f"{self.path}: {error.strerror or error}; set --ledger FILE") from None

    def _line(self, entry: dict[str, Any]) -> None:
        assert self._file is not None
        self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")


class LedgerWriter:
    """Write a run's ledger as its requests pass through the transport."""

    def __init__(self, ledger: Ledger, adapter: VendorAdapter) -> None:
        self.ledger = ledger
        self._adapter = adapter
        self._open: int | None = None

    def about_to_send(self, request: Request) -> None:
        """Record a request that can create something."""
        self._open = self.ledger.intend(request) if self._adapter.creates(request) else None

    def answered(self, request: Request, exchange: Exchange) -> None:
        """Record what was created or removed; a request without a response, or with an unclear one, stays open."""
        if self._open is not None:
            unclear = exchange.status is None or (exchange.status >= 500 and exchange.status != NOTHING_CREATED)
            if not unclear:
                self.ledger.settle(self._open, self._adapter.created(exchange))
            self._open = None
        elif request.method == "DELETE" and exchange.status is not None and self._adapter.removed(exchange):
            self.ledger.note_removed(exchange.route.rpartition("/")[2])


def sweep(ledger: Ledger, adapter: VendorAdapter, key: str, log: Log, *, ca: str | None = None) -> list[str]:
    """Remove what a ledger says is left, and what an unanswered request may have created.

    Returns the ids and requests that could not be cleaned up; empty means all is gone.
    """
    pending = len(ledger.left) + len(ledger.intents)
    policy = Policy(
        methods=CLEANING,
        requests=REQUESTS_FOR_EACH * pending + REQUESTS_FOR_EACH,
        budget=0,
        rate=adapter.rate,
    )
    transport = Transport(ledger.base_url, policy, log, ca=ca)
    headers = (adapter.credentials(key),)
    try:
        unclear = _adopt_orphans(ledger, adapter, transport, headers)
        return [id_ for id_ in ledger.left if not _remove(ledger, adapter, transport, headers, id_)] + unclear
    finally:
        transport.close()


def _send(transport: Transport, request: Request, headers: tuple[tuple[str, str], ...]) -> Exchange | None:
    try:
        return transport.send("cleanup", Request(request.method, request.path, headers), account="yours")
    except (NoResponse, NotAllowed, TargetGone):
        return None


def _remove(
    ledger: Ledger, adapter: VendorAdapter, transport: Transport, headers: tuple[tuple[str, str], ...], id_: str
) -> bool:
    exchange = _send(transport, adapter.removal(id_), headers)
    if exchange is None or not adapter.removed(exchange):
        return False
    ledger.note_removed(id_)
    return True


def _adopt_orphans(
    ledger: Ledger, adapter: VendorAdapter, transport: Transport, headers: tuple[tuple[str, str], ...]
) -> list[str]:
    """Record what unanswered requests created; return those for which that is unknown."""
    if not ledger.intents:
        return []
    listing = _send(transport, Request("GET", adapter.health_path), headers)
    intents = list(ledger.intents.items())
    if ledger.before is None or listing is None or listing.status != 200:
        return [f"{request.method} {request.path}" for _, request in intents]
    unclear = []
    for intent, request in intents:
        found = adapter.orphans(listing, request)
        if found is None:
            unclear.append(f"{request.method} {request.path}")
            continue
        own = ledger.before | set(ledger.created)
        orphans = [id_ for id_ in found if id_ not in own]
        ledger.settle(intent, orphans[0] if orphans else None)
        for id_ in orphans[1:]:
            ledger.settle(ledger.intend(request), id_)
    return unclear

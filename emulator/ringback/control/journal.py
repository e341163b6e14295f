"""The journal: what happened, newest first, as entries or as an HTTP archive."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import msgspec

from ringback.control.common import MAX_ENTRIES, PREFIX, ControlOperations, Query, account_filter
from ringback.control.har import archive
from ringback.emulator import Emulator
from ringback.gateway.journal import Journal, JournalEntry, JournalKind

MAX_WAIT = 60.0
"""Real seconds that a request may wait for news."""

operation = OPERATIONS = ControlOperations()


class JournalFilter(Query):
    """Which entries to list: those newer than the entry numbered `since`. `wait` is in real seconds."""

    account_id: str | None = None
    kind: JournalKind | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)] = 100
    since: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None = None
    wait: Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT)] = 0.0
    format: Literal["json", "har"] = "json"


@operation("GET", f"{PREFIX}/journal", "readJournal")
async def read_journal(emulator: Emulator, query: JournalFilter) -> dict[str, Any]:
    """List what happened, newest first. `wait` waits for an entry that is newer than `since`, or than now.

    Format `har` is an HTTP archive of the requests.
    """
    journal = emulator.services.journal
    since = query.since if query.since is not None else journal.last if query.wait else 0
    kind: JournalKind | None = "request" if query.format == "har" else query.kind
    account = account_filter(emulator, query.account_id) or None
    entries = await _read(journal, account, query.limit, since, kind, query.wait)
    if query.format == "har":
        return archive(emulator, entries)
    return {"data": [entry.render() for entry in entries], "last": journal.last}


async def _read(
    journal: Journal, account: str | None, limit: int, since: int, kind: JournalKind | None, wait: float
) -> list[JournalEntry]:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait
    while True:
        entries = journal.read(account, limit, since, kind)
        left = deadline - loop.time()
        if entries or left <= 0 or journal.closed:
            return entries
        await journal.wait(left)

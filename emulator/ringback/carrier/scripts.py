"""Scripts in waiting: what will happen to the next matching outbound call or message."""

from __future__ import annotations

from typing import Literal

import msgspec

from ringback.carrier.script import Script, fits_call, fits_message
from ringback.store import Collection, Record

ScriptKind = Literal["call", "message"]


class Match(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which outbound call or message a script is for; what is left out is any. `from` is a number or the vendor's id
    of it, `tag` what the customer attached."""

    to: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    tag: str | None = None
    kind: ScriptKind | None = None


class QueuedScript(Record, kw_only=True):
    """One script in waiting, for one vendor and for one account or (with account "") all."""

    vendor: str
    match: Match
    script: Script


class Scripts:
    """The scripts in waiting; the oldest that matches is used, once."""

    def __init__(self) -> None:
        self.records: Collection[QueuedScript] = Collection(QueuedScript, vendor=lambda queued: queued.vendor)

    def add(self, vendor: str, account: str, match: Match, script: Script) -> QueuedScript:
        """Put a script in waiting."""
        id_ = f"script_{self.records.created + 1}"
        return self.records.add(QueuedScript(id=id_, account=account, vendor=vendor, match=match, script=script))

    def take(
        self, kind: ScriptKind, *, vendor: str, account: str, to: str, senders: tuple[str, ...], tag: str | None
    ) -> Script | None:
        """The script for an outbound call or message, which then waits no longer; None where there is none. `senders`
        are the names of the number that it goes out from."""
        if not self.records.count("vendor", vendor):
            return None
        for queued in self.records.oldest("vendor", vendor):
            match = queued.match
            if (
                queued.account in ("", account)
                and match.kind in (None, kind)
                and match.to in (None, to)
                and (match.from_ is None or match.from_ in senders)
                and match.tag in (None, tag)
                and (fits_call if kind == "call" else fits_message)(queued.script)
            ):
                self.records.remove(queued)
                return queued.script
        return None

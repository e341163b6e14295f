"""Queued scripts: what happens to the next matching outbound call or message."""

from __future__ import annotations

from typing import Literal

import msgspec

from ringback.carrier.script import Script, fits_call, fits_message
from ringback.store import Collection, Record

ScriptKind = Literal["call", "message"]


class Match(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which outbound calls or messages a script is for; a field left out matches any.

    `to` is E.164, `from` a number (E.164) or the vendor's id for it, `tag` a label that the customer attached.
    """

    to: str | None = None
    from_: str | None = msgspec.field(name="from", default=None)
    tag: str | None = None
    kind: ScriptKind | None = None


class QueuedScript(Record, kw_only=True):
    """One queued script, for one vendor and for one account or, with account "", for all."""

    vendor: str
    match: Match
    script: Script


class Scripts:
    """The queued scripts. The oldest that matches is used, once."""

    def __init__(self) -> None:
        self.records: Collection[QueuedScript] = Collection(QueuedScript, vendor=lambda queued: queued.vendor)

    def add(self, vendor: str, account: str, match: Match, script: Script) -> QueuedScript:
        """Queue a script."""
        id_ = f"script_{self.records.created + 1}"
        return self.records.add(QueuedScript(id=id_, account=account, vendor=vendor, match=match, script=script))

    def take(
        self, kind: ScriptKind, *, vendor: str, account: str, to: str, senders: tuple[str, ...], tag: str | None
    ) -> Script | None:
        """Remove and return the script for an outbound call or message, None where none matches.

        `senders` are the sending number and its ids.
        """
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

"""Transcripts: the utterances of calls, listed, searched, and abridged for events."""

from __future__ import annotations

from itertools import islice

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_exact
from ringback.gateway.services import Services
from ringback.vendors.inkbox.records import Number, Party, Utterance
from ringback.vendors.inkbox.rules.common import new_id
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.wire.responses import UtteranceView
from ringback.vendors.inkbox.wire.webhooks import TranscriptEntry

MAX_ENTRIES = 100
"""Utterances that an event includes; of a longer transcript the middle is omitted."""


class Transcripts:
    """The transcripts of all calls."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    def add(self, call: Call, party: Party, text: str, at: float) -> None:
        """Add an utterance to a call's transcript, `at` seconds after the call was answered."""
        detail = self.data.calls[call.id]
        self.data.utterances.add(
            Utterance(
                id=new_id(self.services, call.account, "utterance"),
                account=call.account,
                call=call.id,
                number_id=call.number_id,
                number=call.number,
                index=detail.utterances,
                party=party,
                text=text,
                ts_ms=round(at * 1000),
                at=self.services.clock.now(call.account),
            )
        )
        detail.utterances += 1

    def list_utterances(self, call: Call) -> list[UtteranceView]:
        """Return the utterances of a call, in order."""
        return [_view(row) for row in self.data.utterances.oldest("call", call.id)]

    def search(self, number: Number, query: str, party: Party | None, limit: int) -> list[UtteranceView]:
        """Return the utterances on a number that contain all words of a query, newest first."""
        found = self.data.utterances.search(query, (number.id, party or "any"))
        return [_view(row) for row in islice(found, limit)]

    def entries(self, call: Call) -> tuple[list[TranscriptEntry], bool]:
        """Return a call's transcript as events include it, and whether it is abridged."""
        rows = self.data.utterances.oldest("call", call.id)
        entries = [
            TranscriptEntry(party=row.party, text=row.text, ts_ms=row.ts_ms, phone_number=row.number) for row in rows
        ]
        if len(rows) <= MAX_ENTRIES:
            return entries, False
        half = MAX_ENTRIES // 2
        omitted = rows[half:-half]
        marker = TranscriptEntry(
            marker="abridged", omitted_turns=len(omitted), omitted_ms=omitted[-1].ts_ms - omitted[0].ts_ms
        )
        return [*entries[:half], marker, *entries[-half:]], True


def _view(row: Utterance) -> UtteranceView:
    return UtteranceView(row.id, row.call, row.index, row.ts_ms, row.party, row.text, row.number, iso_exact(row.at))

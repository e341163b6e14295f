"""All that a run found."""

from __future__ import annotations

import hashlib
import re

import msgspec

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.evidence import PASSING
from ringback_conformance.judge import ClaimVerdict
from ringback_conformance.masking import Mask
from ringback_conformance.model import Exchange, Kind, Profile, RunWarning, Verdict
from ringback_conformance.producers.engine import Recording

OWN_PORT = re.compile(r"127\.0\.0\.1:\d+")


class Result(msgspec.Struct, kw_only=True):
    """All that a run found, unmasked; `ringback_conformance.report` makes what may be shown."""

    vendor: str
    target: str
    profile: Profile
    seed: int
    started_at: str
    seconds: float
    verdicts: list[ClaimVerdict]
    log: list[Exchange]
    warnings: list[RunWarning]
    mask: Mask
    catalogue: Catalogue
    trouble: str = ""
    """Why the run ended early or its verdicts are incomplete."""
    interrupted: bool = False
    notes: list[str] = []
    requests: int = 0
    spent: int = 0
    planned: int = 0
    left_behind: list[str] = []
    ledger: str = ""
    recording: Recording = Recording()

    @property
    def summary(self) -> dict[str, int]:
        """How many claims got each verdict."""
        counts = {verdict.value: 0 for verdict in Verdict}
        for each in self.verdicts:
            counts[each.verdict.value] += 1
        return counts

    @property
    def digest(self) -> str:
        """A fingerprint of everything that the vendor's API answered and its webhooks sent; equal runs have equal ones.

        The order of requests and webhooks among each other is not part of it, nor are requests that raced.
        """
        digest = hashlib.sha256()
        requests = sorted(
            (each for each in self.log if each.kind is Kind.API and not each.raced),
            key=lambda each: (each.producer, int(each.id.rpartition("#")[2])),
        )
        webhooks = sorted(_comparable(each) for each in self.log if each.kind is Kind.WEBHOOK)
        for line in (*map(_comparable, requests), *webhooks):
            digest.update(line.encode())
        return digest.hexdigest()


def _comparable(exchange: Exchange) -> str:
    """Return what two equal runs have in common of an exchange; ports of this machine are not."""
    headers = sorted(header for header in exchange.response_headers if header[0].lower() not in PASSING)
    parts = (
        exchange.producer,
        exchange.method,
        exchange.path,
        exchange.request_body,
        exchange.status,
        () if exchange.kind is Kind.WEBHOOK else tuple(headers),
        exchange.response_body,
    )
    return OWN_PORT.sub("127.0.0.1", repr(parts))

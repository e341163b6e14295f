"""Faults on request: error answers, slowness, broken connections, unreliable webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ringback.carrier.rng import Streams
from ringback.store import Collection, Record

WebhookFault = Literal["duplicate", "drop", "delay", "reorder", "bad_signature"]


class Effect(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a fault does: exactly one of an error answer (`status`, with a vendor's `code` if wanted), `latency`
    (real seconds before the answer), `reset` (the connection ends without one), `truncate` (it ends after that many
    bytes of the body), or `webhook`."""

    status: int | None = None
    code: str | None = None
    latency: float | None = None
    reset: bool = False
    truncate: int | None = None
    webhook: WebhookFault | None = None

    def __post_init__(self) -> None:
        given = [
            self.status is not None,
            self.latency is not None,
            self.reset,
            self.truncate is not None,
            self.webhook is not None,
        ]
        if sum(given) != 1:
            raise ValueError("effect is exactly one of status, latency, reset, truncate, webhook")
        if self.code is not None and self.status is None:
            raise ValueError("effect.code goes with effect.status")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError("effect.status is from 400 to 599")
        if self.latency is not None and not 0 <= self.latency <= 300:
            raise ValueError("effect.latency is from 0 to 300 seconds")
        if self.truncate is not None and self.truncate < 0:
            raise ValueError("effect.truncate is a number of bytes")


class Fault(Record, kw_only=True):
    """One fault. It meets the requests (or, with a webhook effect, the events) of one vendor, of one `operation` or
    all, of one account or (with account "") all. `first` N of them, `every` Nth, or each with a `probability`."""

    vendor: str
    effect: Effect
    operation: str | None = None
    event: str | None = None
    first: int | None = None
    every: int | None = None
    probability: float | None = None
    matched: int = 0
    applied: int = 0


class Faults:
    """The faults that are set."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self.records: Collection[Fault] = Collection(Fault, vendor=lambda fault: fault.vendor)

    def for_request(self, vendor: str, account: str, operation: str | None) -> Sequence[Effect]:
        """The effects on one request."""
        return [
            fault.effect
            for fault in self.records.oldest("vendor", vendor)
            if fault.effect.webhook is None
            and fault.account in ("", account)
            and fault.operation in (None, operation)
            and self._due(fault, account)
        ]

    def for_event(self, vendor: str, account: str, event: str) -> Sequence[WebhookFault]:
        """The faults of one webhook event."""
        return [
            fault.effect.webhook
            for fault in self.records.oldest("vendor", vendor)
            if fault.effect.webhook is not None
            and fault.account in ("", account)
            and fault.event in (None, event)
            and self._due(fault, account)
        ]

    def _due(self, fault: Fault, account: str) -> bool:
        fault.matched += 1
        if fault.first is not None:
            strikes = fault.matched <= fault.first
        elif fault.every is not None:
            strikes = fault.matched % fault.every == 0
        elif fault.probability is not None:
            strikes = self._streams("fault", fault.id, account).random() < fault.probability
        else:
            strikes = True
        fault.applied += strikes
        return strikes

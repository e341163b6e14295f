"""Injected faults: error responses, latency, broken connections, unreliable webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ringback.carrier.rng import Streams
from ringback.store import Collection, Record

WebhookFault = Literal["duplicate", "drop", "delay", "reorder", "bad_signature"]


class Effect(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a fault does, exactly one of these.

    `status` is an error response, with the vendor's `code` if set. `latency` is real seconds before the response.
    `reset` ends the connection without a response, `truncate` after that many bytes of its body. `webhook` affects
    webhooks.
    """

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
    """One fault, for a vendor's requests or, with a webhook effect, its events.

    It matches one `operation` (or `event`) or all, of one account or, with account "", of all. It applies to the
    `first` N that match, to `every` Nth, or to each with a `probability`. `matched` and `applied` count both.
    """

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
    """The faults that are set, and the selection of those that apply."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self.records: Collection[Fault] = Collection(Fault, vendor=lambda fault: fault.vendor)

    def for_request(self, vendor: str, account: str, operation: str | None) -> Sequence[Effect]:
        """Count a request and return the effects on it."""
        return [
            fault.effect
            for fault in self.records.oldest("vendor", vendor)
            if fault.effect.webhook is None
            and fault.account in ("", account)
            and fault.operation in (None, operation)
            and self._applies(fault, account)
        ]

    def for_event(self, vendor: str, account: str, event: str) -> Sequence[WebhookFault]:
        """Count a webhook event and return the faults of it."""
        return [
            fault.effect.webhook
            for fault in self.records.oldest("vendor", vendor)
            if fault.effect.webhook is not None
            and fault.account in ("", account)
            and fault.event in (None, event)
            and self._applies(fault, account)
        ]

    def _applies(self, fault: Fault, account: str) -> bool:
        fault.matched += 1
        if fault.first is not None:
            applies = fault.matched <= fault.first
        elif fault.every is not None:
            applies = fault.matched % fault.every == 0
        elif fault.probability is not None:
            applies = self._streams("fault", fault.id, account).random() < fault.probability
        else:
            applies = True
        fault.applied += applies
        return applies

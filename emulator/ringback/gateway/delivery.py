"""Webhook deliveries as records, and how a vendor sends its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from ringback.gateway.faults import WebhookFault
from ringback.store import Record

Headers = Sequence[tuple[str, str]]
Signer = Callable[[str, bytes, int], Headers]
AttemptSigner = Callable[[str, bytes, int, str], Headers]
DeliveryState = Literal["pending", "held", "delivered", "failed", "dropped"]


@dataclass(frozen=True)
class WebhookProfile:
    """How one vendor sends.

    `sign(secret, raw_body, unix_seconds)` returns the headers of an attempt. A vendor whose attempts have ids of
    their own sets `sign_attempt`, which takes that id (a UUID) as well. `retries` are the seconds to wait after each
    failed attempt in turn.
    """

    sign: Signer
    retries: Sequence[int]
    user_agent: str
    sign_attempt: AttemptSigner | None = None


class Attempt(msgspec.Struct, kw_only=True):
    """One attempt. `at` and `ended_at` are microseconds on the account's clock, `latency_ms` is real time.

    `status` is None when no response came; `error` then says why. `response` is the start of the response's body.
    """

    at: int
    headers: list[tuple[str, str]]
    status: int | None = None
    error: str | None = None
    response: str = ""
    latency_ms: float = 0.0
    ended_at: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the receiver accepted the event (2xx)."""
        return self.status is not None and 200 <= self.status < 300


class Delivery(Record, kw_only=True):
    """One event for one receiver. Instants are microseconds on the account's clock.

    `subject` is the vendor's id of what the event is about; `headers` are sent beside the signature's. A delivery
    that `awaits_response` is attempted once, because a caller waits for the response. `timeout` is in real seconds;
    None means the account's. A delivery is `held` while a later event is to overtake it.
    """

    vendor: str
    event: str
    subject: str
    url: str
    secret: str
    body: bytes
    created_at: int
    headers: list[tuple[str, str]] = []
    state: DeliveryState = "pending"
    attempts: list[Attempt] = []
    next_at: int | None = None
    timer: int | None = None
    faults: list[WebhookFault] = []
    awaits_response: bool = False
    timeout: float | None = None

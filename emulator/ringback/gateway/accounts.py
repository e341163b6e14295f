"""Accounts: every record belongs to one, and each test makes its own."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ringback.store import Record


class AccountSettings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The settings of an account of any vendor.

    `rate_limit` is requests a minute for every key of the account; None means no limit, UNSET the vendor's own.
    `webhook_timeout` is the real seconds that a receiver has to respond.
    """

    rate_limit: int | UnsetType | None = UNSET
    webhook_timeout: float | None = None

    def __post_init__(self) -> None:
        if isinstance(self.rate_limit, int) and self.rate_limit < 1:
            raise ValueError("rate_limit is at least 1; null lifts it")
        if self.webhook_timeout is not None and not 0 < self.webhook_timeout <= 60:
            raise ValueError("webhook_timeout is more than 0 and at most 60 seconds")


class Account(Record, kw_only=True):
    """One customer of one vendor. `settings` holds the vendor's own type as plain data."""

    vendor: str
    created_at: int
    settings: dict[str, Any] = {}
    name: str | None = None

"""What AcmePhone remembers beyond what the carrier does."""

from __future__ import annotations

from ringback.gateway.accounts import AccountSettings
from ringback.store import Record


class AcmePhoneSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """Settings of an account: none beyond those of every vendor."""


class Number(Record, kw_only=True):
    """A number of an account. `created_at` is in microseconds."""

    phone_number: str
    webhook_url: str | None
    webhook_secret: str
    created_at: int

"""What KwickPhone remembers beyond what the carrier does."""

from __future__ import annotations

from typing import Literal

import msgspec

from ringback.carrier.ledger import DOLLAR, AmountError, usd
from ringback.gateway.accounts import AccountSettings
from ringback.store import Record

Status = Literal["active", "past_due", "released"]

MIN_TOP_UP = 5 * DOLLAR
MAX_TOP_UP = 500 * DOLLAR
"""Page "Balance & funding": $5 to $500 a top-up."""


class AutoTopUp(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """When the balance drops below `threshold`, the card is charged `amount`; both are dollars as decimal strings."""

    threshold: str
    amount: str

    def __post_init__(self) -> None:
        if _amount("auto_top_up.threshold", self.threshold) < 0:
            raise ValueError("auto_top_up.threshold is not negative")
        if not MIN_TOP_UP <= _amount("auto_top_up.amount", self.amount) <= MAX_TOP_UP:
            raise ValueError("auto_top_up.amount is from 5.00 to 500.00")


class KwickPhoneSettings(AccountSettings, kw_only=True, forbid_unknown_fields=True):
    """`number_limit` active numbers and `provisions_per_hour`, null lifts them; `talk_rate` is dollars a minute."""

    number_limit: int | None = 5
    provisions_per_hour: int | None = 3
    auto_top_up: AutoTopUp | None = None
    card: Literal["ok", "declined"] = "ok"
    talk_rate: str = "0.10"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("number_limit", "provisions_per_hour"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} is not negative; null lifts it")
        if _amount("talk_rate", self.talk_rate) < 0:
            raise ValueError("talk_rate is not negative")


def _amount(name: str, text: str) -> int:
    try:
        return usd(text)
    except AmountError as error:
        raise ValueError(f"{name}: {error}") from None


class Number(Record, kw_only=True):
    """A provisioned number. Instants are microseconds; `months` have been paid since it was provisioned."""

    phone_number: str
    business_phone: str
    status: Status
    webhook_url: str | None
    webhook_secret: str
    created_at: int
    months: int = 1
    past_due_since: int | None = None
    released_at: int | None = None
    timer: int | None = None

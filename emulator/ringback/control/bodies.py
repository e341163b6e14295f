"""What the control API takes, typed. Unknown fields are refused, so that a typing error is heard of."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from ringback.carrier.script import Script
from ringback.carrier.scripts import Match
from ringback.gateway.faults import Effect


class KeyBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to issue. `rate_limit` is requests a minute, null lifts it."""

    scope: str | None = None
    kind: str | None = None
    allowlist: tuple[str, ...] = ()
    rate_limit: int | UnsetType | None = UNSET
    label: str | None = None
    agent_handle: str | None = None


class AccountBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An account to open. `now` sets its own clock; without `keys` it gets one."""

    vendor: str
    balance: str = "25.00"
    keys: list[KeyBody] | None = None
    settings: dict[str, Any] = {}
    name: str | None = None
    now: str | None = None


class FundBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Dollars as a decimal string; negative takes money away."""

    amount: str


class ClockBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`factor` goes with `scaled`; `now` moves the clock on."""

    mode: Literal["real", "frozen", "scaled"] | None = None
    factor: float | None = None
    now: str | None = None


class AdvanceBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Exactly one of `seconds`, `until`, `idle`; `account_id` moves that account's clock alone."""

    seconds: float | None = None
    until: str | None = None
    idle: bool = False
    account_id: str | None = None


class CallBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An inbound call; `from` and `to` are E.164. `scenario` names a stock script."""

    vendor: str
    to: str
    from_: str = msgspec.field(name="from")
    script: Script | None = None
    scenario: str | None = None


class MessageBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An inbound message; `group` are the others who get it."""

    vendor: str
    to: str
    from_: str = msgspec.field(name="from")
    body: str
    media_urls: list[str] = []
    group: list[str] = []


class ScriptBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next matching outbound call or message."""

    vendor: str
    script: Script
    account_id: str | None = None
    match: Match = Match()


class FaultBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A fault to set. An operation is named by its id or by `method` and `path`; none of them means all."""

    vendor: str
    effect: Effect
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    event: str | None = None
    account_id: str | None = None
    first: int | None = None
    every: int | None = None
    probability: float | None = None

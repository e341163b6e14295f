"""The well-known accounts that an emulator starts with."""

from __future__ import annotations

import json
from typing import Any

import click

from ringback import resources
from ringback.client import Control


def seats() -> dict[str, Any]:
    """`{vendor: {"id", "name", "key", "scope", "balance"}}`, as in `fixtures/accounts.json`."""
    found: dict[str, Any] = json.loads(resources.path("fixtures", "accounts.json").read_text(encoding="utf-8"))
    return found


def account_or_seat(control: Control, account: str | None, vendor: str | None) -> str:
    """The account named, or the seed account of the vendor named, or of the only vendor served."""
    if account is not None:
        return account
    served = (vendor,) if vendor is not None else control.vendors()
    if len(served) != 1:
        raise click.UsageError(f"Say whose: --account ID, or --vendor with one of {', '.join(served)}.")
    return str(seats()[served[0]]["id"])

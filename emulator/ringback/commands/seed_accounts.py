"""The well-known accounts that an emulator starts with."""

from __future__ import annotations

import click

from ringback.client import Control


def account_or_seed(control: Control, account: str | None, vendor: str | None) -> str:
    """Return the account named, or the seed account of the vendor named, or of the only vendor served."""
    if account is not None:
        return account
    served = (vendor,) if vendor is not None else control.vendors()
    if len(served) != 1:
        raise click.UsageError(f"Name the account: --account ID, or --vendor with one of {', '.join(served)}.")
    from ringback.gateway.vendor import seed_account_id

    return seed_account_id(served[0])

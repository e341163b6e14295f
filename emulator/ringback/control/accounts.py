"""Accounts: opened, shown, changed, funded and closed."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.carrier.clock import iso_exact
from ringback.carrier.ledger import LedgerEntry, format_usd
from ringback.control.common import (
    PREFIX,
    Body,
    ControlError,
    ControlOperations,
    Query,
    amount_of,
    find_account,
    find_vendor,
    instant_of,
    invalid,
    invalid_query,
)
from ringback.control.keys import KeyBody, check_key, issue, key_view
from ringback.emulator import Emulator
from ringback.gateway.accounts import Account
from ringback.gateway.decoding import explain

LEDGER_TAIL = 50
"""The newest ledger entries that an account shows."""

operation = OPERATIONS = ControlOperations()


class AccountFilter(Query):
    """Which accounts to list."""

    vendor: str | None = None


class AccountBody(Body):
    """An account to open: its balance in USD, its keys (one unless given), and `now`, where its own clock starts."""

    vendor: str
    balance: str = "25.00"
    keys: list[KeyBody] | None = None
    settings: dict[str, Any] = {}
    name: str | None = None
    now: str | None = None


class FundBody(Body):
    """Dollars as a decimal string; a negative amount takes money away."""

    amount: str


@operation("GET", f"{PREFIX}/accounts", "listAccounts")
def list_accounts(emulator: Emulator, query: AccountFilter) -> dict[str, Any]:
    """List all accounts in brief, newest first."""
    services = emulator.services
    if query.vendor is not None and query.vendor not in emulator.vendors:
        raise invalid_query(f"vendor must be one of {', '.join(emulator.vendors)}", "vendor")
    return {
        "data": [
            {
                "account_id": account.id,
                "vendor": account.vendor,
                "name": account.name,
                "balance": format_usd(services.ledger.balance(account.id)),
                "now": iso_exact(services.clock.now(account.id)),
            }
            for account in reversed(list(services.accounts))
            if query.vendor in (None, account.vendor)
        ]
    }


@operation("POST", f"{PREFIX}/accounts", "openAccount", 201)
def open_account(emulator: Emulator, body: AccountBody) -> dict[str, Any]:
    """Open an account and issue its keys. No later response contains their secrets."""
    services = emulator.services
    vendor = find_vendor(emulator, body.vendor)
    balance = amount_of(body.balance, "balance")
    now = instant_of(body.now, "now") if body.now is not None else None
    keys = body.keys if body.keys is not None else [KeyBody()]
    if vendor.max_keys is not None and len(keys) > vendor.max_keys:
        raise invalid(f"an account has at most {vendor.max_keys} active keys", "keys")
    for key in keys:
        check_key(emulator, vendor, key)
    try:
        account = services.open_account(vendor.name, name=body.name, settings=body.settings, balance=balance, now=now)
    except msgspec.ValidationError as error:
        raise _invalid_setting(error) from None
    issued = [issue(emulator, account, key) for key in keys]
    return {
        "account_id": account.id,
        "vendor": vendor.name,
        "base_url": services.urls[vendor.name],
        "balance": format_usd(services.ledger.balance(account.id)),
        "now": iso_exact(services.clock.now(account.id)),
        "keys": [key_view(key, secret=True) for key in issued],
        **_webhook_secret(emulator, account),
    }


@operation("GET", f"{PREFIX}/accounts/{{account_id}}", "getAccount")
def get_account(emulator: Emulator, account_id: str) -> dict[str, Any]:
    """Return an account with its balance, latest ledger entries, numbers and key ids."""
    return account_view(emulator, find_account(emulator, account_id))


@operation("PATCH", f"{PREFIX}/accounts/{{account_id}}", "changeAccount")
def change_account(emulator: Emulator, account_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change some of an account's settings."""
    account = find_account(emulator, account_id)
    try:
        emulator.services.change_settings(account, body)
    except msgspec.ValidationError as error:
        raise _invalid_setting(error) from None
    return account_view(emulator, account) | _webhook_secret(emulator, account)


@operation("DELETE", f"{PREFIX}/accounts/{{account_id}}", "closeAccount")
def close_account(emulator: Emulator, account_id: str) -> dict[str, Any]:
    """Revoke an account's keys, release its numbers and stop its timers. Its records remain readable."""
    emulator.services.close_account(find_account(emulator, account_id))
    return {"closed": True}


@operation("POST", f"{PREFIX}/accounts/{{account_id}}/fund", "fundAccount")
def fund_account(emulator: Emulator, account_id: str, body: FundBody) -> dict[str, Any]:
    """Add money to an account, or take it away with a negative amount."""
    account = find_account(emulator, account_id)
    emulator.services.fund(account, amount_of(body.amount, "amount"))
    return {"balance": format_usd(emulator.services.ledger.balance(account.id))}


def account_view(emulator: Emulator, account: Account) -> dict[str, Any]:
    """Return an account as the control API shows it, without secrets."""
    services = emulator.services
    return {
        "account_id": account.id,
        "vendor": account.vendor,
        "name": account.name,
        "base_url": services.urls[account.vendor],
        "now": iso_exact(services.clock.now(account.id)),
        "created_at": iso_exact(account.created_at),
        "balance": format_usd(services.ledger.balance(account.id)),
        "settings": msgspec.to_builtins(services.settings_of(account.id)),
        "keys": [key_view(key) for key in services.keys.records.oldest("account", account.id)],
        "numbers": emulator.backends[account.vendor].numbers(account.id),
        "calls": services.calls.records.count("account", account.id),
        "ledger": [_ledger_view(entry) for entry in services.ledger.entries.page("account", account.id, LEDGER_TAIL)],
    }


def _ledger_view(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": iso_exact(entry.at),
        "cause": entry.cause,
        "amount": format_usd(entry.amount),
        "balance": format_usd(entry.balance),
        "ref": entry.ref,
    }


def _webhook_secret(emulator: Emulator, account: Account) -> dict[str, Any]:
    """Return the secret of the account's webhooks, at vendors that have one for all of them."""
    secret = emulator.backends[account.vendor].webhook_secret(account.id)
    return {} if secret is None else {"webhook_secret": secret}


def _invalid_setting(error: msgspec.ValidationError) -> ControlError:
    found = explain(error)
    param = f"settings.{found.param}" if found.param else "settings"
    return invalid(f"{found.param or ''} {found.problem}".strip(), param)

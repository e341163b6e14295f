"""An account's keys: issued, rotated and revoked."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ringback.carrier.clock import SECOND, iso_exact
from ringback.control.common import PREFIX, Body, ControlError, ControlOperations, find_account, invalid, not_found
from ringback.emulator import Emulator
from ringback.gateway.accounts import Account
from ringback.gateway.keys import AllowlistError, Key, networks
from ringback.gateway.vendor import Unsupported, VendorSpec

operation = OPERATIONS = ControlOperations()


class KeyBody(Body):
    """A key to issue. `rate_limit` is requests a minute; null lifts the limit."""

    scope: str | None = None
    kind: str | None = None
    allowlist: tuple[str, ...] = ()
    rate_limit: int | UnsetType | None = UNSET
    label: str | None = None
    agent_handle: str | None = None


@operation("POST", f"{PREFIX}/accounts/{{account_id}}/keys", "issueKey", 201)
def issue_key(emulator: Emulator, account_id: str, body: KeyBody) -> dict[str, Any]:
    """Issue a key. No later response contains its secret. 409 when the account has as many keys as it may."""
    account = find_account(emulator, account_id)
    vendor = emulator.vendors[account.vendor]
    check_key(emulator, vendor, body)
    if vendor.max_keys is not None and emulator.services.keys.active(account.id) >= vendor.max_keys:
        raise ControlError(409, "key_limit", f"the account has {vendor.max_keys} active keys, the most: revoke one")
    return key_view(issue(emulator, account, body), secret=True)


@operation("DELETE", f"{PREFIX}/accounts/{{account_id}}/keys/{{key_id}}", "revokeKey")
def revoke_key(emulator: Emulator, account_id: str, key_id: str) -> dict[str, Any]:
    """Revoke a key at once."""
    key = _find_key(emulator, find_account(emulator, account_id), key_id)
    emulator.services.keys.records.update(key, status="revoked")
    return {"revoked": True, "key_id": key.id}


@operation("POST", f"{PREFIX}/accounts/{{account_id}}/keys/{{key_id}}/rotate", "rotateKey", 201)
def rotate_key(emulator: Emulator, account_id: str, key_id: str) -> dict[str, Any]:
    """Issue a key in place of another, which ends after the vendor's overlap."""
    services = emulator.services
    account = find_account(emulator, account_id)
    key = _find_key(emulator, account, key_id)
    if key.status != "active":
        raise ControlError(409, "key_revoked", "a revoked key cannot be rotated")
    overlap = emulator.vendors[account.vendor].key_overlap * SECOND
    if overlap:
        services.keys.records.update(key, expires_at=services.clock.now(account.id) + overlap)
    else:
        services.keys.records.update(key, status="revoked")
    replacement = services.issue_key(
        account,
        label=key.label,
        scope=key.scope,
        kind=key.kind,
        allowlist=key.allowlist,
        rate_limit=key.rate_limit,
        agent=key.agent,
    )
    return {**key_view(replacement, secret=True), "replaces": key.id}


def check_key(emulator: Emulator, vendor: VendorSpec, body: KeyBody) -> None:
    """Check that a vendor has keys like this. Raises ControlError."""
    if vendor.scopes and body.scope is not None and body.scope not in vendor.scopes:
        raise invalid(f"scope must be one of {', '.join(vendor.scopes)}", "scope")
    if vendor.kinds and body.kind is not None and body.kind not in vendor.kinds:
        raise invalid(f"kind must be one of {', '.join(vendor.kinds)}", "kind")
    try:
        networks(body.allowlist)
    except AllowlistError as error:
        raise invalid(str(error), "allowlist") from None
    if isinstance(body.rate_limit, int) and body.rate_limit < 1:
        raise invalid("rate_limit must be at least 1, or null for no limit", "rate_limit")
    try:
        emulator.backends[vendor.name].check_key(body.kind, body.agent_handle)
    except Unsupported as error:
        raise invalid(f"{vendor.title} {error}", "agent_handle") from None
    except ValueError as error:
        raise invalid(str(error), "agent_handle") from None


def issue(emulator: Emulator, account: Account, body: KeyBody) -> Key:
    """Issue a key that `check_key` has accepted."""
    backend = emulator.backends[account.vendor]
    agent = backend.agent_of_key(account.id, body.agent_handle) if body.agent_handle is not None else None
    return emulator.services.issue_key(
        account,
        label=body.label,
        scope=body.scope,
        kind=body.kind,
        allowlist=body.allowlist,
        rate_limit=body.rate_limit,
        agent=agent,
    )


def key_view(key: Key, *, secret: bool = False) -> dict[str, Any]:
    """Return a key as the control API shows it, with its secret only where it is issued."""
    view: dict[str, Any] = {
        "key_id": key.id,
        "label": key.label,
        "scope": key.scope,
        "kind": key.kind,
        "allowlist": list(key.allowlist),
        "status": key.status,
        "created_at": iso_exact(key.created_at),
        "expires_at": iso_exact(key.expires_at) if key.expires_at is not None else None,
    }
    if key.agent is not None:
        view["agent"] = key.agent
    if key.rate_limit is not msgspec.UNSET:
        view["rate_limit"] = key.rate_limit
    if secret:
        view["secret"] = key.secret
    return view


def _find_key(emulator: Emulator, account: Account, id_: str) -> Key:
    key = emulator.services.keys.records.get(id_)
    if key is None or key.account != account.id:
        raise not_found(f"the account has no key {id_!r}", "key_id")
    return key

"""Inkbox's operations, and the names that their handlers use beyond the usual ones."""

from __future__ import annotations

import re

from ringback.carrier.call import Call
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.operations import Operations
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import ContactRule, Identity, Number, Subscription, Text
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, Caller, check_e164

NUMBER = f"{PHONE}/numbers/{{phone_number_id}}"
IDENTITIES = "/api/v1/identities/"
IDENTITY = f"{IDENTITIES}{{agent_handle}}"
_KEY = re.compile(rb"[\x20-\x7e]{1,255}")


def _caller(backend: Inkbox, request: RequestLogEntry) -> Caller:
    key = backend.services.keys.records[request.key]
    return Caller(request.account, key.agent, key.id)


def _admin(caller: Caller) -> Caller:
    """Return a caller with an admin-scoped key. Raises ApiError 403."""
    caller.require_admin("This operation")
    return caller


def _number(backend: Inkbox, caller: Caller, phone_number_id: str) -> Number:
    return backend.data.number(caller, phone_number_id)


def _identity(backend: Inkbox, caller: Caller, agent_handle: str) -> Identity:
    return backend.data.identity_by_handle(caller, agent_handle)


def _visible_identity(backend: Inkbox, caller: Caller, agent_handle: str) -> Identity:
    return backend.data.visible_identity(caller, agent_handle)


def _number_identity(backend: Inkbox, number: Number) -> Identity:
    return backend.data.identity_of(number)


def _number_rule(backend: Inkbox, number_identity: Identity, rule_id: str) -> ContactRule:
    return backend.contacts.find(number_identity, rule_id)


def _identity_rule(backend: Inkbox, identity: Identity, rule_id: str) -> ContactRule:
    return backend.contacts.find(identity, rule_id)


def _call(backend: Inkbox, caller: Caller, call_id: str) -> Call:
    return backend.calls.find(caller, call_id)


def _number_call(backend: Inkbox, caller: Caller, number: Number, call_id: str) -> Call:
    return backend.calls.find(caller, call_id, number)


def _text(backend: Inkbox, caller: Caller, number: Number, text_id: str) -> Text:
    return backend.data.text(caller, number, text_id)


def _subscription(backend: Inkbox, caller: Caller, subscription_id: str) -> Subscription:
    return backend.subscriptions.find(caller, subscription_id)


def _receiver(receiver_number: str) -> str:
    """Return the number in the path. Raises ApiError 422 unless it is in E.164."""
    check_e164("receiver_number", receiver_number, "path")
    return receiver_number


def _idempotency_key(request: RequestLogEntry) -> str | None:
    """Return the Idempotency-Key, None without the header. Raises ApiError 422 for an invalid one."""
    value = next((value for name, value in request.headers if name == b"idempotency-key"), None)
    if value is None:
        return None
    if not _KEY.fullmatch(value) or not value.strip():
        raise errors.invalid("Idempotency-Key", "has from 1 to 255 printable ASCII characters", "header")
    return value.decode("latin-1")


operation = OPERATIONS = Operations(
    provides={
        "caller": _caller,
        "admin": _admin,
        "number": _number,
        "identity": _identity,
        "visible_identity": _visible_identity,
        "number_identity": _number_identity,
        "number_rule": _number_rule,
        "identity_rule": _identity_rule,
        "call": _call,
        "number_call": _number_call,
        "text": _text,
        "subscription": _subscription,
        "receiver": _receiver,
        "idempotency_key": _idempotency_key,
    }
)

"""Helpers shared by the control API's resources: errors, operations, and the values that many requests name."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from ringback.carrier.clock import TimeError, parse_instant
from ringback.carrier.ledger import AmountError, usd
from ringback.contract import load_contract
from ringback.emulator import Emulator
from ringback.gateway.accounts import Account
from ringback.gateway.asgi import Response, encode
from ringback.gateway.operations import Endpoint, HasScope, Operation, Operations
from ringback.gateway.paging import decode_query
from ringback.gateway.vendor import VendorSpec

PREFIX = "/_ringback"
MAX_ENTRIES = 10_000
"""The largest `limit` of a list."""
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")


class ControlError(Exception):
    """An error response of the control API: HTTP status, code, message, and the field at fault."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.param = param

    def response(self) -> Response:
        """Return the error envelope."""
        error = {"code": self.code, "message": self.message}
        if self.param is not None:
            error["param"] = self.param
        return Response(encode({"error": error}), self.status)


def invalid(message: str, param: str | None = None) -> ControlError:
    """Return the error for a body that decodes but cannot be used (422)."""
    return ControlError(422, "invalid_value", message, param)


def invalid_query(message: str, param: str | None) -> ControlError:
    """Return the error for a query string that cannot be used (400)."""
    return ControlError(400, "invalid_query", message, param)


def not_found(message: str, param: str) -> ControlError:
    """Return the error for a resource that does not exist (404)."""
    return ControlError(404, "not_found", message, param)


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """A JSON body. Unknown fields are rejected, so typos are reported."""


class Query(msgspec.Struct, forbid_unknown_fields=True):
    """A query string. Unknown parameters are rejected, so typos are reported."""


class ControlOperations(Operations):
    """The operations of one resource. A handler gets the `emulator`, and `body`, `query` and parts of the path."""

    def __init__(self) -> None:
        super().__init__(provides={"emulator": lambda backend: backend})

    def endpoint(self, operation: Operation, backend: Any) -> Endpoint:
        """Return a coroutine function that handles a request; one that takes no `query` rejects all parameters."""
        run = super().endpoint(operation, backend)
        if "query" in inspect.signature(operation.handler).parameters:
            return run

        async def run_without_query(request: HasScope) -> Any:
            decode_query(request.scope["log_entry"].query, Query)
            return await run(request)

        return run_without_query


# -- values that many requests name ----------------------------------------------------------------------------------


def find_vendor(emulator: Emulator, name: str) -> VendorSpec:
    """Return a vendor that is served. Raises ControlError."""
    vendor = emulator.vendors.get(name)
    if vendor is None:
        raise invalid(f"unknown vendor {name!r}: this emulator serves {', '.join(emulator.vendors)}", "vendor")
    return vendor


def find_account(emulator: Emulator, id_: str) -> Account:
    """Return an account by its id. Raises ControlError."""
    account = emulator.services.accounts.get(id_)
    if account is None:
        raise not_found(f"there is no account {id_!r}", "account_id")
    return account


def account_filter(emulator: Emulator, id_: str | None) -> str:
    """Return the id of an account that exists, or "" for all accounts. Raises ControlError."""
    return find_account(emulator, id_).id if id_ is not None else ""


def event_names(*vendors: str) -> list[str]:
    """Return the webhook events that the contracts of these vendors document."""
    return list(dict.fromkeys(hook.path for vendor in vendors for hook in load_contract(vendor).webhooks))


def amount_of(text: str, param: str) -> int:
    """Return the millionths of a dollar in a decimal string. Raises ControlError."""
    try:
        return usd(text)
    except AmountError as error:
        raise invalid(str(error), param) from None


def instant_of(text: str, param: str) -> int:
    """Return the instant of an ISO-8601 text, in microseconds. Raises ControlError."""
    try:
        return parse_instant(text)
    except TimeError as error:
        raise invalid(str(error), param) from None


def check_number(text: str, param: str) -> None:
    """Check that a text is a number in E.164. Raises ControlError."""
    if not _E164.fullmatch(text):
        raise invalid(f"{param} must be a number in E.164, such as +12145559876", param)

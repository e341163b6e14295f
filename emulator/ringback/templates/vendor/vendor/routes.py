"""AcmePhone's operations, in the order of its page."""

from __future__ import annotations

from ringback.vendors.acmephone.rules import AcmePhone
from ringback.vendors.acmephone.wire import NumberBody, NumberList, NumberView

from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.operations import Operations

operation = OPERATIONS = Operations()


@operation("POST", "/v1/numbers", "createNumber", 201)
async def create_number(backend: AcmePhone, request: RequestLogEntry, body: NumberBody) -> NumberView:
    """Take a number into the account."""
    await backend.check_webhook_url(body.webhook_url)
    return backend.create(request.account, body)


@operation("GET", "/v1/numbers", "listNumbers")
def list_numbers(backend: AcmePhone, request: RequestLogEntry) -> NumberList:
    """List the account's numbers."""
    return NumberList(backend.list(request.account))

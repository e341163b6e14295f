"""A vendor's operations as a Litestar app whose every error is in the vendor's envelope."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from ringback.gateway.asgi import Response
from ringback.gateway.errors import ApiError, DecodeError, ErrorCatalog
from ringback.gateway.journal import log_entry
from ringback.gateway.middleware import error_response
from ringback.gateway.operations import Operation, Operations
from ringback.gateway.paging import QueryError
from ringback.gateway.services import Services


def build(operations: Operations, backend: Any, errors: ErrorCatalog) -> Litestar:
    """Return the operations as an ASGI app over a backend."""
    return application(backend.services, errors, [handler(operations, each, backend) for each in operations])


def handler(operations: Operations, operation: Operation, backend: Any) -> HTTPRouteHandler:
    """Return one operation over a backend as a route handler of the framework."""
    handle = operations.endpoint(operation, backend)
    handle.__name__ = operation.id
    handle.__annotations__ = {"request": Request[Any, Any, Any], "return": Response}
    path = operation.path.rstrip("/").replace("}", ":str}")
    method = HttpMethod(operation.method)
    return HTTPRouteHandler(path, http_method=method, operation_id=operation.id, status_code=operation.status)(handle)


def application(services: Services, errors: ErrorCatalog, handlers: Sequence[HTTPRouteHandler]) -> Litestar:
    """Return the handlers with the framework's own error bodies, documents and logging switched off."""

    def respond(request: Request[Any, Any, Any], error: Exception) -> Response:
        if isinstance(error, ApiError):
            found = error
        elif isinstance(error, QueryError):
            found = errors.malformed_query(error)
        elif isinstance(error, DecodeError):
            found = errors.malformed(error)
        elif isinstance(error, HTTPException) and error.status_code < 500:
            found = unrouted(request, error)
        else:
            services.record_crash(error)
            found = errors.internal_error()
        return error_response(errors.envelope, found, log_entry(request))

    def unrouted(request: Request[Any, Any, Any], error: HTTPException) -> ApiError:
        entry = log_entry(request)
        known = services.vendors[entry.vendor].operation_at(entry.method, entry.path) is not None
        return errors.wrong_method() if error.status_code == 405 and not known else errors.no_route()

    return Litestar(
        list(handlers),
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: respond},  # type: ignore[dict-item]
    )

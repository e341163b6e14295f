"""A vendor's handlers as an ASGI app whose every error is in the vendor's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from ringback.gateway.asgi import Response
from ringback.gateway.errors import ApiError, DecodeError, ErrorCatalog
from ringback.gateway.journal import log_entry
from ringback.gateway.middleware import error_response
from ringback.gateway.services import Services


def application(services: Services, errors: ErrorCatalog, handlers: Sequence[HTTPRouteHandler]) -> Litestar:
    """The handlers with the framework's own error bodies, documents and logging switched off."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response:
        if isinstance(error, ApiError):
            refusal = error
        elif isinstance(error, DecodeError):
            refusal = errors.malformed(error)
        elif isinstance(error, HTTPException) and error.status_code < 500:
            refusal = unrouted(request, error)
        else:
            services.record_crash(error)
            refusal = errors.internal_error()
        return error_response(errors.envelope, refusal, log_entry(request))

    def unrouted(request: Request[Any, Any, Any], error: HTTPException) -> ApiError:
        exchange = log_entry(request)
        wrong = errors.wrong_method if error.status_code == 405 else None
        vendor = services.vendors[exchange.vendor]
        if wrong is None or vendor.operation_at(exchange.method, exchange.path) is not None:
            return errors.no_route()
        return wrong()

    return Litestar(
        list(handlers),
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: answer},  # type: ignore[dict-item]
    )

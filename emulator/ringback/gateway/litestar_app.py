"""A vendor's handlers as an ASGI app whose every error is in the vendor's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from ringback.gateway.errors import Malformed, Refusal, Wording
from ringback.gateway.middleware import Answer, exchange_of, refusal_answer
from ringback.gateway.services import World


def application(world: World, wording: Wording, handlers: Sequence[HTTPRouteHandler]) -> Litestar:
    """The handlers with the framework's own error bodies, documents and logging switched off."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Answer:
        if isinstance(error, Refusal):
            refusal = error
        elif isinstance(error, Malformed):
            refusal = wording.malformed(error)
        elif isinstance(error, HTTPException) and error.status_code < 500:
            refusal = unrouted(request, error)
        else:
            world.crashed(error)
            refusal = wording.crashed()
        return refusal_answer(wording.envelope, refusal, exchange_of(request))

    def unrouted(request: Request[Any, Any, Any], error: HTTPException) -> Refusal:
        exchange = exchange_of(request)
        wrong = wording.wrong_method if error.status_code == 405 else None
        vendor = world.vendors[exchange.vendor]
        if wrong is None or vendor.operation_at(exchange.method, exchange.path) is not None:
            return wording.no_route()
        return wrong()

    return Litestar(
        list(handlers),
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: answer},  # type: ignore[dict-item]
    )

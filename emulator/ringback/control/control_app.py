"""The control API as an ASGI app: who may use it, how bodies are read, how errors are sent."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, cast

from litestar import Litestar, Request
from litestar.exceptions import HTTPException

from ringback.control import (
    accounts,
    calls,
    clock,
    deliveries,
    faults,
    journal,
    keys,
    messages,
    scripts,
    server,
    snapshots,
)
from ringback.control.common import PREFIX, ControlError, ControlOperations, invalid_query
from ringback.emulator import Emulator
from ringback.gateway.asgi import ASGIApp, Receive, Response, Scope, Send
from ringback.gateway.errors import DecodeError
from ringback.gateway.litestar_app import handler
from ringback.gateway.paging import QueryError

RESOURCES: tuple[ControlOperations, ...] = (
    server.OPERATIONS,
    accounts.OPERATIONS,
    keys.OPERATIONS,
    clock.OPERATIONS,
    calls.OPERATIONS,
    messages.OPERATIONS,
    scripts.OPERATIONS,
    faults.OPERATIONS,
    deliveries.OPERATIONS,
    journal.OPERATIONS,
    snapshots.OPERATIONS,
)
MAX_BODY = 8 * 1024 * 1024
MAX_SNAPSHOT = 1024 * 1024 * 1024
"""Bytes of a body, and of a snapshot to restore."""
_LOOPBACK_NAMES = re.compile(r"(?:localhost|[a-z0-9-]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?")


class ControlRequest(NamedTuple):
    """What the operations read of a request: the raw query string and the whole body, `{}` where there is none."""

    query: bytes
    body: bytes


def application(emulator: Emulator) -> ASGIApp:
    """Return the control API of one emulator."""

    def respond(_: Request[Any, Any, Any], error: Exception) -> Response:
        return _error_of(emulator, error).response()

    operations = Litestar(
        [handler(resource, operation, emulator) for resource in RESOURCES for operation in resource],
        openapi_config=None,
        logging_config=None,
        exception_handlers={Exception: respond},  # type: ignore[dict-item]
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _authorize(emulator.settings.control_token, dict(scope["headers"]))
            limit = MAX_SNAPSHOT if scope["path"] == f"{PREFIX}/snapshot" else MAX_BODY
            scope["log_entry"] = ControlRequest(scope["query_string"], await _read(receive, limit) or b"{}")
        except ControlError as error:
            await error.response()(scope, receive, send)
            return
        await cast("ASGIApp", operations)(scope, receive, send)

    return app


def _authorize(token: str | None, headers: dict[bytes, bytes]) -> None:
    """Check the control token. Without one, admit only requests to a loopback name, which no foreign web page can send.

    Raises ControlError.
    """
    if token is not None:
        if headers.get(b"authorization", b"") != b"Bearer " + token.encode():
            raise ControlError(401, "unauthorized", "Send the control token as Authorization: Bearer TOKEN.")
        return
    host = headers.get(b"host", b"localhost").decode("latin-1").lower()
    if not _LOOPBACK_NAMES.fullmatch(host):
        raise ControlError(403, "forbidden", f"without a control token, use a loopback name instead of {host!r}")
    origin = headers.get(b"origin")
    if origin is not None and not _LOOPBACK_NAMES.fullmatch(origin.decode("latin-1").lower().partition("://")[2]):
        raise ControlError(403, "forbidden", "pages of other sites cannot use the control API")


async def _read(receive: Receive, limit: int) -> bytes:
    """Read the whole body. Raises ControlError for one that is too large, or that does not arrive whole."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ControlError(400, "incomplete", "the body did not arrive whole")
        size += len(message.get("body", b""))
        if size > limit:
            raise ControlError(413, "too_large", f"the body must have at most {limit} bytes")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


def _error_of(emulator: Emulator, error: Exception) -> ControlError:
    if isinstance(error, ControlError):
        return error
    if isinstance(error, QueryError):
        return invalid_query(f"{error.param} {error.problem}", error.param)
    if isinstance(error, DecodeError):
        malformed = error.param is None and "JSON" in error.problem
        status, code = (400, "malformed") if malformed else (422, "invalid_value")
        return ControlError(status, code, f"{error.param or ''} {error.problem}".strip(), error.param)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return ControlError(404, "not_found", "the control API has no such path and method")
    emulator.services.record_crash(error)
    return ControlError(500, "internal_error", f"{type(error).__name__}: {error}")

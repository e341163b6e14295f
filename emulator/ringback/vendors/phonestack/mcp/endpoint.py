"""The operation at /mcp. Each message stands alone: the server keeps no session and streams nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ringback.carrier.clock import SECOND
from ringback.gateway.asgi import JSON, Response, encode
from ringback.gateway.errors import Header
from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.routes import OPERATIONS, operation
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.access import MCP

TOOL_CALL = b'"tools/call"'
KEPT_HEADERS = (b"allow", b"mcp-session-id", b"mcp-protocol-version")
INVALID_REQUEST = -32600


@operation("POST", MCP, "sendMcpMessage")
async def send_mcp_message(backend: PhoneStack, request: RequestLogEntry) -> Response:
    """Pass a message to the SDK's server. A tool call is counted, and rejected, by its tool; others raise ApiError 429
    here."""
    from ringback.vendors.phonestack.mcp.server import serve

    if TOOL_CALL not in request.body:
        wait = backend.services.count_request(backend.key_of(request))
        if wait:
            raise errors.rate_limited(-(-wait // SECOND))
    messages: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await serve(backend, request, receive, send)
    status: int = messages[0]["status"]
    headers: Sequence[Header] = messages[0].get("headers", ())
    body = b"".join(message.get("body", b"") for message in messages[1:])
    if status >= 400 and not body:
        body = _error_body(status)
    return Response(body, status, JSON, [header for header in headers if header[0].lower() in KEPT_HEADERS])


def _error_body(status: int) -> bytes:
    """Return the body of an error that the SDK sends without one."""
    message = "Accept application/json" if status == 406 else "The message cannot be answered"
    return encode({"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": message}})


__all__ = ["OPERATIONS", "send_mcp_message"]

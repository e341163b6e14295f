"""The MCP server at /mcp, page "MCP Server": the official SDK over Streamable HTTP, on the rules and store of REST.

Each message stands alone: no session is kept and nothing is streamed, so a snapshot, a reset or a restart takes nothing
away from a client, and the SDK's session manager lives exactly as long as the message that it serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ringback.carrier.clock import SECOND
from ringback.gateway.asgi import JSON, Response, encode
from ringback.gateway.errors import Header
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.mcp.server import serve

if TYPE_CHECKING:
    from ringback.gateway.journal import RequestLogEntry
    from ringback.vendors.phonestack.rules import PhoneStack

TOOL_CALL = b'"tools/call"'
KEPT = (b"allow", b"mcp-session-id", b"mcp-protocol-version")
INVALID_REQUEST = -32600


async def answer(backend: PhoneStack, exchange: RequestLogEntry) -> Response:
    """What the MCP server answers to one message. Raises ApiError 429 for one that is none of its tools' calls: those
    count, and are refused, as tools."""
    if TOOL_CALL not in exchange.body:
        wait = backend.services.count_request(backend.services.keys.records[exchange.key])
        if wait:
            raise errors.rate_limited(-(-wait // SECOND))
    messages: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": exchange.body, "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    await serve(backend, exchange, receive, send)
    status: int = messages[0]["status"]
    headers: Sequence[Header] = messages[0].get("headers", ())
    body = b"".join(message.get("body", b"") for message in messages[1:])
    if status >= 400 and not body:
        body = _worded(status)
    return Response(body, status, JSON, [(name, value) for name, value in headers if name.lower() in KEPT])


def _worded(status: int) -> bytes:
    """A refusal that the SDK leaves without words."""
    message = "Accept application/json" if status == 406 else "The message cannot be answered"
    return encode({"jsonrpc": "2.0", "id": None, "error": {"code": INVALID_REQUEST, "message": message}})

"""The SDK's server, made for each message. A tool that raises an ApiError returns it in the envelope of REST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

import mcp_types as types
import msgspec
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from ringback.carrier.clock import SECOND
from ringback.gateway.decoding import explain
from ringback.gateway.errors import ApiError, DecodeError
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.keys import Key
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.mcp.schemas import input_schema
from ringback.vendors.phonestack.mcp.tools import TOOLS, Tool
from ringback.vendors.phonestack.routes import in_envelope
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.access import check_scope

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Context = ServerRequestContext[Any, Any]
INSTRUCTIONS = (
    "Phone Stack calls people for you. Ask `help` which tool does what you mean, and `suggest_options` what exists "
    "before you create something new. Campaigns and reports are made in the dashboard."
)


async def serve(backend: PhoneStack, request: RequestLogEntry, receive: Receive, send: Send) -> None:
    """Answer one HTTP request."""
    key = backend.key_of(request)

    async def list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_descriptions())

    async def call_tool(_: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await run(backend, key, params.name, params.arguments or {})

    server: Server[Any] = Server(
        "phonestack",
        title="Phone Stack",
        version="1",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": _as_json(request.headers),
        "client": (request.client, 0),
        "server": None,
    }
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a message with the content type of JSON, whichever it has."""
    return [*(header for header in headers if header[0] != b"content-type"), (b"content-type", b"application/json")]


async def run(backend: PhoneStack, key: Key, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Run a tool: check the rate limit, the key's scope and the arguments, and call its handler."""
    tool = TOOLS.get(name)
    try:
        if tool is None:
            _check_wait(backend.services.count_request(key))
            raise errors.error("NOT_FOUND", what=f"Tool {name[:60]!r}")
        _check_wait(backend.services.count_request(key, tool.group))
        check_scope(key, writes=tool.writes)
        data = tool.run(backend, key.account, _decode(tool, arguments))
        return _result(in_envelope(await data if isinstance(data, Awaitable) else data))
    except ApiError as error:
        return _error(error)
    except Exception as error:
        backend.services.record_crash(error)
        return _error(errors.ERRORS.internal_error())


def _check_wait(wait: int) -> None:
    if wait:
        raise errors.rate_limited(-(-wait // SECOND))


def _decode(tool: Tool, arguments: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(arguments, tool.arguments)
    except msgspec.ValidationError as error:
        raise errors.ERRORS.malformed(explain(error, tool.arguments)) from None
    except RecursionError:
        raise errors.ERRORS.malformed(DecodeError("the arguments are nested too deeply")) from None


def _result(document: Any) -> types.CallToolResult:
    text = msgspec.json.encode(document)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text.decode())], structured_content=msgspec.json.decode(text)
    )


def _error(error: ApiError) -> types.CallToolResult:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.param is not None:
        body["field"] = error.param
    if error.wait is not None:
        body["retry_after_seconds"] = error.wait
    result = _result({"success": False, "error": body})
    result.is_error = True
    return result


@cache
def _descriptions() -> list[types.Tool]:
    """Return all tools, each with the schema of its arguments."""
    return [
        types.Tool(
            name=tool.name,
            title=tool.name.replace("_", " ").capitalize(),
            description=tool.description,
            input_schema=input_schema(tool.arguments),
            annotations=types.ToolAnnotations(
                read_only_hint=not tool.writes, destructive_hint=tool.destructive, open_world_hint=tool.dials
            ),
        )
        for tool in TOOLS.values()
    ]

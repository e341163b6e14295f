"""The SDK's server for one message, and how a tool is run: refusals are results, in the envelope of REST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

import mcp_types as types
import msgspec
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from ringback.carrier.clock import SECOND
from ringback.gateway.decoding import explain
from ringback.gateway.errors import ApiError, DecodeError
from ringback.gateway.keys import Key
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.mcp.schemas import input_schema
from ringback.vendors.phonestack.mcp.tools import TOOLS, Caller, Tool
from ringback.vendors.phonestack.rules.access import check

if TYPE_CHECKING:
    from ringback.gateway.journal import RequestLogEntry
    from ringback.vendors.phonestack.rules import PhoneStack

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Context = ServerRequestContext[Any, Any]
INSTRUCTIONS = (
    "Phone Stack calls people for you. Ask `help` which tool does what you mean, and `suggest_options` what exists "
    "before you create something new. Campaigns and reports are made in the dashboard."
)
_listed: list[types.Tool] = []


async def serve(backend: PhoneStack, exchange: RequestLogEntry, receive: Receive, send: Send) -> None:
    """Response one HTTP request."""
    key = backend.services.keys.records[exchange.key]

    async def list_tools(_: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=_described())

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
        "method": exchange.method,
        "scheme": "http",
        "path": exchange.path,
        "raw_path": exchange.path.encode(),
        "query_string": exchange.query,
        "root_path": "",
        "headers": _as_json(exchange.headers),
        "client": (exchange.client, 0),
        "server": None,
    }
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _as_json(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a message, which is JSON whatever its type says."""
    return [*(header for header in headers if header[0] != b"content-type"), (b"content-type", b"application/json")]


async def run(backend: PhoneStack, key: Key, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
    """Run a tool for whoever has a key: permission, limit, arguments, and then the rule."""
    tool = TOOLS.get(name)
    try:
        if tool is None:
            wait = backend.services.count_request(key)
            _check_wait(wait)
            raise errors.not_found(f"Tool {name[:60]!r}")
        _check_wait(backend.services.count_request(key, tool.group))
        check(key, writes=tool.writes)
        made = tool.run(Caller(backend, key.account), _arguments(tool, arguments))
        data = await made if isinstance(made, Awaitable) else made
    except ApiError as refusal:
        return _refused(refusal)
    except Exception as error:
        backend.services.record_crash(error)
        return _refused(errors.internal_error())
    return _result(data if tool.enveloped else {"success": True, "data": data})


def _check_wait(wait: int) -> None:
    if wait:
        raise errors.rate_limited(-(-wait // SECOND))


def _arguments(tool: Tool, arguments: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(arguments, tool.arguments)
    except msgspec.ValidationError as error:
        raise errors.malformed(explain(error)) from None
    except RecursionError:
        raise errors.malformed(DecodeError("the arguments are nested too deeply")) from None


def _result(document: Any) -> types.CallToolResult:
    text = msgspec.json.encode(document)
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text.decode())], structured_content=msgspec.json.decode(text)
    )


def _refused(refusal: ApiError) -> types.CallToolResult:
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.param is not None:
        error["field"] = refusal.param
    if refusal.wait is not None:
        error["retry_after_seconds"] = refusal.wait
    result = _result({"success": False, "error": error})
    result.is_error = True
    return result


def _described() -> list[types.Tool]:
    """All tools, each with the schema of its arguments."""
    if not _listed:
        _listed.extend(
            types.Tool(
                name=tool.name,
                title=tool.title,
                description=tool.description,
                input_schema=input_schema(tool.arguments),
                annotations=types.ToolAnnotations(
                    read_only_hint=not tool.writes, destructive_hint=tool.destructive, open_world_hint=tool.dials
                ),
            )
            for tool in TOOLS.values()
        )
    return _listed


__all__ = ["run", "serve"]

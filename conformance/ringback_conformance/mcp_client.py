"""A small client of the Model Context Protocol over Streamable HTTP; each message is one exchange of the run."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ringback_conformance.model import Exchange, decode
from ringback_conformance.probe_context import Account

VERSION = "2025-06-18"
"""The version of the protocol that the client requests."""
ACCEPT = ("Accept", "application/json, text/event-stream")
SESSION = "Mcp-Session-Id"
MARK = "data:"


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The reply to one message: `result` or `error`, empty where there is none."""

    exchange: Exchange
    result: dict[str, Any]
    error: dict[str, Any]

    @property
    def refused(self) -> bool:
        """Whether the tool, or the protocol before it, rejected the message."""
        return bool(self.error) or self.result.get("isError") is True or not self.result

    @property
    def content(self) -> Any:
        """What a tool returned: its structured content, or else its text as JSON, or else its text."""
        found = self.result.get("structuredContent")
        if found is not None:
            return found
        parts = self.result.get("content")
        texts = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        if not texts or not isinstance(texts[0], str):
            return None
        parsed = decode(texts[0].encode())
        return texts[0] if parsed is None else parsed

    @property
    def code(self) -> str | None:
        """The error's code in the vendor's envelope, where there is one."""
        content = self.content
        error = content.get("error") if isinstance(content, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) else None

    def __str__(self) -> str:
        if self.error:
            return f"{self.exchange}, the protocol's error {self.error.get('code')} {self.error.get('message')!r}"
        if self.refused:
            return f"{self.exchange}, refused with {self.code or str(self.content)[:80]!r}"
        return str(self.exchange)


class Session:
    """A client of the server at `path`, with an account's key or another."""

    def __init__(self, account: Account, path: str, key: str = "") -> None:
        self.account = account
        self._path = path
        self._key = key or account.key
        self._last = 0
        self._session = ""

    def initialize(self) -> Reply:
        """Initialize the session: agree on a version, then confirm."""
        about = {"name": "ringback-conformance", "version": "1"}
        reply = self.ask("initialize", {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": about})
        self._session = reply.exchange.response_header(SESSION) or ""
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return reply

    def tools(self) -> Reply:
        """`tools/list`."""
        return self.ask("tools/list", {})

    def call(self, tool: str, **arguments: Any) -> Reply:
        """`tools/call`."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})

    def ask(self, method: str, params: dict[str, Any]) -> Reply:
        """Send a request and return its reply."""
        self._last += 1
        exchange = self.send({"jsonrpc": "2.0", "id": self._last, "method": method, "params": params})
        answer = message_in(exchange, self._last)
        result, error = answer.get("result"), answer.get("error")
        return Reply(
            exchange=exchange,
            result=result if isinstance(result, dict) else {},
            error=error if isinstance(error, dict) else {},
        )

    def send(self, message: Any) -> Exchange:
        """Send a message as it is."""
        headers = [ACCEPT, ("Content-Type", "application/json"), ("MCP-Protocol-Version", VERSION)]
        if self._session:
            headers.append((SESSION, self._session))
        content = json.dumps(message).encode()
        return self.account.request("POST", self._path, content=content, headers=headers, key=self._key)


def message_in(exchange: Exchange, id_: int) -> dict[str, Any]:
    """Return the message that answers a request, from a JSON body or an event stream; empty where there is none."""
    if exchange.content_type == "text/event-stream":
        lines = exchange.response_body.decode("utf-8", "replace").splitlines()
        found = [decode(line.removeprefix(MARK).encode()) for line in lines if line.startswith(MARK)]
    else:
        found = [exchange.json()]
    return next((each for each in found if isinstance(each, dict) and each.get("id") == id_), {})

"""The registry of PhoneStack's mutants, and changes of tool calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ringback.mutants.registry import Registry
from ringback.mutants.traffic import MutableRequest, MutableResponse, RequestChange, ResponseChange
from ringback.vendors.phonestack import VENDOR
from ringback.vendors.phonestack.rules import PhoneStack

Document = dict[str, Any]
MUTANTS = Registry(VENDOR, PhoneStack)
mutant = MUTANTS.mutant
MCP = "sendMcpMessage"
LISTS = ("listContacts", "listCalls", "listCampaigns", "listCustomFields", "listProfiles", "listReports")


def tool_of(request: MutableRequest[PhoneStack]) -> str:
    """Return the tool that a message calls, or an empty text."""
    message = request.document
    params = message.get("params") if isinstance(message, dict) and message.get("method") == "tools/call" else None
    return str(params.get("name", "")) if isinstance(params, dict) else ""


def tool_call(change: Callable[[Document], object], *names: str) -> RequestChange[PhoneStack]:
    """Change the parameters of calls of these tools: their `name` and `arguments`."""

    def changed(request: MutableRequest[PhoneStack]) -> None:
        if tool_of(request) in names:
            message = request.document
            change(message["params"])
            request.document = message

    return changed


def tool_argument(name: str, change: Callable[[Any], Any], *names: str) -> RequestChange[PhoneStack]:
    """Change one argument in calls of these tools that have it."""

    def changed(params: Document) -> None:
        arguments = params["arguments"]
        if name in arguments:
            arguments[name] = change(arguments[name])

    return tool_call(changed, *names)


def tool_result(change: Callable[[Document], object], *names: str) -> ResponseChange[PhoneStack]:
    """Change what these tools, or all, return: the envelope."""

    def changed(response: MutableResponse[PhoneStack]) -> None:
        name, message = tool_of(response.request), response.document
        result = message.get("result") if isinstance(message, dict) else None
        if name in (names or (name,)) and isinstance(result, dict) and "structuredContent" in result:
            change(result["structuredContent"])
            result["content"] = [{"type": "text", "text": json.dumps(result["structuredContent"])}]
            response.document = message

    return changed

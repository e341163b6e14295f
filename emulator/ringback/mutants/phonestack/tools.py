"""Mutants of "MCP Server"."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ringback.mutants.patching import Original
from ringback.mutants.phonestack.access import as_live, in_full
from ringback.mutants.phonestack.registry import MCP, Document, mutant, tool_argument, tool_call, tool_of, tool_result
from ringback.mutants.traffic import MutableResponse, ResponseChange, error, respond, status
from ringback.mutants.transforms import Edit, apply, set_to
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.batches import Batches
from ringback.vendors.phonestack.rules.webhooks import Webhooks

# -- the protocol ------


def _tools(change: Callable[[list[Document]], list[Document]]) -> Edit:
    """Return a change of the list of tools."""

    def changed(result: Document) -> Document:
        return {**result, "tools": change(result["tools"])} if "tools" in result else result

    return apply("result", changed)


def _without_required(schema: Document) -> Document:
    return {name: value for name, value in schema.items() if name != "required"}


mutant("mcp.a-tool-is-missing", "PST-MCP-1", "tools/list leaves out get_recording.").response(
    _tools(lambda tools: [tool for tool in tools if tool["name"] != "get_recording"]), on=MCP
)
mutant("mcp.a-tool-too-many", "PST-MCP-1", "tools/list has create_campaign.").response(
    _tools(lambda tools: [*tools, {**tools[0], "name": "create_campaign"}]), on=MCP
)
mutant("mcp.schemas-say-nothing", "PST-MCP-1", "A tool's input schema names no arguments.").response(
    _tools(lambda tools: [{**tool, "inputSchema": {"type": "object"}} for tool in tools]), on=MCP
)
mutant("mcp.nothing-is-required", "PST-MCP-1", "No argument of a tool is required.").response(
    _tools(lambda tools: [{**tool, "inputSchema": _without_required(tool["inputSchema"])} for tool in tools]), on=MCP
)


def _method_not_found(response: MutableResponse[PhoneStack]) -> None:
    message = response.request.document
    if isinstance(message, dict) and message.get("method") == "initialize":
        problem = {"code": -32601, "message": "Method not found"}
        response.document = {"jsonrpc": "2.0", "id": message.get("id"), "error": problem}


mutant("mcp.does-not-begin", "PST-MCP-1", "initialize is answered with an error.").response(_method_not_found, on=MCP)

# -- tools ------


def _unfiltered(params: Document) -> None:
    kept = ("limit", "cursor", "include")
    params["arguments"] = {name: value for name, value in params["arguments"].items() if name in kept}


def _without_code(content: Document) -> None:
    if isinstance(content.get("error"), dict):
        content["error"] = {"message": content["error"].get("message")}


mutant("tools.create_contact-drops-names", "PST-MCP-2", "create_contact does not keep the name.").request(
    tool_argument("first_name", lambda _: None, "create_contact"), on=MCP
)
mutant("tools.lists-are-not-filtered", "PST-MCP-2", "list_contacts and list_calls ignore filters.").request(
    tool_call(_unfiltered, "list_contacts", "list_calls"), on=MCP
)
mutant("tools.pause-stops", "PST-MCP-2", "pause_campaign stops it for good.").request(
    tool_call(lambda params: params.update(name="stop_campaign"), "pause_campaign"), on=MCP
)
mutant("tools.update-replaces", "PST-MCP-2", "update_contact empties the name if it is left out.").request(
    tool_call(lambda params: params["arguments"].setdefault("first_name", None), "update_contact"), on=MCP
)
mutant(
    "tools.refusals-are-results",
    "PST-MCP-2",
    "An error of a tool is not marked as one.",
    "PST-MCP-3",
    "PST-MCP-5",
    "PST-MCP-7",
    "PST-MCP-1",
).response(set_to("result.isError", False), on=MCP, when=lambda response: bool(tool_of(response.request)))
mutant(
    "tools.codes-are-lost", "PST-MCP-2", "An error of a tool has no code.", "PST-MCP-3", "PST-MCP-5", "PST-MCP-7"
).response(tool_result(_without_code), on=MCP)


def _data(change: Callable[[Any], object], *names: str) -> ResponseChange[PhoneStack]:
    """Change the data that these tools return."""

    def changed(content: Document) -> None:
        if "data" in content:
            change(content["data"])

    return tool_result(changed, *names)


mutant("tools.exports-are-empty", "PST-MCP-2", "export_report returns an empty file.").response(
    _data(lambda data: data.update(content=""), "export_report"), on=MCP
)

# -- batches ------


def _without_calls(data: Document) -> None:
    for result in data["results"]:
        result["call"] = None


mutant("batch.of-the-first", "PST-MCP-3", "A batch calls only the first of its rows.").request(
    tool_argument("calls", lambda rows: rows[:1], "trigger_batch"), on=MCP
)
mutant("batch.broken-rows-are-dropped", "PST-MCP-3", "Invalid rows of a batch are dropped.").request(
    tool_argument(
        "calls", lambda rows: [row for row in rows if str(row.get("phone", "")).startswith("+")], "trigger_batch"
    ),
    on=MCP,
)
mutant("batch.never-completes", "PST-MCP-3", "A batch that has called everyone goes on running.").returns(
    Batches.finish, None
)
mutant("batch.results-without-calls", "PST-MCP-3", "The results of a batch show no calls.").response(
    _data(_without_calls, "get_batch_results"), on=MCP
)
mutant("batch.of-anybody", "PST-MCP-3", "Another organization's batch can be read.").instead(
    Batches.get, lambda get, own, account, id_: own.store.batches.get(id_) or get(account, id_)
)

# -- discovery ------


def _matches(wanted: Callable[[Document], bool]) -> ResponseChange[PhoneStack]:
    return _data(lambda data: data.update(matches=[match for match in data["matches"] if wanted(match)]), "help")


def _without_fields(data: Document) -> None:
    for match in data["matches"]:
        match.update(field=None, hint="")


mutant("help.greetings-are-personas", "PST-MCP-4", "help finds the persona for a greeting.").response(
    _matches(lambda match: match["field"] != "opener"), on=MCP
)
mutant("help.without-webhooks", "PST-MCP-4", "help knows nothing about webhooks.").response(
    _matches(lambda match: match["category"] != "Webhooks"), on=MCP
)
mutant("help.names-no-fields", "PST-MCP-4", "help names tools and no fields.").response(
    _data(_without_fields, "help"), on=MCP
)
mutant("suggest.everything", "PST-MCP-4", "suggest_options shows everything, whatever the keyword.").request(
    tool_argument("query", lambda _: None, "suggest_options"), on=MCP
)
mutant("suggest.no-profiles", "PST-MCP-4", "suggest_options finds no profiles.").response(
    _data(lambda data: data.pop("profiles"), "suggest_options"), on=MCP
)

# -- webhooks ------


def _with_secrets(response: MutableResponse[PhoneStack]) -> None:
    webhooks = response.backend.store.webhooks

    def change(data: list[Document]) -> None:
        for each in data:
            each["secret"] = webhooks[each["id"]].secret

    _data(change, "list_webhooks")(response)


mutant("webhooks.secret-is-kept", "PST-MCP-5", "subscribe_webhook does not return the secret.").response(
    _data(lambda data: data.pop("secret"), "subscribe_webhook"), on=MCP
)
mutant("webhooks.secrets-are-listed", "PST-MCP-5", "list_webhooks shows the secrets.").response(_with_secrets, on=MCP)
mutant("webhooks.all-events", "PST-MCP-5", "subscribe_webhook ignores the selection of events.").request(
    tool_argument("events", lambda _: None, "subscribe_webhook"), on=MCP
)
mutant(
    "webhooks.unsubscribed-ones-go-on", "PST-MCP-5", "A webhook that was unsubscribed still receives events."
).returns(Webhooks.remove, None)
mutant("webhooks.one-sample-for-all", "PST-MCP-5", "get_webhook_sample always shows call.completed.").response(
    _data(lambda data: data.update(event="call.completed"), "get_webhook_sample"), on=MCP
)


@mutant("webhooks.any-address", "PST-MCP-5", "A webhook may go to an address within a network.").patch(
    Webhooks.check_url
)
async def _any_address(_check: Original, _: PhoneStack, url: str) -> None:
    """Accept any."""


# -- keys ------

mutant("mcp.opens-without-a-key", "PST-MCP-6", "A tool call without a key is answered 200.").response(
    respond(200, {"jsonrpc": "2.0", "id": 1, "result": {"content": [], "isError": True}}), on=MCP, when=status(401)
)
mutant("mcp.unauthorized-is-403", "PST-MCP-6", "The MCP server answers 403 without a valid key.").response(
    error(403, "FORBIDDEN"), on=MCP, when=status(401)
)
mutant("mcp.read-only-writes", "PST-MCP-7", "A Read Only key may use every tool.").result(
    PhoneStack.key_of, lambda key, own, request: in_full(key, "read_only")
)
mutant("mcp.write-only-reads", "PST-MCP-7", "A Write Only key may use every tool.").result(
    PhoneStack.key_of, lambda key, own, request: in_full(key, "write_only")
)
mutant("mcp.test-keys-dial", "PST-MCP-7", "A test key may use every tool.").result(
    PhoneStack.key_of, lambda key, own, request: as_live(key)
)


def _reports_are_writes(response: MutableResponse[PhoneStack]) -> None:
    secret = response.request.header("authorization").removeprefix("Bearer ")
    key = response.backend.services.keys.find("phonestack", secret)
    if tool_of(response.request) == "execute_report" and key is not None and key.scope == "read_only":
        problem = {"success": False, "error": {"code": "READ_ONLY", "message": "Broken on purpose."}}
        message = response.document
        message["result"] = {"content": [{"type": "text", "text": json.dumps(problem)}], "isError": True}
        response.document = message


mutant("mcp.reports-are-writes", "PST-MCP-7", "A Read Only key may not run a report by a tool.").response(
    _reports_are_writes, on=MCP
)

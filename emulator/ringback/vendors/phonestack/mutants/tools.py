"""Mutants of "MCP Server"."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.phonestack.mutants.register import (
    MCP,
    REGISTRY,
    Thing,
    backend,
    never,
    recall,
    retell,
    tool,
)


def _listed(answer: MutableResponse, change: Any) -> None:
    body = answer.json() if answer.asked.path == MCP and b'"tools/list"' in answer.asked.body else None
    if isinstance(body, dict) and isinstance(body.get("result"), dict):
        change(body["result"]["tools"])
        answer.say(200, body)


@REGISTRY.on_response("mcp.a-tool-is-missing", "PST-MCP-1", "tools/list leaves out get_recording.")
def _a_tool_is_missing(answer: MutableResponse, _: Emulator) -> None:
    _listed(answer, lambda tools: tools.remove(next(each for each in tools if each["name"] == "get_recording")))


@REGISTRY.on_response("mcp.a-tool-too-many", "PST-MCP-1", "tools/list has create_campaign.")
def _a_tool_too_many(answer: MutableResponse, _: Emulator) -> None:
    _listed(answer, lambda tools: tools.append({**tools[0], "name": "create_campaign"}))


@REGISTRY.on_response("mcp.schemas-say-nothing", "PST-MCP-1", "A tool's input schema names no arguments.")
def _schemas_say_nothing(answer: MutableResponse, _: Emulator) -> None:
    _listed(answer, lambda tools: [each.update(inputSchema={"type": "object"}) for each in tools])


@REGISTRY.on_response("mcp.nothing-is-required", "PST-MCP-1", "No argument of a tool is required.")
def _nothing_is_required(answer: MutableResponse, _: Emulator) -> None:
    _listed(answer, lambda tools: [each["inputSchema"].pop("required", None) for each in tools])


@REGISTRY.on_response(
    "mcp.does-not-begin",
    "PST-MCP-1",
    "initialize is answered with an error.",
)
def _does_not_begin(answer: MutableResponse, _: Emulator) -> None:
    body = answer.asked.json() if answer.asked.path == MCP else None
    if isinstance(body, dict) and body.get("method") == "initialize" and answer.status == 200:
        error = {"code": -32601, "message": "Method not found"}
        answer.say(200, {"jsonrpc": "2.0", "id": body.get("id"), "error": error})


@REGISTRY.on_request("tools.create_contact-drops-names", "PST-MCP-2", "create_contact does not keep the name.")
def _drops_names(asked: Request) -> None:
    recall(asked, ("create_contact",), lambda params: params["arguments"].pop("first_name", None))


@REGISTRY.on_request("tools.lists-are-not-filtered", "PST-MCP-2", "list_contacts and list_calls heed no filter.")
def _lists_are_not_filtered(asked: Request) -> None:
    def change(params: Thing) -> None:
        kept = ("limit", "cursor", "include")
        params["arguments"] = {name: value for name, value in params["arguments"].items() if name in kept}

    recall(asked, ("list_contacts", "list_calls"), change)


@REGISTRY.on_request("tools.pause-stops", "PST-MCP-2", "pause_campaign stops it for good.")
def _pause_stops(asked: Request) -> None:
    recall(asked, ("pause_campaign",), lambda params: params.update(name="stop_campaign"))


@REGISTRY.on_request("tools.update-replaces", "PST-MCP-2", "update_contact empties the name where it is not given.")
def _update_replaces(asked: Request) -> None:
    recall(asked, ("update_contact",), lambda params: params["arguments"].setdefault("first_name", None))


@REGISTRY.on_response(
    "tools.refusals-are-results",
    "PST-MCP-2",
    "What a tool refuses is no error.",
    "PST-MCP-3",
    "PST-MCP-5",
    "PST-MCP-7",
    "PST-MCP-1",
)
def _refusals_are_results(answer: MutableResponse, _: Emulator) -> None:
    body = answer.json() if tool(answer.asked) and answer.status == 200 else None
    if isinstance(body, dict) and isinstance(body.get("result"), dict):
        body["result"]["isError"] = False
        answer.say(200, body)


@REGISTRY.on_response(
    "tools.codes-are-lost", "PST-MCP-2", "A tool's refusal has no code.", "PST-MCP-3", "PST-MCP-5", "PST-MCP-7"
)
def _codes_are_lost(answer: MutableResponse, _: Emulator) -> None:
    def change(content: Thing) -> None:
        if isinstance(content.get("error"), dict):
            content["error"] = {"message": content["error"].get("message")}

    retell(answer, change)


@REGISTRY.on_response("tools.exports-are-empty", "PST-MCP-2", "export_report gives an empty file.")
def _exports_are_empty(answer: MutableResponse, _: Emulator) -> None:
    retell(answer, lambda content: content.update(data={**content.get("data", {}), "content": ""}), "export_report")


@REGISTRY.on_request("batch.of-the-first", "PST-MCP-3", "A batch calls the first of its rows alone.")
def _of_the_first(asked: Request) -> None:
    recall(asked, ("trigger_batch",), lambda params: params["arguments"].update(calls=params["arguments"]["calls"][:1]))


@REGISTRY.on_request("batch.broken-rows-are-dropped", "PST-MCP-3", "Rows of a batch that will not do are dropped.")
def _broken_rows_are_dropped(asked: Request) -> None:
    def change(params: Thing) -> None:
        rows = params["arguments"]["calls"]
        params["arguments"]["calls"] = [row for row in rows if str(row.get("phone", "")).startswith("+")]

    recall(asked, ("trigger_batch",), change)


@REGISTRY.on_start("batch.never-completes", "PST-MCP-3", "A batch that has called everybody goes on running.")
def _never_completes(emulator: Emulator) -> None:
    backend(emulator).batches.ran_out = never


@REGISTRY.on_response("batch.results-without-calls", "PST-MCP-3", "The results of a batch show no calls.")
def _results_without_calls(answer: MutableResponse, _: Emulator) -> None:
    def change(content: Thing) -> None:
        for result in content.get("data", {}).get("results", ()):
            result["call"] = None

    retell(answer, change, "get_batch_results")


@REGISTRY.on_start("batch.of-anybody", "PST-MCP-3", "Another organization's batch can be read.")
def _of_anybody(emulator: Emulator) -> None:
    batches = backend(emulator).batches
    patch(batches, "of", lambda usual: lambda account, id_: batches.records.get(id_) or usual(account, id_))


def _matched(answer: MutableResponse, wanted: Any) -> None:
    def change(content: Thing) -> None:
        data = content.get("data", {})
        data["matches"] = [match for match in data.get("matches", ()) if wanted(match)]

    retell(answer, change, "help")


@REGISTRY.on_response("help.greetings-are-personas", "PST-MCP-4", "help takes a greeting for the persona.")
def _greetings_are_personas(answer: MutableResponse, _: Emulator) -> None:
    _matched(answer, lambda match: match["field"] != "opener")


@REGISTRY.on_response("help.without-webhooks", "PST-MCP-4", "help knows nothing about webhooks.")
def _without_webhooks(answer: MutableResponse, _: Emulator) -> None:
    _matched(answer, lambda match: match["category"] != "Webhooks")


@REGISTRY.on_response("help.names-no-fields", "PST-MCP-4", "help names tools and no fields.")
def _names_no_fields(answer: MutableResponse, _: Emulator) -> None:
    def change(content: Thing) -> None:
        for match in content.get("data", {}).get("matches", ()):
            match.update(field=None, hint="")

    retell(answer, change, "help")


@REGISTRY.on_request("suggest.everything", "PST-MCP-4", "suggest_options shows everything, whatever the keyword.")
def _everything(asked: Request) -> None:
    recall(asked, ("suggest_options",), lambda params: params["arguments"].pop("query", None))


@REGISTRY.on_response("suggest.no-profiles", "PST-MCP-4", "suggest_options finds no profiles.")
def _no_profiles(answer: MutableResponse, _: Emulator) -> None:
    retell(answer, lambda content: content.get("data", {}).pop("profiles", None), "suggest_options")


@REGISTRY.on_response("webhooks.secret-is-kept", "PST-MCP-5", "subscribe_webhook does not tell the secret.")
def _secret_is_kept(answer: MutableResponse, _: Emulator) -> None:
    retell(answer, lambda content: content.get("data", {}).pop("secret", None), "subscribe_webhook")


@REGISTRY.on_response("webhooks.secrets-are-listed", "PST-MCP-5", "list_webhooks shows the secrets.")
def _secrets_are_listed(answer: MutableResponse, emulator: Emulator) -> None:
    def change(content: Thing) -> None:
        records = backend(emulator).hooks.records
        for each in content.get("data", ()):
            webhook = records.last("url", (answer.account, each["url"]))
            each["secret"] = webhook.secret

    retell(answer, change, "list_webhooks")


@REGISTRY.on_request("webhooks.all-events", "PST-MCP-5", "subscribe_webhook heeds no selection of events.")
def _all_events(asked: Request) -> None:
    recall(asked, ("subscribe_webhook",), lambda params: params["arguments"].pop("events", None))


@REGISTRY.on_start(
    "webhooks.unsubscribed-ones-go-on", "PST-MCP-5", "A webhook that was unsubscribed gets events still."
)
def _unsubscribed_ones_go_on(emulator: Emulator) -> None:
    hooks = backend(emulator).hooks
    patch(hooks, "unsubscribe", lambda _: lambda account, id_: hooks.of(account, id_) and None)


@REGISTRY.on_response("webhooks.one-sample-for-all", "PST-MCP-5", "get_webhook_sample always shows call.completed.")
def _one_sample_for_all(answer: MutableResponse, _: Emulator) -> None:
    retell(answer, lambda content: content.get("data", {}).update(event="call.completed"), "get_webhook_sample")


@REGISTRY.on_start("webhooks.any-address", "PST-MCP-5", "A webhook may go to an address within a network.")
def _any_address(emulator: Emulator) -> None:
    async def check_url(url: str) -> None:
        """Take any."""

    backend(emulator).hooks.check_url = check_url


@REGISTRY.on_response("mcp.opens-without-a-key", "PST-MCP-6", "A tool's call without a key is answered 200.")
def _opens_without_a_key(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path == MCP and answer.status == 401:
        answer.say(200, {"jsonrpc": "2.0", "id": 1, "result": {"content": [], "isError": True}})


@REGISTRY.on_response("mcp.unauthorized-is-403", "PST-MCP-6", "The MCP server answers 403 without a valid key.")
def _unauthorized_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path == MCP and answer.status == 401:
        answer.say(403, {"success": False, "error": {"code": "FORBIDDEN", "message": "Broken on purpose."}})


class _Changed:
    """Keys, of which tools see another scope and kind than they have."""

    def __init__(self, records: Any, **others: dict[str | None, str | None]) -> None:
        self._records = records
        self._others = others

    def __getitem__(self, id_: str) -> Any:
        key = self._records[id_]
        seen = {name: others.get(getattr(key, name), getattr(key, name)) for name, others in self._others.items()}
        return replace(key, **seen)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


@REGISTRY.on_start("mcp.read-only-writes", "PST-MCP-7", "A Read Only key may use every tool.")
def _read_only_writes(emulator: Emulator) -> None:
    patch(emulator.services.keys, "records", lambda records: _Changed(records, scope={"read_only": "full"}))


@REGISTRY.on_start("mcp.write-only-reads", "PST-MCP-7", "A Write Only key may use every tool.")
def _write_only_reads(emulator: Emulator) -> None:
    patch(emulator.services.keys, "records", lambda records: _Changed(records, scope={"write_only": "full"}))


@REGISTRY.on_start("mcp.test-keys-dial", "PST-MCP-7", "A test key may use every tool.")
def _test_keys_dial(emulator: Emulator) -> None:
    patch(emulator.services.keys, "records", lambda records: _Changed(records, kind={"test": "live"}))


@REGISTRY.on_response("mcp.reports-are-writes", "PST-MCP-7", "A Read Only key may not run a report by a tool.")
def _reports_are_writes(answer: MutableResponse, emulator: Emulator) -> None:
    secret = answer.asked.header(b"authorization").removeprefix("Bearer ")
    key = emulator.services.keys.find("phonestack", secret)
    if tool(answer.asked) == "execute_report" and key is not None and key.scope == "read_only":
        refused = {"success": False, "error": {"code": "READ_ONLY", "message": "Broken on purpose."}}
        body = answer.json()
        body["result"] = {"content": [{"type": "text", "text": json.dumps(refused)}], "isError": True}
        answer.say(200, body)

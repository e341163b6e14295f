"""Mutants of "MCP Server"."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace

from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.phonestack.mutants.register import (
    BOOK,
    MCP,
    Thing,
    house,
    never,
    recall,
    retell,
    tool,
)


def _listed(answer: Answered, change: Any) -> None:
    body = answer.json() if answer.asked.path == MCP and b'"tools/list"' in answer.asked.body else None
    if isinstance(body, dict) and isinstance(body.get("result"), dict):
        change(body["result"]["tools"])
        answer.say(200, body)


@BOOK.answered("mcp.a-tool-is-missing", "PST-MCP-1", "tools/list leaves out get_recording.")
def _a_tool_is_missing(answer: Answered, _: World) -> None:
    _listed(answer, lambda tools: tools.remove(next(each for each in tools if each["name"] == "get_recording")))


@BOOK.answered("mcp.a-tool-too-many", "PST-MCP-1", "tools/list has create_campaign.")
def _a_tool_too_many(answer: Answered, _: World) -> None:
    _listed(answer, lambda tools: tools.append({**tools[0], "name": "create_campaign"}))


@BOOK.answered("mcp.schemas-say-nothing", "PST-MCP-1", "A tool's input schema names no arguments.")
def _schemas_say_nothing(answer: Answered, _: World) -> None:
    _listed(answer, lambda tools: [each.update(inputSchema={"type": "object"}) for each in tools])


@BOOK.answered("mcp.nothing-is-required", "PST-MCP-1", "No argument of a tool is required.")
def _nothing_is_required(answer: Answered, _: World) -> None:
    _listed(answer, lambda tools: [each["inputSchema"].pop("required", None) for each in tools])


@BOOK.answered(
    "mcp.does-not-begin",
    "PST-MCP-1",
    "initialize is answered with an error.",
)
def _does_not_begin(answer: Answered, _: World) -> None:
    body = answer.asked.json() if answer.asked.path == MCP else None
    if isinstance(body, dict) and body.get("method") == "initialize" and answer.status == 200:
        error = {"code": -32601, "message": "Method not found"}
        answer.say(200, {"jsonrpc": "2.0", "id": body.get("id"), "error": error})


@BOOK.asked("tools.create_contact-drops-names", "PST-MCP-2", "create_contact does not keep the name.")
def _drops_names(asked: Asked) -> None:
    recall(asked, ("create_contact",), lambda params: params["arguments"].pop("first_name", None))


@BOOK.asked("tools.lists-are-not-filtered", "PST-MCP-2", "list_contacts and list_calls heed no filter.")
def _lists_are_not_filtered(asked: Asked) -> None:
    def change(params: Thing) -> None:
        kept = ("limit", "cursor", "include")
        params["arguments"] = {name: value for name, value in params["arguments"].items() if name in kept}

    recall(asked, ("list_contacts", "list_calls"), change)


@BOOK.asked("tools.pause-stops", "PST-MCP-2", "pause_campaign stops it for good.")
def _pause_stops(asked: Asked) -> None:
    recall(asked, ("pause_campaign",), lambda params: params.update(name="stop_campaign"))


@BOOK.asked("tools.update-replaces", "PST-MCP-2", "update_contact empties the name where it is not given.")
def _update_replaces(asked: Asked) -> None:
    recall(asked, ("update_contact",), lambda params: params["arguments"].setdefault("first_name", None))


@BOOK.answered(
    "tools.refusals-are-results",
    "PST-MCP-2",
    "What a tool refuses is no error.",
    "PST-MCP-3",
    "PST-MCP-5",
    "PST-MCP-7",
    "PST-MCP-1",
)
def _refusals_are_results(answer: Answered, _: World) -> None:
    body = answer.json() if tool(answer.asked) and answer.status == 200 else None
    if isinstance(body, dict) and isinstance(body.get("result"), dict):
        body["result"]["isError"] = False
        answer.say(200, body)


@BOOK.answered(
    "tools.codes-are-lost", "PST-MCP-2", "A tool's refusal has no code.", "PST-MCP-3", "PST-MCP-5", "PST-MCP-7"
)
def _codes_are_lost(answer: Answered, _: World) -> None:
    def change(content: Thing) -> None:
        if isinstance(content.get("error"), dict):
            content["error"] = {"message": content["error"].get("message")}

    retell(answer, change)


@BOOK.answered("tools.exports-are-empty", "PST-MCP-2", "export_report gives an empty file.")
def _exports_are_empty(answer: Answered, _: World) -> None:
    retell(answer, lambda content: content.update(data={**content.get("data", {}), "content": ""}), "export_report")


@BOOK.asked("batch.of-the-first", "PST-MCP-3", "A batch calls the first of its rows alone.")
def _of_the_first(asked: Asked) -> None:
    recall(asked, ("trigger_batch",), lambda params: params["arguments"].update(calls=params["arguments"]["calls"][:1]))


@BOOK.asked("batch.broken-rows-are-dropped", "PST-MCP-3", "Rows of a batch that will not do are dropped.")
def _broken_rows_are_dropped(asked: Asked) -> None:
    def change(params: Thing) -> None:
        rows = params["arguments"]["calls"]
        params["arguments"]["calls"] = [row for row in rows if str(row.get("phone", "")).startswith("+")]

    recall(asked, ("trigger_batch",), change)


@BOOK.world("batch.never-completes", "PST-MCP-3", "A batch that has called everybody goes on running.")
def _never_completes(world: World) -> None:
    house(world).batches.ran_out = never


@BOOK.answered("batch.results-without-calls", "PST-MCP-3", "The results of a batch show no calls.")
def _results_without_calls(answer: Answered, _: World) -> None:
    def change(content: Thing) -> None:
        for result in content.get("data", {}).get("results", ()):
            result["call"] = None

    retell(answer, change, "get_batch_results")


@BOOK.world("batch.of-anybody", "PST-MCP-3", "Another organization's batch can be read.")
def _of_anybody(world: World) -> None:
    batches = house(world).batches
    swap(batches, "of", lambda usual: lambda account, id_: batches.records.get(id_) or usual(account, id_))


def _matched(answer: Answered, wanted: Any) -> None:
    def change(content: Thing) -> None:
        data = content.get("data", {})
        data["matches"] = [match for match in data.get("matches", ()) if wanted(match)]

    retell(answer, change, "help")


@BOOK.answered("help.greetings-are-personas", "PST-MCP-4", "help takes a greeting for the persona.")
def _greetings_are_personas(answer: Answered, _: World) -> None:
    _matched(answer, lambda match: match["field"] != "opener")


@BOOK.answered("help.without-webhooks", "PST-MCP-4", "help knows nothing about webhooks.")
def _without_webhooks(answer: Answered, _: World) -> None:
    _matched(answer, lambda match: match["category"] != "Webhooks")


@BOOK.answered("help.names-no-fields", "PST-MCP-4", "help names tools and no fields.")
def _names_no_fields(answer: Answered, _: World) -> None:
    def change(content: Thing) -> None:
        for match in content.get("data", {}).get("matches", ()):
            match.update(field=None, hint="")

    retell(answer, change, "help")


@BOOK.asked("suggest.everything", "PST-MCP-4", "suggest_options shows everything, whatever the keyword.")
def _everything(asked: Asked) -> None:
    recall(asked, ("suggest_options",), lambda params: params["arguments"].pop("query", None))


@BOOK.answered("suggest.no-profiles", "PST-MCP-4", "suggest_options finds no profiles.")
def _no_profiles(answer: Answered, _: World) -> None:
    retell(answer, lambda content: content.get("data", {}).pop("profiles", None), "suggest_options")


@BOOK.answered("webhooks.secret-is-kept", "PST-MCP-5", "subscribe_webhook does not tell the secret.")
def _secret_is_kept(answer: Answered, _: World) -> None:
    retell(answer, lambda content: content.get("data", {}).pop("secret", None), "subscribe_webhook")


@BOOK.answered("webhooks.secrets-are-listed", "PST-MCP-5", "list_webhooks shows the secrets.")
def _secrets_are_listed(answer: Answered, world: World) -> None:
    def change(content: Thing) -> None:
        records = house(world).hooks.records
        for each in content.get("data", ()):
            webhook = records.last("url", (answer.account, each["url"]))
            each["secret"] = webhook.secret

    retell(answer, change, "list_webhooks")


@BOOK.asked("webhooks.all-events", "PST-MCP-5", "subscribe_webhook heeds no selection of events.")
def _all_events(asked: Asked) -> None:
    recall(asked, ("subscribe_webhook",), lambda params: params["arguments"].pop("events", None))


@BOOK.world("webhooks.unsubscribed-ones-go-on", "PST-MCP-5", "A webhook that was unsubscribed gets events still.")
def _unsubscribed_ones_go_on(world: World) -> None:
    hooks = house(world).hooks
    swap(hooks, "unsubscribe", lambda _: lambda account, id_: hooks.of(account, id_) and None)


@BOOK.answered("webhooks.one-sample-for-all", "PST-MCP-5", "get_webhook_sample always shows call.completed.")
def _one_sample_for_all(answer: Answered, _: World) -> None:
    retell(answer, lambda content: content.get("data", {}).update(event="call.completed"), "get_webhook_sample")


@BOOK.world("webhooks.any-address", "PST-MCP-5", "A webhook may go to an address within a network.")
def _any_address(world: World) -> None:
    async def check_url(url: str) -> None:
        """Take any."""

    house(world).hooks.check_url = check_url


@BOOK.answered("mcp.opens-without-a-key", "PST-MCP-6", "A tool's call without a key is answered 200.")
def _opens_without_a_key(answer: Answered, _: World) -> None:
    if answer.asked.path == MCP and answer.status == 401:
        answer.say(200, {"jsonrpc": "2.0", "id": 1, "result": {"content": [], "isError": True}})


@BOOK.answered("mcp.unauthorized-is-403", "PST-MCP-6", "The MCP server answers 403 without a valid key.")
def _unauthorized_is_403(answer: Answered, _: World) -> None:
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


@BOOK.world("mcp.read-only-writes", "PST-MCP-7", "A Read Only key may use every tool.")
def _read_only_writes(world: World) -> None:
    swap(world.keys, "records", lambda records: _Changed(records, scope={"read_only": "full"}))


@BOOK.world("mcp.write-only-reads", "PST-MCP-7", "A Write Only key may use every tool.")
def _write_only_reads(world: World) -> None:
    swap(world.keys, "records", lambda records: _Changed(records, scope={"write_only": "full"}))


@BOOK.world("mcp.test-keys-dial", "PST-MCP-7", "A test key may use every tool.")
def _test_keys_dial(world: World) -> None:
    swap(world.keys, "records", lambda records: _Changed(records, kind={"test": "live"}))


@BOOK.answered("mcp.reports-are-writes", "PST-MCP-7", "A Read Only key may not run a report by a tool.")
def _reports_are_writes(answer: Answered, world: World) -> None:
    secret = answer.asked.header(b"authorization").removeprefix("Bearer ")
    key = world.keys.find("phonestack", secret)
    if tool(answer.asked) == "execute_report" and key is not None and key.scope == "read_only":
        refused = {"success": False, "error": {"code": "READ_ONLY", "message": "Broken on purpose."}}
        body = answer.json()
        body["result"] = {"content": [{"type": "text", "text": json.dumps(refused)}], "isError": True}
        answer.say(200, body)

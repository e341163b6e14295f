"""The MCP server, by the official client and by the inspector: forty tools on the rules and store of REST."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ringback import resources
from ringback.testing import Account, Receiver, Ringback
from ringback.vendors.phonestack.records import EVENTS, VOICES
from ringback.vendors.phonestack.rules.discovery import INTENTS, find_tools
from tests.phonestack.conftest import LEAD, Api, Organization, campaign_of, contacts, sent_events

PAGE = {
    "Calls": "trigger_call, list_calls, get_recording, get_transcript, trigger_batch, get_batch_status, get_batch_results",
    "Profiles": "create_profile, list_profiles, get_profile, update_profile, archive_profile",
    "Contacts": "list_contacts, get_contact, create_contact, update_contact, delete_contact, bulk_create_contacts, "
    "add_to_dnc, remove_from_dnc",
    "Campaigns": "list_campaigns, get_campaign, start_campaign, stop_campaign, pause_campaign, resume_campaign",
    "Reports": "list_reports, get_report, execute_report, export_report",
    "Webhooks": "list_webhooks, subscribe_webhook, unsubscribe_webhook, get_webhook_sample",
    "Custom Fields": "list_custom_fields, create_custom_field, update_custom_field, delete_custom_field",
    "Discovery": "help, suggest_options",
}
"""Page "Available Tools (40)"."""
TOOLS = [name for names in PAGE.values() for name in names.split(", ")]
MODES = ("legacy", "auto")
"""The handshake of 2025, and the client's default."""


class Session:
    """A connected client."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def tools(self) -> dict[str, Any]:
        return {tool.name: tool for tool in (await self.client.list_tools()).tools}

    async def call(self, name: str, /, **arguments: Any) -> Any:
        """Return the data of a tool that succeeds."""
        result = await self.client.call_tool(name, arguments)
        assert not result.is_error, result.structured_content
        assert json.loads(result.content[0].text) == result.structured_content
        return result.structured_content["data"]

    async def error(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """Return the error of a tool that fails."""
        result = await self.client.call_tool(name, arguments)
        assert result.is_error, result.structured_content
        assert result.structured_content["success"] is False
        error: dict[str, Any] = result.structured_content["error"]
        return error


def run_session(
    account: Account, steps: Callable[[Session], Awaitable[Any]], key: str | None = None, mode: str = "auto"
) -> Any:
    """Connect with the official client and run the steps of a session."""
    from mcp import Client
    from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

    async def connected() -> tuple[Any, BaseException | None]:
        headers = {"Authorization": f"Bearer {key or account.key}"}
        async with (
            create_mcp_http_client(headers=headers) as http,
            Client(streamable_http_client(f"{account.base_url}/mcp", http_client=http), mode=mode) as client,  # type: ignore[arg-type]
        ):
            try:
                return await steps(Session(client)), None
            except Exception as error:  # raised below, out of the client's groups
                return None, error

    outcome, error = asyncio.run(connected())
    if error is not None:
        raise error
    return outcome


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_are_the_forty_of_the_page_with_typed_schemas(account: Account, mode: str) -> None:
    tools = run_session(account, Session.tools, mode=mode)
    assert list(tools) == TOOLS
    assert len(tools) == 40
    document = yaml.safe_load(resources.path("openapi", "phonestack.yaml").read_text(encoding="utf-8"))
    contract = document["paths"]["/mcp"]["post"]["x-tools"]
    assert list(contract) == TOOLS
    for name, tool in tools.items():
        schema = tool.input_schema
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert tool.description
        for field, described in schema["properties"].items():
            assert {"type", "anyOf", "enum", "$ref"} & set(described), f"{name}.{field} has no type"
        wanted = contract[name]["input"]
        names, required = fields_of(document, wanted)
        assert set(schema["properties"]) == names, name
        assert set(schema.get("required", ())) == required, name


def fields_of(document: Any, schema: Any) -> tuple[set[str], set[str]]:
    """Return the fields that a schema of the contract names, and those it requires."""
    if "$ref" in schema:
        return fields_of(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    parts = [fields_of(document, part) for part in schema.get("allOf", ())]
    names = set(schema.get("properties", ())).union(*(part[0] for part in parts))
    return names, set(schema.get("required", ())).union(*(part[1] for part in parts))


@pytest.mark.parametrize("mode", MODES)
def test_tools_of_all_categories_agree_with_rest(organization: Organization, receiver: Receiver, mode: str) -> None:
    """Use tools of all eight categories; after each step REST shows the same."""
    account = organization(
        campaigns=[{"name": "Spring", "contacts": contacts(2)}], reports=[{"name": "R"}], webhook=None
    )

    async def steps(session: Session) -> None:
        with account.client() as client:
            http = Api(client)
            field = await session.call("create_custom_field", name="budget", type="enum", options=["low", "high"])
            assert field == http.get(f"/custom-fields/{field['id']}")
            field = await session.call("update_custom_field", field_id=field["id"], description="Money")
            assert (await session.call("list_custom_fields", category="both")) == [field] == http.get("/custom-fields")
            profile = await session.call("create_profile", name="Riley", extract_fields=["budget"])
            profile = await session.call("update_profile", profile_id=profile["id"], opener="Hello!")
            assert profile["version"] == 2
            assert profile == await session.call("get_profile", profile_id=profile["id"])
            assert [profile] == await session.call("list_profiles") == http.get("/profiles")
            assert (await session.call("list_webhooks")) == []
            webhook = await session.call("subscribe_webhook", url=receiver.url, events=["call.completed"])
            assert webhook["secret"].startswith("whsec_")
            listed = await session.call("list_webhooks")
            assert [one["url"] for one in listed] == [receiver.url]
            assert "secret" not in listed[0]
            contact = await session.call("create_contact", phone=LEAD, first_name="Dana")
            assert contact["source"] == "mcp"
            contact = await session.call("update_contact", contact_id=contact["id"], tags=["vip"])
            assert contact == await session.call("get_contact", contact_id=contact["id"])
            assert [contact] == await session.call("list_contacts", tag="vip", source="mcp", limit=1)
            bulk = await session.call("bulk_create_contacts", contacts=[{"phone": LEAD}, {}, {"phone": "+13105550100"}])
            assert (bulk["created"], bulk["duplicates"], bulk["invalid"]) == (1, 1, 1)
            account.script({"to": LEAD}, duration=30, analysis={"disposition": "hot_lead", "meeting_booked": True})
            call = await session.call("trigger_call", profile_id=profile["id"], phone=LEAD)
            account.advance(idle=True)
            (listed,) = await session.call("list_calls", has_meeting=True, include=["transcript", "contact"])
            assert listed == http.get(f"/calls/{call['id']}", include="transcript,contact")
            spoken = await session.call("get_transcript", call_id=call["id"])
            assert spoken == http.get(f"/calls/{call['id']}/transcript")
            assert (await session.call("get_recording", call_id=call["id"])) == http.get(
                f"/calls/{call['id']}/recording"
            )
            assert [event["event"] for event in receiver.events] == ["call.completed"]
            await session.call("unsubscribe_webhook", webhook_id=webhook["id"])
            (campaign,) = await session.call("list_campaigns", status="draft")
            await session.call("start_campaign", campaign_id=campaign["id"])
            await session.call("pause_campaign", campaign_id=campaign["id"])
            await session.call("resume_campaign", campaign_id=campaign["id"])
            account.advance(idle=True)
            assert (await session.call("get_campaign", campaign_id=campaign["id"])) == http.get(
                f"/campaigns/{campaign['id']}"
            )
            assert (await session.error("stop_campaign", campaign_id=campaign["id"]))["code"] == "INVALID_STATE"
            (report,) = await session.call("list_reports")
            assert report == await session.call("get_report", report_id=report["id"])
            result = await session.call("execute_report", report_id=report["id"], date_range="today")
            assert result == http.post(f"/reports/{report['id']}/execute", date_range="today")
            table = await session.call("export_report", report_id=report["id"], format="csv", date_range="today")
            path = f"/reports/{report['id']}/export"
            assert table["content"] == http.request("GET", path, params={"format": "csv", "date_range": "today"}).text
            printed = await session.call("export_report", report_id=report["id"], format="pdf", date_range="today")
            assert (
                base64.b64decode(printed["content"])
                == http.request("GET", path, params={"format": "pdf", "date_range": "today"}).content
            )
            await session.call("add_to_dnc", contact_id=contact["id"])
            error = await session.error("trigger_call", profile_id=profile["id"], phone=LEAD)
            assert error["code"] == "DO_NOT_CALL"
            assert (await session.call("remove_from_dnc", contact_id=contact["id"]))["dnc_status"] == "clear"
            await session.call("delete_contact", contact_id=contact["id"])
            await session.call("archive_profile", profile_id=profile["id"])
            await session.call("delete_custom_field", field_id=field["id"])
            assert http.get("/custom-fields") == http.get("/profiles") == []
            assert http.error("GET", f"/contacts/{contact['id']}")[0] == 404

    run_session(account, steps, mode=mode)


def test_a_tool_returns_the_code_and_the_message_of_its_operation(http: Api, account: Account) -> None:
    http.post("/contacts", phone=LEAD)
    http.post("/custom-fields", name="plan", type="enum", options=["a"])
    pairs: tuple[tuple[str, dict[str, Any], str, str, Any], ...] = (
        ("create_contact", {"phone": LEAD}, "POST", "/contacts", {"phone": LEAD}),
        ("create_contact", {}, "POST", "/contacts", {}),
        ("create_contact", {"phone": "x"}, "POST", "/contacts", {"phone": "x"}),
        ("get_contact", {"contact_id": "ct_0"}, "GET", "/contacts/ct_0", None),
        ("start_campaign", {"campaign_id": "camp_0"}, "POST", "/campaigns/camp_0/start", None),
        ("bulk_create_contacts", {"contacts": []}, "POST", "/contacts/bulk", {"contacts": []}),
        (
            "create_profile",
            {"name": "R", "extract_fields": ["x"]},
            "POST",
            "/profiles",
            {"name": "R", "extract_fields": ["x"]},
        ),
        (
            "create_custom_field",
            {"name": "plan", "type": "string"},
            "POST",
            "/custom-fields",
            {"name": "plan", "type": "string"},
        ),
        ("create_custom_field", {"name": "x", "type": "enum"}, "POST", "/custom-fields", {"name": "x", "type": "enum"}),
        (
            "trigger_call",
            {"profile_id": "prof_0", "phone": LEAD},
            "POST",
            "/calls/trigger",
            {"profile_id": "prof_0", "phone": LEAD},
        ),
        ("get_transcript", {"call_id": "call_0"}, "GET", "/calls/call_0/transcript", None),
        ("execute_report", {"report_id": "rep_0"}, "POST", "/reports/rep_0/execute", {}),
        ("list_calls", {"cursor": "x"}, "GET", "/calls?cursor=x", None),
        ("list_calls", {"since": "soon"}, "GET", "/calls?since=soon", None),
    )

    async def steps(session: Session) -> None:
        for tool, arguments, method, path, body in pairs:
            error = await session.error(tool, **arguments)
            assert (error["code"], error["message"]) == http.error(method, path, json=body)[1:], tool
        assert (await session.error("make_coffee"))["code"] == "NOT_FOUND"
        for tool, arguments in (("list_calls", {"limit": 1000}), ("help", {}), ("list_contacts", {"source": 5})):
            assert (await session.error(tool, **arguments))["code"] == "VALIDATION_ERROR"

    run_session(account, steps)


# -- keys and limits ------


def test_no_tool_runs_without_a_key(account: Account) -> None:
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "create_contact", "arguments": {"phone": LEAD}},
    }
    for headers in ({"authorization": "Bearer ps_live_nobody"}, {"authorization": "none"}):
        with account.client(headers=headers) as client:
            response = client.post("/mcp", json=body)
            assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    with account.client() as client:
        assert Api(client).get("/contacts") == []


def test_tools_check_the_scope_of_keys(ringback: Ringback) -> None:
    account = ringback.account(
        "phonestack",
        rate_limit=None,
        keys=[{}, {"scope": "read_only"}, {"scope": "write_only"}, {"kind": "test"}],
        reports=[{"name": "R"}],
    )
    _, reader, writer, test = (key["secret"] for key in account.keys)
    reads = {"help", "suggest_options", "execute_report", "export_report"}
    reads |= {name for name in TOOLS if name.startswith(("get_", "list_"))}
    given = {
        "trigger_call": {"profile_id": "prof_0", "phone": LEAD},
        "trigger_batch": {"profile_id": "prof_0", "calls": [{"phone": LEAD}]},
        "help": {"query": "greeting"},
    }

    def tried(key: str, code: str, names: set[str]) -> None:
        async def steps(session: Session) -> None:
            for name in TOOLS:
                result = await session.client.call_tool(name, given.get(name, {}))
                found = result.structured_content.get("error", {}).get("code")
                assert (found == code) == (name in names), (name, found)

        run_session(account, steps, key)

    tried(reader, "READ_ONLY", set(TOOLS) - reads)
    tried(test, "TEST_KEY", set(TOOLS) - reads)
    tried(writer, "WRITE_ONLY", reads)


def test_tools_count_towards_the_limits_of_their_key(ringback: Ringback) -> None:
    account = ringback.account("phonestack")

    async def steps(session: Session) -> None:
        with account.client() as client:
            http = Api(client)
            account.advance(minutes=1)
            for number in range(9):
                await session.call("bulk_create_contacts", contacts=[{"phone": f"+1972555{number:04d}"}])
            http.post("/contacts/bulk", contacts=[{"phone": LEAD}])
            error = await session.error("bulk_create_contacts", contacts=[{"phone": LEAD}])
            assert (error["code"], error["retry_after_seconds"]) == ("RATE_LIMIT_EXCEEDED", 60)
            for _ in range(60):
                http.get("/contacts")
            for _ in range(38):
                await session.call("list_calls")
            while http.request("GET", "/calls").status_code == 200:
                pass
            assert (await session.error("list_calls"))["code"] == "RATE_LIMIT_EXCEEDED"
            assert http.error("GET", "/calls")[0] == 429
            response = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
            assert (response.status_code, response.headers["retry-after"]) == (429, "60")
            account.advance(minutes=1)
            await session.call("list_calls")

    run_session(account, steps)


# -- batches ------


def test_a_batch_calls_each_row_once_and_reports_its_progress(account: Account) -> None:
    rows = [{"phone": f"+1972555{number:04d}", "custom_fields": {"row": number}} for number in range(12)]

    async def steps(session: Session) -> None:
        profile = await session.call("create_profile", name="Riley")
        for row in rows:
            account.script({"to": row["phone"]}, duration=60, answer_after=0, outcome="callback")
        batch = await session.call("trigger_batch", profile_id=profile["id"], calls=rows)
        assert (batch["status"], batch["total"], batch["queued"], batch["in_progress"]) == ("running", 12, 11, 1)
        account.advance(seconds=5)
        halfway = await session.call("get_batch_status", batch_id=batch["batch_id"])
        assert (halfway["queued"], halfway["in_progress"]) == (6, 6)
        account.advance(idle=True)
        over = await session.call("get_batch_status", batch_id=batch["batch_id"])
        assert (over["status"], over["ended"], over["queued"], over["skipped"]) == ("completed", 12, 0, 0)
        results = await session.call("get_batch_results", batch_id=batch["batch_id"])
        assert results["batch"] == over
        assert [row["phone"] for row in results["results"]] == [row["phone"] for row in rows]
        assert [row["call"]["custom_fields"] for row in results["results"]] == [row["custom_fields"] for row in rows]
        assert {row["call"]["batch_id"] for row in results["results"]} == {batch["batch_id"]}
        assert {row["status"] for row in results["results"]} == {"completed"}
        calls = await session.call("list_calls", limit=100)
        assert len(calls) == 12
        assert (await session.error("get_batch_status", batch_id="batch_0"))["code"] == "NOT_FOUND"

    run_session(account, steps)


def test_a_batch_with_an_invalid_row_places_no_call_and_names_it(account: Account) -> None:
    async def steps(session: Session) -> None:
        profile = (await session.call("create_profile", name="Riley"))["id"]
        blocked = await session.call("create_contact", phone=LEAD)
        await session.call("add_to_dnc", contact_id=blocked["id"])
        good = {"phone": "+19725550001"}
        for rows, code, named in (
            ([good, {"phone": "x"}], "VALIDATION_ERROR", "calls[1]"),
            ([good, good, {"phone": LEAD}], "DO_NOT_CALL", "calls[2]"),
            ([good, {}], "VALIDATION_ERROR", "calls[1].phone"),
            ([], "VALIDATION_ERROR", "calls"),
            ([good] * 1001, "VALIDATION_ERROR", "1,001"),
        ):
            error = await session.error("trigger_batch", profile_id=profile, calls=rows)
            assert (error["code"], named in error["message"]) == (code, True), error
        assert (await session.call("list_calls")) == []

    run_session(account, steps)


def test_a_contact_blocked_while_a_batch_runs_is_skipped(account: Account) -> None:
    async def steps(session: Session) -> None:
        profile = (await session.call("create_profile", name="Riley"))["id"]
        person = await session.call("create_contact", phone=LEAD)
        rows = [{"phone": "+19725550001"}, {"phone": LEAD}]
        batch = await session.call("trigger_batch", profile_id=profile, calls=rows)
        await session.call("add_to_dnc", contact_id=person["id"])
        account.advance(idle=True)
        results = await session.call("get_batch_results", batch_id=batch["batch_id"])
        assert results["batch"]["status"] == "completed"
        assert results["batch"]["skipped"] == 1
        assert results["results"][1]["call"] is None
        assert "Do Not Call" in results["results"][1]["reason"]

    run_session(account, steps)


def test_a_batch_ends_when_the_spending_limit_is_used_up(ringback: Ringback) -> None:
    account = ringback.account("phonestack", rate_limit=None, spending_limit="0.50")
    for _ in range(12):
        account.script(duration=300, outcome="callback")

    async def steps(session: Session) -> None:
        profile = (await session.call("create_profile", name="Riley"))["id"]
        rows = [{"phone": f"+1972555{number:04d}"} for number in range(12)]
        batch = await session.call("trigger_batch", profile_id=profile, calls=rows)
        account.advance(idle=True)
        over = await session.call("get_batch_results", batch_id=batch["batch_id"])
        assert (over["batch"]["status"], over["batch"]["ended"], over["batch"]["skipped"]) == ("completed", 10, 2)
        assert "spending limit" in over["results"][11]["reason"]

    run_session(account, steps)


# -- discovery ------


def test_help_maps_more_than_fifty_intents_over_all_categories() -> None:
    assert len(INTENTS) >= 50
    assert {intent.category for intent in INTENTS} == set(PAGE)
    assert {intent.tool for intent in INTENTS} == set(TOOLS)
    for intent in INTENTS:
        assert intent.tool in PAGE[intent.category].split(", "), intent
        for phrase in (intent.intent, *intent.synonyms):
            found = find_tools(phrase)["matches"]
            assert (intent.tool, intent.field) in [(match["tool"], match["field"]) for match in found], phrase


def test_every_field_that_help_names_is_an_argument_of_its_tool(account: Account) -> None:
    tools = run_session(account, Session.tools)
    for intent in INTENTS:
        assert intent.field is None or intent.field in tools[intent.tool].input_schema["properties"], intent


@pytest.mark.parametrize(
    ("query", "tool", "field"),
    [
        ("greeting", "update_profile", "opener"),
        ("How do I change the greeting of my agent?", "update_profile", "opener"),
        ("Call +14155551234 and ask for their budget and timeline", "trigger_call", "phone"),
        ("Show me all calls from last week where a meeting was booked", "list_calls", "has_meeting"),
        ("Create a custom field called budget_range", "create_custom_field", "name"),
        ("Pause the outbound sales campaign", "pause_campaign", "campaign_id"),
        ("Add a budget_range extraction field to my Sales Qualifier profile", "update_profile", "extract_fields"),
        ("someone wants to opt out", "add_to_dnc", "contact_id"),
        ("put the results into a spreadsheet", "export_report", "format"),
        ("connect it to Zapier", "subscribe_webhook", "url"),
    ],
)
def test_help_finds_the_tool_for_a_phrase(query: str, tool: str, field: str) -> None:
    found = find_tools(query)["matches"]
    assert (tool, field) in [(match["tool"], match["field"]) for match in found[:3]], found


def test_help_without_a_match_lists_the_categories() -> None:
    found = find_tools("zxqv")
    assert found["matches"] == []
    assert found["categories"] == list(PAGE)


def test_suggest_options_finds_what_exists_by_keyword(organization: Organization) -> None:
    account = organization(
        campaigns=[{"name": "Spring sales"}, {"name": "Autumn"}], reports=[{"name": "Weekly spending"}]
    )
    other = organization(campaigns=[{"name": "Their sales"}])

    async def steps(session: Session) -> None:
        await session.call(
            "create_custom_field", name="budget_range", type="enum", options=["low"], description="Money"
        )
        await session.call("create_custom_field", name="timeline", type="string")
        profile = await session.call("create_profile", name="Sales Qualifier", voice="calm")
        gone = await session.call("create_profile", name="Sales Veteran")
        await session.call("archive_profile", profile_id=gone["id"])
        everything = await session.call("suggest_options")
        assert len(everything["custom_fields"]) == 2
        assert [one["name"] for one in everything["voices"]] == list(VOICES)
        assert [one["name"] for one in everything["events"]] == list(EVENTS)
        sales = await session.call("suggest_options", query="sales")
        assert [one["id"] for one in sales["profiles"]] == [profile["id"]]
        assert [one["name"] for one in sales["campaigns"]] == ["Spring sales"]
        assert sales["custom_fields"] == sales["voices"] == sales["events"] == []
        money = await session.call("suggest_options", query="money")
        assert [one["name"] for one in money["custom_fields"]] == ["budget_range"]
        assert [one["name"] for one in (await session.call("suggest_options", query="british"))["voices"]] == [
            "crisp",
            "gentle",
        ]
        voicemail = await session.call("suggest_options", query="voicemail event")
        assert [one["name"] for one in voicemail["events"]] == ["call.voicemail"]
        assert len((await session.call("suggest_options", query="voices"))["voices"]) == len(VOICES)
        assert (await session.call("suggest_options", query="weekly"))["reports"][0]["name"] == "Weekly spending"

    run_session(account, steps)
    assert other.id != account.id


# -- webhooks ------


def test_webhooks_are_managed_by_tools(organization: Organization, receiver: Receiver) -> None:
    account = organization(webhook=None)

    async def steps(session: Session) -> None:
        made = await session.call("subscribe_webhook", url=receiver.url)
        assert made["events"] == list(EVENTS)
        assert (await session.error("subscribe_webhook", url=receiver.url))["code"] == "DUPLICATE"
        for url in ("ftp://example.com", "http://example.com/x", "https://10.0.0.1/", "nonsense"):
            assert (await session.error("subscribe_webhook", url=url))["code"] == "VALIDATION_ERROR"
        for events in ([], ["call.ended"]):
            error = await session.error("subscribe_webhook", url="https://hooks.example.com/", events=events)
            assert error["code"] == "VALIDATION_ERROR"
        receiver.respond_with(500)
        for number in range(10):
            await session.call("create_contact", phone=f"+1972555{number:04d}")
        account.advance(seconds=1)
        (listed,) = await session.call("list_webhooks")
        assert (listed["status"], listed["consecutive_failures"]) == ("disabled", 10)
        receiver.respond_with(200)
        again = await session.call("subscribe_webhook", url=receiver.url, events=["contact.created"])
        assert (again["id"], again["status"], again["secret"]) == (made["id"], "active", made["secret"])
        await session.call("create_contact", phone=LEAD)
        account.advance(seconds=1)
        assert receiver.events[-1]["data"]["phone"] == LEAD
        await session.call("unsubscribe_webhook", webhook_id=made["id"])
        assert (await session.error("unsubscribe_webhook", webhook_id=made["id"]))["code"] == "NOT_FOUND"
        for name in EVENTS:
            sample = await session.call("get_webhook_sample", event=name)
            assert sample["event"] == name
        assert (await session.error("get_webhook_sample", event="call.ended"))["code"] == "VALIDATION_ERROR"

    run_session(account, steps)


def test_two_receivers_each_have_their_secret(ringback: Ringback, organization: Organization) -> None:
    account = organization(webhook=None)
    hooks = [ringback.receiver(), ringback.receiver()]

    async def steps(session: Session) -> None:
        secrets = [(await session.call("subscribe_webhook", url=receiver.url))["secret"] for receiver in hooks]
        assert len(set(secrets)) == 2
        await session.call("create_contact", phone=LEAD)
        account.advance(seconds=1)

    run_session(account, steps)
    first, second = (receiver.requests[0] for receiver in hooks)
    assert first.body == second.body
    assert first.headers["X-PhoneStack-Signature"] != second.headers["X-PhoneStack-Signature"]
    assert sent_events(account) == ["contact.created"] * 2


# -- the transport ------


def test_an_invalid_message_gets_a_json_rpc_error(account: Account) -> None:
    with account.client() as client:
        listed = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        assert client.post("/mcp", content=b"junk").json()["error"]["code"] == -32700
        assert client.post("/mcp", json=[1]).status_code == 400
        assert client.post("/mcp", json={**listed, "method": "tools/eat"}).json()["error"]["code"] == -32601
        assert client.post("/mcp", json=listed, headers={"accept": "text/html"}).status_code == 406
        assert client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"}).status_code == 202
        assert client.get("/mcp").status_code == client.delete("/mcp").status_code == 405
        modern = {**listed, "params": {"_meta": {}}}
        for version in ("2026-07-28", "2099-01-01", "nonsense"):
            response = client.post("/mcp", json=modern, headers={"mcp-protocol-version": version})
            assert response.status_code in (200, 400, 404)
            assert response.json()["jsonrpc"] == "2.0"


def test_the_sdk_is_imported_with_the_first_message() -> None:
    program = (
        "import sys; from ringback.app import Application; from ringback.settings import Settings;"
        "from ringback.gateway.litestar_app import build;"
        "emulator = Application(Settings(vendors=('phonestack',))).emulator;"
        "spec = emulator.vendors['phonestack'];"
        "build(spec.operations, emulator.backends['phonestack'], spec.errors);"
        "print([name for name in ('mcp', 'mcp_types', 'reportlab', 'faker') if name in sys.modules])"
    )
    import sys

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


INSPECTOR = Path(os.environ.get("RINGBACK_INSPECTOR", "")) if os.environ.get("RINGBACK_INSPECTOR") else None


@pytest.fixture(scope="session")
def inspector() -> list[str]:
    """Return the command of the inspector; skip the test if it is not installed."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    if INSPECTOR is not None:
        return [str(INSPECTOR), "--cli"]
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed")
    package = "@modelcontextprotocol/inspector"
    probe = subprocess.run(
        ["npx", "--no-install", package, "--help"], capture_output=True, text=True, check=False, timeout=60
    )
    if probe.returncode and "canceled" in probe.stderr + probe.stdout:
        pytest.skip(f"{package} is not installed: npm install -g {package}, or set RINGBACK_INSPECTOR")
    return ["npx", "--no-install", package, "--cli"]


def test_the_inspector_lists_the_tools_and_calls_one(account: Account, inspector: list[str]) -> None:
    def inspected(*arguments: str) -> Any:
        command = [*inspector, f"{account.base_url}/mcp", "--transport", "http"]
        command += ["--header", f"Authorization: Bearer {account.key}", *arguments]
        shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert shown.returncode == 0, shown.stderr
        return json.loads(shown.stdout)

    assert [tool["name"] for tool in inspected("--method", "tools/list")["tools"]] == TOOLS
    made = inspected("--method", "tools/call", "--tool-name", "create_contact", "--tool-arg", f"phone={LEAD}")
    assert made["structuredContent"]["data"]["phone"] == LEAD
    with account.client() as client:
        assert campaign_of is not None
        assert [contact["phone"] for contact in Api(client).get("/contacts")] == [LEAD]

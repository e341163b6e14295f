"""Probes for "MCP Server"."""

from __future__ import annotations

import base64
import re
from typing import Any

from ringback_conformance.catalogue import CTL, READ, WRITE
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.keys import NEVER_ISSUED
from ringback_conformance.claims.phonestack.shapes import CALL, EVENT, EVENTS
from ringback_conformance.claims.phonestack.steps import (
    ANALYSIS,
    CALLS,
    CAMPAIGNS,
    CONTACTS,
    FIELDS,
    HOUR,
    LISTS,
    MCP,
    NOBODY,
    PROFILES,
    REPORTS,
    about,
    dialled,
    everything,
    fetched,
    held_call,
    ids,
    listed,
    new_contact,
    new_field,
    new_profile,
    phone,
    refused,
    the_campaign,
    the_report,
    told,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.mcp_client import Reply, Session
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import odd_fields

claim = CATALOGUE.section("MCP Server: Available Tools")
mcp_claim = CATALOGUE.section("MCP Server")
discovery_claim = CATALOGUE.section("MCP Server: Discovery Tools")
keys_claim = CATALOGUE.section("Authentication")

TOOLS: dict[str, tuple[str, ...]] = {
    "Calls": (
        "trigger_call",
        "list_calls",
        "get_recording",
        "get_transcript",
        "trigger_batch",
        "get_batch_status",
        "get_batch_results",
    ),
    "Profiles": ("create_profile", "list_profiles", "get_profile", "update_profile", "archive_profile"),
    "Contacts": (
        "list_contacts",
        "get_contact",
        "create_contact",
        "update_contact",
        "delete_contact",
        "bulk_create_contacts",
        "add_to_dnc",
        "remove_from_dnc",
    ),
    "Campaigns": (
        "list_campaigns",
        "get_campaign",
        "start_campaign",
        "stop_campaign",
        "pause_campaign",
        "resume_campaign",
    ),
    "Reports": ("list_reports", "get_report", "execute_report", "export_report"),
    "Webhooks": ("list_webhooks", "subscribe_webhook", "unsubscribe_webhook", "get_webhook_sample"),
    "Custom Fields": ("list_custom_fields", "create_custom_field", "update_custom_field", "delete_custom_field"),
    "Discovery": ("help", "suggest_options"),
}
"""Page "Available Tools (40)"."""
NAMES = tuple(name for tools in TOOLS.values() for name in tools)
NEEDED = {
    "trigger_call": {"profile_id", "phone"},
    "get_transcript": {"call_id"},
    "trigger_batch": {"profile_id", "calls"},
    "update_profile": {"profile_id"},
    "create_contact": {"phone"},
    "bulk_create_contacts": {"contacts"},
    "start_campaign": {"campaign_id"},
    "execute_report": {"report_id"},
    "export_report": {"report_id", "format"},
    "subscribe_webhook": {"url"},
    "get_webhook_sample": {"event"},
    "create_custom_field": {"name", "type"},
}
"""What a tool cannot do without."""
INTENTS: tuple[tuple[str, str, str], ...] = (
    ("greeting", "update_profile", "opener"),
    ("opening line", "update_profile", "opener"),
    ("introduction", "update_profile", "opener"),
    ("personality", "update_profile", "persona"),
    ("tone", "update_profile", "persona"),
    ("rules", "update_profile", "guardrails"),
    ("compliance", "update_profile", "guardrails"),
    ("voice", "update_profile", "voice"),
    ("accent", "update_profile", "voice"),
    ("extraction", "update_profile", "extract_fields"),
    ("new agent", "create_profile", ""),
    ("agents", "list_profiles", ""),
    ("prompt", "get_profile", ""),
    ("archive", "archive_profile", ""),
    ("dial", "trigger_call", "phone"),
    ("make a call", "trigger_call", "phone"),
    ("call history", "list_calls", ""),
    ("hot leads", "list_calls", "disposition"),
    ("meetings", "list_calls", "has_meeting"),
    ("last week", "list_calls", "since"),
    ("inbound calls", "list_calls", "direction"),
    ("what was said", "get_transcript", ""),
    ("audio", "get_recording", ""),
    ("listen", "get_recording", ""),
    ("batch", "trigger_batch", ""),
    ("batch status", "get_batch_status", ""),
    ("batch results", "get_batch_results", ""),
    ("new lead", "create_contact", "phone"),
    ("import", "bulk_create_contacts", "contacts"),
    ("upload", "bulk_create_contacts", "contacts"),
    ("contacts", "list_contacts", ""),
    ("by tag", "list_contacts", "tag"),
    ("contact details", "get_contact", ""),
    ("edit contact", "update_contact", ""),
    ("delete contact", "delete_contact", ""),
    ("do not call", "add_to_dnc", ""),
    ("opt out", "add_to_dnc", ""),
    ("opt in", "remove_from_dnc", ""),
    ("campaigns", "list_campaigns", ""),
    ("campaign stats", "get_campaign", ""),
    ("launch", "start_campaign", ""),
    ("Pause the outbound sales campaign", "pause_campaign", ""),
    ("resume", "resume_campaign", ""),
    ("stop campaign", "stop_campaign", ""),
    ("reports", "list_reports", ""),
    ("run report", "execute_report", ""),
    ("spreadsheet", "export_report", "format"),
    ("pdf", "export_report", "format"),
    ("notify", "subscribe_webhook", "url"),
    ("webhooks", "list_webhooks", ""),
    ("unsubscribe webhook", "unsubscribe_webhook", ""),
    ("example payload", "get_webhook_sample", "event"),
    ("custom fields", "list_custom_fields", ""),
    ("new field", "create_custom_field", ""),
    ("dropdown", "create_custom_field", "options"),
    ("mandatory", "update_custom_field", "required"),
    ("delete field", "delete_custom_field", ""),
    ("duplicates", "suggest_options", ""),
)
"""What somebody means, and the tool and field that do it: more than fifty, in all categories. The page tells the first,
and one of its examples; the others are ours."""


def connected(account: Account, key: str = "") -> Session:
    """A session that has begun; Inconclusive where it cannot."""
    session = Session(account, MCP, key)
    reply = session.initialize()
    if reply.refused:
        raise Inconclusive(f"the MCP server does not begin: {reply}")
    return session


def given(reply: Reply) -> Any:
    """The `data` that a tool gives; Inconclusive where it gives none."""
    content = reply.content
    if reply.refused or not isinstance(content, dict) or "data" not in content:
        raise Inconclusive(f"the tool gives no data: {reply}")
    return content["data"]


def shut(ctx: ProbeContext, reply: Reply, code: str, what: str) -> None:
    """Expect an error result with a code."""
    ctx.expect(
        reply.result.get("isError") is True and reply.code == code,
        f"{what}: expected an error result with {code}, got {reply}",
        reply.exchange,
    )


@claim(
    "PST-MCP-1",
    "The MCP server speaks Streamable HTTP and lists exactly the 40 documented tools, each with an input schema.",
    needs=READ,
    sends=(Send("POST", MCP, 4, note="initialize, tools/list"),),
    probe_needs=WRITE,
)
def the_forty_tools(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    session = Session(account, MCP)
    began = session.initialize()
    ctx.check_(
        not began.refused and isinstance(began.result.get("protocolVersion"), str),
        f"initialize: expected a version of the protocol, got {began}",
        began.exchange,
    )
    ctx.expect(
        "tools" in (began.result.get("capabilities") or {}),
        "initialize: expected tools among what it can do",
        began.exchange,
    )
    reply = session.tools()
    tools = reply.result.get("tools")
    ctx.check_(isinstance(tools, list), f"tools/list: expected tools, got {reply}", reply.exchange)
    found = {str(tool.get("name")): tool for tool in tools or () if isinstance(tool, dict)}
    missing, more = sorted(set(NAMES) - set(found)), sorted(set(found) - set(NAMES))
    ctx.expect(
        not missing and not more and len(tools or ()) == len(NAMES),
        f"tools/list: expected exactly the 40 of the page; missing {missing}, beyond {more}, {len(tools or ())} in all",
        reply.exchange,
    )
    for name, tool in found.items():
        schema = tool.get("inputSchema")
        typed = isinstance(schema, dict) and schema.get("type") == "object"
        ctx.expect(typed, f"{name}: expected an input schema of type object, got {schema!r:.80}", reply.exchange)
        ctx.expect(bool(tool.get("description")), f"{name}: expected a description", reply.exchange)
        needed = NEEDED.get(name, set())
        required = set(schema.get("required", ())) if isinstance(schema, dict) else set()
        named = set(schema.get("properties", ())) if isinstance(schema, dict) else set()
        ctx.expect(
            needed <= required and needed <= named,
            f"{name}: expected {sorted(needed)} among its arguments, required, got {sorted(required)}",
            reply.exchange,
        )
    unknown = session.call("make_coffee")
    ctx.expect(unknown.refused, f"a tool that does not exist: expected a refusal, got {unknown}", unknown.exchange)


@mcp_claim(
    "PST-MCP-2",
    "A tool does what its REST twin does, on the same store; a refusal is an error result with the same code.",
    needs=CTL,
)
def tools_and_their_twins(ctx: ProbeContext) -> None:
    account = ctx.account(
        campaigns=[{"name": "Spring follow-up", "always_on": True}],
        reports=[{"name": "Everything", "date_range": "all_time"}],
    )
    session = connected(account)
    _contacts_by_tools(ctx, account, session)
    _definitions_by_tools(ctx, account, session)
    _calls_by_tools(ctx, account, session)
    _campaigns_by_tools(ctx, account, session)
    _reports_by_tools(ctx, account, session)
    _refusals_by_tools(ctx, account, session)


def _same(ctx: ProbeContext, reply: Reply, account: Account, path: str, what: str) -> None:
    """Expect a tool to give what the path shows."""
    exchange = account.get(path)
    body, content = exchange.json(), reply.content
    shown = body.get("data") if isinstance(body, dict) else None
    seen = content.get("data") if isinstance(content, dict) else None
    held = exchange.status == 200 and not reply.refused and seen == shown
    ctx.expect(held, f"{what}: expected what GET {path} shows, got {reply}", reply.exchange, exchange)


def _contacts_by_tools(ctx: ProbeContext, account: Account, session: Session) -> None:
    made = session.call("create_contact", phone=phone(1), first_name="Dana", tags=["mcp"])
    contact = given(made)
    path = f"{CONTACTS}/{contact['id']}"
    _same(ctx, made, account, path, "create_contact")
    _same(ctx, session.call("get_contact", contact_id=contact["id"]), account, path, "get_contact")
    changed = session.call("update_contact", contact_id=contact["id"], company="Cedar Lane Bakery")
    ctx.expect(
        not changed.refused and fetched(account, CONTACTS, contact["id"])["company"] == "Cedar Lane Bakery",
        f"update_contact: expected the contact changed, got {changed}",
        changed.exchange,
    )
    kept = fetched(account, CONTACTS, contact["id"])["first_name"]
    ctx.expect(kept == "Dana", f"update_contact of the company: expected the name as it was, it is {kept!r}")
    before = fetched(account, CONTACTS, contact["id"])["dnc_status"]
    put = session.call("add_to_dnc", contact_id=contact["id"])
    status = fetched(account, CONTACTS, contact["id"])["dnc_status"]
    ctx.expect(status != before, f"add_to_dnc: expected it on the list, got {put}, {status}", put.exchange)
    off = session.call("remove_from_dnc", contact_id=contact["id"])
    status = fetched(account, CONTACTS, contact["id"])["dnc_status"]
    ctx.expect(status == before, f"remove_from_dnc: expected it off the list, got {off}, {status}", off.exchange)
    bulk = session.call(
        "bulk_create_contacts", contacts=[{"phone": phone(2)}, {"phone": phone(1)}, {"phone": "x"}], tags=["many"]
    )
    counts = {name: given(bulk).get(name) for name in ("created", "duplicates", "invalid")}
    ctx.expect(
        counts == {"created": 1, "duplicates": 1, "invalid": 1}, f"bulk_create_contacts: got {counts}", bulk.exchange
    )
    _same(ctx, session.call("list_contacts", tag="many"), account, f"{CONTACTS}?tag=many", "list_contacts with a tag")
    first = session.call("list_contacts", limit=1)
    meta = first.content.get("meta") if isinstance(first.content, dict) else None
    cursor = meta.get("next_cursor") if isinstance(meta, dict) else None
    ctx.expect(isinstance(cursor, str), f"list_contacts by one: expected a next_cursor, got {meta}", first.exchange)
    second = session.call("list_contacts", limit=1, cursor=cursor)
    seen = ids([*given(first), *given(second)])
    ctx.expect(seen == ids(listed(account, CONTACTS)), f"list_contacts page by page: got {seen}", second.exchange)
    gone = session.call("delete_contact", contact_id=contact["id"])
    after = account.get(path)
    ctx.expect(
        not gone.refused and after.status == 404, f"delete_contact: expected it gone, got {gone}, {after}", after
    )


def _definitions_by_tools(ctx: ProbeContext, account: Account, session: Session) -> None:
    made = session.call("create_custom_field", name="budget", type="enum", options=["low", "high"])
    field = given(made)
    _same(ctx, made, account, f"{FIELDS}/{field['id']}", "create_custom_field")
    session.call("update_custom_field", field_id=field["id"], options=["low", "mid", "high"])
    options = fetched(account, FIELDS, field["id"])["options"]
    ctx.expect(options == ["low", "mid", "high"], f"update_custom_field: expected other options, got {options}")
    _same(
        ctx,
        session.call("list_custom_fields", category="both"),
        account,
        f"{FIELDS}?category=both",
        "list_custom_fields",
    )
    spare = given(session.call("create_custom_field", name="spare", type="string"))
    gone = session.call("delete_custom_field", field_id=spare["id"])
    after = account.get(f"{FIELDS}/{spare['id']}")
    ctx.expect(not gone.refused and after.status == 404, f"delete_custom_field: expected it gone, got {gone}", after)
    made = session.call("create_profile", name="By tool", extract_fields=["budget"])
    profile = given(made)
    path = f"{PROFILES}/{profile['id']}"
    _same(ctx, made, account, path, "create_profile")
    session.call("update_profile", profile_id=profile["id"], opener="Good day.")
    opener = fetched(account, PROFILES, profile["id"])["opener"]
    ctx.expect(opener == "Good day.", f"update_profile with its opener: expected it changed, it is {opener!r}")
    _same(ctx, session.call("get_profile", profile_id=profile["id"]), account, path, "get_profile")
    _same(ctx, session.call("list_profiles"), account, PROFILES, "list_profiles")
    spare = given(session.call("create_profile", name="Spare"))
    put = session.call("archive_profile", profile_id=spare["id"])
    status = fetched(account, PROFILES, spare["id"])["status"]
    ctx.expect(status == "archived", f"archive_profile: expected it archived, got {put}, {status}", put.exchange)


def _calls_by_tools(ctx: ProbeContext, account: Account, session: Session) -> None:
    profile = listed(account, PROFILES)[0]
    said = [{"speaker": "agent", "text": "Hi."}]
    account.script({"to": phone(5)}, answer_after=2, duration=6, turns=said, analysis=dict(ANALYSIS))
    placed = session.call("trigger_call", profile_id=profile["id"], phone=phone(5))
    call = given(placed)
    account.advance(2 * 60)
    ctx.expect(len(dialled(account, phone(5))) == 1, f"trigger_call: expected one call, got {placed}", placed.exchange)
    path = f"{CALLS}/{call['id']}"
    ended = fetched(account, CALLS, call["id"])["status"]
    ctx.expect(ended == "completed", f"the call of trigger_call, two minutes later: it is {ended}", placed.exchange)
    query = "?disposition=hot_lead&include=transcript"
    found = session.call("list_calls", disposition="hot_lead", include=["transcript"])
    _same(ctx, found, account, CALLS + query, "list_calls with a disposition and transcripts")
    _same(
        ctx, session.call("list_calls", min_duration=7), account, f"{CALLS}?min_duration=7", "list_calls, 7 s at least"
    )
    _same(ctx, session.call("get_transcript", call_id=call["id"]), account, f"{path}/transcript", "get_transcript")
    sound = given(session.call("get_recording", call_id=call["id"]))
    base = account.ctx.run_context.transport.base_url
    url = str(sound.get("url"))
    ctx.check_(url.startswith(base), f"get_recording: expected an address of {base}, got {url!r}")
    exchange = account.get(url.removeprefix(base), key=None)
    ctx.expect(exchange.status == 200, f"the address of get_recording: expected 200, got {exchange}", exchange)


def _campaigns_by_tools(ctx: ProbeContext, account: Account, session: Session) -> None:
    campaign = the_campaign(account)
    _same(ctx, session.call("list_campaigns", status="draft"), account, f"{CAMPAIGNS}?status=draft", "list_campaigns")
    for tool, wanted in (
        ("start_campaign", "running"),
        ("pause_campaign", "paused"),
        ("resume_campaign", "running"),
        ("stop_campaign", "completed"),
    ):
        reply = session.call(tool, campaign_id=campaign["id"])
        status = fetched(account, CAMPAIGNS, campaign["id"])["status"]
        ctx.expect(status == wanted, f"{tool}: expected it {wanted}, got {reply}, {status}", reply.exchange)
    one = session.call("get_campaign", campaign_id=campaign["id"])
    _same(ctx, one, account, f"{CAMPAIGNS}/{campaign['id']}", "get_campaign")


def _reports_by_tools(ctx: ProbeContext, account: Account, session: Session) -> None:
    report = the_report(account, "Everything")
    _same(ctx, session.call("list_reports"), account, REPORTS, "list_reports")
    _same(ctx, session.call("get_report", report_id=report["id"]), account, f"{REPORTS}/{report['id']}", "get_report")
    ran = given(session.call("execute_report", report_id=report["id"], date_range="last_7_days"))
    twin = account.post(f"{REPORTS}/{report['id']}/execute", {"date_range": "last_7_days"}).json()
    rows = twin.get("data", {}).get("rows") if isinstance(twin, dict) else None
    ctx.expect(ran.get("rows") == rows, f"execute_report: expected {rows}, got {ran.get('rows')}")
    for kind in ("csv", "pdf"):
        reply = session.call("export_report", report_id=report["id"], format=kind)
        exchange = account.get(f"{REPORTS}/{report['id']}/export?format={kind}")
        held = any(_like(kind, part, exchange.response_body) for part in _files(reply))
        ctx.expect(held, f"export_report as {kind}: expected the file that REST gives, got {reply}", reply.exchange)


def _files(reply: Reply) -> list[bytes]:
    """What a reply holds that could be a file: texts, and base64 in any field."""
    found: list[str] = []
    _strings(reply.result, found)
    files = [text.encode() for text in found]
    for text in found:
        try:
            files.append(base64.b64decode(text, validate=True))
        except ValueError:
            continue
    return files


def _strings(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _strings(inner, found)


def _like(kind: str, found: bytes, wanted: bytes) -> bool:
    """Whether it is the same file; two PDFs of one report need not be alike byte for byte."""
    if kind == "csv":
        return found.split() == wanted.split()
    return found.startswith(b"%PDF-") and abs(len(found) - len(wanted)) < max(len(wanted) // 10, 64)


def _refusals_by_tools(ctx: ProbeContext, account: Account, session: Session) -> None:
    new_contact(account, phone(9))
    shut(ctx, session.call("create_contact", phone=phone(9)), "DUPLICATE", "create_contact of a phone that is known")
    shut(ctx, session.call("create_contact", phone="hello"), "VALIDATION_ERROR", "create_contact of no phone")
    shut(ctx, session.call("get_contact", contact_id=NOBODY[CONTACTS]), "NOT_FOUND", "get_contact of nobody")
    shut(ctx, session.call("get_transcript", call_id=NOBODY[CALLS]), "NOT_FOUND", "get_transcript of no call")
    shut(ctx, session.call("list_contacts", limit=101), "VALIDATION_ERROR", "list_contacts with limit 101")
    campaign = the_campaign(account)
    twin = account.post(f"{CAMPAIGNS}/{campaign['id']}/pause")
    reply = session.call("pause_campaign", campaign_id=campaign["id"])
    shut(ctx, reply, twin.code or "", "pause_campaign of what is completed")
    for tool, arguments in (("create_contact", {}), ("create_contact", {"phone": 5}), ("get_contact", {})):
        reply = session.call(tool, **arguments)
        ctx.expect(reply.refused, f"{tool} with {arguments}: expected a refusal, got {reply}", reply.exchange)


@claim(
    "PST-MCP-3",
    "A batch of calls is triggered, followed and read, each of its calls a call like any other.",
    needs=CTL,
)
def batches_of_calls(ctx: ProbeContext) -> None:
    account = ctx.account()
    session = connected(account)
    new_field(account, "budget", category="extraction")
    profile = new_profile(account, extract_fields=["budget"])
    for place in range(2):
        account.script({"to": phone(place)}, answer_after=2, duration=10, analysis=dict(ANALYSIS))
    account.script({"to": phone(2)}, end="busy")
    rows = [{"phone": phone(place)} for place in range(3)]
    for bad in ([], [{"phone": "hello"}], [{"phone": phone(0)}, {}]):
        reply = session.call("trigger_batch", profile_id=profile["id"], calls=bad)
        ctx.expect(reply.refused, f"trigger_batch of {bad}: expected a refusal, got {reply}", reply.exchange)
    account.advance(HOUR)
    ctx.expect(not listed(account, CALLS), "calls after batches that were refused: expected none")
    began = session.call("trigger_batch", profile_id=profile["id"], calls=rows)
    ctx.check_(not began.refused, f"trigger_batch: expected a batch, got {began}", began.exchange)
    batch = given(began).get("batch_id")
    ctx.precondition(isinstance(batch, str), f"the batch has no id: {given(began)}")
    early = given(session.call("get_batch_status", batch_id=batch))
    ctx.expect(early.get("status") != "completed", f"a batch that has just begun: it is {early.get('status')}")
    account.advance(HOUR)
    late = session.call("get_batch_status", batch_id=batch)
    status = given(late).get("status")
    ctx.expect(status == "completed", f"a batch an hour later: expected completed, it is {status}", late.exchange)
    counts = [len(dialled(account, phone(place))) for place in range(3)]
    ctx.expect(counts == [1, 1, 1], f"calls to each of three: expected one each, got {counts}", late.exchange)
    results = session.call("get_batch_results", batch_id=batch)
    shown = _calls_within(given(results))
    every = {call["id"]: call for call in everything(account, CALLS)}
    ctx.expect(
        len(shown) == 3 and {call["id"] for call in shown} == set(every),
        f"get_batch_results: expected the three calls, got {len(shown)}",
        results.exchange,
    )
    for call in shown:
        odd = odd_fields(call, CALL, "a call of a batch")
        ctx.expect(odd is None, f"get_batch_results: {odd or 'as documented'}", results.exchange)
        twin = every.get(call["id"], {})
        ctx.expect(call.get("status") == twin.get("status"), "a call of a batch: expected it as the list shows it")
    ends = sorted(str(call.get("status")) for call in shown)
    ctx.expect(ends == ["busy", "completed", "completed"], f"how they ended: got {ends}", results.exchange)
    shut(ctx, session.call("get_batch_status", batch_id="batch_000000000000"), "NOT_FOUND", "get_batch_status of none")
    foreign = connected(ctx.default_account()).call("get_batch_results", batch_id=batch)
    shut(ctx, foreign, "NOT_FOUND", "get_batch_results of another organization's")


def _calls_within(value: Any) -> list[dict[str, Any]]:
    """The calls in a tool's answer, wherever they are."""
    if isinstance(value, dict):
        if "cost_breakdown" in value:
            return [value]
        return [call for inner in value.values() for call in _calls_within(inner)]
    return [call for inner in value for call in _calls_within(inner)] if isinstance(value, list) else []


@discovery_claim(
    "PST-MCP-4",
    "`help` maps what is meant to a tool and field; `suggest_options` finds what exists by keyword.",
    needs=WRITE,
    sends=(Send("POST", MCP, 3, note="initialize, help"),),
    probe_needs=WRITE,
)
def help_and_suggestions(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    session = connected(account)
    for intent, tool, field in INTENTS if ctx.emulated else INTENTS[:1]:
        reply = session.call("help", query=intent)
        said: list[str] = []
        _strings(reply.content, said)
        words = set(re.findall(r"[a-z_]+", " ".join(said)))
        ctx.expect(
            not reply.refused and tool in words and (not field or field in words),
            f"help for {intent!r}: expected {tool} {field}, got {sorted(words & set(NAMES)) or reply}",
            reply.exchange,
        )
    if not ctx.emulated:
        ctx.not_covered("all intents but the page's, and suggestions")
        return
    new_field(account, "budget_range")
    profile = new_profile(account, "Sales Qualifier")
    for query, wanted in (
        ("budget", "budget_range"),
        ("sales", profile["id"]),
        ("voice", ""),
        ("dnc", "contact.dnc_requested"),
        ("", "budget_range"),
    ):
        reply = session.call("suggest_options", **({"query": query} if query else {}))
        found: list[str] = []
        _strings(reply.content, found)
        ctx.expect(
            not reply.refused and (wanted in found or any(wanted in each for each in found)),
            f"suggest_options for {query!r}: expected {wanted}, got {found[:8] or reply}",
            reply.exchange,
        )
    strict = session.call("suggest_options", query="sales")
    found = []
    _strings(strict.content, found)
    ctx.expect(
        "budget_range" not in found, "suggest_options for 'sales': expected no field about a budget", strict.exchange
    )
    foreign = connected(ctx.default_account()).call("suggest_options", query="budget")
    found = []
    _strings(foreign.content, found)
    ctx.expect(
        "budget_range" not in found,
        "suggest_options of another organization: expected nothing of ours",
        foreign.exchange,
    )


@claim(
    "PST-MCP-5",
    "Webhooks are listed, subscribed and unsubscribed, and a sample shows an event as it is sent.",
    needs=CTL,
)
def webhooks_by_tools(ctx: ProbeContext) -> None:
    account = ctx.account()
    session = connected(account)
    inbox, other = ctx.inbox(), ctx.inbox()
    made = session.call("subscribe_webhook", url=inbox.url, events=["contact.created"])
    ctx.check_(not made.refused, f"subscribe_webhook: expected a webhook, got {made}", made.exchange)
    webhook = given(made)
    ctx.expect(bool(webhook.get("secret")), "subscribe_webhook: expected the secret that signs", made.exchange)
    session.call("subscribe_webhook", url=other.url)
    shown = session.call("list_webhooks")
    urls = {str(each.get("url")) for each in given(shown) if isinstance(each, dict)}
    ctx.expect(urls == {inbox.url, other.url}, f"list_webhooks: expected both, got {sorted(urls)}", shown.exchange)
    ctx.expect(
        str(webhook.get("secret")).encode() not in shown.exchange.response_body,
        "list_webhooks: expected no secrets in it",
        shown.exchange,
    )
    contact = new_contact(account, phone(1))
    account.post(f"{CONTACTS}/{contact['id']}/dnc")
    account.advance(1)
    counts = (len(inbox.received), len(other.received))
    ctx.expect(counts == (1, 2), f"events to both: expected one of those selected, two of all, got {counts}")
    gone = session.call("unsubscribe_webhook", webhook_id=str(webhook.get("id")))
    ctx.expect(not gone.refused, f"unsubscribe_webhook: expected it gone, got {gone}", gone.exchange)
    new_contact(account, phone(2))
    account.advance(1)
    ctx.expect(len(inbox.received) == 1, "an event after unsubscribing: expected it not to come", *inbox.received)
    _samples(ctx, session, [about(event) for event in told(other, "contact.created")])
    bad: list[tuple[dict[str, Any], str]] = [
        ({"url": "http://hooks.example.com/in"}, "plain http"),
        ({"url": "hello"}, "no address"),
        ({"url": ctx.inbox().url, "events": ["call.exploded"]}, "an unknown event"),
    ]
    if ctx.run_context.strict:
        bad.append(({"url": "https://127.0.0.1/in"}, "an inner address"))
    else:
        ctx.not_covered("inner addresses, which an emulator takes on loopback unless it is started with --strict")
    for arguments, what in bad:
        reply = session.call("subscribe_webhook", **arguments)
        ctx.expect(reply.refused, f"subscribe_webhook to {what}: expected a refusal, got {reply}", reply.exchange)
    shut(
        ctx,
        session.call("unsubscribe_webhook", webhook_id="wh_000000000000"),
        "NOT_FOUND",
        "unsubscribe_webhook of none",
    )


def _samples(ctx: ProbeContext, session: Session, sent: list[dict[str, Any]]) -> None:
    for name in EVENTS:
        reply = session.call("get_webhook_sample", event=name)
        events = _events_within(reply.content)
        named = bool(events) and events[0].get("event") == name
        odd = odd_fields(events[0], EVENT, "the sample") if events else f"there is none: {reply}"
        ctx.expect(named and odd is None, f"get_webhook_sample of {name}: {odd or 'as documented'}", reply.exchange)
        if name == "contact.created" and sent and events:
            ctx.expect(
                set(about(events[0])) == set(sent[0]),
                f"a sample of {name}: expected the fields of one that is sent, got {sorted(about(events[0]))}",
                reply.exchange,
            )
    unknown = session.call("get_webhook_sample", event="call.exploded")
    ctx.expect(unknown.refused, f"get_webhook_sample of an unknown event: got {unknown}", unknown.exchange)


def _events_within(value: Any) -> list[dict[str, Any]]:
    """The events in a tool's answer, wherever they are."""
    if isinstance(value, dict):
        if {"event", "timestamp", "data"} <= set(value):
            return [value]
        return [event for inner in value.values() for event in _events_within(inner)]
    return [event for inner in value for event in _events_within(inner)] if isinstance(value, list) else []


@mcp_claim(
    "PST-MCP-6",
    "Without a valid key the MCP server answers 401, and no tool runs.",
    needs=READ,
    basis=Basis.OURS,
    sends=(Send("POST", MCP, 2, note="without a valid key"),),
    probe_needs=WRITE,
)
def tools_without_a_key(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    body |= {"params": {"name": "create_contact", "arguments": {"phone": phone(1)}}}
    for key, what in ((None, "no key"), (NEVER_ISSUED, "a key that was never issued")):
        exchange = account.post(MCP, body, key=key, headers=(("Accept", "application/json, text/event-stream"),))
        refused(ctx, exchange, (401,), f"a tool with {what}", "UNAUTHORIZED")
    if ctx.emulated:
        ctx.expect(not listed(account, CONTACTS), "contacts after that: expected none")


@keys_claim(
    "PST-MCP-7",
    "A key's permissions hold for tools as they do for REST.",
    needs=CTL,
)
def permissions_of_tools(ctx: ProbeContext) -> None:
    account = ctx.account(
        keys=({}, {"scope": "read_only"}, {"scope": "write_only"}, {"kind": "test"}),
        campaigns=[{"name": "Spring follow-up"}],
        reports=[{"name": "Everything"}],
    )
    profile = new_profile(account)
    contact = new_contact(account, phone(1))
    held_call(account, profile, phone(2), 5)
    campaign = the_campaign(account)
    before = [everything(account, path) for path in LISTS]
    writes: list[tuple[str, dict[str, Any]]] = [
        ("create_contact", {"phone": phone(3)}),
        ("update_contact", {"contact_id": contact["id"], "company": "Ours"}),
        ("add_to_dnc", {"contact_id": contact["id"]}),
        ("trigger_call", {"profile_id": profile["id"], "phone": phone(4)}),
        ("trigger_batch", {"profile_id": profile["id"], "calls": [{"phone": phone(5)}]}),
        ("start_campaign", {"campaign_id": campaign["id"]}),
        ("create_custom_field", {"name": "budget", "type": "string"}),
        ("create_profile", {"name": "Another"}),
        ("subscribe_webhook", {"url": ctx.inbox().url}),
    ]
    reads: list[tuple[str, dict[str, Any]]] = [
        ("list_contacts", {}),
        ("get_contact", {"contact_id": contact["id"]}),
        ("list_calls", {}),
        ("list_webhooks", {}),
        ("execute_report", {"report_id": the_report(account, "Everything")["id"]}),
        ("suggest_options", {}),
    ]
    for key, code, what in (
        (account.keys[1], "READ_ONLY", "a Read Only key"),
        (account.keys[3], "TEST_KEY", "a test key"),
    ):
        session = connected(account, key)
        for tool, arguments in writes:
            shut(ctx, session.call(tool, **arguments), code, f"{tool} with {what}")
        for tool, arguments in reads:
            reply = session.call(tool, **arguments)
            ctx.expect(not reply.refused, f"{tool} with {what}: expected it to answer, got {reply}", reply.exchange)
    account.advance(HOUR)
    after = [everything(account, path) for path in LISTS]
    ctx.expect(after == before, "what there is after their writes: expected it as it was")
    session = connected(account, account.keys[2])
    for tool, arguments in reads[:4]:
        reply = session.call(tool, **arguments)
        ctx.expect(
            reply.result.get("isError") is True,
            f"{tool} with a Write Only key: expected a refusal, got {reply}",
            reply.exchange,
        )
    made = session.call("create_contact", phone=phone(6))
    ctx.expect(not made.refused, f"create_contact with a Write Only key: expected it made, got {made}", made.exchange)

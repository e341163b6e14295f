"""PhoneStack's claims, in the order of its page."""

from __future__ import annotations

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.phonestack.adapter import ADAPTER, ENGINE_CLAIMS, sample_ids
from ringback_conformance.claims.phonestack.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.model import Basis, Claim, Level, Need

KEYS = "Authentication"
LIMITS = "Rate Limits"
ERRORS = "Errors"
PAGES = "Pagination"
CONTACTS = "Contacts API"
CREATE = "Contacts API: Create Contact"
BULK = "Contacts API: Bulk Create"
LISTING = "Contacts API: List Contacts"
CALLS = "Calls API"
CALL_LIST = "Calls API: List Calls"
CALL = "Calls API: Call Response"
CAMPAIGNS = "Campaigns API"
CONTROL = "Campaigns API: Campaign Control"
FIELDS = "Custom Fields API"
VALIDATION = "Custom Fields API: Validation"
PROFILES = "Profiles API"
EXTRACT = "Profiles API: Profile Extract Fields"
REPORTS = "Reports API"
WEBHOOKS = "Webhooks"
EVENTS = "Webhooks: Events"
SIGNATURE = "Webhooks: Signature Verification"
PAYLOAD = "Webhooks: Webhook Payload Example"
MCP = "MCP Server"
TOOLS = "MCP Server: Available Tools"
DISCOVERY = "MCP Server: Discovery Tools"
RECIPES = "Integration Recipes"

Row = tuple[str, str, str, str, str]

ROWS: tuple[Row, ...] = (
    (
        "PST-AUTH-1",
        "doc",
        "read",
        KEYS,
        "A missing or invalid key is answered 401 `UNAUTHORIZED`.",
    ),
    (
        "PST-AUTH-2",
        "doc",
        "ctl",
        KEYS,
        "A Read Only key writes nothing: 403 `READ_ONLY`; a Write Only key reads nothing: 403.",
    ),
    (
        "PST-AUTH-3",
        "doc",
        "ctl",
        KEYS,
        "A test key (`ps_test_…`) reads; writes and real calls are answered 403 `TEST_KEY`.",
    ),
    ("PST-AUTH-4", "doc", "ctl", ERRORS, "What belongs to another organization is answered 404 `NOT_FOUND`."),
    (
        "PST-LIM-1",
        "doc",
        "burst",
        LIMITS,
        "A key has 100 requests a minute; then 429 `RATE_LIMIT_EXCEEDED` with a Retry-After after which it goes on.",
    ),
    ("PST-LIM-2", "doc", "ctl", LIMITS, "A key has 10 bulk requests a minute, counted apart from the others."),
    ("PST-LIM-3", "doc", "ctl", LIMITS, "Limits are each key's own: one that is used up bears on no other."),
    ("PST-ERR-1", "doc", "ctl", ERRORS, "Trouble on the server's side is 500 `INTERNAL_ERROR` in the envelope."),
    (
        "PST-ERR-2",
        "doc",
        "read",
        ERRORS,
        "Every error is `success` false with a code and a message; a documented code has its documented status.",
    ),
    ("PST-ERR-3", "doc", "write", ERRORS, "What does not exist is answered 404 `NOT_FOUND`, whatever is asked of it."),
    (
        "PST-ERR-4",
        "ours",
        "write",
        ERRORS,
        "A body that is no JSON object, or has a field of a wrong type, is `VALIDATION_ERROR`, and nothing is made.",
    ),
    (
        "PST-ERR-5",
        "doc",
        "write",
        EXTRACT,
        "A JSON body is taken without a JSON content type, as the page's own curl lines send it.",
    ),
    (
        "PST-ERR-6",
        "ours",
        "read",
        ERRORS,
        "A path or method that the API lacks is answered 404 or 405 in the envelope.",
    ),
    (
        "PST-PAGE-1",
        "doc",
        "write",
        PAGES,
        "A page has 50 objects unless `limit` says otherwise, 100 at most; the cursor leads through every object once.",
    ),
    (
        "PST-PAGE-2",
        "doc",
        "read",
        PAGES,
        "A list is `success` true with `data` and `meta`: limit, next_cursor, has_more.",
    ),
    (
        "PST-PAGE-3",
        "ours",
        "read",
        PAGES,
        "A limit outside 1 to 100, or a cursor that was not given out, is answered 400 `VALIDATION_ERROR`.",
    ),
    (
        "PST-CON-1",
        "doc",
        "write",
        CONTACTS,
        "A contact is created, read, updated and deleted, with the documented fields as they were given.",
    ),
    ("PST-CON-2", "doc", "write", CREATE, "A phone that is missing or no number is refused `VALIDATION_ERROR`."),
    ("PST-CON-3", "doc", "write", ERRORS, "A phone that a contact has already is refused 409 `DUPLICATE`."),
    (
        "PST-CON-4",
        "doc",
        "ctl",
        CREATE,
        "A contact for a running campaign is in its call queue at once, and is called.",
    ),
    (
        "PST-CON-5",
        "doc",
        "ctl",
        BULK,
        "A bulk import takes up to 1,000 contacts and counts created, duplicates, invalid; 1,001 are refused whole.",
    ),
    ("PST-CON-6", "doc", "write", LISTING, "The list narrows by dnc_status, source and tag, together too."),
    (
        "PST-CON-7",
        "doc",
        "ctl",
        CONTACTS,
        "A contact is put on the Do Not Call list and taken off it; while on it nobody dials the number.",
    ),
    ("PST-CON-8", "doc", "hook ctl", EVENTS, "contact.created fires for a contact, and for each of a bulk import."),
    ("PST-CON-9", "doc", "ctl", BULK, "Tags and campaign of a bulk import are every contact's in it."),
    (
        "PST-CON-10",
        "ours",
        "ctl",
        BULK,
        "A bulk import tells which rows were not taken, and why; the others are taken all the same.",
    ),
    (
        "PST-CON-11",
        "ours",
        "write",
        CONTACTS,
        "An update leaves alone what it does not name; one that is refused changes nothing.",
    ),
    (
        "PST-CALL-1",
        "doc",
        "ctl",
        CALL_LIST,
        "The list narrows by campaign, disposition, status, direction, contact, time, duration, meeting; together too.",
    ),
    (
        "PST-CALL-2",
        "doc",
        "ctl",
        CALL_LIST,
        "`include` embeds transcript and contact, each only where it is asked for.",
    ),
    (
        "PST-CALL-3",
        "doc",
        "read",
        CALL,
        "A call is as documented; its costs add up, and its analysis is there once it is completed.",
    ),
    ("PST-CALL-4", "doc", "ctl", CALLS, "The transcript alone: who said what, and when, in order."),
    ("PST-CALL-5", "doc", "ctl", CALLS, "A recording has a signed address that works for an hour and then no more."),
    (
        "PST-CALL-6",
        "doc",
        "ctl",
        EXTRACT,
        "A triggered call dials; it extracts the profile's fields, or those that `extract` names for this call alone.",
    ),
    (
        "PST-CALL-7",
        "ours",
        "write",
        EXTRACT,
        "A trigger without a profile in use or a phone number is refused, and nobody is dialled.",
    ),
    ("PST-CALL-8", "ours", "ctl", CALLS, "A recording is a real MP3, as long as the talk."),
    (
        "PST-CAM-1",
        "doc",
        "ctl",
        CAMPAIGNS,
        "Campaigns are listed, narrowed by direction and status, and each has stats that agree with its calls.",
    ),
    (
        "PST-CAM-2",
        "doc",
        "ctl",
        CONTROL,
        "Start, pause, resume and stop work from the right state; from another they are refused and change nothing.",
    ),
    ("PST-CAM-3", "doc", "read", CONTROL, "Campaigns cannot be created through the API: 404 or 405."),
    (
        "PST-CAM-4",
        "doc",
        "ctl",
        CONTROL,
        "A running campaign dials everybody in its queue once, at its pace, rests while paused, and then completes.",
    ),
    (
        "PST-CAM-5",
        "doc",
        "ctl",
        CONTROL,
        "A stopped campaign is completed, and dials nobody that was left in its queue.",
    ),
    (
        "PST-CF-1",
        "doc",
        "write",
        FIELDS,
        "A custom field is created, read, updated, deleted and listed by category; an enum has to have options.",
    ),
    (
        "PST-CF-2",
        "doc",
        "ctl",
        VALIDATION,
        "Custom field values are checked on contacts and triggers: options, types, required ones; unknown ones pass.",
    ),
    ("PST-CF-3", "ours", "write", FIELDS, "A name that a custom field has already is refused 409 `DUPLICATE`."),
    ("PST-CF-4", "doc", "write", FIELDS, "A field for extraction alone binds no contact."),
    (
        "PST-PRO-1",
        "doc",
        "write",
        PROFILES,
        "A profile is created and compiled, updated and compiled anew, and archived: no longer listed, still readable.",
    ),
    ("PST-PRO-2", "ours", "write", EXTRACT, "What a profile extracts has to be defined, for extraction or both."),
    ("PST-REP-1", "doc", "ctl", REPORTS, "Reports are listed, and each shows its configuration."),
    ("PST-REP-2", "doc", "ctl", REPORTS, "A report is run over a range of days, and its figures agree with the calls."),
    ("PST-REP-3", "doc", "ctl", REPORTS, "A report is exported as CSV and as a real PDF, with the rows of a run."),
    ("PST-REP-4", "ours", "ctl", REPORTS, "An unknown range or format is refused 400 `VALIDATION_ERROR`."),
    (
        "PST-HOOK-1",
        "doc",
        "hook ctl",
        EVENTS,
        "Each of the eleven events fires on its cause, once.",
    ),
    (
        "PST-HOOK-2",
        "doc",
        "hook ctl",
        SIGNATURE,
        "X-PhoneStack-Signature is the hexadecimal HMAC-SHA256 of the raw body under the webhook's secret.",
    ),
    (
        "PST-HOOK-3",
        "doc",
        "hook ctl",
        PAYLOAD,
        "An event is event, timestamp, organization_id and data; call.completed carries analysis and transcript.",
    ),
    (
        "PST-HOOK-4",
        "doc",
        "hook ctl",
        PAYLOAD,
        "Ten failed deliveries in a row disable a webhook; a success starts the count anew; it can be enabled again.",
    ),
    (
        "PST-HOOK-5",
        "doc",
        "hook ctl",
        RECIPES,
        "call.completed tells in its data what the page's recipe reads there: contact_id and timestamp.",
    ),
    ("PST-HOOK-6", "doc", "hook ctl", RECIPES, "A webhook gets the events that were selected for it, and no others."),
    (
        "PST-BILL-1",
        "ours",
        "ctl",
        EVENTS,
        "Once the spending limit is reached nobody is dialled: triggers are refused and campaigns rest.",
    ),
    (
        "PST-MCP-1",
        "doc",
        "read",
        TOOLS,
        "The MCP server speaks Streamable HTTP and lists exactly the 40 documented tools, each with an input schema.",
    ),
    (
        "PST-MCP-2",
        "doc",
        "ctl",
        MCP,
        "A tool does what its REST twin does, on the same store; a refusal is an error result with the same code.",
    ),
    (
        "PST-MCP-3",
        "doc",
        "ctl",
        TOOLS,
        "A batch of calls is triggered, followed and read, each of its calls a call like any other.",
    ),
    (
        "PST-MCP-4",
        "doc",
        "write",
        DISCOVERY,
        "`help` maps what is meant to a tool and field; `suggest_options` finds what exists by keyword.",
    ),
    (
        "PST-MCP-5",
        "doc",
        "ctl",
        TOOLS,
        "Webhooks are listed, subscribed and unsubscribed, and a sample shows an event as it is sent.",
    ),
    ("PST-MCP-6", "ours", "read", MCP, "Without a valid key the MCP server answers 401, and no tool runs."),
    ("PST-MCP-7", "doc", "ctl", KEYS, "A key's permissions hold for tools as they do for REST."),
)


def _claim(row: Row) -> Claim:
    id_, basis, needs, section, text = row
    return Claim(
        id=id_,
        basis=Basis(basis),
        needs=frozenset(Need(need) for need in needs.split()),
        section=section,
        text=text,
        level=Level.SHOULD if id_ in SHOULD else Level.MUST,
    )


SHOULD: frozenset[str] = frozenset()

CATALOGUE = Catalogue(
    ADAPTER,
    (_claim(row) for row in ROWS),
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

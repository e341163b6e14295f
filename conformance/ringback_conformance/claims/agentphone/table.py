"""AgentPhone's claims: those of its page, and where the page is silent those of its official clients."""

from __future__ import annotations

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.agentphone.adapter import ADAPTER, ENGINE_CLAIMS, sample_ids
from ringback_conformance.claims.agentphone.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.model import Basis, Claim, Level, Need

KEYS = "Create number: Example"
CREATE = "Create number"
LIST = "List numbers"
RELEASE = "Delete number (release)"
MESSAGES = "Get messages for number"
COMPLIANCE = "Phone numbers: SMS compliance"
ERRORS = "SDK: errors"
PAGES = "SDK: lists"
NUMBERS = "SDK: numbers"
AGENTS = "SDK: agents"
CALLS = "SDK: calls"
VOICE = "SDK: webhooks, voice replies"
TRANSCRIPTS = "SDK: transcripts and recordings"
SENDING = "SDK: messages"
CONVERSATIONS = "SDK: conversations"
CONTACTS = "SDK: contacts"
WEBHOOKS = "SDK: webhooks"
EVENTS = "SDK: webhook events"
USAGE = "SDK: usage"
ACCOUNT = "SDK: account"
CLIENTS = "SDKs"
OURS = "Ringback"

Row = tuple[str, str, str, str, str]

ROWS: tuple[Row, ...] = (
    ("AGP-AUTH-1", "doc", "read", KEYS, "A request without a valid bearer key is answered 401, whatever it asks for."),
    (
        "AGP-AUTH-2",
        "ours",
        "ctl",
        OURS,
        "Another account's number, agent, call, conversation or contact is answered 404 and stays as it was; no "
        "list shows it.",
    ),
    (
        "AGP-ERR-1",
        "sdk",
        "read",
        ERRORS,
        "Every error carries `detail`, which the clients show, and `error` with message, code and type; the detail "
        "of a 422 is a list of {loc, msg, type}.",
    ),
    (
        "AGP-ERR-2",
        "sdk",
        "write",
        ERRORS,
        "What cannot be done is answered 400, 402, 404, 409, 422, 429 with Retry-After, or 502, each with its code.",
    ),
    (
        "AGP-ERR-3",
        "ours",
        "write",
        OURS,
        "An unknown path or method is answered 404, a body that is no JSON object 422, one over 1 MiB 413; a "
        "request without a body may come with or without a content type.",
    ),
    ("AGP-ERR-4", "ours", "read", OURS, "No request, however odd, is answered with a 5xx unless there is trouble."),
    (
        "AGP-ERR-5",
        "sdk",
        "ctl",
        ERRORS,
        "A request that was answered 429, 502 or 503 has done nothing and cost nothing, and works when it is repeated.",
    ),
    (
        "AGP-ERR-6",
        "ours",
        "ctl",
        OURS,
        "What the vendor has and Ringback does not emulate is answered 501 `NOT_EMULATED`, under the key as all else.",
    ),
    (
        "AGP-PAGE-1",
        "doc",
        "read",
        LIST,
        "`limit` is from 1 to 100 and 20 by default, `offset` from 0; anything else is answered 422.",
    ),
    (
        "AGP-PAGE-2",
        "doc",
        "read",
        MESSAGES,
        "Messages come by `limit` (1 to 200, 50 by default), `before` and `after`; walking on with before visits "
        "every message once, those of the same instant included.",
    ),
    ("AGP-PAGE-3", "sdk", "read", PAGES, "A list is {data, hasMore, total}, one of messages {data, hasMore}."),
    (
        "AGP-PAGE-4",
        "sdk",
        "ctl",
        PAGES,
        "Walking on by offset visits every object once, the latest first; hasMore is true until the last page.",
    ),
    (
        "AGP-NUM-1",
        "doc",
        "spend",
        CREATE,
        "POST /v1/numbers buys an active number of the country, US by default, in the area where that has one, for "
        "the agent where one is named, and answers as the page shows.",
    ),
    (
        "AGP-NUM-2",
        "doc",
        "write",
        CREATE,
        "An unsupported country, a malformed areaCode or an unknown agentId is answered 4xx; nothing is bought.",
    ),
    ("AGP-NUM-3", "doc", "read", LIST, "GET /v1/numbers lists the account's numbers."),
    (
        "AGP-NUM-4",
        "doc",
        "spend",
        RELEASE,
        "DELETE marks a number released, for good; it rings no more, and its messages and conversations stay readable.",
    ),
    (
        "AGP-NUM-5",
        "doc",
        "read",
        MESSAGES,
        "GET /v1/numbers/{id}/messages lists {id, from_, to, body, receivedAt}, the latest first.",
    ),
    (
        "AGP-NUM-6",
        "doc",
        "ctl",
        COMPLIANCE,
        "Without registration inbound SMS and calls work at once, while an outbound SMS is refused or waits.",
    ),
    ("AGP-NUM-7", "sdk", "spend", NUMBERS, "A released number leaves the list and stays readable by its id."),
    (
        "AGP-NUM-8",
        "sdk",
        "write",
        NUMBERS,
        "Numbers can be had by id, tagged with externalId and expiresAt (released when it passes), searched for, "
        "looked up, and given a contact card.",
    ),
    (
        "AGP-NUM-9",
        "sdk",
        "ctl",
        NUMBERS,
        "A number costs $3 a month; without $3 it is answered 402 `INSUFFICIENT_BALANCE`, and the eleventh 400 "
        "`VALIDATION_ERROR_NUMBER_LIMIT`; nothing is bought then.",
    ),
    (
        "AGP-AGT-1",
        "sdk",
        "write",
        AGENTS,
        "Agents are made, read, changed and deleted with all their fields, defaults and ranges; numbers are "
        "attached and detached; a deleted agent's numbers and history stay.",
    ),
    (
        "AGP-AGT-2",
        "sdk",
        "write",
        AGENTS,
        "customTools holds at most 20 tools, is replaced as a whole, and cleared by an empty list.",
    ),
    (
        "AGP-AGT-3",
        "sdk",
        "ctl",
        AGENTS,
        "An agent's calls and conversations list its own and no other's.",
    ),
    (
        "AGP-CALL-1",
        "sdk",
        "spend",
        CALLS,
        "POST /v1/calls answers at once, in progress; the call then has its transcripts, end, duration and snippet,"
        " can be listed by filter, ended, and waited for.",
    ),
    (
        "AGP-CALL-2",
        "sdk",
        "ctl",
        VOICE,
        "Without a prompt each turn of the other side is POSTed to the webhook, and its reply (JSON, or NDJSON with"
        " interim lines) is what the agent says; hangup, transfer and digits act; no reply, a late or a bad one is "
        "silence.",
    ),
    (
        "AGP-CALL-3",
        "sdk",
        "read",
        TRANSCRIPTS,
        "A call has its transcript, its transcript as a stream (connected, turns, ended), and, where it was "
        "recorded, a WAV that needs no key; without one 404.",
    ),
    (
        "AGP-CALL-4",
        "sdk",
        "ctl",
        CALLS,
        "A call goes out from the agent's first number, or from fromNumberId, which must be the agent's.",
    ),
    (
        "AGP-CALL-5",
        "sdk",
        "ctl",
        CALLS,
        "With systemPrompt a built-in model speaks and no webhook is asked, whatever the agent's mode; variables "
        "fill the {{names}} of the greeting.",
    ),
    (
        "AGP-CALL-6",
        "sdk",
        "ctl",
        CALLS,
        "A minute costs $0.13 by webhook and $0.22 hosted, billed by the second; without money a call is answered 402.",
    ),
    ("AGP-CALL-7", "sdk", "ctl", CALLS, "A web call gives an id and an access token; it is of type web and not pstn."),
    (
        "AGP-CALL-8",
        "sdk",
        "ctl",
        CALLS,
        "A call that comes in is the number's and its agent's, with direction inbound.",
    ),
    (
        "AGP-MSG-1",
        "sdk",
        "spend",
        SENDING,
        "POST /v1/messages sends from the agent's first number, a number by id or by its digits, with media, "
        "replies and groups; conversations thread by participant; reactions are sent.",
    ),
    (
        "AGP-MSG-2",
        "sdk",
        "ctl",
        SENDING,
        "An SMS costs $0.02 a segment; without money it is answered 402, and nothing is sent.",
    ),
    (
        "AGP-MSG-3",
        "sdk",
        "ctl",
        SENDING,
        "A message that arrives is shown as delivered with deliveredAt, one that does not as failed with a reason.",
    ),
    (
        "AGP-MSG-4",
        "sdk",
        "ctl",
        SENDING,
        "Groups, reactions, styles, typing and backgrounds are iMessage's: an SMS line refuses them with 400.",
    ),
    (
        "AGP-MSG-5",
        "sdk",
        "ctl",
        SENDING,
        "An iMessage line writes to 50 new people a day; the next is answered 429, while whoever it knows is "
        "written to.",
    ),
    (
        "AGP-MSG-6",
        "sdk",
        "ctl",
        SENDING,
        "SMS that are sent faster than the account's campaign allows wait their turn as queued: none is refused.",
    ),
    (
        "AGP-CON-1",
        "sdk",
        "write",
        CONTACTS,
        "Contacts are made (201), read, found, changed and deleted (204); numbers are brought into E.164 form, and "
        "a second contact of one number is answered 409.",
    ),
    (
        "AGP-CNV-1",
        "sdk",
        "write",
        CONVERSATIONS,
        "Conversations are listed, read with their messages, remembered about (null forgets); typing and "
        "backgrounds are shown.",
    ),
    (
        "AGP-HOOK-1",
        "sdk",
        "hook",
        WEBHOOKS,
        "The account and each agent can have a webhook, and an event goes to exactly one: the agent's, else the "
        "account's. Each POST gives a new secret; unset, GET is null.",
    ),
    (
        "AGP-HOOK-2",
        "sdk",
        "hook",
        WEBHOOKS,
        "X-Webhook-Signature is sha256= and the HMAC of timestamp, full stop and raw body under the whole secret; "
        "X-Webhook-Timestamp is the moment of sending, and X-Webhook-ID names the delivery.",
    ),
    (
        "AGP-HOOK-3",
        "sdk",
        "hook ctl",
        EVENTS,
        "agent.message (text and voice), agent.call_ended and agent.reaction come with recentHistory, up to "
        "contextLimit, and conversationState.",
    ),
    (
        "AGP-HOOK-4",
        "sdk",
        "hook ctl",
        WEBHOOKS,
        "An event is tried 6 times, each wait longer, then failed; deliveries, counts and a test event tell of it.",
    ),
    (
        "AGP-HOOK-5",
        "sdk",
        "write",
        WEBHOOKS,
        "contextLimit is from 0 to 50 and 10 by default, timeout from 5 to 120 and 30 by default; anything else is "
        "answered 422, and so is an address that is none.",
    ),
    ("AGP-USE-1", "sdk", "read", USAGE, "Usage, by day, month, number and agent, agrees with what was done."),
    (
        "AGP-ACC-1",
        "sdk",
        "ctl",
        ACCOUNT,
        "Sub-accounts are made, listed, renamed and deleted; X-Sub-Account-Id keeps their numbers, agents and "
        "webhook apart, and an unknown one is answered 404.",
    ),
    (
        "AGP-ACC-2",
        "sdk",
        "ctl",
        ACCOUNT,
        "A registration is asked for once, can be changed while it is pending, and opens outbound SMS when it is "
        "through.",
    ),
    (
        "AGP-ACC-3",
        "sdk",
        "ctl",
        ACCOUNT,
        "A number's location tells a status and when it was found out; a refresh says when to look again.",
    ),
    (
        "AGP-ACC-4",
        "sdk",
        "ctl",
        ACCOUNT,
        "Whoever signs up gets a code by e-mail, and for it, once, an account with an agent, a number and a key "
        "that works.",
    ),
    (
        "AGP-ACC-5",
        "sdk",
        "ctl",
        ACCOUNT,
        "A registration is asked for at most 5 times an hour; then it is answered 429.",
    ),
    (
        "AGP-SDK-1",
        "sdk",
        "spend",
        CLIENTS,
        "Every method of the official Python client, sync and async, works with only base URL and key changed.",
    ),
)

"""id, basis, needs, section of the page, promise."""

SHOULD = frozenset({"AGP-ERR-3", "AGP-ERR-4", "AGP-ERR-6"})

CATALOGUE = Catalogue(
    ADAPTER,
    (
        Claim(
            id=id_,
            basis=Basis(basis),
            needs=frozenset(map(Need, needs.split())),
            section=section,
            text=text,
            level=Level.SHOULD if id_ in SHOULD else Level.MUST,
        )
        for id_, basis, needs, section, text in ROWS
    ),
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

"""Inkbox's claims: the page's, in its order, and those of the official SDK where the page is silent."""

from __future__ import annotations

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.inkbox.adapter import ADAPTER, ENGINE_CLAIMS, sample_ids
from ringback_conformance.claims.inkbox.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.model import Basis, Claim, Need

START = "Quick start"
NUMBERS = "Phone Numbers"
PROVISION = "Phone Numbers · Provision phone number"
UPDATE = "Phone Numbers · Update phone number"
PLACE = "Calls · Place call"
CALLS = "Calls"
TEXTS = "Texts"
LIST = "Texts · List texts"
CONVERSATIONS = "Texts · List conversations"
SEARCH = "Texts · Search texts; Transcripts · Search transcripts"
WEBHOOKS = "Webhooks"

Row = tuple[str, str, str, str, str]

ROWS: tuple[Row, ...] = (
    (
        "INK-AUTH-1",
        "doc",
        "read",
        START,
        "A request without a valid token in X-Service-Token is answered 401; X-API-Key is taken alike.",
    ),
    (
        "INK-AUTH-2",
        "sdk",
        "write",
        START,
        "An agent's key sees its identity alone and never what a rule kept away; changing `filter_mode` is answered"
        " 403.",
    ),
    (
        "INK-AUTH-3",
        "sdk",
        "write",
        START,
        "An administrator's key makes keys for identities, shown once, and no other administrator's (403); whoami "
        "tells which kind a key is.",
    ),
    (
        "INK-ERR-1",
        "sdk",
        "read",
        START,
        'An error is `{"detail": …}`: a sentence, an object with its code in `error`, or for bad input a list.',
    ),
    ("INK-ERR-2", "sdk", "write", START, "A body or query that will not do is answered 422, and nothing happens."),
    (
        "INK-ID-1",
        "sdk",
        "ctl",
        START,
        "Identities are made, listed, changed and deleted; a handle that is taken is 409.",
    ),
    ("INK-ID-2", "sdk", "ctl", START, "An identity is seen by other agents' keys as far as it was granted."),
    (
        "INK-NUM-1",
        "doc",
        "spend",
        NUMBERS,
        "A toll-free or local number can be provisioned, listed (a bare array), shown, updated and released.",
    ),
    (
        "INK-NUM-2",
        "sdk",
        "write",
        UPDATE,
        "`auto_accept` needs a WebSocket URL and `webhook` a webhook URL (422); null clears and what is absent stays.",
    ),
    ("INK-NUM-3", "sdk", "ctl", PROVISION, "A fourth active number is answered 429, and none is taken."),
    (
        "INK-NUM-4",
        "sdk",
        "ctl",
        PROVISION,
        "A number belongs to the identity whose handle was given, which shows it; an unknown handle is answered 404.",
    ),
    (
        "INK-NUM-5",
        "sdk",
        "ctl",
        UPDATE,
        "A change of `filter_mode` tells which active rules are redundant from now on, and how many.",
    ),
    (
        "INK-NUM-6",
        "sdk",
        "ctl",
        UPDATE,
        "What becomes of incoming calls is one setting, seen and changed on the number and on its identity.",
    ),
    (
        "INK-CALL-1",
        "doc",
        "spend",
        PLACE,
        "A call can be placed; `rate_limit` agrees with what was placed, and past 100 calls or minutes in 24 h it "
        "is 429.",
    ),
    (
        "INK-CALL-2",
        "doc",
        "read",
        CALLS,
        "Calls are listed newest first and shown, with transcripts ordered by `seq`, in both path layouts over one "
        "store; a call can be hung up, and one that has ended is then 409.",
    ),
    (
        "INK-CALL-3",
        "doc",
        "ctl",
        PLACE,
        "On a call the agent's WebSocket is dialled, the upgrade signed, and what either side says reaches the "
        "other and the transcript, from `start` to `stop`.",
    ),
    (
        "INK-CALL-4",
        "doc",
        "hook ctl",
        UPDATE,
        "An incoming call is accepted, rejected, or as the webhook says: answer, reject or ignore; anything else "
        "declines.",
    ),
    (
        "INK-CALL-5",
        "sdk",
        "ctl",
        PLACE,
        "An agent that declines text gets 20 ms frames of PCMU at the pace of the clock, sends its own, and alone "
        "writes the transcript.",
    ),
    (
        "INK-CALL-6",
        "sdk",
        "ctl",
        PLACE,
        "An agent ends a call with `stop`; closing the socket or an unknown event does not.",
    ),
    (
        "INK-CALL-7",
        "sdk",
        "ctl",
        PLACE,
        "A caller who talks over the agent is told as `barge_in`, and `clear` drops what the agent had yet to say.",
    ),
    (
        "INK-CALL-8",
        "sdk",
        "ctl",
        PLACE,
        "A hosted agent's call needs a reason and no socket, shows both, and does on a voicemail what was asked for.",
    ),
    ("INK-CALL-9", "sdk", "ctl", UPDATE, "A forwarded call shows where it was passed on to and how far that came."),
    (
        "INK-CALL-10",
        "sdk",
        "ctl",
        PLACE,
        "A calling number that is not one's own is answered 400; the socket is the number's own when none is named.",
    ),
    (
        "INK-CALL-11",
        "sdk",
        "ctl",
        CALLS,
        "The tools that a hosted agent uses are on record as they begin and end, and what it left to be done is shown, "
        "and told by `call.ended`, when the call is over.",
    ),
    (
        "INK-TXT-1",
        "doc",
        "read",
        TEXTS,
        "Texts are listed newest first, shown, marked read and unread, and deleted: then they are in no list.",
    ),
    (
        "INK-TXT-2",
        "doc",
        "read",
        CONVERSATIONS,
        "Conversations tell how many texts are unread; one is shown by its remote number, and marking it as a whole"
        " answers how many changed.",
    ),
    (
        "INK-TXT-3",
        "sdk",
        "spend",
        TEXTS,
        "A text goes to 1 to 8 recipients, with media as MMS, and from queued to its end; a repeat with the same "
        "key sends nothing twice, and the key finds it.",
    ),
    (
        "INK-TXT-4",
        "sdk",
        "ctl",
        TEXTS,
        "STOP and START opt out and in; contact rules and the filter mode keep others away, inward and outward.",
    ),
    (
        "INK-TXT-5",
        "sdk",
        "ctl",
        CONVERSATIONS,
        "A group is a conversation of its own: listed on request, shown and answered by its id.",
    ),
    (
        "INK-TXT-6",
        "sdk",
        "ctl",
        TEXTS,
        "Where the vendor's conditions are on, a new number waits some minutes (409) and receivers send START first"
        " (403).",
    ),
    (
        "INK-TXT-7",
        "sdk",
        "ctl",
        LIST,
        "A list can be cut to a range of time: dates whole, times without offset in the zone that is named.",
    ),
    (
        "INK-PAGE-1",
        "sdk",
        "read",
        LIST,
        "`limit` is from 1 to 200, 50 when left out, and `offset` passes over; else 422.",
    ),
    (
        "INK-RULE-1",
        "sdk",
        "ctl",
        UPDATE,
        "Contact rules are one store, kept by number, by identity and for all; one that is there already is "
        "answered 409 with its id.",
    ),
    (
        "INK-SRCH-1",
        "doc",
        "read",
        SEARCH,
        "A search finds all its words in any order and case, Unicode too, newest first; transcripts by party.",
    ),
    (
        "INK-VOICE-1",
        "sdk",
        "ctl",
        PLACE,
        "A hosted agent has a voice of the catalogue, instructions replaced as a whole, and an authority that only "
        "an administrator changes.",
    ),
    (
        "INK-HOOK-1",
        "sdk",
        "hook ctl",
        WEBHOOKS,
        "Events can be subscribed to, 20 times for each owner; every delivery is on record and can be replayed.",
    ),
    (
        "INK-HOOK-2",
        "sdk",
        "hook",
        WEBHOOKS,
        "What is sent is signed over `request_id.timestamp.body` with the key less its `whsec_`; after a rotation "
        "with the new one.",
    ),
    (
        "INK-HOOK-3",
        "sdk",
        "hook ctl",
        WEBHOOKS,
        "A text's life is told event by event, once, as the API shows it; nothing of what was kept away.",
    ),
    (
        "INK-HOOK-4",
        "sdk",
        "hook ctl",
        WEBHOOKS,
        "`call.ended` tells a call with its length, what was said and where all of it is.",
    ),
    (
        "INK-HOOK-5",
        "sdk",
        "hook ctl",
        WEBHOOKS,
        "A subscription's context comes with `text.received` alone, and a bearer token with all it is sent.",
    ),
    (
        "INK-KEY-1",
        "sdk",
        "ctl",
        WEBHOOKS,
        "A signing key is shown when it is made and never again; until then nothing is signed.",
    ),
    (
        "INK-SDK-1",
        "sdk",
        "spend",
        START,
        "Every answer holds what the official Python SDKs, 0.4.6 and 0.7.20, read from it: the keys they index, and"
        " no value outside the sets they parse strictly.",
    ),
)

CATALOGUE = Catalogue(
    ADAPTER,
    (
        Claim(
            id=id_,
            basis=Basis(basis),
            needs=frozenset(map(Need, needs.split())),
            section=section,
            text=text,
        )
        for id_, basis, needs, section, text in ROWS
    ),
    sample_ids=sample_ids,
    engine_claims=ENGINE_CLAIMS,
    machine=drive,
    machine_claims=CLAIMS_OF_MACHINE,
)

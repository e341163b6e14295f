"""NoKYCNumber's claims, in the order of its page."""

from __future__ import annotations

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.nokycnumber.adapter import ADAPTER, ENGINE_CLAIMS, sample_ids
from ringback_conformance.claims.nokycnumber.state_machine import CLAIMS_OF_MACHINE, drive
from ringback_conformance.model import Basis, Claim, Level, Need

BASE = "Introduction: Base URL"
JSON = "Introduction: JSON convention"
KEYS = "Authentication"
SCOPES = "Authentication: Scopes"
ERRORS = "Errors"
PAGES = "Pagination"
RETRIES = "Idempotency"
LIMITS = "Rate limits"
VERSIONS = "Versioning"
NUMBERS = "Numbers"
CALLS = "Calls"
SMS = "SMS messages"
VOICEMAILS = "Voicemails"
AI = "AI configuration"
ACCOUNT = "Account"
WEBHOOKS = "Webhooks"
SIGNATURE = "Webhooks: Signature verification"
ENDPOINTS = "Webhooks: Endpoints"
EVENTS = "Webhooks: Event types"
SCHEMAS = "Object schemas"

Row = tuple[str, str, str, str, str]

ROWS: tuple[Row, ...] = (
    ("NKN-CONV-1", "doc", "read", BASE, "Plain HTTP is answered 301 with the same address under https."),
    ("NKN-CONV-2", "doc", "write", JSON, "A form-encoded body is answered 415 in the error envelope."),
    (
        "NKN-CONV-3",
        "doc",
        "spend",
        JSON,
        "Every timestamp is ISO-8601 in UTC and ends in Z; the same form is accepted, another is refused.",
    ),
    (
        "NKN-CONV-4",
        "doc",
        "spend",
        JSON,
        "Phone numbers are E.164 with a plus; `display` is the same number, pretty-printed.",
    ),
    (
        "NKN-CONV-5",
        "doc",
        "spend",
        JSON,
        "An id begins with its resource's prefix: num_, call_, sms_, vm_, whk_, evt_.",
    ),
    ("NKN-AUTH-1", "doc", "read", KEYS, "A missing, invalid or revoked key is answered 401 `authentication_error`."),
    (
        "NKN-AUTH-2",
        "doc",
        "ctl",
        SCOPES,
        "A key of scope read may GET; anything else is answered 403 `authorization_error`, and nothing happens.",
    ),
    (
        "NKN-AUTH-3",
        "doc",
        "ctl",
        SCOPES,
        "A key of scope read_write may GET, POST and PATCH; DELETE is answered 403 `authorization_error`.",
    ),
    ("NKN-AUTH-4", "doc", "ctl", SCOPES, "A key of scope admin may do all, DELETE included."),
    (
        "NKN-AUTH-5",
        "doc",
        "ctl",
        SCOPES,
        "After a rotation the new key works at once, and the old one for 5 more minutes; then it is answered 401.",
    ),
    ("NKN-AUTH-6", "ours", "ctl", KEYS, "A publishable key (`pk_live_…`) is answered 401 by every endpoint."),
    (
        "NKN-AUTH-7",
        "doc",
        "ctl",
        ERRORS,
        "Another account's object is answered 404, never 403, and stays as it was; no list shows it.",
    ),
    (
        "NKN-ERR-1",
        "doc",
        "read",
        ERRORS,
        'Every error is `{"error": {type, code, message, request_id}}` with one of the seven types, and with a '
        "request_id `req_…` of its own.",
    ),
    (
        "NKN-ERR-2",
        "doc",
        "write",
        ERRORS,
        "Malformed JSON is answered 400; so is a missing required parameter: `parameter_missing`, its name in `param`.",
    ),
    (
        "NKN-ERR-3",
        "doc",
        "read",
        ERRORS,
        "A well-formed request that cannot be honoured, such as for an unsupported country, is answered 422.",
    ),
    (
        "NKN-ERR-4",
        "doc",
        "ctl",
        ERRORS,
        "With too little balance an activation, a renewal, a call or a message is answered 402; nothing is made and "
        "nothing is charged.",
    ),
    (
        "NKN-ERR-5",
        "doc",
        "ctl",
        ERRORS,
        "Service trouble is answered 500 to 503 with type `api_error` or `upstream_error`, and the request may be "
        "repeated safely.",
    ),
    (
        "NKN-ERR-6",
        "doc",
        "ctl",
        ERRORS,
        "A call or message from a number that is paused is refused as `resource_error`, and nothing comes of it.",
    ),
    (
        "NKN-ERR-7",
        "doc",
        "read",
        ERRORS,
        "An error's type goes with its status: 401 is `authentication_error`, 403 `authorization_error`, 429 "
        "`rate_limit_error`, 400, 404 and 422 none that blames the key, the scope, the rate or the server.",
    ),
    (
        "NKN-ERR-8",
        "ours",
        "write",
        ERRORS,
        "The key is looked at before anything else; an unknown path or method is answered 404, a body over 1 MiB 413.",
    ),
    ("NKN-ERR-9", "ours", "read", ERRORS, "No request, however odd, is answered with a 5xx unless there is trouble."),
    (
        "NKN-PAGE-1",
        "doc",
        "read",
        PAGES,
        "`limit` is from 1 to 100 and 25 by default; any other value is answered 400.",
    ),
    (
        "NKN-PAGE-2",
        "doc",
        "read",
        PAGES,
        'A list is `{object: "list", url, data, has_more, next_cursor}`; next_cursor is the id of the last object, and '
        "null on the last page.",
    ),
    (
        "NKN-PAGE-3",
        "doc",
        "ctl",
        PAGES,
        "Walking on with starting_after visits every object once, newest first, also while new ones are made.",
    ),
    ("NKN-PAGE-4", "doc", "ctl", PAGES, "ending_before never pages backwards."),
    ("NKN-PAGE-5", "ours", "read", PAGES, "A starting_after that names nothing of the list is answered 400."),
    (
        "NKN-IDEM-1",
        "doc",
        "ctl",
        RETRIES,
        "The same Idempotency-Key and body within 24 hours give the first answer again, and nothing happens twice: no "
        "second charge, call, message or event.",
    ),
    (
        "NKN-IDEM-2",
        "doc",
        "ctl",
        RETRIES,
        "The same Idempotency-Key with another body is answered 409 `idempotency_key_mismatch`.",
    ),
    ("NKN-IDEM-3", "doc", "ctl", RETRIES, "After 24 hours an Idempotency-Key is as if new."),
    ("NKN-IDEM-4", "ours", "ctl", RETRIES, "Requests with one Idempotency-Key at the same time have one effect."),
    ("NKN-IDEM-5", "ours", "ctl", RETRIES, "Idempotency-Keys are one's own account's, and each endpoint's."),
    (
        "NKN-LIM-1",
        "doc",
        "read",
        LIMITS,
        "Answers carry X-Rate-Limit-Limit, -Remaining and -Reset; Remaining counts down.",
    ),
    (
        "NKN-LIM-2",
        "doc",
        "burst",
        LIMITS,
        "Past its allowance of 100 a minute a key is answered 429 `rate_limit_error` with Retry-After in seconds, and "
        "waiting that long is enough.",
    ),
    (
        "NKN-LIM-3",
        "doc",
        "ctl",
        LIMITS,
        "A short burst above 100 passes after quiet, while over any longer time no more than 100 a minute do.",
    ),
    ("NKN-LIM-4", "doc", "ctl", LIMITS, "The limit is each key's own, and can be lifted for a key."),
    (
        "NKN-VER-1",
        "doc",
        "read",
        VERSIONS,
        "NoKYC-Version pins a version; without it the account's default holds; an unknown one is answered 400.",
    ),
    (
        "NKN-VER-2",
        "doc",
        "ctl",
        VERSIONS,
        "Answers in an outdated version, pinned or by default, have a NoKYC-Deprecation header; others have none.",
    ),
    (
        "NKN-NUM-1",
        "doc",
        "ctl",
        NUMBERS,
        "The list of numbers can be filtered by country, type and status, alone and together.",
    ),
    (
        "NKN-NUM-2",
        "doc",
        "read",
        NUMBERS,
        "Available numbers are offers `navail_…` with number, display, country, type, tier, tier_pattern and a price "
        "for each period.",
    ),
    (
        "NKN-NUM-3",
        "doc",
        "spend",
        NUMBERS,
        "Activating an offer for a period is answered 201 with the number object, as offered, and charges the period.",
    ),
    (
        "NKN-NUM-4",
        "doc",
        "write",
        NUMBERS,
        "An unknown or taken available_id, a bad billing_period, an unknown add-on and a bad webhook_url are refused "
        "with the right 4xx, and nothing is charged.",
    ),
    (
        "NKN-NUM-5",
        "doc",
        "read",
        SCHEMAS,
        "A number object has the documented fields with their types and values, wherever it is shown.",
    ),
    (
        "NKN-NUM-6",
        "doc",
        "ctl",
        NUMBERS,
        "PATCH changes auto_renew, webhook_url, addons, on_off, status and metadata, and only what is present.",
    ),
    (
        "NKN-NUM-7",
        "doc",
        "ctl",
        NUMBERS,
        "A renewal moves renews_at on by the period, charges it, and fires number.renewed.",
    ),
    (
        "NKN-NUM-8",
        "doc",
        "ctl",
        NUMBERS,
        "At the period's end auto_renew renews and charges; without it, or without the money, the number ends, and "
        "not sooner.",
    ),
    (
        "NKN-NUM-9",
        "doc",
        "ctl",
        NUMBERS,
        "A release is answered 204; the number cannot be had back, and returns to the inventory at the period's end.",
    ),
    (
        "NKN-NUM-10",
        "doc",
        "ctl",
        NUMBERS,
        "Off windows pause the number when they begin, which fires number.paused, and resume it when they end.",
    ),
    (
        "NKN-NUM-11",
        "ours",
        "ctl",
        NUMBERS,
        "An offer is held for the account it was made to, and cannot be activated twice, also not at the same time.",
    ),
    (
        "NKN-NUM-12",
        "doc",
        "read",
        NUMBERS,
        "One number is given by its id as the list shows it; an unknown id is answered 404.",
    ),
    (
        "NKN-CALL-1",
        "doc",
        "ctl",
        CALLS,
        "An outbound call is answered 201 with the call object: queued or ringing, outbound, not answered or ended, "
        "without a cost.",
    ),
    (
        "NKN-CALL-2",
        "doc",
        "ctl",
        CALLS,
        "A call rings, is answered and completes, or ends as failed, no_answer or busy; duration_sec is from answer to "
        "end; cost_usd is set, and the balance falls by it.",
    ),
    (
        "NKN-CALL-3",
        "doc",
        "write",
        CALLS,
        "A `from` that is not owned, a `to` that is not E.164 and a callerid_mask that is not hide, rotate or an own "
        "number are refused with the right 4xx.",
    ),
    (
        "NKN-CALL-4",
        "doc",
        "ctl",
        CALLS,
        "recording_enabled gives a recording_url that works for an hour and without a key, then not; a tampered one "
        "never works; after 30 days the recording is gone. Without it there is none.",
    ),
    ("NKN-CALL-5", "doc", "ctl", CALLS, "A call's metadata comes back in every event of the call."),
    (
        "NKN-CALL-6",
        "doc",
        "ctl",
        CALLS,
        "The list of calls can be filtered by number, direction, status, created_after and created_before.",
    ),
    (
        "NKN-CALL-7",
        "doc",
        "ctl",
        CALLS,
        "A hangup ends a call under way; once more it changes nothing and succeeds.",
    ),
    ("NKN-CALL-8", "doc", "ctl", CALLS, "Inbound calls are in the list and are told as events."),
    (
        "NKN-CALL-9",
        "doc",
        "read",
        SCHEMAS,
        "A call object has the documented fields with their types and values, wherever it is shown.",
    ),
    (
        "NKN-CALL-10",
        "doc",
        "read",
        CALLS,
        "One call is given by its id; an unknown id is answered 404, by hangup too.",
    ),
    (
        "NKN-SMS-1",
        "doc",
        "ctl",
        SMS,
        "A message is answered 201 with the sms object, queued, with segments and cost_usd, and the balance falls by "
        "that.",
    ),
    (
        "NKN-SMS-2",
        "doc",
        "ctl",
        SMS,
        "Segments follow GSM 03.38 (160, or 153 each; some characters count two) and UCS-2 (70, or 67 each), and no "
        "pair is split.",
    ),
    ("NKN-SMS-3", "doc", "write", SMS, "An empty body, over 1,600 characters or over 10 segments is refused."),
    (
        "NKN-SMS-4",
        "doc",
        "ctl",
        SMS,
        "send_at holds a message until then; one that is past, or no instant, is refused.",
    ),
    (
        "NKN-SMS-5",
        "doc",
        "ctl",
        SMS,
        "media_urls are at most 5, http(s), and only where the country supports MMS; anything else is refused.",
    ),
    (
        "NKN-SMS-6",
        "doc",
        "ctl",
        SMS,
        "A message is queued, then sent, then delivered with delivered_at set; or it is failed or undelivered with a "
        "failure_code.",
    ),
    (
        "NKN-SMS-7",
        "doc",
        "ctl",
        SMS,
        "The list of messages can be filtered by number, direction and status; one message shows how each segment "
        "fared.",
    ),
    ("NKN-SMS-8", "doc", "ctl", SMS, "Inbound messages are in the list and fire sms.received."),
    (
        "NKN-SMS-9",
        "doc",
        "read",
        SCHEMAS,
        "An sms object has the documented fields with their types and values, wherever it is shown.",
    ),
    (
        "NKN-SMS-10",
        "doc",
        "write",
        SMS,
        "A `from` that is not owned and a `to` that is not E.164 are refused; an unknown id is answered 404.",
    ),
    (
        "NKN-VM-1",
        "doc",
        "ctl",
        VOICEMAILS,
        "Voicemails are listed and given as documented, with an audio_url that works for an hour, without a key and "
        "untampered with.",
    ),
    (
        "NKN-VM-2",
        "doc",
        "ctl",
        VOICEMAILS,
        "translation_en and summary are there with the ai-summary add-on, and only then.",
    ),
    ("NKN-VM-3", "doc", "ctl", VOICEMAILS, "DELETE is answered 204; the voicemail and its audio are gone."),
    ("NKN-AI-1", "doc", "ctl", AI, "A number's AI configuration has the documented blocks."),
    (
        "NKN-AI-2",
        "doc",
        "ctl",
        AI,
        "PATCH changes only the blocks, and in them the fields, that are present; a voice is one of the seven, and bad "
        "values are refused.",
    ),
    (
        "NKN-AI-3",
        "doc",
        "ctl",
        AI,
        "auto_pickup answers an inbound call that nobody takes after so many rings, and fires ai.pickup.",
    ),
    (
        "NKN-AI-4",
        "doc",
        "ctl",
        AI,
        "A number's add-ons are the same in the number and in its AI configuration, and ai_enabled tells whether there "
        "are any.",
    ),
    (
        "NKN-ACC-1",
        "doc",
        "read",
        ACCOUNT,
        "The account has the documented fields; numbers, minutes and segments agree with what was done, and "
        "balance_usd with what was charged.",
    ),
    (
        "NKN-ACC-2",
        "doc",
        "read",
        ACCOUNT,
        "Usage is given for period last_30d and last_90d; any other is answered 400.",
    ),
    (
        "NKN-HOOK-1",
        "doc",
        "write",
        ENDPOINTS,
        "Registering an endpoint is answered 201 with its signing secret; the list never shows it; DELETE is answered "
        "204, and nothing more is sent there.",
    ),
    (
        "NKN-HOOK-2",
        "doc",
        "write",
        ENDPOINTS,
        'An unknown event, an empty list and a url that is not https are refused; `["*"]` takes all.',
    ),
    (
        "NKN-HOOK-3",
        "doc",
        "hook ctl",
        EVENTS,
        "Each of the 15 event types fires when its cause happens, once for each endpoint that is subscribed.",
    ),
    (
        "NKN-HOOK-4",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "An event is a POST of JSON: id evt_…, object event, type, created, livemode, data.object, request_id.",
    ),
    (
        "NKN-HOOK-5",
        "doc",
        "hook ctl",
        SIGNATURE,
        "X-NoKYC-Signature is `t=<seconds>,v1=<hex>`: the HMAC-SHA256 of `t.raw_body` under the endpoint's secret.",
    ),
    (
        "NKN-HOOK-6",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "A receiver that fails is tried again up to 5 times after waits that grow exponentially, over 24 hours; each "
        "attempt is signed afresh and carries the same event. A 2xx ends it; a redirect does not, and is not followed.",
    ),
    (
        "NKN-HOOK-7",
        "doc",
        "hook ctl",
        EVENTS,
        "account.balance_low fires once when the balance falls below the threshold, and again only after it was above.",
    ),
    (
        "NKN-HOOK-8",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "An endpoint is sent the events it enabled and no others; a number's webhook_url the events of that number "
        "alone.",
    ),
)
"""id, basis, needs, section of the page, promise."""

SHOULD = frozenset({"NKN-ERR-8", "NKN-ERR-9", "NKN-PAGE-5"})

CATALOGUE = Catalogue(
    ADAPTER,
    (
        Claim(
            id=id_,
            basis=Basis(basis),
            needs=frozenset(Need(need) for need in needs.split()),
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

"""KwickPhone's claims, in the order of its page."""

from __future__ import annotations

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims.kwickphone.adapter import ADAPTER
from ringback_conformance.model import Basis, Claim, Level, Need

AUTH = "Authentication"
BALANCE = "Balance & funding"
PROVISION = "Provision a number"
LIST = "List numbers"
RELEASE = "Release a number"
CALLS = "List calls"
TRANSCRIPT = "Get a transcript"
RECORDING = "Get a recording"
WEBHOOKS = "Webhooks — events & signing"
ERRORS = "Errors"
LIMITS = "Limits & billing"

Row = tuple[str, str, str, str, str]

ROWS: tuple[Row, ...] = (
    ("KWP-AUTH-1", "doc", "read", AUTH, "No Authorization header, or a malformed one, is answered 401 `unauthorized`."),
    ("KWP-AUTH-2", "doc", "read", AUTH, "An unknown or revoked key is answered 401 `unauthorized`."),
    (
        "KWP-AUTH-3",
        "doc",
        "ctl",
        AUTH,
        "A key used from outside its IP allowlist is answered exactly as an invalid key is; from inside it works.",
    ),
    ("KWP-AUTH-4", "doc", "read", AUTH, "A cookie never authenticates."),
    (
        "KWP-AUTH-5",
        "doc",
        "ctl",
        AUTH,
        "An account has at most 5 active keys; revoking one frees a place; a secret (`kp_live_…`) is shown once.",
    ),
    (
        "KWP-AUTH-6",
        "doc",
        "ctl",
        AUTH,
        "No account sees another's numbers, calls, transcripts or recordings: 404 `not_found`.",
    ),
    (
        "KWP-BAL-1",
        "doc",
        "ctl",
        BALANCE,
        "With less than $5.00 provisioning is answered 402 `insufficient_balance`, and the balance stays as it was.",
    ),
    (
        "KWP-BAL-2",
        "doc",
        "ctl",
        BALANCE,
        "A balance of exactly $5.00 is enough, and a successful provision takes exactly $5.00.",
    ),
    ("KWP-BAL-3", "doc", "ctl", LIMITS, "Each active number is charged $5.00 again every month."),
    (
        "KWP-BAL-4",
        "doc",
        "ctl",
        LIMITS,
        "A monthly charge that fails takes nothing, makes the number `past_due`, and it takes no calls.",
    ),
    ("KWP-BAL-5", "doc", "ctl", LIMITS, "A `past_due` number that is paid within 7 days becomes `active` again."),
    ("KWP-BAL-6", "doc", "ctl", LIMITS, "A `past_due` number still unpaid after 7 days is `released`, and not sooner."),
    (
        "KWP-BAL-7",
        "doc",
        "ctl",
        PROVISION,
        "A provision that fails with 402, 409, 429 or 503 charges nothing and leaves no number behind.",
    ),
    (
        "KWP-BAL-8",
        "doc",
        "ctl",
        BALANCE,
        "Auto-top-up: when the balance drops below the threshold the card is charged the set amount ($5 to $500); "
        "a declined card leaves the balance as it was.",
    ),
    ("KWP-BAL-9", "doc", "ctl", BALANCE, "Talk time of a completed call is billed at the plan's rate."),
    (
        "KWP-BAL-10",
        "doc",
        "ctl",
        RELEASE,
        "Releasing a number refunds nothing and stops later monthly charges.",
    ),
    (
        "KWP-NUM-1",
        "doc",
        "spend",
        PROVISION,
        "A provision is answered 201 with id, phone_number, business_phone, status `active`, webhook_url, "
        "webhook_secret and created_at.",
    ),
    (
        "KWP-NUM-2",
        "doc",
        "write",
        PROVISION,
        "A business_phone that is missing, no string or no US number in E.164 is answered 400 `invalid_request`.",
    ),
    ("KWP-NUM-3", "doc", "write", ERRORS, "A malformed body is answered 400 `invalid_request`."),
    (
        "KWP-NUM-4",
        "doc",
        "spend",
        PROVISION,
        "The new number is in the area_code asked for, and without one in the business number's area.",
    ),
    ("KWP-NUM-5", "doc", "write", PROVISION, "A webhook_url that is not https is answered 400 `invalid_request`."),
    (
        "KWP-NUM-6",
        "doc",
        "write",
        PROVISION,
        "A webhook_url on a private, loopback or link-local address is refused, in every spelling of the address.",
    ),
    ("KWP-NUM-7", "doc", "ctl", PROVISION, "An area without stock is answered 409 `no_numbers`."),
    (
        "KWP-NUM-8",
        "doc",
        "ctl",
        LIMITS,
        "A sixth active number is answered 429 `number_limit`; a released one no longer counts; "
        "the limit can be raised.",
    ),
    (
        "KWP-NUM-9",
        "doc",
        "spend",
        LIMITS,
        "A fourth provision within an hour is answered 429 `provision_velocity`, and allowed again as the hour slides.",
    ),
    (
        "KWP-NUM-10",
        "doc",
        "ctl",
        PROVISION,
        "Provider trouble is answered 503 `provider_unavailable`, and the same request succeeds later.",
    ),
    (
        "KWP-NUM-11",
        "doc",
        "read",
        LIST,
        "The list is `{data: […]}`, active numbers first, each with the documented fields and a documented status.",
    ),
    (
        "KWP-NUM-12",
        "doc",
        "read",
        LIST,
        "webhook_secret appears in no answer but the one that creates the number.",
    ),
    (
        "KWP-NUM-13",
        "doc",
        "spend",
        RELEASE,
        'A release is answered 200 `{"released": true}`; the number then lists as `released` and takes no calls.',
    ),
    ("KWP-NUM-14", "doc", "write", RELEASE, "Releasing an unknown or another's number is answered 404 `not_found`."),
    (
        "KWP-NUM-15",
        "ours",
        "ctl",
        PROVISION,
        "An area_code that is not three digits is answered 400 `invalid_request`.",
    ),
    (
        "KWP-CALL-1",
        "doc",
        "read",
        CALLS,
        "The list is `{data: […]}` of the calls of all the account's numbers, newest first, each with the documented "
        "fields.",
    ),
    (
        "KWP-CALL-2",
        "doc",
        "read",
        TRANSCRIPT,
        "A transcript is there exactly when has_transcript says so; otherwise 404 `not_found`.",
    ),
    (
        "KWP-CALL-3",
        "doc",
        "read",
        RECORDING,
        "A recording is there exactly when has_recording says so, as audio/mpeg that plays as long as the call; "
        "otherwise 404 `no_recording`.",
    ),
    (
        "KWP-CALL-4",
        "doc",
        "read",
        ERRORS,
        "Transcript and recording of an unknown call are answered 404 `not_found`.",
    ),
    (
        "KWP-CALL-5",
        "ours",
        "read",
        TRANSCRIPT,
        "A transcript is turn by turn, in order, each turn with speaker, text and offset within the call.",
    ),
    (
        "KWP-CALL-6",
        "ours",
        "read",
        CALLS,
        "`limit` (1 to 1000) and `starting_after` page through the calls; other values are answered 400.",
    ),
    (
        "KWP-HOOK-1",
        "doc",
        "hook",
        WEBHOOKS,
        "Every completed call on a number with a webhook_url POSTs one `call.completed` event with the documented "
        "body, which tells the same as the list of calls.",
    ),
    (
        "KWP-HOOK-2",
        "doc",
        "hook",
        WEBHOOKS,
        "X-KwickPhone-Timestamp is the Unix second of signing; X-KwickPhone-Signature is `v1=` and the hex "
        "HMAC-SHA256 of `timestamp.raw_body` under the number's secret.",
    ),
    (
        "KWP-HOOK-3",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "A receiver that fails is tried again after growing waits, 5 attempts in all; each is signed afresh and "
        "carries the same event.",
    ),
    ("KWP-HOOK-4", "doc", "hook ctl", WEBHOOKS, "A 2xx ends the attempts."),
    ("KWP-HOOK-5", "doc", "hook ctl", WEBHOOKS, "A redirect is not followed and counts as a failed attempt."),
    (
        "KWP-HOOK-6",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "A host that resolves to a private, loopback or link-local address when it is sent to is not contacted.",
    ),
    ("KWP-HOOK-7", "doc", "hook ctl", WEBHOOKS, "A number without a webhook_url sends nothing."),
    (
        "KWP-HOOK-8",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "Delivery is at least once: an event may come twice, and then carries the same call id to dedupe on.",
    ),
    (
        "KWP-HOOK-9",
        "doc",
        "hook ctl",
        WEBHOOKS,
        "Only a completed call sends an event: one that nobody answered, that was busy or that failed sends none.",
    ),
    (
        "KWP-ERR-1",
        "doc",
        "read",
        ERRORS,
        'Every error is `{"error": {"code", "message"}}`, unknown routes too (404 `not_found`).',
    ),
    ("KWP-ERR-2", "doc", "read", ERRORS, "An error's code is one that the page lists for its status."),
    (
        "KWP-ERR-3",
        "ours",
        "write",
        ERRORS,
        "The key is looked at before anything else; a body that is not said to be JSON is answered 400; a method that "
        "a path does not have 404; a body over 1 MiB 413.",
    ),
    ("KWP-ERR-4", "ours", "read", ERRORS, "No request, however odd, is answered with a 5xx that the page lacks."),
    (
        "KWP-LIM-1",
        "doc",
        "burst",
        LIMITS,
        "The 61st request within a minute on one key is answered 429 `rate_limited`; another key is not affected; "
        "requests are allowed again after the minute.",
    ),
    (
        "KWP-LIM-2",
        "ours",
        "burst",
        LIMITS,
        "A 429 `rate_limited` says in Retry-After how many seconds to wait, and that is enough.",
    ),
)
"""id, basis, needs, section of the page, promise."""

SHOULD = frozenset({"KWP-ERR-3", "KWP-ERR-4", "KWP-LIM-2", "KWP-CALL-6"})

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
)

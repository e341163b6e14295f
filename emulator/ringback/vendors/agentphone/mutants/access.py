"""Mutants of keys, errors and lists."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.asgi import encode
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.agentphone.mutants.register import (
    AGENTS,
    CALLS,
    CONTACTS,
    CONVERSATIONS,
    NUMBERS,
    ONE_AGENT,
    ONE_CALL,
    ONE_CONVERSATION,
    ONE_NUMBER,
    REGISTRY,
    USAGE,
    at,
    backend,
    fine,
    forget,
    id_in,
    put,
    query,
    refuse,
    rows,
    show,
)

PAGED = "/v1/(numbers|agents|calls|conversations)"
SECONDS = 20
"""Characters of an instant without its fraction, and without its Z."""

# -- keys ------


@REGISTRY.on_start("auth.any-key", "AGP-AUTH-1", "A key that nobody was given works.")
def _any_key(emulator: Emulator) -> None:
    patch(
        emulator.services.keys,
        "find",
        lambda find: (
            lambda vendor, secret: find(vendor, secret) or next((k for k in emulator.services.keys.records), None)
        ),
    )


@REGISTRY.on_response("auth.missing-is-403", "AGP-AUTH-1", "A request without a key is answered 403.", "AGP-ERR-6")
def _missing_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401:
        refuse(answer, 403, "UNAUTHORIZED", "authentication_error")


@REGISTRY.on_response("auth.usage-is-public", "AGP-AUTH-1", "Usage is told without a key.")
def _usage_is_public(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", USAGE) and answer.status == 401:
        answer.say(200, {"numbers": {"used": 0, "limit": 10, "remaining": 10}})


@REGISTRY.on_response("auth.unknown-paths-first", "AGP-AUTH-1", "An unknown path is answered 404 without a key.")
def _unknown_paths_first(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", "/v1/nothing") and answer.status == 401:
        refuse(answer, 404, "NOT_FOUND", "not_found_error")


@REGISTRY.on_response("foreign.number-is-shown", "AGP-AUTH-2", "Another account's number is shown.")
def _number_is_shown(answer: MutableResponse, emulator: Emulator) -> None:
    number = backend(emulator).data.numbers.get(id_in(answer.asked.path)) if at(answer, "GET", ONE_NUMBER) else None
    if answer.status == 404 and number is not None:
        answer.status, answer.body = 200, encode(backend(emulator).phone_numbers.view(number))


@REGISTRY.on_response("foreign.call-is-403", "AGP-AUTH-2", "Another account's call is answered 403.")
def _call_is_403(answer: MutableResponse, emulator: Emulator) -> None:
    if (
        at(answer, "GET", ONE_CALL)
        and answer.status == 404
        and id_in(answer.asked.path) in emulator.services.calls.records
    ):
        refuse(answer, 403, "CALL_NOT_FOUND", "not_found_error")


@REGISTRY.on_start("foreign.contact-is-deleted", "AGP-AUTH-2", "Another account's contact can be deleted.")
def _contact_is_deleted(emulator: Emulator) -> None:
    people = backend(emulator).contacts

    def make(delete: Any) -> Any:
        def anybodys(account: str, id_: str) -> None:
            contact = people.data.contacts.get(id_)
            delete(contact.account if contact is not None else account, id_)

        return anybodys

    patch(people, "delete", make)


@REGISTRY.on_start("foreign.number-is-attached", "AGP-AUTH-2", "Another account's number can be attached.")
def _number_is_attached(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(kept: Any) -> Any:
        def anybodys(account: str, id_: str) -> Any:
            number = lines.data.numbers.get(id_)
            return kept(number.account if number is not None else account, id_)

        return anybodys

    patch(lines, "kept", make)


@REGISTRY.on_response(
    "foreign.contacts-are-listed", "AGP-AUTH-2", "Who has no contacts is shown those of another account.", "AGP-PAGE-4"
)
def _contacts_are_listed(answer: MutableResponse, emulator: Emulator) -> None:
    people = backend(emulator).contacts
    if fine(answer, "GET", CONTACTS) and not answer.asked.query and not (answer.json() or {}).get("data"):
        every = [people.view(contact) for contact in people.data.contacts if contact.account != answer.account]
        answer.body = encode({"data": every[:1], "hasMore": False, "total": len(every[:1])})


# -- errors ------


@REGISTRY.on_response("errors.unknown-path-without-detail", "AGP-ERR-1", "The error of an unknown path has no detail.")
def _without_detail(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path == "/v1/nothing":
        show(answer, lambda body: body.pop("detail", None))


@REGISTRY.on_response("errors.detail-is-a-text", "AGP-ERR-1", "The detail of a 422 is a text.", "AGP-ERR-2")
def _detail_is_a_text(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 422:
        show(answer, lambda body: body.update(detail=body["error"]["message"]))


@REGISTRY.on_response("errors.without-a-type", "AGP-ERR-1", "An error has no type.")
def _without_a_type(answer: MutableResponse, _: Emulator) -> None:
    if answer.status >= 400:
        show(answer, lambda body: body.get("error", {}).pop("type", None))


@REGISTRY.on_response("errors.bare", "AGP-ERR-1", "A missing key is answered with the detail alone.")
def _bare(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401:
        show(answer, lambda body: body.pop("error", None))


@REGISTRY.on_response("errors.as-plain-text", "AGP-ERR-1", "A number that is not there is answered as text/plain.")
def _as_plain_text(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", ONE_NUMBER) and answer.status == 404:
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/plain"))


@REGISTRY.on_response(
    "errors.place-of-the-field-is-missing", "AGP-ERR-1", "The loc of a 422 names no field.", "AGP-ERR-2"
)
def _place_is_missing(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 422:
        rows(answer, lambda problem: problem.update(loc=problem["loc"][:1]), "detail")


def _recoded(name: str, breaks: str, was: tuple[int, str], now: tuple[int, str], *touches: str) -> None:
    @REGISTRY.on_response(f"codes.{name}", "AGP-ERR-2", breaks, *touches)
    def _other(answer: MutableResponse, _: Emulator) -> None:
        if (answer.status, answer.code) == was:
            refuse(answer, *now)


_recoded(
    "unknown-number-is-generic",
    "A number that is not there is answered 404 NOT_FOUND.",
    (404, "PHONE_NUMBER_NOT_FOUND"),
    (404, "NOT_FOUND"),
)
_recoded(
    "no-money-is-400",
    "Too little money is answered 400.",
    (402, "INSUFFICIENT_BALANCE"),
    (400, "VALIDATION_ERROR"),
    "AGP-NUM-9",
    "AGP-CALL-6",
    "AGP-MSG-2",
)
_recoded("carrier-is-500", "A carrier that fails is answered 500.", (502, "CARRIER_ERROR"), (500, "INTERNAL_ERROR"))
_recoded(
    "unconfirmed-is-200",
    "A message of which nobody knows is answered 200.",
    (409, "DELIVERY_UNCONFIRMED"),
    (200, "DELIVERY_UNCONFIRMED"),
)
_recoded(
    "twin-is-400",
    "A second contact of one number is answered 400.",
    (409, "CONTACT_EXISTS"),
    (400, "VALIDATION_ERROR"),
    "AGP-CON-1",
)
_recoded(
    "slow-down-is-worded-otherwise",
    "Too many requests are answered 429 with another code.",
    (429, "RATE_LIMIT_EXCEEDED"),
    (429, "TOO_MANY_REQUESTS"),
    "AGP-ACC-5",
    "AGP-MSG-5",
)


@REGISTRY.on_response("codes.missing-field-is-400", "AGP-ERR-2", "A contact without a name is answered 400.")
def _missing_field_is_400(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", CONTACTS) and answer.status == 422 and "name" not in (answer.asked.json() or {}):
        refuse(answer, 400)


@REGISTRY.on_response(
    "codes.429-without-retry-after", "AGP-ERR-2", "A 429 does not say how long to wait.", "AGP-ERR-5", "AGP-ACC-5",
    "AGP-MSG-5",
)  # fmt: skip
def _429_without_retry_after(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429:
        answer.without(b"retry-after")


@REGISTRY.on_response("odd.unknown-path-is-400", "AGP-ERR-3", "An unknown path is answered 400.")
def _unknown_path_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path == "/v1/nothing" and answer.status == 404:
        refuse(answer, 400)


@REGISTRY.on_request("odd.null-is-taken", "AGP-ERR-3", "A body of null makes an agent.")
def _null_is_taken(asked: Request) -> None:
    if at(asked, "POST", AGENTS) and asked.body == b"null":
        put(asked, b'{"name": "Nobody"}')


@REGISTRY.on_response("odd.too-large-is-422", "AGP-ERR-3", "A body that is too large is answered 422.")
def _too_large_is_422(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 413:
        refuse(answer, 422)


@REGISTRY.on_response("odd.no-body-is-refused", "AGP-ERR-3", "A call cannot be ended without a body.")
def _no_body_is_refused(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", f"{ONE_CALL}/end") and not answer.asked.body:
        refuse(answer, 422)


@REGISTRY.on_response("odd.far-offset-is-500", "AGP-ERR-4", "An offset that is very far is answered 500.")
def _far_offset_is_500(answer: MutableResponse, _: Emulator) -> None:
    if "offset=9999999999" in answer.asked.query:
        refuse(answer, 500, "INTERNAL_ERROR", "api_error")


@REGISTRY.on_response("odd.unknown-zone-is-500", "AGP-ERR-4", "A time zone that is none is answered 500.")
def _unknown_zone_is_500(answer: MutableResponse, _: Emulator) -> None:
    if "Nowhere" in answer.asked.query:
        refuse(answer, 500, "INTERNAL_ERROR", "api_error")


@REGISTRY.on_response("trouble.bought-anyway", "AGP-ERR-5", "A number is bought although the carrier failed.")
def _bought_anyway(answer: MutableResponse, emulator: Emulator) -> None:
    if at(answer, "POST", NUMBERS) and answer.status == 502:
        from ringback.vendors.agentphone.wire.requests import NumberBody

        backend(emulator).phone_numbers.buy(answer.account, answer.account, NumberBody())


@REGISTRY.on_response("trouble.charged-anyway", "AGP-ERR-5", "A call that was not taken for trouble is charged.")
def _charged_anyway(answer: MutableResponse, emulator: Emulator) -> None:
    if at(answer, "POST", CALLS) and answer.status == 503:
        backend(emulator).money.charge(answer.account, 10_000, "call", "none")


@REGISTRY.on_response("trouble.503-without-retry-after", "AGP-ERR-5", "A 503 does not say how long to wait.")
def _503_without_retry_after(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 503:
        answer.without(b"retry-after")


@REGISTRY.on_response("elsewhere.is-404", "AGP-ERR-6", "What is not emulated is answered 404.")
def _is_404(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 501:
        refuse(answer, 404, "NOT_FOUND", "not_found_error")


@REGISTRY.on_response("elsewhere.succeeds", "AGP-ERR-6", "A code to verify a number is said to be sent.")
def _succeeds(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 501 and answer.asked.path == "/v1/verify/send":
        answer.say(200, {"verification_id": "ver_1"})


# -- lists by offset ------


@REGISTRY.on_request("pages.limit-is-clamped", "AGP-PAGE-1", "A limit over 100 is taken for 100.")
def _limit_is_clamped(asked: Request) -> None:
    if at(asked, "GET", PAGED):
        query(asked, lambda named: named.update(limit="100") if named.get("limit") == "101" else None)


@REGISTRY.on_request("pages.limit-of-nothing", "AGP-PAGE-1", "A limit of 0 is taken for the default.")
def _limit_of_nothing(asked: Request) -> None:
    if at(asked, "GET", PAGED):
        query(asked, lambda named: named.pop("limit") if named.get("limit") == "0" else None)


@REGISTRY.on_request("pages.of-25", "AGP-PAGE-1", "A page has 25 objects where no limit is given.")
def _of_25(asked: Request) -> None:
    if at(asked, "GET", PAGED):
        query(asked, lambda named: named.setdefault("limit", "25"))


@REGISTRY.on_request("pages.offset-is-ignored", "AGP-PAGE-1", "offset is ignored.", "AGP-PAGE-4")
def _offset_is_ignored(asked: Request) -> None:
    if at(asked, "GET", PAGED):
        forget(asked, "offset")


@REGISTRY.on_request("pages.negative-offset", "AGP-PAGE-1", "A negative offset is taken for 0.")
def _negative_offset(asked: Request) -> None:
    if at(asked, "GET", PAGED):
        query(asked, lambda named: named.pop("offset") if named.get("offset") == "-1" else None)


@REGISTRY.on_response("pages.without-total", "AGP-PAGE-3", "The list of an agent's calls has no total.", "AGP-SDK-1")
def _without_total(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_AGENT}/calls"):
        show(answer, lambda body: body.pop("total"))


@REGISTRY.on_response("pages.has-more-is-a-number", "AGP-PAGE-3", "hasMore of a conversation's messages is 0.")
def _has_more_is_a_number(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_CONVERSATION}/messages"):
        show(answer, lambda body: body.update(hasMore=0))


@REGISTRY.on_response("pages.oldest-first", "AGP-PAGE-4", "Contacts come with the oldest first.")
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", CONTACTS):
        show(answer, lambda body: body["data"].reverse())


@REGISTRY.on_response("pages.no-more", "AGP-PAGE-4", "hasMore of agents is always false.")
def _no_more(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", AGENTS):
        show(answer, lambda body: body.update(hasMore=False))


@REGISTRY.on_response(
    "pages.more-at-the-end",
    "AGP-PAGE-4",
    "hasMore is true where a page is full.",
)
def _more_at_the_end(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", CONVERSATIONS):
        show(answer, lambda body: body.update(hasMore=bool(body["data"])))


@REGISTRY.on_response("pages.total-of-the-page", "AGP-PAGE-4", "total counts the page.")
def _total_of_the_page(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", PAGED):
        show(answer, lambda body: body.update(total=len(body["data"])))


@REGISTRY.on_start("pages.of-calls-skip-one", "AGP-PAGE-4", "Every page of calls but the first passes one over.")
def _skip_one(emulator: Emulator) -> None:
    patch(
        backend(emulator).data.calls,
        "slice",
        lambda slice_: lambda index, key, offset, limit: slice_(index, key, offset + bool(offset), limit),
    )


# -- messages by timestamp ------


def _stretched(asked: Request) -> bool:
    return at(asked, "GET", f"{ONE_NUMBER}/messages")


@REGISTRY.on_request("stretches.limit-is-clamped", "AGP-PAGE-2", "A limit of messages over 200 is taken for 200.")
def _stretch_is_clamped(asked: Request) -> None:
    if _stretched(asked):
        query(asked, lambda named: named.update(limit="200") if named.get("limit") == "201" else None)


@REGISTRY.on_request("stretches.of-20", "AGP-PAGE-2", "20 messages come where no limit is given.")
def _of_20(asked: Request) -> None:
    if _stretched(asked):
        query(asked, lambda named: named.setdefault("limit", "20"))


@REGISTRY.on_response(
    "stretches.share-instants", "AGP-PAGE-2", "Messages of one second cannot be told apart by their instant."
)
def _share_instants(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/messages"):
        rows(answer, lambda text: text.update(receivedAt=text["receivedAt"][: SECONDS - 1].rstrip("Z") + "Z"))


@REGISTRY.on_request("stretches.after-is-ignored", "AGP-PAGE-2", "after is ignored.")
def _after_is_ignored(asked: Request) -> None:
    if _stretched(asked):
        forget(asked, "after")


@REGISTRY.on_request("stretches.before-is-ignored", "AGP-PAGE-2", "before is ignored.")
def _before_is_ignored(asked: Request) -> None:
    if _stretched(asked):
        forget(asked, "before")


@REGISTRY.on_request("stretches.any-instant", "AGP-PAGE-2", "A `before` that is no instant is passed over.")
def _any_instant(asked: Request) -> None:
    if _stretched(asked):
        query(asked, lambda named: named.pop("before") if not named.get("before", "2").startswith("2") else None)


@REGISTRY.on_response("stretches.end-too-early", "AGP-PAGE-2", "hasMore is false before the last page.")
def _end_too_early(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/messages") and "before" in answer.asked.query:
        show(answer, lambda body: body.update(hasMore=False))

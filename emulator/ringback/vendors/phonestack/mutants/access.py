"""Mutants of "Authentication", "Rate Limits", "Errors" and "Pagination"."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from ringback.emulator import Emulator
from ringback.gateway.limits import RateLimitGroup
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.phonestack.mutants.register import (
    CAMPAIGNS,
    CONTACTS,
    FIELDS,
    LISTS,
    PROFILES,
    REGISTRY,
    REPORTS,
    TRIGGER,
    Thing,
    backend,
    done,
    key_of,
    posted,
    refuse,
    relist,
    requery,
    resend,
    rewrite,
)
from ringback.vendors.phonestack.wire import ProfileBody

BEARER = "Bearer "
MAX_LENGTH = 100


@REGISTRY.on_response(
    "auth.missing-is-400", "PST-AUTH-1", "A request without a key is answered 400.", "PST-ERR-2", "PST-MCP-6"
)
def _missing_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and not answer.asked.header(b"authorization"):
        refuse(answer, 400, "VALIDATION_ERROR")


@REGISTRY.on_response("auth.wrong-is-403", "PST-AUTH-1", "A key that was never issued is answered 403.", "PST-MCP-6")
def _wrong_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.header(b"authorization"):
        refuse(answer, 403, "FORBIDDEN")


@REGISTRY.on_request("auth.any-scheme", "PST-AUTH-1", "A key is taken from any Authorization header, Bearer or not.")
def _any_scheme(asked: Request) -> None:
    words = asked.header(b"authorization").split()
    if words and not asked.header(b"authorization").startswith(BEARER):
        asked.set(b"authorization", BEARER + words[-1])


@REGISTRY.on_start("auth.revoked-key-works", "PST-AUTH-1", "A revoked key goes on working.")
def _revoked_key_works(emulator: Emulator) -> None:
    patch(
        emulator.services.keys, "admits", lambda usual: lambda key, *rest: key.status == "revoked" or usual(key, *rest)
    )


@REGISTRY.on_response(
    "auth.open-list", "PST-AUTH-1", "The list of campaigns is answered without a key, as if there were none."
)
def _open_list(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.method == "GET" and answer.asked.path == CAMPAIGNS:
        answer.say(200, {"success": True, "data": [], "meta": {"limit": 50, "next_cursor": None, "has_more": False}})


def _found(emulator: Emulator, **kept: dict[str | None, str | None]) -> None:
    """Keys are found with another scope or kind than they have."""

    def make(find: Any) -> Any:
        def found(vendor: str, secret: str) -> Any:
            key = find(vendor, secret)
            if key is None:
                return None
            return replace(
                key, **{name: others.get(getattr(key, name), getattr(key, name)) for name, others in kept.items()}
            )

        return found

    patch(emulator.services.keys, "find", make)


@REGISTRY.on_start("scope.read-only-writes", "PST-AUTH-2", "A Read Only key may do everything.")
def _read_only_writes(emulator: Emulator) -> None:
    _found(emulator, scope={"read_only": "full"})


@REGISTRY.on_start("scope.write-only-reads", "PST-AUTH-2", "A Write Only key may do everything.")
def _write_only_reads(emulator: Emulator) -> None:
    _found(emulator, scope={"write_only": "full"})


@REGISTRY.on_response("scope.refusal-is-401", "PST-AUTH-2", "What a Read Only key may not do is answered 401.")
def _refusal_is_401(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 403 and answer.code == "READ_ONLY":
        refuse(answer, 401, "UNAUTHORIZED")


@REGISTRY.on_response("scope.another-code", "PST-AUTH-2", "What a Read Only key may not do is answered FORBIDDEN.")
def _another_code(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 403 and answer.code == "READ_ONLY":
        refuse(answer, 403, "FORBIDDEN")


@REGISTRY.on_response("scope.write-only-may-not-delete", "PST-AUTH-2", "A Write Only key may not delete contacts.")
def _write_only_may_not_delete(answer: MutableResponse, emulator: Emulator) -> None:
    key = key_of(answer.asked, emulator)
    if answer.asked.method == "DELETE" and answer.asked.path.startswith(CONTACTS) and key and key.scope == "write_only":
        refuse(answer, 403, "READ_ONLY")


@REGISTRY.on_start("test-key.writes", "PST-AUTH-3", "A test key may do what a live one may.")
def _test_key_writes(emulator: Emulator) -> None:
    _found(emulator, kind={"test": "live"})


@REGISTRY.on_response("test-key.another-code", "PST-AUTH-3", "What a test key may not do is answered READ_ONLY.")
def _test_key_another_code(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 403 and answer.code == "TEST_KEY":
        refuse(answer, 403, "READ_ONLY")


@REGISTRY.on_response("test-key.may-not-read", "PST-AUTH-3", "A test key may not read transcripts.")
def _test_key_may_not_read(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.path.endswith("/transcript") and f"{BEARER}ps_test_" in answer.asked.header(b"authorization"):
        refuse(answer, 403, "TEST_KEY")


@REGISTRY.on_response("test-key.dials", "PST-AUTH-3", "A trigger with a test key is answered 201.")
def _test_key_dials(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, TRIGGER) and answer.code == "TEST_KEY":
        done(answer, 201, {"id": "call_000000000000"})


@REGISTRY.on_response("foreign.contact-is-403", "PST-AUTH-4", "Another organization's contact is answered 403.")
def _foreign_is_403(answer: MutableResponse, emulator: Emulator) -> None:
    id_ = answer.asked.path.removeprefix(f"{CONTACTS}/").partition("/")[0]
    contact = backend(emulator).people.records.get(id_)
    if answer.status == 404 and contact is not None and contact.account != answer.account:
        refuse(answer, 403, "FORBIDDEN")


def _anybodys(part: Any) -> None:
    """What belongs to anybody is found."""
    patch(part, "of", lambda usual: lambda account, id_: part.records.get(id_) or usual(account, id_))


@REGISTRY.on_start("foreign.campaigns-can-be-started", "PST-AUTH-4", "Another organization's campaigns can be started.")
def _foreign_campaigns(emulator: Emulator) -> None:
    _anybodys(backend(emulator).campaigns)


@REGISTRY.on_start("foreign.profiles-call", "PST-AUTH-4", "Another organization's profiles can be used and changed.")
def _foreign_profiles(emulator: Emulator) -> None:
    _anybodys(backend(emulator).profiles)


@REGISTRY.on_start("foreign.reports-run", "PST-AUTH-4", "Another organization's reports can be run.")
def _foreign_reports(emulator: Emulator) -> None:
    _anybodys(backend(emulator).reports)


@REGISTRY.on_start("foreign.transcripts", "PST-AUTH-4", "Another organization's calls can be read.")
def _foreign_transcripts(emulator: Emulator) -> None:
    phones = backend(emulator).phones
    patch(phones, "of", lambda usual: lambda account, id_: phones.details.get(id_) or usual(account, id_))


# -- limits ------


def _counted(emulator: Emulator, make: Any) -> None:
    patch(emulator.services, "count_request", lambda usual: lambda key, group=None: make(usual, key, group))


@REGISTRY.on_start("limit.none", "PST-LIM-1", "A key may make as many requests as it likes.", "PST-LIM-2", "PST-LIM-3")
def _no_limit(emulator: Emulator) -> None:
    _counted(emulator, lambda usual, key, group: 0)


@REGISTRY.on_start("limit.120", "PST-LIM-1", "A key may make 120 requests a minute.")
def _limit_120(emulator: Emulator) -> None:
    patch(emulator.services, "rate_limit", lambda usual: lambda key: 120 if usual(key) == MAX_LENGTH else usual(key))


@REGISTRY.on_response("limit.without-a-wait", "PST-LIM-1", "A 429 has no Retry-After.", "PST-LIM-2", "PST-LIM-3")
def _without_a_wait(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429:
        answer.without(b"retry-after")


@REGISTRY.on_response("limit.wait-too-short", "PST-LIM-1", "Retry-After is always 1.", "PST-LIM-2")
def _wait_too_short(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429:
        answer.without(b"retry-after")
        answer.headers = [*answer.headers, (b"retry-after", b"1")]


@REGISTRY.on_start("bulk.limit-is-20", "PST-LIM-2", "A key may make 20 bulk requests a minute.")
def _bulk_limit_is_20(emulator: Emulator) -> None:
    twenty = RateLimitGroup("bulk", 20)
    _counted(
        emulator, lambda usual, key, group: usual(key, twenty if group is not None and group.name == "bulk" else group)
    )


@REGISTRY.on_start(
    "bulk.limit-is-shared", "PST-LIM-2", "Once the bulk requests of a minute are made no other is taken either."
)
def _bulk_limit_is_shared(emulator: Emulator) -> None:
    full: dict[str, int] = {}

    def turn(usual: Any, key: Any, group: Any) -> Any:
        if group is None or group.name != "bulk":
            return full.get(key.id) or usual(key, group)
        full[key.id] = usual(key, group)
        return full[key.id]

    _counted(emulator, turn)


@REGISTRY.on_start("limit.of-the-organization", "PST-LIM-3", "All keys of an organization share one limit.")
def _limit_of_the_organization(emulator: Emulator) -> None:
    _counted(emulator, lambda usual, key, group: usual(replace(key, id=key.account), group))


# -- errors ------


@REGISTRY.on_response("errors.trouble-is-502", "PST-ERR-1", "INTERNAL_ERROR is answered 502.", "PST-ERR-2")
def _trouble_is_502(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 500:
        refuse(answer, 502, "INTERNAL_ERROR")


@REGISTRY.on_response("errors.trouble-bare", "PST-ERR-1", "Trouble is answered without the envelope.", "PST-ERR-2")
def _trouble_bare(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 500:
        answer.say(500, {"detail": "Internal Server Error"})


@REGISTRY.on_response(
    "errors.no-message-on-duplicates", "PST-ERR-2", "DUPLICATE has no message.", "PST-CON-3", "PST-CF-3"
)
def _no_message(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 409 and answer.code == "DUPLICATE":
        answer.say(409, {"success": False, "error": {"code": "DUPLICATE"}})


@REGISTRY.on_response(
    "errors.unknown-contact-is-410",
    "PST-ERR-2",
    "NOT_FOUND of a contact is answered 410.",
    "PST-ERR-3",
    "PST-CON-1",
    "PST-AUTH-4",
    "PST-MCP-2",
)
def _unknown_is_410(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path.startswith(f"{CONTACTS}/ct_") and not _unrouted(answer):
        refuse(answer, 410, "NOT_FOUND")


@REGISTRY.on_response(
    "errors.keys-say-success", "PST-ERR-2", "An UNAUTHORIZED has success true.", "PST-AUTH-1", "PST-MCP-6"
)
def _keys_say_success(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401:
        answer.say(401, {**answer.json(), "success": True})


@REGISTRY.on_response(
    "unknown.campaign-is-400", "PST-ERR-3", "A campaign that does not exist is answered 400.", "PST-AUTH-4"
)
def _unknown_campaign_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path.startswith(f"{CAMPAIGNS}/camp_"):
        refuse(answer, 400, "VALIDATION_ERROR")


@REGISTRY.on_response(
    "unknown.deletion-is-200", "PST-ERR-3", "Deleting a custom field that does not exist is answered 200.", "PST-AUTH-4"
)
def _unknown_deletion_is_200(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.method == "DELETE" and answer.asked.path.startswith(FIELDS):
        done(answer, 200, {"id": answer.asked.path.rpartition("/")[2], "deleted": True})


@REGISTRY.on_response(
    "unknown.call-has-no-words", "PST-ERR-3", "The transcript of no call is answered as empty.", "PST-AUTH-4"
)
def _unknown_call(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path.endswith("/transcript"):
        done(answer, 200, {"call_id": answer.asked.path.split("/")[-2], "transcript": []})


@REGISTRY.on_request("bodies.tags-as-text", "PST-ERR-4", "A text is taken for a contact's tags.")
def _tags_as_text(asked: Request) -> None:
    if posted(asked, CONTACTS):
        rewrite(asked, lambda body: body.update(tags=[body["tags"]]) if isinstance(body.get("tags"), str) else None)


@REGISTRY.on_request("bodies.forms-are-taken", "PST-ERR-4", "A form is taken for a contact.")
def _forms_are_taken(asked: Request) -> None:
    if posted(asked, CONTACTS) and asked.body.startswith(b"phone="):
        resend(asked, {"phone": "+12145550142"})


@REGISTRY.on_response("bodies.no-json-is-500", "PST-ERR-4", "A body that is no JSON is answered 500.")
def _no_json_is_500(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, CONTACTS) and answer.asked.body == b"{":
        refuse(answer, 500, "INTERNAL_ERROR")


@REGISTRY.on_response(
    "bodies.refused-and-made", "PST-ERR-4", "A profile without a sound body is refused, and made all the same."
)
def _refused_and_made(answer: MutableResponse, emulator: Emulator) -> None:
    if posted(answer, PROFILES) and answer.status == 400 and answer.asked.body == b"{":
        backend(emulator).profiles.create(answer.account, ProfileBody(name="Nobody"))


@REGISTRY.on_response("types.forms-are-415", "PST-ERR-5", "JSON that is called a form is answered 415.")
def _forms_are_415(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.body and "form" in answer.asked.header(b"content-type"):
        refuse(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@REGISTRY.on_response("types.none-is-400", "PST-ERR-5", "A body without a type is answered 400.")
def _none_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.body and not answer.asked.header(b"content-type"):
        refuse(answer, 400, "VALIDATION_ERROR")


def _unrouted(answer: MutableResponse) -> bool:
    return answer.status in (404, 405) and answer.asked.path.endswith("/nothing")


@REGISTRY.on_response("unrouted.is-200", "PST-ERR-6", "A path that the API lacks is answered 200.")
def _unrouted_is_200(answer: MutableResponse, _: Emulator) -> None:
    if _unrouted(answer):
        done(answer, 200, None)


@REGISTRY.on_response(
    "unrouted.bare", "PST-ERR-6", "A path that the API lacks is answered without the envelope.", "PST-ERR-2"
)
def _unrouted_bare(answer: MutableResponse, _: Emulator) -> None:
    if _unrouted(answer):
        answer.say(404, {"detail": "Not Found"})


@REGISTRY.on_response("unrouted.methods-are-400", "PST-ERR-6", "A method that a path lacks is answered 400.")
def _methods_are_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status in (404, 405) and answer.asked.method == "PUT":
        refuse(answer, 400, "VALIDATION_ERROR")


# -- pages ------


@REGISTRY.on_request("pages.of-25", "PST-PAGE-1", "A page has 25 objects where nothing else is asked for.")
def _pages_of_25(asked: Request) -> None:
    for path in LISTS:
        if asked.path == path:
            requery(asked, path, lambda pairs: pairs if "limit" in dict(pairs) else [*pairs, ("limit", "25")])


@REGISTRY.on_response(
    "pages.skip-one", "PST-PAGE-1", "A page after the first leaves out its first object.", "PST-CON-5"
)
def _pages_skip_one(answer: MutableResponse, _: Emulator) -> None:
    if "cursor=" in answer.asked.query:
        relist(answer, lambda body: body.update(data=body["data"][1:]))


@REGISTRY.on_response(
    "pages.repeat-one", "PST-PAGE-1", "A page after the first begins with an object it had before.", "PST-CON-5"
)
def _pages_repeat_one(answer: MutableResponse, emulator: Emulator) -> None:
    def repeat(body: Thing) -> None:
        people = backend(emulator).people
        newest = next(iter(people.records.newest("account", answer.account)))
        body["data"] = [to_builtins(people.view(newest)), *body["data"]][: body["meta"]["limit"]]

    if "cursor=" in answer.asked.query:
        relist(answer, repeat, CONTACTS)


@REGISTRY.on_response("pages.oldest-first", "PST-PAGE-1", "Each page of contacts has its oldest first.", "PST-MCP-2")
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    relist(answer, lambda body: body["data"].reverse(), CONTACTS)


@REGISTRY.on_response("pages.cursor-on-the-last", "PST-PAGE-2", "The last page has a next_cursor.")
def _cursor_on_the_last(answer: MutableResponse, _: Emulator) -> None:
    relist(answer, lambda body: body["meta"].update(next_cursor=body["meta"]["next_cursor"] or "c0"))


@REGISTRY.on_response("pages.without-success", "PST-PAGE-2", "A list has no success.")
def _without_success(answer: MutableResponse, _: Emulator) -> None:
    relist(answer, lambda body: body.pop("success"))


@REGISTRY.on_response("pages.limit-as-text", "PST-PAGE-2", "meta has its limit as text.", "PST-PAGE-1")
def _limit_as_text(answer: MutableResponse, _: Emulator) -> None:
    relist(answer, lambda body: body["meta"].update(limit=str(body["meta"]["limit"])))


@REGISTRY.on_response("pages.reports-without-meta", "PST-PAGE-2", "The list of reports has no meta.", "PST-PAGE-1")
def _reports_without_meta(answer: MutableResponse, _: Emulator) -> None:
    relist(answer, lambda body: body.pop("meta"), REPORTS)


def _bounded(pairs: list[tuple[str, str]], low: int) -> list[tuple[str, str]]:
    return [
        (name, str(min(MAX_LENGTH, max(low, int(value)))) if name == "limit" and value.lstrip("-").isdigit() else value)
        for name, value in pairs
    ]


@REGISTRY.on_request(
    "pages.limits-are-bounded", "PST-PAGE-3", "A limit that is too large or too small is taken for the nearest."
)
def _limits_are_bounded(asked: Request) -> None:
    requery(asked, asked.path if asked.path in LISTS else CONTACTS, lambda pairs: _bounded(pairs, 1))


@REGISTRY.on_request(
    "pages.unknown-cursors-begin-anew", "PST-PAGE-3", "A cursor that was not given out is passed over."
)
def _unknown_cursors(asked: Request) -> None:
    def known(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, value) for name, value in pairs if name != "cursor" or (value[:1] == "c" and value[1:2] != "t")]

    if asked.path in LISTS:
        requery(asked, asked.path, known)

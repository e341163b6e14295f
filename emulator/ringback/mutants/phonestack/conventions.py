"""Mutants of "Errors" and "Pagination"."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from ringback.mutants.phonestack.registry import LISTS, mutant
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    code,
    drop_query,
    error,
    respond,
    set_query,
    status,
    succeeded,
)
from ringback.mutants.transforms import apply, drop, reverse, set_to
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.views import view_contact
from ringback.vendors.phonestack.wire.requests import MAX_PAGE, ProfileBody

BROKEN_JSON = b"{"

# -- errors ------

mutant("errors.trouble-is-502", "PST-ERR-1", "INTERNAL_ERROR is answered 502.", "PST-ERR-2").response(
    error(502, "INTERNAL_ERROR"), when=status(500)
)
mutant("errors.trouble-bare", "PST-ERR-1", "A failure is answered without the envelope.", "PST-ERR-2").response(
    respond(500, {"detail": "Internal Server Error"}), when=status(500)
)
mutant("errors.no-message-on-duplicates", "PST-ERR-2", "DUPLICATE has no message.", "PST-CON-3", "PST-CF-3").response(
    drop("error.message"), when=code("DUPLICATE")
)
mutant(
    "errors.unknown-contact-is-410",
    "PST-ERR-2",
    "NOT_FOUND of a contact is answered 410.",
    "PST-ERR-3",
    "PST-CON-1",
    "PST-AUTH-4",
    "PST-MCP-2",
).response(
    error(410, "NOT_FOUND"),
    on=("getContact", "updateContact", "deleteContact", "addToDnc", "removeFromDnc"),
    when=lambda response: response.status == 404 and response.request.variables["contact_id"].startswith("ct_"),
)
mutant("errors.keys-say-success", "PST-ERR-2", "An UNAUTHORIZED has success true.", "PST-AUTH-1", "PST-MCP-6").response(
    set_to("success", True), when=status(401)
)
mutant(
    "unknown.campaign-is-400", "PST-ERR-3", "A campaign that does not exist is answered 400.", "PST-AUTH-4"
).response(
    error(400, "VALIDATION_ERROR"),
    on=("getCampaign", "startCampaign", "pauseCampaign", "resumeCampaign", "stopCampaign"),
    when=lambda response: response.status == 404 and response.request.variables["campaign_id"].startswith("camp_"),
)


def _deleted(response: MutableResponse[PhoneStack]) -> None:
    id_ = response.request.variables["field_id"]
    response.respond(200, {"success": True, "data": {"id": id_, "deleted": True}})


def _silent(response: MutableResponse[PhoneStack]) -> None:
    id_ = response.request.variables["call_id"]
    response.respond(200, {"success": True, "data": {"call_id": id_, "transcript": []}})


mutant(
    "unknown.deletion-is-200", "PST-ERR-3", "Deleting a custom field that does not exist is answered 200.", "PST-AUTH-4"
).response(_deleted, on="deleteCustomField", when=status(404))
mutant(
    "unknown.call-has-no-words", "PST-ERR-3", "The transcript of an unknown call is answered as empty.", "PST-AUTH-4"
).response(_silent, on="getTranscript", when=status(404))

# -- bodies ------

mutant("bodies.tags-as-text", "PST-ERR-4", "A text is accepted as a contact's tags.").request(
    apply("tags", lambda tags: [tags] if isinstance(tags, str) else tags), on="createContact"
)


def _phone_only(request: MutableRequest[PhoneStack]) -> None:
    request.document = {"phone": "+12145550142"}


mutant("bodies.forms-are-taken", "PST-ERR-4", "A form is accepted as a contact.").request(
    _phone_only, on="createContact", when=lambda request: request.body.startswith(b"phone=")
)
mutant("bodies.no-json-is-500", "PST-ERR-4", "A body that is not JSON is answered 500.").response(
    error(500, "INTERNAL_ERROR"), on="createContact", when=lambda response: response.request.body == BROKEN_JSON
)
mutant(
    "bodies.refused-and-made", "PST-ERR-4", "A profile without a valid body is rejected, and created all the same."
).response(
    lambda response: response.backend.profiles.create(response.account, ProfileBody(name="No one")),
    on="createProfile",
    when=lambda response: response.status == 400 and response.request.body == BROKEN_JSON,
)
mutant("types.forms-are-415", "PST-ERR-5", "JSON with the content type of a form is answered 415.").response(
    error(415, "UNSUPPORTED_MEDIA_TYPE"),
    when=lambda response: bool(response.request.body) and "form" in response.request.header("content-type"),
)
mutant("types.none-is-400", "PST-ERR-5", "A body without a content type is answered 400.").response(
    error(400, "VALIDATION_ERROR"),
    when=lambda response: bool(response.request.body) and not response.request.header("content-type"),
)

# -- unknown paths and methods ------

mutant("unrouted.is-200", "PST-ERR-6", "A path that the API lacks is answered 200.").response(
    respond(200, {"success": True, "data": None}), on=UNROUTED, when=status(404)
)
mutant(
    "unrouted.bare", "PST-ERR-6", "A path that the API lacks is answered without the envelope.", "PST-ERR-2"
).response(respond(404, {"detail": "Not Found"}), on=UNROUTED, when=status(404))
mutant("unrouted.methods-are-400", "PST-ERR-6", "A method that a path lacks is answered 400.").response(
    error(400, "VALIDATION_ERROR"),
    on=UNROUTED,
    when=lambda response: response.status == 405 and response.request.method == "PUT",
)

# -- pages ------


def _has_cursor(response: MutableResponse[PhoneStack]) -> bool:
    return succeeded(response) and "cursor" in response.request.query


def _repeat(response: MutableResponse[PhoneStack]) -> None:
    newest = next(iter(response.backend.store.contacts.newest("account", response.account)))
    page = response.document
    page["data"] = [to_builtins(view_contact(newest)), *page["data"]][: page["meta"]["limit"]]
    response.document = page


mutant("pages.of-25", "PST-PAGE-1", "The default limit of a page is 25.").request(
    set_query(limit="25"), on=LISTS, when=lambda request: "limit" not in request.query
)
mutant("pages.skip-one", "PST-PAGE-1", "A page after the first leaves out its first object.", "PST-CON-5").response(
    drop("data[0]"), on=LISTS, when=_has_cursor
)
mutant(
    "pages.repeat-one", "PST-PAGE-1", "A page after the first begins with an object of an earlier page.", "PST-CON-5"
).response(_repeat, on="listContacts", when=_has_cursor)
mutant("pages.oldest-first", "PST-PAGE-1", "Each page of contacts has its oldest first.", "PST-MCP-2").response(
    reverse("data"), on="listContacts"
)
mutant("pages.cursor-on-the-last", "PST-PAGE-2", "The last page has a next_cursor.").response(
    apply("meta.next_cursor", lambda cursor: cursor or "c0"), on=LISTS
)
mutant("pages.without-success", "PST-PAGE-2", "A list has no success.").response(drop("success"), on=LISTS)
mutant("pages.limit-as-text", "PST-PAGE-2", "meta has its limit as text.", "PST-PAGE-1").response(
    apply("meta.limit", str), on=LISTS
)
mutant("pages.reports-without-meta", "PST-PAGE-2", "The list of reports has no meta.", "PST-PAGE-1").response(
    drop("meta"), on="listReports"
)


def _clamp_limit(request: MutableRequest[PhoneStack]) -> None:
    limit = request.query.get("limit", "")
    if limit.lstrip("-").isdigit():
        request.query = {**request.query, "limit": str(min(MAX_PAGE, max(1, int(limit))))}


def _is_unknown_cursor(request: MutableRequest[Any]) -> bool:
    cursor = request.query.get("cursor", "c1")
    return cursor[:1] != "c" or cursor[1:2] == "t"


mutant(
    "pages.limits-are-bounded", "PST-PAGE-3", "A limit that is too large or too small is replaced by the nearest."
).request(_clamp_limit, on=LISTS)
mutant("pages.unknown-cursors-begin-anew", "PST-PAGE-3", "A cursor that was never issued is ignored.").request(
    drop_query("cursor"), on=LISTS, when=_is_unknown_cursor
)

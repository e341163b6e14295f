"""Mutants of keys, and of accounts that see each other."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.keys import Keys
from ringback.mutants.agentphone.registry import answer_page, mutant
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import MutableResponse, error, respond, status
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.data import Data

# -- keys ------

mutant("auth.any-key", "AGP-AUTH-1", "A key that was never issued works.").result(
    Keys.find, lambda key, own, vendor, secret: key or next(iter(own.services.keys.records), None)
)
mutant("auth.missing-is-403", "AGP-AUTH-1", "A request without a key is answered 403.", "AGP-ERR-6").response(
    error(403, "UNAUTHORIZED"), when=status(401)
)
mutant("auth.usage-is-public", "AGP-AUTH-1", "Usage is shown without a key.").response(
    respond(200, {"numbers": {"used": 0, "limit": 10, "remaining": 10}}), on="getUsage", when=status(401)
)
mutant("auth.unknown-paths-first", "AGP-AUTH-1", "An unknown path is answered 404 without a key.").response(
    error(404, "NOT_FOUND"),
    on=UNROUTED,
    when=lambda response: response.status == 401 and response.request.path == "/v1/nothing",
)

# -- other accounts ------


def _show_number(response: MutableResponse[AgentPhone]) -> None:
    number = response.backend.data.numbers.get(response.request.variables["number_id"])
    if number is not None:
        response.respond(200, encode(response.backend.phone_numbers.view(number)))


mutant("foreign.number-is-shown", "AGP-AUTH-2", "Another account's number is shown.").response(
    _show_number, on="getNumber", when=status(404)
)
mutant("foreign.call-is-403", "AGP-AUTH-2", "Another account's call is answered 403.").response(
    error(403, "CALL_NOT_FOUND"),
    on="getCall",
    when=lambda response: (
        response.status == 404 and response.request.variables["call_id"] in response.backend.data.calls
    ),
)


def _delete_contact(response: MutableResponse[AgentPhone]) -> None:
    contacts = response.backend.data.contacts
    contact = contacts.get(response.request.variables["contact_id"])
    if contact is not None:
        contacts.remove(contact)
        response.respond(204, b"")


mutant("foreign.contact-is-deleted", "AGP-AUTH-2", "Another account's contact can be deleted.").response(
    _delete_contact, on="deleteContact", when=status(404)
)


def _owner(own: AgentPhone, account: str, number: str) -> str:
    found = own.data.numbers.get(number)
    return found.account if found is not None else account


mutant("foreign.number-is-attached", "AGP-AUTH-2", "Another account's number can be attached.").instead(
    Data.active_number, lambda active_number, own, account, id_: active_number(_owner(own, account, id_), id_)
)


def _list_foreign_contacts(response: MutableResponse[AgentPhone]) -> None:
    own = response.backend
    if not response.request.query_string and not response.document["data"]:
        foreign = [contact for contact in own.data.contacts if contact.account != response.account]
        answer_page(response, map(own.contacts.view, foreign[:1]))


mutant(
    "foreign.contacts-are-listed",
    "AGP-AUTH-2",
    "An account without contacts is shown those of another one.",
    "AGP-PAGE-4",
).response(_list_foreign_contacts, on="listContacts")

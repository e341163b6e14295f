"""Numbers, page "Phone numbers"."""

from __future__ import annotations

from typing import Any

from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import Number
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import (
    AvailableQuery,
    LookupQuery,
    MessageQuery,
    PageQuery,
    message_page,
    page,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.common import is_e164
from ringback.vendors.agentphone.wire.requests import ContactCardBody, NumberBody, NumberPatch
from ringback.vendors.agentphone.wire.responses import (
    AvailableNumberView,
    ContactCardView,
    DataList,
    LookupView,
    MessageView,
    NumberView,
    Page,
    ReleasedView,
    TimePage,
)

MAX_LOOKUP = 25


@operation("GET", "/v1/numbers", "listNumbers")
def list_numbers(backend: AgentPhone, project: str, query: PageQuery) -> Page[NumberView]:
    """Page "List numbers"."""
    return page(query, backend.data.numbers, "active", project, backend.phone_numbers.view)


@operation("POST", "/v1/numbers", "createNumber")
def create_number(backend: AgentPhone, request: RequestLogEntry, project: str, body: NumberBody) -> NumberView:
    """Page "Create number"."""
    return backend.phone_numbers.buy(request.account, project, body)


@operation("GET", "/v1/numbers/available", "listAvailableNumbers")
def list_available_numbers(
    backend: AgentPhone, request: RequestLogEntry, query: AvailableQuery
) -> DataList[AvailableNumberView]:
    """Numbers that can be bought."""
    return DataList(
        backend.phone_numbers.available(
            request.account,
            country=query.country.upper(),
            area_code=query.area_code,
            state=query.state,
            city=query.city,
            zip_code=query.zip,
            limit=query.limit,
        )
    )


@operation("GET", "/v1/numbers/lookup", "lookupNumbers")
def look_up_numbers(backend: AgentPhone, query: LookupQuery) -> DataList[LookupView]:
    """Line types of numbers. A space is a + that was not percent-encoded."""
    numbers = query.phone_numbers.replace(" ", "+").split(",")
    if len(numbers) > MAX_LOOKUP or not all(map(is_e164, numbers)):
        raise errors.invalid_query("phoneNumbers", f"must be 1 to {MAX_LOOKUP} numbers in E.164, with commas")
    return DataList(backend.phone_numbers.look_up(numbers))


@operation("GET", "/v1/numbers/{number_id}", "getNumber")
def get_number(backend: AgentPhone, number: Number) -> NumberView:
    """One number, released or not."""
    return backend.phone_numbers.view(number)


@operation("PATCH", "/v1/numbers/{number_id}", "updateNumber")
def update_number(backend: AgentPhone, number: Number, body: NumberPatch) -> NumberView:
    """Change the external id or expiry."""
    return backend.phone_numbers.update(backend.data.active_number(number.account, number.id), body)


@operation("DELETE", "/v1/numbers/{number_id}", "releaseNumber")
def release_number(backend: AgentPhone, number_in_project: Number) -> ReleasedView:
    """Page "Release number"."""
    return backend.phone_numbers.release(number_in_project)


@operation("GET", "/v1/numbers/{number_id}/messages", "listNumberMessages")
def list_number_messages(backend: AgentPhone, number: Number, query: MessageQuery) -> TimePage[MessageView]:
    """Page "Get messages for number"."""
    return message_page(query, backend.data.messages, "number", number.id, backend.message_views.in_number)


@operation("GET", "/v1/numbers/{number_id}/calls", "listNumberCalls")
def list_number_calls(backend: AgentPhone, number: Number, query: PageQuery) -> Page[Any]:
    """Calls of a number."""
    return page(query, backend.data.calls, "number", number.id, backend.calls.view)


@operation("GET", "/v1/numbers/{number_id}/contact-card", "getContactCard")
def get_contact_card(backend: AgentPhone, number: Number) -> ContactCardView:
    """The contact card of a number."""
    return backend.phone_numbers.card(number)


@operation("PUT", "/v1/numbers/{number_id}/contact-card", "setContactCard")
def set_contact_card(backend: AgentPhone, active_number: Number, body: ContactCardBody) -> ContactCardView:
    """Set the contact card of a number."""
    return backend.phone_numbers.set_card(active_number, body)


@operation("DELETE", "/v1/numbers/{number_id}/contact-card", "deleteContactCard")
def delete_contact_card(number: Number) -> None:
    """Clear the contact card of a number."""
    number.card = None

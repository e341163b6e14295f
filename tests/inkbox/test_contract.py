"""The Inkbox contract against the page, the SDK and the code: errors, events, and a check that reports what differs."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from inkbox import verify_webhook

from ringback.vendors.inkbox.errors import ERRORS
from ringback.vendors.inkbox.events import CATALOG, INCOMING_CALL, SENT, SIGNATURE
from tests.support.contract import Contract, at

CONTRACT = Contract.load("inkbox")
JSON = {"Content-Type": "application/json"}
ID = "3f8a1c2d-5b6e-4f70-8a91-b2c3d4e5f607"
MISSING = object()
OF_THE_PAGE = {
    "POST /api/v1/phone/numbers",
    "GET /api/v1/phone/numbers",
    "GET /api/v1/phone/numbers/{phone_number_id}",
    "PATCH /api/v1/phone/numbers/{phone_number_id}",
    "DELETE /api/v1/phone/numbers/{phone_number_id}",
    "GET /api/v1/phone/numbers/{phone_number_id}/search",
    "POST /api/v1/phone/place-call",
    "GET /api/v1/phone/numbers/{phone_number_id}/calls",
    "GET /api/v1/phone/numbers/{phone_number_id}/calls/{call_id}",
    "GET /api/v1/phone/numbers/{phone_number_id}/calls/{call_id}/transcripts",
    "GET /api/v1/phone/numbers/{phone_number_id}/texts",
    "GET /api/v1/phone/numbers/{phone_number_id}/texts/search",
    "GET /api/v1/phone/numbers/{phone_number_id}/texts/conversations",
    "GET /api/v1/phone/numbers/{phone_number_id}/texts/conversations/{remote_number}",
    "PATCH /api/v1/phone/numbers/{phone_number_id}/texts/conversations/{remote_number}",
    "GET /api/v1/phone/numbers/{phone_number_id}/texts/{text_id}",
    "PATCH /api/v1/phone/numbers/{phone_number_id}/texts/{text_id}",
}
"""The operations of the page; the others are of the SDK."""


def example(operation: str, status: int) -> Any:
    """Return a copy of the first example of a response of the contract."""
    node = next(each.node for each in CONTRACT.operations if each.id == operation)
    examples = node["responses"][str(status)]["content"]["application/json"]["examples"]
    return copy.deepcopy(next(iter(examples.values()))["value"])


def event(name: str) -> Any:
    """Return a copy of the example of a webhook of the contract, by its event name."""
    post = next(item["post"] for item in CONTRACT.resolved["webhooks"].values() if item["post"]["x-event"] == name)
    examples = post["requestBody"]["content"]["application/json"]["examples"]
    return copy.deepcopy(next(iter(examples.values()))["value"])


def changed(body: Any, pointer: str, value: Any) -> Any:
    """Return a body with another value at a pointer, or without it for MISSING."""
    parent, _, name = pointer.rpartition("/")
    holder = at(body, parent)
    key: Any = int(name) if isinstance(holder, list) else name
    if value is MISSING:
        del holder[key]
    else:
        holder[key] = value
    return body


def test_the_documented_operations_are_marked() -> None:
    documented = {f"{each.method} {each.path}" for each in CONTRACT.operations if each.node["x-basis"] == "doc"}
    assert documented == OF_THE_PAGE


def test_the_error_codes_are_those_of_the_table() -> None:
    codes = set(at(CONTRACT.document, "#/components/schemas/Error/properties/detail/properties/error/enum"))
    sent = {code for code, row in ERRORS.rows.items() if row.kind is not None}
    assert codes - sent == {"rate_limited"}
    assert sent <= codes


def test_each_error_code_has_its_status_in_the_contract() -> None:
    found: dict[str, set[int]] = {}
    for operation in CONTRACT.operations:
        for status, response in operation.node["responses"].items():
            if int(status) >= 400:
                narrowed = response["content"]["application/json"]["schema"]["allOf"][1]
                for code in narrowed["properties"]["detail"].get("properties", {}).get("error", {}).get("enum", ()):
                    found.setdefault(code, set()).add(int(status))
    found.pop("rate_limited")
    assert found == {code: {row.status} for code, row in ERRORS.rows.items() if row.kind is not None}


def test_the_contract_has_every_event_that_is_sent() -> None:
    described = {item["post"]["x-event"] for item in CONTRACT.document["webhooks"].values()}
    assert described == {*SENT, INCOMING_CALL}
    assert set(SENT) < set(CATALOG)


def test_the_signature_is_what_the_official_verifier_accepts() -> None:
    body = b'{"event_type":"text.received"}'
    headers = dict(SIGNATURE.sign("whsec_6b6579", body, 1_767_225_600, ID))
    assert verify_webhook(payload=body, headers=headers, secret="whsec_6b6579")


PATHS = {
    "listPhoneNumbers": ("GET", "/api/v1/phone/numbers", 200),
    "getPhoneNumber": ("GET", f"/api/v1/phone/numbers/{ID}", 200),
    "getCall": ("GET", f"/api/v1/phone/calls/{ID}", 200),
    "listCallTranscripts": ("GET", f"/api/v1/phone/calls/{ID}/transcripts", 200),
    "getText": ("GET", f"/api/v1/phone/numbers/{ID}/texts/{ID}", 200),
    "listConversations": ("GET", f"/api/v1/phone/numbers/{ID}/texts/conversations", 200),
    "getIdentity": ("GET", "/api/v1/identities/front-desk", 200),
    "listWebhookSubscriptions": ("GET", "/api/v1/webhooks/subscriptions", 200),
    "whoAmI": ("GET", "/api/whoami", 200),
}


def problems(operation: str, body: Any) -> list[str]:
    method, path, status = PATHS[operation]
    return CONTRACT.check_response(method, path, status, JSON, json.dumps(body).encode())


@pytest.mark.parametrize("operation", PATHS)
def test_a_valid_response_has_no_problems(operation: str) -> None:
    assert CONTRACT.match(*PATHS[operation][:2]) is not None
    assert problems(operation, example(operation, PATHS[operation][2])) == []


@pytest.mark.parametrize(
    ("operation", "pointer", "value"),
    [
        ("listPhoneNumbers", "/0/number", "2125550142"),
        ("listPhoneNumbers", "/0/id", MISSING),
        ("getPhoneNumber", "/incoming_call_action", "answer"),
        ("getPhoneNumber", "/created_at", 1_767_225_600),
        ("getCall", "/status", "in_progress"),
        ("getCall", "/forwardings", None),
        ("listCallTranscripts", "/0/party", "caller"),
        ("listCallTranscripts", "/0/ts_ms", "1200"),
        ("getText", "/updated_at", MISSING),
        ("getText", "/delivery_status", "read"),
        ("listConversations", "/0/unread_count", None),
        ("getIdentity", "/agent_handle", MISSING),
        ("listWebhookSubscriptions", "/subscriptions/0/event_types", "text.received"),
        ("whoAmI", "/auth_subtype", MISSING),
    ],
)
def test_an_invalid_response_is_reported(operation: str, pointer: str, value: Any) -> None:
    assert problems(operation, changed(example(operation, PATHS[operation][2]), pointer, value))


SIGNED = {**JSON, **dict(SIGNATURE.sign("whsec_6b6579", b"{}", 1_767_225_600, ID))}


@pytest.mark.parametrize("name", [*SENT, INCOMING_CALL])
def test_a_valid_event_has_no_problems(name: str) -> None:
    assert CONTRACT.check_webhook(name, SIGNED, json.dumps(event(name)).encode()) == []


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        ("text.received", "/data/text_message/is_blocked", False),
        ("text.received", "/event_type", "text.sent"),
        ("text.delivered", "/data/text_message", MISSING),
        ("call.ended", "/data/call/duration_seconds", "12"),
        ("call.ended", "/data/transcript_url", MISSING),
        ("phone.incoming_call", "/remote_phone_number", "2125550187"),
    ],
)
def test_an_invalid_event_is_reported(name: str, pointer: str, value: Any) -> None:
    assert CONTRACT.check_webhook(name, SIGNED, json.dumps(changed(event(name), pointer, value)).encode())


@pytest.mark.parametrize("header", ["X-Inkbox-Timestamp", "X-Inkbox-Signature"])
def test_an_event_with_an_invalid_header_is_reported(header: str) -> None:
    headers = {**SIGNED, header: "today"}
    assert CONTRACT.check_webhook("call.ended", headers, json.dumps(event("call.ended")).encode())

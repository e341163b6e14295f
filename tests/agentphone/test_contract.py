"""The AgentPhone contract: errors and events of the page and clients, and a check that reports what differs."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.support.contract import Contract, at

CONTRACT = Contract.load("agentphone")
DOCUMENT = CONTRACT.document
JSON = {"Content-Type": "application/json"}
NUMBER, CALL, TALK = "num_xyz789", "call_5b2d9e", "conv_3f8a1c"
MISSING = object()

OF_THE_PAGE = {
    "listNumbers": "GET /v1/numbers",
    "createNumber": "POST /v1/numbers",
    "releaseNumber": "DELETE /v1/numbers/{number_id}",
    "listNumberMessages": "GET /v1/numbers/{number_id}/messages",
}
"""The operations of the page."""
NAMED = {
    "VALIDATION_ERROR",
    "VALIDATION_ERROR_NUMBER_LIMIT",
    "INSUFFICIENT_BALANCE",
    "PHONE_NUMBER_NOT_FOUND",
    "DELIVERY_UNCONFIRMED",
    "RATE_LIMIT_EXCEEDED",
    "CARRIER_ERROR",
}
"""The documented codes; the others are ours."""
EVENTS = {"agent.message", "agent.call_ended", "agent.reaction"}


def example(operation: str, status: int, name: str) -> Any:
    """Return a copy of a response of the document."""
    node = next(found.node for found in CONTRACT.operations if found.id == operation)
    return copy.deepcopy(node["responses"][str(status)]["content"]["application/json"]["examples"][name]["value"])


def event(name: str, which: str = "event") -> Any:
    """Return a copy of an event of the document, by its name on the wire."""
    post = next(item["post"] for item in CONTRACT.resolved["webhooks"].values() if item["post"]["x-event"] == name)
    return copy.deepcopy(post["requestBody"]["content"]["application/json"]["examples"][which]["value"])


def broken(body: Any, pointer: str, value: Any) -> str:
    """Set a value in a body, or remove it. Return the field's name."""
    parent, _, field = pointer.rpartition("/")
    holder = at(body, parent)
    if value is MISSING:
        del holder[field]
    elif isinstance(holder, list):
        holder[int(field)] = value
    else:
        holder[field] = value
    return field


def test_the_documented_operations_are_marked() -> None:
    documented = {op.id: f"{op.method} {op.path}" for op in CONTRACT.operations if op.node["x-basis"] == "doc"}
    assert documented == OF_THE_PAGE


def test_the_fields_of_the_pages_examples_are_marked_as_documented() -> None:
    fields = at(DOCUMENT, "#/components/schemas/Number/properties")
    assert {name for name, field in fields.items() if field["x-basis"] == "doc"} == {
        "id", "phoneNumber", "country", "status", "agentId", "createdAt",
    }  # fmt: skip
    fields = at(DOCUMENT, "#/components/schemas/Message/properties")
    assert {name for name, field in fields.items() if field["x-basis"] == "doc"} == {
        "id", "from_", "to", "body", "receivedAt",
    }  # fmt: skip


def test_the_contract_has_every_documented_code() -> None:
    assert set(at(DOCUMENT, "#/components/schemas/Error/properties/error/properties/code/enum")) >= NAMED


def test_the_contract_has_the_three_current_events() -> None:
    assert {item["post"]["x-event"] for item in DOCUMENT["webhooks"].values()} == EVENTS


def test_only_operations_that_are_not_emulated_are_marked_so() -> None:
    left_out = {op.id for op in CONTRACT.operations if op.node.get("x-not-emulated")}
    assert left_out == {op.id for op in CONTRACT.operations if "501" in op.node["responses"]}
    assert {op.path.split("/")[2] for op in CONTRACT.operations if op.id in left_out} == {
        "sip-trunks", "verify", "feedback", "whatsapp",
    }  # fmt: skip


def test_the_example_event_is_signed_with_the_example_secret() -> None:
    header = at(DOCUMENT, "#/components/parameters/Signature/example")
    stamp = at(DOCUMENT, "#/components/parameters/Timestamp/example")
    secret = example("setWebhook", 200, "set")["secret"]
    signed = f"{stamp}.{json.dumps(event('agent.message'), separators=(',', ':'))}"
    assert header == f"sha256={hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()}"


RESPONSES = {
    "numbers": ("listNumbers", "GET", "/v1/numbers", 200, "page"),
    "number": ("createNumber", "POST", "/v1/numbers", 200, "bought"),
    "released": ("releaseNumber", "DELETE", f"/v1/numbers/{NUMBER}", 200, "released"),
    "messages": ("listNumberMessages", "GET", f"/v1/numbers/{NUMBER}/messages", 200, "one"),
    "agent": ("createAgent", "POST", "/v1/agents", 200, "made"),
    "call": ("getCall", "GET", f"/v1/calls/{CALL}", 200, "completed"),
    "placed": ("createCall", "POST", "/v1/calls", 200, "placed"),
    "sent": ("sendMessage", "POST", "/v1/messages", 200, "sent"),
    "talk": ("getConversation", "GET", f"/v1/conversations/{TALK}", 200, "customer"),
    "contact": ("createContact", "POST", "/v1/contacts", 201, "customer"),
    "webhook": ("setWebhook", "POST", "/v1/webhooks", 200, "set"),
    "unset": ("getWebhook", "GET", "/v1/webhooks", 200, "unset"),
    "usage": ("getUsage", "GET", "/v1/usage", 200, "month"),
    "unauthorized": ("getUsage", "GET", "/v1/usage", 401, "unauthorized"),
    "out of range": ("createAgent", "POST", "/v1/agents", 422, "range"),
}


def judged(name: str, body: Any) -> list[str]:
    _, method, path, status, _ = RESPONSES[name]
    return CONTRACT.check_response(method, path, status, JSON, json.dumps(body).encode())


@pytest.mark.parametrize("name", RESPONSES)
def test_a_valid_response_has_no_problems(name: str) -> None:
    operation, _, _, status, shown = RESPONSES[name]
    assert judged(name, example(operation, status, shown)) == []


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        ("numbers", "/total", MISSING),
        ("numbers", "/hasMore", "false"),
        ("numbers", "/data/0/phoneNumber", "4155550142"),
        ("numbers", "/data/0/status", "pending"),
        ("numbers", "/data/0/phone_number", "+14155550142"),
        ("number", "/createdAt", "2026-01-15T10:45:00+00:00"),
        ("released", "/status", "active"),
        ("messages", "/data/0/from_", MISSING),
        ("messages", "/data/0/receivedAt", 1768478400),
        ("agent", "/voiceSpeed", 3),
        ("agent", "/language", "tlh-KX"),
        ("call", "/transcripts", None),
        ("call", "/startedAt", MISSING),
        ("call", "/status", "in_progress"),
        ("placed", "/transcripts", MISSING),
        ("sent", "/conversationId", TALK),
        ("talk", "/messages", MISSING),
        ("talk", "/messages/0/reactions", None),
        ("contact", "/updatedAt", MISSING),
        ("webhook", "/contextLimit", 51),
        ("webhook", "/secret", "secret"),
        ("usage", "/plan", MISSING),
        ("unauthorized", "/detail", MISSING),
        ("unauthorized", "/error/code", "FORBIDDEN"),
        ("out of range", "/detail", "voiceSpeed is out of range."),
        ("out of range", "/detail/0/loc", MISSING),
    ],
)
def test_an_invalid_response_is_reported(name: str, pointer: str, value: Any) -> None:
    operation, _, _, status, shown = RESPONSES[name]
    body = example(operation, status, shown)
    broken(body, pointer, value)
    assert judged(name, body)


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/v1/numbers/available?areaCode=415", "listAvailableNumbers"),
        ("GET", "/v1/numbers/lookup?phoneNumbers=%2B14155550142", "lookupNumbers"),
        ("GET", f"/v1/numbers/{NUMBER}", "getNumber"),
        ("GET", "/v1/agents/voices", "listVoices"),
        ("POST", "/v1/calls/web", "createWebCall"),
        ("GET", "/v1/contacts/capabilities?phone_number=%2B14155550142", "getContactCapabilities"),
        ("POST", "/v1/location/refresh", "refreshLocations"),
        ("GET", "/integrations/whatsapp/status", "getWhatsAppStatus"),
        ("PUT", "/v1/numbers", None),
        ("GET", "/v1/messages", None),
    ],
)
def test_a_path_finds_its_operation(method: str, path: str, operation: str | None) -> None:
    found = CONTRACT.match(method, path)
    assert (found.id if found else None) == operation


SIGNED = {
    **JSON,
    "X-Webhook-Signature": f"sha256={'0a' * 32}",
    "X-Webhook-Timestamp": "1768478400",
    "X-Webhook-ID": "del_1",
}
SHOWN = (
    ("agent.message", "event"),
    ("agent.message", "voice"),
    ("agent.call_ended", "event"),
    ("agent.reaction", "event"),
)


@pytest.mark.parametrize(("name", "which"), SHOWN)
def test_a_valid_event_has_no_problems(name: str, which: str) -> None:
    assert CONTRACT.check_webhook(name, SIGNED, json.dumps(event(name, which)).encode()) == []


@pytest.mark.parametrize(
    ("name", "which", "pointer", "value"),
    [
        ("agent.message", "event", "/recentHistory", None),
        ("agent.message", "event", "/data/message", MISSING),
        ("agent.message", "event", "/data/direction", "outbound"),
        ("agent.message", "event", "/channel", "voice"),
        ("agent.message", "voice", "/channel", "sms"),
        ("agent.message", "voice", "/data/transcript", []),
        ("agent.message", "voice", "/conversationState", MISSING),
        ("agent.call_ended", "event", "/data/transcript", "Hello."),
        ("agent.call_ended", "event", "/data/status", "in-progress"),
        ("agent.call_ended", "event", "/timestamp", 1768478400),
        ("agent.reaction", "event", "/data/messageId", MISSING),
    ],
)
def test_an_invalid_event_is_reported(name: str, which: str, pointer: str, value: Any) -> None:
    body = event(name, which)
    broken(body, pointer, value)
    assert CONTRACT.check_webhook(name, SIGNED, json.dumps(body).encode())


@pytest.mark.parametrize("header", ["X-Webhook-Signature", "X-Webhook-Timestamp", "X-Webhook-ID"])
def test_an_event_without_a_header_is_reported(header: str) -> None:
    headers = {name: value for name, value in SIGNED.items() if name != header}
    assert CONTRACT.check_webhook("agent.reaction", headers, json.dumps(event("agent.reaction")).encode())

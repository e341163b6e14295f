"""The NoKYCNumber contract has the page's errors and events, and finds responses and events that differ."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.support.contract import Contract, at

CONTRACT = Contract.load("nokycnumber")
DOCUMENT = CONTRACT.document
CALL, SMS, NUMBER = "call_3x7c0m5v9g2q", "sms_6r2y8d1p4j7w", "num_5d0q8w2r7b1k"
REQUEST_ID = {"Request-Id": "req_5f0c9a3e71b8d240"}
LIMITS = {"X-Rate-Limit-Limit": "100", "X-Rate-Limit-Remaining": "87", "X-Rate-Limit-Reset": "1777820460"}
JSON = {"Content-Type": "application/json", **REQUEST_ID, **LIMITS}
MISSING = object()

STATUSES = {
    200: "successful",
    201: "created",
    204: "deleted",
    400: "malformed or missing",
    401: "key",
    402: "balance",
    403: "scope",
    404: "not there",
    409: "conflict",
    415: "form",
    422: "semantic",
    429: "limit",
    500: "our fault",
    503: "our fault",
}
"""Page, "Status codes" and "JSON convention"."""
OUR_STATUSES = {413, 502}
"""502 lies within the page's 500–503."""
TYPES = {
    "parameter_missing": "invalid_request_error",
    "parameter_invalid": "invalid_request_error",
    "invalid_json": "invalid_request_error",
    "unknown_version": "invalid_request_error",
    "invalid_api_key": "authentication_error",
    "insufficient_balance": "resource_error",
    "insufficient_scope": "authorization_error",
    "url_expired": "authorization_error",
    "invalid_signature": "authorization_error",
    "not_found": "invalid_request_error",
    "idempotency_key_mismatch": "invalid_request_error",
    "number_unavailable": "resource_error",
    "number_paused": "resource_error",
    "number_released": "resource_error",
    "addon_required": "resource_error",
    "request_too_large": "invalid_request_error",
    "unsupported_media_type": "invalid_request_error",
    "unsupported_country": "invalid_request_error",
    "caller_id_not_owned": "invalid_request_error",
    "message_too_long": "invalid_request_error",
    "send_at_in_past": "invalid_request_error",
    "mms_not_supported": "invalid_request_error",
    "rate_limited": "rate_limit_error",
    "internal_error": "api_error",
    "upstream_failed": "upstream_error",
    "service_unavailable": "api_error",
    "upstream_unavailable": "upstream_error",
}
"""Page, "Error types"; all codes but two are ours."""
EVENTS = {
    "number.activated",
    "number.renewed",
    "number.paused",
    "number.released",
    "call.initiated",
    "call.answered",
    "call.completed",
    "call.recorded",
    "sms.received",
    "sms.sent",
    "sms.delivered",
    "sms.failed",
    "voicemail.created",
    "ai.pickup",
    "account.balance_low",
}
"""Page, "Event types"."""


def example(operation: str, status: int, name: str) -> Any:
    """Return a deep copy of an example response."""
    node = next(found.node for found in CONTRACT.operations if found.id == operation)
    return copy.deepcopy(node["responses"][str(status)]["content"]["application/json"]["examples"][name]["value"])


def event(name: str) -> Any:
    """Return a deep copy of an example event, by its name on the wire."""
    post = next(item["post"] for item in CONTRACT.resolved["webhooks"].values() if item["post"]["x-event"] == name)
    return copy.deepcopy(post["requestBody"]["content"]["application/json"]["examples"]["event"]["value"])


def broken(body: Any, pointer: str, value: Any) -> str:
    """Put a value at a place in a body, or remove it if the value is MISSING. Return the field's name."""
    parent, _, field = pointer.rpartition("/")
    holder = at(body, parent)
    if value is MISSING:
        del holder[field]
    elif isinstance(holder, list):
        holder[int(field)] = value
    else:
        holder[field] = value
    return field


# -- the page's tables -----------------------------------------------------------------------------------------------


def test_the_statuses_are_those_of_the_page() -> None:
    found = {int(status) for operation in CONTRACT.operations for status in operation.node["responses"]}
    assert found == set(STATUSES) | OUR_STATUSES | {301}


def test_each_code_has_one_type_and_each_type_a_code() -> None:
    found: dict[str, set[str]] = {}
    for operation in CONTRACT.operations:
        for response in operation.node["responses"].values():
            for shown in response.get("content", {}).get("application/json", {}).get("examples", {}).values():
                error = shown["value"].get("error")
                if error is not None:
                    found.setdefault(error["code"], set()).add(error["type"])
    assert found == {code: {kind} for code, kind in TYPES.items()}
    envelope = at(DOCUMENT, "#/components/schemas/Error/properties/error/properties")
    assert set(envelope["type"]["enum"]) == set(TYPES.values())
    assert set(envelope["code"]["enum"]) == set(TYPES)


def test_the_events_are_those_of_the_page() -> None:
    assert {item["post"]["x-event"] for item in DOCUMENT["webhooks"].values()} == EVENTS
    assert set(at(DOCUMENT, "#/components/schemas/EnabledEvent/enum")) == EVENTS | {"*"}


def test_every_operation_but_reads_documents_a_missing_scope() -> None:
    for operation in CONTRACT.operations:
        if operation.node.get("security") == []:
            continue
        assert ("403" in operation.node["responses"]) == (operation.method != "GET"), operation.id


def test_every_post_takes_an_idempotency_key() -> None:
    for operation in CONTRACT.operations:
        names = {parameter["name"] for parameter in operation.node.get("parameters", ())}
        assert ("Idempotency-Key" in names) == (operation.method == "POST"), operation.id


def test_the_example_event_is_signed_with_the_example_secret() -> None:
    header = at(DOCUMENT, "#/components/parameters/Signature/example")
    secret = example("createWebhookEndpoint", 201, "receipts")["secret"]
    timestamp = header.partition(",")[0].removeprefix("t=")
    signed = f"{timestamp}.{json.dumps(event('sms.delivered'), separators=(',', ':'))}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert header == f"t={timestamp},v1={digest}"


# -- the check of responses and events ------

RESPONSES = {
    "numbers": ("listNumbers", "GET", "/v1/numbers", 200, "page"),
    "number": ("createNumber", "POST", "/v1/numbers", 201, "full"),
    "shown": ("getNumber", "GET", f"/v1/numbers/{NUMBER}", 200, "paused"),
    "offers": ("listAvailableNumbers", "GET", "/v1/numbers/available", 200, "two"),
    "calls": ("listCalls", "GET", "/v1/calls", 200, "two"),
    "placed": ("createCall", "POST", "/v1/calls", 201, "placed"),
    "hung up": ("hangupCall", "POST", f"/v1/calls/{CALL}/hangup", 200, "completed"),
    "messages": ("listSms", "GET", "/v1/sms", 200, "two"),
    "queued": ("createSms", "POST", "/v1/sms", 201, "queued"),
    "message": ("getSms", "GET", f"/v1/sms/{SMS}", 200, "delivered"),
    "voicemail": ("getVoicemail", "GET", "/v1/voicemails/vm_7w5s1h9q3e6a", 200, "summed"),
    "ai": ("getAiConfig", "GET", f"/v1/numbers/{NUMBER}/ai", 200, "answering"),
    "account": ("getAccount", "GET", "/v1/account", 200, "account"),
    "usage": ("getUsage", "GET", "/v1/account/usage?period=last_30d", 200, "month"),
    "endpoint": ("createWebhookEndpoint", "POST", "/v1/webhook_endpoints", 201, "receipts"),
    "endpoints": ("listWebhookEndpoints", "GET", "/v1/webhook_endpoints", 200, "one"),
    "unauthenticated": ("getAccount", "GET", "/v1/account", 401, "key"),
    "missing": ("createCall", "POST", "/v1/calls", 400, "missing"),
    "paused": ("createCall", "POST", "/v1/calls", 409, "paused"),
    "unavailable": ("createNumber", "POST", "/v1/numbers", 409, "taken"),
}


def problems_of(name: str, body: Any) -> list[str]:
    _, method, path, status, _ = RESPONSES[name]
    return CONTRACT.check_response(method, path, status, JSON, json.dumps(body).encode())


@pytest.mark.parametrize("name", RESPONSES)
def test_a_valid_response_has_no_problems(name: str) -> None:
    operation, _, _, status, shown = RESPONSES[name]
    assert problems_of(name, example(operation, status, shown)) == []


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        ("numbers", "/object", "page"),
        ("numbers", "/url", MISSING),
        ("numbers", "/next_cursor", None),
        ("numbers", "/total", 1),
        ("numbers", "/has_more", "true"),
        ("numbers", "/data/0/id", "num_12"),
        ("numbers", "/data/0/status", "sleeping"),
        ("numbers", "/data/0/number", "0639980042"),
        ("numbers", "/data/0/country", "FR"),
        ("numbers", "/data/0/tier_pattern", MISSING),
        ("numbers", "/data/0/addons/0", "ai-magic"),
        ("numbers", "/data/0/renews_at", "2026-06-02T09:30:00+00:00"),
        ("numbers", "/data/0/auto_renew", None),
        ("number", "/webhook_secret", "secret"),
        ("number", "/billing_period", "weekly"),
        ("number", "/on_off", {"timezone": "Europe/Paris"}),
        ("shown", "/webhook_secret", "whsec_0f3c8e5a917d4b26a8c1e07f5d9b3462"),
        ("shown", "/on_off/windows/0/from", "25:00"),
        ("shown", "/on_off/windows/0/days/0", "monday"),
        ("shown", "/on_off/windows/0/until", "08:00"),
        ("offers", "/data/0/prices/monthly", "5.00"),
        ("offers", "/data/0/prices/weekly", 2),
        ("offers", "/data/0/held_until", None),
        ("calls", "/data/0/answered_at", 1777820405),
        ("calls", "/data/0/ended_at", None),
        ("calls", "/data/1/duration_sec", 4),
        ("calls", "/data/1/answered_at", "2026-05-03T13:20:20Z"),
        ("calls", "/data/0/duration_sec", 90.5),
        ("calls", "/data/0/cost_usd", None),
        ("calls", "/data/0/cost_usd", "0.03"),
        ("calls", "/data/0/recording_url", "https://files.nokycnumber.com/call_3x7c0m5v9g2q.mp3"),
        ("calls", "/data/0/from", MISSING),
        ("calls", "/data/0/metadata", {"ticket": 4711}),
        ("placed", "/direction", "inbound"),
        ("placed", "/cost_usd", 0),
        ("placed", "/answered_at", "2026-05-03T14:00:05Z"),
        ("hung up", "/status", "in_progress"),
        ("messages", "/data/0/segments", 0),
        ("messages", "/data/0/segments", 11),
        ("messages", "/data/1/cost_usd", None),
        ("messages", "/data/1/delivered_at", None),
        ("messages", "/data/1/failure_code", "unreachable"),
        ("messages", "/data/0/media_urls", None),
        ("messages", "/data/0/segment_status", []),
        ("queued", "/status", "scheduled"),
        ("queued", "/delivered_at", "2026-05-03T15:00:03Z"),
        ("message", "/segment_status", MISSING),
        ("message", "/segment_status", []),
        ("message", "/segment_status/0/status", "lost"),
        ("voicemail", "/audio_url", "https://files.nokycnumber.com/vm_7w5s1h9q3e6a.mp3"),
        ("voicemail", "/transcript/summary", MISSING),
        ("voicemail", "/transcript/sentiment", "cheerful"),
        ("voicemail", "/transcript/confidence", 0.9),
        ("ai", "/auto_pickup/voice", "neutral_it"),
        ("ai", "/auto_pickup/after_rings", 0),
        ("ai", "/translator/target_language", MISSING),
        ("ai", "/screening/script", "Who is it?"),
        ("account", "/balance_usd", "18.724"),
        ("account", "/active_numbers", 2.5),
        ("account", "/email", "someone@example.com"),
        ("usage", "/period", "last_7d"),
        ("usage", "/sms/segments", "9"),
        ("endpoint", "/secret", MISSING),
        ("endpoint", "/id", "we_1"),
        ("endpoint", "/enabled_events/0", "sms.seen"),
        ("endpoints", "/data/0/secret", "whsec_7be1540c9d2f48a3b6e0f7135c8a9d24"),
        ("unauthenticated", "/error/type", "authorization_error"),
        ("unauthenticated", "/error/code", "not_found"),
        ("unauthenticated", "/error/request_id", MISSING),
        ("unauthenticated", "/error/message", ""),
        ("unauthenticated", "/error/detail", "none"),
        ("unauthenticated", "/error", "unauthenticated"),
        ("missing", "/error/param", MISSING),
        ("paused", "/error/type", "invalid_request_error"),
        ("unavailable", "/error/type", "invalid_request_error"),
        ("unavailable", "/error/code", "number_paused"),
    ],
)
def test_a_broken_response_has_problems(name: str, pointer: str, value: Any) -> None:
    operation, _, _, status, shown = RESPONSES[name]
    body = example(operation, status, shown)
    field = broken(body, pointer, value)
    problems = problems_of(name, body)
    parent = pointer.split("/")[-2]
    assert any(field in problem or parent in problem for problem in problems), problems


def error_body(kind: str, code: str, **more: str) -> bytes:
    return json.dumps(
        {"error": {"type": kind, "code": code, "message": "No.", **more, "request_id": REQUEST_ID["Request-Id"]}}
    ).encode()


LIMITED = error_body("rate_limit_error", "rate_limited")
UNKNOWN = error_body("invalid_request_error", "not_found")
KEYLESS = error_body("authentication_error", "invalid_api_key")
MP3 = {"Content-Type": "audio/mpeg", **REQUEST_ID}
FILE = f"/v1/files/recordings/{CALL}.mp3?expires=1777820495&sig=5b1e7d"


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body", "complaint"),
    [
        ("GET", "/v1/account", 200, {**LIMITS, "Content-Type": "application/json"}, b"{}", "Request-Id is missing"),
        ("GET", "/v1/account", 200, {**REQUEST_ID, "Content-Type": "application/json"}, b"{}", "X-Rate-Limit-Limit"),
        ("GET", "/v1/account", 200, JSON | {"X-Rate-Limit-Remaining": "-1"}, b"{}", "X-Rate-Limit-Remaining"),
        ("GET", "/v1/account", 200, JSON | {"Request-Id": "5f0c"}, b"{}", "Request-Id"),
        ("GET", "/v1/account", 401, JSON | {"Request-Id": "req_" + "0" * 16}, KEYLESS, "/error/request_id of the body"),
        ("GET", "/v1/account", 429, JSON, LIMITED, "Retry-After is missing"),
        (
            "GET",
            "/v1/account",
            503,
            JSON,
            error_body("upstream_error", "upstream_unavailable"),
            "Retry-After is missing",
        ),
        ("GET", "/v1/account", 403, JSON, error_body("authorization_error", "insufficient_scope"), "status 403"),
        ("GET", "/v1/account", 301, {}, b"", "Location is missing"),
        ("GET", "/v1/account", 301, {"Location": "http://api.nokycnumber.com/v1/account"}, b"", "Location"),
        ("DELETE", f"/v1/numbers/{NUMBER}", 204, JSON, b"{}", "status 204 has no body"),
        ("DELETE", f"/v1/numbers/{NUMBER}", 200, JSON, b"{}", "status 200 is not documented"),
        ("POST", "/v1/sms", 200, JSON, b"{}", "status 200 is not documented"),
        ("POST", "/v1/sms", 415, {**JSON, "Content-Type": "text/html"}, b"<h1>No</h1>", "content type is text/html"),
        ("POST", "/v1/webhook_endpoints", 402, JSON, b"{}", "status 402 is not documented"),
        ("GET", FILE, 200, {**MP3, "Content-Type": "text/plain"}, b"x", "content type is text/plain"),
        ("GET", FILE, 401, JSON, KEYLESS, "status 401 is not documented"),
        ("GET", FILE, 403, JSON, error_body("authorization_error", "insufficient_scope"), "insufficient_scope"),
        ("PUT", "/v1/sms", 405, JSON, UNKNOWN, "unknown route"),
        ("GET", "/v1/nothing", 200, JSON, b"{}", "unknown route"),
        ("GET", "/v1/nothing", 404, JSON, b'{"detail":"Not Found"}', "'error' is a required property"),
    ],
)
def test_a_response_with_a_wrong_status_header_or_content_type_has_problems(
    method: str, path: str, status: int, headers: dict[str, str], body: bytes, complaint: str
) -> None:
    problems = CONTRACT.check_response(method, path, status, headers, body)
    assert any(complaint in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body"),
    [
        ("GET", "/v1/account", 301, {"Location": "https://api.nokycnumber.com/v1/account"}, b""),
        ("GET", "/v1/account", 401, {"Content-Type": "application/json", **REQUEST_ID}, KEYLESS),
        ("GET", "/v1/account", 429, JSON | {"Retry-After": "8"}, LIMITED),
        ("POST", "/v1/sms", 503, JSON | {"Retry-After": "5"}, error_body("upstream_error", "upstream_unavailable")),
        ("DELETE", f"/v1/numbers/{NUMBER}", 204, REQUEST_ID | LIMITS, b""),
        ("GET", FILE, 200, MP3, b"\xff\xfb\x90\x00"),
        ("GET", FILE, 403, JSON, error_body("authorization_error", "url_expired")),
        ("GET", "/v1/nothing", 404, JSON, UNKNOWN),
        ("DELETE", "/v1/nothing", 403, JSON, error_body("authorization_error", "insufficient_scope")),
        (
            "GET",
            "/v1/nothing",
            400,
            JSON,
            error_body("invalid_request_error", "unknown_version", param="NoKYC-Version"),
        ),
    ],
)
def test_a_response_with_documented_status_and_headers_has_no_problems(
    method: str, path: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    assert CONTRACT.check_response(method, path, status, headers, body) == []


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/v1/numbers/available?country=fr", "listAvailableNumbers"),
        ("GET", f"/v1/numbers/{NUMBER}", "getNumber"),
        ("PATCH", f"/v1/numbers/{NUMBER}/ai", "updateAiConfig"),
        ("POST", f"/v1/calls/{CALL}/hangup", "hangupCall"),
        ("GET", FILE, "downloadRecording"),
        ("DELETE", f"/v1/calls/{CALL}", None),
        ("POST", "/v1/account", None),
        ("GET", "/v1/files/recordings", None),
    ],
)
def test_a_path_finds_its_operation(method: str, path: str, operation: str | None) -> None:
    found = CONTRACT.match(method, path)
    assert (found.id if found else None) == operation


SIGNED = {"Content-Type": "application/json", "X-NoKYC-Signature": f"t=1777820403,v1={'0a' * 32}"}


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_a_valid_event_has_no_problems(name: str) -> None:
    assert CONTRACT.check_webhook(name, SIGNED, json.dumps(event(name)).encode()) == []


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_of_another_type_has_problems(name: str) -> None:
    other = "sms.received" if name != "sms.received" else "sms.sent"
    problems = CONTRACT.check_webhook(name, SIGNED, json.dumps({**event(name), "type": other}).encode())
    assert any("type" in problem for problem in problems)


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        ("number.activated", "/data/object/status", "paused"),
        ("number.paused", "/data/object/status", "active"),
        ("number.released", "/data/object/webhook_secret", "whsec_" + "0" * 32),
        ("number.renewed", "/request_id", MISSING),
        ("call.initiated", "/data/object/direction", "inbound"),
        ("call.completed", "/data/object/status", "in_progress"),
        ("call.completed", "/data/object/metadata", MISSING),
        ("call.recorded", "/data/object/recording_url", None),
        ("sms.received", "/data/object/direction", "outbound"),
        ("sms.delivered", "/data/object/status", "sent"),
        ("sms.failed", "/data/object/failure_code", None),
        ("sms.sent", "/livemode", "true"),
        ("sms.sent", "/created", 1777820401),
        ("sms.sent", "/id", "event-1"),
        ("voicemail.created", "/data/object/transcript", MISSING),
        ("ai.pickup", "/data/object/direction", "outbound"),
        ("account.balance_low", "/data/object/balance_usd", "4.99"),
        ("account.balance_low", "/data/previous", {}),
    ],
)
def test_a_broken_event_has_problems(name: str, pointer: str, value: Any) -> None:
    body = event(name)
    field = broken(body, pointer, value)
    problems = CONTRACT.check_webhook(name, SIGNED, json.dumps(body).encode())
    assert any(field in problem or field == "webhook_secret" for problem in problems), problems


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        ({"Content-Type": "application/json"}, "X-NoKYC-Signature is missing"),
        (SIGNED | {"X-NoKYC-Signature": "v1=" + "0a" * 32}, "X-NoKYC-Signature"),
        (SIGNED | {"X-NoKYC-Signature": f"t=1777820403,v1={'0A' * 32}"}, "X-NoKYC-Signature"),
        (SIGNED | {"Content-Type": "text/plain"}, "content type"),
    ],
)
def test_an_event_with_a_wrong_header_has_problems(headers: dict[str, str], complaint: str) -> None:
    problems = CONTRACT.check_webhook("sms.sent", headers, json.dumps(event("sms.sent")).encode())
    assert any(complaint in problem for problem in problems), problems

"""The KwickPhone contract: what its page says of errors and events, and a judge that notices what differs."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.support.contract import Contract, at

CONTRACT = Contract.load("kwickphone")
DOCUMENT = CONTRACT.document
JSON = {"Content-Type": "application/json"}
CALL_ID = "CA9f2c61d07be84a5f9a3312c5d8e0467b"

ERROR_TABLE = {
    400: {"invalid_request"},
    401: {"unauthorized"},
    402: {"insufficient_balance"},
    404: {"not_found", "no_recording"},
    409: {"no_numbers"},
    429: {"number_limit", "provision_velocity", "rate_limited"},
    503: {"provider_unavailable"},
}
"""Page, "Errors"."""


def example(pointer: str) -> Any:
    """A deep copy of an example in the document, to be broken at will."""
    return copy.deepcopy(at(CONTRACT.resolved, pointer)["value"])


def test_the_error_codes_are_those_of_the_page() -> None:
    found: dict[int, set[str]] = {}
    for operation in CONTRACT.operations:
        for status, response in operation.node["responses"].items():
            if int(status) >= 400:
                schema = response["content"]["application/json"]["schema"]
                code = schema["allOf"][1]["properties"]["error"]["properties"]["code"]
                found.setdefault(int(status), set()).update(code["enum"])
    ours = {413: {"invalid_request"}, 500: {"internal_error"}}
    assert found == ERROR_TABLE | ours


def test_the_walks_lead_from_numbers_to_release_and_from_calls_to_what_was_said() -> None:
    followed = {
        (operation.id, link["operationId"])
        for operation in CONTRACT.operations
        for response in operation.node["responses"].values()
        for link in response.get("links", {}).values()
    }
    assert followed == {
        ("createNumber", "releaseNumber"),
        ("listCalls", "getTranscript"),
        ("listCalls", "getRecording"),
        ("listCalls", "listCalls"),
    }


def test_an_example_that_breaks_its_schema_is_found() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["parameters"]["NumberId"]["example"] = "12"
    answer = document["paths"]["/v1/calls"]["get"]["responses"]["200"]["content"]["application/json"]
    answer["examples"]["two"]["value"]["data"][0]["duration_sec"] = "132"
    document["components"]["schemas"]["Turn"]["properties"]["speaker"]["examples"] = ["robot"]
    found = "\n".join(Contract(document).check_examples())
    for culprit in ("'12'", "'132'", "'robot'"):
        assert culprit in found


def test_the_example_event_is_signed_with_the_example_secret() -> None:
    post = at(CONTRACT.resolved, "#/webhooks/callCompleted/post")
    headers = {parameter["name"]: parameter["example"] for parameter in post["parameters"]}
    event = post["requestBody"]["content"]["application/json"]["examples"]["order"]["value"]
    secret = example("#/paths/~1v1~1numbers/post/responses/201/content/application~1json/examples/full")[
        "webhook_secret"
    ]
    signed = f"{headers['X-KwickPhone-Timestamp']}.{json.dumps(event, separators=(',', ':'))}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert headers["X-KwickPhone-Signature"] == f"v1={digest}"


def test_the_example_event_tells_of_the_example_call() -> None:
    event = example("#/webhooks/callCompleted/post/requestBody/content/application~1json/examples/order")
    call = example("#/paths/~1v1~1calls/get/responses/200/content/application~1json/examples/two")["data"][0]
    assert event["call"].pop("call_sid") == call["id"]
    assert event["number_id"] == call["number_id"]
    assert event["call"].items() <= call.items()


# -- the judge -------------------------------------------------------------------------------------------------------

NUMBERS, CALLS = "/v1/numbers", "/v1/calls"
TRANSCRIPT, RECORDING = f"/v1/calls/{CALL_ID}/transcript", f"/v1/calls/{CALL_ID}/recording"
ANSWERS = {
    "numbers": ("GET", NUMBERS, 200, "#/paths/~1v1~1numbers/get/responses/200/content/application~1json/examples/two"),
    "created": (
        "POST",
        NUMBERS,
        201,
        "#/paths/~1v1~1numbers/post/responses/201/content/application~1json/examples/full",
    ),
    "calls": ("GET", CALLS, 200, "#/paths/~1v1~1calls/get/responses/200/content/application~1json/examples/two"),
    "turns": (
        "GET",
        TRANSCRIPT,
        200,
        "#/paths/~1v1~1calls~1{call_id}~1transcript/get/responses/200/content/application~1json/examples/order",
    ),
    "released": (
        "DELETE",
        f"{NUMBERS}/num_12",
        200,
        "#/paths/~1v1~1numbers~1{id}/delete/responses/200/content/application~1json/examples/released",
    ),
    "unauthorized": ("GET", CALLS, 401, "#/components/responses/Unauthorized/content/application~1json/examples/key"),
}


def judged(name: str, body: Any) -> list[str]:
    method, path, status, _ = ANSWERS[name]
    return CONTRACT.check_response(method, path, status, JSON, json.dumps(body).encode())


@pytest.mark.parametrize("name", ANSWERS)
def test_a_good_answer_has_no_problems(name: str) -> None:
    assert judged(name, example(ANSWERS[name][3])) == []


MISSING = object()


@pytest.mark.parametrize(
    ("name", "pointer", "value"),
    [
        ("numbers", "/data/0/webhook_secret", "whsec_5b0c9f17ad3e4826917fd0a4c86e2b35"),
        ("numbers", "/data/0/business_phone", MISSING),
        ("numbers", "/data/0/status", "cancelled"),
        ("numbers", "/data/0/id", 12),
        ("numbers", "/data/0/id", "num_012"),
        ("numbers", "/data/0/created_at", "2026-06-18T08:00:00Z"),
        ("numbers", "/data/0/created_at", "2026-06-18T25:00:00+00:00"),
        ("numbers", "/data/0/created_at", 1781942245),
        ("numbers", "/data/0/webhook_url", "not a url"),
        ("numbers", "/data/0/owner", "acct_1"),
        ("numbers", "/data", {}),
        ("numbers", "/has_more", False),
        ("created", "/webhook_secret", MISSING),
        ("created", "/webhook_secret", "secret"),
        ("created", "/status", "past_due"),
        ("created", "/phone_number", "+15551234567"[:-1]),
        ("created", "/phone_number", "+443465700511"),
        ("created", "/monthly_price", "5.00"),
        ("calls", "/data/0/id", "CA12"),
        ("calls", "/data/0/call_sid", CALL_ID),
        ("calls", "/data/0/started_at", "2026-06-20T07:55:10+00:00"),
        ("calls", "/data/0/started_at", "2026-02-30T07:55:10Z"),
        ("calls", "/data/0/duration_sec", -1),
        ("calls", "/data/0/duration_sec", 132.5),
        ("calls", "/data/0/direction", "outbound"),
        ("calls", "/data/1/duration_sec", 5),
        ("calls", "/data/0/has_recording", "true"),
        ("calls", "/data/0/outcome", MISSING),
        ("calls", "/data/0/caller", "2145559876"),
        ("calls", "/data/0/status", "done"),
        ("turns", "/turns/0/speaker", "robot"),
        ("turns", "/turns/1/offset_sec", "5.4"),
        ("turns", "/turns/1/offset_sec", -0.1),
        ("turns", "/turns", []),
        ("turns", "/turns/2/confidence", 0.9),
        ("released", "/released", False),
        ("released", "/released", "true"),
        ("unauthorized", "/error/code", "not_found"),
        ("unauthorized", "/error/message", MISSING),
        ("unauthorized", "/error/message", ""),
        ("unauthorized", "/error/param", "key"),
        ("unauthorized", "/detail", "Not authorized"),
        ("unauthorized", "/error", "unauthorized"),
    ],
)
def test_a_broken_answer_is_found(name: str, pointer: str, value: Any) -> None:
    body = example(ANSWERS[name][3])
    parent, _, field = pointer.rpartition("/")
    holder = at(body, parent)
    if value is MISSING:
        del holder[field]
    else:
        holder[field] = value
    problems = judged(name, body)
    assert problems
    assert any(field in problem for problem in problems), problems


LIMITED = b'{"error":{"code":"rate_limited","message":"Wait."}}'
FULL = b'{"error":{"code":"number_limit","message":"Five are active."}}'
HASTY = b'{"error":{"code":"provision_velocity","message":"Wait."}}'
UNKNOWN = b'{"error":{"code":"not_found","message":"No such call."}}'
UNRECORDED = b'{"error":{"code":"no_recording","message":"Not recorded."}}'
HTML = {"Content-Type": "text/html"}
MP3 = {"Content-Type": "audio/mpeg"}
WAIT = {"Retry-After": "17"}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body", "complaint"),
    [
        ("GET", CALLS, 200, HTML, b"<html></html>", "content type is text/html"),
        ("GET", CALLS, 200, {}, b'{"data":[]}', "content type is missing"),
        ("GET", CALLS, 200, JSON, b"", "body is empty"),
        ("GET", CALLS, 200, JSON, b'{"data":[', "not JSON"),
        ("GET", CALLS, 200, JSON, b'{"data":[NaN]}', "not JSON"),
        ("GET", CALLS, 200, JSON, b"\xff\xfe", "not JSON"),
        ("GET", CALLS, 204, JSON, b"", "status 204 is not documented"),
        ("GET", CALLS, 402, JSON, b'{"error":{"code":"insufficient_balance","message":"Add funds."}}', "status 402"),
        ("POST", NUMBERS, 200, JSON, b"{}", "status 200 is not documented"),
        ("POST", NUMBERS, 422, JSON, b"{}", "status 422 is not documented"),
        ("GET", CALLS, 429, JSON, LIMITED, "Retry-After is missing"),
        ("GET", CALLS, 429, JSON | {"Retry-After": "soon"}, LIMITED, "Retry-After"),
        ("GET", CALLS, 429, JSON | {"Retry-After": "0"}, LIMITED, "Retry-After"),
        ("POST", NUMBERS, 429, JSON, HASTY, "Retry-After is missing"),
        ("POST", NUMBERS, 503, JSON, b'{"error":{"code":"provider_unavailable","message":"Wait."}}', "Retry-After"),
        ("GET", TRANSCRIPT, 404, JSON, UNRECORDED, "no_recording"),
        ("GET", RECORDING, 200, JSON, b"{}", "content type is application/json"),
        ("GET", RECORDING, 200, MP3, b"", "body is empty"),
        ("HEAD", CALLS, 200, JSON, b'{"data":[]}', "HEAD has no body"),
        ("GET", "/v1/nothing", 200, JSON, b"{}", "unknown route"),
        ("PATCH", NUMBERS, 405, JSON, b'{"error":{"code":"not_found","message":"No."}}', "unknown route"),
        ("GET", "/v1/nothing", 404, HTML, b"<h1>Not Found</h1>", "content type is text/html"),
        ("GET", "/v1/nothing", 404, JSON, b'{"detail":"Not Found"}', "'error' is a required property"),
        ("GET", "/v1/nothing", 401, JSON, UNKNOWN, "not_found"),
    ],
)
def test_an_answer_of_the_wrong_kind_is_found(
    method: str, path: str, status: int, headers: dict[str, str], body: bytes, complaint: str
) -> None:
    problems = CONTRACT.check_response(method, path, status, headers, body)
    assert any(complaint in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body"),
    [
        ("GET", CALLS, 200, {"content-type": "application/json; charset=utf-8"}, b'{"data":[]}'),
        ("GET", CALLS, 429, JSON | WAIT, LIMITED),
        ("POST", NUMBERS, 429, JSON, FULL),
        ("POST", NUMBERS, 429, JSON | WAIT, HASTY),
        ("GET", RECORDING, 200, MP3, b"\xff\xfb\x90\x00"),
        ("GET", RECORDING, 404, JSON, UNRECORDED),
        ("GET", RECORDING, 404, JSON, UNKNOWN),
        ("HEAD", CALLS, 200, JSON, b""),
        ("GET", "/v1/nothing", 404, JSON, UNKNOWN),
        ("PATCH", NUMBERS, 404, JSON, UNKNOWN),
        ("GET", "/v2/calls", 429, JSON | WAIT, LIMITED),
    ],
)
def test_an_answer_of_the_right_kind_has_no_problems(
    method: str, path: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    assert CONTRACT.check_response(method, path, status, headers, body) == []


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/v1/numbers", "listNumbers"),
        ("POST", "/v1/numbers", "createNumber"),
        ("HEAD", "/v1/calls", "listCalls"),
        ("get", "/v1/calls?limit=5", "listCalls"),
        ("DELETE", "/v1/numbers/anything", "releaseNumber"),
        ("GET", TRANSCRIPT, "getTranscript"),
        ("GET", RECORDING, "getRecording"),
        ("GET", "/v1/numbers/num_1", None),
        ("GET", "/v1/calls/CA1/transcript/", None),
        ("GET", "/v1/calls//transcript", None),
        ("GET", "/v1/callsX", None),
        ("GET", "/numbers", None),
    ],
)
def test_a_path_finds_its_operation(method: str, path: str, operation: str | None) -> None:
    found = CONTRACT.match(method, path)
    assert (found.id if found else None) == operation


EVENT = "#/webhooks/callCompleted/post/requestBody/content/application~1json/examples/order"
SIGNED = JSON | {"X-KwickPhone-Timestamp": "1781942245", "X-KwickPhone-Signature": f"v1={'0a' * 32}"}


@pytest.mark.parametrize("name", ["call.completed", "callCompleted"])
def test_a_good_event_has_no_problems(name: str) -> None:
    assert CONTRACT.check_webhook(name, SIGNED, json.dumps(example(EVENT)).encode()) == []


@pytest.mark.parametrize(
    ("headers", "complaint"),
    [
        (JSON, "X-KwickPhone-Timestamp is missing"),
        (SIGNED | {"X-KwickPhone-Signature": "0a" * 32}, "X-KwickPhone-Signature"),
        (SIGNED | {"X-KwickPhone-Signature": f"v1={'0A' * 32}"}, "X-KwickPhone-Signature"),
        (SIGNED | {"X-KwickPhone-Timestamp": "2026-06-20T07:57:25Z"}, "X-KwickPhone-Timestamp"),
        (SIGNED | {"Content-Type": "text/plain"}, "content type"),
    ],
)
def test_an_event_with_a_wrong_header_is_found(headers: dict[str, str], complaint: str) -> None:
    problems = CONTRACT.check_webhook("call.completed", headers, json.dumps(example(EVENT)).encode())
    assert any(complaint in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/type", "call.ended"),
        ("/occurred_at", "2026-06-20T07:57:25Z"),
        ("/number_id", MISSING),
        ("/call/id", CALL_ID),
        ("/call/call_sid", MISSING),
        ("/call/duration_sec", "132"),
        ("/call/started_at", "2026-06-20T07:55:10+00:00"),
        ("/call/phone_number", "+13465700511"),
    ],
)
def test_an_event_with_a_wrong_body_is_found(pointer: str, value: Any) -> None:
    body = example(EVENT)
    parent, _, field = pointer.rpartition("/")
    if value is MISSING:
        del at(body, parent)[field]
    else:
        at(body, parent)[field] = value
    problems = CONTRACT.check_webhook("call.completed", SIGNED, json.dumps(body).encode())
    assert any(field in problem for problem in problems), problems


def test_an_event_that_nobody_documented_is_found() -> None:
    assert "not documented" in CONTRACT.check_webhook("call.started", SIGNED, b"{}")[0]

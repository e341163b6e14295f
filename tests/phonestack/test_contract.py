"""The PhoneStack contract against the page and the code: errors, events, the operations that tools share."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from ringback.vendors.phonestack import routes
from ringback.vendors.phonestack.errors import ERRORS
from ringback.vendors.phonestack.events import SIGNATURE
from ringback.vendors.phonestack.mcp.tools import TOOLS, Tool
from ringback.vendors.phonestack.records import EVENTS
from tests.support.contract import Contract

CONTRACT = Contract.load("phonestack")
OF_THE_PAGE = {
    "UNAUTHORIZED": 401,
    "READ_ONLY": 403,
    "TEST_KEY": 403,
    "NOT_FOUND": 404,
    "DUPLICATE": 409,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
}
"""Page "Errors"."""


def test_the_error_codes_are_those_of_the_page_and_ours() -> None:
    found: dict[str, int] = {}
    for operation in CONTRACT.operations:
        for status, response in operation.node["responses"].items():
            if int(status) >= 400 and operation.id != "sendMcpMessage":
                narrowed = response["content"]["application/json"]["schema"]["allOf"][1]
                codes = narrowed["properties"]["error"]["properties"]["code"]["enum"]
                found.update(dict.fromkeys(codes, int(status)))
    documented = {code: row.status for code, row in ERRORS.rows.items()}
    assert found.items() >= OF_THE_PAGE.items()
    assert found.items() <= documented.items()
    assert documented.keys() - found.keys() == {"METHOD_NOT_ALLOWED"}


def test_the_events_are_those_of_the_page_in_its_order() -> None:
    described = [item["post"]["x-event"] for item in CONTRACT.document["webhooks"].values()]
    assert sorted(described) == sorted(EVENTS)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=lambda tool: tool.name)
def test_a_tool_runs_the_handler_of_its_operation(tool: Tool) -> None:
    described = next(each for each in CONTRACT.operations if each.id == "sendMcpMessage").node["x-tools"]
    handlers = {operation.handler: operation.id for operation in routes.OPERATIONS}
    different = {"list_calls", "create_contact", "bulk_create_contacts", "export_report"}
    twin = described[tool.name]["twin"]
    assert handlers.get(tool.handler) == (None if tool.name in different else twin)


def test_the_signature_is_what_the_receiver_of_the_page_computes() -> None:
    body = b'{"event":"call.completed","data":{"cost_cents":63}}'
    expected = hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert SIGNATURE.sign("secret", body, 0) == (("X-PhoneStack-Signature", expected),)

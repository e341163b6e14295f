"""Every vendor's contract: a sound document, complete, and consistent with itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import validate

from ringback import vendors
from tests.support.contract import Contract, Operation, at

VENDORS = Contract.vendors()
BASES = {"doc", "sdk", "ours"}
EVERYWHERE = {"413", "500", "503"}
EVERYWHERE_KEYED = {"401", "429"}
"""What every operation can be answered with, and what every operation can be that needs a key."""
UNREADABLE = {"400", "422"}
"""What a request that cannot be read is answered with, one of them by each vendor."""
JSON_RPC = "json-rpc"
"""The `x-envelope` of errors that a protocol within HTTP words, not the vendor."""
OURS_ONLY = {"description", "examples", "x-basis", "x-ours"}

every_contract = pytest.mark.parametrize("vendor", VENDORS)


def described(vendor: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation and webhook, by operationId, references resolved."""
    resolved = Contract.load(vendor).resolved
    for items in (resolved["paths"], resolved.get("webhooks", {})):
        for item in items.values():
            for node in item.values():
                yield node["operationId"], node


def properties(node: Any, pointer: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each named field of each schema in the document as it was written, with its place; conditions left out."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from properties(item, f"{pointer}/{index}")
    elif isinstance(node, dict):
        for name, item in node.items():
            if name == "properties":
                for field, schema in item.items():
                    yield f"{pointer}/{name}/{field}", schema
            if name not in ("example", "examples", "if", "then", "else"):
                yield from properties(item, f"{pointer}/{name}")


def narrowed(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document that says which of its keywords are ours."""
    if isinstance(node, list):
        for item in node:
            yield from narrowed(item)
    elif isinstance(node, dict):
        if "x-ours" in node:
            yield node
        for item in node.values():
            yield from narrowed(item)


def links(vendor: str) -> Iterator[tuple[Operation, dict[str, Any], dict[str, Any]]]:
    """Each link with the operation it starts from and the answer that carries it."""
    for operation in Contract.load(vendor).operations:
        for response in operation.node["responses"].values():
            for link in response.get("links", {}).values():
                yield operation, response, link


def first_example(response: dict[str, Any]) -> Any:
    examples = response["content"]["application/json"]["examples"]
    return next(iter(examples.values()))["value"]


def evaluated(expression: Any, answer: Any, asked: Operation) -> Any:
    """What a link's expression stands for, in an answer to a request whose path has the parameters' own examples."""
    if isinstance(expression, dict):
        return {name: evaluated(value, answer, asked) for name, value in expression.items()}
    if isinstance(expression, str) and expression.startswith("$response.body#"):
        return at(answer, expression.removeprefix("$response.body#"))
    if isinstance(expression, str) and expression.startswith("$request.path."):
        name = expression.removeprefix("$request.path.")
        return next(p["example"] for p in asked.node["parameters"] if p["in"] == "path" and p["name"] == name)
    return expression


# -- the document ----------------------------------------------------------------------------------------------------


def test_every_vendor_that_is_served_has_a_contract() -> None:
    assert set(vendors.names()) <= set(VENDORS)


@every_contract
def test_the_document_is_valid_openapi(vendor: str) -> None:
    document = Contract.load(vendor).document
    validate(document)
    assert document["openapi"].startswith("3.1.")


@pytest.mark.parametrize("vendor", vendors.names())
def test_the_document_has_the_operations_that_the_vendor_serves_and_no_others(vendor: str) -> None:
    contract, backend = Contract.load(vendor), vendors.load(vendor)
    served = {(operation.id, operation.method, operation.path) for operation in backend.operations}
    assert {(operation.id, operation.method, operation.path) for operation in contract.operations} == served
    assert contract.document["servers"][0]["url"] == backend.origin


@pytest.mark.parametrize(("vendor", "name"), [(vendor, name) for vendor in VENDORS for name, _ in described(vendor)])
def test_every_part_of_an_operation_says_where_it_comes_from(vendor: str, name: str) -> None:
    node = dict(described(vendor))[name]
    parts = {
        name: node,
        **{f"parameter {parameter['name']}": parameter for parameter in node.get("parameters", ())},
        **{f"status {status}": response for status, response in node["responses"].items()},
        **{
            f"header {header} of {status}": part
            for status, response in node["responses"].items()
            for header, part in response.get("headers", {}).items()
        },
    }
    assert {part: found.get("x-basis") for part, found in parts.items() if found.get("x-basis") not in BASES} == {}
    assert node["x-section"]
    assert node["summary"]


@every_contract
def test_every_field_says_where_it_comes_from(vendor: str) -> None:
    found = dict(properties(Contract.load(vendor).document))
    assert found
    assert [pointer for pointer, schema in found.items() if schema.get("x-basis") not in BASES] == []


@every_contract
def test_what_goes_beyond_its_source_names_keywords_of_its_own_schema(vendor: str) -> None:
    found = list(narrowed(Contract.load(vendor).document))
    assert found
    for schema in found:
        assert set(schema["x-ours"]) <= set(schema) - OURS_ONLY, schema
        assert schema.get("x-basis") != "ours", schema


@every_contract
def test_every_operation_documents_what_can_always_happen(vendor: str) -> None:
    for operation in Contract.load(vendor).operations:
        keyed = operation.node.get("security") != []
        documented = set(operation.node["responses"])
        assert EVERYWHERE | (EVERYWHERE_KEYED if keyed else set()) <= documented, operation.id
        assert UNREADABLE & documented, operation.id


@every_contract
def test_every_error_names_codes_that_the_envelope_knows(vendor: str) -> None:
    contract = Contract.load(vendor)
    envelope = field(contract.document["components"]["schemas"]["Error"], contract.error_code)
    used = set()
    elsewhere = contract.resolved.get("x-unrouted-responses", {})
    for responses in [*(operation.node["responses"] for operation in contract.operations), elsewhere]:
        for status, response in responses.items():
            if int(status) >= 400 and response.get("x-envelope") != JSON_RPC:
                narrow = response["content"]["application/json"]["schema"]["allOf"][1]
                used |= set((field(narrow, contract.error_code) or {"enum": ()})["enum"])
    assert envelope is not None
    assert used == set(envelope["enum"])


def field(schema: dict[str, Any], pointer: str) -> dict[str, Any] | None:
    """What a schema says about the field at a pointer into the value, None where it says nothing."""
    found: Any = schema
    for name in pointer.split("/")[1:]:
        found = found.get("properties", {}).get(name)
        if found is None:
            return None
    described: dict[str, Any] = found
    return described


@every_contract
def test_waiting_is_told_wherever_waiting_helps(vendor: str) -> None:
    for operation in Contract.load(vendor).operations:
        for status in {"429", "503"} & set(operation.node["responses"]):
            header = operation.node["responses"][status]["headers"]["Retry-After"]
            assert header["required"] or header["x-required-with"], (operation.id, status)


@every_contract
def test_requests_leave_room_for_unknown_fields(vendor: str) -> None:
    assert "additionalProperties" not in json.dumps(Contract.load(vendor).document)


@every_contract
def test_every_parameter_of_a_path_is_described_and_no_other(vendor: str) -> None:
    for operation in Contract.load(vendor).operations:
        named = {p["name"] for p in operation.node.get("parameters", ()) if p["in"] == "path"}
        assert named == set(re.findall(r"\{(\w+)\}", operation.path)), operation.id


@every_contract
def test_every_link_leads_to_an_operation_with_values_it_accepts(vendor: str) -> None:
    contract = Contract.load(vendor)
    targets = {operation.id: operation for operation in contract.operations}
    for operation, response, link in links(vendor):
        target, answer = targets[link["operationId"]], first_example(response)
        parameters = {p["name"]: p for p in target.node.get("parameters", ())}
        for name, expression in link.get("parameters", {}).items():
            value = evaluated(expression, answer, operation)
            assert contract.check_value(parameters[name.rpartition(".")[2]]["schema"], value) == [], operation.id
        if "requestBody" in link:
            schema = target.node["requestBody"]["content"]["application/json"]["schema"]
            assert contract.check_value(schema, evaluated(link["requestBody"], answer, operation)) == [], operation.id


@every_contract
def test_every_operation_on_one_object_can_be_walked_to(vendor: str) -> None:
    """So that a stateful run reaches it with an id that exists; files have addresses that answers carry whole."""
    walked = {link["operationId"] for _, _, link in links(vendor)}
    for operation in Contract.load(vendor).operations:
        if "{" in operation.path and operation.node.get("security") != []:
            assert operation.id in walked


# -- its examples ----------------------------------------------------------------------------------------------------


@every_contract
def test_every_example_satisfies_its_schema(vendor: str) -> None:
    assert Contract.load(vendor).check_examples() == []


@every_contract
def test_every_json_body_has_an_example(vendor: str) -> None:
    for name, node in described(vendor):
        contents = [node["requestBody"]["content"]] if "requestBody" in node else []
        contents += [response["content"] for response in node["responses"].values() if "content" in response]
        for content in contents:
            for media_type, body in content.items():
                assert body.get("examples") or media_type != "application/json", name

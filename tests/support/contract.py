"""Check responses, webhooks and examples against a vendor's OpenAPI document.

Each check returns the problems as lines to read, an empty list when there are none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from ringback import contract, resources
from ringback.contract import Node, Operation, at

Json = Any
__all__ = ["Contract", "Operation", "at"]

UNROUTED = (401, 404, 429)
"""What a path or method that the document does not have may be answered with, unless its `x-unrouted` says more."""
MAX_MESSAGE = 240


class Contract(contract.Contract):
    """One vendor's document. In `resolved`, and so in its operations, what a reference names takes its place."""

    def __init__(self, document: Node) -> None:
        super().__init__(document)
        self.resolved = contract.inlined(document)
        self._unrouted: tuple[int, ...] = tuple(self.resolved.get("x-unrouted", UNROUTED))
        self._elsewhere: Node = self.resolved.get("x-unrouted-responses", {})
        webhooks = self.resolved.get("webhooks", {})
        self._events = {name: item["post"] for name, item in webhooks.items()}
        self._events |= {post["x-event"]: post for post in self._events.values()}
        self._validators: dict[int, Draft202012Validator] = {}

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Return all operations, without references."""
        return contract.Contract(self.resolved).operations

    @staticmethod
    def vendors() -> list[str]:
        """Return the vendors that have a document."""
        return sorted(path.stem for path in resources.path("openapi").glob("*.yaml"))

    @staticmethod
    @cache
    def load(vendor: str) -> Contract:
        """Return the contract of a vendor by name, read once. Raises FileNotFoundError for one without a document."""
        return Contract(contract.read_yaml(resources.path("openapi", f"{vendor}.yaml")))

    def check_response(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> list[str]:
        """What is wrong with an answer: status, content type, required headers, body; fields no one documented too."""
        judge = partial(
            self._answer_problems,
            status=status,
            headers=_lowered(headers),
            body=body,
            bodiless=method.upper() == "HEAD",
        )
        operation = self.match(method, path)
        if operation is not None:
            described = _by_status(operation.node["responses"], status)
            if described is None:
                known = ", ".join(operation.node["responses"])
                return [f"status {status} is not documented for {operation.id} ({known} are)"]
            return judge(described)
        if status not in self._unrouted:
            allowed = ", ".join(map(str, self._unrouted))
            return [f"an unknown route is answered with one of {allowed}, not {status}"]
        found = [judge(response) for response in self._responses(status)]
        return min(found, key=len) if found else [f"status {status} is documented nowhere"]

    def check_webhook(self, event: str, headers: Mapping[str, str], body: bytes) -> list[str]:
        """What is wrong with a delivery of `event`, by its name on the wire (`call.completed`) or in the document
        (`callCompleted`): required headers, content type, body."""
        post = self._events.get(event)
        if post is None:
            return [f"event {event!r} is not documented ({', '.join(self._events) or 'none'} is)"]
        given = _lowered(headers)
        described = {
            parameter["name"]: parameter for parameter in post.get("parameters", ()) if parameter["in"] == "header"
        }
        return [
            *self._header_problems(described, given, b""),
            *self._content_problems(post["requestBody"]["content"], given, body),
        ]

    def check_examples(self) -> list[str]:
        """Every example in the document that its own schema does not allow."""
        return list(dict.fromkeys(self._example_problems(self.resolved, "#")))

    # -- answers -----------------------------------------------------------------------------------------------------

    def _responses(self, status: int) -> list[Node]:
        """Every distinct response that the document knows for a status."""
        places = [*(operation.node["responses"] for operation in self.operations), self._elsewhere]
        found = (_by_status(responses, status) for responses in places)
        return list({id(response): response for response in found if response is not None}.values())

    def _answer_problems(
        self, described: Node, *, status: int, headers: Mapping[str, str], body: bytes, bodiless: bool
    ) -> list[str]:
        content = described.get("content", {})
        if bodiless:
            problems = [f"an answer to HEAD has no body, this has {len(body)} bytes"] if body else []
        elif not content:
            problems = [f"status {status} has no body, this has {len(body)} bytes"] if body else []
        else:
            problems = self._content_problems(content, headers, body)
        return [*self._header_problems(described.get("headers", {}), headers, body), *problems]

    def _header_problems(self, described: Mapping[str, Node], given: Mapping[str, str], body: bytes) -> Iterator[str]:
        code = _inside(body, self.error_code)
        for name, header in described.items():
            text = given.get(name.lower())
            if text is None:
                if header.get("required") or code in header.get("x-required-with", ()):
                    yield f"header {name} is missing"
                continue
            value: Json = text
            if header["schema"].get("type") == "integer" and re.fullmatch("-?[0-9]+", text):
                value = int(text)
            same = _inside(body, header["x-same-as"]) if "x-same-as" in header else None
            if same is not None and same != text:
                yield f"header {name} is {text}, and {header['x-same-as']} of the body is {same}"
            yield from (f"header {name}: {problem}" for problem in self.check_value(header["schema"], value))

    def _content_problems(self, content: Mapping[str, Node], headers: Mapping[str, str], body: bytes) -> list[str]:
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in content:
            return [f"content type is {media_type or 'missing'}, not {' or '.join(content)}"]
        if not body:
            return ["the body is empty"]
        schema = content[media_type].get("schema")
        if schema is None:
            return []
        try:
            value = json.loads(body, parse_constant=_no_constant)
        except ValueError as error:
            return [f"the body is not JSON: {error}"]
        return self.check_value(schema, value)

    # -- values ------------------------------------------------------------------------------------------------------

    def check_value(self, schema: Node, value: Json) -> list[str]:
        """What is wrong with a value, by a schema of `resolved`; fields that no part of the schema names too."""
        validator = self._validators.get(id(schema))
        if validator is None:
            validator = self._validators[id(schema)] = Draft202012Validator(schema, format_checker=FORMATS)
        found = [
            f"{error.json_path}: {_short(error.message)}"
            for error in sorted(validator.iter_errors(value), key=lambda error: error.json_path)
        ]
        return found or list(_unlisted((schema,), value, "$"))

    def _example_problems(self, node: Json, pointer: str) -> Iterator[str]:
        if isinstance(node, list):
            for index, item in enumerate(node):
                yield from self._example_problems(item, f"{pointer}/{index}")
        elif isinstance(node, dict):
            for place, schema, value in _examples(node):
                for problem in self.check_value(schema, value):
                    yield f"{pointer}/{place}: {problem}"
            for name, item in node.items():
                if name not in ("example", "examples"):
                    yield from self._example_problems(item, f"{pointer}/{name.replace('/', '~1')}")


def _by_status(responses: Mapping[str, Node], status: int) -> Node | None:
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in responses:
            return responses[key]
    return None


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in headers.items()}


def _inside(body: bytes, pointer: str) -> str | None:
    """A text in a JSON body; None where it is not there."""
    try:
        found = at(json.loads(body), pointer)
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is not a JSON value")


def _short(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}…"


def _unlisted(schemas: Sequence[Node], value: Json, path: str) -> Iterator[str]:
    """Fields that none of the schemas for this place names. The document leaves objects open, as a deployment may add
    fields; what we answer ourselves is to be exactly what is documented."""
    parts = [part for schema in schemas for part in _parts(schema)]
    if isinstance(value, list):
        items = [part["items"] for part in parts if "items" in part]
        for index, item in enumerate(value):
            yield from _unlisted(items, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        named = [part["properties"] for part in parts if "properties" in part]
        for name, item in value.items():
            described = [properties[name] for properties in named if name in properties]
            if described:
                yield from _unlisted(described, item, f"{path}.{name}")
            elif named:
                yield f"{path}.{name} is not documented"


def _parts(schema: Node) -> Iterator[Node]:
    yield schema
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _parts(part)


def _examples(node: Mapping[str, Any]) -> Iterator[tuple[str, Node, Json]]:
    """The examples that an object carries, each with its place and the schema it has to satisfy."""
    schema, examples = node.get("schema"), node.get("examples")
    if isinstance(examples, list):
        for index, value in enumerate(examples):
            yield f"examples/{index}", node, value
    elif isinstance(schema, dict):
        for name, example in (examples or {}).items():
            yield f"examples/{name}", schema, example["value"]
        if "example" in node:
            yield "example", schema, node["example"]


def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    instant = datetime.fromisoformat(value)
    return "T" in value and instant.tzinfo is not None and value == value.strip()


def _is_uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parts = urlsplit(value)
    return bool(parts.scheme and parts.hostname) and re.search(r"\s", value) is None


FORMATS = FormatChecker(formats=())
_CHECKS: dict[str, Callable[[object], bool]] = {"date-time": _is_date_time, "uri": _is_uri}
for _name, _check in _CHECKS.items():
    FORMATS.checks(_name, raises=ValueError)(_check)

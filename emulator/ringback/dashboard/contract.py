"""A vendor's contract as its page shows it: fields, examples and curl commands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ringback.contract import Contract, Node, Operation, load_contract

MAX_DEPTH = 8
"""How many levels of a shape are followed."""
FILE_ENDINGS = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/x-wav": "wav", "text/csv": "csv"}


@dataclass(frozen=True)
class Field:
    """One field of a shape: its dotted name (`data[].id`), whether it is required, and its schema."""

    name: str
    required: bool
    schema: Node


class ContractView(Contract):
    """A contract with what its page shows: the fields of shapes, examples and curl commands."""

    def shape(self, schema: Node) -> Node:
        """Return a schema with its references followed and its `allOf` merged into it."""
        plain = self.resolve(schema)
        for part in plain.get("allOf", ()):
            plain = _merged({key: value for key, value in plain.items() if key != "allOf"}, self.shape(part))
        return plain

    def fields(self, schema: Node, prefix: str = "", depth: int = 0) -> Iterator[Field]:
        """Yield the fields of an object or of an array's items, each before those within it."""
        plain = self.shape(schema)
        if depth > MAX_DEPTH:
            return
        if "items" in plain:
            yield from self.fields(plain["items"], f"{prefix}[]", depth + 1)
        required = plain.get("required", ())
        for name, child in plain.get("properties", {}).items():
            dotted = f"{prefix}.{name}" if prefix else name
            yield Field(dotted, name in required, self.shape(child))
            yield from self.fields(child, dotted, depth + 1)
        for keyword in ("oneOf", "anyOf"):
            for number, choice in enumerate(plain.get(keyword, ()), 1):
                label = self.shape(choice).get("title", number)
                yield from self.fields(choice, f"{prefix}({label})", depth + 1)

    def examples(self, media: Node) -> dict[str, tuple[str, Any]]:
        """Return a body's examples: summary and value by name."""
        named = {
            name: (str(example.get("summary", name)), example["value"])
            for name, example in ((name, self.resolve(one)) for name, one in media.get("examples", {}).items())
            if "value" in example
        }
        return named or ({"example": ("Example", media["example"])} if "example" in media else {})

    def sample(self, schema: Node, depth: int = 0) -> Any:
        """Return a value of a schema: its example or default, or one made of what it requires."""
        plain = self.shape(schema)
        for keyword in ("example", "const", "default"):
            if keyword in plain:
                return plain[keyword]
        for keyword in ("examples", "enum"):
            if plain.get(keyword):
                return plain[keyword][0]
        for keyword in ("oneOf", "anyOf"):
            if plain.get(keyword) and depth < MAX_DEPTH:
                return self.sample(plain[keyword][0], depth + 1)
        if "properties" in plain and depth < MAX_DEPTH:
            required = plain.get("required", ())
            return {
                name: self.sample(child, depth + 1) for name, child in plain["properties"].items() if name in required
            }
        kind = plain.get("type", "string")
        return _PLAIN[kind if isinstance(kind, str) else kind[0]]

    # -- curl ------

    def curl(self, operation: Operation, base_url: str, key: str) -> str:
        """Return a command that tries the operation, with the shortest of its examples.

        `base_url` is put in double quotes, so it may be a shell variable.
        """
        method = "" if operation.method == "GET" else f"-X {operation.method} "
        words = [
            f'curl {method}"{base_url}{self._target(operation)}"',
            *(f"-H {_quoted(header)}" for header in self._credentials(operation, key)),
            *self._body(operation),
            *self._output(operation),
        ]
        return " \\\n  ".join(words)

    def _target(self, operation: Operation) -> str:
        path, query = operation.path, {}
        for parameter in operation.node["parameters"]:
            value = str(self._example(parameter))
            if parameter["in"] == "path":
                path = path.replace("{" + parameter["name"] + "}", quote(value, safe="+@:,"))
            elif parameter["in"] == "query" and parameter.get("required"):
                query[parameter["name"]] = value
        return path + (f"?{urlencode(query)}" if query else "")

    def _example(self, parameter: Node) -> Any:
        if "example" in parameter:
            return parameter["example"]
        for _, value in self.examples(parameter).values():
            return value
        return self.sample(parameter.get("schema", {}))

    def _credentials(self, operation: Operation, key: str) -> Iterator[str]:
        for parameter in operation.node["parameters"]:
            if parameter["in"] == "header" and parameter.get("required"):
                yield f"{parameter['name']}: {self._example(parameter)}"
        choices = operation.node.get("security", self.document.get("security", ()))
        schemes = self.document.get("components", {}).get("securitySchemes", {})
        for name in next(iter(choices), {}):
            scheme = self.resolve(schemes[name])
            if scheme["type"] == "apiKey" and scheme["in"] == "header":
                yield f"{scheme['name']}: {key}"
            elif scheme["type"] != "apiKey":
                yield f"Authorization: Bearer {key}"

    def _body(self, operation: Operation) -> Iterator[str]:
        content = self.resolve(operation.node.get("requestBody", {})).get("content", {})
        for media_type, media in content.items():
            values = [value for _, value in self.examples(media).values()] or [self.sample(media.get("schema", {}))]
            value = min(values, key=lambda one: len(msgspec.json.encode(one)))
            if media_type.startswith("multipart/"):
                for name, part in value.items():
                    yield f"-F {_quoted(f'{name}={part}')}"
            else:
                text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
                yield f"-H {_quoted(f'Content-Type: {media_type}')}"
                yield f"-d {_quoted(text)}"
            return

    def _output(self, operation: Operation) -> Iterator[str]:
        for status, response in operation.node.get("responses", {}).items():
            if str(status).startswith("2"):
                for media_type in self.resolve(response).get("content", {}):
                    if media_type in FILE_ENDINGS:
                        yield f"-o {operation.path.rsplit('/', 1)[-1]}.{FILE_ENDINGS[media_type]}"
                return


_PLAIN: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1,
    "boolean": True,
    "null": None,
    "array": [],
    "object": {},
}


def _quoted(text: str) -> str:
    """Return a shell word, always in quotes."""
    quoted = shlex.quote(text)
    return quoted if quoted != text else f"'{text}'"


def _merged(first: Node, second: Node) -> Node:
    """Merge two schemas that both apply. Where both set a keyword, the second wins."""
    both = {**first, **second}
    for keyword in first.keys() & second.keys():
        if keyword == "required":
            both[keyword] = [*first[keyword], *(name for name in second[keyword] if name not in first[keyword])]
        elif isinstance(first[keyword], Mapping) and isinstance(second[keyword], Mapping):
            both[keyword] = _merged(first[keyword], second[keyword])
    return both


@cache
def contract_view(vendor: str) -> ContractView:
    """Return the contract of a vendor to be shown, read once."""
    return ContractView(load_contract(vendor).document)

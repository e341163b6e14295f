"""The operations and the places of a vendor's contract, so that a mutant cannot name one that does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from ringback import vendors
from ringback.mutants.transforms import ANYWHERE, Selector, Step, parse

Node = Mapping[str, Any]
Body = Literal["request", "response", "event"]
METHODS = ("get", "put", "post", "delete", "patch")


class Contract:
    """An OpenAPI document, read for the names of its places."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._operations = {
            operation["operationId"]: operation
            for item in document["paths"].values()
            for method, operation in item.items()
            if method in METHODS
        }
        webhooks: Mapping[str, Any] = document.get("webhooks", {})
        self._events = {item["post"].get("x-event", name): item["post"] for name, item in webhooks.items()}

    @classmethod
    def load(cls, vendor: str) -> Contract:
        """Read a vendor's document."""
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = vendors.data_path(vendor, "openapi", f"{vendor}.yaml").read_text(encoding="utf-8")
        return cls(yaml.load(text, Loader=loader))  # noqa: S506 - a safe loader

    def names(self, body: Body) -> Collection[str]:
        """Return the operationIds, or the names of the webhook events."""
        return (self._events if body == "event" else self._operations).keys()

    def has(self, body: Body, names: Collection[str] | None, path: str, *, adds: bool) -> bool:
        """Return whether one of the operations or events, or any, can have something at a path of such a body."""
        operations = self._events if body == "event" else self._operations
        chosen = [operation for name, operation in operations.items() if names is None or name in names]
        if body == "response":
            return self._any_has((each for one in chosen for each in one["responses"].values()), path, adds)
        return self._any_has((one["requestBody"] for one in chosen if "requestBody" in one), path, adds)

    def _any_has(self, bodies: Iterable[Node], path: str, adds: bool) -> bool:
        steps = parse(path)
        steps = steps[:-1] if adds and steps and isinstance(steps[-1], str) else steps
        return any(self._has(schema, steps) for body in bodies for schema in self._schemas(body))

    def _schemas(self, body: Node) -> Iterator[Node]:
        for content in self._resolved(body).get("content", {}).values():
            if "schema" in content:
                yield content["schema"]

    def _resolved(self, node: Node) -> Node:
        while "$ref" in node:
            found: Any = self._document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    def _alternatives(self, node: Any) -> Iterator[Node]:
        """Return a schema and all that it is composed of."""
        if not isinstance(node, Mapping):
            return
        node = self._resolved(node)
        yield node
        for keyword in ("allOf", "anyOf", "oneOf"):
            for inner in node.get(keyword, ()):
                yield from self._alternatives(inner)

    def _has(self, schema: Any, steps: tuple[Step, ...]) -> bool:
        if not steps:
            return True
        step, rest = steps[0], steps[1:]
        if step == ANYWHERE:
            return any(self._has(below, rest) for below in self._everything_below(schema))
        for node in self._alternatives(schema):
            if isinstance(step, Selector) and step.name in node.get("properties", {}) and self._has(schema, rest):
                return True
            if any(self._has(inner, rest) for inner in _inner(node, step)):
                return True
        return False

    def _everything_below(self, schema: Any) -> Iterator[Any]:
        waiting, seen = [schema], set[int]()
        while waiting:
            for node in self._alternatives(waiting.pop()):
                if id(node) not in seen:
                    seen.add(id(node))
                    yield node
                    waiting += [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else ())]


def _inner(node: Node, step: Step) -> list[Any]:
    """Return the schemas that a step leads to: of a member, or of a list's items."""
    if not isinstance(step, str):
        return [node["items"]] if "items" in node else []
    if step in node.get("properties", {}):
        return [node["properties"][step]]
    additional = node.get("additionalProperties", False)
    return [] if additional is False else [additional]

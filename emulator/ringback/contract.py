"""A vendor's contract, `openapi/<vendor>.yaml`: its operations and webhooks, references followed.

The document is written from the vendor's page, not from the code. The emulator serves it and shows it, the tests and
the conformance suite check responses against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ringback import vendors

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ERROR_CODE = "/error/code"
"""Where an error body has its code, unless the document's `x-error-code` names another place."""

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One operation or webhook: its operationId, method in capitals and path template (a webhook's event name).

    `node` is its object in the document, whose `parameters` include those of its path, references followed.
    """

    id: str
    method: str
    path: str
    node: Node

    @property
    def summary(self) -> str:
        """Return what it does, in a few words."""
        return str(self.node.get("summary", self.id))


class Contract:
    """One OpenAPI 3.1 document."""

    def __init__(self, document: Node) -> None:
        self.document = document
        self.error_code: str = document.get("x-error-code", ERROR_CODE)

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Return all operations, in the document's order."""
        return tuple(self._operations("paths"))

    @cached_property
    def webhooks(self) -> tuple[Operation, ...]:
        """Return all webhooks, their paths being the events' names."""
        return tuple(
            Operation(hook.id, hook.method, str(hook.node.get("x-event", hook.path)), hook.node)
            for hook in self._operations("webhooks")
        )

    def _operations(self, part: str) -> Iterator[Operation]:
        for path, raw in self.document.get(part, {}).items():
            item = self.resolve(raw)
            for method in item:
                if method in METHODS:
                    node = item[method]
                    own = [self.resolve(parameter) for parameter in node.get("parameters", ())]
                    named = {(parameter["name"], parameter["in"]) for parameter in own}
                    shared = [self.resolve(parameter) for parameter in item.get("parameters", ())]
                    inherited = [parameter for parameter in shared if (parameter["name"], parameter["in"]) not in named]
                    id_ = node.get("operationId", f"{method} {path}")
                    yield Operation(id_, method.upper(), path, {**node, "parameters": [*inherited, *own]})

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], Operation]]:
        by_variables = sorted(self.operations, key=lambda operation: operation.path.count("{"))
        return [(_pattern(operation.path), operation) for operation in by_variables]

    def match(self, method: str, path: str) -> Operation | None:
        """Return the operation at a path, written as at the vendor's origin (`/v1/numbers`). HEAD counts as GET."""
        path = path.partition("?")[0]
        method = "GET" if method.upper() == "HEAD" else method.upper()
        for pattern, operation in self._routes:
            if operation.method == method and pattern.fullmatch(path):
                return operation
        return None

    def resolve(self, node: Node) -> Node:
        """Return the object that a reference names. Keywords beside the reference win."""
        while "$ref" in node:
            node = {**at(self.document, node["$ref"]), **{key: node[key] for key in node if key != "$ref"}}
        return node


def load_contract(vendor: str) -> Contract:
    """Return the contract of an installed vendor, read once. Raises KeyError, and OSError for a missing document."""
    return _read(contract_path(vendor))


@cache
def _read(path: Path) -> Contract:
    return Contract(read_yaml(path))


def contract_path(vendor: str) -> Path:
    """Return the file of an installed vendor's contract. Raises KeyError."""
    return vendors.data_path(vendor, "openapi", f"{vendor}.yaml")


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file, parsed by libyaml where it is installed."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_bytes(), Loader=loader)  # noqa: S506 - a safe loader


def at(document: Any, pointer: str) -> Any:
    """Return what a JSON pointer names (`#/components/schemas/Error`, `/data/0/id`). Raises LookupError."""
    found = document
    for part in pointer.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = found[int(key) if isinstance(found, list) else key]
    return found


def inlined(document: Node) -> dict[str, Any]:
    """Return a document with every reference replaced by what it names. Raises ValueError for a circular one."""
    resolved: dict[str, Any] = _inlined(document, document, {}, ())
    return resolved


def _inlined(node: Any, root: Node, known: dict[str, Any], above: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, root, known, above) for item in node]
    if not isinstance(node, dict):
        return node
    pointer = node.get("$ref")
    if pointer is None:
        return {name: _inlined(item, root, known, above) for name, item in node.items()}
    if pointer in above:
        raise ValueError(f"{pointer} refers to itself")
    if pointer not in known:
        known[pointer] = _inlined(at(root, pointer), root, known, (*above, pointer))
    beside = {name: _inlined(item, root, known, above) for name, item in node.items() if name != "$ref"}
    return {"allOf": [known[pointer]], **beside} if beside else known[pointer]


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", path)
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part) for part in parts))

"""Read a vendor's OpenAPI document: the operations for the engine, and the documented shapes for the claims."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringback.testing import data_path
from ringback_conformance.shapes import kind_of

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator

MAX_MESSAGE = 300
UNCHECKED = frozenset({"additionalProperties", "unevaluatedProperties", "description", "examples", "title", "default"})
"""Keywords that promise nothing about a response: fields beyond the documented ones are fine."""
NAMED_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas"})
LITERALS = frozenset({"enum", "const", "required"})
NARROWING = frozenset({"pattern", "enum", "const", "format"})


def path(vendor: str) -> Path:
    """Return the file of a vendor's contract."""
    return data_path(vendor, "openapi", f"{vendor}.yaml")


@cache
def load(vendor: str) -> dict[str, Any]:
    """Return a vendor's contract as a document, which no caller may change. Raises OSError when there is none."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path(vendor).open(encoding="utf-8") as file:
        document = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader
    if not isinstance(document, dict):
        raise OSError(f"{path(vendor)} is not an OpenAPI document")
    return document


class Shapes:
    """The shapes under `components/schemas` of a contract: as documented, or with what Ringback chose as well."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor

    def problem(self, schema: str, value: Any, what: str, *, ours: bool = False) -> str | None:
        """Return where a value differs from a schema ("the number: status: 'gone' is not one of …"), or None.

        What the contract marks `x-ours` or `x-basis: ours` is not compared, unless `ours` is set.
        """
        found = _validator(self._vendor, schema, ours).iter_errors(value)
        errors = sorted(found, key=lambda error: list(map(str, error.instance_path)))
        if not errors:
            return None
        where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in errors[0].instance_path)
        return f"{what}{where}: {errors[0].message[:MAX_MESSAGE]}"

    def list_problem(self, schema: str, body: Any, what: str, field: str = "data", *, ours: bool = False) -> str | None:
        """Return where `{"data": [...]}` or one of its items differs from a schema, or None."""
        if problem := list_problem(body, field):
            return problem
        problems = (self.problem(schema, item, f"{what} {place}", ours=ours) for place, item in enumerate(body[field]))
        return next((problem for problem in problems if problem), None)


def list_problem(body: Any, field: str = "data") -> str | None:
    """Return None for `{"data": [...]}`, or what the body is instead."""
    if isinstance(body, dict) and isinstance(body.get(field), list):
        return None
    return f'the body is not {{"{field}": [...]}} but {kind_of(body)}'


@cache
def _validator(vendor: str, schema: str, ours: bool) -> Draft202012Validator:
    from jsonschema_rs import Draft202012Validator

    schemas = load(vendor)["components"]["schemas"]
    if schema not in schemas:
        raise LookupError(f"{path(vendor)} has no schema {schema}")
    if not ours:
        schemas = {name: documented(node) for name, node in schemas.items()}
    document = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": schemas}}
    return Draft202012Validator(document, validate_formats=True)


def documented(node: Any) -> Any:
    """Return a schema without what is ours.

    Keywords in `x-ours` go, and properties with `x-basis: ours`. Of a type that is nullable by our choice (`x-ours:
    [type]`) both types stay. A string that loses its pattern or enumeration still must not be empty.
    """
    if isinstance(node, list):
        return [documented(each) for each in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-basis") == "ours":
        return {}
    dropped = set(node.get("x-ours", ())) - {"type"}
    kept: dict[str, Any] = {}
    for keyword, value in node.items():
        if keyword in dropped or keyword in UNCHECKED or keyword.startswith("x-"):
            continue
        if keyword in NAMED_SCHEMAS:
            kept[keyword] = {name: documented(each) for name, each in value.items() if not _is_ours(each)}
        else:
            kept[keyword] = value if keyword in LITERALS else documented(value)
    own = {name for name, each in node.get("properties", {}).items() if _is_ours(each)}
    if own and "required" in kept:
        kept["required"] = [name for name in kept["required"] if name not in own]
    if node.get("type") == "string" and dropped & NARROWING:
        kept.setdefault("minLength", 1)
    return kept


def _is_ours(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("x-basis") == "ours"

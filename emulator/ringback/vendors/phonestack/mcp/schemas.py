"""The JSON Schema of a tool's arguments, from the struct that decodes them."""

from __future__ import annotations

from typing import Any

import msgspec


def input_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a schema without references; the fields' descriptions come from the struct's `Meta`."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template="{name}")
    resolved: dict[str, Any] = _resolved(schema, components)
    resolved.pop("title", None)
    resolved.pop("description", None)
    return resolved


def _resolved(part: Any, components: dict[str, Any]) -> Any:
    if isinstance(part, list):
        return [_resolved(item, components) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        inner = _resolved(components[part["$ref"]], components)
        inner.pop("title", None)
        inner.pop("description", None)
        return {**inner, **{name: value for name, value in part.items() if name != "$ref"}}
    return {name: _resolved(value, components) for name, value in part.items()}

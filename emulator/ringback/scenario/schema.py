"""The JSON Schema of a scenario file, for editors: completion, hover texts and errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from ringback.scenario import durations, types
from ringback.scenario.yaml_loader import Path

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DURATION = {"anyOf": [{"type": "string", "pattern": durations.PATTERN}, {"type": "number", "minimum": 0}]}
_ADVANCE = {"anyOf": [*_DURATION["anyOf"], {"const": "idle"}]}
_ONE_OF = {"Step": types.VERBS, "Check": types.CHECKS, "Turn": ("caller", "agent"), "Request": ("path", "url")}


def schema() -> dict[str, Any]:
    """Return the schema as a document."""
    document = msgspec.json.schema(
        types.Scenario, schema_hook=lambda kind: _ADVANCE if kind is types.Advance else _DURATION
    )
    for name, choices in _ONE_OF.items():
        document["$defs"][name]["oneOf"] = [{"required": [choice]} for choice in choices]
    return {"$schema": DIALECT, "title": "Ringback scenario", **document}


def text() -> str:
    """Return the schema as the text of `scenarios/scenario.schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def fields_at(path: Path) -> list[str]:
    """Return the names that a mapping at `path` in a scenario may have, none where any may."""
    document = schema()
    part: Any = document
    for step in (None, *path):
        if step is not None:
            part = _inside(part, step)
        part = _resolved(part, document["$defs"])
    return list(part.get("properties", ()))


def _inside(part: Mapping[str, Any], step: str | int) -> Any:
    if isinstance(step, int):
        return part.get("items", {})
    return part.get("properties", {}).get(step, part.get("additionalProperties", {}))


def _resolved(part: Any, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(part, Mapping):
        return {}
    if "$ref" in part:
        return _resolved(definitions[part["$ref"].rpartition("/")[2]], definitions)
    structured = [choice for choice in part.get("anyOf", ()) if choice.get("type") != "null"]
    return _resolved(structured[0], definitions) if structured else part

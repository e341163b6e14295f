"""Requests and records in the form that scenarios compare: bodies decoded, headers by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ringback.receiver import Received


def arrived(request: Received) -> dict[str, Any]:
    """Return a received request as a scenario compares it."""
    return {
        "method": request.method,
        "path": request.path,
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": decoded(request.body),
    }


def decoded(raw: bytes) -> Any:
    """Return JSON decoded, other text as it is, and None for what is neither."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def readable(value: Any, name: str = "") -> Any:
    """Return a record of the control API with bodies decoded and headers as mappings; `name` is the key it is under."""
    if name == "headers" and isinstance(value, list):
        return {str(pair[0]).lower(): pair[1] for pair in value}
    if name == "body" and isinstance(value, str):
        return decoded(value.encode())
    if isinstance(value, Mapping):
        return {key: readable(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item) for item in value]
    return value

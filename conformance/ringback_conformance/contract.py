"""Read a vendor's OpenAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ringback.testing import data_path


def path(vendor: str) -> Path:
    """Return the file of a vendor's contract."""
    return data_path("openapi", f"{vendor}.yaml")


def load(vendor: str) -> dict[str, Any]:
    """A vendor's contract as a document. Raises OSError when it is not there."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path(vendor).open(encoding="utf-8") as file:
        document = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader
    if not isinstance(document, dict):
        raise OSError(f"{path(vendor)} is no OpenAPI document")
    return document

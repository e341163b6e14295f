"""Where a vendor's OpenAPI document is, in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent


def path(vendor: str) -> Path:
    """The file of a vendor's contract."""
    installed = PACKAGE.parent / "ringback_data" / "openapi"
    folder = installed if installed.is_dir() else PACKAGE.parent / "openapi"
    return folder / f"{vendor}.yaml"


def load(vendor: str) -> dict[str, Any]:
    """A vendor's contract as a document. Raises OSError when it is not there."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path(vendor).open(encoding="utf-8") as file:
        document = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader
    if not isinstance(document, dict):
        raise OSError(f"{path(vendor)} is no OpenAPI document")
    return document

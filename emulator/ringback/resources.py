"""Where the data that ships lives: `openapi/`, `scenarios/` and `fixtures/`, in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "data"
_CHECKOUT = _PACKAGE.parent.parent


def root() -> Path:
    """The folder that holds `openapi/`, `scenarios/` and `fixtures/`."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def path(*parts: str) -> Path:
    """The path of a shipped file, say `path("openapi", "kwickphone.yaml")`."""
    return root().joinpath(*parts)

"""What the suite's commands print and write, and their exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

FINE, FAILED, TROUBLE, INTERRUPTED = 0, 1, 3, 130
PACKAGES = {"engine": "schemathesis", "machine": "hypothesis"}
"""What a producer needs."""


def stop(message: str) -> NoReturn:
    """Print an error and exit with TROUBLE."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(TROUBLE)


def require_packages(producers: Iterable[str]) -> None:
    """Stop where a package that a producer needs is not installed."""
    needed = [PACKAGES[name] for name in producers if name in PACKAGES]
    missing = [package for package in needed if find_spec(package) is None]
    if missing:
        stop(f"{' and '.join(missing)} not installed: pip install 'ringback[conform]', or leave it out with --without")


def console(*, to_stderr: bool) -> Console:
    """Return a console on standard error, where standard output is for a report, or on standard output."""
    from rich.console import Console

    return Console(stderr=to_stderr, soft_wrap=False)


def to_json(document: Any) -> str:
    """Return a document as indented JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False)


def save(file: str, text: str) -> None:
    """Write a report to a file, or to standard output for `-`; stop where that fails."""
    if file == "-":
        click.echo(text.rstrip("\n"))
        return
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        stop(f"{file} cannot be written: {error.strerror or error}")

"""`docs/sdk-matrix.md`: which methods of which official SDK work on the emulator, as measured by the tests.

A test drives every method of an SDK and hands what it saw to `hold`, which compares it with the table in the document.
With `RINGBACK_WRITE_MATRIX=1` the table is written instead.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "sdk-matrix.md"
WRITE = "RINGBACK_WRITE_MATRIX"
Verdict = Literal["works", "not emulated"]
_TABLE = re.compile(r"<!-- table (?P<key>[a-z0-9-]+) -->\n.*?<!-- end -->\n", re.DOTALL)


@dataclass
class Table:
    """What was seen of one SDK. `key` names its place in the document, `columns` the ways of using it; every method
    that there is has to be there in the end."""

    key: str
    title: str
    columns: Sequence[str]
    methods: Sequence[str]
    seen: dict[tuple[str, str], Verdict] = field(default_factory=dict)

    def saw(self, method: str, column: str, verdict: Verdict) -> None:
        """A method did what it says, or its operation is refused by name. One that did once what it says works."""
        if method not in self.methods:
            raise AssertionError(f"{self.title} has no method {method}")
        if self.seen.get((method, column)) != "works":
            self.seen[method, column] = verdict

    def missing(self) -> list[str]:
        """The methods that no one has tried yet, each with its column."""
        return [
            f"{method} ({column})"
            for method in self.methods
            for column in self.columns
            if (method, column) not in self.seen
        ]

    def rendered(self) -> str:
        """The table, in Markdown."""
        lines = [
            f"<!-- table {self.key} -->",
            f"### {self.title}",
            "",
            f"| method | {' | '.join(self.columns)} |",
            f"|---|{'---|' * len(self.columns)}",
            *(
                f"| `{method}` | {' | '.join(self.seen[method, column] for column in self.columns)} |"
                for method in self.methods
            ),
            "<!-- end -->",
            "",
        ]
        return "\n".join(lines)


def methods_of(client: object, but: Iterable[str] = ("close",)) -> list[str]:
    """The public methods of a client and of its resources, `resource.method`, in order of their definition."""
    found: list[str] = []
    for name, resource in vars(client).items():
        if name.startswith("_") or not hasattr(type(resource), "__mro__") or _is_plain(resource):
            continue
        found += [f"{name}.{method}" for method in _methods(type(resource))]
    return [*found, *(method for method in _methods(type(client)) if method not in set(but))]


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, bytes, int, float, bool, Mapping, Sequence, type(None)))


def _methods(kind: type[Any]) -> list[str]:
    """Those of a class and of the bases from its own package."""
    package = kind.__module__.partition(".")[0]
    names: dict[str, None] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.partition(".")[0] == package:
            names |= {name: None for name, value in vars(base).items() if inspect.isfunction(value)}
    return [name for name in names if not name.startswith("_")]


def hold(table: Table) -> None:
    """Hold the document to what was seen, or write it. Raises AssertionError where they differ, and for a method that
    no one has tried."""
    missing = table.missing()
    assert not missing, f"{table.title}: untried: {', '.join(missing)}"
    text = DOCUMENT.read_text(encoding="utf-8")
    rendered = table.rendered()
    written = {found["key"]: found[0] for found in _TABLE.finditer(text)}
    if written.get(table.key) == rendered:
        return
    if not os.environ.get(WRITE):
        raise AssertionError(
            f"docs/sdk-matrix.md does not say what was measured of {table.title}: run the tests with {WRITE}=1\n{rendered}"
        )
    old = written.get(table.key)
    DOCUMENT.write_text(text.replace(old, rendered) if old else f"{text.rstrip()}\n\n{rendered}", encoding="utf-8")

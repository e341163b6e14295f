"""Read YAML as JSON values, with the line of each.

Plain scalars mean what they mean in JSON and are text otherwise, so that a phone number, an instant or a `no` stays
as written. A key given twice, a merge key, a tag or a second document is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite
from typing import Any, NamedTuple

import yaml

from ringback.scenario.errors import ScenarioError

Path = tuple[str | int, ...]

MAX_VALUES = 20_000
MAX_DEPTH = 40
MAX_CHARACTERS = 1_000_000

WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d{1,3})?")


class Source(NamedTuple):
    """A file's content as plain values, and the line (from 1) of each value by its path; a mapping's entry has the
    line of its key."""

    value: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int | None:
        """Return the line of the value at `path`, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)


def read(text: str, file: str) -> Source:
    """Read one YAML document. Raises ScenarioError with the line at fault."""
    if len(text) > MAX_CHARACTERS:
        raise ScenarioError(file, None, f"longer than {MAX_CHARACTERS} characters, too long for one scenario")
    try:
        return _Builder(file, yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))).build()
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark or error.context_mark, f"not YAML: {error.problem or error.context}"
        if "nesting depth" in problem:
            problem = f"nested deeper than {MAX_DEPTH} levels"
        raise ScenarioError(file, mark.line + 1 if mark else None, problem) from None
    except yaml.YAMLError as error:
        raise ScenarioError(file, None, f"not YAML: {' '.join(str(error).split())}") from None


class _Anchored(NamedTuple):
    value: Any
    size: int


class _Builder:
    """Builds values from the parser's events one at a time, so that depth and size are checked first."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events
        self._lines: dict[Path, int] = {}
        self._anchors: dict[str, _Anchored] = {}
        self._size = 0

    def build(self) -> Source:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise ScenarioError(self._file, None, "the file is empty: a scenario has a name, a vendor, when and then")
        value = self._value(next(self._events), ())
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._error(event, "a second document begins here: one scenario per file")
        return Source(value, self._lines)

    def _value(self, event: Any, path: Path) -> Any:
        self._lines.setdefault(path, _line(event))
        if len(path) > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag not in (None, "", "!"):
            raise self._error(event, f"tags ({event.tag}) are not accepted")
        before = self._size
        self._grow(event, 1)
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path)
        else:
            value = _scalar(event.value) if event.implicit[0] else event.value
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, self._size - before)
        return value

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._error(event, "a key is a word, not a list, a mapping or an alias")
            name = event.value
            if name == "<<" and event.implicit[0]:
                raise self._error(event, "merge keys (<<) are not accepted: write the entries out")
            if name in found:
                raise self._error(event, f'the key "{name}" is here twice')
            self._lines[(*path, name)] = _line(event)
            found[name] = self._value(next(self._events), (*path, name))
        return found

    def _alias(self, event: Any) -> Any:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            raise self._error(event, f"*{event.anchor} stands for nothing: no &{event.anchor} is complete before it")
        self._grow(event, anchored.size)
        return anchored.value

    def _grow(self, event: Any, count: int) -> None:
        self._size += count
        if self._size > MAX_VALUES:
            raise self._error(event, f"more than {MAX_VALUES} values, too many for one scenario")

    def _error(self, event: Any, message: str) -> ScenarioError:
        return ScenarioError(self._file, _line(event), message)


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(text: str) -> Any:
    if text in WORDS:
        return WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text) and isfinite(number := float(text)):
        return number
    return text

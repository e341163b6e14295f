"""From files to stories: found, read, typed, and checked as far as a story can be without being told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any, NamedTuple, NoReturn

import msgspec

from ringback import vendors
from ringback.scenario import references, schema
from ringback.scenario.errors import ScenarioError, did_you_mean
from ringback.scenario.expectations import problems
from ringback.scenario.types import LOOKS, VERBS, Answer, Look, Scenario, decode
from ringback.scenario.yaml_loader import Path, Source, read

SUFFIXES = (".yaml", ".yml")
PREDEFINED = ("start", "now", "account", "keys")
"""Names that every story has."""
ANSWERING = ("request", "call", "text", "fund", "settings", "fault", "script", "control", "advance", "until")
"""Steps whose answer may be saved and, under `expect`, checked."""
SAVED = (*ANSWERING, "webhooks", "deliveries", "ledger", "balance", "account")

_IN_PATH = re.compile(r"\.(\w+)|\[(\d+)\]|(\[\.\.\.\])")
_WORDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
}


class Story(NamedTuple):
    """One scenario and the file it came from, as it was named."""

    file: str
    scenario: Scenario
    source: Source

    def line(self, *path: str | int) -> int | None:
        """The line of a part of it, say `line("when", 2)`."""
        return self.source.line(path)


def find(paths: Iterable[str | os.PathLike[str]]) -> list[FilePath]:
    """The scenario files that paths stand for: a file itself, all in a folder and below, or, by a vendor's name where
    no such file is, those that ship. Each once, in order. Raises ScenarioError for a path without any."""
    found: dict[FilePath, None] = {}
    for given in paths:
        place = FilePath(given)
        if not place.exists() and str(given) in vendors.names():
            place = vendors.data_path(str(given), "scenarios", str(given))
        if place.is_dir():
            files = sorted(file for file in place.rglob("*") if file.suffix in SUFFIXES and file.is_file())
            if not files:
                raise ScenarioError(str(given), None, "no .yaml file is in this folder")
        elif place.is_file():
            files = [place]
        else:
            shipped = f"; the vendors with stories that ship: {', '.join(vendors.names())}"
            raise ScenarioError(str(given), None, f"no such file, folder or vendor{shipped}")
        found.update(dict.fromkeys(map(_near, files)))
    return list(found)


def _near(file: FilePath) -> FilePath:
    """The file as seen from here where it is below, else as it is."""
    return file.relative_to(FilePath.cwd()) if file.is_relative_to(FilePath.cwd()) else file


def load(file: str | os.PathLike[str]) -> Story:
    """Read one scenario file. Raises ScenarioError."""
    try:
        text = FilePath(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(str(file), None, f"not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise ScenarioError(str(file), None, error.strerror or str(error)) from None
    return parse(text, str(file))


def parse(text: str, file: str = "scenario.yaml") -> Story:
    """A story from its text; `file` is what messages call it. Raises ScenarioError."""
    source = read(text, file)
    if not isinstance(source.value, dict):
        raise ScenarioError(file, 1, "a story is a mapping with name, vendor, when and then")
    try:
        scenario = msgspec.convert(source.value, Scenario, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise _typed(source, file, error) from None
    story = Story(file, scenario, source)
    _Check(story).all()
    return story


# -- errors of type --------------------------------------------------------------------------------------------------


def _typed(source: Source, file: str, error: msgspec.ValidationError) -> ScenarioError:
    problem, _, where = str(error).partition(" - at `")
    path = _path(source.value, where.rstrip("`"))
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", problem):
        name = match[1]
        return ScenarioError(file, source.line((*path, name)), _unknown(name, path))
    if match := re.fullmatch(r"Object missing required field `(.*)`", problem):
        return ScenarioError(file, source.line(path), f"{_dotted(path)}`{match[1]}` is missing")
    if match := re.fullmatch(r"Expected `(.*?)`, got `(.*?)`", problem):
        wanted = " or ".join(_WORDS.get(kind, kind) for kind in match[1].split(" | "))
        problem = f"expected {wanted}, found {_WORDS.get(match[2], match[2]).removesuffix(' in quotes')}"
    elif match := re.fullmatch(r"Expected `(.*?)` of length >= 1", problem):
        problem = f"expected {_WORDS.get(match[1], match[1])} that is not empty"
    return ScenarioError(file, source.line(path), f"{_dotted(path)}{problem[0].lower()}{problem[1:]}")


def _unknown(name: str, path: Path) -> str:
    if path[:1] == ("then",) and len(path) == 2 and name in VERBS:
        return f"`{name}` belongs in when: then only looks ({', '.join(LOOKS)})"
    known = schema.fields_at(path)
    return f"{_dotted(path)}there is no `{name}` here{did_you_mean(name, known)}; known: {', '.join(known)}"


def _dotted(path: Path) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""


def _path(raw: Any, text: str) -> Path:
    """The path that msgspec means, with the keys of mappings that it leaves out (`[...]`) found by trying."""
    path: Path = ()
    for name, place, some in _IN_PATH.findall(text):
        path = (*path, _culprit(raw, path) if some else name or int(place))
    return path


def _culprit(raw: Any, path: Path) -> str:
    """Which entry of the mapping at `path` is at fault: without the others, the error stays."""
    mapping = _at(raw, path)
    for key, value in mapping.items():
        try:
            msgspec.convert(_with(raw, path, {key: value}), Scenario, dec_hook=decode)
        except msgspec.ValidationError:
            return str(key)
    return str(next(iter(mapping)))


def _at(raw: Any, path: Path) -> Any:
    for step in path:
        raw = raw[step]
    return raw


def _with(raw: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copy = raw.copy()
    copy[path[0]] = _with(raw[path[0]], path[1:], value)
    return copy


# -- errors of sense -------------------------------------------------------------------------------------------------


class _Check:
    def __init__(self, story: Story) -> None:
        self._file = story.file
        self._source = story.source
        self._scenario = story.scenario
        self._receivers = story.scenario.given.receivers
        self._names: set[str] = set()

    def all(self) -> None:
        scenario = self._scenario
        if scenario.vendor not in vendors.names():
            near = did_you_mean(scenario.vendor, vendors.names())
            self._fail(
                ("vendor",), f'there is no vendor "{scenario.vendor}"{near}; there are: {", ".join(vendors.names())}'
            )
        self._given()
        for section, steps in (("when", scenario.when), ("then", scenario.then)):
            for index, step in enumerate(steps):
                self._step((section, index), step)

    def _given(self) -> None:
        given = self._scenario.given
        for name in self._receivers:
            self._new_name(("given", "receivers", name), name)
        for name in given.account.keys:
            if not references.NAME.fullmatch(name):
                self._fail(("given", "account", "keys", name), f'"{name}" is no name: letters, digits and _')
        self._instant(("given", "clock"), given.clock)
        raw = self._source.value.get("given", {})
        self._references(raw.get("account"), ("given", "account"))
        self._names.update(PREDEFINED)
        self._references(raw.get("faults"), ("given", "faults"))

    def _step(self, path: Path, step: Look) -> None:
        known = LOOKS if path[0] == "then" else VERBS
        verbs = [name for name in known if name in _at(self._source.value, path)]
        if len(verbs) != 1:
            found = f"not {' and '.join(verbs)} in one" if verbs else f"one of {', '.join(known)}"
            self._fail(path, f"a step does one thing: {found}")
        verb = verbs[0]
        value = getattr(step, verb)
        if value is None:
            self._fail((*path, verb), f"`{verb}` is empty: say what")
        self._references(_at(self._source.value, path), path)
        getattr(self, f"_check_{verb}", _fine)((*path, verb), value)
        self._expected(path, verb, step)
        if step.save is not None:
            if verb not in SAVED:
                self._fail((*path, "save"), f"`{verb}` has nothing to save")
            self._new_name((*path, "save"), step.save, again=True)

    def _expected(self, path: Path, verb: str, step: Look) -> None:
        if verb in ("balance", "ledger", "deliveries", "account", "timeline"):
            self._sensible((*path, verb), getattr(step, verb))
        if step.expect is msgspec.UNSET:
            return
        place = (*path, "expect")
        if verb not in ANSWERING:
            self._fail(place, f"`{verb}` is an expectation itself: put it there")
        if verb == "request":
            try:
                msgspec.convert(step.expect, Answer)
            except msgspec.ValidationError as error:
                known = ", ".join(Answer.__struct_fields__)
                problem = str(error).partition(" - at `")[0]
                self._fail(place, f"{problem[0].lower()}{problem[1:]}; a request's answer has {known}")
        self._sensible(place, step.expect)

    def _sensible(self, path: Path, expected: Any) -> None:
        for place, problem in problems(expected, path):
            self._fail(place, problem)

    # -- one kind of step ------

    def _check_request(self, path: Path, request: Any) -> None:
        keys = self._scenario.given.account.keys
        if request.key is not None and request.key not in keys:
            near = did_you_mean(request.key, keys)
            self._fail((*path, "key"), f'the account has no key "{request.key}"{near}; it has {", ".join(keys)}')
        if (request.path is None) == (request.url is None):
            self._fail(path, "a request has a path, or a url in place of it")
        if request.body is not msgspec.UNSET and request.raw is not msgspec.UNSET:
            self._fail((*path, "raw"), "a request has a body or a raw one, not both")

    def _check_webhooks(self, path: Path, webhooks: Any) -> None:
        self._receiver((*path, "receiver"), webhooks.receiver)
        self._sensible((*path, "arrived"), webhooks.arrived)

    def _check_receiver(self, path: Path, receivers: Any) -> None:
        for name in receivers:
            self._receiver((*path, name), name)

    def _check_call(self, path: Path, call: Any) -> None:
        for index, turn in enumerate(call.turns or ()):
            if (turn.caller is msgspec.UNSET) == (turn.agent is msgspec.UNSET):
                self._fail((*path, "turns", index), "a turn is said by the caller or by the agent")

    _check_script = _check_call

    def _check_until(self, path: Path, instant: Any) -> None:
        if not any(references.references(instant)):
            self._instant(path, instant)

    # -- names and values ------

    def _receiver(self, path: Path, name: str) -> None:
        if name not in self._receivers:
            known = ", ".join(self._receivers) or "none"
            near = did_you_mean(name, self._receivers)
            self._fail(path, f'there is no receiver "{name}"{near}; given.receivers has {known}')

    def _new_name(self, path: Path, name: str, *, again: bool = False) -> None:
        if not references.NAME.fullmatch(name):
            self._fail(path, f'"{name}" is no name: letters, digits and _')
        taken = name in self._receivers if again else name in self._names
        if taken or name in PREDEFINED:
            self._fail(path, f'the name "{name}" is taken')
        self._names.add(name)

    def _references(self, value: Any, path: Path) -> None:
        for place, name in references.references(value, path):
            first = name.partition(".")[0]
            if first not in self._names:
                near = did_you_mean(first, self._names)
                known = ", ".join(sorted(self._names))
                self._fail(place, f"${name}: nothing is called {first} by then{near}; known: {known}")

    def _instant(self, path: Path, text: str) -> None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            self._fail(path, f'"{text}" is no instant: write 2026-03-01T09:00:00Z')

    def _fail(self, path: Path, message: str) -> NoReturn:
        raise ScenarioError(self._file, self._source.line(path), message)


def _fine(path: Path, value: Any) -> None:
    """Nothing more to check."""

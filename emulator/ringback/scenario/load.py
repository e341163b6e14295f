"""Find scenario files, read them, and check them as far as possible without playing them."""

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
from ringback.scenario.types import CHECKS, VERBS, Check, ExpectedResponse, Scenario, decode
from ringback.scenario.yaml_loader import Path, Source, read

SUFFIXES = (".yaml", ".yml")
PREDEFINED = ("start", "now", "account", "keys")
"""Names that every scenario has."""
RESPONDING = ("request", "call", "text", "fund", "settings", "fault", "script", "control", "advance", "until")
"""Steps whose response may be saved and, under `expect`, checked."""
SAVED = (*RESPONDING, "webhooks", "deliveries", "ledger", "balance", "account")

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


class LoadedScenario(NamedTuple):
    """One scenario, its file as it was named, and the file's content with its lines."""

    file: str
    scenario: Scenario
    source: Source

    def line(self, *path: str | int) -> int | None:
        """Return the line of a part of the scenario, such as `line("when", 2)`."""
        return self.source.line(path)


def find(paths: Iterable[str | os.PathLike[str]]) -> list[FilePath]:
    """Return the scenario files at paths, each once, in order.

    A path is a file, a folder (with all folders below), or the name of a vendor, for its shipped scenarios. Raises
    ScenarioError for a path without any.
    """
    found: dict[FilePath, None] = {}
    for given in paths:
        place = FilePath(given)
        if not place.exists() and str(given) in vendors.names():
            place = vendors.data_path(str(given), "scenarios", str(given))
        if place.is_dir():
            files = sorted(file for file in place.rglob("*") if file.suffix in SUFFIXES and file.is_file())
            if not files:
                raise ScenarioError(str(given), None, "this folder has no .yaml file")
        elif place.is_file():
            files = [place]
        else:
            shipped = f"; vendors with shipped scenarios: {', '.join(vendors.names())}"
            raise ScenarioError(str(given), None, f"no such file, folder or vendor{shipped}")
        found.update(dict.fromkeys(map(_near, files)))
    return list(found)


def _near(file: FilePath) -> FilePath:
    """Return a file relative to the working directory if it is below that."""
    return file.relative_to(FilePath.cwd()) if file.is_relative_to(FilePath.cwd()) else file


def load(file: str | os.PathLike[str]) -> LoadedScenario:
    """Read one scenario file. Raises ScenarioError."""
    try:
        text = FilePath(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScenarioError(str(file), None, f"not UTF-8 text (byte {error.start})") from None
    except OSError as error:
        raise ScenarioError(str(file), None, error.strerror or str(error)) from None
    return parse(text, str(file))


def parse(text: str, file: str = "scenario.yaml") -> LoadedScenario:
    """Return a scenario from its text; `file` is its name in messages. Raises ScenarioError."""
    source = read(text, file)
    if not isinstance(source.value, dict):
        raise ScenarioError(file, 1, "a scenario is a mapping with name, vendor, when and then")
    try:
        scenario = msgspec.convert(source.value, Scenario, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise _typed(source, file, error) from None
    loaded = LoadedScenario(file, scenario, source)
    _Check(loaded).all()
    return loaded


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
        return f"`{name}` belongs in when: then only checks ({', '.join(CHECKS)})"
    known = schema.fields_at(path)
    return f"{_dotted(path)}`{name}` is unknown here{did_you_mean(name, known)}; known: {', '.join(known)}"


def _dotted(path: Path) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""


def _path(raw: Any, text: str) -> Path:
    """Return the path of a msgspec error, with the keys of mappings that it omits (`[...]`) found by trying."""
    path: Path = ()
    for name, place, some in _IN_PATH.findall(text):
        path = (*path, _culprit(raw, path) if some else name or int(place))
    return path


def _culprit(raw: Any, path: Path) -> str:
    """Return the key of the entry at fault in the mapping at `path`: the error remains without the others."""
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


# -- errors of meaning ------------------------------------------------------------------------------------------------


class _Check:
    def __init__(self, loaded: LoadedScenario) -> None:
        self._file = loaded.file
        self._source = loaded.source
        self._scenario = loaded.scenario
        self._receivers = loaded.scenario.given.receivers
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
                self._fail(
                    ("given", "account", "keys", name), f'"{name}" is not a valid name: use letters, digits and _'
                )
        self._instant(("given", "clock"), given.clock)
        raw = self._source.value.get("given", {})
        self._references(raw.get("account"), ("given", "account"))
        self._names.update(PREDEFINED)
        self._references(raw.get("faults"), ("given", "faults"))

    def _step(self, path: Path, step: Check) -> None:
        known = CHECKS if path[0] == "then" else VERBS
        verbs = [name for name in known if name in _at(self._source.value, path)]
        if len(verbs) != 1:
            found = f"not {' and '.join(verbs)} in one" if verbs else f"one of {', '.join(known)}"
            self._fail(path, f"a step does one thing: {found}")
        verb = verbs[0]
        value = getattr(step, verb)
        if value is None:
            self._fail((*path, verb), f"`{verb}` is empty: give it a value")
        self._references(_at(self._source.value, path), path)
        getattr(self, f"_check_{verb}", _fine)((*path, verb), value)
        self._expected(path, verb, step)
        if step.save is not None:
            if verb not in SAVED:
                self._fail((*path, "save"), f"`{verb}` has nothing to save")
            self._new_name((*path, "save"), step.save, again=True)

    def _expected(self, path: Path, verb: str, step: Check) -> None:
        if verb in ("balance", "ledger", "deliveries", "account", "timeline"):
            self._check_matchers((*path, verb), getattr(step, verb))
        if step.expect is msgspec.UNSET:
            return
        place = (*path, "expect")
        if verb not in RESPONDING:
            self._fail(place, f"`{verb}` is an expectation itself: write it there")
        if verb == "request":
            try:
                msgspec.convert(step.expect, ExpectedResponse)
            except msgspec.ValidationError as error:
                known = ", ".join(ExpectedResponse.__struct_fields__)
                problem = str(error).partition(" - at `")[0]
                self._fail(place, f"{problem[0].lower()}{problem[1:]}; a request's response has {known}")
        self._check_matchers(place, step.expect)

    def _check_matchers(self, path: Path, expected: Any) -> None:
        for place, problem in problems(expected, path):
            self._fail(place, problem)

    # -- one kind of step ------

    def _check_request(self, path: Path, request: Any) -> None:
        keys = self._scenario.given.account.keys
        if request.key is not None and request.key not in keys:
            near = did_you_mean(request.key, keys)
            self._fail((*path, "key"), f'the account has no key "{request.key}"{near}; it has {", ".join(keys)}')
        if (request.path is None) == (request.url is None):
            self._fail(path, "a request has either a path or a url")
        if request.body is not msgspec.UNSET and request.raw is not msgspec.UNSET:
            self._fail((*path, "raw"), "a request has either body or raw, not both")

    def _check_webhooks(self, path: Path, webhooks: Any) -> None:
        self._receiver((*path, "receiver"), webhooks.receiver)
        self._check_matchers((*path, "arrived"), webhooks.arrived)

    def _check_receiver(self, path: Path, receivers: Any) -> None:
        for name in receivers:
            self._receiver((*path, name), name)

    def _check_call(self, path: Path, call: Any) -> None:
        for index, turn in enumerate(call.turns or ()):
            if (turn.caller is msgspec.UNSET) == (turn.agent is msgspec.UNSET):
                self._fail((*path, "turns", index), "a turn has either a caller or an agent")

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
            self._fail(path, f'"{name}" is not a valid name: use letters, digits and _')
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
                self._fail(place, f"${name}: no earlier step saves {first}{near}; known: {known}")

    def _instant(self, path: Path, text: str) -> None:
        try:
            datetime.fromisoformat(text)
        except ValueError:
            self._fail(path, f'Invalid date/time "{text}": use 2026-03-01T09:00:00Z')

    def _fail(self, path: Path, message: str) -> NoReturn:
        raise ScenarioError(self._file, self._source.line(path), message)


def _fine(path: Path, value: Any) -> None:
    """Nothing more to check."""

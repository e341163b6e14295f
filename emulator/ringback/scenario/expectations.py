"""Compare what a step observed with what the scenario expects.

Scalars are compared exactly, mappings by the keys given, lists item by item, and by matchers where a value is not known
beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec

from ringback.scenario import durations
from ringback.scenario.errors import did_you_mean
from ringback.scenario.references import references
from ringback.scenario.yaml_loader import Path

MAX_SHOWN = 400

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "nothing there"})()
"""What was observed where there is nothing."""


class Difference(NamedTuple):
    """One difference: its path in what was observed, the expected and the observed value, and why they differ."""

    path: Path
    expected: Any
    seen: Any
    why: str = ""


class Words(str):
    """An expected or observed value described in words, shown without quotes."""

    __slots__ = ()


class Matcher(NamedTuple):
    """`check` returns what is wrong with the argument as written, or ""; `compare` returns the differences.

    `compare` takes the argument, the observed value, the start and the path. With `nested` the argument is an
    expectation itself.
    """

    check: Callable[[Any], str]
    compare: Callable[[Any, Any, datetime, Path], list[Difference]]
    nested: bool = False


def differences(expected: Any, seen: Any, start: datetime, path: Path = ()) -> list[Difference]:
    """Return how `seen` differs from `expected`. `start` is when the scenario began, for the matcher `after`."""
    if is_matcher(expected):
        return [found for name, argument in expected.items() for found in _matched(name, argument, seen, start, path)]
    if isinstance(expected, Mapping):
        if not isinstance(seen, Mapping):
            return [Difference(path, expected, seen, _hint(expected))]
        return [
            found
            for key, item in expected.items()
            for found in differences(item, seen.get(key, ABSENT), start, (*path, key))
        ]
    if isinstance(expected, list):
        if not isinstance(seen, list):
            return [Difference(path, expected, seen)]
        found = [
            found
            for index, (item, there) in enumerate(zip(expected, seen, strict=False))
            for found in differences(item, there, start, (*path, index))
        ]
        if len(expected) != len(seen):
            found.insert(0, Difference(path, Words(f"{_count(expected)} in all"), Words(_count(seen))))
        return found
    return [] if same(expected, seen) else [Difference(path, expected, seen)]


def _matched(name: str, argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    matcher = MATCHERS[name]
    if wrong := matcher.check(argument):
        return [Difference(path, Words(f"`{name}` with a valid argument"), argument, f"`{name}` {wrong}")]
    return matcher.compare(argument, seen, start, path)


def is_matcher(expected: Any) -> bool:
    """Return whether an expectation is a mapping of nothing but matchers."""
    return isinstance(expected, Mapping) and bool(expected) and all(key in MATCHERS for key in expected)


def problems(expected: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong with an expectation as it is written: matchers with an invalid argument."""
    if is_matcher(expected):
        for name, argument in expected.items():
            if not _has_references(argument) and (wrong := MATCHERS[name].check(argument)):
                yield (*path, name), f"`{name}` {wrong}"
            elif MATCHERS[name].nested:
                yield from problems(argument, (*path, name))
    elif isinstance(expected, Mapping):
        for key, item in expected.items():
            yield from problems(item, (*path, key))
    elif isinstance(expected, list):
        for index, item in enumerate(expected):
            yield from problems(item, (*path, index))


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON: `1` is `1.0`, and neither is true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, int | float) != isinstance(other, int | float):
        return False
    return bool(one == other)


def amount(value: Any) -> Decimal | None:
    """Return the value of a number or of a decimal text such as `"19.78"`, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _has_references(argument: Any) -> bool:
    return any(True for _ in references(argument))


def _hint(expected: Mapping[Any, Any]) -> str:
    words = [did_you_mean(name, MATCHERS) for name in expected]
    return next((f"no matcher is called {name}{word}" for name, word in zip(expected, words, strict=True) if word), "")


def _count(items: list[Any]) -> str:
    return "1 item" if len(items) == 1 else f"{len(items)} items"


# -- matchers --------------------------------------------------------------------------------------------------------

TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda seen: isinstance(seen, str),
    "integer": lambda seen: isinstance(seen, int) and not isinstance(seen, bool),
    "number": lambda seen: isinstance(seen, int | float) and not isinstance(seen, bool),
    "boolean": lambda seen: isinstance(seen, bool),
    "null": lambda seen: seen is None,
    "list": lambda seen: isinstance(seen, list),
    "mapping": lambda seen: isinstance(seen, Mapping),
}


def _simple(words: str, check: Callable[[Any], str], holds: Callable[[Any, Any], bool]) -> Matcher:
    """Return a matcher that holds or not; `words` describe it, with `{}` for the argument."""

    def compare(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
        if seen is not ABSENT and holds(argument, seen):
            return []
        return [Difference(path, Words(words.format(shown(argument))), seen)]

    return Matcher(check, compare)


def _bound(words: str, holds: Callable[[Decimal, Decimal], bool]) -> Matcher:
    def within(argument: Any, seen: Any) -> bool:
        bound, number = amount(argument), amount(seen)
        return bound is not None and number is not None and holds(number, bound)

    return _simple(words, lambda argument: "" if amount(argument) is not None else "takes a number", within)


def _near(argument: Any, seen: Any) -> bool:
    middle, tolerance, number = amount(argument[0]), amount(argument[1]), amount(seen)
    return None not in (middle, tolerance, number) and abs(number - middle) <= tolerance  # type: ignore[operator]


def _near_problem(argument: Any) -> str:
    fine = isinstance(argument, list) and len(argument) == 2 and None not in map(amount, argument)
    return "" if fine else "takes a number and a tolerance: [120, 2]"


def _regex_problem(argument: Any) -> str:
    if not isinstance(argument, str):
        return "takes a regular expression, in quotes"
    try:
        re.compile(argument)
    except re.error as error:
        return f"takes a regular expression: {error}"
    return ""


def _present(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    if (seen is not ABSENT) == argument:
        return []
    return [Difference(path, Words("something there" if argument else "nothing there"), seen)]


def _not(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    if seen is not ABSENT and differences(argument, seen, start, path):
        return []
    return [Difference(path, Words(f"anything but {shown(argument)}"), seen)]


def _one_of(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    if any(not differences(item, seen, start, path) for item in argument):
        return []
    return [Difference(path, Words(f"one of {shown(argument)}"), seen)]


def _contains(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    wanted = argument if isinstance(argument, list) else [argument]
    if isinstance(seen, str):
        missing = [item for item in wanted if not isinstance(item, str) or item not in seen]
    elif isinstance(seen, list):
        missing = [item for item in wanted if all(differences(item, there, start, path) for there in seen)]
    else:
        return [Difference(path, Words(f"a list or text that contains {shown(argument)}"), seen)]
    return [Difference(path, Words(f"an item like {shown(item)}"), seen) for item in missing]


def _each(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    if not isinstance(seen, list):
        return [Difference(path, Words("a list"), seen)]
    return [found for index, item in enumerate(seen) for found in differences(argument, item, start, (*path, index))]


def _length(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    if not isinstance(seen, str | list | Mapping):
        return [Difference(path, Words(f"something with a length of {shown(argument)}"), seen)]
    return [
        Difference(path, Words(f"length {shown(found.expected)}"), seen, f"its length is {len(seen)}")
        for found in differences(argument, len(seen), start, path)
    ]


def _after(argument: Any, seen: Any, start: datetime, path: Path) -> list[Difference]:
    length, tolerance = argument if isinstance(argument, list) else (argument, 0)
    try:
        due = durations.parse(length).after(start)
    except (ValueError, OverflowError):
        return [Difference(path, Words(f"{length} after the scenario began"), seen, "that is past the year 9999")]
    there = instant(seen)
    if there is not None and abs((there - due).total_seconds()) <= max(durations.seconds(tolerance), _BELOW_A_SECOND):
        return []
    why = f"{length} after the scenario began" if there is not None else "not an instant"
    return [Difference(path, Words(due.isoformat().replace("+00:00", "Z")), seen, why)]


_BELOW_A_SECOND = 0.999_999
"""Seconds of tolerance, as vendors write instants to the second."""


def _after_problem(argument: Any) -> str:
    parts = argument if isinstance(argument, list) else [argument, 0]
    if len(parts) != 2:
        return "takes a duration, or that and a tolerance: [1h, 2s]"
    try:
        durations.parse(parts[0])
        durations.seconds(parts[1])
    except ValueError as error:
        return f"takes a duration: {error}"
    return ""


def instant(value: Any) -> datetime | None:
    """Return the instant of ISO-8601 text or Unix seconds (a number or digits), else None."""
    number = amount(value)
    try:
        if number is not None:
            return datetime.fromtimestamp(float(number), UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _anything(argument: Any) -> str:
    return ""


def _number_expected(argument: Any) -> str:
    fine = isinstance(argument, int) and not isinstance(argument, bool) and argument >= 0
    return "" if fine or is_matcher(argument) else "takes a count, or a matcher on it: {gte: 1}"


MATCHERS: dict[str, Matcher] = {
    "equals": _simple("exactly {}", _anything, same),
    "is": _simple(
        "a value of type {}",
        lambda argument: "" if isinstance(argument, str) and argument in TYPES else f"takes one of {', '.join(TYPES)}",
        lambda argument, seen: TYPES[argument](seen),
    ),
    "matches": _simple(
        "text that matches {}",
        _regex_problem,
        lambda argument, seen: isinstance(seen, str) and re.search(argument, seen) is not None,
    ),
    "present": Matcher(lambda argument: "" if isinstance(argument, bool) else "takes true or false", _present),
    "one_of": Matcher(
        lambda argument: "" if isinstance(argument, list) and argument else "takes a list",
        _one_of,
        nested=True,
    ),
    "not": Matcher(_anything, _not, nested=True),
    "gt": _bound("more than {}", lambda number, bound: number > bound),
    "gte": _bound("at least {}", lambda number, bound: number >= bound),
    "lt": _bound("less than {}", lambda number, bound: number < bound),
    "lte": _bound("at most {}", lambda number, bound: number <= bound),
    "near": _simple("near {}", _near_problem, _near),
    "contains": Matcher(_anything, _contains, nested=True),
    "each": Matcher(_anything, _each, nested=True),
    "length": Matcher(_number_expected, _length, nested=True),
    "after": Matcher(_after_problem, _after),
}


def shown(value: Any) -> str:
    """Return a value as one line of JSON, and words as they are."""
    if value is ABSENT or isinstance(value, Words):
        return str(value)
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"

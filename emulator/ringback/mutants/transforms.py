"""Changes of a JSON document at the places that a path names.

A path is a list of steps separated by full stops. A step is a member's name, or `**` for the value itself and
everything below it, followed by any number of selectors:

    data[].created_at              in each item of the list `data`
    turns[0].text                  in the first item, `[-1]` in the last
    data[status=released].status   in the items of which `status` is the text "released"
    **[object=number].id           in each object, at any depth, of which `object` is "number"
    **[id^=ct_]                    each object of which `id` begins with "ct_"

The empty path is the whole document. Where a document has nothing at a path, nothing is changed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

ANYWHERE = "**"
_STEP = re.compile(r"(?P<name>\*\*|[\w$-]*)(?P<selectors>(?:\[[^\[\]]*\])*)")
_SELECTOR = re.compile(r"\[(?P<index>-?\d+)?(?:(?P<name>[\w$-]+)(?P<how>\^?=)(?P<text>[^\[\]]*))?\]")


class PathError(ValueError):
    """A path that does not follow the grammar."""


class Selector(NamedTuple):
    """Which items of a list, or which of the objects, a step goes on with: all, one by index, or those that match."""

    position: int | None = None
    name: str | None = None
    text: str = ""
    prefix: bool = False

    def matches(self, value: Any) -> bool:
        """Return whether a value is an object whose member has the text, or begins with it."""
        if not isinstance(value, dict) or self.name not in value:
            return False
        text = _text(value[self.name])
        return text.startswith(self.text) if self.prefix else text == self.text


Step = str | Selector


class Slot(NamedTuple):
    """One place in a document: a member of an object or an item of a list."""

    container: Any
    key: Any

    @property
    def value(self) -> Any:
        """What is at the place."""
        return self.container[self.key]


class Draft(Protocol):
    """A request, a response or a webhook event whose JSON document can be changed; None is a body that is not JSON."""

    document: Any


@lru_cache(maxsize=4_096)
def parse(path: str) -> tuple[Step, ...]:
    """Return the steps of a path: names, ANYWHERE and selectors. Raises PathError."""
    steps: list[Step] = []
    for part in path.split(".") if path else ():
        found = _STEP.fullmatch(part)
        if found is None or not part:
            raise PathError(f"{path!r}: {part!r} is not a name followed by selectors such as [], [0] or [name=text]")
        if found["name"]:
            steps.append(found["name"])
        steps.extend(_selectors(path, found["selectors"]))
    return tuple(steps)


def _selectors(path: str, text: str) -> Iterator[Selector]:
    for written in re.findall(r"\[[^\]]*\]", text):
        found = _SELECTOR.fullmatch(written)
        if found is None or (found["index"] and found["name"]):
            raise PathError(f"{path!r}: {written} is not [], [0], [name=text] or [name^=text]")
        position = int(found["index"]) if found["index"] else None
        yield Selector(position, found["name"], found["text"] or "", found["how"] == "^=")


def slots(document: list[Any], path: str, *, adds: bool = False) -> list[Slot]:
    """Return the places that a path names in the document, which is the one item of a list; each place once.

    With `adds` the last name need not be there: the objects before it are enough.
    """
    found = [Slot(document, 0)]
    steps = parse(path)
    for position, step in enumerate(steps):
        last = adds and position == len(steps) - 1
        reached = [inner for slot in found for inner in _into(slot, step, last)]
        found = list({(id(slot.container), slot.key): slot for slot in reached}.values())
    return found


def _into(slot: Slot, step: Step, adds: bool) -> Iterator[Slot]:
    value = slot.value
    if step == ANYWHERE:
        yield slot
        for key in _keys(value):
            yield from _into(Slot(value, key), step, adds)
    elif isinstance(step, str):
        if isinstance(value, dict) and (adds or step in value):
            yield Slot(value, step)
    elif step.position is not None:
        if isinstance(value, list) and -len(value) <= step.position < len(value):
            yield Slot(value, step.position % len(value))
    elif isinstance(value, list):
        yield from (Slot(value, at) for at, item in enumerate(value) if step.name is None or step.matches(item))
    elif step.name is not None and step.matches(value):
        yield slot


def _keys(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _below(path: str) -> str:
    """Return a path that cannot name the whole document. Raises PathError."""
    if all(step == ANYWHERE or (isinstance(step, Selector) and step.name is not None) for step in parse(path)):
        raise PathError(f"{path!r} names the whole document: name a place in it")
    return path


def _member(path: str) -> str:
    """Return a path that ends with a member's name. Raises PathError."""
    if not path or not isinstance(step := parse(path)[-1], str) or step == ANYWHERE:
        raise PathError(f"{path!r} does not end with the name of a member")
    return path


@dataclass(frozen=True)
class Edit:
    """A change of a document at the places that `path` names. With `adds` it may make the last member of the path."""

    path: str
    change: Callable[[Slot], None]
    adds: bool = False

    def __post_init__(self) -> None:
        parse(self.path)

    def __call__(self, draft: Draft) -> None:
        document = [draft.document]
        found = slots(document, self.path, adds=self.adds) if document[0] is not None else []
        for slot in reversed(found):
            self.change(slot)
        if found:
            draft.document = document[0]


def drop(path: str) -> Edit:
    """Leave out a member or an item."""

    def change(slot: Slot) -> None:
        del slot.container[slot.key]

    return Edit(_below(path), change)


def apply(path: str, function: Callable[[Any], Any]) -> Edit:
    """Replace each value by what a function returns for it."""

    def change(slot: Slot) -> None:
        slot.container[slot.key] = function(slot.value)

    return Edit(path, change)


def set_to(path: str, value: Any) -> Edit:
    """Put a value in a place, adding the member where it is missing."""

    def change(slot: Slot) -> None:
        slot.container[slot.key] = value

    return Edit(path, change, adds=True)


def set_default(path: str, value: Any) -> Edit:
    """Put a value in a place where the member is missing."""

    def change(slot: Slot) -> None:
        slot.container.setdefault(slot.key, value)

    return Edit(_member(path), change, adds=True)


def rename(path: str, name: str) -> Edit:
    """Give a member another name; it becomes the last of its object."""

    def change(slot: Slot) -> None:
        slot.container[name] = slot.container.pop(slot.key)

    return Edit(_member(path), change)


def copy(path: str, name: str) -> Edit:
    """Put in a place what the member `name` of the same object holds."""

    def change(slot: Slot) -> None:
        if name in slot.container:
            slot.container[slot.key] = slot.container[name]

    return Edit(_member(path), change)


def swap(path: str, name: str) -> Edit:
    """Exchange a member with the member `name` of the same object."""

    def change(slot: Slot) -> None:
        if name in slot.container:
            slot.container[slot.key], slot.container[name] = slot.container[name], slot.container[slot.key]

    return Edit(_member(path), change)


def lift(path: str) -> Edit:
    """Put the members of an object in its place, into the object that holds it."""

    def change(slot: Slot) -> None:
        slot.container.update(slot.container.pop(slot.key))

    return Edit(_member(path), change)


def reverse(path: str) -> Edit:
    """Turn a list around."""
    return apply(path, lambda items: items[::-1])


def keep(path: str, wanted: Callable[[Any], bool]) -> Edit:
    """Keep only the items of a list that are wanted."""
    return apply(path, lambda items: [item for item in items if wanted(item)])


def first(path: str, count: int = 1) -> Edit:
    """Keep only the first items of a list."""
    return apply(path, lambda items: items[:count])

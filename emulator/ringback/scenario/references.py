"""`$number.id`: what a step saved, used in a later one.

`$name` with dotted keys and list places (`$calls.data.0.id`) stands for the value, type and all, where it is the whole
text; inside a longer text it is written out (`/v1/numbers/$number.id`; `${number.id}` where a letter follows).
`$$` is a dollar sign, and so is a `$` that no name follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ringback.scenario.errors import did_you_mean
from ringback.scenario.yaml_loader import Path

_NAME = r"[A-Za-z_][\w-]*(?:\.[\w-]+)*"
_REFERENCE = re.compile(rf"\$(?:\$|\{{({_NAME})\}}|([A-Za-z_]\w*(?:\.\w+)*))")
NAME = re.compile(r"[A-Za-z_]\w*")


class UnknownReference(LookupError):  # noqa: N818 - the name says what is wrong
    """A reference to a name or part that does not exist; the message says which do."""


def resolve(value: Any, names: Mapping[str, Any], *, exact: bool = False) -> Any:
    """Return `value` with every reference in it replaced; keys of mappings stay.

    With `exact`, a mapping or list that a reference stands for becomes `{"equals": …}`, so that an expectation takes
    it as it is. Raises UnknownReference.
    """
    if isinstance(value, str):
        return _text(value, names, exact)
    if isinstance(value, Mapping):
        return {key: resolve(item, names, exact=exact) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, names, exact=exact) for item in value]
    return value


def references(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every reference in `value`: the path of the text that holds it, and its dotted name."""
    if isinstance(value, str):
        for match in _REFERENCE.finditer(value):
            if name := match[1] or match[2]:
                yield path, name
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from references(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, (*path, index))


def literal(text: str) -> str:
    """Return `text` escaped, so that `resolve` returns it unchanged."""
    return text.replace("$", "$$")


def _text(text: str, names: Mapping[str, Any], exact: bool) -> Any:
    whole = _REFERENCE.fullmatch(text)
    if whole is not None and (name := whole[1] or whole[2]):
        found = look_up(name, names)
        return {"equals": found} if exact and isinstance(found, Mapping | list) else found
    return _REFERENCE.sub(lambda match: _written(match, names), text)


def _written(match: re.Match[str], names: Mapping[str, Any]) -> str:
    name = match[1] or match[2]
    if not name:
        return "$"
    found = look_up(name, names)
    if isinstance(found, Mapping | list) or found is None:
        raise UnknownReference(f"${name} is {_kind(found)}, which cannot stand inside a text")
    return str(found).lower() if isinstance(found, bool) else str(found)


def look_up(name: str, names: Mapping[str, Any]) -> Any:
    """Return the value under a dotted name. Raises UnknownReference."""
    found: Any = names
    passed: list[str] = []
    for part in name.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            raise UnknownReference(_missing(name, part, ".".join(passed), found))
        passed.append(part)
    return found


def _missing(name: str, part: str, holder: str, found: Any) -> str:
    where = f"${holder}" if holder else "this scenario"
    if isinstance(found, Mapping):
        has = ", ".join(map(str, found)) or "nothing"
        return f"${name}: {where} has no {part}{did_you_mean(part, found)}; it has {has}"
    if isinstance(found, list):
        return f"${name}: {where} is a list of {len(found)}; it takes a place from 0 to {len(found) - 1}"
    return f"${name}: {where} is {_kind(found)}, which has no parts"


def _kind(value: Any) -> str:
    return {type(None): "null", bool: "true or false", str: "a text", dict: "a mapping", list: "a list"}.get(
        type(value), "a number"
    )

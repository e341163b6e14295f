"""Decode JSON bodies, and say which field is wrong and what is accepted."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from ringback.carrier.script import ScriptError
from ringback.gateway.errors import DecodeError

T = TypeVar("T")

_AT = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`(.*)", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]+)`")
_BOUND = re.compile(r" (of length )?(>=|<=|>|<) (\S+)")
_STEP = re.compile(r"\[[^\]]*\]|[^.\[]+")
_PLAIN_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_UNITS = {"str": "characters", "array": "items", "object": "fields"}
_GOT_FLOAT = re.compile(r"Expected `[^`]*\bint\b[^`]*`, got `float`")


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a JSON body. Raises DecodeError, which names the field at fault where there is one."""
    try:
        return _decoded(body, decoder)
    except msgspec.ValidationError as error:
        raise explain(error, decoder.type) from None
    except RecursionError:
        raise DecodeError("the body is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise DecodeError("the body is not valid JSON") from None


def _decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        if not _GOT_FLOAT.match(str(error)):
            raise
    return msgspec.convert(_in_integers(msgspec.json.decode(body)), decoder.type)


def _in_integers(value: Any) -> Any:
    """Return a document with whole floats as integers: JSON does not distinguish 10.0 from 10."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _in_integers(inner) for name, inner in value.items()}
    return [_in_integers(inner) for inner in value] if isinstance(value, list) else value


def explain(error: msgspec.ValidationError, kind: Any = None) -> DecodeError:
    """Return a DecodeError with a plain message. `kind` is the type that the whole document should have."""
    text = str(error)
    at = _AT.search(text)
    where = at[1] if at is not None and at[1] else None
    missing = _MISSING.search(text)
    if missing is not None:
        return DecodeError("is required", f"{where}.{missing[1]}" if where else missing[1])
    return DecodeError(("" if where else "the body ") + _problem(_AT.sub("", text).strip(), kind, where or ""), where)


def decode_analysis(analysis: Any, kind: type[T]) -> T:
    """Convert a script's `analysis` to the vendor's own type. Raises ScriptError."""
    try:
        return msgspec.convert(analysis, kind)
    except msgspec.ValidationError as error:
        problem = explain(error, kind)
        where = f"analysis.{problem.param}" if problem.param else "analysis"
        raise ScriptError(where, f"{where} {problem.problem}") from None


def _problem(text: str, kind: Any, where: str) -> str:
    if text.startswith("Invalid enum value"):
        allowed = _allowed(kind, where) if kind is not None else []
        return f"must be one of {', '.join(allowed)}" if allowed else f"cannot be {text.rpartition(' ')[2]}"
    expected = _EXPECTED.fullmatch(text)
    if expected is None:
        return f"cannot be used: {text[:1].lower()}{text[1:]}"
    kinds, rest = [each.strip() for each in expected[1].split("|")], expected[2]
    if rest.startswith(" matching regex "):
        return f"must match {rest.removeprefix(' matching regex ')}"
    plain = " or ".join(_PLAIN_TYPES.get(each, each) for each in kinds)
    bound = _BOUND.fullmatch(rest)
    if bound is None:
        return f"must be {plain}"
    if bound[1]:
        unit = _UNITS.get(kinds[0], "items")
        return f"must have {_BOUNDS[bound[2]]} {bound[3]} {unit.removesuffix('s') if bound[3] == '1' else unit}"
    return f"must be {plain} of {_BOUNDS[bound[2]]} {bound[3]}"


def _allowed(kind: Any, where: str) -> list[str]:
    """Return the values that a type allows at a path in it."""
    found = _alternatives(msgspec.inspect.type_info(kind))
    for step in _STEP.findall(where):
        found = [each for type_ in found for inner in _inner(type_, step) for each in _alternatives(inner)]
    return [str(value) for type_ in found if isinstance(type_, msgspec.inspect.LiteralType) for value in type_.values]


def _alternatives(kind: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    return list(kind.types) if isinstance(kind, msgspec.inspect.UnionType) else [kind]


def _inner(kind: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    if isinstance(kind, msgspec.inspect.StructType):
        return [field.type for field in kind.fields if field.encode_name == step]
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        return [kind.item_type]
    return [kind.value_type] if isinstance(kind, msgspec.inspect.DictType) else []

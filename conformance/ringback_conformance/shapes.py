"""Checks of values and lists that several vendors need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

Field = Callable[[Any], bool]

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
E164 = re.compile(r"\+[1-9]\d{1,14}")


def text(value: Any) -> bool:
    """A string that is not empty."""
    return isinstance(value, str) and value != ""


def text_or_null(value: Any) -> bool:
    """A string, or null."""
    return value is None or isinstance(value, str)


def flag(value: Any) -> bool:
    """True or false."""
    return isinstance(value, bool)


def whole(value: Any) -> bool:
    """An integer from 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def real(value: Any) -> bool:
    """A JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def instant(value: Any) -> bool:
    """An ISO-8601 instant with its offset."""
    return moment(value) is not None


def like(pattern: re.Pattern[str]) -> Field:
    """A string that matches as a whole."""
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def one_of(*values: Any) -> Field:
    """One of these."""
    return lambda value: any(value == each and isinstance(value, type(each)) for each in values)


def maybe(field: Field) -> Field:
    """Null, or what `field` wants."""
    return lambda value: value is None or field(value)


def moment(value: Any) -> datetime | None:
    """Return an instant with its offset, in UTC, or None."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def newest_first(items: Iterable[Mapping[str, Any]], field: str = "created_at") -> str | None:
    """Return the first of the items whose instant is later than that of the one before it, or None."""
    earlier: datetime | None = None
    for item in items:
        when = moment(item.get(field))
        if earlier is not None and when is not None and when > earlier:
            return f"{item.get('id')} has {field} {item.get(field)}, later than the one listed before it"
        earlier = when or earlier
    return None


def odd_fields(document: Any, fields: Mapping[str, Field], what: str) -> str | None:
    """The first field that is missing or not as documented; fields beyond the documented ones are fine."""
    if not isinstance(document, dict):
        return f"{what} is {kind_of(document)}, not an object"
    for name, fits in fields.items():
        if name not in document:
            return f"{what} has no {name}"
        if not fits(document[name]):
            return f"{what} has {name} = {document[name]!r}"
    return None


def kind_of(value: Any) -> str:
    """Return what a value is, for messages."""
    if value is None:
        return "no JSON"
    if isinstance(value, dict):
        return f"an object with {', '.join(list(value)[:6]) or 'nothing'}"
    return f"a {type(value).__name__}"

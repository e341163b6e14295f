"""Instants and durations of the test face, as the control API takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

Moment = str | datetime
"""An ISO-8601 text, or a datetime, which is UTC if it is naive."""


class Advance(TypedDict, total=False):
    """How far a clock advances: by a duration, `until` an instant, or with `idle` until nothing is pending."""

    weeks: float
    days: float
    hours: float
    minutes: float
    seconds: float
    until: Moment
    idle: bool


def advance_body(by: Advance) -> dict[str, Any]:
    """Return the body of an advance. Raises ValueError unless one way of saying how far is used."""
    until, idle = by.pop("until", None), by.pop("idle", False)
    duration = timedelta(**by)  # type: ignore[misc]
    ways: list[dict[str, Any]] = []
    if duration:
        ways.append({"seconds": duration.total_seconds()})
    if until is not None:
        ways.append({"until": iso(until)})
    if idle:
        ways.append({"idle": True})
    if len(ways) > 1:
        raise ValueError("say how far in one way: a duration, until= or idle=True")
    return ways[0] if ways else {"seconds": 0}


def iso(moment: Moment) -> str:
    """Return an instant as the control API takes it."""
    if isinstance(moment, str):
        return moment
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")

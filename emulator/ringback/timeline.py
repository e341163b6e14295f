"""The journal as text: a line for each thing that happened, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ringback.gateway.journal import JOURNAL_KINDS

KIND_WIDTH = max(map(len, JOURNAL_KINDS))
DETAILS = {
    "call": ("call_id",),
    "message": ("message_id",),
    "money": ("ref",),
    "delivery": ("subject", "url"),
    "number": ("number_id",),
}
"""The fields that a line shows after the entry's own text, by its kind."""
MAX_BODY_SHOWN = 200


def timeline(entries: Iterable[Mapping[str, Any]]) -> str:
    """Return journal entries (oldest first) as text: the day where it changes, then time, kind and what happened.

    A request that failed shows the response's body too.
    """
    lines: list[str] = []
    day = ""
    for entry in entries:
        if entry["at"][:10] != day:
            day = entry["at"][:10]
            lines.append(day)
        lines.append(f"  {clock_time(entry):15} {entry['kind']:{KIND_WIDTH}} {describe(entry)}")
    return "\n".join(lines) or "(nothing happened)"


def clock_time(entry: Mapping[str, Any]) -> str:
    """Return an entry's time of day, `07:55:10`, with the fraction of a second where there is one."""
    return str(entry["at"])[11:].rstrip("Z")


def describe(entry: Mapping[str, Any]) -> str:
    """Return what happened, with the ids that belong to it."""
    parts = [str(entry["what"])]
    parts += [str(entry[name]) for name in DETAILS.get(entry["kind"], ()) if entry.get(name)]
    response = entry.get("response")
    if isinstance(response, Mapping) and (response["status"] or 0) >= 400 and response["body"]:
        parts.append(" ".join(str(response["body"]).split())[:MAX_BODY_SHOWN])
    return "  ".join(parts)

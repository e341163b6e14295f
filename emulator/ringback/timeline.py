"""The journal as something to read: a line for each thing that happened, oldest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KINDS = ("request", "call", "money", "delivery", "number", "account", "clock")
WIDEST_KIND = max(map(len, KINDS))
TOLD_TOO = {"call": ("call_id",), "money": ("ref",), "delivery": ("subject", "url"), "number": ("number_id",)}
"""What a line says besides the entry's own words, by its kind."""
BODY_SHOWN = 200


def timeline(entries: Iterable[Mapping[str, Any]]) -> str:
    """Journal entries (oldest first) as text: the day where it changes, then time, kind and what happened.

    A request that was refused shows the answer's body too.
    """
    lines: list[str] = []
    day = ""
    for entry in entries:
        if entry["at"][:10] != day:
            day = entry["at"][:10]
            lines.append(day)
        lines.append(f"  {clock_time(entry):15} {entry['kind']:{WIDEST_KIND}} {describe(entry)}")
    return "\n".join(lines) or "(nothing happened)"


def clock_time(entry: Mapping[str, Any]) -> str:
    """`07:55:10`, with the fraction of a second where there is one."""
    return str(entry["at"])[11:].rstrip("Z")


def describe(entry: Mapping[str, Any]) -> str:
    """What happened, with what belongs to it."""
    told = [str(entry["what"])]
    told += [str(entry[name]) for name in TOLD_TOO.get(entry["kind"], ()) if entry.get(name)]
    answer = entry.get("response")
    if isinstance(answer, Mapping) and (answer["status"] or 0) >= 400 and answer["body"]:
        told.append(" ".join(str(answer["body"]).split())[:BODY_SHOWN])
    return "  ".join(told)

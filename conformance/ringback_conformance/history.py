"""Runs that were, and what changed between two of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ringback_conformance.run import state_folder

FILE = "conformance-history.json"
KEPT = 500
"""Runs remembered; older ones are forgotten."""
BRIEF_FIELDS = (
    "vendor",
    "target",
    "profile",
    "seed",
    "started_at",
    "seconds",
    "summary",
    "headline",
    "digest",
    "trouble",
)

Document = dict[str, Any]


class HistoryError(Exception):
    """A history or an earlier report that cannot be read; the message says which."""


def remember(document: Document, path: Path | None = None) -> None:
    """Add a run, without its evidence. Raises HistoryError."""
    from tinydb import TinyDB

    where = path or state_folder() / FILE
    entry = {name: document[name] for name in BRIEF_FIELDS}
    entry["verdicts"] = [
        {name: verdict[name] for name in ("claim", "verdict", "reason")} for verdict in document["verdicts"]
    ]
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        with TinyDB(where) as history:
            history.insert(entry)
            excess = [found.doc_id for found in history.all()[:-KEPT]]
            if excess:
                history.remove(doc_ids=excess)
    except (OSError, ValueError) as error:
        raise HistoryError(f"{where}: {error}") from None


def recall(vendor: str, path: Path | None = None) -> list[Document]:
    """The remembered runs of a vendor, oldest first. Raises HistoryError."""
    from tinydb import TinyDB, where

    file = path or state_folder() / FILE
    if not file.exists():
        return []
    try:
        with TinyDB(file, access_mode="r") as history:
            return [dict(found) for found in history.search(where("vendor") == vendor)]
    except (OSError, ValueError) as error:
        raise HistoryError(f"{file}: {error}") from None


def earlier(text: str, vendor: str, target: str) -> Document:
    """What to compare with: a JSON report, or with `last` the last remembered run against the same target.

    Raises HistoryError.
    """
    if text == "last":
        runs = [run for run in recall(vendor) if run["target"] == target]
        if not runs:
            raise HistoryError(f"no run of {vendor} against {target} is remembered")
        return runs[-1]
    try:
        document = json.loads(Path(text).read_text(encoding="utf-8"))
    except OSError as error:
        raise HistoryError(f"--compare {text}: {error.strerror or error}") from None
    except ValueError:
        raise HistoryError(f"--compare {text} is not a JSON report of `ringback conform`") from None
    if not isinstance(document, dict) or not isinstance(document.get("verdicts"), list):
        raise HistoryError(f"--compare {text} is not a JSON report of `ringback conform`")
    if document.get("vendor") != vendor:
        raise HistoryError(f"--compare {text} is about {document.get('vendor')}, not {vendor}")
    return document


def compare(before: Document, after: Document) -> Document:
    """`{"with", "same_exchanges", "changed": [{"claim", "before", "after", "reason"}], "gone", "new"}`."""
    old = {verdict["claim"]: verdict for verdict in before["verdicts"]}
    new = {verdict["claim"]: verdict for verdict in after["verdicts"]}
    return {
        "with": {name: before.get(name) for name in ("target", "profile", "seed", "started_at")},
        "same_exchanges": before.get("digest") == after["digest"],
        "changed": [
            {
                "claim": id_,
                "before": old[id_]["verdict"],
                "after": verdict["verdict"],
                "reason": verdict["reason"],
            }
            for id_, verdict in new.items()
            if id_ in old and old[id_]["verdict"] != verdict["verdict"]
        ],
        "gone": [id_ for id_ in old if id_ not in new],
        "new": [id_ for id_ in new if id_ not in old],
    }

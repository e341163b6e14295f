"""Store past runs and diff two of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ringback_conformance.options import state_folder

FILE = "conformance-history.json"
MAX_RUNS = 500
"""Runs that are stored; older ones are deleted."""
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
    """The history or an earlier report cannot be read; the message says which."""


def store(document: Document, path: Path | None = None) -> None:
    """Store a run, without its evidence. Raises HistoryError."""
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
            excess = [found.doc_id for found in history.all()[:-MAX_RUNS]]
            if excess:
                history.remove(doc_ids=excess)
    except (OSError, ValueError) as error:
        raise HistoryError(f"{where}: {error}") from None


def stored(vendor: str, path: Path | None = None) -> list[Document]:
    """Return the stored runs of a vendor, oldest first. Raises HistoryError."""
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
    """Return what to compare with: a JSON report, or with `last` the last stored run against the same target.

    Raises HistoryError.
    """
    if text == "last":
        runs = [run for run in stored(vendor) if run["target"] == target]
        if not runs:
            raise HistoryError(f"no run of {vendor} against {target} is stored")
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
    """Return `{"with", "same_exchanges", "changed": [{"claim", "before", "after", "reason"}], "gone", "new"}`."""
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

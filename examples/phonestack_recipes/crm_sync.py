"""Leads of a CRM become contacts, a thousand at a time; tells which were not taken, and why.

python crm_sync.py LEADS.json [CAMPAIGN_ID]
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

AT_ONCE = 1_000


@dataclass
class Synced:
    """What became of the leads; `refused` holds each lead that was not taken with the reason."""

    created: int = 0
    known: int = 0
    refused: list[tuple[dict[str, Any], str]] = field(default_factory=list)


def as_contact(lead: dict[str, Any]) -> dict[str, Any]:
    """A lead as the API takes it; what the CRM does not know is left out."""
    contact = {name: lead[name] for name in ("first_name", "last_name", "phone", "email") if lead.get(name)}
    return {**contact, "custom_fields": {"crm_id": lead["id"]}}


def sync(
    http: httpx.Client,
    leads: Sequence[dict[str, Any]],
    campaign: str | None = None,
    sleep: Callable[[float], Any] = time.sleep,
) -> Synced:
    """Add all leads, waiting as long as the API asks when its bulk limit is reached."""
    found = Synced()
    for chunk in _chunks(leads):
        body: dict[str, Any] = {"contacts": [as_contact(lead) for lead in chunk], "tags": ["crm"]}
        if campaign is not None:
            body["campaign_id"] = campaign
        answer = http.post("/api/v1/contacts/bulk", json=body)
        while answer.status_code == 429:
            sleep(float(answer.headers["retry-after"]))
            answer = http.post("/api/v1/contacts/bulk", json=body)
        answer.raise_for_status()
        result = answer.json()["data"]
        found.created += result["created"]
        found.known += result["duplicates"]
        found.refused += [
            (chunk[error["index"]], error["message"]) for error in result["errors"] if error["code"] != "DUPLICATE"
        ]
    return found


def _chunks(leads: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(leads), AT_ONCE):
        yield leads[start : start + AT_ONCE]


def main(arguments: list[str]) -> int:
    """Sync a file of leads."""
    leads = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    address = os.environ.get("PHONESTACK_BASE_URL", "https://phonestack.com")
    headers = {"Authorization": f"Bearer {os.environ['PHONESTACK_API_KEY']}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as http:
        found = sync(http, leads, arguments[1] if len(arguments) > 1 else None)
    print(f"created {found.created}, known already {found.known}, refused {len(found.refused)}")
    for lead, reason in found.refused:
        print(f"  row {leads.index(lead)} (lead {lead['id']}): {reason}")
    return 1 if found.refused else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

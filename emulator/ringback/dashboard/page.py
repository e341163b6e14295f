"""The dashboard's page: a client of the control API, with no access of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ringback import __version__, resources
from ringback.carrier.script import MISSED
from ringback.contract import Operation, read_yaml
from ringback.dashboard.contract import contract_view
from ringback.dashboard.document import asset, document
from ringback.emulator import Emulator
from ringback.gateway.vendor import VendorSpec

PROVISION = re.compile(r"/numbers(/provision)?$")
TEXTS = re.compile("sms|message", re.IGNORECASE)
"""Which operations provision a number, and which show that a vendor has text messages."""
UNANSWERED = (MISSED, "busy", "failed")


def page(emulator: Emulator, urls: Mapping[str, str]) -> bytes:
    """Return the page in UTF-8, with the public facts of each vendor.

    These are its base URL, the well-known key of the seed account while it is valid, first curl commands, and the names
    of its operations and events. The page gets everything else from the control API.
    """
    data = {
        "version": __version__,
        "vendors": [_vendor(emulator, vendor, urls[vendor.name]) for vendor in emulator.vendors.values()],
        "scenarios": scenarios(),
    }
    return document(
        "Ringback",
        asset("page.html"),
        styles=("base.css", "page.css"),
        scripts=("copy.js", "page.js"),
        data=data,
    )


@cache
def scenarios() -> Sequence[str]:
    """Return the names of the stock scripts of calls: the kinds of dialogue in the phrase bank, and failing calls."""
    return (*read_yaml(resources.path("fixtures", "dialogues.yaml"))["dialogues"], *UNANSWERED)


def _vendor(emulator: Emulator, vendor: VendorSpec, base_url: str) -> dict[str, Any]:
    seed = emulator.services.keys.records.get(f"key_{vendor.name}_seed")
    key = seed.secret if seed is not None and seed.status == "active" else None
    shown = contract_view(vendor.name)

    def curl(operation: Operation | None) -> str | None:
        return shown.curl(operation, base_url, key or "YOUR_KEY") if operation is not None else None

    operations = shown.operations
    return {
        "name": vendor.name,
        "title": vendor.title,
        "base_url": base_url,
        "key": key,
        "look": curl(next((one for one in operations if one.method == "GET" and "{" not in one.path), None)),
        "provision": curl(
            next((one for one in operations if one.method == "POST" and PROVISION.search(one.path)), None)
        ),
        "texts": any(TEXTS.search(one.path) for one in operations),
        "operations": [("", "any"), *((one.id, f"{one.id} · {one.summary}") for one in operations)],
        "events": [("", "any"), *((hook.path, hook.path) for hook in shown.webhooks)],
    }

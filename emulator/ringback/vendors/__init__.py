"""The vendors that are installed. Listing them imports none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringback.gateway.vendor import VendorSpec

NAMES: tuple[str, ...] = ("kwickphone", "nokycnumber", "agentphone", "inkbox", "phonestack")


def load(name: str) -> VendorSpec:
    """The vendor of this name. Raises KeyError for one that is not installed."""
    if name not in NAMES:
        raise KeyError(name)
    vendor: VendorSpec = import_module(f"ringback.vendors.{name}").VENDOR
    return vendor

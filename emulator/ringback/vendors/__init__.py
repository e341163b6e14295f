"""The vendors that are installed. Listing them imports none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringback.gateway.vendor import Vendor

NAMES: tuple[str, ...] = ("kwickphone", "nokycnumber", "agentphone", "inkbox", "phonestack")


def load(name: str) -> Vendor:
    """The vendor of this name. Raises KeyError for one that is not installed."""
    if name not in NAMES:
        raise KeyError(name)
    vendor: Vendor = import_module(f"ringback.vendors.{name}").VENDOR
    return vendor

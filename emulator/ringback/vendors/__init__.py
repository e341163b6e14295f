"""The vendors that are installed, found by the entry-point group `ringback.vendors`. Listing them imports none."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from ringback.gateway.vendor import VendorSpec

GROUP = "ringback.vendors"
ORDER = ("kwickphone", "nokycnumber", "agentphone", "inkbox", "phonestack")
"""Ringback's own come first, in this order; those of other distributions follow by name."""


@cache
def _found() -> dict[str, EntryPoint]:
    points = {point.name: point for point in entry_points(group=GROUP)}
    own = {name: points[name] for name in ORDER if name in points}
    return own | dict(sorted(points.items()))


def names() -> tuple[str, ...]:
    """Return the names of all vendors."""
    return tuple(_found())


@cache
def load(name: str) -> VendorSpec:
    """Return the vendor of this name. Raises KeyError for one that is not installed."""
    return cast("VendorSpec", _found()[name].load())

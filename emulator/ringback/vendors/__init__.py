"""The vendors that are installed, found by the entry-point group `ringback.vendors`. Listing them imports none."""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from ringback import resources
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


def data_path(name: str, *parts: str) -> Path:
    """Return the path of a vendor's data: `data_path("kwickphone", "openapi", "kwickphone.yaml")`.

    A vendor of another distribution has a folder `data` in its package. Raises KeyError for an unknown vendor.
    """
    load(name)
    own = Path(str(sys.modules[_found()[name].module].__file__)).parent / "data"
    return (own if own.is_dir() else resources.root()).joinpath(*parts)

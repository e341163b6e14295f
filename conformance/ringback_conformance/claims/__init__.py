"""The vendors whose pages the suite knows, found by the entry-point group `ringback.claims`."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from ringback_conformance.catalogue import Catalogue

GROUP = "ringback.claims"
ORDER = ("kwickphone", "nokycnumber", "agentphone", "inkbox", "phonestack")
"""Ringback's own come first, in this order; those of other distributions follow by name."""


@cache
def _found() -> dict[str, EntryPoint]:
    points = {point.name: point for point in entry_points(group=GROUP)}
    return {name: points[name] for name in ORDER if name in points} | dict(sorted(points.items()))


def names() -> tuple[str, ...]:
    """Return the names of all vendors with claims."""
    return tuple(_found())


@cache
def load(vendor: str) -> Catalogue:
    """Return the catalogue of one vendor. Raises LookupError, with the names there are, for any other."""
    if vendor not in _found():
        raise LookupError(f"no claims are written for {vendor!r}; there are claims for: {', '.join(names())}")
    catalogue = cast("Catalogue", _found()[vendor].load())
    catalogue.complete()
    return catalogue

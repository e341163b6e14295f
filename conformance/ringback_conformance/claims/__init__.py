"""The vendors whose page the suite knows."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from ringback_conformance.catalogue import Catalogue

VENDORS: tuple[str, ...] = ("kwickphone", "nokycnumber", "agentphone", "inkbox", "phonestack")


@cache
def load(vendor: str) -> Catalogue:
    """The catalogue of one vendor; raises LookupError, with the names there are, for any other."""
    if vendor not in VENDORS:
        raise LookupError(f"no claims are written for {vendor!r}; there are claims for: {', '.join(VENDORS)}")
    catalogue = cast("Catalogue", import_module(f"ringback_conformance.claims.{vendor}").CATALOGUE)
    catalogue.complete()
    return catalogue

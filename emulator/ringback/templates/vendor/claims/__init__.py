"""AcmePhone's page, claim by claim."""

from __future__ import annotations

from ringback_conformance.claims.acmephone import numbers
from ringback_conformance.claims.acmephone.adapter import CATALOGUE

__all__ = ["CATALOGUE", "numbers"]

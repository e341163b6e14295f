"""KwickPhone's page, claim by claim."""

from __future__ import annotations

from ringback_conformance.claims.kwickphone import auth, balance, calls, errors, numbers, webhooks
from ringback_conformance.claims.kwickphone.adapter import CATALOGUE

__all__ = ["CATALOGUE", "auth", "balance", "calls", "errors", "numbers", "webhooks"]

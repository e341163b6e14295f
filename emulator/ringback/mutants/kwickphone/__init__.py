"""KwickPhone's mutants, by the sections of its page."""

from __future__ import annotations

from ringback.mutants.kwickphone import access, billing, calls, errors, numbers, webhooks
from ringback.mutants.kwickphone.registry import MUTANTS

__all__ = ["MUTANTS", "access", "billing", "calls", "errors", "numbers", "webhooks"]

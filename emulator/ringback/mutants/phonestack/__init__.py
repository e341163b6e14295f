"""PhoneStack's mutants, by the sections of its page."""

from __future__ import annotations

from ringback.mutants.phonestack import access, calls, campaigns, contacts, conventions, definitions, tools, webhooks
from ringback.mutants.phonestack.registry import MUTANTS

__all__ = ["MUTANTS", "access", "calls", "campaigns", "contacts", "conventions", "definitions", "tools", "webhooks"]
